/* SPDX-License-Identifier: Apache-2.0
 *
 * The request log of SCIM as its readers see it: pages of rows, one row with the body that was sent, and captures of reads. */
#include <inttypes.h>
#include <string.h>
#include "base/auto.h"
#include "base/clock.h"
#include "base/text.h"
#include "call.h"
#include "directory/scim_log.h"
#include "view.h"

struct listing {
        struct buffer *body;
        int count;
        int64_t last;
        const struct buffer *sent; /* NULL: a list */
};

/* ,"name":["a","b"] of "a,b". */
static void view_names(struct buffer *into, const char *name, const char *names)
{
        buffer_printf(into, ",\"%s\":[", name);
        for (const char *at = names; *at;) {
                size_t length = strcspn(at, ",");
                if (at != names)
                        buffer_putc(into, ',');
                buffer_put_json(into, at, length);
                at += length + (at[length] == ',');
        }
        buffer_putc(into, ']');
}

static const char *or_null(const char *text)
{
        return *text ? text : NULL;
}

static enum err list_row(void *context, const struct scim_log_row *row, struct fault *fault)
{
        static const char *const methods[] = { "", "GET", "POST", "PUT", "PATCH", "DELETE" };
        struct listing *listing = context;
        struct buffer *body = listing->body;
        size_t method = row->method > 0 && (size_t)row->method < COUNT_OF(methods) ? (size_t)row->method : 0;
        if (listing->count++)
                buffer_putc(body, ',');
        buffer_printf(body, "{\"id\":\"%" PRId64 "\"", row->no);
        view_time(body, "at", row->no);
        view_text(body, "connection", row->connection_id);
        view_number(body, "credential", row->credential_no);
        view_text(body, "request_id", row->request_id);
        view_text(body, "method", methods[method]);
        view_text(body, "path", row->path);
        view_number(body, "status", row->status);
        view_text(body, "scim_type", or_null(row->scim_type));
        view_text(body, "field", or_null(row->field));
        view_number(body, "duration_us", row->duration_us);
        view_text(body, "resource", or_null(row->resource_id));
        view_names(body, "fields", row->fields);
        view_names(body, "leniencies", row->leniencies);
        view_text(body, "note", or_null(row->note));
        BUFFER_LITERAL(body, ",\"has_body\":");
        buffer_puts(body, row->has_body ? "true" : "false");
        if (listing->sent) {
                BUFFER_LITERAL(body, ",\"body\":");
                buffer_put(body, listing->sent->length ? listing->sent->data : "null", listing->sent->length ? listing->sent->length : 4);
        }
        buffer_putc(body, '}');
        listing->last = row->no;
        return buffer_check(body, fault);
}

enum err scim_log_list_answer(const struct call *call, struct fault *fault)
{
        struct request *request = call->request;
        int64_t limit, status;
        struct scim_log_page page = { .connection = request_query(request, "connection") };
        if (!request_query_i64(request, "after", 0, INT64_MAX, -1, &page.after))
                return fault_set(fault, ERR_VALUE, "after", "after must be the id of a row");
        if (!request_query_i64(request, "limit", 1, LIST_LIMIT_MAX, LIST_LIMIT_DEFAULT, &limit))
                return fault_set(fault, ERR_COUNT, "limit", "limit must be a number from 1 to %d", LIST_LIMIT_MAX);
        if (!request_query_i64(request, "status_min", 0, 599, 0, &status))
                return fault_set(fault, ERR_VALUE, "status_min", "status_min must be a status; 400 for refusals only");
        enum err e = call_flag(call, "refused", &page.partly_refused, fault);
        if (!e && page.partly_refused && request_query(request, "status_min"))
                e = fault_set(fault, ERR_VALUE, "refused", "refused and status_min exclude each other");
        if (e)
                return e;
        page.limit = (int)limit;
        page.status_min = page.partly_refused ? 400 : (int)status;
        struct listing listing = { .body = &request->reply.body, .last = page.after > 0 ? page.after : 0 };
        BUFFER_LITERAL(listing.body, "{\"items\":[");
        e = query_scim_log(&call->query, &page, list_row, &listing, fault);
        if (e)
                return e;
        buffer_printf(listing.body, "],\"next_after\":\"%" PRId64 "\"}", listing.last);
        reply_json(request, 200, JSON_TYPE);
        return ERR_OK;
}

enum err scim_log_get_answer(const struct call *call, struct fault *fault)
{
        auto_buffer sent = { 0 };
        struct listing listing = { .body = &call->request->reply.body, .sent = &sent };
        int64_t no;
        if (!text_parse_i64(call->request->params[0], 1, INT64_MAX, &no))
                return fault_set(fault, ERR_NOT_FOUND, "", "the request log has no such row");
        enum err e = query_scim_log_one(&call->query, no, list_row, &listing, &sent, fault);
        if (e)
                return e;
        reply_json(call->request, 200, JSON_TYPE);
        return ERR_OK;
}

/* ---- captures ---- */

static enum err capture(const struct call *call, int64_t seconds, struct fault *fault)
{
        struct change change = call_change(call, CHANGE_CAPTURE);
        change.capture_s = seconds;
        enum err e = call_ref(call, &change.ref, fault);
        return e ? e : call_apply(call, &change, fault);
}

enum err capture_start_answer(const struct call *call, struct fault *fault)
{
        json_auto_t *body = NULL;
        struct buffer *reply = &call->request->reply.body;
        int64_t minutes = 0;
        enum err e = call_take_only(call, "minutes", &body, fault);
        if (!e)
                e = json_take_i64(body, "minutes", false, CAPTURE_MAX_S / 60, &minutes, fault);
        if (!e && (minutes < 1 || minutes > CAPTURE_MAX_S / 60))
                e = fault_set(fault, ERR_VALUE, "minutes", "a capture lasts 1 to %d minutes", CAPTURE_MAX_S / 60);
        if (!e)
                e = capture(call, minutes * 60, fault);
        if (e)
                return e;
        buffer_printf(reply, "{\"minutes\":%" PRId64, minutes);
        view_time(reply, "until", clock_stored_us() + minutes * 60 * US_PER_S);
        buffer_putc(reply, '}');
        reply_json(call->request, 200, JSON_TYPE);
        return ERR_OK;
}

enum err capture_stop_answer(const struct call *call, struct fault *fault)
{
        enum err e = capture(call, 0, fault);
        if (!e)
                reply_empty(call->request, 204);
        return e;
}
