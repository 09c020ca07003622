/* SPDX-License-Identifier: Apache-2.0
 *
 * `muster audit tail`, `export` and `verify`, over either source. Entries are printed as they come, so memory does not grow with the
 * ledger. */
#include "audit.h"

#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"
#include "output.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#define TAIL_LENGTH 20
#define FOLLOW_INTERVAL_S 1
#define CHECKPOINT_FILE_MAX 65536

/* clang-format off */
static const struct column columns[] = {
        { "SEQ", "seq" }, { "AT", "at" }, { "CLASS", "class" }, { "EVENT", "event" }, { "ACTOR", "actor.kind" },
        { "ACTOR ID", "actor.id" }, { "OBJECT", "object.kind" }, { "OBJECT ID", "object.id" }, { NULL, NULL } };
/* clang-format on */

static void audit_source_close(struct audit_source *source)
{
        if (source->operations)
                source->operations->close(source);
}
#define auto_audit_source __attribute__((cleanup(audit_source_close))) struct audit_source

static void audit_page_done(struct audit_page *page)
{
        buffer_done(&page->lines);
}
#define auto_audit_page __attribute__((cleanup(audit_page_done))) struct audit_page

static enum err audit_open(struct audit_source *ret, struct cli *cli, const struct invocation *invocation, struct fault *fault)
{
        ret->invocation = invocation;
        if (!invocation->values[OPT_CONFIG])
                return audit_server_open(ret, cli, fault);
        if (!invocation->values[OPT_ORG])
                return cli_usage(cli, fault, "--config reads a database, which may hold many organisations: give --org too");
        if (invocation->values[OPT_URL])
                return cli_usage(cli, fault, "give --url or --config, not both");
        return audit_local_open(ret, fault);
}

static enum err print_table(struct table *table, FILE *out, const struct audit_page *page, struct fault *fault)
{
        json_auto_t *rows = json_array();
        const char *line = page->lines.data;
        for (const char *end; rows && line && (end = strchr(line, '\n')); line = end + 1) {
                json_t *row = NULL;
                enum err e = json_parse_object(line, (size_t)(end - line), &row, fault);
                if (!e && json_array_append_new(rows, row))
                        e = fault_set(fault, ERR_MEMORY, NULL, "Out of memory.");
                if (e)
                        return e;
        }
        return rows ? table_print(table, out, rows, fault) : fault_set(fault, ERR_MEMORY, NULL, "Out of memory.");
}

struct tail {
        struct table table;
        FILE *out;
        bool is_json, is_followed;
        int64_t after;
        int64_t remaining; /* INT64_MAX: no end */
};

static enum err tail_step(struct tail *tail, struct audit_source *source, int64_t *ret_count, struct fault *fault)
{
        auto_audit_page page = { 0 };
        int limit = tail->remaining < AUDIT_PAGE ? (int)tail->remaining : AUDIT_PAGE;
        enum err e = source->operations->read(source, tail->after, limit, &page, fault);
        if (e)
                return e;
        if (page.count > 0 && page.next_after <= tail->after)
                return fault_set(fault, ERR_INTERNAL, NULL, "The ledger answered the same entries twice.");
        if (page.count > 0 && tail->is_json)
                output_json_line(tail->out, page.lines.data, page.lines.length);
        else if (page.count > 0)
                e = print_table(&tail->table, tail->out, &page, fault);
        if (tail->is_json && page.count > 0)
                (void)fputc('\n', tail->out);
        if (!e && fflush(tail->out) != 0)
                e = fault_set(fault, ERR_INTERNAL, NULL, "the output could not be written");
        if (e)
                return e;
        tail->after = page.count > 0 ? page.next_after : tail->after;
        tail->remaining -= tail->remaining == INT64_MAX ? 0 : page.count;
        *ret_count = page.count;
        return ERR_OK;
}

static enum err tail_run(struct tail *tail, struct audit_source *source, struct fault *fault)
{
        const struct timespec pause = { FOLLOW_INTERVAL_S, 0 };
        while (tail->remaining > 0) {
                int64_t count = 0;
                enum err e = tail_step(tail, source, &count, fault);
                if (e)
                        return e;
                if (count == 0 && !tail->is_followed)
                        return ERR_OK;
                if (count == 0)
                        (void)nanosleep(&pause, NULL);
        }
        return ERR_OK;
}

enum err audit_tail_run(struct cli *cli, const struct invocation *invocation, struct fault *fault)
{
        auto_audit_source source = { 0 };
        int64_t length = invocation_number(invocation, OPT_LIMIT, TAIL_LENGTH);
        bool is_after = invocation->values[OPT_AFTER], is_limited = invocation->values[OPT_LIMIT];
        struct tail tail = { .table.columns = columns,
                .out = cli->out,
                .is_json = invocation->values[OPT_JSON],
                .is_followed = invocation->values[OPT_FOLLOW],
                .after = invocation_number(invocation, OPT_AFTER, 0) };
        tail.remaining = tail.is_followed || (is_after && !is_limited) ? INT64_MAX : length;
        enum err e = audit_open(&source, cli, invocation, fault);
        if (!e && !is_after) {
                int64_t last = 0;
                e = source.operations->last(&source, &last, fault);
                tail.after = last > length ? last - length : 0;
        }
        return e ? e : tail_run(&tail, &source, fault);
}

enum err audit_export_run(struct cli *cli, const struct invocation *invocation, struct fault *fault)
{
        auto_audit_source source = { 0 };
        struct tail tail = {
                .out = cli->out, .is_json = true, .after = invocation_number(invocation, OPT_AFTER, 0), .remaining = INT64_MAX
        };
        enum err e = audit_open(&source, cli, invocation, fault);
        return e ? e : tail_run(&tail, &source, fault);
}

/* The last line of the file that is not empty. */
static enum err load_checkpoint(const char *path, char **ret, struct fault *fault)
{
        auto_fclose_ FILE *file = fopen(path, "re");
        auto_free_ char *text = calloc(1, CHECKPOINT_FILE_MAX + 1);
        if (!file)
                return fault_set(fault, ERR_NOT_FOUND, "checkpoint", "the checkpoint file \"%s\" cannot be read", path);
        if (!text)
                return fault_set(fault, ERR_MEMORY, NULL, "Out of memory.");
        size_t length = fread(text, 1, CHECKPOINT_FILE_MAX + 1, file);
        if (ferror(file) || length > CHECKPOINT_FILE_MAX)
                return fault_set(fault, ERR_TOO_LARGE, "checkpoint", "the checkpoint file \"%s\" is larger than %d bytes", path,
                        CHECKPOINT_FILE_MAX);
        while (length > 0 && strchr(" \t\r\n", text[length - 1]))
                text[--length] = '\0';
        if (length == 0)
                return fault_set(fault, ERR_VALUE, "checkpoint", "the checkpoint file \"%s\" is empty", path);
        const char *line = strrchr(text, '\n');
        *ret = strdup(line ? line + 1 : text);
        return *ret ? ERR_OK : fault_set(fault, ERR_MEMORY, NULL, "Out of memory.");
}

static int64_t number(const json_t *report, const char *key)
{
        return json_integer_value(json_object_get(report, key));
}

static void print_report(FILE *out, const json_t *report, bool has_external)
{
        (void)fprintf(out, "whole: entries %" PRId64 " to %" PRId64 "; blanked: %" PRId64 "; signed checkpoints that agree: %" PRId64 "\n",
                number(report, "first_seq"), number(report, "last_seq"), number(report, "blanked"), number(report, "checkpoints"));
        (void)fprintf(out, "entries after the last checkpoint: %" PRId64 "\n", number(report, "unsigned_tail"));
        (void)fputs("A cut inside the last checkpoint interval is found only against an external copy", out);
        (void)fputs(has_external ? ": the one given agrees.\n" : " (--checkpoint FILE).\n", out);
}

enum err audit_verify_run(struct cli *cli, const struct invocation *invocation, struct fault *fault)
{
        auto_audit_source source = { 0 };
        auto_free_ char *checkpoint = NULL;
        struct verify_terms terms = { .from_checkpoint = invocation_number(invocation, OPT_FROM_CHECKPOINT, 0) };
        json_auto_t *report = NULL;
        const char *path = invocation->values[OPT_CHECKPOINT];
        enum err e = path ? load_checkpoint(path, &checkpoint, fault) : ERR_OK;
        if (!e)
                e = audit_open(&source, cli, invocation, fault);
        terms.external = checkpoint;
        if (!e)
                e = source.operations->verify(&source, &terms, &report, fault);
        if (e)
                return e;
        bool is_whole = json_is_true(json_object_get(report, "whole"));
        if (invocation->values[OPT_JSON])
                output_json(cli->out, report);
        else if (is_whole)
                print_report(cli->out, report, checkpoint);
        if (is_whole)
                return ERR_OK;
        const char *reason = json_string_value(json_object_get(report, "reason"));
        return fault_set(fault, ERR_TAMPERED, NULL, "the ledger is not whole: entry %" PRId64 ": %s", number(report, "bad_seq"),
                reason ? reason : "no reason given");
}
