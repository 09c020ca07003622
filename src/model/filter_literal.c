/* SPDX-License-Identifier: Apache-2.0
 *
 * Literals of filters: JSON strings, numbers, true, false, null (RFC 7644 section 3.4.2.2), and what of them fits which operator and type
 * of attribute. Text is unescaped, folded and read as an instant here, once, so that matching only compares. */
#include "filter_parser.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/text.h"

#define NUMBER_MAX_BYTES 64

static enum err out_of_memory(const struct filter_parser *parser)
{
        return fault_set(parser->fault, ERR_MEMORY, NULL, "Out of memory for the filter; try again.");
}

static int hex_digit(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        c |= 0x20;
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four hexadecimal digits; -1 when they are not there. */
static int32_t read_hex4(const struct filter_parser *parser, size_t at)
{
        if (parser->length - at < 4)
                return -1;
        int32_t unit = 0;
        for (size_t i = 0; i < 4; i++) {
                int digit = hex_digit(parser->text[at + i]);
                if (digit < 0)
                        return -1;
                unit = unit * 16 + digit;
        }
        return unit;
}

static size_t put_utf8(char *into, uint32_t point)
{
        if (point < 0x80) {
                into[0] = (char)point;
                return 1;
        }
        size_t n = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
        static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
        for (size_t i = n - 1; i > 0; i--, point >>= 6)
                into[i] = (char)(0x80 | (point & 0x3f));
        into[0] = (char)(lead[n] | point);
        return n;
}

/* Behind "\u": one code point, a surrogate pair as one; never NUL, never half a pair. */
static enum err read_unicode_escape(struct filter_parser *parser, char *into, size_t *ret_length)
{
        int32_t unit = read_hex4(parser, parser->at);
        if (unit <= 0 || (unit >= 0xdc00 && unit <= 0xdfff))
                return filter_expected(parser, "four hexadecimal digits of a character");
        parser->at += 4;
        uint32_t point = (uint32_t)unit;
        if (unit >= 0xd800 && unit <= 0xdbff) {
                bool has_escape = parser->length - parser->at >= 6 && memcmp(parser->text + parser->at, "\\u", 2) == 0;
                int32_t low = has_escape ? read_hex4(parser, parser->at + 2) : -1;
                if (low < 0xdc00 || low > 0xdfff)
                        return filter_expected(parser, "the second half of a surrogate pair");
                parser->at += 6;
                point = 0x10000 + (((uint32_t)unit - 0xd800) << 10) + ((uint32_t)low - 0xdc00);
        }
        *ret_length = put_utf8(into, point);
        return ERR_OK;
}

static enum err read_escape(struct filter_parser *parser, char *into, size_t *ret_length)
{
        static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
        if (parser->at == parser->length)
                return filter_expected(parser, "an escape");
        char c = parser->text[parser->at];
        if (c == 'u') {
                parser->at++;
                return read_unicode_escape(parser, into, ret_length);
        }
        const char *found = strchr(names, c);
        if (!found)
                return filter_expected(parser, "an escape of JSON");
        into[0] = values[found - names];
        *ret_length = 1;
        parser->at++;
        return ERR_OK;
}

/* A JSON string from its quote to behind its other quote. No escape is shorter than what it stands for. */
static enum err read_string(struct filter_parser *parser, struct filter_value *ret)
{
        size_t start = parser->at++;
        const char *end = parser->text + parser->length;
        const char *quote = parser->text + parser->at;
        while (quote < end && *quote != '"')
                quote += *quote == '\\' && quote + 1 < end ? 2 : 1;
        if (quote == end) {
                parser->at = start;
                return filter_expected(parser, "a string with a closing quote");
        }
        char *text = arena_alloc(parser->arena, (size_t)(quote - parser->text) - start);
        if (!text)
                return out_of_memory(parser);
        size_t length = 0;
        while (parser->text + parser->at < quote) {
                char c = parser->text[parser->at];
                if ((unsigned char)c < 0x20)
                        return filter_expected(parser, "no control characters in a string");
                parser->at++;
                size_t n = 1;
                enum err e = ERR_OK;
                if (c == '\\')
                        e = read_escape(parser, text + length, &n);
                else
                        text[length] = c;
                if (e)
                        return e;
                length += n;
        }
        text[length] = '\0';
        parser->at++;
        *ret = (struct filter_value){ .kind = FILTER_TEXT, .text = text, .text_length = length };
        return ERR_OK;
}

static size_t digits(const char *text, size_t length)
{
        size_t n = 0;
        while (n < length && text[n] >= '0' && text[n] <= '9')
                n++;
        return n;
}

/* The grammar of RFC 8259 section 6: no plus, no leading zeros, no bare point. */
static bool is_number(const char *text, size_t length)
{
        size_t at = length > 0 && text[0] == '-';
        size_t whole = digits(text + at, length - at);
        if (whole == 0 || (whole > 1 && text[at] == '0'))
                return false;
        at += whole;
        if (at < length && text[at] == '.') {
                size_t fraction = digits(text + at + 1, length - at - 1);
                if (fraction == 0)
                        return false;
                at += 1 + fraction;
        }
        if (at < length && (text[at] == 'e' || text[at] == 'E')) {
                at++;
                if (at < length && (text[at] == '+' || text[at] == '-'))
                        at++;
                size_t exponent = digits(text + at, length - at);
                if (exponent == 0)
                        return false;
                at += exponent;
        }
        return at == length;
}

/* A word without quotes: true, false, null, a number, or (lenient) text. */
static enum err read_word(struct filter_parser *parser, struct filter_value *ret)
{
        const char *word = parser->text + parser->at;
        size_t length = 0;
        while (parser->at + length < parser->length && !strchr(" \t\r\n()[]\"", word[length]))
                length++;
        const char *text = length > 0 ? arena_text(parser->arena, word, length) : NULL;
        if (length == 0)
                return filter_expected(parser, "a value");
        if (word[0] == '\'') /* whoever quotes like this means what is inside, which a comparison with the quotes would never find */
                return filter_expected(parser, "a text in double quotes");
        if (!text)
                return out_of_memory(parser);
        *ret = (struct filter_value){ .kind = FILTER_TEXT, .text = text, .text_length = length };
        if (text_equal(text, "null")) {
                ret->kind = FILTER_NULL;
        } else if (text_equal(text, "true") || text_equal(text, "false")) {
                ret->kind = FILTER_BOOLEAN;
                ret->boolean = text[0] == 't';
        } else if (length <= NUMBER_MAX_BYTES && is_number(text, length)) {
                ret->kind = FILTER_NUMBER;
                ret->number = strtod(text, NULL);
                if (!isfinite(ret->number))
                        return filter_expected(parser, "a number that can be held");
        } else if (!leniency_use(parser->leniency, LENIENT_UNQUOTED_LITERAL)) {
                return filter_expected(parser, "a value: \"text\" in quotes, a number, true, false or null");
        }
        parser->at += length;
        return ERR_OK;
}

/* Which operators make sense for a type (RFC 7644 table 3: no order on booleans and binary data). */
static bool operator_fits(enum filter_operator kind, enum attribute_type type)
{
        switch (kind) {
        case FILTER_EQ:
        case FILTER_NE:
                return true;
        case FILTER_CO:
        case FILTER_SW:
        case FILTER_EW:
                return type != ATTRIBUTE_BOOLEAN && type != ATTRIBUTE_INTEGER && type != ATTRIBUTE_DECIMAL;
        case FILTER_GT:
        case FILTER_GE:
        case FILTER_LT:
        case FILTER_LE:
                return type != ATTRIBUTE_BOOLEAN && type != ATTRIBUTE_BINARY;
        default:
                return false;
        }
}

static bool is_search_in_text(enum filter_operator kind)
{
        return kind == FILTER_CO || kind == FILTER_SW || kind == FILTER_EW;
}

static enum err fit_boolean(struct filter_parser *parser, struct filter_value *value)
{
        if (value->kind == FILTER_BOOLEAN)
                return ERR_OK;
        bool is_true = value->kind == FILTER_TEXT && text_equal_ascii_nocase(value->text, "true");
        bool is_false = value->kind == FILTER_TEXT && text_equal_ascii_nocase(value->text, "false");
        if (!(is_true || is_false) || !leniency_use(parser->leniency, LENIENT_BOOLEAN_TEXT))
                return filter_expected(parser, "true or false");
        value->kind = FILTER_BOOLEAN;
        value->boolean = is_true;
        return ERR_OK;
}

static enum err fit_text(struct filter_parser *parser, const struct attribute *leaf, struct filter_value *value)
{
        if (value->kind == FILTER_NUMBER && leniency_use(parser->leniency, LENIENT_NUMBER_TEXT))
                value->kind = FILTER_TEXT;
        if (value->kind != FILTER_TEXT)
                return filter_expected(parser, "a text in quotes");
        if (leaf->type == ATTRIBUTE_BINARY || leaf->flags & CASE_EXACT)
                return ERR_OK;
        value->folded = text_fold(parser->arena, value->text, value->text_length);
        return value->folded ? ERR_OK : out_of_memory(parser);
}

static enum err fit_time(struct filter_parser *parser, enum filter_operator kind, struct filter_value *value)
{
        if (value->kind != FILTER_TEXT)
                return filter_expected(parser, "a time in quotes");
        if (!is_search_in_text(kind) && !clock_parse(value->text, &value->time_us))
                return filter_expected(parser, "a time such as \"2026-11-21T05:06:07Z\"");
        return ERR_OK;
}

/* parser->at stands at the literal again, for the message. */
static enum err fit(struct filter_parser *parser, struct filter *comparison)
{
        struct filter_value *value = &comparison->value;
        if (value->kind == FILTER_NULL) {
                bool is_equality = comparison->kind == FILTER_EQ || comparison->kind == FILTER_NE;
                return is_equality ? ERR_OK : filter_expected(parser, "another value than null, which has no order");
        }
        struct path *path = &comparison->path;
        if (path->attribute && path->attribute->type == ATTRIBUTE_COMPLEX && !path->sub)
                path->sub = attribute_find(path->attribute->sub, "value", strlen("value"));
        const struct attribute *leaf = filter_leaf(path);
        if (!leaf && !path->extension)
                return ERR_OK;
        if (!leaf || leaf->type == ATTRIBUTE_COMPLEX)
                return filter_expected(parser, "no comparison of a complex attribute: name a sub-attribute");
        if (!operator_fits(comparison->kind, leaf->type))
                return filter_expected(parser, "an operator that this type of attribute has");
        switch (leaf->type) {
        case ATTRIBUTE_BOOLEAN:
                return fit_boolean(parser, value);
        case ATTRIBUTE_INTEGER:
        case ATTRIBUTE_DECIMAL:
                return value->kind == FILTER_NUMBER ? ERR_OK : filter_expected(parser, "a number");
        case ATTRIBUTE_TIME:
                return fit_time(parser, comparison->kind, value);
        default:
                return fit_text(parser, leaf, value);
        }
}

enum err filter_literal(struct filter_parser *parser, struct filter *comparison)
{
        size_t start = parser->at;
        bool is_string = start < parser->length && parser->text[start] == '"';
        enum err e = is_string ? read_string(parser, &comparison->value) : read_word(parser, &comparison->value);
        if (e)
                return e;
        size_t end = parser->at;
        parser->at = start;
        e = fit(parser, comparison);
        parser->at = end;
        return e;
}
