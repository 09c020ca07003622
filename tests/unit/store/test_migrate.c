/* SPDX-License-Identifier: Apache-2.0
 *
 * Migrations: the list in the binary is the folder, macros, versions that are refused, two programs at once. */
#include <dirent.h>
#include <pthread.h>
#include <sys/stat.h>
#include "store/fixture.h"

static void the_binary_holds_the_files_of_the_folder(struct fixture *fixture)
{
        DIR *folder = opendir(MUSTER_SCHEMAS "/sql");
        int files = 0, listed = 0;
        assert_non_null(folder);
        for (const struct dirent *entry; (entry = readdir(folder));)
                files += strstr(entry->d_name, ".sql") != NULL;
        (void)closedir(folder);
        for (const struct migration *m = migrations; m->version; m++, listed++) {
                char path[512], number[8];
                struct stat status;
                assert_int_equal(m->version, listed + 1); /* without gap */
                (void)snprintf(number, sizeof number, "%04d_", m->version % 10000);
                assert_memory_equal(m->name, number, 5);
                (void)snprintf(path, sizeof path, "%s/sql/%s", MUSTER_SCHEMAS, m->name);
                FILE *file = fopen(path, "r");
                assert_non_null(file);
                assert_int_equal(fstat(fileno(file), &status), 0);
                auto_free_ char *text = calloc(1, (size_t)status.st_size + 1);
                assert_non_null(text);
                assert_int_equal(fread(text, 1, (size_t)status.st_size, file), status.st_size);
                (void)fclose(file);
                assert_string_equal(m->sql, text);
        }
        assert_int_equal(files, listed);
}

static void macros_are_replaced(struct fixture *fixture)
{
        static const char sql[] = "CREATE TABLE t (a @i64, b @text, c @bytes) @strict; CREATE TABLE u (a @i64) @clustered;";
        char *expanded = NULL;
        assert_ok(migrate_expand(&engine_sqlite, sql, &expanded, &fixture->fault));
        assert_string_equal(
                expanded, "CREATE TABLE t (a INTEGER, b TEXT, c BLOB) STRICT; CREATE TABLE u (a INTEGER) STRICT, WITHOUT ROWID;");
        free(expanded);
        assert_ok(migrate_expand(&engine_postgres, sql, &expanded, &fixture->fault));
        assert_string_equal(expanded, "CREATE TABLE t (a BIGINT, b TEXT COLLATE \"C\", c BYTEA) ; CREATE TABLE u (a BIGINT) ;");
        free(expanded);
        assert_err(migrate_expand(&engine_sqlite, "CREATE TABLE t (a @i32)", &expanded, &fixture->fault), ERR_INTERNAL);
}

static enum err open_again(struct fixture *fixture, bool migrate)
{
        struct store *store = NULL;
        fixture->fault = (struct fault){ 0 };
        enum err e = store_open(&(struct store_options){ .database = fixture->url, .migrate = migrate }, &store, &fixture->fault);
        store_close(store);
        return e;
}

static void versions_are_stored_and_checked(struct fixture *fixture)
{
        int count = 0;
        while (migrations[count].version)
                count++;
        assert_int_equal(raw_number(fixture, "SELECT COUNT(*) FROM schema_version WHERE applied_us > 0"), count);
        assert_int_equal(raw_number(fixture, "SELECT MAX(version) FROM schema_version"), count);
        assert_ok(open_again(fixture, true));
        assert_ok(open_again(fixture, false));
        raw_script(fixture, "INSERT INTO schema_version (version, applied_us) VALUES (9999, 1)");
        assert_err(open_again(fixture, true), ERR_CONFLICT);
        assert_err(open_again(fixture, false), ERR_CONFLICT);
        assert_non_null(strstr(fixture->fault.message, "9999"));
}

static void an_older_schema_is_refused_with_the_command(struct fixture *fixture)
{
        fixture_close(fixture);
        char other[300];
        const char *reason;
        if (fixture->kind == ON_SQLITE)
                (void)snprintf(fixture->url, sizeof fixture->url, "sqlite:%s/empty.db", fixture->folder);
        else
                strcpy(fixture->url, fixture_postgres_url(other, sizeof other, &reason));
        if (fixture->kind == ON_SQLITE) {
                FILE *file = fopen(fixture->url + 7, "w");
                assert_non_null(file);
                (void)fclose(file);
        }
        assert_err(open_again(fixture, false), ERR_CONFLICT);
        assert_non_null(strstr(fixture->fault.message, "`muster db upgrade`"));
        assert_ok(open_again(fixture, true));
        assert_ok(open_again(fixture, false));
}

struct racer {
        struct fixture fixture;
        pthread_barrier_t *start;
};

static void *racer_main(void *context)
{
        struct racer *racer = context;
        (void)pthread_barrier_wait(racer->start);
        return (void *)(intptr_t)open_again(&racer->fixture, true);
}

/* Several rounds, for what hurts here is narrow: the switch of a new SQLite file to WAL, which its busy timeout does not cover. */
static void two_programs_may_migrate_at_once(struct fixture *fixture)
{
        struct racer racers[4];
        pthread_t threads[COUNT_OF(racers)];
        pthread_barrier_t start;
        char other[300];
        const char *reason;
        fixture_close(fixture);
        assert_int_equal(pthread_barrier_init(&start, NULL, COUNT_OF(racers)), 0);
        for (int round = 0; round < (fixture->kind == ON_SQLITE ? 20 : 1); round++) {
                if (fixture->kind == ON_SQLITE)
                        (void)snprintf(fixture->url, sizeof fixture->url, "sqlite:%s/raced-%d.db", fixture->folder, round);
                else
                        strcpy(fixture->url, fixture_postgres_url(other, sizeof other, &reason));
                enum err results[COUNT_OF(racers)];
                for (size_t i = 0; i < COUNT_OF(racers); i++) {
                        racers[i] = (struct racer){ *fixture, &start };
                        assert_int_equal(pthread_create(&threads[i], NULL, racer_main, &racers[i]), 0);
                }
                for (size_t i = 0; i < COUNT_OF(racers); i++) {
                        void *result;
                        (void)pthread_join(threads[i], &result);
                        results[i] = (enum err)(intptr_t)result;
                }
                for (size_t i = 0; i < COUNT_OF(racers); i++)
                        assert_ok(results[i]);
                assert_ok(open_again(fixture, false));
        }
        (void)pthread_barrier_destroy(&start);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(the_binary_holds_the_files_of_the_folder, ON_SQLITE),
                FIXTURE_TEST(macros_are_replaced, ON_SQLITE),
                FIXTURE_TEST(versions_are_stored_and_checked, ON_BOTH),
                FIXTURE_TEST(an_older_schema_is_refused_with_the_command, ON_BOTH),
                FIXTURE_TEST(two_programs_may_migrate_at_once, ON_BOTH),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
