/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists: pages add up, an indexed filter answers like the same filter decided row by row, totals are true, hostile numbers are clamped,
 * nothing of another connection is ever counted or shown. */
#include "scim/client.h"

#define USERS 25

static void fill(struct client *client)
{
        struct house *house = client->house;
        struct actor entra = house_connection(house, "entra");
        for (int i = 0; i < USERS; i++)
                house_do(house, &client->actor, CHANGE_CREATE, KIND_USER, NULL,
                        "{\"userName\":\"User%02d\",\"externalId\":\"x%02d\",\"title\":\"t%d\",\"active\":%s,\"emails\":[{\"value\":\"U%d@"
                        "a.example\","
                        "\"type\":\"work\"},{\"value\":\"shared@a.example\"}]}",
                        i, i, i % 3, i % 2 ? "true" : "false", i);
        house_user(house, &entra, "foreign");
        house_user(house, &house->admin, "local");
        house_group(house, &client->actor, "Crew");
        house_group(house, &entra, "crew");
}

static void test_pages_add_up(struct fixture *fixture)
{
        struct client *client = client_open(fixture, "lenient");
        fill(client);
        bool seen[USERS] = { false };
        for (int start = 1; start <= USERS; start += 7) {
                assert_int_equal(client_get(client, "/Users?startIndex=%d&count=7", start), 200);
                int64_t shown = start + 7 <= USERS + 1 ? 7 : USERS + 1 - start;
                assert_int_equal(client_number(client, "totalResults"), USERS);
                assert_int_equal(client_number(client, "startIndex"), start);
                assert_int_equal(client_number(client, "itemsPerPage"), shown);
                assert_int_equal(json_array_size(client_at(client, "Resources")), shown);
                for (int64_t i = 0; i < shown; i++) {
                        char path[64];
                        (void)snprintf(path, sizeof path, "Resources/%lld/userName", (long long)i);
                        int number = atoi(client_text(client, path) + 4);
                        assert_false(seen[number]);
                        seen[number] = true;
                }
        }
        assert_int_equal(client_get(client, "/Users?count=2"), 200);
        client_golden(client, "list");
        client_close(client);
}

static void test_hostile_numbers_are_clamped(struct fixture *fixture)
{
        struct client *client = client_open(fixture, "lenient");
        fill(client);
        static const struct {
                const char *query;
                int status;
                int64_t start, shown;
        } cases[] = { { "count=2147483647", 200, 1, USERS }, { "count=99999999999999999999999999", 200, 1, USERS },
                { "count=0", 200, 1, 0 }, { "count=-5", 200, 1, 0 }, { "startIndex=0", 200, 1, USERS },
                { "startIndex=-9223372036854775809", 200, 1, USERS }, { "startIndex=99999999999999999999&count=5", 200, INT32_MAX, 0 },
                { "startIndex=26", 200, 26, 0 }, { "startIndex=25&count=100", 200, 25, 1 }, { "count=x", 400, 0, 0 },
                { "count=", 400, 0, 0 }, { "startIndex=1e3", 400, 0, 0 }, { "COUNT=3", 200, 1, 3 },
                { "count=0&filter=userName+sw+%22user%22", 200, 1, 0 } };
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                int status = client_get(client, "/Users?%s", cases[i].query);
                if (status != cases[i].status)
                        fail_msg("%s answers %d", cases[i].query, status);
                if (status != 200)
                        continue;
                assert_int_equal(client_number(client, "totalResults"), USERS);
                assert_int_equal(client_number(client, "startIndex"), cases[i].start);
                assert_int_equal(client_number(client, "itemsPerPage"), cases[i].shown);
                assert_int_equal(json_array_size(client_at(client, "Resources")), cases[i].shown);
        }
        client_close(client);
}

/* Each filter by the index and once more so that no index serves; both must find the same. */
static void test_an_index_finds_what_the_filter_finds(struct fixture *fixture)
{
        struct client *client = client_open(fixture, "lenient");
        fill(client);
        char id[UUID_TEXT_SIZE];
        assert_int_equal(client_get(client, "/Users?count=1"), 200);
        (void)snprintf(id, sizeof id, "%s", client_text(client, "Resources/0/id"));
        const struct {
                const char *filter;
                int64_t total;
        } cases[] = { { "userName eq \"USER03\"", 1 }, { "userName eq \"user3\"", 0 }, { "userName eq \"foreign\"", 0 },
                { "userName eq \"local\"", 0 }, { "externalId eq \"x03\"", 1 }, { "externalId eq \"X03\"", 0 }, { "externalId eq \"\"", 0 },
                { "id eq \"%s\"", 1 }, { "id eq \"01890a5d-ac96-774b-bcce-b302099a8057\"", 0 }, { "emails.value eq \"u3@A.example\"", 1 },
                { "emails.value eq \"SHARED@a.example\"", USERS }, { "emails eq \"u3@a.example\"", 1 },
                { "emails[type eq \"work\" and value eq \"u3@a.example\"]", 1 },
                { "emails[type eq \"home\" and value eq \"u3@a.example\"]", 0 }, { "userName eq \"user03\" and title eq \"t0\"", 1 },
                { "userName eq \"user03\" and title eq \"t1\"", 0 }, { "title eq \"t1\" and userName eq \"user04\"", 1 },
                { "active eq true", USERS / 2 }, { "active eq false and title eq \"t0\"", 5 },
                { "not (userName eq \"user03\")", USERS - 1 }, { "userName eq \"user03\" or userName eq \"user04\"", 2 },
                { "userName eq \"user03\" or externalId eq \"x04\"", 2 }, { "userName sw \"user1\"", 10 }, { "userName gt \"user20\"", 4 },
                { "unheardOf eq \"x\"", 0 }, { "not (unheardOf eq \"x\")", 0 }, { "unheardOf ne \"x\"", 0 }, /* R17 */
                { "userName eq null", 0 }, { "externalId pr", USERS }, { "meta.resourceType eq \"User\"", USERS },
                { "schemas eq \"" URN_USER "\"", USERS }, { URN_USER ":userName eq \"user03\"", 1 }, { "groups.value eq \"x\"", 0 } };
        for (size_t i = 0; i < COUNT_OF(cases); i++)
                for (int slow = 0; slow < 2; slow++) {
                        char filter[256], target[1024];
                        (void)snprintf(filter, sizeof filter,
                                cases[i].filter[0] == 'i' && strchr(cases[i].filter, '%') ? "id eq \"%s\"" : "%s",
                                strchr(cases[i].filter, '%') ? id : cases[i].filter);
                        /* An `or` that is never true keeps the index away; it must not change the result. */
                        char *into = target + sprintf(target, "/Users?count=1000&filter=");
                        char whole[400];
                        (void)snprintf(whole, sizeof whole, slow ? "(%s) or displayName eq \"nobody has this\"" : "%s", filter);
                        for (const char *at = whole; *at; at++)
                                into += sprintf(into, "%%%02X", (unsigned char)*at);
                        int status = client_call(client, METHOD_GET, target, NULL);
                        if (status != 200 || client_number(client, "totalResults") != cases[i].total ||
                                (int64_t)json_array_size(client_at(client, "Resources")) != cases[i].total)
                                fail_msg("%s%s answers %d: %.200s", filter, slow ? " (slow)" : "", status, client->text);
                }
        client_close(client);
}

static void test_groups_are_found_by_name_among_the_own(struct fixture *fixture)
{
        struct client *client = client_open(fixture, "lenient");
        fill(client);
        assert_int_equal(client_get(client, "/Groups?filter=displayName+eq+%%22CREW%%22"), 200);
        assert_int_equal(client_number(client, "totalResults"), 1);
        assert_string_equal(client_text(client, "Resources/0/displayName"), "Crew");
        assert_int_equal(client_get(client, "/Groups"), 200);
        assert_int_equal(client_number(client, "totalResults"), 1);
        client_close(client);
}

static void test_members_and_groups_can_be_asked_for(struct fixture *fixture)
{
        struct client *client = client_open(fixture, "lenient");
        struct house *house = client->house;
        const char *ann = house_user(house, &client->actor, "ann"), *ben = house_user(house, &client->actor, "ben");
        const char *crew = house_do(
                house, &client->actor, CHANGE_CREATE, KIND_GROUP, NULL, "{\"displayName\":\"crew\",\"members\":[{\"value\":\"%s\"}]}", ann);
        assert_int_equal(client_get(client, "/Groups?filter=members.value+eq+%%22%s%%22", ann), 200);
        assert_int_equal(client_number(client, "totalResults"), 1);
        assert_int_equal(client_get(client, "/Groups?filter=members[value+eq+%%22%s%%22]", ben), 200);
        assert_int_equal(client_number(client, "totalResults"), 0);
        assert_int_equal(client_get(client, "/Users?filter=groups.value+eq+%%22%s%%22", crew), 200);
        assert_int_equal(client_number(client, "totalResults"), 1);
        assert_string_equal(client_text(client, "Resources/0/id"), ann);
        /* Entra asks with members excluded: nobody reads 100,000 edges for it. */
        assert_int_equal(client_get(client, "/Groups?excludedAttributes=members&filter=displayName+eq+%%22crew%%22"), 200);
        assert_null(client_at(client, "Resources/0/members"));
        client_close(client);
}

/* security.md 14: at once, and never a 500. */
static void test_filter_bombs_are_refused(struct fixture *fixture)
{
        struct client *client = client_open(fixture, "lenient");
        fill(client);
        char target[20000], *into = target + sprintf(target, "/Users?filter=");
        for (int i = 0; i < 1000; i++)
                into += sprintf(into, "(");
        assert_status(400, client, METHOD_GET, target, NULL);
        into = target + sprintf(target, "/Users?filter=userName+eq+%%22a%%22");
        for (int i = 0; i < 600; i++)
                into += sprintf(into, "+or+title+eq+%%22a%%22");
        assert_status(400, client, METHOD_GET, target, NULL);
        static const char *const refused[] = { "userName+eq+%22a", "userName", "eq", "", "()", "userName+eq+%22a%22+and", "emails[",
                "emails[type", "userName+eq+%22%5Cud800%22", "1+eq+1" };
        for (size_t i = 0; i < COUNT_OF(refused); i++)
                if (client_get(client, "/Users?filter=%s", refused[i]) != 400)
                        fail_msg("filter %s answers %d", refused[i], client->reply.status);
        static const char *const harmless[] = { "userName+eq+%22'%20OR%201%3D1--%22", "userName+eq+%22*%22", "userName+eq+%22%25%22",
                "userName+co+%22%5C%22%22", "externalId+eq+%22)(uid%3D*%22", "userName+eq+%22%5Cu0000%22" };
        for (size_t i = 0; i < COUNT_OF(harmless); i++) {
                int status = client_get(client, "/Users?filter=%s", harmless[i]);
                if (status != 400 && (status != 200 || client_number(client, "totalResults")))
                        fail_msg("filter %s answers %d: %s", harmless[i], status, client->text);
        }
        client_close(client);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_pages_add_up, ON_BOTH),
                FIXTURE_TEST(test_hostile_numbers_are_clamped, ON_SQLITE),
                FIXTURE_TEST(test_an_index_finds_what_the_filter_finds, ON_BOTH),
                FIXTURE_TEST(test_groups_are_found_by_name_among_the_own, ON_SQLITE),
                FIXTURE_TEST(test_members_and_groups_can_be_asked_for, ON_BOTH),
                FIXTURE_TEST(test_filter_bombs_are_refused, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
