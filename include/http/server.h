/* SPDX-License-Identifier: Apache-2.0
 *
 * The HTTP server: own loops (one libmicrohttpd daemon per core, polled with our eventfd), one listening socket dup'ed into each, the
 * request gate, a bounded job queue and worker threads that never call libmicrohttpd (DESIGN section 5). */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include "base/error.h"
#include "http/route.h"

/* POST on the operations listener: `muster clock accept`. */
#define CLOCK_ACCEPT_PATH "/clock/accept"

enum authenticated {
        AUTHENTICATED,         /* request->actor is filled */
        AUTHENTICATED_REFUSED, /* fault is filled: 401, or 503 */
        AUTHENTICATED_LATER,   /* would block: ask again from a worker, with may_block */
};

struct http_hooks {
        void *context;
        /* Reads request->headers[HEADER_AUTHORIZATION]; called on the loop when the headers are whole (before the body is read, so that a
         * 401 costs no body), again in a worker after AUTHENTICATED_LATER. Not called for routes with WHO_ANYONE. The caller's kind is then
         * checked against route->who by the server (403). */
        enum authenticated (*authenticate)(void *context, struct request *request, bool may_block, struct fault *fault);
        void *(*worker_start)(void *context, unsigned index); /* in the worker's thread; NULL refuses to start */
        void (*worker_stop)(void *context, void *worker);
        /* Once per request, when the answer is written and before it leaves, in the thread that made it: cheap, never blocking. NULL: none. */
        void (*finished)(void *context, const struct request *request, int64_t duration_us);
};

struct http_options {
        const char *listen;            /* "127.0.0.1:8080" (port 0: any), "[::1]:8080", "unix:/path" */
        int listen_fd;                 /* >= 0: use this (socket activation) and ignore `listen` */
        const char *public_url;        /* its authority is ours for absolute-form targets and Host checks */
        const char *tls_certificate_file, *tls_key_file; /* NULL: plain */
        const char *trusted_proxies;   /* comma list of addresses or CIDR; NULL: none */
        unsigned loops;                /* 0: one per core */
        unsigned workers;              /* 0: everything must be answerable on loops (operations listener) */
        unsigned queue_length;
        unsigned connections_max;
        unsigned idle_timeout_s, request_timeout_s;
        const struct route_table *tables;
        size_t table_count;
        struct http_hooks hooks;
};

struct http_server;

enum err http_server_start(const struct http_options *options, struct http_server **ret, struct fault *fault) MUST_USE;
/* "127.0.0.1:43211" or "unix:/path". */
const char *http_server_address(const struct http_server *server);
unsigned http_server_loops(const struct http_server *server); /* loops really used; reader slots = loops + workers */
/* Reads certificate and key again, for the handshakes that begin from now on; no connection is dropped. After an error the old ones stay. From
 * one thread at a time. */
enum err http_server_reload(struct http_server *server, struct fault *fault) MUST_USE;
/* Quiesce, drain (bounded by request_timeout_s), resume all, stop, free. Every request accepted before gets its answer. */
void http_server_stop(struct http_server *server);
/* Around a wait inside a handler (for the writer, for another server): meanwhile this worker does not count as busy. No-ops in other threads. */
void worker_block_begin(void);
void worker_block_end(void);
void http_raise_file_limit(void); /* RLIMIT_NOFILE soft = hard */

#endif
