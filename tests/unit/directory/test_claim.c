/* SPDX-License-Identifier: Apache-2.0
 *
 * Several sources speak of one user (R2): per attribute the first one wins, clearing clears only one's own value, any no refuses. A second
 * claim is written past the faces: adoption (R13), which makes one, comes later. */
#include "directory/house.h"

struct second {
        struct house *house;
        int64_t no, connection_no;
        const char *doc;
};

static enum err add_claim(struct session *session, void *context, struct fault *fault)
{
        const struct second *second = context;
        const struct claim_row claim = {
                .connection_no = second->connection_no,
                .kind = KIND_USER,
                .no = second->no,
                .external_id = "second",
                .active = CLAIMED_ACTIVE,
                .modified_us = 1,
                .doc = second->doc,
        };
        session_mark_audited(session);
        enum err e = claim_put(session, 1, &claim, fault);
        return e ? e : count_move(session, 1, KIND_USER, second->connection_no, 1, fault);
}

struct scene {
        struct house *house;
        struct actor first, second;
        const char *user;
};

static struct scene scene_open(struct fixture *fixture)
{
        struct scene scene = { .house = house_open(fixture) };
        scene.first = house_connection(scene.house, "first");
        scene.second = house_connection(scene.house, "second");
        scene.user = house_do(scene.house, &scene.first, CHANGE_CREATE, KIND_USER, NULL,
                "{\"userName\":\"ann\",\"externalId\":\"one\",\"title\":\"from first\",\"nickName\":\"N1\"}");
        struct second second = {
                .no = house_no(scene.house, scene.user),
                .connection_no = scene.second.no,
                .doc = "{\"displayName\":\"from second\",\"title\":\"T2\",\"userName\":\"ann\"}",
        };
        assert_ok(fixture_submit(fixture, add_claim, &second));
        access_unload(scene.house->directory->access, 1);
        return scene;
}

static bool doc_holds(struct scene *scene, const char *text)
{
        return house_number(scene->house, "SELECT COUNT(*) FROM resource WHERE id = '%s' AND doc LIKE '%%%s%%'", scene->user, text) == 1;
}

static void test_the_first_source_wins_and_clearing_clears_ones_own(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        struct house *house = scene.house;
        house_do(house, &scene.second, CHANGE_REPLACE, KIND_USER, scene.user,
                "{\"userName\":\"ann\",\"externalId\":\"second\",\"title\":\"T3\",\"displayName\":\"D3\"}");
        assert_true(doc_holds(&scene, "from first") && doc_holds(&scene, "D3") && doc_holds(&scene, "N1"));
        assert_false(doc_holds(&scene, "T3"));
        house_check(house);
        house_patch(house, &scene.first, KIND_USER, scene.user, ERR_OK, "{\"op\":\"remove\",\"path\":\"title\"}");
        assert_true(doc_holds(&scene, "T3"));
        house_patch(house, &scene.first, KIND_USER, scene.user, ERR_OK, "{\"op\":\"remove\",\"path\":\"displayName\"}"); /* not its own */
        assert_true(doc_holds(&scene, "D3"));
        house_patch(house, &scene.second, KIND_USER, scene.user, ERR_OK, "{\"op\":\"remove\",\"path\":\"title\"}");
        assert_false(doc_holds(&scene, "title"));
        house_check(house);
        /* What one reads back is what itself claimed. */
        struct query query = house_query(house, &scene.second);
        struct claimed_row row;
        assert_ok(query_claimed(&query, resource_type(KIND_USER), scene.user, &row, &house->fault));
        assert_null(strstr(row.claim.doc, "N1"));
        assert_non_null(strstr(row.claim.doc, "D3"));
        house_close(house);
}

static void test_any_no_refuses_and_each_lifts_only_its_own(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        struct house *house = scene.house;
        static const char *const off = "{\"op\":\"replace\",\"path\":\"active\",\"value\":false}",
                                 *const on = "{\"op\":\"replace\",\"path\":\"active\",\"value\":true}";
        house_patch(house, &scene.first, KIND_USER, scene.user, ERR_OK, off);
        assert_string_equal(house->event, "deactivated");
        house_patch(house, &scene.second, KIND_USER, scene.user, ERR_OK, on); /* it says yes already */
        assert_false(house_active(house, scene.user));
        house_patch(house, &scene.second, KIND_USER, scene.user, ERR_OK, off);
        assert_string_equal(house->event, "updated");
        house_patch(house, &scene.first, KIND_USER, scene.user, ERR_OK, on);
        assert_false(house_active(house, scene.user));
        assert_string_equal(house->event, "updated");
        house_check(house);
        const char *held[4];
        size_t count;
        struct query query = house_query(house, &scene.first);
        assert_ok(query_held_by(&query, house_no(house, scene.user), held, 4, &count, &house->fault));
        assert_int_equal(count, 1);
        assert_string_equal(held[0], scene.second.id);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, scene.user, "{\"active\":false}");
        assert_ok(query_held_by(&query, house_no(house, scene.user), held, 4, &count, &house->fault));
        assert_int_equal(count, 2);
        house_patch(house, &scene.second, KIND_USER, scene.user, ERR_OK, on);
        assert_false(house_active(house, scene.user));
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, scene.user, "{\"active\":true}");
        assert_true(house_active(house, scene.user));
        house_check(house);
        house_close(house);
}

/* R12: the row stays while another claim lives, suspended until an administrator releases it. */
static void test_one_delete_of_two_suspends_until_released(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        struct house *house = scene.house;
        const char *crew = house_do(house, &scene.first, CHANGE_CREATE, KIND_GROUP, NULL,
                "{\"displayName\":\"crew\",\"members\":[{\"value\":\"%s\"}]}", scene.user);
        const char *team = house_do(house, &scene.second, CHANGE_CREATE, KIND_GROUP, NULL,
                "{\"displayName\":\"team\",\"members\":[{\"value\":\"%s\"}]}", scene.user);
        house_do(house, &scene.first, CHANGE_DELETE, KIND_USER, scene.user, NULL);
        assert_non_null(strstr(house->body, "\"kept_by_another_source\":true"));
        assert_false(house_is_member(house, crew, scene.user)); /* law 5: only what it gave */
        assert_true(house_is_member(house, team, scene.user));
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM resource WHERE id = '%s' AND deleted_us = 0", scene.user), 1);
        assert_false(house_active(house, scene.user));
        house_check(house);
        assert_change(ERR_NOT_FOUND, house, &scene.first, CHANGE_DELETE, KIND_USER, scene.user, NULL);
        assert_change(ERR_TAKEN, house, &scene.first, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"ann\",\"externalId\":\"one\"}");
        house_patch(house, &scene.second, KIND_USER, scene.user, ERR_OK, "{\"op\":\"replace\",\"path\":\"title\",\"value\":\"T9\"}");
        assert_false(house_active(house, scene.user));
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, scene.user, "{\"active\":true}");
        assert_true(house_active(house, scene.user));
        assert_true(doc_holds(&scene, "T9"));
        house_check(house);
        house_do(house, &scene.second, CHANGE_DELETE, KIND_USER, scene.user, NULL);
        assert_non_null(strstr(house->body, "\"kept_by_another_source\":false"));
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM resource WHERE id = '%s' AND deleted_us > 0", scene.user), 1);
        house_check(house);
        house_close(house);
}

/* R12: a DELETE is never refused for a name that another source gave and somebody else has meanwhile. */
static void test_r12_a_delete_that_would_bring_a_taken_name_suspends(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        struct house *house = scene.house;
        house_script(house, "UPDATE claim SET doc = '{\"userName\":\"zed\"}' WHERE no = %lld AND connection_no = %lld",
                (long long)house_no(house, scene.user), (long long)scene.second.no);
        const char *zed = house_user(house, &scene.first, "zed");
        house_do(house, &scene.first, CHANGE_DELETE, KIND_USER, scene.user, NULL);
        assert_false(house_active(house, scene.user));
        assert_true(house_active(house, zed));
        assert_int_equal(
                house_number(house, "SELECT COUNT(*) FROM resource WHERE id = '%s' AND name_folded = 'ann' AND deleted_us = 0", scene.user),
                1);
        house_check(house);
        house_close(house);
}

static void rename_by(struct house *house, const struct actor *source, const char *id, enum err expected, const char *name)
{
        char operation[128];
        (void)snprintf(operation, sizeof(operation), "{\"op\":\"replace\",\"path\":\"userName\",\"value\":\"%s\"}", name);
        house_patch(house, source, KIND_USER, id, expected, operation);
}

static void test_R10_a_name_is_one_users_over_all_sources(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        struct house *house = scene.house;
        const char *bob = house_user(house, &scene.first, "bob");
        rename_by(house, &scene.second, scene.user, ERR_TAKEN, "BOB"); /* he bears it */
        assert_string_equal(house->fault.field, "userName");
        rename_by(house, &scene.second, scene.user, ERR_OK, "Zoe"); /* ann is called so by the second source alone */
        assert_true(doc_holds(&scene, "ann"));
        assert_change(ERR_TAKEN, house, &scene.first, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"zoe\"}");
        assert_string_equal(house->fault.field, "userName");
        rename_by(house, &scene.first, bob, ERR_TAKEN, "zoe");
        rename_by(house, &scene.first, scene.user, ERR_OK, "ZOE"); /* her own */
        rename_by(house, &scene.first, scene.user, ERR_OK, "ann");
        house_check(house);
        /* Nothing keeps her from leaving, and the name is free when nobody says it. */
        house_patch(house, &scene.second, KIND_USER, scene.user, ERR_OK, "{\"op\":\"replace\",\"path\":\"active\",\"value\":false}");
        rename_by(house, &scene.first, bob, ERR_TAKEN, "zoe");
        rename_by(house, &scene.second, scene.user, ERR_OK, "ann");
        rename_by(house, &scene.first, bob, ERR_OK, "zoe");
        rename_by(house, &scene.second, scene.user, ERR_TAKEN, "zoe");
        house_check(house);
        house_close(house);
}

static void test_R10_who_comes_back_takes_no_name_that_was_given_away(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        struct house *house = scene.house;
        rename_by(house, &scene.second, scene.user, ERR_OK, "zoe");
        house_do(house, &house->admin, CHANGE_DELETE, KIND_USER, scene.user, NULL);
        const char *zoe = house_user(house, &scene.first, "zoe");
        house_do(house, &house->admin, CHANGE_RESTORE, KIND_USER, scene.user, NULL); /* nobody calls her zoe any more */
        house_check(house);
        assert_change(ERR_TAKEN, house, &scene.second, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"zoe\",\"externalId\":\"second\"}");
        house_do(house, &scene.first, CHANGE_DELETE, KIND_USER, zoe, NULL);
        house_check(house);
        house_close(house);
}

/* Two sources call her by two names, and she lies in the bin while the one that she does not bear is given away. */
static void test_R10_a_local_name_that_was_given_away_keeps_its_user_in_the_bin(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const char *ann = house_do(house, &house->admin, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"zoe\",\"title\":\"local\"}");
        house_script(house, "INSERT INTO claim VALUES (1, %lld, 2, %lld, 'x-ann', 1, 1, '{\"userName\":\"zoe\",\"nickName\":\"A\"}', 0)",
                (long long)okta.no, (long long)house_no(house, ann));
        house_script(house, "INSERT INTO resource_count VALUES (1, 2, %lld, 1)", (long long)okta.no);
        access_unload(house->directory->access, 1);
        house_do(house, &okta, CHANGE_REPLACE, KIND_USER, ann, "{\"userName\":\"ann\",\"externalId\":\"x-ann\"}");
        assert_change(ERR_TAKEN, house, &okta, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"zoe\"}"); /* hers, as we say */
        house_do(house, &house->admin, CHANGE_DELETE, KIND_USER, ann, NULL);
        const char *zoe = house_user(house, &house->admin, "zoe");
        assert_change(ERR_TAKEN, house, &house->admin, CHANGE_RESTORE, KIND_USER, ann, NULL);
        assert_string_equal(house->fault.field, "userName");
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM resource WHERE id = '%s' AND deleted_us > 0", ann), 1);
        house_check(house);
        house->want.replace = zoe; /* who gives way to her gives the name back */
        house_do(house, &house->admin, CHANGE_RESTORE, KIND_USER, ann, NULL);
        assert_change(ERR_TAKEN, house, &okta, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"zoe\"}");
        house_check(house);
        house_close(house);
}

static void test_R10_undo_gives_back_no_name_that_was_given_away(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        struct house *house = scene.house;
        rename_by(house, &scene.second, scene.user, ERR_OK, "zoe");
        house_do(house, &scene.second, CHANGE_DELETE, KIND_USER, scene.user, NULL);
        const char *zoe = house_user(house, &scene.first, "zoe");
        house->want.wish = (struct connection_wish){ .verb = CONNECTION_UNDO, .since_us = 1, .confirm = -1 };
        assert_change(ERR_OK, house, &house->admin, CHANGE_WORK, KIND_CONNECTION, scene.second.id, NULL);
        while (house_step(house, 0)) /* none of which fails for the name */
                house_check(house);
        house_patch(house, &scene.second, KIND_USER, scene.user, ERR_NOT_FOUND, "{\"op\":\"replace\",\"path\":\"title\",\"value\":\"x\"}");
        rename_by(house, &scene.first, zoe, ERR_OK, "zoe.new");
        house_check(house);
        house_close(house);
}

static void test_an_administrator_deletes_all_claims_at_once(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        struct house *house = scene.house;
        house_do(house, &house->admin, CHANGE_DELETE, KIND_USER, scene.user, NULL);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM claim WHERE claimed_active <> 3 AND no = %lld",
                                 (long long)house_no(house, scene.user)),
                0);
        house_check(house);
        house_close(house);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_the_first_source_wins_and_clearing_clears_ones_own, ON_BOTH),
                FIXTURE_TEST(test_any_no_refuses_and_each_lifts_only_its_own, ON_BOTH),
                FIXTURE_TEST(test_one_delete_of_two_suspends_until_released, ON_BOTH),
                FIXTURE_TEST(test_r12_a_delete_that_would_bring_a_taken_name_suspends, ON_BOTH),
                FIXTURE_TEST(test_R10_a_name_is_one_users_over_all_sources, ON_BOTH),
                FIXTURE_TEST(test_R10_who_comes_back_takes_no_name_that_was_given_away, ON_BOTH),
                FIXTURE_TEST(test_R10_a_local_name_that_was_given_away_keeps_its_user_in_the_bin, ON_BOTH),
                FIXTURE_TEST(test_R10_undo_gives_back_no_name_that_was_given_away, ON_BOTH),
                FIXTURE_TEST(test_an_administrator_deletes_all_claims_at_once, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
