/* SPDX-License-Identifier: Apache-2.0
 *
 * `muster clock accept` against a stub that plays the operations listener: where each form of operations_listen is reached, what is sent
 * there and what is not, what a refusal, a wrong answer or nobody at all becomes. */
#include "run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/un.h>

#include "base/auto.h"
#include "base/error.h"
#include "net/https_fetch.h"

#define ACCEPTED FAKE_JSON("200", "{\"accepted\":true,\"seconds\":7200}")

static void write_conf(const char *operations_listen)
{
        FILE *file = fopen("clock.conf", "w");
        assert_non_null(file);
        (void)fprintf(file,
                "[server]\npublic_url = https://id.example.com\nbehind_proxy = yes\ntrusted_proxies = 127.0.0.1\noperations_listen = %s\n",
                operations_listen);
        assert_int_equal(fclose(file), 0);
}

static int port_of(const struct fake_server *server)
{
        return atoi(strrchr(server->url, ':') + 1);
}

/* Runs it against a stub that listens on this host's port. */
static void accept_at(struct run *run, struct fake_server *server, const char *host, const char *answer, const char *words)
{
        const char *const answers[] = { answer, NULL };
        char text[64];
        fake_server_start(server, answers);
        (void)snprintf(text, sizeof text, "%s:%d", host, port_of(server));
        write_conf(text);
        run_words(run, words);
        fake_server_stop(server);
}

static void test_it_is_sent_to_where_the_server_listens(void **state)
{
        static const char *const listens[] = { "127.0.0.1", "0.0.0.0" };
        (void)state;
        for (size_t i = 0; i < COUNT_OF(listens); i++) {
                struct fake_server server;
                struct run run = { 0 };
                accept_at(&run, &server, listens[i], ACCEPTED, "muster clock accept --config clock.conf");
                if (run.exit_code)
                        fail_msg("%s: exit %d: %s", listens[i], run.exit_code, run.err);
                assert_int_equal(server.count, 1);
                assert_memory_equal(server.requests[0], "POST /clock/accept HTTP", strlen("POST /clock/accept HTTP"));
                assert_non_null(strcasestr(server.requests[0], "\r\nX-Request-ID: muster-clock-accept\r\n")); /* no page in a browser can */
                assert_null(strcasestr(server.requests[0], "\r\nAuthorization:")); /* the listener asks for none */
                assert_null(strstr(server.requests[0], RUN_TOKEN));
                assert_non_null(strstr(run.out, "7200"));
                run_done(&run);
        }
}

static void test_json_is_what_the_server_said(void **state)
{
        struct fake_server server;
        struct run run = { 0 };
        (void)state;
        accept_at(&run, &server, "127.0.0.1", ACCEPTED, "muster clock accept --config clock.conf --json");
        assert_int_equal(run.exit_code, 0);
        assert_non_null(strstr(run.out, "\"seconds\":7200"));
        run_done(&run);
}

static void test_a_unix_socket_is_one(void **state)
{
        static const char *const answers[] = { ACCEPTED, NULL };
        struct fake_server server = { .answers = answers };
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        char folder[128], listen_text[192];
        struct run run = { 0 };
        (void)state;
        assert_non_null(getcwd(folder, sizeof folder));
        assert_true((size_t)snprintf(address.sun_path, sizeof address.sun_path, "%s/ops.sock", folder) < sizeof address.sun_path);
        server.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(server.listener, (struct sockaddr *)&address, sizeof address), 0);
        assert_int_equal(listen(server.listener, 4), 0);
        assert_int_equal(pthread_create(&server.thread, NULL, fake_run, &server), 0);
        (void)snprintf(listen_text, sizeof listen_text, "unix:%s", address.sun_path);
        write_conf(listen_text);
        run_words(&run, "muster clock accept --config clock.conf");
        fake_server_stop(&server);
        assert_int_equal(run.exit_code, 0);
        assert_memory_equal(server.requests[0], "POST /clock/accept HTTP", strlen("POST /clock/accept HTTP"));
        (void)unlink(address.sun_path);
        run_done(&run);
}

/* What the listener answers, and the exit code that a script sees. */
static void test_a_refusal_is_said_and_is_no_success(void **state)
{
        static const struct {
                const char *answer, *says;
                int exit_code;
        } cases[] = {
                { FAKE_ANSWER("409", "text/plain", "nothing to accept: the clock has not jumped\nmore"),
                        "nothing to accept: the clock has not jumped", EXIT_CONFLICT },
                { FAKE_ANSWER("403", "text/plain", "only muster clock accept may\n"), "only muster clock accept may", EXIT_REFUSED },
                { FAKE_ANSWER("503", "text/plain", "not now\n"), "not now", EXIT_UNAVAILABLE },
                { FAKE_ANSWER("200", "text/plain", "not json"), NULL, -1 },
                { FAKE_JSON("200", "[1]"), NULL, -1 },
                { FAKE_ANSWER("404", "text/plain", ""), NULL, -1 },
        };
        (void)state;
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                struct fake_server server;
                struct run run = { 0 };
                accept_at(&run, &server, "127.0.0.1", cases[i].answer, "muster clock accept --config clock.conf");
                if (!run.exit_code || (cases[i].exit_code > 0 && run.exit_code != cases[i].exit_code))
                        fail_msg("case %zu: exit %d: %s", i, run.exit_code, run.err);
                if (cases[i].says && !strstr(run.err, cases[i].says))
                        fail_msg("case %zu says: %s", i, run.err);
                assert_null(strstr(run.err, "more"));
                assert_string_equal(run.out, "");
                run_done(&run);
        }
}

static void test_nobody_there_is_said_with_the_setting(void **state)
{
        struct run run = { 0 };
        (void)state;
        write_conf("");
        run_words(&run, "muster clock accept --config clock.conf");
        assert_int_equal(run.exit_code, EXIT_UNAVAILABLE);
        assert_non_null(strstr(run.err, "operations_listen"));
        run_done(&run);
        write_conf("127.0.0.1:1"); /* nobody listens there */
        run_words(&run, "muster clock accept --config clock.conf");
        assert_int_equal(run.exit_code, EXIT_UNAVAILABLE);
        run_done(&run);
        (void)unlink("clock.conf");
        run_words(&run, "muster clock accept --config clock.conf");
        assert_int_not_equal(run.exit_code, 0);
        assert_non_null(strstr(run.err, "clock.conf"));
        run_done(&run);
        run_words(&run, "muster clock accept");
        assert_int_equal(run.exit_code, EXIT_USAGE);
        run_done(&run);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_it_is_sent_to_where_the_server_listens),
                cmocka_unit_test(test_json_is_what_the_server_said),
                cmocka_unit_test(test_a_unix_socket_is_one),
                cmocka_unit_test(test_a_refusal_is_said_and_is_no_success),
                cmocka_unit_test(test_nobody_there_is_said_with_the_setting),
        };
        char folder[] = "/tmp/muster-clock-XXXXXX";
        if (fetch_library_init() || !mkdtemp(folder) || chdir(folder))
                return 1;
        int failed = cmocka_run_group_tests(tests, NULL, NULL);
        (void)unlink("clock.conf");
        if (chdir("/") || rmdir(folder))
                return 1;
        return failed;
}
