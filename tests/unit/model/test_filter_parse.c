/* SPDX-License-Identifier: Apache-2.0
 *
 * The filter grammar: what parses, into which tree, with which leniencies, and what is refused at which column (security test 14). */
#include "filter_fixture.h"

#include "base/clock.h"

/* The tree in prefix form: (and (eq userName "x") (pr title)). */
static void show(const struct filter *filter, char *into, size_t size)
{
        static const char *const words[] = { "", "and", "or", "not", "eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le", "pr", "any" };
        const struct path *path = &filter->path;
        char *end = into + strlen(into);
#define PUT(...) (end += snprintf(end, size - (size_t)(end - into), __VA_ARGS__))
        PUT("(%s", words[filter->kind]);
        if (filter->kind >= FILTER_EQ)
                PUT(" %s%s%s%s", path->extension ? "x:" : "",
                        path->attribute   ? path->attribute->name
                        : path->extension ? "*"
                                          : "?",
                        path->sub ? "." : "", path->sub ? path->sub->name : "");
        if (filter->kind >= FILTER_EQ && filter->kind <= FILTER_LE) {
                const struct filter_value *value = &filter->value;
                if (value->kind == FILTER_NULL)
                        PUT(" null");
                else if (value->kind == FILTER_BOOLEAN)
                        PUT(" %s", value->boolean ? "true" : "false");
                else if (value->kind == FILTER_NUMBER)
                        PUT(" %g", value->number);
                else
                        PUT(" \"%s\"", value->text);
        }
        const struct filter *sides[] = { filter->left, filter->right };
        for (size_t i = 0; i < 2; i++)
                if (sides[i]) {
                        PUT(" ");
                        show(sides[i], into, size);
                        end = into + strlen(into);
                }
        PUT(")");
#undef PUT
}

static void check_tree(const char *text, const char *expected)
{
        struct filter_fixture fixture = { 0 };
        char shown[1024] = "";
        if (filter_text(&fixture, KIND_USER, text))
                fail_msg("%s: %s", text, fixture.fault.message);
        show(fixture.filter, shown, sizeof(shown));
        assert_string_equal(shown, expected);
        filter_fixture_done(&fixture);
}

static void test_operators_and_names_in_any_case(void **state)
{
        check_tree("userName eq \"x\"", "(eq userName \"x\")");
        check_tree("USERNAME EQ \"X\"", "(eq userName \"X\")");
        check_tree("urn:ietf:params:scim:schemas:core:2.0:User:UserName Ne \"x\"", "(ne userName \"x\")");
        check_tree("name.familyName co \"x\"", "(co name.familyName \"x\")");
        check_tree(ENTERPRISE ":manager.value sw \"x\"", "(sw x:manager.value \"x\")");
        check_tree(ENTERPRISE ":manager eq \"x\"", "(eq x:manager.value \"x\")");
        check_tree(ENTERPRISE " pr", "(pr x:*)");
        check_tree("emails ew \"x\"", "(ew emails.value \"x\")");
        check_tree("emails.type eq \"x\"", "(eq emails.type \"x\")");
        check_tree("emails pr", "(pr emails)");
        check_tree("name pr", "(pr name)");
        check_tree("active eq true", "(eq active true)");
        check_tree("meta.lastModified GT \"2011-05-13T04:42:34Z\"", "(gt meta.lastModified \"2011-05-13T04:42:34Z\")");
        check_tree("title eq null", "(eq title null)");
        check_tree("emails ne null", "(ne emails null)");
        check_tree("  title   pr  ", "(pr title)");
}

static void test_precedence(void **state)
{
        check_tree("title pr or nickName pr and locale pr", "(or (pr title) (and (pr nickName) (pr locale)))");
        check_tree("title pr and nickName pr or locale pr", "(or (and (pr title) (pr nickName)) (pr locale))");
        check_tree("(title pr or nickName pr) and locale pr", "(and (or (pr title) (pr nickName)) (pr locale))");
        check_tree("not (title pr) and locale pr", "(and (not (pr title)) (pr locale))");
        check_tree("not(title pr or locale pr)", "(not (or (pr title) (pr locale)))");
        check_tree("NOT (title pr) OR (locale pr)", "(or (not (pr title)) (pr locale))");
        check_tree("title pr and nickName pr and locale pr", "(and (and (pr title) (pr nickName)) (pr locale))");
        check_tree("((title pr))", "(pr title)");
}

static void test_value_paths(void **state)
{
        check_tree("emails[type eq \"work\" and value co \"@x\"]", "(any emails (and (eq type \"work\") (co value \"@x\")))");
        check_tree("emails[type eq \"work\"].value eq \"x\"", "(any emails (and (eq type \"work\") (eq value \"x\")))");
        check_tree("emails[not (type eq \"work\")] and title pr", "(and (any emails (not (eq type \"work\"))) (pr title))");
        check_tree("schemas[value eq \"x\"]", "(any schemas (eq schemas \"x\"))");
        check_tree("name[familyName eq \"x\"]", "(any name (eq familyName \"x\"))");
        check_tree("unheard[type eq \"work\"]", "(any ? (eq ? \"work\"))");
        check_tree("roles[primary eq \"True\"].value eq \"x\"", "(any roles (and (eq primary true) (eq value \"x\")))");
        check_tree("emails[unheard eq 1]", "(any emails (eq ? 1))");
}

static void test_literals(void **state)
{
        check_tree("title eq \"a\\\"b\\\\c\\/d\\u0041\\t\"", "(eq title \"a\"b\\c/dA\t\")");
        check_tree("title eq \"\\ud83d\\uDE00\\u00e9\"", "(eq title \"\xf0\x9f\x98\x80\xc3\xa9\")");
        check_tree("title eq \"\"", "(eq title \"\")");
        check_tree("title eq \"') or 1=1 -- *)(uid=*\"", "(eq title \"') or 1=1 -- *)(uid=*\")");
        check_tree("unheard eq -1.5e3", "(eq ? -1500)");
        check_tree("unheard eq true", "(eq ? true)");
}

static void test_literals_are_folded_once(void **state)
{
        struct filter_fixture fixture = { 0 };
        assert_int_equal(filter_text(&fixture, KIND_USER, "userName eq \"J\xc3\x96RG\""), ERR_OK);
        assert_string_equal(fixture.filter->value.text, "J\xc3\x96RG");
        assert_string_equal(fixture.filter->value.folded, "j\xc3\xb6rg");
        assert_int_equal(filter_text(&fixture, KIND_USER, "externalId eq \"J\""), ERR_OK);
        assert_null(fixture.filter->value.folded);
        assert_int_equal(filter_text(&fixture, KIND_USER, "meta.created eq \"1970-01-01T00:00:01+00:00\""), ERR_OK);
        assert_int_equal(fixture.filter->value.time_us, 1000000);
        filter_fixture_done(&fixture);
}

static void test_leniencies_are_recorded_or_refused(void **state)
{
        static const struct {
                const char *text;
                uint32_t used;
        } rows[] = {
                { "externalId eq jyoung", USED(LENIENT_UNQUOTED_LITERAL) },
                { "externalId eq 701984", USED(LENIENT_NUMBER_TEXT) },
                { "active eq \"False\"", USED(LENIENT_BOOLEAN_TEXT) },
                { "active eq True", USED(LENIENT_BOOLEAN_TEXT) | USED(LENIENT_UNQUOTED_LITERAL) },
                { "unheard eq \"x\"", USED(LENIENT_UNKNOWN_ATTRIBUTE) },
                { "password eq \"x\"", USED(LENIENT_UNKNOWN_ATTRIBUTE) },
                { "password pr", USED(LENIENT_UNKNOWN_ATTRIBUTE) },
                { "(externalId eq a-b@c)", USED(LENIENT_UNQUOTED_LITERAL) },
                { "urn:x:y:z pr", USED(LENIENT_UNKNOWN_ATTRIBUTE) },
        };
        for (size_t i = 0; i < COUNT_OF(rows); i++) {
                struct filter_fixture fixture = { 0 };
                if (filter_text(&fixture, KIND_USER, rows[i].text))
                        fail_msg("%s: %s", rows[i].text, fixture.fault.message);
                assert_int_equal(fixture.leniency.used, rows[i].used);
                fixture.leniency = (struct leniency){ .strict = true };
                assert_int_equal(filter_text(&fixture, KIND_USER, rows[i].text), ERR_FILTER);
                assert_int_equal(fixture.leniency.used, 0);
                filter_fixture_done(&fixture);
        }
}

static void test_security_14_refused_with_a_column(void **state)
{
        static const struct {
                const char *text, *message; /* the start of the message */
        } rows[] = {
                { "", "Column 1: expected the name" },
                { "userName", "Column 9: expected a space and an operator" },
                { "userName eq", "Column 12: expected a space and a value" },
                { "userName eq ", "Column 13: expected a value" },
                { "userName xx \"a\"", "Column 10: expected an operator" },
                { "userName eqx \"a\"", "Column 10: expected an operator" },
                { "userName eq 'a'", "Column 13: expected a text in double quotes" },
                { "emails[type eq 'work' and value eq \"a\"]", "Column 16: expected a text in double quotes" },
                { "userName eq \"a", "Column 13: expected a string with a closing quote" },
                { "userName eq \"a\\\"", "Column 13: expected a string with a closing quote" },
                { "userName eq \"a\"b", "Column 16: expected a space" },
                { "userName eq \"a\" and", "Column 20: expected the name" },
                { "userName eq \"a\" userName eq \"b\"", "Column 17: expected \"and\", \"or\" or the end" },
                { "userName eq \"a\")", "Column 16: expected \"and\", \"or\" or the end" },
                { "(userName eq \"a\"", "Column 17: expected \"and\", \"or\" or \")\"" },
                { "emails[type eq \"a\"", "Column 19: expected \"and\", \"or\" or \"]\"" },
                { "emails[type eq \"a\")", "Column 19: expected" },
                { "emails[type eq \"a\"].value", "Column 26: expected a space and an operator" },
                { "emails[type[value eq \"a\"]]", "Column 12: expected an operator" },
                { "userName[value eq \"a\"]", "Column 9: expected an operator" },
                { "not userName eq \"a\"", "Column 5: expected \"(\"" },
                { "userName eq \"a\\x\"", "Column 16: expected an escape" },
                { "userName eq \"a\\u0000\"", "Column 17: expected four hexadecimal digits" },
                { "userName eq \"\\ud800\"", "Column 20: expected the second half" },
                { "userName eq \"\\udc00\"", "Column 16: expected four hexadecimal digits" },
                { "userName eq \"a\tb\"", "Column 15: expected no control" },
                { "active gt true", "Column 11: expected an operator" },
                { "active co \"true\"", "Column 11: expected an operator" },
                { "active eq \"maybe\"", "Column 11: expected true or false" },
                { "active eq 1", "Column 11: expected true or false" },
                { "x509Certificates.value gt \"a\"", "Column 27: expected an operator" },
                { "userName gt null", "Column 13: expected another value" },
                { "userName eq true", "Column 13: expected a text" },
                { "name eq \"x\"", "Column 9: expected no comparison" },
                { "addresses eq \"x\"", "Column 14: expected no comparison" },
                { ENTERPRISE " eq \"x\"", "Column 63: expected no comparison" },
                { "meta.created gt \"yesterday\"", "Column 17: expected a time" },
                { "unheard eq 1e999", "Column 12: expected a number" },
                { "user\xffName eq \"x\"", "A filter is UTF-8" },
                { ".userName pr", "Column 1: expected the name" },
                { "name. pr", "Column 1: expected the name" },
        };
        for (size_t i = 0; i < COUNT_OF(rows); i++) {
                struct filter_fixture fixture = { 0 };
                enum err e = filter_text(&fixture, KIND_USER, rows[i].text);
                if (e != ERR_FILTER || strncmp(fixture.fault.message, rows[i].message, strlen(rows[i].message)) != 0)
                        fail_msg("%s: %s %s", rows[i].text, error_row(e)->name, fixture.fault.message);
                assert_null(fixture.filter);
                filter_fixture_done(&fixture);
        }
}

/* `opening` n times, a comparison, `closing` n times. */
static char *nested(const char *opening, const char *closing, size_t count)
{
        char *text = calloc(1, count * (strlen(opening) + strlen(closing)) + 64);
        for (size_t i = 0; i < count; i++)
                strcat(text, opening);
        strcat(text, "title pr");
        for (size_t i = 0; i < count; i++)
                strcat(text, closing);
        return text;
}

static void test_security_14_filter_bombs_end_at_once(void **state)
{
        static const struct {
                const char *opening, *closing;
                size_t count;
                enum err code;
        } rows[] = {
                { "(", ")", FILTER_DEPTH_MAX, ERR_OK },
                { "(", ")", FILTER_DEPTH_MAX + 1, ERR_FILTER },
                { "(", ")", 1000, ERR_FILTER },
                { "(", "", 1000, ERR_FILTER },
                { "not (", ")", 1000, ERR_FILTER },
                { "emails[", "]", 1000, ERR_FILTER },
                { "title pr or ", "", FILTER_NODES_MAX / 2 - 1, ERR_OK },
                { "title pr or ", "", FILTER_NODES_MAX / 2, ERR_FILTER },
                { "title pr or ", "", 2000, ERR_FILTER },
        };
        for (size_t i = 0; i < COUNT_OF(rows); i++) {
                auto_free_ char *text = nested(rows[i].opening, rows[i].closing, rows[i].count);
                struct filter_fixture fixture = { 0 };
                int64_t start_us = clock_steady_us();
                enum err e = filter_text(&fixture, KIND_USER, text);
                if (e != rows[i].code)
                        fail_msg("%zu of %s: %s %s", rows[i].count, rows[i].opening, error_row(e)->name, fixture.fault.message);
                assert_true(clock_steady_us() - start_us < 100 * US_PER_MS);
                filter_fixture_done(&fixture);
        }
}

static void test_size_and_nul(void **state)
{
        struct arena *arena = arena_new(1 << 20);
        struct leniency leniency = { 0 };
        const struct filter *filter = NULL;
        char text[FILTER_TEXT_MAX_BYTES + 2];
        memset(text, ' ', sizeof(text));
        memcpy(text, "title pr", 8);
        assert_int_equal(
                filter_parse(resource_type(KIND_USER), NULL, text, FILTER_TEXT_MAX_BYTES, arena, &leniency, &filter, NULL), ERR_OK);
        assert_int_equal(
                filter_parse(resource_type(KIND_USER), NULL, text, FILTER_TEXT_MAX_BYTES + 1, arena, &leniency, &filter, NULL), ERR_FILTER);
        assert_int_equal(filter_parse(resource_type(KIND_USER), NULL, "title pr\0", 9, arena, &leniency, &filter, NULL), ERR_FILTER);
        arena_free(arena);
}

static void test_out_of_memory_is_an_error(void **state)
{
        for (size_t ceiling = 0; ceiling < 4096; ceiling += 64) {
                struct arena *arena = arena_new(ceiling);
                struct leniency leniency = { 0 };
                const struct filter *filter = NULL;
                static const char text[] = "emails[type eq \"work\" and value eq \"x\"] or not (userName eq jyoung)";
                enum err e = filter_parse(resource_type(KIND_USER), NULL, text, strlen(text), arena, &leniency, &filter, NULL);
                assert_true(e == ERR_OK || e == ERR_MEMORY);
                assert_int_equal(e == ERR_OK, filter != NULL);
                arena_free(arena);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_operators_and_names_in_any_case),
                cmocka_unit_test(test_precedence),
                cmocka_unit_test(test_value_paths),
                cmocka_unit_test(test_literals),
                cmocka_unit_test(test_literals_are_folded_once),
                cmocka_unit_test(test_leniencies_are_recorded_or_refused),
                cmocka_unit_test(test_security_14_refused_with_a_column),
                cmocka_unit_test(test_security_14_filter_bombs_end_at_once),
                cmocka_unit_test(test_size_and_nul),
                cmocka_unit_test(test_out_of_memory_is_an_error),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
