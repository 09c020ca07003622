/* SPDX-License-Identifier: Apache-2.0
 *
 * A whole server over real sockets: many connections at once through loops and through workers, keep-alive, HEAD, 405, request ids,
 * callers, client addresses, unix sockets, given sockets, start failures. */
#include "http/harness.h"

#include <sys/stat.h>
#include <sys/un.h>

static enum handled answer(struct request *request)
{
        BUFFER_LITERAL(&request->reply.body, "{\"ok\":true}");
        reply_header(request, "ETag", "\"7\"");
        reply_json(request, 200, "application/json");
        return HANDLED;
}

static enum handled hand_over(struct request *request)
{
        if (request->worker)
                return answer(request);
        buffer_puts(&request->reply.body, "not to be seen");
        reply_header(request, "X-Stale", "1");
        return HANDLED_BY_WORKER;
}

static enum handled echo(struct request *request)
{
        buffer_printf(&request->reply.body, "%s|%s|%s|%s|%d|%s|%s", request->path, request->query, request->client, request->request_id,
                request->worker != NULL, request->param_count ? request->params[0] : "", request->body);
        reply_json(request, 200, "application/json");
        return HANDLED;
}

static enum handled nothing(struct request *request)
{
        return HANDLED;
}

static enum handled no_content(struct request *request)
{
        reply_empty(request, 204);
        return HANDLED;
}

static enum handled last(struct request *request)
{
        request->reply.close = true;
        return answer(request);
}

static const struct route rows[] = {
        { METHOD_GET, "/loop", answer, WHO_ANYONE, ACTION_PUBLIC, FACE_API, 0, ROUTE_ON_LOOP, NULL },
        { METHOD_GET, "/worker", answer, WHO_ANYONE, ACTION_PUBLIC, FACE_API, 0, 0, NULL },
        { METHOD_GET, "/over", hand_over, WHO_ANYONE, ACTION_PUBLIC, FACE_API, 0, ROUTE_ON_LOOP, NULL },
        { METHOD_GET, "/echo/{x}", echo, WHO_ANYONE, ACTION_PUBLIC, FACE_API, 0, ROUTE_ON_LOOP, NULL },
        { METHOD_POST, "/echo", echo, WHO_ANYONE, ACTION_PUBLIC, FACE_API, LIMIT_KIB(128), ROUTE_ON_LOOP, NULL },
        { METHOD_GET, "/nothing", nothing, WHO_ANYONE, ACTION_PUBLIC, FACE_API, 0, 0, NULL },
        { METHOD_DELETE, "/gone", no_content, WHO_ANYONE, ACTION_PUBLIC, FACE_API, 0, 0, NULL },
        { METHOD_GET, "/last", last, WHO_ANYONE, ACTION_PUBLIC, FACE_API, 0, ROUTE_ON_LOOP, NULL },
        { METHOD_GET, "/identity", answer, WHO_IDENTITY, ACTION_READ, FACE_API, 0, ROUTE_ON_LOOP, NULL },
        { METHOD_POST, "/identity", answer, WHO_IDENTITY, ACTION_READ, FACE_API, LIMIT_KIB(64), ROUTE_ON_LOOP, NULL },
        { METHOD_GET, "/connection", answer, WHO_CONNECTION, ACTION_READ, FACE_SCIM, 0, ROUTE_ON_LOOP, NULL },
        { METHOD_GET, "/nobody", answer, 0, ACTION_READ, FACE_API, 0, ROUTE_ON_LOOP, NULL },
        { METHOD_GET, "/refused", answer, WHO_ANYONE, ACTION_REFUSE, FACE_API, 0, ROUTE_ON_LOOP, NULL },
        { METHOD_NONE },
};
static const struct route_table tables[] = { { rows, "", FACE_API } };

/* "identity" is known at once, "later" only when it may block. */
static enum authenticated authenticate(void *context, struct request *request, bool may_block, struct fault *fault)
{
        const char *header = request->headers[HEADER_AUTHORIZATION];
        if (header && strcmp(header, "Bearer later") == 0 && !may_block)
                return AUTHENTICATED_LATER;
        if (header && (strcmp(header, "Bearer identity") == 0 || strcmp(header, "Bearer later") == 0)) {
                request->actor.kind = ACTOR_IDENTITY;
                return AUTHENTICATED;
        }
        (void)fault_set(fault, ERR_UNAUTHENTICATED, NULL, "Send a bearer token.");
        return AUTHENTICATED_REFUSED;
}

static struct harness harness;

static int start(void **state)
{
        struct http_options options = harness_options(tables, 1);
        options.workers = 8;
        options.queue_length = 512;
        options.trusted_proxies = "127.0.0.1";
        options.hooks.authenticate = authenticate;
        harness_start(&harness, &options);
        return 0;
}

static int stop(void **state)
{
        http_server_stop(harness.server);
        return 0;
}

/* Everybody sends once, at the same moment; every answer must come. 128 is where the library's own loop stalls. */
static void burst(const char *path, unsigned count)
{
        int fds[256];
        char text[128];
        int length = snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", path);
        for (unsigned i = 0; i < count; i++)
                fds[i] = client_connect(harness.port);
        int64_t slowest_us = 0;
        for (int round = 0; round < 3; round++) {
                int64_t from_us = clock_steady_us();
                for (unsigned i = 0; i < count; i++)
                        assert_true(client_send(fds[i], text, (size_t)length));
                for (unsigned i = 0; i < count; i++) {
                        struct response response = client_read(fds[i], false, false, WAIT_MS);
                        assert_int_equal(response.status, 200);
                        response_free(&response);
                }
                int64_t took_us = clock_steady_us() - from_us;
                slowest_us = took_us > slowest_us ? took_us : slowest_us;
        }
        for (unsigned i = 0; i < count; i++)
                close(fds[i]);
        print_message("%s with %u connections: slowest round %lld us\n", path, count, (long long)slowest_us);
        assert_true(slowest_us < US_PER_S);
}

static void any_number_of_connections_is_answered(void **state)
{
        static const unsigned counts[] = { 1, 16, 127, 128, 129, 256 };
        for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
                burst("/loop", counts[i]);
                burst("/worker", counts[i]);
                burst("/over", counts[i]);
        }
}

static void a_connection_serves_many_requests(void **state)
{
        static const char *const paths[] = { "/loop", "/worker", "/over", "/absent", "/echo/1" };
        int fd = client_connect(harness.port);
        for (int i = 0; i < 200; i++) {
                char text[128];
                int length = snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", paths[i % 5]);
                assert_true(client_send(fd, text, (size_t)length));
                struct response response = client_read(fd, false, false, WAIT_MS);
                assert_int_equal(response.status, i % 5 == 3 ? 404 : 200);
                response_free(&response);
        }
        close(fd);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
        static const char text[] = "GET /echo/1 HTTP/1.1\r\nHost: a\r\n\r\nGET /worker HTTP/1.1\r\nHost: a\r\n\r\n"
                                   "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 3\r\n\r\n{1}"
                                   "GET /last HTTP/1.1\r\nHost: a\r\n\r\n";
        int fd = client_connect(harness.port);
        assert_true(client_send(fd, text, sizeof(text) - 1));
        struct response response = client_read(fd, true, false, WAIT_MS);
        assert_true(response.closed);
        const char *one = strstr(response.text, "/echo/1|"), *three = strstr(response.text, "{1}");
        assert_true(one && three && one < three);
        unsigned answers = 0;
        for (const char *at = response.text; (at = strstr(at, "HTTP/1.1 200")); at++)
                answers++;
        assert_int_equal(answers, 4);
        response_free(&response);
        close(fd);
}

static void a_request_in_single_bytes_is_understood(void **state)
{
        static const char text[] = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
                                   "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
        int fd = client_connect(harness.port);
        for (size_t i = 0; i < sizeof(text) - 1; i++) {
                assert_true(client_send(fd, text + i, 1));
                if (i % 8 == 0)
                        usleep(500);
        }
        struct response response = client_read(fd, false, false, WAIT_MS);
        assert_int_equal(response.status, 200);
        assert_non_null(strstr(response.body, "|abcde"));
        response_free(&response);
        close(fd);
}

static void head_is_get_without_the_body(void **state)
{
        char value[256];
        struct response response = client_ask(harness.port, "HEAD /loop HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_int_equal(response.status, 200);
        assert_string_equal(response_header(&response, "Content-Length", value), "11");
        assert_string_equal(response_header(&response, "ETag", value), "\"7\"");
        assert_string_equal(response.body, "");
        response_free(&response);
}

static void a_refusal_of_the_gate_has_the_face_of_its_path(void **state)
{
        struct response response = client_ask(harness.port, "GET /connection?filter=%zz HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_int_equal(response.status, 400);
        assert_non_null(strstr(response.body, "urn:ietf:params:scim:api:messages:2.0:Error"));
        response_free(&response);
        response = client_ask(harness.port, "GET /loop HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
        assert_int_equal(response.status, 400);
        assert_non_null(strstr(response.body, "\"detail\":\"Two Host headers.\""));
        response_free(&response);
}

static void what_the_loop_wrote_is_gone_when_a_worker_answers(void **state)
{
        char value[256];
        struct response response = client_ask(harness.port, "GET /over HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_string_equal(response.body, "{\"ok\":true}");
        assert_string_equal(response_header(&response, "X-Stale", value), "");
        response_free(&response);
}

static void every_reply_carries_the_common_headers(void **state)
{
        static const char *const texts[] = { "GET /loop HTTP/1.1\r\nHost: a\r\n\r\n", "GET /worker HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET /absent HTTP/1.1\r\nHost: a\r\n\r\n", "GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n",
                "DELETE /gone HTTP/1.1\r\nHost: a\r\n\r\n" };
        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
                char value[256];
                struct response response = client_ask(harness.port, texts[i]);
                assert_true(strlen(response_header(&response, "X-Request-ID", value)) > 8);
                assert_string_equal(response_header(&response, "Cache-Control", value), "no-store");
                assert_string_equal(response_header(&response, "X-Content-Type-Options", value), "nosniff");
                response_free(&response);
        }
}

static void a_good_request_id_is_kept_and_a_bad_one_replaced(void **state)
{
        static const struct {
                const char *id;
                bool kept;
        } cases[] = { { "abc-1.2_3", true }, { "a b", false }, { "", false }, { "x\"y", false },
                { "0123456789012345678901234567890123456789012345678901234567890123", true },
                { "01234567890123456789012345678901234567890123456789012345678901234", false } };
        char seen[2][256] = { "", "" };
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                char text[256], value[256];
                (void)snprintf(text, sizeof(text), "GET /worker HTTP/1.1\r\nHost: a\r\nX-Request-ID: %s\r\n\r\n", cases[i].id);
                struct response response = client_ask(harness.port, text);
                assert_int_equal(response.status, 200);
                assert_int_equal(strcmp(response_header(&response, "X-Request-ID", value), cases[i].id) == 0, cases[i].kept);
                memcpy(seen[i % 2], value, sizeof(value));
                assert_string_not_equal(seen[0], seen[1]);
                response_free(&response);
        }
}

static void the_wrong_method_is_405_with_allow(void **state)
{
        char value[256];
        struct response response = client_ask(harness.port, "PUT /identity HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_int_equal(response.status, 405);
        assert_string_equal(response_header(&response, "Allow", value), "GET, POST");
        response_free(&response);
}

static void callers_are_checked_before_the_body(void **state)
{
        char value[256];
        struct response response = client_ask(harness.port, "GET /identity HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_int_equal(response.status, 401);
        assert_string_equal(response_header(&response, "WWW-Authenticate", value), "Bearer realm=\"muster\"");
        response_free(&response);
        assert_int_equal(client_status(harness.port, "GET /identity HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer identity\r\n\r\n"), 200);
        assert_int_equal(client_status(harness.port, "GET /identity HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer later\r\n\r\n"), 200);
        assert_int_equal(client_status(harness.port, "GET /identity?access_token=identity HTTP/1.1\r\nHost: a\r\n\r\n"), 401);
        assert_int_equal(client_status(harness.port, "GET /connection HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer identity\r\n\r\n"), 403);
        assert_int_equal(client_status(harness.port, "GET /connection HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer later\r\n\r\n"), 403);
        assert_int_equal(client_status(harness.port, "GET /nobody HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer identity\r\n\r\n"), 403);
        assert_int_equal(client_status(harness.port, "GET /refused HTTP/1.1\r\nHost: a\r\n\r\n"), 403);
        /* The body never comes; the refusal does. */
        assert_int_equal(client_status(harness.port, "POST /identity HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\n"), 401);
        assert_int_equal(
                client_status(harness.port, "POST /identity HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"),
                401);
        assert_int_equal(client_status(harness.port, "POST /identity HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"), 401);
}

static void a_refused_small_body_leaves_the_connection_usable(void **state)
{
        int fd = client_connect(harness.port);
        for (int i = 0; i < 3; i++) {
                static const char text[] = "POST /identity HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n01234567890123456789";
                assert_true(client_send(fd, text, sizeof(text) - 1));
                struct response response = client_read(fd, false, false, WAIT_MS);
                assert_int_equal(response.status, 401);
                response_free(&response);
        }
        close(fd);
}

static void assert_client(const char *headers, const char *client)
{
        char text[512], expected[64];
        (void)snprintf(text, sizeof(text), "GET /echo/1 HTTP/1.1\r\nHost: a\r\n%s\r\n", headers);
        (void)snprintf(expected, sizeof(expected), "||%s|", client);
        struct response response = client_ask(harness.port, text);
        assert_int_equal(response.status, 200);
        if (!strstr(response.body, expected))
                fail_msg("%s: %s", headers, response.body);
        response_free(&response);
}

static void a_trusted_proxy_names_the_client_by_its_last_hop(void **state)
{
        assert_client("", "127.0.0.1");
        assert_client("X-Forwarded-For: 9.9.9.9, 1.2.3.4\r\n", "1.2.3.4");
        assert_client("X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-For: 2001:db8::1\r\n", "2001:db8::1");
        assert_client("X-Forwarded-For: nonsense\r\n", "127.0.0.1");
        assert_client("Forwarded: for=9.9.9.9\r\nX-Real-IP: 9.9.9.9\r\nX-Forwarded-Host: evil\r\nX-Org-Id: 5\r\n", "127.0.0.1");
}

static void an_untrusted_peer_names_nobody(void **state)
{
        struct harness mine = harness, other;
        struct http_options options = harness_options(tables, 1);
        options.trusted_proxies = "10.0.0.0/8";
        harness_start(&other, &options);
        harness = other;
        assert_client("X-Forwarded-For: 1.2.3.4\r\n", "127.0.0.1");
        http_server_stop(other.server);
        harness = mine;
}

static void path_and_query_arrive_whole(void **state)
{
        struct response response =
                client_ask(harness.port, "GET /echo/%C3%A4%20b+c?x=1&y=%26&&z HTTP/1.1\r\nHost: a\r\nX-Request-ID: i\r\n\r\n");
        assert_string_equal(response.body, "/echo/\xc3\xa4 b+c|x=1&y=%26&&z|127.0.0.1|i|0|\xc3\xa4 b+c|");
        response_free(&response);
}

static void large_bodies_never_run_on_a_loop(void **state)
{
        for (size_t size = (64 << 10) - 1; size <= (64 << 10) + 1; size++) {
                char *text = malloc(size + 256);
                int head = snprintf(text, 256,
                        "POST /echo HTTP/1.1\r\nHost: a\r\nX-Request-ID: i\r\nContent-Type: application/json\r\nContent-Length: "
                        "%zu\r\n\r\n",
                        size);
                memset(text + head, 'x', size);
                text[(size_t)head + size] = '\0';
                struct response response = client_ask(harness.port, text);
                assert_int_equal(response.status, 200);
                assert_non_null(strstr(response.body, size > 64 << 10 ? "|i|1|" : "|i|0|"));
                assert_int_equal(strspn(strrchr(response.body, '|') + 1, "x"), size);
                response_free(&response);
                free(text);
        }
}

static void a_handler_without_an_answer_is_500(void **state)
{
        struct response response = client_ask(harness.port, "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_int_equal(response.status, 500);
        assert_non_null(strstr(response.body, "urn:muster:problem:internal"));
        response_free(&response);
}

static char *log_of(const char *text)
{
        static char line[16384];
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        log_set_fd(ends[1]);
        (void)client_status(harness.port, text);
        struct pollfd ready = { ends[0], POLLIN, 0 };
        ssize_t length = poll(&ready, 1, 300) > 0 ? read(ends[0], line, sizeof(line) - 1) : 0;
        line[length > 0 ? length : 0] = '\0';
        log_set_fd(open("/dev/null", O_WRONLY | O_CLOEXEC));
        close(ends[0]);
        close(ends[1]);
        return line;
}

static void one_line_is_logged_and_holds_no_secret(void **state)
{
        const char *line =
                log_of("GET /worker?filter=private HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer hidden\r\nX-Request-ID: id-7\r\n\r\n");
        static const char *const parts[] = { "\"level\":\"info\"", "\"event\":\"request\"", "\"request_id\":\"id-7\"", "\"method\":\"GET\"",
                "\"route\":\"/worker\"", "\"status\":200", "\"duration_us\":", "\"client\":\"127.0.0.1\"" };
        for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
                if (!strstr(line, parts[i]))
                        fail_msg("%s is not in %s", parts[i], line);
        assert_null(strstr(line, "private"));
        assert_null(strstr(line, "hidden"));
        assert_ptr_equal(strchr(line, '\n'), strrchr(line, '\n'));
        /* Answered from memory: no line. Refused: one, with the reason. */
        assert_string_equal(log_of("GET /loop HTTP/1.1\r\nHost: a\r\n\r\n"), "");
        assert_non_null(strstr(log_of("GET /absent HTTP/1.1\r\nHost: a\r\n\r\n"), "\"note\":\"There is nothing at this address.\""));
        assert_non_null(strstr(log_of("GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n"), "\"level\":\"warn\""));
}

/* A journal that stands still must not stop the loop, nor what it answers from memory. */
static void no_answer_waits_for_who_reads_the_log(void **state)
{
        char filling[4096] = "";
        int ends[2];
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        for (int left = fcntl(ends[1], F_GETPIPE_SZ); left > 0; left -= (int)sizeof(filling))
                assert_int_equal(write(ends[1], filling, sizeof(filling)), sizeof(filling));
        log_set_fd(ends[1]);
        for (int i = 0; i < 5; i++) {
                assert_int_equal(client_status(harness.port, "GET /worker HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
                assert_int_equal(client_status(harness.port, "GET /loop HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
        }
        log_set_fd(open("/dev/null", O_WRONLY | O_CLOEXEC));
        close(ends[0]);
        close(ends[1]);
}

/* A certificate for 127.0.0.1 and a client, both from command line tools. */
static void tls_serves_and_refuses_the_same(void **state)
{
        char folder[] = "/tmp/muster-http-XXXXXX", command[512], certificate[64], key[64], answer_text[4096];
        if (system("command -v openssl >/dev/null && command -v curl >/dev/null") != 0) {
                print_message("skipped: no openssl or no curl here\n");
                skip();
        }
        assert_non_null(mkdtemp(folder));
        (void)snprintf(certificate, sizeof(certificate), "%s/cert.pem", folder);
        (void)snprintf(key, sizeof(key), "%s/key.pem", folder);
        (void)snprintf(command, sizeof(command),
                "umask 077; openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout %s -out %s -days 1 -subj "
                "/CN=127.0.0.1 "
                "-addext subjectAltName=IP:127.0.0.1 2>/dev/null",
                key, certificate);
        assert_int_equal(system(command), 0);
        struct http_options options = harness_options(tables, 1);
        struct harness tls;
        options.tls_certificate_file = certificate;
        options.tls_key_file = key;
        harness_start(&tls, &options);
        (void)snprintf(command, sizeof(command),
                "cd %s; U=https://127.0.0.1:%d; C='curl -s --cacert cert.pem -w %%{http_code}, -o /dev/null'; $C $U/loop; $C $U/worker; $C "
                "$U/a%%00; "
                "head -c 3000000 /dev/zero > big; $C -H Transfer-Encoding:chunked -H Content-Type:application/json --data-binary @big "
                "$U/echo; "
                "$C --data-binary @big $U/echo; $C $U/loop",
                folder, tls.port);
        FILE *output = popen(command, "r");
        assert_non_null(output);
        answer_text[fread(answer_text, 1, sizeof(answer_text) - 1, output)] = '\0';
        (void)pclose(output);
        assert_string_equal(answer_text, "200,200,400,413,413,200,");
        http_server_stop(tls.server);
        (void)snprintf(command, sizeof(command), "rm -r %s", folder);
        assert_int_equal(system(command), 0);
}

static int unix_ask(const char *path)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
                close(fd);
                return -1;
        }
        static const char text[] = "GET /worker HTTP/1.1\r\nHost: a\r\n\r\n";
        assert_true(client_send(fd, text, sizeof(text) - 1));
        struct response response = client_read(fd, false, false, WAIT_MS);
        int status = response.status;
        response_free(&response);
        close(fd);
        return status;
}

static void a_unix_socket_replaces_only_a_dead_one(void **state)
{
        char folder[] = "/tmp/muster-http-XXXXXX", listen[80], path[64];
        assert_non_null(mkdtemp(folder));
        (void)snprintf(path, sizeof(path), "%s/socket", folder);
        (void)snprintf(listen, sizeof(listen), "unix:%s", path);
        struct http_options options = harness_options(tables, 1);
        struct harness first;
        struct http_server *second;
        struct fault fault = { 0 };
        struct stat info;
        options.listen = listen;

        /* A dead socket file is in the way. */
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
        int dead = socket(AF_UNIX, SOCK_STREAM, 0);
        assert_int_equal(bind(dead, (struct sockaddr *)&address, sizeof(address)), 0);
        close(dead);

        harness_start(&first, &options);
        assert_string_equal(http_server_address(first.server), listen);
        assert_int_equal(stat(path, &info), 0);
        assert_int_equal(info.st_mode & 0777, 0660);
        assert_int_equal(unix_ask(path), 200);
        assert_int_equal(http_server_start(&options, &second, &fault), ERR_UNAVAILABLE);
        assert_int_equal(unix_ask(path), 200);
        http_server_stop(first.server);
        assert_int_not_equal(stat(path, &info), 0);

        /* A file that is no socket stays. */
        int file = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
        close(file);
        assert_int_equal(http_server_start(&options, &second, &fault), ERR_UNAVAILABLE);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(rmdir(folder), 0);
}

static void a_given_socket_is_used(void **state)
{
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        assert_int_equal(listen(fd, 16), 0);
        struct http_options options = harness_options(tables, 1);
        struct harness given;
        options.listen = NULL;
        options.listen_fd = fd;
        harness_start(&given, &options);
        assert_int_equal(client_status(given.port, "GET /loop HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
        http_server_stop(given.server);
        close(fd);
}

static void *refuse_to_start(void *context, unsigned index)
{
        return index == 2 ? NULL : context;
}

static void what_cannot_start_says_why(void **state)
{
        static const char *const wrong[] = { "nonsense", "127.0.0.1", "127.0.0.1:99999", "[::1:80", ":80", "unix:relative",
                "localhost.invalid:80", "" };
        struct http_server *server = NULL;
        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
                struct fault fault = { 0 };
                struct http_options options = harness_options(tables, 1);
                options.listen = wrong[i];
                assert_int_equal(http_server_start(&options, &server, &fault), ERR_VALUE);
                assert_true(fault.message[0] != '\0');
        }
        struct fault fault = { 0 };
        struct http_options options = harness_options(tables, 1);
        options.hooks.worker_start = refuse_to_start;
        options.hooks.context = &options;
        assert_int_equal(http_server_start(&options, &server, &fault), ERR_UNAVAILABLE);
        assert_string_equal(fault.message, "A worker refused to start.");

        char taken[64];
        (void)snprintf(taken, sizeof(taken), "127.0.0.1:%d", harness.port);
        options = harness_options(tables, 1);
        options.listen = taken;
        assert_int_equal(http_server_start(&options, &server, &fault), ERR_UNAVAILABLE);
        options = harness_options(tables, 1);
        options.tls_certificate_file = options.tls_key_file = "/nonexistent";
        assert_int_not_equal(http_server_start(&options, &server, &fault), ERR_OK);
        assert_null(server);
}

static void without_workers_everything_is_answered_on_the_loop(void **state)
{
        struct http_options options = harness_options(tables, 1);
        struct harness small;
        options.workers = 0;
        options.loops = 1;
        options.hooks.authenticate = authenticate;
        harness_start(&small, &options);
        assert_int_equal(http_server_loops(small.server), 1);
        assert_int_equal(client_status(small.port, "GET /worker HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
        assert_int_equal(client_status(small.port, "GET /over HTTP/1.1\r\nHost: a\r\n\r\n"), 503);
        assert_int_equal(client_status(small.port, "GET /identity HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer later\r\n\r\n"), 503);
        http_server_stop(small.server);
}

int main(void)
{
        json_memory_install();
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(any_number_of_connections_is_answered),
                cmocka_unit_test(a_connection_serves_many_requests),
                cmocka_unit_test(pipelined_requests_are_answered_in_order),
                cmocka_unit_test(a_request_in_single_bytes_is_understood),
                cmocka_unit_test(head_is_get_without_the_body),
                cmocka_unit_test(a_refusal_of_the_gate_has_the_face_of_its_path),
                cmocka_unit_test(what_the_loop_wrote_is_gone_when_a_worker_answers),
                cmocka_unit_test(every_reply_carries_the_common_headers),
                cmocka_unit_test(a_good_request_id_is_kept_and_a_bad_one_replaced),
                cmocka_unit_test(the_wrong_method_is_405_with_allow),
                cmocka_unit_test(callers_are_checked_before_the_body),
                cmocka_unit_test(a_refused_small_body_leaves_the_connection_usable),
                cmocka_unit_test(a_trusted_proxy_names_the_client_by_its_last_hop),
                cmocka_unit_test(an_untrusted_peer_names_nobody),
                cmocka_unit_test(path_and_query_arrive_whole),
                cmocka_unit_test(large_bodies_never_run_on_a_loop),
                cmocka_unit_test(a_handler_without_an_answer_is_500),
                cmocka_unit_test(one_line_is_logged_and_holds_no_secret),
                cmocka_unit_test(no_answer_waits_for_who_reads_the_log),
                cmocka_unit_test(tls_serves_and_refuses_the_same),
                cmocka_unit_test(a_unix_socket_replaces_only_a_dead_one),
                cmocka_unit_test(a_given_socket_is_used),
                cmocka_unit_test(what_cannot_start_says_why),
                cmocka_unit_test(without_workers_everything_is_answered_on_the_loop),
        };
        return cmocka_run_group_tests_name("http/server", tests, start, stop);
}
