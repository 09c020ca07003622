/* SPDX-License-Identifier: Apache-2.0
 *
 * From argv to a row of the table and its values. Every refusal names what came and the nearest thing that would have been right; an
 * empty argument is refused, because as part of a path it would address the whole collection. */
#include "command.h"

#include "base/auto.h"
#include "base/clock.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

const struct option_row option_rows[OPTION_COUNT] = {
#define X(code, name, value, kind, choices, help) [OPT_##code] = { name, value, OPTION_##kind, choices, help },
        OPTIONS(X)
#undef X
};

#define COMMANDS_MAX 128
#define PATH_WORDS_MAX 3

struct parse {
        const char *words[ARGUMENTS_MAX + PATH_WORDS_MAX]; /* what is not an option */
        size_t word_count;
        size_t option_count;
        enum option options[OPTION_COUNT]; /* in the order given */
};

void command_arity(const char *specification, size_t *ret_min, size_t *ret_max)
{
        size_t min = 0, max = 0;
        bool at_start = true;
        for (const char *at = specification ? specification : ""; *at; at++) {
                if (at_start && *at != ' ') {
                        max++;
                        min += *at != '[';
                }
                at_start = *at == ' ';
        }
        *ret_min = min;
        *ret_max = specification && strstr(specification, "...") ? ARGUMENTS_MAX : max;
}

const char *invocation_argument(const struct invocation *invocation, size_t number)
{
        return number >= 1 && number <= invocation->argument_count ? invocation->arguments[number - 1] : NULL;
}

int64_t invocation_number(const struct invocation *invocation, enum option option, int64_t fallback)
{
        const char *text = invocation->values[option];
        int64_t number = fallback;
        if (text && option_rows[option].kind == OPTION_DURATION)
                return text_parse_duration_s(text, &number) ? number : fallback;
        return text && text_parse_i64(text, 0, INT64_MAX, &number) ? number : fallback;
}

static bool is_choice(const char *choices, const char *text)
{
        size_t length = strlen(text);
        for (const char *at = choices; length > 0 && (at = strstr(at, text)); at += length)
                if ((at == choices || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
                        return true;
        return false;
}

static enum err check_value(enum option option, const char *text, struct fault *fault)
{
        const struct option_row *row = &option_rows[option];
        int64_t number;
        const char *expected = NULL;
        switch (row->kind) {
        case OPTION_NUMBER:
                if (!text_parse_i64(text, option == OPT_LIMIT, option == OPT_LIMIT ? 1000 : INT64_MAX, &number))
                        expected = option == OPT_LIMIT ? "a number from 1 to 1000" : "a number";
                break;
        case OPTION_DURATION:
                if (!text_parse_duration_s(text, &number) || number < 1)
                        expected = "a time such as 30d, 12h, 15m or 90s";
                break;
        case OPTION_TIME:
                if (!clock_parse(text, &number) && !text_parse_duration_s(text, &number))
                        expected = "a time such as 2026-11-21T05:06:07Z, or 30d for in thirty days";
                break;
        case OPTION_CHOICE:
                if (!is_choice(row->choices, text))
                        expected = row->choices;
                break;
        case OPTION_LIST:
        case OPTION_FILE:
        case OPTION_TEXT:
                if (!*text || !text_is_utf8(text, strlen(text)))
                        expected = "a text in UTF-8 that is not empty";
                break;
        case OPTION_FLAG:
                break;
        }
        if (expected)
                return fault_set(fault, ERR_VALUE, NULL, "--%s takes %s%s; \"%s\" is none", row->name,
                        row->kind == OPTION_CHOICE ? "one of: " : "", expected, text);
        return ERR_OK;
}

static bool find_option(const char *name, size_t length, enum option *ret)
{
        for (int i = 0; i < OPTION_COUNT; i++)
                if (strlen(option_rows[i].name) == length && memcmp(option_rows[i].name, name, length) == 0) {
                        *ret = (enum option)i;
                        return true;
                }
        return false;
}

static enum err unknown_option(const char *text, size_t length, struct fault *fault)
{
        const char *names[OPTION_COUNT + 1] = { 0 };
        char name[64];
        for (int i = 0; i < OPTION_COUNT; i++)
                names[i] = option_rows[i].name;
        (void)snprintf(name, sizeof(name), "%.*s", (int)(length < 60 ? length : 60), text);
        const char *nearest = text_nearest(name, names);
        return fault_set(fault, ERR_VALUE, NULL, "unknown option \"--%s\"%s%s%s", name, nearest ? "; did you mean --" : "",
                nearest ? nearest : "", nearest ? "?" : "");
}

/* Reads argv[*at], which begins with "--" and is longer, and its value. */
static enum err parse_long(struct invocation *ret, struct parse *parse, int argc, char **argv, int *at, struct fault *fault)
{
        const char *name = argv[*at] + 2;
        const char *equals = strchr(name, '=');
        size_t length = equals ? (size_t)(equals - name) : strlen(name);
        enum option option;
        if (!find_option(name, length, &option))
                return unknown_option(name, length, fault);
        const struct option_row *row = &option_rows[option];
        const char *value = equals ? equals + 1 : "";
        if (!row->value && equals)
                return fault_set(fault, ERR_VALUE, NULL, "--%s takes no value", row->name);
        if (row->value && !equals) {
                if (*at + 1 >= argc)
                        return fault_set(fault, ERR_VALUE, NULL, "--%s needs a value: --%s %s", row->name, row->name, row->value);
                value = argv[++*at];
        }
        if (ret->values[option])
                return fault_set(fault, ERR_VALUE, NULL, "--%s is given twice", row->name);
        ret->values[option] = value;
        parse->options[parse->option_count++] = option;
        return row->value ? check_value(option, value, fault) : ERR_OK;
}

static enum err split(struct invocation *ret, struct parse *parse, int argc, char **argv, struct fault *fault)
{
        bool only_words = false;
        for (int i = 1; i < argc; i++) {
                const char *text = argv[i];
                enum err e = ERR_OK;
                if (!only_words && text_equal(text, "--"))
                        only_words = true;
                else if (!only_words && text_starts_with(text, "--"))
                        e = parse_long(ret, parse, argc, argv, &i, fault);
                else if (!only_words && text_equal(text, "-h"))
                        ret->values[OPT_HELP] = "";
                else if (!only_words && text[0] == '-' && text[1])
                        e = fault_set(fault, ERR_VALUE, NULL, "unknown option \"%s\"; options begin with two hyphens", text);
                else if (!*text || !text_is_utf8(text, strlen(text)))
                        e = fault_set(fault, ERR_VALUE, NULL, "an argument is empty or not UTF-8");
                else if (parse->word_count >= COUNT_OF(parse->words))
                        e = fault_set(fault, ERR_VALUE, NULL, "more than %d arguments", ARGUMENTS_MAX);
                else
                        parse->words[parse->word_count++] = text;
                if (e)
                        return e;
        }
        return ERR_OK;
}

/* The first `count` words with single spaces; false: too long to be a command. */
static bool join(const struct parse *parse, size_t count, char *ret, size_t size)
{
        size_t length = 0;
        ret[0] = '\0';
        for (size_t i = 0; i < count; i++) {
                int more = snprintf(ret + length, size - length, "%s%s", i ? " " : "", parse->words[i]);
                length += (size_t)more;
                if (length >= size)
                        return false;
        }
        return true;
}

static const struct command *find_command(const struct parse *parse, size_t *ret_words)
{
        char path[128];
        for (size_t count = parse->word_count < PATH_WORDS_MAX ? parse->word_count : PATH_WORDS_MAX; count > 0; count--) {
                if (!join(parse, count, path, sizeof(path)))
                        continue;
                for (const struct command *row = command_table(); row->path; row++)
                        if (text_equal(row->path, path)) {
                                *ret_words = count;
                                return row;
                        }
        }
        return NULL;
}

static bool is_group(const char *words)
{
        size_t length = strlen(words);
        for (const struct command *row = command_table(); row->path; row++)
                if (text_starts_with(row->path, words) && (length == 0 || row->path[length] == ' '))
                        return true;
        return false;
}

/* `ret_group`: the words that begin other commands; "" when none do. */
static enum err unknown_command(const struct parse *parse, char ret_group[GROUP_SIZE], struct fault *fault)
{
        const char *names[COMMANDS_MAX + 1] = { 0 };
        size_t count = 0;
        char path[128] = "";
        const char *nearest = NULL;
        for (const struct command *row = command_table(); row->path && count < COMMANDS_MAX; row++)
                if (!row->hidden)
                        names[count++] = row->path;
        for (size_t words = parse->word_count < PATH_WORDS_MAX ? parse->word_count : PATH_WORDS_MAX; words > 0 && !nearest; words--)
                if (join(parse, words, path, sizeof(path)))
                        nearest = text_nearest(path, names);
        size_t shown = parse->word_count < 2 ? parse->word_count : 2;
        ret_group[0] = '\0';
        for (size_t words = shown; words > 0 && !ret_group[0]; words--)
                if (join(parse, words, ret_group, GROUP_SIZE) && !is_group(ret_group))
                        ret_group[0] = '\0';
        bool is_half = ret_group[0] && join(parse, parse->word_count, path, sizeof(path)) && text_equal(ret_group, path);
        if (is_half)
                return fault_set(fault, ERR_VALUE, NULL, "\"%s\" is not a whole command", path);
        if (!join(parse, shown, path, sizeof(path)))
                (void)snprintf(path, sizeof(path), "%.40s", parse->words[0]);
        return fault_set(fault, ERR_VALUE, NULL, "unknown command \"%s\"%s%s%s", path, nearest ? "; did you mean \"muster " : "",
                nearest ? nearest : "", nearest ? "\"?" : "");
}

static void name_options(uint64_t set, char *ret, size_t size)
{
        size_t length = 0;
        ret[0] = '\0';
        for (int i = 0; i < OPTION_COUNT && length < size; i++)
                if (set & (UINT64_C(1) << i))
                        length += (size_t)snprintf(ret + length, size - length, "%s--%s", length ? " or " : "", option_rows[i].name);
}

static enum err check_sets(const struct command *command, uint64_t given, struct fault *fault)
{
        char names[128];
        uint64_t missing = command->required & ~given;
        if (missing) {
                name_options(missing & (~missing + 1), names, sizeof(names));
                return fault_set(fault, ERR_VALUE, NULL, "muster %s needs %s", command->path, names);
        }
        for (size_t i = 0; i < COUNT_OF(command->one_of); i++) {
                int count = __builtin_popcountll(command->one_of[i] & given);
                name_options(command->one_of[i], names, sizeof(names));
                if (command->one_of[i] && count == 0)
                        return fault_set(fault, ERR_VALUE, NULL, "muster %s needs %s", command->path, names);
                if (count > 1)
                        return fault_set(fault, ERR_VALUE, NULL, "give %s, not both", names);
        }
        name_options(command->exclusive, names, sizeof(names));
        if (__builtin_popcountll(command->exclusive & given) > 1)
                return fault_set(fault, ERR_VALUE, NULL, "give %s, not both", names);
        return ERR_OK;
}

static enum err check_options(const struct command *command, const struct parse *parse, struct fault *fault)
{
        uint64_t given = 0;
        for (size_t i = 0; i < parse->option_count; i++) {
                uint64_t bit = UINT64_C(1) << parse->options[i];
                if (!(command->options & bit))
                        return fault_set(
                                fault, ERR_VALUE, NULL, "muster %s takes no --%s", command->path, option_rows[parse->options[i]].name);
                given |= bit;
        }
        return check_sets(command, given, fault);
}

static enum err take_arguments(struct invocation *ret, const struct parse *parse, size_t path_words, struct fault *fault)
{
        size_t min, max, count = parse->word_count - path_words;
        command_arity(ret->command->arguments, &min, &max);
        if (count < min)
                return fault_set(fault, ERR_VALUE, NULL, "muster %s needs: %s", ret->command->path, ret->command->arguments);
        if (count > max)
                return fault_set(fault, ERR_VALUE, NULL, "muster %s takes no \"%s\"", ret->command->path, parse->words[path_words + max]);
        for (size_t i = 0; i < count; i++)
                ret->arguments[i] = parse->words[path_words + i];
        ret->argument_count = count;
        return ERR_OK;
}

enum err invocation_parse(struct invocation *ret, int argc, char **argv, struct fault *fault)
{
        struct parse parse = { 0 };
        size_t path_words = 0;
        *ret = (struct invocation){ 0 };
        enum err e = split(ret, &parse, argc, argv, fault);
        if (e) {
                ret->command = find_command(&parse, &path_words); /* whose help tells more */
                return e;
        }
        bool help_word = parse.word_count > 0 && text_equal(parse.words[0], "help");
        if (help_word) {
                memmove(parse.words, parse.words + 1, sizeof(parse.words) - sizeof(parse.words[0]));
                parse.word_count--;
        }
        ret->wants_help = help_word || ret->values[OPT_HELP] || parse.word_count == 0;
        ret->command = find_command(&parse, &path_words);
        bool is_known = ret->command || (join(&parse, parse.word_count, ret->group, GROUP_SIZE) && is_group(ret->group));
        if (ret->wants_help && is_known)
                return ERR_OK;
        if (!ret->command)
                return unknown_command(&parse, ret->group, fault);
        e = take_arguments(ret, &parse, path_words, fault);
        return e ? e : check_options(ret->command, &parse, fault);
}
