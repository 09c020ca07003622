/* SPDX-License-Identifier: Apache-2.0
 *
 * Look-up values follow the document, and are written only when they differ. */
#include "directory/house.h"

struct counted {
        int read, cleared, inserted, claims;
};

static enum err count_writes(void *context, enum statement statement, struct fault *fault)
{
        struct counted *counted = context;
        (void)fault;
        counted->cleared += statement == ST_VALUE_CLEAR;
        counted->inserted += statement == ST_VALUE_INSERT;
        counted->read += statement == ST_VALUES_OF;
        counted->claims += statement == ST_CLAIM_UPDATE || statement == ST_CLAIM_PUT;
        return ERR_OK;
}

static int64_t values(struct house *house, const char *id)
{
        return house_number(house, "SELECT COUNT(*) FROM resource_value WHERE no = %lld", (long long)house_no(house, id));
}

static int64_t stands(struct house *house, const char *id, const char *value)
{
        return house_number(house, "SELECT COUNT(*) FROM resource_value WHERE no = %lld AND value_folded = '%s'",
                (long long)house_no(house, id), value);
}

static void put(struct house *house, const struct actor *okta, const char *id, const char *title, const char *emails)
{
        house_do(house, okta, CHANGE_REPLACE, KIND_USER, id, "{\"userName\":\"ann\",\"externalId\":\"x\",\"title\":\"%s\",\"emails\":%s}",
                title, emails);
}

static void test_values_are_written_only_when_they_differ(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        struct counted counted = { 0 };
        store_set_fault_hook_for_test(house->directory->store, count_writes, &counted);
        const char *id = house_do(house, &okta, CHANGE_CREATE, KIND_USER, NULL,
                "{\"userName\":\"ann\",\"externalId\":\"x\",\"emails\":[{\"value\":\"A@x.example\"},{\"value\":\"b@x.example\",\"type\":\"home\"}]}");
        assert_int_equal(counted.cleared, 0);
        assert_int_equal(counted.inserted, 2);
        assert_int_equal(values(house, id), 2);
        counted = (struct counted){ 0 };
        put(house, &okta, id, "T1", "[{\"value\":\"a@X.example\"},{\"value\":\"b@x.example\",\"type\":\"work\"}]");
        assert_int_equal(counted.cleared + counted.inserted, 0);
        put(house, &okta, id, "T2", "[{\"value\":\"b@x.example\"},{\"value\":\"a@x.example\"}]"); /* another order */
        assert_int_equal(counted.cleared, 1);
        assert_int_equal(counted.inserted, 2);
        put(house, &okta, id, "T3", "[{\"value\":\"b@x.example\"}]");
        assert_int_equal(values(house, id), 1);
        assert_int_equal(stands(house, id, "b@x.example"), 1);
        put(house, &okta, id, "T3", "[{\"value\":\"c@x.example\"},{\"value\":\"b@x.example\"}]");
        assert_int_equal(values(house, id), 2);
        assert_int_equal(stands(house, id, "c@x.example"), 1);
        put(house, &okta, id, "T4", "[]");
        assert_int_equal(values(house, id), 0);
        put(house, &okta, id, "T5", "[{\"value\":\"d@x.example\"}]");
        assert_int_equal(stands(house, id, "d@x.example"), 1);
        store_set_fault_hook_for_test(house->directory->store, NULL, NULL);
        house_check(house);
        house_close(house);
}

/* What a document says and what it said before tell whether the index changes, as long as one alone speaks. */
static void test_nothing_is_read_for_values_that_stay(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        struct counted counted = { 0 };
        const char *id = house_do(house, &okta, CHANGE_CREATE, KIND_USER, NULL,
                "{\"userName\":\"ann\",\"externalId\":\"x\",\"emails\":[{\"value\":\"a@x.example\"}]}");
        store_set_fault_hook_for_test(house->directory->store, count_writes, &counted);
        put(house, &okta, id, "T1", "[{\"value\":\"A@x.example\",\"type\":\"work\"}]");
        assert_int_equal(counted.read + counted.cleared + counted.inserted, 0);
        put(house, &okta, id, "T1", "[{\"value\":\"b@x.example\"}]");
        assert_int_equal(counted.read, 1);
        assert_int_equal(counted.inserted, 1);
        put(house, &okta, id, "T1", "[{\"value\":\"b@x.example\"},{\"value\":\"b@x.example\",\"type\":\"home\"}]"); /* a place more */
        assert_int_equal(counted.read, 2);
        assert_int_equal(counted.inserted, 3);
        store_set_fault_hook_for_test(house->directory->store, NULL, NULL);
        house_check(house);
        house_close(house);
}

/* A claim that says what the resource says need not be written when both change. */
static void test_a_claim_is_written_only_when_its_row_changes(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        struct counted counted = { 0 };
        const char *id = house_user(house, &okta, "ann");
        store_set_fault_hook_for_test(house->directory->store, count_writes, &counted);
        put(house, &okta, id, "T1", "[]"); /* and another externalId */
        assert_int_equal(counted.claims, 1);
        put(house, &okta, id, "T2", "[]");
        assert_int_equal(counted.claims, 1);
        house_patch(house, &okta, KIND_USER, id, ERR_OK, "{\"op\":\"replace\",\"value\":{\"active\":false}}");
        assert_int_equal(counted.claims, 2);
        house_patch(house, &okta, KIND_USER, id, ERR_OK, "{\"op\":\"replace\",\"value\":{\"title\":\"T3\"}}");
        assert_int_equal(counted.claims, 2);
        store_set_fault_hook_for_test(house->directory->store, NULL, NULL);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM claim WHERE doc = '' AND claimed_active = 2 AND external_id = 'x'"), 1);
        assert_false(house_active(house, id));
        house_check(house);
        house_close(house);
}

/* A claim that turns inactive stays in the indexes of living claims; one that ends leaves them. */
static void test_ended_says_what_claimed_active_says(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const char *ann = house_user(house, &okta, "ann"), *bob = house_user(house, &okta, "bob");
        house_patch(house, &okta, KIND_USER, ann, ERR_OK, "{\"op\":\"replace\",\"value\":{\"active\":false}}");
        house_do(house, &okta, CHANGE_DELETE, KIND_USER, bob, NULL);
        assert_int_equal(
                house_number(house, "SELECT COUNT(*) FROM claim WHERE ended <> CASE WHEN claimed_active = 3 THEN 1 ELSE 0 END"), 0);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM claim WHERE ended = 1"), 1);
        house_do(house, &okta, CHANGE_CREATE, KIND_USER, NULL,
                "{\"userName\":\"bob\",\"externalId\":\"x-bob\"}"); /* the value is free again */
        house_check(house);
        house_close(house);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_values_are_written_only_when_they_differ, ON_BOTH),
                FIXTURE_TEST(test_nothing_is_read_for_values_that_stay, ON_BOTH),
                FIXTURE_TEST(test_a_claim_is_written_only_when_its_row_changes, ON_BOTH),
                FIXTURE_TEST(test_ended_says_what_claimed_active_says, ON_BOTH),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
