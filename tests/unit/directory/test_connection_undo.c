/* SPDX-License-Identifier: Apache-2.0
 *
 * R16: one act gives back what a connection took away since an instant, and takes nothing itself. */
#include "base/clock.h"
#include "directory/connection.h"
#include "directory/house.h"

static enum err begin(struct house *house, const struct actor *connection, int64_t since_us)
{
        house->want.wish = (struct connection_wish){ .verb = CONNECTION_UNDO, .since_us = since_us, .confirm = -1 };
        return house_change(house, &house->admin, CHANGE_WORK, KIND_CONNECTION, connection->id, NULL);
}

static void undo(struct house *house, const struct actor *connection, int64_t since_us)
{
        assert_ok(begin(house, connection, since_us));
        house_check(house);
        directory_continue_work(house->directory, house->fixture->reader, 10 * US_PER_S);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM connection_job"), 0);
        house_check(house);
}

static int64_t now(void)
{
        int64_t at_us = clock_now_us();
        while (clock_now_us() <= at_us + 10) /* what follows is later */
                ;
        return at_us + 1;
}

static const char *group_with(struct house *house, const struct actor *actor, const char *name, const char *one, const char *other)
{
        return house_do(house, actor, CHANGE_CREATE, KIND_GROUP, NULL,
                "{\"displayName\":\"%s\",\"externalId\":\"g-%s\",\"members\":[{\"value\":\"%s\"},{\"value\":\"%s\"}]}", name, name, one,
                other);
}

static void off(struct house *house, const struct actor *actor, const char *id)
{
        house_patch(house, actor, KIND_USER, id, ERR_OK, "{\"op\":\"replace\",\"path\":\"active\",\"value\":false}");
}

static int64_t documents_with(struct house *house, const char *id, const char *text)
{
        return house_number(house, "SELECT COUNT(*) FROM resource WHERE id = '%s' AND doc LIKE '%%%s%%'", id, text);
}

static void test_r16_what_was_taken_is_given_back_and_nothing_more(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), other = house_connection(house, "other");
        house_ceiling(house, &okta, "[\"organization:admin\"]");
        const char *early = house_user(house, &okta, "early"), *ann = house_user(house, &okta, "ann"),
                   *ben = house_user(house, &okta, "ben");
        const char *cora = house_do(house, &okta, CHANGE_CREATE, KIND_USER, NULL,
                "{\"userName\":\"cora\",\"title\":\"Dr\",\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\":{\"department\":"
                "\"Art\"}}");
        const char *held = house_user(house, &okta, "held"), *stranger = house_user(house, &other, "stranger");
        const char *kept = group_with(house, &okta, "kept", ann, ben), *gone = group_with(house, &okta, "gone", ann, cora);
        house_grant(house, gone, NULL, "auditor");
        off(house, &okta, early);
        int64_t since_us = now(), credentials = house_number(house, "SELECT COUNT(*) FROM credential WHERE revoked_us = 0");
        off(house, &okta, ann);
        house_do(house, &okta, CHANGE_DELETE, KIND_USER, ben, NULL);
        house_do(house, &okta, CHANGE_REPLACE, KIND_USER, cora, "{\"userName\":\"cora.new\",\"nickName\":\"C\"}");
        house_patch(house, &okta, KIND_GROUP, kept, ERR_OK, "{\"op\":\"replace\",\"path\":\"members\",\"value\":[]}");
        house_do(house, &okta, CHANGE_DELETE, KIND_GROUP, gone, NULL);
        off(house, &okta, held);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, held, "{\"active\":false}");
        off(house, &other, stranger);
        const char *new = house_user(house, &okta, "new");
        struct query query = house_query(house, &house->admin);
        struct connection_undo_preview preview;
        assert_ok(connection_preview_undo(&query, okta.id, since_us, &preview, &house->fault));
        assert_int_equal(preview.users, 4);
        assert_int_equal(preview.groups, 2);
        assert_false(house_active(house, ann));
        undo(house, &okta, since_us);
        assert_true(house_active(house, ann) && house_active(house, ben) && house_active(house, new));
        assert_false(house_active(house, early));    /* that was before */
        assert_false(house_active(house, stranger)); /* that was another */
        assert_false(house_active(house, held));     /* another's veto stands */
        assert_int_equal(
                documents_with(house, cora, "Dr") + documents_with(house, cora, "Art") + documents_with(house, cora, "\"cora\""), 3);
        assert_int_equal(documents_with(house, cora, "nickName"), 0);
        assert_true(house_is_member(house, kept, ann) && house_is_member(house, kept, ben));
        assert_true(house_is_member(house, gone, ann) && house_is_member(house, gone, cora));
        assert_true(house_holds(house, ann, NULL, "audit-logs:read"));
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM credential WHERE revoked_us = 0"), credentials);
        /* The connection itself goes on where it was: its own claims are as it left them then. */
        house_patch(house, &okta, KIND_USER, ben, ERR_OK, "{\"op\":\"replace\",\"path\":\"title\",\"value\":\"Mr\"}");
        int64_t digest = house_number(house, "SELECT COUNT(*) FROM member");
        undo(house, &okta, since_us); /* again: nothing is taken away by it */
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM member"), digest);
        assert_true(house_active(house, ann) && house_active(house, ben));
        house_close(house);
}

static void test_r16_names_that_are_taken_meanwhile_stay_where_they_are(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), other = house_connection(house, "other");
        const char *ann = house_user(house, &okta, "ann"), *ben = house_user(house, &okta, "ben"), *cora = house_user(house, &okta, "cora");
        int64_t since_us = now();
        house_do(house, &okta, CHANGE_DELETE, KIND_USER, ann, NULL);
        house_do(house, &okta, CHANGE_REPLACE, KIND_USER, ben, "{\"userName\":\"benjamin\",\"externalId\":\"x2\",\"title\":\"X\"}");
        house_do(house, &okta, CHANGE_DELETE, KIND_USER, cora, NULL);
        house_user(house, &other, "ann");
        house_user(house, &other, "ben");
        house_do(house, &okta, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"dora\",\"externalId\":\"x-ben\"}");
        house_do(house, &house->admin, CHANGE_PURGE, KIND_USER, cora, NULL);
        undo(house, &okta, since_us);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM resource WHERE id = '%s' AND deleted_us > 0", ann), 1);
        assert_int_equal(documents_with(house, ben, "benjamin"), 1);
        assert_int_equal(documents_with(house, ben, "title"), 0);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM resource WHERE id = '%s'", cora), 0);
        house_close(house);
}

static void test_r16_who_may_undo_and_since_when(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), weak = house_identity(house, "weak", "member");
        house_user(house, &okta, "ann");
        assert_err(begin(house, &okta, 0), ERR_VALUE);
        assert_err(begin(house, &okta, clock_now_us() + US_PER_DAY), ERR_VALUE);
        house->want.wish = (struct connection_wish){ .verb = CONNECTION_UNDO, .since_us = 1 };
        assert_change(ERR_FORBIDDEN, house, &weak, CHANGE_WORK, KIND_CONNECTION, okta.id, NULL);
        house->want.wish = (struct connection_wish){ .verb = CONNECTION_KEEP };
        assert_change(ERR_METHOD, house, &house->admin, CHANGE_WORK, KIND_CONNECTION, okta.id, NULL);
        assert_ok(begin(house, &okta, 1)); /* since before everything; a restart in the middle */
        house_restart(house);
        assert_ok(house_change(house, &house->admin, CHANGE_MERGE, KIND_CONNECTION, okta.id, "{\"description\":\"stays in use\"}"));
        directory_continue_work(house->directory, house->fixture->reader, 10 * US_PER_S);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM connection_job"), 0);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM resource WHERE id = '%s' AND deleted_us = 0", okta.id), 1);
        house_check(house);
        house_close(house);
}

/* R8: what was tied above meanwhile, and who fills what comes back, was never judged together. */
static void test_R8_undo_ties_nothing_above_a_ceiling(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), other = house_connection(house, "other");
        const char *outer = house_group(house, &okta, "outer"), *inner = house_group(house, &okta, "inner"),
                   *gone = house_group(house, &okta, "gone"), *local = house_group(house, &house->admin, "local"),
                   *pushed = house_group(house, &other, "pushed");
        house_do(house, &okta, CHANGE_REPLACE, KIND_GROUP, outer, "{\"displayName\":\"outer\",\"members\":[{\"value\":\"%s\"}]}", inner);
        house_do(house, &house->admin, CHANGE_MEMBERS_ADD, KIND_GROUP, gone, "[\"%s\"]", local);
        house_ceiling(house, &okta, "[\"organization:admin\"]");
        house_grant(house, gone, NULL, "admin");
        int64_t since_us = now();
        house_do(house, &okta, CHANGE_REPLACE, KIND_GROUP, outer, "{\"displayName\":\"outer\",\"members\":[]}");
        house_do(house, &okta, CHANGE_DELETE, KIND_GROUP, gone, NULL);
        house_do(house, &house->admin, CHANGE_MEMBERS_ADD, KIND_GROUP, local, "[\"%s\"]", pushed); /* nothing is above it now */
        house_do(house, &house->admin, CHANGE_MEMBERS_ADD, KIND_GROUP, inner, "[\"%s\"]", pushed);
        house_grant(house, outer, NULL, "auditor");
        undo(house, &okta, since_us);
        assert_false(house_is_member(house, outer, inner));
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM resource WHERE id = '%s' AND deleted_us = 0", gone), 0);
        /* Once the other's ceiling is raised, both come back. */
        house_ceiling(house, &other, "[\"organization:admin\"]");
        undo(house, &okta, since_us);
        assert_true(house_is_member(house, outer, inner));
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM resource WHERE id = '%s' AND deleted_us = 0", gone), 1);
        house_close(house);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_R8_undo_ties_nothing_above_a_ceiling, ON_BOTH),
                FIXTURE_TEST(test_r16_what_was_taken_is_given_back_and_nothing_more, ON_BOTH),
                FIXTURE_TEST(test_r16_names_that_are_taken_meanwhile_stay_where_they_are, ON_BOTH),
                FIXTURE_TEST(test_r16_who_may_undo_and_since_when, ON_BOTH),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
