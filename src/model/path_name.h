/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of attributes as they stand in paths and filters: [urn:]attribute[.sub]. Shared by the path and the filter parser. */
#ifndef MODEL_PATH_NAME_H
#define MODEL_PATH_NAME_H

#include "model/path.h"

enum path_name {
        PATH_NAME_KNOWN,
        PATH_NAME_UNKNOWN, /* well formed, but no schema of the type has it */
        PATH_NAME_MALFORMED,
};

/* Where names are looked up. */
struct path_scope {
        const struct resource_type *type;
        const struct attribute *element_of; /* names are sub-attributes of it (value paths); NULL: names of the resource */
        bool api;                           /* the management API's own attributes count, too */
};

/* Stands for an attribute nobody knows, so that what is in its brackets can still be parsed: complex, without sub-attributes. */
extern const struct attribute path_unknown_attribute;

/* How many bytes from the start of `text` can belong to a name. */
size_t path_name_scan(const char *text, size_t length);
/* Resolves a whole name; writes *ret always (all NULL when not known). What only one extension has is found without its URN, too, when
 * `leniency` allows it. */
enum path_name path_name_resolve(
        const struct path_scope *scope, const char *name, size_t length, struct leniency *leniency, struct path *ret);
/* Of a name that the type asked does not have: does another type have it that the same question goes to (leniency->beside)? What it is
 * there is written to *ret. */
bool path_name_is_beside(struct leniency *leniency, const char *name, size_t length, struct path *ret);

#endif
