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

/* What a row of grants confers in a place of this kind: "subject:action" as stored, or a role; what this program does not know confers
 * nothing. */
void rights_add(struct permission_set *set, int64_t role_no, const char *privilege, enum resource_kind place)
{
        const struct builtin_role *role = role_no ? builtin_role_by_no(role_no) : NULL;
        if (role)
                permission_set_unite(set, &role->allow);
        else if (!role_no)
                permission_set_add(set, permission_of_text(place == KIND_PROJECT ? LEVEL_PROJECT : LEVEL_ORGANIZATION, privilege));
}

#define EVER INT64_MAX

/* Of all grants and of all groups (law 6): what is not seen could be handed out by somebody who does not hold it. */
static enum err rights_of(struct work *work, int64_t principal_no, int64_t scope_no, struct permission_set *ret)
{
        struct permission_set set = { 0 };
        auto_result result = { 0 };
        bool more = true;
        enum err e = session_query(work->session, ST_HELD_IN_PLACES, &result, work->fault, V_I64(work->root_no), V_I64(principal_no),
                V_I64(true), V_I64(scope_no), V_I64(scope_no), V_I64(work->at_us), V_I64(work->at_us));
        while (!e && more) {
                e = result_next(&result, &more, work->fault);
                if (!e && more)
                        rights_add(&set, result_i64(&result, 1), result_text(&result, 2, NULL), (enum resource_kind)result_i64(&result, 3));
        }
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
                e = rights_of(work, work->actor->no, scope->no, &set);
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
                enum err e = rights_of(work, work->actor->no, scope_no, &held);
                if (e)
                        return e;
        }
        int missing;
        return permission_set_contains(&held, wanted, &missing) ? ERR_OK : exceeds(work, missing);
}

/* ---- everywhere ---- */

#define PLACES_PAGE 1000

/* A page of the places in which somebody holds something, ascending, and what he and the actor hold there. */
struct places {
        int64_t no[PLACES_PAGE];
        struct permission_set his[PLACES_PAGE], own[PLACES_PAGE];
        size_t count;
};

static enum err places_read(struct work *work, int64_t principal_no, int64_t after_no, struct places *places)
{
        return session_query_numbers(work->session, ST_HELD_PLACES, places->no, PLACES_PAGE, &places->count, work->fault,
                V_I64(work->root_no), V_I64(principal_no), V_I64(false), V_I64(after_no + 1), V_I64(INT64_MAX), V_I64(PLACES_PAGE));
}

/* By rows in the order of the places. `ever`: also what begins later, or through a suspended group. */
static enum err places_fill(
        struct work *work, int64_t principal_no, bool ever, const struct places *places, struct permission_set sets[PLACES_PAGE])
{
        auto_result result = { 0 };
        bool more = true;
        size_t at = 0;
        enum err e = session_query(work->session, ST_HELD_IN_PLACES, &result, work->fault, V_I64(work->root_no), V_I64(principal_no),
                V_I64(!ever), V_I64(places->no[0]), V_I64(places->no[places->count - 1]), V_I64(ever ? EVER : work->at_us),
                V_I64(work->at_us));
        while (!e && more) {
                e = result_next(&result, &more, work->fault);
                if (e || !more)
                        break;
                while (at < places->count && places->no[at] < result_i64(&result, 0))
                        at++;
                if (at < places->count && places->no[at] == result_i64(&result, 0))
                        rights_add(&sets[at], result_i64(&result, 1), result_text(&result, 2, NULL),
                                (enum resource_kind)result_i64(&result, 3));
        }
        return e;
}

static enum err places_judge(struct work *work, int64_t principal_no, struct places *places)
{
        memset(places->his, 0, sizeof(places->his));
        memset(places->own, 0, sizeof(places->own));
        enum err e = places_fill(work, principal_no, true, places, places->his);
        if (!e && work->actor->kind == ACTOR_IDENTITY)
                e = places_fill(work, work->actor->no, false, places, places->own);
        for (size_t i = 0; !e && i < places->count; i++) {
                int missing;
                if (!permission_set_contains(&places->own[i], &places->his[i], &missing))
                        e = exceeds(work, missing);
        }
        return e;
}

/* A scope in the bin confers nothing, and does not come back. */
enum err rights_cover(struct work *work, int64_t principal_no)
{
        if (work->actor->kind == ACTOR_SYSTEM || work->actor->no == principal_no)
                return ERR_OK;
        struct places *places = arena_zero(work->arena, 1, sizeof(*places));
        if (!places)
                return work_memory(work);
        int64_t last_no = 0;
        enum err e;
        do {
                e = places_read(work, principal_no, last_no, places);
                if (!e && places->count)
                        e = places_judge(work, principal_no, places);
                last_no = !e && places->count ? places->no[places->count - 1] : last_no;
        } while (!e && places->count == PLACES_PAGE);
        return e;
}
