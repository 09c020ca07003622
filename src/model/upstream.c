/* SPDX-License-Identifier: Apache-2.0
 *
 * Upstream: one authority behind one or more connections (R1). */
#include "model/types.h"

/* clang-format off */
static const struct attribute attributes[] = {
        { "name",        ATTRIBUTE_TEXT, REQUIRED, NULL, "The name to show.", .max_bytes = 256 },
        { "description", ATTRIBUTE_TEXT, 0, NULL, "What stands behind it.", .max_bytes = 4096 },
        { NULL }
};
/* clang-format on */

static const struct schema schema = { "urn:muster:params:schemas:1.0:Upstream", "Upstream", "An identity authority.", attributes };

const struct resource_type upstream_type = {
        .kind = KIND_UPSTREAM,
        .name = "Upstream",
        .word = "upstream",
        .api_collection = "upstreams",
        .subject = "upstream",
        .core = &schema,
        .name_attribute = "name",
        .api_offers = OFFER_ALL,
};
