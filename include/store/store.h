/* SPDX-License-Identifier: Apache-2.0
 *
 * The database behind one face: SQLite or PostgreSQL, one statement catalogue, sessions that run it. Sessions are used by one thread at
 * a time. A reader session sees committed rows only; a writer session belongs to the write queue.
 *
 * Errors every call may answer: ERR_TAKEN (a unique index refused; fault->field names the index), ERR_CONFLICT (foreign key or CHECK),
 * ERR_STORAGE_FULL (507), ERR_UNAVAILABLE (503: I/O error, read-only, connection lost, busy too long), ERR_MEMORY, ERR_INTERNAL. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/ident.h"
#include "base/secret.h"
#include "store/statement.h"

struct store;
struct session;

struct store_options {
        const char *database;          /* "sqlite:PATH" or "postgresql://…" */
        const struct secret *password; /* of PostgreSQL; NULL: none */
        bool migrate;                  /* bring the schema up (SQLite at start; PostgreSQL by `muster db upgrade` and init) */
        bool exclusive;                /* take the installation lock: flock beside the SQLite file, advisory lock on PostgreSQL */
};

/* Opens and checks the schema version: newer than this program: refused. Older and not `migrate`: refused with the command to run. With
 * `exclusive`: ERR_CONFLICT that says who holds the lock when another program writes. */
enum err store_open(const struct store_options *options, struct store **ret, struct fault *fault) MUST_USE;
void store_close(struct store *store);
/* PostgreSQL: of connections that are opened from now on; those that stand go on. Thread safe. */
enum err store_set_password(struct store *store, const struct secret *password, struct fault *fault) MUST_USE;
bool store_is_sqlite(const struct store *store);

/* A reader session (SQLite: own read-only connection with a 512 KiB cache, statements prepared on first use). */
enum err store_reader_open(struct store *store, struct session **ret, struct fault *fault) MUST_USE;
void session_close(struct session *session);
/* One snapshot over several reads (SQLite BEGIN; PostgreSQL REPEATABLE READ READ ONLY), taken by the first of them.
 * session_snapshot_end is safe after any error. */
enum err session_snapshot_begin(struct session *session, struct fault *fault) MUST_USE;
void session_snapshot_end(struct session *session);

struct value {
        enum { VALUE_I64 = 1, VALUE_TEXT, VALUE_BYTES } kind;
        int64_t number;
        const void *bytes; /* text or bytes; kept by the caller until the call returns */
        size_t length;
};
#define V_I64(n) ((struct value){ VALUE_I64, (int64_t)(n), NULL, 0 })
#define V_TEXT(t) value_text(t)
#define V_BYTES(b, n) ((struct value){ VALUE_BYTES, 0, (b), (n) })
struct value value_text(const char *text);

/* Rows of one running statement; one session may have several open (SQLite) — on PostgreSQL results are fetched whole, so keep every
 * query bounded by a LIMIT or a batch. Release with result_done (or the cleanup macro). */
struct result {
        struct session *session;
        enum statement statement;
        void *handle;
        int64_t position;
};
void result_done(struct result *result);
static inline void auto_result_done(struct result *result)
{
        result_done(result);
}
#define auto_result __attribute__((cleanup(auto_result_done))) struct result

/* The number and kinds of values must be those of the catalogue row (asserted). Binds $1 to values[0] and so on, by name. */
enum err session_query_values(struct session *session, enum statement statement, const struct value *values, size_t count,
        struct result *ret, struct fault *fault) MUST_USE;
enum err session_run_values(struct session *session, enum statement statement, const struct value *values, size_t count,
        int64_t *ret_changed /* rows; may be NULL */, struct fault *fault) MUST_USE;
#define session_query(session, statement, ret, fault, ...)                                                  \
        session_query_values((session), (statement), (const struct value[]){ __VA_ARGS__ },                 \
                sizeof((const struct value[]){ __VA_ARGS__ }) / sizeof(struct value), (ret), (fault))
#define session_run(session, statement, ret_changed, fault, ...)                                            \
        session_run_values((session), (statement), (const struct value[]){ __VA_ARGS__ },                   \
                sizeof((const struct value[]){ __VA_ARGS__ }) / sizeof(struct value), (ret_changed), (fault))

/* Steps to the next row: *ret_row false at the end. Column results live until the next step or result_done. */
enum err result_next(struct result *result, bool *ret_row, struct fault *fault) MUST_USE;
int64_t result_i64(const struct result *result, int column);
const char *result_text(const struct result *result, int column, size_t *ret_length /* may be NULL */); /* NUL-terminated, never NULL */
const unsigned char *result_bytes(const struct result *result, int column, size_t *ret_length);

/* The first column, a number: of the first row, 0 when there is none; or of every row up to `max`. The result is released. */
enum err session_query_number_values(struct session *session, enum statement statement, const struct value *values, size_t count,
        int64_t *ret, struct fault *fault) MUST_USE;
enum err session_query_numbers_values(struct session *session, enum statement statement, const struct value *values, size_t count,
        int64_t *ret, size_t max, size_t *ret_count, struct fault *fault) MUST_USE;
/* Is there a row? The result is released. */
enum err session_query_any_values(struct session *session, enum statement statement, const struct value *values, size_t count, bool *ret,
        struct fault *fault) MUST_USE;
#define session_query_number(session, statement, ret, fault, ...)                                           \
        session_query_number_values((session), (statement), (const struct value[]){ __VA_ARGS__ },          \
                sizeof((const struct value[]){ __VA_ARGS__ }) / sizeof(struct value), (ret), (fault))
#define session_query_numbers(session, statement, ret, max, ret_count, fault, ...)                          \
        session_query_numbers_values((session), (statement), (const struct value[]){ __VA_ARGS__ },         \
                sizeof((const struct value[]){ __VA_ARGS__ }) / sizeof(struct value), (ret), (max), (ret_count), (fault))
#define session_query_any(session, statement, ret, fault, ...)                                              \
        session_query_any_values((session), (statement), (const struct value[]){ __VA_ARGS__ },             \
                sizeof((const struct value[]){ __VA_ARGS__ }) / sizeof(struct value), (ret), (fault))

/* SQLite: size of the WAL file in bytes; 0 on PostgreSQL. */
int64_t store_wal_bytes(const struct store *store);
/* SQLite: PASSIVE checkpoint on a connection of its own, called by the scheduler; nothing on PostgreSQL. */
enum err store_checkpoint(struct store *store, struct fault *fault) MUST_USE;
/* PostgreSQL: gathers the planner's statistics of tables that grew much, on a connection of its own, called by the scheduler; nothing on
 * SQLite. */
enum err store_analyze(struct store *store, struct fault *fault) MUST_USE;
/* Since the start: COMMITs that succeeded, jobs answered, failures of the database itself (not refusals such as ERR_TAKEN). */
struct store_counters {
        uint64_t commits, jobs, errors;
};
struct store_counters store_counters(const struct store *store);

/* Asked before every statement and before COMMIT (`statement` is then STATEMENT_COUNT); anything but ERR_OK is the answer instead of
 * running it, as if the database had failed there. For tests that fail each statement in turn; call it before sessions exist. */
typedef enum err store_fault_hook(void *context, enum statement statement, struct fault *fault);
void store_set_fault_hook_for_test(struct store *store, store_fault_hook *hook, void *context);

/* A cheap read that proves the database answers: for /readyz. */
enum err store_ping(struct session *session, struct fault *fault) MUST_USE;

#endif
