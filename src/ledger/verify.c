/* SPDX-License-Identifier: Apache-2.0
 *
 * Recomputes a root's chain from its rows and holds it against everything that vouches for it: the root's row, the signed checkpoints,
 * and one checkpoint from outside. Rows and checkpoints are walked together in order of seq, so the first thing wrong is the first that
 * is named. A chain begins at 1, or behind the signed checkpoint that the caller names (retention): nobody else can tell a cut from a
 * deletion, since whoever deletes finds checkpoints in the database. What nobody signed yet (the tail) can be cut or rebuilt together
 * with the root's row without a trace inside the database: the report says how long it is. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/auto.h"
#include "base/text.h"
#include "ledger/entry.h"

#define ROWS_A_PAGE 1000
#define CHECKPOINTS_A_PAGE 200

AUTO_DEFINE(struct hash *, hash_free)

struct verification {
        struct session *session;
        int64_t root_no;
        const struct checkpoint_key *key;
        const struct checkpoint *external; /* NULL, or parsed */
        int64_t from_checkpoint;
        struct checkpoint parsed;
        struct hash *hash;
        struct verify_report *report;
        struct fault *fault;
        char handle[HANDLE_SIZE];
        int64_t revision;                   /* of the root's row */
        unsigned char last_hash[HASH_SIZE]; /* of the root's row */
        unsigned char head[HASH_SIZE];      /* of the last good entry */
        int64_t vouched_seq;                /* the newest signed checkpoint that agrees */
        int64_t checkpoint_after;           /* the last checkpoint fetched */
        struct checkpoint checkpoints[CHECKPOINTS_A_PAGE];
        int checkpoint_count, checkpoint_next;
};

static enum err tampered(struct verification *v, int64_t seq, const char *format, ...) FORMAT(3, 4);
static enum err tampered(struct verification *v, int64_t seq, const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(v->report->reason, sizeof v->report->reason, format, arguments);
        va_end(arguments);
        v->report->bad_seq = seq;
        return fault_set(v->fault, ERR_TAMPERED, "", "Entry %lld: %s", (long long)seq, v->report->reason);
}

static enum err read_root(struct verification *v)
{
        auto_result result = { 0 };
        bool found;
        enum err e = session_query(v->session, ST_ROOT_READ, &result, v->fault, V_I64(v->root_no));
        if (!e)
                e = result_next(&result, &found, v->fault);
        if (e)
                return e;
        if (!found)
                return fault_set(v->fault, ERR_NOT_FOUND, "", "There is no such root organisation.");
        size_t length;
        const unsigned char *hash = result_bytes(&result, 4, &length);
        strncpy(v->handle, result_text(&result, 1, NULL), HANDLE_SIZE - 1);
        v->revision = result_i64(&result, 3);
        if (length == HASH_SIZE) /* else it stays zero and agrees with no chain */
                memcpy(v->last_hash, hash, HASH_SIZE);
        return ERR_OK;
}

/* Fetches the next page when the last is used up; then checkpoint_next < checkpoint_count unless there is none left. */
static enum err fetch_checkpoints(struct verification *v)
{
        if (v->checkpoint_next < v->checkpoint_count || (v->checkpoint_count < CHECKPOINTS_A_PAGE && v->checkpoint_after >= 0))
                return ERR_OK;
        auto_result result = { 0 };
        bool more = true;
        v->checkpoint_count = v->checkpoint_next = 0;
        enum err e = session_query(v->session, ST_CHECKPOINT_AFTER, &result, v->fault, V_I64(v->root_no), V_I64(v->checkpoint_after),
                V_I64(CHECKPOINTS_A_PAGE));
        while (!e && !(e = result_next(&result, &more, v->fault)) && more) {
                struct checkpoint *checkpoint = &v->checkpoints[v->checkpoint_count];
                if (!checkpoint_from_row(&result, checkpoint))
                        return tampered(v, checkpoint->seq, "the checkpoint here was edited: its row is not well formed");
                v->checkpoint_after = checkpoint->seq;
                v->checkpoint_count++;
        }
        if (!e && v->checkpoint_after < 0)
                v->checkpoint_after = 0;
        return e;
}

/* Holds one checkpoint against the chain, whose head is now at its seq. */
static enum err checkpoint_judge(struct verification *v, const struct checkpoint *checkpoint, const char *which)
{
        if (v->key && strcmp(checkpoint->key_id, checkpoint_key_id(v->key)) != 0)
                return tampered(v, checkpoint->seq, "the %s here names key %s, not the key given", which, checkpoint->key_id);
        if (v->key && !checkpoint_is_signed(checkpoint, v->handle, v->key))
                return tampered(v, checkpoint->seq, "the %s here was edited: its signature does not fit", which);
        if (memcmp(checkpoint->hash, v->head, HASH_SIZE) != 0)
                return tampered(v, v->vouched_seq + 1,
                        "the chain was rebuilt: the %s at %lld has another hash, so nothing after %lld can be trusted", which,
                        (long long)checkpoint->seq, (long long)v->vouched_seq);
        if (v->key) {
                v->report->checkpoints++;
                v->vouched_seq = checkpoint->seq;
        }
        return ERR_OK;
}

/* All checkpoints at or before `seq`, where the head of the chain is. */
static enum err checkpoints_reach(struct verification *v, int64_t seq)
{
        for (;;) {
                enum err e = fetch_checkpoints(v);
                if (e)
                        return e;
                if (v->checkpoint_next == v->checkpoint_count || v->checkpoints[v->checkpoint_next].seq > seq)
                        break;
                const struct checkpoint *checkpoint = &v->checkpoints[v->checkpoint_next++];
                if (checkpoint->seq == seq && (e = checkpoint_judge(v, checkpoint, "checkpoint")))
                        return e;
        }
        if (v->external && v->external->seq == seq)
                return checkpoint_judge(v, v->external, "external checkpoint");
        return ERR_OK;
}

/* A beginning that the caller did not name: entries are missing before it. One that begins at 1 lost nothing. */
static enum err begin_elsewhere(struct verification *v, int64_t first_seq)
{
        long long first = (long long)first_seq, from = (long long)v->from_checkpoint;
        if (first_seq == 1)
                return fault_set(v->fault, ERR_VALUE, "from_checkpoint",
                        "The ledger begins at entry 1, not behind a checkpoint at %lld: verify it from its beginning.", from);
        if (!v->from_checkpoint)
                return tampered(v, 1, "missing: the ledger begins at entry %lld, so entries 1 to %lld were deleted", first, first - 1);
        return tampered(v, first_seq <= v->from_checkpoint ? first_seq : v->from_checkpoint + 1,
                "the ledger begins at entry %lld, not behind the checkpoint at %lld", first, from);
}

/* The chain begins at 1, or behind the checkpoint that the caller lets stand for what retention cut. */
static enum err chain_begin(struct verification *v, int64_t first_seq)
{
        v->report->first_seq = first_seq;
        if (first_seq < 1)
                return tampered(v, first_seq, "added: a ledger begins at 1");
        if (first_seq != v->from_checkpoint + 1)
                return begin_elsewhere(v, first_seq);
        if (first_seq == 1)
                return ERR_OK;
        auto_result result = { 0 };
        bool found;
        struct checkpoint before;
        enum err e = session_query(v->session, ST_CHECKPOINT_AT, &result, v->fault, V_I64(v->root_no), V_I64(first_seq - 1));
        if (!e)
                e = result_next(&result, &found, v->fault);
        if (e)
                return e;
        if (!found || !checkpoint_from_row(&result, &before) || !v->key || !checkpoint_is_signed(&before, v->handle, v->key))
                return tampered(
                        v, 1, "missing: the entries before %lld are gone and no signed checkpoint stands for them", (long long)first_seq);
        memcpy(v->head, before.hash, HASH_SIZE);
        v->report->last_seq = first_seq - 1;
        v->vouched_seq = first_seq - 1;
        return checkpoints_reach(v, first_seq - 1);
}

/* The digest of salt and body against the stored one; blanked is both or neither. */
static enum err body_judge(struct verification *v, const struct result *row, int64_t seq, unsigned char ret[HASH_SIZE])
{
        size_t salt_length, body_length, digest_length;
        const unsigned char *salt = result_bytes(row, 9, &salt_length);
        const char *body = result_text(row, 10, &body_length);
        const unsigned char *stored = result_bytes(row, 11, &digest_length);
        if (digest_length != HASH_SIZE)
                return tampered(v, seq, "edited: the digest of its body has a wrong size");
        if (!salt_length && !body_length) {
                memcpy(ret, stored, HASH_SIZE);
                v->report->blanked++;
                return ERR_OK;
        }
        if (salt_length != SALT_SIZE)
                return tampered(v, seq, "edited: its salt has a wrong size");
        entry_hash_body(v->hash, salt, body, body_length, ret);
        if (memcmp(ret, stored, HASH_SIZE) != 0)
                return tampered(v, seq, "edited: its body is not the one that was written");
        return ERR_OK;
}

static enum err entry_judge(struct verification *v, const struct result *row)
{
        int64_t seq = result_i64(row, 0);
        enum err e;
        if (!v->report->entries && (e = chain_begin(v, seq)))
                return e;
        if (seq != v->report->last_seq + 1)
                return tampered(v, v->report->last_seq + 1, "missing: entry %lld is followed by %lld", (long long)v->report->last_seq,
                        (long long)seq);
        size_t event_length, change_length, hash_length;
        const unsigned char *hash = result_bytes(row, 12, &hash_length);
        struct entry entry = {
                .seq = seq,
                .at_us = result_i64(row, 1),
                .class = result_i64(row, 2),
                .event = result_text(row, 3, &event_length),
                .actor_kind = result_i64(row, 4),
                .actor_no = result_i64(row, 5),
                .object_kind = result_i64(row, 6),
                .object_no = result_i64(row, 7),
                .change_id = result_bytes(row, 8, &change_length),
        };
        entry.event_length = event_length;
        e = body_judge(v, row, seq, entry.body_hash);
        if (e)
                return e;
        if (change_length != CHANGE_ID_SIZE || hash_length != HASH_SIZE)
                return tampered(v, seq, "edited: a column has a wrong size");
        unsigned char head[HASH_SIZE];
        entry_hash(v->hash, v->head, &entry, head);
        if (memcmp(head, hash, HASH_SIZE) != 0)
                return tampered(v, seq, "edited or moved: its hash does not follow from what it says and the entry before");
        memcpy(v->head, head, HASH_SIZE);
        v->report->entries++;
        v->report->last_seq = seq;
        return checkpoints_reach(v, seq);
}

static enum err chain_walk(struct verification *v)
{
        int64_t after = INT64_MIN;
        for (int count = ROWS_A_PAGE; count == ROWS_A_PAGE;) {
                auto_result result = { 0 };
                bool more = true;
                count = 0;
                enum err e =
                        session_query(v->session, ST_LEDGER_AFTER, &result, v->fault, V_I64(v->root_no), V_I64(after), V_I64(ROWS_A_PAGE));
                while (!e && !(e = result_next(&result, &more, v->fault)) && more) {
                        e = entry_judge(v, &result);
                        after = v->report->last_seq;
                        count++;
                }
                if (e)
                        return e;
        }
        return ERR_OK;
}

/* What stands behind the last entry: the root's row, checkpoints, the external checkpoint. */
static enum err tail_judge(struct verification *v)
{
        struct verify_report *report = v->report;
        int64_t last = report->last_seq;
        enum err e = fetch_checkpoints(v);
        if (e)
                return e;
        if (v->checkpoint_next < v->checkpoint_count)
                return tampered(v, last + 1, "cut: a checkpoint was signed at %lld", (long long)v->checkpoints[v->checkpoint_next].seq);
        if (v->external && v->external->seq > last)
                return tampered(v, last + 1, "cut: the external checkpoint was signed at %lld", (long long)v->external->seq);
        if (last < v->revision)
                return tampered(v, last + 1, "cut: the root's row counts %lld entries", (long long)v->revision);
        if (last > v->revision)
                return tampered(v, v->revision + 1, "added: the root's row counts only %lld entries", (long long)v->revision);
        if (memcmp(v->head, v->last_hash, HASH_SIZE) != 0)
                return tampered(v, last ? last : 1, "the root's row has another hash than the last entry");
        report->unsigned_tail = last - v->vouched_seq;
        return ERR_OK;
}

/* A checkpoint that cannot be held against the rows there are is the caller's error, not evidence. */
static enum err external_check(struct verification *v)
{
        if (v->key && !checkpoint_is_signed(v->external, v->handle, v->key))
                return fault_set(
                        v->fault, ERR_VALUE, "checkpoint", "The external checkpoint is not signed by key %s.", checkpoint_key_id(v->key));
        return ERR_OK;
}

static enum err verify(struct verification *v, const struct verify_terms *terms)
{
        enum err e = read_root(v);
        if (e)
                return e;
        v->from_checkpoint = terms ? terms->from_checkpoint : 0;
        if (v->from_checkpoint < 0 || v->from_checkpoint >= INT64_MAX)
                return fault_set(v->fault, ERR_VALUE, "from_checkpoint", "A checkpoint stands at an entry, whose number is 1 or more.");
        if (terms && terms->external) {
                e = checkpoint_parse(terms->external, v->handle, &v->parsed, v->fault);
                if (e)
                        return e;
                v->external = &v->parsed;
                e = external_check(v);
                if (e)
                        return e;
        }
        e = chain_walk(v);
        if (!e)
                e = tail_judge(v);
        if (!e && v->external && v->report->entries && v->external->seq < v->report->first_seq - 1)
                return fault_set(v->fault, ERR_VALUE, "checkpoint",
                        "The external checkpoint (entry %lld) is older than the first entry kept (%lld).", (long long)v->external->seq,
                        (long long)v->report->first_seq);
        return e;
}

enum err ledger_verify(struct session *session, int64_t root_no, const struct checkpoint_key *key, const struct verify_terms *terms,
        struct verify_report *ret, struct fault *fault)
{
        AUTO(hash_free) struct hash *hash = hash_new();
        auto_free_ struct verification *v = calloc(1, sizeof *v);
        if (!hash || !v)
                return fault_set(fault, ERR_MEMORY, "", "No memory to verify the ledger.");
        *ret = (struct verify_report){ 0 };
        v->session = session;
        v->root_no = root_no;
        v->key = key;
        v->hash = hash;
        v->report = ret;
        v->fault = fault;
        v->checkpoint_after = -1;
        enum err e = session_snapshot_begin(session, fault);
        if (e)
                return e;
        e = verify(v, terms);
        session_snapshot_end(session);
        return e;
}
