/* SPDX-License-Identifier: Apache-2.0
 *
 * Changes that wait for a load: whole copies, told in order, once, and only when newer than the graph. */
#include "access/scarce.h"
#include "access/world.h"

#define ROOT 1

/* A resource with texts that live only here. */
static struct effect resource(int64_t no, enum resource_kind kind, const char *name, char id[UUID_TEXT_SIZE])
{
        world_id(no, id);
        return (struct effect){
                .kind = EFFECT_RESOURCE, .no = no, .other_no = ROOT, .resource_kind = kind, .active = true, .text = id, .name = name
        };
}

static struct graph *graph_at(int64_t revision)
{
        struct graph *graph = graph_new(WORLD_ROOT, 1, revision);
        assert_non_null(graph);
        return graph;
}

static uint32_t by_name(const struct graph *graph, enum resource_kind kind, const char *name)
{
        return graph_find_name(graph, kind, ROOT, name, strlen(name));
}

static void test_texts_are_copied_each_to_its_effect(void **state)
{
        struct pending pending;
        char ids[3][UUID_TEXT_SIZE], names[3][8] = { "acme", "ann", "" };
        struct effect effects[4] = {
                resource(ROOT, KIND_ORGANIZATION, names[0], ids[0]), resource(2, KIND_USER, names[1], ids[1]),
                resource(3, KIND_GROUP, names[2], ids[2]), { .kind = EFFECT_GONE, .no = 99 }, /* has none */
        };
        struct graph *graph = graph_at(0);
        pending_init(&pending);
        pending_add(&pending, 1, effects, 4);
        memset(ids, 'x', sizeof ids);
        memset(names, 'x', sizeof names);
        memset(effects, 0xff, sizeof effects);
        assert_int_equal(pending_apply(&pending, graph), ERR_OK);
        for (int64_t no = ROOT; no <= 3; no++) {
                char id[UUID_TEXT_SIZE];
                world_id(no, id);
                assert_true(graph_find_no(graph, no) != NONE);
                assert_int_equal(graph_find_id(graph, KIND_NONE, id), graph_find_no(graph, no));
        }
        assert_int_equal(by_name(graph, KIND_ORGANIZATION, "acme"), graph_find_no(graph, ROOT));
        assert_int_equal(by_name(graph, KIND_USER, "ann"), graph_find_no(graph, 2));
        pending_done(&pending);
        graph_free(graph);
}

/* The snapshot has the changes up to its revision: telling them again would bring back what went meanwhile. */
static void test_only_what_is_newer_is_told_and_in_order(void **state)
{
        struct pending pending;
        char id[UUID_TEXT_SIZE], other[UUID_TEXT_SIZE];
        struct graph *graph = graph_at(5);
        const struct effect old = resource(2, KIND_USER, "old", id), made = resource(3, KIND_USER, "made", other),
                            gone = { .kind = EFFECT_GONE, .no = 3 };
        pending_init(&pending);
        pending_add(&pending, 5, &old, 1);
        pending_add(&pending, 6, &made, 1);
        pending_add(&pending, 7, &gone, 1);
        pending_add(&pending, 8, NULL, 0);
        assert_int_equal(pending_apply(&pending, graph), ERR_OK);
        assert_int_equal(graph_find_no(graph, 2), NONE);
        assert_int_equal(graph_find_no(graph, 3), NONE);
        assert_int_equal(graph->revision, 8);
        pending_done(&pending);
        graph_free(graph);
}

static void test_what_does_not_fit_ends_the_telling(void **state)
{
        struct pending pending;
        char id[UUID_TEXT_SIZE];
        struct graph *graph = graph_at(0);
        const struct effect wrong = { .kind = EFFECT_MEMBER, .no = 2, .other_no = 3, .active = true },
                            later = resource(4, KIND_USER, "u", id);
        pending_init(&pending);
        pending_add(&pending, 1, NULL, 0);
        pending_add(&pending, 2, &wrong, 1);
        pending_add(&pending, 3, &later, 1);
        assert_int_equal(pending_apply(&pending, graph), ERR_NOT_FOUND);
        assert_int_equal(graph->revision, 1);
        assert_int_equal(graph_find_no(graph, 4), NONE);
        pending_done(&pending);
        graph_free(graph);
}

static void test_emptied_it_may_be_filled_again(void **state)
{
        struct pending pending;
        char id[UUID_TEXT_SIZE];
        struct graph *graph = graph_at(0);
        const struct effect first = resource(2, KIND_USER, "a", id), second = resource(3, KIND_USER, "b", id);
        pending_init(&pending);
        pending_add(&pending, 1, &first, 1);
        pending_done(&pending);
        assert_null(pending.first);
        pending_add(&pending, 2, &second, 1);
        assert_int_equal(pending_apply(&pending, graph), ERR_OK);
        assert_int_equal(graph_find_no(graph, 2), NONE);
        assert_true(graph_find_no(graph, 3) != NONE);
        pending_done(&pending);
        graph_free(graph);
}

/* A change queued during a load that could not be copied spoils the load; it is told by is_spoiled. */
static void test_queueing_without_memory_spoils(void **state)
{
        need_scarcity();
        struct pending pending;
        const struct effect effect = { .kind = EFFECT_GONE, .no = 5, .text = "x", .name = "y" };
        pending_init(&pending);
        pending_add(&pending, 1, &effect, 1);
        assert_false(pending.is_spoiled);
        arm(1);
        pending_add(&pending, 2, &effect, 1);
        disarm();
        assert_true(pending.is_spoiled);
        const struct pending before = pending;
        pending_add(&pending, 3, &effect, 1); /* one that is missing makes the others useless */
        assert_memory_equal(&pending, &before, sizeof pending);
        pending_done(&pending);
        assert_false(pending.is_spoiled);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_texts_are_copied_each_to_its_effect),
                cmocka_unit_test(test_only_what_is_newer_is_told_and_in_order),
                cmocka_unit_test(test_what_does_not_fit_ends_the_telling),
                cmocka_unit_test(test_emptied_it_may_be_filled_again),
                cmocka_unit_test(test_queueing_without_memory_spoils),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
