/* SPDX-License-Identifier: Apache-2.0
 *
 * One thread for everything that happens by itself: notices, last-used times, signed checkpoints, WAL checkpoints, eviction, readiness,
 * the clock's watch. */
#ifndef APP_SCHEDULER_H
#define APP_SCHEDULER_H

#include <stdbool.h>
#include "directory/directory.h"

struct scheduler;

enum err scheduler_start(struct directory *directory, const struct settings *settings, struct scheduler **ret, struct fault *fault) MUST_USE;
/* Runs what is due one last time, then ends. */
void scheduler_stop(struct scheduler *scheduler);
/* Does the database answer and is the server not stopping? */
bool scheduler_is_ready(const struct scheduler *scheduler);
void scheduler_set_stopping(struct scheduler *scheduler);

#endif
