/* SPDX-License-Identifier: Apache-2.0
 *
 * jansson's allocator: counts per thread, and keeps a few freed blocks of each size per thread, the last freed first. A document is many
 * small blocks that live as long as a request. Of those that malloc has put in order it gives out the one freed longest ago: in a server
 * that has read a million documents each comes from another cold line of memory. */
#include "json_memory.h"

#include "base/json.h"
#include "base/sanitizer.h"

#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#define KEEPS_BLOCKS (!HAS_SANITIZER) /* they have to see each block freed */

/* Blocks are of 24, 40, 56 … bytes: malloc's own steps on 64 bits, so that none is kept below its worth. */
#define STEP_BYTES 16
#define SLOT_BYTES(slot) ((slot)*STEP_BYTES + 24)
#define SLOTS 16
#define KEPT_BYTES_MAX ((size_t)512 << 10) /* of one thread: the blocks of a change of a thousand members */

struct kept {
        struct kept *next;
};

struct memory {
        size_t used;
        size_t ceiling;  /* 0: none */
        bool at_ceiling; /* met since it was cleared */
        bool has_end;    /* its blocks are freed when the thread ends */
        struct kept *kept[SLOTS];
        size_t kept_bytes;
};

static _Thread_local struct memory memory;
static pthread_key_t end_key;
static pthread_once_t end_once = PTHREAD_ONCE_INIT;
static bool has_end_key;

static void give_back(void *of_thread)
{
        struct memory *m = of_thread;
        for (size_t slot = 0; slot < SLOTS; slot++) {
                while (m->kept[slot]) {
                        struct kept *block = m->kept[slot];
                        m->kept[slot] = block->next;
                        free(block);
                }
        }
        m->kept_bytes = 0;
        m->has_end = false;
}

static void prepare_end(void)
{
        has_end_key = pthread_key_create(&end_key, give_back) == 0; /* without one nothing is kept */
}

static bool end_is_known(struct memory *m)
{
        if (!m->has_end)
                m->has_end = pthread_once(&end_once, prepare_end) == 0 && has_end_key && pthread_setspecific(end_key, m) == 0;
        return m->has_end;
}

/* The block that was freed last among those large enough and not much larger. */
static void *take_kept(struct memory *m, size_t size)
{
        size_t slot = size <= SLOT_BYTES(0) ? 0 : (size - SLOT_BYTES(0) + STEP_BYTES - 1) / STEP_BYTES;
        if (slot >= SLOTS || !m->kept[slot])
                return NULL;
        struct kept *block = m->kept[slot];
        m->kept[slot] = block->next;
        m->kept_bytes -= SLOT_BYTES(slot);
        return block;
}

static bool keep(struct memory *m, void *freed, size_t size)
{
        if (!KEEPS_BLOCKS || size < SLOT_BYTES(0))
                return false;
        size_t slot = (size - SLOT_BYTES(0)) / STEP_BYTES;
        if (slot >= SLOTS || m->kept_bytes + SLOT_BYTES(slot) > KEPT_BYTES_MAX || !end_is_known(m))
                return false;
        struct kept *block = freed;
        block->next = m->kept[slot];
        m->kept[slot] = block;
        m->kept_bytes += SLOT_BYTES(slot);
        return true;
}

static void *counted_malloc(size_t size)
{
        struct memory *m = &memory;
        bool is_above = m->ceiling && (size > m->ceiling || m->used > m->ceiling - size);
        if (is_above) {
                m->at_ceiling = true;
                return NULL;
        }
        void *block = take_kept(m, size);
        if (!block)
                block = malloc(size);
        if (block)
                m->used += malloc_usable_size(block);
        return block;
}

/* A block may come from another thread or an earlier job: the count stops at zero instead of wrapping around. */
static void counted_free(void *block)
{
        if (!block)
                return;
        struct memory *m = &memory;
        size_t size = malloc_usable_size(block);
        m->used = m->used > size ? m->used - size : 0;
        if (!keep(m, block, size))
                free(block);
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
