/* SPDX-License-Identifier: Apache-2.0
 *
 * The end of every request of a connection, also of one that was refused before a handler saw it: counters for all, a row of the request
 * log for writes and refusals (R19). */
#include <string.h>
#include "base/auto.h"
#include "base/clock.h"
#include "base/text.h"
#include "directory/scim_log.h"
#include "http/metrics.h"
#include "scim_request.h"

static const enum metric first_of_method[] = {
        [METHOD_GET] = METRIC_SCIM_READ,
        [METHOD_POST] = METRIC_SCIM_CREATE,
        [METHOD_PUT] = METRIC_SCIM_REPLACE,
        [METHOD_PATCH] = METRIC_SCIM_PATCH,
        [METHOD_DELETE] = METRIC_SCIM_DELETE,
};

static void count(const struct request *request)
{
        int class = request->reply.status / 100;
        if ((size_t)request->method >= COUNT_OF(first_of_method) || !first_of_method[request->method] || class < 2 || class > 5)
                return;
        metric_add((enum metric)(first_of_method[request->method] + (class - 2)), 1);
        if (class == 2)
                metric_set(METRIC_SCIM_LAST_SUCCESS, clock_now_us() / US_PER_S);
}

/* Reads are POST, too, when the question is long. */
static bool is_read(const struct request *request)
{
        return request->method == METHOD_GET || (request->route && request->route->action == ACTION_READ);
}

/* The last segment of Location after a POST, else the id in the path. */
static const char *resource_of(const struct request *request)
{
        const struct reply *reply = &request->reply;
        for (unsigned i = 0; i < reply->header_count; i++)
                if (strcmp(reply->headers[i].name, "Location") == 0 && strrchr(reply->headers[i].value, '/'))
                        return strrchr(reply->headers[i].value, '/') + 1;
        const char *id = request->param_count > 1 ? request->params[1] : NULL;
        return id && ident_is_uuid(id, strlen(id)) ? id : NULL;
}

/* An id, or the name of an endpoint, document or schema: what else a client writes there may be anybody's name, and the row outlives him
 * (R31). */
static const char *shown_param(const char *param, unsigned place)
{
        static const char name[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:._-";
        size_t length = strlen(param);
        bool is_shown = place ? ident_is_uuid(param, length) : length == strspn(param, name);
        return is_shown ? param : "…";
}

/* `path` was split in place by the router: the pattern and its values make it again. */
static void put_path(const struct request *request, struct buffer *into)
{
        unsigned next = 0;
        for (const char *at = request->route ? request->route->pattern : ""; *at; at++) {
                if (*at != '{') {
                        buffer_putc(into, *at);
                        continue;
                }
                if (next < request->param_count)
                        buffer_puts(into, shown_param(request->params[next], next));
                next++;
                at += strcspn(at, "}");
        }
        buffer_putc(into, '\0');
}

static void put_leniencies(const struct request *request, struct buffer *into)
{
        for (int code = 0; code < LENIENCY_COUNT; code++) {
                if (!(request->leniencies & (1u << code)))
                        continue;
                if (into->length)
                        buffer_putc(into, ',');
                buffer_puts(into, leniency_name((enum leniency_code)code));
        }
        buffer_putc(into, '\0');
}

/* What a captured read asked and got (R19), as one object: {"query":"filter=…","request":{…},"response":{…}}. */
static void put_exchange(const struct request *request, struct buffer *into)
{
        const struct reply *reply = &request->reply;
        char *query = arena_strdup(request->arena, request->query);
        size_t length = 0;
        BUFFER_LITERAL(into, "{\"query\":");
        if (query && text_percent_decode(request->query, strlen(request->query), true, query, &length))
                buffer_put_json(into, query, length);
        else
                BUFFER_LITERAL(into, "null");
        if (request->body_length && request->body_fields) { /* it is sound: it was parsed */
                BUFFER_LITERAL(into, ",\"request\":");
                buffer_put(into, request->body, request->body_length);
        }
        BUFFER_LITERAL(into, ",\"response\":");
        if (reply->body.length && into->length + reply->body.length < SCIM_LOG_BODY_MAX)
                buffer_put(into, reply->body.data, reply->body.length);
        else
                buffer_printf(into, "null,\"response_bytes\":%zu", reply->body.length);
        buffer_putc(into, '}');
}

void scim_request_finished(const struct request *request, int64_t duration_us)
{
        if (request->actor.kind != ACTOR_CONNECTION || !request->route || request->route->face != FACE_SCIM)
                return;
        count(request);
        bool read = is_read(request), success = request->reply.status < 400;
        bool captured = scim_log_note(scim_directory()->scim_log, &request->actor, success, read);
        if (read && success && !captured)
                return;
        auto_buffer path = { 0 }, leniencies = { 0 }, exchanged = { 0 };
        put_path(request, &path);
        if (captured)
                put_exchange(request, &exchanged);
        if (request->leniencies)
                put_leniencies(request, &leniencies);
        const struct scim_log_entry entry = {
                .actor = &request->actor,
                .method = (int)request->method,
                .status = request->reply.status,
                .duration_us = duration_us,
                .path = path.failed ? NULL : path.data,
                .request_id = request->request_id,
                .resource_id = resource_of(request),
                .scim_type = request->refused ? error_row(request->refused)->scim_type : NULL,
                .field = request->refused_field,
                .leniencies = leniencies.failed ? NULL : leniencies.data,
                .refusal = request->refused_detail,
                .refused_operations = request->refused_operations,
                .refused_more = request->refused_more,
                .note = request->outcome,
                .body = captured ? exchanged.data : request->body,
                .body_length = captured ? exchanged.length : request->body_length,
                .fields = captured ? "" : request->body_fields,
        };
        scim_log_add(scim_directory()->scim_log, &entry);
}
