/* SPDX-License-Identifier: Apache-2.0
 *
 * A logged request once more (R19), at the handler: what the call takes, what runs and as whom, what is answered of it; a dry run leaves
 * nothing. What a replay may act as is tested with the request log (directory). */
#include "scim/client.h"
#include "base/clock.h"
#include "directory/scim_log.h"

struct scene {
        struct client *client; /* json, text and reply are of the last replay */
        struct house *house;
        int64_t last_no;
};

static struct scene scene_open(struct fixture *fixture)
{
        struct scene scene = { .client = client_open(fixture, "lenient") };
        scene.house = scene.client->house;
        return scene;
}

/* As the face leaves it behind: the row's number. */
static const char *logged(struct scene *scene, enum method method, const char *path, const char *body)
{
        struct house *house = scene->house;
        const struct scim_log_entry entry = {
                .actor = &scene->client->actor,
                .method = method,
                .status = 409,
                .path = path,
                .request_id = "first",
                .body = body,
                .body_length = body ? strlen(body) : 0,
        };
        scim_log_add(house->directory->scim_log, &entry);
        directory_flush_scim_log(house->directory);
        int64_t no = house_number(house, "SELECT MAX(no) FROM scim_log");
        assert_true(no > scene->last_no);
        scene->last_no = no;
        return arena_printf(house->arena, "%lld", (long long)no);
}

static int replay_with(struct scene *scene, const struct actor *actor, const char *number, const char *query, const char *body)
{
        struct client *client = scene->client;
        struct arena *arena = scene->house->arena;
        char *path = arena_printf(arena, "/api/v1/scim-log/%s/replay", number), *split = arena_strdup(arena, path), allow[48];
        enum face face = FACE_API;
        struct request request = {
                .arena = arena,
                .method = METHOD_POST,
                .path = path,
                .query = query,
                .body = body,
                .body_length = strlen(body),
                .actor = *actor,
                .request_id = "again",
                .deadline_us = clock_steady_us() + 20 * US_PER_S,
                .worker = scene->house->fixture->reader,
        };
        assert_ok(route_match(&scim_admin_routes, 1, METHOD_POST, split, &request, &face, allow));
        assert_int_equal(request.route->who, WHO_IDENTITY); /* no connection replays anything */
        assert_int_equal(route_run(&request), HANDLED);
        json_decref(client->json);
        free(client->text);
        client->json = NULL;
        client->reply = request.reply;
        client->text = strndup(request.reply.body.data ? request.reply.body.data : "", request.reply.body.length);
        buffer_done(&request.reply.body);
        struct fault fault = { 0 };
        assert_ok(json_parse(client->text, strlen(client->text), &client->json, &fault));
        return client->reply.status;
}

static int replay(struct scene *scene, const char *number, bool dry)
{
        return replay_with(scene, &scene->house->admin, number, dry ? "dry_run=true" : "", "");
}

static int64_t users(struct scene *scene)
{
        return house_number(scene->house, "SELECT COUNT(*) FROM resource WHERE kind = 2 AND deleted_us = 0 AND source_no > 0");
}

static void test_R19_a_replay_is_the_connections_and_tells_what_it_answered(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        struct client *client = scene.client;
        struct house *house = scene.house;
        const char *number = logged(&scene, METHOD_POST, "/scim/v2/Users", USER_BODY("\"userName\":\"ann\",\"externalId\":\"x1\""));
        int64_t digest = house_digest(house);
        assert_int_equal(replay(&scene, number, true), 200);
        assert_int_equal(house_digest(house), digest); /* nothing is there */
        assert_true(json_is_true(client_at(client, "dry_run")) && json_is_true(client_at(client, "changed")));
        assert_string_equal(client_text(client, "id"), number);
        assert_int_equal(client_number(client, "status"), 201);
        assert_string_equal(client_text(client, "event"), "created");
        assert_string_equal(client_text(client, "answer/userName"), "ann");

        assert_int_equal(replay(&scene, number, false), 200);
        assert_true(json_is_false(client_at(client, "dry_run")));
        assert_null(client_at(client, "event")); /* it happened: the ledger says so */
        assert_int_equal(client_number(client, "status"), 201);
        assert_string_equal(client_text(client, "answer/externalId"), "x1");
        assert_int_equal(users(&scene), 1);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM claim WHERE connection_no = %lld", (long long)client->actor.no), 1);
        assert_int_equal(
                house_number(house,
                        "SELECT COUNT(*) FROM ledger WHERE event = 'created' AND actor_kind = %d AND actor_no = %lld AND body LIKE "
                        "'%%\"replay_of\":\"%s\"%%' AND body LIKE '%%\"replayed_by\":\"%s\"%%'",
                        (int)ACTOR_CONNECTION, (long long)client->actor.no, number, house->admin.id),
                1);

        assert_int_equal(replay(&scene, number, false), 200); /* the call worked; what it repeated was refused */
        assert_int_equal(client_number(client, "status"), 409);
        assert_string_equal(client_text(client, "answer/scimType"), "uniqueness");
        assert_int_equal(users(&scene), 1);
        house_check(house);
        client_close(client);
}

static void test_R19_each_kind_of_write_finds_its_handler(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        struct client *client = scene.client;
        const char *ann = house_user(scene.house, &client->actor, "ann");
        const char *path = arena_printf(scene.house->arena, "/scim/v2/Users/%s", ann);
        const struct {
                enum method method;
                const char *path, *body, *says;
                int status;
        } cases[] = {
                { METHOD_PATCH, path, PATCH_BODY("{\"op\":\"replace\",\"path\":\"title\",\"value\":\"Dr\"}"), "Dr", 200 },
                { METHOD_PUT, path, USER_BODY("\"userName\":\"ann\",\"title\":\"Prof\""), "Prof", 200 },
                { METHOD_PUT, path, USER_BODY("\"title\":\"nameless\""), "userName", 400 },
                { METHOD_POST, "/scim/v2/Groups", GROUP_BODY("\"displayName\":\"crew\""), "crew", 201 },
                { METHOD_POST, "/scim/v2/Bulk",
                        "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:BulkRequest\"],\"Operations\":[{\"method\":\"POST\",\"path\":"
                        "\"/Users\",\"bulkId\":\"b\",\"data\":{\"userName\":\"ben\"}}]}",
                        "\"201\"", 200 },
                { METHOD_DELETE, path, NULL, "null", 204 },
                { METHOD_DELETE, path, NULL, "404", 404 },
        };
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                const char *number = logged(&scene, cases[i].method, cases[i].path, cases[i].body);
                if (replay(&scene, number, false) != 200 || client_number(client, "status") != cases[i].status ||
                        !strstr(client->text, cases[i].says))
                        fail_msg("case %zu: %s", i, client->text);
        }
        assert_int_equal(users(&scene), 1); /* ben; ann is in the bin */
        house_check(scene.house);
        client_close(client);
}

static void test_R19_a_dry_run_of_bulk_and_wrong_questions_are_refused(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        struct client *client = scene.client;
        const struct actor *admin = &scene.house->admin;
        const char *bulk = logged(&scene, METHOD_POST, "/scim/v2/Bulk",
                "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:BulkRequest\"],\"Operations\":[]}");
        const char *post = logged(&scene, METHOD_POST, "/scim/v2/Users", USER_BODY("\"userName\":\"ann\"")),
                   *nowhere = logged(&scene, METHOD_POST, "/scim/v2/Users/x/y", USER_BODY("\"userName\":\"ann\"")),
                   *odd = logged(&scene, METHOD_PATCH, "/scim/v2/Bulk", USER_BODY("\"userName\":\"ann\""));
        const struct {
                const char *number, *query, *body;
                int status;
        } cases[] = {
                { bulk, "dry_run=true", "", 400 },
                { post, "dry_run=yes", "", 400 },
                { post, "dry_run=", "", 400 },
                { post, "", "{\"dry_run\":true}", 400 },
                { post, "", "[]", 400 },
                { "0", "", "", 404 },
                { "-1", "", "", 404 },
                { "1x", "", "", 404 },
                { "99999999999999999999", "", "", 404 },
                { "1", "", "", 404 },
                { nowhere, "", "", 409 },
                { odd, "", "", 409 },
        };
        int64_t digest = house_digest(scene.house);
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                if (replay_with(&scene, admin, cases[i].number, cases[i].query, cases[i].body) != cases[i].status)
                        fail_msg("case %zu: %s", i, client->text);
                assert_non_null(client_text(client, "detail"));
        }
        assert_int_equal(house_digest(scene.house), digest);
        assert_int_equal(replay_with(&scene, admin, post, "dry_run=false", " {} \n"), 200); /* said, and said in vain */
        client_close(client);
}

/* R19: administrators alone; who is refused leaves a trace and does nothing. */
static void test_R19_only_an_administrator_replays(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        struct house *house = scene.house;
        struct actor weak = house_identity(house, "weak", "member"), auditor = house_identity(house, "auditor", "auditor");
        const char *number = logged(&scene, METHOD_POST, "/scim/v2/Users", USER_BODY("\"userName\":\"ann\""));
        const struct actor *const callers[] = { &weak, &auditor };
        for (size_t i = 0; i < COUNT_OF(callers); i++)
                for (int dry = 0; dry < 2; dry++)
                        assert_int_equal(replay_with(&scene, callers[i], number, dry ? "dry_run=true" : "", ""), 403);
        assert_int_equal(users(&scene), 0);
        directory_flush_notices(house->directory);
        house_user(house, &house->admin, "rides");
        assert_true(house_number(house, "SELECT COUNT(*) FROM ledger WHERE event = 'refused'") >= 1);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_CONNECTION, scene.client->actor.id, "{\"active\":false}");
        assert_int_equal(replay(&scene, number, false), 409);
        assert_non_null(strstr(scene.client->text, "disabled"));
        client_close(scene.client);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_R19_a_replay_is_the_connections_and_tells_what_it_answered, ON_BOTH),
                FIXTURE_TEST(test_R19_each_kind_of_write_finds_its_handler, ON_BOTH),
                FIXTURE_TEST(test_R19_a_dry_run_of_bulk_and_wrong_questions_are_refused, ON_SQLITE),
                FIXTURE_TEST(test_R19_only_an_administrator_replays, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
