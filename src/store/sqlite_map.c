/* SPDX-License-Identifier: Apache-2.0
 *
 * See sqlite_map.h. */
#include "store/sqlite_map.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define LENGTH_LEAST ((uint64_t)4 << 30) /* of addresses, not of memory */
#define SLACK 256                        /* SQLite may look that far beyond a page that is damaged */
#define MAPS_MAX 8                       /* open at once in one program; more stay without */

int64_t page_map_used_from = (int64_t)256 << 20;

/* ---- SIGBUS ---- */

static _Atomic(struct page_map *) maps[MAPS_MAX]; /* that the handler knows */
static struct sigaction action_before;
static pthread_mutex_t handler_mutex = PTHREAD_MUTEX_INITIALIZER;
static size_t kernel_page;

/* The kernel's page in the map: zeros from now on. */
static bool give_up(struct page_map *map, unsigned char *address)
{
        if (address < map->bytes || address >= map->bytes + map->length)
                return false;
        size_t offset = (size_t)(address - map->bytes) / kernel_page * kernel_page;
        atomic_store(&map->is_broken, true); /* before anybody can read the zeros */
        return mmap(map->bytes + offset, kernel_page, PROT_READ, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static void on_bus_error(int number, siginfo_t *info, void *context)
{
        for (size_t i = 0; i < MAPS_MAX && info->si_code > 0; i++) { /* of the kernel, which says where */
                struct page_map *map = atomic_load(&maps[i]);
                if (map && give_up(map, info->si_addr))
                        return;
        }
        (void)sigaction(number, &action_before, NULL); /* not in a map of ours */
        (void)raise(number);
}

static bool handler_know(struct page_map *map)
{
        const struct sigaction action = { .sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO };
        struct sigaction now;
        bool known = false;
        (void)pthread_mutex_lock(&handler_mutex);
        kernel_page = (size_t)sysconf(_SC_PAGESIZE);
        if (sigaction(SIGBUS, NULL, &now) == 0 && now.sa_sigaction != on_bus_error) {
                action_before = now;
                (void)sigaction(SIGBUS, &action, NULL);
        }
        for (size_t i = 0; i < MAPS_MAX && !known; i++)
                if ((known = !atomic_load(&maps[i])))
                        atomic_store(&maps[i], map);
        (void)pthread_mutex_unlock(&handler_mutex);
        return known;
}

static void handler_forget(struct page_map *map)
{
        for (size_t i = 0; i < MAPS_MAX; i++) {
                struct page_map *expected = map;
                (void)atomic_compare_exchange_strong(&maps[i], &expected, NULL);
        }
}

/* ---- the map ---- */

bool page_map_open(struct page_map *map, const char *path)
{
        struct stat file;
        map->fd = open(path, O_RDONLY | O_CLOEXEC);
        map->is_open = map->fd >= 0;
        if (!map->is_open || fstat(map->fd, &file) != 0)
                return false;
        uint64_t length = (uint64_t)file.st_size * 2;
        if (length < LENGTH_LEAST)
                length = LENGTH_LEAST;
        if (length > SIZE_MAX)
                return false;
        void *bytes = mmap(NULL, length, PROT_READ, MAP_SHARED, map->fd, 0);
        if (bytes == MAP_FAILED)
                return false;
        map->bytes = bytes;
        map->length = (size_t)length;
        map->file_bytes = (uint64_t)file.st_size;
        map->grown_from = (size_t)file.st_size;
        if (handler_know(map))
                return true;
        (void)munmap(bytes, length);
        map->bytes = NULL;
        return false;
}

void page_map_close(struct page_map *map)
{
        if (map->bytes) {
                handler_forget(map);
                (void)munmap(map->bytes, map->length);
        }
        if (map->is_open)
                (void)close(map->fd);
        *map = (struct page_map){ 0 };
}

bool page_map_is_used(const struct page_map *map)
{
        return atomic_load_explicit(&map->is_used, memory_order_relaxed);
}

bool page_map_is_broken(const struct page_map *map)
{
        atomic_thread_fence(memory_order_acquire); /* what was read before was read before */
        return atomic_load_explicit(&map->is_broken, memory_order_relaxed);
}

/* SQLite asks beyond the end for what a transaction made and freed again: that is no bus error. */
static bool is_in_file(struct page_map *map, uint64_t end)
{
        struct stat file;
        if (end > map->length)
                return false;
        if (end <= atomic_load_explicit(&map->file_bytes, memory_order_relaxed))
                return true;
        if (fstat(map->fd, &file) != 0)
                return false;
        atomic_store_explicit(&map->file_bytes, (uint64_t)file.st_size, memory_order_relaxed);
        return end <= (uint64_t)file.st_size;
}

void page_map_grow(struct page_map *map)
{
        struct stat file;
        if (!map->bytes || !page_map_is_used(map) || page_map_is_broken(map) || fstat(map->fd, &file) != 0)
                return;
        size_t from = map->grown_from / kernel_page * kernel_page;
        size_t end = (uint64_t)file.st_size < map->length ? (size_t)file.st_size : map->length;
        if (end > from)
                (void)madvise(map->bytes + from, end - from, MADV_POPULATE_READ);
        map->grown_from = end;
}

void page_map_cut(struct page_map *map, int64_t file_bytes)
{
        if (map && (uint64_t)file_bytes < atomic_load_explicit(&map->file_bytes, memory_order_relaxed))
                atomic_store_explicit(&map->file_bytes, (uint64_t)file_bytes, memory_order_relaxed);
}

const void *page_map_at(struct page_map *map, int length, int64_t offset)
{
        if (!map || !map->bytes || length < 0 || offset < 0 || !is_in_file(map, (uint64_t)offset + (uint64_t)length + SLACK))
                return NULL;
        if (!page_map_is_used(map)) {
                if (offset < page_map_used_from)
                        return NULL;
                atomic_store_explicit(&map->is_used, true, memory_order_relaxed);
        }
        return page_map_is_broken(map) ? NULL : map->bytes + offset;
}

bool page_map_read(struct page_map *map, void *ret, int length, int64_t offset)
{
        const void *bytes = page_map_at(map, length, offset);
        if (!bytes)
                return false;
        memcpy(ret, bytes, (size_t)length);
        return !page_map_is_broken(map);
}
