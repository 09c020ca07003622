/* SPDX-License-Identifier: Apache-2.0
 *
 * Cycles from requests, and captures with their ends. */
#include "directory/pulse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define S 1000000LL
#define MINUTE (60 * S)

static void came(struct pulse_row *row, int64_t from_us, int64_t to_us, bool success)
{
        const struct pulse pulse = { .from_us = from_us, .to_us = to_us, .success_us = success ? to_us : 0 };
        pulse_merge(row, &pulse);
}

/* A minute of requests. */
static void cycle(struct pulse_row *row, int64_t from_us, bool success)
{
        came(row, from_us, from_us + MINUTE, success);
}

static void test_requests_without_a_pause_are_one_cycle(void **state)
{
        struct pulse_row row = { 0 };
        for (int64_t at = 1000 * MINUTE; at < 1012 * MINUTE; at += 4 * MINUTE)
                came(&row, at, at + S, true);
        assert_int_equal(row.cycles, 1);
        assert_int_equal(row.cycle_us, 1000 * MINUTE);
        assert_int_equal(row.last_us, 1008 * MINUTE + S);
        assert_int_equal(pulse_interval_us(&row), 0);
        const struct pulse nothing = { 0 };
        pulse_merge(&row, &nothing);
        assert_int_equal(row.last_us, 1008 * MINUTE + S);
}

static void test_the_interval_is_known_after_three_cycles_and_one_long_pause_does_not_move_it(void **state)
{
        struct pulse_row row = { 0 };
        int64_t at = 5000 * MINUTE;
        cycle(&row, at, true);
        cycle(&row, at += 40 * MINUTE, true);
        assert_int_equal(pulse_interval_us(&row), 0);
        cycle(&row, at += 40 * MINUTE, false);
        assert_int_equal(pulse_interval_us(&row), 40 * MINUTE);
        assert_int_equal(row.success_us, at - 39 * MINUTE);
        cycle(&row, at += 41 * MINUTE, true);
        cycle(&row, at += 900 * MINUTE, true); /* a night without server */
        assert_int_equal(pulse_interval_us(&row), 41 * MINUTE);
        cycle(&row, at += 40 * MINUTE, true);
        assert_int_equal(pulse_interval_us(&row), 41 * MINUTE);
        assert_int_equal(row.cycles, 6);
}

static void test_the_interval_is_the_middle_one_in_any_order(void **state)
{
        static const int64_t orders[][3] = { { 1, 2, 3 }, { 1, 3, 2 }, { 2, 1, 3 }, { 2, 3, 1 }, { 3, 1, 2 }, { 3, 2, 1 } };
        for (int i = 0; i < 6; i++) {
                struct pulse_row row = { .gaps_us = { orders[i][0], orders[i][1], orders[i][2] } };
                assert_int_equal(pulse_interval_us(&row), 2);
        }
}

static void test_what_came_is_taken_once_and_each_connection_alone(void **state)
{
        struct pulses *pulses = pulses_new();
        struct pulse taken[8];
        assert_int_equal(pulses_take(pulses, 100 * S, false, taken, 8), 0);
        assert_false(pulses_note(pulses, 1, 7, 100 * S, true, false));
        assert_false(pulses_note(pulses, 1, 7, 102 * S, false, false));
        assert_false(pulses_note(pulses, 2, 7, 101 * S, true, true));
        assert_int_equal(pulses_find(pulses, 1, 7, 102 * S).to_us, 102 * S);
        assert_int_equal(pulses_take(pulses, 103 * S, false, taken, 1), 1);
        assert_int_equal(pulses_take(pulses, 103 * S, false, taken + 1, 7), 1);
        const struct pulse *first = taken[0].root_no == 1 ? &taken[0] : &taken[1];
        assert_int_equal(first->from_us, 100 * S);
        assert_int_equal(first->to_us, 102 * S);
        assert_int_equal(first->success_us, 100 * S);
        assert_int_equal(pulses_find(pulses, 1, 7, 103 * S).to_us, 0);
        (void)pulses_note(pulses, 1, 7, 104 * S, true, false);
        assert_int_equal(pulses_take(pulses, 105 * S, false, taken, 8), 0); /* written a moment ago */
        assert_int_equal(pulses_take(pulses, 105 * S, true, taken, 8), 1);
        pulses_free(pulses);
}

static void test_R19_a_capture_takes_reads_until_its_time_or_its_rows_end(void **state)
{
        struct pulses *pulses = pulses_new();
        pulses_capture(pulses, 1, 7, 200 * S);
        assert_true(pulses_note(pulses, 1, 7, 100 * S, true, true));
        assert_false(pulses_note(pulses, 1, 7, 100 * S, true, false)); /* a write has its row anyhow */
        assert_false(pulses_note(pulses, 1, 8, 100 * S, true, true) || pulses_note(pulses, 2, 7, 100 * S, true, true));
        assert_int_equal(pulses_find(pulses, 1, 7, 100 * S).capture_until_us, 200 * S);
        assert_int_equal(pulses_find(pulses, 1, 7, 200 * S).capture_until_us, 0);
        assert_false(pulses_note(pulses, 1, 7, 200 * S, true, true));
        pulses_capture(pulses, 1, 7, 400 * S);
        for (int i = 0; i < CAPTURE_ROWS_MAX; i++)
                assert_true(pulses_note(pulses, 1, 7, 300 * S, true, true));
        assert_false(pulses_note(pulses, 1, 7, 300 * S, true, true));
        assert_int_equal(pulses_find(pulses, 1, 7, 300 * S).capture_until_us, 0);
        pulses_capture(pulses, 1, 7, 400 * S);
        pulses_capture(pulses, 1, 7, 0);
        assert_false(pulses_note(pulses, 1, 7, 300 * S, true, true));
        pulses_free(pulses);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_requests_without_a_pause_are_one_cycle),
                cmocka_unit_test(test_the_interval_is_known_after_three_cycles_and_one_long_pause_does_not_move_it),
                cmocka_unit_test(test_the_interval_is_the_middle_one_in_any_order),
                cmocka_unit_test(test_what_came_is_taken_once_and_each_connection_alone),
                cmocka_unit_test(test_R19_a_capture_takes_reads_until_its_time_or_its_rows_end),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
