/* SPDX-License-Identifier: Apache-2.0
 *
 * See sqlite_vfs.h. */
#include "store/sqlite_vfs.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define WAITING_MAX ((int)128 << 10)
#define WRITE_LOCK 0      /* WAL_WRITE_LOCK of the WAL-index format (sqlite.org/walformat.html, section 2.3.1) */
#define READ_LOCK_FIRST 3 /* WAL_READ_LOCK(0) to (4) */
#define READ_LOCK_COUNT 5
#define PLAIN_VFS "unix" /* of which a page of the file is the page that is read */

struct own_file {
        sqlite3_file base;
        sqlite3_file *real;         /* behind this struct */
        struct own_file *other;     /* of a database its WAL, while that is open, and of a WAL its database; NULL: none of ours */
        struct lock_keeper *keeper; /* of a database, as the map; NULL: none */
        struct page_map *map;
        unsigned char *waiting; /* of a WAL */
        int waiting_length;
        sqlite3_int64 waiting_offset; /* where its first byte belongs */
};

static sqlite3_vfs *real_vfs, own_vfs;

static struct own_file *own(sqlite3_file *file)
{
        return (struct own_file *)file;
}

static sqlite3_file *real_of(sqlite3_file *file)
{
        return own(file)->real;
}

/* ---- passed on ---- */

static int pass_close(sqlite3_file *file)
{
        return real_of(file)->pMethods->xClose(real_of(file));
}

static int pass_read(sqlite3_file *file, void *bytes, int length, sqlite3_int64 offset)
{
        return real_of(file)->pMethods->xRead(real_of(file), bytes, length, offset);
}

static int pass_write(sqlite3_file *file, const void *bytes, int length, sqlite3_int64 offset)
{
        return real_of(file)->pMethods->xWrite(real_of(file), bytes, length, offset);
}

static int pass_truncate(sqlite3_file *file, sqlite3_int64 size)
{
        return real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int pass_sync(sqlite3_file *file, int flags)
{
        return real_of(file)->pMethods->xSync(real_of(file), flags);
}

static int pass_size(sqlite3_file *file, sqlite3_int64 *ret)
{
        return real_of(file)->pMethods->xFileSize(real_of(file), ret);
}

static int pass_lock(sqlite3_file *file, int level)
{
        return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int pass_unlock(sqlite3_file *file, int level)
{
        return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int pass_check_lock(sqlite3_file *file, int *ret)
{
        return real_of(file)->pMethods->xCheckReservedLock(real_of(file), ret);
}

static int pass_control(sqlite3_file *file, int operation, void *argument)
{
        return real_of(file)->pMethods->xFileControl(real_of(file), operation, argument);
}

static int pass_sector_size(sqlite3_file *file)
{
        return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int pass_characteristics(sqlite3_file *file)
{
        return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int pass_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **ret)
{
        return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, ret);
}

static int pass_shm_unmap(sqlite3_file *file, int delete)
{
        return real_of(file)->pMethods->xShmUnmap(real_of(file), delete);
}

/* ---- read locks ---- */

static int keeper_lock(struct lock_keeper *keeper, int number, int flags)
{
        return keeper->file->pMethods->xShmLock(keeper->file, number, 1, flags | SQLITE_SHM_SHARED);
}

static void keeper_hold(struct lock_keeper *keeper, int number)
{
        const unsigned bit = 1u << number;
        if (!keeper || number < READ_LOCK_FIRST || atomic_load_explicit(&keeper->held, memory_order_relaxed) & bit)
                return;
        (void)pthread_mutex_lock(&keeper->mutex);
        if (keeper->file && !(keeper->held & bit) && keeper_lock(keeper, number, SQLITE_SHM_LOCK) == SQLITE_OK)
                keeper->held |= bit;
        (void)pthread_mutex_unlock(&keeper->mutex);
}

static void keeper_give_back(struct lock_keeper *keeper, int first, int count)
{
        const unsigned range = ((1u << count) - 1) << first;
        if (!keeper || !(atomic_load_explicit(&keeper->held, memory_order_relaxed) & range))
                return;
        (void)pthread_mutex_lock(&keeper->mutex);
        for (int number = first; number < first + count; number++)
                if (keeper->held & (1u << number) && keeper_lock(keeper, number, SQLITE_SHM_UNLOCK) == SQLITE_OK)
                        keeper->held &= ~(1u << number);
        (void)pthread_mutex_unlock(&keeper->mutex);
}

static int database_shm_lock(sqlite3_file *file, int first, int count, int flags)
{
        struct lock_keeper *keeper = own(file)->keeper;
        if (flags == (SQLITE_SHM_LOCK | SQLITE_SHM_EXCLUSIVE))
                keeper_give_back(keeper, first, count);
        if (flags == (SQLITE_SHM_UNLOCK | SQLITE_SHM_EXCLUSIVE) && first == WRITE_LOCK && own(file)->other)
                own(file)->other->waiting_length = 0; /* of a transaction that was undone: others may write there now */
        int code = real_of(file)->pMethods->xShmLock(real_of(file), first, count, flags);
        if (code == SQLITE_OK && flags == (SQLITE_SHM_LOCK | SQLITE_SHM_SHARED))
                keeper_hold(keeper, first);
        return code;
}

int lock_keeper_open(struct lock_keeper *keeper, const char *path, int busy_timeout_ms)
{
        int code = sqlite3_open_v2(path, &keeper->db, SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READONLY, NULL);
        if (code == SQLITE_OK)
                code = sqlite3_busy_timeout(keeper->db, busy_timeout_ms);
        if (code == SQLITE_OK) /* the first question maps the shared memory */
                code = sqlite3_exec(keeper->db, "PRAGMA user_version", NULL, NULL, NULL);
        if (code == SQLITE_OK)
                code = sqlite3_file_control(keeper->db, "main", SQLITE_FCNTL_FILE_POINTER, &keeper->file);
        if (code == SQLITE_OK)
                (void)pthread_mutex_init(&keeper->mutex, NULL);
        else
                keeper->file = NULL;
        return code;
}

void lock_keeper_close(struct lock_keeper *keeper)
{
        if (keeper->file)
                keeper_give_back(keeper, READ_LOCK_FIRST, READ_LOCK_COUNT);
        keeper->file = NULL; /* the mutex stays: those it served may be closed later */
        (void)sqlite3_close(keeper->db);
        keeper->db = NULL;
}

/* ---- pages ---- */

static int database_read(sqlite3_file *file, void *bytes, int length, sqlite3_int64 offset)
{
        return page_map_read(own(file)->map, bytes, length, offset) ? SQLITE_OK : pass_read(file, bytes, length, offset);
}

/* Of connections with a `mmap_size`; what they get stays where it is. */
static int database_fetch(sqlite3_file *file, sqlite3_int64 offset, int length, void **ret)
{
        *ret = (void *)page_map_at(own(file)->map, length, offset);
        return SQLITE_OK;
}

static int database_unfetch(sqlite3_file *file, sqlite3_int64 offset, void *page)
{
        return SQLITE_OK;
}

/* No second map below ours. */
static int database_control(sqlite3_file *file, int operation, void *argument)
{
        sqlite3_int64 none = 0;
        return pass_control(file, operation, operation == SQLITE_FCNTL_MMAP_SIZE ? &none : argument);
}

static int database_truncate(sqlite3_file *file, sqlite3_int64 size)
{
        page_map_cut(own(file)->map, size);
        return pass_truncate(file, size);
}

/* ---- the WAL ---- */

/* What could not be written waits on: a transaction that goes on after a failed read must not lose a page. */
static int flush(struct own_file *wal)
{
        if (!wal->waiting_length)
                return SQLITE_OK;
        int code = wal->real->pMethods->xWrite(wal->real, wal->waiting, wal->waiting_length, wal->waiting_offset);
        if (code == SQLITE_OK)
                wal->waiting_length = 0;
        return code;
}

/* After a failed write or sync SQLite undoes the transaction. Its last frame, which would make it a committed one, must not reach the file
 * with something that is written later. */
static int flush_or_forget(struct own_file *wal)
{
        int code = flush(wal);
        wal->waiting_length = 0;
        return code;
}

/* SQLite passes here before it tells others of a COMMIT: whatever it synced or did not, they find it in the file. */
static void database_shm_barrier(sqlite3_file *file)
{
        if (own(file)->other)
                (void)flush(own(file)->other);
        real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int wal_close(sqlite3_file *file)
{
        if (own(file)->other)
                own(file)->other->other = NULL;
        free(own(file)->waiting);
        return pass_close(file);
}

static int wal_read(sqlite3_file *file, void *bytes, int length, sqlite3_int64 offset)
{
        int code = flush(own(file)); /* its own frames, where a transaction is larger than the cache */
        return code ? code : pass_read(file, bytes, length, offset);
}

/* Only the writer comes here: what opens a WAL to read has no room of its own for what waits. */
static int wal_write(sqlite3_file *file, const void *bytes, int length, sqlite3_int64 offset)
{
        struct own_file *wal = own(file);
        int code = SQLITE_OK;
        if (offset != wal->waiting_offset + wal->waiting_length || length > WAITING_MAX - wal->waiting_length)
                code = flush_or_forget(wal);
        if (code)
                return code;
        if (length > WAITING_MAX || (!wal->waiting && !(wal->waiting = malloc(WAITING_MAX))))
                return pass_write(file, bytes, length, offset);
        if (!wal->waiting_length)
                wal->waiting_offset = offset;
        memcpy(wal->waiting + wal->waiting_length, bytes, (size_t)length);
        wal->waiting_length += length;
        return SQLITE_OK;
}

static int wal_truncate(sqlite3_file *file, sqlite3_int64 size)
{
        int code = flush_or_forget(own(file));
        return code ? code : pass_truncate(file, size);
}

static int wal_sync(sqlite3_file *file, int flags)
{
        int code = flush_or_forget(own(file));
        return code ? code : pass_sync(file, flags);
}

static int wal_size(sqlite3_file *file, sqlite3_int64 *ret)
{
        int code = flush(own(file));
        return code ? code : pass_size(file, ret);
}

/* ---- opening ---- */

static const sqlite3_io_methods database_methods = { 3, pass_close, database_read, pass_write, database_truncate, pass_sync, pass_size,
        pass_lock, pass_unlock, pass_check_lock, database_control, pass_sector_size, pass_characteristics, pass_shm_map, database_shm_lock,
        database_shm_barrier, pass_shm_unmap, database_fetch, database_unfetch };
static const sqlite3_io_methods wal_methods = { 1, wal_close, wal_read, wal_write, wal_truncate, wal_sync, wal_size, pass_lock, pass_unlock,
        pass_check_lock, pass_control, pass_sector_size, pass_characteristics };

static int own_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *ret_flags)
{
        if (!(flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)))
                return real_vfs->xOpen(real_vfs, name, file, flags, ret_flags);
        struct own_file *made = own(file);
        *made = (struct own_file){ .real = (sqlite3_file *)(made + 1) };
        int code = real_vfs->xOpen(real_vfs, name, made->real, flags, ret_flags);
        if (made->real->pMethods)
                made->base.pMethods = flags & SQLITE_OPEN_WAL ? &wal_methods : &database_methods;
        if (code == SQLITE_OK && flags & SQLITE_OPEN_WAL) {
                sqlite3_file *database = sqlite3_database_file_object(name);
                if (database->pMethods == &database_methods) {
                        made->other = own(database);
                        made->other->other = made;
                }
        }
        return code;
}

void sqlite_vfs_serve(sqlite3 *db, struct lock_keeper *keeper, struct page_map *map)
{
        sqlite3_file *file = NULL;
        if (sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK || file->pMethods != &database_methods)
                return;
        own(file)->keeper = keeper && keeper->file ? keeper : NULL;
        own(file)->map = map && strcmp(real_vfs->zName, PLAIN_VFS) == 0 ? map : NULL;
}

static void make(void)
{
        real_vfs = sqlite3_vfs_find(NULL);
        if (!real_vfs)
                return;
        own_vfs = *real_vfs; /* the other methods take the real one's data from the copy */
        own_vfs.zName = "muster";
        own_vfs.szOsFile = (int)sizeof(struct own_file) + real_vfs->szOsFile;
        own_vfs.pNext = NULL;
        own_vfs.xOpen = own_open;
}

const char *sqlite_vfs(void)
{
        static pthread_once_t once = PTHREAD_ONCE_INIT;
        (void)pthread_once(&once, make);
        return real_vfs && sqlite3_vfs_register(&own_vfs, 0) == SQLITE_OK ? own_vfs.zName : NULL;
}
