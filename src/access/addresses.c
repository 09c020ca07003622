/* SPDX-License-Identifier: Apache-2.0
 *
 * From where a connection may call (R19): the networks of its document, parsed once. Few connections have any, so a plain list is asked. */
#include <stdlib.h>
#include <string.h>
#include "access/graph.h"
#include "access/roots.h"
#include "base/json.h"
#include "base/network.h"

#define ATTRIBUTE "allowed_addresses"

struct allowed {
        int64_t connection_no;
        size_t count;
        struct network networks[];
};

size_t graph_addresses_bytes(const struct graph *graph)
{
        size_t bytes = graph->allowed_count * sizeof(*graph->allowed); /* an array of pointers. NOLINT(bugprone-sizeof-expression) */
        for (size_t i = 0; i < graph->allowed_count; i++)
                bytes += sizeof(struct allowed) + graph->allowed[i]->count * sizeof(struct network);
        return bytes;
}

void graph_addresses_done(struct graph *graph)
{
        for (size_t i = 0; i < graph->allowed_count; i++)
                free(graph->allowed[i]);
        free(graph->allowed);
}

static struct allowed **find(const struct graph *graph, int64_t connection_no)
{
        for (size_t i = 0; i < graph->allowed_count; i++)
                if (graph->allowed[i]->connection_no == connection_no)
                        return &graph->allowed[i];
        return NULL;
}

static void forget(struct graph *graph, int64_t connection_no)
{
        struct allowed **at = find(graph, connection_no);
        if (!at)
                return;
        free(*at);
        *at = graph->allowed[--graph->allowed_count];
}

static enum err put(struct graph *graph, int64_t connection_no, const json_t *list)
{
        size_t count = json_array_size(list);
        struct allowed *allowed = calloc(1, sizeof(*allowed) + count * sizeof(struct network));
        struct allowed **bigger = allowed ? realloc(graph->allowed, (graph->allowed_count + 1) * sizeof(struct allowed *)) : NULL;
        if (!bigger) {
                free(allowed);
                return ERR_MEMORY;
        }
        allowed->connection_no = connection_no;
        for (size_t i = 0; i < count; i++) {
                const json_t *text = json_array_get(list, i);
                if (json_is_string(text) &&
                        network_parse(json_string_value(text), json_string_length(text), &allowed->networks[allowed->count]))
                        allowed->count++; /* what cannot be read allows nobody */
        }
        bigger[graph->allowed_count++] = allowed;
        graph->allowed = bigger;
        return ERR_OK;
}

enum err graph_put_addresses(struct graph *graph, int64_t connection_no, const char *document)
{
        struct fault fault = { 0 };
        json_auto_t *parsed = NULL;
        forget(graph, connection_no);
        if (!document || !strstr(document, ATTRIBUTE))
                return ERR_OK;
        enum err e = json_parse_object(document, strlen(document), &parsed, &fault);
        const json_t *list = e ? NULL : json_object_get(parsed, ATTRIBUTE);
        return list ? put(graph, connection_no, list) : e == ERR_MEMORY ? e : ERR_OK;
}

bool graph_may_call(const struct graph *graph, int64_t connection_no, const char *client)
{
        unsigned char address[ADDRESS_SIZE];
        struct allowed **at = find(graph, connection_no);
        if (!at)
                return true;
        if (!address_parse(client, address))
                return false;
        for (size_t i = 0; i < (*at)->count; i++)
                if (network_holds(&(*at)->networks[i], address))
                        return true;
        return false;
}

enum access_found access_may_call(struct access *access, unsigned slot, const struct actor *connection, const char *client)
{
        enum access_found found;
        struct slot *held = access_lock(access, slot);
        const struct graph *graph = root_graph(access, connection->root_no, &found);
        if (graph && !graph_may_call(graph, connection->no, client))
                found = ACCESS_UNKNOWN;
        access_unlock(held);
        return found;
}
