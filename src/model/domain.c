/* SPDX-License-Identifier: Apache-2.0
 *
 * E-mail domain: whose addresses a root may vouch for, once it has proved that the domain is its own (R6). Whether it has stands beside the
 * document. */
#include "model/types.h"

#include "model/email_domain.h"

/* clang-format off */
static const struct attribute attributes[] = {
        { "name", ATTRIBUTE_TEXT, REQUIRED | IMMUTABLE, NULL, "The domain, such as example.com; none below it is meant.",
          .max_bytes = 253 },
        { NULL }
};
/* clang-format on */

static enum err check(const json_t *document, struct fault *fault)
{
        const json_t *name = json_object_get(document, "name");
        char ignored[DOMAIN_NAME_SIZE];
        return domain_name_parse(json_string_value(name), json_string_length(name), "name", ignored, fault);
}

static const struct schema schema = { "urn:muster:params:schemas:1.0:Domain", "Domain", "An e-mail domain.", attributes };

const struct resource_type domain_type = {
        .kind = KIND_DOMAIN,
        .name = "Domain",
        .word = "domain",
        .api_collection = "domains",
        .subject = "email-domains",
        .core = &schema,
        .name_attribute = "name",
        .api_offers = OFFER_READ | OFFER_CREATE | OFFER_DELETE,
        .check = check,
};
