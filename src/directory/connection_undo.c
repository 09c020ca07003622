/* SPDX-License-Identifier: Apache-2.0
 *
 * Undoing what a connection took away since an instant (R16): its entries in the ledger, last first, each turned back on its own claim —
 * attributes and active as they were, deleted people out of the bin, memberships that ended. It only gives back: nobody is deactivated, no
 * membership ends, no other source's veto is lifted and no credential lives again. */
#include <string.h>
#include "base/clock.h"
#include "directory/connection.h"
#include "work.h"

#define ENTRIES_OF_STEP 100
#define BYTES_OF_STEP ((size_t)4 << 20) /* of their bodies */
#define EDGES_OF_STEP 1000
#define WINDOW 5000 /* entries of anybody that a step looks at */

/* ---- one claim, as it was ---- */

static struct claim_row *claim_of(const struct person *person, int64_t connection_no)
{
        for (size_t i = 0; i < person->claim_count; i++)
                if (person->claims[i].connection_no == connection_no)
                        return &person->claims[i];
        return NULL;
}

/* The place of "name" or "urn:…:name" in a document: the object and the key. An object inside is the document's own from here on: what it
 * was copied from keeps its own. */
static json_t *place_of(const struct resource_type *type, json_t *document, const char *attribute, const char **ret_key)
{
        *ret_key = attribute;
        for (const struct schema *const *extension = type->extensions; extension && *extension; extension++) {
                size_t length = strlen((*extension)->urn);
                if (strncmp(attribute, (*extension)->urn, length) != 0 || attribute[length] != ':')
                        continue;
                const json_t *nested = json_object_get(document, (*extension)->urn);
                json_t *own = nested ? json_whole_copy(nested) : json_object();
                *ret_key = attribute + length + 1;
                return json_object_set_new(document, (*extension)->urn, own) ? NULL : own;
        }
        return document;
}

static enum err turn_back(struct work *work, const struct resource_type *type, json_t *document, const json_t *difference)
{
        const json_t *row;
        size_t i;
        json_array_foreach (difference, i, row) {
                const char *key, *attribute = json_string_value(json_object_get(row, "attribute"));
                json_t *before = json_object_get(row, "before");
                if (!attribute || (strcmp(attribute, "active") == 0 && !json_is_true(before)))
                        continue;
                json_t *place = place_of(type, document, attribute, &key);
                if (place == document && strchr(attribute, ':')) /* of a schema that is no longer declared */
                        continue;
                if (!place || (before && json_object_set(place, key, before)))
                        return work_memory(work);
                if (!before)
                        (void)json_object_del(place, key);
                if (place != document && !json_object_size(place)) {
                        char *urn = arena_text(work->arena, attribute, (size_t)(key - attribute) - 1);
                        if (!urn)
                                return work_memory(work);
                        (void)json_object_del(document, urn);
                }
        }
        return ERR_OK;
}

/* Names that somebody else has meanwhile stay with him. */
static enum err keep_taken(struct work *work, const struct person *person, json_t *document)
{
        const struct resource_type *type = work->change->type;
        const char *external_id = json_string_value(json_object_get(document, "externalId")), *folded = NULL;
        int64_t no = 0;
        enum err e = external_id ? claim_find_external(work->session, work->root_no, person->own->connection_no, type->kind, external_id,
                                           &no, work->fault)
                                 : ERR_OK;
        if (!e && no && no != person->row.no && *person->own->external_id) {
                if (json_object_set_new(document, "externalId", json_string(person->own->external_id)))
                        return work_memory(work);
        } else if (!e && no && no != person->row.no) {
                (void)json_object_del(document, "externalId");
        }
        if (e || !type->name_attribute)
                return e;
        json_t *now = json_object_get(person->document, type->name_attribute);
        if (now && !json_object_get(document, type->name_attribute) && json_object_set(document, type->name_attribute, now))
                return work_memory(work); /* an entry about an adoption: there was no name before */
        e = document_name(type, document, work->arena, &folded, work->fault);
        bool free = true;
        if (!e && folded)
                e = name_is_free(work, &person->row, folded, &free);
        return !e && !free && now && json_object_set(document, type->name_attribute, now) ? work_memory(work) : e;
}

static enum err undo_update(const struct work_step *step, const struct resource_row *row, const json_t *difference)
{
        struct work *work = step->work;
        auto_person person = { 0 };
        enum err e = person_open(work, row, &person);
        person.own = e ? NULL : claim_of(&person, step->job.connection_no);
        if (e || !person.own || person.own->active == CLAIMED_DELETED)
                return e;
        bool free = true;
        e = work_type(work, row->kind, &work->change->type);
        if (!e)
                e = person_document(work, &person);
        json_auto_t *document = e ? NULL : json_whole_copy(person.document);
        if (!e && !document)
                e = work_memory(work);
        if (!e)
                e = turn_back(work, work->change->type, document, difference);
        if (!e)
                e = keep_taken(work, &person, document);
        if (!e)
                e = index_is_free(work, work->change->type, row->no, document, &free);
        return e || !free ? e : person_store(work, &person, document);
}

/* ---- memberships ---- */

/* Both must be claimed by the connection still, or again. */
static enum err give_back_edge(const struct work_step *step, int64_t group_no, int64_t member_no, enum resource_kind kind)
{
        struct work *work = step->work;
        bool changed = false, fits;
        enum err e = nesting_fits(work, group_no, member_no, kind, &fits);
        if (e || !fits)
                return e;
        bool allowed = true; /* R8: what the group above was given meanwhile was never judged with this member */
        if (kind == KIND_GROUP)
                e = ceiling_allows(work, group_no, member_no, step->job.connection_no, &allowed);
        if (e || !allowed)
                return e;
        e = member_add(work->session, work->root_no, group_no, member_no, step->job.connection_no, work->at_us, &changed, work->fault);
        if (!e && changed)
                e = nesting_note(work, group_no, member_no, kind);
        if (e || !changed)
                return e;
        const struct effect effect = { .kind = EFFECT_MEMBER, .no = group_no, .other_no = member_no, .active = true };
        e = work_effect(work, &effect);
        return e ? e : work_touch(work, group_no);
}

static enum err find_claimed(const struct work_step *step, const char *id, enum resource_kind *ret_kind, int64_t *ret_no)
{
        struct claimed_no found = { 0 };
        enum err e =
                id ? claimed_find_nos(step->work->session, step->work->root_no, step->job.connection_no, &id, 1, &found, step->work->fault)
                   : ERR_NOT_FOUND;
        if (e)
                return e;
        *ret_kind = found.kind;
        *ret_no = found.no;
        return found.no && (found.kind == KIND_USER || found.kind == KIND_GROUP) ? ERR_OK : ERR_NOT_FOUND;
}

/* What an entry says ended: members of a group, and then groups that held it. job.member_no counts those that earlier steps have had. */
static enum err give_back_edges(struct work_step *step, const struct resource_row *row, const json_t *body, bool *ret_more)
{
        const json_t *members = row->kind == KIND_GROUP ? json_object_get(json_object_get(body, "members"), "removed") : NULL;
        const json_t *groups = json_object_get(body, "left");
        const size_t of_members = json_array_size(members), all = of_members + json_array_size(groups);
        size_t at = (size_t)step->job.member_no, end = all < at + EDGES_OF_STEP ? all : at + EDGES_OF_STEP;
        for (; at < end; at++) {
                const bool is_member = at < of_members;
                const json_t *id = json_array_get(is_member ? members : groups, is_member ? at : at - of_members);
                enum resource_kind kind;
                int64_t no = 0;
                enum err e = find_claimed(step, json_string_value(id), &kind, &no);
                if (e == ERR_NOT_FOUND || (!e && !is_member && kind != KIND_GROUP))
                        continue;
                if (!e)
                        e = is_member ? give_back_edge(step, row->no, no, kind) : give_back_edge(step, no, row->no, row->kind);
                if (e)
                        return e;
                step->job.edges++;
        }
        *ret_more = end < all;
        step->job.member_no = *ret_more ? (int64_t)end : 0;
        return ERR_OK;
}

/* ---- out of the bin ---- */

static enum err place_is_free(struct work *work, const struct resource_row *row, bool *ret)
{
        enum err e = name_is_free(work, row, row->name, ret);
        json_auto_t *document = NULL;
        if (e || !*ret)
                return e;
        e = json_parse_object(row->doc, row->doc_length, &document, work->fault);
        return e ? e : index_is_free(work, work->change->type, row->no, document, ret);
}

static enum err wake_row(struct work *work, struct resource_row *row)
{
        enum err e = session_run(work->session, ST_RESOURCE_UNBIN, NULL, work->fault, V_I64(work->root_no), V_I64(row->no),
                V_I64(work->version), V_I64(work->at_us));
        row->active = false;
        row->deleted_us = 0;
        work->reload = true; /* grants and edges come back with it */
        return e ? e : count_move(work->session, work->root_no, row->kind, COUNT_ALL, 1, work->fault);
}

/* The claim as the connection left it, live again; nothing where its externalId or the name are somebody else's now. */
static enum err undo_delete(struct work_step *step, struct resource_row *row, const json_t *body, bool *ret_back)
{
        struct work *work = step->work;
        auto_person person = { 0 };
        bool free = true, changed;
        int64_t no = 0;
        enum err e = person_open(work, row, &person);
        struct claim_row *claim = e ? NULL : claim_of(&person, step->job.connection_no);
        *ret_back = false;
        if (e || !claim || claim->active != CLAIMED_DELETED)
                return e;
        e = work_type(work, row->kind, &work->change->type);
        if (!e && *claim->external_id)
                e = claim_find_external(
                        work->session, work->root_no, claim->connection_no, claim->kind, claim->external_id, &no, work->fault);
        if (!e && row->deleted_us)
                e = place_is_free(work, row, &free);
        claim->active = json_is_false(json_object_get(body, "was_active")) ? CLAIMED_INACTIVE : CLAIMED_ACTIVE;
        claim->modified_us = work->at_us;
        if (!e && !no && !row->deleted_us)
                e = person_name_is_free(work, &person, &free);
        bool allowed = true; /* R8: who fills it now, and who claims it then */
        if (!e && row->kind == KIND_GROUP)
                e = ceiling_allows(work, row->no, row->no, claim->connection_no, &allowed);
        if (e || no || !free || !allowed)
                return e;
        if (row->deleted_us)
                e = wake_row(work, row);
        person.row = *row;
        if (!e)
                e = count_move(work->session, work->root_no, row->kind, claim->connection_no, 1, work->fault);
        if (!e)
                e = person_settle(work, &person, &changed);
        person.own = claim;
        if (!e)
                e = mapping_apply_claim(work, &person);
        const struct effect stands = {
                .kind = EFFECT_CLAIM, .no = row->no, .other_no = claim->connection_no, .active = true, .text = claim->external_id
        };
        if (!e)
                e = work_effect(work, &stands);
        *ret_back = !e;
        return e;
}

/* ---- entries ---- */

struct entry {
        int64_t seq, object_no;
        char event[32];
        const char *body;
};

static enum err load_any(struct work *work, int64_t no, struct resource_row *ret)
{
        enum err e = resource_load(work->session, work->root_no, no, work->arena, ret, work->fault);
        return e == ERR_NOT_FOUND ? resource_load_binned(work->session, work->root_no, no, work->arena, ret, work->fault) : e;
}

/* The entry's own resource: out of the bin, and as it was. *ret_back: the connection claims it. */
static enum err undo_resource(
        struct work_step *step, const struct entry *entry, struct resource_row *row, const json_t *body, bool *ret_back)
{
        const json_t *difference = json_object_get(body, "difference");
        enum resource_kind kind;
        int64_t no;
        enum err e = ERR_OK;
        *ret_back = false;
        if (!step->job.member_no && strcmp(entry->event, ledger_event_name(EVENT_DELETED)) == 0)
                return undo_delete(step, row, body, ret_back);
        if (row->deleted_us)
                return ERR_OK;
        if (!step->job.member_no && json_array_size(difference))
                e = undo_update(step, row, difference);
        if (!e)
                e = find_claimed(step, row->id, &kind, &no);
        *ret_back = !e;
        return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* *ret_more: so many memberships ended that the next step goes on with this entry. */
static enum err undo_entry(struct work_step *step, const struct entry *entry, bool *ret_more)
{
        struct work *work = step->work;
        struct resource_row row;
        json_auto_t *body = NULL;
        bool back = false, begins = !step->job.member_no;
        *ret_more = false;
        if (!*entry->body || strcmp(entry->event, ledger_event_name(EVENT_CREATED)) == 0)
                return ERR_OK;
        enum err e = json_parse_object(entry->body, strlen(entry->body), &body, work->fault);
        if (!e)
                e = load_any(work, entry->object_no, &row);
        if (e == ERR_NOT_FOUND) /* purged: there is no way back */
                return ERR_OK;
        if (!e)
                e = undo_resource(step, entry, &row, body, &back);
        if (!e && back)
                e = give_back_edges(step, &row, body, ret_more);
        if (e || !back)
                return e;
        step->job.users += begins && row.kind == KIND_USER;
        step->job.groups += begins && row.kind == KIND_GROUP;
        json_auto_t *undone = json_pack("{s:s, s:I, s:s}", "id", row.id, "undoes", (json_int_t)entry->seq, "was", entry->event);
        e = undone ? mapping_describe(work, undone) : work_memory(work);
        return e ? e : work_entry(work, EVENT_UNDONE, &row, STEAL(undone));
}

/* *ret_more: there are others in the window. */
static enum err read_entries(struct work_step *step, int64_t from_seq, struct entry *entries, size_t *ret_count, bool *ret_more)
{
        struct work *work = step->work;
        auto_result result = { 0 };
        bool row = true;
        size_t count = 0, bytes = 0, size = step_size(step, ENTRIES_OF_STEP);
        enum err e = session_query(work->session, ST_LEDGER_OF_ACTOR, &result, work->fault, V_I64(work->root_no), V_I64(step->job.at_no),
                V_I64(from_seq), V_I64(ACTOR_CONNECTION), V_I64(step->job.connection_no), V_I64(size));
        while (!e && count < size && bytes < BYTES_OF_STEP) {
                e = result_next(&result, &row, work->fault);
                if (e || !row)
                        break;
                struct entry *entry = &entries[count++];
                size_t length;
                const char *body = result_text(&result, 3, &length);
                entry->seq = result_i64(&result, 0);
                (void)snprintf(entry->event, sizeof(entry->event), "%s", result_text(&result, 1, NULL));
                entry->object_no = result_i64(&result, 2);
                entry->body = arena_text(work->arena, body, length);
                bytes += length;
                if (!entry->body)
                        e = work_memory(work);
        }
        if (e)
                return e;
        *ret_count = count;
        *ret_more = row && count;
        return ERR_OK;
}

static enum err undo_entries(struct work_step *step)
{
        struct entry entries[ENTRIES_OF_STEP];
        size_t count = 0;
        bool more = false, inside = false;
        int64_t from_seq = step->job.at_no - WINDOW + 1 > step->job.first_seq ? step->job.at_no - WINDOW + 1 : step->job.first_seq;
        int64_t edges = step->job.edges;
        enum err e = read_entries(step, from_seq, entries, &count, &more);
        for (size_t i = 0; !e && i < count; i++) {
                e = step_skips(step) ? ERR_OK : undo_entry(step, &entries[i], &inside);
                step->job.at_no = inside ? entries[i].seq : entries[i].seq - 1;
                if (!inside)
                        step->job.member_no = 0;
                if (e || inside || step->job.edges - edges >= EDGES_OF_STEP)
                        return e;
        }
        if (e)
                return e;
        if (!more)
                step->job.at_no = from_seq - 1;
        step->done = step->job.at_no < step->job.first_seq;
        return ERR_OK;
}

const step_run connection_undo_phases[] = { undo_entries, NULL };

/* ---- beginning, preview ---- */

/* The first entry that is not older: entries stand in the order of time. */
static enum err first_since(struct session *session, int64_t root_no, int64_t since_us, int64_t last_seq, int64_t *ret, struct fault *fault)
{
        int64_t low = 1, high = last_seq + 1;
        while (low < high) {
                int64_t middle = low + (high - low) / 2;
                int64_t at_us;
                enum err e = session_query_number(session, ST_LEDGER_TIME, &at_us, fault, V_I64(root_no), V_I64(middle));
                if (e)
                        return e;
                if (at_us >= since_us)
                        high = middle;
                else
                        low = middle + 1; /* also where retention has cut a prefix: 0 */
        }
        *ret = low;
        return ERR_OK;
}

static enum err check_since(int64_t since_us, struct fault *fault)
{
        if (since_us > 0 && since_us <= clock_now_us())
                return ERR_OK;
        return fault_set(fault, ERR_VALUE, "since", "since is an instant in the past, as 2026-11-21T05:06:07Z");
}

enum err connection_undo_begin(struct work *work, struct resource_row *row, struct connection_job *job)
{
        char since[CLOCK_TEXT_SIZE];
        enum err e = check_since(work->change->wish.since_us, work->fault);
        job->at_no = work->root->revision;
        if (!e)
                e = first_since(work->session, work->root_no, work->change->wish.since_us, job->at_no, &job->first_seq, work->fault);
        if (!e)
                e = connection_job_store(work, job);
        if (e)
                return e;
        clock_format(work->change->wish.since_us, since);
        return work_body_json(work, json_pack("{s:s, s:s, s:s}", "id", row->id, "verb", "undo", "since", since));
}

enum err connection_preview_undo(
        const struct query *query, const char *ref, int64_t since_us, struct connection_undo_preview *ret, struct fault *fault)
{
        struct connection_undo_preview preview = { 0 };
        struct resource_row row;
        int64_t first_seq = 0, root_no = query->actor->root_no, last_seq = 0;
        enum err e = query_resource(query, resource_type(KIND_CONNECTION), ref, &row, fault);
        if (!e)
                e = query_need(query, ROOT_ORG_NO, LEVEL_ORGANIZATION, "scim", "edit", fault);
        if (!e)
                e = check_since(since_us, fault);
        auto_result last = { 0 };
        bool more = false;
        if (!e)
                e = session_query(query->session, ST_ROOT_READ, &last, fault, V_I64(root_no));
        if (!e)
                e = result_next(&last, &more, fault);
        if (!e && more)
                last_seq = result_i64(&last, 3);
        result_done(&last);
        if (!e)
                e = first_since(query->session, root_no, since_us, last_seq, &first_seq, fault);
        auto_result counts = { 0 };
        if (!e)
                e = session_query(query->session, ST_LEDGER_COUNT_OF_ACTOR, &counts, fault, V_I64(root_no), V_I64(first_seq),
                        V_I64(ACTOR_CONNECTION), V_I64(row.no));
        for (more = true; !e && more;) {
                e = result_next(&counts, &more, fault);
                if (e || !more)
                        break;
                bool user = result_i64(&counts, 0) == KIND_USER;
                *(user ? &preview.users : &preview.groups) = result_i64(&counts, 1);
                preview.entries += result_i64(&counts, 2);
        }
        if (e)
                return e;
        memcpy(preview.id, row.id, sizeof(preview.id));
        *ret = preview;
        return ERR_OK;
}
