/* SPDX-License-Identifier: Apache-2.0
 *
 * One loop: waits for its daemon's epoll descriptor or its eventfd, takes finished jobs back, lets the library run, and once a second
 * cuts connections that owe us bytes for too long. The library's own timer only knows silence; a sender of one byte a second is ours. */
#include "http/loop.h"

#include "base/auto.h"
#include "base/clock.h"
#include "base/ident.h"
#include "base/log.h"
#include "base/text.h"
#include "base/thread.h"
#include "http/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

#define POOLED_MAX 64
#define CONNECTION_MEMORY_BYTES ((size_t)32 << 10)
#define WAIT_MAX_MS 1000
#define QUIET_MS 50 /* a draining loop that saw nothing for so long has nothing in its sockets */
#define EXIT_MAX_US (2 * US_PER_S)
#define BACKLOG_TURNS_MAX 512

struct exchange *loop_take_exchange(struct loop *loop)
{
        struct exchange *exchange = loop->free;
        if (!exchange) {
                exchange = exchange_new(loop);
                if (exchange)
                        exchange_reset(exchange);
                return exchange;
        }
        loop->free = exchange->next;
        loop->free_count--;
        exchange->next = NULL;
        return exchange;
}

void loop_give_exchange(struct loop *loop, struct exchange *exchange)
{
        exchange_reset(exchange);
        if (loop->free_count >= POOLED_MAX) {
                exchange_free(exchange);
                return;
        }
        exchange->next = loop->free;
        loop->free = exchange;
        loop->free_count++;
}

void loop_wake(struct loop *loop)
{
        uint64_t one = 1;
        (void)!write(loop->event_fd, &one, sizeof(one));
}

void loop_complete(struct exchange *exchange)
{
        struct loop *loop = exchange->loop;
        struct exchange *before = atomic_load_explicit(&loop->completed, memory_order_relaxed);
        do
                exchange->next = before;
        while (!atomic_compare_exchange_weak_explicit(&loop->completed, &before, exchange, memory_order_release, memory_order_relaxed));
        if (!before)
                loop_wake(loop);
}

static void take_completed(struct loop *loop)
{
        if (!atomic_load_explicit(&loop->completed, memory_order_relaxed))
                return;
        struct exchange *newest = atomic_exchange_explicit(&loop->completed, NULL, memory_order_acquire), *oldest = NULL;
        while (newest) {
                struct exchange *next = newest->next;
                newest->next = oldest;
                oldest = newest;
                newest = next;
        }
        log_gather_begin();
        for (const struct exchange *exchange = oldest; exchange; exchange = exchange->next)
                exchange_log(exchange);
        log_gather_end();
        while (oldest) {
                struct exchange *next = oldest->next;
                oldest->next = NULL;
                oldest->stage = STAGE_ANSWER;
                MHD_resume_connection(oldest->connection->mhd);
                oldest = next;
        }
}

static struct connection *connection_new(struct loop *loop, struct MHD_Connection *mhd)
{
        struct connection *connection = calloc(1, sizeof(*connection));
        if (!connection)
                return NULL;
        connection->loop = loop;
        connection->mhd = mhd;
        /* Each answer is read before the next question: 1.0 answers all of them in the same place. */
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
        connection->fd = info ? info->connect_fd : -1;
        info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
        address_format(info ? info->client_addr : NULL, connection->peer);
        connection->is_trusted = proxy_is_trusted(&loop->server->proxies, info ? info->client_addr : NULL);
        connection->due_us = clock_steady_us() + loop->server->idle_timeout_us + loop->server->request_timeout_us;
        connection->next = loop->connections;
        if (loop->connections)
                loop->connections->previous = connection;
        loop->connections = connection;
        return connection;
}

static void connection_free(struct connection *connection)
{
        if (connection->previous)
                connection->previous->next = connection->next;
        else
                connection->loop->connections = connection->next;
        if (connection->next)
                connection->next->previous = connection->previous;
        target_done(&connection->target);
        free(connection);
}

static void connection_notify(void *context, struct MHD_Connection *mhd, void **socket_context, enum MHD_ConnectionNotificationCode code)
{
        if (code == MHD_CONNECTION_NOTIFY_STARTED) {
                *socket_context = connection_new(context, mhd);
                metric_add(METRIC_CONNECTIONS, 1);
                return;
        }
        if (*socket_context)
                connection_free(*socket_context);
        *socket_context = NULL;
        metric_add(METRIC_CONNECTIONS, -1);
}

static void sweep(struct loop *loop)
{
        int64_t now_us = clock_steady_us();
        if (now_us - loop->swept_us < US_PER_S)
                return;
        loop->swept_us = now_us;
        for (struct connection *connection = loop->connections; connection; connection = connection->next) {
                if (connection->due_us > now_us || connection->fd < 0)
                        continue;
                (void)shutdown(connection->fd, SHUT_RDWR);
                connection->due_us = INT64_MAX;
        }
}

/* Returns how many descriptors had something. */
static int wait_and_run(struct loop *loop, int wait_max_ms)
{
        struct pollfd watched[] = { { loop->epoll_fd, POLLIN, 0 }, { loop->event_fd, POLLIN, 0 } };
        MHD_UNSIGNED_LONG_LONG library_ms;
        uint64_t count;
        if (MHD_get_timeout(loop->daemon, &library_ms) == MHD_YES && library_ms < (unsigned)wait_max_ms)
                wait_max_ms = (int)library_ms;
        if (loop->server->pool && wait_max_ms > HURRY_MS && pool_has_waiting(loop->server->pool))
                wait_max_ms = HURRY_MS;
        int ready = poll(watched, COUNT_OF(watched), wait_max_ms);
        if (ready > 0 && watched[1].revents)
                (void)!read(loop->event_fd, &count, sizeof(count));
        take_completed(loop);
        (void)MHD_run(loop->daemon);
        sweep(loop);
        if (loop->server->pool)
                pool_attend(loop->server->pool);
        return ready;
}

/* Connections that the kernel has accepted for us are ours to serve. */
static void listening_end(struct loop *loop)
{
        struct pollfd backlog = { loop->listen_fd, POLLIN, 0 };
        for (int i = 0; i < BACKLOG_TURNS_MAX && poll(&backlog, 1, 0) > 0; i++)
                (void)MHD_run(loop->daemon);
        if (MHD_quiesce_daemon(loop->daemon) == loop->listen_fd)
                (void)close(loop->listen_fd);
        loop->listen_fd = -1;
}

static void drained_tell(struct http_server *server)
{
        pthread_mutex_lock(&server->lock);
        server->drained++;
        pthread_cond_signal(&server->changed);
        pthread_mutex_unlock(&server->lock);
}

static void drain(struct loop *loop)
{
        bool told = false;
        listening_end(loop);
        while (atomic_load(&loop->server->phase) == PHASE_DRAIN) {
                int ready = wait_and_run(loop, QUIET_MS);
                if (ready == 0 && loop->in_flight == 0 && !told) {
                        drained_tell(loop->server);
                        told = true;
                }
        }
        /* The workers are gone: every job is on our list. Replies get a last moment to leave. */
        int64_t end_us = clock_steady_us() + EXIT_MAX_US;
        do
                (void)wait_and_run(loop, 1);
        while (loop->in_flight > 0 && clock_steady_us() < end_us);
}

static void *loop_main(void *argument)
{
        struct loop *loop = argument;
        char name[16];
        (void)snprintf(name, sizeof(name), "loop-%u", loop->index % 10000);
        (void)pthread_setname_np(pthread_self(), name);
        certificates_use(loop->server->certificates);
        while (atomic_load_explicit(&loop->server->phase, memory_order_relaxed) == PHASE_RUN)
                (void)wait_and_run(loop, WAIT_MAX_MS);
        drain(loop);
        MHD_stop_daemon(loop->daemon);
        loop->daemon = NULL;
        return NULL;
}

/* The gate decodes for itself. */
static size_t unescape_nothing(void *context, struct MHD_Connection *mhd, char *text)
{
        return strlen(text);
}

static struct MHD_Daemon *daemon_start(struct loop *loop)
{
        bool is_tls = loop->server->is_tls;
        const struct http_options *options = &loop->server->options;
        unsigned connections_max = options->connections_max / loop->server->loop_count;
        struct MHD_OptionItem tls_options[] = {
                { MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)(uintptr_t)certificate_present },
                { MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t) "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2" },
                { MHD_OPTION_END, 0, NULL },
        };
        if (!is_tls)
                tls_options[0] = tls_options[2];
        return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | (is_tls ? MHD_USE_TLS : 0), 0, NULL, NULL, exchange_handle, loop,
                MHD_OPTION_LISTEN_SOCKET, loop->listen_fd,
#if MHD_VERSION >= 0x01000000
                MHD_OPTION_CLIENT_DISCIPLINE_LVL, 1,
#else
                MHD_OPTION_STRICT_FOR_CLIENT, 0, /* 1 only closes without a word where the gate answers 400 */
#endif
                MHD_OPTION_CONNECTION_LIMIT, connections_max > 0 ? connections_max : 1u, MHD_OPTION_CONNECTION_TIMEOUT,
                options->idle_timeout_s, MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY_BYTES, MHD_OPTION_URI_LOG_CALLBACK,
                exchange_uri, loop, MHD_OPTION_UNESCAPE_CALLBACK, unescape_nothing, NULL, MHD_OPTION_NOTIFY_COMPLETED, exchange_completed,
                loop, MHD_OPTION_NOTIFY_CONNECTION, connection_notify, loop, MHD_OPTION_ARRAY, tls_options, MHD_OPTION_END);
}

enum err loop_start(struct loop *loop, struct fault *fault)
{
        unsigned char seed[8];
        ident_random(seed, sizeof(seed));
        text_hex(seed, sizeof(seed), loop->id_prefix);
        loop->swept_us = clock_steady_us();
        loop->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        loop->listen_fd = fcntl(loop->server->listener.fd, F_DUPFD_CLOEXEC, 3);
        if (loop->event_fd < 0 || loop->listen_fd < 0)
                return fault_set(fault, ERR_UNAVAILABLE, NULL, "No file descriptors for a loop: %s.", strerror(errno));
        loop->daemon = daemon_start(loop);
        if (!loop->daemon)
                return fault_set(fault, ERR_UNAVAILABLE, NULL, "The HTTP library refused to start.");
        const union MHD_DaemonInfo *info = MHD_get_daemon_info(loop->daemon, MHD_DAEMON_INFO_EPOLL_FD);
        loop->epoll_fd = info ? info->epoll_fd : -1;
        loop->has_thread = loop->epoll_fd >= 0 && thread_start(&loop->thread, loop_main, loop);
        if (!loop->has_thread)
                return fault_set(fault, ERR_UNAVAILABLE, NULL, "A loop could not be started.");
        return ERR_OK;
}

void loop_free(struct loop *loop)
{
        if (loop->has_thread)
                (void)pthread_join(loop->thread, NULL);
        /* Only when its thread was never started. The daemon closes its listening socket itself. */
        if (loop->daemon) {
                MHD_stop_daemon(loop->daemon);
                loop->listen_fd = -1;
        }
        if (loop->listen_fd >= 0)
                (void)close(loop->listen_fd);
        if (loop->event_fd >= 0)
                (void)close(loop->event_fd);
        while (loop->free) {
                struct exchange *exchange = loop->free;
                loop->free = exchange->next;
                exchange_free(exchange);
        }
}
