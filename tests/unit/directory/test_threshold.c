/* SPDX-License-Identifier: Apache-2.0
 *
 * R16: deactivations are never held, only counted; what takes too many members out of a group in one list is held until released. */
#include "base/clock.h"
#include "directory/house.h"
#include "directory/threshold.h"

static void test_r16_the_thresholds_are_those_of_the_rule(struct fixture *fixture)
{
        (void)fixture;
        static const int64_t users[][2] = { { 0, 5 }, { 99, 5 }, { 119, 5 }, { 120, 6 }, { 999, 49 }, { 1000, 50 }, { 1000000, 50 } };
        for (size_t i = 0; i < COUNT_OF(users); i++)
                assert_int_equal(threshold_of_users(users[i][0]), users[i][1]);
        static const int64_t members[][2] = { { 0, -1 }, { 20, -1 }, { 21, 6 }, { 100, 30 } };
        for (size_t i = 0; i < COUNT_OF(members); i++)
                assert_int_equal(threshold_of_members(members[i][0]), members[i][1]);
}

static const char **users(struct house *house, const struct actor *actor, const char *stem, size_t count)
{
        const char **ids = arena_zero(house->arena, count, sizeof(*ids));
        char name[32];
        for (size_t i = 0; i < count; i++) {
                (void)snprintf(name, sizeof name, "%s%zu", stem, i);
                ids[i] = house_user(house, actor, name);
        }
        return ids;
}

static void activate(struct house *house, const struct actor *actor, const char *id, bool active)
{
        house_patch(house, actor, KIND_USER, id, ERR_OK,
                active ? "{\"op\":\"replace\",\"path\":\"active\",\"value\":true}"
                       : "{\"op\":\"replace\",\"path\":\"active\",\"value\":false}");
        assert_int_equal(house_active(house, id), active);
}

/* security.md 24, in small: every one of them is in force, and there is one alarm. */
static void test_r16_deactivations_have_effect_and_alarm_once_per_crossing(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), other = house_connection(house, "other");
        const char **ids = users(house, &okta, "u", 12), **others = users(house, &other, "o", 6);
        for (size_t i = 0; i < 8; i++) {
                if (i % 3 == 2)
                        house_do(house, &okta, CHANGE_DELETE, KIND_USER, ids[i], NULL);
                else
                        activate(house, &okta, ids[i], false);
                assert_string_equal(house->alert, i == 5 ? "many-deactivated" : "");
        }
        for (size_t i = 0; i < 5; i++) { /* counted for each connection by itself; an administrator is not counted */
                activate(house, &other, others[i], false);
                assert_string_equal(house->alert, "");
        }
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, others[5], "{\"active\":false}");
        assert_string_equal(house->alert, "");
        house_check(house);
        /* A day later it begins anew. */
        house_script(house, "UPDATE taken SET slot = slot - 144");
        for (size_t i = 8; i < 12; i++)
                activate(house, &okta, ids[i], false);
        activate(house, &okta, ids[8], true);
        activate(house, &okta, ids[8], false);
        assert_string_equal(house->alert, "");
        activate(house, &okta, ids[8], true);
        activate(house, &okta, ids[8], false);
        assert_string_equal(house->alert, "many-deactivated"); /* a crossing of its own */
        assert_int_equal(
                house_number(house, "SELECT COUNT(*) FROM taken WHERE object_no = 0 AND connection_no = %lld", (long long)okta.no), 1);
        house_check(house);
        house_close(house);
}

static const char *members_json(struct house *house, const char **ids, size_t count)
{
        const char *text = "";
        for (size_t i = 0; i < count; i++)
                text = arena_printf(house->arena, "%s%s{\"value\":\"%s\"}", text, i ? "," : "", ids[i]);
        return text;
}

static const char *group_of(struct house *house, const struct actor *actor, const char *name, const char **ids, size_t count)
{
        return house_do(house, actor, CHANGE_CREATE, KIND_GROUP, NULL, "{\"displayName\":\"%s\",\"members\":[%s]}", name,
                members_json(house, ids, count));
}

static int64_t size_of(struct house *house, const char *group)
{
        return house_number(house, "SELECT COUNT(*) FROM member WHERE container_no = %lld", (long long)house_no(house, group));
}

static int64_t open_hold(struct house *house)
{
        return house_number(house, "SELECT COALESCE(MAX(no), 0) FROM hold WHERE released_us = 0");
}

/* The refusal and its hold: not by house_change, whose law is that a refusal leaves no entry. */
static enum err ask(struct house *house, const struct actor *actor, enum change_verb verb, const char *group, const char *text)
{
        json_auto_t *document = NULL;
        struct leniency leniency = { 0 };
        assert_ok(json_parse(text, strlen(text), &document, &house->fault));
        struct change change = {
                .verb = verb, .actor = actor, .type = resource_type(KIND_GROUP), .ref = group, .arena = house->arena, .leniency = &leniency
        };
        json_auto_t *accepted = NULL;
        if (verb == CHANGE_REPLACE) {
                const struct accept how = { .type = change.type, .mode = ACCEPT_REPLACE, .leniency = &leniency, .arena = house->arena };
                assert_ok(document_accept(&how, document, &accepted, &change.edges, &house->fault));
        }
        change.document = accepted ? accepted : document;
        house->fault = (struct fault){ 0 };
        return directory_change(house->directory, &change, &house->fault);
}

static enum err release(struct house *house, const struct actor *actor, const struct actor *connection, int64_t hold)
{
        house->want.hold = hold;
        return house_change(house, actor, CHANGE_RELEASE, KIND_CONNECTION, connection->id, NULL);
}

#define PATCH_(operations) "{\"schemas\":[\"" URN_PATCH "\"],\"Operations\":[" operations "]}"

static void test_r16_an_emptying_list_is_held_until_released(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), weak = house_identity(house, "weak", "member");
        const char **ids = users(house, &okta, "u", 25), *group = group_of(house, &okta, "crew", ids, 25);
        static const struct {
                enum change_verb verb;
                const char *text;
        } ways[] = {
                { CHANGE_REPLACE, "{\"displayName\":\"crew\",\"members\":[]}" },
                { CHANGE_PATCH, PATCH_("{\"op\":\"replace\",\"path\":\"members\",\"value\":[]}") },
                { CHANGE_PATCH, PATCH_("{\"op\":\"remove\",\"path\":\"members\"}") },
                { CHANGE_PATCH, PATCH_("{\"op\":\"remove\",\"path\":\"members[type eq \\\"User\\\"]\"}") },
        };
        for (size_t i = 0; i < COUNT_OF(ways); i++) {
                assert_err(ask(house, &okta, ways[i].verb, group, ways[i].text), ERR_THRESHOLD);
                assert_int_equal(house->fault.retry_after_s, 600);
                char named[32];
                (void)snprintf(named, sizeof named, "hold %lld", (long long)open_hold(house));
                assert_non_null(strstr(house->fault.message, named));
                assert_int_equal(size_of(house, group), 25);
        }
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM hold"), 1); /* one hold, one alarm, however often it is sent */
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM ledger WHERE event = 'members-held'"), 1);
        int64_t hold = open_hold(house);
        struct actor other = house_connection(house, "other");
        assert_err(release(house, &weak, &okta, hold), ERR_FORBIDDEN);
        assert_err(release(house, &house->admin, &other, hold), ERR_NOT_FOUND);
        assert_err(release(house, &house->admin, &okta, hold + 1), ERR_NOT_FOUND);
        assert_ok(release(house, &house->admin, &okta, hold));
        assert_string_equal(house->event, "hold-released");
        assert_err(release(house, &house->admin, &okta, hold), ERR_NOT_FOUND);
        house_do(house, &okta, CHANGE_REPLACE, KIND_GROUP, group, "{\"displayName\":\"crew\",\"members\":[]}");
        assert_int_equal(size_of(house, group), 0);
        house_check(house);
        /* It was for once. */
        house_do(house, &okta, CHANGE_REPLACE, KIND_GROUP, group, "{\"displayName\":\"crew\",\"members\":[%s]}",
                members_json(house, ids, 25));
        assert_err(ask(house, &okta, ways[0].verb, group, ways[0].text), ERR_THRESHOLD);
        assert_int_not_equal(open_hold(house), hold);
        /* A hold lapses; a release lets no more through than was shown. */
        house_script(house, "UPDATE hold SET until_us = 1");
        assert_err(release(house, &house->admin, &okta, open_hold(house)), ERR_NOT_FOUND);
        house_script(house, "DELETE FROM taken");
        char most[2048];
        (void)snprintf(most, sizeof most, "{\"displayName\":\"crew\",\"members\":[%s]}", members_json(house, ids, 10));
        assert_err(ask(house, &okta, CHANGE_REPLACE, group, most), ERR_THRESHOLD);
        assert_ok(release(house, &house->admin, &okta, open_hold(house)));
        assert_err(ask(house, &okta, ways[0].verb, group, ways[0].text), ERR_THRESHOLD);
        assert_ok(ask(house, &okta, CHANGE_REPLACE, group, most));
        assert_int_equal(size_of(house, group), 10);
        house_check(house);
        house_close(house);
}

static void test_r16_small_groups_and_single_members_are_never_held(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const char **ids = users(house, &okta, "u", 22), *small = group_of(house, &okta, "small", ids, 20),
                   *big = group_of(house, &okta, "big", ids, 22);
        house_do(house, &okta, CHANGE_REPLACE, KIND_GROUP, small, "{\"displayName\":\"small\",\"members\":[]}");
        assert_string_equal(house->alert, "");
        char text[256];
        for (size_t i = 0; i < 9; i++) { /* one at a time is as the word on one person: an alarm, no hold */
                (void)snprintf(text, sizeof text, "{\"op\":\"remove\",\"path\":\"members[value eq \\\"%s\\\"]\"}", ids[i]);
                house_patch(house, &okta, KIND_GROUP, big, ERR_OK, text);
                assert_string_equal(house->alert, i == 6 ? "many-members-removed" : "");
        }
        assert_err(ask(house, &okta, CHANGE_REPLACE, big, "{\"displayName\":\"big\",\"members\":[]}"), ERR_THRESHOLD);
        house_check(house);
        house_close(house);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_r16_the_thresholds_are_those_of_the_rule, ON_SQLITE),
                FIXTURE_TEST(test_r16_deactivations_have_effect_and_alarm_once_per_crossing, ON_BOTH),
                FIXTURE_TEST(test_r16_an_emptying_list_is_held_until_released, ON_BOTH),
                FIXTURE_TEST(test_r16_small_groups_and_single_members_are_never_held, ON_BOTH),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
