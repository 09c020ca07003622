/* SPDX-License-Identifier: Apache-2.0
 *
 * Wiring: the hooks that lower layers need from above, the two listeners, the order of start and stop. */
#include "wiring.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "api/api.h"
#include "base/clock.h"
#include "base/log.h"
#include "directory/directory.h"
#include "domain_watch.h"
#include "http/metrics.h"
#include "http/rate.h"
#include "http/server.h"
#include "scheduler.h"
#include "scim/scim.h"

#define OPERATIONS_CONNECTIONS 256
#define SYSTEMD_SOCKET 3
#define RATE_DEFAULT 20000 /* requests a second of one connection */

struct server {
        const struct settings *settings;
        struct directory *directory;
        struct scheduler *scheduler;
        struct domain_watch *domains;
        struct http_server *front, *operations;
        struct rate *rate;
};

/* ---- authentication ---- */

/* "Bearer" in any letter case, one token, nothing else (R19, RFC 9110 section 11.1). */
static const char *bearer_token(const char *header)
{
        if (!header || strncasecmp(header, "Bearer", 6) != 0 || (header[6] != ' ' && header[6] != '\t'))
                return NULL;
        header += 6;
        header += strspn(header, " \t");
        return *header && !strpbrk(header, " \t,") ? header : NULL;
}

static void note_stranger(struct directory *directory)
{
        static const struct actor nobody;
        notice_count(directory->notices, 0, &nobody, EVENT_UNAUTHENTICATED, "bearer");
}

/* A connection: so many requests a second (its rate_limit), and twice as many at once. */
static enum authenticated within_rate(struct server *server, const struct request *request, struct fault *fault)
{
        const struct actor *actor = &request->actor;
        if (actor->kind != ACTOR_CONNECTION)
                return AUTHENTICATED;
        unsigned wanted = actor->scopes >> SCOPE_RATE_SHIFT;
        const struct rate_limit limit = { .per_s = wanted ? wanted : RATE_DEFAULT, .burst = 2 * (int64_t)(wanted ? wanted : RATE_DEFAULT) };
        int64_t wait_us = rate_take(server->rate, rate_key((uint64_t)actor->root_no, (uint64_t)actor->no), limit, clock_steady_us());
        if (!wait_us)
                return AUTHENTICATED;
        metric_add(METRIC_SCIM_RATE_LIMITED, 1);
        (void)fault_set(fault, ERR_RATE, "", "this connection may make %lld requests a second; wait a moment", (long long)limit.per_s);
        fault->retry_after_s = (unsigned)((wait_us + US_PER_S - 1) / US_PER_S);
        return AUTHENTICATED_REFUSED;
}

/* Tokens cannot be guessed; this bounds what an address that tries costs. A good token passes whatever else its address sends, and what
 * comes over loopback or a Unix socket is not limited: there a proxy may stand for everybody. */
static bool is_flood(struct server *server, const struct request *request, struct fault *fault)
{
        static const struct rate_limit limit = { .per_s = 10, .burst = 100 };
        const char *client = request->client;
        if (!*client || strncmp(client, "127.", 4) == 0 || strcmp(client, "::1") == 0 || strncmp(client, "unix", 4) == 0)
                return false;
        int64_t wait_us = rate_take(server->rate, rate_key_text(client), limit, clock_steady_us());
        if (!wait_us)
                return false;
        (void)fault_set(fault, ERR_RATE, "Authorization", "too many requests without a valid token come from this address");
        fault->retry_after_s = (unsigned)((wait_us + US_PER_S - 1) / US_PER_S);
        return true;
}

static enum authenticated refuse_stranger(struct server *server, const struct request *request, struct fault *fault)
{
        note_stranger(server->directory);
        (void)is_flood(server, request, fault);
        return AUTHENTICATED_REFUSED;
}

/* A good token in the wrong place may be a stolen one: its connection's log tells of it, up to what a stranger may send. */
static enum authenticated within_addresses(struct server *server, struct request *request, struct fault *fault)
{
        if (request->actor.kind != ACTOR_CONNECTION)
                return AUTHENTICATED;
        enum err e = directory_check_address(server->directory, request->slot, &request->actor, request->client, fault);
        if (e == ERR_FORBIDDEN && is_flood(server, request, fault))
                request->actor = (struct actor){ 0 };
        return e ? AUTHENTICATED_REFUSED : AUTHENTICATED;
}

static enum authenticated authenticate(void *context, struct request *request, bool may_block, struct fault *fault)
{
        struct server *server = context;
        const char *token = bearer_token(request->headers[HEADER_AUTHORIZATION]);
        if (!token) {
                (void)fault_set(fault, ERR_UNAUTHENTICATED, "Authorization", "send the header Authorization: Bearer <token>");
                return refuse_stranger(server, request, fault);
        }
        enum access_found found;
        enum err e = directory_authenticate(server->directory, request->slot, may_block ? request->worker : NULL, token, strlen(token),
                request->deadline_us, &request->actor, &found, fault);
        if (!e && within_addresses(server, request, fault) != AUTHENTICATED)
                return AUTHENTICATED_REFUSED;
        if (!e)
                return within_rate(server, request, fault);
        if (found == ACCESS_NOT_LOADED && !may_block)
                return AUTHENTICATED_LATER;
        return e == ERR_UNAUTHENTICATED ? refuse_stranger(server, request, fault) : AUTHENTICATED_REFUSED;
}

static void *worker_start(void *context, unsigned index)
{
        struct server *server = context;
        struct session *reader = NULL;
        struct fault fault = { 0 };
        if (store_reader_open(server->directory->store, &reader, &fault))
                log_event(LOG_ERROR, "worker-failed", LOG_I64("worker", index), LOG_TEXT("why", fault.message));
        return reader;
}

static void worker_stop(void *context, void *worker)
{
        (void)context;
        session_close(worker);
}

static void finished(void *context, const struct request *request, int64_t duration_us)
{
        (void)context;
        scim_request_finished(request, duration_us);
}

static void waiting(bool begins)
{
        if (begins)
                worker_block_begin();
        else
                worker_block_end();
}

/* The outcome of a COMMIT is unknown: nothing in memory can be trusted; the next start reads what is there. */
static void fatal(const char *reason)
{
        log_event(LOG_ERROR, "fatal", LOG_TEXT("why", reason));
        _exit(70);
}

/* ---- operations ---- */

static struct server *operated; /* the one server of this process; set before its listener starts */

static void plain(struct request *request, int status, const char *text)
{
        buffer_puts(&request->reply.body, text);
        reply_json(request, status, "text/plain; charset=utf-8");
}

static enum handled livez(struct request *request)
{
        plain(request, 200, "alive\n");
        return HANDLED;
}

static enum handled readyz(struct request *request)
{
        bool ready = scheduler_is_ready(operated->scheduler);
        plain(request, ready ? 200 : 503, ready ? "ready\n" : "not ready\n");
        return HANDLED;
}

static enum handled metrics(struct request *request)
{
        metrics_format(&request->reply.body);
        reply_json(request, 200, "text/plain; version=0.0.4; charset=utf-8");
        return HANDLED;
}

/* Changes what is stored for everybody, so it is asked for on this machine alone; no browser sends the header without asking first. */
static bool is_operator(const struct request *request)
{
        const char *client = request->client;
        return request->request_id_given && (strncmp(client, "127.", 4) == 0 || strcmp(client, "::1") == 0 || strcmp(client, "unix") == 0);
}

static enum handled accept_clock(struct request *request)
{
        static const struct actor system = { .kind = ACTOR_SYSTEM };
        struct fault fault = { 0 };
        int64_t jump_us = 0;
        enum err e = ERR_OK;
        if (!is_operator(request))
                e = fault_set(&fault, ERR_FORBIDDEN, "", "this is for the operator of this machine: muster clock accept");
        else if (!clock_accept(&jump_us))
                e = fault_set(&fault, ERR_CONFLICT, "", "the clock has not jumped forward: there is nothing to accept");
        if (e) {
                reply_fault(request, e, &fault);
                return HANDLED;
        }
        log_event(LOG_WARN, "clock-accepted", LOG_I64("seconds", jump_us / US_PER_S));
        notice_count(operated->directory->notices, 0, &system, EVENT_CLOCK_ACCEPTED, "forward");
        buffer_printf(&request->reply.body, "{\"accepted\":true,\"seconds\":%lld}", (long long)(jump_us / US_PER_S));
        reply_json(request, 200, "application/json");
        return HANDLED;
}

static const struct route operation_rows[] = {
        { METHOD_POST, CLOCK_ACCEPT_PATH, accept_clock, WHO_ANYONE, ACTION_PUBLIC, FACE_OPERATIONS, 0, ROUTE_ON_LOOP, NULL },
        { METHOD_GET, "/livez", livez, WHO_ANYONE, ACTION_PUBLIC, FACE_OPERATIONS, 0, ROUTE_ON_LOOP, NULL },
        { METHOD_GET, "/readyz", readyz, WHO_ANYONE, ACTION_PUBLIC, FACE_OPERATIONS, 0, ROUTE_ON_LOOP, NULL },
        { METHOD_GET, "/metrics", metrics, WHO_ANYONE, ACTION_PUBLIC, FACE_OPERATIONS, 0, ROUTE_ON_LOOP, NULL },
        { .method = METHOD_NONE },
};
static const struct route_table operation_routes = { operation_rows, "", FACE_OPERATIONS };

/* ---- start and stop ---- */

static unsigned loops_of(const struct settings *settings)
{
        if (settings->loops)
                return (unsigned)settings->loops;
        long cores = sysconf(_SC_NPROCESSORS_ONLN);
        return cores > 0 ? (unsigned)cores : 1;
}

static const char *or_null(const char *text)
{
        return text && *text ? text : NULL;
}

static enum err start_front(struct server *server, int sockets, struct fault *fault)
{
        const struct settings *settings = server->settings;
        const struct route_table tables[] = { scim_routes, api_routes, scim_admin_routes, decision_routes };
        const struct http_options options = {
                .listen = settings->listen,
                .listen_fd = sockets > 0 ? SYSTEMD_SOCKET : -1,
                .public_url = settings->public_url,
                .tls_certificate_file = or_null(settings->tls_certificate_file),
                .tls_key_file = or_null(settings->tls_key_file),
                .trusted_proxies = settings->behind_proxy ? or_null(settings->trusted_proxies) : NULL,
                .loops = loops_of(settings),
                .workers = (unsigned)settings->workers,
                .queue_length = (unsigned)settings->queue_length,
                .connections_max = (unsigned)settings->connections_max,
                .idle_timeout_s = (unsigned)settings->idle_timeout_s,
                .request_timeout_s = (unsigned)settings->request_timeout_s,
                .tables = tables,
                .table_count = sizeof(tables) / sizeof(tables[0]),
                .hooks = { server, authenticate, worker_start, worker_stop, finished },
        };
        return http_server_start(&options, &server->front, fault);
}

static enum err start_operations(struct server *server, int sockets, struct fault *fault)
{
        const struct settings *settings = server->settings;
        if (!*settings->operations_listen && sockets < 2)
                return ERR_OK;
        operated = server;
        const struct http_options options = {
                .listen = settings->operations_listen,
                .listen_fd = sockets > 1 ? SYSTEMD_SOCKET + 1 : -1,
                .public_url = settings->public_url,
                .loops = 1,
                .connections_max = OPERATIONS_CONNECTIONS,
                .idle_timeout_s = (unsigned)settings->idle_timeout_s,
                .request_timeout_s = (unsigned)settings->request_timeout_s,
                .tables = &operation_routes,
                .table_count = 1,
        };
        return http_server_start(&options, &server->operations, fault);
}

static void say_ready(const struct server *server)
{
        log_event(LOG_INFO, "ready", LOG_TEXT("version", MUSTER_VERSION), LOG_TEXT("listen", http_server_address(server->front)),
                LOG_TEXT("operations_listen", server->operations ? http_server_address(server->operations) : NULL),
                LOG_TEXT("public_url", server->settings->public_url),
                LOG_TEXT("database", store_is_sqlite(server->directory->store) ? "sqlite" : "postgresql"), LOG_I64("pid", getpid()));
}

void server_stop(struct server *server)
{
        if (server->scheduler)
                scheduler_set_stopping(server->scheduler);
        if (server->front)
                http_server_stop(server->front);
        if (server->operations)
                http_server_stop(server->operations);
        if (server->domains)
                domain_watch_stop(server->domains);
        if (server->scheduler)
                scheduler_stop(server->scheduler);
        directory_close(server->directory);
        if (server->rate)
                rate_free(server->rate);
        free(server);
}

/* A file that cannot be used leaves what is in use. */
void server_reload(struct server *server)
{
        struct fault fault = { 0 };
        enum err e = http_server_reload(server->front, &fault);
        if (!e)
                e = directory_reload_secrets(server->directory, server->settings, &fault);
        if (e)
                log_event(LOG_ERROR, "not-reloaded", LOG_TEXT("why", fault.message),
                        LOG_TEXT("next", "what was read before is still in use"));
        else
                log_event(LOG_INFO, "reloaded", LOG_TEXT("what", "certificate and secret files"),
                        LOG_TEXT("next", "restart musterd to read its configuration again"));
}

enum err server_start(const struct settings *settings, int sockets, struct server **ret, struct fault *fault)
{
        struct server *server = calloc(1, sizeof(*server));
        if (!server)
                return fault_set(fault, ERR_MEMORY, "", "out of memory");
        server->settings = settings;
        server->rate = rate_new();
        if (!server->rate) {
                free(server);
                return fault_set(fault, ERR_MEMORY, "", "out of memory");
        }
        const struct directory_options options = {
                .settings = settings,
                .slots = loops_of(settings) + (unsigned)settings->workers,
                .fatal = fatal,
        };
        metric_set(METRIC_BUILD_INFO, 1);
        enum err e = directory_open(&options, &server->directory, fault);
        if (!e) {
                server->directory->waiting = waiting;
                scim_use(server->directory);
                api_use(server->directory);
                e = scheduler_start(server->directory, settings, &server->scheduler, fault);
        }
        if (!e)
                e = domain_watch_start(server->directory, &server->domains, fault);
        if (!e)
                e = start_front(server, sockets, fault);
        if (!e)
                e = start_operations(server, sockets, fault);
        if (e) {
                server_stop(server);
                return e;
        }
        say_ready(server);
        *ret = server;
        return ERR_OK;
}
