/* SPDX-License-Identifier: Apache-2.0
 *
 * Token buckets: the burst, the refill, keys that do not disturb each other, a full table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/clock.h"
#include "http/rate.h"

static const struct rate_limit limit = { .per_s = 100, .burst = 200 };
#define START US_PER_DAY

static int taken(struct rate *rate, uint64_t key, int times, int64_t now_us)
{
        int passed = 0;
        for (int i = 0; i < times; i++)
                passed += rate_take(rate, key, limit, now_us) == 0;
        return passed;
}

static void a_burst_passes_then_the_rate(void **state)
{
        (void)state;
        struct rate *rate = rate_new();
        assert_int_equal(taken(rate, 1, 300, START), 200);
        assert_int_equal(rate_take(rate, 1, limit, START), 10000); /* until the next one: a hundredth of a second */
        assert_int_equal(taken(rate, 1, 300, START + US_PER_S), 100);
        assert_int_equal(taken(rate, 1, 300, START + 60 * US_PER_S), 200); /* no more than a burst is saved up */
        rate_free(rate);
}

static void a_question_takes_nothing(void **state)
{
        (void)state;
        struct rate *rate = rate_new();
        for (int i = 0; i < 1000; i++)
                assert_int_equal(rate_wait_us(rate, 1, limit, START), 0);
        assert_int_equal(taken(rate, 1, 300, START), 200);
        assert_true(rate_wait_us(rate, 1, limit, START) > 0);
        rate_free(rate);
}

static void keys_do_not_share(void **state)
{
        (void)state;
        struct rate *rate = rate_new();
        assert_int_equal(taken(rate, rate_key(1, 2), 300, START), 200);
        assert_int_equal(taken(rate, rate_key(2, 1), 300, START), 200);
        assert_int_equal(taken(rate, rate_key_text("192.0.2.1"), 300, START), 200);
        assert_int_equal(taken(rate, rate_key_text("192.0.2.2"), 300, START), 200);
        rate_free(rate);
}

static void a_flood_of_keys_refuses_nobody_and_ends(void **state)
{
        (void)state;
        struct rate *rate = rate_new();
        for (uint64_t i = 0; i < 100000; i++)
                assert_int_equal(rate_take(rate, rate_key(i, 7), limit, START), 0);
        assert_int_equal(taken(rate, rate_key(1, 2), 300, START + 60 * US_PER_S), 200); /* places are free again */
        rate_free(rate);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_burst_passes_then_the_rate),
                cmocka_unit_test(a_question_takes_nothing),
                cmocka_unit_test(keys_do_not_share),
                cmocka_unit_test(a_flood_of_keys_refuses_nobody_and_ends),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
