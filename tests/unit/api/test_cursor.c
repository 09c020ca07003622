/* SPDX-License-Identifier: Apache-2.0
 *
 * Cursors: what is handed out comes back, and nothing else is taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "api/cursor.h"

static void every_number_comes_back(void **state)
{
        static const int64_t numbers[] = { 0, 1, 63, 64, 255, 256, 1000000, (INT64_C(1) << 32) + 5, (INT64_C(1) << 56) - 1 };
        for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
                char text[CURSOR_TEXT_SIZE];
                int64_t no = -1;
                struct fault fault = { 0 };
                list_cursor_format(KIND_USER, numbers[i], text);
                assert_int_equal(strlen(text), CURSOR_TEXT_SIZE - 1);
                assert_int_equal(strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), strlen(text));
                assert_int_equal(list_cursor_parse(text, KIND_USER, &no, &fault), ERR_OK);
                assert_int_equal(no, numbers[i]);
        }
}

static void a_cursor_of_another_list_is_refused(void **state)
{
        char text[CURSOR_TEXT_SIZE];
        int64_t no = -1;
        struct fault fault = { 0 };
        list_cursor_format(KIND_USER, 7, text);
        assert_int_equal(list_cursor_parse(text, KIND_GROUP, &no, &fault), ERR_CURSOR);
        assert_string_equal(fault.field, "cursor");
        assert_int_equal(no, -1);
}

static void malformed_text_is_refused(void **state)
{
        static const char *const wrong[] = { "", "A", "AQMAAAAAAAA", "AQMAAAAAAAANA", "AQMAAAAAAA N", "AQMAAAAAAAA=", "AQMAAAAAAA%N",
                "AgIAAAAAAAAN", "............", "\xc3\xa4QMAAAAAAAN" };
        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
                int64_t no = -1;
                struct fault fault = { 0 };
                if (list_cursor_parse(wrong[i], KIND_USER, &no, &fault) != ERR_CURSOR)
                        fail_msg("\"%s\" was taken", wrong[i]);
                assert_int_equal(no, -1);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_number_comes_back),
                cmocka_unit_test(a_cursor_of_another_list_is_refused),
                cmocka_unit_test(malformed_text_is_refused),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
