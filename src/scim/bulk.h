/* SPDX-License-Identifier: Apache-2.0
 *
 * Bulk (RFC 7644 section 3.7) before anything is written: the operations of a message, which of them need the ids of which others, and
 * in what order they can run. Pure. */
#ifndef SCIM_BULK_H
#define SCIM_BULK_H

#include "scim_request.h"

#define BULK_OPERATIONS_MAX 1000
#define BULK_PAYLOAD_MAX_BYTES LIMIT_KIB(1024)

enum bulk_state { BULK_WAITING, BULK_DONE, BULK_FAILED };

struct bulk_operation {
        /* as asked */
        enum method method;    /* METHOD_NONE: another word */
        const char *bulk_id;   /* NULL: none */
        const char *endpoint;  /* "Users" */
        const char *ref;       /* an id, or "bulkId:x"; NULL: none */
        const char *version;   /* NULL: none */
        const json_t *data;    /* NULL: none */
        enum err refused;      /* known before it runs; fault says why */
        size_t *needs;         /* operations whose ids it names */
        size_t need_count;
        size_t circle;         /* number of the circle it stands in: operations that need each other, directly or through others */
        bool is_circular;      /* it needs itself that way */
        /* what became of it */
        enum bulk_state state;
        int status;
        struct fault *fault;
        const char *id;        /* of the resource, when known */
        int64_t row_version;
        const struct resource_type *type; /* NULL: none of that endpoint */
        json_t *later;         /* PATCH operations that put in what the circle had to leave out; new reference */
};

struct bulk {
        struct arena *arena;
        const struct schema_set *schemas;
        int64_t fail_on_errors; /* 0: go on */
        struct bulk_operation *operations;
        size_t count;
        size_t *by_bulk_id;     /* POSTs sorted by bulkId */
        size_t named_count;
        size_t *order;          /* operations, those needed first; each circle in one piece */
};

/* Takes a message apart. ERR_SYNTAX, ERR_VALUE: no bulk request at all; ERR_TOO_LARGE: too many operations. What is wrong with one
 * operation is noted there. The message, whose keys are spelled anew, must outlive the bulk; release with bulk_done. */
enum err bulk_parse(json_t *message, const struct schema_set *schemas, struct arena *arena, struct leniency *leniency, struct bulk *ret,
        struct fault *fault) MUST_USE;
void bulk_done(struct bulk *bulk);

/* The POST of this bulkId; NULL: none. */
struct bulk_operation *bulk_find(const struct bulk *bulk, const char *bulk_id);

/* ---- bulk_reference.c: "bulkId:x" where a value stands, and inside "path" and "$ref" ---- */

typedef enum err (*bulk_name_each)(void *context, const char *bulk_id);
/* Every bulkId that a value names. */
enum err bulk_each_name(const json_t *value, struct arena *arena, bulk_name_each each, void *context) MUST_USE;
/* A deep copy with ids in place of names. `ids` answers NULL for one that is not known yet. With `ret_later`, attributes and elements that
 * name such are left out and come back as PATCH operations (NULL: none); without, they keep their names. New references. */
typedef const char *(*bulk_ids)(void *context, const char *bulk_id);
enum err bulk_resolve(const json_t *data, struct arena *arena, bulk_ids ids, void *context, json_t **ret, json_t **ret_later) MUST_USE;

#endif
