/* SPDX-License-Identifier: Apache-2.0
 *
 * The PATCH engine (RFC 7644 section 3.5.2) with the Okta and Entra forms: pure, atomic. Operations on an EDGES attribute are not applied
 * but handed out as a list of edge operations, in order, so that membership stays rows (R14). */
#ifndef MODEL_PATCH_H
#define MODEL_PATCH_H

#include "model/document.h"
#include "model/filter.h"

#define PATCH_OPERATIONS_MAX 1000
#define URN_PATCH "urn:ietf:params:scim:api:messages:2.0:PatchOp"

enum edge_verb {
        EDGE_ADD = 1,        /* values */
        EDGE_REMOVE,         /* values; those not there are no error */
        EDGE_REMOVE_MATCHING,/* filter over {value, display, type}; none matching is no error */
        EDGE_REPLACE_ALL,    /* values are the whole new set of this source */
        EDGE_REMOVE_ALL,
};
struct edge_operation {
        enum edge_verb verb;
        const char **values;
        size_t count;
        const struct filter *filter;
        const enum resource_kind *kinds; /* as in edge_list */
};

/* A list of members that was taken from the text of a message: `stand_in`, an empty list, stands in the message instead. */
struct patch_list {
        const json_t *stand_in;
        const char **values; /* in the arena; as sent, none empty */
        size_t count;
};
struct patch_lists {
        const struct patch_list *list;
        size_t count;
};

struct patch {
        const struct resource_type *type;
        const json_t *before;        /* document as model/document.h says, with COLUMN attributes (id, externalId, active) inside */
        struct leniency *leniency;
        struct arena *arena;
        struct patch_lists lists;    /* of the message, when patch_read read it */
};
struct patch_result {
        json_t *document;            /* new reference; equal to before when nothing changed. Its top level is its own, the values below
                                      * are shared with before and message and must not be changed in place */
        bool changed;                /* of the document; edges are judged by rows */
        struct edge_operation *edges;
        size_t edge_count;
};

/* Reads the PatchOp body of a type into a new reference, and plain lists of its members into `ret_lists` without making a tree of them.
 * Errors as json_parse_object; what both read means the same. */
enum err patch_read(const struct resource_type *type, struct arena *arena, const char *text, size_t length, json_t **ret,
        struct patch_lists *ret_lists, struct fault *fault) MUST_USE;

/* `message` is the whole PatchOp body. Errors: ERR_SYNTAX (shape, unknown op), ERR_PATH, ERR_FILTER, ERR_NO_TARGET, ERR_MUTABILITY,
 * ERR_VALUE, ERR_TOO_LARGE (operations, or work over long lists); fault->field says "Operations[2].path" and the like. The result is
 * checked by document_check before it is handed out. */
enum err patch_apply(const struct patch *patch, const json_t *message, struct patch_result *ret, struct fault *fault) MUST_USE;

#endif
