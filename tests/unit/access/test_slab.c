/* SPDX-License-Identifier: Apache-2.0
 *
 * The containers: nothing is lost, found twice or kept after it went, in any order of adding and removing. */
#include "access/oracle.h"
#include "access/slab.h"

static uint64_t state = 88172645463325252u;

static unsigned roll(unsigned sides)
{
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return (unsigned)(state >> 33) % sides;
}

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

#define VALUES 3000

/* Few hashes, so that entries collide, wrap around and share one hash. */
static void run_table(unsigned hashes, uint32_t spread)
{
        struct table table = { 0 };
        static uint32_t hash_of[VALUES];
        static bool in[VALUES];
        uint32_t count = 0;
        memset(in, 0, sizeof in);
        for (int step = 0; step < 60000; step++) {
                uint32_t value = roll(VALUES), at;
                if (!in[value]) {
                        hash_of[value] = roll(hashes) * spread + (roll(2) ? 0 : UINT32_MAX - hashes * spread);
                        assert_true(table_add(&table, hash_of[value], value));
                        count++;
                } else {
                        table_remove(&table, hash_of[value], value);
                        count--;
                }
                in[value] = !in[value];
                value = roll(VALUES);
                unsigned hits = 0;
                for (uint32_t i = table_first(&table, hash_of[value], &at); i != NONE; i = table_next(&table, hash_of[value], &at)) {
                        assert_true(in[i] && hash_of[i] == hash_of[value]);
                        hits += i == value;
                }
                assert_int_equal(hits, in[value]);
                assert_int_equal(table.count, count);
        }
        table_remove(&table, 12345, NONE - 1);
        assert_int_equal(table.count, count);
        table_done(&table);
}

static void test_a_table_finds_what_is_in_it(void **unused)
{
        run_table(1u << 20, 4001);
        run_table(300, 7);
        run_table(40, 1);
}

static void test_replacing_keeps_the_hash(void **unused)
{
        struct table table = { 0 };
        uint32_t at;
        assert_int_equal(table_first(&table, 5, &at), NONE);
        assert_true(table_add(&table, 5, 1));
        assert_true(table_add(&table, 5, 2));
        table_replace(&table, 5, 1, 9);
        table_replace(&table, 5, 77, 78);
        uint32_t sum = 0;
        for (uint32_t i = table_first(&table, 5, &at); i != NONE; i = table_next(&table, 5, &at))
                sum += i;
        assert_int_equal(sum, 11);
        table_done(&table);
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

static void test_hashes_depend_on_seed_prefix_and_every_byte(void **unused)
{
        struct seed one = { 1, 2 }, two = { 1, 3 };
        char text[32] = "alice@example.com";
        uint32_t hash = seed_hash(&one, 0, text, 17);
        assert_int_equal(hash, seed_hash(&one, 0, text, 17));
        assert_true(hash != seed_hash(&two, 0, text, 17) && hash != seed_hash(&one, 1, text, 17) && hash != seed_hash(&one, 0, text, 16));
        for (int i = 0; i < 17; i++) {
                text[i] ^= 1;
                assert_true(hash != seed_hash(&one, 0, text, 17));
                text[i] ^= 1;
        }
        assert_true(seed_hash_number(&one, 1, 2) != seed_hash_number(&one, 2, 1));
        assert_true(seed_hash_number(&one, 1, 2) != seed_hash_number(&two, 1, 2));
}

/* Numbers are handed out densely: their hashes must still spread. */
static void test_dense_numbers_spread(void **unused)
{
        struct seed seed = { 42, 43 };
        unsigned buckets[256] = { 0 };
        for (uint64_t i = 0; i < 256000; i++)
                buckets[seed_hash_number(&seed, i, 0) >> 24]++;
        for (int i = 0; i < 256; i++)
                assert_in_range(buckets[i], 800, 1200);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_records_never_move_and_come_back_zeroed),
                cmocka_unit_test(test_a_table_finds_what_is_in_it),
                cmocka_unit_test(test_replacing_keeps_the_hash),
                cmocka_unit_test(test_texts_of_every_size),
                cmocka_unit_test(test_hashes_depend_on_seed_prefix_and_every_byte),
                cmocka_unit_test(test_dense_numbers_spread),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
