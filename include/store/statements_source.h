/* SPDX-License-Identifier: Apache-2.0
 *
 * Statements about what happens where sources meet. */
/* clang-format off */
#ifndef STORE_STATEMENTS_SOURCE_H
#define STORE_STATEMENTS_SOURCE_H

#define J_COLUMNS \
        "connection_no, verb, other_no, join_by, first_seq, phase, at_no, member_no, users, user_groups, edges, started_us"
#define J_KINDS "iiiiiiiiiiii"

#define STATEMENTS_SOURCE(X) \
        X(CONFLICT_COUNT, PLAIN, "iiitiit", "",                                                                                         \
                "INSERT INTO conflict (root_no, connection_no, kind, attribute, object_no, at_us, request_id, times) VALUES ($1, $2, $3, " \
                "$4, $5, $6, $7, 1) ON CONFLICT (root_no, connection_no, kind, attribute, object_no) DO UPDATE SET at_us = "             \
                "excluded.at_us, request_id = excluded.request_id, times = conflict.times + 1")                                         \
        X(CONFLICT_DELETE, PLAIN, "iiiti", "",                                                                                          \
                "DELETE FROM conflict WHERE root_no = $1 AND connection_no = $2 AND kind = $3 AND attribute = $4 AND object_no = $5")   \
        X(ADOPTION_READ, READ, "iii", "i",                                                                                              \
                "SELECT approved_by FROM adoption WHERE root_no = $1 AND connection_no = $2 AND no = $3")                               \
        X(ADOPTION_PUT, AUDITED, "iiiii", "",                                                                                           \
                "INSERT INTO adoption (root_no, connection_no, no, approved_by, at_us) VALUES ($1, $2, $3, $4, $5)")                    \
        X(ADOPTION_DELETE, AUDITED, "iii", "", "DELETE FROM adoption WHERE root_no = $1 AND connection_no = $2 AND no = $3")            \
        X(ADOPTIONS_PURGE, AUDITED, "ii", "", "DELETE FROM adoption WHERE root_no = $1 AND no = $2")                                    \
        X(ADOPTIONS_CLEAR, AUDITED, "ii", "", "DELETE FROM adoption WHERE root_no = $1 AND connection_no = $2")                         \
        X(CONFLICTS_OF, READ, "iii", "itiiti",                                                                                          \
                "SELECT kind, attribute, object_no, at_us, request_id, times FROM conflict WHERE root_no = $1 AND connection_no = $2 "   \
                "ORDER BY at_us DESC, kind, attribute, object_no LIMIT $3")                                                             \
        /* Users whom no connection sees (R9); those in the bin keep their mark. */                                                     \
        X(BREAK_GLASS_READ, READ, "ii", "i", "SELECT no FROM break_glass WHERE root_no = $1 AND no = $2")                               \
        X(BREAK_GLASS_LIST, READ, "ii", "i", "SELECT no FROM break_glass WHERE root_no = $1 ORDER BY no LIMIT $2")                      \
        X(BREAK_GLASS_PUT, AUDITED, "iiii", "",                                                                                         \
                "INSERT INTO break_glass (root_no, no, marked_us, marked_by) VALUES ($1, $2, $3, $4)")                                  \
        X(BREAK_GLASS_DELETE, AUDITED, "ii", "", "DELETE FROM break_glass WHERE root_no = $1 AND no = $2")                              \
        X(PULSE_FORGET, PLAIN, "ii", "", "DELETE FROM pulse WHERE root_no = $1 AND connection_no = $2")                                 \
        X(CONFLICTS_FORGET, PLAIN, "ii", "", "DELETE FROM conflict WHERE root_no = $1 AND connection_no = $2")                          \
        /* What a connection took away (R16). */                                                                                        \
        X(TAKEN_OF, READ, "iiii", "iii",                                                                                                \
                "SELECT slot, times, is_over FROM taken WHERE root_no = $1 AND connection_no = $2 AND object_no = $3 AND slot > $4 "    \
                "ORDER BY slot")                                                                                                        \
        X(TAKEN_ADD, PLAIN, "iiiiii", "",                                                                                               \
                "INSERT INTO taken (root_no, connection_no, object_no, slot, times, is_over) VALUES ($1, $2, $3, $4, $5, $6) ON "       \
                "CONFLICT (root_no, connection_no, object_no, slot) DO UPDATE SET times = taken.times + excluded.times, is_over = "     \
                "excluded.is_over")                                                                                                     \
        X(TAKEN_FORGET, PLAIN, "iii", "", "DELETE FROM taken WHERE root_no = $1 AND connection_no = $2 AND slot <= $3")                 \
        X(MEMBERS_AT_MOST, READ, "iiiii", "i",                                                                                          \
                "SELECT COUNT(*) FROM (SELECT member_no FROM member WHERE root_no = $1 AND container_no = $2 AND source_no = $3 AND rule_no = $4 LIMIT $5) " \
                "AS m") \
        X(HOLD_PUT, PLAIN, "iiiiiiii", "",                                                                                              \
                "INSERT INTO hold (root_no, connection_no, no, group_no, removes, of_members, at_us, until_us, released_us) VALUES "    \
                "($1, $2, $3, $4, $5, $6, $7, $8, 0)")                                                                                  \
        X(HOLD_OPEN, READ, "iiii", "i",                                                                                                 \
                "SELECT no FROM hold WHERE root_no = $1 AND connection_no = $2 AND group_no = $3 AND until_us > $4 AND "                \
                "released_us = 0 ORDER BY no LIMIT 1")                                                                                  \
        X(HOLD_AGAIN, PLAIN, "iiiii", "",                                                                                               \
                "UPDATE hold SET removes = $4, of_members = $5 WHERE root_no = $1 AND connection_no = $2 AND no = $3")                  \
        X(HOLD_RELEASED, READ, "iiiii", "i",                                                                                            \
                "SELECT no FROM hold WHERE root_no = $1 AND connection_no = $2 AND group_no = $3 AND until_us > $4 AND "                \
                "released_us > 0 AND removes >= $5 ORDER BY no LIMIT 1")                                                                \
        X(HOLD_RELEASE, AUDITED, "iiiii", "",                                                                                           \
                "UPDATE hold SET released_us = $4, until_us = $5 WHERE root_no = $1 AND connection_no = $2 AND no = $3 AND "            \
                "released_us = 0 AND until_us > $4")                                                                                    \
        X(HOLD_END, PLAIN, "iii", "", "DELETE FROM hold WHERE root_no = $1 AND connection_no = $2 AND no = $3")                         \
        X(HOLDS_FORGET, PLAIN, "iii", "", "DELETE FROM hold WHERE root_no = $1 AND connection_no = $2 AND until_us <= $3")              \
        X(HOLDS_OF, READ, "iiii", "iiiiiii",                                                                                            \
                "SELECT no, group_no, removes, of_members, at_us, until_us, released_us FROM hold WHERE root_no = $1 AND "              \
                "connection_no = $2 AND until_us > $3 ORDER BY no LIMIT $4")                                                            \
        /* Work on a whole connection. */                                                                                               \
        X(JOB_GET, READ, "i", J_KINDS, "SELECT " J_COLUMNS " FROM connection_job WHERE root_no = $1")                                   \
        X(JOB_ROOTS, READ, "", "i", "SELECT root_no FROM connection_job ORDER BY root_no LIMIT 100")                                    \
        X(JOB_PUT, AUDITED, "i" J_KINDS, "",                                                                                            \
                "INSERT INTO connection_job (root_no, " J_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) "  \
                "ON CONFLICT (root_no) DO UPDATE SET phase = excluded.phase, at_no = excluded.at_no, member_no = excluded.member_no, "  \
                "users = excluded.users, user_groups = excluded.user_groups, edges = excluded.edges")                                   \
        X(JOB_END, AUDITED, "i", "", "DELETE FROM connection_job WHERE root_no = $1")                                                   \
        X(CLAIMS_LIVE, READ, "iiiii", "i",                                                                                              \
                "SELECT no FROM claim WHERE root_no = $1 AND connection_no = $2 AND kind = $3 AND no > $4 AND ended = 0 "      \
                "ORDER BY no LIMIT $5")                                                                                                 \
        X(CLAIMS_ENDED, READ, "iiii", "i",                                                                                              \
                "SELECT c.no FROM claim c CROSS JOIN resource r WHERE c.root_no = $1 AND c.connection_no = $2 AND c.no > $3 AND "       \
                "c.ended = 1 AND r.root_no = +c.root_no AND r.no = c.no AND NOT r.deleted_us > 0 ORDER BY c.no LIMIT $4")          \
        /* What a preview counts. */                                                                                                    \
        X(GIVEN_EDGES, READ, "ii", "i",                                                                                                 \
                "SELECT COUNT(*) FROM claim c CROSS JOIN member m WHERE c.root_no = $1 AND c.connection_no = $2 AND c.kind = 3 AND "    \
                "c.ended = 0 AND m.root_no = c.root_no AND m.container_no = c.no AND m.source_no = $2 AND m.rule_no = 0")                       \
        X(GIVEN_GRANTS, READ, "ii", "i",                                                                                                \
                "SELECT COUNT(*) FROM claim c CROSS JOIN role_grant g CROSS JOIN resource r WHERE c.root_no = $1 AND c.connection_no = $2 " \
                "AND c.ended = 0 AND g.root_no = c.root_no AND g.principal_no = c.no AND r.root_no = +g.root_no AND "          \
                "r.no = g.no AND NOT r.deleted_us > 0")                                                                                    \
        X(GIVEN_ALONE, READ, "iii", "i",                                                                                                \
                "SELECT COUNT(*) FROM claim c WHERE c.root_no = $1 AND c.connection_no = $2 AND c.kind = $3 AND c.ended = 0 " \
                "AND NOT EXISTS (SELECT 1 FROM claim o WHERE o.root_no = c.root_no AND o.no = c.no AND o.connection_no <> "             \
                "c.connection_no AND o.ended = 0 AND o.doc <> '{}')")                                                         \
        X(GIVEN_VETOES, READ, "ii", "i",                                                                                                \
                "SELECT COUNT(*) FROM claim WHERE root_no = $1 AND connection_no = $2 AND ended = 0 AND claimed_active = 2")  \
        X(GIVEN_VETOES_ENDED, READ, "ii", "i",                                                                                          \
                "SELECT COUNT(*) FROM claim c CROSS JOIN resource r WHERE c.root_no = $1 AND c.connection_no = $2 AND "                 \
                "c.ended = 1 AND r.root_no = +c.root_no AND r.no = c.no AND NOT r.deleted_us > 0")

#endif
