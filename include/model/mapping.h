/* SPDX-License-Identifier: Apache-2.0
 *
 * Mapping rules (R18): what an attribute of a user holds decides whether the rule gives what it names. Pure: a rule is a condition over a flat
 * bag, attribute -> values; what a SCIM document, an assertion or an LDAP entry is, is made into values first. Values are compared byte by
 * byte, one that no rule knows is only data, and no value ever names what is given. */
#ifndef MODEL_MAPPING_H
#define MODEL_MAPPING_H

#include "model/attribute.h"
#include "model/path.h"

#define MAPPING_RULES_MAX 200   /* of one connection */
#define MAPPING_VALUES_MAX 100  /* of one rule */
#define MAPPING_TEXT_MAX 4096   /* bytes of one of them; whole JSON objects stand in `roles` of Entra */

/* One of `values`, or whatever begins with `prefix` (NULL: none). */
struct mapping_rule {
        const char *attribute; /* "": none */
        const char **values;
        size_t value_count;
        const char *prefix;
};
/* Of a document that the type's own check has seen; all of it in the arena. */
enum err mapping_rule_read(const json_t *document, struct arena *arena, struct mapping_rule *ret, struct fault *fault) MUST_USE;

/* What one attribute holds, as texts: true and false for booleans, decimal digits for integers. */
struct mapping_values {
        const char **list;
        size_t count;
};

/* Reads the attribute of a rule over SCIM: a path to values that a client can write: `roles.value`, `roles` (the same), `roles[type eq
 * "app"].value`, `urn:…:User:division`. ERR_VALUE: it names nothing, or nothing that a rule may look at. In the arena. */
enum err mapping_path(const struct resource_type *type, const char *text, struct arena *arena, struct path *ret, struct fault *fault)
        MUST_USE;
/* What the path finds in a document (model/document.h; with externalId inside), in the arena. */
enum err mapping_values(const struct path *path, const json_t *document, struct arena *arena, struct mapping_values *ret,
        struct fault *fault) MUST_USE;

/* The first value that satisfies the rule; NULL: none does. */
const char *mapping_match(const struct mapping_rule *rule, const struct mapping_values *values);

#endif
