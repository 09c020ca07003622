/* SPDX-License-Identifier: Apache-2.0
 *
 * Machine identity: a program that calls on its own behalf. Its credentials are not part of the document. */
#include "model/types.h"

static const char *const to_organization[] = { "Organization", NULL };

/* clang-format off */
static const struct attribute attributes[] = {
        { "name",         ATTRIBUTE_TEXT,      REQUIRED, NULL, "The name to show.", .max_bytes = 256 },
        { "description",  ATTRIBUTE_TEXT,      0, NULL, "What the identity is for.", .max_bytes = 4096 },
        { "organization", ATTRIBUTE_REFERENCE, IMMUTABLE | CASE_EXACT, NULL,
          "Id of the organization that owns the identity; by default the caller's own.", NULL, to_organization, .max_bytes = 64 },
        { "active",       ATTRIBUTE_BOOLEAN,   COLUMN, NULL, "False: refused on every path." },
        { NULL }
};
/* clang-format on */

static const struct schema schema = { "urn:muster:params:schemas:1.0:Identity", "Identity", "A machine identity.", attributes };

const struct resource_type identity_type = {
        .kind = KIND_IDENTITY,
        .name = "Identity",
        .word = "identity",
        .api_collection = "identities",
        .subject = "identity",
        .core = &schema,
        .name_attribute = "name",
        .api_offers = OFFER_ALL,
};
