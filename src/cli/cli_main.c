/* SPDX-License-Identifier: Apache-2.0
 *
 * One run: parse, call the row's handler, say what went wrong. An error names what, why, the next step and the request id. */
#include "cli/cli.h"

#include "base/auto.h"
#include "base/json.h"
#include "base/text.h"
#include "client.h"
#include "net/https_fetch.h"
#include "output.h"

#include <string.h>

struct hint {
        const char *key;
        const char *text;
};

/* Where to look up what a field names. */
static const struct hint field_hints[] = {
        { "organization", "muster organization list" },
        { "context.organization", "muster organization list" },
        { "scope", "muster project list, muster organization list" },
        { "project", "muster project list" },
        { "context.project", "muster project list" },
        { "principal", "muster user list, muster group list, muster identity list" },
        { "members", "muster user list, muster group list, muster identity list" },
        { "role", "muster role list" },
        { "upstream", "muster upstream list" },
};

/* What helps against an error whatever the command. */
static const struct {
        enum err code;
        const char *text;
} code_hints[] = {
        { ERR_UNAUTHENTICATED, "check MUSTER_TOKEN or --token-file; another administrator makes a new token: muster identity rotate NAME" },
        { ERR_FORBIDDEN, "muster status (shows who you are and your role)" },
        { ERR_LAST_ADMIN, "make another administrator first: muster grant create USER --role admin --org ORG" },
        { ERR_VERSION, "somebody changed it meanwhile; look at it and repeat the command" },
        { ERR_TAMPERED, "keep the database as it is; compare it with a backup and with a checkpoint kept elsewhere" },
        { ERR_INTERNAL, "look for the request id in the log of musterd" },
        { ERR_RATE, "wait a little, then repeat the command" },
        { ERR_UNAVAILABLE, "see that musterd runs and that the address is right, then repeat the command" },
        { ERR_DEADLINE, "see that musterd runs and that the address is right, then repeat the command" },
};

static bool has_command(const char *path)
{
        for (const struct command *row = command_table(); row->path; row++)
                if (text_equal(row->path, path))
                        return true;
        return false;
}

static bool hint_of_list(const struct command *command, char *ret, size_t size)
{
        char path[64];
        (void)snprintf(path, sizeof(path), "%.*s list", (int)strcspn(command->path, " "), command->path);
        if (!has_command(path))
                return false;
        (void)snprintf(ret, size, "muster %s", path);
        return true;
}

static void next_step(
        const struct cli *cli, const struct invocation *invocation, enum err code, const struct fault *fault, char *ret, size_t size)
{
        const struct command *command = invocation->command;
        bool is_local_lock = code == ERR_CONFLICT && text_equal(command ? command->path : "", "init");
        if (!command || cli->is_usage) {
                const char *topic = command ? command->path : invocation->group;
                (void)snprintf(ret, size, "muster help%s%s", *topic ? " " : "", topic);
                return;
        }
        for (size_t i = 0; i < COUNT_OF(field_hints) && (code == ERR_NOT_FOUND || code == ERR_VALUE || code == ERR_CONFLICT); i++)
                if (text_equal(field_hints[i].key, fault->field)) {
                        (void)snprintf(ret, size, "%s", field_hints[i].text);
                        return;
                }
        if ((code == ERR_NOT_FOUND || code == ERR_TAKEN) && hint_of_list(command, ret, size))
                return;
        (void)snprintf(ret, size, "%s", is_local_lock ? "stop musterd, then repeat the command" : "");
        for (size_t i = 0; i < COUNT_OF(code_hints) && !*ret; i++)
                if (code_hints[i].code == code && (code != ERR_INTERNAL || cli->request_id[0]))
                        (void)snprintf(ret, size, "%s", code_hints[i].text);
        if (!*ret)
                (void)snprintf(ret, size, "muster help %s", command->path);
}

static void print_error(const struct cli *cli, const struct invocation *invocation, enum err code, const struct fault *fault)
{
        char next[256], message[sizeof(fault->message)];
        next_step(cli, invocation, code, fault, next, sizeof(next));
        (void)snprintf(message, sizeof(message), "%s", fault->message[0] ? fault->message : error_row(code)->slug);
        size_t length = strlen(message);
        if (length > 1 && message[length - 1] == '.' && message[length - 2] != '.')
                message[length - 1] = '\0';
        (void)fputs("muster: ", cli->err);
        if (fault->field[0] && !strstr(message, fault->field)) {
                output_text(cli->err, fault->field);
                (void)fputs(": ", cli->err);
        }
        output_text(cli->err, message);
        if (cli->request_id[0]) {
                (void)fputs(" (request ", cli->err);
                output_text(cli->err, cli->request_id);
                (void)fputc(')', cli->err);
        }
        (void)fprintf(cli->err, "\n  next: %s\n", next);
}

static int show_help(struct cli *cli, const struct invocation *invocation, int argc)
{
        FILE *stream = argc > 1 ? cli->out : cli->err;
        if (invocation->command)
                help_command(stream, invocation->command);
        else if (invocation->group[0])
                help_group(stream, invocation->group);
        else
                help_all(stream);
        return argc > 1 ? EXIT_OK : EXIT_USAGE;
}

int cli_run(const struct cli_world *world, int argc, char **argv)
{
        struct cli cli = { .world = world, .out = world->out, .err = world->err };
        struct invocation invocation;
        struct fault fault = { 0 };
        char *only_version[] = { argv[0], (char *)(uintptr_t) "version", NULL };
        if (argc == 2 && text_equal(argv[1], "--version"))
                argv = only_version;
        enum err e = invocation_parse(&invocation, argc, argv, &fault);
        if (e) {
                cli.is_usage = true;
                print_error(&cli, &invocation, e, &fault);
                return EXIT_USAGE;
        }
        if (invocation.wants_help)
                return show_help(&cli, &invocation, argc);
        e = invocation.command->run(&cli, &invocation, &fault);
        if (!e && (fflush(cli.out) != 0 || ferror(cli.out)))
                e = fault_set(&fault, ERR_INTERNAL, NULL, "the output could not be written whole");
        if (e)
                print_error(&cli, &invocation, e, &fault);
        if (e && cli.is_usage)
                return EXIT_USAGE;
        return e ? (int)error_row(e)->exit : cli.exit_code;
}

static const char *environment(const char *name)
{
        return getenv(name);
}

int cli_main(int argc, char **argv)
{
        json_memory_install();
        if (fetch_library_init() != ERR_OK) {
                (void)fputs("muster: libcurl does not start\n", stderr);
                return EXIT_FAILED;
        }
        const struct cli_world world = { stdout, stderr, environment };
        int exit_code = cli_run(&world, argc, argv);
        fetch_library_done();
        return exit_code;
}
