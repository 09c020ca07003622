/* SPDX-License-Identifier: Apache-2.0
 *
 * The manual page (man(7)) and docs/cli.md from the table. What both say beside the commands stands in one list of sections. */
#include "client.h"

#include "base/auto.h"
#include "base/text.h"

#include <string.h>

struct pair {
        const char *left, *right;
};

static const struct pair environment[] = {
        { "MUSTER_URL", "Address of the server: https://HOST, http://127.0.0.1:8080 or unix:/PATH. Plain HTTP goes to loopback only." },
        { "MUSTER_TOKEN", "Token of a machine identity. Never printed. A file with mode 0600 and --token-file is the better way." },
        { "MUSTER_CA_FILE", "Certificates to trust instead of the system's, PEM." },
};

/* The words of enum exit_code in base/error.h, in its order. */
static const struct pair exit_codes[] = {
        { "0", "Done." },
        { "1", "A fault of the program or of the world around it." },
        { "2", "The command line itself is wrong." },
        { "3", "Not authenticated, or not allowed; `check --exit-code`: denied." },
        { "4", "Not found." },
        { "5", "Conflict: already there, stale version, or a guard refuses." },
        { "6", "An input was understood and is wrong." },
        { "7", "Server or database not reachable now; try again." },
        { "8", "`audit verify` found a bad entry." },
};
_Static_assert(COUNT_OF(exit_codes) == EXIT_TAMPERED + 1, "one row for each exit code");

static const char *const habits[] = {
        "Resources are named by id or by their unique name (user name, slug, display name).",
        "With --json standard output carries the server's JSON, one document, and nothing else; lists without --limit are all pages in the "
        "shape of one; a command without an answer prints nothing. Errors go to standard error and say what went wrong, the next step and "
        "the id of the request, under which the server's log knows it.",
        "Control characters in names are shown as escapes such as \\u001b.",
};

/* ---- manual page ---- */

/* Text of troff: hyphens and backslashes as themselves, no request at the line's start. */
static void roff(FILE *stream, const char *text)
{
        if (*text == '.' || *text == '\'')
                (void)fputs("\\&", stream);
        for (; *text; text++) {
                if (*text == '\\')
                        (void)fputs("\\e", stream);
                else if (*text == '-')
                        (void)fputs("\\-", stream);
                else if (*text != '`')
                        (void)fputc(*text, stream);
        }
}

static void roff_pair(FILE *stream, const char *left, const char *right)
{
        (void)fputs(".TP\n.B ", stream);
        roff(stream, left);
        (void)fputc('\n', stream);
        roff(stream, right);
        (void)fputc('\n', stream);
}

static void option_words(const struct option_row *row, char *ret, size_t size)
{
        (void)snprintf(ret, size, "--%s%s%s", row->name, row->value ? " " : "", row->value ? row->value : "");
}

/* " --org ORG", "[--json]" when it may be left out, "(--keep | --remove)" when one is needed. */
static void synopsis(const struct command *command, struct buffer *into)
{
        uint64_t choices = command->one_of[0] | command->one_of[1];
        char words[64];
        buffer_puts(into, command->path);
        if (command->arguments)
                buffer_printf(into, " %s", command->arguments);
        for (size_t i = 0; i < COUNT_OF(command->one_of); i++)
                if (command->one_of[i]) {
                        buffer_putc(into, ' ');
                        help_choice(command->one_of[i], into);
                }
        for (int i = 0; i < OPTION_COUNT; i++) {
                uint64_t bit = UINT64_C(1) << i;
                if (!(command->options & bit) || (O_SERVER | choices) & bit)
                        continue;
                option_words(&option_rows[i], words, sizeof(words));
                buffer_printf(into, command->required & bit ? " %s" : " [%s]", words);
        }
}

enum err man_run(struct cli *cli, const struct invocation *invocation, struct fault *fault)
{
        FILE *out = cli->out;
        char words[64];
        (void)fputs(".TH MUSTER 1 \"\" \"muster " MUSTER_VERSION
                    "\" \"User Commands\"\n.SH NAME\nmuster \\- command line of the Muster identity "
                    "provisioning bridge\n.SH SYNOPSIS\n.B muster\n.I COMMAND\n[\\fIARGUMENTS\\fR] [\\fIOPTIONS\\fR]\n.SH DESCRIPTION\n",
                out);
        for (size_t i = 0; i < COUNT_OF(habits); i++) {
                (void)fputs(".PP\n", out);
                roff(out, habits[i]);
                (void)fputc('\n', out);
        }
        (void)fputs(".SH COMMANDS\n", out);
        for (const struct command *row = command_table(); row->path; row++) {
                auto_buffer line = { 0 };
                if (row->hidden)
                        continue;
                synopsis(row, &line);
                roff_pair(out, line.data ? line.data : row->path, row->summary);
                if (row->detail) {
                        (void)fputs(".br\n", out);
                        roff(out, row->detail);
                        (void)fputc('\n', out);
                }
        }
        (void)fputs(".SH OPTIONS\n", out);
        for (int i = 0; i < OPTION_COUNT; i++) {
                option_words(&option_rows[i], words, sizeof(words));
                roff_pair(out, words, option_rows[i].help);
        }
        (void)fputs(".SH ENVIRONMENT\n", out);
        for (size_t i = 0; i < COUNT_OF(environment); i++)
                roff_pair(out, environment[i].left, environment[i].right);
        (void)fputs(".SH EXIT STATUS\n", out);
        for (size_t i = 0; i < COUNT_OF(exit_codes); i++)
                roff_pair(out, exit_codes[i].left, exit_codes[i].right);
        (void)fputs(".SH SEE ALSO\n.BR musterd (8)\n", out);
        return ERR_OK;
}

/* ---- docs/cli.md ---- */

static void markdown_table(FILE *out, const char *title, const struct pair *pairs, size_t count)
{
        (void)fprintf(out, "\n| %s | meaning |\n|---|---|\n", title);
        for (size_t i = 0; i < count; i++)
                (void)fprintf(out, "| `%s` | %s |\n", pairs[i].left, pairs[i].right);
}

static void markdown_command(FILE *out, const struct command *row)
{
        auto_buffer line = { 0 };
        synopsis(row, &line);
        (void)fprintf(out, "\n### muster %s\n\n    muster %s\n\n%s.%s%s\n", row->path, line.data ? line.data : "", row->summary,
                row->detail ? " " : "", row->detail ? row->detail : "");
}

enum err docs_run(struct cli *cli, const struct invocation *invocation, struct fault *fault)
{
        FILE *out = cli->out;
        char words[64];
        (void)fputs("<!-- SPDX-License-Identifier: Apache-2.0 -->\n<!-- Made by `muster docs` from the table in src/cli/commands.c. -->\n"
                    "# The command line\n",
                out);
        for (size_t i = 0; i < COUNT_OF(habits); i++)
                (void)fprintf(out, "\n%s\n", habits[i]);
        markdown_table(out, "variable", environment, COUNT_OF(environment));
        markdown_table(out, "exit code", exit_codes, COUNT_OF(exit_codes));
        (void)fputs("\nAll commands but `init`, `completion`, `man` and `version` take ", out);
        for (int i = 0; i < OPTION_COUNT; i++)
                if (O_SERVER & (UINT64_C(1) << i))
                        (void)fprintf(out, "%s`--%s`", i ? ", " : "", option_rows[i].name);
        (void)fputs("; each also takes `--help`.\n\n## Commands\n", out);
        for (const struct command *row = command_table(); row->path; row++)
                if (!row->hidden)
                        markdown_command(out, row);
        (void)fputs("\n## Options\n\n| option | meaning |\n|---|---|\n", out);
        for (int i = 0; i < OPTION_COUNT; i++) {
                option_words(&option_rows[i], words, sizeof(words));
                (void)fprintf(out, "| `%s` | %s |\n", words, option_rows[i].help);
        }
        return ERR_OK;
}

enum err version_run(struct cli *cli, const struct invocation *invocation, struct fault *fault)
{
        (void)fputs("muster " MUSTER_VERSION "\n", cli->out);
        return ERR_OK;
}
