/* SPDX-License-Identifier: Apache-2.0
 *
 * What a statement means, on both engines alike: kinds, names of constraints, bytes, order, snapshots. The write queue has its own
 * suite in test_write_queue.c. */
#include <libpq-fe.h>
#include <sqlite3.h>
#include "store/fixture.h"
#include "store/rows.h"
#include "store/sqlite_error.h"

static void one_root(struct fixture *fixture)
{
        int64_t one = 1;
        assert_ok(fixture_submit(fixture, job_insert_roots, &one));
}

/* ---- the catalogue ---- */

static enum err job_try_statement(struct session *session, void *context, struct fault *fault)
{
        const struct statement_row *row = statement_row(*(enum statement *)context);
        struct value values[PARAMETERS_MAX];
        auto_result result = { 0 };
        size_t count = 0;
        for (; row->parameters[count]; count++)
                values[count] = row->parameters[count] == 'i' ? V_I64(1) : row->parameters[count] == 't' ? V_TEXT("a") : V_BYTES("b", 1);
        session_mark_audited(session);
        enum err e = session_query_values(session, *(enum statement *)context, values, count, &result, fault);
        if (e == ERR_CONFLICT || e == ERR_TAKEN)
                return ERR_NOT_FOUND;
        return e ? e : ERR_NOT_FOUND; /* to be rolled back */
}

static void every_statement_of_the_catalogue_runs(struct fixture *fixture)
{
        one_root(fixture);
        for (enum statement statement = 0; statement < STATEMENT_COUNT; statement++) {
                enum err e = fixture_submit(fixture, job_try_statement, &statement);
                if (e != ERR_NOT_FOUND)
                        fail_msg("%s: %s", statement_row(statement)->name, fixture->fault.message);
        }
}

static void columns_on_sqlite(struct fixture *fixture, const struct statement_row *row)
{
        sqlite3 *db = NULL;
        sqlite3_stmt *statement = NULL;
        assert_int_equal(sqlite3_open_v2(fixture->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
        if (sqlite3_prepare_v2(db, row->sql, -1, &statement, NULL) != SQLITE_OK)
                fail_msg("%s: %s", row->name, sqlite3_errmsg(db));
        if (sqlite3_column_count(statement) != (int)strlen(row->columns))
                fail_msg("%s has %d columns, the catalogue says %s", row->name, sqlite3_column_count(statement), row->columns);
        if (sqlite3_bind_parameter_count(statement) != (int)strlen(row->parameters))
                fail_msg(
                        "%s has %d parameters, the catalogue says %s", row->name, sqlite3_bind_parameter_count(statement), row->parameters);
        if (!sqlite3_stmt_readonly(statement) != (row->class != STATEMENT_READ))
                fail_msg("%s has the wrong class", row->name);
        sqlite3_finalize(statement);
        sqlite3_close(db);
}

static char kind_of(Oid type)
{
        return type == 20 || type == 23 || type == 21 || type == 16 ? 'i' : type == 25 ? 't' : type == 17 ? 'b' : '?';
}

static void columns_on_postgres(PGconn *connection, const struct statement_row *row)
{
        Oid types[PARAMETERS_MAX];
        int count = 0;
        for (; row->parameters[count]; count++)
                types[count] = row->parameters[count] == 'i' ? 20 : row->parameters[count] == 't' ? 25 : 17;
        PGresult *result = PQprepare(connection, row->name, row->sql, count, types);
        if (PQresultStatus(result) != PGRES_COMMAND_OK)
                fail_msg("%s: %s", row->name, PQresultErrorMessage(result));
        PQclear(result);
        result = PQdescribePrepared(connection, row->name);
        if (PQnfields(result) != (int)strlen(row->columns))
                fail_msg("%s has %d columns, the catalogue says %s", row->name, PQnfields(result), row->columns);
        for (int i = 0; i < PQnfields(result); i++)
                if (kind_of(PQftype(result, i)) != row->columns[i])
                        fail_msg("column %d of %s has type %u, the catalogue says %c", i, row->name, PQftype(result, i), row->columns[i]);
        PQclear(result);
}

static void columns_and_parameters_are_those_of_the_catalogue(struct fixture *fixture)
{
        PGconn *connection = fixture->kind == ON_POSTGRES ? PQconnectdb(fixture->url) : NULL;
        for (enum statement statement = 0; statement < STATEMENT_COUNT; statement++)
                if (connection)
                        columns_on_postgres(connection, statement_row(statement));
                else
                        columns_on_sqlite(fixture, statement_row(statement));
        PQfinish(connection);
}

static void values_of_the_wrong_kind_are_refused(struct fixture *fixture)
{
        struct result result = { 0 };
        assert_err(session_query(fixture->reader, ST_ROOT_READ, &result, &fixture->fault, V_TEXT("1")), ERR_INTERNAL);
        assert_err(session_query(fixture->reader, ST_ROOT_READ, &result, &fixture->fault), ERR_INTERNAL);
        assert_err(session_query(fixture->reader, ST_ROOT_READ, &result, &fixture->fault, V_I64(1), V_I64(2)), ERR_INTERNAL);
        assert_null(result.handle);
}

static void a_reader_cannot_write(struct fixture *fixture)
{
        one_root(fixture);
        assert_err(session_run(fixture->reader, ST_CREDENTIAL_USED, NULL, &fixture->fault, V_I64(1), V_I64(1), V_I64(1)), ERR_INTERNAL);
        assert_err(fixture->store->engine->script(fixture->reader->connection, "DELETE FROM root", &fixture->fault), ERR_UNAVAILABLE);
        assert_int_equal(read_revision(fixture->reader, 1), 0);
}

/* ---- names of constraints ---- */

static const struct {
        const char *index;
        struct new_resource first, second;
} collisions[] = {
        { "resource_pkey", { 1, 5, 0, 2, 0, 1, "a", NULL }, { 1, 5, 0, 2, 0, 1, "b", NULL } },
        { "resource_user_name", { 1, 6, 0, 2, 0, 1, "name", NULL }, { 1, 7, 0, 2, 9, 1, "name", NULL } },
        { "resource_group_name", { 1, 8, 0, 3, 4, 1, "name", NULL }, { 1, 9, 0, 3, 4, 1, "name", NULL } },
        { "resource_slug", { 1, 10, 3, 5, 0, 1, "slug", NULL }, { 1, 11, 3, 5, 0, 1, "slug", NULL } },
};

static void a_taken_value_names_its_index(struct fixture *fixture)
{
        int64_t one = 1;
        one_root(fixture);
        assert_err(fixture_submit(fixture, job_insert_roots, &one), ERR_TAKEN);
        assert_string_equal(fixture->fault.field, "root_pkey");
        for (size_t i = 0; i < COUNT_OF(collisions); i++) {
                assert_ok(fixture_submit(fixture, job_insert_resource, (void *)&collisions[i].first));
                assert_err(fixture_submit(fixture, job_insert_resource, (void *)&collisions[i].second), ERR_TAKEN);
                if (strcmp(collisions[i].index, "resource_pkey")) /* two primary-key and id rules meet in the first pair */
                        assert_string_equal(fixture->fault.field, collisions[i].index);
        }
}

static enum err job_same_slug(struct session *session, void *context, struct fault *fault)
{
        static const unsigned char zero[HASH_SIZE];
        session_mark_audited(session);
        return session_run(session, ST_ROOT_INSERT, NULL, fault, V_I64(2), V_TEXT("slug1"), V_TEXT("other000"), V_I64(1),
                V_BYTES(zero, HASH_SIZE), V_I64(1));
}

static enum err job_same_credential(struct session *session, void *context, struct fault *fault)
{
        session_mark_audited(session);
        for (int i = 0; i < 2; i++) {
                enum err e = session_run(session, ST_CREDENTIAL_INSERT, NULL, fault, V_I64(1), V_I64(20 + i), V_I64(6), V_I64(1),
                        V_TEXT("label"), V_BYTES("hash", 4), V_I64(0), V_I64(1), V_I64(0));
                if (e)
                        return e;
        }
        return ERR_OK;
}

static void an_inline_unique_column_is_named_as_postgresql_names_it(struct fixture *fixture)
{
        const struct new_resource owner = { 1, 6, 0, 4, 0, 1, "owner", NULL };
        one_root(fixture);
        assert_err(fixture_submit(fixture, job_same_slug, NULL), ERR_TAKEN);
        assert_string_equal(fixture->fault.field, "root_slug_folded_key");
        assert_ok(fixture_submit(fixture, job_insert_resource, (void *)&owner));
        assert_err(fixture_submit(fixture, job_same_credential, NULL), ERR_TAKEN);
        assert_string_equal(fixture->fault.field, "credential_hash");
}

/* The list that SQLite's messages are translated by holds every unique index that PostgreSQL has, no two with the same columns. */
static void both_engines_know_the_same_unique_indexes(struct fixture *fixture)
{
        struct unique_names names = { 0 };
        char path[112], url[128];
        struct store *sqlite = NULL;
        sqlite3 *db = NULL;
        (void)snprintf(path, sizeof path, "%s/names.db", fixture->folder);
        (void)snprintf(url, sizeof url, "sqlite:%s", path);
        assert_ok(store_open(&(struct store_options){ .database = url, .migrate = true }, &sqlite, &fixture->fault));
        assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
        assert_ok(unique_names_load(db, &names, &fixture->fault));
        assert_true(names.count > 5);
        for (size_t i = 0; i < names.count; i++) {
                char sql[256];
                (void)snprintf(sql, sizeof sql,
                        "SELECT COUNT(*) FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid WHERE i.indisunique AND c.relname = '%s'",
                        names.list[i].name);
                if (raw_number(fixture, sql) != 1)
                        fail_msg("PostgreSQL has no unique index %s", names.list[i].name);
                for (size_t j = 0; j < i; j++)
                        assert_string_not_equal(names.list[i].columns, names.list[j].columns);
        }
        assert_int_equal(
                raw_number(fixture, "SELECT COUNT(*) FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid JOIN pg_namespace n "
                                    "ON n.oid = c.relnamespace WHERE i.indisunique AND NOT i.indisprimary AND n.nspname = 'public'"),
                names.count);
        unique_names_done(&names);
        sqlite3_close(db);
        store_close(sqlite);
}

static enum err job_orphan_grant(struct session *session, void *context, struct fault *fault)
{
        const struct grant_row row = { .no = 1, .scope_no = 100, .principal_no = 101, .role_no = 1, .privilege = "" };
        session_mark_audited(session);
        return grant_insert(session, 1, &row, fault);
}

static void foreign_keys_and_checks_answer_conflict(struct fixture *fixture)
{
        const struct new_resource no_root = { 9, 1, 0, 2, 0, 1, "x", NULL }, bad_active = { 1, 1, 0, 2, 0, 7, "x", NULL };
        one_root(fixture);
        assert_err(fixture_submit(fixture, job_orphan_grant, NULL), ERR_CONFLICT);
        assert_err(fixture_submit(fixture, job_insert_resource, (void *)&no_root), ERR_CONFLICT);
        assert_err(fixture_submit(fixture, job_insert_resource, (void *)&bad_active), ERR_CONFLICT);
        assert_false(resource_exists(fixture->reader, 1, 1));
}

/* ---- memberships, which have no foreign keys ---- */

static enum err job_purge(struct session *session, void *context, struct fault *fault)
{
        int64_t *purged = context;
        session_mark_audited(session);
        return session_run(session, ST_RESOURCE_PURGE, purged, fault, V_I64(1), V_I64(1));
}

static void a_resource_goes_only_when_no_membership_names_it(struct fixture *fixture)
{
        static const char *const naming[] = { "VALUES (1, 2, 1, 0, 0, 1)", "VALUES (1, 1, 2, 0, 0, 1)" };
        const struct new_resource row = { 1, 1, 0, 2, 0, 1, "ann", NULL };
        one_root(fixture);
        for (size_t i = 0; i < COUNT_OF(naming); i++) {
                int64_t purged = -1;
                char sql[128];
                assert_ok(fixture_submit(fixture, job_insert_resource, (void *)&row));
                raw_script(fixture, "UPDATE resource SET deleted_us = 1");
                (void)snprintf(sql, sizeof sql, "INSERT INTO member %s", naming[i]);
                raw_script(fixture, sql);
                assert_ok(fixture_submit(fixture, job_purge, &purged));
                assert_int_equal(purged, 0);
                raw_script(fixture, "DELETE FROM member");
                assert_ok(fixture_submit(fixture, job_purge, &purged));
                assert_int_equal(purged, 1);
        }
}

/* ---- values ---- */

static enum err job_store_hash(struct session *session, void *context, struct fault *fault)
{
        const struct value *hash = context;
        return session_run(session, ST_ROOT_STORE, NULL, fault, V_I64(1), V_I64(INT64_MAX), *hash, V_I64(INT64_MIN), V_I64(-1), V_I64(0),
                V_I64(0), V_I64(0));
}

static void check_hash(struct fixture *fixture, const void *bytes, size_t length)
{
        struct value hash = V_BYTES(bytes, length);
        auto_result result = { 0 };
        bool row = false;
        size_t got;
        assert_ok(fixture_submit(fixture, job_store_hash, &hash));
        assert_ok(session_query(fixture->reader, ST_ROOT_READ, &result, &fixture->fault, V_I64(1)));
        assert_ok(result_next(&result, &row, &fixture->fault));
        assert_true(row);
        const unsigned char *stored = result_bytes(&result, 4, &got);
        assert_non_null(stored);
        assert_int_equal(got, length);
        assert_memory_equal(stored, length ? bytes : "", length);
        assert_true(result_i64(&result, 3) == INT64_MAX && result_i64(&result, 5) == INT64_MIN && result_i64(&result, 6) == -1);
        assert_ok(result_next(&result, &row, &fixture->fault));
        assert_false(row);
        assert_ok(result_next(&result, &row, &fixture->fault)); /* and it stays at the end */
        assert_false(row);
}

static void bytes_and_extreme_numbers_come_back_as_they_went(struct fixture *fixture)
{
        unsigned char all[256];
        for (size_t i = 0; i < sizeof all; i++)
                all[i] = (unsigned char)i;
        one_root(fixture);
        check_hash(fixture, all, sizeof all);
        check_hash(fixture, "", 0);
        check_hash(fixture, NULL, 0);
        check_hash(fixture, "\0", 1);
}

static void check_text(struct fixture *fixture, int64_t no, const char *name, const char *doc)
{
        const struct new_resource resource = { 1, no, 0, 2, 0, 1, name, doc };
        auto_result result = { 0 };
        bool row = false;
        size_t length;
        assert_ok(fixture_submit(fixture, job_insert_resource, (void *)&resource));
        assert_ok(session_query(fixture->reader, ST_USER_BY_NAME, &result, &fixture->fault, V_I64(1), V_TEXT(name)));
        assert_ok(result_next(&result, &row, &fixture->fault));
        assert_true(row);
        assert_int_equal(result_i64(&result, 0), no);
        assert_string_equal(result_text(&result, 4, NULL), name);
        const char *stored = result_text(&result, 11, &length);
        assert_int_equal(length, strlen(doc));
        assert_string_equal(stored, doc);
        /* $10 stands twice in the INSERT: bound by name it fills both columns. */
        assert_int_equal(result_i64(&result, 8), 7);
        assert_int_equal(result_i64(&result, 9), 7);
        assert_ok(result_next(&result, &row, &fixture->fault));
        assert_false(row);
}

static void text_comes_back_as_it_went_and_compares_exactly(struct fixture *fixture)
{
        size_t large_bytes = 5u << 20;
        auto_free_ char *large = malloc(large_bytes + 1);
        assert_non_null(large);
        memset(large, 'x', large_bytes);
        large[large_bytes] = 0;
        one_root(fixture);
        check_text(fixture, 1, "anna", "{}");
        check_text(fixture, 2, "Anna", "{\"userName\":\"O'Neill\\\\\"}");
        check_text(fixture, 3, "ANNA", "");
        check_text(fixture, 4, "\xc3\xa4nna", "\xf0\x9f\x98\x80 \xe4\xb8\xad");
        check_text(fixture, 5, "a\xcc\x88nna", "decomposed is another name");
        check_text(fixture, 6, "anna ", large);
        check_text(fixture, 7, "", "the empty name");
        check_text(fixture, 8, "%_'\";--$1 @i64", "no pattern, no macro");
}

static void text_is_ordered_by_its_bytes(struct fixture *fixture)
{
        /* In byte order; a language's collation would order them otherwise. */
        static const char *const names[] = { "", "A", "B", "Z", "a", "a b", "a-b", "ab", "b", "z", "\xc3\x84", "\xc3\xa4", "\xe4\xb8\xad",
                "\xf0\x9f\x98\x80" };
        one_root(fixture);
        for (size_t i = COUNT_OF(names); i-- > 0;) {
                const struct new_resource resource = { 1, (int64_t)i + 1, 0, 2, 0, 1, names[i], NULL };
                assert_ok(fixture_submit(fixture, job_insert_resource, (void *)&resource));
        }
        for (size_t i = 0; i < COUNT_OF(names); i++) {
                char sql[128];
                (void)snprintf(sql, sizeof sql, "SELECT no FROM resource ORDER BY name_folded LIMIT 1 OFFSET %zu", i);
                assert_int_equal(raw_number(fixture, sql), i + 1);
        }
}

static void no_text_equals_nothing(struct fixture *fixture)
{
        auto_result result = { 0 };
        bool row = true;
        one_root(fixture);
        check_text(fixture, 7, "", "the empty name");
        assert_ok(session_query(fixture->reader, ST_USER_BY_NAME, &result, &fixture->fault, V_I64(1), V_TEXT(NULL)));
        assert_ok(result_next(&result, &row, &fixture->fault));
        assert_false(row);
}

static void an_empty_result_has_no_row(struct fixture *fixture)
{
        auto_result result = { 0 };
        bool row = true;
        assert_ok(session_query(fixture->reader, ST_ROOT_LIST, &result, &fixture->fault, V_I64(0), V_I64(10)));
        assert_ok(result_next(&result, &row, &fixture->fault));
        assert_false(row);
        assert_ok(store_ping(fixture->reader, &fixture->fault));
}

static void numbers_alone_need_no_rows_read_by_hand(struct fixture *fixture)
{
        int64_t roots = 3, number = 7, numbers[3] = { 0 };
        size_t count = 7;
        bool any = true;
        assert_ok(session_query_number_values(fixture->reader, ST_ROOT_LAST, NULL, 0, &number, &fixture->fault));
        assert_int_equal(number, 0);
        assert_ok(session_query_number(fixture->reader, ST_ROOT_LIST, &number, &fixture->fault, V_I64(0), V_I64(9))); /* no row: 0 */
        assert_int_equal(number, 0);
        assert_ok(session_query_any(fixture->reader, ST_ROOT_LIST, &any, &fixture->fault, V_I64(0), V_I64(9)));
        assert_false(any);
        assert_ok(session_query_numbers(fixture->reader, ST_ROOT_LIST, numbers, 3, &count, &fixture->fault, V_I64(0), V_I64(9)));
        assert_int_equal(count, 0);
        assert_ok(fixture_submit(fixture, job_insert_roots, &roots));
        assert_ok(session_query_number(fixture->reader, ST_ROOT_LIST, &number, &fixture->fault, V_I64(1), V_I64(9)));
        assert_int_equal(number, 2);
        assert_ok(session_query_any(fixture->reader, ST_ROOT_LIST, &any, &fixture->fault, V_I64(2), V_I64(9)));
        assert_true(any);
        assert_ok(session_query_any(fixture->reader, ST_ROOT_LIST, &any, &fixture->fault, V_I64(3), V_I64(9)));
        assert_false(any);
        assert_ok(session_query_numbers(fixture->reader, ST_ROOT_LIST, numbers, 2, &count, &fixture->fault, V_I64(0), V_I64(9)));
        assert_int_equal(count, 2); /* no more than there is room for */
        assert_true(numbers[0] == 1 && numbers[1] == 2 && numbers[2] == 0);
        assert_err(session_query_any(fixture->reader, ST_ROOT_LIST, &any, &fixture->fault, V_I64(0)), ERR_INTERNAL);
        assert_false(any);
}

static void one_statement_may_be_open_twice(struct fixture *fixture)
{
        int64_t three = 3;
        assert_ok(fixture_submit(fixture, job_insert_roots, &three));
        int pairs = 0;
        bool outer_row, inner_row;
        auto_result outer = { 0 };
        assert_ok(session_query(fixture->reader, ST_ROOT_LIST, &outer, &fixture->fault, V_I64(0), V_I64(10)));
        for (;;) {
                assert_ok(result_next(&outer, &outer_row, &fixture->fault));
                if (!outer_row)
                        break;
                auto_result inner = { 0 };
                assert_ok(session_query(fixture->reader, ST_ROOT_LIST, &inner, &fixture->fault, V_I64(result_i64(&outer, 0)), V_I64(10)));
                do {
                        assert_ok(result_next(&inner, &inner_row, &fixture->fault));
                        if (inner_row) {
                                assert_true(result_i64(&inner, 0) > result_i64(&outer, 0));
                                pairs++;
                        }
                } while (inner_row);
        }
        assert_int_equal(pairs, 3);
}

static enum err job_same_value(struct session *session, void *context, struct fault *fault)
{
        session_mark_audited(session);
        for (int64_t no = 1; no <= 3; no++) {
                enum err e = session_run(session, ST_VALUE_INSERT, NULL, fault, V_I64(1), V_I64(1), V_TEXT("same"), V_I64(no), V_I64(0));
                if (e)
                        return e;
        }
        return ERR_OK;
}

/* Values are copied: they may be gone before the second row. */
static void rows_do_not_depend_on_the_callers_values(struct fixture *fixture)
{
        char value[] = "same";
        bool row = true;
        int64_t count = 0;
        auto_result result = { 0 };
        one_root(fixture);
        assert_ok(fixture_submit(fixture, job_same_value, NULL));
        assert_ok(session_query(fixture->reader, ST_VALUE_FIND, &result, &fixture->fault, V_I64(1), V_I64(1), V_I64(-1), V_TEXT(value),
                V_I64(0), V_I64(10)));
        memset(value, '?', 4);
        for (; row; count += row)
                assert_ok(result_next(&result, &row, &fixture->fault));
        assert_int_equal(count, 3);
}

/* ---- snapshots ---- */

static void a_snapshot_does_not_move(struct fixture *fixture)
{
        one_root(fixture);
        assert_ok(session_snapshot_begin(fixture->reader, &fixture->fault));
        assert_int_equal(read_revision(fixture->reader, 1), 0);
        assert_ok(fixture_submit(fixture, job_raise_revision, NULL));
        assert_int_equal(read_revision(fixture->reader, 1), 0);
        session_snapshot_end(fixture->reader);
        assert_int_equal(read_revision(fixture->reader, 1), 1);
        session_snapshot_end(fixture->reader); /* twice is harmless */
        assert_ok(fixture_submit(fixture, job_raise_revision, NULL));
        assert_int_equal(read_revision(fixture->reader, 1), 2); /* outside a snapshot each read is new */
}

static void a_snapshot_ends_safely_after_an_error(struct fixture *fixture)
{
        one_root(fixture);
        assert_ok(session_snapshot_begin(fixture->reader, &fixture->fault));
        assert_int_equal(read_revision(fixture->reader, 1), 0);
        assert_true(
                fixture->store->engine->script(fixture->reader->connection, "SELECT no_such_column FROM root", &fixture->fault) != ERR_OK);
        session_snapshot_end(fixture->reader);
        assert_int_equal(read_revision(fixture->reader, 1), 0);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(every_statement_of_the_catalogue_runs, ON_BOTH),
                FIXTURE_TEST(columns_and_parameters_are_those_of_the_catalogue, ON_BOTH),
                FIXTURE_TEST(values_of_the_wrong_kind_are_refused, ON_BOTH),
                FIXTURE_TEST(a_reader_cannot_write, ON_BOTH),
                FIXTURE_TEST(a_taken_value_names_its_index, ON_BOTH),
                FIXTURE_TEST(an_inline_unique_column_is_named_as_postgresql_names_it, ON_BOTH),
                FIXTURE_TEST(both_engines_know_the_same_unique_indexes, ON_POSTGRES),
                FIXTURE_TEST(foreign_keys_and_checks_answer_conflict, ON_BOTH),
                FIXTURE_TEST(a_resource_goes_only_when_no_membership_names_it, ON_BOTH),
                FIXTURE_TEST(bytes_and_extreme_numbers_come_back_as_they_went, ON_BOTH),
                FIXTURE_TEST(text_comes_back_as_it_went_and_compares_exactly, ON_BOTH),
                FIXTURE_TEST(text_is_ordered_by_its_bytes, ON_BOTH),
                FIXTURE_TEST(no_text_equals_nothing, ON_BOTH),
                FIXTURE_TEST(an_empty_result_has_no_row, ON_BOTH),
                FIXTURE_TEST(numbers_alone_need_no_rows_read_by_hand, ON_BOTH),
                FIXTURE_TEST(one_statement_may_be_open_twice, ON_BOTH),
                FIXTURE_TEST(rows_do_not_depend_on_the_callers_values, ON_BOTH),
                FIXTURE_TEST(a_snapshot_does_not_move, ON_BOTH),
                FIXTURE_TEST(a_snapshot_ends_safely_after_an_error, ON_BOTH),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
