/* SPDX-License-Identifier: Apache-2.0
 *
 * One list in the making: the types it goes over, in order, and what has been shown so far. */
#ifndef SCIM_LIST_H
#define SCIM_LIST_H

#include "cursor.h"
#include "model/declaration.h"
#include "model/sort.h"
#include "search.h"

#define PARTS_MAX (2 + DECLARED_TYPES_MAX) /* /.search goes over users, groups and what the root declares */
#define TOTAL_UNKNOWN (-1)

struct part {
        const struct resource_type *type;
        const struct selection *selection;
        const struct filter *filter; /* NULL: all */
        const struct filter *sought; /* all that the filter says of members, that one id is among them; NULL: it says more, or nothing */
        enum exactness exactness;    /* does the index alone decide the filter? */
        bool narrow;                 /* it leaves few candidates */
        bool sorts;                  /* false: nothing of this type can be sorted by that */
        struct path sort;
};

struct list {
        struct scim *scim;
        struct search search;
        struct part parts[PARTS_MAX];
        unsigned part_count;
        bool sorted;
        struct cursor_binding binding;
        struct position from;      /* with a cursor */
        /* out */
        int64_t total, shown;
        bool more;                 /* with a cursor: rows are left behind `last` */
        struct position last;
        struct buffer *into;
};

/* Makes a part the type in hand. */
const struct part *list_enter(struct list *list, unsigned part);
enum err list_show(struct list *list, const struct claimed_row *row) MUST_USE;
/* The row as JSON, with members or groups where the filter or the order needs them; new reference. */
enum err list_resource(struct list *list, const struct part *part, const struct claimed_row *row, json_t **ret) MUST_USE;
bool list_matches(struct list *list, const struct part *part, const json_t *resource);

/* list_sorted.c: all candidates, sorted; one page of them shown. */
enum err list_fill_sorted(struct list *list) MUST_USE;

#endif
