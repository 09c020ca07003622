/* SPDX-License-Identifier: Apache-2.0
 *
 * The permission matrix as embedded: refusals first, then the built-in roles as RULES.md wants them. */
#include "model_fixture.h"

#include "model/permission.h"

static int matrix_setup(void **state)
{
        struct fault fault = { 0 };

        if (permission_init(&fault))
                print_error("%s %s\n", fault.field, fault.message);
        return permission_init(&fault) != ERR_OK;
}

static bool allows(enum permission_level level, const char *role, const char *subject, const char *action)
{
        int permission = permission_find(level, subject, action);

        if (permission < 0)
                fail_msg("no permission %s:%s", subject, action);
        return permission_set_has(&builtin_role_find(level, role)->allow, permission);
}

static void test_what_is_not_in_the_matrix_is_minus_one(void **state)
{
        struct permission_set all;

        memset(&all, 0xff, sizeof(all));
        assert_int_equal(permission_find(LEVEL_ORGANIZATION, "groups", "fly"), -1);
        assert_int_equal(permission_find(LEVEL_ORGANIZATION, "secrets", "read-value"), -1);
        assert_int_equal(permission_find(LEVEL_PROJECT, "decisions", "evaluate"), -1);
        assert_int_equal(permission_find(LEVEL_ORGANIZATION, "groups:read", ""), -1);
        assert_int_equal(permission_find(LEVEL_ORGANIZATION, "group", "s:read"), -1);
        assert_int_equal(permission_find(LEVEL_ORGANIZATION, NULL, "read"), -1);
        assert_int_equal(permission_find(LEVEL_ORGANIZATION, "groups", NULL), -1);
        assert_int_equal(permission_find(LEVEL_ORGANIZATION, "", ""), -1);
        assert_int_equal(permission_find(LEVEL_ORGANIZATION, "*", "*"), -1);
        assert_int_equal(permission_find((enum permission_level)0, "groups", "read"), -1);
        assert_false(permission_set_has(&all, -1));
        assert_false(permission_set_has(&all, PERMISSIONS_MAX));
        assert_null(permission_name(-1, NULL));
        assert_null(permission_name(permission_count(), NULL));
        assert_null(builtin_role_find(LEVEL_PROJECT, "owner"));
        assert_null(builtin_role_find(LEVEL_PROJECT, NULL));
        assert_null(builtin_role_by_no(0));
        assert_false(permission_subject_exists(LEVEL_ORGANIZATION, "secrets"));
        assert_false(permission_subject_exists(LEVEL_ORGANIZATION, "group"));
        assert_false(permission_subject_exists(LEVEL_ORGANIZATION, NULL));
        assert_true(permission_subject_exists(LEVEL_PROJECT, "secrets"));
}

static void test_long_names_are_unknown_not_overrun(void **state)
{
        char name[4096];

        memset(name, 'a', sizeof(name) - 1);
        name[sizeof(name) - 1] = 0;
        assert_int_equal(permission_find(LEVEL_ORGANIZATION, name, "read"), -1);
        assert_int_equal(permission_find(LEVEL_ORGANIZATION, "groups", name), -1);
        assert_false(permission_subject_exists(LEVEL_ORGANIZATION, name));
}

static void test_every_permission_is_found_by_its_own_name(void **state)
{
        assert_in_range(permission_count(), 300, PERMISSIONS_MAX);
        for (int i = 0; i < permission_count(); i++) {
                enum permission_level level;
                char subject[128];
                char *colon;

                strcpy(subject, permission_name(i, &level));
                colon = strchr(subject, ':');
                *colon = 0;
                assert_int_equal(permission_find(level, subject, colon + 1), i);
                assert_true(permission_subject_exists(level, subject));
        }
}

static void test_every_resource_type_has_a_subject(void **state)
{
        for (int kind = 1; kind < KIND_COUNT; kind++) {
                const struct resource_type *type = resource_type((enum resource_kind)kind);

                assert_true(permission_find(LEVEL_ORGANIZATION, type->subject, "read") >= 0);
                if (type->kind != KIND_GRANT && (type->api_offers & OFFER_CREATE))
                        assert_true(permission_find(LEVEL_ORGANIZATION, type->subject, "create") >= 0);
        }
}

static void test_role_numbers_never_change(void **state)
{
        static const struct {
                int64_t no;
                enum permission_level level;
                const char *slug;
        } fixed[] = {
                { -1, LEVEL_ORGANIZATION, "admin" },
                { -2, LEVEL_ORGANIZATION, "member" },
                { -3, LEVEL_ORGANIZATION, "auditor" },
                { -4, LEVEL_ORGANIZATION, "no-access" },
                { -11, LEVEL_PROJECT, "admin" },
                { -12, LEVEL_PROJECT, "member" },
                { -13, LEVEL_PROJECT, "viewer" },
                { -14, LEVEL_PROJECT, "no-access" },
                { -15, LEVEL_PROJECT, "auditor" },
        };
        const struct builtin_role *list;

        assert_int_equal(builtin_role_list(&list), COUNT_OF(fixed));
        for (size_t i = 0; i < COUNT_OF(fixed); i++) {
                const struct builtin_role *role = builtin_role_find(fixed[i].level, fixed[i].slug);

                assert_non_null(role);
                assert_int_equal(role->no, fixed[i].no);
                assert_ptr_equal(builtin_role_by_no(fixed[i].no), role);
        }
}

/* R20, R22: admin holds every organisation action, and no project action. */
static void test_R22_admin_holds_all_of_one_level(void **state)
{
        for (int i = 0; i < permission_count(); i++) {
                enum permission_level level;

                assert_non_null(permission_name(i, &level));
                assert_int_equal(permission_set_has(&builtin_role_by_no(-1)->allow, i), level == LEVEL_ORGANIZATION);
                assert_int_equal(permission_set_has(&builtin_role_by_no(-11)->allow, i), level == LEVEL_PROJECT);
        }
}

/* R23: read member, groups, role, own organisation; project request-access; nothing else. */
static void test_R23_member_reads_five_things(void **state)
{
        struct permission_set rest = builtin_role_by_no(-2)->allow, five = { 0 };

        permission_set_add(&five, permission_find(LEVEL_ORGANIZATION, "member", "read"));
        permission_set_add(&five, permission_find(LEVEL_ORGANIZATION, "groups", "read"));
        permission_set_add(&five, permission_find(LEVEL_ORGANIZATION, "role", "read"));
        permission_set_add(&five, permission_find(LEVEL_ORGANIZATION, "organization", "read"));
        permission_set_add(&five, permission_find(LEVEL_ORGANIZATION, "project", "request-access"));
        assert_true(permission_set_contains(&rest, &five, NULL));
        permission_set_subtract(&rest, &five);
        assert_true(permission_set_is_empty(&rest));
}

static bool is_reading(const char *action)
{
        return strncmp(action, "read", 4) == 0 || strncmp(action, "list", 4) == 0 || strncmp(action, "describe", 8) == 0;
}

/* R22: auditor reads everything and changes nothing. */
static void test_R22_auditor_reads_and_changes_nothing(void **state)
{
        static const int64_t auditors[] = { -3, -15 };

        for (size_t a = 0; a < COUNT_OF(auditors); a++) {
                const struct builtin_role *role = builtin_role_by_no(auditors[a]);

                for (int i = 0; i < permission_count(); i++) {
                        enum permission_level level;
                        const char *action = strchr(permission_name(i, &level), ':') + 1;

                        if (level == role->level && strcmp(action, "read") == 0)
                                assert_true(permission_set_has(&role->allow, i));
                        if (permission_set_has(&role->allow, i))
                                assert_true(is_reading(action));
                }
        }
        assert_true(allows(LEVEL_ORGANIZATION, "auditor", "audit-logs", "read"));
        assert_false(allows(LEVEL_PROJECT, "auditor", "secrets", "read-value"));
        assert_true(allows(LEVEL_PROJECT, "viewer", "secrets", "read-value"));
}

static void test_weak_roles_hand_out_no_rights(void **state)
{
        static const char *const giving[] = { "grant-privileges", "assign-role", "assign-additional-privileges", "assume-privileges",
                "create-token", "revoke-auth" };

        for (int i = 0; i < permission_count(); i++) {
                const char *action = strchr(permission_name(i, NULL), ':') + 1;

                for (size_t g = 0; g < COUNT_OF(giving); g++) {
                        if (strcmp(action, giving[g]) != 0)
                                continue;
                        assert_false(permission_set_has(&builtin_role_by_no(-2)->allow, i));
                        assert_false(permission_set_has(&builtin_role_by_no(-12)->allow, i));
                        assert_false(permission_set_has(&builtin_role_by_no(-13)->allow, i));
                }
        }
        assert_false(allows(LEVEL_PROJECT, "member", "project", "edit"));
        assert_false(allows(LEVEL_PROJECT, "member", "cmek", "export-private-key"));
        assert_true(permission_set_is_empty(&builtin_role_by_no(-4)->allow));
        assert_true(permission_set_is_empty(&builtin_role_by_no(-14)->allow));
        assert_false(allows(LEVEL_ORGANIZATION, "member", "decisions", "evaluate"));
        assert_true(allows(LEVEL_ORGANIZATION, "admin", "decisions", "evaluate"));
}

static void test_sets(void **state)
{
        struct permission_set some = { 0 }, more = { 0 };
        int missing = -1;

        assert_true(permission_set_is_empty(&some));
        permission_set_add(&some, -1);
        permission_set_add(&some, PERMISSIONS_MAX);
        assert_true(permission_set_is_empty(&some));
        permission_set_add(&some, 0);
        permission_set_add(&some, 130);
        permission_set_add(&more, 0);
        assert_false(permission_set_contains(&more, &some, &missing));
        assert_int_equal(missing, 130);
        permission_set_unite(&more, &some);
        assert_true(permission_set_contains(&more, &some, NULL));
        permission_set_subtract(&more, &some);
        assert_true(permission_set_is_empty(&more));
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_is_not_in_the_matrix_is_minus_one),
                cmocka_unit_test(test_long_names_are_unknown_not_overrun),
                cmocka_unit_test(test_every_permission_is_found_by_its_own_name),
                cmocka_unit_test(test_every_resource_type_has_a_subject),
                cmocka_unit_test(test_role_numbers_never_change),
                cmocka_unit_test(test_R22_admin_holds_all_of_one_level),
                cmocka_unit_test(test_R23_member_reads_five_things),
                cmocka_unit_test(test_R22_auditor_reads_and_changes_nothing),
                cmocka_unit_test(test_weak_roles_hand_out_no_rights),
                cmocka_unit_test(test_sets),
        };
        return cmocka_run_group_tests(tests, matrix_setup, NULL);
}
