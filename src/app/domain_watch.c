/* SPDX-License-Identifier: Apache-2.0
 *
 * Wakes up now and then, at least as often as a domain that fails is asked for again, and does what is due. */
#include "domain_watch.h"

#include <stdlib.h>
#include "base/clock.h"
#include "pacer.h"

#define WAKES 24 /* in the time between two checks of a domain */
#define PAUSE_MIN_US (US_PER_S / 4)
#define PAUSE_MAX_US (60 * US_PER_S)

struct domain_watch {
        struct directory *directory;
        struct session *reader;
        struct pacer *pacer;
};

static void check_domains(void *context, struct pacer *pacer)
{
        const struct domain_watch *watch = context;
        directory_check_domains(watch->directory, watch->reader, pacer_goes_on, pacer);
}

static void watch_free(struct domain_watch *watch)
{
        session_close(watch->reader);
        free(watch);
}

enum err domain_watch_start(struct directory *directory, struct domain_watch **ret, struct fault *fault)
{
        int64_t pause_us = directory->domains_recheck_us / WAKES;
        pause_us = pause_us < PAUSE_MIN_US ? PAUSE_MIN_US : pause_us > PAUSE_MAX_US ? PAUSE_MAX_US : pause_us;
        struct domain_watch *watch = calloc(1, sizeof(*watch));
        if (!watch)
                return fault_set(fault, ERR_MEMORY, "", "out of memory");
        watch->directory = directory;
        enum err e = store_reader_open(directory->store, &watch->reader, fault);
        if (!e)
                e = pacer_start("the look-ups of domains", pause_us, check_domains, watch, &watch->pacer, fault);
        if (e) {
                watch_free(watch);
                return e;
        }
        *ret = watch;
        return ERR_OK;
}

void domain_watch_stop(struct domain_watch *watch)
{
        pacer_stop(watch->pacer);
        watch_free(watch);
}
