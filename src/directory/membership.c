/* SPDX-License-Identifier: Apache-2.0
 *
 * Edges (R14): a source adds and removes only its own; the membership stands while any edge does. Nothing rewrites a list: adds and removes
 * are single rows, a replacement is the difference against this source's own edges. */
#include <stdlib.h>
#include <string.h>
#include "work.h"

#define SCRATCH_BYTES ((size_t)64 << 10) /* of one look at one member */

static enum err effect_member(struct work *work, int64_t container_no, int64_t member_no, bool stands)
{
        struct effect effect = { .kind = EFFECT_MEMBER, .no = container_no, .other_no = member_no, .active = stands };
        return work_effect(work, &effect);
}

/* ---- single edges ---- */

/* A member as a caller named it. */
struct named {
        int64_t no;
        const char *id;
        enum resource_kind kind;
};

/* How the body calls a member: SCIM lists objects, the management API ids or names. */
static const char *member_field(const struct work *work)
{
        return work->source_no ? "members.value" : "members";
}

static enum err edge_added(struct work *work, int64_t group_no, const struct named *member, struct moved *moved)
{
        enum err e = moved_note(work, moved, true, member->id);
        if (!e)
                e = break_glass_moved(work, member->no, member->id);
        return e ? e : effect_member(work, group_no, member->no, true);
}

/* A tie; a user who is pushed into a tied group is none (R8). */
static enum err group_add(struct work *work, int64_t group_no, const struct named *member, struct moved *moved)
{
        bool changed;
        enum err e = nesting_check(work, group_no, member->no);
        if (!e)
                e = member_add(work->session, work->root_no, group_no, member->no, work->source_no, work->at_us, &changed, work->fault);
        if (e || !changed)
                return e;
        e = nesting_note(work, group_no, member->no, member->kind);
        if (!e)
                e = ceiling_check_tie(work, member_field(work), group_no, member->no);
        return e ? e : edge_added(work, group_no, member, moved);
}

/* Groups one by one, all others at once. */
static enum err edges_add(struct work *work, int64_t group_no, const struct named *members, size_t count, struct moved *moved)
{
        int64_t *nos = arena_zero(work->arena, count + 1, sizeof(*nos));
        const struct named **people = arena_zero(work->arena, count + 1, sizeof(struct named *));
        bool *added = arena_zero(work->arena, count + 1, sizeof(*added));
        size_t some = 0;
        enum err e = ERR_OK;
        if (!nos || !people || !added)
                return work_memory(work);
        for (size_t i = 0; !e && i < count; i++) {
                if (members[i].kind == KIND_GROUP) {
                        e = group_add(work, group_no, &members[i], moved);
                } else {
                        nos[some] = members[i].no;
                        people[some++] = &members[i];
                }
        }
        if (!e)
                e = members_add_all(work->session, work->root_no, group_no, work->source_no, work->at_us, nos, some, added, work->fault);
        for (size_t i = 0; !e && i < some; i++)
                if (added[i])
                        e = edge_added(work, group_no, people[i], moved);
        return e;
}

/* R14: a connection takes out its own edge only; that others hold the member is for the log. */
static enum err tell_stays(struct work *work, const char *id, int64_t source_no)
{
        struct change *change = work->change;
        if (!work->source_no || change->stays.count++)
                return ERR_OK;
        change->stays.id = arena_strdup(change->arena, id);
        change->stays.local = source_no == 0;
        return change->stays.id ? ERR_OK : work_memory(work);
}

static enum err edge_remove(struct work *work, int64_t group_no, int64_t member_no, const char *id, struct moved *moved)
{
        bool changed;
        enum err e = member_remove(work->session, work->root_no, group_no, member_no, work->source_no, &changed, work->fault);
        int64_t left;
        size_t count;
        if (!e)
                e = member_sources(work->session, work->root_no, group_no, member_no, &left, 1, &count, work->fault);
        if (!e && count)
                e = tell_stays(work, id, left);
        if (e || !changed)
                return e;
        e = break_glass_moved(work, member_no, id);
        if (!e && !count)
                e = effect_member(work, group_no, member_no, false);
        return e ? e : moved_note(work, moved, false, id);
}

/* ---- who may be a member ---- */

static enum err unknown_member(struct work *work, const char *value)
{
        return fault_set(work->fault, ERR_VALUE, member_field(work), "\"%.80s\" is no user%s group%s that this caller knows", value,
                work->source_no ? " or" : ",", work->source_no ? "" : " or identity");
}

/* The switch of R14: somebody else's, or nobody's, is left out and named among the leniencies of the request. */
static bool is_skipped(struct work *work)
{
        return (work->actor->scopes & SCOPE_SKIP_MEMBERS) && leniency_use(work->change->leniency, LENIENT_UNKNOWN_MEMBER);
}

/* A connection names what it claims, users and groups, by id. `no` 0: none of its own. */
static enum err named_by_connection(struct work *work, const struct edge_operation *operation, struct named *ret)
{
        struct claimed_no *found = arena_zero(work->arena, operation->count + 1, sizeof(*found));
        if (!found)
                return work_memory(work);
        enum err e =
                claimed_find_nos(work->session, work->root_no, work->source_no, operation->values, operation->count, found, work->fault);
        for (size_t i = 0; !e && i < operation->count; i++)
                if (found[i].kind == KIND_USER || found[i].kind == KIND_GROUP)
                        ret[i] = (struct named){ found[i].no, operation->values[i], found[i].kind };
        return e;
}

/* An administrator names any by id or name: a user before a group before an identity. */
static enum err named_by_administrator(struct work *work, const struct edge_operation *operation, struct named *ret)
{
        static const enum resource_kind kinds[] = { KIND_USER, KIND_GROUP, KIND_IDENTITY };
        enum err e = ERR_OK;
        for (size_t i = 0; !e && i < operation->count; i++) {
                struct resource_row row;
                e = ERR_NOT_FOUND;
                for (size_t j = 0; e == ERR_NOT_FOUND && j < COUNT_OF(kinds); j++)
                        e = reference_load(work, kinds[j], operation->values[i], 0, &row);
                if (!e)
                        ret[i] = (struct named){ row.no, arena_strdup(work->arena, row.id), row.kind };
                if (!e && !ret[i].id)
                        e = work_memory(work);
                e = e == ERR_NOT_FOUND ? ERR_OK : e;
        }
        return e;
}

/* A `type` that says otherwise than the id: the client takes the member for something else. */
static enum err check_kind(struct work *work, const struct edge_operation *operation, size_t i, const struct named *member)
{
        enum resource_kind said = operation->kinds ? operation->kinds[i] : KIND_NONE;
        if (said == KIND_NONE || said == member->kind || leniency_use(work->change->leniency, LENIENT_MEMBER_TYPE))
                return ERR_OK;
        return fault_set(work->fault, ERR_VALUE, "members.type", "\"%.80s\" is a %s", member->id, resource_type(member->kind)->name);
}

/* Whom the values of an operation name. Who is unknown refuses the whole if `all`, else he is left out. */
static enum err named_find(struct work *work, const struct edge_operation *operation, bool all, struct named **ret, size_t *ret_count)
{
        struct named *named = arena_zero(work->arena, operation->count + 1, sizeof(*named));
        if (!named)
                return work_memory(work);
        enum err e = work->source_no ? named_by_connection(work, operation, named) : named_by_administrator(work, operation, named);
        size_t count = 0;
        for (size_t i = 0; !e && i < operation->count; i++) {
                if (named[i].no && all)
                        e = check_kind(work, operation, i, &named[i]);
                if (named[i].no)
                        named[count++] = named[i];
                else if (all && !is_skipped(work))
                        e = unknown_member(work, operation->values[i]);
        }
        *ret = named;
        *ret_count = count;
        return e;
}

/* ---- operations ---- */

static enum err add_all(struct work *work, const struct resource_row *group, const struct edge_operation *operation, struct moved *moved)
{
        struct named *named = NULL;
        size_t count = 0;
        enum err e = named_find(work, operation, true, &named, &count);
        return e ? e : edges_add(work, group->no, named, count, moved);
}

/* Removing what is not there, or not known, is no error (R14). */
static enum err remove_all_of(
        struct work *work, const struct resource_row *group, const struct edge_operation *operation, struct moved *moved)
{
        struct named *named = NULL;
        size_t count = 0;
        enum err e = named_find(work, operation, false, &named, &count);
        for (size_t i = 0; !e && i < count; i++)
                e = edge_remove(work, group->no, named[i].no, named[i].id, moved);
        return e;
}

/* The edges of this source as they stand, a page at a time: there can be any number. `each` may remove the edge. */
struct edge {
        int64_t no;
        enum resource_kind kind;
        char id[UUID_TEXT_SIZE];
};
typedef enum err (*edge_each)(struct work *work, const struct edge *edge, void *context);

struct edges {
        struct edge list[EDGES_PAGE];
        size_t count;
};

static enum err edges_collect(void *context, const struct member_row *row, struct fault *fault)
{
        struct edges *edges = context;
        struct edge *edge = &edges->list[edges->count++];
        (void)fault;
        edge->no = row->no;
        edge->kind = row->kind;
        (void)snprintf(edge->id, sizeof(edge->id), "%s", row->id);
        return ERR_OK;
}

static enum err edges_walk(struct work *work, int64_t group_no, edge_each each, void *context)
{
        struct edges *page = arena_alloc(work->arena, sizeof(*page));
        int64_t after_no = 0;
        enum err e;
        if (!page)
                return work_memory(work);
        do {
                page->count = 0;
                e = member_list_source(
                        work->session, work->root_no, group_no, work->source_no, after_no, EDGES_PAGE, edges_collect, page, work->fault);
                for (size_t i = 0; !e && i < page->count; i++) {
                        after_no = page->list[i].no;
                        e = each(work, &page->list[i], context);
                }
        } while (!e && page->count == EDGES_PAGE);
        return e;
}

/* Who is to be in the group, by number, each once. */
struct wanted {
        struct wanted_member {
                int64_t no;
                bool stands;
        } * list;
        size_t count;
        int64_t group_no;
        bool others; /* somebody else stands there */
        struct moved *moved;
};

static int compare_no(const void *left, const void *right)
{
        int64_t l = *(const int64_t *)left, r = ((const struct wanted_member *)right)->no;
        return (l > r) - (l < r);
}

static struct wanted_member *wanted_find(const struct wanted *wanted, int64_t no)
{
        return wanted->count ? bsearch(&no, wanted->list, wanted->count, sizeof(*wanted->list), compare_no) : NULL;
}

static enum err wanted_of(struct work *work, const struct named *named, size_t count, struct wanted *ret)
{
        struct wanted_member *list = arena_zero(work->arena, count + 1, sizeof(*list));
        size_t once = 0;
        if (!list)
                return work_memory(work);
        for (size_t i = 0; i < count; i++)
                list[i].no = named[i].no;
        qsort(list, count, sizeof(*list), compare_no);
        for (size_t i = 0; i < count; i++)
                if (!once || list[once - 1].no != list[i].no)
                        list[once++] = list[i];
        ret->list = list;
        ret->count = once;
        return ERR_OK;
}

static enum err edge_mark(struct work *work, const struct edge *edge, void *context)
{
        struct wanted *wanted = context;
        struct wanted_member *member = wanted_find(wanted, edge->no);
        (void)work;
        if (member)
                member->stands = true;
        wanted->others = wanted->others || !member;
        return ERR_OK;
}

static enum err edge_keep(struct work *work, const struct edge *edge, void *context)
{
        const struct wanted *wanted = context;
        return wanted_find(wanted, edge->no) ? ERR_OK : edge_remove(work, wanted->group_no, edge->no, edge->id, wanted->moved);
}

static enum err replace_all(
        struct work *work, const struct resource_row *group, const struct edge_operation *operation, struct moved *moved)
{
        struct wanted wanted = { .group_no = group->no, .moved = moved, .others = true };
        struct named *named = NULL;
        size_t count = 0, missing = 0;
        enum err e = named_find(work, operation, true, &named, &count);
        if (!e)
                e = wanted_of(work, named, count, &wanted);
        if (!e && count) {
                wanted.others = false;
                e = edges_walk(work, group->no, edge_mark, &wanted);
        }
        for (size_t i = 0; !e && i < count; i++)
                if (!wanted_find(&wanted, named[i].no)->stands)
                        named[missing++] = named[i];
        if (!e)
                e = edges_add(work, group->no, named, missing, moved);
        return e || !wanted.others ? e : edges_walk(work, group->no, edge_keep, &wanted);
}

/* As the connection reads it, so that a filter finds here what it finds in a list. */
static json_t *element_of(const struct work *work, const struct edge *edge)
{
        bool is_group = edge->kind == KIND_GROUP;
        json_auto_t *ref = json_sprintf("%s" SCIM_BASE "/%s/%s", work->directory->public_url, is_group ? "Groups" : "Users", edge->id);
        return ref ? json_pack("{s:s, s:s, s:O}", "value", edge->id, "type", is_group ? "Group" : "User", "$ref", ref) : NULL;
}

struct matching {
        const struct filter *filter;
        int64_t group_no;
        struct moved *moved;
        struct arena *scratch;
};

static enum err edge_match(struct work *work, const struct edge *edge, void *context)
{
        const struct matching *matching = context;
        json_auto_t *element = element_of(work, edge);
        if (!element)
                return work_memory(work);
        bool matches = filter_match_element(matching->filter, element, matching->scratch) == TRUTH_TRUE;
        arena_reset(matching->scratch);
        return matches ? edge_remove(work, matching->group_no, edge->no, edge->id, matching->moved) : ERR_OK;
}

static enum err remove_matching(
        struct work *work, const struct resource_row *group, const struct edge_operation *operation, struct moved *moved)
{
        const struct filter *equal = filter_find_equal(operation->filter, "value", NULL);
        if (equal && operation->filter == equal) {
                const char *value = equal->value.text;
                const struct edge_operation one = { .verb = EDGE_REMOVE, .values = &value, .count = 1 };
                return remove_all_of(work, group, &one, moved);
        }
        struct matching matching = { operation->filter, group->no, moved, arena_new(SCRATCH_BYTES) };
        enum err e = matching.scratch ? edges_walk(work, group->no, edge_match, &matching) : work_memory(work);
        arena_free(matching.scratch);
        return e;
}

static enum err remove_everything(
        struct work *work, const struct resource_row *group, const struct edge_operation *operation, struct moved *moved)
{
        (void)operation;
        const struct edge_operation none = { .verb = EDGE_REPLACE_ALL };
        return replace_all(work, group, &none, moved);
}

static enum err (*const verbs[])(struct work *, const struct resource_row *, const struct edge_operation *, struct moved *) = {
        [EDGE_ADD] = add_all,
        [EDGE_REMOVE] = remove_all_of,
        [EDGE_REMOVE_MATCHING] = remove_matching,
        [EDGE_REPLACE_ALL] = replace_all,
        [EDGE_REMOVE_ALL] = remove_everything,
};

enum err membership_apply(
        struct work *work, const struct resource_row *group, const struct edge_operation *operations, size_t count, struct moved *moved)
{
        struct guard guard = { 0 };
        bool takes = false, one_by_one = true;
        for (size_t i = 0; i < count; i++) {
                takes = takes || operations[i].verb != EDGE_ADD;
                one_by_one = one_by_one && (operations[i].verb == EDGE_ADD || operations[i].verb == EDGE_REMOVE);
        }
        enum err e = takes ? guard_begin_for(work, group->no, &guard) : ERR_OK;
        for (size_t i = 0; !e && i < count; i++)
                e = verbs[operations[i].verb](work, group, &operations[i], moved);
        if (!e)
                e = moved_settle(work, moved);
        if (!e && takes && work->source_no)
                e = threshold_removed(work, group, (int64_t)moved->removed.count, one_by_one);
        if (!e && takes)
                e = guard_end(work, &guard);
        return e ? e : moved_tell(work, group, moved);
}

/* ---- leaving ---- */

enum err edge_page_add(void *context, const struct member_row *row, struct fault *fault)
{
        struct edge_page *page = context;
        (void)fault;
        page->list[page->count].no = row->no;
        page->list[page->count].source_no = row->source_no;
        page->list[page->count++].kind = row->kind;
        return ERR_OK;
}

enum err edge_page_read(struct work *work, int64_t member_no, int64_t source_no, struct edge_page *ret)
{
        ret->count = 0;
        if (source_no < 0)
                return member_groups(work->session, work->root_no, member_no, EDGES_PAGE, edge_page_add, ret, work->fault);
        return member_groups_source(work->session, work->root_no, member_no, source_no, 0, EDGES_PAGE, edge_page_add, ret, work->fault);
}

static enum err leave_one(struct work *work, int64_t group_no, int64_t member_no, int64_t source_no)
{
        bool changed;
        int64_t left;
        size_t count = 0;
        enum err e = member_remove(work->session, work->root_no, group_no, member_no, source_no, &changed, work->fault);
        if (!e)
                e = member_sources(work->session, work->root_no, group_no, member_no, &left, 1, &count, work->fault);
        if (!e && !count)
                e = effect_member(work, group_no, member_no, false);
        return e ? e : work_touch(work, group_no); /* R34: a group's version moves with its edges */
}

enum err membership_leave(struct work *work, int64_t member_no, int64_t source_no)
{
        struct edge_page groups;
        enum err e;
        do {
                e = edge_page_read(work, member_no, source_no, &groups);
                for (size_t i = 0; !e && i < groups.count; i++)
                        e = leave_one(work, groups.list[i].no, member_no, groups.list[i].source_no);
        } while (!e && groups.count == EDGES_PAGE);
        return e;
}

enum err membership_empty(struct work *work, int64_t group_no, int64_t source_no)
{
        int64_t removed;
        enum err e = session_run(
                work->session, ST_CONTAINER_LEAVE, &removed, work->fault, V_I64(work->root_no), V_I64(group_no), V_I64(source_no));
        if (!e && removed)
                work->reload = true;
        return e;
}

static enum err move_one(struct work *work, int64_t group_no, int64_t from_no, const struct resource_row *to, int64_t source_no)
{
        bool changed;
        enum err e = member_remove(work->session, work->root_no, group_no, from_no, source_no, &changed, work->fault);
        if (!e && to->kind == KIND_GROUP)
                e = nesting_check(work, group_no, to->no);
        if (!e)
                e = member_add(work->session, work->root_no, group_no, to->no, source_no, work->at_us, &changed, work->fault);
        if (!e)
                e = nesting_note(work, group_no, to->no, to->kind);
        return e ? e : work_touch(work, group_no);
}

enum err membership_move(struct work *work, int64_t from_no, const struct resource_row *to, int64_t source_no)
{
        struct edge_page groups;
        enum err e;
        do {
                e = edge_page_read(work, from_no, source_no, &groups);
                for (size_t i = 0; !e && i < groups.count; i++)
                        e = move_one(work, groups.list[i].no, from_no, to, source_no);
        } while (!e && groups.count == EDGES_PAGE);
        if (!e && to->kind == KIND_GROUP)
                e = session_run(work->session, ST_CONTAINER_MOVE, NULL, work->fault, V_I64(work->root_no), V_I64(from_no), V_I64(source_no),
                        V_I64(to->no));
        if (!e && to->kind == KIND_GROUP)
                e = session_run(work->session, ST_NESTED_MOVE, NULL, work->fault, V_I64(work->root_no), V_I64(from_no), V_I64(to->no));
        if (!e && to->kind == KIND_GROUP)
                e = membership_empty(work, from_no, source_no);
        work->reload = true;
        return e;
}

/* ---- the management API's members ---- */

static enum err still_a_member(struct work *work, const struct resource_row *group, const char *value)
{
        int64_t sources[8];
        struct named *member = NULL;
        size_t known = 0, count = 0;
        enum err e = named_find(work, &(struct edge_operation){ .values = &value, .count = 1 }, false, &member, &known);
        if (!e && known)
                e = member_sources(work->session, work->root_no, group->no, member->no, sources, COUNT_OF(sources), &count, work->fault);
        if (e)
                return e;
        if (!count)
                return fault_set(work->fault, ERR_NOT_FOUND, "", "there is no such member");
        struct resource_row connection;
        if (resource_load(work->session, work->root_no, sources[0], work->arena, &connection, NULL))
                return fault_set(work->fault, ERR_CONFLICT, "", "the membership comes from a connection, not from here");
        return fault_set(
                work->fault, ERR_CONFLICT, "", "the membership comes from the connection \"%.80s\": remove it there", connection.name);
}

static enum err members_change(struct work *work, bool add)
{
        const struct change *change = work->change;
        struct resource_row group;
        enum err e = rights_need_org(work, ROOT_ORG_NO, "groups", add ? "add-members" : "remove-members");
        if (!e)
                e = reference_load(work, KIND_GROUP, change->ref, 0, &group);
        if (!e && add)
                e = rights_cover(work, group.no); /* who adds to a group hands out what the group holds (law 6) */
        if (e)
                return e;
        struct moved moved = { 0 };
        const struct edge_operation operation = {
                .verb = add ? EDGE_ADD : EDGE_REMOVE,
                .values = change->edges.values,
                .count = change->edges.count,
        };
        e = membership_apply(work, &group, &operation, 1, &moved);
        if (!e && !add && !moved.count)
                e = still_a_member(work, &group, change->edges.values[0]);
        work->change->after.resource = group;
        if (e || !moved.count)
                return e;
        work->change->after.resource.version = work->version;
        work->change->after.resource.modified_us = work->at_us;
        e = work_touch(work, group.no);
        if (e)
                return e;
        work->event = EVENT_MEMBERS_CHANGED;
        work->object_kind = KIND_GROUP;
        work->object_no = group.no;
        work->changed = true;
        return moved_describe(work, &moved, json_pack("{s:s}", "id", group.id));
}

enum err members_add(struct work *work)
{
        return members_change(work, true);
}

enum err members_remove(struct work *work)
{
        return members_change(work, false);
}
