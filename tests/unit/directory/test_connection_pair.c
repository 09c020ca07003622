/* SPDX-License-Identifier: Apache-2.0
 *
 * R4: which row of a new connection stands for which of an old one, row by row: none, one pair, or what nobody decides silently. */
#include "directory/house.h"

#include "directory/connection_pair.h"

struct scene {
        struct house *house;
        struct actor okta, entra, third; /* the old one, the new one, another */
};

static struct scene scene_open(struct fixture *fixture)
{
        struct scene scene = { .house = house_open(fixture) };
        scene.okta = house_connection(scene.house, "okta");
        scene.entra = house_connection(scene.house, "entra");
        scene.third = house_connection(scene.house, "third");
        return scene;
}

static void scene_close(struct scene *scene)
{
        house_check(scene->house);
        house_close(scene->house);
}

static struct join join_of(struct scene *scene, enum join_by by)
{
        struct house *house = scene->house;
        return (struct join){ house->fixture->reader, house->arena, 1, scene->okta.no, scene->entra.no, by, &house->fault };
}

static void assert_fit(struct scene *scene, enum join_by by, enum resource_kind kind, const char *old, enum fit fit, const char *new)
{
        const struct join join = join_of(scene, by);
        struct pair pair = { .new_no = -1 };
        int64_t old_no = house_no(scene->house, old), new_no = new ? house_no(scene->house, new) : 0;
        assert_ok(pair_find(&join, kind, old_no, &pair));
        if (pair.fit != fit || pair.old_no != old_no || pair.new_no != new_no)
                fail_msg("fit %d with number %lld, expected %d with %lld", pair.fit, (long long)pair.new_no, fit, (long long)new_no);
}

static const char *user(struct scene *scene, const struct actor *actor, const char *name, const char *external_id, const char *more)
{
        return house_do(scene->house, actor, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"%s\",\"externalId\":\"%s\"%s}", name,
                external_id, more);
}

static const char *group(struct scene *scene, const struct actor *actor, const char *name, const char *external_id)
{
        return house_do(
                scene->house, actor, CHANGE_CREATE, KIND_GROUP, NULL, "{\"displayName\":\"%s\",\"externalId\":\"%s\"}", name, external_id);
}

/* As after an adoption: this connection claims the row, too. */
static void also_claim(
        struct scene *scene, const struct actor *actor, const char *id, const char *name, const char *external_id, enum claimed active)
{
        struct house *house = scene->house;
        house_script(house, "INSERT INTO claim VALUES (1, %lld, 2, %lld, '%s', %d, 1, '{\"userName\":\"%s\"}', %d)", (long long)actor->no,
                (long long)house_no(house, id), external_id, (int)active, name, active == CLAIMED_DELETED);
        if (active != CLAIMED_DELETED)
                house_script(house,
                        "INSERT INTO resource_count VALUES (1, 2, %lld, 1) ON CONFLICT (root_no, kind, connection_no) DO UPDATE SET live = "
                        "resource_count.live + 1",
                        (long long)actor->no);
        if (active != CLAIMED_ACTIVE) /* it says no, or has let him go */
                house_script(house, "UPDATE resource SET active = 0 WHERE id = '%s'", id);
        access_unload(house->directory->access, 1);
}

/* ---- by externalId ---- */

static void test_R4_a_key_names_one_row_of_the_new_one(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        const char *ann = user(&scene, &scene.okta, "ann@old", "1", ""), *none = user(&scene, &scene.okta, "none@old", "2", ""),
                   *bare = house_do(scene.house, &scene.okta, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"bare@old\"}");
        const char *crew = group(&scene, &scene.okta, "crew", "1");
        house_do(scene.house, &scene.entra, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"bare@new\"}");
        assert_fit(&scene, JOIN_EXTERNAL_ID, KIND_USER, ann, FIT_NONE, NULL);
        const char *ann2 = user(&scene, &scene.entra, "ann@new", "1", "");
        user(&scene, &scene.third, "none@third", "2", ""); /* of neither */
        assert_fit(&scene, JOIN_EXTERNAL_ID, KIND_USER, ann, FIT_PAIR, ann2);
        assert_fit(&scene, JOIN_NAME, KIND_USER, ann, FIT_NONE, NULL); /* a userName is one in the whole root */
        assert_fit(&scene, JOIN_EXTERNAL_ID, KIND_USER, none, FIT_NONE, NULL);
        assert_fit(&scene, JOIN_EXTERNAL_ID, KIND_USER, bare, FIT_NONE, NULL);  /* no key is no key that others have */
        assert_fit(&scene, JOIN_EXTERNAL_ID, KIND_GROUP, crew, FIT_NONE, NULL); /* a user's key is not a group's */
        const char *crew2 = group(&scene, &scene.entra, "team", "1");
        assert_fit(&scene, JOIN_EXTERNAL_ID, KIND_GROUP, crew, FIT_PAIR, crew2);
        assert_fit(&scene, JOIN_EXTERNAL_ID, KIND_GROUP, ann, FIT_NONE, NULL); /* not of this kind */
        assert_fit(&scene, JOIN_EXTERNAL_ID, KIND_USER, ann2, FIT_NONE, NULL); /* the old one does not claim it */
        house_do(scene.house, &scene.entra, CHANGE_DELETE, KIND_USER, ann2, NULL);
        assert_fit(&scene, JOIN_EXTERNAL_ID, KIND_USER, ann, FIT_NONE, NULL); /* who is in the bin stands for nobody */
        scene_close(&scene);
}

/* ---- by name ---- */

static void test_R4_a_name_pairs_the_same_user_and_groups_of_one_name(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        const char *ann = user(&scene, &scene.okta, "ann", "1", ""), *ben = user(&scene, &scene.okta, "ben", "2", "");
        const char *crew = group(&scene, &scene.okta, "Crew", "g1"), *lone = group(&scene, &scene.okta, "lone", "g2");
        also_claim(&scene, &scene.entra, ann, "ann", "e1", CLAIMED_ACTIVE);
        also_claim(&scene, &scene.entra, ben, "ben", "e2", CLAIMED_DELETED);
        group(&scene, &scene.third, "lone", "g2");
        house_do(scene.house, &scene.house->admin, CHANGE_CREATE, KIND_GROUP, NULL, "{\"displayName\":\"lone\"}");
        const char *crew2 = group(&scene, &scene.entra, "cREW", "other");
        assert_fit(&scene, JOIN_NAME, KIND_USER, ann, FIT_PAIR, ann);
        assert_fit(&scene, JOIN_NAME, KIND_USER, ben, FIT_NONE, NULL); /* the new one let him go */
        assert_fit(&scene, JOIN_NAME, KIND_GROUP, crew, FIT_PAIR, crew2);
        assert_fit(&scene, JOIN_NAME, KIND_GROUP, lone, FIT_NONE, NULL); /* others have one of this name, the new one does not */
        assert_fit(&scene, JOIN_EXTERNAL_ID, KIND_GROUP, crew, FIT_NONE, NULL);
        scene_close(&scene);
}

/* ---- what nobody decides silently ---- */

static void test_R4_the_two_disagree_on_who_is_active(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        static const struct {
                const char *old, *new;
                enum fit fit;
        } cases[] = { { "true", "true", FIT_PAIR }, { "false", "false", FIT_PAIR }, { "false", "true", FIT_PAIR },
                { "true", "false", FIT_UNCLEAR } };
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                const char *key = arena_printf(scene.house->arena, "k%zu", i);
                const char *old = user(&scene, &scene.okta, arena_printf(scene.house->arena, "old%zu", i), key,
                        arena_printf(scene.house->arena, ",\"active\":%s", cases[i].old));
                const char *new = user(&scene, &scene.entra, arena_printf(scene.house->arena, "new%zu", i), key,
                        arena_printf(scene.house->arena, ",\"active\":%s", cases[i].new));
                assert_fit(&scene, JOIN_EXTERNAL_ID, KIND_USER, old, cases[i].fit, new);
        }
        const char *both = user(&scene, &scene.okta, "both", "b", "");
        also_claim(&scene, &scene.entra, both, "both", "b", CLAIMED_INACTIVE);
        assert_fit(&scene, JOIN_EXTERNAL_ID, KIND_USER, both, FIT_UNCLEAR, both);
        scene_close(&scene);
}

/* The same row claimed by both, and the key names another one. */
static void test_R4_two_candidates_are_none(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        const char *ann = user(&scene, &scene.okta, "ann", "1", "");
        also_claim(&scene, &scene.entra, ann, "ann", "1", CLAIMED_ACTIVE);
        assert_fit(&scene, JOIN_EXTERNAL_ID, KIND_USER, ann, FIT_PAIR, ann);
        house_script(scene.house, "UPDATE claim SET external_id = '9' WHERE connection_no = %lld", (long long)scene.entra.no);
        assert_fit(&scene, JOIN_EXTERNAL_ID, KIND_USER, ann, FIT_PAIR, ann);
        user(&scene, &scene.entra, "other", "1", "");
        assert_fit(&scene, JOIN_EXTERNAL_ID, KIND_USER, ann, FIT_UNCLEAR, ann);
        scene_close(&scene);
}

/* A second row would be given up: not while it holds anything that its connection did not give. */
static void test_R4_what_is_given_up_must_be_spare(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        struct house *house = scene.house;
        const char *ann = user(&scene, &scene.okta, "ann@old", "1", ""), *ann2 = user(&scene, &scene.entra, "ann@new", "1", "");
        const char *crew = group(&scene, &scene.entra, "crew", "g"), *local = house_group(house, &house->admin, "local");
        house_patch(house, &scene.entra, KIND_GROUP, crew, ERR_OK,
                arena_printf(house->arena, "{\"op\":\"add\",\"path\":\"members\",\"value\":[{\"value\":\"%s\"}]}", ann2));
        assert_fit(&scene, JOIN_EXTERNAL_ID, KIND_USER, ann, FIT_PAIR, ann2); /* its own group is no obstacle */
        const char *grant = house_grant(house, ann2, NULL, "auditor");
        assert_fit(&scene, JOIN_EXTERNAL_ID, KIND_USER, ann, FIT_UNCLEAR, ann2);
        house_do(house, &house->admin, CHANGE_DELETE, KIND_GRANT, grant, NULL);
        assert_fit(&scene, JOIN_EXTERNAL_ID, KIND_USER, ann, FIT_PAIR, ann2);
        house_do(house, &house->admin, CHANGE_MEMBERS_ADD, KIND_GROUP, local, "[\"%s\"]", ann2);
        assert_fit(&scene, JOIN_EXTERNAL_ID, KIND_USER, ann, FIT_UNCLEAR, ann2);
        house_do(house, &house->admin, CHANGE_MEMBERS_REMOVE, KIND_GROUP, local, "[\"%s\"]", ann2);
        assert_fit(&scene, JOIN_EXTERNAL_ID, KIND_USER, ann, FIT_PAIR, ann2);
        house_grant(house, ann, NULL, "auditor"); /* what the first one holds stays with it */
        house_do(house, &house->admin, CHANGE_MEMBERS_ADD, KIND_GROUP, local, "[\"%s\"]", ann);
        assert_fit(&scene, JOIN_EXTERNAL_ID, KIND_USER, ann, FIT_PAIR, ann2);
        scene_close(&scene);
}

static void test_R4_another_source_of_either_row_stands_in_the_way(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        const char *ann = user(&scene, &scene.okta, "ann@old", "1", ""), *ann2 = user(&scene, &scene.entra, "ann@new", "1", "");
        const char *ben = user(&scene, &scene.okta, "ben@old", "2", ""), *ben2 = user(&scene, &scene.entra, "ben@new", "2", "");
        const char *eve = user(&scene, &scene.okta, "eve@old", "3", ""), *eve2 = user(&scene, &scene.entra, "eve@new", "3", "");
        const char *both = user(&scene, &scene.okta, "both", "4", "");
        also_claim(&scene, &scene.third, ann, "ann@old", "t1", CLAIMED_ACTIVE);
        assert_fit(&scene, JOIN_EXTERNAL_ID, KIND_USER, ann, FIT_UNCLEAR, ann2);
        also_claim(&scene, &scene.third, ben2, "ben@new", "t2", CLAIMED_ACTIVE);
        assert_fit(&scene, JOIN_EXTERNAL_ID, KIND_USER, ben, FIT_UNCLEAR, ben2);
        also_claim(&scene, &scene.third, eve2, "eve@new", "t3", CLAIMED_DELETED); /* it says nothing any more */
        assert_fit(&scene, JOIN_EXTERNAL_ID, KIND_USER, eve, FIT_PAIR, eve2);
        also_claim(&scene, &scene.okta, eve2, "eve@new", "5", CLAIMED_ACTIVE); /* the old one means two people */
        assert_fit(&scene, JOIN_EXTERNAL_ID, KIND_USER, eve, FIT_UNCLEAR, eve2);
        also_claim(&scene, &scene.entra, both, "both", "4", CLAIMED_ACTIVE);
        also_claim(&scene, &scene.third, both, "both", "t4", CLAIMED_ACTIVE); /* one row: nobody gives anything up */
        assert_fit(&scene, JOIN_EXTERNAL_ID, KIND_USER, both, FIT_PAIR, both);
        scene_close(&scene);
}

/* ---- one after another ---- */

static void test_R4_what_the_old_one_claims_comes_by_number(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        const struct join join = join_of(&scene, JOIN_NAME);
        int64_t no[4], list[8];
        const char *ids[4];
        size_t count = 9;
        for (int i = 0; i < 4; i++) {
                ids[i] = house_user(scene.house, &scene.okta, arena_printf(scene.house->arena, "u%d", i));
                no[i] = house_no(scene.house, ids[i]);
        }
        house_user(scene.house, &scene.entra, "theirs");
        group(&scene, &scene.okta, "crew", "g");
        house_do(scene.house, &scene.okta, CHANGE_DELETE, KIND_USER, ids[1], NULL);
        assert_ok(pair_claims_next(&join, KIND_USER, 0, list, COUNT_OF(list), &count));
        assert_int_equal(count, 3);
        assert_true(list[0] == no[0] && list[1] == no[2] && list[2] == no[3]);
        assert_ok(pair_claims_next(&join, KIND_USER, 0, list, 2, &count));
        assert_int_equal(count, 2);
        assert_ok(pair_claims_next(&join, KIND_USER, no[2], list, 2, &count)); /* above it, not from it */
        assert_int_equal(count, 1);
        assert_true(list[0] == no[3]);
        assert_ok(pair_claims_next(&join, KIND_USER, no[3], list, 2, &count));
        assert_int_equal(count, 0);
        scene_close(&scene);
}

static void test_R4_not_there_is_an_answer_and_a_failure_is_not(struct fixture *fixture)
{
        bool found = false;
        (void)fixture;
        assert_int_equal(pair_found(ERR_OK, &found), ERR_OK);
        assert_true(found);
        assert_int_equal(pair_found(ERR_NOT_FOUND, &found), ERR_OK);
        assert_false(found);
        found = true;
        assert_int_equal(pair_found(ERR_CONFLICT, &found), ERR_CONFLICT);
        assert_false(found);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_R4_a_key_names_one_row_of_the_new_one, ON_BOTH),
                FIXTURE_TEST(test_R4_a_name_pairs_the_same_user_and_groups_of_one_name, ON_BOTH),
                FIXTURE_TEST(test_R4_the_two_disagree_on_who_is_active, ON_BOTH),
                FIXTURE_TEST(test_R4_two_candidates_are_none, ON_BOTH),
                FIXTURE_TEST(test_R4_what_is_given_up_must_be_spare, ON_BOTH),
                FIXTURE_TEST(test_R4_another_source_of_either_row_stands_in_the_way, ON_BOTH),
                FIXTURE_TEST(test_R4_what_the_old_one_claims_comes_by_number, ON_BOTH),
                FIXTURE_TEST(test_R4_not_there_is_an_answer_and_a_failure_is_not, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
