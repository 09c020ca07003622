/* SPDX-License-Identifier: Apache-2.0
 *
 * Authentication against the graph — one answer for every bad token —, restarts, what the scheduler flushes. */
#include "directory/house.h"
#include "base/clock.h"

static void test_every_bad_token_gets_one_answer(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor actor, expired = house_identity(house, "expired", NULL), revoked = house_identity(house, "revoked", NULL),
                            off = house_identity(house, "off", NULL), gone = house_identity(house, "gone", NULL);
        const char *const *tokens = house->tokens;
        (void)expired;
        house_do(house, &house->admin, CHANGE_ROTATE, KIND_IDENTITY, revoked.id, NULL);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_IDENTITY, off.id, "{\"active\":false}");
        house_do(house, &house->admin, CHANGE_DELETE, KIND_IDENTITY, gone.id, NULL);
        raw_script(
                fixture, "UPDATE credential SET expires_us = 1 WHERE owner_no IN (SELECT no FROM resource WHERE name_folded = 'expired')");
        access_unload(house->directory->access, 1);
        char flipped[TOKEN_TEXT_MAX], foreign[TOKEN_TEXT_MAX];
        (void)snprintf(flipped, sizeof flipped, "%s", house->installed.api_token.text);
        flipped[30] = flipped[30] == 'a' ? 'b' : 'a';
        struct secret other = { 0 };
        assert_ok(token_make(TOKEN_IDENTITY, "zzzzzzzz", &other, &house->fault));
        (void)snprintf(foreign, sizeof foreign, "%s", other.text);
        secret_done(&other);
        assert_ok(token_make(TOKEN_IDENTITY, house->admin.handle, &other, &house->fault)); /* sound, and nobody's */
        const char *const bad[] = { "", "x", "mus_", flipped, foreign, other.text, tokens[0], tokens[1], tokens[2], tokens[3] };
        char first[416] = "";
        for (size_t i = 0; i < COUNT_OF(bad); i++) {
                if (house_authenticate(house, bad[i], &actor) != ERR_UNAUTHENTICATED)
                        fail_msg("token %zu lets in", i);
                if (!*first)
                        memcpy(first, house->fault.message, sizeof first);
                assert_string_equal(house->fault.message, first);
        }
        secret_done(&other);
        house_close(house);
}

static void test_a_restart_keeps_everything(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const char *ann = house_user(house, &okta, "ann");
        int64_t digest = house_digest(house);
        house_restart(house);
        assert_int_equal(house_digest(house), digest);
        assert_int_equal(house_actor(house, house->tokens[0]).no, okta.no);
        house_patch(house, &okta, KIND_USER, ann, ERR_OK, "{\"op\":\"replace\",\"path\":\"title\",\"value\":\"x\"}");
        house_check(house);
        house_close(house);
}

static void test_not_loaded_is_told_to_who_may_not_block(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        const char *token = house->installed.api_token.text;
        struct actor actor;
        enum access_found found;
        access_unload(house->directory->access, 1);
        struct fault fault = { 0 };
        assert_err(directory_authenticate(house->directory, 0, NULL, token, strlen(token), 0, &actor, &found, &fault), ERR_UNAVAILABLE);
        assert_int_equal(found, ACCESS_NOT_LOADED);
        assert_ok(house_authenticate(house, token, &actor));
        assert_ok(directory_authenticate(house->directory, 0, NULL, token, strlen(token), 0, &actor, &found, &fault));
        house_close(house);
}

static void test_last_used_is_flushed(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor actor;
        assert_ok(house_authenticate(house, house->installed.api_token.text, &actor));
        int64_t revision = read_revision(fixture->reader, 1);
        directory_flush_used(house->directory);
        directory_flush_used(house->directory);
        assert_true(house_number(house, "SELECT last_used_us FROM credential") > 0);
        assert_int_equal(read_revision(fixture->reader, 1), revision); /* PLAIN */
        house_check(house);
        house_close(house);
}

static void test_notices_are_flushed_without_a_change(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor weak = house_identity(house, "weak", NULL);
        assert_change(ERR_FORBIDDEN, house, &weak, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"a\"}");
        notices_stop(house->directory->notices); /* all is due */
        directory_flush_notices(house->directory);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM ledger WHERE event = 'refused'"), 1);
        directory_flush_notices(house->directory);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM ledger WHERE event = 'refused'"), 1);
        house_check(house);
        house_close(house);
}

/* security.md 94: the clock set back revives no token, set forward it stores nothing from the future. */
static void test_a_clock_that_jumps(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        house->want.ttl_s = 3600;
        house_do(house, &house->admin, CHANGE_CREATE, KIND_IDENTITY, NULL, "{\"name\":\"short\"}");
        const char *token = house->tokens[0];
        struct actor actor;
        assert_ok(house_authenticate(house, token, &actor));
        clock_shift_for_test_us(3601 * US_PER_S);
        assert_err(house_authenticate(house, token, &actor), ERR_UNAUTHENTICATED);
        clock_shift_for_test_us(-3600 * US_PER_S);
        house_user(house, &house->admin, "before"); /* stored times never run backwards */
        assert_int_equal(
                house_number(house, "SELECT COUNT(*) FROM ledger a JOIN ledger b ON b.root_no = a.root_no AND b.seq = a.seq + 1 WHERE "
                                    "b.at_us < a.at_us"),
                0);
        clock_shift_for_test_us(3650 * US_PER_DAY);
        assert_err(house_authenticate(house, house->installed.api_token.text, &actor), ERR_UNAUTHENTICATED);
        clock_shift_for_test_us(0);
        house_user(house, &house->admin, "after");
        assert_int_equal(
                house_number(house, "SELECT COUNT(*) FROM ledger WHERE at_us > %lld", (long long)(clock_now_us() + US_PER_DAY)), 0);
        house_check(house);
        house_close(house);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_every_bad_token_gets_one_answer, ON_BOTH),
                FIXTURE_TEST(test_a_restart_keeps_everything, ON_BOTH),
                FIXTURE_TEST(test_not_loaded_is_told_to_who_may_not_block, ON_SQLITE),
                FIXTURE_TEST(test_last_used_is_flushed, ON_BOTH),
                FIXTURE_TEST(test_notices_are_flushed_without_a_change, ON_BOTH),
                FIXTURE_TEST(test_a_clock_that_jumps, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
