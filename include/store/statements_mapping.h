/* SPDX-License-Identifier: Apache-2.0
 *
 * Statements of mapping rules (R18). What a rule gave has its number as rule_no; a source's own edges have 0, and all statements over
 * those say so. */
/* clang-format off */
#ifndef STORE_STATEMENTS_MAPPING_H
#define STORE_STATEMENTS_MAPPING_H

#define STATEMENTS_MAPPING(X) \
        X(RULE_INSERT, AUDITED, "iiiii", "",                                                                                            \
                "INSERT INTO mapping_rule (root_no, connection_no, no, target_no, role_no) VALUES ($1, $2, $3, $4, $5)")                \
        X(RULE_DELETE, AUDITED, "iii", "", "DELETE FROM mapping_rule WHERE root_no = $1 AND connection_no = $2 AND no = $3")            \
        X(RULES_OF, READ, "iii", "itiiit",                                                                                              \
                "SELECT m.no, r.id, m.target_no, m.role_no, r.active, r.doc FROM mapping_rule m CROSS JOIN resource r WHERE "           \
                "m.root_no = $1 AND m.connection_no = $2 AND r.root_no = +m.root_no AND r.no = m.no AND NOT r.deleted_us > 0 ORDER BY "     \
                "m.no LIMIT $3")                                                                                                        \
        X(RULES_INTO, READ, "iii", "iit",                                                                                               \
                "SELECT m.no, m.connection_no, r.id FROM mapping_rule m CROSS JOIN resource r WHERE m.root_no = $1 AND m.target_no = $2 " \
                "AND r.root_no = +m.root_no AND r.no = m.no AND NOT r.deleted_us > 0 ORDER BY m.connection_no, m.no LIMIT $3")              \
        X(RULES_ANY, READ, "i", "i", "SELECT no FROM mapping_rule WHERE root_no = $1 LIMIT 1")                                          \
        /* What the rules of one connection gave one user. */                                                                           \
        X(RULE_GIFTS_OF, READ, "iii", "iii",                                                                                            \
                "SELECT container_no, rule_no, CAST(0 AS BIGINT) FROM member WHERE root_no = $1 AND member_no = $2 AND "                \
                "source_no = $3 AND rule_no > 0 UNION ALL SELECT no, rule_no, CAST(1 AS BIGINT) FROM role_grant WHERE "                 \
                "root_no = $1 AND principal_no = $2 AND source_no = $3 AND rule_no > 0 LIMIT 2000")                                     \
        /* Given by somebody, not by a rule. */                                                                                          \
        X(GRANT_OF_NO_RULE, READ, "ii", "i",                                                                                            \
                "SELECT no FROM role_grant WHERE root_no = $1 AND principal_no = $2 AND rule_no = 0 LIMIT 1")                           \
        X(RULE_EDGE_REMOVE, AUDITED, "iiiii", "",                                                                                       \
                "DELETE FROM member WHERE root_no = $1 AND container_no = $2 AND member_no = $3 AND source_no = $4 AND rule_no = $5")   \
        X(RULE_TARGET_EMPTY, AUDITED, "ii", "", "DELETE FROM member WHERE root_no = $1 AND container_no = $2 AND rule_no > 0")          \
        /* What a preview counts: memberships by the rules of a connection. */                                                          \
        X(GIVEN_BY_RULES, READ, "ii", "i",                                                                                              \
                "SELECT COUNT(*) FROM claim c CROSS JOIN member m WHERE c.root_no = $1 AND c.connection_no = $2 AND c.kind = 2 AND "    \
                "c.ended = 0 AND m.root_no = c.root_no AND m.member_no = c.no AND m.source_no = $2 AND m.rule_no > 0")                  \
        /* They become local. */                                                                                                        \
        X(RULE_EDGES_COPY, AUDITED, "iiii", "",                                                                                         \
                "INSERT INTO member (root_no, container_no, member_no, source_no, rule_no, created_us) SELECT root_no, container_no, "  \
                "member_no, CAST(0 AS BIGINT), CAST(0 AS BIGINT), $4 FROM member WHERE root_no = $1 AND member_no = $2 AND "            \
                "source_no = $3 AND rule_no > 0 ON CONFLICT DO NOTHING")                                                                \
        X(RULE_EDGES_DROP, AUDITED, "iii", "",                                                                                          \
                "DELETE FROM member WHERE root_no = $1 AND member_no = $2 AND source_no = $3 AND rule_no > 0")                          \
        X(RULE_GRANTS_LOCAL, AUDITED, "iii", "",                                                                                        \
                "UPDATE role_grant SET source_no = 0, rule_no = 0 WHERE root_no = $1 AND principal_no = $2 AND source_no = $3 AND "     \
                "rule_no > 0")

#endif
