/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys and signing: files as they must be, every root that moved, once; the logged line and the exported one are the same checkpoint. */
#include "ledger/ledger_fixture.h"
#include <fcntl.h>
#include <sys/stat.h>
#include "base/log.h"

static void log_nowhere(void)
{
        static int nowhere = -1;
        if (nowhere < 0)
                nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
        log_set_fd(nowhere);
}

static void test_a_key_file_is_private_and_never_overwritten(struct fixture *fixture)
{
        char path[160];
        struct stat status;
        (void)snprintf(path, sizeof path, "%s/key.pem", fixture->folder);
        struct checkpoint_key *key = key_new(fixture, "key"), *again = NULL;
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600);
        assert_err(checkpoint_key_make_file(path, &fixture->fault), ERR_TAKEN);
        assert_ok(checkpoint_key_load(path, &again, &fixture->fault));
        assert_string_equal(checkpoint_key_id(key), checkpoint_key_id(again));
        assert_int_equal(strlen(checkpoint_key_id(key)), 16);
        checkpoint_key_free(key);
        checkpoint_key_free(again);
        assert_int_equal(chmod(path, 0644), 0);
        assert_true(checkpoint_key_load(path, &again, &fixture->fault) != ERR_OK);
}

static void test_what_is_no_key_is_refused(struct fixture *fixture)
{
        static const char rsa[] = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VuBCIEIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
                                  "-----END PRIVATE KEY-----\n"; /* X25519: well formed, but signs nothing */
        char path[160];
        struct checkpoint_key *key = NULL;
        (void)snprintf(path, sizeof path, "%s/other.pem", fixture->folder);
        assert_true(checkpoint_key_load(path, &key, &fixture->fault) != ERR_OK);
        assert_ok(secret_store_new(path, rsa, strlen(rsa), &fixture->fault));
        assert_err(checkpoint_key_load(path, &key, &fixture->fault), ERR_VALUE);
        (void)snprintf(path, sizeof path, "%s/junk.pem", fixture->folder);
        assert_ok(secret_store_new(path, "junk", 4, &fixture->fault));
        assert_err(checkpoint_key_load(path, &key, &fixture->fault), ERR_VALUE);
        assert_null(key);
}

static void test_every_root_that_moved_is_signed_once(struct fixture *fixture)
{
        int64_t roots = 230; /* more than two pages */
        struct checkpoint_key *key = key_new(fixture, "key");
        assert_ok(fixture_submit(fixture, job_insert_roots, &roots));
        assert_int_equal(sign(fixture, key), 0);
        for (int64_t root_no = 1; root_no <= roots; root_no++)
                assert_ok(fixture_submit(fixture, job_raise_revision, &root_no));
        assert_int_equal(sign(fixture, key), 230);
        assert_int_equal(sign(fixture, key), 0);
        int64_t root_no = 117;
        assert_ok(fixture_submit(fixture, job_raise_revision, &root_no));
        assert_int_equal(sign(fixture, key), 1);
        assert_int_equal(raw_number(fixture, "SELECT COUNT(*) FROM checkpoint"), 231);
        checkpoint_key_free(key);
}

static void test_a_damaged_root_leaves_no_other_unsigned(struct fixture *fixture)
{
        int64_t roots = 3;
        size_t count = 0;
        struct checkpoint_key *key = key_new(fixture, "key");
        assert_ok(fixture_submit(fixture, job_insert_roots, &roots));
        for (int64_t root_no = 1; root_no <= roots; root_no++)
                assert_ok(fixture_submit(fixture, job_raise_revision, &root_no));
        raw_script(fixture, "UPDATE root SET last_hash = substr(last_hash, 1, 5) WHERE root_no = 2");
        assert_err(checkpoint_sign_all(fixture->queue, fixture->reader, key, &count, &fixture->fault), ERR_TAMPERED);
        assert_int_equal(raw_number(fixture, "SELECT COUNT(*) FROM checkpoint"), 2);
        checkpoint_key_free(key);
}

static void test_the_log_line_serves_as_external_checkpoint(struct fixture *fixture)
{
        char line[1024];
        int ends[2];
        ledger_with(fixture, 4);
        struct checkpoint_key *key = key_new(fixture, "key");
        assert_int_equal(pipe(ends), 0);
        log_set_fd(ends[1]);
        sign(fixture, key);
        log_nowhere();
        ssize_t length = read(ends[0], line, sizeof line - 1);
        close(ends[0]);
        close(ends[1]);
        assert_true(length > 0);
        line[length] = '\0';
        struct checkpoint logged, exported;
        char *text = export_line(fixture);
        assert_ok(checkpoint_parse(line, ROOT_HANDLE, &logged, &fixture->fault));
        assert_ok(checkpoint_parse(text, ROOT_HANDLE, &exported, &fixture->fault));
        assert_true(logged.seq == exported.seq && logged.at_us == exported.at_us);
        assert_string_equal(logged.key_id, exported.key_id);
        assert_memory_equal(logged.hash, exported.hash, HASH_SIZE);
        assert_memory_equal(logged.signature, exported.signature, SIGNATURE_SIZE);
        assert_true(checkpoint_is_signed(&logged, ROOT_HANDLE, key));
        assert_false(checkpoint_is_signed(&logged, "hand0002", key));
        assert_int_equal(verify_expect(fixture, key, line, ERR_OK).checkpoints, 2);
        free(text);
        checkpoint_key_free(key);
}

static void test_export_without_checkpoint(struct fixture *fixture)
{
        auto_buffer line = { 0 };
        ledger_with(fixture, 1);
        assert_err(checkpoint_export(fixture->reader, 1, &line, &fixture->fault), ERR_NOT_FOUND);
        assert_err(checkpoint_export(fixture->reader, 9, &line, &fixture->fault), ERR_NOT_FOUND);
}

static void test_lines_that_are_no_checkpoint(struct fixture *fixture)
{
        static const char *const lines[] = {
                "{\"root\":\"hand0001\"}",
                "{\"root\":\"hand0001\",\"seq\":0,\"at_us\":1,\"hash\":\"\",\"key_id\":\"\",\"signature\":\"\"}",
                "{\"root\":\"hand0001\",\"seq\":1,\"at_us\":1,\"hash\":\"zz\",\"key_id\":\"a\",\"signature\":\"00\"}",
                "{\"root\":1,\"seq\":\"1\"}",
                "",
                "[]",
                "\"text\"",
        };
        struct checkpoint checkpoint;
        for (size_t i = 0; i < COUNT_OF(lines); i++) {
                enum err e = checkpoint_parse(lines[i], ROOT_HANDLE, &checkpoint, &fixture->fault);
                assert_true(e == ERR_VALUE || e == ERR_SYNTAX);
        }
}

int main(void)
{
        log_set_level(LOG_INFO);
        log_nowhere();
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_a_key_file_is_private_and_never_overwritten, ON_SQLITE),
                FIXTURE_TEST(test_what_is_no_key_is_refused, ON_SQLITE),
                FIXTURE_TEST(test_every_root_that_moved_is_signed_once, ON_BOTH),
                FIXTURE_TEST(test_a_damaged_root_leaves_no_other_unsigned, ON_BOTH),
                FIXTURE_TEST(test_the_log_line_serves_as_external_checkpoint, ON_BOTH),
                FIXTURE_TEST(test_export_without_checkpoint, ON_BOTH),
                FIXTURE_TEST(test_lines_that_are_no_checkpoint, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
