/* SPDX-License-Identifier: Apache-2.0
 *
 * The route tables of the management API (docs/api.md) and of decisions. Machine identities only: a connection's token is refused by the
 * server before any handler runs. Rights beyond that are judged by directory, from the graph for reads and from rows for writes. */
#include "api/api.h"

#include "call.h"
#include "decision.h"

/* Set once before the server starts: route handlers have no context of their own. */
static struct directory *the_directory;

void api_use(struct directory *directory)
{
        the_directory = directory;
}

struct directory *api_directory(void)
{
        return the_directory;
}

/* clang-format off */
static const struct operation
        list_all       = { resource_list_answer,    "",            OFFER_READ },
        get_one        = { resource_get_answer,     "",            OFFER_READ },
        create         = { resource_create_answer,  "",            OFFER_CREATE },
        merge          = { resource_merge_answer,   "",            OFFER_EDIT },
        delete         = { resource_delete_answer,  "",            OFFER_DELETE },
        restore_user   = { resource_restore_answer, "users",       OFFER_DELETE },
        restore_group  = { resource_restore_answer, "groups",      OFFER_DELETE },
        purge_user     = { resource_purge_answer,   "users",       OFFER_DELETE },
        purge_group    = { resource_purge_answer,   "groups",      OFFER_DELETE },
        list_members   = { members_list_answer,     "groups",      OFFER_READ },
        add_members    = { members_add_answer,      "groups",      OFFER_EDIT },
        remove_member  = { members_remove_answer,   "groups",      OFFER_EDIT },
        rotate_own     = { token_rotate_answer,     "identities",  OFFER_EDIT },
        rotate_scim    = { token_rotate_answer,     "connections", OFFER_EDIT },
        show_work      = { connection_work_answer,  "connections", OFFER_READ },
        list_holds     = { holds_list_answer,       "connections", OFFER_READ },
        release_hold   = { hold_release_answer,     "connections", OFFER_EDIT },
        replace        = { connection_replace_answer, "connections", OFFER_EDIT },
        undo           = { connection_undo_answer,  "connections", OFFER_EDIT },
        list_rules     = { mapping_list_answer,     "connections", OFFER_READ },
        apply_rules    = { connection_map_answer,   "connections", OFFER_EDIT },
        get_connection = { resource_get_answer,     "connections", OFFER_READ },
        set_connection = { resource_merge_answer,   "connections", OFFER_EDIT },
        end_connection = { connection_delete_answer, "connections", OFFER_DELETE },
        list_conflicts = { conflicts_list_answer,   "connections", OFFER_READ },
        start_capture  = { capture_start_answer,    "connections", OFFER_EDIT },
        stop_capture   = { capture_stop_answer,     "connections", OFFER_EDIT },
        approve        = { adoption_approve_answer, "connections", OFFER_EDIT },
        verify_domain  = { domain_verify_answer,    "domains",     OFFER_CREATE },
        gain_access    = { access_gain_answer,      "projects",    OFFER_EDIT },
        list_declared  = { resource_list_answer,    COLLECTION_DECLARED, OFFER_READ },
        get_declared   = { resource_get_answer,     COLLECTION_DECLARED, OFFER_READ },
        end_declared   = { resource_delete_answer,  COLLECTION_DECLARED, OFFER_DELETE },
        status         = { status_answer,           NULL,          0 },
        audit_list     = { audit_list_answer,       NULL,          0 },
        audit_verify   = { audit_verify_answer,     NULL,          0 },
        scim_log_list  = { scim_log_list_answer,    NULL,          0 },
        scim_log_get   = { scim_log_get_answer,     NULL,          0 };

#define BASE "/api/v1"
#define ROW(method, pattern, action, limit, operation) \
        { method, BASE pattern, call_handle, WHO_IDENTITY, action, FACE_API, limit, 0, &(operation) }
static const struct route api_rows[] = {
        ROW(METHOD_GET,    "/status",                   ACTION_SELF,   0,               status),
        ROW(METHOD_GET,    "/audit",                    ACTION_READ,   0,               audit_list),
        ROW(METHOD_POST,   "/audit/verify",             ACTION_READ,   LIMIT_KIB(64),   audit_verify),
        ROW(METHOD_GET,    "/scim-log",                 ACTION_READ,   0,               scim_log_list),
        ROW(METHOD_GET,    "/scim-log/{id}",            ACTION_READ,   0,               scim_log_get),
        ROW(METHOD_GET,    "/{collection}",             ACTION_READ,   0,               list_all),
        ROW(METHOD_POST,   "/{collection}",             ACTION_CREATE, LIMIT_KIB(1024), create),
        ROW(METHOD_GET,    "/{collection}/{ref}",       ACTION_READ,   0,               get_one),
        ROW(METHOD_PATCH,  "/{collection}/{ref}",       ACTION_EDIT,   LIMIT_KIB(1024), merge),
        ROW(METHOD_DELETE, "/{collection}/{ref}",       ACTION_DELETE, 0,               delete),
        ROW(METHOD_GET,    "/resources/{type}",         ACTION_READ,   0,               list_declared),
        ROW(METHOD_GET,    "/resources/{type}/{ref}",   ACTION_READ,   0,               get_declared),
        ROW(METHOD_DELETE, "/resources/{type}/{ref}",   ACTION_DELETE, 0,               end_declared),
        ROW(METHOD_POST,   "/users/{ref}/restore",      ACTION_CREATE, LIMIT_KIB(64),   restore_user),
        ROW(METHOD_POST,   "/groups/{ref}/restore",     ACTION_CREATE, LIMIT_KIB(64),   restore_group),
        ROW(METHOD_POST,   "/users/{ref}/purge",        ACTION_DELETE, LIMIT_KIB(64),   purge_user),
        ROW(METHOD_POST,   "/groups/{ref}/purge",       ACTION_DELETE, LIMIT_KIB(64),   purge_group),
        ROW(METHOD_GET,    "/groups/{ref}/members",     ACTION_READ,   0,               list_members),
        ROW(METHOD_POST,   "/groups/{ref}/members",     ACTION_EDIT,   LIMIT_KIB(1024), add_members),
        ROW(METHOD_DELETE, "/groups/{ref}/members/{member}", ACTION_EDIT, 0,            remove_member),
        ROW(METHOD_POST,   "/identities/{ref}/rotate",  ACTION_EDIT,   LIMIT_KIB(64),   rotate_own),
        ROW(METHOD_POST,   "/connections/{ref}/rotate", ACTION_EDIT,   LIMIT_KIB(64),   rotate_scim),
        ROW(METHOD_GET,    "/connections/{ref}",        ACTION_READ,   0,               get_connection),
        ROW(METHOD_PATCH,  "/connections/{ref}",        ACTION_EDIT,   LIMIT_KIB(1024), set_connection),
        ROW(METHOD_DELETE, "/connections/{ref}",        ACTION_DELETE, 0,               end_connection),
        ROW(METHOD_GET,    "/connections/{ref}/holds",  ACTION_READ,   0,               list_holds),
        ROW(METHOD_POST,   "/connections/{ref}/holds/{hold}/release", ACTION_EDIT, LIMIT_KIB(64), release_hold),
        ROW(METHOD_POST,   "/connections/{ref}/replace", ACTION_EDIT,  LIMIT_KIB(64),   replace),
        ROW(METHOD_POST,   "/connections/{ref}/undo",   ACTION_EDIT,   LIMIT_KIB(64),   undo),
        ROW(METHOD_GET,    "/connections/{ref}/work",   ACTION_READ,   0,               show_work),
        ROW(METHOD_GET,    "/connections/{ref}/mapping-rules", ACTION_READ, 0,          list_rules),
        ROW(METHOD_POST,   "/connections/{ref}/mapping-rules/apply", ACTION_EDIT, LIMIT_KIB(64), apply_rules),
        ROW(METHOD_GET,    "/connections/{ref}/conflicts", ACTION_READ, 0,              list_conflicts),
        ROW(METHOD_POST,   "/connections/{ref}/capture", ACTION_EDIT,   LIMIT_KIB(64),   start_capture),
        ROW(METHOD_DELETE, "/connections/{ref}/capture", ACTION_EDIT,   0,               stop_capture),
        ROW(METHOD_POST,   "/connections/{ref}/adoptions", ACTION_EDIT, LIMIT_KIB(64),  approve),
        ROW(METHOD_POST,   "/domains/{ref}/verify",     ACTION_EDIT,   LIMIT_KIB(64),   verify_domain),
        ROW(METHOD_POST,   "/projects/{ref}/gain-access", ACTION_CREATE, LIMIT_KIB(64), gain_access),
        { METHOD_NONE, NULL, NULL, 0, ACTION_REFUSE, FACE_API, 0, 0, NULL },
};

static const struct route decision_rows[] = {
        { METHOD_POST, "/access/v1/evaluation", decision_evaluate, WHO_IDENTITY, ACTION_EVALUATE, FACE_DECISION, LIMIT_KIB(64),
          ROUTE_ON_LOOP | ROUTE_ANY_MEDIA, NULL },
        { METHOD_GET, "/.well-known/authzen-configuration", decision_metadata, WHO_ANYONE, ACTION_PUBLIC, FACE_DECISION, 0,
          ROUTE_ON_LOOP, NULL },
        { METHOD_NONE, NULL, NULL, 0, ACTION_REFUSE, FACE_DECISION, 0, 0, NULL },
};
/* clang-format on */

const struct route_table api_routes = { api_rows, BASE, FACE_API };
const struct route_table decision_routes = { decision_rows, "/access/v1", FACE_DECISION };
