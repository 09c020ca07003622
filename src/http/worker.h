/* SPDX-License-Identifier: Apache-2.0
 *
 * The bounded job queue and its threads. A worker never calls libmicrohttpd: it runs blocking handlers and gives the exchange back to
 * its loop. Guards three shares: a root has at most half of the workers, few large bodies are parsed at once, and a root whose jobs
 * fill the queue leaves a reserve to the others. */
#ifndef HTTP_WORKER_H
#define HTTP_WORKER_H

#include <stdbool.h>
#include "base/error.h"

struct exchange;
struct http_server;
struct pool;

#define BIG_BODY_JOBS_MAX 4

/* Starts `server->options.workers` threads; fails when worker_start refuses in one of them. */
enum err pool_new(struct http_server *server, struct pool **ret, struct fault *fault) MUST_USE;
/* Finishes every queued job, then ends the threads; from now on pool_submit refuses. */
void pool_stop(struct pool *pool);
void pool_free(struct pool *pool); /* after the loops are gone */
/* ERR_UNAVAILABLE: the queue is full. Wakes nobody: pool_attend does, once for all that a loop has submitted. */
enum err pool_submit(struct pool *pool, struct exchange *exchange, struct fault *fault) MUST_USE;
/* Does any job wait for a worker? Cheap; then pool_attend is due within HURRY_MS. */
bool pool_has_waiting(struct pool *pool);
#define HURRY_MS 2
/* Wakes a worker when a job waits and not enough are awake; for one that has waited long, above that limit: a request never waits for a slow
 * other one. Also has a worker answer jobs that ran out of time while their root used up its share. */
void pool_attend(struct pool *pool);

#endif
