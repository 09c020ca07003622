/* SPDX-License-Identifier: Apache-2.0
 *
 * One connection takes the place of another (R4). What both claim is paired by a declared key, exact, exactly one hit: the old
 * row stays with its id, grants and memberships, and gets the new connection's claim; a second row that the new one had made goes to the
 * bin. Edges go along where both ends do. What has no pair, of which the two disagree, or which confers more than a ceiling allows (R8),
 * stays as it is. */
#include <string.h>
#include "connection_pair.h"

#define PAIRS_OF_STEP 50

/* ---- the claim moves ---- */

static struct join join_of(const struct work_step *step)
{
        struct work *work = step->work;
        return (struct join){
                .session = work->session,
                .arena = work->arena,
                .root_no = work->root_no,
                .old_connection = step->job.connection_no,
                .new_connection = step->job.other_no,
                .by = step->job.join_by,
                .fault = work->fault,
        };
}

static enum err tell_claim(struct work *work, const struct claim_row *claim, int64_t no, bool stands)
{
        if (kind_is_declared(claim->kind)) /* the graph knows none of them */
                return ERR_OK;
        const struct effect effect = {
                .kind = EFFECT_CLAIM, .no = no, .other_no = claim->connection_no, .active = stands, .text = claim->external_id
        };
        return work_effect(work, &effect);
}

/* The edge from_group -> from_no of one source becomes to_group -> to_no of another. */
struct edge_move {
        int64_t from_group, from_no, from_source, to_group, to_no, to_source;
        enum resource_kind kind; /* of the member */
};

static enum err move_edge(struct work *work, const struct edge_move *move)
{
        bool changed, fits = true;
        int64_t left;
        size_t count = 0;
        enum err e = member_remove(work->session, work->root_no, move->from_group, move->from_no, move->from_source, &changed, work->fault);
        if (!e && (move->from_group != move->to_group || move->from_no != move->to_no))
                e = nesting_fits(work, move->to_group, move->to_no, move->kind, &fits);
        if (!e && fits)
                e = member_add(
                        work->session, work->root_no, move->to_group, move->to_no, move->to_source, work->at_us, &changed, work->fault);
        if (!e && fits)
                e = nesting_note(work, move->to_group, move->to_no, move->kind);
        if (!e)
                e = member_sources(work->session, work->root_no, move->from_group, move->from_no, &left, 1, &count, work->fault);
        const struct effect gone = { .kind = EFFECT_MEMBER, .no = move->from_group, .other_no = move->from_no };
        const struct effect stands = { .kind = EFFECT_MEMBER, .no = move->to_group, .other_no = move->to_no, .active = true };
        if (!e && !count)
                e = work_effect(work, &gone);
        return e || !fits ? e : work_effect(work, &stands);
}

/* The new connection's memberships of the second row become the first one's. */
static enum err move_memberships(struct work *work, int64_t from_no, const struct resource_row *to, int64_t source_no)
{
        struct edge_page *groups = arena_zero(work->arena, 1, sizeof(*groups));
        enum err e = ERR_OK;
        if (!groups)
                return work_memory(work);
        do {
                e = edge_page_read(work, from_no, source_no, groups);
                for (size_t i = 0; !e && i < groups->count; i++) {
                        const int64_t group_no = groups->list[i].no;
                        const struct edge_move move = { group_no, from_no, source_no, group_no, to->no, source_no, to->kind };
                        e = move_edge(work, &move);
                        if (!e)
                                e = work_touch(work, group_no);
                }
        } while (!e && groups->count == EDGES_PAGE);
        return e;
}

static enum err give_up(
        const struct work_step *step, const struct pair *pair, const struct resource_row *stays, struct claim_row *ret_claim)
{
        struct work *work = step->work;
        struct resource_row row;
        auto_person spare = { 0 };
        enum err e = resource_load(work->session, work->root_no, pair->new_no, work->arena, &row, work->fault);
        if (!e)
                e = person_open(work, &row, &spare);
        for (size_t i = 0; !e && i < spare.claim_count; i++)
                if (spare.claims[i].connection_no == step->job.other_no)
                        *ret_claim = spare.claims[i];
        if (!e)
                e = claim_remove(work->session, work->root_no, ret_claim, work->fault);
        if (!e)
                e = tell_claim(work, ret_claim, row.no, false);
        if (!e)
                e = move_memberships(work, row.no, stays, step->job.other_no);
        if (!e)
                e = mapping_leave(work, row.no, step->job.other_no);
        if (!e)
                e = person_into_bin(work, &spare);
        return e ? e : work_entry(work, EVENT_DELETED, &row, json_pack("{s:s, s:s}", "id", row.id, "moved_to", stays->id));
}

/* The claims of the row that stays: the new connection's in place of the old one's, whose veto becomes a local suspension. */
static enum err exchange(struct work *work, struct person *person, const struct claim_row *old, const struct claim_row *new, bool keep_old)
{
        struct claim_row *claims = arena_zero(work->arena, person->claim_count + 2, sizeof(*claims));
        struct claim_row local = { .kind = person->row.kind, .no = person->row.no, .external_id = "", .doc = "{}", .doc_length = 2 };
        bool vetoes = old->active == CLAIMED_INACTIVE && !keep_old, had_local = false;
        size_t count = 0;
        if (!claims)
                return work_memory(work);
        for (size_t i = 0; i < person->claim_count; i++) {
                const struct claim_row *claim = &person->claims[i];
                bool is_old = claim->connection_no == old->connection_no;
                if (!claim->connection_no) {
                        local = *claim;
                        had_local = true;
                } else if (claim->connection_no != new->connection_no && (!is_old || keep_old)) {
                        claims[count++] = *claim;
                }
        }
        claims[count] = *new;
        claims[count++].no = person->row.no;
        if (vetoes) {
                local.active = CLAIMED_INACTIVE;
                local.modified_us = work->at_us;
        }
        if (had_local || vetoes)
                claims[count++] = local;
        person->claims = claims;
        person->claim_count = count;
        return ERR_OK;
}

static enum err drop_old(struct work *work, const struct claim_row *old)
{
        enum err e = claim_remove(work->session, work->root_no, old, work->fault);
        if (!e && claim_asserts(old))
                e = count_move(work->session, work->root_no, old->kind, old->connection_no, -1, work->fault);
        return e ? e : tell_claim(work, old, old->no, false);
}

/* May the row be called the new connection's? Not where that has another group of this name. */
static enum err may_be_source(struct work *work, const struct resource_row *row, int64_t new_connection, bool *ret)
{
        const struct resource_row group = { .kind = KIND_GROUP, .source_no = new_connection };
        *ret = true;
        return row->kind == KIND_GROUP ? name_is_free(work, &group, row->name, ret) : ERR_OK;
}

static enum err put_source(struct work *work, int64_t no, int64_t source_no)
{
        return session_run(work->session, ST_RESOURCE_SOURCE, NULL, work->fault, V_I64(work->root_no), V_I64(no), V_I64(source_no));
}

/* Name and source change together; in between the row is nobody's, so that it meets no name of either. */
static enum err settle_as(struct work *work, struct person *person, int64_t source_no)
{
        bool changed;
        enum err e = put_source(work, person->row.no, -person->row.no);
        if (!e)
                e = person_settle(work, person, &changed);
        return e ? e : put_source(work, person->row.no, source_no);
}

/* What the rules of the old connection gave goes with its claim; those of the new one speak now. */
static enum err remap(const struct work_step *step, struct person *person)
{
        enum err e = mapping_leave(step->work, person->row.no, step->job.connection_no);
        person->own = NULL;
        for (size_t i = 0; i < person->claim_count; i++)
                if (person->claims[i].connection_no == step->job.other_no)
                        person->own = &person->claims[i];
        return e || !person->own ? e : mapping_apply_claim(step->work, person);
}

static enum err take_over(struct work_step *step, const struct pair *pair, bool keep_old)
{
        struct work *work = step->work;
        struct resource_row row;
        auto_person person = { 0 };
        struct claim_row old = { 0 }, new = { 0 };
        bool free = true, renamed = true;
        int64_t source_no;
        enum err e = resource_load(work->session, work->root_no, pair->old_no, work->arena, &row, work->fault);
        if (!e)
                e = person_open(work, &row, &person);
        if (!e)
                e = work_type(work, row.kind, &work->change->type);
        for (size_t i = 0; !e && i < person.claim_count; i++) {
                if (person.claims[i].connection_no == step->job.connection_no)
                        old = person.claims[i];
                if (person.claims[i].connection_no == step->job.other_no)
                        new = person.claims[i];
        }
        if (!e && pair->new_no != pair->old_no)
                e = give_up(step, pair, &row, &new);
        if (!e)
                e = exchange(work, &person, &old, &new, keep_old);
        if (!e && pair->new_no == pair->old_no)
                e = may_be_source(work, &row, step->job.other_no, &renamed);
        source_no = row.source_no == step->job.connection_no && !keep_old && renamed ? step->job.other_no : row.source_no;
        person.row.source_no = source_no;
        if (!e)
                e = person_name_is_free(work, &person, &free);
        if (e || !free) /* only where both claimed the same row: nothing has been moved */
                return e;
        if (!keep_old)
                e = drop_old(work, &old);
        if (!e)
                e = settle_as(work, &person, source_no);
        if (!e)
                e = tell_claim(work, &new, row.no, true);
        if (!e)
                e = remap(step, &person);
        json_auto_t *body = json_pack(
                "{s:s, s:{s:s, s:I}}", "id", row.id, "claim_moved", "from", step->connection.id, "to", (json_int_t)step->job.other_no);
        if (!e)
                e = body ? mapping_describe(work, body) : work_memory(work);
        return e ? e : work_entry(work, EVENT_UPDATED, &row, STEAL(body));
}

/* ---- phases ---- */

/* Those of `list` that have a pair. */
static enum err replace_each(
        struct work_step *step, const struct join *join, enum resource_kind kind, const int64_t *list, size_t count, int64_t *done)
{
        enum err e = ERR_OK;
        for (size_t i = 0; !e && i < count; i++) {
                struct pair pair;
                e = pair_find(join, kind, list[i], &pair);
                if (!e && pair.fit == FIT_PAIR && !step_skips(step)) {
                        e = take_over(step, &pair, false);
                        (*done)++;
                }
                step->job.at_no = list[i];
        }
        return e;
}

static enum err replace_users(struct work_step *step)
{
        const struct join join = join_of(step);
        int64_t list[PAIRS_OF_STEP];
        size_t count = 0, size = step_size(step, PAIRS_OF_STEP);
        enum err e = pair_claims_next(&join, KIND_USER, step->job.at_no, list, size, &count);
        if (!e)
                e = replace_each(step, &join, KIND_USER, list, count, &step->job.users);
        step->done = count < size;
        return e;
}

/* Resources of declared types, one type after another; job.member_no is the type's number. */
static enum err replace_declared(struct work_step *step)
{
        const struct join join = join_of(step);
        int64_t list[PAIRS_OF_STEP], done = 0;
        int64_t kind = step->job.member_no ? step->job.member_no : KIND_DECLARED_FIRST;
        size_t count = 0, size = step_size(step, PAIRS_OF_STEP);
        const bool any = step->work->root->schemas_revision != 0;
        enum err e = ERR_OK;
        while (any && !e && !count && kind <= KIND_DECLARED_LAST) {
                e = pair_claims_next(&join, (enum resource_kind)kind, step->job.at_no, list, size, &count);
                if (!e && !count) {
                        kind++;
                        step->job.at_no = 0;
                }
        }
        step->job.member_no = kind;
        if (!e)
                e = replace_each(step, &join, (enum resource_kind)kind, list, count, &done);
        step->done = !count;
        return e;
}

/* Does the new connection claim this member, or will it? */
static enum err comes_along(const struct join *join, enum resource_kind kind, int64_t no, bool *ret)
{
        struct claimed_row ignored;
        struct pair pair = { 0 };
        enum err e = pair_found(
                claimed_load_no(join->session, join->root_no, join->new_connection, kind, no, join->arena, &ignored, join->fault), ret);
        if (!e && !*ret && kind == KIND_GROUP)
                e = pair_find(join, kind, no, &pair);
        *ret = *ret || pair.fit == FIT_PAIR;
        return e;
}

/* One page: stage 0, the old connection's members of the group that stays; stage 1, the new one's members of the group that is given up. */
static enum err move_members(
        struct work_step *step, const struct pair *pair, int stage, int64_t after_no, int64_t *ret_last, bool *ret_more)
{
        const struct join join = join_of(step);
        struct work *work = step->work;
        struct edge_page *edges = arena_zero(work->arena, 1, sizeof(*edges));
        int64_t from = stage ? pair->new_no : pair->old_no, source_no = stage ? join.new_connection : join.old_connection;
        if (!edges)
                return work_memory(work);
        enum err e =
                member_list_source(work->session, work->root_no, from, source_no, after_no, EDGES_PAGE, edge_page_add, edges, work->fault);
        for (size_t i = 0; !e && i < edges->count; i++) {
                const int64_t no = edges->list[i].no;
                const struct edge_move move = { from, no, source_no, pair->old_no, no, join.new_connection, edges->list[i].kind };
                bool goes = true;
                if (!stage)
                        e = comes_along(&join, edges->list[i].kind, no, &goes);
                if (!e && goes)
                        e = move_edge(work, &move);
                step->job.edges += goes;
                *ret_last = no;
        }
        *ret_more = edges->count == EDGES_PAGE;
        return e;
}

static enum err replace_group(struct work_step *step, const struct pair *pair)
{
        struct work *work = step->work;
        for (int stage = (int)(step->job.member_no & 1); stage < (pair->new_no == pair->old_no ? 1 : 2); stage++) {
                int64_t last = 0;
                bool more = false;
                enum err e = move_members(step, pair, stage, step->job.member_no >> 1, &last, &more);
                if (e)
                        return e;
                step->job.member_no = more ? last * 2 + stage : stage + 1;
                if (more)
                        return ERR_OK;
        }
        const struct join join = join_of(step);
        int64_t left = 0;
        enum err e = session_query_number(work->session, ST_MEMBERS_AT_MOST, &left, work->fault, V_I64(work->root_no), V_I64(pair->old_no),
                V_I64(join.old_connection), V_I64(0), V_I64(1));
        if (!e)
                e = take_over(step, pair, left > 0);
        step->job.groups++;
        step->job.at_no = pair->old_no;
        step->job.member_no = 0;
        return e;
}

/* R8: the new connection fills what the old group confers, and, where its own group is given up, what holds that group holds the old one
 * and who is inside that group comes into the old one. What a ceiling forbids has no pair. */
static enum err is_below_ceilings(struct work *work, const struct pair *pair, int64_t new_connection, bool *ret)
{
        const struct {
                int64_t holder_no, below_no, claimant_no;
        } ties[] = { { pair->old_no, pair->old_no, new_connection }, { pair->old_no, pair->new_no, 0 }, { pair->new_no, pair->old_no, 0 } };
        bool allowed = true;
        enum err e = ERR_OK;
        for (size_t i = 0; !e && allowed && i < (pair->new_no == pair->old_no ? 1 : COUNT_OF(ties)); i++)
                e = ceiling_allows(work, ties[i].holder_no, ties[i].below_no, ties[i].claimant_no, &allowed);
        if (!e)
                *ret = allowed;
        return e;
}

static enum err replace_groups(struct work_step *step)
{
        const struct join join = join_of(step);
        int64_t list[PAIRS_OF_STEP], edges = step->job.edges;
        size_t count = 0, size = step_size(step, PAIRS_OF_STEP);
        enum err e = pair_claims_next(&join, KIND_GROUP, step->job.at_no, list, size, &count);
        for (size_t i = 0; !e && i < count; i++) {
                struct pair pair;
                bool allowed = true;
                e = pair_find(&join, KIND_GROUP, list[i], &pair);
                if (!e && pair.fit == FIT_PAIR && !step->job.member_no)
                        e = is_below_ceilings(step->work, &pair, join.new_connection, &allowed);
                if (!e && pair.fit == FIT_PAIR && allowed && !step_skips(step)) {
                        e = replace_group(step, &pair);
                } else {
                        step->job.at_no = list[i];
                        step->job.member_no = 0;
                }
                if (e || step->job.member_no || step->job.edges - edges >= EDGES_PAGE)
                        return e;
        }
        step->done = count < size;
        return e;
}

const step_run connection_replace_phases[] = { replace_users, replace_groups, replace_declared, NULL };

/* ---- beginning ---- */

enum err connection_replace_begin(struct work *work, struct resource_row *row, struct connection_job *job)
{
        const struct connection_wish *wish = &work->change->wish;
        struct resource_row other;
        if (!wish->other || wish->join_by == JOIN_NONE)
                return fault_set(work->fault, ERR_VALUE, wish->other ? "join" : "by", "say which connection takes over, and by which key");
        enum err e = reference_load(work, KIND_CONNECTION, wish->other, 0, &other);
        if (!e && other.no == row->no)
                e = fault_set(work->fault, ERR_VALUE, "by", "a connection cannot take its own place");
        if (!e && !other.active)
                e = fault_set(work->fault, ERR_CONFLICT, "by", "the connection that takes over is disabled; enable it first");
        job->other_no = e ? 0 : other.no;
        if (!e)
                e = connection_job_store(work, job);
        return e ? e
                 : work_body_json(work, json_pack("{s:s, s:s, s:s, s:s}", "id", row->id, "verb", "replace", "by", other.id, "join",
                                                wish->join_by == JOIN_NAME ? "userName" : "externalId"));
}
