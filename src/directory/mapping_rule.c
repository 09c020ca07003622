/* SPDX-License-Identifier: Apache-2.0
 *
 * Mapping rules as resources (R18): made by who holds what they give (law 6), below the ceiling of their connection (R8), for what lives. A
 * change of one is applied by steps to all whom the connection claims (connection_job). */
#include <string.h>
#include "mapping.h"
#include "work.h"

/* ---- what a rule names ---- */

struct target {
        struct resource_row connection, row; /* row: the group, or the scope */
        const struct builtin_role *role;     /* NULL: a group */
};

static const char *member_text(const json_t *document, const char *name)
{
        return json_string_value(json_object_get(document, name));
}

static enum err named(struct work *work, enum err e, const char *field)
{
        if (e == ERR_NOT_FOUND && work->fault) {
                work->fault->code = ERR_VALUE;
                (void)snprintf(work->fault->field, sizeof(work->fault->field), "%s", field);
                return ERR_VALUE;
        }
        return e;
}

static enum err find_role(struct work *work, const json_t *document, struct target *target)
{
        const char *scope = member_text(document, "scope"), *slug = member_text(document, "role");
        enum err e = scope ? named(work, reference_scope(work, scope, &target->row), "scope")
                           : resource_load(work->session, work->root_no, ROOT_ORG_NO, work->arena, &target->row, work->fault);
        if (e)
                return e;
        bool project = target->row.kind == KIND_PROJECT;
        target->role = builtin_role_find(project ? LEVEL_PROJECT : LEVEL_ORGANIZATION, slug);
        return target->role ? ERR_OK
                            : fault_set(work->fault, ERR_VALUE, "role", "there is no role \"%.64s\" for %s; see the list of roles", slug,
                                      project ? "projects" : "organizations");
}

static enum err find_target(struct work *work, const json_t *document, struct target *ret)
{
        const char *group = member_text(document, "group");
        bool gone = false;
        *ret = (struct target){ 0 };
        enum err e =
                named(work, reference_load(work, KIND_CONNECTION, member_text(document, "connection"), 0, &ret->connection), "connection");
        if (!e)
                e = connection_is_gone(work, ret->connection.no, &gone);
        if (!e && gone)
                return fault_set(work->fault, ERR_CONFLICT, "connection", "the connection is being deleted");
        if (e)
                return e;
        return group ? named(work, reference_load(work, KIND_GROUP, group, 0, &ret->row), "group") : find_role(work, document, ret);
}

/* ---- who may ---- */

/* Who makes a rule hands out what it gives to whoever its connection names: he holds it himself, and may give it here. */
static enum err judge_maker(struct work *work, const struct target *target)
{
        enum err e;
        if (!target->role) {
                e = rights_need_org(work, ROOT_ORG_NO, "groups", "add-members");
                return e ? e : rights_cover(work, target->row.no);
        }
        e = rights_need(work, &target->row, "member", target->row.kind == KIND_PROJECT ? "assign-role" : "grant-privileges");
        return e ? e : rights_contain(work, target->row.no, &target->role->allow);
}

static enum err judge_ceiling(struct work *work, const struct target *target)
{
        struct permission_set wanted = { 0 };
        enum err e = ERR_OK;
        if (target->role)
                wanted = target->role->allow;
        else
                e = ceiling_conferred(work, target->row.no, &wanted);
        return e ? e : ceiling_check_rule(work, target->role ? "role" : "group", &target->connection, &wanted);
}

/* A disabled rule is judged as well: nobody judges again when it wakes by itself. */
static enum err judge(struct work *work, const json_t *document, const struct target *target)
{
        const struct resource_type *users = NULL;
        struct path path;
        enum err e = work_type(work, KIND_USER, &users);
        if (!e)
                e = mapping_path(users, member_text(document, "attribute"), work->arena, &path, work->fault);
        if (!e)
                e = judge_maker(work, target);
        return e ? e : judge_ceiling(work, target);
}

/* ---- the rule changes: so does what it gives ---- */

/* To all whom the connection claims, from the first on, by steps: nothing is to do where it claims nobody. */
static enum err begin_applying(struct work *work, int64_t connection_no)
{
        struct connection_job running, job = { .connection_no = connection_no, .verb = CONNECTION_MAP, .started_us = work->at_us };
        int64_t users = 0;
        work->root->rules_revision = work->version;
        enum err e = count_read(work->session, work->root_no, KIND_USER, connection_no, &users, work->fault);
        if (!e && users)
                e = connection_job_load(work, &running);
        if (e || !users)
                return e;
        if (running.connection_no && (running.connection_no != connection_no || running.verb != CONNECTION_MAP))
                return fault_set(
                        work->fault, ERR_CONFLICT, "", "work on a whole connection is under way here; wait for it, then try again");
        work->change->job = job;
        return connection_job_store(work, &job);
}

static enum err load_rules(struct work *work, int64_t connection_no, struct rules *ret)
{
        const struct rules_of of = { .root_no = work->root_no, .connection_no = connection_no };
        return rules_load(work->session, &of, work->arena, ret, work->fault);
}

enum err mapping_ready(struct work *work, json_t *document)
{
        struct target target;
        struct rules rules;
        if (work->change->verb != CHANGE_CREATE)
                return ERR_OK;
        enum err e = find_target(work, document, &target);
        if (!e)
                e = judge(work, document, &target);
        if (!e)
                e = load_rules(work, target.connection.no, &rules);
        if (e)
                return e;
        if (rules.count >= MAPPING_RULES_MAX)
                return fault_set(work->fault, ERR_CONFLICT, "", "a connection has at most %d mapping rules", MAPPING_RULES_MAX);
        bool failed = json_object_set_new(document, "connection", json_string(target.connection.id)) ||
                      json_object_set_new(document, target.role ? "scope" : "group", json_string(target.row.id));
        return failed ? work_memory(work) : ERR_OK;
}

enum err mapping_made(struct work *work, struct resource_row *row, json_t *document)
{
        struct target target;
        enum err e = find_target(work, document, &target);
        if (!e)
                e = session_run(work->session, ST_RULE_INSERT, NULL, work->fault, V_I64(work->root_no), V_I64(target.connection.no),
                        V_I64(row->no), V_I64(target.row.no), V_I64(target.role ? target.role->no : 0));
        return e ? e : begin_applying(work, target.connection.no);
}

/* What the rule gave does not count from here on (R24): steps take it away. */
static enum err check_administrators(struct work *work, int64_t rule_no)
{
        struct guard guard;
        enum err e = guard_begin(work, &guard);
        work->ends_rule_no = rule_no;
        if (!e)
                e = guard_end(work, &guard);
        work->ends_rule_no = 0;
        return e;
}

static bool differ(const json_t *before, const json_t *after, const char *name)
{
        const json_t *old = json_object_get(before, name), *new = json_object_get(after, name);
        return old != new && !(old && new &&json_equal(old, new));
}

enum err mapping_changed(struct work *work, const struct resource_row *row, const json_t *before, json_t *after)
{
        static const char *const condition[] = { "attribute", "values", "prefix" };
        struct target target;
        bool sleeps = json_is_false(json_object_get(after, "active")), differs = false;
        for (size_t i = 0; i < COUNT_OF(condition); i++)
                differs = differs || differ(before, after, condition[i]);
        if (!differs && sleeps != row->active) /* its description alone */
                return ERR_OK;
        enum err e = find_target(work, after, &target);
        if (!e && (differs || !sleeps))
                e = judge(work, after, &target);
        if (!e && sleeps && row->active)
                e = check_administrators(work, row->no);
        return e ? e : begin_applying(work, target.connection.no);
}

enum err mapping_end(struct work *work, const struct resource_row *row)
{
        json_auto_t *document = NULL;
        struct target target;
        enum err e = json_parse_object(row->doc, row->doc_length, &document, work->fault);
        if (!e)
                e = find_target(work, document, &target);
        if (!e)
                e = check_administrators(work, row->no);
        if (!e)
                e = session_run(work->session, ST_RULE_DELETE, NULL, work->fault, V_I64(work->root_no), V_I64(target.connection.no),
                        V_I64(row->no));
        return e ? e : begin_applying(work, target.connection.no);
}

/* ---- what it names ends ---- */

enum err mapping_check_unused(struct work *work, const struct resource_row *row)
{
        auto_result result = { 0 };
        bool any = false;
        if (!work->root->rules_revision)
                return ERR_OK;
        enum err e = session_query(work->session, ST_RULES_INTO, &result, work->fault, V_I64(work->root_no), V_I64(row->no), V_I64(1));
        if (!e)
                e = result_next(&result, &any, work->fault);
        if (e || !any)
                return e;
        return fault_set(work->fault, ERR_CONFLICT, "", "the mapping rule %s gives it to users of a connection; delete the rule first",
                result_text(&result, 2, NULL));
}

/* The row of a rule into the bin, with an entry of its own. */
static enum err drop_rule(struct work *work, int64_t connection_no, int64_t rule_no, const char *why)
{
        struct resource_row row;
        const struct effect gone = { .kind = EFFECT_GONE, .no = rule_no };
        work->root->rules_revision = work->version; /* nobody judges by rules kept from before (mapping_cache.c) */
        enum err e = resource_load(work->session, work->root_no, rule_no, work->arena, &row, work->fault);
        if (!e)
                e = session_run(
                        work->session, ST_RULE_DELETE, NULL, work->fault, V_I64(work->root_no), V_I64(connection_no), V_I64(rule_no));
        if (!e)
                e = session_run(work->session, ST_RESOURCE_BIN, NULL, work->fault, V_I64(work->root_no), V_I64(rule_no),
                        V_I64(work->version), V_I64(work->at_us));
        if (!e)
                e = count_move(work->session, work->root_no, KIND_MAPPING_RULE, COUNT_ALL, -1, work->fault);
        if (!e)
                e = work_effect(work, &gone);
        return e ? e : work_entry(work, EVENT_DELETED, &row, json_pack("{s:s, s:s}", "id", row.id, "because", why));
}

#define INTO_MAX 1000

enum err mapping_target_gone(struct work *work, const struct resource_row *group)
{
        struct {
                int64_t no, connection_no;
        } *found = NULL;
        size_t count = 0;
        if (!work->root->rules_revision || group->kind != KIND_GROUP)
                return ERR_OK;
        enum err e;
        {
                auto_result result = { 0 };
                bool more = true;
                e = session_query(
                        work->session, ST_RULES_INTO, &result, work->fault, V_I64(work->root_no), V_I64(group->no), V_I64(INTO_MAX));
                while (!e && more) {
                        e = result_next(&result, &more, work->fault);
                        if (e || !more)
                                break;
                        if (!found && !(found = arena_zero(work->arena, INTO_MAX, sizeof(*found))))
                                return work_memory(work);
                        found[count].no = result_i64(&result, 0);
                        found[count++].connection_no = result_i64(&result, 1);
                }
        }
        for (size_t i = 0; !e && i < count; i++)
                e = drop_rule(work, found[i].connection_no, found[i].no, "group-deleted");
        return e ? e : session_run(work->session, ST_RULE_TARGET_EMPTY, NULL, work->fault, V_I64(work->root_no), V_I64(group->no));
}

enum err mapping_connection_gone(struct work *work, int64_t connection_no)
{
        struct rules rules;
        if (!work->root->rules_revision)
                return ERR_OK;
        enum err e = load_rules(work, connection_no, &rules);
        for (size_t i = 0; !e && i < rules.count; i++)
                e = drop_rule(work, connection_no, rules.list[i].no, "connection-deleted");
        return e;
}

/* ---- to all ---- */

#define PEOPLE_OF_STEP 100

enum err connection_map_begin(struct work *work, struct resource_row *row, struct connection_job *job)
{
        enum err e = connection_job_store(work, job);
        return e ? e : work_body_json(work, json_pack("{s:s, s:s}", "id", row->id, "verb", "map"));
}

static enum err apply_to(const struct work_step *step, int64_t no)
{
        struct work *work = step->work;
        struct resource_row row;
        auto_person person = { 0 };
        enum err e = resource_load(work->session, work->root_no, no, work->arena, &row, work->fault);
        if (!e)
                e = person_open(work, &row, &person);
        for (size_t i = 0; !e && i < person.claim_count; i++)
                if (person.claims[i].connection_no == step->job.connection_no)
                        person.own = &person.claims[i];
        if (!e)
                e = person.own ? mapping_apply_claim(work, &person) : ERR_OK;
        if (e || !work->mapped)
                return e;
        json_auto_t *body = json_pack("{s:s}", "id", row.id);
        e = body ? mapping_describe(work, body) : work_memory(work);
        return e ? e : work_entry(work, EVENT_MAPPED, &row, STEAL(body));
}

static enum err map_users(struct work_step *step)
{
        int64_t list[PEOPLE_OF_STEP];
        size_t count = 0, size = step_size(step, PEOPLE_OF_STEP);
        enum err e = step_claims(step, KIND_USER, list, size, &count);
        for (size_t i = 0; !e && i < count; i++) {
                e = step_skips(step) ? ERR_OK : apply_to(step, list[i]);
                step->job.users++;
                step->job.at_no = list[i];
        }
        step->done = count < size;
        return e;
}

const step_run connection_map_phases[] = { map_users, NULL };
