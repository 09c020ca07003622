/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists (RFC 7644 section 3.4.2, RFC 9865): by index or by cursor, filtered, over one type or both, asked for by GET or by POST to .search.
 * The database narrows by an indexed comparison, the filter decides every candidate. A cursor stands behind a number, so that a page costs
 * the same wherever it stands, and rows that come and go move no other; a filter that no index narrows goes on from page to page. */
#include "list.h"

#include <string.h>
#include "base/clock.h"

#define CHUNK 1000

const struct part *list_enter(struct list *list, unsigned part)
{
        list->scim->type = list->parts[part].type;
        list->scim->selection = list->parts[part].selection;
        return &list->parts[part];
}

enum err list_show(struct list *list, const struct claimed_row *row)
{
        if (list->shown++)
                buffer_putc(list->into, ',');
        return scim_render(list->scim, row, list->into);
}

/* The one member that the filter asks for, if he is one: of a hundred thousand the others need not be read. */
static enum err add_sought(struct list *list, const struct part *part, const struct claimed_row *row, json_t *resource)
{
        struct scim *scim = list->scim;
        const char *id = part->sought->value.text;
        enum resource_kind kind = KIND_USER;
        bool holds;
        enum err e = query_holds_member(&scim->query, row->resource.no, part->sought, &kind, &holds, &scim->fault);
        if (e || !holds)
                return e;
        json_auto_t *ref = json_sprintf("%s" SCIM_BASE "/%s/%s", scim_directory()->public_url, kind == KIND_GROUP ? "Groups" : "Users", id);
        json_t *members =
                ref ? json_pack("[{s:s, s:s, s:O}]", "value", id, "type", kind == KIND_GROUP ? "Group" : "User", "$ref", ref) : NULL;
        return json_object_set_new(resource, "members", members) ? fault_set(&scim->fault, ERR_MEMORY, "", "out of memory") : ERR_OK;
}

enum err list_resource(struct list *list, const struct part *part, const struct claimed_row *row, json_t **ret)
{
        const char *edges = scim_edges_attribute(part->type);
        bool sorts_by_edges =
                edges && part->sorts && part->sort.attribute && !part->sort.extension && strcmp(part->sort.attribute->name, edges) == 0;
        bool wanted = sorts_by_edges || (edges && part->filter && !part->sought && filter_names(part->filter, edges));
        enum err e = scim_render_tree(list->scim, row, wanted, ret);
        return e || wanted || !part->sought ? e : add_sought(list, part, row, *ret);
}

bool list_matches(struct list *list, const struct part *part, const json_t *resource)
{
        return !part->filter || filter_match(part->filter, resource, list->scim->request->arena) == TRUTH_TRUE;
}

/* One candidate in its place while a page is filled. */
struct walk {
        struct list *list;
        const struct part *part;
        unsigned index;
        int64_t seen, after_no; /* candidates looked at; numbers up to after_no stood on pages before */
};

static bool is_decided(enum exactness exactness, const struct claimed_row *row)
{
        return exactness == EXACT_ALWAYS || (exactness == EXACT_UNLESS_CLAIMED_OTHERWISE && !row->by_claim && claimed_as_is(row));
}

static enum err is_match(const struct walk *walk, const struct claimed_row *row, bool *ret)
{
        *ret = !walk->part->filter || row->adoptable || is_decided(walk->part->exactness, row);
        if (*ret)
                return ERR_OK;
        json_auto_t *resource = NULL;
        enum err e = list_resource(walk->list, walk->part, row, &resource);
        if (!e)
                *ret = list_matches(walk->list, walk->part, resource);
        return e;
}

/* ---- by index ---- */

static enum err each_match(void *context, const struct claimed_row *row, struct fault *fault)
{
        struct walk *walk = context;
        struct list *list = walk->list;
        bool match;
        (void)fault;
        enum err e = is_match(walk, row, &match);
        if (e || !match)
                return e;
        list->total++;
        if (list->total < list->search.start || list->shown >= list->search.count)
                return ERR_OK;
        return list_show(list, row);
}

static enum err each_row(void *context, const struct claimed_row *row, struct fault *fault)
{
        const struct walk *walk = context;
        (void)fault;
        return list_show(walk->list, row);
}

static enum err fill_part_by_index(struct list *list, unsigned index)
{
        struct scim *scim = list->scim;
        struct walk walk = { .list = list, .part = list_enter(list, index), .index = index };
        if (walk.part->filter)
                return query_candidates(&scim->query, walk.part->type, walk.part->filter, each_match, &walk, &scim->fault);
        int64_t live, before = list->total;
        enum err e = query_claimed_count(&scim->query, walk.part->type, &live, &scim->fault);
        if (e)
                return e;
        list->total += live;
        int64_t skipped = list->search.start - 1 > before ? list->search.start - 1 - before : 0;
        if (skipped >= live || list->shown >= list->search.count)
                return ERR_OK;
        return query_claimed_page(&scim->query, walk.part->type, skipped, list->search.count - list->shown, each_row, &walk, &scim->fault);
}

/* ---- by cursor ---- */

static enum err each_behind(void *context, const struct claimed_row *row, struct fault *fault)
{
        struct walk *walk = context;
        struct list *list = walk->list;
        bool match;
        (void)fault;
        walk->seen++;
        if (list->more || row->resource.no <= walk->after_no)
                return ERR_OK;
        enum err e = is_match(walk, row, &match);
        if (e)
                return e;
        if (match && list->shown == list->search.count) {
                list->more = true;
                return ERR_OK;
        }
        list->last = (struct position){ .part = walk->index, .no = row->resource.no };
        walk->after_no = row->resource.no;
        return match ? list_show(list, row) : ERR_OK;
}

/* A filter that no index narrows: page after page of candidates, until the reply is full or enough was read for one request. */
static enum err fill_by_scan(struct list *list, struct walk *walk, int64_t *left)
{
        int limit = walk->part->filter ? CHUNK : (int)(list->search.count - list->shown + 1);
        enum err e = ERR_OK;
        do {
                walk->seen = 0;
                e = query_claimed_after(&list->scim->query, walk->part->type, walk->after_no, limit, each_behind, walk, &list->scim->fault);
                *left -= walk->seen;
                if (*left <= 0 && walk->seen == limit)
                        list->more = true;
        } while (!e && walk->seen == limit && !list->more);
        return e;
}

static enum err total_of(struct list *list, const struct part *part, int64_t *total)
{
        int64_t live;
        if (*total == TOTAL_UNKNOWN)
                return ERR_OK;
        if (part->filter) {
                *total = TOTAL_UNKNOWN; /* RFC 9865 lets it stay away; counting would read everything for each page */
                return ERR_OK;
        }
        enum err e = query_claimed_count(&list->scim->query, part->type, &live, &list->scim->fault);
        if (!e)
                *total += live;
        return e;
}

static enum err fill_by_cursor(struct list *list)
{
        struct scim *scim = list->scim;
        int64_t left = CANDIDATES_MAX, total = 0;
        enum err e = ERR_OK;
        bool from_start = !list->from.part && !list->from.no;
        for (unsigned i = 0; !e && i < list->part_count; i++) {
                struct walk walk = { .list = list, .part = list_enter(list, i), .index = i };
                e = total_of(list, walk.part, &total);
                if (e || i < list->from.part || list->more)
                        continue;
                walk.after_no = i == list->from.part ? list->from.no : 0;
                e = walk.part->narrow ? query_candidates(&scim->query, walk.part->type, walk.part->filter, each_behind, &walk, &scim->fault)
                                      : fill_by_scan(list, &walk, &left);
        }
        list->total = total == TOTAL_UNKNOWN && from_start && !list->more ? list->shown : total;
        return e;
}

static enum err fill(struct list *list)
{
        if (list->sorted)
                return list_fill_sorted(list);
        if (list->search.cursor)
                return fill_by_cursor(list);
        enum err e = ERR_OK;
        for (unsigned i = 0; !e && i < list->part_count; i++)
                e = fill_part_by_index(list, i);
        return e;
}

/* ---- the question ---- */

/* Where several types are asked at once, a name that one of them has is not unknown; to the others it says nothing (R17). */
static enum err prepare_part(struct list *list, const struct resource_type *type)
{
        struct scim *scim = list->scim;
        const struct search *search = &list->search;
        struct arena *arena = scim->request->arena;
        struct part part = { .type = type };
        enum err e = ERR_OK;
        if (search->filter)
                e = filter_parse(type, NULL, search->filter, strlen(search->filter), arena, &scim->leniency, &part.filter, &scim->fault);
        if (!e && (search->attributes || search->excluded))
                e = selection_parse(type, search->attributes, search->excluded, arena, &scim->leniency, &part.selection, &scim->fault);
        if (!e && search->sort_by)
                e = sort_parse(type, search->sort_by, arena, &scim->leniency, &part.sort, &part.sorts, &scim->fault);
        if (e)
                return e;
        if (part.filter) {
                part.exactness = query_exactness(type, part.filter);
                part.narrow = query_is_narrow(type, part.filter);
                if (type->kind == KIND_GROUP && filter_count_names(part.filter, "members") == 1)
                        part.sought = filter_find_equal(part.filter, "members", "value");
        }
        list->sorted |= part.sorts;
        list->parts[list->part_count++] = part;
        return ERR_OK;
}

/* What the question goes to: one type, or, at the root, all that the token reaches. */
static unsigned find_types(const struct scim *scim, const struct resource_type *ret[PARTS_MAX + 1])
{
        unsigned count = 0;
        for (const struct resource_type *const *type = scim->query.schemas->types; *type && count < PARTS_MAX; type++)
                if ((*type)->scim_endpoint && (!scim->type || *type == scim->type) && scim_may_reach(scim, *type))
                        ret[count++] = *type;
        ret[count] = NULL;
        return count;
}

/* What is wrong for one type (its attribute of that name is a number, the literal text) stays out of that type alone only if the question
 * was right, whole, for another. */
static enum err prepare_parts(struct list *list)
{
        struct scim *scim = list->scim;
        const struct resource_type *types[PARTS_MAX + 1];
        unsigned count = find_types(scim, types);
        struct fault first = { 0 };
        bool is_whole = false;
        if (!count)
                return fault_set(&scim->fault, ERR_FORBIDDEN, "", "this token reaches no resources");
        scim->leniency.beside = types;
        enum err e = ERR_OK;
        for (unsigned i = 0; i < count && (!e || e == ERR_FILTER || e == ERR_VALUE); i++) {
                scim->leniency.missed = false;
                e = prepare_part(list, types[i]);
                is_whole |= !e && !scim->leniency.missed;
                if (e && !first.code) {
                        first = scim->fault;
                        first.code = e;
                }
        }
        scim->leniency.beside = NULL;
        if (e && e != ERR_FILTER && e != ERR_VALUE)
                return e;
        bool is_refused = first.code && !is_whole;
        scim->fault = is_refused ? first : (struct fault){ 0 };
        return is_refused ? first.code : ERR_OK;
}

static enum err check_order(struct list *list)
{
        if (!list->search.sort_by || list->sorted || leniency_use(&list->scim->leniency, LENIENT_UNKNOWN_ORDER))
                return ERR_OK;
        return fault_set(&list->scim->fault, ERR_VALUE, "sortBy", "no resource asked for can be sorted by \"%.80s\"", list->search.sort_by);
}

static void hash_text(struct hash *hash, const char *text)
{
        hash_part_i64(hash, text != NULL);
        hash_part(hash, text ? text : "", text ? strlen(text) : 0);
}

static enum err bind_cursor(struct list *list)
{
        const struct search *search = &list->search;
        const struct actor *actor = list->scim->query.actor;
        struct hash *hash = hash_new();
        if (!hash)
                return fault_set(&list->scim->fault, ERR_MEMORY, "", "out of memory");
        hash_part_i64(hash, actor->root_no);
        hash_part_i64(hash, actor->no);
        hash_part_i64(hash, list->part_count);
        for (unsigned i = 0; i < list->part_count; i++)
                hash_part_i64(hash, list->parts[i].type->kind);
        hash_text(hash, search->filter);
        hash_text(hash, search->sort_by);
        hash_part_i64(hash, search->descending);
        hash_text(hash, search->attributes);
        hash_text(hash, search->excluded);
        hash_finish(hash, list->binding.question);
        hash_free(hash);
        directory_key(list->scim->query.directory, "scim cursor", list->binding.key);
        return ERR_OK;
}

static enum err read_cursor(struct list *list)
{
        if (!list->search.cursor)
                return ERR_OK;
        enum err e = bind_cursor(list);
        if (e || !*list->search.cursor)
                return e;
        return cursor_parse(&list->binding, list->search.cursor, clock_now_us() / US_PER_S, &list->from, &list->scim->fault);
}

/* ---- the reply ---- */

static enum err reply(struct list *list)
{
        struct request *request = list->scim->request;
        struct buffer *body = &request->reply.body;
        BUFFER_LITERAL(body, "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:ListResponse\"]");
        if (list->total != TOTAL_UNKNOWN) {
                BUFFER_LITERAL(body, ",\"totalResults\":");
                buffer_put_i64(body, list->total);
        }
        if (!list->search.cursor) {
                BUFFER_LITERAL(body, ",\"startIndex\":");
                buffer_put_i64(body, list->search.start);
        }
        BUFFER_LITERAL(body, ",\"itemsPerPage\":");
        buffer_put_i64(body, list->shown);
        if (list->search.cursor && list->more) {
                char cursor[CURSOR_TEXT_SIZE];
                cursor_format(&list->binding, &list->last, clock_now_us() / US_PER_S, cursor);
                BUFFER_LITERAL(body, ",\"nextCursor\":\"");
                buffer_puts(body, cursor);
                buffer_putc(body, '"');
        }
        BUFFER_LITERAL(body, ",\"Resources\":[");
        buffer_put(body, list->into->data, list->into->length);
        BUFFER_LITERAL(body, "]}");
        return buffer_check(body, &list->scim->fault);
}

static enum handled answer(struct scim *scim, const struct search *search)
{
        auto_buffer resources = { 0 };
        struct list list = { .scim = scim, .search = *search, .into = &resources };
        enum err e = prepare_parts(&list);
        if (!e)
                e = check_order(&list);
        if (!e)
                e = read_cursor(&list);
        if (!e)
                e = fill(&list);
        if (!e)
                e = buffer_check(&resources, &scim->fault);
        if (!e)
                e = reply(&list);
        if (e)
                return scim_refuse(scim, e);
        reply_json(scim->request, 200, SCIM_MEDIA_TYPE);
        scim_note_leniencies(scim);
        return HANDLED;
}

enum handled scim_list(struct request *request)
{
        struct scim scim;
        struct search search;
        enum err e = scim_begin(&scim, request);
        if (!e)
                e = search_of_query(&scim, &search);
        if (!e && (search.filter || search.sort_by || search.attributes || search.excluded))
                e = scim_profile(&scim);
        return e ? scim_refuse(&scim, e) : answer(&scim, &search);
}

enum handled scim_search(struct request *request)
{
        struct scim scim;
        struct search search;
        json_auto_t *body = NULL;
        enum err e = scim_open(&scim, request);
        if (!e && request->param_count)
                e = scim_enter(&scim, request->params[0]);
        if (!e)
                e = scim_profile(&scim);
        if (!e)
                e = scim_body(&scim, NULL, &body);
        if (!e)
                e = search_of_body(&scim, body, &search);
        return e ? scim_refuse(&scim, e) : answer(&scim, &search);
}
