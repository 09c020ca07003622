/* SPDX-License-Identifier: Apache-2.0
 *
 * Help from the table: of everything, of a group such as "user", of one command. */
#include "client.h"

#include "base/auto.h"
#include "base/text.h"

#include <string.h>

#define TEXT_WIDTH 78
#define INDENT 2

/* Breaks a paragraph at blanks; the first line begins at `column`, the others at `indent`. */
static void print_wrapped(FILE *stream, const char *text, int indent, int column)
{
        for (bool is_first = true; *text; is_first = false) {
                int length = (int)strcspn(text, " ");
                if (!is_first && column + 1 + length > TEXT_WIDTH) {
                        (void)fprintf(stream, "\n%*s", indent, "");
                        column = indent;
                } else if (!is_first) {
                        (void)fputc(' ', stream);
                        column++;
                }
                (void)fprintf(stream, "%.*s", length, text);
                column += length;
                text += length + (text[length] == ' ');
        }
        (void)fputc('\n', stream);
}

static void print_pair(FILE *stream, const char *left, const char *right, int width)
{
        int length = (int)strlen(left);
        int indent = INDENT + width + 2;
        (void)fprintf(stream, "%*s%s%*s", INDENT, "", left, width > length ? width - length + 2 : 2, "");
        print_wrapped(stream, right, indent, indent);
}

static void print_commands(FILE *stream, const char *group)
{
        size_t length = strlen(group);
        char left[96];
        int width = 0;
        for (int pass = 0; pass < 2; pass++)
                for (const struct command *row = command_table(); row->path; row++) {
                        if (row->hidden || !text_starts_with(row->path, group) || (length > 0 && row->path[length] != ' '))
                                continue;
                        (void)snprintf(left, sizeof(left), "%s%s%s", row->path, row->arguments ? " " : "",
                                length && row->arguments ? row->arguments : "");
                        if (!pass && (int)strlen(left) > width)
                                width = (int)strlen(left);
                        else if (pass)
                                print_pair(stream, left, row->summary, width);
                }
}

static void print_options(FILE *stream, uint64_t set)
{
        char left[64];
        int width = 0;
        for (int pass = 0; pass < 2; pass++)
                for (int i = 0; i < OPTION_COUNT; i++) {
                        const struct option_row *row = &option_rows[i];
                        if (!(set & (UINT64_C(1) << i)))
                                continue;
                        (void)snprintf(left, sizeof(left), "--%s%s%s", row->name, row->value ? " " : "", row->value ? row->value : "");
                        if (!pass && (int)strlen(left) > width)
                                width = (int)strlen(left);
                        else if (pass)
                                print_pair(stream, left, row->help, width);
                }
}

void help_all(FILE *stream)
{
        (void)fputs("Usage: muster COMMAND [ARGUMENTS] [OPTIONS]\n\nCommands:\n", stream);
        print_commands(stream, "");
        (void)fputs("\nOptions of commands that call the server:\n", stream);
        print_options(stream, O_SERVER);
        (void)fputs("\nmuster help COMMAND tells more about one.\n", stream);
}

void help_group(FILE *stream, const char *group)
{
        (void)fprintf(stream, "Usage: muster %s COMMAND [ARGUMENTS] [OPTIONS]\n\nCommands:\n", group);
        print_commands(stream, group);
        (void)fprintf(stream, "\nmuster help %s COMMAND tells more about one.\n", group);
}

void help_choice(uint64_t set, struct buffer *into)
{
        const char *before = "(";
        for (int i = 0; i < OPTION_COUNT; i++) {
                const struct option_row *row = &option_rows[i];
                if (!(set & (UINT64_C(1) << i)))
                        continue;
                buffer_printf(into, "%s--%s%s%s", before, row->name, row->value ? " " : "", row->value ? row->value : "");
                before = " | ";
        }
        buffer_putc(into, ')');
}

static void print_usage(FILE *stream, const struct command *command)
{
        auto_buffer line = { 0 };
        uint64_t listed = command->options & ~O_SERVER;
        buffer_printf(
                &line, "Usage: muster %s%s%s", command->path, command->arguments ? " " : "", command->arguments ? command->arguments : "");
        for (size_t i = 0; i < COUNT_OF(command->one_of); i++)
                if (command->one_of[i]) {
                        buffer_putc(&line, ' ');
                        help_choice(command->one_of[i], &line);
                }
        for (int o = 0; o < OPTION_COUNT; o++)
                if (command->required & (UINT64_C(1) << o))
                        buffer_printf(&line, " --%s %s", option_rows[o].name, option_rows[o].value);
        if (listed & ~command->required & ~command->one_of[0] & ~command->one_of[1] || command->options & O_SERVER)
                buffer_puts(&line, " [OPTIONS]");
        print_wrapped(stream, line.data ? line.data : "", 8, 0);
}

void help_command(FILE *stream, const struct command *command)
{
        print_usage(stream, command);
        (void)fprintf(stream, "\n%s.\n", command->summary);
        if (command->detail) {
                (void)fputc('\n', stream);
                print_wrapped(stream, command->detail, 0, 0);
        }
        if (command->options & ~O_SERVER) {
                (void)fputs("\nOptions:\n", stream);
                print_options(stream, command->options & ~O_SERVER);
        }
        if (command->options & O_SERVER & ~O(JSON)) {
                (void)fputs("\nServer and output:\n", stream);
                print_options(stream, command->options & O_SERVER);
        } else if (command->options & O(JSON)) {
                (void)fputs("\nOutput:\n", stream);
                print_options(stream, O(JSON));
        }
}
