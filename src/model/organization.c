/* SPDX-License-Identifier: Apache-2.0
 *
 * Organization: the root (tenant) or one of its children. Not addressed by SCIM (R18). */
#include "model/types.h"

/* clang-format off */
static const struct attribute attributes[] = {
        { "slug",        ATTRIBUTE_TEXT,    REQUIRED | CASE_EXACT, NULL, "Short name in addresses and commands.", .max_bytes = 64 },
        { "name",        ATTRIBUTE_TEXT,    REQUIRED, NULL, "The name to show.", .max_bytes = 256 },
        { "description", ATTRIBUTE_TEXT,    0, NULL, "What the organization is for.", .max_bytes = 4096 },
        { "active",      ATTRIBUTE_BOOLEAN, COLUMN, NULL, "False: nothing in the organization is allowed to anybody." },
        { NULL }
};
/* clang-format on */

static const struct schema schema = { "urn:muster:params:schemas:1.0:Organization", "Organization", "An organization.", attributes };

const struct resource_type organization_type = {
        .kind = KIND_ORGANIZATION,
        .name = "Organization",
        .word = "organization",
        .api_collection = "organizations",
        .subject = "sub-organization",
        .core = &schema,
        .name_attribute = "slug",
        .api_offers = OFFER_ALL,
        .check = check_slug,
};
