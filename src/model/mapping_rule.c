/* SPDX-License-Identifier: Apache-2.0
 *
 * Mapping rule (R18): where an attribute of a connection's users holds such a value, they are in a group, or have a role. Whom it concerns
 * and what it gives never changes: to alter that, make another and delete this one. */
#include "model/types.h"

#include <string.h>
#include "base/auto.h"
#include "model/mapping.h"

static const char *const to_connection[] = { "Connection", NULL };
static const char *const to_group[] = { "Group", NULL };
static const char *const to_scope[] = { "Organization", "Project", NULL };

/* clang-format off */
static const struct attribute attributes[] = {
        { "connection",  ATTRIBUTE_REFERENCE, REQUIRED | IMMUTABLE | CASE_EXACT, NULL, "Id of the connection whose users it is about.", NULL,
          to_connection, .max_bytes = 256 },
        { "attribute",   ATTRIBUTE_TEXT,      REQUIRED | CASE_EXACT, NULL, "Path of the attribute, such as roles.value.",
          .max_bytes = PATH_TEXT_MAX_BYTES },
        { "values",      ATTRIBUTE_TEXT,      MULTI | CASE_EXACT, NULL, "It gives where one of these stands, byte for byte; or else a prefix.",
          .max_bytes = MAPPING_TEXT_MAX },
        { "prefix",      ATTRIBUTE_TEXT,      CASE_EXACT, NULL, "It gives where a value begins so; or else values.",
          .max_bytes = MAPPING_TEXT_MAX },
        { "group",       ATTRIBUTE_REFERENCE, IMMUTABLE | CASE_EXACT, NULL, "Id of the group whose member the user is; or else a role.", NULL,
          to_group, .max_bytes = 256 },
        { "role",        ATTRIBUTE_TEXT,      IMMUTABLE | CASE_EXACT, NULL, "Slug of the role that the user has; or else a group.",
          .max_bytes = 64 },
        { "scope",       ATTRIBUTE_REFERENCE, IMMUTABLE | CASE_EXACT, NULL,
          "Id of the organization or project where the role holds; by default the root organization.", NULL, to_scope, .max_bytes = 256 },
        { "description", ATTRIBUTE_TEXT,      0, NULL, "What it is for.", .max_bytes = 4096 },
        { "active",      ATTRIBUTE_BOOLEAN,   COLUMN, NULL, "False: it gives nothing." },
        { NULL }
};
/* clang-format on */

static enum err either(const json_t *document, const char *one, const char *other, struct fault *fault)
{
        bool has_one = json_object_get(document, one) != NULL, has_other = json_object_get(document, other) != NULL;
        if (has_one != has_other)
                return ERR_OK;
        return fault_set(fault, ERR_VALUE, has_one ? other : one, "give either %s or %s, %s", one, other,
                has_one ? "not both" : "one of them is required");
}

static enum err check(const json_t *document, struct fault *fault)
{
        const json_t *values = json_object_get(document, "values"), *value;
        const char *prefix = json_string_value(json_object_get(document, "prefix"));
        size_t i;
        enum err e = either(document, "values", "prefix", fault);
        if (!e)
                e = either(document, "group", "role", fault);
        if (e)
                return e;
        if (json_array_size(values) > MAPPING_VALUES_MAX)
                return fault_set(fault, ERR_VALUE, "values", "a rule has at most %d values", MAPPING_VALUES_MAX);
        json_array_foreach (values, i, value) {
                if (!json_string_length(value))
                        return fault_set(fault, ERR_VALUE, "values", "an empty value matches nobody");
        }
        if (prefix && !*prefix)
                return fault_set(fault, ERR_VALUE, "prefix", "an empty prefix would match everybody; name what the values begin with");
        if (json_object_get(document, "scope") && !json_object_get(document, "role"))
                return fault_set(fault, ERR_VALUE, "scope", "a scope belongs to a role; a group has none");
        return ERR_OK;
}

static const struct schema schema = { "urn:muster:params:schemas:1.0:MappingRule", "MappingRule",
        "What users of a connection are given for a value of an attribute.", attributes };

const struct resource_type mapping_rule_type = {
        .kind = KIND_MAPPING_RULE,
        .name = "MappingRule",
        .word = "mapping rule",
        .api_collection = "mapping-rules",
        .subject = "scim",
        .core = &schema,
        .api_offers = OFFER_ALL,
        .check = check,
};
