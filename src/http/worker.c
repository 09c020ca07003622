/* SPDX-License-Identifier: Apache-2.0
 *
 * One mutex, one queue, one stack of sleeping workers (the last one to sleep is woken first: its caches are warm and the others may
 * stay asleep). No more workers are awake than there are loops, or cores: a job waits a moment for one that is about to be free rather than
 * pay for waking another. Requests of one root that only begin something (ROUTE_BEGINS: they wait for the writer) are begun one after the
 * other by the same worker, which then waits for all of them: one sleep instead of one each. A worker that blocks (worker_block_begin) does
 * not count, and a job that has waited HURRY_US gets one in any case. Which waiting job runs next is one function, job_may_run. */
#include "http/worker.h"

#include "base/auto.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/thread.h"
#include "http/loop.h"
#include "http/metrics.h"

#include <stdio.h>

#define HURRY_US (2 * US_PER_MS)
#define BEGUN_MAX 16
#define BEGUN_BODY_MAX_BYTES ((size_t)64 << 10) /* of one that joins others: what they wait for its parsing */
#define RESERVE_SHARE 8                         /* an eighth of the queue on top, for roots that have nothing waiting */

struct worker {
        struct pool *pool;
        struct worker *next_idle;
        pthread_t thread;
        pthread_cond_t wake;
        unsigned index;
        bool is_woken;
        bool is_running, is_big; /* of the job it has */
        int64_t root_no;
        struct exchange *begun[BEGUN_MAX]; /* answered HANDLED_LATER, in this order */
        unsigned begun_count;
        void *state; /* what hooks.worker_start made */
};

struct pool {
        struct http_server *server;
        pthread_mutex_t lock;
        pthread_cond_t started;
        struct exchange *head, *tail; /* waiting, oldest first */
        atomic_uint waiting;
        unsigned awake; /* neither asleep nor blocked */
        unsigned big_running;
        unsigned ready, refused; /* of the starting workers */
        bool is_stopping;
        struct worker *idle;
        unsigned count, made;
        struct worker workers[];
};

static bool is_big(const struct exchange *exchange)
{
        return exchange->request.body_length > BIG_BODY_BYTES;
}

static bool root_is_at_share(const struct pool *pool, int64_t root_no)
{
        unsigned running = 0, share = pool->count > 1 ? pool->count / 2 : 1;
        for (unsigned i = 0; i < pool->made; i++)
                running += pool->workers[i].is_running && pool->workers[i].root_no == root_no;
        return root_no != 0 && running >= share;
}

/* A job past its deadline runs at once: it is only answered. */
static bool job_may_run(const struct pool *pool, const struct exchange *exchange, int64_t now_us)
{
        if (pool->is_stopping || exchange->request.deadline_us <= now_us)
                return true;
        if (is_big(exchange) && pool->big_running >= BIG_BODY_JOBS_MAX)
                return false;
        return !root_is_at_share(pool, exchange->request.actor.root_no);
}

/* To what a worker has begun. Anything else could keep those that wait for their answers. */
static bool job_may_join(const struct worker *worker, const struct exchange *exchange)
{
        const struct request *request = &exchange->request;
        return worker->begun_count < BEGUN_MAX && exchange->is_authenticated && request->actor.root_no == worker->root_no &&
               (request->route->flags & ROUTE_BEGINS) && request->body_length <= BEGUN_BODY_MAX_BYTES;
}

/* The oldest job that may run, on this worker or, NULL, on one that has nothing yet; *ret_before is the one before it. */
static struct exchange *job_find(const struct pool *pool, const struct worker *worker, struct exchange **ret_before)
{
        bool joins = worker && worker->begun_count;
        int64_t now_us = pool->head ? clock_steady_us() : 0;
        *ret_before = NULL;
        for (struct exchange *job = pool->head; job; job = job->next) {
                if (joins ? job_may_join(worker, job) : job_may_run(pool, job, now_us))
                        return job;
                *ret_before = job;
        }
        return NULL;
}

/* The worker to wake, taken from the sleepers; NULL: none sleeps. Signal it after the lock is given back, so that it need not wait for it.
 */
static struct worker *sleeper_take(struct pool *pool)
{
        struct worker *worker = pool->idle;
        if (worker) {
                pool->idle = worker->next_idle;
                worker->is_woken = true;
                pool->awake++;
        }
        return worker;
}

static struct worker *sleeper_take_below_limit(struct pool *pool)
{
        return pool->awake < pool->server->loop_count ? sleeper_take(pool) : NULL;
}

static void sleeper_wake(struct worker *worker)
{
        if (worker)
                pthread_cond_signal(&worker->wake);
}

/* Is there one to run now that the worker will not begin by itself, after the one that it has just taken? */
static bool others_wait(const struct pool *pool, const struct worker *worker, const struct exchange *taken)
{
        struct exchange *before;
        if (!(taken->request.route->flags & ROUTE_BEGINS) || pool->waiting > BEGUN_MAX)
                return job_find(pool, NULL, &before);
        int64_t now_us = clock_steady_us();
        for (const struct exchange *job = pool->head; job; job = job->next)
                if (!job_may_join(worker, job) && job_may_run(pool, job, now_us))
                        return true;
        return false;
}

static struct exchange *job_take(struct pool *pool, struct worker *worker)
{
        struct exchange *before, *job = job_find(pool, worker, &before);
        if (!job)
                return NULL;
        if (before)
                before->next = job->next;
        else
                pool->head = job->next;
        if (pool->tail == job)
                pool->tail = before;
        job->next = NULL;
        pool->waiting--;
        metric_add(METRIC_JOBS_QUEUED, -1);
        if (!worker->begun_count) {
                worker->is_running = true;
                worker->root_no = job->request.actor.root_no;
                worker->is_big = is_big(job);
                pool->big_running += worker->is_big;
        }
        if (pool->head && pool->idle && others_wait(pool, worker, job))
                sleeper_wake(sleeper_take_below_limit(pool));
        return job;
}

static void queue_append(struct pool *pool, struct exchange *exchange)
{
        exchange->next = NULL;
        exchange->queued_us = clock_steady_us();
        if (pool->tail)
                pool->tail->next = exchange;
        else
                pool->head = exchange;
        pool->tail = exchange;
        pool->waiting++;
        metric_add(METRIC_JOBS_QUEUED, 1);
}

static void share_give_back(struct pool *pool, struct worker *worker)
{
        worker->is_running = false;
        worker->root_no = 0;
        pool->big_running -= worker->is_big;
        worker->is_big = false;
}

static bool root_waits(const struct pool *pool, int64_t root_no)
{
        for (const struct exchange *job = pool->head; job; job = job->next)
                if (job->request.actor.root_no == root_no)
                        return true;
        return false;
}

enum err pool_submit(struct pool *pool, struct exchange *exchange, struct fault *fault)
{
        unsigned length = pool->server->options.queue_length;
        pthread_mutex_lock(&pool->lock);
        bool is_full = pool->is_stopping || pool->waiting >= length + length / RESERVE_SHARE ||
                       (pool->waiting >= length && root_waits(pool, exchange->request.actor.root_no));
        if (!is_full)
                queue_append(pool, exchange);
        pthread_mutex_unlock(&pool->lock);
        if (!is_full)
                return ERR_OK;
        metric_add(METRIC_QUEUE_FULL, 1);
        enum err e = fault_set(fault, ERR_UNAVAILABLE, NULL, "The server has too many requests waiting; try again in a moment.");
        if (fault)
                fault->retry_after_s = 1;
        return e;
}

bool pool_has_waiting(struct pool *pool)
{
        return atomic_load_explicit(&pool->waiting, memory_order_relaxed) > 0;
}

void pool_attend(struct pool *pool)
{
        struct exchange *before;
        struct worker *woken = NULL;
        if (!pool_has_waiting(pool))
                return;
        pthread_mutex_lock(&pool->lock);
        if (pool->head && pool->idle && job_find(pool, NULL, &before))
                woken = clock_steady_us() - pool->head->queued_us > HURRY_US ? sleeper_take(pool) : sleeper_take_below_limit(pool);
        pthread_mutex_unlock(&pool->lock);
        sleeper_wake(woken);
}

static _Thread_local struct pool *blocking_pool; /* of a worker's thread; NULL elsewhere */

void worker_block_begin(void)
{
        struct pool *pool = blocking_pool;
        struct exchange *before;
        struct worker *woken = NULL;
        if (!pool)
                return;
        pthread_mutex_lock(&pool->lock);
        pool->awake--;
        if (pool->head && pool->idle && job_find(pool, NULL, &before))
                woken = sleeper_take_below_limit(pool);
        pthread_mutex_unlock(&pool->lock);
        sleeper_wake(woken);
}

void worker_block_end(void)
{
        struct pool *pool = blocking_pool;
        if (!pool)
                return;
        pthread_mutex_lock(&pool->lock);
        pool->awake++;
        pthread_mutex_unlock(&pool->lock);
}

static enum err authenticate(struct worker *worker, struct exchange *exchange, struct fault *fault)
{
        const struct http_hooks *hooks = &worker->pool->server->options.hooks;
        switch (hooks->authenticate(hooks->context, &exchange->request, true, fault)) {
        case AUTHENTICATED:
                exchange->is_authenticated = true;
                return exchange_check_actor(&exchange->request, fault);
        case AUTHENTICATED_REFUSED:
                return fault->code ? fault->code : ERR_UNAUTHENTICATED;
        default:
                return fault_set(fault, ERR_INTERNAL, NULL, "The caller could not be authenticated.");
        }
}

/* Known only now whose job this is: back to the end of the queue when its root has its share already. */
static bool root_must_wait(struct worker *worker, struct exchange *exchange)
{
        struct pool *pool = worker->pool;
        pthread_mutex_lock(&pool->lock);
        bool must_wait = !pool->is_stopping && root_is_at_share(pool, exchange->request.actor.root_no);
        if (must_wait)
                queue_append(pool, exchange);
        else
                worker->root_no = exchange->request.actor.root_no;
        pthread_mutex_unlock(&pool->lock);
        return must_wait;
}

enum outcome { ANSWERED, BEGUN, QUEUED_AGAIN };

static enum outcome job_run(struct worker *worker, struct exchange *exchange)
{
        struct request *request = &exchange->request;
        struct fault fault = { 0 };
        enum err e = ERR_OK;
        log_set_request_id(request->request_id);
        if (!worker->begun_count) /* their trees are counted until they are finished */
                json_memory_limit(JSON_JOB_CEILING_BYTES);
        request->slot = worker->pool->server->loop_count + worker->index;
        request->worker = worker->state;
        if (request->deadline_us <= clock_steady_us()) {
                e = fault_set(&fault, ERR_DEADLINE, NULL, "The request waited too long for its turn; nothing was done. Try again.");
                fault.retry_after_s = 1;
        } else if (!exchange->is_authenticated) {
                e = authenticate(worker, exchange, &fault);
                if (!e && root_must_wait(worker, exchange))
                        return QUEUED_AGAIN;
        }
        if (!e && !request_read_query(request)) /* a parameter that is lost would read as absent */
                e = fault_set(&fault, ERR_MEMORY, NULL, "The query needs more memory than a request may use.");
        enum handled handled = e ? HANDLED : request->route->handler(request);
        if (handled == HANDLED_LATER)
                return BEGUN;
        if (e)
                reply_fault(request, e, &fault);
        else if (handled == HANDLED_BY_WORKER)
                request->reply.status = 0;
        return ANSWERED;
}

static void job_complete(struct exchange *exchange)
{
        exchange_finish(exchange);
        log_set_request_id(NULL);
        loop_complete(exchange);
}

static void job_start(struct worker *worker, struct exchange *exchange)
{
        enum outcome outcome = job_run(worker, exchange);
        if (outcome == ANSWERED)
                job_complete(exchange);
        else if (outcome == BEGUN)
                worker->begun[worker->begun_count++] = exchange;
}

static void begun_finish(struct worker *worker)
{
        for (unsigned i = 0; i < worker->begun_count; i++) {
                struct exchange *exchange = worker->begun[i];
                log_set_request_id(exchange->request.request_id);
                exchange->request.finish(&exchange->request);
                job_complete(exchange);
        }
        worker->begun_count = 0;
}

static void worker_loop(struct worker *worker)
{
        struct pool *pool = worker->pool;
        blocking_pool = pool;
        pthread_mutex_lock(&pool->lock);
        pool->awake++;
        for (;;) {
                struct exchange *job = job_take(pool, worker);
                if (job || worker->begun_count) {
                        pthread_mutex_unlock(&pool->lock);
                        if (job)
                                job_start(worker, job);
                        else
                                begun_finish(worker);
                        pthread_mutex_lock(&pool->lock);
                        if (!worker->begun_count)
                                share_give_back(pool, worker);
                        continue;
                }
                if (pool->is_stopping)
                        break;
                worker->next_idle = pool->idle;
                pool->idle = worker;
                worker->is_woken = false;
                pool->awake--;
                while (!worker->is_woken)
                        pthread_cond_wait(&worker->wake, &pool->lock);
        }
        pthread_mutex_unlock(&pool->lock);
}

static void *worker_main(void *argument)
{
        struct worker *worker = argument;
        struct pool *pool = worker->pool;
        const struct http_hooks *hooks = &pool->server->options.hooks;
        char name[16];
        (void)snprintf(name, sizeof(name), "worker-%u", worker->index % 10000);
        (void)pthread_setname_np(pthread_self(), name);
        worker->state = hooks->worker_start ? hooks->worker_start(hooks->context, worker->index) : worker;
        pthread_mutex_lock(&pool->lock);
        pool->ready++;
        pool->refused += !worker->state;
        pthread_cond_signal(&pool->started);
        pthread_mutex_unlock(&pool->lock);
        if (!worker->state)
                return NULL;
        worker_loop(worker);
        if (hooks->worker_stop)
                hooks->worker_stop(hooks->context, worker->state);
        return NULL;
}

static bool threads_start(struct pool *pool)
{
        while (pool->made < pool->count) {
                struct worker *worker = &pool->workers[pool->made];
                *worker = (struct worker){ .pool = pool, .index = pool->made };
                (void)pthread_cond_init(&worker->wake, NULL);
                if (!thread_start(&worker->thread, worker_main, worker))
                        break;
                pool->made++;
        }
        pthread_mutex_lock(&pool->lock);
        while (pool->ready < pool->made)
                pthread_cond_wait(&pool->started, &pool->lock);
        bool all_run = pool->made == pool->count && pool->refused == 0;
        pthread_mutex_unlock(&pool->lock);
        return all_run;
}

enum err pool_new(struct http_server *server, struct pool **ret, struct fault *fault)
{
        unsigned count = server->options.workers;
        struct pool *pool = calloc(1, sizeof(*pool) + count * sizeof(pool->workers[0]));
        if (!pool)
                return fault_set(fault, ERR_MEMORY, NULL, "Out of memory for %u workers.", count);
        pool->server = server;
        pool->count = count;
        (void)pthread_mutex_init(&pool->lock, NULL);
        (void)pthread_cond_init(&pool->started, NULL);
        if (!threads_start(pool)) {
                bool refused = pool->refused > 0;
                pool_stop(pool);
                pool_free(pool);
                return fault_set(fault, ERR_UNAVAILABLE, "server.workers", "%s",
                        refused ? "A worker refused to start." : "Not all worker threads could be started.");
        }
        *ret = pool;
        return ERR_OK;
}

void pool_stop(struct pool *pool)
{
        pthread_mutex_lock(&pool->lock);
        pool->is_stopping = true;
        while (pool->idle)
                sleeper_wake(sleeper_take(pool));
        pthread_mutex_unlock(&pool->lock);
        for (unsigned i = 0; i < pool->made; i++)
                (void)pthread_join(pool->workers[i].thread, NULL);
}

void pool_free(struct pool *pool)
{
        for (unsigned i = 0; i < pool->made; i++)
                (void)pthread_cond_destroy(&pool->workers[i].wake);
        (void)pthread_cond_destroy(&pool->started);
        (void)pthread_mutex_destroy(&pool->lock);
        free(pool);
}
