/* SPDX-License-Identifier: Apache-2.0
 *
 * Judging resources with three-valued logic (R17). Decisions where RFC 7644 section 3.4.2.2 leaves room:
 * - A multi-valued attribute matches when some value does, also under `ne`: `emails ne "x"` means that some address is another one. "No
 *   address is x" is `not (emails eq "x")`.
 * - An unassigned attribute equals nothing: `eq` and the orders are FALSE, `ne` is TRUE, so that `a ne x` and `not (a eq x)` agree on
 *   single values. `eq null` asks for "unassigned", `ne null` for "assigned" (RFC 7643 section 2.5).
 * - Empty text is assigned, but `pr` is FALSE for it.
 * - A stored value of the wrong type (a time that is none) is UNKNOWN. */
#include "model/filter.h"

#include <math.h>
#include <string.h>
#include <strings.h>
#include "base/clock.h"
#include "base/text.h"
#include "filter_judge.h"
#include "filter_parser.h"

static enum truth truth_of(bool statement)
{
        return statement ? TRUTH_TRUE : TRUTH_FALSE;
}

static enum truth truth_not(enum truth truth)
{
        return truth == TRUTH_UNKNOWN ? TRUTH_UNKNOWN : truth_of(truth == TRUTH_FALSE);
}

static bool is_assigned(const json_t *value)
{
        switch (value ? json_typeof(value) : JSON_NULL) {
        case JSON_NULL:
                return false;
        case JSON_ARRAY:
                return json_array_size(value) > 0;
        case JSON_OBJECT:
                return json_object_size(value) > 0;
        default:
                return true;
        }
}

static bool is_present(const json_t *value)
{
        return is_assigned(value) && !(json_is_string(value) && json_string_length(value) == 0);
}

/* What `order` (as of memcmp) says for an operator of order or equality. */
static bool order_holds(enum filter_operator kind, int order)
{
        switch (kind) {
        case FILTER_EQ:
                return order == 0;
        case FILTER_NE:
                return order != 0;
        case FILTER_GT:
                return order > 0;
        case FILTER_GE:
                return order >= 0;
        case FILTER_LT:
                return order < 0;
        case FILTER_LE:
                return order <= 0;
        default:
                return false;
        }
}

static int order_of_bytes(const char *left, size_t left_length, const char *right, size_t right_length)
{
        size_t shorter = left_length < right_length ? left_length : right_length;
        int order = memcmp(left, right, shorter);
        return order != 0 ? order : (left_length > right_length) - (left_length < right_length);
}

static bool text_holds(enum filter_operator kind, const char *text, size_t length, const char *literal, size_t literal_length)
{
        switch (kind) {
        case FILTER_CO:
                return memmem(text, length, literal, literal_length) != NULL;
        case FILTER_SW:
                return length >= literal_length && memcmp(text, literal, literal_length) == 0;
        case FILTER_EW:
                return length >= literal_length && memcmp(text + length - literal_length, literal, literal_length) == 0;
        default:
                return order_holds(kind, order_of_bytes(text, length, literal, literal_length));
        }
}

/* Folded form of short ASCII in `ret` without the arena: a list may judge thousands of candidates. False: longer, or not ASCII. */
static bool fold_short(const char *text, size_t length, char *ret, size_t size)
{
        if (length >= size)
                return false;
        for (size_t i = 0; i < length; i++) {
                if ((unsigned char)text[i] >= 0x80)
                        return false;
                ret[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] | 0x20 : text[i]);
        }
        ret[length] = '\0';
        return true;
}

static enum truth compare_text(const struct filter *filter, const json_t *value, struct judgement *judgement)
{
        if (!json_is_string(value))
                return TRUTH_UNKNOWN;
        const char *text = json_string_value(value);
        size_t length = json_string_length(value);
        const struct filter_value *literal = &filter->value;
        if (!literal->folded)
                return truth_of(text_holds(filter->kind, text, length, literal->text, literal->text_length));
        char shorter[256];
        const char *folded = fold_short(text, length, shorter, sizeof(shorter)) ? shorter : text_fold(judgement->arena, text, length);
        if (!folded) {
                judgement->out_of_memory = true;
                return TRUTH_UNKNOWN;
        }
        return truth_of(text_holds(filter->kind, folded, strlen(folded), literal->folded, strlen(literal->folded)));
}

static enum truth compare_time(const struct filter *filter, const json_t *value, struct judgement *judgement)
{
        bool is_search = filter->kind == FILTER_CO || filter->kind == FILTER_SW || filter->kind == FILTER_EW;
        if (is_search)
                return compare_text(filter, value, judgement);
        int64_t time_us;
        if (!clock_parse(json_is_string(value) ? json_string_value(value) : "", &time_us))
                return TRUTH_UNKNOWN;
        int64_t literal_us = filter->value.time_us;
        return truth_of(order_holds(filter->kind, (time_us > literal_us) - (time_us < literal_us)));
}

static enum truth compare_number(const struct filter *filter, const json_t *value)
{
        if (!json_is_number(value))
                return TRUTH_UNKNOWN;
        double number = json_number_value(value), literal = filter->value.number;
        return truth_of(order_holds(filter->kind, (number > literal) - (number < literal)));
}

static enum truth compare_boolean(const struct filter *filter, const json_t *value)
{
        if (!json_is_boolean(value))
                return TRUTH_UNKNOWN;
        return truth_of(order_holds(filter->kind, json_is_true(value) != filter->value.boolean));
}

/* One value, not an array, against the literal. */
static enum truth compare(const struct filter *filter, const json_t *value, struct judgement *judgement)
{
        if (!is_assigned(value))
                return truth_of(filter->kind == FILTER_NE);
        switch (filter_leaf(&filter->path)->type) {
        case ATTRIBUTE_BOOLEAN:
                return compare_boolean(filter, value);
        case ATTRIBUTE_INTEGER:
        case ATTRIBUTE_DECIMAL:
                return compare_number(filter, value);
        case ATTRIBUTE_TIME:
                return compare_time(filter, value, judgement);
        default:
                return compare_text(filter, value, judgement);
        }
}

/* TRUE as soon as one is, else UNKNOWN if one is. */
static enum truth truth_or(enum truth left, enum truth right)
{
        if (left == TRUTH_TRUE || right == TRUTH_TRUE)
                return TRUTH_TRUE;
        return left == TRUTH_UNKNOWN || right == TRUTH_UNKNOWN ? TRUTH_UNKNOWN : TRUTH_FALSE;
}

/* Judges the leaf that `sub` (may be NULL) names in one value of the attribute. */
static enum truth judge_value(const struct filter *filter, const json_t *value, const struct attribute *sub, struct judgement *judgement)
{
        const json_t *leaf = sub ? json_object_get(value, sub->name) : value;
        if (filter->kind == FILTER_PR)
                return truth_of(is_present(leaf));
        if (filter->value.kind == FILTER_NULL)
                return truth_of(is_assigned(leaf));
        return compare(filter, leaf, judgement);
}

/* A comparison over the values of one attribute: an array counts as its elements. With null, "some value is assigned" is what is found
 * out, which `eq` then turns round. */
static enum truth judge_values(const struct filter *filter, const json_t *values, const struct attribute *sub, struct judgement *judgement)
{
        bool is_null = filter->kind != FILTER_PR && filter->value.kind == FILTER_NULL;
        enum truth truth = TRUTH_FALSE;
        if (!json_is_array(values) || json_array_size(values) == 0)
                truth = judge_value(filter, json_is_array(values) ? NULL : values, sub, judgement);
        for (size_t i = 0; i < json_array_size(values) && truth != TRUTH_TRUE; i++)
                truth = truth_or(truth, judge_value(filter, json_array_get(values, i), sub, judgement));
        return is_null && filter->kind == FILTER_EQ ? truth_not(truth) : truth;
}

/* The values a path means. Inside brackets `context` is an element: an object with sub-attributes, or the value itself. */
static const json_t *path_values(const struct path *path, const json_t *context)
{
        if (path->extension)
                context = json_object_get(context, path->extension->urn);
        if (!path->attribute)
                return context;
        return json_is_object(context) || !context ? json_object_get(context, path->attribute->name) : context;
}

/* Where there is no element, none matches; what asks for unknown sub-attributes of it stays UNKNOWN (R17). */
static enum truth judge_none(const struct filter *filter, struct judgement *judgement)
{
        return filter_judge(filter, NULL, judgement) == TRUTH_UNKNOWN ? TRUTH_UNKNOWN : TRUTH_FALSE;
}

static enum truth judge_any(const struct filter *filter, const json_t *context, struct judgement *judgement)
{
        const json_t *values = path_values(&filter->path, context);
        if (!is_assigned(values))
                return judge_none(filter->left, judgement);
        if (!json_is_array(values))
                return filter_judge(filter->left, values, judgement);
        enum truth truth = TRUTH_FALSE;
        for (size_t i = 0; i < json_array_size(values) && truth != TRUTH_TRUE; i++)
                truth = truth_or(truth, filter_judge(filter->left, json_array_get(values, i), judgement));
        return truth;
}

/* Recursion is bounded by FILTER_NODES_MAX. */
enum truth filter_judge(const struct filter *filter, const json_t *context, struct judgement *judgement)
{
        enum truth left;
        switch (filter->kind) {
        case FILTER_AND:
                left = filter_judge(filter->left, context, judgement);
                return left == TRUTH_FALSE
                               ? left
                               : truth_not(truth_or(truth_not(left), truth_not(filter_judge(filter->right, context, judgement))));
        case FILTER_OR:
                left = filter_judge(filter->left, context, judgement);
                return left == TRUTH_TRUE ? left : truth_or(left, filter_judge(filter->right, context, judgement));
        case FILTER_NOT:
                return truth_not(filter_judge(filter->left, context, judgement));
        default:
                break;
        }
        if (!filter->path.attribute && !filter->path.extension)
                return TRUTH_UNKNOWN;
        if (filter->kind == FILTER_ANY)
                return judge_any(filter, context, judgement);
        return judge_values(filter, path_values(&filter->path, context), filter->path.sub, judgement);
}

enum truth filter_match(const struct filter *filter, const json_t *resource, struct arena *arena)
{
        return filter_judge(filter, resource, &(struct judgement){ .arena = arena });
}

enum truth filter_match_element(const struct filter *filter, const json_t *element, struct arena *arena)
{
        return filter_judge(filter, element, &(struct judgement){ .arena = arena });
}

/* `attribute` is a plain name for core and common attributes, "urn:…:name" for those of an extension. */
static bool path_is_named(const struct path *path, const char *attribute)
{
        if (!path->attribute)
                return false;
        if (!path->extension)
                return strcasecmp(path->attribute->name, attribute) == 0;
        size_t urn_length = strlen(path->extension->urn);
        return strncasecmp(path->extension->urn, attribute, urn_length) == 0 && attribute[urn_length] == ':' &&
               strcasecmp(path->attribute->name, attribute + urn_length + 1) == 0;
}

static bool is_equal_text(const struct filter *filter)
{
        return filter->kind == FILTER_EQ && filter->value.kind == FILTER_TEXT;
}

/* The conjunct `sub eq "text"` inside brackets. */
static const struct filter *find_equal_inside(const struct filter *filter, const char *sub)
{
        if (filter->kind == FILTER_AND) {
                const struct filter *found = find_equal_inside(filter->left, sub);
                return found ? found : find_equal_inside(filter->right, sub);
        }
        return is_equal_text(filter) && filter->path.attribute && sub && strcasecmp(filter->path.attribute->name, sub) == 0 ? filter : NULL;
}

const struct filter *filter_find_equal(const struct filter *filter, const char *attribute, const char *sub)
{
        if (!filter || !attribute)
                return NULL;
        if (filter->kind == FILTER_AND) {
                const struct filter *found = filter_find_equal(filter->left, attribute, sub);
                return found ? found : filter_find_equal(filter->right, attribute, sub);
        }
        if (!path_is_named(&filter->path, attribute))
                return NULL;
        if (filter->kind == FILTER_ANY)
                return find_equal_inside(filter->left, sub);
        bool is_same_sub = sub ? filter->path.sub && strcasecmp(filter->path.sub->name, sub) == 0 : !filter->path.sub;
        return is_equal_text(filter) && is_same_sub ? filter : NULL;
}

#define WHOLE_MAX 9007199254740992.0 /* below, a double is one integer and no other */

static bool has_index_key(const struct filter *equal)
{
        const struct attribute *leaf = filter_leaf(&equal->path);
        const struct filter_value *value = &equal->value;
        if (!leaf || !(leaf->flags & INDEXED))
                return false;
        if (value->kind == FILTER_TEXT)
                return value->folded || (leaf->flags & CASE_EXACT);
        return value->kind == FILTER_NUMBER && fabs(value->number) < WHOLE_MAX && trunc(value->number) == value->number;
}

const struct filter *filter_find_indexed(const struct filter *filter)
{
        if (!filter)
                return NULL;
        if (filter->kind == FILTER_AND) {
                const struct filter *found = filter_find_indexed(filter->left);
                return found ? found : filter_find_indexed(filter->right);
        }
        if (filter->kind == FILTER_ANY)
                return filter_find_indexed(filter->left);
        return filter->kind == FILTER_EQ && has_index_key(filter) ? filter : NULL;
}

enum err filter_index_key(const struct filter *equal, struct arena *arena, int64_t *ret_number, const char **ret)
{
        const struct filter_value *value = &equal->value;
        const char *key = value->folded ? value->folded : value->text;
        if (value->kind == FILTER_NUMBER)
                key = arena_printf(arena, "%lld", (long long)value->number);
        if (!key)
                return ERR_MEMORY;
        *ret_number = filter_leaf(&equal->path)->number;
        *ret = key;
        return ERR_OK;
}

size_t filter_count_names(const struct filter *filter, const char *attribute)
{
        if (!filter || !attribute)
                return 0;
        if (path_is_named(&filter->path, attribute))
                return 1;
        if (filter->kind == FILTER_ANY)
                return 0;
        return filter_count_names(filter->left, attribute) + filter_count_names(filter->right, attribute);
}

bool filter_names(const struct filter *filter, const char *attribute)
{
        return filter_count_names(filter, attribute) > 0;
}
