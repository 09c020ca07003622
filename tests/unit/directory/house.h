/* SPDX-License-Identifier: Apache-2.0
 *
 * A whole installation for one test: made by init, opened as the server opens it, on SQLite or PostgreSQL. Every change that a test makes
 * here is also judged by the laws that hold for all: one ledger entry of class change when something changed and none otherwise, its
 * number is the new version, a refusal leaves the revision where it was. */
#ifndef TESTS_DIRECTORY_HOUSE_H
#define TESTS_DIRECTORY_HOUSE_H

#include "directory/change.h"
#include "directory/install.h"
#include "directory/query.h"
#include "store/fixture.h"

struct house {
        struct fixture *fixture; /* its reader, and SQL past the catalogue */
        struct settings settings;
        char paths[3][128];
        struct directory *directory;
        struct install_result installed;
        struct actor admin; /* the machine identity `bootstrap` */
        struct arena *arena;
        struct arena *change_arena; /* of the change itself; NULL: the same */
        struct fault fault;
        bool declares;              /* changes read their bodies by the schemas of the root, as the faces do */
        struct change want;         /* if_match, organization, role, ttl_s, break_glass of the next change; then empty again */
        struct change done;         /* the last change */
        char event[32], body[4096]; /* of its ledger entry; "" when there is none */
        char alert[32];             /* event of an alert that came with it; "" when there is none */
        char token[TOKEN_TEXT_MAX]; /* that it handed out */
        const char *tokens[500];    /* all that were handed out here */
        size_t token_count;
};

struct house *house_open(struct fixture *fixture);
void house_close(struct house *house);
/* Closes and opens the directory again, as a restart does. */
void house_restart(struct house *house);
/* As the scheduler does, until nothing is left: the time only keeps a hang from lasting for ever. */
void house_continue_work(struct house *house);
/* One step of it, which must not fail, of so many at once (0: as many as it likes); false: nothing was left to do. */
bool house_step(struct house *house, size_t at_once);

/* Parses `text`, accepts it in the form of the verb and the actor's face, and runs the change. MEMBERS_ADD and MEMBERS_REMOVE take a list
 * of refs. NULL: no document. */
enum err house_change(
        struct house *house, const struct actor *actor, enum change_verb verb, enum resource_kind kind, const char *ref, const char *text);
/* The same with text made by a format, and it must succeed; returns the id of the resource. */
const char *house_do(struct house *house, const struct actor *actor, enum change_verb verb, enum resource_kind kind, const char *ref,
        const char *format, ...) FORMAT(6, 7);
#define assert_change(expected, ...) fixture_assert(house_change(__VA_ARGS__), (expected), #__VA_ARGS__, __FILE__, __LINE__)

/* Who calls; each must work. */
enum err house_authenticate(struct house *house, const char *token, struct actor *ret);
struct actor house_actor(struct house *house, const char *token);
struct actor house_connection(struct house *house, const char *name);
/* A list as JSON, or null for the default (R8). */
void house_ceiling(struct house *house, const struct actor *connection, const char *list);
/* role NULL: none. */
struct actor house_identity(struct house *house, const char *name, const char *role);
/* Shorthands: made by this actor; return the id. A user's externalId is "x-" and the name. */
const char *house_user(struct house *house, const struct actor *actor, const char *name);
const char *house_group(struct house *house, const struct actor *actor, const char *name);
void house_patch(
        struct house *house, const struct actor *actor, enum resource_kind kind, const char *id, enum err expected, const char *operations);
const char *house_grant(struct house *house, const char *principal, const char *scope, const char *role);
/* An administrator moves an end of its time: `bound` is from or until. */
enum err house_bound_grant(struct house *house, const char *grant, const char *bound, const char *when);
/* The first person who counts for R24: a user of `connection` who is admin. */
const char *house_admin_user(struct house *house, const struct actor *connection, const char *name);

/* Runs them all at once, each in a thread of its own; a merge has an empty document. Each must succeed or answer `refusal`: how many did. */
int house_race(struct house *house, const struct change *changes, size_t count, enum err refusal);

/* Rows. */
int64_t house_number(struct house *house, const char *format, ...) FORMAT(2, 3);
void house_script(struct house *house, const char *format, ...) FORMAT(2, 3);
int64_t house_no(struct house *house, const char *id);
bool house_active(struct house *house, const char *id);
int64_t house_version(struct house *house, const char *id);
bool house_is_member(struct house *house, const char *group, const char *member);
/* "subject:action" of the scope's level, by the graph. */
bool house_holds(struct house *house, const char *principal, const char *scope, const char *permission);

/* Everything that must hold between two changes: counters, the graph as it stands against one loaded anew, the ledger's chain, no row of
 * the dead in the index, values of `version`. */
void house_check(struct house *house);
/* A number that changes with any row of the directory. */
int64_t house_digest(struct house *house);

struct query house_query(struct house *house, const struct actor *actor);

#endif
