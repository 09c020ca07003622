/* SPDX-License-Identifier: Apache-2.0
 *
 * Committed changes that wait for a load, deep copied. */
#include <stdlib.h>
#include <string.h>
#include "access/roots.h"

struct pending_change {
        struct pending_change *next;
        int64_t revision;
        size_t count;
        struct effect effects[]; /* then the texts they point at */
};

void pending_init(struct pending *pending)
{
        *pending = (struct pending){ .end = &pending->first };
}

static size_t text_size(const char *text)
{
        return text ? strlen(text) + 1 : 0;
}

static const char *text_copy(const char *text, char **to)
{
        if (!text)
                return NULL;
        char *copy = memcpy(*to, text, text_size(text));
        *to += text_size(text);
        return copy;
}

void pending_add(struct pending *pending, int64_t revision, const struct effect *effects, size_t count)
{
        size_t size = sizeof(struct pending_change) + count * sizeof *effects;
        for (size_t i = 0; i < count; i++)
                size += text_size(effects[i].text) + text_size(effects[i].name);
        struct pending_change *change = pending->is_spoiled ? NULL : malloc(size);
        if (!change) {
                pending->is_spoiled = true;
                return;
        }
        change->next = NULL;
        change->revision = revision;
        change->count = count;
        char *texts = (char *)(change->effects + count);
        for (size_t i = 0; i < count; i++) {
                change->effects[i] = effects[i];
                change->effects[i].text = text_copy(effects[i].text, &texts);
                change->effects[i].name = text_copy(effects[i].name, &texts);
        }
        *pending->end = change;
        pending->end = &change->next;
}

enum err pending_apply(const struct pending *pending, struct graph *graph)
{
        enum err e = ERR_OK;
        for (const struct pending_change *change = pending->first; change && !e; change = change->next)
                e = graph_apply_change(graph, change->revision, change->effects, change->count);
        return e;
}

void pending_done(struct pending *pending)
{
        struct pending_change *next;
        for (struct pending_change *change = pending->first; change; change = next) {
                next = change->next;
                free(change);
        }
        pending_init(pending);
}
