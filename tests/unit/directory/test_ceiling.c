/* SPDX-License-Identifier: Apache-2.0
 *
 * R8: no group that a connection fills is tied to more than the connection's ceiling, by whatever route the tie comes; members are pushed
 * into tied groups without a question. Refusals first. */
#include "directory/house.h"
#include "base/clock.h"
#include "directory/many.h"

#define STEP_PATCH(operations) "{\"schemas\":[\"" URN_PATCH "\"],\"Operations\":[" operations "]}"

static const char *project(struct house *house)
{
        return house_do(house, &house->admin, CHANGE_CREATE, KIND_PROJECT, NULL, "{\"slug\":\"app\",\"name\":\"App\"}");
}

static enum err grant(struct house *house, const struct actor *actor, const char *principal, const char *scope, const char *gift)
{
        char text[320];
        (void)snprintf(text, sizeof text, "{\"principal\":\"%s\",\"scope\":\"%s\",\"%s\":\"%s\"}", principal,
                scope ? scope : house->installed.org_id, strchr(gift, ':') ? "privilege" : "role", gift);
        return house_change(house, actor, CHANGE_CREATE, KIND_GRANT, NULL, text);
}

static enum err nest(struct house *house, const struct actor *actor, const char *group, const char *member)
{
        char text[400];
        (void)snprintf(text, sizeof text,
                actor->kind == ACTOR_CONNECTION ? STEP_PATCH("{\"op\":\"add\",\"path\":\"members\",\"value\":[{\"value\":\"%s\"}]}")
                                                : "[\"%s\"]",
                member);
        return house_change(house, actor, actor->kind == ACTOR_CONNECTION ? CHANGE_PATCH : CHANGE_MEMBERS_ADD, KIND_GROUP, group, text);
}

/* ---- grants ---- */

static void test_R8_sec21_what_may_be_granted_to_a_group_under_each_ceiling(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const char *app = project(house), *crew = house_group(house, &okta, "crew"), *local = house_group(house, &house->admin, "local");
        static const char *const ceilings[] = { "null", "[\"organization:admin\"]", "[\"project:admin\"]",
                "[\"organization:auditor\",\"project:viewer\"]", "[\"organization:no-access\"]" };
        static const struct {
                const char *gift;
                bool in_project;
                const char *allowed; /* y or n for each of `ceilings` */
        } cases[] = {
                { "admin", false, "nynnn" },
                { "member", false, "yynnn" },
                { "auditor", false, "nynyn" },
                { "no-access", false, "yyyyy" },
                { "member:edit", false, "nynnn" },
                { "groups:read", false, "yynyn" },
                { "audit-logs:read", false, "nynyn" },
                { "scim:create", false, "nynnn" },
                { "decisions:evaluate", false, "nynnn" },
                { "admin", true, "nnynn" },
                { "member", true, "ynynn" },
                { "viewer", true, "ynyyn" },
                { "auditor", true, "ynyyn" },
                { "no-access", true, "yyyyy" },
                { "member:assign-role", true, "nnynn" },
                { "identity:create-token", true, "nnynn" },
                { "role:edit", true, "nnynn" },
                { "member:read", true, "ynyyn" },
                { "secrets:edit", true, "ynynn" },
        };
        for (size_t c = 0; c < COUNT_OF(ceilings); c++) {
                house_ceiling(house, &okta, ceilings[c]);
                for (size_t i = 0; i < COUNT_OF(cases); i++) {
                        const char *scope = cases[i].in_project ? app : NULL;
                        enum err expected = cases[i].allowed[c] == 'y' ? ERR_OK : ERR_FORBIDDEN;
                        enum err e = grant(house, &house->admin, crew, scope, cases[i].gift);
                        if (e != expected)
                                fail_msg("%s in %s under %s: %s %s", cases[i].gift, scope ? "a project" : "the organisation", ceilings[c],
                                        error_row(e)->name, house->fault.message);
                        const char *made = arena_strdup(house->arena, house->done.after.resource.id);
                        if (!e)
                                house_do(house, &house->admin, CHANGE_DELETE, KIND_GRANT, made, NULL);
                        else
                                assert_non_null(strstr(house->fault.message, "\"okta\""));
                        if (!c) /* nobody's connection fills it */
                                assert_int_equal(grant(house, &house->admin, local, scope, cases[i].gift), ERR_OK);
                }
        }
        house_check(house);
        house_close(house);
}

/* okta's group sits in `middle`, which sits in `top`; both local. */
struct tower {
        const char *top, *middle, *pushed;
};

static struct tower build(struct house *house, const struct actor *connection)
{
        struct tower tower = {
                .top = house_group(house, &house->admin, "top"),
                .middle = house_group(house, &house->admin, "middle"),
                .pushed = house_group(house, connection, "pushed"),
        };
        house_do(house, &house->admin, CHANGE_MEMBERS_ADD, KIND_GROUP, tower.top, "[\"%s\"]", tower.middle);
        house_do(house, &house->admin, CHANGE_MEMBERS_ADD, KIND_GROUP, tower.middle, "[\"%s\"]", tower.pushed);
        return tower;
}

static void test_R8_a_grant_far_above_the_pushed_group_is_a_tie(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        struct tower tower = build(house, &okta);
        const char *const floors[] = { tower.top, tower.middle, tower.pushed };
        for (int state = 0; state < 4; state++) { /* whatever is disabled wakes one day */
                if (state == 1)
                        house_do(house, &house->admin, CHANGE_MERGE, KIND_GROUP, tower.middle, "{\"active\":false}");
                if (state == 2)
                        house_do(house, &house->admin, CHANGE_MERGE, KIND_GROUP, tower.pushed, "{\"active\":false}");
                if (state == 3)
                        house_do(house, &house->admin, CHANGE_MERGE, KIND_CONNECTION, okta.id, "{\"active\":false}");
                for (size_t i = 0; i < COUNT_OF(floors); i++)
                        assert_int_equal(grant(house, &house->admin, floors[i], NULL, "admin"), ERR_FORBIDDEN);
        }
        assert_int_equal(grant(house, &house->admin, tower.top, NULL, "member"), ERR_OK);
        house_check(house);
        house_close(house);
}

static void test_R8_a_grant_that_begins_later_is_a_tie_and_one_that_ended_is_judged_when_it_lives_again(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        const char *late = house_group(house, &house->admin, "late"), *over = house_group(house, &house->admin, "over");
        house_do(house, &house->admin, CHANGE_CREATE, KIND_GRANT, NULL,
                "{\"principal\":\"%s\",\"role\":\"admin\",\"from\":\"2999-01-01T00:00:00Z\"}", late);
        const char *ended = house_do(house, &house->admin, CHANGE_CREATE, KIND_GRANT, NULL,
                "{\"principal\":\"%s\",\"role\":\"admin\",\"until\":\"2001-01-01T00:00:00Z\"}", over);
        struct actor okta = house_connection(house, "okta");
        const char *pushed = house_group(house, &okta, "pushed");
        assert_int_equal(nest(house, &house->admin, late, pushed), ERR_FORBIDDEN);
        assert_int_equal(nest(house, &house->admin, over, pushed), ERR_OK);
        assert_change(ERR_FORBIDDEN, house, &house->admin, CHANGE_MERGE, KIND_GRANT, ended, "{\"until\":null}");
        assert_change(ERR_FORBIDDEN, house, &house->admin, CHANGE_MERGE, KIND_GRANT, ended, "{\"until\":\"2999-01-01T00:00:00Z\"}");
        house_check(house);
        house_close(house);
}

/* R8: until just before this instant. What is judged at the instant itself confers nothing any more, a microsecond earlier it does. */
static void test_R8_a_grant_is_a_tie_until_just_before_its_end(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const char *over = house_group(house, &house->admin, "over"), *pushed = house_group(house, &okta, "pushed");
        int64_t end_us = (clock_now_us() / US_PER_S + 3600) * US_PER_S;
        char end[CLOCK_TEXT_SIZE];
        clock_format(end_us, end);
        house_do(house, &house->admin, CHANGE_CREATE, KIND_GRANT, NULL, "{\"principal\":\"%s\",\"role\":\"admin\",\"until\":\"%s\"}", over,
                end);
        house_script(house, "UPDATE root SET last_us = %lld WHERE root_no = 1", (long long)end_us - 1); /* no change is made before it */
        assert_int_equal(nest(house, &house->admin, over, pushed), ERR_FORBIDDEN);
        house_script(house, "UPDATE root SET last_us = %lld WHERE root_no = 1", (long long)end_us);
        assert_int_equal(nest(house, &house->admin, over, pushed), ERR_OK);
        house_close(house);
}

/* ---- nesting ---- */

static void test_R8_nesting_by_an_administrator_is_a_tie(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const char *admins = house_group(house, &house->admin, "admins"), *wing = house_group(house, &house->admin, "wing");
        struct tower tower = build(house, &okta);
        house_grant(house, admins, NULL, "admin");
        const char *const tied[] = { tower.top, tower.middle, tower.pushed };
        for (size_t i = 0; i < COUNT_OF(tied); i++)
                assert_int_equal(nest(house, &house->admin, admins, tied[i]), ERR_FORBIDDEN);
        assert_int_equal(nest(house, &house->admin, admins, wing), ERR_OK);           /* nothing comes into the wing from outside */
        assert_int_equal(nest(house, &house->admin, wing, tower.top), ERR_FORBIDDEN); /* it is inside of admins now */
        house_ceiling(house, &okta, "[\"organization:admin\"]");
        assert_int_equal(nest(house, &house->admin, wing, tower.top), ERR_OK);
        /* Another connection that comes to fill the tower is judged by its own ceiling. */
        struct actor entra = house_connection(house, "entra");
        const char *other = house_group(house, &entra, "other");
        assert_int_equal(nest(house, &house->admin, tower.middle, other), ERR_FORBIDDEN);
        assert_non_null(strstr(house->fault.message, "\"entra\""));
        house_check(house);
        house_close(house);
}

static void test_R8_nesting_over_SCIM_lifts_nobody_above_the_ceiling(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        house_ceiling(house, &okta, "[\"organization:admin\"]");
        const char *high = house_group(house, &okta, "high"), *low = house_group(house, &okta, "low"),
                   *ann = house_user(house, &okta, "ann");
        house_grant(house, high, NULL, "admin");
        house_ceiling(house, &okta, "null"); /* what is tied stands; nothing more is tied */
        char put[256], post[256];
        (void)snprintf(put, sizeof put, "{\"displayName\":\"high\",\"members\":[{\"value\":\"%s\"},{\"value\":\"%s\"}]}", ann, low);
        (void)snprintf(post, sizeof post, "{\"displayName\":\"new\",\"members\":[{\"value\":\"%s\"}]}", low);
        int64_t digest = house_digest(house);
        assert_int_equal(nest(house, &okta, high, low), ERR_FORBIDDEN);
        assert_string_equal(house->fault.field, "members.value");
        assert_null(strstr(house->fault.message, "admin\"")); /* R18: no roles, no scopes */
        assert_change(ERR_FORBIDDEN, house, &okta, CHANGE_REPLACE, KIND_GROUP, high, put);
        assert_false(house_is_member(house, high, ann)); /* all or nothing */
        assert_int_equal(house_digest(house), digest);
        /* The administrator finds which group it was. */
        assert_int_equal(house_number(house, "SELECT times FROM conflict WHERE attribute = 'ceiling' AND object_no = %lld",
                                 (long long)house_no(house, high)),
                2);
        /* A group that is made with another inside may be tied to nothing yet. */
        house_do(house, &okta, CHANGE_CREATE, KIND_GROUP, NULL, "%s", post);
        /* Members are pushed, by every form, whatever the ceiling says now. */
        assert_int_equal(nest(house, &okta, high, ann), ERR_OK);
        house_do(house, &okta, CHANGE_REPLACE, KIND_GROUP, high, "{\"displayName\":\"high\",\"members\":[{\"value\":\"%s\"}]}", ann);
        assert_true(house_holds(house, ann, NULL, "member:edit"));
        house_check(house);
        house_close(house);
}

static void test_R8_a_nested_group_that_stands_is_pushed_again(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        house_ceiling(house, &okta, "[\"organization:auditor\"]");
        const char *high = house_group(house, &okta, "high"), *low = house_group(house, &okta, "low"),
                   *ann = house_user(house, &okta, "ann");
        house_grant(house, high, NULL, "auditor");
        assert_int_equal(nest(house, &okta, high, low), ERR_OK);
        house_ceiling(house, &okta, "null");
        house_do(house, &okta, CHANGE_REPLACE, KIND_GROUP, high, "{\"displayName\":\"high\",\"members\":[{\"value\":\"%s\"}]}", low);
        assert_int_equal(nest(house, &okta, high, low), ERR_OK);
        assert_int_equal(nest(house, &okta, low, ann), ERR_OK);
        house_patch(house, &okta, KIND_GROUP, high, ERR_OK, "{\"op\":\"replace\",\"path\":\"members\",\"value\":[]}");
        assert_int_equal(nest(house, &okta, high, low), ERR_FORBIDDEN); /* once gone, it is a new tie */
        house_check(house);
        house_close(house);
}

/* ---- ways out of the bin, and out of sleep ---- */

static void test_R8_a_group_out_of_the_bin_is_judged_again(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), entra = house_connection(house, "entra");
        const char *high = house_group(house, &house->admin, "high"), *inner = house_group(house, &house->admin, "inner"),
                   *low = house_group(house, &okta, "low");
        house_do(house, &house->admin, CHANGE_MEMBERS_ADD, KIND_GROUP, high, "[\"%s\"]", inner);
        house_grant(house, high, NULL, "admin");
        house_do(house, &house->admin, CHANGE_DELETE, KIND_GROUP, high, NULL);
        assert_int_equal(nest(house, &house->admin, inner, low), ERR_OK); /* nothing is above it now */
        assert_change(ERR_FORBIDDEN, house, &house->admin, CHANGE_RESTORE, KIND_GROUP, high, NULL);
        house_do(house, &house->admin, CHANGE_MEMBERS_REMOVE, KIND_GROUP, inner, "[\"%s\"]", low);
        /* With the claims of one that a connection made meanwhile. */
        const char *later = house_group(house, &entra, "later");
        house->want.replace = later;
        assert_change(ERR_FORBIDDEN, house, &house->admin, CHANGE_RESTORE, KIND_GROUP, high, NULL);
        house_ceiling(house, &entra, "[\"organization:admin\"]");
        house->want.replace = later;
        house_do(house, &house->admin, CHANGE_RESTORE, KIND_GROUP, high, NULL);
        house_ceiling(house, &entra, "null");
        assert_change(ERR_FORBIDDEN, house, &house->admin, CHANGE_MERGE, KIND_GROUP, high, "{\"active\":true}");
        house_ceiling(house, &entra, "[\"organization:admin\"]");
        house_do(house, &house->admin, CHANGE_MERGE, KIND_GROUP, high, "{\"active\":true}");
        house_check(house);
        house_close(house);
}

#define PAST_A_PAGE 2010 /* of grants of one principal */

static void test_R8_the_last_of_very_many_grants_is_judged(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const char *high = house_group(house, &house->admin, "high"), *pushed = house_group(house, &okta, "pushed");
        many_granted(house, house_grant(house, high, NULL, "groups:read"), PAST_A_PAGE);
        house_ceiling(house, &okta, "[\"organization:auditor\"]");
        assert_int_equal(nest(house, &house->admin, high, pushed), ERR_OK);
        house_do(house, &house->admin, CHANGE_MEMBERS_REMOVE, KIND_GROUP, high, "[\"%s\"]", pushed);
        house_grant(house, high, NULL, "admin");
        assert_int_equal(nest(house, &house->admin, high, pushed), ERR_FORBIDDEN);
        house_ceiling(house, &okta, "[\"organization:admin\"]");
        assert_int_equal(nest(house, &house->admin, high, pushed), ERR_OK);
        house_close(house);
}

static void test_R8_a_restored_group_is_its_connections_again(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const char *crew = house_group(house, &okta, "crew");
        house_do(house, &okta, CHANGE_DELETE, KIND_GROUP, crew, NULL);
        house_do(house, &house->admin, CHANGE_RESTORE, KIND_GROUP, crew, NULL);
        assert_int_equal(grant(house, &house->admin, crew, NULL, "admin"), ERR_FORBIDDEN);
        house_check(house);
        house_close(house);
}

/* A group need not be a connection's to hold members that came from it. */
static void test_R8_a_group_is_filled_by_edges_alone(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const char *local = house_group(house, &house->admin, "local"), *ann = house_user(house, &okta, "ann");
        char sql[160];
        (void)snprintf(sql, sizeof sql, "INSERT INTO member VALUES (1, %lld, %lld, %lld, 0, 1)", (long long)house_no(house, local),
                (long long)house_no(house, ann), (long long)okta.no);
        assert_int_equal(grant(house, &house->admin, local, NULL, "auditor"), ERR_OK);
        raw_script(house->fixture, sql);
        assert_int_equal(grant(house, &house->admin, local, NULL, "admin"), ERR_FORBIDDEN);
        house_close(house);
}

/* ---- the ceiling itself ---- */

static void test_R8_only_administrators_set_it_and_admin_roles_raise_an_alert(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), editor = house_identity(house, "editor", NULL);
        assert_string_equal(house->alert, "");
        static const char *const rights[] = { "scim:edit", "scim:read", "scim:create" };
        for (size_t i = 0; i < COUNT_OF(rights); i++)
                house_grant(house, editor.id, NULL, rights[i]);
        assert_change(ERR_FORBIDDEN, house, &editor, CHANGE_MERGE, KIND_CONNECTION, okta.id, "{\"ceiling\":[\"organization:admin\"]}");
        assert_change(ERR_FORBIDDEN, house, &editor, CHANGE_CREATE, KIND_CONNECTION, NULL,
                "{\"name\":\"x\",\"kind\":\"scim\",\"ceiling\":[\"organization:admin\"]}");
        static const char *const bad[] = { "[]", "[\"admin\"]", "\"organization:admin\"", "[\"organization:owner\"]", "{}", "7" };
        for (size_t i = 0; i < COUNT_OF(bad); i++) {
                char text[96];
                (void)snprintf(text, sizeof text, "{\"ceiling\":%s}", bad[i]);
                enum err e = house_change(house, &house->admin, CHANGE_MERGE, KIND_CONNECTION, okta.id, text);
                if (e != ERR_VALUE && e != ERR_SYNTAX)
                        fail_msg("%s: %s", bad[i], error_row(e)->name);
        }
        static const struct {
                const char *list;
                bool alert;
        } steps[] = { { "[\"organization:auditor\",\"project:viewer\"]", false }, { "[\"organization:auditor\",\"project:admin\"]", true },
                { "[\"project:admin\",\"project:viewer\"]", false }, { "[\"organization:admin\",\"project:admin\"]", true },
                { "[\"organization:member\"]", false }, { "null", false }, { "[\"organization:admin\"]", true } };
        for (size_t i = 0; i < COUNT_OF(steps); i++) {
                house_ceiling(house, &okta, steps[i].list);
                assert_string_equal(house->alert, steps[i].alert ? "ceiling-raised" : "");
                house_do(house, &house->admin, CHANGE_MERGE, KIND_CONNECTION, okta.id, "{\"description\":\"%zu\"}", i);
                assert_string_equal(house->alert, "");
        }
        house_do(house, &house->admin, CHANGE_CREATE, KIND_CONNECTION, NULL,
                "{\"name\":\"high\",\"kind\":\"scim\",\"ceiling\":[\"project:admin\"]}");
        assert_string_equal(house->alert, "ceiling-raised");
        house_check(house);
        house_close(house);
}

static void test_R8_a_connection_from_before_ceilings_has_the_default(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const char *crew = house_group(house, &okta, "crew");
        char sql[640], *script = NULL;
        (void)snprintf(sql, sizeof sql,
                "UPDATE resource SET doc = '{\"kind\":\"scim\",\"name\":\"okta\",\"preset\":\"none\",\"profile\":\"lenient\",\"upstream\":"
                "\"u\"}' WHERE id = '%s'",
                okta.id);
        raw_script(house->fixture, sql);
        assert_int_equal(grant(house, &house->admin, crew, NULL, "auditor"), ERR_FORBIDDEN);
        const struct migration *migration = migrations;
        while (migration->version && !strstr(migration->name, "_ceiling.sql"))
                migration++;
        assert_ok(migrate_expand(house->fixture->store->engine, migration->sql, &script, &house->fault));
        raw_script(house->fixture, script);
        free(script);
        assert_int_equal(
                house_number(house,
                        "SELECT COUNT(*) FROM resource WHERE doc = "
                        "'{\"ceiling\":[\"organization:member\",\"project:regular\"],\"kind\":\"scim\",\"name\":\"okta\",\"preset\":\"none\","
                        "\"profile\":\"lenient\",\"upstream\":\"u\"}'"),
                1);
        assert_int_equal(grant(house, &house->admin, crew, NULL, "auditor"), ERR_FORBIDDEN);
        assert_int_equal(grant(house, &house->admin, crew, NULL, "member"), ERR_OK);
        house_close(house);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_R8_sec21_what_may_be_granted_to_a_group_under_each_ceiling, ON_BOTH),
                FIXTURE_TEST(test_R8_a_grant_far_above_the_pushed_group_is_a_tie, ON_BOTH),
                FIXTURE_TEST(test_R8_a_grant_that_begins_later_is_a_tie_and_one_that_ended_is_judged_when_it_lives_again, ON_SQLITE),
                FIXTURE_TEST(test_R8_a_grant_is_a_tie_until_just_before_its_end, ON_BOTH),
                FIXTURE_TEST(test_R8_the_last_of_very_many_grants_is_judged, ON_BOTH),
                FIXTURE_TEST(test_R8_nesting_by_an_administrator_is_a_tie, ON_BOTH),
                FIXTURE_TEST(test_R8_nesting_over_SCIM_lifts_nobody_above_the_ceiling, ON_BOTH),
                FIXTURE_TEST(test_R8_a_nested_group_that_stands_is_pushed_again, ON_SQLITE),
                FIXTURE_TEST(test_R8_a_group_out_of_the_bin_is_judged_again, ON_BOTH),
                FIXTURE_TEST(test_R8_a_restored_group_is_its_connections_again, ON_SQLITE),
                FIXTURE_TEST(test_R8_a_group_is_filled_by_edges_alone, ON_BOTH),
                FIXTURE_TEST(test_R8_only_administrators_set_it_and_admin_roles_raise_an_alert, ON_BOTH),
                FIXTURE_TEST(test_R8_a_connection_from_before_ceilings_has_the_default, ON_BOTH),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
