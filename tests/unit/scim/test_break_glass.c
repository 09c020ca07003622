/* SPDX-License-Identifier: Apache-2.0
 *
 * R9: to a connection a break-glass user is not there. Every route of SCIM, with every place in which an id, a name or an address can
 * stand, is asked once about him and once about nobody, and the answers are the same byte for byte; what lists all is the same before and
 * after he is made. The one thing that tells is that his userName is taken (R10), as anybody else's would be. */
#include "scim/client.h"
#include <strings.h>

struct named {
        const char *id, *name, *external_id, *mail;
};

/* @ is the id, ! the userName, # the externalId, ~ the e-mail address, $ an own user, * an own group, ^ a number that is new each time. */
static const struct ask_row {
        enum method method;
        const char *target, *body;
} questions[] = {
        { METHOD_GET, "/ServiceProviderConfig?filter=id%20eq%20%22@%22", NULL },
        { METHOD_GET, "/ResourceTypes", NULL },
        { METHOD_GET, "/Users/.search", NULL },
        { METHOD_PUT, "/Users/.search", "{\"id\":\"@\"}" },
        { METHOD_PATCH, "/Users/.search", "{\"id\":\"@\"}" },
        { METHOD_DELETE, "/Users/.search", NULL },
        { METHOD_GET, "/ResourceTypes/@", NULL },
        { METHOD_GET, "/Schemas", NULL },
        { METHOD_GET, "/Schemas/@", NULL },
        { METHOD_GET, "/Me", NULL },
        { METHOD_POST, "/Me", USER_BODY("\"id\":\"@\"") },
        { METHOD_PUT, "/Me", USER_BODY("\"id\":\"@\"") },
        { METHOD_PATCH, "/Me", PATCH_BODY("{\"op\":\"remove\",\"path\":\"title\"}") },
        { METHOD_DELETE, "/Me", NULL },
        /* by id */
        { METHOD_GET, "/Users/@", NULL },
        { METHOD_GET, "/Users/@?attributes=userName", NULL },
        { METHOD_GET, "/Groups/@", NULL },
        { METHOD_GET, "/Users/!", NULL },
        { METHOD_PUT, "/Users/@", USER_BODY("\"userName\":\"taken-over\"") },
        { METHOD_PUT, "/Users/@", USER_BODY("\"userName\":\"taken-over\",\"externalId\":\"#\",\"active\":false") },
        { METHOD_PUT, "/Users/@", "{" },
        { METHOD_PUT, "/Groups/@", GROUP_BODY("\"displayName\":\"taken-over\"") },
        { METHOD_PATCH, "/Users/@", PATCH_BODY("{\"op\":\"replace\",\"path\":\"active\",\"value\":false}") },
        { METHOD_PATCH, "/Users/@", PATCH_BODY("{\"op\":\"add\",\"value\":{\"title\":\"Dr\"}}") },
        { METHOD_PATCH, "/Users/@", PATCH_BODY("{\"op\":\"odd\"}") },
        { METHOD_PATCH, "/Groups/@", PATCH_BODY("{\"op\":\"replace\",\"path\":\"members\",\"value\":[]}") },
        { METHOD_DELETE, "/Users/@", NULL },
        { METHOD_DELETE, "/Groups/@", NULL },
        /* by a comparison */
        { METHOD_GET, "/Users?filter=id%20eq%20%22@%22", NULL },
        { METHOD_GET, "/Users?filter=not%20(id%20eq%20%22@%22)", NULL },
        { METHOD_GET, "/Users?filter=id%20ne%20%22@%22", NULL },
        { METHOD_GET, "/Users?filter=id%20sw%20%22@%22", NULL },
        { METHOD_GET, "/Users?filter=userName%20eq%20%22!%22", NULL },
        { METHOD_GET, "/Users?filter=userName%20sw%20%22!%22", NULL },
        { METHOD_GET, "/Users?filter=userName%20eq%20%22!%22&count=0", NULL },
        { METHOD_GET, "/Users?filter=userName%20eq%20%22!%22&cursor", NULL },
        { METHOD_GET, "/Users?filter=externalId%20eq%20%22#%22", NULL },
        { METHOD_GET, "/Users?filter=emails%20eq%20%22~%22", NULL },
        { METHOD_GET, "/Users?filter=emails.value%20eq%20%22~%22", NULL },
        { METHOD_GET, "/Users?filter=emails%5Bvalue%20eq%20%22~%22%5D", NULL },
        { METHOD_GET, "/Users?filter=emails%20co%20%22~%22", NULL },
        { METHOD_GET, "/Users?filter=displayName%20pr%20and%20id%20eq%20%22@%22&sortBy=userName", NULL },
        { METHOD_GET, "/Groups?filter=members%20eq%20%22@%22", NULL },
        { METHOD_GET, "/Groups?filter=members.value%20eq%20%22@%22", NULL },
        { METHOD_GET, "/Groups?filter=members%5Bvalue%20eq%20%22@%22%5D", NULL },
        { METHOD_GET, "/Groups?filter=id%20eq%20%22@%22", NULL },
        { METHOD_GET, "/Groups?filter=displayName%20eq%20%22!%22", NULL },
        { METHOD_GET, "/Groups/*?attributes=members&filter=members%5Bvalue%20eq%20%22@%22%5D", NULL },
        { METHOD_POST, "/.search",
                "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:SearchRequest\"],\"filter\":\"id eq \\\"@\\\"\"}" },
        { METHOD_POST, "/.search",
                "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:SearchRequest\"],\"filter\":\"externalId eq \\\"#\\\"\"}" },
        { METHOD_POST, "/Users/.search",
                "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:SearchRequest\"],\"filter\":\"userName eq \\\"!\\\"\"}" },
        { METHOD_POST, "/Users/.search",
                "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:SearchRequest\"],\"filter\":\"emails.value eq \\\"~\\\"\","
                "\"count\":1,\"sortBy\":\"id\"}" },
        { METHOD_POST, "/Groups/.search",
                "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:SearchRequest\"],\"filter\":\"members.value eq \\\"@\\\"\"}" },
        /* with a method that is none there */
        { METHOD_PUT, "/Users?filter=id%20eq%20%22@%22", USER_BODY("\"id\":\"@\",\"userName\":\"!\"") },
        { METHOD_PATCH, "/Users?filter=id%20eq%20%22@%22", PATCH_BODY("{\"op\":\"remove\",\"path\":\"title\"}") },
        { METHOD_DELETE, "/Users?filter=id%20eq%20%22@%22", NULL },
        { METHOD_POST, "/Users/@", USER_BODY("\"userName\":\"!\"") },
        /* as a value */
        { METHOD_POST, "/Groups", GROUP_BODY("\"displayName\":\"new\",\"members\":[{\"value\":\"@\"}]") },
        { METHOD_POST, "/Groups",
                GROUP_BODY("\"displayName\":\"new\",\"members\":[{\"value\":\"@\",\"type\":\"User\"},{\"value\":\"$\"}]") },
        { METHOD_POST, "/Groups", GROUP_BODY("\"displayName\":\"new\",\"members\":[{\"value\":\"!\"}]") },
        { METHOD_PUT, "/Groups/*", GROUP_BODY("\"displayName\":\"crew\",\"members\":[{\"value\":\"$\"},{\"value\":\"@\"}]") },
        { METHOD_PATCH, "/Groups/*", PATCH_BODY("{\"op\":\"add\",\"path\":\"members\",\"value\":[{\"value\":\"@\"}]}") },
        { METHOD_PATCH, "/Groups/*", PATCH_BODY("{\"op\":\"replace\",\"path\":\"members\",\"value\":[{\"value\":\"@\"}]}") },
        { METHOD_PATCH, "/Groups/*", PATCH_BODY("{\"op\":\"remove\",\"path\":\"members\",\"value\":[{\"value\":\"@\"}]}") },
        { METHOD_PATCH, "/Groups/*", PATCH_BODY("{\"op\":\"remove\",\"path\":\"members[value eq \\\"@\\\"]\"}") },
        { METHOD_PUT, "/Users/$",
                USER_BODY("\"userName\":\"own\",\"externalId\":\"x-own\",\"" URN_ENTERPRISE_USER "\":{\"manager\":{\"value\":\"@\"}}") },
        { METHOD_POST, "/Users", USER_BODY("\"id\":\"@\",\"externalId\":\"#\",\"emails\":[{\"value\":\"~\"}],\"userName\":\"new^\"") },
        { METHOD_POST, "/Bulk",
                "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:BulkRequest\"],\"Operations\":[{\"method\":\"DELETE\",\"path\":"
                "\"/Users/@\"},{\"method\":\"PATCH\",\"path\":\"/Users/@\",\"data\":{\"Operations\":[{\"op\":\"replace\",\"path\":\"active\","
                "\"value\":false}]}},{\"method\":\"PUT\",\"path\":\"/Users/@\",\"data\":{\"userName\":\"taken-over\"}},{\"method\":\"POST\","
                "\"path\":\"/Groups\",\"bulkId\":\"b\",\"data\":{\"displayName\":\"new\",\"members\":[{\"value\":\"@\"}]}}]}" },
};

static char *fill(const char *template, const struct named *whom, const struct named *own, const char *group)
{
        static unsigned number;
        char *got;
        size_t size;
        if (!template)
                return NULL;
        FILE *file = open_memstream(&got, &size);
        assert_non_null(file);
        for (const char *at = template; *at; at++) {
                const char *value = *at == '@'   ? whom->id
                                    : *at == '!' ? whom->name
                                    : *at == '#' ? whom->external_id
                                    : *at == '~' ? whom->mail
                                    : *at == '$' ? own->id
                                    : *at == '*' ? group
                                                 : NULL;
                if (value)
                        (void)fputs(value, file);
                else if (*at == '^')
                        (void)fprintf(file, "%u", 100000 + number++);
                else
                        (void)fputc(*at, file);
        }
        (void)fclose(file);
        return got;
}

/* What was asked for stands in some answers: it is what it is. */
static void hide(char *text, const char *value, char by)
{
        size_t length = strlen(value);
        for (char *at = text; (at = strcasestr(at, value));) {
                *at = by;
                memmove(at + 1, at + length, strlen(at + length) + 1);
        }
}

static void hide_numbers(char *text)
{
        for (char *at = text; (at = strstr(at, "new1"));)
                memcpy(at, "new^^^^^^", strlen(at) < 9 ? strlen(at) : 9);
}

static char *ask(
        struct client *client, const struct ask_row *question, const struct named *whom, const struct named *own, const char *group)
{
        char *target = fill(question->target, whom, own, group), *body = fill(question->body, whom, own, group);
        (void)client_call(client, question->method, target, body);
        char *got = client_stable(client);
        hide(got, whom->name, '!');
        hide(got, whom->external_id, '#');
        hide(got, whom->mail, '~');
        hide_numbers(got);
        free(target);
        free(body);
        return got;
}

struct scene {
        struct client *client;
        struct actor okta, entra, strict; /* of one upstream; the latter two adopt */
        struct actor mail;                /* adopts by verified e-mail, of the domain that all addresses here have */
        struct named glass, nobody, own;
        const char *group;
};

static struct actor connect(struct house *house, const char *name, const char *profile)
{
        house_do(house, &house->admin, CHANGE_CREATE, KIND_CONNECTION, NULL,
                "{\"name\":\"%s\",\"kind\":\"scim\",\"profile\":\"%s\",\"upstream\":\"idp\",\"adoption\":\"same_upstream\"}", name,
                profile);
        return house_actor(house, house->token);
}

static const char *make_glass(struct house *house, const char *name)
{
        house->want.break_glass = BREAK_GLASS_MARK;
        return house_do(house, &house->admin, CHANGE_CREATE, KIND_USER, NULL,
                "{\"userName\":\"%s\",\"externalId\":\"x-%s\",\"displayName\":\"Mirror\",\"emails\":[{\"value\":\"%s@a.example\"}]}", name,
                name, name);
}

static struct scene scene_open(struct fixture *fixture)
{
        struct scene scene = { .client = client_open(fixture, "lenient") };
        struct house *house = scene.client->house;
        scene.okta = scene.client->actor;
        scene.entra = connect(house, "entra", "lenient");
        scene.strict = connect(house, "strict", "strict");
        house->want.operator_verified = true;
        house_do(house, &house->admin, CHANGE_CREATE, KIND_DOMAIN, NULL, "{\"name\":\"a.example\"}");
        house_do(house, &house->admin, CHANGE_CREATE, KIND_CONNECTION, NULL,
                "{\"name\":\"mail\",\"kind\":\"scim\",\"adoption\":\"verified_domain\",\"domains\":[\"a.example\"]}");
        scene.mail = house_actor(house, house->token);
        return scene;
}

static void furnish(struct scene *scene, const struct actor *actor)
{
        struct house *house = scene->client->house;
        scene->client->actor = *actor;
        scene->own.id = house_user(house, actor, "own");
        scene->group = house_do(house, actor, CHANGE_CREATE, KIND_GROUP, NULL,
                "{\"displayName\":\"crew\",\"members\":[{\"value\":\"%s\"}]}", scene->own.id);
        scene->glass = (struct named){ make_glass(house, "glass"), "glass", "x-glass", "glass@a.example" };
        scene->nobody = (struct named){ "01990000-0000-7000-8000-000000000001", "nobod", "x-nobod", "nobod@a.example" };
        house_do(house, &house->admin, CHANGE_MEMBERS_ADD, KIND_GROUP, scene->group, "[\"%s\"]", scene->glass.id); /* an edge of ours */
        house_grant(house, scene->group, NULL, "member");
}

static void walk(struct fixture *fixture, size_t caller)
{
        struct scene scene = scene_open(fixture);
        struct client *client = scene.client;
        const struct route *seen[COUNT_OF(questions)];
        furnish(&scene, (const struct actor *const[]){ &scene.entra, &scene.strict, &scene.mail }[caller]);
        int64_t version = house_version(client->house, scene.glass.id);
        for (size_t i = 0; i < COUNT_OF(questions); i++) {
                char *nobody = ask(client, &questions[i], &scene.nobody, &scene.own, scene.group);
                char *glass = ask(client, &questions[i], &scene.glass, &scene.own, scene.group);
                if (strcmp(nobody, glass) != 0)
                        fail_msg("%s: of nobody:\n%s\nof the break-glass user:\n%s", questions[i].target, nobody, glass);
                if (strstr(glass, "Mirror")) /* his displayName */
                        fail_msg("%s shows him", questions[i].target);
                seen[i] = client->route;
                free(nobody);
                free(glass);
        }
        for (const struct route *row = scim_routes.rows; row->method != METHOD_NONE; row++) {
                bool walked = false;
                for (size_t i = 0; i < COUNT_OF(seen); i++)
                        walked = walked || seen[i] == row;
                if (!walked)
                        fail_msg("%s is walked by no question", row->pattern);
        }
        assert_int_equal(house_version(client->house, scene.glass.id), version);
        assert_true(house_active(client->house, scene.glass.id));
        assert_true(house_is_member(client->house, scene.group, scene.glass.id));
        assert_int_equal(house_number(client->house, "SELECT COUNT(*) FROM conflict"), 0); /* nothing waits for an approval of him */
        house_check(client->house);
        client_close(client);
}

static void test_R9_he_answers_like_nobody_on_every_route(struct fixture *fixture)
{
        walk(fixture, 0);
}

static void test_R9_he_answers_like_nobody_on_every_route_of_a_strict_connection(struct fixture *fixture)
{
        walk(fixture, 1);
}

static void test_R9_R13_he_answers_like_nobody_to_one_that_adopts_by_verified_e_mail(struct fixture *fixture)
{
        walk(fixture, 2);
}

/* Nothing else keeps this connection from him: his address is of a domain that it lists and that is proved. */
static void test_R9_R13_the_mark_is_what_hides_him(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        struct client *client = scene.client;
        struct house *house = client->house;
        char target[64];
        furnish(&scene, &scene.mail);
        (void)snprintf(target, sizeof target, "/Users/%s", scene.glass.id);
        assert_status(404, client, METHOD_GET, target, NULL);
        assert_status(404, client, METHOD_PUT, target, USER_BODY("\"userName\":\"glass\""));
        house->want.break_glass = BREAK_GLASS_UNMARK;
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, scene.glass.id, "{}");
        assert_status(200, client, METHOD_GET, target, NULL);
        assert_status(200, client, METHOD_PUT, target, USER_BODY("\"userName\":\"glass\""));
        house->want.break_glass = BREAK_GLASS_MARK;
        assert_change(ERR_CONFLICT, house, &house->admin, CHANGE_MERGE, KIND_USER, scene.glass.id, "{}");
        house_check(house);
        client_close(client);
}

/* ---- what lists all ---- */

static const struct ask_row lists[] = {
        { METHOD_GET, "/Users", NULL },
        { METHOD_GET, "/Users?count=0", NULL },
        { METHOD_GET, "/Users?startIndex=2&count=1", NULL },
        { METHOD_GET, "/Users?sortBy=userName&sortOrder=descending", NULL },
        { METHOD_GET, "/Users?cursor&count=1", NULL },
        { METHOD_GET, "/Users?filter=userName%20pr", NULL },
        { METHOD_GET, "/Users?filter=not%20(title%20pr)", NULL },
        { METHOD_GET, "/Users?filter=meta.created%20gt%20%222001-01-01T00:00:00Z%22", NULL },
        { METHOD_GET, "/Groups", NULL },
        { METHOD_GET, "/Groups?attributes=members", NULL },
        { METHOD_GET, "/Groups/*", NULL },
        { METHOD_GET, "/Groups/*?attributes=members", NULL },
        { METHOD_GET, "/Groups?filter=members%20pr", NULL },
        { METHOD_POST, "/.search", "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:SearchRequest\"]}" },
        { METHOD_POST, "/Users/.search", "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:SearchRequest\"],\"count\":50}" },
};

static void test_R9_no_list_and_no_count_changes_by_him(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        struct client *client = scene.client;
        struct house *house = client->house;
        char *before[COUNT_OF(lists)];
        client->actor = scene.entra;
        scene.own.id = house_user(house, &scene.entra, "own");
        (void)house_user(house, &scene.entra, "other");
        scene.group = house_do(house, &scene.entra, CHANGE_CREATE, KIND_GROUP, NULL,
                "{\"displayName\":\"crew\",\"members\":[{\"value\":\"%s\"}]}", scene.own.id);
        const char *glass = house_user(house, &house->admin, "glass");
        house_do(house, &house->admin, CHANGE_MEMBERS_ADD, KIND_GROUP, scene.group, "[\"%s\"]", glass);
        for (size_t i = 0; i < COUNT_OF(lists); i++) {
                char *target = fill(lists[i].target, &scene.own, &scene.own, scene.group);
                assert_status(200, client, lists[i].method, target, lists[i].body);
                before[i] = strdup(client->text);
                free(target);
        }
        house->want.break_glass = BREAK_GLASS_MARK;
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, glass, "{\"title\":\"Dr\"}");
        (void)make_glass(house, "second");
        for (size_t i = 0; i < COUNT_OF(lists); i++) {
                char *target = fill(lists[i].target, &scene.own, &scene.own, scene.group);
                assert_status(200, client, lists[i].method, target, lists[i].body);
                if (!strstr(target, "cursor") && strcmp(client->text, before[i]) != 0) /* a cursor names the revision */
                        fail_msg("%s: before:\n%s\nafter:\n%s", target, before[i], client->text);
                assert_null(strstr(client->text, glass));
                free(target);
                free(before[i]);
        }
        client_close(client);
}

/* R10, R11: his name is taken as anybody else's would be; an administrator learns by whom. */
static void test_R9_security_12_his_name_is_taken_like_any_other(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        struct client *client = scene.client;
        struct house *house = client->house;
        const struct ask_row post = { METHOD_POST, "/Users", USER_BODY("\"userName\":\"!\",\"externalId\":\"#\"") };
        furnish(&scene, &scene.entra);
        (void)house_user(house, &scene.okta, "nobod");
        char *ordinary = ask(client, &post, &scene.nobody, &scene.own, scene.group);
        char *glass = ask(client, &post, &scene.glass, &scene.own, scene.group);
        assert_int_equal(client->reply.status, 409);
        assert_string_equal(client_text(client, "scimType"), "uniqueness");
        assert_string_equal(ordinary, glass);
        free(ordinary);
        free(glass);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM conflict WHERE object_no = %lld AND attribute = 'userName'",
                                 (long long)house_no(house, scene.glass.id)),
                1);
        const char *rename = PATCH_BODY("{\"op\":\"replace\",\"path\":\"userName\",\"value\":\"GLASS\"}");
        char target[64];
        (void)snprintf(target, sizeof target, "/Users/%s", scene.own.id);
        assert_status(409, client, METHOD_PATCH, target, rename);
        house_check(house);
        client_close(client);
}

/* R13: an address that he shares is not ambiguous by him, so that nobody learns of him by what is not found any more. */
static void test_R9_R13_he_hides_nobody_who_can_be_adopted(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        struct client *client = scene.client;
        struct house *house = client->house;
        const char *ann = house_do(house, &scene.okta, CHANGE_CREATE, KIND_USER, NULL,
                "{\"userName\":\"ann\",\"externalId\":\"x-ann\",\"emails\":[{\"value\":\"shared@a.example\"}]}");
        client->actor = scene.entra;
        house_do(house, &house->admin, CHANGE_CREATE, KIND_USER, NULL,
                "{\"userName\":\"glass\",\"externalId\":\"x-ann\",\"emails\":[{\"value\":\"shared@a.example\"}]}");
        assert_int_equal(client_get(client, "/Users?filter=emails.value%%20eq%%20%%22shared@a.example%%22"), 200);
        assert_int_equal(client_number(client, "totalResults"), 0); /* two have it */
        house->want.break_glass = BREAK_GLASS_MARK;
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, "glass", "{}");
        static const char *const by[] = { "emails.value%20eq%20%22shared@a.example%22", "externalId%20eq%20%22x-ann%22" };
        for (size_t i = 0; i < COUNT_OF(by); i++) {
                assert_int_equal(client_get(client, "/Users?filter=%s", by[i]), 200);
                assert_int_equal(client_number(client, "totalResults"), 1);
                assert_string_equal(client_text(client, "Resources/0/id"), ann);
        }
        client_close(client);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_R9_he_answers_like_nobody_on_every_route, ON_BOTH),
                FIXTURE_TEST(test_R9_he_answers_like_nobody_on_every_route_of_a_strict_connection, ON_SQLITE),
                FIXTURE_TEST(test_R9_R13_he_answers_like_nobody_to_one_that_adopts_by_verified_e_mail, ON_BOTH),
                FIXTURE_TEST(test_R9_R13_the_mark_is_what_hides_him, ON_BOTH),
                FIXTURE_TEST(test_R9_no_list_and_no_count_changes_by_him, ON_BOTH),
                FIXTURE_TEST(test_R9_security_12_his_name_is_taken_like_any_other, ON_BOTH),
                FIXTURE_TEST(test_R9_R13_he_hides_nobody_who_can_be_adopted, ON_BOTH),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
