/* SPDX-License-Identifier: Apache-2.0
 *
 * The generic cell rate algorithm: a bucket is one instant, that at which it will be full again. */
#include "http/rate.h"

#include <pthread.h>
#include <stdlib.h>
#include "base/clock.h"

#define PLACES 4096u
#define PROBES 8u

struct place {
        uint64_t key;
        int64_t full_us;
};

struct rate {
        pthread_mutex_t mutex;
        struct place places[PLACES];
};

struct rate *rate_new(void)
{
        struct rate *rate = calloc(1, sizeof(*rate));
        if (rate)
                (void)pthread_mutex_init(&rate->mutex, NULL);
        return rate;
}

void rate_free(struct rate *rate)
{
        (void)pthread_mutex_destroy(&rate->mutex);
        free(rate);
}

uint64_t rate_key(uint64_t left, uint64_t right)
{
        uint64_t key = left * UINT64_C(0x9e3779b97f4a7c15) + right;
        key = (key ^ (key >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        key = (key ^ (key >> 27)) * UINT64_C(0x94d049bb133111eb);
        key ^= key >> 31;
        return key ? key : 1;
}

uint64_t rate_key_text(const char *text)
{
        uint64_t key = UINT64_C(0xcbf29ce484222325);
        for (; *text; text++)
                key = (key ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
        return rate_key(key, 1);
}

/* NULL: no place. */
static struct place *find(struct rate *rate, uint64_t key, int64_t now_us)
{
        struct place *free_place = NULL;
        for (unsigned i = 0; i < PROBES; i++) {
                struct place *place = &rate->places[(key + i) % PLACES];
                if (place->key == key)
                        return place;
                if (!free_place && place->full_us <= now_us)
                        free_place = place;
        }
        if (free_place)
                *free_place = (struct place){ .key = key };
        return free_place;
}

static int64_t ask(struct rate *rate, uint64_t key, struct rate_limit limit, int64_t now_us, int64_t taken)
{
        int64_t step_us = US_PER_S / limit.per_s, wait_us = 0;
        (void)pthread_mutex_lock(&rate->mutex);
        struct place *place = find(rate, key, now_us);
        if (place) {
                int64_t full_us = (place->full_us > now_us ? place->full_us : now_us) + step_us;
                wait_us = full_us - now_us - step_us * limit.burst;
                if (wait_us <= 0 && taken)
                        place->full_us = full_us;
        }
        (void)pthread_mutex_unlock(&rate->mutex);
        return wait_us > 0 ? wait_us : 0;
}

int64_t rate_take(struct rate *rate, uint64_t key, struct rate_limit limit, int64_t now_us)
{
        return ask(rate, key, limit, now_us, 1);
}

int64_t rate_wait_us(struct rate *rate, uint64_t key, struct rate_limit limit, int64_t now_us)
{
        return ask(rate, key, limit, now_us, 0);
}
