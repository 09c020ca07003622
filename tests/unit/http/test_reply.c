/* SPDX-License-Identifier: Apache-2.0
 *
 * What handlers read and write without a server: query parameters, headers, refusals in all four faces, metrics, client addresses. */
#include "http/harness.h"

#include "http/gate.h"
#include "http/proxy.h"

static struct request *request_new(void)
{
        struct request *request = calloc(1, sizeof(*request));
        request->arena = arena_new((size_t)1 << 20);
        request->query = "";
        memcpy(request->request_id, "r-1", 4);
        return request;
}

static void request_free(struct request *request)
{
        arena_free(request->arena);
        buffer_done(&request->reply.body);
        free(request);
}

static void query_parameters_are_decoded(void **state)
{
        struct request *request = request_new();
        request->query = "a=1&Filter=userName%20eq+%22b%26c%22&empty=&flag&a=2&%63ount=5&=x";
        assert_string_equal(request_query(request, "filter"), "userName eq \"b&c\"");
        assert_string_equal(request_query(request, "a"), "1");
        assert_string_equal(request_query(request, "empty"), "");
        assert_string_equal(request_query(request, "flag"), "");
        assert_string_equal(request_query(request, "count"), "5");
        assert_null(request_query(request, "b"));
        assert_null(request_query(request, "ount"));
        request_free(request);
}

/* What does not fit is told before a handler asks: it never looks like a parameter that was not sent. */
static void a_query_that_cannot_be_read_is_no_empty_query(void **state)
{
        char query[9000] = "filter=";
        memset(query + 7, 'x', sizeof(query) - 8);
        for (size_t size = 512; size <= (size_t)1 << 20; size *= 2) {
                struct request *request = request_new();
                arena_free(request->arena);
                request->arena = arena_new(size);
                request->query = query;
                if (request_read_query(request))
                        assert_int_equal(strlen(request_query(request, "filter")), sizeof(query) - 8);
                else
                        assert_true(size < 2 * sizeof(query));
                request_free(request);
        }
        struct request *request = request_new();
        assert_true(request_read_query(request));
        request->query = "&&=&a&a=2";
        assert_true(request_read_query(request));
        assert_string_equal(request_query(request, "A"), "");
        assert_string_equal(request_query(request, ""), "");
        assert_null(request_query(request, "b"));
        request_free(request);
}

static void numbers_are_refused_out_of_their_range_or_clamped(void **state)
{
        static const struct {
                const char *query;
                bool ok, is_number;
                int64_t number, clamped;
        } cases[] = {
                { "", true, false, 7, 0 },
                { "n=5", true, true, 5, 5 },
                { "n=1", true, true, 1, 1 },
                { "n=100", true, true, 100, 100 },
                { "n=0", false, true, 0, 1 },
                { "n=-5", false, true, 0, 1 },
                { "n=101", false, true, 0, 100 },
                { "n=2147483648", false, true, 0, 100 },
                { "n=99999999999999999999999", false, true, 0, 100 },
                { "n=-99999999999999999999999", false, true, 0, 1 },
                { "n=", false, false, 0, 0 },
                { "n=x", false, false, 0, 0 },
                { "n=1.5", false, false, 0, 0 },
                { "n=-", false, false, 0, 0 },
                { "n=1%20", false, false, 0, 0 },
                { "n=0x5", false, false, 0, 0 },
        };
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct request *request = request_new();
                int64_t number = 0;
                request->query = cases[i].query;
                assert_int_equal(request_query_i64(request, "n", 1, 100, 7, &number), cases[i].ok);
                assert_int_equal(number, cases[i].number);
                const char *text = request_query(request, "n");
                number = 0;
                if (text)
                        assert_int_equal(request_parse_i64(text, 1, 100, &number), cases[i].is_number);
                assert_int_equal(number, cases[i].clamped);
                request_free(request);
        }
}

static void headers_are_copied_replaced_and_cleaned(void **state)
{
        struct request *request = request_new();
        char value[] = "one";
        reply_header(request, "ETag", value);
        value[0] = 'X';
        assert_string_equal(request->reply.headers[0].value, "one");
        reply_header(request, "etag", "two");
        assert_int_equal(request->reply.header_count, 1);
        assert_string_equal(request->reply.headers[0].value, "two");
        reply_header(request, "Location", "a\r\nSet-Cookie: b");
        reply_header(request, "Location", NULL);
        assert_int_equal(request->reply.header_count, 1);
        for (int i = 0; i < 40; i++) {
                char name[16];
                (void)snprintf(name, sizeof(name), "X-%d", i);
                reply_header(request, name, "v");
        }
        assert_int_equal(request->reply.header_count, REPLY_HEADERS_MAX);
        request_free(request);
}

static void a_refusal_has_the_form_of_its_face(void **state)
{
        static const struct {
                enum face face;
                const char *type, *body;
        } cases[] = {
                { FACE_SCIM, "application/scim+json",
                        "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:Error\"],\"status\":\"409\",\"scimType\":\"uniqueness\","
                        "\"detail\":\"userName \\\"a\\\" is taken.\"}" },
                { FACE_API, "application/problem+json",
                        "{\"type\":\"urn:muster:problem:already-taken\",\"title\":\"Already taken\",\"status\":409,\"detail\":"
                        "\"userName \\\"a\\\" is taken.\",\"field\":\"userName\",\"request_id\":\"r-1\"}" },
                { FACE_DECISION, "application/json", "{\"error\":{\"status\":409,\"message\":\"userName \\\"a\\\" is taken.\"}}" },
                { FACE_OPERATIONS, "text/plain; charset=utf-8", "userName \"a\" is taken.\n" },
        };
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct request *request = request_new();
                struct route route = { .face = cases[i].face };
                struct fault fault = { 0 };
                request->route = &route;
                buffer_puts(&request->reply.body, "half a reply");
                reply_header(request, "ETag", "\"1\"");
                enum err e = fault_set(&fault, ERR_TAKEN, "userName", "userName \"a\" is taken.");
                reply_fault(request, e, &fault);
                assert_int_equal(request->reply.status, 409);
                assert_string_equal(request->reply.content_type, cases[i].type);
                assert_string_equal(request->reply.body.data, cases[i].body);
                assert_int_equal(request->reply.header_count, 0);
                request_free(request);
        }
}

static void a_refusal_carries_its_headers(void **state)
{
        struct request *request = request_new();
        struct fault fault = { .retry_after_s = 30 };
        reply_fault(request, ERR_UNAUTHENTICATED, NULL);
        assert_int_equal(request->reply.status, 401);
        assert_string_equal(request->reply.headers[0].name, "WWW-Authenticate");
        assert_string_equal(request->reply.headers[0].value, "Bearer realm=\"muster\"");
        reply_fault(request, ERR_RATE, &fault);
        assert_int_equal(request->reply.status, 429);
        assert_string_equal(request->reply.headers[0].name, "Retry-After");
        assert_string_equal(request->reply.headers[0].value, "30");
        request_free(request);
}

static void every_error_is_rendered_in_every_face(void **state)
{
        for (int code = ERR_SYNTAX; code < ERR_COUNT_OF_CODES; code++)
                for (int face = FACE_OPERATIONS; face <= FACE_DECISION; face++) {
                        struct request *request = request_new();
                        struct route route = { .face = (enum face)face };
                        request->route = &route;
                        reply_fault(request, (enum err)code, NULL);
                        assert_int_equal(request->reply.status, error_row((enum err)code)->http_status);
                        assert_true(request->reply.body.length > 3);
                        json_t *document = NULL;
                        struct fault fault = { 0 };
                        if (face != FACE_OPERATIONS)
                                assert_int_equal(
                                        json_parse_object(request->reply.body.data, request->reply.body.length, &document, &fault), ERR_OK);
                        json_decref(document);
                        request_free(request);
                }
}

static void a_body_over_its_ceiling_is_a_refusal(void **state)
{
        struct request *request = request_new();
        request->reply.body.ceiling = 600;
        for (int i = 0; i < 100; i++)
                buffer_puts(&request->reply.body, "0123456789");
        reply_json(request, 200, "application/json");
        assert_int_equal(request->reply.status, 400);
        assert_string_equal(request->reply.content_type, "text/plain; charset=utf-8");
        request_free(request);
}

static void metrics_are_prometheus_text(void **state)
{
        auto_buffer text = { 0 };
        int64_t before = metric_get(METRIC_COMMITS);
        metric_add(METRIC_COMMITS, 3);
        assert_int_equal(metric_get(METRIC_COMMITS), before + 3);
        metric_set(METRIC_GRAPH_ROOTS, 9);
        metric_request(FACE_SCIM, METHOD_PATCH, 204, 700);
        metric_request(FACE_SCIM, METHOD_PATCH, 418, 20 * US_PER_S);
        metric_request(99, 99, 99, -1);
        metrics_format(&text);
        static const char *const lines[] = {
                "# TYPE muster_build_info gauge\nmuster_build_info{version=\"" MUSTER_VERSION "\"} 1\n",
                "\nmuster_graph_roots 9\n",
                "\nmuster_http_requests_total{face=\"scim\",method=\"PATCH\",status=\"204\"} 1\n",
                "\nmuster_http_requests_total{face=\"scim\",method=\"PATCH\",status=\"other\"} 1\n",
                "\nmuster_http_requests_total{face=\"none\",method=\"other\",status=\"other\"} 1\n",
                "\nmuster_http_request_duration_seconds_bucket{face=\"scim\",le=\"0.0005\"} 0\n",
                "\nmuster_http_request_duration_seconds_bucket{face=\"scim\",le=\"0.001\"} 1\n",
                "\nmuster_http_request_duration_seconds_bucket{face=\"scim\",le=\"10\"} 1\n",
                "\nmuster_http_request_duration_seconds_bucket{face=\"scim\",le=\"+Inf\"} 2\n",
                "\nmuster_http_request_duration_seconds_sum{face=\"scim\"} 20.000700\n",
                "\nmuster_http_request_duration_seconds_count{face=\"scim\"} 2\n",
        };
        assert_int_equal(buffer_check(&text, NULL), ERR_OK);
        for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
                if (!strstr(text.data, lines[i]))
                        fail_msg("missing: %s", lines[i]);
        /* HELP and TYPE once a name. */
        const char *first = strstr(text.data, "# TYPE muster_decision_total");
        assert_non_null(first);
        assert_null(strstr(first + 1, "# TYPE muster_decision_total"));
}

static bool trusts(const char *list, const char *address)
{
        struct proxy_list proxies;
        struct fault fault = { 0 };
        assert_int_equal(proxy_list_parse(list, &proxies, &fault), ERR_OK);
        struct sockaddr_in v4 = { .sin_family = AF_INET };
        struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
        if (inet_pton(AF_INET, address, &v4.sin_addr) == 1)
                return proxy_is_trusted(&proxies, (struct sockaddr *)&v4);
        assert_int_equal(inet_pton(AF_INET6, address, &v6.sin6_addr), 1);
        return proxy_is_trusted(&proxies, (struct sockaddr *)&v6);
}

static void only_listed_proxies_are_trusted(void **state)
{
        assert_false(trusts(NULL, "127.0.0.1"));
        assert_true(trusts("127.0.0.1", "127.0.0.1"));
        assert_false(trusts("127.0.0.1", "127.0.0.2"));
        assert_true(trusts("10.1.0.0/16, 127.0.0.1", "10.1.255.3"));
        assert_false(trusts("10.1.0.0/16", "10.2.0.1"));
        assert_true(trusts("10.1.0.0/15", "10.0.0.1"));
        assert_true(trusts("::1,2001:db8::/33", "2001:db8:7fff::1"));
        assert_false(trusts("2001:db8::/33", "2001:db8:8000::1"));
        assert_true(trusts("127.0.0.1", "::ffff:127.0.0.1"));
        assert_false(trusts("0.0.0.0/0", "2001:db8::1"));
        static const char *const wrong[] = { "x", "127.0.0.1/33", "127.0.0.1/", "1.2.3", "::1/129", "10.0.0.0/8 x", "10.0.0.0/-1" };
        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
                struct proxy_list proxies;
                assert_int_equal(proxy_list_parse(wrong[i], &proxies, NULL), ERR_VALUE);
        }
}

static void the_last_hop_is_the_client(void **state)
{
        static const struct {
                const char *value, *client;
        } cases[] = {
                { "1.2.3.4", "1.2.3.4" },
                { "9.9.9.9, 1.2.3.4", "1.2.3.4" },
                { "9.9.9.9,\t1.2.3.4 ", "1.2.3.4" },
                { "1.2.3.4:5678", "1.2.3.4" },
                { "2001:db8::1", "2001:db8::1" },
                { "[2001:db8::1]:99", "2001:db8::1" },
                { "::ffff:1.2.3.4", "1.2.3.4" },
                { "", NULL },
                { "unknown", NULL },
                { "1.2.3.4, evil", NULL },
                { "1.2.3.4,", NULL },
                { "[::1", NULL },
                { "1.2.3.4 x", NULL },
        };
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                char client[ADDRESS_TEXT_SIZE];
                bool found = forwarded_client(cases[i].value, client);
                assert_int_equal(found, cases[i].client != NULL);
                if (found)
                        assert_string_equal(client, cases[i].client);
        }
}

static void authorities_compare_by_host_and_port(void **state)
{
        assert_true(gate_same_authority("id.example.org", "ID.example.org:443", "https"));
        assert_false(gate_same_authority("id.example.org", "id.example.org:443", "http"));
        assert_true(gate_same_authority("id.example.org", "id.example.org:80", "http"));
        assert_false(gate_same_authority("id.example.org", "id.example.org.evil", "https"));
        assert_false(gate_same_authority("id.example.org:1", "id.example.org:2", "https"));
        assert_true(gate_same_authority("[::1]:8080", "[::1]:8080", "http"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(query_parameters_are_decoded),
                cmocka_unit_test(a_query_that_cannot_be_read_is_no_empty_query),
                cmocka_unit_test(numbers_are_refused_out_of_their_range_or_clamped),
                cmocka_unit_test(headers_are_copied_replaced_and_cleaned),
                cmocka_unit_test(a_refusal_has_the_form_of_its_face),
                cmocka_unit_test(a_refusal_carries_its_headers),
                cmocka_unit_test(every_error_is_rendered_in_every_face),
                cmocka_unit_test(a_body_over_its_ceiling_is_a_refusal),
                cmocka_unit_test(metrics_are_prometheus_text),
                cmocka_unit_test(only_listed_proxies_are_trusted),
                cmocka_unit_test(the_last_hop_is_the_client),
                cmocka_unit_test(authorities_compare_by_host_and_port),
        };
        return cmocka_run_group_tests_name("http/reply", tests, NULL, NULL);
}
