/* SPDX-License-Identifier: Apache-2.0
 *
 * jansson's trees under limits. Parsing always rejects duplicate keys, NUL, trailing bytes and depth above 32. Memory of a job is counted
 * per thread: above its ceiling jansson's allocator returns NULL and the job fails with ERR_TOO_LARGE. Never call json_load*: jansson's
 * lexer is not safe when an allocation fails, and takes what these refuse. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"

#define JSON_DEPTH_MAX 32
#define JSON_JOB_CEILING_BYTES ((size_t)64 << 20)

/* Call once in main, before any other use of jansson: installs the counting allocator. Blocks may be freed by another thread; a text of
 * json_dumps goes back by jansson's own function (json_get_alloc_funcs), never by free(). */
void json_memory_install(void);
/* Starts counting for this thread; ceiling 0 = no limit. */
void json_memory_limit(size_t ceiling_bytes);
size_t json_memory_used(void);

/* Parses one whole document; `*ret` is a new reference. ERR_SYNTAX names line and column, ERR_TOO_LARGE the ceiling. */
enum err json_parse(const char *text, size_t length, json_t **ret, struct fault *fault) MUST_USE;
/* As json_parse, and the document must be an object. */
enum err json_parse_object(const char *text, size_t length, json_t **ret, struct fault *fault) MUST_USE;

/* Is shown the document from behind each "[" on, before that array is read. It may take the array: then it returns where that ends, behind
 * "]", with a value that stands in for it (a new reference). What it takes must be JSON. NULL: the array is read. */
struct json_taker {
        const char *(*take)(void *context, const char *at, const char *end, json_t **ret);
        void *context;
};
enum err json_parse_object_taking(const char *text, size_t length, const struct json_taker *taker, json_t **ret, struct fault *fault)
        MUST_USE;

/* Typed members of an object. Absent or null: *ret = NULL / fallback and ERR_OK, or ERR_VALUE with `required`. Wrong type: ERR_VALUE
 * that names `key`, what came and what was expected. Results live as long as `object`. */
enum err json_take_text(const json_t *object, const char *key, bool required, const char **ret, struct fault *fault) MUST_USE;
enum err json_take_object(const json_t *object, const char *key, bool required, const json_t **ret, struct fault *fault) MUST_USE;
enum err json_take_i64(const json_t *object, const char *key, bool required, int64_t fallback, int64_t *ret, struct fault *fault) MUST_USE;
enum err json_take_bool(const json_t *object, const char *key, bool required, bool fallback, bool *ret, struct fault *fault) MUST_USE;

/* ERR_SYNTAX: no member of `what` is called `key`, and the fault says which there are. `names` ends with NULL. */
enum err json_unknown_member(const char *key, const char *what, const char *const *names, struct fault *fault) MUST_USE;

/* Copies that are whole or NULL: jansson's own leave members out, and say nothing, when memory ends half-way. json_whole_copy shares the
 * values below the top level, json_whole_deep_copy nothing. New references. */
json_t *json_whole_copy(const json_t *value);
json_t *json_whole_deep_copy(const json_t *value);

/* "string", "number", … for messages. */
const char *json_type_name(const json_t *value);

/* Compact, keys sorted: equal documents give equal bytes. */
enum err json_canonical(const json_t *value, struct buffer *into, struct fault *fault) MUST_USE;

/* A member whose value is JSON already. */
struct json_written {
        const char *key;
        const struct buffer *text; /* canonical */
};
/* The same of an object, which has no member of that name, with one member more. */
enum err json_canonical_with(const json_t *object, const struct json_written *more, struct buffer *into, struct fault *fault) MUST_USE;
/* Compact, insertion order. */
enum err json_compact(const json_t *value, struct buffer *into, struct fault *fault) MUST_USE;

#endif
