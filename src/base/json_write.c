/* SPDX-License-Identifier: Apache-2.0
 *
 * The two dumps: the bytes of jansson's compact form, with keys sorted or as they came, at a quarter of its cost (it looks for loops by a
 * hash table of printed pointers; our documents are trees). */
#include "base/json.h"

#include "base/auto.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEYS_IN_PLACE 32
#define DEPTH_MAX 512 /* our own trees are a few levels deeper than a body may be */

struct writer {
        struct buffer *into;
        const struct json_written *more; /* of the outermost object; NULL: none */
        bool is_sorted, out_of_memory, is_unwritable;
};

struct member {
        const char *key;
        const json_t *value;
        const struct buffer *text; /* instead of the value */
};

static void put_value(struct writer *writer, const json_t *value, int depth);

static int member_compare(const void *left, const void *right)
{
        return strcmp(((const struct member *)left)->key, ((const struct member *)right)->key);
}

/* A document that was canonical once comes in order. */
static bool members_are_sorted(const struct member *members, size_t count)
{
        for (size_t i = 1; i < count; i++)
                if (member_compare(&members[i - 1], &members[i]) > 0)
                        return false;
        return true;
}

static void put_members(struct writer *writer, const struct member *members, size_t count, int depth)
{
        buffer_putc(writer->into, '{');
        for (size_t i = 0; i < count; i++) {
                if (i)
                        buffer_putc(writer->into, ',');
                buffer_put_json(writer->into, members[i].key, strlen(members[i].key));
                buffer_putc(writer->into, ':');
                if (members[i].text)
                        buffer_put(writer->into, members[i].text->data, members[i].text->length);
                else
                        put_value(writer, members[i].value, depth + 1);
        }
        buffer_putc(writer->into, '}');
}

static void put_object(struct writer *writer, const json_t *object, int depth)
{
        struct member in_place[KEYS_IN_PLACE];
        auto_free_ struct member *many = NULL;
        const struct json_written *more = depth ? NULL : writer->more;
        size_t size = json_object_size(object) + (more != NULL), count = 0;
        if (size > KEYS_IN_PLACE) {
                many = calloc(size, sizeof(*many));
                if (!many) {
                        writer->out_of_memory = true;
                        return;
                }
        }
        struct member *members = many ? many : in_place;
        void *at = json_object_iter((json_t *)object);
        for (; at && count < size; at = json_object_iter_next((json_t *)object, at))
                members[count++] = (struct member){ .key = json_object_iter_key(at), .value = json_object_iter_value(at) };
        if (more)
                members[count++] = (struct member){ .key = more->key, .text = more->text };
        if (writer->is_sorted && !members_are_sorted(members, count))
                qsort(members, count, sizeof(*members), member_compare);
        put_members(writer, members, count, depth);
}

static void put_array(struct writer *writer, const json_t *array, int depth)
{
        size_t i;
        const json_t *element;
        buffer_putc(writer->into, '[');
        json_array_foreach (array, i, element) {
                if (i)
                        buffer_putc(writer->into, ',');
                put_value(writer, element, depth + 1);
        }
        buffer_putc(writer->into, ']');
}

/* As jansson: a real stays a real ("1.0"), an exponent has neither a plus nor leading zeros. */
static void put_real(struct writer *writer, double number)
{
        char text[40];
        int length = snprintf(text, sizeof(text), "%.17g", number);
        char *exponent = memchr(text, 'e', (size_t)length);
        if (!exponent) {
                buffer_put(writer->into, text, (size_t)length);
                if (!memchr(text, '.', (size_t)length))
                        BUFFER_LITERAL(writer->into, ".0");
                return;
        }
        buffer_put(writer->into, text, (size_t)(exponent + 1 - text));
        if (*++exponent == '-')
                buffer_putc(writer->into, '-');
        exponent += strspn(exponent, "+-0");
        buffer_puts(writer->into, exponent);
}

static void put_value(struct writer *writer, const json_t *value, int depth)
{
        if (!value || depth > DEPTH_MAX) {
                writer->is_unwritable = true;
                return;
        }
        switch (json_typeof(value)) {
        case JSON_OBJECT:
                put_object(writer, value, depth);
                break;
        case JSON_ARRAY:
                put_array(writer, value, depth);
                break;
        case JSON_STRING:
                buffer_put_json(writer->into, json_string_value(value), json_string_length(value));
                break;
        case JSON_INTEGER:
                buffer_put_i64(writer->into, json_integer_value(value));
                break;
        case JSON_REAL:
                put_real(writer, json_real_value(value));
                break;
        case JSON_TRUE:
                BUFFER_LITERAL(writer->into, "true");
                break;
        case JSON_FALSE:
                BUFFER_LITERAL(writer->into, "false");
                break;
        case JSON_NULL:
                BUFFER_LITERAL(writer->into, "null");
                break;
        }
}

static enum err write_fault(const struct writer *writer, struct fault *fault)
{
        enum err e = buffer_check(writer->into, fault);
        if (!e && writer->out_of_memory)
                e = fault_set(fault, ERR_MEMORY, NULL, "Out of memory for the document; try again.");
        if (!e && writer->is_unwritable)
                e = fault_set(fault, ERR_INTERNAL, NULL, "The value cannot be written as JSON.");
        return e;
}

static enum err dump(const json_t *value, const struct json_written *more, bool is_sorted, struct buffer *into, struct fault *fault)
{
        enum err e = buffer_check(into, fault);
        if (e)
                return e;
        size_t before = into->length;
        struct writer writer = { .into = into, .more = more, .is_sorted = is_sorted };
        put_value(&writer, value, 0);
        e = write_fault(&writer, fault);
        if (!e)
                return ERR_OK;
        into->length = before;
        if (into->data)
                into->data[before] = '\0';
        return e;
}

enum err json_canonical(const json_t *value, struct buffer *into, struct fault *fault)
{
        return dump(value, NULL, true, into, fault);
}

enum err json_canonical_with(const json_t *object, const struct json_written *more, struct buffer *into, struct fault *fault)
{
        enum err e = buffer_check(more->text, fault);
        return e ? e : dump(object, more, true, into, fault);
}

enum err json_compact(const json_t *value, struct buffer *into, struct fault *fault)
{
        return dump(value, NULL, false, into, fault);
}
