/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON under limits: what is refused, the memory ceiling at every possible height, and canonical bytes. */
#include "base/json.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/auto.h"

static enum err parse(const char *text, struct fault *fault)
{
        json_auto_t *value = NULL;
        enum err e = json_parse(text, strlen(text), &value, fault);
        assert_true((e == ERR_OK) == (value != NULL));
        return e;
}

static void test_what_is_not_json_is_refused_with_its_place(void **state)
{
        static const char *const wrong[] = {
                "",
                " ",
                "{",
                "[",
                "}",
                "]",
                "[1,]",
                "{\"a\":1,}",
                "{a:1}",
                "{'a':1}",
                "[1 2]",
                "1 2",
                "{} {}",
                "{}x",
                "nul",
                "True",
                "NaN",
                "Infinity",
                "01",
                "1.",
                ".5",
                "+1",
                "0x1",
                "\"a",
                "\"\\x\"",
                "\"\\u12\"",
                "\"\t\"",
                "// c\n1",
                "/* c */ 1",
                "\xef\xbb\xbf{}",
                "\"\xff\"",
                "\"\xed\xa0\x80\"",
                "\"\\ud800\"",
                "\"\\udc00\"",
                "\"\\u0000\"",
                "{\"\\u0000\":1}",
                "[\"a\\u0000b\"]",
                "9223372036854775808",
                "1e999",
                "{\"a\":1,\"a\":1}",
                "{\"a\":1,\"b\":{\"c\":1,\"c\":2}}",
                "{\"a\":1,\"\\u0061\":2}",
                "[[]",
                "[}",
        };
        for (size_t i = 0; i < COUNT_OF(wrong); i++) {
                struct fault fault = { 0 };
                if (parse(wrong[i], &fault) != ERR_SYNTAX)
                        fail_msg("accepted: %s", wrong[i]);
                assert_memory_equal(fault.message, "Line 1, column ", 15);
        }
        json_t *value = NULL;
        struct fault fault;
        assert_int_equal(json_parse("{}\0", 3, &value, &fault), ERR_SYNTAX);
        assert_int_equal(json_parse("[\n\n \0]", 6, &value, &fault), ERR_SYNTAX);
        assert_non_null(strstr(fault.message, "Line 3, column 2: a NUL byte"));
        assert_int_equal(json_parse("[\"a\0b\"]", 7, &value, NULL), ERR_SYNTAX);
        assert_int_equal(json_parse("{}", SIZE_MAX, &value, NULL), ERR_TOO_LARGE);
        assert_null(value);
}

static void test_faults_never_quote_the_document(void **state)
{
        struct fault fault;
        assert_int_equal(parse("{\"password\":\"hunter2\" \"hunter2\"}", &fault), ERR_SYNTAX);
        assert_null(strstr(fault.message, "hunter2"));
        assert_int_equal(parse("{\"password\":hunter2}", &fault), ERR_SYNTAX);
        assert_null(strstr(fault.message, "hunter2"));
        assert_int_equal(parse("{\"hunter2\":1,\"hunter2\":2}", &fault), ERR_SYNTAX);
        assert_null(strstr(fault.message, "hunter2"));
        assert_int_equal(parse("[\"hunter2 near hunter2\x01\"]", &fault), ERR_SYNTAX);
        assert_null(strstr(fault.message, "hunter2"));
}

/* `depth` times `open`, then as many `close`. */
static char *nested(const char *open, const char *close, size_t depth)
{
        auto_buffer buffer = { 0 };
        for (size_t i = 0; i < depth; i++)
                buffer_puts(&buffer, open);
        buffer_puts(&buffer, "1");
        for (size_t i = 0; i < depth; i++)
                buffer_puts(&buffer, close);
        return buffer_steal(&buffer, NULL);
}

static void test_depth_is_limited(void **state)
{
        static const struct {
                const char *open, *close;
        } kinds[] = { { "[", "]" }, { "{\"a\":", "}" }, { " [ \"\\\"]]]\", ", " ] " } };
        for (size_t i = 0; i < COUNT_OF(kinds); i++) {
                struct fault fault;
                auto_free_ char *right = nested(kinds[i].open, kinds[i].close, JSON_DEPTH_MAX);
                auto_free_ char *wrong = nested(kinds[i].open, kinds[i].close, JSON_DEPTH_MAX + 1);
                auto_free_ char *deep = nested(kinds[i].open, "", 100000);
                assert_int_equal(parse(right, NULL), ERR_OK);
                assert_int_equal(parse(wrong, &fault), ERR_SYNTAX);
                assert_non_null(strstr(fault.message, "deeper than 32"));
                assert_int_equal(parse(deep, NULL), ERR_SYNTAX);
        }
        /* Brackets in strings, and many neighbours, are not depth. */
        assert_int_equal(parse("\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[[\"", NULL), ERR_OK);
        assert_int_equal(
                parse("[[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[]]", NULL),
                ERR_OK);
}

static void test_object_is_demanded(void **state)
{
        json_t *value = NULL;
        struct fault fault;
        assert_int_equal(json_parse_object("[1]", 3, &value, &fault), ERR_SYNTAX);
        assert_string_equal(fault.message, "The document is array; an object was expected.");
        assert_int_equal(json_parse_object("{", 1, &value, &fault), ERR_SYNTAX);
        assert_null(value);
        assert_int_equal(json_parse_object("{}", 2, &value, &fault), ERR_OK);
        json_decref(value);
}

static void test_members_of_wrong_type_are_refused(void **state)
{
        json_auto_t *object = NULL;
        const char text[] = "{\"text\":\"x\",\"number\":7,\"real\":7.0,\"yes\":true,\"no\":false,\"null\":null,\"object\":{},\"array\":[]}";
        assert_int_equal(json_parse_object(text, strlen(text), &object, NULL), ERR_OK);
        static const char *const keys[] = { "text", "number", "real", "yes", "no", "object", "array" };
        for (size_t i = 0; i < COUNT_OF(keys); i++) {
                struct fault fault = { 0 };
                const char *got_text = "kept";
                const json_t *got_object = object;
                int64_t got_number = 42;
                bool got_bool = true, is_bool = strcmp(keys[i], "yes") == 0 || strcmp(keys[i], "no") == 0;
                assert_int_equal(json_take_text(object, keys[i], false, &got_text, &fault), strcmp(keys[i], "text") ? ERR_VALUE : ERR_OK);
                assert_string_equal(got_text, strcmp(keys[i], "text") ? "kept" : "x");
                assert_int_equal(
                        json_take_object(object, keys[i], false, &got_object, &fault), strcmp(keys[i], "object") ? ERR_VALUE : ERR_OK);
                assert_true((got_object == object) == (strcmp(keys[i], "object") != 0));
                assert_int_equal(
                        json_take_i64(object, keys[i], false, 1, &got_number, &fault), strcmp(keys[i], "number") ? ERR_VALUE : ERR_OK);
                assert_int_equal(got_number, strcmp(keys[i], "number") ? 42 : 7);
                assert_int_equal(json_take_bool(object, keys[i], false, false, &got_bool, &fault), is_bool ? ERR_OK : ERR_VALUE);
                assert_string_equal(fault.field, keys[i]);
        }
        struct fault fault;
        const char *got = NULL;
        assert_int_equal(json_take_text(object, "number", false, &got, &fault), ERR_VALUE);
        assert_string_equal(fault.message, "\"number\" is of type integer; expected string.");
        assert_string_equal(fault.field, "number");
}

static void test_absent_and_null_are_the_same(void **state)
{
        json_auto_t *object = json_pack("{s:n}", "null");
        static const char *const keys[] = { "null", "absent" };
        for (size_t i = 0; i < COUNT_OF(keys); i++) {
                struct fault fault;
                const char *text = "kept";
                const json_t *member = object;
                int64_t number = 42;
                bool is_true = false;
                assert_int_equal(json_take_text(object, keys[i], true, &text, &fault), ERR_VALUE);
                assert_int_equal(json_take_object(object, keys[i], true, &member, &fault), ERR_VALUE);
                assert_int_equal(json_take_i64(object, keys[i], true, 5, &number, &fault), ERR_VALUE);
                assert_int_equal(json_take_bool(object, keys[i], true, true, &is_true, &fault), ERR_VALUE);
                assert_string_equal(fault.field, keys[i]);
                assert_string_equal(text, "kept");
                assert_int_equal(number, 42);
                assert_false(is_true);
                assert_int_equal(json_take_text(object, keys[i], false, &text, &fault), ERR_OK);
                assert_int_equal(json_take_object(object, keys[i], false, &member, &fault), ERR_OK);
                assert_int_equal(json_take_i64(object, keys[i], false, 5, &number, &fault), ERR_OK);
                assert_int_equal(json_take_bool(object, keys[i], false, true, &is_true, &fault), ERR_OK);
                assert_null(text);
                assert_null(member);
                assert_int_equal(number, 5);
                assert_true(is_true);
        }
}

static const char document[] =
        "{\"schemas\":[\"urn:a\"],\"userName\":\"ann\",\"emails\":[{\"value\":\"a@b\",\"primary\":true},{\"value\":\"c@d\"}],"
        "\"number\":12345678901,\"real\":0.5,\"\\u00e9\":null,\"active\":false}";

static void test_every_ceiling_ends_in_success_or_too_large_without_leak(void **state)
{
        size_t failures = 0;
        enum err e = ERR_TOO_LARGE;
        for (size_t ceiling = 1; e != ERR_OK && ceiling < 100000; ceiling += 8) {
                struct fault fault;
                json_t *value = NULL;
                json_memory_limit(ceiling);
                e = json_parse(document, strlen(document), &value, &fault);
                if (e) {
                        failures++;
                        assert_int_equal(e, ERR_TOO_LARGE);
                        assert_null(value);
                        assert_non_null(strstr(fault.message, "limit of"));
                }
                json_decref(value);
                assert_int_equal(json_memory_used(), 0);
        }
        assert_int_equal(e, ERR_OK);
        assert_true(failures > 50);
        json_memory_limit(0);
}

static void test_the_ceiling_is_safe_inside_every_kind_of_token(void **state)
{
        static const char *const tokens[] = {
                "1111111111111111111111111111111111111111",
                "-1.111111111111111111111111111111111111e-11",
                "truetruetruetruetruetruetruetruetrue",
                "\"a string of more than one growth of the buffer of the lexer\"",
                "\"\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\"",
        };
        for (size_t i = 0; i < COUNT_OF(tokens); i++) {
                auto_buffer text = { 0 };
                buffer_puts(&text, "[");
                for (int j = 0; j < 8; j++)
                        buffer_printf(&text, "{},%s,", tokens[i]);
                buffer_puts(&text, "0]");
                for (size_t ceiling = 1; ceiling < 6000; ceiling++) {
                        json_t *value = NULL;
                        json_memory_limit(ceiling);
                        enum err e = json_parse(text.data, text.length, &value, NULL);
                        assert_true((e == ERR_OK) == (value != NULL));
                        json_decref(value);
                }
        }
        json_memory_limit(0);
}

/* Says the same of a document as jansson's reader does, which takes a NUL for the end here and there. */
static void agree(const char *text, size_t length)
{
        json_auto_t *ours = NULL;
        struct fault fault = { 0 };
        enum err e = json_parse(text, length, &ours, &fault);
        json_auto_t *theirs = json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
        if (memchr(text, 0, length))
                assert_null(ours);
        else if (!ours != !theirs || (ours && !json_equal(ours, theirs)))
                fail_msg("%s here, %s there: %.*s", ours ? "accepted" : fault.message, theirs ? "accepted" : "refused", (int)length, text);
        assert_true((e == ERR_OK) == (ours != NULL));
}

static void test_every_document_means_what_jansson_reads(void **state)
{
        static const char *const documents[] = {
                document,
                " [ -0 , 0 , 1e5 , -1.25E-3 , 0.1 , 9223372036854775807 , -9223372036854775808 , 1E+2, 5e-324 ] ",
                "{\"\\\"\\\\\\/\\b\\f\\n\\r\\t\":\"\\u00e9\\u20ac\\ud83d\\ude00 \xc3\xa9 \xf0\x9f\x98\x80\",\"\":[[],{},[{}]]}",
                "[true,false,null,\"\",\"\x7f\",{\"a\":{\"a\":[1,2.5,\"3\"]}}]",
        };
        static const char bytes[] = "{}[]\",:\\u0d8ce+-.19tfn \n\xc3\xa9\xff\x01";
        uint32_t random = 1;
        for (size_t i = 0; i < COUNT_OF(documents); i++) {
                size_t length = strlen(documents[i]);
                auto_free_ char *text = malloc(length);
                assert_non_null(text);
                for (size_t cut = 0; cut <= length; cut++)
                        agree(documents[i], cut);
                for (int round = 0; round < 20000; round++) {
                        memcpy(text, documents[i], length);
                        for (int change = 0; change < 1 + round % 3; change++) {
                                random = random * 1664525 + 1013904223;
                                text[(random >> 8) % length] = bytes[(random >> 24) % (sizeof bytes)];
                        }
                        agree(text, length);
                }
        }
}

static json_malloc_t malloc_of_json;
static size_t peak;

static void *watched_malloc(size_t size)
{
        void *block = malloc_of_json(size);
        if (json_memory_used() > peak)
                peak = json_memory_used();
        return block;
}

static void test_the_ceiling_stops_a_large_document_soon(void **state)
{
        auto_buffer text = { 0 };
        buffer_puts(&text, "[{}");
        for (int i = 0; i < 300000; i++)
                buffer_puts(&text, ",{}");
        buffer_puts(&text, "]");
        json_t *value = NULL;
        json_free_t free_of_json;
        json_get_alloc_funcs(&malloc_of_json, &free_of_json);
        json_set_alloc_funcs(watched_malloc, free_of_json);
        json_memory_limit(1 << 20);
        assert_int_equal(json_parse(text.data, text.length, &value, NULL), ERR_TOO_LARGE);
        json_set_alloc_funcs(malloc_of_json, free_of_json);
        assert_in_range(peak, (1 << 20) - 4096, (1 << 20) + 4096); /* the whole of it would be some 80 MB */
        assert_int_equal(json_memory_used(), 0);
        json_memory_limit(0);
}

static void test_dump_at_the_ceiling_leaves_the_buffer_as_it_was(void **state)
{
        json_auto_t *value = NULL;
        json_memory_limit(0);
        assert_int_equal(json_parse(document, strlen(document), &value, NULL), ERR_OK);
        auto_buffer buffer = { 0 };
        json_memory_limit(8); /* a dump needs none of jansson's memory */
        assert_int_equal(json_canonical(value, &buffer, NULL), ERR_OK);
        json_memory_limit(0);
        auto_buffer small = { .ceiling = 20 };
        buffer_puts(&small, "before");
        assert_int_equal(json_canonical(value, &small, NULL), ERR_TOO_LARGE);
        assert_string_equal(small.data, "before");
        assert_int_equal(small.length, 6);
        assert_int_equal(json_compact(value, &small, NULL), ERR_TOO_LARGE);
        auto_buffer into = { 0 };
        assert_int_equal(json_compact(NULL, &into, NULL), ERR_INTERNAL);
        assert_int_equal(into.length, 0);
}

static void *free_in_thread(void *value)
{
        json_memory_limit(1000);
        json_decref(value); /* much more than this thread ever took */
        assert_int_equal(json_memory_used(), 0);
        json_t *large = NULL;
        char text[3000];
        memset(text, 'x', sizeof(text));
        text[0] = text[sizeof(text) - 1] = '"';
        assert_int_equal(json_parse(text, sizeof(text), &large, NULL), ERR_TOO_LARGE);
        return NULL;
}

static void test_blocks_freed_by_another_thread_open_no_ceiling(void **state)
{
        json_t *value = NULL;
        json_memory_limit(0);
        assert_int_equal(json_parse(document, strlen(document), &value, NULL), ERR_OK);
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, free_in_thread, value), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
}

static void test_equal_documents_give_equal_bytes(void **state)
{
        static const struct {
                const char *from, *canonical, *compact;
        } cases[] = {
                { " { \"b\" : 1 , \"a\" : [ true , null ] } ", "{\"a\":[true,null],\"b\":1}", "{\"b\":1,\"a\":[true,null]}" },
                { "{\"a\":{\"z\":1,\"B\":2,\"\\u00e9\":3}}", "{\"a\":{\"B\":2,\"z\":1,\"\xc3\xa9\":3}}",
                        "{\"a\":{\"z\":1,\"B\":2,\"\xc3\xa9\":3}}" },
                { "\"\\u0061\\/\\n\\ud83d\\ude00\"", "\"a/\\n\xf0\x9f\x98\x80\"", "\"a/\\n\xf0\x9f\x98\x80\"" },
                { "-9223372036854775808", "-9223372036854775808", "-9223372036854775808" },
                { "true", "true", "true" },
        };
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                json_auto_t *value = NULL;
                auto_buffer canonical = { 0 }, compact = { 0 };
                assert_int_equal(json_parse(cases[i].from, strlen(cases[i].from), &value, NULL), ERR_OK);
                assert_int_equal(json_canonical(value, &canonical, NULL), ERR_OK);
                assert_int_equal(json_compact(value, &compact, NULL), ERR_OK);
                assert_string_equal(canonical.data, cases[i].canonical);
                assert_string_equal(compact.data, cases[i].compact);
        }
}

/* It stands where its key sorts, among few members and many; nothing below the top has one; a text that failed is no document. */
static void test_a_member_that_is_text_already_stands_in_its_place(void **state)
{
        json_auto_t *few = json_pack("{s:{s:i}, s:i}", "z", "b", 1, "a", 2), *many = json_object(), *both = NULL;
        auto_buffer text = { 0 }, into = { 0 }, large = { 0 }, failed = { .ceiling = 1 };
        buffer_puts(&text, "[\"x\"]");
        const struct json_written more = { "m", &text };
        assert_int_equal(json_canonical_with(few, &more, &into, NULL), ERR_OK);
        assert_string_equal(into.data, "{\"a\":2,\"m\":[\"x\"],\"z\":{\"b\":1}}");
        for (int i = 0; i < 40; i++) {
                char key[8];
                (void)snprintf(key, sizeof(key), "%c%02d", 'a' + i % 26, i);
                assert_int_equal(json_object_set_new(many, key, json_integer(i)), 0);
        }
        assert_int_equal(json_canonical_with(many, &more, &large, NULL), ERR_OK);
        assert_int_equal(json_parse(large.data, large.length, &both, NULL), ERR_OK);
        assert_int_equal(json_object_set_new(many, "m", json_pack("[s]", "x")), 0);
        assert_true(json_equal(both, many));
        buffer_clear(&into);
        assert_int_equal(json_canonical(many, &into, NULL), ERR_OK);
        assert_string_equal(into.data, large.data);
        buffer_puts(&failed, "[]");
        assert_int_equal(json_canonical_with(few, &(struct json_written){ "m", &failed }, &into, NULL), ERR_TOO_LARGE);
}

static void test_type_names(void **state)
{
        json_auto_t *value = json_pack("[{},[],s,i,f,b,n]", "x", 1, 1.5, 1);
        static const char *const names[] = { "object", "array", "string", "integer", "number", "boolean", "null" };
        for (size_t i = 0; i < COUNT_OF(names); i++)
                assert_string_equal(json_type_name(json_array_get(value, i)), names[i]);
        assert_string_equal(json_type_name(NULL), "nothing");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_is_not_json_is_refused_with_its_place),
                cmocka_unit_test(test_faults_never_quote_the_document),
                cmocka_unit_test(test_depth_is_limited),
                cmocka_unit_test(test_object_is_demanded),
                cmocka_unit_test(test_members_of_wrong_type_are_refused),
                cmocka_unit_test(test_absent_and_null_are_the_same),
                cmocka_unit_test(test_every_ceiling_ends_in_success_or_too_large_without_leak),
                cmocka_unit_test(test_the_ceiling_is_safe_inside_every_kind_of_token),
                cmocka_unit_test(test_every_document_means_what_jansson_reads),
                cmocka_unit_test(test_the_ceiling_stops_a_large_document_soon),
                cmocka_unit_test(test_dump_at_the_ceiling_leaves_the_buffer_as_it_was),
                cmocka_unit_test(test_blocks_freed_by_another_thread_open_no_ceiling),
                cmocka_unit_test(test_equal_documents_give_equal_bytes),
                cmocka_unit_test(test_a_member_that_is_text_already_stands_in_its_place),
                cmocka_unit_test(test_type_names),
        };
        json_memory_install();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
