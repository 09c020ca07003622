/* SPDX-License-Identifier: Apache-2.0
 *
 * Changes of everything but people and grants: organisations, projects, machine identities, upstreams, connections, domains. One path for
 * all; what a kind does beyond it stands in one row of the table `kinds`. */
#include <string.h>
#include "base/text.h"
#include "model/ceiling.h"
#include "directory/scim_log.h"
#include "work.h"

/* ---- kinds ---- */

static enum err made_scope(struct work *work, struct resource_row *row, json_t *document);
static enum err made_identity(struct work *work, struct resource_row *row, json_t *document);
static enum err made_connection(struct work *work, struct resource_row *row, json_t *document);
static enum err ready_connection(struct work *work, json_t *document);
static enum err end_organization(struct work *work, const struct resource_row *row);
static enum err end_identity(struct work *work, const struct resource_row *row);
static enum err end_upstream(struct work *work, const struct resource_row *row);

struct kind_rules {
        const char *create_subject;                             /* permission in the organisation that a new one needs: subject:create */
        bool at_root;                                           /* lives at the root organisation only (R25) */
        bool admin_only;                                        /* R19: nobody but organisation administrators */
        enum err (*ready)(struct work *work, json_t *document); /* completes a new or merged document */
        enum err (*made)(struct work *work, struct resource_row *row, json_t *document); /* after the row stands */
        enum err (*end)(struct work *work, const struct resource_row *row);              /* before it goes to the bin; may refuse */
        /* Judges a merged document against the one before, and may complete it. */
        enum err (*changed)(struct work *work, const struct resource_row *row, const json_t *before, json_t *after);
};
/* clang-format off */
static const struct kind_rules kinds[KIND_COUNT] = {
        [KIND_ORGANIZATION] = { "sub-organization", true,  false, NULL,             made_scope,        end_organization },
        [KIND_PROJECT]      = { "project",          false, false, NULL,             made_scope,        NULL },
        [KIND_IDENTITY]     = { "identity",         false, false, NULL,             made_identity,     end_identity },
        [KIND_UPSTREAM]     = { "upstream",         true,  false, NULL,             NULL,              end_upstream },
        [KIND_CONNECTION]   = { "scim",             true,  true,  ready_connection, made_connection,   NULL, domain_list_check },
        [KIND_DOMAIN]       = { "email-domains",    true,  false, domain_ready,     domain_made,       domain_end },
        [KIND_MAPPING_RULE] = { "scim",             true,  true,  mapping_ready,    mapping_made,      mapping_end, mapping_changed },
        [KIND_SCHEMA]        = { "schemas", true, false, declaration_ready, declaration_made, declaration_end, declaration_changed },
        [KIND_RESOURCE_TYPE] = { "schemas", true, false, declaration_ready, declaration_made, declaration_end, declaration_changed },
};
/* clang-format on */

static const struct kind_rules *rules_of(const struct work *work)
{
        const struct kind_rules *rules = &kinds[work->change->type->kind];
        return rules->create_subject ? rules : NULL;
}

static enum err not_offered(struct work *work)
{
        return fault_set(work->fault, ERR_METHOD, "", "%ss cannot be changed this way", work->change->type->word);
}

static enum err admins_only(struct work *work)
{
        return rights_contain(work, ROOT_ORG_NO, &builtin_role_find(LEVEL_ORGANIZATION, "admin")->allow);
}

static void describe(struct work *work, enum ledger_event event, const struct resource_row *row)
{
        work->event = event;
        work->object_kind = row->kind;
        work->object_no = row->no;
        work->changed = true;
        work->change->after.resource = *row;
}

/* ---- insert ---- */

static enum err taken(struct work *work, const struct resource_type *type, const char *name)
{
        return fault_set(work->fault, ERR_TAKEN, type->name_attribute ? type->name_attribute : "", "another %s is called \"%.80s\"",
                type->word, name);
}

static enum err document_text(struct work *work, const json_t *document, struct resource_row *row)
{
        json_auto_t *rest = json_whole_copy(document);
        if (!rest)
                return work_memory(work);
        (void)json_object_del(rest, "active");
        auto_buffer text = { 0 };
        enum err e = json_canonical(rest, &text, work->fault);
        if (e)
                return e;
        row->doc = arena_text(work->arena, text.data, text.length);
        row->doc_length = text.length;
        return row->doc ? ERR_OK : work_memory(work);
}

enum err thing_insert(
        struct work *work, enum resource_kind kind, int64_t org_no, const char *name, json_t *document, struct resource_row *ret)
{
        struct resource_row row = {
                .org_no = org_no,
                .kind = kind,
                .active = !json_is_false(json_object_get(document, "active")),
                .version = work->version,
                .created_us = work->at_us,
                .modified_us = work->at_us,
        };
        enum err e = document_text(work, document, &row);
        if (e)
                return e;
        ident_uuid(row.id);
        row.no = work_next_no(work);
        row.name = name ? name : arena_strdup(work->arena, row.id);
        if (!row.name)
                return work_memory(work);
        struct fault cause = { 0 };
        e = resource_insert(work->session, work->root_no, &row, &cause);
        if (e == ERR_TAKEN)
                return taken(work, resource_type(kind), row.name);
        if (e) {
                *work->fault = cause;
                return e;
        }
        e = count_move(work->session, work->root_no, kind, COUNT_ALL, 1, work->fault);
        if (!e && kind != KIND_GRANT)
                e = work_effect_resource(work, &row);
        if (e)
                return e;
        *ret = row;
        return ERR_OK;
}

/* ---- create ---- */

static enum err place(struct work *work, const struct kind_rules *rules, json_t *document, int64_t *ret_org_no)
{
        const char *named = json_string_value(json_object_get(document, "organization"));
        if (named)
                work->change->organization = named;
        int64_t org_no;
        enum err e = reference_organization(work, &org_no);
        if (e)
                return e;
        struct resource_row organization;
        e = resource_load(work->session, work->root_no, org_no, work->arena, &organization, work->fault);
        if (e)
                return e;
        if (rules->at_root && org_no != ROOT_ORG_NO)
                return fault_set(
                        work->fault, ERR_VALUE, "organization", "%ss live at the root organization only", work->change->type->word);
        bool has = attribute_find(work->change->type->core->attributes, "organization", strlen("organization")) != NULL;
        if (has && json_object_set_new(document, "organization", json_string(organization.id)))
                return work_memory(work);
        *ret_org_no = org_no;
        return ERR_OK;
}

enum err thing_create(struct work *work)
{
        if (work->change->type->kind == KIND_GRANT)
                return grant_create(work);
        const struct kind_rules *rules = rules_of(work);
        if (!rules)
                return not_offered(work);
        json_auto_t *document = json_whole_copy(work->change->document);
        if (!document)
                return work_memory(work);
        int64_t org_no = 0;
        enum err e = place(work, rules, document, &org_no);
        if (!e)
                e = rights_need_org(work, org_no, rules->create_subject, "create");
        if (!e && rules->admin_only)
                e = admins_only(work);
        if (!e && rules->ready)
                e = rules->ready(work, document);
        const char *name = NULL;
        if (!e)
                e = document_name(work->change->type, document, work->arena, &name, work->fault);
        struct resource_row row = { 0 };
        if (!e)
                e = thing_insert(work, work->change->type->kind, org_no, name, document, &row);
        if (!e && rules->made)
                e = rules->made(work, &row, document);
        if (e)
                return e;
        describe(work, EVENT_CREATED, &row);
        return work->body ? ERR_OK : work_body_document(work, &row);
}

/* Whoever makes a project or a sub-organisation becomes its administrator. */
static enum err creator_becomes(struct work *work, const struct resource_row *scope, enum permission_level level)
{
        if (work->actor->kind != ACTOR_IDENTITY)
                return ERR_OK;
        struct resource_row creator = { 0 }, grant = { 0 };
        enum err e = resource_load(work->session, work->root_no, work->actor->no, work->arena, &creator, work->fault);
        const struct grant_wish wish = {
                .scope = scope,
                .principal = &creator,
                .role = builtin_role_find(level, "admin"),
                .reason = "made it",
        };
        return e ? e : grant_make(work, &wish, &grant);
}

static enum err made_scope(struct work *work, struct resource_row *row, json_t *document)
{
        (void)document;
        return creator_becomes(work, row, row->kind == KIND_PROJECT ? LEVEL_PROJECT : LEVEL_ORGANIZATION);
}

static enum err made_identity(struct work *work, struct resource_row *row, json_t *document)
{
        (void)document;
        enum err e = credential_add(work, row, TOKEN_IDENTITY, 0, 0);
        if (e || !work->change->role)
                return e;
        struct resource_row scope = { 0 }, grant = { 0 };
        e = resource_load(work->session, work->root_no, row->org_no, work->arena, &scope, work->fault);
        if (e)
                return e;
        const struct grant_wish wish = {
                .scope = &scope,
                .principal = row,
                .role = builtin_role_find(LEVEL_ORGANIZATION, work->change->role),
        };
        if (!wish.role)
                return fault_set(work->fault, ERR_VALUE, "role", "there is no organization role \"%.64s\"", work->change->role);
        e = rights_need(work, &scope, "identity", "grant-privileges");
        if (!e)
                e = rights_contain(work, scope.no, &wish.role->allow);
        return e ? e : grant_make(work, &wish, &grant);
}

/* R1: by default a connection has a new upstream named after it. One that is there already, such as that of a connection that was deleted,
 * is never joined unasked: adoption reaches through it. */
static enum err make_upstream(struct work *work, const char *shown, struct resource_row *ret)
{
        json_auto_t *made = json_pack("{s:s}", "name", shown);
        const char *name = made ? text_fold(work->arena, shown, strlen(shown)) : NULL;
        if (!name)
                return work_memory(work);
        const struct resource_name same = { .kind = KIND_CONNECTION, .folded = name, .source_no = -1 };
        struct resource_row connection;
        enum err e = resource_load_by_name(work->session, work->root_no, &same, work->arena, &connection, work->fault);
        if (e != ERR_NOT_FOUND)
                return e ? e : taken(work, resource_type(KIND_CONNECTION), shown);
        e = thing_insert(work, KIND_UPSTREAM, ROOT_ORG_NO, name, made, ret);
        if (e != ERR_TAKEN)
                return e;
        return fault_set(work->fault, ERR_TAKEN, "upstream",
                "there is an upstream \"%.80s\" already: name it as the upstream to put the connection into it, or choose another name",
                shown);
}

static enum err ready_connection(struct work *work, json_t *document)
{
        const char *ref = json_string_value(json_object_get(document, "upstream"));
        struct resource_row upstream;
        enum err e = adoption_check(work, document);
        if (e)
                return e;
        if (!ref && work->change->verb != CHANGE_CREATE)
                return fault_set(work->fault, ERR_VALUE, "upstream", "a connection always belongs to an upstream");
        if (ref) {
                e = reference_load(work, KIND_UPSTREAM, ref, 0, &upstream);
                if (e == ERR_NOT_FOUND)
                        return fault_set(work->fault, ERR_VALUE, "upstream", "there is no upstream \"%.80s\"", ref);
        } else {
                e = make_upstream(work, json_string_value(json_object_get(document, "name")), &upstream);
        }
        if (e)
                return e;
        bool failed = json_object_set_new(document, "upstream", json_string(upstream.id)) != 0;
        if (!json_object_get(document, "profile"))
                failed = failed || json_object_set_new(document, "profile", json_string("lenient"));
        if (!json_object_get(document, "preset"))
                failed = failed || json_object_set_new(document, "preset", json_string("none"));
        if (!json_object_get(document, "adoption"))
                failed = failed || json_object_set_new(document, "adoption", json_string("refuse"));
        if (!json_object_get(document, "ceiling"))
                failed = failed || json_object_set_new(document, "ceiling", ceiling_default());
        return failed ? work_memory(work) : ERR_OK;
}

/* R19: from where it may call is judged in memory. */
static enum err tell_addresses(struct work *work, const struct resource_row *row)
{
        const struct effect effect = { .kind = EFFECT_ADDRESSES, .no = row->no, .text = row->doc };
        return row->kind == KIND_CONNECTION ? work_effect(work, &effect) : ERR_OK;
}

static enum err made_connection(struct work *work, struct resource_row *row, json_t *document)
{
        unsigned scopes = work->change->scopes ? work->change->scopes : SCOPE_USERS | SCOPE_GROUPS;
        enum err e = tell_addresses(work, row);
        if (!e)
                e = ceiling_set(work, NULL, document, row);
        return e ? e : credential_add(work, row, TOKEN_SCIM, scopes | credential_flags(document), 0);
}

/* ---- load for a change ---- */

/* The scope whose rights guard this thing: a project guards itself, everything else its organisation. */
/* What a child's own administrator may set: its slug stands among its siblings', which are the root's business, and so is its life. */
static bool is_own_matter(const struct change *change)
{
        static const char *const own[] = { "name", "description" };
        const char *key;
        json_t *value;
        if (change->verb != CHANGE_MERGE)
                return false;
        json_object_foreach ((json_t *)change->document, key, value) {
                bool found = false;
                for (size_t i = 0; i < COUNT_OF(own); i++)
                        found = found || strcmp(key, own[i]) == 0;
                if (!found)
                        return false;
        }
        return true;
}

static enum err need_organization(struct work *work, const struct resource_row *row, const char *action)
{
        if (row->no != ROOT_ORG_NO && is_own_matter(work->change)) {
                enum err e = rights_need(work, row, "organization", action);
                if (e != ERR_FORBIDDEN)
                        return e;
        }
        return rights_need_org(work, ROOT_ORG_NO, row->no == ROOT_ORG_NO ? "organization" : "sub-organization", action);
}

static enum err need(struct work *work, const struct resource_row *row, const char *action)
{
        const struct resource_type *type = work->change->type;
        if (type->kind == KIND_PROJECT)
                return rights_need(work, row, type->subject, action);
        if (type->kind == KIND_ORGANIZATION)
                return need_organization(work, row, action);
        return rights_need_org(work, row->org_no, type->subject, action);
}

/* A connection that is being deleted does not come back to life half-way. */
static enum err stays(struct work *work, const struct resource_row *row)
{
        bool gone;
        enum err e = connection_is_gone(work, row->no, &gone);
        if (e || !gone)
                return e;
        return fault_set(work->fault, ERR_CONFLICT, "", "the connection is being deleted; delete it again to see how far that is");
}

enum err thing_load(struct work *work, const char *action, struct resource_row *ret)
{
        const struct kind_rules *rules = rules_of(work);
        if (!rules)
                return not_offered(work);
        enum err e = reference_load(work, work->change->type->kind, work->change->ref, 0, ret);
        if (!e && ret->no == ROOT_ORG_NO && strcmp(action, "delete") == 0)
                return fault_set(work->fault, ERR_CONFLICT, "", "the root organization cannot be deleted");
        if (!e)
                e = need(work, ret, action);
        if (!e && rules->admin_only)
                e = admins_only(work);
        if (!e && ret->kind == KIND_CONNECTION && strcmp(action, "delete") != 0)
                e = stays(work, ret);
        return e ? e : version_check(work->change->if_match, ret->version, work->fault);
}

static enum err not_oneself(struct work *work, const struct resource_row *row, const char *what)
{
        if (row->kind == KIND_IDENTITY && work->actor->kind == ACTOR_IDENTITY && work->actor->no == row->no)
                return fault_set(work->fault, ERR_CONFLICT, "", "an identity cannot %s itself; use another one", what);
        return ERR_OK;
}

/* ---- merge ---- */

static enum err immutables(struct work *work, const struct resource_row *row, const json_t *before, const json_t *after)
{
        const struct attribute *attribute = work->change->type->core->attributes;
        for (; attribute->name; attribute++) {
                bool fixed = (attribute->flags & IMMUTABLE) || (row->no == ROOT_ORG_NO && strcmp(attribute->name, "slug") == 0);
                const json_t *old = json_object_get(before, attribute->name), *new = json_object_get(after, attribute->name);
                if (fixed && old != new && !json_equal(old, new))
                        return fault_set(
                                work->fault, ERR_MUTABILITY, attribute->name, "%s cannot be changed once it is set", attribute->name);
        }
        return ERR_OK;
}

static enum err deactivated(struct work *work, const struct resource_row *row)
{
        if (row->no == ROOT_ORG_NO)
                return fault_set(work->fault, ERR_CONFLICT, "active", "the root organization cannot be deactivated");
        enum err e = not_oneself(work, row, "deactivate");
        if (!e && row->kind == KIND_IDENTITY) /* law 4: enabling it again revives no old credential */
                e = credential_revoke_all(work, row->no);
        return e;
}

static enum err store_merged(struct work *work, struct resource_row *row, const struct resource_row *before, const json_t *after)
{
        enum err e = document_name(work->change->type, after, work->arena, &row->name, work->fault);
        if (!e && !row->name) /* the id stands in, as it did */
                row->name = before->name;
        if (!e)
                e = document_text(work, after, row);
        if (e)
                return e;
        row->active = !json_is_false(json_object_get(after, "active"));
        row->version = work->version;
        row->modified_us = work->at_us;
        struct guard guard = { 0 };
        bool takes = before->active && !row->active;
        if (takes) {
                e = guard_begin(work, &guard);
                if (!e)
                        e = deactivated(work, row);
        }
        struct fault cause = { 0 };
        if (!e) {
                e = resource_update(work->session, work->root_no, before, row, &cause);
                if (e == ERR_TAKEN)
                        return taken(work, work->change->type, row->name);
                if (e)
                        *work->fault = cause;
        }
        if (!e)
                e = work_effect_resource(work, row);
        if (!e)
                e = tell_addresses(work, row);
        if (!e && takes)
                e = guard_end(work, &guard);
        return e;
}

enum err thing_merge(struct work *work)
{
        if (work->change->type->kind == KIND_GRANT)
                return grant_merge(work);
        struct resource_row before;
        enum err e = thing_load(work, "edit", &before);
        json_auto_t *old = NULL;
        if (!e)
                e = json_parse_object(before.doc, before.doc_length, &old, work->fault);
        if (e)
                return e;
        if (json_object_set_new(old, "active", json_boolean(before.active)))
                return work_memory(work);
        json_auto_t *new = document_merge(old, work->change->document);
        if (!new)
                return work_memory(work);
        const struct kind_rules *rules = rules_of(work);
        e = rules->ready ? rules->ready(work, new) : ERR_OK;
        if (!e)
                e = document_check(work->change->type, new, work->fault);
        if (!e)
                e = immutables(work, &before, old, new);
        if (e)
                return e;
        struct resource_row row = before;
        work->change->after.resource = before;
        if (json_equal(old, new))
                return ERR_OK;
        if (rules->changed)
                e = rules->changed(work, &before, old, new);
        if (!e)
                e = store_merged(work, &row, &before, new);
        if (!e && row.kind == KIND_CONNECTION && credential_flags(old) != credential_flags(new))
                e = credential_set_flags(work, row.no, credential_flags(new));
        if (!e && row.kind == KIND_CONNECTION)
                e = ceiling_set(work, old, new, &row);
        if (!e && row.kind == KIND_CONNECTION)
                e = adoption_changed(work, old, new, &row);
        if (e)
                return e;
        describe(work, row.active == before.active ? EVENT_UPDATED : row.active ? EVENT_REACTIVATED : EVENT_DEACTIVATED, &row);
        return work_body_json(work, json_pack("{s:s, s:o}", "id", row.id, "difference", document_difference(old, new)));
}

/* ---- delete ---- */

enum err thing_delete(struct work *work)
{
        if (work->change->type->kind == KIND_GRANT)
                return grant_delete(work);
        if (work->change->type->kind == KIND_CONNECTION)
                return connection_begin(work);
        struct resource_row row = { 0 };
        enum err e = thing_load(work, "delete", &row);
        struct guard guard;
        if (!e)
                e = not_oneself(work, &row, "delete");
        if (!e)
                e = mapping_check_unused(work, &row);
        if (!e)
                e = guard_begin(work, &guard);
        const struct kind_rules *rules = rules_of(work);
        if (!e && rules->end)
                e = rules->end(work, &row);
        if (!e)
                e = session_run(work->session, ST_RESOURCE_BIN, NULL, work->fault, V_I64(work->root_no), V_I64(row.no),
                        V_I64(work->version), V_I64(work->at_us));
        if (!e)
                e = count_move(work->session, work->root_no, row.kind, COUNT_ALL, -1, work->fault);
        const struct effect gone = { .kind = EFFECT_GONE, .no = row.no };
        if (!e)
                e = work_effect(work, &gone);
        if (!e)
                e = guard_end(work, &guard);
        if (e)
                return e;
        describe(work, EVENT_DELETED, &row);
        return work_body_document(work, &row);
}

struct uses {
        const char *id;
        struct resource_row found;
};

static enum err find_use(void *context, const struct resource_row *row, struct fault *fault)
{
        struct uses *uses = context;
        (void)fault;
        if (!uses->found.no && (!uses->id || strstr(row->doc, uses->id)))
                uses->found = *row;
        return ERR_OK;
}

static enum err refuse_while_used(struct work *work, enum resource_kind kind, int64_t org_no, const char *id, const char *word)
{
        struct uses uses = { .id = id };
        enum err e = resource_list(work->session, work->root_no, kind, org_no, 0, 1000, find_use, &uses, work->fault);
        if (e || !uses.found.no)
                return e;
        return fault_set(work->fault, ERR_CONFLICT, "", "the %s still has %ss (%s); delete them first", word, resource_type(kind)->word,
                uses.found.id);
}

static enum err end_organization(struct work *work, const struct resource_row *row)
{
        enum err e = refuse_while_used(work, KIND_PROJECT, row->no, NULL, "organization");
        return e ? e : refuse_while_used(work, KIND_IDENTITY, row->no, NULL, "organization");
}

static enum err end_identity(struct work *work, const struct resource_row *row)
{
        return credential_revoke_all(work, row->no);
}

static enum err end_upstream(struct work *work, const struct resource_row *row)
{
        return refuse_while_used(work, KIND_CONNECTION, 0, row->id, "upstream");
}

/* ---- tokens, access ---- */

/* What is not asked for anew is as with the newest token, so that a rotation widens nothing. */
static enum err rotate_connection(struct work *work, const struct resource_row *row, const json_t *document)
{
        unsigned scopes = work->change->scopes;
        enum err e = scopes ? ERR_OK : credential_newest_scopes(work, row->no, &scopes);
        return e ? e : credential_add(work, row, TOKEN_SCIM, scopes | credential_flags(document), 1);
}

enum err thing_rotate(struct work *work)
{
        struct resource_row row = { 0 };
        bool connection = work->change->type->kind == KIND_CONNECTION;
        if (!connection && work->change->type->kind != KIND_IDENTITY)
                return not_offered(work);
        enum err e = thing_load(work, connection ? "edit" : "create-token", &row);
        if (!e && !row.active)
                return fault_set(work->fault, ERR_CONFLICT, "active", "the %s is deactivated; activate it first", work->change->type->word);
        if (!e && !connection)
                e = rights_cover(work, row.no);
        json_auto_t *document = NULL;
        if (!e)
                e = json_parse_object(row.doc, row.doc_length, &document, work->fault);
        if (!e) /* R19: two tokens of a connection live; an identity has one */
                e = connection ? rotate_connection(work, &row, document) : credential_add(work, &row, TOKEN_IDENTITY, 0, 0);
        if (e)
                return e;
        describe(work, EVENT_TOKEN_CREATED, &row);
        return work_body_json(work, json_pack("{s:s}", "id", row.id));
}

/* Nothing is stored of it but that it was asked for: what a capture shows is personal. */
enum err thing_capture(struct work *work)
{
        struct resource_row row = { 0 };
        int64_t seconds = work->change->capture_s;
        if (work->change->type->kind != KIND_CONNECTION)
                return not_offered(work);
        if (seconds < 0 || seconds > CAPTURE_MAX_S)
                return fault_set(work->fault, ERR_VALUE, "minutes", "a capture lasts at most %d minutes", CAPTURE_MAX_S / 60);
        enum err e = thing_load(work, "edit", &row);
        if (e)
                return e;
        describe(work, seconds ? EVENT_CAPTURE_STARTED : EVENT_CAPTURE_STOPPED, &row);
        return work_body_json(work, json_pack("{s:s, s:I}", "id", row.id, "seconds", (json_int_t)seconds));
}
