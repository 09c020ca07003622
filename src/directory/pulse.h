/* SPDX-License-Identifier: Apache-2.0
 *
 * When connections call: counted in memory for every request, merged into one row a connection by the flush of the request log. From it
 * comes what `health` says. Also which connections are being captured (R19). */
#ifndef DIRECTORY_PULSE_H
#define DIRECTORY_PULSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PULSE_QUIET_US (300LL * 1000000) /* a request after so long a silence begins a new cycle */
#define PULSE_GAPS 3
#define CAPTURE_ROWS_MAX 5000            /* reads of one capture */

/* As stored. */
struct pulse_row {
        int64_t last_us, success_us; /* of the last request, of the last that succeeded; 0: none */
        int64_t cycle_us;            /* when the last cycle began */
        int64_t cycles;
        int64_t gaps_us[PULSE_GAPS]; /* between the beginnings of the last cycles, the newest first; 0: not known */
};
/* What came since the last flush, from..to. */
struct pulse {
        int64_t root_no, connection_no;
        int64_t from_us, to_us, success_us; /* success 0: none; to 0: nothing came */
        int64_t capture_until_us;           /* 0: no capture */
};
void pulse_merge(struct pulse_row *row, const struct pulse *pulse);
/* The time between two cycles, not led astray by one long pause; 0: not known yet. */
int64_t pulse_interval_us(const struct pulse_row *row);

struct pulses;                   /* thread safe, bounded */
struct pulses *pulses_new(void); /* NULL: out of memory */
void pulses_free(struct pulses *pulses);
/* One request. True: a read, and a capture of this connection is on: one row less of it is left. */
bool pulses_note(struct pulses *pulses, int64_t root_no, int64_t connection_no, int64_t now_us, bool success, bool is_read);
/* Takes at most `max` that something came for and that were not taken for a while, or `all`. Returns their number. */
size_t pulses_take(struct pulses *pulses, int64_t now_us, bool all, struct pulse *ret, size_t max);
/* What was not taken yet, and the capture; zero when there is nothing. */
struct pulse pulses_find(struct pulses *pulses, int64_t root_no, int64_t connection_no, int64_t now_us);
/* until_us 0: ends it. */
void pulses_capture(struct pulses *pulses, int64_t root_no, int64_t connection_no, int64_t until_us);

#endif
