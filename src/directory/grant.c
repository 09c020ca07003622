/* SPDX-License-Identifier: Apache-2.0
 *
 * Grants: a resource row that the faces see and a role_grant row that rights are read from. Nobody grants what he does not hold (law 6),
 * nor to a group what a connection that fills it may not confer (R8). */
#include <string.h>
#include "base/clock.h"
#include "work.h"

/* ---- who may ---- */

/* The right to give something to this kind of principal in this kind of scope. */
static enum err may_grant(struct work *work, const struct resource_row *scope, const struct resource_row *principal)
{
        const char *subject = resource_type(principal->kind)->subject;
        return rights_need(work, scope, subject, scope->kind == KIND_PROJECT ? "assign-role" : "grant-privileges");
}

static enum err wanted_set(struct work *work, const struct grant_wish *wish, struct permission_set *ret)
{
        *ret = (struct permission_set){ 0 };
        if (wish->role) {
                *ret = wish->role->allow;
                return ERR_OK;
        }
        enum permission_level level = wish->scope->kind == KIND_PROJECT ? LEVEL_PROJECT : LEVEL_ORGANIZATION;
        int permission = permission_of_text(level, wish->privilege);
        if (permission < 0)
                return fault_set(work->fault, ERR_VALUE, "privilege", "there is no permission \"%.80s\" in %s", wish->privilege,
                        level == LEVEL_PROJECT ? "projects" : "organizations");
        permission_set_add(ret, permission);
        return ERR_OK;
}

static enum err judge(struct work *work, const struct grant_wish *wish)
{
        enum err e = may_grant(work, wish->scope, wish->principal);
        struct permission_set wanted;
        if (!e)
                e = wanted_set(work, wish, &wanted);
        return e ? e : rights_contain(work, wish->scope->no, &wanted);
}

static enum err judge_tie(struct work *work, const struct grant_wish *wish)
{
        struct permission_set wanted;
        if (wish->principal->kind != KIND_GROUP)
                return ERR_OK;
        enum err e = wanted_set(work, wish, &wanted);
        return e ? e : ceiling_check_grant(work, wish->role ? "role" : "privilege", wish->principal->no, &wanted);
}

/* Does the grant live at an instant at which it did not? A shorter life ties nothing. */
static bool lives_longer(const struct grant_row *before, int64_t from_us, int64_t until_us)
{
        return from_us < before->from_us || (before->until_us && (!until_us || until_us > before->until_us));
}

/* ---- making ---- */

static enum err tell_graph(struct work *work, const struct grant_row *row)
{
        struct effect effect = {
                .kind = EFFECT_GRANT,
                .no = row->no,
                .other_no = row->principal_no,
                .scope_no = row->scope_no,
                .role_no = row->role_no,
                .from_us = row->from_us,
                .until_us = row->until_us,
                .text = row->privilege,
        };
        return work_effect(work, &effect);
}

static enum err set_time(json_t *document, const char *name, int64_t time_us)
{
        char text[CLOCK_TEXT_SIZE];
        if (!time_us)
                return ERR_OK;
        clock_format(time_us, text);
        return json_object_set_new(document, name, json_string(text)) ? ERR_MEMORY : ERR_OK;
}

static json_t *wish_document(const struct grant_wish *wish)
{
        json_t *document = json_pack("{s:s, s:s}", "principal", wish->principal->id, "scope", wish->scope->id);
        if (!document)
                return NULL;
        const char *key = wish->role ? "role" : "privilege";
        int failed = json_object_set_new(document, key, json_string(wish->role ? wish->role->slug : wish->privilege));
        if (wish->reason)
                failed = failed || json_object_set_new(document, "reason", json_string(wish->reason));
        if (failed || set_time(document, "from", wish->from_us) || set_time(document, "until", wish->until_us)) {
                json_decref(document);
                return NULL;
        }
        return document;
}

enum err grant_make(struct work *work, const struct grant_wish *wish, struct resource_row *ret)
{
        json_auto_t *document = wish_document(wish);
        if (!document)
                return work_memory(work);
        int64_t org_no = wish->scope->kind == KIND_PROJECT ? wish->scope->org_no : wish->scope->no;
        struct resource_row row = { 0 };
        enum err e = thing_insert(work, KIND_GRANT, org_no, NULL, document, &row);
        if (e)
                return e;
        const struct grant_row grant = {
                .no = row.no,
                .scope_no = wish->scope->no,
                .principal_no = wish->principal->no,
                .role_no = wish->role ? wish->role->no : 0,
                .privilege = wish->role ? "" : wish->privilege,
                .from_us = wish->from_us,
                .until_us = wish->until_us,
                .granted_by = work->actor->no,
                .source_no = wish->source_no,
                .rule_no = wish->rule_no,
        };
        if (wish->source_no)
                e = session_run(
                        work->session, ST_RESOURCE_SOURCE, NULL, work->fault, V_I64(work->root_no), V_I64(row.no), V_I64(wish->source_no));
        if (!e)
                e = grant_insert(work->session, work->root_no, &grant, work->fault);
        if (!e)
                e = tell_graph(work, &grant);
        if (e)
                return e;
        *ret = row;
        return ERR_OK;
}

static const char *member_text(const json_t *document, const char *name)
{
        return json_string_value(json_object_get(document, name));
}

static int64_t member_time(const json_t *document, const char *name)
{
        const char *text = member_text(document, name);
        int64_t time_us = 0;
        return text && clock_parse(text, &time_us) ? time_us : 0;
}

static enum err wish_role(struct work *work, const char *slug, struct grant_wish *wish)
{
        enum permission_level level = wish->scope->kind == KIND_PROJECT ? LEVEL_PROJECT : LEVEL_ORGANIZATION;
        wish->role = builtin_role_find(level, slug);
        if (!wish->role)
                return fault_set(work->fault, ERR_VALUE, "role", "there is no role \"%.64s\" for %s; see the list of roles", slug,
                        level == LEVEL_PROJECT ? "projects" : "organizations");
        return ERR_OK;
}

static void describe(struct work *work, enum ledger_event event, const struct resource_row *row)
{
        work->event = event;
        work->object_kind = KIND_GRANT;
        work->object_no = row->no;
        work->changed = true;
        work->change->after.resource = *row;
}

enum err grant_create(struct work *work)
{
        const json_t *document = work->change->document;
        struct resource_row scope = { 0 }, principal = { 0 }, row = { 0 };
        const char *scope_ref = member_text(document, "scope"), *role = member_text(document, "role");
        enum err e;
        if (scope_ref) {
                e = reference_scope(work, scope_ref, &scope);
        } else {
                int64_t org_no;
                e = reference_organization(work, &org_no);
                if (!e)
                        e = resource_load(work->session, work->root_no, org_no, work->arena, &scope, work->fault);
        }
        if (!e)
                e = reference_principal(work, member_text(document, "principal"), &principal);
        if (e)
                return e;
        struct grant_wish wish = {
                .scope = &scope,
                .principal = &principal,
                .privilege = member_text(document, "privilege"),
                .from_us = member_time(document, "from"),
                .until_us = member_time(document, "until"),
                .reason = member_text(document, "reason"),
        };
        if (role)
                e = wish_role(work, role, &wish);
        if (!e)
                e = judge(work, &wish);
        if (!e)
                e = judge_tie(work, &wish);
        if (!e)
                e = break_glass_rights(work, &principal);
        if (!e)
                e = grant_make(work, &wish, &row);
        if (e)
                return e;
        describe(work, EVENT_CREATED, &row);
        return work_body_document(work, &row);
}

/* ---- gaining access (R22) ---- */

/* The grant of such a role that began and never ends; ret->no 0: there is none. */
static enum err lasting_grant(struct work *work, const struct grant_wish *wish, struct resource_row *ret)
{
        int64_t no = 0;
        enum err e = session_query_number(work->session, ST_GRANT_LASTING, &no, work->fault, V_I64(work->root_no),
                V_I64(wish->principal->no), V_I64(wish->scope->no), V_I64(wish->role->no), V_I64(work->at_us));
        if (e)
                return e;
        *ret = (struct resource_row){ 0 };
        return no ? resource_load(work->session, work->root_no, no, work->arena, ret, work->fault) : ERR_OK;
}

/* Who has it keeps the grant he has: asking twice gives nothing twice. */
enum err grant_gain_access(struct work *work)
{
        if (work->change->type->kind != KIND_PROJECT || work->actor->kind != ACTOR_IDENTITY)
                return fault_set(work->fault, ERR_METHOD, "", "%ss cannot be changed this way", work->change->type->word);
        struct resource_row project = { 0 }, self = { 0 }, grant = { 0 };
        enum err e = reference_load(work, KIND_PROJECT, work->change->ref, 0, &project);
        if (!e)
                e = rights_need_org(work, project.org_no, "organization-admin-console", "access-all-projects");
        if (!e)
                e = resource_load(work->session, work->root_no, work->actor->no, work->arena, &self, work->fault);
        const struct grant_wish wish = {
                .scope = &project,
                .principal = &self,
                .role = builtin_role_find(LEVEL_PROJECT, "admin"),
                .reason = "gained access",
        };
        if (!e)
                e = lasting_grant(work, &wish, &grant);
        work->change->after.resource = grant;
        if (e || grant.no)
                return e;
        e = grant_make(work, &wish, &grant);
        if (e)
                return e;
        describe(work, EVENT_ACCESS_GAINED, &grant);
        return work_body_document(work, &grant);
}

/* ---- changing and ending ---- */

struct held_grant {
        struct resource_row row, scope, principal;
        struct grant_row grant;
        struct grant_wish wish;
};

/* A principal or scope in the bin keeps its grants; they can still be taken away. */
static enum err load_end_of(struct work *work, int64_t no, const char *id, struct resource_row *ret)
{
        enum err e = resource_load(work->session, work->root_no, no, work->arena, ret, work->fault);
        return e == ERR_NOT_FOUND ? resource_load_from_bin(work->session, work->root_no, id, work->arena, ret, work->fault) : e;
}

static enum err load(struct work *work, struct held_grant *ret)
{
        json_auto_t *document = NULL;
        enum err e = reference_load(work, KIND_GRANT, work->change->ref, 0, &ret->row);
        if (!e)
                e = grant_load(work->session, work->root_no, ret->row.no, work->arena, &ret->grant, work->fault);
        if (!e)
                e = json_parse_object(ret->row.doc, ret->row.doc_length, &document, work->fault);
        if (!e)
                e = load_end_of(work, ret->grant.scope_no, member_text(document, "scope"), &ret->scope);
        if (!e)
                e = load_end_of(work, ret->grant.principal_no, member_text(document, "principal"), &ret->principal);
        if (e)
                return e;
        ret->wish = (struct grant_wish){
                .scope = &ret->scope,
                .principal = &ret->principal,
                .role = ret->grant.role_no ? builtin_role_by_no(ret->grant.role_no) : NULL,
                .privilege = ret->grant.privilege,
        };
        return version_check(work->change->if_match, ret->row.version, work->fault);
}

/* What a mapping rule gave is the rule's to take: by hand it would come back with the next write. */
static enum err not_mapped(struct work *work, const struct held_grant *held)
{
        struct resource_row rule = { 0 };
        if (!held->grant.rule_no)
                return ERR_OK;
        bool known = resource_load(work->session, work->root_no, held->grant.rule_no, work->arena, &rule, NULL) == ERR_OK;
        return fault_set(work->fault, ERR_CONFLICT, "", "the grant comes from the mapping rule %s of a connection: change or delete that",
                known ? rule.id : "that is being taken back");
}

enum err grant_merge(struct work *work)
{
        struct held_grant held = { 0 };
        enum err e = load(work, &held);
        if (!e)
                e = judge(work, &held.wish);
        if (!e)
                e = not_mapped(work, &held);
        json_auto_t *before = NULL;
        if (!e)
                e = json_parse_object(held.row.doc, held.row.doc_length, &before, work->fault);
        if (e)
                return e;
        json_auto_t *after = document_merge(before, work->change->document);
        if (!after)
                return work_memory(work);
        e = document_check(work->change->type, after, work->fault);
        if (!e) /* what it confers and to whom was judged when it was made */
                e = document_check_immutable(work->change->type, before, after, work->fault);
        if (e)
                return e;
        if (json_equal(before, after)) {
                work->change->after.resource = held.row;
                return ERR_OK;
        }
        struct guard guard;
        e = guard_begin(work, &guard);
        if (!e)
                e = break_glass_rights(work, &held.principal);
        if (!e && lives_longer(&held.grant, member_time(after, "from"), member_time(after, "until")))
                e = judge_tie(work, &held.wish);
        held.grant.from_us = member_time(after, "from");
        held.grant.until_us = member_time(after, "until");
        auto_buffer text = { 0 };
        if (!e)
                e = json_canonical(after, &text, work->fault);
        if (e)
                return e;
        held.row.doc = arena_text(work->arena, text.data, text.length);
        held.row.doc_length = text.length;
        if (!held.row.doc)
                return work_memory(work);
        held.row.version = work->version;
        held.row.modified_us = work->at_us;
        e = resource_update(work->session, work->root_no, &held.row, &held.row, work->fault);
        if (!e)
                e = session_run(work->session, ST_GRANT_WINDOW, NULL, work->fault, V_I64(work->root_no), V_I64(held.row.no),
                        V_I64(held.grant.from_us), V_I64(held.grant.until_us));
        if (!e)
                e = tell_graph(work, &held.grant);
        if (!e)
                e = guard_end(work, &guard);
        if (e)
                return e;
        describe(work, EVENT_UPDATED, &held.row);
        return work_body_json(work, json_pack("{s:s, s:o}", "id", held.row.id, "difference", document_difference(before, after)));
}

enum err grant_drop(struct work *work, int64_t no)
{
        const struct effect gone = { .kind = EFFECT_GONE, .no = no };
        enum err e = session_run(work->session, ST_GRANT_DELETE, NULL, work->fault, V_I64(work->root_no), V_I64(no));
        if (!e)
                e = session_run(work->session, ST_RESOURCE_BIN, NULL, work->fault, V_I64(work->root_no), V_I64(no), V_I64(work->version),
                        V_I64(work->at_us));
        if (!e)
                e = count_move(work->session, work->root_no, KIND_GRANT, COUNT_ALL, -1, work->fault);
        return e ? e : work_effect(work, &gone);
}

enum err grant_delete(struct work *work)
{
        struct held_grant held = { 0 };
        enum err e = load(work, &held);
        if (!e)
                e = may_grant(work, &held.scope, &held.principal);
        if (!e)
                e = break_glass_rights(work, &held.principal);
        if (!e)
                e = not_mapped(work, &held);
        struct guard guard;
        if (!e)
                e = guard_begin(work, &guard);
        if (!e)
                e = grant_drop(work, held.row.no);
        if (!e)
                e = guard_end(work, &guard);
        if (e)
                return e;
        describe(work, EVENT_DELETED, &held.row);
        return work_body_document(work, &held.row);
}
