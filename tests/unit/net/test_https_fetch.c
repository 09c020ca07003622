/* SPDX-License-Identifier: Apache-2.0
 *
 * https_fetch against a stub on loopback: what is sent, and every limit. */
#include "net/https_fetch.h"

#include "net/fake_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static struct fetcher *fetcher;
static struct fake_server server;

static int set_up(void **state)
{
        if (fetch_library_init())
                return -1;
        fetcher = fetcher_new();
        return fetcher ? 0 : -1;
}

static int tear_down(void **state)
{
        fetcher_free(fetcher);
        fetch_library_done();
        return 0;
}

static enum err run(const char *const *answers, struct fetch_request *request, struct fetch_response *ret, struct fault *fault)
{
        char url[128];
        fake_server_start(&server, answers);
        (void)snprintf(url, sizeof(url), "%s%s", server.url, request->url ? request->url : "/");
        request->url = url;
        if (!request->timeout_ms)
                request->timeout_ms = 5000;
        enum err e = fetch_run(fetcher, request, ret, fault);
        fake_server_stop(&server);
        return e;
}

static void test_request_carries_method_path_token_and_body(void **state)
{
        const char *const answers[] = { FAKE_JSON("201", "{\"a\":1}"), NULL };
        auto_secret token = { 0 };
        struct fault fault = { 0 };
        assert_int_equal(secret_set(&token, "mus_id_x", 8, &fault), ERR_OK);
        const char *const headers[] = { "Accept: application/json", NULL };
        struct fetch_request request = { .method = "PATCH",
                .url = "/a/../b%20c?d=e",
                .bearer = &token,
                .headers = headers,
                .content_type = "application/json",
                .body = "{}",
                .body_bytes = 2,
                .plain = FETCH_PLAIN_LOOPBACK };
        auto_fetch_response response = { 0 };
        assert_int_equal(run(answers, &request, &response, &fault), ERR_OK);
        assert_int_equal(response.status, 201);
        assert_string_equal(response.body.data, "{\"a\":1}");
        assert_non_null(strstr(server.requests[0], "PATCH /a/../b%20c?d=e HTTP/1.1\r\n"));
        assert_non_null(strstr(server.requests[0], "Authorization: Bearer mus_id_x\r\n"));
        assert_non_null(strstr(server.requests[0], "Content-Type: application/json\r\n"));
        assert_non_null(strstr(server.requests[0], "Accept: application/json\r\n"));
        assert_non_null(strstr(server.requests[0], "User-Agent: muster/" MUSTER_VERSION "\r\n"));
        assert_null(strstr(server.requests[0], "Expect:"));
        assert_string_equal(fake_body(&server, 0), "{}");
}

static void test_a_post_without_body_is_no_form(void **state)
{
        const char *const answers[] = { FAKE_JSON("200", "{}"), NULL };
        struct fetch_request request = { .method = "POST", .plain = FETCH_PLAIN_LOOPBACK };
        auto_fetch_response response = { 0 };
        struct fault fault = { 0 };
        assert_int_equal(run(answers, &request, &response, &fault), ERR_OK);
        assert_non_null(strstr(server.requests[0], "\r\nContent-Length: 0\r\n"));
        assert_null(strstr(server.requests[0], "Content-Type"));
}

static void test_headers_of_the_answer_are_found_without_case(void **state)
{
        const char *const answers[] = { "HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\nHTTP/1.1 204 No Content\r\nETag:  W/\"3\" \r\n"
                                        "Connection: close\r\n\r\n",
                NULL };
        struct fetch_request request = { .plain = FETCH_PLAIN_ANYWHERE };
        auto_fetch_response response = { 0 };
        struct fault fault = { 0 };
        char value[16];
        assert_int_equal(run(answers, &request, &response, &fault), ERR_OK);
        assert_true(fetch_header(&response, "etag", value, sizeof(value)));
        assert_string_equal(value, "W/\"3\"");
        assert_false(fetch_header(&response, "eta", value, sizeof(value)));
        assert_false(fetch_header(&response, "etag", value, 3));
        assert_string_equal(value, "");
        assert_false(fetch_header(&response, "x-early", value, sizeof(value)));
}

static void test_redirects_are_not_followed(void **state)
{
        const char *const answers[] = { "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nConnection: close\r\n\r\n", FAKE_JSON("200", "{}"),
                NULL };
        struct fetch_request request = { .plain = FETCH_PLAIN_LOOPBACK };
        auto_fetch_response response = { 0 };
        struct fault fault = { 0 };
        assert_int_equal(run(answers, &request, &response, &fault), ERR_OK);
        assert_int_equal(response.status, 302);
        assert_int_equal(server.count, 1);
}

static void test_an_answer_above_the_limit_is_refused(void **state)
{
        const char *const long_answers[] = { FAKE_JSON("200", "{\"text\":\"0123456789\"}"), NULL };
        const char *const announced[] = { "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\nConnection: close\r\n\r\n", NULL };
        struct fault fault = { 0 };
        struct fetch_response response = { 0 };
        struct fetch_request request = { .plain = FETCH_PLAIN_LOOPBACK, .response_max_bytes = 10 };
        assert_int_equal(run(long_answers, &request, &response, &fault), ERR_TOO_LARGE);
        assert_non_null(strstr(fault.message, "10 bytes"));
        assert_null(response.body.data);
        request = (struct fetch_request){ .plain = FETCH_PLAIN_LOOPBACK };
        assert_int_equal(run(announced, &request, &response, &fault), ERR_TOO_LARGE);
}

static void test_endless_headers_are_refused(void **state)
{
        size_t size = FETCH_HEADERS_MAX_BYTES + 4096;
        char *answer = malloc(size + 1);
        assert_non_null(answer);
        size_t at = (size_t)sprintf(answer, "HTTP/1.1 200 OK\r\n");
        while (at + 64 < size)
                at += (size_t)sprintf(answer + at, "X-Filler: 0123456789012345678901234567890123456789\r\n");
        (void)sprintf(answer + at, "\r\n");
        const char *const answers[] = { answer, NULL };
        struct fetch_request request = { .plain = FETCH_PLAIN_LOOPBACK };
        struct fetch_response response = { 0 };
        struct fault fault = { 0 };
        assert_int_equal(run(answers, &request, &response, &fault), ERR_TOO_LARGE);
        free(answer);
}

static void test_silence_ends_at_the_deadline(void **state)
{
        const char *const answers[] = { "", NULL };
        struct fetch_request request = { .plain = FETCH_PLAIN_LOOPBACK, .timeout_ms = 200 };
        struct fetch_response response = { 0 };
        struct fault fault = { 0 };
        assert_int_equal(run(answers, &request, &response, &fault), ERR_DEADLINE);
}

static void test_what_is_not_reached_is_unavailable(void **state)
{
        struct fetch_response response = { 0 };
        struct fault fault = { 0 };
        struct fetch_request request = { .url = "http://127.0.0.1:1/", .plain = FETCH_PLAIN_LOOPBACK };
        assert_int_equal(fetch_run(fetcher, &request, &response, &fault), ERR_UNAVAILABLE);
        const char *const garbage[] = { "SMTP ready\r\n", NULL };
        request = (struct fetch_request){ .plain = FETCH_PLAIN_LOOPBACK };
        assert_int_equal(run(garbage, &request, &response, &fault), ERR_UNAVAILABLE);
}

static void test_urls_that_are_refused(void **state)
{
        static const struct {
                const char *url;
                enum fetch_plain plain;
                enum err expected;
        } rows[] = {
                { "http://127.0.0.1:1/", FETCH_PLAIN_NEVER, ERR_FORBIDDEN },
                { "http://192.0.2.1/", FETCH_PLAIN_LOOPBACK, ERR_FORBIDDEN },
                { "http://[2001:db8::1]/", FETCH_PLAIN_LOOPBACK, ERR_FORBIDDEN },
                { "ftp://127.0.0.1/", FETCH_PLAIN_ANYWHERE, ERR_VALUE },
                { "file:///etc/passwd", FETCH_PLAIN_ANYWHERE, ERR_VALUE },
                { "https://user:word@127.0.0.1/", FETCH_PLAIN_ANYWHERE, ERR_VALUE },
                { "not a url", FETCH_PLAIN_ANYWHERE, ERR_VALUE },
                { "", FETCH_PLAIN_ANYWHERE, ERR_VALUE },
                { NULL, FETCH_PLAIN_ANYWHERE, ERR_VALUE },
        };
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct fetch_request request = { .url = rows[i].url, .plain = rows[i].plain, .timeout_ms = 1000 };
                struct fetch_response response = { 0 };
                struct fault fault = { 0 };
                assert_int_equal(fetch_run(fetcher, &request, &response, &fault), rows[i].expected);
                assert_true(fault.message[0] != '\0');
        }
}

static bool refuse(void *context, const struct sockaddr *address, size_t size)
{
        ++*(int *)context;
        return false;
}

static void test_the_address_hook_decides_and_old_connections_do_not_pass_it(void **state)
{
        const char *const answers[] = { "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", FAKE_JSON("200", "{}"), NULL };
        int asked = 0;
        struct fault fault = { 0 };
        fake_server_start(&server, answers);
        struct fetch_request request = { .url = server.url, .plain = FETCH_PLAIN_LOOPBACK, .timeout_ms = 2000 };
        auto_fetch_response response = { 0 };
        assert_int_equal(fetch_run(fetcher, &request, &response, &fault), ERR_OK);
        request.may_connect = refuse;
        request.context = &asked;
        struct fetch_response none = { 0 };
        assert_int_equal(fetch_run(fetcher, &request, &none, &fault), ERR_FORBIDDEN);
        assert_int_equal(asked, 1);
        fake_server_stop(&server);
        assert_int_equal(server.count, 1);
}

static void test_no_header_can_be_smuggled_in(void **state)
{
        auto_secret token = { 0 };
        struct fault fault = { 0 };
        assert_int_equal(secret_set(&token, "a\r\nX: y", 7, &fault), ERR_OK);
        struct fetch_response response = { 0 };
        struct fetch_request request = { .url = "http://127.0.0.1:1/", .plain = FETCH_PLAIN_LOOPBACK, .bearer = &token };
        assert_int_equal(fetch_run(fetcher, &request, &response, &fault), ERR_VALUE);
        assert_null(strstr(fault.message, "X: y"));
        const char *const headers[] = { "A: b\nC: d", NULL };
        request = (struct fetch_request){ .url = "http://127.0.0.1:1/", .plain = FETCH_PLAIN_LOOPBACK, .headers = headers };
        assert_int_equal(fetch_run(fetcher, &request, &response, &fault), ERR_VALUE);
}

static void test_proxies_of_the_environment_are_ignored(void **state)
{
        const char *const answers[] = { FAKE_JSON("200", "{}"), NULL };
        struct fetch_request request = { .plain = FETCH_PLAIN_LOOPBACK };
        auto_fetch_response response = { 0 };
        struct fault fault = { 0 };
        assert_int_equal(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
        enum err e = run(answers, &request, &response, &fault);
        assert_int_equal(unsetenv("http_proxy"), 0);
        assert_int_equal(e, ERR_OK);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_request_carries_method_path_token_and_body),
                cmocka_unit_test(test_a_post_without_body_is_no_form),
                cmocka_unit_test(test_headers_of_the_answer_are_found_without_case),
                cmocka_unit_test(test_redirects_are_not_followed),
                cmocka_unit_test(test_an_answer_above_the_limit_is_refused),
                cmocka_unit_test(test_endless_headers_are_refused),
                cmocka_unit_test(test_silence_ends_at_the_deadline),
                cmocka_unit_test(test_what_is_not_reached_is_unavailable),
                cmocka_unit_test(test_urls_that_are_refused),
                cmocka_unit_test(test_the_address_hook_decides_and_old_connections_do_not_pass_it),
                cmocka_unit_test(test_no_header_can_be_smuggled_in),
                cmocka_unit_test(test_proxies_of_the_environment_are_ignored),
        };
        return cmocka_run_group_tests(tests, set_up, tear_down);
}
