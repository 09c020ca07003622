/* SPDX-License-Identifier: Apache-2.0
 *
 * The registry: a new type is one line here and a descriptor in a file of its own. */
#include "model/types.h"

#include <string.h>
#include "base/auto.h"
#include "base/text.h"

/* By kind, from 1 on. */
const struct resource_type *const types_builtin[] = {
        [KIND_ORGANIZATION - 1] = &organization_type,
        [KIND_USER - 1] = &user_type,
        [KIND_GROUP - 1] = &group_type,
        [KIND_IDENTITY - 1] = &identity_type,
        [KIND_PROJECT - 1] = &project_type,
        [KIND_ROLE - 1] = &role_type,
        [KIND_GRANT - 1] = &grant_type,
        [KIND_UPSTREAM - 1] = &upstream_type,
        [KIND_CONNECTION - 1] = &connection_type,
        [KIND_SCHEMA - 1] = &declared_schema_type,
        [KIND_RESOURCE_TYPE - 1] = &declared_type_type,
        [KIND_DOMAIN - 1] = &domain_type,
        [KIND_MAPPING_RULE - 1] = &mapping_rule_type,
        [KIND_COUNT - 1] = NULL,
};

const struct resource_type *resource_type(enum resource_kind kind)
{
        return kind > KIND_NONE && (unsigned)kind < KIND_COUNT ? types_builtin[kind - 1] : NULL;
}

#define FIND_BY(member, text) \
        for (const struct resource_type *const *type = types_builtin; *type; type++) \
                if (text_equal((*type)->member, (text))) \
                        return *type; \
        return NULL

const struct resource_type *resource_type_by_word(const char *word)
{
        FIND_BY(word, word);
}

const struct resource_type *resource_type_by_collection(const char *collection)
{
        FIND_BY(api_collection, collection);
}

static bool urn_equal(const char *urn, const char *text, size_t length)
{
        return strncasecmp(urn, text, length) == 0 && urn[length] == 0;
}

const struct schema *schema_of_type(const struct resource_type *type, const char *urn, size_t length)
{
        if (urn_equal(type->core->urn, urn, length))
                return type->core;
        for (const struct schema *const *extension = type->extensions; extension && *extension; extension++)
                if (urn_equal((*extension)->urn, urn, length))
                        return *extension;
        return NULL;
}
