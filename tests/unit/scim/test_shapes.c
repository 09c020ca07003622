/* SPDX-License-Identifier: Apache-2.0
 *
 * Golden files for the shapes of replies that no other test writes: Bulk, pages by cursor, .search, groups in groups, the strict profile;
 * and every scimType of the error table has a golden file. */
#include "scim/client.h"

#include <dirent.h>
#include "base/clock.h"
#include "scim/cursor.h"

#define BULK_BODY(more) "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:BulkRequest\"]," more "}"
#define SEARCH_BODY(more) "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:SearchRequest\"]," more "}"
#define NAMED(name) "{\"schemas\":[\"" URN_USER "\"],\"userName\":\"" name "\"}"
#define POST_OF(bulk_id, type, data) "{\"method\":\"POST\",\"path\":\"/" type "\",\"bulkId\":\"" bulk_id "\",\"data\":" data "}"
#define MANAGED(name, by) \
        "{\"schemas\":[\"" URN_USER "\",\"" URN_ENTERPRISE_USER "\"],\"userName\":\"" name "\",\"" URN_ENTERPRISE_USER \
        "\":{\"manager\":{\"value\":\"bulkId:" by "\"}}}"

static void test_bulk(struct fixture *fixture)
{
        struct client *client = client_open(fixture, "lenient");
        assert_status(200, client, METHOD_POST, "/Bulk",
                BULK_BODY("\"Operations\":[" POST_OF("g", "Groups",
                        "{\"schemas\":[\"" URN_GROUP
                        "\"],\"displayName\":\"Crew\",\"members\":[{\"value\":\"bulkId:a\"}]}") "," POST_OF("a", "Users",
                        NAMED("ann@acme.example")) ",{\"method\":\"PATCH\",\"path\":\"/Users/"
                                                   "bulkId:a\",\"data\":" PATCH_BODY("{\"op\":\"add\",\"path\":\"title\","
                                                                                     "\"value\":\"Dr\"}") "}"
                                                                                                          ",{\"method\":"
                                                                                                          "\"PUT\","
                                                                                                          "\"path\":\"/"
                                                                                                          "Users/"
                                                                                                          "bulkId:a\","
                                                                                                          "\"version\":"
                                                                                                          "\"W/"
                                                                                                          "\\\"1\\\"\","
                                                                                                          "\"data\""
                                                                                                          ":" NAMED("ann@"
                                                                                                                    "acme."
                                                                                                                    "exampl"
                                                                                                                    "e") "}"
                                                                                                                         ",{"
                                                                                                                         "\""
                                                                                                                         "me"
                                                                                                                         "th"
                                                                                                                         "od"
                                                                                                                         "\""
                                                                                                                         ":"
                                                                                                                         "\""
                                                                                                                         "DE"
                                                                                                                         "LE"
                                                                                                                         "TE"
                                                                                                                         "\""
                                                                                                                         ","
                                                                                                                         "\""
                                                                                                                         "pa"
                                                                                                                         "th"
                                                                                                                         "\""
                                                                                                                         ":"
                                                                                                                         "\""
                                                                                                                         "/G"
                                                                                                                         "ro"
                                                                                                                         "up"
                                                                                                                         "s/"
                                                                                                                         "bu"
                                                                                                                         "lk"
                                                                                                                         "Id"
                                                                                                                         ":g"
                                                                                                                         "\""
                                                                                                                         "}"
                                                                                                                         "]"));
        client_golden(client, "bulk");
        assert_status(200, client, METHOD_POST, "/Bulk",
                BULK_BODY("\"failOnErrors\":2,\"Operations\":[" POST_OF("b", "Users", MANAGED("ben@acme.example", "c")) "," POST_OF("c",
                        "Users", MANAGED("cyd@acme.example", "b")) "," POST_OF("d", "Users", NAMED("ANN@acme.example")) "," POST_OF("e",
                        "Users", MANAGED("eve@acme.example", "nobody")) "," POST_OF("f", "Users", NAMED("not-tried@acme.example")) "]"));
        client_golden(client, "bulk-circle-and-refusals");
        assert_status(400, client, METHOD_POST, "/Bulk", BULK_BODY("\"Operations\":{}"));
        client_golden(client, "error-bulk");
        client_close(client);
}

static void test_pages_by_cursor(struct fixture *fixture)
{
        struct client *client = client_open(fixture, "lenient");
        for (int i = 0; i < 3; i++)
                house_do(client->house, &client->actor, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"u%d\"}", i);
        assert_status(200, client, METHOD_GET, "/Users?cursor=&count=2", NULL);
        client_golden(client, "list-by-cursor");
        const char *cursor = arena_strdup(client->house->arena, client_text(client, "nextCursor"));
        assert_int_equal(client_get(client, "/Users?cursor=%s&count=2", cursor), 200);
        client_golden(client, "list-by-cursor-last");
        assert_int_equal(client_get(client, "/Users?cursor=%s0", cursor), 400);
        client_golden(client, "error-cursor");
        assert_int_equal(client_get(client, "/Users?cursor=%s&count=0", cursor), 400);
        client_golden(client, "error-count");
        clock_shift_for_test_us((CURSOR_TIMEOUT_S + 1) * US_PER_S);
        assert_int_equal(client_get(client, "/Users?cursor=%s&count=2", cursor), 400);
        clock_shift_for_test_us(0);
        client_golden(client, "error-cursor-expired");
        client_close(client);
}

static void test_search(struct fixture *fixture)
{
        struct client *client = client_open(fixture, "lenient");
        house_user(client->house, &client->actor, "ann");
        house_group(client->house, &client->actor, "ann's group");
        assert_status(200, client, METHOD_POST, "/Users/.search",
                SEARCH_BODY("\"filter\":\"userName eq \\\"ann\\\"\",\"attributes\":[\"userName\"],\"startIndex\":1,\"count\":10"));
        client_golden(client, "search");
        assert_status(200, client, METHOD_POST, "/.search", SEARCH_BODY("\"excludedAttributes\":[\"members\"],\"count\":10"));
        client_golden(client, "search-root");
        assert_status(200, client, METHOD_POST, "/Users/.search", SEARCH_BODY("\"filter\":\"userName eq \\\"nobody\\\"\""));
        client_golden(client, "search-empty");
        client_close(client);
}

static void test_groups_in_groups(struct fixture *fixture)
{
        struct client *client = client_open(fixture, "lenient");
        assert_status(200, client, METHOD_POST, "/Bulk",
                BULK_BODY("\"Operations\":[" POST_OF("a", "Users",
                        "{\"schemas\":[\"" URN_USER "\",\"" URN_ENTERPRISE_USER
                        "\"],\"userName\":\"ann\",\"displayName\":\"Ann\",\"" URN_ENTERPRISE_USER
                        "\":{\"employeeNumber\":\"7\",\"costCenter\":\"C\",\"organization\":\"O\",\"division\":\"V\",\"department\":\"D\","
                        "\"manager\":{\"value\":\"m1\",\"$ref\":\"../Users/m1\"}}}") "," POST_OF("i", "Groups",
                        "{\"schemas\":[\"" URN_GROUP
                        "\"],\"displayName\":\"Inner\",\"members\":[{\"value\":\"bulkId:a\"}]}") "," POST_OF("o", "Groups",
                        "{\"schemas\":[\"" URN_GROUP "\"],\"displayName\":\"Outer\",\"members\":[{\"value\":\"bulkId:i\"},"
                        "{\"value\":\"bulkId:a\"}]}") "," POST_OF("w", "Groups",
                        "{\"schemas\":[\"" URN_GROUP "\"],\"displayName\":\"Whole\",\"members\":[{\"value\":\"bulkId:o\"}]}") "]"));
        char user[256];
        (void)snprintf(user, sizeof user, "%s", strstr(client_text(client, "Operations/0/location"), "/Users/"));
        assert_status(200, client, METHOD_GET, user, NULL);
        client_golden(client, "user-with-extensions-in-nested-groups");
        assert_status(200, client, METHOD_GET, "/Groups?filter=displayName+eq+%22Outer%22", NULL);
        client_golden(client, "group-nested");
        client_close(client);
}

static void test_strict(struct fixture *fixture)
{
        struct client *client = client_open(fixture, "strict");
        assert_status(200, client, METHOD_GET, "/ServiceProviderConfig", NULL);
        client_golden(client, "service-provider-config-strict");
        assert_status(400, client, METHOD_POST, "/Users", USER_BODY("\"userName\":\"a\",\"unheard\":1"));
        client_golden(client, "error-strict");
        client_close(client);
}

/* What no index decides and what is sorted is read whole, up to a limit; the stored count of the claimed tells beforehand. */
static void test_too_many(struct fixture *fixture)
{
        struct client *client = client_open(fixture, "lenient");
        house_user(client->house, &client->actor, "one");
        house_script(client->house, "UPDATE resource_count SET live = live + %d WHERE kind = %d", CANDIDATES_MAX, KIND_USER);
        assert_status(400, client, METHOD_GET, "/Users?filter=title+pr", NULL);
        client_golden(client, "error-too-many");
        assert_status(400, client, METHOD_GET, "/Users?sortBy=title", NULL);
        client_golden(client, "error-too-many-sorted");
        assert_status(200, client, METHOD_GET, "/Users?filter=title+pr&cursor=", NULL); /* pages of a bounded walk */
        assert_status(200, client, METHOD_GET, "/Users?filter=userName+eq+%22one%22+and+not+(title+pr)", NULL);
        house_script(client->house, "UPDATE resource_count SET live = live - %d WHERE kind = %d", CANDIDATES_MAX, KIND_USER);
        client_close(client);
}

static bool some_golden_holds(const char *words)
{
        DIR *folder = opendir("tests/golden/scim");
        bool found = false;
        assert_non_null(folder);
        for (const struct dirent *entry; !found && (entry = readdir(folder));) {
                char path[300], text[4096] = "";
                (void)snprintf(path, sizeof path, "tests/golden/scim/%s", entry->d_name);
                FILE *file = strncmp(entry->d_name, "error-", 6) == 0 ? fopen(path, "r") : NULL;
                if (!file)
                        continue;
                text[fread(text, 1, sizeof text - 1, file)] = '\0';
                (void)fclose(file);
                found = strstr(text, words) != NULL;
        }
        (void)closedir(folder);
        return found;
}

static void test_every_scim_type_has_a_golden_file(struct fixture *fixture)
{
        for (int code = ERR_OK + 1; code < ERR_COUNT_OF_CODES; code++) {
                const char *type = error_row((enum err)code)->scim_type;
                char words[64];
                (void)snprintf(words, sizeof words, "\"scimType\": \"%s\"", type);
                if (*type && !some_golden_holds(words))
                        fail_msg("no golden file of an error with %s", words);
        }
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_bulk, ON_SQLITE),
                FIXTURE_TEST(test_pages_by_cursor, ON_SQLITE),
                FIXTURE_TEST(test_search, ON_SQLITE),
                FIXTURE_TEST(test_groups_in_groups, ON_SQLITE),
                FIXTURE_TEST(test_strict, ON_SQLITE),
                FIXTURE_TEST(test_too_many, ON_BOTH),
                FIXTURE_TEST(test_every_scim_type_has_a_golden_file, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
