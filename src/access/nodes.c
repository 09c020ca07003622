/* SPDX-License-Identifier: Apache-2.0
 *
 * Nodes with what hangs on one node alone: names, credentials, claims. */
#include <string.h>
#include "access/graph.h"
#include "base/text.h"

/* Kinds that questions find by name. */
static bool has_name(int kind)
{
        return kind == KIND_USER || kind == KIND_IDENTITY || kind == KIND_PROJECT || kind == KIND_ORGANIZATION || kind == KIND_ROLE;
}

static int64_t name_holder(int kind, int64_t org_no)
{
        return kind == KIND_USER ? 0 : org_no;
}

static uint32_t hash_name(const struct graph *graph, int kind, int64_t org_no, const char *name, size_t length)
{
        return seed_hash(&graph->seed, (uint64_t)name_holder(kind, org_no) << 8 | (unsigned)kind, name, length);
}

uint32_t graph_find_name(const struct graph *graph, enum resource_kind kind, int64_t org_no, const char *name, size_t length)
{
        uint32_t at, hash = hash_name(graph, kind, org_no, name, length);
        for (uint32_t i = table_first(&graph->by_name, hash, &at); i != NONE; i = table_next(&graph->by_name, hash, &at)) {
                const struct node *node = graph_node(graph, i);
                size_t found_length;
                const char *found = pool_text(&graph->texts, node->name, &found_length);
                if (node->kind == kind && name_holder(kind, node->org_no) == name_holder(kind, org_no) && found_length == length &&
                        !memcmp(found, name, length))
                        return i;
        }
        return NONE;
}

static uint32_t hash_of_name(const struct graph *graph, const struct node *node)
{
        size_t length;
        const char *name = pool_text(&graph->texts, node->name, &length);
        return hash_name(graph, node->kind, node->org_no, name, length);
}

static void forget_name(struct graph *graph, uint32_t index)
{
        struct node *node = graph_node(graph, index);
        if (node->name == NONE)
                return;
        table_remove(&graph->by_name, hash_of_name(graph, node), index);
        pool_drop(&graph->texts, node->name);
        node->name = NONE;
}

/* Name and organisation together, for the one is looked up within the other. */
static enum err put_name(struct graph *graph, uint32_t index, const char *name, int64_t org_no)
{
        struct node *node = graph_node(graph, index);
        size_t old_length, length = has_name(node->kind) && name ? strlen(name) : 0;
        const char *old = pool_text(&graph->texts, node->name, &old_length);
        if (node->org_no == org_no && old_length == length && (!length || !memcmp(old, name, length)))
                return ERR_OK;
        forget_name(graph, index);
        node->org_no = org_no;
        enum err e = pool_add(&graph->texts, name, length, &node->name);
        if (e || !length)
                return e;
        return table_add(&graph->by_name, hash_of_name(graph, node), index) ? ERR_OK : ERR_MEMORY;
}

static enum err add_node(struct graph *graph, const struct effect *effect, uint32_t *ret)
{
        unsigned char id[ID_SIZE];
        if (!graph_id_parse(effect->text, id))
                return ERR_NOT_FOUND;
        uint32_t index = slab_take(&graph->nodes);
        if (index == NONE)
                return ERR_MEMORY;
        struct node *node = graph_node(graph, index);
        *node = (struct node){
                .no = effect->no,
                .kind = (uint8_t)effect->resource_kind,
                .name = NONE,
                .parent_edges = NONE,
                .child_edges = NONE,
                .principal_grants = NONE,
                .scope_grants = NONE,
                .credentials = NONE,
                .claims = NONE,
        };
        memcpy(node->id, id, ID_SIZE);
        if (!table_add(&graph->by_no, seed_hash_number(&graph->seed, (uint64_t)node->no, 0), index) ||
                !table_add(&graph->by_id, seed_hash(&graph->seed, 0, id, ID_SIZE), index))
                return ERR_MEMORY;
        *ret = index;
        return ERR_OK;
}

enum err graph_put_node(struct graph *graph, const struct effect *effect)
{
        uint32_t index = graph_find_no(graph, effect->no);
        if (index == NONE) {
                enum err e = add_node(graph, effect, &index);
                if (e)
                        return e;
        }
        struct node *node = graph_node(graph, index);
        if (node->kind != effect->resource_kind)
                return ERR_NOT_FOUND;
        node->active = effect->active;
        if (node->kind == KIND_ORGANIZATION && effect->other_no == effect->no)
                graph->root = index;
        return put_name(graph, index, effect->name, effect->other_no);
}

void graph_remove_node(struct graph *graph, uint32_t index)
{
        struct node *node = graph_node(graph, index);
        while (node->parent_edges != NONE)
                graph_remove_edge(graph, node->parent_edges);
        while (node->child_edges != NONE)
                graph_remove_edge(graph, node->child_edges);
        while (node->principal_grants != NONE)
                graph_remove_grant(graph, node->principal_grants);
        while (node->scope_grants != NONE)
                graph_remove_grant(graph, node->scope_grants);
        while (node->credentials != NONE)
                graph_remove_credential(graph, node->credentials);
        while (node->claims != NONE)
                graph_remove_claim(graph, node->claims);
        forget_name(graph, index);
        table_remove(&graph->by_no, seed_hash_number(&graph->seed, (uint64_t)node->no, 0), index);
        table_remove(&graph->by_id, seed_hash(&graph->seed, 0, node->id, ID_SIZE), index);
        if (graph->root == index)
                graph->root = NONE;
        slab_give(&graph->nodes, index);
}

/* The hash is one already: its first bytes serve, and nobody can choose them who does not know the token. */
static uint32_t hash_of_hash(const struct graph *graph, const unsigned char hash[HASH_SIZE])
{
        uint64_t first;
        memcpy(&first, hash, sizeof first);
        return seed_hash_number(&graph->seed, first, 0);
}

static struct credential *credential_at(const struct graph *graph, uint32_t credential)
{
        return slab_at(&graph->credentials, credential);
}

uint32_t graph_find_hash(const struct graph *graph, const unsigned char hash[HASH_SIZE])
{
        uint32_t at, sum = hash_of_hash(graph, hash);
        for (uint32_t i = table_first(&graph->credential_by_hash, sum, &at); i != NONE;
                i = table_next(&graph->credential_by_hash, sum, &at))
                if (text_equal_constant_time(credential_at(graph, i)->hash, hash, HASH_SIZE))
                        return i;
        return NONE;
}

uint32_t graph_find_credential(const struct graph *graph, int64_t no)
{
        uint32_t at, hash = seed_hash_number(&graph->seed, (uint64_t)no, 0);
        for (uint32_t i = table_first(&graph->credential_by_no, hash, &at); i != NONE; i = table_next(&graph->credential_by_no, hash, &at))
                if (credential_at(graph, i)->no == no)
                        return i;
        return NONE;
}

enum err graph_put_credential(struct graph *graph, const struct effect *effect, uint32_t owner)
{
        uint32_t index = graph_find_credential(graph, effect->no);
        if (index != NONE)
                graph_remove_credential(graph, index);
        index = slab_take(&graph->credentials);
        if (index == NONE)
                return ERR_MEMORY;
        struct credential *credential = credential_at(graph, index);
        credential->no = effect->no;
        credential->expires_us = effect->until_us;
        credential->scopes = effect->scopes;
        credential->kind = (uint32_t)effect->token_kind;
        credential->owner = owner;
        credential->owner_next = graph_node(graph, owner)->credentials;
        memcpy(credential->hash, effect->hash, HASH_SIZE);
        graph_node(graph, owner)->credentials = index;
        bool added = table_add(&graph->credential_by_no, seed_hash_number(&graph->seed, (uint64_t)effect->no, 0), index) &&
                     table_add(&graph->credential_by_hash, hash_of_hash(graph, effect->hash), index);
        return added ? ERR_OK : ERR_MEMORY;
}

void graph_remove_credential(struct graph *graph, uint32_t index)
{
        struct credential *credential = credential_at(graph, index);
        uint32_t *at = &graph_node(graph, credential->owner)->credentials;
        while (*at != index)
                at = &credential_at(graph, *at)->owner_next;
        *at = credential->owner_next;
        table_remove(&graph->credential_by_no, seed_hash_number(&graph->seed, (uint64_t)credential->no, 0), index);
        table_remove(&graph->credential_by_hash, hash_of_hash(graph, credential->hash), index);
        slab_give(&graph->credentials, index);
}

static struct claim *claim_at(const struct graph *graph, uint32_t claim)
{
        return slab_at(&graph->claims, claim);
}

static uint32_t hash_external(const struct graph *graph, int64_t connection_no, const char *external, size_t length)
{
        return seed_hash(&graph->seed, (uint64_t)connection_no, external, length);
}

uint32_t graph_find_external(const struct graph *graph, int64_t connection_no, const char *external, size_t length)
{
        if (!length)
                return NONE;
        uint32_t at, hash = hash_external(graph, connection_no, external, length);
        for (uint32_t i = table_first(&graph->claim_by_external, hash, &at); i != NONE;
                i = table_next(&graph->claim_by_external, hash, &at)) {
                const struct claim *claim = claim_at(graph, i);
                size_t found_length;
                const char *found = pool_text(&graph->texts, claim->external, &found_length);
                if (claim->connection_no == connection_no && found_length == length && !memcmp(found, external, length))
                        return claim->node;
        }
        return NONE;
}

uint32_t graph_find_claim(const struct graph *graph, int64_t connection_no, uint32_t node)
{
        uint32_t i = graph_node(graph, node)->claims;
        while (i != NONE && claim_at(graph, i)->connection_no != connection_no)
                i = claim_at(graph, i)->node_next;
        return i;
}

enum err graph_put_claim(struct graph *graph, const struct effect *effect, uint32_t node)
{
        const char *external = effect->text ? effect->text : "";
        size_t length = strlen(external), old_length;
        uint32_t index = graph_find_claim(graph, effect->other_no, node);
        if (index != NONE) {
                const char *old = pool_text(&graph->texts, claim_at(graph, index)->external, &old_length);
                if (old_length == length && !memcmp(old, external, length))
                        return ERR_OK;
                graph_remove_claim(graph, index);
        }
        index = slab_take(&graph->claims);
        if (index == NONE)
                return ERR_MEMORY;
        struct claim *claim = claim_at(graph, index);
        *claim = (struct claim){ .connection_no = effect->other_no, .node = node, .external = NONE, .is_live = 1 };
        claim->node_next = graph_node(graph, node)->claims;
        graph_node(graph, node)->claims = index;
        enum err e = pool_add(&graph->texts, external, length, &claim->external);
        if (e || !length)
                return e;
        return table_add(&graph->claim_by_external, hash_external(graph, claim->connection_no, external, length), index) ? ERR_OK
                                                                                                                         : ERR_MEMORY;
}

void graph_remove_claim(struct graph *graph, uint32_t index)
{
        struct claim *claim = claim_at(graph, index);
        uint32_t *at = &graph_node(graph, claim->node)->claims;
        while (*at != index)
                at = &claim_at(graph, *at)->node_next;
        *at = claim->node_next;
        size_t length;
        const char *external = pool_text(&graph->texts, claim->external, &length);
        if (length)
                table_remove(&graph->claim_by_external, hash_external(graph, claim->connection_no, external, length), index);
        pool_drop(&graph->texts, claim->external);
        slab_give(&graph->claims, index);
}
