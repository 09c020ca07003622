/* SPDX-License-Identifier: Apache-2.0
 *
 * Attributes, schemas and resource types as data (RFC 7643 sections 2 and 7). One descriptor per type serves SCIM and the management
 * API: schema documents, validation, filter, patch and OpenAPI come from it. All descriptors are static and immutable. */
#ifndef MODEL_ATTRIBUTE_H
#define MODEL_ATTRIBUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"

enum attribute_type {
        ATTRIBUTE_TEXT = 1,
        ATTRIBUTE_BOOLEAN,
        ATTRIBUTE_INTEGER,
        ATTRIBUTE_DECIMAL,
        ATTRIBUTE_TIME,      /* xsd:dateTime */
        ATTRIBUTE_BINARY,    /* base64 */
        ATTRIBUTE_REFERENCE,
        ATTRIBUTE_COMPLEX,
};

/* Flags; zero = RFC 7643 defaults: single, optional, readWrite, returned default, not unique, case-insensitive. */
#define REQUIRED 0x0001u
#define MULTI 0x0002u
#define UNIQUE 0x0004u        /* uniqueness: server */
#define CASE_EXACT 0x0008u
#define READ_ONLY 0x0010u
#define IMMUTABLE 0x0020u
#define WRITE_ONLY 0x0040u
#define RETURNED_ALWAYS 0x0080u
#define RETURNED_REQUEST 0x0100u
#define RETURNED_NEVER 0x0200u
#define INDEXED 0x0400u       /* values also stand in resource_value under attribute.number */
#define DERIVED 0x0800u       /* computed when read, never stored (groups, meta) */
#define EDGES 0x1000u         /* elements are rows of `member`, not part of the document (Group.members) */
#define COLUMN 0x2000u        /* has a column of its own and is not part of the stored document (id, externalId, active, meta) */
#define IGNORED_INPUT 0x4000u /* accepted and dropped: password of a SCIM user (R27) */
#define PRIMARY_SUB 0x8000u   /* the `primary` of a multi-valued complex: at most one true */
#define OPAQUE 0x10000u       /* JSON of any shape, judged by the type's own check */
#define NEVER_EMPTY 0x20000u  /* of a list with a default: [] is refused, because it would not mean "nothing" */

/* A new flag goes in here, too: a bit that two of them share carries over in the sum. */
#define ATTRIBUTE_FLAGS(AND)                                                                                                               \
        (REQUIRED AND MULTI AND UNIQUE AND CASE_EXACT AND READ_ONLY AND IMMUTABLE AND WRITE_ONLY AND RETURNED_ALWAYS AND RETURNED_REQUEST  \
                        AND RETURNED_NEVER AND INDEXED AND DERIVED AND EDGES AND COLUMN AND IGNORED_INPUT AND PRIMARY_SUB AND OPAQUE       \
                                        AND NEVER_EMPTY)
_Static_assert(ATTRIBUTE_FLAGS(+) == ATTRIBUTE_FLAGS(|), "no two flags share a bit");

struct attribute {
        const char *name;
        enum attribute_type type;
        unsigned flags;
        const struct attribute *sub;          /* COMPLEX: ended by a row without name */
        const char *description;
        const char *const *canonical_values;  /* NULL-terminated, or NULL */
        const char *const *reference_types;   /* NULL-terminated, or NULL */
        int64_t number;                       /* of INDEXED attributes: unique over all types, never reused, > 0 */
        size_t max_bytes;                     /* of text values; 0 = 1024 */
};

struct schema {
        const char *urn;
        const char *name;
        const char *description;
        const struct attribute *attributes;   /* ended by a row without name */
        int64_t number;                       /* of a declared one: who holds values of it stands in the index under it; 0: built in */
};

/* A declared schema has the numbers from its row's `no` times this on; those below belong to the built-in attributes. */
#define SCHEMA_NUMBERS 4096

enum resource_kind {
        KIND_NONE = 0,
        KIND_ORGANIZATION = 1,
        KIND_USER = 2,
        KIND_GROUP = 3,
        KIND_IDENTITY = 4,
        KIND_PROJECT = 5,
        KIND_ROLE = 6,
        KIND_GRANT = 7,
        KIND_UPSTREAM = 8,
        KIND_CONNECTION = 9,
        KIND_SCHEMA = 10,
        KIND_RESOURCE_TYPE = 11,
        KIND_DOMAIN = 12,
        KIND_MAPPING_RULE = 13,
        KIND_COUNT,
        /* Types that a root declares: each has one of these, in that root alone. */
        KIND_DECLARED_FIRST = 50,
        KIND_DECLARED_LAST = 99,
};

static inline bool kind_is_declared(enum resource_kind kind)
{
        return kind >= KIND_DECLARED_FIRST && kind <= KIND_DECLARED_LAST;
}
/* What a connection claims and SCIM writes: users, groups, and what is declared. */
static inline bool kind_is_claimed(enum resource_kind kind)
{
        return kind == KIND_USER || kind == KIND_GROUP || kind_is_declared(kind);
}

/* What the faces offer for a type; bits of resource_type.faces. */
#define OFFER_READ 0x01u
#define OFFER_CREATE 0x02u
#define OFFER_EDIT 0x04u
#define OFFER_DELETE 0x08u
#define OFFER_ALL 0x0fu

struct resource_type {
        enum resource_kind kind;
        const char *name;              /* "User": SCIM resource type, meta.resourceType */
        const char *word;              /* "user": in the ledger, messages, the command line */
        const char *scim_endpoint;     /* "Users", or NULL: not addressed by SCIM (R18) */
        const char *api_collection;    /* "users" in /api/v1/users */
        const char *subject;           /* permission subject that guards it: "member", "groups", "identity", "project", … */
        const struct schema *core;
        const struct schema *const *extensions; /* NULL-terminated, or NULL */
        uint32_t required_extensions;  /* a bit for each of them: a new resource must have it, and none can lose it */
        bool selects;                  /* some attribute is shown only when asked for: RETURNED_REQUEST */
        const char *description;       /* NULL: that of the core schema */
        const char *name_attribute;    /* goes folded into name_folded: userName, displayName, slug, name; NULL: the id stands in */
        const struct attribute *api_attributes; /* seen by the management API alone, never by SCIM paths and schemas; NULL: none */
        unsigned api_offers;           /* OFFER_ bits of the management API */
        /* Pure check of a whole, valid document beyond the table; NULL: none. */
        enum err (*check)(const json_t *document, struct fault *fault);
};

#define URN_SCHEMA "urn:ietf:params:scim:schemas:core:2.0:Schema"
#define URN_RESOURCE_TYPE "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
#define URN_SERVICE_PROVIDER_CONFIG "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
#define URN_USER "urn:ietf:params:scim:schemas:core:2.0:User"
#define URN_GROUP "urn:ietf:params:scim:schemas:core:2.0:Group"
#define URN_ENTERPRISE_USER "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
#define URN_MUSTER_USER "urn:ietf:params:scim:schemas:extension:muster:2.0:User"

/* Registry of the built-in types; what one root knows beside them is in schema_set.h. NULL where there is none. */
const struct resource_type *resource_type(enum resource_kind kind);
const struct resource_type *resource_type_by_word(const char *word);             /* "user" */
const struct resource_type *resource_type_by_collection(const char *collection); /* "users" */

/* Looks a name up among `attributes` (ended by a row without name), ASCII case-insensitive. */
const struct attribute *attribute_find(const struct attribute *attributes, const char *name, size_t length);
/* Attributes every SCIM resource has beside its schemas: schemas, id, externalId, meta. */
const struct attribute *attribute_common(void);
/* The core schema or extension of a type by URN (case-insensitive); NULL: not one of this type's. */
const struct schema *schema_of_type(const struct resource_type *type, const char *urn, size_t length);

/* The names of `attributes` and a closing NULL, into `ret` of `size` places, for text_nearest. Returns the count without NULL. */
size_t attribute_names(const struct attribute *attributes, const char **ret, size_t size);

/* The SCIM documents of RFC 7643 sections 7 and 6, made from the descriptors, without `meta` (its location is the
 * face's to know); IGNORED_INPUT attributes are left out. New references; NULL: out of memory. */
json_t *schema_document(const struct schema *schema);
json_t *resource_type_document(const struct resource_type *type);

#endif
