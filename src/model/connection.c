/* SPDX-License-Identifier: Apache-2.0
 *
 * Connection: one way in. Its tokens are credentials, not part of the document. */
#include "model/types.h"

#include "base/network.h"
#include "model/ceiling.h"

static const char *const kinds[] = { "scim", NULL };
static const char *const profiles[] = { "lenient", "strict", NULL };
static const char *const presets[] = { "none", "okta", "entra", NULL };
static const char *const unknown_members[] = { "refuse", "skip", NULL };
static const char *const adoptions[] = { "refuse", "same_upstream", "verified_domain", NULL };
static const char *const to_upstream[] = { "Upstream", NULL };

/* clang-format off */
static const struct attribute attributes[] = {
        { "name",        ATTRIBUTE_TEXT,      REQUIRED, NULL, "The name to show.", .max_bytes = 256 },
        { "kind",        ATTRIBUTE_TEXT,      REQUIRED | IMMUTABLE | CASE_EXACT, NULL, "The protocol.", kinds },
        { "upstream",    ATTRIBUTE_REFERENCE, CASE_EXACT, NULL,
          "Id of the authority behind it; by default a new one named after the connection.", NULL, to_upstream, .max_bytes = 64 },
        { "profile",     ATTRIBUTE_TEXT,      CASE_EXACT, NULL, "Whether known deviations of clients are accepted.", profiles },
        { "preset",      ATTRIBUTE_TEXT,      CASE_EXACT, NULL, "Whose habits to expect.", presets },
        { "unknown_members", ATTRIBUTE_TEXT,  CASE_EXACT, NULL,
          "Whether a member this connection never created refuses the whole change, or is left out and logged (R14).", unknown_members },
        { "adoption",    ATTRIBUTE_TEXT,      CASE_EXACT, NULL, "Which users that are there already it may take over (R13).", adoptions },
        { "domains",     ATTRIBUTE_TEXT,      MULTI, NULL,
          "Verified e-mail domains for whose addresses its word counts (R6).", .max_bytes = 253 },
        { "ceiling",     ATTRIBUTE_TEXT,      MULTI | NEVER_EMPTY | CASE_EXACT, NULL,
          "The roles that its groups may confer (R8), each level:slug.", .max_bytes = 160 },
        { "description", ATTRIBUTE_TEXT,      0, NULL, "What comes in here.", .max_bytes = 4096 },
        { "rate_limit",  ATTRIBUTE_INTEGER,   0, NULL, "Requests a second it may make, 25 to 100000; by default 20000." },
        { "allowed_addresses", ATTRIBUTE_TEXT, MULTI | NEVER_EMPTY | CASE_EXACT, NULL,
          "Addresses and networks, such as 192.0.2.0/24, from which it may call; by default all.", .max_bytes = 64 },
        { "active",      ATTRIBUTE_BOOLEAN,   COLUMN, NULL, "False: its credentials refuse; what it gave stands (R4)." },
        { NULL }
};
/* clang-format on */

#define RATE_MIN 25 /* what identity providers send at least */
#define RATE_MAX 100000

#define ADDRESSES_MAX 100

/* One that cannot be read must not stand there: it would let nobody in, or seem to let somebody in. */
static enum err check_addresses(const json_t *document, struct fault *fault)
{
        const json_t *list = json_object_get(document, "allowed_addresses"), *text;
        struct network network;
        size_t i;
        if (json_array_size(list) > ADDRESSES_MAX)
                return fault_set(fault, ERR_VALUE, "allowed_addresses", "at most %d addresses and networks are taken", ADDRESSES_MAX);
        json_array_foreach ((json_t *)list, i, text) {
                if (!network_parse(json_string_value(text), json_string_length(text), &network))
                        return fault_set(fault, ERR_VALUE, "allowed_addresses",
                                "\"%.64s\" is no address and no network such as 192.0.2.0/24 or 2001:db8::/32", json_string_value(text));
        }
        return ERR_OK;
}

static enum err check(const json_t *document, struct fault *fault)
{
        const json_t *rate = json_object_get(document, "rate_limit");
        if (rate && (json_integer_value(rate) < RATE_MIN || json_integer_value(rate) > RATE_MAX))
                return fault_set(
                        fault, ERR_VALUE, "rate_limit", "rate_limit is a number of requests a second from %d to %d", RATE_MIN, RATE_MAX);
        struct permission_set ceiling;
        enum err e = check_addresses(document, fault);
        if (!e)
                e = ceiling_parse(json_object_get(document, "ceiling"), &ceiling, fault);
        return e ? e : check_canonical(attributes, document, fault);
}

static const struct schema schema = { "urn:muster:params:schemas:1.0:Connection", "Connection", "A way in.", attributes };

const struct resource_type connection_type = {
        .kind = KIND_CONNECTION,
        .name = "Connection",
        .word = "connection",
        .api_collection = "connections",
        .subject = "scim",
        .core = &schema,
        .name_attribute = "name",
        .api_offers = OFFER_ALL,
        .check = check,
};
