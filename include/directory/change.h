/* SPDX-License-Identifier: Apache-2.0
 *
 * The write path. A change is a pure function of (actor, change, stored state): queued, run by the writer in a savepoint — load before,
 * rights from rows, version, apply, validate, invariants, rows, ledger entry — then applied to memory, then answered. */
#ifndef DIRECTORY_CHANGE_H
#define DIRECTORY_CHANGE_H

#include "base/secret.h"
#include "directory/directory.h"
#include "model/document.h"
#include "model/patch.h"
#include "store/rows.h"
#include "store/write_queue.h"

enum change_verb {
        CHANGE_CREATE,         /* document, edges */
        CHANGE_REPLACE,        /* SCIM PUT: document, edges */
        CHANGE_PATCH,          /* SCIM PATCH: document is the PatchOp message */
        CHANGE_MERGE,          /* management API: document accepted with ACCEPT_MERGE */
        CHANGE_DELETE,
        CHANGE_RESTORE,        /* out of the bin (R12) */
        CHANGE_PURGE,          /* out of the bin for good: rows, edges, grants, the bodies of his ledger entries (R12, R31) */
        CHANGE_MEMBERS_ADD,    /* local edges: edges.values are refs */
        CHANGE_MEMBERS_REMOVE,
        CHANGE_ROTATE,         /* a new token for an identity or connection */
        CHANGE_ADOPTION,       /* an administrator lets a connection adopt `user` (R13) */
        CHANGE_GAIN_ACCESS,    /* an organisation admin becomes project admin (R22) */
        CHANGE_CAPTURE,        /* of a connection: its reads are logged, too, for capture_s (R19) */
        CHANGE_RELEASE,        /* of a connection: the write that `hold` names may be repeated (R16) */
        CHANGE_WORK,           /* begins what `wish` says about a connection (directory/connection.h) */
        CHANGE_STEP,           /* one bounded step of such work, by the system */
        CHANGE_VERIFY,         /* an e-mail domain, whose record was found (directory/domain.h) */
        CHANGE_VERB_COUNT
};

/* What a change would have done. */
struct dry_run {
        bool ran;
        bool changed;           /* false: nothing would be different */
        const char *event;      /* of the ledger entry; NULL: none would be written */
        const char *difference; /* its body, JSON; in the change's arena */
        const char *alert;      /* that would stand beside it, the first of several; NULL: none */
};

/* What shall become of all that a connection gave. */
enum connection_verb {
        CONNECTION_NOTHING,
        CONNECTION_KEEP,    /* delete it; what it gave becomes local (R4) */
        CONNECTION_REMOVE,  /* delete it and what it gave (R4) */
        CONNECTION_REPLACE, /* another connection takes it over (R4) */
        CONNECTION_UNDO,    /* put back what it took away since an instant (R16) */
        CONNECTION_MAP,     /* what its mapping rules give is worked out anew for all whom it claims (R18) */
        CONNECTION_VERB_COUNT
};
enum join_by { JOIN_NONE, JOIN_EXTERNAL_ID, JOIN_NAME };
struct connection_wish {
        enum connection_verb verb;
        const char *other;    /* REPLACE: ref of the connection that takes over */
        enum join_by join_by; /* REPLACE */
        int64_t since_us;     /* UNDO */
        int64_t confirm;      /* the count that a preview named; -1: none given */
};
/* Where such work stands. */
struct connection_job {
        int64_t connection_no; /* 0: there is none (any more) */
        enum connection_verb verb;
        int64_t other_no;
        enum join_by join_by;
        int64_t first_seq;
        int64_t phase, at_no, member_no;
        int64_t users, groups, edges; /* done so far */
        int64_t started_us;
};

enum break_glass_wish { BREAK_GLASS_UNSAID, BREAK_GLASS_MARK, BREAK_GLASS_UNMARK };

struct change {
        /* in */
        enum change_verb verb;
        const struct actor *actor;
        const struct resource_type *type;
        int64_t schemas_revision;   /* of the set that `type` is from; 0: the built-in one */
        const char *ref;            /* id, or a name where the face takes names; NULL with CREATE */
        const json_t *document;     /* in the form of model/document.h; the caller's reference */
        struct edge_list edges;
        struct patch_lists lists;   /* PATCH: of `document` */
        const char *if_match;       /* value of If-Match; NULL: none */
        const char *organization;   /* ref of the organisation of a new thing; NULL: the actor's own */
        const char *role;           /* of a new identity; NULL: none */
        const char *user;           /* ADOPTION: ref; NULL: none */
        const char *replace;        /* RESTORE: id of the live resource whose claims move onto the restored one; NULL: none */
        enum break_glass_wish break_glass; /* of a user (R9): CREATE, MERGE */
        unsigned scopes;            /* of a connection's token: SCOPES_OF_TOKEN; 0: all, or those of its newest token */
        int64_t capture_s;          /* 0: the capture ends */
        int64_t hold;               /* RELEASE: its number */
        struct connection_wish wish; /* DELETE of a connection, WORK */
        struct {
                size_t at_once;     /* STEP: at most so many at once; 0: as many as it likes */
                bool skips;         /* STEP: passes over the next one instead, which cannot be done */
        } step;
        bool operator_verified;     /* CREATE of a domain: verified by the caller's word (R6) */
        const char *proved;         /* VERIFY: token of the record that DNS has */
        int64_t ttl_s;              /* of a token; 0: the default */
        bool alone;                 /* touches more than 500 rows */
        struct dry_run *dry_run;    /* not NULL: the whole change runs, is told here and rolled back; no token comes out */
        const char *request_id;     /* for the list of conflicts; NULL: none */
        struct leniency *leniency;
        struct arena *arena;        /* the request's: results live there */
        int64_t deadline_us;        /* steady */
        /* out */
        struct claimed_row after;   /* the resource and, for a connection, its claim; the grant of GAIN_ACCESS */
        struct secret token;        /* of CREATE (identity, connection) and ROTATE; the caller wipes it */
        int64_t token_expires_us;
        int64_t revision;           /* of the root after it */
        int64_t epoch;
        int64_t moved;              /* edges added or removed */
        struct {
                int64_t count;      /* members who were to go and stay through another source (R14) */
                const char *id;     /* of the first */
                bool local;         /* it stays through an administrator's act, else through another connection */
        } stays;
        struct {
                int64_t group_no, removes, of_members; /* with ERR_THRESHOLD: what was too much */
        } held;
        struct connection_job job;  /* of DELETE of a connection, WORK and STEP */
        bool changed;               /* false: nothing was different, nothing was written */
        const char *conflict;       /* of a refused one: what the list of conflicts calls it; NULL: the attribute that was taken */
        int64_t conflict_no;        /* what stood in the way */
};

/* Blocks until the change is durable and in force, or refused. */
enum err directory_change(struct directory *directory, struct change *change, struct fault *fault) MUST_USE;

/* The same in two steps: what was begun is queued, and runs. One thread may have several on their way; most of them share a commit, and each
 * is judged and stored by itself, those of one root in the order of their beginning. */
struct alert;
struct change_ticket {
        struct directory *directory;
        struct change *change;
        struct write_job write;
        struct write_ticket queued;
        struct effect *effects;
        size_t effect_count;
        int64_t revision_before;
        unsigned char change_id[CHANGE_ID_SIZE];
        const struct alert *alerts;
        size_t entries; /* beside its own */
        bool reload;
        bool rides; /* notices were appended and wait for settlement */
};
/* Change, ticket and all that the change points at are the writer's until the end, its arena and leniency above all. An error: nothing was
 * begun. */
enum err directory_change_begin(struct directory *directory, struct change *change, struct change_ticket *ret, struct fault *fault) MUST_USE;
/* Once for each that was begun, by the thread that did. */
enum err directory_change_end(struct change_ticket *ticket, struct fault *fault) MUST_USE;

/* Changes of one actor in this order, none of which makes a token; they may share what they point at. At most CHANGE_GROUP_MAX. */
#define CHANGE_GROUP_MAX 32
void directory_change_all(
        struct directory *directory, struct change *const *changes, size_t count, enum err *ret, struct fault *ret_faults);

/* ,"changed":true,"event":"updated","difference":{…},"alert":null */
void dry_run_put(struct buffer *into, const struct dry_run *dry_run);

#endif
