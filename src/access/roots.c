/* SPDX-License-Identifier: Apache-2.0
 *
 * The registry of roots, the locks, eviction, counters. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "access/roots.h"
#include "base/clock.h"
#include "base/condition.h"

#define FOLD_BYTES ((size_t)128 << 10) /* room to fold one name */

static bool slots_init(struct access *access, unsigned slots)
{
        access->slots = aligned_alloc(_Alignof(struct slot), slots * sizeof(struct slot));
        if (!access->slots)
                return false;
        memset(access->slots, 0, slots * sizeof(struct slot));
        for (; access->slot_count < slots; access->slot_count++) {
                struct slot *slot = &access->slots[access->slot_count];
                slot->arena = arena_new(FOLD_BYTES);
                if (!slot->arena)
                        return false;
                pthread_mutex_init(&slot->mutex, NULL);
        }
        return true;
}

struct access *access_new(unsigned slots, int64_t memory_mib)
{
        assert(slots > 0);
        struct access *access = calloc(1, sizeof *access);
        if (!access)
                return NULL;
        pthread_mutex_init(&access->load_mutex, NULL);
        condition_init(&access->load_ended);
        ident_random(&access->seed, sizeof access->seed);
        access->limit_bytes = (size_t)memory_mib << 20;
        if (!slots_init(access, slots)) {
                access_free(access);
                return NULL;
        }
        return access;
}

void access_free(struct access *access)
{
        if (!access)
                return;
        for (uint32_t i = 0; i < access->root_count; i++) {
                graph_free(access->roots[i]->graph);
                free(access->roots[i]);
        }
        for (unsigned i = 0; i < access->slot_count; i++) {
                walk_done(&access->slots[i].walk);
                arena_free(access->slots[i].arena);
                pthread_mutex_destroy(&access->slots[i].mutex);
        }
        table_done(&access->by_no);
        table_done(&access->by_handle);
        pthread_cond_destroy(&access->load_ended);
        pthread_mutex_destroy(&access->load_mutex);
        free(access->roots);
        free(access->slots);
        free(access);
}

struct slot *access_lock(struct access *access, unsigned slot)
{
        assert(slot < access->slot_count);
        pthread_mutex_lock(&access->slots[slot].mutex);
        return &access->slots[slot];
}

void access_unlock(struct slot *slot)
{
        pthread_mutex_unlock(&slot->mutex);
}

void access_lock_all(struct access *access)
{
        for (unsigned i = 0; i < access->slot_count; i++)
                pthread_mutex_lock(&access->slots[i].mutex);
}

void access_unlock_all(struct access *access)
{
        for (unsigned i = access->slot_count; i-- > 0;)
                pthread_mutex_unlock(&access->slots[i].mutex);
}

struct root *root_find(const struct access *access, int64_t root_no)
{
        uint32_t at, hash = seed_hash_number(&access->seed, (uint64_t)root_no, 0);
        for (uint32_t i = table_first(&access->by_no, hash, &at); i != NONE; i = table_next(&access->by_no, hash, &at))
                if (access->roots[i]->root_no == root_no)
                        return access->roots[i];
        return NULL;
}

static struct root *find_handle(const struct access *access, const char *handle)
{
        uint32_t at, hash = seed_hash(&access->seed, 0, handle, strnlen(handle, HANDLE_SIZE));
        for (uint32_t i = table_first(&access->by_handle, hash, &at); i != NONE; i = table_next(&access->by_handle, hash, &at))
                if (strncmp(access->roots[i]->handle, handle, HANDLE_SIZE) == 0)
                        return access->roots[i];
        return NULL;
}

static bool insert_root(struct access *access, struct root *root)
{
        if (access->root_count == access->root_capacity) {
                uint32_t capacity = access->root_capacity ? 2 * access->root_capacity : 16;
                struct root **roots = realloc(access->roots, capacity * sizeof(struct root *));
                if (!roots)
                        return false;
                access->roots = roots;
                access->root_capacity = capacity;
        }
        uint32_t by_no = seed_hash_number(&access->seed, (uint64_t)root->root_no, 0);
        if (!table_add(&access->by_no, by_no, access->root_count))
                return false;
        if (!table_add(&access->by_handle, seed_hash(&access->seed, 0, root->handle, strlen(root->handle)), access->root_count)) {
                table_remove(&access->by_no, by_no, access->root_count);
                return false;
        }
        access->roots[access->root_count++] = root;
        return true;
}

/* `slug` and `epoch` are read from the rows when the root loads; only the handle must be known before. */
enum err access_root_add(struct access *access, int64_t root_no, const char *handle, const char *slug, int64_t epoch, struct fault *fault)
{
        if (!ident_is_handle(handle))
                return fault_set(fault, ERR_VALUE, "handle", "\"%.16s\" is no handle of a root.", handle ? handle : "");
        struct root *root = calloc(1, sizeof *root);
        if (!root)
                return fault_set(fault, ERR_MEMORY, "", "No memory for a root.");
        root->root_no = root_no;
        memcpy(root->handle, handle, HANDLE_SIZE);
        enum err e = ERR_OK;
        access_lock_all(access);
        const struct root *same_no = root_find(access, root_no), *same_handle = find_handle(access, handle);
        bool is_known = same_no && same_no == same_handle;
        if (!is_known && (same_no || same_handle))
                e = fault_set(fault, ERR_CONFLICT, "handle", "Root %lld or handle %s is known already.", (long long)root_no, handle);
        else if (!is_known && !insert_root(access, root))
                e = fault_set(fault, ERR_MEMORY, "", "No memory for a root.");
        access_unlock_all(access);
        if (e || is_known)
                free(root);
        return e;
}

int64_t access_root_by_handle(struct access *access, unsigned slot, const char *handle)
{
        struct slot *held = access_lock(access, slot);
        const struct root *root = handle ? find_handle(access, handle) : NULL;
        int64_t root_no = root ? root->root_no : 0;
        access_unlock(held);
        return root_no;
}

struct graph *root_graph(const struct access *access, int64_t root_no, enum access_found *ret_found)
{
        struct root *root = root_find(access, root_no);
        *ret_found = !root ? ACCESS_UNKNOWN : root->graph ? ACCESS_FOUND : ACCESS_NOT_LOADED;
        if (!root || !root->graph)
                return NULL;
        /* Written once a sweep: spares the other cores the cache line. */
        if (!atomic_load_explicit(&root->is_asked, memory_order_relaxed))
                atomic_store_explicit(&root->is_asked, true, memory_order_relaxed);
        return root->graph;
}

/* Takes the graph out; a load under way begins anew. */
static struct graph *detach(struct root *root)
{
        struct graph *graph = root->graph;
        root->graph = NULL;
        if (root->pending)
                root->pending->is_spoiled = true;
        return graph;
}

void access_unload(struct access *access, int64_t root_no)
{
        access_lock_all(access);
        struct root *root = root_find(access, root_no);
        struct graph *graph = root ? detach(root) : NULL;
        access_unlock_all(access);
        if (graph)
                atomic_fetch_add(&access->unloads, 1);
        graph_free(graph);
}

void access_sweep(struct access *access, int64_t idle_s)
{
        int64_t now_us = clock_steady_us();
        for (uint32_t i = 0;; i++) {
                struct graph *graph = NULL;
                access_lock_all(access); /* anew for each root: readers wait for one, not for all */
                bool more = i < access->root_count;
                struct root *root = more ? access->roots[i] : NULL;
                if (root && atomic_exchange(&root->is_asked, false))
                        root->asked_us = now_us;
                if (root && root->graph && !root->pending && now_us - root->asked_us >= idle_s * US_PER_S) {
                        graph = root->graph;
                        root->graph = NULL;
                }
                access_unlock_all(access);
                if (graph)
                        atomic_fetch_add(&access->evictions, 1);
                graph_free(graph);
                if (!more)
                        break;
        }
}

struct access_counters access_counters(struct access *access)
{
        struct access_counters counters = { .limit_bytes = access->limit_bytes };
        struct slot *held = access_lock(access, access->slot_count - 1);
        counters.roots = access->root_count;
        for (uint32_t i = 0; i < access->root_count; i++)
                if (access->roots[i]->graph) {
                        counters.loaded++;
                        counters.bytes += graph_bytes(access->roots[i]->graph);
                }
        access_unlock(held);
        counters.loads = atomic_load(&access->loads);
        counters.evictions = atomic_load(&access->evictions);
        counters.unloads = atomic_load(&access->unloads);
        return counters;
}
