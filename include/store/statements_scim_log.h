/* SPDX-License-Identifier: Apache-2.0
 *
 * Statements over `scim_log`, `scim_log_about` and `pulse` (src/directory/scim_log, health). Ages are judged over all roots at once:
 * nothing of a tenant is read by them. */
/* clang-format off */
#ifndef STORE_STATEMENTS_SCIM_LOG_H
#define STORE_STATEMENTS_SCIM_LOG_H

#define L_COLUMNS \
        "l.no, l.connection_no, l.credential_no, l.method, l.status, l.duration_us, l.path, l.request_id, l.resource_id, l.scim_type, " \
        "l.field, l.fields, l.leniencies, l.sealed, r.id, l.note"
#define L_KINDS "iiiiiittttttt" "itt"
#define L_FROM " FROM scim_log l JOIN resource r ON r.root_no = +l.root_no AND r.no = l.connection_no WHERE l.root_no = $1 AND "

#define STATEMENTS_SCIM_LOG(X) \
        X(SCIM_LOG_INSERT, PLAIN, "iiiiiiittttttt" "ibti", "",                                                                              \
                "INSERT INTO scim_log (root_no, no, connection_no, credential_no, method, status, duration_us, path, request_id, "  \
                "resource_id, scim_type, field, fields, leniencies, sealed, body, note, partly_refused) VALUES ($1, $2, $3, $4, $5, $6, "   \
                "$7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) ON CONFLICT DO NOTHING")                                          \
        /* Of at least a status, or partly refused: 1 asks for these, too, 2 for none. */                                                   \
        X(SCIM_LOG_AFTER, READ, "iiiii", L_KINDS,                                                                                           \
                "SELECT " L_COLUMNS L_FROM "l.no > $2 AND (l.status >= $3 OR l.partly_refused >= $4) ORDER BY l.no LIMIT $5")               \
        X(SCIM_LOG_AFTER_OF, READ, "iiiiii", L_KINDS,                                                                                       \
                "SELECT " L_COLUMNS L_FROM "l.connection_no = $2 AND l.no > $3 AND (l.status >= $4 OR l.partly_refused >= $5) ORDER BY "    \
                "l.no LIMIT $6")                                                                                                            \
        X(SCIM_LOG_TAIL, READ, "iiii", "i",                                                                                                 \
                "SELECT no FROM scim_log WHERE root_no = $1 AND (status >= $2 OR partly_refused >= $3) ORDER BY no DESC LIMIT 1 OFFSET "    \
                "$4")                                                                                                                       \
        X(SCIM_LOG_TAIL_OF, READ, "iiiii", "i",                                                                                             \
                "SELECT no FROM scim_log WHERE root_no = $1 AND connection_no = $2 AND (status >= $3 OR partly_refused >= $4) ORDER BY "    \
                "no DESC LIMIT 1 OFFSET $5")                                                                                                \
        X(SCIM_LOG_ONE, READ, "ii", L_KINDS, "SELECT " L_COLUMNS L_FROM "l.no = $2")                                                \
        X(SCIM_LOG_BODY, READ, "ii", "b", "SELECT body FROM scim_log WHERE root_no = $1 AND no = $2 AND sealed = 1")                \
        X(SCIM_LOG_FORGET, PLAIN, "ibi", "",                                                                                        \
                "UPDATE scim_log SET sealed = 0, body = $2 WHERE (root_no, no) IN (SELECT root_no, no FROM scim_log WHERE "         \
                "sealed = 1 AND no < $1 ORDER BY no LIMIT $3)")                                                                     \
        /* Of a purged person: that there was a request stays, about whom does not. */                                              \
        X(SCIM_LOG_BLANK, PLAIN, "itb", "",                                                                                         \
                "UPDATE scim_log SET path = '', resource_id = '', field = '', fields = '', note = '', sealed = 0, body = $3 WHERE root_no = $1 " \
                "AND resource_id = $2 AND resource_id <> ''")                                                                       \
        /* Of a purged person, too: what names nobody in particular may speak of him. */                                            \
        X(SCIM_LOG_FORGET_LOOSE, PLAIN, "ib", "",                                                                                   \
                "UPDATE scim_log SET sealed = 0, body = $2 WHERE root_no = $1 AND sealed = 1 AND resource_id = ''")                 \
        /* Of a purged person, too: what the rows of others say of him. */                                                          \
        X(SCIM_LOG_ABOUT_PUT, PLAIN, "iti", "",                                                                                     \
                "INSERT INTO scim_log_about (root_no, resource_id, no) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")                 \
        X(SCIM_LOG_ABOUT_BLANK, PLAIN, "it", "",                                                                                    \
                "UPDATE scim_log SET note = '' WHERE (root_no, no) IN (SELECT root_no, no FROM scim_log_about WHERE root_no = $1 "  \
                "AND resource_id = $2)")                                                                                            \
        X(SCIM_LOG_ABOUT_FORGET, PLAIN, "it", "", "DELETE FROM scim_log_about WHERE root_no = $1 AND resource_id = $2")             \
        X(SCIM_LOG_ABOUT_PURGE, PLAIN, "ii", "",                                                                                    \
                "DELETE FROM scim_log_about WHERE (root_no, resource_id, no) IN (SELECT root_no, resource_id, no FROM "             \
                "scim_log_about WHERE no < $1 ORDER BY no LIMIT $2)")                                                               \
        X(PULSE_GET, READ, "ii", "iiiiiii",                                                                                         \
                "SELECT last_us, success_us, cycle_us, cycles, gap_1_us, gap_2_us, gap_3_us FROM pulse WHERE root_no = $1 AND "     \
                "connection_no = $2")                                                                                               \
        X(PULSE_PUT, PLAIN, "iiiiiiiii", "",                                                                                        \
                "INSERT INTO pulse (root_no, connection_no, last_us, success_us, cycle_us, cycles, gap_1_us, gap_2_us, gap_3_us) "  \
                "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (root_no, connection_no) DO UPDATE SET last_us = "         \
                "excluded.last_us, success_us = excluded.success_us, cycle_us = excluded.cycle_us, cycles = excluded.cycles, "      \
                "gap_1_us = excluded.gap_1_us, gap_2_us = excluded.gap_2_us, gap_3_us = excluded.gap_3_us")                         \
        /* Over all roots, for one number without names; a resource for each row, whatever the planner knows of the tables. */       \
        X(PULSE_OLDEST, READ, "i", "i",                                                                                             \
                "SELECT p.success_us FROM pulse p WHERE p.success_us > 0 AND (SELECT r.active FROM resource r WHERE r.root_no = "   \
                "p.root_no AND r.no = p.connection_no AND NOT r.deleted_us > 0) = 1 ORDER BY p.success_us LIMIT $1")                   \
        /* What was refused whole, or, of a Bulk, in part. */                                                                               \
        X(PULSE_REFUSALS, READ, "iiii", "iittt",                                                                                            \
                "SELECT COUNT(*), status, scim_type, field, CASE WHEN MIN(note) = MAX(note) THEN MIN(note) ELSE '' END FROM "               \
                "(SELECT status, scim_type, field, note FROM scim_log WHERE root_no = $1 AND connection_no = $2 AND no > $3 AND "           \
                "(status >= 400 OR partly_refused = 1) ORDER BY no DESC LIMIT $4) newest GROUP BY status, scim_type, field "                \
                "ORDER BY 1 DESC, status, scim_type, field")                                                                                \
        /* By the index of ages, which serves nothing else: its expression keeps planners from walking all roots for the rows of one. */    \
        X(SCIM_LOG_PURGE, PLAIN, "ii", "",                                                                                          \
                "DELETE FROM scim_log WHERE (root_no, no) IN (SELECT root_no, no FROM scim_log WHERE no + 0 < $1 ORDER BY no + 0 LIMIT $2)")

#endif
