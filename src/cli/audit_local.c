/* SPDX-License-Identifier: Apache-2.0
 *
 * The ledger straight from the database, beside a running server or without one: an auditor need not trust the program that serves. */
#include "audit.h"

#include "base/auto.h"
#include "base/settings.h"
#include "base/text.h"
#include "ledger/ledger.h"
#include "output.h"
#include "store/store.h"

#include <string.h>

AUTO_DEFINE(struct checkpoint_key *, checkpoint_key_free)

struct reading {
        const struct audit_source *source;
        struct audit_page *page;
};

static enum err put_row(void *context, const struct ledger_row *row, struct fault *fault)
{
        struct reading *reading = context;
        reading->page->count++;
        reading->page->next_after = row->seq;
        return ledger_row_json(reading->source->session, reading->source->root_no, row, &reading->page->lines, fault);
}

static enum err local_read(struct audit_source *source, int64_t after, int limit, struct audit_page *ret, struct fault *fault)
{
        struct reading reading = { source, ret };
        return ledger_read(source->session, source->root_no, after, limit, put_row, &reading, fault);
}

static enum err local_last(struct audit_source *source, int64_t *ret_seq, struct fault *fault)
{
        auto_result result = { 0 };
        bool is_there = false;
        enum err e = session_query(source->session, ST_ROOT_READ, &result, fault, V_I64(source->root_no));
        if (!e)
                e = result_next(&result, &is_there, fault);
        if (!e && is_there)
                *ret_seq = result_i64(&result, 3);
        return e;
}

static enum err local_verify(struct audit_source *source, const struct verify_terms *terms, json_t **ret_report, struct fault *fault)
{
        AUTO(checkpoint_key_free) struct checkpoint_key *key = NULL;
        struct verify_report report = { 0 };
        enum err e = checkpoint_key_load(source->settings->checkpoint_key_file, &key, fault);
        if (!e)
                e = ledger_verify(source->session, source->root_no, key, terms, &report, fault);
        if (e && e != ERR_TAMPERED)
                return e;
        auto_buffer reason = { 0 }; /* may quote a row that somebody edited */
        output_neutral(&reason, report.reason, strlen(report.reason));
        *ret_report = json_pack("{s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s}", "whole", e == ERR_OK, "entries",
                (json_int_t)report.entries, "blanked", (json_int_t)report.blanked, "first_seq", (json_int_t)report.first_seq, "last_seq",
                (json_int_t)report.last_seq, "checkpoints", (json_int_t)report.checkpoints, "unsigned_tail",
                (json_int_t)report.unsigned_tail, "bad_seq", (json_int_t)report.bad_seq, "reason", reason.data ? reason.data : "");
        return *ret_report ? ERR_OK : fault_set(fault, ERR_MEMORY, NULL, "Out of memory.");
}

static void local_close(struct audit_source *source)
{
        if (source->session)
                session_close(source->session);
        if (source->store)
                store_close(source->store);
        settings_free(source->settings);
}

static const struct audit_source_operations operations = { local_read, local_last, local_verify, local_close };

static enum err find_root(struct audit_source *source, const char *slug, struct fault *fault)
{
        auto_result result = { 0 };
        bool is_there = false;
        enum err e = session_query(source->session, ST_ROOT_BY_SLUG, &result, fault, V_TEXT(slug));
        if (!e)
                e = result_next(&result, &is_there, fault);
        if (e)
                return e;
        if (!is_there)
                return fault_set(fault, ERR_NOT_FOUND, NULL, "there is no organisation \"%s\" in this database", slug);
        source->root_no = result_i64(&result, 0);
        return ERR_OK;
}

enum err audit_local_open(struct audit_source *ret, struct fault *fault)
{
        auto_secret password = { 0 };
        ret->operations = &operations;
        enum err e = settings_load(ret->invocation->values[OPT_CONFIG], &ret->settings, fault);
        if (!e && ret->settings->database_password_file[0])
                e = secret_load(ret->settings->database_password_file, &password, fault);
        if (e)
                return e;
        const struct store_options options = { .database = ret->settings->database, .password = password.text ? &password : NULL };
        e = store_open(&options, &ret->store, fault);
        if (!e)
                e = store_reader_open(ret->store, &ret->session, fault);
        return e ? e : find_root(ret, ret->invocation->values[OPT_ORG], fault);
}
