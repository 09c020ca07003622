/* SPDX-License-Identifier: Apache-2.0
 *
 * The descriptors, one file each, and the pure checks that several of them share. resource_type.c lists them. */
#ifndef MODEL_TYPES_H
#define MODEL_TYPES_H

#include "model/attribute.h"

extern const struct resource_type organization_type;
extern const struct resource_type user_type;
extern const struct resource_type group_type;
extern const struct resource_type identity_type;
extern const struct resource_type project_type;
extern const struct resource_type role_type;
extern const struct resource_type grant_type;
extern const struct resource_type upstream_type;
extern const struct resource_type connection_type;
extern const struct resource_type declared_schema_type;
extern const struct resource_type declared_type_type;
extern const struct resource_type domain_type;
extern const struct resource_type mapping_rule_type;

/* The published schemas; discovery.c has those of the discovery documents and the list of all. */
extern const struct schema user_schema;
extern const struct schema enterprise_user_schema;
extern const struct schema muster_user_schema;
extern const struct schema group_schema;
/* What a schema document says of an attribute. */
extern const struct attribute schema_attribute_attributes[];

/* Both ended by NULL. */
extern const struct resource_type *const types_builtin[];
extern const struct schema *const schemas_builtin[];

/* `slug` must be one (text_is_slug). */
enum err check_slug(const json_t *document, struct fault *fault) MUST_USE;
/* Where a row names canonical values, the document may hold no other: for our own types; SCIM's are advisory. */
enum err check_canonical(const struct attribute *attributes, const json_t *document, struct fault *fault) MUST_USE;

#endif
