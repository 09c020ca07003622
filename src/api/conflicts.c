/* SPDX-License-Identifier: Apache-2.0
 *
 * What a connection could not write (R11): a name or externalId is taken, or an administrator must do his part first; and that part. */
#include "call.h"
#include "view.h"

struct listing {
        struct view view;
        struct buffer *body;
        bool any;
};

static enum err put_conflict(void *context, const struct conflict_row *row, struct fault *fault)
{
        struct listing *listing = context;
        struct buffer *body = listing->body;
        struct party object = { 0 };
        enum err e = row->object_no ? view_party(&listing->view, row->object_no, &object, fault) : ERR_OK;
        if (e)
                return e;
        buffer_puts(body, listing->any ? ",{" : "{");
        listing->any = true;
        buffer_printf(body, "\"kind\":\"%s\"", kind_is_declared(row->kind) ? "resource" : resource_type(row->kind)->word);
        view_text(body, "attribute", row->attribute);
        view_text(body, "object", object.id);
        view_text(body, "object_name", object.name);
        view_time(body, "at", row->at_us);
        view_text(body, "request_id", *row->request_id ? row->request_id : NULL);
        view_number(body, "times", row->times);
        buffer_putc(body, '}');
        return ERR_OK;
}

enum err conflicts_list_answer(const struct call *call, struct fault *fault)
{
        struct listing listing = { .view.query = &call->query, .body = &call->request->reply.body };
        const char *ref = NULL;
        enum err e = call_ref(call, &ref, fault);
        BUFFER_LITERAL(listing.body, "{\"items\":[");
        if (!e)
                e = query_conflicts(&call->query, ref, put_conflict, &listing, fault);
        if (e)
                return e;
        BUFFER_LITERAL(listing.body, "],\"next_cursor\":\"\"}");
        reply_json(call->request, 200, JSON_TYPE);
        return ERR_OK;
}

enum err adoption_approve_answer(const struct call *call, struct fault *fault)
{
        struct change change = call_change(call, CHANGE_ADOPTION);
        struct buffer *reply = &call->request->reply.body;
        json_auto_t *body = NULL;
        enum err e = call_take_only(call, "user", &body, fault);
        if (!e)
                e = json_take_text(body, "user", true, &change.user, fault);
        if (!e)
                e = call_ref(call, &change.ref, fault);
        if (!e)
                e = call_apply(call, &change, fault);
        if (e)
                return e;
        BUFFER_LITERAL(reply, "{\"user\":\"");
        buffer_puts(reply, change.after.resource.id);
        buffer_puts(reply, "\",\"approved\":true}");
        reply_json(call->request, 200, JSON_TYPE);
        return ERR_OK;
}
