/* SPDX-License-Identifier: Apache-2.0
 *
 * One batch of jobs as one transaction, with its retries: group commit. Every job of a batch is answered from the attempt that was
 * committed, never from one that was undone: what a job saw of its neighbours must have happened.
 *
 * A savepoint around each job costs a copy of every page that the job touches, or a round trip, and nearly all jobs succeed or refuse
 * before they write. So a batch runs without; a job that fails after it wrote undoes the batch, which then runs once more with them. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/clock.h"
#include "store/engine.h"

#define ATTEMPTS_MAX 8
#define RETRY_PAUSE_US (US_PER_MS / 2) /* doubled each time */
#define ASK_PAUSE_US (30 * US_PER_MS)  /* the same: 4 s in all for the server to come back */
#define ROOTS_ASKED_MAX 64

enum verdict {
        VERDICT_ANSWERED, /* each job has its result */
        VERDICT_ALONE,    /* undone: run each job in a transaction of its own */
        VERDICT_AGAIN,    /* undone: run the batch once more */
        VERDICT_SPOILT,   /* undone because of one job: run the batch with savepoints */
        VERDICT_FAILED,   /* undone, and another attempt would not help */
        VERDICT_UNKNOWN,  /* perhaps committed, and only a restart can tell */
};

struct batch {
        struct session *session;
        const struct engine *engine;
        struct connection *connection;
        struct write_ticket **jobs;
        size_t count;
        bool savepoints;
        struct fault fault;             /* why the batch as a whole failed */
        bool ask;                       /* the connection was lost in COMMIT: was_committed must be asked */
        int64_t roots[ROOTS_ASKED_MAX]; /* locked by the lost transaction */
        size_t root_count;
};

static void sleep_us(int64_t pause_us)
{
        (void)nanosleep(&(struct timespec){ .tv_sec = pause_us / US_PER_S, .tv_nsec = pause_us % US_PER_S * 1000 }, NULL);
}

static enum verdict batch_undo(struct batch *batch, enum verdict verdict)
{
        (void)!batch->engine->control(batch->connection, CONTROL_ROLLBACK, NULL);
        session_roots_forget(batch->session);
        return verdict;
}

/* What follows from a failure outside the jobs, or from one that ended the transaction. */
static enum verdict verdict_after(struct batch *batch, enum failure failure)
{
        return batch_undo(batch, failure == FAILURE_LOST || failure == FAILURE_RETRY ? VERDICT_AGAIN : VERDICT_ALONE);
}

static enum err job_run(struct session *session, const struct write_job *job, struct fault *fault)
{
        session_job_begin(session);
        enum err e = job->run(session, job->context, fault);
        if (!e && session->failed) {
                *fault = session->failed_fault;
                return session->failed;
        }
        if (!e && session->ran_audited && !session->marked_audited)
                return fault_set(fault, ERR_INTERNAL, "", "a change was written without its ledger entry");
        fault->code = e; /* a job may answer an error of its own after a fault it did not heed */
        return e;
}

/* Did the job leave anything behind that its savepoint would have taken back? */
static bool job_spoils(const struct batch *batch)
{
        return batch->session->wrote || (batch->session->failed && batch->engine->failure_spoils);
}

/* Runs one job, in its savepoint if there are any. False: the transaction cannot go on, *ret says how. */
static bool batch_job(struct batch *batch, struct write_ticket *ticket, enum verdict *ret)
{
        ticket->fault = (struct fault){ 0 };
        ticket->result = job_run(batch->session, ticket->job, &ticket->fault);
        ticket->ran = ticket->result == ERR_OK && !ticket->job->undo;
        if (ticket->ran) {
                session_roots_keep(batch->session);
                return true;
        }
        enum failure failure = batch->connection->failure;
        bool again = failure == FAILURE_LOST || failure == FAILURE_RETRY;
        if (again || !batch->engine->in_transaction(batch->connection)) {
                batch->fault = ticket->fault;
                batch->fault.code = ticket->result;
                *ret = verdict_after(batch, failure);
                return false;
        }
        if (!batch->savepoints && batch->count > 1 && job_spoils(batch)) {
                *ret = batch_undo(batch, VERDICT_SPOILT);
                return false;
        }
        if (batch->savepoints && batch->engine->control(batch->connection, CONTROL_ROLLBACK_SAVEPOINT, &batch->fault)) {
                *ret = verdict_after(batch, batch->connection->failure);
                return false;
        }
        session_roots_restore(batch->session);
        return true;
}

static void batch_remember_roots(struct batch *batch)
{
        batch->root_count = 0;
        for (size_t i = 0; i < batch->session->root_count && i < ROOTS_ASKED_MAX; i++)
                batch->roots[batch->root_count++] = batch->session->roots[i]->row.root_no;
}

static enum verdict batch_commit(struct batch *batch)
{
        struct session *session = batch->session;
        session_job_begin(session);
        if (session_roots_store(session, &batch->fault))
                return verdict_after(batch, batch->connection->failure);
        if (store_fault_at_commit(session->store, &batch->fault))
                return batch_undo(batch, VERDICT_ALONE);
        batch->connection->failure = FAILURE_NONE;
        enum commit_outcome outcome = batch->engine->commit(batch->connection, &batch->fault);
        if (outcome == COMMIT_DONE) {
                atomic_fetch_add_explicit(&session->store->commits, 1, memory_order_relaxed);
                session_roots_forget(session);
                return VERDICT_ANSWERED;
        }
        atomic_fetch_add_explicit(&session->store->errors, 1, memory_order_relaxed);
        if (outcome == COMMIT_UNDONE)
                return verdict_after(batch, batch->connection->failure);
        batch->ask = outcome == COMMIT_LOST;
        if (batch->ask)
                batch_remember_roots(batch);
        return batch_undo(batch, batch->ask ? VERDICT_AGAIN : VERDICT_UNKNOWN);
}

/* The lost transaction may still be at work in the server: its root locks are waited for before anything is looked up. */
static enum err batch_ask_jobs(struct batch *batch, bool *ret_committed)
{
        const struct write_job *asked = NULL;
        for (size_t i = 0; i < batch->count && !asked; i++)
                if (batch->jobs[i]->ran && batch->jobs[i]->job->was_committed)
                        asked = batch->jobs[i]->job;
        *ret_committed = false;
        if (!asked)
                return ERR_OK;
        enum err e = session_roots_lock_again(batch->session, batch->roots, batch->root_count, &batch->fault);
        /* One transaction held the batch: one answer serves all its jobs. */
        return e ? e : asked->was_committed(batch->session, asked->context, ret_committed, &batch->fault);
}

static enum verdict batch_ask(struct batch *batch)
{
        bool committed;
        session_job_begin(batch->session);
        enum err e = batch->engine->control(batch->connection, CONTROL_BEGIN, &batch->fault);
        if (!e)
                e = batch_ask_jobs(batch, &committed);
        enum failure failure = batch->connection->failure;
        (void)batch_undo(batch, VERDICT_AGAIN);
        if (e)
                return failure == FAILURE_LOST || failure == FAILURE_RETRY ? VERDICT_AGAIN : VERDICT_UNKNOWN;
        batch->ask = false;
        if (committed)
                atomic_fetch_add_explicit(&batch->session->store->commits, 1, memory_order_relaxed);
        return committed ? VERDICT_ANSWERED : VERDICT_AGAIN;
}

static enum verdict batch_attempt(struct batch *batch)
{
        enum verdict verdict;
        batch->fault = (struct fault){ 0 };
        batch->connection->failure = FAILURE_NONE;
        if (batch->engine->revive(batch->connection, &batch->fault))
                return batch->ask ? VERDICT_AGAIN : VERDICT_FAILED;
        if (batch->ask)
                return batch_ask(batch);
        if (batch->engine->control(batch->connection, batch->savepoints ? CONTROL_BEGIN_SAVEPOINT : CONTROL_BEGIN, &batch->fault)) {
                verdict = verdict_after(batch, batch->connection->failure);
                return verdict == VERDICT_ALONE ? VERDICT_FAILED : verdict;
        }
        size_t ran = 0;
        for (size_t i = 0; i < batch->count; i++) {
                if (batch->savepoints && i && batch->jobs[i - 1]->ran &&
                        batch->engine->control(batch->connection, CONTROL_NEXT_SAVEPOINT, &batch->fault))
                        return verdict_after(batch, batch->connection->failure);
                if (!batch_job(batch, batch->jobs[i], &verdict))
                        return verdict;
                ran += batch->jobs[i]->ran;
        }
        return ran ? batch_commit(batch) : batch_undo(batch, VERDICT_ANSWERED);
}

/* Every job gets the batch's fault; those that ran learn that it was in vain. */
static void batch_fail(struct batch *batch)
{
        enum err e = batch->fault.code ? batch->fault.code : ERR_UNAVAILABLE;
        for (size_t i = 0; i < batch->count; i++) {
                struct write_ticket *ticket = batch->jobs[i];
                bool ran = ticket->ran;
                ticket->ran = false;
                ticket->result = e;
                ticket->fault = batch->fault;
                if (ran && ticket->job->abandoned)
                        ticket->job->abandoned(ticket->job->context);
        }
}

static void batch_answer(struct batch *batch)
{
        for (size_t i = 0; i < batch->count; i++)
                if (batch->jobs[i]->ran && batch->jobs[i]->job->committed)
                        batch->jobs[i]->job->committed(batch->jobs[i]->job->context);
}

/* The outcome is unknown: 503 for all. */
static void batch_lose(struct batch *batch)
{
        struct fault fault = batch->fault;
        (void)fault_set(&batch->fault, ERR_UNAVAILABLE, "", "it is not known whether the change was stored: %s", fault.message);
        batch_fail(batch);
}

static bool batch_run_alone(struct session *session, struct write_ticket **jobs, size_t count)
{
        for (size_t i = 0; i < count; i++)
                if (!batch_run(session, &jobs[i], 1)) {
                        struct batch rest = { .session = session, .jobs = jobs + i + 1, .count = count - i - 1, .fault = jobs[i]->fault };
                        batch_fail(&rest);
                        return false;
                }
        return true;
}

static bool any_is_undone(struct write_ticket **jobs, size_t count)
{
        for (size_t i = 0; i < count; i++)
                if (jobs[i]->job->undo)
                        return true;
        return false;
}

bool batch_run(struct session *session, struct write_ticket **jobs, size_t count)
{
        struct batch batch = {
                .session = session,
                .engine = session->store->engine,
                .connection = session->connection,
                .jobs = jobs,
                .count = count,
                .savepoints = any_is_undone(jobs, count),
        };
        enum verdict verdict = VERDICT_AGAIN;
        for (int attempt = 0; attempt < ATTEMPTS_MAX && verdict == VERDICT_AGAIN; attempt++) {
                if (attempt)
                        sleep_us((batch.ask ? ASK_PAUSE_US : RETRY_PAUSE_US) << (attempt - 1));
                verdict = batch_attempt(&batch);
                if (verdict == VERDICT_SPOILT) {
                        batch.savepoints = true;
                        verdict = batch_attempt(&batch);
                }
        }
        if (verdict == VERDICT_ANSWERED) {
                batch_answer(&batch);
        } else if (verdict == VERDICT_UNKNOWN || batch.ask) {
                batch_lose(&batch);
                return !store_is_sqlite(session->store);
        } else if (count > 1 && verdict != VERDICT_FAILED) {
                return batch_run_alone(session, jobs, count);
        } else {
                batch_fail(&batch);
        }
        return true;
}
