/* SPDX-License-Identifier: Apache-2.0
 *
 * See sqlite_map.h. */
#include "store/sqlite_map.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <ucontext.h>
#include <unistd.h>

#define LENGTH_LEAST ((size_t)4 << 30) /* of addresses, not of memory */

enum { INNER_OF_INDEX = 2, INNER_OF_TABLE = 5 }; /* first byte of a b-tree page (sqlite.org/fileformat2.html, section 1.6) */

/* ---- SIGBUS ---- */

static _Thread_local sigjmp_buf *volatile reading; /* where to go on when the page is not to be had */
static struct sigaction action_before;
static pthread_mutex_t handler_mutex = PTHREAD_MUTEX_INITIALIZER;

static void on_bus_error(int number, siginfo_t *info, void *context)
{
        (void)info;
        if (reading) { /* the mask as it was: a jump gives none back */
                (void)pthread_sigmask(SIG_SETMASK, &((const ucontext_t *)context)->uc_sigmask, NULL);
                siglongjmp(*reading, 1);
        }
        (void)sigaction(number, &action_before, NULL); /* nobody of ours read */
        (void)raise(number);
}

static void handler_install(void)
{
        const struct sigaction action = { .sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO };
        struct sigaction now;
        (void)pthread_mutex_lock(&handler_mutex);
        if (sigaction(SIGBUS, NULL, &now) == 0 && now.sa_sigaction != on_bus_error) {
                action_before = now;
                (void)sigaction(SIGBUS, &action, NULL);
        }
        (void)pthread_mutex_unlock(&handler_mutex);
}

/* What is written between the two returns of sigsetjmp is in memory: no variable of this function. */
static bool copy_guarded(void *ret, const void *bytes, size_t length)
{
        sigjmp_buf here;
        if (sigsetjmp(here, 0) != 0) {
                reading = NULL;
                return false;
        }
        reading = &here;
        atomic_signal_fence(memory_order_seq_cst);
        memcpy(ret, bytes, length);
        atomic_signal_fence(memory_order_seq_cst);
        reading = NULL;
        return true;
}

/* ---- the map ---- */

bool page_map_open(struct page_map *map, const char *path, size_t page_bytes, int64_t first)
{
        struct stat file;
        map->fd = open(path, O_RDONLY | O_CLOEXEC);
        map->is_open = map->fd >= 0;
        if (!map->is_open || fstat(map->fd, &file) != 0)
                return false;
        size_t twice = (size_t)file.st_size * 2 / page_bytes * page_bytes;
        size_t length = twice > LENGTH_LEAST ? twice : LENGTH_LEAST;
        map->is_inner = calloc(length / page_bytes, sizeof(*map->is_inner));
        if (!map->is_inner)
                return false;
        void *bytes = mmap(NULL, length, PROT_READ, MAP_SHARED, map->fd, first);
        if (bytes == MAP_FAILED)
                return false;
        (void)madvise(bytes, length, MADV_RANDOM); /* no reading ahead */
        handler_install();
        map->page_bytes = page_bytes;
        map->first = first;
        map->length = length;
        map->bytes = bytes;
        return true;
}

void page_map_close(struct page_map *map)
{
        if (map->bytes)
                (void)munmap((void *)map->bytes, map->length);
        free(map->is_inner);
        if (map->is_open)
                (void)close(map->fd);
        *map = (struct page_map){ 0 };
}

/* Of the map, from zero; SIZE_MAX: of none. */
static size_t page_at(const struct page_map *map, int length, int64_t offset)
{
        if (!map || !map->bytes || (size_t)length != map->page_bytes || offset < map->first)
                return SIZE_MAX;
        size_t page = (size_t)(offset - map->first) / map->page_bytes;
        bool is_whole = (size_t)offset % map->page_bytes == 0 && page < map->length / map->page_bytes;
        return is_whole ? page : SIZE_MAX;
}

bool page_map_read(struct page_map *map, void *ret, int length, int64_t offset)
{
        size_t page = page_at(map, length, offset);
        return page != SIZE_MAX && atomic_load_explicit(&map->is_inner[page], memory_order_relaxed) &&
               copy_guarded(ret, map->bytes + page * map->page_bytes, map->page_bytes);
}

void page_map_note(struct page_map *map, const void *bytes, int length, int64_t offset)
{
        size_t page = page_at(map, length, offset);
        const unsigned char *kind = bytes;
        if (page != SIZE_MAX && (*kind == INNER_OF_INDEX || *kind == INNER_OF_TABLE))
                atomic_store_explicit(&map->is_inner[page], 1, memory_order_relaxed);
}
