/* SPDX-License-Identifier: Apache-2.0
 *
 * What becomes of all that a connection gave: it is kept or removed with the connection (R4), moved to another one (R4), or put back as it
 * stood (R16). Such work can touch a million rows: it is begun by one change and done in bounded steps, each a transaction of its own that
 * moves the cursor of its row in `connection_job`; whoever goes on after a crash, the scheduler or the same request again, finishes it. */
#ifndef DIRECTORY_CONNECTION_H
#define DIRECTORY_CONNECTION_H

#include "directory/change.h"
#include "directory/query.h"
#include "directory/threshold.h"

/* Begins the work that change->wish names (DELETE of a connection, or CHANGE_WORK), or finds it begun already, and goes on with it until it
 * is done or `until_us` (steady). change->job is what stands then. */
enum err connection_work(struct directory *directory, struct change *change, int64_t until_us, struct fault *fault) MUST_USE;
/* Goes on with the work that `change` has begun beside its own (a mapping rule, R18), as connection_work does. What fails is logged: the
 * scheduler tries again. */
void connection_continue(struct directory *directory, struct change *change, int64_t until_us);
/* For the scheduler: goes on with what others began. */
void directory_continue_work(struct directory *directory, struct session *reader, int64_t budget_us);

/* The work under way with this connection; ret->connection_no 0: none. *ret_id: the connection's. */
enum err query_connection_work(
        const struct query *query, const char *ref, struct connection_job *ret, char ret_id[UUID_TEXT_SIZE], struct fault *fault) MUST_USE;

/* What the work would touch; nothing is written. Needs the right to begin it. */
struct connection_preview {
        char id[UUID_TEXT_SIZE];
        int64_t users, groups, edges, grants; /* edges: members it put into groups, its rules included; grants to its users and groups */
        int64_t vetoes;                       /* become local suspensions */
        int64_t users_alone, groups_alone;    /* no other source: they go to the bin with `remove` */
        int64_t confirm;                      /* `remove` wants this number; -1: not above the threshold */
};
enum err connection_preview_end(const struct query *query, const char *ref, struct connection_preview *ret, struct fault *fault) MUST_USE;

/* What an undo would look at: entries of the connection that changed or took something away, and how many people and groups they are
 * about. Since before the ledger begins: all of it. */
struct connection_undo_preview {
        char id[UUID_TEXT_SIZE];
        int64_t entries, users, groups;
};
enum err connection_preview_undo(
        const struct query *query, const char *ref, int64_t since_us, struct connection_undo_preview *ret, struct fault *fault) MUST_USE;

/* How what the one connection claims fits to what the other does. Ambiguous: two candidates, or the two disagree on who is active, or the
 * second row holds rights or memberships of its own, or another source asserts it. */
struct connection_fits {
        int64_t matched, unmatched, unmatched_there /* -1: not known */, ambiguous;
        int64_t left; /* not compared in the time that one request has */
};
struct connection_replace_preview {
        char id[UUID_TEXT_SIZE], other_id[UUID_TEXT_SIZE];
        struct connection_fits users, groups, resources; /* resources: of all types that the root declares */
        bool declares;                                   /* it declares some */
        bool is_cut;                                     /* not all were compared */
        int64_t confirm; /* what is to be said for doing it: how many match, or, where some are left, how many are claimed */
};
/* Of wish: other, join_by. */
enum err connection_preview_replace(const struct query *query, const char *ref, const struct connection_wish *wish,
        struct connection_replace_preview *ret, struct fault *fault) MUST_USE;

#endif
