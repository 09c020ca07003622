/* SPDX-License-Identifier: Apache-2.0
 *
 * Rights of a write, judged from rows of the same transaction by the pure rules of model: grants to the actor and to the active groups
 * that hold him, directly or through groups, in one scope, inside their time window. The graph is never asked here. */
#include <string.h>
#include "work.h"

unsigned directory_scopes(enum resource_kind kind)
{
        return kind == KIND_USER ? SCOPE_USERS : kind == KIND_GROUP ? SCOPE_GROUPS : SCOPE_USERS | SCOPE_GROUPS;
}

static enum err forbidden(struct work *work, enum permission_level level, const char *subject, const char *action)
{
        return fault_set(work->fault, ERR_FORBIDDEN, "",
                "this needs the permission %s:%s in the %s; ask an administrator for a role that holds it", subject, action,
                level == LEVEL_PROJECT ? "project" : "organization");
}

static enum err unauthenticated(struct work *work)
{
        return fault_set(work->fault, ERR_UNAUTHENTICATED, "", "the bearer token is missing, wrong, expired or revoked");
}

static enum err check_credential(struct work *work, const struct actor *actor)
{
        if (actor->kind != ACTOR_IDENTITY && actor->kind != ACTOR_CONNECTION)
                return unauthenticated(work);
        auto_result result = { 0 };
        enum err e = session_query(work->session, ST_ACTOR_CHECK, &result, work->fault, V_I64(work->root_no), V_I64(actor->credential_no));
        bool row = false;
        if (!e)
                e = result_next(&result, &row, work->fault);
        if (e)
                return e;
        int64_t expires_us = row ? result_i64(&result, 1) : 0;
        bool lives = row && result_i64(&result, 0) == actor->no && !result_i64(&result, 2) && result_i64(&result, 3) == 1 &&
                     result_i64(&result, 4) == 1;
        return lives && (!expires_us || expires_us > work->at_us) ? ERR_OK : unauthenticated(work);
}

/* R19: an administrator still, and the connection may still act. */
static enum err check_replay(struct work *work)
{
        const struct actor *connection = work->actor;
        struct resource_row row = { 0 };
        work->actor = connection->replayed_by;
        enum err e = check_credential(work, work->actor);
        if (!e)
                e = rights_contain(work, ROOT_ORG_NO, &builtin_role_find(LEVEL_ORGANIZATION, "admin")->allow);
        work->actor = connection;
        if (!e)
                e = resource_load(work->session, work->root_no, connection->no, work->arena, &row, work->fault);
        if (e == ERR_NOT_FOUND || (!e && !row.active))
                return fault_set(work->fault, ERR_CONFLICT, "", "the connection is disabled or gone, so nothing can be done as it");
        return e;
}

enum err rights_check_actor(struct work *work)
{
        if (work->actor->kind == ACTOR_SYSTEM)
                return ERR_OK;
        return work->actor->replayed_by ? check_replay(work) : check_credential(work, work->actor);
}

struct rights_walk {
        struct work *work;
        int64_t scope_no;
        bool ever; /* also what begins later, or through a suspended group */
        struct permission_set *set;
};

/* "subject:action" as stored; what this program does not know confers nothing. */
static enum err add_privilege(struct work *work, int64_t scope_no, const char *privilege, struct permission_set *set)
{
        struct resource_row scope;
        enum err e = resource_load(work->session, work->root_no, scope_no, work->arena, &scope, work->fault);
        if (e)
                return e;
        permission_set_add(set, permission_of_text(scope.kind == KIND_PROJECT ? LEVEL_PROJECT : LEVEL_ORGANIZATION, privilege));
        return ERR_OK;
}

static enum err add_page(const struct rights_walk *walk, int64_t principal_no, int64_t *last_no, int *ret_count)
{
        struct work *work = walk->work;
        auto_result result = { 0 };
        enum err e = session_query(work->session, ST_GRANTS_IN_SCOPE_OF, &result, work->fault, V_I64(work->root_no), V_I64(principal_no),
                V_I64(walk->scope_no), V_I64(*last_no), V_I64(GRANTS_PAGE));
        for (*ret_count = 0; !e; ++*ret_count) {
                bool more;
                e = result_next(&result, &more, work->fault);
                if (e || !more)
                        break;
                *last_no = result_i64(&result, 0);
                int64_t role_no = result_i64(&result, 1);
                int64_t from_us = result_i64(&result, 3), until_us = result_i64(&result, 4);
                if ((from_us > work->at_us && !walk->ever) || (until_us && until_us <= work->at_us))
                        continue;
                const struct builtin_role *role = role_no ? builtin_role_by_no(role_no) : NULL;
                if (role)
                        permission_set_unite(walk->set, &role->allow);
                else if (!role_no)
                        e = add_privilege(work, walk->scope_no, result_text(&result, 2, NULL), walk->set);
        }
        return e;
}

/* All of them (law 6): what is not seen could be handed out by somebody who does not hold it. */
static enum err add_grants(const struct rights_walk *walk, int64_t principal_no)
{
        int64_t last_no = 0;
        int count;
        enum err e;
        do
                e = add_page(walk, principal_no, &last_no, &count);
        while (!e && count == GRANTS_PAGE);
        return e;
}

static enum err rights_of(struct work *work, int64_t principal_no, int64_t scope_no, bool ever, struct permission_set *ret)
{
        struct permission_set set = { 0 };
        struct rights_walk walk = { work, scope_no, ever, &set };
        int64_t *groups = NULL;
        size_t count = 0;
        enum err e = add_grants(&walk, principal_no);
        if (!e)
                e = groups_above(work->session, work->root_no, principal_no, !ever, work->arena, &groups, &count, work->fault);
        for (size_t i = 0; !e && i < count; i++)
                e = add_grants(&walk, groups[i]);
        if (e)
                return e;
        *ret = set;
        return ERR_OK;
}

/* Law 3. The root cannot be deactivated; a deactivated project can still be changed, or nobody could activate it. */
static enum err organization_lives(struct work *work, const struct resource_row *scope)
{
        int64_t org_no = scope->kind == KIND_PROJECT ? scope->org_no : scope->no;
        if (org_no == ROOT_ORG_NO)
                return ERR_OK;
        struct resource_row organization;
        enum err e = resource_load(work->session, work->root_no, org_no, work->arena, &organization, work->fault);
        if (e || organization.active)
                return e;
        return fault_set(work->fault, ERR_FORBIDDEN, "", "the organization is deactivated; activate it first");
}

enum err rights_need(struct work *work, const struct resource_row *scope, const char *subject, const char *action)
{
        if (work->actor->kind == ACTOR_SYSTEM)
                return ERR_OK;
        enum permission_level level = scope->kind == KIND_PROJECT ? LEVEL_PROJECT : LEVEL_ORGANIZATION;
        int permission = permission_find(level, subject, action);
        if (work->actor->kind != ACTOR_IDENTITY || permission < 0)
                return forbidden(work, level, subject, action);
        struct permission_set set;
        enum err e = organization_lives(work, scope);
        if (!e)
                e = rights_of(work, work->actor->no, scope->no, false, &set);
        if (e)
                return e;
        return permission_set_has(&set, permission) ? ERR_OK : forbidden(work, level, subject, action);
}

enum err rights_need_org(struct work *work, int64_t org_no, const char *subject, const char *action)
{
        const struct resource_row scope = { .no = org_no, .kind = KIND_ORGANIZATION };
        return rights_need(work, &scope, subject, action);
}

static enum err exceeds(struct work *work, int missing)
{
        const char *name = permission_name(missing, NULL);
        return fault_set(work->fault, ERR_FORBIDDEN, "",
                "nobody grants what he does not hold himself: %s is missing; ask somebody who holds it", name ? name : "a permission");
}

enum err rights_contain(struct work *work, int64_t scope_no, const struct permission_set *wanted)
{
        if (work->actor->kind == ACTOR_SYSTEM)
                return ERR_OK;
        struct permission_set held = { 0 };
        if (work->actor->kind == ACTOR_IDENTITY) {
                enum err e = rights_of(work, work->actor->no, scope_no, false, &held);
                if (e)
                        return e;
        }
        int missing;
        return permission_set_contains(&held, wanted, &missing) ? ERR_OK : exceeds(work, missing);
}

/* Scopes are collected before they are judged, because a session reads one page at a time. */
#define COVER_SCOPES_MAX 1000

struct scopes {
        int64_t no[COVER_SCOPES_MAX];
        size_t count;
};

static enum err scopes_add(struct work *work, int64_t principal_no, struct scopes *scopes)
{
        auto_result result = { 0 };
        enum err e = session_query(work->session, ST_GRANT_SCOPES_OF, &result, work->fault, V_I64(work->root_no), V_I64(principal_no));
        while (!e) {
                bool more;
                e = result_next(&result, &more, work->fault);
                if (e || !more)
                        break;
                if (scopes->count == COVER_SCOPES_MAX)
                        return fault_set(
                                work->fault, ERR_FORBIDDEN, "", "the identity holds rights in more than %d places", COVER_SCOPES_MAX);
                scopes->no[scopes->count++] = result_i64(&result, 0);
        }
        return e;
}

/* A scope in the bin confers nothing, and does not come back. */
static enum err covers_in(struct work *work, int64_t principal_no, int64_t scope_no)
{
        struct resource_row scope;
        struct permission_set set;
        enum err e = resource_load(work->session, work->root_no, scope_no, work->arena, &scope, work->fault);
        if (e)
                return e == ERR_NOT_FOUND ? ERR_OK : e;
        e = rights_of(work, principal_no, scope_no, true, &set);
        return e ? e : rights_contain(work, scope_no, &set);
}

enum err rights_cover(struct work *work, int64_t principal_no)
{
        if (work->actor->kind == ACTOR_SYSTEM || work->actor->no == principal_no)
                return ERR_OK;
        struct scopes *scopes = arena_zero(work->arena, 1, sizeof(*scopes));
        if (!scopes)
                return work_memory(work);
        int64_t *groups = NULL;
        size_t count = 0;
        enum err e = scopes_add(work, principal_no, scopes);
        if (!e)
                e = groups_above(work->session, work->root_no, principal_no, false, work->arena, &groups, &count, work->fault);
        for (size_t i = 0; !e && i < count; i++)
                e = scopes_add(work, groups[i], scopes);
        for (size_t i = 0; !e && i < scopes->count; i++)
                e = covers_in(work, principal_no, scopes->no[i]);
        return e;
}
