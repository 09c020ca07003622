/* SPDX-License-Identifier: Apache-2.0
 *
 * A chain of blocks, the newest first; each new block is twice the one before. What was handed out is wiped before it is given back,
 * because request bodies and headers live here and may hold passwords and tokens. */
#include "base/arena.h"

#include "base/sanitizer.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Under AddressSanitizer only what was handed out may be touched: use after reset and most overruns stop the test. */
#if HAS_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#endif

#define FIRST_BLOCK_BYTES ((size_t)16 << 10)
#define LARGEST_STEP_BYTES ((size_t)1 << 20)
#define ALIGNMENT alignof(max_align_t)

struct block {
        struct block *older;
        size_t size;
        size_t used;
        alignas(max_align_t) unsigned char bytes[];
};

struct arena {
        struct block *newest;
        size_t ceiling;
        size_t used;
};

static struct block *block_new(size_t size_bytes, struct block *older)
{
        struct block *block = malloc(sizeof(*block) + size_bytes);
        if (!block)
                return NULL;
        block->older = older;
        block->size = size_bytes;
        block->used = 0;
        ASAN_POISON_MEMORY_REGION(block->bytes, size_bytes);
        return block;
}

static void block_wipe(struct block *block)
{
        ASAN_UNPOISON_MEMORY_REGION(block->bytes, block->size);
        explicit_bzero(block->bytes, block->used);
        block->used = 0;
}

struct arena *arena_new(size_t ceiling_bytes)
{
        struct arena *arena = malloc(sizeof(*arena));
        struct block *first = block_new(FIRST_BLOCK_BYTES, NULL);
        if (!arena || !first) {
                free(arena);
                free(first);
                return NULL;
        }
        *arena = (struct arena){ .newest = first, .ceiling = ceiling_bytes };
        return arena;
}

void arena_reset(struct arena *arena)
{
        while (arena->newest->older) {
                struct block *older = arena->newest->older;
                block_wipe(arena->newest);
                free(arena->newest);
                arena->newest = older;
        }
        block_wipe(arena->newest);
        ASAN_POISON_MEMORY_REGION(arena->newest->bytes, arena->newest->size);
        arena->used = 0;
}

void arena_free(struct arena *arena)
{
        if (!arena)
                return;
        arena_reset(arena);
        ASAN_UNPOISON_MEMORY_REGION(arena->newest->bytes, arena->newest->size);
        free(arena->newest);
        free(arena);
}

size_t arena_used_bytes(const struct arena *arena)
{
        return arena->used;
}

void *arena_alloc(struct arena *arena, size_t size_bytes)
{
        if (size_bytes > arena->ceiling)
                return NULL;
        /* A zero-size object is a valid pointer that may not be read. */
        size_t rounded = (size_bytes + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
        if (rounded < size_bytes || rounded > arena->ceiling - arena->used)
                return NULL;
        struct block *block = arena->newest;
        if (rounded > block->size - block->used) {
                size_t step = block->size < LARGEST_STEP_BYTES ? 2 * block->size : LARGEST_STEP_BYTES;
                block = block_new(rounded > step ? rounded : step, arena->newest);
                if (!block)
                        return NULL;
                arena->newest = block;
        }
        void *at = block->bytes + block->used;
        ASAN_UNPOISON_MEMORY_REGION(at, size_bytes);
        block->used += rounded;
        arena->used += rounded;
        return at;
}

void *arena_zero(struct arena *arena, size_t count, size_t size_bytes)
{
        size_t total;
        if (__builtin_mul_overflow(count, size_bytes, &total))
                return NULL;
        void *at = arena_alloc(arena, total);
        if (at)
                memset(at, 0, total);
        return at;
}

void *arena_copy(struct arena *arena, const void *from, size_t size_bytes)
{
        void *at = arena_alloc(arena, size_bytes);
        if (at && size_bytes > 0)
                memcpy(at, from, size_bytes);
        return at;
}

char *arena_text(struct arena *arena, const char *from, size_t length)
{
        if (length == SIZE_MAX)
                return NULL;
        char *at = arena_alloc(arena, length + 1);
        if (!at)
                return NULL;
        if (length > 0)
                memcpy(at, from, length);
        at[length] = '\0';
        return at;
}

void *arena_grow(struct arena *arena, void *list, size_t count, size_t size_bytes)
{
        enum { FIRST = 8 };
        bool is_full = !count || (count >= FIRST && !(count & (count - 1)));
        void *larger = is_full ? arena_zero(arena, count ? 2 * count : FIRST, size_bytes) : list;
        if (larger && larger != list && count)
                memcpy(larger, list, count * size_bytes);
        return larger;
}

char *arena_strdup(struct arena *arena, const char *from)
{
        return from ? arena_text(arena, from, strlen(from)) : NULL;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
        va_list arguments, again;
        va_start(arguments, format);
        va_copy(again, arguments);
        int length = vsnprintf(NULL, 0, format, arguments);
        va_end(arguments);
        char *at = length >= 0 ? arena_alloc(arena, (size_t)length + 1) : NULL;
        if (at)
                (void)vsnprintf(at, (size_t)length + 1, format, again);
        va_end(again);
        return at;
}
