/* SPDX-License-Identifier: Apache-2.0
 *
 * The shapes of what an organisation declares for itself: discovery, a user with an extension, a resource of its own type, refusals. */
#include "scim/client.h"

#define BADGE "urn:acme:scim:schemas:extension:badge:2.0:User"
#define DEVICE "urn:ietf:params:scim:schemas:core:2.0:Device"

static struct client *open_declaring(struct fixture *fixture)
{
        struct client *client = client_open(fixture, "lenient");
        struct house *house = client->house;
        house_do(house, &house->admin, CHANGE_CREATE, KIND_SCHEMA, NULL,
                "{\"urn\":\"" BADGE "\",\"name\":\"Badge\",\"description\":\"What opens doors.\",\"resourceType\":\"User\",\"attributes\":["
                "{\"name\":\"badge\",\"uniqueness\":\"server\",\"description\":\"The number on the badge.\"},"
                "{\"name\":\"level\",\"type\":\"integer\"},{\"name\":\"note\",\"returned\":\"request\"},"
                "{\"name\":\"doors\",\"type\":\"complex\",\"multiValued\":true,\"subAttributes\":[{\"name\":\"value\",\"required\":true},"
                "{\"name\":\"type\",\"canonicalValues\":[\"main\",\"side\"]}]}]}");
        house_do(house, &house->admin, CHANGE_CREATE, KIND_SCHEMA, NULL,
                "{\"urn\":\"" DEVICE "\",\"name\":\"Device\",\"description\":\"A thing with a network interface.\",\"attributes\":["
                "{\"name\":\"displayName\",\"required\":true},{\"name\":\"active\",\"type\":\"boolean\"}]}");
        house_do(house, &house->admin, CHANGE_CREATE, KIND_RESOURCE_TYPE, NULL,
                "{\"name\":\"Device\",\"endpoint\":\"/Devices\",\"schema\":\"" DEVICE "\"}");
        client->actor.schemas_revision = house_number(house, "SELECT schemas_revision FROM root WHERE root_no = 1");
        return client;
}

static void test_discovery_tells_what_is_declared(struct fixture *fixture)
{
        struct client *client = open_declaring(fixture);
        assert_status(200, client, METHOD_GET, "/Schemas/" BADGE, NULL);
        client_golden(client, "declared-schema");
        assert_status(200, client, METHOD_GET, "/ResourceTypes", NULL);
        client_golden(client, "declared-resource-types");
        assert_status(200, client, METHOD_GET, "/Schemas", NULL);
        assert_int_equal(client_number(client, "totalResults"), 9);
        client_close(client);
}

static void test_a_user_with_a_declared_extension(struct fixture *fixture)
{
        struct client *client = open_declaring(fixture);
        assert_status(201, client, METHOD_POST, "/Users",
                USER_BODY("\"userName\":\"ann\",\"" BADGE "\":{\"badge\":\"B-1\",\"level\":2,\"note\":\"on request\","
                          "\"doors\":[{\"value\":\"d1\",\"type\":\"main\"}]}"));
        client_golden(client, "declared-user");
        assert_status(409, client, METHOD_POST, "/Users", USER_BODY("\"userName\":\"ben\",\"" BADGE "\":{\"badge\":\"b-1\"}"));
        client_golden(client, "declared-error-taken");
        assert_status(400, client, METHOD_POST, "/Users", USER_BODY("\"userName\":\"ben\",\"" BADGE "\":{\"level\":\"two\"}"));
        client_golden(client, "declared-error-value");
        client_close(client);
}

static void test_a_resource_of_a_declared_type(struct fixture *fixture)
{
        struct client *client = open_declaring(fixture);
        char target[128];
        assert_status(201, client, METHOD_POST, "/Devices",
                "{\"schemas\":[\"" DEVICE "\"],\"displayName\":\"Printer\",\"active\":false,\"externalId\":\"d-1\"}");
        client_golden(client, "declared-device");
        (void)snprintf(target, sizeof target, "/Devices/%s", client->id);
        assert_status(200, client, METHOD_PATCH, target, PATCH_BODY("{\"op\":\"replace\",\"path\":\"active\",\"value\":true}"));
        client_golden(client, "declared-device-patched");
        assert_status(200, client, METHOD_GET, "/Devices?filter=displayName%20eq%20%22printer%22", NULL);
        client_golden(client, "declared-list");
        assert_status(204, client, METHOD_DELETE, target, NULL);
        client_close(client);
}

/* As if another node had declared something, when the write has been judged. */
static void schemas_grow_newer(struct client *client)
{
        while (!house_number(client->house, "SELECT COUNT(*) FROM resource WHERE name_folded = 'ann'"))
                (void)usleep(1000);
        house_script(client->house, "UPDATE root SET schemas_revision = schemas_revision + 1");
        client->actor.schemas_revision++;
        assert_status(200, client, METHOD_GET, "/Users", NULL);
}

/* The same worker reads newer ones before it finishes the write. */
static void test_a_write_keeps_the_schemas_it_was_begun_with(struct fixture *fixture)
{
        struct client *client = open_declaring(fixture);
        client->between = schemas_grow_newer;
        assert_status(201, client, METHOD_POST, "/Users", USER_BODY("\"userName\":\"ann\",\"" BADGE "\":{\"badge\":\"B-1\",\"level\":2}"));
        assert_int_equal(json_integer_value(json_object_get(json_object_get(client->json, BADGE), "level")), 2);
        client_close(client);
}

/* The token's root declares; nobody else's sees it. */
static void test_who_declares_nothing_has_no_such_endpoint(struct fixture *fixture)
{
        struct client *client = open_declaring(fixture);
        client->actor.schemas_revision = 0;
        assert_status(404, client, METHOD_GET, "/Devices", NULL);
        assert_status(404, client, METHOD_GET, "/Schemas/" BADGE, NULL);
        assert_status(404, client, METHOD_GET, "/ResourceTypes/Device", NULL);
        client_close(client);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_discovery_tells_what_is_declared, ON_SQLITE),
                FIXTURE_TEST(test_a_user_with_a_declared_extension, ON_SQLITE),
                FIXTURE_TEST(test_a_write_keeps_the_schemas_it_was_begun_with, ON_SQLITE),
                FIXTURE_TEST(test_a_resource_of_a_declared_type, ON_SQLITE),
                FIXTURE_TEST(test_who_declares_nothing_has_no_such_endpoint, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
