/* SPDX-License-Identifier: Apache-2.0
 *
 * The pacer works at once, then once a pause; stopping ends a pause and waits for work; a jump of the time of day changes nothing. */
#include "app/pacer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include "base/clock.h"

#define HOUR_US (3600 * US_PER_S)
#define PATIENCE_S 20 /* of a test, on a machine that is busy */

struct bench {
        struct pacer *pacer;
        sem_t begun, go_on; /* each round posts the one; rounds of `waits` wait for the other */
        bool waits;
        atomic_int rounds;
        atomic_bool was_stopped; /* as the last round saw it */
};

static void round_main(void *context, struct pacer *pacer)
{
        struct bench *bench = context;
        atomic_fetch_add(&bench->rounds, 1);
        (void)sem_post(&bench->begun);
        while (bench->waits && sem_wait(&bench->go_on))
                ;
        atomic_store(&bench->was_stopped, !pacer_goes_on(pacer));
}

static void start(struct bench *bench, int64_t pause_us)
{
        struct fault fault = { 0 };
        (void)sem_init(&bench->begun, 0, 0);
        (void)sem_init(&bench->go_on, 0, 0);
        assert_int_equal(pacer_start("the test", pause_us, round_main, bench, &bench->pacer, &fault), ERR_OK);
}

static void assert_begun(struct bench *bench)
{
        struct timespec until;
        (void)clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += PATIENCE_S;
        assert_int_equal(sem_timedwait(&bench->begun, &until), 0);
}

static void stop(struct bench *bench)
{
        pacer_stop(bench->pacer);
        (void)sem_destroy(&bench->begun);
        (void)sem_destroy(&bench->go_on);
}

static void test_it_works_at_once_and_stopping_ends_the_pause(void **state)
{
        struct bench bench = { 0 };
        int64_t started_us = clock_steady_us();
        (void)state;
        start(&bench, HOUR_US);
        assert_begun(&bench);
        usleep(50000); /* it sleeps now */
        stop(&bench);
        assert_true(clock_steady_us() - started_us < PATIENCE_S * US_PER_S);
        assert_int_equal(bench.rounds, 1);
        assert_false(bench.was_stopped);
}

static void test_it_works_again_after_each_pause_and_not_before(void **state)
{
        static const int64_t pause_us = 20 * US_PER_MS;
        struct bench bench = { 0 };
        int64_t started_us = clock_steady_us();
        (void)state;
        start(&bench, pause_us);
        for (int i = 0; i < 10; i++)
                assert_begun(&bench);
        stop(&bench);
        int64_t took_us = clock_steady_us() - started_us;
        assert_true(took_us >= 9 * pause_us);
        assert_true(bench.rounds <= 1 + took_us / pause_us);
}

static void test_the_pause_is_counted_from_the_end_of_long_work(void **state)
{
        static const int64_t pause_us = 200 * US_PER_MS;
        struct bench bench = { .waits = true };
        (void)state;
        start(&bench, pause_us);
        assert_begun(&bench);
        usleep(2 * pause_us);
        int64_t ended_us = clock_steady_us();
        (void)sem_post(&bench.go_on);
        assert_begun(&bench);
        int64_t paused_us = clock_steady_us() - ended_us;
        (void)sem_post(&bench.go_on);
        (void)sem_post(&bench.go_on); /* for a round that begins meanwhile */
        stop(&bench);
        assert_true(paused_us >= pause_us);
}

static void *post_later(void *context)
{
        struct bench *bench = context;
        usleep(100000);
        (void)sem_post(&bench->go_on);
        return NULL;
}

static void test_work_under_way_is_told_and_waited_for(void **state)
{
        struct bench bench = { .waits = true };
        pthread_t poster;
        (void)state;
        start(&bench, HOUR_US);
        assert_begun(&bench);
        assert_int_equal(pthread_create(&poster, NULL, post_later, &bench), 0);
        pacer_stop(bench.pacer);
        assert_int_equal(pthread_join(poster, NULL), 0);
        assert_true(bench.was_stopped);
        assert_int_equal(bench.rounds, 1);
        (void)sem_destroy(&bench.begun);
        (void)sem_destroy(&bench.go_on);
}

static void test_a_jump_of_the_time_of_day_changes_nothing(void **state)
{
        static const int64_t jumps_us[] = { -HOUR_US, HOUR_US };
        (void)state;
        for (size_t i = 0; i < sizeof(jumps_us) / sizeof(jumps_us[0]); i++) {
                struct bench bench = { 0 };
                start(&bench, 300 * US_PER_MS);
                assert_begun(&bench);
                int64_t jumped_us = clock_steady_us();
                clock_shift_for_test_us(jumps_us[i]);
                assert_begun(&bench); /* the pause during which it jumped */
                assert_begun(&bench); /* and one that began after it */
                clock_shift_for_test_us(0);
                stop(&bench);
                assert_true(bench.rounds <= 2 + (clock_steady_us() - jumped_us) / (300 * US_PER_MS));
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_it_works_at_once_and_stopping_ends_the_pause),
                cmocka_unit_test(test_it_works_again_after_each_pause_and_not_before),
                cmocka_unit_test(test_the_pause_is_counted_from_the_end_of_long_work),
                cmocka_unit_test(test_work_under_way_is_told_and_waited_for),
                cmocka_unit_test(test_a_jump_of_the_time_of_day_changes_nothing),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
