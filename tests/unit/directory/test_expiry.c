/* SPDX-License-Identifier: Apache-2.0
 *
 * Warnings of a token's end: each step once, for both kinds of owners, and for nothing that is dead anyhow. */
#include "directory/house.h"
#include "base/clock.h"

static int64_t alerts(struct house *house, const char *condition)
{
        directory_warn_expiry(house->directory, house->fixture->reader);
        return house_number(house, "SELECT COUNT(*) FROM ledger WHERE class = 3 AND event = 'token-expires' AND %s", condition);
}

/* The newest token of the owner ends so many hours from now. */
static void ends_in(struct house *house, const char *owner, int64_t hours)
{
        char text[256];
        (void)snprintf(text, sizeof text, "UPDATE credential SET expires_us = %lld WHERE owner_no = %lld AND revoked_us = 0",
                (long long)(clock_stored_us() + hours * 3600 * US_PER_S), (long long)house_no(house, owner));
        raw_script(house->fixture, text);
}

static void test_R19_a_token_is_warned_of_once_30_7_and_1_days_before_its_end(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor scim = house_connection(house, "okta"), robot = house_identity(house, "robot", NULL);
        char of_scim[64], of_robot[64];
        (void)snprintf(of_scim, sizeof of_scim, "object_no = %lld", (long long)scim.no);
        (void)snprintf(of_robot, sizeof of_robot, "object_no = %lld", (long long)robot.no);
        raw_script(fixture, "UPDATE credential SET created_us = created_us - 8640000000000"); /* 100 days */
        ends_in(house, scim.id, 24 * 31);
        assert_int_equal(alerts(house, of_scim), 0);
        ends_in(house, scim.id, 24 * 29);
        assert_int_equal(alerts(house, of_scim), 1);
        assert_int_equal(alerts(house, of_scim), 1);
        ends_in(house, scim.id, 24 * 6);
        ends_in(house, robot.id, 20); /* away until the day before: one warning, not three */
        assert_int_equal(alerts(house, of_scim), 2);
        assert_int_equal(alerts(house, of_robot), 1);
        ends_in(house, scim.id, 20);
        assert_int_equal(alerts(house, of_scim), 3);
        assert_int_equal(alerts(house, "body LIKE '%\"days\":1,%' AND actor_kind = 3"), 2);
        assert_int_equal(alerts(house, of_scim), 3);
        ends_in(house, scim.id, -1);
        assert_int_equal(alerts(house, of_scim), 3);

        /* The next token is warned of anew, and what is revoked is not. */
        house_do(house, &house->admin, CHANGE_ROTATE, KIND_IDENTITY, robot.id, NULL);
        raw_script(fixture, "UPDATE credential SET created_us = created_us - 8640000000000");
        ends_in(house, robot.id, 20);
        assert_int_equal(alerts(house, of_robot), 2);
        struct verify_report report;
        assert_ok(ledger_verify(fixture->reader, house->admin.root_no, NULL, NULL, &report, &house->fault));
        house_close(house);
}

static void test_R19_no_warning_of_short_or_dead_tokens(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        house->want.ttl_s = 5 * 86400;
        struct actor brief = house_identity(house, "brief", NULL), scim = house_connection(house, "okta");
        raw_script(fixture, "UPDATE credential SET created_us = created_us - 8640000000000 WHERE kind = 1");
        ends_in(house, scim.id, 24 * 3);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_CONNECTION, scim.id, "{\"active\":false}");
        assert_int_equal(alerts(house, "1 = 1"), 0); /* five days of life: the day before is soon enough */
        house_do(house, &house->admin, CHANGE_MERGE, KIND_CONNECTION, scim.id, "{\"active\":true}");
        assert_int_equal(alerts(house, "1 = 1"), 1);
        ends_in(house, brief.id, 20);
        raw_script(fixture, "UPDATE credential SET created_us = created_us - 432000000000 WHERE label = '' AND expires_us < created_us + "
                            "864000000000"); /* 5 days; the bootstrap token lives longer */
        house_do(house, &house->admin, CHANGE_DELETE, KIND_IDENTITY, brief.id, NULL);
        assert_int_equal(alerts(house, "1 = 1"), 1);
        house_close(house);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_R19_a_token_is_warned_of_once_30_7_and_1_days_before_its_end, ON_BOTH),
                FIXTURE_TEST(test_R19_no_warning_of_short_or_dead_tokens, ON_BOTH),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
