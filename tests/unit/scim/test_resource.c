/* SPDX-License-Identifier: Apache-2.0
 *
 * One resource through its handlers: the shapes of replies, preconditions, what read-only input does, what a foreign id answers. */
#include "scim/client.h"

static void test_a_user_from_post_to_delete(struct fixture *fixture)
{
        struct client *client = client_open(fixture, "lenient");
        assert_status(201, client, METHOD_POST, "/Users",
                "{\"schemas\":[\"" URN_USER "\",\"" URN_ENTERPRISE_USER
                "\"],\"userName\":\"ann@acme.example\",\"externalId\":\"00u1\",\"name\":{"
                "\"givenName\":\"Ann\",\"familyName\":\"Lee\"},\"emails\":[{\"value\":\"ann@acme.example\",\"type\":\"work\",\"primary\":"
                "true}],"
                "\"active\":true,\"password\":\"secret-word\",\"" URN_ENTERPRISE_USER
                "\":{\"department\":\"R&D\",\"manager\":{\"value\":\"m1\"}}}");
        client_golden(client, "user-created");
        char id[UUID_TEXT_SIZE], target[128], location[128];
        memcpy(id, client->id, sizeof id);
        (void)snprintf(target, sizeof target, "/Users/%s", id);
        (void)snprintf(location, sizeof location, "https://muster.example/scim/v2/Users/%s", id);
        assert_string_equal(client_header(client, "Location"), location);
        assert_string_equal(client_text(client, "meta/location"), location); /* law 9: from the configuration */
        assert_string_equal(client_text(client, "meta/version"), client_header(client, "ETag"));
        assert_non_null(strstr(client_header(client, "Muster-Revision"), client->actor.handle));
        assert_null(strstr(client->text, "secret-word"));

        assert_status(200, client, METHOD_GET, target, NULL);
        client_golden(client, "user");
        const char *etag = arena_strdup(client->house->arena, client_header(client, "ETag"));
        client->headers[HEADER_IF_NONE_MATCH] = etag;
        assert_status(304, client, METHOD_GET, target, NULL);
        client->headers[HEADER_IF_NONE_MATCH] = "W/\"1\"";
        assert_status(200, client, METHOD_GET, target, NULL);

        assert_status(200, client, METHOD_PATCH, target,
                PATCH_BODY("{\"op\":\"Replace\",\"path\":\"active\",\"value\":\"False\"},{\"op\":\"add\",\"path\":\"title\",\"value\":"
                           "\"Dr\"}"));
        client_golden(client, "user-patched");
        assert_non_null(strstr(client->note, "boolean-as-text"));
        client->headers[HEADER_IF_MATCH] = etag;
        assert_status(412, client, METHOD_PATCH, target, PATCH_BODY("{\"op\":\"replace\",\"path\":\"active\",\"value\":true}"));
        client_golden(client, "error-version");
        assert_status(200, client, METHOD_PUT, target, USER_BODY("\"userName\":\"ann@acme.example\""));
        client_golden(client, "user-replaced");
        assert_status(204, client, METHOD_DELETE, target, NULL);
        client_golden(client, "deleted");
        assert_status(404, client, METHOD_GET, target, NULL);
        client_golden(client, "error-not-found");
        assert_status(404, client, METHOD_DELETE, target, NULL);
        client_close(client);
}

static void test_a_group_from_post_to_delete(struct fixture *fixture)
{
        struct client *client = client_open(fixture, "lenient");
        char text[512], target[128], user[UUID_TEXT_SIZE], other[UUID_TEXT_SIZE];
        memcpy(user, house_user(client->house, &client->actor, "ann"), sizeof user);
        memcpy(other, house_user(client->house, &client->actor, "ben"), sizeof other);
        (void)snprintf(
                text, sizeof text, GROUP_BODY("\"displayName\":\"Crew\",\"externalId\":\"g1\",\"members\":[{\"value\":\"%s\"}]"), user);
        assert_status(201, client, METHOD_POST, "/Groups", text);
        client_golden(client, "group-created");
        (void)snprintf(target, sizeof target, "/Groups/%s", client->id);
        (void)snprintf(text, sizeof text, PATCH_BODY("{\"op\":\"add\",\"path\":\"members\",\"value\":[{\"value\":\"%s\"}]}"), other);
        assert_status(204, client, METHOD_PATCH, target, text);
        client_golden(client, "group-patched");
        assert_status(200, client, METHOD_GET, target, NULL);
        client_golden(client, "group");
        (void)snprintf(text, sizeof text, "%s?attributes=displayName", target);
        assert_status(200, client, METHOD_PATCH, text, PATCH_BODY("{\"op\":\"replace\",\"path\":\"displayName\",\"value\":\"Crew 2\"}"));
        client_golden(client, "group-patched-attributes");
        (void)snprintf(text, sizeof text, "/Users/%s", user);
        assert_status(200, client, METHOD_GET, text, NULL);
        assert_string_equal(client_text(client, "groups/0/display"), "Crew 2");
        assert_status(200, client, METHOD_PUT, target, GROUP_BODY("\"displayName\":\"Crew 2\",\"members\":[]"));
        assert_null(client_at(client, "members"));
        assert_status(204, client, METHOD_DELETE, target, NULL);
        assert_status(404, client, METHOD_GET, target, NULL);
        client_close(client);
}

static void test_errors_have_their_scim_type(struct fixture *fixture)
{
        struct client *client = client_open(fixture, "lenient");
        char target[64];
        (void)snprintf(target, sizeof target, "/Users/%s", house_user(client->house, &client->actor, "ann"));
        static const struct {
                enum method method;
                const char *target, *body, *golden;
                int status;
        } cases[] = {
                { METHOD_POST, "/Users", USER_BODY("\"userName\":\"ANN\""), "error-taken", 409 },
                { METHOD_POST, "/Users", USER_BODY("\"displayName\":\"x\""), "error-required", 400 },
                { METHOD_POST, "/Users", "{\"userName\":", "error-syntax", 400 },
                { METHOD_POST, "/Users", "", "error-empty", 400 },
                { METHOD_POST, "/Users", "[]", "error-array", 400 },
                { METHOD_POST, "/Users", USER_BODY("\"userName\":\"b\",\"active\":true,\"active\":false"), "error-duplicate", 400 },
                { METHOD_POST, "/Users", USER_BODY("\"userName\":\"b\",\"active\":1"), "error-active", 400 },
                { METHOD_POST, "/Groups", GROUP_BODY("\"displayName\":\"g\",\"members\":[{\"value\":\"nobody\"}]"), "error-member", 400 },
                { METHOD_PATCH, NULL, PATCH_BODY("{\"op\":\"replace\",\"path\":\"nothing[\",\"value\":1}"), "error-path", 400 },
                { METHOD_PATCH, NULL, PATCH_BODY("{\"op\":\"replace\",\"path\":\"name..x\",\"value\":1}"), "error-path-malformed", 400 },
                { METHOD_PATCH, NULL, PATCH_BODY("{\"op\":\"remove\"}"), "error-no-target", 400 },
                { METHOD_PATCH, NULL, PATCH_BODY("{\"op\":\"replace\",\"path\":\"id\",\"value\":\"7\"}"), "error-mutability", 400 },
                { METHOD_GET, "/Nothing", NULL, "error-endpoint", 404 },
                { METHOD_GET, "/users", NULL, "error-endpoint-case", 404 },
                { METHOD_GET, "/Organizations", NULL, "error-organizations", 404 }, /* R18 */
                { METHOD_GET, "/Me", NULL, "error-me", 501 },
                { METHOD_GET, "/Users?filter=userName+eq", NULL, "error-filter", 400 },
        };
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                int status = client_call(client, cases[i].method, cases[i].target ? cases[i].target : target, cases[i].body);
                if (status != cases[i].status)
                        fail_msg("%s answers %d: %s", cases[i].golden, status, client->text);
                client_golden(client, cases[i].golden);
        }
        client_close(client);
}

/* Law 1: what is of another connection, of nobody, in the bin, of another kind or no id at all answers alike. */
static void test_a_foreign_id_answers_like_an_unknown_one(struct fixture *fixture)
{
        struct client *client = client_open(fixture, "lenient");
        struct house *house = client->house;
        struct actor entra = house_connection(house, "entra");
        const char *binned = house_user(house, &client->actor, "gone"), *group = house_group(house, &client->actor, "crew");
        house_do(house, &client->actor, CHANGE_DELETE, KIND_USER, binned, NULL);
        const char *const ids[] = { "01890a5d-ac96-774b-bcce-b302099a8057", house_user(house, &entra, "ann"),
                house_user(house, &house->admin, "ben"), house->installed.admin_id, binned, group, "x", "' OR 1=1", house->admin.id };
        static const struct {
                enum method method;
                const char *body;
        } calls[] = { { METHOD_GET, NULL }, { METHOD_PUT, USER_BODY("\"userName\":\"x\"") },
                { METHOD_PATCH, PATCH_BODY("{\"op\":\"replace\",\"path\":\"active\",\"value\":false}") }, { METHOD_DELETE, NULL } };
        char *first = NULL;
        for (size_t i = 0; i < COUNT_OF(ids); i++)
                for (size_t c = 0; c < COUNT_OF(calls); c++) {
                        char target[96];
                        (void)snprintf(target, sizeof target, "/Users/%s", ids[i]);
                        assert_status(404, client, calls[c].method, target, calls[c].body);
                        if (!first)
                                first = strdup(client->text);
                        assert_string_equal(client->text, first);
                }
        free(first);
        client_close(client);
}

/* R3: a connection reads back what itself claimed; what is in force stands in the extension. */
static void test_a_held_user_reads_back_active_and_held(struct fixture *fixture)
{
        struct client *client = client_open(fixture, "lenient");
        char target[64];
        (void)snprintf(target, sizeof target, "/Users/%s", house_user(client->house, &client->actor, "ann"));
        house_do(client->house, &client->house->admin, CHANGE_MERGE, KIND_USER, target + 7, "{\"active\":false}");
        assert_status(200, client, METHOD_PATCH, target, PATCH_BODY("{\"op\":\"replace\",\"path\":\"active\",\"value\":true}"));
        client_golden(client, "user-held");
        assert_true(json_is_true(client_at(client, "active")));
        assert_true(json_is_false(client_at(client, URN_MUSTER_USER "/effectiveActive")));
        client_close(client);
}

static void test_a_token_without_the_scope_is_refused(struct fixture *fixture)
{
        struct client *client = client_open(fixture, "lenient");
        client->actor.scopes = SCOPE_USERS;
        assert_status(403, client, METHOD_GET, "/Groups", NULL);
        client_golden(client, "error-scope");
        assert_status(403, client, METHOD_POST, "/Groups", GROUP_BODY("\"displayName\":\"g\""));
        client->actor.scopes = SCOPE_USERS | SCOPE_READ_ONLY;
        assert_status(200, client, METHOD_GET, "/Users", NULL);
        assert_status(403, client, METHOD_POST, "/Users", USER_BODY("\"userName\":\"u\""));
        client_close(client);
}

static void test_the_strict_profile_takes_no_deviations(struct fixture *fixture)
{
        struct client *client = client_open(fixture, "strict");
        assert_status(201, client, METHOD_POST, "/Users", USER_BODY("\"userName\":\"u\",\"active\":true"));
        char target[64], body[256];
        (void)snprintf(target, sizeof target, "/Users/%s", client->id);
        static const char *const deviations[] = { "{\"userName\":\"v\"}", USER_BODY("\"userName\":\"v\",\"active\":\"True\""),
                USER_BODY("\"userName\":\"v\",\"unheardOf\":1") };
        for (size_t i = 0; i < COUNT_OF(deviations); i++)
                assert_status(400, client, METHOD_POST, "/Users", deviations[i]);
        assert_status(400, client, METHOD_PATCH, target, PATCH_BODY("{\"op\":\"replace\",\"path\":\"active\",\"value\":\"False\"}"));
        (void)snprintf(body, sizeof body, USER_BODY("\"userName\":\"u\",\"id\":\"%s\""), "01890a5d-ac96-774b-bcce-b302099a8057");
        assert_status(400, client, METHOD_PUT, target, body);
        assert_string_equal(client_text(client, "scimType"), "mutability");
        (void)snprintf(body, sizeof body, USER_BODY("\"userName\":\"u\",\"id\":\"%s\""), target + 7);
        assert_status(200, client, METHOD_PUT, target, body);
        assert_status(400, client, METHOD_GET, "/Users?filter=unheardOf+eq+%22x%22", NULL);
        client_close(client);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_a_user_from_post_to_delete, ON_BOTH),
                FIXTURE_TEST(test_a_group_from_post_to_delete, ON_BOTH),
                FIXTURE_TEST(test_errors_have_their_scim_type, ON_SQLITE),
                FIXTURE_TEST(test_a_foreign_id_answers_like_an_unknown_one, ON_BOTH),
                FIXTURE_TEST(test_a_held_user_reads_back_active_and_held, ON_SQLITE),
                FIXTURE_TEST(test_a_token_without_the_scope_is_refused, ON_SQLITE),
                FIXTURE_TEST(test_the_strict_profile_takes_no_deviations, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
