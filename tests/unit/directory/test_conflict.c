/* SPDX-License-Identifier: Apache-2.0
 *
 * R11: who is revived by a POST, and what is kept of a POST that was refused because a name or externalId is taken. */
#include "directory/house.h"

static struct actor preset_connection(struct house *house, const char *name, const char *preset)
{
        house_do(house, &house->admin, CHANGE_CREATE, KIND_CONNECTION, NULL, "{\"name\":\"%s\",\"kind\":\"scim\",\"preset\":\"%s\"}", name,
                preset);
        return house_actor(house, house->token);
}

static enum err post(struct house *house, const struct actor *actor, const char *name, const char *external_id)
{
        char text[200];
        (void)snprintf(text, sizeof text, "{\"userName\":\"%s\",\"externalId\":\"%s\"}", name, external_id);
        return house_change(house, actor, CHANGE_CREATE, KIND_USER, NULL, text);
}

static const char *leaver(struct house *house, const struct actor *actor, const char *name, const char *external_id)
{
        assert_ok(post(house, actor, name, external_id));
        const char *id = arena_strdup(house->arena, house->done.after.resource.id);
        house_patch(house, actor, KIND_USER, id, ERR_OK, "{\"op\":\"replace\",\"path\":\"active\",\"value\":false}");
        return id;
}

#define UUID_A "0f1d9c54-7a0e-4d10-9b0c-6f0f3c1f5a01"
#define UUID_B "0f1d9c54-7a0e-4d10-9b0c-6f0f3c1f5a02"

/* Named anew after his return: only who vouches that the externalId never changes means the same person. */
static void test_an_immutable_external_id_revives_under_another_name(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = preset_connection(house, "okta", "okta"), entra = preset_connection(house, "entra", "entra"),
                     other = preset_connection(house, "other", "none");
        const char *a = leaver(house, &okta, "a", "x-a"), *b = leaver(house, &entra, "b", UUID_A);
        (void)leaver(house, &entra, "c", "not-a-uuid");
        (void)leaver(house, &other, "d", UUID_B);

        assert_ok(post(house, &okta, "a.married", "x-a"));
        assert_string_equal(house->done.after.resource.id, a);
        assert_true(house_active(house, a));
        assert_ok(post(house, &entra, "b.married", UUID_A));
        assert_string_equal(house->done.after.resource.id, b);
        assert_int_equal(post(house, &entra, "c.married", "not-a-uuid"), ERR_TAKEN);
        assert_int_equal(post(house, &other, "d.married", UUID_B), ERR_TAKEN);
        assert_int_equal(post(house, &okta, "a", "x-a"), ERR_TAKEN); /* active now */
        assert_ok(post(house, &okta, "a", "x-new"));                 /* the old name is free */
        assert_string_not_equal(house->done.after.resource.id, a);
        house_patch(house, &okta, KIND_USER, a, ERR_OK, "{\"op\":\"replace\",\"path\":\"active\",\"value\":false}");
        assert_int_equal(post(house, &okta, "A", "x-a"), ERR_TAKEN); /* revived, he would take another's name */
        assert_string_equal(house->fault.field, "userName");
        assert_false(house_active(house, a));
        house_check(house);
        house_close(house);
}

struct list {
        struct conflict_row rows[10];
        char attributes[10][32];
        size_t count;
};

static enum err collect(void *context, const struct conflict_row *row, struct fault *fault)
{
        struct list *list = context;
        (void)fault;
        assert_true(list->count < 10);
        (void)snprintf(list->attributes[list->count], 32, "%s", row->attribute);
        list->rows[list->count++] = *row;
        return ERR_OK;
}

static struct list conflicts(struct house *house, const char *connection)
{
        struct query query = house_query(house, &house->admin);
        struct list list = { 0 };
        enum err e = query_conflicts(&query, connection, collect, &list, &house->fault);
        if (e)
                fail_msg("%s", house->fault.message);
        return list;
}

static void test_a_refused_write_names_the_attribute_and_is_counted(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), entra = house_connection(house, "entra"),
                     weak = house_identity(house, "weak", NULL);
        const char *ann = house_user(house, &okta, "ann");
        assert_int_equal(conflicts(house, "entra").count, 0);
        for (int i = 0; i < 3; i++) {
                assert_int_equal(post(house, &entra, "Ann", "e-ann"), ERR_TAKEN);
                assert_string_equal(house->fault.field, "userName");
                assert_null(strstr(house->fault.message, "okta")); /* never whose */
                assert_null(strstr(house->fault.message, ann));
        }
        struct list list = conflicts(house, "entra");
        assert_int_equal(list.count, 1);
        assert_string_equal(list.attributes[0], "userName");
        assert_int_equal(list.rows[0].times, 3);
        assert_int_equal(list.rows[0].object_no, house_no(house, ann));
        assert_int_equal(list.rows[0].kind, KIND_USER);
        assert_int_equal(conflicts(house, "okta").count, 0);

        (void)house_user(house, &entra, "ben");
        assert_int_equal(post(house, &entra, "other", "x-ben"), ERR_TAKEN);
        assert_string_equal(house->fault.field, "externalId");
        house_group(house, &entra, "crew");
        assert_change(ERR_TAKEN, house, &entra, CHANGE_CREATE, KIND_GROUP, NULL, "{\"displayName\":\"Crew\"}");
        list = conflicts(house, "entra");
        assert_int_equal(list.count, 3);
        assert_string_equal(list.attributes[0], "displayName"); /* the last first */
        assert_string_equal(list.attributes[1], "externalId");
        /* Administrators see their refusals themselves; and only who may read connections reads this. */
        assert_change(ERR_TAKEN, house, &house->admin, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"ann\"}");
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM conflict"), 3);
        struct query query = house_query(house, &weak);
        assert_int_equal(query_conflicts(&query, "entra", collect, &list, &house->fault), ERR_FORBIDDEN);
        house_check(house);
        house_close(house);
}

/* ---- unknown members (R14) ---- */

static void test_unknown_members_are_refused_or_left_out(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), entra = house_connection(house, "entra");
        const char *ann = house_user(house, &okta, "ann"), *ben = house_user(house, &okta, "ben"),
                   *crew = house_group(house, &okta, "crew"), *foreign = house_user(house, &entra, "foreign");
        char add[256], put[256];
        (void)snprintf(
                add, sizeof add, "{\"op\":\"add\",\"path\":\"members\",\"value\":[{\"value\":\"%s\"},{\"value\":\"%s\"}]}", foreign, ann);
        (void)snprintf(put, sizeof put,
                "{\"displayName\":\"crew\",\"members\":[{\"value\":\"%s\"},{\"value\":\"nobody\"},{\"value\":\"%s\"}]}", foreign, ben);
        house_patch(house, &okta, KIND_GROUP, crew, ERR_VALUE, add);
        assert_false(house_is_member(house, crew, ann)); /* all or nothing */

        house_do(house, &house->admin, CHANGE_MERGE, KIND_CONNECTION, okta.id, "{\"unknown_members\":\"skip\"}");
        okta = house_actor(house, house->tokens[0]);
        house_patch(house, &okta, KIND_GROUP, crew, ERR_OK, add);
        assert_true(house_is_member(house, crew, ann));
        assert_false(house_is_member(house, crew, foreign));
        house_do(house, &okta, CHANGE_REPLACE, KIND_GROUP, crew, "%s", put);
        assert_true(house_is_member(house, crew, ben));
        assert_false(house_is_member(house, crew, ann));
        assert_false(house_is_member(house, crew, foreign));
        (void)snprintf(add, sizeof add, "{\"op\":\"add\",\"path\":\"members\",\"value\":[{\"value\":\"%s\"}]}", crew);
        house_patch(house, &okta, KIND_GROUP, crew, ERR_VALUE, add); /* known, but a cycle: never left out */

        house_do(house, &house->admin, CHANGE_MERGE, KIND_CONNECTION, okta.id, "{\"unknown_members\":\"refuse\"}");
        okta = house_actor(house, house->tokens[0]);
        assert_change(ERR_VALUE, house, &okta, CHANGE_REPLACE, KIND_GROUP, crew, put);
        house_check(house);
        house_close(house);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_an_immutable_external_id_revives_under_another_name, ON_BOTH),
                FIXTURE_TEST(test_a_refused_write_names_the_attribute_and_is_counted, ON_BOTH),
                FIXTURE_TEST(test_unknown_members_are_refused_or_left_out, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
