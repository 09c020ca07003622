/* SPDX-License-Identifier: Apache-2.0
 *
 * Our VFS: a transaction reaches the WAL in few writes, whole or not at all; the keeper's locks let nobody in and keep nobody of ours out.
 */
#include "store/sqlite_vfs.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "store/fault_vfs.h"

#define READ_LOCKS (0x1fu << 3)

struct house {
        char folder[40], path[64];
        struct lock_keeper keeper;
        sqlite3 *writer, *reader;
};

static void run(sqlite3 *db, const char *sql)
{
        char *message = NULL;
        if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
                fail_msg("%s: %s", sql, message);
}

static int64_t number(sqlite3 *db, const char *sql)
{
        sqlite3_stmt *statement = NULL;
        assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        int64_t got = sqlite3_column_int64(statement, 0);
        assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
        return got;
}

/* Rows of nearly a page each. */
static void insert(sqlite3 *db, int first, int count)
{
        char sql[256];
        (void)snprintf(sql, sizeof sql,
                "WITH RECURSIVE s(n) AS (SELECT %d UNION ALL SELECT n + 1 FROM s WHERE n + 1 < %d) INSERT INTO t SELECT n, printf('%%.*c', 3000, "
                "'x') FROM s",
                first, first + count);
        run(db, sql);
}

static bool is_whole(sqlite3 *db)
{
        return number(db, "SELECT COUNT(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'") == 1;
}

static sqlite3 *open_ours(const struct house *house)
{
        sqlite3 *db = NULL;
        assert_int_equal(sqlite3_open_v2(house->path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, sqlite_vfs()),
                SQLITE_OK);
        run(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0");
        return db;
}

static int house_open(void **state)
{
        struct house *house = calloc(1, sizeof *house);
        assert_non_null(house);
        *state = house;
        (void)snprintf(house->folder, sizeof house->folder, "/tmp/muster-vfs-XXXXXX");
        assert_non_null(mkdtemp(house->folder));
        (void)snprintf(house->path, sizeof house->path, "%s/a.db", house->folder);
        house->writer = open_ours(house);
        run(house->writer, "CREATE TABLE t (n INTEGER PRIMARY KEY, doc TEXT); PRAGMA wal_checkpoint(TRUNCATE)");
        house->reader = open_ours(house);
        assert_int_equal(lock_keeper_open(&house->keeper, house->path, 1000), SQLITE_OK);
        sqlite_vfs_serve(house->writer, &house->keeper, NULL);
        sqlite_vfs_serve(house->reader, &house->keeper, NULL);
        return 0;
}

static int house_close(void **state)
{
        struct house *house = *state;
        char command[80];
        lock_keeper_close(&house->keeper);
        lock_keeper_close(&house->keeper);
        assert_int_equal(sqlite3_close(house->reader), SQLITE_OK);
        assert_int_equal(sqlite3_close(house->writer), SQLITE_OK);
        (void)snprintf(command, sizeof command, "%s-wal", house->path);
        assert_int_not_equal(access(command, F_OK), 0); /* nobody kept the last one from clearing up */
        (void)snprintf(command, sizeof command, "rm -r %s", house->folder);
        assert_int_equal(system(command), 0);
        free(house);
        return 0;
}

/* ---- the WAL ---- */

static void a_transaction_goes_in_few_writes(void **state)
{
        struct house *house = *state;
        int before = fault_vfs_writes();
        insert(house->writer, 1, 20);
        assert_true(fault_vfs_writes() - before <= 2); /* some 23 pages, each with a header before it */
        assert_int_equal(number(house->reader, "SELECT COUNT(*) FROM t"), 20);
}

static void a_transaction_larger_than_the_cache_reads_its_own_pages(void **state)
{
        struct house *house = *state;
        run(house->writer, "PRAGMA cache_size = 20; BEGIN");
        insert(house->writer, 1, 500);
        assert_int_equal(number(house->writer, "SELECT COUNT(*) FROM t WHERE length(doc) = 3000"), 500);
        assert_int_equal(number(house->reader, "SELECT COUNT(*) FROM t"), 0);
        run(house->writer, "SAVEPOINT s; UPDATE t SET doc = printf('%.*c', 3000, 'y') WHERE n % 3 = 0; ROLLBACK TO s");
        run(house->writer, "UPDATE t SET doc = printf('%.*c', 3000, 'z') WHERE n % 5 = 0; COMMIT");
        assert_int_equal(number(house->reader, "SELECT COUNT(*) FROM t WHERE doc LIKE 'z%'"), 100);
        assert_int_equal(number(house->reader, "SELECT COUNT(*) FROM t WHERE doc LIKE 'x%'"), 400);
        run(house->writer, "PRAGMA wal_checkpoint(TRUNCATE)");
        assert_true(is_whole(house->reader));
}

/* A statement that met a full disk while it read is undone alone; what the transaction wrote before still waits. */
static void a_transaction_that_goes_on_after_a_full_disk_has_lost_no_page(void **state)
{
        struct house *house = *state;
        run(house->writer, "PRAGMA cache_size = 20; BEGIN");
        insert(house->writer, 1, 60);
        fault_vfs_fail(FAULT_WRITE, 1, SQLITE_FULL, true);
        assert_int_equal(sqlite3_exec(house->writer, "UPDATE t SET n = -n", NULL, NULL, NULL), SQLITE_FULL);
        assert_true(fault_vfs_heal());
        assert_false(sqlite3_get_autocommit(house->writer));
        run(house->writer, "COMMIT");
        assert_int_equal(number(house->reader, "SELECT COUNT(*) FROM t WHERE n > 0 AND length(doc) = 3000"), 60);
        assert_true(is_whole(house->reader));
}

/* The last frame of a transaction that was refused makes it committed, if ever it comes to the file. */
static void what_a_commit_could_not_write_does_not_come_later(void **state)
{
        struct house *house = *state;
        char command[512], copy[80];
        sqlite3 *db = NULL;
        run(house->writer, "INSERT INTO t VALUES (1, 'a')");
        fault_vfs_fail(FAULT_WRITE, 1, SQLITE_FULL, true);
        assert_int_equal(sqlite3_exec(house->writer, "INSERT INTO t VALUES (2, 'b')", NULL, NULL, NULL), SQLITE_FULL);
        assert_true(fault_vfs_heal());
        run(house->writer, "PRAGMA shrink_memory");
        assert_int_equal(number(house->writer, "SELECT COUNT(*) FROM t"), 1); /* reads the WAL */
        (void)snprintf(copy, sizeof copy, "%s/copy.db", house->folder);
        (void)snprintf(command, sizeof command, "cp %s %s && cp %s-wal %s-wal", house->path, copy, house->path, copy);
        assert_int_equal(system(command), 0);
        assert_int_equal(sqlite3_open_v2(copy, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
        assert_int_equal(number(db, "SELECT COUNT(*) FROM t"), 1);
        assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Another program may have written where a transaction of ours, larger than the cache, would have. */
static void what_was_rolled_back_does_not_come_later(void **state)
{
        struct house *house = *state;
        char command[256];
        run(house->writer, "PRAGMA cache_size = 20; INSERT INTO t VALUES (1, 'a')");
        run(house->writer, "BEGIN");
        insert(house->writer, 2, 30);
        run(house->writer, "ROLLBACK");
        (void)snprintf(command, sizeof command,
                "python3 -c \"import sqlite3; c = sqlite3.connect('%s'); c.execute('UPDATE t SET doc = 9'); c.commit(); import os; os._exit(0)\"",
                house->path);
        assert_int_equal(system(command), 0);
        run(house->writer, "PRAGMA shrink_memory; BEGIN; INSERT INTO t VALUES (2, 'b'); COMMIT");
        assert_int_equal(number(house->writer, "SELECT COUNT(*) FROM t WHERE (n = 1 AND doc = '9') OR (n = 2 AND doc = 'b')"), 2);
        assert_int_equal(number(house->reader, "SELECT COUNT(*) FROM t"), 2);
        assert_true(is_whole(house->reader));
}

/* A COMMIT without a sync, and one that fills a sector up with copies of its last frame, of which the last waits beyond the sync. */
static void others_find_in_the_file_what_a_commit_told_them_of(void **state)
{
        struct house *house = *state;
        char uri[96], sql[80];
        sqlite3 *padding = NULL;
        run(house->writer, "PRAGMA synchronous = NORMAL; INSERT INTO t VALUES (1, 'a')");
        assert_int_equal(number(house->reader, "SELECT COUNT(*) FROM t"), 1);
        (void)snprintf(uri, sizeof uri, "file:%s?psow=0", house->path);
        assert_int_equal(sqlite3_open_v2(uri, &padding, SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI, sqlite_vfs()), SQLITE_OK);
        run(padding, "PRAGMA synchronous = FULL");
        for (int n = 2; n < 40; n++) {
                (void)snprintf(sql, sizeof sql, "INSERT INTO t VALUES (%d, printf('%%.*c', %d, 'x'))", n, 100 * n);
                run(padding, sql);
                assert_int_equal(number(house->reader, "SELECT COUNT(*) FROM t WHERE n = 1 OR length(doc) = 100 * n"), n);
        }
        assert_int_equal(sqlite3_close(padding), SQLITE_OK);
        assert_true(is_whole(house->reader));
}

/* ---- the keeper ---- */

static void the_keeper_holds_what_a_reader_held_until_somebody_wants_it_alone(void **state)
{
        struct house *house = *state;
        assert_int_equal(house->keeper.held, 0);
        (void)number(house->reader, "SELECT COUNT(*) FROM t");
        assert_int_not_equal(house->keeper.held & READ_LOCKS, 0);
        assert_int_equal(house->keeper.held & ~READ_LOCKS, 0);
        run(house->writer, "INSERT INTO t VALUES (1, 'a')");
        (void)number(house->reader, "SELECT COUNT(*) FROM t");
        assert_int_equal(sqlite3_wal_checkpoint_v2(house->writer, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_wal_checkpoint_v2(house->writer, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL), SQLITE_OK);
}

static void a_closed_keeper_holds_nothing(void **state)
{
        struct house *house = *state;
        (void)number(house->reader, "SELECT COUNT(*) FROM t");
        assert_int_not_equal(house->keeper.held, 0);
        run(house->writer, "INSERT INTO t VALUES (1, 'a')");
        lock_keeper_close(&house->keeper);
        assert_int_equal(number(house->reader, "SELECT COUNT(*) FROM t"), 1);
        assert_int_equal(house->keeper.held, 0);
        assert_int_equal(sqlite3_wal_checkpoint_v2(house->writer, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL), SQLITE_OK);
}

static void a_reader_in_its_snapshot_still_keeps_the_wal(void **state)
{
        struct house *house = *state;
        run(house->writer, "INSERT INTO t VALUES (1, 'a')");
        run(house->reader, "BEGIN");
        assert_int_equal(number(house->reader, "SELECT COUNT(*) FROM t"), 1);
        run(house->writer, "INSERT INTO t VALUES (2, 'b')");
        assert_int_equal(sqlite3_wal_checkpoint_v2(house->writer, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL), SQLITE_BUSY);
        assert_int_equal(number(house->reader, "SELECT COUNT(*) FROM t"), 1);
        run(house->reader, "COMMIT");
        assert_int_equal(sqlite3_wal_checkpoint_v2(house->writer, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL), SQLITE_OK);
        assert_int_equal(number(house->reader, "SELECT COUNT(*) FROM t"), 2);
}

/* As `sqlite3 muster.db .backup` does beside a server that runs. */
static void another_program_reads_and_writes_beside_the_keeper(void **state)
{
        struct house *house = *state;
        char command[512];
        (void)number(house->reader, "SELECT COUNT(*) FROM t");
        assert_int_not_equal(house->keeper.held, 0);
        for (int round = 1; round <= 3; round++) {
                (void)snprintf(command, sizeof command,
                        "python3 -c \"import sqlite3; c = sqlite3.connect('%s', timeout=1); c.execute('INSERT INTO t VALUES (%d, 1)'); c.commit(); "
                        "c.backup(sqlite3.connect('%s/backup.db')); exit(c.execute('SELECT COUNT(*) FROM t').fetchone()[0] != %d)\"",
                        house->path, 100 + round, house->folder, round);
                assert_int_equal(system(command), 0);
                assert_int_equal(number(house->reader, "SELECT COUNT(*) FROM t"), round);
        }
}

struct reading {
        struct house *house;
        pthread_t thread;
        bool went_back;
};

static void *reading_main(void *context)
{
        struct reading *reading = context;
        sqlite3 *db = open_ours(reading->house);
        (void)sqlite3_busy_timeout(db, 5000);
        sqlite_vfs_serve(db, &reading->house->keeper, NULL);
        for (int64_t i = 0, last = 0; i < 3000; i++) {
                int64_t now = number(db, "SELECT COALESCE(MAX(n), 0) + COUNT(*) FROM t");
                reading->went_back |= now < last || now % 2;
                last = now;
        }
        (void)sqlite3_close(db);
        return NULL;
}

static void readers_writer_and_checkpoints_run_side_by_side(void **state)
{
        struct house *house = *state;
        struct reading readings[3];
        int restarted = 0;
        (void)sqlite3_busy_timeout(house->writer, 5000);
        for (int i = 0; i < 3; i++) {
                readings[i] = (struct reading){ .house = house };
                assert_int_equal(pthread_create(&readings[i].thread, NULL, reading_main, &readings[i]), 0);
        }
        for (int i = 1; i <= 600; i++) {
                char sql[80];
                (void)snprintf(sql, sizeof sql, "INSERT INTO t VALUES (%d, printf('%%.*c', 500, 'x'))", i);
                run(house->writer, sql);
                if (i % 7 == 0)
                        restarted += sqlite3_wal_checkpoint_v2(house->writer, NULL,
                                             i % 2 ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE, NULL, NULL) == SQLITE_OK;
        }
        for (int i = 0; i < 3; i++) {
                (void)pthread_join(readings[i].thread, NULL);
                assert_false(readings[i].went_back);
        }
        assert_true(restarted > 0);
        assert_int_equal(number(house->reader, "SELECT COUNT(*) FROM t"), 600);
        assert_true(is_whole(house->reader));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, house_open, house_close)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(a_transaction_goes_in_few_writes),
                TEST(a_transaction_larger_than_the_cache_reads_its_own_pages),
                TEST(a_transaction_that_goes_on_after_a_full_disk_has_lost_no_page),
                TEST(what_a_commit_could_not_write_does_not_come_later),
                TEST(what_was_rolled_back_does_not_come_later),
                TEST(others_find_in_the_file_what_a_commit_told_them_of),
                TEST(the_keeper_holds_what_a_reader_held_until_somebody_wants_it_alone),
                TEST(a_closed_keeper_holds_nothing),
                TEST(a_reader_in_its_snapshot_still_keeps_the_wal),
                TEST(another_program_reads_and_writes_beside_the_keeper),
                TEST(readers_writer_and_checkpoints_run_side_by_side),
        };
        fault_vfs_install();
        return cmocka_run_group_tests_name("sqlite_vfs", tests, NULL, NULL);
}
