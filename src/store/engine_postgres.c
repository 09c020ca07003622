/* SPDX-License-Identifier: Apache-2.0
 *
 * PostgreSQL by libpq: statements prepared on first use with explicit types, parameters and results in binary form, results fetched
 * whole. A lost connection is opened again, with backoff, by whoever needs it next. No pipeline mode: RELEASE and SAVEPOINT, and BEGIN
 * and SAVEPOINT, go in one message each, and a job's statements need each other's answers. */
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/auto.h"
#include "base/clock.h"
#include "store/postgres_connect.h"
#include "store/postgres_error.h"

#define OID_BYTEA 17
#define OID_INT8 20
#define OID_TEXT 25
#define BACKOFF_FIRST_US (50 * US_PER_MS)
#define BACKOFF_MAX_US US_PER_S

struct postgres_connection {
        struct connection base;
        PGconn *server; /* NULL: not connected */
        int64_t retry_after_us, backoff_us;
        bool prepared[STATEMENT_COUNT];
};

static void auto_PQclear(PGresult **result)
{
        PQclear(*result);
}
#define auto_result_ __attribute__((cleanup(auto_PQclear))) PGresult

static enum err failed(struct postgres_connection *connection, const PGresult *result, struct fault *fault)
{
        return postgres_error(connection->server, result, &connection->base.failure, fault);
}

static bool succeeded(const PGresult *result)
{
        ExecStatusType status = PQresultStatus(result);
        return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

/* ---- connections ---- */

static enum err server_open(struct postgres_connection *connection, struct fault *fault)
{
        enum err e = postgres_connect(connection->base.store, connection->base.role, &connection->server, fault);
        if (e) {
                connection->backoff_us = connection->backoff_us ? 2 * connection->backoff_us : BACKOFF_FIRST_US;
                if (connection->backoff_us > BACKOFF_MAX_US)
                        connection->backoff_us = BACKOFF_MAX_US;
                connection->retry_after_us = clock_steady_us() + connection->backoff_us;
                connection->base.failure = FAILURE_LOST;
                return e;
        }
        connection->backoff_us = connection->retry_after_us = 0;
        memset(connection->prepared, 0, sizeof connection->prepared);
        return ERR_OK;
}

static enum err connection_open(struct store *store, enum engine_role role, struct connection **ret, struct fault *fault)
{
        auto_free_ struct postgres_connection *connection = calloc(1, sizeof *connection);
        if (!connection)
                return fault_set(fault, ERR_MEMORY, "", "no memory for a connection");
        connection->base = (struct connection){ .store = store, .role = role };
        enum err e = server_open(connection, fault);
        if (e)
                return e;
        *ret = &STEAL(connection)->base;
        return ERR_OK;
}

static void connection_close(struct connection *base)
{
        struct postgres_connection *connection = (struct postgres_connection *)base;
        PQfinish(connection->server);
        free(connection);
}

static enum err revive(struct connection *base, struct fault *fault)
{
        struct postgres_connection *connection = (struct postgres_connection *)base;
        if (!connection->server || PQstatus(connection->server) != CONNECTION_OK) {
                PQfinish(STEAL(connection->server));
                if (clock_steady_us() < connection->retry_after_us) {
                        enum err e = fault_set(fault, ERR_UNAVAILABLE, "", "the database does not answer");
                        if (fault)
                                fault->retry_after_s = 1;
                        base->failure = FAILURE_LOST;
                        return e;
                }
                enum err e = server_open(connection, fault);
                if (e)
                        return e;
        }
        return base->role == ENGINE_WRITER ? postgres_lock_check(base->store, fault) : ERR_OK;
}

/* ---- transactions ---- */

static bool in_transaction(struct connection *base)
{
        const struct postgres_connection *connection = (const struct postgres_connection *)base;
        PGTransactionStatusType status = connection->server ? PQtransactionStatus(connection->server) : PQTRANS_IDLE;
        return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
}

static enum err not_connected(struct postgres_connection *connection, struct fault *fault)
{
        connection->base.failure = FAILURE_LOST;
        return fault_set(fault, ERR_UNAVAILABLE, "", "the connection to the database is lost");
}

static enum err script(struct connection *base, const char *sql, struct fault *fault)
{
        struct postgres_connection *connection = (struct postgres_connection *)base;
        if (!connection->server)
                return not_connected(connection, fault);
        auto_result_ *result = PQexec(connection->server, sql);
        ExecStatusType status = PQresultStatus(result);
        return succeeded(result) || status == PGRES_EMPTY_QUERY ? ERR_OK : failed(connection, result, fault);
}

static enum err control(struct connection *base, enum control control, struct fault *fault)
{
        static const char *const sql[CONTROL_COUNT] = {
                [CONTROL_SNAPSHOT] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                [CONTROL_BEGIN] = "BEGIN",
                [CONTROL_BEGIN_SAVEPOINT] = "BEGIN; SAVEPOINT job",
                [CONTROL_NEXT_SAVEPOINT] = "RELEASE SAVEPOINT job; SAVEPOINT job",
                [CONTROL_ROLLBACK_SAVEPOINT] = "ROLLBACK TO SAVEPOINT job",
                [CONTROL_ROLLBACK] = "ROLLBACK",
        };
        if (control == CONTROL_ROLLBACK && !in_transaction(base))
                return ERR_OK;
        return script(base, sql[control], fault);
}

static enum commit_outcome commit(struct connection *base, struct fault *fault)
{
        struct postgres_connection *connection = (struct postgres_connection *)base;
        auto_result_ *result = PQexec(connection->server, "COMMIT");
        if (succeeded(result)) {
                /* COMMIT of a failed transaction succeeds as a ROLLBACK. */
                if (!strcmp(PQcmdStatus(result), "COMMIT"))
                        return COMMIT_DONE;
                base->failure = FAILURE_REFUSED;
                (void)fault_set(fault, ERR_INTERNAL, "", "the database rolled the transaction back");
                return COMMIT_UNDONE;
        }
        (void)failed(connection, result, fault);
        return base->failure == FAILURE_LOST ? COMMIT_LOST : COMMIT_UNDONE;
}

static enum err number(struct connection *base, const char *sql, int64_t *ret, struct fault *fault)
{
        struct postgres_connection *connection = (struct postgres_connection *)base;
        auto_result_ *result = PQexec(connection->server, sql);
        if (!succeeded(result) || PQntuples(result) != 1)
                return failed(connection, result, fault);
        *ret = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
        return ERR_OK;
}

/* ---- statements ---- */

static enum err prepare(struct postgres_connection *connection, enum statement statement, const char *name, struct fault *fault)
{
        const struct statement_row *row = statement_row(statement);
        Oid types[PARAMETERS_MAX];
        int count = 0;
        for (; row->parameters[count]; count++)
                types[count] = row->parameters[count] == 'i' ? OID_INT8 : row->parameters[count] == 't' ? OID_TEXT : OID_BYTEA;
        auto_result_ *result = PQprepare(connection->server, name, row->sql, count, types);
        if (!succeeded(result))
                return failed(connection, result, fault);
        connection->prepared[statement] = true;
        return ERR_OK;
}

static enum err execute(
        struct connection *base, enum statement statement, const struct value *values, size_t count, PGresult **ret, struct fault *fault)
{
        struct postgres_connection *connection = (struct postgres_connection *)base;
        const char *parameters[PARAMETERS_MAX];
        int lengths[PARAMETERS_MAX], binary[PARAMETERS_MAX];
        uint64_t numbers[PARAMETERS_MAX];
        char name[16];
        if (!connection->server)
                return not_connected(connection, fault);
        for (size_t i = 0; i < count; i++) {
                if (values[i].length > INT32_MAX)
                        return fault_set(fault, ERR_TOO_LARGE, "", "a value is too large for the database");
                numbers[i] = htobe64((uint64_t)values[i].number);
                bool number = values[i].kind == VALUE_I64, empty = values[i].kind == VALUE_BYTES && !values[i].length;
                parameters[i] = number ? (const char *)&numbers[i] : empty ? "" : values[i].bytes; /* no text is NULL: equals nothing */
                binary[i] = 1;
                lengths[i] = number ? (int)sizeof numbers[i] : (int)values[i].length;
        }
        (void)snprintf(name, sizeof name, "s%d", (int)statement);
        if (!connection->prepared[statement]) {
                enum err e = prepare(connection, statement, name, fault);
                if (e)
                        return e;
        }
        auto_result_ *result = PQexecPrepared(connection->server, name, (int)count, parameters, lengths, binary, 1);
        if (!succeeded(result))
                return failed(connection, result, fault);
        *ret = STEAL(result);
        return ERR_OK;
}

static enum err query(struct connection *base, enum statement statement, const struct value *values, size_t count, struct result *ret,
        struct fault *fault)
{
        PGresult *rows = NULL;
        enum err e = execute(base, statement, values, count, &rows, fault);
        if (e)
                return e;
        ret->handle = rows;
        ret->position = -1;
        return ERR_OK;
}

static enum err run(struct connection *base, enum statement statement, const struct value *values, size_t count, int64_t *ret_changed,
        struct fault *fault)
{
        PGresult *result = NULL;
        enum err e = execute(base, statement, values, count, &result, fault);
        if (e)
                return e;
        *ret_changed = statement_row(statement)->class == STATEMENT_READ ? 0 : strtoll(PQcmdTuples(result), NULL, 10);
        PQclear(result);
        return ERR_OK;
}

static enum err next(struct connection *base, struct result *result, bool *ret_row, struct fault *fault)
{
        int rows = PQntuples(result->handle);
        if (result->position < rows)
                result->position++;
        *ret_row = result->position < rows;
        return ERR_OK;
}

static void done(struct connection *base, struct result *result)
{
        PQclear(result->handle);
}

/* int8, int4, int2 and boolean all come big-endian. */
static int64_t column_i64(const struct result *result, int column)
{
        const unsigned char *bytes = (const unsigned char *)PQgetvalue(result->handle, (int)result->position, column);
        int length = PQgetlength(result->handle, (int)result->position, column);
        assert(length <= 8);
        uint64_t number = length > 1 && bytes[0] & 0x80 ? UINT64_MAX : 0;
        for (int i = 0; i < length; i++)
                number = number << 8 | bytes[i];
        return (int64_t)number;
}

static const void *column_bytes(const struct result *result, int column, size_t *ret_length)
{
        *ret_length = (size_t)PQgetlength(result->handle, (int)result->position, column);
        return PQgetvalue(result->handle, (int)result->position, column);
}

/* ---- what only SQLite has ---- */

static enum err schema_ready(struct store *store, struct fault *fault)
{
        return ERR_OK;
}

static void maintain(struct connection *base)
{
}

static int64_t wal_bytes(const struct store *store)
{
        return 0;
}

static enum err checkpoint(struct store *store, struct fault *fault)
{
        return ERR_OK;
}

const struct engine engine_postgres = {
        .integer_type = "BIGINT",
        .text_type = "TEXT COLLATE \"C\"",
        .bytes_type = "BYTEA",
        .strict = "",
        .clustered = "",
        .hash0 = "decode(repeat('00', 32), 'hex')",
        .schema_version_exists = "SELECT COUNT(*) FROM pg_catalog.pg_class c WHERE c.relname = 'schema_version' AND c.relkind = 'r' "
                                 "AND pg_catalog.pg_table_is_visible(c.oid)",
        .migration_lock = "SELECT pg_advisory_xact_lock(1297437524, 2)",
        .writers = 4,
        .failure_spoils = true,
        .open = postgres_shared_open,
        .close = postgres_shared_close,
        .schema_ready = schema_ready,
        .connect = connection_open,
        .disconnect = connection_close,
        .revive = revive,
        .in_transaction = in_transaction,
        .control = control,
        .commit = commit,
        .script = script,
        .number = number,
        .query = query,
        .run = run,
        .next = next,
        .result_done = done,
        .column_i64 = column_i64,
        .column_bytes = column_bytes,
        .maintain = maintain,
        .wal_bytes = wal_bytes,
        .checkpoint = checkpoint,
        .analyze = postgres_shared_analyze,
};
