/* SPDX-License-Identifier: Apache-2.0
 *
 * See fault_vfs.h. */
#include "store/fault_vfs.h"
#include <sqlite3.h>
#include <stdatomic.h>
#include <string.h>

static atomic_int fault_mask, fault_countdown, fault_code, fault_happened, write_count;
static atomic_bool fault_lasting;

void fault_vfs_fail(enum fault_operation mask, int nth, int code, bool lasting)
{
        fault_happened = 0;
        fault_code = code;
        fault_lasting = lasting;
        fault_countdown = nth;
        fault_mask = (int)mask;
}

bool fault_vfs_heal(void)
{
        fault_mask = 0;
        return fault_happened;
}

int fault_vfs_writes(void)
{
        return write_count;
}

/* The code to answer instead of doing it; SQLITE_OK: do it. */
static int fault_now(enum fault_operation operation)
{
        if (!(fault_mask & (int)operation))
                return SQLITE_OK;
        int left = --fault_countdown;
        if (left > 0 || (left < 0 && !fault_lasting))
                return SQLITE_OK;
        fault_happened = 1;
        return fault_code;
}

struct fault_file {
        sqlite3_file base;
        sqlite3_file *real; /* behind this struct */
};

static sqlite3_vfs *real_vfs;

static sqlite3_file *real_of(sqlite3_file *file)
{
        return ((struct fault_file *)file)->real;
}

static int file_close(sqlite3_file *file)
{
        return real_of(file)->pMethods->xClose(real_of(file));
}
static int file_read(sqlite3_file *file, void *bytes, int length, sqlite3_int64 offset)
{
        return real_of(file)->pMethods->xRead(real_of(file), bytes, length, offset);
}
static int file_write(sqlite3_file *file, const void *bytes, int length, sqlite3_int64 offset)
{
        int code = fault_now(FAULT_WRITE);
        write_count++;
        return code ? code : real_of(file)->pMethods->xWrite(real_of(file), bytes, length, offset);
}
static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
        int code = fault_now(FAULT_TRUNCATE);
        return code ? code : real_of(file)->pMethods->xTruncate(real_of(file), size);
}
static int file_sync(sqlite3_file *file, int flags)
{
        int code = fault_now(FAULT_SYNC);
        return code ? code : real_of(file)->pMethods->xSync(real_of(file), flags);
}
static int file_size(sqlite3_file *file, sqlite3_int64 *ret)
{
        return real_of(file)->pMethods->xFileSize(real_of(file), ret);
}
static int file_lock(sqlite3_file *file, int level)
{
        return real_of(file)->pMethods->xLock(real_of(file), level);
}
static int file_unlock(sqlite3_file *file, int level)
{
        return real_of(file)->pMethods->xUnlock(real_of(file), level);
}
static int file_check_lock(sqlite3_file *file, int *ret)
{
        return real_of(file)->pMethods->xCheckReservedLock(real_of(file), ret);
}
static int file_control(sqlite3_file *file, int operation, void *argument)
{
        return real_of(file)->pMethods->xFileControl(real_of(file), operation, argument);
}
static int file_sector_size(sqlite3_file *file)
{
        return real_of(file)->pMethods->xSectorSize(real_of(file));
}
static int file_characteristics(sqlite3_file *file)
{
        return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}
static int file_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **ret)
{
        return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, ret);
}
static int file_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
        return real_of(file)->pMethods->xShmLock(real_of(file), offset, count, flags);
}
static void file_shm_barrier(sqlite3_file *file)
{
        real_of(file)->pMethods->xShmBarrier(real_of(file));
}
static int file_shm_unmap(sqlite3_file *file, int delete)
{
        return real_of(file)->pMethods->xShmUnmap(real_of(file), delete);
}

static const sqlite3_io_methods methods = { 2, file_close, file_read, file_write, file_truncate, file_sync, file_size, file_lock,
        file_unlock, file_check_lock, file_control, file_sector_size, file_characteristics, file_shm_map, file_shm_lock, file_shm_barrier,
        file_shm_unmap, NULL, NULL };

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *ret_flags)
{
        struct fault_file *fault_file = (struct fault_file *)file;
        fault_file->real = (sqlite3_file *)(fault_file + 1);
        int code = real_vfs->xOpen(real_vfs, name, fault_file->real, flags, ret_flags);
        fault_file->base.pMethods = fault_file->real->pMethods ? &methods : NULL;
        return code;
}

void fault_vfs_install(void)
{
        static sqlite3_vfs vfs;
        real_vfs = sqlite3_vfs_find(NULL);
        vfs = *real_vfs;
        vfs.zName = "fault";
        vfs.szOsFile = (int)sizeof(struct fault_file) + real_vfs->szOsFile;
        vfs.pNext = NULL;
        vfs.xOpen = vfs_open; /* the other methods take the real VFS's data from the copy */
        (void)sqlite3_vfs_register(&vfs, 1);
}
