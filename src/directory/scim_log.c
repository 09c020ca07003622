/* SPDX-License-Identifier: Apache-2.0
 *
 * The request log: a bounded list in memory, emptied by the scheduler into rows; reading them. A row costs a request one allocation and
 * one copy; parsing, sealing and writing happen off its path. */
#include "directory/scim_log.h"

#include <pthread.h>
#include <string.h>
#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "http/metrics.h"
#include "health_row.h"
#include "scim_log_body.h"
#include "scim_log_note.h"

#define FLUSH_BATCH 200
#define PULSES_BATCH 64
#define PURGE_BATCH 500
#define PURGE_ROUNDS 20
#define ROW_KEPT_US (30 * US_PER_DAY)
#define ERASED_MAX 128

enum { TEXT_PATH, TEXT_REQUEST_ID, TEXT_RESOURCE_ID, TEXT_SCIM_TYPE, TEXT_FIELD, TEXT_LENIENCIES, TEXT_FIELDS, TEXT_NOTE, TEXT_COUNT };

struct waiting {
        struct waiting *next;
        size_t size;
        int64_t root_no, no, connection_no, credential_no, duration_us;
        int method, status;
        bool partly_refused;
        const char *texts[TEXT_COUNT];
        const char *body; /* NULL: none; NUL-terminated */
        size_t body_length;
        bool knows_fields;            /* then the body was parsed once and is sound */
        struct buffer fields, sealed; /* made by the flush */
        char memory[];
};

struct erased {
        int64_t root_no, at_us;
        char id[UUID_TEXT_SIZE];
};

struct scim_log {
        pthread_mutex_t mutex;
        struct erased erased[ERASED_MAX]; /* a ring; what falls out of it raises the bar for all */
        size_t erased_next;
        int64_t all_erased_us;
        struct waiting *first, **end;
        size_t count, bytes;
        int64_t last_no;
        struct pulses *pulses;
        bool stopping; /* of the scheduler alone */
};

struct scim_log *scim_log_new(void)
{
        struct scim_log *log = calloc(1, sizeof(*log));
        if (!log || !(log->pulses = pulses_new())) {
                free(log);
                return NULL;
        }
        (void)pthread_mutex_init(&log->mutex, NULL);
        log->end = &log->first;
        return log;
}

static void waiting_free(struct waiting *waiting)
{
        buffer_done(&waiting->fields);
        buffer_done(&waiting->sealed);
        text_wipe(waiting, waiting->size); /* a body may hold a password */
        free(waiting);
}

static void free_all(struct waiting *first)
{
        while (first) {
                struct waiting *next = first->next;
                waiting_free(first);
                first = next;
        }
}

void scim_log_free(struct scim_log *log)
{
        free_all(log->first);
        pulses_free(log->pulses);
        (void)pthread_mutex_destroy(&log->mutex);
        free(log);
}

bool scim_log_note(struct scim_log *log, const struct actor *connection, bool success, bool is_read)
{
        return pulses_note(log->pulses, connection->root_no, connection->no, clock_stored_us(), success, is_read);
}

struct pulse scim_log_pulse(struct scim_log *log, int64_t root_no, int64_t connection_no, int64_t now_us)
{
        return pulses_find(log->pulses, root_no, connection_no, now_us);
}

void scim_log_capture(struct scim_log *log, int64_t root_no, int64_t connection_no, int64_t seconds)
{
        pulses_capture(log->pulses, root_no, connection_no, seconds ? clock_stored_us() + seconds * US_PER_S : 0);
}

void scim_log_stop(struct scim_log *log)
{
        log->stopping = true;
}

/* ---- adding ---- */

static struct waiting *waiting_new(const struct scim_log_entry *entry)
{
        char note[SCIM_LOG_NOTE_MAX + 1];
        const char *const texts[TEXT_COUNT] = { entry->path, entry->request_id, entry->resource_id, entry->scim_type, entry->field,
                entry->leniencies, entry->fields, note };
        size_t lengths[TEXT_COUNT], body_length = entry->body_length <= SCIM_LOG_BODY_MAX ? entry->body_length : 0;
        size_t size = sizeof(struct waiting) + body_length + 1;
        log_note_compose(entry, note);
        for (size_t i = 0; i < TEXT_COUNT; i++)
                size += lengths[i] = (texts[i] ? strlen(texts[i]) : 0) + 1;
        struct waiting *waiting = malloc(size);
        if (!waiting)
                return NULL;
        *waiting = (struct waiting){
                .size = size,
                .root_no = entry->actor->root_no,
                .connection_no = entry->actor->no,
                .credential_no = entry->actor->credential_no,
                .duration_us = entry->duration_us,
                .method = entry->method,
                .status = entry->status,
                .partly_refused = (entry->refused_operations && *entry->refused_operations) || entry->refused_more,
                .body_length = body_length,
                .knows_fields = entry->fields != NULL,
        };
        char *at = waiting->memory;
        for (size_t i = 0; i < TEXT_COUNT; i++) {
                waiting->texts[i] = at;
                memcpy(at, texts[i] ? texts[i] : "", lengths[i] - 1);
                at += lengths[i];
                at[-1] = '\0';
        }
        if (!body_length)
                return waiting;
        waiting->body = memcpy(at, entry->body, body_length);
        at[body_length] = '\0';
        return waiting;
}

/* Unlinks the oldest rows while there are too many; the caller frees them outside the lock. */
static struct waiting *drop_oldest(struct scim_log *log)
{
        struct waiting *dropped = NULL;
        while (log->first && (log->count > SCIM_LOG_WAITING_MAX || log->bytes > SCIM_LOG_WAITING_BYTES)) {
                struct waiting *oldest = log->first;
                log->first = oldest->next;
                log->count--;
                log->bytes -= oldest->size;
                oldest->next = dropped;
                dropped = oldest;
                metric_add(METRIC_SCIM_LOG_DROPPED, 1);
        }
        if (!log->first)
                log->end = &log->first;
        return dropped;
}

void scim_log_add(struct scim_log *log, const struct scim_log_entry *entry)
{
        struct waiting *waiting = waiting_new(entry);
        if (!waiting) {
                metric_add(METRIC_SCIM_LOG_DROPPED, 1);
                return;
        }
        int64_t now_us = clock_stored_us();
        (void)pthread_mutex_lock(&log->mutex);
        log->last_no = waiting->no = now_us > log->last_no ? now_us : log->last_no + 1;
        *log->end = waiting;
        log->end = &waiting->next;
        log->count++;
        log->bytes += waiting->size;
        struct waiting *dropped = drop_oldest(log);
        (void)pthread_mutex_unlock(&log->mutex);
        free_all(dropped);
}

/* ---- erasure of what waits (R31) ---- */

void scim_log_erase(struct scim_log *log, int64_t root_no, const char *id)
{
        (void)pthread_mutex_lock(&log->mutex);
        struct erased *erased = &log->erased[log->erased_next++ % ERASED_MAX];
        int64_t now_us = clock_stored_us();
        log->all_erased_us = erased->at_us;
        *erased = (struct erased){ .root_no = root_no, .at_us = now_us > log->last_no ? now_us : log->last_no };
        (void)snprintf(erased->id, sizeof(erased->id), "%s", id);
        (void)pthread_mutex_unlock(&log->mutex);
}

static void waiting_blank(struct waiting *at, bool is_about)
{
        static const int said[] = { TEXT_PATH, TEXT_RESOURCE_ID, TEXT_FIELD, TEXT_FIELDS, TEXT_NOTE };
        for (size_t i = 0; is_about && i < COUNT_OF(said); i++)
                at->texts[said[i]] = "";
        if (is_about)
                buffer_clear(&at->fields);
        buffer_clear(&at->sealed);
}

/* As the purge did it to the rows that were there, to a row whose request had begun by then. */
static void erase(struct waiting *at, const struct erased *erased)
{
        if (erased->root_no != at->root_no || at->no - at->duration_us > erased->at_us)
                return;
        bool is_about = strcmp(at->texts[TEXT_RESOURCE_ID], erased->id) == 0;
        if (is_about || !*at->texts[TEXT_RESOURCE_ID])
                waiting_blank(at, is_about);
        if (strstr(at->texts[TEXT_NOTE], erased->id))
                at->texts[TEXT_NOTE] = "";
}

static void erase_waiting(struct scim_log *log, struct waiting *at)
{
        (void)pthread_mutex_lock(&log->mutex);
        if (at->no - at->duration_us <= log->all_erased_us)
                waiting_blank(at, true);
        for (size_t i = 0; i < ERASED_MAX && i < log->erased_next; i++)
                erase(at, &log->erased[i]);
        (void)pthread_mutex_unlock(&log->mutex);
}

enum err scim_log_forget(struct session *session, int64_t root_no, const char *id, struct fault *fault)
{
        static const enum statement notes[] = { ST_SCIM_LOG_ABOUT_BLANK, ST_SCIM_LOG_ABOUT_FORGET };
        enum err e = session_run(session, ST_SCIM_LOG_BLANK, NULL, fault, V_I64(root_no), V_TEXT(id), V_BYTES("", 0));
        if (!e)
                e = session_run(session, ST_SCIM_LOG_FORGET_LOOSE, NULL, fault, V_I64(root_no), V_BYTES("", 0));
        for (size_t i = 0; !e && i < COUNT_OF(notes); i++)
                e = session_run(session, notes[i], NULL, fault, V_I64(root_no), V_TEXT(id));
        return e;
}

static enum err forget_again(struct session *session, void *context, struct fault *fault)
{
        const struct erased *erased = context;
        return scim_log_forget(session, erased->root_no, erased->id, fault);
}

static size_t erased_count(struct scim_log *log)
{
        (void)pthread_mutex_lock(&log->mutex);
        size_t count = log->erased_next;
        (void)pthread_mutex_unlock(&log->mutex);
        return count;
}

/* On PostgreSQL a purge may have run beside the rows of this flush, so that neither saw the other. */
static void erase_written(struct directory *directory, size_t from)
{
        struct scim_log *log = directory->scim_log;
        for (size_t end = erased_count(log); from < end; from++) {
                struct fault fault = { 0 };
                (void)pthread_mutex_lock(&log->mutex);
                struct erased erased = log->erased[from % ERASED_MAX];
                (void)pthread_mutex_unlock(&log->mutex);
                const struct write_job write = { .root_no = erased.root_no, .context = &erased, .run = forget_again };
                if (write_queue_submit(directory->queue, &write, &fault))
                        log_event(LOG_WARN, "scim-log-not-purged", LOG_TEXT("why", fault.message));
        }
}

/* ---- writing ---- */

struct flush_job {
        struct scim_log *log;
        struct waiting *first;
        size_t count;
        struct pulse pulses[PULSES_BATCH];
        size_t pulse_count;
};

/* Those of whom the row is not itself. */
static enum err insert_about(struct session *session, const struct waiting *at, struct fault *fault)
{
        enum err e = ERR_OK;
        for (const char *id = at->texts[TEXT_NOTE]; !e && (id = log_note_id(id)); id += UUID_TEXT_SIZE - 1) {
                char text[UUID_TEXT_SIZE];
                (void)snprintf(text, sizeof(text), "%s", id);
                if (strcmp(text, at->texts[TEXT_RESOURCE_ID]) != 0)
                        e = session_run(session, ST_SCIM_LOG_ABOUT_PUT, NULL, fault, V_I64(at->root_no), V_TEXT(text), V_I64(at->no));
        }
        return e;
}

static enum err insert_rows(struct session *session, void *context, struct fault *fault)
{
        const struct flush_job *job = context;
        enum err e = ERR_OK;
        struct waiting *at = job->first;
        for (size_t i = 0; !e && i < job->count; i++, at = at->next) {
                erase_waiting(job->log, at);
                const char *const *texts = at->texts;
                e = session_run(session, ST_SCIM_LOG_INSERT, NULL, fault, V_I64(at->root_no), V_I64(at->no), V_I64(at->connection_no),
                        V_I64(at->credential_no), V_I64(at->method), V_I64(at->status), V_I64(at->duration_us), V_TEXT(texts[TEXT_PATH]),
                        V_TEXT(texts[TEXT_REQUEST_ID]), V_TEXT(texts[TEXT_RESOURCE_ID]), V_TEXT(texts[TEXT_SCIM_TYPE]),
                        V_TEXT(texts[TEXT_FIELD]), V_TEXT(at->fields.length ? at->fields.data : texts[TEXT_FIELDS]),
                        V_TEXT(texts[TEXT_LENIENCIES]), V_I64(at->sealed.length > 0),
                        V_BYTES(at->sealed.length ? at->sealed.data : "", at->sealed.length), V_TEXT(texts[TEXT_NOTE]),
                        V_I64(at->partly_refused));
                if (!e)
                        e = insert_about(session, at, fault);
        }
        for (size_t i = 0; !e && i < job->pulse_count; i++)
                e = health_store(session, &job->pulses[i], fault);
        return e;
}

static void seal_text(struct waiting *waiting, struct log_sealer *sealer, const struct buffer *text)
{
        struct fault fault = { 0 };
        if (!log_body_seal(sealer, waiting->root_no, waiting->no, text, &waiting->sealed, &fault))
                return;
        buffer_clear(&waiting->sealed);
        log_event(LOG_WARN, "scim-log-unsealed", LOG_TEXT("why", fault.message));
}

/* A body that is no JSON is not kept: nothing could be taken out of it. One that was found sound and cannot hold a password is sealed as
 * it came. */
static void seal(struct waiting *waiting, struct log_sealer *sealer)
{
        struct fault fault = { 0 };
        json_auto_t *body = NULL;
        auto_buffer text = { 0 };
        if (!waiting->body)
                return;
        if (waiting->knows_fields && !log_body_may_hold_password(waiting->body)) {
                buffer_put(&text, waiting->body, waiting->body_length);
                seal_text(waiting, sealer, &text);
                return;
        }
        if (json_parse_object(waiting->body, waiting->body_length, &body, &fault))
                return;
        log_body_fields(body, &waiting->fields);
        buffer_putc(&waiting->fields, '\0');
        log_body_strip(body);
        if (!json_compact(body, &text, &fault))
                seal_text(waiting, sealer, &text);
        else
                log_event(LOG_WARN, "scim-log-unsealed", LOG_TEXT("why", fault.message));
}

static struct waiting *take_all(struct scim_log *log)
{
        (void)pthread_mutex_lock(&log->mutex);
        struct waiting *first = log->first;
        log->first = NULL;
        log->end = &log->first;
        log->count = log->bytes = 0;
        (void)pthread_mutex_unlock(&log->mutex);
        return first;
}

static void submit(struct directory *directory, struct flush_job *job)
{
        struct fault fault = { 0 };
        const struct write_job write = { .context = job, .run = insert_rows };
        if (!write_queue_submit(directory->queue, &write, &fault))
                return;
        metric_add(METRIC_SCIM_LOG_DROPPED, (int64_t)job->count);
        log_event(LOG_WARN, "scim-log-lost", LOG_I64("rows", (int64_t)job->count), LOG_TEXT("why", fault.message));
}

void directory_flush_scim_log(struct directory *directory)
{
        struct scim_log *log = directory->scim_log;
        struct waiting *first = take_all(log);
        struct flush_job job = { .log = log, .first = first };
        job.pulse_count = pulses_take(log->pulses, clock_stored_us(), log->stopping, job.pulses, PULSES_BATCH);
        if (!first && job.pulse_count)
                submit(directory, &job);
        if (!first)
                return;
        size_t erased = erased_count(log);
        unsigned char key[HASH_SIZE];
        directory_key(directory, "scim log body", key);
        struct log_sealer *sealer = log_sealer_new(key);
        text_wipe(key, sizeof(key));
        for (struct waiting *at = first; at; at = at->next) {
                seal(at, sealer);
                if (++job.count < FLUSH_BATCH && at->next)
                        continue;
                submit(directory, &job);
                job = (struct flush_job){ .log = log, .first = at->next };
        }
        log_sealer_free(sealer);
        free_all(first);
        erase_written(directory, erased);
}

/* ---- ageing ---- */

struct purge_job {
        enum statement statement;
        int64_t before_us, changed;
};

static enum err purge_run(struct session *session, void *context, struct fault *fault)
{
        struct purge_job *job = context;
        if (job->statement == ST_SCIM_LOG_FORGET)
                return session_run(
                        session, job->statement, &job->changed, fault, V_I64(job->before_us), V_BYTES("", 0), V_I64(PURGE_BATCH));
        return session_run(session, job->statement, &job->changed, fault, V_I64(job->before_us), V_I64(PURGE_BATCH));
}

static void purge(struct directory *directory, enum statement statement, int64_t kept_us)
{
        struct purge_job job = { .statement = statement, .before_us = clock_stored_us() - kept_us, .changed = PURGE_BATCH };
        for (int round = 0; round < PURGE_ROUNDS && job.changed == PURGE_BATCH; round++) {
                const struct write_job write = { .context = &job, .run = purge_run };
                struct fault fault = { 0 };
                if (!write_queue_submit(directory->queue, &write, &fault))
                        continue;
                log_event(LOG_WARN, "scim-log-not-purged", LOG_TEXT("why", fault.message));
                return;
        }
}

void directory_purge_scim_log(struct directory *directory)
{
        purge(directory, ST_SCIM_LOG_FORGET, SCIM_LOG_BODY_KEPT_US);
        purge(directory, ST_SCIM_LOG_PURGE, ROW_KEPT_US);
        purge(directory, ST_SCIM_LOG_ABOUT_PURGE, ROW_KEPT_US);
}
