/* SPDX-License-Identifier: Apache-2.0
 *
 * Out of the bin (R12): restored by an administrator — same id, suspended — or purged for good. A purge removes the rows, leaves a
 * tombstone per connection, and blanks body and salt of the ledger entries about the person, which the chain survives (R31), and what the
 * request log says of him. */
#include <string.h>
#include "base/clock.h"
#include "directory/scim_log.h"
#include "work.h"

#define TOMBSTONE_US (396 * US_PER_DAY) /* 13 months */
#define BLANK_PAGE 1000

static enum err load_binned(struct work *work, const char *action, struct resource_row *ret)
{
        const struct change *change = work->change;
        enum err e = rights_need_org(work, ROOT_ORG_NO, change->type->subject, action);
        if (!e)
                e = resource_load_from_bin(work->session, work->root_no, change->ref, work->arena, ret, work->fault);
        if (!e && ret->kind != change->type->kind)
                e = ERR_NOT_FOUND;
        if (e == ERR_NOT_FOUND)
                return fault_set(work->fault, ERR_NOT_FOUND, "", "there is no such %s in the bin", change->type->word);
        return e ? e : break_glass_judge(work, ret);
}

static void describe(struct work *work, enum ledger_event event, const struct resource_row *row)
{
        work->event = event;
        work->object_kind = row->kind;
        work->object_no = row->no;
        work->changed = true;
        work->change->after.resource = *row;
}

/* ---- restore ---- */

/* The live one that came later under the same names gives its claims, and the edges of their sources, up and goes to the bin itself. */
static enum err take_claims(struct work *work, const struct resource_row *row)
{
        struct person later = { 0 };
        const char *ref = work->change->ref;
        work->change->ref = work->change->replace;
        enum err e = person_load(work, "delete", &later);
        work->change->ref = ref;
        auto_person held = later;
        if (!e && work->glass.no) /* either of the two */
                e = fault_set(work->fault, ERR_CONFLICT, "replace",
                        "a break-glass user neither takes nor gives the claims of connections; take the mark away first");
        if (!e && held.row.kind != row->kind)
                e = fault_set(work->fault, ERR_VALUE, "replace", "only a %s can take the place of a %s", work->change->type->word,
                        work->change->type->word);
        for (size_t i = 0; !e && i < held.claim_count; i++) {
                struct claim_row *claim = &held.claims[i];
                if (claim->active == CLAIMED_DELETED)
                        continue;
                if (!claim->connection_no) { /* what was said here is not of any connection: it ends */
                        e = person_forget(work, &held, claim);
                        continue;
                }
                struct claim_row moved = *claim;
                moved.no = row->no;
                e = claim_remove(work->session, work->root_no, claim, work->fault);
                if (!e)
                        e = claim_put(work->session, work->root_no, &moved, work->fault);
                if (!e)
                        e = membership_move(work, held.row.no, row, claim->connection_no);
                if (!e)
                        e = mapping_leave(work, held.row.no, claim->connection_no);
        }
        return e ? e : person_into_bin(work, &held);
}

static enum err is_free(struct work *work, const struct claim_row *claim, bool *ret)
{
        int64_t no = 0;
        enum err e = *claim->external_id ? claim_find_external(work->session, work->root_no, claim->connection_no, claim->kind,
                                                   claim->external_id, &no, work->fault)
                                         : ERR_OK;
        *ret = !no;
        return e || no ? e : claim_name_is_free(work, claim, ret);
}

/* What a claim that ended says once its resource is back: nothing, but it stands, so that its connection knows him again. A connection that
 * is gone leaves its word to the local claim. One that meanwhile calls somebody else by this externalId stays as it is, and so does one
 * whose userName somebody else has. */
static enum err wake_claim(struct work *work, struct claim_row *claim, struct claim_row *local, bool *ret_keep)
{
        bool free = false, gone = false;
        enum err e = connection_is_gone(work, claim->connection_no, &gone);
        *ret_keep = !gone;
        if (!e && gone) {
                claim->active = CLAIMED_NOTHING;
                e = claim_localize(work, claim, local);
                if (!e && claim->kind == KIND_GROUP)
                        e = membership_empty(work, claim->no, claim->connection_no);
                return e ? e : claim_remove(work->session, work->root_no, claim, work->fault);
        }
        if (!e)
                e = is_free(work, claim, &free);
        if (e || !free)
                return e;
        claim->active = CLAIMED_NOTHING;
        claim->modified_us = work->at_us;
        return count_move(work->session, work->root_no, claim->kind, claim->connection_no, 1, work->fault);
}

/* Suspended means: a local claim says no, until an administrator says otherwise. A local user's own claim comes back for that. */
static enum err wake_claims(struct work *work, struct person *person)
{
        struct claim_row *claims = arena_zero(work->arena, person->claim_count + 1, sizeof(*claims));
        if (!claims)
                return work_memory(work);
        struct claim_row local = { .kind = person->row.kind, .no = person->row.no, .external_id = "", .doc = "{}", .doc_length = 2 };
        size_t count = 0;
        for (size_t i = 0; i < person->claim_count; i++)
                if (!person->claims[i].connection_no)
                        local = person->claims[i];
        for (size_t i = 0; i < person->claim_count; i++) {
                bool keep = true;
                claims[count] = person->claims[i];
                if (!claims[count].connection_no)
                        continue;
                enum err e = claims[count].active == CLAIMED_DELETED ? wake_claim(work, &claims[count], &local, &keep) : ERR_OK;
                if (e)
                        return e;
                count += keep;
        }
        local.active = CLAIMED_INACTIVE;
        local.modified_us = work->at_us;
        claims[count++] = local;
        person->claims = claims;
        person->claim_count = count;
        return claim_asserts(&local) ? count_move(work->session, work->root_no, person->row.kind, 0, 1, work->fault) : ERR_OK;
}

static enum err unbin(struct work *work, struct resource_row *row)
{
        struct fault cause = { 0 };
        enum err e = session_run(work->session, ST_RESOURCE_UNBIN, NULL, &cause, V_I64(work->root_no), V_I64(row->no), V_I64(work->version),
                V_I64(work->at_us));
        if (e == ERR_TAKEN)
                return fault_set(work->fault, ERR_CONFLICT, work->change->type->name_attribute,
                        "another %s has taken the name \"%.80s\" meanwhile; restore with `replace` to merge it into this one",
                        work->change->type->word, row->name);
        if (e) {
                *work->fault = cause;
                return e;
        }
        row->active = false;
        row->version = work->version;
        row->modified_us = work->at_us;
        row->deleted_us = 0;
        return count_move(work->session, work->root_no, row->kind, COUNT_ALL, 1, work->fault);
}

/* The claims that came with `replace` speak of him now; those that were woken say nothing yet. */
static enum err map_claims(struct work *work, struct person *person)
{
        enum err e = ERR_OK;
        for (size_t i = 0; !e && i < person->claim_count; i++) {
                struct claim_row *claim = &person->claims[i];
                if (!claim->connection_no || (claim->active != CLAIMED_ACTIVE && claim->active != CLAIMED_INACTIVE))
                        continue;
                person_done(person);
                person->own = claim;
                e = mapping_apply_claim(work, person);
        }
        return e;
}

enum err bin_restore(struct work *work)
{
        struct resource_row row;
        auto_person person = { 0 };
        bool changed;
        struct guard guard = { 0 }; /* who gives up his place may be the last administrator */
        enum err e = load_binned(work, "create", &row);
        if (!e && work->change->replace)
                e = guard_begin(work, &guard);
        if (!e && work->change->replace)
                e = take_claims(work, &row);
        if (!e)
                e = unbin(work, &row);
        if (!e)
                e = index_check_unique(work, &row);
        if (!e)
                e = name_check(work, &row);
        if (!e)
                e = person_open(work, &row, &person);
        if (!e)
                e = wake_claims(work, &person);
        if (!e)
                e = person_settle(work, &person, &changed);
        if (!e)
                e = index_check_names(work, row.no);
        if (!e)
                e = map_claims(work, &person);
        if (!e && row.kind == KIND_GROUP) /* its grants meet those who fill it now */
                e = ceiling_check_tie(work, "", row.no, row.no);
        if (!e)
                e = guard_end(work, &guard);
        if (e)
                return e;
        work->reload = true;
        describe(work, EVENT_RESTORED, &person.row);
        json_auto_t *body = work->change->replace ? json_pack("{s:s, s:s}", "id", row.id, "replaces", work->change->replace)
                                                  : json_pack("{s:s}", "id", row.id);
        e = body ? mapping_describe(work, body) : work_memory(work);
        return e ? e : work_body_json(work, STEAL(body));
}

/* ---- purge ---- */

/* Keyed by the master key: the same subject is met again, and nobody can find him by hashing guesses. */
static enum err leave_tombstones(struct work *work, const struct resource_row *row)
{
        struct claim_row *claims;
        size_t count;
        enum err e = claims_of(work->session, work->root_no, row->no, work->arena, &claims, &count, work->fault);
        for (size_t i = 0; !e && i < count; i++) {
                unsigned char hash[HASH_SIZE];
                struct hash *parts = hash_new();
                if (!parts)
                        return work_memory(work);
                const char *subject = *claims[i].external_id ? claims[i].external_id : row->id;
                hash_part(parts, work->directory->master_key.text, work->directory->master_key.length);
                hash_part(parts, work->root->handle, strlen(work->root->handle));
                hash_part(parts, subject, strlen(subject));
                hash_finish(parts, hash);
                hash_free(parts);
                e = session_run(work->session, ST_TOMBSTONE_PUT, NULL, work->fault, V_I64(work->root_no), V_I64(claims[i].connection_no),
                        V_I64(row->kind), V_BYTES(hash, HASH_SIZE), V_I64(work->at_us + TOMBSTONE_US));
        }
        return e;
}

static enum err blank_page(struct work *work, int64_t no, int64_t *after_seq, size_t *ret_count)
{
        int64_t seqs[BLANK_PAGE];
        *ret_count = 0;
        enum err e = session_query_numbers(work->session, ST_LEDGER_ABOUT, seqs, BLANK_PAGE, ret_count, work->fault, V_I64(work->root_no),
                V_I64(*after_seq), V_I64(no), V_I64(BLANK_PAGE));
        for (size_t i = 0; !e && i < *ret_count; i++) {
                e = session_run(work->session, ST_LEDGER_BLANK, NULL, work->fault, V_I64(work->root_no), V_I64(seqs[i]), V_BYTES("", 0));
                *after_seq = seqs[i];
        }
        return e;
}

static enum err blank_ledger(struct work *work, int64_t no)
{
        int64_t after_seq = 0;
        size_t count;
        enum err e;
        do {
                e = blank_page(work, no, &after_seq, &count);
        } while (!e && count == BLANK_PAGE);
        return e;
}

static enum err end_grants(struct work *work, int64_t no)
{
        int64_t count = 0;
        enum err e = session_query_number(work->session, ST_GRANTS_COUNT, &count, work->fault, V_I64(work->root_no), V_I64(no));
        if (e || !count)
                return e;
        e = session_run(
                work->session, ST_GRANTS_BIN, NULL, work->fault, V_I64(work->root_no), V_I64(no), V_I64(work->version), V_I64(work->at_us));
        if (!e)
                e = session_run(work->session, ST_GRANTS_PURGE, NULL, work->fault, V_I64(work->root_no), V_I64(no));
        if (!e)
                e = session_run(work->session, ST_COUNT_LESS, NULL, work->fault, V_I64(work->root_no), V_I64(KIND_GRANT), V_I64(COUNT_ALL),
                        V_I64(count));
        return e;
}

static enum err purge_row(struct work *work, int64_t no)
{
        int64_t gone;
        enum err e = session_run(work->session, ST_RESOURCE_PURGE, &gone, work->fault, V_I64(work->root_no), V_I64(no));
        if (e || gone)
                return e;
        return fault_set(work->fault, ERR_INTERNAL, "", "a membership still names resource number %lld", (long long)no);
}

enum err bin_erase(struct work *work, const struct resource_row *row)
{
        static const enum statement rows[] = { ST_VALUE_CLEAR, ST_CLAIMS_PURGE };
        enum err e = session_run(work->session, ST_RESOURCE_BIN, NULL, work->fault, V_I64(work->root_no), V_I64(row->no),
                V_I64(work->version), V_I64(work->at_us));
        if (!e)
                e = count_move(work->session, work->root_no, row->kind, COUNT_ALL, -1, work->fault);
        for (size_t i = 0; !e && i < COUNT_OF(rows); i++)
                e = session_run(work->session, rows[i], NULL, work->fault, V_I64(work->root_no), V_I64(row->no));
        return e ? e : purge_row(work, row->no);
}

enum err bin_purge(struct work *work)
{
        static const enum statement rows[] = { ST_MEMBER_PURGE, ST_CONTAINER_PURGE, ST_CREDENTIALS_PURGE, ST_VALUE_CLEAR, ST_CLAIMS_PURGE,
                ST_ADOPTIONS_PURGE, ST_BREAK_GLASS_DELETE };
        struct resource_row row;
        enum err e = load_binned(work, "delete", &row);
        if (!e)
                e = leave_tombstones(work, &row);
        if (!e)
                e = end_grants(work, row.no);
        for (size_t i = 0; !e && i < COUNT_OF(rows); i++)
                e = session_run(work->session, rows[i], NULL, work->fault, V_I64(work->root_no), V_I64(row.no));
        if (!e)
                e = purge_row(work, row.no);
        if (!e)
                e = blank_ledger(work, row.no);
        if (!e && !work->change->dry_run)
                scim_log_erase(work->directory->scim_log, work->root_no, row.id);
        if (!e)
                e = scim_log_forget(work->session, work->root_no, row.id, work->fault);
        if (e)
                return e;
        describe(work, EVENT_PURGED, &row);
        return work_body_json(work, json_pack("{s:s}", "id", row.id));
}
