/* SPDX-License-Identifier: Apache-2.0
 *
 * SQLite's file layer with faults: the default VFS, whose writes, syncs and truncates fail on command, as a full or broken disk does. */
#ifndef TESTS_STORE_FAULT_VFS_H
#define TESTS_STORE_FAULT_VFS_H

#include <stdbool.h>

enum fault_operation { FAULT_WRITE = 1, FAULT_SYNC = 2, FAULT_TRUNCATE = 4, FAULT_ANY = 7 };

/* Makes it the default VFS of this process. */
void fault_vfs_install(void);
/* The nth operation of the mask from now on answers `code`; with `lasting` all later ones too. */
void fault_vfs_fail(enum fault_operation mask, int nth, int code, bool lasting);
/* Recovers; true: a fault has happened since fault_vfs_fail. */
bool fault_vfs_heal(void);
/* How many writes came to files so far. */
int fault_vfs_writes(void);

#endif
