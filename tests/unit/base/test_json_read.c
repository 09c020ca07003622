/* SPDX-License-Identifier: Apache-2.0
 *
 * The reader itself: the exact place and words of each refusal, and what stands in the tree at the bounds of numbers, escapes and depth.
 * test_json.c compares it with jansson's reader and meets every memory ceiling. */
#include "base/json_read.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/auto.h"

/* From memory that ends where the document does: who reads further is caught by the sanitizers. */
static enum err read_exactly(const char *text, size_t length, json_t **ret, struct fault *fault)
{
        auto_free_ char *copy = malloc(length ? length : 1);
        assert_non_null(copy);
        memcpy(copy, text, length);
        *fault = (struct fault){ 0 };
        return json_read(copy, length, NULL, ret, fault);
}

static json_t *read_well(const char *text)
{
        json_t *value = NULL;
        struct fault fault;
        if (read_exactly(text, strlen(text), &value, &fault))
                fail_msg("%s is refused: %s", text, fault.message);
        return value;
}

static void refused(const char *text, size_t length, const char *expected)
{
        json_t untouched, *value = &untouched;
        struct fault fault;
        if (read_exactly(text, length, &value, &fault) != ERR_SYNTAX || strcmp(fault.message, expected) != 0)
                fail_msg("%s is answered \"%s\", expected \"%s\"", text, fault.message, expected);
        assert_string_equal(fault.field, "");
        assert_ptr_equal(value, &untouched);
}

struct wrong {
        const char *text, *message;
};

static void all_refused(const struct wrong *wrong, size_t count)
{
        for (size_t i = 0; i < count; i++)
                refused(wrong[i].text, strlen(wrong[i].text), wrong[i].message);
}

/* ---- refusals ---- */

static void test_the_structure_names_what_was_expected_and_where(void **state)
{
        static const struct wrong wrong[] = {
                { "", "Line 1, column 1: the document ends too early." },
                { " \n\t\r\n  ", "Line 3, column 3: the document ends too early." },
                { "[", "Line 1, column 2: the document ends too early." },
                { "{\"a\"", "Line 1, column 5: the document ends too early." },
                { "{\"a\":", "Line 1, column 6: the document ends too early." },
                { "{\"a\":1", "Line 1, column 7: the document ends too early." },
                { "{\"a", "Line 1, column 4: the document ends too early." },
                { "[1,]", "Line 1, column 4: this is no JSON value." },
                { "[,1]", "Line 1, column 2: this is no JSON value." },
                { "[tru]", "Line 1, column 2: this is no JSON value." },
                { "nul", "Line 1, column 1: this is no JSON value." },
                { "[1 2]", "Line 1, column 4: \",\" or \"]\" was expected." },
                { "[1}", "Line 1, column 3: \",\" or \"]\" was expected." },
                { "{\"a\":1]", "Line 1, column 7: \",\" or \"}\" was expected." },
                { "{\"a\":1 \"b\":2}", "Line 1, column 8: \",\" or \"}\" was expected." },
                { "{\"a\" 1}", "Line 1, column 6: \":\" was expected." },
                { "{\"a\":1,}", "Line 1, column 8: a member's name in quotes was expected." },
                { "{a:1}", "Line 1, column 2: a member's name in quotes was expected." },
                { "{\n  \"a\": [\n    1,\n    x\n  ]\n}", "Line 4, column 5: this is no JSON value." },
                { "[\"\xc3\xa9\" 1]", "Line 1, column 7: \",\" or \"]\" was expected." }, /* columns are bytes */
                { "{} {}", "Line 1, column 4: the document should end here." },
                { "truefalse", "Line 1, column 5: the document should end here." },
                { "\xef\xbb\xbf{}", "Line 1, column 1: this is no JSON value." },
        };
        all_refused(wrong, COUNT_OF(wrong));
}

static void test_a_second_member_of_one_name_is_pointed_at(void **state)
{
        static const struct wrong wrong[] = {
                { "{\"a\":1,\"b\":2,\"a\":3}", "Line 1, column 14: a second member of this name." },
                { "{\"a\":1,\n \"\\u0061\":1}", "Line 2, column 2: a second member of this name." },
                { "{\"\":1,\"\":1}", "Line 1, column 7: a second member of this name." },
                { "[{\"x\":{\"c\":null,\"c\":null}}]", "Line 1, column 17: a second member of this name." },
        };
        all_refused(wrong, COUNT_OF(wrong));
        json_auto_t *apart = read_well("[{\"a\":1,\"A\":2,\"b\":{\"a\":3}},{\"a\":4}]"); /* case counts, and so does the object */
        assert_int_equal(json_object_size(json_array_get(apart, 0)), 3);
}

static void test_a_nul_is_named_wherever_it_stands(void **state)
{
        static const struct {
                const char *text;
                size_t length;
                const char *message;
        } wrong[] = {
                { "\0", 1, "Line 1, column 1: a NUL byte is not JSON." },
                { "{}\0", 3, "Line 1, column 3: a NUL byte is not JSON." },
                { "[1\0]", 4, "Line 1, column 3: a NUL byte is not JSON." },
                { "{\0}", 3, "Line 1, column 2: a NUL byte is not JSON." },
                { "\"a\0b\"", 5, "Line 1, column 3: a NUL byte is not JSON." },
                { "\"\\\0\"", 4, "Line 1, column 3: a NUL byte is not JSON." },
                { "\"\\u00\0\0\"", 8, "Line 1, column 6: a NUL byte is not JSON." },
                { "1.\0", 3, "Line 1, column 3: a NUL byte is not JSON." },
        };
        for (size_t i = 0; i < COUNT_OF(wrong); i++)
                refused(wrong[i].text, wrong[i].length, wrong[i].message);
}

static void test_escapes_and_bytes_that_are_no_text(void **state)
{
        static const struct wrong wrong[] = {
                { "\"a\tb\"", "Line 1, column 3: a control character in a string must be escaped." },
                { "\"\x1f\"", "Line 1, column 2: a control character in a string must be escaped." },
                { "\"a\\n\nb\"", "Line 1, column 5: a control character in a string must be escaped." },
                { "\"\\x41\"", "Line 1, column 3: there is no such escape." },
                { "\"\\U0041\"", "Line 1, column 3: there is no such escape." },
                { "\"\\", "Line 1, column 3: the document ends too early." },
                { "\"\\u12", "Line 1, column 6: the document ends too early." },
                { "\"\\u12g4\"", "Line 1, column 6: four hexadecimal digits were expected." },
                { "\"\\u12\"", "Line 1, column 6: four hexadecimal digits were expected." },
                { "\"\\u+123\"", "Line 1, column 4: four hexadecimal digits were expected." },
                { "\"\\u0000\"", "Line 1, column 4: a string may not hold the character U+0000." },
                { "{\"ab\\u0000\":1}", "Line 1, column 7: a string may not hold the character U+0000." },
                { "\"\\ud800\"", "Line 1, column 4: a surrogate stands alone." },
                { "\"\\udbff\\n\"", "Line 1, column 4: a surrogate stands alone." },
                { "\"\\udc00\\ud800\"", "Line 1, column 4: a surrogate stands alone." },
                { "\"\\ud800\\ud800\"", "Line 1, column 4: a surrogate stands alone." },
                { "\"\\ud800\\udbff\"", "Line 1, column 4: a surrogate stands alone." },
                { "\"\\ud800\\ue000\"", "Line 1, column 4: a surrogate stands alone." },
                { "\"\\udfff\"", "Line 1, column 4: a surrogate stands alone." },
                { "\"\\ud83d\\udexx\"", "Line 1, column 12: four hexadecimal digits were expected." },
                { "\"ab\xff\"", "Line 1, column 2: the string is not UTF-8." },
                { "{\"\xc3\":1}", "Line 1, column 3: the string is not UTF-8." },
                { "\"\\n\xc0\x80\"", "Line 1, column 4: the string is not UTF-8." },
                { "\"\xc3\\n\xa9\"", "Line 1, column 2: the string is not UTF-8." }, /* half a character on each side */
                { "\"\xed\xa0\x80\"", "Line 1, column 2: the string is not UTF-8." },
                { "\"\xf4\x90\x80\x80\"", "Line 1, column 2: the string is not UTF-8." },
        };
        all_refused(wrong, COUNT_OF(wrong));
}

static void test_what_is_no_number(void **state)
{
        static const struct wrong wrong[] = {
                { "-", "Line 1, column 2: the document ends too early." },
                { "[-]", "Line 1, column 3: a digit was expected." },
                { "-Infinity", "Line 1, column 2: a digit was expected." },
                { "--1", "Line 1, column 2: a digit was expected." },
                { "[1.]", "Line 1, column 4: a digit was expected." },
                { "1.e5", "Line 1, column 3: a digit was expected." },
                { "[1e]", "Line 1, column 4: a digit was expected." },
                { "[1e+-1]", "Line 1, column 5: a digit was expected." },
                { "[1E-]", "Line 1, column 5: a digit was expected." },
                { "01", "Line 1, column 2: the document should end here." },
                { "[-00]", "Line 1, column 4: \",\" or \"]\" was expected." },
                { "0x1", "Line 1, column 2: the document should end here." },
                { "[1, 9223372036854775808]", "Line 1, column 5: the integer needs more than 64 bits." },
                { "[-9223372036854775809]", "Line 1, column 2: the integer needs more than 64 bits." },
                { "[1e309]", "Line 1, column 2: the number is too large." },
                { "-1.7976931348623159e308", "Line 1, column 1: the number is too large." },
        };
        all_refused(wrong, COUNT_OF(wrong));
}

/* ---- what is read ---- */

static void test_integers_and_reals_at_their_bounds(void **state)
{
        static const struct {
                const char *text;
                int64_t number;
        } integers[] = { { "9223372036854775807", INT64_MAX }, { "-9223372036854775808", INT64_MIN }, { "0", 0 }, { "-0", 0 }, { "-1", -1 },
                { " 10 ", 10 } };
        static const struct {
                const char *text;
                double number;
        } reals[] = { { "1.7976931348623157e308", DBL_MAX }, { "-1.7976931348623157E+308", -DBL_MAX }, { "5e-324", DBL_TRUE_MIN },
                { "1e-400", 0.0 }, { "-0.0", -0.0 }, { "1.0", 1.0 }, { "0e0", 0.0 }, { "12E2", 1200.0 }, { "0.1", 0.1 },
                { "9223372036854775808.0", 9223372036854775808.0 } };
        for (size_t i = 0; i < COUNT_OF(integers); i++) {
                json_auto_t *value = read_well(integers[i].text);
                assert_true(json_is_integer(value));
                assert_true(json_integer_value(value) == integers[i].number);
        }
        for (size_t i = 0; i < COUNT_OF(reals); i++) {
                json_auto_t *value = read_well(reals[i].text);
                assert_true(json_is_real(value));
                double number = json_real_value(value);
                if (memcmp(&number, &reals[i].number, sizeof(number)) != 0)
                        fail_msg("%s is %a", reals[i].text, number);
        }
}

/* The length says where a document ends, not the bytes behind it. */
static void test_nothing_is_read_behind_the_end(void **state)
{
        static const struct {
                const char *text;
                size_t length;
                const char *means;
        } cut[] = { { "123", 2, "12" }, { "1.5", 1, "1" }, { "0x", 1, "0" }, { "truer", 4, "true" }, { "[]]", 2, "[]" },
                { "\"a\"b", 3, "\"a\"" } };
        for (size_t i = 0; i < COUNT_OF(cut); i++) {
                json_auto_t *value = NULL, *expected = read_well(cut[i].means);
                struct fault fault = { 0 };
                assert_int_equal(json_read(cut[i].text, cut[i].length, NULL, &value, &fault), ERR_OK);
                assert_true(json_equal(value, expected));
        }
        refused("true", 3, "Line 1, column 1: this is no JSON value.");
        refused("1e5", 2, "Line 1, column 3: the document ends too early.");
}

static void test_escapes_become_the_shortest_bytes(void **state)
{
        static const struct {
                const char *text, *means;
        } cases[] = {
                { "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t" },
                { "\"\\u0001\\u007f\"", "\x01\x7f" },
                { "\"\\u0080\\u07ff\"", "\xc2\x80\xdf\xbf" },
                { "\"\\u0800\\uD7FF\\ue000\\uffff\"", "\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf" },
                { "\"\\ud800\\udc00\\uDBFF\\uDFFF\"", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf" },
                { "\"\xc2\x80 \xf4\x8f\xbf\xbf\x7f\"", "\xc2\x80 \xf4\x8f\xbf\xbf\x7f" },
                { "\"a\\u00e9b\\u20acc\"", "a\xc3\xa9"
                                           "b\xe2\x82\xac"
                                           "c" },
                { "\"\"", "" },
        };
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                json_auto_t *value = read_well(cases[i].text);
                assert_int_equal(json_string_length(value), strlen(cases[i].means));
                assert_string_equal(json_string_value(value), cases[i].means);
        }
        /* A name with escapes outlives the texts and numbers of its value. */
        json_auto_t *object = read_well("{\"\\u0061\\u0062\":{\"\\n\":[\"\\u0063\",12.5]},\"\\t\":-7}");
        const json_t *inner = json_object_get(json_object_get(object, "ab"), "\n");
        assert_string_equal(json_string_value(json_array_get(inner, 0)), "c");
        assert_true(json_real_value(json_array_get(inner, 1)) == 12.5);
        assert_int_equal(json_integer_value(json_object_get(object, "\t")), -7);
        assert_int_equal(json_object_size(object), 2);
}

/* ---- limits ---- */

static void test_depth_is_counted_along_one_path(void **state)
{
        char text[2 * JSON_DEPTH_MAX + 3];
        memset(text, '[', JSON_DEPTH_MAX + 1);
        refused(text, JSON_DEPTH_MAX + 1, "Line 1, column 33: nested deeper than 32 levels.");
        refused(text, JSON_DEPTH_MAX, "Line 1, column 33: the document ends too early.");
        text[JSON_DEPTH_MAX] = '{';
        refused(text, JSON_DEPTH_MAX + 1, "Line 1, column 33: nested deeper than 32 levels.");
        /* What was closed counts no more: the deepest there may be, twice side by side. */
        auto_buffer twice = { 0 };
        buffer_puts(&twice, "[");
        for (int side = 0; side < 2; side++) {
                for (int i = 1; i < JSON_DEPTH_MAX; i++)
                        buffer_puts(&twice, i % 2 ? "{\"a\":" : "[");
                buffer_puts(&twice, "1");
                for (int i = JSON_DEPTH_MAX - 1; i; i--)
                        buffer_puts(&twice, i % 2 ? "}" : "]");
                buffer_puts(&twice, side ? "]" : ",");
        }
        json_auto_t *value = read_well(twice.data);
        assert_int_equal(json_array_size(value), 2);
}

/* Whoever knows the ceiling says what it is: the reader does not. */
static void test_a_failed_allocation_is_told_without_words(void **state)
{
        static const char *const documents[] = { "{}", "[]", "1", "1.5", "\"a\"", "\"\\n\"" };
        for (size_t i = 0; i < COUNT_OF(documents); i++) {
                json_t *value = NULL;
                struct fault fault;
                json_memory_limit(1);
                assert_int_equal(read_exactly(documents[i], strlen(documents[i]), &value, &fault), ERR_MEMORY);
                assert_null(value);
                assert_string_equal(fault.message, "");
        }
        json_memory_limit(0);
        json_t *value = NULL;
        struct fault fault = { 0 };
        assert_int_equal(json_parse("", BUFFER_CEILING + 1, &value, &fault), ERR_TOO_LARGE); /* refused before a byte is read */
        assert_non_null(strstr(fault.message, "larger than the limit of"));
        assert_null(value);
}

struct taking {
        const char *marker; /* an array that begins with it is taken */
        int seen;
};

static const char *take(void *context, const char *at, const char *end, json_t **ret)
{
        struct taking *taking = context;
        size_t length = strlen(taking->marker);
        taking->seen++;
        if ((size_t)(end - at) < length || memcmp(at, taking->marker, length) != 0)
                return NULL;
        *ret = json_string("taken");
        return (const char *)memchr(at, ']', (size_t)(end - at)) + 1;
}

/* The taker sees every array that is read; what stands in for one is a value like any other, and goes with a document that is refused. */
static void test_an_array_may_be_taken_from_the_text(void **state)
{
        static const struct {
                const char *text, *expected; /* NULL: refused */
                int seen;
        } cases[] = {
                { "{\"a\":[1,[2]],\"b\":[7,[8]]}", NULL, 3 }, /* what is taken ends at the first bracket here */
                { "{\"a\":[1,[2]],\"b\":[7,8]}", "{\"a\":[1,[2]],\"b\":\"taken\"}", 3 },
                { "{\"a\":[[7],7,{\"b\":[7]}]}", "{\"a\":[\"taken\",7,{\"b\":\"taken\"}]}", 3 }, { "{\"a\":[]}", "{\"a\":[]}", 1 },
                { "{\"a\":[7],\"a\":[7]}", NULL, 2 }, { "{\"a\":[7]", NULL, 1 }, { "{\"a\":[7]}x", NULL, 1 },
                { "[7]", NULL, 1 }, /* no object */
        };
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                struct taking taking = { .marker = "7" };
                struct fault fault = { 0 };
                json_auto_t *value = NULL, *expected = cases[i].expected ? read_well(cases[i].expected) : NULL;
                enum err e = json_parse_object_taking(
                        cases[i].text, strlen(cases[i].text), &(struct json_taker){ take, &taking }, &value, &fault);
                assert_int_equal(e, cases[i].expected ? ERR_OK : ERR_SYNTAX);
                assert_int_equal(taking.seen, cases[i].seen);
                assert_true(expected ? json_equal(value, expected) : !value);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_structure_names_what_was_expected_and_where),
                cmocka_unit_test(test_a_second_member_of_one_name_is_pointed_at),
                cmocka_unit_test(test_a_nul_is_named_wherever_it_stands),
                cmocka_unit_test(test_escapes_and_bytes_that_are_no_text),
                cmocka_unit_test(test_what_is_no_number),
                cmocka_unit_test(test_integers_and_reals_at_their_bounds),
                cmocka_unit_test(test_nothing_is_read_behind_the_end),
                cmocka_unit_test(test_escapes_become_the_shortest_bytes),
                cmocka_unit_test(test_depth_is_counted_along_one_path),
                cmocka_unit_test(test_a_failed_allocation_is_told_without_words),
                cmocka_unit_test(test_an_array_may_be_taken_from_the_text),
        };
        json_memory_install();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
