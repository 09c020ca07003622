/* SPDX-License-Identifier: Apache-2.0
 *
 * Hash tables: nothing is lost, found twice or kept after it went, in any order of adding and removing; and the keyed hashes. */
#include "access/oracle.h"
#include "access/roll.h"
#include "access/scarce.h"
#include "access/slab.h"

/* Values with this hash, added up: 1 << value each. */
static uint64_t found(const struct table *table, uint32_t hash)
{
        uint64_t sum = 0;
        uint32_t at;
        for (uint32_t i = table_first(table, hash, &at); i != NONE; i = table_next(table, hash, &at))
                sum += 1ull << i;
        return sum;
}

static void test_an_empty_table_costs_nothing_and_finds_nothing(void **state)
{
        struct table table = { 0 };
        assert_int_equal(table_bytes(&table), 0);
        assert_int_equal(found(&table, 0), 0);
        table_remove(&table, 0, 0);
        table_replace(&table, 0, 0, 1);
        assert_int_equal(table.count, 0);
        table_done(&table);
}

/* One place in eight stays free, or seeking would not end. */
static void test_it_grows_by_half_before_it_is_full_and_keeps_everything(void **state)
{
        static const struct {
                uint32_t count, capacity;
        } steps[] = { { 1, 16 }, { 14, 16 }, { 15, 24 }, { 21, 24 }, { 22, 36 }, { 31, 36 }, { 32, 54 } };
        struct table table = { 0 };
        for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
                while (table.count < steps[i].count)
                        assert_true(table_add(&table, table.count * 0x9e3779b9u, table.count));
                assert_int_equal(table.capacity, steps[i].capacity);
                assert_int_equal(table_bytes(&table), steps[i].capacity * sizeof(struct table_slot));
                for (uint32_t value = 0; value < table.count; value++)
                        assert_int_equal(found(&table, value * 0x9e3779b9u), 1ull << value);
        }
        table_done(&table);
        assert_int_equal(table_bytes(&table), 0);
}

/* Two homes, the last place and the one before it: all others lie around the end. */
static void test_removal_closes_the_gap_around_the_end(void **state)
{
        enum { ENTRIES = 9 };
        for (uint32_t gone = 0; gone < ENTRIES; gone++) {
                struct table table = { 0 };
                uint32_t hashes[ENTRIES];
                for (uint32_t i = 0; i < ENTRIES; i++) {
                        hashes[i] = (i % 3 ? 0xf0000000u : i < 6 ? 0xe0000000u : 0) + i;
                        assert_true(table_add(&table, hashes[i], i));
                }
                table_remove(&table, hashes[gone], gone);
                for (uint32_t i = 0; i < ENTRIES; i++)
                        assert_int_equal(found(&table, hashes[i]), i == gone ? 0 : 1ull << i);
                assert_int_equal(table.count, ENTRIES - 1);
                table_done(&table);
        }
}

static void test_of_equal_hashes_the_one_value_goes(void **state)
{
        struct table table = { 0 };
        for (uint32_t value = 0; value < 5; value++)
                assert_true(table_add(&table, 7, value));
        table_remove(&table, 7, 2);
        table_remove(&table, 7, 2);
        table_remove(&table, 8, 3);
        assert_int_equal(found(&table, 7), 1 + 2 + 8 + 16);
        assert_int_equal(table.count, 4);
        table_done(&table);
}

/* A table that cannot grow is as it was, and takes the same entry later. */
static void test_without_memory_it_stays_as_it_is(void **state)
{
        need_scarcity();
        struct table table = { 0 };
        for (uint32_t value = 0; value < 40; value++) {
                struct table before = table;
                arm(1);
                bool added = table_add(&table, value << 26, value);
                disarm();
                assert_int_equal(added, !failed);
                if (added)
                        continue;
                assert_memory_equal(&table, &before, sizeof table);
                for (uint32_t i = 0; i < value; i++)
                        assert_int_equal(found(&table, i << 26), 1ull << i);
                assert_true(table_add(&table, value << 26, value));
        }
        assert_int_equal(table.count, 40);
        table_done(&table);
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
                cmocka_unit_test(test_an_empty_table_costs_nothing_and_finds_nothing),
                cmocka_unit_test(test_it_grows_by_half_before_it_is_full_and_keeps_everything),
                cmocka_unit_test(test_removal_closes_the_gap_around_the_end),
                cmocka_unit_test(test_of_equal_hashes_the_one_value_goes),
                cmocka_unit_test(test_without_memory_it_stays_as_it_is),
                cmocka_unit_test(test_a_table_finds_what_is_in_it),
                cmocka_unit_test(test_replacing_keeps_the_hash),
                cmocka_unit_test(test_hashes_depend_on_seed_prefix_and_every_byte),
                cmocka_unit_test(test_dense_numbers_spread),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
