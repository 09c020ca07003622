/* SPDX-License-Identifier: Apache-2.0
 *
 * The growing buffer: ceiling, sticky failure, JSON strings. */
#include "base/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <jansson.h>

static void test_failure_at_the_ceiling_is_sticky_and_leaves_no_hole(void **state)
{
        struct fault fault;
        auto_buffer buffer = { .ceiling = 10 };
        buffer_puts(&buffer, "12345");
        buffer_puts(&buffer, "678901");
        buffer_puts(&buffer, "6");
        assert_true(buffer.failed);
        assert_string_equal(buffer.data, "12345");
        assert_int_equal(buffer_check(&buffer, &fault), ERR_TOO_LARGE);
        assert_non_null(strstr(fault.message, "10 bytes"));
        size_t length = 77;
        assert_null(buffer_steal(&buffer, &length));
        assert_int_equal(length, 77);
        assert_int_equal(buffer_check(&buffer, NULL), ERR_TOO_LARGE);
        buffer_clear(&buffer);
        buffer_puts(&buffer, "1234567890");
        assert_int_equal(buffer_check(&buffer, NULL), ERR_OK);
        buffer_putc(&buffer, '1');
        assert_int_equal(buffer_check(&buffer, NULL), ERR_TOO_LARGE);
}

static void test_absurd_sizes_fail(void **state)
{
        auto_buffer buffer = { 0 };
        buffer_reserve(&buffer, SIZE_MAX);
        assert_int_equal(buffer_check(&buffer, NULL), ERR_TOO_LARGE);
        buffer_clear(&buffer);
        buffer_reserve(&buffer, BUFFER_CEILING + 1);
        assert_int_equal(buffer_check(&buffer, NULL), ERR_TOO_LARGE);
        auto_buffer endless = { .ceiling = SIZE_MAX };
        buffer_reserve(&endless, SIZE_MAX - 1);
        assert_true(endless.failed);
}

static void test_zero_value_is_an_empty_buffer(void **state)
{
        auto_buffer buffer = { 0 };
        size_t length = 1;
        buffer_put(&buffer, NULL, 0);
        assert_int_equal(buffer_check(&buffer, NULL), ERR_OK);
        char *text = buffer_steal(&buffer, &length);
        assert_string_equal(text, "");
        assert_int_equal(length, 0);
        free(text);
}

static void test_steal_leaves_an_empty_buffer(void **state)
{
        auto_buffer buffer = { .ceiling = 100 };
        buffer_puts(&buffer, "abc");
        char *text = buffer_steal(&buffer, NULL);
        assert_string_equal(text, "abc");
        assert_null(buffer.data);
        assert_int_equal(buffer.length, 0);
        assert_int_equal(buffer.ceiling, 100);
        buffer_puts(&buffer, "de");
        assert_string_equal(buffer.data, "de");
        free(text);
}

static void test_numbers_and_formats(void **state)
{
        auto_buffer buffer = { 0 };
        buffer_put_i64(&buffer, 0);
        buffer_putc(&buffer, ' ');
        buffer_put_i64(&buffer, INT64_MIN);
        buffer_putc(&buffer, ' ');
        buffer_put_i64(&buffer, INT64_MAX);
        BUFFER_LITERAL(&buffer, " ");
        buffer_printf(&buffer, "%s=%d", "x", 5);
        assert_string_equal(buffer.data, "0 -9223372036854775808 9223372036854775807 x=5");
        assert_int_equal(buffer.length, strlen(buffer.data));
}

static void test_grows_through_many_sizes(void **state)
{
        auto_buffer buffer = { 0 };
        for (int i = 0; i < 100000; i++)
                buffer_printf(&buffer, "%d,", i % 10);
        assert_int_equal(buffer.length, 200000);
        assert_true(buffer.capacity < 400000);
        for (size_t i = 0; i < 100000; i++)
                assert_int_equal(buffer.data[2 * i], '0' + (int)(i % 10));
}

static void test_json_string_has_the_exact_escapes(void **state)
{
        auto_buffer buffer = { 0 };
        buffer_put_json(&buffer, "a\"b\\c/\b\f\n\r\t\x01\x1f\x7f\xc3\xa9", 16);
        assert_string_equal(buffer.data, "\"a\\\"b\\\\c/\\b\\f\\n\\r\\t\\u0001\\u001F\x7f\xc3\xa9\"");
        buffer_clear(&buffer);
        buffer_put_json(&buffer, "", 0);
        assert_string_equal(buffer.data, "\"\"");
        buffer_clear(&buffer);
        buffer_put_json(&buffer, "a\0b", 3);
        assert_string_equal(buffer.data, "\"a\\u0000b\"");
}

static void test_json_string_reads_back_for_every_ascii_pair(void **state)
{
        auto_buffer buffer = { 0 };
        for (int first = 1; first < 128; first++) {
                for (int second = 1; second < 128; second++) {
                        char text[] = { (char)first, (char)second, 0 };
                        buffer_clear(&buffer);
                        buffer_put_json(&buffer, text, 2);
                        json_t *value = json_loadb(buffer.data, buffer.length, JSON_DECODE_ANY, NULL);
                        assert_string_equal(json_string_value(value), text);
                        json_decref(value);
                }
        }
}

static void test_json_string_stops_at_the_ceiling(void **state)
{
        char text[64];
        memset(text, 1, sizeof(text));
        auto_buffer buffer = { .ceiling = 100 };
        buffer_put_json(&buffer, text, sizeof(text));
        assert_int_equal(buffer_check(&buffer, NULL), ERR_TOO_LARGE);
        assert_true(buffer.length <= 100);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_failure_at_the_ceiling_is_sticky_and_leaves_no_hole),
                cmocka_unit_test(test_absurd_sizes_fail),
                cmocka_unit_test(test_zero_value_is_an_empty_buffer),
                cmocka_unit_test(test_steal_leaves_an_empty_buffer),
                cmocka_unit_test(test_numbers_and_formats),
                cmocka_unit_test(test_grows_through_many_sizes),
                cmocka_unit_test(test_json_string_has_the_exact_escapes),
                cmocka_unit_test(test_json_string_reads_back_for_every_ascii_pair),
                cmocka_unit_test(test_json_string_stops_at_the_ceiling),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
