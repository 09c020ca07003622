/* SPDX-License-Identifier: Apache-2.0
 *
 * The request log of SCIM (R19): one row for each write and each refusal of a connection, kept 30 days; the body, without passwords and
 * sealed by a key of the master key, 72 hours. A request only leaves a copy in memory; the scheduler writes the rows. */
#ifndef DIRECTORY_SCIM_LOG_H
#define DIRECTORY_SCIM_LOG_H

#include "base/clock.h"
#include "directory/query.h"

#define SCIM_LOG_BODY_MAX ((size_t)64 << 10) /* a longer body is not kept */
#define SCIM_LOG_NOTE_MAX 600
#define SCIM_LOG_OPERATIONS 3                /* of a Bulk, as many refusals are told in words */
#define SCIM_LOG_BODY_KEPT_US (3 * US_PER_DAY)
#define SCIM_LOG_WAITING_MAX 4096            /* rows in memory; beyond, the oldest is dropped and counted */
#define SCIM_LOG_WAITING_BYTES ((size_t)16 << 20)

struct scim_log;                     /* thread safe */
struct scim_log *scim_log_new(void); /* NULL: out of memory */
void scim_log_free(struct scim_log *log);

/* Texts may be NULL. All is copied. */
struct scim_log_entry {
        const struct actor *actor; /* a connection */
        int method;                /* enum method */
        int status;
        int64_t duration_us;
        const char *path, *request_id, *resource_id, *scim_type;
        const char *field;      /* at fault */
        const char *leniencies; /* names with commas */
        const char *refusal;    /* what the client was told; kept without what it quotes (R31), at most 200 bytes */
        const char *const *refused_operations; /* as `refusal`, of the first SCIM_LOG_OPERATIONS of a Bulk, NULL at the end; may be NULL */
        size_t refused_more;                   /* of its operations refused beyond these */
        const char *note;       /* what was done otherwise than asked (R3, R14), people by ids; with refusals SCIM_LOG_NOTE_MAX bytes */
        const char *body;
        size_t body_length;
        const char *fields; /* of log_body_fields, when the body was parsed already and is sound; NULL: the flush does it */
};
/* The attributes that a body names, with commas, each once: of a PatchOp those of its paths and values, else the members. */
void log_body_fields(const json_t *body, struct buffer *into);
/* Never blocks for longer than a copy takes. */
void scim_log_add(struct scim_log *log, const struct scim_log_entry *entry);

/* Every request of a connection, also one that leaves no row: its health is told from it. True: a capture is on, and this read is to be
 * logged like a write. */
bool scim_log_note(struct scim_log *log, const struct actor *connection, bool success, bool is_read);
/* Logs the reads of a connection, too, for so long; 0: ends it. In memory: a restart ends it. */
#define CAPTURE_MAX_S (15 * 60)
void scim_log_capture(struct scim_log *log, int64_t root_no, int64_t connection_no, int64_t seconds);
/* In the purge of a person: what waits of the requests that have begun by now is written without what speaks of him. */
void scim_log_erase(struct scim_log *log, int64_t root_no, const char *id);
/* The same, after it, to the rows that are there. */
enum err scim_log_forget(struct session *session, int64_t root_no, const char *id, struct fault *fault) MUST_USE;
/* Before the last flush. */
void scim_log_stop(struct scim_log *log);

/* For the scheduler: writes what waits; forgets bodies after 72 hours and rows after 30 days, in batches. */
void directory_flush_scim_log(struct directory *directory);
void directory_purge_scim_log(struct directory *directory);

/* ---- reading: needs audit-logs:read or scim:read at the root ---- */
struct scim_log_row {
        int64_t no; /* microseconds of its time; the order of the log */
        int64_t connection_no, credential_no, duration_us;
        int method, status;
        const char *path, *request_id, *resource_id, *scim_type, *field, *fields, *leniencies, *note; /* "" for none; until the walk goes on */
        bool has_body;
        const char *connection_id;
};
typedef enum err (*scim_log_each)(void *context, const struct scim_log_row *row, struct fault *fault);
struct scim_log_page {
        const char *connection; /* ref; NULL: all */
        int64_t after;          /* < 0: the newest `limit` rows */
        int status_min;         /* 400: refusals only; 0: all */
        bool partly_refused;    /* with what has a lower status, but operations that were refused (Bulk) */
        int limit;              /* 1..1000 */
};
enum err query_scim_log(
        const struct query *query, const struct scim_log_page *page, scim_log_each each, void *context, struct fault *fault) MUST_USE;
/* One row, through `each`. With `body`: what was sent, without passwords; left empty when nothing is kept (any more). The caller of
 * `body` must be an administrator of the root organisation: ERR_FORBIDDEN. */
enum err query_scim_log_one(
        const struct query *query, int64_t no, scim_log_each each, void *context, struct buffer *body, struct fault *fault) MUST_USE;

/* A logged write, to be run again as its connection. The caller must be an administrator of the root organisation: ERR_FORBIDDEN.
 * ERR_NOT_FOUND: no such row. ERR_CONFLICT says why it cannot be: a read, its body not kept or kept no longer, refused before it was
 * read, its connection gone or disabled. */
struct scim_replay {
        struct actor actor; /* replayed_by is the query's actor */
        int method;         /* enum method */
        const char *path;   /* all in the query's arena */
        const char *body;   /* "" with DELETE */
        size_t body_length;
};
enum err query_scim_log_replay(const struct query *query, int64_t no, struct scim_replay *ret, struct fault *fault) MUST_USE;

#endif
