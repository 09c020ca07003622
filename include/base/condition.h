/* SPDX-License-Identifier: Apache-2.0
 *
 * Conditions that wait until an instant of the steady clock (clock_steady_us): a change of the wall clock neither ends nor lengthens a wait. */
#ifndef BASE_CONDITION_H
#define BASE_CONDITION_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

void condition_init(pthread_cond_t *condition); /* ended by pthread_cond_destroy */
/* Waits once, so that what is waited for must be looked at again. False: deadline_us is over. */
bool condition_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t deadline_us);

#endif
