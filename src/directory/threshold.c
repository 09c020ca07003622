/* SPDX-License-Identifier: Apache-2.0
 *
 * Thresholds (R16), over rolling 24 hours in slots of ten minutes, for each connection: users it deactivates, members it takes out of one
 * group. What is said of a person by name is never held, only counted; a list that came too short is. The hold is written after the
 * refusal, which left no trace of its own, and lets through, once, what does not remove more than an administrator saw. */
#include "directory/threshold.h"
#include "base/clock.h"
#include "base/log.h"
#include "http/metrics.h"
#include "work.h"

#define SLOT_US (600 * US_PER_S)
#define DAY_SLOTS 144
#define SMALL_GROUP 20
#define HOLDS_MAX 1000
#define RETRY_AFTER_S 600

int64_t threshold_of_users(int64_t users)
{
        int64_t threshold = users / 20 < 50 ? users / 20 : 50;
        return threshold < 5 ? 5 : threshold;
}

int64_t threshold_of_members(int64_t members)
{
        return members > SMALL_GROUP ? members * 3 / 10 : -1;
}

/* ---- the last day ---- */

struct day {
        int64_t slot, times;
        bool was_over, is_new; /* at its end; nothing was counted in the current slot */
};

static enum err day_load(struct work *work, int64_t object_no, struct day *ret)
{
        struct day day = { .slot = work->at_us / SLOT_US, .is_new = true };
        auto_result result = { 0 };
        bool row = true;
        enum err e = session_query(work->session, ST_TAKEN_OF, &result, work->fault, V_I64(work->root_no), V_I64(work->source_no),
                V_I64(object_no), V_I64(day.slot - DAY_SLOTS));
        while (!e && row) {
                e = result_next(&result, &row, work->fault);
                if (e || !row)
                        break;
                day.times += result_i64(&result, 1);
                day.was_over = result_i64(&result, 2) == 1;
                day.is_new = result_i64(&result, 0) < day.slot;
        }
        if (e)
                return e;
        *ret = day;
        return ERR_OK;
}

static enum err day_add(struct work *work, int64_t object_no, const struct day *day, int64_t times, bool is_over)
{
        enum err e = ERR_OK;
        if (day->is_new)
                e = session_run(work->session, ST_TAKEN_FORGET, NULL, work->fault, V_I64(work->root_no), V_I64(work->source_no),
                        V_I64(day->slot - DAY_SLOTS));
        return e ? e
                 : session_run(work->session, ST_TAKEN_ADD, NULL, work->fault, V_I64(work->root_no), V_I64(work->source_no),
                           V_I64(object_no), V_I64(day->slot), V_I64(times), V_I64(is_over));
}

enum err threshold_forget(struct work *work, int64_t connection_no)
{
        enum err e = session_run(
                work->session, ST_TAKEN_FORGET, NULL, work->fault, V_I64(work->root_no), V_I64(connection_no), V_I64(INT64_MAX));
        return e ? e
                 : session_run(
                           work->session, ST_HOLDS_FORGET, NULL, work->fault, V_I64(work->root_no), V_I64(connection_no), V_I64(INT64_MAX));
}

/* ---- users ---- */

enum err threshold_deactivated(struct work *work)
{
        struct day day;
        int64_t users = 0;
        enum err e = day_load(work, 0, &day);
        if (!e)
                e = count_read(work->session, work->root_no, KIND_USER, work->source_no, &users, work->fault);
        if (e)
                return e;
        int64_t times = day.times + 1, threshold = threshold_of_users(users);
        bool is_over = times > threshold;
        e = day_add(work, 0, &day, 1, is_over);
        if (e || !is_over || day.was_over)
                return e;
        return work_alert(work, EVENT_MANY_DEACTIVATED,
                json_pack("{s:s, s:I, s:I, s:I}", "connection", work->actor->id, "deactivated", (json_int_t)times, "threshold",
                        (json_int_t)threshold, "users", (json_int_t)users));
}

/* ---- members ---- */

/* Its edges that are left, those of a mapping rule or its own (0), but no more are counted than decide anything. */
static enum err members_left(struct work *work, int64_t group_no, int64_t rule_no, int64_t taken, int64_t *ret)
{
        int64_t decides = taken * 10 / 3 - taken + 1, small = SMALL_GROUP - taken + 1;
        return session_query_number(work->session, ST_MEMBERS_AT_MOST, ret, work->fault, V_I64(work->root_no), V_I64(group_no),
                V_I64(work->source_no), V_I64(rule_no), V_I64(decides > small ? decides : small));
}

/* Is there a release for as much as this? Then it is used up. */
static enum err take_release(struct work *work, int64_t group_no, int64_t removed, bool *ret)
{
        int64_t no = 0;
        enum err e = session_query_number(work->session, ST_HOLD_RELEASED, &no, work->fault, V_I64(work->root_no), V_I64(work->source_no),
                V_I64(group_no), V_I64(work->at_us), V_I64(removed));
        if (e)
                return e;
        *ret = no > 0;
        return no ? session_run(work->session, ST_HOLD_END, NULL, work->fault, V_I64(work->root_no), V_I64(work->source_no), V_I64(no))
                  : ERR_OK;
}

enum err threshold_removed(struct work *work, const struct resource_row *group, int64_t removed, bool one_by_one)
{
        struct day day;
        int64_t left = 0;
        bool released = false;
        if (!removed)
                return ERR_OK;
        enum err e = day_load(work, group->no, &day);
        if (!e)
                e = members_left(work, group->no, 0, day.times + removed, &left);
        if (e)
                return e;
        int64_t taken = day.times + removed, members = left + taken, threshold = threshold_of_members(members);
        bool is_over = threshold >= 0 && taken > threshold;
        if (threshold < 0)
                return ERR_OK;
        if (is_over && !one_by_one && removed > 1) {
                e = take_release(work, group->no, removed, &released);
                if (e)
                        return e;
                work->change->held.group_no = group->no;
                work->change->held.removes = removed;
                work->change->held.of_members = left + removed;
                if (!released)
                        return fault_set(work->fault, ERR_THRESHOLD, "members",
                                "this would take %lld of %lld members out of the group at once, above what one day may (30 %%)",
                                (long long)removed, (long long)(left + removed));
        }
        e = day_add(work, group->no, &day, removed, is_over);
        if (e || !is_over || day.was_over || released)
                return e;
        return work_alert(work, EVENT_MANY_REMOVED,
                json_pack("{s:s, s:s, s:I, s:I}", "connection", work->actor->id, "group", group->id, "removed", (json_int_t)taken, "of",
                        (json_int_t)members));
}

/* Of each rule by itself: what it gave is not what the connection named, and must not count towards a hold. */
enum err threshold_taken_by_rule(struct work *work, const struct resource_row *group, int64_t rule_no, const char *rule)
{
        struct day day;
        int64_t left = 0;
        enum err e = day_load(work, rule_no, &day);
        if (!e)
                e = members_left(work, group->no, rule_no, day.times + 1, &left);
        if (e)
                return e;
        int64_t taken = day.times + 1, members = left + taken, threshold = threshold_of_members(members);
        bool is_over = threshold >= 0 && taken > threshold;
        if (threshold < 0)
                return ERR_OK;
        e = day_add(work, rule_no, &day, 1, is_over);
        if (e || !is_over || day.was_over)
                return e;
        return work_alert(work, EVENT_MANY_REMOVED,
                json_pack("{s:s, s:s, s:I, s:I, s:s}", "connection", work->actor->id, "group", group->id, "removed", (json_int_t)taken,
                        "of", (json_int_t)members, "rule", rule));
}

/* ---- holds ---- */

struct hold_job {
        struct directory *directory;
        const struct change *change;
        int64_t no, revision;
        bool is_new;
};

static enum err find_open(struct session *session, const struct hold_job *job, int64_t now_us, int64_t *ret_no, struct fault *fault)
{
        const struct actor *actor = job->change->actor;
        return session_query_number(session, ST_HOLD_OPEN, ret_no, fault, V_I64(actor->root_no), V_I64(actor->no),
                V_I64(job->change->held.group_no), V_I64(now_us));
}

static enum err alert_held(struct session *session, struct hold_job *job, struct fault *fault)
{
        const struct actor *actor = job->change->actor;
        const char *body = arena_printf(job->change->arena, "{\"hold\":\"%lld\",\"of\":%lld,\"removes\":%lld}", (long long)job->no,
                (long long)job->change->held.of_members, (long long)job->change->held.removes);
        if (!body)
                return fault_set(fault, ERR_MEMORY, "", "out of memory");
        struct ledger_entry entry = {
                .event = EVENT_MEMBERS_HELD,
                .actor = actor,
                .object_kind = KIND_GROUP,
                .object_no = job->change->held.group_no,
                .body = body,
        };
        int64_t at_us;
        ident_random(entry.change_id, sizeof(entry.change_id));
        return ledger_append(session, actor->root_no, &entry, &job->revision, &at_us, fault);
}

static enum err hold_run(struct session *session, void *context, struct fault *fault)
{
        struct hold_job *job = context;
        const struct change *change = job->change;
        const struct actor *actor = change->actor;
        struct root_row *root;
        enum err e = session_root(session, actor->root_no, &root, fault);
        if (e)
                return e;
        int64_t clock_us = clock_stored_us(), now_us = clock_us > root->last_us ? clock_us : root->last_us;
        e = find_open(session, job, now_us, &job->no, fault);
        job->is_new = !e && !job->no;
        if (e)
                return e;
        if (!job->is_new)
                return session_run(session, ST_HOLD_AGAIN, NULL, fault, V_I64(actor->root_no), V_I64(actor->no), V_I64(job->no),
                        V_I64(change->held.removes), V_I64(change->held.of_members));
        job->no = root->next_no++;
        e = session_run(session, ST_HOLDS_FORGET, NULL, fault, V_I64(actor->root_no), V_I64(actor->no), V_I64(now_us));
        if (!e)
                e = session_run(session, ST_HOLD_PUT, NULL, fault, V_I64(actor->root_no), V_I64(actor->no), V_I64(job->no),
                        V_I64(change->held.group_no), V_I64(change->held.removes), V_I64(change->held.of_members), V_I64(now_us),
                        V_I64(now_us + HOLD_KEPT_S * US_PER_S));
        return e ? e : alert_held(session, job, fault);
}

static void hold_committed(void *context)
{
        const struct hold_job *job = context;
        if (!job->is_new)
                return;
        access_apply(job->directory->access, job->change->actor->root_no, job->revision, NULL, 0);
        metric_add(METRIC_LEDGER_ALERT, 1);
}

void threshold_hold(struct directory *directory, const struct change *change, struct fault *fault)
{
        struct hold_job job = { .directory = directory, .change = change };
        const struct write_job write = {
                .root_no = change->actor->root_no,
                .deadline_us = change->deadline_us,
                .context = &job,
                .run = hold_run,
                .committed = hold_committed,
        };
        struct fault cause = { 0 };
        if (write_queue_submit(directory->queue, &write, &cause)) {
                log_event(LOG_WARN, "hold-not-written", LOG_I64("root", change->actor->root_no), LOG_TEXT("why", cause.message));
                return;
        }
        if (job.is_new)
                log_event(LOG_WARN, "alert", LOG_TEXT("alert", ledger_event_name(EVENT_MEMBERS_HELD)),
                        LOG_I64("root", change->actor->root_no), LOG_I64("hold", job.no));
        (void)fault_set(fault, ERR_THRESHOLD, "members",
                "this would take %lld of %lld members out of the group at once: held as hold %lld. An administrator may release it within "
                "24 "
                "hours (muster connection release %s %lld); then send it again",
                (long long)change->held.removes, (long long)change->held.of_members, (long long)job.no, change->actor->id,
                (long long)job.no);
        if (fault)
                fault->retry_after_s = RETRY_AFTER_S;
}

enum err threshold_release(struct work *work)
{
        struct resource_row row;
        int64_t changed = 0, no = work->change->hold;
        enum err e = thing_load(work, "edit", &row);
        if (!e && row.kind != KIND_CONNECTION)
                e = fault_set(work->fault, ERR_METHOD, "", "%ss cannot be changed this way", work->change->type->word);
        if (!e)
                e = session_run(work->session, ST_HOLD_RELEASE, &changed, work->fault, V_I64(work->root_no), V_I64(row.no), V_I64(no),
                        V_I64(work->at_us), V_I64(work->at_us + HOLD_KEPT_S * US_PER_S));
        if (e)
                return e;
        if (!changed)
                return fault_set(work->fault, ERR_NOT_FOUND, "", "no hold %lld of this connection waits", (long long)no);
        work->event = EVENT_HOLD_RELEASED;
        work->object_kind = KIND_CONNECTION;
        work->object_no = row.no;
        work->changed = true;
        work->change->after.resource = row;
        return work_body_json(work, json_pack("{s:s, s:I}", "id", row.id, "hold", (json_int_t)no));
}

enum err query_holds(const struct query *query, const char *connection_ref, hold_each each, void *context, struct fault *fault)
{
        struct resource_row connection;
        auto_result result = { 0 };
        bool more = true;
        enum err e = query_resource(query, resource_type(KIND_CONNECTION), connection_ref, &connection, fault);
        if (!e)
                e = session_query(query->session, ST_HOLDS_OF, &result, fault, V_I64(query->actor->root_no), V_I64(connection.no),
                        V_I64(clock_stored_us()), V_I64(HOLDS_MAX));
        while (!e && more) {
                e = result_next(&result, &more, fault);
                if (e || !more)
                        break;
                const struct hold_row row = {
                        .no = result_i64(&result, 0),
                        .group_no = result_i64(&result, 1),
                        .removes = result_i64(&result, 2),
                        .of_members = result_i64(&result, 3),
                        .at_us = result_i64(&result, 4),
                        .until_us = result_i64(&result, 5),
                        .released_us = result_i64(&result, 6),
                };
                e = each(context, &row, fault);
        }
        return e;
}
