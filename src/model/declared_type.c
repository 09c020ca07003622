/* SPDX-License-Identifier: Apache-2.0
 *
 * ResourceType: a type of resource that an organisation declares for itself (RFC 7643 section 6). Its resources are data: nobody belongs to
 * them and nothing is granted by them. */
#include <string.h>
#include <strings.h>
#include "base/auto.h"
#include "model/declaration.h"
#include "types.h"

/* clang-format off */
static const struct attribute extension_attributes[] = {
        { "schema",   ATTRIBUTE_TEXT,    REQUIRED, NULL, "The URN of a declared schema.", .max_bytes = URN_MAX_BYTES },
        { "required", ATTRIBUTE_BOOLEAN, 0, NULL, "Whether every new resource must have it." },
        { NULL }
};
static const struct attribute attributes[] = {
        { "name",             ATTRIBUTE_TEXT,    REQUIRED | IMMUTABLE | CASE_EXACT, NULL, "The name of the type.",
          .max_bytes = ATTRIBUTE_NAME_MAX_BYTES },
        { "description",      ATTRIBUTE_TEXT,    0, NULL, "What the type is.", .max_bytes = DESCRIPTION_MAX_BYTES },
        { "endpoint",         ATTRIBUTE_TEXT,    REQUIRED | IMMUTABLE | CASE_EXACT, NULL, "Its SCIM endpoint, such as /Devices.",
          .max_bytes = ATTRIBUTE_NAME_MAX_BYTES + 1 },
        { "schema",           ATTRIBUTE_TEXT,    REQUIRED | IMMUTABLE, NULL, "The URN of its declared schema.", .max_bytes = URN_MAX_BYTES },
        { "schemaExtensions", ATTRIBUTE_COMPLEX, MULTI, extension_attributes, "Declared schemas that extend it." },
        { "number",           ATTRIBUTE_INTEGER, READ_ONLY, NULL, "The number of the type in this organization." },
        { NULL }
};
/* clang-format on */

static bool is_word(const char *text)
{
        size_t length = text ? strlen(text) : 0;
        return length > 0 && length <= ATTRIBUTE_NAME_MAX_BYTES && ((*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z')) &&
               strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == length;
}

static bool is_listed(const char *const *list, const char *text)
{
        for (; *list; list++)
                if (strcasecmp(*list, text) == 0)
                        return true;
        return false;
}

static bool is_reserved_endpoint(const char *endpoint)
{
        static const char *const reserved[] = { "Me", "Bulk", "Schemas", "ResourceTypes", "ServiceProviderConfig", "search", NULL };
        for (const struct resource_type *const *type = types_builtin; *type; type++)
                if ((*type)->scim_endpoint && strcasecmp((*type)->scim_endpoint, endpoint) == 0)
                        return true;
        return is_listed(reserved, endpoint);
}

/* What stands as `resourceType` in answers of this service. What it has besides never meets SCIM, and declared kinds are "resource"
 * elsewhere. */
static bool is_reserved_name(const char *name)
{
        static const char *const reserved[] = { "Schema", "ResourceType", "ServiceProviderConfig", NULL };
        for (const struct resource_type *const *type = types_builtin; *type; type++)
                if ((*type)->scim_endpoint && strcasecmp((*type)->name, name) == 0)
                        return true;
        return is_listed(reserved, name);
}

static enum err check(const json_t *document, struct fault *fault)
{
        const char *name = json_string_value(json_object_get(document, "name"));
        const char *endpoint = json_string_value(json_object_get(document, "endpoint"));
        if (!is_word(name))
                return fault_set(
                        fault, ERR_VALUE, "name", "\"%.64s\" came; a letter and then letters and digits are expected", name ? name : "");
        if (is_reserved_name(name))
                return fault_set(fault, ERR_TAKEN, "name", "\"%.64s\" is a type of this service already", name);
        if (!endpoint || *endpoint != '/' || !is_word(endpoint + 1))
                return fault_set(fault, ERR_VALUE, "endpoint", "\"%.64s\" came; a slash, a letter and then letters and digits are expected",
                        endpoint ? endpoint : "");
        if (is_reserved_endpoint(endpoint + 1))
                return fault_set(fault, ERR_TAKEN, "endpoint", "\"%.64s\" is an endpoint of this service already", endpoint);
        return ERR_OK;
}

static const struct schema schema = { "urn:muster:params:schemas:1.0:ResourceType", "ResourceType", "A declared resource type.", attributes,
        0 };

const struct resource_type declared_type_type = {
        .kind = KIND_RESOURCE_TYPE,
        .name = "ResourceType",
        .word = "resource-type",
        .api_collection = "resource-types",
        .subject = "schemas",
        .core = &schema,
        .name_attribute = "name",
        .api_offers = OFFER_ALL,
        .check = check,
};
