/* SPDX-License-Identifier: Apache-2.0
 *
 * Work on all that a connection gave: begun by one change that judges rights, guard and count, then done step by step by the system. One
 * row a root holds where it stands; each step moves it in its own transaction, so that nothing is done twice and nothing is left out. */
#include <string.h>
#include "base/clock.h"
#include "base/log.h"
#include "directory/connection.h"
#include "work.h"

#define STEP_ARENA ((size_t)64 << 20)
#define STEP_DEADLINE_US (30 * US_PER_S)

/* ---- the row ---- */

static enum err job_read(struct session *session, int64_t root_no, struct connection_job *ret, struct fault *fault)
{
        auto_result result = { 0 };
        bool row = false;
        enum err e = session_query(session, ST_JOB_GET, &result, fault, V_I64(root_no));
        if (!e)
                e = result_next(&result, &row, fault);
        if (e)
                return e;
        *ret = (struct connection_job){ 0 };
        if (row)
                *ret = (struct connection_job){
                        .connection_no = result_i64(&result, 0),
                        .verb = (enum connection_verb)result_i64(&result, 1),
                        .other_no = result_i64(&result, 2),
                        .join_by = (enum join_by)result_i64(&result, 3),
                        .first_seq = result_i64(&result, 4),
                        .phase = result_i64(&result, 5),
                        .at_no = result_i64(&result, 6),
                        .member_no = result_i64(&result, 7),
                        .users = result_i64(&result, 8),
                        .groups = result_i64(&result, 9),
                        .edges = result_i64(&result, 10),
                        .started_us = result_i64(&result, 11),
                };
        return ERR_OK;
}

enum err connection_job_load(struct work *work, struct connection_job *ret)
{
        return job_read(work->session, work->root_no, ret, work->fault);
}

enum err connection_job_store(struct work *work, const struct connection_job *job)
{
        return session_run(work->session, ST_JOB_PUT, NULL, work->fault, V_I64(work->root_no), V_I64(job->connection_no), V_I64(job->verb),
                V_I64(job->other_no), V_I64(job->join_by), V_I64(job->first_seq), V_I64(job->phase), V_I64(job->at_no),
                V_I64(job->member_no), V_I64(job->users), V_I64(job->groups), V_I64(job->edges), V_I64(job->started_us));
}

enum err query_connection_work(
        const struct query *query, const char *ref, struct connection_job *ret, char ret_id[UUID_TEXT_SIZE], struct fault *fault)
{
        struct connection_job job = { 0 };
        struct resource_row row;
        enum err e = query_resource(query, resource_type(KIND_CONNECTION), ref, &row, fault);
        if (!e)
                e = job_read(query->session, query->actor->root_no, &job, fault);
        if (e)
                return e;
        memcpy(ret_id, row.id, UUID_TEXT_SIZE);
        *ret = job.connection_no == row.no ? job : (struct connection_job){ 0 };
        return ERR_OK;
}

/* ---- verbs ---- */

static enum err begin_end(struct work *work, struct resource_row *row, struct connection_job *job);

static const struct {
        const char *word;
        bool ends;         /* the connection goes: its tokens die at once */
        const char *right; /* scim: */
        enum err (*begin)(struct work *work, struct resource_row *row, struct connection_job *job);
        const step_run *phases;
} verbs[CONNECTION_VERB_COUNT] = {
        [CONNECTION_KEEP] = { "keep", true, "delete", begin_end, connection_keep_phases },
        [CONNECTION_REMOVE] = { "remove", true, "delete", begin_end, connection_remove_phases },
        [CONNECTION_REPLACE] = { "replace", false, "edit", connection_replace_begin, connection_replace_phases },
        [CONNECTION_UNDO] = { "undo", false, "edit", connection_undo_begin, connection_undo_phases },
        [CONNECTION_MAP] = { "map", false, "edit", connection_map_begin, connection_map_phases },
};

enum err connection_is_gone(struct work *work, int64_t connection_no, bool *ret)
{
        struct connection_job job;
        struct resource_row row;
        enum err e = connection_job_load(work, &job);
        bool ending = !e && job.connection_no == connection_no && verbs[job.verb].ends;
        if (!e && !ending)
                e = resource_load(work->session, work->root_no, connection_no, work->arena, &row, work->fault);
        if (e && e != ERR_NOT_FOUND)
                return e;
        *ret = ending || e == ERR_NOT_FOUND;
        return ERR_OK;
}

/* ---- beginning ---- */

static enum err counts(struct work *work, int64_t connection_no, int64_t *ret_users, int64_t *ret_groups)
{
        enum err e = count_read(work->session, work->root_no, KIND_USER, connection_no, ret_users, work->fault);
        return e ? e : count_read(work->session, work->root_no, KIND_GROUP, connection_no, ret_groups, work->fault);
}

/* R4, R16: more than a day's threshold at once is done only by who names the number. */
static enum err check_confirmed(struct work *work, int64_t users)
{
        const struct connection_wish *wish = &work->change->wish;
        if (wish->verb != CONNECTION_REMOVE || users <= threshold_of_users(users) || wish->confirm == users)
                return ERR_OK;
        return fault_set(work->fault, ERR_CONFLICT, "confirm",
                "this takes away what the connection gave to %lld users; look at the preview, then say so with confirm=%lld",
                (long long)users, (long long)users);
}

static enum err put_to_sleep(struct work *work, struct resource_row *row)
{
        struct resource_row asleep = *row;
        asleep.active = false;
        asleep.version = work->version;
        asleep.modified_us = work->at_us;
        enum err e = credential_revoke_all(work, row->no);
        if (!e)
                e = resource_update(work->session, work->root_no, row, &asleep, work->fault);
        if (!e)
                e = work_effect_resource(work, &asleep);
        if (e)
                return e;
        *row = asleep;
        return ERR_OK;
}

static enum err begin_end(struct work *work, struct resource_row *row, struct connection_job *job)
{
        int64_t users = 0, groups = 0;
        struct guard guard;
        enum err e = counts(work, row->no, &users, &groups);
        if (!e)
                e = check_confirmed(work, users);
        if (!e)
                e = guard_begin(work, &guard);
        if (!e)
                e = put_to_sleep(work, row);
        if (!e)
                e = connection_job_store(work, job); /* before the guard looks: what is to go does not count */
        if (!e)
                e = guard_end(work, &guard);
        return e ? e
                 : work_body_json(work, json_pack("{s:s, s:s, s:I, s:I}", "id", row->id, "verb", verbs[job->verb].word, "users",
                                                (json_int_t)users, "groups", (json_int_t)groups));
}

static enum err describe(struct work *work, enum ledger_event event, const struct resource_row *row)
{
        work->event = event;
        work->object_kind = KIND_CONNECTION;
        work->object_no = row->no;
        work->changed = true;
        work->change->after.resource = *row;
        return ERR_OK;
}

static bool is_offered(const struct work *work)
{
        bool deletes = work->change->verb == CHANGE_DELETE;
        enum connection_verb verb = work->change->wish.verb;
        bool fits = verbs[verb].begin ? verbs[verb].ends == deletes : deletes;
        return fits && work->change->type->kind == KIND_CONNECTION;
}

enum err connection_begin(struct work *work)
{
        const struct connection_wish *wish = &work->change->wish;
        struct connection_job running, job = { .verb = wish->verb, .join_by = wish->join_by, .started_us = work->at_us };
        struct resource_row row;
        if (!is_offered(work))
                return fault_set(work->fault, ERR_METHOD, "", "%ss cannot be changed this way", work->change->type->word);
        enum err e = thing_load(work, wish->verb ? verbs[wish->verb].right : "delete", &row);
        if (!e && !wish->verb) /* what is not there, or not the caller's, is so whatever he forgot to say */
                e = fault_set(work->fault, ERR_VALUE, "keep",
                        "deleting a connection says what becomes of what it gave: keep makes it local, remove takes it away");
        if (!e)
                e = connection_job_load(work, &running);
        if (e)
                return e;
        work->change->after.resource = row;
        work->change->job = running;
        if (running.connection_no == row.no && running.verb == wish->verb)
                return ERR_OK; /* begun already: go on */
        if (running.connection_no)
                return fault_set(work->fault, ERR_CONFLICT, "",
                        "another piece of work on a whole connection (%s) is under way here; wait for it", verbs[running.verb].word);
        job.connection_no = row.no;
        e = verbs[wish->verb].begin(work, &row, &job);
        if (e)
                return e;
        work->change->job = job;
        return describe(work, EVENT_WORK_BEGUN, &row);
}

/* ---- steps ---- */

static enum err finish(struct work *work, const struct work_step *step)
{
        const struct resource_row *row = &step->connection;
        const struct connection_job *job = &step->job;
        enum err e = session_run(work->session, ST_JOB_END, NULL, work->fault, V_I64(work->root_no));
        if (!e && verbs[job->verb].ends)
                e = mapping_connection_gone(work, row->no);
        if (!e && verbs[job->verb].ends)
                e = threshold_forget(work, row->no);
        if (!e && verbs[job->verb].ends) {
                static const enum statement kept[] = { ST_CONFLICTS_FORGET, ST_ADOPTIONS_CLEAR, ST_PULSE_FORGET };
                for (size_t i = 0; !e && i < COUNT_OF(kept); i++)
                        e = session_run(work->session, kept[i], NULL, work->fault, V_I64(work->root_no), V_I64(row->no));
                if (!e)
                        e = session_run(work->session, ST_RESOURCE_BIN, NULL, work->fault, V_I64(work->root_no), V_I64(row->no),
                                V_I64(work->version), V_I64(work->at_us));
                if (!e)
                        e = count_move(work->session, work->root_no, row->kind, COUNT_ALL, -1, work->fault);
                const struct effect gone = { .kind = EFFECT_GONE, .no = row->no };
                if (!e)
                        e = work_effect(work, &gone);
        }
        return e ? e : describe(work, verbs[job->verb].ends ? EVENT_DELETED : EVENT_WORK_DONE, row);
}

size_t step_size(const struct work_step *step, size_t most)
{
        size_t at_once = step->work->change->step.at_once;
        return at_once && at_once < most ? at_once : most;
}

enum err step_claims(const struct work_step *step, enum resource_kind kind, int64_t *list, size_t max, size_t *ret_count)
{
        const struct work *work = step->work;
        return session_query_numbers(work->session, ST_CLAIMS_LIVE, list, max, ret_count, work->fault, V_I64(work->root_no),
                V_I64(step->job.connection_no), V_I64(kind), V_I64(step->job.at_no), V_I64(max));
}

bool step_skips(const struct work_step *step)
{
        return step->work->change->step.skips;
}

static enum err run_phase(struct work *work, struct work_step *step)
{
        const step_run *phases = verbs[step->job.verb].phases;
        int64_t phase = step->job.phase;
        enum err e = phases[phase](step);
        work->change->type = resource_type(KIND_CONNECTION);
        if (e)
                return e;
        if (step->done) {
                step->job.phase++;
                step->job.at_no = step->job.member_no = 0;
        }
        if (!phases[step->job.phase])
                return finish(work, step);
        e = connection_job_store(work, &step->job);
        return e ? e : describe(work, EVENT_WORK_STEP, &step->connection);
}

enum err connection_step(struct work *work)
{
        struct work_step step = { .work = work };
        if (work->actor->kind != ACTOR_SYSTEM)
                return fault_set(work->fault, ERR_METHOD, "", "connections cannot be changed this way");
        enum err e = connection_job_load(work, &step.job);
        work->change->job = step.job;
        if (e || !step.job.connection_no)
                return e;
        e = resource_load(work->session, work->root_no, step.job.connection_no, work->arena, &step.connection, work->fault);
        if (!e)
                e = run_phase(work, &step);
        if (e)
                return e;
        work->change->job = step.job;
        return work_body_json(work, json_pack("{s:s, s:s, s:I, s:I, s:I, s:I}", "id", step.connection.id, "verb", verbs[step.job.verb].word,
                                            "phase", (json_int_t)step.job.phase, "users", (json_int_t)step.job.users, "groups",
                                            (json_int_t)step.job.groups, "edges", (json_int_t)step.job.edges));
}

/* ---- going on ---- */

static enum err submit_step(struct directory *directory, const struct actor *system, struct arena *arena, size_t at_once, bool skips,
        struct connection_job *ret, struct fault *fault)
{
        arena_reset(arena);
        struct change change = {
                .verb = CHANGE_STEP,
                .actor = system,
                .type = resource_type(KIND_CONNECTION),
                .step = { .at_once = at_once, .skips = skips },
                .alone = true,
                .arena = arena,
                .deadline_us = clock_steady_us() + STEP_DEADLINE_US,
        };
        enum err e = directory_change(directory, &change, fault);
        if (!e)
                *ret = change.job;
        return e;
}

/* What comes again however often it is tried. */
static bool is_lasting(enum err e)
{
        int status = error_row(e)->http_status;
        return status >= 400 && status < 500 && status != 429;
}

/* job->connection_no 0 afterwards: nothing is left to do. One that cannot be done must not stop the others: it is tried alone, then passed
 * over, and stays as it is. */
static enum err one_step(
        struct directory *directory, const struct actor *system, struct arena *arena, struct connection_job *job, struct fault *fault)
{
        struct connection_job now = { 0 };
        enum err e = submit_step(directory, system, arena, 0, false, &now, fault);
        if (is_lasting(e))
                e = submit_step(directory, system, arena, 1, false, &now, fault);
        if (is_lasting(e)) {
                log_event(LOG_WARN, "connection-work-skipped", LOG_I64("root", system->root_no),
                        LOG_TEXT("why", fault ? fault->message : ""));
                e = submit_step(directory, system, arena, 1, true, &now, fault);
        }
        if (e)
                return e;
        bool more = now.connection_no && verbs[now.verb].phases[now.phase];
        if (now.connection_no)
                *job = now;
        job->connection_no = more ? now.connection_no : 0;
        return ERR_OK;
}

/* Steps until it is done, or the time is up. */
static enum err go_on(struct directory *directory, int64_t root_no, int64_t until_us, struct connection_job *job, struct fault *fault)
{
        const struct actor system = { .kind = ACTOR_SYSTEM, .root_no = root_no };
        struct arena *arena = arena_new(STEP_ARENA);
        if (!arena)
                return fault_set(fault, ERR_MEMORY, "", "out of memory");
        enum err e = ERR_OK;
        do {
                e = one_step(directory, &system, arena, job, fault);
        } while (!e && job->connection_no && clock_steady_us() < until_us);
        arena_free(arena);
        return e;
}

static enum err work_on(struct directory *directory, struct change *change, int64_t until_us, struct fault *fault)
{
        atomic_fetch_add(&directory->at_work, 1);
        enum err e = go_on(directory, change->actor->root_no, until_us, &change->job, fault);
        atomic_fetch_sub(&directory->at_work, 1);
        return e;
}

enum err connection_work(struct directory *directory, struct change *change, int64_t until_us, struct fault *fault)
{
        enum err e = directory_change(directory, change, fault);
        if (e || change->dry_run)
                return e;
        return work_on(directory, change, until_us, fault);
}

void connection_continue(struct directory *directory, struct change *change, int64_t until_us)
{
        struct fault fault = { 0 };
        if (work_on(directory, change, until_us, &fault))
                log_event(LOG_WARN, "connection-work-waits", LOG_I64("root", change->actor->root_no), LOG_TEXT("why", fault.message));
}

#define ROOTS_MAX 100

void directory_continue_work(struct directory *directory, struct session *reader, int64_t budget_us)
{
        int64_t roots[ROOTS_MAX], until_us = clock_steady_us() + budget_us;
        size_t count = 0;
        struct fault fault = { 0 };
        if (atomic_load(&directory->at_work)) /* who asked for it does it, and tells how it ended */
                return;
        if (session_query_numbers_values(reader, ST_JOB_ROOTS, NULL, 0, roots, ROOTS_MAX, &count, &fault))
                log_event(LOG_WARN, "connection-work-waits", LOG_TEXT("why", fault.message));
        for (size_t i = 0; i < count; i++) {
                struct connection_job job = { 0 };
                if (go_on(directory, roots[i], until_us, &job, &fault))
                        log_event(LOG_WARN, "connection-work-waits", LOG_I64("root", roots[i]), LOG_TEXT("why", fault.message));
        }
}
