/* SPDX-License-Identifier: Apache-2.0
 *
 * Operations on multi-valued attributes of the document: append without duplicates, replace, remove, elements selected by a filter, and
 * create-on-absent (Entra). At most one element is primary: making one primary clears the others (RFC 7644 section 3.5.2). */
#include "patch_work.h"

#include <string.h>
#include "base/auto.h"
#include "base/text.h"

static const struct attribute *primary_of(const struct attribute *attribute)
{
        for (const struct attribute *sub = attribute->sub; sub && sub->name; sub++)
                if (sub->flags & PRIMARY_SUB)
                        return sub;
        return NULL;
}

/* Clears primary on all elements but the one at `kept`, in copies. */
static enum err clear_primary(const struct patch_work *work, const struct attribute *attribute, json_t *list, size_t kept)
{
        const struct attribute *primary = primary_of(attribute);
        for (size_t i = 0; primary && i < json_array_size(list); i++) {
                json_t *element = json_array_get(list, i);
                if (i == kept || !json_is_true(json_object_get(element, primary->name)))
                        continue;
                json_t *copy = json_whole_copy(element);
                if (!copy || json_array_set_new(list, i, copy) || json_object_set_new_nocheck(copy, primary->name, json_false()))
                        return patch_out_of_memory(work);
        }
        return ERR_OK;
}

static bool is_primary(const struct attribute *attribute, const json_t *element)
{
        const struct attribute *primary = primary_of(attribute);
        return primary && json_is_true(json_object_get(element, primary->name));
}

/* The same element: equal `value` and `type` (RFC 7643 section 2.4), or, without `value`, equal in all. */
static bool is_same_element(const json_t *left, const json_t *right)
{
        const json_t *left_value = json_object_get(left, "value"), *right_value = json_object_get(right, "value");
        if (!left_value || !right_value)
                return json_equal(left, right);
        const json_t *left_type = json_object_get(left, "type"), *right_type = json_object_get(right, "type");
        return json_equal(left_value, right_value) && (left_type || right_type ? json_equal(left_type, right_type) : true);
}

/* Where the very element stands, else the first that is the same one, else the end. */
static size_t find_element(const json_t *list, const json_t *element)
{
        size_t same = json_array_size(list);
        for (size_t i = 0; i < json_array_size(list); i++) {
                if (json_equal(json_array_get(list, i), element))
                        return i;
                if (same == json_array_size(list) && is_same_element(json_array_get(list, i), element))
                        same = i;
        }
        return same;
}

/* Appends one accepted element, or lays it over the same one. */
static enum err add_element(struct patch_work *work, const struct attribute *attribute, json_t *list, json_t *element)
{
        size_t count = json_array_size(list);
        enum err e = patch_spend(work, count);
        if (e)
                return e;
        size_t at = find_element(list, element);
        if (at == MULTI_VALUES_MAX)
                return fault_set(work->fault, ERR_VALUE, NULL, "%s holds at most %d values.", attribute->name, MULTI_VALUES_MAX);
        if (at == count) {
                if (json_array_append(list, element))
                        return patch_out_of_memory(work);
        } else if (json_is_object(element)) {
                json_t *merged = json_whole_copy(json_array_get(list, at));
                if (!merged || json_array_set_new(list, at, merged) || json_object_update(merged, element))
                        return patch_out_of_memory(work);
        }
        return is_primary(attribute, element) ? clear_primary(work, attribute, list, at) : ERR_OK;
}

/* add and replace of the whole list. */
static enum err put_elements(struct patch_work *work, const struct patch_step *step, const json_t *old, json_t **ret)
{
        json_auto_t *accepted = NULL;
        enum err e = document_accept_value(&work->accept, step->path.attribute, false, step->value, &accepted, work->fault);
        if (e)
                return e;
        if (step->verb == PATCH_REPLACE || !old) {
                *ret = json_is_null(accepted) ? NULL : STEAL(accepted);
                return ERR_OK;
        }
        json_auto_t *list = json_whole_copy(old);
        if (!list)
                return patch_out_of_memory(work);
        for (size_t i = 0; i < json_array_size(accepted); i++) {
                e = add_element(work, step->path.attribute, list, json_array_get(accepted, i));
                if (e)
                        return e;
        }
        *ret = STEAL(list);
        return ERR_OK;
}

static bool is_equal_text(struct patch_work *work, const struct attribute *sub, const json_t *left, const json_t *right)
{
        if (json_equal(left, right) || !json_is_string(left) || !json_is_string(right) || (sub && sub->flags & CASE_EXACT))
                return json_equal(left, right);
        struct arena *scratch;
        bool is_out_of_memory = patch_scratch(work, &scratch) != ERR_OK;
        const char *left_folded = is_out_of_memory ? NULL : text_fold(scratch, json_string_value(left), json_string_length(left));
        const char *right_folded = is_out_of_memory ? NULL : text_fold(scratch, json_string_value(right), json_string_length(right));
        work->judgement.out_of_memory |= !left_folded || !right_folded;
        return text_equal(left_folded, right_folded);
}

/* Does the listed element mean this one? By `value` and, when both have one, `type`; without `value` by all that is listed. */
static bool is_meant(struct patch_work *work, const struct attribute *attribute, const json_t *listed, const json_t *element)
{
        if (!json_is_object(listed))
                return is_equal_text(work, attribute, listed, element);
        static const char *const keys[] = { "value", "type", NULL };
        if (json_object_get(listed, "value")) {
                for (size_t i = 0; keys[i]; i++) {
                        const json_t *wanted = json_object_get(listed, keys[i]), *held = json_object_get(element, keys[i]);
                        bool is_asked = i == 0 || (wanted && held);
                        if (is_asked && !is_equal_text(work, attribute_find(attribute->sub, keys[i], strlen(keys[i])), wanted, held))
                                return false;
                }
                return true;
        }
        const char *key;
        json_t *wanted;
        json_object_foreach ((json_t *)listed, key, wanted) {
                if (!is_equal_text(work, attribute_find(attribute->sub, key, strlen(key)), wanted, json_object_get(element, key)))
                        return false;
        }
        return true;
}

/* remove without brackets: all elements, or those the value lists (Entra), which is never "all". */
static enum err remove_elements(struct patch_work *work, const struct patch_step *step, const json_t *old, json_t **ret)
{
        const struct attribute *attribute = step->path.attribute;
        json_auto_t *listed = NULL;
        if (!step->value || json_is_null(step->value)) {
                *ret = NULL;
                return ERR_OK;
        }
        enum err e = document_accept_value(&work->accept, attribute, false, step->value, &listed, work->fault);
        if (!e)
                e = patch_spend(work, json_array_size(old) * patch_cost(listed) + json_array_size(listed) * patch_cost(old));
        if (e)
                return e;
        json_auto_t *list = json_array();
        for (size_t i = 0; i < json_array_size(old); i++) {
                json_t *element = json_array_get(old, i);
                size_t at = 0;
                while (at < json_array_size(listed) && !is_meant(work, attribute, json_array_get(listed, at), element))
                        at++;
                if (at == json_array_size(listed) && json_array_append(list, element))
                        return patch_out_of_memory(work);
        }
        if (work->judgement.out_of_memory)
                return patch_out_of_memory(work);
        *ret = STEAL(list);
        return ERR_OK;
}

/* Within what a double holds exactly. */
static bool is_whole(double number)
{
        return number > -9e15 && number < 9e15 && (double)(json_int_t)number == number;
}

static json_t *literal_to_json(const struct attribute *attribute, const struct filter_value *value)
{
        switch (value->kind) {
        case FILTER_BOOLEAN:
                return json_boolean(value->boolean);
        case FILTER_NUMBER:
                if (attribute->type == ATTRIBUTE_INTEGER && is_whole(value->number))
                        return json_integer((json_int_t)value->number);
                return json_real(value->number);
        case FILTER_TEXT:
                return json_stringn(value->text, value->text_length);
        default:
                return json_null();
        }
}

/* Puts what an eq conjunction says into `object`; ERR_NO_TARGET: it is none, or it says two things at once. */
static enum err describe(const struct filter *filter, json_t *object)
{
        if (filter->kind == FILTER_AND) {
                enum err e = describe(filter->left, object);
                return e ? e : describe(filter->right, object);
        }
        const struct attribute *sub = filter->path.attribute;
        bool is_statement = filter->kind == FILTER_EQ && filter->value.kind != FILTER_NULL;
        if (!is_statement || !sub || sub->type == ATTRIBUTE_COMPLEX || sub->flags & READ_ONLY)
                return ERR_NO_TARGET;
        json_auto_t *value = literal_to_json(sub, &filter->value);
        const json_t *said = json_object_get(object, sub->name);
        if (!value || (!said && json_object_set_nocheck(object, sub->name, value)))
                return ERR_MEMORY;
        return said && !json_equal(said, value) ? ERR_NO_TARGET : ERR_OK;
}

enum err patch_element_from_filter(struct patch_work *work, const struct attribute *attribute, const struct filter *filter, json_t **ret)
{
        json_auto_t *object = json_object(), *element = NULL;
        enum err e = attribute->type == ATTRIBUTE_COMPLEX ? describe(filter, object) : ERR_NO_TARGET;
        if (!e && !leniency_use(work->accept.leniency, LENIENT_CREATE_ON_ABSENT))
                e = ERR_NO_TARGET;
        if (e == ERR_MEMORY)
                return patch_out_of_memory(work);
        if (e)
                return fault_set(work->fault, ERR_NO_TARGET, NULL, "No element of %s is selected.", attribute->name);
        e = document_accept_value(&work->accept, attribute, true, object, &element, work->fault);
        if (e)
                return e;
        *ret = STEAL(element);
        return ERR_OK;
}

/* The new value of one selected element: of its sub-attribute, merged (add), replaced whole, or NULL (removed). */
static enum err change_element(struct patch_work *work, const struct patch_step *step, const json_t *old, json_t **ret)
{
        const struct attribute *attribute = step->path.attribute;
        if (step->path.sub)
                return patch_sub(work, step, old, ret);
        *ret = NULL;
        if (step->verb == PATCH_REMOVE || json_is_null(step->value))
                return ERR_OK;
        json_auto_t *accepted = NULL;
        const json_t *value = json_array_size(step->value) == 1 && leniency_use(work->accept.leniency, LENIENT_SINGLE_FOR_MULTI)
                                      ? json_array_get(step->value, 0)
                                      : step->value;
        enum err e = document_accept_value(&work->accept, attribute, true, value, &accepted, work->fault);
        if (e)
                return e;
        bool is_merged = step->verb == PATCH_ADD && json_is_object(old);
        if (json_is_null(accepted)) {
                *ret = json_incref((json_t *)old);
                return ERR_OK;
        }
        if (!is_merged && !json_is_object(accepted)) {
                *ret = STEAL(accepted);
                return ERR_OK;
        }
        /* What selected the element stays said of it unless the value says otherwise: a work address replaced is still one. */
        json_auto_t *object = is_merged ? json_whole_copy(old) : json_object();
        e = !is_merged && step->path.filter ? describe(step->path.filter, object) : ERR_OK;
        if (e == ERR_NO_TARGET)
                (void)json_object_clear(object);
        if (!object || e == ERR_MEMORY || json_object_update(object, accepted))
                return patch_out_of_memory(work);
        *ret = STEAL(object);
        return ERR_OK;
}

/* No element is selected: remove does nothing, add and replace make one where brackets (or the sub-attribute alone) describe it. */
static enum err create_element(struct patch_work *work, const struct patch_step *step, json_t *list)
{
        const struct attribute *attribute = step->path.attribute;
        bool is_nothing = step->verb == PATCH_REMOVE || json_is_null(step->value);
        if (is_nothing)
                return ERR_OK;
        json_auto_t *base = NULL, *element = NULL;
        enum err e = step->path.filter ? patch_element_from_filter(work, attribute, step->path.filter, &base) : ERR_OK;
        struct patch_step laid_over = *step;
        if (step->path.filter)
                laid_over.verb = PATCH_ADD;
        if (!e)
                e = change_element(work, &laid_over, base, &element);
        bool is_selected = true;
        if (!e && element && step->path.filter)
                e = patch_judge(work, step->path.filter, element, &is_selected);
        if (!e && !is_selected) /* the value contradicts the brackets: what is made would not be what is looked for */
                return fault_set(work->fault, ERR_NO_TARGET, NULL, "No element of %s is selected.", attribute->name);
        return e || !element ? e : add_element(work, attribute, list, element);
}

/* A changed list under way. */
struct change {
        json_t *list;
        size_t selected;
        size_t primary_at; /* of the selected element that stays the primary one, else of the first that became it; SIZE_MAX: none */
        bool became_primary;
        size_t count; /* elements changed and kept */
        uint16_t at[MULTI_VALUES_MAX];
};

static enum err change_one(struct patch_work *work, const struct patch_step *step, json_t *before, struct change *change)
{
        bool is_selected = true;
        enum err e = step->path.filter ? patch_judge(work, step->path.filter, before, &is_selected) : ERR_OK;
        if (e)
                return e;
        if (!is_selected)
                return json_array_append(change->list, before) ? patch_out_of_memory(work) : ERR_OK;
        json_auto_t *element = NULL;
        e = change_element(work, step, before, &element);
        if (e)
                return e;
        change->selected++;
        if (!element)
                return ERR_OK;
        size_t at = json_array_size(change->list);
        bool was = is_primary(step->path.attribute, before), is = is_primary(step->path.attribute, element);
        if (is && (was || change->primary_at == SIZE_MAX))
                change->primary_at = at;
        change->became_primary |= is && !was;
        if (element != before && change->count < MULTI_VALUES_MAX)
                change->at[change->count++] = (uint16_t)at;
        return json_array_append(change->list, element) ? patch_out_of_memory(work) : ERR_OK;
}

/* Drops changed elements that became the very same as another one. */
static enum err drop_duplicates(struct patch_work *work, const struct change *change)
{
        enum err e = patch_spend(work, change->count * json_array_size(change->list));
        if (e)
                return e;
        for (size_t i = change->count; i > 0; i--) {
                size_t at = change->at[i - 1], other = 0;
                const json_t *element = json_array_get(change->list, at);
                while (other < json_array_size(change->list) && (other == at || !json_equal(json_array_get(change->list, other), element)))
                        other++;
                if (other < json_array_size(change->list))
                        (void)json_array_remove(change->list, at);
        }
        return ERR_OK;
}

/* A path with brackets or a sub-attribute: every selected element is changed. */
static enum err change_elements(struct patch_work *work, const struct patch_step *step, const json_t *old, json_t **ret)
{
        size_t count = json_array_size(old);
        enum err e = step->path.filter ? patch_spend(work, patch_filter_cost(step->path.filter) * patch_cost(old)) : ERR_OK;
        json_auto_t *list = json_array();
        struct change change = { .list = list, .primary_at = SIZE_MAX };
        for (size_t i = 0; !e && i < count; i++)
                e = change_one(work, step, json_array_get(old, i), &change);
        if (!e && change.selected == 0)
                e = create_element(work, step, list);
        if (!e && change.became_primary)
                e = clear_primary(work, step->path.attribute, list, change.primary_at);
        if (!e)
                e = drop_duplicates(work, &change);
        if (e)
                return e;
        *ret = STEAL(list);
        return ERR_OK;
}

enum err patch_list(struct patch_work *work, const struct patch_step *step, const json_t *old, json_t **ret)
{
        json_auto_t *list = NULL;
        enum err e;
        if (step->path.filter || step->path.sub)
                e = change_elements(work, step, old, &list);
        else if (step->verb == PATCH_REMOVE)
                e = remove_elements(work, step, old, &list);
        else
                e = put_elements(work, step, old, &list);
        if (e)
                return e;
        *ret = json_array_size(list) > 0 ? STEAL(list) : NULL;
        return ERR_OK;
}
