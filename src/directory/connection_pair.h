/* SPDX-License-Identifier: Apache-2.0
 *
 * Which row of a new connection stands for which of an old one (R4): asked by the dry run and by the work alike. */
#ifndef DIRECTORY_CONNECTION_PAIR_H
#define DIRECTORY_CONNECTION_PAIR_H

#include "work.h"

enum fit { FIT_NONE, FIT_PAIR, FIT_UNCLEAR };
struct pair {
        enum fit fit;
        int64_t old_no, new_no;
};
struct join {
        struct session *session;
        struct arena *arena;
        int64_t root_no, old_connection, new_connection;
        enum join_by by;
        struct fault *fault;
};

/* Turns "not there" into an answer. */
enum err pair_found(enum err e, bool *ret) MUST_USE;
/* What the old connection claims under `no`, and what stands for it. FIT_UNCLEAR: two candidates, the two disagree on who is active, or the
 * second row holds what nobody gives up silently. */
enum err pair_find(const struct join *join, enum resource_kind kind, int64_t no, struct pair *ret) MUST_USE;
/* Numbers above after_no that the old connection claims, at most `max`. */
enum err pair_claims_next(const struct join *join, enum resource_kind kind, int64_t after_no, int64_t *list, size_t max, size_t *ret_count)
        MUST_USE;

#endif
