/* SPDX-License-Identifier: Apache-2.0
 *
 * What only PostgreSQL can do to us: connections that end, a COMMIT whose answer is lost, serialisation failures, a full or read-only
 * server (SQLSTATEs raised by triggers, at a statement and at COMMIT), the installation lock. */
#include <libpq-fe.h>
#include <unistd.h>
#include "base/clock.h"
#include "store/fixture.h"
#include "store/postgres_connect.h"
#include "store/postgres_proxy.h"

static void one_root(struct fixture *fixture)
{
        int64_t one = 1;
        assert_ok(fixture_submit(fixture, job_insert_roots, &one));
}

static void notice_ignore(void *context, const char *message)
{
}

/* Past our own sessions. */
static void server_run(struct fixture *fixture, const char *sql)
{
        PGconn *connection = PQconnectdb(fixture->url);
        (void)PQsetNoticeProcessor(connection, notice_ignore, NULL);
        PGresult *result = PQexec(connection, sql);
        if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
                fail_msg("%s in %s", PQerrorMessage(connection), sql);
        PQclear(result);
        PQfinish(connection);
}

static int64_t server_number(struct fixture *fixture, const char *sql)
{
        PGconn *connection = PQconnectdb(fixture->url);
        PGresult *result = PQexec(connection, sql);
        if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) != 1)
                fail_msg("%s: %s", sql, PQerrorMessage(connection));
        int64_t number = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
        PQclear(result);
        PQfinish(connection);
        return number;
}

#define TERMINATE_ALL \
        "SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"

/* ---- lost connections ---- */

static void idle_sessions_survive_a_restart_of_the_server(struct fixture *fixture)
{
        one_root(fixture);
        for (int i = 1; i <= 3; i++) {
                assert_int_equal(read_revision(fixture->reader, 1), i - 1);
                server_run(fixture, TERMINATE_ALL);
                assert_int_equal(read_revision(fixture->reader, 1), i - 1);
                assert_ok(fixture_submit(fixture, job_raise_revision, NULL));
        }
        server_run(fixture, TERMINATE_ALL);
        assert_ok(session_snapshot_begin(fixture->reader, &fixture->fault));
        assert_int_equal(read_revision(fixture->reader, 1), 3);
        session_snapshot_end(fixture->reader);
}

static void a_snapshot_that_was_lost_is_not_continued_elsewhere(struct fixture *fixture)
{
        struct result result = { 0 };
        one_root(fixture);
        assert_ok(session_snapshot_begin(fixture->reader, &fixture->fault));
        assert_int_equal(read_revision(fixture->reader, 1), 0);
        server_run(fixture, TERMINATE_ALL);
        for (int i = 0; i < 2; i++)
                assert_err(session_query(fixture->reader, ST_ROOT_READ, &result, &fixture->fault, V_I64(1)), ERR_UNAVAILABLE);
        session_snapshot_end(fixture->reader);
        assert_int_equal(read_revision(fixture->reader, 1), 0);
}

struct lost_job {
        struct fixture *fixture;
        int64_t no;
        int runs, asked, committed, abandoned;
        bool terminate; /* in its first run */
};

static enum err lost_run(struct session *session, void *context, struct fault *fault)
{
        struct lost_job *job = context;
        char name[16];
        (void)snprintf(name, sizeof name, "n%d", (int)job->no);
        const struct new_resource resource = { 1, job->no, 0, 2, 0, 1, name, NULL };
        enum err e = job_raise_revision(session, NULL, fault);
        if (e)
                return e;
        if (++job->runs == 1 && job->terminate)
                server_run(job->fixture, TERMINATE_ALL);
        return insert_resource(session, &resource, fault);
}

static enum err lost_was_committed(struct session *session, void *context, bool *ret, struct fault *fault)
{
        struct lost_job *job = context;
        auto_result result = { 0 };
        job->asked++;
        enum err e = session_query(session, ST_RESOURCE_BY_NO, &result, fault, V_I64(1), V_I64(job->no));
        return e ? e : result_next(&result, ret, fault);
}

static void lost_committed(void *context)
{
        ((struct lost_job *)context)->committed++;
}

static void lost_abandoned(void *context)
{
        ((struct lost_job *)context)->abandoned++;
}

static enum err lost_submit(struct fixture *fixture, struct lost_job *job, bool can_ask)
{
        job->fixture = fixture;
        const struct write_job write_job = { .root_no = 1,
                .context = job,
                .run = lost_run,
                .committed = lost_committed,
                .abandoned = lost_abandoned,
                .was_committed = can_ask ? lost_was_committed : NULL };
        return write_queue_submit(fixture->queue, &write_job, &fixture->fault);
}

static void a_connection_lost_inside_a_job_reruns_it(struct fixture *fixture)
{
        struct lost_job job = { .no = 1, .terminate = true };
        one_root(fixture);
        assert_ok(lost_submit(fixture, &job, true));
        assert_int_equal(job.runs, 2);
        assert_int_equal(job.asked, 0);
        assert_int_equal(job.committed, 1);
        assert_int_equal(read_revision(fixture->reader, 1), 1);
}

/* The fixture's store again, through the proxy. */
static void through_proxy(struct fixture *fixture)
{
        char url[256];
        one_root(fixture);
        fixture_close(fixture);
        proxy_start(fixture->url, url, sizeof url);
        strcpy(fixture->url, url);
        fixture_open(fixture);
}

static void leave_proxy(struct fixture *fixture)
{
        fixture_close(fixture);
        proxy_stop();
}

static void a_commit_whose_answer_is_lost_counts_when_it_is_there(struct fixture *fixture)
{
        struct lost_job job = { .no = 1 };
        through_proxy(fixture);
        proxy_cut(CUT_AFTER_COMMIT, false);
        assert_ok(lost_submit(fixture, &job, true));
        assert_int_equal(job.runs, 1);
        assert_int_equal(job.asked, 1);
        assert_int_equal(job.committed, 1);
        assert_int_equal(job.abandoned, 0);
        assert_int_equal(read_revision(fixture->reader, 1), 1);
        leave_proxy(fixture);
}

static void a_commit_that_never_arrived_is_made_again(struct fixture *fixture)
{
        struct lost_job job = { .no = 1 }, repeatable = { .no = 2 };
        through_proxy(fixture);
        proxy_cut(CUT_BEFORE_COMMIT, false);
        assert_ok(lost_submit(fixture, &job, true));
        assert_int_equal(job.runs, 2);
        assert_int_equal(job.asked, 1);
        assert_int_equal(job.committed, 1);
        proxy_cut(CUT_BEFORE_COMMIT, false);
        assert_ok(lost_submit(fixture, &repeatable, false)); /* cannot be asked: run again */
        assert_int_equal(repeatable.runs, 2);
        assert_int_equal(read_revision(fixture->reader, 1), 2);
        leave_proxy(fixture);
}

/* Asked too early the answer would be no, and the job would run twice: the lock on the root is waited for first. */
static void a_commit_still_at_work_in_the_server_is_waited_for(struct fixture *fixture)
{
        struct lost_job job = { .no = 1 };
        through_proxy(fixture);
        server_run(fixture,
                "CREATE FUNCTION test_slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1); RETURN NEW; END $$; "
                "CREATE CONSTRAINT TRIGGER test_slow AFTER INSERT ON resource DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
                "EXECUTE FUNCTION test_slow()");
        proxy_cut(CUT_DURING_COMMIT, false);
        assert_ok(lost_submit(fixture, &job, true));
        assert_int_equal(job.runs, 1);
        assert_int_equal(job.asked, 1);
        assert_int_equal(job.committed, 1);
        assert_int_equal(read_revision(fixture->reader, 1), 1);
        leave_proxy(fixture);
}

static void a_commit_that_cannot_be_looked_up_is_abandoned(struct fixture *fixture)
{
        struct lost_job job = { .no = 1 }, next = { .no = 2 };
        through_proxy(fixture);
        proxy_cut(CUT_AFTER_COMMIT, true);
        assert_err(lost_submit(fixture, &job, true), ERR_UNAVAILABLE);
        assert_int_equal(job.committed, 0);
        assert_int_equal(job.abandoned, 1);
        assert_err(lost_submit(fixture, &next, true), ERR_UNAVAILABLE); /* while it is away: at once */
        assert_int_equal(next.runs, 0);
        proxy_accept();
        (void)usleep(1200000); /* the longest backoff */
        assert_ok(lost_submit(fixture, &next, true));
        assert_true(resource_exists(fixture->reader, 1, 1) && resource_exists(fixture->reader, 1, 2));
        assert_int_equal(read_revision(fixture->reader, 1), 2);
        leave_proxy(fixture);
}

/* PostgreSQL answers COMMIT of a failed transaction with success and the word ROLLBACK. */
static void a_commit_that_rolled_back_is_no_commit(struct fixture *fixture)
{
        struct connection *connection = NULL;
        const struct engine *engine = fixture->store->engine;
        assert_ok(engine->connect(fixture->store, ENGINE_WRITER, &connection, &fixture->fault));
        assert_ok(engine->control(connection, CONTROL_BEGIN, &fixture->fault));
        assert_err(engine->script(connection, "SELECT 1 / 0", &fixture->fault), ERR_INTERNAL);
        assert_true(engine->commit(connection, &fixture->fault) == COMMIT_UNDONE);
        engine->disconnect(connection);
}

/* ---- SQLSTATEs ---- */

/* The trigger raises `state` as long as the sequence is at most `times`: sequences do not roll back. */
static void raise_at(struct fixture *fixture, bool at_commit, const char *state, int times)
{
        char sql[1400];
        (void)snprintf(sql, sizeof sql,
                "DROP TRIGGER IF EXISTS test_raise ON resource; DROP SEQUENCE IF EXISTS test_raised; CREATE SEQUENCE test_raised; "
                "CREATE OR REPLACE FUNCTION test_raise() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                "IF nextval('test_raised') <= %d THEN RAISE EXCEPTION 'raised by a test' USING ERRCODE = '%s'; END IF; RETURN NEW; END $$; "
                "CREATE %s TRIGGER test_raise %s INSERT ON resource %s FOR EACH ROW EXECUTE FUNCTION test_raise()",
                times, state, at_commit ? "CONSTRAINT" : "", at_commit ? "AFTER" : "BEFORE",
                at_commit ? "DEFERRABLE INITIALLY DEFERRED" : "");
        server_run(fixture, sql);
}

static const struct {
        const char *state;
        enum err err;
} raised[] = {
        { "53100", ERR_STORAGE_FULL },
        { "58030", ERR_UNAVAILABLE },
        { "25006", ERR_UNAVAILABLE },
        { "53300", ERR_UNAVAILABLE },
        { "53200", ERR_MEMORY },
        { "55P03", ERR_UNAVAILABLE },
        { "40001", ERR_UNAVAILABLE },
        { "XX001", ERR_UNAVAILABLE },
        { "42601", ERR_INTERNAL },
};

static void each_sqlstate_has_its_error(struct fixture *fixture)
{
        one_root(fixture);
        for (size_t i = 0; i < 2 * COUNT_OF(raised); i++) {
                bool at_commit = i >= COUNT_OF(raised);
                size_t row = i % COUNT_OF(raised);
                struct lost_job refused = { .no = 2 * (int64_t)i + 1 }, next = { .no = 2 * (int64_t)i + 2 };
                raise_at(fixture, at_commit, raised[row].state, 1000000);
                assert_err(lost_submit(fixture, &refused, true), raised[row].err);
                assert_int_equal(refused.committed, 0);
                assert_int_equal(refused.abandoned, at_commit);
                assert_false(resource_exists(fixture->reader, 1, refused.no));
                server_run(fixture, "DROP TRIGGER test_raise ON resource");
                assert_ok(lost_submit(fixture, &next, true)); /* heals by itself */
        }
}

static void serialisation_failures_are_rerun(struct fixture *fixture)
{
        static const char *const states[] = { "40001", "40P01" };
        one_root(fixture);
        for (int i = 0; i < 4; i++) {
                struct lost_job job = { .no = i + 1 };
                raise_at(fixture, i >= 2, states[i % 2], 3);
                assert_ok(lost_submit(fixture, &job, true));
                assert_int_equal(job.runs, 4);
                assert_int_equal(job.committed, 1);
        }
        assert_int_equal(read_revision(fixture->reader, 1), 4);
}

/* ---- the server ---- */

static void an_absent_server_is_told_at_once(struct fixture *fixture)
{
        struct store *store = NULL;
        int64_t begin_us = clock_steady_us();
        const struct store_options options = { .database = "postgresql://nobody@127.0.0.1:1/none" };
        assert_err(store_open(&options, &store, &fixture->fault), ERR_UNAVAILABLE);
        assert_true(clock_steady_us() - begin_us < 2 * US_PER_S);
}

static void a_database_that_is_not_utf8_is_refused(struct fixture *fixture)
{
        char url[300];
        struct store *store = NULL;
        char sql[256];
        const char *name = strrchr(fixture->url, '/') + 1;
        (void)snprintf(sql, sizeof sql, "CREATE DATABASE %s_ascii TEMPLATE template0 ENCODING 'SQL_ASCII'", name);
        server_run(fixture, sql);
        (void)snprintf(url, sizeof url, "%s_ascii", fixture->url);
        assert_err(store_open(&(struct store_options){ .database = url, .migrate = true }, &store, &fixture->fault), ERR_UNAVAILABLE);
        assert_non_null(strstr(fixture->fault.message, "UTF8"));
}

static void durable_commits_are_not_left_to_the_server(struct fixture *fixture)
{
        char sql[256];
        (void)snprintf(sql, sizeof sql, "ALTER DATABASE %s SET synchronous_commit = off", strrchr(fixture->url, '/') + 1);
        server_run(fixture, sql);
        assert_int_equal(raw_number(fixture, "SELECT COUNT(*) WHERE current_setting('synchronous_commit') = 'on'"), 1);
}

/* ---- the installation lock ---- */

static void a_second_program_is_refused(struct fixture *fixture)
{
        const struct store_options options = { .database = fixture->url, .exclusive = true };
        struct store *first = NULL, *second = NULL;
        char process[32];
        assert_ok(store_open(&options, &first, &fixture->fault));
        assert_err(store_open(&options, &second, &fixture->fault), ERR_CONFLICT);
        (void)snprintf(process, sizeof process, "muster/%d", (int)getpid());
        assert_non_null(strstr(fixture->fault.message, process));
        store_close(first);
        assert_ok(store_open(&options, &second, &fixture->fault));
        store_close(second);
}

static void a_lost_lock_is_taken_again_or_nothing_is_written(struct fixture *fixture)
{
        const struct store_options options = { .database = fixture->url, .exclusive = true };
        struct store *thief = NULL;
        one_root(fixture);
        fixture_close(fixture);
        assert_ok(store_open(&options, &fixture->store, &fixture->fault));
        assert_ok(write_queue_start(
                &(struct write_queue_options){ .store = fixture->store, .length_max = 10 }, &fixture->queue, &fixture->fault));
        assert_ok(fixture_submit(fixture, job_raise_revision, NULL));
        server_run(fixture, TERMINATE_ALL);
        assert_ok(fixture_submit(fixture, job_raise_revision, NULL)); /* taken again */
        assert_err(store_open(&options, &thief, &fixture->fault), ERR_CONFLICT);
        server_run(fixture, TERMINATE_ALL);
        assert_ok(store_open(&options, &thief, &fixture->fault)); /* faster than we are */
        assert_err(fixture_submit(fixture, job_raise_revision, NULL), ERR_UNAVAILABLE);
        store_close(thief);
        assert_ok(fixture_submit(fixture, job_raise_revision, NULL));
}

static enum err insert_many(struct session *session, void *context, struct fault *fault)
{
        enum err e = job_raise_revision(session, NULL, fault);
        for (int64_t no = 100; no < 200 && !e; no++) {
                char name[16];
                (void)snprintf(name, sizeof name, "m%d", (int)no);
                const struct new_resource resource = { 1, no, 0, 2, 0, 1, name, NULL };
                e = insert_resource(session, &resource, fault);
        }
        return e;
}

static void a_table_that_grew_is_analysed(struct fixture *fixture)
{
        one_root(fixture);
        assert_ok(fixture_submit(fixture, insert_many, NULL));
        server_run(fixture, TERMINATE_ALL); /* a session that ends tells its numbers at once */
        for (int i = 0; i < 50 && server_number(fixture, "SELECT reltuples::bigint FROM pg_class WHERE relname = 'resource'") < 100; i++) {
                assert_ok(store_analyze(fixture->store, &fixture->fault));
                (void)usleep(100000);
        }
        assert_true(server_number(fixture, "SELECT reltuples::bigint FROM pg_class WHERE relname = 'resource'") >= 100);
}

/* ---- plans ---- */

/* The plan that a session of ours keeps for a statement, as text. */
static void plan_read(PGconn *connection, enum statement statement, char *ret, size_t size)
{
        static const char *const types[] = { ['i'] = "bigint", ['t'] = "text", ['b'] = "bytea" };
        const struct statement_row *row = statement_row(statement);
        char sql[8192];
        int at = snprintf(sql, sizeof sql, "PREPARE %s", row->name);
        for (const char *kind = row->parameters; *kind; kind++)
                at += snprintf(sql + at, sizeof sql - (size_t)at, "%s%s", kind == row->parameters ? " (" : ", ", types[(int)*kind]);
        (void)snprintf(sql + at, sizeof sql - (size_t)at, "%sAS %s", *row->parameters ? ") " : " ", row->sql);
        PGresult *prepared = PQexec(connection, sql);
        if (PQresultStatus(prepared) != PGRES_COMMAND_OK)
                fail_msg("%s: %s", sql, PQerrorMessage(connection));
        PQclear(prepared);
        at = snprintf(sql, sizeof sql, "EXPLAIN (COSTS OFF) EXECUTE %s", row->name);
        for (const char *kind = row->parameters; *kind; kind++)
                at += snprintf(sql + at, sizeof sql - (size_t)at, "%sNULL", kind == row->parameters ? " (" : ", ");
        (void)snprintf(sql + at, sizeof sql - (size_t)at, "%s", *row->parameters ? ")" : "");
        PGresult *plan = PQexec(connection, sql);
        if (PQresultStatus(plan) != PGRES_TUPLES_OK)
                fail_msg("%s: %s", sql, PQerrorMessage(connection));
        for (int i = at = 0; i < PQntuples(plan) && at < (int)size; i++)
                at += snprintf(ret + at, size - (size_t)at, "%s\n", PQgetvalue(plan, i, 0));
        PQclear(plan);
}

static void check_plans(struct fixture *fixture)
{
        static const struct {
                enum statement statement;
                const char *condition;
        } plans[] = {
                { ST_HELD_PLACES, "((root_no = (+ m.root_no)) AND (no = m.container_no))" },
                { ST_HELD_PLACES, "Index Only Scan using role_grant_principal" },
                { ST_HELD_IN_PLACES, "((root_no = (+ m.root_no)) AND (no = m.container_no))" },
                { ST_HELD_IN_PLACES, "Index Scan using role_grant_principal" },
                { ST_HELD_ANYWHERE, "((root_no = (+ m.root_no)) AND (no = m.container_no))" },
                { ST_HELD_ANYWHERE, "Index Scan using role_grant_principal" },
                { ST_NESTING_ABOVE, "((root_no = (+ m.root_no)) AND (no = m.container_no))" },
                { ST_NESTING_BELOW, "((root_no = m.root_no) AND (no = m.member_no))" },
                { ST_GROUPS_ABOVE_SOURCE, "((root_no = ($1)) AND (no = up.no))" },
                { ST_ADMIN_DIRECT, "((root_no = (+ g.root_no)) AND (no = g.principal_no))" },
                { ST_ADMIN_BY_GROUP, "((root_no = (+ g.root_no)) AND (no = g.principal_no))" },
                { ST_ADMIN_NESTED, "((root_no = (+ g.root_no)) AND (no = g.principal_no))" },
                { ST_MEMBER_LIST, "((root_no = (+ m.root_no)) AND (no = m.member_no))" },
                { ST_MEMBER_LIST_SOURCE, "((root_no = (+ m.root_no)) AND (no = m.member_no))" },
                { ST_MEMBER_GROUPS, "((root_no = (+ m.root_no)) AND (no = m.container_no))" },
                { ST_MEMBER_GROUPS_SOURCE, "((root_no = (+ m.root_no)) AND (no = m.container_no))" },
                { ST_MEMBERS_STANDING, "(member_no = \"*VALUES*\".column1)" },
                { ST_VALUE_TAKEN, "((root_no = (+ v.root_no)) AND (no = v.no))" },
                { ST_ACTOR_CHECK, "((root_no = (+ c.root_no)) AND (no = c.owner_no))" },
                { ST_RESOURCE_BY_ID, "((root_no = $1) AND (id = $2))" },
                { ST_SCIM_LOG_AFTER, "((root_no = $1) AND (no > $2))" },
                { ST_SCIM_LOG_AFTER_OF, "((root_no = $1) AND (connection_no = $2) AND (no > $3))" },
                { ST_SCIM_LOG_TAIL, "Index Scan Backward using scim_log_pkey" },
                { ST_SCIM_LOG_TAIL_OF, "Index Scan Backward using scim_log_connection" },
        };
        PGconn *connection = NULL;
        char plan[8192];
        assert_ok(postgres_connect(fixture->store, ENGINE_READER, &connection, &fixture->fault));
        for (size_t i = 0; i < COUNT_OF(plans); i++) {
                if (i == 0 || plans[i].statement != plans[i - 1].statement)
                        plan_read(connection, plans[i].statement, plan, sizeof plan);
                if (!strstr(plan, plans[i].condition))
                        fail_msg("%s: no %s in\n%s", statement_row(plans[i].statement)->name, plans[i].condition, plan);
        }
        PQfinish(connection);
}

/* A planner without statistics takes a whole root for one row. It keeps its plan until somebody analyses the tables that have grown. */
static void walks_keep_to_their_indexes_while_tables_are_empty(struct fixture *fixture)
{
        check_plans(fixture);
}

/* By an index or without. */
static bool reads_whole_table(const char *plan)
{
        for (const char *line = plan, *end; (end = strchr(line, '\n')); line = end + 1) {
                size_t length = (size_t)(end - line);
                bool bound = memmem(end + 1, strcspn(end + 1, "\n"), "Index Cond: ", 12) != NULL;
                if (memmem(line, length, "Seq Scan on ", 12) || (memmem(line, length, "Scan using ", 11) && !bound))
                        return true;
        }
        return false;
}

/* And with statistics, where most resources are users, and one root has nearly all. */
static void walks_keep_to_their_indexes_in_a_large_root(struct fixture *fixture)
{
        one_root(fixture);
        server_run(fixture,
                "INSERT INTO resource SELECT 1, n, 'u' || n, 0, 2, 'u' || n, 0, 1, 1, 1, 1, 0, '{}' FROM generate_series(100, 20099) n;"
                "INSERT INTO resource SELECT 1, n, 'g' || n, 0, 3, 'g' || n, 0, 1, 1, 1, 1, 0, '{}' FROM generate_series(30000, 30003) n;"
                "INSERT INTO resource_value SELECT 1, 1, 'u' || n, n, 0 FROM generate_series(100, 20099) n;"
                "INSERT INTO claim SELECT 1, n % 2, 2, n, '', 1, 1, '' FROM generate_series(100, 20099) n;"
                "INSERT INTO member SELECT 1, 30000, n, 0, 0, 1 FROM generate_series(100, 20099) n;"
                "INSERT INTO member SELECT 1, 30000 + n, 30001 + n, 0, 0, 1 FROM generate_series(0, 2) n;"
                "INSERT INTO role_grant SELECT 1, n, 30000 + n % 4, n, -2, '', 0, 0, 0, 0, 0 FROM generate_series(100, 20099) n;"
                "INSERT INTO credential SELECT 1, n, n, 1, '', int8send(n), 0, 1, n, 0, 0, 0 FROM generate_series(100, 2099) n;"
                "INSERT INTO scim_log SELECT 1, n, 90 + n % 2, 0, 1, 200, 1, '', '', '', '', '', '', '', n % 2, '', '', 0 "
                "FROM generate_series(1, 20000) n;"
                "INSERT INTO scim_log_about SELECT 1, 'u' || n, n FROM generate_series(1, 2000) n;"
                "ANALYZE");
        check_plans(fixture);
        PGconn *connection = NULL;
        char plan[8192];
        assert_ok(postgres_connect(fixture->store, ENGINE_READER, &connection, &fixture->fault));
        for (int i = 0; i < STATEMENT_COUNT; i++) {
                enum statement statement = (enum statement)i;
                plan_read(connection, statement, plan, sizeof plan);
                bool meant = statement == ST_JOB_ROOTS || statement == ST_PULSE_OLDEST; /* a row a job, a row a connection */
                if (reads_whole_table(plan) != meant)
                        fail_msg("%s reads all of a table: %s\n%s", statement_row(statement)->name, meant ? "no longer" : "yes", plan);
        }
        PQfinish(connection);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(idle_sessions_survive_a_restart_of_the_server, ON_POSTGRES),
                FIXTURE_TEST(a_snapshot_that_was_lost_is_not_continued_elsewhere, ON_POSTGRES),
                FIXTURE_TEST(a_connection_lost_inside_a_job_reruns_it, ON_POSTGRES),
                FIXTURE_TEST(a_commit_whose_answer_is_lost_counts_when_it_is_there, ON_POSTGRES),
                FIXTURE_TEST(a_commit_that_never_arrived_is_made_again, ON_POSTGRES),
                FIXTURE_TEST(a_commit_still_at_work_in_the_server_is_waited_for, ON_POSTGRES),
                FIXTURE_TEST(a_commit_that_cannot_be_looked_up_is_abandoned, ON_POSTGRES),
                FIXTURE_TEST(a_commit_that_rolled_back_is_no_commit, ON_POSTGRES),
                FIXTURE_TEST(each_sqlstate_has_its_error, ON_POSTGRES),
                FIXTURE_TEST(serialisation_failures_are_rerun, ON_POSTGRES),
                FIXTURE_TEST(an_absent_server_is_told_at_once, ON_POSTGRES),
                FIXTURE_TEST(a_database_that_is_not_utf8_is_refused, ON_POSTGRES),
                FIXTURE_TEST(durable_commits_are_not_left_to_the_server, ON_POSTGRES),
                FIXTURE_TEST(a_second_program_is_refused, ON_POSTGRES),
                FIXTURE_TEST(a_table_that_grew_is_analysed, ON_POSTGRES),
                FIXTURE_TEST(a_lost_lock_is_taken_again_or_nothing_is_written, ON_POSTGRES),
                FIXTURE_TEST(walks_keep_to_their_indexes_while_tables_are_empty, ON_POSTGRES),
                FIXTURE_TEST(walks_keep_to_their_indexes_in_a_large_root, ON_POSTGRES),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
