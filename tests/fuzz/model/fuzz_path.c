/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths from strangers: any bytes parse or are refused with a reason; what the exact parser accepts the loose one accepts alike. */
#include "model/path.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_path(enum resource_kind kind, bool strict, const char *text, size_t size)
{
        struct arena *arena = arena_new((size_t)4 << 20);
        struct leniency leniency = { .strict = strict };
        struct path exact = { 0 }, loose = { 0 };
        struct fault fault = { 0 };
        enum err e = path_parse(resource_type(kind), text, size, arena, &leniency, &exact, &fault);
        enum err e_loose = path_parse_loose(resource_type(kind), text, size, arena, &leniency, &loose, NULL);
        if (e != ERR_OK && ((e != ERR_PATH && e != ERR_FILTER) || fault.message[0] == '\0'))
                abort();
        if (e_loose != ERR_OK && e == ERR_OK)
                abort();
        if (e == ERR_OK && (exact.attribute != loose.attribute || exact.sub != loose.sub || exact.extension != loose.extension))
                abort();
        if (e == ERR_OK && !exact.attribute && !exact.extension)
                abort();
        if ((exact.sub || exact.filter) && !exact.attribute)
                abort();
        arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *text = malloc(size ? size : 1); /* no byte more, so that reading past the end shows */
        memcpy(text, data, size);
        try_path(KIND_USER, false, text, size);
        try_path(KIND_USER, true, text, size);
        try_path(KIND_GROUP, false, text, size);
        free(text);
        return 0;
}
