/* SPDX-License-Identifier: Apache-2.0
 *
 * R9 and R24: who makes, marks and changes break-glass users, and that each time is an alert; that nothing which any connection does, or
 * that is done with one, reaches them; that they count as the last usable administrator, and as such cannot be lost. Refusals first. What a
 * connection sees of them is in scim/test_break_glass.c. */
#include "directory/house.h"
#include "base/clock.h"
#include "directory/connection.h"
#include <stdatomic.h>

static enum err mark(struct house *house, const struct actor *actor, const char *id, enum break_glass_wish wish)
{
        house->want.break_glass = wish;
        return house_change(house, actor, CHANGE_MERGE, KIND_USER, id, "{}");
}

static const char *glass_user(struct house *house, const char *name)
{
        house->want.break_glass = BREAK_GLASS_MARK;
        return house_user(house, &house->admin, name);
}

static int64_t marks(struct house *house)
{
        return house_number(house, "SELECT COUNT(*) FROM break_glass");
}

static bool alert_says(struct house *house, const char *id, const char *what)
{
        return strcmp(house->alert, "break-glass-changed") == 0 &&
               house_number(house,
                       "SELECT COUNT(*) FROM ledger WHERE class = 3 AND seq = (SELECT MAX(seq) FROM ledger WHERE root_no = 1) AND body = "
                       "'{\"id\":\"%s\",\"what\":\"%s\"}'",
                       id, what) == 1;
}

/* ---- who ---- */

/* Holds all that there is on users, and yet is no administrator. */
static struct actor keeper(struct house *house)
{
        static const char *const privileges[] = { "member:read", "member:create", "member:edit", "member:delete" };
        struct actor keeper = house_identity(house, "keeper", "member");
        for (size_t i = 0; i < COUNT_OF(privileges); i++)
                house_do(house, &house->admin, CHANGE_CREATE, KIND_GRANT, NULL, "{\"principal\":\"keeper\",\"privilege\":\"%s\"}",
                        privileges[i]);
        return keeper;
}

static void test_R9_only_an_administrator_makes_marks_and_changes_them(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor who = keeper(house);
        const char *plain = house_user(house, &who, "plain"), *glass = glass_user(house, "glass"), *binned = glass_user(house, "binned");
        house_do(house, &who, CHANGE_MERGE, KIND_USER, plain, "{\"title\":\"Dr\"}");
        house_do(house, &house->admin, CHANGE_DELETE, KIND_USER, binned, NULL);
        int64_t digest = house_digest(house);
        house->want.break_glass = BREAK_GLASS_MARK;
        assert_change(ERR_FORBIDDEN, house, &who, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"evil\"}");
        assert_err(mark(house, &who, plain, BREAK_GLASS_MARK), ERR_FORBIDDEN);
        assert_non_null(strstr(house->fault.message, "administrator"));
        assert_err(mark(house, &who, glass, BREAK_GLASS_UNMARK), ERR_FORBIDDEN);
        assert_change(ERR_FORBIDDEN, house, &who, CHANGE_MERGE, KIND_USER, glass, "{\"title\":\"Dr\"}");
        assert_change(ERR_FORBIDDEN, house, &who, CHANGE_MERGE, KIND_USER, "glass", "{\"active\":false}");
        assert_change(ERR_FORBIDDEN, house, &who, CHANGE_DELETE, KIND_USER, glass, NULL);
        assert_change(ERR_FORBIDDEN, house, &who, CHANGE_RESTORE, KIND_USER, binned, NULL);
        assert_change(ERR_FORBIDDEN, house, &who, CHANGE_PURGE, KIND_USER, binned, NULL);
        assert_int_equal(house_digest(house), digest);
        assert_int_equal(marks(house), 2);
        house_check(house);
        house_close(house);
}

static enum err count_lists(void *context, enum statement statement, struct fault *fault)
{
        (void)fault;
        if (statement == ST_BREAK_GLASS_LIST)
                atomic_fetch_add((atomic_int *)context, 1);
        return ERR_OK;
}

static void test_R9_the_marks_are_read_once_for_a_change_and_never_for_a_connection(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const char *glass = glass_user(house, "glass"), *local = house_user(house, &house->admin, "local"),
                   *crew = house_group(house, &house->admin, "crew");
        const char *ann = house_user(house, &okta, "ann"), *ben = house_user(house, &okta, "ben"),
                   *pushed = house_group(house, &okta, "pushed");
        atomic_int lists = 0;
        store_set_fault_hook_for_test(house->directory->store, count_lists, &lists);
        for (int i = 0; i < 2; i++) {
                house_do(house, &okta, CHANGE_REPLACE, KIND_GROUP, pushed,
                        "{\"displayName\":\"pushed\",\"members\":[{\"value\":\"%s\"},{\"value\":\"%s\"}]}", ann, ben);
                house_do(house, &okta, CHANGE_REPLACE, KIND_GROUP, pushed, "{\"displayName\":\"pushed\",\"members\":[]}");
        }
        assert_int_equal(atomic_exchange(&lists, 0), 0);
        house_do(house, &house->admin, CHANGE_MEMBERS_ADD, KIND_GROUP, crew, "[\"%s\",\"%s\",\"%s\"]", local, ann, glass);
        assert_true(alert_says(house, glass, "rights-changed")); /* it was the last of them */
        assert_int_equal(atomic_exchange(&lists, 0), 1);
        house_do(house, &house->admin, CHANGE_MEMBERS_REMOVE, KIND_GROUP, crew, "[\"%s\",\"%s\"]", local, ann);
        assert_string_equal(house->alert, "");
        assert_int_equal(atomic_exchange(&lists, 0), 1);
        store_set_fault_hook_for_test(house->directory->store, NULL, NULL);
        house_check(house);
        house_close(house);
}

static void test_R9_R32_each_change_is_an_alert(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        const struct actor *admin = &house->admin;
        const char *glass = glass_user(house, "glass");
        assert_true(alert_says(house, glass, "made"));
        assert_non_null(strstr(house->body, "\"break_glass\":true"));
        assert_ok(mark(house, admin, glass, BREAK_GLASS_MARK)); /* he is one already */
        assert_false(house->done.changed);
        house_do(house, admin, CHANGE_MERGE, KIND_USER, glass, "{\"title\":\"Dr\"}");
        assert_true(alert_says(house, glass, "updated"));
        house_do(house, admin, CHANGE_MERGE, KIND_USER, glass, "{\"active\":false}");
        assert_true(alert_says(house, glass, "deactivated"));
        house_do(house, admin, CHANGE_MERGE, KIND_USER, glass, "{\"active\":true}");
        assert_true(alert_says(house, glass, "reactivated"));
        const char *grant = house_grant(house, glass, NULL, "auditor");
        assert_true(alert_says(house, glass, "rights-changed"));
        house_do(house, admin, CHANGE_MERGE, KIND_GRANT, grant, "{\"until\":\"2999-01-01T00:00:00Z\"}");
        assert_true(alert_says(house, glass, "rights-changed"));
        house_do(house, admin, CHANGE_DELETE, KIND_GRANT, grant, NULL);
        assert_true(alert_says(house, glass, "rights-changed"));
        const char *plain = house_user(house, admin, "plain"), *crew = house_group(house, admin, "crew");
        house_do(house, admin, CHANGE_MEMBERS_ADD, KIND_GROUP, crew, "[\"%s\"]", plain);
        assert_string_equal(house->alert, "");
        house_do(house, admin, CHANGE_MEMBERS_ADD, KIND_GROUP, crew, "[\"%s\",\"%s\"]", plain, glass);
        assert_true(alert_says(house, glass, "rights-changed"));
        assert_ok(house_change(house, admin, CHANGE_MEMBERS_ADD, KIND_GROUP, crew, "[\"glass\"]")); /* he is in it already */
        assert_string_equal(house->alert, "");
        house_do(house, admin, CHANGE_MEMBERS_REMOVE, KIND_GROUP, crew, "[\"%s\"]", glass);
        assert_true(alert_says(house, glass, "rights-changed"));
        house_do(house, admin, CHANGE_MEMBERS_REMOVE, KIND_GROUP, crew, "[\"%s\"]", plain);
        assert_string_equal(house->alert, "");
        const char *filled = house_do(
                house, admin, CHANGE_CREATE, KIND_GROUP, NULL, "{\"displayName\":\"filled\",\"members\":[{\"value\":\"%s\"}]}", glass);
        assert_true(alert_says(house, glass, "rights-changed"));
        assert_true(house_is_member(house, filled, glass));
        int64_t version = house_version(house, glass);
        assert_ok(mark(house, admin, glass, BREAK_GLASS_UNMARK));
        assert_true(alert_says(house, glass, "unmarked"));
        assert_string_equal(house->event, "updated");
        assert_true(house_version(house, glass) > version); /* R34 */
        house_do(house, admin, CHANGE_MERGE, KIND_USER, glass, "{\"title\":\"Prof\"}");
        assert_string_equal(house->alert, "");
        house->want.break_glass = BREAK_GLASS_MARK;
        house_do(house, admin, CHANGE_MERGE, KIND_USER, glass, "{\"title\":\"Dr\"}"); /* both in one */
        assert_true(alert_says(house, glass, "marked"));
        assert_non_null(strstr(house->body, "\"break_glass\":true"));
        assert_non_null(strstr(house->body, "Prof"));
        house_do(house, admin, CHANGE_DELETE, KIND_USER, glass, NULL);
        assert_true(alert_says(house, glass, "deleted"));
        house_do(house, admin, CHANGE_RESTORE, KIND_USER, glass, NULL);
        assert_true(alert_says(house, glass, "restored"));
        assert_int_equal(marks(house), 1);
        house_check(house);
        house_do(house, admin, CHANGE_DELETE, KIND_USER, glass, NULL);
        house_do(house, admin, CHANGE_PURGE, KIND_USER, glass, NULL);
        assert_string_equal(house->alert, "break-glass-changed");
        assert_int_equal(marks(house), 0);
        house_check(house);
        house_close(house);
}

static void test_R9_a_version_that_is_not_his_marks_nobody(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        const char *ann = house_user(house, &house->admin, "ann");
        house->want.if_match = "W/\"1\"";
        assert_err(mark(house, &house->admin, ann, BREAK_GLASS_MARK), ERR_VERSION);
        struct dry_run dry_run = { 0 };
        house->want.dry_run = &dry_run;
        assert_ok(mark(house, &house->admin, ann, BREAK_GLASS_MARK));
        assert_true(dry_run.ran && dry_run.changed);
        assert_string_equal(dry_run.alert, "break-glass-changed");
        assert_int_equal(marks(house), 0);
        for (int i = 0; i < BREAK_GLASS_MAX; i++)
                glass_user(house, arena_printf(house->arena, "glass%d", i));
        assert_err(mark(house, &house->admin, ann, BREAK_GLASS_MARK), ERR_CONFLICT);
        house_do(house, &house->admin, CHANGE_DELETE, KIND_USER, "glass0", NULL); /* the bin counts, or restoring would make one too many */
        assert_err(mark(house, &house->admin, ann, BREAK_GLASS_MARK), ERR_CONFLICT);
        assert_ok(mark(house, &house->admin, "glass1", BREAK_GLASS_UNMARK));
        assert_ok(mark(house, &house->admin, ann, BREAK_GLASS_MARK));
        house_check(house);
        house_close(house);
}

/* ---- whom ---- */

static void finish_work(struct house *house)
{
        house_continue_work(house);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM connection_job"), 0);
        house_check(house);
}

static void end_connection(struct house *house, const struct actor *connection, enum connection_verb verb)
{
        house->want.wish = (struct connection_wish){ .verb = verb, .confirm = -1 };
        house_do(house, &house->admin, CHANGE_DELETE, KIND_CONNECTION, connection->id, NULL);
        finish_work(house);
}

static void test_R9_whom_a_connection_claims_cannot_be_one(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const struct actor *admin = &house->admin;
        const char *active = house_user(house, &okta, "active"), *inactive = house_user(house, &okta, "inactive"),
                   *restored = house_user(house, &okta, "restored"), *suspended = house_user(house, &okta, "suspended");
        house_patch(house, &okta, KIND_USER, inactive, ERR_OK, "{\"op\":\"replace\",\"path\":\"active\",\"value\":false}");
        house_do(house, &okta, CHANGE_DELETE, KIND_USER, restored, NULL);
        house_do(house, admin, CHANGE_RESTORE, KIND_USER, restored, NULL);
        house_do(house, admin, CHANGE_MERGE, KIND_USER, suspended, "{\"active\":false}");
        const char *const claimed[] = { active, inactive, restored, suspended };
        int64_t digest = house_digest(house);
        for (size_t i = 0; i < COUNT_OF(claimed); i++) {
                assert_err(mark(house, admin, claimed[i], BREAK_GLASS_MARK), ERR_CONFLICT);
                assert_non_null(strstr(house->fault.message, "connection"));
                assert_ok(mark(house, admin, claimed[i], BREAK_GLASS_UNMARK)); /* he is none: nothing to do */
                assert_false(house->done.changed);
        }
        assert_int_equal(house_digest(house), digest);
        end_connection(house, &okta, CONNECTION_KEEP); /* now they are local */
        for (size_t i = 0; i < COUNT_OF(claimed); i++)
                assert_ok(mark(house, admin, claimed[i], BREAK_GLASS_MARK));
        house_check(house);
        house_close(house);
}

/* A claim that ended and that others outlived holds its user until an administrator releases him: until then he is the connection's. */
static void test_R9_an_ended_claim_is_a_claim_until_it_is_released(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        const struct actor *admin = &house->admin;
        house_do(house, admin, CHANGE_CREATE, KIND_UPSTREAM, NULL, "{\"name\":\"Acme IdP\"}");
        house_do(house, admin, CHANGE_CREATE, KIND_CONNECTION, NULL, "{\"name\":\"okta\",\"kind\":\"scim\",\"upstream\":\"Acme IdP\"}");
        struct actor okta = house_actor(house, house->token);
        house_do(house, admin, CHANGE_CREATE, KIND_CONNECTION, NULL,
                "{\"name\":\"entra\",\"kind\":\"scim\",\"upstream\":\"Acme IdP\",\"adoption\":\"same_upstream\"}");
        struct actor entra = house_actor(house, house->token);
        const char *ann = house_user(house, &okta, "ann");
        house_do(house, &entra, CHANGE_REPLACE, KIND_USER, ann, "{\"userName\":\"ann\",\"externalId\":\"e1\"}");
        int64_t since_us = clock_now_us() - 10 * US_PER_S;
        house_do(house, &entra, CHANGE_DELETE, KIND_USER, ann, NULL);
        end_connection(house, &okta, CONNECTION_KEEP);
        assert_err(mark(house, admin, ann, BREAK_GLASS_MARK), ERR_CONFLICT);
        house_do(house, admin, CHANGE_MERGE, KIND_USER, ann, "{\"active\":true}");
        assert_ok(mark(house, admin, ann, BREAK_GLASS_MARK));
        /* R16: what an undo would give back is nothing of his any more; and R13: neither look-up nor write adopts. */
        house->want.wish = (struct connection_wish){ .verb = CONNECTION_UNDO, .since_us = since_us, .confirm = -1 };
        house_do(house, admin, CHANGE_WORK, KIND_CONNECTION, entra.id, NULL);
        finish_work(house);
        assert_true(house_active(house, ann));
        assert_change(ERR_NOT_FOUND, house, &entra, CHANGE_REPLACE, KIND_USER, ann, "{\"userName\":\"ann\",\"externalId\":\"e1\"}");
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM claim WHERE no = %lld", (long long)house_no(house, ann)), 1);
        house_check(house);
        house_close(house);
}

static void test_R9_R13_no_administrator_approves_the_adoption_of_one(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        const struct actor *admin = &house->admin;
        house_do(
                house, admin, CHANGE_CREATE, KIND_CONNECTION, NULL, "{\"name\":\"okta\",\"kind\":\"scim\",\"adoption\":\"same_upstream\"}");
        struct actor okta = house_actor(house, house->token);
        const char *glass = glass_user(house, "glass");
        house->want.user = glass;
        assert_change(ERR_CONFLICT, house, admin, CHANGE_ADOPTION, KIND_CONNECTION, okta.id, NULL);
        house_close(house);
}

static void test_R9_R12_no_restore_moves_claims_onto_or_away_from_one(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const struct actor *admin = &house->admin;
        const char *old = house_user(house, &okta, "old"), *glass = glass_user(house, "glass");
        house_do(house, &okta, CHANGE_DELETE, KIND_USER, old, NULL);
        house->want.replace = glass;
        assert_change(ERR_CONFLICT, house, admin, CHANGE_RESTORE, KIND_USER, old, NULL);
        house_do(house, admin, CHANGE_DELETE, KIND_USER, glass, NULL);
        const char *later = house_user(house, &okta, "glass"); /* his name is free in the bin */
        house->want.replace = later;
        assert_change(ERR_CONFLICT, house, admin, CHANGE_RESTORE, KIND_USER, glass, NULL);
        assert_change(ERR_CONFLICT, house, admin, CHANGE_RESTORE, KIND_USER, glass, NULL); /* the name is taken */
        house_do(house, &okta, CHANGE_DELETE, KIND_USER, later, NULL);
        house_do(house, admin, CHANGE_RESTORE, KIND_USER, glass, NULL);
        house_check(house);
        house_close(house);
}

/* ---- the last administrator (R24) ---- */

struct scene {
        struct house *house;
        struct actor okta;
        const char *boss, *crew, *glass, *group, *grant;
};

/* Two administrators of a connection, one by a group of its, and a break-glass user, in a local group or not. */
static struct scene scene_open(struct fixture *fixture, bool through_group)
{
        struct scene scene = { .house = house_open(fixture) };
        struct house *house = scene.house;
        scene.okta = house_connection(house, "okta");
        house_ceiling(house, &scene.okta, "[\"organization:admin\"]");
        scene.boss = house_admin_user(house, &scene.okta, "boss");
        const char *member = house_user(house, &scene.okta, "member");
        scene.crew = house_do(
                house, &scene.okta, CHANGE_CREATE, KIND_GROUP, NULL, "{\"displayName\":\"crew\",\"members\":[{\"value\":\"%s\"}]}", member);
        house_grant(house, scene.crew, NULL, "admin");
        scene.glass = glass_user(house, "glass");
        scene.group = house_group(house, &house->admin, "keepers");
        if (through_group)
                house_do(house, &house->admin, CHANGE_MEMBERS_ADD, KIND_GROUP, scene.group, "[\"%s\"]", scene.glass);
        scene.grant = house_grant(house, through_group ? scene.group : scene.glass, NULL, "admin");
        return scene;
}

static enum err by_unmarking(struct scene *scene)
{
        return mark(scene->house, &scene->house->admin, scene->glass, BREAK_GLASS_UNMARK);
}

static enum err by_suspension(struct scene *scene)
{
        return house_change(scene->house, &scene->house->admin, CHANGE_MERGE, KIND_USER, scene->glass, "{\"active\":false}");
}

static enum err by_delete(struct scene *scene)
{
        return house_change(scene->house, &scene->house->admin, CHANGE_DELETE, KIND_USER, scene->glass, NULL);
}

static enum err by_grant_delete(struct scene *scene)
{
        return house_change(scene->house, &scene->house->admin, CHANGE_DELETE, KIND_GRANT, scene->grant, NULL);
}

static enum err by_grant_end(struct scene *scene)
{
        return house_bound_grant(scene->house, scene->grant, "until", "2001-01-01T00:00:00Z");
}

/* Nobody would be there to refuse it when the time has come. */
static enum err by_expiry(struct scene *scene)
{
        return house_bound_grant(scene->house, scene->grant, "until", "2999-01-01T00:00:00Z");
}

static enum err by_leaving_the_group(struct scene *scene)
{
        const char *list = arena_printf(scene->house->arena, "[\"%s\"]", scene->glass);
        return house_change(scene->house, &scene->house->admin, CHANGE_MEMBERS_REMOVE, KIND_GROUP, scene->group, list);
}

static enum err by_sleeping_group(struct scene *scene)
{
        return house_change(scene->house, &scene->house->admin, CHANGE_MERGE, KIND_GROUP, scene->group, "{\"active\":false}");
}

static enum err by_deleted_group(struct scene *scene)
{
        return house_change(scene->house, &scene->house->admin, CHANGE_DELETE, KIND_GROUP, scene->group, NULL);
}

static const struct {
        enum err (*run)(struct scene *scene);
        bool through_group; /* alone */
} paths[] = { { by_unmarking, false }, { by_suspension, false }, { by_delete, false }, { by_grant_delete, false }, { by_grant_end, false },
        { by_expiry, false }, { by_leaving_the_group, true }, { by_sleeping_group, true }, { by_deleted_group, true } };

/* security.md 22, 79: with one present a connection may take all others away; then nothing takes him away. */
static void play(struct fixture *fixture, bool through_group)
{
        struct scene scene = scene_open(fixture, through_group);
        struct house *house = scene.house;
        house_do(house, &scene.okta, CHANGE_DELETE, KIND_GROUP, scene.crew, NULL);
        house_patch(house, &scene.okta, KIND_USER, scene.boss, ERR_OK, "{\"op\":\"replace\",\"path\":\"active\",\"value\":false}");
        house_do(house, &scene.okta, CHANGE_DELETE, KIND_USER, scene.boss, NULL);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_CONNECTION, scene.okta.id, "{\"active\":false}");
        int64_t digest = house_digest(house);
        for (size_t i = 0; i < COUNT_OF(paths); i++) {
                if (paths[i].through_group && !through_group)
                        continue;
                enum err e = paths[i].run(&scene);
                if (e != ERR_LAST_ADMIN)
                        fail_msg("path %zu answers %s", i, error_row(e)->name);
                assert_int_equal(house_digest(house), digest);
        }
        directory_flush_notices(house->directory);
        house_user(house, &house->admin, "rides");
        assert_true(house_number(house, "SELECT COUNT(*) FROM ledger WHERE class = 3 AND event = 'last-admin-refused'") >= 1);
        assert_true(house_holds(house, scene.glass, NULL, "member:edit"));
        /* A second one sets the first free. */
        house_grant(house, glass_user(house, "second"), NULL, "admin");
        assert_ok(by_unmarking(&scene));
        assert_ok(by_delete(&scene));
        house_check(house);
        house_close(house);
}

static void test_R24_security_22_79_a_break_glass_user_is_the_last_and_stays(struct fixture *fixture)
{
        play(fixture, false);
}

static void test_R24_security_22_79_one_by_a_group_is_the_last_and_stays(struct fixture *fixture)
{
        play(fixture, true);
}

static void test_R24_without_one_the_last_of_a_connection_stays(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        house_ceiling(house, &okta, "[\"organization:admin\"]");
        const char *boss = house_admin_user(house, &okta, "boss"), *glass = glass_user(house, "glass"), *grant;
        struct scene scene = { .house = house, .okta = okta, .boss = boss };
        house_grant(house, house_user(house, &house->admin, "local"), NULL, "admin");      /* local without the mark: no way in */
        assert_change(ERR_LAST_ADMIN, house, &okta, CHANGE_DELETE, KIND_USER, boss, NULL); /* a break-glass user without the role */
        grant = house_do(house, &house->admin, CHANGE_CREATE, KIND_GRANT, NULL,
                "{\"principal\":\"%s\",\"role\":\"admin\",\"until\":\"2999-01-01T00:00:00Z\"}", glass);
        assert_change(ERR_LAST_ADMIN, house, &okta, CHANGE_DELETE, KIND_USER, boss, NULL); /* whose role ends */
        house_do(house, &house->admin, CHANGE_MERGE, KIND_GRANT, grant, "{\"until\":null}");
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, glass, "{\"active\":false}");
        assert_change(ERR_LAST_ADMIN, house, &okta, CHANGE_DELETE, KIND_USER, boss, NULL); /* a suspended one */
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, glass, "{\"active\":true}");
        house_do(house, &house->admin, CHANGE_DELETE, KIND_USER, glass, NULL);
        assert_change(ERR_LAST_ADMIN, house, &okta, CHANGE_DELETE, KIND_USER, boss, NULL); /* one in the bin */
        house_do(house, &house->admin, CHANGE_RESTORE, KIND_USER, glass, NULL);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, glass, "{\"active\":true}");
        end_connection(house, &scene.okta, CONNECTION_REMOVE); /* with him the whole connection may go */
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM resource WHERE id = '%s' AND deleted_us = 0", boss), 0);
        house_close(house);
}

/* R12, R24: who gives up his place to somebody out of the bin, who comes back suspended, may be the last. */
static void test_R24_a_restore_takes_no_last_administrator_place(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        house_ceiling(house, &okta, "[\"organization:admin\"]");
        const char *old = house_user(house, &okta, "old");
        house_do(house, &okta, CHANGE_DELETE, KIND_USER, old, NULL);
        const char *boss = house_admin_user(house, &okta, "boss");
        house->want.replace = boss;
        assert_change(ERR_LAST_ADMIN, house, &house->admin, CHANGE_RESTORE, KIND_USER, old, NULL);
        house_grant(house, glass_user(house, "glass"), NULL, "admin");
        house->want.replace = boss;
        house_do(house, &house->admin, CHANGE_RESTORE, KIND_USER, old, NULL);
        house_check(house);
        house_close(house);
}

#define LEAVING 6
static void test_R24_security_79_of_many_who_leave_at_once_one_stays(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct change leaving[LEAVING];
        for (int i = 0; i < LEAVING; i++) {
                leaving[i] = (struct change){
                        .verb = i % 2 ? CHANGE_DELETE : CHANGE_MERGE,
                        .actor = &house->admin,
                        .type = resource_type(KIND_USER),
                        .ref = glass_user(house, arena_printf(house->arena, "glass%d", i)),
                        .break_glass = i % 2 ? BREAK_GLASS_UNSAID : BREAK_GLASS_UNMARK,
                };
                house_grant(house, leaving[i].ref, NULL, "admin");
        }
        assert_int_equal(house_race(house, leaving, LEAVING, ERR_LAST_ADMIN), 1);
        house_check(house);
        house_close(house);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_R9_only_an_administrator_makes_marks_and_changes_them, ON_BOTH),
                FIXTURE_TEST(test_R9_the_marks_are_read_once_for_a_change_and_never_for_a_connection, ON_BOTH),
                FIXTURE_TEST(test_R9_R32_each_change_is_an_alert, ON_BOTH),
                FIXTURE_TEST(test_R9_a_version_that_is_not_his_marks_nobody, ON_SQLITE),
                FIXTURE_TEST(test_R9_whom_a_connection_claims_cannot_be_one, ON_BOTH),
                FIXTURE_TEST(test_R9_an_ended_claim_is_a_claim_until_it_is_released, ON_BOTH),
                FIXTURE_TEST(test_R9_R13_no_administrator_approves_the_adoption_of_one, ON_SQLITE),
                FIXTURE_TEST(test_R9_R12_no_restore_moves_claims_onto_or_away_from_one, ON_SQLITE),
                FIXTURE_TEST(test_R24_security_22_79_a_break_glass_user_is_the_last_and_stays, ON_BOTH),
                FIXTURE_TEST(test_R24_security_22_79_one_by_a_group_is_the_last_and_stays, ON_BOTH),
                FIXTURE_TEST(test_R24_without_one_the_last_of_a_connection_stays, ON_BOTH),
                FIXTURE_TEST(test_R24_a_restore_takes_no_last_administrator_place, ON_SQLITE),
                FIXTURE_TEST(test_R24_security_79_of_many_who_leave_at_once_one_stays, ON_BOTH),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
