/* SPDX-License-Identifier: Apache-2.0
 *
 * What only SQLite can do to us: a disk that is full or broken at each write and sync, a WAL that grows, a killed process, files that
 * are not ours to open. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "store/fault_vfs.h"
#include "store/fixture.h"

static void one_root(struct fixture *fixture)
{
        int64_t one = 1;
        assert_ok(fixture_submit(fixture, job_insert_roots, &one));
}

static char *text_of(size_t length)
{
        char *text = malloc(length + 1);
        assert_non_null(text);
        memset(text, 'x', length);
        text[length] = 0;
        return text;
}

static enum err insert_document(struct fixture *fixture, int64_t no, const char *doc)
{
        char name[24];
        (void)snprintf(name, sizeof name, "name %d", (int)no);
        const struct new_resource resource = { 1, no, 0, 2, 0, 1, name, doc };
        return fixture_submit(fixture, job_insert_resource, (void *)&resource);
}

static void database_is_whole(struct fixture *fixture)
{
        sqlite3 *db = NULL;
        sqlite3_stmt *statement = NULL;
        assert_int_equal(sqlite3_open_v2(fixture->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &statement, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        assert_string_equal((const char *)sqlite3_column_text(statement, 0), "ok");
        sqlite3_finalize(statement);
        sqlite3_close(db);
}

/* ---- plans ---- */

/* Does the plan of this statement name that index, and walk no table from end to end? */
static bool plan_uses(sqlite3 *db, enum statement statement, const char *index)
{
        char sql[4096];
        sqlite3_stmt *plan = NULL;
        bool found = false;
        (void)snprintf(sql, sizeof sql, "EXPLAIN QUERY PLAN %s", statement_row(statement)->sql);
        assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &plan, NULL), SQLITE_OK);
        while (sqlite3_step(plan) == SQLITE_ROW)
                found = found || strstr((const char *)sqlite3_column_text(plan, 3), index);
        sqlite3_finalize(plan);
        return found;
}

/* What a connection asks most costs what it asks for, not what its root holds. */
static void the_commonest_questions_keep_to_their_indexes(struct fixture *fixture)
{
        static const struct {
                enum statement statement;
                const char *index;
        } plans[] = {
                { ST_CLAIMED_BY_ID, "resource_id (root_no=? AND id=?)" },
                { ST_RESOURCE_UPDATE, "resource_id (root_no=? AND id=?)" },
                { ST_RESOURCE_UPDATE_SAME_NAME, "resource_id (root_no=? AND id=?)" },
                { ST_CLAIMED_USER_BY_NAME, "resource_user_name (root_no=? AND name_folded=?)" },
                { ST_CLAIMED_LIST, "claim_list (root_no=? AND connection_no=? AND kind=? AND no>?)" },
                { ST_CLAIMED_PAGE, "claim_list (root_no=? AND connection_no=? AND kind=?)" },
                { ST_CLAIM_BY_EXTERNAL, "claim_external_id (root_no=? AND connection_no=? AND kind=? AND external_id=?)" },
                { ST_SLUG_BY_NAME, "resource_slug (root_no=? AND kind=? AND name_folded=?)" },
                { ST_VALUE_FIND, "PRIMARY KEY (root_no=? AND attr=? AND value_folded=? AND no>?)" },
                { ST_CLAIMED_NOS, "resource_id (root_no=? AND id=?)" },
                { ST_MEMBERS_STANDING, "member_reverse (root_no=? AND member_no=? AND container_no=? AND source_no=? AND rule_no=?)" },
                { ST_MEMBER_OF_SOURCE, "member_reverse (root_no=? AND member_no=?)" },
                { ST_DOMAIN_OWNER, "domain_owner (name_folded=?)" },
                { ST_DOMAIN_VERIFIED_HERE, "domain_name (root_no=? AND name_folded=?)" },
                { ST_DOMAIN_DUE, "domain_due (due_us>? AND due_us<?)" },
                { ST_VALUE_OTHERS, "USING PRIMARY KEY (root_no=? AND attr=? AND value_folded=?)" },
                { ST_BREAK_GLASS_READ, "PRIMARY KEY (root_no=? AND no=?)" },
                { ST_BREAK_GLASS_LIST, "PRIMARY KEY (root_no=?)" },
                { ST_ADMIN_NEAR, "role_grant_admin (root_no=? AND scope_no=?)" },
                { ST_ADMIN_NEAR, "member_reverse (root_no=? AND member_no=? AND container_no=?)" },
                { ST_ADMIN_NEAR, "n USING PRIMARY KEY (root_no=? AND container_no=?)" },
                { ST_ADMIN_REACHED, "role_grant_admin (root_no=? AND scope_no=?)" },
                { ST_ADMIN_REACHED, "role_grant_admin (root_no=? AND scope_no=? AND principal_no=?)" },
                { ST_ADMIN_REACHED, "n USING PRIMARY KEY (root_no=? AND container_no=?)" },
                { ST_ADMIN_REACHED, "member_reverse (root_no=? AND member_no=? AND container_no=?)" },
                { ST_ADMIN_BREAK_GLASS, "SEARCH b USING PRIMARY KEY (root_no=?)" },
                { ST_ADMIN_BREAK_GLASS, "member_reverse (root_no=? AND member_no=?)" },
                { ST_ADMIN_BREAK_GLASS, "role_grant_principal (root_no=? AND principal_no=? AND scope_no=?)" },
        };
        sqlite3 *db = NULL;
        assert_int_equal(sqlite3_open_v2(fixture->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
        for (size_t i = 0; i < COUNT_OF(plans); i++)
                if (!plan_uses(db, plans[i].statement, plans[i].index))
                        fail_msg("%s does not search %s", statement_row(plans[i].statement)->name, plans[i].index);
        sqlite3_close(db);
}

/* ---- a full disk ---- */

static void a_disk_full_at_each_write_loses_nothing_and_heals(struct fixture *fixture)
{
        auto_free_ char *doc = text_of(1500000); /* some writes to the WAL */
        int64_t no = 1, refused = 0;
        bool happened = true;
        one_root(fixture);
        for (int nth = 1; happened; nth++, no++) {
                fault_vfs_fail(FAULT_WRITE | FAULT_TRUNCATE, nth, SQLITE_FULL, true);
                enum err e = insert_document(fixture, no, doc);
                happened = fault_vfs_heal();
                assert_err(e, happened ? ERR_STORAGE_FULL : ERR_OK);
                assert_int_equal(resource_exists(fixture->reader, 1, no), !happened);
                refused += happened;
                assert_ok(insert_document(fixture, ++no, "{}")); /* at once, without help */
        }
        assert_true(refused > 10);
        database_is_whole(fixture);
}

/* 24 MiB do not fit into the cache: the transaction meets the full disk in the middle of a statement and SQLite ends it. */
static void a_disk_full_inside_a_statement_ends_only_that_job(struct fixture *fixture)
{
        auto_free_ char *doc = text_of(24u << 20);
        one_root(fixture);
        for (int nth = 1; nth < 150; nth = 3 * nth + 1) {
                fault_vfs_fail(FAULT_WRITE, nth, SQLITE_FULL, true);
                assert_err(insert_document(fixture, 1, doc), ERR_STORAGE_FULL);
                assert_true(fault_vfs_heal());
                assert_false(resource_exists(fixture->reader, 1, 1));
        }
        assert_ok(insert_document(fixture, 1, doc));
        database_is_whole(fixture);
}

static void an_io_error_inside_a_statement_ends_only_that_job(struct fixture *fixture)
{
        auto_free_ char *doc = text_of(24u << 20);
        one_root(fixture);
        fault_vfs_fail(FAULT_WRITE, 5, SQLITE_IOERR_WRITE, true);
        assert_err(insert_document(fixture, 1, doc), ERR_UNAVAILABLE);
        assert_true(fault_vfs_heal());
        assert_false(resource_exists(fixture->reader, 1, 1));
        assert_ok(insert_document(fixture, 1, "{}"));
        assert_true(store_counters(fixture->store).errors > 0);
        database_is_whole(fixture);
}

struct parallel {
        struct fixture *fixture;
        int64_t no;
        const char *doc;
        pthread_t thread;
        enum err result;
};

static void *parallel_main(void *context)
{
        struct parallel *parallel = context;
        char name[24];
        (void)snprintf(name, sizeof name, "name %d", (int)parallel->no);
        const struct new_resource resource = { 1, parallel->no, 0, 2, 0, 1, name, parallel->doc };
        const struct write_job job = { .root_no = 1, .run = job_insert_resource, .context = (void *)&resource };
        parallel->result = write_queue_submit(parallel->fixture->queue, &job, NULL);
        return NULL;
}

/* One fault, then the disk works: the batch is undone and every job rerun alone, so that all succeed. */
static void a_batch_that_met_a_full_disk_is_rerun_job_by_job(struct fixture *fixture)
{
        struct parallel jobs[12] = { 0 };
        auto_free_ char *doc = text_of(200000);
        one_root(fixture);
        for (int nth = 1; nth < 16; nth++) {
                fault_vfs_fail(FAULT_WRITE, nth, SQLITE_FULL, false);
                for (size_t i = 0; i < COUNT_OF(jobs); i++) {
                        jobs[i] = (struct parallel){ .fixture = fixture, .no = 100 * nth + (int64_t)i, .doc = doc };
                        assert_int_equal(pthread_create(&jobs[i].thread, NULL, parallel_main, &jobs[i]), 0);
                }
                int refused = 0;
                for (size_t i = 0; i < COUNT_OF(jobs); i++) {
                        (void)pthread_join(jobs[i].thread, NULL);
                        refused += jobs[i].result != ERR_OK;
                        assert_int_equal(resource_exists(fixture->reader, 1, jobs[i].no), jobs[i].result == ERR_OK);
                }
                assert_true(fault_vfs_heal());
                assert_true(refused <= 1); /* only a job that was alone already when the fault came */
        }
        database_is_whole(fixture);
}

/* Two of these documents do not fit into the cache: SQLite ends the transaction in the middle of the batch, with it the jobs that had
 * run already. */
static void a_transaction_ended_inside_a_batch_takes_no_neighbour_along(struct fixture *fixture)
{
        struct parallel jobs[5] = { 0 };
        auto_free_ char *doc = text_of(6u << 20);
        one_root(fixture);
        for (int nth = 50; nth < 220; nth += 30) {
                fault_vfs_fail(FAULT_WRITE, nth, SQLITE_FULL, false);
                for (size_t i = 0; i < COUNT_OF(jobs); i++) {
                        jobs[i] = (struct parallel){ .fixture = fixture, .no = 100 * nth + (int64_t)i, .doc = doc };
                        assert_int_equal(pthread_create(&jobs[i].thread, NULL, parallel_main, &jobs[i]), 0);
                }
                int refused = 0;
                for (size_t i = 0; i < COUNT_OF(jobs); i++) {
                        (void)pthread_join(jobs[i].thread, NULL);
                        refused += jobs[i].result != ERR_OK;
                        assert_int_equal(resource_exists(fixture->reader, 1, jobs[i].no), jobs[i].result == ERR_OK);
                }
                assert_true(fault_vfs_heal());
                assert_true(refused <= 1);
        }
        database_is_whole(fixture);
}

/* What is in the files now, as after a kill -9: is the resource there? */
static bool survives(struct fixture *fixture, int64_t no)
{
        char command[1024], path[128];
        sqlite3 *db = NULL;
        sqlite3_stmt *statement = NULL;
        (void)snprintf(path, sizeof path, "%s/copy.db", fixture->folder);
        (void)snprintf(
                command, sizeof command, "rm -f %s* && cp %s %s && cp %s-wal %s-wal", path, fixture->path, path, fixture->path, path);
        assert_int_equal(system(command), 0);
        assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_prepare_v2(db, "SELECT COUNT(*) FROM resource WHERE no = ?", -1, &statement, NULL), SQLITE_OK);
        sqlite3_bind_int64(statement, 1, no);
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        bool found = sqlite3_column_int64(statement, 0) == 1;
        sqlite3_finalize(statement);
        sqlite3_close(db);
        return found;
}

/* Refused means refused, whenever the power goes: what a COMMIT could not write does not come to the file later. */
static void what_a_full_disk_refused_is_in_no_file(struct fixture *fixture)
{
        auto_free_ char *doc = text_of(300000);
        bool happened = true;
        one_root(fixture);
        for (int64_t no = 1, nth = 1; happened; nth++, no += 2) {
                fault_vfs_fail(FAULT_WRITE, (int)nth, SQLITE_FULL, true);
                enum err e = insert_document(fixture, no, nth % 2 ? "{}" : doc);
                happened = fault_vfs_heal();
                assert_err(e, happened ? ERR_STORAGE_FULL : ERR_OK);
                assert_int_equal(survives(fixture, no), !happened);
                assert_ok(insert_document(fixture, no + 1, "{}"));
                assert_int_equal(survives(fixture, no), !happened);
                assert_true(survives(fixture, no + 1));
        }
}

/* ---- a COMMIT whose outcome is unknown ---- */

static int lost_abandoned;

static void lost_abandon(void *context)
{
        lost_abandoned = 1;
}

static void fatal_exit(const char *reason)
{
        _exit(lost_abandoned ? 42 : 43);
}

static void child_lose_commit(struct fixture *fixture)
{
        const struct store_options options = { .database = fixture->url };
        const struct new_resource resource = { 1, 1, 0, 2, 0, 1, "name", "{}" };
        const struct write_job job = { .root_no = 1, .run = job_insert_resource, .context = (void *)&resource, .abandoned = lost_abandon };
        if (store_open(&options, &fixture->store, NULL))
                _exit(1);
        const struct write_queue_options queue = { .store = fixture->store, .length_max = 10, .fatal = fatal_exit };
        if (write_queue_start(&queue, &fixture->queue, NULL))
                _exit(2);
        fault_vfs_fail(FAULT_SYNC, 1, SQLITE_IOERR_FSYNC, true);
        enum err e = write_queue_submit(fixture->queue, &job, NULL);
        if (e != ERR_UNAVAILABLE)
                _exit(3);
        (void)sleep(5);
        _exit(4);
}

static void a_commit_with_unknown_outcome_ends_the_process(struct fixture *fixture)
{
        int status;
        one_root(fixture);
        fixture_close(fixture);
        pid_t child = fork();
        if (!child)
                child_lose_commit(fixture);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 42);
        fixture_open(fixture); /* recovery decides: either is right, half is not */
        (void)resource_exists(fixture->reader, 1, 1);
        assert_int_equal(read_revision(fixture->reader, 1), 0);
        assert_ok(insert_document(fixture, 2, "{}"));
        database_is_whole(fixture);
}

static void child_write_on(struct fixture *fixture, int pipe_fd)
{
        fixture_open_store(fixture, false);
        const struct write_queue_options options = { .store = fixture->store, .length_max = 10 };
        if (write_queue_start(&options, &fixture->queue, NULL))
                _exit(1);
        for (int64_t written = 1;; written++)
                if (fixture_submit(fixture, job_raise_revision, NULL) || write(pipe_fd, &written, sizeof written) != sizeof written)
                        _exit(2);
}

static void what_was_acknowledged_survives_kill_9(struct fixture *fixture)
{
        int ends[2], status;
        int64_t acknowledged = 0, got;
        one_root(fixture);
        fixture_close(fixture);
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        if (!child)
                child_write_on(fixture, ends[1]);
        (void)close(ends[1]);
        while (acknowledged < 50 && read(ends[0], &got, sizeof got) == sizeof got)
                acknowledged = got;
        assert_int_equal(kill(child, SIGKILL), 0);
        while (read(ends[0], &got, sizeof got) == sizeof got)
                acknowledged = got;
        (void)close(ends[0]);
        (void)waitpid(child, &status, 0);
        fixture_open(fixture);
        int64_t stored = read_revision(fixture->reader, 1);
        assert_true(acknowledged >= 50 && (stored == acknowledged || stored == acknowledged + 1));
}

/* ---- the WAL ---- */

static void the_writer_restarts_a_large_wal(struct fixture *fixture)
{
        auto_free_ char *doc = text_of(8u << 20);
        one_root(fixture);
        for (int64_t no = 1; no <= 24; no++)
                assert_ok(insert_document(fixture, no, doc));
        assert_true(store_wal_bytes(fixture->store) > 0);
        assert_true(store_wal_bytes(fixture->store) < (int64_t)90 << 20); /* 192 MiB were written */
        database_is_whole(fixture);
}

/* `muster audit tail --follow` reads beside the server for days. */
static void who_only_reads_along_keeps_nobodys_wal(struct fixture *fixture)
{
        char command[256];
        one_root(fixture);
        (void)read_revision(fixture->reader, 1);
        (void)snprintf(command, sizeof command,
                "python3 -c \"import sqlite3; exit(sqlite3.connect('%s').execute('PRAGMA wal_checkpoint(TRUNCATE)').fetchone()[0])\"",
                fixture->path);
        assert_int_equal(system(command), 0);
}

static void a_reader_in_a_snapshot_only_delays_the_restart(struct fixture *fixture)
{
        auto_free_ char *doc = text_of(8u << 20);
        one_root(fixture);
        assert_ok(session_snapshot_begin(fixture->reader, &fixture->fault));
        assert_int_equal(read_revision(fixture->reader, 1), 0);
        int64_t begin_us = clock_steady_us();
        for (int64_t no = 1; no <= 12; no++)
                assert_ok(insert_document(fixture, no, doc));
        assert_true(clock_steady_us() - begin_us < 20 * US_PER_S);
        assert_false(resource_exists(fixture->reader, 1, 12));
        session_snapshot_end(fixture->reader);
        assert_true(resource_exists(fixture->reader, 1, 12));
}

static void a_checkpoint_moves_the_wal_into_the_database(struct fixture *fixture)
{
        struct stat before, after;
        auto_free_ char *doc = text_of(1u << 20);
        one_root(fixture);
        assert_ok(insert_document(fixture, 1, doc));
        assert_int_equal(stat(fixture->path, &before), 0);
        assert_ok(store_checkpoint(fixture->store, &fixture->fault));
        assert_int_equal(stat(fixture->path, &after), 0);
        assert_true(after.st_size > before.st_size + (1 << 19)); /* some of its pages were free */
        int64_t wal_bytes = store_wal_bytes(fixture->store);
        assert_ok(insert_document(fixture, 2, "{}"));
        assert_int_equal(store_wal_bytes(fixture->store), wal_bytes); /* it begins anew */
}

/* ---- files ---- */

static void the_files_belong_to_their_owner_alone(struct fixture *fixture)
{
        static const char *const suffixes[] = { "", "-wal", "-shm" };
        one_root(fixture);
        for (size_t i = 0; i < COUNT_OF(suffixes); i++) {
                char path[128];
                struct stat status;
                (void)snprintf(path, sizeof path, "%s%s", fixture->path, suffixes[i]);
                assert_int_equal(stat(path, &status), 0);
                assert_int_equal(status.st_mode & 0777, 0600);
        }
}

static void open_refuses(const char *database, bool migrate, enum err expected)
{
        struct fault fault = { 0 };
        struct store *store = NULL;
        assert_err(store_open(&(struct store_options){ .database = database, .migrate = migrate }, &store, &fault), expected);
        assert_null(store);
        assert_true(fault.message[0] != 0);
}

static void what_is_no_database_is_refused(struct fixture *fixture)
{
        char url[160], path[128];
        open_refuses(NULL, true, ERR_VALUE);
        open_refuses("", true, ERR_VALUE);
        open_refuses("sqlite:", true, ERR_VALUE);
        open_refuses("mysql://x", true, ERR_VALUE);
        open_refuses("sqlite:/nonexistent/folder/x.db", true, ERR_UNAVAILABLE);
        (void)snprintf(url, sizeof url, "sqlite:%s/absent.db", fixture->folder);
        open_refuses(url, false, ERR_NOT_FOUND);
        assert_int_not_equal(access(url + 7, F_OK), 0); /* and not made by asking */
        (void)snprintf(path, sizeof path, "%s/text.db", fixture->folder);
        int fd = open(path, O_CREAT | O_WRONLY, 0600);
        for (int i = 0; i < 300; i++)
                assert_int_equal(write(fd, "this is not a database\n", 23), 23);
        (void)close(fd);
        (void)snprintf(url, sizeof url, "sqlite:%s", path);
        open_refuses(url, true, ERR_UNAVAILABLE);
}

/* One wait, not one per attempt to switch the file to WAL. */
static void a_file_that_another_program_keeps_is_refused_after_one_wait(struct fixture *fixture)
{
        char url[160];
        sqlite3 *other = NULL;
        (void)snprintf(url, sizeof url, "sqlite:%s/kept.db", fixture->folder);
        assert_int_equal(sqlite3_open(url + 7, &other), SQLITE_OK);
        assert_int_equal(sqlite3_exec(other, "CREATE TABLE a (b); BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
        int64_t begin_us = clock_steady_us();
        open_refuses(url, true, ERR_UNAVAILABLE);
        assert_true(clock_steady_us() - begin_us < 50 * US_PER_S);
        assert_int_equal(sqlite3_close(other), SQLITE_OK);
}

static void a_second_program_is_refused_with_the_pid_of_the_first(struct fixture *fixture)
{
        const struct store_options options = { .database = fixture->url, .exclusive = true };
        struct store *first = NULL, *second = NULL;
        char pid[16];
        assert_ok(store_open(&options, &first, &fixture->fault));
        assert_err(store_open(&options, &second, &fixture->fault), ERR_CONFLICT);
        (void)snprintf(pid, sizeof pid, "pid %d)", (int)getpid());
        assert_non_null(strstr(fixture->fault.message, pid));
        store_close(first);
        assert_ok(store_open(&options, &second, &fixture->fault));
        store_close(second);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(the_commonest_questions_keep_to_their_indexes, ON_SQLITE),
                FIXTURE_TEST(a_disk_full_at_each_write_loses_nothing_and_heals, ON_SQLITE),
                FIXTURE_TEST(a_disk_full_inside_a_statement_ends_only_that_job, ON_SQLITE),
                FIXTURE_TEST(an_io_error_inside_a_statement_ends_only_that_job, ON_SQLITE),
                FIXTURE_TEST(a_batch_that_met_a_full_disk_is_rerun_job_by_job, ON_SQLITE),
                FIXTURE_TEST(a_transaction_ended_inside_a_batch_takes_no_neighbour_along, ON_SQLITE),
                FIXTURE_TEST(what_a_full_disk_refused_is_in_no_file, ON_SQLITE),
                FIXTURE_TEST(a_commit_with_unknown_outcome_ends_the_process, ON_SQLITE),
                FIXTURE_TEST(what_was_acknowledged_survives_kill_9, ON_SQLITE),
                FIXTURE_TEST(the_writer_restarts_a_large_wal, ON_SQLITE),
                FIXTURE_TEST(who_only_reads_along_keeps_nobodys_wal, ON_SQLITE),
                FIXTURE_TEST(a_reader_in_a_snapshot_only_delays_the_restart, ON_SQLITE),
                FIXTURE_TEST(a_checkpoint_moves_the_wal_into_the_database, ON_SQLITE),
                FIXTURE_TEST(the_files_belong_to_their_owner_alone, ON_SQLITE),
                FIXTURE_TEST(what_is_no_database_is_refused, ON_SQLITE),
                FIXTURE_TEST(a_file_that_another_program_keeps_is_refused_after_one_wait, ON_SQLITE),
                FIXTURE_TEST(a_second_program_is_refused_with_the_pid_of_the_first, ON_SQLITE),
        };
        fault_vfs_install();
        return fixture_main(tests, COUNT_OF(tests));
}
