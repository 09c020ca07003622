/* SPDX-License-Identifier: Apache-2.0
 *
 * The registry of roots, the locks around it, and which graphs leave memory when. */
#include <errno.h>
#include "access/bare.h"
#include "access/scarce.h"
#include "base/auto.h"
#include "base/clock.h"

#define SLOTS 3
#define MEMORY_MIB 5

static void handle_of(int64_t no, char ret[HANDLE_SIZE])
{
        memcpy(ret, "aaaaaaaa", HANDLE_SIZE);
        for (int i = HANDLE_SIZE - 2; no; no /= 26)
                ret[i--] = (char)('a' + no % 26);
}

static struct root *add(struct access *access, int64_t no)
{
        char handle[HANDLE_SIZE];
        struct fault fault = { 0 };
        handle_of(no, handle);
        assert_int_equal(access_root_add(access, no, handle, "slug", 1, &fault), ERR_OK);
        struct root *root = root_find(access, no);
        assert_non_null(root);
        return root;
}

/* With a graph, last asked so long ago. */
static struct root *add_loaded(struct access *access, int64_t no, int64_t idle_s)
{
        struct root *root = add(access, no);
        root->graph = graph_new(no, 1, 0);
        assert_non_null(root->graph);
        root->asked_us = clock_steady_us() - idle_s * US_PER_S;
        return root;
}

static struct access *access_of_loaded(int64_t count, int64_t idle_s)
{
        struct fault fault;
        assert_int_equal(permission_init(&fault), ERR_OK);
        struct access *access = access_new(SLOTS, MEMORY_MIB);
        assert_non_null(access);
        for (int64_t no = 1; no <= count; no++)
                (void)add_loaded(access, no, idle_s);
        return access;
}

static void test_roots_are_found_by_number_and_handle_however_many(void **state)
{
        struct access *access = access_of_loaded(0, 0);
        char handle[HANDLE_SIZE];
        assert_null(root_find(access, 1));
        for (int64_t no = 1; no <= 100; no++)
                (void)add(access, no);
        for (int64_t no = 1; no <= 100; no++) {
                handle_of(no, handle);
                assert_int_equal(root_find(access, no)->root_no, no);
                assert_int_equal(access_root_by_handle(access, no % SLOTS, handle), no);
        }
        handle_of(101, handle);
        assert_null(root_find(access, 101));
        assert_int_equal(access_root_by_handle(access, 0, handle), 0);
        assert_int_equal(access_root_by_handle(access, 0, ""), 0);
        assert_int_equal(access_root_by_handle(access, 0, NULL), 0);
        assert_int_equal(access_root_by_handle(access, 0, "aaaaaaabx"), 0); /* longer than a handle */
        assert_int_equal(access_counters(access).roots, 100);
        access_free(access);
        access_free(NULL);
}

static void test_number_and_handle_belong_together(void **state)
{
        struct access *access = access_of_loaded(2, 0);
        struct fault fault = { 0 };
        char first[HANDLE_SIZE], third[HANDLE_SIZE];
        handle_of(1, first);
        handle_of(3, third);
        const struct root *root = root_find(access, 1);
        assert_int_equal(access_root_add(access, 1, first, "slug", 1, &fault), ERR_OK); /* known: stays */
        assert_ptr_equal(root_find(access, 1), root);
        assert_non_null(root->graph);
        assert_int_equal(access_root_add(access, 1, third, "slug", 1, &fault), ERR_CONFLICT);
        assert_int_equal(access_root_add(access, 2, first, "slug", 1, &fault), ERR_CONFLICT);
        assert_int_equal(access_root_add(access, 3, first, "slug", 1, &fault), ERR_CONFLICT);
        const char *wrong[] = { NULL, "", "aaaaaaa", "aaaaaaaaa", "aaaaaaa!", "AAAAAAAA" };
        for (size_t i = 0; i < COUNT_OF(wrong); i++)
                assert_int_equal(access_root_add(access, 3, wrong[i], "slug", 1, &fault), ERR_VALUE);
        assert_null(root_find(access, 3));
        assert_int_equal(access_counters(access).roots, 2);
        access_free(access);
}

static bool add_scarce(int64_t before, int nth)
{
        struct access *access = access_of_loaded(0, 0);
        struct fault fault = { 0 };
        char handle[HANDLE_SIZE];
        for (int64_t no = 1; no <= before; no++)
                (void)add(access, no);
        handle_of(before + 1, handle);
        arm(nth);
        enum err e = access_root_add(access, before + 1, handle, "slug", 1, &fault);
        disarm();
        assert_int_equal(e, failed ? ERR_MEMORY : ERR_OK);
        assert_int_equal(access->root_count, before + !failed);
        assert_int_equal(access->by_no.count, access->root_count);
        assert_int_equal(access->by_handle.count, access->root_count);
        assert_int_equal(access_root_by_handle(access, 0, handle), failed ? 0 : before + 1);
        (void)add(access, before + 1);
        assert_int_equal(access_root_by_handle(access, 0, handle), before + 1);
        access_free(access);
        return failed;
}

/* List and tables grow at different counts. */
static void test_adding_a_root_without_memory_may_be_tried_again(void **state)
{
        int most = 0;
        need_scarcity();
        for (int64_t before = 0; before < 40; before++) {
                int nth = 1;
                while (add_scarce(before, nth))
                        nth++;
                most = nth > most ? nth : most;
        }
        assert_int_equal(most, 5); /* the root, the list and both tables */
}

static void test_a_graph_is_told_apart_from_none_and_marks_that_it_was_asked(void **state)
{
        struct access *access = access_of_loaded(1, 0);
        const struct root *bare = add(access, 2);
        enum access_found found;
        assert_null(root_graph(access, 3, &found));
        assert_int_equal(found, ACCESS_UNKNOWN);
        assert_null(root_graph(access, 2, &found));
        assert_int_equal(found, ACCESS_NOT_LOADED);
        assert_false(bare->is_asked);
        assert_false(root_find(access, 1)->is_asked);
        assert_ptr_equal(root_graph(access, 1, &found), root_find(access, 1)->graph);
        assert_int_equal(found, ACCESS_FOUND);
        assert_true(root_find(access, 1)->is_asked);
        access_free(access);
}

static void test_a_slot_is_locked_alone_or_all_are(void **state)
{
        struct access *access = access_of_loaded(0, 0);
        struct slot *held = access_lock(access, 1);
        assert_ptr_equal(held, &access->slots[1]);
        for (int i = 0; i < SLOTS; i++) {
                int locked = pthread_mutex_trylock(&access->slots[i].mutex);
                assert_int_equal(locked, i == 1 ? EBUSY : 0);
                if (!locked)
                        pthread_mutex_unlock(&access->slots[i].mutex);
        }
        access_unlock(held);
        access_lock_all(access);
        for (int i = 0; i < SLOTS; i++)
                assert_int_equal(pthread_mutex_trylock(&access->slots[i].mutex), EBUSY);
        access_unlock_all(access);
        for (int i = 0; i < SLOTS; i++) {
                assert_int_equal(pthread_mutex_trylock(&access->slots[i].mutex), 0);
                pthread_mutex_unlock(&access->slots[i].mutex);
        }
        access_free(access);
}

static void test_unloading_forgets_the_graph_and_not_the_root(void **state)
{
        struct access *access = access_of_loaded(2, 0);
        struct pending pending;
        pending_init(&pending);
        access_unload(access, 3); /* nobody */
        access_unload(access, 1);
        assert_int_equal(access_counters(access).unloads, 1);
        assert_null(root_find(access, 1)->graph);
        assert_non_null(root_find(access, 2)->graph);
        root_find(access, 1)->pending = &pending;
        access_unload(access, 1); /* not loaded; but what is being loaded may be of no use */
        assert_int_equal(access_counters(access).unloads, 1);
        assert_true(pending.is_spoiled);
        root_find(access, 1)->pending = NULL;
        assert_int_equal(access_counters(access).evictions, 0);
        access_free(access);
}

static void test_only_what_was_idle_long_enough_is_evicted(void **state)
{
        struct access *access = access_of_loaded(1, 100);
        struct pending pending;
        enum access_found found;
        pending_init(&pending);
        (void)add_loaded(access, 2, 5);
        (void)add_loaded(access, 3, 100); /* asked since the last sweep */
        assert_non_null(root_graph(access, 3, &found));
        add_loaded(access, 4, 100)->pending = &pending; /* loading anew */
        (void)add(access, 5);
        access_sweep(access, 60);
        for (int64_t no = 1; no <= 5; no++)
                assert_int_equal(root_find(access, no)->graph != NULL, no >= 2 && no <= 4);
        assert_int_equal(access_counters(access).evictions, 1);
        assert_int_equal(access_counters(access).unloads, 0);
        assert_false(pending.is_spoiled);
        assert_false(root_find(access, 3)->is_asked); /* told once, and its time begins anew */
        root_find(access, 4)->pending = NULL;
        access_sweep(access, 60);
        assert_non_null(root_find(access, 3)->graph);
        assert_null(root_find(access, 4)->graph);
        access_sweep(access, 0);
        struct access_counters counters = access_counters(access);
        assert_int_equal(counters.evictions, 4);
        assert_int_equal(counters.loaded, 0);
        assert_int_equal(counters.bytes, 0);
        assert_int_equal(counters.roots, 5); /* the next question loads it */
        access_free(access);
}

static void test_counters_add_up_what_is_loaded(void **state)
{
        struct access *access = access_of_loaded(2, 0);
        (void)add(access, 3);
        bare_add(root_find(access, 2)->graph, 1, KIND_USER, 1, "ann");
        struct access_counters counters = access_counters(access);
        assert_int_equal(counters.roots, 3);
        assert_int_equal(counters.loaded, 2);
        assert_int_equal(counters.bytes, graph_bytes(root_find(access, 1)->graph) + graph_bytes(root_find(access, 2)->graph));
        assert_int_equal(counters.limit_bytes, MEMORY_MIB * 1024 * 1024);
        assert_int_equal(counters.loads + counters.evictions + counters.unloads, 0);
        access_free(access);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_roots_are_found_by_number_and_handle_however_many),
                cmocka_unit_test(test_number_and_handle_belong_together),
                cmocka_unit_test(test_adding_a_root_without_memory_may_be_tried_again),
                cmocka_unit_test(test_a_graph_is_told_apart_from_none_and_marks_that_it_was_asked),
                cmocka_unit_test(test_a_slot_is_locked_alone_or_all_are),
                cmocka_unit_test(test_unloading_forgets_the_graph_and_not_the_root),
                cmocka_unit_test(test_only_what_was_idle_long_enough_is_evicted),
                cmocka_unit_test(test_counters_add_up_what_is_loaded),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
