/* SPDX-License-Identifier: Apache-2.0
 *
 * How a SQLite database of ours is opened: its files, and connections with the settings that all of them have. */
#ifndef STORE_SQLITE_OPEN_H
#define STORE_SQLITE_OPEN_H

#include <sqlite3.h>
#include "store/engine.h"

#define SQLITE_BUSY_TIMEOUT_MS 5000

/* Locks "<path>.lock", which then holds our pid; ERR_CONFLICT names who holds it. The lock goes with *ret_fd, to be closed by the caller
 * in any case; < 0: nothing was opened. */
enum err sqlite_lock_take(const char *path, int *ret_fd, struct fault *fault) MUST_USE;
/* A database belongs to its owner alone (0600; the WAL inherits the mode). `make`: it may be new, else ERR_NOT_FOUND. */
enum err sqlite_prepare_file(const char *path, bool make, struct fault *fault) MUST_USE;

/* Writable: WAL, synchronous=FULL, foreign keys, no checkpoints by itself. */
enum err sqlite_open(const char *path, bool writable, sqlite3 **ret, struct fault *fault) MUST_USE;
/* The first column of the first row; an error is left for sqlite_error. */
enum err sqlite_number(sqlite3 *db, const char *sql, int64_t *ret) MUST_USE;
bool sqlite_is_wal(sqlite3 *db); /* false where the file system cannot hold one */

#endif
