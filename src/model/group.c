/* SPDX-License-Identifier: Apache-2.0
 *
 * Group (RFC 7643 section 4.2). Members are edges with a source, not part of the document (R14). Suspending a group is an administrator's
 * act: SCIM knows no `active` of groups. */
#include "model/types.h"

static const char *const member_types[] = { "User", "Group", NULL };

/* clang-format off */
static const struct attribute member_attributes[] = {
        { "value",   ATTRIBUTE_TEXT,      IMMUTABLE | CASE_EXACT, NULL, "The id of the member.", .max_bytes = 256 },
        { "$ref",    ATTRIBUTE_REFERENCE, IMMUTABLE | CASE_EXACT, NULL, "The URI of the member.", NULL, member_types, .max_bytes = 2048 },
        { "type",    ATTRIBUTE_TEXT,      IMMUTABLE,              NULL, "The type of the member.", member_types },
        { "display", ATTRIBUTE_TEXT,      READ_ONLY | IGNORED_INPUT, NULL, "The member's displayName or userName." },
        { NULL }
};
static const struct attribute group_attributes[] = {
        { "displayName", ATTRIBUTE_TEXT,    REQUIRED, NULL, "The name of the group; unique among the groups of one client.",
          .max_bytes = 512 },
        { "members",     ATTRIBUTE_COMPLEX, MULTI | EDGES, member_attributes, "The members of the group." },
        { NULL }
};
static const struct attribute group_api_attributes[] = {
        { "active", ATTRIBUTE_BOOLEAN, COLUMN, NULL, "False: the group confers nothing." },
        { NULL }
};
/* clang-format on */

const struct schema group_schema = { URN_GROUP, "Group", "A set of users and groups.", group_attributes };

const struct resource_type group_type = {
        .kind = KIND_GROUP,
        .name = "Group",
        .word = "group",
        .scim_endpoint = "Groups",
        .api_collection = "groups",
        .subject = "groups",
        .core = &group_schema,
        .name_attribute = "displayName",
        .api_attributes = group_api_attributes,
        .api_offers = OFFER_ALL,
};
