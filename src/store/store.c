/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening the database, sessions, running statements: the engine-neutral half. Guards three rules: a reader runs READ statements only,
 * values have the kinds of the catalogue row, and a write job whose statement failed runs no other. */
#include <stdlib.h>
#include <string.h>
#include "base/auto.h"
#include "base/text.h"
#include "store/engine.h"

AUTO_DEFINE(struct store *, store_close)

static enum err location_parse(const char *database, const struct engine **ret_engine, const char **ret_location, struct fault *fault)
{
        static const struct {
                const char *prefix;
                const struct engine *engine;
                size_t skip;
        } kinds[] = {
                { "sqlite:", &engine_sqlite, 7 },
                { "postgresql://", &engine_postgres, 0 },
                { "postgres://", &engine_postgres, 0 },
        };
        for (size_t i = 0; i < COUNT_OF(kinds); i++)
                if (database && text_starts_with(database, kinds[i].prefix) && database[kinds[i].skip]) {
                        *ret_engine = kinds[i].engine;
                        *ret_location = database + kinds[i].skip;
                        return ERR_OK;
                }
        return fault_set(fault, ERR_VALUE, "database.url", "the database must be \"sqlite:PATH\" or \"postgresql://HOST/NAME\"");
}

enum err store_open(const struct store_options *options, struct store **ret, struct fault *fault)
{
        const struct engine *engine = &engine_sqlite;
        const char *location = "";
        enum err e = location_parse(options->database, &engine, &location, fault);
        if (e)
                return e;
        AUTO(store_close) struct store *store = calloc(1, sizeof *store);
        if (!store || !(store->location = strdup(location)))
                return fault_set(fault, ERR_MEMORY, "", "no memory to open the database");
        (void)pthread_mutex_init(&store->password_mutex, NULL);
        store->engine = engine;
        store->exclusive = options->exclusive;
        if (options->password) {
                e = secret_set(&store->password, options->password->text, options->password->length, fault);
                if (e)
                        return e;
        }
        e = engine->open(store, options, fault);
        if (e)
                return e;
        e = migrate_check(store, options->migrate, fault);
        if (e)
                return e;
        e = engine->schema_ready(store, fault);
        if (e)
                return e;
        *ret = STEAL(store);
        return ERR_OK;
}

void store_close(struct store *store)
{
        if (!store)
                return;
        if (store->engine)
                store->engine->close(store);
        if (store->engine)
                (void)pthread_mutex_destroy(&store->password_mutex);
        secret_done(&store->password);
        free(store->location);
        free(store);
}

enum err store_set_password(struct store *store, const struct secret *password, struct fault *fault)
{
        struct secret copy = { 0 };
        enum err e = secret_set(&copy, password->text, password->length, fault);
        if (e)
                return e;
        (void)pthread_mutex_lock(&store->password_mutex);
        struct secret before = store->password;
        store->password = copy;
        (void)pthread_mutex_unlock(&store->password_mutex);
        secret_done(&before);
        return ERR_OK;
}

bool store_is_sqlite(const struct store *store)
{
        return store->engine == &engine_sqlite;
}

enum err session_open(struct store *store, enum engine_role role, struct session **ret, struct fault *fault)
{
        auto_free_ struct session *session = calloc(1, sizeof *session);
        if (!session)
                return fault_set(fault, ERR_MEMORY, "", "no memory for a database session");
        session->store = store;
        session->writer = role == ENGINE_WRITER;
        enum err e = store->engine->connect(store, role, &session->connection, fault);
        if (e)
                return e;
        *ret = STEAL(session);
        return ERR_OK;
}

enum err store_reader_open(struct store *store, struct session **ret, struct fault *fault)
{
        return session_open(store, ENGINE_READER, ret, fault);
}

void session_close(struct session *session)
{
        if (!session)
                return;
        session->store->engine->disconnect(session->connection);
        for (size_t i = 0; i < session->root_capacity; i++)
                free(session->roots[i]);
        free(session->roots);
        free(session);
}

enum err session_snapshot_begin(struct session *session, struct fault *fault)
{
        const struct engine *engine = session->store->engine;
        assert(!session->writer && !session->in_snapshot);
        for (int attempt = 0;; attempt++) {
                enum err e = engine->revive(session->connection, fault);
                if (e)
                        return e;
                session->connection->failure = FAILURE_NONE;
                e = engine->control(session->connection, CONTROL_SNAPSHOT, fault);
                if (!e) {
                        session->in_snapshot = true;
                        return ERR_OK;
                }
                if (session->connection->failure != FAILURE_LOST || attempt)
                        return e;
        }
}

void session_snapshot_end(struct session *session)
{
        if (!session->in_snapshot)
                return;
        session->in_snapshot = false;
        /* A rollback fails only with the connection, and then the snapshot is gone too. */
        if (session->store->engine->control(session->connection, CONTROL_ROLLBACK, NULL))
                atomic_fetch_add(&session->store->errors, 1);
}

struct value value_text(const char *text)
{
        return (struct value){ VALUE_TEXT, 0, text, text ? strlen(text) : 0 };
}

static bool values_fit(const struct statement_row *row, const struct value *values, size_t count)
{
        static const char kinds[] = { [VALUE_I64] = 'i', [VALUE_TEXT] = 't', [VALUE_BYTES] = 'b' };
        size_t i = 0;
        for (; i < count && row->parameters[i]; i++)
                if (kinds[values[i].kind] != row->parameters[i])
                        return false;
        return i == count && !row->parameters[i] && count <= PARAMETERS_MAX;
}

/* What must hold before a statement may run; ERR_OK: run it. */
static enum err statement_admit(
        struct session *session, enum statement statement, const struct value *values, size_t count, struct fault *fault)
{
        const struct statement_row *row = statement_row(statement);
        /* Our own bugs, but refused rather than asserted: a wrong kind would reach the database as other bytes. */
        if (!values_fit(row, values, count))
                return fault_set(fault, ERR_INTERNAL, "", "statement %s got values of other kinds than \"%s\"", row->name, row->parameters);
        if (!session->writer && row->class != STATEMENT_READ)
                return fault_set(fault, ERR_INTERNAL, "", "statement %s writes, and only the write queue may", row->name);
        if (!session->writer)
                return session->in_snapshot ? ERR_OK : session->store->engine->revive(session->connection, fault);
        if (session->failed) {
                if (fault)
                        *fault = session->failed_fault;
                return session->failed;
        }
        return ERR_OK;
}

/* A lock of the root is kept, whatever becomes of the job. A statement that met no row (ON CONFLICT DO NOTHING, a delete of what is not
 * there) is no change. */
static void note_written(struct session *session, enum statement statement, int64_t changed)
{
        if (statement_row(statement)->class != STATEMENT_READ && statement != ST_ROOT_LOCK)
                session->wrote = true;
        if (statement_row(statement)->class == STATEMENT_AUDITED && changed > 0)
                session->ran_audited = true;
}

static enum err fault_hook_ask(struct session *session, enum statement statement, struct fault *fault)
{
        struct store *store = session->store;
        if (!store->fault_hook)
                return ERR_OK;
        enum err e = store->fault_hook(store->fault_context, statement, fault);
        if (!e)
                return ERR_OK;
        session->connection->failure = FAILURE_REFUSED;
        return fault_set(fault, e, "", "injected failure of %s", statement_row(statement)->name);
}

enum err store_fault_at_commit(struct store *store, struct fault *fault)
{
        if (!store->fault_hook)
                return ERR_OK;
        enum err e = store->fault_hook(store->fault_context, STATEMENT_COUNT, fault);
        return e ? fault_set(fault, e, "", "injected failure of COMMIT") : ERR_OK;
}

/* Remembers the first failure of a write job and counts those of the database itself. */
static enum err statement_failed(struct session *session, enum err e, const struct fault *fault)
{
        if (session->connection->failure > FAILURE_RETRY)
                atomic_fetch_add_explicit(&session->store->errors, 1, memory_order_relaxed);
        if (session->writer && !session->failed) {
                session->failed = e;
                session->failed_fault = *fault;
        }
        return e;
}

/* A reader outside a snapshot may run its statement once more on a new connection. */
static bool reader_may_repeat(struct session *session, int attempt, struct fault *fault)
{
        return !session->writer && !session->in_snapshot && !attempt && session->connection->failure == FAILURE_LOST &&
               !session->store->engine->revive(session->connection, fault);
}

enum err session_query_values(struct session *session, enum statement statement, const struct value *values, size_t count,
        struct result *ret, struct fault *fault)
{
        struct fault unread = { 0 };
        struct fault *into = fault ? fault : &unread;
        enum err e = statement_admit(session, statement, values, count, into);
        if (e)
                return e;
        for (int attempt = 0;; attempt++) {
                struct result result = { .session = session, .statement = statement };
                e = fault_hook_ask(session, statement, into);
                if (!e)
                        e = session->store->engine->query(session->connection, statement, values, count, &result, into);
                if (!e) {
                        note_written(session, statement, 1);
                        *ret = result;
                        return ERR_OK;
                }
                if (!reader_may_repeat(session, attempt, into))
                        return statement_failed(session, e, into);
        }
}

enum err session_run_values(struct session *session, enum statement statement, const struct value *values, size_t count,
        int64_t *ret_changed, struct fault *fault)
{
        struct fault unread = { 0 };
        struct fault *into = fault ? fault : &unread;
        enum err e = statement_admit(session, statement, values, count, into);
        if (e)
                return e;
        int64_t changed = 0;
        for (int attempt = 0;; attempt++) {
                e = fault_hook_ask(session, statement, into);
                if (!e)
                        e = session->store->engine->run(session->connection, statement, values, count, &changed, into);
                if (!e) {
                        note_written(session, statement, changed);
                        if (ret_changed)
                                *ret_changed = changed;
                        return ERR_OK;
                }
                if (!reader_may_repeat(session, attempt, into))
                        return statement_failed(session, e, into);
        }
}

enum err result_next(struct result *result, bool *ret_row, struct fault *fault)
{
        struct session *session = result->session;
        struct fault unread = { 0 };
        struct fault *into = fault ? fault : &unread;
        enum err e = session->store->engine->next(session->connection, result, ret_row, into);
        return e ? statement_failed(session, e, into) : ERR_OK;
}

void result_done(struct result *result)
{
        struct session *session = result->session;
        if (!session || !result->handle)
                return;
        enum failure before = session->connection->failure;
        session->store->engine->result_done(session->connection, result);
        result->handle = NULL;
        /* SQLite checks foreign keys when a RETURNING statement ends, which may be here. */
        if (session->writer && before == FAILURE_NONE && session->connection->failure != FAILURE_NONE) {
                struct fault fault = { 0 };
                (void)statement_failed(session, fault_set(&fault, ERR_CONFLICT, "", "a statement failed while it ended"), &fault);
        }
}

int64_t result_i64(const struct result *result, int column)
{
        assert(statement_row(result->statement)->columns[column] == 'i');
        return result->session->store->engine->column_i64(result, column);
}

const char *result_text(const struct result *result, int column, size_t *ret_length)
{
        size_t length;
        assert(statement_row(result->statement)->columns[column] == 't');
        const char *text = result->session->store->engine->column_bytes(result, column, &length);
        if (ret_length)
                *ret_length = length;
        return text;
}

const unsigned char *result_bytes(const struct result *result, int column, size_t *ret_length)
{
        size_t length;
        assert(statement_row(result->statement)->columns[column] == 'b');
        const unsigned char *bytes = result->session->store->engine->column_bytes(result, column, &length);
        if (ret_length)
                *ret_length = length;
        return bytes;
}

int64_t store_wal_bytes(const struct store *store)
{
        return store->engine->wal_bytes(store);
}

enum err store_checkpoint(struct store *store, struct fault *fault)
{
        return store->engine->checkpoint(store, fault);
}

enum err store_analyze(struct store *store, struct fault *fault)
{
        return store->engine->analyze(store, fault);
}

enum err store_ping(struct session *session, struct fault *fault)
{
        auto_result result = { 0 };
        return session_query(session, ST_ROOT_LAST, &result, fault);
}

struct store_counters store_counters(const struct store *store)
{
        return (struct store_counters){
                .commits = atomic_load_explicit(&store->commits, memory_order_relaxed),
                .jobs = atomic_load_explicit(&store->jobs, memory_order_relaxed),
                .errors = atomic_load_explicit(&store->errors, memory_order_relaxed),
        };
}

void store_set_fault_hook_for_test(struct store *store, store_fault_hook *hook, void *context)
{
        store->fault_hook = hook;
        store->fault_context = context;
}
