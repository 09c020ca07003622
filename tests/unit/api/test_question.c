/* SPDX-License-Identifier: Apache-2.0
 *
 * Bodies of evaluations: everything required is there and has its type, or the field at fault is named; the rest is ignored. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "api/question.h"

static enum err parse(const char *text, json_t **ret_body, struct asked *ret, struct fault *fault)
{
        *fault = (struct fault){ 0 };
        *ret_body = NULL;
        enum err e = json_parse_object(text, strlen(text), ret_body, fault);
        return e ? e : question_parse(*ret_body, ret, fault);
}

static void a_whole_question_is_understood(void **state)
{
        struct asked asked;
        struct fault fault;
        json_t *body;
        assert_int_equal(parse("{\"subject\":{\"type\":\"user\",\"id\":\"u\",\"properties\":{\"connection\":\"c\",\"x\":1}},"
                               "\"resource\":{\"type\":\"groups\",\"id\":\"r\",\"properties\":{}},\"action\":{\"name\":\"read\"},"
                               "\"context\":{\"project\":\"p\",\"at_least\":\"h.1.2\",\"time\":7},\"more\":[1,{}]}",
                                 &body, &asked, &fault),
                ERR_OK);
        assert_string_equal(asked.question.subject_type, "user");
        assert_string_equal(asked.question.subject_id, "u");
        assert_string_equal(asked.question.subject_connection, "c");
        assert_string_equal(asked.question.resource_type, "groups");
        assert_string_equal(asked.question.resource_id, "r");
        assert_string_equal(asked.question.action, "read");
        assert_string_equal(asked.question.project, "p");
        assert_null(asked.question.organization);
        assert_string_equal(asked.at_least, "h.1.2");
        json_decref(body);
}

static void what_is_absent_is_null(void **state)
{
        struct asked asked;
        struct fault fault;
        json_t *body;
        assert_int_equal(parse("{\"subject\":{\"type\":\"user\",\"id\":\"u\"},\"resource\":{\"type\":\"t\",\"id\":\"r\"},\"action\":{"
                               "\"name\":\"a\"}}",
                                 &body, &asked, &fault),
                ERR_OK);
        assert_null(asked.question.subject_connection);
        assert_null(asked.question.project);
        assert_null(asked.question.organization);
        assert_null(asked.at_least);
        json_decref(body);
}

#define S "\"subject\":{\"type\":\"user\",\"id\":\"u\"}"
#define R "\"resource\":{\"type\":\"t\",\"id\":\"r\"}"
#define A "\"action\":{\"name\":\"a\"}"

static void the_field_at_fault_is_named(void **state)
{
        static const struct {
                const char *text, *field;
        } wrong[] = {
                { "{}", "subject" },
                { "{" R "," A "}", "subject" },
                { "{" S "," A "}", "resource" },
                { "{" S "," R "}", "action" },
                { "{\"subject\":\"u\"," R "," A "}", "subject" },
                { "{\"subject\":null," R "," A "}", "subject" },
                { "{\"subject\":[]," R "," A "}", "subject" },
                { "{\"subject\":{\"id\":\"u\"}," R "," A "}", "subject.type" },
                { "{\"subject\":{\"type\":\"user\"}," R "," A "}", "subject.id" },
                { "{\"subject\":{\"type\":\"user\",\"id\":\"\"}," R "," A "}", "subject.id" },
                { "{\"subject\":{\"type\":\"user\",\"id\":7}," R "," A "}", "subject.id" },
                { "{\"subject\":{\"type\":\"user\",\"id\":null}," R "," A "}", "subject.id" },
                { "{" S ",\"resource\":{\"id\":\"r\"}," A "}", "resource.type" },
                { "{" S ",\"resource\":{\"type\":\"t\"}," A "}", "resource.id" },
                { "{" S ",\"resource\":{\"type\":{},\"id\":\"r\"}," A "}", "resource.type" },
                { "{" S "," R ",\"action\":{}}", "action.name" },
                { "{" S "," R ",\"action\":{\"name\":7}}", "action.name" },
                { "{\"subject\":{\"type\":\"user\",\"id\":\"u\",\"properties\":7}," R "," A "}", "subject.properties" },
                { "{\"subject\":{\"type\":\"user\",\"id\":\"u\",\"properties\":{\"connection\":7}}," R "," A "}",
                        "subject.properties.connection" },
                { "{\"subject\":{\"type\":\"user\",\"id\":\"u\",\"properties\":{\"connection\":\"\"}}," R "," A "}",
                        "subject.properties.connection" },
                { "{" S ",\"resource\":{\"type\":\"t\",\"id\":\"r\",\"properties\":[]}," A "}", "resource.properties" },
                { "{" S "," R ",\"action\":{\"name\":\"a\",\"properties\":\"x\"}}", "action.properties" },
                { "{" S "," R "," A ",\"context\":\"x\"}", "context" },
                { "{" S "," R "," A ",\"context\":null}", "context" },
                { "{" S "," R "," A ",\"context\":{\"project\":null}}", "context.project" },
                { "{" S "," R "," A ",\"context\":{\"project\":\"\"}}", "context.project" },
                { "{" S "," R "," A ",\"context\":{\"organization\":7}}", "context.organization" },
                { "{" S "," R "," A ",\"context\":{\"at_least\":7}}", "context.at_least" },
                { "{" S "," R "," A ",\"context\":{\"project\":\"p\",\"organization\":\"o\"}}", "context.project" },
        };
        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
                struct asked asked;
                struct fault fault;
                json_t *body;
                enum err e = parse(wrong[i].text, &body, &asked, &fault);
                json_decref(body);
                if (e != ERR_VALUE || strcmp(fault.field, wrong[i].field) != 0)
                        fail_msg("%s: %s \"%s\", not \"%s\"", wrong[i].text, error_row(e)->name, fault.field, wrong[i].field);
                assert_true(fault.message[0]);
        }
}

static void a_key_given_twice_is_refused(void **state)
{
        struct asked asked;
        struct fault fault;
        json_t *body;
        assert_int_equal(parse("{" S "," S "," R "," A "}", &body, &asked, &fault), ERR_SYNTAX);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_whole_question_is_understood),
                cmocka_unit_test(what_is_absent_is_null),
                cmocka_unit_test(the_field_at_fault_is_named),
                cmocka_unit_test(a_key_given_twice_is_refused),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
