/* SPDX-License-Identifier: Apache-2.0
 *
 * The client of the management API. What a server answers is data: its texts are kept in faults and made neutral when printed. */
#include "client.h"

#include "base/auto.h"
#include "base/ident.h"
#include "base/json.h"
#include "base/text.h"
#include "net/https_fetch.h"

#include <string.h>

#define ANSWER_MAX_BYTES ((size_t)48 << 20) /* 1,000 large resources */
#define TIMEOUT_S 60
#define PROBLEM_PREFIX "urn:muster:problem:"

static const char *option_or_environment(const struct cli *cli, const struct invocation *invocation, enum option option, const char *name)
{
        const char *value = invocation->values[option];
        if (!value)
                value = cli->world->environment(name);
        return value && *value ? value : NULL;
}

static enum err copy(const char *text, char **ret, struct fault *fault)
{
        char *mine = strdup(text);
        if (!mine)
                return fault_set(fault, ERR_MEMORY, NULL, "Out of memory.");
        *ret = mine;
        return ERR_OK;
}

static enum err open_url(struct client *client, const char *url, struct fault *fault)
{
        if (!url)
                return cli_usage(client->cli, fault,
                        "which server? Set MUSTER_URL or give --url, for example http://127.0.0.1:8080 (listen in muster.conf)");
        bool is_unix = text_starts_with(url, "unix:");
        enum err e = is_unix ? copy(url + strlen("unix:"), &client->unix_socket, fault) : ERR_OK;
        if (!e)
                e = copy(is_unix ? "http://localhost" : url, &client->base_url, fault);
        if (e)
                return e;
        size_t length = strlen(client->base_url);
        while (length > 0 && client->base_url[length - 1] == '/')
                client->base_url[--length] = '\0';
        return ERR_OK;
}

/* secret_load takes a name without '/' for a systemd credential; on a command line it is a file here. */
static enum err load_token_file(const char *path, struct secret *ret, struct fault *fault)
{
        char here[4096];
        if (strchr(path, '/'))
                return secret_load(path, ret, fault);
        if ((size_t)snprintf(here, sizeof(here), "./%s", path) >= sizeof(here))
                return fault_set(fault, ERR_VALUE, NULL, "the path of the token file is too long");
        return secret_load(here, ret, fault);
}

static enum err open_token(struct client *client, const struct invocation *invocation, struct fault *fault)
{
        const char *file = invocation->values[OPT_TOKEN_FILE];
        const char *text = file ? NULL : client->cli->world->environment("MUSTER_TOKEN");
        char handle[HANDLE_SIZE];
        enum token_kind kind;
        enum err e = ERR_OK;
        if (file)
                e = load_token_file(file, &client->token, fault);
        else if (text && *text)
                e = secret_set(&client->token, text, strlen(text), fault);
        else
                return cli_usage(client->cli, fault,
                        "who are you? Put the token of a machine identity into MUSTER_TOKEN, or its file into --token-file");
        if (e)
                return e;
        if (token_parse(client->token.text, client->token.length, &kind, handle) && kind != TOKEN_IDENTITY)
                return cli_usage(client->cli, fault, "the token is one of a SCIM connection; the API takes that of a machine identity");
        return ERR_OK;
}

enum err client_open(struct client *ret, struct cli *cli, const struct invocation *invocation, struct fault *fault)
{
        *ret = (struct client){ .cli = cli, .timeout_ms = invocation_number(invocation, OPT_TIMEOUT, TIMEOUT_S) * 1000 };
        if (ret->timeout_ms > 86400000)
                return cli_usage(cli, fault, "--timeout is a day at most");
        enum err e = open_url(ret, option_or_environment(cli, invocation, OPT_URL, "MUSTER_URL"), fault);
        if (!e)
                e = open_token(ret, invocation, fault);
        const char *ca_file = option_or_environment(cli, invocation, OPT_CA_FILE, "MUSTER_CA_FILE");
        if (!e && ca_file)
                e = copy(ca_file, &ret->ca_file, fault);
        if (e)
                return e;
        ret->fetcher = fetcher_new();
        return ret->fetcher ? ERR_OK : fault_set(fault, ERR_MEMORY, NULL, "Out of memory.");
}

void client_close(struct client *client)
{
        fetcher_free(client->fetcher);
        secret_done(&client->token);
        free(client->base_url);
        free(client->unix_socket);
        free(client->ca_file);
        *client = (struct client){ 0 };
}

void answer_done(struct answer *answer)
{
        buffer_done(&answer->text);
        json_decref(answer->json);
        *answer = (struct answer){ 0 };
}

enum err error_from_status(int status)
{
        for (int code = ERR_OK + 1; code < ERR_COUNT_OF_CODES; code++)
                if (error_row((enum err)code)->http_status == status)
                        return (enum err)code;
        return status >= 500 ? ERR_UNAVAILABLE : ERR_INTERNAL;
}

/* The members of a problem (RFC 9457), as far as they are there. */
static enum err refusal(struct client *client, const struct fetch_response *response, struct fault *fault)
{
        json_auto_t *problem = NULL;
        const char *type = NULL, *detail = NULL, *field = NULL, *request_id = NULL;
        enum err code = error_from_status(response->status);
        if (response->body.length == 0 || json_parse_object(response->body.data, response->body.length, &problem, NULL) != ERR_OK)
                return fault_set(
                        fault, code, NULL, "%s answered %d without a reason; is it a Muster server?", client->base_url, response->status);
        type = json_string_value(json_object_get(problem, "type"));
        detail = json_string_value(json_object_get(problem, "detail"));
        field = json_string_value(json_object_get(problem, "field"));
        request_id = json_string_value(json_object_get(problem, "request_id"));
        if (!detail)
                detail = json_string_value(json_object_get(problem, "title"));
        if (text_starts_with(type, PROBLEM_PREFIX))
                code = error_from_slug(type + strlen(PROBLEM_PREFIX));
        (void)snprintf(client->cli->request_id, sizeof(client->cli->request_id), "%s", request_id ? request_id : "");
        return fault_set(fault, code, field, "%s", detail ? detail : "the server refused and gave no reason");
}

static enum err send_request(
        struct client *client, const char *method, const char *path, const json_t *body, struct fetch_response *ret, struct fault *fault)
{
        static const char *const headers[] = { "Accept: application/json", NULL };
        auto_buffer url = { 0 };
        auto_buffer text = { 0 };
        buffer_puts(&url, client->base_url);
        buffer_puts(&url, path);
        enum err e = buffer_check(&url, fault);
        if (!e && body)
                e = json_compact(body, &text, fault);
        if (e)
                return e;
        struct fetch_request request = {
                .method = method,
                .url = url.data,
                .unix_socket = client->unix_socket,
                .headers = headers,
                .bearer = &client->token,
                .content_type = "application/json",
                .body = text.data,
                .body_bytes = text.length,
                .response_max_bytes = ANSWER_MAX_BYTES,
                .timeout_ms = client->timeout_ms,
                .plain = FETCH_PLAIN_LOOPBACK,
                .ca_file = client->ca_file,
        };
        struct fault cause = { 0 };
        e = fetch_run(client->fetcher, &request, ret, &cause);
        if (e == ERR_UNAVAILABLE || e == ERR_DEADLINE)
                return fault_set(
                        fault, e, NULL, "cannot reach %s: %s", client->unix_socket ? client->unix_socket : client->base_url, cause.message);
        return e ? fault_set(fault, e, cause.field, "%s", cause.message) : ERR_OK;
}

enum err client_call(
        struct client *client, const char *method, const char *path, const json_t *body, struct answer *ret, struct fault *fault)
{
        auto_fetch_response response = { 0 };
        json_auto_t *json = NULL;
        enum err e = send_request(client, method, path, body, &response, fault);
        if (e)
                return e;
        if (response.status < 200 || response.status > 299)
                return refusal(client, &response, fault);
        if (response.body.length > 0 && json_parse_object(response.body.data, response.body.length, &json, NULL) != ERR_OK)
                return fault_set(
                        fault, ERR_INTERNAL, NULL, "%s answered something that is not JSON; is it a Muster server?", client->base_url);
        *ret = (struct answer){ .status = response.status, .text = response.body, .json = STEAL(json) };
        response.body = (struct buffer){ 0 };
        return ERR_OK;
}
