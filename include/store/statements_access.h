/* SPDX-License-Identifier: Apache-2.0
 *
 * Statements that load the graph of one root (src/access), a page at a time. */
#ifndef STORE_STATEMENTS_ACCESS_H
#define STORE_STATEMENTS_ACCESS_H

/* Kinds in the SQL are those of enum resource_kind: 2 = user, 7 = grant, 9 = connection, 50 to 99 = declared types, which
 * confer nothing. */
#define STATEMENTS_ACCESS(X)                                                                                                              \
        X(ACCESS_RESOURCES, READ, "iii", "itiiti",                                                                                        \
                "SELECT no, id, org_no, kind, name_folded, active FROM resource WHERE root_no = $1 AND no > $2 AND kind <> 7 AND kind < 50 "            \
                "AND deleted_us = 0 ORDER BY no LIMIT $3")                                                                                \
        /* Several sources may hold one edge; it stands while any does. */                                                                \
        X(ACCESS_MEMBERS, READ, "iiii", "ii",                                                                                             \
                "SELECT DISTINCT member_no, container_no FROM member WHERE root_no = $1 AND (member_no, container_no) > ($2, $3) "        \
                "ORDER BY member_no, container_no LIMIT $4")                                                                              \
        X(ACCESS_GRANTS, READ, "iii", "iiiitiii",                                                                                         \
                "SELECT g.no, g.scope_no, g.principal_no, g.role_no, g.privilege, g.from_us, g.until_us, r.active FROM role_grant g "     \
                "JOIN resource r ON r.root_no = +g.root_no AND r.no = g.no WHERE g.root_no = $1 AND g.no > $2 AND NOT r.deleted_us > 0 "      \
                "ORDER BY g.no LIMIT $3")                                                                                                 \
        X(ACCESS_CREDENTIALS, READ, "iii", "iiibii",                                                                                      \
                "SELECT no, owner_no, kind, hash, scopes, expires_us FROM credential WHERE root_no = $1 AND no > $2 "                     \
                "AND revoked_us = 0 ORDER BY no LIMIT $3")                                                                                \
        /* Claims of connections on users; 3 = claimed as deleted. */                                                                     \
        X(ACCESS_CLAIMS, READ, "iiii", "iit",                                                                                            \
                "SELECT no, connection_no, external_id FROM claim WHERE root_no = $1 AND (no, connection_no) > ($2, $3) AND kind = 2 "    \
                "AND connection_no > 0 AND ended = 0 ORDER BY no, connection_no LIMIT $4")                                      \
        X(ACCESS_CONNECTIONS, READ, "iii", "it",                                                                                          \
                "SELECT no, doc FROM resource WHERE root_no = $1 AND kind = 9 AND no > $2 AND deleted_us = 0 ORDER BY no LIMIT $3")

#endif
