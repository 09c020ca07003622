/* SPDX-License-Identifier: Apache-2.0
 *
 * Records and texts: nothing moves, is lost or kept after it went. */
#include "access/oracle.h"
#include "access/roll.h"
#include "access/slab.h"

static void test_records_never_move_and_come_back_zeroed(void **unused)
{
        struct slab slab = { .size_bytes = 24 };
        unsigned char *records[1000];
        for (uint32_t i = 0; i < 1000; i++) {
                assert_int_equal(slab_take(&slab), i);
                records[i] = memset(slab_at(&slab, i), 0xaa, 24);
        }
        for (uint32_t i = 0; i < 1000; i++)
                assert_ptr_equal(slab_at(&slab, i), records[i]);
        for (uint32_t i = 0; i < 1000; i += 2)
                slab_give(&slab, i);
        for (uint32_t i = 0; i < 500; i++) {
                uint32_t index = slab_take(&slab);
                assert_true(index < 1000 && index % 2 == 0);
                for (int k = 0; k < 24; k++)
                        assert_int_equal(records[index][k], 0);
        }
        assert_int_equal(slab_take(&slab), 1000);
        slab_done(&slab);
        assert_int_equal(slab_bytes(&slab), 0);
}

static void test_texts_of_every_size(void **unused)
{
        struct pool pool = { 0 };
        static char text[70000];
        uint32_t places[300], none;
        size_t lengths[300], length;
        memset(text, 'x', sizeof text);
        for (int i = 0; i < 300; i++) {
                lengths[i] = i % 10 == 9 ? 5000 + roll(60000) : 1 + roll(100);
                text[0] = (char)('a' + i % 26);
                assert_int_equal(pool_add(&pool, text, lengths[i], &places[i]), ERR_OK);
        }
        for (int i = 0; i < 300; i++) {
                const char *found = pool_text(&pool, places[i], &length);
                assert_int_equal(length, lengths[i]);
                assert_int_equal(found[0], 'a' + i % 26);
                assert_int_equal(found[length - 1], length == 1 ? 'a' + i % 26 : 'x');
        }
        assert_int_equal(pool_add(&pool, "", 0, &none), ERR_OK);
        assert_int_equal(none, NONE);
        pool_text(&pool, none, &length);
        assert_int_equal(length, 0);
        assert_int_equal(pool_add(&pool, text, 65536, &none), ERR_TOO_LARGE);
        pool_done(&pool);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_records_never_move_and_come_back_zeroed),
                cmocka_unit_test(test_texts_of_every_size),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
