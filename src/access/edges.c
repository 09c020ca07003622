/* SPDX-License-Identifier: Apache-2.0
 *
 * Records that tie two nodes: memberships and grants. Each stands in the chains of both its ends, so that either end takes it along when
 * it goes. */
#include <string.h>
#include "access/graph.h"

static struct edge *edge_at(const struct graph *graph, uint32_t edge)
{
        return slab_at(&graph->edges, edge);
}

uint32_t graph_find_edge(const struct graph *graph, uint32_t container, uint32_t member)
{
        uint32_t at, hash = seed_hash_number(&graph->seed, container, member);
        for (uint32_t i = table_first(&graph->by_edge, hash, &at); i != NONE; i = table_next(&graph->by_edge, hash, &at))
                if (edge_at(graph, i)->container == container && edge_at(graph, i)->member == member)
                        return i;
        return NONE;
}

enum err graph_add_edge(struct graph *graph, uint32_t container, uint32_t member)
{
        uint32_t index = slab_take(&graph->edges);
        if (index == NONE)
                return ERR_MEMORY;
        uint32_t *parents = &graph_node(graph, member)->parent_edges, *children = &graph_node(graph, container)->child_edges;
        *edge_at(graph, index) = (struct edge){
                .container = container,
                .member = member,
                .parent_next = *parents,
                .parent_previous = NONE,
                .child_next = *children,
                .child_previous = NONE,
        };
        if (*parents != NONE)
                edge_at(graph, *parents)->parent_previous = index;
        if (*children != NONE)
                edge_at(graph, *children)->child_previous = index;
        *parents = *children = index;
        return table_add(&graph->by_edge, seed_hash_number(&graph->seed, container, member), index) ? ERR_OK : ERR_MEMORY;
}

void graph_remove_edge(struct graph *graph, uint32_t index)
{
        struct edge *edge = edge_at(graph, index);
        if (edge->parent_previous == NONE)
                graph_node(graph, edge->member)->parent_edges = edge->parent_next;
        else
                edge_at(graph, edge->parent_previous)->parent_next = edge->parent_next;
        if (edge->parent_next != NONE)
                edge_at(graph, edge->parent_next)->parent_previous = edge->parent_previous;
        if (edge->child_previous == NONE)
                graph_node(graph, edge->container)->child_edges = edge->child_next;
        else
                edge_at(graph, edge->child_previous)->child_next = edge->child_next;
        if (edge->child_next != NONE)
                edge_at(graph, edge->child_next)->child_previous = edge->child_previous;
        table_remove(&graph->by_edge, seed_hash_number(&graph->seed, edge->container, edge->member), index);
        slab_give(&graph->edges, index);
}

static uint32_t hash_pair(const struct graph *graph, uint32_t principal, uint32_t scope)
{
        return seed_hash_number(&graph->seed, principal, scope);
}

uint32_t graph_find_pair(const struct graph *graph, uint32_t principal, uint32_t scope)
{
        uint32_t at, hash = hash_pair(graph, principal, scope);
        for (uint32_t i = table_first(&graph->by_pair, hash, &at); i != NONE; i = table_next(&graph->by_pair, hash, &at))
                if (graph_grant(graph, i)->principal == principal && graph_grant(graph, i)->scope == scope)
                        return i;
        return NONE;
}

uint32_t graph_find_grant(const struct graph *graph, int64_t no)
{
        uint32_t at, hash = seed_hash_number(&graph->seed, (uint64_t)no, 0);
        for (uint32_t i = table_first(&graph->grant_by_no, hash, &at); i != NONE; i = table_next(&graph->grant_by_no, hash, &at))
                if (graph_grant(graph, i)->no == no)
                        return i;
        return NONE;
}

/* The table holds the first of a pair; the others follow it. */
static bool pair_add(struct graph *graph, uint32_t index)
{
        struct grant *grant = graph_grant(graph, index);
        uint32_t first = graph_find_pair(graph, grant->principal, grant->scope);
        if (first == NONE) {
                grant->pair_next = NONE;
                return table_add(&graph->by_pair, hash_pair(graph, grant->principal, grant->scope), index);
        }
        grant->pair_next = graph_grant(graph, first)->pair_next;
        graph_grant(graph, first)->pair_next = index;
        return true;
}

static void pair_remove(struct graph *graph, uint32_t index)
{
        const struct grant *grant = graph_grant(graph, index);
        uint32_t hash = hash_pair(graph, grant->principal, grant->scope);
        uint32_t before = graph_find_pair(graph, grant->principal, grant->scope);
        if (before == index) {
                if (grant->pair_next == NONE)
                        table_remove(&graph->by_pair, hash, index);
                else
                        table_replace(&graph->by_pair, hash, index, grant->pair_next);
                return;
        }
        while (graph_grant(graph, before)->pair_next != index)
                before = graph_grant(graph, before)->pair_next;
        graph_grant(graph, before)->pair_next = grant->pair_next;
}

enum err graph_add_grant(struct graph *graph, const struct grant *made)
{
        uint32_t index = slab_take(&graph->grants);
        if (index == NONE)
                return ERR_MEMORY;
        struct grant *grant = graph_grant(graph, index);
        *grant = *made;
        uint32_t *of_scope = &graph_node(graph, grant->scope)->scope_grants;
        uint32_t *of_principal = &graph_node(graph, grant->principal)->principal_grants;
        grant->scope_next = *of_scope;
        grant->principal_next = *of_principal;
        grant->scope_previous = grant->principal_previous = NONE;
        if (*of_scope != NONE)
                graph_grant(graph, *of_scope)->scope_previous = index;
        if (*of_principal != NONE)
                graph_grant(graph, *of_principal)->principal_previous = index;
        *of_scope = *of_principal = index;
        bool added =
                pair_add(graph, index) && table_add(&graph->grant_by_no, seed_hash_number(&graph->seed, (uint64_t)grant->no, 0), index);
        return added ? ERR_OK : ERR_MEMORY;
}

void graph_remove_grant(struct graph *graph, uint32_t index)
{
        struct grant *grant = graph_grant(graph, index);
        pair_remove(graph, index);
        if (grant->scope_previous == NONE)
                graph_node(graph, grant->scope)->scope_grants = grant->scope_next;
        else
                graph_grant(graph, grant->scope_previous)->scope_next = grant->scope_next;
        if (grant->scope_next != NONE)
                graph_grant(graph, grant->scope_next)->scope_previous = grant->scope_previous;
        if (grant->principal_previous == NONE)
                graph_node(graph, grant->principal)->principal_grants = grant->principal_next;
        else
                graph_grant(graph, grant->principal_previous)->principal_next = grant->principal_next;
        if (grant->principal_next != NONE)
                graph_grant(graph, grant->principal_next)->principal_previous = grant->principal_previous;
        table_remove(&graph->grant_by_no, seed_hash_number(&graph->seed, (uint64_t)grant->no, 0), index);
        slab_give(&graph->grants, index);
}
