/* SPDX-License-Identifier: Apache-2.0
 *
 * Members of a group, one item an edge (R14): every member of an item, where a page ends, and what adding and removing answers. */
#include "api/desk.h"
#include "directory/change.h"
#include "model/attribute.h"
#include "store/rows.h"

struct edge {
        int64_t group_no, member_no, source_no, rule_no;
};

static enum err add_edge(struct session *session, void *context, struct fault *fault)
{
        const struct edge *edge = context;
        session_mark_audited(session);
        return session_run(session, ST_MEMBER_ADD, NULL, fault, V_I64(1), V_I64(edge->group_no), V_I64(edge->member_no),
                V_I64(edge->source_no), V_I64(edge->rule_no), V_I64(1));
}

/* One member with three sources beside four with one: whatever the page size, every edge once, and no member torn apart. */
static void edges_of_one_member_stay_on_one_page(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        const char *first = desk_make(desk, "connections", "{\"name\":\"one\",\"kind\":\"scim\"}");
        const char *second = desk_make(desk, "connections", "{\"name\":\"two\",\"kind\":\"scim\"}");
        const char *group = desk_make(desk, "groups", "{\"displayName\":\"G\"}"), *ids[5];
        for (int i = 0; i < 5; i++) {
                ids[i] = desk_make(desk, "users", "{\"userName\":\"u%d@acme.example\"}", i);
                assert_status(
                        desk, 200, METHOD_POST, "/api/v1/groups/G/members", arena_printf(desk->arena, "{\"members\":[\"%s\"]}", ids[i]));
                assert_string_equal(desk_body(desk), "{\"added\":1}");
        }
        struct edge edges[] = { { desk_number(desk, group), desk_number(desk, ids[1]), desk_number(desk, first) },
                { desk_number(desk, group), desk_number(desk, ids[1]), desk_number(desk, second) } };
        assert_ok(fixture_submit(fixture, add_edge, &edges[0]));
        assert_ok(fixture_submit(fixture, add_edge, &edges[1]));
        for (int limit = 1; limit <= 8; limit++) {
                char seen[512] = "", cursor[32] = "", path[64];
                int pages = 0;
                do {
                        assert_status(desk, 200, METHOD_GET,
                                arena_printf(desk->arena, "/api/v1/groups/G/members?limit=%d&cursor=%s", limit, cursor), NULL);
                        size_t count = json_array_size(desk_value(desk, "items"));
                        assert_true(count > 0 && count <= (size_t)limit + 2);
                        for (size_t i = 0; i < count; i++) {
                                (void)snprintf(path, sizeof path, "items.%zu.name", i);
                                strncat(seen, desk_text(desk, path), 2);
                        }
                        (void)snprintf(cursor, sizeof cursor, "%s", desk_text(desk, "next_cursor"));
                } while (*cursor && ++pages < 20);
                assert_string_equal(seen, "u0u1u1u1u2u3u4");
        }
        assert_status(desk, 200, METHOD_GET, "/api/v1/groups/G/members", NULL);
        assert_string_equal(desk_text(desk, "items.1.source"), "local");
        assert_string_equal(desk_text(desk, "items.2.source"), first);
        assert_string_equal(desk_text(desk, "items.3.source"), second);
        assert_status(desk, 204, METHOD_DELETE, arena_printf(desk->arena, "/api/v1/groups/G/members/%s", ids[1]), NULL);
        assert_status(desk, 409, METHOD_DELETE, arena_printf(desk->arena, "/api/v1/groups/G/members/%s", ids[1]), NULL);
        assert_non_null(strstr(desk_body(desk), "one"));
        assert_status(desk, 404, METHOD_DELETE, "/api/v1/groups/G/members/nobody", NULL);
        desk_close(desk);
}

#define CROWD 1100
#define SOURCES 70

/* A group with more members than a page holds, and one with a single member whose edges fill a page. */
static enum err add_crowd(struct session *session, void *context, struct fault *fault)
{
        const struct edge *edges = context;
        enum err e = ERR_OK;
        bool changed;
        session_mark_audited(session);
        for (int i = 0; !e && i < CROWD; i++) {
                char name[16];
                (void)snprintf(name, sizeof name, "crowd%d", i);
                const struct new_resource user = {
                        .root_no = 1, .no = 1000 + i, .org_no = 1, .kind = KIND_USER, .active = 1, .name = name, .doc = "{}"
                };
                e = insert_resource(session, &user, fault);
                if (!e)
                        e = member_add(session, 1, edges[0].group_no, 1000 + i, 0, 1, &changed, fault);
        }
        for (int i = 0; !e && i < SOURCES; i++)
                e = member_add(session, 1, edges[1].group_no, 1000, 5000 + i, 1, &changed, fault);
        return e ? e : member_add(session, 1, edges[1].group_no, 1001, 0, 1, &changed, fault);
}

static void a_full_page_ends_between_two_members(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        struct edge edges[] = { { .group_no = desk_number(desk, desk_make(desk, "groups", "{\"displayName\":\"many\"}")) },
                { .group_no = desk_number(desk, desk_make(desk, "groups", "{\"displayName\":\"one\"}")) } };
        assert_ok(fixture_submit(fixture, add_crowd, edges));
        assert_status(desk, 200, METHOD_GET, "/api/v1/groups/many/members?limit=1000", NULL);
        assert_int_equal(json_array_size(desk_value(desk, "items")), 999); /* of the last one read, more edges might have followed */
        const char *next = arena_printf(desk->arena, "/api/v1/groups/many/members?limit=1000&cursor=%s", desk_text(desk, "next_cursor"));
        assert_status(desk, 200, METHOD_GET, next, NULL);
        assert_int_equal(json_array_size(desk_value(desk, "items")), CROWD - 999);
        assert_string_equal(desk_text(desk, "next_cursor"), "");
        assert_status(desk, 200, METHOD_GET, "/api/v1/groups/one/members?limit=1", NULL);
        assert_true(json_array_size(desk_value(desk, "items")) > 1);
        next = arena_printf(desk->arena, "/api/v1/groups/one/members?limit=1&cursor=%s", desk_text(desk, "next_cursor"));
        assert_status(desk, 200, METHOD_GET, next, NULL);
        assert_int_equal(json_array_size(desk_value(desk, "items")), 1);
        assert_string_equal(desk_text(desk, "next_cursor"), "");
        desk_close(desk);
}

static void test_R14_an_item_is_one_edge_with_its_source_and_rule(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        const char *okta = desk_make(desk, "connections", "{\"name\":\"okta\",\"kind\":\"scim\"}");
        const char *group = desk_make(desk, "groups", "{\"displayName\":\"G\"}"),
                   *inner = desk_make(desk, "groups", "{\"displayName\":\"I\"}");
        const char *ann = desk_make(desk, "users", "{\"userName\":\"a\\\"nn\"}"),
                   *bot = desk_make(desk, "identities", "{\"name\":\"bot\"}");
        const char *rule = desk_make(
                desk, "mapping-rules", "{\"connection\":\"okta\",\"attribute\":\"title\",\"values\":[\"x\"],\"group\":\"%s\"}", group);
        assert_status(desk, 200, METHOD_GET, "/api/v1/groups/G/members", NULL);
        assert_string_equal(desk_body(desk), "{\"items\":[],\"next_cursor\":\"\"}");
        assert_status(desk, 200, METHOD_POST, "/api/v1/groups/G/members",
                arena_printf(desk->arena, "{\"members\":[\"%s\",\"%s\",\"%s\"]}", bot, ann, inner));
        assert_string_equal(desk_body(desk), "{\"added\":3}");
        int64_t group_no = desk_number(desk, group), ann_no = desk_number(desk, ann), okta_no = desk_number(desk, okta);
        struct edge given[] = { { group_no, ann_no, okta_no, 0 }, { group_no, ann_no, okta_no, desk_number(desk, rule) },
                { group_no, ann_no, 9998, 9999 } };
        for (size_t i = 0; i < COUNT_OF(given); i++)
                assert_ok(fixture_submit(fixture, add_edge, &given[i]));
        assert_status(desk, 200, METHOD_GET, "/api/v1/groups/G/members", NULL);
        assert_string_equal(desk_body(desk),
                arena_printf(desk->arena,
                        "{\"items\":[{\"id\":\"%s\",\"kind\":\"group\",\"name\":\"I\",\"source\":\"local\"},"
                        "{\"id\":\"%s\",\"kind\":\"user\",\"name\":\"a\\\"nn\",\"source\":\"local\"},"
                        "{\"id\":\"%s\",\"kind\":\"user\",\"name\":\"a\\\"nn\",\"source\":\"%s\"},"
                        "{\"id\":\"%s\",\"kind\":\"user\",\"name\":\"a\\\"nn\",\"source\":\"%s\",\"rule\":\"%s\"},"
                        "{\"id\":\"%s\",\"kind\":\"user\",\"name\":\"a\\\"nn\",\"source\":null,\"rule\":null},"
                        "{\"id\":\"%s\",\"kind\":\"identity\",\"name\":\"bot\",\"source\":\"local\"}],\"next_cursor\":\"\"}",
                        inner, ann, ann, okta, ann, okta, rule, ann, bot));
        desk_close(desk);
}

static void a_page_of_members_is_asked_for_exactly(struct fixture *fixture)
{
        static const struct {
                const char *query, *field;
        } wrong[] = { { "limit=0", "limit" }, { "limit=1001", "limit" }, { "limit=x", "limit" }, { "cursor=x", "cursor" } };
        struct desk *desk = desk_open(fixture);
        (void)desk_make(desk, "groups", "{\"displayName\":\"G\"}");
        (void)desk_make(desk, "groups", "{\"displayName\":\"H\"}");
        (void)desk_make(desk, "users", "{\"userName\":\"ann\"}");
        (void)desk_make(desk, "users", "{\"userName\":\"bob\"}");
        for (size_t i = 0; i < COUNT_OF(wrong); i++) {
                assert_status(desk, 400, METHOD_GET, arena_printf(desk->arena, "/api/v1/groups/G/members?%s", wrong[i].query), NULL);
                assert_string_equal(desk_text(desk, "field"), wrong[i].field);
        }
        assert_status(desk, 200, METHOD_GET, "/api/v1/users?limit=1", NULL); /* the cursor of another list */
        assert_status(desk, 400, METHOD_GET,
                arena_printf(desk->arena, "/api/v1/groups/G/members?cursor=%s", desk_text(desk, "next_cursor")), NULL);
        assert_string_equal(desk_text(desk, "field"), "cursor");
        assert_status(desk, 404, METHOD_GET, "/api/v1/groups/none/members", NULL);
        assert_status(desk, 404, METHOD_GET, "/api/v1/groups/G/members?organization=none", NULL);
        assert_status(desk, 200, METHOD_POST, "/api/v1/groups/G/members?organization=acme", "{\"members\":[\"ann\",\"bob\"]}");
        assert_status(desk, 200, METHOD_GET, "/api/v1/groups/G/members?limit=2", NULL); /* exactly full: nothing follows */
        assert_int_equal(json_array_size(desk_value(desk, "items")), 2);
        assert_string_equal(desk_text(desk, "next_cursor"), "");
        assert_status(desk, 200, METHOD_GET, "/api/v1/groups/H/members?limit=1", NULL);
        assert_int_equal(json_array_size(desk_value(desk, "items")), 0);
        desk->token = desk_identity(desk, "nobody", NULL);
        assert_status(desk, 403, METHOD_GET, "/api/v1/groups/G/members", NULL);
        assert_null(strstr(desk_body(desk), "ann"));
        desk_close(desk);
}

static const char *times(struct desk *desk, const char *name, size_t count)
{
        auto_buffer body = { 0 };
        buffer_puts(&body, "{\"members\":[");
        for (size_t i = 0; i < count; i++)
                buffer_printf(&body, "%s\"%s\"", i ? "," : "", name);
        buffer_puts(&body, "]}");
        return arena_text(desk->arena, body.data, body.length);
}

static void adding_counts_what_is_new_and_takes_all_or_nothing(struct fixture *fixture)
{
        static const char *const path = "/api/v1/groups/G/members";
        static const char *const wrong[] = { NULL, "{\"members\":[]}", "{\"members\":{}}", "{\"members\":[\"bob\",null]}",
                "{\"members\":[\"bob\",\"\"]}" };
        struct desk *desk = desk_open(fixture);
        (void)desk_make(desk, "groups", "{\"displayName\":\"G\"}");
        (void)desk_make(desk, "users", "{\"userName\":\"ann\"}");
        (void)desk_make(desk, "users", "{\"userName\":\"bob\"}");
        for (size_t i = 0; i < COUNT_OF(wrong); i++) {
                assert_status(desk, 400, METHOD_POST, path, wrong[i]);
                assert_string_equal(desk_text(desk, "field"), "members");
        }
        assert_status(desk, 400, METHOD_POST, path, times(desk, "ann", 1001));
        assert_string_equal(desk_text(desk, "field"), "members");
        assert_status(desk, 400, METHOD_POST, path, "{\"members\":[\"ann\",\"nobody\"]}");
        assert_string_equal(desk_text(desk, "field"), "members");
        assert_non_null(strstr(desk_text(desk, "detail"), "\"nobody\" is no user, group or identity"));
        assert_status(desk, 404, METHOD_POST, "/api/v1/groups/none/members", "{\"members\":[\"ann\"]}");
        assert_status(desk, 200, METHOD_POST, arena_printf(desk->arena, "%s?dry_run=true", path), "{\"members\":[\"ann\"]}");
        assert_int_equal(json_integer_value(desk_value(desk, "answer.added")), 1);
        assert_status(desk, 200, METHOD_GET, path, NULL);
        assert_string_equal(desk_body(desk), "{\"items\":[],\"next_cursor\":\"\"}");
        assert_status(desk, 200, METHOD_POST, path, times(desk, "ann", 1000));
        assert_string_equal(desk_body(desk), "{\"added\":1}");
        assert_status(desk, 200, METHOD_POST, path, "{\"members\":[\"ann\",\"bob\"]}");
        assert_string_equal(desk_body(desk), "{\"added\":1}");
        assert_status(desk, 200, METHOD_POST, path, "{\"members\":[\"bob\"]}");
        assert_string_equal(desk_body(desk), "{\"added\":0}");
        assert_status(desk, 204, METHOD_DELETE, "/api/v1/groups/G/members/ann", NULL);
        assert_string_equal(desk_body(desk), "");
        assert_non_null(desk_header(desk, "Muster-Revision"));
        assert_status(desk, 200, METHOD_GET, path, NULL);
        assert_string_equal(desk_text(desk, "items.0.name"), "bob");
        assert_int_equal(json_array_size(desk_value(desk, "items")), 1);
        assert_status(desk, 404, METHOD_DELETE, "/api/v1/groups/none/members/bob", NULL);
        desk_close(desk);
}

int main(void)
{
        const struct fixture_test tests[] = {
                FIXTURE_TEST(edges_of_one_member_stay_on_one_page, ON_BOTH),
                FIXTURE_TEST(a_full_page_ends_between_two_members, ON_SQLITE),
                FIXTURE_TEST(test_R14_an_item_is_one_edge_with_its_source_and_rule, ON_BOTH),
                FIXTURE_TEST(a_page_of_members_is_asked_for_exactly, ON_SQLITE),
                FIXTURE_TEST(adding_counts_what_is_new_and_takes_all_or_nothing, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
