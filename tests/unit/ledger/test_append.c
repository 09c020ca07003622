/* SPDX-License-Identifier: Apache-2.0
 *
 * Appending inside write jobs: the chain moves with the root's row, and with it alone. */
#include "ledger/ledger_fixture.h"
#include "base/clock.h"

struct one {
        int64_t root_no;
        enum ledger_event event;
        const char *body;
        enum err then; /* what the job answers after appending */
        int64_t seq, at_us;
};

static enum err job_one(struct session *session, void *context, struct fault *fault)
{
        struct one *one = context;
        const struct actor actor = { .kind = ACTOR_SYSTEM };
        const struct ledger_entry entry = { .event = one->event, .actor = &actor, .body = one->body, .change_id = { 1, 2, 3 } };
        enum err e = ledger_append(session, one->root_no, &entry, &one->seq, &one->at_us, fault);
        return e ? e : one->then ? fault_set(fault, one->then, "", "as the test wishes") : ERR_OK;
}

static struct one append_one(struct fixture *fixture, enum ledger_event event, enum err then)
{
        struct one one = { 1, event, "{}", then, 0, 0 };
        assert_err(fixture_submit(fixture, job_one, &one), then);
        return one;
}

static void test_an_entry_moves_the_revision_and_the_head(struct fixture *fixture)
{
        ledger_with(fixture, 1);
        struct one one = append_one(fixture, EVENT_CREATED, ERR_OK);
        assert_int_equal(one.seq, 2);
        assert_int_equal(read_revision(fixture->reader, 1), 2);
        assert_int_equal(raw_number(fixture, "SELECT COUNT(*) FROM root JOIN ledger ON ledger.root_no = root.root_no AND seq = revision "
                                             "AND hash = last_hash AND at_us = last_us"),
                1);
        verify_expect(fixture, NULL, NULL, ERR_OK);
}

static void test_a_job_that_rolls_back_leaves_no_entry(struct fixture *fixture)
{
        ledger_with(fixture, 2);
        append_one(fixture, EVENT_CREATED, ERR_VALUE);
        assert_int_equal(read_revision(fixture->reader, 1), 2);
        assert_int_equal(append_one(fixture, EVENT_CREATED, ERR_OK).seq, 3);
        assert_int_equal(verify_expect(fixture, NULL, NULL, ERR_OK).entries, 3);
}

static void test_every_event_has_its_class(struct fixture *fixture)
{
        static const enum ledger_class classes[] = {
#define X(code, name, class) class,
                LEDGER_EVENTS(X)
#undef X
        };
        ledger_with(fixture, 0);
        for (int event = 0; event < LEDGER_EVENT_COUNT; event++) {
                struct one one = append_one(fixture, (enum ledger_event)event, ERR_OK);
                char sql[160];
                (void)snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM ledger WHERE seq = %d AND class = %d AND event = '%s'", (int)one.seq,
                        (int)classes[event], ledger_event_name((enum ledger_event)event));
                assert_int_equal(raw_number(fixture, sql), 1);
        }
}

static void test_sec94_times_never_run_backwards(struct fixture *fixture)
{
        ledger_with(fixture, 1);
        struct one before = append_one(fixture, EVENT_CREATED, ERR_OK);
        clock_shift_for_test_us(-3600 * US_PER_S);
        struct one after = append_one(fixture, EVENT_CREATED, ERR_OK);
        clock_shift_for_test_us(0);
        assert_int_equal(after.at_us, before.at_us);
        assert_true(append_one(fixture, EVENT_CREATED, ERR_OK).at_us > before.at_us);
        verify_expect(fixture, NULL, NULL, ERR_OK);
}

static void test_a_root_that_is_not_there(struct fixture *fixture)
{
        struct one one = { 77, EVENT_CREATED, "{}", ERR_OK, 0, 0 };
        assert_err(fixture_submit(fixture, job_one, &one), ERR_NOT_FOUND);
}

static void test_an_entry_in_the_way_is_a_damaged_ledger(struct fixture *fixture)
{
        ledger_with(fixture, 2);
        raw_script(fixture, "UPDATE root SET revision = 1 WHERE root_no = 1");
        append_one(fixture, EVENT_CREATED, ERR_INTERNAL);
        assert_non_null(strstr(fixture->fault.message, "audit verify"));
}

static void test_a_change_is_found_by_its_id(struct fixture *fixture)
{
        static const unsigned char id[CHANGE_ID_SIZE] = { 1, 2, 3 }, other[CHANGE_ID_SIZE] = { 1, 2, 4 };
        ledger_with(fixture, 1);
        int64_t seq = append_one(fixture, EVENT_CREATED, ERR_OK).seq;
        bool found = false;
        assert_ok(ledger_has_change(fixture->reader, 1, 0, id, &found, NULL));
        assert_true(found);
        assert_ok(ledger_has_change(fixture->reader, 1, seq, id, &found, NULL));
        assert_false(found);
        assert_ok(ledger_has_change(fixture->reader, 1, 0, other, &found, NULL));
        assert_false(found);
        assert_ok(ledger_has_change(fixture->reader, 2, 0, id, &found, NULL));
        assert_false(found);
}

static void test_equal_bodies_have_unequal_digests(struct fixture *fixture)
{
        ledger_with(fixture, 0);
        append_one(fixture, EVENT_CREATED, ERR_OK);
        append_one(fixture, EVENT_CREATED, ERR_OK);
        assert_int_equal(raw_number(fixture, "SELECT COUNT(DISTINCT body_hash) FROM ledger"), 2);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_an_entry_moves_the_revision_and_the_head, ON_BOTH),
                FIXTURE_TEST(test_a_job_that_rolls_back_leaves_no_entry, ON_BOTH),
                FIXTURE_TEST(test_every_event_has_its_class, ON_SQLITE),
                FIXTURE_TEST(test_sec94_times_never_run_backwards, ON_SQLITE),
                FIXTURE_TEST(test_a_root_that_is_not_there, ON_BOTH),
                FIXTURE_TEST(test_an_entry_in_the_way_is_a_damaged_ledger, ON_BOTH),
                FIXTURE_TEST(test_a_change_is_found_by_its_id, ON_BOTH),
                FIXTURE_TEST(test_equal_bodies_have_unequal_digests, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
