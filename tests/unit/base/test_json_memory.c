/* SPDX-License-Identifier: Apache-2.0
 *
 * jansson's allocator: small blocks lie side by side and never in one another, whoever frees them; an empty chunk begins again; what is
 * kept is bounded, and nothing stays with a thread that ended. */
#include "base/json.h"

#include <malloc.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/sanitizer.h"

#define BLOCKS 40000
#define BLOCK_BYTES 56
#define CHUNK_BYTES ((size_t)32 << 10)
#define POOL_BYTES ((size_t)64 * CHUNK_BYTES)

static json_malloc_t take;
static json_free_t give;

static void need_chunks(void)
{
        if (!HAS_ADDRESS_SANITIZER)
                return;
        print_message("skipped: AddressSanitizer sees each block freed, so that none lies in a chunk\n");
        skip();
}

static void need_plain_malloc(void)
{
        if (!HAS_SANITIZER)
                return;
        print_message("skipped: a sanitizer has its own malloc, which tells nothing of what is in use\n");
        skip();
}

static size_t bytes_in_use(void)
{
        return mallinfo2().uordblks;
}

/* ---- one thread ---- */

static void test_the_blocks_of_a_document_lie_side_by_side(void **state)
{
        need_chunks();
        unsigned char *blocks[100];
        for (int i = 0; i < 100; i++)
                blocks[i] = take(BLOCK_BYTES);
        for (int i = 1; i < 100; i++)
                assert_in_range(blocks[i] - blocks[i - 1], BLOCK_BYTES, BLOCK_BYTES + 8);
        for (int i = 0; i < 100; i++)
                give(blocks[i]);
}

static void test_the_next_document_comes_where_the_last_one_was(void **state)
{
        need_chunks();
        give(take(BLOCK_BYTES));
        void *first = take(BLOCK_BYTES);
        void *second = take(BLOCK_BYTES * 2);
        give(first);
        void *third = take(BLOCK_BYTES);
        assert_ptr_not_equal(third, first); /* the second still stands there */
        give(second);
        give(third);
        assert_ptr_equal(take(BLOCK_BYTES * 3), first);
        give(first);
}

static void test_blocks_never_overlap(void **state)
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
                sizes[i] = (random >> 8) % (round % 50 ? 320 : 10000); /* some are too large for a chunk */
                blocks[i] = take(sizes[i]);
                assert_non_null(blocks[i]);
                assert_int_equal((uintptr_t)blocks[i] % sizeof(void *), 0);
                memset(blocks[i], i, sizes[i]);
        }
        for (int i = 0; i < 64; i++)
                give(blocks[i]);
        assert_int_equal(json_memory_used(), 0);
}

static void test_sizes_around_every_bound(void **state)
{
        static const size_t bounds[] = { 0, 8, 16, 4096, CHUNK_BYTES - 8, CHUNK_BYTES, 2 * CHUNK_BYTES };
        for (size_t i = 0; i < sizeof(bounds) / sizeof(*bounds); i++)
                for (size_t size = bounds[i] < 3 ? 0 : bounds[i] - 3; size <= bounds[i] + 3; size++) {
                        unsigned char *first = take(size), *second = take(size);
                        assert_non_null(first);
                        assert_non_null(second);
                        memset(first, 1, size);
                        memset(second, 2, size);
                        for (size_t at = 0; at < size; at++)
                                assert_true(first[at] == 1 && second[at] == 2);
                        give(first);
                        give(second);
                }
        assert_null(take(SIZE_MAX));
        assert_null(take(SIZE_MAX - 8));
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

static void test_no_more_than_the_pool_is_kept(void **state)
{
        need_plain_malloc();
        size_t before = bytes_in_use();
        use_and_free_many(); /* 2.5 MiB */
        use_and_free_many();
        size_t kept = bytes_in_use() - before;
        assert_true(kept <= POOL_BYTES + 2 * CHUNK_BYTES);
}

/* ---- several ---- */

static void *work_and_end(void *ignored)
{
        (void)ignored;
        use_and_free_many();
        return NULL;
}

static void test_a_thread_that_ends_leaves_nothing(void **state)
{
        need_plain_malloc();
        use_and_free_many(); /* fills the pool */
        size_t before = bytes_in_use();
        for (int i = 0; i < 100; i++) {
                pthread_t thread;
                assert_int_equal(pthread_create(&thread, NULL, work_and_end, NULL), 0);
                assert_int_equal(pthread_join(thread, NULL), 0);
        }
        assert_true(bytes_in_use() < before + 2 * CHUNK_BYTES);
}

static void *take_some(void *blocks)
{
        for (int i = 0; i < 1000; i++) {
                ((unsigned char **)blocks)[i] = take(BLOCK_BYTES);
                memset(((unsigned char **)blocks)[i], i, BLOCK_BYTES);
        }
        return NULL;
}

static void test_blocks_outlive_their_thread(void **state)
{
        unsigned char *blocks[1000];
        use_and_free_many();
        size_t before = bytes_in_use();
        for (int round = 0; round < 100; round++) {
                pthread_t thread;
                assert_int_equal(pthread_create(&thread, NULL, take_some, blocks), 0);
                assert_int_equal(pthread_join(thread, NULL), 0);
                void *own = take(BLOCK_BYTES);
                for (int i = 0; i < 1000; i++) {
                        for (int at = 0; at < BLOCK_BYTES; at++)
                                assert_int_equal(blocks[i][at], (unsigned char)i);
                        give(blocks[i]);
                }
                give(own);
        }
        if (!HAS_SANITIZER)
                assert_true(bytes_in_use() < before + 2 * CHUNK_BYTES);
}

#define HANDS 4
#define DESKS 512
#define ROUNDS 100000

struct parcel {
        size_t size;
        int mark;
        unsigned char bytes[];
};

static _Atomic(struct parcel *) desks[DESKS];

static void check_and_give(struct parcel *parcel)
{
        for (size_t at = 0; parcel && at < parcel->size; at++)
                if (parcel->bytes[at] != (unsigned char)parcel->mark)
                        abort(); /* no cmocka in other threads */
        give(parcel);
}

/* Everyone lays down what he took, and frees what lay there, whoever's it is. */
static void *pass_around(void *seed)
{
        unsigned random = (unsigned)(uintptr_t)seed;
        for (int round = 0; round < ROUNDS; round++) {
                random = random * 1664525 + 1013904223;
                size_t size = (random >> 8) % 700;
                struct parcel *parcel = take(sizeof(*parcel) + size);
                if (!parcel)
                        abort();
                parcel->size = size;
                parcel->mark = round;
                memset(parcel->bytes, round, size);
                check_and_give(atomic_exchange(&desks[(random >> 20) % DESKS], parcel));
        }
        return NULL;
}

static void test_any_thread_frees_any_block(void **state)
{
        use_and_free_many();
        size_t before = bytes_in_use();
        for (int turn = 0; turn < 3; turn++) {
                pthread_t threads[HANDS];
                for (uintptr_t i = 0; i < HANDS; i++)
                        assert_int_equal(pthread_create(&threads[i], NULL, pass_around, (void *)(i * 7919 + 1)), 0);
                for (int i = 0; i < HANDS; i++)
                        assert_int_equal(pthread_join(threads[i], NULL), 0);
                for (int i = 0; i < DESKS; i++)
                        check_and_give(atomic_exchange(&desks[i], NULL));
        }
        if (!HAS_SANITIZER)
                assert_true(bytes_in_use() < before + 4 * CHUNK_BYTES);
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
        use_and_free_many();
        assert_int_equal(pthread_key_create(&late_key, free_late), 0);
        size_t before = bytes_in_use();
        for (int i = 0; i < 1000; i++) {
                pthread_t thread;
                assert_int_equal(pthread_create(&thread, NULL, work_and_free_late, NULL), 0);
                assert_int_equal(pthread_join(thread, NULL), 0);
        }
        assert_true(bytes_in_use() < before + 8 * CHUNK_BYTES); /* not one a thread */
        assert_int_equal(pthread_key_delete(late_key), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_blocks_of_a_document_lie_side_by_side),
                cmocka_unit_test(test_the_next_document_comes_where_the_last_one_was),
                cmocka_unit_test(test_blocks_never_overlap),
                cmocka_unit_test(test_sizes_around_every_bound),
                cmocka_unit_test(test_what_is_kept_counts_for_nobody_and_opens_no_ceiling),
                cmocka_unit_test(test_no_more_than_the_pool_is_kept),
                cmocka_unit_test(test_a_thread_that_ends_leaves_nothing),
                cmocka_unit_test(test_blocks_outlive_their_thread),
                cmocka_unit_test(test_any_thread_frees_any_block),
                cmocka_unit_test(test_what_is_freed_while_a_thread_ends_is_given_back_too),
        };
        json_memory_install();
        json_get_alloc_funcs(&take, &give);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
