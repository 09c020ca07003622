/* SPDX-License-Identifier: Apache-2.0
 *
 * Pages from the map: the very bytes of the file, whatever happens to it; and where the file ends it is broken, and nobody is served from
 * it. */
#include "store/sqlite_map.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/auto.h"
#include "base/thread.h"
#include "store/sqlite_vfs.h"

#define PAGE 4096
#define ROWS 20000
#define USE_MAPPED "PRAGMA mmap_size = 1000000" /* as they are: only a page that is asked for is there */
#define SHARED_FIRST 0x40000002                 /* what SQLite locks of a file for readers */
#define SHARED_SIZE 510

struct house {
        char folder[40], path[64];
        struct page_map map;
        sqlite3 *writer, *reader;
};

static void run(sqlite3 *db, const char *sql)
{
        char *message = NULL;
        if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
                fail_msg("%s: %s", sql, message);
}

/* -1: refused. */
static int64_t number(sqlite3 *db, const char *sql, int64_t parameter)
{
        sqlite3_stmt *statement = NULL;
        assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_bind_int64(statement, 1, parameter), SQLITE_OK);
        int64_t got = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : -1;
        (void)sqlite3_finalize(statement);
        return got;
}

static int64_t square_of(sqlite3 *db, int64_t n)
{
        return number(db, "SELECT square FROM t INDEXED BY t_name WHERE name = 'n' || ?", n);
}

static sqlite3 *open_ours(const struct house *house)
{
        sqlite3 *db = NULL;
        assert_int_equal(sqlite3_open_v2(house->path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, sqlite_vfs()),
                SQLITE_OK);
        run(db, "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = 10; PRAGMA synchronous = OFF");
        return db;
}

static void insert(sqlite3 *db, int first, int count)
{
        char sql[320];
        (void)snprintf(sql, sizeof sql,
                "WITH RECURSIVE s(n) AS (SELECT %d UNION ALL SELECT n + 1 FROM s WHERE n + 1 < %d) "
                "INSERT OR REPLACE INTO t SELECT n, 'n' || n, n * n, printf('%%.*c', 200, 'x') FROM s",
                first, first + count);
        run(db, sql);
}

static int house_open(void **state)
{
        page_map_used_from = 0;
        struct house *house = calloc(1, sizeof *house);
        assert_non_null(house);
        *state = house;
        (void)snprintf(house->folder, sizeof house->folder, "/tmp/muster-map-XXXXXX");
        assert_non_null(mkdtemp(house->folder));
        (void)snprintf(house->path, sizeof house->path, "%s/a.db", house->folder);
        house->writer = open_ours(house);
        run(house->writer, "PRAGMA page_size = 4096; CREATE TABLE t (n INTEGER PRIMARY KEY, name TEXT, square INTEGER, doc TEXT)");
        run(house->writer, "CREATE INDEX t_name ON t (name); PRAGMA wal_checkpoint(TRUNCATE)");
        house->reader = open_ours(house);
        assert_true(page_map_open(&house->map, house->path));
        sqlite_vfs_serve(house->writer, NULL, &house->map);
        sqlite_vfs_serve(house->reader, NULL, &house->map);
        run(house->reader, USE_MAPPED);
        return 0;
}

static int house_close(void **state)
{
        struct house *house = *state;
        char command[80];
        (void)sqlite3_close(house->reader);
        (void)sqlite3_close(house->writer);
        page_map_close(&house->map);
        page_map_close(&house->map);
        (void)snprintf(command, sizeof command, "rm -r %s", house->folder);
        assert_int_equal(system(command), 0);
        free(house);
        return 0;
}

static void questions_are_answered_through_the_map(void **state)
{
        struct house *house = *state;
        insert(house->writer, 0, ROWS);
        run(house->writer, "PRAGMA wal_checkpoint(TRUNCATE)");
        for (int n = 0; n < ROWS; n += 7)
                assert_int_equal(square_of(house->reader, n), (int64_t)n * n);
        void *torn = mmap(house->map.bytes, (size_t)ROWS * PAGE, PROT_READ, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        assert_ptr_equal(torn, house->map.bytes);
        assert_int_equal(square_of(house->reader, ROWS / 2), -1); /* so it was the map that was read, */
        assert_int_equal(square_of(house->writer, 3), -1);        /* and by those who copy, too */
}

static void what_is_written_meanwhile_is_seen(void **state)
{
        struct house *house = *state;
        static const char *const cleanings[] = { "PRAGMA wal_checkpoint(PASSIVE)", "PRAGMA wal_checkpoint(TRUNCATE)", "SELECT 1",
                "PRAGMA wal_checkpoint(RESTART)", "VACUUM" };
        unsigned random = 1;
        int first = 0, end = 0; /* rows there are */
        for (int round = 0; round < 60; round++) {
                random = random * 1664525 + 1013904223;
                int count = (int)(random >> 16) % 3000;
                if (random >> 30) {
                        insert(house->writer, end, count);
                        end += count;
                } else {
                        first = end - first < count ? end : first + count;
                        char sql[64];
                        (void)snprintf(sql, sizeof sql, "DELETE FROM t WHERE n < %d", first);
                        run(house->writer, sql);
                }
                run(house->writer, cleanings[(random >> 8) % COUNT_OF(cleanings)]);
                for (int i = 0; i < 50; i++) {
                        random = random * 1664525 + 1013904223;
                        int n = end ? (int)((random >> 8) % (unsigned)end) : 0;
                        assert_int_equal(square_of(house->reader, n), n < first || !end ? -1 : (int64_t)n * n);
                }
        }
        assert_true(page_map_is_used(&house->map) && !page_map_is_broken(&house->map));
        assert_int_equal(number(house->reader, "SELECT COUNT(*) FROM t WHERE ? = 0", 0), end - first);
        assert_int_equal(number(house->reader, "SELECT COUNT(*) FROM pragma_integrity_check WHERE integrity_check = 'ok' AND ? = 0", 0), 1);
}

static void nothing_beyond_it_comes_from_it(void **state)
{
        struct house *house = *state;
        struct page_map *map = &house->map;
        unsigned char got[PAGE] = { 0 };
        assert_int_equal(truncate(house->path, 5 * PAGE), 0);
        assert_ptr_equal(page_map_at(map, PAGE, 3 * PAGE), map->bytes + 3 * PAGE);
        assert_null(page_map_at(map, PAGE, 4 * PAGE)); /* yet: SQLite may look beyond a damaged page */
        assert_int_equal(truncate(house->path, (off_t)map->length + 5 * PAGE), 0);
        assert_ptr_equal(page_map_at(map, PAGE, 4 * PAGE), map->bytes + 4 * PAGE);
        assert_ptr_equal(page_map_at(map, PAGE, (int64_t)map->length - 2 * PAGE), map->bytes + map->length - 2 * PAGE);
        assert_null(page_map_at(map, PAGE, (int64_t)map->length - PAGE));
        assert_null(page_map_at(map, PAGE, INT64_MAX));
        assert_null(page_map_at(map, PAGE, -PAGE));
        assert_null(page_map_at(map, -1, PAGE));
        assert_null(page_map_at(NULL, PAGE, PAGE));
        assert_false(page_map_read(NULL, got, PAGE, 0));
        assert_true(page_map_read(map, got, 16, 0));
        assert_memory_equal(got, "SQLite format 3", 16);
        assert_false(page_map_is_broken(map));
        page_map_cut(map, 5 * PAGE); /* what SQLite cuts off itself breaks nothing */
        assert_int_equal(truncate(house->path, 5 * PAGE), 0);
        assert_false(page_map_read(map, got, PAGE, 6 * PAGE));
        assert_false(page_map_is_broken(map));
}

/* A sanitizer's memory beside these pages has faults of its own. */
#define NOT_WATCHED __attribute__((no_sanitize("address"))) __attribute__((no_sanitize("thread")))

/* Page faults of who touches these pages of the map. */
NOT_WATCHED static long faults(const struct page_map *map, int first, int count)
{
        struct rusage before, after;
        unsigned sum = 0;
        (void)getrusage(RUSAGE_THREAD, &before);
        for (int page = first; page < first + count; page++)
                sum += *(volatile unsigned char *)(map->bytes + (size_t)page * PAGE);
        (void)getrusage(RUSAGE_THREAD, &after);
        assert_int_equal(sum, 0);
        return after.ru_minflt - before.ru_minflt;
}

static void nobody_pays_for_what_it_grew(void **state)
{
        struct house *house = *state;
        struct page_map map = { 0 };
        assert_int_equal(truncate(house->path, 2000 * PAGE), 0);
        assert_true(page_map_open(&map, house->path));
        assert_int_equal(truncate(house->path, 6000 * PAGE), 0);
        if (madvise(house->map.bytes, PAGE, MADV_POPULATE_READ) != 0 && errno == EINVAL) {
                page_map_close(&map);
                print_message("the kernel is older than 5.14 and maps nothing beforehand\n");
                skip();
        }
        page_map_grow(&map); /* not used */
        assert_true(faults(&map, 2000, 1000) > 10);
        assert_non_null(page_map_at(&map, 1, 0));
        page_map_grow(&map);
        assert_true(faults(&map, 1000, 900) > 10); /* as it was when it was opened */
        assert_in_range(faults(&map, 3000, 3000), 0, 5);
        assert_int_equal(truncate(house->path, 1000 * PAGE), 0);
        page_map_grow(&map);
        assert_int_equal(truncate(house->path, 3000 * PAGE), 0);
        page_map_grow(&map);
        assert_in_range(faults(&map, 1000, 2000), 0, 5);
        page_map_close(&map);
        page_map_grow(&map);
}

static void *read_where_the_file_ends(void *context)
{
        struct house *house = context;
        struct page_map map = { 0 }, other = { 0 };
        unsigned char got[PAGE];
        assert_int_equal(truncate(house->path, 200 * PAGE), 0);
        assert_true(page_map_open(&map, house->path));
        assert_true(page_map_open(&other, house->path));
        const unsigned char *kept = page_map_at(&map, PAGE, 190 * PAGE);
        assert_true(page_map_read(&map, got, PAGE, 150 * PAGE));
        assert_int_equal(truncate(house->path, 100 * PAGE), 0);
        assert_true(page_map_read(&map, got, PAGE, 50 * PAGE));
        assert_false(page_map_is_broken(&map));
        assert_int_equal(kept[77], 0); /* whoever has a page already lives on */
        assert_true(page_map_is_broken(&map));
        assert_false(page_map_read(&map, got, PAGE, 50 * PAGE)); /* and now the file is read */
        assert_null(page_map_at(&map, PAGE, 50 * PAGE));
        assert_true(page_map_read(&other, got, PAGE, 50 * PAGE));
        assert_false(page_map_read(&other, got, PAGE, 150 * PAGE));
        assert_true(page_map_is_broken(&other));
        page_map_close(&other);
        page_map_close(&map);
        return NULL;
}

/* Opens a map of its own: cmocka sets handlers of its own between a setup and its test. */
static void where_the_file_ends_it_breaks(void **state)
{
        pthread_t thread;
        assert_true(thread_start(&thread, read_where_the_file_ends, *state)); /* as a worker is */
        assert_int_equal(pthread_join(thread, NULL), 0);
}

struct reading {
        struct house *house;
        pthread_t thread;
        int wrong, found;
};

static void *read_on(void *context)
{
        struct reading *reading = context;
        sqlite3 *db = open_ours(reading->house);
        (void)sqlite3_busy_timeout(db, 10000);
        sqlite_vfs_serve(db, NULL, &reading->house->map);
        run(db, USE_MAPPED);
        unsigned random = 7;
        for (int i = 0; i < 4000; i++) {
                random = random * 1664525 + 1013904223;
                int64_t n = (random >> 8) % ROWS, got = square_of(db, n);
                reading->wrong += got != -1 && got != n * n;
                reading->found += got != -1;
        }
        (void)sqlite3_close(db);
        return NULL;
}

static void readers_and_a_writer_run_side_by_side(void **state)
{
        struct house *house = *state;
        struct reading readings[3];
        (void)sqlite3_busy_timeout(house->writer, 10000);
        insert(house->writer, 0, ROWS / 2);
        for (int i = 0; i < 3; i++) {
                readings[i] = (struct reading){ .house = house };
                assert_true(thread_start(&readings[i].thread, read_on, &readings[i]));
        }
        for (int first = ROWS / 2; first < ROWS; first += 250) {
                insert(house->writer, first, 250);
                (void)sqlite3_wal_checkpoint_v2(
                        house->writer, NULL, first % 1000 ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_RESTART, NULL, NULL);
        }
        for (int i = 0; i < 3; i++) {
                assert_int_equal(pthread_join(readings[i].thread, NULL), 0);
                assert_int_equal(readings[i].wrong, 0);
                assert_true(readings[i].found > 1000);
        }
        assert_false(page_map_is_broken(&house->map));
}

/* POSIX takes all of a process's record locks on a file when it closes any descriptor of it. */
static void the_map_takes_no_lock_from_the_process(void **state)
{
        struct house *house = *state;
        assert_int_equal(number(house->reader, "SELECT COUNT(*) FROM t WHERE ? = 0", 0), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (!child) {
                struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = SHARED_FIRST, .l_len = SHARED_SIZE };
                int fd = open(house->path, O_RDWR | O_CLOEXEC);
                _exit(fd < 0 ? 2 : fcntl(fd, F_SETLK, &all) == 0);
        }
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0); /* refused */
}

static void a_small_file_is_read(void **state)
{
        struct house *house = *state;
        struct page_map map = { 0 };
        page_map_used_from = 1000 * PAGE;
        assert_int_equal(truncate(house->path, 2000 * PAGE), 0);
        assert_true(page_map_open(&map, house->path));
        assert_null(page_map_at(&map, PAGE, 999 * PAGE));
        assert_false(page_map_is_used(&map));
        assert_non_null(page_map_at(&map, PAGE, 1000 * PAGE)); /* it is large */
        assert_true(page_map_is_used(&map));
        assert_non_null(page_map_at(&map, PAGE, 999 * PAGE));
        page_map_close(&map);
}

static void a_file_that_is_not_there_has_no_map(void **state)
{
        struct page_map map = { 0 };
        unsigned char got[PAGE];
        assert_false(page_map_open(&map, "/tmp/muster-map-of-nothing/a.db"));
        assert_false(page_map_read(&map, got, PAGE, PAGE));
        assert_false(page_map_is_used(&map) || page_map_is_broken(&map));
        page_map_close(&map);
}

static void more_files_than_the_handler_knows_have_none(void **state)
{
        struct house *house = *state;
        struct page_map list[20] = { 0 };
        int count = 0;
        while (count < 20 && page_map_open(&list[count], house->path))
                count++;
        assert_in_range(count, 4, 19);
        assert_null(page_map_at(&list[count], PAGE, PAGE));
        page_map_close(&list[0]);
        assert_true(page_map_open(&list[0], house->path)); /* its place */
        for (int i = 0; i <= count; i++)
                page_map_close(&list[i]);
}

/* The status of a child that reads beyond the end of a map that is none of ours, or is sent the signal. */
static int bus_error(struct house *house, bool is_sent)
{
        int status = 0;
        pid_t child = fork();
        assert_true(child >= 0);
        if (!child) {
                struct page_map map = { 0 };
                (void)close(STDERR_FILENO); /* a sanitizer would tell */
                (void)signal(SIGBUS, SIG_DFL);
                int fd = open(house->path, O_RDONLY | O_CLOEXEC);
                const volatile unsigned char *foreign = mmap(NULL, (size_t)1000000 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
                if (foreign == MAP_FAILED || !page_map_open(&map, house->path))
                        _exit(0);
                _exit(is_sent ? raise(SIGBUS) : foreign[(size_t)500000 * PAGE]);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        return status;
}

static void a_bus_error_elsewhere_still_ends_the_program(void **state)
{
        for (int is_sent = 0; is_sent < 2; is_sent++) {
                int status = bus_error(*state, is_sent);
                assert_true(WIFSIGNALED(status));
                assert_int_equal(WTERMSIG(status), SIGBUS);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(questions_are_answered_through_the_map, house_open, house_close),
                cmocka_unit_test_setup_teardown(what_is_written_meanwhile_is_seen, house_open, house_close),
                cmocka_unit_test_setup_teardown(nothing_beyond_it_comes_from_it, house_open, house_close),
                cmocka_unit_test_setup_teardown(nobody_pays_for_what_it_grew, house_open, house_close),
                cmocka_unit_test_setup_teardown(where_the_file_ends_it_breaks, house_open, house_close),
                cmocka_unit_test_setup_teardown(readers_and_a_writer_run_side_by_side, house_open, house_close),
                cmocka_unit_test_setup_teardown(the_map_takes_no_lock_from_the_process, house_open, house_close),
                cmocka_unit_test_setup_teardown(a_small_file_is_read, house_open, house_close),
                cmocka_unit_test_setup_teardown(a_bus_error_elsewhere_still_ends_the_program, house_open, house_close),
                cmocka_unit_test_setup_teardown(more_files_than_the_handler_knows_have_none, house_open, house_close),
                cmocka_unit_test(a_file_that_is_not_there_has_no_map),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
