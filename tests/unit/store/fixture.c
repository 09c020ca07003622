/* SPDX-License-Identifier: Apache-2.0
 *
 * See fixture.h. */
#include "store/fixture.h"
#include <libpq-fe.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"

static struct {
        char url[256], folder[64], reason[128];
        bool asked, started;
        int databases;
} cluster;

#define SCRIPT "tests/tools/postgres_cluster.sh"

static void cluster_stop(void)
{
        char command[192];
        if (!cluster.started)
                return;
        cluster.started = false;
        (void)snprintf(command, sizeof command, SCRIPT " stop %s", cluster.folder);
        (void)!system(command);
        fixture_remove(cluster.folder);
}

static void cluster_start(void)
{
        char command[192];
        const char *given = getenv("MUSTER_TEST_POSTGRES");
        cluster.asked = true;
        if (given && *given) {
                (void)snprintf(cluster.url, sizeof cluster.url, "%s", given);
                return;
        }
        strcpy(cluster.folder, "/tmp/muster-pg-XXXXXX");
        if (!mkdtemp(cluster.folder))
                abort();
        (void)snprintf(command, sizeof command, SCRIPT " start %s", cluster.folder);
        FILE *pipe = popen(command, "r");
        bool printed = pipe && fgets(cluster.url, sizeof cluster.url, pipe);
        int status = pipe ? pclose(pipe) : -1;
        cluster.url[strcspn(cluster.url, "\n")] = 0;
        cluster.started = printed && status == 0;
        if (!cluster.started) {
                fixture_remove(cluster.folder);
                cluster.url[0] = 0;
                (void)snprintf(cluster.reason, sizeof cluster.reason, "no PostgreSQL cluster could be started (%s exits %d)", SCRIPT,
                        WIFEXITED(status) ? WEXITSTATUS(status) : -1);
        }
}

const char *fixture_postgres_url(char *ret, size_t size, const char **ret_reason)
{
        char sql[96];
        if (!cluster.asked)
                cluster_start();
        if (!*cluster.url) {
                *ret_reason = cluster.reason;
                return NULL;
        }
        PGconn *connection = PQconnectdb(cluster.url);
        (void)snprintf(
                sql, sizeof sql, "CREATE DATABASE muster_test_%d_%d TEMPLATE template0 ENCODING 'UTF8'", (int)getpid(), cluster.databases);
        PGresult *result = PQexec(connection, sql);
        if (PQresultStatus(result) != PGRES_COMMAND_OK)
                fail_msg("%s: %s", sql, PQerrorMessage(connection));
        PQclear(result);
        PQfinish(connection);
        const char *slash = strrchr(cluster.url, '/'), *query = strchr(slash, '?');
        (void)snprintf(ret, size, "%.*s/muster_test_%d_%d%s", (int)(slash - cluster.url), cluster.url, (int)getpid(), cluster.databases++,
                query ? query : "");
        return ret;
}

void fixture_remove(const char *folder)
{
        char command[160];
        (void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
        (void)!system(command);
}

void fixture_open_store(struct fixture *fixture, bool migrate)
{
        const struct store_options options = { .database = fixture->url, .migrate = migrate };
        assert_ok(store_open(&options, &fixture->store, &fixture->fault));
}

void fixture_open(struct fixture *fixture)
{
        fixture_open_store(fixture, true);
        const struct write_queue_options options = { .store = fixture->store, .length_max = 100 };
        assert_ok(write_queue_start(&options, &fixture->queue, &fixture->fault));
        assert_ok(store_reader_open(fixture->store, &fixture->reader, &fixture->fault));
}

void fixture_close(struct fixture *fixture)
{
        session_close(STEAL(fixture->reader));
        write_queue_stop(STEAL(fixture->queue));
        store_close(STEAL(fixture->store));
}

struct fixture_case {
        const struct fixture_test *test;
        enum fixture_kind kind;
        struct fixture fixture;
        char name[128];
};

static void case_run(void **state)
{
        struct fixture_case *this = *state;
        struct fixture *fixture = &this->fixture;
        const char *reason;
        fixture->kind = this->kind;
        strcpy(fixture->folder, "/tmp/muster-store-XXXXXX");
        assert_non_null(mkdtemp(fixture->folder));
        (void)snprintf(fixture->path, sizeof fixture->path, "%s/muster.db", fixture->folder);
        (void)snprintf(fixture->url, sizeof fixture->url, "sqlite:%s", fixture->path);
        if (this->kind == ON_POSTGRES && !fixture_postgres_url(fixture->url, sizeof fixture->url, &reason)) {
                print_message("skipped: %s\n", reason);
                skip();
        }
        fixture_open(fixture);
        this->test->run(fixture);
}

static int case_done(void **state)
{
        struct fixture_case *this = *state;
        fixture_close(&this->fixture);
        fixture_remove(this->fixture.folder);
        return 0;
}

int fixture_main(const struct fixture_test *tests, size_t count)
{
        struct CMUnitTest *units = calloc(2 * count, sizeof *units);
        struct fixture_case *cases = calloc(2 * count, sizeof *cases);
        size_t unit_count = 0;
        if (!units || !cases)
                return 1;
        for (size_t i = 0; i < 2 * count; i++) {
                enum fixture_kind kind = i < count ? ON_SQLITE : ON_POSTGRES;
                const struct fixture_test *test = &tests[i % count];
                if (!(test->kinds & kind))
                        continue;
                struct fixture_case *this = &cases[unit_count];
                this->test = test;
                this->kind = kind;
                (void)snprintf(this->name, sizeof this->name, "%s: %s", kind == ON_SQLITE ? "sqlite" : "postgres", test->name);
                units[unit_count++] = (struct CMUnitTest){ this->name, case_run, NULL, case_done, this };
        }
        int failures = _cmocka_run_group_tests("store", units, unit_count, NULL, NULL);
        cluster_stop();
        free(units);
        free(cases);
        return failures;
}

void fixture_assert(enum err e, enum err expected, const char *expression, const char *file, int line)
{
        if (e == expected)
                return;
        print_error("%s answered %s, expected %s\n", expression, error_row(e)->name, error_row(expected)->name);
        _fail(file, line);
}

enum err fixture_submit(struct fixture *fixture, job_function *run, void *context)
{
        const struct write_job job = { .root_no = 1, .run = run, .context = context };
        fixture->fault = (struct fault){ 0 };
        enum err e = write_queue_submit(fixture->queue, &job, &fixture->fault);
        assert_int_equal(e, fixture->fault.code);
        return e;
}

enum err insert_root(struct session *session, int64_t root_no, struct fault *fault)
{
        static const unsigned char zero[HASH_SIZE];
        char slug[24], handle[HANDLE_SIZE];
        (void)snprintf(slug, sizeof slug, "slug%d", (int)root_no);
        (void)snprintf(handle, sizeof handle, "hand%04u", (unsigned)root_no % 10000);
        session_mark_audited(session);
        return session_run(session, ST_ROOT_INSERT, NULL, fault, V_I64(root_no), V_TEXT(slug), V_TEXT(handle), V_I64(1),
                V_BYTES(zero, HASH_SIZE), V_I64(1));
}

enum err insert_resource(struct session *session, const struct new_resource *resource, struct fault *fault)
{
        char id[48];
        (void)snprintf(id, sizeof id, "id-%d-%d", (int)resource->root_no, (int)resource->no);
        session_mark_audited(session);
        return session_run(session, ST_RESOURCE_INSERT, NULL, fault, V_I64(resource->root_no), V_I64(resource->no), V_TEXT(id),
                V_I64(resource->org_no), V_I64(resource->kind), V_TEXT(resource->name), V_I64(resource->source_no), V_I64(resource->active),
                V_I64(1), V_I64(7), V_TEXT(resource->doc ? resource->doc : "{}"));
}

enum err job_insert_roots(struct session *session, void *context, struct fault *fault)
{
        for (int64_t root_no = 1; root_no <= *(int64_t *)context; root_no++) {
                enum err e = insert_root(session, root_no, fault);
                if (e)
                        return e;
        }
        return ERR_OK;
}

enum err job_insert_resource(struct session *session, void *context, struct fault *fault)
{
        return insert_resource(session, context, fault);
}

enum err job_raise_revision(struct session *session, void *context, struct fault *fault)
{
        struct root_row *root = NULL;
        enum err e = session_root(session, context ? *(int64_t *)context : 1, &root, fault);
        if (!e)
                root->revision++;
        return e;
}

int64_t read_revision(struct session *session, int64_t root_no)
{
        struct fault fault = { 0 };
        auto_result result = { 0 };
        bool found = false;
        assert_ok(session_query(session, ST_ROOT_READ, &result, &fault, V_I64(root_no)));
        assert_ok(result_next(&result, &found, &fault));
        return found ? result_i64(&result, 3) : -1;
}

bool resource_exists(struct session *session, int64_t root_no, int64_t no)
{
        struct fault fault = { 0 };
        auto_result result = { 0 };
        bool found = false;
        assert_ok(session_query(session, ST_RESOURCE_BY_NO, &result, &fault, V_I64(root_no), V_I64(no)));
        assert_ok(result_next(&result, &found, &fault));
        return found;
}

void raw_script(struct fixture *fixture, const char *sql)
{
        struct connection *connection = NULL;
        const struct engine *engine = fixture->store->engine;
        assert_ok(engine->connect(fixture->store, ENGINE_WRITER, &connection, &fixture->fault));
        enum err e = engine->script(connection, sql, &fixture->fault);
        engine->disconnect(connection);
        if (e)
                fail_msg("%s: %s", sql, fixture->fault.message);
}

int64_t raw_number(struct fixture *fixture, const char *sql)
{
        struct connection *connection = NULL;
        const struct engine *engine = fixture->store->engine;
        int64_t number = 0;
        assert_ok(engine->connect(fixture->store, ENGINE_WRITER, &connection, &fixture->fault));
        enum err e = engine->number(connection, sql, &number, &fixture->fault);
        engine->disconnect(connection);
        if (e)
                fail_msg("%s: %s", sql, fixture->fault.message);
        return number;
}
