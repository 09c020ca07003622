/* SPDX-License-Identifier: Apache-2.0
 *
 * What mapping rules give (R18): the difference between what the rules of a connection say of a user's claim and what they gave him, as
 * rows, in the transaction of the write that changed the claim. A rule's edges and grants carry its number; nothing else is touched (law
 * 5). */
#include "mapping.h"

#include "work.h"

/* ---- rows ---- */

static enum err memory(struct fault *fault)
{
        return fault_set(fault, ERR_MEMORY, "", "out of memory");
}

static enum err read_condition(
        const char *doc, size_t length, const struct resource_type *users, struct arena *arena, struct rule *rule, struct fault *fault)
{
        json_auto_t *held = NULL;
        enum err e = json_parse_object(doc, length, &held, fault);
        if (!e)
                e = mapping_rule_read(held, arena, &rule->condition, fault);
        if (e)
                return e;
        e = mapping_path(users, rule->condition.attribute, arena, &rule->path, NULL);
        rule->is_known = !e;
        return e && e != ERR_VALUE ? memory(fault) : ERR_OK;
}

enum err rules_load(struct session *session, const struct rules_of *of, struct arena *arena, struct rules *ret, struct fault *fault)
{
        auto_result result = { 0 };
        struct rules rules = { 0 };
        bool more = true;
        enum err e = session_query(
                session, ST_RULES_OF, &result, fault, V_I64(of->root_no), V_I64(of->connection_no), V_I64(MAPPING_RULES_MAX + 1));
        while (!e && more) {
                e = result_next(&result, &more, fault);
                if (e || !more)
                        break;
                rules.list = arena_grow(arena, rules.list, rules.count, sizeof(*rules.list));
                if (!rules.list)
                        return memory(fault);
                struct rule *rule = &rules.list[rules.count++];
                size_t length;
                const char *doc = result_text(&result, 5, &length);
                rule->no = result_i64(&result, 0);
                rule->id = arena_strdup(arena, result_text(&result, 1, NULL));
                rule->target_no = result_i64(&result, 2);
                rule->role_no = result_i64(&result, 3);
                rule->active = result_i64(&result, 4) == 1;
                if (!rule->id)
                        return memory(fault);
                e = of->users ? read_condition(doc, length, of->users, arena, rule, fault) : ERR_OK;
        }
        if (!e)
                *ret = rules;
        return e;
}

enum err rule_judge(const struct rule *rule, const json_t *document, struct arena *arena, enum rule_verdict *ret, const char **ret_value,
        struct fault *fault)
{
        struct mapping_values values;
        *ret = RULE_UNKNOWN;
        *ret_value = NULL;
        if (!rule->is_known)
                return ERR_OK;
        enum err e = mapping_values(&rule->path, document, arena, &values, fault);
        if (e)
                return e;
        *ret_value = mapping_match(&rule->condition, &values);
        *ret = *ret_value && rule->active ? RULE_GIVES : RULE_GIVES_NOT;
        return ERR_OK;
}

enum err gifts_load(struct session *session, int64_t root_no, int64_t user_no, int64_t connection_no, struct arena *arena,
        struct gifts *ret, struct fault *fault)
{
        auto_result result = { 0 };
        struct gifts gifts = { 0 };
        bool more = true;
        enum err e = session_query(session, ST_RULE_GIFTS_OF, &result, fault, V_I64(root_no), V_I64(user_no), V_I64(connection_no));
        while (!e && more) {
                e = result_next(&result, &more, fault);
                if (e || !more)
                        break;
                gifts.list = arena_grow(arena, gifts.list, gifts.count, sizeof(*gifts.list));
                if (!gifts.list)
                        return memory(fault);
                gifts.list[gifts.count++] = (struct gift){ result_i64(&result, 0), result_i64(&result, 1), result_i64(&result, 2) == 1 };
        }
        if (!e)
                *ret = gifts;
        return e;
}

/* ---- what the ledger says ---- */

/* {"group":…,"rule":…} or {"role":…,"rule":…,"scope":…}, under "added" or "removed". */
static enum err note(struct work *work, const char *key, json_t *gift)
{
        json_auto_t *held = gift;
        if (!held)
                return work_memory(work);
        if (!work->mapped)
                work->mapped = json_object();
        json_t *list = work->mapped ? json_object_get(work->mapped, key) : NULL;
        if (work->mapped && !list && !json_object_set_new(work->mapped, key, json_array()))
                list = json_object_get(work->mapped, key);
        return list && !json_array_append(list, held) ? ERR_OK : work_memory(work);
}

enum err mapping_describe(struct work *work, json_t *body)
{
        json_auto_t *mapped = work->mapped;
        work->mapped = NULL;
        return mapped && json_object_set(body, "mapped", mapped) ? work_memory(work) : ERR_OK;
}

/* Of what may be in the bin. */
static enum err id_of(struct work *work, int64_t no, const char **ret)
{
        struct resource_row row = { 0 };
        enum err e = resource_load(work->session, work->root_no, no, work->arena, &row, work->fault);
        if (e == ERR_NOT_FOUND)
                e = resource_load_binned(work->session, work->root_no, no, work->arena, &row, work->fault);
        if (e && e != ERR_NOT_FOUND)
                return e;
        *ret = e ? "" : arena_strdup(work->arena, row.id);
        return *ret ? ERR_OK : work_memory(work);
}

/* ---- giving and taking ---- */

static enum err give_membership(struct work *work, const struct rule *rule, const struct resource_row *user, int64_t connection_no)
{
        const struct effect effect = { .kind = EFFECT_MEMBER, .no = rule->target_no, .other_no = user->no, .active = true };
        const char *group = NULL;
        enum err e = session_run(work->session, ST_MEMBER_ADD, NULL, work->fault, V_I64(work->root_no), V_I64(rule->target_no),
                V_I64(user->no), V_I64(connection_no), V_I64(rule->no), V_I64(work->at_us));
        if (!e)
                e = work_touch(work, rule->target_no);
        if (!e)
                e = work_effect(work, &effect);
        if (!e)
                e = id_of(work, rule->target_no, &group);
        return e ? e : note(work, "added", json_pack("{s:s, s:s}", "rule", rule->id, "group", group));
}

static enum err give_role(struct work *work, const struct rule *rule, const struct resource_row *user, int64_t connection_no)
{
        struct resource_row scope = { 0 }, grant = { 0 };
        struct grant_wish wish = {
                .scope = &scope,
                .principal = user,
                .role = builtin_role_by_no(rule->role_no),
                .source_no = connection_no,
                .rule_no = rule->no,
        };
        enum err e = resource_load(work->session, work->root_no, rule->target_no, work->arena, &scope, work->fault);
        if (e == ERR_NOT_FOUND || !wish.role) /* what is no more gives nothing */
                return ERR_OK;
        if (!e)
                e = grant_make(work, &wish, &grant);
        return e ? e : note(work, "added", json_pack("{s:s, s:s, s:s}", "rule", rule->id, "role", wish.role->slug, "scope", scope.id));
}

static enum err take_membership(struct work *work, const struct gift *gift, int64_t user_no, int64_t connection_no, const char *rule)
{
        const struct effect gone = { .kind = EFFECT_MEMBER, .no = gift->no, .other_no = user_no };
        const char *group = NULL;
        int64_t left;
        size_t count = 0;
        enum err e = session_run(work->session, ST_RULE_EDGE_REMOVE, NULL, work->fault, V_I64(work->root_no), V_I64(gift->no),
                V_I64(user_no), V_I64(connection_no), V_I64(gift->rule_no));
        if (!e)
                e = member_sources(work->session, work->root_no, gift->no, user_no, &left, 1, &count, work->fault);
        if (!e && !count)
                e = work_effect(work, &gone);
        if (!e)
                e = work_touch(work, gift->no);
        if (!e)
                e = id_of(work, gift->no, &group);
        return e ? e : note(work, "removed", json_pack("{s:s, s:s}", "rule", rule, "group", group));
}

static enum err take_role(struct work *work, const struct gift *gift, const char *rule)
{
        struct grant_row grant = { 0 };
        const char *scope = NULL;
        enum err e = grant_load(work->session, work->root_no, gift->no, work->arena, &grant, work->fault);
        if (!e)
                e = id_of(work, grant.scope_no, &scope);
        if (!e)
                e = grant_drop(work, gift->no);
        const struct builtin_role *role = builtin_role_by_no(grant.role_no);
        return e ? e : note(work, "removed", json_pack("{s:s, s:s, s:s}", "rule", rule, "role", role ? role->slug : "", "scope", scope));
}

static enum err take(struct work *work, const struct gift *gift, int64_t user_no, int64_t connection_no)
{
        const char *rule = NULL;
        enum err e = id_of(work, gift->rule_no, &rule);
        if (e)
                return e;
        return gift->is_grant ? take_role(work, gift, rule) : take_membership(work, gift, user_no, connection_no, rule);
}

/* ---- the difference ---- */

struct wish {
        const struct rule *rule;
        enum rule_verdict verdict;
        bool has; /* given already */
};

static enum err judge_all(struct work *work, const struct rules *rules, const json_t *document, struct wish **ret)
{
        const char *value;
        struct wish *wishes = arena_zero(work->arena, rules->count + 1, sizeof(*wishes));
        if (!wishes)
                return work_memory(work);
        enum err e = ERR_OK;
        for (size_t i = 0; !e && i < rules->count; i++) {
                wishes[i].rule = &rules->list[i];
                e = rule_judge(&rules->list[i], document, work->arena, &wishes[i].verdict, &value, work->fault);
        }
        if (!e)
                *ret = wishes;
        return e;
}

/* Moves the gifts that nobody wishes any more to the front. */
static size_t find_unwanted(struct gifts *gifts, struct wish *wishes, size_t count)
{
        size_t unwanted = 0;
        for (size_t i = 0; i < gifts->count; i++) {
                bool wanted = false;
                for (size_t w = 0; w < count; w++)
                        if (wishes[w].rule->no == gifts->list[i].rule_no) {
                                wanted = wishes[w].verdict != RULE_GIVES_NOT;
                                wishes[w].has = true;
                        }
                if (!wanted)
                        gifts->list[unwanted++] = gifts->list[i];
        }
        return unwanted;
}

/* R16: by what the connection says, not by a changed rule. */
static enum err count_taken(struct work *work, const struct gift *gift)
{
        struct resource_row group;
        const char *rule = NULL;
        if (!work->source_no || gift->is_grant)
                return ERR_OK;
        enum err e = resource_load(work->session, work->root_no, gift->no, work->arena, &group, work->fault);
        if (e) /* in the bin: nobody loses anything */
                return e == ERR_NOT_FOUND ? ERR_OK : e;
        e = id_of(work, gift->rule_no, &rule);
        return e ? e : threshold_taken_by_rule(work, &group, gift->rule_no, rule);
}

static enum err take_all(struct work *work, const struct gift *gifts, size_t count, int64_t user_no, int64_t connection_no)
{
        struct guard guard = { 0 };
        enum err e = count ? guard_begin_for(work, user_no, &guard) : ERR_OK;
        for (size_t i = 0; !e && i < count; i++) {
                e = take(work, &gifts[i], user_no, connection_no);
                if (!e)
                        e = count_taken(work, &gifts[i]);
        }
        return e || !count ? e : guard_end(work, &guard);
}

enum err mapping_apply(struct work *work, const struct resource_row *user, int64_t connection_no, const json_t *document, bool is_new)
{
        __attribute__((cleanup(rules_give_back))) struct borrowed_rules borrowed = { 0 };
        const struct rules *rules = &borrowed.rules;
        struct gifts gifts = { 0 };
        struct wish *wishes = NULL;
        if (!work->root->rules_revision || user->kind != KIND_USER || !connection_no)
                return ERR_OK;
        enum err e = rules_borrow(work, connection_no, &borrowed);
        if (!e && !is_new)
                e = gifts_load(work->session, work->root_no, user->no, connection_no, work->arena, &gifts, work->fault);
        if (!e && (rules->count || gifts.count))
                e = judge_all(work, rules, document, &wishes);
        if (e || !wishes)
                return e;
        if (gifts.list)
                e = take_all(work, gifts.list, find_unwanted(&gifts, wishes, rules->count), user->no, connection_no);
        for (size_t i = 0; !e && i < rules->count; i++)
                if (wishes[i].verdict == RULE_GIVES && !wishes[i].has)
                        e = wishes[i].rule->role_no ? give_role(work, wishes[i].rule, user, connection_no)
                                                    : give_membership(work, wishes[i].rule, user, connection_no);
        return e;
}

/* ---- when a claim ends ---- */

enum err mapping_leave(struct work *work, int64_t user_no, int64_t connection_no)
{
        struct gifts gifts = { 0 };
        if (!work->root->rules_revision || !connection_no)
                return ERR_OK;
        enum err e = gifts_load(work->session, work->root_no, user_no, connection_no, work->arena, &gifts, work->fault);
        for (size_t i = 0; !e && gifts.list && i < gifts.count; i++) /* the last administrator is the caller's to guard */
                e = take(work, &gifts.list[i], user_no, connection_no);
        return e;
}

enum err mapping_localize(struct work *work, int64_t user_no, int64_t connection_no)
{
        static const enum statement statements[] = { ST_RULE_EDGES_DROP, ST_RULE_GRANTS_LOCAL };
        struct gifts gifts = { 0 };
        if (!work->root->rules_revision)
                return ERR_OK;
        enum err e = gifts_load(work->session, work->root_no, user_no, connection_no, work->arena, &gifts, work->fault);
        for (size_t i = 0; !e && i < gifts.count; i++)
                if (gifts.list[i].is_grant)
                        e = session_run(work->session, ST_RESOURCE_SOURCE, NULL, work->fault, V_I64(work->root_no), V_I64(gifts.list[i].no),
                                V_I64(0));
        if (e || !gifts.count)
                return e;
        e = session_run(work->session, ST_RULE_EDGES_COPY, NULL, work->fault, V_I64(work->root_no), V_I64(user_no), V_I64(connection_no),
                V_I64(work->at_us));
        for (size_t i = 0; !e && i < COUNT_OF(statements); i++)
                e = session_run(
                        work->session, statements[i], NULL, work->fault, V_I64(work->root_no), V_I64(user_no), V_I64(connection_no));
        return e;
}
