/* SPDX-License-Identifier: Apache-2.0
 *
 * Statements over resources, claims, edges, grants and credentials (store/rows reads them). A `+` before a column keeps SQLite, which has
 * no statistics here, from choosing the index of that column over the narrower one. */
/* clang-format off */
#ifndef STORE_STATEMENTS_RESOURCE_H
#define STORE_STATEMENTS_RESOURCE_H

#define R_COLUMNS "no, id, org_no, kind, name_folded, source_no, active, version, created_us, modified_us, deleted_us, doc"
#define R_KINDS "itiitiiiiiit"
#define R_QUALIFIED \
        "r.no, r.id, r.org_no, r.kind, r.name_folded, r.source_no, r.active, r.version, r.created_us, r.modified_us, r.deleted_us, r.doc"

/* The very words of index resource_slug, or no engine takes it. */
#define KIND_HAS_SLUG "(kind = 1 OR kind BETWEEN 4 AND 6 OR kind BETWEEN 8 AND 12)"

/* What a connection claims; the last column: has it put the resource in a group? */
#define C_KINDS R_KINDS "titi"
#define C_COLUMNS \
        ", c.external_id, c.claimed_active, c.doc, CASE WHEN EXISTS (SELECT 1 FROM member m WHERE m.root_no = $1 AND m.member_no = r.no AND " \
        "m.source_no = $2) THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END"

#define STATEMENTS_RESOURCE(X) \
        X(RESOURCE_BY_NO, READ, "ii", R_KINDS,                                                                               \
                "SELECT " R_COLUMNS " FROM resource WHERE root_no = $1 AND no = $2 AND NOT deleted_us > 0")                     \
        X(RESOURCE_BY_ID, READ, "it", R_KINDS,                                                                               \
                "SELECT " R_COLUMNS " FROM resource WHERE root_no = $1 AND id = $2 AND NOT deleted_us > 0")                     \
        X(RESOURCE_IN_BIN, READ, "it", R_KINDS,                                                                              \
                "SELECT " R_COLUMNS " FROM resource WHERE root_no = $1 AND id = $2 AND deleted_us > 0")                      \
        X(USER_BY_NAME, READ, "it", R_KINDS,                                                                                 \
                "SELECT " R_COLUMNS " FROM resource WHERE root_no = $1 AND name_folded = $2 AND kind = 2 AND deleted_us = 0 LIMIT 2") \
        X(GROUP_BY_NAME, READ, "it", R_KINDS,                                                                                \
                "SELECT " R_COLUMNS                                                                                          \
                " FROM resource WHERE root_no = $1 AND name_folded = $2 AND kind = 3 AND deleted_us = 0 ORDER BY source_no LIMIT " "3") \
        X(SLUG_BY_NAME, READ, "iit", R_KINDS,                                                                                \
                "SELECT " R_COLUMNS                                                                                          \
                " FROM resource WHERE root_no = $1 AND kind = $2 AND name_folded = $3 AND "                                  \
                KIND_HAS_SLUG " AND deleted_us = 0 ORDER BY org_no LIMIT 3")                                                                    \
        X(RESOURCE_BINNED, READ, "ii", R_KINDS,                                                                              \
                "SELECT " R_COLUMNS " FROM resource WHERE root_no = $1 AND no = $2 AND deleted_us > 0")                      \
        X(RESOURCE_LIST, READ, "iiii", R_KINDS,                                                                              \
                "SELECT " R_COLUMNS                                                                                          \
                " FROM resource WHERE root_no = $1 AND kind = $2 AND no > $3 AND deleted_us = 0 ORDER BY no LIMIT $4")       \
        X(RESOURCE_LIST_ORG, READ, "iiiii", R_KINDS,                                                                         \
                "SELECT " R_COLUMNS                                                                                          \
                " FROM resource WHERE root_no = $1 AND kind = $2 AND no > $3 AND org_no = $4 AND deleted_us = 0 ORDER BY no " \
                "LIMIT $5")                                                                                                  \
        X(RESOURCE_COUNT_ORG, READ, "iii", "i",                                                                              \
                "SELECT COUNT(*) FROM resource WHERE root_no = $1 AND kind = $2 AND org_no = $3 AND deleted_us = 0")         \
        X(RESOURCE_INSERT, AUDITED, "iitiitiiiit", "",                                                                       \
                "INSERT INTO resource (root_no, no, id, org_no, kind, name_folded, source_no, active, version, created_us, " \
                "modified_us, deleted_us, doc) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, 0, $11)")               \
        /* By its id: who changes a row has mostly just found it in that index. */                                           \
        X(RESOURCE_UPDATE, AUDITED, "ittiiit", "",                                                                           \
                "UPDATE resource SET name_folded = $3, active = $4, version = $5, modified_us = $6, doc = $7 WHERE root_no = $1 " \
                "AND id = $2 AND deleted_us = 0")                                                                            \
        X(RESOURCE_UPDATE_SAME_NAME, AUDITED, "itiiit", "",                                                                  \
                "UPDATE resource SET active = $3, version = $4, modified_us = $5, doc = $6 WHERE root_no = $1 AND id = $2 "  \
                "AND deleted_us = 0")                                                                                        \
        X(CLAIM_UPDATE, AUDITED, "iiiiit", "",                                                                                        \
                "UPDATE claim SET claimed_active = $4, modified_us = $5, doc = $6 WHERE root_no = $1 AND no = $2 AND connection_no = $3")                                                                                                        \
        X(RESOURCE_SOURCE, AUDITED, "iii", "",                                                                               \
                "UPDATE resource SET source_no = $3 WHERE root_no = $1 AND no = $2")                                         \
        X(RESOURCE_TOUCH, AUDITED, "iiii", "",                                                                               \
                "UPDATE resource SET version = $3, modified_us = $4 WHERE root_no = $1 AND no = $2 AND deleted_us = 0")      \
        X(RESOURCE_BIN, AUDITED, "iiii", "",                                                                                 \
                "UPDATE resource SET active = 0, version = $3, modified_us = $4, deleted_us = $4 WHERE root_no = $1 AND no = $2 " \
                "AND deleted_us = 0")                                                                                        \
        X(RESOURCE_UNBIN, AUDITED, "iiii", "",                                                                               \
                "UPDATE resource SET active = 0, version = $3, modified_us = $4, deleted_us = 0 WHERE root_no = $1 AND no = $2 " \
                "AND deleted_us > 0")                                                                                        \
        X(VALUE_INSERT, AUDITED, "iitii", "",                                                                                \
                "INSERT INTO resource_value (root_no, attr, value_folded, no, ord) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO " \
                "NOTHING")                                                                                                   \
        X(VALUES_OF, READ, "ii", "iti",                                                                                      \
                "SELECT attr, value_folded, ord FROM resource_value WHERE root_no = $1 AND no = $2 ORDER BY attr, value_folded, ord LIMIT 1000") \
        X(VALUE_CLEAR, AUDITED, "ii", "",                                                                                    \
                "DELETE FROM resource_value WHERE root_no = $1 AND no = $2")                                                 \
        X(VALUE_FIND, READ, "iiitii", "i",                                                                                   \
                "SELECT DISTINCT +v.no FROM resource_value v WHERE v.root_no = $1 AND v.attr IN ($2, $3) AND v.value_folded = $4 AND "  \
                "v.no > $5 ORDER BY +v.no LIMIT $6")                                                                          \
        X(VALUE_TAKEN, READ, "iiti", "i",                                                                                    \
                "SELECT v.no FROM resource_value v CROSS JOIN resource r WHERE v.root_no = $1 AND v.attr = $2 AND v.value_folded = $3 " \
                "AND v.no <> $4 AND r.root_no = +v.root_no AND r.no = v.no AND NOT r.deleted_us > 0 LIMIT 1")                          \
        X(VALUE_HOLDERS, READ, "ii", "iit",                                                                                  \
                "SELECT COUNT(*), COALESCE(SUM(CASE WHEN r.deleted_us > 0 THEN 1 ELSE 0 END), 0), COALESCE(MIN(r.id), '') FROM " \
                "resource_value v CROSS JOIN resource r WHERE v.root_no = $1 AND v.attr = $2 AND v.value_folded = '' AND "   \
                "r.root_no = +v.root_no AND r.no = v.no")                                                                            \
        X(CLAIM_PUT, AUDITED, "iiiitiit", "",                                                                                \
                "INSERT INTO claim (root_no, connection_no, kind, no, external_id, claimed_active, ended, modified_us, doc) VALUES " \
                "($1, $2, $3, $4, $5, $6, CASE WHEN $6 = 3 THEN 1 ELSE 0 END, $7, $8) ON CONFLICT (root_no, no, connection_no) DO " \
                "UPDATE SET external_id = excluded.external_id, claimed_active = excluded.claimed_active, ended = excluded.ended, "  \
                "modified_us = excluded.modified_us, doc = excluded.doc")                                                    \
        /* Neither ends nor revives: no index changes. */                                                                    \
        X(CLAIM_REMOVE, AUDITED, "iiii", "",                                                                                 \
                "DELETE FROM claim WHERE root_no = $1 AND connection_no = $2 AND kind = $3 AND no = $4")                     \
        X(CLAIMS_OF, READ, "ii", "iitiit",                                                                                   \
                "SELECT connection_no, kind, external_id, claimed_active, modified_us, doc FROM claim WHERE root_no = $1 AND no " \
                "= $2 ORDER BY connection_no")                                                                               \
        X(CLAIM_BY_EXTERNAL, READ, "iiit", "ii",                                                                             \
                "SELECT no, claimed_active FROM claim WHERE root_no = $1 AND connection_no = $2 AND kind = $3 AND external_id = " \
                "$4 AND external_id <> '' AND ended = 0")                                                          \
        X(CLAIMED_BY_ID, READ, "iiit", C_KINDS,                                                                        \
                "SELECT " R_QUALIFIED                                                                                        \
                C_COLUMNS " FROM resource r JOIN claim c ON c.root_no = r.root_no AND "        \
                "c.connection_no = $2 AND c.kind = $3 AND c.no = r.no WHERE r.root_no = $1 AND r.id = $4 AND NOT r.deleted_us > 0 " \
                "AND c.ended = 0")                                                                                 \
        X(CLAIMED_BY_NO, READ, "iiii", C_KINDS,                                                                        \
                "SELECT " R_QUALIFIED                                                                                        \
                C_COLUMNS " FROM claim c JOIN resource r ON r.root_no = c.root_no AND r.no = c.no " \
                "WHERE c.root_no = $1 AND c.connection_no = $2 AND c.kind = $3 AND c.no = $4 AND NOT r.deleted_us > 0 AND "     \
                "c.ended = 0")                                                                                     \
        X(CLAIMED_USER_BY_NAME, READ, "iit", C_KINDS,                                                                        \
                "SELECT " R_QUALIFIED                                                                                        \
                C_COLUMNS " FROM resource r CROSS JOIN claim c WHERE r.root_no = $1 AND r.name_folded = $3 AND r.kind = 2 AND " \
                "r.deleted_us = 0 AND c.root_no = r.root_no AND c.no = r.no AND c.connection_no = $2 AND c.ended = 0") \
        /* The inner question alone is answered by claim_list, whatever the planner thinks of the primary key. */             \
        X(CLAIMED_LIST, READ, "iiiii", C_KINDS,                                                                              \
                "SELECT " R_QUALIFIED                                                                                        \
                C_COLUMNS " FROM (SELECT no FROM claim WHERE root_no = $1 AND connection_no = $2 AND kind = $3 AND no > $4 AND " \
                "ended = 0 ORDER BY no LIMIT $5) p CROSS JOIN claim c CROSS JOIN resource r WHERE c.root_no = $1 AND c.no = p.no AND " \
                "c.connection_no = $2 AND r.root_no = $1 AND r.no = p.no AND NOT r.deleted_us > 0 ORDER BY p.no")               \
        X(CLAIMED_PAGE, READ, "iiiii", C_KINDS,                                                                        \
                "SELECT " R_QUALIFIED                                                                                        \
                C_COLUMNS " FROM (SELECT no FROM claim WHERE root_no = $1 AND connection_no = $2 AND kind = $3 " \
                "AND ended = 0 ORDER BY no LIMIT $5 OFFSET $4) p JOIN claim c ON c.root_no = $1 AND c.no = p.no AND " \
                "c.connection_no = $2 JOIN resource r ON r.root_no = $1 AND r.no = p.no WHERE NOT r.deleted_us > 0 ORDER BY p.no")                                                   \
        /* Not while a membership names it. */                                                                                         \
        X(RESOURCE_PURGE, AUDITED, "ii", "",                                                                                           \
                "DELETE FROM resource WHERE root_no = $1 AND no = $2 AND deleted_us > 0 AND NOT EXISTS (SELECT 1 FROM member m "        \
                "WHERE m.root_no = $1 AND m.member_no = $2) AND NOT EXISTS (SELECT 1 FROM member m WHERE m.root_no = $1 AND "           \
                "m.container_no = $2)")                                                                                                 \
        X(CLAIMS_PURGE, AUDITED, "ii", "", "DELETE FROM claim WHERE root_no = $1 AND no = $2")                                         \
        X(MEMBER_PURGE, AUDITED, "ii", "", "DELETE FROM member WHERE root_no = $1 AND member_no = $2")                                 \
        X(CONTAINER_PURGE, AUDITED, "ii", "", "DELETE FROM member WHERE root_no = $1 AND container_no = $2")                           \
        X(GRANTS_BIN, AUDITED, "iiii", "",                                                                                             \
                "UPDATE resource SET active = 0, version = $3, modified_us = $4, deleted_us = $4 WHERE root_no = $1 AND NOT deleted_us > 0 AND " \
                "no IN (SELECT no FROM role_grant WHERE root_no = $1 AND principal_no = $2)")                                          \
        X(GRANTS_COUNT, READ, "ii", "i", "SELECT COUNT(*) FROM role_grant WHERE root_no = $1 AND principal_no = $2")                    \
        X(GRANTS_PURGE, AUDITED, "ii", "", "DELETE FROM role_grant WHERE root_no = $1 AND principal_no = $2")                          \
        X(CREDENTIALS_PURGE, AUDITED, "ii", "", "DELETE FROM credential WHERE root_no = $1 AND owner_no = $2")                         \
        X(TOMBSTONE_PUT, AUDITED, "iiibi", "",                                                                                         \
                "INSERT INTO tombstone (root_no, connection_no, kind, subject_hash, until_us) VALUES ($1, $2, $3, $4, $5) ON CONFLICT "\
                "(root_no, connection_no, kind, subject_hash) DO UPDATE SET until_us = excluded.until_us")                             \
        X(LEDGER_ABOUT, READ, "iiii", "i",                                                                                             \
                "SELECT seq FROM ledger WHERE root_no = $1 AND seq > $2 AND object_no = $3 AND body <> '' ORDER BY seq LIMIT $4")      \
        X(LEDGER_BLANK, AUDITED, "iib", "", "UPDATE ledger SET body = '', salt = $3 WHERE root_no = $1 AND seq = $2")                  \
        X(COUNT_LESS, AUDITED, "iiii", "",                                                                                             \
                "UPDATE resource_count SET live = live - $4 WHERE root_no = $1 AND kind = $2 AND connection_no = $3")                  \
        X(MEMBER_ADD, AUDITED, "iiiiii", "",                                                                                 \
                "INSERT INTO member (root_no, container_no, member_no, source_no, rule_no, created_us) VALUES ($1, $2, $3, $4, " \
                "$5, $6) ON CONFLICT DO NOTHING")                                                                            \
        X(MEMBER_REMOVE, AUDITED, "iiii", "",                                                                                \
                "DELETE FROM member WHERE root_no = $1 AND container_no = $2 AND member_no = $3 AND source_no = $4 AND " \
                "rule_no = 0")         \
        X(CONTAINER_LEAVE, AUDITED, "iii", "",                 \
                "DELETE FROM member WHERE root_no = $1 AND container_no = $2 AND source_no = $3 AND rule_no = 0")       \
        X(CONTAINER_MOVE, AUDITED, "iiii", "",                                                                                         \
                "INSERT INTO member (root_no, container_no, member_no, source_no, rule_no, created_us) SELECT root_no, $4, member_no, " \
                "source_no, rule_no, created_us FROM member WHERE root_no = $1 AND container_no = $2 AND source_no = $3 AND rule_no = 0 AND "           \
                "member_no <> $4 ON CONFLICT DO NOTHING")                                                                               \
        X(MEMBER_SOURCES, READ, "iii", "i",                                                                                  \
                "SELECT source_no FROM member WHERE root_no = $1 AND container_no = $2 AND member_no = $3 ORDER BY source_no " \
                "LIMIT 100")                                                                                                 \
        X(MEMBER_LIST, READ, "iiii", "iittiii",                                                                               \
                "SELECT m.member_no, m.source_no, r.id, r.doc, r.kind, r.active, m.rule_no FROM member m JOIN resource r ON r.root_no = " \
                "+m.root_no AND r.no = m.member_no WHERE m.root_no = $1 AND m.container_no = $2 AND m.member_no > $3 AND "    \
                "NOT r.deleted_us > 0 ORDER BY m.member_no, m.source_no, m.rule_no LIMIT $4")                                              \
        X(MEMBER_LIST_SOURCE, READ, "iiiii", "iti",                                                                          \
                "SELECT m.member_no, r.id, r.kind FROM member m JOIN resource r ON r.root_no = +m.root_no AND r.no = m.member_no " \
                "WHERE m.root_no = $1 AND m.container_no = $2 AND m.source_no = $3 AND m.rule_no = 0 AND m.member_no > $4 AND NOT r.deleted_us > 0 " \
                "ORDER BY m.member_no LIMIT $5")                                                                             \
        /* A source's own edges alone: rules give no group a group, and what they gave a user ends with his claim. */                      \
        X(MEMBER_GROUPS, READ, "iii", "iit",                                                                                 \
                "SELECT m.container_no, m.source_no, r.id FROM member m JOIN resource r ON r.root_no = +m.root_no AND r.no = " \
                "m.container_no WHERE m.root_no = $1 AND m.member_no = $2 AND m.rule_no = 0 AND +r.kind = 3 AND NOT r.deleted_us > 0 " \
                "ORDER BY m.container_no, m.source_no LIMIT $3")                                                             \
        X(MEMBER_GROUPS_SOURCE, READ, "iiiii", "it",                                                                         \
                "SELECT m.container_no, r.id FROM member m JOIN resource r ON r.root_no = +m.root_no AND r.no = "             \
                "m.container_no WHERE m.root_no = $1 AND m.member_no = $2 AND m.container_no > $4 AND m.source_no = $3 AND "  \
                "m.rule_no = 0 AND +r.kind = 3 AND NOT r.deleted_us > 0 ORDER BY m.container_no LIMIT $5")                       \
        X(GRANT_INSERT, AUDITED, "iiiiitiiiii", "",                                                                          \
                "INSERT INTO role_grant (root_no, no, scope_no, principal_no, role_no, privilege, from_us, until_us, source_no, " \
                "rule_no, granted_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)")                                \
        X(GRANT_WINDOW, AUDITED, "iiii", "",                                                                                 \
                "UPDATE role_grant SET from_us = $3, until_us = $4 WHERE root_no = $1 AND no = $2")                          \
        X(GRANT_DELETE, AUDITED, "ii", "",                                                                                   \
                "DELETE FROM role_grant WHERE root_no = $1 AND no = $2")                                                     \
        X(GRANT_GET, READ, "ii", "iiitiiiii",                                                                                  \
                "SELECT scope_no, principal_no, role_no, privilege, from_us, until_us, granted_by, source_no, rule_no FROM role_grant WHERE root_no " \
                "= $1 AND no = $2")                                                                                          \
        X(GRANT_LASTING, READ, "iiiii", "i",                                                                                 \
                "SELECT no FROM role_grant WHERE root_no = $1 AND principal_no = $2 AND scope_no = $3 AND role_no = $4 AND " \
                "from_us <= $5 AND until_us = 0 ORDER BY +no LIMIT 1")                                                       \
        X(CREDENTIAL_INSERT, AUDITED, "iiiitbiii", "",                                                                       \
                "INSERT INTO credential (root_no, no, owner_no, kind, label, hash, scopes, created_us, expires_us, last_used_us, " \
                "revoked_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0)")                                             \
        X(CREDENTIAL_GET, READ, "ii", "iiiii",                                                                               \
                "SELECT owner_no, kind, scopes, expires_us, revoked_us FROM credential WHERE root_no = $1 AND no = $2")      \
        X(CREDENTIAL_LIST, READ, "ii", "iiiii",                                                                              \
                "SELECT no, created_us, expires_us, last_used_us, scopes FROM credential WHERE root_no = $1 AND owner_no = $2 AND "  \
                "revoked_us = 0 ORDER BY +no LIMIT 100")                                                                      \
        /* $4: bits that stay as they are. */                                                                                           \
        X(CREDENTIAL_FLAGS, AUDITED, "iiii", "",                                                                                        \
                "UPDATE credential SET scopes = (scopes & $4) | $3 WHERE root_no = $1 AND owner_no = $2 AND revoked_us = 0")            \
        X(CREDENTIAL_WHOLE, READ, "ii", "iibii",                                                                                        \
                "SELECT no, kind, hash, scopes, expires_us FROM credential WHERE root_no = $1 AND owner_no = $2 AND revoked_us = 0 "   \
                "ORDER BY +no LIMIT 100")                                                                                               \
        X(ACTOR_CHECK, READ, "ii", "iiiii",                                                                                            \
                "SELECT c.owner_no, c.expires_us, c.revoked_us, r.active, o.active FROM credential c JOIN resource r ON "              \
                "r.root_no = +c.root_no AND r.no = c.owner_no JOIN resource o ON o.root_no = +r.root_no AND o.no = r.org_no "             \
                "WHERE c.root_no = $1 AND c.no = $2 AND NOT r.deleted_us > 0 AND NOT o.deleted_us > 0")                                      \
        X(CREDENTIAL_REVOKE, AUDITED, "iii", "",                                                                             \
                "UPDATE credential SET revoked_us = $3 WHERE root_no = $1 AND no = $2 AND revoked_us = 0")                   \
        /* Over all roots: unrevoked tokens of what is active that end within $2 from $1, live longer than that, and were not warned of so \
         * late; $3: the same in days. */                                                                                              \
        X(CREDENTIAL_ENDING, READ, "iiii", "iiiiit",                                                                                   \
                "SELECT c.root_no, c.no, c.owner_no, c.expires_us, r.kind, r.id FROM credential c CROSS JOIN resource r WHERE "        \
                "c.revoked_us = 0 AND c.expires_us > $1 AND c.expires_us <= $1 + $2 AND c.expires_us - c.created_us > $2 AND "         \
                "(c.warned_days = 0 OR c.warned_days > $3) AND r.root_no = +c.root_no AND r.no = c.owner_no AND +r.active = 1 AND "     \
                "NOT r.deleted_us > 0 ORDER BY c.expires_us LIMIT $4")                                                                    \
        X(CREDENTIAL_WARN, AUDITED, "iii", "",                                                                                         \
                "UPDATE credential SET warned_days = $3 WHERE root_no = $1 AND no = $2 AND revoked_us = 0 AND (warned_days = 0 OR "    \
                "warned_days > $3)")                                                                                                   \
        X(CREDENTIAL_USED, PLAIN, "iii", "",                                                                                 \
                "UPDATE credential SET last_used_us = $3 WHERE root_no = $1 AND no = $2")                                    \
        X(COUNT_UP, AUDITED, "iii", "",                                                                                      \
                "INSERT INTO resource_count (root_no, kind, connection_no, live) VALUES ($1, $2, $3, 1) ON CONFLICT (root_no, " \
                "kind, connection_no) DO UPDATE SET live = resource_count.live + 1")                                         \
        X(COUNT_DOWN, AUDITED, "iii", "",                                                                                    \
                "UPDATE resource_count SET live = live - 1 WHERE root_no = $1 AND kind = $2 AND connection_no = $3")         \
        X(COUNT_READ, READ, "iii", "i",                                                                                      \
                "SELECT live FROM resource_count WHERE root_no = $1 AND kind = $2 AND connection_no = $3")

#endif
