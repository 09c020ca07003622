/* SPDX-License-Identifier: Apache-2.0
 *
 * The public questions: each takes its slot, finds the graph, asks, and lets go. No SQL, no waiting for anything but a change. Also the
 * one way in for committed changes. */
#include <stdlib.h>
#include <string.h>
#include "access/roots.h"
#include "base/clock.h"

static const struct {
        enum resource_kind owner;
        enum actor_kind actor;
} token_owners[] = {
        [TOKEN_SCIM] = { KIND_CONNECTION, ACTOR_CONNECTION },
        [TOKEN_IDENTITY] = { KIND_IDENTITY, ACTOR_IDENTITY },
};

/* Whom this credential lets in; ACTOR_NOBODY: nobody, now. */
static enum actor_kind credential_admits(const struct graph *graph, const struct credential *credential, int64_t now_us)
{
        const struct node *owner = graph_node(graph, credential->owner);
        if (credential->kind >= sizeof token_owners / sizeof token_owners[0] || !token_owners[credential->kind].owner ||
                token_owners[credential->kind].owner != owner->kind)
                return ACTOR_NOBODY;
        if (credential->expires_us && now_us >= credential->expires_us)
                return ACTOR_NOBODY;
        return graph_is_live(graph, owner) ? token_owners[credential->kind].actor : ACTOR_NOBODY;
}

enum access_found access_authenticate(
        struct access *access, unsigned slot, int64_t root_no, const unsigned char hash[HASH_SIZE], int64_t now_us, struct actor *ret)
{
        enum access_found found;
        struct slot *held = access_lock(access, slot);
        const struct graph *graph = root_graph(access, root_no, &found);
        uint32_t index = graph ? graph_find_hash(graph, hash) : NONE;
        if (graph && index == NONE)
                found = ACCESS_UNKNOWN;
        if (index != NONE) {
                struct credential *credential = slab_at(&graph->credentials, index);
                enum actor_kind kind = credential_admits(graph, credential, now_us);
                if (kind == ACTOR_NOBODY) {
                        found = ACCESS_UNKNOWN;
                } else {
                        const struct node *owner = graph_node(graph, credential->owner);
                        *ret = (struct actor){
                                .kind = kind,
                                .root_no = root_no,
                                .org_no = owner->org_no,
                                .no = owner->no,
                                .credential_no = credential->no,
                                .scopes = credential->scopes,
                                .schemas_revision = graph->schemas_revision,
                        };
                        memcpy(ret->handle, root_find(access, root_no)->handle, HANDLE_SIZE);
                        graph_id_text(owner, ret->id);
                        if (now_us - atomic_load_explicit(&credential->used_us, memory_order_relaxed) > US_PER_S)
                                atomic_store_explicit(&credential->used_us, now_us, memory_order_relaxed);
                }
        }
        access_unlock(held);
        return found;
}

size_t access_take_used(struct access *access, struct access_used *ret, size_t max)
{
        size_t count = 0;
        struct slot *held = access_lock(access, access->slot_count - 1);
        for (uint32_t r = 0; r < access->root_count && count < max; r++) {
                const struct graph *graph = access->roots[r]->graph;
                for (uint32_t i = 0; graph && i < graph->credentials.end && count < max; i++) {
                        struct credential *credential = slab_at(&graph->credentials, i);
                        if (!credential->kind || !atomic_load_explicit(&credential->used_us, memory_order_relaxed))
                                continue;
                        ret[count++] = (struct access_used){
                                .root_no = graph->root_no,
                                .credential_no = credential->no,
                                .used_us = atomic_exchange_explicit(&credential->used_us, 0, memory_order_relaxed),
                        };
                }
        }
        access_unlock(held);
        return count;
}

enum err access_decide(struct access *access, unsigned slot, const struct actor *caller, const struct question *question,
        struct answer *ret, enum access_found *ret_found, struct fault *fault)
{
        enum err e = ERR_OK;
        struct answer answer = { 0 };
        struct slot *held = access_lock(access, slot);
        const struct graph *graph = root_graph(access, caller->root_no, ret_found);
        if (graph) {
                arena_reset(held->arena);
                e = graph_decide(graph, &held->walk, held->arena, caller, question, &answer, fault);
        }
        access_unlock(held);
        if (!e)
                *ret = answer;
        return e;
}

typedef enum err resolver(
        const struct graph *graph, struct walk *walk, uint32_t principal, uint32_t scope, int permission, int64_t at_us, bool *ret);

static enum err resolve_is_in(
        const struct graph *graph, struct walk *walk, uint32_t principal, uint32_t scope, int permission, int64_t at_us, bool *ret)
{
        return graph_is_in(graph, walk, principal, scope, at_us, ret);
}

/* Out of memory looks like a graph that is not loaded: the caller tries again or answers 503, never true. */
static enum access_found ask(struct access *access, unsigned slot, int64_t root_no, int64_t principal_no, int64_t scope_no, int permission,
        int64_t at_us, resolver *resolve, bool *ret)
{
        enum access_found found;
        bool answer = false;
        struct slot *held = access_lock(access, slot);
        const struct graph *graph = root_graph(access, root_no, &found);
        if (graph) {
                uint32_t principal = graph_find_no(graph, principal_no), scope = graph_find_no(graph, scope_no);
                if (principal != NONE && scope != NONE && resolve(graph, &held->walk, principal, scope, permission, at_us, &answer))
                        found = ACCESS_NOT_LOADED;
        }
        access_unlock(held);
        *ret = answer && found == ACCESS_FOUND;
        return found;
}

enum access_found access_holds(struct access *access, unsigned slot, int64_t root_no, int64_t principal_no, int64_t scope_no,
        int permission, int64_t at_us, bool *ret)
{
        return ask(access, slot, root_no, principal_no, scope_no, permission, at_us, graph_holds, ret);
}

enum access_found access_is_in(
        struct access *access, unsigned slot, int64_t root_no, int64_t principal_no, int64_t scope_no, int64_t at_us, bool *ret)
{
        return ask(access, slot, root_no, principal_no, scope_no, 0, at_us, resolve_is_in, ret);
}

enum access_found access_revision(struct access *access, unsigned slot, int64_t root_no, int64_t *ret_epoch, int64_t *ret_revision)
{
        enum access_found found;
        struct slot *held = access_lock(access, slot);
        const struct graph *graph = root_graph(access, root_no, &found);
        if (graph) {
                *ret_epoch = graph->epoch;
                *ret_revision = graph->revision;
        }
        access_unlock(held);
        return found;
}

enum err graph_apply_change(struct graph *graph, int64_t revision, const struct effect *effects, size_t count)
{
        if (revision <= graph->revision)
                return ERR_OK;
        for (size_t i = 0; i < count; i++) {
                enum err e = graph_apply(graph, &effects[i]);
                if (e)
                        return e;
        }
        graph->revision = revision;
        graph_compact(graph);
        return ERR_OK;
}

void access_apply(struct access *access, int64_t root_no, int64_t revision, const struct effect *effects, size_t count)
{
        struct graph *useless = NULL;
        access_lock_all(access);
        struct root *root = root_find(access, root_no);
        if (root && root->pending)
                pending_add(root->pending, revision, effects, count);
        if (root && root->graph && graph_apply_change(root->graph, revision, effects, count)) {
                useless = root->graph;
                root->graph = NULL;
        }
        access_unlock_all(access);
        if (useless)
                atomic_fetch_add(&access->unloads, 1);
        graph_free(useless);
}
