/* SPDX-License-Identifier: Apache-2.0
 *
 * Schema: attributes that an organisation declares for itself (RFC 7643 section 7). A document of that section can be pasted; its `id` is
 * the `urn` here, where ids are issued by this service. */
#include "model/declaration.h"
#include "types.h"

#define PARSE_BYTES ((size_t)4 << 20)

/* clang-format off */
static const struct attribute attributes[] = {
        { "urn",          ATTRIBUTE_TEXT,    REQUIRED | IMMUTABLE, NULL, "The URN of the schema.", .max_bytes = URN_MAX_BYTES },
        { "name",         ATTRIBUTE_TEXT,    REQUIRED, NULL, "The name of the schema.", .max_bytes = LISTED_VALUE_MAX_BYTES },
        { "description",  ATTRIBUTE_TEXT,    0, NULL, "What the schema is for.", .max_bytes = DESCRIPTION_MAX_BYTES },
        { "resourceType", ATTRIBUTE_TEXT,    IMMUTABLE | CASE_EXACT, NULL,
          "The resource type that it extends; without one, types that name it use it.", .max_bytes = ATTRIBUTE_NAME_MAX_BYTES },
        { "required",     ATTRIBUTE_BOOLEAN, 0, NULL, "Whether every new resource of that type must have it." },
        { "attributes",   ATTRIBUTE_COMPLEX, REQUIRED | MULTI | OPAQUE, schema_attribute_attributes, "Its attributes." },
        { NULL }
};
/* clang-format on */

static enum err check(const json_t *document, struct fault *fault)
{
        struct arena *arena = arena_new(PARSE_BYTES);
        struct schema schema;
        enum err e = arena ? schema_parse(document, 0, arena, &schema, fault) : fault_set(fault, ERR_MEMORY, "", "out of memory");
        if (arena)
                arena_free(arena);
        return e;
}

static const struct schema schema = { "urn:muster:params:schemas:1.0:Schema", "Schema", "A declared schema.", attributes, 0 };

const struct resource_type declared_schema_type = {
        .kind = KIND_SCHEMA,
        .name = "Schema",
        .word = "schema",
        .api_collection = "schemas",
        .subject = "schemas",
        .core = &schema,
        .name_attribute = "urn",
        .api_offers = OFFER_ALL,
        .check = check,
};
