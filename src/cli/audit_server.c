/* SPDX-License-Identifier: Apache-2.0
 *
 * The ledger as a server shows it: GET /api/v1/audit and POST /api/v1/audit/verify. */
#include "audit.h"

#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"
#include "output.h"

#include <inttypes.h>
#include <string.h>

static void put_organization(const struct audit_source *source, struct buffer *path, char mark)
{
        const char *organization = source->invocation->values[OPT_ORG];
        if (!organization)
                return;
        buffer_printf(path, "%corganization=", mark);
        call_encode(path, organization);
}

static enum err server_read(struct audit_source *source, int64_t after, int limit, struct audit_page *ret, struct fault *fault)
{
        auto_answer answer = { 0 };
        auto_buffer path = { 0 };
        const json_t *item;
        size_t index;
        buffer_printf(&path, "/api/v1/audit?after=%" PRId64 "&limit=%d", after, limit);
        put_organization(source, &path, '&');
        enum err e = buffer_check(&path, fault);
        if (!e)
                e = client_call(&source->client, "GET", path.data, NULL, &answer, fault);
        if (e)
                return e;
        const json_t *items = json_object_get(answer.json, "items");
        const json_t *next = json_object_get(answer.json, "next_after");
        if (!json_is_array(items) || (json_array_size(items) > 0 && !json_is_integer(next)))
                return fault_set(fault, ERR_INTERNAL, NULL, "The answer of the server lacks \"items\" or \"next_after\".");
        json_array_foreach (items, index, item) {
                e = json_compact(item, &ret->lines, fault);
                if (e)
                        return e;
                buffer_putc(&ret->lines, '\n');
        }
        ret->count = (int64_t)json_array_size(items);
        ret->next_after = json_integer_value(next);
        return buffer_check(&ret->lines, fault);
}

/* The revision is <handle>.<epoch>.<number of the last entry>. */
static enum err server_last(struct audit_source *source, int64_t *ret_seq, struct fault *fault)
{
        auto_answer answer = { 0 };
        enum err e = client_call(&source->client, "GET", "/api/v1/status", NULL, &answer, fault);
        if (e)
                return e;
        const char *revision = json_string_value(json_object_get(answer.json, "revision"));
        const char *dot = revision ? strrchr(revision, '.') : NULL;
        if (!dot || !text_parse_i64(dot + 1, 0, INT64_MAX, ret_seq))
                return fault_set(fault, ERR_INTERNAL, NULL, "The answer of the server lacks \"revision\".");
        return ERR_OK;
}

static enum err server_verify(struct audit_source *source, const struct verify_terms *terms, json_t **ret_report, struct fault *fault)
{
        auto_answer answer = { 0 };
        auto_buffer path = { 0 };
        json_auto_t *body = json_pack("{s:s*}", "checkpoint", terms->external);
        if (!body)
                return fault_set(fault, ERR_VALUE, "checkpoint", "The checkpoint is not UTF-8.");
        if (terms->from_checkpoint && json_object_set_new(body, "from_checkpoint", json_integer(terms->from_checkpoint)))
                return fault_set(fault, ERR_MEMORY, NULL, "Out of memory.");
        buffer_puts(&path, "/api/v1/audit/verify");
        put_organization(source, &path, '?');
        enum err e = buffer_check(&path, fault);
        if (!e)
                e = client_call(&source->client, "POST", path.data, body, &answer, fault);
        if (e)
                return e;
        if (!json_is_boolean(json_object_get(answer.json, "whole")))
                return fault_set(fault, ERR_INTERNAL, NULL, "The answer of the server lacks \"whole\".");
        *ret_report = json_incref(answer.json);
        return ERR_OK;
}

static void server_close(struct audit_source *source)
{
        client_close(&source->client);
}

static const struct audit_source_operations operations = { server_read, server_last, server_verify, server_close };

enum err audit_server_open(struct audit_source *ret, struct cli *cli, struct fault *fault)
{
        ret->operations = &operations;
        return client_open(&ret->client, cli, ret->invocation, fault);
}
