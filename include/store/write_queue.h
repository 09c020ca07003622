/* SPDX-License-Identifier: Apache-2.0
 *
 * The only way to write: jobs are queued, writer threads (SQLite one; PostgreSQL four, a root always on the same one) take up to 50 and
 * run one transaction with a savepoint per job: group commit. A job that fails rolls back alone. When the database ended the transaction
 * by itself (SQLITE_FULL, IOERR) every job of the batch is rerun alone. Serialisation failures and lost connections are retried; a
 * connection lost during COMMIT asks job->was_committed on a new one. COMMIT failing otherwise: ERR_UNAVAILABLE for all of the batch,
 * `committed` is not called, `abandoned` is, and on SQLite with an error that leaves the outcome unknown (I/O error, not FULL or BUSY)
 * the process must end: options.fatal is called.
 *
 * A job one of whose statements failed is rolled back whatever it answers; its later statements get the same error (after an error
 * PostgreSQL takes no more statements: use ON CONFLICT DO NOTHING where "taken" is an expected answer).
 *
 * AUDITED rule: a job whose session changed a row by an AUDITED statement and did not call session_mark_audited once per such job is
 * refused at its savepoint with ERR_INTERNAL and rolled back. Who has turned back all that it changed calls it, too. */
#ifndef STORE_WRITE_QUEUE_H
#define STORE_WRITE_QUEUE_H

#include "store/store.h"

/* The root's own row, locked on first use in a transaction and written back once before COMMIT; restored when a job rolls back. */
struct root_row {
        int64_t root_no;
        char handle[HANDLE_SIZE];
        int64_t epoch;
        int64_t revision;               /* seq of the last ledger entry */
        unsigned char last_hash[HASH_SIZE];
        int64_t last_us;                /* stored times never run backwards: max(now, last_us) */
        int64_t next_no;
        int64_t schemas_revision;       /* when the root's declarations last changed; 0: it has none */
        int64_t proved_domains;         /* e-mail domains that are verified now */
        int64_t rules_revision;         /* the same of its mapping rules; 0: nothing is given by any */
        int64_t committed_revision;     /* `revision` as this transaction found it: whatever is above may yet be rolled back */
};
/* The locked row; the pointer holds until the job ends. ERR_NOT_FOUND: no such root. Only inside a write job. */
enum err session_root(struct session *session, int64_t root_no, struct root_row **ret, struct fault *fault) MUST_USE;
/* Says that this job wrote its ledger entry. */
void session_mark_audited(struct session *session);

struct write_job {
        int64_t root_no;       /* picks the writer; jobs of one root run in submission order. 0: installation-wide */
        bool alone;            /* more than 500 rows expected: commits the batch before it and runs by itself */
        bool undo;             /* rolled back whatever it answers; neither `committed` nor `abandoned` is called */
        int64_t deadline_us;   /* clock_steady_us: a job that did not start by then answers ERR_DEADLINE; 0: none */
        void *context;
        /* In a savepoint on the writer thread. May run more than once: it must start from nothing each time. */
        enum err (*run)(struct session *session, void *context, struct fault *fault);
        /* After COMMIT, in revision order, on the writer thread, before the submitter wakes; NULL: nothing to do. */
        void (*committed)(void *context);
        /* Instead of `committed`, when the last run answered ERR_OK and its COMMIT failed or has an unknown outcome; NULL: nothing to do. */
        void (*abandoned)(void *context);
        /* After a connection lost in COMMIT: is it in the database? NULL: assume not (only for repeatable jobs). */
        enum err (*was_committed)(struct session *session, void *context, bool *ret, struct fault *fault);
};

struct write_queue_options {
        struct store *store;
        unsigned length_max;    /* jobs waiting; beyond: ERR_UNAVAILABLE with retry_after_s 1 */
        void (*fatal)(const char *reason); /* must not return; NULL: abort() */
};
struct write_queue;

enum err write_queue_start(const struct write_queue_options *options, struct write_queue **ret, struct fault *fault) MUST_USE;
/* Blocks until the job is committed and applied, or refused. Any thread but a writer's. */
enum err write_queue_submit(struct write_queue *queue, const struct write_job *job, struct fault *fault) MUST_USE;

/* The same in two steps, so that a thread can have several jobs on their way: each is a job like any other, with a result of its own. Job
 * and ticket stay where they are until the end. */
struct write_ticket {
        const struct write_job *job;
        enum err result;
        struct fault fault;
        bool ran; /* its last run answered ERR_OK */
        _Atomic(unsigned) state;
        struct write_ticket *next;
};
void write_queue_begin(struct write_queue *queue, const struct write_job *job, struct write_ticket *ret);
/* True: the end will not wait. */
bool write_queue_is_done(const struct write_ticket *ticket);
/* Once for each that was begun. */
enum err write_queue_end(struct write_ticket *ticket, struct fault *fault) MUST_USE;
/* Runs what is queued, then stops. */
void write_queue_stop(struct write_queue *queue);

#endif
