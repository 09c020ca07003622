/* SPDX-License-Identifier: Apache-2.0
 *
 * One value from a client, checked against one row: shared by whole bodies, PATCH values and edges. */
#ifndef MODEL_DOCUMENT_VALUE_H
#define MODEL_DOCUMENT_VALUE_H

#include "model/document.h"

/* Where in the body we stand, for messages only. Zero value: at the top. */
struct spot {
        const struct schema *extension;    /* NULL: core */
        const struct attribute *attribute; /* NULL: the object itself */
        const struct attribute *sub;       /* NULL: none */
        size_t element;                    /* position in a list plus one; 0: none */
};

enum err spot_fault(const struct spot *spot, struct fault *fault, enum err code, const char *format, ...) FORMAT(4, 5);
enum err memory_fault(struct fault *fault);
/* A key no schema names: ERR_OK (dropped, recorded), ERR_SYNTAX (strict) or ERR_VALUE with the nearest of `known` (management API). */
enum err unknown_key(const struct accept *accept, const struct spot *spot, const struct attribute *const known[], const char *key,
        struct fault *fault) MUST_USE;
/* Bytes of `text` that fit into `max` without cutting a character. */
int shown_length(const char *text, int max);

/* New reference in *ret, or NULL: unassigned; JSON null only in ACCEPT_MERGE (to be removed). */
enum err value_accept(const struct accept *accept, const struct spot *spot, const struct attribute *attribute, const json_t *value,
        json_t **ret, struct fault *fault) MUST_USE;
/* As value_accept for one element of a list, or for a single value. */
enum err element_accept(const struct accept *accept, const struct spot *spot, const struct attribute *attribute, const json_t *value,
        json_t **ret, struct fault *fault) MUST_USE;

/* At most one element of `list` has its PRIMARY_SUB true; `list` may be anything. */
enum err primary_check(const struct spot *spot, const struct attribute *attribute, const json_t *list, struct fault *fault) MUST_USE;

#endif
