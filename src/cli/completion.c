/* SPDX-License-Identifier: Apache-2.0
 *
 * Completion of bash, written from the table: the next word of a command, its options, the choices of an option, file names. */
#include "client.h"

#include "base/auto.h"
#include "base/text.h"

#include <string.h>

/* The first `length` bytes of a path were written before by an earlier row. */
static bool is_seen(const struct command *row, size_t length)
{
        for (const struct command *before = command_table(); before < row; before++)
                if (!before->hidden && strncmp(before->path, row->path, length) == 0 &&
                        (before->path[length] == ' ' || before->path[length] == '\0'))
                        return true;
        return false;
}

/* Each next word after `prefix` once. */
static void next_words(FILE *out, const char *prefix, size_t length)
{
        for (const struct command *row = command_table(); row->path; row++) {
                if (row->hidden || strncmp(row->path, prefix, length) != 0 || (length > 0 && row->path[length] != ' '))
                        continue;
                const char *word = row->path + length + (length > 0);
                size_t word_length = strcspn(word, " ");
                if (!is_seen(row, (size_t)(word - row->path) + word_length))
                        (void)fprintf(out, "%.*s ", (int)word_length, word);
        }
}

/* One branch for every beginning of a path that is not a whole command. */
static void groups(FILE *out)
{
        (void)fputs("    '') words='", out);
        next_words(out, "", 0);
        (void)fputs("help' ;;\n", out);
        for (const struct command *row = command_table(); row->path; row++)
                for (const char *blank = row->path; !row->hidden && (blank = strchr(blank, ' ')); blank++) {
                        size_t length = (size_t)(blank - row->path);
                        if (is_seen(row, length))
                                continue;
                        (void)fprintf(out, "    '%.*s') words='", (int)length, row->path);
                        next_words(out, row->path, length);
                        (void)fputs("' ;;\n", out);
                }
}

static void commands(FILE *out)
{
        for (const struct command *row = command_table(); row->path; row++) {
                if (row->hidden)
                        continue;
                (void)fprintf(out, "    '%s') options='", row->path);
                for (int i = 0; i < OPTION_COUNT; i++)
                        if ((row->options | O(HELP)) & (UINT64_C(1) << i))
                                (void)fprintf(out, "--%s ", option_rows[i].name);
                (void)fputs("' ;;\n", out);
        }
}

static void values(FILE *out)
{
        for (int i = 0; i < OPTION_COUNT; i++) {
                const struct option_row *row = &option_rows[i];
                if (row->kind == OPTION_FILE)
                        (void)fprintf(out, "    --%s) mapfile -t COMPREPLY < <(compgen -f -- \"$current\"); return ;;\n", row->name);
                else if (row->kind == OPTION_CHOICE)
                        (void)fprintf(out, "    --%s) mapfile -t COMPREPLY < <(compgen -W '%s' -- \"$current\"); return ;;\n", row->name,
                                row->choices);
                else if (row->kind != OPTION_FLAG)
                        (void)fprintf(out, "    --%s) return ;;\n", row->name);
        }
}

enum err completion_run(struct cli *cli, const struct invocation *invocation, struct fault *fault)
{
        FILE *out = cli->out;
        const char *between = "";
        (void)fputs("# bash completion of muster, made by: muster completion bash\n"
                    "_muster() {\n"
                    "    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} path='' words='' options='' i\n"
                    "    case $before in\n",
                out);
        values(out);
        (void)fputs("    esac\n    for ((i = 1; i < COMP_CWORD; i++)); do\n        case ${COMP_WORDS[i]} in\n        ", out);
        for (int i = 0; i < OPTION_COUNT; i++)
                if (option_rows[i].value) {
                        (void)fprintf(out, "%s--%s", between, option_rows[i].name);
                        between = " | ";
                }
        (void)fputs(") ((i++)) ;;\n        -* | help) ;;\n        *) path+=\"${path:+ }${COMP_WORDS[i]}\" ;;\n        esac\n    done\n"
                    "    case $path in\n",
                out);
        groups(out);
        (void)fputs("    esac\n    # Arguments stand behind the words of a command.\n"
                    "    while [[ $path && ! $words && ! $options ]]; do\n        case $path in\n",
                out);
        commands(out);
        (void)fputs("        *) [[ $path == *' '* ]] || break; path=${path% *} ;;\n        esac\n    done\n"
                    "    mapfile -t COMPREPLY < <(compgen -W \"$words$options\" -- \"$current\")\n}\ncomplete -F _muster muster\n",
                out);
        return ERR_OK;
}
