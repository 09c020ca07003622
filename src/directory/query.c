/* SPDX-License-Identifier: Apache-2.0
 *
 * The read path: what a connection sees (its own claims and edges), and what an identity may see (rights from the graph). */
#include "directory/query.h"

#include <string.h>
#include "base/clock.h"
#include "base/text.h"

#define PAGE 1000

static enum err out_of_memory(struct fault *fault)
{
        return fault_set(fault, ERR_MEMORY, "", "out of memory");
}

static enum err missing(const struct resource_type *type, struct fault *fault)
{
        return fault_set(fault, ERR_NOT_FOUND, "", "there is no such %s", type->word);
}

enum err query_within_deadline(const struct query *query, struct fault *fault)
{
        if (query->deadline_us && clock_steady_us() > query->deadline_us)
                return fault_set(fault, ERR_DEADLINE, "", "the answer took too long; narrow the request");
        return ERR_OK;
}

/* ---- what a connection sees ---- */

enum err query_claimed(
        const struct query *query, const struct resource_type *type, const char *id, struct claimed_row *ret, struct fault *fault)
{
        enum err e = claimed_load(query->session, query->actor->root_no, query->actor->no, type->kind, id, query->arena, ret, fault);
        if (e == ERR_NOT_FOUND)
                return adoption_by_id(query, type, id, ret, fault);
        if (!e)
                claimed_expand(ret);
        return e;
}

enum err query_claimed_count(const struct query *query, const struct resource_type *type, int64_t *ret, struct fault *fault)
{
        return count_read(query->session, query->actor->root_no, type->kind, query->actor->no, ret, fault);
}

struct claimed_walk {
        claimed_each each;
        void *context;
        int64_t last_no, count;
};

static enum err claimed_step(void *context, const struct claimed_row *row, struct fault *fault)
{
        struct claimed_walk *walk = context;
        struct claimed_row expanded = *row;
        claimed_expand(&expanded);
        walk->last_no = row->resource.no;
        walk->count++;
        return walk->each(walk->context, &expanded, fault);
}

enum err query_claimed_page(const struct query *query, const struct resource_type *type, int64_t offset, int64_t limit, claimed_each each,
        void *context, struct fault *fault)
{
        struct claimed_walk walk = { .each = each, .context = context };
        return claimed_page(
                query->session, query->actor->root_no, query->actor->no, type->kind, offset, (int)limit, claimed_step, &walk, fault);
}

enum err query_claimed_after(const struct query *query, const struct resource_type *type, int64_t after_no, int limit, claimed_each each,
        void *context, struct fault *fault)
{
        struct claimed_walk walk = { .each = each, .context = context };
        enum err e = query_within_deadline(query, fault);
        return e ? e
                 : claimed_list(query->session, query->actor->root_no, query->actor->no, type->kind, after_no, limit, claimed_step, &walk,
                           fault);
}

enum err query_claimed_no(
        const struct query *query, const struct resource_type *type, int64_t no, struct claimed_row *ret, struct fault *fault)
{
        enum err e = claimed_load_no(query->session, query->actor->root_no, query->actor->no, type->kind, no, query->arena, ret, fault);
        if (e == ERR_NOT_FOUND)
                return missing(type, fault);
        if (!e)
                claimed_expand(ret);
        return e;
}

enum err query_groups_of(const struct query *query, int64_t no, member_each each, void *context, struct fault *fault)
{
        return groups_above_source(query->session, query->actor->root_no, no, query->actor->no, each, context, fault);
}

struct member_walk {
        member_each each;
        void *context;
        int64_t last_no;
        int count;
};

static enum err member_step(void *context, const struct member_row *row, struct fault *fault)
{
        struct member_walk *walk = context;
        walk->last_no = row->no;
        walk->count++;
        return walk->each(walk->context, row, fault);
}

enum err query_members_of(const struct query *query, int64_t group_no, member_each each, void *context, struct fault *fault)
{
        struct member_walk walk = { .each = each, .context = context };
        enum err e;
        do {
                walk.count = 0;
                e = query_within_deadline(query, fault);
                if (!e)
                        e = member_list_source(query->session, query->actor->root_no, group_no, query->actor->no, walk.last_no, PAGE,
                                member_step, &walk, fault);
        } while (!e && walk.count == PAGE);
        return e;
}

enum err query_held_by(const struct query *query, int64_t no, const char **ret, size_t max, size_t *ret_count, struct fault *fault)
{
        struct claim_row *claims;
        size_t count, held = 0;
        enum err e = claims_of(query->session, query->actor->root_no, no, query->arena, &claims, &count, fault);
        for (size_t i = 0; !e && i < count && held < max; i++) {
                if (claims[i].connection_no == query->actor->no ||
                        (claims[i].active != CLAIMED_INACTIVE && claims[i].active != CLAIMED_DELETED))
                        continue;
                if (!claims[i].connection_no) {
                        ret[held++] = "local";
                        continue;
                }
                struct resource_row connection;
                e = query_by_no(query, claims[i].connection_no, &connection, fault);
                if (!e && !(ret[held++] = arena_strdup(query->arena, connection.id)))
                        e = out_of_memory(fault);
                if (e == ERR_NOT_FOUND)
                        e = ERR_OK;
        }
        if (e)
                return e;
        *ret_count = held;
        return ERR_OK;
}

enum err query_connection(const struct query *query, json_t **ret, struct fault *fault)
{
        struct resource_row row;
        enum err e = query_by_no(query, query->actor->no, &row, fault);
        return e ? e : json_parse_object(row.doc, row.doc_length, ret, fault);
}

/* ---- what an identity sees ---- */

static enum err forbidden(enum permission_level level, const char *subject, const char *action, struct fault *fault)
{
        return fault_set(fault, ERR_FORBIDDEN, "",
                "this needs the permission %s:%s in the %s; ask an administrator for a role that holds it", subject, action,
                level == LEVEL_PROJECT ? "project" : "organization");
}

enum err query_need(const struct query *query, int64_t scope_no, enum permission_level level, const char *subject, const char *action,
        struct fault *fault)
{
        bool holds = false;
        int permission = permission_find(level, subject, action);
        if (query->actor->kind == ACTOR_IDENTITY && permission >= 0 &&
                access_holds(query->directory->access, query->slot, query->actor->root_no, query->actor->no, scope_no, permission,
                        clock_now_us(), &holds) == ACCESS_FOUND &&
                holds)
                return ERR_OK;
        return forbidden(level, subject, action, fault);
}

static bool holds(const struct query *query, int64_t org_no, const char *subject)
{
        return query_need(query, org_no, LEVEL_ORGANIZATION, subject, "read", NULL) == ERR_OK;
}

/* May the actor see this row? An organisation: by organization:read inside, or sub-organization:read at the root. A project: by
 * project:read in its organisation, or by any right inside. Everything else: by subject:read in its organisation. */
static bool may_see(const struct query *query, const struct resource_type *type, const struct resource_row *row)
{
        bool in = false;
        switch (type->kind) {
        case KIND_ORGANIZATION:
                return holds(query, row->no, "organization") || (row->no != ROOT_ORG_NO && holds(query, ROOT_ORG_NO, "sub-organization"));
        case KIND_PROJECT:
                return holds(query, row->org_no, "project") || (access_is_in(query->directory->access, query->slot, query->actor->root_no,
                                                                        query->actor->no, row->no, clock_now_us(), &in) == ACCESS_FOUND &&
                                                                       in);
        default:
                return holds(query, row->org_no, type->subject);
        }
}

static enum err organization_of(const struct query *query, const char *ref, int64_t *ret_no, struct fault *fault)
{
        if (!ref) {
                *ret_no = query->actor->org_no;
                return ERR_OK;
        }
        struct resource_row row;
        enum err e = query_resource(query, resource_type(KIND_ORGANIZATION), ref, &row, fault);
        if (e)
                return e;
        *ret_no = row.no;
        return ERR_OK;
}

static enum err load_any(
        const struct query *query, const struct resource_type *type, const char *ref, struct resource_row *ret, struct fault *fault)
{
        if (ident_is_uuid(ref, strlen(ref))) {
                enum err e = resource_load_by_id(query->session, query->actor->root_no, ref, query->arena, ret, fault);
                return !e && ret->kind != type->kind ? ERR_NOT_FOUND : e;
        }
        if (!type->name_attribute || !text_is_utf8(ref, strlen(ref)))
                return ERR_NOT_FOUND;
        const char *folded = text_fold(query->arena, ref, strlen(ref));
        if (!folded)
                return out_of_memory(fault);
        const struct resource_name name = { .kind = type->kind, .folded = folded, .source_no = -1 };
        return resource_load_by_name(query->session, query->actor->root_no, &name, query->arena, ret, fault);
}

enum err query_resource(
        const struct query *query, const struct resource_type *type, const char *ref, struct resource_row *ret, struct fault *fault)
{
        struct resource_row row;
        enum err e = load_any(query, type, ref, &row, fault);
        if (e == ERR_NOT_FOUND)
                return fault_set(fault, ERR_NOT_FOUND, "", "there is no %s \"%.80s\"", type->word, ref);
        if (e)
                return e;
        if (!may_see(query, type, &row)) {
                if (type->kind == KIND_PROJECT || type->kind == KIND_ORGANIZATION)
                        return fault_set(fault, ERR_NOT_FOUND, "", "there is no %s \"%.80s\"", type->word, ref);
                return forbidden(LEVEL_ORGANIZATION, type->subject, "read", fault);
        }
        *ret = row;
        return ERR_OK;
}

struct list_walk {
        const struct query *query;
        const struct resource_type *type;
        bool filtered; /* rows are judged one by one */
        resource_each each;
        void *context;
        int64_t last_no;
        int limit, seen, shown;
        bool more;
};

static enum err list_step(void *context, const struct resource_row *row, struct fault *fault)
{
        struct list_walk *walk = context;
        walk->seen++;
        if (walk->shown == walk->limit) {
                walk->more = true;
                return ERR_OK;
        }
        if (walk->filtered && !may_see(walk->query, walk->type, row)) {
                walk->last_no = row->no;
                return ERR_OK;
        }
        walk->last_no = row->no;
        walk->shown++;
        return walk->each(walk->context, row, fault);
}

static enum err list_named(
        const struct query *query, const struct query_page *page, struct list_walk *walk, int64_t org_no, struct fault *fault)
{
        if (!page->type->name_attribute || !text_is_utf8(page->name, strlen(page->name)))
                return ERR_OK;
        const char *folded = text_fold(query->arena, page->name, strlen(page->name));
        if (!folded)
                return out_of_memory(fault);
        const struct resource_name name = { .kind = page->type->kind, .folded = folded, .org_no = org_no, .source_no = -1 };
        struct resource_row row;
        enum err e = resource_load_by_name(query->session, query->actor->root_no, &name, query->arena, &row, fault);
        if (e)
                return e == ERR_NOT_FOUND ? ERR_OK : e;
        return list_step(walk, &row, fault);
}

static enum err list_pages(
        const struct query *query, const struct query_page *page, struct list_walk *walk, int64_t org_no, struct fault *fault)
{
        enum err e;
        do { /* one more than asked tells whether rows are left */
                walk->seen = 0;
                e = query_within_deadline(query, fault);
                if (!e)
                        e = resource_list(query->session, query->actor->root_no, page->type->kind, org_no, walk->last_no, page->limit + 1,
                                list_step, walk, fault);
        } while (!e && walk->seen == page->limit + 1 && !walk->more);
        return e;
}

enum err query_list(const struct query *query, const struct query_page *page, resource_each each, void *context, bool *ret_more,
        int64_t *ret_last_no, int64_t *ret_total, struct fault *fault)
{
        const struct resource_type *type = page->type;
        int64_t org_no = 0;
        enum err e = organization_of(query, page->organization, &org_no, fault);
        bool each_judged = type->kind == KIND_PROJECT || type->kind == KIND_ORGANIZATION;
        if (!e && !each_judged)
                e = query_need(query, org_no, LEVEL_ORGANIZATION, type->subject, "read", fault);
        if (e)
                return e;
        struct list_walk walk = {
                .query = query,
                .type = type,
                .filtered = each_judged,
                .each = each,
                .context = context,
                .last_no = page->after_no,
                .limit = page->limit,
        };
        if (type->kind == KIND_ORGANIZATION)
                org_no = 0;
        e = page->name ? list_named(query, page, &walk, org_no, fault) : list_pages(query, page, &walk, org_no, fault);
        if (!e && !page->name && !each_judged)
                e = query_count_in(query, type->kind, org_no, ret_total, fault);
        else
                *ret_total = page->after_no || walk.more ? -1 : walk.shown;
        if (e)
                return e;
        *ret_more = walk.more;
        *ret_last_no = walk.last_no;
        return ERR_OK;
}

enum err query_members(
        const struct query *query, const char *group_ref, int64_t after_no, int limit, member_each each, void *context, struct fault *fault)
{
        struct resource_row group;
        enum err e = query_resource(query, resource_type(KIND_GROUP), group_ref, &group, fault);
        return e ? e : member_list(query->session, query->actor->root_no, group.no, after_no, limit, each, context, fault);
}

enum err query_by_no(const struct query *query, int64_t no, struct resource_row *ret, struct fault *fault)
{
        return resource_load(query->session, query->actor->root_no, no, query->arena, ret, fault);
}

enum err query_grant(const struct query *query, int64_t no, struct grant_row *ret, struct fault *fault)
{
        return grant_load(query->session, query->actor->root_no, no, query->arena, ret, fault);
}

enum err query_credential_expiry(const struct query *query, int64_t *ret_expires_us, struct fault *fault)
{
        struct credential_row row;
        enum err e = credential_load(query->session, query->actor->root_no, query->actor->credential_no, &row, fault);
        if (!e)
                *ret_expires_us = row.expires_us;
        return e;
}

/* ---- ledger ---- */

struct ledger_walk {
        const struct query *query;
        int class;
        enum err (*each)(void *context, const char *json, size_t length, struct fault *fault);
        void *context;
        int64_t last_seq;
};

static enum err ledger_step(void *context, const struct ledger_row *row, struct fault *fault)
{
        struct ledger_walk *walk = context;
        walk->last_seq = row->seq;
        if (walk->class && (int)row->class != walk->class)
                return ERR_OK;
        auto_buffer line = { 0 };
        enum err e = ledger_row_json(walk->query->session, walk->query->actor->root_no, row, &line, fault);
        if (!e)
                e = buffer_check(&line, fault);
        return e ? e : walk->each(walk->context, line.data, line.length, fault);
}

enum err query_ledger(const struct query *query, int64_t after_seq, int limit, int class,
        enum err (*each)(void *context, const char *json, size_t length, struct fault *fault), void *context, int64_t *ret_last_seq,
        struct fault *fault)
{
        enum err e = query_need(query, ROOT_ORG_NO, LEVEL_ORGANIZATION, "audit-logs", "read", fault);
        struct ledger_walk walk = { .query = query, .class = class, .each = each, .context = context, .last_seq = after_seq };
        if (!e)
                e = ledger_read(query->session, query->actor->root_no, after_seq, limit, ledger_step, &walk, fault);
        if (!e)
                *ret_last_seq = walk.last_seq;
        return e;
}

enum err query_verify(const struct query *query, const struct verify_terms *terms, struct verify_report *ret, struct fault *fault)
{
        enum err e = query_need(query, ROOT_ORG_NO, LEVEL_ORGANIZATION, "audit-logs", "read", fault);
        if (!e)
                e = ledger_verify(query->session, query->actor->root_no, query->directory->checkpoint_key, terms, ret, fault);
        return e == ERR_TAMPERED ? ERR_OK : e;
}
