/* SPDX-License-Identifier: Apache-2.0
 *
 * R6: names of domains in one form, and addresses whose domain nobody can misread. */
#include "model_fixture.h"

#include "model/email_domain.h"

static void test_R6_names_have_one_form(void **state)
{
        static const char *const right[][2] = { { "example.com", "example.com" }, { "EXAMPLE.Com", "example.com" },
                { "xn--bcher-kva.example", "xn--bcher-kva.example" }, { "a-b.c--d.e1", "a-b.c--d.e1" }, { "1.2.3.x4", "1.2.3.x4" } };
        static const char *const wrong[] = { "", "com", ".com", "example.com.", "example..com", "-a.example", "a-.example", "a_b.example",
                "exa mple.com", "example.com\n", "b\303\274cher.example", "192.0.2.1", "*.example.com", "user@example.com", "[::1].example",
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example" };
        char name[DOMAIN_NAME_SIZE], longest[400];
        struct fault fault = { 0 };
        (void)state;
        for (size_t i = 0; i < COUNT_OF(right); i++) {
                assert_int_equal(domain_name_parse(right[i][0], strlen(right[i][0]), "name", name, &fault), ERR_OK);
                assert_string_equal(name, right[i][1]);
        }
        for (size_t i = 0; i < COUNT_OF(wrong); i++) {
                if (domain_name_parse(wrong[i], strlen(wrong[i]), "name", name, &fault) != ERR_VALUE)
                        fail_msg("taken: %s", wrong[i]);
                assert_string_equal(fault.field, "name");
        }
        assert_int_equal(domain_name_parse("b\303\274cher.example", 14, "name", name, &fault), ERR_VALUE);
        assert_non_null(strstr(fault.message, "xn--")); /* says what to do */
        assert_int_equal(domain_name_parse("example.com\0.evil.example", 25, "name", name, &fault), ERR_VALUE);
        for (size_t i = 0; i < sizeof(longest); i++)
                longest[i] = i % 2 ? '.' : 'a';
        assert_int_equal(domain_name_parse(longest, DOMAIN_NAME_SIZE - 1, "name", name, &fault), ERR_OK);
        assert_int_equal(domain_name_parse(longest, DOMAIN_NAME_SIZE + 1, "name", name, &fault), ERR_VALUE);
}

static void test_R6_what_is_not_plainly_an_address_has_no_domain(void **state)
{
        static const char *const none[] = { "", "ann", "@example.com", "ann@", "ann@com", "ann@example.com@evil.example",
                "\"ann@x\"@example.com", "ann @example.com", "ann@example.com ", "ann@example.com.", "Ann <ann@example.com>",
                "ann@[192.0.2.1]", "ann,bob@example.com", "ann@EXAMPLE.com", "ann\n@example.com", "ann\x7f@example.com",
                "ann(x)@example.com", "ann@b\303\274cher.example" };
        (void)state;
        for (size_t i = 0; i < COUNT_OF(none); i++)
                if (email_domain_of(none[i]))
                        fail_msg("%s has the domain %s", none[i], email_domain_of(none[i]));
        assert_string_equal(email_domain_of("ann@example.com"), "example.com");
        assert_string_equal(email_domain_of("ann+x@a.example.com"), "a.example.com");
        assert_string_equal(email_domain_of("b\303\274cher@example.com"), "example.com");
}

static void test_R6_the_primary_address_is_the_marked_or_the_only_one(void **state)
{
        static const struct {
                const char *emails, *primary;
        } cases[] = {
                { "{'emails':[{'value':'A@a.example'}]}", "a@a.example" },
                { "{'emails':[{'value':'a@a.example'},{'value':'B@a.example','primary':true}]}", "b@a.example" },
                { "{'emails':[{'value':'a@a.example'},{'value':'b@a.example'}]}", NULL },
                { "{'emails':[{'value':'a@a.example','primary':false},{'value':'b@a.example'}]}", NULL },
                { "{'emails':[{'type':'work'}]}", NULL },
                { "{}", NULL },
        };
        struct fixture *f = *state;
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                json_auto_t *document = json_of(cases[i].emails);
                const char *found = "";
                bool held = true;
                assert_int_equal(email_primary(document, f->arena, &found, &f->fault), ERR_OK);
                if (cases[i].primary)
                        assert_string_equal(found, cases[i].primary);
                else
                        assert_null(found);
                assert_int_equal(email_is_held(document, "a@a.example", f->arena, &held, &f->fault), ERR_OK);
                assert_int_equal(held, i < 4);
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_R6_names_have_one_form),
                cmocka_unit_test(test_R6_what_is_not_plainly_an_address_has_no_domain),
                cmocka_unit_test_setup_teardown(test_R6_the_primary_address_is_the_marked_or_the_only_one, fixture_setup, fixture_teardown),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
