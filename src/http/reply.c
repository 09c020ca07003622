/* SPDX-License-Identifier: Apache-2.0
 *
 * What handlers write: status, headers, body. Nothing here knows libmicrohttpd; a bare struct request with an arena is enough, which is
 * what unit tests of handlers use. */
#include "http/request.h"

#include <string.h>
#include <strings.h>

/* Visible ASCII, space and HTAB, or UTF-8: never a line end. */
static bool value_is_clean(const char *value)
{
        for (; *value; value++)
                if (((unsigned char)*value < ' ' && *value != '\t') || *value == 0x7f)
                        return false;
        return true;
}

void reply_header(struct request *request, const char *name, const char *value)
{
        struct reply *reply = &request->reply;
        if (!value || !value_is_clean(value))
                return;
        unsigned at = 0;
        while (at < reply->header_count && strcasecmp(reply->headers[at].name, name) != 0)
                at++;
        if (at == REPLY_HEADERS_MAX)
                return;
        const char *kept_value = arena_strdup(request->arena, value);
        const char *kept_name = at < reply->header_count ? reply->headers[at].name : arena_strdup(request->arena, name);
        if (!kept_name || !kept_value)
                return;
        reply->headers[at].name = kept_name;
        reply->headers[at].value = kept_value;
        if (at == reply->header_count)
                reply->header_count++;
}

void reply_json(struct request *request, int status, const char *content_type)
{
        struct fault fault = { 0 };
        enum err e = buffer_check(&request->reply.body, &fault);
        if (e) {
                reply_fault(request, e == ERR_TOO_LARGE ? ERR_TOO_MANY : e, &fault);
                return;
        }
        request->reply.status = status;
        request->reply.content_type = content_type;
}

void reply_empty(struct request *request, int status)
{
        buffer_clear(&request->reply.body);
        request->reply.status = status;
        request->reply.content_type = NULL;
}
