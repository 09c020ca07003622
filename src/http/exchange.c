/* SPDX-License-Identifier: Apache-2.0
 *
 * The life of a request on its loop: first line, headers (admit.c judges them), body, handler or job queue, reply. Everything here runs
 * in the loop's thread as callbacks of libmicrohttpd, but for exchange_finish. */
#include "http/exchange.h"

#include "base/auto.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "http/admit.h"
#include "http/loop.h"
#include "http/metrics.h"

#include <stdio.h>
#include <string.h>

#define REPLY_BYTES_PER_S (64 << 10) /* a reader slower than this is cut */
#define ARENA_CEILING_BYTES ((size_t)64 << 20)

struct exchange *exchange_new(struct loop *loop)
{
        struct exchange *exchange = calloc(1, sizeof(*exchange));
        struct arena *arena = arena_new(ARENA_CEILING_BYTES);
        if (!exchange || !arena) {
                free(exchange);
                arena_free(arena);
                return NULL;
        }
        exchange->loop = loop;
        exchange->request.arena = arena;
        return exchange;
}

void exchange_free(struct exchange *exchange)
{
        arena_free(exchange->request.arena);
        buffer_done(&exchange->request.reply.body);
        buffer_done(&exchange->body);
        free(exchange);
}

static void buffer_recycle(struct buffer *buffer)
{
        if (buffer->data)
                text_wipe(buffer->data, buffer->length);
        buffer_clear(buffer);
        if (buffer->capacity > KEPT_BUFFER_BYTES)
                buffer_done(buffer);
        buffer->ceiling = 0;
}

void exchange_reset(struct exchange *exchange)
{
        if (exchange->counted_bytes > 0)
                atomic_fetch_sub(&exchange->loop->server->body_bytes, exchange->counted_bytes);
        arena_reset(exchange->request.arena);
        buffer_recycle(&exchange->body);
        buffer_recycle(&exchange->request.reply.body);
        *exchange = (struct exchange){
                .loop = exchange->loop,
                .body = exchange->body,
                .request = { .arena = exchange->request.arena, .reply.body = exchange->request.reply.body, .query = "", .body = "" },
        };
}

void exchange_refuse(struct exchange *exchange, enum err code, const char *message)
{
        struct fault fault = { 0 };
        enum err e = fault_set(&fault, code, NULL, "%s", message);
        if (e == ERR_UNAVAILABLE || e == ERR_DEADLINE)
                fault.retry_after_s = 1;
        reply_fault(&exchange->request, e, &fault);
}

void exchange_log(const struct exchange *exchange)
{
        const struct request *request = &exchange->request;
        static const char *const methods[] = { "other", "GET", "POST", "PUT", "PATCH", "DELETE" };
        static const char *const kinds[] = { NULL, "identity", "connection", "system" };
        enum face face = request->route ? request->route->face : FACE_OPERATIONS;
        int status = request->reply.status;
        enum log_level level = status >= 500                                                 ? LOG_WARN
                               : request->worker || (status >= 400 && face != FACE_DECISION) ? LOG_INFO
                                                                                             : LOG_DEBUG;
        log_set_request_id(request->request_id);
        log_event(level, "request", LOG_TEXT("method", request->head ? "HEAD" : methods[request->method]),
                LOG_TEXT("route", request->route && request->route->pattern[0] ? request->route->pattern : NULL), LOG_I64("status", status),
                LOG_I64("duration_us", exchange->duration_us), LOG_TEXT("client", request->client),
                LOG_TEXT("actor", kinds[request->actor.kind]), LOG_TEXT("actor_id", request->actor.id[0] ? request->actor.id : NULL),
                LOG_TEXT("note", request->log_note));
        log_set_request_id(NULL);
}

void exchange_finish(struct exchange *exchange)
{
        struct request *request = &exchange->request;
        if (request->reply.status == 0)
                exchange_refuse(exchange, ERR_INTERNAL, "The server failed to answer; the log has the reason.");
        exchange->duration_us = clock_steady_us() - request->started_us;
        metric_request(request->route ? (int)request->route->face : 0, (int)request->method, request->reply.status, exchange->duration_us);
        const struct http_hooks *hooks = &exchange->loop->server->options.hooks;
        if (hooks->finished)
                hooks->finished(hooks->context, request, exchange->duration_us);
}

/* A loop's own thread tags its lines only while a handler or this line is written. */
static void finish_on_loop(struct exchange *exchange)
{
        log_set_request_id(exchange->request.request_id);
        exchange_finish(exchange);
        exchange_log(exchange);
        exchange->stage = STAGE_ANSWER;
}

static bool has_header(const struct reply *reply, const char *name)
{
        for (unsigned i = 0; i < reply->header_count; i++)
                if (text_equal_ascii_nocase(reply->headers[i].name, name))
                        return true;
        return false;
}

static bool add_headers(struct MHD_Response *response, const struct exchange *exchange)
{
        const struct reply *reply = &exchange->request.reply;
        bool ok = MHD_add_response_header(response, "X-Request-ID", exchange->request.request_id) == MHD_YES;
        ok = ok && MHD_add_response_header(response, "X-Content-Type-Options", "nosniff") == MHD_YES;
        if (!has_header(reply, "Cache-Control"))
                ok = ok && MHD_add_response_header(response, "Cache-Control", "no-store") == MHD_YES;
        if (reply->content_type)
                ok = ok && MHD_add_response_header(response, "Content-Type", reply->content_type) == MHD_YES;
        for (unsigned i = 0; ok && i < reply->header_count; i++)
                ok = MHD_add_response_header(response, reply->headers[i].name, reply->headers[i].value) == MHD_YES;
        if (reply->close || exchange->answer_now || atomic_load_explicit(&exchange->loop->server->phase, memory_order_relaxed) != PHASE_RUN)
                ok = ok && MHD_add_response_header(response, "Connection", "close") == MHD_YES;
        return ok;
}

/* Hands the finished reply to the library; its bytes stay ours until exchange_completed. */
static enum MHD_Result answer(struct exchange *exchange)
{
        struct reply *reply = &exchange->request.reply;
        struct connection *connection = exchange->connection;
        static char nothing[1];
        struct MHD_Response *response = MHD_create_response_from_buffer(
                reply->body.length, reply->body.length ? reply->body.data : nothing, MHD_RESPMEM_PERSISTENT);
        if (!response)
                return MHD_NO;
        enum MHD_Result queued = MHD_NO;
        if (add_headers(response, exchange))
                queued = MHD_queue_response(connection->mhd, (unsigned)reply->status, response);
        MHD_destroy_response(response);
        exchange->stage = STAGE_ANSWERED;
        connection->due_us = clock_steady_us() + exchange->loop->server->request_timeout_us +
                             (int64_t)(reply->body.length / REPLY_BYTES_PER_S) * US_PER_S;
        return queued;
}

static void submit(struct exchange *exchange)
{
        struct http_server *server = exchange->loop->server;
        struct fault fault = { 0 };
        exchange->request.deadline_us = clock_steady_us() + server->request_timeout_us;
        enum err e = server->pool ? ERR_OK : fault_set(&fault, ERR_UNAVAILABLE, NULL, "This listener answers from memory only.");
        if (!e) {
                /* Before the job can be seen by a worker; from here on the exchange is not ours until it is completed. */
                exchange->stage = STAGE_WORKER;
                exchange->connection->due_us = INT64_MAX;
                e = pool_submit(server->pool, exchange, &fault);
        }
        if (!e) {
                MHD_suspend_connection(exchange->connection->mhd);
                return;
        }
        reply_fault(&exchange->request, e, &fault);
        finish_on_loop(exchange);
}

/* True: answered. */
static bool try_on_loop(struct exchange *exchange)
{
        struct request *request = &exchange->request;
        bool has_workers = exchange->loop->server->pool != NULL;
        if (!exchange->is_authenticated || request->body_length > LOOP_BODY_MAX_BYTES ||
                (has_workers && !(request->route->flags & ROUTE_ON_LOOP)) || !request_read_query(request))
                return false;
        log_set_request_id(request->request_id);
        json_memory_limit(JSON_JOB_CEILING_BYTES);
        if (request->route->handler(request) == HANDLED) {
                finish_on_loop(exchange);
                return true;
        }
        log_set_request_id(NULL);
        buffer_clear(&request->reply.body);
        request->reply.status = 0;
        request->reply.header_count = 0;
        return false;
}

static enum MHD_Result body_whole(struct exchange *exchange)
{
        struct request *request = &exchange->request;
        if (exchange->is_refused) {
                finish_on_loop(exchange);
                return answer(exchange);
        }
        if (exchange->body.length > 0) {
                request->body = exchange->body.data;
                request->body_length = exchange->body.length;
        }
        if (!try_on_loop(exchange))
                submit(exchange);
        return exchange->stage == STAGE_ANSWER ? answer(exchange) : MHD_YES;
}

/* In the middle of a body the library takes no reply: on a plain connection we write it ourselves and close. */
static enum MHD_Result refuse_inside_body(struct exchange *exchange, enum err code, const char *message)
{
        struct connection *connection = exchange->connection;
        exchange_refuse(exchange, code, message);
        exchange->is_refused = exchange->answer_now = true;
        if (exchange->loop->server->is_tls)
                return MHD_YES;
        finish_on_loop(exchange);
        const struct request *request = &exchange->request;
        struct buffer raw = { 0 };
        buffer_printf(&raw,
                "HTTP/1.1 %d Refused\r\nConnection: close\r\nX-Request-ID: %s\r\nX-Content-Type-Options: nosniff\r\nCache-Control: "
                "no-store\r\n"
                "Content-Type: %s\r\nContent-Length: %zu\r\n\r\n",
                request->reply.status, request->request_id, request->reply.content_type ? request->reply.content_type : "text/plain",
                request->reply.body.length);
        buffer_put(&raw, request->reply.body.data, request->reply.body.length);
        if (!raw.failed)
                (void)!send(connection->fd, raw.data, raw.length, MSG_NOSIGNAL | MSG_DONTWAIT);
        buffer_done(&raw);
        return MHD_NO;
}

/* Large bodies of all connections together have a ceiling. */
static bool count_body(struct exchange *exchange)
{
        struct http_server *server = exchange->loop->server;
        if (exchange->body.capacity <= KEPT_BUFFER_BYTES || exchange->body.capacity == exchange->counted_bytes)
                return true;
        size_t more = exchange->body.capacity - exchange->counted_bytes;
        exchange->counted_bytes = exchange->body.capacity;
        return atomic_fetch_add(&server->body_bytes, more) + more <= BODIES_MAX_BYTES;
}

static enum MHD_Result body_part(struct exchange *exchange, const char *bytes, size_t length)
{
        if (exchange->is_refused) {
                exchange->dropped_bytes += length;
                return exchange->dropped_bytes <= DROPPED_MAX_BYTES ? MHD_YES : MHD_NO;
        }
        if (route_drops_body(exchange->request.route)) {
                exchange->dropped_bytes += length;
                return exchange->dropped_bytes <= MEANINGLESS_BODY_MAX_BYTES
                               ? MHD_YES
                               : refuse_inside_body(exchange, ERR_TOO_LARGE, "This address takes no body.");
        }
        if (exchange->body.length + length > exchange->request.route->body_limit_bytes)
                return refuse_inside_body(exchange, ERR_TOO_LARGE, "The body is larger than this address allows.");
        if (exchange->body.length == 0)
                buffer_reserve(
                        &exchange->body, exchange->declared_bytes < KEPT_BUFFER_BYTES ? exchange->declared_bytes : KEPT_BUFFER_BYTES - 1);
        buffer_put(&exchange->body, bytes, length);
        if (exchange->body.failed || !count_body(exchange))
                return refuse_inside_body(exchange, ERR_UNAVAILABLE, "The server has no memory for this body now; try again.");
        return MHD_YES;
}

/* All headers are there. */
static enum MHD_Result begin(struct connection *connection, const struct first_line *line)
{
        struct loop *loop = connection->loop;
        struct exchange *exchange = loop_take_exchange(loop);
        if (!exchange)
                return MHD_NO;
        connection->exchange = exchange;
        exchange->connection = connection;
        exchange->request.started_us = connection->started_us;
        exchange->request.deadline_us = connection->started_us + loop->server->request_timeout_us;
        exchange->request.slot = loop->index;
        loop->in_flight++;
        if (admit(exchange, line)) {
                exchange->is_refused = true;
                if (exchange->answer_now) {
                        finish_on_loop(exchange);
                        return answer(exchange);
                }
        }
        return MHD_YES;
}

void *exchange_uri(void *context, const char *uri, struct MHD_Connection *mhd)
{
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
        struct connection *connection = info ? info->socket_context : NULL;
        if (!connection)
                return NULL;
        connection->started_us = clock_steady_us();
        connection->due_us = connection->started_us + connection->loop->server->request_timeout_us;
        target_parse(&connection->target, uri);
        return connection;
}

enum MHD_Result exchange_handle(void *context, struct MHD_Connection *mhd, const char *url, const char *method, const char *version,
        const char *upload, size_t *upload_size, void **context_of_request)
{
        struct connection *connection = *context_of_request;
        if (!connection)
                return MHD_NO;
        struct exchange *exchange = connection->exchange;
        if (!exchange)
                return begin(connection, &(struct first_line){ method, url, version });
        if (exchange->stage == STAGE_BODY && *upload_size > 0) {
                size_t length = *upload_size;
                *upload_size = 0;
                return body_part(exchange, upload, length);
        }
        if (exchange->stage == STAGE_BODY)
                return body_whole(exchange);
        if (exchange->stage == STAGE_ANSWER)
                return answer(exchange);
        *upload_size = 0;
        return MHD_YES;
}

void exchange_completed(void *context, struct MHD_Connection *mhd, void **context_of_request, enum MHD_RequestTerminationCode code)
{
        struct connection *connection = *context_of_request;
        *context_of_request = NULL;
        if (!connection)
                return;
        struct loop *loop = connection->loop;
        struct exchange *exchange = connection->exchange;
        target_done(&connection->target);
        connection->due_us = clock_steady_us() + loop->server->idle_timeout_us + loop->server->request_timeout_us;
        if (!exchange)
                return;
        connection->exchange = NULL;
        loop->in_flight--;
        loop_give_exchange(loop, exchange);
}
