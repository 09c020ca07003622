/* SPDX-License-Identifier: Apache-2.0
 *
 * The ledger as its readers see it: pages of entries, and the proof that it is whole. */
#include "base/auto.h"
#include "base/clock.h"
#include "base/text.h"
#include "call.h"
#include "view.h"

static const struct {
        const char *name;
        enum ledger_class class;
} classes[] = { { "change", LEDGER_CHANGE }, { "notice", LEDGER_NOTICE }, { "alert", LEDGER_ALERT } };

struct listing {
        struct buffer *body;
        int count;
};

static enum err list_entry(void *context, const char *json, size_t length, struct fault *fault)
{
        struct listing *listing = context;
        while (length && json[length - 1] == '\n')
                length--;
        if (listing->count++)
                buffer_putc(listing->body, ',');
        buffer_put(listing->body, json, length);
        return buffer_check(listing->body, fault);
}

static enum err take_class(const struct call *call, int *ret, struct fault *fault)
{
        const char *text = request_query(call->request, "class");
        *ret = 0;
        if (!text)
                return ERR_OK;
        for (size_t i = 0; i < COUNT_OF(classes); i++)
                if (text_equal(classes[i].name, text)) {
                        *ret = (int)classes[i].class;
                        return ERR_OK;
                }
        return fault_set(fault, ERR_VALUE, "class", "class is one of change, notice, alert");
}

/* Reads on while nothing was found, so that an empty page means the end. */
static enum err list_pages(const struct call *call, int64_t *seq, int limit, int class, struct listing *listing, struct fault *fault)
{
        int64_t before;
        enum err e;
        do {
                before = *seq;
                e = query_ledger(&call->query, before, limit, class, list_entry, listing, seq, fault);
        } while (!e && !listing->count && *seq > before && clock_steady_us() < call->query.deadline_us);
        if (!e && !listing->count && *seq > before)
                return fault_set(fault, ERR_DEADLINE, "", "the answer took too long; go on after %lld", (long long)*seq);
        return e;
}

enum err audit_list_answer(const struct call *call, struct fault *fault)
{
        struct request *request = call->request;
        struct listing listing = { .body = &request->reply.body };
        int64_t after, limit;
        int class;
        if (!request_query_i64(request, "after", 0, INT64_MAX, 0, &after))
                return fault_set(fault, ERR_VALUE, "after", "after must be the number of an entry");
        if (!request_query_i64(request, "limit", 1, LIST_LIMIT_MAX, LIST_LIMIT_DEFAULT, &limit))
                return fault_set(fault, ERR_COUNT, "limit", "limit must be a number from 1 to %d", LIST_LIMIT_MAX);
        enum err e = take_class(call, &class, fault);
        if (e)
                return e;
        BUFFER_LITERAL(listing.body, "{\"items\":[");
        e = list_pages(call, &after, (int)limit, class, &listing, fault);
        if (e)
                return e;
        buffer_putc(listing.body, ']');
        view_number(listing.body, "next_after", after);
        buffer_putc(listing.body, '}');
        reply_json(request, 200, JSON_TYPE);
        return ERR_OK;
}

enum err audit_verify_answer(const struct call *call, struct fault *fault)
{
        struct buffer *reply = &call->request->reply.body;
        struct verify_report report = { 0 };
        struct verify_terms terms = { 0 };
        json_auto_t *body = NULL;
        enum err e = call_take_only(call, "checkpoint from_checkpoint", &body, fault);
        if (!e)
                e = json_take_text(body, "checkpoint", false, &terms.external, fault);
        if (!e)
                e = json_take_i64(body, "from_checkpoint", false, 0, &terms.from_checkpoint, fault);
        if (!e)
                e = query_verify(&call->query, &terms, &report, fault);
        if (e)
                return e;
        bool whole = !report.reason[0] && !report.bad_seq;
        buffer_puts(reply, whole ? "{\"whole\":true" : "{\"whole\":false");
        view_number(reply, "entries", report.entries);
        view_number(reply, "blanked", report.blanked);
        view_number(reply, "first_seq", report.first_seq);
        view_number(reply, "last_seq", report.last_seq);
        view_number(reply, "checkpoints", report.checkpoints);
        view_number(reply, "unsigned_tail", report.unsigned_tail);
        view_number(reply, "bad_seq", report.bad_seq);
        view_text(reply, "reason", report.reason);
        buffer_putc(reply, '}');
        reply_json(call->request, 200, JSON_TYPE);
        return ERR_OK;
}
