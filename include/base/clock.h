/* SPDX-License-Identifier: Apache-2.0
 *
 * Time in microseconds. clock_now_us is CLOCK_REALTIME (stored times, expiry), clock_steady_us CLOCK_MONOTONIC (deadlines). Tests may
 * shift the realtime clock. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define US_PER_MS 1000LL
#define US_PER_S 1000000LL
#define US_PER_DAY (86400LL * US_PER_S)
#define CLOCK_TEXT_SIZE 32

int64_t clock_now_us(void);
int64_t clock_steady_us(void);
/* The time to store: clock_now_us, except that it does not follow a jump forward of more than CLOCK_JUMP_MAX_US until the clock is set right
 * again, clock_accept is called or the program restarts; it goes on by the steady clock meanwhile. Thread safe. */
#define CLOCK_JUMP_MAX_US (300 * US_PER_S)
int64_t clock_stored_us(void);
/* Somebody has looked, and the clock is right: the jump forward that clock_stored_us does not follow is followed from now on. False: there is none.
 * *ret_jump_us: how far. */
bool clock_accept(int64_t *ret_jump_us);
void clock_shift_for_test_us(int64_t shift_us); /* added to clock_now_us from now on */

/* RFC 3339 in UTC with millisecond fraction: "2026-11-21T05:06:07.123Z". */
void clock_format(int64_t time_us, char ret[CLOCK_TEXT_SIZE]);
/* RFC 3339 / xsd:dateTime with zone; false when `text` is anything else. */
bool clock_parse(const char *text, int64_t *ret_time_us);

#endif
