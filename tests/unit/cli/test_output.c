/* SPDX-License-Identifier: Apache-2.0
 *
 * Neutral text, widths, look-up by path, tables over pages; and the completion script, tried by bash itself. */
#include "cli/output.h"

#include "run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void assert_neutral(const char *text, const char *expected)
{
        struct buffer got = { 0 };
        output_neutral(&got, text, strlen(text));
        assert_string_equal(got.data ? got.data : "", expected);
        buffer_done(&got);
}

static void test_what_steers_a_terminal_becomes_an_escape(void **state)
{
        assert_neutral(
                "J\xc3\xbcrgen \xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x9a\x80", "J\xc3\xbcrgen \xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x9a\x80");
        assert_neutral("\x1b]8;;x\x07", "\\u001b]8;;x\\u0007");
        assert_neutral("a\nb\tc\rd\x7f", "a\\u000ab\\u0009c\\u000dd\\u007f");
        assert_neutral("\xc2\x9b"
                       "31m",
                "\\u009b31m");
        assert_neutral("\xe2\x80\xae\xe2\x81\xa6\xe2\x80\xa8", "\\u202e\\u2066\\u2028");
        assert_neutral("a\xff\xc3", "a\\xff\\xc3");
        assert_neutral("", "");
}

static void test_width_counts_columns_of_a_terminal(void **state)
{
        assert_int_equal(output_width("abc"), 3);
        assert_int_equal(output_width("J\xc3\xbcrgen"), 6);
        assert_int_equal(output_width("u\xcc\x88"), 1);
        assert_int_equal(output_width("\xe6\x97\xa5\xe6\x9c\xac"), 4);
        assert_int_equal(output_width("\xff"), 1);
        assert_int_equal(output_width(""), 0);
}

static void test_paths_find_members_and_elements(void **state)
{
        json_t *document = json_loads("{\"a\":{\"b\":[{\"c\":1},{\"c\":2}]},\"n\":null}", 0, NULL);
        assert_int_equal(json_integer_value(output_find(document, "a.b.1.c")), 2);
        assert_null(output_find(document, "a.b.2.c"));
        assert_null(output_find(document, "a.b.x"));
        assert_null(output_find(document, "a.x.y"));
        assert_null(output_find(document, "n"));
        assert_null(output_find(NULL, "a"));
        json_decref(document);
}

static void test_columns_never_get_narrower_from_page_to_page(void **state)
{
        static const struct column columns[] = { { "A", "a" }, { "B", "b" }, { NULL, NULL } };
        struct table table = { .columns = columns };
        json_t *one = json_loads("[{\"a\":\"long name\",\"b\":1}]", 0, NULL);
        json_t *two = json_loads("[{\"a\":\"x\",\"b\":true},{}]", 0, NULL);
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);
        assert_int_equal(table_print(&table, out, one, NULL), ERR_OK);
        assert_int_equal(table_print(&table, out, two, NULL), ERR_OK);
        (void)fclose(out);
        assert_string_equal(text, "A          B\nlong name  1\nx          yes\n-          -\n");
        free(text);
        json_decref(one);
        json_decref(two);
}

/* What bash offers after these words; the last one is being typed. */
static const struct {
        const char *words;
        const char *offered;
} completions[] = {
        { "muster us", "user" },
        { "muster user d", "deactivate delete" },
        { "muster --json --org acme connection create ''", "scim" },
        { "muster connection create scim --preset ''", "none okta entra" },
        { "muster user show bob --o", "--org" },
        { "muster audit verify --c", "--ca-file --config --checkpoint" },
        { "muster user list --name ''", "" },
        { "muster nonsense ''", "" },
        { "muster do", "domain" },
        { "muster zo", "" },
};

static void test_completion_works_in_bash(void **state)
{
        char path[] = "/tmp/muster-completion-XXXXXX";
        struct run run = { 0 };
        FILE *script = fdopen(mkstemp(path), "w");
        assert_non_null(script);
        run_words(&run, "muster completion bash");
        (void)fprintf(script,
                "set -euo pipefail\n%stry() { COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _muster; echo "
                "\"${COMPREPLY[*]-}\"; }\n",
                run.out);
        for (size_t i = 0; i < sizeof(completions) / sizeof(completions[0]); i++)
                (void)fprintf(script, "[[ $(try %s) == '%s' ]] || { echo \"%zu: $(try %s)\" >&2; exit 1; }\n", completions[i].words,
                        completions[i].offered, i, completions[i].words);
        (void)fclose(script);
        char command[128];
        (void)snprintf(command, sizeof(command), "bash %s", path);
        assert_int_equal(system(command), 0);
        (void)unlink(path);
        run_done(&run);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_steers_a_terminal_becomes_an_escape),
                cmocka_unit_test(test_width_counts_columns_of_a_terminal),
                cmocka_unit_test(test_paths_find_members_and_elements),
                cmocka_unit_test(test_columns_never_get_narrower_from_page_to_page),
                cmocka_unit_test(test_completion_works_in_bash),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
