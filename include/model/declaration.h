/* SPDX-License-Identifier: Apache-2.0
 *
 * Schemas and resource types that a root organisation declares for itself (RFC 7643 sections 3.3, 6, 7): documents read into the same
 * descriptors as the built-in ones, so that nothing else needs to know the difference. All pure. */
#ifndef MODEL_DECLARATION_H
#define MODEL_DECLARATION_H

#include "model/schema_set.h"

#define DECLARED_SCHEMAS_MAX 32      /* of one root */
#define DECLARED_TYPES_MAX 16        /* of one root */
#define DECLARED_ATTRIBUTES_MAX 1000 /* of one root, sub-attributes included */
#define SCHEMA_ATTRIBUTES_MAX 60
#define SUB_ATTRIBUTES_MAX 30
#define SCHEMA_BYTES_MAX 65536       /* of one schema's stored document */
#define URN_MAX_BYTES 120
#define ATTRIBUTE_NAME_MAX_BYTES 64
#define DESCRIPTION_MAX_BYTES 1024
#define LISTED_VALUES_MAX 64         /* canonicalValues, referenceTypes */
#define LISTED_VALUE_MAX_BYTES 256
/* Of the values of declared attributes. */
#define DECLARED_TEXT_MAX_BYTES 4096
#define DECLARED_UNIQUE_MAX_BYTES 512
#define DECLARED_REFERENCE_MAX_BYTES 2048
#define DECLARED_BINARY_MAX_BYTES 16384

/* A declaration as its row holds it: the document of a resource of KIND_SCHEMA or KIND_RESOURCE_TYPE. */
struct declaration {
        enum resource_kind kind;
        int64_t no;             /* of its row: numbers of indexed attributes grow from it */
        const json_t *document; /* the caller's reference */
};

/* Reads the document of a schema into descriptors in the arena. ERR_VALUE names the place ("attributes[2].subAttributes[0].type"), what came
 * and what was expected. */
enum err schema_parse(const json_t *document, int64_t no, struct arena *arena, struct schema *ret, struct fault *fault) MUST_USE;
/* What `wanted` (both in the form that schema_document gives their attributes) may change in `held` without touching what is stored:
 * descriptions, listed values, no longer required, and new attributes, which come last. Puts the list to store into `wanted`. ERR_CONFLICT
 * says which attribute does more. */
enum err schema_widen(const json_t *held, json_t *wanted, struct fault *fault) MUST_USE;

/* The set of a root with these declarations, in any order. ERR_VALUE, ERR_TAKEN, ERR_CONFLICT: they do not fit together, or there are too
 * many; the field and message speak of the declaration. The caller holds it: schema_set_release. */
enum err schema_set_build(const struct declaration *declarations, size_t count, int64_t revision, const struct schema_set **ret,
        struct fault *fault) MUST_USE;
/* Thread safe; the built-in set needs neither. NULL: nothing to do. */
const struct schema_set *schema_set_hold(const struct schema_set *set);
void schema_set_release(const struct schema_set *set);

/* The lowest kind that none of these resource types has; KIND_NONE: all are taken. */
enum resource_kind declared_kind_free(const struct declaration *declarations, size_t count);

#endif
