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
                reply_empty(request, 304);
                return HANDLED;
        }
        if (!e)
                e = scim_render_reply(&scim, &row, 200);
        return e ? scim_refuse(&scim, e) : HANDLED;
}

/* ---- writing ---- */

static struct change change_of(struct scim *scim, enum change_verb verb)
{
        struct request *request = scim->request;
        return (struct change){
                .verb = verb,
                .actor = &request->actor,
                .type = scim->type,
                .ref = ref_of(request),
                .if_match = request->headers[HEADER_IF_MATCH],
                .alone = request->body_length > ALONE_BYTES,
                .leniency = &scim->leniency,
                .arena = request->arena,
                .deadline_us = request->deadline_us,
        };
}

static enum err prepare(struct scim *scim, struct request *request, json_t **ret_body)
{
        enum err e = scim_begin(scim, request);
        if (!e)
                e = scim_profile(scim);
        if (!e)
                e = scim_selection(scim);
        if (!e && ret_body)
                e = scim_body(scim, ret_body);
        return e;
}

static enum err accept(struct scim *scim, enum accept_mode mode, const json_t *body, json_t **ret, struct edge_list *ret_edges)
{
        const struct accept accept = { .type = scim->type, .mode = mode, .leniency = &scim->leniency, .arena = scim->request->arena };
        return document_accept(&accept, body, ret, ret_edges, &scim->fault);
}

static enum handled answer(struct scim *scim, const struct change *change, int status)
{
        scim_revision(scim, change);
        enum err e = scim_render_reply(scim, &change->after, status);
        if (e)
                return scim_refuse(scim, e);
        scim_note_leniencies(scim);
        return HANDLED;
}

enum handled scim_post(struct request *request)
{
        struct scim scim;
        json_auto_t *body = NULL, *document = NULL;
        enum err e = prepare(&scim, request, &body);
        struct change change = change_of(&scim, CHANGE_CREATE);
        change.ref = NULL;
        if (!e)
                e = accept(&scim, ACCEPT_CREATE, body, &document, &change.edges);
        change.document = document;
        if (!e)
                e = directory_change(scim.query.directory, &change, &scim.fault);
        return e ? scim_refuse(&scim, e) : answer(&scim, &change, 201);
}

/* RFC 7644 section 3.5.1: id is read-only; one that differs is a mistake of the client, which strict says. */
static enum err check_id(struct scim *scim, const json_t *body, const char *ref)
{
        const char *id = json_string_value(json_object_get(body, "id"));
        if (!id || strcmp(id, ref) == 0 || leniency_use(&scim->leniency, LENIENT_READ_ONLY_SAME))
                return ERR_OK;
        return fault_set(&scim->fault, ERR_MUTABILITY, "id", "id is read-only and must be that of the path, or absent");
}

enum handled scim_put(struct request *request)
{
        struct scim scim;
        json_auto_t *body = NULL, *document = NULL;
        enum err e = prepare(&scim, request, &body);
        struct change change = change_of(&scim, CHANGE_REPLACE);
        if (!e)
                e = check_id(&scim, body, change.ref);
        if (!e)
                e = accept(&scim, ACCEPT_REPLACE, body, &document, &change.edges);
        change.document = document;
        if (!e)
                e = directory_change(scim.query.directory, &change, &scim.fault);
        return e ? scim_refuse(&scim, e) : answer(&scim, &change, 200);
}

/* A group answers 204, so that a change of one member never reads the others; with attributes= it must be 200 (RFC 7644 section 3.5.2). */
enum handled scim_patch(struct request *request)
{
        struct scim scim;
        json_auto_t *body = NULL;
        enum err e = prepare(&scim, request, &body);
        struct change change = change_of(&scim, CHANGE_PATCH);
        change.document = body;
        if (!e)
                e = directory_change(scim.query.directory, &change, &scim.fault);
        if (e)
                return scim_refuse(&scim, e);
        if (scim.type->kind != KIND_GROUP || request_query(request, "attributes"))
                return answer(&scim, &change, 200);
        char version[32];
        (void)snprintf(version, sizeof(version), "W/\"%lld\"", (long long)change.after.resource.version);
        reply_header(request, "ETag", version);
        scim_revision(&scim, &change);
        scim_note_leniencies(&scim);
        reply_empty(request, 204);
        return HANDLED;
}

enum handled scim_delete(struct request *request)
{
        struct scim scim;
        enum err e = scim_begin(&scim, request);
        struct change change = change_of(&scim, CHANGE_DELETE);
        if (!e)
                e = directory_change(scim.query.directory, &change, &scim.fault);
        if (e)
                return scim_refuse(&scim, e);
        scim_revision(&scim, &change);
        reply_empty(request, 204);
        return HANDLED;
}
