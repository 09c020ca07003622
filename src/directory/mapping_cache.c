/* SPDX-License-Identifier: Apache-2.0
 *
 * Mapping rules ready to be judged (R18), kept from one write to the next: reading and compiling them costs more than the write itself.
 * They are known by the revisions at which the root's rules and its schemas last changed, both of the writer's locked row, so none can be
 * stale; what an uncommitted change made is never kept, since another may come to have its revision. Who judges takes them out of the table
 * and puts them back, so that nobody frees what is in use. */
#include <pthread.h>
#include <stdlib.h>
#include "mapping.h"
#include "model/declaration.h"
#include "work.h"

#define KEPT_MAX 64
#define KEPT_ARENA_BYTES ((size_t)256 << 10) /* of one connection; whose rules are larger pays for them at every write */

struct kept_rules {
        int64_t root_no, connection_no, epoch;
        int64_t rules_revision, schemas_revision;
        const struct schema_set *schemas; /* held: the paths point into it */
        struct arena *arena;
        struct rules rules;
        uint64_t used;
};

struct rules_cache {
        pthread_mutex_t mutex; /* over both */
        struct kept_rules *kept[KEPT_MAX];
        uint64_t clock;
};

static void kept_free(struct kept_rules *kept)
{
        if (!kept)
                return;
        schema_set_release(kept->schemas);
        if (kept->arena)
                arena_free(kept->arena);
        free(kept);
}

AUTO_DEFINE(struct kept_rules *, kept_free)

struct rules_cache *rules_cache_new(void)
{
        struct rules_cache *cache = calloc(1, sizeof(*cache));
        if (cache)
                pthread_mutex_init(&cache->mutex, NULL);
        return cache;
}

void rules_cache_free(struct rules_cache *cache)
{
        if (!cache)
                return;
        for (size_t i = 0; i < KEPT_MAX; i++)
                kept_free(cache->kept[i]);
        pthread_mutex_destroy(&cache->mutex);
        free(cache);
}

/* ---- the table ---- */

/* Out of the table; NULL: nobody kept them. */
static struct kept_rules *take(struct rules_cache *cache, int64_t root_no, int64_t connection_no)
{
        struct kept_rules *found = NULL;
        pthread_mutex_lock(&cache->mutex);
        for (size_t i = 0; !found && i < KEPT_MAX; i++) {
                struct kept_rules *kept = cache->kept[i];
                if (!kept || kept->root_no != root_no || kept->connection_no != connection_no)
                        continue;
                found = kept;
                cache->kept[i] = NULL;
        }
        pthread_mutex_unlock(&cache->mutex);
        return found;
}

/* In the place of those that were used least. */
static void put(struct rules_cache *cache, struct kept_rules *kept)
{
        size_t place = 0;
        pthread_mutex_lock(&cache->mutex);
        kept->used = ++cache->clock;
        for (size_t i = 0; cache->kept[place] && i < KEPT_MAX; i++)
                if (!cache->kept[i] || cache->kept[i]->used < cache->kept[place]->used)
                        place = i;
        struct kept_rules *old = cache->kept[place];
        cache->kept[place] = kept;
        pthread_mutex_unlock(&cache->mutex);
        kept_free(old);
}

/* ---- borrowing ---- */

static bool is_as_now(const struct kept_rules *kept, const struct root_row *root)
{
        return kept->epoch == root->epoch && kept->rules_revision == root->rules_revision &&
               kept->schemas_revision == root->schemas_revision;
}

static bool may_be_kept(const struct root_row *root)
{
        return root->rules_revision <= root->committed_revision && root->schemas_revision <= root->committed_revision;
}

/* *ret NULL: they are too large to be kept. */
static enum err make(struct work *work, int64_t connection_no, struct kept_rules **ret)
{
        __attribute__((cleanup(auto_kept_free))) struct kept_rules *kept = calloc(1, sizeof(*kept));
        if (!kept || !(kept->arena = arena_new(KEPT_ARENA_BYTES)))
                return work_memory(work);
        enum err e = work_schemas(work);
        if (e)
                return e;
        kept->schemas = schema_set_hold(work->schemas);
        kept->root_no = work->root_no;
        kept->connection_no = connection_no;
        kept->epoch = work->root->epoch;
        kept->rules_revision = work->root->rules_revision;
        kept->schemas_revision = work->root->schemas_revision;
        const struct rules_of of = { work->root_no, connection_no, schema_set_type(kept->schemas, KIND_USER) };
        e = rules_load(work->session, &of, kept->arena, &kept->rules, work->fault);
        if (e == ERR_MEMORY && arena_used_bytes(kept->arena) > KEPT_ARENA_BYTES / 2) { /* no single piece is half as large */
                *ret = NULL;
                return ERR_OK;
        }
        if (!e)
                *ret = STEAL(kept);
        return e;
}

static enum err load_for_now(struct work *work, int64_t connection_no, struct borrowed_rules *ret)
{
        struct rules_of of = { .root_no = work->root_no, .connection_no = connection_no };
        enum err e = work_type(work, KIND_USER, &of.users);
        return e ? e : rules_load(work->session, &of, work->arena, &ret->rules, work->fault);
}

enum err rules_borrow(struct work *work, int64_t connection_no, struct borrowed_rules *ret)
{
        struct rules_cache *cache = work->directory->rules;
        enum err e = ERR_OK;
        if (!may_be_kept(work->root))
                return load_for_now(work, connection_no, ret);
        __attribute__((cleanup(auto_kept_free))) struct kept_rules *kept = take(cache, work->root_no, connection_no);
        if (!kept || !is_as_now(kept, work->root)) {
                kept_free(STEAL(kept));
                e = make(work, connection_no, &kept);
        }
        if (e)
                return e;
        if (!kept)
                return load_for_now(work, connection_no, ret);
        *ret = (struct borrowed_rules){ .rules = kept->rules, .cache = cache };
        ret->kept = STEAL(kept);
        return ERR_OK;
}

void rules_give_back(struct borrowed_rules *borrowed)
{
        if (borrowed->kept)
                put(borrowed->cache, borrowed->kept);
        borrowed->kept = NULL;
}
