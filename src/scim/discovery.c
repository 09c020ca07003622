/* SPDX-License-Identifier: Apache-2.0
 *
 * Discovery (RFC 7644 section 4): what is implemented, exactly, made from the descriptors. Sorting and paging are ignored here, a filter is
 * refused. */
#include <string.h>
#include "bulk.h"
#include "cursor.h"

static int set_meta(json_t *document, const char *type, const char *endpoint, const char *name)
{
        json_t *meta = json_pack("{s:s, s:s++}", "resourceType", type, "location", scim_directory()->public_url, SCIM_BASE "/", endpoint);
        if (meta && name) {
                json_decref(meta);
                json_auto_t *location = json_sprintf("%s" SCIM_BASE "/%s/%s", scim_directory()->public_url, endpoint, name);
                meta = location ? json_pack("{s:s, s:O}", "resourceType", type, "location", location) : NULL;
        }
        return json_object_set_new(document, "meta", meta);
}

static json_t *with_meta(json_t *document, const char *type, const char *endpoint, const char *name)
{
        if (document && set_meta(document, type, endpoint, name)) {
                json_decref(document);
                return NULL;
        }
        return document;
}

static json_t *supported(bool yes)
{
        return json_pack("{s:b}", "supported", yes);
}

static json_t *bulk_offer(void)
{
        return json_pack(
                "{s:b, s:i, s:i}", "supported", 1, "maxOperations", BULK_OPERATIONS_MAX, "maxPayloadSize", (int)BULK_PAYLOAD_MAX_BYTES);
}

static json_t *pagination_offer(void)
{
        return json_pack("{s:b, s:b, s:s, s:i, s:i, s:i}", "cursor", 1, "index", 1, "defaultPaginationMethod", "index", "defaultPageSize",
                PAGE_DEFAULT, "maxPageSize", PAGE_MAX, "cursorTimeout", CURSOR_TIMEOUT_S);
}

/* RFC 9967: respond-async is answered synchronously, and no events leave yet. */
static json_t *events_offer(void)
{
        return json_pack("{s:s, s:[]}", "asyncRequest", "none", "eventUris");
}

static json_t *authentication_offer(void)
{
        return json_pack("[{s:s, s:s, s:s, s:s, s:b}]", "type", "oauthbearertoken", "name", "Bearer token", "description",
                "The token of the SCIM connection in the Authorization header.", "specUri", "https://www.rfc-editor.org/info/rfc6750",
                "primary", 1);
}

static json_t *config_document(const struct schema_set *schemas)
{
        (void)schemas;
        json_t *document = json_pack("{s:[s], s:o, s:o, s:{s:b, s:i}, s:o, s:o, s:o, s:o, s:o, s:o}", "schemas",
                URN_SERVICE_PROVIDER_CONFIG, "patch", supported(true), "bulk", bulk_offer(), "filter", "supported", 1, "maxResults",
                PAGE_MAX, "changePassword", supported(false), "sort", supported(true), "etag", supported(true), "pagination",
                pagination_offer(), "securityEvents", events_offer(), "authenticationSchemes", authentication_offer());
        return with_meta(document, "ServiceProviderConfig", "ServiceProviderConfig", NULL);
}

static json_t *type_entry(const struct resource_type *type)
{
        return with_meta(resource_type_document(type), "ResourceType", "ResourceTypes", type->name);
}

static json_t *schema_entry(const struct schema *schema)
{
        return with_meta(schema_document(schema), "Schema", "Schemas", schema->urn);
}

static json_t *all_types(const struct schema_set *schemas)
{
        json_t *list = json_array();
        for (const struct resource_type *const *type = schemas->types; list && *type; type++)
                if ((*type)->scim_endpoint)
                        (void)json_array_append_new(list, type_entry(*type));
        return list;
}

static json_t *all_schemas(const struct schema_set *schemas)
{
        json_t *list = json_array();
        for (const struct schema *const *schema = schemas->schemas; list && *schema; schema++)
                (void)json_array_append_new(list, schema_entry(*schema));
        return list;
}

static json_t *list_response(json_t *resources)
{
        if (!resources)
                return NULL;
        json_int_t count = (json_int_t)json_array_size(resources);
        return json_pack("{s:[s], s:I, s:i, s:I, s:o}", "schemas", "urn:ietf:params:scim:api:messages:2.0:ListResponse", "totalResults",
                count, "startIndex", 1, "itemsPerPage", count, "Resources", resources);
}

static json_t *find_type(const struct schema_set *schemas, const char *name)
{
        const struct resource_type *type = schema_set_type_by_name(schemas, name);
        return type ? type_entry(type) : NULL;
}

static json_t *find_schema(const struct schema_set *schemas, const char *urn)
{
        const struct schema *schema = schema_set_schema(schemas, urn);
        return schema ? schema_entry(schema) : NULL;
}

static const struct endpoint {
        const char *name;
        json_t *(*all)(const struct schema_set *schemas);
        json_t *(*one)(const struct schema_set *schemas, const char *name);
        bool single;
} endpoints[] = {
        { "ServiceProviderConfig", config_document, NULL, true },
        { "ResourceTypes", all_types, find_type, false },
        { "Schemas", all_schemas, find_schema, false },
};

static const struct endpoint *endpoint_of(const struct request *request)
{
        const char *path = request->path + strlen(SCIM_BASE "/");
        size_t length = strcspn(path, "/");
        for (size_t i = 0; i < COUNT_OF(endpoints); i++)
                if (strlen(endpoints[i].name) == length && strncmp(path, endpoints[i].name, length) == 0)
                        return &endpoints[i];
        return NULL;
}

/* draft-zollner-scim-interop-profile section 4: true, or absent. */
static enum err claim_profile(const struct request *request, json_t *document, struct fault *fault)
{
        bool is_strict = (request->actor.scopes & SCOPE_STRICT) != 0;
        if (is_strict && json_object_set_new(document, "interopProfileConformant", json_true()))
                return fault_set(fault, ERR_MEMORY, "", "out of memory");
        return ERR_OK;
}

enum handled scim_discovery(struct request *request)
{
        struct scim scim;
        const struct endpoint *endpoint = endpoint_of(request);
        enum err e = scim_open(&scim, request);
        if (!e && request_query(request, "filter"))
                e = fault_set(&scim.fault, ERR_FORBIDDEN, "filter", "discovery documents cannot be filtered");
        const struct schema_set *schemas = scim.query.schemas;
        json_auto_t *document = NULL;
        if (!e && request->param_count)
                document = endpoint->one(schemas, request->params[0]);
        else if (!e)
                document = endpoint->single ? endpoint->all(schemas) : list_response(endpoint->all(schemas));
        if (!e && !document)
                e = fault_set(&scim.fault, ERR_NOT_FOUND, "", "there is no such document; the list is at " SCIM_BASE "/%s", endpoint->name);
        if (!e && endpoint->single)
                e = claim_profile(request, document, &scim.fault);
        if (!e)
                e = json_compact(document, &request->reply.body, &scim.fault);
        if (e)
                reply_fault(request, e, &scim.fault);
        else
                reply_json(request, 200, SCIM_MEDIA_TYPE);
        return HANDLED;
}
