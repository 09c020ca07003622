/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads of a server. */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>

/* One that takes no signal of the process (they are for main), but those that its own faults raise: the kernel ends a process whose
 * thread blocks what it would be told of. False: there is none. */
bool thread_start(pthread_t *ret, void *(*run)(void *), void *context);

#endif
