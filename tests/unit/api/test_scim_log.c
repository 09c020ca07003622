/* SPDX-License-Identifier: Apache-2.0
 *
 * The request log of SCIM (R19) as its readers get it: every member of a row, where a page begins and ends, whose bodies are shown to whom,
 * and captures. */
#include "api/desk.h"
#include "base/clock.h"
#include "directory/scim_log.h"

struct logged {
        int64_t no, connection_no;
        int method, status;
        const char *path, *request_id, *resource_id, *scim_type, *field, *fields, *leniencies, *note;
        bool partly_refused;
};

static enum err put_row(struct session *session, void *context, struct fault *fault)
{
        const struct logged *row = context;
        return session_run(session, ST_SCIM_LOG_INSERT, NULL, fault, V_I64(1), V_I64(row->no), V_I64(row->connection_no), V_I64(77),
                V_I64(row->method), V_I64(row->status), V_I64(1234), V_TEXT(row->path), V_TEXT(row->request_id), V_TEXT(row->resource_id),
                V_TEXT(row->scim_type), V_TEXT(row->field), V_TEXT(row->fields), V_TEXT(row->leniencies), V_I64(0), V_BYTES("", 0),
                V_TEXT(row->note), V_I64(row->partly_refused));
}

/* A row that says nothing beyond its number and status. */
static void put(struct desk *desk, int64_t connection_no, int64_t no, int status, bool partly_refused)
{
        struct logged row = { no, connection_no, METHOD_POST, status, "", "", "", "", "", "", "", "", partly_refused };
        assert_ok(fixture_submit(desk->fixture, put_row, &row));
}

static const char *connect(struct desk *desk, const char *name)
{
        return desk_make(desk, "connections", "{\"name\":\"%s\",\"kind\":\"scim\"}", name);
}

/* Says which rows are there, by their ids. */
static void check_page(struct desk *desk, const char *query, const char *rows, const char *next, int line)
{
        char seen[128] = "", path[32];
        desk_expect(desk, 200, METHOD_GET, arena_printf(desk->arena, "/api/v1/scim-log%s", query), NULL, line);
        for (size_t i = 0; i < json_array_size(desk_value(desk, "items")); i++) {
                (void)snprintf(path, sizeof path, "items.%zu.id", i);
                strcat(strcat(seen, desk_text(desk, path)), " ");
        }
        if (strcmp(seen, rows) != 0 || strcmp(desk_text(desk, "next_after"), next) != 0)
                fail_msg("line %d: %s: rows \"%s\", next \"%s\"", line, query, seen, desk_text(desk, "next_after"));
}
#define assert_page(desk, query, rows, next) check_page((desk), (query), (rows), (next), __LINE__)

static void a_row_says_all_there_is_and_null_where_there_is_nothing(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        const char *okta = connect(desk, "okta");
        struct logged full = { 1000001, desk_number(desk, okta), METHOD_PATCH, 409, "/scim/v2/Users/u1", "req-1", "u1", "uniqueness",
                "userName", "userName,na\"me,active", "case,dates", "userName \"…\" is already taken", false };
        struct logged empty = { 2000002, full.connection_no, METHOD_DELETE + 1, 204, "/scim/v2/Users", "req-2", "", "", "", "", "", "",
                false };
        assert_ok(fixture_submit(fixture, put_row, &full));
        assert_ok(fixture_submit(fixture, put_row, &empty));
        const char *first = arena_printf(desk->arena,
                "{\"id\":\"1000001\",\"at\":\"1970-01-01T00:00:01.000Z\",\"connection\":\"%s\",\"credential\":77,\"request_id\":\"req-1\","
                "\"method\":\"PATCH\",\"path\":\"/scim/v2/Users/u1\",\"status\":409,\"scim_type\":\"uniqueness\",\"field\":\"userName\","
                "\"duration_us\":1234,\"resource\":\"u1\",\"fields\":[\"userName\",\"na\\\"me\",\"active\"],"
                "\"leniencies\":[\"case\",\"dates\"],\"note\":\"userName \\\"…\\\" is already taken\",\"has_body\":false",
                okta);
        const char *second = arena_printf(desk->arena,
                "{\"id\":\"2000002\",\"at\":\"1970-01-01T00:00:02.000Z\",\"connection\":\"%s\",\"credential\":77,\"request_id\":\"req-2\","
                "\"method\":\"\",\"path\":\"/scim/v2/Users\",\"status\":204,\"scim_type\":null,\"field\":null,\"duration_us\":1234,"
                "\"resource\":null,\"fields\":[],\"leniencies\":[],\"note\":null,\"has_body\":false",
                okta);
        assert_status(desk, 200, METHOD_GET, "/api/v1/scim-log", NULL);
        assert_string_equal(desk_body(desk), arena_printf(desk->arena, "{\"items\":[%s},%s}],\"next_after\":\"2000002\"}", first, second));
        assert_status(desk, 200, METHOD_GET, "/api/v1/scim-log/1000001", NULL);
        assert_string_equal(desk_body(desk), arena_printf(desk->arena, "%s,\"body\":null}", first));
        desk_close(desk);
}

static void each_method_has_its_name(struct fixture *fixture)
{
        static const char *const names[] = { "", "GET", "POST", "PUT", "PATCH", "DELETE", "" };
        struct desk *desk = desk_open(fixture);
        int64_t okta = desk_number(desk, connect(desk, "okta"));
        for (int method = 0; method < (int)COUNT_OF(names); method++) {
                struct logged row = { 10 + method, okta, method, 200, "", "", "", "", "", "", "", "", false };
                assert_ok(fixture_submit(fixture, put_row, &row));
                assert_status(desk, 200, METHOD_GET, arena_printf(desk->arena, "/api/v1/scim-log/%d", 10 + method), NULL);
                assert_string_equal(desk_text(desk, "method"), names[method]);
        }
        desk_close(desk);
}

static void a_page_is_the_newest_unless_it_says_after_what(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        int64_t okta = desk_number(desk, connect(desk, "okta")), entra = desk_number(desk, connect(desk, "entra"));
        assert_status(desk, 200, METHOD_GET, "/api/v1/scim-log", NULL);
        assert_string_equal(desk_body(desk), "{\"items\":[],\"next_after\":\"0\"}");
        put(desk, okta, 11, 200, false);
        put(desk, okta, 12, 200, true);
        put(desk, entra, 13, 400, false);
        put(desk, okta, 14, 201, false);
        put(desk, entra, 15, 503, false);
        assert_page(desk, "", "11 12 13 14 15 ", "15");
        assert_page(desk, "?limit=2", "14 15 ", "15");
        assert_page(desk, "?limit=1000", "11 12 13 14 15 ", "15");
        assert_page(desk, "?after=0&limit=2", "11 12 ", "12");
        assert_page(desk, "?after=12&limit=2", "13 14 ", "14");
        assert_page(desk, "?after=14&limit=2", "15 ", "15");
        assert_page(desk, "?after=15", "", "15");
        assert_page(desk, "?connection=okta", "11 12 14 ", "14");
        assert_page(desk, "?connection=entra&limit=1", "15 ", "15");
        assert_page(desk, "?connection=entra&after=13", "15 ", "15");
        assert_page(desk, "?status_min=400", "13 15 ", "15");
        assert_page(desk, "?status_min=401", "15 ", "15");
        assert_page(desk, "?status_min=599", "", "0");
        assert_page(desk, "?refused=true", "12 13 15 ", "15"); /* with what was refused in part only */
        assert_page(desk, "?refused=true&connection=okta", "12 ", "12");
        assert_page(desk, "?refused=false", "11 12 13 14 15 ", "15");
        desk_close(desk);
}

static void what_a_page_cannot_be_is_refused_by_name(struct fixture *fixture)
{
        static const struct {
                const char *query, *field;
        } wrong[] = {
                { "after=-1", "after" },
                { "after=", "after" },
                { "after=9223372036854775808", "after" },
                { "limit=0", "limit" },
                { "limit=1001", "limit" },
                { "limit=ten", "limit" },
                { "status_min=-1", "status_min" },
                { "status_min=600", "status_min" },
                { "refused=maybe", "refused" },
                { "refused=true&status_min=0", "refused" },
        };
        struct desk *desk = desk_open(fixture);
        for (size_t i = 0; i < COUNT_OF(wrong); i++) {
                assert_status(desk, 400, METHOD_GET, arena_printf(desk->arena, "/api/v1/scim-log?%s", wrong[i].query), NULL);
                assert_string_equal(desk_text(desk, "field"), wrong[i].field);
        }
        assert_status(desk, 404, METHOD_GET, "/api/v1/scim-log?connection=nobody", NULL);
        static const char *const rows[] = { "0", "-1", "x", "7x", "9223372036854775808", "7" };
        for (size_t i = 0; i < COUNT_OF(rows); i++)
                assert_status(desk, 404, METHOD_GET, arena_printf(desk->arena, "/api/v1/scim-log/%s", rows[i]), NULL);
        desk_close(desk);
}

/* Law: what was sent holds people's data; whoever may read the log does not yet read that. */
static void a_body_is_shown_to_administrators_alone_and_without_its_password(struct fixture *fixture)
{
        static const char body[] = "{\"userName\":\"ann\",\"password\":\"geheim\"}";
        struct desk *desk = desk_open(fixture);
        const char *id = connect(desk, "okta");
        struct actor okta = { .kind = ACTOR_CONNECTION, .root_no = 1, .org_no = 1, .no = desk_number(desk, id), .credential_no = 9 };
        (void)snprintf(okta.id, sizeof okta.id, "%s", id);
        const struct scim_log_entry entry = {
                .actor = &okta,
                .method = METHOD_POST,
                .status = 201,
                .path = "/scim/v2/Users",
                .request_id = "r",
                .body = body,
                .body_length = strlen(body),
        };
        scim_log_add(desk->directory->scim_log, &entry);
        directory_flush_scim_log(desk->directory);
        const char *auditor = desk_identity(desk, "reader", "auditor"), *nobody = desk_identity(desk, "nobody", NULL);
        assert_status(desk, 200, METHOD_GET, "/api/v1/scim-log", NULL);
        assert_true(json_is_true(desk_value(desk, "items.0.has_body")));
        assert_null(desk_value(desk, "items.0.body")); /* of one row only */
        const char *path = arena_printf(desk->arena, "/api/v1/scim-log/%s", desk_text(desk, "items.0.id"));
        assert_status(desk, 200, METHOD_GET, path, NULL);
        assert_non_null(strstr(desk_body(desk), ",\"has_body\":true,\"body\":{\"userName\":\"ann\"}}"));
        desk->token = auditor;
        assert_status(desk, 200, METHOD_GET, "/api/v1/scim-log", NULL);
        assert_int_equal(json_array_size(desk_value(desk, "items")), 1);
        assert_status(desk, 403, METHOD_GET, path, NULL);
        assert_null(strstr(desk_body(desk), "ann"));
        desk->token = nobody;
        assert_status(desk, 403, METHOD_GET, "/api/v1/scim-log", NULL);
        assert_status(desk, 403, METHOD_GET, path, NULL);
        desk_close(desk);
}

/* How long reads are still logged, as the connection itself tells it; 0: not at all. */
static int64_t captured_until(struct desk *desk)
{
        int64_t until_us = 0;
        assert_status(desk, 200, METHOD_GET, "/api/v1/connections/okta", NULL);
        const char *text = desk_text(desk, "health.capture_until");
        if (text)
                assert_true(clock_parse(text, &until_us));
        return until_us;
}

static void a_capture_has_an_end_and_can_be_ended(struct fixture *fixture)
{
        static const struct {
                const char *body;
                int64_t minutes;
        } captures[] = { { NULL, 15 }, { "{}", 15 }, { "{\"minutes\":1}", 1 }, { "{\"minutes\":15}", 15 } };
        struct desk *desk = desk_open(fixture);
        (void)connect(desk, "okta");
        assert_int_equal(captured_until(desk), 0);
        for (size_t i = 0; i < COUNT_OF(captures); i++) {
                int64_t before = clock_stored_us(), until = 0;
                assert_status(desk, 200, METHOD_POST, "/api/v1/connections/okta/capture", captures[i].body);
                assert_int_equal(json_integer_value(desk_value(desk, "minutes")), captures[i].minutes);
                assert_true(clock_parse(desk_text(desk, "until"), &until));
                assert_string_equal(desk_body(desk),
                        arena_printf(desk->arena, "{\"minutes\":%d,\"until\":\"%s\"}", (int)captures[i].minutes, desk_text(desk, "until")));
                assert_non_null(desk_header(desk, "Muster-Revision"));
                assert_in_range(
                        until - before, captures[i].minutes * 60 * US_PER_S - 1000, captures[i].minutes * 60 * US_PER_S + 5 * US_PER_S);
                assert_in_range(captured_until(desk) - before, captures[i].minutes * 60 * US_PER_S - 1000,
                        captures[i].minutes * 60 * US_PER_S + 5 * US_PER_S);
        }
        assert_status(desk, 204, METHOD_DELETE, "/api/v1/connections/okta/capture", NULL);
        assert_string_equal(desk_body(desk), "");
        assert_int_equal(captured_until(desk), 0);
        static const char *const wrong[] = { "{\"minutes\":0}", "{\"minutes\":-1}", "{\"minutes\":16}", "{\"minutes\":\"5\"}" };
        for (size_t i = 0; i < COUNT_OF(wrong); i++) {
                assert_status(desk, 400, METHOD_POST, "/api/v1/connections/okta/capture", wrong[i]);
                assert_string_equal(desk_text(desk, "field"), "minutes");
        }
        assert_status(desk, 404, METHOD_POST, "/api/v1/connections/nobody/capture", NULL);
        assert_status(desk, 404, METHOD_DELETE, "/api/v1/connections/nobody/capture", NULL);
        desk->token = desk_identity(desk, "reader", "auditor");
        assert_status(desk, 403, METHOD_POST, "/api/v1/connections/okta/capture", NULL);
        assert_int_equal(captured_until(desk), 0);
        desk_close(desk);
}

int main(void)
{
        const struct fixture_test tests[] = {
                FIXTURE_TEST(a_row_says_all_there_is_and_null_where_there_is_nothing, ON_BOTH),
                FIXTURE_TEST(each_method_has_its_name, ON_SQLITE),
                FIXTURE_TEST(a_page_is_the_newest_unless_it_says_after_what, ON_BOTH),
                FIXTURE_TEST(what_a_page_cannot_be_is_refused_by_name, ON_SQLITE),
                FIXTURE_TEST(a_body_is_shown_to_administrators_alone_and_without_its_password, ON_BOTH),
                FIXTURE_TEST(a_capture_has_an_end_and_can_be_ended, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
