/* SPDX-License-Identifier: Apache-2.0
 *
 * jansson's allocator: counts per thread, and lays small blocks side by side in the chunk of the thread that asks. A document is many small
 * blocks that live as long as a request, so a chunk is soon empty and begins again, warm in the processor's caches; malloc would spread
 * them over whatever an earlier import left of its heap. Any thread may free a block. */
#include "json_memory.h"

#include "base/json.h"
#include "base/sanitizer.h"

#include <assert.h>
#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define CHUNK_BYTES ((size_t)32 << 10)
#define IN_CHUNK_MAX ((size_t)4 << 10)
#define POOL_MAX 64                         /* empty chunks kept for all threads: 2 MiB */
#define HAS_CHUNKS (!HAS_ADDRESS_SANITIZER) /* it has to see each block freed */

/* Before what is handed out. Nothing of jansson's needs another alignment. */
struct block {
        alignas(8) uint32_t at; /* in its chunk; 0: it is one of malloc */
        uint32_t size;
};

struct large_block {
        alignas(8) size_t size;
        struct block block;
};

struct memory;

struct chunk {
        _Atomic(struct memory *) owner; /* who takes blocks from it; NULL: nobody any more */
        _Atomic int64_t left;           /* minus the blocks that others freed; and the owner leaves here how many it had not freed */
        int64_t taken, freed;           /* by the owner */
        size_t end;                     /* of what is taken, in `bytes` */
        struct chunk *next;             /* in the pool */
        alignas(8) unsigned char bytes[CHUNK_BYTES];
};

static_assert(sizeof(struct block) == 8 && sizeof(struct large_block) == 16 && alignof(json_int_t) <= 8 && alignof(double) <= 8,
        "what follows a block is aligned as it is");

struct memory {
        size_t used;
        size_t ceiling;  /* 0: none */
        bool at_ceiling; /* met since it was cleared */
        bool has_end;    /* its chunk is left when the thread ends */
        struct chunk *chunk;
};

static _Thread_local struct memory memory;
static pthread_key_t end_key;
static pthread_once_t end_once = PTHREAD_ONCE_INIT;
static bool has_end_key;

/* ---- the pool ---- */

static pthread_mutex_t pool_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct chunk *pool;
static size_t pool_count;

static struct chunk *pool_take(void)
{
        (void)pthread_mutex_lock(&pool_mutex);
        struct chunk *chunk = pool;
        if (chunk) {
                pool = chunk->next;
                pool_count--;
        }
        (void)pthread_mutex_unlock(&pool_mutex);
        return chunk ? chunk : malloc(sizeof(*chunk));
}

static void pool_give(struct chunk *chunk)
{
        (void)pthread_mutex_lock(&pool_mutex);
        bool is_kept = pool_count < POOL_MAX;
        if (is_kept) {
                chunk->next = pool;
                pool = chunk;
                pool_count++;
        }
        (void)pthread_mutex_unlock(&pool_mutex);
        if (!is_kept)
                free(chunk);
}

/* ---- chunks ---- */

static void chunk_begin(struct chunk *chunk, struct memory *owner)
{
        chunk->taken = chunk->freed = 0;
        chunk->end = 0;
        atomic_store_explicit(&chunk->left, 0, memory_order_relaxed);
        atomic_store_explicit(&chunk->owner, owner, memory_order_relaxed);
}

static bool chunk_is_empty(struct chunk *chunk)
{
        return chunk->taken - chunk->freed + atomic_load_explicit(&chunk->left, memory_order_acquire) == 0;
}

/* Whoever frees the last block of a chunk that was left gives it back. */
static void chunk_count(struct chunk *chunk, int64_t change)
{
        if (atomic_fetch_add_explicit(&chunk->left, change, memory_order_acq_rel) + change == 0)
                pool_give(chunk);
}

static void chunk_leave(struct memory *m)
{
        struct chunk *chunk = m->chunk;
        m->chunk = NULL;
        if (!chunk)
                return;
        atomic_store_explicit(&chunk->owner, NULL, memory_order_relaxed);
        chunk_count(chunk, chunk->taken - chunk->freed);
}

static void thread_end(void *of_thread)
{
        struct memory *m = of_thread;
        chunk_leave(m);
        m->has_end = false;
}

static void prepare_end(void)
{
        has_end_key = pthread_key_create(&end_key, thread_end) == 0;
}

/* Not before it is known that a chunk is left when the thread ends. */
static bool has_chunks(struct memory *m)
{
        if (HAS_CHUNKS && !m->has_end)
                m->has_end = pthread_once(&end_once, prepare_end) == 0 && has_end_key && pthread_setspecific(end_key, m) == 0;
        return m->has_end;
}

static bool chunk_next(struct memory *m)
{
        if (m->chunk && chunk_is_empty(m->chunk)) { /* others freed the last of it */
                chunk_begin(m->chunk, m);
                return true;
        }
        chunk_leave(m);
        m->chunk = pool_take();
        if (m->chunk)
                chunk_begin(m->chunk, m);
        return m->chunk;
}

/* ---- blocks ---- */

static void *take_large(size_t size)
{
        struct large_block *large = size < SIZE_MAX - sizeof(*large) ? malloc(sizeof(*large) + size) : NULL;
        if (!large)
                return NULL;
        *large = (struct large_block){ .size = size };
        return large + 1;
}

/* `size` is a multiple of a block's. */
static void *take_small(struct memory *m, size_t size)
{
        if ((!m->chunk || sizeof(struct block) + size > CHUNK_BYTES - m->chunk->end) && !chunk_next(m))
                return NULL;
        struct chunk *chunk = m->chunk;
        struct block *block = (struct block *)(chunk->bytes + chunk->end);
        *block = (struct block){ (uint32_t)(offsetof(struct chunk, bytes) + chunk->end), (uint32_t)size };
        chunk->end += sizeof(*block) + size;
        chunk->taken++;
        return block + 1;
}

static void *counted_malloc(size_t size)
{
        struct memory *m = &memory;
        bool is_above = m->ceiling && (size > m->ceiling || m->used > m->ceiling - size);
        if (is_above) {
                m->at_ceiling = true;
                return NULL;
        }
        if (size <= IN_CHUNK_MAX)
                size = (size + sizeof(struct block) - 1) / sizeof(struct block) * sizeof(struct block);
        void *taken = size <= IN_CHUNK_MAX && has_chunks(m) ? take_small(m, size) : take_large(size);
        if (taken)
                m->used += size + sizeof(struct block);
        return taken;
}

static void free_small(struct memory *m, struct block *block)
{
        struct chunk *chunk = (struct chunk *)((unsigned char *)block - block->at);
        if (atomic_load_explicit(&chunk->owner, memory_order_relaxed) != m)
                chunk_count(chunk, -1);
        else if (++chunk->freed == chunk->taken)
                chunk_begin(chunk, m);
}

/* A block may come from another thread or an earlier job: the count stops at zero instead of wrapping around. */
static void counted_free(void *taken)
{
        if (!taken)
                return;
        struct memory *m = &memory;
        struct block *block = (struct block *)taken - 1;
        struct large_block *large = (struct large_block *)taken - 1;
        size_t size = (block->at ? block->size : large->size) + sizeof(*block);
        m->used = m->used > size ? m->used - size : 0;
        if (block->at)
                free_small(m, block);
        else
                free(large);
}

void json_memory_install(void)
{
        json_set_alloc_funcs(counted_malloc, counted_free);
        json_object_seed(0); /* from the kernel; keys chosen to collide must not be computable */
}

void json_memory_limit(size_t ceiling_bytes)
{
        memory.used = 0;
        memory.ceiling = ceiling_bytes;
        memory.at_ceiling = false;
}

size_t json_memory_used(void)
{
        return memory.used;
}

void json_memory_begin(void)
{
        memory.at_ceiling = false;
}

enum err json_memory_fault(struct fault *fault)
{
        if (memory.at_ceiling)
                return fault_set(
                        fault, ERR_TOO_LARGE, NULL, "The document needs more than the limit of %zu bytes of memory.", memory.ceiling);
        return fault_set(fault, ERR_MEMORY, NULL, "Out of memory for the document; try again.");
}
