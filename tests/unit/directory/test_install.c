/* SPDX-License-Identifier: Apache-2.0
 *
 * init: what it makes, what it refuses, that nothing is left behind when it fails, and that no two programs hold one installation. */
#include "directory/house.h"
#include <sys/stat.h>

static enum err init(struct house *house, const char *slug, const char *name, const char *email)
{
        const struct install_options options = { .settings = &house->settings, .slug = slug, .name = name, .admin_email = email };
        struct install_result result = { 0 };
        house->fault = (struct fault){ 0 };
        enum err e = install_init(&options, &result, &house->fault);
        if (e)
                assert_null(result.api_token.text);
        secret_done(&result.api_token);
        return e;
}

static void test_init_makes_a_root_with_its_first_people(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct stat stat_of;
        for (int i = 0; i < 2; i++) {
                assert_int_equal(stat(house->paths[i], &stat_of), 0);
                assert_int_equal(stat_of.st_mode & 0777, 0600);
        }
        assert_int_equal(house_no(house, house->installed.org_id), ROOT_ORG_NO);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM ledger WHERE root_no = 1 AND event = 'organization.initialized'"), 1);
        assert_int_equal(house_number(house, "SELECT revision FROM root WHERE root_no = 1"), 1);
        assert_true(house_holds(house, house->installed.admin_id, NULL, "member:edit"));
        assert_true(house_holds(house, house->admin.id, NULL, "member:edit"));
        assert_int_equal(house->admin.kind, ACTOR_IDENTITY);
        int64_t days = house_number(house, "SELECT (expires_us - created_us) / 86400000000 FROM credential");
        assert_int_equal(days, BOOTSTRAP_TOKEN_DAYS);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM credential WHERE LENGTH(hash) = 32"), 1); /* law 10 */
        house_check(house);
        house_close(house);
}

static void test_options_are_checked(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        directory_close(STEAL(house->directory));
        int64_t digest = house_digest(house);
        char long_name[300];
        memset(long_name, 'n', sizeof long_name - 1);
        long_name[sizeof long_name - 1] = 0;
        static const char *const slugs[] = { NULL, "", "Acme", "a b", "-a", "a-", "a--b", "\xc3\xa4" };
        for (size_t i = 0; i < COUNT_OF(slugs); i++)
                assert_err(init(house, slugs[i], "Name", "a@b.example"), ERR_VALUE);
        const char *const names[] = { NULL, "", long_name, "\xff" };
        for (size_t i = 0; i < COUNT_OF(names); i++)
                assert_err(init(house, "new", names[i], "a@b.example"), ERR_VALUE);
        static const char *const emails[] = { NULL, "", "a", "@b", "a@", "a@b@c", "a b@c", "a@b\n", "<a@b>", "a@\xff", "a,b@c" };
        for (size_t i = 0; i < COUNT_OF(emails); i++)
                assert_err(init(house, "new", "Name", emails[i]), ERR_VALUE);
        assert_err(init(house, "acme", "Again", "a@b.example"), ERR_TAKEN);
        assert_int_equal(house_digest(house), digest);
        house_restart(house);
        house_close(house);
}

static void test_a_second_root_knows_nothing_of_the_first(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        directory_close(STEAL(house->directory));
        const struct install_options options = {
                .settings = &house->settings, .slug = "other", .name = "Other", .admin_email = "owner@acme.example"
        };
        struct install_result other = { 0 };
        assert_ok(install_init(&options, &other, &house->fault));
        house_restart(house);
        struct actor stranger = { 0 };
        assert_ok(house_authenticate(house, other.api_token.text, &stranger));
        assert_int_equal(stranger.root_no, 2);
        assert_string_not_equal(stranger.handle, house->admin.handle);
        /* Law 1: ids of the first are unknown to the second, in every verb. */
        struct arena *arena = arena_new(1 << 20);
        const char *const ids[] = { house->installed.admin_id, house->admin.id, house->installed.org_id };
        static const enum resource_kind kinds[] = { KIND_USER, KIND_IDENTITY, KIND_ORGANIZATION };
        for (size_t i = 0; i < COUNT_OF(ids); i++)
                for (int verb = CHANGE_MERGE; verb <= CHANGE_DELETE; verb++) {
                        json_auto_t *document = json_pack("{s:s}", "description", "x");
                        struct change change = { .verb = (enum change_verb)verb,
                                .actor = &stranger,
                                .type = resource_type(kinds[i]),
                                .ref = ids[i],
                                .document = document,
                                .arena = arena };
                        struct fault fault = { 0 };
                        assert_err(directory_change(house->directory, &change, &fault), ERR_NOT_FOUND);
                }
        arena_free(arena);
        secret_done(&other.api_token);
        house_check(house);
        house_close(house);
}

static void test_no_two_programs_hold_one_installation(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        assert_err(init(house, "other", "Other", "a@b.example"), ERR_CONFLICT);
        const struct directory_options options = { .settings = &house->settings, .slots = 1 };
        struct directory *second = NULL;
        assert_err(directory_open(&options, &second, &house->fault), ERR_CONFLICT);
        assert_null(second);
        for (int i = 0; i < 10; i++) /* the lock is given back at once */
                house_restart(house);
        house_close(house);
}

static void test_a_directory_without_its_key_does_not_open(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        directory_close(STEAL(house->directory));
        const struct directory_options options = { .settings = &house->settings, .slots = 1 };
        assert_int_equal(chmod(house->paths[1], 0644), 0);
        assert_int_not_equal(directory_open(&options, &house->directory, &house->fault), ERR_OK);
        assert_int_equal(unlink(house->paths[1]), 0);
        assert_int_not_equal(directory_open(&options, &house->directory, &house->fault), ERR_OK);
        assert_null(house->directory);
        house_close(house);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_init_makes_a_root_with_its_first_people, ON_BOTH),
                FIXTURE_TEST(test_options_are_checked, ON_SQLITE),
                FIXTURE_TEST(test_a_second_root_knows_nothing_of_the_first, ON_BOTH),
                FIXTURE_TEST(test_no_two_programs_hold_one_installation, ON_BOTH),
                FIXTURE_TEST(test_a_directory_without_its_key_does_not_open, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
