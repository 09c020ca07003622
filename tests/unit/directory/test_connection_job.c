/* SPDX-License-Identifier: Apache-2.0
 *
 * Work on a whole connection: who goes on with it, how long, and what is told of it. */
#include "base/clock.h"
#include "directory/connection.h"
#include "directory/house.h"

static struct actor connection_with_users(struct house *house, const char *name, int count)
{
        struct actor actor = house_connection(house, name);
        for (int i = 0; i < count; i++)
                house_user(house, &actor, arena_printf(house->arena, "%s-%d", name, i));
        return actor;
}

static struct change keeps(struct house *house, const struct actor *connection)
{
        return (struct change){
                .verb = CHANGE_DELETE,
                .actor = &house->admin,
                .type = resource_type(KIND_CONNECTION),
                .ref = connection->id,
                .wish = { .verb = CONNECTION_KEEP, .confirm = -1 },
                .arena = house->arena,
        };
}

static int64_t under_way(struct house *house)
{
        return house_number(house, "SELECT COUNT(*) FROM connection_job");
}

static void test_r4_a_call_works_until_its_time_is_up_and_tells_how_far_it_is(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = connection_with_users(house, "okta", 3);
        struct change change = keeps(house, &okta);
        assert_ok(connection_work(house->directory, &change, 0, &house->fault)); /* no time at all: one step */
        assert_int_equal(change.job.connection_no, okta.no);
        assert_int_equal(under_way(house), 1);
        house_check(house);
        struct query query = house_query(house, &house->admin);
        struct connection_job job;
        char id[UUID_TEXT_SIZE];
        assert_ok(query_connection_work(&query, okta.id, &job, id, &house->fault));
        assert_string_equal(id, okta.id);
        assert_int_equal(job.verb, CONNECTION_KEEP);
        assert_int_equal(job.phase, 1); /* groups are done: there are none */
        struct change again = keeps(house, &okta);
        assert_ok(connection_work(house->directory, &again, clock_steady_us() + 10 * US_PER_S, &house->fault));
        assert_int_equal(again.job.connection_no, 0);
        assert_int_equal(again.job.users, 3);
        assert_int_equal(under_way(house), 0);
        assert_err(query_connection_work(&query, okta.id, &job, id, &house->fault), ERR_NOT_FOUND);
        house_check(house);
        house_close(house);
}

static void test_r4_the_scheduler_leaves_it_to_whoever_asked(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = connection_with_users(house, "okta", 2);
        struct change change = keeps(house, &okta);
        assert_ok(directory_change(house->directory, &change, &house->fault));
        atomic_store(&house->directory->at_work, 1);
        house_continue_work(house);
        assert_int_equal(under_way(house), 1);
        atomic_store(&house->directory->at_work, 0);
        house_continue_work(house);
        assert_int_equal(under_way(house), 0);
        house_continue_work(house); /* nothing to do is no fault */
        house_check(house);
        house_close(house);
}

static void test_r4_a_dry_run_begins_nothing(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = connection_with_users(house, "okta", 2), ignored;
        struct dry_run dry_run = { 0 };
        struct change change = keeps(house, &okta);
        int64_t digest = house_digest(house);
        change.dry_run = &dry_run;
        assert_ok(connection_work(house->directory, &change, clock_steady_us() + 10 * US_PER_S, &house->fault));
        assert_true(dry_run.ran);
        assert_string_equal(dry_run.event, "connection-work-begun");
        assert_int_equal(house_digest(house), digest);
        assert_int_equal(under_way(house), 0);
        assert_ok(house_authenticate(house, house->tokens[house->token_count - 1], &ignored));
        house_check(house);
        house_close(house);
}

/* Each of many steps stands in the ledger, and says what it was a step of. */
static void test_r4_every_step_has_its_entry(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = connection_with_users(house, "okta", 205);
        struct change change = keeps(house, &okta);
        assert_ok(connection_work(house->directory, &change, clock_steady_us() + 60 * US_PER_S, &house->fault));
        assert_int_equal(change.job.users, 205);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM ledger WHERE event = 'connection-work-begun'"), 1);
        assert_in_range(house_number(house, "SELECT COUNT(*) FROM ledger WHERE event = 'connection-work-step'"), 4,
                6); /* 100, 100, 5; other phases */
        assert_int_equal(
                house_number(house, "SELECT COUNT(*) FROM ledger WHERE event = 'deleted' AND object_no = %lld", (long long)okta.no), 1);
        house_check(house);
        house_close(house);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_r4_a_call_works_until_its_time_is_up_and_tells_how_far_it_is, ON_BOTH),
                FIXTURE_TEST(test_r4_the_scheduler_leaves_it_to_whoever_asked, ON_SQLITE),
                FIXTURE_TEST(test_r4_a_dry_run_begins_nothing, ON_BOTH),
                FIXTURE_TEST(test_r4_every_step_has_its_entry, ON_BOTH),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
