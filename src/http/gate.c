/* SPDX-License-Identifier: Apache-2.0
 *
 * Field lines: names, values, what may stand only once, and the framing headers. The target has its own file, target.c. */
#include "http/gate.h"

#include "base/auto.h"
#include "base/text.h"

#include <string.h>
#include <strings.h>

/* RFC 9110 section 5.6.2. */
static const bool token_byte[256] = {
        ['!'] = true,
        ['#'] = true,
        ['$'] = true,
        ['%'] = true,
        ['&'] = true,
        ['\''] = true,
        ['*'] = true,
        ['+'] = true,
        ['-'] = true,
        ['.'] = true,
        ['^'] = true,
        ['_'] = true,
        ['`'] = true,
        ['|'] = true,
        ['~'] = true,
#define DIGITS(d) [d] = true, [d + 1] = true, [d + 2] = true, [d + 3] = true, [d + 4] = true
        DIGITS('0'),
        DIGITS('5'),
#define LETTERS(l) \
        [l] = true, [l + 1] = true, [l + 2] = true, [l + 3] = true, [l + 4] = true, [l + 5] = true, [l + 6] = true, [l + 7] = true, \
        [l + 8] = true, [l + 9] = true, [l + 10] = true, [l + 11] = true, [l + 12] = true
        LETTERS('A'),
        LETTERS('N'),
        LETTERS('a'),
        LETTERS('n'),
};

/* Fields the gate knows: those that are kept, and those that frame the message or name its sender. A second line of one that says
 * `twice` is refused; of the others the first line counts, of X-Forwarded-For the last. */
enum { FIELD_CONTENT_LENGTH = HEADER_COUNT, FIELD_TRANSFER_ENCODING, FIELD_HOST, FIELD_EXPECT, FIELD_FORWARDED_FOR, FIELD_COUNT };

static const struct field {
        const char *name;
        size_t length;
} fields[FIELD_COUNT] = {
#define X(code, text) [code] = { text, sizeof(text) - 1 },
        REQUEST_HEADERS(X) X(FIELD_CONTENT_LENGTH, "Content-Length") X(FIELD_TRANSFER_ENCODING, "Transfer-Encoding") X(FIELD_HOST, "Host")
                X(FIELD_EXPECT, "Expect") X(FIELD_FORWARDED_FOR, "X-Forwarded-For")
#undef X
};

static const char *const twice[FIELD_COUNT] = {
        [HEADER_AUTHORIZATION] = "Two Authorization headers.",
        [HEADER_CONTENT_TYPE] = "Two Content-Type headers.",
        [HEADER_CONTENT_ENCODING] = "Two Content-Encoding headers.",
        [HEADER_IF_MATCH] = "Two If-Match headers.",
        [FIELD_CONTENT_LENGTH] = "Two Content-Length headers.",
        [FIELD_TRANSFER_ENCODING] = "Two Transfer-Encoding headers.",
        [FIELD_HOST] = "Two Host headers.",
};

static unsigned field_find(const char *name, size_t length)
{
        for (unsigned i = 0; i < FIELD_COUNT; i++)
                if (fields[i].length == length && strncasecmp(fields[i].name, name, length) == 0)
                        return i;
        return FIELD_COUNT;
}

static const char **field_place(struct gate *gate, unsigned field)
{
        switch (field) {
        case FIELD_CONTENT_LENGTH:
                return &gate->content_length;
        case FIELD_TRANSFER_ENCODING:
                return &gate->transfer_encoding;
        case FIELD_HOST:
                return &gate->host;
        case FIELD_EXPECT:
                return &gate->expect;
        case FIELD_FORWARDED_FOR:
                return &gate->forwarded_for;
        default:
                return &gate->request->headers[field];
        }
}

static bool refuse(struct gate *gate, const char *why)
{
        gate->why = why;
        return false;
}

static bool is_token(const char *text, size_t length)
{
        for (size_t i = 0; i < length; i++)
                if (!token_byte[(unsigned char)text[i]])
                        return false;
        return length > 0;
}

void gate_begin(struct gate *gate, struct request *request, const struct gate_layout *layout)
{
        *gate = (struct gate){ .request = request, .is_http_1_0 = strcmp(layout->version, "HTTP/1.0") == 0 };
        if (!is_token(layout->method, strlen(layout->method)))
                gate->why = "The method holds a character that is not allowed.";
        if (layout->block_length > HEADERS_MAX_BYTES)
                gate->why = "The headers are too large.";
        if (!layout->is_known)
                return;
        if (layout->url != layout->method + strlen(layout->method) + 1 || layout->version != layout->url + layout->raw_url_length + 1)
                gate->why = "The request line is malformed.";
        gate->next = layout->version + strlen("HTTP/1.1") + 2;
        gate->end = layout->method + layout->block_length;
}

/* True: no control character but HTAB, and UTF-8 when not ASCII. */
static bool value_is_clean(const char *value, size_t length, bool must_be_utf8)
{
        unsigned char high = 0;
        for (size_t i = 0; i < length; i++) {
                unsigned char byte = (unsigned char)value[i];
                high |= byte;
                if ((byte < ' ' && byte != '\t') || byte == 0x7f)
                        return false;
        }
        return !(high & 0x80) || !must_be_utf8 || text_is_utf8(value, length);
}

bool gate_header(struct gate *gate, const char *name, size_t name_length, const char *value, size_t value_length)
{
        if (gate->why)
                return false;
        if (!is_token(name, name_length))
                return refuse(gate, "A header name is empty or holds a character that is not allowed.");
        if (gate->next && name != gate->next)
                return refuse(gate, "The header lines are malformed.");
        if (gate->next)
                gate->next = value + value_length + 2;
        unsigned field = field_find(name, name_length);
        if (!value_is_clean(value, value_length, field < FIELD_COUNT))
                return refuse(gate, "A header value holds a character that is not allowed.");
        if (field == FIELD_COUNT)
                return true;
        if (value_length > 0 && (value[value_length - 1] == ' ' || value[value_length - 1] == '\t')) {
                while (value_length > 0 && (value[value_length - 1] == ' ' || value[value_length - 1] == '\t'))
                        value_length--;
                value = arena_text(gate->request->arena, value, value_length);
                if (!value)
                        return refuse(gate, "The headers are too large.");
        }
        const char **place = field_place(gate, field);
        if (*place && twice[field])
                return refuse(gate, twice[field]);
        if (!*place || field == FIELD_FORWARDED_FOR)
                *place = value;
        return true;
}

static bool is_number(const char *text)
{
        size_t digits = strspn(text, "0123456789");
        return digits > 0 && text[digits] == '\0';
}

bool gate_end(struct gate *gate)
{
        if (gate->why)
                return false;
        if (gate->next && gate->next + 2 != gate->end)
                return refuse(gate, "The header lines are malformed.");
        if (gate->transfer_encoding && gate->content_length)
                return refuse(gate, "Content-Length and Transfer-Encoding together.");
        if (gate->transfer_encoding && (gate->is_http_1_0 || strcasecmp(gate->transfer_encoding, "chunked") != 0))
                return refuse(gate, "This Transfer-Encoding is not supported.");
        if (gate->content_length && !is_number(gate->content_length))
                return refuse(gate, "Content-Length is not a number.");
        /* HTTP/1.0 has no Host; health checks of load balancers use it, and nothing here reads Host for a decision. */
        if (!gate->host && !gate->is_http_1_0)
                return refuse(gate, "No Host header.");
        if (gate->host && !gate_is_authority(gate->host))
                return refuse(gate, "The Host header is malformed.");
        return true;
}

bool gate_is_authority(const char *text)
{
        size_t at;
        if (text[0] == '[') {
                at = 1 + strspn(text + 1, "0123456789abcdefABCDEF:.");
                if (at < 3 || text[at] != ']')
                        return false;
                at++;
        } else {
                at = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~");
                if (at == 0)
                        return false;
        }
        if (at > 253 + 2)
                return false;
        if (text[at] == '\0')
                return true;
        int64_t port;
        return text[at] == ':' && strspn(text + at + 1, "0123456789") == strlen(text + at + 1) &&
               text_parse_i64(text + at + 1, 0, 65535, &port);
}

/* Length of the host part, and the port as text ("" when it is the default one or absent). */
static size_t split_authority(const char *authority, const char *scheme, const char **ret_port)
{
        const char *after = authority[0] == '[' ? strchr(authority, ']') : authority;
        const char *colon = after ? strchr(after, ':') : NULL;
        if (!colon) {
                *ret_port = "";
                return strlen(authority);
        }
        *ret_port = strcmp(colon + 1, strcmp(scheme, "https") == 0 ? "443" : "80") == 0 ? "" : colon + 1;
        return (size_t)(colon - authority);
}

bool gate_same_authority(const char *left, const char *right, const char *scheme)
{
        const char *left_port, *right_port;
        size_t left_length = split_authority(left, scheme, &left_port), right_length = split_authority(right, scheme, &right_port);
        return left_length == right_length && strncasecmp(left, right, left_length) == 0 && strcmp(left_port, right_port) == 0;
}

bool gate_is_json(const char *content_type)
{
        if (!content_type)
                return false;
        size_t length = strcspn(content_type, "; \t");
        if (content_type[length + strspn(content_type + length, " \t")] != ';' && content_type[length] != '\0')
                return false;
        return (length == 16 && strncasecmp(content_type, "application/json", length) == 0) ||
               (length == 21 && strncasecmp(content_type, "application/scim+json", length) == 0);
}
