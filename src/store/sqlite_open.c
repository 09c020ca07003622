/* SPDX-License-Identifier: Apache-2.0
 *
 * See sqlite_open.h. */
#include "store/sqlite_open.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include "base/auto.h"
#include "base/clock.h"
#include "store/sqlite_error.h"
#include "store/sqlite_vfs.h"

#define WAL_SWITCH_PAUSE_MS 10

/* ---- files ---- */

enum err sqlite_lock_take(const char *path, int *ret_fd, struct fault *fault)
{
        auto_free_ char *lock_path = NULL;
        if (asprintf(&lock_path, "%s.lock", path) < 0) {
                lock_path = NULL;
                return fault_set(fault, ERR_MEMORY, "", "no memory for a path");
        }
        int fd = *ret_fd = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return fault_set(fault, ERR_UNAVAILABLE, "database.url", "cannot open %s: %s", lock_path, strerror(errno));
        char pid[24] = "";
        if (flock(fd, LOCK_EX | LOCK_NB)) {
                ssize_t got = pread(fd, pid, sizeof pid - 1, 0);
                pid[got > 0 ? strspn(pid, "0123456789") : 0] = 0;
                return fault_set(fault, ERR_CONFLICT, "database.url",
                        "another program (pid %s) serves this installation: stop it first, or use its API", *pid ? pid : "unknown");
        }
        int length = snprintf(pid, sizeof pid, "%d\n", (int)getpid());
        if (ftruncate(fd, 0) || pwrite(fd, pid, (size_t)length, 0) != length)
                return fault_set(fault, errno == ENOSPC ? ERR_STORAGE_FULL : ERR_UNAVAILABLE, "database.url", "cannot write %s: %s",
                        lock_path, strerror(errno));
        return ERR_OK;
}

enum err sqlite_prepare_file(const char *path, bool make, struct fault *fault)
{
        auto_close_ int fd = open(path, O_RDWR | O_CLOEXEC | (make ? O_CREAT : 0), 0600);
        if (fd >= 0)
                return ERR_OK;
        if (errno == ENOENT && !make)
                return fault_set(fault, ERR_NOT_FOUND, "database.url", "there is no database %s: run `muster init`", path);
        return fault_set(
                fault, errno == ENOSPC ? ERR_STORAGE_FULL : ERR_UNAVAILABLE, "database.url", "cannot open %s: %s", path, strerror(errno));
}

/* ---- connections ---- */

static void library_configure(void)
{
        /* Both fail harmlessly when the program has initialised SQLite already. */
        (void)sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
        (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/* The first switch of a new file to WAL raises a read lock to an exclusive one, and there SQLite never waits: of two programs that open
 * it at once, one gets BUSY without its busy timeout having been asked. Elsewhere in the switch it does wait: the clock counts both. */
static int wal_switch(sqlite3 *db)
{
        const int64_t end_us = clock_steady_us() + SQLITE_BUSY_TIMEOUT_MS * US_PER_MS;
        for (;;) {
                int code = sqlite3_exec(db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL) & 0xff;
                if (code != SQLITE_BUSY || clock_steady_us() >= end_us)
                        return code;
                (void)sqlite3_sleep(WAL_SWITCH_PAUSE_MS);
        }
}

enum err sqlite_open(const char *path, bool writable, sqlite3 **ret, struct fault *fault)
{
        static pthread_once_t once = PTHREAD_ONCE_INIT;
        static const struct unique_names none = { 0 };
        enum failure failure;
        sqlite3 *db = NULL;
        int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | (writable ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);
        const char *pragmas = writable ? "PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF; PRAGMA foreign_keys = ON; "
                                         "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; "
                                         "PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -8192; PRAGMA mmap_size = 0"
                                       : "PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF; PRAGMA cache_size = -512; "
                                         "PRAGMA mmap_size = 0; PRAGMA query_only = ON";
        enum err e = ERR_OK;
        (void)pthread_once(&once, library_configure);
        if (sqlite3_open_v2(path, &db, flags, sqlite_vfs()) != SQLITE_OK || sqlite3_busy_timeout(db, SQLITE_BUSY_TIMEOUT_MS) != SQLITE_OK ||
                sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) != SQLITE_OK ||
                sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, NULL) != SQLITE_OK ||
                sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL) != SQLITE_OK || (writable && wal_switch(db) != SQLITE_OK) ||
                sqlite3_exec(db, pragmas, NULL, NULL, NULL) != SQLITE_OK)
                e = db ? sqlite_error(db, &none, &failure, fault) : fault_set(fault, ERR_MEMORY, "", "no memory for a connection");
        if (e) {
                (void)sqlite3_close(db);
                return e;
        }
        (void)sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
        *ret = db;
        return ERR_OK;
}

enum err sqlite_number(sqlite3 *db, const char *sql, int64_t *ret)
{
        sqlite3_stmt *statement = NULL;
        enum err e = ERR_UNAVAILABLE;
        if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW) {
                *ret = sqlite3_column_int64(statement, 0);
                e = ERR_OK;
        }
        (void)sqlite3_finalize(statement);
        return e;
}

bool sqlite_is_wal(sqlite3 *db)
{
        sqlite3_stmt *statement = NULL;
        bool wal = sqlite3_prepare_v2(db, "PRAGMA journal_mode", -1, &statement, NULL) == SQLITE_OK &&
                   sqlite3_step(statement) == SQLITE_ROW && !strcmp((const char *)sqlite3_column_text(statement, 0), "wal");
        (void)sqlite3_finalize(statement);
        return wal;
}
