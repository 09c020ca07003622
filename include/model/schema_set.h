/* SPDX-License-Identifier: Apache-2.0
 *
 * All resource types and schemas that one root organisation knows. Roots that declare nothing share the built-in set; a root that declares
 * schemas or types of its own has a set of its own. A set is immutable: whoever asks holds it while he works with what it handed out. */
#ifndef MODEL_SCHEMA_SET_H
#define MODEL_SCHEMA_SET_H

#include <stdint.h>
#include "model/attribute.h"

struct schema_set {
        int64_t revision;                         /* of the root, when its declarations last changed; 0: it has none */
        const struct resource_type *const *types; /* ended by NULL, in the order of ResourceTypes */
        const struct schema *const *schemas;      /* of /Schemas, those of discovery included; ended by NULL */
};

const struct schema_set *schema_set_builtin(void);

/* NULL where there is none. */
const struct resource_type *schema_set_type(const struct schema_set *set, enum resource_kind kind);
const struct resource_type *schema_set_type_by_name(const struct schema_set *set, const char *name);         /* "User"; of those that SCIM has */
const struct resource_type *schema_set_type_by_endpoint(const struct schema_set *set, const char *endpoint); /* "Users", letter case as is */
const struct schema *schema_set_schema(const struct schema_set *set, const char *urn);                       /* case-insensitive */

#endif
