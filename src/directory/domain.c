/* SPDX-License-Identifier: Apache-2.0
 *
 * Changes of e-mail domains (R6): made, proved, given up; and which of them a connection may list. What one root has verified no other can:
 * the root's own rows say so under its lock, the index domain_owner over all of them. */
#include "domain_row.h"

#include <string.h>
#include "base/clock.h"
#include "base/text.h"
#include "model/email_domain.h"
#include "work.h"

#define TOKEN_BYTES 20
#define PAGE 1000
#define DOMAINS_MAX 100 /* of a root: each that fails is looked up again and again */

/* ---- whose ---- */

static enum err taken(struct work *work)
{
        return fault_set(work->fault, ERR_TAKEN, "name", "the domain is verified for another organization of this installation");
}

/* One that another root has verified is refused, and that root not named: what one organization proved is nobody else's business. */
static enum err check_owner(struct work *work, const char *name)
{
        int64_t owner_no;
        enum err e = session_query_number(work->session, ST_DOMAIN_OWNER, &owner_no, work->fault, V_TEXT(name));
        if (e)
                return e;
        return owner_no && owner_no != work->root_no ? taken(work) : ERR_OK;
}

/* Another writer may have been first since check_owner looked: the index says so. */
static enum err run_unique(struct work *work, enum statement statement, const struct value *values, size_t count)
{
        struct fault cause = { 0 };
        enum err e = session_run_values(work->session, statement, values, count, NULL, &cause);
        if (e == ERR_TAKEN)
                return taken(work);
        if (e)
                *work->fault = cause;
        return e;
}
#define RUN_UNIQUE(work, statement, ...) \
        run_unique((work), (statement), (const struct value[]){ __VA_ARGS__ }, COUNT_OF(((const struct value[]){ __VA_ARGS__ })))

static enum err check_count(struct work *work)
{
        int64_t count = 0;
        enum err e = count_read(work->session, work->root_no, KIND_DOMAIN, COUNT_ALL, &count, work->fault);
        if (e || count <= DOMAINS_MAX) /* the new one is counted already */
                return e;
        return fault_set(
                work->fault, ERR_CONFLICT, "", "an organization has at most %d e-mail domains; delete one that is not needed", DOMAINS_MAX);
}

static enum err is_alone(struct work *work, bool *ret)
{
        int64_t roots[2];
        size_t count;
        enum err e = session_query_numbers(work->session, ST_ROOT_LIST, roots, 2, &count, work->fault, V_I64(0), V_I64(2));
        if (!e)
                *ret = count == 1;
        return e;
}

static bool is_named(const char *list, const char *slug)
{
        size_t length = strlen(slug);
        for (const char *at = list; *at; at += strcspn(at, ", ")) {
                at += strspn(at, ", ");
                if (strncmp(at, slug, length) == 0 && strcspn(at, ", ") == length)
                        return true;
        }
        return false;
}

static enum err is_operators(struct work *work, bool *ret)
{
        auto_result result = { 0 };
        bool row = false;
        enum err e = session_query(work->session, ST_ROOT_READ, &result, work->fault, V_I64(work->root_no));
        if (!e)
                e = result_next(&result, &row, work->fault);
        *ret = !e && row && is_named(work->directory->operator_organizations, result_text(&result, 0, NULL));
        return e;
}

/* Whose word may stand instead of DNS. With several organizations an administrator of one could take another's domain by it: there the
 * operator of the installation says in its settings whom he trusts so far. */
static enum err check_operator(struct work *work)
{
        bool trusted = false;
        enum err e = rights_need_org(work, ROOT_ORG_NO, "email-domains", "verify-domain");
        if (!e)
                e = rights_contain(work, ROOT_ORG_NO, &builtin_role_find(LEVEL_ORGANIZATION, "admin")->allow);
        if (!e)
                e = is_alone(work, &trusted);
        if (!e && !trusted)
                e = is_operators(work, &trusted);
        if (e || trusted)
                return e;
        return fault_set(work->fault, ERR_FORBIDDEN, "",
                "this installation has several organizations: prove the domain by DNS, or let the operator of the server name this "
                "organization in [domains] operator_organizations");
}

/* ---- one domain ---- */

enum err domain_ready(struct work *work, json_t *document)
{
        const json_t *name = json_object_get(document, "name");
        char plain[DOMAIN_NAME_SIZE];
        enum err e = domain_name_parse(json_string_value(name), json_string_length(name), "name", plain, work->fault);
        if (e)
                return e;
        return json_object_set_new(document, "name", json_string(plain)) ? work_memory(work) : ERR_OK;
}

static int64_t due_after(const struct work *work, enum domain_proof proof)
{
        return proof == DOMAIN_BY_DNS ? work->at_us + work->directory->domains_recheck_us : 0;
}

enum err domain_made(struct work *work, struct resource_row *row, json_t *document)
{
        unsigned char random[TOKEN_BYTES];
        char token[2 * TOKEN_BYTES + 1];
        bool by_word = work->change->operator_verified;
        enum err e = check_count(work);
        if (!e)
                e = check_owner(work, row->name);
        if (!e && by_word)
                e = check_operator(work);
        if (e)
                return e;
        ident_random(random, sizeof(random));
        text_hex(random, sizeof(random), token);
        int64_t at_us = by_word ? work->at_us : 0;
        e = RUN_UNIQUE(work, ST_DOMAIN_INSERT, V_I64(work->root_no), V_I64(row->no), V_TEXT(row->name),
                V_I64(by_word ? DOMAIN_VERIFIED : DOMAIN_PENDING), V_I64(by_word ? DOMAIN_BY_OPERATOR : DOMAIN_UNPROVED), V_TEXT(token),
                V_I64(at_us), V_I64(at_us), V_I64(0));
        if (e || !by_word)
                return e;
        work->root->proved_domains++;
        return work_body_json(work, json_pack("{s:s, s:O, s:s}", "id", row->id, "document", document, "proof", "operator"));
}

static enum err prove(struct work *work, struct resource_row *row, const struct domain_row *domain)
{
        enum err e = check_owner(work, row->name);
        if (!e)
                e = RUN_UNIQUE(work, ST_DOMAIN_PROVED, V_I64(work->root_no), V_I64(row->no), V_I64(DOMAIN_BY_DNS), V_I64(work->at_us),
                        V_I64(due_after(work, DOMAIN_BY_DNS)));
        if (!e)
                e = work_touch(work, row->no);
        if (e)
                return e;
        work->root->proved_domains += domain->state != DOMAIN_VERIFIED;
        row->version = work->version;
        row->modified_us = work->at_us;
        work->event = EVENT_DOMAIN_VERIFIED;
        work->object_kind = row->kind;
        work->object_no = row->no;
        work->changed = true;
        return work_body_json(work, json_pack("{s:s, s:s, s:s}", "id", row->id, "name", row->name, "proof", "dns"));
}

enum err domain_verify(struct work *work)
{
        struct resource_row row = { 0 };
        struct domain_row domain = { 0 };
        if (work->change->type->kind != KIND_DOMAIN)
                return fault_set(work->fault, ERR_METHOD, "", "%ss cannot be verified", work->change->type->word);
        enum err e = thing_load(work, "verify-domain", &row);
        if (!e)
                e = domain_load(work->session, work->root_no, row.no, work->arena, &domain, work->fault);
        if (e)
                return e;
        if (!work->change->proved || strcmp(work->change->proved, domain.token) != 0) /* given up and made anew meanwhile */
                return fault_set(work->fault, ERR_CONFLICT, "", "the domain has changed meanwhile; try again");
        if (domain.state != DOMAIN_VERIFIED || domain.proof != DOMAIN_BY_DNS)
                e = prove(work, &row, &domain);
        else
                e = session_run(work->session, ST_DOMAIN_CHECKED, NULL, work->fault, V_I64(work->root_no), V_I64(row.no),
                        V_I64(work->at_us), V_I64(0), V_I64(0), V_I64(due_after(work, DOMAIN_BY_DNS)));
        work->change->after.resource = row;
        return e;
}

/* ---- what connections list ---- */

struct listing {
        const char *name; /* sought */
        char found[UUID_TEXT_SIZE];
        int64_t last_no;
        size_t count;
};

static enum err find_listing(void *context, const struct resource_row *row, struct fault *fault)
{
        struct listing *listing = context;
        json_auto_t *document = NULL;
        listing->count++;
        listing->last_no = row->no;
        enum err e = json_parse_object(row->doc, row->doc_length, &document, fault);
        if (!e && !*listing->found && domain_is_listed(document, listing->name))
                memcpy(listing->found, row->id, sizeof(listing->found));
        return e;
}

enum err domain_end(struct work *work, const struct resource_row *row)
{
        struct listing listing = { .name = row->name };
        struct domain_row domain = { 0 };
        enum err e;
        do {
                listing.count = 0;
                e = resource_list(
                        work->session, work->root_no, KIND_CONNECTION, 0, listing.last_no, PAGE, find_listing, &listing, work->fault);
        } while (!e && listing.count == PAGE);
        if (!e && *listing.found)
                e = fault_set(work->fault, ERR_CONFLICT, "", "a connection lists the domain (%s); take it out of its domains first",
                        listing.found);
        if (!e)
                e = domain_load(work->session, work->root_no, row->no, work->arena, &domain, work->fault);
        if (!e)
                e = session_run(work->session, ST_DOMAIN_DELETE, NULL, work->fault, V_I64(work->root_no), V_I64(row->no));
        if (!e && domain.state == DOMAIN_VERIFIED)
                work->root->proved_domains--;
        return e;
}

enum err domain_list_ready(struct work *work, json_t *connection)
{
        const json_t *list = json_object_get(connection, "domains"), *one;
        size_t i;
        if (!list)
                return ERR_OK;
        if (json_array_size(list) > DOMAINS_LISTED_MAX)
                return fault_set(work->fault, ERR_VALUE, "domains", "a connection lists at most %d domains", DOMAINS_LISTED_MAX);
        json_auto_t *plain = json_pack("{s:[]}", "domains");
        json_array_foreach ((json_t *)list, i, one) {
                char name[DOMAIN_NAME_SIZE];
                enum err e = domain_name_parse(json_string_value(one), json_string_length(one), "domains", name, work->fault);
                if (e)
                        return e;
                if (!domain_is_listed(plain, name) && json_array_append_new(json_object_get(plain, "domains"), json_string(name)))
                        return work_memory(work);
        }
        json_t *names = json_object_get(plain, "domains");
        return !names || json_object_set(connection, "domains", names) ? work_memory(work) : ERR_OK;
}

enum err domain_list_check(struct work *work, const struct resource_row *row, const json_t *before, json_t *after)
{
        const json_t *list = json_object_get(after, "domains"), *one;
        size_t i;
        (void)row;
        json_array_foreach ((json_t *)list, i, one) {
                const char *name = json_string_value(one);
                bool verified = before && domain_is_listed(before, name); /* one that lapsed meanwhile may stand: it gives nothing */
                enum err e = verified ? ERR_OK : domain_is_verified(work->session, work->root_no, name, &verified, work->fault);
                if (e)
                        return e;
                if (!verified)
                        return fault_set(work->fault, ERR_VALUE, "domains", "\"%.235s\" is no verified domain of this organization", name);
        }
        return ERR_OK;
}
