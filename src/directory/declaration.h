/* SPDX-License-Identifier: Apache-2.0
 *
 * Declarations of a root as rows, for the writer that changes them and for readers that need the set made from them. */
#ifndef DIRECTORY_DECLARATION_H
#define DIRECTORY_DECLARATION_H

#include "base/auto.h"
#include "model/declaration.h"
#include "store/rows.h"

struct declarations {
        struct declaration list[DECLARED_SCHEMAS_MAX + DECLARED_TYPES_MAX + 2]; /* one too many of each shows itself */
        size_t count;
};
void declarations_done(struct declarations *declarations);
#define auto_declarations __attribute__((cleanup(declarations_done))) struct declarations
/* All live ones. Done with declarations_done, also after an error. */
enum err declarations_load(struct session *session, int64_t root_no, struct declarations *ret, struct fault *fault) MUST_USE;

/* ---- schema_cache.c: the sets of roots that declare something, shared by all readers ---- */
struct schema_cache;
struct schema_cache *schema_cache_new(unsigned slots); /* NULL: out of memory */
void schema_cache_free(struct schema_cache *cache);
/* The set of a root, at least as new as `revision` (> 0), loaded through `reader` when nobody has it. Good until the next call on this slot. */
struct schema_question {
        unsigned slot;
        struct session *reader;
        int64_t root_no, revision;
};
enum err schema_cache_get(struct schema_cache *cache, const struct schema_question *question, const struct schema_set **ret, struct fault *fault)
        MUST_USE;

#endif
