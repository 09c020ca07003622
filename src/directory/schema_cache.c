/* SPDX-License-Identifier: Apache-2.0
 *
 * Sets of roots that declare schemas. A set is known by root and revision, so none can be stale: whoever calls knows the revision that his
 * graph has. Each slot holds the set it used last; the others stand in a short table, the least used goes first. */
#include <pthread.h>
#include <stdlib.h>
#include "declaration.h"
#include "directory/query.h"

#define KEPT_MAX 64

struct kept {
        int64_t root_no;
        const struct schema_set *set; /* held; NULL: free */
        uint64_t used;
};

struct schema_cache {
        pthread_mutex_t mutex; /* over kept and clock; a slot is its thread's own */
        struct kept kept[KEPT_MAX];
        uint64_t clock;
        unsigned slot_count;
        struct kept slots[];
};

struct schema_cache *schema_cache_new(unsigned slots)
{
        struct schema_cache *cache = calloc(1, sizeof(*cache) + slots * sizeof(struct kept));
        if (!cache)
                return NULL;
        cache->slot_count = slots;
        pthread_mutex_init(&cache->mutex, NULL);
        return cache;
}

void schema_cache_free(struct schema_cache *cache)
{
        if (!cache)
                return;
        for (size_t i = 0; i < KEPT_MAX; i++)
                schema_set_release(cache->kept[i].set);
        for (unsigned i = 0; i < cache->slot_count; i++)
                schema_set_release(cache->slots[i].set);
        pthread_mutex_destroy(&cache->mutex);
        free(cache);
}

/* Under the mutex: the root's place, or the one that is best given to it. */
static struct kept *place_of(struct schema_cache *cache, int64_t root_no)
{
        struct kept *best = &cache->kept[0];
        for (size_t i = 0; i < KEPT_MAX; i++) {
                struct kept *kept = &cache->kept[i];
                if (kept->set && kept->root_no == root_no)
                        return kept;
                if (best->set && (!kept->set || kept->used < best->used))
                        best = kept;
        }
        return best;
}

/* Held for the caller; NULL: none that is new enough. */
static const struct schema_set *find(struct schema_cache *cache, int64_t root_no, int64_t revision)
{
        const struct schema_set *found = NULL;
        pthread_mutex_lock(&cache->mutex);
        struct kept *kept = place_of(cache, root_no);
        if (kept->set && kept->root_no == root_no && kept->set->revision >= revision) {
                kept->used = ++cache->clock;
                found = schema_set_hold(kept->set);
        }
        pthread_mutex_unlock(&cache->mutex);
        return found;
}

static void keep(struct schema_cache *cache, int64_t root_no, const struct schema_set *set)
{
        const struct schema_set *old = NULL;
        pthread_mutex_lock(&cache->mutex);
        struct kept *kept = place_of(cache, root_no);
        if (!kept->set || kept->root_no != root_no || kept->set->revision < set->revision) {
                old = kept->set;
                *kept = (struct kept){ root_no, schema_set_hold(set), ++cache->clock };
        }
        pthread_mutex_unlock(&cache->mutex);
        schema_set_release(old);
}

/* Revision and rows of one moment. */
static enum err load(struct session *reader, int64_t root_no, const struct schema_set **ret, struct fault *fault)
{
        auto_declarations declarations = { .count = 0 };
        int64_t revision = 0;
        enum err e = session_snapshot_begin(reader, fault);
        if (e)
                return e;
        e = session_query_number(reader, ST_ROOT_SCHEMAS, &revision, fault, V_I64(root_no));
        if (!e && revision)
                e = declarations_load(reader, root_no, &declarations, fault);
        session_snapshot_end(reader);
        if (e)
                return e;
        if (revision)
                return schema_set_build(declarations.list, declarations.count, revision, ret, fault);
        *ret = schema_set_builtin(); /* all declarations are gone since */
        return ERR_OK;
}

enum err schema_cache_get(
        struct schema_cache *cache, const struct schema_question *question, const struct schema_set **ret, struct fault *fault)
{
        struct kept *slot = &cache->slots[question->slot];
        int64_t root_no = question->root_no;
        if (!slot->set || slot->root_no != root_no || slot->set->revision < question->revision) {
                const struct schema_set *set = find(cache, root_no, question->revision);
                enum err e = set ? ERR_OK : load(question->reader, root_no, &set, fault);
                if (e)
                        return e;
                if (set->revision)
                        keep(cache, root_no, set);
                schema_set_release(slot->set);
                *slot = (struct kept){ .root_no = root_no, .set = set };
        }
        *ret = slot->set;
        return ERR_OK;
}

enum err query_schemas(struct query *query, struct fault *fault)
{
        const struct actor *actor = query->actor;
        query->schemas = schema_set_builtin();
        if (!actor->schemas_revision)
                return ERR_OK;
        const struct schema_question question = { query->slot, query->session, actor->root_no, actor->schemas_revision };
        return schema_cache_get(query->directory->schemas, &question, &query->schemas, fault);
}
