/* SPDX-License-Identifier: Apache-2.0
 *
 * One request on its way through the server, and the connection it came by. Both belong to one loop; only its thread touches them,
 * except an exchange in STAGE_WORKER, which its worker owns until it lies on the loop's completion list. */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include <microhttpd.h>
#include <stdatomic.h>
#include "http/gate.h"
#include "http/proxy.h"
#include "http/request.h"

#define LOOP_BODY_MAX_BYTES ((size_t)64 << 10) /* larger bodies never parse on a loop */
#define KEPT_BUFFER_BYTES ((size_t)64 << 10)   /* a pooled exchange gives larger buffers back */
#define BODIES_MAX_BYTES ((size_t)256 << 20)   /* of all large bodies in memory at once */
#define DROPPED_MAX_BYTES ((size_t)4 << 20)    /* of a refused body, before the line is cut */
#define BIG_BODY_BYTES ((size_t)256 << 10)     /* few jobs above this at once */

struct loop;

struct connection {
        struct connection *previous, *next; /* in the loop's list */
        struct loop *loop;
        struct MHD_Connection *mhd;
        struct exchange *exchange; /* NULL while no request is under way */
        int64_t started_us;        /* of the request's first line */
        int64_t due_us;            /* when we cut the line; INT64_MAX: we owe the answer */
        int fd;
        bool is_trusted;
        char peer[ADDRESS_TEXT_SIZE];
        struct target target;
};

enum stage {
        STAGE_BODY,   /* headers were whole; the body comes */
        STAGE_WORKER, /* suspended: queued, running, or on the completion list */
        STAGE_ANSWER, /* the reply is written; not yet handed to the library */
        STAGE_ANSWERED,
};

struct exchange {
        struct request request; /* first, so that a request leads to its exchange */
        struct exchange *next;  /* free list, job queue or completion list */
        struct connection *connection;
        struct loop *loop;
        enum stage stage;
        bool is_authenticated;
        bool is_refused; /* the reply is a refusal already; the rest of the body is dropped */
        bool answer_now; /* do not wait for the body: answer and close */
        bool expects_continue, is_chunked;
        size_t declared_bytes; /* Content-Length */
        size_t dropped_bytes;
        size_t counted_bytes; /* our part of the server's sum of large bodies */
        int64_t queued_us;    /* clock_steady_us when it began to wait for a worker */
        int64_t duration_us;  /* once it is finished */
        struct buffer body;
};

struct exchange *exchange_new(struct loop *loop);
void exchange_free(struct exchange *exchange);
/* Wipes and empties everything for the next request. */
void exchange_reset(struct exchange *exchange);
/* Makes sure that there is a reply and counts the request. Called once, by the thread that ran the handler. */
void exchange_finish(struct exchange *exchange);
/* Its line, before the answer goes. On the loop's thread; leaves that without a request id. */
void exchange_log(const struct exchange *exchange);
void exchange_refuse(struct exchange *exchange, enum err code, const char *message);
/* The caller's kind and the route's `who` and `action`; ERR_FORBIDDEN. */
enum err exchange_check_actor(const struct request *request, struct fault *fault) MUST_USE;

/* Callbacks of the library; `context` is the loop. */
void *exchange_uri(void *context, const char *uri, struct MHD_Connection *mhd);
enum MHD_Result exchange_handle(void *context, struct MHD_Connection *mhd, const char *url, const char *method, const char *version,
        const char *upload, size_t *upload_size, void **connection);
void exchange_completed(void *context, struct MHD_Connection *mhd, void **connection, enum MHD_RequestTerminationCode code);

#endif
