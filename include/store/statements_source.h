/* SPDX-License-Identifier: Apache-2.0
 *
 * Statements about what happens where sources meet. */
/* clang-format off */
#ifndef STORE_STATEMENTS_SOURCE_H
#define STORE_STATEMENTS_SOURCE_H

#define STATEMENTS_SOURCE(X) \
        X(CONFLICT_COUNT, PLAIN, "iiitiit", "",                                                                                         \
                "INSERT INTO conflict (root_no, connection_no, kind, attribute, object_no, at_us, request_id, times) VALUES ($1, $2, $3, " \
                "$4, $5, $6, $7, 1) ON CONFLICT (root_no, connection_no, kind, attribute, object_no) DO UPDATE SET at_us = "             \
                "excluded.at_us, request_id = excluded.request_id, times = conflict.times + 1")                                         \
        X(CONFLICTS_OF, READ, "iii", "itiiti",                                                                                          \
                "SELECT kind, attribute, object_no, at_us, request_id, times FROM conflict WHERE root_no = $1 AND connection_no = $2 "   \
                "ORDER BY at_us DESC, kind, attribute, object_no LIMIT $3")

#endif
