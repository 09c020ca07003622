/* SPDX-License-Identifier: Apache-2.0
 *
 * R18: what a connection says of its users gives them membership and roles through mapping rules alone, in the write itself; a rule gives
 * no more than its maker holds (law 6) and its connection's ceiling allows (R8), and takes only what it gave (law 5). */
#include "directory/connection.h"
#include "directory/house.h"
#include "directory/many.h"
#include "directory/mapping_query.h"

/* ---- shorthands ---- */

static enum err try_rule(
        struct house *house, const struct actor *actor, const struct actor *connection, const char *value, const char *gift)
{
        char text[512];
        (void)snprintf(text, sizeof text, "{\"connection\":\"%s\",\"attribute\":\"roles.value\",\"values\":[\"%s\"],%s}", connection->id,
                value, gift);
        return house_change(house, actor, CHANGE_CREATE, KIND_MAPPING_RULE, NULL, text);
}

static const char *rule(struct house *house, const struct actor *connection, const char *value, const char *gift)
{
        assert_ok(try_rule(house, &house->admin, connection, value, gift));
        return arena_strdup(house->arena, house->done.after.resource.id);
}

static const char *to_group(struct house *house, const char *group)
{
        return arena_printf(house->arena, "\"group\":\"%s\"", group);
}

static const char *to_role(struct house *house, const char *role, const char *scope)
{
        return arena_printf(house->arena, "\"role\":\"%s\",\"scope\":\"%s\"", role, scope);
}

/* The body of a user with at most two roles. */
static const char *body(struct house *house, const char *name, const char *role, const char *other)
{
        return arena_printf(house->arena,
                "{\"schemas\":[\"" URN_USER "\"],\"userName\":\"%s\",\"externalId\":\"x-%s\",\"roles\":[%s%s%s%s%s]}", name, name,
                role ? "{\"value\":\"" : "", role ? role : "", role ? "\"}" : "", other ? ",{\"value\":\"" : "",
                other ? arena_printf(house->arena, "%s\"}", other) : "");
}

static const char *user_with(struct house *house, const struct actor *connection, const char *name, const char *role)
{
        return house_do(house, connection, CHANGE_CREATE, KIND_USER, NULL, "%s", body(house, name, role, NULL));
}

static void put(struct house *house, const struct actor *connection, const char *id, const char *name, const char *role, const char *other)
{
        house_do(house, connection, CHANGE_REPLACE, KIND_USER, id, "%s", body(house, name, role, other));
}

static int64_t rule_rows(struct house *house)
{
        return house_number(
                house, "SELECT (SELECT COUNT(*) FROM member WHERE rule_no > 0) + (SELECT COUNT(*) FROM role_grant WHERE rule_no > 0)");
}

/* One step of what a change of a rule has begun; false: nothing was left to do. */
static bool step(struct house *house)
{
        bool more = house_step(house, 2);
        house_check(house);
        return more;
}

static void finish(struct house *house)
{
        while (step(house))
                ;
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM connection_job"), 0);
}

struct scene {
        struct house *house;
        struct actor okta;
        const char *ops, *project;
};

static struct scene open_scene(struct fixture *fixture)
{
        struct scene scene = { .house = house_open(fixture) };
        scene.okta = house_connection(scene.house, "okta");
        scene.ops = house_group(scene.house, &scene.house->admin, "ops");
        scene.project =
                house_do(scene.house, &scene.house->admin, CHANGE_CREATE, KIND_PROJECT, NULL, "{\"slug\":\"apollo\",\"name\":\"Apollo\"}");
        return scene;
}

static void close_scene(struct scene *scene)
{
        house_check(scene->house);
        house_close(scene->house);
}

/* ---- in the write itself ---- */

static void test_R18_a_value_gives_and_its_loss_takes_in_the_very_write(struct fixture *fixture)
{
        struct scene s = open_scene(fixture);
        struct house *house = s.house;
        rule(house, &s.okta, "ops", to_group(house, s.ops));
        rule(house, &s.okta, "ops", to_role(house, "viewer", s.project));
        rule(house, &s.okta, "audit", to_role(house, "member", house->installed.org_id));
        const char *ann = user_with(house, &s.okta, "ann", "ops");
        assert_non_null(strstr(house->body, "\"mapped\":{\"added\":[{\"group\":"));
        assert_true(house_is_member(house, s.ops, ann));
        assert_true(house_holds(house, ann, s.project, "project:read"));
        assert_int_equal(rule_rows(house), 2);
        const char *bob = user_with(house, &s.okta, "bob", "OPS"); /* only data */
        assert_false(house_is_member(house, s.ops, bob));
        assert_null(strstr(house->body, "mapped"));
        int64_t version = house_version(house, s.ops);
        put(house, &s.okta, bob, "bob", "ops", "audit");
        assert_true(house_is_member(house, s.ops, bob));
        assert_true(house_version(house, s.ops) > version); /* R34 */
        assert_int_equal(rule_rows(house), 5);
        house_patch(house, &s.okta, KIND_USER, bob, ERR_OK, "{\"op\":\"remove\",\"path\":\"roles[value eq \\\"ops\\\"]\"}");
        assert_non_null(strstr(house->body, "\"removed\":[{"));
        assert_false(house_is_member(house, s.ops, bob));
        assert_false(house_holds(house, bob, s.project, "project:read"));
        assert_int_equal(rule_rows(house), 3);
        house_check(house);
        /* What does not concern the value leaves it alone; R30: inactive keeps. */
        house_patch(house, &s.okta, KIND_USER, ann, ERR_OK, "{\"op\":\"replace\",\"path\":\"active\",\"value\":false}");
        assert_int_equal(rule_rows(house), 3);
        house_patch(house, &s.okta, KIND_USER, ann, ERR_OK, "{\"op\":\"replace\",\"path\":\"active\",\"value\":true}");
        house_patch(house, &s.okta, KIND_USER, ann, ERR_OK, "{\"op\":\"replace\",\"path\":\"title\",\"value\":\"x\"}");
        assert_null(strstr(house->body, "mapped"));
        assert_true(house_is_member(house, s.ops, ann));
        put(house, &s.okta, ann, "ann", NULL, NULL);
        assert_false(house_is_member(house, s.ops, ann));
        /* R11: a POST that revives says all anew. R12: DELETE takes. */
        house_patch(house, &s.okta, KIND_USER, ann, ERR_OK, "{\"op\":\"replace\",\"path\":\"active\",\"value\":false}");
        assert_string_equal(user_with(house, &s.okta, "ann", "ops"), ann);
        assert_true(house_is_member(house, s.ops, ann));
        house_do(house, &s.okta, CHANGE_DELETE, KIND_USER, ann, NULL);
        house_do(house, &s.okta, CHANGE_DELETE, KIND_USER, bob, NULL);
        assert_int_equal(rule_rows(house), 0);
        house_do(house, &house->admin, CHANGE_RESTORE, KIND_USER, ann, NULL);
        assert_int_equal(rule_rows(house), 0); /* the connection says nothing of her yet */
        put(house, &s.okta, ann, "ann", "ops", NULL);
        assert_int_equal(rule_rows(house), 2);
        close_scene(&s);
}

static void test_R18_law5_a_rule_and_its_connection_touch_only_their_own(struct fixture *fixture)
{
        struct scene s = open_scene(fixture);
        struct house *house = s.house;
        const char *crew = house_group(house, &s.okta, "crew");
        const char *first = rule(house, &s.okta, "ops", to_group(house, crew));
        rule(house, &s.okta, "also", to_group(house, crew));
        rule(house, &s.okta, "ops", to_role(house, "viewer", s.project));
        const char *ann = user_with(house, &s.okta, "ann", "ops");
        assert_true(house_is_member(house, crew, ann));
        /* The connection does not see what its rule gave, and cannot take it. */
        house_do(house, &s.okta, CHANGE_REPLACE, KIND_GROUP, crew,
                "{\"schemas\":[\"" URN_GROUP "\"],\"displayName\":\"crew\",\"members\":[]}");
        house_patch(house, &s.okta, KIND_GROUP, crew, ERR_OK, "{\"op\":\"remove\",\"path\":\"members\"}");
        assert_true(house_is_member(house, crew, ann));
        house_patch(house, &s.okta, KIND_GROUP, crew, ERR_OK,
                arena_printf(house->arena, "{\"op\":\"add\",\"path\":\"members\",\"value\":[{\"value\":\"%s\"}]}", ann));
        put(house, &s.okta, ann, "ann", NULL, NULL);
        assert_true(house_is_member(house, crew, ann)); /* pushed */
        put(house, &s.okta, ann, "ann", "also", "ops");
        assert_int_equal(rule_rows(house), 3);
        house_patch(house, &s.okta, KIND_GROUP, crew, ERR_OK, "{\"op\":\"remove\",\"path\":\"members\"}");
        assert_true(house_is_member(house, crew, ann)); /* by two rules */
        house_do(house, &house->admin, CHANGE_DELETE, KIND_MAPPING_RULE, first, NULL);
        finish(house);
        assert_true(house_is_member(house, crew, ann)); /* by the other */
        /* By hand neither membership nor grant of a rule can be taken, a grant of one's own can. */
        const char *grant = NULL;
        int64_t no = house_number(house, "SELECT no FROM role_grant WHERE rule_no > 0");
        struct resource_row row;
        assert_ok(resource_load(house->fixture->reader, 1, no, house->arena, &row, &house->fault));
        grant = arena_strdup(house->arena, row.id);
        assert_int_equal(row.source_no, s.okta.no);
        assert_change(ERR_CONFLICT, house, &house->admin, CHANGE_DELETE, KIND_GRANT, grant, NULL);
        assert_change(ERR_CONFLICT, house, &house->admin, CHANGE_MERGE, KIND_GRANT, grant, "{\"reason\":\"mine\"}");
        assert_change(
                ERR_CONFLICT, house, &house->admin, CHANGE_MEMBERS_REMOVE, KIND_GROUP, crew, arena_printf(house->arena, "[\"%s\"]", ann));
        const char *own = house_grant(house, ann, s.project, "viewer");
        put(house, &s.okta, ann, "ann", NULL, NULL);
        assert_true(house_holds(house, ann, s.project, "project:read"));
        house_do(house, &house->admin, CHANGE_DELETE, KIND_GRANT, own, NULL);
        assert_false(house_holds(house, ann, s.project, "project:read"));
        assert_false(house_is_member(house, crew, ann));
        close_scene(&s);
}

static void test_R18_each_connection_speaks_by_its_own_claim_and_rules(struct fixture *fixture)
{
        struct scene s = open_scene(fixture);
        struct house *house = s.house;
        struct actor entra = house_connection(house, "entra");
        rule(house, &s.okta, "ops", to_group(house, s.ops));
        const char *eve = user_with(house, &entra, "eve", "ops");
        assert_false(house_is_member(house, s.ops, eve));
        house_do(house, &house->admin, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"local\",\"roles\":[{\"value\":\"ops\"}]}");
        assert_int_equal(rule_rows(house), 0);
        close_scene(&s);
}

static void test_R16_R32_a_change_that_earns_several_alerts_raises_each(struct fixture *fixture)
{
        enum { MEMBERS = 22, OFF = 5, TAKEN = 6 };
        struct scene s = open_scene(fixture);
        struct house *house = s.house;
        const char *users[MEMBERS], *also = house_group(house, &house->admin, "also");
        rule(house, &s.okta, "ops", to_group(house, s.ops));
        rule(house, &s.okta, "ops", to_group(house, also));
        for (int i = 0; i < MEMBERS; i++) {
                const char *name = arena_printf(house->arena, "u%d", i);
                users[i] = house_do(house, &s.okta, CHANGE_CREATE, KIND_USER, NULL, "%s", body(house, name, "ops", NULL));
        }
        for (int i = 0; i < OFF; i++)
                house_patch(house, &s.okta, KIND_USER, users[i], ERR_OK, "{\"op\":\"replace\",\"path\":\"active\",\"value\":false}");
        for (int i = OFF; i < OFF + TAKEN; i++)
                house_patch(house, &s.okta, KIND_USER, users[i], ERR_OK, "{\"op\":\"remove\",\"path\":\"roles\"}");
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM ledger WHERE class = 3"), 0);
        house_patch(house, &s.okta, KIND_USER, users[OFF + TAKEN], ERR_OK,
                "{\"op\":\"replace\",\"path\":\"active\",\"value\":false},{\"op\":\"remove\",\"path\":\"roles\"}");
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM ledger WHERE event = 'many-deactivated'"), 1);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM ledger WHERE event = 'many-members-removed'"), 2);
        assert_int_equal(
                house_number(house, "SELECT COUNT(*) FROM ledger WHERE event = 'many-members-removed' AND body LIKE '%%%s%%'", also), 1);
        house_check(house);
        close_scene(&s);
}

static void test_R16_R18_what_rules_take_by_a_connections_word_is_counted_and_never_held(struct fixture *fixture)
{
        enum { MEMBERS = 22, THRESHOLD = 6 };
        struct scene s = open_scene(fixture);
        struct house *house = s.house;
        const char *users[MEMBERS];
        const char *id = rule(house, &s.okta, "ops", to_group(house, s.ops)), *few = house_group(house, &house->admin, "few");
        rule(house, &s.okta, "few", to_group(house, few));
        for (int i = 0; i < MEMBERS; i++) {
                const char *name = arena_printf(house->arena, "u%d", i);
                users[i] = house_do(house, &s.okta, CHANGE_CREATE, KIND_USER, NULL, "%s", body(house, name, "ops", i < 9 ? "few" : NULL));
        }
        for (int i = 0; i < 9; i++) {
                put(house, &s.okta, users[i], arena_printf(house->arena, "u%d", i), NULL, NULL); /* takes him out of both */
                assert_false(house_is_member(house, s.ops, users[i]));
                assert_string_equal(house->alert, i == THRESHOLD ? "many-members-removed" : ""); /* once, and of the large group alone */
        }
        assert_int_equal(house_number(house,
                                 "SELECT COUNT(*) FROM ledger WHERE event = 'many-members-removed' AND body LIKE '%%\"of\":22,%%' AND "
                                 "body LIKE '%%\"removed\":7,%%' AND body LIKE '%%\"rule\":\"%s\"%%'",
                                 id),
                1);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM hold"), 0);
        assert_false(house_is_member(house, few, users[0]));
        /* A changed rule is an administrator's act: not the connection's. */
        int64_t counted = house_number(house, "SELECT SUM(times) FROM taken");
        house_do(house, &house->admin, CHANGE_MERGE, KIND_MAPPING_RULE, id, "{\"values\":[\"other\"]}");
        finish(house);
        assert_false(house_is_member(house, s.ops, users[MEMBERS - 1]));
        assert_int_equal(house_number(house, "SELECT SUM(times) FROM taken"), counted);
        close_scene(&s);
}

static void test_R13_R18_the_adopting_request_is_judged_by_the_rules(struct fixture *fixture)
{
        struct scene s = open_scene(fixture);
        struct house *house = s.house;
        house_do(house, &house->admin, CHANGE_CREATE, KIND_UPSTREAM, NULL, "{\"name\":\"IdP\"}");
        house_do(house, &house->admin, CHANGE_MERGE, KIND_CONNECTION, s.okta.id, "{\"upstream\":\"IdP\"}");
        house_do(house, &house->admin, CHANGE_CREATE, KIND_CONNECTION, NULL,
                "{\"name\":\"entra\",\"kind\":\"scim\",\"upstream\":\"IdP\",\"adoption\":\"same_upstream\"}");
        struct actor entra = house_actor(house, house->token);
        rule(house, &entra, "ops", to_group(house, s.ops));
        rule(house, &entra, "ops", to_role(house, "viewer", s.project));
        const char *ann = user_with(house, &s.okta, "ann", "ops"), *bob = user_with(house, &s.okta, "bob", NULL);
        assert_int_equal(rule_rows(house), 0); /* okta says it, and these are entra's rules */
        put(house, &entra, ann, "evil", "ops", NULL);
        assert_string_equal(house->event, "adopted");
        assert_non_null(strstr(house->body, "\"mapped\":{\"added\":[{\"group\":"));
        assert_true(house_is_member(house, s.ops, ann));
        assert_true(house_holds(house, ann, s.project, "project:read"));
        house_patch(house, &entra, KIND_USER, bob, ERR_OK, "{\"op\":\"add\",\"path\":\"title\",\"value\":\"Dr\"}");
        assert_string_equal(house->event, "adopted");
        assert_false(house_is_member(house, s.ops, bob));
        const char *cid = user_with(house, &s.okta, "cid", NULL);
        house_patch(house, &entra, KIND_USER, cid, ERR_OK, "{\"op\":\"add\",\"path\":\"roles\",\"value\":[{\"value\":\"ops\"}]}");
        assert_string_equal(house->event, "adopted");
        assert_true(house_is_member(house, s.ops, cid));
        put(house, &s.okta, ann, "ann", NULL, NULL); /* the other's word is not entra's */
        assert_true(house_is_member(house, s.ops, ann));
        house_do(house, &entra, CHANGE_DELETE, KIND_USER, ann, NULL);
        assert_false(house_is_member(house, s.ops, ann));
        assert_int_equal(rule_rows(house), 2);
        close_scene(&s);
}

/* ---- who may make one ---- */

/* R25: whoever may do what in one organisation; each is asked for a rule into each, and to change, wake and delete one. */
static void test_R25_law6_a_rule_into_a_child_is_its_own_administrators(struct fixture *fixture)
{
        struct scene s = open_scene(fixture);
        struct house *house = s.house;
        const char *kid = house_do(house, &house->admin, CHANGE_CREATE, KIND_ORGANIZATION, NULL, "{\"slug\":\"kid\",\"name\":\"Kid\"}");
        struct actor root = house_identity(house, "root", "admin"), chief = house_identity(house, "chief", NULL),
                     both = house_identity(house, "both", "admin"), member = house_identity(house, "child", NULL);
        house_grant(house, chief.id, kid, "admin");
        house_grant(house, both.id, kid, "admin");
        house_grant(house, member.id, kid, "member");
        const struct {
                const struct actor *who;
                enum err into_child, into_root;
        } makers[] = {
                { &root, ERR_FORBIDDEN, ERR_OK },
                { &both, ERR_OK, ERR_OK },
                { &member, ERR_FORBIDDEN, ERR_FORBIDDEN },
                { &chief, ERR_FORBIDDEN, ERR_FORBIDDEN },
        };
        const char *standing = NULL;
        for (size_t i = 0; i < COUNT_OF(makers); i++) {
                enum err e = try_rule(house, makers[i].who, &s.okta, "c", to_role(house, "member", kid));
                if (e != makers[i].into_child)
                        fail_msg("maker %zu, child: %s: %s", i, error_row(e)->name, house->fault.message);
                if (!e)
                        standing = arena_strdup(house->arena, house->done.after.resource.id);
                e = try_rule(house, makers[i].who, &s.okta, "r", to_role(house, "member", house->installed.org_id));
                if (e != makers[i].into_root)
                        fail_msg("maker %zu, root: %s: %s", i, error_row(e)->name, house->fault.message);
        }
        /* By what a group holds there, and by what stands already. */
        const char *crew = house_group(house, &house->admin, "crew");
        assert_change(ERR_OK, house, &both, CHANGE_CREATE, KIND_GRANT, NULL,
                arena_printf(house->arena, "{\"principal\":\"%s\",\"scope\":\"%s\",\"role\":\"member\"}", crew, kid));
        assert_int_equal(try_rule(house, &root, &s.okta, "g", to_group(house, crew)), ERR_FORBIDDEN);
        assert_int_equal(try_rule(house, &chief, &s.okta, "g", to_group(house, crew)), ERR_FORBIDDEN);
        assert_int_equal(try_rule(house, &both, &s.okta, "g", to_group(house, crew)), ERR_OK);
        assert_change(ERR_FORBIDDEN, house, &root, CHANGE_MERGE, KIND_MAPPING_RULE, standing, "{\"values\":[\"c\",\"more\"]}");
        assert_change(ERR_FORBIDDEN, house, &root, CHANGE_MERGE, KIND_MAPPING_RULE, standing, "{\"attribute\":\"title\"}");
        house_do(house, &root, CHANGE_MERGE, KIND_MAPPING_RULE, standing, "{\"active\":false}"); /* taking is who has the connection's */
        assert_change(ERR_FORBIDDEN, house, &root, CHANGE_MERGE, KIND_MAPPING_RULE, standing, "{\"active\":true}");
        const struct actor *const strangers[] = { &chief, &member };
        for (size_t i = 0; i < COUNT_OF(strangers); i++) {
                assert_true(house_change(house, strangers[i], CHANGE_MERGE, KIND_MAPPING_RULE, standing, "{\"active\":true}") != ERR_OK);
                assert_true(house_change(house, strangers[i], CHANGE_DELETE, KIND_MAPPING_RULE, standing, NULL) != ERR_OK);
        }
        house_do(house, &both, CHANGE_MERGE, KIND_MAPPING_RULE, standing, "{\"active\":true}");
        const char *ann = user_with(house, &s.okta, "ann", "c");
        assert_int_equal(rule_rows(house), 1);
        assert_true(house_holds(house, ann, kid, "organization:read"));
        house_do(house, &root, CHANGE_DELETE, KIND_MAPPING_RULE, standing, NULL);
        finish(house);
        assert_false(house_holds(house, ann, kid, "organization:read"));
        close_scene(&s);
}

static void test_R8_law6_a_rule_gives_no_more_than_its_maker_holds_and_its_ceiling_allows(struct fixture *fixture)
{
        struct scene s = open_scene(fixture);
        struct house *house = s.house;
        struct actor member = house_identity(house, "weak", "member");
        const char *admins = house_group(house, &house->admin, "admins"), *org = house->installed.org_id;
        house_grant(house, admins, NULL, "admin");
        const char *const high[] = { to_role(house, "admin", org), to_role(house, "auditor", org), to_role(house, "admin", s.project),
                to_group(house, admins) };
        for (size_t i = 0; i < COUNT_OF(high); i++) {
                assert_int_equal(try_rule(house, &house->admin, &s.okta, "a", high[i]), ERR_FORBIDDEN);
                assert_non_null(strstr(house->fault.message, "ceiling"));
        }
        assert_int_equal(try_rule(house, &member, &s.okta, "a", to_group(house, s.ops)), ERR_FORBIDDEN);
        assert_int_equal(try_rule(house, &s.okta, &s.okta, "a", to_group(house, s.ops)), ERR_FORBIDDEN);
        /* An organisation admin without the project's rights gives none of them (R22). */
        struct actor boss = house_identity(house, "boss", "admin");
        assert_int_equal(try_rule(house, &boss, &s.okta, "a", to_role(house, "viewer", s.project)), ERR_FORBIDDEN);
        const char *crew = house_group(house, &house->admin, "crew");
        house_grant(house, crew, s.project, "viewer");
        assert_int_equal(try_rule(house, &boss, &s.okta, "a", to_group(house, crew)), ERR_FORBIDDEN);
        /* Once there is a rule into a group, what ties the group is judged, whatever sleeps. */
        const char *id = rule(house, &s.okta, "ops", to_group(house, s.ops));
        for (int sleeps = 0; sleeps < 2; sleeps++) {
                char grant[160];
                (void)snprintf(grant, sizeof grant, "{\"principal\":\"%s\",\"role\":\"admin\"}", s.ops);
                assert_change(ERR_FORBIDDEN, house, &house->admin, CHANGE_CREATE, KIND_GRANT, NULL, grant);
                assert_change(ERR_FORBIDDEN, house, &house->admin, CHANGE_MEMBERS_ADD, KIND_GROUP, admins,
                        arena_printf(house->arena, "[\"%s\"]", s.ops));
                house_do(house, &house->admin, CHANGE_MERGE, KIND_MAPPING_RULE, id, "{\"active\":false}");
        }
        /* With the ceiling raised it may; lowered again, what is tied stands, and nothing more is tied. */
        house_ceiling(house, &s.okta, "[\"organization:admin\"]");
        const char *strong = rule(house, &s.okta, "root", high[0]);
        house_ceiling(house, &s.okta, "null");
        const char *ann = user_with(house, &s.okta, "ann", "root");
        assert_true(house_holds(house, ann, NULL, "member:edit"));
        assert_change(ERR_FORBIDDEN, house, &house->admin, CHANGE_MERGE, KIND_MAPPING_RULE, strong, "{\"values\":[\"root\",\"more\"]}");
        house_do(house, &house->admin, CHANGE_MERGE, KIND_MAPPING_RULE, strong, "{\"description\":\"stands\"}");
        close_scene(&s);
}

static void test_R18_a_rule_that_makes_no_sense_is_refused_with_its_field(struct fixture *fixture)
{
        struct scene s = open_scene(fixture);
        struct house *house = s.house;
        /* clang-format off */
        const struct {
                const char *text, *field;
                enum err e;
        } cases[] = {
                { "{\"connection\":\"nobody\",\"attribute\":\"roles\",\"values\":[\"a\"],\"group\":\"ops\"}", "connection", ERR_VALUE },
                { "{\"connection\":\"okta\",\"attribute\":\"rolls\",\"values\":[\"a\"],\"group\":\"ops\"}", "attribute", ERR_VALUE },
                { "{\"connection\":\"okta\",\"attribute\":\"active\",\"values\":[\"true\"],\"group\":\"ops\"}", "attribute", ERR_VALUE },
                { "{\"connection\":\"okta\",\"attribute\":\"roles\",\"values\":[\"a\"],\"group\":\"nobody\"}", "group", ERR_VALUE },
                { "{\"connection\":\"okta\",\"attribute\":\"roles\",\"values\":[\"a\"],\"role\":\"nobody\"}", "role", ERR_VALUE },
                { "{\"connection\":\"okta\",\"attribute\":\"roles\",\"values\":[\"a\"],\"role\":\"viewer\"}", "role", ERR_VALUE },
                { "{\"connection\":\"okta\",\"attribute\":\"roles\",\"values\":[\"a\"],\"role\":\"viewer\",\"scope\":\"x\"}", "scope", ERR_VALUE },
        };
        /* clang-format on */
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                assert_change(cases[i].e, house, &house->admin, CHANGE_CREATE, KIND_MAPPING_RULE, NULL, cases[i].text);
                assert_string_equal(house->fault.field, cases[i].field);
        }
        const char *id = house_do(house, &house->admin, CHANGE_CREATE, KIND_MAPPING_RULE, NULL,
                "{\"connection\":\"okta\",\"attribute\":\"roles\",\"prefix\":\"app-\",\"group\":\"OPS\"}"); /* names are looked up once */
        assert_change(ERR_MUTABILITY, house, &house->admin, CHANGE_MERGE, KIND_MAPPING_RULE, id, "{\"group\":\"x\"}");
        assert_change(ERR_VALUE, house, &house->admin, CHANGE_MERGE, KIND_MAPPING_RULE, id, "{\"prefix\":null}");
        assert_change(ERR_VALUE, house, &house->admin, CHANGE_MERGE, KIND_MAPPING_RULE, id, "{\"attribute\":\"meta\"}");
        /* What it gives cannot be deleted under it. */
        rule(house, &s.okta, "x", to_role(house, "viewer", s.project));
        assert_change(ERR_CONFLICT, house, &house->admin, CHANGE_DELETE, KIND_GROUP, s.ops, NULL);
        assert_change(ERR_CONFLICT, house, &house->admin, CHANGE_DELETE, KIND_PROJECT, s.project, NULL);
        close_scene(&s);
}

/* ---- to those who are there ---- */

static void test_R18_a_change_of_a_rule_reaches_all_whom_the_connection_claims(struct fixture *fixture)
{
        struct scene s = open_scene(fixture);
        struct house *house = s.house;
        struct actor entra = house_connection(house, "entra");
        const char *people[5];
        for (int i = 0; i < 5; i++)
                people[i] = user_with(house, &s.okta, arena_printf(house->arena, "u%d", i), i % 2 ? "ops" : "dev");
        user_with(house, &entra, "eve", "ops");
        const char *id = rule(house, &s.okta, "ops", to_group(house, s.ops));
        assert_int_equal(house->done.job.connection_no, s.okta.no);
        assert_true(step(house));
        /* Another change meanwhile begins anew; another connection's waits. */
        const char *second = rule(house, &s.okta, "dev", to_role(house, "viewer", s.project));
        assert_int_equal(try_rule(house, &house->admin, &entra, "ops", to_group(house, s.ops)), ERR_CONFLICT);
        house_restart(house);
        finish(house);
        for (int i = 0; i < 5; i++) {
                assert_int_equal(house_is_member(house, s.ops, people[i]), i % 2);
                assert_int_equal(house_holds(house, people[i], s.project, "project:read"), !(i % 2));
        }
        assert_int_equal(rule_rows(house), 5);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM ledger WHERE event = 'mapped'"), 5);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_MAPPING_RULE, id, "{\"values\":[\"dev\",\"ops\"]}");
        finish(house);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM member WHERE rule_no > 0"), 5);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_MAPPING_RULE, id, "{\"description\":\"all\"}");
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM connection_job"), 0);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_MAPPING_RULE, id, "{\"active\":false}");
        finish(house);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM member WHERE rule_no > 0"), 0);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_MAPPING_RULE, id, "{\"active\":true}");
        finish(house);
        house_do(house, &house->admin, CHANGE_DELETE, KIND_MAPPING_RULE, id, NULL);
        put(house, &s.okta, people[0], "u0", "ops", NULL); /* a write before the steps: the rule is gone for it, too */
        assert_false(house_is_member(house, s.ops, people[0]));
        finish(house);
        assert_int_equal(rule_rows(house), 2);
        house_do(house, &house->admin, CHANGE_DELETE, KIND_MAPPING_RULE, second, NULL);
        finish(house);
        assert_int_equal(rule_rows(house), 0);
        close_scene(&s);
}

static enum err see(void *context, const struct mapping_answer *answer, struct fault *fault)
{
        char *seen = context;
        (void)fault;
        (void)snprintf(seen + strlen(seen), 200 - strlen(seen), "%s %d %d%s;", answer->value ? answer->value : "-", answer->gives,
                answer->given, answer->above_ceiling ? " above" : "");
        return ERR_OK;
}

static void test_R18_a_test_of_the_rules_says_what_they_give_and_changes_nothing(struct fixture *fixture)
{
        struct scene s = open_scene(fixture);
        struct house *house = s.house;
        char seen[200] = "", id[UUID_TEXT_SIZE];
        house_ceiling(house, &s.okta, "[\"organization:admin\",\"project:viewer\"]");
        rule(house, &s.okta, "ops", to_role(house, "viewer", s.project));
        rule(house, &s.okta, "dev", to_group(house, s.ops));
        const char *off = rule(house, &s.okta, "ops", to_role(house, "auditor", house->installed.org_id));
        house_do(house, &house->admin, CHANGE_MERGE, KIND_MAPPING_RULE, off, "{\"active\":false}");
        const char *ann = user_with(house, &s.okta, "ann", "ops"), *local = house_user(house, &house->admin, "local");
        house_ceiling(house, &s.okta, "null");
        int64_t digest = house_digest(house);
        struct query query = house_query(house, &house->admin);
        assert_ok(query_schemas(&query, &house->fault));
        assert_ok(query_mapping(&query, s.okta.id, "ANN", see, seen, id, &house->fault));
        assert_string_equal(seen, "ops 1 1;- 0 0;ops 0 0 above;");
        assert_string_equal(id, ann);
        assert_err(query_mapping(&query, s.okta.id, local, see, seen, id, &house->fault), ERR_NOT_FOUND);
        assert_int_equal(house_digest(house), digest);
        close_scene(&s);
}

/* ---- what must not be lost, and what must go ---- */

static void test_R24_the_last_administrator_is_not_lost_by_a_rule(struct fixture *fixture)
{
        struct scene s = open_scene(fixture);
        struct house *house = s.house;
        house_ceiling(house, &s.okta, "[\"organization:admin\"]");
        const char *id = rule(house, &s.okta, "root", to_role(house, "admin", house->installed.org_id));
        const char *ann = user_with(house, &s.okta, "ann", "root");
        assert_change(ERR_LAST_ADMIN, house, &s.okta, CHANGE_REPLACE, KIND_USER, ann, body(house, "ann", NULL, NULL));
        assert_change(ERR_LAST_ADMIN, house, &s.okta, CHANGE_DELETE, KIND_USER, ann, NULL);
        assert_change(ERR_LAST_ADMIN, house, &house->admin, CHANGE_DELETE, KIND_MAPPING_RULE, id, NULL);
        assert_change(ERR_LAST_ADMIN, house, &house->admin, CHANGE_MERGE, KIND_MAPPING_RULE, id, "{\"active\":false}");
        assert_true(house_holds(house, ann, NULL, "member:edit"));
        house_admin_user(house, &s.okta, "bea");
        house_do(house, &house->admin, CHANGE_DELETE, KIND_MAPPING_RULE, id, NULL);
        finish(house);
        assert_false(house_holds(house, ann, NULL, "member:edit"));
        close_scene(&s);
}

static void end_connection(struct fixture *fixture, enum connection_verb verb)
{
        struct scene s = open_scene(fixture);
        struct house *house = s.house;
        struct actor entra = house_connection(house, "entra");
        rule(house, &s.okta, "ops", to_group(house, s.ops));
        rule(house, &s.okta, "ops", to_role(house, "viewer", s.project));
        rule(house, &entra, "x", to_group(house, s.ops));
        const char *ann = user_with(house, &s.okta, "ann", "ops");
        struct connection_preview preview;
        struct query query = house_query(house, &house->admin);
        assert_ok(connection_preview_end(&query, s.okta.id, &preview, &house->fault));
        assert_int_equal(preview.edges, 1);
        assert_int_equal(preview.grants, 1);
        house->want.wish = (struct connection_wish){ .verb = verb, .confirm = -1 };
        house_do(house, &house->admin, CHANGE_DELETE, KIND_CONNECTION, s.okta.id, NULL);
        assert_int_equal(try_rule(house, &house->admin, &s.okta, "late", to_group(house, s.ops)), ERR_CONFLICT);
        finish(house);
        assert_int_equal(rule_rows(house), 0);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM mapping_rule"), 1);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM member"), verb == CONNECTION_KEEP);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM role_grant WHERE role_no <> -1 AND principal_no = %lld",
                                 (long long)house_no(house, ann)),
                verb == CONNECTION_KEEP);
        if (verb == CONNECTION_KEEP) {
                assert_true(house_is_member(house, s.ops, ann));
                assert_true(house_holds(house, ann, s.project, "project:read"));
                house_do(house, &house->admin, CHANGE_MEMBERS_REMOVE, KIND_GROUP, s.ops, "[\"%s\"]", ann);
                assert_false(house_is_member(house, s.ops, ann));
        }
        close_scene(&s);
}

static void test_R4_keep_makes_what_rules_gave_local(struct fixture *fixture)
{
        end_connection(fixture, CONNECTION_KEEP);
}

static void test_R4_remove_takes_what_rules_gave(struct fixture *fixture)
{
        end_connection(fixture, CONNECTION_REMOVE);
}

static void test_R4_replace_leaves_the_old_rules_and_hears_the_new_ones(struct fixture *fixture)
{
        struct scene s = open_scene(fixture);
        struct house *house = s.house;
        struct actor entra = house_connection(house, "entra");
#define SAME(name) "{\"schemas\":[\"" URN_USER "\"],\"userName\":\"" name "\",\"externalId\":\"same\",\"roles\":[{\"value\":\"ops\"}]}"
        rule(house, &s.okta, "ops", to_group(house, s.ops));
        rule(house, &entra, "ops", to_role(house, "viewer", s.project));
        const char *old = house_do(house, &s.okta, CHANGE_CREATE, KIND_USER, NULL, SAME("old"));
        const char *new = house_do(house, &entra, CHANGE_CREATE, KIND_USER, NULL, SAME("new"));
        assert_true(house_holds(house, new, s.project, "project:read"));
        house->want.wish = (struct connection_wish){ .verb = CONNECTION_REPLACE, .other = entra.id, .join_by = JOIN_EXTERNAL_ID };
        house_do(house, &house->admin, CHANGE_WORK, KIND_CONNECTION, s.okta.id, NULL);
        finish(house);
        assert_int_equal(house_number(house, "SELECT no FROM claim WHERE connection_no = %lld AND ended = 0", (long long)entra.no),
                house_no(house, old));
        assert_false(house_is_member(house, s.ops, old));
        assert_true(house_holds(house, old, s.project, "project:read"));
        assert_int_equal(rule_rows(house), 1);
        close_scene(&s);
}

static void test_R16_an_undo_gives_back_by_the_rules_as_they_are(struct fixture *fixture)
{
        struct scene s = open_scene(fixture);
        struct house *house = s.house;
        const char *id = rule(house, &s.okta, "ops", to_group(house, s.ops));
        rule(house, &s.okta, "ops", to_role(house, "viewer", s.project));
        const char *ann = user_with(house, &s.okta, "ann", "ops"), *bob = user_with(house, &s.okta, "bob", "ops");
        int64_t since_us = house_number(house, "SELECT MAX(at_us) FROM ledger") + 1;
        put(house, &s.okta, ann, "ann", NULL, NULL);
        house_do(house, &s.okta, CHANGE_DELETE, KIND_USER, bob, NULL);
        assert_int_equal(rule_rows(house), 0);
        house_do(house, &house->admin, CHANGE_DELETE, KIND_MAPPING_RULE, id, NULL);
        finish(house);
        house->want.wish = (struct connection_wish){ .verb = CONNECTION_UNDO, .since_us = since_us };
        house_do(house, &house->admin, CHANGE_WORK, KIND_CONNECTION, s.okta.id, NULL);
        finish(house);
        assert_true(house_holds(house, ann, s.project, "project:read"));
        assert_int_equal(rule_rows(house), 2);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM member"), 0);
        close_scene(&s);
}

static void test_R12_a_deleted_group_takes_its_rules_along_and_a_restored_user_hears_the_claims_that_come(struct fixture *fixture)
{
        struct scene s = open_scene(fixture);
        struct house *house = s.house;
        const char *crew = house_group(house, &s.okta, "crew");
        rule(house, &s.okta, "ops", to_group(house, crew));
        rule(house, &s.okta, "ops", to_role(house, "viewer", s.project));
        const char *ann = user_with(house, &s.okta, "ann", "ops");
        assert_true(house_is_member(house, crew, ann));
        struct change gone = {
                .verb = CHANGE_DELETE, .actor = &s.okta, .type = resource_type(KIND_GROUP), .ref = crew, .arena = house->arena
        };
        assert_ok(directory_change(house->directory, &gone, &house->fault)); /* two entries: the group's and the rule's */
        house_check(house);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM mapping_rule"), 1);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM member"), 0);
        house_do(house, &house->admin, CHANGE_RESTORE, KIND_GROUP, crew, NULL);
        assert_false(house_is_member(house, crew, ann));
        /* Deleted, made again by the connection, and put back into the old place. */
        house_do(house, &s.okta, CHANGE_DELETE, KIND_USER, ann, NULL);
        const char *later = user_with(house, &s.okta, "ann", "ops");
        house->want.replace = later;
        house_do(house, &house->admin, CHANGE_RESTORE, KIND_USER, ann, NULL);
        assert_int_equal(rule_rows(house), 1);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, ann, "{\"active\":true}");
        assert_true(house_holds(house, ann, s.project, "project:read"));
        close_scene(&s);
}

static void test_R18_an_attribute_that_is_no_longer_known_says_nothing(struct fixture *fixture)
{
        struct scene s = open_scene(fixture);
        struct house *house = s.house;
        rule(house, &s.okta, "ops", to_group(house, s.ops));
        const char *ann = user_with(house, &s.okta, "ann", "ops");
        house_script(house, "UPDATE resource SET doc = REPLACE(doc, 'roles.value', 'urn:x:gone:roles') WHERE kind = 13");
        house_restart(house); /* rules are kept from one write to the next */
        put(house, &s.okta, ann, "ann", NULL, NULL);
        assert_true(house_is_member(house, s.ops, ann)); /* unknown is not empty (law 5) */
        const char *bob = user_with(house, &s.okta, "bob", "ops");
        assert_false(house_is_member(house, s.ops, bob));
        close_scene(&s);
}

static void test_R18_a_connection_has_so_many_rules_and_all_of_them_speak(struct fixture *fixture)
{
        struct scene s = open_scene(fixture);
        struct house *house = s.house;
        for (int i = 0; i < 200; i++)
                rule(house, &s.okta, arena_printf(house->arena, "v%d", i), to_group(house, s.ops));
        assert_int_equal(try_rule(house, &house->admin, &s.okta, "more", to_group(house, s.ops)), ERR_CONFLICT);
        const char *ann = user_with(house, &s.okta, "ann", "v199");
        assert_true(house_is_member(house, s.ops, ann));
        close_scene(&s);
}

/* ---- rules kept from one write to the next (mapping_cache.c) ---- */

static void test_R18_each_write_is_judged_by_the_rules_as_they_are(struct fixture *fixture)
{
        struct scene s = open_scene(fixture);
        struct house *house = s.house;
        struct actor entra = house_connection(house, "entra");
        rule(house, &entra, "ops", to_group(house, s.ops));
        const char *ann = user_with(house, &s.okta, "ann", "ops"); /* of okta none are kept now */
        assert_false(house_is_member(house, s.ops, ann));
        const char *crew = house_group(house, &s.okta, "crew"), *made = rule(house, &s.okta, "ops", to_group(house, s.ops));
        rule(house, &s.okta, "ops", to_group(house, crew));
        finish(house);
        const char *bob = user_with(house, &s.okta, "bob", "ops");
        assert_true(house_is_member(house, s.ops, bob));
        assert_true(house_is_member(house, crew, bob));
        /* None of these waits for the steps that reach all. */
        house_do(house, &house->admin, CHANGE_MERGE, KIND_MAPPING_RULE, made, "{\"values\":[\"other\"]}");
        const char *cid = user_with(house, &s.okta, "cid", "other");
        assert_true(house_is_member(house, s.ops, cid));
        put(house, &s.okta, bob, "bob", "ops", "x");
        assert_false(house_is_member(house, s.ops, bob));
        house_do(house, &house->admin, CHANGE_MERGE, KIND_MAPPING_RULE, made, "{\"active\":false}");
        put(house, &s.okta, cid, "cid", "other", "x");
        assert_false(house_is_member(house, s.ops, cid));
        house_do(house, &house->admin, CHANGE_MERGE, KIND_MAPPING_RULE, made, "{\"active\":true}");
        put(house, &s.okta, cid, "cid", "other", "y");
        assert_true(house_is_member(house, s.ops, cid));
        house_do(house, &house->admin, CHANGE_DELETE, KIND_MAPPING_RULE, made, NULL);
        put(house, &s.okta, cid, "cid", "other", "x");
        assert_false(house_is_member(house, s.ops, cid));
        finish(house);
        /* A rule that ends with its group, by nobody's change of rules. */
        struct change gone = {
                .verb = CHANGE_DELETE, .actor = &s.okta, .type = resource_type(KIND_GROUP), .ref = crew, .arena = house->arena
        };
        assert_ok(directory_change(house->directory, &gone, &house->fault));
        house_check(house);
        const char *dan = user_with(house, &s.okta, "dan", "ops");
        assert_null(strstr(house->body, "mapped"));
        house_do(house, &house->admin, CHANGE_RESTORE, KIND_GROUP, crew, NULL);
        assert_false(house_is_member(house, crew, dan));
        assert_int_equal(rule_rows(house), 0);
        close_scene(&s);
}

#define BADGE "urn:example:badge"
#define BADGED \
        "{\"schemas\":[\"" URN_USER "\"],\"userName\":\"ann\"," \
        "\"" BADGE "\":{\"badge\":\"1\"}}"

static void declare_badge(struct house *house, const char **ret)
{
        *ret = arena_strdup(house->arena,
                house_do(house, &house->admin, CHANGE_CREATE, KIND_SCHEMA, NULL,
                        "{\"urn\":\"" BADGE "\",\"name\":\"Badge\",\"resourceType\":\"User\",\"attributes\":[{\"name\":\"badge\"}]}"));
}

static void test_R18_a_declared_attribute_is_looked_at_while_it_is_declared(struct fixture *fixture)
{
        struct scene s = open_scene(fixture);
        struct house *house = s.house;
        const char *schema;
        house->declares = true;
        declare_badge(house, &schema);
        house_do(house, &house->admin, CHANGE_CREATE, KIND_MAPPING_RULE, NULL,
                "{\"connection\":\"%s\",\"attribute\":\"" BADGE ":badge\",\"values\":[\"1\"],%s}", s.okta.id, to_group(house, s.ops));
        const char *ann = house_do(house, &s.okta, CHANGE_CREATE, KIND_USER, NULL, "{\"schemas\":[\"" URN_USER "\"],\"userName\":\"ann\"}");
        for (int times = 0; times < 2; times++) {
                house_do(house, &s.okta, CHANGE_REPLACE, KIND_USER, ann, "%s", BADGED);
                assert_true(house_is_member(house, s.ops, ann));
                house_do(house, &s.okta, CHANGE_REPLACE, KIND_USER, ann, "{\"schemas\":[\"" URN_USER "\"],\"userName\":\"ann\"}");
                assert_false(house_is_member(house, s.ops, ann));
                house_do(house, &house->admin, CHANGE_DELETE, KIND_SCHEMA, schema, NULL);
                if (times == 0)
                        house_restart(house); /* so that what is kept was read while it was unknown */
                house_patch(house, &s.okta, KIND_USER, ann, ERR_OK, "{\"op\":\"replace\",\"path\":\"title\",\"value\":\"x\"}");
                declare_badge(house, &schema);
        }
        close_scene(&s);
}

static enum err fail_commit(void *context, enum statement statement, struct fault *fault)
{
        return statement == STATEMENT_COUNT ? fault_set(fault, ERR_UNAVAILABLE, "", "as the test wishes") : ERR_OK;
}

static json_t *parsed(const char *text)
{
        struct fault fault = { 0 };
        json_t *document = NULL;
        assert_int_equal(json_parse_object(text, strlen(text), &document, &fault), ERR_OK);
        return document;
}

/* Another change comes to have the revision of a rule that was rolled back after somebody had been judged by it. */
static void test_R18_a_rule_that_was_rolled_back_is_not_kept(struct fixture *fixture)
{
        struct scene s = open_scene(fixture);
        struct house *house = s.house;
        struct leniency leniency = { 0 };
        json_auto_t *first = parsed(arena_printf(house->arena,
                "{\"connection\":\"%s\",\"attribute\":\"roles.value\",\"values\":[\"first\"],\"active\":true,%s}", s.okta.id,
                to_group(house, s.ops)));
        json_auto_t *user = parsed("{\"userName\":\"ann\",\"roles\":[{\"value\":\"first\"}]}");
        struct change made = { .verb = CHANGE_CREATE,
                .actor = &house->admin,
                .type = resource_type(KIND_MAPPING_RULE),
                .document = first,
                .arena = house->arena };
        struct change judged = { .verb = CHANGE_CREATE,
                .actor = &s.okta,
                .type = resource_type(KIND_USER),
                .document = user,
                .leniency = &leniency,
                .arena = house->arena };
        struct change *const together[] = { &made, &judged };
        enum err answers[2];
        struct fault faults[2] = { 0 };
        store_set_fault_hook_for_test(house->directory->store, fail_commit, NULL);
        directory_change_all(house->directory, together, 2, answers, faults);
        store_set_fault_hook_for_test(house->directory->store, NULL, NULL);
        assert_int_equal(answers[0], ERR_UNAVAILABLE);
        assert_int_equal(answers[1], ERR_UNAVAILABLE);
        rule(house, &s.okta, "second", to_group(house, s.ops));
        assert_int_equal(house->done.after.resource.version, made.after.resource.version);
        const char *ann = user_with(house, &s.okta, "ann", "first"), *bob = user_with(house, &s.okta, "bob", "second");
        assert_false(house_is_member(house, s.ops, ann));
        assert_true(house_is_member(house, s.ops, bob));
        close_scene(&s);
}

/* More connections than are kept, and rules larger than are kept. */
static void test_R18_rules_that_are_not_kept_speak_all_the_same(struct fixture *fixture)
{
        enum { MANY = 70 };
        struct scene s = open_scene(fixture);
        struct house *house = s.house;
        struct actor connections[MANY];
        const char *users[MANY], *groups[2] = { s.ops, house_group(house, &house->admin, "crew") };
        for (int i = 0; i < MANY; i++) {
                connections[i] = house_connection(house, arena_printf(house->arena, "c%d", i));
                rule(house, &connections[i], "v", to_group(house, groups[i % 2]));
                users[i] = user_with(house, &connections[i], arena_printf(house->arena, "u%d", i), "v");
        }
        for (int i = 0; i < MANY; i++) {
                assert_true(house_is_member(house, groups[i % 2], users[i]));
                assert_false(house_is_member(house, groups[!(i % 2)], users[i]));
                put(house, &connections[i], users[i], arena_printf(house->arena, "u%d", i), NULL, NULL);
                assert_false(house_is_member(house, groups[i % 2], users[i]));
        }
        char *value = arena_alloc(house->arena, 4001);
        memset(value, 'v', 4000);
        value[4000] = 0;
        const char *values = value;
        for (int i = 0; i < 70; i++)
                values = i ? arena_printf(house->arena, "%s\",\"%.3900s%d", values, value, i) : value;
        house_do(house, &house->admin, CHANGE_CREATE, KIND_MAPPING_RULE, NULL,
                "{\"connection\":\"%s\",\"attribute\":\"roles.value\",\"values\":[\"%s\",\"large\"],%s}", s.okta.id, values,
                to_group(house, s.ops));
        for (int i = 0; i < 2; i++)
                assert_true(house_is_member(house, s.ops, user_with(house, &s.okta, i ? "ann" : "bob", "large")));
        close_scene(&s);
}

/* On SQLite alone: the table knows no engine, and seventy times init takes PostgreSQL ten seconds.
 * One connection with one rule, that knows a value of its own; else all is the same in every root, numbers and revisions too. */
struct plot {
        struct actor admin, okta;
        const char *ops, *rule;
        int users;
};

static struct plot lay_out(struct house *house, int root)
{
        struct plot plot = { .admin = house->admin, .okta = house_connection(house, "okta") };
        plot.ops = house_group(house, &house->admin, "ops");
        plot.rule = rule(house, &plot.okta, arena_printf(house->arena, "v%d", root), to_group(house, plot.ops));
        return plot;
}

static bool is_given(struct house *house, struct plot *plot, const char *stem, int root)
{
        const char *role = arena_printf(house->arena, "%s%d", stem, root);
        return house_is_member(house, plot->ops, user_with(house, &plot->okta, arena_printf(house->arena, "u%d", plot->users++), role));
}

static void check_plot(struct house *house, struct plot *plot, int root, const char *known, const char *unknown)
{
        house->admin = plot->admin;
        assert_true(is_given(house, plot, known, root));
        assert_false(is_given(house, plot, unknown, root));
}

static void learn(struct house *house, const struct plot *plot, int root, const char *stem)
{
        house->admin = plot->admin;
        house_do(house, &house->admin, CHANGE_MERGE, KIND_MAPPING_RULE, plot->rule, "{\"values\":[\"%s%d\"]}", stem, root);
}

static void test_R18_each_of_more_roots_than_are_kept_is_judged_by_its_own_rules(struct fixture *fixture)
{
        enum { ROOTS = 70 };
        struct house *house = house_open(fixture);
        struct actor first = house->admin, roots[ROOTS];
        struct plot plots[ROOTS];
        many_roots(house, roots, ROOTS);
        for (int i = 0; i < ROOTS; i++) {
                house->admin = roots[i];
                plots[i] = lay_out(house, i);
                assert_int_equal(plots[i].okta.no, plots[0].okta.no);
                check_plot(house, &plots[i], i, "v", "w");
        }
        /* Whoever comes round has lost his place meanwhile. Some changed their rule before they come, some while they have one. */
        for (int i = 0; i < ROOTS; i += 3)
                learn(house, &plots[i], i, "w");
        for (int i = 0; i < ROOTS; i++) {
                check_plot(house, &plots[i], i, i % 3 == 0 ? "w" : "v", i % 3 == 0 ? "v" : "w");
                if (i % 3 == 1) {
                        learn(house, &plots[i], i, "w");
                        check_plot(house, &plots[i], i, "w", "v");
                }
        }
        house->admin = first;
        house_check(house);
        house_close(house);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_R18_a_value_gives_and_its_loss_takes_in_the_very_write, ON_BOTH),
                FIXTURE_TEST(test_R18_law5_a_rule_and_its_connection_touch_only_their_own, ON_BOTH),
                FIXTURE_TEST(test_R18_each_connection_speaks_by_its_own_claim_and_rules, ON_BOTH),
                FIXTURE_TEST(test_R16_R32_a_change_that_earns_several_alerts_raises_each, ON_BOTH),
                FIXTURE_TEST(test_R16_R18_what_rules_take_by_a_connections_word_is_counted_and_never_held, ON_BOTH),
                FIXTURE_TEST(test_R13_R18_the_adopting_request_is_judged_by_the_rules, ON_BOTH),
                FIXTURE_TEST(test_R25_law6_a_rule_into_a_child_is_its_own_administrators, ON_BOTH),
                FIXTURE_TEST(test_R8_law6_a_rule_gives_no_more_than_its_maker_holds_and_its_ceiling_allows, ON_BOTH),
                FIXTURE_TEST(test_R18_a_rule_that_makes_no_sense_is_refused_with_its_field, ON_BOTH),
                FIXTURE_TEST(test_R18_a_change_of_a_rule_reaches_all_whom_the_connection_claims, ON_BOTH),
                FIXTURE_TEST(test_R18_a_test_of_the_rules_says_what_they_give_and_changes_nothing, ON_BOTH),
                FIXTURE_TEST(test_R24_the_last_administrator_is_not_lost_by_a_rule, ON_BOTH),
                FIXTURE_TEST(test_R4_keep_makes_what_rules_gave_local, ON_BOTH),
                FIXTURE_TEST(test_R4_remove_takes_what_rules_gave, ON_BOTH),
                FIXTURE_TEST(test_R4_replace_leaves_the_old_rules_and_hears_the_new_ones, ON_BOTH),
                FIXTURE_TEST(test_R16_an_undo_gives_back_by_the_rules_as_they_are, ON_BOTH),
                FIXTURE_TEST(test_R12_a_deleted_group_takes_its_rules_along_and_a_restored_user_hears_the_claims_that_come, ON_BOTH),
                FIXTURE_TEST(test_R18_an_attribute_that_is_no_longer_known_says_nothing, ON_BOTH),
                FIXTURE_TEST(test_R18_a_connection_has_so_many_rules_and_all_of_them_speak, ON_SQLITE),
                FIXTURE_TEST(test_R18_each_write_is_judged_by_the_rules_as_they_are, ON_BOTH),
                FIXTURE_TEST(test_R18_a_declared_attribute_is_looked_at_while_it_is_declared, ON_BOTH),
                FIXTURE_TEST(test_R18_a_rule_that_was_rolled_back_is_not_kept, ON_BOTH),
                FIXTURE_TEST(test_R18_rules_that_are_not_kept_speak_all_the_same, ON_SQLITE),
                FIXTURE_TEST(test_R18_each_of_more_roots_than_are_kept_is_judged_by_its_own_rules, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
