/* SPDX-License-Identifier: Apache-2.0
 *
 * The inner pages of a database's b-trees, read through one shared map of the file instead of a call of the kernel each. They are few,
 * stand between every question and its rows, and in a large directory are more than the cache of each reader holds. Leaves are read as
 * ever: there are too many for their first touch of a map to be cheap. A map sees what is written to the file at once; where the file ends
 * or its disk fails the kernel sends SIGBUS, which here means: not from the map. */
#ifndef STORE_SQLITE_MAP_H
#define STORE_SQLITE_MAP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct page_map {
        bool is_open;
        int fd; /* until page_map_close: to close it would take SQLite's record locks from the process */
        const unsigned char *bytes;
        int64_t first; /* offset in the file */
        size_t length; /* what the file grows beyond is not in the map */
        size_t page_bytes;
        atomic_uchar *is_inner; /* of each page: one was read there; only a hint */
};

/* Of the file from `first` on, a multiple of the kernel's pages. `map` is zeroed. False: there is no map and nothing is read from it;
 * page_map_close all the same. */
bool page_map_open(struct page_map *map, const char *path, size_t page_bytes, int64_t first);
/* After the last connection to the file is closed. Of a zeroed one: nothing. */
void page_map_close(struct page_map *map);

/* True: `ret` holds the page at `offset`. False: read it from the file, then call page_map_note. From threads that do not block SIGBUS. */
bool page_map_read(struct page_map *map, void *ret, int length, int64_t offset);
void page_map_note(struct page_map *map, const void *bytes, int length, int64_t offset);

#endif
