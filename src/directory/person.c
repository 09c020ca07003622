/* SPDX-License-Identifier: Apache-2.0
 *
 * Changes of users and groups, by a connection (SCIM) or by an administrator (local): create, replace, patch, merge, delete. */
#include <string.h>
#include "work.h"

static void describe(struct work *work, enum ledger_event event, const struct resource_row *row)
{
        work->event = event;
        work->object_kind = row->kind;
        work->object_no = row->no;
        work->changed = true;
}

static enum err body_difference(
        struct work *work, const struct resource_row *row, const json_t *before, const json_t *after, struct moved *moved)
{
        json_auto_t *body = json_pack("{s:s, s:o}", "id", row->id, "difference", document_difference(before, after));
        if (!body)
                return work_memory(work);
        enum err e = mapping_describe(work, body);
        if (e)
                return e;
        return moved_describe(work, moved, STEAL(body));
}

static void answer(struct work *work, const struct resource_row *row, const struct claim_row *claim)
{
        work->change->after.resource = *row;
        if (claim)
                work->change->after.claim = *claim;
}

/* ---- create ---- */

static enum err apply_edges(
        struct work *work, const struct resource_row *row, const struct edge_operation *edges, size_t count, struct moved *moved)
{
        if (row->kind != KIND_GROUP || !count)
                return ERR_OK;
        return membership_apply(work, row, edges, count, moved);
}

static struct edge_operation whole_list(const struct change *change)
{
        return (struct edge_operation){
                .verb = EDGE_REPLACE_ALL, .values = change->edges.values, .kinds = change->edges.kinds, .count = change->edges.count
        };
}

/* May the token or the administrator make one at all? person_load judges the same for things that exist. */
static enum err may_create(struct work *work)
{
        const struct resource_type *type = work->change->type;
        if (!work->source_no) {
                enum err e = rights_need_org(work, ROOT_ORG_NO, type->subject, "create");
                return e || !work->change->edges.count ? e : rights_need_org(work, ROOT_ORG_NO, type->subject, "add-members");
        }
        unsigned needed = directory_scopes(type->kind);
        if ((work->actor->scopes & needed) != needed || (work->actor->scopes & SCOPE_READ_ONLY))
                return fault_set(work->fault, ERR_FORBIDDEN, "", "this token may not create %ss; its connection's token needs that scope",
                        type->word);
        return ERR_OK;
}

/* Does this connection never change an externalId? Then it alone says who is meant: Okta's do, and Entra's when it is the object's id. */
static bool external_id_is_immutable(const struct actor *actor, const char *external_id)
{
        return (actor->scopes & SCOPE_PRESET_OKTA) ||
               ((actor->scopes & SCOPE_PRESET_ENTRA) && ident_is_uuid(external_id, strlen(external_id)));
}

/* R11: a POST that meets an inactive row of its own connection, or one that an administrator took out of the bin, with the same externalId,
 * and the same name or an externalId that never changes, revives it. */
static enum err revive(struct work *work, bool *ret_done)
{
        const struct change *change = work->change;
        const char *external_id = json_string_value(json_object_get(change->document, "externalId"));
        *ret_done = false;
        if (!work->source_no || !external_id || kind_is_declared(change->type->kind))
                return ERR_OK;
        int64_t no;
        enum err e = claim_find_external(work->session, work->root_no, work->source_no, change->type->kind, external_id, &no, work->fault);
        if (e || !no)
                return e;
        struct claimed_row found;
        e = claimed_load_no(work->session, work->root_no, work->source_no, change->type->kind, no, work->arena, &found, work->fault);
        const char *name = NULL;
        if (!e)
                e = document_name(change->type, change->document, work->arena, &name, work->fault);
        if (e)
                return e;
        bool same = strcmp(name, found.resource.name) == 0 || external_id_is_immutable(work->actor, external_id);
        if (found.claim.active == CLAIMED_ACTIVE || !same)
                return fault_set(work->fault, ERR_TAKEN, "externalId", "the externalId is already used by another %s of this connection",
                        change->type->word);
        work->change->ref = arena_strdup(work->arena, found.resource.id);
        if (!work->change->ref)
                return work_memory(work);
        *ret_done = true;
        return person_replace(work);
}

enum err person_create(struct work *work)
{
        struct change *change = work->change;
        enum err e = may_create(work);
        bool revived = false;
        if (!e)
                e = revive(work, &revived);
        if (e || revived)
                return e;
        struct resource_row row;
        struct claim_row claim;
        e = person_insert(work, change->document, &row, &claim);
        if (!e)
                e = break_glass_make(work, &row);
        if (e)
                return e;
        struct moved moved = { 0 };
        struct edge_operation all = whole_list(change);
        e = apply_edges(work, &row, &all, change->edges.given && change->edges.count ? 1 : 0, &moved);
        if (e)
                return e;
        describe(work, EVENT_CREATED, &row);
        answer(work, &row, &claim);
        change->after.no_groups = row.kind == KIND_USER;
        json_auto_t *nothing = json_object();
        if (!nothing)
                return work_memory(work);
        bool more = moved.count || work->mapped;
        e = more ? body_difference(work, &row, nothing, change->document, &moved) : work_body_document(work, &row);
        return e ? e : break_glass_describe(work, &row);
}

/* ---- replace, patch, merge ---- */

/* The writer has these pages at hand; a reader's cache is stale after every commit. */
static enum err find_groups(struct work *work, const struct person *person)
{
        bool any = true;
        enum err e = ERR_OK;
        if (work->source_no && person->row.kind == KIND_USER)
                e = member_has_source(work->session, work->root_no, person->row.no, work->source_no, &any, work->fault);
        work->change->after.no_groups = !e && !any;
        return e;
}

/* Stores a changed document and edge operations of one person, and says in the ledger what differs. */
static enum err finish(
        struct work *work, struct person *person, const json_t *document, const struct edge_operation *edges, size_t edge_count)
{
        json_auto_t *kept = NULL;
        enum err e = person->adopts ? adoption_keep(work, person, document, &kept) : ERR_OK;
        if (kept)
                document = kept;
        if (!e)
                e = document_check_immutable(work->change->type, person->document, document, work->fault);
        if (!e)
                e = document_check_extensions(work->change->type, person->document, document, work->fault);
        if (!e)
                e = person_store(work, person, document);
        struct moved moved = { 0 };
        if (!e)
                e = apply_edges(work, &person->row, edges, edge_count, &moved);
        if (e)
                return e;
        if (moved.count) {
                if (!work->changed || person->row.version != work->version) { /* pages of them stand before this change */
                        person->row.version = work->version;
                        person->row.modified_us = work->at_us;
                        e = work_touch(work, person->row.no);
                }
                if (!work->changed)
                        work->event = EVENT_MEMBERS_CHANGED;
                work->changed = true;
        }
        answer(work, &person->row, person->own);
        if (!e)
                e = find_groups(work, person);
        if (e || !work->changed)
                return e;
        describe(work, work->event, &person->row);
        return body_difference(work, &person->row, person->document, document, &moved);
}

/* R15: an absent active is true for POST; PUT leaves it unchanged. */
static enum err with_active(struct work *work, const struct person *person, json_t *document)
{
        if (json_object_get(document, "active") || kind_is_declared(person->row.kind))
                return ERR_OK;
        bool active = work->change->verb == CHANGE_CREATE || person->own->active == CLAIMED_ACTIVE;
        return json_object_set_new(document, "active", json_boolean(active)) ? work_memory(work) : ERR_OK;
}

enum err person_replace(struct work *work)
{
        const struct change *change = work->change;
        auto_person person = { 0 };
        enum err e = person_load(work, "edit", &person);
        if (e)
                return e;
        json_auto_t *document = json_whole_copy(change->document);
        if (!document)
                return work_memory(work);
        e = with_active(work, &person, document);
        if (!e)
                e = document_keep_immutable(change->type, person.document, document, work->fault);
        struct edge_operation all = whole_list(change);
        if (!e)
                e = finish(work, &person, document, &all, change->edges.given ? 1 : 0);
        return e;
}

enum err person_patch(struct work *work)
{
        const struct change *change = work->change;
        auto_person person = { 0 };
        enum err e = person_load(work, "edit", &person);
        if (e)
                return e;
        if (json_object_set_new(person.document, "id", json_string(person.row.id)))
                return work_memory(work);
        const struct patch patch = {
                .type = change->type, .before = person.document, .leniency = change->leniency, .arena = work->arena, .lists = change->lists
        };
        struct patch_result result = { 0 };
        e = patch_apply(&patch, change->document, &result, work->fault);
        json_auto_t *document = result.document;
        if (e)
                return e;
        (void)json_object_del(person.document, "id");
        if (json_object_get(document, "id")) {
                json_t *copy = json_whole_copy(document);
                json_decref(document);
                document = copy;
                if (!document)
                        return work_memory(work);
                (void)json_object_del(document, "id");
        }
        return finish(work, &person, document, result.edges, result.edge_count);
}

static bool is_as_wanted(const struct person *person, bool active)
{
        bool says_no = false, deleted = false;
        for (size_t i = 0; i < person->claim_count; i++) {
                says_no = says_no || (!person->claims[i].connection_no && person->claims[i].active == CLAIMED_INACTIVE);
                deleted = deleted || person->claims[i].active == CLAIMED_DELETED;
        }
        return active ? !says_no && !deleted : says_no;
}

/* A user that a connection manages: an administrator may only suspend him locally, or release him (R2, R12). */
static enum err suspend_locally(struct work *work, struct person *person)
{
        const json_t *wanted = work->change->document, *active = json_object_get(wanted, "active");
        if (!json_is_boolean(active) || json_object_size(wanted) != 1)
                return fault_set(work->fault, ERR_MUTABILITY, "", "this %s is managed by a connection: only `active` may be changed here",
                        work->change->type->word);
        if (is_as_wanted(person, json_is_true(active))) {
                answer(work, &person->row, NULL);
                return ERR_OK;
        }
        struct claim_row *claims = arena_zero(work->arena, person->claim_count + 1, sizeof(*claims));
        if (!claims)
                return work_memory(work);
        struct claim_row local = { .kind = person->row.kind, .no = person->row.no, .external_id = "", .doc = "{}", .doc_length = 2 };
        size_t count = 0;
        enum err e = ERR_OK;
        for (size_t i = 0; !e && i < person->claim_count; i++) {
                const struct claim_row *claim = &person->claims[i];
                if (claim->connection_no == 0 && claim_asserts(claim))
                        local = *claim;
                else if (claim->connection_no && claim->active == CLAIMED_DELETED && json_is_true(active))
                        e = claim_remove(work->session, work->root_no, claim, work->fault);
                else if (claim->connection_no)
                        claims[count++] = *claim;
        }
        if (!count && !claim_asserts(&local)) { /* nobody else speaks for him any more: he is a local user now */
                local.doc = person->row.doc;
                local.doc_length = person->row.doc_length;
                if (!e)
                        e = count_move(work->session, work->root_no, person->row.kind, 0, 1, work->fault);
        }
        local.active = json_is_false(active) ? CLAIMED_INACTIVE : claim_asserts(&local) ? CLAIMED_ACTIVE : CLAIMED_NOTHING;
        local.modified_us = work->at_us;
        claims[count++] = local;
        person->claims = claims;
        person->claim_count = count;
        work->event = EVENT_UPDATED;
        if (!e)
                e = person_settle(work, person, &work->changed);
        if (e)
                return e;
        describe(work, work->event, &person->row);
        answer(work, &person->row, NULL);
        return work_body_json(work, json_pack("{s:s, s:b, s:b}", "id", person->row.id, "suspended_locally", json_is_false(active), "active",
                                            person->row.active));
}

static bool is_managed(const struct person *person)
{
        for (size_t i = 0; i < person->claim_count; i++)
                if (person->claims[i].connection_no)
                        return true;
        return false;
}

/* Who wakes a group hands out what it holds (law 6). */
static bool wakes_group(const struct work *work, const struct person *person)
{
        const json_t *active = json_object_get(work->change->document, "active");
        return person->row.kind == KIND_GROUP && !person->row.active && active && !json_is_false(active);
}

static enum err merge_document(struct work *work, struct person *person)
{
        json_auto_t *document = document_merge(person->document, work->change->document);
        if (!document)
                return work_memory(work);
        enum err e = document_check(work->change->type, document, work->fault);
        return e ? e : finish(work, person, document, NULL, 0);
}

enum err person_merge(struct work *work)
{
        const struct change *change = work->change;
        auto_person person = { 0 };
        enum err e = person_load(work, "edit", &person);
        if (!e && wakes_group(work, &person))
                e = rights_cover(work, person.row.no);
        if (!e && wakes_group(work, &person))
                e = ceiling_check_tie(work, "active", person.row.no, person.row.no);
        if (!e)
                e = break_glass_set(work, &person);
        if (e)
                return e;
        if (change->break_glass && !json_object_size(change->document))
                answer(work, &person.row, NULL);
        else
                e = is_managed(&person) || !person.own ? suspend_locally(work, &person) : merge_document(work, &person);
        return e ? e : break_glass_describe(work, &person.row);
}

/* ---- delete (R12) ---- */

enum err person_into_bin(struct work *work, struct person *person)
{
        if (kind_is_declared(person->row.kind))
                return bin_erase(work, &person->row);
        enum err e = mapping_target_gone(work, &person->row);
        if (!e)
                e = session_run(work->session, ST_RESOURCE_BIN, NULL, work->fault, V_I64(work->root_no), V_I64(person->row.no),
                        V_I64(work->version), V_I64(work->at_us));
        if (!e)
                e = count_move(work->session, work->root_no, person->row.kind, COUNT_ALL, -1, work->fault);
        if (!e)
                e = credential_revoke_all(work, person->row.no);
        if (!e && person->row.kind == KIND_USER) /* what was approved of him (R13) is not, once he is back */
                e = session_run(work->session, ST_ADOPTIONS_PURGE, NULL, work->fault, V_I64(work->root_no), V_I64(person->row.no));
        if (!e)
                e = membership_leave(work, person->row.no, -1);
        struct effect gone = { .kind = EFFECT_GONE, .no = person->row.no };
        return e ? e : work_effect(work, &gone);
}

/* Which claims does this delete end: a connection its own, an administrator all. Does any other live on? */
static enum err end_claims(struct work *work, struct person *person, bool *ret_others)
{
        enum err e = ERR_OK;
        *ret_others = false;
        for (size_t i = 0; !e && i < person->claim_count; i++) {
                struct claim_row *claim = &person->claims[i];
                if (claim->active == CLAIMED_DELETED)
                        continue;
                if (!work->source_no || claim == person->own)
                        e = person_forget(work, person, claim);
                else if (claim_asserts(claim))
                        *ret_others = true;
        }
        return e;
}

/* What an undo gives back (R16). */
static enum err describe_loss(struct work *work, const struct person *person, json_t *body)
{
        if (json_object_set_new(body, "was_active", json_boolean(person->own->active == CLAIMED_ACTIVE)))
                return work_memory(work);
        return membership_describe(work, &person->row, work->source_no, body);
}

enum err person_delete(struct work *work)
{
        auto_person person = { 0 };
        enum err e = person_load(work, "delete", &person);
        if (e)
                return e;
        struct guard guard;
        json_auto_t *body = json_pack("{s:s}", "id", person.row.id);
        e = body ? ERR_OK : work_memory(work);
        if (!e && !work->source_no) /* a connection's DELETE is never refused for that: the rule goes with the group */
                e = mapping_check_unused(work, &person.row);
        if (!e)
                e = guard_begin_for(work, person.row.no, &guard);
        if (!e && work->source_no)
                e = describe_loss(work, &person, body);
        bool others = false;
        if (!e)
                e = end_claims(work, &person, &others);
        if (!e)
                e = others ? person_settle_deleted(work, &person) : person_into_bin(work, &person);
        if (!e)
                e = guard_end(work, &guard);
        if (e)
                return e;
        describe(work, EVENT_DELETED, &person.row);
        answer(work, &person.row, NULL);
        if (json_object_set_new(body, "kept_by_another_source", json_boolean(others)))
                return work_memory(work);
        e = mapping_describe(work, body);
        return e ? e : work_body_json(work, STEAL(body));
}
