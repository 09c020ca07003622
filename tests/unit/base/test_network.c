/* SPDX-License-Identifier: Apache-2.0 */
#include "base/network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static bool holds(const char *network, const char *address)
{
        struct network parsed;
        unsigned char bytes[ADDRESS_SIZE];
        assert_true(network_parse(network, strlen(network), &parsed));
        assert_true(address_parse(address, bytes));
        return network_holds(&parsed, bytes);
}

static void test_R19_networks_of_both_families(void **state)
{
        assert_true(holds("10.1.2.3", "10.1.2.3"));
        assert_false(holds("10.1.2.3", "10.1.2.4"));
        assert_true(holds("10.1.0.0/15", "10.0.255.255"));
        assert_false(holds("10.1.0.0/16", "10.0.255.255"));
        assert_true(holds("0.0.0.0/0", "192.0.2.1"));
        assert_true(holds("10.0.0.5/8", "10.200.0.1")); /* bits behind the prefix do not count */
        assert_true(holds("2001:db8::/33", "2001:db8:7fff::1"));
        assert_false(holds("2001:db8::/33", "2001:db8:8000::1"));
        assert_true(holds("::/0", "2001:db8::1"));
}

static void test_R19_one_family_does_not_hold_the_other(void **state)
{
        assert_false(holds("0.0.0.0/0", "2001:db8::1"));
        assert_true(holds("192.0.2.0/24", "::ffff:192.0.2.7"));
        assert_true(holds("::ffff:192.0.2.0/120", "192.0.2.7"));
}

static void test_R19_what_is_no_network(void **state)
{
        static const char *const wrong[] = { "", "/", "/8", "10", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0.0/8 ",
                " 10.0.0.0/8", "10.0.0.256", "2001:db8::/129", "2001:db8:::/32", "fe80::1%eth0", "example.com", "10.0.0.0-10.0.0.9",
                "1111111111111111111111111111111111111111111111111111111111111111111111" };
        struct network network;
        unsigned char bytes[ADDRESS_SIZE];
        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
                if (network_parse(wrong[i], strlen(wrong[i]), &network))
                        fail_msg("taken: %s", wrong[i]);
        assert_false(network_parse("10.0.0.0\0/8", 11, &network));
        assert_false(address_parse("10.0.0.0/8", bytes));
        assert_false(address_parse("unix", bytes));
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_R19_networks_of_both_families),
                cmocka_unit_test(test_R19_one_family_does_not_hold_the_other),
                cmocka_unit_test(test_R19_what_is_no_network),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
