/* SPDX-License-Identifier: Apache-2.0
 *
 * Text rules: refusals first, then folding over all of Unicode. */
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistr.h>
#include <cmocka.h>

#include "base/auto.h"
#include "base/clock.h"

static void test_broken_utf8_is_refused(void **state)
{
        static const char *const wrong[] = {
                "\x80",
                "\xc0\x80",
                "\xc1\xbf",
                "\xc3",
                "a\xc3",
                "\xe0\x80\x80",
                "\xed\xa0\x80",
                "\xed\xbf\xbf",
                "\xf0\x80\x80\x80",
                "\xf4\x90\x80\x80",
                "\xf5\x80\x80\x80",
                "\xff",
                "\xfe",
                "\xe2\x82",
                "ok\xf0\x9f\x98",
                "\xc3\xa9\xa9",
        };
        struct arena *arena = arena_new(1 << 20);
        for (size_t i = 0; i < COUNT_OF(wrong); i++) {
                assert_false(text_is_utf8(wrong[i], strlen(wrong[i])));
                assert_null(text_fold(arena, wrong[i], strlen(wrong[i])));
        }
        assert_false(text_is_utf8("a\0b", 3));
        assert_false(text_is_utf8("\xc3\xa9\0", 3));
        assert_false(text_is_utf8(NULL, 0));
        assert_null(text_fold(arena, "a\0b", 3));
        assert_null(text_fold(arena, NULL, 0));
        assert_true(text_is_utf8("", 0));
        assert_true(text_is_utf8("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf", 14));
        arena_free(arena);
}

static void test_fold_has_a_limit(void **state)
{
        size_t length = (1 << 20) + 1;
        char *text = malloc(length);
        struct arena *arena = arena_new(8 << 20), *small = arena_new(16);
        memset(text, 'A', length);
        assert_null(text_fold(arena, text, length));
        assert_non_null(text_fold(arena, text, length - 1));
        assert_null(text_fold(small, text, 100));
        assert_null(text_fold(small, "\xc3\x89\xc3\x89\xc3\x89\xc3\x89\xc3\x89\xc3\x89\xc3\x89\xc3\x89\xc3\x89", 18));
        arena_free(small);
        arena_free(arena);
        free(text);
}

static void test_fold_of_hostile_text_ends_soon(void **state)
{
        size_t length = (1 << 20) - 1;
        char *text = malloc(length);
        struct arena *arena = arena_new(8 << 20);
        text[0] = 'a';
        for (size_t i = 1; i + 1 < length; i += 2) /* one letter under half a million accents of two alternating classes */
                memcpy(text + i, i % 4 == 1 ? "\xcc\x81" : "\xcc\xa3", 2);
        int64_t start_us = clock_steady_us();
        assert_non_null(text_fold(arena, text, length));
        assert_in_range(clock_steady_us() - start_us, 0, 10 * US_PER_S);
        arena_free(arena);
        free(text);
}

static void check_fold(const char *from, const char *to)
{
        struct arena *arena = arena_new(1 << 16);
        assert_string_equal(text_fold(arena, from, strlen(from)), to);
        arena_free(arena);
}

static void test_fold_joins_what_people_hold_for_the_same(void **state)
{
        check_fold("", "");
        check_fold("Ann.Example@EXAMPLE.com", "ann.example@example.com");
        check_fold("[\\]^_`{|}~@Z", "[\\]^_`{|}~@z");
        check_fold("STRASSE", "strasse");
        check_fold("Stra\xc3\x9f"
                   "e",
                "strasse"); /* sharp s */
        check_fold("STRA\xe1\xba\x9e"
                   "E",
                "strasse");                                         /* capital sharp s */
        check_fold("\xc3\x89", "\xc3\xa9");                         /* E acute, composed */
        check_fold("E\xcc\x81", "\xc3\xa9");                        /* and decomposed */
        check_fold("\xce\xa3\xcf\x82", "\xcf\x83\xcf\x83");         /* both small sigmas */
        check_fold("\xe2\x84\xaa", "k");                            /* Kelvin sign */
        check_fold("I", "i");                                       /* no Turkish rules */
        check_fold("\xef\xac\x81", "fi");                           /* ligature */
        check_fold("\xce\x91\xcd\x85\xcc\x81", "\xce\xac\xce\xb9"); /* alpha, ypogegrammeni, acute: order of marks does not matter */
        check_fold("\xce\x91\xcc\x81\xcd\x85", "\xce\xac\xce\xb9");
}

static void test_fold_twice_is_fold_once_for_every_character(void **state)
{
        struct arena *arena = arena_new(1 << 16);
        for (ucs4_t character = 1; character < 0x20000; character++) {
                uint8_t text[8];
                int length = u8_uctomb(text, character, sizeof(text));
                if (length <= 0)
                        continue; /* a surrogate */
                char *once = text_fold(arena, (char *)text, (size_t)length);
                char *twice = text_fold(arena, once, strlen(once));
                if (strcmp(once, twice) != 0)
                        fail_msg("U+%04X", (unsigned)character);
                arena_reset(arena);
        }
        arena_free(arena);
}

static void test_null_equals_nothing(void **state)
{
        assert_false(text_equal(NULL, NULL));
        assert_false(text_equal("", NULL));
        assert_false(text_equal(NULL, ""));
        assert_false(text_equal_ascii_nocase(NULL, NULL));
        assert_false(text_equal_ascii_nocase("a", NULL));
        assert_false(text_starts_with(NULL, ""));
        assert_false(text_starts_with("", NULL));
        assert_false(text_equal_constant_time(NULL, NULL, 0));
        assert_false(text_equal("a", "A"));
        assert_true(text_equal("", ""));
        assert_true(text_equal_ascii_nocase("aBc@[", "AbC@["));
        assert_false(text_equal_ascii_nocase("@", "`"));
        assert_false(text_equal_ascii_nocase("abc", "abcd"));
        assert_false(text_equal_ascii_nocase("\xc3\x89", "\xc3\xa9"));
        assert_true(text_starts_with("abc", "ab"));
        assert_false(text_starts_with("ab", "abc"));
        assert_true(text_equal_constant_time("abc", "abd", 2));
        assert_false(text_equal_constant_time("abc", "abd", 3));
}

static void test_wipe_clears(void **state)
{
        char bytes[] = "secret";
        text_wipe(bytes, sizeof(bytes));
        assert_memory_equal(bytes, "\0\0\0\0\0\0\0", sizeof(bytes));
        text_wipe(NULL, 0);
}

static void test_wrong_numbers_are_refused(void **state)
{
        static const char *const wrong[] = {
                "",
                "-",
                "+1",
                " 1",
                "1 ",
                "1.0",
                "0x1",
                "1e3",
                "--1",
                "9223372036854775808",
                "-9223372036854775809",
                "99999999999999999999999999",
                "1a",
                "\xd9\xa1",
        };
        int64_t number = 42;
        for (size_t i = 0; i < COUNT_OF(wrong); i++)
                assert_false(text_parse_i64(wrong[i], INT64_MIN, INT64_MAX, &number));
        assert_false(text_parse_i64(NULL, 0, 1, &number));
        assert_false(text_parse_i64("11", 0, 10, &number));
        assert_false(text_parse_i64("-1", 0, 10, &number));
        assert_int_equal(number, 42);
        assert_true(text_parse_i64("-9223372036854775808", INT64_MIN, INT64_MAX, &number));
        assert_true(number == INT64_MIN);
        assert_true(text_parse_i64("9223372036854775807", INT64_MIN, INT64_MAX, &number));
        assert_true(number == INT64_MAX);
        assert_true(text_parse_i64("0010", 0, 10, &number));
        assert_int_equal(number, 10);
}

static void test_durations(void **state)
{
        static const char *const wrong[] = { "", "s", "-1s", "1w", "1 s", "1S", "1.5h", "1h30m", "s1", "106751991167301d",
                "9223372036854775808", "00000000000000000000001s" };
        int64_t seconds = 42;
        for (size_t i = 0; i < COUNT_OF(wrong); i++)
                assert_false(text_parse_duration_s(wrong[i], &seconds));
        assert_false(text_parse_duration_s(NULL, &seconds));
        assert_int_equal(seconds, 42);
        static const struct {
                const char *text;
                int64_t seconds;
        } right[] = { { "0", 0 }, { "90", 90 }, { "90s", 90 }, { "15m", 900 }, { "12h", 43200 }, { "30d", 2592000 },
                { "106751991167300d", 106751991167300 * 86400 }, { "9223372036854775807", INT64_MAX } };
        for (size_t i = 0; i < COUNT_OF(right); i++) {
                assert_true(text_parse_duration_s(right[i].text, &seconds));
                assert_true(seconds == right[i].seconds);
        }
}

static void test_slugs(void **state)
{
        static const char *const wrong[] = { "", "-", "-a", "a-", "a--b", "A", "a_b", "a.b", "a b", "\xc3\xa9", "a/b",
                "12345678901234567890123456789012345678901234567890123456789012345" };
        for (size_t i = 0; i < COUNT_OF(wrong); i++)
                assert_false(text_is_slug(wrong[i]));
        assert_false(text_is_slug(NULL));
        assert_true(text_is_slug("a"));
        assert_true(text_is_slug("a-1-b"));
        assert_true(text_is_slug("1234567890123456789012345678901234567890123456789012345678901234"));
}

static void test_nearest_name(void **state)
{
        static const char *const names[] = { "listen", "workers", "url", "idle_timeout", NULL };
        assert_string_equal(text_nearest("lisen", names), "listen");
        assert_string_equal(text_nearest("LISTEN", names), "listen");
        assert_string_equal(text_nearest("worker", names), "workers");
        assert_string_equal(text_nearest("idle-timeot", names), "idle_timeout");
        assert_string_equal(text_nearest("urk", names), "url");
        assert_null(text_nearest("x", names));
        assert_null(text_nearest("abc", names));
        assert_null(text_nearest("completely_else", names));
        assert_null(text_nearest("", names));
        assert_null(text_nearest(NULL, names));
        char *long_name = malloc(100000);
        memset(long_name, 'l', 99999);
        long_name[99999] = '\0';
        assert_null(text_nearest(long_name, names));
        free(long_name);
}

static void test_percent_decoding(void **state)
{
        static const char *const wrong[] = { "%", "%4", "a%", "%g1", "%1g", "%00", "%ff", "%c3", "a%c3b", "%-1", "% 1", "%+1" };
        char ret[64];
        size_t length = 42;
        for (size_t i = 0; i < COUNT_OF(wrong); i++)
                assert_false(text_percent_decode(wrong[i], strlen(wrong[i]), false, ret, &length));
        assert_false(text_percent_decode("a\0b", 3, false, ret, &length));
        assert_false(text_percent_decode("%41", 2, false, ret, &length)); /* the escape goes beyond the given length */
        assert_int_equal(length, 42);
        assert_true(text_percent_decode("a%20b+c%2B%c3%A9", 16, false, ret, &length));
        assert_int_equal(length, 8);
        assert_memory_equal(ret, "a b+c+\xc3\xa9", 8);
        assert_true(text_percent_decode("a+b%2b", 6, true, ret, &length));
        assert_int_equal(length, 4);
        assert_memory_equal(ret, "a b+", 4);
        char in_place[] = "%41%42%43";
        assert_true(text_percent_decode(in_place, 9, false, in_place, &length));
        assert_int_equal(length, 3);
        assert_memory_equal(in_place, "ABC", 3);
}

static void test_hex(void **state)
{
        unsigned char bytes[256], back[256];
        char text[513];
        for (int i = 0; i < 256; i++)
                bytes[i] = (unsigned char)i;
        text_hex(bytes, 256, text);
        assert_int_equal(strlen(text), 512);
        assert_memory_equal(text, "000102030405060708090a0b", 24);
        assert_true(text_unhex(text, 512, back));
        assert_memory_equal(bytes, back, 256);
        assert_true(text_unhex("aAfF", 4, back));
        assert_memory_equal(back, "\xaa\xff", 2);
        back[0] = 7;
        assert_false(text_unhex("abc", 3, back));
        assert_false(text_unhex("0g", 2, back));
        assert_false(text_unhex("00 1", 4, back));
        assert_int_equal(back[0], 7);
}

static void test_controls(void **state)
{
        static const uint32_t controls[] = { 0, 7, 0x1b, 0x7f, 0x80, 0x9f, 0x61c, 0x200e, 0x200f, 0x2028, 0x202a, 0x202e, 0x2066, 0x2069 };
        static const uint32_t plain[] = { ' ', '~', 0xa0, 0x61b, 0x200d, 0x2027, 0x202f, 0x2065, 0x206a, 0x1f600 };
        for (size_t i = 0; i < COUNT_OF(controls); i++)
                assert_true(text_is_control(controls[i]));
        for (size_t i = 0; i < COUNT_OF(plain); i++)
                assert_false(text_is_control(plain[i]));
}

static void test_numbers_as_text(void **state)
{
        static const struct {
                int64_t number;
                const char *text;
        } cases[] = { { 0, "0" }, { 7, "7" }, { -1, "-1" }, { 10, "10" }, { 1234567890, "1234567890" },
                { INT64_MAX, "9223372036854775807" }, { INT64_MIN, "-9223372036854775808" } };
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                char text[TEXT_I64_SIZE];
                assert_int_equal(text_i64(cases[i].number, text), strlen(cases[i].text));
                assert_string_equal(text, cases[i].text);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_broken_utf8_is_refused),
                cmocka_unit_test(test_fold_has_a_limit),
                cmocka_unit_test(test_fold_of_hostile_text_ends_soon),
                cmocka_unit_test(test_fold_joins_what_people_hold_for_the_same),
                cmocka_unit_test(test_fold_twice_is_fold_once_for_every_character),
                cmocka_unit_test(test_null_equals_nothing),
                cmocka_unit_test(test_wipe_clears),
                cmocka_unit_test(test_wrong_numbers_are_refused),
                cmocka_unit_test(test_durations),
                cmocka_unit_test(test_slugs),
                cmocka_unit_test(test_nearest_name),
                cmocka_unit_test(test_percent_decoding),
                cmocka_unit_test(test_hex),
                cmocka_unit_test(test_controls),
                cmocka_unit_test(test_numbers_as_text),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
