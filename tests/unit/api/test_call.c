/* SPDX-License-Identifier: Apache-2.0
 *
 * The steps that operations share, as far as they read a request and write a header; test_resource.c runs them over rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "api/call.h"
#include "base/auto.h"
#include "http/route.h"

#define ID "01930000-abcd-7000-8000-000000000009"

struct scene {
        struct route route;
        struct request request;
        struct call call;
};

static void scene_init(struct scene *scene, struct arena *arena)
{
        *scene = (struct scene){
                .route = { .action = ACTION_READ },
                .request = { .arena = arena, .query = "", .route = &scene->route },
                .call = { .request = &scene->request, .query = { .arena = arena } },
        };
        buffer_init(&scene->request.reply.body, 4096);
}

static int setup(void **state)
{
        struct scene *scene = malloc(sizeof *scene);
        scene_init(scene, arena_new(1 << 16));
        *state = scene;
        return 0;
}

static int teardown(void **state)
{
        struct scene *scene = *state;
        buffer_done(&scene->request.reply.body);
        arena_free(scene->request.arena);
        free(scene);
        return 0;
}

static void if_none_match_names_this_version(void **state)
{
        struct scene *scene = *state;
        static const struct {
                const char *header;
                bool is_unchanged;
        } cases[] = {
                { NULL, false },
                { "", false },
                { "W/\"17\"", true },
                { "\"17\"", true }, /* the weak comparison (RFC 9110, 13.1.2) */
                { "*", true },
                { "W/\"1\", W/\"17\"", true },
                { "W/\"1\",\"17\"", true },
                { " ,\t W/\"17\" ", true },
                { "W/\"1\", *", true },
                { "W/\"1\"", false },
                { "W/\"7\"", false },
                { "W/\"170\"", false },
                { "W/\"117\"", false },
                { "17", false },
                { "W/17", false },
                { "w/\"17\"", false },
                { "\"17", false },
                { "W/\"17\"x", false },
                { "W/", false },
        };
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                scene->request.headers[HEADER_IF_NONE_MATCH] = cases[i].header;
                if (call_is_unchanged(&scene->call, 17) != cases[i].is_unchanged)
                        fail_msg("%s", cases[i].header ? cases[i].header : "none");
        }
}

static void an_etag_is_what_if_none_match_takes(void **state)
{
        struct scene *scene = *state;
        call_etag(&scene->call, INT64_MAX);
        assert_int_equal(scene->request.reply.header_count, 1);
        assert_string_equal(scene->request.reply.headers[0].name, "ETag");
        assert_string_equal(scene->request.reply.headers[0].value, "W/\"9223372036854775807\"");
        scene->request.headers[HEADER_IF_NONE_MATCH] = scene->request.reply.headers[0].value;
        assert_true(call_is_unchanged(&scene->call, INT64_MAX));
        assert_false(call_is_unchanged(&scene->call, INT64_MAX - 1));
}

static void r34_the_revision_of_a_change_is_told(void **state)
{
        struct scene *scene = *state;
        (void)snprintf(scene->request.actor.handle, HANDLE_SIZE, "abcdefgh");
        call_revision(&scene->call, &(struct change){ .epoch = 2, .revision = 31 });
        assert_int_equal(scene->request.reply.header_count, 1);
        assert_string_equal(scene->request.reply.headers[0].name, "Muster-Revision");
        assert_string_equal(scene->request.reply.headers[0].value, "abcdefgh.2.31");
}

static void no_body_is_an_empty_object_and_a_body_must_be_one(void **state)
{
        struct scene *scene = *state;
        static const char *const wrong[] = { "[]", "7", "null", "\"text\"", "{", "{}x", "{\"a\":1,\"a\":2}" };
        struct fault fault = { 0 };
        json_auto_t *body = NULL;
        assert_int_equal(call_take_body(&scene->call, &body, &fault), ERR_OK);
        assert_true(json_is_object(body));
        assert_int_equal(json_object_size(body), 0);
        json_decref(STEAL(body));
        scene->request.body = "{\"a\":1}and what else stands in memory";
        scene->request.body_length = 7;
        assert_int_equal(call_take_body(&scene->call, &body, &fault), ERR_OK);
        assert_int_equal(json_integer_value(json_object_get(body, "a")), 1);
        json_decref(STEAL(body));
        for (size_t i = 0; i < COUNT_OF(wrong); i++) {
                scene->request.body = (char *)wrong[i];
                scene->request.body_length = strlen(wrong[i]);
                assert_int_not_equal(call_take_body(&scene->call, &body, &fault), ERR_OK);
                assert_null(body);
        }
}

/* Nothing is looked up for these: there is no directory here. */
static void a_reference_stands_for_itself_unless_a_name_is_narrowed(void **state)
{
        struct scene *scene = *state;
        struct fault fault = { 0 };
        static const struct {
                enum resource_kind kind;
                const char *ref, *query;
        } cases[] = {
                { KIND_PROJECT, "pay", "" }, { KIND_PROJECT, "pay", "organization=" },
                { KIND_PROJECT, ID, "organization=emea" },  /* an id is one wherever it is */
                { KIND_GRANT, "pay", "organization=emea" }, /* a kind without names */
        };
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                const char *ref = NULL;
                struct scene fresh;
                scene_init(&fresh, scene->request.arena);
                fresh.request.query = cases[i].query;
                assert_true(request_read_query(&fresh.request));
                fresh.call.type = resource_type(cases[i].kind);
                fresh.call.ref = cases[i].ref;
                assert_int_equal(call_ref(&fresh.call, &ref, &fault), ERR_OK);
                assert_ptr_equal(ref, cases[i].ref);
                buffer_done(&fresh.request.reply.body);
        }
}

static void a_change_carries_what_the_request_said(void **state)
{
        struct scene *scene = *state;
        const struct schema_set *schemas = schema_set_builtin();
        scene->call.query.schemas = schemas;
        scene->call.type = resource_type(KIND_PROJECT);
        scene->call.ref = ID;
        scene->request.headers[HEADER_IF_MATCH] = "W/\"3\"";
        scene->request.deadline_us = 4711;
        struct change change = call_change(&scene->call, CHANGE_DELETE);
        assert_int_equal(change.verb, CHANGE_DELETE);
        assert_ptr_equal(change.actor, &scene->request.actor);
        assert_ptr_equal(change.type, scene->call.type);
        assert_int_equal(change.schemas_revision, schemas->revision);
        assert_string_equal(change.ref, ID);
        assert_string_equal(change.if_match, "W/\"3\"");
        assert_null(change.dry_run);
        assert_ptr_equal(change.arena, scene->request.arena);
        assert_int_equal(change.deadline_us, 4711);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
int main(void)
{
        json_memory_install();
        const struct CMUnitTest tests[] = {
                TEST(if_none_match_names_this_version),
                TEST(an_etag_is_what_if_none_match_takes),
                TEST(r34_the_revision_of_a_change_is_told),
                TEST(no_body_is_an_empty_object_and_a_body_must_be_one),
                TEST(a_reference_stands_for_itself_unless_a_name_is_narrowed),
                TEST(a_change_carries_what_the_request_said),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
