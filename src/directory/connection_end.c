/* SPDX-License-Identifier: Apache-2.0
 *
 * The end of a connection (R4): what it gave becomes local (keep), or goes with it (remove). Groups come first, with the members it put
 * into them page by page, then users, then claims that say "deleted". Its vetoes become local suspensions either way. */
#include <string.h>
#include "directory/connection.h"
#include "work.h"

#define PEOPLE_OF_STEP 100 /* of one step */
#define EDGES_OF_STEP 500

/* ---- what comes next ---- */

struct numbers {
        int64_t list[PEOPLE_OF_STEP];
        size_t count;
};

static enum err claims_live(const struct work_step *step, enum resource_kind kind, struct numbers *ret)
{
        *ret = (struct numbers){ 0 };
        return step_claims(step, kind, ret->list, step_size(step, PEOPLE_OF_STEP), &ret->count);
}

static enum err claims_ended(const struct work_step *step, struct numbers *ret)
{
        struct work *work = step->work;
        size_t size = step_size(step, PEOPLE_OF_STEP);
        *ret = (struct numbers){ 0 };
        return session_query_numbers(work->session, ST_CLAIMS_ENDED, ret->list, size, &ret->count, work->fault, V_I64(work->root_no),
                V_I64(step->job.connection_no), V_I64(step->job.at_no), V_I64(size));
}

/* ---- one claim ---- */

/* A person without the claim of the connection, which is told apart; the local claim comes last, bare when there was none. */
struct parted {
        struct person person;
        struct claim_row claim; /* of the connection */
        struct claim_row *local;
        bool was_local; /* the local claim asserted */
        bool others;    /* somebody else asserts: a connection, or the local claim */
};

static enum err part(const struct work_step *step, int64_t no, struct parted *ret)
{
        struct work *work = step->work;
        struct resource_row row;
        enum err e = resource_load(work->session, work->root_no, no, work->arena, &row, work->fault);
        if (!e)
                e = person_open(work, &row, &ret->person);
        if (e)
                return e;
        e = work_type(work, row.kind, &work->change->type);
        if (e)
                return e;
        struct claim_row *rest = arena_zero(work->arena, ret->person.claim_count + 1, sizeof(*rest));
        struct claim_row local = { .kind = row.kind, .no = row.no, .external_id = "", .doc = "{}", .doc_length = 2 };
        size_t count = 0;
        if (!rest)
                return work_memory(work);
        for (size_t i = 0; i < ret->person.claim_count; i++) {
                const struct claim_row *claim = &ret->person.claims[i];
                if (claim->connection_no == step->job.connection_no) {
                        ret->claim = *claim;
                        continue;
                }
                ret->others = ret->others || claim_asserts(claim);
                if (claim->connection_no)
                        rest[count++] = *claim;
                else
                        local = *claim;
        }
        ret->was_local = claim_asserts(&local);
        ret->local = &rest[count];
        rest[count++] = local;
        ret->person.claims = rest;
        ret->person.claim_count = count;
        return ERR_OK;
}

/* The row says who made it; that is somebody else now. A group keeps the old word where its name is taken among those of the new one. */
static enum err new_source(struct work *work, const struct parted *parted)
{
        const struct resource_row *row = &parted->person.row;
        int64_t source_no = 0;
        bool free = true;
        if (row->source_no != parted->claim.connection_no)
                return ERR_OK;
        for (size_t i = 0; !source_no && i < parted->person.claim_count; i++)
                if (claim_asserts(&parted->person.claims[i]))
                        source_no = parted->person.claims[i].connection_no;
        const struct resource_row group = { .kind = KIND_GROUP, .source_no = source_no };
        enum err e = row->kind == KIND_GROUP ? name_is_free(work, &group, row->name, &free) : ERR_OK;
        if (e || !free)
                return e;
        return session_run(work->session, ST_RESOURCE_SOURCE, NULL, work->fault, V_I64(work->root_no), V_I64(row->no), V_I64(source_no));
}

/* The claim is gone; what the others say, and the local claim as it now is, makes the person. */
static enum err settle(struct work *work, struct parted *parted)
{
        struct person *person = &parted->person;
        const struct claim_row *claim = &parted->claim;
        const struct effect gone = { .kind = EFFECT_CLAIM, .no = claim->no, .other_no = claim->connection_no, .text = claim->external_id };
        bool changed;
        enum err e = claim_remove(work->session, work->root_no, claim, work->fault);
        if (!e && claim_asserts(claim))
                e = count_move(work->session, work->root_no, claim->kind, claim->connection_no, -1, work->fault);
        if (!e && !parted->was_local && claim_asserts(parted->local))
                e = count_move(work->session, work->root_no, claim->kind, 0, 1, work->fault);
        if (parted->local->active == CLAIMED_NOTHING && !claim_asserts(parted->local))
                person->claim_count--; /* it would say nothing at all */
        if (!e)
                e = person_settle(work, person, &changed);
        if (!e)
                e = new_source(work, parted);
        return e ? e : work_effect(work, &gone);
}

/* Another source calls him by a name that somebody else has: the claim stays behind, as a word nobody says any more, and with `remove` he
 * is suspended until an administrator has looked. */
static enum err leave_behind(const struct work_step *step, const struct parted *parted)
{
        struct work *work = step->work;
        struct person person;
        bool changed;
        enum err e = ERR_OK;
        if (step->job.verb == CONNECTION_KEEP)
                return ERR_OK;
        e = person_open(work, &parted->person.row, &person);
        if (e)
                return e;
        struct claim_row *claims = arena_zero(work->arena, person.claim_count + 1, sizeof(*claims));
        if (!claims)
                return work_memory(work);
        size_t count = 0;
        for (size_t i = 0; i < person.claim_count; i++)
                if (person.claims[i].connection_no)
                        claims[count++] = person.claims[i];
        claims[count] = *parted->local;
        claims[count].active = CLAIMED_INACTIVE;
        claims[count++].modified_us = work->at_us;
        person.claims = claims;
        person.claim_count = count;
        return person_settle(work, &person, &changed);
}

static bool says_no(const struct claim_row *claim)
{
        return claim->active == CLAIMED_INACTIVE || claim->active == CLAIMED_DELETED;
}

static enum err keep_one(const struct work_step *step, int64_t no)
{
        struct parted parted = { 0 };
        bool free = true;
        enum err e = part(step, no, &parted);
        if (!e)
                e = mapping_localize(step->work, no, step->job.connection_no);
        if (!e)
                e = claim_localize(step->work, &parted.claim, parted.local);
        if (!e && parted.others)
                e = person_name_is_free(step->work, &parted.person, &free);
        if (e)
                return e;
        return free ? settle(step->work, &parted) : leave_behind(step, &parted);
}

static enum err tell(struct work *work, enum ledger_event event, const struct resource_row *row, json_t *body)
{
        json_auto_t *held = body;
        enum err e = held ? mapping_describe(work, held) : work_memory(work);
        return e ? e : work_entry(work, event, row, json_incref(held));
}

/* No other source: as if the connection had deleted him, so that the bin knows him by his claim. */
static enum err remove_alone(struct work *work, const struct resource_row *row, int64_t connection_no)
{
        struct person person;
        enum err e = person_open(work, row, &person);
        for (size_t i = 0; !e && i < person.claim_count; i++)
                if (person.claims[i].connection_no == connection_no && person.claims[i].active != CLAIMED_DELETED)
                        e = person_forget(work, &person, &person.claims[i]);
        if (!e)
                e = person_into_bin(work, &person);
        return e ? e : tell(work, EVENT_DELETED, row, json_pack("{s:s, s:b}", "id", row->id, "kept_by_another_source", false));
}

static enum err remove_one(const struct work_step *step, int64_t no)
{
        struct work *work = step->work;
        struct parted parted = { 0 };
        bool free = true;
        enum err e = part(step, no, &parted);
        if (e)
                return e;
        const struct resource_row *row = &parted.person.row;
        if (!parted.others && parted.claim.active != CLAIMED_DELETED)
                return remove_alone(work, row, step->job.connection_no);
        if (says_no(&parted.claim)) {
                parted.local->active = CLAIMED_INACTIVE;
                parted.local->modified_us = work->at_us;
        }
        e = membership_leave(work, no, step->job.connection_no);
        if (!e)
                e = mapping_leave(work, no, step->job.connection_no);
        if (!e)
                e = person_name_is_free(work, &parted.person, &free);
        if (!e)
                e = free ? settle(work, &parted) : leave_behind(step, &parted);
        return e ? e : tell(work, EVENT_UPDATED, row, json_pack("{s:s, s:s}", "id", row->id, "claim_ended", step->connection.id));
}

static enum err end_one(const struct work_step *step, int64_t no)
{
        if (step_skips(step))
                return ERR_OK;
        return step->job.verb == CONNECTION_KEEP ? keep_one(step, no) : remove_one(step, no);
}

/* ---- members of a group ---- */

struct page {
        struct work_step *step;
        int64_t no[EDGES_OF_STEP];
        const char *id[EDGES_OF_STEP];
        size_t count;
};

static enum err page_collect(void *context, const struct member_row *row, struct fault *fault)
{
        struct page *page = context;
        (void)fault;
        page->no[page->count] = row->no;
        page->id[page->count] = arena_strdup(page->step->work->arena, row->id);
        return page->id[page->count++] ? ERR_OK : work_memory(page->step->work);
}

static enum err end_edge(struct work *work, const struct work_step *step, int64_t group_no, int64_t member_no)
{
        int64_t left, source_no = step->job.connection_no;
        size_t count = 1;
        bool changed;
        enum err e = ERR_OK;
        if (step->job.verb == CONNECTION_KEEP)
                e = member_add(work->session, work->root_no, group_no, member_no, 0, work->at_us, &changed, work->fault);
        if (!e)
                e = member_remove(work->session, work->root_no, group_no, member_no, source_no, &changed, work->fault);
        if (!e && step->job.verb != CONNECTION_KEEP)
                e = member_sources(work->session, work->root_no, group_no, member_no, &left, 1, &count, work->fault);
        const struct effect gone = { .kind = EFFECT_MEMBER, .no = group_no, .other_no = member_no };
        return e || count ? e : work_effect(work, &gone);
}

static enum err tell_removed(struct work *work, int64_t group_no, const struct page *page)
{
        struct resource_row group;
        json_auto_t *ids = json_array();
        enum err e = resource_load(work->session, work->root_no, group_no, work->arena, &group, work->fault);
        for (size_t i = 0; !e && ids && i < page->count; i++)
                if (json_array_append_new(ids, json_string(page->id[i])))
                        e = work_memory(work);
        if (!e)
                e = work_touch(work, group_no);
        return e ? e
                 : work_entry(work, EVENT_MEMBERS_CHANGED, &group, json_pack("{s:s, s:{s:O}}", "id", group.id, "members", "removed", ids));
}

/* A page of what the connection put into the group; *ret_more: there may be another. */
static enum err end_edges(struct work_step *step, int64_t group_no, bool *ret_more)
{
        struct work *work = step->work;
        struct page *page = arena_zero(work->arena, 1, sizeof(*page));
        if (!page)
                return work_memory(work);
        page->step = step;
        enum err e = member_list_source(work->session, work->root_no, group_no, step->job.connection_no, step->job.member_no, EDGES_OF_STEP,
                page_collect, page, work->fault);
        for (size_t i = 0; !e && i < page->count; i++)
                e = end_edge(work, step, group_no, page->no[i]);
        if (!e && page->count && step->job.verb != CONNECTION_KEEP)
                e = tell_removed(work, group_no, page);
        if (e)
                return e;
        step->job.edges += (int64_t)page->count;
        step->job.member_no = page->count ? page->no[page->count - 1] : 0;
        *ret_more = page->count == EDGES_OF_STEP;
        return ERR_OK;
}

/* ---- phases ---- */

static enum err end_groups(struct work_step *step)
{
        struct numbers groups;
        int64_t before = step->job.edges;
        enum err e = claims_live(step, KIND_GROUP, &groups);
        for (size_t i = 0; !e && i < groups.count; i++) {
                bool more = false;
                e = step_skips(step) ? ERR_OK : end_edges(step, groups.list[i], &more);
                if (e || more)
                        return e;
                e = end_one(step, groups.list[i]);
                step->job.groups++;
                step->job.at_no = groups.list[i];
                step->job.member_no = 0;
                if (step->job.edges - before >= EDGES_OF_STEP)
                        return e;
        }
        step->done = groups.count < step_size(step, PEOPLE_OF_STEP);
        return e;
}

static enum err end_users(struct work_step *step)
{
        struct numbers users;
        enum err e = claims_live(step, KIND_USER, &users);
        for (size_t i = 0; !e && i < users.count; i++) {
                e = end_one(step, users.list[i]);
                step->job.users++;
                step->job.at_no = users.list[i];
        }
        step->done = users.count < step_size(step, PEOPLE_OF_STEP);
        return e;
}

static enum err end_vetoes(struct work_step *step)
{
        struct numbers people;
        enum err e = claims_ended(step, &people);
        for (size_t i = 0; !e && i < people.count; i++) {
                e = end_one(step, people.list[i]);
                step->job.at_no = people.list[i];
        }
        step->done = people.count < step_size(step, PEOPLE_OF_STEP);
        return e;
}

/* Resources of declared types: nobody else speaks for them, so that none stays behind and the next step finds those that are left. */
static enum err end_declared(struct work_step *step)
{
        struct numbers some = { 0 };
        enum err e = ERR_OK;
        bool any = step->work->root->schemas_revision != 0;
        int64_t kind = step->job.member_no ? step->job.member_no : KIND_DECLARED_FIRST;
        for (; any && !e && kind <= KIND_DECLARED_LAST; kind++, step->job.at_no = 0) {
                e = claims_live(step, (enum resource_kind)kind, &some);
                if (some.count)
                        break;
        }
        step->job.member_no = kind; /* what is left behind is not met again */
        for (size_t i = 0; !e && i < some.count; i++) {
                e = end_one(step, some.list[i]);
                step->job.at_no = some.list[i];
        }
        step->done = !some.count;
        return e;
}

const step_run connection_keep_phases[] = { end_groups, end_users, end_vetoes, end_declared, NULL };
const step_run connection_remove_phases[] = { end_groups, end_users, end_vetoes, end_declared, NULL };

/* ---- preview ---- */

static enum err count_given(const struct query *query, enum statement statement, int64_t connection_no, int64_t *ret, struct fault *fault)
{
        return session_query_number(query->session, statement, ret, fault, V_I64(query->actor->root_no), V_I64(connection_no));
}

static enum err count_alone(const struct query *query, int64_t connection_no, enum resource_kind kind, int64_t *ret, struct fault *fault)
{
        return session_query_number(
                query->session, ST_GIVEN_ALONE, ret, fault, V_I64(query->actor->root_no), V_I64(connection_no), V_I64(kind));
}

enum err connection_preview_end(const struct query *query, const char *ref, struct connection_preview *ret, struct fault *fault)
{
        struct connection_preview preview = { 0 };
        struct resource_row row;
        int64_t ended = 0, by_rules = 0, root_no = query->actor->root_no;
        enum err e = query_resource(query, resource_type(KIND_CONNECTION), ref, &row, fault);
        if (!e)
                e = query_need(query, ROOT_ORG_NO, LEVEL_ORGANIZATION, "scim", "delete", fault);
        if (!e)
                e = count_read(query->session, root_no, KIND_USER, row.no, &preview.users, fault);
        if (!e)
                e = count_read(query->session, root_no, KIND_GROUP, row.no, &preview.groups, fault);
        const struct {
                enum statement statement;
                int64_t *count;
        } given[] = { { ST_GIVEN_EDGES, &preview.edges }, { ST_GIVEN_BY_RULES, &by_rules }, { ST_GIVEN_GRANTS, &preview.grants },
                { ST_GIVEN_VETOES, &preview.vetoes }, { ST_GIVEN_VETOES_ENDED, &ended } };
        for (size_t i = 0; !e && i < COUNT_OF(given); i++)
                e = count_given(query, given[i].statement, row.no, given[i].count, fault);
        if (!e)
                e = count_alone(query, row.no, KIND_USER, &preview.users_alone, fault);
        if (!e)
                e = count_alone(query, row.no, KIND_GROUP, &preview.groups_alone, fault);
        if (e)
                return e;
        memcpy(preview.id, row.id, sizeof(preview.id));
        preview.vetoes += ended;
        preview.edges += by_rules;
        preview.confirm = preview.users > threshold_of_users(preview.users) ? preview.users : -1;
        *ret = preview;
        return ERR_OK;
}
