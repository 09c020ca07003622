/* SPDX-License-Identifier: Apache-2.0
 *
 * Claims (R2): what each source says of a user or group, merged into one document and one effective state. A user is active when no claim
 * says no or deleted. Per attribute the first source wins: connections by age, local last. */
#include <string.h>
#include "base/text.h"
#include "work.h"

void person_done(struct person *person)
{
        json_decref(person->document);
        person->document = NULL;
}

static enum err taken(struct work *work, const struct fault *cause, const struct resource_type *type, const char *name)
{
        if (strcmp(cause->field, "claim_external_id") == 0)
                return fault_set(work->fault, ERR_TAKEN, "externalId", "the externalId is already used by another %s of this connection",
                        type->word);
        return fault_set(work->fault, ERR_TAKEN, type->name_attribute, "%s \"%.120s\" is already taken", type->name_attribute, name);
}

/* ---- columns ---- */

/* Splits a document into the claim's columns and the canonical text of the rest. */
static enum err split(struct work *work, const json_t *document, struct claim_row *claim)
{
        json_auto_t *rest = json_whole_copy(document);
        if (!rest)
                return work_memory(work);
        const json_t *external_id = json_object_get(document, "externalId");
        const json_t *active = kind_is_declared(claim->kind) ? NULL : json_object_get(document, "active"); /* there it is plain data */
        claim->external_id = arena_strdup(work->arena, json_is_string(external_id) ? json_string_value(external_id) : "");
        claim->active = json_is_false(active) ? CLAIMED_INACTIVE : CLAIMED_ACTIVE;
        (void)json_object_del(rest, "externalId");
        if (active)
                (void)json_object_del(rest, "active");
        (void)json_object_del(rest, "id");
        auto_buffer text = { 0 };
        enum err e = json_canonical(rest, &text, work->fault);
        if (e)
                return e;
        claim->doc = arena_text(work->arena, text.data, text.length);
        claim->doc_length = text.length;
        return claim->external_id && claim->doc ? ERR_OK : work_memory(work);
}

static enum err join(struct work *work, const struct claim_row *claim, json_t **ret)
{
        json_auto_t *document = NULL;
        enum err e = json_parse_object(claim->doc, claim->doc_length, &document, work->fault);
        if (e)
                return e;
        if (*claim->external_id && json_object_set_new(document, "externalId", json_string(claim->external_id)))
                return work_memory(work);
        if (!kind_is_declared(claim->kind) && json_object_set_new(document, "active", json_boolean(claim->active == CLAIMED_ACTIVE)))
                return work_memory(work);
        *ret = json_incref(document);
        return ERR_OK;
}

/* ---- loading ---- */

static enum err find_row(struct work *work, struct resource_row *ret)
{
        const struct change *change = work->change;
        if (!work->source_no)
                return reference_load(work, change->type->kind, change->ref, 0, ret);
        enum err e = resource_load_by_id(work->session, work->root_no, change->ref, work->arena, ret, work->fault);
        if (!e && ret->kind != change->type->kind)
                e = ERR_NOT_FOUND;
        return e;
}

static enum err judge(struct work *work, const char *action)
{
        const struct resource_type *type = work->change->type;
        if (!work->source_no)
                return rights_need_org(work, ROOT_ORG_NO, type->subject, action);
        unsigned needed = directory_scopes(type->kind);
        if ((work->actor->scopes & needed) != needed || (work->actor->scopes & SCOPE_READ_ONLY))
                return fault_set(work->fault, ERR_FORBIDDEN, "", "this token may not change %ss; its connection's token needs that scope",
                        type->word);
        return ERR_OK;
}

enum err person_open(struct work *work, const struct resource_row *row, struct person *ret)
{
        struct person person = { .row = *row };
        enum err e = claims_of(work->session, work->root_no, row->no, work->arena, &person.claims, &person.claim_count, work->fault);
        if (e)
                return e;
        for (size_t i = 0; i < person.claim_count; i++) {
                struct claim_row *claim = &person.claims[i];
                if (!*claim->doc) {
                        claim->doc = person.row.doc;
                        claim->doc_length = person.row.doc_length;
                }
                if (claim->connection_no == work->source_no && claim->active != CLAIMED_DELETED)
                        person.own = claim;
        }
        person.stored_count = person.claim_count;
        if (person.claim_count) {
                person.stored = arena_copy(work->arena, person.claims, person.claim_count * sizeof(*person.claims));
                if (!person.stored)
                        return work_memory(work);
        }
        *ret = person;
        return ERR_OK;
}

enum err person_document(struct work *work, struct person *person)
{
        return join(work, person->own, &person->document);
}

enum err mapping_apply_claim(struct work *work, struct person *person)
{
        enum err e = work->root->rules_revision && !person->document ? person_document(work, person) : ERR_OK;
        return e ? e : mapping_apply(work, &person->row, person->own->connection_no, person->document, false);
}

enum err person_load(struct work *work, const char *action, struct person *ret)
{
        auto_person person = { 0 };
        struct resource_row row;
        enum err e = judge(work, action);
        if (!e)
                e = find_row(work, &row);
        if (!e)
                e = break_glass_judge(work, &row);
        if (!e)
                e = person_open(work, &row, &person);
        if (!e && !person.own && work->source_no)
                e = adoption_begin(work, &person);
        if (e == ERR_NOT_FOUND || (!e && !person.own && work->source_no))
                return fault_set(work->fault, ERR_NOT_FOUND, "", "there is no such %s", work->change->type->word);
        if (!e)
                e = version_check(work->change->if_match, person.row.version, work->fault);
        if (!e && person.own)
                e = join(work, person.own, &person.document);
        if (e)
                return e;
        *ret = person;
        person.document = NULL;
        return ERR_OK;
}

/* ---- merging ---- */

bool claim_asserts(const struct claim_row *claim)
{
        return claim->active != CLAIMED_DELETED && strcmp(claim->doc, "{}") != 0;
}

/* json_object_update_missing leaves members out, silently, when memory ends half-way. */
static enum err merge_into(struct work *work, json_t *merged, const struct claim_row *claim)
{
        const char *key;
        json_t *value;
        json_auto_t *document = NULL;
        enum err e = json_parse_object(claim->doc, claim->doc_length, &document, work->fault);
        if (e)
                return e;
        json_object_foreach (document, key, value) {
                if (!json_object_get(merged, key) && json_object_set(merged, key, value))
                        return work_memory(work);
        }
        return ERR_OK;
}

/* The document that all claims make together. One asserting claim, the common case, is taken as it is. */
static enum err merge(struct work *work, const struct person *person, const char **ret_doc, size_t *ret_length)
{
        const struct claim_row *only = NULL;
        size_t asserting = 0;
        for (size_t i = 0; i < person->claim_count; i++)
                if (claim_asserts(&person->claims[i])) {
                        only = &person->claims[i];
                        asserting++;
                }
        if (asserting <= 1) {
                *ret_doc = only ? only->doc : person->row.doc;
                *ret_length = only ? only->doc_length : person->row.doc_length;
                return ERR_OK;
        }
        json_auto_t *merged = json_object();
        if (!merged)
                return work_memory(work);
        enum err e = ERR_OK;
        for (int local = 0; local < 2; local++) /* local last */
                for (size_t i = 0; !e && i < person->claim_count; i++)
                        if ((person->claims[i].connection_no == 0) == local && claim_asserts(&person->claims[i]))
                                e = merge_into(work, merged, &person->claims[i]);
        auto_buffer text = { 0 };
        if (!e)
                e = json_canonical(merged, &text, work->fault);
        if (e)
                return e;
        *ret_doc = arena_text(work->arena, text.data, text.length);
        *ret_length = text.length;
        return *ret_doc ? ERR_OK : work_memory(work);
}

/* ---- from a connection to the local source ---- */

static enum err merge_docs(struct work *work, const struct claim_row *first, struct claim_row *into)
{
        json_auto_t *merged = json_object();
        auto_buffer text = { 0 };
        if (!merged)
                return work_memory(work);
        enum err e = merge_into(work, merged, first);
        if (!e)
                e = merge_into(work, merged, into);
        if (!e)
                e = json_canonical(merged, &text, work->fault);
        if (e)
                return e;
        const char *doc = arena_text(work->arena, text.data, text.length);
        if (!doc)
                return work_memory(work);
        into->doc = doc;
        into->doc_length = text.length;
        return ERR_OK;
}

enum err claim_localize(struct work *work, const struct claim_row *claim, struct claim_row *local)
{
        int64_t no = 0;
        enum err e = ERR_OK;
        bool vetoes = claim->active == CLAIMED_INACTIVE || claim->active == CLAIMED_DELETED || local->active == CLAIMED_INACTIVE;
        if (claim_asserts(claim)) {
                if (*claim->external_id && !*local->external_id)
                        e = claim_find_external(work->session, work->root_no, 0, claim->kind, claim->external_id, &no, work->fault);
                if (!e && !no && !*local->external_id)
                        local->external_id = claim->external_id;
                if (!e)
                        e = merge_docs(work, claim, local);
        }
        local->active = vetoes ? CLAIMED_INACTIVE : claim_asserts(local) ? CLAIMED_ACTIVE : CLAIMED_NOTHING;
        local->modified_us = work->at_us;
        return e;
}

enum err claim_name_is_free(struct work *work, const struct claim_row *claim, bool *ret)
{
        const struct resource_row user = { .kind = KIND_USER, .no = claim->no };
        json_auto_t *document = NULL;
        const char *folded = NULL;
        *ret = true;
        enum err e = claim->kind == KIND_USER ? json_parse_object(claim->doc, claim->doc_length, &document, work->fault) : ERR_OK;
        if (!e)
                e = name_claimed(work, claim->kind, document, &folded);
        return e || !folded ? e : name_is_free(work, &user, folded, ret);
}

enum err person_name_is_free(struct work *work, const struct person *person, bool *ret)
{
        const struct resource_type *type = NULL;
        json_auto_t *document = NULL;
        const char *doc, *folded = NULL;
        size_t length;
        bool free = true;
        enum err e = work_type(work, person->row.kind, &type);
        if (!e)
                e = merge(work, person, &doc, &length);
        if (!e)
                e = json_parse_object(doc, length, &document, work->fault);
        if (!e)
                e = index_is_free(work, type, person->row.no, document, &free);
        if (!e)
                e = document_name(type, document, work->arena, &folded, work->fault);
        if (!e && free && folded && strcmp(folded, person->row.name) != 0)
                e = name_is_free(work, &person->row, folded, &free);
        for (size_t i = 0; !e && free && i < person->claim_count; i++)
                e = claim_asserts(&person->claims[i]) ? claim_name_is_free(work, &person->claims[i], &free) : ERR_OK;
        *ret = free;
        return e;
}

static bool effective(const struct person *person)
{
        for (size_t i = 0; i < person->claim_count; i++)
                if (person->claims[i].active == CLAIMED_INACTIVE || person->claims[i].active == CLAIMED_DELETED)
                        return false;
        return true;
}

static const struct claim_row *stored_claim(const struct person *person, int64_t connection_no)
{
        for (size_t i = 0; i < person->stored_count; i++)
                if (person->stored[i].connection_no == connection_no)
                        return &person->stored[i];
        return NULL;
}

/* Then the row stands already and no index changes. */
static bool keeps_place(const struct claim_row *stored, const struct claim_row *row)
{
        return stored && strcmp(stored->external_id, row->external_id) == 0 &&
               (stored->active == CLAIMED_DELETED) == (row->active == CLAIMED_DELETED);
}

bool claim_follows(const struct person *person, const struct claim_row *stored)
{
        return stored->doc == person->row.doc;
}

static enum err put_claim(struct work *work, const struct person *person, struct claim_row row, const char *doc)
{
        const struct claim_row *stored = stored_claim(person, row.connection_no);
        if (strcmp(row.doc, doc) == 0)
                row.doc = "";
        if (!keeps_place(stored, &row))
                return claim_put(work->session, work->root_no, &row, work->fault);
        if (!*row.doc && claim_follows(person, stored) && row.active == stored->active)
                return ERR_OK;
        return claim_update(work->session, work->root_no, &row, work->fault);
}

static enum err put_claims(struct work *work, const struct person *person, const char *doc)
{
        enum err e = ERR_OK;
        for (size_t i = 0; !e && i < person->claim_count; i++)
                e = put_claim(work, person, person->claims[i], doc);
        return e;
}

static enum err store_row(struct work *work, const struct resource_type *type, struct person *person, const struct resource_row *row)
{
        struct fault cause = { 0 };
        struct fault *caller = work->fault;
        work->fault = &cause;
        enum err e = put_claims(work, person, row->doc);
        if (!e)
                e = resource_update(work->session, work->root_no, &person->row, row, &cause);
        work->fault = caller;
        if (e == ERR_TAKEN)
                return taken(work, &cause, type, row->name);
        if (e && caller)
                *caller = cause;
        return e;
}

/* Without a name of its own the id stands in. */
static enum err name_of(struct work *work, const struct resource_type *type, const json_t *document, struct resource_row *row)
{
        enum err e = document_name(type, document, work->arena, &row->name, work->fault);
        if (!e && !row->name && !(row->name = arena_strdup(work->arena, row->id)))
                return work_memory(work);
        return e;
}

/* Where several speak, one of them may say something else while the document stays. */
static bool voices_changed(const struct person *person)
{
        bool same = person->claim_count == person->stored_count;
        for (size_t i = 0; same && i < person->claim_count; i++)
                same = claim_asserts(&person->claims[i]) == claim_asserts(&person->stored[i]) &&
                       strcmp(person->claims[i].doc, person->stored[i].doc) == 0;
        return !same && (person->claim_count > 1 || person->stored_count > 1);
}

/* `merges`: the document becomes what the claims say together; else it stays. */
static enum err settle(struct work *work, struct person *person, bool merges, bool *ret_changed)
{
        const struct resource_type *type;
        struct resource_row row = person->row;
        enum err e = work_type(work, row.kind, &type);
        if (!e && merges)
                e = merge(work, person, &row.doc, &row.doc_length);
        if (e)
                return e;
        row.active = effective(person);
        bool doc_changed = strcmp(row.doc, person->row.doc) != 0, voices = voices_changed(person);
        json_auto_t *document = NULL;
        if (doc_changed || voices)
                e = json_parse_object(row.doc, row.doc_length, &document, work->fault);
        if (!e && doc_changed)
                e = name_of(work, type, document, &row);
        if (!e && doc_changed && strcmp(row.name, person->row.name) != 0)
                e = name_check(work, &row);
        struct guard guard = { 0 };
        bool takes = person->row.active && !row.active;
        if (!e && takes)
                e = guard_begin_for(work, person->row.no, &guard);
        row.version = work->version;
        row.modified_us = work->at_us;
        if (!e)
                e = store_row(work, type, person, &row);
        if (!e && (doc_changed || voices))
                e = index_store(work, type, &row, document, person);
        if (!e && takes)
                e = guard_end(work, &guard);
        if (!e && (row.active != person->row.active || strcmp(row.name, person->row.name) != 0))
                e = work_effect_resource(work, &row);
        if (e)
                return e;
        if (row.active != person->row.active)
                work->event = row.active ? EVENT_REACTIVATED : EVENT_DEACTIVATED;
        person->row = row;
        *ret_changed = true;
        return ERR_OK;
}

enum err person_settle(struct work *work, struct person *person, bool *ret_changed)
{
        return settle(work, person, true, ret_changed);
}

enum err person_settle_deleted(struct work *work, struct person *person)
{
        bool free = true, changed;
        enum err e = person_name_is_free(work, person, &free);
        person->yields = !free;
        return e ? e : settle(work, person, free, &changed);
}

/* ---- storing ---- */

static enum err claim_effect(struct work *work, const struct claim_row *claim, bool stands)
{
        if (!claim->connection_no || kind_is_declared(claim->kind))
                return ERR_OK;
        struct effect effect = {
                .kind = EFFECT_CLAIM,
                .no = claim->no,
                .other_no = claim->connection_no,
                .active = stands,
                .text = claim->external_id,
        };
        return work_effect(work, &effect);
}

enum err person_store(struct work *work, struct person *person, const json_t *document)
{
        struct claim_row wanted = *person->own;
        enum err e = split(work, document, &wanted);
        if (e)
                return e;
        bool renamed = strcmp(wanted.external_id, person->own->external_id) != 0;
        if (!person->adopts && !renamed && wanted.active == person->own->active && strcmp(wanted.doc, person->own->doc) == 0)
                return ERR_OK;
        bool leaves = person->own->active == CLAIMED_ACTIVE && wanted.active != CLAIMED_ACTIVE;
        wanted.modified_us = work->at_us;
        *person->own = wanted;
        work->event = EVENT_UPDATED;
        e = person_settle(work, person, &work->changed);
        if (!e && work->changed)
                e = mapping_apply(work, &person->row, person->own->connection_no, document, false);
        if (!e && leaves && work->source_no && person->row.kind == KIND_USER)
                e = threshold_deactivated(work);
        if (!e && (renamed || person->adopts))
                e = claim_effect(work, person->own, true);
        return e || !person->adopts ? e : adoption_end(work, person);
}

static enum err insert_rows(struct work *work, const struct resource_row *row, const struct claim_row *claim, struct fault *cause)
{
        enum err e = resource_insert(work->session, work->root_no, row, cause);
        struct claim_row stored = *claim;
        stored.doc = "";
        if (!e)
                e = claim_put(work->session, work->root_no, &stored, cause);
        if (!e)
                e = count_move(work->session, work->root_no, row->kind, COUNT_ALL, 1, cause);
        if (!e)
                e = count_move(work->session, work->root_no, row->kind, claim->connection_no, 1, cause);
        return e;
}

enum err person_insert(struct work *work, const json_t *document, struct resource_row *ret, struct claim_row *ret_claim)
{
        const struct resource_type *type = work->change->type;
        struct claim_row claim = { .connection_no = work->source_no, .kind = type->kind, .modified_us = work->at_us };
        enum err e = split(work, document, &claim);
        if (e)
                return e;
        struct resource_row row = {
                .org_no = ROOT_ORG_NO,
                .kind = type->kind,
                .source_no = work->source_no,
                .active = claim.active == CLAIMED_ACTIVE,
                .version = work->version,
                .created_us = work->at_us,
                .modified_us = work->at_us,
                .doc = claim.doc,
                .doc_length = claim.doc_length,
        };
        ident_uuid(row.id);
        e = name_of(work, type, document, &row);
        if (!e)
                e = name_check(work, &row);
        if (e)
                return e;
        row.no = claim.no = work_next_no(work);
        struct fault cause = { 0 };
        e = insert_rows(work, &row, &claim, &cause);
        if (e == ERR_TAKEN)
                return taken(work, &cause, type, row.name);
        if (e) {
                if (work->fault)
                        *work->fault = cause;
                return e;
        }
        e = index_store(work, type, &row, document, NULL);
        if (!e)
                e = work_effect_resource(work, &row);
        if (!e)
                e = claim_effect(work, &claim, true);
        if (!e)
                e = mapping_apply(work, &row, claim.connection_no, document, true);
        if (e)
                return e;
        *ret = row;
        *ret_claim = claim;
        return ERR_OK;
}

enum err person_forget(struct work *work, struct person *person, struct claim_row *claim)
{
        bool counted = claim_asserts(claim); /* a bare local suspension is nobody's resource */
        bool leaves = claim->active == CLAIMED_ACTIVE && work->source_no && person->row.kind == KIND_USER;
        claim->active = CLAIMED_DELETED;
        claim->modified_us = work->at_us;
        enum err e = claim_put(work->session, work->root_no, claim, work->fault);
        if (!e && counted)
                e = count_move(work->session, work->root_no, person->row.kind, claim->connection_no, -1, work->fault);
        if (!e)
                e = membership_leave(work, person->row.no, claim->connection_no);
        if (!e)
                e = mapping_leave(work, person->row.no, claim->connection_no);
        if (!e && person->row.kind == KIND_GROUP && claim->connection_no)
                e = membership_empty(work, person->row.no, claim->connection_no);
        if (!e)
                e = claim_effect(work, claim, false);
        return e || !leaves ? e : threshold_deactivated(work);
}
