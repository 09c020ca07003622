/* SPDX-License-Identifier: Apache-2.0
 *
 * One set of operations for all collections: list, get, create, merge, delete, restore. What differs between types stands in their
 * descriptors; roles alone, which are no rows, are handed to role.c. */
#include <string.h>
#include "call.h"
#include "cursor.h"
#include "directory/domain.h"
#include "view.h"

/* ---- reading ---- */

struct listing {
        struct view view;
        struct buffer *body;
        int count;
};

static enum err list_row(void *context, const struct resource_row *row, struct fault *fault)
{
        struct listing *listing = context;
        if (listing->count++)
                buffer_putc(listing->body, ',');
        return view_resource(&listing->view, row, listing->body, fault);
}

static void list_end(struct buffer *body, enum resource_kind kind, int64_t last_no, int64_t total)
{
        char cursor[CURSOR_TEXT_SIZE] = "";
        if (last_no)
                list_cursor_format(kind, last_no, cursor);
        buffer_putc(body, ']');
        view_text(body, "next_cursor", cursor);
        if (total >= 0)
                view_number(body, "total", total);
        buffer_putc(body, '}');
}

enum err resource_list_answer(const struct call *call, struct fault *fault)
{
        if (call->type->kind == KIND_ROLE)
                return role_list_answer(call, fault);
        struct request *request = call->request;
        struct query_page page = {
                .type = call->type,
                .organization = request_query(request, "organization"),
                .name = request_query(request, "name"),
        };
        enum err e = call_page(call, call->type->kind, &page.limit, &page.after_no, fault);
        if (e)
                return e;
        struct listing listing = { .view.query = &call->query, .body = &request->reply.body };
        bool more = false;
        int64_t last_no = 0, total = -1;
        BUFFER_LITERAL(listing.body, "{\"items\":[");
        e = query_list(&call->query, &page, list_row, &listing, &more, &last_no, &total, fault);
        if (e)
                return e;
        list_end(listing.body, call->type->kind, more ? last_no : 0, total);
        reply_json(request, 200, JSON_TYPE);
        return ERR_OK;
}

/* `done`: the change that made it so; NULL: it was read. */
static enum err reply_resource(const struct call *call, const struct change *done, const struct resource_row *row, struct fault *fault)
{
        struct view view = { .query = &call->query, .done = done };
        enum err e = view_resource(&view, row, &call->request->reply.body, fault);
        if (e)
                return e;
        call_etag(call, row->version);
        reply_json(call->request, 200, JSON_TYPE);
        return ERR_OK;
}

enum err resource_get_answer(const struct call *call, struct fault *fault)
{
        if (call->type->kind == KIND_ROLE)
                return role_get_answer(call, fault);
        struct resource_row row;
        enum err e = call_resource(call, &row, fault);
        if (e)
                return e;
        if (!call_is_unchanged(call, row.version))
                return reply_resource(call, NULL, &row, fault);
        call_etag(call, row.version);
        reply_empty(call->request, 304);
        return ERR_OK;
}

/* ---- writing ---- */

/* The body. A document of RFC 7643 section 7 is taken as it is: what it calls id is a URN, and ids are issued here. */
static enum err take_resource(const struct call *call, json_t **ret, struct fault *fault)
{
        enum err e = call_take_body(call, ret, fault);
        json_t *id = e ? NULL : json_object_get(*ret, "id");
        if (call->type->kind != KIND_SCHEMA || !json_is_string(id) || json_object_get(*ret, "urn"))
                return e;
        return json_object_set(*ret, "urn", id) ? call_memory(fault) : ERR_OK;
}

/* The body as a document. Members have calls of their own, so that nothing replaces a list of them. */
static enum err accept_document(const struct call *call, enum accept_mode mode, const json_t *body, json_t **ret, struct fault *fault)
{
        const struct accept accept = { .type = call->type, .mode = mode, .arena = call->query.arena };
        struct edge_list edges = { 0 };
        json_t *document;
        enum err e = document_accept(&accept, body, &document, &edges, fault);
        if (e)
                return e;
        if (edges.given) {
                json_decref(document);
                return fault_set(fault, ERR_VALUE, "members", "members are added and removed at /api/v1/groups/{ref}/members");
        }
        *ret = document;
        return ERR_OK;
}

static bool makes_token(const struct change *change)
{
        return change->token.length > 0;
}

/* What a machine needs to call in: shown this once. */
static void put_token(const struct call *call, const struct change *change, struct buffer *body)
{
        buffer_reserve(body, 4096); /* so that the buffer does not move, and leave a copy behind, once the token is in it */
        if (call->type->kind == KIND_CONNECTION) {
                BUFFER_LITERAL(body, ",\"base_url\":\"");
                buffer_puts(body, api_directory()->public_url);
                BUFFER_LITERAL(body, SCIM_BASE "\"");
        }
        view_text(body, "token", change->token.text);
        view_time(body, "token_expires_at", change->token_expires_us);
}

static enum err reply_created(const struct call *call, const struct change *change, struct fault *fault)
{
        const struct resource_row *row = &change->after.resource;
        struct buffer *body = &call->request->reply.body;
        struct view view = { .query = &call->query, .done = change };
        const char *location = call_location(call, row);
        if (!location)
                return call_memory(fault);
        enum err e = view_open(&view, row, body, fault);
        if (e)
                return e;
        if (makes_token(change))
                put_token(call, change, body);
        buffer_putc(body, '}');
        reply_header(call->request, "Location", location);
        call_etag(call, row->version);
        bool made = change->dry_run ? change->dry_run->changed : change->changed; /* gain-access alone may find what it would make */
        reply_json(call->request, made ? 201 : 200, JSON_TYPE);
        return ERR_OK;
}

enum err resource_create_answer(const struct call *call, struct fault *fault)
{
        struct change change = call_change(call, CHANGE_CREATE);
        json_auto_t *body = NULL, *document = NULL;
        enum err e = take_resource(call, &body, fault);
        if (!e)
                e = call_take_extras(call, body, &change, fault);
        if (!e)
                e = accept_document(call, ACCEPT_CREATE, body, &document, fault);
        if (e)
                return e;
        change.document = document;
        e = call_apply(call, &change, fault);
        if (!e)
                e = reply_created(call, &change, fault);
        secret_done(&change.token);
        return e;
}

/* What is not there, or not for the caller, is so whatever the body says. */
static enum err not_there_first(const struct call *call, enum err of_body, struct fault *fault)
{
        struct resource_row row;
        struct fault cause = { 0 };
        enum err e = call_resource(call, &row, &cause);
        if (e != ERR_NOT_FOUND && e != ERR_FORBIDDEN)
                return of_body;
        *fault = cause;
        return e;
}

enum err resource_merge_answer(const struct call *call, struct fault *fault)
{
        struct change change = call_change(call, CHANGE_MERGE);
        json_auto_t *body = NULL, *document = NULL;
        enum err e = take_resource(call, &body, fault);
        if (!e)
                e = call_take_extras(call, body, &change, fault);
        if (!e)
                e = accept_document(call, ACCEPT_MERGE, body, &document, fault);
        if (e)
                return not_there_first(call, e, fault);
        e = call_ref(call, &change.ref, fault);
        if (e)
                return e;
        change.document = document;
        e = call_apply(call, &change, fault);
        return e ? e : reply_resource(call, &change, &change.after.resource, fault);
}

enum err resource_delete_answer(const struct call *call, struct fault *fault)
{
        struct change change = call_change(call, CHANGE_DELETE);
        enum err e = call_ref(call, &change.ref, fault);
        if (!e)
                e = call_apply(call, &change, fault);
        if (!e)
                reply_empty(call->request, 204);
        return e;
}

/* By id alone: what is in the bin has lost its name. `replace` names the live one whose claims move onto the restored one. */
enum err resource_restore_answer(const struct call *call, struct fault *fault)
{
        struct change change = call_change(call, CHANGE_RESTORE);
        json_auto_t *body = NULL;
        enum err e = call_take_only(call, "replace", &body, fault);
        if (!e)
                e = json_take_text(body, "replace", false, &change.replace, fault);
        if (!e)
                e = call_apply(call, &change, fault);
        return e ? e : reply_resource(call, &change, &change.after.resource, fault);
}

enum err resource_purge_answer(const struct call *call, struct fault *fault)
{
        struct change change = call_change(call, CHANGE_PURGE);
        enum err e = call_check_empty(call, fault);
        if (!e)
                e = call_apply(call, &change, fault);
        if (!e)
                reply_empty(call->request, 204);
        return e;
}

/* ---- what belongs to one kind ---- */

/* DNS is asked here, by the worker, before the change is queued. */
enum err domain_verify_answer(const struct call *call, struct fault *fault)
{
        struct change change = call_change(call, CHANGE_VERIFY);
        enum err e = call_check_empty(call, fault);
        if (!e)
                e = call_ref(call, &change.ref, fault);
        if (!e)
                e = domain_look_up(&call->query, &change, fault);
        if (!e)
                e = call_apply(call, &change, fault);
        return e ? e : reply_resource(call, &change, &change.after.resource, fault);
}

/* ---- tokens and access ---- */

enum err token_rotate_answer(const struct call *call, struct fault *fault)
{
        struct change change = call_change(call, CHANGE_ROTATE);
        struct buffer *reply = &call->request->reply.body;
        json_auto_t *body = NULL;
        enum err e = call_take_body(call, &body, fault);
        if (!e)
                e = call_take_extras(call, body, &change, fault);
        if (!e)
                e = call_check_keys(body, "ttl_s", fault);
        if (!e)
                e = call_ref(call, &change.ref, fault);
        if (!e)
                e = call_apply(call, &change, fault);
        if (!e) {
                BUFFER_LITERAL(reply, "{\"id\":\"");
                buffer_puts(reply, change.after.resource.id);
                buffer_putc(reply, '"');
                put_token(call, &change, reply);
                buffer_putc(reply, '}');
                reply_json(call->request, 200, JSON_TYPE);
        }
        secret_done(&change.token);
        return e;
}

enum err access_gain_answer(const struct call *call, struct fault *fault)
{
        struct change change = call_change(call, CHANGE_GAIN_ACCESS);
        enum err e = call_check_empty(call, fault);
        if (!e)
                e = call_ref(call, &change.ref, fault);
        if (!e)
                e = call_apply(call, &change, fault);
        return e ? e : reply_created(call, &change, fault);
}
