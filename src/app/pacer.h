/* SPDX-License-Identifier: Apache-2.0
 *
 * A thread that works at once and then again after every pause, until it is stopped. A pause is counted by the steady clock, from the end
 * of the work before it: work that takes long is not made up for, and a jump of the time of day changes nothing. */
#ifndef APP_PACER_H
#define APP_PACER_H

#include <stdbool.h>
#include <stdint.h>
#include "base/error.h"

struct pacer;
typedef void (*pacer_work)(void *context, struct pacer *pacer);

/* `name` is told when there is no thread for it. *ret must not be read by the work, which may run before it is set. */
enum err pacer_start(const char *name, int64_t pause_us, pacer_work work, void *context, struct pacer **ret, struct fault *fault) MUST_USE;
/* False once it is being stopped: long work asks now and then. As a `goes_on`, with the pacer as its context. */
bool pacer_goes_on(void *pacer);
/* Ends a pause at once, waits for work under way, and frees. */
void pacer_stop(struct pacer *pacer);

#endif
