/* SPDX-License-Identifier: Apache-2.0
 *
 * Nodes, and the names, credentials and claims that hang on one of them. */
#include "access/bare.h"
#include "access/scarce.h"
#include "base/auto.h"

#define ROOT 1

static uint32_t named(const struct graph *graph, enum resource_kind kind, int64_t org_no, const char *name)
{
        return graph_find_name(graph, kind, org_no, name, strlen(name));
}

static uint32_t called(const struct graph *graph, int64_t connection_no, const char *external)
{
        return graph_find_external(graph, connection_no, external, strlen(external));
}

static uint32_t with_hash_of(const struct graph *graph, int64_t no)
{
        unsigned char hash[HASH_SIZE];
        bare_hash(no, hash);
        return graph_find_hash(graph, hash);
}

static void test_a_name_is_found_within_what_holds_it(void **state)
{
        struct graph *graph = bare_new();
        bare_add(graph, ROOT, KIND_ORGANIZATION, ROOT, "acme");
        bare_add(graph, 2, KIND_ORGANIZATION, ROOT, "emea");
        uint32_t user = bare_add(graph, 3, KIND_USER, ROOT, "ann"), bot = bare_add(graph, 4, KIND_IDENTITY, ROOT, "ann");
        uint32_t project = bare_add(graph, 5, KIND_PROJECT, ROOT, "pay"), inner = bare_add(graph, 6, KIND_PROJECT, 2, "pay");
        bare_add(graph, 7, KIND_GROUP, ROOT, "crew");
        bare_add(graph, 8, KIND_USER, ROOT, "");
        assert_int_equal(named(graph, KIND_USER, ROOT, "ann"), user);
        assert_int_equal(named(graph, KIND_USER, 2, "ann"), user); /* unique in the root, wherever one asks */
        assert_int_equal(named(graph, KIND_IDENTITY, ROOT, "ann"), bot);
        assert_int_equal(named(graph, KIND_PROJECT, ROOT, "pay"), project);
        assert_int_equal(named(graph, KIND_PROJECT, 2, "pay"), inner);
        assert_int_equal(named(graph, KIND_PROJECT, 3, "pay"), NONE);
        assert_int_equal(named(graph, KIND_GROUP, ROOT, "crew"), NONE); /* nobody asks for a group by name */
        assert_int_equal(named(graph, KIND_USER, ROOT, "Ann"), NONE);   /* folded before */
        assert_int_equal(named(graph, KIND_USER, ROOT, "an"), NONE);
        assert_int_equal(named(graph, KIND_USER, ROOT, "annn"), NONE);
        assert_int_equal(named(graph, KIND_USER, ROOT, ""), NONE);
        assert_int_equal(graph_find_name(graph, KIND_USER, ROOT, "annie", 3), user); /* the length counts */
        graph_free(graph);
}

static void test_a_new_name_or_organisation_leaves_the_old_one_free(void **state)
{
        struct graph *graph = bare_new();
        uint32_t project = bare_add(graph, 5, KIND_PROJECT, ROOT, "pay");
        uint64_t wasted = graph->texts.wasted;
        assert_int_equal(bare_add(graph, 5, KIND_PROJECT, ROOT, "pay"), project);
        assert_int_equal(graph->texts.wasted, wasted); /* told again: nothing is written */
        bare_add(graph, 5, KIND_PROJECT, ROOT, "payroll");
        assert_int_equal(named(graph, KIND_PROJECT, ROOT, "pay"), NONE);
        assert_int_equal(named(graph, KIND_PROJECT, ROOT, "payroll"), project);
        assert_true(graph->texts.wasted > wasted);
        bare_add(graph, 5, KIND_PROJECT, 2, "payroll");
        assert_int_equal(named(graph, KIND_PROJECT, ROOT, "payroll"), NONE);
        assert_int_equal(named(graph, KIND_PROJECT, 2, "payroll"), project);
        uint32_t other = bare_add(graph, 6, KIND_PROJECT, ROOT, "pay");
        assert_int_equal(named(graph, KIND_PROJECT, ROOT, "pay"), other);
        bare_add(graph, 5, KIND_PROJECT, 2, NULL);
        assert_int_equal(named(graph, KIND_PROJECT, 2, "payroll"), NONE);
        assert_int_equal(graph->by_name.count, 1);
        graph_free(graph);
}

static void test_a_number_keeps_its_kind_and_an_id_must_be_one(void **state)
{
        struct graph *graph = bare_new();
        uint32_t user = bare_add(graph, 3, KIND_USER, ROOT, "ann");
        assert_int_equal(bare_put(graph, 3, KIND_GROUP, ROOT, false, "ann"), ERR_NOT_FOUND);
        assert_int_equal(graph_node(graph, user)->kind, KIND_USER);
        assert_true(graph_node(graph, user)->active);
        const char *ids[] = { NULL, "", "ann", "01930000-abcd-7000-8000-00000000000", "01930000-abcd-7000-8000-0000000000040" };
        for (size_t i = 0; i < COUNT_OF(ids); i++) {
                const struct effect effect = { .kind = EFFECT_RESOURCE, .no = 4, .resource_kind = KIND_USER, .text = ids[i] };
                assert_int_equal(graph_put_node(graph, &effect), ERR_NOT_FOUND);
        }
        assert_int_equal(graph_find_no(graph, 4), NONE);
        assert_int_equal(graph->nodes.end, 1);
        graph_free(graph);
}

static void test_an_id_is_found_by_kind_and_in_either_case(void **state)
{
        struct graph *graph = bare_new();
        uint32_t user = bare_add(graph, 30, KIND_USER, ROOT, "ann");
        char id[UUID_TEXT_SIZE], back[UUID_TEXT_SIZE];
        world_id(30, id);
        assert_int_equal(graph_find_id(graph, KIND_USER, id), user);
        assert_int_equal(graph_find_id(graph, KIND_NONE, id), user);
        assert_int_equal(graph_find_id(graph, KIND_GROUP, id), NONE);
        graph_id_text(graph_node(graph, user), back);
        assert_string_equal(back, id);
        for (char *at = id; *at; at++)
                *at = (char)(*at >= 'a' && *at <= 'f' ? *at - 'a' + 'A' : *at);
        assert_string_not_equal(back, id);
        assert_int_equal(graph_find_id(graph, KIND_USER, id), user);
        assert_int_equal(graph_find_id(graph, KIND_USER, "ann"), NONE);
        assert_int_equal(graph_find_id(graph, KIND_USER, NULL), NONE);
        world_id(31, id);
        assert_int_equal(graph_find_id(graph, KIND_USER, id), NONE);
        graph_free(graph);
}

static void test_who_goes_leaves_nothing_behind_and_comes_back_bare(void **state)
{
        struct graph *graph = bare_new();
        uint32_t root = bare_add(graph, ROOT, KIND_ORGANIZATION, ROOT, "acme");
        bare_add(graph, 2, KIND_GROUP, ROOT, "");
        bare_add(graph, 3, KIND_USER, ROOT, "ann");
        bare_join(graph, 2, 3);
        assert_int_equal(bare_grant(graph, 90, 3, ROOT, bare_role(LEVEL_ORGANIZATION, "admin"), ""), ERR_OK);
        assert_int_equal(bare_credential(graph, 101, 3), ERR_OK);
        assert_int_equal(bare_credential(graph, 102, 3), ERR_OK);
        assert_int_equal(bare_claim(graph, 50, 3, "x", true), ERR_OK);
        assert_int_equal(bare_claim(graph, 51, 3, "y", true), ERR_OK);
        assert_int_equal(bare_gone(graph, 3), ERR_OK);
        const struct table *tables[] = { &graph->by_edge, &graph->by_pair, &graph->grant_by_no, &graph->credential_by_no,
                &graph->credential_by_hash, &graph->claim_by_external };
        for (size_t i = 0; i < COUNT_OF(tables); i++)
                assert_int_equal(tables[i]->count, 0);
        assert_int_equal(graph->by_no.count, 2);
        assert_int_equal(graph->by_id.count, 2);
        assert_int_equal(graph->by_name.count, 1);
        assert_int_equal(graph_node(graph, graph_find_no(graph, 2))->child_edges, NONE);
        assert_int_equal(graph_node(graph, root)->scope_grants, NONE);
        const struct node *again = graph_node(graph, bare_add(graph, 3, KIND_USER, ROOT, "bob"));
        assert_true(again->parent_edges == NONE && again->principal_grants == NONE && again->credentials == NONE && again->claims == NONE);
        assert_int_equal(named(graph, KIND_USER, ROOT, "ann"), NONE);
        assert_int_equal(with_hash_of(graph, 101), NONE);
        assert_int_equal(called(graph, 50, "x"), NONE);
        assert_int_equal(graph->nodes.end, 3); /* in the record he had */
        graph_free(graph);
}

static void test_the_root_is_the_organisation_that_is_its_own(void **state)
{
        struct graph *graph = bare_new();
        assert_int_equal(graph->root, NONE);
        bare_add(graph, 2, KIND_ORGANIZATION, ROOT, "emea");
        bare_add(graph, 3, KIND_USER, 3, "ann");
        assert_int_equal(graph->root, NONE);
        uint32_t root = bare_add(graph, ROOT, KIND_ORGANIZATION, ROOT, "acme");
        assert_int_equal(graph->root, root);
        assert_int_equal(bare_gone(graph, 2), ERR_OK);
        assert_int_equal(graph->root, root);
        assert_int_equal(bare_gone(graph, ROOT), ERR_OK);
        assert_int_equal(graph->root, NONE);
        root = bare_add(graph, ROOT, KIND_ORGANIZATION, ROOT, "acme");
        assert_int_equal(graph->root, root);
        graph_free(graph);
}

static void test_credentials_of_an_owner_go_in_any_order(void **state)
{
        static const int orders[][3] = { { 0, 1, 2 }, { 1, 0, 2 }, { 2, 1, 0 }, { 1, 2, 0 } };
        for (size_t i = 0; i < COUNT_OF(orders); i++) {
                struct graph *graph = bare_new();
                const struct node *owner = graph_node(graph, bare_add(graph, 3, KIND_IDENTITY, ROOT, "bot"));
                bool stands[3] = { true, true, true };
                for (int no = 0; no < 3; no++)
                        assert_int_equal(bare_credential(graph, 100 + no, 3), ERR_OK);
                for (int gone = 0; gone < 3; gone++) {
                        graph_remove_credential(graph, graph_find_credential(graph, 100 + orders[i][gone]));
                        stands[orders[i][gone]] = false;
                        for (int no = 0; no < 3; no++) {
                                assert_int_equal(graph_find_credential(graph, 100 + no) != NONE, stands[no]);
                                assert_int_equal(with_hash_of(graph, 100 + no), graph_find_credential(graph, 100 + no));
                        }
                }
                assert_int_equal(owner->credentials, NONE);
                graph_free(graph);
        }
}

static void test_a_credential_told_again_is_another_one(void **state)
{
        struct graph *graph = bare_new();
        uint32_t first = bare_add(graph, 3, KIND_IDENTITY, ROOT, "bot"), second = bare_add(graph, 4, KIND_IDENTITY, ROOT, "cat");
        assert_int_equal(bare_credential(graph, 100, 3), ERR_OK);
        struct effect effect = {
                .kind = EFFECT_CREDENTIAL, .no = 100, .until_us = 9, .scopes = SCOPE_USERS, .token_kind = TOKEN_SCIM, .hash = "new"
        };
        assert_int_equal(graph_put_credential(graph, &effect, second), ERR_OK);
        assert_int_equal(with_hash_of(graph, 100), NONE);
        const struct credential *credential = slab_at(&graph->credentials, graph_find_hash(graph, effect.hash));
        assert_int_equal(graph_find_credential(graph, 100), graph_find_hash(graph, effect.hash));
        assert_int_equal(credential->owner, second);
        assert_int_equal(credential->expires_us, 9);
        assert_int_equal(credential->scopes, SCOPE_USERS);
        assert_int_equal(credential->kind, TOKEN_SCIM);
        assert_int_equal(graph_node(graph, first)->credentials, NONE);
        graph_free(graph);
}

/* The table knows eight bytes of a hash, the look-up all of them. */
static void test_a_credential_is_found_by_its_whole_hash(void **state)
{
        struct graph *graph = bare_new();
        uint32_t owner = bare_add(graph, 3, KIND_IDENTITY, ROOT, "bot");
        struct effect one = { .no = 100, .token_kind = TOKEN_IDENTITY, .hash = "12345678 one" }, two = one;
        two.no = 101;
        two.hash[HASH_SIZE - 1] = 1;
        assert_int_equal(graph_put_credential(graph, &one, owner), ERR_OK);
        assert_int_equal(graph_find_hash(graph, two.hash), NONE);
        assert_int_equal(graph_put_credential(graph, &two, owner), ERR_OK);
        assert_int_equal(graph_find_hash(graph, one.hash), graph_find_credential(graph, 100));
        assert_int_equal(graph_find_hash(graph, two.hash), graph_find_credential(graph, 101));
        graph_remove_credential(graph, graph_find_credential(graph, 100));
        assert_int_equal(graph_find_hash(graph, one.hash), NONE);
        assert_int_equal(graph_find_hash(graph, two.hash), graph_find_credential(graph, 101));
        graph_free(graph);
}

static void test_each_connection_calls_a_user_by_its_own_name(void **state)
{
        struct graph *graph = bare_new();
        uint32_t ann = bare_add(graph, 3, KIND_USER, ROOT, "ann"), bob = bare_add(graph, 4, KIND_USER, ROOT, "bob");
        assert_int_equal(bare_claim(graph, 50, 3, "x", true), ERR_OK);
        assert_int_equal(bare_claim(graph, 51, 4, "x", true), ERR_OK);
        assert_int_equal(bare_claim(graph, 51, 3, "", true), ERR_OK);
        assert_int_equal(called(graph, 50, "x"), ann);
        assert_int_equal(called(graph, 51, "x"), bob);
        assert_int_equal(called(graph, 52, "x"), NONE);
        assert_int_equal(called(graph, 50, "X"), NONE);
        assert_int_equal(called(graph, 51, ""), NONE); /* a claim, and no name */
        assert_int_equal(graph_find_external(graph, 50, "xyz", 1), ann);
        assert_int_equal(graph_find_external(graph, 50, "x\0", 2), NONE);
        assert_true(graph_find_claim(graph, 51, ann) != NONE);
        assert_int_equal(graph_find_claim(graph, 52, ann), NONE);
        uint64_t wasted = graph->texts.wasted;
        assert_int_equal(bare_claim(graph, 50, 3, "x", true), ERR_OK);
        assert_int_equal(graph->texts.wasted, wasted); /* told again: nothing is written */
        assert_int_equal(bare_claim(graph, 50, 3, "z", true), ERR_OK);
        assert_int_equal(called(graph, 50, "x"), NONE);
        assert_int_equal(called(graph, 50, "z"), ann);
        assert_int_equal(bare_claim(graph, 50, 3, NULL, true), ERR_OK);
        assert_int_equal(called(graph, 50, "z"), NONE);
        assert_true(graph_find_claim(graph, 50, ann) != NONE);
        assert_int_equal(bare_claim(graph, 50, 3, NULL, false), ERR_OK);
        assert_int_equal(graph_find_claim(graph, 50, ann), NONE);
        assert_true(graph_find_claim(graph, 51, ann) != NONE); /* it stood behind the one that went */
        assert_int_equal(called(graph, 51, "x"), bob);
        graph_free(graph);
}

static void test_without_memory_every_part_says_so(void **state)
{
        int nth = 0;
        need_scarcity();
        do {
                struct graph *graph = bare_new();
                enum err e = ERR_OK;
                arm(++nth);
                for (int64_t no = 1; !e && no < 80; no++) {
                        e = bare_put(graph, no, KIND_USER, ROOT, true, "a name that fills a chunk of texts sooner than a short one");
                        if (!e)
                                e = bare_credential(graph, 100 + no, no);
                        if (!e)
                                e = bare_claim(graph, 50, no, "an external id that fills a chunk of texts, too", true);
                }
                disarm();
                assert_int_equal(e, failed ? ERR_MEMORY : ERR_OK);
                graph_free(graph);
        } while (failed);
        assert_true(nth > 20);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_name_is_found_within_what_holds_it),
                cmocka_unit_test(test_a_new_name_or_organisation_leaves_the_old_one_free),
                cmocka_unit_test(test_a_number_keeps_its_kind_and_an_id_must_be_one),
                cmocka_unit_test(test_an_id_is_found_by_kind_and_in_either_case),
                cmocka_unit_test(test_who_goes_leaves_nothing_behind_and_comes_back_bare),
                cmocka_unit_test(test_the_root_is_the_organisation_that_is_its_own),
                cmocka_unit_test(test_credentials_of_an_owner_go_in_any_order),
                cmocka_unit_test(test_a_credential_told_again_is_another_one),
                cmocka_unit_test(test_a_credential_is_found_by_its_whole_hash),
                cmocka_unit_test(test_each_connection_calls_a_user_by_its_own_name),
                cmocka_unit_test(test_without_memory_every_part_says_so),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
