/* SPDX-License-Identifier: Apache-2.0
 *
 * What a connection reads back: selections, extensions and schemas that agree, its own edges only, text that cannot break out of its
 * quotes. */
#include "scim/client.h"

static bool has_schema(const struct client *client, const char *urn)
{
        size_t index;
        json_t *entry;
        json_array_foreach (client_at(client, "schemas"), index, entry) {
                if (strcmp(json_string_value(entry), urn) == 0)
                        return true;
        }
        return false;
}

static void test_schemas_name_what_is_inside(struct fixture *fixture)
{
        struct client *client = client_open(fixture, "lenient");
        /* The URN as a value, and as a key in escaped text, names no extension. */
        assert_status(201, client, METHOD_POST, "/Users",
                USER_BODY("\"userName\":\"a\",\"title\":\"" URN_ENTERPRISE_USER "\",\"nickName\":\"\\\"" URN_ENTERPRISE_USER "\\\":{}\""));
        assert_true(has_schema(client, URN_USER));
        assert_false(has_schema(client, URN_ENTERPRISE_USER));
        assert_status(
                201, client, METHOD_POST, "/Users", USER_BODY("\"userName\":\"b\",\"" URN_ENTERPRISE_USER "\":{\"department\":\"D\"}"));
        assert_true(has_schema(client, URN_ENTERPRISE_USER));
        char target[64];
        (void)snprintf(target, sizeof target, "/Users/%s", client->id);
        assert_status(200, client, METHOD_PATCH, target, PATCH_BODY("{\"op\":\"remove\",\"path\":\"" URN_ENTERPRISE_USER ":department\"}"));
        assert_false(has_schema(client, URN_ENTERPRISE_USER));
        client_close(client);
}

static void test_text_cannot_break_out(struct fixture *fixture)
{
        struct client *client = client_open(fixture, "lenient");
        assert_status(201, client, METHOD_POST, "/Users",
                USER_BODY("\"userName\":\"a\\\"},{\\\\\",\"externalId\":\"\\\",\\\"id\\\":\\\"1\\n\\u001b[31m\",\"title\":\"\\u202e<script>"
                          "\\u2028\""));
        assert_string_equal(client_text(client, "userName"), "a\"},{\\");
        assert_string_equal(client_text(client, "externalId"), "\",\"id\":\"1\n\x1b[31m");
        assert_int_equal(strlen(client->id), UUID_TEXT_SIZE - 1);
        assert_string_equal(client_text(client, "title"), "\u202e<script>\u2028");
        char id[UUID_TEXT_SIZE];
        memcpy(id, client->id, sizeof id);
        assert_status(201, client, METHOD_POST, "/Groups", GROUP_BODY("\"displayName\":\"g\\\",\\\"x\\\":[\""));
        char target[64], text[256];
        (void)snprintf(target, sizeof target, "/Groups/%s", client->id);
        (void)snprintf(text, sizeof text, PATCH_BODY("{\"op\":\"add\",\"path\":\"members\",\"value\":[{\"value\":\"%s\"}]}"), id);
        assert_status(204, client, METHOD_PATCH, target, text);
        (void)snprintf(target, sizeof target, "/Users/%s", id);
        assert_status(200, client, METHOD_GET, target, NULL);
        assert_string_equal(client_text(client, "groups/0/display"), "g\",\"x\":[");
        client_close(client);
}

/* R14: only its own edges in members, only groups it manages in User.groups. */
static void test_a_connection_sees_its_own_edges(struct fixture *fixture)
{
        struct client *client = client_open(fixture, "lenient");
        struct house *house = client->house;
        const char *ann = house_user(house, &client->actor, "ann"), *ben = house_user(house, &client->actor, "ben"),
                   *local = house_group(house, &house->admin, "local"), *crew = house_group(house, &client->actor, "crew");
        house_do(house, &house->admin, CHANGE_MEMBERS_ADD, KIND_GROUP, local, "[\"%s\"]", ann);
        house_do(house, &house->admin, CHANGE_MEMBERS_ADD, KIND_GROUP, crew, "[\"%s\"]", ann);
        assert_int_equal(client_get(client, "/Users/%s", ann), 200);
        assert_null(client_at(client, "groups"));
        assert_int_equal(client_get(client, "/Groups/%s", crew), 200);
        assert_null(client_at(client, "members"));
        house_do(house, &client->actor, CHANGE_REPLACE, KIND_GROUP, crew, "{\"displayName\":\"crew\",\"members\":[{\"value\":\"%s\"}]}",
                ben);
        assert_true(house_is_member(house, crew, ann)); /* a replacement leaves what another gave */
        assert_int_equal(client_get(client, "/Groups/%s", crew), 200);
        assert_int_equal(json_array_size(client_at(client, "members")), 1);
        assert_string_equal(client_text(client, "members/0/value"), ben);
        client_close(client);
}

static void test_selections(struct fixture *fixture)
{
        struct client *client = client_open(fixture, "lenient");
        char id[UUID_TEXT_SIZE];
        assert_status(201, client, METHOD_POST, "/Users?attributes=userName",
                USER_BODY("\"userName\":\"ann\",\"title\":\"Dr\",\"emails\":[{\"value\":\"a@x\",\"type\":\"work\"}],\"name\":{"
                          "\"givenName\":\"A\","
                          "\"familyName\":\"L\"}"));
        client_golden(client, "user-created-attributes");
        memcpy(id, client->id, sizeof id);
        static const struct {
                const char *query, *there, *gone;
        } cases[] = { { "attributes=title", "title", "userName" }, { "attributes=title", "id", "meta" },
                { "attributes=TITLE", "title", "emails" }, { "attributes=name.givenName", "name/givenName", "name/familyName" },
                { "attributes=emails.value", "emails/0/value", "emails/0/type" }, { "excludedAttributes=title", "userName", "title" },
                { "excludedAttributes=id", "id", NULL }, { "excludedAttributes=emails.type,name", "emails/0/value", "emails/0/type" },
                { "excludedAttributes=name", "emails", "name" }, { "attributes=meta", "meta/location", "title" },
                { "attributes=" URN_USER ":title", "title", "name" }, { "attributes=groups", "id", "title" } };
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                assert_int_equal(client_get(client, "/Users/%s?%s", id, cases[i].query), 200);
                if (!client_at(client, cases[i].there) || (cases[i].gone && client_at(client, cases[i].gone)))
                        fail_msg("%s answers %s", cases[i].query, client->text);
                assert_int_equal(client_get(client, "/Users?filter=userName+eq+%%22ann%%22&%s", cases[i].query), 200);
                char path[64];
                (void)snprintf(path, sizeof path, "Resources/0/%s", cases[i].there);
                assert_non_null(client_at(client, path));
        }
        assert_int_equal(client_get(client, "/Users/%s?attributes=title&excludedAttributes=name", id), 400);
        client_close(client);
}

#define MANY 1100 /* more than a page of rows */

struct many {
        int64_t connection_no;
        char ids[MANY][UUID_TEXT_SIZE];
};

/* Users in one transaction: one change for each would take minutes. */
static enum err insert_many(struct session *session, void *context, struct fault *fault)
{
        struct many *many = context;
        struct root_row *root;
        enum err e = session_root(session, 1, &root, fault);
        session_mark_audited(session);
        for (int i = 0; !e && i < MANY; i++) {
                char doc[64], name[32];
                (void)snprintf(name, sizeof name, "many%d", i);
                (void)snprintf(doc, sizeof doc, "{\"userName\":\"%s\"}", name);
                struct resource_row row = { .no = root->next_no++,
                        .org_no = ROOT_ORG_NO,
                        .kind = KIND_USER,
                        .name = name,
                        .active = true,
                        .source_no = many->connection_no,
                        .version = 1,
                        .created_us = 1,
                        .modified_us = 1,
                        .doc = doc };
                const struct claim_row claim = { .connection_no = many->connection_no,
                        .kind = KIND_USER,
                        .no = row.no,
                        .external_id = "",
                        .active = CLAIMED_ACTIVE,
                        .modified_us = 1,
                        .doc = "" };
                ident_uuid(row.id);
                memcpy(many->ids[i], row.id, sizeof row.id);
                e = resource_insert(session, 1, &row, fault);
                if (!e)
                        e = claim_put(session, 1, &claim, fault);
        }
        return e;
}

static void test_a_large_group_is_read_whole(struct fixture *fixture)
{
        static struct many many;
        struct client *client = client_open(fixture, "lenient");
        struct house *house = client->house;
        many.connection_no = client->actor.no;
        assert_ok(fixture_submit(fixture, insert_many, &many));
        if (strncmp(fixture->url, "postgresql:", 11) == 0)
                raw_script(fixture, "ANALYZE resource; ANALYZE claim"); /* as the scheduler does (store_analyze) */
        access_unload(house->directory->access, 1);
        struct buffer body = { 0 };
        buffer_puts(&body, "{\"displayName\":\"large\",\"members\":[");
        for (int i = 0; i < MANY; i++)
                buffer_printf(&body, "%s{\"value\":\"%s\"}", i ? "," : "", many.ids[i]);
        buffer_puts(&body, "]}");
        house->want.alone = true;
        const char *id = house_do(house, &client->actor, CHANGE_CREATE, KIND_GROUP, NULL, "%s", body.data);
        assert_int_equal(house->done.moved, MANY);
        buffer_done(&body);
        assert_int_equal(client_get(client, "/Groups/%s", id), 200);
        assert_int_equal(json_array_size(client_at(client, "members")), MANY);
        assert_change(ERR_OK, house, &client->actor, CHANGE_DELETE, KIND_GROUP, id, NULL); /* an emptying PUT would be held (R16) */
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM member"), 0);
        client_close(client);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_schemas_name_what_is_inside, ON_SQLITE),
                FIXTURE_TEST(test_text_cannot_break_out, ON_BOTH),
                FIXTURE_TEST(test_a_connection_sees_its_own_edges, ON_BOTH),
                FIXTURE_TEST(test_selections, ON_SQLITE),
                FIXTURE_TEST(test_a_large_group_is_read_whole, ON_BOTH),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
