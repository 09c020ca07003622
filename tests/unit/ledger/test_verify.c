/* SPDX-License-Identifier: Apache-2.0
 *
 * Security test 90: whatever is done to the rows of a ledger, verify names the first bad one; what nobody signed is found only against
 * an external checkpoint. Each tampering is raw SQL, as somebody with the database would do it. */
#include "ledger/ledger_fixture.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

static void test_whole_ledger_is_whole(struct fixture *fixture)
{
        ledger_with(fixture, 10);
        struct checkpoint_key *key = key_new(fixture, "key");
        assert_int_equal(sign(fixture, key), 1);
        append_entries(fixture, 3);
        struct verify_report report = verify_expect(fixture, key, NULL, ERR_OK);
        assert_int_equal(report.entries, 13);
        assert_int_equal(report.first_seq, 1);
        assert_int_equal(report.last_seq, 13);
        assert_int_equal(report.checkpoints, 1);
        assert_int_equal(report.unsigned_tail, 3);
        assert_int_equal(report.blanked, 0);
        assert_int_equal(report.bad_seq, 0);
        assert_string_equal(report.reason, "");
        checkpoint_key_free(key);
}

static void test_empty_ledger_is_whole(struct fixture *fixture)
{
        int64_t roots = 1;
        assert_ok(fixture_submit(fixture, job_insert_roots, &roots));
        assert_int_equal(verify_expect(fixture, NULL, NULL, ERR_OK).entries, 0);
        struct verify_report report;
        assert_err(ledger_verify(fixture->reader, 99, NULL, NULL, &report, NULL), ERR_NOT_FOUND);
}

static void test_more_entries_than_a_page(struct fixture *fixture)
{
        ledger_with(fixture, 2500);
        assert_int_equal(verify_expect(fixture, NULL, NULL, ERR_OK).entries, 2500);
        raw_script(fixture, "UPDATE ledger SET at_us = at_us + 1 WHERE seq = 2001");
        assert_bad(fixture, NULL, NULL, 2001, "edited");
}

static void test_sec90_every_edited_column_is_named(struct fixture *fixture)
{
        static const char *const edits[] = {
                "at_us = at_us + 1",
                "class = 2",
                "event = 'created'",
                "event = ''",
                "actor_kind = 3",
                "actor_no = 8",
                "object_kind = 3",
                "object_no = 10",
                "body = '{\"n\":6}'",
                "body = '{\"n\":5} '",
                "body = ''",
                "change_id = hash",
                "change_id = (SELECT change_id FROM ledger WHERE seq = 4)",
                "salt = (SELECT salt FROM ledger WHERE seq = 4)",
                "salt = hash",
                "body_hash = hash",
                "body_hash = salt",
                "hash = body_hash",
                "hash = salt",
        };
        char sql[256];
        ledger_with(fixture, 9);
        raw_script(fixture, "CREATE TABLE kept AS SELECT * FROM ledger");
        for (size_t i = 0; i < COUNT_OF(edits); i++) {
                (void)snprintf(sql, sizeof sql, "UPDATE ledger SET %s WHERE seq = 5", edits[i]);
                raw_script(fixture, sql);
                assert_bad(fixture, NULL, NULL, 5, "edited");
                raw_script(fixture, "DELETE FROM ledger");
                raw_script(fixture, "INSERT INTO ledger SELECT * FROM kept");
                verify_expect(fixture, NULL, NULL, ERR_OK);
        }
        raw_script(fixture, "DROP TABLE kept");
}

static void test_sec90_deleted_rows_are_named(struct fixture *fixture)
{
        ledger_with(fixture, 9);
        raw_script(fixture, "DELETE FROM ledger WHERE seq = 5");
        assert_bad(fixture, NULL, NULL, 5, "missing");
        raw_script(fixture, "DELETE FROM ledger WHERE seq = 1");
        assert_bad(fixture, NULL, NULL, 1, "missing");
        raw_script(fixture, "DELETE FROM ledger");
        assert_bad(fixture, NULL, NULL, 1, "cut");
}

static void test_sec90_deleted_and_renumbered_is_named(struct fixture *fixture)
{
        ledger_with(fixture, 9);
        raw_script(fixture, "DELETE FROM ledger WHERE seq = 5");
        raw_script(fixture, "UPDATE ledger SET seq = -seq WHERE seq > 5");
        raw_script(fixture, "UPDATE ledger SET seq = -seq - 1 WHERE seq < 0");
        assert_bad(fixture, NULL, NULL, 5, "moved");
}

static void test_sec90_reordered_rows_are_named(struct fixture *fixture)
{
        ledger_with(fixture, 9);
        raw_script(fixture, "UPDATE ledger SET seq = -1 WHERE seq = 4");
        raw_script(fixture, "UPDATE ledger SET seq = 4 WHERE seq = 7");
        raw_script(fixture, "UPDATE ledger SET seq = 7 WHERE seq = -1");
        assert_bad(fixture, NULL, NULL, 4, "moved");
}

static void test_sec90_rows_before_the_first_and_behind_the_last_are_named(struct fixture *fixture)
{
        ledger_with(fixture, 4);
        raw_script(fixture, "UPDATE root SET revision = 3 WHERE root_no = 1");
        assert_bad(fixture, NULL, NULL, 4, "added");
        raw_script(fixture, "UPDATE root SET revision = 4 WHERE root_no = 1");
        raw_script(fixture, "INSERT INTO ledger SELECT root_no, 0, at_us, class, event, actor_kind, actor_no, object_kind, object_no, "
                            "change_id, salt, body, body_hash, hash FROM ledger WHERE seq = 1");
        assert_bad(fixture, NULL, NULL, 0, "added");
}

static void test_sec90_edited_root_row_is_named(struct fixture *fixture)
{
        ledger_with(fixture, 9);
        raw_script(fixture, "UPDATE root SET last_hash = (SELECT hash FROM ledger WHERE seq = 8) WHERE root_no = 1");
        assert_bad(fixture, NULL, NULL, 9, "another hash");
        raw_script(fixture, "UPDATE root SET last_hash = substr(last_hash, 1, 31) WHERE root_no = 1");
        assert_bad(fixture, NULL, NULL, 9, "another hash");
}

static void test_sec90_cut_tail_is_named(struct fixture *fixture)
{
        ledger_with(fixture, 9);
        raw_script(fixture, "DELETE FROM ledger WHERE seq > 6");
        assert_bad(fixture, NULL, NULL, 7, "cut");
}

/* The attacker sets the root's row back, too. */
static void cut_whole(struct fixture *fixture, int last)
{
        char sql[256];
        (void)snprintf(sql, sizeof sql, "DELETE FROM ledger WHERE seq > %d", last);
        raw_script(fixture, sql);
        (void)snprintf(sql, sizeof sql,
                "UPDATE root SET revision = %d, last_hash = (SELECT hash FROM ledger WHERE root_no = 1 AND seq = %d) WHERE root_no = 1",
                last, last);
        raw_script(fixture, sql);
}

static void test_sec90_tail_cut_with_the_root_row_is_found_by_a_checkpoint(struct fixture *fixture)
{
        ledger_with(fixture, 6);
        struct checkpoint_key *key = key_new(fixture, "key");
        sign(fixture, key);
        append_entries(fixture, 3);
        cut_whole(fixture, 7); /* behind the checkpoint: no trace inside */
        assert_int_equal(verify_expect(fixture, key, NULL, ERR_OK).unsigned_tail, 1);
        cut_whole(fixture, 4);
        assert_bad(fixture, key, NULL, 5, "cut");
        assert_bad(fixture, NULL, NULL, 5, "cut");
        checkpoint_key_free(key);
}

static void test_sec90_tail_cut_with_its_checkpoints_is_found_by_an_external_one(struct fixture *fixture)
{
        ledger_with(fixture, 6);
        struct checkpoint_key *key = key_new(fixture, "key");
        sign(fixture, key);
        char *line = export_line(fixture);
        append_entries(fixture, 2);
        verify_expect(fixture, key, line, ERR_OK);
        cut_whole(fixture, 4);
        raw_script(fixture, "DELETE FROM checkpoint");
        verify_expect(fixture, key, NULL, ERR_OK); /* nothing inside tells */
        assert_bad(fixture, key, line, 5, "cut");
        assert_bad(fixture, NULL, line, 5, "cut");
        free(line);
        checkpoint_key_free(key);
}

/* Writes the whole chain anew from `first` on, hashes and root row included: all that can be done without the key. */
static void rebuild(struct fixture *fixture, int first, int last)
{
        char sql[512], hex[2 * HASH_SIZE + 1];
        struct hash *hash = hash_new();
        for (int seq = first; seq <= last; seq++) {
                unsigned char previous[HASH_SIZE] = { 0 }, head[HASH_SIZE], change[CHANGE_ID_SIZE], salt[SALT_SIZE];
                struct entry entry = { .seq = seq };
                char event[64], body[64];
                auto_result before = { 0 }, result = { 0 };
                bool found;
                assert_ok(session_query(fixture->reader, ST_LEDGER_AFTER, &before, NULL, V_I64(1), V_I64(seq - 2), V_I64(1)));
                assert_ok(result_next(&before, &found, NULL));
                if (seq > 1)
                        memcpy(previous, result_bytes(&before, 12, NULL), HASH_SIZE);
                result_done(&before);
                assert_ok(session_query(fixture->reader, ST_LEDGER_AFTER, &result, NULL, V_I64(1), V_I64(seq - 1), V_I64(1)));
                assert_ok(result_next(&result, &found, NULL));
                entry.at_us = result_i64(&result, 1);
                entry.class = result_i64(&result, 2);
                (void)snprintf(event, sizeof event, "%s", result_text(&result, 3, NULL));
                (void)snprintf(body, sizeof body, "%s", result_text(&result, 10, NULL));
                entry.event = event;
                entry.event_length = strlen(event);
                entry.actor_kind = result_i64(&result, 4);
                entry.actor_no = result_i64(&result, 5);
                entry.object_kind = result_i64(&result, 6);
                entry.object_no = result_i64(&result, 7);
                memcpy(change, result_bytes(&result, 8, NULL), CHANGE_ID_SIZE);
                memcpy(salt, result_bytes(&result, 9, NULL), SALT_SIZE);
                entry.change_id = change;
                result_done(&result);
                entry_hash_body(hash, salt, body, strlen(body), entry.body_hash);
                entry_hash(hash, previous, &entry, head);
                bool sqlite = fixture->kind == ON_SQLITE;
                text_hex(entry.body_hash, HASH_SIZE, hex);
                (void)snprintf(sql, sizeof sql, "UPDATE ledger SET body_hash = %s%s' WHERE seq = %d", sqlite ? "X'" : "'\\x", hex, seq);
                raw_script(fixture, sql);
                text_hex(head, HASH_SIZE, hex);
                (void)snprintf(sql, sizeof sql, "UPDATE ledger SET hash = %s%s' WHERE seq = %d", sqlite ? "X'" : "'\\x", hex, seq);
                raw_script(fixture, sql);
        }
        hash_free(hash);
        raw_script(fixture, "UPDATE root SET last_hash = (SELECT hash FROM ledger WHERE seq = root.revision) WHERE root_no = 1");
}

static void test_sec90_chain_rebuilt_without_key_is_found_by_the_checkpoint(struct fixture *fixture)
{
        ledger_with(fixture, 4);
        struct checkpoint_key *key = key_new(fixture, "key"), *other = key_new(fixture, "other");
        sign(fixture, key);
        append_entries(fixture, 5);
        sign(fixture, key);
        append_entries(fixture, 1);
        char *line = export_line(fixture);
        raw_script(fixture, "UPDATE ledger SET actor_no = 8 WHERE seq = 5");
        assert_bad(fixture, key, NULL, 5, "edited");
        rebuild(fixture, 5, 10);
        assert_bad(fixture, key, NULL, 5, "rebuilt");
        assert_bad(fixture, NULL, NULL, 1, "rebuilt"); /* without the key no checkpoint counts as a place to trust */
        /* The checkpoint is made to fit: then its signature does not. */
        raw_script(fixture, "UPDATE checkpoint SET hash = (SELECT hash FROM ledger WHERE seq = 9) WHERE seq = 9");
        assert_bad(fixture, key, NULL, 9, "signature");
        raw_script(fixture, "UPDATE checkpoint SET key_id = 'feedfeedfeedfeed' WHERE seq = 9");
        assert_bad(fixture, key, NULL, 9, "names key");
        /* Signed anew with a key of the attacker's own. */
        raw_script(fixture, "DELETE FROM checkpoint WHERE seq = 9");
        sign(fixture, other);
        assert_bad(fixture, key, NULL, 10, "names key");
        /* All checkpoints since are gone: only the external copy tells. */
        raw_script(fixture, "DELETE FROM checkpoint WHERE seq > 4");
        assert_int_equal(verify_expect(fixture, key, NULL, ERR_OK).unsigned_tail, 6);
        assert_bad(fixture, key, line, 5, "external");
        free(line);
        checkpoint_key_free(key);
        checkpoint_key_free(other);
}

static void test_sec90_edited_checkpoint_is_named(struct fixture *fixture)
{
        ledger_with(fixture, 3);
        struct checkpoint_key *key = key_new(fixture, "key");
        sign(fixture, key);
        static const char *const edits[] = { "at_us = at_us + 1", "hash = signature", "signature = hash", "key_id = ''", "seq = 2" };
        raw_script(fixture, "CREATE TABLE kept AS SELECT * FROM checkpoint");
        for (size_t i = 0; i < COUNT_OF(edits); i++) {
                char sql[128];
                (void)snprintf(sql, sizeof sql, "UPDATE checkpoint SET %s", edits[i]);
                raw_script(fixture, sql);
                struct verify_report report = verify_expect(fixture, key, NULL, ERR_TAMPERED);
                assert_in_range(report.bad_seq, 2, 3);
                raw_script(fixture, "DELETE FROM checkpoint");
                raw_script(fixture, "INSERT INTO checkpoint SELECT * FROM kept");
                verify_expect(fixture, key, NULL, ERR_OK);
        }
        raw_script(fixture, "DROP TABLE kept");
        checkpoint_key_free(key);
}

static void test_r31_blanked_entries_verify_and_are_counted(struct fixture *fixture)
{
        ledger_with(fixture, 5);
        raw_script(fixture, "UPDATE ledger SET body = '', salt = substr(salt, 1, 0) WHERE seq IN (2, 4)");
        struct verify_report report = verify_expect(fixture, NULL, NULL, ERR_OK);
        assert_int_equal(report.blanked, 2);
        assert_int_equal(report.entries, 5);
        /* Blanking must not hide another edit. */
        raw_script(fixture, "UPDATE ledger SET actor_no = 8 WHERE seq = 4");
        assert_bad(fixture, NULL, NULL, 4, "edited");
        raw_script(fixture, "UPDATE ledger SET actor_no = 7 WHERE seq = 4");
        raw_script(fixture, "UPDATE ledger SET body = '{}' WHERE seq = 2");
        assert_bad(fixture, NULL, NULL, 2, "edited");
}

static void test_r31_retention_begins_behind_a_signed_checkpoint_only(struct fixture *fixture)
{
        ledger_with(fixture, 4);
        struct checkpoint_key *key = key_new(fixture, "key");
        sign(fixture, key);
        char *early = export_line(fixture);
        append_entries(fixture, 2);
        sign(fixture, key);
        char *line = export_line(fixture);
        append_entries(fixture, 2);
        raw_script(fixture, "DELETE FROM ledger WHERE seq <= 6");
        struct verify_report report = verify_from(fixture, key, line, 6, ERR_OK);
        assert_int_equal(report.first_seq, 7);
        assert_int_equal(report.entries, 2);
        assert_int_equal(report.unsigned_tail, 2);
        assert_bad_from(fixture, NULL, NULL, 6, 1, "missing");
        verify_from(fixture, key, early, 6, ERR_VALUE); /* what it vouches for is not kept */
        raw_script(fixture, "UPDATE checkpoint SET at_us = at_us + 1 WHERE seq = 6");
        assert_bad_from(fixture, key, NULL, 6, 1, "missing"); /* what cannot be trusted stands for nothing */
        raw_script(fixture, "UPDATE checkpoint SET at_us = at_us - 1 WHERE seq = 6");
        raw_script(fixture, "DELETE FROM ledger WHERE seq <= 7");
        assert_bad_from(fixture, key, NULL, 6, 7, "begins at entry 8");
        assert_bad_from(fixture, key, NULL, 7, 1, "missing");
        free(line);
        free(early);
        checkpoint_key_free(key);
}

/* Whoever can delete rows finds a checkpoint to delete up to: only the caller knows of a cut that was meant. */
static void test_sec90_a_prefix_deleted_up_to_a_signed_checkpoint_is_named(struct fixture *fixture)
{
        ledger_with(fixture, 4);
        struct checkpoint_key *key = key_new(fixture, "key");
        sign(fixture, key);
        append_entries(fixture, 2);
        sign(fixture, key);
        append_entries(fixture, 1);
        char *line = export_line(fixture);
        raw_script(fixture, "DELETE FROM ledger WHERE seq <= 4");
        assert_bad(fixture, key, NULL, 1, "missing: the ledger begins at entry 5, so entries 1 to 4 were deleted");
        assert_bad(fixture, key, line, 1, "missing");
        assert_bad(fixture, NULL, NULL, 1, "missing");
        assert_int_equal(verify_from(fixture, key, NULL, 4, ERR_OK).entries, 3);
        assert_bad_from(fixture, key, NULL, 3, 4, "begins at entry 5, not behind the checkpoint at 3");
        assert_bad_from(fixture, key, NULL, 6, 5, "begins at entry 5, not behind the checkpoint at 6");
        raw_script(fixture, "DELETE FROM ledger WHERE seq <= 6");
        assert_bad_from(fixture, key, NULL, 4, 5, "begins at entry 7"); /* cut once more than was known */
        free(line);
        checkpoint_key_free(key);
}

static void test_a_whole_ledger_does_not_begin_behind_a_checkpoint(struct fixture *fixture)
{
        ledger_with(fixture, 4);
        struct checkpoint_key *key = key_new(fixture, "key");
        sign(fixture, key);
        verify_from(fixture, key, NULL, 4, ERR_VALUE);
        assert_non_null(strstr(fixture->fault.message, "begins at entry 1"));
        verify_from(fixture, key, NULL, -1, ERR_VALUE);
        verify_from(fixture, key, NULL, INT64_MAX, ERR_VALUE);
        checkpoint_key_free(key);
}

static void test_external_checkpoint_of_somebody_else_is_refused(struct fixture *fixture)
{
        ledger_with(fixture, 4);
        struct checkpoint_key *key = key_new(fixture, "key"), *other = key_new(fixture, "other");
        sign(fixture, key);
        char *line = export_line(fixture), *hash = strstr(line, "\"hash\":\"") + strlen("\"hash\":\"");
        verify_expect(fixture, other, line, ERR_VALUE);
        raw_script(fixture, "DELETE FROM checkpoint");
        *hash = *hash == '0' ? '1' : '0';
        verify_expect(fixture, key, line, ERR_VALUE);
        assert_bad(fixture, NULL, line, 1, "external"); /* nobody checks its signature then, and it differs */
        memcpy(strstr(line, ROOT_HANDLE), "hand0002", 8);
        verify_expect(fixture, NULL, line, ERR_VALUE);
        verify_expect(fixture, NULL, "nonsense", ERR_SYNTAX);
        verify_expect(fixture, NULL, "{}", ERR_VALUE);
        free(line);
        checkpoint_key_free(key);
        checkpoint_key_free(other);
}

/* Security tests, section 7: a million rows in under 10 s. MUSTER_LONG=1 runs the full count. */
static void test_speed_of_verify(struct fixture *fixture)
{
        int count = getenv("MUSTER_LONG") ? 1000000 : 50000;
        ledger_with(fixture, 1);
        for (int done = 1; done < count; done += 5000)
                append_entries(fixture, done + 5000 <= count ? 5000 : count - done);
        int64_t begin_us = clock_steady_us();
        assert_int_equal(verify_expect(fixture, NULL, NULL, ERR_OK).entries, count);
        double seconds = (double)(clock_steady_us() - begin_us) / US_PER_S;
        print_message("verified %d entries in %.2f s\n", count, seconds);
}

int main(void)
{
        log_set_level(LOG_WARN);
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_whole_ledger_is_whole, ON_BOTH),
                FIXTURE_TEST(test_empty_ledger_is_whole, ON_BOTH),
                FIXTURE_TEST(test_more_entries_than_a_page, ON_BOTH),
                FIXTURE_TEST(test_sec90_every_edited_column_is_named, ON_BOTH),
                FIXTURE_TEST(test_sec90_deleted_rows_are_named, ON_BOTH),
                FIXTURE_TEST(test_sec90_deleted_and_renumbered_is_named, ON_BOTH),
                FIXTURE_TEST(test_sec90_reordered_rows_are_named, ON_BOTH),
                FIXTURE_TEST(test_sec90_rows_before_the_first_and_behind_the_last_are_named, ON_BOTH),
                FIXTURE_TEST(test_sec90_edited_root_row_is_named, ON_BOTH),
                FIXTURE_TEST(test_sec90_cut_tail_is_named, ON_BOTH),
                FIXTURE_TEST(test_sec90_tail_cut_with_the_root_row_is_found_by_a_checkpoint, ON_BOTH),
                FIXTURE_TEST(test_sec90_tail_cut_with_its_checkpoints_is_found_by_an_external_one, ON_BOTH),
                FIXTURE_TEST(test_sec90_chain_rebuilt_without_key_is_found_by_the_checkpoint, ON_BOTH),
                FIXTURE_TEST(test_sec90_edited_checkpoint_is_named, ON_BOTH),
                FIXTURE_TEST(test_r31_blanked_entries_verify_and_are_counted, ON_BOTH),
                FIXTURE_TEST(test_r31_retention_begins_behind_a_signed_checkpoint_only, ON_BOTH),
                FIXTURE_TEST(test_sec90_a_prefix_deleted_up_to_a_signed_checkpoint_is_named, ON_BOTH),
                FIXTURE_TEST(test_a_whole_ledger_does_not_begin_behind_a_checkpoint, ON_BOTH),
                FIXTURE_TEST(test_external_checkpoint_of_somebody_else_is_refused, ON_BOTH),
                FIXTURE_TEST(test_speed_of_verify, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
