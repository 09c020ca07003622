/* SPDX-License-Identifier: Apache-2.0
 *
 * Calls whose body is a JSON document in a file, the last argument of the command; "-" is the standard input. Options of the row stand
 * above what the file says. */
#include "client.h"

#include "base/auto.h"
#include "base/json.h"

#include <errno.h>
#include <string.h>

#define DOCUMENT_MAX_BYTES ((size_t)1 << 20)

static enum err read_all(FILE *file, const char *path, struct buffer *into, struct fault *fault)
{
        char piece[8192];
        size_t length;
        while ((length = fread(piece, 1, sizeof(piece), file)) > 0) {
                if (into->length + length > DOCUMENT_MAX_BYTES)
                        return fault_set(fault, ERR_TOO_LARGE, NULL, "%.200s is larger than %zu bytes.", path, DOCUMENT_MAX_BYTES);
                buffer_put(into, piece, length);
        }
        if (ferror(file))
                return fault_set(fault, ERR_VALUE, NULL, "%.200s could not be read: %s.", path, strerror(errno));
        return buffer_check(into, fault);
}

static enum err read_document(const char *path, json_t **ret, struct fault *fault)
{
        auto_buffer text = { 0 };
        enum err e;
        if (strcmp(path, "-") == 0) {
                e = read_all(stdin, "The standard input", &text, fault);
        } else {
                auto_fclose_ FILE *file = fopen(path, "re");
                if (!file)
                        return fault_set(fault, ERR_VALUE, NULL, "%.200s could not be opened: %s.", path, strerror(errno));
                e = read_all(file, path, &text, fault);
        }
        return e ? e : json_parse_object(text.data ? text.data : "", text.length, ret, fault);
}

enum err document_run(struct cli *cli, const struct invocation *invocation, struct fault *fault)
{
        const struct call *call = &invocation->command->call;
        const char *file = invocation_argument(invocation, invocation->argument_count);
        json_auto_t *body = NULL, *options = NULL;
        auto_client client = { 0 };
        auto_buffer path = { 0 };
        auto_answer answer = { 0 };
        enum err e = read_document(file, &body, fault);
        if (!e)
                e = call_body(call->body, invocation, &options, fault);
        if (!e && options && json_object_update(body, options))
                e = fault_set(fault, ERR_MEMORY, NULL, "Out of memory.");
        if (!e)
                e = call_path(call, invocation, &path, fault);
        if (!e && invocation->values[OPT_DRY_RUN])
                call_put_query(&path, "dry_run", "true");
        if (!e)
                e = client_open(&client, cli, invocation, fault);
        if (!e)
                e = client_call(&client, call->method, path.data, body, &answer, fault);
        return e ? e : call_show(cli, invocation, answer.json, &answer.text, fault);
}
