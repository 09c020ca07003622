/* SPDX-License-Identifier: Apache-2.0
 *
 * Adoption (R13): a connection takes over a user whom another connection of its upstream made, or whose verified e-mail is of a domain it
 * lists. The request that adopts makes the claim and changes neither userName nor e-mails; what others say of the user stands, their vetoes
 * too (R2). Who holds an admin role is adopted once an administrator has approved it. */
#include "adoption.h"

#include <string.h>
#include "domain_row.h"
#include "model/ceiling.h"
#include "model/email_domain.h"
#include "work.h"

/* ---- who ---- */

static enum err load_connection(const struct adoption *adoption, int64_t connection_no, json_t **ret, struct fault *fault)
{
        struct resource_row row;
        enum err e = resource_load(adoption->session, adoption->root_no, connection_no, adoption->arena, &row, fault);
        return e ? e : json_parse_object(row.doc, row.doc_length, ret, fault);
}

static const char *text_of(const json_t *document, const char *key)
{
        const char *text = json_string_value(json_object_get(document, key));
        return text ? text : "";
}

static enum err take_upstream(struct adoption *adoption, const json_t *connection, struct fault *fault)
{
        const char *upstream = text_of(connection, "upstream");
        if (!*upstream)
                return ERR_OK;
        adoption->upstream = arena_strdup(adoption->arena, upstream);
        return adoption->upstream ? ERR_OK : fault_set(fault, ERR_MEMORY, "", "out of memory");
}

static enum err take_domains(struct adoption *adoption, const json_t *connection, struct fault *fault)
{
        const json_t *list = json_object_get(connection, "domains"), *one;
        const char **domains = arena_zero(adoption->arena, json_array_size(list) + 1, sizeof(*domains));
        size_t i, count = 0;
        json_array_foreach ((json_t *)list, i, one) {
                if (domains && (domains[count] = arena_strdup(adoption->arena, json_string_value(one))))
                        count++;
        }
        if (!domains || count != json_array_size(list))
                return fault_set(fault, ERR_MEMORY, "", "out of memory");
        adoption->domains = domains;
        adoption->domain_count = count;
        return ERR_OK;
}

/* Whom a connection adopts, by what its document says; of anything else nobody. */
static const struct way {
        const char *word;
        enum err (*take)(struct adoption *adoption, const json_t *connection, struct fault *fault);
} ways[] = { { "same_upstream", take_upstream }, { "verified_domain", take_domains } };

enum err adoption_open(struct adoption *adoption, struct fault *fault)
{
        json_auto_t *connection = NULL;
        enum err e = load_connection(adoption, adoption->connection_no, &connection, fault);
        for (size_t i = 0; !e && i < COUNT_OF(ways); i++)
                if (strcmp(text_of(connection, "adoption"), ways[i].word) == 0)
                        e = ways[i].take(adoption, connection, fault);
        return e;
}

bool adoption_is_on(const struct adoption *adoption)
{
        return adoption->upstream || adoption->domain_count;
}

static enum err is_sibling(const struct adoption *adoption, int64_t connection_no, bool *ret, struct fault *fault)
{
        json_auto_t *connection = NULL;
        *ret = false;
        if (!adoption->upstream || !connection_no)
                return ERR_OK;
        enum err e = load_connection(adoption, connection_no, &connection, fault);
        if (e)
                return e == ERR_NOT_FOUND ? ERR_OK : e;
        *ret = strcmp(text_of(connection, "upstream"), adoption->upstream) == 0;
        return ERR_OK;
}

/* Of a domain that the connection lists, and verified (R6) whoever says so: one that has lapsed makes no new links. */
static enum err has_domain(const struct adoption *adoption, int64_t user_no, bool *ret, struct fault *fault)
{
        struct resource_row row;
        const char *address = NULL;
        *ret = false;
        if (!adoption->domain_count)
                return ERR_OK;
        enum err e = resource_load(adoption->session, adoption->root_no, user_no, adoption->arena, &row, fault);
        if (e)
                return e == ERR_NOT_FOUND ? ERR_OK : e;
        if (row.kind == KIND_USER)
                e = email_verified(adoption->session, adoption->root_no, &row, adoption->arena, &address, fault);
        const char *domain = !e && address ? email_domain_of(address) : NULL;
        for (size_t i = 0; domain && i < adoption->domain_count; i++)
                *ret = *ret || strcmp(adoption->domains[i], domain) == 0;
        return e;
}

enum err adoption_allows(const struct adoption *adoption, int64_t user_no, bool *ret, struct fault *fault)
{
        struct claim_row *claims = NULL;
        size_t count = 0;
        bool found = false, hidden = !adoption_is_on(adoption);
        *ret = false;
        enum err e = hidden ? ERR_OK : break_glass_read(adoption->session, adoption->root_no, user_no, &hidden, fault);
        if (e || hidden) /* R9: from every connection */
                return e;
        e = claims_of(adoption->session, adoption->root_no, user_no, adoption->arena, &claims, &count, fault);
        for (size_t i = 0; !e && i < count; i++) {
                if (claims[i].connection_no == adoption->connection_no) /* deleted: R12, until an administrator releases him */
                        return ERR_OK;
                if (claims[i].active != CLAIMED_DELETED && !found)
                        e = is_sibling(adoption, claims[i].connection_no, &found, fault);
        }
        if (!e && !found)
                e = has_domain(adoption, user_no, &found, fault);
        if (!e)
                *ret = found;
        return e;
}

#define PAGE 1000

struct connections {
        struct arena *arena;
        int64_t last_no;
        size_t count;
        int64_t no[PAGE];
};

static enum err collect(void *context, const struct resource_row *row, struct fault *fault)
{
        struct connections *connections = context;
        (void)fault;
        connections->no[connections->count++] = connections->last_no = row->no;
        return ERR_OK;
}

/* By the word of one other source; only whom the connection may adopt. */
static enum err find_in(
        const struct adoption *adoption, int64_t connection_no, const char *external_id, int64_t *ret_no, struct fault *fault)
{
        bool heard = adoption->domain_count > 0, allowed = false;
        int64_t no = 0;
        *ret_no = 0;
        if (connection_no == adoption->connection_no)
                return ERR_OK;
        enum err e = heard ? ERR_OK : is_sibling(adoption, connection_no, &heard, fault);
        if (e || !heard)
                return e;
        e = claim_find_external(adoption->session, adoption->root_no, connection_no, KIND_USER, external_id, &no, fault);
        if (!e && no)
                e = adoption_allows(adoption, no, &allowed, fault);
        if (!e && allowed)
                *ret_no = no;
        return e;
}

enum err adoption_find_external(const struct adoption *adoption, const char *external_id, int64_t *ret_no, struct fault *fault)
{
        struct connections *page = arena_zero(adoption->arena, 1, sizeof(*page));
        int64_t found = 0;
        bool ambiguous = false;
        if (!page)
                return fault_set(fault, ERR_MEMORY, "", "out of memory");
        enum err e = find_in(adoption, 0, external_id, &found, fault);
        for (bool more = true; !e && more; more = page->count == PAGE) {
                page->count = 0;
                e = resource_list(adoption->session, adoption->root_no, KIND_CONNECTION, 0, page->last_no, PAGE, collect, page, fault);
                for (size_t i = 0; !e && i < page->count; i++) {
                        int64_t no;
                        e = find_in(adoption, page->no[i], external_id, &no, fault);
                        ambiguous = ambiguous || (!e && no && found && no != found);
                        found = !e && no ? no : found;
                }
        }
        if (!e)
                *ret_no = ambiguous ? 0 : found;
        return e;
}

/* ---- the request that adopts ---- */

static enum err is_approved(struct work *work, int64_t connection_no, int64_t user_no, bool *ret)
{
        return session_query_any(
                work->session, ST_ADOPTION_READ, ret, work->fault, V_I64(work->root_no), V_I64(connection_no), V_I64(user_no));
}

static enum err check_approved(struct work *work, int64_t user_no)
{
        struct permission_set held;
        bool approved = false;
        enum err e = ceiling_conferred(work, user_no, &held);
        if (e || !permission_set_is_administrative(&held))
                return e;
        e = is_approved(work, work->source_no, user_no, &approved);
        if (e || approved)
                return e;
        work->change->conflict = "adoption";
        work->change->conflict_no = user_no;
        return fault_set(work->fault, ERR_FORBIDDEN, "",
                "an administrator must approve that this connection takes this user over; he finds it among its conflicts");
}

/* What the connection would have said by now: the identifiers as they are. Claims stand in the order of their connections. */
static enum err add_claim(struct work *work, struct person *person, const char *doc, size_t length)
{
        struct claim_row *claims = arena_zero(work->arena, person->claim_count + 1, sizeof(*claims));
        size_t at = 0;
        if (!claims)
                return work_memory(work);
        while (at < person->claim_count && person->claims[at].connection_no < work->source_no)
                at++;
        if (at)
                memcpy(claims, person->claims, at * sizeof(*claims));
        if (at < person->claim_count)
                memcpy(claims + at + 1, person->claims + at, (person->claim_count - at) * sizeof(*claims));
        claims[at] = (struct claim_row){
                .connection_no = work->source_no,
                .kind = person->row.kind,
                .no = person->row.no,
                .external_id = "",
                .active = CLAIMED_ACTIVE,
                .modified_us = work->at_us,
                .doc = doc,
                .doc_length = length,
        };
        person->claims = claims;
        person->claim_count++;
        person->own = &claims[at];
        person->adopts = true;
        return ERR_OK;
}

static const char *const identifiers[] = { "userName", "emails" };

static enum err copy_identifiers(struct work *work, const json_t *from, json_t *into)
{
        for (size_t i = 0; i < COUNT_OF(identifiers); i++) {
                json_t *value = json_object_get(from, identifiers[i]);
                if (!value)
                        (void)json_object_del(into, identifiers[i]);
                else if (json_object_set(into, identifiers[i], value))
                        return work_memory(work);
        }
        return ERR_OK;
}

static struct adoption adoption_of(struct work *work, int64_t connection_no)
{
        return (struct adoption){
                .session = work->session,
                .arena = work->arena,
                .root_no = work->root_no,
                .connection_no = connection_no,
        };
}

enum err adoption_begin(struct work *work, struct person *person)
{
        const struct change *change = work->change;
        bool asks = change->verb == CHANGE_REPLACE || change->verb == CHANGE_PATCH, allowed = false;
        struct adoption adoption = adoption_of(work, work->source_no);
        if (!asks || change->type->kind != KIND_USER || !(work->actor->scopes & SCOPE_ADOPT))
                return ERR_OK;
        enum err e = adoption_open(&adoption, work->fault);
        if (!e)
                e = adoption_allows(&adoption, person->row.no, &allowed, work->fault);
        if (e || !allowed)
                return e;
        json_auto_t *document = NULL, *base = json_object();
        auto_buffer text = { 0 };
        e = check_approved(work, person->row.no);
        if (!e)
                e = json_parse_object(person->row.doc, person->row.doc_length, &document, work->fault);
        if (!e)
                e = base ? copy_identifiers(work, document, base) : work_memory(work);
        if (!e)
                e = json_canonical(base, &text, work->fault);
        if (e)
                return e;
        const char *doc = arena_text(work->arena, text.data, text.length);
        return doc ? add_claim(work, person, doc, text.length) : work_memory(work);
}

enum err adoption_keep(struct work *work, const struct person *person, const json_t *document, json_t **ret)
{
        json_auto_t *kept = json_whole_copy(document);
        if (!kept)
                return work_memory(work);
        enum err e = copy_identifiers(work, person->document, kept);
        if (!e)
                *ret = STEAL(kept);
        return e;
}

enum err adoption_end(struct work *work, const struct person *person)
{
        work->event = EVENT_ADOPTED;
        enum err e = count_move(work->session, work->root_no, person->row.kind, work->source_no, 1, work->fault);
        if (!e)
                e = session_run(work->session, ST_ADOPTION_DELETE, NULL, work->fault, V_I64(work->root_no), V_I64(work->source_no),
                        V_I64(person->row.no));
        if (!e)
                e = session_run(work->session, ST_CONFLICT_DELETE, NULL, work->fault, V_I64(work->root_no), V_I64(work->source_no),
                        V_I64(person->row.kind), V_TEXT("adoption"), V_I64(person->row.no));
        return e;
}

/* ---- approval ---- */

static enum err approve(struct work *work, const struct resource_row *connection, const struct resource_row *user)
{
        struct adoption adoption = adoption_of(work, connection->no);
        bool allowed = false, approved = false;
        enum err e = adoption_open(&adoption, work->fault);
        if (!e)
                e = adoption_allows(&adoption, user->no, &allowed, work->fault);
        if (!e && !allowed)
                return fault_set(work->fault, ERR_CONFLICT, "user",
                        adoption_is_on(&adoption)
                                ? "the connection cannot adopt this user: it needs one that another connection of its upstream claims, or "
                                  "whose verified e-mail is of a domain that it lists, and that it has neither claimed nor deleted itself"
                                : "the connection adopts nobody: its `adoption` is refuse");
        if (!e)
                e = is_approved(work, connection->no, user->no, &approved);
        work->change->after.resource = *user;
        if (e || approved)
                return e;
        work->event = EVENT_ADOPTION_APPROVED;
        work->object_kind = KIND_USER;
        work->object_no = user->no;
        work->changed = true;
        e = session_run(work->session, ST_ADOPTION_PUT, NULL, work->fault, V_I64(work->root_no), V_I64(connection->no), V_I64(user->no),
                V_I64(work->actor->no), V_I64(work->at_us));
        return e ? e : work_body_json(work, json_pack("{s:s, s:s}", "id", user->id, "connection", connection->id));
}

enum err adoption_approve(struct work *work)
{
        struct resource_row connection = { 0 }, user = { 0 };
        if (work->change->type->kind != KIND_CONNECTION)
                return fault_set(work->fault, ERR_METHOD, "", "%ss adopt nobody", work->change->type->word);
        enum err e = thing_load(work, "edit", &connection);
        if (!e && !work->change->user)
                e = fault_set(work->fault, ERR_VALUE, "user", "name the user that the connection may adopt");
        if (!e)
                e = reference_load(work, KIND_USER, work->change->user, 0, &user);
        return e ? e : approve(work, &connection, &user);
}

enum err adoption_changed(struct work *work, const json_t *before, const json_t *after, const struct resource_row *connection)
{
        static const char *const decide[] = { "adoption", "upstream", "domains" };
        bool changed = false;
        for (size_t i = 0; i < COUNT_OF(decide); i++)
                changed = changed || !json_equal(json_object_get(before, decide[i]), json_object_get(after, decide[i]));
        if (!changed)
                return ERR_OK;
        return session_run(work->session, ST_ADOPTIONS_CLEAR, NULL, work->fault, V_I64(work->root_no), V_I64(connection->no));
}

enum err adoption_check(struct work *work, json_t *connection)
{
        enum err e = domain_list_ready(work, connection);
        if (!e && work->change->verb == CHANGE_CREATE) /* a merged one is compared with what it was */
                e = domain_list_check(work, NULL, NULL, connection);
        if (e || strcmp(text_of(connection, "adoption"), "verified_domain") != 0 || json_array_size(json_object_get(connection, "domains")))
                return e;
        return fault_set(work->fault, ERR_VALUE, "adoption",
                "verified_domain needs at least one verified e-mail domain of this organization in `domains`; else take "
                "same_upstream or refuse");
}
