/* SPDX-License-Identifier: Apache-2.0
 *
 * A SCIM client without sockets: finds the route, calls its handler on a worker's reader as the server does, keeps the reply. */
#ifndef TESTS_SCIM_CLIENT_H
#define TESTS_SCIM_CLIENT_H

#include "directory/house.h"
#include "scim/scim_request.h"

struct client {
        struct house *house;
        struct actor actor;
        const char *headers[HEADER_COUNT]; /* of the next request; then empty again */
        const char *media_type, *note;     /* of the last reply */
        char *text;                        /* its body, "" when there is none */
        json_t *json;                      /* its body; NULL when there is none */
        struct reply reply;                /* status and headers */
        const struct route *route;         /* that it went by */
        char id[UUID_TEXT_SIZE];           /* member `id` of its body */
        void (*between)(struct client *client); /* once, when the next write is begun and not finished yet; may call itself */
};

/* A house with a connection of this profile ("lenient", "strict"). */
struct client *client_open(struct fixture *fixture, const char *profile);
void client_close(struct client *client);
/* `target` is the path after /scim/v2, with its query. Answers the status; every reply must be sound: JSON where there is a body, of the
 * right media type, errors in the form of RFC 7644 section 3.12. */
int client_call(struct client *client, enum method method, const char *target, const char *body);
int client_get(struct client *client, const char *format, ...) FORMAT(2, 3);
/* "" when there is none. */
const char *client_header(const struct client *client, const char *name);
/* Text at a JSON path such as "Resources/0/userName"; NULL: nothing there. */
const json_t *client_at(const struct client *client, const char *path);
const char *client_text(const struct client *client, const char *path);
int64_t client_number(const struct client *client, const char *path);
/* Status, headers and body of the last reply; ids, versions, times and cursors stand there as <id-1>, <version>, <time>, <cursor>. The
 * caller frees. */
char *client_stable(const struct client *client);
/* Compares it with tests/golden/scim/NAME.
 * MUSTER_GOLDEN_UPDATE=1 writes what is answered now. */
void client_golden(struct client *client, const char *name);
#define assert_status(expected, ...) assert_int_equal(client_call(__VA_ARGS__), (expected))

#define USER_BODY(rest) "{\"schemas\":[\"" URN_USER "\"]," rest "}"
#define GROUP_BODY(rest) "{\"schemas\":[\"" URN_GROUP "\"]," rest "}"
#define PATCH_BODY(operations) "{\"schemas\":[\"" URN_PATCH "\"],\"Operations\":[" operations "]}"

#endif
