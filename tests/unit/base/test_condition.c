/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/clock.h"
#include "base/condition.h"

#define SHORT_US (30 * US_PER_MS)
#define LONG_US (60 * US_PER_S)

struct bell {
        pthread_mutex_t mutex;
        pthread_cond_t condition;
        bool rung;
};

static void bell_init(struct bell *bell)
{
        *bell = (struct bell){ .rung = false };
        (void)pthread_mutex_init(&bell->mutex, NULL);
        condition_init(&bell->condition);
}

static void bell_done(struct bell *bell)
{
        (void)pthread_cond_destroy(&bell->condition);
        (void)pthread_mutex_destroy(&bell->mutex);
}

static bool bell_wait(struct bell *bell, int64_t deadline_us)
{
        bool in_time = true;
        (void)pthread_mutex_lock(&bell->mutex);
        while (!bell->rung && in_time)
                in_time = condition_wait(&bell->condition, &bell->mutex, deadline_us);
        bool rung = bell->rung;
        (void)pthread_mutex_unlock(&bell->mutex);
        return rung;
}

static void *ring(void *context)
{
        struct bell *bell = context;
        (void)pthread_mutex_lock(&bell->mutex);
        bell->rung = true;
        (void)pthread_cond_signal(&bell->condition);
        (void)pthread_mutex_unlock(&bell->mutex);
        return NULL;
}

/* By any other clock the instant would be long over. */
static void test_a_wait_ends_at_an_instant_of_the_steady_clock(void **state)
{
        struct bell bell;
        bell_init(&bell);
        int64_t deadline_us = clock_steady_us() + SHORT_US;
        assert_false(bell_wait(&bell, deadline_us));
        int64_t late_us = clock_steady_us() - deadline_us;
        assert_true(late_us >= 0);
        assert_true(late_us < LONG_US);
        bell_done(&bell);
}

static void test_what_is_over_does_not_wait(void **state)
{
        struct bell bell;
        bell_init(&bell);
        int64_t began_us = clock_steady_us();
        assert_false(bell_wait(&bell, 0));
        assert_false(bell_wait(&bell, began_us));
        assert_true(clock_steady_us() - began_us < LONG_US);
        bell_done(&bell);
}

static void test_a_signal_ends_a_wait_early(void **state)
{
        struct bell bell;
        pthread_t thread;
        bell_init(&bell);
        int64_t began_us = clock_steady_us();
        (void)pthread_mutex_lock(&bell.mutex);
        assert_int_equal(pthread_create(&thread, NULL, ring, &bell), 0); /* rings only while this one waits */
        bool in_time = true;
        while (!bell.rung && in_time)
                in_time = condition_wait(&bell.condition, &bell.mutex, began_us + LONG_US);
        (void)pthread_mutex_unlock(&bell.mutex);
        assert_true(in_time);
        assert_true(clock_steady_us() - began_us < LONG_US);
        (void)pthread_join(thread, NULL);
        bell_done(&bell);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_wait_ends_at_an_instant_of_the_steady_clock),
                cmocka_unit_test(test_what_is_over_does_not_wait),
                cmocka_unit_test(test_a_signal_ends_a_wait_early),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
