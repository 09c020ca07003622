/* SPDX-License-Identifier: Apache-2.0
 *
 * Replays tests/hostile: every file is the raw bytes of one connection. NNN-name.http must be answered with status NNN, once, by a
 * closing connection, and no handler may run (000: closed without an answer); limit-name.http is something the library decides before we
 * are asked: it must be named in LIMITS.md and may do no harm. */
#include "http/harness.h"

#include <dirent.h>
#include <microhttpd.h>

#define FOLDER "tests/hostile/"

static _Atomic int handler_runs;

static enum handled thing(struct request *request)
{
        atomic_fetch_add(&handler_runs, 1);
        BUFFER_LITERAL(&request->reply.body, "{}");
        reply_json(request, 200, "application/json");
        return HANDLED;
}

static const struct route rows[] = {
        { METHOD_GET, "/thing", thing, WHO_ANYONE, ACTION_PUBLIC, FACE_API, 0, ROUTE_ON_LOOP, NULL },
        { METHOD_POST, "/thing", thing, WHO_ANYONE, ACTION_PUBLIC, FACE_API, LIMIT_KIB(64), 0, NULL },
        { METHOD_GET, "/smuggled", thing, WHO_ANYONE, ACTION_PUBLIC, FACE_API, 0, ROUTE_ON_LOOP, NULL },
        { METHOD_GET, "/secret", thing, WHO_IDENTITY, ACTION_READ, FACE_API, 0, ROUTE_ON_LOOP, NULL },
        { METHOD_NONE },
};
static const struct route_table tables[] = { { rows, "", FACE_API } };

static enum authenticated authenticate(void *context, struct request *request, bool may_block, struct fault *fault)
{
        const char *header = request->headers[HEADER_AUTHORIZATION];
        if (header && strcmp(header, "Bearer good") == 0)
                return AUTHENTICATED;
        (void)fault_set(fault, ERR_UNAUTHENTICATED, NULL, "No credential.");
        return AUTHENTICATED_REFUSED;
}

static size_t file_read(const char *path, char *into, size_t size)
{
        FILE *file = fopen(path, "rb");
        if (!file)
                return 0;
        size_t length = fread(into, 1, size - 1, file);
        (void)fclose(file);
        into[length] = '\0';
        return length;
}

static unsigned count_answers(const struct response *response)
{
        unsigned count = 0;
        for (const char *at = response->text; (at = strstr(at, "HTTP/1.1 ")); at++)
                count++;
        return count;
}

/* True: as expected; else the reason is printed. */
static bool replay(int port, const char *name, const char *limits)
{
        char path[512], bytes[131072], connection_header[256] = "";
        (void)snprintf(path, sizeof(path), FOLDER "%s", name);
        size_t length = file_read(path, bytes, sizeof(bytes));
        assert_true(length > 0);
        bool is_limit = strncmp(name, "limit-", 6) == 0;
        int runs = atomic_load(&handler_runs), fd = client_connect(port);
        (void)client_send(fd, bytes, length);
        struct response response = client_read(fd, true, false, is_limit ? 300 : WAIT_MS);
        close(fd);
        /* 0.9.75 writes the head of its own refusal of a malformed Content-Length twice. */
        unsigned answers_max = strstr(response.text, "X-Request-ID") ? 1 : 2;
        /* 1.0 closes without a word where a request line holds NUL. */
        bool closes_silently = strncmp(MHD_get_version(), "0.9.", 4) != 0;
        bool is_right = is_limit ? strstr(limits, name) != NULL
                                 : (response.status == atoi(name) || (response.status == 0 && closes_silently)) && response.closed &&
                                           count_answers(&response) <= answers_max && atomic_load(&handler_runs) == runs &&
                                           (response.status == 0 ||
                                                   strcasecmp(response_header(&response, "Connection", connection_header), "close") == 0);
        if (!is_right)
                print_error("%s: status %d, closed %d, answers %u, handler runs %d, connection '%s'\n", name, response.status,
                        response.closed, count_answers(&response), atomic_load(&handler_runs) - runs, connection_header);
        response_free(&response);
        return is_right;
}

static void every_file_gets_its_refusal(void **state)
{
        struct http_options options = harness_options(tables, 1);
        options.public_url = "https://id.example.org";
        options.hooks.authenticate = authenticate;
        struct harness harness;
        char limits[16384];
        assert_true(file_read(FOLDER "LIMITS.md", limits, sizeof(limits)) > 0);
        harness_start(&harness, &options);
        DIR *folder = opendir(FOLDER);
        assert_non_null(folder);
        unsigned files = 0, wrong = 0;
        for (struct dirent *entry; (entry = readdir(folder));) {
                const char *dot = strrchr(entry->d_name, '.');
                if (!dot || strcmp(dot, ".http") != 0)
                        continue;
                wrong += !replay(harness.port, entry->d_name, limits);
                files++;
        }
        closedir(folder);
        assert_int_equal(wrong, 0);
        assert_true(files > 100);
        assert_int_equal(client_status(harness.port, "GET /thing HTTP/1.1\r\nHost: localhost\r\n\r\n"), 200);
        http_server_stop(harness.server);
}

static void what_is_well_formed_passes(void **state)
{
        static const char *const texts[] = {
                "GET /thing HTTP/1.1\r\nHost: localhost\r\n\r\n",
                "GET /thing HTTP/1.1\r\nhost:localhost:8080\r\n\r\n",
                "GET /thing HTTP/1.1\r\nHost: \t localhost  \r\nAccept:\r\nX-Empty: \r\n\r\n",
                "GET /thing HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
                "GET /thing HTTP/1.0\r\n\r\n",
                "GET /thing HTTP/1.0\r\nHost: a\r\n\r\n",
                "GET /%74hing?a=%20b+c&&=&x HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET /thing? HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET http://a/thing HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET https://ID.example.org:443/thing HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET /thing HTTP/1.1\r\nHost: a\r\nX-Latin: \xe4\r\nCookie: a=b; c=\"d\"\r\n\r\n",
                "HEAD /thing HTTP/1.1\r\nHost: a\r\n\r\n",
                "POST /thing HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
                "POST /thing HTTP/1.1\r\nHost: a\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: 2\r\n\r\n{}",
                "POST /thing HTTP/1.1\r\nHost: a\r\nContent-Type: Application/SCIM+JSON\r\nTransfer-Encoding: "
                "Chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
                "POST /thing HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Encoding: identity\r\nContent-Length: "
                "2\r\n\r\n{}",
        };
        struct http_options options = harness_options(tables, 1);
        options.public_url = "https://id.example.org";
        struct harness harness;
        harness_start(&harness, &options);
        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
                int status = client_status(harness.port, texts[i]);
                if (status != 200)
                        fail_msg("%d for %s", status, texts[i]);
        }
        http_server_stop(harness.server);
}

static void headers_of_many_sizes_pass(void **state)
{
        struct http_options options = harness_options(tables, 1);
        struct harness harness;
        harness_start(&harness, &options);
        int fd = client_connect(harness.port);
        char text[16384], filler[15000];
        memset(filler, 'x', sizeof(filler));
        for (int size = 0; size < 14000; size += 97) {
                int length =
                        snprintf(text, sizeof(text), "GET /thing HTTP/1.1\r\nHost: a\r\nX-Fill: %.*s\r\nAccept: b\r\n\r\n", size, filler);
                /* In two pieces, so that lines are parsed while they arrive. */
                assert_true(client_send(fd, text, (size_t)length / 2));
                assert_true(client_send(fd, text + length / 2, (size_t)(length - length / 2)));
                struct response response = client_read(fd, false, false, WAIT_MS);
                if (response.status != 200)
                        fail_msg("%d with %d bytes", response.status, size);
                response_free(&response);
        }
        close(fd);
        http_server_stop(harness.server);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_file_gets_its_refusal),
                cmocka_unit_test(what_is_well_formed_passes),
                cmocka_unit_test(headers_of_many_sizes_pass),
        };
        return cmocka_run_group_tests_name("http/hostile", tests, NULL, NULL);
}
