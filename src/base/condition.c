/* SPDX-License-Identifier: Apache-2.0
 *
 * See condition.h. Initialising cannot fail with glibc. */
#include "base/condition.h"

#include <time.h>
#include "base/clock.h"

void condition_init(pthread_cond_t *condition)
{
        pthread_condattr_t steady;
        (void)pthread_condattr_init(&steady);
        (void)pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
        (void)pthread_cond_init(condition, &steady);
        (void)pthread_condattr_destroy(&steady);
}

bool condition_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t deadline_us)
{
        const struct timespec until = { .tv_sec = deadline_us / US_PER_S, .tv_nsec = deadline_us % US_PER_S * 1000 };
        return pthread_cond_timedwait(condition, mutex, &until) == 0;
}
