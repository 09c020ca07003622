/* SPDX-License-Identifier: Apache-2.0
 *
 * Conditions of mapping rules (R18): the values that a path finds in a document, and whether a rule knows one of them. */
#include "model/mapping.h"

#include <inttypes.h>
#include <string.h>
#include "base/auto.h"
#include "model/filter.h"

enum err mapping_rule_read(const json_t *document, struct arena *arena, struct mapping_rule *ret, struct fault *fault)
{
        const json_t *values = json_object_get(document, "values"), *value;
        const char *attribute = json_string_value(json_object_get(document, "attribute"));
        const char *prefix = json_string_value(json_object_get(document, "prefix"));
        struct mapping_rule rule = {
                .attribute = arena_strdup(arena, attribute ? attribute : ""),
                .values = arena_zero(arena, json_array_size(values) + 1, sizeof(*rule.values)),
                .prefix = arena_strdup(arena, prefix),
        };
        bool failed = !rule.attribute || !rule.values || (prefix && !rule.prefix);
        size_t i;
        json_array_foreach (values, i, value) {
                if (failed || !json_is_string(value))
                        continue;
                rule.values[rule.value_count] = arena_strdup(arena, json_string_value(value));
                failed = !rule.values[rule.value_count++];
        }
        if (failed)
                return fault_set(fault, ERR_MEMORY, "", "out of memory");
        *ret = rule;
        return ERR_OK;
}

/* ---- the path ---- */

static bool has_text(const struct attribute *attribute)
{
        static const enum attribute_type types[] = { ATTRIBUTE_TEXT, ATTRIBUTE_BOOLEAN, ATTRIBUTE_INTEGER, ATTRIBUTE_TIME,
                ATTRIBUTE_REFERENCE };
        for (size_t i = 0; i < COUNT_OF(types); i++)
                if (attribute->type == types[i])
                        return true;
        return false;
}

/* What is not stored, never said or the house's own word is no ground for a right; `active` has rules of its own (R30). */
static bool is_data(const struct attribute *attribute)
{
        const unsigned closed = READ_ONLY | WRITE_ONLY | RETURNED_NEVER | DERIVED | EDGES | IGNORED_INPUT;
        return !(attribute->flags & closed) && strcmp(attribute->name, "active") != 0 && strcmp(attribute->name, "schemas") != 0;
}

enum err mapping_path(const struct resource_type *type, const char *text, struct arena *arena, struct path *ret, struct fault *fault)
{
        struct path path;
        struct fault cause = { 0 };
        enum err e = path_parse(type, text, strlen(text), arena, NULL, &path, &cause);
        if (e == ERR_PATH || e == ERR_FILTER)
                return fault_set(fault, ERR_VALUE, "attribute", "\"%.120s\" is no attribute path of users: %.120s", text, cause.message);
        if (e)
                return fault_set(fault, e, "attribute", "%s", cause.message);
        if (path.attribute && !path.sub && path.attribute->type == ATTRIBUTE_COMPLEX)
                path.sub = attribute_find(path.attribute->sub, "value", strlen("value"));
        const struct attribute *last = path.sub ? path.sub : path.attribute;
        if (!path.attribute || !last || last->type == ATTRIBUTE_COMPLEX)
                return fault_set(fault, ERR_VALUE, "attribute", "\"%.120s\" holds several values; name one, such as %.60s", text,
                        path.attribute ? "name.familyName" : "urn:…:User:division");
        if (!is_data(path.attribute) || !is_data(last) || !has_text(last))
                return fault_set(fault, ERR_VALUE, "attribute", "\"%.120s\" is nothing that a mapping rule can look at", text);
        *ret = path;
        return ERR_OK;
}

/* ---- values ---- */

static enum err add(struct mapping_values *values, const json_t *value, struct arena *arena, struct fault *fault)
{
        const char *text = json_string_value(value);
        if (json_is_boolean(value))
                text = json_is_true(value) ? "true" : "false";
        else if (json_is_integer(value))
                text = arena_printf(arena, "%" PRId64, (int64_t)json_integer_value(value));
        else if (text)
                text = arena_strdup(arena, text);
        else
                return ERR_OK;
        if (!text)
                return fault_set(fault, ERR_MEMORY, "", "out of memory");
        values->list[values->count++] = text;
        return ERR_OK;
}

/* Could the texts of an element be folded? A filter that ran out of memory says unknown, and that must not take a right away. */
static bool has_room(const json_t *element, struct arena *arena)
{
        const size_t grows = 4; /* at most, when folded */
        size_t longest = json_string_length(element);
        const char *key;
        json_t *value;
        json_object_foreach ((json_t *)element, key, value) {
                if (json_string_length(value) > longest)
                        longest = json_string_length(value);
        }
        return arena_alloc(arena, grows * longest + 1) != NULL;
}

static enum err add_element(
        const struct path *path, const json_t *element, struct arena *arena, struct mapping_values *values, struct fault *fault)
{
        enum truth selected = path->filter ? filter_match_element(path->filter, element, arena) : TRUTH_TRUE;
        if (selected == TRUTH_UNKNOWN && !has_room(element, arena))
                return fault_set(fault, ERR_MEMORY, "", "out of memory");
        if (selected != TRUTH_TRUE)
                return ERR_OK;
        return add(values, path->sub ? json_object_get(element, path->sub->name) : element, arena, fault);
}

enum err mapping_values(
        const struct path *path, const json_t *document, struct arena *arena, struct mapping_values *ret, struct fault *fault)
{
        const json_t *holder = path->extension ? json_object_get(document, path->extension->urn) : document;
        const json_t *found = json_object_get(holder, path->attribute->name), *element;
        struct mapping_values values = { 0 };
        size_t i, room = json_is_array(found) ? json_array_size(found) : 1;
        enum err e = ERR_OK;
        values.list = arena_zero(arena, room ? room : 1, sizeof(*values.list));
        if (!values.list)
                return fault_set(fault, ERR_MEMORY, "", "out of memory");
        if (json_is_array(found)) {
                json_array_foreach (found, i, element) {
                        e = add_element(path, element, arena, &values, fault);
                        if (e)
                                return e;
                }
        } else if (found) {
                e = add_element(path, found, arena, &values, fault);
        }
        if (!e)
                *ret = values;
        return e;
}

/* ---- the comparison ---- */

static bool is_listed(const struct mapping_rule *rule, const char *value)
{
        for (size_t i = 0; i < rule->value_count; i++)
                if (strcmp(rule->values[i], value) == 0)
                        return true;
        return false;
}

const char *mapping_match(const struct mapping_rule *rule, const struct mapping_values *values)
{
        size_t prefix_length = rule->prefix ? strlen(rule->prefix) : 0;
        for (size_t i = 0; i < values->count; i++) {
                if (is_listed(rule, values->list[i]))
                        return values->list[i];
                if (prefix_length && strncmp(values->list[i], rule->prefix, prefix_length) == 0)
                        return values->list[i];
        }
        return NULL;
}
