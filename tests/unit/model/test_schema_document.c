/* SPDX-License-Identifier: Apache-2.0
 *
 * What /Schemas and /ResourceTypes say is what was published in schemas/scim, to the byte of every value. */
#include "model_fixture.h"
#include "model/schema_set.h"

#include <dirent.h>
#include <stdio.h>

static void test_published_schemas_equal_the_descriptors(void **state)
{
        for (const struct schema *const *schema = schema_set_builtin()->schemas; *schema; schema++) {
                char path[256];
                json_auto_t *made = schema_document(*schema);

                (void)snprintf(path, sizeof(path), "schemas/scim/%s.json", (*schema)->name);
                json_auto_t *published = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
                if (!published)
                        fail_msg("%s cannot be read", path);
                if (!json_equal(made, published))
                        fail_msg("%s differs from the descriptor", path);
        }
}

static void test_no_published_file_lacks_a_descriptor(void **state)
{
        DIR *folder = opendir("schemas/scim");
        int files = 0, schemas = 0;

        assert_non_null(folder);
        for (const struct dirent *entry; (entry = readdir(folder));)
                files += strstr(entry->d_name, ".json") != NULL;
        (void)closedir(folder);
        while (schema_set_builtin()->schemas[schemas])
                schemas++;
        assert_int_equal(files, schemas);
}

static const json_t *row_of(const json_t *rows, const char *name)
{
        const json_t *row;
        size_t index;

        json_array_foreach ((json_t *)rows, index, row) {
                if (strcmp(json_string_value(json_object_get(row, "name")), name) == 0)
                        return row;
        }
        return NULL;
}

static void test_characteristics_are_those_of_rfc_7643(void **state)
{
        json_auto_t *user = schema_document(schema_set_schema(schema_set_builtin(), URN_USER));
        json_auto_t *group = schema_document(schema_set_schema(schema_set_builtin(), URN_GROUP));
        const json_t *rows = json_object_get(user, "attributes"), *row = row_of(rows, "userName");

        assert_json(json_object_get(row, "required"), "true");
        assert_json(json_object_get(row, "uniqueness"), "'server'");
        assert_json(json_object_get(row, "caseExact"), "false");
        assert_json(json_object_get(row, "returned"), "'default'");
        row = row_of(rows, "groups");
        assert_json(json_object_get(row, "mutability"), "'readOnly'");
        assert_json(json_object_get(row, "multiValued"), "true");
        assert_null(json_object_get(row, "caseExact"));
        row = row_of(json_object_get(row_of(rows, "emails"), "subAttributes"), "type");
        assert_json(json_object_get(row, "canonicalValues"), "['work','home','other']");
        assert_json(json_object_get(row_of(rows, "x509Certificates"), "type"), "'complex'");
        row = row_of(json_object_get(group, "attributes"), "members");
        assert_json(json_object_get(row_of(json_object_get(row, "subAttributes"), "$ref"), "referenceTypes"), "['User','Group']");
        assert_json(json_object_get(row_of(json_object_get(row, "subAttributes"), "value"), "mutability"), "'immutable'");
}

/* R27 and the IPSIE profile: there is no password. Suspending a group is not SCIM's. */
static void test_R27_password_and_group_active_are_not_published(void **state)
{
        json_auto_t *user = schema_document(schema_set_schema(schema_set_builtin(), URN_USER));
        json_auto_t *group = schema_document(schema_set_schema(schema_set_builtin(), URN_GROUP));

        assert_null(row_of(json_object_get(user, "attributes"), "password"));
        assert_null(row_of(json_object_get(group, "attributes"), "active"));
        assert_non_null(row_of(json_object_get(user, "attributes"), "active"));
}

static void test_resource_types(void **state)
{
        json_auto_t *user = resource_type_document(resource_type(KIND_USER));
        json_auto_t *group = resource_type_document(resource_type(KIND_GROUP));

        assert_json(user,
                "{'schemas':['urn:ietf:params:scim:schemas:core:2.0:ResourceType'],'id':'User','name':'User','endpoint':'/Users',"
                "'description':'A person\\u0027s account.','schema':'urn:ietf:params:scim:schemas:core:2.0:User','schemaExtensions':["
                "{'schema':'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User','required':false},"
                "{'schema':'urn:ietf:params:scim:schemas:extension:muster:2.0:User','required':false}]}");
        assert_null(json_object_get(group, "schemaExtensions"));
        assert_json(json_object_get(group, "endpoint"), "'/Groups'");
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_published_schemas_equal_the_descriptors),
                cmocka_unit_test(test_no_published_file_lacks_a_descriptor),
                cmocka_unit_test(test_characteristics_are_those_of_rfc_7643),
                cmocka_unit_test(test_R27_password_and_group_active_are_not_published),
                cmocka_unit_test(test_resource_types),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
