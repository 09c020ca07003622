/* SPDX-License-Identifier: Apache-2.0
 *
 * What a Content-Type says of the charset of a body, which is UTF-8 or refused by name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/auto.h"
#include "http/request.h"

static void another_charset_than_utf8_is_named(void **state)
{
        static const struct {
                const char *content_type, *named; /* NULL: none */
        } rows[] = {
                { NULL, NULL },
                { "application/json", NULL },
                { "application/json;", NULL },
                { "application/json; charset=utf-8", NULL },
                { "application/scim+json;charset=UTF-8", NULL },
                { "application/json ; Charset=\"Utf-8\"", NULL },
                { "application/json; charset=\"ut\\f-8\"", NULL },
                { "application/json; charset=UTF8", NULL },
                { "application/json; charset=us-ascii", NULL },
                { "application/json; charset=", NULL },
                { "application/json; charset", NULL },
                { "application/json; version=latin1", NULL },
                { "application/json; x=\";charset=latin1\"; charset=utf-8", NULL },
                { "application/json; charset=latin1", "latin1" },
                { "application/json;charset=ISO-8859-1", "ISO-8859-1" },
                { "application/json; CHARSET=\"utf-16\"", "utf-16" },
                { "application/json; charset=\"utf-16", "utf-16" },
                { "application/json; charset=utf-8; charset=utf-16", "utf-16" },
                { "application/json; version=1; charset=utf-16le ;q=1", "utf-16le" },
                { "application/json; x=\"a\\\"b\"; charset=latin1", "latin1" },
                { "application/json; charset=utf-8x", "utf-8x" },
        };
        (void)state;
        for (size_t i = 0; i < COUNT_OF(rows); i++) {
                const struct request request = { .headers = { [HEADER_CONTENT_TYPE] = rows[i].content_type } };
                struct fault fault = { 0 };
                char told[64] = "";
                enum err e = request_check_charset(&request, &fault);
                if (rows[i].named)
                        (void)snprintf(told, sizeof told, "charset \"%s\" came", rows[i].named);
                if (e != (rows[i].named ? ERR_MEDIA_TYPE : ERR_OK) || !strstr(fault.message, told))
                        fail_msg("%s: %d, %s", rows[i].content_type, e, fault.message);
                assert_string_equal(fault.field, rows[i].named ? "Content-Type" : "");
        }
}

/* Longer than the room for one: cut, and still another. */
static void a_long_name_is_cut(void **state)
{
        char type[400] = "application/json; charset=utf-8";
        (void)state;
        memset(type + strlen(type), 'x', sizeof type - strlen(type) - 1);
        const struct request request = { .headers = { [HEADER_CONTENT_TYPE] = type } };
        struct fault fault = { 0 };
        assert_int_equal(request_check_charset(&request, &fault), ERR_MEDIA_TYPE);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(another_charset_than_utf8_is_named),
                cmocka_unit_test(a_long_name_is_cut),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
