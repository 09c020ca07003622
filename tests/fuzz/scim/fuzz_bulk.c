/* SPDX-License-Identifier: Apache-2.0
 *
 * Bulk messages from strangers: any JSON is refused with a reason or becomes a plan in which every operation stands once, behind all that
 * it needs outside its circle; resolving its data leaves no known name behind and the message as it was. */
#include <stdlib.h>
#include <string.h>
#include "scim/bulk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *first_id(void *context, const char *bulk_id)
{
        const struct bulk *bulk = context;
        const struct bulk_operation *operation = bulk_find(bulk, bulk_id);
        return operation == bulk->operations ? "01890000-0000-7000-8000-000000000001" : NULL;
}

static void check_order(const struct bulk *bulk)
{
        size_t *place = calloc(bulk->count + 1, sizeof(*place));
        for (size_t i = 0; i < bulk->count; i++) {
                if (bulk->order[i] >= bulk->count || place[bulk->order[i]])
                        abort();
                place[bulk->order[i]] = i + 1;
        }
        for (size_t i = 0; i < bulk->count; i++) {
                const struct bulk_operation *operation = &bulk->operations[i];
                for (size_t j = 0; j < operation->need_count; j++)
                        if (bulk->operations[operation->needs[j]].circle != operation->circle && place[operation->needs[j]] > place[i])
                                abort();
        }
        free(place);
}

static void check_data(struct bulk *bulk)
{
        for (size_t i = 0; i < bulk->count; i++) {
                if (!bulk->operations[i].data)
                        continue;
                json_t *before = json_deep_copy(bulk->operations[i].data), *now = NULL, *later = NULL, *whole = NULL;
                if (bulk_resolve(before, bulk->arena, first_id, bulk, &now, &later) != ERR_OK ||
                        bulk_resolve(before, bulk->arena, first_id, bulk, &whole, NULL) != ERR_OK)
                        abort();
                if (!json_is_object(now) || (later && !json_array_size(later)) || !json_equal(before, bulk->operations[i].data))
                        abort();
                json_decref(before);
                json_decref(now);
                json_decref(later);
                json_decref(whole);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct arena *arena = arena_new((size_t)64 << 20);
        struct leniency leniency = { 0 };
        struct fault fault = { 0 };
        struct bulk bulk;
        json_t *message = NULL;
        if (json_parse_object((const char *)data, size, &message, &fault) == ERR_OK) {
                enum err e = bulk_parse(message, schema_set_builtin(), arena, &leniency, &bulk, &fault);
                if (e && !fault.message[0])
                        abort();
                if (!e) {
                        check_order(&bulk);
                        check_data(&bulk);
                        bulk_done(&bulk);
                }
                json_decref(message);
        }
        arena_free(arena);
        return 0;
}
