/* SPDX-License-Identifier: Apache-2.0
 *
 * Edges (R14): a source adds and removes only its own; the membership stands while any edge does. Nothing rewrites a list: adds and removes
 * are single rows, a replacement is the difference against this source's own edges. */
#include <stdlib.h>
#include <string.h>
#include "work.h"

#define PAGE 1000

void moved_done(struct moved *moved)
{
        json_decref(moved->added);
        json_decref(moved->removed);
        *moved = (struct moved){ 0 };
}

enum err moved_describe(struct moved *moved, json_t *body)
{
        if (!moved->count)
                return ERR_OK;
        json_auto_t *members = json_object();
        if (!members || (moved->added && json_object_set(members, "added", moved->added)) ||
                (moved->removed && json_object_set(members, "removed", moved->removed)))
                return ERR_MEMORY;
        return json_object_set(body, "members", members) ? ERR_MEMORY : ERR_OK;
}

static enum err note(struct work *work, json_t **list, const char *id, struct moved *moved)
{
        if (!*list)
                *list = json_array();
        if (!*list || json_array_append_new(*list, json_string_nocheck(id)))
                return work_memory(work);
        moved->count++;
        work->change->moved++;
        return ERR_OK;
}

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

static enum err edge_added(struct work *work, int64_t group_no, const struct named *member, struct moved *moved)
{
        enum err e = note(work, &moved->added, member->id, moved);
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
                e = ceiling_check_tie(work, "members.value", group_no, member->no);
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
        return e ? e : note(work, &moved->removed, id, moved);
}

/* ---- who may be a member ---- */

static enum err unknown_member(struct work *work, const char *value)
{
        return fault_set(work->fault, ERR_VALUE, "members.value", "\"%.80s\" is no user or group that this caller knows", value);
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

/* The edges of this source as they stand, page by page into one array sorted by number. */
struct edges {
        struct work *work;
        struct edge {
                int64_t no, source_no;
                const char *id;
                enum resource_kind kind;
        } * list;
        size_t count;
};

static enum err edges_collect(void *context, const struct member_row *row, struct fault *fault)
{
        struct edges *edges = context;
        (void)fault;
        edges->list = arena_grow(edges->work->arena, edges->list, edges->count, sizeof(*edges->list));
        char *id = arena_strdup(edges->work->arena, row->id);
        if (!id || !edges->list)
                return work_memory(edges->work);
        edges->list[edges->count++] = (struct edge){ row->no, row->source_no, id, row->kind };
        return ERR_OK;
}

static enum err edges_load(struct work *work, int64_t group_no, struct edges *ret)
{
        *ret = (struct edges){ .work = work };
        for (;;) {
                size_t before = ret->count;
                int64_t after_no = before ? ret->list[before - 1].no : 0;
                enum err e = member_list_source(
                        work->session, work->root_no, group_no, work->source_no, after_no, PAGE, edges_collect, ret, work->fault);
                if (e || ret->count - before < PAGE)
                        return e;
        }
}

static int compare_no(const void *left, const void *right)
{
        int64_t l = *(const int64_t *)left, r = *(const int64_t *)right;
        return (l > r) - (l < r);
}

static enum err replace_all(
        struct work *work, const struct resource_row *group, const struct edge_operation *operation, struct moved *moved)
{
        struct edges edges;
        struct named *named = NULL;
        size_t count = 0, missing = 0;
        enum err e = edges_load(work, group->no, &edges);
        if (!e)
                e = named_find(work, operation, true, &named, &count);
        int64_t *wanted = arena_zero(work->arena, count + 1, sizeof(*wanted));
        if (e || !wanted)
                return e ? e : work_memory(work);
        for (size_t i = 0; i < count; i++) {
                wanted[i] = named[i].no;
                if (!edges.count || !bsearch(&named[i].no, edges.list, edges.count, sizeof(*edges.list), compare_no))
                        named[missing++] = named[i];
        }
        e = edges_add(work, group->no, named, missing, moved);
        qsort(wanted, count, sizeof(*wanted), compare_no);
        for (size_t i = 0; !e && i < edges.count; i++)
                if (!bsearch(&edges.list[i].no, wanted, count, sizeof(*wanted), compare_no))
                        e = edge_remove(work, group->no, edges.list[i].no, edges.list[i].id, moved);
        return e;
}

/* As the connection reads it, so that a filter finds here what it finds in a list. */
static json_t *element_of(const struct work *work, const struct edge *edge)
{
        bool is_group = edge->kind == KIND_GROUP;
        json_auto_t *ref = json_sprintf("%s" SCIM_BASE "/%s/%s", work->directory->public_url, is_group ? "Groups" : "Users", edge->id);
        return ref ? json_pack("{s:s, s:s, s:O}", "value", edge->id, "type", is_group ? "Group" : "User", "$ref", ref) : NULL;
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
        struct edges edges;
        enum err e = edges_load(work, group->no, &edges);
        for (size_t i = 0; !e && i < edges.count; i++) {
                json_auto_t *element = element_of(work, &edges.list[i]);
                if (!element)
                        return work_memory(work);
                if (filter_match_element(operation->filter, element, work->arena) == TRUTH_TRUE)
                        e = edge_remove(work, group->no, edges.list[i].no, edges.list[i].id, moved);
        }
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

static int compare_id(const void *left, const void *right)
{
        return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static const char **sorted_ids(struct work *work, const json_t *list, size_t *ret_count)
{
        size_t count = json_array_size(list);
        const char **ids = arena_zero(work->arena, count + 1, sizeof(*ids));
        for (size_t i = 0; ids && i < count; i++)
                ids[i] = json_string_value(json_array_get(list, i));
        if (ids)
                qsort(ids, count, sizeof(*ids), compare_id);
        *ret_count = count;
        return ids;
}

/* The new list of ids; none is NULL. */
static void list_put(json_t **list, json_t *taken)
{
        json_decref(*list);
        *list = json_array_size(taken) ? taken : NULL;
        if (!*list)
                json_decref(taken);
}

/* Who was taken out and put back, or the other way round, has not moved: he counts for no threshold (R16), no entry and no version. */
static enum err moved_settle(struct work *work, struct moved *moved)
{
        size_t removed_count, added_count, r = 0, a = 0;
        if (!moved->removed || !moved->added)
                return ERR_OK;
        const char **removed = sorted_ids(work, moved->removed, &removed_count);
        const char **added = sorted_ids(work, moved->added, &added_count);
        json_auto_t *gone = json_array();
        json_auto_t *come = json_array();
        if (!removed || !added || !gone || !come)
                return work_memory(work);
        while (r < removed_count || a < added_count) {
                int order = r == removed_count ? 1 : a == added_count ? -1 : strcmp(removed[r], added[a]);
                if (order && json_array_append_new(order < 0 ? gone : come, json_string_nocheck(order < 0 ? removed[r] : added[a])))
                        return work_memory(work);
                r += order <= 0;
                a += order >= 0;
        }
        const int64_t left = (int64_t)(json_array_size(gone) + json_array_size(come));
        list_put(&moved->removed, STEAL(gone));
        list_put(&moved->added, STEAL(come));
        work->change->moved += left - moved->count;
        moved->count = left;
        if (!left) /* who stands there is as before: nothing that an entry could tell */
                session_mark_audited(work->session);
        return ERR_OK;
}

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
                e = threshold_removed(work, group, (int64_t)json_array_size(moved->removed), one_by_one);
        return e || !takes ? e : guard_end(work, &guard);
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
                e = session_run(
                        work->session, ST_NESTED_MOVE, NULL, work->fault, V_I64(work->root_no), V_I64(from_no), V_I64(to->no));
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
        __attribute__((cleanup(moved_done))) struct moved moved = { 0 };
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
        json_auto_t *body = json_pack("{s:s}", "id", group.id);
        if (!body || moved_describe(&moved, body))
                return work_memory(work);
        return work_body_json(work, STEAL(body));
}

enum err members_add(struct work *work)
{
        return members_change(work, true);
}

enum err members_remove(struct work *work)
{
        return members_change(work, false);
}
