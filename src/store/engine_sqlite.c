/* SPDX-License-Identifier: Apache-2.0
 *
 * SQLite: WAL, synchronous=FULL (acknowledged = durable), one writer connection, read-only connections for readers, checkpoints from a
 * connection of their own. Statements are prepared on first use and bound by name: $1 is a named parameter in SQLite. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/auto.h"
#include "base/clock.h"
#include "store/sqlite_error.h"
#include "store/sqlite_open.h"
#include "store/sqlite_vfs.h"

#define RESTART_BUSY_MS 100
#define RESTART_PAUSE_US US_PER_S
#define WAL_RESTART_BYTES ((int64_t)64 << 20)
#define WAL_FRAME_HEADER_BYTES 24
#define MAPPED_PRAGMA "PRAGMA mmap_size = 1073741824" /* more than 0 is all that counts (sqlite_vfs.h) */

struct sqlite_shared {
        int lock_fd;
        sqlite3 *anchor; /* keeps the WAL alive, checkpoints, reads the schema */
        pthread_mutex_t anchor_mutex;
        struct lock_keeper keeper; /* where this process alone serves the installation, as the map */
        struct page_map map;
        struct unique_names names;
        char *wal_path;
        int64_t page_bytes;
};

struct prepared {
        sqlite3_stmt *statement;
        const char *columns;
        bool open;                           /* a result uses it */
        bool temporary;                      /* a second use at the same time: finalized with its result */
        bool map_was_good;                   /* when it began */
        unsigned char index[PARAMETERS_MAX]; /* of $1 … in SQLite's numbering */
};

struct sqlite_connection {
        struct connection base;
        sqlite3 *db;
        sqlite3_stmt *controls[CONTROL_COUNT + 1][2]; /* the last row is COMMIT */
        struct prepared prepared[STATEMENT_COUNT];
        bool is_mapped;           /* a reader's pages are those of the map */
        int64_t wal_frames;       /* after the last commit */
        int64_t restart_after_us; /* do not try a RESTART before */
};

/* Where a result stands, in result.position. */
enum { AT_FIRST_ROW = 1, AT_ROW, AT_END };

static enum err failed(struct sqlite_connection *connection, struct fault *fault)
{
        const struct sqlite_shared *shared = connection->base.store->shared;
        return sqlite_error(connection->db, &shared->names, &connection->base.failure, fault);
}

/* ---- opening ---- */

static enum err shared_open(struct store *store, const struct store_options *options, struct fault *fault)
{
        struct sqlite_shared *shared = calloc(1, sizeof *shared);
        if (!shared)
                return fault_set(fault, ERR_MEMORY, "", "no memory to open the database");
        shared->lock_fd = -1;
        (void)pthread_mutex_init(&shared->anchor_mutex, NULL);
        store->shared = shared;
        if (asprintf(&shared->wal_path, "%s-wal", store->location) < 0) {
                shared->wal_path = NULL;
                return fault_set(fault, ERR_MEMORY, "", "no memory for a path");
        }
        enum err e = options->exclusive ? sqlite_lock_take(store->location, &shared->lock_fd, fault) : ERR_OK;
        if (!e)
                e = sqlite_prepare_file(store->location, options->migrate, fault);
        if (!e)
                e = sqlite_open(store->location, true, &shared->anchor, fault);
        if (e)
                return e;
        if (!sqlite_is_wal(shared->anchor))
                return fault_set(
                        fault, ERR_UNAVAILABLE, "database.url", "the file system of %s cannot hold a WAL database", store->location);
        if (sqlite_number(shared->anchor, "PRAGMA page_size", &shared->page_bytes) ||
                (options->exclusive && lock_keeper_open(&shared->keeper, store->location, SQLITE_BUSY_TIMEOUT_MS)))
                return fault_set(fault, ERR_UNAVAILABLE, "database.url", "cannot read %s", store->location);
        if (options->exclusive)
                (void)page_map_open(&shared->map, store->location);
        sqlite_vfs_serve(shared->anchor, &shared->keeper, &shared->map);
        return ERR_OK;
}

static void shared_close(struct store *store)
{
        struct sqlite_shared *shared = store->shared;
        if (!shared)
                return;
        lock_keeper_close(&shared->keeper);
        (void)sqlite3_close(shared->anchor);
        page_map_close(&shared->map);
        (void)pthread_mutex_destroy(&shared->anchor_mutex);
        unique_names_done(&shared->names);
        free(shared->wal_path);
        if (shared->lock_fd >= 0)
                (void)close(shared->lock_fd);
        free(shared);
        store->shared = NULL;
}

static enum err schema_ready(struct store *store, struct fault *fault)
{
        struct sqlite_shared *shared = store->shared;
        return unique_names_load(shared->anchor, &shared->names, fault);
}

static int wal_hook(void *context, sqlite3 *db, const char *name, int frames)
{
        struct sqlite_connection *connection = context;
        connection->wal_frames = frames;
        return SQLITE_OK;
}

static enum err connection_open(struct store *store, enum engine_role role, struct connection **ret, struct fault *fault)
{
        auto_free_ struct sqlite_connection *connection = calloc(1, sizeof *connection);
        if (!connection)
                return fault_set(fault, ERR_MEMORY, "", "no memory for a connection");
        connection->base = (struct connection){ .store = store, .role = role };
        enum err e = sqlite_open(store->location, role == ENGINE_WRITER, &connection->db, fault);
        if (e)
                return e;
        (void)sqlite3_wal_hook(connection->db, wal_hook, connection);
        struct sqlite_shared *shared = store->shared;
        sqlite_vfs_serve(connection->db, &shared->keeper, &shared->map);
        *ret = &STEAL(connection)->base;
        return ERR_OK;
}

static void connection_close(struct connection *base)
{
        struct sqlite_connection *connection = (struct sqlite_connection *)base;
        for (size_t i = 0; i < STATEMENT_COUNT; i++)
                (void)sqlite3_finalize(connection->prepared[i].statement);
        for (size_t i = 0; i <= CONTROL_COUNT; i++)
                for (size_t j = 0; j < 2; j++)
                        (void)sqlite3_finalize(connection->controls[i][j]);
        (void)sqlite3_close_v2(connection->db);
        free(connection);
}

static enum err revive(struct connection *base, struct fault *fault)
{
        return ERR_OK;
}

/* ---- transactions ---- */

static bool in_transaction(struct connection *base)
{
        return !sqlite3_get_autocommit(((struct sqlite_connection *)base)->db);
}

static int control_step(struct sqlite_connection *connection, size_t control, size_t part, const char *sql)
{
        sqlite3_stmt **statement = &connection->controls[control][part];
        int code = SQLITE_OK;
        if (!*statement)
                code = sqlite3_prepare_v3(connection->db, sql, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);
        if (code != SQLITE_OK)
                return code;
        code = sqlite3_step(*statement);
        return code == SQLITE_DONE ? sqlite3_reset(*statement) : code;
}

static enum err control(struct connection *base, enum control control, struct fault *fault)
{
        static const char *const sql[CONTROL_COUNT][2] = {
                [CONTROL_SNAPSHOT] = { "BEGIN" },
                [CONTROL_BEGIN] = { "BEGIN IMMEDIATE" },
                [CONTROL_BEGIN_SAVEPOINT] = { "BEGIN IMMEDIATE", "SAVEPOINT job" },
                [CONTROL_NEXT_SAVEPOINT] = { "RELEASE job", "SAVEPOINT job" },
                [CONTROL_ROLLBACK_SAVEPOINT] = { "ROLLBACK TO job" },
                [CONTROL_ROLLBACK] = { "ROLLBACK" },
        };
        struct sqlite_connection *connection = (struct sqlite_connection *)base;
        if (control == CONTROL_ROLLBACK && !in_transaction(base))
                return ERR_OK;
        for (size_t part = 0; part < 2 && sql[control][part]; part++)
                if (control_step(connection, control, part, sql[control][part]) != SQLITE_OK) {
                        enum err e = failed(connection, fault);
                        (void)sqlite3_reset(connection->controls[control][part]);
                        return e;
                }
        return ERR_OK;
}

static enum commit_outcome commit(struct connection *base, struct fault *fault)
{
        struct sqlite_connection *connection = (struct sqlite_connection *)base;
        /* The busy timeout has waited already; a BUSY that is left is answered, and the transaction undone. */
        if (control_step(connection, CONTROL_COUNT, 0, "COMMIT") == SQLITE_OK)
                return COMMIT_DONE;
        int code = sqlite3_extended_errcode(connection->db) & 0xff;
        (void)failed(connection, fault);
        (void)sqlite3_reset(connection->controls[CONTROL_COUNT][0]);
        enum failure failure = base->failure;
        bool undone = !control(base, CONTROL_ROLLBACK, NULL);
        base->failure = failure;
        return undone && (code == SQLITE_BUSY || code == SQLITE_FULL || code == SQLITE_CONSTRAINT) ? COMMIT_UNDONE : COMMIT_UNKNOWN;
}

static enum err script(struct connection *base, const char *sql, struct fault *fault)
{
        struct sqlite_connection *connection = (struct sqlite_connection *)base;
        return sqlite3_exec(connection->db, sql, NULL, NULL, NULL) == SQLITE_OK ? ERR_OK : failed(connection, fault);
}

static enum err number(struct connection *base, const char *sql, int64_t *ret, struct fault *fault)
{
        struct sqlite_connection *connection = (struct sqlite_connection *)base;
        return sqlite_number(connection->db, sql, ret) ? failed(connection, fault) : ERR_OK;
}

/* ---- statements ---- */

static int prepare(struct sqlite_connection *connection, enum statement statement, struct prepared *ret)
{
        const struct statement_row *row = statement_row(statement);
        int code = sqlite3_prepare_v3(connection->db, row->sql, -1, SQLITE_PREPARE_PERSISTENT, &ret->statement, NULL);
        if (code != SQLITE_OK)
                return code;
        ret->columns = row->columns;
        for (int i = 0; row->parameters[i]; i++) {
                char name[16];
                (void)snprintf(name, sizeof name, "$%d", i + 1);
                int index = sqlite3_bind_parameter_index(ret->statement, name);
                assert(index > 0 && index <= PARAMETERS_MAX);
                ret->index[i] = (unsigned char)index;
        }
        return SQLITE_OK;
}

/* One more of a statement whose result is still being read. */
static enum err statement_take_second(
        struct sqlite_connection *connection, enum statement statement, struct prepared **ret, struct fault *fault)
{
        auto_free_ struct prepared *second = calloc(1, sizeof *second);
        if (!second)
                return fault_set(fault, ERR_MEMORY, "", "no memory for a statement");
        if (prepare(connection, statement, second) != SQLITE_OK) {
                enum err e = failed(connection, fault);
                return e ? e : ERR_INTERNAL;
        }
        second->open = second->temporary = true;
        *ret = STEAL(second);
        return ERR_OK;
}

static enum err statement_take(struct sqlite_connection *connection, enum statement statement, struct prepared **ret, struct fault *fault)
{
        struct prepared *prepared = &connection->prepared[statement];
        if (prepared->open)
                return statement_take_second(connection, statement, ret, fault);
        if (!prepared->statement && prepare(connection, statement, prepared) != SQLITE_OK) {
                enum err e = failed(connection, fault);
                return e ? e : ERR_INTERNAL;
        }
        prepared->open = true;
        *ret = prepared;
        return ERR_OK;
}

static void statement_release(struct prepared *prepared)
{
        (void)sqlite3_reset(prepared->statement);
        prepared->open = false;
        if (prepared->temporary) {
                (void)sqlite3_finalize(prepared->statement);
                free(prepared);
        }
}

/* `keep`: bytes are copied, because rows are stepped after the caller's values are gone. */
static int bind(const struct prepared *prepared, const struct value *values, size_t count, bool keep)
{
        sqlite3_destructor_type owner = keep ? SQLITE_TRANSIENT : SQLITE_STATIC;
        for (size_t i = 0; i < count; i++) {
                const struct value *value = &values[i];
                int code = SQLITE_OK, index = prepared->index[i];
                if (value->kind == VALUE_I64)
                        code = sqlite3_bind_int64(prepared->statement, index, value->number);
                else if (value->kind == VALUE_TEXT) /* no text is NULL, which equals nothing */
                        code = sqlite3_bind_text64(prepared->statement, index, value->bytes, value->length, owner, SQLITE_UTF8);
                else if (value->length)
                        code = sqlite3_bind_blob64(prepared->statement, index, value->bytes, value->length, owner);
                else
                        code = sqlite3_bind_zeroblob(prepared->statement, index, 0);
                if (code != SQLITE_OK)
                        return code;
        }
        return SQLITE_OK;
}

/* Readers use the pages of the map as they are, once there is use for it. */
static void map_follow(struct sqlite_connection *connection, struct prepared *prepared)
{
        const struct sqlite_shared *shared = connection->base.store->shared;
        if (!connection->is_mapped && connection->base.role == ENGINE_READER && page_map_is_used(&shared->map)) {
                connection->is_mapped = true; /* a failure may come after it took effect */
                (void)sqlite3_exec(connection->db, MAPPED_PRAGMA, NULL, NULL, NULL);
        }
        prepared->map_was_good = !page_map_is_broken(&shared->map);
}

/* Where the map broke since the statement began, its pages may have been zeros, whatever SQLite made of them. */
static int step(struct sqlite_connection *connection, struct prepared *prepared)
{
        const struct sqlite_shared *shared = connection->base.store->shared;
        int code = sqlite3_step(prepared->statement);
        bool is_lost = connection->is_mapped && prepared->map_was_good && page_map_is_broken(&shared->map);
        return is_lost ? SQLITE_IOERR_READ : code;
}

static enum err step_failed(struct sqlite_connection *connection, int code, struct fault *fault)
{
        const struct sqlite_shared *shared = connection->base.store->shared;
        return sqlite_error_of(connection->db, code, &shared->names, &connection->base.failure, fault);
}

static enum err query(struct connection *base, enum statement statement, const struct value *values, size_t count, struct result *ret,
        struct fault *fault)
{
        struct sqlite_connection *connection = (struct sqlite_connection *)base;
        struct prepared *prepared = NULL;
        enum err e = statement_take(connection, statement, &prepared, fault);
        if (e)
                return e;
        map_follow(connection, prepared);
        int code = bind(prepared, values, count, true);
        if (code == SQLITE_OK)
                code = step(connection, prepared); /* so that a write happens, and an error shows, now */
        if (code != SQLITE_ROW && code != SQLITE_DONE) {
                e = step_failed(connection, code, fault);
                statement_release(prepared);
                return e;
        }
        ret->handle = prepared;
        ret->position = code == SQLITE_ROW ? AT_FIRST_ROW : AT_END;
        return ERR_OK;
}

static enum err run(struct connection *base, enum statement statement, const struct value *values, size_t count, int64_t *ret_changed,
        struct fault *fault)
{
        struct sqlite_connection *connection = (struct sqlite_connection *)base;
        struct prepared *prepared = NULL;
        enum err e = statement_take(connection, statement, &prepared, fault);
        if (e)
                return e;
        map_follow(connection, prepared);
        int code = bind(prepared, values, count, false);
        if (code == SQLITE_OK)
                while ((code = step(connection, prepared)) == SQLITE_ROW)
                        ;
        e = code == SQLITE_DONE ? ERR_OK : step_failed(connection, code, fault);
        if (!e)
                *ret_changed = sqlite3_stmt_readonly(prepared->statement) ? 0 : sqlite3_changes64(connection->db);
        statement_release(prepared);
        return e;
}

static enum err next(struct connection *base, struct result *result, bool *ret_row, struct fault *fault)
{
        struct prepared *prepared = result->handle;
        if (result->position == AT_ROW) {
                struct sqlite_connection *connection = (struct sqlite_connection *)base;
                int code = step(connection, prepared);
                if (code != SQLITE_ROW && code != SQLITE_DONE)
                        return step_failed(connection, code, fault);
                if (code == SQLITE_DONE)
                        result->position = AT_END;
        } else if (result->position == AT_FIRST_ROW) {
                result->position = AT_ROW;
        }
        *ret_row = result->position == AT_ROW;
        return ERR_OK;
}

static void done(struct connection *base, struct result *result)
{
        struct prepared *prepared = result->handle;
        struct sqlite_connection *connection = (struct sqlite_connection *)base;
        /* A write with RETURNING checks its foreign keys at its end: run to it. */
        if (result->position != AT_END && base->failure == FAILURE_NONE && !sqlite3_stmt_readonly(prepared->statement)) {
                int code;
                while ((code = sqlite3_step(prepared->statement)) == SQLITE_ROW)
                        ;
                if (code != SQLITE_DONE)
                        (void)failed(connection, NULL);
        }
        statement_release(prepared);
}

static int64_t column_i64(const struct result *result, int column)
{
        const struct prepared *prepared = result->handle;
        return sqlite3_column_int64(prepared->statement, column);
}

static const void *column_bytes(const struct result *result, int column, size_t *ret_length)
{
        const struct prepared *prepared = result->handle;
        const void *bytes = prepared->columns[column] == 't' ? sqlite3_column_text(prepared->statement, column)
                                                             : sqlite3_column_blob(prepared->statement, column);
        *ret_length = (size_t)sqlite3_column_bytes(prepared->statement, column);
        return bytes ? bytes : "";
}

/* ---- checkpoints ---- */

static void maintain(struct connection *base)
{
        struct sqlite_connection *connection = (struct sqlite_connection *)base;
        const struct sqlite_shared *shared = base->store->shared;
        if (connection->wal_frames * (shared->page_bytes + WAL_FRAME_HEADER_BYTES) < WAL_RESTART_BYTES)
                return;
        int64_t now_us = clock_steady_us();
        if (now_us < connection->restart_after_us)
                return;
        /* Readers in a snapshot may keep the WAL: wait a little, then write on and try again later. */
        (void)sqlite3_busy_timeout(connection->db, RESTART_BUSY_MS);
        if (sqlite3_wal_checkpoint_v2(connection->db, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL) == SQLITE_OK)
                connection->wal_frames = 0;
        else
                connection->restart_after_us = now_us + RESTART_PAUSE_US;
        (void)sqlite3_busy_timeout(connection->db, SQLITE_BUSY_TIMEOUT_MS);
}

static int64_t wal_bytes(const struct store *store)
{
        const struct sqlite_shared *shared = store->shared;
        struct stat status;
        return stat(shared->wal_path, &status) ? 0 : (int64_t)status.st_size;
}

static enum err checkpoint(struct store *store, struct fault *fault)
{
        struct sqlite_shared *shared = store->shared;
        enum failure failure;
        (void)pthread_mutex_lock(&shared->anchor_mutex);
        int code = sqlite3_wal_checkpoint_v2(shared->anchor, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
        page_map_grow(&shared->map);
        enum err e = code == SQLITE_OK || code == SQLITE_BUSY ? ERR_OK : sqlite_error(shared->anchor, &shared->names, &failure, fault);
        (void)pthread_mutex_unlock(&shared->anchor_mutex);
        return e;
}

/* Statements are written so that SQLite needs no statistics. */
static enum err analyze(struct store *store, struct fault *fault)
{
        return ERR_OK;
}

const struct engine engine_sqlite = {
        .integer_type = "INTEGER",
        .text_type = "TEXT",
        .bytes_type = "BLOB",
        .strict = "STRICT",
        .clustered = "STRICT, WITHOUT ROWID",
        .hash0 = "zeroblob(32)",
        .schema_version_exists = "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name = 'schema_version'",
        .migration_lock = "", /* BEGIN IMMEDIATE does it */
        .writers = 1,
        .open = shared_open,
        .close = shared_close,
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
        .analyze = analyze,
};
