/* SPDX-License-Identifier: Apache-2.0
 *
 * A whole body from a client: its `schemas`, its keys in any letter case, its extensions under their URNs (RFC 7643 section 3). What
 * nobody declared is dropped and recorded, refused (strict), or refused with the nearest known name (management API). */
#include "model/document_value.h"

#include <string.h>
#include <strings.h>
#include "base/auto.h"

/* One body under way. */
struct body {
        const struct accept *accept;
        json_t *into; /* document, or extension object */
        const struct schema *extension;
        const struct attribute *tables[4]; /* where names are looked up; NULL-terminated */
        uint64_t seen[4];                  /* bit per row of each table */
        uint32_t seen_extensions;
        struct edge_list *edges; /* NULL: not allowed here */
        struct fault *fault;
};

static bool speaks_scim(const struct accept *accept)
{
        return accept->leniency != NULL;
}

static enum err twice_fault(const struct spot *spot, struct fault *fault)
{
        return spot_fault(spot, fault, ERR_SYNTAX, "given twice, in different letter case");
}

static const json_t *schemas_find(const json_t *body)
{
        const json_t *found = json_object_get(body, "schemas");
        const char *key;
        json_t *value;

        if (found)
                return found;
        json_object_foreach ((json_t *)body, key, value) {
                if (strcasecmp(key, "schemas") == 0)
                        return value;
        }
        return NULL;
}

static enum err schemas_check(const struct accept *accept, const json_t *body, struct fault *fault)
{
        const struct attribute *schemas = attribute_common();
        struct spot spot = { .attribute = schemas };
        bool has_core = false;
        const json_t *list = schemas_find(body), *urn;
        size_t index;

        json_array_foreach ((json_t *)list, index, urn) {
                const struct schema *schema;

                spot.element = index + 1;
                if (!json_is_string(urn))
                        return spot_fault(&spot, fault, ERR_SYNTAX, "a schema URN is expected, not %s", json_type_name(urn));
                schema = schema_of_type(accept->type, json_string_value(urn), json_string_length(urn));
                has_core |= schema == accept->type->core;
                if (!schema && !leniency_use(accept->leniency, LENIENT_UNKNOWN_SCHEMA))
                        return spot_fault(&spot, fault, ERR_SYNTAX, "\"%.*s\" is no schema of %s",
                                shown_length(json_string_value(urn), 100), json_string_value(urn), accept->type->name);
        }
        if (has_core || leniency_use(accept->leniency, LENIENT_MISSING_SCHEMAS))
                return ERR_OK;
        spot.element = 0;
        return spot_fault(&spot, fault, ERR_SYNTAX, "must be a list that names %s", accept->type->core->urn);
}

static const struct attribute *body_find(struct body *body, const char *key, size_t *ret_table)
{
        for (size_t i = 0; body->tables[i]; i++) {
                const struct attribute *found = attribute_find(body->tables[i], key, strlen(key));

                /* externalId is what provisioning clients issue: only types that SCIM addresses have one. */
                if (found && body->tables[i] == attribute_common() && !(found->flags & READ_ONLY) && !body->accept->type->scim_endpoint)
                        continue;
                if (found) {
                        *ret_table = i;
                        return found;
                }
        }
        return NULL;
}

static enum err attribute_accept(struct body *body, const struct attribute *attribute, const json_t *value)
{
        struct spot spot = { .extension = body->extension, .attribute = attribute };
        json_t *accepted = NULL;
        enum err e;

        if (attribute->flags & IGNORED_INPUT && speaks_scim(body->accept)) /* no schema names it: IPSIE AL wants no password at all */
                return unknown_key(body->accept, &spot, body->tables, attribute->name, body->fault);
        if (attribute->flags & (READ_ONLY | IGNORED_INPUT | DERIVED))
                return ERR_OK;
        if (attribute->flags & EDGES)
                return document_accept_edges(body->accept, attribute, value, body->edges, body->fault);
        e = value_accept(body->accept, &spot, attribute, value, &accepted, body->fault);
        if (e || !accepted)
                return e;
        return json_object_set_new_nocheck(body->into, attribute->name, accepted) ? memory_fault(body->fault) : ERR_OK;
}

static enum err key_accept(struct body *body, const char *key, const json_t *value);

static enum err extension_accept(struct body *outer, const struct schema *extension, uint32_t bit, const json_t *value)
{
        struct spot spot = { .extension = extension };
        json_auto_t *object = NULL;
        struct body body = { .accept = outer->accept, .extension = extension, .tables = { extension->attributes }, .fault = outer->fault };
        const char *key;
        json_t *member;

        if (outer->seen_extensions & bit)
                return twice_fault(&spot, outer->fault);
        outer->seen_extensions |= bit;
        if (json_is_null(value)) {
                if (outer->accept->mode == ACCEPT_MERGE && json_object_set_new_nocheck(outer->into, extension->urn, json_null()))
                        return memory_fault(outer->fault);
                return ERR_OK;
        }
        if (!json_is_object(value))
                return spot_fault(&spot, outer->fault, ERR_SYNTAX, "an object is expected, not %s", json_type_name(value));
        body.into = object = json_object();
        if (!object)
                return memory_fault(outer->fault);
        json_object_foreach ((json_t *)value, key, member) {
                enum err e = key_accept(&body, key, member);
                if (e)
                        return e;
        }
        if (json_object_size(object) == 0)
                return ERR_OK;
        return json_object_set_nocheck(outer->into, extension->urn, object) ? memory_fault(outer->fault) : ERR_OK;
}

static enum err key_accept(struct body *body, const char *key, const json_t *value)
{
        struct spot spot = { .extension = body->extension };
        size_t table = 0;
        const struct attribute *attribute = body_find(body, key, &table);
        const struct schema *const *extensions = body->extension ? NULL : body->accept->type->extensions;

        if (attribute) {
                uint64_t bit = UINT64_C(1) << (attribute - body->tables[table]);

                spot.attribute = attribute;
                if (body->seen[table] & bit)
                        return twice_fault(&spot, body->fault);
                body->seen[table] |= bit;
                return attribute_accept(body, attribute, value);
        }
        for (size_t i = 0; extensions && extensions[i]; i++)
                if (strcasecmp(extensions[i]->urn, key) == 0)
                        return extension_accept(body, extensions[i], UINT32_C(1) << i, value);
        return unknown_key(body->accept, &spot, body->tables, key, body->fault);
}

enum err document_accept(const struct accept *accept, const json_t *body, json_t **ret, struct edge_list *ret_edges, struct fault *fault)
{
        json_auto_t *document = json_object();
        struct edge_list edges = { 0 };
        struct body whole = { .accept = accept, .into = document, .edges = &edges, .fault = fault };
        const char *key;
        json_t *member;
        enum err e = ERR_OK;

        if (!document)
                return memory_fault(fault);
        if (!json_is_object(body))
                return fault_set(fault, ERR_SYNTAX, "", "the body must be an object, not %s", json_type_name(body));
        whole.tables[0] = accept->type->core->attributes;
        whole.tables[1] = attribute_common();
        whole.tables[2] = speaks_scim(accept) ? NULL : accept->type->api_attributes;
        if (speaks_scim(accept))
                e = schemas_check(accept, body, fault);
        if (e)
                return e;
        json_object_foreach ((json_t *)body, key, member) {
                e = key_accept(&whole, key, member);
                if (e)
                        return e;
        }
        if (accept->mode != ACCEPT_MERGE) {
                e = document_check(accept->type, document, fault);
                if (!e && accept->mode == ACCEPT_CREATE)
                        e = document_check_extensions(accept->type, NULL, document, fault);
                if (e)
                        return e;
        }
        if (ret_edges)
                *ret_edges = edges;
        *ret = STEAL(document);
        return ERR_OK;
}
