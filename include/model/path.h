/* SPDX-License-Identifier: Apache-2.0
 *
 * Attribute paths (RFC 7644 sections 3.4.2.2 and 3.5.2): [urn:]attr[.sub], attr[filter], attr[filter].sub. */
#ifndef MODEL_PATH_H
#define MODEL_PATH_H

#include "model/attribute.h"
#include "model/leniency.h"

struct filter;

struct path {
        const struct schema *extension;     /* NULL: core or common */
        const struct attribute *attribute;  /* NULL with extension: the whole extension object is meant, or, when that is the type's core
                                             * schema, the resource without its extensions */
        const struct attribute *sub;        /* NULL: none */
        const struct filter *filter;        /* NULL: none */
};

#define PATH_TEXT_MAX_BYTES 2048

/* Matches the longest schema URN of the type first (they hold dots and colons), then attribute, filter, sub. ERR_PATH: unparsable or
 * unknown attribute; ERR_FILTER: bad filter inside. Lives in the arena. `leniency` NULL means the management API here, too:
 * api_attributes count. */
enum err path_parse(const struct resource_type *type, const char *text, size_t length, struct arena *arena, struct leniency *leniency,
        struct path *ret, struct fault *fault) MUST_USE;
/* As path_parse, but an unknown attribute gives ERR_OK with ret->attribute and ret->extension NULL (filters, attributes=, lenient PATCH). */
enum err path_parse_loose(const struct resource_type *type, const char *text, size_t length, struct arena *arena,
        struct leniency *leniency, struct path *ret, struct fault *fault) MUST_USE;

#endif
