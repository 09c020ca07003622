/* SPDX-License-Identifier: Apache-2.0
 *
 * Notices: counted per caller, kind and minute, bounded, written once when their job commits and again when it does not. */
#include "ledger/ledger_fixture.h"
#include <pthread.h>
#include <stdatomic.h>
#include "base/clock.h"

struct flushing {
        struct notices *notices;
        int64_t root_no;
        enum err then;
        size_t count;
        int runs;
};

static enum err job_flush(struct session *session, void *context, struct fault *fault)
{
        struct flushing *flushing = context;
        flushing->runs++;
        enum err e = notices_flush(flushing->notices, session, flushing->root_no, &flushing->count, fault);
        if (!e && flushing->then)
                return fault_set(fault, flushing->then, "", "as the test wishes");
        return e;
}

/* Flushes root 1 in a job and settles it; how many entries were appended. */
static size_t flush(struct fixture *fixture, struct notices *notices, enum err then)
{
        struct flushing flushing = { .notices = notices, .root_no = 1, .then = then };
        assert_err(fixture_submit(fixture, job_flush, &flushing), then);
        if (flushing.count)
                notices_settle(notices, 1, !then);
        return flushing.count;
}

static int64_t entries(struct fixture *fixture)
{
        return raw_number(fixture, "SELECT COUNT(*) FROM ledger");
}

static const struct actor alice = { .kind = ACTOR_IDENTITY, .no = 5 }, bob = { .kind = ACTOR_CONNECTION, .no = 6 };

static void to_next_minute(void)
{
        static int64_t shift_us;
        shift_us += 60 * US_PER_S;
        clock_shift_for_test_us(shift_us);
}

/* A flush near the end of a minute could see the next one. */
static void away_from_the_end_of_a_minute(void)
{
        while (clock_now_us() / US_PER_S % 60 > 50)
                usleep(200000);
}

static void test_equal_refusals_are_one_entry(struct fixture *fixture)
{
        struct notices *notices = notices_new();
        ledger_with(fixture, 0);
        away_from_the_end_of_a_minute();
        for (int i = 0; i < 1000; i++)
                notice_count(notices, 1, &alice, EVENT_REFUSED, "users:create");
        notice_count(notices, 1, &bob, EVENT_REFUSED, "users:create");
        notice_count(notices, 1, &alice, EVENT_UNAUTHENTICATED, "users:create");
        notice_count(notices, 1, &alice, EVENT_REFUSED, "say \"hi\"");
        notice_count(notices, 1, NULL, EVENT_REFUSED, NULL);
        notice_count(notices, 2, &alice, EVENT_REFUSED, "users:create");
        assert_int_equal(flush(fixture, notices, ERR_OK), 5);
        assert_int_equal(raw_number(fixture, "SELECT COUNT(*) FROM ledger WHERE class = 2"), 5);
        assert_int_equal(raw_number(fixture, "SELECT COUNT(*) FROM ledger WHERE actor_kind = 1 AND actor_no = 5 AND event = 'refused' AND "
                                             "substr(body, 1, 40) = '{\"count\":1000,\"detail\":\"users:create\",\"m'"),
                1);
        assert_int_equal(raw_number(fixture, "SELECT COUNT(*) FROM ledger WHERE substr(body, 1, 35) = "
                                             "'{\"count\":1,\"detail\":\"say \\\"hi\\\"\",\"m'"),
                1);
        assert_int_equal(raw_number(fixture, "SELECT COUNT(*) FROM ledger WHERE actor_kind = 0 AND actor_no = 0"), 1);
        verify_expect(fixture, NULL, NULL, ERR_OK);
        notices_free(notices);
}

static void test_a_key_writes_at_most_twice_a_minute(struct fixture *fixture)
{
        struct notices *notices = notices_new();
        ledger_with(fixture, 0);
        away_from_the_end_of_a_minute();
        for (int i = 0; i < 20; i++) {
                notice_count(notices, 1, &alice, EVENT_REFUSED, "x");
                assert_int_equal(flush(fixture, notices, ERR_OK), i == 0);
        }
        int64_t root = 0;
        assert_int_equal(notices_due(notices, &root, 1), 0);
        to_next_minute();
        assert_int_equal(notices_due(notices, &root, 1), 1);
        assert_int_equal(root, 1);
        assert_int_equal(flush(fixture, notices, ERR_OK), 1);
        assert_int_equal(raw_number(fixture, "SELECT COUNT(*) FROM ledger WHERE substr(body, 1, 11) = '{\"count\":19'"), 1);
        assert_int_equal(flush(fixture, notices, ERR_OK), 0);
        notices_free(notices);
}

static void test_due_after_a_second(struct fixture *fixture)
{
        struct notices *notices = notices_new();
        int64_t roots[4];
        away_from_the_end_of_a_minute();
        notice_count(notices, 3, &alice, EVENT_REFUSED, "x");
        notice_count(notices, 3, &bob, EVENT_REFUSED, "x");
        notice_count(notices, 4, &bob, EVENT_REFUSED, "x");
        assert_int_equal(notices_due(notices, roots, 4), 0);
        usleep(1050000);
        assert_int_equal(notices_due(notices, roots, 4), 2);
        assert_int_equal(roots[0] + roots[1], 7);
        assert_int_equal(notices_due(notices, roots, 1), 1);
        notices_free(notices);
}

static void test_a_rolled_back_flush_comes_back(struct fixture *fixture)
{
        struct notices *notices = notices_new();
        ledger_with(fixture, 0);
        away_from_the_end_of_a_minute();
        notice_count(notices, 1, &alice, EVENT_REFUSED, "x");
        assert_int_equal(flush(fixture, notices, ERR_VALUE), 1);
        assert_int_equal(entries(fixture), 0);
        notice_count(notices, 1, &alice, EVENT_REFUSED, "x");
        assert_int_equal(flush(fixture, notices, ERR_OK), 1);
        assert_int_equal(raw_number(fixture, "SELECT COUNT(*) FROM ledger WHERE substr(body, 1, 10) = '{\"count\":2'"), 1);
        notices_free(notices);
}

/* The job ran, its batch was rolled back, and it runs again without anybody settling. */
static void test_a_job_that_runs_again_writes_once(struct fixture *fixture)
{
        struct notices *notices = notices_new();
        ledger_with(fixture, 1);
        away_from_the_end_of_a_minute();
        notice_count(notices, 1, &alice, EVENT_REFUSED, "x");
        struct flushing flushing = { .notices = notices, .root_no = 1, .then = ERR_VALUE };
        assert_err(fixture_submit(fixture, job_flush, &flushing), ERR_VALUE);
        assert_int_equal(flushing.count, 1);
        flushing.then = ERR_OK;
        assert_ok(fixture_submit(fixture, job_flush, &flushing));
        assert_int_equal(flushing.count, 1);
        notices_settle(notices, 1, true);
        assert_int_equal(entries(fixture), 2);
        assert_int_equal(flush(fixture, notices, ERR_OK), 0);
        notices_free(notices);
}

/* Two flushes of one transaction, and a false hint: both stand, so both are written, once. */
static enum err job_two(struct session *session, void *context, struct fault *fault)
{
        struct flushing *flushing = context;
        size_t count = 0;
        enum err e = notices_flush(flushing->notices, session, 1, &count, fault);
        if (e || count != 1)
                return ERR_INTERNAL;
        notice_count(flushing->notices, 1, &bob, EVENT_REFUSED, "later");
        e = notices_flush(flushing->notices, session, 1, &count, fault);
        if (e || count != 1)
                return ERR_INTERNAL;
        notices_settle(flushing->notices, 1, false);
        return ERR_OK;
}

static void test_a_false_hint_writes_nothing_twice(struct fixture *fixture)
{
        struct notices *notices = notices_new();
        int64_t root = 0;
        ledger_with(fixture, 0);
        away_from_the_end_of_a_minute();
        notice_count(notices, 1, &alice, EVENT_REFUSED, "earlier");
        struct flushing flushing = { .notices = notices };
        assert_ok(fixture_submit(fixture, job_two, &flushing));
        assert_int_equal(notices_due(notices, &root, 1), 1); /* to be looked at */
        assert_int_equal(flush(fixture, notices, ERR_OK), 0);
        assert_int_equal(notices_due(notices, &root, 1), 0);
        notices_settle(notices, 1, true);
        notices_settle(notices, 1, true);
        assert_int_equal(flush(fixture, notices, ERR_OK), 0);
        assert_int_equal(entries(fixture), 2);
        notices_stop(notices);
        assert_int_equal(notices_due(notices, &root, 1), 0);
        notices_free(notices);
}

/* Nobody settled, and other entries stand where the flight would. */
static void test_a_lost_flight_is_found_behind_newer_entries(struct fixture *fixture)
{
        struct notices *notices = notices_new();
        ledger_with(fixture, 1);
        away_from_the_end_of_a_minute();
        notice_count(notices, 1, &alice, EVENT_REFUSED, "x");
        struct flushing flushing = { .notices = notices, .root_no = 1, .then = ERR_VALUE };
        assert_err(fixture_submit(fixture, job_flush, &flushing), ERR_VALUE);
        append_entries(fixture, 3);
        assert_int_equal(flush(fixture, notices, ERR_OK), 1);
        assert_int_equal(raw_number(fixture, "SELECT COUNT(*) FROM ledger WHERE class = 2 AND seq = 5"), 1);
        notices_free(notices);
}

static void test_a_flush_that_fails_settles_itself(struct fixture *fixture)
{
        struct notices *notices = notices_new();
        ledger_with(fixture, 2);
        away_from_the_end_of_a_minute();
        notice_count(notices, 1, &alice, EVENT_REFUSED, "x");
        raw_script(fixture, "UPDATE root SET revision = 1 WHERE root_no = 1");
        struct flushing flushing = { .notices = notices, .root_no = 1 };
        assert_err(fixture_submit(fixture, job_flush, &flushing), ERR_INTERNAL);
        raw_script(fixture, "UPDATE root SET revision = 2 WHERE root_no = 1");
        assert_int_equal(flush(fixture, notices, ERR_OK), 1);
        notices_free(notices);
}

static void test_keys_are_bounded_and_the_rest_counted(struct fixture *fixture)
{
        struct notices *notices = notices_new();
        ledger_with(fixture, 0);
        away_from_the_end_of_a_minute();
        for (int i = 0; i < 6000; i++) {
                const struct actor many = { .kind = ACTOR_IDENTITY, .no = i };
                notice_count(notices, 1, &many, EVENT_REFUSED, "x");
        }
        size_t total = 0, count;
        while ((count = flush(fixture, notices, ERR_OK)) > 0) {
                assert_true(count <= 64);
                total += count;
        }
        assert_int_equal(total, 4096);
        notices_stop(notices);
        int64_t root = -1;
        assert_int_equal(notices_due(notices, &root, 1), 1);
        assert_int_equal(root, 0); /* the overflow: it belongs to no tenant */
        to_next_minute();
        notice_count(notices, 1, &alice, EVENT_REFUSED, "room again");
        assert_int_equal(flush(fixture, notices, ERR_OK), 1);
        notices_free(notices);
}

static void test_details_are_cut_and_never_break_the_body(struct fixture *fixture)
{
        struct notices *notices = notices_new();
        ledger_with(fixture, 0);
        away_from_the_end_of_a_minute();
        char text[300];
        memset(text, 'a', sizeof text);
        text[299] = '\0';
        memcpy(text + 98, "\xc3\xbc", 2);
        notice_count(notices, 1, &alice, EVENT_REFUSED, text);
        notice_count(notices, 1, &alice, EVENT_REFUSED, "\xff\xfe");
        assert_int_equal(flush(fixture, notices, ERR_OK), 2);
        auto_result result = { 0 };
        bool row = false;
        assert_ok(session_query(fixture->reader, ST_LEDGER_AFTER, &result, NULL, V_I64(1), V_I64(0), V_I64(10)));
        for (int i = 0; i < 2; i++) {
                size_t length;
                json_auto_t *json = NULL;
                assert_ok(result_next(&result, &row, NULL));
                const char *body = result_text(&result, 10, &length);
                assert_ok(json_parse_object(body, length, &json, NULL));
                const char *detail = json_string_value(json_object_get(json, "detail"));
                assert_true(strlen(detail) == 98 || !strcmp(detail, "(not text)"));
        }
        notices_free(notices);
}

static void test_stopping_makes_everything_due(struct fixture *fixture)
{
        struct notices *notices = notices_new();
        ledger_with(fixture, 0);
        away_from_the_end_of_a_minute();
        notice_count(notices, 1, &alice, EVENT_REFUSED, "x");
        assert_int_equal(flush(fixture, notices, ERR_OK), 1);
        notice_count(notices, 1, &alice, EVENT_REFUSED, "x");
        assert_int_equal(flush(fixture, notices, ERR_OK), 0);
        notices_stop(notices);
        assert_int_equal(flush(fixture, notices, ERR_OK), 1);
        notices_free(notices);
}

static void *count_main(void *context)
{
        for (int i = 0; i < 20000; i++)
                notice_count(context, 1, i % 2 ? &alice : &bob, EVENT_REFUSED, "x");
        return NULL;
}

static void test_no_count_is_lost_between_threads(struct fixture *fixture)
{
        struct notices *notices = notices_new();
        pthread_t threads[3];
        ledger_with(fixture, 0);
        for (int i = 0; i < 3; i++)
                pthread_create(&threads[i], NULL, count_main, notices);
        for (int i = 0; i < 20; i++)
                flush(fixture, notices, i % 3 ? ERR_OK : ERR_VALUE);
        for (int i = 0; i < 3; i++)
                pthread_join(threads[i], NULL);
        notices_stop(notices);
        flush(fixture, notices, ERR_OK);
        int64_t total = 0;
        auto_result result = { 0 };
        bool row = true;
        assert_ok(session_query(fixture->reader, ST_LEDGER_AFTER, &result, NULL, V_I64(1), V_I64(0), V_I64(1000)));
        for (assert_ok(result_next(&result, &row, NULL)); row; assert_ok(result_next(&result, &row, NULL)))
                total += strtoll(result_text(&result, 10, NULL) + strlen("{\"count\":"), NULL, 10);
        assert_int_equal(total, 60000);
        notices_free(notices);
}

/* ---- jobs that fail, batches that are lost or run again, hints that come late ---- */

struct storm {
        struct fixture *fixture;
        struct notices *notices;
        atomic_uint dice;
        atomic_bool over;
        atomic_long counted;
};

static bool one_in(struct storm *storm, unsigned sides)
{
        unsigned throw = atomic_fetch_add(&storm->dice, 1) * 2654435761u;
        return (throw >> 16) % sides == 0;
}

static enum err storm_hook(void *context, enum statement statement, struct fault *fault)
{
        struct storm *storm = context;
        bool fails = (statement == STATEMENT_COUNT && one_in(storm, 6)) || (statement == ST_LEDGER_INSERT && one_in(storm, 15));
        return fails ? fault_set(fault, ERR_UNAVAILABLE, "", "as the test wishes") : ERR_OK;
}

struct storm_job {
        struct storm *storm;
        bool rides, fails;
};

static enum err storm_run(struct session *session, void *context, struct fault *fault)
{
        struct storm_job *job = context;
        size_t count;
        if (job->rides)
                notices_settle(job->storm->notices, 1, false);
        job->rides = false;
        enum err e = notices_flush(job->storm->notices, session, 1, &count, fault);
        if (e)
                return e;
        job->rides = count > 0;
        return job->fails ? fault_set(fault, ERR_VALUE, "", "as the test wishes") : ERR_OK;
}

static void storm_committed(void *context)
{
        struct storm_job *job = context;
        if (job->rides)
                notices_settle(job->storm->notices, 1, true);
        job->rides = false;
}

static void *storm_submit(void *context)
{
        struct storm *storm = context;
        while (!atomic_load(&storm->over)) {
                struct storm_job job = { .storm = storm, .fails = one_in(storm, 3) };
                const struct write_job write = { .root_no = 1, .context = &job, .run = storm_run, .committed = storm_committed };
                struct fault fault;
                (void)!write_queue_submit(storm->fixture->queue, &write, &fault);
                if (job.rides) /* late, from another thread */
                        notices_settle(storm->notices, 1, false);
        }
        return NULL;
}

static void *storm_count(void *context)
{
        struct storm *storm = context;
        for (int i = 0; !atomic_load(&storm->over); i++) {
                const struct actor actor = { .kind = ACTOR_IDENTITY, .no = i % 30 };
                notice_count(storm->notices, 1, &actor, EVENT_REFUSED, "x");
                atomic_fetch_add(&storm->counted, 1);
                if (i % 20 == 0)
                        usleep(1000);
        }
        return NULL;
}

static void test_every_count_is_written_once_whatever_fails(struct fixture *fixture)
{
        struct storm storm = { .fixture = fixture, .notices = notices_new() };
        pthread_t threads[6];
        int64_t root, total = 0, after = 0;
        ledger_with(fixture, 0);
        store_set_fault_hook_for_test(fixture->store, storm_hook, &storm);
        for (int i = 0; i < 6; i++)
                pthread_create(&threads[i], NULL, i < 5 ? storm_submit : storm_count, &storm);
        for (int i = 0; i < (getenv("MUSTER_LONG") ? 100 : 10); i++) {
                usleep(100000);
                to_next_minute();
        }
        atomic_store(&storm.over, true);
        for (int i = 0; i < 6; i++)
                pthread_join(threads[i], NULL);
        store_set_fault_hook_for_test(fixture->store, NULL, NULL);
        notices_stop(storm.notices);
        for (int i = 0; i < 100 && notices_due(storm.notices, &root, 1); i++)
                flush(fixture, storm.notices, ERR_OK);
        assert_int_equal(notices_due(storm.notices, &root, 1), 0);
        for (bool row = true; row;) {
                auto_result result = { 0 };
                assert_ok(session_query(fixture->reader, ST_LEDGER_AFTER, &result, NULL, V_I64(1), V_I64(after), V_I64(1000)));
                for (assert_ok(result_next(&result, &row, NULL)); row; assert_ok(result_next(&result, &row, NULL))) {
                        total += strtoll(result_text(&result, 10, NULL) + strlen("{\"count\":"), NULL, 10);
                        after = result_i64(&result, 0);
                }
                row = after < read_revision(fixture->reader, 1);
        }
        print_message("%d counts in %d entries\n", (int)total, (int)after);
        assert_int_equal(total, atomic_load(&storm.counted));
        verify_expect(fixture, NULL, NULL, ERR_OK);
        notices_free(storm.notices);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_equal_refusals_are_one_entry, ON_BOTH),
                FIXTURE_TEST(test_a_key_writes_at_most_twice_a_minute, ON_SQLITE),
                FIXTURE_TEST(test_due_after_a_second, ON_SQLITE),
                FIXTURE_TEST(test_a_rolled_back_flush_comes_back, ON_BOTH),
                FIXTURE_TEST(test_a_job_that_runs_again_writes_once, ON_BOTH),
                FIXTURE_TEST(test_a_false_hint_writes_nothing_twice, ON_BOTH),
                FIXTURE_TEST(test_a_lost_flight_is_found_behind_newer_entries, ON_BOTH),
                FIXTURE_TEST(test_every_count_is_written_once_whatever_fails, ON_BOTH),
                FIXTURE_TEST(test_a_flush_that_fails_settles_itself, ON_BOTH),
                FIXTURE_TEST(test_keys_are_bounded_and_the_rest_counted, ON_SQLITE),
                FIXTURE_TEST(test_details_are_cut_and_never_break_the_body, ON_SQLITE),
                FIXTURE_TEST(test_stopping_makes_everything_due, ON_SQLITE),
                FIXTURE_TEST(test_no_count_is_lost_between_threads, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
