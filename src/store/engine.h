/* SPDX-License-Identifier: Apache-2.0
 *
 * What store.c, migrate.c and the write queue know of an engine: one struct of functions, filled by engine_sqlite.c and
 * engine_postgres.c. A failed call says in connection->failure how it left the connection; the caller decides what follows. */
#ifndef STORE_ENGINE_H
#define STORE_ENGINE_H

#include <pthread.h>
#include <assert.h>
#include <stdatomic.h>
#include "store/store.h"
#include "store/write_queue.h"

#define PARAMETERS_MAX 40

enum engine_role { ENGINE_READER, ENGINE_WRITER };

enum failure {
        FAILURE_NONE,
        FAILURE_REFUSED,     /* this statement only: unique, foreign key, CHECK, our own bug */
        FAILURE_RETRY,       /* serialisation, deadlock: the same transaction may pass the next time */
        FAILURE_FULL,        /* no space left */
        FAILURE_UNAVAILABLE, /* I/O error, read-only, busy too long */
        FAILURE_LOST,        /* the connection is gone, and the transaction with it */
};

enum control {
        CONTROL_SNAPSHOT, /* begin a read transaction with one snapshot */
        CONTROL_BEGIN,    /* begin a write transaction */
        CONTROL_BEGIN_SAVEPOINT,
        CONTROL_NEXT_SAVEPOINT,     /* keep what the savepoint holds, begin the next */
        CONTROL_ROLLBACK_SAVEPOINT, /* undo to the savepoint, which stays */
        CONTROL_ROLLBACK,           /* never fails for being outside a transaction */
        CONTROL_COUNT
};

enum commit_outcome {
        COMMIT_DONE,
        COMMIT_UNDONE,  /* certainly rolled back */
        COMMIT_UNKNOWN, /* SQLite: only a restart with recovery tells */
        COMMIT_LOST,    /* PostgreSQL: a new connection can tell */
};

struct connection {
        struct store *store;
        enum engine_role role;
        enum failure failure; /* of the last failed call; the caller clears it */
};

struct engine {
        const char *integer_type, *text_type, *bytes_type, *strict, *clustered; /* the macros of migrations */
        const char *hash0;                 /* expression: 32 zero bytes, the hash before the first entry */
        const char *schema_version_exists; /* query that answers 0 or 1 */
        const char *migration_lock;        /* keeps two programs from migrating at once */
        int writers;
        bool failure_spoils; /* after a failed statement only a rollback helps */

        /* Takes the installation lock, checks the server, prepares what sessions share. */
        enum err (*open)(struct store *store, const struct store_options *options, struct fault *fault);
        void (*close)(struct store *store);
        /* After migrations: reads the names of unique indexes. */
        enum err (*schema_ready)(struct store *store, struct fault *fault);

        enum err (*connect)(struct store *store, enum engine_role role, struct connection **ret, struct fault *fault);
        void (*disconnect)(struct connection *connection);
        /* Connects again when the connection is gone (with backoff); a writer also proves that the installation lock is still held. */
        enum err (*revive)(struct connection *connection, struct fault *fault);
        bool (*in_transaction)(struct connection *connection);
        enum err (*control)(struct connection *connection, enum control control, struct fault *fault);
        enum commit_outcome (*commit)(struct connection *connection, struct fault *fault);
        /* Several statements without parameters, and one that answers a single number: migrations only. */
        enum err (*script)(struct connection *connection, const char *sql, struct fault *fault);
        enum err (*number)(struct connection *connection, const char *sql, int64_t *ret, struct fault *fault);

        enum err (*query)(struct connection *connection, enum statement statement, const struct value *values, size_t count,
                struct result *ret, struct fault *fault);
        enum err (*run)(struct connection *connection, enum statement statement, const struct value *values, size_t count,
                int64_t *ret_changed, struct fault *fault);
        enum err (*next)(struct connection *connection, struct result *result, bool *ret_row, struct fault *fault);
        void (*result_done)(struct connection *connection, struct result *result);
        int64_t (*column_i64)(const struct result *result, int column);
        const void *(*column_bytes)(const struct result *result, int column, size_t *ret_length);

        /* Between two batches on the writer's own connection. */
        void (*maintain)(struct connection *connection);
        int64_t (*wal_bytes)(const struct store *store);
        enum err (*checkpoint)(struct store *store, struct fault *fault);
        enum err (*analyze)(struct store *store, struct fault *fault);
};
extern const struct engine engine_sqlite, engine_postgres;

struct store {
        const struct engine *engine;
        void *shared;   /* the engine's */
        char *location; /* path, or URL without password */
        pthread_mutex_t password_mutex;
        struct secret password; /* of connections that are opened from now on */
        bool exclusive;
        store_fault_hook *fault_hook;
        void *fault_context;
        atomic_uint_fast64_t commits, jobs, errors;
};

/* The state of the running write job; readers have none. */
struct root_slot {
        struct root_row row;    /* what the job sees and changes */
        struct root_row kept;   /* as the last successful job left it */
        struct root_row stored; /* as the database holds it */
        bool locked_by_job;     /* the lock goes when the job rolls back */
};

struct session {
        struct store *store;
        struct connection *connection;
        bool writer;
        bool in_snapshot;
        /* writers only */
        bool ran_audited, marked_audited, wrote; /* the running job */
        enum err failed; /* first statement of the job that failed: the job is lost, whatever it answers */
        struct fault failed_fault;
        struct root_slot **roots; /* of the transaction, in order of locking; slots beyond root_count are kept for reuse */
        size_t root_count, root_capacity;
};

enum err session_open(struct store *store, enum engine_role role, struct session **ret, struct fault *fault) MUST_USE;
/* The hook's answer for COMMIT; ERR_OK without a hook. */
enum err store_fault_at_commit(struct store *store, struct fault *fault);

/* write_root.c: the rows of root that this transaction locked. */
void session_job_begin(struct session *session);
void session_roots_keep(struct session *session);    /* the job succeeded */
void session_roots_restore(struct session *session); /* the job rolled back */
void session_roots_forget(struct session *session);  /* the transaction ended */
enum err session_roots_store(struct session *session, struct fault *fault) MUST_USE;
enum err session_roots_lock_again(struct session *session, const int64_t *root_nos, size_t count, struct fault *fault) MUST_USE;

/* write_batch.c: one transaction with its retries. */
/* Every job has its result afterwards. False: SQLite does not know whether the transaction is stored; the process must end so that
 * recovery decides. */
bool batch_run(struct session *session, struct write_ticket **jobs, size_t count) MUST_USE;

/* migrate.c */
struct migration {
        int version;
        const char *name;
        const char *sql; /* NUL-terminated */
};
extern const struct migration migrations[]; /* ended by version 0 */
enum err migrate_check(struct store *store, bool migrate, struct fault *fault) MUST_USE;
/* Replaces the macros; heap. */
enum err migrate_expand(const struct engine *engine, const char *sql, char **ret, struct fault *fault) MUST_USE;

#endif
