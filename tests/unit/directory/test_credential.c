/* SPDX-License-Identifier: Apache-2.0
 *
 * Tokens: how many live, what they may, and that what expired takes no live one's place. */
#include "directory/house.h"
#include "base/clock.h"

static const char *rotate(struct house *house, const struct actor *connection, int64_t ttl_s, unsigned scopes)
{
        house->want.ttl_s = ttl_s;
        house->want.scopes = scopes;
        house_do(house, &house->admin, CHANGE_ROTATE, KIND_CONNECTION, connection->id, NULL);
        return arena_strdup(house->arena, house->token);
}

static bool works(struct house *house, const char *token)
{
        struct actor actor;
        return house_authenticate(house, token, &actor) == ERR_OK;
}

static void test_R19_two_tokens_of_a_connection_live(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor scim = house_connection(house, "okta");
        const char *first = arena_strdup(house->arena, house->token), *second = rotate(house, &scim, 0, 0);
        assert_true(works(house, first) && works(house, second));
        const char *third = rotate(house, &scim, 0, 0);
        assert_false(works(house, first));
        assert_true(works(house, second) && works(house, third));
        house_check(house);
        house_close(house);
}

static void test_R19_an_expired_token_takes_no_live_ones_place(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor scim = house_connection(house, "okta");
        const char *first = arena_strdup(house->arena, house->token), *brief = rotate(house, &scim, 60, 0);
        clock_shift_for_test_us(61 * US_PER_S);
        assert_false(works(house, brief));
        const char *third = rotate(house, &scim, 0, 0);
        assert_true(works(house, first) && works(house, third));
        clock_shift_for_test_us(0);
        house_check(house);
        house_close(house);
}

static void test_R19_a_rotation_widens_nothing(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor scim = house_connection(house, "okta");
        assert_int_equal(scim.scopes & SCOPES_OF_TOKEN, SCOPE_USERS | SCOPE_GROUPS);
        struct actor narrow = house_actor(house, rotate(house, &scim, 0, SCOPE_USERS | SCOPE_READ_ONLY));
        assert_int_equal(narrow.scopes & SCOPES_OF_TOKEN, SCOPE_USERS | SCOPE_READ_ONLY);
        narrow = house_actor(house, rotate(house, &scim, 0, 0));
        assert_int_equal(narrow.scopes & SCOPES_OF_TOKEN, SCOPE_USERS | SCOPE_READ_ONLY);
        house_check(house);
        house_close(house);
}

static void test_R19_a_lifetime_has_bounds(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor scim = house_connection(house, "okta");
        static const int64_t wrong[] = { 59, 3653LL * 86400 + 1, INT64_MAX };
        for (size_t i = 0; i < COUNT_OF(wrong); i++) {
                house->want.ttl_s = wrong[i];
                assert_change(ERR_VALUE, house, &house->admin, CHANGE_ROTATE, KIND_CONNECTION, scim.id, NULL);
        }
        house_check(house);
        house_close(house);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_R19_two_tokens_of_a_connection_live, ON_BOTH),
                FIXTURE_TEST(test_R19_an_expired_token_takes_no_live_ones_place, ON_BOTH),
                FIXTURE_TEST(test_R19_a_rotation_widens_nothing, ON_BOTH),
                FIXTURE_TEST(test_R19_a_lifetime_has_bounds, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
