/* SPDX-License-Identifier: Apache-2.0
 *
 * One resource, all types: GET, POST, PUT, PATCH, DELETE. A handler parses, calls one use case, renders. */
#include <string.h>
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

static enum handled answer(struct scim *scim, const struct change *change, int status)
{
        scim_revision(scim, change);
        enum err e = scim_render_reply(scim, &change->after, status);
        if (e)
                return scim_refuse(scim, e);
        scim_note_leniencies(scim);
        return HANDLED;
}

static enum err run(struct scim *scim, struct request *request, struct change *ret)
{
        json_auto_t *body = NULL;
        struct write write = {
                .method = request->method,
                .ref = ref_of(request),
                .if_match = request->headers[HEADER_IF_MATCH],
                .alone = request->body_length > ALONE_BYTES,
        };
        enum err e = scim_begin(scim, request);
        if (!e && write.method != METHOD_DELETE) {
                e = scim_profile(scim);
                if (!e)
                        e = scim_selection(scim);
                if (!e)
                        e = scim_body(scim, &body);
        }
        write.body = body;
        return e ? e : scim_write(scim, &write, ret);
}

enum handled scim_post(struct request *request)
{
        struct scim scim;
        struct change change;
        enum err e = run(&scim, request, &change);
        return e ? scim_refuse(&scim, e) : answer(&scim, &change, 201);
}

enum handled scim_put(struct request *request)
{
        struct scim scim;
        struct change change;
        enum err e = run(&scim, request, &change);
        return e ? scim_refuse(&scim, e) : answer(&scim, &change, 200);
}

/* A group answers 204, so that a change of one member never reads the others; with attributes= it must be 200 (RFC 7644 section 3.5.2). */
enum handled scim_patch(struct request *request)
{
        struct scim scim;
        struct change change;
        enum err e = run(&scim, request, &change);
        if (e)
                return scim_refuse(&scim, e);
        if (scim.type->kind != KIND_GROUP || request_query(request, "attributes"))
                return answer(&scim, &change, 200);
        char version[VERSION_TEXT_SIZE];
        scim_version(change.after.resource.version, version);
        reply_header(request, "ETag", version);
        scim_revision(&scim, &change);
        scim_note_leniencies(&scim);
        reply_empty(request, 204);
        return HANDLED;
}

enum handled scim_delete(struct request *request)
{
        struct scim scim;
        struct change change;
        enum err e = run(&scim, request, &change);
        if (e)
                return scim_refuse(&scim, e);
        scim_revision(&scim, &change);
        reply_empty(request, 204);
        return HANDLED;
}
