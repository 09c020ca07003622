/* SPDX-License-Identifier: Apache-2.0
 *
 * Members with several sources, status, and the ledger over the management API. */
#include "api/desk.h"
#include "directory/change.h"
#include "store/rows.h"

/* ---- members ---- */

struct edge {
        int64_t group_no, member_no, source_no;
};

static enum err add_edge(struct session *session, void *context, struct fault *fault)
{
        const struct edge *edge = context;
        bool changed;
        session_mark_audited(session);
        return member_add(session, 1, edge->group_no, edge->member_no, edge->source_no, 1, &changed, fault);
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

/* ---- status ---- */

static void status_tells_a_caller_what_he_may_know(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        assert_status(desk, 200, METHOD_GET, "/api/v1/status", NULL);
        assert_string_equal(desk_text(desk, "version"), MUSTER_VERSION);
        assert_string_equal(desk_text(desk, "organization.slug"), "acme");
        assert_string_equal(desk_text(desk, "organization.name"), "Acme");
        assert_string_equal(desk_text(desk, "caller.kind"), "identity");
        assert_string_equal(desk_text(desk, "caller.name"), "bootstrap");
        assert_string_equal(desk_text(desk, "caller.role"), "admin");
        assert_int_equal(json_integer_value(desk_value(desk, "counts.users")), 1);
        assert_non_null(strstr(desk_text(desk, "warnings.0"), "bootstrap identity's token is in use"));
        assert_non_null(strstr(desk_text(desk, "warnings.0"), "(expires in 29 days)"));
        assert_non_null(strstr(desk_text(desk, "warnings.1"), "no SCIM connection"));
        static const struct {
                const char *role, *shown;
                bool users, identities;
        } callers[] = { { "auditor", "auditor", true, true }, { "member", "member", true, false }, { NULL, "no-access", false, false } };
        for (size_t i = 0; i < COUNT_OF(callers); i++) {
                desk->token = desk->installed.api_token.text;
                desk->token = desk_identity(desk, callers[i].shown, callers[i].role);
                assert_status(desk, 200, METHOD_GET, "/api/v1/status", NULL);
                assert_string_equal(desk_text(desk, "caller.role"), callers[i].shown);
                assert_int_equal(desk_value(desk, "counts.users") != NULL, callers[i].users);
                assert_int_equal(desk_value(desk, "counts.identities") != NULL, callers[i].identities);
        }
        desk_close(desk);
}

static void a_token_near_its_end_is_warned_of(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        (void)desk_make(desk, "identities", "{\"name\":\"brief\",\"ttl_s\":7200}");
        desk->token = arena_strdup(desk->arena, desk_text(desk, "token"));
        assert_status(desk, 200, METHOD_GET, "/api/v1/status", NULL);
        assert_non_null(strstr(desk_text(desk, "warnings.0"), "this token expires soon; rotate it (expires in less than a day)"));
        desk_close(desk);
}

/* ---- ledger ---- */

static void the_ledger_is_read_in_pages_and_by_class(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        for (int i = 0; i < 4; i++)
                (void)desk_make(desk, "groups", "{\"displayName\":\"g%d\"}", i);
        assert_status(desk, 200, METHOD_GET, "/api/v1/audit?limit=2", NULL);
        assert_int_equal(json_array_size(desk_value(desk, "items")), 2);
        assert_int_equal(json_integer_value(desk_value(desk, "next_after")), 2);
        assert_status(desk, 200, METHOD_GET, "/api/v1/audit?after=3&class=change", NULL);
        assert_int_equal(json_array_size(desk_value(desk, "items")), 2);
        assert_int_equal(json_integer_value(desk_value(desk, "items.0.seq")), 4);
        assert_string_equal(desk_text(desk, "items.0.event"), "created");
        assert_string_equal(desk_text(desk, "items.0.body.document.displayName"), "g2");
        assert_int_equal(json_integer_value(desk_value(desk, "next_after")), 5);
        assert_status(desk, 200, METHOD_GET, "/api/v1/audit?after=5", NULL);
        assert_string_equal(desk_body(desk), "{\"items\":[],\"next_after\":5}");
        assert_status(desk, 200, METHOD_GET, "/api/v1/audit?class=alert", NULL);
        assert_int_equal(json_array_size(desk_value(desk, "items")), 0);
        static const char *const wrong[] = { "class=all", "class=", "after=-x", "after=x", "limit=x" };
        for (size_t i = 0; i < COUNT_OF(wrong); i++)
                assert_status(desk, 400, METHOD_GET, arena_printf(desk->arena, "/api/v1/audit?%s", wrong[i]), NULL);
        desk_close(desk);
}

/* A page is empty only at the end: entries of a rare class are found behind many others. */
static void a_rare_class_is_found_behind_a_short_page(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        for (int i = 0; i < 5; i++)
                (void)desk_make(desk, "groups", "{\"displayName\":\"g%d\"}", i);
        const char *weak = desk_identity(desk, "weak", NULL);
        desk->token = weak;
        assert_status(desk, 403, METHOD_GET, "/api/v1/audit", NULL);
        assert_status(desk, 403, METHOD_POST, "/api/v1/audit/verify", NULL);
        desk->token = desk->installed.api_token.text;
        (void)desk_make(desk, "groups", "{\"displayName\":\"rides\"}");
        assert_status(desk, 200, METHOD_GET, "/api/v1/audit?limit=1&class=notice", NULL);
        assert_int_equal(json_array_size(desk_value(desk, "items")), 1);
        assert_string_equal(desk_text(desk, "items.0.body.detail"), "audit");
        desk_close(desk);
}

static void a_whole_ledger_is_proved_and_a_broken_one_named(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        (void)desk_make(desk, "groups", "{\"displayName\":\"g\"}");
        assert_status(desk, 200, METHOD_POST, "/api/v1/audit/verify", NULL);
        assert_string_equal(desk_body(desk), "{\"whole\":true,\"entries\":2,\"blanked\":0,\"first_seq\":1,\"last_seq\":2,\"checkpoints\":0,"
                                             "\"unsigned_tail\":2,\"bad_seq\":0,\"reason\":\"\"}");
        raw_script(fixture, "UPDATE ledger SET event = 'deleted' WHERE root_no = 1 AND seq = 2");
        assert_status(desk, 200, METHOD_POST, "/api/v1/audit/verify", "{}");
        assert_true(json_is_false(desk_value(desk, "whole")));
        assert_int_equal(json_integer_value(desk_value(desk, "bad_seq")), 2);
        assert_true(*desk_text(desk, "reason"));
        assert_status(desk, 400, METHOD_POST, "/api/v1/audit/verify", "{\"checkpoint\":\"nonsense\"}");
        assert_status(desk, 400, METHOD_POST, "/api/v1/audit/verify", "{\"checkpoint\":7}");
        assert_status(desk, 400, METHOD_POST, "/api/v1/audit/verify", "{\"from_checkpoint\":\"7\"}");
        assert_status(desk, 400, METHOD_POST, "/api/v1/audit/verify", "{\"from_checkpoint\":-1}");
        assert_status(desk, 400, METHOD_POST, "/api/v1/audit/verify", "{\"from_checkpoint\":1}");
        raw_script(fixture, "DELETE FROM ledger WHERE root_no = 1 AND seq = 1");
        assert_status(desk, 200, METHOD_POST, "/api/v1/audit/verify", NULL);
        assert_true(json_is_false(desk_value(desk, "whole")));
        assert_non_null(strstr(desk_text(desk, "reason"), "entries 1 to 1 were deleted"));
        assert_status(desk, 200, METHOD_POST, "/api/v1/audit/verify", "{\"from_checkpoint\":1}");
        assert_non_null(strstr(desk_text(desk, "reason"), "no signed checkpoint"));
        desk_close(desk);
}

int main(void)
{
        const struct fixture_test tests[] = {
                FIXTURE_TEST(edges_of_one_member_stay_on_one_page, ON_BOTH),
                FIXTURE_TEST(a_full_page_ends_between_two_members, ON_SQLITE),
                FIXTURE_TEST(status_tells_a_caller_what_he_may_know, ON_BOTH),
                FIXTURE_TEST(a_token_near_its_end_is_warned_of, ON_SQLITE),
                FIXTURE_TEST(the_ledger_is_read_in_pages_and_by_class, ON_BOTH),
                FIXTURE_TEST(a_rare_class_is_found_behind_a_short_page, ON_SQLITE),
                FIXTURE_TEST(a_whole_ledger_is_proved_and_a_broken_one_named, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
