/* SPDX-License-Identifier: Apache-2.0
 *
 * R6: what is a proof and what is none; no answer is never taken for "not there". */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "net/dns_txt.h"
#include "net/fake_dns.h"

#define NAME "_muster-challenge.example.com"

static void test_R6_only_the_whole_text_is_a_proof(void **state)
{
        static const struct {
                const char *text;
                enum dns_answer answer;
        } cases[] = {
                { "token=abc", DNS_FOUND },
                { "tok|en=a|bc", DNS_FOUND },
                { "|token=abc|", DNS_FOUND },
                { "token=ab", DNS_ABSENT },
                { "token=abcd", DNS_ABSENT },
                { "Token=abc", DNS_ABSENT },
                { " token=abc", DNS_ABSENT },
                { "token=|xbc", DNS_ABSENT },
                { NULL, DNS_ABSENT },
        };
        struct fake_dns dns;
        (void)state;
        fake_dns_start(&dns);
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                fake_dns_set(&dns, NAME, cases[i].text);
                if (dns_txt_find(dns.server, NAME, "token=abc") != cases[i].answer)
                        fail_msg("case %zu", i);
        }
        fake_dns_stop(&dns);
}

static void test_R6_one_of_several_records_is_enough(void **state)
{
        struct fake_dns dns;
        (void)state;
        fake_dns_start(&dns);
        fake_dns_set(&dns, NAME, "v=spf1 -all");
        assert_int_equal(dns_txt_find(dns.server, NAME, "token=abc"), DNS_ABSENT);
        fake_dns_add(&dns, "token=abc");
        assert_int_equal(dns_txt_find(dns.server, NAME, "token=abc"), DNS_FOUND);
        assert_int_equal(dns_txt_find(dns.server, "_muster-challenge.other.example", "token=abc"), DNS_ABSENT); /* NXDOMAIN */
        fake_dns_stop(&dns);
}

static void test_R6_no_answer_is_not_absence(void **state)
{
        static const enum fake_dns_mood moods[] = { FAKE_DNS_FAILS, FAKE_DNS_BROKEN };
        struct fake_dns dns;
        (void)state;
        fake_dns_start(&dns);
        fake_dns_set(&dns, NAME, "token=xyz");
        for (size_t i = 0; i < sizeof(moods) / sizeof(moods[0]); i++) {
                atomic_store(&dns.mood, moods[i]);
                if (dns_txt_find(dns.server, NAME, "token=abc") != DNS_UNREACHABLE)
                        fail_msg("mood %d", moods[i]);
        }
        fake_dns_stop(&dns);
        assert_int_equal(dns_txt_find(dns.server, NAME, "token=abc"), DNS_UNREACHABLE); /* nobody is there any more */
        assert_int_equal(dns_txt_find("[::1]:53", NAME, "token=abc"), DNS_UNREACHABLE);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_R6_only_the_whole_text_is_a_proof),
                cmocka_unit_test(test_R6_one_of_several_records_is_enough),
                cmocka_unit_test(test_R6_no_answer_is_not_absence),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
