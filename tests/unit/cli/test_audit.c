/* SPDX-License-Identifier: Apache-2.0
 *
 * init and the commands of `audit`: over a real database made by `muster init`, and over a stub of the server. */
#include "run.h"

#include <jansson.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "base/error.h"
#include "net/https_fetch.h"

static struct fake_server server;
static char folder[] = "/tmp/muster-cli-XXXXXX";

static void assert_mode(const char *name, mode_t expected)
{
        struct stat facts;
        assert_int_equal(stat(name, &facts), 0);
        assert_int_equal(facts.st_mode & 0777, expected);
}

static void sql(const char *text)
{
        sqlite3 *database = NULL;
        assert_int_equal(sqlite3_open("muster.db", &database), SQLITE_OK);
        assert_int_equal(sqlite3_exec(database, text, NULL, NULL, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_close(database), SQLITE_OK);
}

static int set_up(void **state)
{
        if (fetch_library_init() || !mkdtemp(folder) || chdir(folder))
                return -1;
        FILE *file = fopen("muster.conf", "w");
        if (!file)
                return -1;
        (void)fputs("[server]\npublic_url = http://127.0.0.1:8080\n", file);
        return fclose(file);
}

static int tear_down(void **state)
{
        char command[128];
        (void)snprintf(command, sizeof(command), "rm -r %s", folder);
        return system(command);
}

static void test_init_makes_keys_and_prints_the_agreed_document(void **state)
{
        struct run run = { 0 };
        run_words(&run, "muster init --config muster.conf --org acme --name 'Acme Ltd' --admin-email eve@example.com --json");
        assert_string_equal(run.err, "");
        assert_int_equal(run.exit_code, EXIT_OK);
        json_t *answer = json_loads(run.out, 0, NULL);
        const char *slug, *email, *token, *org_id, *admin_id;
        assert_int_equal(json_unpack(answer, "{s:{s:s, s:s !}, s:{s:s, s:s !}, s:s !}", "org", "id", &org_id, "slug", &slug, "admin", "id",
                                 &admin_id, "email", &email, "api_token", &token),
                0);
        assert_string_equal(slug, "acme");
        assert_string_equal(email, "eve@example.com");
        assert_memory_equal(token, "mus_id_", 7);
        assert_mode("master.key", 0600);
        assert_mode("checkpoint.key", 0600);
        json_decref(answer);
        run_done(&run);
}

static void test_init_refuses_the_same_slug(void **state)
{
        struct run run = { 0 };
        run_words(&run, "muster init --config muster.conf --org acme --name Again --admin-email eve@example.com --json");
        assert_int_equal(run.exit_code, EXIT_CONFLICT);
        assert_string_equal(run.out, "");
        assert_non_null(strstr(run.err, "acme"));
        run_done(&run);
}

static void test_init_for_people_says_what_comes_next(void **state)
{
        struct run run = { 0 };
        run_words(&run, "muster init --config muster.conf --org other --name Other --admin-email eve@example.com");
        assert_int_equal(run.exit_code, EXIT_OK);
        assert_non_null(strstr(run.out, "api_token    mus_id_"));
        assert_non_null(strstr(run.err, "next: musterd --config"));
        assert_null(strstr(run.err, "mus_id_"));
        run_done(&run);
}

static void test_the_ledger_is_read_without_a_server(void **state)
{
        struct run run = { 0 };
        run_words(&run, "muster audit export --config muster.conf --org acme");
        assert_int_equal(run.exit_code, EXIT_OK);
        assert_memory_equal(run.out, "{\"seq\":1,", 9);
        assert_non_null(strstr(run.out, "organization.initialized"));
        assert_int_equal(run.out[strlen(run.out) - 1], '\n');
        assert_null(strstr(run.out, "\n\n"));
        run_done(&run);
        run_words(&run, "muster audit tail --config muster.conf --org acme --limit 1");
        assert_int_equal(run.exit_code, EXIT_OK);
        assert_memory_equal(run.out, "SEQ  AT", 7);
        run_done(&run);
        run_words(&run, "muster audit export --after 9999 --config muster.conf --org acme");
        assert_int_equal(run.exit_code, EXIT_OK);
        assert_string_equal(run.out, "");
        run_done(&run);
        run_words(&run, "muster audit tail --config muster.conf --org nobody");
        assert_int_equal(run.exit_code, EXIT_NOT_FOUND);
        run_done(&run);
}

static void test_a_whole_ledger_is_proved_without_a_server(void **state)
{
        struct run run = { 0 };
        run_words(&run, "muster audit verify --config muster.conf --org acme");
        assert_int_equal(run.exit_code, EXIT_OK);
        assert_memory_equal(run.out, "whole: ", 7);
        assert_non_null(strstr(run.out, "A cut inside the last checkpoint interval is found only against"));
        run_done(&run);
        run_words(&run, "muster audit verify --json --config muster.conf --org acme");
        assert_non_null(strstr(run.out, "\"whole\":true,"));
        run_done(&run);
}

static void test_an_edited_entry_is_named(void **state)
{
        struct run run = { 0 };
        sql("UPDATE ledger SET body = '{\"x\":1}' WHERE seq = 1 AND root_no = (SELECT root_no FROM root WHERE slug_folded = 'acme')");
        run_words(&run, "muster audit verify --config muster.conf --org acme");
        assert_int_equal(run.exit_code, EXIT_TAMPERED);
        assert_non_null(strstr(run.err, "muster: the ledger is not whole: entry 1: edited"));
        assert_string_equal(run.out, "");
        run_done(&run);
        run_words(&run, "muster audit verify --json --config muster.conf --org acme");
        assert_int_equal(run.exit_code, EXIT_TAMPERED);
        assert_non_null(strstr(run.out, "\"whole\":false,"));
        assert_non_null(strstr(run.out, "\"bad_seq\":1,"));
        run_done(&run);
        run_words(&run, "muster audit verify --config muster.conf --org other");
        assert_int_equal(run.exit_code, EXIT_OK);
        run_done(&run);
}

static void test_no_key_no_proof(void **state)
{
        struct run run = { 0 };
        assert_int_equal(rename("checkpoint.key", "elsewhere"), 0);
        run_words(&run, "muster audit verify --config muster.conf --org other");
        assert_true(run.exit_code != EXIT_OK);
        assert_int_equal(rename("elsewhere", "checkpoint.key"), 0);
        run_done(&run);
}

#define ENTRY(seq) "{\"seq\":" #seq ",\"at\":\"t\",\"class\":\"change\",\"event\":\"created\",\"actor\":{\"kind\":\"system\"}}"
#define PAGE(items, next) FAKE_JSON("200", "{\"items\":[" items "],\"next_after\":" #next "}")

static void test_export_walks_to_the_end(void **state)
{
        struct run run = { 0 };
        const char *const answers[] = { PAGE(ENTRY(6) "," ENTRY(7), 7), PAGE(ENTRY(8), 8), PAGE("", 8), NULL };
        run_served(&run, &server, answers, "muster audit export --after 5");
        assert_int_equal(run.exit_code, EXIT_OK);
        assert_string_equal(run.out, ENTRY(6) "\n" ENTRY(7) "\n" ENTRY(8) "\n");
        assert_memory_equal(server.requests[0], "GET /api/v1/audit?after=5&limit=1000 HTTP", 41);
        assert_memory_equal(server.requests[2], "GET /api/v1/audit?after=8&limit=1000 HTTP", 41);
        run_done(&run);
}

static void test_tail_begins_near_the_end(void **state)
{
        struct run run = { 0 };
        const char *const answers[] = { FAKE_JSON("200", "{\"revision\":\"hhhhhhhh.1.100\"}"), PAGE(ENTRY(100), 100), PAGE("", 100), NULL };
        run_served(&run, &server, answers, "muster audit tail");
        assert_memory_equal(server.requests[1], "GET /api/v1/audit?after=80&limit=20 HTTP", 40);
        assert_string_equal(run.out, "SEQ  AT  CLASS   EVENT    ACTOR   ACTOR ID  OBJECT  OBJECT ID\n"
                                     "100  t   change  created  system  -         -       -\n");
        run_done(&run);
}

static void test_tail_follows_until_the_server_goes(void **state)
{
        struct run run = { 0 };
        const char *const answers[] = { PAGE("", 3), PAGE(ENTRY(4), 4), FAKE_PROBLEM("503", "unavailable", "Stopping."), NULL };
        run_served(&run, &server, answers, "muster audit tail --follow --after 3 --json");
        assert_string_equal(run.out, ENTRY(4) "\n");
        assert_int_equal(run.exit_code, EXIT_UNAVAILABLE);
        run_done(&run);
}

static void test_a_server_that_repeats_itself_is_no_endless_loop(void **state)
{
        struct run run = { 0 };
        const char *const answers[] = { PAGE(ENTRY(4), 3), PAGE(ENTRY(4), 3), NULL };
        run_served(&run, &server, answers, "muster audit export --after 3");
        assert_int_equal(run.exit_code, EXIT_FAILED);
        run_done(&run);
}

static void test_verify_sends_the_last_line_of_the_checkpoint_file(void **state)
{
        struct run run = { 0 };
        FILE *file = fopen("checkpoints", "w");
        assert_non_null(file);
        (void)fputs("{\"seq\":1}\n{\"seq\":2}\n\n", file);
        assert_int_equal(fclose(file), 0);
        const char *const answers[] = { FAKE_JSON("200", "{\"whole\":false,\"entries\":9,\"bad_seq\":10,\"reason\":\"cut\"}"), NULL };
        run_served(&run, &server, answers, "muster audit verify --checkpoint checkpoints");
        assert_memory_equal(server.requests[0], "POST /api/v1/audit/verify HTTP", 30);
        assert_string_equal(fake_body(&server, 0), "{\"checkpoint\":\"{\\\"seq\\\":2}\"}");
        assert_int_equal(run.exit_code, EXIT_TAMPERED);
        assert_non_null(strstr(run.err, "entry 10: cut"));
        run_done(&run);
        const char *const cut[] = { FAKE_JSON("200", "{\"whole\":true,\"entries\":9,\"first_seq\":6}"), NULL };
        run_served(&run, &server, cut, "muster audit verify --from-checkpoint 5");
        assert_string_equal(fake_body(&server, 0), "{\"from_checkpoint\":5}");
        assert_int_equal(run.exit_code, EXIT_OK);
        run_done(&run);
        run_words(&run, "muster audit verify --from-checkpoint five");
        assert_int_equal(run.exit_code, EXIT_USAGE);
        run_done(&run);
        run_words(&run, "muster audit verify --checkpoint /nonexistent");
        assert_int_equal(run.exit_code, EXIT_NOT_FOUND);
        run_done(&run);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_init_makes_keys_and_prints_the_agreed_document),
                cmocka_unit_test(test_init_refuses_the_same_slug),
                cmocka_unit_test(test_init_for_people_says_what_comes_next),
                cmocka_unit_test(test_the_ledger_is_read_without_a_server),
                cmocka_unit_test(test_a_whole_ledger_is_proved_without_a_server),
                cmocka_unit_test(test_an_edited_entry_is_named),
                cmocka_unit_test(test_no_key_no_proof),
                cmocka_unit_test(test_export_walks_to_the_end),
                cmocka_unit_test(test_tail_begins_near_the_end),
                cmocka_unit_test(test_tail_follows_until_the_server_goes),
                cmocka_unit_test(test_a_server_that_repeats_itself_is_no_endless_loop),
                cmocka_unit_test(test_verify_sends_the_last_line_of_the_checkpoint_file),
        };
        return cmocka_run_group_tests(tests, set_up, tear_down);
}
