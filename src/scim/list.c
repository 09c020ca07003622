/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists (RFC 7644 section 3.4.2): filter and index paging. The database narrows by an indexed comparison, the filter decides every candidate. */
#include <string.h>
#include "scim_request.h"

#define START_MAX INT32_MAX

struct page {
        struct scim *scim;
        const struct filter *filter; /* NULL: all */
        bool exact;                  /* the index alone decides the filter */
        int64_t start, count;        /* start is 1-based */
        int64_t total, shown;
        struct buffer *into;
};

static enum err show(struct page *page, const struct claimed_row *row)
{
        if (page->shown++)
                buffer_putc(page->into, ',');
        return scim_render(page->scim, row, page->into);
}

static enum err matches(struct page *page, const struct claimed_row *row, bool *ret)
{
        *ret = page->exact;
        if (page->exact)
                return ERR_OK;
        json_auto_t *resource = NULL;
        enum err e = scim_render_for_filter(page->scim, row, page->filter, &resource);
        if (!e)
                *ret = filter_match(page->filter, resource, page->scim->request->arena) == TRUTH_TRUE;
        return e;
}

static enum err each_candidate(void *context, const struct claimed_row *row, struct fault *fault)
{
        struct page *page = context;
        bool match;
        (void)fault;
        enum err e = matches(page, row, &match);
        if (e || !match)
                return e;
        page->total++;
        if (page->total < page->start || page->shown >= page->count)
                return ERR_OK;
        return show(page, row);
}

static enum err each_row(void *context, const struct claimed_row *row, struct fault *fault)
{
        (void)fault;
        return show(context, row);
}

static enum err fill(struct page *page)
{
        const struct query *query = &page->scim->query;
        if (page->filter)
                return query_candidates(query, page->scim->type, page->filter, each_candidate, page, &page->scim->fault);
        enum err e = query_claimed_count(query, page->scim->type, &page->total, &page->scim->fault);
        if (e || !page->count || page->start > page->total)
                return e;
        return query_claimed_page(query, page->scim->type, page->start - 1, page->count, each_row, page, &page->scim->fault);
}

static enum err parse(struct page *page)
{
        struct scim *scim = page->scim;
        const char *filter = request_query(scim->request, "filter");
        if (!request_query_i64(scim->request, "startIndex", 1, START_MAX, 1, &page->start))
                return fault_set(&scim->fault, ERR_VALUE, "startIndex", "a whole number is expected");
        if (!request_query_i64(scim->request, "count", 0, PAGE_MAX, PAGE_DEFAULT, &page->count))
                return fault_set(&scim->fault, ERR_VALUE, "count", "a whole number is expected");
        if (!filter)
                return ERR_OK;
        enum err e = filter_parse(scim->type, NULL, filter, strlen(filter), scim->request->arena, &scim->leniency, &page->filter, &scim->fault);
        if (!e)
                page->exact = query_is_exact(scim->type, page->filter);
        return e;
}

enum handled scim_list(struct request *request)
{
        struct scim scim;
        auto_buffer resources = { 0 };
        struct page page = { .scim = &scim, .into = &resources };
        enum err e = scim_begin(&scim, request);
        if (!e && request_query(request, "filter"))
                e = scim_profile(&scim);
        if (!e)
                e = scim_selection(&scim);
        if (!e)
                e = parse(&page);
        if (!e)
                e = fill(&page);
        if (!e)
                e = buffer_check(&resources, &scim.fault);
        if (e)
                return scim_refuse(&scim, e);
        struct buffer *body = &request->reply.body;
        BUFFER_LITERAL(body, "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:ListResponse\"],\"totalResults\":");
        buffer_put_i64(body, page.total);
        BUFFER_LITERAL(body, ",\"startIndex\":");
        buffer_put_i64(body, page.start);
        BUFFER_LITERAL(body, ",\"itemsPerPage\":");
        buffer_put_i64(body, page.shown);
        BUFFER_LITERAL(body, ",\"Resources\":[");
        buffer_put(body, resources.data, resources.length);
        BUFFER_LITERAL(body, "]}");
        e = buffer_check(body, &scim.fault);
        if (e)
                return scim_refuse(&scim, e);
        reply_json(request, 200, SCIM_MEDIA_TYPE);
        scim_note_leniencies(&scim);
        return HANDLED;
}
