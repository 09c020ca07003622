/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys of a body that are no attributes: each only where it means something, of its own type and within its bounds, and a refusal names it;
 * bodies of operations that take one key or none; the paging of lists. */
#include "api/desk.h"

/* Refused with 400; `field` as the answer names it, "": none; `said` stands in the text. */
struct refused {
        enum method method;
        const char *path, *body, *field, *said;
};

static void assert_refused(struct desk *desk, const struct refused *rows, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                assert_status(desk, 400, rows[i].method, rows[i].path, rows[i].body);
                const char *field = desk_text(desk, "field");
                if (strcmp(field ? field : "", rows[i].field) != 0 || !strstr(desk_text(desk, "detail"), rows[i].said))
                        fail_msg("%s %s: %s", rows[i].path, rows[i].body, desk_body(desk));
        }
}

#define ONE(key) "{\"name\":\"x\",\"kind\":\"scim\"," key "}"
static void extras_of_the_wrong_type_are_named(struct fixture *fixture)
{
        static const struct refused rows[] = {
                { METHOD_POST, "/api/v1/identities", "{\"name\":\"x\",\"role\":[\"admin\"]}", "role", "role" },
                { METHOD_POST, "/api/v1/identities", "{\"name\":\"x\",\"ttl_s\":60.5}", "ttl_s", "integer" },
                { METHOD_POST, "/api/v1/identities", "{\"name\":\"x\",\"ttl_s\":true}", "ttl_s", "integer" },
                { METHOD_POST, "/api/v1/connections", ONE("\"organization\":7"), "organization", "organization" },
                { METHOD_POST, "/api/v1/connections", ONE("\"scopes\":\"users\""), "scopes", "list" },
                { METHOD_POST, "/api/v1/connections", ONE("\"scopes\":[]"), "scopes", "list" },
                { METHOD_POST, "/api/v1/connections", ONE("\"scopes\":{\"users\":true}"), "scopes", "list" },
                { METHOD_POST, "/api/v1/connections", ONE("\"scopes\":[\"users\",\"roles\"]"), "scopes", "roles" },
                { METHOD_POST, "/api/v1/connections", ONE("\"scopes\":[\"users\",7]"), "scopes", "integer" },
                { METHOD_POST, "/api/v1/users", "{\"userName\":\"x\",\"break_glass\":\"true\"}", "break_glass", "true or false" },
                { METHOD_POST, "/api/v1/users", "{\"userName\":\"x\",\"break_glass\":null}", "break_glass", "true or false" },
                { METHOD_POST, "/api/v1/domains", "{\"name\":\"a.example\",\"operator_verified\":1}", "operator_verified", "integer" },
                { METHOD_POST, "/api/v1/domains", "{\"name\":\"a.example\",\"operator_verified\":null}", "operator_verified", "null" },
        };
        struct desk *desk = desk_open(fixture);
        assert_refused(desk, rows, COUNT_OF(rows));
        desk_close(desk);
}

/* The face says what no number of seconds is, the directory what a token's life is. */
static void a_life_is_a_minute_to_ten_years(struct fixture *fixture)
{
        static const struct refused rows[] = {
                { METHOD_POST, "/api/v1/identities", "{\"name\":\"x\",\"ttl_s\":0}", "ttl_s", "positive" },
                { METHOD_POST, "/api/v1/identities", "{\"name\":\"x\",\"ttl_s\":-9223372036854775808}", "ttl_s", "positive" },
                { METHOD_POST, "/api/v1/identities", "{\"name\":\"x\",\"ttl_s\":1}", "ttl_s", "60 seconds" },
                { METHOD_POST, "/api/v1/identities", "{\"name\":\"x\",\"ttl_s\":59}", "ttl_s", "60 seconds" },
                { METHOD_POST, "/api/v1/identities", "{\"name\":\"x\",\"ttl_s\":9223372036854775807}", "ttl_s", "ten years" },
        };
        struct desk *desk = desk_open(fixture);
        assert_refused(desk, rows, COUNT_OF(rows));
        (void)desk_make(desk, "identities", "{\"name\":\"x\",\"ttl_s\":60}");
        desk_close(desk);
}

/* An extra of another type or another operation is an unknown field there. */
static void extras_stand_only_where_they_mean_something(struct fixture *fixture)
{
        static const struct refused rows[] = {
                { METHOD_POST, "/api/v1/groups", "{\"displayName\":\"x\",\"role\":\"admin\"}", "role", "role" },
                { METHOD_POST, "/api/v1/groups", "{\"displayName\":\"x\",\"break_glass\":true}", "break_glass", "break_glass" },
                { METHOD_POST, "/api/v1/users", "{\"userName\":\"x\",\"ttl_s\":60}", "ttl_s", "ttl_s" },
                { METHOD_POST, "/api/v1/users", "{\"userName\":\"x\",\"operator_verified\":true}", "operator_verified",
                        "operator_verified" },
                { METHOD_POST, "/api/v1/identities", "{\"name\":\"x\",\"scopes\":[\"users\"]}", "scopes", "scopes" },
                { METHOD_POST, "/api/v1/connections", ONE("\"role\":\"admin\""), "role", "role" },
                { METHOD_PATCH, "/api/v1/identities/bootstrap", "{\"role\":\"admin\"}", "role", "role" },
                { METHOD_PATCH, "/api/v1/identities/bootstrap", "{\"ttl_s\":60}", "ttl_s", "ttl_s" },
                { METHOD_POST, "/api/v1/identities/bootstrap/rotate", "{\"scopes\":[\"users\"]}", "scopes", "scopes" },
                { METHOD_POST, "/api/v1/identities/bootstrap/rotate", "{\"role\":\"admin\"}", "role", "role" },
        };
        struct desk *desk = desk_open(fixture);
        assert_refused(desk, rows, COUNT_OF(rows));
        desk_close(desk);
}

static void a_misspelt_extra_is_told_its_name(struct fixture *fixture)
{
        static const struct refused rows[] = {
                { METHOD_POST, "/api/v1/identities", "{\"name\":\"x\",\"rol\":\"admin\"}", "rol", "did you mean \"role\"" },
                { METHOD_POST, "/api/v1/connections", ONE("\"scope\":[\"users\"]"), "scope", "did you mean \"scopes\"" },
                { METHOD_POST, "/api/v1/users", "{\"userName\":\"x\",\"brake_glass\":true}", "brake_glass",
                        "did you mean \"break_glass\"" },
                { METHOD_PATCH, "/api/v1/users/owner@acme.example", "{\"breakglass\":true}", "breakglass", "did you mean \"break_glass\"" },
                { METHOD_POST, "/api/v1/domains", "{\"name\":\"a.example\",\"operator_verifed\":true}", "operator_verifed",
                        "\"operator_verified\"" },
        };
        struct desk *desk = desk_open(fixture);
        assert_refused(desk, rows, COUNT_OF(rows));
        desk_close(desk);
}

static void a_body_with_one_key_takes_no_other(struct fixture *fixture)
{
        static const struct refused rows[] = {
                { METHOD_POST, "/api/v1/users/x/restore", "{\"replace\":\"a\",\"by\":\"b\"}", "by", "only \"replace\"" },
                { METHOD_POST, "/api/v1/groups/x/members", "{\"members\":[\"a\"],\"add\":1}", "add", "only \"members\"" },
                { METHOD_POST, "/api/v1/connections/x/capture", "{\"minute\":5}", "minute", "only \"minutes\"" },
                { METHOD_POST, "/api/v1/connections/x/undo", "{\"until\":\"\"}", "until", "only \"since\"" },
                { METHOD_POST, "/api/v1/connections/x/adoptions", "{\"user\":\"a\",\"User\":\"b\"}", "User", "only \"user\"" },
                { METHOD_POST, "/api/v1/users/x/restore", "[]", "", "object" },
                { METHOD_POST, "/api/v1/users/x/purge", "[]", "", "object" },
                { METHOD_POST, "/api/v1/users/x/purge", "{", "", "" },
                { METHOD_POST, "/api/v1/users/x/purge", "{\"a\":null}", "a", "nothing is asked for" },
        };
        struct desk *desk = desk_open(fixture);
        assert_refused(desk, rows, COUNT_OF(rows));
        static const char *const nothing[] = { NULL, "{}", " {} " };
        for (size_t i = 0; i < COUNT_OF(nothing); i++) {
                assert_status(desk, 404, METHOD_POST, "/api/v1/users/01930000-0000-7000-8000-000000000000/purge", nothing[i]);
                assert_status(desk, 404, METHOD_POST, "/api/v1/users/01930000-0000-7000-8000-000000000000/restore", nothing[i]);
        }
        desk_close(desk);
}

static void a_body_in_another_charset_is_no_json(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        desk->headers[HEADER_CONTENT_TYPE] = "application/json; charset=latin1";
        assert_status(desk, 415, METHOD_POST, "/api/v1/groups", "{\"displayName\":\"x\"}");
        assert_string_equal(desk_text(desk, "field"), "Content-Type");
        assert_non_null(strstr(desk_text(desk, "detail"), "\"latin1\" came; JSON is UTF-8"));
        desk->headers[HEADER_CONTENT_TYPE] = "application/json; charset=utf-8";
        assert_status(desk, 201, METHOD_POST, "/api/v1/groups", "{\"displayName\":\"x\"}");
        desk_close(desk);
}

/* A cursor is of one kind of list: another's would begin anywhere. */
static void a_page_has_bounds_and_its_own_cursor(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        for (int i = 0; i < 3; i++)
                (void)desk_make(desk, "groups", "{\"displayName\":\"g%d\"}", i);
        static const struct refused rows[] = {
                { METHOD_GET, "/api/v1/groups?limit=1.5", NULL, "limit", "1 to 1000" },
                { METHOD_GET, "/api/v1/groups?limit=", NULL, "limit", "1 to 1000" },
                { METHOD_GET, "/api/v1/groups?limit=-1", NULL, "limit", "1 to 1000" },
                { METHOD_GET, "/api/v1/groups?limit=0", NULL, "limit", "1 to 1000" },
                { METHOD_GET, "/api/v1/groups?limit=1001", NULL, "limit", "1 to 1000" },
        };
        assert_refused(desk, rows, COUNT_OF(rows));
        assert_status(desk, 200, METHOD_GET, "/api/v1/groups?limit=1", NULL);
        assert_int_equal(json_array_size(desk_value(desk, "items")), 1);
        const char *cursor = arena_strdup(desk->arena, desk_text(desk, "next_cursor"));
        assert_status(desk, 400, METHOD_GET, arena_printf(desk->arena, "/api/v1/users?cursor=%s", cursor), NULL);
        assert_status(desk, 200, METHOD_GET, arena_printf(desk->arena, "/api/v1/groups?limit=1000&cursor=%s", cursor), NULL);
        assert_int_equal(json_array_size(desk_value(desk, "items")), 2);
        assert_string_equal(desk_text(desk, "next_cursor"), "");
        assert_status(desk, 200, METHOD_GET, "/api/v1/groups?cursor=", NULL);
        assert_int_equal(json_array_size(desk_value(desk, "items")), 3);
        desk_close(desk);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(extras_of_the_wrong_type_are_named, ON_SQLITE),
                FIXTURE_TEST(a_life_is_a_minute_to_ten_years, ON_SQLITE),
                FIXTURE_TEST(extras_stand_only_where_they_mean_something, ON_SQLITE),
                FIXTURE_TEST(a_misspelt_extra_is_told_its_name, ON_SQLITE),
                FIXTURE_TEST(a_body_with_one_key_takes_no_other, ON_SQLITE),
                FIXTURE_TEST(a_body_in_another_charset_is_no_json, ON_SQLITE),
                FIXTURE_TEST(a_page_has_bounds_and_its_own_cursor, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
