/* SPDX-License-Identifier: Apache-2.0
 *
 * The health of a connection in words, and its rows. */
#include "directory/house.h"
#include "base/clock.h"
#include "directory/health.h"
#include "directory/scim_log.h"
#include "http/request.h"

#define MINUTE (60 * US_PER_S)
#define HOUR (60 * MINUTE)
#define NOW (1000 * US_PER_DAY)

static void check(struct health health, enum health_state state, const char *text)
{
        health_judge(&health, NOW);
        assert_string_equal(health.text, text);
        assert_int_equal(health.state, state);
}

static struct health entra(void)
{
        return (struct health){
                .is_active = true,
                .preset = "entra",
                .last_us = NOW - 12 * MINUTE,
                .success_us = NOW - 12 * MINUTE,
                .interval_us = 40 * MINUTE,
                .has_token = true,
                .token_expires_us = NOW + 100 * US_PER_DAY,
        };
}

static void test_health_in_words(struct fixture *fixture)
{
        (void)fixture;
        struct health health = entra();
        check(health, HEALTH_OK, "Entra cycle every 40 minutes, last 12 minutes ago, no refusals in 24 hours");
        health.refused = 3;
        health.reason_count = 2;
        health.reasons[0] = (struct health_reason){ 2, 400, "invalidValue", "members.value" };
        health.reasons[1] = (struct health_reason){ 1, 409, "uniqueness", "userName" };
        check(health, HEALTH_REFUSALS,
                "Entra cycle every 40 minutes, last 12 minutes ago, 3 refusals in 24 hours: 2 unknown-member, 1 uniqueness (userName)");
        health.reason_count = 1;
        health.refused = 1;
        health.reasons[0] = (struct health_reason){ 1, 404, "", "" };
        check(health, HEALTH_REFUSALS, "Entra cycle every 40 minutes, last 12 minutes ago, 1 refusal in 24 hours: 1 status 404");
        (void)snprintf(health.reasons[0].note, sizeof health.reasons[0].note, "there is no such user; look again");
        check(health, HEALTH_REFUSALS,
                "Entra cycle every 40 minutes, last 12 minutes ago, 1 refusal in 24 hours: 1 status 404 (there is no such user)");
        memset(health.reasons[0].note, 'a', 100);
        (void)snprintf(health.reasons[0].note + 89, 60, "\xc3\xa9 and more");
        check(health, HEALTH_REFUSALS,
                "Entra cycle every 40 minutes, last 12 minutes ago, 1 refusal in 24 hours: 1 status 404 (aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…)");
        health.reasons[0] = (struct health_reason){ 1, 200, "", "", "operation 2: that is taken; operation 4: so is that" };
        check(health, HEALTH_REFUSALS,
                "Entra cycle every 40 minutes, last 12 minutes ago, 1 refusal in 24 hours: 1 Bulk refused in part (operation 2: that is "
                "taken)");
        health = entra();
        health.last_us = health.success_us = NOW - 5 * HOUR;
        check(health, HEALTH_OVERDUE, "Entra cycle every 40 minutes, last 5 hours ago, overdue, no refusals in 24 hours");
        health = entra();
        health.success_us = NOW - 7 * US_PER_DAY;
        check(health, HEALTH_FAILING,
                "Entra cycle every 40 minutes, last 12 minutes ago, last success 7 days ago, no refusals in 24 hours");
        health.success_us = 0;
        health.interval_us = 0;
        check(health, HEALTH_FAILING, "Entra: last request 12 minutes ago, nothing has succeeded yet, no refusals in 24 hours");
        health = entra();
        health.preset = "okta";
        health.last_us = health.success_us = NOW - US_PER_S;
        health.token_expires_us = NOW + 6 * US_PER_DAY;
        check(health, HEALTH_OK, "Okta: last request 1 second ago, no refusals in 24 hours, its token expires in 6 days");
        health = (struct health){ .is_active = true, .preset = "none" };
        check(health, HEALTH_UNUSED, "no request yet, no token lives");
        health.is_active = false;
        health.has_token = true;
        health.capture_until_us = NOW + 9 * MINUTE;
        check(health, HEALTH_DISABLED, "disabled; no request yet, reads are captured for 9 minutes");
}

static void refuse(struct house *house, const struct actor *connection, int times, const char *type, const char *field)
{
        for (int i = 0; i < times; i++)
                scim_log_add(house->directory->scim_log, &(struct scim_log_entry){ .actor = connection,
                                                                 .method = METHOD_POST,
                                                                 .status = 400,
                                                                 .path = "/scim/v2/Users",
                                                                 .request_id = "r",
                                                                 .scim_type = type,
                                                                 .field = field });
}

static struct health of(struct house *house, const struct actor *connection)
{
        struct query query = house_query(house, &house->admin);
        struct resource_row row;
        struct health health;
        assert_ok(query_resource(&query, resource_type(KIND_CONNECTION), connection->id, &row, &house->fault));
        assert_ok(query_health(&query, &row, &health, &house->fault));
        return health;
}

static void test_health_is_told_from_memory_and_from_rows_alike(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), entra = house_connection(house, "entra");
        assert_int_equal(of(house, &okta).state, HEALTH_UNUSED);
        assert_false(scim_log_note(house->directory->scim_log, &okta, true, true));
        refuse(house, &okta, 2, "invalidValue", "members.value");
        refuse(house, &okta, 1, "uniqueness", "userName");
        struct health before = of(house, &okta);
        assert_true(before.last_us > 0 && before.success_us == before.last_us && before.cycle_us == before.last_us);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM pulse"), 0);

        directory_flush_scim_log(house->directory);
        struct health after = of(house, &okta);
        assert_int_equal(after.last_us, before.last_us);
        assert_int_equal(after.refused, 3);
        assert_int_equal(after.reason_count, 2);
        assert_int_equal(after.reasons[0].count, 2);
        assert_int_equal(after.state, HEALTH_REFUSALS);
        assert_int_equal(of(house, &entra).state, HEALTH_UNUSED);
        int64_t oldest_us = 0;
        assert_ok(health_oldest_success(fixture->reader, &oldest_us, &house->fault));
        assert_int_equal(oldest_us, after.success_us);

        (void)scim_log_note(house->directory->scim_log, &okta, false, false);
        directory_flush_scim_log(house->directory); /* at most one row every ten seconds */
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM pulse WHERE last_us > success_us"), 0);
        scim_log_stop(house->directory->scim_log);
        directory_flush_scim_log(house->directory);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM pulse WHERE last_us > success_us"), 1);
        house_restart(house);
        assert_true(of(house, &okta).last_us > after.last_us);

        raw_script(fixture, "UPDATE scim_log SET no = no - 90000000000"); /* 25 hours */
        assert_int_equal(of(house, &okta).refused, 0);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_CONNECTION, okta.id, "{\"active\":false}");
        assert_int_equal(of(house, &okta).state, HEALTH_DISABLED);
        assert_ok(health_oldest_success(fixture->reader, &oldest_us, &house->fault));
        assert_int_equal(oldest_us, 0);
        house_close(house);
}

static void test_R19_a_capture_is_audited_and_bounded(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), clerk = house_identity(house, "clerk", "member");
        struct scim_log *log = house->directory->scim_log;
        house->want.capture_s = 60;
        assert_change(ERR_FORBIDDEN, house, &clerk, CHANGE_CAPTURE, KIND_CONNECTION, okta.id, NULL);
        house->want.capture_s = CAPTURE_MAX_S + 1;
        assert_change(ERR_VALUE, house, &house->admin, CHANGE_CAPTURE, KIND_CONNECTION, okta.id, NULL);
        struct dry_run dry_run = { 0 };
        house->want.dry_run = &dry_run;
        house->want.capture_s = 60;
        assert_change(ERR_OK, house, &house->admin, CHANGE_CAPTURE, KIND_CONNECTION, okta.id, NULL);
        assert_false(scim_log_note(log, &okta, true, true));

        house->want.capture_s = CAPTURE_MAX_S;
        assert_change(ERR_OK, house, &house->admin, CHANGE_CAPTURE, KIND_CONNECTION, okta.id, NULL);
        assert_string_equal(house->event, "capture-started");
        assert_true(scim_log_note(log, &okta, true, true));
        assert_true(of(house, &okta).capture_until_us > 0);
        assert_change(ERR_OK, house, &house->admin, CHANGE_CAPTURE, KIND_CONNECTION, okta.id, NULL);
        assert_string_equal(house->event, "capture-stopped");
        assert_false(scim_log_note(log, &okta, true, true));
        assert_int_equal(of(house, &okta).capture_until_us, 0);
        house_check(house);
        house_close(house);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_health_in_words, ON_SQLITE),
                FIXTURE_TEST(test_health_is_told_from_memory_and_from_rows_alike, ON_BOTH),
                FIXTURE_TEST(test_R19_a_capture_is_audited_and_bounded, ON_BOTH),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
