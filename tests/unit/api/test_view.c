/* SPDX-License-Identifier: Apache-2.0
 *
 * Resources as text, as far as no row has to be asked: members, names, parties that are known already, and a whole resource of a kind
 * that has nothing of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "api/view.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/json.h"

#define BODY_MAX 4096

static void check_text(struct buffer *body, const char *expected)
{
        buffer_putc(body, '\0');
        assert_string_equal(body->data, expected);
        buffer_clear(body);
}

static void a_member_is_text_null_or_a_number(void **state)
{
        struct buffer body;
        buffer_init(&body, BODY_MAX);
        view_text(&body, "a", "plain");
        check_text(&body, ",\"a\":\"plain\"");
        view_text(&body, "a", NULL);
        check_text(&body, ",\"a\":null");
        view_text(&body, "a", "");
        check_text(&body, ",\"a\":\"\"");
        view_text(&body, "a", "\"\\\n\x01 \xc3\xa4");
        check_text(&body, ",\"a\":\"\\\"\\\\\\n\\u0001 \xc3\xa4\"");
        view_number(&body, "n", INT64_MIN);
        view_number(&body, "n", 0);
        view_number(&body, "n", INT64_MAX);
        check_text(&body, ",\"n\":-9223372036854775808,\"n\":0,\"n\":9223372036854775807");
        buffer_done(&body);
}

static void no_time_is_null(void **state)
{
        struct buffer body;
        buffer_init(&body, BODY_MAX);
        view_time(&body, "at", 0);
        view_time(&body, "at", 1);
        view_time(&body, "at", 1763701567123456);
        check_text(&body, ",\"at\":null,\"at\":\"1970-01-01T00:00:00.000Z\",\"at\":\"2025-11-21T05:06:07.123Z\"");
        buffer_done(&body);
}

static void each_kind_is_known_by_its_own_attribute(void **state)
{
        static const struct {
                enum resource_kind kind;
                const char *doc, *name;
        } cases[] = {
                { KIND_USER, "{\"displayName\":\"Ann Smith\",\"userName\":\"ann\"}", "ann" },
                { KIND_GROUP, "{\"displayName\":\"Crew\",\"userName\":\"ann\"}", "Crew" },
                { KIND_PROJECT, "{\"name\":\"Payments\",\"slug\":\"pay\"}", "pay" },
                { KIND_CONNECTION, "{\"name\":\"Okta\"}", "Okta" },
                { KIND_GRANT, "{\"name\":\"x\"}", "" }, /* nobody names a grant */
                { KIND_USER, "{}", "" },
                { KIND_USER, "{\"userName\":7}", "" },
                { KIND_USER, "", "" },
                { KIND_NONE, "{\"name\":\"x\"}", "" },
        };
        struct arena *arena = arena_new(BODY_MAX);
        struct fault fault = { 0 };
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                const char *name = NULL;
                assert_int_equal(view_name(arena, cases[i].kind, cases[i].doc, strlen(cases[i].doc), &name, &fault), ERR_OK);
                assert_string_equal(name, cases[i].name);
        }
        arena_free(arena);
}

static void a_name_that_cannot_be_read_or_kept_is_an_error(void **state)
{
        static char doc[BODY_MAX];
        struct arena *arena = arena_new(BODY_MAX / 2);
        struct fault fault = { 0 };
        const char *name = "untouched";
        assert_int_not_equal(view_name(arena, KIND_USER, "{\"userName\":", 12, &name, &fault), ERR_OK);
        int length = snprintf(doc, sizeof doc, "{\"userName\":\"%03000d\"}", 7);
        assert_int_equal(view_name(arena, KIND_USER, doc, (size_t)length, &name, &fault), ERR_MEMORY);
        assert_int_equal(fault.code, ERR_MEMORY);
        assert_string_equal(name, "untouched");
        arena_free(arena);
}

/* A view without a session: whoever is not known already would be asked for, and crash. */
static void who_was_read_is_not_read_again(void **state)
{
        struct view view = { .parties = { { 5, KIND_CONNECTION, "id-of-5", "Okta" }, { 6, KIND_NONE, NULL, NULL } } };
        struct fault fault = { 0 };
        struct party party;
        struct buffer body;
        buffer_init(&body, BODY_MAX);
        assert_int_equal(view_party(&view, 5, &party, &fault), ERR_OK);
        assert_int_equal(party.kind, KIND_CONNECTION);
        assert_string_equal(party.id, "id-of-5");
        assert_string_equal(party.name, "Okta");
        assert_int_equal(view_source(&view, 0, &body, &fault), ERR_OK);
        assert_int_equal(view_source(&view, 5, &body, &fault), ERR_OK);
        assert_int_equal(view_source(&view, 6, &body, &fault), ERR_OK); /* not there any more */
        check_text(&body, ",\"source\":\"local\",\"source\":\"id-of-5\",\"source\":null");
        assert_int_equal(view_rule(&view, 0, &body, &fault), ERR_OK);
        check_text(&body, "");
        assert_int_equal(view_rule(&view, 5, &body, &fault), ERR_OK);
        assert_int_equal(view_rule(&view, 6, &body, &fault), ERR_OK);
        check_text(&body, ",\"rule\":\"id-of-5\",\"rule\":null");
        buffer_done(&body);
}

static void a_resource_is_its_header_and_its_document(void **state)
{
        struct view view = { .query = NULL };
        struct fault fault = { 0 };
        struct buffer body;
        struct resource_row row = {
                .no = 9,
                .id = "01930000-abcd-7000-8000-000000000009",
                .kind = KIND_PROJECT,
                .name = "pay",
                .active = true,
                .version = 17,
                .created_us = US_PER_S,
                .modified_us = 2 * US_PER_S,
                .doc = "{\"slug\":\"pay\"}and what else stands in memory",
                .doc_length = strlen("{\"slug\":\"pay\"}"),
        };
#define HEADER \
        "{\"id\":\"01930000-abcd-7000-8000-000000000009\",\"kind\":\"project\",\"active\":%s,\"source\":\"local\"," \
        "\"created_at\":\"1970-01-01T00:00:01.000Z\",\"modified_at\":\"1970-01-01T00:00:02.000Z\",\"version\":17"
        char expected[512];
        buffer_init(&body, BODY_MAX);
        assert_int_equal(view_resource(&view, &row, &body, &fault), ERR_OK);
        (void)snprintf(expected, sizeof expected, HEADER ",\"slug\":\"pay\"}", "true");
        check_text(&body, expected);
        row.active = false;
        row.doc_length = 2; /* an empty document adds nothing, not even a comma */
        row.doc = "{}";
        assert_int_equal(view_open(&view, &row, &body, &fault), ERR_OK);
        (void)snprintf(expected, sizeof expected, HEADER, "false");
        check_text(&body, expected);
        buffer_done(&body);
}

int main(void)
{
        json_memory_install();
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_member_is_text_null_or_a_number),
                cmocka_unit_test(no_time_is_null),
                cmocka_unit_test(each_kind_is_known_by_its_own_attribute),
                cmocka_unit_test(a_name_that_cannot_be_read_or_kept_is_an_error),
                cmocka_unit_test(who_was_read_is_not_read_again),
                cmocka_unit_test(a_resource_is_its_header_and_its_document),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
