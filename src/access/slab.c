/* SPDX-License-Identifier: Apache-2.0
 *
 * Slabs and text pools: memory of a graph without a pointer per record. Small chunks, because most roots are small. */
#include "access/slab.h"

#include <stdlib.h>
#include <string.h>

#define POOL_CHUNK 4096u
#define POOL_CHUNKS_MAX (1u << 20)
#define TEXT_MAX 65535u

/* Room for one more pointer. */
static bool grow_pointers(unsigned char ***pointers, uint32_t count, uint32_t *capacity)
{
        if (count < *capacity)
                return true;
        uint32_t wanted = *capacity ? *capacity + *capacity / 2 + 1 : 4;
        unsigned char **grown = realloc(*pointers, wanted * sizeof *grown);
        if (!grown)
                return false;
        *pointers = grown;
        *capacity = wanted;
        return true;
}

uint32_t slab_take(struct slab *slab)
{
        if (slab->free_count) {
                uint32_t index = slab->free_first;
                unsigned char *record = slab_at(slab, index);
                memcpy(&slab->free_first, record, sizeof slab->free_first);
                memset(record, 0, sizeof slab->free_first);
                slab->free_count--;
                return index;
        }
        if (slab->end == slab->chunk_count * SLAB_CHUNK) {
                if (slab->end >= NONE - SLAB_CHUNK || !grow_pointers(&slab->chunks, slab->chunk_count, &slab->chunk_capacity))
                        return NONE;
                unsigned char *chunk = calloc(SLAB_CHUNK, slab->size_bytes);
                if (!chunk)
                        return NONE;
                slab->chunks[slab->chunk_count++] = chunk;
        }
        return slab->end++;
}

void slab_give(struct slab *slab, uint32_t index)
{
        unsigned char *record = slab_at(slab, index);
        memset(record, 0, slab->size_bytes);
        memcpy(record, &slab->free_first, sizeof slab->free_first);
        slab->free_first = index;
        slab->free_count++;
}

void slab_done(struct slab *slab)
{
        for (uint32_t i = 0; i < slab->chunk_count; i++)
                free(slab->chunks[i]);
        free(slab->chunks);
        *slab = (struct slab){ .size_bytes = slab->size_bytes };
}

size_t slab_bytes(const struct slab *slab)
{
        return (size_t)slab->chunk_count * SLAB_CHUNK * slab->size_bytes + slab->chunk_capacity * sizeof *slab->chunks;
}

enum err pool_add(struct pool *pool, const char *text, size_t length, uint32_t *ret)
{
        if (!length) {
                *ret = NONE;
                return ERR_OK;
        }
        if (length > TEXT_MAX || pool->chunk_count == POOL_CHUNKS_MAX)
                return length > TEXT_MAX ? ERR_TOO_LARGE : ERR_MEMORY;
        size_t size = length + sizeof(uint16_t);
        if (!pool->chunk_count || pool->used + size > POOL_CHUNK) {
                if (!grow_pointers(&pool->chunks, pool->chunk_count, &pool->chunk_capacity))
                        return ERR_MEMORY;
                size_t chunk_size = size > POOL_CHUNK ? size : POOL_CHUNK;
                unsigned char *chunk = malloc(chunk_size);
                if (!chunk)
                        return ERR_MEMORY;
                pool->chunks[pool->chunk_count++] = chunk;
                pool->used = 0;
                pool->bytes += chunk_size;
        }
        uint16_t stored = (uint16_t)length;
        unsigned char *at = pool->chunks[pool->chunk_count - 1] + pool->used;
        memcpy(at, &stored, sizeof stored);
        memcpy(at + sizeof stored, text, length);
        *ret = (pool->chunk_count - 1) * POOL_CHUNK + pool->used;
        pool->used += (uint32_t)size;
        return ERR_OK;
}

const char *pool_text(const struct pool *pool, uint32_t text, size_t *ret_length)
{
        *ret_length = 0;
        if (text == NONE)
                return "";
        const unsigned char *at = pool->chunks[text / POOL_CHUNK] + text % POOL_CHUNK;
        uint16_t length;
        memcpy(&length, at, sizeof length);
        *ret_length = length;
        return (const char *)at + sizeof length;
}

void pool_drop(struct pool *pool, uint32_t text)
{
        size_t length;
        if (text == NONE)
                return;
        (void)pool_text(pool, text, &length);
        pool->wasted += length + sizeof(uint16_t);
}

void pool_done(struct pool *pool)
{
        for (uint32_t i = 0; i < pool->chunk_count; i++)
                free(pool->chunks[i]);
        free(pool->chunks);
        *pool = (struct pool){ 0 };
}
