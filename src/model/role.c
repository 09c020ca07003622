/* SPDX-License-Identifier: Apache-2.0
 *
 * Role: a named set of permissions. The built-in ones come from schemas/permissions.json and are listed, never changed. */
#include "model/types.h"

static const char *const levels[] = { "organization", "project", NULL };

/* clang-format off */
static const struct attribute attributes[] = {
        { "slug",        ATTRIBUTE_TEXT,    READ_ONLY | CASE_EXACT, NULL, "Short name by which grants name the role.", .max_bytes = 64 },
        { "name",        ATTRIBUTE_TEXT,    READ_ONLY, NULL, "The name to show.", .max_bytes = 256 },
        { "level",       ATTRIBUTE_TEXT,    READ_ONLY | CASE_EXACT, NULL, "Where the role can be granted.", levels },
        { "description", ATTRIBUTE_TEXT,    READ_ONLY, NULL, "What the role is for.", .max_bytes = 4096 },
        { "permissions", ATTRIBUTE_TEXT,    READ_ONLY | MULTI | CASE_EXACT, NULL, "What the role allows, each subject:action." },
        { "active",      ATTRIBUTE_BOOLEAN, READ_ONLY | COLUMN, NULL, "False: the role confers nothing." },
        { NULL }
};
/* clang-format on */

static const struct schema schema = { "urn:muster:params:schemas:1.0:Role", "Role", "A role.", attributes };

const struct resource_type role_type = {
        .kind = KIND_ROLE,
        .name = "Role",
        .word = "role",
        .api_collection = "roles",
        .subject = "role",
        .core = &schema,
        .name_attribute = "slug",
        .api_offers = OFFER_READ,
};
