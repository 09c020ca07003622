/* SPDX-License-Identifier: Apache-2.0
 *
 * What a thread of a server is told: nothing of the process, all of its own faults. */
#include "base/thread.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/auto.h"

static void *mask_of_the_thread(void *context)
{
        (void)pthread_sigmask(SIG_SETMASK, NULL, context);
        return NULL;
}

static void test_a_thread_takes_its_own_faults_and_no_signal_of_the_process(void **state)
{
        static const int faults[] = { SIGBUS, SIGFPE, SIGILL, SIGSEGV }, others[] = { SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGUSR1, SIGCHLD };
        sigset_t before, mask, after;
        pthread_t thread;
        (void)pthread_sigmask(SIG_SETMASK, NULL, &before);
        assert_true(thread_start(&thread, mask_of_the_thread, &mask));
        assert_int_equal(pthread_join(thread, NULL), 0);
        for (size_t i = 0; i < COUNT_OF(faults); i++)
                assert_int_equal(sigismember(&mask, faults[i]), 0);
        for (size_t i = 0; i < COUNT_OF(others); i++)
                assert_int_equal(sigismember(&mask, others[i]), 1);
        (void)pthread_sigmask(SIG_SETMASK, NULL, &after);
        for (int number = 1; number < SIGRTMAX; number++)
                assert_int_equal(sigismember(&after, number), sigismember(&before, number));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_thread_takes_its_own_faults_and_no_signal_of_the_process),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
