/* SPDX-License-Identifier: Apache-2.0
 *
 * The one set of operations over all collections: what an answer looks like to the last byte, what is refused and how, paging, tokens. */
#include "api/desk.h"
#include "base/text.h"

static void a_resource_is_header_document_and_nothing_twice(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        const char *id = desk_make(desk, "projects", "{\"slug\":\"web\",\"name\":\"W\\u00e9b \\\"1\\\"\"}");
        const char *made = arena_strdup(desk->arena, desk_body(desk)), *at = desk_text(desk, "created_at");
        assert_string_equal(made, arena_printf(desk->arena,
                                          "{\"id\":\"%s\",\"kind\":\"project\",\"active\":true,\"source\":\"local\",\"created_at\":\"%s\","
                                          "\"modified_at\":\"%s\","
                                          "\"version\":2,\"name\":\"W\xc3\xa9"
                                          "b \\\"1\\\"\",\"organization\":\"%s\",\"slug\":\"web\"}",
                                          id, at, at, desk->installed.org_id));
        assert_string_equal(desk_header(desk, "Location"), arena_printf(desk->arena, "https://muster.example/api/v1/projects/%s", id));
        assert_string_equal(desk_header(desk, "ETag"), "W/\"2\"");
        assert_true(text_starts_with(strchr(desk_header(desk, "Muster-Revision"), '.'), ".1.2"));
        assert_status(desk, 200, METHOD_GET, "/api/v1/projects/web", NULL);
        assert_string_equal(desk_body(desk), made);
        assert_string_equal(desk_header(desk, "ETag"), "W/\"2\"");
        assert_null(desk_header(desk, "Muster-Revision"));
        desk_close(desk);
}

static void an_attribute_named_kind_stands_for_itself(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        (void)desk_make(desk, "connections", "{\"name\":\"okta\",\"kind\":\"scim\"}");
        assert_status(desk, 200, METHOD_GET, "/api/v1/connections/okta", NULL);
        assert_string_equal(desk_text(desk, "kind"), "scim");
        assert_null(desk_value(desk, "token"));
        desk_close(desk);
}

static void a_token_is_shown_once(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        (void)desk_make(desk, "connections", "{\"name\":\"okta\",\"kind\":\"scim\",\"organization\":\"acme\",\"ttl_s\":3600}");
        assert_string_equal(desk_text(desk, "base_url"), "https://muster.example/scim/v2");
        assert_true(text_starts_with(desk_text(desk, "token"), "mus_scim_"));
        assert_non_null(desk_text(desk, "token_expires_at"));
        const char *token = desk_identity(desk, "bot", "auditor");
        assert_true(text_starts_with(token, "mus_id_"));
        static const char *const rest[] = { "/api/v1/identities", "/api/v1/identities/bot", "/api/v1/connections", "/api/v1/audit",
                "/api/v1/grants" };
        for (size_t i = 0; i < COUNT_OF(rest); i++) {
                assert_status(desk, 200, METHOD_GET, rest[i], NULL);
                assert_null(strstr(desk_body(desk), "mus_"));
        }
        assert_status(desk, 200, METHOD_POST, "/api/v1/identities/bot/rotate", NULL);
        const char *second = arena_strdup(desk->arena, desk_text(desk, "token"));
        desk->token = token;
        assert_status(desk, 401, METHOD_GET, "/api/v1/status", NULL);
        desk->token = second;
        assert_status(desk, 200, METHOD_GET, "/api/v1/status", NULL);
        desk_close(desk);
}

static void unknown_and_mistyped_fields_are_named(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        static const struct {
                const char *path, *body, *said;
        } wrong[] = {
                { "/api/v1/projects", "{\"slgu\":\"x\",\"name\":\"x\"}", "\\\"slug\\\"" },
                { "/api/v1/projects", "{\"slug\":\"x\",\"name\":\"x\",\"role\":\"admin\"}", "\\\"role\\\"" },
                { "/api/v1/projects", "{\"slug\":\"x\"}", "name" },
                { "/api/v1/projects", "[]", "object" },
                { "/api/v1/identities", "{\"name\":\"x\",\"rle\":\"admin\"}", "\\\"role\\\"" },
                { "/api/v1/identities", "{\"name\":\"x\",\"role\":7}", "role" },
                { "/api/v1/identities", "{\"name\":\"x\",\"role\":null}", "role" },
                { "/api/v1/identities", "{\"name\":\"x\",\"ttl_s\":\"1\"}", "ttl_s" },
                { "/api/v1/identities", "{\"name\":\"x\",\"ttl_s\":-1}", "positive" },
                { "/api/v1/identities", "{\"name\":\"x\",\"ttl_s\":0}", "positive" },
                { "/api/v1/groups", "{\"displayName\":\"x\",\"members\":[]}", "members" },
                { "/api/v1/groups/none/members", "{\"members\":[]}", "members" },
                { "/api/v1/groups/none/members", "{\"members\":\"x\"}", "members" },
                { "/api/v1/groups/none/members", "{\"members\":[\"\"]}", "members" },
                { "/api/v1/groups/none/members", "{\"members\":[7]}", "members" },
                { "/api/v1/groups/none/members", "{\"member\":[\"x\"]}", "\\\"members\\\"" },
                { "/api/v1/identities/none/rotate", "{\"ttl\":5}", "\\\"ttl_s\\\"" },
                { "/api/v1/projects/none/gain-access", "{\"a\":5}", "\\\"a\\\"" },
                { "/api/v1/users/none/purge", "{\"a\":5}", "\\\"a\\\"" },
                { "/api/v1/domains/none/verify", "{\"a\":5}", "\\\"a\\\"" },
                { "/api/v1/connections/none/holds/1/release", "{\"a\":5}", "\\\"a\\\"" },
                { "/api/v1/connections/none/mapping-rules/apply", "{\"a\":5}", "\\\"a\\\"" },
                { "/api/v1/audit/verify", "{\"checkpiont\":\"\"}", "\\\"checkpoint from_checkpoint\\\"" },
        };
        for (size_t i = 0; i < COUNT_OF(wrong); i++) {
                assert_status(desk, 400, METHOD_POST, wrong[i].path, wrong[i].body);
                if (!strstr(desk_body(desk), wrong[i].said))
                        fail_msg("%s %s: %s", wrong[i].path, wrong[i].body, desk_body(desk));
                assert_string_equal(desk->request.reply.content_type, "application/problem+json");
                assert_string_equal(desk_text(desk, "request_id"), "r1");
        }
        desk_close(desk);
}

static void what_a_type_does_not_offer_is_405_with_allow(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        assert_status(desk, 405, METHOD_POST, "/api/v1/roles", "{}");
        assert_string_equal(desk_header(desk, "Allow"), "GET");
        assert_status(desk, 405, METHOD_PATCH, "/api/v1/roles/member", "{}");
        assert_string_equal(desk_header(desk, "Allow"), "GET");
        assert_status(desk, 405, METHOD_DELETE, "/api/v1/roles/member", NULL);
        assert_status(desk, 405, METHOD_PUT, "/api/v1/users/x", "{}");
        assert_status(desk, 404, METHOD_GET, "/api/v1/nothing", NULL);
        assert_status(desk, 404, METHOD_POST, "/api/v1/nothing", "{}");
        assert_status(desk, 404, METHOD_GET, "/api/v1/nothing/x", NULL);
        desk_close(desk);
}

static void missing_is_404_whatever_the_body(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        assert_status(desk, 404, METHOD_PATCH, "/api/v1/users/nobody", "{\"nonsense\":1}");
        assert_status(desk, 404, METHOD_PATCH, "/api/v1/users/nobody", "{\"displayName\":\"x\"}");
        assert_status(desk, 400, METHOD_PATCH, "/api/v1/users/owner@acme.example", "{\"nonsense\":1}");
        desk->token = desk_identity(desk, "weak", NULL);
        assert_status(desk, 403, METHOD_PATCH, "/api/v1/users/owner@acme.example", "{\"nonsense\":1}");
        desk_close(desk);
}

static void unchanged_is_304_and_stale_is_412(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        (void)desk_make(desk, "groups", "{\"displayName\":\"G\"}");
        static const struct {
                const char *tag;
                int status;
        } tags[] = { { "W/\"2\"", 304 }, { "\"2\"", 304 }, { "*", 304 }, { "W/\"1\", W/\"2\"", 304 }, { "W/\"1\"", 200 }, { "\"22\"", 200 },
                { "\"", 200 }, { "", 200 }, { "2", 200 } };
        for (size_t i = 0; i < COUNT_OF(tags); i++) {
                desk->headers[HEADER_IF_NONE_MATCH] = tags[i].tag;
                assert_status(desk, tags[i].status, METHOD_GET, "/api/v1/groups/G", NULL);
                assert_string_equal(desk_header(desk, "ETag"), "W/\"2\"");
                assert_int_equal(desk->request.reply.body.length == 0, tags[i].status == 304);
        }
        desk->headers[HEADER_IF_NONE_MATCH] = NULL;
        desk->headers[HEADER_IF_MATCH] = "W/\"1\"";
        assert_status(desk, 412, METHOD_PATCH, "/api/v1/groups/G", "{\"displayName\":\"H\"}");
        desk->headers[HEADER_IF_MATCH] = "W/\"2\"";
        assert_status(desk, 200, METHOD_PATCH, "/api/v1/groups/G", "{\"displayName\":\"H\"}");
        assert_string_equal(desk_header(desk, "ETag"), "W/\"3\"");
        desk_close(desk);
}

static void pages_show_everything_once(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        char seen[1024] = "", cursor[64] = "";
        for (int i = 0; i < 7; i++)
                (void)desk_make(desk, "groups", "{\"displayName\":\"g%d\"}", i);
        int pages = 0;
        do {
                assert_status(desk, 200, METHOD_GET, arena_printf(desk->arena, "/api/v1/groups?limit=3&cursor=%s", cursor), NULL);
                for (size_t i = 0; i < json_array_size(desk_value(desk, "items")); i++) {
                        (void)snprintf(cursor, sizeof cursor, "items.%zu.displayName", i);
                        strcat(strcat(seen, desk_text(desk, cursor)), " ");
                }
                assert_int_equal(json_integer_value(desk_value(desk, "total")), 7);
                (void)snprintf(cursor, sizeof cursor, "%s", desk_text(desk, "next_cursor"));
        } while (++pages < 9 && *cursor);
        assert_int_equal(pages, 3);
        assert_string_equal(seen, "g0 g1 g2 g3 g4 g5 g6 ");
        assert_status(desk, 200, METHOD_GET, "/api/v1/groups?name=G3", NULL);
        assert_int_equal(json_array_size(desk_value(desk, "items")), 1);
        assert_status(desk, 200, METHOD_GET, "/api/v1/groups?name=none", NULL);
        assert_int_equal(json_array_size(desk_value(desk, "items")), 0);
        assert_status(desk, 400, METHOD_GET, "/api/v1/groups?limit=x", NULL);
        assert_status(desk, 400, METHOD_GET, "/api/v1/groups?cursor=x", NULL);
        assert_status(desk, 400, METHOD_GET, "/api/v1/groups?limit=0", NULL);
        assert_status(desk, 400, METHOD_GET, "/api/v1/groups?limit=1001", NULL);
        assert_status(desk, 200, METHOD_GET, "/api/v1/groups?limit=1000", NULL);
        desk_close(desk);
}

static void a_name_may_be_narrowed_by_its_organization(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        (void)desk_make(desk, "organizations", "{\"slug\":\"child\",\"name\":\"Child\"}");
        const char *of_child = desk_make(desk, "projects", "{\"slug\":\"web\",\"name\":\"C\",\"organization\":\"child\"}");
        const char *of_root = desk_make(desk, "projects", "{\"slug\":\"web\",\"name\":\"R\"}");
        assert_status(desk, 409, METHOD_GET, "/api/v1/projects/web", NULL);
        assert_non_null(strstr(desk_body(desk), of_child));
        assert_non_null(strstr(desk_body(desk), of_root));
        assert_status(desk, 200, METHOD_GET, "/api/v1/projects/web?organization=child", NULL);
        assert_string_equal(desk_text(desk, "id"), of_child);
        assert_status(desk, 200, METHOD_PATCH, "/api/v1/projects/web?organization=acme", "{\"name\":\"New\"}");
        assert_string_equal(desk_text(desk, "id"), of_root);
        assert_status(desk, 404, METHOD_DELETE, "/api/v1/projects/web?organization=none", NULL);
        assert_status(desk, 204, METHOD_DELETE, "/api/v1/projects/web?organization=child", NULL);
        assert_status(desk, 200, METHOD_GET, "/api/v1/projects/web", NULL);
        assert_string_equal(desk_text(desk, "id"), of_root);
        desk_close(desk);
}

static void a_grant_tells_whom_and_where(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        const char *project = desk_make(desk, "projects", "{\"slug\":\"web\",\"name\":\"W\"}");
        const char *group = desk_make(desk, "groups", "{\"displayName\":\"Ops\"}");
        const char *id = desk_make(desk, "grants", "{\"principal\":\"%s\",\"scope\":\"web\",\"role\":\"viewer\"}", group);
        assert_status(desk, 200, METHOD_GET, arena_printf(desk->arena, "/api/v1/grants/%s", id), NULL);
        assert_string_equal(desk_text(desk, "principal"), group);
        assert_string_equal(desk_text(desk, "principal_kind"), "group");
        assert_string_equal(desk_text(desk, "principal_name"), "Ops");
        assert_string_equal(desk_text(desk, "scope"), project);
        assert_string_equal(desk_text(desk, "scope_kind"), "project");
        assert_string_equal(desk_text(desk, "scope_name"), "web");
        assert_status(desk, 200, METHOD_GET, "/api/v1/grants?limit=1000", NULL);
        assert_non_null(strstr(desk_body(desk), id));
        desk_close(desk);
}

static void a_deleted_user_is_gone_until_restored(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        const char *id = desk_make(desk, "users", "{\"userName\":\"u@acme.example\",\"externalId\":\"E1\"}");
        assert_string_equal(desk_text(desk, "externalId"), "E1");
        const char *path = arena_printf(desk->arena, "/api/v1/users/%s", id);
        assert_status(desk, 204, METHOD_DELETE, path, NULL);
        assert_non_null(desk_header(desk, "Muster-Revision"));
        assert_status(desk, 404, METHOD_GET, path, NULL);
        assert_status(desk, 404, METHOD_DELETE, path, NULL);
        assert_status(desk, 200, METHOD_POST, arena_printf(desk->arena, "%s/restore", path), NULL);
        assert_true(json_is_false(desk_value(desk, "active")));
        assert_status(desk, 200, METHOD_GET, path, NULL);
        assert_status(desk, 404, METHOD_POST, arena_printf(desk->arena, "%s/restore", path), NULL);
        desk_close(desk);
}

static void roles_are_listed_and_never_rows(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        assert_status(desk, 200, METHOD_GET, "/api/v1/roles", NULL);
        assert_int_equal(json_array_size(desk_value(desk, "items")), 9);
        assert_status(desk, 200, METHOD_GET, "/api/v1/roles?name=viewer", NULL);
        assert_string_equal(desk_text(desk, "items.0.id"), "project:viewer");
        assert_int_equal(json_integer_value(desk_value(desk, "total")), 1);
        assert_status(desk, 200, METHOD_GET, "/api/v1/roles/organization:member", NULL);
        assert_string_equal(desk_text(desk, "permissions.0"), "organization:read");
        assert_status(desk, 200, METHOD_GET, "/api/v1/roles/viewer", NULL);
        assert_status(desk, 409, METHOD_GET, "/api/v1/roles/admin", NULL);
        assert_status(desk, 404, METHOD_GET, "/api/v1/roles/organization:viewer", NULL);
        desk->token = desk_identity(desk, "none", NULL);
        assert_status(desk, 403, METHOD_GET, "/api/v1/roles", NULL);
        desk_close(desk);
}

int main(void)
{
        const struct fixture_test tests[] = {
                FIXTURE_TEST(a_resource_is_header_document_and_nothing_twice, ON_BOTH),
                FIXTURE_TEST(an_attribute_named_kind_stands_for_itself, ON_SQLITE),
                FIXTURE_TEST(a_token_is_shown_once, ON_SQLITE),
                FIXTURE_TEST(unknown_and_mistyped_fields_are_named, ON_SQLITE),
                FIXTURE_TEST(what_a_type_does_not_offer_is_405_with_allow, ON_SQLITE),
                FIXTURE_TEST(missing_is_404_whatever_the_body, ON_SQLITE),
                FIXTURE_TEST(unchanged_is_304_and_stale_is_412, ON_SQLITE),
                FIXTURE_TEST(pages_show_everything_once, ON_BOTH),
                FIXTURE_TEST(a_name_may_be_narrowed_by_its_organization, ON_SQLITE),
                FIXTURE_TEST(a_grant_tells_whom_and_where, ON_BOTH),
                FIXTURE_TEST(a_deleted_user_is_gone_until_restored, ON_BOTH),
                FIXTURE_TEST(roles_are_listed_and_never_rows, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
