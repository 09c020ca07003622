/* SPDX-License-Identifier: Apache-2.0
 *
 * The judgement before the body: which of many faults is told, whose authority is ours, who may call what, and when a refusal waits for
 * the body that it does not want. */
#include "http/harness.h"

#include "base/auto.h"
#include "http/exchange.h"

#define FIVE "Content-Length: 5\r\n"
#define GZIP "Content-Encoding: gzip\r\n"
#define GOOD "Authorization: good\r\n"

static enum handled answer(struct request *request)
{
        buffer_puts(&request->reply.body, request->request_id);
        reply_json(request, 200, "application/json");
        return HANDLED;
}

static const struct route rows[] = {
        { METHOD_GET, "/open", answer, WHO_ANYONE, ACTION_PUBLIC, FACE_API, 0, ROUTE_ON_LOOP, NULL },
        { METHOD_POST, "/any", answer, WHO_ANYONE, ACTION_PUBLIC, FACE_API, LIMIT_KIB(64), ROUTE_ANY_MEDIA, NULL },
        { METHOD_POST, "/known", answer, WHO_IDENTITY, ACTION_READ, FACE_API, LIMIT_KIB(16384), 0, NULL },
        { METHOD_PUT, "/known", answer, WHO_IDENTITY, ACTION_READ, FACE_API, 0, 0, NULL },
        { METHOD_NONE },
};
static const struct route_table tables[] = { { rows, "", FACE_API } };

static enum authenticated authenticate(void *context, struct request *request, bool may_block, struct fault *fault)
{
        const char *token = request->headers[HEADER_AUTHORIZATION];
        request->actor.kind = ACTOR_IDENTITY;
        if (token && strcmp(token, "later") == 0 && !may_block)
                return AUTHENTICATED_LATER;
        if (token && strcmp(token, "down") == 0)
                (void)fault_set(fault, ERR_UNAVAILABLE, NULL, "Nobody can be known now.");
        return token && (strcmp(token, "good") == 0 || strcmp(token, "later") == 0) ? AUTHENTICATED : AUTHENTICATED_REFUSED;
}

static struct harness harness;

static int start(void **state)
{
        struct http_options options = harness_options(tables, 1);
        options.public_url = "https://id.example.org";
        options.hooks.authenticate = authenticate;
        harness_start(&harness, &options);
        return 0;
}

static int stop(void **state)
{
        http_server_stop(harness.server);
        return 0;
}

static void assert_answer(const char *line, const char *headers, int status, const char *part)
{
        char text[512];
        (void)snprintf(text, sizeof(text), "%s HTTP/1.1\r\nHost: a\r\n%s\r\n12345", line, headers);
        text[strlen(text) - (strstr(headers, "Length") ? 0 : 5)] = '\0';
        struct response response = client_ask(harness.port, text);
        if (response.status != status || !strstr(response.text, part))
                fail_msg("%s: %s", text, response.text);
        response_free(&response);
}

/* Each request mends what the one before it was refused for. */
static void the_first_fault_in_order_is_told(void **state)
{
        static const struct {
                const char *line, *headers;
                int status;
                const char *part;
        } cases[] = {
                { "TRACE http://evil/%2f", "Host: a\r\n" FIVE GZIP, 400, "Two Host headers." },
                { "TRACE http://evil/%2f", FIVE GZIP, 400, "The path holds a character that is not allowed." },
                { "TRACE http://evil/absent", FIVE GZIP, 400, "The request target names another host." },
                { "TRACE /absent", FIVE GZIP, 404, "There is nothing at this address." },
                { "TRACE /known", FIVE GZIP, 405, "Allow: POST, PUT\r\n" },
                { "PUT /known", FIVE GZIP, 401, "unauthenticated" },
                { "PUT /known", GOOD FIVE GZIP, 413, "This address takes no body." },
                { "POST /known", GOOD FIVE GZIP, 415, "Content-Encoding is not supported." },
                { "POST /known", GOOD FIVE "Content-Encoding: Identity\r\n", 415, "The body must be application/json" },
                { "POST /known", GOOD FIVE "Content-Type: application/json\r\n", 200, "" },
        };
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                int64_t before = metric_get(METRIC_GATE_REFUSED);
                assert_answer(cases[i].line, cases[i].headers, cases[i].status, cases[i].part);
                assert_int_equal(metric_get(METRIC_GATE_REFUSED) - before, cases[i].status == 400);
        }
}

static void media_matter_only_where_a_body_is_read(void **state)
{
        assert_answer("POST /known", GOOD "Transfer-Encoding: chunked\r\n", 415, "must be");
        assert_answer("POST /known", "Authorization: later\r\n" FIVE, 415, "must be");
        assert_answer("POST /known", GOOD, 200, "");
        assert_answer("POST /any", FIVE "Content-Type: text/plain\r\n", 200, "");
        assert_answer("GET /open", FIVE GZIP, 200, "");
}

static void an_absolute_target_names_us_by_any_of_our_names(void **state)
{
        char line[64];
        for (int shift = -1; shift <= 1; shift++) {
                (void)snprintf(line, sizeof(line), "GET http://127.0.0.1:%d/open", harness.port + shift);
                assert_answer(line, "", shift ? 400 : 200, "");
        }
        assert_answer("GET http://a:443/open", "", 400, ""); /* the Host, but this line is plain */
        assert_answer("GET http://A:80/open", "", 200, "");
        assert_answer("GET http://id.example.org:80/open", "", 400, "");
        assert_answer("GET http://id.example.org/open", "", 200, "");
}

static void who_is_not_named_may_not_call(void **state)
{
        static const unsigned who[] = { 0, WHO_IDENTITY, WHO_CONNECTION, WHO_IDENTITY | WHO_CONNECTION };
        static const int kinds[] = { ACTOR_NOBODY, ACTOR_SYSTEM, 99, -1, ACTOR_IDENTITY, ACTOR_CONNECTION };
        for (size_t i = 0; i < COUNT_OF(who); i++)
                for (size_t k = 0; k < COUNT_OF(kinds); k++) {
                        struct route route = { .who = who[i], .action = ACTION_READ };
                        struct request request = { .route = &route, .actor.kind = (enum actor_kind)kinds[k] };
                        struct fault fault = { 0 };
                        bool named = (kinds[k] == ACTOR_IDENTITY && (who[i] & WHO_IDENTITY)) ||
                                     (kinds[k] == ACTOR_CONNECTION && (who[i] & WHO_CONNECTION));
                        assert_int_equal(exchange_check_actor(&request, &fault), named ? ERR_OK : ERR_FORBIDDEN);
                        assert_int_equal(fault.code, named ? ERR_OK : ERR_FORBIDDEN);
                        route.who |= WHO_ANYONE;
                        assert_int_equal(exchange_check_actor(&request, &fault), ERR_OK);
                        route.action = ACTION_REFUSE;
                        assert_int_equal(exchange_check_actor(&request, &fault), ERR_FORBIDDEN);
                }
}

static void a_hook_that_cannot_know_is_not_401(void **state)
{
        assert_answer("POST /known", "Authorization: down\r\n", 503, "Nobody can be known now.");
        assert_answer("POST /known", "Authorization: bad\r\n", 401, "\"detail\":\"Unauthenticated\"");
        struct harness mine = harness;
        struct http_options options = harness_options(tables, 1);
        harness_start(&harness, &options);
        assert_answer("POST /known", GOOD, 401, "\"detail\":\"Unauthenticated\""); /* without a hook nobody is known */
        http_server_stop(harness.server);
        harness = mine;
}

/* Only the head is sent: a refusal that comes now closes, one that waits for the body comes never. */
static void a_refusal_waits_for_a_body_within_bounds(void **state)
{
        static const struct {
                const char *head;
                bool closes;
        } cases[] = {
                { "POST /absent HTTP/1.1\r\nContent-Length: 65536\r\n", false },
                { "POST /absent HTTP/1.1\r\nContent-Length: 65537\r\n", true },
                { "POST /absent HTTP/1.1\r\nContent-Length: 9223372036854775808\r\n", true },
                { "POST /absent HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-continue\r\n", true },
                { "POST /absent HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", true },
                { "POST /absent HTTP/1.1\r\nContent-Length: 5\r\nX-A: \x01\r\n", true },
                { "TRACE /open HTTP/1.1\r\nContent-Length: 5\r\n", true },
                { "POST /known HTTP/1.1\r\nContent-Length: 65537\r\n", true },
                { "POST /known HTTP/1.1\r\nAuthorization: good\r\nContent-Length: 4194304\r\n", false },
                { "POST /known HTTP/1.1\r\nAuthorization: good\r\nContent-Length: 4194305\r\n", true },
                { "PUT /known HTTP/1.1\r\nAuthorization: good\r\nContent-Length: 1\r\n", true },
        };
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                char text[160], value[256];
                int fd = client_connect(harness.port);
                (void)snprintf(text, sizeof(text), "%sHost: a\r\n\r\n", cases[i].head);
                assert_true(client_send(fd, text, strlen(text)));
                struct response response = client_read(fd, false, false, cases[i].closes ? WAIT_MS : 150);
                if ((response.status >= 400) != cases[i].closes)
                        fail_msg("%s: %s", text, response.text);
                assert_string_equal(response_header(&response, "Connection", value), cases[i].closes ? "close" : "");
                response_free(&response);
                close(fd);
        }
}

static void a_new_request_id_names_the_start_and_a_number(void **state)
{
        struct response response = client_ask(harness.port, "GET /open HTTP/1.1\r\nHost: a\r\nX-Request-ID: a/b\r\n\r\n");
        assert_int_equal(strlen(response.body), 29);
        assert_int_equal(strspn(response.body, "0123456789abcdef"), 16);
        assert_int_equal(response.body[16], '-');
        assert_int_equal(strspn(response.body + 17, "0123456789abcdef"), 12);
        response_free(&response);
}

int main(void)
{
        json_memory_install();
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_first_fault_in_order_is_told),
                cmocka_unit_test(media_matter_only_where_a_body_is_read),
                cmocka_unit_test(an_absolute_target_names_us_by_any_of_our_names),
                cmocka_unit_test(who_is_not_named_may_not_call),
                cmocka_unit_test(a_hook_that_cannot_know_is_not_401),
                cmocka_unit_test(a_refusal_waits_for_a_body_within_bounds),
                cmocka_unit_test(a_new_request_id_names_the_start_and_a_number),
        };
        return cmocka_run_group_tests_name("http/admit", tests, start, stop);
}
