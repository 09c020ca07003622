/* SPDX-License-Identifier: Apache-2.0
 *
 * The dumps against jansson's own: the same bytes for whatever a document may hold. */
#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/auto.h"

static unsigned seed = 1;

static unsigned any(unsigned below)
{
        seed = seed * 1103515245u + 12345u;
        return (seed >> 8) % below;
}

static json_t *random_text(void)
{
        static const char *const pieces[] = { "a", "Z", " ", "\"", "\\", "/", "\b", "\f", "\n", "\r", "\t", "\x01", "\x1f", "\x7f",
                "\xc3\xa9", "\xf0\x9f\x98\x80", "urn:x:y", "" };
        char text[64] = "";
        for (unsigned i = any(6); i; i--)
                strcat(text, pieces[any(COUNT_OF(pieces))]);
        return json_string(text);
}

static json_t *random_value(unsigned depth)
{
        json_t *made;
        switch (any(depth ? 10 : 7)) {
        case 0:
                return json_null();
        case 1:
                return json_boolean(any(2));
        case 2:
                return json_integer((json_int_t)(any(2) ? any(1000) : ((uint64_t)any(1 << 24) << 40 | any(1 << 24)) * (any(2) ? 1u : -1u)));
        case 3:
                return json_real((double)any(1 << 20) / (double)(1 + any(1000)) * (any(4) ? 1 : 1e200));
        case 4:
        case 5:
        case 6:
                return random_text();
        case 7:
                made = json_array();
                for (unsigned i = any(5); i; i--)
                        assert_int_equal(json_array_append_new(made, random_value(depth - 1)), 0);
                return made;
        default:
                made = json_object();
                for (unsigned i = any(6) ? any(6) : 60; i; i--) {
                        json_auto_t *key = random_text();
                        assert_int_equal(json_object_set_new(made, json_string_value(key), random_value(depth - 1)), 0);
                }
                return made;
        }
}

static void same(const json_t *value, size_t flags, enum err (*dump)(const json_t *, struct buffer *, struct fault *))
{
        auto_buffer buffer = { 0 };
        auto_free_ char *expected = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | flags);
        assert_int_equal(dump(value, &buffer, NULL), ERR_OK);
        assert_string_equal(buffer.data, expected);
        assert_int_equal(buffer.length, strlen(expected));
}

static void test_bytes_are_those_of_jansson(void **state)
{
        for (int round = 0; round < 3000; round++) {
                json_auto_t *value = random_value(4);
                same(value, JSON_SORT_KEYS, json_canonical);
                same(value, 0, json_compact);
        }
}

static void test_nothing_is_written_of_a_tree_without_end(void **state)
{
        json_auto_t *value = json_integer(1);
        for (int i = 0; i < 600; i++) {
                json_t *around = json_array();
                assert_int_equal(json_array_append_new(around, value), 0);
                value = around;
        }
        auto_buffer buffer = { 0 };
        buffer_puts(&buffer, "before");
        assert_int_equal(json_compact(value, &buffer, NULL), ERR_INTERNAL);
        assert_string_equal(buffer.data, "before");
        assert_int_equal(json_canonical(NULL, &buffer, NULL), ERR_INTERNAL);
        assert_string_equal(buffer.data, "before");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_bytes_are_those_of_jansson),
                cmocka_unit_test(test_nothing_is_written_of_a_tree_without_end),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
