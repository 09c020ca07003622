/* SPDX-License-Identifier: Apache-2.0
 *
 * The scheduler over a real installation: notices, last-used times, checkpoints, readiness; at its end nothing that was counted is lost. */
#include "app/scheduler.h"
#include "base/clock.h"
#include "directory/house.h"

static struct scheduler *start(struct house *house)
{
        struct scheduler *scheduler = NULL;
        assert_ok(scheduler_start(house->directory, &house->settings, &scheduler, &house->fault));
        return scheduler;
}

/* At most `seconds` for a number to get there. */
static bool becomes(struct house *house, const char *sql, int64_t at_least, int seconds)
{
        for (int64_t end_us = clock_steady_us() + seconds * US_PER_S; clock_steady_us() < end_us; usleep(50000))
                if (house_number(house, "%s", sql) >= at_least)
                        return true;
        return false;
}

static void test_its_jobs_are_done(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor weak = house_identity(house, "weak", NULL);
        house->settings.checkpoint_interval_s = 1;
        struct scheduler *scheduler = start(house);
        assert_true(scheduler_is_ready(scheduler));
        assert_change(ERR_FORBIDDEN, house, &weak, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"a\"}");
        assert_true(becomes(house, "SELECT COUNT(*) FROM ledger WHERE event = 'refused'", 1, 20));
        assert_true(becomes(house, "SELECT COUNT(*) FROM checkpoint WHERE root_no = 1", 1, 20));
        assert_true(becomes(house, "SELECT MAX(last_used_us) FROM credential", 1, 20));
        scheduler_set_stopping(scheduler);
        assert_false(scheduler_is_ready(scheduler));
        scheduler_stop(scheduler);
        house_check(house);
        house_close(house);
}

/* One over the first entry alone would stand for it when somebody deletes it (security.md 90). */
static void test_no_checkpoint_is_signed_at_the_start(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        house->settings.checkpoint_interval_s = 300;
        struct scheduler *scheduler = start(house);
        usleep(600000); /* its first round is over */
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM checkpoint"), 0);
        scheduler_stop(scheduler);
        house_close(house);
}

static void test_what_was_counted_last_is_written_at_the_end(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor weak = house_identity(house, "weak", NULL), actor;
        struct scheduler *scheduler = start(house);
        usleep(600000); /* its first round is over */
        house_user(house, &house->admin, "last");
        assert_ok(house_authenticate(house, house->tokens[0], &actor));
        assert_change(ERR_FORBIDDEN, house, &weak, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"a\"}");
        scheduler_stop(scheduler);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM ledger WHERE root_no = 1 AND event = 'refused'"), 1);
        assert_int_equal(
                house_number(house, "SELECT COUNT(*) FROM root JOIN checkpoint ON checkpoint.root_no = root.root_no AND seq = revision "
                                    "WHERE root.root_no = 1"),
                1);
        assert_true(house_number(house, "SELECT last_used_us FROM credential WHERE owner_no = %lld", (long long)weak.no) > 0);
        house_check(house);
        house_close(house);
}

static void test_a_jump_of_the_clock_is_an_alert(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct scheduler *scheduler = start(house);
        usleep(600000);
        clock_shift_for_test_us(3600 * US_PER_S);
        bool told = becomes(house, "SELECT COUNT(*) FROM ledger WHERE root_no = 0 AND class = 3 AND event = 'clock-jump'", 1, 20);
        clock_shift_for_test_us(0);
        scheduler_stop(scheduler);
        assert_true(told);
        house_close(house);
}

static void test_graphs_above_their_memory_are_an_alert_and_stay(struct fixture *fixture)
{
        static const char *const alerts = "SELECT COUNT(*) FROM ledger WHERE root_no = 0 AND class = 3 AND event = 'graph-memory-exceeded'";
        struct house *house = house_open(fixture);
        house->settings.graph_memory_mib = 0;
        house_restart(house);
        struct actor actor;
        assert_ok(house_authenticate(house, house->installed.api_token.text, &actor)); /* loads the root */
        struct scheduler *scheduler = start(house);
        bool told = becomes(house, alerts, 1, 20);
        usleep(2500000); /* two more measurements */
        assert_int_equal(access_counters(house->directory->access).loaded, 1);
        assert_ok(house_authenticate(house, house->installed.api_token.text, &actor));
        scheduler_stop(scheduler);
        assert_true(told);
        assert_int_equal(house_number(house, "%s", alerts), 1);
        house_close(house);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_no_checkpoint_is_signed_at_the_start, ON_SQLITE),
                FIXTURE_TEST(test_its_jobs_are_done, ON_BOTH),
                FIXTURE_TEST(test_what_was_counted_last_is_written_at_the_end, ON_SQLITE),
                FIXTURE_TEST(test_a_jump_of_the_clock_is_an_alert, ON_SQLITE),
                FIXTURE_TEST(test_graphs_above_their_memory_are_an_alert_and_stay, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
