/* SPDX-License-Identifier: Apache-2.0
 *
 * Look-ups in a set. They go through short lists: a root has a dozen types and a few schemas. */
#include "model/schema_set.h"

#include <strings.h>
#include "base/text.h"
#include "model/types.h"

static const struct schema_set builtin = { .types = types_builtin, .schemas = schemas_builtin };

const struct schema_set *schema_set_builtin(void)
{
        return &builtin;
}

const struct resource_type *schema_set_type(const struct schema_set *set, enum resource_kind kind)
{
        for (const struct resource_type *const *type = set->types; *type; type++)
                if ((*type)->kind == kind)
                        return *type;
        return NULL;
}

const struct resource_type *schema_set_type_by_name(const struct schema_set *set, const char *name)
{
        for (const struct resource_type *const *type = set->types; *type; type++)
                if ((*type)->scim_endpoint && text_equal((*type)->name, name))
                        return *type;
        return NULL;
}

const struct resource_type *schema_set_type_by_endpoint(const struct schema_set *set, const char *endpoint)
{
        for (const struct resource_type *const *type = set->types; *type; type++)
                if (text_equal((*type)->scim_endpoint, endpoint))
                        return *type;
        return NULL;
}

const struct schema *schema_set_schema(const struct schema_set *set, const char *urn)
{
        for (const struct schema *const *schema = set->schemas; *schema; schema++)
                if (strcasecmp((*schema)->urn, urn) == 0)
                        return *schema;
        return NULL;
}
