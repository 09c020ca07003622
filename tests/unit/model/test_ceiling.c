/* SPDX-License-Identifier: Apache-2.0
 *
 * R8 as sets: which roles and privileges each ceiling holds, as a table; what is no ceiling; which permissions make an admin role. */
#include "model_fixture.h"

#include "model/ceiling.h"

static int matrix_setup(void **state)
{
        struct fault fault = { 0 };

        (void)state;
        return permission_init(&fault) != ERR_OK;
}

static enum err parse(const char *text, struct permission_set *ret, struct fault *fault)
{
        json_auto_t *list = text ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;

        return ceiling_parse(list, ret, fault);
}

static void test_R8_what_each_ceiling_holds(void **state)
{
        static const char *const roles[] = { "organization:admin", "organization:member", "organization:auditor", "organization:no-access",
                "project:admin", "project:member", "project:viewer", "project:auditor", "project:no-access" };
        static const struct {
                const char *ceiling;
                const char *holds; /* y or n for each of `roles` */
        } cases[] = {
                { NULL, "nynynyyyy" }, /* organisation member; project roles without member, role or grant actions */
                { "[\"organization:no-access\"]", "nnnynnnny" },
                { "[\"organization:member\"]", "nynynnnny" },
                { "[\"organization:auditor\"]", "nnyynnnny" },
                { "[\"organization:admin\"]", "yyyynnnny" },
                { "[\"project:viewer\"]", "nnnynnyyy" },
                { "[\"project:member\"]", "nnnynynny" },
                { "[\"project:regular\"]", "nnnynyyyy" },
                { "[\"project:admin\"]", "nnnyyyyyy" },
                { "[\"organization:admin\",\"project:admin\"]", "yyyyyyyyy" },
        };

        (void)state;
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                struct permission_set ceiling;
                struct fault fault = { 0 };

                assert_int_equal(parse(cases[i].ceiling, &ceiling, &fault), ERR_OK);
                for (size_t r = 0; r < COUNT_OF(roles); r++) {
                        const char *slug = strchr(roles[r], ':') + 1;
                        const struct builtin_role *role = builtin_role_find(roles[r][0] == 'o' ? LEVEL_ORGANIZATION : LEVEL_PROJECT, slug);

                        assert_non_null(role);
                        if (permission_set_contains(&ceiling, &role->allow, NULL) != (cases[i].holds[r] == 'y'))
                                fail_msg("%s under %s", roles[r], cases[i].ceiling ? cases[i].ceiling : "the default");
                }
        }
}

static void test_R8_what_is_no_ceiling(void **state)
{
        static const char *const bad[] = { "[\"admin\"]", "[\"\"]", "[7]", "[null]", "[\"project:owner\"]", "[\"organization:regular\"]",
                "[\"Project:viewer\"]", "[\"project:viewer \"]", "[\"project:*\"]", "[\"organization:member\",\"x\"]", "[\"project\"]",
                "[\"organization:viewer\"]" };

        (void)state;
        for (size_t i = 0; i < COUNT_OF(bad); i++) {
                struct permission_set ceiling;
                struct fault fault = { 0 };

                assert_int_equal(parse(bad[i], &ceiling, &fault), ERR_VALUE);
                assert_string_equal(fault.field, "ceiling");
        }
}

static void test_R8_the_default_is_a_list_that_means_the_same(void **state)
{
        struct permission_set absent, written;
        struct fault fault = { 0 };
        json_auto_t *list = ceiling_default();

        (void)state;
        assert_int_equal(ceiling_parse(NULL, &absent, &fault), ERR_OK);
        assert_int_equal(ceiling_parse(list, &written, &fault), ERR_OK);
        assert_memory_equal(&absent, &written, sizeof(absent));
}

static void test_R8_which_permissions_are_administrative(void **state)
{
        static const struct {
                enum permission_level level;
                const char *name;
                bool administrative;
        } cases[] = {
                { LEVEL_PROJECT, "member:read", false },
                { LEVEL_PROJECT, "member:create", true },
                { LEVEL_PROJECT, "member:assign-role", true },
                { LEVEL_PROJECT, "member:assume-privileges", true },
                { LEVEL_PROJECT, "groups:assign-role", true },
                { LEVEL_PROJECT, "identity:create-token", true },
                { LEVEL_PROJECT, "role:edit", true },
                { LEVEL_PROJECT, "role:read", false },
                { LEVEL_PROJECT, "secrets:read-value", false },
                { LEVEL_PROJECT, "project:delete", false },
                { LEVEL_ORGANIZATION, "member:read", false },
                { LEVEL_ORGANIZATION, "audit-logs:read", false },
                { LEVEL_ORGANIZATION, "member:edit", true },
                { LEVEL_ORGANIZATION, "scim:create", true },
                { LEVEL_ORGANIZATION, "project:create", true },
                { LEVEL_ORGANIZATION, "decisions:evaluate", true },
        };
        static const char *const plain[] = { "member", "auditor", "no-access" };

        (void)state;
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                int permission = permission_of_text(cases[i].level, cases[i].name);

                assert_true(permission >= 0);
                if (permission_is_administrative(permission) != cases[i].administrative)
                        fail_msg("%s", cases[i].name);
        }
        assert_false(permission_is_administrative(-1));
        assert_true(permission_set_is_administrative(&builtin_role_find(LEVEL_ORGANIZATION, "admin")->allow));
        assert_true(permission_set_is_administrative(&builtin_role_find(LEVEL_PROJECT, "admin")->allow));
        assert_false(permission_set_is_administrative(&builtin_role_find(LEVEL_PROJECT, "viewer")->allow));
        for (size_t i = 0; i < COUNT_OF(plain); i++)
                assert_false(permission_set_is_administrative(&builtin_role_find(LEVEL_ORGANIZATION, plain[i])->allow));
        assert_int_equal(permission_of_text(LEVEL_PROJECT, "secrets"), -1);
        assert_int_equal(permission_of_text(LEVEL_PROJECT, ""), -1);
        assert_int_equal(permission_of_text(LEVEL_PROJECT, ":"), -1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_R8_what_each_ceiling_holds),
                cmocka_unit_test(test_R8_what_is_no_ceiling),
                cmocka_unit_test(test_R8_the_default_is_a_list_that_means_the_same),
                cmocka_unit_test(test_R8_which_permissions_are_administrative),
        };

        return cmocka_run_group_tests(tests, matrix_setup, NULL);
}
