/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading e-mail domains, and the look-up that proves one. */
#include "domain_row.h"

#include <string.h>
#include "model/email_domain.h"
#include "net/dns_txt.h"

#define LOOK_UPS_AT_ONCE 4 /* workers that may wait for DNS */

const char *domain_state_name(enum domain_state state)
{
        static const char *const names[] = { [DOMAIN_PENDING] = "pending", [DOMAIN_VERIFIED] = "verified", [DOMAIN_LAPSED] = "lapsed" };
        return names[state];
}

const char *domain_proof_name(enum domain_proof proof)
{
        static const char *const names[] = { [DOMAIN_UNPROVED] = NULL, [DOMAIN_BY_DNS] = "dns", [DOMAIN_BY_OPERATOR] = "operator" };
        return names[proof];
}

const char *domain_record_value(struct arena *arena, const char *token)
{
        return arena_printf(arena, "%s%s", DOMAIN_RECORD_VALUE, token);
}

const char *domain_record_name(struct arena *arena, const char *name)
{
        return arena_printf(arena, "%s%s", DOMAIN_RECORD_LABEL, name);
}

enum err domain_load(struct session *session, int64_t root_no, int64_t no, struct arena *arena, struct domain_row *ret, struct fault *fault)
{
        auto_result result = { 0 };
        bool row;
        enum err e = session_query(session, ST_DOMAIN_GET, &result, fault, V_I64(root_no), V_I64(no));
        if (!e)
                e = result_next(&result, &row, fault);
        if (e)
                return e;
        if (!row)
                return fault_set(fault, ERR_NOT_FOUND, "", "there is no such domain");
        const char *token = arena_strdup(arena, result_text(&result, 2, NULL));
        if (!token)
                return fault_set(fault, ERR_MEMORY, "", "out of memory");
        *ret = (struct domain_row){
                .state = (enum domain_state)result_i64(&result, 0),
                .proof = (enum domain_proof)result_i64(&result, 1),
                .token = token,
                .verified_us = result_i64(&result, 3),
                .checked_us = result_i64(&result, 4),
                .failed_us = result_i64(&result, 5),
                .absent_us = result_i64(&result, 6),
        };
        return ERR_OK;
}

enum err domain_is_verified(struct session *session, int64_t root_no, const char *name, bool *ret, struct fault *fault)
{
        return session_query_any(session, ST_DOMAIN_VERIFIED_HERE, ret, fault, V_I64(root_no), V_TEXT(name));
}

bool domain_is_listed(const json_t *connection, const char *name)
{
        const json_t *list = json_object_get(connection, "domains"), *one;
        size_t i;
        json_array_foreach ((json_t *)list, i, one) {
                if (json_is_string(one) && strcmp(json_string_value(one), name) == 0)
                        return true;
        }
        return false;
}

enum err query_domain(const struct query *query, int64_t no, struct domain_row *ret, struct fault *fault)
{
        return domain_load(query->session, query->actor->root_no, no, query->arena, ret, fault);
}

/* ---- the proof ---- */

static enum err judge(enum dns_answer answer, const char *name, const char *value, struct fault *fault)
{
        if (answer == DNS_FOUND)
                return ERR_OK;
        if (answer == DNS_ABSENT)
                return fault_set(fault, ERR_CONFLICT, "",
                        "%s has no TXT record \"%s\"; add it and try again: DNS may take minutes to show it", name, value);
        return fault_set(fault, ERR_UNAVAILABLE, "", "DNS gave no answer about %s; try again", name);
}

static enum err ask(const struct query *query, const char *name, const char *value, struct fault *fault)
{
        struct directory *directory = query->directory;
        enum err e = ERR_OK;
        if (directory->waiting)
                directory->waiting(true);
        if (atomic_fetch_add(&directory->looking_up, 1) < LOOK_UPS_AT_ONCE)
                e = judge(dns_txt_find(directory->dns_server, name, value), name, value, fault);
        else
                e = fault_set(fault, ERR_UNAVAILABLE, "", "several domains are being looked up now; try again");
        atomic_fetch_sub(&directory->looking_up, 1);
        if (directory->waiting)
                directory->waiting(false);
        if (e == ERR_UNAVAILABLE && fault)
                fault->retry_after_s = 5;
        return e;
}

enum err domain_look_up(const struct query *query, struct change *change, struct fault *fault)
{
        struct resource_row row;
        struct domain_row domain;
        enum err e = query_resource(query, change->type, change->ref, &row, fault);
        if (!e)
                e = query_need(query, ROOT_ORG_NO, LEVEL_ORGANIZATION, change->type->subject, "verify-domain", fault);
        if (!e)
                e = query_domain(query, row.no, &domain, fault);
        if (e)
                return e;
        const char *name = domain_record_name(query->arena, row.name), *value = domain_record_value(query->arena, domain.token);
        e = name && value ? ask(query, name, value, fault) : fault_set(fault, ERR_MEMORY, "", "out of memory");
        if (!e)
                change->proved = domain.token;
        return e;
}
