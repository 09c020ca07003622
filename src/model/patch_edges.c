/* SPDX-License-Identifier: Apache-2.0
 *
 * Operations on an EDGES attribute (Group.members) become a list of edge operations, in order (R14). What does not clearly name members is
 * refused: an operation that names none never means all. */
#include "patch_work.h"

#include <string.h>
#include "base/auto.h"

static enum err note(struct patch_work *work, struct edge_operation operation)
{
        if (work->edge_count == work->edge_capacity) {
                size_t capacity = work->edge_capacity ? 2 * work->edge_capacity : 8;
                struct edge_operation *edges = arena_zero(work->accept.arena, capacity, sizeof(*edges));
                if (!edges)
                        return patch_out_of_memory(work);
                if (work->edge_count > 0)
                        memcpy(edges, work->edges, work->edge_count * sizeof(*edges));
                work->edges = edges;
                work->edge_capacity = capacity;
        }
        work->edges[work->edge_count++] = operation;
        return ERR_OK;
}

/* A list that patch_read took is as document_accept_edges would give it. */
static enum err list_of(struct patch_work *work, const struct patch_step *step, struct edge_list *ret)
{
        for (size_t i = 0; i < work->lists.count; i++) {
                const struct patch_list *taken = &work->lists.list[i];
                if (taken->stand_in == step->value) {
                        *ret = (struct edge_list){ .given = true, .values = taken->values, .count = taken->count };
                        return ERR_OK;
                }
        }
        return document_accept_edges(&work->accept, step->path.attribute, step->value, ret, work->fault);
}

/* Adding or removing nobody is nothing; replacing by nobody empties. */
static enum err note_values(struct patch_work *work, const struct patch_step *step, enum edge_verb verb)
{
        struct edge_list list = { 0 };
        enum err e = list_of(work, step, &list);
        if (e)
                return e;
        if (list.count == 0 && verb != EDGE_REPLACE_ALL)
                return ERR_OK;
        return note(work, (struct edge_operation){ .verb = verb, .values = list.values, .kinds = list.kinds, .count = list.count });
}

/* `value eq "a" or value eq "b"`: how many ids that names; 0 when it is anything else. Puts them into `values` unless NULL. */
static size_t listed_values(const struct filter *filter, const char **values)
{
        if (filter->kind == FILTER_OR) {
                size_t left = listed_values(filter->left, values);
                size_t right = left > 0 ? listed_values(filter->right, values ? values + left : NULL) : 0;
                return right > 0 ? left + right : 0;
        }
        bool is_value = filter->kind == FILTER_EQ && filter->path.attribute && strcmp(filter->path.attribute->name, "value") == 0;
        if (!is_value || filter->value.kind != FILTER_TEXT || filter->value.text_length != strlen(filter->value.text))
                return 0;
        if (values)
                values[0] = filter->value.text;
        return 1;
}

static enum err note_matching(struct patch_work *work, const struct filter *filter)
{
        size_t count = listed_values(filter, NULL);
        if (count == 0)
                return note(work, (struct edge_operation){ .verb = EDGE_REMOVE_MATCHING, .filter = filter });
        const char **values = arena_zero(work->accept.arena, count, sizeof(*values));
        if (!values)
                return patch_out_of_memory(work);
        (void)listed_values(filter, values);
        return note(work, (struct edge_operation){ .verb = EDGE_REMOVE, .values = values, .count = count });
}

enum err patch_edges(struct patch_work *work, const struct patch_step *step)
{
        const struct path *path = &step->path;
        if (path->sub || (path->filter && step->verb != PATCH_REMOVE))
                return fault_set(
                        work->fault, ERR_MUTABILITY, NULL, "Elements of %s are added and removed, never changed.", path->attribute->name);
        if (step->verb == PATCH_ADD)
                return note_values(work, step, EDGE_ADD);
        if (step->verb == PATCH_REPLACE)
                return note_values(work, step, EDGE_REPLACE_ALL);
        if (step->value && !leniency_use(work->accept.leniency, LENIENT_REMOVE_VALUE))
                return fault_set(work->fault, ERR_SYNTAX, NULL, "remove takes no value; select the elements in the path.");
        if (path->filter)
                return note_matching(work, path->filter);
        if (step->value)
                return note_values(work, step, EDGE_REMOVE);
        return note(work, (struct edge_operation){ .verb = EDGE_REMOVE_ALL });
}
