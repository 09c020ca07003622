/* SPDX-License-Identifier: Apache-2.0
 *
 * Filters from strangers: any bytes parse or are refused with a reason, in both profiles and for both SCIM types, and what parses can be
 * judged and looked through. The strict profile never accepts what the lenient one refuses. */
#include "model/filter.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char filter_resource[] =
        "{\"id\":\"1\",\"externalId\":\"e\",\"userName\":\"J\xc3\x96RG\",\"displayName\":\"d\",\"active\":true,\"name\":{\"familyName\":"
        "\"f\"},"
        "\"emails\":[{\"value\":\"a@x\",\"type\":\"work\",\"primary\":true},{\"value\":\"b@y\"}],\"members\":[{\"value\":\"u\"}],"
        "\"meta\":{\"lastModified\":\"2026-11-21T05:06:07.000Z\"},\"schemas\":[\"urn:one\"],"
        "\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\":{\"manager\":{\"value\":\"m\"}}}";

static enum err try_filter(enum resource_kind kind, bool strict, const char *text, size_t size)
{
        struct arena *arena = arena_new((size_t)4 << 20);
        struct leniency leniency = { .strict = strict };
        const struct filter *filter = NULL;
        struct fault fault = { 0 };
        enum err e = filter_parse(resource_type(kind), NULL, text, size, arena, &leniency, &filter, &fault);
        if (e != ERR_OK && (e != ERR_FILTER || fault.message[0] == '\0' || filter))
                abort();
        if (e == ERR_OK) {
                json_t *resource = json_loads(filter_resource, 0, NULL);
                enum truth truth = filter_match(filter, resource, arena);
                if ((unsigned)truth > TRUTH_UNKNOWN || truth != filter_match(filter, resource, arena))
                        abort();
                (void)filter_names(filter, "emails");
                const struct filter *equal = filter_find_equal(filter, "emails", "value");
                if (equal && !equal->value.text)
                        abort();
                json_decref(resource);
        }
        if (strict && leniency.used != 0)
                abort();
        arena_free(arena);
        return e;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const enum resource_kind kinds[] = { KIND_USER, KIND_GROUP };
        char *text = malloc(size ? size : 1); /* no byte more, so that reading past the end shows */
        memcpy(text, data, size);
        for (size_t i = 0; i < 2; i++) {
                enum err lenient = try_filter(kinds[i], false, text, size);
                enum err strict = try_filter(kinds[i], true, text, size);
                if (strict == ERR_OK && lenient != ERR_OK)
                        abort();
        }
        free(text);
        return 0;
}
