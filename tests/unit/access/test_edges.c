/* SPDX-License-Identifier: Apache-2.0
 *
 * Memberships and grants in the chains of both their ends: in any order of adding and removing, each chain holds what stands and nothing
 * else, and leads back the way it came. Held against plain arrays. */
#include "access/graph.h"
#include "access/oracle.h"
#include "access/roll.h"

#define NODES 8
#define GRANTS 40

/* What should stand; nodes by index, which are their numbers here. */
struct plan {
        struct graph *graph;
        bool edges[NODES][NODES]; /* container, member */
        struct {
                bool stands;
                uint32_t principal, scope;
        } grants[GRANTS]; /* by number */
};

static void add_node(struct plan *plan, int64_t no)
{
        char id[UUID_TEXT_SIZE];
        (void)snprintf(id, sizeof id, "01930000-0000-7000-8000-%012d", (int)no);
        const struct effect effect = {
                .kind = EFFECT_RESOURCE, .no = no, .other_no = 0, .resource_kind = KIND_GROUP, .text = id, .active = true
        };
        assert_int_equal(graph_put_node(plan->graph, &effect), ERR_OK);
        assert_int_equal(graph_find_no(plan->graph, no), no);
}

static void plan_open(struct plan *plan)
{
        *plan = (struct plan){ .graph = graph_new(1, 1, 0) };
        assert_non_null(plan->graph);
        for (int64_t no = 0; no < NODES; no++)
                add_node(plan, no);
}

static struct edge *edge_of(const struct plan *plan, uint32_t index)
{
        return slab_at(&plan->graph->edges, index);
}

/* Both chains of one node: each edge once, the right end, and the way back. */
static void check_edges(const struct plan *plan, uint32_t node)
{
        unsigned parents = 0, children = 0, should_parents = 0, should_children = 0;
        uint32_t before = NONE;
        for (uint32_t i = graph_node(plan->graph, node)->parent_edges; i != NONE; before = i, i = edge_of(plan, i)->parent_next) {
                assert_int_equal(edge_of(plan, i)->member, node);
                assert_int_equal(edge_of(plan, i)->parent_previous, before);
                assert_true(plan->edges[edge_of(plan, i)->container][node]);
                assert_true(++parents <= NODES);
        }
        before = NONE;
        for (uint32_t i = graph_node(plan->graph, node)->child_edges; i != NONE; before = i, i = edge_of(plan, i)->child_next) {
                assert_int_equal(edge_of(plan, i)->container, node);
                assert_int_equal(edge_of(plan, i)->child_previous, before);
                assert_true(plan->edges[node][edge_of(plan, i)->member]);
                assert_true(++children <= NODES);
        }
        for (uint32_t other = 0; other < NODES; other++) {
                should_parents += plan->edges[other][node];
                should_children += plan->edges[node][other];
                assert_int_equal(graph_find_edge(plan->graph, node, other) != NONE, plan->edges[node][other]);
        }
        assert_int_equal(parents, should_parents);
        assert_int_equal(children, should_children);
}

static void check_grants(const struct plan *plan, uint32_t node)
{
        unsigned held = 0, given = 0, should_hold = 0, should_give = 0;
        uint32_t before = NONE;
        for (uint32_t i = graph_node(plan->graph, node)->principal_grants; i != NONE; i = graph_grant(plan->graph, i)->principal_next) {
                assert_int_equal(graph_grant(plan->graph, i)->principal_previous, before);
                assert_true(plan->grants[graph_grant(plan->graph, i)->no].stands);
                assert_true(++held <= GRANTS);
                before = i;
        }
        before = NONE;
        for (uint32_t i = graph_node(plan->graph, node)->scope_grants; i != NONE; i = graph_grant(plan->graph, i)->scope_next) {
                assert_int_equal(graph_grant(plan->graph, i)->scope_previous, before);
                assert_true(plan->grants[graph_grant(plan->graph, i)->no].stands);
                assert_true(++given <= GRANTS);
                before = i;
        }
        for (int no = 0; no < GRANTS; no++) {
                should_hold += plan->grants[no].stands && plan->grants[no].principal == node;
                should_give += plan->grants[no].stands && plan->grants[no].scope == node;
                assert_int_equal(graph_find_grant(plan->graph, no) != NONE, plan->grants[no].stands);
        }
        assert_int_equal(held, should_hold);
        assert_int_equal(given, should_give);
}

/* All grants of one principal in one scope follow the first. */
static void check_pair(const struct plan *plan, uint32_t principal, uint32_t scope)
{
        unsigned count = 0, should = 0;
        for (uint32_t i = graph_find_pair(plan->graph, principal, scope); i != NONE; i = graph_grant(plan->graph, i)->pair_next) {
                assert_int_equal(graph_grant(plan->graph, i)->principal, principal);
                assert_int_equal(graph_grant(plan->graph, i)->scope, scope);
                assert_true(++count <= GRANTS);
        }
        for (int no = 0; no < GRANTS; no++)
                should += plan->grants[no].stands && plan->grants[no].principal == principal && plan->grants[no].scope == scope;
        assert_int_equal(count, should);
}

/* Records that went are free, and nothing is left in the tables. */
static void check_records(const struct plan *plan)
{
        const struct graph *graph = plan->graph;
        unsigned edges = 0, grants = 0;
        for (int i = 0; i < NODES * NODES; i++)
                edges += plan->edges[i / NODES][i % NODES];
        for (int no = 0; no < GRANTS; no++)
                grants += plan->grants[no].stands;
        assert_int_equal(graph->edges.end - graph->edges.free_count, edges);
        assert_int_equal(graph->by_edge.count, edges);
        assert_int_equal(graph->grants.end - graph->grants.free_count, grants);
        assert_int_equal(graph->grant_by_no.count, grants);
}

static void check(const struct plan *plan)
{
        check_records(plan);
        for (uint32_t node = 0; node < NODES; node++) {
                check_edges(plan, node);
                check_grants(plan, node);
                for (uint32_t other = 0; other < NODES; other++)
                        check_pair(plan, node, other);
        }
}

static void turn_edge(struct plan *plan, uint32_t container, uint32_t member)
{
        if (plan->edges[container][member])
                graph_remove_edge(plan->graph, graph_find_edge(plan->graph, container, member));
        else
                assert_int_equal(graph_add_edge(plan->graph, container, member), ERR_OK);
        plan->edges[container][member] = !plan->edges[container][member];
}

static void turn_grant(struct plan *plan, int no, uint32_t principal, uint32_t scope)
{
        if (plan->grants[no].stands) {
                graph_remove_grant(plan->graph, graph_find_grant(plan->graph, no));
        } else {
                const struct grant grant = { .no = no, .principal = principal, .scope = scope, .permission = -1, .active = true };
                assert_int_equal(graph_add_grant(plan->graph, &grant), ERR_OK);
                plan->grants[no].principal = principal;
                plan->grants[no].scope = scope;
        }
        plan->grants[no].stands = !plan->grants[no].stands;
}

static void test_edges_stand_in_the_chains_of_both_ends(void **state)
{
        struct plan plan;
        plan_open(&plan);
        for (int step = 0; step < 3000; step++) {
                turn_edge(&plan, roll(NODES), roll(NODES));
                check(&plan);
        }
        graph_free(plan.graph);
}

/* Others under the same hash are passed over, whichever end they share. */
static void test_an_edge_is_found_by_both_its_ends(void **state)
{
        static const uint32_t others[][2] = { { 1, 3 }, { 4, 2 }, { 2, 1 } };
        struct plan plan;
        plan_open(&plan);
        uint32_t hash = seed_hash_number(&plan.graph->seed, 1, 2);
        for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
                turn_edge(&plan, others[i][0], others[i][1]);
                assert_true(table_add(&plan.graph->by_edge, hash, graph_find_edge(plan.graph, others[i][0], others[i][1])));
                assert_int_equal(graph_find_edge(plan.graph, 1, 2), NONE);
        }
        turn_edge(&plan, 1, 2);
        check_edges(&plan, 1);
        graph_free(plan.graph);
}

/* Few pairs, so that many grants share one. */
static void test_grants_are_found_by_number_pair_and_both_ends(void **state)
{
        struct plan plan;
        plan_open(&plan);
        for (int step = 0; step < 3000; step++) {
                turn_grant(&plan, (int)roll(GRANTS), roll(2), roll(3));
                check(&plan);
        }
        graph_free(plan.graph);
}

static void test_of_three_grants_of_a_pair_any_may_go_first(void **state)
{
        for (int first = 0; first < 3; first++)
                for (int second = 0; second < 3; second++) {
                        struct plan plan;
                        if (second == first)
                                continue;
                        plan_open(&plan);
                        for (int no = 0; no < 3; no++)
                                turn_grant(&plan, no, 1, 2);
                        turn_grant(&plan, first, 1, 2);
                        check(&plan);
                        turn_grant(&plan, second, 1, 2);
                        check(&plan);
                        turn_grant(&plan, 3 - first - second, 1, 2);
                        check(&plan);
                        assert_int_equal(plan.graph->by_pair.count, 0);
                        graph_free(plan.graph);
                }
}

static void test_who_goes_takes_his_edges_and_grants_along(void **state)
{
        for (uint32_t gone = 0; gone < NODES; gone++) {
                struct plan plan;
                plan_open(&plan);
                for (int i = 0; i < 40; i++)
                        turn_edge(&plan, roll(NODES), roll(NODES));
                for (int no = 0; no < GRANTS; no++)
                        turn_grant(&plan, no, roll(NODES), roll(NODES));
                turn_edge(&plan, gone, gone);
                graph_remove_node(plan.graph, gone);
                for (uint32_t other = 0; other < NODES; other++)
                        plan.edges[gone][other] = plan.edges[other][gone] = false;
                for (int no = 0; no < GRANTS; no++)
                        if (plan.grants[no].principal == gone || plan.grants[no].scope == gone)
                                plan.grants[no].stands = false;
                add_node(&plan, gone); /* takes the record that is free */
                check(&plan);
                graph_free(plan.graph);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_edges_stand_in_the_chains_of_both_ends),
                cmocka_unit_test(test_an_edge_is_found_by_both_its_ends),
                cmocka_unit_test(test_grants_are_found_by_number_pair_and_both_ends),
                cmocka_unit_test(test_of_three_grants_of_a_pair_any_may_go_first),
                cmocka_unit_test(test_who_goes_takes_his_edges_and_grants_along),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
