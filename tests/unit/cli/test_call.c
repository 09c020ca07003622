/* SPDX-License-Identifier: Apache-2.0
 *
 * Commands against a stub that plays the management API: what is sent, what is shown, what a refusal becomes. */
#include "run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/error.h"
#include "net/https_fetch.h"

#define ID "0192f0c1-1111-7222-8333-0123456789ab"

static struct fake_server server;

static void serve(struct run *run, const char *words, const char *first, const char *second)
{
        const char *const answers[] = { first, second, NULL };
        run_served(run, &server, answers, words);
        assert_null(strstr(run->out, RUN_TOKEN));
        assert_null(strstr(run->err, RUN_TOKEN));
}

static void assert_sent(size_t number, const char *first_line, const char *body)
{
        assert_true(server.count > number);
        assert_memory_equal(server.requests[number], first_line, strlen(first_line));
        assert_string_equal(fake_body(&server, number), body);
        assert_non_null(strstr(server.requests[number], "\r\nAuthorization: Bearer " RUN_TOKEN "\r\n"));
}

/* What each command sends, as data. */
static const struct {
        const char *words;
        const char *request;
        const char *body;
} sent[] = {
        { "muster user show bob@example.com --org acme", "GET /api/v1/users/bob%40example.com?organization=acme HTTP", "" },
        { "muster user show ../projects/x?a=b", "GET /api/v1/users/..%2Fprojects%2Fx%3Fa%3Db HTTP", "" },
        { "muster user create bob --given-name Bob --family-name 'von B' --email bob@example.com --display-name BB --external-id 7",
                "POST /api/v1/users HTTP",
                "{\"userName\":\"bob\",\"displayName\":\"BB\",\"name\":{\"givenName\":\"Bob\",\"familyName\":\"von B\"},"
                "\"emails\":[{\"value\":\"bob@example.com\",\"primary\":true}],\"externalId\":\"7\"}" },
        { "muster user create bob", "POST /api/v1/users HTTP", "{\"userName\":\"bob\"}" },
        { "muster user activate bob", "PATCH /api/v1/users/bob HTTP", "{\"active\":true}" },
        { "muster user deactivate bob", "PATCH /api/v1/users/bob HTTP", "{\"active\":false}" },
        { "muster user delete bob", "DELETE /api/v1/users/bob HTTP", "" },
        { "muster group create Staff", "POST /api/v1/groups HTTP", "{\"displayName\":\"Staff\"}" },
        { "muster group add-member staff bob eve", "POST /api/v1/groups/staff/members HTTP", "{\"members\":[\"bob\",\"eve\"]}" },
        { "muster group remove-member staff bob", "DELETE /api/v1/groups/staff/members/bob HTTP", "" },
        { "muster identity rotate ci --ttl 12h", "POST /api/v1/identities/ci/rotate HTTP", "{\"ttl_s\":43200}" },
        { "muster identity rotate ci", "POST /api/v1/identities/ci/rotate HTTP", "{}" },
        { "muster identity disable ci", "PATCH /api/v1/identities/ci HTTP", "{\"active\":false}" },
        { "muster connection enable okta", "PATCH /api/v1/connections/okta HTTP", "{\"active\":true}" },
        { "muster project create pay --org acme", "POST /api/v1/projects HTTP",
                "{\"slug\":\"pay\",\"name\":\"pay\",\"organization\":\"acme\"}" },
        { "muster project create pay --name Payments", "POST /api/v1/projects HTTP", "{\"slug\":\"pay\",\"name\":\"Payments\"}" },
        { "muster project gain-access pay", "POST /api/v1/projects/pay/gain-access HTTP", "{}" },
        { "muster user restore " ID, "POST /api/v1/users/" ID "/restore HTTP", "{}" },
        { "muster grant create bob --role admin --project pay --until 2030-01-02T03:04:05Z --reason why", "POST /api/v1/grants HTTP",
                "{\"principal\":\"bob\",\"scope\":\"pay\",\"role\":\"admin\",\"until\":\"2030-01-02T03:04:05Z\",\"reason\":\"why\"}" },
        { "muster grant create bob --privilege groups:read --org acme", "POST /api/v1/grants HTTP",
                "{\"principal\":\"bob\",\"scope\":\"acme\",\"privilege\":\"groups:read\"}" },
        { "muster organization show acme", "GET /api/v1/organizations/acme HTTP", "" },
        { "muster check bob read groups g1 --project pay", "POST /access/v1/evaluation HTTP",
                "{\"subject\":{\"type\":\"user\",\"id\":\"bob\"},\"action\":{\"name\":\"read\"},\"resource\":{\"type\":\"groups\","
                "\"id\":\"g1\"},\"context\":{\"project\":\"pay\"}}" },
        { "muster check ci read groups g1 --identity", "POST /access/v1/evaluation HTTP",
                "{\"subject\":{\"type\":\"identity\",\"id\":\"ci\"},\"action\":{\"name\":\"read\"},\"resource\":{\"type\":\"groups\","
                "\"id\":\"g1\"},\"context\":{}}" },
        { "muster check bob read groups --project " ID, "POST /access/v1/evaluation HTTP",
                "{\"subject\":{\"type\":\"user\",\"id\":\"bob\"},\"action\":{\"name\":\"read\"},\"resource\":{\"type\":\"groups\","
                "\"id\":\"" ID "\"},\"context\":{\"project\":\"" ID "\"}}" },
};

static void test_every_command_sends_what_the_table_says(void **state)
{
        for (size_t i = 0; i < sizeof(sent) / sizeof(sent[0]); i++) {
                struct run run = { 0 };
                serve(&run, sent[i].words, FAKE_JSON("200", "{\"decision\":true}"), NULL);
                assert_sent(0, sent[i].request, sent[i].body);
                assert_int_equal(run.exit_code, EXIT_OK);
                run_done(&run);
        }
}

static void test_a_body_is_json_and_done_is_said(void **state)
{
        struct run run = { 0 };
        serve(&run, "muster user activate bob", FAKE_JSON("200", "{}"), NULL);
        assert_non_null(strstr(server.requests[0], "\r\nContent-Type: application/json\r\n"));
        assert_string_equal(run.out, "activated bob\n");
        run_done(&run);
}

static void test_an_end_in_days_is_sent_as_an_instant(void **state)
{
        struct run run = { 0 };
        char expected[CLOCK_TEXT_SIZE];
        clock_format(clock_now_us() + 30 * US_PER_DAY, expected);
        serve(&run, "muster grant create bob --role r --org a --until 30d", FAKE_JSON("201", "{}"), NULL);
        assert_non_null(strstr(server.requests[0], "\"until\":\""));
        assert_memory_equal(strstr(server.requests[0], "\"until\":\"") + 9, expected, 15);
        run_done(&run);
}

static void test_tokens_are_shown_once_in_the_agreed_shape(void **state)
{
        struct run run = { 0 };
        serve(&run, "muster identity create ci --org acme --role admin --ttl 30d --json",
                FAKE_JSON("201", "{\"kind\":\"identity\",\"id\":\"" ID "\",\"name\":\"ci\",\"token\":\"t1\",\"token_expires_at\":\"x\"}"),
                NULL);
        assert_sent(0, "POST /api/v1/identities HTTP", "{\"name\":\"ci\",\"organization\":\"acme\",\"role\":\"admin\",\"ttl_s\":2592000}");
        assert_string_equal(run.out, "{\"id\":\"" ID "\",\"token\":\"t1\"}\n");
        run_done(&run);
        serve(&run, "muster connection create scim --org acme --name Okta --profile strict --preset okta --json",
                FAKE_JSON("201", "{\"id\":\"" ID "\",\"name\":\"Okta\",\"base_url\":\"https://a/scim/v2\",\"token\":\"t2\"}"), NULL);
        assert_sent(0, "POST /api/v1/connections HTTP",
                "{\"name\":\"Okta\",\"kind\":\"scim\",\"organization\":\"acme\",\"profile\":\"strict\",\"preset\":\"okta\"}");
        assert_string_equal(run.out, "{\"id\":\"" ID "\",\"base_url\":\"https://a/scim/v2\",\"token\":\"t2\"}\n");
        run_done(&run);
        serve(&run, "muster connection create scim --org acme --name Okta", FAKE_JSON("201", "{\"id\":\"1\"}"), NULL);
        assert_int_equal(run.exit_code, EXIT_FAILED);
        run_done(&run);
}

static void test_a_list_is_all_pages_in_the_shape_of_one(void **state)
{
        struct run run = { 0 };
        const char *one = FAKE_JSON("200", "{\"items\":[{\"id\":\"1\",\"userName\":\"a\"}],\"next_cursor\":\"x y\",\"total\":2}");
        const char *two = FAKE_JSON("200", "{\"items\":[{\"id\":\"2\",\"userName\":\"b\"}],\"next_cursor\":\"\",\"total\":2}");
        serve(&run, "muster user list --json --org acme --name b", one, two);
        assert_sent(0, "GET /api/v1/users?organization=acme&name=b&limit=1000 HTTP", "");
        assert_sent(1, "GET /api/v1/users?organization=acme&name=b&limit=1000&cursor=x%20y HTTP", "");
        assert_string_equal(run.out, "{\"items\":[\n{\"id\":\"1\",\"userName\":\"a\"},\n{\"id\":\"2\",\"userName\":\"b\"}\n],\"next_"
                                     "cursor\":\"\",\"total\":2}\n");
        run_done(&run);
        serve(&run, "muster user list --limit 1 --json", one, NULL);
        assert_string_equal(run.out, "{\"items\":[{\"id\":\"1\",\"userName\":\"a\"}],\"next_cursor\":\"x y\",\"total\":2}\n");
        run_done(&run);
        serve(&run, "muster user list --limit 1", one, NULL);
        assert_non_null(strstr(run.err, "more: --cursor x y\n"));
        run_done(&run);
        serve(&run, "muster user list --json", FAKE_JSON("200", "{\"items\":[],\"next_cursor\":\"\",\"total\":0}"), NULL);
        assert_string_equal(run.out, "{\"items\":[],\"next_cursor\":\"\",\"total\":0}\n");
        run_done(&run);
}

static void test_a_list_that_breaks_off_is_an_error_and_no_json(void **state)
{
        struct run run = { 0 };
        serve(&run, "muster user list --json", FAKE_JSON("200", "{\"items\":[{\"id\":\"1\"}],\"next_cursor\":\"2\"}"),
                FAKE_PROBLEM("503", "unavailable", "Not now."));
        assert_int_equal(run.exit_code, EXIT_UNAVAILABLE);
        assert_null(strstr(run.out, "]"));
        run_done(&run);
        const char *page = FAKE_JSON("200", "{\"items\":[{\"id\":\"1\"}],\"next_cursor\":\"2\"}");
        serve(&run, "muster user list", page, page);
        assert_int_equal(run.exit_code, EXIT_FAILED);
        run_done(&run);
}

static void test_tables_are_aligned_and_neutral(void **state)
{
        struct run run = { 0 };
        serve(&run, "muster user list",
                FAKE_JSON("200",
                        "{\"items\":[{\"id\":\"1\",\"userName\":\"\\u001b[31mred\\n\",\"displayName\":\"\xe6\x97\xa5\xe6\x9c\xac\","
                        "\"active\":true,\"source\":\"local\"},{\"id\":\"22\",\"userName\":\"b\\u202e\",\"active\":false,"
                        "\"displayName\":\"Bo\",\"source\":null}],\"next_cursor\":\"\"}"),
                NULL);
        assert_string_equal(run.out, "ID  USER NAME            NAME  ACTIVE  SOURCE\n"
                                     "1   \\u001b[31mred\\u000a  \xe6\x97\xa5\xe6\x9c\xac  yes     local\n"
                                     "22  b\\u202e              Bo    no      -\n");
        run_done(&run);
}

static void test_json_keeps_the_document_and_escapes_raw_controls(void **state)
{
        struct run run = { 0 };
        serve(&run, "muster user show x --json",
                FAKE_JSON("200", "{\"a\": \"\xc2\x9b"
                                 "1m\xe2\x80\xae\x7f\xc3\xa9\", \"n\": 1.50}\n"),
                NULL);
        assert_string_equal(run.out, "{\"a\": \"\\u009b1m\\u202e\\u007f\xc3\xa9\", \"n\": 1.50}\n");
        run_done(&run);
}

static void test_show_lists_every_member(void **state)
{
        struct run run = { 0 };
        serve(&run, "muster user show bob",
                FAKE_JSON("200",
                        "{\"id\":\"1\",\"name\":{\"givenName\":\"B\"},\"emails\":[{\"value\":\"b@x\"}],\"tags\":[\"a\",\"b\"],\"n\":3}"),
                NULL);
        assert_string_equal(
                run.out, "id               1\nname.givenName   B\nemails[0].value  b@x\ntags             a, b\nn                3\n");
        run_done(&run);
}

static void test_nothing_is_printed_where_the_server_says_nothing(void **state)
{
        struct run run = { 0 };
        const char *answer = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
        serve(&run, "muster user delete bob --json", answer, NULL);
        assert_string_equal(run.out, "");
        run_done(&run);
        serve(&run, "muster group remove-member staff bob", answer, NULL);
        assert_string_equal(run.out, "removed bob\n");
        run_done(&run);
}

static const struct {
        const char *answer;
        const char *words;
        int exit_code;
        const char *text;
} refusals[] = {
        { FAKE_PROBLEM("404", "not-found", "project \\\"pay\\\" not found."), "muster project show pay", EXIT_NOT_FOUND,
                "muster: project \"pay\" not found (request 0192f0c1-aaaa-7bbb-8ccc-0123456789ab)\n  next: muster project list\n" },
        { FAKE_PROBLEM("401", "unauthenticated", "no"), "muster status", EXIT_REFUSED, "identity rotate" },
        { FAKE_PROBLEM("403", "forbidden", "no"), "muster user list", EXIT_REFUSED, "next: muster status" },
        { FAKE_PROBLEM("409", "already-taken", "no"), "muster user create bob", EXIT_CONFLICT, "next: muster user list" },
        { FAKE_PROBLEM("409", "last-admin", "no"), "muster user delete bob", EXIT_CONFLICT, "another administrator" },
        { FAKE_PROBLEM("412", "stale-version", "no"), "muster user activate bob", EXIT_CONFLICT, "meanwhile" },
        { FAKE_PROBLEM("400", "invalid-value", "no"), "muster user create bob", EXIT_INVALID, "next: muster help user create" },
        { FAKE_PROBLEM("429", "too-many-requests", "no"), "muster status", EXIT_UNAVAILABLE, "wait" },
        { FAKE_PROBLEM("500", "internal", "no"), "muster status", EXIT_FAILED, "log of musterd" },
        { FAKE_PROBLEM("503", "unavailable", "no"), "muster status", EXIT_UNAVAILABLE, "musterd runs" },
        { FAKE_PROBLEM("500", "ledger-tampered", "no"), "muster audit verify", EXIT_TAMPERED, "keep the database" },
        { FAKE_ANSWER("404", "text/html", "<html>"), "muster status", EXIT_NOT_FOUND, "is it a Muster server?" },
        { FAKE_ANSWER("200", "text/html", "<html>"), "muster status", EXIT_FAILED, "not JSON" },
        { FAKE_ANSWER("302", "text/html", ""), "muster status", EXIT_FAILED, "answered 302" },
        { FAKE_PROBLEM("400", "invalid-value", "evil \\u001b]0;x\\u0007"), "muster status", EXIT_INVALID, "evil " },
        { FAKE_JSON("200", "{}"), "muster user list", EXIT_FAILED, "items" },
        { FAKE_JSON("200", "{\"decision\":\"true\"}"), "muster check a b c d", EXIT_FAILED, "no decision" },
};

static void test_refusals_name_what_next_and_the_request(void **state)
{
        for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
                struct run run = { 0 };
                serve(&run, refusals[i].words, refusals[i].answer, NULL);
                assert_int_equal(run.exit_code, refusals[i].exit_code);
                assert_non_null(strstr(run.err, refusals[i].text));
                assert_non_null(strstr(run.err, "\n  next: "));
                assert_null(strchr(run.err, '\x1b'));
                assert_string_equal(run.out, "");
                run_done(&run);
        }
}

static void test_a_server_that_is_not_there(void **state)
{
        struct run run = { 0 };
        run_words(&run, "muster status --url http://127.0.0.1:1");
        assert_int_equal(run.exit_code, EXIT_UNAVAILABLE);
        assert_non_null(strstr(run.err, "cannot reach http://127.0.0.1:1"));
        run_done(&run);
        run_words(&run, "muster status --url http://192.0.2.7");
        assert_int_equal(run.exit_code, EXIT_REFUSED);
        assert_non_null(strstr(run.err, "https"));
        run_done(&run);
}

static void test_a_decision_is_an_answer(void **state)
{
        struct run run = { 0 };
        const char *denied = FAKE_JSON("200", "{\"decision\":false,\"context\":{\"revision\":\"h.1.5\"}}");
        serve(&run, "muster check bob read groups g", denied, NULL);
        assert_int_equal(run.exit_code, EXIT_OK);
        assert_string_equal(run.out, "denied\n");
        run_done(&run);
        serve(&run, "muster check bob read groups g --exit-code --json", denied, NULL);
        assert_int_equal(run.exit_code, EXIT_REFUSED);
        assert_string_equal(run.out, "{\"decision\":false,\"context\":{\"revision\":\"h.1.5\"}}\n");
        run_done(&run);
        serve(&run, "muster check bob read groups --project pay --exit-code", FAKE_JSON("200", "{\"id\":\"" ID "\"}"),
                FAKE_JSON("200", "{\"decision\":true}"));
        assert_sent(0, "GET /api/v1/projects/pay HTTP", "");
        assert_non_null(strstr(fake_body(&server, 1), "\"resource\":{\"type\":\"groups\",\"id\":\"" ID "\"}"));
        assert_string_equal(run.out, "allowed\n");
        assert_int_equal(run.exit_code, EXIT_OK);
        run_done(&run);
        serve(&run, "muster check bob read groups", FAKE_JSON("200", "{\"organization\":{\"id\":\"" ID "\"}}"),
                FAKE_JSON("200", "{\"decision\":true}"));
        assert_sent(0, "GET /api/v1/status HTTP", "");
        run_done(&run);
}

static void test_status_is_readable(void **state)
{
        struct run run = { 0 };
        serve(&run, "muster status",
                FAKE_JSON("200", "{\"version\":\"0.1.0\",\"organization\":{\"id\":\"" ID "\",\"slug\":\"acme\",\"name\":\"Acme\"},"
                                 "\"caller\":{\"kind\":\"identity\",\"id\":\"x\",\"name\":\"bootstrap\",\"role\":\"admin\"},"
                                 "\"revision\":\"h.1.5\",\"counts\":{\"users\":3},\"warnings\":[\"bootstrap is in use\"]}"),
                NULL);
        assert_string_equal(run.out,
                "organisation    acme\n  name          Acme\n  id            " ID "\n"
                "you             bootstrap\n  kind          identity\n  role          admin\n"
                "server          0.1.0\nrevision        h.1.5\nusers           3\nWARNING         bootstrap is in use\n");
        run_done(&run);
}

static void test_the_token_file_must_be_private(void **state)
{
        struct run run = { 0 };
        char path[] = "/tmp/muster-token-XXXXXX";
        char words[128];
        int fd = mkstemp(path);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, "mus_id_from-file\n", 17), 17);
        (void)snprintf(words, sizeof(words), "muster organization show a --token-file %s", path);
        serve(&run, words, FAKE_JSON("200", "{}"), NULL);
        assert_int_equal(run.exit_code, EXIT_OK);
        assert_non_null(strstr(server.requests[0], "\r\nAuthorization: Bearer mus_id_from-file\r\n"));
        run_done(&run);
        assert_int_equal(fchmod(fd, 0644), 0);
        run_url = "http://127.0.0.1:1";
        run_words(&run, words);
        run_url = NULL;
        assert_true(run.exit_code != EXIT_OK && run.exit_code != EXIT_UNAVAILABLE);
        assert_null(strstr(run.err, "from-file"));
        run_done(&run);
        (void)close(fd);
        (void)unlink(path);
}

static int set_up(void **state)
{
        return fetch_library_init();
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_command_sends_what_the_table_says),
                cmocka_unit_test(test_a_body_is_json_and_done_is_said),
                cmocka_unit_test(test_an_end_in_days_is_sent_as_an_instant),
                cmocka_unit_test(test_tokens_are_shown_once_in_the_agreed_shape),
                cmocka_unit_test(test_a_list_is_all_pages_in_the_shape_of_one),
                cmocka_unit_test(test_a_list_that_breaks_off_is_an_error_and_no_json),
                cmocka_unit_test(test_tables_are_aligned_and_neutral),
                cmocka_unit_test(test_json_keeps_the_document_and_escapes_raw_controls),
                cmocka_unit_test(test_show_lists_every_member),
                cmocka_unit_test(test_nothing_is_printed_where_the_server_says_nothing),
                cmocka_unit_test(test_refusals_name_what_next_and_the_request),
                cmocka_unit_test(test_a_server_that_is_not_there),
                cmocka_unit_test(test_a_decision_is_an_answer),
                cmocka_unit_test(test_status_is_readable),
                cmocka_unit_test(test_the_token_file_must_be_private),
        };
        return cmocka_run_group_tests(tests, set_up, NULL);
}
