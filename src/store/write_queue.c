/* SPDX-License-Identifier: Apache-2.0
 *
 * The queue in front of the writer threads. A writer takes what waits, up to 50 jobs, and hands it to batch_run; the fsync of one batch
 * is the time in which the next one gathers. Jobs of one root always go to the same writer, in submission order. */
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/auto.h"
#include "base/clock.h"
#include "store/engine.h"

#define BATCH_MAX 50
#define WRITERS_MAX 4

struct writer {
        struct write_queue *queue;
        struct session *session;
        void (*fatal)(const char *reason);
        pthread_t thread;
        pthread_mutex_t mutex;
        pthread_cond_t work;
        struct waiting *first, **last;
        bool idle, stopping;
};

struct write_queue {
        struct store *store;
        unsigned length_max;
        atomic_uint length;
        int writer_count; /* opened */
        int thread_count; /* running */
        struct writer writers[WRITERS_MAX];
};

static void fatal_default(const char *reason)
{
        (void)fprintf(stderr, "muster: %s\n", reason);
        abort();
}

/* The waiting job lives on its submitter's stack: after `done` is set it may be gone, and a late wake is harmless. */
static void waiting_finish(struct waiting *waiting)
{
        _Atomic(unsigned) *done = &waiting->done;
        atomic_store_explicit(done, 1, memory_order_release);
        (void)syscall(SYS_futex, done, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void waiting_wait(struct waiting *waiting)
{
        while (!atomic_load_explicit(&waiting->done, memory_order_acquire))
                (void)syscall(SYS_futex, &waiting->done, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

/* Waits for work; 0: stopped and nothing left. A job that wants to run alone ends the batch before it. */
static size_t writer_take(struct write_queue *queue, struct writer *writer, struct waiting **ret)
{
        size_t count = 0;
        (void)pthread_mutex_lock(&writer->mutex);
        while (!writer->first && !writer->stopping) {
                writer->idle = true;
                (void)pthread_cond_wait(&writer->work, &writer->mutex);
        }
        writer->idle = false;
        while (writer->first && count < BATCH_MAX) {
                struct waiting *waiting = writer->first;
                if (count && (waiting->job->alone || ret[count - 1]->job->alone))
                        break;
                writer->first = waiting->next;
                if (!writer->first)
                        writer->last = &writer->first;
                ret[count++] = waiting;
        }
        (void)pthread_mutex_unlock(&writer->mutex);
        atomic_fetch_sub_explicit(&queue->length, (unsigned)count, memory_order_relaxed);
        return count;
}

/* Answers jobs whose time is up; the others stay in order. Returns how many stay. */
static size_t jobs_expire(struct waiting **jobs, size_t count)
{
        size_t kept = 0;
        int64_t now_us = clock_steady_us();
        for (size_t i = 0; i < count; i++) {
                struct waiting *waiting = jobs[i];
                if (!waiting->job->deadline_us || now_us < waiting->job->deadline_us) {
                        jobs[kept++] = waiting;
                        continue;
                }
                waiting->result = fault_set(&waiting->fault, ERR_DEADLINE, "", "the change waited too long for its turn and was not made");
                waiting->fault.retry_after_s = 1;
                waiting_finish(waiting);
        }
        return kept;
}

static void *writer_main(void *context)
{
        struct writer *writer = context;
        struct write_queue *queue = writer->queue;
        struct waiting *jobs[BATCH_MAX];
        size_t taken;
        while ((taken = writer_take(queue, writer, jobs))) {
                size_t count = jobs_expire(jobs, taken);
                bool known = count == 0 || batch_run(writer->session, jobs, count);
                atomic_fetch_add_explicit(&queue->store->jobs, taken, memory_order_relaxed);
                for (size_t i = 0; i < count; i++)
                        waiting_finish(jobs[i]);
                if (!known)
                        writer->fatal("the outcome of a COMMIT is unknown: the database must be recovered by a restart");
                queue->store->engine->maintain(writer->session->connection);
        }
        return NULL;
}

static enum err writer_start(struct write_queue *queue, const struct write_queue_options *options, struct fault *fault)
{
        struct writer *writer = &queue->writers[queue->writer_count];
        writer->queue = queue;
        writer->last = &writer->first;
        writer->fatal = options->fatal ? options->fatal : fatal_default;
        enum err e = session_open(queue->store, ENGINE_WRITER, &writer->session, fault);
        if (e)
                return e;
        (void)pthread_mutex_init(&writer->mutex, NULL);
        (void)pthread_cond_init(&writer->work, NULL);
        queue->writer_count++;
        int code = pthread_create(&writer->thread, NULL, writer_main, writer);
        if (code)
                return fault_set(fault, ERR_UNAVAILABLE, "", "cannot start a writer thread: %s", strerror(code));
        (void)pthread_setname_np(writer->thread, "muster-writer");
        queue->thread_count++;
        return ERR_OK;
}

enum err write_queue_start(const struct write_queue_options *options, struct write_queue **ret, struct fault *fault)
{
        struct write_queue *queue = calloc(1, sizeof *queue);
        if (!queue)
                return fault_set(fault, ERR_MEMORY, "", "no memory for the write queue");
        queue->store = options->store;
        queue->length_max = options->length_max;
        for (int i = 0; i < options->store->engine->writers; i++) {
                enum err e = writer_start(queue, options, fault);
                if (e) {
                        write_queue_stop(queue);
                        return e;
                }
        }
        *ret = queue;
        return ERR_OK;
}

static bool writer_push(struct writer *writer, struct waiting *waiting)
{
        (void)pthread_mutex_lock(&writer->mutex);
        bool accepted = !writer->stopping, wake = accepted && writer->idle;
        if (accepted) {
                *writer->last = waiting;
                writer->last = &waiting->next;
                writer->idle = false;
        }
        if (wake) /* under the lock: behind it the job may be done, the queue stopped, and the condition gone */
                (void)pthread_cond_signal(&writer->work);
        (void)pthread_mutex_unlock(&writer->mutex);
        return accepted;
}

/* False: the job is not queued. */
static bool submit(struct write_queue *queue, struct waiting *waiting)
{
        struct writer *writer = &queue->writers[(uint64_t)waiting->job->root_no % (uint64_t)queue->writer_count];
        assert(waiting->job->run && !pthread_equal(pthread_self(), writer->thread));
        unsigned before = atomic_fetch_add_explicit(&queue->length, 1, memory_order_relaxed);
        if (before < queue->length_max && writer_push(writer, waiting))
                return true;
        atomic_fetch_sub_explicit(&queue->length, 1, memory_order_relaxed);
        waiting->result = fault_set(&waiting->fault, ERR_UNAVAILABLE, "", "too many changes wait to be stored: try again");
        waiting->fault.retry_after_s = 1;
        return false;
}

enum err write_queue_submit(struct write_queue *queue, const struct write_job *job, struct fault *fault)
{
        struct waiting waiting = { .job = job };
        if (submit(queue, &waiting))
                waiting_wait(&waiting);
        if (fault && waiting.result)
                *fault = waiting.fault;
        return waiting.result;
}

void write_queue_submit_all(struct write_queue *queue, const struct write_job *jobs, size_t count, enum err *ret, struct fault *ret_faults)
{
        struct waiting waiting[WRITE_GROUP_MAX];
        bool queued[WRITE_GROUP_MAX];
        assert(count <= WRITE_GROUP_MAX);
        for (size_t i = 0; i < count; i++) {
                waiting[i] = (struct waiting){ .job = &jobs[i] };
                queued[i] = submit(queue, &waiting[i]);
        }
        for (size_t i = 0; i < count; i++) {
                if (queued[i])
                        waiting_wait(&waiting[i]);
                ret[i] = waiting[i].result;
                if (ret[i])
                        ret_faults[i] = waiting[i].fault;
        }
}

void write_queue_stop(struct write_queue *queue)
{
        if (!queue)
                return;
        for (int i = 0; i < queue->thread_count; i++) {
                struct writer *writer = &queue->writers[i];
                (void)pthread_mutex_lock(&writer->mutex);
                writer->stopping = true;
                (void)pthread_cond_signal(&writer->work);
                (void)pthread_mutex_unlock(&writer->mutex);
        }
        for (int i = 0; i < queue->thread_count; i++)
                (void)pthread_join(queue->writers[i].thread, NULL);
        for (int i = 0; i < queue->writer_count; i++) {
                session_close(queue->writers[i].session);
                (void)pthread_mutex_destroy(&queue->writers[i].mutex);
                (void)pthread_cond_destroy(&queue->writers[i].work);
        }
        free(queue);
}
