/* SPDX-License-Identifier: Apache-2.0
 *
 * Order of judgement: gate, target, request id, method and route, caller, body. A refusal before the gate is passed always closes the
 * connection, because two readers may disagree about where the next request starts. */
#include "http/admit.h"

#include "base/auto.h"
#include "base/text.h"
#include "http/loop.h"
#include "http/metrics.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define DRAINED_BODY_MAX_BYTES ((size_t)64 << 10) /* a refused body up to this is read whoever sends it */

/* What a request without a route is answered with, by face. */
static const struct route nowhere[] = {
        [FACE_OPERATIONS] = { .pattern = "", .face = FACE_OPERATIONS },
        [FACE_SCIM] = { .pattern = "", .face = FACE_SCIM },
        [FACE_API] = { .pattern = "", .face = FACE_API },
        [FACE_DECISION] = { .pattern = "", .face = FACE_DECISION },
};

static enum MHD_Result header_seen(
        void *context, enum MHD_ValueKind kind, const char *name, size_t name_length, const char *value, size_t value_length)
{
        return gate_header(context, name, name_length, value ? value : "", value_length) ? MHD_YES : MHD_NO;
}

static void gate_run(struct exchange *exchange, const struct first_line *line, struct gate *gate)
{
        struct MHD_Connection *mhd = exchange->connection->mhd;
        const struct target *target = &exchange->connection->target;
        const union MHD_ConnectionInfo *size = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
        struct gate_layout layout = {
                .method = line->method,
                .url = line->url,
                .version = line->version,
                .raw_url_length = target->raw_length,
                .block_length = size ? size->header_size : 0,
                .is_known = exchange->loop->server->has_layout && size && line->url == target->raw,
        };
        gate_begin(gate, &exchange->request, &layout);
        (void)MHD_get_connection_values_n(mhd, MHD_HEADER_KIND, header_seen, gate);
        (void)gate_end(gate);
}

static bool is_request_id(const char *text)
{
        size_t length = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");
        return length >= 1 && length <= 64 && text[length] == '\0';
}

static void request_id_set(struct exchange *exchange)
{
        static const char digits[] = "0123456789abcdef";
        struct request *request = &exchange->request;
        struct loop *loop = exchange->loop;
        const char *given = request->headers[HEADER_REQUEST_ID];
        if (given && is_request_id(given)) {
                memcpy(request->request_id, given, strlen(given) + 1);
                request->request_id_given = true;
                return;
        }
        /* Random per loop and start, then a counter: unique without asking the kernel each time. */
        char *at = request->request_id;
        memcpy(at, loop->id_prefix, 16);
        at[16] = '-';
        uint64_t number = loop->next_id++;
        for (int i = 0; i < 12; i++)
                at[28 - i] = digits[number >> 4 * i & 15];
        at[29] = '\0';
}

static enum method method_find(const char *text, bool *ret_head)
{
        static const struct {
                const char *name;
                enum method method;
        } methods[] = { { "GET", METHOD_GET }, { "HEAD", METHOD_GET }, { "POST", METHOD_POST }, { "PUT", METHOD_PUT },
                { "PATCH", METHOD_PATCH }, { "DELETE", METHOD_DELETE } };
        for (size_t i = 0; i < COUNT_OF(methods); i++)
                if (strcmp(methods[i].name, text) == 0) {
                        *ret_head = text[0] == 'H';
                        return methods[i].method;
                }
        return METHOD_NONE;
}

static bool authority_is_ours(const struct exchange *exchange, const struct gate *gate)
{
        const struct http_server *server = exchange->loop->server;
        const char *authority = exchange->connection->target.authority;
        return !authority || (server->authority && gate_same_authority(authority, server->authority, server->scheme)) ||
               gate_same_authority(authority, server->listener.address, "http") ||
               (gate->host && gate_same_authority(authority, gate->host, server->is_tls ? "https" : "http"));
}

static void client_set(struct exchange *exchange, const struct gate *gate)
{
        const struct connection *connection = exchange->connection;
        _Static_assert(sizeof(exchange->request.client) >= ADDRESS_TEXT_SIZE, "an address fits");
        if (!connection->is_trusted || !gate->forwarded_for || !forwarded_client(gate->forwarded_for, exchange->request.client))
                memcpy(exchange->request.client, connection->peer, ADDRESS_TEXT_SIZE);
}

static enum err refuse(struct exchange *exchange, enum err code, const char *message)
{
        exchange_refuse(exchange, code, message);
        return code;
}

/* The face of the refusal, from what there is of a path. */
static void face_set(struct exchange *exchange)
{
        const struct http_server *server = exchange->loop->server;
        struct request *request = &exchange->request;
        enum face face = FACE_OPERATIONS;
        char allow[48], *path = arena_strdup(request->arena, request->path);
        if (path && route_match(server->tables, server->options.table_count, METHOD_NONE, path, request, &face, allow))
                request->route = &nowhere[face];
}

static enum err admit_bytes(struct exchange *exchange, const struct gate *gate)
{
        const struct target *target = &exchange->connection->target;
        const char *why = gate->why;
        enum err e = why ? ERR_SYNTAX : target->refusal;
        if (!why)
                why = target->why;
        if (!e && !authority_is_ours(exchange, gate)) {
                why = "The request target names another host.";
                e = ERR_SYNTAX;
        }
        if (!e)
                return ERR_OK;
        metric_add(METRIC_GATE_REFUSED, 1);
        exchange->answer_now = true;
        face_set(exchange);
        return refuse(exchange, e, why);
}

static enum err admit_route(struct exchange *exchange)
{
        const struct http_server *server = exchange->loop->server;
        struct request *request = &exchange->request;
        enum face face = FACE_OPERATIONS;
        char allow[48], *path = arena_strdup(request->arena, request->path);
        if (!path)
                return refuse(exchange, ERR_MEMORY, "Out of memory.");
        enum err e = route_match(server->tables, server->options.table_count, request->method, path, request, &face, allow);
        if (!e)
                return ERR_OK;
        request->route = &nowhere[face];
        exchange->answer_now = request->method == METHOD_NONE;
        if (e == ERR_NOT_FOUND)
                return refuse(exchange, e, "There is nothing at this address.");
        (void)refuse(exchange, ERR_METHOD, "This address does not know that method.");
        reply_header(request, "Allow", allow);
        return ERR_METHOD;
}

enum err exchange_check_actor(const struct request *request, struct fault *fault)
{
        static const unsigned who_of[] = { [ACTOR_IDENTITY] = WHO_IDENTITY, [ACTOR_CONNECTION] = WHO_CONNECTION, [ACTOR_SYSTEM] = 0 };
        const struct route *route = request->route;
        bool allowed = route->action != ACTION_REFUSE && ((route->who & WHO_ANYONE) || ((size_t)request->actor.kind < COUNT_OF(who_of) &&
                                                                                               (route->who & who_of[request->actor.kind])));
        return allowed ? ERR_OK : fault_set(fault, ERR_FORBIDDEN, NULL, "This credential may not call this address.");
}

static enum err admit_caller(struct exchange *exchange)
{
        const struct http_hooks *hooks = &exchange->loop->server->options.hooks;
        struct request *request = &exchange->request;
        struct fault fault = { 0 };
        enum authenticated result = AUTHENTICATED;
        if (!(request->route->who & WHO_ANYONE))
                result = hooks->authenticate ? hooks->authenticate(hooks->context, request, false, &fault) : AUTHENTICATED_REFUSED;
        if (result == AUTHENTICATED_LATER)
                return ERR_OK;
        enum err e = result == AUTHENTICATED ? exchange_check_actor(request, &fault) : fault.code ? fault.code : ERR_UNAUTHENTICATED;
        if (e)
                reply_fault(request, e, &fault);
        else
                exchange->is_authenticated = true;
        return e;
}

static enum err admit_body(struct exchange *exchange)
{
        const struct request *request = &exchange->request;
        const char *encoding = request->headers[HEADER_CONTENT_ENCODING];
        bool has_body = exchange->declared_bytes > 0 || exchange->is_chunked;
        if (route_drops_body(request->route) && exchange->declared_bytes <= MEANINGLESS_BODY_MAX_BYTES)
                return ERR_OK;
        if (exchange->declared_bytes > request->route->body_limit_bytes) {
                exchange->answer_now = request->route->body_limit_bytes == 0;
                return refuse(exchange, ERR_TOO_LARGE,
                        exchange->answer_now ? "This address takes no body." : "The body is larger than this address allows.");
        }
        if (encoding && strcasecmp(encoding, "identity") != 0)
                return refuse(exchange, ERR_MEDIA_TYPE, "Content-Encoding is not supported.");
        if (has_body && request->route->body_limit_bytes > 0 && !(request->route->flags & ROUTE_ANY_MEDIA) &&
                !gate_is_json(request->headers[HEADER_CONTENT_TYPE]))
                return refuse(exchange, ERR_MEDIA_TYPE, "The body must be application/json or application/scim+json.");
        return ERR_OK;
}

static enum err admit_in_order(struct exchange *exchange, const struct gate *gate)
{
        enum err e = admit_bytes(exchange, gate);
        if (!e)
                e = admit_route(exchange);
        if (!e)
                e = admit_caller(exchange);
        if (!e)
                e = admit_body(exchange);
        return e;
}

enum err admit(struct exchange *exchange, const struct first_line *line)
{
        struct request *request = &exchange->request;
        struct gate gate;
        int64_t declared = 0;
        gate_run(exchange, line, &gate);
        request->method = method_find(line->method, &request->head);
        request->path = exchange->connection->target.path;
        request->query = exchange->connection->target.query;
        request_id_set(exchange);
        client_set(exchange, &gate);
        if (!gate.why && gate.content_length && !text_parse_i64(gate.content_length, 0, INT64_MAX, &declared))
                declared = INT64_MAX;
        exchange->declared_bytes = (size_t)declared;
        exchange->is_chunked = gate.transfer_encoding != NULL;
        enum err e = admit_in_order(exchange, &gate);
        /* Closing with bytes unread resets the connection, and many clients then never see the answer: what a known caller sends is read
         * and dropped, within bounds. */
        size_t drained_max = exchange->is_authenticated ? DROPPED_MAX_BYTES : DRAINED_BODY_MAX_BYTES;
        if (e && (exchange->is_chunked || exchange->declared_bytes > drained_max || gate.expect))
                exchange->answer_now = true;
        return e;
}
