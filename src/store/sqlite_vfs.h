/* SPDX-License-Identifier: Apache-2.0
 *
 * SQLite's files as we use them, over whatever VFS is the default. Three things are other than there, all to spare calls of the kernel:
 *
 * Writes to the WAL. SQLite hands a transaction over frame by frame, the 24 bytes of a header and a page, two calls each; here what follows
 * one another waits, and goes in one. Nothing waits beyond the xSync of a COMMIT, nor when others are told of one; what is left when the
 * write lock goes belonged to a transaction that was undone, and is forgotten.
 *
 * Read locks of the WAL. Each question takes and gives back one of five, a record lock under a mutex of the process. While a connection of
 * ours, the keeper, holds the same lock, SQLite finds it held by this process already and only counts. The keeper asks for what a reader
 * got, and gives back before anybody here asks for an exclusive lock: one lock more can make others wait, but lets nobody in. So only who
 * serves the installation has a keeper: beside it, in a program that reads on and never checkpoints, one would keep the WAL for ever.
 *
 * Pages of the database come from a map (sqlite_map.h), where there is one: copied, or, once `PRAGMA mmap_size` is more than 0, as they are
 * there. Then a row is worth nothing where the map is broken after its step, and was not when the statement began. */
#ifndef STORE_SQLITE_VFS_H
#define STORE_SQLITE_VFS_H

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include "store/sqlite_map.h"

struct lock_keeper {
        sqlite3 *db; /* of its own: nobody else uses it */
        sqlite3_file *file;
        pthread_mutex_t mutex;
        atomic_uint held; /* bit n: lock n of the shared memory */
};

/* Name of the VFS for sqlite3_open_v2, over the one that is the default when this is first called; NULL: the default itself. */
const char *sqlite_vfs(void);

/* `path` is a database in WAL mode, open here already. Returns a result code of SQLite. */
int lock_keeper_open(struct lock_keeper *keeper, const char *path, int busy_timeout_ms);
void lock_keeper_close(struct lock_keeper *keeper); /* a zeroed or a closed one: nothing */

/* From here on the keeper holds what this connection, opened through sqlite_vfs, locks for reading, and pages come from the map. Both
 * must outlive the connection; NULL, one that is not open, or no more: none. */
void sqlite_vfs_serve(sqlite3 *db, struct lock_keeper *keeper, struct page_map *map);

#endif
