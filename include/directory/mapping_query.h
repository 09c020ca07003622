/* SPDX-License-Identifier: Apache-2.0
 *
 * Mapping rules as an administrator sees them (R18): those of one connection, and what they say of one of its users. */
#ifndef DIRECTORY_MAPPING_QUERY_H
#define DIRECTORY_MAPPING_QUERY_H

#include "directory/query.h"

struct mapping_answer {
        struct resource_row rule;
        int64_t target_no;  /* the group, or the scope of the role */
        bool above_ceiling; /* the ceiling was lowered since: what it gives stands (R8) */
        /* Of the user that was asked about. */
        bool gives;         /* what it says of the connection's claim as it stands */
        const char *value;  /* that it knows, also where the rule is disabled; NULL: none */
        bool given;         /* what stands */
};
typedef enum err (*mapping_each)(void *context, const struct mapping_answer *answer, struct fault *fault);

/* user_ref NULL: no user is asked about. ERR_NOT_FOUND also where the connection does not claim him. *ret_user_id: "" without one. */
enum err query_mapping(const struct query *query, const char *connection_ref, const char *user_ref, mapping_each each, void *context,
        char ret_user_id[UUID_TEXT_SIZE], struct fault *fault) MUST_USE;

#endif
