/* SPDX-License-Identifier: Apache-2.0
 *
 * The promises of the write queue, on both engines: a job fails alone, order within a root, savepoints, the AUDITED rule, deadlines,
 * jobs that run alone, what happens when a statement or COMMIT fails. */
#include <pthread.h>
#include <semaphore.h>
#include "base/clock.h"
#include "store/fixture.h"

static void roots(struct fixture *fixture, int64_t count)
{
        assert_ok(fixture_submit(fixture, job_insert_roots, &count));
}

/* ---- jobs that gather in one batch: the writer is held by a gate meanwhile ---- */

struct gate {
        struct fixture *fixture;
        sem_t entered, open;
        pthread_t thread;
};

static enum err job_gate(struct session *session, void *context, struct fault *fault)
{
        struct gate *gate = context;
        (void)sem_post(&gate->entered);
        (void)sem_wait(&gate->open);
        return ERR_OK;
}

static void *gate_main(void *context)
{
        struct gate *gate = context;
        const struct write_job job = { .root_no = 1, .run = job_gate, .context = gate };
        assert_ok(write_queue_submit(gate->fixture->queue, &job, NULL));
        return NULL;
}

static void gate_shut(struct gate *gate, struct fixture *fixture)
{
        gate->fixture = fixture;
        (void)sem_init(&gate->entered, 0, 0);
        (void)sem_init(&gate->open, 0, 0);
        assert_int_equal(pthread_create(&gate->thread, NULL, gate_main, gate), 0);
        (void)sem_wait(&gate->entered);
}

static void gate_open(struct gate *gate)
{
        (void)sem_post(&gate->open);
        (void)pthread_join(gate->thread, NULL);
}

struct submitter {
        struct write_job job;
        struct write_ticket ticket;
        enum err result;
        struct fault fault;
};

static void submit_begin(struct fixture *fixture, struct submitter *submitters, size_t count)
{
        for (size_t i = 0; i < count; i++)
                write_queue_begin(fixture->queue, &submitters[i].job, &submitters[i].ticket);
}

static void submit_end(struct submitter *submitters, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                submitters[i].fault = (struct fault){ 0 };
                submitters[i].result = write_queue_end(&submitters[i].ticket, &submitters[i].fault);
        }
}

/* Queues the jobs in order behind a gate, so that they form one batch, and waits for all. */
static void submit_together(struct fixture *fixture, struct submitter *submitters, size_t count)
{
        struct gate gate;
        gate_shut(&gate, fixture);
        submit_begin(fixture, submitters, count);
        gate_open(&gate);
        submit_end(submitters, count);
}

static enum err job_refuse(struct session *session, void *context, struct fault *fault)
{
        const struct new_resource written = { 1, 50, 0, 2, 0, 1, "written by a job that fails", NULL };
        struct root_row *root = NULL;
        enum err e = insert_resource(session, &written, fault);
        if (!e)
                e = session_root(session, 1, &root, fault);
        if (e)
                return e;
        root->revision += 1000;
        return fault_set(fault, ERR_FORBIDDEN, "x", "no");
}

static enum err job_insert_and_raise(struct session *session, void *context, struct fault *fault)
{
        enum err e = insert_resource(session, context, fault);
        return e ? e : job_raise_revision(session, NULL, fault);
}

static void a_job_that_fails_rolls_back_alone(struct fixture *fixture)
{
        const struct new_resource first = { 1, 1, 0, 2, 0, 1, "a", NULL }, second = { 1, 2, 0, 2, 0, 1, "b", NULL };
        const struct new_resource taken = { 1, 3, 0, 2, 0, 1, "a", NULL };
        struct submitter jobs[] = {
                { .job = { .root_no = 1, .run = job_insert_and_raise, .context = (void *)&first } },
                { .job = { .root_no = 1, .run = job_refuse } },
                { .job = { .root_no = 1, .run = job_insert_and_raise, .context = (void *)&taken } },
                { .job = { .root_no = 1, .run = job_insert_and_raise, .context = (void *)&second } },
        };
        roots(fixture, 1);
        uint64_t commits = store_counters(fixture->store).commits;
        submit_together(fixture, jobs, COUNT_OF(jobs));
        assert_int_equal(store_counters(fixture->store).commits, commits + 2); /* the gate's and one for all */
        assert_ok(jobs[0].result);
        assert_err(jobs[1].result, ERR_FORBIDDEN);
        assert_string_equal(jobs[1].fault.field, "x");
        assert_err(jobs[2].result, ERR_TAKEN);
        assert_string_equal(jobs[2].fault.field, "resource_user_name");
        assert_ok(jobs[3].result);
        assert_true(resource_exists(fixture->reader, 1, 1) && resource_exists(fixture->reader, 1, 2));
        assert_false(resource_exists(fixture->reader, 1, 3) || resource_exists(fixture->reader, 1, 50));
        assert_int_equal(read_revision(fixture->reader, 1), 2);
}

static void a_job_to_be_undone_answers_and_leaves_nothing(struct fixture *fixture)
{
        const struct new_resource first = { 1, 1, 0, 2, 0, 1, "a", NULL }, tried = { 1, 2, 0, 2, 0, 1, "b", NULL };
        const struct new_resource second = { 1, 3, 0, 2, 0, 1, "b", NULL };
        struct submitter jobs[] = {
                { .job = { .root_no = 1, .run = job_insert_and_raise, .context = (void *)&first } },
                { .job = { .root_no = 1, .run = job_insert_and_raise, .context = (void *)&tried, .undo = true } },
                { .job = { .root_no = 1, .run = job_insert_and_raise, .context = (void *)&second } },
        };
        roots(fixture, 1);
        submit_together(fixture, jobs, COUNT_OF(jobs));
        for (size_t i = 0; i < COUNT_OF(jobs); i++)
                assert_ok(jobs[i].result);
        assert_ok(write_queue_submit(fixture->queue, &jobs[1].job, &fixture->fault) == ERR_TAKEN ? ERR_OK : ERR_INTERNAL);
        assert_false(resource_exists(fixture->reader, 1, 2));
        assert_true(resource_exists(fixture->reader, 1, 1) && resource_exists(fixture->reader, 1, 3));
        assert_int_equal(read_revision(fixture->reader, 1), 2);
}

static void a_batch_in_which_all_fail_writes_nothing(struct fixture *fixture)
{
        struct submitter jobs[] = { { .job = { .root_no = 1, .run = job_refuse } }, { .job = { .root_no = 1, .run = job_refuse } } };
        roots(fixture, 1);
        submit_together(fixture, jobs, COUNT_OF(jobs));
        assert_err(jobs[0].result, ERR_FORBIDDEN);
        assert_err(jobs[1].result, ERR_FORBIDDEN);
        assert_int_equal(read_revision(fixture->reader, 1), 0);
        assert_ok(fixture_submit(fixture, job_raise_revision, NULL));
        assert_int_equal(read_revision(fixture->reader, 1), 1);
}

static void a_job_that_wants_to_run_alone_gets_its_own_commit(struct fixture *fixture)
{
        struct submitter jobs[5] = { 0 };
        roots(fixture, 1);
        for (size_t i = 0; i < COUNT_OF(jobs); i++)
                jobs[i].job = (struct write_job){ .root_no = 1, .alone = i == 2, .run = job_raise_revision };
        uint64_t commits = store_counters(fixture->store).commits;
        submit_together(fixture, jobs, COUNT_OF(jobs));
        for (size_t i = 0; i < COUNT_OF(jobs); i++)
                assert_ok(jobs[i].result);
        assert_int_equal(store_counters(fixture->store).commits, commits + 1 + 3); /* gate; two, one, two */
        assert_int_equal(read_revision(fixture->reader, 1), 5);
}

/* ---- the root row ---- */

static enum err job_unknown_root(struct session *session, void *context, struct fault *fault)
{
        struct root_row *root;
        return session_root(session, 77, &root, fault);
}

static enum err job_two_roots(struct session *session, void *context, struct fault *fault)
{
        for (int round = 0; round < 3; round++)
                for (int64_t root_no = 1; root_no <= 9; root_no += 4) {
                        enum err e = job_raise_revision(session, &root_no, fault);
                        if (e)
                                return e;
                }
        return ERR_OK;
}

static void the_root_row_is_locked_changed_and_stored(struct fixture *fixture)
{
        roots(fixture, 9);
        assert_err(fixture_submit(fixture, job_unknown_root, NULL), ERR_NOT_FOUND);
        assert_ok(fixture_submit(fixture, job_two_roots, NULL));
        for (int64_t root_no = 1; root_no <= 9; root_no++)
                assert_int_equal(read_revision(fixture->reader, root_no), root_no % 4 == 1 ? 3 : 0);
}

static enum err job_new_root_fails(struct session *session, void *context, struct fault *fault)
{
        struct root_row *root = NULL;
        enum err e = insert_root(session, 5, fault);
        if (!e)
                e = session_root(session, 5, &root, fault);
        return e ? e : fault_set(fault, ERR_FORBIDDEN, "", "no");
}

static enum err job_raise_root_5(struct session *session, void *context, struct fault *fault)
{
        int64_t root_no = 5;
        return job_raise_revision(session, &root_no, fault);
}

static void a_root_row_is_forgotten_with_the_job_that_locked_it(struct fixture *fixture)
{
        struct submitter jobs[] = { { .job = { .root_no = 1, .run = job_new_root_fails } },
                { .job = { .root_no = 1, .run = job_raise_root_5 } } };
        roots(fixture, 1);
        submit_together(fixture, jobs, COUNT_OF(jobs));
        assert_err(jobs[0].result, ERR_FORBIDDEN);
        assert_err(jobs[1].result, ERR_NOT_FOUND);
}

/* ---- the AUDITED rule ---- */

static enum err job_unaudited(struct session *session, void *context, struct fault *fault)
{
        return session_run(session, ST_RESOURCE_INSERT, NULL, fault, V_I64(1), V_I64(60), V_TEXT("id"), V_I64(0), V_I64(2), V_TEXT("n"),
                V_I64(0), V_I64(1), V_I64(1), V_I64(1), V_TEXT("{}"));
}

static enum err job_plain(struct session *session, void *context, struct fault *fault)
{
        return session_run(session, ST_CREDENTIAL_USED, NULL, fault, V_I64(1), V_I64(1), V_I64(1));
}

static void an_audited_statement_without_ledger_entry_is_refused(struct fixture *fixture)
{
        const struct new_resource fine = { 1, 1, 0, 2, 0, 1, "a", NULL };
        /* The mark of a neighbour, before or after, does not count. */
        struct submitter jobs[] = {
                { .job = { .root_no = 1, .run = job_insert_and_raise, .context = (void *)&fine } },
                { .job = { .root_no = 1, .run = job_unaudited } },
                { .job = { .root_no = 1, .run = job_plain } },
        };
        roots(fixture, 1);
        submit_together(fixture, jobs, COUNT_OF(jobs));
        assert_ok(jobs[0].result);
        assert_err(jobs[1].result, ERR_INTERNAL);
        assert_ok(jobs[2].result);
        assert_false(resource_exists(fixture->reader, 1, 60));
        assert_err(fixture_submit(fixture, job_unaudited, NULL), ERR_INTERNAL); /* also when it is the only job */
        assert_false(resource_exists(fixture->reader, 1, 60));
}

static enum err job_meets_no_row(struct session *session, void *context, struct fault *fault)
{
        return session_run(session, ST_MEMBER_REMOVE, NULL, fault, V_I64(1), V_I64(98), V_I64(99), V_I64(0));
}

static void an_audited_statement_that_met_no_row_needs_no_entry(struct fixture *fixture)
{
        roots(fixture, 1);
        assert_ok(fixture_submit(fixture, job_meets_no_row, NULL));
}

/* ---- a failed statement ends its job ---- */

static enum err job_swallow(struct session *session, void *context, struct fault *fault)
{
        const struct new_resource good = { 1, 5, 0, 2, 0, 1, "after", NULL };
        (void)!insert_resource(session, context, fault); /* fails; the job goes on */
        enum err e = insert_resource(session, &good, fault);
        assert_err(e, ERR_TAKEN);
        return ERR_OK;
}

static void a_job_cannot_go_on_after_a_failed_statement(struct fixture *fixture)
{
        const struct new_resource first = { 1, 1, 0, 2, 0, 1, "a", NULL }, taken = { 1, 2, 0, 2, 0, 1, "a", NULL };
        roots(fixture, 1);
        assert_ok(fixture_submit(fixture, job_insert_resource, (void *)&first));
        assert_err(fixture_submit(fixture, job_swallow, (void *)&taken), ERR_TAKEN);
        assert_string_equal(fixture->fault.field, "resource_user_name");
        assert_false(resource_exists(fixture->reader, 1, 5));
}

/* ---- waiting ---- */

static void a_job_past_its_deadline_does_not_start(struct fixture *fixture)
{
        struct submitter jobs[3] = { 0 };
        roots(fixture, 1);
        for (size_t i = 0; i < COUNT_OF(jobs); i++)
                jobs[i].job = (struct write_job){ .root_no = 1, .run = job_raise_revision };
        jobs[1].job.deadline_us = clock_steady_us() + 1;
        jobs[2].job.deadline_us = clock_steady_us() + 60 * US_PER_S;
        submit_together(fixture, jobs, COUNT_OF(jobs));
        assert_ok(jobs[0].result);
        assert_err(jobs[1].result, ERR_DEADLINE);
        assert_true(jobs[1].fault.retry_after_s > 0);
        assert_ok(jobs[2].result);
        assert_int_equal(read_revision(fixture->reader, 1), 2);
}

static void a_full_queue_refuses(struct fixture *fixture)
{
        struct submitter jobs[2] = { 0 };
        struct gate gate;
        roots(fixture, 1);
        write_queue_stop(STEAL(fixture->queue));
        const struct write_queue_options options = { .store = fixture->store, .length_max = 2 };
        assert_ok(write_queue_start(&options, &fixture->queue, &fixture->fault));
        gate_shut(&gate, fixture);
        for (size_t i = 0; i < COUNT_OF(jobs); i++)
                jobs[i].job = (struct write_job){ .root_no = 1, .run = job_raise_revision };
        submit_begin(fixture, jobs, COUNT_OF(jobs));
        assert_err(fixture_submit(fixture, job_raise_revision, NULL), ERR_UNAVAILABLE);
        assert_int_equal(fixture->fault.retry_after_s, 1);
        gate_open(&gate);
        submit_end(jobs, COUNT_OF(jobs));
        for (size_t i = 0; i < COUNT_OF(jobs); i++)
                assert_ok(jobs[i].result);
        assert_ok(fixture_submit(fixture, job_raise_revision, NULL));
}

/* Five jobs that one thread begins find room behind the gate, the sixth does not; one is refused, and the others share a commit in their
 * order. */
static void each_of_several_that_one_thread_begins_is_answered(struct fixture *fixture)
{
        const struct new_resource rows[] = { { 1, 1, 0, 2, 0, 1, "a", NULL }, { 1, 2, 0, 2, 0, 1, "b", NULL },
                { 1, 3, 0, 2, 0, 1, "a", NULL }, { 1, 4, 0, 2, 0, 1, "d", NULL } };
        struct submitter jobs[6] = { 0 };
        roots(fixture, 1);
        write_queue_stop(STEAL(fixture->queue));
        const struct write_queue_options options = { .store = fixture->store, .length_max = 5 };
        assert_ok(write_queue_start(&options, &fixture->queue, &fixture->fault));
        for (size_t i = 0; i < COUNT_OF(jobs); i++)
                jobs[i].job = (struct write_job){ .root_no = 1, .run = job_raise_revision };
        for (size_t i = 0; i < COUNT_OF(rows); i++)
                jobs[i].job = (struct write_job){ .root_no = 1, .run = job_insert_and_raise, .context = (void *)&rows[i] };
        uint64_t commits = store_counters(fixture->store).commits;
        submit_together(fixture, jobs, COUNT_OF(jobs));
        static const enum err expected[] = { ERR_OK, ERR_OK, ERR_TAKEN, ERR_OK, ERR_OK, ERR_UNAVAILABLE };
        for (size_t i = 0; i < COUNT_OF(expected); i++)
                assert_int_equal(jobs[i].result, expected[i]);
        assert_string_equal(jobs[2].fault.field, "resource_user_name");
        assert_int_equal(jobs[5].fault.retry_after_s, 1);
        assert_int_equal(store_counters(fixture->store).commits, commits + 2); /* the gate's and one for all */
        assert_int_equal(read_revision(fixture->reader, 1), 4);
        assert_true(
                resource_exists(fixture->reader, 1, 1) && resource_exists(fixture->reader, 1, 2) && resource_exists(fixture->reader, 1, 4));
        assert_false(resource_exists(fixture->reader, 1, 3));
}

static void stop_runs_what_is_queued(struct fixture *fixture)
{
        struct submitter jobs[5] = { 0 };
        struct gate gate;
        roots(fixture, 1);
        for (size_t i = 0; i < COUNT_OF(jobs); i++)
                jobs[i].job = (struct write_job){ .root_no = 1, .run = job_raise_revision };
        gate_shut(&gate, fixture);
        submit_begin(fixture, jobs, COUNT_OF(jobs));
        (void)sem_post(&gate.open);
        write_queue_stop(fixture->queue);
        (void)pthread_join(gate.thread, NULL);
        submit_end(jobs, COUNT_OF(jobs));
        for (size_t i = 0; i < COUNT_OF(jobs); i++)
                assert_ok(jobs[i].result);
        fixture->queue = NULL;
        assert_int_equal(read_revision(fixture->reader, 1), 5);
}

/* ---- many threads ---- */

#define THREADS 8
#define ROUNDS 40
#define ROOTS 4

struct history {
        struct fixture *fixture;
        int64_t root_no;
        int64_t revision;      /* of this job's run */
        int64_t *last_applied; /* of this root; touched by its writer only */
        bool in_order;
};

static enum err job_history(struct session *session, void *context, struct fault *fault)
{
        struct history *history = context;
        struct root_row *root = NULL;
        enum err e = session_root(session, history->root_no, &root, fault);
        if (e)
                return e;
        history->revision = ++root->revision;
        return ERR_OK;
}

static void history_apply(void *context)
{
        struct history *history = context;
        history->in_order = history->revision == *history->last_applied + 1;
        *history->last_applied = history->revision;
}

static void *history_main(void *context)
{
        struct history *history = context;
        const struct write_job job = { .root_no = history->root_no, .context = history, .run = job_history, .committed = history_apply };
        int64_t before = 0;
        for (int i = 0; i < ROUNDS; i++) {
                assert_ok(write_queue_submit(history->fixture->queue, &job, NULL));
                assert_true(history->in_order && history->revision > before);
                before = history->revision;
        }
        return NULL;
}

static void *read_main(void *context)
{
        struct fixture *fixture = context;
        struct session *reader = NULL;
        int64_t before = 0;
        assert_ok(store_reader_open(fixture->store, &reader, NULL));
        while (before < ROUNDS * THREADS / ROOTS) {
                assert_ok(session_snapshot_begin(reader, NULL));
                int64_t now = read_revision(reader, 1);
                assert_true(now >= before);
                assert_int_equal(read_revision(reader, 1), now);
                session_snapshot_end(reader);
                before = now;
        }
        session_close(reader);
        return NULL;
}

static void many_threads_write_and_read(struct fixture *fixture)
{
        pthread_t writers[THREADS], readers[3];
        struct history histories[THREADS];
        int64_t applied[ROOTS] = { 0 };
        roots(fixture, ROOTS);
        for (size_t i = 0; i < COUNT_OF(readers); i++)
                assert_int_equal(pthread_create(&readers[i], NULL, read_main, fixture), 0);
        for (size_t i = 0; i < THREADS; i++) {
                histories[i] =
                        (struct history){ .fixture = fixture, .root_no = (int64_t)i % ROOTS + 1, .last_applied = &applied[i % ROOTS] };
                assert_int_equal(pthread_create(&writers[i], NULL, history_main, &histories[i]), 0);
        }
        for (size_t i = 0; i < THREADS; i++)
                (void)pthread_join(writers[i], NULL);
        for (size_t i = 0; i < COUNT_OF(readers); i++)
                (void)pthread_join(readers[i], NULL);
        for (int64_t root_no = 1; root_no <= ROOTS; root_no++)
                assert_int_equal(read_revision(fixture->reader, root_no), ROUNDS * THREADS / ROOTS);
        struct store_counters counters = store_counters(fixture->store);
        assert_int_equal(counters.jobs, 1 + THREADS * ROUNDS);
        assert_true(counters.commits <= counters.jobs && counters.errors == 0);
}

/* ---- injected failures ---- */

struct injection {
        int countdown; /* the statement that fails; 0: none any more */
        enum err err;
        bool only_commit;
};

static enum err inject(void *context, enum statement statement, struct fault *fault)
{
        struct injection *injection = context;
        if (injection->only_commit && statement != STATEMENT_COUNT)
                return ERR_OK;
        return injection->countdown && --injection->countdown == 0 ? injection->err : ERR_OK;
}

struct outcome {
        int committed, abandoned;
        int64_t no;
};

static enum err job_outcome(struct session *session, void *context, struct fault *fault)
{
        const struct outcome *outcome = context;
        char name[16];
        (void)snprintf(name, sizeof name, "n%d", (int)outcome->no);
        const struct new_resource resource = { 1, outcome->no, 0, 2, 0, 1, name, NULL };
        return job_insert_and_raise(session, (void *)&resource, fault);
}

static void outcome_committed(void *context)
{
        ((struct outcome *)context)->committed++;
}

static void outcome_abandoned(void *context)
{
        ((struct outcome *)context)->abandoned++;
}

/* Three jobs in one batch; fails each statement of the batch in turn, and COMMIT. Whatever happens, what was answered is true. */
static void each_statement_in_turn_may_fail(struct fixture *fixture)
{
        struct injection injection = { 0 };
        int64_t next_no = 1, stored = 0;
        int fired = 0;
        write_queue_stop(STEAL(fixture->queue));
        store_set_fault_hook_for_test(fixture->store, inject, &injection);
        const struct write_queue_options options = { .store = fixture->store, .length_max = 100 };
        assert_ok(write_queue_start(&options, &fixture->queue, &fixture->fault));
        roots(fixture, 1);
        for (int nth = 1; nth <= 9; nth++) {
                struct outcome outcomes[3] = { 0 };
                struct submitter jobs[3] = { 0 };
                for (size_t i = 0; i < COUNT_OF(jobs); i++) {
                        outcomes[i].no = next_no++;
                        jobs[i].job = (struct write_job){ .root_no = 1,
                                .context = &outcomes[i],
                                .run = job_outcome,
                                .committed = outcome_committed,
                                .abandoned = outcome_abandoned };
                }
                injection = (struct injection){ .countdown = nth + 1, .err = ERR_STORAGE_FULL }; /* the gate's COMMIT is the first */
                submit_together(fixture, jobs, COUNT_OF(jobs));
                fired += injection.countdown == 0;
                for (size_t i = 0; i < COUNT_OF(jobs); i++) {
                        bool ok = jobs[i].result == ERR_OK;
                        assert_true(ok || jobs[i].result == ERR_STORAGE_FULL);
                        assert_int_equal(outcomes[i].committed, ok);
                        assert_int_equal(outcomes[i].abandoned, 0);
                        injection.countdown = 0;
                        assert_int_equal(resource_exists(fixture->reader, 1, outcomes[i].no), ok);
                        stored += ok;
                }
        }
        /* A batch that one job spoilt runs once more, and then the fault is gone. */
        assert_int_equal(fired, 6); /* a lock, three inserts, the root, COMMIT */
        assert_true(stored > 9 * 2 && stored <= 9 * 3);
        assert_int_equal(read_revision(fixture->reader, 1), stored);
}

static void a_commit_that_fails_for_good_is_answered_and_abandoned(struct fixture *fixture)
{
        struct injection injection = { 0 };
        struct outcome outcome = { .no = 1 };
        write_queue_stop(STEAL(fixture->queue));
        store_set_fault_hook_for_test(fixture->store, inject, &injection);
        const struct write_queue_options options = { .store = fixture->store, .length_max = 100 };
        assert_ok(write_queue_start(&options, &fixture->queue, &fixture->fault));
        roots(fixture, 1);
        injection = (struct injection){ .countdown = 1, .err = ERR_STORAGE_FULL, .only_commit = true };
        const struct write_job job = {
                .root_no = 1, .context = &outcome, .run = job_outcome, .committed = outcome_committed, .abandoned = outcome_abandoned
        };
        assert_err(write_queue_submit(fixture->queue, &job, &fixture->fault), ERR_STORAGE_FULL);
        assert_int_equal(outcome.committed, 0);
        assert_int_equal(outcome.abandoned, 1);
        assert_false(resource_exists(fixture->reader, 1, 1));
        assert_ok(write_queue_submit(fixture->queue, &job, &fixture->fault));
        assert_int_equal(outcome.committed, 1);
        assert_int_equal(read_revision(fixture->reader, 1), 1);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(a_job_that_fails_rolls_back_alone, ON_BOTH),
                FIXTURE_TEST(a_job_to_be_undone_answers_and_leaves_nothing, ON_BOTH),
                FIXTURE_TEST(a_batch_in_which_all_fail_writes_nothing, ON_BOTH),
                FIXTURE_TEST(a_job_that_wants_to_run_alone_gets_its_own_commit, ON_BOTH),
                FIXTURE_TEST(the_root_row_is_locked_changed_and_stored, ON_BOTH),
                FIXTURE_TEST(a_root_row_is_forgotten_with_the_job_that_locked_it, ON_BOTH),
                FIXTURE_TEST(an_audited_statement_without_ledger_entry_is_refused, ON_BOTH),
                FIXTURE_TEST(an_audited_statement_that_met_no_row_needs_no_entry, ON_BOTH),
                FIXTURE_TEST(a_job_cannot_go_on_after_a_failed_statement, ON_BOTH),
                FIXTURE_TEST(a_job_past_its_deadline_does_not_start, ON_BOTH),
                FIXTURE_TEST(a_full_queue_refuses, ON_BOTH),
                FIXTURE_TEST(each_of_several_that_one_thread_begins_is_answered, ON_BOTH),
                FIXTURE_TEST(stop_runs_what_is_queued, ON_BOTH),
                FIXTURE_TEST(many_threads_write_and_read, ON_BOTH),
                FIXTURE_TEST(each_statement_in_turn_may_fail, ON_BOTH),
                FIXTURE_TEST(a_commit_that_fails_for_good_is_answered_and_abandoned, ON_BOTH),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
