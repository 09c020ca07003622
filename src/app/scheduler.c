/* SPDX-License-Identifier: Apache-2.0
 *
 * The scheduler: a table of {what, how often}, walked four times a second. Its jobs are bounded; each may fail alone and says so. */
#include "scheduler.h"

#include <stdatomic.h>
#include <stdlib.h>
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "directory/connection.h"
#include "directory/health.h"
#include "directory/scim_log.h"
#include "http/metrics.h"
#include "notify.h"
#include "pacer.h"

#define TICK_US (250 * US_PER_MS)
#define ROOT_IDLE_S 600
#define WORK_BUDGET_US (500 * US_PER_MS) /* of each second */
#define WAL_QUIET_BYTES (1 << 20)

struct scheduler {
        struct directory *directory;
        struct session *reader;
        struct pacer *pacer;
        int64_t watchdog_us, bark_us; /* how often systemd is told, 0: never; and when next */
        atomic_bool ready, stopping;
        int64_t checkpoint_interval_us;
        int64_t clock_offset_us; /* realtime minus steady, as last seen */
        struct store_counters counted;
        bool is_graph_large; /* and that was told */
        int64_t due_us[];    /* of each job */
};

/* ---- jobs ---- */

static void flush_notices(struct scheduler *scheduler)
{
        (void)directory_flush_notices(scheduler->directory);
}

static void flush_scim_log(struct scheduler *scheduler)
{
        directory_flush_scim_log(scheduler->directory);
}

static void purge_scim_log(struct scheduler *scheduler)
{
        directory_purge_scim_log(scheduler->directory);
}

static void flush_used(struct scheduler *scheduler)
{
        directory_flush_used(scheduler->directory);
}

static void warn_expiry(struct scheduler *scheduler)
{
        directory_warn_expiry(scheduler->directory, scheduler->reader);
}

static void sign_checkpoints(struct scheduler *scheduler)
{
        struct fault fault = { 0 };
        size_t count = 0;
        if (!scheduler->directory->checkpoint_key)
                return;
        if (checkpoint_sign_all(scheduler->directory->queue, scheduler->reader, scheduler->directory->checkpoint_key, &count, &fault))
                log_event(LOG_WARN, "checkpoint-failed", LOG_TEXT("why", fault.message));
        metric_add(METRIC_CHECKPOINTS, (int64_t)count);
}

static void checkpoint_wal(struct scheduler *scheduler)
{
        struct fault fault = { 0 };
        if (store_wal_bytes(scheduler->directory->store) < WAL_QUIET_BYTES)
                return;
        if (store_checkpoint(scheduler->directory->store, &fault))
                log_event(LOG_WARN, "wal-checkpoint-failed", LOG_TEXT("why", fault.message));
}

/* A database that is away is told by the probe. */
static void analyze_grown(struct scheduler *scheduler)
{
        struct fault fault = { 0 };
        if (store_analyze(scheduler->directory->store, &fault))
                log_event(LOG_DEBUG, "analyze-failed", LOG_TEXT("why", fault.message));
}

static void sweep_graph(struct scheduler *scheduler)
{
        access_sweep(scheduler->directory->access, ROOT_IDLE_S);
}

/* What is asked for stays in memory, whatever it takes: an answer must not wait for a load each time. */
static void tell_large_graph(const struct scheduler *scheduler, const struct access_counters *now)
{
        static const struct actor system = { .kind = ACTOR_SYSTEM };
        log_event(LOG_WARN, "graph-memory-exceeded", LOG_I64("bytes", (int64_t)now->bytes),
                LOG_I64("limit_bytes", (int64_t)now->limit_bytes), LOG_I64("roots", (int64_t)now->loaded),
                LOG_TEXT("next", "give the machine memory and raise access.graph_memory_mib"));
        notice_count(scheduler->directory->notices, 0, &system, EVENT_GRAPH_MEMORY, "graph_memory_mib");
}

static void measure_graph(struct scheduler *scheduler)
{
        struct access_counters now = access_counters(scheduler->directory->access);
        metric_set(METRIC_GRAPH_ROOTS, (int64_t)now.loaded);
        metric_set(METRIC_GRAPH_BYTES, (int64_t)now.bytes);
        metric_set(METRIC_GRAPH_LIMIT, (int64_t)now.limit_bytes);
        if (now.bytes > now.limit_bytes && !scheduler->is_graph_large)
                tell_large_graph(scheduler, &now);
        if (now.bytes > now.limit_bytes || now.bytes < now.limit_bytes / 10 * 9) /* not anew for every byte around the limit */
                scheduler->is_graph_large = now.bytes > now.limit_bytes;
}

static void measure_connections(struct scheduler *scheduler)
{
        struct fault fault = { 0 };
        int64_t oldest_us = 0;
        if (health_oldest_success(scheduler->reader, &oldest_us, &fault) == ERR_OK) /* a database that is away is told by the probe */
                metric_set(METRIC_SCIM_OLDEST_SUCCESS, oldest_us / US_PER_S);
}

static void probe_database(struct scheduler *scheduler)
{
        struct fault fault = { 0 };
        bool ready = store_ping(scheduler->reader, &fault) == ERR_OK;
        if (atomic_exchange(&scheduler->ready, ready) != ready)
                log_event(ready ? LOG_INFO : LOG_ERROR, ready ? "database-back" : "database-lost", LOG_TEXT("why", fault.message));
}

static void count_store(struct scheduler *scheduler)
{
        struct store_counters now = store_counters(scheduler->directory->store);
        metric_add(METRIC_COMMITS, now.commits - scheduler->counted.commits);
        metric_add(METRIC_STORE_ERRORS, now.errors - scheduler->counted.errors);
        scheduler->counted = now;
}

/* Expiry refuses by the clock as read; what is stored does not follow a jump forward (base/clock). Somebody has to look. */
static void watch_clock(struct scheduler *scheduler)
{
        int64_t offset_us = clock_now_us() - clock_steady_us();
        int64_t jump_us = offset_us - scheduler->clock_offset_us;
        scheduler->clock_offset_us = offset_us;
        if (jump_us < CLOCK_JUMP_MAX_US && jump_us > -CLOCK_JUMP_MAX_US)
                return;
        log_event(LOG_WARN, "clock-jump", LOG_I64("seconds", jump_us / US_PER_S),
                LOG_TEXT("next", "set the clock right; if it is right now: muster clock accept"));
        const struct actor system = { .kind = ACTOR_SYSTEM };
        notice_count(scheduler->directory->notices, 0, &system, EVENT_CLOCK_JUMP, jump_us > 0 ? "forward" : "back");
}

static void continue_work(struct scheduler *scheduler)
{
        directory_continue_work(scheduler->directory, scheduler->reader, WORK_BUDGET_US);
}

static const struct job {
        void (*run)(struct scheduler *scheduler);
        int64_t every_us; /* 0: the checkpoint interval of the settings */
} jobs[] = {
        { watch_clock, TICK_US },
        { flush_notices, TICK_US },
        { flush_scim_log, TICK_US },
        { continue_work, US_PER_S },
        { probe_database, US_PER_S },
        { count_store, US_PER_S },
        { analyze_grown, US_PER_S },
        { measure_graph, US_PER_S },
        { checkpoint_wal, US_PER_S },
        { measure_connections, 15 * US_PER_S },
        { flush_used, 60 * US_PER_S },
        { purge_scim_log, 60 * US_PER_S },
        { sweep_graph, 60 * US_PER_S },
        { warn_expiry, 600 * US_PER_S },
        { sign_checkpoints, 0 },
};
#define JOBS (sizeof(jobs) / sizeof(jobs[0]))

/* ---- the thread ---- */

static void run_due(void *context, struct pacer *pacer)
{
        struct scheduler *scheduler = context;
        int64_t now_us = clock_steady_us();
        (void)pacer;
        for (size_t i = 0; i < JOBS; i++) {
                if (now_us < scheduler->due_us[i])
                        continue;
                jobs[i].run(scheduler);
                scheduler->due_us[i] = now_us + (jobs[i].every_us ? jobs[i].every_us : scheduler->checkpoint_interval_us);
        }
        if (scheduler->watchdog_us && now_us >= scheduler->bark_us) {
                notify_send("WATCHDOG=1");
                scheduler->bark_us = now_us + scheduler->watchdog_us;
        }
}

static void scheduler_free(struct scheduler *scheduler)
{
        session_close(scheduler->reader);
        free(scheduler);
}

enum err scheduler_start(struct directory *directory, const struct settings *settings, struct scheduler **ret, struct fault *fault)
{
        struct scheduler *scheduler = calloc(1, sizeof(*scheduler) + sizeof(scheduler->due_us[0]) * JOBS);
        if (!scheduler)
                return fault_set(fault, ERR_MEMORY, "", "out of memory");
        scheduler->directory = directory;
        scheduler->checkpoint_interval_us = settings->checkpoint_interval_s * US_PER_S;
        scheduler->clock_offset_us = clock_now_us() - clock_steady_us();
        scheduler->watchdog_us = notify_watchdog_us();
        for (size_t i = 0; i < JOBS; i++) /* the end has signed what the last run wrote */
                scheduler->due_us[i] = clock_steady_us() + (jobs[i].every_us ? 0 : scheduler->checkpoint_interval_us);
        atomic_store(&scheduler->ready, true);
        enum err e = store_reader_open(directory->store, &scheduler->reader, fault);
        if (!e)
                e = pacer_start("the scheduler", TICK_US, run_due, scheduler, &scheduler->pacer, fault);
        if (e) {
                scheduler_free(scheduler);
                return e;
        }
        *ret = scheduler;
        return ERR_OK;
}

void scheduler_stop(struct scheduler *scheduler)
{
        pacer_stop(scheduler->pacer);
        notices_stop(scheduler->directory->notices);
        while (directory_flush_notices(scheduler->directory)) /* ends: nothing is counted any more */
                ;
        scim_log_stop(scheduler->directory->scim_log);
        flush_scim_log(scheduler);
        flush_used(scheduler);
        sign_checkpoints(scheduler);
        scheduler_free(scheduler);
}

bool scheduler_is_ready(const struct scheduler *scheduler)
{
        return atomic_load(&scheduler->ready) && !atomic_load(&scheduler->stopping);
}

void scheduler_set_stopping(struct scheduler *scheduler)
{
        atomic_store(&scheduler->stopping, true);
}
