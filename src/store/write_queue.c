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
        struct write_ticket *first, **last;
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

enum { TICKET_QUEUED, TICKET_WAITED_FOR, TICKET_DONE };

/* The ticket is its submitter's: after `state` says done it may be gone, and a late wake is harmless. */
static void ticket_finish(struct write_ticket *ticket)
{
        _Atomic(unsigned) *state = &ticket->state;
        if (atomic_exchange_explicit(state, TICKET_DONE, memory_order_acq_rel) == TICKET_WAITED_FOR)
                (void)syscall(SYS_futex, state, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void ticket_wait(struct write_ticket *ticket)
{
        unsigned state = TICKET_QUEUED;
        (void)atomic_compare_exchange_strong_explicit(
                &ticket->state, &state, TICKET_WAITED_FOR, memory_order_acq_rel, memory_order_acquire);
        while (!write_queue_is_done(ticket))
                (void)syscall(SYS_futex, &ticket->state, FUTEX_WAIT_PRIVATE, TICKET_WAITED_FOR, NULL, NULL, 0);
}

/* Waits for work; 0: stopped and nothing left. A job that wants to run alone ends the batch before it. */
static size_t writer_take(struct write_queue *queue, struct writer *writer, struct write_ticket **ret)
{
        size_t count = 0;
        (void)pthread_mutex_lock(&writer->mutex);
        while (!writer->first && !writer->stopping) {
                writer->idle = true;
                (void)pthread_cond_wait(&writer->work, &writer->mutex);
        }
        writer->idle = false;
        while (writer->first && count < BATCH_MAX) {
                struct write_ticket *ticket = writer->first;
                if (count && (ticket->job->alone || ret[count - 1]->job->alone))
                        break;
                writer->first = ticket->next;
                if (!writer->first)
                        writer->last = &writer->first;
                ret[count++] = ticket;
        }
        (void)pthread_mutex_unlock(&writer->mutex);
        atomic_fetch_sub_explicit(&queue->length, (unsigned)count, memory_order_relaxed);
        return count;
}

/* Answers jobs whose time is up; the others stay in order. Returns how many stay. */
static size_t jobs_expire(struct write_ticket **jobs, size_t count)
{
        size_t kept = 0;
        int64_t now_us = clock_steady_us();
        for (size_t i = 0; i < count; i++) {
                struct write_ticket *ticket = jobs[i];
                if (!ticket->job->deadline_us || now_us < ticket->job->deadline_us) {
                        jobs[kept++] = ticket;
                        continue;
                }
                ticket->result = fault_set(&ticket->fault, ERR_DEADLINE, "", "the change waited too long for its turn and was not made");
                ticket->fault.retry_after_s = 1;
                ticket_finish(ticket);
        }
        return kept;
}

static void *writer_main(void *context)
{
        struct writer *writer = context;
        struct write_queue *queue = writer->queue;
        struct write_ticket *jobs[BATCH_MAX];
        size_t taken;
        while ((taken = writer_take(queue, writer, jobs))) {
                size_t count = jobs_expire(jobs, taken);
                bool known = count == 0 || batch_run(writer->session, jobs, count);
                atomic_fetch_add_explicit(&queue->store->jobs, taken, memory_order_relaxed);
                for (size_t i = 0; i < count; i++)
                        ticket_finish(jobs[i]);
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

static bool writer_push(struct writer *writer, struct write_ticket *ticket)
{
        (void)pthread_mutex_lock(&writer->mutex);
        bool accepted = !writer->stopping, wake = accepted && writer->idle;
        if (accepted) {
                *writer->last = ticket;
                writer->last = &ticket->next;
                writer->idle = false;
        }
        if (wake) /* under the lock: behind it the job may be done, the queue stopped, and the condition gone */
                (void)pthread_cond_signal(&writer->work);
        (void)pthread_mutex_unlock(&writer->mutex);
        return accepted;
}

/* False: the job is not queued. */
static bool submit(struct write_queue *queue, struct write_ticket *ticket)
{
        struct writer *writer = &queue->writers[(uint64_t)ticket->job->root_no % (uint64_t)queue->writer_count];
        assert(ticket->job->run && !pthread_equal(pthread_self(), writer->thread));
        unsigned before = atomic_fetch_add_explicit(&queue->length, 1, memory_order_relaxed);
        if (before < queue->length_max && writer_push(writer, ticket))
                return true;
        atomic_fetch_sub_explicit(&queue->length, 1, memory_order_relaxed);
        ticket->result = fault_set(&ticket->fault, ERR_UNAVAILABLE, "", "too many changes wait to be stored: try again");
        ticket->fault.retry_after_s = 1;
        return false;
}

void write_queue_begin(struct write_queue *queue, const struct write_job *job, struct write_ticket *ret)
{
        *ret = (struct write_ticket){ .job = job };
        if (!submit(queue, ret))
                atomic_store_explicit(&ret->state, TICKET_DONE, memory_order_relaxed);
}

bool write_queue_is_done(const struct write_ticket *ticket)
{
        return atomic_load_explicit(&ticket->state, memory_order_acquire) == TICKET_DONE;
}

enum err write_queue_end(struct write_ticket *ticket, struct fault *fault)
{
        ticket_wait(ticket);
        if (fault && ticket->result)
                *fault = ticket->fault;
        return ticket->result;
}

enum err write_queue_submit(struct write_queue *queue, const struct write_job *job, struct fault *fault)
{
        struct write_ticket ticket;
        write_queue_begin(queue, job, &ticket);
        return write_queue_end(&ticket, fault);
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
