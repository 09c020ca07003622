/* SPDX-License-Identifier: Apache-2.0
 *
 * A graph without the roots and locks around it, told effects one by one. Ids are those of world.h. */
#ifndef TESTS_ACCESS_BARE_H
#define TESTS_ACCESS_BARE_H

#include "access/world.h"

struct graph *bare_new(void); /* empty; permissions ready */
void bare_hash(int64_t credential_no, unsigned char ret[HASH_SIZE]); /* needs no memory */

enum err bare_put(struct graph *graph, int64_t no, enum resource_kind kind, int64_t org_no, bool active, const char *name) MUST_USE;
enum err bare_gone(struct graph *graph, int64_t no) MUST_USE;
enum err bare_member(struct graph *graph, int64_t container_no, int64_t member_no, bool stands) MUST_USE;
enum err bare_credential(struct graph *graph, int64_t no, int64_t owner_no) MUST_USE;
enum err bare_claim(struct graph *graph, int64_t connection_no, int64_t no, const char *external, bool stands) MUST_USE;
/* Of all times; role_no 0: the privilege. */
enum err bare_grant(struct graph *graph, int64_t no, int64_t principal_no, int64_t scope_no, int64_t role_no, const char *privilege) MUST_USE;

/* What must work, works; the index of the node. */
uint32_t bare_add(struct graph *graph, int64_t no, enum resource_kind kind, int64_t org_no, const char *name);
void bare_join(struct graph *graph, int64_t container_no, int64_t member_no);
int64_t bare_role(enum permission_level level, const char *slug); /* its number */

#endif
