/* SPDX-License-Identifier: Apache-2.0
 *
 * One root, both in an oracle and in a loaded graph, told the same effects. */
#ifndef TESTS_ACCESS_WORLD_H
#define TESTS_ACCESS_WORLD_H

#include "access/oracle.h"
#include "access/roots.h"

#define WORLD_ROOT 7 /* root_no */
#define WORLD_HANDLE "abcdefgh"
#define WORLD_CHANGE_MAX 8 /* effects */

struct world {
        struct oracle oracle;
        struct access *access;
        int64_t next_no, revision;
        struct effect effects[WORLD_CHANGE_MAX]; /* of the change being made */
        char texts[WORLD_CHANGE_MAX][2][64];
        size_t effect_count;
        bool is_applying; /* inside access_apply */
};

struct world *world_new(void); /* a loaded, empty graph; permissions ready */
void world_free(struct world *world);

/* Add one effect to the change; world_commit tells both sides. */
void world_resource(struct world *world, int64_t no, enum resource_kind kind, int64_t org_no, bool active, const char *name);
void world_gone(struct world *world, int64_t no);
void world_member(struct world *world, int64_t container_no, int64_t member_no, bool stands);
void world_grant(struct world *world, int64_t no, int64_t principal_no, int64_t scope_no, int64_t role_no, const char *privilege,
        int64_t from_us, int64_t until_us);
void world_credential(struct world *world, int64_t no, int64_t owner_no, int token_kind, int64_t expires_us);
void world_credential_gone(struct world *world, int64_t no);
void world_claim(struct world *world, int64_t connection_no, int64_t no, const char *external, bool stands);
void world_commit(struct world *world);

/* Made and told at once; the new number. org_no 0: a root organisation. */
int64_t world_add(struct world *world, enum resource_kind kind, int64_t org_no, const char *name);
int64_t world_give(struct world *world, int64_t principal_no, int64_t scope_no, const char *role); /* slug at the scope's level */
void world_join(struct world *world, int64_t group_no, int64_t member_no);
void world_switch(struct world *world, int64_t no, bool active);
/* The id of a number, for ever the same. */
void world_id(int64_t no, char ret[UUID_TEXT_SIZE]);
void world_hash(int64_t no, unsigned char ret[HASH_SIZE]);
bool world_is_loaded(struct world *world);
size_t world_bytes(struct world *world);

#endif
