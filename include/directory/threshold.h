/* SPDX-License-Identifier: Apache-2.0
 *
 * How much a connection may take away in a day (R16). Deactivations are counted and, above the threshold, an alarm; they are in force in
 * any case. A list-shaped write that takes too many members out of one group is held: 429 until an administrator releases it. */
#ifndef DIRECTORY_THRESHOLD_H
#define DIRECTORY_THRESHOLD_H

#include "directory/query.h"

#define HOLD_KEPT_S 86400 /* a hold lapses, and so does its release */

/* Of so many users: 5 % or 50, whichever is smaller, but at least 5. */
int64_t threshold_of_users(int64_t users);
/* Of so many members 30 %; groups of at most 20 have none: -1. */
int64_t threshold_of_members(int64_t members);

struct hold_row {
        int64_t no, group_no, removes, of_members, at_us, until_us;
        int64_t released_us; /* 0: waits */
};
typedef enum err (*hold_each)(void *context, const struct hold_row *row, struct fault *fault);
/* Holds that wait or are released and not used yet, oldest first, at most 1000. */
enum err query_holds(const struct query *query, const char *connection_ref, hold_each each, void *context, struct fault *fault) MUST_USE;

#endif
