/* SPDX-License-Identifier: Apache-2.0
 *
 * Statements over `ledger` and `checkpoint` (src/ledger). */
#ifndef STORE_STATEMENTS_LEDGER_H
#define STORE_STATEMENTS_LEDGER_H

#define STATEMENTS_LEDGER(X)                                                                                                              \
        X(LEDGER_INSERT, AUDITED, "iiiitiiiibbtbb", "",                                                                                   \
                "INSERT INTO ledger (root_no, seq, at_us, class, event, actor_kind, actor_no, object_kind, object_no, change_id, salt, "  \
                "body, body_hash, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)")                            \
        X(LEDGER_AFTER, READ, "iii", "iiitiiiibbtbb",                                                                                     \
                "SELECT seq, at_us, class, event, actor_kind, actor_no, object_kind, object_no, change_id, salt, body, body_hash, hash "  \
                "FROM ledger WHERE root_no = $1 AND seq > $2 ORDER BY seq LIMIT $3")                                                      \
        X(LEDGER_CHANGE_AFTER, READ, "iib", "i",                                                                                          \
                "SELECT seq FROM ledger WHERE root_no = $1 AND seq > $2 AND change_id = $3 ORDER BY seq LIMIT 1")                         \
        /* The id of a resource in any state, for showing old entries: deleted is shown, purged is gone. */                               \
        X(LEDGER_RESOURCE_ID, READ, "ii", "t", "SELECT id FROM resource WHERE root_no = $1 AND no = $2")                                  \
        X(LEDGER_TIME, READ, "ii", "i", "SELECT at_us FROM ledger WHERE root_no = $1 AND seq = $2")                                      \
        X(LEDGER_OF_ACTOR, READ, "iiiiii", "itit",                                                                                        \
                "SELECT seq, event, object_no, body FROM ledger WHERE root_no = $1 AND seq <= $2 AND seq >= $3 AND class = 1 AND "        \
                "actor_kind = $4 AND actor_no = $5 ORDER BY seq DESC LIMIT $6")                                                           \
        X(LEDGER_COUNT_OF_ACTOR, READ, "iiii", "iii",                                                                                     \
                "SELECT object_kind, COUNT(DISTINCT object_no), COUNT(*) FROM ledger WHERE root_no = $1 AND seq >= $2 AND class = 1 AND " \
                "actor_kind = $3 AND actor_no = $4 AND event <> 'created' GROUP BY object_kind ORDER BY object_kind")                     \
        X(CHECKPOINT_INSERT, PLAIN, "iiibtb", "",                                                                                         \
                "INSERT INTO checkpoint (root_no, seq, at_us, hash, key_id, signature) VALUES ($1, $2, $3, $4, $5, $6) "                  \
                "ON CONFLICT DO NOTHING")                                                                                                 \
        X(CHECKPOINT_AFTER, READ, "iii", "iibtb",                                                                                         \
                "SELECT seq, at_us, hash, key_id, signature FROM checkpoint WHERE root_no = $1 AND seq > $2 ORDER BY seq LIMIT $3")       \
        X(CHECKPOINT_AT, READ, "ii", "iibtb",                                                                                             \
                "SELECT seq, at_us, hash, key_id, signature FROM checkpoint WHERE root_no = $1 AND seq = $2")                             \
        X(CHECKPOINT_NEWEST, READ, "i", "iibtb",                                                                                          \
                "SELECT seq, at_us, hash, key_id, signature FROM checkpoint WHERE root_no = $1 ORDER BY seq DESC LIMIT 1")                \
        X(CHECKPOINT_DUE, READ, "ii", "itib",                                                                                             \
                "SELECT root_no, handle, revision, last_hash FROM root WHERE root_no > $1 AND revision > (SELECT "                        \
                "COALESCE(MAX(checkpoint.seq), 0) FROM checkpoint WHERE checkpoint.root_no = root.root_no) ORDER BY root_no LIMIT $2")

#endif
