/* SPDX-License-Identifier: Apache-2.0
 *
 * R24: nothing takes the last usable administrator of a root away, by no path and not in parallel; a second one makes each of them
 * possible. Refusals are alerts. */
#include <stdatomic.h>
#include "directory/house.h"
#include "base/clock.h"

struct scene {
        struct house *house;
        struct actor okta;
        const char *user, *group, *grant;
};

typedef enum err path(struct scene *scene);

static enum err by_active(struct scene *scene)
{
        return house_change(scene->house, &scene->okta, CHANGE_PATCH, KIND_USER, scene->user,
                "{\"schemas\":[\"" URN_PATCH "\"],\"Operations\":[{\"op\":\"replace\",\"path\":\"active\",\"value\":false}]}");
}

static enum err by_put(struct scene *scene)
{
        return house_change(scene->house, &scene->okta, CHANGE_REPLACE, KIND_USER, scene->user,
                "{\"userName\":\"boss\",\"externalId\":\"x-boss\",\"active\":false}");
}

static enum err by_delete(struct scene *scene)
{
        return house_change(scene->house, &scene->okta, CHANGE_DELETE, KIND_USER, scene->user, NULL);
}

static enum err by_local_delete(struct scene *scene)
{
        return house_change(scene->house, &scene->house->admin, CHANGE_DELETE, KIND_USER, scene->user, NULL);
}

static enum err by_suspension(struct scene *scene)
{
        return house_change(scene->house, &scene->house->admin, CHANGE_MERGE, KIND_USER, scene->user, "{\"active\":false}");
}

static enum err by_disabled_connection(struct scene *scene)
{
        return house_change(scene->house, &scene->house->admin, CHANGE_MERGE, KIND_CONNECTION, scene->okta.id, "{\"active\":false}");
}

static enum err by_grant_delete(struct scene *scene)
{
        return house_change(scene->house, &scene->house->admin, CHANGE_DELETE, KIND_GRANT, scene->grant, NULL);
}

static enum err by_grant_end(struct scene *scene)
{
        return house_bound_grant(scene->house, scene->grant, "until", "2001-01-01T00:00:00Z");
}

static enum err by_grant_begin(struct scene *scene)
{
        return house_bound_grant(scene->house, scene->grant, "from", "2999-01-01T00:00:00Z");
}

static enum err by_patch_of_group(struct scene *scene)
{
        char text[256];
        (void)snprintf(text, sizeof text,
                "{\"schemas\":[\"" URN_PATCH "\"],\"Operations\":[{\"op\":\"remove\",\"path\":\"members[value eq \\\"%s\\\"]\"}]}",
                scene->user);
        return house_change(scene->house, &scene->okta, CHANGE_PATCH, KIND_GROUP, scene->group, text);
}

static enum err by_emptied_group(struct scene *scene)
{
        return house_change(
                scene->house, &scene->okta, CHANGE_REPLACE, KIND_GROUP, scene->group, "{\"displayName\":\"bosses\",\"members\":[]}");
}

static enum err by_removed_members(struct scene *scene)
{
        return house_change(scene->house, &scene->okta, CHANGE_PATCH, KIND_GROUP, scene->group,
                "{\"schemas\":[\"" URN_PATCH "\"],\"Operations\":[{\"op\":\"remove\",\"path\":\"members\"}]}");
}

static enum err by_deleted_group(struct scene *scene)
{
        return house_change(scene->house, &scene->okta, CHANGE_DELETE, KIND_GROUP, scene->group, NULL);
}

static enum err by_sleeping_group(struct scene *scene)
{
        return house_change(scene->house, &scene->house->admin, CHANGE_MERGE, KIND_GROUP, scene->group, "{\"active\":false}");
}

static void scene_open(struct scene *scene, struct fixture *fixture, bool through_group)
{
        *scene = (struct scene){ .house = house_open(fixture) };
        struct house *house = scene->house;
        scene->okta = house_connection(house, "okta");
        house_ceiling(house, &scene->okta, "[\"organization:admin\"]");
        scene->user = house_user(house, &scene->okta, "boss");
        if (through_group)
                scene->group = house_do(house, &scene->okta, CHANGE_CREATE, KIND_GROUP, NULL,
                        "{\"displayName\":\"bosses\",\"members\":[{\"value\":\"%s\"}]}", scene->user);
        scene->grant = house_grant(house, through_group ? scene->group : scene->user, NULL, "admin");
}

static const struct row {
        path *run;
        bool direct, through_group;
} paths[] = {
        { by_active, true, true },
        { by_put, true, true },
        { by_delete, true, true },
        { by_local_delete, true, true },
        { by_suspension, true, true },
        { by_disabled_connection, true, true },
        { by_grant_delete, true, true },
        { by_grant_end, true, true },
        { by_grant_begin, true, true },
        { by_patch_of_group, false, true },
        { by_emptied_group, false, true },
        { by_removed_members, false, true },
        { by_deleted_group, false, true },
        { by_sleeping_group, false, true },
};

static void play_paths(struct fixture *fixture, bool through_group)
{
        struct scene scene;
        scene_open(&scene, fixture, through_group);
        struct house *house = scene.house;
        int64_t digest = house_digest(house), refused = 0;
        for (size_t i = 0; i < COUNT_OF(paths); i++) {
                if (!(through_group ? paths[i].through_group : paths[i].direct))
                        continue;
                enum err e = paths[i].run(&scene);
                if (e != ERR_LAST_ADMIN)
                        fail_msg("path %zu answers %s", i, error_row(e)->name);
                assert_int_equal(house_digest(house), digest);
                refused++;
        }
        assert_true(house_holds(house, scene.user, NULL, "member:edit"));
        directory_flush_notices(house->directory);
        house_user(house, &house->admin, "rides"); /* what is not due yet rides here */
        assert_true(house_number(house, "SELECT COUNT(*) FROM ledger WHERE class = 3 AND event = 'last-admin-refused'") >= 2);
        house_check(house);
        house_close(house);
}

static void test_no_path_takes_the_last_direct_administrator(struct fixture *fixture)
{
        play_paths(fixture, false);
}

static void test_no_path_takes_the_last_administrator_of_a_group(struct fixture *fixture)
{
        play_paths(fixture, true);
}

/* Each path in an installation of its own would cost minutes: paths that leave the scene whole are undone by hand. */
static void test_with_a_second_administrator_the_first_may_go(struct fixture *fixture)
{
        struct scene scene;
        scene_open(&scene, fixture, true);
        struct house *house = scene.house;
        struct actor entra = house_connection(house, "entra");
        house_admin_user(house, &entra, "second");
        assert_ok(by_active(&scene));
        house_patch(house, &scene.okta, KIND_USER, scene.user, ERR_OK, "{\"op\":\"replace\",\"path\":\"active\",\"value\":true}");
        assert_ok(by_suspension(&scene));
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, scene.user, "{\"active\":true}");
        assert_ok(by_disabled_connection(&scene));
        house_do(house, &house->admin, CHANGE_MERGE, KIND_CONNECTION, scene.okta.id, "{\"active\":true}");
        assert_ok(by_grant_end(&scene));
        house_do(house, &house->admin, CHANGE_MERGE, KIND_GRANT, scene.grant, "{\"until\":null}");
        assert_ok(by_sleeping_group(&scene));
        house_do(house, &house->admin, CHANGE_MERGE, KIND_GROUP, scene.group, "{\"active\":true}");
        assert_ok(by_emptied_group(&scene));
        house_check(house);
        /* Now the second is the last. */
        assert_change(ERR_LAST_ADMIN, house, &house->admin, CHANGE_MERGE, KIND_CONNECTION, entra.id, "{\"active\":false}");
        house_check(house);
        house_close(house);
}

/* The administrator of init counts once enrolled: until somebody comes in by a connection there is nothing to lose. */
static void test_who_never_counted_cannot_be_the_last(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, house->installed.admin_id, "{\"active\":false}");
        struct actor okta = house_connection(house, "okta");
        const char *plain = house_user(house, &okta, "plain");
        house_do(house, &okta, CHANGE_DELETE, KIND_USER, plain, NULL);
        house_close(house);
}

static void test_a_suspended_or_future_administrator_is_none(struct fixture *fixture)
{
        struct scene scene;
        scene_open(&scene, fixture, false);
        struct house *house = scene.house;
        struct actor off = house_connection(house, "off");
        const char *sleeping = house_admin_user(house, &scene.okta, "sleeping"), *later = house_user(house, &scene.okta, "later");
        house_admin_user(house, &off, "cut-off");
        house_do(house, &house->admin, CHANGE_CREATE, KIND_GRANT, NULL,
                "{\"principal\":\"%s\",\"role\":\"admin\",\"from\":\"2999-01-01T00:00:00Z\"}", later);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_CONNECTION, off.id, "{\"active\":false}");
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, sleeping, "{\"active\":false}");
        house_identity(house, "robot", "admin"); /* no human */
        assert_err(by_delete(&scene), ERR_LAST_ADMIN);
        assert_err(by_grant_delete(&scene), ERR_LAST_ADMIN);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, sleeping, "{\"active\":true}");
        assert_ok(by_grant_delete(&scene));
        house_close(house);
}

/* ---- ways through groups in groups ---- */

#define HIGH 15 /* groups above that of the last administrator */
#define WIDE 20 /* groups that he is in, besides */

struct tower {
        struct house *house;
        struct actor okta;
        const char *groups[HIGH + 1], *boss, *grant; /* groups[HIGH] holds the role, groups[0] the last administrator */
};

static void put_in(struct house *house, const char *group, const char *member)
{
        house_do(house, &house->admin, CHANGE_MEMBERS_ADD, KIND_GROUP, group, "[\"%s\"]", member);
}

/* The other groups hold rights, are in a group, and hold others. */
static void tower_open(struct tower *tower, struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        *tower = (struct tower){ .house = house, .okta = house_connection(house, "okta") };
        house_ceiling(house, &tower->okta, "[\"organization:admin\"]");
        tower->boss = house_user(house, &tower->okta, "boss");
        for (int i = 0; i <= HIGH; i++) {
                tower->groups[i] = house_group(house, &house->admin, arena_printf(house->arena, "floor%d", i));
                put_in(house, tower->groups[i], i ? tower->groups[i - 1] : tower->boss);
        }
        const char *all = house_group(house, &house->admin, "all"), *inside = house_group(house, &house->admin, "inside");
        for (int i = 0; i < WIDE; i++) {
                const char *group = house_group(house, &house->admin, arena_printf(house->arena, "wide%d", i));
                put_in(house, group, tower->boss);
                put_in(house, all, group);
                put_in(house, group, inside);
                house_grant(house, group, NULL, "member");
        }
        tower->grant = house_grant(house, tower->groups[HIGH], NULL, "admin");
}

static void each_way_is_refused(struct tower *tower)
{
        struct house *house = tower->house;
        const struct actor *admin = &house->admin;
        int64_t digest = house_digest(house);
        house_patch(house, &tower->okta, KIND_USER, tower->boss, ERR_LAST_ADMIN, "{\"op\":\"replace\",\"path\":\"active\",\"value\":false}");
        assert_change(ERR_LAST_ADMIN, house, &tower->okta, CHANGE_DELETE, KIND_USER, tower->boss, NULL);
        assert_change(ERR_LAST_ADMIN, house, admin, CHANGE_MERGE, KIND_USER, tower->boss, "{\"active\":false}");
        for (int i = 0; i <= HIGH; i += 5) {
                const char *member = arena_printf(house->arena, "[\"%s\"]", i ? tower->groups[i - 1] : tower->boss);
                assert_change(ERR_LAST_ADMIN, house, admin, CHANGE_MEMBERS_REMOVE, KIND_GROUP, tower->groups[i], member);
                assert_change(ERR_LAST_ADMIN, house, admin, CHANGE_MERGE, KIND_GROUP, tower->groups[i], "{\"active\":false}");
                assert_change(ERR_LAST_ADMIN, house, admin, CHANGE_DELETE, KIND_GROUP, tower->groups[i], NULL);
        }
        assert_int_equal(house_digest(house), digest);
}

static void test_R24_a_way_through_many_groups_is_seen_from_every_step(struct fixture *fixture)
{
        struct tower tower;
        tower_open(&tower, fixture);
        struct house *house = tower.house;
        each_way_is_refused(&tower);
        house_restart(house);
        each_way_is_refused(&tower);
        house_check(house);
        house_close(house);
}

/* What was known before pairs were noted: the migration finds it. */
static void test_R24_groups_nested_before_the_guard_noted_them_are_seen(struct fixture *fixture)
{
        struct tower tower;
        size_t i = 0;
        tower_open(&tower, fixture);
        int64_t noted = house_number(tower.house, "SELECT COUNT(*) FROM nested");
        assert_int_equal(noted, HIGH + 2 * WIDE);
        while (migrations[i].version && !strstr(migrations[i].name, "_nested.sql"))
                i++;
        assert_non_null(migrations[i].sql);
        house_script(tower.house, "DELETE FROM nested");
        house_script(tower.house, "%s", strstr(migrations[i].sql, "INSERT INTO nested"));
        assert_int_equal(house_number(tower.house, "SELECT COUNT(*) FROM nested"), noted);
        each_way_is_refused(&tower);
        house_check(tower.house);
        house_close(tower.house);
}

/* Nobody is an administrator through what sleeps, lies in the bin or has ended, so nothing is refused for him; and what wakes, counts. */
static void test_R24_what_sleeps_on_the_way_is_judged_as_it_is(struct fixture *fixture)
{
        struct tower tower;
        tower_open(&tower, fixture);
        struct house *house = tower.house;
        const struct actor *admin = &house->admin;
        const char *second = house_admin_user(house, &tower.okta, "second");
        house_do(house, admin, CHANGE_MERGE, KIND_GROUP, tower.groups[7], "{\"active\":false}");
        assert_change(ERR_LAST_ADMIN, house, admin, CHANGE_MERGE, KIND_USER, second, "{\"active\":false}");
        house_do(house, admin, CHANGE_MERGE, KIND_USER, tower.boss, "{\"active\":false}");
        house_do(house, admin, CHANGE_MERGE, KIND_USER, tower.boss, "{\"active\":true}");
        house_do(house, admin, CHANGE_DELETE, KIND_GROUP, tower.groups[7], NULL);
        assert_change(ERR_LAST_ADMIN, house, admin, CHANGE_MERGE, KIND_USER, second, "{\"active\":false}");
        house_do(house, admin, CHANGE_RESTORE, KIND_GROUP, tower.groups[7], NULL);
        house_do(house, admin, CHANGE_MERGE, KIND_GROUP, tower.groups[7], "{\"active\":true}");
        put_in(house, tower.groups[8], tower.groups[7]); /* what held it was lost */
        assert_ok(house_bound_grant(house, tower.grant, "from", "2999-01-01T00:00:00Z"));
        assert_change(ERR_LAST_ADMIN, house, admin, CHANGE_MERGE, KIND_USER, second, "{\"active\":false}");
        house_do(house, admin, CHANGE_MERGE, KIND_GRANT, tower.grant, "{\"from\":null}");
        house_do(house, admin, CHANGE_MERGE, KIND_USER, second, "{\"active\":false}");
        each_way_is_refused(&tower);
        house_check(house);
        house_close(house);
}

/* ---- what it costs those who have no way up ---- */

static atomic_int asked[STATEMENT_COUNT];

static enum err count_asked(void *context, enum statement statement, struct fault *fault)
{
        (void)context;
        (void)fault;
        if (statement < STATEMENT_COUNT)
                atomic_fetch_add(&asked[statement], 1);
        return ERR_OK;
}

static int asked_in_full(void)
{
        return asked[ST_ADMIN_DIRECT] + asked[ST_ADMIN_BY_GROUP] + asked[ST_ADMIN_BREAK_GLASS] + asked[ST_ADMIN_NESTED];
}

static void leave_and_return(struct tower *tower, const char *user, const char *group)
{
        struct house *house = tower->house;
        memset(asked, 0, sizeof asked);
        house_patch(house, &tower->okta, KIND_USER, user, ERR_OK, "{\"op\":\"replace\",\"path\":\"active\",\"value\":false}");
        house_do(house, &house->admin, CHANGE_MEMBERS_REMOVE, KIND_GROUP, group, "[\"%s\"]", user);
        assert_int_equal(asked[ST_ADMIN_NEAR], 2);
        assert_int_equal(asked_in_full(), 0);
        house_patch(house, &tower->okta, KIND_USER, user, ERR_OK, "{\"op\":\"replace\",\"path\":\"active\",\"value\":true}");
        put_in(house, group, user);
}

/* One question for most of them, one more while groups in groups confer the role; the whole of the guard for none. */
static void test_R24_who_has_no_way_up_is_asked_about_once(struct fixture *fixture)
{
        struct tower tower;
        tower_open(&tower, fixture);
        struct house *house = tower.house;
        const char *ann = house_user(house, &tower.okta, "ann"), *group = NULL;
        for (int i = 0; i < WIDE; i++)
                put_in(house, group = arena_printf(house->arena, "wide%d", i), ann);
        store_set_fault_hook_for_test(house->directory->store, count_asked, NULL);
        leave_and_return(&tower, ann, group);
        assert_int_equal(asked[ST_ADMIN_REACHED], 2);
        const char *flat = house_group(house, &tower.okta, "flat"), *second = house_user(house, &tower.okta, "second");
        house_grant(house, flat, NULL, "admin");
        put_in(house, flat, second);
        house_do(house, &house->admin, CHANGE_DELETE, KIND_GRANT, tower.grant, NULL);
        leave_and_return(&tower, ann, group);
        assert_int_equal(asked[ST_ADMIN_REACHED], 0);
        memset(asked, 0, sizeof asked);
        house_patch(house, &tower.okta, KIND_USER, second, ERR_LAST_ADMIN, "{\"op\":\"replace\",\"path\":\"active\",\"value\":false}");
        assert_true(asked_in_full() > 0);
        house_check(house);
        house_close(house);
}

/* ---- in parallel (security.md 79) ---- */

#define LEAVING 8
static void test_of_many_who_leave_at_once_one_stays(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        struct change leaving[LEAVING];
        for (int i = 0; i < LEAVING; i++) {
                leaving[i] = (struct change){
                        .verb = CHANGE_DELETE,
                        .actor = i % 2 ? &okta : &house->admin,
                        .type = resource_type(KIND_USER),
                        .ref = house_admin_user(house, &okta, arena_printf(house->arena, "boss%d", i)),
                };
        }
        assert_int_equal(house_race(house, leaving, LEAVING, ERR_LAST_ADMIN), 1);
        house_check(house);
        house_close(house);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_no_path_takes_the_last_direct_administrator, ON_BOTH),
                FIXTURE_TEST(test_no_path_takes_the_last_administrator_of_a_group, ON_BOTH),
                FIXTURE_TEST(test_with_a_second_administrator_the_first_may_go, ON_SQLITE),
                FIXTURE_TEST(test_who_never_counted_cannot_be_the_last, ON_SQLITE),
                FIXTURE_TEST(test_a_suspended_or_future_administrator_is_none, ON_SQLITE),
                FIXTURE_TEST(test_R24_a_way_through_many_groups_is_seen_from_every_step, ON_BOTH),
                FIXTURE_TEST(test_R24_groups_nested_before_the_guard_noted_them_are_seen, ON_BOTH),
                FIXTURE_TEST(test_R24_what_sleeps_on_the_way_is_judged_as_it_is, ON_BOTH),
                FIXTURE_TEST(test_R24_who_has_no_way_up_is_asked_about_once, ON_BOTH),
                FIXTURE_TEST(test_of_many_who_leave_at_once_one_stays, ON_BOTH),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
