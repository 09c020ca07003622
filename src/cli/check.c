/* SPDX-License-Identifier: Apache-2.0
 *
 * `muster check`: one question of OpenID AuthZEN 1.0. Only a decision of true is "allowed". */
#include "client.h"

#include "base/auto.h"
#include "base/ident.h"
#include "base/text.h"
#include "output.h"

#include <string.h>

static enum err get_id(struct client *client, const char *path, const char *member, char ret[UUID_TEXT_SIZE], struct fault *fault)
{
        auto_answer answer = { 0 };
        enum err e = client_call(client, "GET", path, NULL, &answer, fault);
        if (e)
                return e;
        const char *id = json_string_value(output_find(answer.json, member));
        if (!id || !ident_is_uuid(id, strlen(id)))
                return fault_set(fault, ERR_INTERNAL, NULL, "The answer of the server lacks an id.");
        memcpy(ret, id, UUID_TEXT_SIZE);
        return ERR_OK;
}

/* The type as such is asked about with the id of the scope. */
static enum err scope_id(struct client *client, const struct invocation *invocation, char ret[UUID_TEXT_SIZE], struct fault *fault)
{
        const char *project = invocation->values[OPT_PROJECT];
        const char *scope = project ? project : invocation->values[OPT_ORG];
        auto_buffer path = { 0 };
        if (!scope)
                return get_id(client, "/api/v1/status", "organization.id", ret, fault);
        if (ident_is_uuid(scope, strlen(scope))) {
                memcpy(ret, scope, UUID_TEXT_SIZE);
                return ERR_OK;
        }
        buffer_puts(&path, project ? "/api/v1/projects/" : "/api/v1/organizations/");
        call_encode(&path, scope);
        enum err e = buffer_check(&path, fault);
        return e ? e : get_id(client, path.data, "id", ret, fault);
}

enum err check_run(struct cli *cli, const struct invocation *invocation, struct fault *fault)
{
        auto_client client = { 0 };
        auto_answer answer = { 0 };
        const char *resource = invocation_argument(invocation, 4);
        char id[UUID_TEXT_SIZE];
        enum err e = client_open(&client, cli, invocation, fault);
        if (!e && !resource) {
                e = scope_id(&client, invocation, id, fault);
                resource = id;
        }
        if (e)
                return e;
        json_auto_t *question = json_pack("{s:{s:s, s:s}, s:{s:s}, s:{s:s, s:s}, s:{s:s*, s:s*}}", "subject", "type",
                invocation->values[OPT_IDENTITY] ? "identity" : "user", "id", invocation_argument(invocation, 1), "action", "name",
                invocation_argument(invocation, 2), "resource", "type", invocation_argument(invocation, 3), "id", resource, "context",
                "project", invocation->values[OPT_PROJECT], "organization", invocation->values[OPT_ORG]);
        if (!question)
                return fault_set(fault, ERR_MEMORY, NULL, "Out of memory.");
        e = client_call(&client, "POST", invocation->command->call.path, question, &answer, fault);
        if (e)
                return e;
        const json_t *decision = json_object_get(answer.json, "decision");
        if (!json_is_boolean(decision))
                return fault_set(fault, ERR_INTERNAL, NULL, "The answer of the server is no decision.");
        if (invocation->values[OPT_JSON])
                output_json_text(cli->out, answer.text.data, answer.text.length);
        else
                (void)fprintf(cli->out, "%s\n", json_is_true(decision) ? "allowed" : "denied");
        if (invocation->values[OPT_EXIT_CODE] && !json_is_true(decision))
                cli->exit_code = EXIT_REFUSED;
        return ERR_OK;
}
