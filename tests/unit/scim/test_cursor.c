/* SPDX-License-Identifier: Apache-2.0
 *
 * A cursor reads back as what it was made of, for the same question, for an hour, and else not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "scim/cursor.h"

#define NOW 1800000000

static const struct cursor_binding ours = { .key = "key", .question = "question" };
static struct fault fault;

static struct position place(const char *key)
{
        struct position position = { .part = 1, .no = INT64_C(1) << 40, .key.length = strlen(key) };
        memcpy(position.key.bytes, key, position.key.length);
        return position;
}

static void test_it_reads_back(void **state)
{
        static const char *const keys[] = { "", "a", "\x01m\xc3\xbcller" };
        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
                struct position position = place(keys[i]), back;
                char text[CURSOR_TEXT_SIZE];
                cursor_format(&ours, &position, NOW, text);
                assert_int_equal(strspn(text, "0123456789abcdef"), strlen(text));
                assert_int_equal(cursor_parse(&ours, text, NOW + CURSOR_TIMEOUT_S, &back, &fault), ERR_OK);
                assert_int_equal(back.part, position.part);
                assert_int_equal(back.no, position.no);
                assert_int_equal(back.key.length, position.key.length);
                assert_memory_equal(back.key.bytes, position.key.bytes, position.key.length);
        }
}

static void test_the_longest_fits(void **state)
{
        struct position position = { .part = 1, .no = INT64_MAX, .key.length = SORT_KEY_MAX_BYTES }, back;
        char text[CURSOR_TEXT_SIZE];
        memset(position.key.bytes, 0xff, SORT_KEY_MAX_BYTES);
        cursor_format(&ours, &position, INT64_MAX, text);
        assert_int_equal(strlen(text), CURSOR_TEXT_SIZE - 1);
        assert_int_equal(cursor_parse(&ours, text, INT64_MAX, &back, &fault), ERR_OK);
        assert_int_equal(back.key.length, SORT_KEY_MAX_BYTES);
}

static void test_every_changed_digit_is_refused(void **state)
{
        struct position position = place("key"), back;
        char text[CURSOR_TEXT_SIZE];
        cursor_format(&ours, &position, NOW, text);
        size_t length = strlen(text);
        for (size_t i = 0; i < length; i++) {
                char kept = text[i];
                text[i] = kept == '0' ? '1' : '0';
                assert_int_equal(cursor_parse(&ours, text, NOW, &back, &fault), ERR_CURSOR);
                text[i] = kept;
        }
        for (size_t i = 0; i < length; i++) {
                char kept = text[i];
                text[i] = '\0';
                assert_int_equal(cursor_parse(&ours, text, NOW, &back, &fault), ERR_CURSOR);
                text[i] = kept;
        }
        assert_int_equal(cursor_parse(&ours, text, NOW, &back, &fault), ERR_OK);
}

static void test_another_question_or_installation_is_refused(void **state)
{
        static const struct cursor_binding other_question = { .key = "key", .question = "questioN" };
        static const struct cursor_binding other_key = { .key = "keY", .question = "question" };
        struct position position = place(""), back;
        char text[CURSOR_TEXT_SIZE];
        cursor_format(&ours, &position, NOW, text);
        assert_int_equal(cursor_parse(&other_question, text, NOW, &back, &fault), ERR_CURSOR);
        assert_int_equal(cursor_parse(&other_key, text, NOW, &back, &fault), ERR_CURSOR);
}

static void test_it_expires(void **state)
{
        struct position position = place(""), back;
        char text[CURSOR_TEXT_SIZE];
        cursor_format(&ours, &position, NOW, text);
        assert_int_equal(cursor_parse(&ours, text, NOW + CURSOR_TIMEOUT_S + 1, &back, &fault), ERR_CURSOR_EXPIRED);
        assert_int_equal(cursor_parse(&ours, text, NOW - CURSOR_TIMEOUT_S - 1, &back, &fault), ERR_CURSOR_EXPIRED);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_it_reads_back),
                cmocka_unit_test(test_the_longest_fits),
                cmocka_unit_test(test_every_changed_digit_is_refused),
                cmocka_unit_test(test_another_question_or_installation_is_refused),
                cmocka_unit_test(test_it_expires),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
