/* SPDX-License-Identifier: Apache-2.0
 *
 * May this principal? The one resolver: anything disabled refuses, deny beats allow, time windows count at the instant of the check,
 * default refuse. Groups may be nested: the closure is computed by walking up, each group once, never deeper than GROUP_DEPTH_MAX. */
#include <stdlib.h>
#include <string.h>
#include "access/graph.h"
#include "store/rows.h"

static bool organization_is_live(const struct graph *graph, int64_t org_no)
{
        if (graph->root == NONE || !graph_node(graph, graph->root)->active)
                return false;
        if (graph_node(graph, graph->root)->no == org_no)
                return true;
        uint32_t organization = graph_find_no(graph, org_no);
        return organization != NONE && graph_node(graph, organization)->kind == KIND_ORGANIZATION &&
               graph_node(graph, organization)->active;
}

bool graph_is_live(const struct graph *graph, const struct node *node)
{
        return node->active && organization_is_live(graph, node->org_no);
}

void walk_done(struct walk *walk)
{
        free(walk->nodes);
        free(walk->marks);
        *walk = (struct walk){ 0 };
}

static bool walk_grow(struct walk *walk)
{
        uint32_t capacity = walk->capacity ? 2 * walk->capacity : 64;
        uint32_t *nodes = realloc(walk->nodes, capacity * sizeof *nodes);
        if (nodes)
                walk->nodes = nodes;
        uint64_t *marks = nodes ? calloc(4 * (size_t)capacity, sizeof *marks) : NULL;
        if (!marks)
                return false;
        free(walk->marks);
        walk->marks = marks;
        walk->capacity = capacity;
        walk->mark_capacity = 4 * capacity;
        walk->run = 1;
        for (uint32_t i = 0; i < walk->count; i++) {
                uint32_t at = walk->nodes[i] * 2654435761u & (walk->mark_capacity - 1);
                while (marks[at])
                        at = (at + 1) & (walk->mark_capacity - 1);
                marks[at] = (uint64_t)1 << 32 | walk->nodes[i];
        }
        return true;
}

static void walk_begin(struct walk *walk)
{
        walk->count = 0;
        if (++walk->run == 0) {
                if (walk->marks)
                        memset(walk->marks, 0, walk->mark_capacity * sizeof *walk->marks);
                walk->run = 1;
        }
}

/* Adds a node unless it is in. */
static enum err walk_add(struct walk *walk, uint32_t node)
{
        if (walk->count == walk->capacity && !walk_grow(walk))
                return ERR_MEMORY;
        uint64_t mark = (uint64_t)walk->run << 32 | node;
        uint32_t mask = walk->mark_capacity - 1, at = node * 2654435761u & mask;
        while (walk->marks[at] >> 32 == walk->run) {
                if (walk->marks[at] == mark)
                        return ERR_OK;
                at = (at + 1) & mask;
        }
        walk->marks[at] = mark;
        walk->nodes[walk->count++] = node;
        return ERR_OK;
}

/* Breadth first, so that a group is met on its shortest path. */
enum err graph_walk(const struct graph *graph, uint32_t node, bool live_only, struct walk *walk)
{
        walk_begin(walk);
        enum err e = walk_add(walk, node);
        uint32_t begin = 0;
        for (int depth = 0; depth < GROUP_DEPTH_MAX && begin < walk->count; depth++) {
                uint32_t end = walk->count;
                for (; begin < end && !e; begin++) {
                        const struct edge *edge;
                        for (uint32_t i = graph_node(graph, walk->nodes[begin])->parent_edges; i != NONE && !e; i = edge->parent_next) {
                                edge = slab_at(&graph->edges, i);
                                const struct node *container = graph_node(graph, edge->container);
                                if (container->kind == KIND_GROUP && (!live_only || graph_is_live(graph, container)))
                                        e = walk_add(walk, edge->container);
                        }
                }
                if (e)
                        return e;
        }
        return e;
}

static bool is_in_time(const struct grant *grant, int64_t at_us)
{
        return grant->from_us <= at_us && (!grant->until_us || at_us < grant->until_us);
}

enum says { SAYS_NOTHING, SAYS_ALLOW, SAYS_DENY };

/* Built-in roles only allow; a custom role with deny rules will say SAYS_DENY here. */
static enum says grant_says(const struct grant *grant, int permission)
{
        bool allows = grant->role ? permission_set_has(&grant->role->allow, permission) : grant->permission == permission;
        return allows ? SAYS_ALLOW : SAYS_NOTHING;
}

static bool scope_fits(const struct graph *graph, uint32_t scope, int permission)
{
        enum permission_level level;
        const struct node *node = graph_node(graph, scope);
        if (!permission_name(permission, &level) || !graph_is_live(graph, node))
                return false;
        return node->kind == (level == LEVEL_PROJECT ? KIND_PROJECT : KIND_ORGANIZATION);
}

/* R23: what a user of the root holds in it who was granted no other organisation role. */
static bool default_role_allows(const struct graph *graph, uint32_t principal, uint32_t scope, int permission)
{
        const struct builtin_role *role = graph->default_role;
        return scope == graph->root && graph_node(graph, principal)->kind == KIND_USER && role &&
               permission_set_has(&role->allow, permission);
}

static bool is_principal(const struct node *node)
{
        return node->kind == KIND_USER || node->kind == KIND_IDENTITY || node->kind == KIND_GROUP;
}

enum err graph_holds(
        const struct graph *graph, struct walk *walk, uint32_t principal, uint32_t scope, int permission, int64_t at_us, bool *ret)
{
        *ret = false;
        if (permission < 0 || !scope_fits(graph, scope, permission) || !is_principal(graph_node(graph, principal)) ||
                !graph_is_live(graph, graph_node(graph, principal)))
                return ERR_OK;
        enum err e = graph_walk(graph, principal, true, walk);
        if (e)
                return e;
        bool allowed = false, has_role = false;
        for (uint32_t i = 0; i < walk->count; i++) {
                if (graph_node(graph, walk->nodes[i])->principal_grants == NONE)
                        continue;
                const struct grant *grant;
                for (uint32_t g = graph_find_pair(graph, walk->nodes[i], scope); g != NONE; g = grant->pair_next) {
                        grant = graph_grant(graph, g);
                        if (!grant->active || !is_in_time(grant, at_us))
                                continue;
                        enum says says = grant_says(grant, permission);
                        if (says == SAYS_DENY)
                                return ERR_OK;
                        allowed = allowed || says == SAYS_ALLOW;
                        has_role = has_role || grant->is_role;
                }
        }
        *ret = allowed || (!has_role && default_role_allows(graph, principal, scope, permission));
        return ERR_OK;
}

enum err graph_is_in(const struct graph *graph, struct walk *walk, uint32_t principal, uint32_t scope, int64_t at_us, bool *ret)
{
        *ret = false;
        const struct node *node = graph_node(graph, principal);
        if (!is_principal(node) || !graph_is_live(graph, node) || !graph_is_live(graph, graph_node(graph, scope)))
                return ERR_OK;
        enum err e = graph_walk(graph, principal, true, walk);
        if (e)
                return e;
        bool found = scope == graph->root && node->kind == KIND_USER;
        for (uint32_t i = 0; i < walk->count && !found; i++)
                for (uint32_t g = graph_find_pair(graph, walk->nodes[i], scope); g != NONE && !found; g = graph_grant(graph, g)->pair_next)
                        found = graph_grant(graph, g)->active && is_in_time(graph_grant(graph, g), at_us);
        *ret = found;
        return ERR_OK;
}
