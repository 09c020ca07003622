/* SPDX-License-Identifier: Apache-2.0
 *
 * What a filter lets the database leave out: the first comparison with `eq` that an index knows and that every match must satisfy narrows
 * the candidates; without one all rows are read, up to a limit. Values stand in the index as the resource has them, and as claims say them
 * that say otherwise, so that a connection finds what it reads. */
#include <string.h>
#include "base/auto.h"
#include "directory/query.h"
#include "model/document.h"

#define PAGE 1000

enum narrowing { BY_NOTHING, BY_ID, BY_EXTERNAL_ID, BY_NAME, BY_VALUE, BY_MEMBER };

static enum narrowing narrow(const struct resource_type *type, const struct filter *filter, const struct filter **ret)
{
        *ret = NULL;
        if (!filter)
                return BY_NOTHING;
        if ((*ret = filter_find_equal(filter, "id", NULL)))
                return BY_ID;
        if ((*ret = filter_find_equal(filter, "externalId", NULL)))
                return BY_EXTERNAL_ID;
        if ((*ret = filter_find_equal(filter, type->name_attribute, NULL)))
                return BY_NAME;
        if ((*ret = filter_find_indexed(filter)))
                return BY_VALUE;
        if (type->kind == KIND_GROUP && (*ret = filter_find_equal(filter, "members", "value")))
                return BY_MEMBER;
        return BY_NOTHING;
}

bool query_is_narrow(const struct resource_type *type, const struct filter *filter)
{
        const struct filter *equal;
        return narrow(type, filter, &equal) != BY_NOTHING;
}

enum exactness query_exactness(const struct resource_type *type, const struct filter *filter)
{
        const struct filter *equal;
        enum narrowing narrowing = narrow(type, filter, &equal);
        if (narrowing == BY_MEMBER && filter->kind == FILTER_ANY && filter->left == equal) /* members[value eq "x"] */
                return EXACT_ALWAYS;
        if (narrowing == BY_NOTHING || equal != filter || equal->value.kind != FILTER_TEXT)
                return EXACT_NEVER;
        if (narrowing == BY_VALUE) /* what another's claim says stands there, too */
                return EXACT_NEVER;
        return narrowing == BY_NAME && type->kind == KIND_USER ? EXACT_UNLESS_CLAIMED_OTHERWISE : EXACT_ALWAYS;
}

/* ---- one ---- */

static enum err one_candidate(
        const struct query *query, const struct resource_type *type, int64_t no, claimed_each each, void *context, struct fault *fault)
{
        struct claimed_row row;
        enum err e = query_claimed_no(query, type, no, &row, fault);
        if (e)
                return e == ERR_NOT_FOUND ? ERR_OK : e;
        return each(context, &row, fault);
}

static enum err by_name(
        const struct query *query, const struct resource_type *type, const struct filter *equal, int64_t *ret_no, struct fault *fault)
{
        *ret_no = 0;
        if (equal->value.kind != FILTER_TEXT || !equal->value.folded)
                return ERR_OK;
        struct resource_name name = {
                .kind = type->kind,
                .folded = equal->value.folded,
                .source_no = type->kind == KIND_GROUP ? query->actor->no : -1,
        };
        struct resource_row row;
        enum err e = resource_load_by_name(query->session, query->actor->root_no, &name, query->arena, &row, fault);
        if (e)
                return e == ERR_NOT_FOUND ? ERR_OK : e;
        *ret_no = row.no;
        return ERR_OK;
}

static enum err by_id(const struct query *query, const struct filter *equal, int64_t *ret_no, struct fault *fault)
{
        struct resource_row row;
        *ret_no = 0;
        if (equal->value.kind != FILTER_TEXT)
                return ERR_OK;
        enum err e = resource_load_by_id(query->session, query->actor->root_no, equal->value.text, query->arena, &row, fault);
        if (e)
                return e == ERR_NOT_FOUND ? ERR_OK : e;
        *ret_no = row.no;
        return ERR_OK;
}

/* ---- by a value ---- */

struct found {
        int64_t numbers[PAGE];
        size_t count;
};

static enum err find_holders(
        const struct query *query, int64_t attribute, const char *key, int64_t after_no, struct found *ret, struct fault *fault)
{
        return session_query_numbers(query->session, ST_VALUE_FIND, ret->numbers, PAGE, &ret->count, fault, V_I64(query->actor->root_no),
                V_I64(attribute), V_I64(-attribute), V_TEXT(key), V_I64(after_no), V_I64(PAGE));
}

/* Those in the bin, of other types and of other connections stand there, too, so that the first page is not all. */
static enum err by_value(const struct query *query, const struct resource_type *type, const struct filter *equal, claimed_each each,
        void *context, struct fault *fault)
{
        struct found found;
        int64_t attribute, after_no = 0;
        const char *key;
        enum err e = filter_index_key(equal, query->arena, &attribute, &key);
        if (e)
                return fault_set(fault, e, "", "out of memory");
        do {
                e = query_within_deadline(query, fault);
                if (!e)
                        e = find_holders(query, attribute, key, after_no, &found, fault);
                for (size_t i = 0; !e && i < found.count; i++)
                        e = one_candidate(query, type, after_no = found.numbers[i], each, context, fault);
        } while (!e && found.count == PAGE);
        return e;
}

/* Whom a claim calls so who bears another name; `bears` comes in its place, for a cursor goes by the order of numbers. */
static enum err by_claimed_name(const struct query *query, const struct resource_type *type, const char *name,
        const struct claimed_row *bears, claimed_each each, void *context, struct fault *fault)
{
        struct found found;
        int64_t after_no = 0;
        enum err e;
        do {
                e = query_within_deadline(query, fault);
                if (!e)
                        e = find_holders(query, INDEX_NAME, name, after_no, &found, fault);
                for (size_t i = 0; !e && i < found.count; i++) {
                        struct claimed_row row = { 0 };
                        after_no = found.numbers[i];
                        if (bears && bears->resource.no < after_no) {
                                e = each(context, bears, fault);
                                bears = NULL;
                        }
                        if (!e)
                                e = query_claimed_no(query, type, after_no, &row, fault);
                        row.by_claim = true;
                        e = e == ERR_NOT_FOUND ? ERR_OK : e ? e : each(context, &row, fault);
                }
        } while (!e && found.count == PAGE);
        return !e && bears ? each(context, bears, fault) : e;
}

/* The commonest question of all, so in one statement where the user bears the name that this connection gave him. */
static enum err by_user_name(const struct query *query, const struct resource_type *type, const struct filter *equal, claimed_each each,
        void *context, struct fault *fault)
{
        struct claimed_row row;
        if (equal->value.kind != FILTER_TEXT || !equal->value.folded)
                return ERR_OK;
        enum err e = claimed_load_user_name(
                query->session, query->actor->root_no, query->actor->no, equal->value.folded, query->arena, &row, fault);
        if (e && e != ERR_NOT_FOUND)
                return e;
        if (!e)
                claimed_expand(&row);
        if (!e && claimed_as_is(&row))
                return each(context, &row, fault);
        return by_claimed_name(query, type, equal->value.folded, e ? NULL : &row, each, context, fault);
}

/* ---- by a member ---- */

#define GROUPS_MAX 10000 /* of one member: with more, all groups are looked at */

struct containers {
        const struct query *query;
        int64_t *numbers;
        size_t count;
};

static enum err container_step(void *context, const struct member_row *row, struct fault *fault)
{
        struct containers *containers = context;
        if (!containers->numbers)
                containers->numbers = arena_alloc(containers->query->arena, GROUPS_MAX * sizeof(*containers->numbers));
        if (!containers->numbers)
                return fault_set(fault, ERR_MEMORY, "", "out of memory");
        containers->numbers[containers->count++] = row->no;
        return ERR_OK;
}

static enum err every_candidate(
        const struct query *query, const struct resource_type *type, claimed_each each, void *context, struct fault *fault);

/* Groups that hold this user or group by the connection's own edges (R14). */
static enum err by_member(const struct query *query, const struct resource_type *type, const struct filter *equal, claimed_each each,
        void *context, struct fault *fault)
{
        struct containers containers = { .query = query };
        int64_t member_no;
        enum err e = by_id(query, equal, &member_no, fault);
        if (e || !member_no)
                return e;
        e = member_groups_source(
                query->session, query->actor->root_no, member_no, query->actor->no, 0, GROUPS_MAX, container_step, &containers, fault);
        if (!e && containers.count == GROUPS_MAX)
                return every_candidate(query, type, each, context, fault);
        for (size_t i = 0; !e && i < containers.count; i++)
                e = one_candidate(query, type, containers.numbers[i], each, context, fault);
        return e;
}

#define SOURCES_MAX 100 /* that the store lists of one edge */

enum err query_holds_member(const struct query *query, int64_t group_no, const struct filter *equal, enum resource_kind *ret_kind,
        bool *ret, struct fault *fault)
{
        struct resource_row row;
        int64_t sources[SOURCES_MAX];
        size_t count;
        *ret = false;
        enum err e = resource_load_by_id(query->session, query->actor->root_no, equal->value.text, query->arena, &row, fault);
        if (e)
                return e == ERR_NOT_FOUND ? ERR_OK : e;
        e = member_sources(query->session, query->actor->root_no, group_no, row.no, sources, COUNT_OF(sources), &count, fault);
        for (size_t i = 0; !e && i < count; i++)
                *ret |= sources[i] == query->actor->no;
        *ret_kind = row.kind;
        return e;
}

/* ---- all ---- */

struct counted_walk {
        claimed_each each;
        void *context;
        int64_t last_no, count;
};

static enum err counted_step(void *context, const struct claimed_row *row, struct fault *fault)
{
        struct counted_walk *walk = context;
        walk->last_no = row->resource.no;
        walk->count++;
        return walk->each(walk->context, row, fault);
}

static enum err every_candidate(
        const struct query *query, const struct resource_type *type, claimed_each each, void *context, struct fault *fault)
{
        int64_t live;
        enum err e = query_claimed_count(query, type, &live, fault);
        if (e)
                return e;
        if (live > CANDIDATES_MAX)
                return fault_set(fault, ERR_TOO_MANY, "filter",
                        "this would have to read all %lld %ss; add a comparison with eq on id, externalId, the name or an attribute whose "
                        "values are unique, or go on by cursor without sortBy",
                        (long long)live, type->word);
        struct counted_walk walk = { .each = each, .context = context };
        do {
                walk.count = 0;
                e = query_claimed_after(query, type, walk.last_no, PAGE, counted_step, &walk, fault);
        } while (!e && walk.count == PAGE);
        return e;
}

enum err query_own_candidates(const struct query *query, const struct resource_type *type, const struct filter *filter, claimed_each each,
        void *context, struct fault *fault)
{
        const struct filter *equal;
        int64_t no = 0;
        enum err e = ERR_OK;
        switch (narrow(type, filter, &equal)) {
        case BY_NOTHING:
                return every_candidate(query, type, each, context, fault);
        case BY_VALUE:
                return by_value(query, type, equal, each, context, fault);
        case BY_MEMBER:
                return by_member(query, type, equal, each, context, fault);
        case BY_ID:
                e = by_id(query, equal, &no, fault);
                break;
        case BY_EXTERNAL_ID:
                if (equal->value.kind == FILTER_TEXT && *equal->value.text)
                        e = claim_find_external(
                                query->session, query->actor->root_no, query->actor->no, type->kind, equal->value.text, &no, fault);
                break;
        case BY_NAME:
                if (type->kind == KIND_USER)
                        return by_user_name(query, type, equal, each, context, fault);
                e = by_name(query, type, equal, &no, fault);
                break;
        }
        return e || !no ? e : one_candidate(query, type, no, each, context, fault);
}
