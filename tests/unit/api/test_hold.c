/* SPDX-License-Identifier: Apache-2.0
 *
 * R16: writes of a connection that wait, as an administrator sees and releases them. */
#include "api/desk.h"
#include "base/clock.h"
#include "directory/threshold.h"

#define FAR_US INT64_C(4102444800000000) /* 2100 */

struct hold {
        int64_t connection_no, no, group_no, until_us;
};

static enum err put_hold(struct session *session, void *context, struct fault *fault)
{
        const struct hold *hold = context;
        return session_run(session, ST_HOLD_PUT, NULL, fault, V_I64(1), V_I64(hold->connection_no), V_I64(hold->no), V_I64(hold->group_no),
                V_I64(8), V_I64(21), V_I64(hold->no * US_PER_S), V_I64(hold->until_us));
}

static void put(struct desk *desk, int64_t connection_no, int64_t no, int64_t group_no, int64_t until_us)
{
        struct hold hold = { connection_no, no, group_no, until_us };
        assert_ok(fixture_submit(desk->fixture, put_hold, &hold));
}

static int64_t connect(struct desk *desk, const char *name)
{
        return desk_number(desk, desk_make(desk, "connections", "{\"name\":\"%s\",\"kind\":\"scim\"}", name));
}

static void test_R16_a_hold_is_told_with_its_group_or_null_where_that_is_gone(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        int64_t okta = connect(desk, "okta"), other = connect(desk, "other");
        const char *group = desk_make(desk, "groups", "{\"displayName\":\"Ops \\\"1\\\"\"}");
        assert_status(desk, 200, METHOD_GET, "/api/v1/connections/okta/holds", NULL);
        assert_string_equal(desk_body(desk), "{\"items\":[],\"next_cursor\":\"\"}");
        put(desk, okta, 5001, desk_number(desk, group), FAR_US);
        put(desk, okta, 5002, 9999, FAR_US);
        put(desk, okta, 5003, desk_number(desk, group), 1); /* its day is over */
        put(desk, other, 5004, desk_number(desk, group), FAR_US);
        assert_status(desk, 200, METHOD_GET, "/api/v1/connections/okta/holds", NULL);
        assert_string_equal(desk_body(desk),
                arena_printf(desk->arena,
                        "{\"items\":[{\"id\":\"5001\",\"group\":\"%s\",\"group_name\":\"Ops \\\"1\\\"\",\"removes\":8,\"of\":21,"
                        "\"at\":\"1970-01-01T01:23:21.000Z\",\"until\":\"2100-01-01T00:00:00.000Z\",\"released_at\":null},"
                        "{\"id\":\"5002\",\"group\":null,\"group_name\":null,\"removes\":8,\"of\":21,"
                        "\"at\":\"1970-01-01T01:23:22.000Z\",\"until\":\"2100-01-01T00:00:00.000Z\",\"released_at\":null}],"
                        "\"next_cursor\":\"\"}",
                        group));
        assert_status(desk, 404, METHOD_GET, "/api/v1/connections/nobody/holds", NULL);
        assert_status(desk, 404, METHOD_GET, "/api/v1/connections/okta/holds?organization=nobody", NULL);
        assert_status(desk, 200, METHOD_GET, "/api/v1/connections/other/holds?organization=acme", NULL);
        assert_string_equal(desk_text(desk, "items.0.id"), "5004");
        desk->token = desk_identity(desk, "nobody", NULL);
        assert_status(desk, 403, METHOD_GET, "/api/v1/connections/okta/holds", NULL);
        desk_close(desk);
}

/* From the release on, the hold has a day of its own, and is not released twice. */
static void test_R16_a_release_is_once_and_has_its_time(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        int64_t okta = connect(desk, "okta"), at_us = 0, until_us = 0, before_us = clock_stored_us();
        (void)connect(desk, "other");
        put(desk, okta, 5001, desk_number(desk, desk_make(desk, "groups", "{\"displayName\":\"Ops\"}")), FAR_US);
        const char *admin = desk->token;
        desk->token = desk_identity(desk, "reader", "auditor");
        assert_status(desk, 403, METHOD_POST, "/api/v1/connections/okta/holds/5001/release", NULL);
        desk->token = admin;
        assert_status(desk, 200, METHOD_POST, "/api/v1/connections/okta/holds/5001/release?dry_run=true", NULL);
        assert_int_equal(json_integer_value(desk_value(desk, "status")), 204);
        assert_true(json_is_null(desk_value(desk, "answer")));
        assert_status(desk, 200, METHOD_GET, "/api/v1/connections/okta/holds", NULL);
        assert_true(json_is_null(desk_value(desk, "items.0.released_at")));
        assert_status(desk, 204, METHOD_POST, "/api/v1/connections/okta/holds/5001/release", "{}");
        assert_string_equal(desk_body(desk), "");
        assert_non_null(desk_header(desk, "Muster-Revision"));
        assert_status(desk, 200, METHOD_GET, "/api/v1/connections/okta/holds", NULL);
        assert_true(clock_parse(desk_text(desk, "items.0.released_at"), &at_us));
        assert_true(clock_parse(desk_text(desk, "items.0.until"), &until_us));
        assert_in_range(at_us - before_us + US_PER_S, 0, 60 * US_PER_S);
        assert_int_equal(until_us - at_us, US_PER_DAY);
        assert_string_equal(desk_text(desk, "items.0.at"), "1970-01-01T01:23:21.000Z");
        assert_status(desk, 404, METHOD_POST, "/api/v1/connections/okta/holds/5001/release", NULL);
        assert_int_equal(raw_number(fixture, "SELECT COUNT(*) FROM ledger WHERE root_no = 1 AND event = 'hold-released'"), 1);
        desk_close(desk);
}

static void test_R16_what_does_not_wait_there_is_not_released(struct fixture *fixture)
{
        static const char *const wrong[] = { "5002", "0", "-1", "x", "5001x", "+5001", "05001x", "9223372036854775808" };
        struct desk *desk = desk_open(fixture);
        int64_t okta = connect(desk, "okta");
        (void)connect(desk, "other");
        put(desk, okta, 5001, 9999, FAR_US);
        put(desk, okta, 5003, 9999, 1);
        for (size_t i = 0; i < COUNT_OF(wrong); i++)
                assert_status(
                        desk, 404, METHOD_POST, arena_printf(desk->arena, "/api/v1/connections/okta/holds/%s/release", wrong[i]), NULL);
        assert_status(desk, 404, METHOD_POST, "/api/v1/connections/okta/holds/5003/release", NULL);
        assert_status(desk, 404, METHOD_POST, "/api/v1/connections/other/holds/5001/release", NULL);
        assert_status(desk, 404, METHOD_POST, "/api/v1/connections/nobody/holds/5001/release", NULL);
        assert_status(desk, 400, METHOD_POST, "/api/v1/connections/okta/holds/5001/release", "{\"removes\":99}");
        assert_string_equal(desk_text(desk, "field"), "removes");
        assert_int_equal(raw_number(fixture, "SELECT COUNT(*) FROM hold WHERE released_us > 0"), 0);
        desk_close(desk);
}

int main(void)
{
        const struct fixture_test tests[] = {
                FIXTURE_TEST(test_R16_a_hold_is_told_with_its_group_or_null_where_that_is_gone, ON_BOTH),
                FIXTURE_TEST(test_R16_a_release_is_once_and_has_its_time, ON_BOTH),
                FIXTURE_TEST(test_R16_what_does_not_wait_there_is_not_released, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
