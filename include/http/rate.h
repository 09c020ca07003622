/* SPDX-License-Identifier: Apache-2.0
 *
 * Token buckets in memory, one a key: so many requests a second, and a burst. A fixed table: a key whose bucket is full again gives its
 * place to the next; when all places near a key are taken it passes, so that a flood of keys refuses nobody else. */
#ifndef HTTP_RATE_H
#define HTTP_RATE_H

#include <stdint.h>

struct rate;                 /* thread safe */
struct rate *rate_new(void); /* NULL: out of memory */
void rate_free(struct rate *rate);

struct rate_limit {
        int64_t per_s;
        int64_t burst;
};
/* Takes one from the key's bucket: 0, or the microseconds until there is one again, and nothing was taken. key is not 0. */
int64_t rate_take(struct rate *rate, uint64_t key, struct rate_limit limit, int64_t now_us /* steady */);
/* The same question, but takes nothing. */
int64_t rate_wait_us(struct rate *rate, uint64_t key, struct rate_limit limit, int64_t now_us);

/* Keys: of two numbers, and of a text. */
uint64_t rate_key(uint64_t left, uint64_t right);
uint64_t rate_key_text(const char *text);

#endif
