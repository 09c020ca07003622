/* SPDX-License-Identifier: Apache-2.0
 *
 * The arena: its ceiling, alignment, reset and wiping. */
#include "base/arena.h"

#include <setjmp.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void test_nothing_above_the_ceiling(void **state)
{
        struct arena *arena = arena_new(64 << 10);
        assert_null(arena_alloc(arena, (64 << 10) + 1));
        assert_null(arena_alloc(arena, SIZE_MAX));
        assert_null(arena_alloc(arena, SIZE_MAX - 8));
        assert_null(arena_text(arena, "x", SIZE_MAX));
        assert_null(arena_zero(arena, SIZE_MAX / 4 + 2, 4)); /* the product wraps around to 4 */
        assert_non_null(arena_alloc(arena, 60 << 10));
        assert_null(arena_alloc(arena, 5 << 10));
        assert_null(arena_zero(arena, 5, 1 << 10));
        assert_null(arena_printf(arena, "%*d", 5000, 1));
        assert_non_null(arena_alloc(arena, 4 << 10));
        assert_null(arena_alloc(arena, 1));
        assert_int_equal(arena_used_bytes(arena), 64 << 10);
        arena_reset(arena);
        assert_int_equal(arena_used_bytes(arena), 0);
        assert_non_null(arena_alloc(arena, 64 << 10));
        arena_free(arena);
}

static void test_ceiling_holds_over_many_small_objects(void **state)
{
        struct arena *arena = arena_new(1 << 20);
        size_t count = 0;
        while (arena_alloc(arena, 100))
                count++;
        assert_int_equal(count, (1 << 20) / 112);
        arena_free(arena);
}

static void test_null_is_freed_and_copied_as_null(void **state)
{
        struct arena *arena = arena_new(1024);
        arena_free(NULL);
        assert_null(arena_strdup(arena, NULL));
        assert_non_null(arena_copy(arena, NULL, 0));
        assert_string_equal(arena_text(arena, NULL, 0), "");
        arena_free(arena);
}

static void test_every_object_is_aligned_and_apart(void **state)
{
        struct arena *arena = arena_new(4 << 20);
        unsigned char *objects[300];
        for (size_t i = 0; i < 300; i++) {
                objects[i] = arena_alloc(arena, i * 7 + 1);
                assert_int_equal((uintptr_t)objects[i] % alignof(max_align_t), 0);
                memset(objects[i], (int)(i & 255), i * 7 + 1);
        }
        for (size_t i = 0; i < 300; i++)
                for (size_t j = 0; j < i * 7 + 1; j++)
                        assert_int_equal(objects[i][j], i & 255);
        arena_free(arena);
}

static void test_zero_clears_reused_memory(void **state)
{
        struct arena *arena = arena_new(1 << 20);
        for (int round = 0; round < 3; round++) {
                unsigned char *bytes = arena_zero(arena, 100, 200);
                for (size_t i = 0; i < 20000; i++)
                        assert_int_equal(bytes[i], 0);
                memset(bytes, 0xff, 20000);
                arena_reset(arena);
        }
        arena_free(arena);
}

static void test_reset_keeps_the_first_block_and_wipes_it(void **state)
{
        struct arena *arena = arena_new(1 << 20);
        char *first = arena_strdup(arena, "password");
        assert_non_null(arena_alloc(arena, 100000));
        arena_reset(arena);
        char *again = arena_alloc(arena, 9);
        assert_ptr_equal(again, first);
        assert_memory_equal(again, "\0\0\0\0\0\0\0\0", 9);
        arena_free(arena);
}

static void test_a_list_grows_with_what_is_in_it(void **state)
{
        struct arena *arena = arena_new(4096);
        int *list = NULL, *before = NULL;
        int copies = 0;
        for (int i = 0; i < 100; i++) {
                list = arena_grow(arena, list, (size_t)i, sizeof(*list));
                assert_non_null(list);
                assert_int_equal(list[i], 0);
                list[i] = i + 1;
                copies += list != before;
                before = list;
                for (int k = 0; k <= i; k++)
                        assert_int_equal(list[k], k + 1);
        }
        assert_int_equal(copies, 5); /* at 0, 8, 16, 32, 64 */
        size_t count = 128;
        assert_null(arena_grow(arena, arena_zero(arena, count, sizeof(*list)), count, 4096));
        arena_free(arena);
}

static void test_texts(void **state)
{
        struct arena *arena = arena_new(1 << 20);
        assert_string_equal(arena_text(arena, "hello world", 5), "hello");
        assert_string_equal(arena_strdup(arena, ""), "");
        assert_string_equal(arena_printf(arena, "%s-%d", "a", 7), "a-7");
        assert_memory_equal(arena_copy(arena, "a\0b", 3), "a\0b", 3);
        char *large = arena_printf(arena, "%*d", 50000, 1);
        assert_int_equal(strlen(large), 50000);
        arena_free(arena);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_nothing_above_the_ceiling),
                cmocka_unit_test(test_ceiling_holds_over_many_small_objects),
                cmocka_unit_test(test_null_is_freed_and_copied_as_null),
                cmocka_unit_test(test_every_object_is_aligned_and_apart),
                cmocka_unit_test(test_zero_clears_reused_memory),
                cmocka_unit_test(test_reset_keeps_the_first_block_and_wipes_it),
                cmocka_unit_test(test_a_list_grows_with_what_is_in_it),
                cmocka_unit_test(test_texts),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
