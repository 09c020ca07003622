/* SPDX-License-Identifier: Apache-2.0
 *
 * The rules of a connection, judged for a reader by the same functions as for the writer: a dry run of what R18 does in a write. */
#include "directory/mapping_query.h"

#include <string.h>
#include "base/clock.h"
#include "mapping.h"
#include "model/ceiling.h"
#include "work.h"

struct asked {
        bool any;
        int64_t user_no;
        json_t *document; /* what the connection says of him */
        struct gifts gifts;
};

static void asked_done(struct asked *asked)
{
        json_decref(asked->document);
}

static enum err load_claim(
        const struct query *query, const struct resource_row *user, int64_t connection_no, struct asked *asked, struct fault *fault)
{
        struct claim_row *claims, *own = NULL;
        size_t count;
        enum err e = claims_of(query->session, query->actor->root_no, user->no, query->arena, &claims, &count, fault);
        for (size_t i = 0; !e && i < count; i++)
                if (claims[i].connection_no == connection_no && claims[i].active != CLAIMED_DELETED)
                        own = &claims[i];
        if (!e && !own)
                return fault_set(fault, ERR_NOT_FOUND, "user", "the connection does not claim this user");
        if (!e)
                e = *own->doc ? json_parse_object(own->doc, own->doc_length, &asked->document, fault)
                              : json_parse_object(user->doc, user->doc_length, &asked->document, fault);
        if (!e && *own->external_id && json_object_set_new(asked->document, "externalId", json_string(own->external_id)))
                return fault_set(fault, ERR_MEMORY, "", "out of memory");
        return e;
}

static enum err ask(const struct query *query, const char *ref, int64_t connection_no, struct asked *asked, char ret_id[UUID_TEXT_SIZE],
        struct fault *fault)
{
        struct resource_row user;
        enum err e = query_resource(query, resource_type(KIND_USER), ref, &user, fault);
        if (!e)
                e = load_claim(query, &user, connection_no, asked, fault);
        if (!e)
                e = gifts_load(query->session, query->actor->root_no, user.no, connection_no, query->arena, &asked->gifts, fault);
        if (e)
                return e;
        asked->any = true;
        asked->user_no = user.no;
        memcpy(ret_id, user.id, UUID_TEXT_SIZE);
        return ERR_OK;
}

/* Rows are asked, as in a write; nothing is written. */
static enum err is_above(
        const struct query *query, const struct rule *rule, const struct permission_set *ceiling, bool *ret, struct fault *fault)
{
        const struct builtin_role *role = rule->role_no ? builtin_role_by_no(rule->role_no) : NULL;
        struct permission_set wanted = { 0 };
        struct work work = { .session = query->session,
                .root_no = query->actor->root_no,
                .arena = query->arena,
                .fault = fault,
                .at_us = clock_stored_us() };
        enum err e = rule->role_no ? ERR_OK : ceiling_conferred(&work, rule->target_no, &wanted);
        int missing;
        if (role)
                wanted = role->allow;
        if (!e)
                *ret = !permission_set_contains(ceiling, &wanted, &missing);
        return e;
}

static enum err answer_one(const struct query *query, const struct rule *rule, const struct permission_set *ceiling,
        const struct asked *asked, struct mapping_answer *ret, struct fault *fault)
{
        enum rule_verdict verdict = RULE_GIVES_NOT;
        *ret = (struct mapping_answer){ .target_no = rule->target_no };
        enum err e = resource_load(query->session, query->actor->root_no, rule->no, query->arena, &ret->rule, fault);
        if (!e)
                e = is_above(query, rule, ceiling, &ret->above_ceiling, fault);
        if (!e && asked->any)
                e = rule_judge(rule, asked->document, query->arena, &verdict, &ret->value, fault);
        ret->gives = verdict == RULE_GIVES;
        for (size_t i = 0; i < asked->gifts.count; i++)
                ret->given = ret->given || asked->gifts.list[i].rule_no == rule->no;
        return e;
}

enum err query_mapping(const struct query *query, const char *connection_ref, const char *user_ref, mapping_each each, void *context,
        char ret_user_id[UUID_TEXT_SIZE], struct fault *fault)
{
        struct resource_row connection;
        struct rules rules;
        struct permission_set ceiling;
        json_auto_t *document = NULL;
        __attribute__((cleanup(asked_done))) struct asked asked = { 0 };
        *ret_user_id = '\0';
        enum err e = query_resource(query, resource_type(KIND_CONNECTION), connection_ref, &connection, fault);
        if (!e)
                e = json_parse_object(connection.doc, connection.doc_length, &document, fault);
        if (!e)
                e = ceiling_parse(json_object_get(document, "ceiling"), &ceiling, fault);
        const struct rules_of of = { query->actor->root_no, connection.no, schema_set_type(query->schemas, KIND_USER) };
        if (!e && user_ref)
                e = ask(query, user_ref, connection.no, &asked, ret_user_id, fault);
        if (!e)
                e = rules_load(query->session, &of, query->arena, &rules, fault);
        for (size_t i = 0; !e && i < rules.count; i++) {
                struct mapping_answer answer;
                e = answer_one(query, &rules.list[i], &ceiling, &asked, &answer, fault);
                if (e == ERR_NOT_FOUND) { /* deleted meanwhile */
                        e = ERR_OK;
                        continue;
                }
                if (!e)
                        e = each(context, &answer, fault);
        }
        return e;
}
