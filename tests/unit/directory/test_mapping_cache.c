/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules kept from one write to the next: which are never kept, which are thrown out, and who goes first when the table is full. What they
 * give, and that rules too large to be kept give it too, is test_mapping's. */
#include "directory/house.h"
#include "directory/mapping.h"
#include "directory/work.h"
#include "model/declaration.h"

#define KEPT 64 /* as mapping_cache.c has it */
#define COMMITTED 1000

struct scene {
        struct house *house;
        struct actor okta;
        const char *rule;
        struct root_row root; /* as the writer finds it */
        int read;             /* times that rules came out of the database */
        enum err answers;     /* that read */
};

static enum err count_reads(void *context, enum statement statement, struct fault *fault)
{
        struct scene *scene = context;
        if (statement != ST_RULES_OF)
                return ERR_OK;
        scene->read++;
        return scene->answers ? fault_set(fault, scene->answers, "", "as the test wishes") : ERR_OK;
}

static void open_scene(struct fixture *fixture, struct scene *ret)
{
        struct house *house = house_open(fixture);
        *ret = (struct scene){ .house = house, .okta = house_connection(house, "okta") };
        ret->root = (struct root_row){ .root_no = 1, .epoch = 1, .committed_revision = COMMITTED, .rules_revision = 10 };
        ret->rule = house_do(house, &house->admin, CHANGE_CREATE, KIND_MAPPING_RULE, NULL,
                "{\"connection\":\"%s\",\"attribute\":\"roles.value\",\"values\":[\"ops\"],\"group\":\"%s\"}", ret->okta.id,
                house_group(house, &house->admin, "ops"));
        store_set_fault_hook_for_test(fixture->store, count_reads, ret);
}

static void close_scene(struct scene *scene)
{
        store_set_fault_hook_for_test(scene->house->fixture->store, NULL, NULL);
        house_close(scene->house);
}

static enum err try_borrow(struct scene *scene, int64_t connection_no, struct borrowed_rules *ret)
{
        struct house *house = scene->house;
        struct change change = { 0 };
        struct work work = { .directory = house->directory, .change = &change, .session = house->fixture->reader, .root_no = 1 };
        work.root = &scene->root;
        work.arena = house->arena;
        work.fault = &house->fault;
        *ret = (struct borrowed_rules){ 0 };
        enum err e = rules_borrow(&work, connection_no, ret);
        schema_set_release(work.schemas); /* as the job does: what is kept holds its own */
        return e;
}

static struct borrowed_rules borrow(struct scene *scene, int64_t connection_no)
{
        struct borrowed_rules borrowed;
        assert_ok(try_borrow(scene, connection_no, &borrowed));
        return borrowed;
}

/* Borrowed and given back; how often rules were read for it. */
static int reads(struct scene *scene, int64_t connection_no)
{
        int before = scene->read;
        struct borrowed_rules borrowed = borrow(scene, connection_no);
        rules_give_back(&borrowed);
        return scene->read - before;
}

/* ---- what is never kept ---- */

static void test_what_may_yet_be_rolled_back_is_not_kept(struct fixture *fixture)
{
        struct scene scene;
        open_scene(fixture, &scene);
        const struct root_row committed = scene.root;
        int64_t *const revisions[] = { &scene.root.rules_revision, &scene.root.schemas_revision };
        for (size_t i = 0; i < COUNT_OF(revisions); i++) {
                scene.root = committed;
                *revisions[i] = COMMITTED + 1;
                struct borrowed_rules borrowed = borrow(&scene, scene.okta.no);
                assert_null(borrowed.kept);
                assert_int_equal(borrowed.rules.count, 1);
                rules_give_back(&borrowed);
                assert_int_equal(reads(&scene, scene.okta.no), 1);
                scene.root.committed_revision = COMMITTED + 1; /* the very same revision, once it stands */
                assert_int_equal(reads(&scene, scene.okta.no), 1);
                assert_int_equal(reads(&scene, scene.okta.no), 0);
        }
        close_scene(&scene);
}

static void test_a_read_that_fails_keeps_nothing_and_fails_the_change(struct fixture *fixture)
{
        struct scene scene;
        struct borrowed_rules borrowed;
        open_scene(fixture, &scene);
        static const enum err answers[] = { ERR_UNAVAILABLE, ERR_MEMORY }; /* of the machine, not for the size of the rules */
        for (size_t i = 0; i < COUNT_OF(answers); i++) {
                scene.answers = answers[i];
                assert_err(try_borrow(&scene, scene.okta.no, &borrowed), answers[i]);
                assert_int_equal(scene.read, i + 1); /* nor is it tried again in another arena */
        }
        scene.answers = ERR_OK;
        assert_int_equal(reads(&scene, scene.okta.no), 1);
        close_scene(&scene);
}

/* ---- what is thrown out ---- */

static void test_rules_of_another_moment_are_thrown_out(struct fixture *fixture)
{
        struct scene scene;
        open_scene(fixture, &scene);
        const struct root_row first = scene.root;
        int64_t *const moments[] = { &scene.root.epoch, &scene.root.rules_revision, &scene.root.schemas_revision };
        assert_int_equal(reads(&scene, scene.okta.no), 1);
        for (size_t i = 0; i < COUNT_OF(moments); i++) {
                (*moments[i])++;
                assert_int_equal(reads(&scene, scene.okta.no), 1);
                assert_int_equal(reads(&scene, scene.okta.no), 0);
                scene.root = first; /* not beside each other: of each connection there is one */
                assert_int_equal(reads(&scene, scene.okta.no), 1);
        }
        scene.root.committed_revision++; /* anything else changed */
        assert_int_equal(reads(&scene, scene.okta.no), 0);
        close_scene(&scene);
}

static void test_what_is_borrowed_is_nobody_elses_until_it_is_given_back(struct fixture *fixture)
{
        struct scene scene;
        open_scene(fixture, &scene);
        struct borrowed_rules first = borrow(&scene, scene.okta.no), second = borrow(&scene, scene.okta.no);
        assert_int_equal(scene.read, 2);
        const struct rule *kept = first.rules.list;
        rules_give_back(&first);
        rules_give_back(&first); /* once for all */
        first = borrow(&scene, scene.okta.no);
        assert_ptr_equal(first.rules.list, kept);
        assert_int_equal(scene.read, 2);
        rules_give_back(&first);
        rules_give_back(&second);
        close_scene(&scene);
}

static void test_the_rules_that_were_used_least_go_first(struct fixture *fixture)
{
        struct scene scene;
        open_scene(fixture, &scene);
        static const int64_t from = 5000; /* connections without rules: that there are none is kept as well */
        for (int64_t no = from; no < from + KEPT; no++)
                assert_int_equal(reads(&scene, no), 1);
        assert_int_equal(reads(&scene, from), 0);
        assert_int_equal(reads(&scene, from + KEPT), 1); /* in the place of the second */
        for (int64_t no = from + 2; no <= from + KEPT; no++)
                assert_int_equal(reads(&scene, no), 0);
        assert_int_equal(reads(&scene, from), 0);
        assert_int_equal(reads(&scene, from + 1), 1);
        close_scene(&scene);
}

static void test_writes_between_two_changes_of_rules_read_them_once(struct fixture *fixture)
{
        struct scene scene;
        open_scene(fixture, &scene);
        struct house *house = scene.house;
        store_set_fault_hook_for_test(house->directory->store, count_reads, &scene);
        house_user(house, &scene.okta, "ann");
        house_group(house, &scene.okta, "crew");
        house_user(house, &scene.okta, "ben");
        assert_int_equal(scene.read, 1);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_MAPPING_RULE, scene.rule, "{\"values\":[\"other\"]}");
        house_user(house, &scene.okta, "cid");
        assert_int_equal(scene.read, 2);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_MAPPING_RULE, scene.rule, "{\"description\":\"gives the same\"}");
        house_user(house, &scene.okta, "dan");
        assert_int_equal(scene.read, 2);
        store_set_fault_hook_for_test(house->directory->store, NULL, NULL);
        house_check(house);
        close_scene(&scene);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_what_may_yet_be_rolled_back_is_not_kept, ON_BOTH),
                FIXTURE_TEST(test_a_read_that_fails_keeps_nothing_and_fails_the_change, ON_BOTH),
                FIXTURE_TEST(test_rules_of_another_moment_are_thrown_out, ON_SQLITE),
                FIXTURE_TEST(test_what_is_borrowed_is_nobody_elses_until_it_is_given_back, ON_SQLITE),
                FIXTURE_TEST(test_the_rules_that_were_used_least_go_first, ON_SQLITE),
                FIXTURE_TEST(test_writes_between_two_changes_of_rules_read_them_once, ON_BOTH),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
