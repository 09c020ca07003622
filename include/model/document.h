/* SPDX-License-Identifier: Apache-2.0
 *
 * Documents: the JSON form of a resource's attributes. Inside the house names are spelled as in the descriptor and every value has its
 * type; extensions stand under their full URN; unassigned attributes (null, [], {}) are absent; `schemas`, `id`, `meta` and DERIVED
 * attributes are never inside. COLUMN attributes (externalId, active) may be inside while a change is computed. */
#ifndef MODEL_DOCUMENT_H
#define MODEL_DOCUMENT_H

#include "model/attribute.h"
#include "model/leniency.h"

#define MULTI_VALUES_MAX 1000      /* elements of one multi-valued attribute of a document; EDGES are bounded by their face */
#define TEXT_VALUE_MAX_BYTES 1024  /* of an attribute that names no max_bytes */

enum accept_mode { ACCEPT_CREATE, ACCEPT_REPLACE, ACCEPT_MERGE /* RFC 7396 patch: null kept, REQUIRED not asked for */ };

struct accept {
        const struct resource_type *type;
        enum accept_mode mode;
        struct leniency *leniency;  /* SCIM; NULL: management API, where an unknown attribute is ERR_VALUE naming the nearest known one */
        struct arena *arena;
};

/* One EDGES attribute as it came: absent and empty are different (R14). */
struct edge_list {
        bool given;
        const char **values; /* in the arena; may hold duplicates as sent */
        size_t count;
        const enum resource_kind *kinds; /* what `type` beside each says: KIND_NONE nothing, KIND_COUNT no type of a member; NULL: none said */
};

/* Checks a body from a client and brings it into the form above: names by case-insensitive match, types (R15 for booleans), sizes
 * (UTF-8 is the parser's promise), read-only input dropped, required present, at most one primary, canonical letter case of nothing else
 * ("stored as sent"). CREATE and REPLACE also ask document_check. `*ret` is a new reference that shares scalars with `body`; EDGES go to
 * *ret_edges (NULL: the type has none). Errors name the attribute path in fault->field. */
enum err document_accept(const struct accept *accept, const json_t *body, json_t **ret, struct edge_list *ret_edges, struct fault *fault)
        MUST_USE;
/* One value for one attribute (an element of it when MULTI and `element`): the same checks, for the patch engine. New reference; JSON
 * null when the value leaves the attribute unassigned (null, [], {}, the manager's ""). `attribute` may be a sub-attribute. Mutability
 * is the caller's business; READ_ONLY sub-attributes are dropped. EDGES attributes have document_accept_edges. */
enum err document_accept_value(const struct accept *accept, const struct attribute *attribute, bool element, const json_t *value,
        json_t **ret, struct fault *fault) MUST_USE;
/* The value of an EDGES attribute by R14: a list (lenient: or one element) of {value} (lenient: or plain strings); null, {}, an element
 * without value or of a wrong type is ERR_VALUE. [] gives `given` and no values. */
enum err document_accept_edges(const struct accept *accept, const struct attribute *attribute, const json_t *value,
        struct edge_list *ret, struct fault *fault) MUST_USE;
/* A whole document after a change: required present, at most one primary per list, the type's own check. */
enum err document_check(const struct resource_type *type, const json_t *document, struct fault *fault) MUST_USE;
/* What IMMUTABLE attributes hold in `before` must stand in `after` unchanged (unassigned before: may be set once): ERR_MUTABILITY. */
enum err document_check_immutable(const struct resource_type *type, const json_t *before, const json_t *after, struct fault *fault)
        MUST_USE;
/* A PUT that leaves an IMMUTABLE attribute out says nothing of it (RFC 7644 section 3.5.1): what `before` holds of such is put into `after`,
 * whose own members alone are changed, never what it shares. Judged as document_check does where something was kept. */
enum err document_keep_immutable(const struct resource_type *type, const json_t *before, json_t *after, struct fault *fault) MUST_USE;

/* A new resource (`before` NULL) has every extension that its type requires; an older one keeps those that it has: made before the
 * declaration, it may go without. ERR_VALUE. */
enum err document_check_extensions(const struct resource_type *type, const json_t *before, const json_t *after, struct fault *fault)
        MUST_USE;

/* RFC 7396 merge of `patch` (as accepted with ACCEPT_MERGE) into a copy of `before`. NULL: out of memory. */
json_t *document_merge(const json_t *before, const json_t *patch);

/* Folded value of the type's name attribute, in the arena; *ret NULL when the type has none. ERR_VALUE when it is absent, folds to nothing,
 * begins or ends with white space or holds control characters; ERR_TAKEN when a userName has the form of a UUID (R10). */
enum err document_name(const struct resource_type *type, const json_t *document, struct arena *arena, const char **ret, struct fault *fault)
        MUST_USE;

#define INDEX_NAME 2 /* the number of names, where only a claim says them; emails.value is 1 */

/* Every INDEXED value, and one row "" for each declared schema that the document has attributes of. */
struct index_value {
        int64_t number;
        const char *value; /* folded, or exact (CASE_EXACT) */
        int ord;           /* position in its list */
        /* Where it stands; attribute NULL: the schema's own row; both NULL: a name. */
        const struct schema *schema;
        const struct attribute *attribute, *sub; /* sub NULL: none */
        bool is_unique;
};
enum err document_index(const struct resource_type *type, const json_t *document, struct arena *arena,
        enum err (*each)(void *context, const struct index_value *value), void *context) MUST_USE;

/* URNs of the extensions that the document holds, core first: the `schemas` of a reply. Count at most EXTENSIONS_MAX + 1. */
#define EXTENSIONS_MAX 16
size_t document_schemas(const struct resource_type *type, const json_t *document, const char *ret[EXTENSIONS_MAX + 1]);

/* Names of the top-level attributes (and extension attributes) that differ: for the ledger. New JSON array of {attribute, before, after};
 * `before` and `after` absent when unassigned. */
json_t *document_difference(const json_t *before, const json_t *after);

#endif
