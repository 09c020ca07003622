/* SPDX-License-Identifier: Apache-2.0
 *
 * Schemas of the discovery documents themselves (RFC 7643 sections 5, 6 and 7; pagination: RFC 9865 section 4; securityEvents: RFC 9967),
 * and the list of all that is published. */
#include "model/types.h"

static const char *const to_external[] = { "external", NULL };
static const char *const to_uri[] = { "uri", NULL };
static const char *const scheme_types[] = { "oauth", "oauth2", "oauthbearertoken", "httpbasic", "httpdigest", NULL };
static const char *const pagination_methods[] = { "cursor", "index", NULL };
static const char *const async_names[] = { "none", "long", "request", NULL };
static const char *const type_names[] = { "string", "boolean", "decimal", "integer", "dateTime", "reference", "complex", "binary", NULL };
static const char *const mutability_names[] = { "readOnly", "readWrite", "immutable", "writeOnly", NULL };
static const char *const returned_names[] = { "always", "never", "default", "request", NULL };
static const char *const uniqueness_names[] = { "none", "server", "global", NULL };

/* clang-format off */
#define SUPPORTED { "supported", ATTRIBUTE_BOOLEAN, REQUIRED | READ_ONLY, NULL, "Whether the operation is supported." }

static const struct attribute supported_attributes[] = { SUPPORTED, { NULL } };
static const struct attribute bulk_attributes[] = {
        SUPPORTED,
        { "maxOperations",  ATTRIBUTE_INTEGER, REQUIRED | READ_ONLY, NULL, "The most operations of one request." },
        { "maxPayloadSize", ATTRIBUTE_INTEGER, REQUIRED | READ_ONLY, NULL, "The largest request, in bytes." },
        { NULL }
};
static const struct attribute filter_attributes[] = {
        SUPPORTED,
        { "maxResults", ATTRIBUTE_INTEGER, REQUIRED | READ_ONLY, NULL, "The most resources of one answer." },
        { NULL }
};
static const struct attribute pagination_attributes[] = {
        { "cursor",                  ATTRIBUTE_BOOLEAN, REQUIRED | READ_ONLY, NULL, "Whether pages go by cursor." },
        { "index",                   ATTRIBUTE_BOOLEAN, REQUIRED | READ_ONLY, NULL, "Whether pages go by index." },
        { "defaultPaginationMethod", ATTRIBUTE_TEXT,    READ_ONLY, NULL, "What a request without either means.", pagination_methods },
        { "defaultPageSize",         ATTRIBUTE_INTEGER, READ_ONLY, NULL, "Resources of a page when the request names no count." },
        { "maxPageSize",             ATTRIBUTE_INTEGER, READ_ONLY, NULL, "The most resources of one page." },
        { "cursorTimeout",           ATTRIBUTE_INTEGER, READ_ONLY, NULL, "How long a cursor lives at least, in seconds." },
        { NULL }
};
static const struct attribute event_attributes[] = {
        { "asyncRequest", ATTRIBUTE_TEXT,      READ_ONLY, NULL, "Whether requests can be answered later, as an event.", async_names },
        { "eventUris",    ATTRIBUTE_REFERENCE, READ_ONLY | MULTI | CASE_EXACT, NULL, "The URIs of the events that are sent.", NULL, to_uri },
        { NULL }
};
static const struct attribute scheme_attributes[] = {
        { "type",             ATTRIBUTE_TEXT,      REQUIRED | READ_ONLY, NULL, "The kind of scheme.", scheme_types },
        { "name",             ATTRIBUTE_TEXT,      REQUIRED | READ_ONLY, NULL, "The common name of the scheme." },
        { "description",      ATTRIBUTE_TEXT,      REQUIRED | READ_ONLY, NULL, "How it is used." },
        { "specUri",          ATTRIBUTE_REFERENCE, READ_ONLY | CASE_EXACT, NULL, "The specification.", NULL, to_external },
        { "documentationUri", ATTRIBUTE_REFERENCE, READ_ONLY | CASE_EXACT, NULL, "Its documentation.", NULL, to_external },
        { "primary",          ATTRIBUTE_BOOLEAN,   READ_ONLY | PRIMARY_SUB, NULL, "True for the preferred scheme." },
        { NULL }
};
static const struct attribute config_attributes[] = {
        { "documentationUri", ATTRIBUTE_REFERENCE, READ_ONLY | CASE_EXACT, NULL, "Help for people about this service.", NULL, to_external },
        { "patch",            ATTRIBUTE_COMPLEX,   REQUIRED | READ_ONLY, supported_attributes, "PATCH." },
        { "bulk",             ATTRIBUTE_COMPLEX,   REQUIRED | READ_ONLY, bulk_attributes, "Bulk operations." },
        { "filter",           ATTRIBUTE_COMPLEX,   REQUIRED | READ_ONLY, filter_attributes, "Filters." },
        { "changePassword",   ATTRIBUTE_COMPLEX,   REQUIRED | READ_ONLY, supported_attributes, "Changing a password." },
        { "sort",             ATTRIBUTE_COMPLEX,   REQUIRED | READ_ONLY, supported_attributes, "Sorted answers." },
        { "etag",             ATTRIBUTE_COMPLEX,   REQUIRED | READ_ONLY, supported_attributes, "Entity tags." },
        { "pagination",       ATTRIBUTE_COMPLEX,   READ_ONLY, pagination_attributes, "Pages." },
        { "securityEvents",   ATTRIBUTE_COMPLEX,   READ_ONLY, event_attributes, "Security event tokens." },
        { "interopProfileConformant", ATTRIBUTE_BOOLEAN, READ_ONLY, NULL,
          "Whether this connection keeps to the SCIM 2.0 interoperability profile: its profile is strict." },
        { "authenticationSchemes", ATTRIBUTE_COMPLEX, REQUIRED | READ_ONLY | MULTI, scheme_attributes, "How clients authenticate." },
        { NULL }
};

static const struct attribute extension_attributes[] = {
        { "schema",   ATTRIBUTE_REFERENCE, REQUIRED | READ_ONLY | CASE_EXACT, NULL, "The URN of the extension.", NULL, to_uri },
        { "required", ATTRIBUTE_BOOLEAN,   REQUIRED | READ_ONLY, NULL, "Whether every resource of the type has it." },
        { NULL }
};
static const struct attribute resource_type_attributes[] = {
        { "id",               ATTRIBUTE_TEXT,      READ_ONLY | CASE_EXACT, NULL, "The same as name." },
        { "name",             ATTRIBUTE_TEXT,      REQUIRED | READ_ONLY | CASE_EXACT, NULL, "The name of the type." },
        { "description",      ATTRIBUTE_TEXT,      READ_ONLY, NULL, "What the type is." },
        { "endpoint",         ATTRIBUTE_REFERENCE, REQUIRED | READ_ONLY | CASE_EXACT, NULL, "Its endpoint below the base URI.", NULL, to_uri },
        { "schema",           ATTRIBUTE_REFERENCE, REQUIRED | READ_ONLY | CASE_EXACT, NULL, "The URN of its core schema.", NULL, to_uri },
        { "schemaExtensions", ATTRIBUTE_COMPLEX,   READ_ONLY | MULTI, extension_attributes, "Its extensions." },
        { NULL }
};

#define CHARACTERISTICS                                                                                                                \
        { "name",            ATTRIBUTE_TEXT,    REQUIRED | READ_ONLY | CASE_EXACT, NULL, "The name of the attribute." },               \
        { "type",            ATTRIBUTE_TEXT,    REQUIRED | READ_ONLY, NULL, "Its type.", type_names },                                 \
        { "multiValued",     ATTRIBUTE_BOOLEAN, REQUIRED | READ_ONLY, NULL, "Whether it holds a list." },                              \
        { "description",     ATTRIBUTE_TEXT,    READ_ONLY, NULL, "What it is." },                                                      \
        { "required",        ATTRIBUTE_BOOLEAN, READ_ONLY, NULL, "Whether it must be there." },                                        \
        { "canonicalValues", ATTRIBUTE_TEXT,    READ_ONLY | MULTI | CASE_EXACT, NULL, "Values to prefer." },                           \
        { "caseExact",       ATTRIBUTE_BOOLEAN, READ_ONLY, NULL, "Whether letter case matters." },                                     \
        { "mutability",      ATTRIBUTE_TEXT,    READ_ONLY | CASE_EXACT, NULL, "When it can be changed.", mutability_names },           \
        { "returned",        ATTRIBUTE_TEXT,    READ_ONLY | CASE_EXACT, NULL, "When an answer holds it.", returned_names },            \
        { "uniqueness",      ATTRIBUTE_TEXT,    READ_ONLY | CASE_EXACT, NULL, "Where its value is unique.", uniqueness_names },        \
        { "referenceTypes",  ATTRIBUTE_TEXT,    READ_ONLY | MULTI | CASE_EXACT, NULL, "What a reference may point to." }

static const struct attribute sub_attributes[] = { CHARACTERISTICS, { NULL } };
const struct attribute schema_attribute_attributes[] = {
        CHARACTERISTICS,
        { "subAttributes", ATTRIBUTE_COMPLEX, READ_ONLY | MULTI, sub_attributes, "The parts of a complex attribute." },
        { NULL }
};
static const struct attribute schema_attributes[] = {
        { "id",          ATTRIBUTE_TEXT,    REQUIRED | READ_ONLY | CASE_EXACT, NULL, "The URN of the schema." },
        { "name",        ATTRIBUTE_TEXT,    READ_ONLY, NULL, "The name of the schema." },
        { "description", ATTRIBUTE_TEXT,    READ_ONLY, NULL, "What the schema is for." },
        { "attributes",  ATTRIBUTE_COMPLEX, REQUIRED | READ_ONLY | MULTI, schema_attribute_attributes, "Its attributes." },
        { NULL }
};
/* clang-format on */

static const struct schema service_provider_config_schema = { URN_SERVICE_PROVIDER_CONFIG, "ServiceProviderConfig",
        "What this service offers.", config_attributes };
static const struct schema resource_type_schema = { URN_RESOURCE_TYPE, "ResourceType", "A type of resource.", resource_type_attributes };
static const struct schema schema_schema = { URN_SCHEMA, "Schema", "The attributes of a schema.", schema_attributes };

const struct schema *const schemas_builtin[] = {
        &user_schema,
        &group_schema,
        &enterprise_user_schema,
        &muster_user_schema,
        &service_provider_config_schema,
        &resource_type_schema,
        &schema_schema,
        NULL,
};
