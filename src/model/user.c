/* SPDX-License-Identifier: Apache-2.0
 *
 * User: the whole core schema of RFC 7643 section 4.1, the enterprise extension (4.3), and what Muster tells beside a connection's own
 * claim (R3). There is no password: what a client sends is dropped and the schema does not name it (R27). */
#include "model/types.h"

/* What RFC 7643 section 2.4 gives as examples for any list; the interoperability profile (5.4) wants some declared for each. */
static const char *const label_types[] = { "work", "home", "other", NULL };
static const char *const phone_types[] = { "work", "home", "mobile", "fax", "pager", "other", NULL };
static const char *const im_types[] = { "aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo", NULL };
static const char *const photo_types[] = { "photo", "thumbnail", NULL };
static const char *const group_types[] = { "direct", "indirect", NULL };
static const char *const to_external[] = { "external", NULL };
static const char *const to_user[] = { "User", NULL };
static const char *const to_group[] = { "Group", NULL };

#define ID_MAX_BYTES 256
#define URI_MAX_BYTES 2048
#define ENTITLEMENT_MAX_BYTES 4096 /* whole JSON objects stand here as text (Entra) */
#define CERTIFICATE_MAX_BYTES 16384

/* clang-format off */
#define DISPLAY_TYPE_PRIMARY(types)                                                                             \
        { "display", ATTRIBUTE_TEXT,    0,           NULL, "A name for people, shown beside the value." },      \
        { "type",    ATTRIBUTE_TEXT,    0,           NULL, "What the value is for.", (types) },                 \
        { "primary", ATTRIBUTE_BOOLEAN, PRIMARY_SUB, NULL, "True for the preferred value; at most one." },      \
        { NULL }

static const struct attribute name_attributes[] = {
        { "formatted",       ATTRIBUTE_TEXT, 0, NULL, "The whole name, ready to be shown." },
        { "familyName",      ATTRIBUTE_TEXT, 0, NULL, "Family name, or last name." },
        { "givenName",       ATTRIBUTE_TEXT, 0, NULL, "Given name, or first name." },
        { "middleName",      ATTRIBUTE_TEXT, 0, NULL, "Middle names." },
        { "honorificPrefix", ATTRIBUTE_TEXT, 0, NULL, "Title before the name." },
        { "honorificSuffix", ATTRIBUTE_TEXT, 0, NULL, "Suffix after the name." },
        { NULL }
};
static const struct attribute email_attributes[] = {
        { "value", ATTRIBUTE_TEXT, INDEXED, NULL, "The address.", .number = 1, .max_bytes = 512 },
        DISPLAY_TYPE_PRIMARY(label_types)
};
static const struct attribute phone_attributes[] = {
        { "value", ATTRIBUTE_TEXT, 0, NULL, "The telephone number, as sent." },
        DISPLAY_TYPE_PRIMARY(phone_types)
};
static const struct attribute im_attributes[] = {
        { "value", ATTRIBUTE_TEXT, 0, NULL, "The instant messaging address." },
        DISPLAY_TYPE_PRIMARY(im_types)
};
static const struct attribute photo_attributes[] = {
        { "value", ATTRIBUTE_REFERENCE, CASE_EXACT, NULL, "The URI of the picture.", NULL, to_external, .max_bytes = URI_MAX_BYTES },
        DISPLAY_TYPE_PRIMARY(photo_types)
};
static const struct attribute address_attributes[] = {
        { "formatted",     ATTRIBUTE_TEXT,    0,           NULL, "The whole address, ready to be shown; may hold line breaks." },
        { "streetAddress", ATTRIBUTE_TEXT,    0,           NULL, "Street, house number, box; may hold line breaks." },
        { "locality",      ATTRIBUTE_TEXT,    0,           NULL, "City or locality." },
        { "region",        ATTRIBUTE_TEXT,    0,           NULL, "State or region." },
        { "postalCode",    ATTRIBUTE_TEXT,    0,           NULL, "Postal code." },
        { "country",       ATTRIBUTE_TEXT,    0,           NULL, "Country, ISO 3166-1 alpha-2." },
        { "type",          ATTRIBUTE_TEXT,    0,           NULL, "What the address is for.", label_types },
        { "primary",       ATTRIBUTE_BOOLEAN, PRIMARY_SUB, NULL, "True for the preferred address; at most one." },
        { NULL }
};
static const struct attribute membership_attributes[] = {
        { "value",   ATTRIBUTE_TEXT,      READ_ONLY | CASE_EXACT, NULL, "The id of the group." },
        { "$ref",    ATTRIBUTE_REFERENCE, READ_ONLY | CASE_EXACT, NULL, "The URI of the group.", NULL, to_group },
        { "display", ATTRIBUTE_TEXT,      READ_ONLY,              NULL, "The group's displayName." },
        { "type",    ATTRIBUTE_TEXT,      READ_ONLY,              NULL, "Whether the user is in the group itself or in one inside it.",
          group_types },
        { NULL }
};
static const struct attribute entitlement_attributes[] = {
        { "value", ATTRIBUTE_TEXT, 0, NULL, "The entitlement, as sent.", .max_bytes = ENTITLEMENT_MAX_BYTES },
        DISPLAY_TYPE_PRIMARY(label_types)
};
static const struct attribute role_attributes[] = {
        { "value", ATTRIBUTE_TEXT, 0, NULL, "The role, as sent.", .max_bytes = ENTITLEMENT_MAX_BYTES },
        DISPLAY_TYPE_PRIMARY(label_types)
};
static const struct attribute certificate_attributes[] = {
        { "value", ATTRIBUTE_BINARY, CASE_EXACT, NULL, "The certificate, DER in base64.", .max_bytes = CERTIFICATE_MAX_BYTES },
        DISPLAY_TYPE_PRIMARY(label_types)
};

static const struct attribute user_attributes[] = {
        { "userName",          ATTRIBUTE_TEXT,      REQUIRED | UNIQUE, NULL,
          "The name the user is known by; unique over all sources of the organization.", .max_bytes = 512 },
        { "name",              ATTRIBUTE_COMPLEX,   0, name_attributes, "The parts of the person's name." },
        { "displayName",       ATTRIBUTE_TEXT,      0, NULL, "The name to show." },
        { "nickName",          ATTRIBUTE_TEXT,      0, NULL, "The casual name." },
        { "profileUrl",        ATTRIBUTE_REFERENCE, CASE_EXACT, NULL, "A page about the user.", NULL, to_external,
          .max_bytes = URI_MAX_BYTES },
        { "title",             ATTRIBUTE_TEXT,      0, NULL, "The title in the organization." },
        { "userType",          ATTRIBUTE_TEXT,      0, NULL, "The relation to the organization, such as Employee or Contractor." },
        { "preferredLanguage", ATTRIBUTE_TEXT,      0, NULL, "Preferred languages, as in Accept-Language." },
        { "locale",            ATTRIBUTE_TEXT,      0, NULL, "Locale for dates, numbers and currency, such as en-US." },
        { "timezone",          ATTRIBUTE_TEXT,      0, NULL, "Time zone, in IANA form." },
        { "active",            ATTRIBUTE_BOOLEAN,   COLUMN, NULL, "Whether this client lets the user in." },
        { "password",          ATTRIBUTE_TEXT,      IGNORED_INPUT | WRITE_ONLY | RETURNED_NEVER | CASE_EXACT, NULL, "Dropped." },
        { "emails",            ATTRIBUTE_COMPLEX,   MULTI, email_attributes, "E-mail addresses." },
        { "phoneNumbers",      ATTRIBUTE_COMPLEX,   MULTI, phone_attributes, "Telephone numbers." },
        { "ims",               ATTRIBUTE_COMPLEX,   MULTI, im_attributes, "Instant messaging addresses." },
        { "photos",            ATTRIBUTE_COMPLEX,   MULTI, photo_attributes, "Pictures of the user." },
        { "addresses",         ATTRIBUTE_COMPLEX,   MULTI, address_attributes, "Postal addresses." },
        { "groups",            ATTRIBUTE_COMPLEX,   MULTI | READ_ONLY | DERIVED, membership_attributes,
          "The groups the user belongs to; changed through the groups." },
        { "entitlements",      ATTRIBUTE_COMPLEX,   MULTI, entitlement_attributes, "Entitlements, as the client names them." },
        { "roles",             ATTRIBUTE_COMPLEX,   MULTI, role_attributes,
          "Roles, as the client names them; they act through mapping rules only." },
        { "x509Certificates",  ATTRIBUTE_COMPLEX,   MULTI, certificate_attributes, "X.509 certificates of the user." },
        { NULL }
};

static const struct attribute manager_attributes[] = {
        { "value",       ATTRIBUTE_TEXT,      CASE_EXACT, NULL, "The id of the manager.", .max_bytes = ID_MAX_BYTES },
        { "$ref",        ATTRIBUTE_REFERENCE, CASE_EXACT, NULL, "The URI of the manager.", NULL, to_user, .max_bytes = URI_MAX_BYTES },
        { "displayName", ATTRIBUTE_TEXT,      READ_ONLY | IGNORED_INPUT, NULL, "The manager's displayName." },
        { NULL }
};
static const struct attribute enterprise_attributes[] = {
        { "employeeNumber", ATTRIBUTE_TEXT,    0, NULL, "Number or text by which the organization knows the person." },
        { "costCenter",     ATTRIBUTE_TEXT,    0, NULL, "Cost center." },
        { "organization",   ATTRIBUTE_TEXT,    0, NULL, "Name of the organization, as the client knows it." },
        { "division",       ATTRIBUTE_TEXT,    0, NULL, "Division." },
        { "department",     ATTRIBUTE_TEXT,    0, NULL, "Department." },
        { "manager",        ATTRIBUTE_COMPLEX, 0, manager_attributes, "The user's manager." },
        { NULL }
};

static const struct attribute muster_attributes[] = {
        { "effectiveActive", ATTRIBUTE_BOOLEAN, READ_ONLY | DERIVED, NULL,
          "Whether the user is let in when every source is heard, not this client alone." },
        { "heldBy",          ATTRIBUTE_TEXT,    READ_ONLY | DERIVED | MULTI, NULL, "What keeps the user out." },
        { NULL }
};
/* clang-format on */

const struct schema user_schema = { URN_USER, "User", "A person's account.", user_attributes };
const struct schema enterprise_user_schema = { URN_ENTERPRISE_USER, "EnterpriseUser", "What an employer adds to a user.",
        enterprise_attributes };
const struct schema muster_user_schema = { URN_MUSTER_USER, "MusterUser", "The effective state of a user, over all sources.",
        muster_attributes };
static const struct schema *const user_extensions[] = { &enterprise_user_schema, &muster_user_schema, NULL };

const struct resource_type user_type = {
        .kind = KIND_USER,
        .name = "User",
        .word = "user",
        .scim_endpoint = "Users",
        .api_collection = "users",
        .subject = "member",
        .core = &user_schema,
        .extensions = user_extensions,
        .name_attribute = "userName",
        .api_offers = OFFER_ALL,
};
