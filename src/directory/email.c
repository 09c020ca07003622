/* SPDX-License-Identifier: Apache-2.0
 *
 * Verified e-mails (R6), and what they keep others from (R10). A connection's word counts for the domains it lists and no further; an
 * administrator's word, on the local source, is the root's own and counts for every domain that the root has verified. */
#include "domain_row.h"

#include <string.h>
#include "model/email_domain.h"
#include "work.h"

#define OTHERS_MAX 100 /* who have one address */

/* Kinds of connections that vouch for the addresses they claim. LDAP never will. */
static bool kind_vouches(const json_t *connection)
{
        static const char *const kinds[] = { "scim" };
        const char *kind = json_string_value(json_object_get(connection, "kind"));
        for (size_t i = 0; kind && i < COUNT_OF(kinds); i++)
                if (strcmp(kind, kinds[i]) == 0)
                        return true;
        return false;
}

struct asked {
        struct session *session;
        struct arena *arena;
        int64_t root_no;
        const struct resource_row *user;
        const char *address; /* folded */
        const char *domain;  /* inside it */
};

static enum err source_counts(const struct asked *asked, int64_t connection_no, bool *ret, struct fault *fault)
{
        struct resource_row row;
        json_auto_t *document = NULL;
        if (!connection_no) {
                *ret = true;
                return ERR_OK;
        }
        enum err e = resource_load(asked->session, asked->root_no, connection_no, asked->arena, &row, fault);
        if (e == ERR_NOT_FOUND) { /* deleted */
                *ret = false;
                return ERR_OK;
        }
        if (!e)
                e = json_parse_object(row.doc, row.doc_length, &document, fault);
        if (!e)
                *ret = kind_vouches(document) && domain_is_listed(document, asked->domain);
        return e;
}

static enum err claim_vouches(const struct asked *asked, const struct claim_row *claim, bool *ret, struct fault *fault)
{
        bool whole = !*claim->doc; /* equal to the resource's */
        json_auto_t *document = NULL;
        *ret = false;
        if (!whole && !claim_asserts(claim))
                return ERR_OK;
        enum err e = json_parse_object(
                whole ? asked->user->doc : claim->doc, whole ? asked->user->doc_length : claim->doc_length, &document, fault);
        if (!e)
                e = email_is_held(document, asked->address, asked->arena, ret, fault);
        return e || !*ret ? e : source_counts(asked, claim->connection_no, ret, fault);
}

static enum err any_vouches(const struct asked *asked, bool *ret, struct fault *fault)
{
        struct claim_row *claims = NULL;
        size_t count = 0;
        bool found = false;
        enum err e = claims_of(asked->session, asked->root_no, asked->user->no, asked->arena, &claims, &count, fault);
        for (size_t i = 0; !e && !found && i < count; i++)
                if (claims[i].active != CLAIMED_DELETED)
                        e = claim_vouches(asked, &claims[i], &found, fault);
        if (!e)
                *ret = found;
        return e;
}

enum err email_verified(struct session *session, int64_t root_no, const struct resource_row *user, struct arena *arena, const char **ret,
        struct fault *fault)
{
        struct asked asked = { .session = session, .arena = arena, .root_no = root_no, .user = user };
        json_auto_t *document = NULL;
        bool verified = false;
        enum err e = json_parse_object(user->doc, user->doc_length, &document, fault);
        if (!e)
                e = email_primary(document, arena, &asked.address, fault);
        if (e)
                return e;
        asked.domain = asked.address ? email_domain_of(asked.address) : NULL;
        if (asked.domain)
                e = domain_is_verified(session, root_no, asked.domain, &verified, fault);
        if (!e && verified)
                e = any_vouches(&asked, &verified, fault);
        if (!e)
                *ret = verified ? asked.address : NULL;
        return e;
}

/* ---- whom an address names (R10) ---- */

static enum err others_with(struct work *work, int64_t user_no, const char *address, int64_t ret[OTHERS_MAX], size_t *ret_count)
{
        const struct attribute *emails = attribute_find(resource_type(KIND_USER)->core->attributes, "emails", strlen("emails"));
        const struct attribute *value = attribute_find(emails->sub, "value", strlen("value"));
        return session_query_numbers(work->session, ST_VALUE_OTHERS, ret, OTHERS_MAX, ret_count, work->fault, V_I64(work->root_no),
                V_I64(value->number), V_TEXT(address), V_I64(user_no), V_I64(OTHERS_MAX));
}

enum err email_find_owner(struct work *work, int64_t user_no, const char *name, int64_t *ret_no)
{
        int64_t others[OTHERS_MAX];
        size_t count = 0;
        bool verified = false;
        const char *domain = work->root->proved_domains ? email_domain_of(name) : NULL;
        *ret_no = 0;
        if (!domain)
                return ERR_OK;
        enum err e = domain_is_verified(work->session, work->root_no, domain, &verified, work->fault);
        if (!e && verified)
                e = others_with(work, user_no, name, others, &count);
        for (size_t i = 0; !e && !*ret_no && i < count; i++) {
                struct resource_row row;
                const char *address = NULL;
                e = resource_load(work->session, work->root_no, others[i], work->arena, &row, work->fault);
                if (!e)
                        e = email_verified(work->session, work->root_no, &row, work->arena, &address, work->fault);
                if (!e && address && strcmp(address, name) == 0)
                        *ret_no = row.no;
        }
        if (!e && !*ret_no && count == OTHERS_MAX) /* more than anybody has looked at */
                *ret_no = others[0];
        return e;
}
