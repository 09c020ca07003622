/* SPDX-License-Identifier: Apache-2.0
 *
 * The descriptors keep the promises of attribute.h, whoever adds a row; look-ups find what they should and nothing else. */
#include "model_fixture.h"
#include "model/schema_set.h"

#include <strings.h>

static void each_attribute(const struct attribute *attributes, void (*check)(const struct attribute *))
{
        for (const struct attribute *a = attributes; a && a->name; a++) {
                check(a);
                each_attribute(a->sub, check);
        }
}

static void each_of_types(void (*check)(const struct attribute *))
{
        each_attribute(attribute_common(), check);
        for (const struct schema *const *schema = schema_set_builtin()->schemas; *schema; schema++)
                each_attribute((*schema)->attributes, check);
        for (int kind = 1; kind < KIND_COUNT; kind++) {
                each_attribute(resource_type((enum resource_kind)kind)->core->attributes, check);
                each_attribute(resource_type((enum resource_kind)kind)->api_attributes, check);
        }
}

static void check_row(const struct attribute *a)
{
        assert_true(a->type >= ATTRIBUTE_TEXT && a->type <= ATTRIBUTE_COMPLEX);
        assert_non_null(a->description);
        assert_true(strlen(a->name) <= 64);
        assert_int_equal(a->type == ATTRIBUTE_COMPLEX, a->sub != NULL);
        assert_int_equal(!!(a->flags & INDEXED), a->number > 0);
        if (a->type == ATTRIBUTE_REFERENCE || a->type == ATTRIBUTE_BINARY)
                assert_true(a->flags & CASE_EXACT); /* RFC 7643 sections 2.3.6 and 2.3.7 */
        if (a->flags & PRIMARY_SUB)
                assert_int_equal(a->type, ATTRIBUTE_BOOLEAN);
        if (a->flags & RETURNED_NEVER)
                assert_true(a->flags & WRITE_ONLY);
        assert_true(__builtin_popcount(a->flags & (READ_ONLY | IMMUTABLE | WRITE_ONLY)) <= 1);
}

static void test_every_row_keeps_the_promises_of_the_header(void **state)
{
        each_of_types(check_row);
}

static int rows(const struct attribute *attributes)
{
        int count = 0;

        while (attributes && attributes[count].name)
                count++;
        return count;
}

static void check_table(const struct attribute *a)
{
        assert_true(rows(a->sub) < 64); /* a bit each when duplicates are looked for */
}

static void test_tables_fit_the_bits_of_the_duplicate_check(void **state)
{
        each_of_types(check_table);
        for (int kind = 1; kind < KIND_COUNT; kind++)
                assert_true(rows(resource_type((enum resource_kind)kind)->core->attributes) < 64);
}

static int indexed;
static void count_indexed(const struct attribute *a)
{
        indexed += (a->flags & INDEXED) != 0;
}

static void test_a_plain_user_has_few_indexed_values(void **state)
{
        indexed = 0;
        each_attribute(resource_type(KIND_USER)->core->attributes, count_indexed);
        assert_true(indexed <= 4);
        assert_int_equal(
                attribute_find(attribute_find(resource_type(KIND_USER)->core->attributes, "emails", 6)->sub, "value", 5)->number, 1);
}

static void test_names_compare_without_letter_case_and_whole(void **state)
{
        const struct attribute *attributes = resource_type(KIND_USER)->core->attributes;

        assert_string_equal(attribute_find(attributes, "USERNAME", 8)->name, "userName");
        assert_string_equal(attribute_find(attributes, "userName.x", 8)->name, "userName");
        assert_null(attribute_find(attributes, "userNam", 7));
        assert_null(attribute_find(attributes, "userNames", 9));
        assert_null(attribute_find(attributes, "", 0));
        assert_null(attribute_find(attributes, "userName\0x", 10));
        assert_null(attribute_find(NULL, "x", 1));
        assert_non_null(attribute_find(attribute_common(), "externalid", 10));
}

static void test_the_registry_is_complete_and_unambiguous(void **state)
{
        for (int kind = 1; kind < KIND_COUNT; kind++) {
                const struct resource_type *type = resource_type((enum resource_kind)kind);

                assert_non_null(type);
                assert_int_equal(type->kind, kind);
                assert_ptr_equal(schema_set_type_by_name(schema_set_builtin(), type->name), type->scim_endpoint ? type : NULL);
                assert_ptr_equal(resource_type_by_word(type->word), type);
                assert_ptr_equal(resource_type_by_collection(type->api_collection), type);
                if (type->scim_endpoint)
                        assert_ptr_equal(schema_set_type_by_endpoint(schema_set_builtin(), type->scim_endpoint), type);
                if (type->name_attribute)
                        assert_non_null(attribute_find(type->core->attributes, type->name_attribute, strlen(type->name_attribute)));
                assert_ptr_equal(schema_of_type(type, type->core->urn, strlen(type->core->urn)), type->core);
                assert_true(type->api_offers & OFFER_READ);
        }
        assert_null(resource_type(KIND_NONE));
        assert_null(resource_type(KIND_COUNT));
        assert_null(schema_set_type_by_endpoint(schema_set_builtin(), "users"));
        assert_null(schema_set_type_by_endpoint(schema_set_builtin(), NULL));
        assert_null(schema_set_type_by_name(schema_set_builtin(), "user"));
}

/* R18: SCIM addresses users and groups only. */
static void test_R18_scim_addresses_users_and_groups_only(void **state)
{
        for (int kind = 1; kind < KIND_COUNT; kind++)
                assert_int_equal(resource_type((enum resource_kind)kind)->scim_endpoint != NULL, kind == KIND_USER || kind == KIND_GROUP);
}

static void test_everything_that_can_be_suspended_has_active(void **state)
{
        static const enum resource_kind kinds[] = { KIND_USER, KIND_GROUP, KIND_IDENTITY, KIND_ROLE, KIND_PROJECT, KIND_ORGANIZATION,
                KIND_CONNECTION };

        for (size_t i = 0; i < COUNT_OF(kinds); i++) {
                const struct resource_type *type = resource_type(kinds[i]);
                const struct attribute *active = attribute_find(type->core->attributes, "active", 6);

                active = active ? active : attribute_find(type->api_attributes, "active", 6);
                assert_non_null(active);
                assert_true(active->flags & COLUMN);
        }
}

static void test_urns_are_found_whole_and_without_letter_case(void **state)
{
        const struct resource_type *user = resource_type(KIND_USER);

        assert_string_equal(
                schema_of_type(user, "URN:ietf:params:scim:schemas:extension:ENTERPRISE:2.0:User", 58)->urn, URN_ENTERPRISE_USER);
        assert_null(schema_of_type(user, URN_ENTERPRISE_USER, 57));
        assert_null(schema_of_type(user, URN_GROUP, strlen(URN_GROUP)));
        assert_null(schema_of_type(resource_type(KIND_GROUP), URN_ENTERPRISE_USER, 58));
        assert_ptr_equal(schema_set_schema(schema_set_builtin(), "urn:IETF:params:scim:schemas:core:2.0:User"), user->core);
        assert_null(schema_set_schema(schema_set_builtin(), "urn:x"));
}

static void test_leniencies_are_recorded_or_refused(void **state)
{
        struct leniency lenient = { 0 }, strict = { .strict = true };

        for (int code = 0; code < LENIENCY_COUNT; code++) {
                assert_non_null(leniency_name((enum leniency_code)code));
                assert_true(leniency_use(&lenient, (enum leniency_code)code));
                assert_true(lenient.used >> code & 1);
                assert_false(leniency_use(&strict, (enum leniency_code)code));
                assert_false(leniency_use(NULL, (enum leniency_code)code));
        }
        assert_int_equal(strict.used, 0);
        assert_null(leniency_name(LENIENCY_COUNT));
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_row_keeps_the_promises_of_the_header),
                cmocka_unit_test(test_tables_fit_the_bits_of_the_duplicate_check),
                cmocka_unit_test(test_a_plain_user_has_few_indexed_values),
                cmocka_unit_test(test_names_compare_without_letter_case_and_whole),
                cmocka_unit_test(test_the_registry_is_complete_and_unambiguous),
                cmocka_unit_test(test_R18_scim_addresses_users_and_groups_only),
                cmocka_unit_test(test_everything_that_can_be_suspended_has_active),
                cmocka_unit_test(test_urns_are_found_whole_and_without_letter_case),
                cmocka_unit_test(test_leniencies_are_recorded_or_refused),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
