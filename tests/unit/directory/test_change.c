/* SPDX-License-Identifier: Apache-2.0
 *
 * The write path as a whole: one entry per change, If-Match, what changes nothing writes nothing, an actor that died between its
 * authentication and the commit, notices. */
#include "directory/house.h"
#include "base/clock.h"

static void test_a_change_is_one_entry_and_its_number_the_version(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        const char *id = house_user(house, &house->admin, "ann");
        assert_string_equal(house->event, "created");
        assert_non_null(strstr(house->body, "\"userName\":\"ann\""));
        assert_non_null(strstr(house->body, id));
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, id, "{\"title\":\"Dr\"}");
        assert_string_equal(house->event, "updated");
        assert_non_null(strstr(house->body, "\"after\":\"Dr\""));
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, id, "{\"active\":false}");
        assert_string_equal(house->event, "deactivated");
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, id, "{\"active\":true}");
        assert_string_equal(house->event, "reactivated");
        house_do(house, &house->admin, CHANGE_DELETE, KIND_USER, id, NULL);
        assert_string_equal(house->event, "deleted");
        house_check(house);
        house_close(house);
}

static void test_what_changes_nothing_writes_nothing(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor scim = house_connection(house, "okta");
        const char *user = house_user(house, &scim, "ann"), *group = house_group(house, &scim, "crew");
        char text[256];
        (void)snprintf(text, sizeof text, "{\"op\":\"add\",\"path\":\"members\",\"value\":[{\"value\":\"%s\"}]}", user);
        house_patch(house, &scim, KIND_GROUP, group, ERR_OK, text);
        assert_true(house->done.changed);
        int64_t version = house_version(house, group), digest = house_digest(house);

        house_patch(house, &scim, KIND_GROUP, group, ERR_OK, text);
        assert_false(house->done.changed);
        house_patch(house, &scim, KIND_GROUP, group, ERR_OK, "{\"op\":\"add\",\"path\":\"members\",\"value\":[]}");
        assert_false(house->done.changed);
        house_patch(house, &scim, KIND_GROUP, group, ERR_OK, "{\"op\":\"remove\",\"path\":\"members[value eq \\\"nobody\\\"]\"}");
        assert_false(house->done.changed);
        house_do(house, &scim, CHANGE_REPLACE, KIND_GROUP, group, "{\"displayName\":\"crew\"}");
        assert_false(house->done.changed);
        house_do(house, &scim, CHANGE_REPLACE, KIND_GROUP, group, "{\"displayName\":\"crew\",\"members\":[{\"value\":\"%s\"}]}", user);
        assert_false(house->done.changed);
        house_patch(house, &scim, KIND_USER, user, ERR_OK, "{\"op\":\"replace\",\"path\":\"active\",\"value\":true}");
        assert_false(house->done.changed);
        house_do(house, &scim, CHANGE_REPLACE, KIND_USER, user, "{\"userName\":\"ann\",\"externalId\":\"x-ann\"}");
        assert_false(house->done.changed);
        assert_int_equal(house_version(house, group), version);
        assert_int_equal(house_digest(house), digest);
        house_check(house);
        house_close(house);
}

static void test_what_changes_nothing_in_management_writes_nothing(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor scim = house_connection(house, "okta");
        const char *managed = house_user(house, &scim, "ann"), *local = house_user(house, &house->admin, "bob"),
                   *group = house_group(house, &house->admin, "crew"),
                   *project = house_do(house, &house->admin, CHANGE_CREATE, KIND_PROJECT, NULL, "{\"slug\":\"app\",\"name\":\"App\"}");
        house_do(house, &house->admin, CHANGE_MEMBERS_ADD, KIND_GROUP, group, "[\"%s\"]", local);
        int64_t digest = house_digest(house);
        house_do(house, &house->admin, CHANGE_MEMBERS_ADD, KIND_GROUP, group, "[\"%s\"]", local);
        assert_false(house->done.changed);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, local, "{\"active\":true}");
        assert_false(house->done.changed);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, managed, "{\"active\":true}");
        assert_false(house->done.changed);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_PROJECT, project, "{\"name\":\"App\",\"active\":true}");
        assert_false(house->done.changed);
        assert_int_equal(house_digest(house), digest);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, managed, "{\"active\":false}");
        assert_true(house->done.changed);
        digest = house_digest(house);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, managed, "{\"active\":false}");
        assert_false(house->done.changed);
        assert_int_equal(house_digest(house), digest);
        house_check(house);
        house_close(house);
}

static void test_if_match(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor scim = house_connection(house, "okta");
        const char *user = house_user(house, &scim, "ann");
        char current[32];
        (void)snprintf(current, sizeof current, "\"9999\", W/\"%lld\"", (long long)house_version(house, user));
        int64_t digest = house_digest(house);
        static const char *const stale[] = { "W/\"1\"", "\"1\"", "", "W/", "x", ",,,", "W/\"99999999999999999999\"" };
        for (size_t i = 0; i < COUNT_OF(stale); i++) {
                house->want.if_match = stale[i];
                house_patch(house, &scim, KIND_USER, user, ERR_VERSION, "{\"op\":\"replace\",\"path\":\"title\",\"value\":\"x\"}");
                house->want.if_match = stale[i];
                assert_change(ERR_VERSION, house, &scim, CHANGE_REPLACE, KIND_USER, user, "{\"userName\":\"ann\"}");
                house->want.if_match = stale[i];
                assert_change(ERR_VERSION, house, &scim, CHANGE_DELETE, KIND_USER, user, NULL);
                house->want.if_match = stale[i];
                assert_change(ERR_VERSION, house, &house->admin, CHANGE_MERGE, KIND_USER, user, "{\"active\":false}");
        }
        assert_int_equal(house_digest(house), digest);
        house->want.if_match = current;
        house_patch(house, &scim, KIND_USER, user, ERR_OK, "{\"op\":\"replace\",\"path\":\"title\",\"value\":\"x\"}");
        house->want.if_match = "*";
        house_patch(house, &scim, KIND_USER, user, ERR_OK, "{\"op\":\"replace\",\"path\":\"title\",\"value\":\"y\"}");
        house_close(house);
}

/* security.md 76: what was true when the request came in is judged again when it commits. */
static void test_an_actor_that_died_meanwhile_is_refused(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        const char *project = house_do(house, &house->admin, CHANGE_CREATE, KIND_PROJECT, NULL, "{\"slug\":\"app\",\"name\":\"App\"}");
        struct actor rotated = house_identity(house, "rotated", "admin"), disabled = house_identity(house, "disabled", "admin"),
                     deleted = house_identity(house, "deleted", "admin"), scim = house_connection(house, "okta");
        char *const child =
                (char *)house_do(house, &house->admin, CHANGE_CREATE, KIND_ORGANIZATION, NULL, "{\"slug\":\"kid\",\"name\":\"Kid\"}");
        house->want.role = "admin";
        house_do(house, &house->admin, CHANGE_CREATE, KIND_IDENTITY, NULL, "{\"name\":\"inside\",\"organization\":\"%s\"}", child);
        struct actor inside = house_actor(house, house->token);
        house_do(house, &house->admin, CHANGE_ROTATE, KIND_IDENTITY, rotated.id, NULL);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_IDENTITY, disabled.id, "{\"active\":false}");
        house_do(house, &house->admin, CHANGE_DELETE, KIND_IDENTITY, deleted.id, NULL);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_CONNECTION, scim.id, "{\"active\":false}");
        house_do(house, &house->admin, CHANGE_MERGE, KIND_ORGANIZATION, child, "{\"active\":false}");
        struct actor expired = house_identity(house, "expired", "admin");
        raw_script(fixture, "UPDATE credential SET expires_us = 1 WHERE no = (SELECT MAX(no) FROM credential)");
        access_unload(house->directory->access, 1); /* it does not see what happens past it */
        int64_t digest = house_digest(house);
        const struct actor *const dead[] = { &rotated, &disabled, &deleted, &expired, &inside };
        for (size_t i = 0; i < COUNT_OF(dead); i++) {
                assert_change(ERR_UNAUTHENTICATED, house, dead[i], CHANGE_MERGE, KIND_PROJECT, project, "{\"name\":\"X\"}");
                assert_change(ERR_UNAUTHENTICATED, house, dead[i], CHANGE_CREATE, KIND_PROJECT, NULL, "{\"slug\":\"b\",\"name\":\"B\"}");
                assert_change(ERR_UNAUTHENTICATED, house, dead[i], CHANGE_ROTATE, KIND_IDENTITY, house->admin.id, NULL);
        }
        assert_change(ERR_UNAUTHENTICATED, house, &scim, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"ann\"}");
        const struct actor nobody = { .root_no = 1 };
        assert_change(ERR_UNAUTHENTICATED, house, &nobody, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"ann\"}");
        struct actor stolen = house->admin;
        stolen.credential_no = scim.credential_no; /* somebody else's */
        assert_change(ERR_UNAUTHENTICATED, house, &stolen, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"ann\"}");
        assert_int_equal(house_digest(house), digest);
        house_check(house);
        house_close(house);
}

static int64_t notices(struct house *house, const char *event)
{
        return house_number(house, "SELECT COUNT(*) FROM ledger WHERE root_no = 1 AND class <> 1 AND event = '%s'", event);
}

static void test_a_refusal_stands_in_the_ledger(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor weak = house_identity(house, "weak", "member");
        assert_change(ERR_FORBIDDEN, house, &weak, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"ann\"}");
        assert_int_equal(notices(house, "refused"), 0);
        house_user(house, &house->admin, "ann"); /* it rides with the next change */
        assert_int_equal(notices(house, "refused"), 1);
        assert_int_equal(
                house_number(house, "SELECT COUNT(*) FROM ledger WHERE event = 'refused' AND actor_no = %lld", (long long)weak.no), 1);
        struct actor dead = house_identity(house, "dead", "admin");
        house_do(house, &house->admin, CHANGE_DELETE, KIND_IDENTITY, dead.id, NULL);
        assert_change(ERR_UNAUTHENTICATED, house, &dead, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"ben\"}");
        house_user(house, &house->admin, "ben");
        assert_int_equal(notices(house, "unauthenticated"), 1);
        house_check(house);
        house_close(house);
}

static void test_a_notice_is_kept_when_its_change_is_refused(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor weak = house_identity(house, "weak", "member");
        assert_change(ERR_FORBIDDEN, house, &weak, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"ann\"}");
        assert_change(ERR_NOT_FOUND, house, &house->admin, CHANGE_MERGE, KIND_USER, "nobody", "{\"title\":\"x\"}");
        assert_int_equal(notices(house, "refused"), 0);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, house->installed.admin_id, "{\"title\":\"x\"}");
        assert_int_equal(notices(house, "refused"), 1);
        house_check(house);
        house_close(house);
}

static void test_a_notice_moves_the_revision_of_a_change_that_changes_nothing(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor weak = house_identity(house, "weak", "member");
        assert_change(ERR_FORBIDDEN, house, &weak, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"ann\"}");
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, house->installed.admin_id, "{\"active\":true}");
        assert_false(house->done.changed);
        assert_int_equal(notices(house, "refused"), 1);
        house_check(house);
        house_close(house);
}

static void test_verbs_that_a_type_does_not_know_are_refused(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        const char *project = house_do(house, &house->admin, CHANGE_CREATE, KIND_PROJECT, NULL, "{\"slug\":\"app\",\"name\":\"App\"}");
        struct actor identity = house_identity(house, "robot", NULL);
        int64_t digest = house_digest(house);
        assert_change(ERR_METHOD, house, &house->admin, CHANGE_REPLACE, KIND_PROJECT, project, "{\"slug\":\"b\",\"name\":\"B\"}");
        assert_change(ERR_METHOD, house, &house->admin, CHANGE_PATCH, KIND_PROJECT, project, "{\"Operations\":[]}");
        assert_change(ERR_METHOD, house, &house->admin, CHANGE_MEMBERS_ADD, KIND_PROJECT, project, "[]");
        assert_change(ERR_METHOD, house, &house->admin, CHANGE_ROTATE, KIND_PROJECT, project, NULL);
        assert_change(ERR_METHOD, house, &house->admin, CHANGE_GAIN_ACCESS, KIND_IDENTITY, identity.id, NULL);
        assert_change(ERR_METHOD, house, &house->admin, CHANGE_CREATE, KIND_ROLE, NULL, NULL);
        assert_change(ERR_METHOD, house, &house->admin, CHANGE_REPLACE, KIND_USER, house->installed.admin_id, "{\"userName\":\"x\"}");
        assert_int_equal(house_digest(house), digest);
        house_do(house, &house->admin, CHANGE_DELETE, KIND_IDENTITY, identity.id, NULL);
        assert_change(ERR_METHOD, house, &house->admin, CHANGE_RESTORE, KIND_IDENTITY, identity.id, NULL);
        house_check(house);
        house_close(house);
}

/* Runs it as a dry run: nothing of it is there afterwards, whatever it was. */
static struct dry_run try(struct house *house, const struct actor *actor, enum err expected, enum change_verb verb, enum resource_kind kind,
        const char *ref, const char *text)
{
        struct dry_run dry_run = { 0 };
        int64_t digest = house_digest(house);
        house->want.dry_run = &dry_run;
        assert_change(expected, house, actor, verb, kind, ref, text);
        assert_int_equal(house_digest(house), digest);
        assert_int_equal(dry_run.ran, expected == ERR_OK);
        assert_false(house->done.changed);
        assert_string_equal(house->token, "");
        return dry_run;
}

static void test_R19_a_dry_run_tells_what_would_come_out_and_stores_nothing(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor scim = house_connection(house, "okta");
        const char *user = house_user(house, &scim, "ann"), *group = house_group(house, &scim, "crew"), *admin = house->admin.id;
        struct dry_run dry_run =
                try(house, &scim, ERR_OK, CHANGE_CREATE, KIND_USER, NULL, "{\"schemas\":[\"" URN_USER "\"],\"userName\":\"bob\"}");
        assert_string_equal(dry_run.event, "created");
        assert_non_null(strstr(dry_run.difference, "\"userName\":\"bob\""));
        assert_int_equal(strlen(house->done.after.resource.id), UUID_TEXT_SIZE - 1);
        assert_int_equal(house_number(house, "SELECT count(*) FROM resource WHERE name_folded = 'bob'"), 0);

        dry_run = try(house, &house->admin, ERR_OK, CHANGE_MERGE, KIND_USER, user, "{\"active\":false}");
        assert_string_equal(dry_run.event, "deactivated");
        assert_true(house_active(house, user));
        dry_run = try(house, &house->admin, ERR_OK, CHANGE_MERGE, KIND_USER, user, "{\"active\":true}");
        assert_false(dry_run.changed);
        assert_null(dry_run.event);
        char text[128];
        (void)snprintf(text, sizeof text, "[\"%s\"]", user);
        dry_run = try(house, &house->admin, ERR_OK, CHANGE_MEMBERS_ADD, KIND_GROUP, group, text);
        assert_non_null(strstr(dry_run.difference, user));
        assert_int_equal(house->done.moved, 1);
        assert_false(house_is_member(house, group, user));
        dry_run = try(house, &house->admin, ERR_OK, CHANGE_DELETE, KIND_GROUP, group, NULL);
        assert_string_equal(dry_run.event, "deleted");

        /* No token comes out, and the one that lives goes on. */
        dry_run = try(house, &house->admin, ERR_OK, CHANGE_CREATE, KIND_IDENTITY, NULL, "{\"name\":\"robot\"}");
        assert_string_equal(dry_run.event, "created");
        (void)try(house, &house->admin, ERR_OK, CHANGE_ROTATE, KIND_IDENTITY, admin, NULL);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_GROUP, group, "{\"active\":false}");
        house_check(house);
        house_close(house);
}

static void test_R19_a_dry_run_is_refused_as_the_change_itself(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor scim = house_connection(house, "okta"), robot = house_identity(house, "robot", NULL);
        const char *user = house_user(house, &scim, "ann");
        (void)try(house, &scim, ERR_TAKEN, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"ANN\",\"externalId\":\"y\"}");
        assert_int_equal(house_number(house, "SELECT count(*) FROM conflict"), 0);
        (void)try(house, &house->admin, ERR_NOT_FOUND, CHANGE_DELETE, KIND_USER, "nobody", NULL);
        house->want.if_match = "W/\"1\"";
        (void)try(house, &house->admin, ERR_VERSION, CHANGE_MERGE, KIND_USER, user, "{\"active\":false}");
        (void)try(house, &robot, ERR_FORBIDDEN, CHANGE_DELETE, KIND_USER, user, NULL);
        house_close(house);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_a_change_is_one_entry_and_its_number_the_version, ON_BOTH),
                FIXTURE_TEST(test_what_changes_nothing_writes_nothing, ON_BOTH),
                FIXTURE_TEST(test_what_changes_nothing_in_management_writes_nothing, ON_SQLITE),
                FIXTURE_TEST(test_if_match, ON_SQLITE),
                FIXTURE_TEST(test_an_actor_that_died_meanwhile_is_refused, ON_BOTH),
                FIXTURE_TEST(test_a_refusal_stands_in_the_ledger, ON_BOTH),
                FIXTURE_TEST(test_a_notice_is_kept_when_its_change_is_refused, ON_SQLITE),
                FIXTURE_TEST(test_a_notice_moves_the_revision_of_a_change_that_changes_nothing, ON_SQLITE),
                FIXTURE_TEST(test_verbs_that_a_type_does_not_know_are_refused, ON_SQLITE),
                FIXTURE_TEST(test_R19_a_dry_run_tells_what_would_come_out_and_stores_nothing, ON_BOTH),
                FIXTURE_TEST(test_R19_a_dry_run_is_refused_as_the_change_itself, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
