/* SPDX-License-Identifier: Apache-2.0
 *
 * Groups in groups: no cycle, no chain of more than GROUP_DEPTH_MAX groups. Judged only when the member is itself a group, so that adding a
 * user costs the same in every group. */
#include "base/buffer.h"
#include "work.h"

static void put_name(struct work *work, int64_t group_no, struct buffer *path)
{
        struct resource_row row;
        if (path->length)
                buffer_puts(path, " in ");
        if (resource_load(work->session, work->root_no, group_no, work->arena, &row, NULL))
                buffer_puts(path, "a deleted group");
        else
                buffer_printf(path, "\"%.60s\"", row.name);
}

struct step {
        struct work *work;
        int64_t parents[GROUP_DEPTH_MAX * GROUP_DEPTH_MAX];
        size_t count;
};

static enum err collect_parent(void *context, const struct member_row *row, struct fault *fault)
{
        struct step *step = context;
        (void)fault;
        step->parents[step->count++] = row->no;
        return ERR_OK;
}

/* One step from `from_no` up towards `to_no`; 0: no way seen. */
static int64_t step_towards(struct work *work, int64_t from_no, int64_t to_no)
{
        struct step step = { .work = work };
        if (member_groups(work->session, work->root_no, from_no, COUNT_OF(step.parents), collect_parent, &step, NULL))
                return 0;
        for (size_t i = 0; i < step.count; i++) {
                int64_t height;
                bool found = false;
                if (step.parents[i] == to_no ||
                        (!nesting_above(work->session, work->root_no, step.parents[i], to_no, &height, &found, NULL) && found))
                        return step.parents[i];
        }
        return 0;
}

/* The member holds the group already: names the way. */
static enum err cycle(struct work *work, int64_t group_no, int64_t member_no)
{
        auto_buffer path = { 0 };
        int64_t at = group_no;
        put_name(work, member_no, &path);
        put_name(work, group_no, &path);
        for (int i = 0; i < GROUP_DEPTH_MAX && at != member_no; i++) {
                at = step_towards(work, at, member_no);
                if (!at)
                        break;
                put_name(work, at, &path);
        }
        return fault_set(work->fault, ERR_VALUE, "members", "a group cannot hold itself: %s", path.data ? path.data : "");
}

enum err nesting_fits(struct work *work, int64_t group_no, int64_t member_no, enum resource_kind kind, bool *ret)
{
        int64_t above = 0, below = 0;
        bool circle = group_no == member_no;
        enum err e = ERR_OK;
        if (kind == KIND_GROUP && !circle)
                e = nesting_above(work->session, work->root_no, group_no, member_no, &above, &circle, work->fault);
        if (!e && kind == KIND_GROUP && !circle)
                e = nesting_below(work->session, work->root_no, member_no, &below, work->fault);
        if (e)
                return e;
        *ret = !circle && (kind != KIND_GROUP || above + below + 2 <= GROUP_DEPTH_MAX);
        return ERR_OK;
}

enum err nesting_note(struct work *work, int64_t group_no, int64_t member_no, enum resource_kind kind)
{
        return kind == KIND_GROUP ? session_run(work->session, ST_NESTED_PUT, NULL, work->fault, V_I64(work->root_no), V_I64(group_no),
                                            V_I64(member_no))
                                  : ERR_OK;
}

enum err nesting_check(struct work *work, int64_t group_no, int64_t member_no)
{
        int64_t above = 0, below = 0;
        bool found = group_no == member_no;
        enum err e = found ? ERR_OK : nesting_above(work->session, work->root_no, group_no, member_no, &above, &found, work->fault);
        if (e)
                return e;
        if (found)
                return cycle(work, group_no, member_no);
        e = nesting_below(work->session, work->root_no, member_no, &below, work->fault);
        if (e)
                return e;
        if (above + below + 2 > GROUP_DEPTH_MAX)
                return fault_set(work->fault, ERR_VALUE, "members", "groups in groups go at most %d deep; this would make %lld",
                        GROUP_DEPTH_MAX, (long long)(above + below + 2));
        return ERR_OK;
}
