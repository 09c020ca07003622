/* SPDX-License-Identifier: Apache-2.0
 *
 * Status, and the ledger over the management API. */
#include "api/desk.h"

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
                FIXTURE_TEST(status_tells_a_caller_what_he_may_know, ON_BOTH),
                FIXTURE_TEST(a_token_near_its_end_is_warned_of, ON_SQLITE),
                FIXTURE_TEST(the_ledger_is_read_in_pages_and_by_class, ON_BOTH),
                FIXTURE_TEST(a_rare_class_is_found_behind_a_short_page, ON_SQLITE),
                FIXTURE_TEST(a_whole_ledger_is_proved_and_a_broken_one_named, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
