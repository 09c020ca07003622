/* SPDX-License-Identifier: Apache-2.0
 *
 * The ledger: one append-only, hash-chained list per root; audit log, outbox and change feed in one. Entry hash = SHA-256 over
 * length-prefixed (previous hash, seq, at, class, event, actor, object, change id, SHA-256(salt, body)), so that purging blanks body and
 * salt while the chain still verifies — verify then reports such entries as blanked, and only when both are empty.
 * Classes: change (rides in the change's own savepoint), notice (refusals, logins: counted per caller, kind and minute), alert (R32). */
#ifndef LEDGER_LEDGER_H
#define LEDGER_LEDGER_H

#include "base/json.h"
#include "http/actor.h"
#include "model/attribute.h"
#include "store/store.h"
#include "store/write_queue.h"

enum ledger_class { LEDGER_CHANGE = 1, LEDGER_NOTICE = 2, LEDGER_ALERT = 3 };

/* X(code, "name", class): every event that can stand in a ledger. */
#define LEDGER_EVENTS(X)                                             \
        X(EVENT_ROOT_CREATED, "organization.initialized", LEDGER_CHANGE) \
        X(EVENT_CREATED, "created", LEDGER_CHANGE)                   \
        X(EVENT_UPDATED, "updated", LEDGER_CHANGE)                   \
        X(EVENT_DEACTIVATED, "deactivated", LEDGER_CHANGE)           \
        X(EVENT_REACTIVATED, "reactivated", LEDGER_CHANGE)           \
        X(EVENT_DELETED, "deleted", LEDGER_CHANGE)                   \
        X(EVENT_RESTORED, "restored", LEDGER_CHANGE)                 \
        X(EVENT_PURGED, "purged", LEDGER_CHANGE)                     \
        X(EVENT_MEMBERS_CHANGED, "members-changed", LEDGER_CHANGE)   \
        X(EVENT_TOKEN_CREATED, "token-created", LEDGER_CHANGE)       \
        X(EVENT_TOKEN_REVOKED, "token-revoked", LEDGER_CHANGE)       \
        X(EVENT_ACCESS_GAINED, "access-gained", LEDGER_CHANGE)       \
        X(EVENT_CAPTURE_STARTED, "capture-started", LEDGER_CHANGE)   \
        X(EVENT_CAPTURE_STOPPED, "capture-stopped", LEDGER_CHANGE)   \
        X(EVENT_HOLD_RELEASED, "hold-released", LEDGER_CHANGE)       \
        X(EVENT_UNDONE, "undone", LEDGER_CHANGE)                     \
        X(EVENT_WORK_BEGUN, "connection-work-begun", LEDGER_CHANGE)  \
        X(EVENT_WORK_STEP, "connection-work-step", LEDGER_CHANGE)    \
        X(EVENT_WORK_DONE, "connection-work-done", LEDGER_CHANGE)    \
        X(EVENT_ADOPTED, "adopted", LEDGER_CHANGE)                   \
        X(EVENT_MAPPED, "mapped", LEDGER_CHANGE)                     \
        X(EVENT_ADOPTION_APPROVED, "adoption-approved", LEDGER_CHANGE) \
        X(EVENT_DOMAIN_VERIFIED, "domain-verified", LEDGER_CHANGE)   \
        X(EVENT_REFUSED, "refused", LEDGER_NOTICE)                   \
        X(EVENT_UNAUTHENTICATED, "unauthenticated", LEDGER_NOTICE)   \
        X(EVENT_LAST_ADMIN, "last-admin-refused", LEDGER_ALERT)      \
        X(EVENT_CEILING_RAISED, "ceiling-raised", LEDGER_ALERT)      \
        X(EVENT_BREAK_GLASS, "break-glass-changed", LEDGER_ALERT)    \
        X(EVENT_TOKEN_EXPIRES, "token-expires", LEDGER_ALERT)        \
        X(EVENT_GRAPH_MEMORY, "graph-memory-exceeded", LEDGER_ALERT) \
        X(EVENT_CLOCK_ACCEPTED, "clock-accepted", LEDGER_ALERT)      \
        X(EVENT_MANY_DEACTIVATED, "many-deactivated", LEDGER_ALERT)  \
        X(EVENT_MANY_REMOVED, "many-members-removed", LEDGER_ALERT)  \
        X(EVENT_MEMBERS_HELD, "members-held", LEDGER_ALERT)          \
        X(EVENT_DOMAIN_LAPSED, "domain-lapsed", LEDGER_ALERT)        \
        X(EVENT_CLOCK_JUMP, "clock-jump", LEDGER_ALERT)

enum ledger_event {
#define X(code, name, class) code,
        LEDGER_EVENTS(X)
#undef X
        LEDGER_EVENT_COUNT
};
const char *ledger_event_name(enum ledger_event event);
enum ledger_class ledger_event_class(enum ledger_event event);

#define CHANGE_ID_SIZE 16
struct ledger_entry {
        enum ledger_event event;
        const struct actor *actor;
        enum resource_kind object_kind;
        int64_t object_no;
        const char *body;                 /* canonical JSON object; personal values stand here only (R31) */
        unsigned char change_id[CHANGE_ID_SIZE];
};

/* The first entry follows 32 zero bytes: the last_hash of a new root row.
 * Appends inside a write job: takes the root's row from the session, moves revision, last_hash and last_us, marks the job as audited.
 * *ret_seq is the new revision, *ret_at_us the stored time. */
enum err ledger_append(struct session *session, int64_t root_no, const struct ledger_entry *entry, int64_t *ret_seq, int64_t *ret_at_us,
        struct fault *fault) MUST_USE;
/* Did a change with this id reach the ledger after `after_seq`? For a connection lost in COMMIT. */
enum err ledger_has_change(struct session *session, int64_t root_no, int64_t after_seq, const unsigned char change_id[CHANGE_ID_SIZE],
        bool *ret, struct fault *fault) MUST_USE;

/* ---- notices ---- */
struct notices; /* thread safe, bounded (4,096 keys; beyond: counted under one key "overflow") */
struct notices *notices_new(void);
void notices_free(struct notices *notices);
/* Counts one refusal of this caller and kind in the current minute. root_no 0: the system root's. `detail` short and free of secrets. */
void notice_count(struct notices *notices, int64_t root_no, const struct actor *actor, enum ledger_event event, const char *detail);
/* Appends what is due of one root inside a write job (rides in the root's next change, or in a job of its own after 1 s), at most 64
 * entries. A key writes twice a minute at most: its first refusal at once, the rest when the minute is over. Body: {"count", "detail",
 * "minute"}. *ret_count: entries appended. */
enum err notices_flush(struct notices *notices, struct session *session, int64_t root_no, size_t *ret_count, struct fault *fault) MUST_USE;
/* Hints how a job that flushed with *ret_count > 0 ended: committed (from its `committed`, on the writer thread), or not. What is true is
 * read from the ledger at the next flush of the root, so a job may run again, fail alone or lose its batch, and a hint may be missing. */
void notices_settle(struct notices *notices, int64_t root_no, bool committed);
/* Roots with notices older than 1 s; returns how many were written to ret. */
size_t notices_due(struct notices *notices, int64_t *ret_roots, size_t max);
/* Before the end of the program: from now on everything counted is due at once. Flush until notices_due answers 0. */
void notices_stop(struct notices *notices);

/* ---- reading ---- */
struct ledger_row {
        int64_t seq, at_us;
        enum ledger_class class;
        const char *event;
        enum actor_kind actor_kind;
        int64_t actor_no;
        enum resource_kind object_kind;
        int64_t object_no;
        const char *body;          /* "" when blanked */
        unsigned char hash[HASH_SIZE];
};
/* Rows with seq > after_seq in order, at most `limit` (<= 1000); `each` may stop by returning an error. */
enum err ledger_read(struct session *session, int64_t root_no, int64_t after_seq, int limit,
        enum err (*each)(void *context, const struct ledger_row *row, struct fault *fault), void *context, struct fault *fault) MUST_USE;
/* One row as one line of JSON: {"seq","at","class","event","actor":{"kind","no","id"?},"object":{"kind","no","id"?},"body":{…},"hash"}. Ids
 * are those of the resources now; absent when purged. `object` is absent when there is none; `body` is null when blanked. */
enum err ledger_row_json(struct session *session, int64_t root_no, const struct ledger_row *row, struct buffer *into, struct fault *fault)
        MUST_USE;

/* ---- checkpoints and verification ---- */
struct checkpoint_key; /* Ed25519; the key id is the first 16 hex digits of SHA-256 over the raw public key */
/* The file holds a PKCS#8 PEM private key, 0600, made by checkpoint_key_make_file. */
enum err checkpoint_key_make_file(const char *path, struct fault *fault) MUST_USE;
enum err checkpoint_key_load(const char *path, struct checkpoint_key **ret, struct fault *fault) MUST_USE;
void checkpoint_key_free(struct checkpoint_key *key);
const char *checkpoint_key_id(const struct checkpoint_key *key);

/* A checkpoint as one line of JSON: {"root","seq","at_us","hash","key_id","signature"}, hash and signature in hex. The log line has the same
 * fields. Signed: "muster checkpoint 1", root handle, seq, at_us, hash, key id, each length-prefixed.
 * Appends the newest of a root; ERR_NOT_FOUND: there is none. */
enum err checkpoint_export(struct session *session, int64_t root_no, struct buffer *into, struct fault *fault) MUST_USE;
/* Signs the heads of all roots that moved since their last checkpoint; one PLAIN job per root, and a log line "checkpoint" with root, seq,
 * hash, key id and signature. ERR_TAMPERED: a root's row is damaged; the others are signed. */
enum err checkpoint_sign_all(struct write_queue *queue, struct session *reader, const struct checkpoint_key *key, size_t *ret_count,
        struct fault *fault) MUST_USE;

struct verify_report {
        int64_t entries;        /* read and good */
        int64_t blanked;        /* bodies purged */
        int64_t first_seq, last_seq;
        int64_t checkpoints;    /* signatures checked and good */
        int64_t bad_seq;        /* first bad entry; 0 = none */
        char reason[256];       /* "" = whole; else what is wrong with bad_seq: edited, missing, reordered, cut, … */
        int64_t unsigned_tail;  /* entries after the newest checkpoint: a cut there is found only against an external copy */
};
/* What the caller knows of a ledger from elsewhere. */
struct verify_terms {
        const char *external;    /* one checkpoint, a line of JSON as logged or exported; NULL: none */
        int64_t from_checkpoint; /* the ledger begins behind the signed checkpoint at this entry; 0: at entry 1, and what is missing there
                                  * was deleted */
};
/* Recomputes the whole chain of a root against its rows, its root row and its checkpoints, in one snapshot of its own; `terms` NULL: none.
 * `key` NULL: signatures are not checked and `checkpoints` stays 0. ERR_OK: whole. ERR_TAMPERED: report (filled then, too) says the first bad
 * entry. ERR_VALUE, ERR_SYNTAX: the terms cannot be used. */
enum err ledger_verify(struct session *session, int64_t root_no, const struct checkpoint_key *key, const struct verify_terms *terms,
        struct verify_report *ret, struct fault *fault) MUST_USE;

#endif
