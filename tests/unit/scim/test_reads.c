/* SPDX-License-Identifier: Apache-2.0
 *
 * What is not shown is not read: counted statement by statement. Bulk judges the scopes of the token for each operation. */
#include "scim/client.h"

static int counts[STATEMENT_COUNT + 1];

static enum err count_statement(void *context, enum statement statement, struct fault *fault)
{
        (void)context;
        (void)fault;
        counts[statement]++;
        return ERR_OK;
}

static int member_reads(void)
{
        int sum = 0;
        for (int i = 0; i < STATEMENT_COUNT; i++)
                if (strncmp(statement_row((enum statement)i)->name, "MEMBER_", 7) == 0 ||
                        strncmp(statement_row((enum statement)i)->name, "GROUPS_", 7) == 0)
                        sum += counts[i];
        return sum;
}

static int reads_of(struct client *client, enum method method, const char *target, const char *body)
{
        memset(counts, 0, sizeof(counts));
        int status = client_call(client, method, target, body);
        assert_true(status == 200 || status == 201);
        return member_reads();
}

static void test_excluded_members_and_groups_are_not_read(struct fixture *fixture)
{
        struct client *client = client_open(fixture, "lenient");
        char group[128], user[128], body[256];
        assert_status(201, client, METHOD_POST, "/Users", USER_BODY("\"userName\":\"one\""));
        (void)snprintf(user, sizeof(user), "/Users/%s", client->id);
        (void)snprintf(body, sizeof(body), GROUP_BODY("\"displayName\":\"g\",\"members\":[{\"value\":\"%s\"}]"), client->id);
        assert_status(201, client, METHOD_POST, "/Groups", body);
        (void)snprintf(group, sizeof(group), "/Groups/%s", client->id);
        struct session *usual = fixture->reader;
        store_set_fault_hook_for_test(client->house->directory->store, count_statement, NULL);
        assert_ok(store_reader_open(client->house->directory->store, &fixture->reader, &fixture->fault));

        char target[256];
        assert_true(reads_of(client, METHOD_GET, group, NULL) > 0);
        assert_true(reads_of(client, METHOD_GET, user, NULL) > 0);
        static const char *const without[] = { "excludedAttributes=members,groups", "attributes=displayName" };
        for (size_t i = 0; i < COUNT_OF(without); i++) {
                (void)snprintf(target, sizeof(target), "%s?%s", group, without[i]);
                assert_int_equal(reads_of(client, METHOD_GET, target, NULL), 0);
                (void)snprintf(target, sizeof(target), "%s?%s", user, without[i]);
                assert_int_equal(reads_of(client, METHOD_GET, target, NULL), 0);
                for (const char *const *list =
                                (const char *const[]){ "", "&cursor=", "&sortBy=displayName", "&filter=displayName%20pr", NULL };
                        *list; list++) {
                        (void)snprintf(target, sizeof(target), "/Groups?%s%s", without[i], *list);
                        assert_int_equal(reads_of(client, METHOD_GET, target, NULL), 0);
                }
        }
        assert_int_equal(reads_of(client, METHOD_POST, "/.search", "{\"excludedAttributes\":[\"members\",\"groups\"]}"), 0);
        (void)snprintf(target, sizeof(target), "%s?excludedAttributes=members", group);
        assert_int_equal(reads_of(client, METHOD_PUT, target, GROUP_BODY("\"displayName\":\"renamed\"")), 0);
        (void)snprintf(target, sizeof(target), "%s?attributes=displayName", group);
        assert_int_equal(
                reads_of(client, METHOD_PATCH, target, PATCH_BODY("{\"op\":\"replace\",\"path\":\"displayName\",\"value\":\"g3\"}")), 0);
        assert_null(client_at(client, "members"));
        assert_string_equal(client_text(client, "displayName"), "g3");
        session_close(fixture->reader);
        fixture->reader = usual;
        client_close(client);
}

static void test_a_far_page_reads_no_skipped_document(struct fixture *fixture)
{
        struct client *client = client_open(fixture, "lenient");
        for (int i = 0; i < 12; i++) {
                char body[128];
                (void)snprintf(body, sizeof(body), USER_BODY("\"userName\":\"user%02d\""), i);
                assert_status(201, client, METHOD_POST, "/Users", body);
        }
        assert_int_equal(client_get(client, "/Users?startIndex=11&count=5"), 200);
        assert_int_equal(client_number(client, "totalResults"), 12);
        assert_int_equal(client_number(client, "itemsPerPage"), 2);
        assert_string_equal(client_text(client, "Resources/0/userName"), "user10");
        client_close(client);
}

static void test_bulk_judges_each_operation(struct fixture *fixture)
{
        struct client *client = client_open(fixture, "lenient");
        static const char message[] = "{\"Operations\":[{\"method\":\"POST\",\"path\":\"/Users\",\"bulkId\":\"u\",\"data\":" USER_BODY(
                "\"userName\":\"x\"") "},"
                                      "{\"method\":\"POST\",\"path\":\"/Groups\",\"bulkId\":\"g\",\"data\":" GROUP_BODY(
                                              "\"displayName\":\"x\"") "}]}";
        unsigned scopes = client->actor.scopes;
        client->actor.scopes = SCOPE_USERS;
        assert_status(200, client, METHOD_POST, "/Bulk", message);
        assert_string_equal(client_text(client, "Operations/0/status"), "201");
        assert_string_equal(client_text(client, "Operations/1/status"), "403");
        client->actor.scopes = scopes | SCOPE_READ_ONLY;
        assert_status(200, client, METHOD_POST, "/Bulk", message);
        assert_string_equal(client_text(client, "Operations/0/status"), "403");
        assert_string_equal(client_text(client, "Operations/1/response/status"), "403");
        client->actor.scopes = SCOPE_GROUPS;
        assert_status(200, client, METHOD_POST, "/.search", "{}");
        assert_int_equal(client_number(client, "totalResults"), 0);
        client->actor.scopes = 0;
        assert_status(403, client, METHOD_POST, "/.search", "{}");
        client_close(client);
}

/* A request holds the plan and the results of its operations, not what each of them needed. */
static void test_bulk_keeps_little_of_each_operation(struct fixture *fixture)
{
        enum { OPERATIONS = 200, TITLE_BYTES = 900 };
        struct client *client = client_open(fixture, "lenient");
        auto_buffer message = { 0 };
        buffer_puts(&message, "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:BulkRequest\"],\"Operations\":[");
        for (int i = 0; i < OPERATIONS; i++)
                buffer_printf(&message,
                        "%s{\"method\":\"POST\",\"path\":\"/Users\",\"bulkId\":\"b%d\",\"data\":" USER_BODY(
                                "\"userName\":\"u%d\",\"title\":\"%0*d\"") "}",
                        i ? "," : "", i, i, TITLE_BYTES, i);
        buffer_puts(&message, "]}");
        assert_false(message.failed);
        size_t before = arena_used_bytes(client->house->arena);
        assert_status(200, client, METHOD_POST, "/Bulk", message.data);
        size_t each = (arena_used_bytes(client->house->arena) - before) / OPERATIONS;
        assert_string_equal(client_text(client, "Operations/199/status"), "201");
        assert_non_null(strstr(client_text(client, "Operations/199/location"), "/Users/"));
        if (each > TITLE_BYTES + 100)
                fail_msg("%zu bytes are kept of each operation", each);
        client_close(client);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_excluded_members_and_groups_are_not_read, ON_SQLITE),
                FIXTURE_TEST(test_a_far_page_reads_no_skipped_document, ON_BOTH),
                FIXTURE_TEST(test_bulk_judges_each_operation, ON_SQLITE),
                FIXTURE_TEST(test_bulk_keeps_little_of_each_operation, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
