/* SPDX-License-Identifier: Apache-2.0
 *
 * Groups in groups: no cycle, at most GROUP_DEPTH_MAX, rights through them by rows and by the graph, the guard sees them, and what goes
 * leaves every list. */
#include "directory/house.h"

static enum err add_member(struct house *house, const struct actor *actor, const char *group, const char *member)
{
        char text[256];
        (void)snprintf(text, sizeof text,
                "{\"schemas\":[\"" URN_PATCH "\"],\"Operations\":[{\"op\":\"add\",\"path\":\"members\",\"value\":[{\"value\":\"%s\"}]}]}",
                member);
        return house_change(house, actor, CHANGE_PATCH, KIND_GROUP, group, text);
}

static enum err add_local(struct house *house, const char *group, const char *member)
{
        char text[64];
        (void)snprintf(text, sizeof text, "[\"%s\"]", member);
        return house_change(house, &house->admin, CHANGE_MEMBERS_ADD, KIND_GROUP, group, text);
}

/* ---- shape ---- */

static void test_a_cycle_is_refused_and_named(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const char *a = house_group(house, &okta, "a"), *b = house_group(house, &okta, "b"), *c = house_group(house, &okta, "c");
        assert_ok(add_member(house, &okta, a, b));
        assert_ok(add_member(house, &okta, b, c));
        assert_ok(add_member(house, &okta, a, c)); /* two ways up are no cycle */
        int64_t digest = house_digest(house);
        assert_int_equal(add_member(house, &okta, c, c), ERR_VALUE);
        assert_non_null(strstr(house->fault.message, "\"c\" in \"c\""));
        assert_int_equal(add_member(house, &okta, b, a), ERR_VALUE);
        assert_non_null(strstr(house->fault.message, "\"a\" in \"b\" in \"a\""));
        assert_int_equal(add_member(house, &okta, c, a), ERR_VALUE);
        assert_int_equal(add_local(house, c, a), ERR_VALUE); /* another source closes it, too */
        char text[128];
        (void)snprintf(text, sizeof text, "{\"displayName\":\"c\",\"members\":[{\"value\":\"%s\"}]}", b);
        assert_change(ERR_VALUE, house, &okta, CHANGE_REPLACE, KIND_GROUP, c, text);
        assert_int_equal(house_digest(house), digest);
        house_check(house);
        house_close(house);
}

static void test_groups_go_sixteen_deep(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const char *chain[GROUP_DEPTH_MAX + 1], *user = house_user(house, &okta, "ann");
        for (int i = 0; i <= GROUP_DEPTH_MAX; i++) {
                char name[16];
                (void)snprintf(name, sizeof name, "g%d", i);
                chain[i] = house_group(house, &okta, name);
        }
        house_ceiling(house, &okta, "[\"organization:auditor\"]");
        house_grant(house, chain[0], NULL, "auditor");
        for (int i = 1; i < GROUP_DEPTH_MAX; i++)
                if (i != 8)
                        assert_ok(add_member(house, &okta, chain[i - 1], chain[i]));
        assert_ok(add_member(house, &okta, chain[7], chain[8])); /* joins two chains of eight */
        assert_ok(add_member(house, &okta, chain[GROUP_DEPTH_MAX - 1], user));
        assert_true(house_holds(house, user, NULL, "audit-logs:read"));
        assert_int_equal(add_member(house, &okta, chain[GROUP_DEPTH_MAX - 1], chain[GROUP_DEPTH_MAX]), ERR_VALUE);
        assert_non_null(strstr(house->fault.message, "at most 16"));
        assert_int_equal(add_member(house, &okta, chain[GROUP_DEPTH_MAX], chain[0]), ERR_VALUE);
        assert_ok(add_member(house, &okta, chain[GROUP_DEPTH_MAX], chain[1])); /* beside the first */
        house_check(house);
        house_close(house);
}

static void test_a_connection_nests_only_its_own_groups(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), entra = house_connection(house, "entra");
        const char *mine = house_group(house, &okta, "mine"), *theirs = house_group(house, &entra, "theirs"),
                   *local = house_group(house, &house->admin, "local");
        assert_int_equal(add_member(house, &okta, mine, theirs), ERR_VALUE);
        assert_int_equal(add_member(house, &okta, mine, local), ERR_VALUE);
        assert_ok(add_local(house, "local", "mine")); /* an administrator nests any, by name */
        assert_true(house_is_member(house, local, mine));
        house_check(house);
        house_close(house);
}

/* SimpleIdServer#844: what is deleted stands in no list. */
static void test_what_is_deleted_leaves_every_list(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const char *outer = house_group(house, &okta, "outer"), *inner = house_group(house, &okta, "inner"),
                   *local = house_group(house, &house->admin, "local"), *ann = house_user(house, &okta, "ann");
        assert_ok(add_member(house, &okta, outer, inner));
        assert_ok(add_member(house, &okta, outer, ann));
        assert_ok(add_local(house, local, inner));
        assert_ok(add_local(house, local, ann));
        house_do(house, &okta, CHANGE_DELETE, KIND_USER, ann, NULL);
        assert_false(house_is_member(house, outer, ann));
        assert_false(house_is_member(house, local, ann));
        assert_int_equal(house_version(house, local), house->done.revision); /* R34 */
        house_check(house);
        house_do(house, &okta, CHANGE_DELETE, KIND_GROUP, inner, NULL);
        assert_false(house_is_member(house, outer, inner));
        assert_false(house_is_member(house, local, inner));
        assert_int_equal(house_version(house, outer), house->done.revision);
        assert_int_equal(house_version(house, local), house->done.revision);
        house_check(house);
        house_close(house);
}

/* A group in the bin may come back: what it held must not have come to hold it. */
static void test_no_cycle_comes_back_out_of_the_bin(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        const char *a = house_group(house, &house->admin, "a"), *b = house_group(house, &house->admin, "b"),
                   *c = house_group(house, &house->admin, "c");
        assert_ok(add_local(house, a, b));
        assert_ok(add_local(house, b, c));
        house_do(house, &house->admin, CHANGE_DELETE, KIND_GROUP, b, NULL);
        assert_ok(add_local(house, c, a));
        house_do(house, &house->admin, CHANGE_RESTORE, KIND_GROUP, b, NULL);
        assert_int_equal(add_local(house, a, b), ERR_VALUE);
        house_check(house);
        house_close(house);
}

/* ---- what they confer ---- */

static void test_rights_come_through_groups_in_groups(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor robot = house_identity(house, "robot", NULL);
        const char *outer = house_group(house, &house->admin, "outer"), *inner = house_group(house, &house->admin, "inner");
        assert_change(ERR_FORBIDDEN, house, &robot, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"x\"}");
        house_grant(house, outer, NULL, "admin");
        assert_ok(add_local(house, outer, inner));
        assert_ok(add_local(house, inner, robot.id));
        assert_true(house_holds(house, robot.id, NULL, "member:create"));
        house_user(house, &robot, "made");
        const char *const both[] = { outer, inner };
        for (size_t i = 0; i < 2; i++) {
                house_do(house, &house->admin, CHANGE_MERGE, KIND_GROUP, both[i], "{\"active\":false}");
                assert_false(house_holds(house, robot.id, NULL, "member:create"));
                assert_change(ERR_FORBIDDEN, house, &robot, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"y\"}");
                house_check(house);
                house_do(house, &house->admin, CHANGE_MERGE, KIND_GROUP, both[i], "{\"active\":true}");
        }
        house_user(house, &robot, "again");
        house_do(house, &house->admin, CHANGE_MEMBERS_REMOVE, KIND_GROUP, outer, "[\"%s\"]", inner);
        assert_false(house_holds(house, robot.id, NULL, "member:create"));
        assert_change(ERR_FORBIDDEN, house, &robot, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"z\"}");
        house_check(house);
        house_close(house);
}

/* Law 6 over the closure: who adds to the inner group hands out what the outer one holds. */
static void test_adding_below_needs_what_is_held_above(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor weak = house_identity(house, "weak", NULL);
        house_grant(house, weak.id, NULL, "groups:add-members");
        const char *outer = house_group(house, &house->admin, "outer"), *inner = house_group(house, &house->admin, "inner");
        assert_change(ERR_OK, house, &weak, CHANGE_MEMBERS_ADD, KIND_GROUP, inner, "[\"weak\"]");
        assert_ok(add_local(house, outer, inner));
        house_grant(house, outer, NULL, "admin");
        struct actor other = house_identity(house, "other", NULL);
        house_grant(house, other.id, NULL, "groups:add-members");
        assert_change(ERR_FORBIDDEN, house, &other, CHANGE_MEMBERS_ADD, KIND_GROUP, inner, "[\"other\"]");
        assert_false(house_is_member(house, inner, other.id));
        house_check(house);
        house_close(house);
}

static void test_the_guard_sees_nested_administrators(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const char *outer = house_group(house, &okta, "outer"), *middle = house_group(house, &okta, "middle"),
                   *inner = house_group(house, &okta, "inner"), *boss = house_user(house, &okta, "boss");
        house_ceiling(house, &okta, "[\"organization:admin\"]");
        house_grant(house, outer, NULL, "admin");
        assert_ok(add_member(house, &okta, outer, middle));
        assert_ok(add_member(house, &okta, middle, inner));
        assert_ok(add_member(house, &okta, inner, boss));
        house_patch(house, &okta, KIND_USER, boss, ERR_LAST_ADMIN, "{\"op\":\"replace\",\"path\":\"active\",\"value\":false}");
        assert_change(ERR_LAST_ADMIN, house, &okta, CHANGE_DELETE, KIND_GROUP, middle, NULL);
        assert_change(ERR_LAST_ADMIN, house, &house->admin, CHANGE_MERGE, KIND_GROUP, inner, "{\"active\":false}");
        house_patch(house, &okta, KIND_GROUP, outer, ERR_LAST_ADMIN, "{\"op\":\"replace\",\"path\":\"members\",\"value\":[]}");
        house_admin_user(house, &okta, "second");
        house_patch(house, &okta, KIND_GROUP, outer, ERR_OK, "{\"op\":\"replace\",\"path\":\"members\",\"value\":[]}");
        house_check(house);
        house_close(house);
}

/* R12: what the group held that gives its place up, and what held it, is the restored one's. */
static void test_the_guard_sees_who_came_with_a_place_given_up(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const char *old = house_group(house, &okta, "old"), *outer = house_group(house, &okta, "outer"),
                   *inner = house_group(house, &okta, "inner"), *boss = house_user(house, &okta, "boss");
        house_ceiling(house, &okta, "[\"organization:admin\"]");
        house_grant(house, outer, NULL, "admin");
        assert_ok(add_member(house, &okta, inner, boss));
        house_do(house, &okta, CHANGE_DELETE, KIND_GROUP, old, NULL);
        const char *later = house_group(house, &okta, "later");
        assert_ok(add_member(house, &okta, outer, later));
        assert_ok(add_member(house, &okta, later, inner));
        const char *second = house_admin_user(house, &okta, "second");
        house->want.replace = later;
        house_do(house, &house->admin, CHANGE_RESTORE, KIND_GROUP, old, NULL);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_GROUP, old, "{\"active\":true}");
        house_do(house, &okta, CHANGE_DELETE, KIND_USER, second, NULL);
        house_patch(house, &okta, KIND_USER, boss, ERR_LAST_ADMIN, "{\"op\":\"replace\",\"path\":\"active\",\"value\":false}");
        house_check(house);
        house_close(house);
}

/* ---- what a connection reads ---- */

struct seen {
        char text[512];
};

static enum err see(void *context, const struct member_row *row, struct fault *fault)
{
        struct seen *seen = context;
        size_t length = strlen(seen->text);
        (void)fault;
        (void)snprintf(seen->text + length, sizeof seen->text - length, "%s%s ", strstr(row->doc, "inner") ? "inner" : "outer",
                row->indirect ? ":indirect" : ":direct");
        return ERR_OK;
}

static const char *groups_of(struct house *house, const struct actor *actor, const char *user, struct seen *seen)
{
        struct query query = house_query(house, actor);
        *seen = (struct seen){ 0 };
        assert_ok(query_groups_of(&query, house_no(house, user), see, seen, &house->fault));
        return seen->text;
}

static void test_groups_of_a_user_are_direct_or_indirect(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), entra = house_connection(house, "entra");
        const char *outer = house_group(house, &okta, "outer"), *inner = house_group(house, &okta, "inner"),
                   *ann = house_user(house, &okta, "ann"), *foreign = house_group(house, &entra, "outer");
        struct seen seen;
        assert_ok(add_member(house, &okta, inner, ann));
        assert_ok(add_local(house, foreign, inner)); /* not this connection's edge */
        assert_string_equal(groups_of(house, &okta, ann, &seen), "inner:direct ");
        assert_ok(add_member(house, &okta, outer, inner));
        assert_string_equal(groups_of(house, &okta, ann, &seen), "outer:indirect inner:direct ");
        assert_ok(add_member(house, &okta, outer, ann));
        assert_string_equal(groups_of(house, &okta, ann, &seen), "outer:direct inner:direct ");
        assert_string_equal(groups_of(house, &entra, ann, &seen), "");
        house_patch(house, &okta, KIND_GROUP, outer, ERR_OK, "{\"op\":\"remove\",\"path\":\"members[type eq \\\"Group\\\"]\"}");
        assert_false(house_is_member(house, outer, inner));
        assert_true(house_is_member(house, outer, ann));
        house_check(house);
        house_close(house);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_a_cycle_is_refused_and_named, ON_BOTH),
                FIXTURE_TEST(test_groups_go_sixteen_deep, ON_BOTH),
                FIXTURE_TEST(test_a_connection_nests_only_its_own_groups, ON_SQLITE),
                FIXTURE_TEST(test_what_is_deleted_leaves_every_list, ON_BOTH),
                FIXTURE_TEST(test_no_cycle_comes_back_out_of_the_bin, ON_SQLITE),
                FIXTURE_TEST(test_rights_come_through_groups_in_groups, ON_BOTH),
                FIXTURE_TEST(test_adding_below_needs_what_is_held_above, ON_SQLITE),
                FIXTURE_TEST(test_the_guard_sees_nested_administrators, ON_BOTH),
                FIXTURE_TEST(test_the_guard_sees_who_came_with_a_place_given_up, ON_BOTH),
                FIXTURE_TEST(test_groups_of_a_user_are_direct_or_indirect, ON_BOTH),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
