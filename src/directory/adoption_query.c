/* SPDX-License-Identifier: Apache-2.0
 *
 * Adoption as a connection reads it (R13): a plain `eq` that finds nothing of its own may find one user whom it could adopt, and shows no
 * more of him than that he is there. A connection that adopts nobody asks no question here that it would not ask otherwise. */
#include "adoption.h"

#include <string.h>
#include "directory/query.h"

static enum err missing(const struct resource_type *type, struct fault *fault)
{
        return fault_set(fault, ERR_NOT_FOUND, "", "there is no such %s", type->word);
}

static bool may_adopt(const struct query *query, const struct resource_type *type)
{
        return type->kind == KIND_USER && (query->actor->scopes & SCOPE_ADOPT);
}

static enum err open_adoption(const struct query *query, struct adoption *ret, struct fault *fault)
{
        *ret = (struct adoption){
                .session = query->session,
                .arena = query->arena,
                .root_no = query->actor->root_no,
                .connection_no = query->actor->no,
        };
        return adoption_open(ret, fault);
}

/* ---- one ---- */

/* `loaded`: how the row was read. */
static enum err show_one(const struct query *query, const struct resource_type *type, enum err loaded, const struct resource_row *row,
        struct claimed_row *ret, struct fault *fault)
{
        struct adoption adoption;
        bool allowed = false;
        enum err e = !loaded && row->kind != type->kind ? ERR_NOT_FOUND : loaded;
        if (!e)
                e = open_adoption(query, &adoption, fault);
        if (!e)
                e = adoption_allows(&adoption, row->no, &allowed, fault);
        if (e == ERR_NOT_FOUND || (!e && !allowed))
                return missing(type, fault);
        if (!e)
                *ret = (struct claimed_row){ .resource = *row, .adoptable = true };
        return e;
}

enum err adoption_by_id(
        const struct query *query, const struct resource_type *type, const char *id, struct claimed_row *ret, struct fault *fault)
{
        struct resource_row row;
        if (!may_adopt(query, type) || !ident_is_uuid(id, strlen(id)))
                return missing(type, fault);
        enum err e = resource_load_by_id(query->session, query->actor->root_no, id, query->arena, &row, fault);
        return show_one(query, type, e, &row, ret, fault);
}

enum err adoption_by_no(
        const struct query *query, const struct resource_type *type, int64_t no, struct claimed_row *ret, struct fault *fault)
{
        struct resource_row row;
        if (!may_adopt(query, type))
                return missing(type, fault);
        enum err e = resource_load(query->session, query->actor->root_no, no, query->arena, &row, fault);
        return show_one(query, type, e, &row, ret, fault);
}

/* ---- by a comparison ---- */

struct counted {
        claimed_each each;
        void *context;
        int64_t count;
};

static enum err count_each(void *context, const struct claimed_row *row, struct fault *fault)
{
        struct counted *counted = context;
        counted->count++;
        return counted->each(counted->context, row, fault);
}

static bool only_equals(const struct filter *filter)
{
        if (filter->kind == FILTER_AND)
                return only_equals(filter->left) && only_equals(filter->right);
        return filter->kind == FILTER_EQ;
}

/* The comparison that the whole filter is: alone, or inside a value path of nothing but such. */
static const struct filter *plain_equal(const struct filter *filter, const char *attribute, const char *sub)
{
        const struct filter *equal = filter_find_equal(filter, attribute, sub);
        bool plain = equal && (equal == filter || (filter->kind == FILTER_ANY && only_equals(filter->left)));
        return plain && equal->value.kind == FILTER_TEXT ? equal : NULL;
}

static enum err find_name(const struct query *query, const struct filter *equal, int64_t *ret_no, struct fault *fault)
{
        const struct resource_name name = { .kind = KIND_USER, .folded = equal->value.folded, .source_no = -1 };
        struct resource_row row;
        if (!name.folded)
                return ERR_OK;
        enum err e = resource_load_by_name(query->session, query->actor->root_no, &name, query->arena, &row, fault);
        if (!e)
                *ret_no = row.no;
        return e == ERR_NOT_FOUND ? ERR_OK : e;
}

#define HITS_MAX 100 /* values of the dead stand in the index, too */

/* R10: an address that two users have names neither. */
static enum err find_email(const struct query *query, const struct filter *equal, int64_t *ret_no, struct fault *fault)
{
        const struct attribute *emails = attribute_find(resource_type(KIND_USER)->core->attributes, "emails", strlen("emails"));
        const struct attribute *value = attribute_find(emails->sub, "value", strlen("value"));
        int64_t found[HITS_MAX], live = 0;
        size_t count = 0;
        if (!equal->value.folded)
                return ERR_OK;
        enum err e = session_query_numbers(query->session, ST_VALUE_FIND, found, HITS_MAX, &count, fault, V_I64(query->actor->root_no),
                V_I64(value->number), V_I64(value->number), V_TEXT(equal->value.folded), V_I64(0), V_I64(HITS_MAX));
        for (size_t i = 0; !e && i < count; i++) {
                struct resource_row row;
                bool hidden = false; /* R9: he makes nobody ambiguous */
                e = break_glass_read(query->session, query->actor->root_no, found[i], &hidden, fault);
                if (!e && !hidden)
                        e = resource_load(query->session, query->actor->root_no, found[i], query->arena, &row, fault);
                if (e == ERR_NOT_FOUND) {
                        e = ERR_OK;
                        continue;
                }
                if (e || hidden)
                        continue;
                live++;
                *ret_no = found[i];
        }
        if (live != 1 || count == HITS_MAX)
                *ret_no = 0;
        return e;
}

static enum err find_one(
        const struct query *query, const struct adoption *adoption, const struct filter *filter, int64_t *ret_no, struct fault *fault)
{
        const struct filter *equal;
        if ((equal = plain_equal(filter, "userName", NULL)))
                return find_name(query, equal, ret_no, fault);
        if ((equal = plain_equal(filter, "externalId", NULL)))
                return *equal->value.text ? adoption_find_external(adoption, equal->value.text, ret_no, fault) : ERR_OK;
        if ((equal = plain_equal(filter, "emails", "value")) || (equal = plain_equal(filter, "emails", NULL)))
                return find_email(query, equal, ret_no, fault);
        return ERR_OK;
}

/* A value path says more than its comparison: `emails[type eq "work"].value eq "x"`. It names nothing but e-mails. */
static enum err matches(
        const struct query *query, const struct filter *filter, const struct resource_row *row, bool *ret, struct fault *fault)
{
        json_auto_t *document = NULL;
        if (filter->kind == FILTER_EQ)
                return ERR_OK;
        enum err e = json_parse_object(row->doc, row->doc_length, &document, fault);
        if (!e)
                *ret = filter_match(filter, document, query->arena) == TRUTH_TRUE;
        return e;
}

static enum err show_adoptable(
        const struct query *query, const struct filter *filter, claimed_each each, void *context, struct fault *fault)
{
        struct claimed_row row = { .adoptable = true };
        struct adoption adoption;
        int64_t no = 0;
        bool allowed = false;
        enum err e = open_adoption(query, &adoption, fault);
        if (!e && adoption_is_on(&adoption))
                e = find_one(query, &adoption, filter, &no, fault);
        if (e || !no)
                return e;
        e = adoption_allows(&adoption, no, &allowed, fault);
        if (!e && allowed)
                e = resource_load(query->session, query->actor->root_no, no, query->arena, &row.resource, fault);
        if (!e && allowed)
                e = matches(query, filter, &row.resource, &allowed, fault);
        if (e || !allowed)
                return e == ERR_NOT_FOUND ? ERR_OK : e;
        return each(context, &row, fault);
}

enum err query_candidates(const struct query *query, const struct resource_type *type, const struct filter *filter, claimed_each each,
        void *context, struct fault *fault)
{
        struct counted counted = { each, context, 0 };
        if (!filter || !may_adopt(query, type))
                return query_own_candidates(query, type, filter, each, context, fault);
        enum err e = query_own_candidates(query, type, filter, count_each, &counted, fault);
        return e || counted.count ? e : show_adoptable(query, filter, each, context, fault);
}
