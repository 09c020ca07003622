/* SPDX-License-Identifier: Apache-2.0
 *
 * A large database's pages through one shared map of the file, instead of a call of the kernel and a copy each. The map sees what is
 * written to the file at once. Where the file ends or its disk fails the kernel sends SIGBUS: then that page becomes zeros and the map is
 * broken, once and for all. Whatever came from it since is worth nothing, and everything is read from the file again, which can say what is
 * wrong. */
#ifndef STORE_SQLITE_MAP_H
#define STORE_SQLITE_MAP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct page_map {
        bool is_open;
        int fd; /* until page_map_close: to close it would take SQLite's record locks from the process */
        unsigned char *bytes;
        size_t length;               /* what the file grows beyond is not in the map */
        size_t grown_from;           /* page_map_grow looks no further back */
        _Atomic uint64_t file_bytes; /* as far as is known */
        atomic_bool is_used, is_broken;
};

/* Offset in a file. Who reads there reads a large one, and its map is used from then on. A smaller one is read: its pages would only count
 * twice, here and in the caches of readers. Tests lower it. */
extern int64_t page_map_used_from;

/* `map` is zeroed. False: there is no map, and nothing comes from it; page_map_close all the same. */
bool page_map_open(struct page_map *map, const char *path);
/* After the last connection to the file is closed. Of a zeroed one: nothing. */
void page_map_close(struct page_map *map);

bool page_map_is_used(const struct page_map *map);
/* Broken when a question was answered, and not yet when it began: then the answer is worth nothing. */
bool page_map_is_broken(const struct page_map *map);

/* Where these bytes of the file are; NULL: read them from it. From threads that do not block SIGBUS, and good until the map breaks. */
const void *page_map_at(struct page_map *map, int length, int64_t offset);
/* The same, copied, and no zeros of a broken map. False: read them from the file. */
bool page_map_read(struct page_map *map, void *ret, int length, int64_t offset);
/* After a checkpoint, of which one runs at a time: what the file has grown by is in memory, and nobody shall pay a page fault for it. What
 * it held before page_map_open comes with those who ask for it. */
void page_map_grow(struct page_map *map);
/* Before the file is made shorter. NULL: nothing. */
void page_map_cut(struct page_map *map, int64_t file_bytes);

#endif
