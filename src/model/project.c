/* SPDX-License-Identifier: Apache-2.0
 *
 * Project: what people and machines get roles in; belongs to one organization for ever. Not addressed by SCIM (R18). */
#include "model/types.h"

static const char *const to_organization[] = { "Organization", NULL };

/* clang-format off */
static const struct attribute attributes[] = {
        { "slug",         ATTRIBUTE_TEXT,      REQUIRED | CASE_EXACT, NULL, "Short name in addresses and commands.", .max_bytes = 64 },
        { "name",         ATTRIBUTE_TEXT,      REQUIRED, NULL, "The name to show.", .max_bytes = 256 },
        { "description",  ATTRIBUTE_TEXT,      0, NULL, "What the project is for.", .max_bytes = 4096 },
        { "organization", ATTRIBUTE_REFERENCE, IMMUTABLE | CASE_EXACT, NULL,
          "Id of the organization that owns the project; by default the caller's own.", NULL, to_organization, .max_bytes = 64 },
        { "active",       ATTRIBUTE_BOOLEAN,   COLUMN, NULL, "False: nothing in the project is allowed to anybody." },
        { NULL }
};
/* clang-format on */

static const struct schema schema = { "urn:muster:params:schemas:1.0:Project", "Project", "A project.", attributes };

const struct resource_type project_type = {
        .kind = KIND_PROJECT,
        .name = "Project",
        .word = "project",
        .api_collection = "projects",
        .subject = "project",
        .core = &schema,
        .name_attribute = "slug",
        .api_offers = OFFER_ALL,
        .check = check_slug,
};
