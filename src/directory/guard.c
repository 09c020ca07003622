/* SPDX-License-Identifier: Apache-2.0
 *
 * The last-admin guard (R24): the number of usable administrators of a root never goes from at least one to zero. Usable: a live user
 * with a live claim of an enabled connection, or with the break-glass mark (R9), who holds the admin role in the root organisation now,
 * directly or through live groups; of a break-glass user only a role without end counts. What a connection gave that is being removed does
 * not count, from the first step on. */
#include "work.h"

/* `gone_no`: a connection whose edges and groups do not count any more; -1: none. */
static enum err any_row(struct work *work, enum statement statement, int64_t gone_no, bool *ret)
{
        return session_query_any(work->session, statement, ret, work->fault, V_I64(work->root_no), V_I64(ROOT_ORG_NO), V_I64(work->at_us),
                V_I64(gone_no), V_I64(work->ends_rule_no ? work->ends_rule_no : -1));
}

static enum err admin_exists(struct work *work, bool *ret)
{
        static const enum statement ways[] = { ST_ADMIN_DIRECT, ST_ADMIN_BY_GROUP, ST_ADMIN_BREAK_GLASS,
                ST_ADMIN_NESTED }; /* the cheap ones first */
        bool found = false;
        struct connection_job job;
        enum err e = connection_job_load(work, &job);
        for (size_t i = 0; !e && !found && i < COUNT_OF(ways); i++)
                e = any_row(work, ways[i], job.verb == CONNECTION_REMOVE ? job.connection_no : -1, &found);
        if (e)
                return e;
        *ret = found;
        return ERR_OK;
}

enum err guard_begin(struct work *work, struct guard *ret)
{
        return admin_exists(work, &ret->admin_before);
}

/* By rows alone, whatever sleeps or has ended on the way: that is judged when there is one. */
static enum err reaches_admin(struct work *work, int64_t no, bool *ret)
{
        int64_t near_no, found_no = 0; /* the cheap question answers nearly all */
        enum err e = session_query_number(work->session, ST_ADMIN_NEAR, &near_no, work->fault, V_I64(work->root_no), V_I64(ROOT_ORG_NO),
                V_I64(no));
        if (!e && near_no)
                e = session_query_number(work->session, ST_ADMIN_REACHED, &found_no, work->fault, V_I64(work->root_no),
                        V_I64(ROOT_ORG_NO), V_I64(no));
        if (e)
                return e;
        *ret = found_no != 0;
        return ERR_OK;
}

enum err guard_begin_for(struct work *work, int64_t no, struct guard *ret)
{
        bool reaches;
        enum err e = reaches_admin(work, no, &reaches);
        if (e)
                return e;
        *ret = (struct guard){ 0 };
        return reaches ? guard_begin(work, ret) : ERR_OK;
}

enum err guard_end(struct work *work, const struct guard *guard)
{
        if (!guard->admin_before)
                return ERR_OK;
        bool after;
        enum err e = admin_exists(work, &after);
        if (e)
                return e;
        if (!after)
                return fault_set(work->fault, ERR_LAST_ADMIN, "",
                        "this would leave the organization without a usable administrator; make somebody else administrator first");
        return ERR_OK;
}
