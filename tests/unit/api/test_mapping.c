/* SPDX-License-Identifier: Apache-2.0
 *
 * R18: the mapping rules of a connection as an administrator sees them, with what they say of one user, and how a rule is refused that
 * makes no sense: with the name of the member that is wrong. */
#include "api/desk.h"

#define RULES "/api/v1/connections/okta/mapping-rules"

static const char *make(struct desk *desk, const char *values, const char *gift)
{
        return desk_make(desk, "mapping-rules", "{\"connection\":\"okta\",\"attribute\":\"title\",\"values\":[%s],%s}", values, gift);
}

static const char *person(struct desk *desk, const struct actor *connection, const char *name, const char *title)
{
        return desk_push(desk, connection, CHANGE_CREATE, KIND_USER, NULL,
                arena_printf(desk->arena, "{\"schemas\":[\"" URN_USER "\"],\"userName\":\"%s\",\"title\":\"%s\"}", name, title));
}

/* The rule as it stands, and the rest of its item. */
static const char *item(struct desk *desk, const char *id, const char *rest)
{
        assert_status(desk, 200, METHOD_GET, arena_printf(desk->arena, "/api/v1/mapping-rules/%s", id), NULL);
        const char *body = desk_body(desk);
        return arena_printf(desk->arena, "%.*s,%s}", (int)strlen(body) - 1, body, rest);
}

static void assert_list(struct desk *desk, const char *target, const char *items, const char *user)
{
        assert_status(desk, 200, METHOD_GET, target, NULL);
        assert_string_equal(desk_body(desk), arena_printf(desk->arena, "{\"items\":[%s]%s,\"next_cursor\":\"\"}", items, user));
}

static void test_R18_a_rule_is_told_with_what_it_gives_or_null_where_that_is_gone(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        (void)desk_connection(desk, "okta");
        (void)desk_connection(desk, "other");
        assert_list(desk, RULES, "", "");
        const char *group = desk_make(desk, "groups", "{\"displayName\":\"Ops \\\"1\\\"\"}");
        const char *project = desk_make(desk, "projects", "{\"slug\":\"apollo\",\"name\":\"Apollo\"}");
        const char *in = make(desk, "\"a\"", arena_printf(desk->arena, "\"group\":\"%s\"", group));
        const char *as = make(desk, "\"b\",\"c\"", arena_printf(desk->arena, "\"role\":\"viewer\",\"scope\":\"%s\"", project));
        const char *plain = item(desk, in, "\"target_kind\":\"group\",\"target_name\":\"Ops \\\"1\\\"\",\"above_ceiling\":false");
        const char *both = arena_printf(desk->arena, "%s,%s", plain,
                item(desk, as, "\"target_kind\":\"project\",\"target_name\":\"apollo\",\"above_ceiling\":false"));
        assert_list(desk, RULES, both, "");
        assert_list(desk, RULES "?user=", both, ""); /* nobody is asked about */
        assert_list(desk, "/api/v1/connections/other/mapping-rules", "", "");
        raw_script(fixture, "UPDATE mapping_rule SET target_no = 9999 WHERE role_no = 0");
        assert_status(desk, 200, METHOD_GET, RULES, NULL);
        assert_true(json_is_null(desk_value(desk, "items.0.target_kind")));
        assert_true(json_is_null(desk_value(desk, "items.0.target_name")));
        assert_string_equal(desk_text(desk, "items.1.target_name"), "apollo");
        assert_status(desk, 404, METHOD_GET, "/api/v1/connections/nobody/mapping-rules", NULL);
        desk->token = desk_identity(desk, "nobody", NULL);
        assert_status(desk, 403, METHOD_GET, RULES, NULL);
        desk_close(desk);
}

static void test_R8_R18_a_user_who_is_named_is_told_of_by_each_rule(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        struct actor okta = desk_connection(desk, "okta"), other = desk_connection(desk, "other");
        assert_status(desk, 200, METHOD_PATCH, "/api/v1/connections/okta", "{\"ceiling\":[\"organization:admin\"]}");
        const char *group = desk_make(desk, "groups", "{\"displayName\":\"Ops\"}");
        const char *gift = arena_printf(desk->arena, "\"group\":\"%s\"", group);
        const char *yes = make(desk, "\"x\",\"y\\\"\"", gift), *no = make(desk, "\"z\"", gift), *off = make(desk, "\"y\\\"\"", gift),
                   *strong = make(desk, "\"z\"", "\"role\":\"admin\"");
        const char *ann = person(desk, &okta, "ann", "y\\\""), *bob = person(desk, &other, "bob", "x");
        assert_status(desk, 200, METHOD_PATCH, arena_printf(desk->arena, "/api/v1/mapping-rules/%s", off), "{\"active\":false}");
        assert_status(desk, 200, METHOD_PATCH, "/api/v1/connections/okta", "{\"ceiling\":null}");
#define OPS "\"target_kind\":\"group\",\"target_name\":\"Ops\",\"above_ceiling\":false,"
        const char *items = arena_printf(desk->arena, "%s,%s,%s,%s",
                item(desk, yes, OPS "\"gives\":true,\"value\":\"y\\\"\",\"given\":true"),
                item(desk, no, OPS "\"gives\":false,\"value\":null,\"given\":false"),
                item(desk, off, OPS "\"gives\":false,\"value\":\"y\\\"\",\"given\":false"),
                item(desk, strong,
                        "\"target_kind\":\"organization\",\"target_name\":\"acme\",\"above_ceiling\":true,\"gives\":false,\"value\":null,"
                        "\"given\":false"));
        const char *user = arena_printf(desk->arena, ",\"user\":\"%s\"", ann);
        assert_list(desk, RULES "?user=ANN", items, user);
        assert_list(desk, arena_printf(desk->arena, RULES "?user=%s", ann), items, user);
        assert_blames(desk, 404, METHOD_GET, arena_printf(desk->arena, RULES "?user=%s", bob), NULL, "user");
        assert_status(desk, 404, METHOD_GET, RULES "?user=nobody", NULL);
        desk_close(desk);
}

static void test_R18_a_rule_that_makes_no_sense_is_refused_with_its_field(struct fixture *fixture)
{
        static const struct {
                const char *body, *field;
                int status;
        } wrong[] = {
                { "{}", "connection", 400 }, { "{\"connection\":\"okta\"}", "attribute", 400 },
                { "{\"connection\":\"okta\",\"attribute\":\"title\"}", "values", 400 },
                { "{\"connection\":\"okta\",\"attribute\":\"title\",\"values\":[\"a\"]}", "group", 400 },
                { "{\"connection\":\"okta\",\"attribute\":\"title\",\"values\":[\"a\"],\"prefix\":\"a\",\"group\":\"Ops\"}", "prefix",
                        400 },
                { "{\"connection\":\"okta\",\"attribute\":\"title\",\"values\":[\"a\"],\"group\":\"Ops\",\"role\":\"member\"}", "role",
                        400 },
                { "{\"connection\":\"okta\",\"attribute\":\"title\",\"values\":[\"a\"],\"group\":\"Ops\",\"scope\":\"acme\"}", "scope",
                        400 },
                { "{\"connection\":\"okta\",\"attribute\":\"title\",\"values\":\"a\",\"group\":\"Ops\"}", "values", 400 },
                { "{\"connection\":\"okta\",\"attribute\":\"title\",\"values\":[\"\"],\"group\":\"Ops\"}", "values", 400 },
                { "{\"connection\":\"okta\",\"attribute\":\"title\",\"values\":[1],\"group\":\"Ops\"}", "values[0]", 400 },
                { "{\"connection\":\"okta\",\"attribute\":\"title\",\"prefix\":\"\",\"group\":\"Ops\"}", "prefix", 400 },
                { "{\"connection\":\"okta\",\"attribute\":\"title\",\"values\":[\"a\"],\"group\":7}", "group", 400 },
                { "{\"connection\":\"okta\",\"attribute\":\"title\",\"values\":[\"a\"],\"group\":\"Ops\",\"gruop\":\"Ops\"}", "gruop",
                        400 },
                { "{\"connection\":\"okta\",\"attribute\":\"title\",\"values\":[\"a\"],\"group\":\"Ops\",\"active\":\"no\"}", "active",
                        400 },
                { "{\"connection\":\"okta\",\"attribute\":\"tittle\",\"values\":[\"a\"],\"group\":\"Ops\"}", "attribute", 400 },
                { "{\"connection\":\"okta\",\"attribute\":\"name\",\"values\":[\"a\"],\"group\":\"Ops\"}", "attribute", 400 },
                { "{\"connection\":\"okta\",\"attribute\":\"title\",\"values\":[\"a\"],\"group\":\"nobody\"}", "group", 400 },
                { "{\"connection\":\"okta\",\"attribute\":\"title\",\"values\":[\"a\"],\"role\":\"nobody\"}", "role", 400 },
                { "{\"connection\":\"okta\",\"attribute\":\"title\",\"values\":[\"a\"],\"role\":\"viewer\",\"scope\":\"x\"}", "scope",
                        400 },
                { "{\"connection\":\"nobody\",\"attribute\":\"title\",\"values\":[\"a\"],\"group\":\"Ops\"}", "connection", 400 },
                { "{\"connection\":\"okta\",\"attribute\":\"title\",\"values\":[\"a\"],\"role\":\"admin\"}", "role", 403 }, /* R8 */
        };
        struct desk *desk = desk_open(fixture);
        (void)desk_connection(desk, "okta");
        (void)desk_make(desk, "groups", "{\"displayName\":\"Ops\"}");
        for (size_t i = 0; i < COUNT_OF(wrong); i++)
                assert_blames(desk, wrong[i].status, METHOD_POST, "/api/v1/mapping-rules", wrong[i].body, wrong[i].field);
        assert_list(desk, RULES, "", "");
        const char *path = arena_printf(desk->arena, "/api/v1/mapping-rules/%s", make(desk, "\"a\"", "\"group\":\"Ops\""));
        assert_blames(desk, 400, METHOD_PATCH, path, "{\"values\":null}", "values");
        assert_blames(desk, 400, METHOD_PATCH, path, "{\"prefix\":\"a\"}", "prefix");
        assert_blames(desk, 400, METHOD_PATCH, path, "{\"attribute\":\"meta\"}", "attribute");
        assert_blames(desk, 400, METHOD_PATCH, path, "{\"group\":\"other\"}", "group");
        assert_blames(desk, 400, METHOD_PATCH, path, "{\"connection\":\"other\"}", "connection");
        desk_close(desk);
}

int main(void)
{
        const struct fixture_test tests[] = {
                FIXTURE_TEST(test_R18_a_rule_is_told_with_what_it_gives_or_null_where_that_is_gone, ON_BOTH),
                FIXTURE_TEST(test_R8_R18_a_user_who_is_named_is_told_of_by_each_rule, ON_BOTH),
                FIXTURE_TEST(test_R18_a_rule_that_makes_no_sense_is_refused_with_its_field, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
