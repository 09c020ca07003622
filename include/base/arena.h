/* SPDX-License-Identifier: Apache-2.0
 *
 * A bump allocator with a ceiling: the request's arena owns by default and nobody frees. Memory is aligned for any object and NOT
 * zeroed unless the name says so. At the ceiling, or when malloc fails, NULL comes back: out of memory is an error like any other
 * (ERR_MEMORY). Not thread safe. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>
#include "base/error.h"

struct arena;

/* A new arena that hands out at most `ceiling_bytes` between two resets. NULL: out of memory. */
struct arena *arena_new(size_t ceiling_bytes);
void arena_free(struct arena *arena);
/* Forgets everything; keeps the first block (16 KiB) so that small requests never call malloc. */
void arena_reset(struct arena *arena);
size_t arena_used_bytes(const struct arena *arena);

void *arena_alloc(struct arena *arena, size_t size_bytes) MUST_USE;
void *arena_zero(struct arena *arena, size_t count, size_t size_bytes) MUST_USE; /* zeroed; checks count * size */
void *arena_copy(struct arena *arena, const void *from, size_t size_bytes) MUST_USE;
/* A list of `count` (NULL: none yet) with zeroed room for one more: itself, or a copy of twice the size when it is full. For lists that only
 * this makes. */
void *arena_grow(struct arena *arena, void *list, size_t count, size_t size_bytes) MUST_USE;
/* Copies `length` bytes and adds a NUL. */
char *arena_text(struct arena *arena, const char *from, size_t length) MUST_USE;
char *arena_strdup(struct arena *arena, const char *from) MUST_USE; /* NULL in: NULL out */
char *arena_printf(struct arena *arena, const char *format, ...) FORMAT(2, 3) MUST_USE;

#endif
