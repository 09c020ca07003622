/* SPDX-License-Identifier: Apache-2.0 */
#include "access/graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void put(struct graph *graph, int64_t connection_no, const char *document)
{
        const struct effect effect = { .kind = EFFECT_ADDRESSES, .no = connection_no, .text = document };
        assert_int_equal(graph_apply(graph, &effect), ERR_OK);
}

static void test_R19_a_connection_without_a_list_may_call_from_everywhere(void **state)
{
        struct graph *graph = graph_new(1, 1, 1);
        assert_true(graph_may_call(graph, 5, "192.0.2.1"));
        put(graph, 5, "{\"description\":\"allowed_addresses\"}");
        assert_true(graph_may_call(graph, 5, "unix"));
        graph_free(graph);
}

static void test_R19_each_connection_has_its_own_list(void **state)
{
        struct graph *graph = graph_new(1, 1, 1);
        put(graph, 5, "{\"allowed_addresses\":[\"192.0.2.0/24\",\"2001:db8::1\"]}");
        put(graph, 6, "{\"allowed_addresses\":[\"10.0.0.0/8\"]}");
        assert_true(graph_may_call(graph, 5, "192.0.2.9") && graph_may_call(graph, 5, "2001:db8::1"));
        assert_false(graph_may_call(graph, 5, "10.1.1.1") || graph_may_call(graph, 6, "192.0.2.9"));
        assert_true(graph_may_call(graph, 6, "10.1.1.1"));
        put(graph, 5, "{\"allowed_addresses\":[\"10.0.0.0/8\"]}");
        assert_false(graph_may_call(graph, 5, "192.0.2.9"));
        put(graph, 5, "{}");
        assert_true(graph_may_call(graph, 5, "192.0.2.9"));
        assert_false(graph_may_call(graph, 6, "192.0.2.9"));
        assert_true(graph_addresses_bytes(graph) > 0);
        graph_free(graph);
}

static void test_R19_what_cannot_be_read_lets_nobody_in(void **state)
{
        struct graph *graph = graph_new(1, 1, 1);
        put(graph, 5, "{\"allowed_addresses\":[\"everywhere\",7]}");
        assert_false(graph_may_call(graph, 5, "192.0.2.1"));
        put(graph, 5, "{\"allowed_addresses\":[\"0.0.0.0/0\",\"::/0\"]}");
        assert_true(graph_may_call(graph, 5, "192.0.2.1") && graph_may_call(graph, 5, "2001:db8::1"));
        assert_false(graph_may_call(graph, 5, "unix") || graph_may_call(graph, 5, ""));
        graph_free(graph);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_R19_a_connection_without_a_list_may_call_from_everywhere),
                cmocka_unit_test(test_R19_each_connection_has_its_own_list),
                cmocka_unit_test(test_R19_what_cannot_be_read_lets_nobody_in),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
