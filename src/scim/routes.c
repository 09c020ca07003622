/* SPDX-License-Identifier: Apache-2.0
 *
 * The routes of SCIM. A connection's token is needed everywhere, also for discovery. */
#include "bulk.h"

/* Which endpoints there are an organisation decides for itself: only behind the token is a wrong method (405) told from a wrong address. */
static enum handled no_such_method(struct request *request)
{
        struct scim scim;
        enum err e = scim_begin(&scim, request);
        bool is_here = !e;
        if (is_here)
                e = fault_set(&scim.fault, ERR_METHOD, "", "this address does not know that method");
        reply_fault(request, e, &scim.fault);
        if (is_here)
                reply_header(request, "Allow", request->route->data);
        return HANDLED;
}

/* /Me has no person behind a connection's token (RFC 7644 section 3.11). */
static enum handled not_implemented(struct request *request)
{
        struct fault fault = { 0 };
        (void)fault_set(&fault, ERR_NOT_IMPLEMENTED, "", "%.60s is not offered; ServiceProviderConfig says what is", request->path);
        reply_fault(request, ERR_NOT_IMPLEMENTED, &fault);
        return HANDLED;
}

#define BODY LIMIT_KIB(1024)
#define BIG_BODY LIMIT_KIB(8192) /* a PATCH may carry 10,000 members */

#define NOT_HERE (ROUTE_REFUSES | ROUTE_ANY_MEDIA)

/* clang-format off */
static const struct route rows[] = {
        { METHOD_GET,    "/scim/v2/ServiceProviderConfig", scim_discovery,     WHO_CONNECTION, ACTION_READ,   FACE_SCIM, 0,        0, NULL },
        { METHOD_GET,    "/scim/v2/ResourceTypes",         scim_discovery,     WHO_CONNECTION, ACTION_READ,   FACE_SCIM, 0,        0, NULL },
        { METHOD_GET,    "/scim/v2/ResourceTypes/{name}",  scim_discovery,     WHO_CONNECTION, ACTION_READ,   FACE_SCIM, 0,        0, NULL },
        { METHOD_GET,    "/scim/v2/Schemas",               scim_discovery,     WHO_CONNECTION, ACTION_READ,   FACE_SCIM, 0,        0, NULL },
        { METHOD_GET,    "/scim/v2/Schemas/{urn}",         scim_discovery,     WHO_CONNECTION, ACTION_READ,   FACE_SCIM, 0,        0, NULL },
        { METHOD_GET,    "/scim/v2/Me",                    not_implemented,   WHO_CONNECTION, ACTION_READ,   FACE_SCIM, 0,        0, NULL },
        { METHOD_POST,   "/scim/v2/Me",                    not_implemented,   WHO_CONNECTION, ACTION_CREATE, FACE_SCIM, BODY,     0, NULL },
        { METHOD_PUT,    "/scim/v2/Me",                    not_implemented,   WHO_CONNECTION, ACTION_EDIT,   FACE_SCIM, BODY,     0, NULL },
        { METHOD_PATCH,  "/scim/v2/Me",                    not_implemented,   WHO_CONNECTION, ACTION_EDIT,   FACE_SCIM, BODY,     0, NULL },
        { METHOD_DELETE, "/scim/v2/Me",                    not_implemented,   WHO_CONNECTION, ACTION_DELETE, FACE_SCIM, 0,        0, NULL },
        { METHOD_POST,   "/scim/v2/Bulk",                  scim_bulk,         WHO_CONNECTION, ACTION_EDIT,   FACE_SCIM, BULK_PAYLOAD_MAX_BYTES, 0, NULL },
        { METHOD_POST,   "/scim/v2/.search",               scim_search,       WHO_CONNECTION, ACTION_READ,   FACE_SCIM, BODY,     0, NULL },
        { METHOD_POST,   "/scim/v2/{type}/.search",        scim_search,       WHO_CONNECTION, ACTION_READ,   FACE_SCIM, BODY,     0, NULL },
        { METHOD_GET,    "/scim/v2/{type}/.search",        no_such_method, WHO_CONNECTION, ACTION_READ,   FACE_SCIM, 0,        NOT_HERE, "POST" },
        { METHOD_PUT,    "/scim/v2/{type}/.search",        no_such_method, WHO_CONNECTION, ACTION_READ,   FACE_SCIM, BODY,     NOT_HERE, "POST" },
        { METHOD_PATCH,  "/scim/v2/{type}/.search",        no_such_method, WHO_CONNECTION, ACTION_READ,   FACE_SCIM, BODY,     NOT_HERE, "POST" },
        { METHOD_DELETE, "/scim/v2/{type}/.search",        no_such_method, WHO_CONNECTION, ACTION_READ,   FACE_SCIM, 0,        NOT_HERE, "POST" },
        { METHOD_GET,    "/scim/v2/{type}",                scim_list, WHO_CONNECTION, ACTION_READ,   FACE_SCIM, 0,        0, NULL },
        { METHOD_POST,   "/scim/v2/{type}",                scim_write_one, WHO_CONNECTION, ACTION_CREATE, FACE_SCIM, BIG_BODY, ROUTE_BEGINS, NULL },
        { METHOD_PUT,    "/scim/v2/{type}",                no_such_method, WHO_CONNECTION, ACTION_READ,   FACE_SCIM, BODY,     NOT_HERE, "GET, POST" },
        { METHOD_PATCH,  "/scim/v2/{type}",                no_such_method, WHO_CONNECTION, ACTION_READ,   FACE_SCIM, BODY,     NOT_HERE, "GET, POST" },
        { METHOD_DELETE, "/scim/v2/{type}",                no_such_method, WHO_CONNECTION, ACTION_READ,   FACE_SCIM, 0,        NOT_HERE, "GET, POST" },
        { METHOD_POST,   "/scim/v2/{type}/{id}",           no_such_method, WHO_CONNECTION, ACTION_READ,   FACE_SCIM, BODY,     NOT_HERE,
          "GET, PUT, PATCH, DELETE" },
        { METHOD_GET,    "/scim/v2/{type}/{id}",           scim_get,      WHO_CONNECTION, ACTION_READ,   FACE_SCIM, 0,        0, NULL },
        { METHOD_PUT,    "/scim/v2/{type}/{id}",           scim_write_one, WHO_CONNECTION, ACTION_EDIT,   FACE_SCIM, BIG_BODY, ROUTE_BEGINS, NULL },
        { METHOD_PATCH,  "/scim/v2/{type}/{id}",           scim_write_one, WHO_CONNECTION, ACTION_EDIT,   FACE_SCIM, BIG_BODY, ROUTE_BEGINS, NULL },
        { METHOD_DELETE, "/scim/v2/{type}/{id}",           scim_write_one, WHO_CONNECTION, ACTION_DELETE, FACE_SCIM, 0,        ROUTE_BEGINS, NULL },
        { .method = METHOD_NONE },
};
/* clang-format on */

/* What an administrator may do with the face itself. */
static const struct route admin_rows[] = {
        { METHOD_POST, "/api/v1/scim-log/{id}/replay", scim_replay, WHO_IDENTITY, ACTION_EDIT, FACE_API, LIMIT_KIB(1), 0, NULL },
        { .method = METHOD_NONE },
};

const struct route_table scim_admin_routes = { admin_rows, "/api/v1", FACE_API };
const struct route_table scim_routes = { rows, SCIM_BASE, FACE_SCIM };
