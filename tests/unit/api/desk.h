/* SPDX-License-Identifier: Apache-2.0
 *
 * A whole installation and somebody who sends requests to the management API and to decisions: routed by the real tables, authenticated
 * by the real directory, run by the real handlers; only the bytes on the wire are missing. Every JSON answer is parsed strictly, so that a
 * member written twice fails the test at once. */
#ifndef TESTS_API_DESK_H
#define TESTS_API_DESK_H

#include "api/api.h"
#include "base/json.h"
#include "directory/change.h"
#include "directory/install.h"
#include "directory/query.h"
#include "http/route.h"
#include "store/fixture.h"

struct desk {
        struct fixture *fixture;
        struct settings settings;
        char paths[2][128];
        struct directory *directory;
        struct install_result installed;
        struct arena *arena;
        struct fault fault;
        const char *token;                 /* of the caller; the first identity's unless a test says otherwise */
        const char *headers[HEADER_COUNT]; /* of the next requests */
        bool on_loop;                      /* without a worker */
        int64_t timeout_us;
        struct request request; /* the last one, with its reply */
        enum handled handled;
        json_t *json; /* of the last reply; NULL: none */
};

struct desk *desk_open(struct fixture *fixture);
void desk_close(struct desk *desk);

/* Sends one request; `target` may have a query. Returns the status; 0: the loop hands it to a worker. */
int desk_send(struct desk *desk, enum method method, const char *target, const char *body);
void desk_expect(struct desk *desk, int status, enum method method, const char *target, const char *body, int line);
#define assert_status(desk, status, method, target, text) desk_expect((desk), (status), (method), (target), (text), __LINE__)
/* The same, and the problem names this field; "": none. */
void desk_blame(struct desk *desk, int status, enum method method, const char *target, const char *body, const char *field, int line);
#define assert_blames(desk, status, method, target, body, field) desk_blame((desk), (status), (method), (target), (body), (field), __LINE__)
/* Of the last reply. NULL: absent. */
const char *desk_header(const struct desk *desk, const char *name);
const char *desk_body(const struct desk *desk);
/* "items.0.name"; NULL: absent or no text. */
const char *desk_text(const struct desk *desk, const char *path);
const json_t *desk_value(const struct desk *desk, const char *path);
/* POST that must succeed; the id, in the arena. */
const char *desk_make(struct desk *desk, const char *collection, const char *format, ...) FORMAT(3, 4);
/* Of the resource with this id, inside the root. */
int64_t desk_number(struct desk *desk, const char *id);
/* A token of a new identity with this role (NULL: none), in the arena. */
const char *desk_identity(struct desk *desk, const char *name, const char *role);
/* Who calls with the token of a new connection. */
struct actor desk_connection(struct desk *desk, const char *name);
/* As the connection itself does over SCIM, and it must succeed; the id, in the arena. text NULL: no body. */
const char *desk_push(
        struct desk *desk, const struct actor *actor, enum change_verb verb, enum resource_kind kind, const char *ref, const char *text);

#endif
