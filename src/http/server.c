/* SPDX-License-Identifier: Apache-2.0
 *
 * Start and stop. Order of stop (DESIGN section 5): quiesce, drain, end the workers, resume all, stop the daemons. */
#include "http/server.h"

#include "base/auto.h"
#include "base/clock.h"
#include "base/condition.h"
#include "base/text.h"
#include "http/loop.h"
#include "http/metrics.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>

AUTO_DEFINE(struct http_server *, http_server_stop)

void http_raise_file_limit(void)
{
        struct rlimit limit;
        if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limit.rlim_max)
                return;
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* "https://id.example.org/x" -> "id.example.org". */
static bool authority_take(struct http_server *server, const char *public_url)
{
        if (!public_url)
                return true;
        size_t scheme = strncasecmp(public_url, "https://", 8) == 0 ? 8 : strncasecmp(public_url, "http://", 7) == 0 ? 7 : 0;
        server->scheme = scheme == 8 ? "https" : "http";
        server->authority = strndup(public_url + scheme, strcspn(public_url + scheme, "/?#"));
        return server->authority != NULL;
}

static enum err server_new(const struct http_options *options, struct http_server **ret, struct fault *fault)
{
        struct http_server *server = calloc(1, sizeof(*server));
        if (!server)
                return fault_set(fault, ERR_MEMORY, NULL, "Out of memory.");
        server->options = *options;
        server->scheme = "http";
        server->listener.fd = -1;
        server->has_layout = text_starts_with(MHD_get_version(), "0.9.");
        server->idle_timeout_us = options->idle_timeout_s * US_PER_S;
        server->request_timeout_us = options->request_timeout_s * US_PER_S;
        condition_init(&server->changed);
        (void)pthread_mutex_init(&server->lock, NULL);
        *ret = server;
        return ERR_OK;
}

static enum err server_fill(struct http_server *server, const struct http_options *options, struct fault *fault)
{
        long cores = sysconf(_SC_NPROCESSORS_ONLN);
        unsigned loops = options->loops ? options->loops : cores > 0 ? (unsigned)cores : 1;
        server->tables = calloc(options->table_count ? options->table_count : 1, sizeof(server->tables[0]));
        server->loops = calloc(loops, sizeof(server->loops[0]));
        if (!server->tables || !server->loops || !authority_take(server, options->public_url))
                return fault_set(fault, ERR_MEMORY, NULL, "Out of memory.");
        if (options->table_count)
                memcpy(server->tables, options->tables, options->table_count * sizeof(server->tables[0]));
        server->loop_count = loops;
        for (unsigned i = 0; i < loops; i++)
                server->loops[i] = (struct loop){ .server = server, .index = i, .epoll_fd = -1, .event_fd = -1, .listen_fd = -1 };
        return proxy_list_parse(options->trusted_proxies, &server->proxies, fault);
}

static enum err loops_start(struct http_server *server, const struct http_options *options, struct fault *fault)
{
        enum err e = ERR_OK;
        server->is_tls = options->tls_certificate_file != NULL;
        if (server->is_tls)
                e = certificates_open(
                        options->tls_certificate_file, options->tls_key_file ? options->tls_key_file : "", &server->certificates, fault);
        for (unsigned i = 0; !e && i < server->loop_count; i++)
                e = loop_start(&server->loops[i], fault);
        return e;
}

enum err http_server_reload(struct http_server *server, struct fault *fault)
{
        return server->certificates ? certificates_reload(server->certificates, fault) : ERR_OK;
}

enum err http_server_start(const struct http_options *options, struct http_server **ret, struct fault *fault)
{
        __attribute__((cleanup(auto_http_server_stop))) struct http_server *server = NULL;
        enum err e = server_new(options, &server, fault);
        if (!e)
                e = server_fill(server, options, fault);
        if (!e)
                e = listener_open(options->listen, options->listen_fd, &server->listener, fault);
        if (!e && options->workers > 0)
                e = pool_new(server, &server->pool, fault);
        if (!e)
                e = loops_start(server, options, fault);
        if (e)
                return e;
        server->options.listen = server->options.public_url = server->options.trusted_proxies = NULL;
        server->options.tls_certificate_file = server->options.tls_key_file = NULL;
        server->options.tables = NULL;
        *ret = STEAL(server);
        return ERR_OK;
}

const char *http_server_address(const struct http_server *server)
{
        return server->listener.address;
}

unsigned http_server_loops(const struct http_server *server)
{
        return server->loop_count;
}

static void loops_enter(struct http_server *server, enum phase phase)
{
        atomic_store(&server->phase, phase);
        for (unsigned i = 0; i < server->loop_count; i++)
                if (server->loops[i].has_thread)
                        loop_wake(&server->loops[i]);
}

static void drain_wait(struct http_server *server)
{
        unsigned running = 0;
        for (unsigned i = 0; i < server->loop_count; i++)
                running += server->loops[i].has_thread;
        int64_t end_us = clock_steady_us() + server->request_timeout_us + US_PER_S;
        pthread_mutex_lock(&server->lock);
        while (server->drained < running && condition_wait(&server->changed, &server->lock, end_us))
                ;
        pthread_mutex_unlock(&server->lock);
}

void http_server_stop(struct http_server *server)
{
        if (!server)
                return;
        /* The loops hold their own copies; the last one to close it ends the listening. */
        listener_close(&server->listener);
        loops_enter(server, PHASE_DRAIN);
        drain_wait(server);
        if (server->pool)
                pool_stop(server->pool);
        loops_enter(server, PHASE_EXIT);
        for (unsigned i = 0; i < server->loop_count; i++)
                loop_free(&server->loops[i]);
        if (server->pool)
                pool_free(server->pool);
        (void)pthread_cond_destroy(&server->changed);
        (void)pthread_mutex_destroy(&server->lock);
        certificates_close(server->certificates);
        free(server->authority);
        free(server->tables);
        free(server->loops);
        free(server);
}
