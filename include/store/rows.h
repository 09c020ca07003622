/* SPDX-License-Identifier: Apache-2.0
 *
 * Typed calls over the catalogue: one row, one struct. Texts live in the arena that the caller hands in. Writers are for write jobs. */
#ifndef STORE_ROWS_H
#define STORE_ROWS_H

#include "base/arena.h"
#include "model/attribute.h"
#include "store/store.h"

/* ---- resource ---- */
struct resource_row {
        int64_t no;
        char id[UUID_TEXT_SIZE];
        int64_t org_no;    /* of a root organisation: its own no */
        enum resource_kind kind;
        const char *name;  /* folded */
        int64_t source_no; /* connection that made it; 0: local */
        bool active;       /* effective */
        int64_t version;   /* revision of its own last change (R34) */
        int64_t created_us, modified_us, deleted_us;
        const char *doc;   /* canonical JSON object of the writable attributes, without columns */
        size_t doc_length;
};

/* Live rows only. ERR_NOT_FOUND: unknown, of another root, or deleted: one answer for all (law 1). */
enum err resource_load(struct session *session, int64_t root_no, int64_t no, struct arena *arena, struct resource_row *ret,
        struct fault *fault) MUST_USE;
enum err resource_load_by_id(struct session *session, int64_t root_no, const char *id, struct arena *arena, struct resource_row *ret,
        struct fault *fault) MUST_USE;
enum err resource_load_from_bin(struct session *session, int64_t root_no, const char *id, struct arena *arena, struct resource_row *ret,
        struct fault *fault) MUST_USE;
enum err resource_load_binned(struct session *session, int64_t root_no, int64_t no, struct arena *arena, struct resource_row *ret,
        struct fault *fault) MUST_USE;
/* By folded name. `org_no` 0: any organisation; `source_no` < 0: any source. Two hits: ERR_CONFLICT that names the ids. */
struct resource_name {
        enum resource_kind kind;
        const char *folded;
        int64_t org_no;
        int64_t source_no;
};
enum err resource_load_by_name(struct session *session, int64_t root_no, const struct resource_name *name, struct arena *arena,
        struct resource_row *ret, struct fault *fault) MUST_USE;
enum err resource_insert(struct session *session, int64_t root_no, const struct resource_row *row, struct fault *fault) MUST_USE;
/* Writes active, version, modified_us and doc, and the name when it is not that of `before`: an unchanged name costs no index. */
enum err resource_update(struct session *session, int64_t root_no, const struct resource_row *before, const struct resource_row *row,
        struct fault *fault) MUST_USE;

/* A page of rows with no > after, in order; org_no 0: all. `each` may stop the walk by an error. Row texts live until `each` returns. */
typedef enum err (*resource_each)(void *context, const struct resource_row *row, struct fault *fault);
enum err resource_list(struct session *session, int64_t root_no, enum resource_kind kind, int64_t org_no, int64_t after_no, int limit,
        resource_each each, void *context, struct fault *fault) MUST_USE;

/* ---- claim ---- */
enum claimed { CLAIMED_NOTHING = 0, CLAIMED_ACTIVE = 1, CLAIMED_INACTIVE = 2, CLAIMED_DELETED = 3 };
struct claim_row {
        int64_t connection_no; /* 0: local */
        enum resource_kind kind;
        int64_t no;
        const char *external_id; /* "" = none */
        enum claimed active;
        int64_t modified_us; /* when the row was written; the resource's tells when a doc "" last changed */
        const char *doc;     /* "" = equal to the resource's */
        size_t doc_length;
};
enum err claim_remove(struct session *session, int64_t root_no, const struct claim_row *row, struct fault *fault) MUST_USE;
/* Of a claim that stands, without its external_id. */
enum err claim_update(struct session *session, int64_t root_no, const struct claim_row *row, struct fault *fault) MUST_USE;
enum err claim_put(struct session *session, int64_t root_no, const struct claim_row *row, struct fault *fault) MUST_USE;
/* All claims of one resource by ascending connection, in the arena. */
enum err claims_of(struct session *session, int64_t root_no, int64_t no, struct arena *arena, struct claim_row **ret, size_t *ret_count,
        struct fault *fault) MUST_USE;
/* Live claim with this externalId (byte-exact): *ret_no 0 when none. */
enum err claim_find_external(struct session *session, int64_t root_no, int64_t connection_no, enum resource_kind kind,
        const char *external_id, int64_t *ret_no, struct fault *fault) MUST_USE;

/* A resource together with one connection's live claim on it: what that connection may see. ERR_NOT_FOUND: no such claim (law 1). */
struct claimed_row {
        struct resource_row resource;
        struct claim_row claim;
        bool no_groups; /* known: the connection has put it in none; false: not looked up */
        bool by_claim;  /* found by what some claim says, perhaps another one: to be judged */
        bool adoptable; /* there is no claim: the connection may make one (R13), and sees no more of it than that it is there */
};
enum err claimed_load(struct session *session, int64_t root_no, int64_t connection_no, enum resource_kind kind, const char *id,
        struct arena *arena, struct claimed_row *ret, struct fault *fault) MUST_USE;
enum err claimed_load_no(struct session *session, int64_t root_no, int64_t connection_no, enum resource_kind kind, int64_t no,
        struct arena *arena, struct claimed_row *ret, struct fault *fault) MUST_USE;
enum err claimed_load_user_name(struct session *session, int64_t root_no, int64_t connection_no, const char *folded, struct arena *arena,
        struct claimed_row *ret, struct fault *fault) MUST_USE;
/* The numbers alone of resources of any kind that this connection claims; `no` 0: it knows no such id. */
struct claimed_no {
        int64_t no;
        enum resource_kind kind;
};
enum err claimed_find_nos(struct session *session, int64_t root_no, int64_t connection_no, const char *const *ids, size_t count,
        struct claimed_no *ret, struct fault *fault) MUST_USE;
typedef enum err (*claimed_each)(void *context, const struct claimed_row *row, struct fault *fault);
/* no > after_no. */
enum err claimed_list(struct session *session, int64_t root_no, int64_t connection_no, enum resource_kind kind, int64_t after_no, int limit,
        claimed_each each, void *context, struct fault *fault) MUST_USE;
/* The rows from `offset` on (0-based). */
enum err claimed_page(struct session *session, int64_t root_no, int64_t connection_no, enum resource_kind kind, int64_t offset, int limit,
        claimed_each each, void *context, struct fault *fault) MUST_USE;

/* ---- break-glass users (R9) ---- */
#define BREAK_GLASS_MAX 20 /* of a root, those in the bin included */
enum err break_glass_read(struct session *session, int64_t root_no, int64_t no, bool *ret, struct fault *fault) MUST_USE;
/* Their numbers, ascending. */
enum err break_glass_list(
        struct session *session, int64_t root_no, int64_t ret[BREAK_GLASS_MAX], size_t *ret_count, struct fault *fault) MUST_USE;

/* ---- counters ---- */
#define COUNT_ALL (-1)
enum err count_move(struct session *session, int64_t root_no, enum resource_kind kind, int64_t connection_no, int by /* +1 or -1 */,
        struct fault *fault) MUST_USE;
enum err count_read(struct session *session, int64_t root_no, enum resource_kind kind, int64_t connection_no, int64_t *ret,
        struct fault *fault) MUST_USE;

/* ---- members ---- */
/* *ret_changed: was the edge not there before (add), was it there (remove)? */
enum err member_add(struct session *session, int64_t root_no, int64_t container_no, int64_t member_no, int64_t source_no, int64_t at_us,
        bool *ret_changed, struct fault *fault) MUST_USE;
/* ret_added[i]: was members[i] not there before? Of a member named twice the first. */
enum err members_add_all(struct session *session, int64_t root_no, int64_t container_no, int64_t source_no, int64_t at_us,
        const int64_t *members, size_t count, bool *ret_added, struct fault *fault) MUST_USE;
enum err member_remove(struct session *session, int64_t root_no, int64_t container_no, int64_t member_no, int64_t source_no,
        bool *ret_changed, struct fault *fault) MUST_USE;
/* Sources of the edges that make x a member of y; *ret_count 0: none. */
enum err member_sources(struct session *session, int64_t root_no, int64_t container_no, int64_t member_no, int64_t *ret, size_t max,
        size_t *ret_count, struct fault *fault) MUST_USE;
struct member_row {
        int64_t no, source_no;
        const char *id;
        const char *doc; /* NULL from member_list_source */
        enum resource_kind kind;
        bool active;
        int64_t rule_no; /* from member_list: the mapping rule that gave it; 0: none */
        bool indirect; /* from groups_above_source: through another group */
};
typedef enum err (*member_each)(void *context, const struct member_row *row, struct fault *fault);
enum err member_list(struct session *session, int64_t root_no, int64_t container_no, int64_t after_no, int limit, member_each each,
        void *context, struct fault *fault) MUST_USE;
enum err member_list_source(struct session *session, int64_t root_no, int64_t container_no, int64_t source_no, int64_t after_no, int limit,
        member_each each, void *context, struct fault *fault) MUST_USE;
/* Live groups that hold this member by edges that sources gave, not rules: row.no is the group's, row.source_no whose the edge is; the first
 * `limit` by group and source. Who takes them out reads again until fewer come. */
enum err member_groups(struct session *session, int64_t root_no, int64_t member_no, int limit, member_each each, void *context,
        struct fault *fault) MUST_USE;
/* The same of one source: a page of those with no > after_no, in order. */
enum err member_groups_source(struct session *session, int64_t root_no, int64_t member_no, int64_t source_no, int64_t after_no, int limit,
        member_each each, void *context, struct fault *fault) MUST_USE;

/* Groups may hold groups, so deep. */
#define GROUP_DEPTH_MAX 16
/* The live groups that hold this member, directly or through groups, by the edges of one source, each once, for an answer: the first
 * GROUPS_ANSWERED_MAX by number, because the answer stands in memory as a whole. */
#define GROUPS_ANSWERED_MAX 10000
enum err groups_above_source(struct session *session, int64_t root_no, int64_t member_no, int64_t source_no, member_each each, void *context,
        struct fault *fault) MUST_USE;
/* Has this source put the member in anything? */
enum err member_has_source(struct session *session, int64_t root_no, int64_t member_no, int64_t source_no, bool *ret,
        struct fault *fault) MUST_USE;
/* How many groups the longest chain above `group_no` has, and whether `sought_no` is in one; how many the longest below has. */
enum err nesting_above(struct session *session, int64_t root_no, int64_t group_no, int64_t sought_no, int64_t *ret_height, bool *ret_found,
        struct fault *fault) MUST_USE;
enum err nesting_below(struct session *session, int64_t root_no, int64_t group_no, int64_t *ret_depth, struct fault *fault) MUST_USE;

/* ---- grants ---- */
struct grant_row {
        int64_t no, scope_no, principal_no;
        int64_t role_no;       /* 0 with a privilege */
        const char *privilege; /* "" with a role */
        int64_t from_us, until_us;
        int64_t granted_by;
        int64_t source_no, rule_no; /* 0, 0: given here */
};
enum err grant_insert(struct session *session, int64_t root_no, const struct grant_row *row, struct fault *fault) MUST_USE;
enum err grant_load(struct session *session, int64_t root_no, int64_t no, struct arena *arena, struct grant_row *ret, struct fault *fault)
        MUST_USE;

/* ---- credentials ---- */
struct credential_row {
        int64_t no, owner_no;
        enum token_kind kind;
        const char *label;
        unsigned char hash[HASH_SIZE];
        unsigned scopes;
        int64_t created_us, expires_us, last_used_us, revoked_us;
};
enum err credential_insert(struct session *session, int64_t root_no, const struct credential_row *row, struct fault *fault) MUST_USE;
/* Without label and hash. ERR_NOT_FOUND. */
enum err credential_load(struct session *session, int64_t root_no, int64_t no, struct credential_row *ret, struct fault *fault) MUST_USE;
/* Unrevoked ones of an owner, oldest first; at most `max`. */
enum err credential_list(struct session *session, int64_t root_no, int64_t owner_no, struct credential_row *ret, size_t max,
        size_t *ret_count, struct fault *fault) MUST_USE;

#endif
