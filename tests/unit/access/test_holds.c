/* SPDX-License-Identifier: Apache-2.0
 *
 * The resolver on a small graph: what lives, who is in which group, and what a grant says when. */
#include "access/bare.h"
#include "access/scarce.h"
#include "store/rows.h"

#define ROOT 1
#define CHILD 2
#define USER 3
#define BOT 4
#define CREW 5
#define PROJECT 6
#define AT 1000

static struct graph *graph_of_few(void)
{
        struct graph *graph = bare_new();
        bare_add(graph, ROOT, KIND_ORGANIZATION, ROOT, "acme");
        bare_add(graph, CHILD, KIND_ORGANIZATION, ROOT, "emea");
        bare_add(graph, USER, KIND_USER, ROOT, "ann");
        bare_add(graph, BOT, KIND_IDENTITY, ROOT, "bot");
        bare_add(graph, CREW, KIND_GROUP, ROOT, "");
        bare_add(graph, PROJECT, KIND_PROJECT, CHILD, "pay");
        return graph;
}

static void turn(struct graph *graph, int64_t no, bool active)
{
        const struct node *node = graph_node(graph, graph_find_no(graph, no));
        assert_int_equal(bare_put(graph, no, node->kind, node->org_no, active, "n"), ERR_OK);
}

static bool lives(const struct graph *graph, int64_t no)
{
        return graph_is_live(graph, graph_node(graph, graph_find_no(graph, no)));
}

static bool holds(const struct graph *graph, int64_t principal_no, int64_t scope_no, int permission, int64_t at_us)
{
        struct walk walk = { 0 };
        bool ret = true;
        assert_int_equal(
                graph_holds(graph, &walk, graph_find_no(graph, principal_no), graph_find_no(graph, scope_no), permission, at_us, &ret),
                ERR_OK);
        walk_done(&walk);
        return ret;
}

static bool is_in(const struct graph *graph, int64_t principal_no, int64_t scope_no, int64_t at_us)
{
        struct walk walk = { 0 };
        bool ret = true;
        assert_int_equal(
                graph_is_in(graph, &walk, graph_find_no(graph, principal_no), graph_find_no(graph, scope_no), at_us, &ret), ERR_OK);
        walk_done(&walk);
        return ret;
}

static void test_sec51_what_lives_has_a_live_organisation_and_root(void **state)
{
        struct graph *graph = graph_of_few();
        assert_true(lives(graph, USER) && lives(graph, PROJECT) && lives(graph, CHILD) && lives(graph, ROOT));
        turn(graph, CHILD, false);
        assert_true(lives(graph, USER));
        assert_false(lives(graph, PROJECT));
        assert_false(lives(graph, CHILD));
        turn(graph, CHILD, true);
        turn(graph, PROJECT, false);
        assert_false(lives(graph, PROJECT));
        turn(graph, PROJECT, true);
        turn(graph, ROOT, false);
        assert_false(lives(graph, USER) || lives(graph, PROJECT) || lives(graph, ROOT));
        turn(graph, ROOT, true);
        assert_true(lives(graph, PROJECT));
        assert_int_equal(bare_gone(graph, CHILD), ERR_OK);
        assert_false(lives(graph, PROJECT));
        bare_add(graph, 9, KIND_PROJECT, USER, "of no organisation");
        assert_false(lives(graph, 9));
        assert_int_equal(bare_gone(graph, ROOT), ERR_OK);
        assert_false(lives(graph, USER));
        graph_free(graph);
}

static void test_a_walk_meets_every_group_once(void **state)
{
        struct graph *graph = graph_of_few();
        struct walk walk = { 0 };
        /* USER in 10 and 11, both in 12, which is in 10 again; an organisation above is no group. */
        for (int64_t no = 10; no <= 12; no++)
                bare_add(graph, no, KIND_GROUP, ROOT, "");
        bare_join(graph, 10, USER);
        bare_join(graph, 11, USER);
        bare_join(graph, 12, 10);
        bare_join(graph, 12, 11);
        bare_join(graph, 10, 12);
        bare_join(graph, CHILD, USER);
        bare_join(graph, CHILD, 12);
        assert_int_equal(graph_walk(graph, graph_find_no(graph, USER), true, &walk), ERR_OK);
        assert_int_equal(walk.count, 4);
        assert_int_equal(walk.nodes[0], graph_find_no(graph, USER));
        assert_int_equal(walk.nodes[3], graph_find_no(graph, 12)); /* the farthest comes last */
        turn(graph, 10, false);
        assert_int_equal(graph_walk(graph, graph_find_no(graph, USER), true, &walk), ERR_OK);
        assert_int_equal(walk.count, 3);
        turn(graph, 11, false);
        assert_int_equal(graph_walk(graph, graph_find_no(graph, USER), true, &walk), ERR_OK);
        assert_int_equal(walk.count, 1); /* 12 lives, but no live way leads there */
        assert_int_equal(graph_walk(graph, graph_find_no(graph, USER), false, &walk), ERR_OK);
        assert_int_equal(walk.count, 4);
        assert_int_equal(graph_walk(graph, graph_find_no(graph, BOT), false, &walk), ERR_OK);
        assert_int_equal(walk.count, 1);
        assert_int_equal(walk.nodes[0], graph_find_no(graph, BOT));
        walk_done(&walk);
        graph_free(graph);
}

static void test_a_walk_ends_at_the_depth_of_groups(void **state)
{
        struct graph *graph = graph_of_few();
        struct walk walk = { 0 };
        for (int64_t no = 100; no < 100 + GROUP_DEPTH_MAX + 3; no++) {
                bare_add(graph, no, KIND_GROUP, ROOT, "");
                bare_join(graph, no, no == 100 ? USER : no - 1);
        }
        assert_int_equal(graph_walk(graph, graph_find_no(graph, USER), true, &walk), ERR_OK);
        assert_int_equal(walk.count, 1 + GROUP_DEPTH_MAX);
        assert_int_equal(walk.nodes[GROUP_DEPTH_MAX], graph_find_no(graph, 100 + GROUP_DEPTH_MAX - 1));
        walk_done(&walk);
        graph_free(graph);
}

/* Marks of earlier runs are told by their run; when its number begins anew they must be gone. */
static void test_a_walk_is_clean_after_any_number_of_runs(void **state)
{
        struct graph *graph = graph_of_few();
        struct walk walk = { 0 };
        bare_join(graph, CREW, USER);
        bare_join(graph, CREW, BOT);
        const uint32_t runs[] = { 0, UINT32_MAX, 1, 2 }; /* before the walk; the first leaves marks of run 1, which the second is, too */
        for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
                walk.run = runs[i];
                assert_int_equal(graph_walk(graph, graph_find_no(graph, USER), true, &walk), ERR_OK);
                assert_int_equal(walk.count, 2);
                assert_int_equal(walk.nodes[1], graph_find_no(graph, CREW));
                assert_int_equal(walk.run, i == 1 ? 1 : runs[i] + 1);
        }
        walk_done(&walk);
        graph_free(graph);
}

static void many_groups(struct graph *graph, int64_t count)
{
        for (int64_t no = 100; no < 100 + count; no++) {
                bare_add(graph, no, KIND_GROUP, ROOT, "");
                bare_join(graph, no, USER);
                bare_join(graph, CREW, no);
        }
}

static void test_a_walk_grows(void **state)
{
        struct graph *graph = graph_of_few();
        struct walk walk = { 0 };
        many_groups(graph, 500);
        bool met[1000] = { false };
        assert_int_equal(graph_walk(graph, graph_find_no(graph, USER), true, &walk), ERR_OK);
        assert_int_equal(walk.count, 502);
        for (uint32_t i = 0; i < walk.count; i++) {
                assert_true(walk.nodes[i] < 1000);
                assert_false(met[walk.nodes[i]]);
                met[walk.nodes[i]] = true;
        }
        walk_done(&walk);
        assert_true(!walk.nodes && !walk.marks && !walk.capacity);
        graph_free(graph);
}

static void test_a_walk_without_memory_is_an_error_and_no_right(void **state)
{
        need_scarcity();
        struct graph *graph = graph_of_few();
        many_groups(graph, 100);
        assert_int_equal(bare_grant(graph, 90, CREW, CHILD, bare_role(LEVEL_ORGANIZATION, "admin"), ""), ERR_OK);
        int permission = permission_find(LEVEL_ORGANIZATION, "groups", "edit"), nth = 0;
        do {
                struct walk walk = { 0 };
                bool held = true, in = true;
                arm(++nth);
                enum err e = graph_holds(graph, &walk, graph_find_no(graph, USER), graph_find_no(graph, CHILD), permission, AT, &held);
                disarm();
                assert_int_equal(e, failed ? ERR_MEMORY : ERR_OK);
                assert_int_equal(held, !failed);
                walk_done(&walk);
                arm(nth);
                e = graph_is_in(graph, &walk, graph_find_no(graph, USER), graph_find_no(graph, CHILD), AT, &in);
                disarm();
                assert_int_equal(e, failed ? ERR_MEMORY : ERR_OK);
                assert_int_equal(in, !failed);
                walk_done(&walk);
        } while (failed);
        assert_int_equal(nth, 5); /* nodes and marks, twice */
        graph_free(graph);
}

static void test_a_grant_counts_from_its_first_instant_to_before_its_last(void **state)
{
        struct graph *graph = graph_of_few();
        int permission = permission_find(LEVEL_ORGANIZATION, "groups", "edit");
        const struct {
                int64_t from_us, until_us, at_us;
                bool counts;
        } cases[] = {
                { 0, 0, 0, true },
                { 0, 0, INT64_MAX, true },
                { 100, 200, 99, false },
                { 100, 200, 100, true },
                { 100, 200, 199, true },
                { 100, 200, 200, false },
                { 0, 200, 199, true },
                { 0, 200, 200, false },
                { 100, 0, 99, false },
                { 100, 0, INT64_MAX, true },
        };
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                const struct effect effect = {
                        .kind = EFFECT_GRANT,
                        .no = 90,
                        .other_no = BOT,
                        .scope_no = ROOT,
                        .role_no = bare_role(LEVEL_ORGANIZATION, "admin"),
                        .from_us = cases[i].from_us,
                        .until_us = cases[i].until_us,
                };
                assert_int_equal(graph_apply(graph, &effect), ERR_OK);
                assert_int_equal(holds(graph, BOT, ROOT, permission, cases[i].at_us), cases[i].counts);
                assert_int_equal(is_in(graph, BOT, ROOT, cases[i].at_us), cases[i].counts);
        }
        graph_free(graph);
}

static void test_a_grant_counts_while_everything_about_it_lives(void **state)
{
        struct graph *graph = graph_of_few();
        int permission = permission_find(LEVEL_PROJECT, "member", "read");
        bare_join(graph, CREW, USER);
        assert_int_equal(bare_grant(graph, 90, CREW, PROJECT, bare_role(LEVEL_PROJECT, "viewer"), ""), ERR_OK);
        const int64_t all[] = { ROOT, CHILD, USER, CREW, PROJECT };
        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
                assert_true(holds(graph, USER, PROJECT, permission, AT) && is_in(graph, USER, PROJECT, AT));
                turn(graph, all[i], false);
                assert_false(holds(graph, USER, PROJECT, permission, AT) || is_in(graph, USER, PROJECT, AT));
                turn(graph, all[i], true);
        }
        assert_int_equal(bare_put(graph, 90, KIND_GRANT, CHILD, false, NULL), ERR_OK);
        assert_false(holds(graph, USER, PROJECT, permission, AT) || is_in(graph, USER, PROJECT, AT));
        assert_int_equal(bare_put(graph, 90, KIND_GRANT, CHILD, true, NULL), ERR_OK);
        assert_int_equal(bare_member(graph, CREW, USER, false), ERR_OK);
        assert_false(holds(graph, USER, PROJECT, permission, AT) || is_in(graph, USER, PROJECT, AT));
        assert_true(holds(graph, CREW, PROJECT, permission, AT)); /* the group itself */
        graph_free(graph);
}

static void test_a_permission_fits_its_level_and_a_principal_is_one(void **state)
{
        struct graph *graph = graph_of_few();
        int edit = permission_find(LEVEL_ORGANIZATION, "groups", "edit"), read = permission_find(LEVEL_PROJECT, "member", "read");
        bare_add(graph, 7, KIND_CONNECTION, ROOT, "");
        const int64_t principals[] = { BOT, 7, PROJECT };
        for (int i = 0; i < 3; i++) {
                assert_int_equal(bare_grant(graph, 90 + i, principals[i], ROOT, bare_role(LEVEL_ORGANIZATION, "admin"), ""), ERR_OK);
                assert_int_equal(holds(graph, principals[i], ROOT, edit, AT), principals[i] == BOT);
                assert_int_equal(is_in(graph, principals[i], ROOT, AT), principals[i] == BOT);
        }
        assert_int_equal(bare_grant(graph, 95, BOT, PROJECT, bare_role(LEVEL_ORGANIZATION, "admin"), ""), ERR_OK);
        assert_false(holds(graph, BOT, PROJECT, edit, AT)); /* of an organisation, in a project */
        assert_int_equal(bare_grant(graph, 96, BOT, ROOT, bare_role(LEVEL_PROJECT, "viewer"), ""), ERR_OK);
        assert_false(holds(graph, BOT, ROOT, read, AT));
        assert_false(holds(graph, BOT, ROOT, -1, AT));
        assert_false(holds(graph, BOT, ROOT, 1 << 20, AT));
        assert_false(holds(graph, BOT, CHILD, edit, AT));
        graph_free(graph);
}

static void test_r23_the_default_role_is_for_users_of_the_root_alone(void **state)
{
        struct graph *graph = graph_of_few();
        int read = permission_find(LEVEL_ORGANIZATION, "groups", "read"), edit = permission_find(LEVEL_ORGANIZATION, "groups", "edit");
        assert_true(holds(graph, USER, ROOT, read, AT) && is_in(graph, USER, ROOT, AT));
        assert_false(holds(graph, USER, ROOT, edit, AT));
        assert_false(holds(graph, USER, CHILD, read, AT) || is_in(graph, USER, CHILD, AT));
        assert_false(holds(graph, BOT, ROOT, read, AT) || is_in(graph, BOT, ROOT, AT));
        assert_false(holds(graph, CREW, ROOT, read, AT) || is_in(graph, CREW, ROOT, AT));
        assert_int_equal(bare_grant(graph, 90, USER, ROOT, 0, "groups:edit"), ERR_OK);
        assert_true(holds(graph, USER, ROOT, edit, AT) && holds(graph, USER, ROOT, read, AT)); /* a privilege replaces no role */
        assert_int_equal(bare_grant(graph, 91, USER, ROOT, 4711, ""), ERR_OK);                 /* a role that this program does not know */
        assert_false(holds(graph, USER, ROOT, read, AT));
        assert_true(is_in(graph, USER, ROOT, AT));
        assert_int_equal(bare_put(graph, 91, KIND_GRANT, ROOT, false, NULL), ERR_OK);
        assert_true(holds(graph, USER, ROOT, read, AT));
        graph_free(graph);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_sec51_what_lives_has_a_live_organisation_and_root),
                cmocka_unit_test(test_a_walk_meets_every_group_once),
                cmocka_unit_test(test_a_walk_ends_at_the_depth_of_groups),
                cmocka_unit_test(test_a_walk_is_clean_after_any_number_of_runs),
                cmocka_unit_test(test_a_walk_grows),
                cmocka_unit_test(test_a_walk_without_memory_is_an_error_and_no_right),
                cmocka_unit_test(test_a_grant_counts_from_its_first_instant_to_before_its_last),
                cmocka_unit_test(test_a_grant_counts_while_everything_about_it_lives),
                cmocka_unit_test(test_a_permission_fits_its_level_and_a_principal_is_one),
                cmocka_unit_test(test_r23_the_default_role_is_for_users_of_the_root_alone),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
