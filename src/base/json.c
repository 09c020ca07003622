/* SPDX-License-Identifier: Apache-2.0
 *
 * jansson's trees under limits: parsing, and typed members with faults. */
#include "base/json.h"
#include "json_memory.h"
#include "json_read.h"

#include "base/auto.h"
#include "base/text.h"

#include <string.h>

static enum err parse(const char *text, size_t length, const struct json_taker *taker, json_t **ret, struct fault *fault)
{
        if (length > BUFFER_CEILING)
                return fault_set(fault, ERR_TOO_LARGE, NULL, "The document is larger than the limit of %zu bytes.", BUFFER_CEILING);
        json_memory_begin();
        json_auto_t *value = NULL;
        enum err e = json_read(text, length, taker, &value, fault);
        if (!e)
                *ret = STEAL(value);
        return e == ERR_MEMORY ? json_memory_fault(fault) : e;
}

enum err json_parse(const char *text, size_t length, json_t **ret, struct fault *fault)
{
        return parse(text, length, NULL, ret, fault);
}

enum err json_parse_object_taking(const char *text, size_t length, const struct json_taker *taker, json_t **ret, struct fault *fault)
{
        json_auto_t *value = NULL;
        enum err e = parse(text, length, taker, &value, fault);
        if (e)
                return e;
        if (!json_is_object(value))
                return fault_set(fault, ERR_SYNTAX, NULL, "The document is %s; an object was expected.", json_type_name(value));
        *ret = STEAL(value);
        return ERR_OK;
}

enum err json_parse_object(const char *text, size_t length, json_t **ret, struct fault *fault)
{
        return json_parse_object_taking(text, length, NULL, ret, fault);
}

const char *json_type_name(const json_t *value)
{
        static const char *const names[] = {
                [JSON_OBJECT] = "object",
                [JSON_ARRAY] = "array",
                [JSON_STRING] = "string",
                [JSON_INTEGER] = "integer",
                [JSON_REAL] = "number",
                [JSON_TRUE] = "boolean",
                [JSON_FALSE] = "boolean",
                [JSON_NULL] = "null",
        };
        return value ? names[json_typeof(value)] : "nothing";
}

/* The member, or NULL when it is absent or null. */
static enum err find_member(const json_t *object, const char *key, bool required, const json_t **ret, struct fault *fault)
{
        const json_t *value = json_object_get(object, key);
        if (json_is_null(value))
                value = NULL;
        if (!value && required)
                return fault_set(fault, ERR_VALUE, key, "\"%s\" is required.", key);
        *ret = value;
        return ERR_OK;
}

static enum err wrong_type(const json_t *value, const char *key, const char *expected, struct fault *fault)
{
        return fault_set(fault, ERR_VALUE, key, "\"%s\" is of type %s; expected %s.", key, json_type_name(value), expected);
}

enum err json_take_text(const json_t *object, const char *key, bool required, const char **ret, struct fault *fault)
{
        const json_t *value = NULL;
        enum err e = find_member(object, key, required, &value, fault);
        if (e)
                return e;
        if (value && !json_is_string(value))
                return wrong_type(value, key, "string", fault);
        *ret = json_string_value(value);
        return ERR_OK;
}

enum err json_take_object(const json_t *object, const char *key, bool required, const json_t **ret, struct fault *fault)
{
        const json_t *value = NULL;
        enum err e = find_member(object, key, required, &value, fault);
        if (e)
                return e;
        if (value && !json_is_object(value))
                return wrong_type(value, key, "object", fault);
        *ret = value;
        return ERR_OK;
}

enum err json_take_i64(const json_t *object, const char *key, bool required, int64_t fallback, int64_t *ret, struct fault *fault)
{
        const json_t *value = NULL;
        enum err e = find_member(object, key, required, &value, fault);
        if (e)
                return e;
        if (value && !json_is_integer(value))
                return wrong_type(value, key, "integer", fault);
        *ret = value ? (int64_t)json_integer_value(value) : fallback;
        return ERR_OK;
}

enum err json_take_bool(const json_t *object, const char *key, bool required, bool fallback, bool *ret, struct fault *fault)
{
        const json_t *value = NULL;
        enum err e = find_member(object, key, required, &value, fault);
        if (e)
                return e;
        if (value && !json_is_boolean(value))
                return wrong_type(value, key, "boolean", fault);
        *ret = value ? json_is_true(value) : fallback;
        return ERR_OK;
}

enum err json_unknown_member(const char *key, const char *what, const char *const *names, struct fault *fault)
{
        char known[sizeof(fault->message)] = "";
        for (size_t i = 0; names[i]; i++) {
                size_t length = strlen(known);
                (void)snprintf(known + length, sizeof(known) - length, "%s%s", length ? ", " : "", names[i]);
        }
        return fault_set(fault, ERR_SYNTAX, key, "\"%.64s\" is no member of %s, which has %s", key, what, known);
}

json_t *json_whole_copy(const json_t *value)
{
        json_t *copy = json_copy((json_t *)value);
        if (!copy || (json_array_size(copy) == json_array_size(value) && json_object_size(copy) == json_object_size(value)))
                return copy;
        json_decref(copy);
        return NULL;
}

json_t *json_whole_deep_copy(const json_t *value)
{
        json_t *copy = json_deep_copy(value);
        if (!copy || json_equal(copy, value))
                return copy;
        json_decref(copy);
        return NULL;
}
