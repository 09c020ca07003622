/* SPDX-License-Identifier: Apache-2.0
 *
 * Every allocation fails in turn: a change that could not be applied whole leaves no graph, a question that could not be answered is
 * never true, and nothing crashes. */
#include "access/scarce.h"
#include "access/world.h"

/* Enough of everything to make each slab, table and text grow. */
static void build(struct world *world)
{
        char name[64];
        int64_t root = world_add(world, KIND_ORGANIZATION, 0, "acme"), group = world_add(world, KIND_GROUP, root, "");
        int64_t connection = world_add(world, KIND_CONNECTION, root, "");
        for (int i = 0; i < 40; i++) {
                (void)snprintf(name, sizeof name, "a name that is long enough to fill %d", i);
                name[23] = '\0';
                int64_t user = world_add(world, KIND_USER, root, name + i % 10);
                world_member(world, group, user, true);
                world_grant(world, world->next_no++, user, root, i % 2 ? -3 : 0, "groups:edit", 0, 0);
                world_credential(world, world->next_no++, user, TOKEN_IDENTITY, 0);
                world_claim(world, connection, user, name + i % 10, true);
                world_commit(world);
        }
}

static void check(struct world *world)
{
        int permission = permission_find(LEVEL_ORGANIZATION, "groups", "edit");
        for (size_t i = 0; i < world->oracle.resource_count; i++) {
                bool holds;
                int64_t no = world->oracle.resources[i].no;
                assert_int_equal(access_holds(world->access, 0, WORLD_ROOT, no, 1, permission, 5, &holds), ACCESS_FOUND);
                assert_int_equal(holds, oracle_holds(&world->oracle, no, 1, permission, 5));
        }
}

static void test_a_change_without_memory_unloads(void **state)
{
        int nth = 0;
        need_scarcity();
        do {
                struct world *world = world_new();
                only = &world->is_applying;
                arm(++nth);
                build(world);
                disarm();
                only = NULL;
                if (failed)
                        assert_int_equal(access_counters(world->access).unloads, 1);
                if (failed)
                        assert_false(world_is_loaded(world));
                else
                        check(world);
                world_free(world);
        } while (failed);
        print_message("%d allocations\n", nth - 1);
        assert_true(nth > 30);
}

/* A user in 70 groups: the walk must grow. */
static void test_a_question_without_memory_is_never_true(void **state)
{
        need_scarcity();
        struct world *world = world_new();
        int64_t root = world_add(world, KIND_ORGANIZATION, 0, "acme"), user = world_add(world, KIND_USER, root, "u"), group = 0;
        for (int i = 0; i < 70; i++) {
                group = world_add(world, KIND_GROUP, root, "");
                world_join(world, group, user);
        }
        world_give(world, group, root, "admin");
        int permission = permission_find(LEVEL_ORGANIZATION, "groups", "edit");
        for (int nth = 1; nth <= 4; nth++) {
                bool holds = true;
                arm(nth);
                enum access_found found = access_holds(world->access, 0, WORLD_ROOT, user, root, permission, 1, &holds);
                disarm();
                assert_int_equal(failed, found == ACCESS_NOT_LOADED);
                assert_int_equal(holds, !failed);
                walk_done(&world->access->slots[0].walk);
        }
        world_free(world);
}

static void test_making_access_without_memory(void **state)
{
        int nth = 0;
        need_scarcity();
        do {
                arm(++nth);
                struct access *access = access_new(3, 1);
                disarm();
                assert_int_equal(access != NULL, !failed);
                access_free(access);
        } while (failed);
        struct access *access = access_new(1, 1);
        do {
                char handle[HANDLE_SIZE] = "aaaaaaaa";
                handle[6] = (char)('a' + nth / 26);
                handle[7] = (char)('a' + nth % 26);
                struct fault fault = { 0 };
                arm(1 + nth % 4);
                enum err e = access_root_add(access, nth, handle, "slug", 1, &fault);
                disarm();
                assert_int_equal(e, failed ? ERR_MEMORY : ERR_OK);
                assert_int_equal(access_root_by_handle(access, 0, handle), failed ? 0 : nth);
        } while (++nth < 40 && access_counters(access).roots < 20);
        access_free(access);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_change_without_memory_unloads),
                cmocka_unit_test(test_a_question_without_memory_is_never_true),
                cmocka_unit_test(test_making_access_without_memory),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
