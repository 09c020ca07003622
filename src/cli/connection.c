/* SPDX-License-Identifier: Apache-2.0
 *
 * Commands about all that a connection gave: one call, and when the server is not done within it, a look at the work each second until it
 * is. To be interrupted here stops nothing. */
#include "client.h"

#include "base/auto.h"
#include "output.h"

#include <string.h>
#include <time.h>

#define LOOK_INTERVAL_S 1

/* The work as it stands into *ret. A connection that is not there any more has ended. */
static enum err look(struct client *client, const char *path, struct answer *ret, bool *ret_gone, struct fault *fault)
{
        enum err e = client_call(client, "GET", path, NULL, ret, fault);
        *ret_gone = e == ERR_NOT_FOUND;
        return *ret_gone ? ERR_OK : e;
}

static bool is_done(const json_t *work)
{
        return !json_is_false(json_object_get(work, "done"));
}

static enum err wait_for_end(struct client *client, struct answer *answer, struct fault *fault)
{
        auto_buffer path = { 0 };
        const char *id = json_string_value(json_object_get(answer->json, "id"));
        bool gone = false;
        if (!id)
                return fault_set(fault, ERR_INTERNAL, "id", "The answer of the server lacks \"id\".");
        buffer_puts(&path, "/api/v1/connections/");
        call_encode(&path, id);
        buffer_puts(&path, "/work");
        enum err e = buffer_check(&path, fault);
        while (!e && !gone) {
                auto_answer now = { 0 };
                (void)nanosleep(&(const struct timespec){ .tv_sec = LOOK_INTERVAL_S }, NULL);
                e = look(client, path.data, &now, &gone, fault);
                if (!e && !gone && is_done(now.json))
                        break;
                if (!e && !gone && json_object_update_existing(answer->json, now.json))
                        e = fault_set(fault, ERR_MEMORY, NULL, "Out of memory.");
        }
        if (!e && json_object_set_new(answer->json, "done", json_true()))
                e = fault_set(fault, ERR_MEMORY, NULL, "Out of memory.");
        return e;
}

enum err connection_work_run(struct cli *cli, const struct invocation *invocation, struct fault *fault)
{
        const struct call *call = &invocation->command->call;
        auto_client client = { 0 };
        auto_buffer path = { 0 };
        auto_answer answer = { 0 };
        json_auto_t *body = NULL;
        enum err e = call_path(call, invocation, &path, fault);
        if (!e)
                e = call_queries(&path, call->query, invocation, fault);
        if (!e && invocation->values[OPT_DRY_RUN])
                call_put_query(&path, "dry_run", "true");
        if (!e)
                e = call_body(call->body, invocation, &body, fault);
        if (!e)
                e = client_open(&client, cli, invocation, fault);
        if (!e)
                e = client_call(&client, call->method, path.data, body, &answer, fault);
        if (!e && answer.status == 202)
                e = wait_for_end(&client, &answer, fault);
        return e ? e : call_show(cli, invocation, answer.json, NULL, fault);
}
