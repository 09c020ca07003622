/* SPDX-License-Identifier: Apache-2.0
 *
 * The graph as a whole: making, measuring, compacting it, finding nodes, and what one effect of a committed change does to it. */
#include "access/graph.h"

#include <stdlib.h>
#include <string.h>
#include "base/auto.h"
#include "base/text.h"

#define COMPACT_ABOVE_BYTES (1u << 16)

struct graph *graph_new(int64_t root_no, int64_t epoch, int64_t revision)
{
        struct graph *graph = calloc(1, sizeof *graph);
        if (!graph)
                return NULL;
        graph->root_no = root_no;
        graph->epoch = epoch;
        graph->revision = revision;
        graph->root = NONE;
        graph->evaluate = permission_find(LEVEL_ORGANIZATION, "decisions", "evaluate");
        graph->default_role = builtin_role_find(LEVEL_ORGANIZATION, "member"); /* R23 */
        graph->nodes.size_bytes = sizeof(struct node);
        graph->edges.size_bytes = sizeof(struct edge);
        graph->grants.size_bytes = sizeof(struct grant);
        graph->credentials.size_bytes = sizeof(struct credential);
        graph->claims.size_bytes = sizeof(struct claim);
        ident_random(&graph->seed, sizeof graph->seed);
        return graph;
}

void graph_free(struct graph *graph)
{
        if (!graph)
                return;
        struct slab *slabs[] = { &graph->nodes, &graph->edges, &graph->grants, &graph->credentials, &graph->claims };
        for (size_t i = 0; i < sizeof slabs / sizeof slabs[0]; i++)
                slab_done(slabs[i]);
        struct table *tables[] = { &graph->by_no, &graph->by_id, &graph->by_name, &graph->by_edge, &graph->by_pair, &graph->grant_by_no,
                &graph->credential_by_no, &graph->credential_by_hash, &graph->claim_by_external };
        for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
                table_done(tables[i]);
        pool_done(&graph->texts);
        graph_addresses_done(graph);
        free(graph);
}

size_t graph_bytes(const struct graph *graph)
{
        return sizeof *graph + slab_bytes(&graph->nodes) + slab_bytes(&graph->edges) + slab_bytes(&graph->grants) +
               slab_bytes(&graph->credentials) + slab_bytes(&graph->claims) + graph->texts.bytes + table_bytes(&graph->by_no) +
               table_bytes(&graph->by_id) + table_bytes(&graph->by_name) + table_bytes(&graph->by_edge) + table_bytes(&graph->by_pair) +
               table_bytes(&graph->grant_by_no) + table_bytes(&graph->credential_by_no) + table_bytes(&graph->credential_by_hash) +
               table_bytes(&graph->claim_by_external) + graph_addresses_bytes(graph);
}

/* Where the i-th record that may have a text keeps it; NULL: the record is free. */
static uint32_t *text_place(const struct graph *graph, size_t i)
{
        if (i < graph->nodes.end) {
                struct node *node = graph_node(graph, (uint32_t)i);
                return node->kind ? &node->name : NULL;
        }
        struct claim *claim = slab_at(&graph->claims, (uint32_t)(i - graph->nodes.end));
        return claim->is_live ? &claim->external : NULL;
}

static bool texts_copy(const struct graph *graph, size_t count, struct pool *to, uint32_t *ret_moved)
{
        for (size_t i = 0; i < count; i++) {
                const uint32_t *place = text_place(graph, i);
                size_t length;
                const char *text = place ? pool_text(&graph->texts, *place, &length) : NULL;
                if (text && pool_add(to, text, length, &ret_moved[i]))
                        return false;
        }
        return true;
}

void graph_compact(struct graph *graph)
{
        if (graph->texts.wasted < COMPACT_ABOVE_BYTES || graph->texts.wasted < graph->texts.bytes / 2)
                return;
        size_t count = (size_t)graph->nodes.end + graph->claims.end;
        struct pool pool = { 0 };
        auto_free_ uint32_t *moved = calloc(count + 1, sizeof *moved);
        if (!moved || !texts_copy(graph, count, &pool, moved)) { /* it was only to save memory */
                pool_done(&pool);
                return;
        }
        for (size_t i = 0; i < count; i++) {
                uint32_t *place = text_place(graph, i);
                if (place)
                        *place = moved[i];
        }
        pool_done(&graph->texts);
        graph->texts = pool;
}

void graph_id_text(const struct node *node, char ret[UUID_TEXT_SIZE])
{
        char hex[2 * ID_SIZE + 1];
        text_hex(node->id, ID_SIZE, hex);
        const char *from = hex;
        for (int i = 0; i < UUID_TEXT_SIZE - 1; i++)
                ret[i] = i == 8 || i == 13 || i == 18 || i == 23 ? '-' : *from++;
        ret[UUID_TEXT_SIZE - 1] = '\0';
}

/* A hex digit; above 15: none. Every question parses two or three ids. */
static unsigned digit_of(unsigned char byte)
{
        if ((unsigned)byte - '0' < 10)
                return (unsigned)byte - '0';
        unsigned letter = (unsigned)(byte | 0x20) - 'a';
        return letter < 6 ? letter + 10 : 16;
}

bool graph_id_parse(const char *text, unsigned char ret[ID_SIZE])
{
        static const unsigned char places[ID_SIZE] = { 0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34 };
        if (!text || strnlen(text, UUID_TEXT_SIZE) != UUID_TEXT_SIZE - 1 || text[8] != '-' || text[13] != '-' || text[18] != '-' ||
                text[23] != '-')
                return false;
        unsigned all = 0;
        for (int i = 0; i < ID_SIZE; i++) {
                unsigned high = digit_of((unsigned char)text[places[i]]), low = digit_of((unsigned char)text[places[i] + 1]);
                all |= high | low;
                ret[i] = (unsigned char)(high << 4 | low);
        }
        return all < 16;
}

uint32_t graph_find_no(const struct graph *graph, int64_t no)
{
        uint32_t at, hash = seed_hash_number(&graph->seed, (uint64_t)no, 0);
        for (uint32_t i = table_first(&graph->by_no, hash, &at); i != NONE; i = table_next(&graph->by_no, hash, &at))
                if (graph_node(graph, i)->no == no)
                        return i;
        return NONE;
}

uint32_t graph_find_id(const struct graph *graph, enum resource_kind kind, const char *id)
{
        unsigned char bytes[ID_SIZE];
        if (!graph_id_parse(id, bytes))
                return NONE;
        uint32_t at, hash = seed_hash(&graph->seed, 0, bytes, ID_SIZE);
        for (uint32_t i = table_first(&graph->by_id, hash, &at); i != NONE; i = table_next(&graph->by_id, hash, &at))
                if (!memcmp(graph_node(graph, i)->id, bytes, ID_SIZE))
                        return kind == KIND_NONE || graph_node(graph, i)->kind == kind ? i : NONE;
        return NONE;
}

static enum err apply_member(struct graph *graph, const struct effect *effect)
{
        uint32_t container = graph_find_no(graph, effect->no), member = graph_find_no(graph, effect->other_no);
        if (container == NONE || member == NONE)
                return effect->active ? ERR_NOT_FOUND : ERR_OK;
        uint32_t edge = graph_find_edge(graph, container, member);
        if (effect->active)
                return edge == NONE ? graph_add_edge(graph, container, member) : ERR_OK;
        if (edge != NONE)
                graph_remove_edge(graph, edge);
        return ERR_OK;
}

/* "subject:action" at this level; -1: nothing this program knows, so it confers nothing. */
static int privilege_parse(enum permission_level level, const char *text)
{
        char subject[128];
        const char *colon = strchr(text, ':');
        if (!colon || (size_t)(colon - text) >= sizeof subject)
                return -1;
        memcpy(subject, text, (size_t)(colon - text));
        subject[colon - text] = '\0';
        return permission_find(level, subject, colon + 1);
}

static enum err apply_grant(struct graph *graph, const struct effect *effect)
{
        struct grant grant = {
                .no = effect->no,
                .from_us = effect->from_us,
                .until_us = effect->until_us,
                .scope = graph_find_no(graph, effect->scope_no),
                .principal = graph_find_no(graph, effect->other_no),
                .is_role = effect->role_no != 0,
                .permission = -1,
                .active = 1,
        };
        if (grant.scope == NONE || grant.principal == NONE)
                return ERR_NOT_FOUND;
        if (effect->role_no < 0)
                grant.role = builtin_role_by_no(effect->role_no);
        bool is_project = graph_node(graph, grant.scope)->kind == KIND_PROJECT;
        if (!effect->role_no && effect->text)
                grant.permission = (int16_t)privilege_parse(is_project ? LEVEL_PROJECT : LEVEL_ORGANIZATION, effect->text);
        uint32_t before = graph_find_grant(graph, effect->no);
        if (before != NONE) {
                grant.active = graph_grant(graph, before)->active;
                graph_remove_grant(graph, before);
        }
        return graph_add_grant(graph, &grant);
}

static enum err apply_resource(struct graph *graph, const struct effect *effect)
{
        if (effect->resource_kind != KIND_GRANT)
                return graph_put_node(graph, effect);
        /* A grant is a resource, too, but no node: nothing is asked about it. */
        uint32_t grant = graph_find_grant(graph, effect->no);
        if (grant != NONE)
                graph_grant(graph, grant)->active = effect->active;
        return ERR_OK;
}

static enum err apply_gone(struct graph *graph, const struct effect *effect)
{
        uint32_t node = graph_find_no(graph, effect->no), grant = graph_find_grant(graph, effect->no);
        if (node != NONE)
                graph_remove_node(graph, node);
        if (grant != NONE)
                graph_remove_grant(graph, grant);
        return ERR_OK;
}

static enum err apply_credential(struct graph *graph, const struct effect *effect)
{
        uint32_t owner = graph_find_no(graph, effect->other_no);
        return owner == NONE ? ERR_NOT_FOUND : graph_put_credential(graph, effect, owner);
}

static enum err apply_credential_gone(struct graph *graph, const struct effect *effect)
{
        uint32_t credential = graph_find_credential(graph, effect->no);
        if (credential != NONE)
                graph_remove_credential(graph, credential);
        return ERR_OK;
}

/* Only users are ever asked for by a connection's name. */
static enum err apply_claim(struct graph *graph, const struct effect *effect)
{
        uint32_t node = graph_find_no(graph, effect->no);
        if (node == NONE)
                return effect->active ? ERR_NOT_FOUND : ERR_OK;
        if (graph_node(graph, node)->kind != KIND_USER || effect->other_no <= 0)
                return ERR_OK;
        if (effect->active)
                return graph_put_claim(graph, effect, node);
        uint32_t claim = graph_find_claim(graph, effect->other_no, node);
        if (claim != NONE)
                graph_remove_claim(graph, claim);
        return ERR_OK;
}

static enum err apply_addresses(struct graph *graph, const struct effect *effect)
{
        return graph_put_addresses(graph, effect->no, effect->text);
}

static enum err apply_schemas(struct graph *graph, const struct effect *effect)
{
        graph->schemas_revision = effect->no;
        return ERR_OK;
}

enum err graph_apply(struct graph *graph, const struct effect *effect)
{
        static enum err (*const apply[])(struct graph *, const struct effect *) = {
                [EFFECT_RESOURCE] = apply_resource,
                [EFFECT_GONE] = apply_gone,
                [EFFECT_MEMBER] = apply_member,
                [EFFECT_GRANT] = apply_grant,
                [EFFECT_CREDENTIAL] = apply_credential,
                [EFFECT_CREDENTIAL_GONE] = apply_credential_gone,
                [EFFECT_CLAIM] = apply_claim,
                [EFFECT_SCHEMAS] = apply_schemas,
                [EFFECT_ADDRESSES] = apply_addresses,
        };
        size_t kind = (size_t)effect->kind;
        if (kind >= sizeof apply / sizeof apply[0] || !apply[kind])
                return ERR_INTERNAL;
        return apply[kind](graph, effect);
}
