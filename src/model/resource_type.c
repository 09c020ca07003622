/* SPDX-License-Identifier: Apache-2.0
 *
 * The registry: a new type is one line here and a descriptor in a file of its own. */
#include "model/types.h"

#include <string.h>
#include "base/auto.h"
#include "base/text.h"

static const struct resource_type *const types[KIND_COUNT] = {
        [KIND_ORGANIZATION] = &organization_type,
        [KIND_USER] = &user_type,
        [KIND_GROUP] = &group_type,
        [KIND_IDENTITY] = &identity_type,
        [KIND_PROJECT] = &project_type,
        [KIND_ROLE] = &role_type,
        [KIND_GRANT] = &grant_type,
        [KIND_UPSTREAM] = &upstream_type,
        [KIND_CONNECTION] = &connection_type,
};

const struct resource_type *resource_type(enum resource_kind kind)
{
        return (unsigned)kind < KIND_COUNT ? types[kind] : NULL;
}

#define FIND_BY(member, text)                                                                                                              \
        for (size_t kind = 1; kind < KIND_COUNT; kind++)                                                                                   \
                if (text_equal(types[kind]->member, (text)))                                                                               \
                        return types[kind];                                                                                                \
        return NULL

const struct resource_type *resource_type_by_name(const char *name)
{
        FIND_BY(name, name);
}

const struct resource_type *resource_type_by_word(const char *word)
{
        FIND_BY(word, word);
}

const struct resource_type *resource_type_by_endpoint(const char *endpoint)
{
        FIND_BY(scim_endpoint, endpoint);
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
