/* SPDX-License-Identifier: Apache-2.0
 *
 * The ledger as its readers get it: pages by number and class, an entry's members, and the proof that it is whole. */
#include "api/desk.h"

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

static void an_entry_has_eight_members_and_no_line_end(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        const char *group = desk_make(desk, "groups", "{\"displayName\":\"a\\\"b\"}");
        assert_status(desk, 200, METHOD_GET, "/api/v1/audit?after=1&limit=1", NULL);
        assert_int_equal(json_integer_value(desk_value(desk, "items.0.seq")), 2);
        assert_non_null(desk_text(desk, "items.0.at"));
        assert_string_equal(desk_text(desk, "items.0.class"), "change");
        assert_string_equal(desk_text(desk, "items.0.event"), "created");
        assert_string_equal(desk_text(desk, "items.0.actor.kind"), "identity");
        assert_string_equal(desk_text(desk, "items.0.object.kind"), "group");
        assert_string_equal(desk_text(desk, "items.0.object.id"), group);
        assert_string_equal(desk_text(desk, "items.0.body.document.displayName"), "a\"b");
        assert_int_equal(strlen(desk_text(desk, "items.0.hash")), 64);
        assert_int_equal(json_object_size(desk_value(desk, "items.0")), 8);
        assert_int_equal(json_object_size(desk_value(desk, "")), 2);
        assert_null(strchr(desk_body(desk), '\n'));
        desk_close(desk);
}

static void a_page_of_entries_has_bounds(struct fixture *fixture)
{
        static const struct {
                const char *query, *field;
        } wrong[] = { { "limit=0", "limit" }, { "limit=1001", "limit" }, { "after=-1", "after" }, { "after=9223372036854775808", "after" },
                { "class=Change", "class" }, { "class=changes", "class" } };
        struct desk *desk = desk_open(fixture);
        for (int i = 0; i < 101; i++)
                (void)desk_make(desk, "groups", "{\"displayName\":\"g%d\"}", i);
        for (size_t i = 0; i < COUNT_OF(wrong); i++) {
                assert_status(desk, 400, METHOD_GET, arena_printf(desk->arena, "/api/v1/audit?%s", wrong[i].query), NULL);
                assert_string_equal(desk_text(desk, "field"), wrong[i].field);
        }
        assert_status(desk, 200, METHOD_GET, "/api/v1/audit", NULL); /* a hundred unless it says otherwise */
        assert_int_equal(json_array_size(desk_value(desk, "items")), 100);
        assert_int_equal(json_integer_value(desk_value(desk, "next_after")), 100);
        assert_status(desk, 200, METHOD_GET, "/api/v1/audit?limit=1000", NULL);
        assert_int_equal(json_array_size(desk_value(desk, "items")), 102);
        assert_status(desk, 200, METHOD_GET, "/api/v1/audit?after=9223372036854775807", NULL);
        assert_string_equal(desk_body(desk), "{\"items\":[],\"next_after\":9223372036854775807}");
        desk_close(desk);
}

/* Time may end before an entry of the class is found: an empty page would mean that there is none. */
static void a_search_without_time_is_no_empty_page(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        for (int i = 0; i < 3; i++)
                (void)desk_make(desk, "groups", "{\"displayName\":\"g%d\"}", i);
        assert_status(desk, 200, METHOD_GET, "/api/v1/audit?limit=1&class=alert", NULL);
        assert_string_equal(desk_body(desk), "{\"items\":[],\"next_after\":4}");
        desk->timeout_us = 0;
        assert_status(desk, 503, METHOD_GET, "/api/v1/audit?limit=1&class=alert", NULL);
        assert_string_equal(desk_text(desk, "detail"), "the answer took too long; go on after 1");
        desk_close(desk);
}

static void a_proof_takes_these_terms_and_no_others(struct fixture *fixture)
{
        static const struct {
                const char *body, *field;
        } wrong[] = { { "{\"checkpiont\":\"x\"}", "checkpiont" }, { "{\"checkpoint\":7}", "checkpoint" },
                { "{\"from_checkpoint\":\"1\"}", "from_checkpoint" }, { "[]", "" } };
        struct desk *desk = desk_open(fixture);
        for (size_t i = 0; i < COUNT_OF(wrong); i++) {
                assert_status(desk, 400, METHOD_POST, "/api/v1/audit/verify", wrong[i].body);
                if (*wrong[i].field)
                        assert_string_equal(desk_text(desk, "field"), wrong[i].field);
        }
        assert_status(desk, 405, METHOD_GET, "/api/v1/audit/verify", NULL);
        desk->token = desk_identity(desk, "reader", "auditor");
        assert_status(desk, 200, METHOD_POST, "/api/v1/audit/verify", NULL);
        assert_string_equal(desk_body(desk), "{\"whole\":true,\"entries\":2,\"blanked\":0,\"first_seq\":1,\"last_seq\":2,\"checkpoints\":0,"
                                             "\"unsigned_tail\":2,\"bad_seq\":0,\"reason\":\"\"}");
        desk_close(desk);
}

int main(void)
{
        const struct fixture_test tests[] = {
                FIXTURE_TEST(the_ledger_is_read_in_pages_and_by_class, ON_BOTH),
                FIXTURE_TEST(a_rare_class_is_found_behind_a_short_page, ON_SQLITE),
                FIXTURE_TEST(a_whole_ledger_is_proved_and_a_broken_one_named, ON_SQLITE),
                FIXTURE_TEST(an_entry_has_eight_members_and_no_line_end, ON_BOTH),
                FIXTURE_TEST(a_page_of_entries_has_bounds, ON_SQLITE),
                FIXTURE_TEST(a_search_without_time_is_no_empty_page, ON_SQLITE),
                FIXTURE_TEST(a_proof_takes_these_terms_and_no_others, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
