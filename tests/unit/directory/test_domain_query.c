/* SPDX-License-Identifier: Apache-2.0
 *
 * R6: what is read of a domain's row, and what the look-up that proves one says. Who may ask is told in test_domain.c. */
#include "directory/house.h"

#include "directory/domain_row.h"
#include "net/fake_dns.h"

#define OTHERS 7 /* another root, in rows alone */

static void add_row(struct house *house, int root_no, int no, const char *name, enum domain_state state, enum domain_proof proof)
{
        house_script(house,
                "INSERT INTO domain (root_no, no, name_folded, state, proof, token, verified_us, checked_us, failed_us, due_us) VALUES (%d, "
                "%d, '%s', %d, %d, 't%d', 11, 12, 13, 0)",
                root_no, no, name, (int)state, (int)proof, no);
}

static void add_root(struct house *house)
{
        house_script(house,
                "INSERT INTO root (root_no, slug_folded, handle, epoch, revision, last_hash, last_us, next_no, lock_count) SELECT %d, 'globex', "
                "'zzzzzzzz', 1, 0, last_hash, 0, 9, 0 FROM root WHERE root_no = 0",
                OTHERS);
}

static const char *add(struct house *house, const char *name)
{
        return house_do(house, &house->admin, CHANGE_CREATE, KIND_DOMAIN, NULL, "{\"name\":\"%s\"}", name);
}

/* ---- rows and words ---- */

static void test_R6_states_and_proofs_have_their_words(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        assert_string_equal(domain_state_name(DOMAIN_PENDING), "pending");
        assert_string_equal(domain_state_name(DOMAIN_VERIFIED), "verified");
        assert_string_equal(domain_state_name(DOMAIN_LAPSED), "lapsed");
        assert_null(domain_proof_name(DOMAIN_UNPROVED));
        assert_string_equal(domain_proof_name(DOMAIN_BY_DNS), "dns");
        assert_string_equal(domain_proof_name(DOMAIN_BY_OPERATOR), "operator");
        assert_string_equal(domain_record_name(house->arena, "a.example"), "_muster-challenge.a.example");
        assert_string_equal(domain_record_value(house->arena, "0123"), "muster-domain-verification=0123");
        house_close(house);
}

static void test_R6_a_row_is_read_whole_and_of_its_own_root(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct domain_row row = { 0 };
        add_root(house);
        add_row(house, 1, 5000, "ours.example", DOMAIN_LAPSED, DOMAIN_BY_DNS);
        add_row(house, OTHERS, 5001, "theirs.example", DOMAIN_VERIFIED, DOMAIN_BY_OPERATOR);
        assert_ok(domain_load(fixture->reader, 1, 5000, house->arena, &row, &house->fault));
        assert_int_equal(row.state, DOMAIN_LAPSED);
        assert_int_equal(row.proof, DOMAIN_BY_DNS);
        assert_string_equal(row.token, "t5000");
        assert_int_equal(row.verified_us, 11);
        assert_int_equal(row.checked_us, 12);
        assert_int_equal(row.failed_us, 13);
        struct query query = house_query(house, &house->admin);
        const int64_t missing[] = { 5001, 5002, 0 };
        for (size_t i = 0; i < COUNT_OF(missing); i++) {
                assert_err(query_domain(&query, missing[i], &row, &house->fault), ERR_NOT_FOUND);
                assert_string_equal(house->fault.message, "there is no such domain");
        }
        assert_ok(domain_load(fixture->reader, OTHERS, 5001, house->arena, &row, &house->fault));
        assert_int_equal(row.proof, DOMAIN_BY_OPERATOR);
        house_close(house);
}

static void test_R6_verified_is_what_this_root_has_proved_and_still_has(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        add_root(house);
        add_row(house, 1, 5000, "yes.example", DOMAIN_VERIFIED, DOMAIN_BY_DNS);
        add_row(house, 1, 5001, "word.example", DOMAIN_VERIFIED, DOMAIN_BY_OPERATOR);
        add_row(house, 1, 5002, "pending.example", DOMAIN_PENDING, DOMAIN_UNPROVED);
        add_row(house, 1, 5003, "lapsed.example", DOMAIN_LAPSED, DOMAIN_BY_DNS);
        add_row(house, OTHERS, 5004, "theirs.example", DOMAIN_VERIFIED, DOMAIN_BY_DNS);
        static const struct {
                const char *name;
                bool verified;
        } cases[] = { { "yes.example", true }, { "word.example", true }, { "pending.example", false }, { "lapsed.example", false },
                { "theirs.example", false }, { "a.yes.example", false }, { "example", false }, { "YES.example", false }, { "", false } };
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                bool verified = !cases[i].verified;
                assert_ok(domain_is_verified(fixture->reader, 1, cases[i].name, &verified, &house->fault));
                if (verified != cases[i].verified)
                        fail_msg("%s is %sverified", cases[i].name, verified ? "" : "not ");
        }
        house_close(house);
}

static void test_R6_listed_is_what_stands_there_letter_for_letter(struct fixture *fixture)
{
        (void)fixture;
        json_auto_t *connection = json_pack("{s:[s,i,n,s]}", "domains", "a.example", 7, "b.example"), *empty = json_object(),
                    *text = json_pack("{s:s}", "domains", "a.example");
        assert_true(domain_is_listed(connection, "a.example"));
        assert_true(domain_is_listed(connection, "b.example"));
        static const char *const others[] = { "A.example", "x.a.example", "example", "7", "" };
        for (size_t i = 0; i < COUNT_OF(others); i++)
                assert_false(domain_is_listed(connection, others[i]));
        assert_false(domain_is_listed(empty, "a.example"));
        assert_false(domain_is_listed(text, "a.example"));
}

/* ---- the look-up ---- */

static int begun, ended;

static void count_waits(bool begins)
{
        begun += begins;
        ended += !begins;
}

static enum err look_up(struct house *house, const char *ref, const char **ret_proved)
{
        struct query query = house_query(house, &house->admin);
        struct change change = { .type = resource_type(KIND_DOMAIN), .ref = ref };
        house->fault = (struct fault){ 0 };
        enum err e = domain_look_up(&query, &change, &house->fault);
        *ret_proved = change.proved;
        return e;
}

static void test_R6_a_look_up_says_what_dns_did(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct fake_dns dns;
        const char *proved, *id = add(house, "a.example"), *message;
        struct domain_row row = { 0 };
        fake_dns_start(&dns);
        house->directory->dns_server = dns.server;
        house->directory->waiting = count_waits;
        begun = ended = 0;
        assert_ok(domain_load(fixture->reader, 1, house_no(house, id), house->arena, &row, &house->fault));
        message = arena_printf(house->arena,
                "_muster-challenge.a.example has no TXT record \"muster-domain-verification=%s\"; add it and try again: DNS may take minutes to "
                "show it",
                row.token);
        assert_err(look_up(house, id, &proved), ERR_CONFLICT);
        assert_string_equal(house->fault.message, message);
        assert_int_equal(house->fault.retry_after_s, 0);
        assert_null(proved);
        atomic_store(&dns.mood, FAKE_DNS_FAILS);
        assert_err(look_up(house, id, &proved), ERR_UNAVAILABLE);
        assert_string_equal(house->fault.message, "DNS gave no answer about _muster-challenge.a.example; try again");
        assert_int_equal(house->fault.retry_after_s, 5);
        assert_null(proved);
        atomic_store(&dns.mood, FAKE_DNS_ANSWERS);
        fake_dns_set(&dns, "_muster-challenge.a.example", domain_record_value(house->arena, row.token));
        assert_ok(look_up(house, "A.example", &proved));
        assert_string_equal(proved, row.token);
        assert_int_equal(begun, 3);
        assert_int_equal(ended, 3);
        assert_err(look_up(house, "b.example", &proved), ERR_NOT_FOUND);
        assert_int_equal(begun, 3);
        assert_int_equal(atomic_load(&house->directory->looking_up), 0);
        fake_dns_stop(&dns);
        house_close(house);
}

static void test_R6_four_wait_for_dns_and_the_fifth_comes_again(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct fake_dns dns;
        const char *proved, *id = add(house, "a.example");
        fake_dns_start(&dns);
        house->directory->dns_server = dns.server;
        atomic_store(&house->directory->looking_up, 4);
        assert_err(look_up(house, id, &proved), ERR_UNAVAILABLE);
        assert_string_equal(house->fault.message, "several domains are being looked up now; try again");
        assert_int_equal(house->fault.retry_after_s, 5);
        assert_int_equal(atomic_load(&dns.asked), 0);
        assert_int_equal(atomic_load(&house->directory->looking_up), 4);
        atomic_store(&house->directory->looking_up, 3);
        assert_err(look_up(house, id, &proved), ERR_CONFLICT);
        assert_int_equal(atomic_load(&dns.asked), 1);
        assert_int_equal(atomic_load(&house->directory->looking_up), 3);
        fake_dns_stop(&dns);
        house_close(house);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_R6_states_and_proofs_have_their_words, ON_SQLITE),
                FIXTURE_TEST(test_R6_a_row_is_read_whole_and_of_its_own_root, ON_BOTH),
                FIXTURE_TEST(test_R6_verified_is_what_this_root_has_proved_and_still_has, ON_BOTH),
                FIXTURE_TEST(test_R6_listed_is_what_stands_there_letter_for_letter, ON_SQLITE),
                FIXTURE_TEST(test_R6_a_look_up_says_what_dns_did, ON_BOTH),
                FIXTURE_TEST(test_R6_four_wait_for_dns_and_the_fifth_comes_again, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
