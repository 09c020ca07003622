/* SPDX-License-Identifier: Apache-2.0
 *
 * One condition on the steady clock: signalled, it means stop; else the pause is over. */
#include "pacer.h"

#include <pthread.h>
#include <stdlib.h>
#include "base/clock.h"
#include "base/condition.h"

struct pacer {
        int64_t pause_us;
        pacer_work work;
        void *context;
        pthread_t thread;
        pthread_mutex_t mutex;
        pthread_cond_t wake;
        bool stop;
};

bool pacer_goes_on(void *pacer)
{
        struct pacer *asked = pacer;
        (void)pthread_mutex_lock(&asked->mutex);
        bool stop = asked->stop;
        (void)pthread_mutex_unlock(&asked->mutex);
        return !stop;
}

/* False: it is being stopped. */
static bool pause_over(struct pacer *pacer)
{
        int64_t until_us = clock_steady_us() + pacer->pause_us;
        (void)pthread_mutex_lock(&pacer->mutex);
        while (!pacer->stop && condition_wait(&pacer->wake, &pacer->mutex, until_us))
                ;
        bool stop = pacer->stop;
        (void)pthread_mutex_unlock(&pacer->mutex);
        return !stop;
}

static void *pacer_run(void *context)
{
        struct pacer *pacer = context;
        do
                pacer->work(pacer->context, pacer);
        while (pause_over(pacer));
        return NULL;
}

static void pacer_free(struct pacer *pacer)
{
        (void)pthread_cond_destroy(&pacer->wake);
        (void)pthread_mutex_destroy(&pacer->mutex);
        free(pacer);
}

enum err pacer_start(const char *name, int64_t pause_us, pacer_work work, void *context, struct pacer **ret, struct fault *fault)
{
        struct pacer *pacer = malloc(sizeof(*pacer));
        if (!pacer)
                return fault_set(fault, ERR_MEMORY, "", "out of memory");
        *pacer = (struct pacer){ .pause_us = pause_us, .work = work, .context = context };
        (void)pthread_mutex_init(&pacer->mutex, NULL);
        condition_init(&pacer->wake);
        if (pthread_create(&pacer->thread, NULL, pacer_run, pacer)) {
                pacer_free(pacer);
                return fault_set(fault, ERR_UNAVAILABLE, "", "no thread for %s", name);
        }
        *ret = pacer;
        return ERR_OK;
}

void pacer_stop(struct pacer *pacer)
{
        (void)pthread_mutex_lock(&pacer->mutex);
        pacer->stop = true;
        (void)pthread_cond_signal(&pacer->wake);
        (void)pthread_mutex_unlock(&pacer->mutex);
        (void)pthread_join(pacer->thread, NULL);
        pacer_free(pacer);
}
