/* SPDX-License-Identifier: Apache-2.0
 *
 * One resource, all types: GET, POST, PUT, PATCH, DELETE. A handler parses, calls one use case, renders. */
#include <string.h>
#include "model/declaration.h"
#include "scim_request.h"

#define ALONE_BYTES ((size_t)32 << 10) /* a body above this may touch more than 500 rows */

static const char *ref_of(const struct request *request)
{
        return request->param_count > 1 ? request->params[1] : NULL;
}

/* ---- reading ---- */

static bool is_current(const char *if_none_match, int64_t version)
{
        char tag[32];
        if (!if_none_match)
                return false;
        (void)snprintf(tag, sizeof(tag), "\"%lld\"", (long long)version);
        return strcmp(if_none_match, "*") == 0 || strstr(if_none_match, tag) != NULL;
}

enum handled scim_get(struct request *request)
{
        struct scim scim;
        struct claimed_row row;
        enum err e = scim_begin(&scim, request);
        if (!e)
                e = scim_selection(&scim);
        if (!e)
                e = query_claimed(&scim.query, scim.type, ref_of(request), &row, &scim.fault);
        if (!e && is_current(request->headers[HEADER_IF_NONE_MATCH], row.resource.version)) {
                char version[VERSION_TEXT_SIZE];
                scim_version(row.resource.version, version);
                reply_header(request, "ETag", version); /* RFC 9110 section 15.4.5 */
                reply_empty(request, 304);
                return HANDLED;
        }
        if (!e)
                e = scim_render_reply(&scim, &row, 200);
        if (e)
                return scim_refuse(&scim, e);
        scim_note_leniencies(&scim);
        return HANDLED;
}

/* ---- writing ---- */

/* A write on its way to disk, from the handler to its finish. */
struct begun {
        struct scim scim;
        struct writing writing;
        struct change_ticket ticket;
        json_t *body;
};

static void drop(struct begun *begun)
{
        json_decref(begun->writing.document);
        json_decref(begun->body);
        schema_set_release(begun->scim.query.schemas);
}

static enum handled refuse(struct begun *begun, enum err e)
{
        enum handled handled = scim_refuse(&begun->scim, e);
        drop(begun);
        return handled;
}

/* A group answers a PATCH with 204, so that a change of one member never reads the others; with attributes= it must be 200 (RFC 7644
 * section 3.5.2). */
static bool is_told_whole(const struct scim *scim)
{
        struct request *request = scim->request;
        if (request->method == METHOD_PATCH)
                return scim->type->kind != KIND_GROUP || request_query(request, "attributes");
        return request->method != METHOD_DELETE;
}

static enum err answer(struct scim *scim, const struct change *change)
{
        struct request *request = scim->request;
        scim_revision(scim, change);
        if (is_told_whole(scim)) {
                enum err e = scim_render_reply(scim, &change->after, request->method == METHOD_POST ? 201 : 200);
                if (e)
                        return e;
        } else {
                char version[VERSION_TEXT_SIZE];
                scim_version(change->after.resource.version, version);
                if (request->method == METHOD_PATCH)
                        reply_header(request, "ETag", version);
                reply_empty(request, 204);
        }
        scim_note_leniencies(scim);
        return ERR_OK;
}

static void finish(struct request *request)
{
        struct begun *begun = request->begun;
        enum err e = directory_change_end(&begun->ticket, &begun->scim.fault);
        e = scim_writing_end(&begun->scim, &begun->writing, e);
        if (!e)
                e = answer(&begun->scim, &begun->writing.change);
        if (e)
                (void)refuse(begun, e);
        else
                drop(begun);
}

static enum err read_body(struct begun *begun, struct patch_lists *ret_lists)
{
        enum err e = scim_profile(&begun->scim);
        if (!e)
                e = scim_selection(&begun->scim);
        return e ? e : scim_body(&begun->scim, begun->scim.request->method == METHOD_PATCH ? ret_lists : NULL, &begun->body);
}

/* POST, PUT, PATCH and DELETE: parses, and hands the change to the directory. */
enum handled scim_write_one(struct request *request)
{
        struct begun *begun = arena_zero(request->arena, 1, sizeof(*begun));
        struct fault fault;
        if (!begun) {
                reply_fault(request, fault_set(&fault, ERR_MEMORY, "", "out of memory"), &fault);
                return HANDLED;
        }
        struct scim *scim = &begun->scim;
        struct patch_lists lists = { 0 };
        enum err e = scim_begin(scim, request);
        (void)schema_set_hold(scim->query.schemas); /* the next request of this worker may bring a newer one */
        if (!e && request->method != METHOD_DELETE)
                e = read_body(begun, &lists);
        const struct write write = {
                .method = request->method,
                .ref = ref_of(request),
                .if_match = request->headers[HEADER_IF_MATCH],
                .body = begun->body,
                .lists = lists,
                .alone = request->body_length > ALONE_BYTES,
        };
        if (!e)
                e = scim_writing_begin(scim, &write, &begun->writing);
        if (!e)
                e = directory_change_begin(scim->query.directory, &begun->writing.change, &begun->ticket, &scim->fault);
        if (e)
                return refuse(begun, e);
        request->begun = begun;
        request->finish = finish;
        return HANDLED_LATER;
}
