/* SPDX-License-Identifier: Apache-2.0
 *
 * Sorted lists: of each candidate only its key and number are kept, at most CANDIDATES_MAX of them; the rows of the page are read again.
 * Equal keys stand in the order of making, ascending and descending alike, so that every order is total and stable. */
#include <stdlib.h>
#include <string.h>
#include "list.h"

struct candidate {
        const unsigned char *key;
        uint32_t key_length;
        unsigned part;
        int64_t no;
};

struct sorting {
        struct list *list;
        const struct part *part;
        unsigned index;
        struct candidate *candidates;
        size_t count, room;
};

static enum err out_of_memory(struct sorting *sorting)
{
        return fault_set(&sorting->list->scim->fault, ERR_MEMORY, "", "out of memory");
}

static enum err add(struct sorting *sorting, int64_t no, const struct sort_key *key)
{
        struct scim *scim = sorting->list->scim;
        if (sorting->count == CANDIDATES_MAX)
                return fault_set(&scim->fault, ERR_TOO_MANY, "sortBy",
                        "more than %d resources would have to be sorted; narrow them by a filter, or go on by cursor without sortBy",
                        CANDIDATES_MAX);
        if (sorting->count == sorting->room) {
                size_t room = sorting->room ? sorting->room * 2 : 64;
                struct candidate *bigger = arena_zero(scim->request->arena, room, sizeof(*bigger));
                if (!bigger)
                        return out_of_memory(sorting);
                if (sorting->count)
                        memcpy(bigger, sorting->candidates, sorting->count * sizeof(*bigger));
                sorting->candidates = bigger;
                sorting->room = room;
        }
        const unsigned char *kept = arena_copy(scim->request->arena, key->bytes, key->length);
        if (!kept)
                return out_of_memory(sorting);
        sorting->candidates[sorting->count++] = (struct candidate){ kept, (uint32_t)key->length, sorting->index, no };
        return ERR_OK;
}

static enum err each_candidate(void *context, const struct claimed_row *row, struct fault *fault)
{
        struct sorting *sorting = context;
        const struct part *part = sorting->part;
        struct arena *arena = sorting->list->scim->request->arena;
        json_auto_t *resource = NULL;
        struct sort_key key;
        enum err e = list_resource(sorting->list, part, row, &resource);
        if (e || (!row->adoptable && !list_matches(sorting->list, part, resource)))
                return e;
        e = sort_key_of(part->sorts ? &part->sort : NULL, resource, arena, &key, fault);
        return e ? e : add(sorting, row->resource.no, &key);
}

static int compare(const void *left, const void *right, void *context)
{
        const struct candidate *l = left, *r = right;
        const struct list *list = context;
        int order = sort_key_compare(l->key, l->key_length, r->key, r->key_length);
        if (order)
                return list->search.descending ? -order : order;
        if (l->part != r->part)
                return l->part > r->part ? 1 : -1;
        return (l->no > r->no) - (l->no < r->no);
}

/* The first candidate of the page. */
static size_t page_start(const struct sorting *sorting)
{
        struct list *list = sorting->list;
        if (!list->search.cursor)
                return (size_t)(list->search.start - 1);
        if (!list->from.key.length)
                return 0;
        const struct candidate from = { list->from.key.bytes, (uint32_t)list->from.key.length, list->from.part, list->from.no };
        size_t i = 0;
        while (i < sorting->count && compare(&sorting->candidates[i], &from, list) <= 0)
                i++;
        return i;
}

static enum err show_page(const struct sorting *sorting)
{
        struct list *list = sorting->list;
        size_t i = page_start(sorting), end = i + (size_t)list->search.count;
        for (; i < sorting->count && i < end; i++) {
                const struct candidate *candidate = &sorting->candidates[i];
                const struct part *part = list_enter(list, candidate->part);
                struct claimed_row row;
                enum err e = query_claimed_no(&list->scim->query, part->type, candidate->no, &row, &list->scim->fault);
                if (e == ERR_NOT_FOUND)
                        e = adoption_by_no(&list->scim->query, part->type, candidate->no, &row, &list->scim->fault);
                if (!e)
                        e = list_show(list, &row);
                if (e && e != ERR_NOT_FOUND) /* gone since the candidates were read */
                        return e;
                list->last = (struct position){ .part = candidate->part, .no = candidate->no, .key.length = candidate->key_length };
                memcpy(list->last.key.bytes, candidate->key, candidate->key_length);
        }
        list->more = i < sorting->count;
        return ERR_OK;
}

enum err list_fill_sorted(struct list *list)
{
        struct scim *scim = list->scim;
        struct sorting sorting = { .list = list };
        for (unsigned i = 0; i < list->part_count; i++) {
                sorting.index = i;
                sorting.part = list_enter(list, i);
                enum err e =
                        query_candidates(&scim->query, sorting.part->type, sorting.part->filter, each_candidate, &sorting, &scim->fault);
                if (e)
                        return e;
        }
        if (sorting.count)
                qsort_r(sorting.candidates, sorting.count, sizeof(*sorting.candidates), compare, list);
        list->total = (int64_t)sorting.count;
        return show_page(&sorting);
}
