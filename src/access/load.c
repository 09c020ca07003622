/* SPDX-License-Identifier: Apache-2.0
 *
 * Loads one root: rows and revision in one snapshot, page by page, without a lock; then, under all locks, the changes that committed
 * meanwhile, and it is there. One thread loads a root, the others wait for its result. Changes are queued from before the snapshot is
 * taken, so none is lost between the two; those the snapshot has already are told by their revision. */
#include <stdlib.h>
#include <string.h>
#include "access/roots.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/condition.h"

#define ROWS_A_PAGE 5000
#define ATTEMPTS_MAX 5

AUTO_DEFINE(struct graph *, graph_free)

struct load {
        struct pending pending;
        unsigned holders; /* the loader and who waits */
        bool is_ended;
        enum err result;
        struct fault fault;
};

/* One page: how to ask for what follows `at`, and what effect a row is. */
struct page {
        enum statement statement;
        int keys; /* columns that order it: 1 or 2, moved into `at` by read */
        void (*read)(const struct result *row, int64_t at[2], struct effect *ret);
};

static void read_resource(const struct result *row, int64_t at[2], struct effect *ret)
{
        at[0] = result_i64(row, 0);
        *ret = (struct effect){
                .kind = EFFECT_RESOURCE,
                .no = at[0],
                .text = result_text(row, 1, NULL),
                .other_no = result_i64(row, 2),
                .resource_kind = (enum resource_kind)result_i64(row, 3),
                .name = result_text(row, 4, NULL),
                .active = result_i64(row, 5),
        };
}

static void read_member(const struct result *row, int64_t at[2], struct effect *ret)
{
        at[0] = result_i64(row, 0);
        at[1] = result_i64(row, 1);
        *ret = (struct effect){ .kind = EFFECT_MEMBER, .no = at[1], .other_no = at[0], .active = true };
}

static void read_grant(const struct result *row, int64_t at[2], struct effect *ret)
{
        at[0] = result_i64(row, 0);
        *ret = (struct effect){
                .kind = EFFECT_GRANT,
                .no = at[0],
                .scope_no = result_i64(row, 1),
                .other_no = result_i64(row, 2),
                .role_no = result_i64(row, 3),
                .text = result_text(row, 4, NULL),
                .from_us = result_i64(row, 5),
                .until_us = result_i64(row, 6),
                .active = result_i64(row, 7),
        };
}

static void read_credential(const struct result *row, int64_t at[2], struct effect *ret)
{
        size_t length;
        const unsigned char *hash = result_bytes(row, 3, &length);
        at[0] = result_i64(row, 0);
        *ret = (struct effect){
                .kind = EFFECT_CREDENTIAL,
                .no = at[0],
                .other_no = result_i64(row, 1),
                .token_kind = (int)result_i64(row, 2),
                .scopes = (unsigned)result_i64(row, 4),
                .until_us = result_i64(row, 5),
        };
        if (length == HASH_SIZE)
                memcpy(ret->hash, hash, HASH_SIZE);
        else
                ret->token_kind = 0; /* a damaged row lets nobody in */
}

static void read_claim(const struct result *row, int64_t at[2], struct effect *ret)
{
        at[0] = result_i64(row, 0);
        at[1] = result_i64(row, 1);
        *ret = (struct effect){ .kind = EFFECT_CLAIM, .no = at[0], .other_no = at[1], .text = result_text(row, 2, NULL), .active = true };
}

static void read_connection(const struct result *row, int64_t at[2], struct effect *ret)
{
        at[0] = result_i64(row, 0);
        *ret = (struct effect){ .kind = EFFECT_ADDRESSES, .no = at[0], .text = result_text(row, 1, NULL) };
}

static const struct page pages[] = {
        { ST_ACCESS_RESOURCES, 1, read_resource },
        { ST_ACCESS_MEMBERS, 2, read_member },
        { ST_ACCESS_GRANTS, 1, read_grant },
        { ST_ACCESS_CREDENTIALS, 1, read_credential },
        { ST_ACCESS_CLAIMS, 2, read_claim },
        { ST_ACCESS_CONNECTIONS, 1, read_connection },
};

/* A row about something deleted is no part of the graph. */
static enum err take_row(struct graph *graph, const struct effect *effect)
{
        enum err e = graph_apply(graph, effect);
        if (e == ERR_NOT_FOUND)
                return ERR_OK;
        if (!e && effect->kind == EFFECT_GRANT && !effect->active) {
                const struct effect disabled = { .kind = EFFECT_RESOURCE, .no = effect->no, .resource_kind = KIND_GRANT };
                e = graph_apply(graph, &disabled);
        }
        return e;
}

static enum err load_page(
        struct session *reader, struct graph *graph, const struct page *page, int64_t at[2], int *ret_count, struct fault *fault)
{
        struct value values[4] = { V_I64(graph->root_no) };
        int count = 1;
        for (int i = 0; i < page->keys; i++)
                values[count++] = V_I64(at[i]);
        values[count++] = V_I64(ROWS_A_PAGE);
        auto_result result = { 0 };
        bool more = true;
        *ret_count = 0;
        enum err e = session_query_values(reader, page->statement, values, (size_t)count, &result, fault);
        while (!e && !(e = result_next(&result, &more, fault)) && more) {
                struct effect effect;
                page->read(&result, at, &effect);
                ++*ret_count;
                e = take_row(graph, &effect);
                if (e)
                        return fault_set(fault, e, "", "The graph of a root could not be built.");
        }
        return e;
}

static enum err load_rows(struct session *reader, int64_t root_no, struct graph **ret, struct fault *fault)
{
        AUTO(graph_free) struct graph *graph = NULL;
        {
                auto_result result = { 0 };
                bool found;
                enum err e = session_query(reader, ST_ROOT_READ, &result, fault, V_I64(root_no));
                if (!e)
                        e = result_next(&result, &found, fault);
                if (e)
                        return e;
                if (!found)
                        return fault_set(fault, ERR_NOT_FOUND, "", "There is no such root organization.");
                graph = graph_new(root_no, result_i64(&result, 2), result_i64(&result, 3));
                if (graph)
                        graph->schemas_revision = result_i64(&result, 7);
        }
        if (!graph)
                return fault_set(fault, ERR_MEMORY, "", "No memory to load a root.");
        for (size_t i = 0; i < COUNT_OF(pages); i++) {
                int64_t at[2] = { 0 };
                for (int count = ROWS_A_PAGE; count == ROWS_A_PAGE;) {
                        enum err e = load_page(reader, graph, &pages[i], at, &count, fault);
                        if (e)
                                return e;
                }
        }
        *ret = STEAL(graph);
        return ERR_OK;
}

static enum err load_snapshot(struct session *reader, int64_t root_no, struct graph **ret, struct fault *fault)
{
        enum err e = session_snapshot_begin(reader, fault);
        if (e)
                return e;
        e = load_rows(reader, root_no, ret, fault);
        session_snapshot_end(reader);
        return e;
}

/* Puts the graph in its place with what committed meanwhile. False: it must be loaded anew, and the queue begins anew, too. */
static bool publish(struct access *access, struct root *root, struct load *load, struct graph *graph)
{
        access_lock_all(access);
        bool is_good = !load->pending.is_spoiled && pending_apply(&load->pending, graph) == ERR_OK;
        if (is_good) {
                root->graph = graph;
                root->pending = NULL;
                root->asked_us = clock_steady_us();
        } else {
                pending_done(&load->pending);
        }
        access_unlock_all(access);
        return is_good;
}

static enum err load_root(struct access *access, struct session *reader, struct root *root, struct load *load, struct fault *fault)
{
        for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
                struct graph *graph = NULL;
                enum err e = load_snapshot(reader, root->root_no, &graph, fault);
                if (e)
                        return e;
                if (publish(access, root, load, graph)) {
                        atomic_fetch_add(&access->loads, 1);
                        return ERR_OK;
                }
                graph_free(graph);
        }
        fault_set(fault, ERR_UNAVAILABLE, "", "The root changed too often while it was loaded.");
        if (fault)
                fault->retry_after_s = 1;
        return ERR_UNAVAILABLE;
}

static void load_release(struct load *load)
{
        if (--load->holders == 0) {
                pending_done(&load->pending);
                free(load);
        }
}

/* Waits, under load_mutex, for somebody else's load. */
static enum err load_wait(struct access *access, struct load *load, int64_t deadline_us, struct fault *fault)
{
        load->holders++;
        bool in_time = true;
        while (!load->is_ended && in_time)
                in_time = condition_wait(&access->load_ended, &access->load_mutex, deadline_us);
        enum err e = load->is_ended ? load->result : ERR_DEADLINE;
        if (fault && load->is_ended && e)
                *fault = load->fault;
        else if (e) {
                fault_set(fault, e, "", "The organization is still being loaded.");
                if (fault)
                        fault->retry_after_s = 1;
        }
        load_release(load);
        return e;
}

/* Under load_mutex: changes of this root are queued from now on. NULL: out of memory. */
static struct load *load_begin(struct access *access, struct root *root)
{
        struct load *load = calloc(1, sizeof *load);
        if (!load)
                return NULL;
        pending_init(&load->pending);
        load->holders = 1;
        root->load = load;
        access_lock_all(access);
        root->pending = &load->pending;
        access_unlock_all(access);
        return load;
}

static void load_end(struct access *access, struct root *root, struct load *load, enum err result, const struct fault *fault)
{
        access_lock_all(access);
        root->pending = NULL;
        access_unlock_all(access);
        pthread_mutex_lock(&access->load_mutex);
        root->load = NULL;
        load->is_ended = true;
        load->result = result;
        load->fault = *fault;
        load_release(load);
        pthread_cond_broadcast(&access->load_ended);
        pthread_mutex_unlock(&access->load_mutex);
}

/* Roots are never removed: the pointer stays good without a lock. */
static struct root *root_of(struct access *access, unsigned slot, int64_t root_no)
{
        struct slot *held = access_lock(access, slot);
        struct root *root = root_find(access, root_no);
        access_unlock(held);
        return root;
}

static bool is_loaded(struct access *access, unsigned slot, int64_t root_no)
{
        struct slot *held = access_lock(access, slot);
        const struct root *root = root_find(access, root_no);
        bool loaded = root && root->graph;
        access_unlock(held);
        return loaded;
}

enum err access_load(
        struct access *access, unsigned slot, struct session *reader, int64_t root_no, int64_t deadline_us, struct fault *fault)
{
        struct fault own = { 0 };
        if (is_loaded(access, slot, root_no))
                return ERR_OK;
        pthread_mutex_lock(&access->load_mutex);
        bool loaded = is_loaded(access, slot, root_no); /* since then */
        struct root *root = root_of(access, slot, root_no);
        struct load *load = NULL;
        enum err e = ERR_OK;
        if (!root)
                e = fault_set(fault, ERR_NOT_FOUND, "", "There is no such root organization.");
        else if (!loaded && root->load)
                e = load_wait(access, root->load, deadline_us, fault);
        else if (!loaded && !(load = load_begin(access, root)))
                e = fault_set(fault, ERR_MEMORY, "", "No memory to load a root.");
        pthread_mutex_unlock(&access->load_mutex);
        if (!load)
                return e;
        e = load_root(access, reader, root, load, &own);
        load_end(access, root, load, e, &own);
        if (e && fault)
                *fault = own;
        return e;
}
