/* SPDX-License-Identifier: Apache-2.0
 *
 * Thousands of rows at once, past the write path: made one by one they would take PostgreSQL half a minute. And many roots. */
#ifndef TESTS_DIRECTORY_MANY_H
#define TESTS_DIRECTORY_MANY_H

#include "directory/house.h"

/* Live rows like this one, and like its claim of the connection that made it; returns the number of the first, the others follow. */
int64_t many_made(struct house *house, const struct actor *maker, const char *id, enum resource_kind kind, int count);
const char *many_id(struct house *house, int64_t no);
/* As many more like this grant, to the same principal. */
void many_granted(struct house *house, const char *grant, int count);
/* Edges of a source from first, first + 1, … The ends are SQL, "n.no" for these numbers. The graph does not know of them until a restart. */
void many_tied(struct house *house, int64_t source_no, int64_t first, int count, const char *group, const char *member);

/* More roots, made by init; the actors are their first machine identities. To act in one, put its actor in the place of house->admin.
 * house_check looks at the first root alone. */
void many_roots(struct house *house, struct actor *ret, size_t count);

#endif
