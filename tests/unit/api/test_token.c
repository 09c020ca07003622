/* SPDX-License-Identifier: Apache-2.0
 *
 * Tokens as the management API shows them: each live one with its times, of connections with its scopes, never itself; and the names of
 * scopes. */
#include "api/desk.h"
#include "api/token.h"

static void scopes_are_known_by_their_names_alone(struct fixture *fixture)
{
        static const struct {
                const char *name;
                unsigned scope;
        } cases[] = { { "users", SCOPE_USERS }, { "groups", SCOPE_GROUPS }, { "read", SCOPE_READ_ONLY }, { "Users", 0 }, { "user", 0 },
                { "users ", 0 }, { "", 0 }, { "*", 0 }, { "users,groups", 0 }, { NULL, 0 } };
        (void)fixture;
        for (size_t i = 0; i < COUNT_OF(cases); i++)
                assert_int_equal(scope_find(cases[i].name), cases[i].scope);
}

static size_t show(struct desk *desk, const char *collection, const char *id)
{
        assert_status(desk, 200, METHOD_GET, arena_printf(desk->arena, "/api/v1/%s/%s", collection, id), NULL);
        assert_true(json_is_array(desk_value(desk, "tokens")));
        return json_array_size(desk_value(desk, "tokens"));
}

/* "users groups" of the nth token. */
static void assert_scopes(struct desk *desk, size_t number, const char *expected)
{
        char got[64] = "";
        const json_t *scopes = desk_value(desk, arena_printf(desk->arena, "tokens.%zu.scopes", number)), *scope;
        size_t i;
        assert_true(json_is_array(scopes));
        json_array_foreach ((json_t *)scopes, i, scope) {
                (void)strncat(got, i ? " " : "", 2);
                (void)strncat(got, json_string_value(scope), 16);
        }
        assert_string_equal(got, expected);
}

static const char *rotate(struct desk *desk, const char *collection, const char *id, const char *body)
{
        assert_status(desk, 200, METHOD_POST, arena_printf(desk->arena, "/api/v1/%s/%s/rotate", collection, id), body);
        return arena_strdup(desk->arena, desk_text(desk, "token"));
}

/* R19: two live, the elder first; what is revoked is not shown; the token itself once only. */
static void R19_a_connection_shows_its_live_tokens_and_what_they_may(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        const char *id = desk_make(desk, "connections", "{\"name\":\"okta\",\"kind\":\"scim\",\"ttl_s\":3600}"), *tokens[3];
        tokens[0] = arena_strdup(desk->arena, desk_text(desk, "token"));
        assert_non_null(tokens[0]);
        assert_int_equal(show(desk, "connections", id), 1);
        assert_scopes(desk, 0, "users groups");
        assert_null(desk_text(desk, "tokens.0.last_used_at"));
        assert_true(json_is_null(desk_value(desk, "tokens.0.last_used_at")));
        assert_true(strcmp(desk_text(desk, "tokens.0.created_at"), desk_text(desk, "tokens.0.expires_at")) < 0);
        const char *elder = arena_strdup(desk->arena, desk_text(desk, "tokens.0.id"));
        tokens[1] = rotate(desk, "connections", id, "{\"scopes\":[\"users\",\"read\"]}");
        assert_int_equal(show(desk, "connections", id), 2);
        assert_string_equal(desk_text(desk, "tokens.0.id"), elder);
        assert_scopes(desk, 0, "users groups");
        assert_scopes(desk, 1, "users read");
        tokens[2] = rotate(desk, "connections", id, "{\"scopes\":[\"groups\"]}");
        assert_int_equal(show(desk, "connections", id), 2); /* the eldest is gone */
        assert_string_not_equal(desk_text(desk, "tokens.0.id"), elder);
        assert_scopes(desk, 0, "users read");
        assert_scopes(desk, 1, "groups");
        for (size_t i = 0; i < COUNT_OF(tokens); i++)
                assert_null(strstr(desk_body(desk), tokens[i]));
        (void)rotate(desk, "connections", id, "{\"scopes\":[\"read\"]}"); /* reading, of all there is */
        (void)show(desk, "connections", id);
        assert_scopes(desk, 1, "users groups read");
        desk_close(desk);
}

static void scopes_that_are_none_are_refused(struct fixture *fixture)
{
        static const char *const wrong[] = { "[]", "[\"admin\"]", "[\"users\",7]", "[null]", "\"users\"", "{}" };
        struct desk *desk = desk_open(fixture);
        const char *id = desk_make(desk, "connections", "{\"name\":\"okta\",\"kind\":\"scim\"}");
        for (size_t i = 0; i < COUNT_OF(wrong); i++) {
                assert_status(desk, 400, METHOD_POST, arena_printf(desk->arena, "/api/v1/connections/%s/rotate", id),
                        arena_printf(desk->arena, "{\"scopes\":%s}", wrong[i]));
                assert_string_equal(desk_text(desk, "field"), "scopes");
        }
        assert_int_equal(show(desk, "connections", id), 1);
        desk_close(desk);
}

/* An identity's rights are its grants: its token has no scopes; one lives. */
static void an_identity_shows_one_token_without_scopes(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        const char *id = desk_make(desk, "identities", "{\"name\":\"robot\"}");
        assert_int_equal(show(desk, "identities", id), 1);
        assert_null(desk_value(desk, "tokens.0.scopes"));
        const char *before = arena_strdup(desk->arena, desk_text(desk, "tokens.0.id"));
        const char *token = rotate(desk, "identities", id, "{\"ttl_s\":60}");
        assert_int_equal(show(desk, "identities", id), 1);
        assert_string_not_equal(desk_text(desk, "tokens.0.id"), before);
        assert_null(strstr(desk_body(desk), token));
        desk_close(desk);
}

/* In lists as in single reads; a user has none. */
static void lists_show_the_same(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        (void)desk_make(desk, "connections", "{\"name\":\"okta\",\"kind\":\"scim\"}");
        assert_status(desk, 200, METHOD_GET, "/api/v1/connections", NULL);
        assert_int_equal(json_array_size(desk_value(desk, "items.0.tokens")), 1);
        assert_int_equal(json_array_size(desk_value(desk, "items.0.tokens.0.scopes")), 2);
        assert_status(desk, 200, METHOD_GET, "/api/v1/users", NULL);
        assert_null(desk_value(desk, "items.0.tokens"));
        desk_close(desk);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(scopes_are_known_by_their_names_alone, ON_SQLITE),
                FIXTURE_TEST(R19_a_connection_shows_its_live_tokens_and_what_they_may, ON_BOTH),
                FIXTURE_TEST(scopes_that_are_none_are_refused, ON_SQLITE),
                FIXTURE_TEST(an_identity_shows_one_token_without_scopes, ON_BOTH),
                FIXTURE_TEST(lists_show_the_same, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
