/* SPDX-License-Identifier: Apache-2.0
 *
 * The three containers of a graph. All speak of records by 32-bit index, so that a record costs what it holds and no pointer. NONE is no
 * index. None of them is thread safe. */
#ifndef ACCESS_SLAB_H
#define ACCESS_SLAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"

#define NONE UINT32_MAX

/* Records of one size in chunks that never move. A free record is all zero but for its first four bytes. */
struct slab {
        unsigned char **chunks;
        uint32_t chunk_count, chunk_capacity;
        uint32_t size_bytes; /* of a record; set before first use, at least 4, a multiple of 8 */
        uint32_t end;        /* records from here on were never used */
        uint32_t free_count, free_first;
};
#define SLAB_CHUNK 32u

static inline void *slab_at(const struct slab *slab, uint32_t index)
{
        return slab->chunks[index / SLAB_CHUNK] + (size_t)(index % SLAB_CHUNK) * slab->size_bytes;
}
/* A zeroed record; NONE: out of memory. */
uint32_t slab_take(struct slab *slab) MUST_USE;
void slab_give(struct slab *slab, uint32_t index);
void slab_done(struct slab *slab);
size_t slab_bytes(const struct slab *slab);

/* Open addressing from a 32-bit hash to an index; the caller compares the record. Several entries may have one hash. */
struct table_slot {
        uint32_t hash, value;
};
struct table {
        struct table_slot *slots;
        uint32_t capacity, count;
};

/* for (uint32_t at, i = table_first(t, hash, &at); i != NONE; i = table_next(t, hash, &at)) */
uint32_t table_first(const struct table *table, uint32_t hash, uint32_t *ret_cursor);
uint32_t table_next(const struct table *table, uint32_t hash, uint32_t *cursor);
bool table_add(struct table *table, uint32_t hash, uint32_t value) MUST_USE; /* false: out of memory */
void table_remove(struct table *table, uint32_t hash, uint32_t value);
void table_replace(struct table *table, uint32_t hash, uint32_t old_value, uint32_t new_value);
void table_done(struct table *table);
size_t table_bytes(const struct table *table);

/* Keyed, so that nobody who chooses names can make them collide (SipHash-1-3); numbers are ours and need less. */
struct seed {
        uint64_t low, high;
};
uint32_t seed_hash(const struct seed *seed, uint64_t prefix, const void *bytes, size_t length);
uint32_t seed_hash_number(const struct seed *seed, uint64_t first, uint64_t second);

/* Texts, appended to chunks; what is dropped is only counted, and the owner moves everything to a new pool when that pays. */
struct pool {
        unsigned char **chunks;
        uint32_t chunk_count, chunk_capacity;
        uint32_t used;   /* bytes of the last chunk */
        uint64_t bytes;  /* allocated */
        uint64_t wasted; /* dropped */
};
enum err pool_add(struct pool *pool, const char *text, size_t length, uint32_t *ret) MUST_USE; /* ERR_MEMORY, ERR_TOO_LARGE */
/* Not NUL-terminated. NONE is the empty text. */
const char *pool_text(const struct pool *pool, uint32_t text, size_t *ret_length);
void pool_drop(struct pool *pool, uint32_t text);
void pool_done(struct pool *pool);

#endif
