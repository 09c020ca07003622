/* SPDX-License-Identifier: Apache-2.0
 *
 * What becomes of all that a connection gave, as an administrator asks for it: its end and what that would touch (R4), undo (R16), replace
 * (R4), mapping rules (R18). Every number is shown before anything is done, and what is not said exactly is not done. */
#include "api/desk.h"
#include "base/clock.h"
#include "directory/connection.h"

static const char *user(struct desk *desk, const struct actor *actor, const char *name, const char *external_id)
{
        return desk_push(desk, actor, CHANGE_CREATE, KIND_USER, NULL,
                arena_printf(desk->arena, "{\"schemas\":[\"" URN_USER "\"],\"userName\":\"%s\",\"externalId\":\"%s\"}", name, external_id));
}

static const char *answer(struct desk *desk, const struct actor *actor, const char *rest)
{
        return arena_printf(desk->arena, "{\"id\":\"%s\",%s}", actor->id, rest);
}

/* ---- how far it is ---- */

static void work_is_told_by_its_verb_and_numbers(struct fixture *fixture)
{
        static const char *const words[] = { "keep", "remove", "replace", "undo", "map" };
        struct desk *desk = desk_open(fixture);
        struct actor okta = desk_connection(desk, "okta"), other = desk_connection(desk, "other");
        const char *idle = "\"verb\":null,\"done\":true,\"users\":0,\"groups\":0,\"edges\":0";
        assert_status(desk, 200, METHOD_GET, "/api/v1/connections/okta/work", NULL);
        assert_string_equal(desk_body(desk), answer(desk, &okta, idle));
        for (size_t i = 0; i < COUNT_OF(words); i++) {
                raw_script(fixture,
                        arena_printf(desk->arena,
                                "DELETE FROM connection_job; INSERT INTO connection_job (root_no, connection_no, verb, other_no, join_by, "
                                "first_seq, phase, at_no, member_no, users, user_groups, edges, started_us) VALUES "
                                "(1, %lld, %zu, 0, 0, 0, 0, 0, 0, 11, 12, 13, 1)",
                                (long long)okta.no, i + CONNECTION_KEEP));
                assert_status(desk, 200, METHOD_GET, "/api/v1/connections/okta/work", NULL);
                assert_string_equal(desk_body(desk),
                        answer(desk, &okta,
                                arena_printf(
                                        desk->arena, "\"verb\":\"%s\",\"done\":false,\"users\":11,\"groups\":12,\"edges\":13", words[i])));
                assert_status(desk, 200, METHOD_GET, "/api/v1/connections/other/work", NULL); /* is not at work */
                assert_string_equal(desk_body(desk), answer(desk, &other, idle));
        }
        raw_script(fixture, "DELETE FROM connection_job");
        assert_status(desk, 404, METHOD_GET, "/api/v1/connections/nobody/work", NULL);
        desk->token = desk_identity(desk, "nobody", NULL);
        assert_status(desk, 403, METHOD_GET, "/api/v1/connections/okta/work", NULL);
        desk_close(desk);
}

/* ---- the end ---- */

/* Six users, more than a removal takes without being told the number; one of them off, one of another source, too. */
static struct actor fill(struct desk *desk, const char *name)
{
        struct actor okta = desk_connection(desk, name);
        const char *ann = NULL;
        for (int i = 0; i < 6; i++)
                ann = user(desk, &okta, arena_printf(desk->arena, "u%d", i), arena_printf(desk->arena, "e%d", i));
        const char *group = desk_push(desk, &okta, CHANGE_CREATE, KIND_GROUP, NULL,
                arena_printf(desk->arena, "{\"displayName\":\"crew\",\"externalId\":\"g1\",\"members\":[{\"value\":\"%s\"}]}", ann));
        (void)desk_make(desk, "grants", "{\"principal\":\"%s\",\"scope\":\"acme\",\"role\":\"member\"}", group);
        (void)desk_push(desk, &okta, CHANGE_REPLACE, KIND_USER, ann,
                "{\"schemas\":[\"" URN_USER "\"],\"userName\":\"u5\",\"externalId\":\"e5\",\"active\":false}");
        return okta;
}

static void test_R4_an_end_shows_what_it_would_touch_and_touches_nothing(struct fixture *fixture)
{
        static const char *const path = "/api/v1/connections/okta";
        struct desk *desk = desk_open(fixture);
        struct actor okta = fill(desk, "okta");
        int64_t revision = read_revision(fixture->reader, 1);
        assert_status(desk, 200, METHOD_DELETE, arena_printf(desk->arena, "%s?keep&preview", path), NULL);
        assert_string_equal(desk_body(desk),
                answer(desk, &okta,
                        "\"verb\":\"keep\",\"preview\":true,\"users\":6,\"users_into_bin\":0,\"groups\":1,\"groups_into_bin\":0,"
                        "\"edges\":1,\"grants\":1,\"suspensions\":1"));
        assert_status(desk, 200, METHOD_DELETE, arena_printf(desk->arena, "%s?remove=true&preview=true", path), NULL);
        assert_string_equal(desk_body(desk),
                answer(desk, &okta,
                        "\"verb\":\"remove\",\"preview\":true,\"users\":6,\"users_into_bin\":6,\"groups\":1,\"groups_into_bin\":1,"
                        "\"edges\":1,\"grants\":1,\"suspensions\":1,\"confirm\":6"));
        struct actor small = desk_connection(desk, "small");
        (void)user(desk, &small, "s1", "e1");
        assert_status(desk, 200, METHOD_DELETE, "/api/v1/connections/small?remove&preview", NULL); /* few enough */
        assert_string_equal(desk_body(desk),
                answer(desk, &small,
                        "\"verb\":\"remove\",\"preview\":true,\"users\":1,\"users_into_bin\":1,\"groups\":0,\"groups_into_bin\":0,"
                        "\"edges\":0,\"grants\":0,\"suspensions\":0"));
        assert_int_equal(read_revision(fixture->reader, 1), revision + 2); /* of the second connection and its user */
        assert_status(desk, 404, METHOD_DELETE, "/api/v1/connections/nobody?keep&preview", NULL);
        desk->token = desk_identity(desk, "reader", "auditor");
        assert_status(desk, 403, METHOD_DELETE, arena_printf(desk->arena, "%s?keep&preview", path), NULL);
        desk_close(desk);
}

static void test_R4_an_end_says_what_becomes_of_what_was_given(struct fixture *fixture)
{
        static const char *const path = "/api/v1/connections/okta";
        static const struct {
                const char *query, *field;
                int status;
        } wrong[] = {
                { "", "keep", 400 },
                { "?preview=true", "keep", 400 },
                { "?keep=false&remove=false", "keep", 400 },
                { "?keep=true&remove=true", "keep", 400 },
                { "?keep=yes", "keep", 400 },
                { "?keep&preview=2", "preview", 400 },
                { "?remove&confirm=six", "confirm", 400 },
                { "?remove&confirm=-1", "confirm", 400 },
                { "?remove", "confirm", 409 },
                { "?remove&confirm=5", "confirm", 409 },
                { "?remove&confirm=7", "confirm", 409 },
        };
        struct desk *desk = desk_open(fixture);
        struct actor okta = fill(desk, "okta");
        for (size_t i = 0; i < COUNT_OF(wrong); i++)
                assert_blames(desk, wrong[i].status, METHOD_DELETE, arena_printf(desk->arena, "%s%s", path, wrong[i].query), NULL,
                        wrong[i].field);
        assert_status(desk, 200, METHOD_GET, path, NULL);
        assert_status(desk, 200, METHOD_DELETE, arena_printf(desk->arena, "%s?remove&confirm=6", path), NULL);
        assert_string_equal(desk_body(desk), answer(desk, &okta, "\"verb\":\"remove\",\"done\":true,\"users\":6,\"groups\":1,\"edges\":1"));
        assert_non_null(desk_header(desk, "Muster-Revision"));
        assert_status(desk, 404, METHOD_GET, path, NULL);
        assert_status(desk, 404, METHOD_GET, "/api/v1/connections/okta/work", NULL);
        assert_status(desk, 404, METHOD_GET, "/api/v1/users/u1", NULL);
        struct actor kept = desk_connection(desk, "kept");
        (void)user(desk, &kept, "k1", "e1");
        assert_status(desk, 200, METHOD_DELETE, "/api/v1/connections/kept?keep=true", NULL);
        assert_string_equal(desk_body(desk), answer(desk, &kept, "\"verb\":\"keep\",\"done\":true,\"users\":1,\"groups\":0,\"edges\":0"));
        assert_status(desk, 200, METHOD_GET, "/api/v1/users/k1", NULL);
        assert_string_equal(desk_text(desk, "source"), "local");
        desk_close(desk);
}

/* ---- undo ---- */

static void test_R16_undo_shows_what_it_would_look_at_and_then_gives_it_back(struct fixture *fixture)
{
        static const char *const path = "/api/v1/connections/okta/undo", *const since = "{\"since\":\"2020-01-01T00:00:00Z\"}";
        static const char *const wrong[] = { NULL, "{}", "{\"since\":null}", "{\"since\":1}", "{\"since\":\"2020-01-01\"}",
                "{\"since\":\"yesterday\"}", "{\"since\":\"\"}" };
        struct desk *desk = desk_open(fixture);
        struct actor okta = desk_connection(desk, "okta");
        const char *ann = user(desk, &okta, "ann", "e1"), *ben = user(desk, &okta, "ben", "e2");
        (void)desk_push(desk, &okta, CHANGE_DELETE, KIND_USER, ann, NULL);
        (void)desk_push(desk, &okta, CHANGE_REPLACE, KIND_USER, ben,
                "{\"schemas\":[\"" URN_USER "\"],\"userName\":\"ben\",\"externalId\":\"e2\",\"active\":false}");
        for (size_t i = 0; i < COUNT_OF(wrong); i++)
                assert_blames(desk, 400, METHOD_POST, path, wrong[i], "since");
        assert_blames(desk, 400, METHOD_POST, path, "{\"since\":\"2020-01-01T00:00:00Z\",\"until\":1}", "until");
        assert_status(desk, 404, METHOD_POST, "/api/v1/connections/nobody/undo", since);
        assert_status(desk, 200, METHOD_POST, arena_printf(desk->arena, "%s?dry_run=true", path), since);
        assert_string_equal(desk_body(desk),
                answer(desk, &okta,
                        "\"verb\":\"undo\",\"dry_run\":true,\"since\":\"2020-01-01T00:00:00.000Z\",\"entries\":2,\"users\":2,\"groups\":0"));
        assert_status(desk, 404, METHOD_GET, "/api/v1/users/ann", NULL);
        const char *admin = desk->token;
        desk->token = desk_identity(desk, "reader", "auditor");
        assert_status(desk, 403, METHOD_POST, path, since);
        desk->token = admin;
        assert_status(desk, 200, METHOD_POST, path, since);
        assert_string_equal(desk_body(desk), answer(desk, &okta, "\"verb\":\"undo\",\"done\":true,\"users\":2,\"groups\":0,\"edges\":0"));
        assert_non_null(desk_header(desk, "Muster-Revision"));
        assert_status(desk, 200, METHOD_GET, "/api/v1/users/ann", NULL);
        assert_status(desk, 200, METHOD_GET, "/api/v1/users/ben", NULL);
        assert_true(json_is_true(desk_value(desk, "active")));
        desk_close(desk);
}

/* ---- replace ---- */

static void test_R4_replace_shows_what_fits_and_wants_that_number(struct fixture *fixture)
{
        static const char *const path = "/api/v1/connections/okta/replace", *const by_id = "{\"by\":\"entra\",\"join\":\"externalId\"}";
        static const struct {
                const char *body, *field;
        } wrong[] = {
                { NULL, "by" },
                { "{\"join\":\"externalId\"}", "by" },
                { "{\"by\":\"entra\"}", "join" },
                { "{\"by\":\"entra\",\"join\":\"externalid\"}", "join" },
                { "{\"by\":\"entra\",\"join\":\"displayName\"}", "join" },
                { "{\"by\":\"entra\",\"join\":\"userName\",\"confirm\":\"1\"}", "confirm" },
                { "{\"by\":\"entra\",\"join\":\"userName\",\"force\":true}", "force" },
        };
        struct desk *desk = desk_open(fixture);
        struct actor okta = desk_connection(desk, "okta"), entra = desk_connection(desk, "entra");
        (void)user(desk, &okta, "ann", "e1");
        (void)user(desk, &okta, "ben", "e2");
        (void)user(desk, &entra, "ann.new", "e1");
        (void)user(desk, &entra, "cat", "e3");
        (void)user(desk, &entra, "dan", "e4");
        for (size_t i = 0; i < COUNT_OF(wrong); i++)
                assert_blames(desk, 400, METHOD_POST, path, wrong[i].body, wrong[i].field);
        assert_status(desk, 200, METHOD_POST, arena_printf(desk->arena, "%s?dry_run=true", path), by_id);
        const char *fits = "\"groups\":{\"matched\":0,\"unmatched\":0,\"unmatched_there\":0,\"ambiguous\":0}";
        assert_string_equal(desk_body(desk),
                answer(desk, &okta,
                        arena_printf(desk->arena,
                                "\"verb\":\"replace\",\"by\":\"%s\",\"dry_run\":true,"
                                "\"users\":{\"matched\":1,\"unmatched\":1,\"unmatched_there\":2,\"ambiguous\":0},%s,\"confirm\":1",
                                entra.id, fits)));
        assert_status(
                desk, 200, METHOD_POST, arena_printf(desk->arena, "%s?dry_run=true", path), "{\"by\":\"entra\",\"join\":\"userName\"}");
        assert_int_equal(json_integer_value(desk_value(desk, "users.matched")), 0);
        assert_int_equal(json_integer_value(desk_value(desk, "confirm")), 0);
        assert_blames(desk, 409, METHOD_POST, path, by_id, "confirm");
        assert_string_equal(
                desk_text(desk, "detail"), "1 of the users and groups match now; look at the dry run, then say so with confirm=1");
        assert_blames(desk, 409, METHOD_POST, path, "{\"by\":\"entra\",\"join\":\"externalId\",\"confirm\":2}", "confirm");
        assert_status(desk, 200, METHOD_POST, path, "{\"by\":\"entra\",\"join\":\"externalId\",\"confirm\":1}");
        assert_true(json_is_true(desk_value(desk, "done")));
        assert_string_equal(desk_text(desk, "verb"), "replace");
        assert_int_equal(json_integer_value(desk_value(desk, "users")), 1);
        assert_non_null(desk_header(desk, "Muster-Revision"));
        desk_close(desk);
}

static void test_R4_replace_counts_declared_resources_where_there_are_such(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        (void)desk_connection(desk, "okta");
        (void)desk_connection(desk, "entra");
        (void)desk_make(
                desk, "schemas", "{\"id\":\"urn:acme:Device\",\"name\":\"Device\",\"attributes\":[{\"name\":\"a\",\"type\":\"string\"}]}");
        (void)desk_make(desk, "resource-types", "{\"name\":\"Device\",\"endpoint\":\"/Devices\",\"schema\":\"urn:acme:Device\"}");
        assert_status(
                desk, 200, METHOD_POST, "/api/v1/connections/okta/replace?dry_run=true", "{\"by\":\"entra\",\"join\":\"externalId\"}");
        assert_non_null(strstr(
                desk_body(desk), ",\"resources\":{\"matched\":0,\"unmatched\":0,\"unmatched_there\":0,\"ambiguous\":0},\"confirm\":0}"));
        assert_blames(desk, 409, METHOD_POST, "/api/v1/connections/okta/replace", "{\"by\":\"entra\",\"join\":\"externalId\"}", "confirm");
        assert_string_equal(desk_text(desk, "detail"),
                "0 of the users, groups and other resources match now; look at the dry run, then say so with confirm=0");
        desk_close(desk);
}

/* ---- mapping rules ---- */

static void test_R18_rules_are_worked_out_anew_when_asked(struct fixture *fixture)
{
        static const char *const path = "/api/v1/connections/okta/mapping-rules/apply";
        struct desk *desk = desk_open(fixture);
        struct actor okta = desk_connection(desk, "okta");
        assert_blames(desk, 400, METHOD_POST, path, "{\"user\":\"ann\"}", "user");
        assert_status(desk, 404, METHOD_POST, "/api/v1/connections/nobody/mapping-rules/apply", NULL);
        assert_status(desk, 200, METHOD_POST, path, "{}");
        assert_string_equal(desk_body(desk), answer(desk, &okta, "\"verb\":\"map\",\"done\":true,\"users\":0,\"groups\":0,\"edges\":0"));
        assert_non_null(desk_header(desk, "Muster-Revision"));
        desk->token = desk_identity(desk, "reader", "auditor");
        assert_status(desk, 403, METHOD_POST, path, NULL);
        desk_close(desk);
}

int main(void)
{
        const struct fixture_test tests[] = {
                FIXTURE_TEST(work_is_told_by_its_verb_and_numbers, ON_BOTH),
                FIXTURE_TEST(test_R4_an_end_shows_what_it_would_touch_and_touches_nothing, ON_BOTH),
                FIXTURE_TEST(test_R4_an_end_says_what_becomes_of_what_was_given, ON_SQLITE),
                FIXTURE_TEST(test_R16_undo_shows_what_it_would_look_at_and_then_gives_it_back, ON_BOTH),
                FIXTURE_TEST(test_R4_replace_shows_what_fits_and_wants_that_number, ON_BOTH),
                FIXTURE_TEST(test_R4_replace_counts_declared_resources_where_there_are_such, ON_SQLITE),
                FIXTURE_TEST(test_R18_rules_are_worked_out_anew_when_asked, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
