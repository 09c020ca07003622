/* SPDX-License-Identifier: Apache-2.0
 *
 * `muster scim log`: the request log page by page, and on as it grows. `muster scim replay`: one of its requests once more. */
#include "client.h"

#include "base/auto.h"
#include "base/json.h"
#include "output.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TAIL_LENGTH 20
#define PAGE_SIZE 1000
#define FOLLOW_INTERVAL_S 1

/* clang-format off */
static const struct column columns[] = {
        { "ID", "id" }, { "AT", "at" }, { "METHOD", "method" }, { "PATH", "path" }, { "STATUS", "status" }, { "SCIM TYPE", "scim_type" },
        { "FIELD", "field" }, { "RESOURCE", "resource" }, { "NOTE", "note" }, { NULL, NULL } };
/* clang-format on */

struct walk {
        struct cli *cli;
        const struct invocation *invocation;
        struct table table;
        char after[24]; /* "": the newest */
        int64_t remaining;
};

static enum err read_page(struct walk *walk, struct client *client, struct answer *ret, struct fault *fault)
{
        auto_buffer path = { 0 };
        const char *connection = walk->invocation->values[OPT_CONNECTION];
        char limit[24];
        (void)snprintf(limit, sizeof(limit), "%" PRId64, walk->remaining < PAGE_SIZE ? walk->remaining : PAGE_SIZE);
        buffer_puts(&path, "/api/v1/scim-log");
        call_put_query(&path, "limit", limit);
        if (walk->after[0])
                call_put_query(&path, "after", walk->after);
        if (connection)
                call_put_query(&path, "connection", connection);
        if (walk->invocation->values[OPT_REFUSED])
                call_put_query(&path, "refused", "true");
        enum err e = buffer_check(&path, fault);
        return e ? e : client_call(client, "GET", path.data, NULL, ret, fault);
}

static enum err print_lines(FILE *out, const json_t *items, struct fault *fault)
{
        const json_t *item;
        size_t i;
        json_array_foreach (items, i, item) {
                auto_buffer line = { 0 };
                enum err e = json_compact(item, &line, fault);
                if (e)
                        return e;
                output_json_line(out, line.data, line.length);
                (void)fputc('\n', out);
        }
        return ERR_OK;
}

static enum err step(struct walk *walk, struct client *client, size_t *ret_count, struct fault *fault)
{
        auto_answer page = { 0 };
        enum err e = read_page(walk, client, &page, fault);
        if (e)
                return e;
        const json_t *items = json_object_get(page.json, "items");
        const char *next = json_string_value(json_object_get(page.json, "next_after"));
        if (!json_is_array(items) || !next)
                return fault_set(fault, ERR_INTERNAL, NULL, "The answer of the server lacks \"items\" or \"next_after\".");
        *ret_count = json_array_size(items);
        if (walk->invocation->values[OPT_JSON])
                e = print_lines(walk->cli->out, items, fault);
        else if (*ret_count)
                e = table_print(&walk->table, walk->cli->out, items, fault);
        if (!e && fflush(walk->cli->out) != 0)
                e = fault_set(fault, ERR_INTERNAL, NULL, "the output could not be written");
        (void)snprintf(walk->after, sizeof(walk->after), "%s", next);
        walk->remaining -= walk->remaining == INT64_MAX ? 0 : (int64_t)*ret_count;
        return e;
}

enum err scim_log_run(struct cli *cli, const struct invocation *invocation, struct fault *fault)
{
        const struct timespec pause = { FOLLOW_INTERVAL_S, 0 };
        const char *after = invocation->values[OPT_AFTER];
        bool follow = invocation->values[OPT_FOLLOW], all = after && !invocation->values[OPT_LIMIT];
        struct walk walk = { .cli = cli, .invocation = invocation, .table.columns = columns };
        walk.remaining = all ? INT64_MAX : invocation_number(invocation, OPT_LIMIT, TAIL_LENGTH);
        (void)snprintf(walk.after, sizeof(walk.after), "%s", after ? after : "");
        auto_client client = { 0 };
        enum err e = client_open(&client, cli, invocation, fault);
        while (!e) {
                size_t count = 0;
                e = step(&walk, &client, &count, fault);
                if (e || (!follow && (count == 0 || walk.remaining <= 0 || !after)))
                        break;
                if (follow)
                        walk.remaining = INT64_MAX;
                if (count == 0)
                        (void)nanosleep(&pause, NULL);
        }
        return e;
}

/* ---- replay ---- */

enum err scim_replay_run(struct cli *cli, const struct invocation *invocation, struct fault *fault)
{
        auto_client client = { 0 };
        auto_buffer path = { 0 };
        auto_answer answer = { 0 };
        enum err e = call_path(&invocation->command->call, invocation, &path, fault);
        if (invocation->values[OPT_DRY_RUN])
                call_put_query(&path, "dry_run", "true");
        if (!e)
                e = buffer_check(&path, fault);
        if (!e)
                e = client_open(&client, cli, invocation, fault);
        if (!e)
                e = client_call(&client, "POST", path.data, NULL, &answer, fault);
        if (!e)
                e = call_show(cli, invocation, answer.json, &answer.text, fault);
        if (e)
                return e;
        int64_t status = json_integer_value(json_object_get(answer.json, "status"));
        if (status < 400)
                return ERR_OK;
        const char *detail = json_string_value(json_object_get(json_object_get(answer.json, "answer"), "detail"));
        return fault_set(
                fault, error_from_status((int)status), NULL, "the request is refused again: %s", detail ? detail : "see its answer");
}

/* ---- capture ---- */

enum err scim_capture_run(struct cli *cli, const struct invocation *invocation, struct fault *fault)
{
        static const struct command stop = { .call = { "DELETE", "/api/v1/connections/{1}/capture", NULL, NULL, NULL, NULL,
                                                     "no longer captured:" } };
        struct invocation stopping = *invocation;
        if (!invocation->values[OPT_STOP])
                return call_run(cli, invocation, fault);
        stopping.command = &stop;
        return call_run(cli, &stopping, fault);
}
