/* SPDX-License-Identifier: Apache-2.0
 *
 * The mapping rules of a connection (R18): all of them, with what they say of one user when ?user= names him, and working them out anew for
 * all. Making and changing them is as with every resource. */
#include "call.h"
#include "directory/mapping_query.h"
#include "view.h"

struct listing {
        struct view view;
        struct buffer *body;
        bool any, asks;
};

static enum err put_rule(void *context, const struct mapping_answer *answer, struct fault *fault)
{
        struct listing *listing = context;
        struct buffer *body = listing->body;
        struct party target = { 0 };
        if (listing->any)
                buffer_putc(body, ',');
        listing->any = true;
        enum err e = view_party(&listing->view, answer->target_no, &target, fault);
        if (!e)
                e = view_open(&listing->view, &answer->rule, body, fault);
        if (e)
                return e;
        view_text(body, "target_kind", target.id ? resource_type(target.kind)->word : NULL);
        view_text(body, "target_name", target.id ? target.name : NULL);
        buffer_puts(body, answer->above_ceiling ? ",\"above_ceiling\":true" : ",\"above_ceiling\":false");
        if (listing->asks) {
                buffer_puts(body, answer->gives ? ",\"gives\":true" : ",\"gives\":false");
                view_text(body, "value", answer->value);
                buffer_puts(body, answer->given ? ",\"given\":true" : ",\"given\":false");
        }
        buffer_putc(body, '}');
        return ERR_OK;
}

enum err mapping_list_answer(const struct call *call, struct fault *fault)
{
        const char *user = request_query(call->request, "user"), *ref = NULL;
        struct listing listing = { .view.query = &call->query, .body = &call->request->reply.body, .asks = user && *user };
        char id[UUID_TEXT_SIZE];
        enum err e = call_ref(call, &ref, fault);
        BUFFER_LITERAL(listing.body, "{\"items\":[");
        if (!e)
                e = query_mapping(&call->query, ref, listing.asks ? user : NULL, put_rule, &listing, id, fault);
        if (e)
                return e;
        buffer_putc(listing.body, ']');
        if (listing.asks)
                view_text(listing.body, "user", id);
        BUFFER_LITERAL(listing.body, ",\"next_cursor\":\"\"}");
        reply_json(call->request, 200, JSON_TYPE);
        return ERR_OK;
}
