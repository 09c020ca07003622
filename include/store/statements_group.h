/* SPDX-License-Identifier: Apache-2.0
 *
 * Statements that walk nested groups. 16 is GROUP_DEPTH_MAX (store/rows.h): every walk ends there, whatever the rows say. */
/* clang-format off */
#ifndef STORE_STATEMENTS_GROUP_H
#define STORE_STATEMENTS_GROUP_H

/* up(no, depth): the groups above $2, by chains of live groups; $3 = 1: of active ones only. */
#define UP_LIVE \
        "WITH RECURSIVE up (no, depth) AS (SELECT m.container_no, CAST(1 AS BIGINT) FROM member m CROSS JOIN resource r WHERE m.root_no = $1 " \
        "AND m.member_no = $2 AND r.root_no = +m.root_no AND r.no = m.container_no AND +r.kind = 3 AND NOT r.deleted_us > 0 AND r.active >= $3 " \
        "UNION SELECT m.container_no, up.depth + 1 FROM up CROSS JOIN member m CROSS JOIN resource r WHERE up.depth < 16 AND "          \
        "m.root_no = $1 AND m.member_no = up.no AND r.root_no = +m.root_no AND r.no = m.container_no AND +r.kind = 3 AND "               \
        "NOT r.deleted_us > 0 AND r.active >= $3) "

/* Of members, most of which are no groups: as a question of its own for each edge no planner begins with the resources. */
#define THE_MEMBER "resource r WHERE r.root_no = m.root_no AND r.no = m.member_no"

/* Grants to $2 and to those above. All that binds a grant hangs on `u`, so that no planner begins with the grants; a
   range of places binds no index, or it would be taken for narrower than a principal. */
#define HELD_BY(no) "SELECT CAST($1 AS BIGINT) AS root_no, " no " AS no, CAST($4 AS BIGINT) AS first_no, CAST($5 AS BIGINT) AS last_no"
#define HELD \
        "FROM (" HELD_BY("CAST($2 AS BIGINT)") " UNION " HELD_BY("up.no") " FROM up) AS u CROSS JOIN role_grant g CROSS JOIN resource s " \
        "WHERE g.root_no = u.root_no AND g.principal_no = u.no AND +g.scope_no >= u.first_no AND +g.scope_no <= u.last_no AND "          \
        "s.root_no = +g.root_no AND s.no = g.scope_no "
#define OF_LIVING "AND NOT s.deleted_us > 0 "
#define HELD_NOW "AND g.role_no <= 0 AND g.from_us <= $6 AND (g.until_us = 0 OR g.until_us > $7) "

/* Pieces of the ADMIN_ statements. */
#define ADMIN_HELD "g.root_no = $1 AND g.scope_no = $2 AND g.role_no = -1"
#define ADMIN_GRANT \
        ADMIN_HELD " AND g.from_us <= $3 AND (g.until_us = 0 OR g.until_us > $3) AND "                                                       \
        "g.source_no <> $4 AND g.rule_no <> $5 AND "
#define ADMIN_GROUP "r.source_no <> $4 AND r.root_no = +g.root_no AND r.no = g.principal_no AND +r.kind = 3 AND r.active = 1 AND NOT r.deleted_us > 0 AND "
#define BY_CLAIM " CROSS JOIN claim c CROSS JOIN resource n "
#define USABLE_USER                                                                                                                    \
        "+u.kind = 2 AND u.active = 1 AND NOT u.deleted_us > 0 AND c.root_no = u.root_no AND c.no = u.no AND c.connection_no > 0 AND "     \
        "c.claimed_active = 1 AND n.root_no = +c.root_no AND n.no = c.connection_no AND n.active = 1 AND NOT n.deleted_us > 0 LIMIT 1"

/* Members or ids that one statement takes at once: it costs as much again as the look-up it makes. Lists and signatures below have as many. */
#define STATEMENT_BATCH 32
#define NOS_FROM_4 \
        "($4), ($5), ($6), ($7), ($8), ($9), ($10), ($11), ($12), ($13), ($14), ($15), ($16), ($17), ($18), ($19), ($20), " \
        "($21), ($22), ($23), ($24), ($25), ($26), ($27), ($28), ($29), ($30), ($31), ($32), ($33), ($34), ($35)"
#define IDS_FROM_3 \
        "(0, $3), (1, $4), (2, $5), (3, $6), (4, $7), (5, $8), (6, $9), (7, $10), (8, $11), (9, $12), (10, $13), (11, $14), " \
        "(12, $15), (13, $16), (14, $17), (15, $18), (16, $19), (17, $20), (18, $21), (19, $22), (20, $23), (21, $24), " \
        "(22, $25), (23, $26), (24, $27), (25, $28), (26, $29), (27, $30), (28, $31), (29, $32), (30, $33), (31, $34)"
#define BATCH_NOS "iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii"
#define BATCH_IDS "tttttttttttttttttttttttttttttttt"

#define STATEMENTS_GROUP(X) \
        X(CLAIMED_NO, READ, "iit", "ii",                                                                                                \
                "SELECT c.no, c.kind FROM resource r CROSS JOIN claim c WHERE r.root_no = $1 AND r.id = $3 AND NOT r.deleted_us > 0 AND "  \
                "c.root_no = $1 AND c.no = r.no AND c.connection_no = $2 AND c.ended = 0")                                              \
        X(CLAIMED_NOS, READ, "ii" BATCH_IDS, "iii",                                                                                     \
                "WITH v (ord, id) AS (VALUES " IDS_FROM_3 ") SELECT v.ord, c.no, c.kind FROM v CROSS JOIN resource r CROSS JOIN claim c WHERE " \
                "r.root_no = $1 AND r.id = v.id AND NOT r.deleted_us > 0 AND c.root_no = $1 AND c.no = r.no AND c.connection_no = $2 AND " \
                "c.ended = 0")                                                                                                         \
        X(MEMBER_ANY, READ, "ii", "i", "SELECT member_no FROM member WHERE root_no = $1 AND container_no = $2 LIMIT 1")                  \
        /* A question of its own for each: as a join PostgreSQL reads all members of a group whose table it has not analysed yet. */     \
        X(MEMBERS_STANDING, READ, "iii" BATCH_NOS, "i",                                                                                 \
                "WITH v (no) AS (VALUES " NOS_FROM_4 ") SELECT COUNT(*) FROM v WHERE (SELECT m.rule_no FROM member m WHERE "            \
                "m.root_no = $1 AND m.container_no = $2 AND m.member_no = v.no AND m.source_no = $3 AND m.rule_no = 0) = 0")            \
        X(MEMBERS_ADD, AUDITED, "iii" BATCH_NOS "i", "",                                                                                \
                "WITH v (no) AS (VALUES " NOS_FROM_4 ") INSERT INTO member (root_no, container_no, member_no, source_no, rule_no, "     \
                "created_us) SELECT $1, $2, v.no, $3, 0, $36 FROM v WHERE v.no > 0 ON CONFLICT DO NOTHING")                              \
        /* What $2 holds, himself and through the groups above, whatever their number, in places from $4 to $5, of what has begun by $6 and \
           lasts after $7: as many rows as there are roles and privileges, in each place. In a place in the bin who held there may tidy up. */                                       \
        X(HELD_PLACES, READ, "iiiiii", "i", UP_LIVE "SELECT DISTINCT g.scope_no " HELD OF_LIVING "ORDER BY g.scope_no LIMIT $6") \
        X(HELD_IN_PLACES, READ, "iiiiiii", "iiti",                                                                                       \
                UP_LIVE "SELECT DISTINCT g.scope_no, g.role_no, g.privilege, s.kind " HELD HELD_NOW "ORDER BY g.scope_no")    \
        X(HELD_ANYWHERE, READ, "iiiiiii", "iti",                                                                                         \
                UP_LIVE "SELECT DISTINCT g.role_no, g.privilege, s.kind " HELD OF_LIVING HELD_NOW)                            \
        X(MEMBER_OF_SOURCE, READ, "iii", "i",                                                                                           \
                "SELECT container_no FROM member WHERE root_no = $1 AND member_no = $2 AND source_no = $3 LIMIT 1")                     \
        /* Of one source; depth 1: direct. */                                                                                           \
        X(GROUPS_ABOVE_SOURCE, READ, "iiii", "itti",                                                                                     \
                "WITH RECURSIVE up (no, depth) AS (SELECT m.container_no, CAST(1 AS BIGINT) FROM member m WHERE m.root_no = $1 AND "     \
                "m.member_no = $2 AND m.source_no = $3 AND m.rule_no = 0 UNION SELECT m.container_no, up.depth + 1 FROM up CROSS JOIN member m WHERE "     \
                "up.depth < 16 AND m.root_no = $1 AND m.member_no = up.no AND m.source_no = $3 AND m.rule_no = 0) SELECT r.no, r.id, r.doc, u.depth FROM " \
                "(SELECT CAST($1 AS BIGINT) AS root_no, no, MIN(depth) AS depth FROM up GROUP BY no) AS u CROSS JOIN resource r WHERE r.root_no = u.root_no AND r.no = u.no "  \
                "AND +r.kind = 3 AND NOT r.deleted_us > 0 ORDER BY r.no LIMIT $4")                                                         \
        /* Longest chain of groups above $2, and whether $3 is among them; the bin counts, because it can be left. */                   \
        X(NESTING_ABOVE, READ, "iii", "ii",                                                                                             \
                "WITH RECURSIVE up (no, depth) AS (SELECT m.container_no, CAST(1 AS BIGINT) FROM member m CROSS JOIN resource r WHERE "  \
                "m.root_no = $1 AND m.member_no = $2 AND r.root_no = +m.root_no AND r.no = m.container_no AND +r.kind = 3 UNION SELECT "  \
                "m.container_no, up.depth + 1 FROM up CROSS JOIN member m CROSS JOIN resource r WHERE up.depth < 16 AND m.root_no = $1 " \
                "AND m.member_no = up.no AND r.root_no = +m.root_no AND r.no = m.container_no AND +r.kind = 3) SELECT "                  \
                "COALESCE(MAX(depth), 0), COALESCE(MAX(CASE WHEN no = $3 THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END), 0) FROM up") \
        X(NESTING_BELOW, READ, "ii", "i",                                                                                               \
                "WITH RECURSIVE down (no, depth) AS (SELECT CAST($2 AS BIGINT), CAST(0 AS BIGINT) UNION SELECT m.member_no, "           \
                "down.depth + 1 FROM down CROSS JOIN member m WHERE down.depth < 16 AND m.root_no = $1 AND m.container_no = down.no "   \
                "AND (SELECT r.kind FROM " THE_MEMBER ") = 3) SELECT COALESCE(MAX(depth), 0) FROM down")                                \
        /* Of the group $2, live or not, and the live groups inside it, one that connection $3 claims, has put a member into, or has a mapping rule for. */                    \
        X(GROUP_FED_BY, READ, "iii", "i",                                                                                               \
                "WITH RECURSIVE down (no, depth) AS (SELECT r.no, CAST(0 AS BIGINT) FROM resource r WHERE r.root_no = $1 AND r.no = $2 " \
                "AND +r.kind = 3 UNION SELECT m.member_no, down.depth + 1 FROM down CROSS JOIN member m WHERE down.depth < 16 AND "     \
                "m.root_no = $1 AND m.container_no = down.no AND (SELECT r.kind FROM " THE_MEMBER " AND NOT r.deleted_us > 0) = 3) SELECT c.no FROM down CROSS JOIN claim c WHERE c.root_no = $1 AND "  \
                "c.no = down.no AND c.connection_no = $3 AND c.ended = 0 UNION ALL SELECT m.container_no FROM down CROSS JOIN " \
                "member m WHERE m.root_no = $1 AND m.container_no = down.no AND m.source_no = $3 UNION ALL SELECT f.target_no FROM "     \
                "down CROSS JOIN mapping_rule f WHERE f.root_no = $1 AND f.target_no = down.no AND f.connection_no = $3 LIMIT 1")                              \
        X(NESTED_PUT, PLAIN, "iii", "",                                                                                                  \
                "INSERT INTO nested (root_no, container_no, member_no) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")                      \
        /* What $2 had, $3 may have now. */                                                                                             \
        X(NESTED_MOVE, PLAIN, "iii", "",                                                                                                 \
                "INSERT INTO nested (root_no, container_no, member_no) SELECT root_no, $3, member_no FROM nested WHERE root_no = $1 AND " \
                "container_no = $2 AND member_no <> $3 ON CONFLICT DO NOTHING")                                                          \
        /* Is there a way from the user or group $3 up to the role of administrator, whatever sleeps on it? The first asks no more than  \
           whether there can be one: the role is his own, or of a group that he is in, or of a group that other groups were in. */      \
        X(ADMIN_NEAR, READ, "iii", "i",                                                                                                  \
                "SELECT g.no FROM role_grant g LEFT JOIN member m ON m.root_no = $1 AND m.container_no = g.principal_no AND m.member_no " \
                "= $3 LEFT JOIN nested n ON n.root_no = $1 AND n.container_no = g.principal_no WHERE " ADMIN_HELD " AND "                \
                "(g.principal_no = $3 OR m.member_no IS NOT NULL OR n.member_no IS NOT NULL) LIMIT 1")                                   \
        X(ADMIN_REACHED, READ, "iii", "i",                                                                                               \
                "WITH RECURSIVE down (no) AS (SELECT g.principal_no FROM role_grant g WHERE " ADMIN_HELD " UNION SELECT n.member_no "     \
                "FROM down CROSS JOIN nested n WHERE n.root_no = $1 AND n.container_no = down.no) SELECT g.no FROM role_grant g WHERE "   \
                ADMIN_HELD " AND g.principal_no = $3 UNION ALL SELECT m.container_no FROM down CROSS JOIN member m WHERE m.root_no = $1 " \
                "AND m.container_no = down.no AND m.member_no = $3 LIMIT 1")                                                             \
        /* Users who count for R24: by a grant of their own, by a group that holds the role, by a group inside such a group. Joins instead   \
           of EXISTS, and in this order: no planner has to guess, and one row is enough. $4: a source that is being removed, $5: a mapping rule; -1: none. */                                              \
        X(ADMIN_DIRECT, READ, "iiiii", "i",                                                                                               \
                "SELECT u.no FROM role_grant g CROSS JOIN resource u" BY_CLAIM "WHERE " ADMIN_GRANT                                      \
                "u.root_no = +g.root_no AND u.no = g.principal_no AND c.connection_no <> $4 AND " USABLE_USER)                                                     \
        X(ADMIN_BY_GROUP, READ, "iiiii", "i",                                                                                             \
                "SELECT u.no FROM role_grant g CROSS JOIN resource r CROSS JOIN member m CROSS JOIN resource u" BY_CLAIM "WHERE "        \
                ADMIN_GRANT ADMIN_GROUP "m.root_no = g.root_no AND m.container_no = g.principal_no AND "                                \
                "m.source_no <> $4 AND m.rule_no <> $5 AND u.root_no = +g.root_no AND "                                                                      \
                "u.no = m.member_no AND " USABLE_USER)                                                                                  \
        /* Break-glass users count without a claim, on every way up. A right of theirs that ends does not: nobody is there to refuse the end. */ \
        X(ADMIN_BREAK_GLASS, READ, "iiiii", "i",                                                                                          \
                "WITH RECURSIVE up (no, depth) AS (SELECT b.no, CAST(0 AS BIGINT) FROM break_glass b CROSS JOIN resource u WHERE "       \
                "b.root_no = $1 AND u.root_no = +b.root_no AND u.no = b.no AND +u.kind = 2 AND u.active = 1 AND NOT u.deleted_us > 0 UNION " \
                "SELECT m.container_no, up.depth + 1 FROM up CROSS JOIN member m CROSS JOIN resource r WHERE up.depth < 16 AND "        \
                "m.root_no = $1 AND m.member_no = up.no AND m.source_no <> $4 AND m.rule_no <> $5 AND r.root_no = +m.root_no AND r.no = m.container_no AND "  \
                "+r.kind = 3 AND r.source_no <> $4 AND r.active = 1 AND NOT r.deleted_us > 0) SELECT up.no FROM up CROSS JOIN role_grant g " \
                "WHERE g.root_no = $1 AND g.principal_no = up.no AND g.scope_no = $2 AND +g.role_no = -1 AND g.from_us <= $3 AND "       \
                "g.until_us = 0 LIMIT 1")                                                                                                \
        X(ADMIN_NESTED, READ, "iiiii", "i",                                                                                               \
                "WITH RECURSIVE down (no, depth) AS (SELECT r.no, CAST(1 AS BIGINT) FROM role_grant g CROSS JOIN resource r WHERE "      \
                ADMIN_GRANT ADMIN_GROUP "+r.no > 0 UNION SELECT "                                                                  \
                "m.member_no, down.depth + 1 FROM down CROSS JOIN member m WHERE down.depth < 16 AND m.root_no = $1 AND "                  \
                "m.container_no = down.no AND m.source_no <> $4 AND m.rule_no <> $5 AND (SELECT r.kind FROM " THE_MEMBER " AND "            \
                "r.source_no <> $4 AND r.active = 1 AND NOT r.deleted_us > 0) = 3) SELECT u.no FROM down CROSS JOIN member m CROSS JOIN resource u" BY_CLAIM "WHERE down.depth > 1 AND " \
                "m.root_no = $1 AND m.container_no = down.no AND m.source_no <> $4 AND m.rule_no <> $5 AND u.root_no = +m.root_no AND u.no = m.member_no AND " \
                USABLE_USER)

#endif
