/* SPDX-License-Identifier: Apache-2.0
 *
 * What the operations of the management API share: one call with its type, its references and its reads prepared, and the small steps
 * that most of them take. An operation is a row (routes.c); one handler runs them all. */
#ifndef API_CALL_H
#define API_CALL_H

#include "base/json.h"
#include "directory/change.h"
#include "directory/query.h"
#include "http/request.h"

#define JSON_TYPE "application/json"
#define COLLECTION_DECLARED "resources" /* of an operation: the pattern's {type} names the endpoint of a declared type */
#define LIST_LIMIT_MAX 1000
#define LIST_LIMIT_DEFAULT 100
#define MEMBERS_AT_ONCE_MAX 1000
#define WORK_BUDGET_US (10 * US_PER_S) /* of work on a whole connection, before the answer; the scheduler goes on with it */

struct call {
        struct request *request;
        const struct resource_type *type; /* NULL: the operation is about no type */
        const char *ref;                  /* first reference of the path, as sent; NULL: none */
        const char *second;               /* second one */
        struct query query;
};

/* Writes the reply, or fails. The arena owns what it makes. */
typedef enum err (*operation_run)(const struct call *call, struct fault *fault);
struct operation {
        operation_run run;
        const char *collection; /* of the type; "": the pattern's {collection} names it; NULL: no type */
        unsigned offer;         /* OFFER_ bit that the type must offer; 0: none */
};
/* The handler of every row of the management API: route->data is its struct operation. */
enum handled call_handle(struct request *request);

/* The directory that api_use was given. */
struct directory *api_directory(void);

/* ---- steps (call.c) ---- */
/* The body as an object; an empty body is {}. New reference. */
enum err call_take_body(const struct call *call, json_t **ret, struct fault *fault) MUST_USE;
/* call->ref; a name together with ?organization= is looked up there first. */
enum err call_ref(const struct call *call, const char **ret, struct fault *fault) MUST_USE;
/* The resource that the path names, as far as the caller may see it. */
enum err call_resource(const struct call *call, struct resource_row *ret, struct fault *fault) MUST_USE;
/* ?name, ?name=true, ?name=false */
enum err call_flag(const struct call *call, const char *name, bool *ret, struct fault *fault) MUST_USE;
/* ?limit= and ?cursor= (of this kind of list). */
enum err call_page(const struct call *call, enum resource_kind kind, int *ret_limit, int64_t *ret_after_no, struct fault *fault) MUST_USE;
/* A change of call->type that lacks only what is particular to it. */
struct change call_change(const struct call *call, enum change_verb verb);
/* Runs it and tells the revision in Muster-Revision. The caller wipes change->token. */
enum err call_apply(const struct call *call, struct change *change, struct fault *fault) MUST_USE;
/* Tells the revision alone. */
void call_revision(const struct call *call, const struct change *change);
/* Keys of a body that are no attributes: moved from `body` into the change. Wrong type: ERR_VALUE. */
enum err call_take_extras(const struct call *call, json_t *body, struct change *change, struct fault *fault) MUST_USE;
/* Refuses any key but those of `known`, names with spaces between them, and says which are taken. */
enum err call_check_keys(const json_t *body, const char *known, struct fault *fault) MUST_USE;
/* The body, in which no key but those of `known` stands. New reference. */
enum err call_take_only(const struct call *call, const char *known, json_t **ret, struct fault *fault) MUST_USE;
/* Refuses a body with any key: the path says it all. */
enum err call_check_empty(const struct call *call, struct fault *fault) MUST_USE;
/* "…/api/v1/users/<id>" in the arena; NULL: out of memory. */
const char *call_location(const struct call *call, const struct resource_row *row);
void call_etag(const struct call *call, int64_t version);
/* Does If-None-Match name this version? */
bool call_is_unchanged(const struct call *call, int64_t version);
enum err call_memory(struct fault *fault) MUST_USE;

/* ---- operations ---- */
enum err resource_list_answer(const struct call *call, struct fault *fault);
enum err resource_get_answer(const struct call *call, struct fault *fault);
enum err resource_create_answer(const struct call *call, struct fault *fault);
enum err resource_merge_answer(const struct call *call, struct fault *fault);
enum err resource_delete_answer(const struct call *call, struct fault *fault);
enum err resource_restore_answer(const struct call *call, struct fault *fault);
enum err resource_purge_answer(const struct call *call, struct fault *fault);
enum err token_rotate_answer(const struct call *call, struct fault *fault);
enum err access_gain_answer(const struct call *call, struct fault *fault);
enum err members_list_answer(const struct call *call, struct fault *fault);
enum err members_add_answer(const struct call *call, struct fault *fault);
enum err members_remove_answer(const struct call *call, struct fault *fault);
enum err holds_list_answer(const struct call *call, struct fault *fault);
enum err hold_release_answer(const struct call *call, struct fault *fault);
enum err connection_work_answer(const struct call *call, struct fault *fault);
enum err connection_replace_answer(const struct call *call, struct fault *fault);
enum err connection_undo_answer(const struct call *call, struct fault *fault);
enum err connection_delete_answer(const struct call *call, struct fault *fault);
enum err adoption_approve_answer(const struct call *call, struct fault *fault);
enum err domain_verify_answer(const struct call *call, struct fault *fault);
enum err mapping_list_answer(const struct call *call, struct fault *fault);
enum err connection_map_answer(const struct call *call, struct fault *fault);
enum err conflicts_list_answer(const struct call *call, struct fault *fault);
enum err status_answer(const struct call *call, struct fault *fault);
enum err audit_list_answer(const struct call *call, struct fault *fault);
enum err audit_verify_answer(const struct call *call, struct fault *fault);
enum err scim_log_list_answer(const struct call *call, struct fault *fault);
enum err scim_log_get_answer(const struct call *call, struct fault *fault);
enum err capture_start_answer(const struct call *call, struct fault *fault);
enum err capture_stop_answer(const struct call *call, struct fault *fault);
/* Roles are no rows: resource.c hands lists and single reads of them over. */
enum err role_list_answer(const struct call *call, struct fault *fault);
enum err role_get_answer(const struct call *call, struct fault *fault);

/* The built-in organisation role with the most permissions that the caller holds whole in his own organisation. */
const struct builtin_role *role_of_caller(const struct call *call);

#endif
