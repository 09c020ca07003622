/* SPDX-License-Identifier: Apache-2.0
 *
 * An allocator that fails when it is told to, for one program. */
#ifndef TESTS_ACCESS_SCARCE_H
#define TESTS_ACCESS_SCARCE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/sanitizer.h"

static int countdown; /* 0: nothing fails */
static bool failed;
__attribute__((unused)) static const bool *only; /* NULL, or: only while it is true */

#if !HAS_SANITIZER
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);

static bool fails_now(void)
{
        if (!countdown || (only && !*only) || --countdown)
                return false;
        failed = true;
        return true;
}

void *malloc(size_t size)
{
        return fails_now() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
        return fails_now() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
        return fails_now() ? NULL : __libc_realloc(memory, size);
}
#endif

/* First in each test that arms it. */
static inline void need_scarcity(void)
{
#if HAS_SANITIZER
        print_message("skipped: a sanitizer has an allocator of its own; the plain build runs it\n");
        skip();
#endif
}

static inline void arm(int nth)
{
        countdown = nth;
        failed = false;
}

static inline void disarm(void)
{
        countdown = 0;
}

#endif
