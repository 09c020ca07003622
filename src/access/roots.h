/* SPDX-License-Identifier: Apache-2.0
 *
 * All roots of this program and who may touch them. A reader holds the mutex of its slot, a writer all of them in order; `graph`,
 * `pending` and the registry change only under all. Loads build outside of the locks and publish under them. Order: load_mutex before
 * slots. */
#ifndef ACCESS_ROOTS_H
#define ACCESS_ROOTS_H

#include <pthread.h>
#include "access/graph.h"
#include "base/arena.h"

struct slot {
        _Alignas(128) pthread_mutex_t mutex; /* two cache lines: neighbours do not meet */
        struct walk walk;
        struct arena *arena;
};

/* Effects of changes that committed while a root loads, kept until it is known which of them the snapshot already has. */
struct pending {
        struct pending_change *first, **end;
        bool is_spoiled; /* out of memory, or unloaded meanwhile: the load must begin anew */
};
void pending_init(struct pending *pending);
/* Deep copy; out of memory spoils. */
void pending_add(struct pending *pending, int64_t revision, const struct effect *effects, size_t count);
/* Applies what is newer than the graph. Any error: the graph is of no use. */
enum err pending_apply(const struct pending *pending, struct graph *graph) MUST_USE;
void pending_done(struct pending *pending);

struct load; /* load.c: one load under way, and who waits for it */

struct root {
        int64_t root_no;
        char handle[HANDLE_SIZE];
        struct graph *graph;     /* NULL: not loaded */
        struct pending *pending; /* NULL: no load under way */
        struct load *load;       /* under load_mutex */
        _Atomic bool is_asked;   /* since the last sweep */
        int64_t asked_us;        /* steady; as the sweeps saw it */
};

struct access {
        struct slot *slots;
        unsigned slot_count;
        size_t limit_bytes;
        struct root **roots;
        uint32_t root_count, root_capacity;
        struct seed seed;
        struct table by_no, by_handle;
        pthread_mutex_t load_mutex;
        pthread_cond_t load_ended;
        _Atomic uint64_t loads, evictions, unloads;
};

/* A reader's lock; clamps nothing: a wrong slot is our own bug. */
struct slot *access_lock(struct access *access, unsigned slot);
void access_unlock(struct slot *slot);
void access_lock_all(struct access *access);
void access_unlock_all(struct access *access);
/* Under any lock. NULL: none. */
struct root *root_find(const struct access *access, int64_t root_no);
/* Its graph, and notes that it was asked; NULL: *ret_found says why. */
struct graph *root_graph(const struct access *access, int64_t root_no, enum access_found *ret_found);

/* One change on a loaded graph, all or the graph is of no use. Older than the graph: nothing. */
enum err graph_apply_change(struct graph *graph, int64_t revision, const struct effect *effects, size_t count) MUST_USE;

#endif
