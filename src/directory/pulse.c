/* SPDX-License-Identifier: Apache-2.0
 *
 * See pulse.h. A cycle is what comes without a pause of five minutes: Entra comes every 20 to 40 minutes and asks for much at once. */
#include "pulse.h"

#include <pthread.h>
#include <stdlib.h>

#define BUCKETS 1024
#define PULSES_MAX 65536            /* connections in memory; others have no health */
#define WRITTEN_AFTER_US 10000000LL /* between two writes of one connection */

/* ---- the row ---- */

void pulse_merge(struct pulse_row *row, const struct pulse *pulse)
{
        if (!pulse->to_us)
                return;
        if (!row->last_us || pulse->from_us - row->last_us >= PULSE_QUIET_US) {
                for (int i = PULSE_GAPS - 1; i > 0 && row->cycle_us; i--)
                        row->gaps_us[i] = row->gaps_us[i - 1];
                if (row->cycle_us)
                        row->gaps_us[0] = pulse->from_us - row->cycle_us;
                row->cycle_us = pulse->from_us;
                row->cycles++;
        }
        if (pulse->to_us > row->last_us)
                row->last_us = pulse->to_us;
        if (pulse->success_us > row->success_us)
                row->success_us = pulse->success_us;
}

int64_t pulse_interval_us(const struct pulse_row *row)
{
        int64_t a = row->gaps_us[0], b = row->gaps_us[1], c = row->gaps_us[2];
        if (!b)
                return 0;
        if (!c)
                return a < b ? a : b;
        return a < b ? (b < c ? b : a < c ? c : a) : (a < c ? a : b < c ? c : b);
}

/* ---- in memory ---- */

struct beat {
        struct beat *next;
        struct pulse pulse;
        int64_t taken_us;
        int64_t capture_left; /* rows */
};

struct pulses {
        pthread_mutex_t mutex;
        struct beat *buckets[BUCKETS];
        size_t count, cursor; /* where the next take begins, so that each bucket has its turn */
};

struct pulses *pulses_new(void)
{
        struct pulses *pulses = calloc(1, sizeof(*pulses));
        if (pulses)
                (void)pthread_mutex_init(&pulses->mutex, NULL);
        return pulses;
}

void pulses_free(struct pulses *pulses)
{
        for (size_t i = 0; pulses && i < BUCKETS; i++)
                for (struct beat *next; pulses->buckets[i]; pulses->buckets[i] = next) {
                        next = pulses->buckets[i]->next;
                        free(pulses->buckets[i]);
                }
        if (pulses)
                (void)pthread_mutex_destroy(&pulses->mutex);
        free(pulses);
}

static struct beat **bucket_of(struct pulses *pulses, int64_t root_no, int64_t connection_no)
{
        uint64_t sum = ((uint64_t)root_no * 1000003 + (uint64_t)connection_no) * 0x9e3779b97f4a7c15u;
        return &pulses->buckets[sum >> 54];
}

/* NULL: there is none, and none could be `made`. */
static struct beat *find(struct pulses *pulses, int64_t root_no, int64_t connection_no, bool made)
{
        struct beat **bucket = bucket_of(pulses, root_no, connection_no), *beat = *bucket;
        while (beat && (beat->pulse.root_no != root_no || beat->pulse.connection_no != connection_no))
                beat = beat->next;
        if (beat || !made || pulses->count == PULSES_MAX || !(beat = calloc(1, sizeof(*beat))))
                return beat;
        beat->pulse.root_no = root_no;
        beat->pulse.connection_no = connection_no;
        beat->next = *bucket;
        *bucket = beat;
        pulses->count++;
        return beat;
}

static bool takes_row(struct beat *beat, int64_t now_us)
{
        if (!beat->pulse.capture_until_us)
                return false;
        if (now_us < beat->pulse.capture_until_us && beat->capture_left > 0) {
                beat->capture_left--;
                return true;
        }
        beat->pulse.capture_until_us = 0;
        return false;
}

bool pulses_note(struct pulses *pulses, int64_t root_no, int64_t connection_no, int64_t now_us, bool success, bool is_read)
{
        (void)pthread_mutex_lock(&pulses->mutex);
        struct beat *beat = find(pulses, root_no, connection_no, true);
        if (beat && !beat->pulse.to_us)
                beat->pulse.from_us = now_us;
        if (beat)
                beat->pulse.to_us = now_us;
        if (beat && success)
                beat->pulse.success_us = now_us;
        bool captured = beat && is_read && takes_row(beat, now_us);
        (void)pthread_mutex_unlock(&pulses->mutex);
        return captured;
}

static bool is_due(const struct beat *beat, int64_t now_us, bool all)
{
        return beat->pulse.to_us && (all || now_us - beat->taken_us >= WRITTEN_AFTER_US || now_us < beat->taken_us);
}

size_t pulses_take(struct pulses *pulses, int64_t now_us, bool all, struct pulse *ret, size_t max)
{
        size_t count = 0;
        (void)pthread_mutex_lock(&pulses->mutex);
        for (size_t turn = 0; pulses->count && turn < BUCKETS && count < max; turn++, pulses->cursor = (pulses->cursor + 1) % BUCKETS)
                for (struct beat *beat = pulses->buckets[pulses->cursor]; beat && count < max; beat = beat->next) {
                        if (!is_due(beat, now_us, all))
                                continue;
                        ret[count++] = beat->pulse;
                        beat->taken_us = now_us;
                        beat->pulse.from_us = beat->pulse.to_us = beat->pulse.success_us = 0;
                }
        (void)pthread_mutex_unlock(&pulses->mutex);
        return count;
}

struct pulse pulses_find(struct pulses *pulses, int64_t root_no, int64_t connection_no, int64_t now_us)
{
        struct pulse found = { 0 };
        (void)pthread_mutex_lock(&pulses->mutex);
        const struct beat *beat = find(pulses, root_no, connection_no, false);
        if (beat)
                found = beat->pulse;
        if (beat && (now_us >= found.capture_until_us || !beat->capture_left))
                found.capture_until_us = 0;
        (void)pthread_mutex_unlock(&pulses->mutex);
        return found;
}

void pulses_capture(struct pulses *pulses, int64_t root_no, int64_t connection_no, int64_t until_us)
{
        (void)pthread_mutex_lock(&pulses->mutex);
        struct beat *beat = find(pulses, root_no, connection_no, until_us != 0);
        if (beat) {
                beat->pulse.capture_until_us = until_us;
                beat->capture_left = CAPTURE_ROWS_MAX;
        }
        (void)pthread_mutex_unlock(&pulses->mutex);
}
