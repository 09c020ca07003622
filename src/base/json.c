/* SPDX-License-Identifier: Apache-2.0
 *
 * jansson under limits: a counting allocator per thread, a look at nesting and NUL before jansson recurses, and typed members with
 * faults. Messages never quote the document: it may hold passwords.
 *
 * jansson's lexer (2.14, its issue 362) ignores a failed append to the token's text, then asserts or runs past the text. So while it
 * parses, no block is refused: the ceiling ends the input instead, and what was built is thrown away. */
#include "base/json.h"

#include "base/auto.h"
#include "base/text.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct count {
        size_t used;
        size_t ceiling; /* 0: none */
        bool is_parsing;
        bool at_ceiling; /* met since the flags were cleared */
        bool out_of_memory;
};

static _Thread_local struct count count;

static void *counted_malloc(size_t size)
{
        bool is_above = count.ceiling && (size > count.ceiling || count.used > count.ceiling - size);
        if (is_above)
                count.at_ceiling = true;
        void *block = is_above && !count.is_parsing ? NULL : malloc(size);
        if (block)
                count.used += malloc_usable_size(block);
        else if (count.is_parsing)
                abort(); /* the lexer would write outside its memory next */
        else if (!is_above)
                count.out_of_memory = true;
        return block;
}

/* A block may come from another thread or an earlier job: the count stops at zero instead of wrapping around. */
static void counted_free(void *block)
{
        if (!block)
                return;
        size_t size = malloc_usable_size(block);
        count.used = count.used > size ? count.used - size : 0;
        free(block);
}

void json_memory_install(void)
{
        json_set_alloc_funcs(counted_malloc, counted_free);
        json_object_seed(0); /* from the kernel; keys chosen to collide must not be computable */
}

void json_memory_limit(size_t ceiling_bytes)
{
        count = (struct count){ .ceiling = ceiling_bytes };
}

size_t json_memory_used(void)
{
        return count.used;
}

/* Why an allocation failed since the flags were cleared; ERR_OK when none did. */
static enum err memory_fault(struct fault *fault)
{
        if (count.at_ceiling)
                return fault_set(
                        fault, ERR_TOO_LARGE, NULL, "The document needs more than the limit of %zu bytes of memory.", count.ceiling);
        if (count.out_of_memory)
                return fault_set(fault, ERR_MEMORY, NULL, "Out of memory for the document; try again.");
        return ERR_OK;
}

static void forget_memory_faults(void)
{
        count.at_ceiling = count.out_of_memory = false;
}

struct place {
        size_t line, column; /* both count from 1, the column in bytes */
};

static struct place place_of(const char *text, size_t at)
{
        struct place place = { 1, 1 };
        for (size_t i = 0; i < at; i++) {
                place.column++;
                if (text[i] == '\n')
                        place = (struct place){ place.line + 1, 1 };
        }
        return place;
}

/* jansson recurses once per level; this look does not. Outside strings a bracket opens or closes a level, inside only \ and " matter. */
static enum err check_shape(const char *text, size_t length, struct fault *fault)
{
        size_t depth = 0;
        bool in_string = false;
        for (size_t i = 0; i < length; i++) {
                char byte = text[i];
                struct place place;
                if (byte == '\0') {
                        place = place_of(text, i);
                        return fault_set(
                                fault, ERR_SYNTAX, NULL, "Line %zu, column %zu: a NUL byte is not JSON.", place.line, place.column);
                }
                if (byte == '"')
                        in_string = !in_string;
                else if (in_string && byte == '\\')
                        i++;
                else if (!in_string && (byte == ']' || byte == '}'))
                        depth -= depth > 0;
                else if (!in_string && (byte == '[' || byte == '{') && ++depth > JSON_DEPTH_MAX) {
                        place = place_of(text, i);
                        return fault_set(fault, ERR_SYNTAX, NULL, "Line %zu, column %zu: nested deeper than %d levels.", place.line,
                                place.column, JSON_DEPTH_MAX);
                }
        }
        return ERR_OK;
}

/* jansson's text without the piece of the document it quotes. */
static enum err syntax_fault(const json_error_t *error, struct fault *fault)
{
        const char *quote = strstr(error->text, " near ");
        size_t length = quote ? (size_t)(quote - error->text) : strlen(error->text);
        return fault_set(fault, ERR_SYNTAX, NULL, "Line %d, column %d: %.*s.", error->line, error->column, (int)length, error->text);
}

struct source {
        const char *text;
        size_t length;
};

/* Hands jansson the next piece; at the ceiling there is none, so that at most one more piece is built. */
static size_t next_piece(void *into, size_t size, void *from)
{
        struct source *source = from;
        size_t length = count.at_ceiling ? 0 : source->length < size ? source->length : size;
        memcpy(into, source->text, length);
        source->text += length;
        source->length -= length;
        return length;
}

enum err json_parse(const char *text, size_t length, json_t **ret, struct fault *fault)
{
        if (length > BUFFER_CEILING)
                return fault_set(fault, ERR_TOO_LARGE, NULL, "The document is larger than the limit of %zu bytes.", BUFFER_CEILING);
        enum err e = check_shape(text, length, fault);
        if (e)
                return e;
        json_error_t error = { .line = 1 };
        forget_memory_faults();
        struct source source = { text, length };
        count.is_parsing = true;
        json_auto_t *value = json_load_callback(next_piece, &source, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
        count.is_parsing = false;
        e = memory_fault(fault);
        if (e)
                return e;
        if (!value)
                return syntax_fault(&error, fault);
        *ret = STEAL(value);
        return ERR_OK;
}

enum err json_parse_object(const char *text, size_t length, json_t **ret, struct fault *fault)
{
        json_auto_t *value = NULL;
        enum err e = json_parse(text, length, &value, fault);
        if (e)
                return e;
        if (!json_is_object(value))
                return fault_set(fault, ERR_SYNTAX, NULL, "The document is %s; an object was expected.", json_type_name(value));
        *ret = STEAL(value);
        return ERR_OK;
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
