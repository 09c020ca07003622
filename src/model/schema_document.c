/* SPDX-License-Identifier: Apache-2.0
 *
 * Schema and ResourceType documents (RFC 7643 sections 6 and 7) made from the descriptors; schemas/scim/ holds them as published and a
 * test proves both equal. Every characteristic is written out, so that no reader needs to know the defaults. */
#include "model/attribute.h"

#include "base/auto.h"
#include "schema_words.h"

static bool has_letter_case(enum attribute_type type)
{
        return type == ATTRIBUTE_TEXT || type == ATTRIBUTE_REFERENCE || type == ATTRIBUTE_BINARY;
}

static json_t *text_list(const char *const *texts)
{
        json_auto_t *list = json_array();

        for (; *texts; texts++)
                if (json_array_append_new(list, json_string(*texts)))
                        return NULL;
        return STEAL(list);
}

static json_t *attribute_list(const struct attribute *attributes);

/* jansson refuses NULL values with -1, so that one test at the end finds every failure. */
static json_t *attribute_document(const struct attribute *a)
{
        json_auto_t *document = json_object();
        int failed = 0;

        failed |= json_object_set_new(document, "name", json_string(a->name));
        failed |= json_object_set_new(document, "type", json_string(schema_word_of_type(a->type)));
        failed |= json_object_set_new(document, "multiValued", json_boolean(a->flags & MULTI));
        failed |= json_object_set_new(document, "description", json_string(a->description));
        failed |= json_object_set_new(document, "required", json_boolean(a->flags & REQUIRED));
        if (a->canonical_values)
                failed |= json_object_set_new(document, "canonicalValues", text_list(a->canonical_values));
        if (has_letter_case(a->type))
                failed |= json_object_set_new(document, "caseExact", json_boolean(a->flags & CASE_EXACT));
        failed |= json_object_set_new(document, "mutability", json_string(schema_word_of_flags(mutability_words, a->flags)));
        failed |= json_object_set_new(document, "returned", json_string(schema_word_of_flags(returned_words, a->flags)));
        failed |= json_object_set_new(document, "uniqueness", json_string(schema_word_of_flags(uniqueness_words, a->flags)));
        if (a->reference_types)
                failed |= json_object_set_new(document, "referenceTypes", text_list(a->reference_types));
        if (a->sub)
                failed |= json_object_set_new(document, "subAttributes", attribute_list(a->sub));
        return failed ? NULL : STEAL(document);
}

static json_t *attribute_list(const struct attribute *attributes)
{
        json_auto_t *list = json_array();

        for (const struct attribute *a = attributes; a->name; a++)
                if (!(a->flags & IGNORED_INPUT) && json_array_append_new(list, attribute_document(a)))
                        return NULL;
        return STEAL(list);
}

json_t *schema_document(const struct schema *schema)
{
        static const char *const schemas[] = { URN_SCHEMA, NULL };
        json_auto_t *document = json_object();
        int failed = 0;

        failed |= json_object_set_new(document, "schemas", text_list(schemas));
        failed |= json_object_set_new(document, "id", json_string(schema->urn));
        failed |= json_object_set_new(document, "name", json_string(schema->name));
        failed |= json_object_set_new(document, "description", json_string(schema->description));
        failed |= json_object_set_new(document, "attributes", attribute_list(schema->attributes));
        return failed ? NULL : STEAL(document);
}

static json_t *extension_list(const struct resource_type *type)
{
        json_auto_t *list = json_array();

        for (unsigned i = 0; type->extensions[i]; i++)
                if (json_array_append_new(list, json_pack("{s:s, s:b}", "schema", type->extensions[i]->urn, "required",
                                                        (int)(type->required_extensions >> i & 1))))
                        return NULL;
        return STEAL(list);
}

json_t *resource_type_document(const struct resource_type *type)
{
        static const char *const schemas[] = { URN_RESOURCE_TYPE, NULL };
        json_auto_t *document = json_object();
        int failed = 0;

        failed |= json_object_set_new(document, "schemas", text_list(schemas));
        failed |= json_object_set_new(document, "id", json_string(type->name));
        failed |= json_object_set_new(document, "name", json_string(type->name));
        failed |=
                json_object_set_new(document, "description", json_string(type->description ? type->description : type->core->description));
        if (type->scim_endpoint)
                failed |= json_object_set_new(document, "endpoint", json_sprintf("/%s", type->scim_endpoint));
        failed |= json_object_set_new(document, "schema", json_string(type->core->urn));
        if (type->extensions)
                failed |= json_object_set_new(document, "schemaExtensions", extension_list(type));
        return failed ? NULL : STEAL(document);
}
