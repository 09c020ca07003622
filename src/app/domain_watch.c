/* SPDX-License-Identifier: Apache-2.0
 *
 * Wakes up now and then, at least as often as a domain that fails is asked for again, and does what is due. */
#include "domain_watch.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include "base/clock.h"

#define WAKES 24 /* in the time between two checks of a domain */
#define NAP_MIN_US (US_PER_S / 4)
#define NAP_MAX_US (60 * US_PER_S)

struct domain_watch {
        struct directory *directory;
        struct session *reader;
        pthread_t thread;
        pthread_mutex_t mutex;
        pthread_cond_t wake;
        bool stop;
};

static bool goes_on(void *context)
{
        struct domain_watch *watch = context;
        (void)pthread_mutex_lock(&watch->mutex);
        bool stop = watch->stop;
        (void)pthread_mutex_unlock(&watch->mutex);
        return !stop;
}

static void nap(struct domain_watch *watch)
{
        int64_t nap_us = watch->directory->domains_recheck_us / WAKES;
        nap_us = nap_us < NAP_MIN_US ? NAP_MIN_US : nap_us > NAP_MAX_US ? NAP_MAX_US : nap_us;
        struct timespec until;
        (void)clock_gettime(CLOCK_MONOTONIC, &until);
        int64_t nanoseconds = until.tv_nsec + nap_us * 1000;
        until.tv_sec += nanoseconds / 1000000000;
        until.tv_nsec = nanoseconds % 1000000000;
        (void)pthread_mutex_lock(&watch->mutex);
        if (!watch->stop)
                (void)pthread_cond_timedwait(&watch->wake, &watch->mutex, &until);
        (void)pthread_mutex_unlock(&watch->mutex);
}

static void *watch_run(void *context)
{
        struct domain_watch *watch = context;
        while (goes_on(watch)) {
                directory_check_domains(watch->directory, watch->reader, goes_on, watch);
                nap(watch);
        }
        return NULL;
}

static void watch_free(struct domain_watch *watch)
{
        session_close(watch->reader);
        (void)pthread_cond_destroy(&watch->wake);
        (void)pthread_mutex_destroy(&watch->mutex);
        free(watch);
}

enum err domain_watch_start(struct directory *directory, struct domain_watch **ret, struct fault *fault)
{
        struct domain_watch *watch = calloc(1, sizeof(*watch));
        if (!watch)
                return fault_set(fault, ERR_MEMORY, "", "out of memory");
        watch->directory = directory;
        enum err e = store_reader_open(directory->store, &watch->reader, fault);
        if (e) {
                free(watch);
                return e;
        }
        pthread_condattr_t steady;
        (void)pthread_mutex_init(&watch->mutex, NULL);
        (void)pthread_condattr_init(&steady);
        (void)pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
        (void)pthread_cond_init(&watch->wake, &steady);
        (void)pthread_condattr_destroy(&steady);
        if (pthread_create(&watch->thread, NULL, watch_run, watch)) {
                watch_free(watch);
                return fault_set(fault, ERR_UNAVAILABLE, "", "no thread for the look-ups of domains");
        }
        *ret = watch;
        return ERR_OK;
}

void domain_watch_stop(struct domain_watch *watch)
{
        (void)pthread_mutex_lock(&watch->mutex);
        watch->stop = true;
        (void)pthread_cond_signal(&watch->wake);
        (void)pthread_mutex_unlock(&watch->mutex);
        (void)pthread_join(watch->thread, NULL);
        watch_free(watch);
}
