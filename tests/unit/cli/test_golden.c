/* SPDX-License-Identifier: Apache-2.0
 *
 * Golden files of help and of refused command lines: tests/golden/cli/NAME holds a line "$ muster WORDS", what it prints (errors marked
 * with "! "), and "= EXIT". docs/cli.md is held against the table, too. MUSTER_GOLDEN_UPDATE=1 writes what is printed now. */
#include "run.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define FOLDER "tests/golden/cli"

static char *read_file(const char *path)
{
        FILE *file = fopen(path, "r");
        if (!file)
                return NULL;
        char *text = calloc(1, 1 << 18);
        assert_non_null(text);
        size_t length = fread(text, 1, (1 << 18) - 1, file);
        text[length] = '\0';
        (void)fclose(file);
        return text;
}

static void compare(const char *path, const char *expected, const char *got)
{
        if (getenv("MUSTER_GOLDEN_UPDATE")) {
                FILE *file = fopen(path, "w");
                assert_non_null(file);
                (void)fputs(got, file);
                (void)fclose(file);
        } else if (!expected || strcmp(expected, got) != 0) {
                fail_msg("%s differs; it should be:\n%s", path, got);
        }
}

static void run_case(const char *path)
{
        char *expected = read_file(path);
        char *got = NULL;
        size_t size;
        struct run run = { 0 };
        assert_non_null(expected);
        size_t length = strcspn(expected, "\n");
        char words[512];
        assert_true(strncmp(expected, "$ muster", 8) == 0 && length < sizeof(words));
        (void)snprintf(words, sizeof(words), "%.*s", (int)(length - 2), expected + 2);
        run_words(&run, words);
        FILE *file = open_memstream(&got, &size);
        (void)fprintf(file, "$ %s\n%s", words, run.out);
        for (const char *line = run.err; *line; line += strcspn(line, "\n") + 1)
                (void)fprintf(file, "! %.*s\n", (int)strcspn(line, "\n"), line);
        (void)fprintf(file, "= %d\n", run.exit_code);
        (void)fclose(file);
        compare(path, expected, got);
        free(got);
        free(expected);
        run_done(&run);
}

static void test_every_golden_file(void **state)
{
        DIR *folder = opendir(FOLDER);
        assert_non_null(folder);
        int count = 0;
        for (struct dirent *entry; (entry = readdir(folder));) {
                char path[512];
                if (entry->d_name[0] == '.')
                        continue;
                (void)snprintf(path, sizeof(path), FOLDER "/%s", entry->d_name);
                run_case(path);
                count++;
        }
        (void)closedir(folder);
        assert_true(count >= 10);
}

static void test_the_reference_agrees_with_the_table(void **state)
{
        struct run run = { 0 };
        char *expected = read_file("docs/cli.md");
        run_words(&run, "muster docs");
        assert_int_equal(run.exit_code, 0);
        compare("docs/cli.md", expected, run.out);
        free(expected);
        run_done(&run);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_golden_file),
                cmocka_unit_test(test_the_reference_agrees_with_the_table),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
