/* SPDX-License-Identifier: Apache-2.0
 *
 * Time as text: what is refused, and that parse and format are inverse. gmtime_r is the oracle. */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "base/auto.h"

static void test_wrong_times_are_refused_and_leave_the_output_alone(void **state)
{
        static const char *const wrong[] = {
                "",
                "2026",
                "2026-11-21",
                "2026-11-21T05:06:07",
                "2026-11-21 05:06:07Z",
                "2026-11-21T05:06Z",
                "2026-11-21T5:06:07Z",
                "2026-11-21T05:06:07.Z",
                "2026-11-21T05:06:07,5Z",
                "2026-11-21T05:06:07ZZ",
                "2026-11-21T05:06:07Z ",
                " 2026-11-21T05:06:07Z",
                "2026-00-21T05:06:07Z",
                "2026-13-21T05:06:07Z",
                "2026-11-00T05:06:07Z",
                "2026-11-31T05:06:07Z",
                "2026-02-29T05:06:07Z",
                "2100-02-29T05:06:07Z",
                "2026-11-21T24:00:01Z",
                "2026-11-21T24:00:00.5Z",
                "2026-11-21T25:00:00Z",
                "2026-11-21T05:60:07Z",
                "2026-11-21T05:06:60Z",
                "2026-11-21T05:59:61Z",
                "2026-11-21T05:06:07+0100",
                "2026-11-21T05:06:07+1:00",
                "2026-11-21T05:06:07+24:00",
                "2026-11-21T05:06:07+01:60",
                "2026-11-21T05:06:07+01",
                "-026-11-21T05:06:07Z",
                "12026-11-21T05:06:07Z",
                "2026-11-21T05:06:07.000000000000000000000Z",
                "+026-11-21T05:06:07Z",
                "2026-1121T05:06:07Z",
        };
        for (size_t i = 0; i < COUNT_OF(wrong); i++) {
                int64_t time_us = 42;
                if (clock_parse(wrong[i], &time_us))
                        fail_msg("accepted: %s", wrong[i]);
                assert_int_equal(time_us, 42);
        }
        assert_false(clock_parse(NULL, NULL));
}

static void test_right_times_have_their_value(void **state)
{
        static const struct {
                const char *text;
                int64_t time_us;
        } right[] = {
                { "1970-01-01T00:00:00Z", 0 },
                { "1970-01-01T00:00:00.000001Z", 1 },
                { "1969-12-31T23:59:59.999999Z", -1 },
                { "2000-02-29T12:00:00.5Z", 951825600500000 },
                { "2026-11-21T05:06:07.123Z", 1795237567123000 },
                { "2026-11-21t05:06:07.123z", 1795237567123000 },
                { "2026-11-21T06:06:07.123+01:00", 1795237567123000 },
                { "2026-11-20T23:36:07.123-05:30", 1795237567123000 },
                { "2026-11-21T05:06:07.1239999999Z", 1795237567123999 },
                { "2016-12-31T23:59:60Z", 1483228800000000 },
                { "2026-11-20T24:00:00Z", 1795219200000000 },
                { "9999-12-31T23:59:59.999Z", 253402300799999000 },
        };
        for (size_t i = 0; i < COUNT_OF(right); i++) {
                int64_t time_us = 42;
                if (!clock_parse(right[i].text, &time_us))
                        fail_msg("refused: %s", right[i].text);
                assert_int_equal(time_us, right[i].time_us);
        }
}

static void test_format_agrees_with_gmtime_over_all_years(void **state)
{
        for (int64_t second = -62167219200; second < 253402300800; second += 86400 * 11 + 3607) {
                char text[CLOCK_TEXT_SIZE], expected[CLOCK_TEXT_SIZE];
                clock_format(second * US_PER_S + 123999, text);
                struct tm parts;
                time_t time = (time_t)second;
                assert_non_null(gmtime_r(&time, &parts));
                (void)snprintf(expected, sizeof(expected), "%04u-%02u-%02uT%02u:%02u:%02u.123Z", (unsigned)(parts.tm_year + 1900) % 10000,
                        (unsigned)(parts.tm_mon + 1) % 100, (unsigned)parts.tm_mday % 100, (unsigned)parts.tm_hour % 100,
                        (unsigned)parts.tm_min % 100, (unsigned)parts.tm_sec % 100);
                assert_string_equal(text, expected);
                int64_t back_us;
                assert_true(clock_parse(text, &back_us));
                assert_int_equal(back_us, second * US_PER_S + 123000);
        }
}

static void test_format_clamps_years_without_four_digits(void **state)
{
        char text[CLOCK_TEXT_SIZE];
        clock_format(INT64_MAX, text);
        assert_string_equal(text, "9999-12-31T23:59:59.999Z");
        clock_format(INT64_MIN, text);
        assert_string_equal(text, "0000-01-01T00:00:00.000Z");
}

static void test_shift_moves_only_the_realtime_clock(void **state)
{
        int64_t before_us = clock_now_us(), steady_us = clock_steady_us();
        clock_shift_for_test_us(30 * US_PER_DAY);
        assert_in_range(clock_now_us() - before_us, 30 * US_PER_DAY, 31 * US_PER_DAY);
        assert_in_range(clock_steady_us() - steady_us, 0, US_PER_DAY);
        clock_shift_for_test_us(0);
        assert_in_range(clock_now_us() - before_us, 0, US_PER_DAY);
}

static void test_a_jump_forward_is_stored_only_once_it_is_accepted(void **state)
{
        const int64_t hour_us = 3600 * US_PER_S;
        int64_t jump_us, start_us = clock_stored_us();
        assert_false(clock_accept(&jump_us));
        clock_shift_for_test_us(hour_us);
        assert_in_range(clock_stored_us() - start_us, 0, US_PER_S);
        assert_true(clock_accept(&jump_us));
        assert_in_range(jump_us, hour_us - US_PER_S, hour_us + US_PER_S);
        assert_in_range(clock_stored_us() - start_us, hour_us, hour_us + US_PER_S);
        assert_false(clock_accept(&jump_us));
        clock_shift_for_test_us(0); /* back: followed at once, and its repair is no jump */
        assert_in_range(clock_stored_us() - start_us, 0, US_PER_S);
        assert_false(clock_accept(&jump_us));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_wrong_times_are_refused_and_leave_the_output_alone),
                cmocka_unit_test(test_right_times_have_their_value),
                cmocka_unit_test(test_format_agrees_with_gmtime_over_all_years),
                cmocka_unit_test(test_format_clamps_years_without_four_digits),
                cmocka_unit_test(test_shift_moves_only_the_realtime_clock),
                cmocka_unit_test(test_a_jump_forward_is_stored_only_once_it_is_accepted),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
