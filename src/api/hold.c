/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes of a connection that wait for an administrator (R16). */
#include "base/text.h"
#include "call.h"
#include "directory/threshold.h"
#include "view.h"

struct listing {
        struct view view;
        struct buffer *body;
        bool any;
};

static enum err put_hold(void *context, const struct hold_row *row, struct fault *fault)
{
        struct listing *listing = context;
        struct buffer *body = listing->body;
        struct party group = { 0 };
        enum err e = view_party(&listing->view, row->group_no, &group, fault);
        if (e)
                return e;
        buffer_printf(body, "%s{\"id\":\"%lld\"", listing->any ? "," : "", (long long)row->no);
        listing->any = true;
        view_text(body, "group", group.id);
        view_text(body, "group_name", group.name);
        view_number(body, "removes", row->removes);
        view_number(body, "of", row->of_members);
        view_time(body, "at", row->at_us);
        view_time(body, "until", row->until_us);
        view_time(body, "released_at", row->released_us);
        buffer_putc(body, '}');
        return ERR_OK;
}

enum err holds_list_answer(const struct call *call, struct fault *fault)
{
        struct listing listing = { .view.query = &call->query, .body = &call->request->reply.body };
        const char *ref = NULL;
        enum err e = call_ref(call, &ref, fault);
        BUFFER_LITERAL(listing.body, "{\"items\":[");
        if (!e)
                e = query_holds(&call->query, ref, put_hold, &listing, fault);
        if (e)
                return e;
        BUFFER_LITERAL(listing.body, "],\"next_cursor\":\"\"}");
        reply_json(call->request, 200, JSON_TYPE);
        return ERR_OK;
}

enum err hold_release_answer(const struct call *call, struct fault *fault)
{
        struct change change = call_change(call, CHANGE_RELEASE);
        enum err e = call_check_empty(call, fault);
        if (!e && !text_parse_i64(call->second, 0, INT64_MAX, &change.hold))
                e = fault_set(fault, ERR_NOT_FOUND, "", "there is no hold \"%.32s\"; ids of holds are numbers", call->second);
        if (!e)
                e = call_ref(call, &change.ref, fault);
        if (!e)
                e = call_apply(call, &change, fault);
        if (!e)
                reply_empty(call->request, 204);
        return e;
}
