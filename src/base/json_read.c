/* SPDX-License-Identifier: Apache-2.0
 *
 * The reader of RFC 8259 into jansson's trees. jansson's own costs some 200 instructions a byte, and its lexer (2.14, its issue 362)
 * writes outside its memory when an allocation fails; here a failed allocation ends the reading. Messages never quote the document. */
#include "json_read.h"

#include "base/auto.h"
#include "base/json_text.h"
#include "base/text.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_OF(number) #number
#define NUMBER_TEXT(macro) TEXT_OF(macro)
#define JSON_DEPTH_TEXT NUMBER_TEXT(JSON_DEPTH_MAX)

struct reader {
        const char *start;
        struct json_cursor text; /* what is left of it */
        size_t depth;
        const struct json_taker *taker;
        struct buffer scratch; /* a string's text without its escapes, or a number with an end */
        struct fault *fault;
};

static enum err read_value(struct reader *reader, json_t **ret);

/* ---- refusals ---- */

/* Lines and columns count from 1, columns in bytes. */
static enum err wrong_at(struct reader *reader, const char *where, const char *what)
{
        size_t line = 1, column = 1;
        for (const char *at = reader->start; at < where; at++) {
                column++;
                if (*at == '\n') {
                        line++;
                        column = 1;
                }
        }
        return fault_set(reader->fault, ERR_SYNTAX, NULL, "Line %zu, column %zu: %s.", line, column, what);
}

/* What stands here is not what may stand here: an end and a NUL are named, since nobody sees them. */
static enum err expected(struct reader *reader, const char *what)
{
        if (reader->text.at == reader->text.end)
                return wrong_at(reader, reader->text.at, "the document ends too early");
        if (*reader->text.at == '\0')
                return wrong_at(reader, reader->text.at, "a NUL byte is not JSON");
        return wrong_at(reader, reader->text.at, what);
}

/* ---- small parts ---- */

static enum err read_word(struct reader *reader, const char *word, json_t *value, json_t **ret)
{
        if (!json_take_word(&reader->text, word))
                return expected(reader, "this is no JSON value");
        *ret = value;
        return ERR_OK;
}

/* ---- numbers ---- */

static bool skip_digits(struct reader *reader)
{
        const char *start = reader->text.at;
        while (reader->text.at < reader->text.end && *reader->text.at >= '0' && *reader->text.at <= '9')
                reader->text.at++;
        return reader->text.at > start;
}

static enum err number_make(struct reader *reader, const char *start, bool is_real, json_t **ret)
{
        buffer_clear(&reader->scratch);
        buffer_put(&reader->scratch, start, (size_t)(reader->text.at - start));
        enum err e = buffer_check(&reader->scratch, reader->fault);
        if (e)
                return e;
        errno = 0;
        if (is_real) {
                double number = strtod(reader->scratch.data, NULL);
                if (!isfinite(number))
                        return wrong_at(reader, start, "the number is too large");
                *ret = json_real(number);
        } else {
                long long number = strtoll(reader->scratch.data, NULL, 10);
                if (errno == ERANGE)
                        return wrong_at(reader, start, "the integer needs more than 64 bits");
                *ret = json_integer(number);
        }
        return *ret ? ERR_OK : ERR_MEMORY;
}

static enum err read_number(struct reader *reader, json_t **ret)
{
        const char *start = reader->text.at;
        bool is_real = false;
        (void)json_take(&reader->text, '-');
        if (!json_take(&reader->text, '0') && !skip_digits(reader))
                return expected(reader, "a digit was expected");
        if (json_take(&reader->text, '.')) {
                is_real = true;
                if (!skip_digits(reader))
                        return expected(reader, "a digit was expected");
        }
        if (json_take(&reader->text, 'e') || json_take(&reader->text, 'E')) {
                is_real = true;
                if (!json_take(&reader->text, '+'))
                        (void)json_take(&reader->text, '-');
                if (!skip_digits(reader))
                        return expected(reader, "a digit was expected");
        }
        return number_make(reader, start, is_real, ret);
}

/* ---- strings ---- */

static enum err read_hex(struct reader *reader, uint32_t *ret)
{
        *ret = 0;
        for (int i = 0; i < 4; i++, reader->text.at++) {
                if (reader->text.at == reader->text.end)
                        return expected(reader, "");
                char byte = *reader->text.at;
                int digit = byte >= '0' && byte <= '9'   ? byte - '0'
                            : byte >= 'a' && byte <= 'f' ? byte - 'a' + 10
                            : byte >= 'A' && byte <= 'F' ? byte - 'A' + 10
                                                         : -1;
                if (digit < 0)
                        return expected(reader, "four hexadecimal digits were expected");
                *ret = *ret << 4 | (uint32_t)digit;
        }
        return ERR_OK;
}

static void put_utf8(struct buffer *into, uint32_t character)
{
        if (character < 0x80) {
                buffer_putc(into, (char)character);
                return;
        }
        if (character < 0x800) {
                buffer_putc(into, (char)(0xc0 | character >> 6));
        } else {
                if (character < 0x10000) {
                        buffer_putc(into, (char)(0xe0 | character >> 12));
                } else {
                        buffer_putc(into, (char)(0xf0 | character >> 18));
                        buffer_putc(into, (char)(0x80 | (character >> 12 & 0x3f)));
                }
                buffer_putc(into, (char)(0x80 | (character >> 6 & 0x3f)));
        }
        buffer_putc(into, (char)(0x80 | (character & 0x3f)));
}

/* After \u; two of them make one character above U+FFFF. */
static enum err read_unicode(struct reader *reader)
{
        const char *start = reader->text.at;
        uint32_t character, second;
        enum err e = read_hex(reader, &character);
        if (e)
                return e;
        if (character == 0)
                return wrong_at(reader, start, "a string may not hold the character U+0000");
        if (character >= 0xd800 && character < 0xe000) {
                if (character >= 0xdc00 || !json_take(&reader->text, '\\') || !json_take(&reader->text, 'u'))
                        return wrong_at(reader, start, "a surrogate stands alone");
                e = read_hex(reader, &second);
                if (e)
                        return e;
                if (second < 0xdc00 || second >= 0xe000)
                        return wrong_at(reader, start, "a surrogate stands alone");
                character = 0x10000 + ((character - 0xd800) << 10) + (second - 0xdc00);
        }
        put_utf8(&reader->scratch, character);
        return ERR_OK;
}

static enum err read_escape(struct reader *reader)
{
        static const char plain[] = "\"\\/bfnrt", meaning[] = "\"\\/\b\f\n\r\t";
        if (reader->text.at == reader->text.end || *reader->text.at == '\0')
                return expected(reader, "");
        if (json_take(&reader->text, 'u'))
                return read_unicode(reader);
        const char *found = strchr(plain, *reader->text.at);
        if (!found)
                return expected(reader, "there is no such escape");
        buffer_putc(&reader->scratch, meaning[found - plain]);
        reader->text.at++;
        return ERR_OK;
}

/* The bytes that stand for themselves. */
static enum err skip_plain(struct reader *reader)
{
        const char *start = reader->text.at;
        unsigned char all = json_skip_plain(&reader->text);
        if (reader->text.at == reader->text.end || (unsigned char)*reader->text.at < 0x20)
                return expected(reader, "a control character in a string must be escaped");
        if (all >= 0x80 && !text_is_utf8(start, (size_t)(reader->text.at - start)))
                return wrong_at(reader, start, "the string is not UTF-8");
        return ERR_OK;
}

/* From behind the quote. The text lives in the document, or until the next string is read. */
static enum err read_text(struct reader *reader, const char **ret_text, size_t *ret_length)
{
        const char *start = reader->text.at;
        enum err e = skip_plain(reader);
        if (e)
                return e;
        if (*reader->text.at == '"') {
                *ret_text = start;
                *ret_length = (size_t)(reader->text.at++ - start);
                return ERR_OK;
        }
        buffer_clear(&reader->scratch);
        buffer_put(&reader->scratch, start, (size_t)(reader->text.at - start));
        while (!e && !json_take(&reader->text, '"')) {
                if (json_take(&reader->text, '\\')) {
                        e = read_escape(reader);
                        continue;
                }
                start = reader->text.at;
                e = skip_plain(reader);
                buffer_put(&reader->scratch, start, (size_t)(reader->text.at - start));
        }
        if (!e)
                e = buffer_check(&reader->scratch, reader->fault);
        *ret_text = reader->scratch.data;
        *ret_length = reader->scratch.length;
        return e;
}

static enum err read_string(struct reader *reader, json_t **ret)
{
        const char *text = NULL;
        size_t length = 0;
        reader->text.at++;
        enum err e = read_text(reader, &text, &length);
        if (e)
                return e;
        *ret = json_stringn_nocheck(text, length);
        return *ret ? ERR_OK : ERR_MEMORY;
}

/* ---- containers ---- */

/* A key that lives in the scratch must outlive the reading of its value. */
static enum err read_member(struct reader *reader, json_t *object)
{
        const char *start = reader->text.at, *key = NULL;
        size_t length = 0, before = json_object_size(object);
        if (!json_take(&reader->text, '"'))
                return expected(reader, "a member's name in quotes was expected");
        enum err e = read_text(reader, &key, &length);
        if (e)
                return e;
        bool is_scratch = key == reader->scratch.data;
        auto_free_ char *copy = is_scratch ? strndup(key, length) : NULL;
        if (is_scratch && !copy)
                return ERR_MEMORY;
        json_skip_space(&reader->text);
        if (!json_take(&reader->text, ':'))
                return expected(reader, "\":\" was expected");
        json_t *value = NULL;
        e = read_value(reader, &value);
        if (e)
                return e;
        if (json_object_setn_new_nocheck(object, copy ? copy : key, length, value))
                return ERR_MEMORY;
        return json_object_size(object) > before ? ERR_OK : wrong_at(reader, start, "a second member of this name");
}

static enum err read_object(struct reader *reader, json_t **ret)
{
        json_auto_t *object = json_object();
        if (!object)
                return ERR_MEMORY;
        json_skip_space(&reader->text);
        if (!json_take(&reader->text, '}'))
                for (bool more = true; more;) {
                        json_skip_space(&reader->text);
                        enum err e = read_member(reader, object);
                        if (e)
                                return e;
                        json_skip_space(&reader->text);
                        more = json_take(&reader->text, ',');
                        if (!more && !json_take(&reader->text, '}'))
                                return expected(reader, "\",\" or \"}\" was expected");
                }
        *ret = STEAL(object);
        return ERR_OK;
}

static bool is_taken(struct reader *reader, json_t **ret)
{
        const char *behind = reader->taker ? reader->taker->take(reader->taker->context, reader->text.at, reader->text.end, ret) : NULL;
        if (behind)
                reader->text.at = behind;
        return behind != NULL;
}

static enum err read_array(struct reader *reader, json_t **ret)
{
        if (is_taken(reader, ret))
                return ERR_OK;
        json_auto_t *array = json_array();
        if (!array)
                return ERR_MEMORY;
        json_skip_space(&reader->text);
        if (!json_take(&reader->text, ']'))
                for (bool more = true; more;) {
                        json_t *value = NULL;
                        enum err e = read_value(reader, &value);
                        if (e)
                                return e;
                        if (json_array_append_new(array, value))
                                return ERR_MEMORY;
                        json_skip_space(&reader->text);
                        more = json_take(&reader->text, ',');
                        if (!more && !json_take(&reader->text, ']'))
                                return expected(reader, "\",\" or \"]\" was expected");
                }
        *ret = STEAL(array);
        return ERR_OK;
}

static enum err read_container(struct reader *reader, json_t **ret)
{
        if (++reader->depth > JSON_DEPTH_MAX)
                return wrong_at(reader, reader->text.at, "nested deeper than " JSON_DEPTH_TEXT " levels");
        enum err e = *reader->text.at++ == '{' ? read_object(reader, ret) : read_array(reader, ret);
        reader->depth--;
        return e;
}

static enum err read_value(struct reader *reader, json_t **ret)
{
        json_skip_space(&reader->text);
        if (reader->text.at == reader->text.end)
                return expected(reader, "");
        switch (*reader->text.at) {
        case '{':
        case '[':
                return read_container(reader, ret);
        case '"':
                return read_string(reader, ret);
        case 't':
                return read_word(reader, "true", json_true(), ret);
        case 'f':
                return read_word(reader, "false", json_false(), ret);
        case 'n':
                return read_word(reader, "null", json_null(), ret);
        default:
                return *reader->text.at == '-' || (*reader->text.at >= '0' && *reader->text.at <= '9')
                               ? read_number(reader, ret)
                               : expected(reader, "this is no JSON value");
        }
}

enum err json_read(const char *text, size_t length, const struct json_taker *taker, json_t **ret, struct fault *fault)
{
        struct reader reader = { .start = text, .text = { text, text + length }, .taker = taker, .fault = fault };
        json_auto_t *value = NULL;
        enum err e = read_value(&reader, &value);
        json_skip_space(&reader.text);
        if (!e && reader.text.at != reader.text.end)
                e = expected(&reader, "the document should end here");
        buffer_done(&reader.scratch);
        if (!e)
                *ret = STEAL(value);
        return e;
}
