/* SPDX-License-Identifier: Apache-2.0
 *
 * Neutral text, JSON lines and the readable form of single documents. */
#include "output.h"

#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"

#include <inttypes.h>
#include <string.h>
#include <unistr.h>
#include <uniwidth.h>

#define NESTING_MAX 8

/* Calls `each` with the neutral form of every character. */
static void neutralise(const char *text, size_t length, bool in_json, struct buffer *into)
{
        const uint8_t *at = (const uint8_t *)text;
        while (length > 0) {
                ucs4_t character;
                int size = u8_mbtoucr(&character, at, length);
                if (size < 0) {
                        buffer_printf(into, "\\x%02x", *at);
                        size = 1;
                } else if (in_json ? character >= 0x7f && text_is_control(character) : text_is_control(character)) {
                        buffer_printf(into, "\\u%04" PRIx32, (uint32_t)character);
                } else {
                        buffer_put(into, at, (size_t)size);
                }
                at += size;
                length -= (size_t)size;
        }
}

void output_neutral(struct buffer *into, const char *text, size_t length)
{
        neutralise(text, length, false, into);
}

void output_text(FILE *stream, const char *text)
{
        auto_buffer neutral = { 0 };
        output_neutral(&neutral, text, strlen(text));
        if (neutral.data)
                (void)fputs(neutral.data, stream);
}

void output_json_line(FILE *stream, const char *text, size_t length)
{
        auto_buffer neutral = { 0 };
        while (length > 0 && strchr(" \t\r\n", text[length - 1]))
                length--;
        neutralise(text, length, true, &neutral);
        if (neutral.data)
                (void)fputs(neutral.data, stream);
}

void output_json_text(FILE *stream, const char *text, size_t length)
{
        output_json_line(stream, text, length);
        (void)fputc('\n', stream);
}

void output_json(FILE *stream, const json_t *value)
{
        auto_buffer text = { 0 };
        if (json_compact(value, &text, NULL) == ERR_OK)
                output_json_text(stream, text.data, text.length);
}

size_t output_width(const char *text)
{
        size_t width = 0, length = strlen(text);
        const uint8_t *at = (const uint8_t *)text;
        while (length > 0) {
                ucs4_t character;
                int size = u8_mbtoucr(&character, at, length);
                int columns = size < 0 ? 1 : uc_width(character, "UTF-8");
                size = size < 0 ? 1 : size;
                width += columns > 0 ? (size_t)columns : 0;
                at += size;
                length -= (size_t)size;
        }
        return width;
}

const json_t *output_find(const json_t *document, const char *path)
{
        char name[64];
        while (document && *path) {
                size_t length = strcspn(path, ".");
                int64_t index;
                if (length >= sizeof(name))
                        return NULL;
                memcpy(name, path, length);
                name[length] = '\0';
                if (json_is_array(document))
                        document = text_parse_i64(name, 0, 1000000, &index) ? json_array_get(document, (size_t)index) : NULL;
                else
                        document = json_object_get(document, name);
                path += length + (path[length] == '.');
        }
        return json_is_null(document) ? NULL : document;
}

void output_value(struct buffer *into, const json_t *value)
{
        const json_t *element;
        size_t index;
        if (json_is_string(value) && json_string_length(value) > 0) {
                output_neutral(into, json_string_value(value), json_string_length(value));
        } else if (json_is_boolean(value)) {
                buffer_puts(into, json_is_true(value) ? "yes" : "no");
        } else if (json_is_array(value) && json_array_size(value) > 0) {
                json_array_foreach (value, index, element) {
                        if (index > 0)
                                BUFFER_LITERAL(into, ", ");
                        output_value(into, element);
                }
        } else if (json_is_number(value) || (json_is_object(value) && json_object_size(value) > 0)) {
                auto_buffer text = { 0 };
                if (json_compact(value, &text, NULL) == ERR_OK)
                        neutralise(text.data, text.length, true, into);
        } else {
                buffer_putc(into, '-');
        }
}

struct lines {
        struct buffer *names;  /* NUL-terminated, one after the other */
        struct buffer *values; /* the same */
        size_t count, width;
};

static bool is_list_of_objects(const json_t *value)
{
        return json_is_array(value) && json_is_object(json_array_get(value, 0));
}

static void collect(struct lines *lines, const json_t *value, const char *path, int depth)
{
        char inner[256];
        const char *key;
        const json_t *member;
        size_t index;
        if (json_is_object(value) && depth < NESTING_MAX) {
                /* jansson's iterator takes no const; nothing is changed. */
                for (void *at = json_object_iter((json_t *)(uintptr_t)value); at;
                        at = json_object_iter_next((json_t *)(uintptr_t)value, at)) {
                        key = json_object_iter_key(at);
                        (void)snprintf(inner, sizeof(inner), "%s%s%s", path, *path ? "." : "", key);
                        collect(lines, json_object_iter_value(at), inner, depth + 1);
                }
                return;
        }
        if (is_list_of_objects(value) && depth < NESTING_MAX) {
                json_array_foreach (value, index, member) {
                        (void)snprintf(inner, sizeof(inner), "%s[%zu]", path, index);
                        collect(lines, member, inner, depth + 1);
                }
                return;
        }
        size_t before = lines->names->length;
        output_neutral(lines->names, path, strlen(path));
        buffer_putc(lines->names, '\0');
        output_value(lines->values, value);
        buffer_putc(lines->values, '\0');
        size_t width = lines->names->failed ? 0 : output_width(lines->names->data + before);
        lines->width = width > lines->width ? width : lines->width;
        lines->count++;
}

enum err output_object(FILE *stream, const json_t *object, struct fault *fault)
{
        auto_buffer names = { 0 };
        auto_buffer values = { 0 };
        struct lines lines = { .names = &names, .values = &values };
        collect(&lines, object, "", 0);
        enum err e = buffer_check(&names, fault);
        if (!e)
                e = buffer_check(&values, fault);
        if (e)
                return e;
        const char *name = names.data, *value = values.data;
        for (size_t i = 0; i < lines.count; i++) {
                (void)fprintf(stream, "%s%*s%s\n", name, (int)(lines.width - output_width(name) + 2), "", value);
                name += strlen(name) + 1;
                value += strlen(value) + 1;
        }
        return ERR_OK;
}
