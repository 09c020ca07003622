/* SPDX-License-Identifier: Apache-2.0
 *
 * What a connection could not write (R11), as its administrator reads it: the client is told the attribute, he also what stands in the way;
 * and the approval of an adoption (R13). */
#include "api/desk.h"
#include "base/clock.h"

struct clash {
        int64_t connection_no, object_no, at_us;
        const char *attribute, *request_id;
        enum resource_kind kind;
        int times;
};

static enum err count_clash(struct session *session, void *context, struct fault *fault)
{
        const struct clash *clash = context;
        enum err e = ERR_OK;
        for (int i = 0; !e && i < clash->times; i++)
                e = session_run(session, ST_CONFLICT_COUNT, NULL, fault, V_I64(1), V_I64(clash->connection_no), V_I64(clash->kind),
                        V_TEXT(clash->attribute), V_I64(clash->object_no), V_I64(clash->at_us), V_TEXT(clash->request_id));
        return e;
}

static int64_t connect(struct desk *desk, const char *name)
{
        return desk_number(desk, desk_make(desk, "connections", "{\"name\":\"%s\",\"kind\":\"scim\"}", name));
}

static void test_R11_each_conflict_is_told_last_first_with_what_stands_in_the_way(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        int64_t okta = connect(desk, "okta"), other = connect(desk, "other");
        const char *ann = desk_make(desk, "users", "{\"userName\":\"ann\"}"), *ops = desk_make(desk, "groups", "{\"displayName\":\"Ops\"}");
        assert_status(desk, 200, METHOD_GET, "/api/v1/connections/okta/conflicts", NULL);
        assert_string_equal(desk_body(desk), "{\"items\":[],\"next_cursor\":\"\"}");
        struct clash clashes[] = {
                { okta, desk_number(desk, ann), 2 * US_PER_S, "userName", "req-1", KIND_USER, 3 },
                { okta, 0, US_PER_S, "externalId", "", KIND_USER, 1 },
                { okta, 9999, 3 * US_PER_S, "adoption", "req-2", KIND_USER, 1 }, /* gone since */
                { okta, desk_number(desk, ops), 4 * US_PER_S, "ceiling", "req-3", KIND_GROUP, 1 },
                { okta, 0, 5 * US_PER_S, "serial\"No", "req-4", KIND_DECLARED_FIRST, 1 },
                { other, 0, 6 * US_PER_S, "userName", "", KIND_USER, 1 },
        };
        for (size_t i = 0; i < COUNT_OF(clashes); i++)
                assert_ok(fixture_submit(fixture, count_clash, &clashes[i]));
        assert_status(desk, 200, METHOD_GET, "/api/v1/connections/okta/conflicts", NULL);
        assert_string_equal(desk_body(desk),
                arena_printf(desk->arena,
                        "{\"items\":[{\"kind\":\"resource\",\"attribute\":\"serial\\\"No\",\"object\":null,\"object_name\":null,"
                        "\"at\":\"1970-01-01T00:00:05.000Z\",\"request_id\":\"req-4\",\"times\":1},"
                        "{\"kind\":\"group\",\"attribute\":\"ceiling\",\"object\":\"%s\",\"object_name\":\"Ops\","
                        "\"at\":\"1970-01-01T00:00:04.000Z\",\"request_id\":\"req-3\",\"times\":1},"
                        "{\"kind\":\"user\",\"attribute\":\"adoption\",\"object\":null,\"object_name\":null,"
                        "\"at\":\"1970-01-01T00:00:03.000Z\",\"request_id\":\"req-2\",\"times\":1},"
                        "{\"kind\":\"user\",\"attribute\":\"userName\",\"object\":\"%s\",\"object_name\":\"ann\","
                        "\"at\":\"1970-01-01T00:00:02.000Z\",\"request_id\":\"req-1\",\"times\":3},"
                        "{\"kind\":\"user\",\"attribute\":\"externalId\",\"object\":null,\"object_name\":null,"
                        "\"at\":\"1970-01-01T00:00:01.000Z\",\"request_id\":null,\"times\":1}],\"next_cursor\":\"\"}",
                        ops, ann));
        assert_status(desk, 200, METHOD_GET, "/api/v1/connections/other/conflicts", NULL);
        assert_int_equal(json_array_size(desk_value(desk, "items")), 1);
        desk_close(desk);
}

static void conflicts_are_of_a_connection_that_the_caller_may_read(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        (void)connect(desk, "okta");
        assert_status(desk, 404, METHOD_GET, "/api/v1/connections/nobody/conflicts", NULL);
        assert_status(desk, 404, METHOD_GET, "/api/v1/connections/okta/conflicts?organization=nobody", NULL);
        assert_status(desk, 200, METHOD_GET, "/api/v1/connections/okta/conflicts?organization=acme", NULL);
        assert_status(desk, 405, METHOD_POST, "/api/v1/connections/okta/conflicts", "{}");
        desk->token = desk_identity(desk, "nobody", NULL);
        assert_status(desk, 403, METHOD_GET, "/api/v1/connections/okta/conflicts", NULL);
        assert_null(strstr(desk_body(desk), "items"));
        desk_close(desk);
}

static void test_R13_an_approval_names_its_user_and_is_an_administrators(struct fixture *fixture)
{
        static const char *const path = "/api/v1/connections/entra/adoptions";
        static const struct {
                const char *body, *field;
        } wrong[] = { { NULL, "user" }, { "{\"user\":null}", "user" }, { "{\"user\":[\"ann\"]}", "user" }, { "{\"usr\":\"ann\"}", "usr" } };
        struct desk *desk = desk_open(fixture);
        (void)desk_make(desk, "upstreams", "{\"name\":\"IdP\"}");
        int64_t okta = desk_number(desk, desk_make(desk, "connections", "{\"name\":\"okta\",\"kind\":\"scim\",\"upstream\":\"IdP\"}"));
        (void)desk_make(desk, "connections", "{\"name\":\"entra\",\"kind\":\"scim\",\"upstream\":\"IdP\",\"adoption\":\"same_upstream\"}");
        const char *ann = desk_make(desk, "users", "{\"userName\":\"ann\"}");
        const char *body = arena_printf(desk->arena, "{\"user\":\"ann\"}");
        for (size_t i = 0; i < COUNT_OF(wrong); i++) {
                assert_status(desk, 400, METHOD_POST, path, wrong[i].body);
                assert_string_equal(desk_text(desk, "field"), wrong[i].field);
        }
        assert_status(desk, 404, METHOD_POST, path, "{\"user\":\"nobody\"}");
        assert_status(desk, 404, METHOD_POST, "/api/v1/connections/nobody/adoptions", body);
        assert_status(desk, 409, METHOD_POST, path, body); /* nobody of its upstream knows her */
        raw_script(fixture,
                arena_printf(desk->arena,
                        "INSERT INTO claim (root_no, no, connection_no, kind, external_id, claimed_active, doc, modified_us) VALUES "
                        "(1, %lld, %lld, %d, 'e1', 1, '', 1)",
                        (long long)desk_number(desk, ann), (long long)okta, KIND_USER));
        const char *admin = desk->token;
        desk->token = desk_identity(desk, "reader", "auditor");
        assert_status(desk, 403, METHOD_POST, path, body);
        desk->token = admin;
        assert_status(desk, 200, METHOD_POST, path, body);
        assert_string_equal(desk_body(desk), arena_printf(desk->arena, "{\"user\":\"%s\",\"approved\":true}", ann));
        assert_non_null(desk_header(desk, "Muster-Revision"));
        desk_close(desk);
}

int main(void)
{
        const struct fixture_test tests[] = {
                FIXTURE_TEST(test_R11_each_conflict_is_told_last_first_with_what_stands_in_the_way, ON_BOTH),
                FIXTURE_TEST(conflicts_are_of_a_connection_that_the_caller_may_read, ON_SQLITE),
                FIXTURE_TEST(test_R13_an_approval_names_its_user_and_is_an_administrators, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
