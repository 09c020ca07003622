/* SPDX-License-Identifier: Apache-2.0
 *
 * Query parameters of a request. The gate has proved that the whole query decodes to UTF-8 without NUL, so a parameter is either there
 * or absent, never malformed. */
#include "http/request.h"

#include "base/text.h"

#include <string.h>
#include <strings.h>

static char *decode(struct request *request, const char *text, size_t length)
{
        char *decoded = arena_text(request->arena, text, length);
        size_t decoded_length;
        if (!decoded || !text_percent_decode(text, length, true, decoded, &decoded_length))
                return NULL;
        decoded[decoded_length] = '\0';
        return decoded;
}

static bool is_plain(const char *text, size_t length)
{
        for (size_t i = 0; i < length; i++)
                if (text[i] == '%' || text[i] == '+')
                        return false;
        return true;
}

static bool name_is(struct request *request, const char *text, size_t length, const char *name)
{
        if (is_plain(text, length))
                return strlen(name) == length && strncasecmp(text, name, length) == 0;
        return text_equal_ascii_nocase(decode(request, text, length), name);
}

const char *request_query(struct request *request, const char *name)
{
        for (const char *at = request->query; at && *at;) {
                size_t length = strcspn(at, "&"), name_length = 0;
                while (name_length < length && at[name_length] != '=')
                        name_length++;
                if (name_is(request, at, name_length, name)) {
                        size_t value = name_length < length ? name_length + 1 : length;
                        return decode(request, at + value, length - value);
                }
                at += length + (at[length] == '&');
        }
        return NULL;
}

bool request_parse_i64(const char *text, int64_t min, int64_t max, int64_t *ret)
{
        bool negative = *text == '-';
        const char *digits = text + negative;
        if (*digits == '\0' || digits[strspn(digits, "0123456789")] != '\0')
                return false;
        int64_t number = 0;
        for (; *digits && number <= (INT64_MAX - 9) / 10; digits++)
                number = number * 10 + (*digits - '0');
        if (*digits)
                number = INT64_MAX;
        if (negative)
                number = -number;
        *ret = number < min ? min : number > max ? max : number;
        return true;
}

bool request_query_i64(struct request *request, const char *name, int64_t min, int64_t max, int64_t fallback, int64_t *ret)
{
        const char *text = request_query(request, name);
        if (text)
                return request_parse_i64(text, min, max, ret);
        *ret = fallback;
        return true;
}
