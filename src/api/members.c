/* SPDX-License-Identifier: Apache-2.0
 *
 * Members of a group: one item an edge, for a membership may have several sources (R14); adding and removing touches local edges only. */
#include <string.h>
#include "call.h"
#include "cursor.h"
#include "view.h"

#define SOURCES_MARGIN 64 /* rows read beyond the limit, so that the edges of one member stay on one page */

/* A page ends between two members, never between two edges of one: the cursor is a member's number. */
struct listing {
        struct view view;
        struct buffer *body;
        int limit, shown, read;
        int64_t last_no;   /* member shown last */
        size_t last_at;    /* where his first edge begins in the body */
        int64_t before_no; /* member before him */
        bool more;
};

static enum err put_member(struct listing *listing, const struct member_row *row, struct fault *fault)
{
        struct buffer *body = listing->body;
        const char *name;
        enum err e = view_name(listing->view.query->arena, row->kind, row->doc, strlen(row->doc), &name, fault);
        if (e)
                return e;
        if (listing->shown++)
                buffer_putc(body, ',');
        BUFFER_LITERAL(body, "{\"id\":\"");
        buffer_puts(body, row->id);
        buffer_putc(body, '"');
        view_text(body, "kind", resource_type(row->kind)->word);
        view_text(body, "name", name);
        e = view_source(&listing->view, row->source_no, body, fault);
        if (!e)
                e = view_rule(&listing->view, row->rule_no, body, fault);
        buffer_putc(body, '}');
        return e;
}

static enum err list_row(void *context, const struct member_row *row, struct fault *fault)
{
        struct listing *listing = context;
        listing->read++;
        listing->more = listing->more || (listing->shown >= listing->limit && row->no != listing->last_no);
        if (listing->more)
                return ERR_OK;
        if (row->no != listing->last_no) {
                listing->before_no = listing->last_no;
                listing->last_no = row->no;
                listing->last_at = listing->body->length;
        }
        return put_member(listing, row, fault);
}

/* All rows read were shown, and there may be more: of the last member, too. */
static void cut_last_member(struct listing *listing)
{
        listing->more = true;
        if (!listing->before_no)
                return;
        listing->body->length = listing->last_at;
        listing->last_no = listing->before_no;
}

enum err members_list_answer(const struct call *call, struct fault *fault)
{
        struct request *request = call->request;
        struct listing listing = { .view.query = &call->query, .body = &request->reply.body };
        const char *ref = NULL;
        int64_t after_no;
        enum err e = call_page(call, KIND_GROUP, &listing.limit, &after_no, fault);
        if (!e)
                e = call_ref(call, &ref, fault);
        if (e)
                return e;
        int rows = listing.limit + SOURCES_MARGIN < LIST_LIMIT_MAX ? listing.limit + SOURCES_MARGIN : LIST_LIMIT_MAX;
        BUFFER_LITERAL(listing.body, "{\"items\":[");
        e = query_members(&call->query, ref, after_no, rows, list_row, &listing, fault);
        if (e)
                return e;
        if (listing.read == rows && !listing.more)
                cut_last_member(&listing);
        char cursor[CURSOR_TEXT_SIZE] = "";
        if (listing.more)
                list_cursor_format(KIND_GROUP, listing.last_no, cursor);
        buffer_putc(listing.body, ']');
        view_text(listing.body, "next_cursor", cursor);
        buffer_putc(listing.body, '}');
        reply_json(request, 200, JSON_TYPE);
        return ERR_OK;
}

/* The references of a body; an empty list is refused: it is no "all" and no "nothing". */
static enum err take_members(const struct call *call, const json_t *body, struct edge_list *ret, struct fault *fault)
{
        const json_t *list = json_object_get(body, "members"), *value;
        size_t count = json_array_size(list), index;
        if (!count || count > MEMBERS_AT_ONCE_MAX)
                return fault_set(fault, ERR_VALUE, "members", "a list of 1 to %d ids or names is expected", MEMBERS_AT_ONCE_MAX);
        const char **values = arena_zero(call->query.arena, count, sizeof(*values));
        if (!values)
                return call_memory(fault);
        json_array_foreach ((json_t *)list, index, value) {
                if (!json_string_length(value))
                        return fault_set(fault, ERR_VALUE, "members", "element %zu is %s; an id or name is expected", index,
                                json_is_string(value) ? "empty" : json_type_name(value));
                values[index] = json_string_value(value);
        }
        *ret = (struct edge_list){ .given = true, .values = values, .count = count };
        return ERR_OK;
}

enum err members_add_answer(const struct call *call, struct fault *fault)
{
        struct change change = call_change(call, CHANGE_MEMBERS_ADD);
        struct buffer *reply = &call->request->reply.body;
        json_auto_t *body = NULL;
        enum err e = call_take_only(call, "members", &body, fault);
        if (!e)
                e = take_members(call, body, &change.edges, fault);
        if (!e)
                e = call_ref(call, &change.ref, fault);
        change.alone = change.edges.count > 500;
        if (!e)
                e = call_apply(call, &change, fault);
        if (e)
                return e;
        BUFFER_LITERAL(reply, "{\"added\":");
        buffer_put_i64(reply, change.moved);
        buffer_putc(reply, '}');
        reply_json(call->request, 200, JSON_TYPE);
        return ERR_OK;
}

enum err members_remove_answer(const struct call *call, struct fault *fault)
{
        struct change change = call_change(call, CHANGE_MEMBERS_REMOVE);
        change.edges = (struct edge_list){ .given = true, .values = (const char *[]){ call->second }, .count = 1 };
        enum err e = call_ref(call, &change.ref, fault);
        if (!e)
                e = call_apply(call, &change, fault);
        if (!e)
                reply_empty(call->request, 204);
        return e;
}
