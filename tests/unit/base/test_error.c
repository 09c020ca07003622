/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of errors and the filling of a fault. */
#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/text.h"

static void test_unknown_codes_and_slugs_are_internal(void **state)
{
        assert_string_equal(error_row((enum err)ERR_COUNT_OF_CODES)->name, "ERR_INTERNAL");
        assert_string_equal(error_row((enum err) - 1)->name, "ERR_INTERNAL");
        assert_int_equal(error_from_slug("no-such-slug"), ERR_INTERNAL);
        assert_int_equal(error_from_slug(""), ERR_INTERNAL);
        assert_int_equal(error_from_slug(NULL), ERR_INTERNAL);
}

static void test_every_slug_is_unique_and_leads_back_to_its_code(void **state)
{
        for (int code = 0; code < ERR_COUNT_OF_CODES; code++) {
                assert_true(text_is_slug(error_row(code)->slug));
                assert_int_equal(error_from_slug(error_row(code)->slug), code);
                assert_memory_equal(error_row(code)->name, "ERR_", 4);
        }
}

static void test_only_400_and_uniqueness_have_a_scim_type(void **state)
{
        for (int code = 0; code < ERR_COUNT_OF_CODES; code++) {
                const struct error_row *row = error_row(code);
                if (row->scim_type[0])
                        assert_true(row->http_status == 400 || row->http_status == 409);
                assert_true(code == ERR_OK ? row->exit == EXIT_OK : row->exit != EXIT_OK);
        }
}

static void test_fault_may_be_null(void **state)
{
        assert_int_equal(fault_set(NULL, ERR_TAKEN, "x", "%d", 1), ERR_TAKEN);
}

static void test_fault_holds_what_was_given(void **state)
{
        struct fault fault = { .retry_after_s = 9 };
        assert_int_equal(fault_set(&fault, ERR_TAKEN, "userName", "\"%s\" is taken", "ann"), ERR_TAKEN);
        assert_int_equal(fault.code, ERR_TAKEN);
        assert_int_equal(fault.retry_after_s, 0);
        assert_string_equal(fault.field, "userName");
        assert_string_equal(fault.message, "\"ann\" is taken");
        (void)fault_set(&fault, ERR_VALUE, NULL, "x");
        assert_string_equal(fault.field, "");
}

static void test_long_text_is_cut_between_characters(void **state)
{
        char text[1200];
        for (int shift = 0; shift < 4; shift++) {
                memset(text, 'a', (size_t)shift);
                for (size_t i = (size_t)shift; i + 4 < sizeof(text); i += 4)
                        memcpy(text + i, "\xf0\x9f\x98\x80", 5);
                struct fault fault;
                (void)fault_set(&fault, ERR_VALUE, text, "%s", text);
                assert_true(text_is_utf8(fault.message, strlen(fault.message)));
                assert_true(text_is_utf8(fault.field, strlen(fault.field)));
                assert_true(strlen(fault.message) + 4 >= sizeof(fault.message) - 1);
                assert_true(strlen(fault.field) + 4 >= sizeof(fault.field) - 1);
                assert_null(strchr(fault.message, '?'));
                assert_null(strchr(fault.field, '?'));
        }
}

static void test_controls_and_broken_utf8_become_question_marks(void **state)
{
        struct fault fault;
        (void)fault_set(&fault, ERR_VALUE, "a\xff", "%s", "\x1b[31mred\r\n\xc2\x9b \xe2\x80\xae \xc3\xa9 \xc3");
        assert_string_equal(fault.field, "a?");
        assert_string_equal(fault.message, "?[31mred??? ? \xc3\xa9 ?");
}

static void test_a_fault_may_be_filled_from_itself(void **state)
{
        struct fault fault;
        (void)fault_set(&fault, ERR_VALUE, "field", "inner");
        (void)fault_set(&fault, ERR_SYNTAX, fault.field, "file:%d: %s", 3, fault.message);
        assert_string_equal(fault.message, "file:3: inner");
        assert_string_equal(fault.field, "field");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_unknown_codes_and_slugs_are_internal),
                cmocka_unit_test(test_every_slug_is_unique_and_leads_back_to_its_code),
                cmocka_unit_test(test_only_400_and_uniqueness_have_a_scim_type),
                cmocka_unit_test(test_fault_may_be_null),
                cmocka_unit_test(test_fault_holds_what_was_given),
                cmocka_unit_test(test_long_text_is_cut_between_characters),
                cmocka_unit_test(test_controls_and_broken_utf8_become_question_marks),
                cmocka_unit_test(test_a_fault_may_be_filled_from_itself),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
