/* SPDX-License-Identifier: Apache-2.0
 *
 * The server's inside: loops and what they share. A loop is one thread, one libmicrohttpd daemon, one eventfd. */
#ifndef HTTP_LOOP_H
#define HTTP_LOOP_H

#include <pthread.h>
#include "http/certificate.h"
#include "http/exchange.h"
#include "http/listen.h"
#include "http/server.h"
#include "http/worker.h"

enum phase { PHASE_RUN, PHASE_DRAIN, PHASE_EXIT };

struct loop {
        struct http_server *server;
        unsigned index;
        pthread_t thread;
        bool has_thread;
        struct MHD_Daemon *daemon;
        int epoll_fd; /* the daemon's */
        int event_fd;
        int listen_fd;                        /* ours after quiesce; -1 then */
        _Atomic(struct exchange *) completed; /* pushed by workers, newest first */
        struct connection *connections;
        struct exchange *free; /* the pool */
        unsigned free_count;
        unsigned in_flight; /* exchanges between their headers and their last byte */
        int64_t swept_us;
        uint64_t next_id;
        char id_prefix[17];
};

struct http_server {
        struct http_options options; /* texts in it are not ours to keep: only numbers, hooks and tables are read after start */
        struct route_table *tables;
        struct proxy_list proxies;
        struct listener listener;
        char *authority; /* of public_url; NULL: none */
        const char *scheme;
        struct loop *loops;
        unsigned loop_count;
        struct pool *pool; /* NULL: no workers */
        int64_t idle_timeout_us, request_timeout_us;
        bool has_layout; /* the library's header layout is known: 0.9.x */
        bool is_tls;
        struct certificates *certificates; /* NULL: plain */
        _Atomic int phase;
        _Atomic size_t body_bytes;
        pthread_mutex_t lock; /* guards `drained` */
        pthread_cond_t changed;
        unsigned drained;
};

enum err loop_start(struct loop *loop, struct fault *fault) MUST_USE;
void loop_wake(struct loop *loop);
/* Any thread: the exchange is finished and goes back to its loop. */
void loop_complete(struct exchange *exchange);
/* The loop's thread only. */
struct exchange *loop_take_exchange(struct loop *loop);
void loop_give_exchange(struct loop *loop, struct exchange *exchange);
void loop_free(struct loop *loop);

#endif
