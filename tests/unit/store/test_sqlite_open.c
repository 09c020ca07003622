/* SPDX-License-Identifier: Apache-2.0
 *
 * How a SQLite database is opened: who holds an installation is named, files belong to their owner alone, and every connection has the
 * settings that make an acknowledged write a durable one. */
#include "store/sqlite_open.h"
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

struct house {
        char folder[40], path[64], lock[80];
        struct fault fault;
};

static struct house house_open(void)
{
        struct house house = { .folder = "/tmp/muster-open-XXXXXX" };
        assert_non_null(mkdtemp(house.folder));
        (void)snprintf(house.path, sizeof house.path, "%s/muster.db", house.folder);
        (void)snprintf(house.lock, sizeof house.lock, "%s.lock", house.path);
        return house;
}

static void house_close(const struct house *house)
{
        static const char *const ends[] = { "", "-wal", "-shm", ".lock", ".other" };
        for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
                char path[96];
                (void)snprintf(path, sizeof path, "%s%s", house->path, ends[i]);
                (void)unlink(path);
        }
        assert_int_equal(rmdir(house->folder), 0);
}

static sqlite3 *opened(struct house *house, bool writable)
{
        sqlite3 *db = NULL;
        assert_int_equal(sqlite_prepare_file(house->path, true, &house->fault), ERR_OK);
        assert_int_equal(sqlite_open(house->path, writable, &db, &house->fault), ERR_OK);
        return db;
}

static int64_t pragma(sqlite3 *db, const char *name)
{
        char sql[64];
        int64_t ret = -1;
        (void)snprintf(sql, sizeof sql, "PRAGMA %s", name);
        assert_int_equal(sqlite_number(db, sql, &ret), ERR_OK);
        return ret;
}

/* ---- the lock ---- */

static void test_the_lock_holds_our_pid_and_is_given_once(void **state)
{
        struct house house = house_open();
        int first = -1, second = -1;
        assert_int_equal(sqlite_lock_take(house.path, &first, &house.fault), ERR_OK);
        assert_int_equal(sqlite_lock_take(house.path, &second, &house.fault), ERR_CONFLICT);
        char pid[32];
        (void)snprintf(pid, sizeof pid, "(pid %d)", (int)getpid());
        assert_non_null(strstr(house.fault.message, pid));
        assert_string_equal(house.fault.field, "database.url");
        struct stat status;
        assert_int_equal(stat(house.lock, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600);
        (void)close(second);
        (void)close(first);
        assert_int_equal(sqlite_lock_take(house.path, &first, &house.fault), ERR_OK); /* it goes with the descriptor */
        (void)close(first);
        house_close(&house);
}

static void test_a_lock_of_somebody_who_died_holds_nobody(void **state)
{
        struct house house = house_open();
        pid_t child = fork();
        if (child == 0) {
                int fd;
                _exit(sqlite_lock_take(house.path, &fd, &house.fault) != ERR_OK);
        }
        int status = -1, fd = -1;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
        assert_int_equal(sqlite_lock_take(house.path, &fd, &house.fault), ERR_OK);
        (void)close(fd);
        house_close(&house);
}

static void test_what_the_lock_file_says_is_a_pid_or_unknown(void **state)
{
        struct house house = house_open();
        int holder = -1, fd = -1;
        assert_int_equal(sqlite_lock_take(house.path, &holder, &house.fault), ERR_OK);
        assert_int_equal(ftruncate(holder, 0), 0);
        assert_int_equal(pwrite(holder, "12\x1b[2Jx", 7, 0), 7);
        assert_int_equal(sqlite_lock_take(house.path, &fd, &house.fault), ERR_CONFLICT);
        assert_non_null(strstr(house.fault.message, "(pid 12)"));
        (void)close(fd);
        assert_int_equal(ftruncate(holder, 0), 0);
        assert_int_equal(sqlite_lock_take(house.path, &fd, &house.fault), ERR_CONFLICT);
        assert_non_null(strstr(house.fault.message, "(pid unknown)"));
        (void)close(fd);
        (void)close(holder);
        house_close(&house);
}

static void test_a_symbolic_link_is_no_lock_file(void **state)
{
        struct house house = house_open();
        char other[96];
        int fd = -1;
        (void)snprintf(other, sizeof other, "%s.other", house.path);
        assert_int_equal(symlink(other, house.lock), 0);
        assert_int_equal(sqlite_lock_take(house.path, &fd, &house.fault), ERR_UNAVAILABLE);
        assert_true(fd < 0);
        assert_int_equal(access(other, F_OK), -1); /* nothing was made at its end */
        house_close(&house);
}

/* ---- files and connections ---- */

static void test_a_new_database_is_its_owners_alone(void **state)
{
        struct house house = house_open();
        struct stat status;
        assert_int_equal(sqlite_prepare_file(house.path, false, &house.fault), ERR_NOT_FOUND);
        assert_non_null(strstr(house.fault.message, "muster init"));
        assert_int_equal(access(house.path, F_OK), -1);
        mode_t before = umask(0);
        sqlite3 *db = opened(&house, true);
        (void)umask(before);
        assert_int_equal(stat(house.path, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600);
        char *message = NULL;
        assert_int_equal(sqlite3_exec(db, "CREATE TABLE t (a)", NULL, NULL, &message), SQLITE_OK);
        char wal[80];
        (void)snprintf(wal, sizeof wal, "%s-wal", house.path);
        assert_int_equal(stat(wal, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600);
        assert_int_equal(sqlite3_close(db), SQLITE_OK);
        house_close(&house);
}

static void test_a_path_that_cannot_be_opened_is_named(void **state)
{
        struct house house = house_open();
        assert_int_equal(sqlite_prepare_file(house.folder, true, &house.fault), ERR_UNAVAILABLE);
        assert_non_null(strstr(house.fault.message, house.folder));
        sqlite3 *db = NULL;
        assert_int_not_equal(sqlite_open(house.path, false, &db, &house.fault), ERR_OK); /* a reader makes no file */
        assert_null(db);
        assert_int_equal(access(house.path, F_OK), -1);
        house_close(&house);
}

static void test_a_file_that_is_no_database_is_refused(void **state)
{
        struct house house = house_open();
        FILE *file = fopen(house.path, "w");
        assert_non_null(file);
        for (int i = 0; i < 1000; i++)
                (void)fputs("this is no database, ", file);
        assert_int_equal(fclose(file), 0);
        sqlite3 *db = NULL;
        assert_int_not_equal(sqlite_open(house.path, true, &db, &house.fault), ERR_OK);
        assert_null(db);
        assert_true(*house.fault.message);
        house_close(&house);
}

static void test_an_acknowledged_write_is_durable_and_a_reader_writes_nothing(void **state)
{
        struct house house = house_open();
        sqlite3 *writer = opened(&house, true), *reader = NULL;
        assert_true(sqlite_is_wal(writer));
        assert_int_equal(pragma(writer, "synchronous"), 2); /* FULL */
        assert_int_equal(pragma(writer, "foreign_keys"), 1);
        assert_int_equal(pragma(writer, "wal_autocheckpoint"), 0);
        assert_int_equal(pragma(writer, "trusted_schema"), 0);
        assert_int_equal(sqlite3_exec(writer, "CREATE TABLE t (a)", NULL, NULL, NULL), SQLITE_OK);
        reader = opened(&house, false);
        assert_int_equal(pragma(reader, "query_only"), 1);
        assert_int_equal(pragma(reader, "trusted_schema"), 0);
        assert_int_not_equal(sqlite3_exec(reader, "INSERT INTO t VALUES (1)", NULL, NULL, NULL), SQLITE_OK);
        assert_int_not_equal(sqlite3_exec(writer, "ATTACH ':memory:' AS other", NULL, NULL, NULL), SQLITE_OK);
        assert_int_not_equal(sqlite3_exec(writer, "SELECT \"no such column\"", NULL, NULL, NULL), SQLITE_OK); /* no text in double quotes */
        int64_t count = -1;
        assert_int_equal(sqlite_number(reader, "SELECT COUNT(*) FROM t", &count), ERR_OK);
        assert_int_equal(count, 0);
        assert_int_not_equal(sqlite_number(reader, "SELECT nothing", &count), ERR_OK);
        assert_int_equal(sqlite3_close(reader), SQLITE_OK);
        assert_int_equal(sqlite3_close(writer), SQLITE_OK);
        house_close(&house);
}

#define AT_ONCE 8

static void *open_anew(void *path)
{
        sqlite3 *db = NULL;
        struct fault fault = { 0 };
        enum err e = sqlite_prepare_file(path, true, &fault);
        if (!e)
                e = sqlite_open(path, true, &db, &fault);
        bool is_wal = !e && sqlite_is_wal(db);
        (void)sqlite3_close(db);
        return is_wal ? path : NULL;
}

static void test_many_open_a_new_database_at_once(void **state)
{
        for (int round = 0; round < 20; round++) {
                struct house house = house_open();
                pthread_t threads[AT_ONCE];
                for (int i = 0; i < AT_ONCE; i++)
                        assert_int_equal(pthread_create(&threads[i], NULL, open_anew, house.path), 0);
                for (int i = 0; i < AT_ONCE; i++) {
                        void *opened = NULL;
                        assert_int_equal(pthread_join(threads[i], &opened), 0);
                        assert_non_null(opened);
                }
                house_close(&house);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_lock_holds_our_pid_and_is_given_once),
                cmocka_unit_test(test_a_lock_of_somebody_who_died_holds_nobody),
                cmocka_unit_test(test_what_the_lock_file_says_is_a_pid_or_unknown),
                cmocka_unit_test(test_a_symbolic_link_is_no_lock_file),
                cmocka_unit_test(test_a_new_database_is_its_owners_alone),
                cmocka_unit_test(test_a_path_that_cannot_be_opened_is_named),
                cmocka_unit_test(test_a_file_that_is_no_database_is_refused),
                cmocka_unit_test(test_an_acknowledged_write_is_durable_and_a_reader_writes_nothing),
                cmocka_unit_test(test_many_open_a_new_database_at_once),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
