/* SPDX-License-Identifier: Apache-2.0
 *
 * Appends one entry inside a write job: one INSERT, and the root's row in memory moves on. The root row is locked, so a root's chain is
 * serial; times never run backwards. Also the table of events. */
#include <assert.h>
#include <string.h>
#include "base/auto.h"
#include "base/clock.h"
#include "ledger/entry.h"

AUTO_DEFINE(struct hash *, hash_free)

static const struct {
        const char *name;
        enum ledger_class class;
} events[LEDGER_EVENT_COUNT] = {
#define X(code, name, class) [code] = { name, class },
        LEDGER_EVENTS(X)
#undef X
};

const char *ledger_event_name(enum ledger_event event)
{
        assert((unsigned)event < LEDGER_EVENT_COUNT);
        return events[event].name;
}

enum ledger_class ledger_event_class(enum ledger_event event)
{
        assert((unsigned)event < LEDGER_EVENT_COUNT);
        return events[event].class;
}

void entry_hash_body(struct hash *hash, const unsigned char salt[SALT_SIZE], const char *body, size_t length, unsigned char ret[HASH_SIZE])
{
        hash_part(hash, salt, SALT_SIZE);
        hash_part(hash, body, length);
        hash_finish(hash, ret);
}

void entry_hash(struct hash *hash, const unsigned char previous[HASH_SIZE], const struct entry *entry, unsigned char ret[HASH_SIZE])
{
        hash_part(hash, previous, HASH_SIZE);
        hash_part_i64(hash, entry->seq);
        hash_part_i64(hash, entry->at_us);
        hash_part_i64(hash, entry->class);
        hash_part(hash, entry->event, entry->event_length);
        hash_part_i64(hash, entry->actor_kind);
        hash_part_i64(hash, entry->actor_no);
        hash_part_i64(hash, entry->object_kind);
        hash_part_i64(hash, entry->object_no);
        hash_part(hash, entry->change_id, CHANGE_ID_SIZE);
        hash_part(hash, entry->body_hash, HASH_SIZE);
        hash_finish(hash, ret);
}

static enum err entry_store(struct session *session, int64_t root_no, const struct entry *entry, const unsigned char salt[SALT_SIZE],
        const char *body, const unsigned char hash[HASH_SIZE], struct fault *fault)
{
        enum err e = session_run(session, ST_LEDGER_INSERT, NULL, fault, V_I64(root_no), V_I64(entry->seq), V_I64(entry->at_us),
                V_I64(entry->class), V_TEXT(entry->event), V_I64(entry->actor_kind), V_I64(entry->actor_no), V_I64(entry->object_kind),
                V_I64(entry->object_no), V_BYTES(entry->change_id, CHANGE_ID_SIZE), V_BYTES(salt, SALT_SIZE), V_TEXT(body),
                V_BYTES(entry->body_hash, HASH_SIZE), V_BYTES(hash, HASH_SIZE));
        if (e == ERR_TAKEN)
                return fault_set(
                        fault, ERR_INTERNAL, "", "The ledger already holds entry %lld: run `muster audit verify`.", (long long)entry->seq);
        return e;
}

enum err ledger_append(struct session *session, int64_t root_no, const struct ledger_entry *entry, int64_t *ret_seq, int64_t *ret_at_us,
        struct fault *fault)
{
        assert(entry->actor && entry->body && entry->body[0] == '{' && (unsigned)entry->event < LEDGER_EVENT_COUNT);
        struct root_row *root;
        enum err e = session_root(session, root_no, &root, fault);
        if (e)
                return e;
        AUTO(hash_free) struct hash *hash = hash_new();
        if (!hash)
                return fault_set(fault, ERR_MEMORY, "", "No memory to hash a ledger entry.");
        int64_t now_us = clock_stored_us();
        struct entry row = {
                .seq = root->revision + 1,
                .at_us = now_us > root->last_us ? now_us : root->last_us,
                .class = events[entry->event].class,
                .event = events[entry->event].name,
                .event_length = strlen(events[entry->event].name),
                .actor_kind = entry->actor->kind,
                .actor_no = entry->actor->no,
                .object_kind = entry->object_kind,
                .object_no = entry->object_no,
                .change_id = entry->change_id,
        };
        unsigned char salt[SALT_SIZE], head[HASH_SIZE];
        ident_random(salt, sizeof salt);
        entry_hash_body(hash, salt, entry->body, strlen(entry->body), row.body_hash);
        entry_hash(hash, root->last_hash, &row, head);
        e = entry_store(session, root_no, &row, salt, entry->body, head, fault);
        if (e)
                return e;
        root->revision = row.seq;
        root->last_us = row.at_us;
        memcpy(root->last_hash, head, HASH_SIZE);
        session_mark_audited(session);
        *ret_seq = row.seq;
        *ret_at_us = row.at_us;
        return ERR_OK;
}

enum err ledger_has_change(struct session *session, int64_t root_no, int64_t after_seq, const unsigned char change_id[CHANGE_ID_SIZE],
        bool *ret, struct fault *fault)
{
        return session_query_any(
                session, ST_LEDGER_CHANGE_AFTER, ret, fault, V_I64(root_no), V_I64(after_seq), V_BYTES(change_id, CHANGE_ID_SIZE));
}
