/* SPDX-License-Identifier: Apache-2.0
 *
 * The read path. Every read carries the tenant (the actor's root) and the state (live rows only); what the actor may not see answers like
 * what is not there. Rights of reads come from the graph, rows from the worker's reader session. */
#ifndef DIRECTORY_QUERY_H
#define DIRECTORY_QUERY_H

#include "directory/directory.h"
#include "model/filter.h"
#include "model/schema_set.h"
#include "store/rows.h"

struct query {
        struct directory *directory;
        struct session *session;     /* the worker's */
        const struct actor *actor;
        const struct schema_set *schemas; /* what the actor's root knows (query_schemas) */
        unsigned slot;               /* reader slot of this thread */
        struct arena *arena;
        int64_t deadline_us;         /* steady; long walks check it: ERR_DEADLINE */
};

/* ERR_DEADLINE once the request's time is over. */
enum err query_within_deadline(const struct query *query, struct fault *fault) MUST_USE;

/* Fills query->schemas: types and schemas of the actor's root, good until the next call on this slot. */
enum err query_schemas(struct query *query, struct fault *fault) MUST_USE;

/* ---- what a connection sees (SCIM, R3, R14) ---- */

/* What a claim says that says what the resource does. */
static inline void claimed_expand(struct claimed_row *row)
{
        if (*row->claim.doc)
                return;
        row->claim.doc = row->resource.doc;
        row->claim.doc_length = row->resource.doc_length;
}

/* A user or group that the actor's connection claims. claim.doc is expanded, never "". */
enum err query_claimed(const struct query *query, const struct resource_type *type, const char *id, struct claimed_row *ret,
        struct fault *fault) MUST_USE;
/* How many of this type the connection claims: the totalResults of an unfiltered list. */
enum err query_claimed_count(const struct query *query, const struct resource_type *type, int64_t *ret, struct fault *fault) MUST_USE;
/* Rows [offset, offset + limit) in the stable order of their making; claim.doc expanded. */
enum err query_claimed_page(const struct query *query, const struct resource_type *type, int64_t offset, int64_t limit, claimed_each each,
        void *context, struct fault *fault) MUST_USE;
/* At most `limit` rows with a number above `after_no`, by number: what one page costs does not depend on where it stands. */
enum err query_claimed_after(const struct query *query, const struct resource_type *type, int64_t after_no, int limit, claimed_each each,
        void *context, struct fault *fault) MUST_USE;
/* One by number; ERR_NOT_FOUND as query_claimed. */
enum err query_claimed_no(const struct query *query, const struct resource_type *type, int64_t no, struct claimed_row *ret,
        struct fault *fault) MUST_USE;
/* Everything that could satisfy the filter (NULL: everything), by number: narrowed by an indexed `eq` conjunct (id, userName, displayName,
 * externalId, members.value, or any INDEXED attribute), else all rows. The caller decides each with filter_match. More than CANDIDATES_MAX: ERR_TOO_MANY. */
#define CANDIDATES_MAX 20000
enum err query_candidates(const struct query *query, const struct resource_type *type, const struct filter *filter, claimed_each each,
        void *context, struct fault *fault) MUST_USE;
/* The same without those whom the connection might adopt (R13): query_candidates adds such a user to a plain `eq` that finds nobody else. */
enum err query_own_candidates(const struct query *query, const struct resource_type *type, const struct filter *filter, claimed_each each,
        void *context, struct fault *fault) MUST_USE;
/* The user of this id, if the connection may adopt him: row.adoptable. ERR_NOT_FOUND as query_claimed, which asks here last. */
enum err adoption_by_id(const struct query *query, const struct resource_type *type, const char *id, struct claimed_row *ret,
        struct fault *fault) MUST_USE;
enum err adoption_by_no(const struct query *query, const struct resource_type *type, int64_t no, struct claimed_row *ret,
        struct fault *fault) MUST_USE;
/* True when an index narrows the candidates, so that all of them are few. */
bool query_is_narrow(const struct resource_type *type, const struct filter *filter);
/* When does the index alone decide, because the filter is nothing but such a comparison? */
enum exactness { EXACT_NEVER, EXACT_UNLESS_CLAIMED_OTHERWISE /* of candidates whose claim says what the resource does */, EXACT_ALWAYS };
enum exactness query_exactness(const struct resource_type *type, const struct filter *filter);
/* Is this candidate's claim the resource's own document? */
static inline bool claimed_as_is(const struct claimed_row *row)
{
        return row->claim.doc == row->resource.doc;
}
/* Numbers of the root's break-glass users (R9), ascending: for administrators. */
enum err query_break_glass(const struct query *query, int64_t ret[BREAK_GLASS_MAX], size_t *ret_count, struct fault *fault) MUST_USE;
/* Does the connection's own edge make whom `equal` (value eq "id") names a member of the group? *ret_kind: what he is. */
enum err query_holds_member(const struct query *query, int64_t group_no, const struct filter *equal, enum resource_kind *ret_kind, bool *ret,
        struct fault *fault) MUST_USE;
/* Groups that hold this user through the connection's own edges, directly or through groups; row.doc holds displayName. */
enum err query_groups_of(const struct query *query, int64_t no, member_each each, void *context, struct fault *fault) MUST_USE;
/* Members of a group through the connection's own edges, all of them, page by page. */
enum err query_members_of(const struct query *query, int64_t group_no, member_each each, void *context, struct fault *fault) MUST_USE;
/* Ids of the connections other than the actor's (or "local") that hold this user inactive (R3); at most `max`. */
enum err query_held_by(const struct query *query, int64_t no, const char **ret, size_t max, size_t *ret_count, struct fault *fault) MUST_USE;
/* The connection's own document, parsed: profile, preset. New reference. */
enum err query_connection(const struct query *query, json_t **ret, struct fault *fault) MUST_USE;

/* ---- what an identity sees (management API) ---- */

/* By id or name; judged by the type's subject:read in its organisation (projects: any right there, or access-all-projects). */
enum err query_resource(const struct query *query, const struct resource_type *type, const char *ref, struct resource_row *ret,
        struct fault *fault) MUST_USE;
/* A page by number. organization NULL: the actor's own; name NULL: all. *ret_more: rows are left; *ret_total of the type in that
 * organisation, or of the page when narrowed; -1: not counted. */
struct query_page {
        const struct resource_type *type;
        const char *organization, *name;
        int64_t after_no;
        int limit; /* 1..1000 */
};
enum err query_list(const struct query *query, const struct query_page *page, resource_each each, void *context, bool *ret_more,
        int64_t *ret_last_no, int64_t *ret_total, struct fault *fault) MUST_USE;
/* All edges of a group, every source; rows ordered by member, then source. */
enum err query_members(const struct query *query, const char *group_ref, int64_t after_no, int limit, member_each each, void *context,
        struct fault *fault) MUST_USE;
/* Any live resource of the root by number, for showing its id and name; ERR_NOT_FOUND. No right is judged. */
enum err query_by_no(const struct query *query, int64_t no, struct resource_row *ret, struct fault *fault) MUST_USE;
enum err query_grant(const struct query *query, int64_t no, struct grant_row *ret, struct fault *fault) MUST_USE;
/* externalId of a user or group, as whoever made it gave it; "" when he gave none. In the arena. */
enum err query_external_id(const struct query *query, const struct resource_row *row, const char **ret, struct fault *fault) MUST_USE;
enum err query_count(const struct query *query, enum resource_kind kind, int64_t *ret, struct fault *fault) MUST_USE;
/* Of one organisation. */
enum err query_count_in(const struct query *query, enum resource_kind kind, int64_t org_no, int64_t *ret, struct fault *fault) MUST_USE;
/* Does the actor hold subject:action in this organisation or project? */
enum err query_need(const struct query *query, int64_t scope_no, enum permission_level level, const char *subject, const char *action,
        struct fault *fault) MUST_USE;
/* The tokens of a connection or identity that are not revoked, the oldest first, without their hashes. No right is judged. */
enum err query_tokens(const struct query *query, int64_t owner_no, struct credential_row *ret, size_t max, size_t *ret_count,
        struct fault *fault) MUST_USE;
/* Expiry of the actor's own credential; 0: never. */
enum err query_credential_expiry(const struct query *query, int64_t *ret_expires_us, struct fault *fault) MUST_USE;

/* What the connection could not write because a name or externalId is taken (R11), last first; at most CONFLICTS_MAX. Texts live until `each`
 * returns. */
#define CONFLICTS_MAX 1000
struct conflict_row {
        enum resource_kind kind;
        const char *attribute;
        int64_t object_no; /* what has the value; 0: not known */
        int64_t at_us;     /* of the last one */
        const char *request_id; /* "" = none */
        int64_t times;
};
typedef enum err (*conflict_each)(void *context, const struct conflict_row *row, struct fault *fault);
enum err query_conflicts(const struct query *query, const char *connection_ref, conflict_each each, void *context, struct fault *fault) MUST_USE;

/* ---- ledger: needs audit-logs:read at the root ---- */
/* Calls `each` with one line of JSON per entry (without newline). class 0: all. *ret_last_seq: where to go on. */
enum err query_ledger(const struct query *query, int64_t after_seq, int limit, int class,
        enum err (*each)(void *context, const char *json, size_t length, struct fault *fault), void *context, int64_t *ret_last_seq,
        struct fault *fault) MUST_USE;
/* ERR_OK even when the ledger is not whole: the report says it. */
enum err query_verify(
        const struct query *query, const struct verify_terms *terms, struct verify_report *ret, struct fault *fault) MUST_USE;

#endif
