/* SPDX-License-Identifier: Apache-2.0
 *
 * sortBy (RFC 7644 section 3.4.2.3): the value of a resource that decides its place, as bytes whose order by memcmp is the order of the
 * values, so that lists of thousands are sorted without looking at a resource twice. */
#ifndef MODEL_SORT_H
#define MODEL_SORT_H

#include "model/path.h"

#define SORT_KEY_MAX_BYTES 256 /* what differs only behind them keeps the order of making */

struct sort_key {
        unsigned char bytes[SORT_KEY_MAX_BYTES];
        size_t length;
};

/* What `text` names, down to a simple attribute: a complex one is sorted by its `value`. *ret_known false: nothing of this type that can
 * be sorted by (unknown, never returned, without `value`). ERR_MEMORY alone is an error. `leniency` as in path_parse; only what the answer
 * depends on is recorded. */
enum err sort_parse(const struct resource_type *type, const char *text, struct arena *arena, struct leniency *leniency, struct path *ret,
        bool *ret_known, struct fault *fault) MUST_USE;
/* Without a path: unassigned. Of a list the primary element counts, else the first; text without letter case unless it is CASE_EXACT; times as instants. Unassigned
 * comes behind everything. `arena` for folding. */
enum err sort_key_of(const struct path *path, const json_t *resource, struct arena *arena, struct sort_key *ret, struct fault *fault)
        MUST_USE;
/* As memcmp. */
int sort_key_compare(const unsigned char *left, size_t left_length, const unsigned char *right, size_t right_length);

#endif
