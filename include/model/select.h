/* SPDX-License-Identifier: Apache-2.0
 *
 * attributes and excludedAttributes (RFC 7644 section 3.9): what of a resource a reply shows. `id`, `schemas` and RETURNED_ALWAYS stay. */
#ifndef MODEL_SELECT_H
#define MODEL_SELECT_H

#include "model/path.h"

struct selection;

/* Either text may be NULL; both given: ERR_VALUE. Unknown names are ignored and recorded (strict: ERR_VALUE). *ret NULL: the default view. */
enum err selection_parse(const struct resource_type *type, const char *attributes, const char *excluded, struct arena *arena,
        struct leniency *leniency, const struct selection **ret, struct fault *fault) MUST_USE;
/* Would a top-level attribute be shown? So that members and groups need not be read. NULL selection: by the attribute's `returned`. */
bool selection_wants(const struct selection *selection, const struct resource_type *type, const char *attribute);
/* Prunes a rendered resource in place. NULL selection: only what is shown on request alone goes, and only types that select have any. */
enum err selection_apply(const struct selection *selection, const struct resource_type *type, json_t *resource) MUST_USE;

#endif
