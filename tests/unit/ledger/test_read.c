/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading: pages in order, and the line of JSON for one entry. */
#include "ledger/ledger_fixture.h"

struct reading {
        struct fixture *fixture;
        struct buffer lines;
        int count, stop_after;
        int64_t last_seq;
};

static enum err take_row(void *context, const struct ledger_row *row, struct fault *fault)
{
        struct reading *reading = context;
        assert_true(row->seq > reading->last_seq);
        reading->last_seq = row->seq;
        if (reading->stop_after && reading->count == reading->stop_after)
                return fault_set(fault, ERR_TOO_MANY, "", "enough");
        reading->count++;
        return ledger_row_json(reading->fixture->reader, 1, row, &reading->lines, fault);
}

static void test_pages_in_order(struct fixture *fixture)
{
        ledger_with(fixture, 10);
        struct reading reading = { .fixture = fixture };
        assert_ok(ledger_read(fixture->reader, 1, 0, 4, take_row, &reading, &fixture->fault));
        assert_int_equal(reading.last_seq, 4);
        assert_ok(ledger_read(fixture->reader, 1, 4, 1000, take_row, &reading, &fixture->fault));
        assert_int_equal(reading.last_seq, 10);
        assert_int_equal(reading.count, 10);
        assert_ok(ledger_read(fixture->reader, 1, 10, 1000, take_row, &reading, &fixture->fault));
        assert_int_equal(reading.count, 10);
        buffer_done(&reading.lines);
        struct reading stopped = { .fixture = fixture, .stop_after = 3 };
        assert_err(ledger_read(fixture->reader, 1, 0, 10, take_row, &stopped, &fixture->fault), ERR_TOO_MANY);
        assert_int_equal(stopped.count, 3);
        buffer_done(&stopped.lines);
}

static json_t *line_of(struct fixture *fixture, int64_t seq)
{
        struct reading reading = { .fixture = fixture };
        json_t *json = NULL;
        assert_ok(ledger_read(fixture->reader, 1, seq - 1, 1, take_row, &reading, &fixture->fault));
        assert_int_equal(reading.count, 1);
        assert_int_equal(reading.lines.data[reading.lines.length - 1], '\n');
        assert_ok(json_parse_object(reading.lines.data, reading.lines.length - 1, &json, &fixture->fault));
        buffer_done(&reading.lines);
        return json;
}

static void assert_member(const json_t *json, const char *object, const char *key, const char *expected)
{
        const json_t *value = json_object_get(object ? json_object_get(json, object) : json, key);
        if (expected)
                assert_string_equal(json_string_value(value), expected);
        else
                assert_null(value);
}

static void test_one_entry_as_json(struct fixture *fixture)
{
        const struct new_resource user = { 1, 9, 1, KIND_USER, 0, 1, "alice", NULL };
        ledger_with(fixture, 2);
        assert_ok(fixture_submit(fixture, job_insert_resource, (void *)&user));
        json_auto_t *json = line_of(fixture, 2);
        assert_int_equal(json_integer_value(json_object_get(json, "seq")), 2);
        assert_int_equal(strlen(json_string_value(json_object_get(json, "at"))), 24);
        assert_member(json, NULL, "class", "change");
        assert_member(json, NULL, "event", "updated");
        assert_member(json, "actor", "kind", "identity");
        assert_member(json, "actor", "id", NULL); /* no resource 7: purged */
        assert_member(json, "object", "kind", "user");
        assert_member(json, "object", "id", "id-1-9");
        assert_int_equal(json_integer_value(json_object_get(json_object_get(json, "object"), "no")), 9);
        assert_int_equal(json_integer_value(json_object_get(json_object_get(json, "body"), "n")), 2);
        assert_int_equal(strlen(json_string_value(json_object_get(json, "hash"))), 64);
        assert_int_equal(json_object_size(json), 8);
}

static void test_deleted_objects_keep_their_id_and_blanked_bodies_are_null(struct fixture *fixture)
{
        const struct new_resource user = { 1, 9, 1, KIND_USER, 0, 1, "alice", NULL };
        ledger_with(fixture, 2);
        assert_ok(fixture_submit(fixture, job_insert_resource, (void *)&user));
        raw_script(fixture, "UPDATE resource SET deleted_us = 5 WHERE no = 9");
        raw_script(fixture, "UPDATE ledger SET body = '' WHERE seq = 1");
        raw_script(fixture, "UPDATE ledger SET object_kind = 0, class = 3, actor_kind = 0 WHERE seq = 2");
        json_auto_t *first = line_of(fixture, 1), *second = line_of(fixture, 2);
        assert_member(first, "object", "id", "id-1-9");
        assert_true(json_is_null(json_object_get(first, "body")));
        assert_null(json_object_get(second, "object"));
        assert_member(second, "actor", "kind", "nobody");
        assert_member(second, NULL, "class", "alert");
}

static void test_a_damaged_row_is_named(struct fixture *fixture)
{
        ledger_with(fixture, 2);
        raw_script(fixture, "UPDATE ledger SET hash = salt WHERE seq = 2");
        struct reading reading = { .fixture = fixture };
        assert_err(ledger_read(fixture->reader, 1, 0, 10, take_row, &reading, &fixture->fault), ERR_TAMPERED);
        assert_int_equal(reading.count, 1);
        buffer_done(&reading.lines);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_pages_in_order, ON_BOTH),
                FIXTURE_TEST(test_one_entry_as_json, ON_BOTH),
                FIXTURE_TEST(test_deleted_objects_keep_their_id_and_blanked_bodies_are_null, ON_BOTH),
                FIXTURE_TEST(test_a_damaged_row_is_named, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
