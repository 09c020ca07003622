/* SPDX-License-Identifier: Apache-2.0
 *
 * See bare.h. */
#include "access/bare.h"

struct graph *bare_new(void)
{
        struct fault fault;
        assert_int_equal(permission_init(&fault), ERR_OK);
        struct graph *graph = graph_new(WORLD_ROOT, 1, 0);
        assert_non_null(graph);
        return graph;
}

void bare_hash(int64_t credential_no, unsigned char ret[HASH_SIZE])
{
        memset(ret, 0xa5, HASH_SIZE);
        memcpy(ret, &credential_no, sizeof credential_no);
}

enum err bare_put(struct graph *graph, int64_t no, enum resource_kind kind, int64_t org_no, bool active, const char *name)
{
        char id[UUID_TEXT_SIZE];
        world_id(no, id);
        const struct effect effect = {
                .kind = EFFECT_RESOURCE,
                .no = no,
                .other_no = org_no,
                .resource_kind = kind,
                .active = active,
                .text = id,
                .name = name,
        };
        return graph_apply(graph, &effect);
}

enum err bare_gone(struct graph *graph, int64_t no)
{
        return graph_apply(graph, &(struct effect){ .kind = EFFECT_GONE, .no = no });
}

enum err bare_member(struct graph *graph, int64_t container_no, int64_t member_no, bool stands)
{
        return graph_apply(graph, &(struct effect){ .kind = EFFECT_MEMBER, .no = container_no, .other_no = member_no, .active = stands });
}

enum err bare_credential(struct graph *graph, int64_t no, int64_t owner_no)
{
        struct effect effect = { .kind = EFFECT_CREDENTIAL, .no = no, .other_no = owner_no, .token_kind = TOKEN_IDENTITY };
        bare_hash(no, effect.hash);
        return graph_apply(graph, &effect);
}

enum err bare_claim(struct graph *graph, int64_t connection_no, int64_t no, const char *external, bool stands)
{
        return graph_apply(
                graph, &(struct effect){ .kind = EFFECT_CLAIM, .no = no, .other_no = connection_no, .text = external, .active = stands });
}

enum err bare_grant(struct graph *graph, int64_t no, int64_t principal_no, int64_t scope_no, int64_t role_no, const char *privilege)
{
        const struct effect effect = {
                .kind = EFFECT_GRANT,
                .no = no,
                .other_no = principal_no,
                .scope_no = scope_no,
                .role_no = role_no,
                .text = privilege,
        };
        return graph_apply(graph, &effect);
}

uint32_t bare_add(struct graph *graph, int64_t no, enum resource_kind kind, int64_t org_no, const char *name)
{
        assert_int_equal(bare_put(graph, no, kind, org_no, true, name), ERR_OK);
        uint32_t index = graph_find_no(graph, no);
        assert_true(index != NONE);
        return index;
}

void bare_join(struct graph *graph, int64_t container_no, int64_t member_no)
{
        assert_int_equal(bare_member(graph, container_no, member_no, true), ERR_OK);
}

int64_t bare_role(enum permission_level level, const char *slug)
{
        const struct builtin_role *role = builtin_role_find(level, slug);
        assert_non_null(role);
        return role->no;
}
