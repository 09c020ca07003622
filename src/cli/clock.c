/* SPDX-License-Identifier: Apache-2.0
 *
 * `muster clock accept`: to the operations listener of the server on this machine, which asks for no token but answers nobody else. */
#include "client.h"

#include "base/auto.h"
#include "base/json.h"
#include "base/settings.h"
#include "base/text.h"
#include "http/server.h"
#include "net/https_fetch.h"
#include "output.h"

#include <string.h>

#define UNIX_PREFIX "unix:"

AUTO_DEFINE(struct settings *, settings_free)
AUTO_DEFINE(struct fetcher *, fetcher_free)

/* "0.0.0.0:80" is reached at 127.0.0.1. */
static void put_url(struct buffer *into, const char *listen)
{
        const char *colon = strrchr(listen, ':');
        if (text_starts_with(listen, UNIX_PREFIX))
                buffer_puts(into, "http://localhost");
        else if (colon && text_starts_with(listen, "0.0.0.0:"))
                buffer_printf(into, "http://127.0.0.1%s", colon);
        else if (colon && text_starts_with(listen, "[::]:"))
                buffer_printf(into, "http://[::1]%s", colon);
        else
                buffer_printf(into, "http://%s", listen);
        buffer_puts(into, CLOCK_ACCEPT_PATH);
}

static enum err ask(const char *listen, struct fetch_response *ret, struct fault *fault)
{
        static const char *const headers[] = { "X-Request-ID: muster-clock-accept", NULL };
        AUTO(fetcher_free) struct fetcher *fetcher = fetcher_new();
        auto_buffer url = { 0 };
        put_url(&url, listen);
        enum err e = fetcher ? buffer_check(&url, fault) : fault_set(fault, ERR_MEMORY, NULL, "Out of memory.");
        const struct fetch_request request = {
                .method = "POST",
                .url = url.data,
                .unix_socket = text_starts_with(listen, UNIX_PREFIX) ? listen + strlen(UNIX_PREFIX) : NULL,
                .headers = headers,
                .plain = FETCH_PLAIN_LOOPBACK,
        };
        return e ? e : fetch_run(fetcher, &request, ret, fault);
}

enum err clock_accept_run(struct cli *cli, const struct invocation *invocation, struct fault *fault)
{
        AUTO(settings_free) struct settings *settings = NULL;
        auto_fetch_response response = { 0 };
        json_auto_t *answer = NULL;
        enum err e = settings_load(invocation->values[OPT_CONFIG], &settings, fault);
        if (!e && !*settings->operations_listen)
                return fault_set(fault, ERR_UNAVAILABLE, "server.operations_listen",
                        "there is no operations listener to ask; set operations_listen, or restart musterd to accept the clock");
        if (!e)
                e = ask(settings->operations_listen, &response, fault);
        if (e)
                return e;
        if (response.status != 200)
                return fault_set(fault, error_from_status(response.status), NULL, "%.*s",
                        response.body.data ? (int)strcspn(response.body.data, "\n") : 0, response.body.data ? response.body.data : "");
        e = json_parse_object(response.body.data, response.body.length, &answer, fault);
        return e ? e : call_show(cli, invocation, answer, &response.body, fault);
}
