/* SPDX-License-Identifier: Apache-2.0
 *
 * Query parameters of a request, and the charset of its body. The gate has proved that the whole query decodes to UTF-8 without NUL, so a
 * parameter is either there or absent, never malformed. */
#include "http/request.h"

#include "base/auto.h"
#include "base/text.h"

#include <string.h>
#include <strings.h>

static const char *decode(struct request *request, const char *text, size_t length)
{
        char *decoded = arena_text(request->arena, text, length);
        size_t decoded_length;
        if (!decoded || !text_percent_decode(text, length, true, decoded, &decoded_length))
                return NULL;
        decoded[decoded_length] = '\0';
        return decoded;
}

static size_t count_parameters(const char *query)
{
        size_t count = 1;
        for (; *query; query++)
                count += *query == '&';
        return count;
}

bool request_read_query(struct request *request)
{
        if (request->parameters || !request->query || !*request->query)
                return true;
        struct request_parameter *parameters = arena_zero(request->arena, count_parameters(request->query), sizeof(*parameters));
        size_t count = 0;
        if (!parameters)
                return false;
        for (const char *at = request->query; *at;) {
                size_t length = strcspn(at, "&"), name_length = 0;
                while (name_length < length && at[name_length] != '=')
                        name_length++;
                size_t value = name_length < length ? name_length + 1 : length;
                parameters[count].name = decode(request, at, name_length);
                parameters[count].value = decode(request, at + value, length - value);
                if (!parameters[count].name || !parameters[count].value)
                        return false;
                count++;
                at += length + (at[length] == '&');
        }
        request->parameters = parameters;
        request->parameter_count = count;
        return true;
}

const char *request_query(struct request *request, const char *name)
{
        if (!request_read_query(request)) /* not behind a server, which has read it before */
                return NULL;
        for (size_t i = 0; i < request->parameter_count; i++)
                if (text_equal_ascii_nocase(request->parameters[i].name, name))
                        return request->parameters[i].value;
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
                return text_parse_i64(text, min, max, ret);
        *ret = fallback;
        return true;
}

/* One parameter of a media type from behind its semicolon: its name and value, both cut to the room; answers what follows. */
#define PARAMETER_ROOM 40
static const char *parameter_read(const char *at, char ret_name[PARAMETER_ROOM], char ret_value[PARAMETER_ROOM])
{
        size_t length = 0;
        at += strspn(at, " \t");
        (void)snprintf(ret_name, PARAMETER_ROOM, "%.*s", (int)strcspn(at, "=; \t"), at);
        at += strcspn(at, "=; \t");
        at += strspn(at, "= \t");
        bool is_quoted = *at == '"';
        for (at += is_quoted; *at && !strchr(is_quoted ? "\"" : "; \t", *at); at++) {
                at += is_quoted && at[0] == '\\' && at[1];
                if (length < PARAMETER_ROOM - 1)
                        ret_value[length++] = *at;
        }
        ret_value[length] = '\0';
        return at + strcspn(at, ";");
}

enum err request_check_charset(const struct request *request, struct fault *fault)
{
        static const char *const same[] = { "", "utf-8", "utf8", "us-ascii" };
        const char *at = request->headers[HEADER_CONTENT_TYPE];
        for (at = at ? at + strcspn(at, ";") : ""; *at;) {
                char name[PARAMETER_ROOM], value[PARAMETER_ROOM];
                bool is_same = false;
                at = parameter_read(at + 1, name, value);
                for (size_t i = 0; !is_same && i < COUNT_OF(same); i++)
                        is_same = strcasecmp(value, same[i]) == 0;
                if (!is_same && strcasecmp(name, "charset") == 0)
                        return fault_set(
                                fault, ERR_MEDIA_TYPE, "Content-Type", "charset \"%s\" came; JSON is UTF-8 (RFC 8259 section 8.1)", value);
        }
        return ERR_OK;
}
