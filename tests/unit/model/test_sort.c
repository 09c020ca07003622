/* SPDX-License-Identifier: Apache-2.0
 *
 * Sort keys order as the values they stand for. */
#include "model_fixture.h"

#include "model/sort.h"

static bool known(const char *text, struct path *ret)
{
        struct arena *arena = arena_new((size_t)1 << 20);
        struct fault fault = { 0 };
        bool is_known = true;
        assert_int_equal(sort_parse(resource_type(KIND_USER), text, arena, NULL, ret, &is_known, &fault), ERR_OK);
        arena_free(arena);
        return is_known;
}

static void test_only_what_has_one_value_can_be_sorted_by(void **state)
{
        static const char *const yes[] = { "userName", "USERNAME", "id", "externalId", "active", "name.familyName", "emails", "emails.type",
                "meta.created", "groups", URN_USER ":title", URN_ENTERPRISE_USER ":manager" };
        static const char *const no[] = { "", "nothing", "name", "addresses", "password", "emails[type eq \"work\"]", "name.nothing",
                "urn:other:title", "((", URN_ENTERPRISE_USER, URN_ENTERPRISE_USER ":manager.displayName" };
        struct path path;
        for (size_t i = 0; i < COUNT_OF(yes); i++)
                if (!known(yes[i], &path))
                        fail_msg("%s", yes[i]);
        for (size_t i = 0; i < COUNT_OF(no); i++)
                if (known(no[i], &path))
                        fail_msg("%s", no[i]);
}

/* Of two resources the first stands before the second (-1), behind (1), or neither. */
static int order(const char *by, const char *left, const char *right)
{
        struct arena *arena = arena_new((size_t)1 << 20);
        json_auto_t *one = json_of(left), *two = json_of(right);
        struct fault fault = { 0 };
        struct sort_key a, b;
        struct path path;
        assert_true(known(by, &path));
        assert_int_equal(sort_key_of(&path, one, arena, &a, &fault), ERR_OK);
        assert_int_equal(sort_key_of(&path, two, arena, &b, &fault), ERR_OK);
        int result = sort_key_compare(a.bytes, a.length, b.bytes, b.length);
        assert_int_equal(sort_key_compare(b.bytes, b.length, a.bytes, a.length) < 0, result > 0);
        arena_free(arena);
        return (result > 0) - (result < 0);
}

static void test_values_order_by_their_type(void **state)
{
        static const struct {
                const char *by, *left, *right;
                int expected;
        } cases[] = {
                { "userName", "{'userName':'a'}", "{'userName':'B'}", -1 },
                { "userName", "{'userName':'STRASSE'}",
                        "{'userName':'stra\xc3\x9f"
                        "e'}",
                        0 },
                { "userName", "{'userName':'a'}", "{'userName':'ab'}", -1 },
                { "profileUrl", "{'profileUrl':'a'}", "{'profileUrl':'B'}", 1 },
                { "title", "{}", "{'title':'zzz'}", 1 },
                { "title", "{'title':null}", "{}", 0 },
                { "title", "{'title':''}", "{}", -1 },
                { "active", "{'active':false}", "{'active':true}", -1 },
                { "meta.created", "{'meta':{'created':'2026-01-01T00:00:00Z'}}", "{'meta':{'created':'2026-01-01T00:30:00+01:00'}}", 1 },
                { "meta.created", "{'meta':{'created':'1969-01-01T00:00:00Z'}}", "{'meta':{'created':'2026-01-01T00:00:00Z'}}", -1 },
                { "emails", "{'emails':[{'value':'z'},{'value':'b','primary':true}]}", "{'emails':[{'value':'c'},{'value':'a'}]}", -1 },
                { "emails.type", "{'emails':[{'value':'z','type':'home'}]}", "{'emails':[{'value':'a','type':'work'}]}", -1 },
                { "emails", "{'emails':[]}", "{'emails':[{'value':'a'}]}", 1 },
                { "emails", "{'emails':7}", "{}", -1 },
                { URN_USER ":title", "{'title':'a'}", "{'title':'b'}", -1 },
                { URN_ENTERPRISE_USER ":department", "{'" URN_ENTERPRISE_USER "':{'department':'1'}}",
                        "{'" URN_ENTERPRISE_USER "':{'department':'2'}}", -1 },
        };
        for (size_t i = 0; i < COUNT_OF(cases); i++)
                if (order(cases[i].by, cases[i].left, cases[i].right) != cases[i].expected)
                        fail_msg("%s: %s and %s", cases[i].by, cases[i].left, cases[i].right);
}

/* No descriptor has a number yet; custom types will. */
static void test_numbers_order_across_zero(void **state)
{
        static const char *const ascending[] = { "{'title':-1e300}", "{'title':-2}", "{'title':-1.5}", "{'title':0}", "{'title':1e-9}",
                "{'title':3}", "{'title':20}" };
        for (size_t i = 1; i < COUNT_OF(ascending); i++)
                assert_int_equal(order("title", ascending[i - 1], ascending[i]), -1);
}

static void test_long_text_is_cut_and_never_splits_the_order(void **state)
{
        char left[4096], right[4096];
        (void)snprintf(left, sizeof(left), "{'title':'%0300d'}", 1);
        (void)snprintf(right, sizeof(right), "{'title':'%0300d'}", 2);
        assert_int_equal(order("title", left, right), 0);
        (void)snprintf(right, sizeof(right), "{'title':'1%0900d'}", 2);
        assert_int_equal(order("title", left, right), -1);
        char *at = right + snprintf(right, sizeof(right), "{'title':'");
        for (int i = 0; i < 300; i++)
                at = stpcpy(at, "\xe2\x82\xac");
        (void)strcpy(at, "'}");
        assert_int_equal(order("title", left, right), -1);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_only_what_has_one_value_can_be_sorted_by),
                cmocka_unit_test(test_values_order_by_their_type),
                cmocka_unit_test(test_numbers_order_across_zero),
                cmocka_unit_test(test_long_text_is_cut_and_never_splits_the_order),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
