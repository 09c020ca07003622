/* SPDX-License-Identifier: Apache-2.0
 *
 * R4: a connection ends with keep or remove. After every single step all that must hold between two changes holds, and whoever goes on
 * after a restart finishes it. */
#include "base/clock.h"
#include "directory/connection.h"
#include "directory/house.h"

static enum err begin(struct house *house, const char *connection, enum connection_verb verb, int64_t confirm)
{
        house->want.wish = (struct connection_wish){ .verb = verb, .confirm = confirm };
        return house_change(house, &house->admin, CHANGE_DELETE, KIND_CONNECTION, connection, NULL);
}

/* One step; false: nothing was left to do. */
static bool step(struct house *house)
{
        bool more = house_step(house, 0);
        house_check(house);
        return more;
}

static void end(struct house *house, const char *connection, enum connection_verb verb)
{
        assert_ok(begin(house, connection, verb, -1));
        house_check(house);
        while (step(house))
                ;
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM connection_job"), 0);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM resource WHERE id = '%s' AND deleted_us > 0", connection), 1);
}

static const char *id_of(struct house *house, const struct actor *connection)
{
        struct resource_row row;
        assert_ok(resource_load(house->fixture->reader, 1, connection->no, house->arena, &row, &house->fault));
        return arena_strdup(house->arena, row.id);
}

static const char *group_with(struct house *house, const struct actor *actor, const char *name, const char *member)
{
        return house_do(house, actor, CHANGE_CREATE, KIND_GROUP, NULL,
                "{\"displayName\":\"%s\",\"externalId\":\"g-%s\",\"members\":[{\"value\":\"%s\"}]}", name, name, member);
}

static int64_t edges_of(struct house *house, int64_t source_no)
{
        return house_number(house, "SELECT COUNT(*) FROM member WHERE source_no = %lld", (long long)source_no);
}

static int64_t claims_of_source(struct house *house, const char *id, int64_t source_no)
{
        return house_number(house, "SELECT COUNT(*) FROM claim WHERE no = %lld AND connection_no = %lld", (long long)house_no(house, id),
                (long long)source_no);
}

static void test_r4_a_delete_says_what_becomes_of_what_it_gave(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), weak = house_identity(house, "weak", "member");
        const char *id = id_of(house, &okta);
        assert_err(begin(house, id, CONNECTION_NOTHING, -1), ERR_VALUE);
        assert_non_null(strstr(house->fault.message, "keep"));
        assert_non_null(strstr(house->fault.message, "remove"));
        house->want.wish = (struct connection_wish){ .verb = CONNECTION_KEEP };
        assert_change(ERR_FORBIDDEN, house, &weak, CHANGE_DELETE, KIND_CONNECTION, id, NULL);
        house->want.wish = (struct connection_wish){ .verb = CONNECTION_KEEP };
        assert_change(ERR_FORBIDDEN, house, &okta, CHANGE_DELETE, KIND_CONNECTION, id, NULL);
        assert_change(ERR_METHOD, house, &house->admin, CHANGE_STEP, KIND_CONNECTION, id, NULL); /* the system's alone */
        house_check(house);
        house_close(house);
}

static void test_r4_keep_makes_everything_local_and_loses_nothing(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        house_ceiling(house, &okta, "[\"organization:admin\"]");
        const char *ann =
                house_do(house, &okta, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"ann\",\"externalId\":\"x-ann\",\"title\":\"Dr\"}");
        const char *off = house_user(house, &okta, "off"), *gone = house_user(house, &okta, "gone");
        house_patch(house, &okta, KIND_USER, off, ERR_OK, "{\"op\":\"replace\",\"path\":\"active\",\"value\":false}");
        house_do(house, &okta, CHANGE_DELETE, KIND_USER, gone, NULL);
        const char *group = group_with(house, &okta, "crew", ann);
        house_grant(house, group, NULL, "auditor");
        const char *held = house_user(house, &okta, "held");
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, held, "{\"active\":false}");
        end(house, id_of(house, &okta), CONNECTION_KEEP);
        assert_true(house_active(house, ann));
        assert_false(house_active(house, off));
        assert_false(house_active(house, held));
        assert_true(house_holds(house, ann, NULL, "audit-logs:read"));
        assert_int_equal(edges_of(house, okta.no), 0);
        assert_int_equal(edges_of(house, 0), 1);
        assert_int_equal(
                house_number(house, "SELECT COUNT(*) FROM claim WHERE connection_no = %lld AND claimed_active <> 3", (long long)okta.no),
                0);
        assert_int_equal(
                house_number(house, "SELECT COUNT(*) FROM resource WHERE kind IN (2, 3) AND deleted_us = 0 AND source_no <> 0"), 0);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM claim WHERE connection_no = 0 AND external_id = 'x-ann'"), 1);
        /* They are local now: an administrator changes, suspends and wakes them. */
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, ann, "{\"title\":\"Prof\"}");
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, off, "{\"active\":true}");
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, held, "{\"active\":true}");
        house_do(house, &house->admin, CHANGE_MEMBERS_REMOVE, KIND_GROUP, group, "[\"%s\"]", ann);
        /* Who was in the bin comes back as a local user. */
        house_do(house, &house->admin, CHANGE_RESTORE, KIND_USER, gone, NULL);
        house_check(house);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, gone, "{\"active\":true,\"title\":\"back\"}");
        assert_true(house_active(house, gone));
        house_check(house);
        house_close(house);
}

static void test_r4_remove_takes_what_nobody_else_gives(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), entra = house_connection(house, "entra");
        const char *ann = house_user(house, &okta, "ann"), *ben = house_user(house, &entra, "ben"),
                   *cora = house_user(house, &okta, "cora");
        const char *group = group_with(house, &okta, "crew", ann), *local = house_group(house, &house->admin, "local");
        const char *carl = house_user(house, &entra, "carl"), *dora = house_user(house, &entra, "dora");
        house_do(house, &house->admin, CHANGE_MEMBERS_ADD, KIND_GROUP, local, "[\"%s\",\"%s\"]", ann, ben);
        house_do(house, &house->admin, CHANGE_MEMBERS_ADD, KIND_GROUP, group, "[\"%s\"]", ben);
        /* okta says something of carl and dora, too, as after an adoption: no, and deleted. */
        house_script(house, "INSERT INTO claim VALUES (1, %lld, 2, %lld, 'x-carl', 2, 1, '', 0)", (long long)okta.no,
                (long long)house_no(house, carl));
        house_script(house, "INSERT INTO claim VALUES (1, %lld, 2, %lld, '', 3, 1, '', 1)", (long long)okta.no,
                (long long)house_no(house, dora));
        house_script(house, "UPDATE resource SET active = 0 WHERE id IN ('%s', '%s')", carl, dora);
        house_script(house, "UPDATE resource_count SET live = live + 1 WHERE kind = 2 AND connection_no = %lld", (long long)okta.no);
        access_unload(house->directory->access, 1);
        house_check(house);
        end(house, id_of(house, &okta), CONNECTION_REMOVE);
        assert_int_equal(
                house_number(house, "SELECT COUNT(*) FROM resource WHERE id IN ('%s', '%s', '%s') AND deleted_us > 0", ann, cora, group),
                3);
        assert_true(house_active(house, ben));
        assert_int_equal(edges_of(house, okta.no), 0);
        assert_false(house_is_member(house, local, ann));
        assert_true(house_is_member(house, local, ben));
        const char *const vetoed[] = { carl, dora };
        for (size_t i = 0; i < 2; i++) {
                assert_false(house_active(house, vetoed[i]));
                assert_int_equal(claims_of_source(house, vetoed[i], okta.no), 0);
                house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, vetoed[i], "{\"active\":true}");
                assert_true(house_active(house, vetoed[i]));
        }
        house_user(house, &entra, "ann"); /* names are free again */
        house_check(house);
        house_close(house);
}

static void test_r4_large_removals_want_the_count(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        char name[16];
        for (int i = 0; i < 6; i++) {
                (void)snprintf(name, sizeof name, "user%d", i);
                house_user(house, &okta, name);
        }
        const char *id = id_of(house, &okta);
        assert_err(begin(house, id, CONNECTION_REMOVE, -1), ERR_CONFLICT);
        assert_non_null(strstr(house->fault.message, "confirm=6"));
        assert_err(begin(house, id, CONNECTION_REMOVE, 5), ERR_CONFLICT);
        assert_ok(house_authenticate(house, house->tokens[house->token_count - 1], &okta)); /* nothing has happened */
        struct query query = house_query(house, &house->admin);
        struct connection_preview preview;
        assert_ok(connection_preview_end(&query, id, &preview, &house->fault));
        assert_int_equal(preview.users, 6);
        assert_int_equal(preview.users_alone, 6);
        assert_int_equal(preview.confirm, 6);
        assert_ok(begin(house, id, CONNECTION_REMOVE, 6));
        while (step(house))
                ;
        assert_int_equal(threshold_of_users(0), 5);
        assert_int_equal(threshold_of_users(200), 10);
        assert_int_equal(threshold_of_users(1000000), 50);
        house_close(house);
}

/* The token dies with the first transaction; a second beginning goes on; nothing brings the connection back half-way. */
static void test_r4_an_interrupted_end_is_finished_by_whoever_comes(struct fixture *fixture)
{
        static const enum connection_verb ends[] = { CONNECTION_KEEP, CONNECTION_REMOVE };
        struct house *house = house_open(fixture);
        for (size_t v = 0; v < COUNT_OF(ends); v++) {
                struct actor okta = house_connection(house, v ? "okta" : "entra"), other = house_connection(house, v ? "b" : "a"), ignored;
                const char *id = id_of(house, &okta), *token = NULL;
                char name[24];
                for (int i = 0; i < 5; i++) {
                        (void)snprintf(name, sizeof name, "user%zu-%d", v, i);
                        const char *user = house_user(house, &okta, name);
                        group_with(house, &okta, name, user);
                }
                token = house->tokens[house->token_count - 2];
                assert_ok(begin(house, id, ends[v], -1));
                assert_err(house_authenticate(house, token, &ignored), ERR_UNAUTHENTICATED);
                assert_true(step(house));
                house_restart(house);
                house_check(house);
                assert_change(ERR_CONFLICT, house, &house->admin, CHANGE_MERGE, KIND_CONNECTION, id, "{\"active\":true}");
                assert_change(ERR_CONFLICT, house, &house->admin, CHANGE_ROTATE, KIND_CONNECTION, id, NULL);
                assert_err(begin(house, id, ends[1 - v], -1), ERR_CONFLICT);
                assert_err(begin(house, id_of(house, &other), ends[v], -1), ERR_CONFLICT);
                assert_ok(begin(house, id, ends[v], -1)); /* again: it goes on */
                assert_false(house->done.changed);
                house_continue_work(house);
                house_check(house);
                assert_int_equal(house_number(house, "SELECT COUNT(*) FROM connection_job"), 0);
                assert_int_equal(edges_of(house, okta.no), 0);
                assert_err(begin(house, id, ends[v], -1), ERR_NOT_FOUND);
        }
        house_close(house);
}

/* What cannot be done stops nobody else: it is passed over, and stays as it is. */
static void test_r4_one_that_fails_is_passed_over(struct fixture *fixture)
{
        static const enum connection_verb ends[] = { CONNECTION_KEEP, CONNECTION_REMOVE };
        struct house *house = house_open(fixture);
        for (size_t v = 0; v < COUNT_OF(ends); v++) {
                struct actor okta = house_connection(house, v ? "okta" : "entra"), other = house_connection(house, v ? "b" : "a");
                const char *id = id_of(house, &okta), *ids[4];
                char name[24];
                for (int i = 0; i < 4; i++) {
                        (void)snprintf(name, sizeof name, "user%zu-%d", v, i);
                        ids[i] = house_user(house, &okta, name);
                }
                house_script(house, "INSERT INTO claim VALUES (1, %lld, 2, %lld, '', 1, 1, '{\"userName\":\"u\"', 0)", (long long)other.no,
                        (long long)house_no(house, ids[1])); /* no JSON: a fault of the world */
                house_script(house, "INSERT INTO resource_count VALUES (1, 2, %lld, 1)", (long long)other.no);
                assert_ok(begin(house, id, ends[v], -1));
                house_continue_work(house);
                assert_int_equal(house_number(house, "SELECT COUNT(*) FROM connection_job"), 0);
                assert_int_equal(house_number(house, "SELECT COUNT(*) FROM claim WHERE connection_no = %lld AND claimed_active <> 3",
                                         (long long)okta.no),
                        1);
                assert_int_equal(claims_of_source(house, ids[1], okta.no), 1);
        }
        house_close(house);
}

#define DEVICE ((enum resource_kind)KIND_DECLARED_FIRST)

/* Declared types end like users, and one that cannot end does not keep the work for ever. */
static void test_r4_what_was_declared_ends_too(struct fixture *fixture)
{
        static const enum connection_verb ends[] = { CONNECTION_KEEP, CONNECTION_REMOVE };
        struct house *house = house_open(fixture);
        house->declares = true;
        house_do(house, &house->admin, CHANGE_CREATE, KIND_SCHEMA, NULL,
                "{\"urn\":\"urn:a:device:1\",\"name\":\"Device\",\"attributes\":[{\"name\":\"serial\"}]}");
        house_do(house, &house->admin, CHANGE_CREATE, KIND_RESOURCE_TYPE, NULL,
                "{\"name\":\"Device\",\"endpoint\":\"/Devices\",\"schema\":\"urn:a:device:1\"}");
        for (size_t v = 0; v < COUNT_OF(ends); v++) {
                struct actor okta = house_connection(house, v ? "okta" : "entra"), other = house_connection(house, v ? "b" : "a");
                const char *id = id_of(house, &okta), *ids[3];
                for (int i = 0; i < 3; i++)
                        ids[i] = house_do(house, &okta, CHANGE_CREATE, DEVICE, NULL,
                                "{\"schemas\":[\"urn:a:device:1\"],\"serial\":\"%zu-%d\"}", v, i);
                house_script(house, "INSERT INTO claim VALUES (1, %lld, %d, %lld, '', 1, 1, '{', 0)", (long long)other.no, (int)DEVICE,
                        (long long)house_no(house, ids[1]));
                house_script(house, "INSERT INTO resource_count VALUES (1, %d, %lld, 1)", (int)DEVICE, (long long)other.no);
                assert_ok(begin(house, id, ends[v], -1));
                house_continue_work(house);
                assert_int_equal(house_number(house, "SELECT COUNT(*) FROM connection_job"), 0);
                assert_int_equal(
                        house_number(house, "SELECT COUNT(*) FROM claim WHERE connection_no = %lld AND ended = 0", (long long)okta.no), 1);
                assert_int_equal(claims_of_source(house, ids[1], okta.no), 1);
        }
        house_close(house);
}

/* R13: what an administrator approved of users does not outlive the connection, however it ends. */
static void play_approvals(struct fixture *fixture, enum connection_verb verb)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        house_ceiling(house, &okta, "[\"organization:admin\"]");
        const char *boss = house_admin_user(house, &okta, "boss"), *chief = house_admin_user(house, &okta, "chief");
        const char *const names[] = { "ending", "staying" };
        const char *ids[COUNT_OF(names)];
        for (size_t i = 0; i < COUNT_OF(names); i++) {
                ids[i] = house_do(house, &house->admin, CHANGE_CREATE, KIND_CONNECTION, NULL,
                        "{\"name\":\"%s\",\"kind\":\"scim\",\"upstream\":\"okta\",\"adoption\":\"same_upstream\"}", names[i]);
                house->want.user = boss;
                house_do(house, &house->admin, CHANGE_ADOPTION, KIND_CONNECTION, ids[i], NULL);
        }
        int64_t ending_no = house_no(house, ids[0]);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM adoption"), 2);
        assert_ok(begin(house, ids[0], verb, -1));
        house->want.user = chief;
        assert_change(ERR_CONFLICT, house, &house->admin, CHANGE_ADOPTION, KIND_CONNECTION, ids[0], NULL); /* it is on its way out */
        while (step(house))
                ;
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM adoption WHERE connection_no = %lld", (long long)ending_no), 0);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM adoption"), 1); /* the other's */
        house->want.user = boss;
        assert_change(ERR_NOT_FOUND, house, &house->admin, CHANGE_ADOPTION, KIND_CONNECTION, ids[0], NULL);
        house_do(house, &house->admin, CHANGE_DELETE, KIND_USER, boss, NULL);
        house_do(house, &house->admin, CHANGE_PURGE, KIND_USER, boss, NULL);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM adoption"), 0);
        house_check(house);
        house_close(house);
}

static void test_r13_approvals_end_with_a_connection_that_is_kept(struct fixture *fixture)
{
        play_approvals(fixture, CONNECTION_KEEP);
}

static void test_r13_approvals_end_with_a_connection_that_is_removed(struct fixture *fixture)
{
        play_approvals(fixture, CONNECTION_REMOVE);
}

/* R24: judged at the beginning, for all that will go; what is to go counts for nothing from then on. */
static void test_r24_the_last_administrator_stops_it_before_anything_is_gone(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), entra = house_connection(house, "entra");
        house_ceiling(house, &okta, "[\"organization:admin\"]");
        const char *id = id_of(house, &okta), *admin = house_admin_user(house, &okta, "boss");
        assert_err(begin(house, id, CONNECTION_KEEP, -1), ERR_LAST_ADMIN);
        assert_err(begin(house, id, CONNECTION_REMOVE, -1), ERR_LAST_ADMIN);
        assert_true(house_active(house, admin));
        /* A user of another connection, administrator by a group of this one: kept he counts, removed he does not. */
        const char *other = house_user(house, &entra, "other"), *group = house_group(house, &okta, "admins");
        house_grant(house, group, NULL, "admin");
        house_script(house, "INSERT INTO member VALUES (1, %lld, %lld, %lld, 0, 1)", (long long)house_no(house, group),
                (long long)house_no(house, other), (long long)okta.no);
        access_unload(house->directory->access, 1);
        assert_err(begin(house, id, CONNECTION_REMOVE, -1), ERR_LAST_ADMIN);
        end(house, id, CONNECTION_KEEP);
        assert_true(house_holds(house, other, NULL, "audit-logs:read"));
        house_close(house);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_r4_a_delete_says_what_becomes_of_what_it_gave, ON_BOTH),
                FIXTURE_TEST(test_r4_keep_makes_everything_local_and_loses_nothing, ON_BOTH),
                FIXTURE_TEST(test_r4_remove_takes_what_nobody_else_gives, ON_BOTH),
                FIXTURE_TEST(test_r4_large_removals_want_the_count, ON_BOTH),
                FIXTURE_TEST(test_r4_an_interrupted_end_is_finished_by_whoever_comes, ON_BOTH),
                FIXTURE_TEST(test_r4_one_that_fails_is_passed_over, ON_BOTH),
                FIXTURE_TEST(test_r4_what_was_declared_ends_too, ON_BOTH),
                FIXTURE_TEST(test_r13_approvals_end_with_a_connection_that_is_kept, ON_BOTH),
                FIXTURE_TEST(test_r13_approvals_end_with_a_connection_that_is_removed, ON_BOTH),
                FIXTURE_TEST(test_r24_the_last_administrator_stops_it_before_anything_is_gone, ON_BOTH),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
