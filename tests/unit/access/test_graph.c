/* SPDX-License-Identifier: Apache-2.0
 *
 * One effect after the other: what each kind does, what it passes over, what it refuses; and the graph as a whole. */
#include "access/bare.h"
#include "access/scarce.h"
#include "base/auto.h"

#define ROOT 1
#define CHILD 2
#define USER 3
#define CREW 4
#define PROJECT 5
#define NOBODY 99

static struct graph *graph_of_few(void)
{
        struct graph *graph = bare_new();
        bare_add(graph, ROOT, KIND_ORGANIZATION, ROOT, "acme");
        bare_add(graph, CHILD, KIND_ORGANIZATION, ROOT, "emea");
        bare_add(graph, USER, KIND_USER, ROOT, "ann");
        bare_add(graph, CREW, KIND_GROUP, ROOT, "");
        bare_add(graph, PROJECT, KIND_PROJECT, CHILD, "pay");
        return graph;
}

static const struct grant *grant_of(const struct graph *graph, int64_t no)
{
        uint32_t index = graph_find_grant(graph, no);
        assert_true(index != NONE);
        return graph_grant(graph, index);
}

static void test_an_empty_graph_finds_nothing(void **state)
{
        struct graph *graph = bare_new();
        static const unsigned char hash[HASH_SIZE];
        char id[UUID_TEXT_SIZE];
        world_id(1, id);
        assert_int_equal(graph->root_no, WORLD_ROOT);
        assert_int_equal(graph->epoch, 1);
        assert_int_equal(graph->revision, 0);
        assert_int_equal(graph->root, NONE);
        assert_non_null(graph->default_role);
        assert_true(graph->evaluate >= 0);
        assert_int_equal(graph_find_no(graph, 1), NONE);
        assert_int_equal(graph_find_id(graph, KIND_NONE, id), NONE);
        assert_int_equal(graph_find_name(graph, KIND_USER, 0, "ann", 3), NONE);
        assert_int_equal(graph_find_hash(graph, hash), NONE);
        assert_int_equal(graph_find_credential(graph, 0), NONE);
        assert_int_equal(graph_find_external(graph, 0, "x", 1), NONE);
        assert_int_equal(graph_find_grant(graph, 0), NONE);
        assert_int_equal(graph_find_pair(graph, 0, 0), NONE);
        assert_int_equal(graph_find_edge(graph, 0, 0), NONE);
        graph_free(graph);
        graph_free(NULL);
}

static void test_what_no_program_tells_is_refused(void **state)
{
        struct graph *graph = graph_of_few();
        const int kinds[] = { 0, -1, EFFECT_ADDRESSES + 1, INT32_MAX };
        for (size_t i = 0; i < COUNT_OF(kinds); i++)
                assert_int_equal(graph_apply(graph, &(struct effect){ .kind = (enum effect_kind)kinds[i], .no = USER }), ERR_INTERNAL);
        assert_true(graph_find_no(graph, USER) != NONE);
        graph_free(graph);
}

static void test_a_membership_needs_both_ends_to_stand_and_none_to_go(void **state)
{
        struct graph *graph = graph_of_few();
        uint32_t crew = graph_find_no(graph, CREW), user = graph_find_no(graph, USER);
        assert_int_equal(bare_member(graph, CREW, NOBODY, true), ERR_NOT_FOUND);
        assert_int_equal(bare_member(graph, NOBODY, USER, true), ERR_NOT_FOUND);
        assert_int_equal(bare_member(graph, CREW, NOBODY, false), ERR_OK);
        assert_int_equal(bare_member(graph, NOBODY, USER, false), ERR_OK);
        assert_int_equal(bare_member(graph, CREW, USER, false), ERR_OK);
        assert_int_equal(bare_member(graph, CREW, USER, true), ERR_OK);
        assert_int_equal(bare_member(graph, CREW, USER, true), ERR_OK);
        assert_int_equal(graph->by_edge.count, 1);
        assert_true(graph_find_edge(graph, crew, user) != NONE);
        assert_int_equal(graph_find_edge(graph, user, crew), NONE);
        assert_int_equal(bare_member(graph, CREW, USER, false), ERR_OK);
        assert_int_equal(graph->by_edge.count, 0);
        graph_free(graph);
}

static void test_a_grant_names_a_role_or_a_privilege_of_its_scope(void **state)
{
        struct graph *graph = graph_of_few();
        char long_name[200];
        memset(long_name, 'a', sizeof long_name);
        memcpy(long_name + sizeof long_name - 6, ":read", 6);
        const struct {
                int64_t scope_no, role_no;
                const char *privilege;
                int permission;
        } cases[] = {
                { ROOT, 0, "groups:edit", permission_find(LEVEL_ORGANIZATION, "groups", "edit") },
                { PROJECT, 0, "member:read", permission_find(LEVEL_PROJECT, "member", "read") },
                { ROOT, 0, "groups:explode", -1 },
                { ROOT, 0, "groups", -1 },
                { ROOT, 0, "", -1 },
                { ROOT, 0, ":", -1 },
                { ROOT, 0, NULL, -1 },
                { ROOT, 0, long_name, -1 },
                { ROOT, bare_role(LEVEL_ORGANIZATION, "admin"), "groups:edit", -1 }, /* a role is no privilege */
                { ROOT, 4711, "", -1 },
        };
        assert_true(cases[0].permission >= 0 && cases[1].permission >= 0);
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                assert_int_equal(bare_grant(graph, 90, USER, cases[i].scope_no, cases[i].role_no, cases[i].privilege), ERR_OK);
                assert_int_equal(grant_of(graph, 90)->permission, cases[i].permission);
                assert_int_equal(grant_of(graph, 90)->is_role, cases[i].role_no != 0);
                assert_ptr_equal(grant_of(graph, 90)->role, cases[i].role_no < 0 ? builtin_role_by_no(cases[i].role_no) : NULL);
                assert_int_equal(grant_of(graph, 90)->scope, graph_find_no(graph, cases[i].scope_no));
                assert_int_equal(graph->grant_by_no.count, 1); /* told again, it takes its own place */
                assert_int_equal(graph->by_pair.count, 1);
        }
        assert_int_equal(bare_grant(graph, 91, NOBODY, ROOT, 0, ""), ERR_NOT_FOUND);
        assert_int_equal(bare_grant(graph, 91, USER, NOBODY, 0, ""), ERR_NOT_FOUND);
        assert_int_equal(graph_find_grant(graph, 91), NONE);
        graph_free(graph);
}

static void test_a_disabled_grant_stays_so_when_it_changes(void **state)
{
        struct graph *graph = graph_of_few();
        assert_int_equal(bare_put(graph, 90, KIND_GRANT, ROOT, false, NULL), ERR_OK); /* not there yet: nothing */
        assert_int_equal(graph_find_no(graph, 90), NONE);
        assert_int_equal(bare_grant(graph, 90, USER, ROOT, 0, "groups:edit"), ERR_OK);
        assert_true(grant_of(graph, 90)->active);
        assert_int_equal(bare_put(graph, 90, KIND_GRANT, ROOT, false, NULL), ERR_OK);
        assert_false(grant_of(graph, 90)->active);
        assert_int_equal(bare_grant(graph, 90, USER, ROOT, 0, "groups:read"), ERR_OK);
        assert_false(grant_of(graph, 90)->active);
        assert_int_equal(bare_put(graph, 90, KIND_GRANT, ROOT, true, NULL), ERR_OK);
        assert_true(grant_of(graph, 90)->active);
        assert_int_equal(bare_gone(graph, 90), ERR_OK);
        assert_int_equal(graph_find_grant(graph, 90), NONE);
        assert_int_equal(bare_grant(graph, 90, USER, ROOT, 0, "groups:read"), ERR_OK);
        assert_true(grant_of(graph, 90)->active); /* another one */
        graph_free(graph);
}

static void test_credentials_and_claims_stand_on_who_is_there(void **state)
{
        struct graph *graph = graph_of_few();
        assert_int_equal(bare_credential(graph, 100, NOBODY), ERR_NOT_FOUND);
        assert_int_equal(bare_credential(graph, 100, USER), ERR_OK);
        assert_int_equal(graph_apply(graph, &(struct effect){ .kind = EFFECT_CREDENTIAL_GONE, .no = 101 }), ERR_OK);
        assert_true(graph_find_credential(graph, 100) != NONE);
        assert_int_equal(graph_apply(graph, &(struct effect){ .kind = EFFECT_CREDENTIAL_GONE, .no = 100 }), ERR_OK);
        assert_int_equal(graph_find_credential(graph, 100), NONE);
        assert_int_equal(bare_claim(graph, 50, NOBODY, "x", true), ERR_NOT_FOUND);
        assert_int_equal(bare_claim(graph, 50, NOBODY, "x", false), ERR_OK);
        assert_int_equal(bare_claim(graph, 50, CREW, "x", true), ERR_OK); /* of users alone, and of connections alone */
        assert_int_equal(bare_claim(graph, 0, USER, "x", true), ERR_OK);
        assert_int_equal(graph->claim_by_external.count, 0);
        assert_int_equal(graph->claims.end, 0);
        assert_int_equal(bare_claim(graph, 50, USER, "x", true), ERR_OK);
        assert_int_equal(graph_find_external(graph, 50, "x", 1), graph_find_no(graph, USER));
        assert_int_equal(bare_claim(graph, 51, USER, "x", false), ERR_OK);
        assert_int_equal(graph_find_external(graph, 50, "x", 1), graph_find_no(graph, USER));
        assert_int_equal(bare_gone(graph, NOBODY), ERR_OK);
        graph_free(graph);
}

static void test_declarations_are_known_by_their_revision(void **state)
{
        struct graph *graph = bare_new();
        assert_int_equal(graph->schemas_revision, 0);
        assert_int_equal(graph_apply(graph, &(struct effect){ .kind = EFFECT_SCHEMAS, .no = 17 }), ERR_OK);
        assert_int_equal(graph->schemas_revision, 17);
        assert_int_equal(graph_apply(graph, &(struct effect){ .kind = EFFECT_SCHEMAS }), ERR_OK);
        assert_int_equal(graph->schemas_revision, 0);
        graph_free(graph);
}

static void test_every_part_counts_in_its_bytes(void **state)
{
        struct graph *graph = bare_new();
        size_t sum = graph_bytes(graph);
        assert_true(sum >= sizeof *graph);
        bare_add(graph, ROOT, KIND_ORGANIZATION, ROOT, NULL);
        bare_add(graph, USER, KIND_USER, ROOT, NULL);
        sum += slab_bytes(&graph->nodes) + table_bytes(&graph->by_no) + table_bytes(&graph->by_id);
        assert_int_equal(graph_bytes(graph), sum);
        bare_add(graph, USER, KIND_USER, ROOT, "ann");
        sum += graph->texts.bytes + table_bytes(&graph->by_name);
        assert_int_equal(graph_bytes(graph), sum);
        bare_join(graph, ROOT, USER);
        sum += slab_bytes(&graph->edges) + table_bytes(&graph->by_edge);
        assert_int_equal(graph_bytes(graph), sum);
        assert_int_equal(bare_grant(graph, 90, USER, ROOT, 0, "groups:edit"), ERR_OK);
        sum += slab_bytes(&graph->grants) + table_bytes(&graph->by_pair) + table_bytes(&graph->grant_by_no);
        assert_int_equal(graph_bytes(graph), sum);
        assert_int_equal(bare_credential(graph, 100, USER), ERR_OK);
        sum += slab_bytes(&graph->credentials) + table_bytes(&graph->credential_by_no) + table_bytes(&graph->credential_by_hash);
        assert_int_equal(graph_bytes(graph), sum);
        assert_int_equal(bare_claim(graph, 50, USER, "x", true), ERR_OK);
        sum += slab_bytes(&graph->claims) + table_bytes(&graph->claim_by_external);
        assert_int_equal(graph_bytes(graph), sum);
        graph_free(graph);
}

/* More waste than the threshold, most of it names that users had before. */
static struct graph *wasteful(void)
{
        struct graph *graph = bare_new();
        char name[1024];
        for (int64_t no = 1; no <= 3; no++) {
                for (int i = 0; i < 60; i++) {
                        (void)snprintf(name, sizeof name, "%0900d user %d", i, (int)no);
                        assert_int_equal(bare_put(graph, no, KIND_USER, ROOT, true, name), ERR_OK);
                }
                (void)snprintf(name, sizeof name, "user %d", (int)no);
                assert_int_equal(bare_put(graph, no, KIND_USER, ROOT, true, name), ERR_OK);
                assert_int_equal(bare_claim(graph, 50, no, name, true), ERR_OK);
        }
        assert_int_equal(bare_gone(graph, 2), ERR_OK);
        return graph;
}

static void check_texts(const struct graph *graph)
{
        for (int64_t no = 1; no <= 3; no++) {
                char name[32];
                size_t length = (size_t)snprintf(name, sizeof name, "user %d", (int)no);
                uint32_t node = graph_find_no(graph, no);
                assert_int_equal(node == NONE, no == 2);
                assert_int_equal(graph_find_name(graph, KIND_USER, ROOT, name, length), node);
                assert_int_equal(graph_find_external(graph, 50, name, length), node);
        }
}

static void test_most_texts_waste_they_move_to_a_new_pool(void **state)
{
        struct graph *graph = wasteful();
        uint64_t before = graph->texts.bytes;
        assert_true(graph->texts.wasted >= 1u << 16);
        graph_compact(graph);
        assert_int_equal(graph->texts.wasted, 0);
        assert_true(graph->texts.bytes < before / 2);
        check_texts(graph);
        bare_add(graph, 2, KIND_USER, ROOT, "user 4"); /* and it goes on from there */
        assert_int_equal(graph_find_name(graph, KIND_USER, ROOT, "user 4", 6), graph_find_no(graph, 2));
        before = graph->texts.bytes;
        graph->texts.wasted = (1u << 16) - 1; /* too little to be worth it */
        graph_compact(graph);
        assert_int_equal(graph->texts.wasted, (1u << 16) - 1);
        assert_int_equal(graph->texts.bytes, before);
        graph_free(graph);
}

static void test_without_memory_texts_stay_where_they_are(void **state)
{
        int nth = 0;
        need_scarcity();
        do {
                struct graph *graph = wasteful();
                uint64_t before = graph->texts.bytes, wasted = graph->texts.wasted;
                arm(++nth);
                graph_compact(graph);
                disarm();
                assert_int_equal(graph->texts.bytes == before, failed);
                assert_int_equal(graph->texts.wasted, failed ? wasted : 0);
                check_texts(graph);
                graph_free(graph);
        } while (failed);
        assert_true(nth > 2);
}

static void test_making_a_graph_without_memory(void **state)
{
        need_scarcity();
        arm(1);
        struct graph *graph = graph_new(1, 1, 0);
        disarm();
        assert_true(failed);
        assert_null(graph);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_an_empty_graph_finds_nothing),
                cmocka_unit_test(test_what_no_program_tells_is_refused),
                cmocka_unit_test(test_a_membership_needs_both_ends_to_stand_and_none_to_go),
                cmocka_unit_test(test_a_grant_names_a_role_or_a_privilege_of_its_scope),
                cmocka_unit_test(test_a_disabled_grant_stays_so_when_it_changes),
                cmocka_unit_test(test_credentials_and_claims_stand_on_who_is_there),
                cmocka_unit_test(test_declarations_are_known_by_their_revision),
                cmocka_unit_test(test_every_part_counts_in_its_bytes),
                cmocka_unit_test(test_most_texts_waste_they_move_to_a_new_pool),
                cmocka_unit_test(test_without_memory_texts_stay_where_they_are),
                cmocka_unit_test(test_making_a_graph_without_memory),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
