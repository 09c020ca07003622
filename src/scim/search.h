/* SPDX-License-Identifier: Apache-2.0
 *
 * What a list is asked for: the same parameters from the query of a GET and from the body of a POST to .search (RFC 7644 sections 3.4.2
 * and 3.4.3, RFC 9865). */
#ifndef SCIM_SEARCH_H
#define SCIM_SEARCH_H

#include "scim_request.h"

struct search {
        const char *filter, *attributes, *excluded, *sort_by; /* NULL: absent */
        bool descending;
        const char *cursor;   /* NULL: pages go by index; "": the first page */
        int64_t start, count; /* start is 1-based, and of no use with a cursor */
};

enum err search_of_query(struct scim *scim, struct search *ret) MUST_USE;
/* ERR_SYNTAX: no search request. */
enum err search_of_body(struct scim *scim, const json_t *body, struct search *ret) MUST_USE;

#endif
