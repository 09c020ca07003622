/* SPDX-License-Identifier: Apache-2.0
 *
 * The state of one run of the command line, and its client of the management API. The token comes from a file or the environment, is
 * sent to the one server named, and never printed. */
#ifndef CLI_CLIENT_H
#define CLI_CLIENT_H

#include <jansson.h>
#include <stdio.h>
#include "base/buffer.h"
#include "base/error.h"
#include "base/secret.h"
#include "cli/cli.h"
#include "command.h"

struct fetcher;

struct cli {
        const struct cli_world *world;
        FILE *out, *err;
        int exit_code;       /* what a handler wants beside ERR_OK; EXIT_OK unless it says otherwise */
        bool is_usage;       /* the fault is one of the command line: EXIT_USAGE */
        char request_id[64]; /* of the last refusal of the server; "" */
};

/* A fault of the command line that the table cannot express. */
#define cli_usage(cli, fault, ...) ((cli)->is_usage = true, (void)fault_set((fault), ERR_VALUE, NULL, __VA_ARGS__), ERR_VALUE)

struct client {
        struct cli *cli;
        struct fetcher *fetcher;
        char *base_url;    /* heap, without trailing slash */
        char *unix_socket; /* heap; NULL: TCP */
        char *ca_file;     /* heap; NULL: the system's */
        struct secret token;
        long timeout_ms;
};

/* Reads --url, --token-file, --ca-file, --timeout and the environment; does not connect. Release with client_close, also on failure. */
enum err client_open(struct client *ret, struct cli *cli, const struct invocation *invocation, struct fault *fault) MUST_USE;
void client_close(struct client *client);
#define auto_client __attribute__((cleanup(client_close))) struct client

struct answer {
        int status;
        struct buffer text; /* the body as it came */
        json_t *json;       /* the same, parsed; NULL: no body */
};
void answer_done(struct answer *answer);
#define auto_answer __attribute__((cleanup(answer_done))) struct answer

/* One call: `path` begins with '/'; `body` NULL: none. A refusal becomes the error its problem type names, with the detail as message,
 * and cli->request_id. */
enum err client_call(
        struct client *client, const char *method, const char *path, const json_t *body, struct answer *ret, struct fault *fault) MUST_USE;

/* The first of our errors with this status, for its exit code. */
enum err error_from_status(int status);

/* The handler of all rows with a `call`. */
enum err call_run(struct cli *cli, const struct invocation *invocation, struct fault *fault);
/* The others. */
enum err init_run(struct cli *cli, const struct invocation *invocation, struct fault *fault);
enum err upgrade_run(struct cli *cli, const struct invocation *invocation, struct fault *fault);
enum err clock_accept_run(struct cli *cli, const struct invocation *invocation, struct fault *fault);
enum err status_run(struct cli *cli, const struct invocation *invocation, struct fault *fault);
enum err organization_run(struct cli *cli, const struct invocation *invocation, struct fault *fault);
enum err check_run(struct cli *cli, const struct invocation *invocation, struct fault *fault);
enum err audit_tail_run(struct cli *cli, const struct invocation *invocation, struct fault *fault);
enum err audit_export_run(struct cli *cli, const struct invocation *invocation, struct fault *fault);
enum err audit_verify_run(struct cli *cli, const struct invocation *invocation, struct fault *fault);
enum err scim_log_run(struct cli *cli, const struct invocation *invocation, struct fault *fault);
enum err scim_capture_run(struct cli *cli, const struct invocation *invocation, struct fault *fault);
enum err scim_replay_run(struct cli *cli, const struct invocation *invocation, struct fault *fault);
/* document.c */
enum err document_run(struct cli *cli, const struct invocation *invocation, struct fault *fault);
enum err connection_work_run(struct cli *cli, const struct invocation *invocation, struct fault *fault);
enum err completion_run(struct cli *cli, const struct invocation *invocation, struct fault *fault);
enum err man_run(struct cli *cli, const struct invocation *invocation, struct fault *fault);
enum err docs_run(struct cli *cli, const struct invocation *invocation, struct fault *fault);
enum err version_run(struct cli *cli, const struct invocation *invocation, struct fault *fault);

/* Building blocks of the generic handler, for the others. */
/* The path of a template with the arguments in it. */
enum err call_path(const struct call *call, const struct invocation *invocation, struct buffer *into, struct fault *fault) MUST_USE;
/* A new object of the fields that are given; NULL fields: *ret NULL. */
enum err call_body(const struct field *fields, const struct invocation *invocation, json_t **ret, struct fault *fault) MUST_USE;
/* Appends the fields that are given to the query of a path. */
enum err call_queries(struct buffer *into, const struct field *fields, const struct invocation *invocation, struct fault *fault) MUST_USE;
/* Appends ?key=value or &key=value, encoded. */
void call_put_query(struct buffer *into, const char *key, const char *value);
/* Percent-encodes all but the unreserved characters of RFC 3986. */
void call_encode(struct buffer *into, const char *text);
/* Shows an answer whole: JSON with --json, else one line a member. */
enum err call_show(
        struct cli *cli, const struct invocation *invocation, const json_t *json, const struct buffer *text, struct fault *fault) MUST_USE;

/* help.c */
void help_all(FILE *stream);
void help_group(FILE *stream, const char *group);
void help_command(FILE *stream, const struct command *command);
/* "(--keep | --remove)" */
void help_choice(uint64_t set, struct buffer *into);

#endif
