/* SPDX-License-Identifier: Apache-2.0
 *
 * The route table: method, path, handler, who may call, which action it needs, body limit, face. Zero in `who` or `action` means
 * refuse. A literal segment beats {name}; method known on another row of the same path: 405 with Allow. Unknown path: 404 in the face
 * of the longest matching prefix. */
#ifndef HTTP_ROUTE_H
#define HTTP_ROUTE_H

#include "http/request.h"

enum face { FACE_OPERATIONS = 1, FACE_SCIM, FACE_API, FACE_DECISION };

/* Bits of route.who. */
#define WHO_ANYONE 1u     /* no credential needed */
#define WHO_IDENTITY 2u
#define WHO_CONNECTION 4u

enum route_action {
        ACTION_REFUSE = 0,
        ACTION_PUBLIC, /* nothing of a tenant */
        ACTION_READ,
        ACTION_CREATE,
        ACTION_EDIT,
        ACTION_DELETE,
        ACTION_EVALUATE, /* decisions:evaluate (R20) */
        ACTION_SELF,     /* any authenticated caller, about himself */
};

/* What a handler may answer besides a finished reply. */
enum handled {
        HANDLED,
        HANDLED_BY_WORKER, /* on a loop: it could block; run the same handler again in a worker (request->worker != NULL) */
        HANDLED_LATER,     /* in a worker: it has begun something that goes on by itself; request->finish answers, and may block */
};
typedef enum handled (*route_handler)(struct request *request);

#define ROUTE_ON_LOOP 1u      /* answers from memory; tried on the loop first when the body is at most 64 KiB */
#define ROUTE_ANY_MEDIA 2u    /* the handler judges Content-Type itself (AuthZEN wants 400, not 415) */
#define ROUTE_BEGINS 4u       /* may answer HANDLED_LATER: a worker begins several such of one root before it waits for the first */
#define ROUTE_REFUSES 8u      /* stands for a method that the address does not have: not in Allow */

#define LIMIT_KIB(n) ((size_t)(n) << 10)

struct route {
        enum method method;
        const char *pattern;      /* "/scim/v2/{type}/{id}" */
        route_handler handler;
        unsigned who;
        enum route_action action;
        enum face face;
        size_t body_limit_bytes;  /* 0: a body is refused with 413, but for a small one of GET and DELETE, which is read and dropped */
        unsigned flags;
        const void *data;         /* of the handler's own table */
};

/* RFC 9110 section 9.3.1: a body of GET or DELETE means nothing, and some clients send `{}`. What is longer than this is refused. */
#define MEANINGLESS_BODY_MAX_BYTES LIMIT_KIB(4)
static inline bool route_drops_body(const struct route *route)
{
        return route->body_limit_bytes == 0 && (route->method == METHOD_GET || route->method == METHOD_DELETE);
}

struct route_table {
        const struct route *rows; /* ended by a row with method METHOD_NONE */
        const char *prefix;       /* "/scim/v2": gives unknown paths below it their face; "" for none */
        enum face face;
};

/* Match over several tables. ERR_OK with *ret and params; ERR_NOT_FOUND / ERR_METHOD with *ret_face (and `allow`, e.g. "GET, PUT"). */
enum err route_match(const struct route_table *tables, size_t count, enum method method, char *path /* split in place */,
        struct request *request, enum face *ret_face, char allow[48]) MUST_USE;
/* Where there is no pool: runs the route's handler, and what it left for later at once. */
enum handled route_run(struct request *request);

#endif
