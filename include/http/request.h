/* SPDX-License-Identifier: Apache-2.0
 *
 * One request and its reply, from the gate to the last byte. The loop fills it, a handler (on the loop or in a worker) reads it and
 * writes `reply`. Handlers are plain blocking code and never see libmicrohttpd. Everything here lives until the reply is sent. */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/buffer.h"
#include "http/actor.h"

enum method { METHOD_NONE = 0, METHOD_GET, METHOD_POST, METHOD_PUT, METHOD_PATCH, METHOD_DELETE }; /* HEAD arrives as GET */

/* Request headers that are kept; others are dropped at the gate. */
#define REQUEST_HEADERS(X)                        \
        X(HEADER_AUTHORIZATION, "Authorization")  \
        X(HEADER_CONTENT_TYPE, "Content-Type")    \
        X(HEADER_CONTENT_ENCODING, "Content-Encoding") \
        X(HEADER_ACCEPT, "Accept")                \
        X(HEADER_IF_MATCH, "If-Match")            \
        X(HEADER_IF_NONE_MATCH, "If-None-Match")  \
        X(HEADER_PREFER, "Prefer")                \
        X(HEADER_REQUEST_ID, "X-Request-ID")      \
        X(HEADER_USER_AGENT, "User-Agent")        \
        X(HEADER_REVISION, "Muster-Revision")
enum request_header {
#define X(code, name) code,
        REQUEST_HEADERS(X)
#undef X
        HEADER_COUNT
};

#define REPLY_HEADERS_MAX 12
struct reply {
        int status;               /* 0: nothing written yet */
        const char *content_type; /* static or arena; NULL with an empty body */
        struct buffer body;       /* freed with the request */
        struct {
                const char *name, *value; /* arena or static */
        } headers[REPLY_HEADERS_MAX];
        unsigned header_count;
        bool close; /* Connection: close after this reply */
};

#define ROUTE_PARAMS_MAX 4
struct route;
struct dry_run;

struct request_parameter {
        const char *name, *value; /* decoded, in the arena */
};

struct request {
        struct arena *arena;     /* owns what handlers allocate; ceiling 64 MiB */
        enum method method;
        bool head;               /* HEAD: the body is dropped, its length kept */
        const char *path;        /* percent-decoded, no query; never holds NUL, "//", "." or ".." segments */
        const struct route *route;
        const char *params[ROUTE_PARAMS_MAX]; /* values of {..} in the pattern, in order, decoded */
        unsigned param_count;
        const char *query;       /* raw, without '?'; "" when none */
        const struct request_parameter *parameters; /* of the query, once request_read_query has read it */
        size_t parameter_count;
        const char *headers[HEADER_COUNT]; /* NULL: absent */
        const char *body;        /* whole; "" when none; NUL-terminated */
        size_t body_length;
        char client[48];         /* address of the peer, or of the client when the peer is a trusted proxy (last hop only, R33) */
        char request_id[65];     /* X-Request-ID of the caller when it is 1-64 of [A-Za-z0-9._-], else a new one */
        bool request_id_given;
        int64_t started_us;      /* clock_steady_us at the first line */
        int64_t deadline_us;     /* clock_steady_us when the answer is due */
        struct actor actor;
        unsigned slot;           /* reader slot of the thread that runs the handler: loops 0..loops-1, workers loops..loops+workers-1 */
        void *worker;            /* what hooks.worker_start made for this worker; NULL on a loop */
        void (*finish)(struct request *request); /* with HANDLED_LATER */
        void *begun;             /* what finish goes on with; in the arena */
        enum err refused;        /* set by reply_fault */
        char refused_field[192];  /* the field at fault; "" */
        const char *refused_detail; /* the sentence that the caller was told, without the field; in the arena; may be NULL */
        const char *const *refused_operations; /* of a Bulk: what was told of the first that were refused, NULL at the end; may be NULL */
        size_t refused_more;     /* of its operations refused beyond these */
        struct dry_run *dry_run; /* directory/change.h; not NULL: what would come out is asked, and nothing is stored */
        const char *outcome;     /* what a write did otherwise than it said, told by the face (R3, R14); NULL: nothing */
        uint32_t leniencies;     /* bits of model/leniency that the face used */
        const char *body_fields; /* names of attributes in the body, told by the face that parsed it; in the arena; NULL: none did */
        const char *log_note;    /* static or arena text for the one log line, e.g. a leniency; may stay NULL */
        struct reply reply;
};

/* Decodes the query, once, before a handler runs: what it finds then is there or absent, never lost. False: out of memory. */
bool request_read_query(struct request *request);
/* Decoded value of a query parameter (names compare case-insensitively as clients vary), first one wins; NULL: absent. In the arena. */
const char *request_query(struct request *request, const char *name);
/* As a number; absent: fallback. False: no number, or none of [min, max]; *ret untouched. */
bool request_query_i64(struct request *request, const char *name, int64_t min, int64_t max, int64_t fallback, int64_t *ret);

/* Decimal text as a number clamped to [min, max], however long it is, where a protocol wants the nearest in range; false: not a number, *ret
 * untouched. */
bool request_parse_i64(const char *text, int64_t min, int64_t max, int64_t *ret);

/* ERR_MEDIA_TYPE: Content-Type names another charset than UTF-8, in which JSON is (RFC 8259 section 8.1), or ASCII, which is a part of it. */
enum err request_check_charset(const struct request *request, struct fault *fault) MUST_USE;

void reply_header(struct request *request, const char *name, const char *value); /* value must be free of CR, LF; copied */
void reply_json(struct request *request, int status, const char *content_type);  /* body was written into reply.body by the caller */
void reply_empty(struct request *request, int status);
/* Renders a refusal in the form of the route's face: SCIM Error, problem+json, AuthZEN text, ops text. Adds WWW-Authenticate to 401,
 * Retry-After when fault->retry_after_s, Allow is the router's. Discards a body written so far. */
void reply_fault(struct request *request, enum err code, const struct fault *fault);
/* The body alone of such a refusal, for a face whose reply holds several. */
void reply_put_fault(const struct request *request, enum err code, const struct fault *fault, struct buffer *into);
/* The sentence in it, which names the field at fault, too. In the arena; NULL: out of memory. */
const char *reply_sentence(const struct request *request, enum err code, const struct fault *fault);

#endif
