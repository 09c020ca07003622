/* SPDX-License-Identifier: Apache-2.0
 *
 * jansson's allocator: what it keeps comes back last freed first, never too small, is bounded, and ends with its thread. */
#include "base/json.h"

#include <malloc.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/sanitizer.h"

#define BLOCKS 40000
#define BLOCK_BYTES 56
#define KEPT_BYTES_MAX ((size_t)512 << 10)

static json_malloc_t take;
static json_free_t give;

static void need_plain_malloc(void)
{
        if (!HAS_SANITIZER)
                return;
        print_message("skipped: a sanitizer has its own malloc, and nothing is kept from it\n");
        skip();
}

static void test_the_last_freed_comes_first(void **state)
{
        need_plain_malloc();
        void *blocks[100];
        for (int i = 0; i < 100; i++)
                blocks[i] = take(BLOCK_BYTES);
        for (int i = 0; i < 100; i++)
                give(blocks[i]);
        for (int i = 99; i >= 0; i--)
                assert_ptr_equal(take(BLOCK_BYTES), blocks[i]);
        for (int i = 0; i < 100; i++)
                give(blocks[i]);
}

static void test_no_block_is_smaller_than_asked(void **state)
{
        unsigned char *blocks[64] = { 0 };
        size_t sizes[64] = { 0 };
        unsigned random = 1;
        json_memory_limit(0);
        for (int round = 0; round < 100000; round++) {
                random = random * 1664525 + 1013904223;
                int i = (int)(random >> 26);
                for (size_t at = 0; at < sizes[i]; at++)
                        assert_int_equal(blocks[i][at], i); /* nobody else has it */
                give(blocks[i]);
                sizes[i] = (random >> 12) % 320;
                blocks[i] = take(sizes[i]);
                assert_non_null(blocks[i]);
                assert_true(malloc_usable_size(blocks[i]) >= sizes[i]);
                memset(blocks[i], i, sizes[i]);
        }
        for (int i = 0; i < 64; i++)
                give(blocks[i]);
        assert_int_equal(json_memory_used(), 0);
}

static void test_what_is_kept_counts_for_nobody_and_opens_no_ceiling(void **state)
{
        json_memory_limit(0);
        give(take(BLOCK_BYTES));
        json_memory_limit(BLOCK_BYTES - 1);
        assert_null(take(BLOCK_BYTES));
        json_memory_limit(BLOCK_BYTES);
        void *block = take(BLOCK_BYTES);
        assert_true(json_memory_used() >= BLOCK_BYTES);
        assert_null(take(1));
        give(block);
        assert_int_equal(json_memory_used(), 0);
        json_memory_limit(0);
}

static void use_and_free_many(void)
{
        void **blocks = calloc(BLOCKS, sizeof(*blocks));
        assert_non_null(blocks);
        for (int i = 0; i < BLOCKS; i++)
                blocks[i] = take(BLOCK_BYTES);
        for (int i = 0; i < BLOCKS; i++)
                give(blocks[i]);
        free(blocks);
}

static size_t bytes_in_use(void)
{
        return mallinfo2().uordblks;
}

static void test_no_more_than_the_bound_is_kept(void **state)
{
        need_plain_malloc();
        size_t before = bytes_in_use();
        use_and_free_many(); /* more than 2 MiB */
        size_t kept = bytes_in_use() - before;
        assert_in_range(kept, KEPT_BYTES_MAX / 2, KEPT_BYTES_MAX + KEPT_BYTES_MAX / 4);
}

static void *work_and_end(void *ignored)
{
        (void)ignored;
        use_and_free_many();
        return NULL;
}

static void test_a_thread_that_ends_gives_back_what_it_kept(void **state)
{
        need_plain_malloc();
        size_t before = bytes_in_use();
        for (int i = 0; i < 4; i++) {
                pthread_t thread;
                assert_int_equal(pthread_create(&thread, NULL, work_and_end, NULL), 0);
                assert_int_equal(pthread_join(thread, NULL), 0);
        }
        size_t after = bytes_in_use();
        assert_true(after < before + KEPT_BYTES_MAX / 4);
}

static pthread_key_t late_key;

/* Ends after the allocator's own end, or before: either way once more. */
static void free_late(void *block)
{
        static _Thread_local int rounds;
        give(block);
        if (rounds++ == 0)
                (void)pthread_setspecific(late_key, take(BLOCK_BYTES * 2));
}

static void *work_and_free_late(void *ignored)
{
        (void)ignored;
        give(take(BLOCK_BYTES));
        (void)pthread_setspecific(late_key, take(BLOCK_BYTES));
        return NULL;
}

static void test_what_is_freed_while_a_thread_ends_is_given_back_too(void **state)
{
        need_plain_malloc();
        assert_int_equal(pthread_key_create(&late_key, free_late), 0);
        size_t before = bytes_in_use();
        for (int i = 0; i < 1000; i++) {
                pthread_t thread;
                assert_int_equal(pthread_create(&thread, NULL, work_and_free_late, NULL), 0);
                assert_int_equal(pthread_join(thread, NULL), 0);
        }
        size_t after = bytes_in_use();
        assert_true(after < before + (size_t)1000 * BLOCK_BYTES); /* not one block a thread */
        assert_int_equal(pthread_key_delete(late_key), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_last_freed_comes_first),
                cmocka_unit_test(test_no_block_is_smaller_than_asked),
                cmocka_unit_test(test_what_is_kept_counts_for_nobody_and_opens_no_ceiling),
                cmocka_unit_test(test_no_more_than_the_bound_is_kept),
                cmocka_unit_test(test_a_thread_that_ends_gives_back_what_it_kept),
                cmocka_unit_test(test_what_is_freed_while_a_thread_ends_is_given_back_too),
        };
        json_memory_install();
        json_get_alloc_funcs(&take, &give);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
