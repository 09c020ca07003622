/* SPDX-License-Identifier: Apache-2.0
 *
 * See world.h. */
#include "access/world.h"

struct world *world_new(void)
{
        struct fault fault;
        struct world *world = calloc(1, sizeof *world);
        assert_int_equal(permission_init(&fault), ERR_OK);
        world->access = access_new(3, 16);
        assert_non_null(world->access);
        assert_int_equal(access_root_add(world->access, WORLD_ROOT, WORLD_HANDLE, "acme", 1, &fault), ERR_OK);
        root_find(world->access, WORLD_ROOT)->graph = graph_new(WORLD_ROOT, 1, 0);
        world->next_no = 1;
        return world;
}

void world_free(struct world *world)
{
        access_free(world->access);
        free(world);
}

void world_id(int64_t no, char ret[UUID_TEXT_SIZE])
{
        (void)snprintf(ret, UUID_TEXT_SIZE, "01930000-abcd-7%03x-8000-%012llx", (unsigned)(no * 37 % 4096), (unsigned long long)no);
}

void world_hash(int64_t no, unsigned char ret[HASH_SIZE])
{
        hash_sha256(&no, sizeof no, ret);
}

static struct effect *effect_add(struct world *world, enum effect_kind kind, int64_t no, int64_t other_no)
{
        assert_true(world->effect_count < WORLD_CHANGE_MAX);
        struct effect *effect = &world->effects[world->effect_count];
        *effect = (struct effect){ .kind = kind, .no = no, .other_no = other_no };
        effect->text = world->texts[world->effect_count][0];
        effect->name = world->texts[world->effect_count++][1];
        *(char *)effect->text = *(char *)effect->name = '\0';
        return effect;
}

void world_resource(struct world *world, int64_t no, enum resource_kind kind, int64_t org_no, bool active, const char *name)
{
        struct effect *effect = effect_add(world, EFFECT_RESOURCE, no, org_no);
        effect->resource_kind = kind;
        effect->active = active;
        world_id(no, (char *)effect->text);
        strcpy((char *)effect->name, name);
}

void world_gone(struct world *world, int64_t no)
{
        effect_add(world, EFFECT_GONE, no, 0);
}

void world_member(struct world *world, int64_t container_no, int64_t member_no, bool stands)
{
        effect_add(world, EFFECT_MEMBER, container_no, member_no)->active = stands;
}

void world_grant(struct world *world, int64_t no, int64_t principal_no, int64_t scope_no, int64_t role_no, const char *privilege,
        int64_t from_us, int64_t until_us)
{
        struct effect *effect = effect_add(world, EFFECT_GRANT, no, principal_no);
        effect->scope_no = scope_no;
        effect->role_no = role_no;
        effect->from_us = from_us;
        effect->until_us = until_us;
        strcpy((char *)effect->text, privilege);
}

void world_credential(struct world *world, int64_t no, int64_t owner_no, int token_kind, int64_t expires_us)
{
        struct effect *effect = effect_add(world, EFFECT_CREDENTIAL, no, owner_no);
        effect->token_kind = token_kind;
        effect->until_us = expires_us;
        effect->scopes = SCOPE_USERS | SCOPE_GROUPS;
        world_hash(no, effect->hash);
}

void world_credential_gone(struct world *world, int64_t no)
{
        effect_add(world, EFFECT_CREDENTIAL_GONE, no, 0);
}

void world_claim(struct world *world, int64_t connection_no, int64_t no, const char *external, bool stands)
{
        struct effect *effect = effect_add(world, EFFECT_CLAIM, no, connection_no);
        effect->active = stands;
        strcpy((char *)effect->text, external);
}

void world_commit(struct world *world)
{
        world->revision++;
        for (size_t i = 0; i < world->effect_count; i++)
                oracle_apply(&world->oracle, &world->effects[i]);
        world->is_applying = true;
        access_apply(world->access, WORLD_ROOT, world->revision, world->effects, world->effect_count);
        world->is_applying = false;
        world->effect_count = 0;
}

int64_t world_add(struct world *world, enum resource_kind kind, int64_t org_no, const char *name)
{
        int64_t no = world->next_no++;
        world_resource(world, no, kind, org_no ? org_no : no, true, name);
        world_commit(world);
        return no;
}

int64_t world_give(struct world *world, int64_t principal_no, int64_t scope_no, const char *role)
{
        int64_t no = world->next_no++;
        bool is_project = oracle_find(&world->oracle, scope_no)->kind == KIND_PROJECT;
        const struct builtin_role *found = builtin_role_find(is_project ? LEVEL_PROJECT : LEVEL_ORGANIZATION, role);
        assert_non_null(found);
        world_grant(world, no, principal_no, scope_no, found->no, "", 0, 0);
        world_commit(world);
        return no;
}

void world_join(struct world *world, int64_t group_no, int64_t member_no)
{
        world_member(world, group_no, member_no, true);
        world_commit(world);
}

void world_switch(struct world *world, int64_t no, bool active)
{
        const struct oracle_resource *resource = oracle_find(&world->oracle, no);
        world_resource(world, no, resource->kind, resource->org_no, active, resource->name);
        world_commit(world);
}

bool world_is_loaded(struct world *world)
{
        int64_t epoch, revision = -1;
        return access_revision(world->access, 0, WORLD_ROOT, &epoch, &revision) == ACCESS_FOUND && revision == world->revision;
}

size_t world_bytes(struct world *world)
{
        return access_counters(world->access).bytes;
}
