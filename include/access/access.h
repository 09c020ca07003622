/* SPDX-License-Identifier: Apache-2.0
 *
 * The in-memory graph of each root: principals, credentials, group closure, grants by scope. It only answers questions; rights of a
 * write are judged from rows (directory). Loaded on first use by a worker, changed after each commit in revision order, never touched
 * by SQL in a check.
 *
 * Locking: one mutex per reader slot; a reader takes its own, a writer takes all. Anything disabled refuses; default refuse. */
#ifndef ACCESS_ACCESS_H
#define ACCESS_ACCESS_H

#include "http/actor.h"
#include "model/attribute.h"
#include "model/permission.h"
#include "store/store.h"

struct access;

/* slots: reader slots (loops + workers + 1 for anybody else). */
struct access *access_new(unsigned slots, int64_t memory_mib); /* NULL: out of memory */
void access_free(struct access *access);

/* ---- roots: the whole map handle -> root stands in memory ---- */
enum err access_root_add(struct access *access, int64_t root_no, const char *handle, const char *slug, int64_t epoch, struct fault *fault)
        MUST_USE;
/* 0: no root has this handle. */
int64_t access_root_by_handle(struct access *access, unsigned slot, const char *handle);
/* Loads a root (rows and revision in one snapshot of `reader`, then what committed meanwhile, then publishes). Others who ask for the
 * same root wait for that one load, until deadline_us (steady). Loaded already: returns at once. */
enum err access_load(struct access *access, unsigned slot, struct session *reader, int64_t root_no, int64_t deadline_us, struct fault *fault)
        MUST_USE;
/* Forgets a root's graph: the next question loads it anew. After a failed apply, or a commit of unknown outcome. */
void access_unload(struct access *access, int64_t root_no);
/* Evicts roots unasked for `idle_s`. For the scheduler. */
void access_sweep(struct access *access, int64_t idle_s);
/* For metrics, and for the alarm when bytes > limit_bytes (a root above the limit stays). Takes the last slot. */
struct access_counters {
        size_t roots, loaded;
        size_t bytes, limit_bytes;             /* of loaded graphs; memory_mib */
        uint64_t loads, evictions, unloads;    /* since the start */
};
struct access_counters access_counters(struct access *access);

/* ---- credentials ---- */
enum access_found { ACCESS_FOUND, ACCESS_UNKNOWN, ACCESS_NOT_LOADED };
/* Finds the live credential with this hash: owner active, its organisation and root active, not expired or revoked at now_us. For a
 * connection: enabled. Fills `ret` whole. Marks the credential as used (flushed by access_take_used). */
enum access_found access_authenticate(struct access *access, unsigned slot, int64_t root_no, const unsigned char hash[HASH_SIZE],
        int64_t now_us, struct actor *ret);
/* Hands out up to `max` (root_no, credential_no, used_us) that were used since the last call. Returns their number. */
struct access_used {
        int64_t root_no, credential_no, used_us;
};
size_t access_take_used(struct access *access, struct access_used *ret, size_t max);

/* May this connection call from the address `client` (R19)? ACCESS_UNKNOWN: not from there. One without a list may from everywhere. */
enum access_found access_may_call(struct access *access, unsigned slot, const struct actor *connection, const char *client);

/* ---- decisions (R20, R21) ---- */
struct question {
        const char *subject_type, *subject_id;
        const char *subject_connection;  /* subject.properties.connection: id of a connection; NULL: none */
        const char *resource_type, *resource_id;
        const char *action;
        const char *project;             /* context.project: id or slug; NULL: none */
        const char *organization;        /* context.organization; NULL: none. Both given: the face answers 400 before */
        int64_t at_us;                   /* the instant of the check */
};
enum decision_reason {
        REASON_GRANTED = 1,
        REASON_NO_PERMISSION,      /* nothing grants it */
        REASON_UNKNOWN_SUBJECT, REASON_AMBIGUOUS_SUBJECT, REASON_DISABLED_SUBJECT,
        REASON_UNKNOWN_ACTION, REASON_UNKNOWN_SCOPE, REASON_UNKNOWN_RESOURCE, REASON_DISABLED_SCOPE,
};
struct answer {
        bool decision;
        enum decision_reason reason;
        int64_t revision; /* of the root, of the graph that answered */
        int64_t epoch;
};
/* ERR_OK with an answer (false for anything unknown, foreign or disabled); ERR_VALUE: resource.type=project with a project-level action
 * and a different context.project; ERR_UNAVAILABLE is for the face when ACCESS_NOT_LOADED comes back in *ret_found (ERR_OK and a false
 * answer without reason then). The caller's own right (decisions:evaluate in the scope's organisation) is judged here, too: ERR_FORBIDDEN. */
enum err access_decide(struct access *access, unsigned slot, const struct actor *caller, const struct question *question,
        struct answer *ret, enum access_found *ret_found, struct fault *fault) MUST_USE;

/* Does the principal (user or identity `no`) hold this permission in the scope (organisation or project `no`) at at_us? For reads of the
 * management API and for tests against the oracle. */
enum access_found access_holds(struct access *access, unsigned slot, int64_t root_no, int64_t principal_no, int64_t scope_no,
        int permission, int64_t at_us, bool *ret);
/* Any grant at all in this scope, direct or through a group (who may see a project). */
enum access_found access_is_in(struct access *access, unsigned slot, int64_t root_no, int64_t principal_no, int64_t scope_no,
        int64_t at_us, bool *ret);

/* ---- revisions: "<handle>.<epoch>.<revision>" ---- */
#define REVISION_TEXT_SIZE 64
void revision_format(const char *handle, int64_t epoch, int64_t revision, char ret[REVISION_TEXT_SIZE]);
/* ERR_VALUE: not of this form, of another root or epoch. */
enum err revision_parse(const char *text, const char *handle, int64_t epoch, int64_t *ret_revision, struct fault *fault) MUST_USE;
/* Of the loaded graph; ACCESS_NOT_LOADED otherwise. */
enum access_found access_revision(struct access *access, unsigned slot, int64_t root_no, int64_t *ret_epoch, int64_t *ret_revision);

/* ---- apply: what a committed change did to the graph ---- */
enum effect_kind {
        EFFECT_RESOURCE = 1, /* made or changed: no, kind, org_no, active, id, name */
        EFFECT_GONE,         /* no: deleted; its edges, grants and credentials go with it: what restores it tells them anew */
        EFFECT_MEMBER,       /* container_no, member_no, stands: does the membership stand now (any source)? */
        EFFECT_GRANT,        /* no, scope_no, principal_no, role_no, permission text, from_us, until_us */
        EFFECT_CREDENTIAL,   /* no, owner_no, token_kind, hash, scopes, expires_us */
        EFFECT_CREDENTIAL_GONE, /* no */
        EFFECT_CLAIM,        /* connection_no, no, external_id; stands: live or gone */
        EFFECT_SCHEMAS,      /* no: the revision at which the root's declarations changed; 0: it has none any more */
        EFFECT_ADDRESSES,    /* no: a connection; text: its document, which says from where it may call (R19) */
};
struct effect {
        enum effect_kind kind;
        int64_t no;
        int64_t other_no;    /* MEMBER: member; GRANT: principal; CREDENTIAL: owner; CLAIM: connection; RESOURCE: org */
        int64_t scope_no;    /* GRANT */
        int64_t role_no;     /* GRANT */
        int64_t from_us, until_us; /* GRANT; CREDENTIAL: until = expires (0 = never) */
        enum resource_kind resource_kind;
        bool active;         /* RESOURCE; MEMBER and CLAIM: stands */
        unsigned scopes;     /* CREDENTIAL */
        int token_kind;      /* CREDENTIAL: enum token_kind */
        const char *text;    /* RESOURCE: id; GRANT: privilege or ""; CLAIM: external id; ADDRESSES: document */
        const char *name;    /* RESOURCE: folded name */
        unsigned char hash[HASH_SIZE]; /* CREDENTIAL */
};
/* All effects of one committed change, atomically; `revision` is the root's after it; count 0 moves the revision alone. In the order of
 * revisions; a revision the graph already has is passed over. A root that loads keeps it for later, one that is not loaded drops it. Out
 * of memory, or an edge, grant, credential or claim that is to stand on something unknown: the root is unloaded, so that no stale answer
 * can be given. */
void access_apply(struct access *access, int64_t root_no, int64_t revision, const struct effect *effects, size_t count);

#endif
