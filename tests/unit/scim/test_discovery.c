/* SPDX-License-Identifier: Apache-2.0
 *
 * Discovery: golden documents, one by one equal to their entry in the list, no filter; what is announced is what is offered. */
#include "scim/client.h"

static void test_documents_are_as_expected(struct fixture *fixture)
{
        struct client *client = client_open(fixture, "lenient");
        assert_status(200, client, METHOD_GET, "/ServiceProviderConfig", NULL);
        client_golden(client, "service-provider-config");
        assert_status(200, client, METHOD_GET, "/ResourceTypes", NULL);
        client_golden(client, "resource-types");
        assert_status(200, client, METHOD_GET, "/Schemas", NULL);
        client_golden(client, "schemas");
        client_close(client);
}

static void compare_entries(struct client *client, const char *list, const char *key)
{
        assert_int_equal(client_get(client, "/%s", list), 200);
        json_auto_t *all = json_deep_copy(client_at(client, "Resources"));
        assert_int_equal(client_number(client, "totalResults"), json_array_size(all));
        assert_true(json_array_size(all) > 1);
        size_t index;
        json_t *entry;
        json_array_foreach (all, index, entry) {
                const char *location = json_string_value(json_object_get(json_object_get(entry, "meta"), "location"));
                assert_int_equal(client_get(client, "/%s/%s", list, json_string_value(json_object_get(entry, key))), 200);
                assert_true(json_equal(client->json, entry));
                assert_true(strncmp(location, "https://muster.example/scim/v2/", 31) == 0);
                assert_int_equal(client_get(client, "%s", location + strlen("https://muster.example/scim/v2")), 200);
        }
}

static void test_each_entry_stands_alone_too(struct fixture *fixture)
{
        struct client *client = client_open(fixture, "lenient");
        compare_entries(client, "ResourceTypes", "id");
        compare_entries(client, "Schemas", "id");
        client_close(client);
}

static void test_what_is_not_there_or_filtered_is_refused(struct fixture *fixture)
{
        struct client *client = client_open(fixture, "lenient");
        assert_status(404, client, METHOD_GET, "/ResourceTypes/Nothing", NULL);
        assert_status(404, client, METHOD_GET, "/ResourceTypes/Organization", NULL); /* R18 */
        assert_status(404, client, METHOD_GET, "/Schemas/urn:nothing", NULL);
        client_golden(client, "error-schema");
        static const char *const lists[] = { "/ServiceProviderConfig", "/ResourceTypes", "/Schemas" };
        for (size_t i = 0; i < COUNT_OF(lists); i++) {
                assert_int_equal(client_get(client, "%s?filter=id+pr", lists[i]), 403);
                assert_int_equal(client_get(client, "%s?count=1&startIndex=5&sortBy=id", lists[i]), 200);
        }
        client_close(client);
}

/* Every type that is announced can be listed; every attribute of a schema that is announced can be filtered on. */
static void test_what_is_announced_is_offered(struct fixture *fixture)
{
        struct client *client = client_open(fixture, "strict");
        assert_status(200, client, METHOD_GET, "/ResourceTypes", NULL);
        json_auto_t *types = json_deep_copy(client_at(client, "Resources"));
        size_t index, at;
        json_t *type, *attribute;
        json_array_foreach (types, index, type) {
                const char *endpoint = json_string_value(json_object_get(type, "endpoint"));
                assert_int_equal(client_get(client, "%s", endpoint), 200);
                assert_int_equal(client_get(client, "/Schemas/%s", json_string_value(json_object_get(type, "schema"))), 200);
                json_auto_t *attributes = json_deep_copy(client_at(client, "attributes"));
                json_array_foreach (attributes, at, attribute) {
                        const char *name = json_string_value(json_object_get(attribute, "name"));
                        if (client_get(client, "%s?filter=%s+pr", endpoint, name) != 200)
                                fail_msg("%s cannot be filtered on %s: %s", endpoint, name, client->text);
                }
        }
        client_close(client);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_documents_are_as_expected, ON_SQLITE),
                FIXTURE_TEST(test_each_entry_stands_alone_too, ON_SQLITE),
                FIXTURE_TEST(test_what_is_not_there_or_filtered_is_refused, ON_SQLITE),
                FIXTURE_TEST(test_what_is_announced_is_offered, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
