/* SPDX-License-Identifier: Apache-2.0
 *
 * One operation on one attribute (RFC 7644 sections 3.5.2.1 to 3.5.2.3): may it be written at all, its new value, and what required,
 * immutable and R15 say about storing that. Single attributes are worked out here, lists in patch_list.c. */
#include "patch_work.h"

#include <string.h>
#include <strings.h>
#include "base/auto.h"
#include "base/text.h"

static const json_t *holder_of(const struct patch_work *work, const struct path *path)
{
        return path->extension ? json_object_get(work->document, path->extension->urn) : work->document;
}

/* `id` may be repeated (Okta sends it beside displayName); everything else that is read-only may stand in a whole object and is passed
 * over there, but a path that names it is refused. */
static enum err pass_read_only(const struct patch_work *work, const struct patch_step *step)
{
        const struct attribute *attribute = step->path.attribute;
        bool is_id = !step->path.extension && text_equal(attribute->name, "id");
        bool is_schemas = !step->path.extension && text_equal(attribute->name, "schemas");
        const json_t *held = json_object_get(holder_of(work, &step->path), attribute->name);
        bool is_same = step->verb != PATCH_REMOVE && held && !step->path.filter &&
                       json_equal(step->path.sub ? json_object_get(held, step->path.sub->name) : held, step->value);
        bool is_foreign = (step->is_pathless && (!is_id || json_is_null(step->value))) || (is_schemas && step->verb != PATCH_REMOVE);
        if ((is_same || is_foreign) && leniency_use(work->accept.leniency, LENIENT_READ_ONLY_SAME))
                return ERR_OK;
        return fault_set(work->fault, ERR_MUTABILITY, NULL, "%s cannot be changed.", attribute->name);
}

static bool is_label(const struct attribute *sub)
{
        static const char *const labels[] = { "type", "primary", "display", "$ref", NULL };
        for (size_t i = 0; labels[i]; i++)
                if (text_equal(sub->name, labels[i]))
                        return true;
        return sub->flags & READ_ONLY;
}

/* Nothing but labels is left: a manager without id, whose $ref goes with it; an e-mail without address. Clients that clear
 * `emails[type eq "work"].value` mean the whole element (Entra); RFC 7644 section 3.5.2.2 keeps its type. */
static bool is_husk(const struct attribute *attribute, const json_t *object)
{
        for (const struct attribute *sub = attribute->sub; sub && sub->name; sub++)
                if (!is_label(sub) && json_object_get(object, sub->name))
                        return false;
        return true;
}

static enum err sub_new_value(const struct patch_work *work, const struct patch_step *step, json_t **ret)
{
        bool is_removal = step->verb == PATCH_REMOVE || json_is_null(step->value);
        if (is_removal) {
                *ret = json_null();
                return ERR_OK;
        }
        enum err e = document_accept_value(&work->accept, step->path.sub, false, step->value, ret, work->fault);
        if (e)
                return e;
        const struct attribute *attribute = step->path.attribute;
        bool is_cleared_id = !(attribute->flags & MULTI) && text_equal(step->path.sub->name, "value") && json_is_string(*ret) &&
                             json_string_length(*ret) == 0;
        if (is_cleared_id && leniency_use(work->accept.leniency, LENIENT_MANAGER_FORM)) {
                json_decref(*ret);
                *ret = json_null();
        }
        return ERR_OK;
}

/* `$ref` is the address of what `value` names: with another value, and none of its own given, it would name somebody else. */
static bool is_stale_reference(const struct attribute *attribute, const json_t *held, const json_t *value)
{
        const struct attribute *reference = attribute_find(attribute->sub, "$ref", strlen("$ref"));
        return reference && !(reference->flags & (IMMUTABLE | REQUIRED)) && held && value && !json_equal(held, value);
}

enum err patch_sub(struct patch_work *work, const struct patch_step *step, const json_t *old, json_t **ret)
{
        const struct attribute *sub = step->path.sub;
        const json_t *held = json_object_get(old, sub->name);
        json_auto_t *value = NULL;
        enum err e = sub_new_value(work, step, &value);
        if (e)
                return e;
        bool is_removal = json_is_null(value);
        bool is_fixed = (sub->flags & IMMUTABLE && held && !json_equal(held, value)) || (sub->flags & REQUIRED && held && is_removal);
        if (is_fixed)
                return fault_set(work->fault, ERR_MUTABILITY, NULL, "%s.%s cannot be %s.", step->path.attribute->name, sub->name,
                        is_removal ? "removed" : "changed");
        if (is_removal && !held) {
                *ret = json_incref((json_t *)old);
                return ERR_OK;
        }
        json_auto_t *object = old ? json_whole_copy(old) : json_object();
        if (!object || (is_removal ? json_object_del(object, sub->name) : json_object_set_nocheck(object, sub->name, value)))
                return patch_out_of_memory(work);
        if (text_equal(sub->name, "value") && is_stale_reference(step->path.attribute, held, value))
                (void)json_object_del(object, "$ref");
        bool is_gone = json_object_size(object) == 0;
        if (!is_gone && is_removal && !is_label(sub) && is_husk(step->path.attribute, object))
                is_gone = !(step->path.attribute->flags & MULTI) || leniency_use(work->accept.leniency, LENIENT_EMPTIED_ELEMENT);
        *ret = is_gone ? NULL : STEAL(object);
        return ERR_OK;
}

/* {"value": ""} clears a manager, while {} and objects of unknown members say nothing: acceptance gives null for both. */
static bool has_empty_value(const json_t *object)
{
        const char *key;
        json_t *member;
        json_object_foreach ((json_t *)object, key, member) {
                if (strcasecmp(key, "value") == 0)
                        return json_is_string(member) && json_string_length(member) == 0;
        }
        return false;
}

static bool is_fixed_member(const struct attribute *attribute, const char *name, const json_t *old, const json_t *value)
{
        const struct attribute *sub = attribute_find(attribute->sub, name, strlen(name));
        const json_t *held = json_object_get(old, name);
        return sub && held && ((sub->flags & IMMUTABLE && !json_equal(held, value)) || (sub->flags & REQUIRED && json_is_null(value)));
}

/* The members of `given` (accepted, null meaning removal) over those of `old`. */
static enum err merge(
        const struct patch_work *work, const struct attribute *attribute, const json_t *old, const json_t *given, json_t **ret)
{
        json_auto_t *object = old ? json_whole_copy(old) : json_object();
        const char *key;
        json_t *member;
        if (!object)
                return patch_out_of_memory(work);
        if (is_stale_reference(attribute, json_object_get(old, "value"), json_object_get(given, "value")))
                (void)json_object_del(object, "$ref");
        json_object_foreach ((json_t *)given, key, member) {
                if (is_fixed_member(attribute, key, old, member))
                        return fault_set(work->fault, ERR_MUTABILITY, NULL, "%s.%s cannot be changed.", attribute->name, key);
                if (json_is_null(member))
                        (void)json_object_del(object, key);
                else if (json_object_set_nocheck(object, key, member))
                        return patch_out_of_memory(work);
        }
        *ret = json_object_size(object) > 0 ? STEAL(object) : NULL;
        return ERR_OK;
}

/* `given` (NULL: nothing) instead of `old` (interoperability profile section 6.5.2.1); what of `old` is fixed must stand in it. */
static enum err exchange(const struct patch_work *work, const struct attribute *attribute, const json_t *old, json_t *given, json_t **ret)
{
        const char *key;
        json_t *member;
        json_object_foreach ((json_t *)old, key, member) {
                const json_t *kept = json_object_get(given, key);
                if (is_fixed_member(attribute, key, old, kept ? kept : json_null()))
                        return fault_set(work->fault, ERR_MUTABILITY, NULL, "%s.%s cannot be changed.", attribute->name, key);
        }
        *ret = json_incref(given);
        return ERR_OK;
}

/* add and replace of a single complex attribute: members given are set, the others stay (RFC 7644 section 3.5.2.3). */
static enum err complex_value(struct patch_work *work, const struct patch_step *step, const json_t *old, json_t **ret)
{
        const struct attribute *attribute = step->path.attribute;
        json_auto_t *accepted = NULL;
        if (json_is_null(step->value)) {
                *ret = NULL;
                return ERR_OK;
        }
        bool is_exchange = step->verb == PATCH_REPLACE && leniency_is_strict(work->accept.leniency);
        const struct accept *accept = is_exchange ? &work->accept : &work->accept_merge;
        enum err e = document_accept_value(accept, attribute, false, step->value, &accepted, work->fault);
        if (e)
                return e;
        if (is_exchange)
                return exchange(work, attribute, old, json_is_null(accepted) ? NULL : accepted, ret);
        if (!json_is_null(accepted))
                return merge(work, attribute, old, accepted, ret);
        const json_t *object = json_array_size(step->value) == 1 ? json_array_get(step->value, 0) : step->value;
        bool says_nothing = json_is_object(object) && !has_empty_value(object);
        *ret = says_nothing ? json_incref((json_t *)old) : NULL;
        return ERR_OK;
}

/* `manager[value eq "x"]`: a single value counts as the one element. */
static enum err complex_selected(
        struct patch_work *work, const struct patch_step *step, const json_t *old, bool *ret_selected, json_t **ret_base)
{
        enum err e = patch_spend(work, patch_filter_cost(step->path.filter) * patch_cost(old));
        if (e)
                return e;
        *ret_base = NULL;
        *ret_selected = !step->path.filter;
        if (step->path.filter && old)
                e = patch_judge(work, step->path.filter, old, ret_selected);
        if (e)
                return e;
        if (*ret_selected || step->verb == PATCH_REMOVE)
                return ERR_OK;
        if (old)
                return fault_set(work->fault, ERR_NO_TARGET, NULL, "%s is another one.", step->path.attribute->name);
        *ret_selected = true;
        return patch_element_from_filter(work, step->path.attribute, step->path.filter, ret_base);
}

static enum err patch_complex(struct patch_work *work, const struct patch_step *step, const json_t *old, json_t **ret)
{
        bool is_selected;
        json_auto_t *base = NULL;
        enum err e = complex_selected(work, step, old, &is_selected, &base);
        if (e)
                return e;
        if (!is_selected) {
                *ret = json_incref((json_t *)old);
                return ERR_OK;
        }
        if (base)
                old = base;
        if (step->path.sub)
                return patch_sub(work, step, old, ret);
        if (step->verb != PATCH_REMOVE)
                return complex_value(work, step, old, ret);
        *ret = NULL;
        return ERR_OK;
}

static enum err patch_scalar(struct patch_work *work, const struct patch_step *step, const json_t *old, json_t **ret)
{
        json_auto_t *accepted = NULL;
        if (step->verb == PATCH_REMOVE) {
                *ret = NULL;
                return ERR_OK;
        }
        enum err e = document_accept_value(&work->accept, step->path.attribute, false, step->value, &accepted, work->fault);
        if (e)
                return e;
        if (!json_is_null(accepted))
                *ret = STEAL(accepted);
        else
                *ret = step->verb == PATCH_ADD ? json_incref((json_t *)old) : NULL;
        return ERR_OK;
}

/* A boolean with a column of its own (active) is never unassigned (R15). */
static bool is_flag_column(const struct attribute *attribute)
{
        return attribute->flags & COLUMN && attribute->type == ATTRIBUTE_BOOLEAN;
}

/* Whether the new value (NULL: unassigned) may take the place of the old one. */
static enum err check_change(const struct patch_work *work, const struct attribute *attribute, const json_t *old, const json_t *value)
{
        bool must_be = attribute->flags & REQUIRED ? old != NULL : is_flag_column(attribute);
        if (!value && must_be)
                return fault_set(work->fault, ERR_MUTABILITY, NULL, "%s cannot be removed.", attribute->name);
        if (attribute->flags & IMMUTABLE && old && !(value && json_equal(old, value)))
                return fault_set(work->fault, ERR_MUTABILITY, NULL, "%s is set once and cannot be changed.", attribute->name);
        return ERR_OK;
}

/* Puts `value` (NULL: unassigned) into the document; an extension without attributes goes. */
static enum err store(struct patch_work *work, const struct path *path, json_t *value)
{
        json_t *holder = work->document;
        if (path->extension) {
                const json_t *object = json_object_get(work->document, path->extension->urn);
                if (!object && !value)
                        return ERR_OK;
                holder = object ? json_whole_copy(object) : json_object();
                if (json_object_set_new_nocheck(work->document, path->extension->urn, holder))
                        return patch_out_of_memory(work);
        }
        if (value && json_object_set_nocheck(holder, path->attribute->name, value))
                return patch_out_of_memory(work);
        if (!value)
                (void)json_object_del(holder, path->attribute->name);
        if (path->extension && json_object_size(holder) == 0)
                (void)json_object_del(work->document, path->extension->urn);
        return ERR_OK;
}

enum err patch_attribute(struct patch_work *work, const struct patch_step *step)
{
        const struct attribute *attribute = step->path.attribute;
        bool is_read_only = (attribute->flags | (step->path.sub ? step->path.sub->flags : 0)) & (READ_ONLY | DERIVED);
        if (attribute->flags & IGNORED_INPUT)
                return patch_unknown(work);
        if (attribute->flags & EDGES)
                return patch_edges(work, step);
        if (step->path.filter && !step->path.sub && leniency_is_strict(work->accept.leniency))
                return fault_set(work->fault, ERR_PATH, NULL, "A sub-attribute is expected behind the brackets.");
        if (is_read_only)
                return pass_read_only(work, step);
        if (step->verb == PATCH_REMOVE && step->value && !json_is_null(step->value) &&
                !leniency_use(work->accept.leniency, LENIENT_REMOVE_VALUE))
                return fault_set(work->fault, ERR_SYNTAX, NULL, "remove takes no value; select the elements in the path.");
        const json_t *old = json_object_get(holder_of(work, &step->path), attribute->name);
        bool is_list = attribute->flags & MULTI;
        if (step->verb == PATCH_ADD && json_is_null(step->value) && !is_flag_column(attribute))
                return ERR_OK;
        json_auto_t *value = NULL;
        enum err e = is_list                                ? patch_list(work, step, old, &value)
                     : attribute->type == ATTRIBUTE_COMPLEX ? patch_complex(work, step, old, &value)
                                                            : patch_scalar(work, step, old, &value);
        if (!e)
                e = check_change(work, attribute, old, value);
        return e ? e : store(work, &step->path, value);
}
