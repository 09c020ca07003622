/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening and closing the directory, authentication against the graph, and what the scheduler flushes. */
#include "directory/directory.h"

#include <string.h>
#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "declaration.h"
#include "directory/scim_log.h"
#include "mapping.h"

#define ROOTS_PAGE 500
#define USED_BATCH 256
#define DUE_BATCH 64

void directory_close(struct directory *directory)
{
        if (!directory)
                return;
        if (directory->queue)
                write_queue_stop(directory->queue);
        if (directory->store)
                store_close(directory->store);
        if (directory->access)
                access_free(directory->access);
        if (directory->notices)
                notices_free(directory->notices);
        if (directory->scim_log)
                scim_log_free(directory->scim_log);
        schema_cache_free(directory->schemas);
        rules_cache_free(directory->rules);
        if (directory->checkpoint_key)
                checkpoint_key_free(directory->checkpoint_key);
        secret_done(&directory->master_key);
        free(directory);
}

AUTO_DEFINE(struct directory *, directory_close)

/* The whole map handle -> root stands in memory, so that a token of no root costs no look-up. */
static enum err learn_page(struct directory *directory, struct session *reader, int64_t *last_no, int *ret_count, struct fault *fault)
{
        auto_result result = { 0 };
        enum err e = session_query(reader, ST_ROOT_LIST, &result, fault, V_I64(*last_no), V_I64(ROOTS_PAGE));
        *ret_count = 0;
        while (!e) {
                bool row;
                e = result_next(&result, &row, fault);
                if (e || !row)
                        break;
                *last_no = result_i64(&result, 0);
                ++*ret_count;
                e = access_root_add(directory->access, *last_no, result_text(&result, 2, NULL), result_text(&result, 1, NULL),
                        result_i64(&result, 3), fault);
        }
        return e;
}

static enum err learn_roots(struct directory *directory, struct fault *fault)
{
        struct session *reader;
        enum err e = store_reader_open(directory->store, &reader, fault);
        if (e)
                return e;
        int64_t last_no = 0;
        int count = ROOTS_PAGE;
        while (!e && count == ROOTS_PAGE)
                e = learn_page(directory, reader, &last_no, &count, fault);
        session_close(reader);
        return e;
}

enum err directory_store_open(const struct settings *settings, bool migrate, struct store **ret, struct fault *fault)
{
        auto_secret password = { 0 };
        if (*settings->database_password_file) {
                enum err e = secret_load(settings->database_password_file, &password, fault);
                if (e)
                        return e;
        }
        const struct store_options options = {
                .database = settings->database,
                .password = password.text ? &password : NULL,
                .migrate = migrate,
                .exclusive = true,
        };
        return store_open(&options, ret, fault);
}

enum err directory_reload_secrets(struct directory *directory, const struct settings *settings, struct fault *fault)
{
        auto_secret password = { 0 };
        if (!*settings->database_password_file)
                return ERR_OK;
        enum err e = secret_load(settings->database_password_file, &password, fault);
        return e ? e : store_set_password(directory->store, &password, fault);
}

enum err directory_open(const struct directory_options *options, struct directory **ret, struct fault *fault)
{
        __attribute__((cleanup(auto_directory_close))) struct directory *directory = calloc(1, sizeof(*directory));
        if (!directory)
                return fault_set(fault, ERR_MEMORY, "", "out of memory");
        directory->public_url = options->settings->public_url;
        directory->dns_server = options->settings->dns_server;
        directory->operator_organizations = options->settings->operator_organizations;
        directory->domains_recheck_us = options->settings->domains_recheck_s * US_PER_S;
        directory->writer_slot = options->slots;
        directory->access = access_new(options->slots + 1, options->settings->graph_memory_mib);
        directory->notices = notices_new();
        directory->scim_log = scim_log_new();
        directory->schemas = schema_cache_new(options->slots + 1);
        directory->rules = rules_cache_new();
        if (!directory->access || !directory->notices || !directory->scim_log || !directory->schemas || !directory->rules)
                return fault_set(fault, ERR_MEMORY, "", "out of memory");
        enum err e = permission_init(fault);
        if (e)
                return e;
        bool migrate = strncmp(options->settings->database, "sqlite:", 7) == 0;
        e = directory_store_open(options->settings, migrate, &directory->store, fault);
        if (!e)
                e = secret_load(options->settings->master_key_file, &directory->master_key, fault);
        if (!e)
                e = checkpoint_key_load(options->settings->checkpoint_key_file, &directory->checkpoint_key, fault);
        if (!e)
                e = learn_roots(directory, fault);
        const struct write_queue_options queue = { .store = directory->store, .length_max = 10000, .fatal = options->fatal };
        if (!e)
                e = write_queue_start(&queue, &directory->queue, fault);
        if (e)
                return e;
        *ret = STEAL(directory);
        return ERR_OK;
}

void directory_key(const struct directory *directory, const char *purpose, unsigned char ret[HASH_SIZE])
{
        hash_hmac(directory->master_key.text, directory->master_key.length, purpose, strlen(purpose), ret);
}

/* ---- authentication ---- */

static enum err refuse(struct fault *fault)
{
        return fault_set(fault, ERR_UNAUTHENTICATED, "Authorization", "the bearer token is missing, wrong, expired or revoked");
}

enum err directory_authenticate(struct directory *directory, unsigned slot, struct session *reader, const char *token, size_t length,
        int64_t deadline_us, struct actor *ret, enum access_found *ret_found, struct fault *fault)
{
        enum token_kind kind;
        char handle[HANDLE_SIZE];
        *ret_found = ACCESS_UNKNOWN;
        if (!token_parse(token, length, &kind, handle))
                return refuse(fault);
        int64_t root_no = access_root_by_handle(directory->access, slot, handle);
        if (!root_no)
                return refuse(fault);
        unsigned char hash[HASH_SIZE];
        hash_sha256(token, length, hash);
        *ret_found = access_authenticate(directory->access, slot, root_no, hash, clock_now_us(), ret);
        if (*ret_found == ACCESS_NOT_LOADED && reader) {
                enum err e = access_load(directory->access, slot, reader, root_no, deadline_us, fault);
                if (e)
                        return e;
                *ret_found = access_authenticate(directory->access, slot, root_no, hash, clock_now_us(), ret);
        }
        if (*ret_found == ACCESS_FOUND)
                return ERR_OK;
        return *ret_found == ACCESS_NOT_LOADED ? fault_set(fault, ERR_UNAVAILABLE, "", "the organization is being loaded; try again")
                                               : refuse(fault);
}

enum err directory_check_address(
        struct directory *directory, unsigned slot, const struct actor *connection, const char *client, struct fault *fault)
{
        char detail[96];
        enum access_found found = access_may_call(directory->access, slot, connection, client);
        if (found == ACCESS_FOUND)
                return ERR_OK;
        if (found == ACCESS_NOT_LOADED)
                return fault_set(fault, ERR_UNAVAILABLE, "", "the organization is being loaded; try again");
        (void)snprintf(detail, sizeof(detail), "address %s", client);
        notice_count(directory->notices, connection->root_no, connection, EVENT_REFUSED, detail);
        return fault_set(
                fault, ERR_FORBIDDEN, "", "this connection takes no requests from %s; its allowed_addresses say from where", client);
}

/* ---- flushing ---- */

struct notice_job {
        struct directory *directory;
        int64_t root_no, revision;
        size_t count;
        bool rides;
};

static enum err notice_run(struct session *session, void *context, struct fault *fault)
{
        struct notice_job *job = context;
        if (job->rides)
                notices_settle(job->directory->notices, job->root_no, false);
        job->rides = false;
        struct root_row *root;
        enum err e = session_root(session, job->root_no, &root, fault);
        if (e)
                return e;
        e = notices_flush(job->directory->notices, session, job->root_no, &job->count, fault);
        if (e)
                return e;
        job->rides = job->count > 0;
        job->revision = root->revision;
        return ERR_OK;
}

static void notice_committed(void *context)
{
        struct notice_job *job = context;
        access_apply(job->directory->access, job->root_no, job->revision, NULL, 0);
        notices_settle(job->directory->notices, job->root_no, true);
        job->rides = false;
}

static void notice_abandoned(void *context)
{
        struct notice_job *job = context;
        access_unload(job->directory->access, job->root_no);
        if (job->rides)
                notices_settle(job->directory->notices, job->root_no, false);
        job->rides = false;
}

static enum err flush_root(struct directory *directory, int64_t root_no)
{
        struct notice_job job = { .directory = directory, .root_no = root_no };
        const struct write_job write = {
                .root_no = root_no,
                .context = &job,
                .run = notice_run,
                .committed = notice_committed,
                .abandoned = notice_abandoned,
        };
        struct fault fault = { 0 };
        enum err e = write_queue_submit(directory->queue, &write, &fault);
        if (!e)
                return ERR_OK;
        if (job.rides)
                notices_settle(directory->notices, root_no, false);
        log_event(LOG_WARN, "notices-waiting", LOG_I64("root", root_no), LOG_TEXT("why", fault.message));
        return e;
}

bool directory_flush_notices(struct directory *directory)
{
        int64_t roots[DUE_BATCH];
        size_t count = notices_due(directory->notices, roots, DUE_BATCH), written = 0;
        for (size_t i = 0; i < count; i++)
                written += flush_root(directory, roots[i]) == ERR_OK;
        return written > 0;
}

struct used_job {
        struct access_used used[USED_BATCH];
        size_t count;
};

static enum err used_run(struct session *session, void *context, struct fault *fault)
{
        struct used_job *job = context;
        enum err e = ERR_OK;
        for (size_t i = 0; !e && i < job->count; i++)
                e = session_run(session, ST_CREDENTIAL_USED, NULL, fault, V_I64(job->used[i].root_no), V_I64(job->used[i].credential_no),
                        V_I64(job->used[i].used_us));
        return e;
}

void directory_flush_used(struct directory *directory)
{
        struct used_job job;
        do {
                job.count = access_take_used(directory->access, job.used, USED_BATCH);
                if (!job.count)
                        return;
                const struct write_job write = { .context = &job, .run = used_run };
                struct fault fault = { 0 };
                if (write_queue_submit(directory->queue, &write, &fault))
                        log_event(LOG_WARN, "last-used-lost", LOG_TEXT("why", fault.message));
        } while (job.count == USED_BATCH);
}
