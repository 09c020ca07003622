/* SPDX-License-Identifier: Apache-2.0
 *
 * `muster status` and `muster organization show`: what stands in GET /api/v1/status, for people. */
#include "client.h"

#include "base/auto.h"
#include "base/text.h"
#include "output.h"

#include <string.h>

static const struct {
        const char *title;
        const char *path;
} lines[] = {
        { "organisation", "organization.slug" },
        { "  name", "organization.name" },
        { "  id", "organization.id" },
        { "you", "caller.name" },
        { "  kind", "caller.kind" },
        { "  role", "caller.role" },
        { "  token until", "caller.token_expires_at" },
        { "server", "version" },
        { "revision", "revision" },
};

static void print_line(FILE *out, const char *title, const json_t *value)
{
        auto_buffer text = { 0 };
        output_value(&text, value);
        (void)fprintf(out, "%-16s%s\n", title, text.data ? text.data : "");
}

static void print_status(FILE *out, const json_t *status)
{
        const json_t *counts = json_object_get(status, "counts");
        const json_t *warnings = json_object_get(status, "warnings");
        for (size_t i = 0; i < COUNT_OF(lines); i++) {
                const json_t *value = output_find(status, lines[i].path);
                if (value)
                        print_line(out, lines[i].title, value);
        }
        for (void *at = json_object_iter((json_t *)(uintptr_t)counts); at; at = json_object_iter_next((json_t *)(uintptr_t)counts, at)) {
                auto_buffer title = { 0 };
                output_neutral(&title, json_object_iter_key(at), strlen(json_object_iter_key(at)));
                print_line(out, title.data ? title.data : "", json_object_iter_value(at));
        }
        for (size_t i = 0; i < json_array_size(warnings); i++)
                print_line(out, "WARNING", json_array_get(warnings, i));
}

enum err status_run(struct cli *cli, const struct invocation *invocation, struct fault *fault)
{
        auto_client client = { 0 };
        auto_answer answer = { 0 };
        enum err e = client_open(&client, cli, invocation, fault);
        if (!e)
                e = client_call(&client, "GET", invocation->command->call.path, NULL, &answer, fault);
        if (e)
                return e;
        if (invocation->values[OPT_JSON])
                output_json_text(cli->out, answer.text.data, answer.text.length);
        else
                print_status(cli->out, answer.json);
        return ERR_OK;
}

enum err organization_run(struct cli *cli, const struct invocation *invocation, struct fault *fault)
{
        auto_client client = { 0 };
        auto_answer status = { 0 };
        auto_answer answer = { 0 };
        auto_buffer path = { 0 };
        const char *organization = invocation_argument(invocation, 1);
        enum err e = client_open(&client, cli, invocation, fault);
        if (!e && !organization) {
                e = client_call(&client, "GET", "/api/v1/status", NULL, &status, fault);
                organization = json_string_value(output_find(status.json, "organization.id"));
                if (!e && !organization)
                        e = fault_set(fault, ERR_INTERNAL, NULL, "The answer of the server lacks \"organization\".");
        }
        if (e)
                return e;
        buffer_puts(&path, "/api/v1/organizations/");
        call_encode(&path, organization);
        e = buffer_check(&path, fault);
        if (!e)
                e = client_call(&client, "GET", path.data, NULL, &answer, fault);
        return e ? e : call_show(cli, invocation, answer.json, &answer.text, fault);
}
