/* SPDX-License-Identifier: Apache-2.0
 *
 * The rows of table root that a write transaction holds: locked on first use, seen and changed by jobs in memory, written back once
 * before COMMIT. A job that rolls back leaves no trace in them. The lock makes a root's history serial. */
#include <stdlib.h>
#include <string.h>
#include "store/engine.h"

void session_job_begin(struct session *session)
{
        session->ran_audited = session->marked_audited = session->wrote = false;
        session->failed = ERR_OK;
        session->connection->failure = FAILURE_NONE;
}

void session_mark_audited(struct session *session)
{
        assert(session->writer);
        session->marked_audited = true;
}

static struct root_slot *slot_new(struct session *session)
{
        if (session->root_count == session->root_capacity) {
                size_t capacity = session->root_capacity ? 2 * session->root_capacity : 8;
                /* An array of pointers, so that a job's row stays where it is. NOLINTNEXTLINE(bugprone-sizeof-expression) */
                struct root_slot **roots = realloc(session->roots, capacity * sizeof *roots);
                if (!roots)
                        return NULL;
                session->roots = roots;
                while (session->root_capacity < capacity)
                        roots[session->root_capacity++] = NULL;
        }
        struct root_slot **slot = &session->roots[session->root_count];
        if (!*slot)
                *slot = malloc(sizeof **slot);
        return *slot;
}

static enum err root_lock(struct session *session, int64_t root_no, struct root_row *ret, struct fault *fault)
{
        auto_result result = { 0 };
        bool found;
        enum err e = session_query(session, ST_ROOT_LOCK, &result, fault, V_I64(root_no));
        if (e)
                return e;
        e = result_next(&result, &found, fault);
        if (e)
                return e;
        if (!found)
                return fault_set(fault, ERR_NOT_FOUND, "", "there is no such root organisation");
        size_t handle_length, hash_length;
        const char *handle = result_text(&result, 0, &handle_length);
        const unsigned char *hash = result_bytes(&result, 3, &hash_length);
        if (handle_length >= HANDLE_SIZE || hash_length != HASH_SIZE)
                return fault_set(fault, ERR_INTERNAL, "", "the row of root %lld is damaged", (long long)root_no);
        struct root_row row = {
                .root_no = root_no,
                .epoch = result_i64(&result, 1),
                .revision = result_i64(&result, 2),
                .last_us = result_i64(&result, 4),
                .next_no = result_i64(&result, 5),
                .schemas_revision = result_i64(&result, 6),
                .proved_domains = result_i64(&result, 7),
                .rules_revision = result_i64(&result, 8),
        };
        row.committed_revision = row.revision;
        memcpy(row.handle, handle, handle_length);
        memcpy(row.last_hash, hash, HASH_SIZE);
        *ret = row;
        return ERR_OK;
}

enum err session_root(struct session *session, int64_t root_no, struct root_row **ret, struct fault *fault)
{
        assert(session->writer);
        for (size_t i = 0; i < session->root_count; i++)
                if (session->roots[i]->row.root_no == root_no) {
                        *ret = &session->roots[i]->row;
                        return ERR_OK;
                }
        struct root_slot *slot = slot_new(session);
        if (!slot)
                return fault_set(fault, ERR_MEMORY, "", "no memory to lock a root");
        enum err e = root_lock(session, root_no, &slot->row, fault);
        if (e)
                return e;
        slot->kept = slot->stored = slot->row;
        slot->locked_by_job = true;
        session->root_count++;
        *ret = &slot->row;
        return ERR_OK;
}

void session_roots_keep(struct session *session)
{
        for (size_t i = 0; i < session->root_count; i++) {
                session->roots[i]->kept = session->roots[i]->row;
                session->roots[i]->locked_by_job = false;
        }
}

void session_roots_restore(struct session *session)
{
        /* Slots locked by this job are the last ones: jobs run one after the other. */
        while (session->root_count && session->roots[session->root_count - 1]->locked_by_job)
                session->root_count--;
        for (size_t i = 0; i < session->root_count; i++)
                session->roots[i]->row = session->roots[i]->kept;
}

void session_roots_forget(struct session *session)
{
        session->root_count = 0;
}

static bool root_is_stored(const struct root_slot *slot)
{
        const struct root_row *row = &slot->row, *stored = &slot->stored;
        return row->revision == stored->revision && row->last_us == stored->last_us && row->next_no == stored->next_no &&
               row->schemas_revision == stored->schemas_revision && row->proved_domains == stored->proved_domains &&
               row->rules_revision == stored->rules_revision && !memcmp(row->last_hash, stored->last_hash, HASH_SIZE);
}

enum err session_roots_store(struct session *session, struct fault *fault)
{
        for (size_t i = 0; i < session->root_count; i++) {
                const struct root_row *row = &session->roots[i]->row;
                if (root_is_stored(session->roots[i]))
                        continue;
                enum err e = session_run(session, ST_ROOT_STORE, NULL, fault, V_I64(row->root_no), V_I64(row->revision),
                        V_BYTES(row->last_hash, HASH_SIZE), V_I64(row->last_us), V_I64(row->next_no), V_I64(row->schemas_revision),
                        V_I64(row->proved_domains), V_I64(row->rules_revision));
                if (e)
                        return e;
        }
        return ERR_OK;
}

enum err session_roots_lock_again(struct session *session, const int64_t *root_nos, size_t count, struct fault *fault)
{
        for (size_t i = 0; i < count; i++) {
                struct root_row row;
                enum err e = root_lock(session, root_nos[i], &row, fault);
                if (e && e != ERR_NOT_FOUND)
                        return e;
        }
        return ERR_OK;
}
