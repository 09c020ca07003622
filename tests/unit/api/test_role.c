/* SPDX-License-Identifier: Apache-2.0
 *
 * Roles are no rows: lists and single reads come from the table of permissions, and only the caller's own right is looked up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "access/roots.h"
#include "api/call.h"
#include "base/auto.h"
#include "directory/directory.h"
#include "http/route.h"

#define ROOT 1 /* root and its organisation */
#define CALLER 2
#define GRANT 3

struct scene {
        struct directory directory;
        struct route route;
        struct request request;
        struct call call;
        struct fault fault;
        int64_t revision;
        json_t *json; /* of the last answer */
};

static void tell(struct scene *scene, struct effect effect)
{
        access_apply(scene->directory.access, ROOT, ++scene->revision, &effect, 1);
}

static void give(struct scene *scene, const struct builtin_role *role)
{
        tell(scene, (struct effect){ .kind = EFFECT_GRANT, .no = GRANT, .other_no = CALLER, .scope_no = ROOT, .role_no = role->no });
}

static int setup(void **state)
{
        struct scene *scene = calloc(1, sizeof *scene);
        assert_int_equal(permission_init(&scene->fault), ERR_OK);
        scene->directory.access = access_new(1, 1);
        assert_int_equal(access_root_add(scene->directory.access, ROOT, "abcdefgh", "acme", 1, &scene->fault), ERR_OK);
        root_find(scene->directory.access, ROOT)->graph = graph_new(ROOT, 1, 0);
        tell(scene, (struct effect){ .kind = EFFECT_RESOURCE,
                            .no = ROOT,
                            .other_no = ROOT,
                            .resource_kind = KIND_ORGANIZATION,
                            .active = true,
                            .text = "01930000-abcd-7000-8000-000000000001",
                            .name = "acme" });
        tell(scene, (struct effect){ .kind = EFFECT_RESOURCE,
                            .no = CALLER,
                            .other_no = ROOT,
                            .resource_kind = KIND_IDENTITY,
                            .active = true,
                            .text = "01930000-abcd-7000-8000-000000000002",
                            .name = "caller" });
        give(scene, builtin_role_find(LEVEL_ORGANIZATION, "admin"));
        struct arena *arena = arena_new(1 << 20);
        scene->request = (struct request){
                .arena = arena,
                .route = &scene->route,
                .query = "",
                .actor = { .kind = ACTOR_IDENTITY, .root_no = ROOT, .org_no = ROOT, .no = CALLER },
        };
        scene->call = (struct call){
                .request = &scene->request,
                .type = resource_type(KIND_ROLE),
                .query = { .directory = &scene->directory, .actor = &scene->request.actor, .arena = arena },
        };
        *state = scene;
        return 0;
}

static int teardown(void **state)
{
        struct scene *scene = *state;
        json_decref(scene->json);
        buffer_done(&scene->request.reply.body);
        arena_free(scene->request.arena);
        access_free(scene->directory.access);
        free(scene);
        return 0;
}

static enum err ask(struct scene *scene, operation_run run, const char *query, const char *ref)
{
        struct request *request = &scene->request;
        json_decref(STEAL(scene->json));
        buffer_done(&request->reply.body);
        request->reply = (struct reply){ 0 };
        buffer_init(&request->reply.body, 1 << 18);
        request->query = query;
        request->parameters = NULL;
        assert_true(request_read_query(request));
        scene->call.ref = ref;
        enum err e = run(&scene->call, &scene->fault);
        if (!e)
                assert_int_equal(
                        json_parse_object(request->reply.body.data, request->reply.body.length, &scene->json, &scene->fault), ERR_OK);
        return e;
}

static const char *text_of(const json_t *object, const char *name)
{
        return json_string_value(json_object_get(object, name));
}

/* As the table says it, permission by permission. */
static void check_role(const json_t *shown, const struct builtin_role *role)
{
        char id[128];
        bool is_project = role->level == LEVEL_PROJECT;
        (void)snprintf(id, sizeof id, "%s:%s", is_project ? "project" : "organization", role->slug);
        assert_string_equal(text_of(shown, "id"), id);
        assert_string_equal(text_of(shown, "slug"), role->slug);
        assert_string_equal(text_of(shown, "name"), role->name);
        assert_string_equal(text_of(shown, "level"), is_project ? "project" : "organization");
        assert_string_equal(text_of(shown, "source"), "builtin");
        const json_t *permissions = json_object_get(shown, "permissions");
        size_t count = 0;
        for (int permission = 0; permission < permission_count(); permission++) {
                enum permission_level level;
                if (permission_set_has(&role->allow, permission))
                        assert_string_equal(json_string_value(json_array_get(permissions, count++)), permission_name(permission, &level));
        }
        assert_int_equal(json_array_size(permissions), count);
}

static void a_list_shows_every_role_on_one_page(void **state)
{
        struct scene *scene = *state;
        const struct builtin_role *roles;
        size_t count = builtin_role_list(&roles);
        assert_int_equal(ask(scene, role_list_answer, "", NULL), ERR_OK);
        assert_int_equal(scene->request.reply.status, 200);
        const json_t *items = json_object_get(scene->json, "items");
        assert_int_equal(json_array_size(items), count);
        assert_int_equal(json_integer_value(json_object_get(scene->json, "total")), count);
        assert_string_equal(text_of(scene->json, "next_cursor"), "");
        for (size_t i = 0; i < count; i++)
                check_role(json_array_get(items, i), &roles[i]);
}

static void a_name_narrows_the_list(void **state)
{
        struct scene *scene = *state;
        assert_int_equal(ask(scene, role_list_answer, "name=ADMIN", NULL), ERR_OK);
        const json_t *items = json_object_get(scene->json, "items");
        assert_int_equal(json_array_size(items), 2); /* of each level */
        check_role(json_array_get(items, 0), builtin_role_find(LEVEL_ORGANIZATION, "admin"));
        check_role(json_array_get(items, 1), builtin_role_find(LEVEL_PROJECT, "admin"));
        assert_int_equal(json_integer_value(json_object_get(scene->json, "total")), 2);
        assert_int_equal(ask(scene, role_list_answer, "name=admi", NULL), ERR_OK);
        assert_int_equal(json_array_size(json_object_get(scene->json, "items")), 0);
        assert_int_equal(ask(scene, role_list_answer, "limit=0", NULL), ERR_COUNT);
}

static void a_role_is_found_by_id_or_by_a_slug_of_one_level(void **state)
{
        struct scene *scene = *state;
        const struct builtin_role *roles;
        size_t count = builtin_role_list(&roles);
        for (size_t i = 0; i < count; i++) {
                char id[128];
                (void)snprintf(id, sizeof id, "%s:%s", roles[i].level == LEVEL_PROJECT ? "project" : "organization", roles[i].slug);
                assert_int_equal(ask(scene, role_get_answer, "", id), ERR_OK);
                check_role(scene->json, &roles[i]);
                bool is_twice = builtin_role_find(LEVEL_PROJECT, roles[i].slug) && builtin_role_find(LEVEL_ORGANIZATION, roles[i].slug);
                enum err e = ask(scene, role_get_answer, "", roles[i].slug);
                assert_int_equal(e, is_twice ? ERR_CONFLICT : ERR_OK);
                if (!is_twice)
                        check_role(scene->json, &roles[i]);
        }
        static const char *const unknown[] = { "", "nobody", "organization:", "organization:nobody", "Organization:admin",
                "admin:organization", "organization:admin ", "organization-admin" };
        for (size_t i = 0; i < COUNT_OF(unknown); i++)
                assert_int_equal(ask(scene, role_get_answer, "", unknown[i]), ERR_NOT_FOUND);
}

static void who_may_not_read_roles_sees_none(void **state)
{
        struct scene *scene = *state;
        give(scene, builtin_role_find(LEVEL_ORGANIZATION, "no-access"));
        assert_int_equal(ask(scene, role_list_answer, "", NULL), ERR_FORBIDDEN);
        assert_int_equal(scene->request.reply.body.length, 0);
        assert_int_equal(ask(scene, role_get_answer, "", "organization:admin"), ERR_FORBIDDEN);
        assert_int_equal(ask(scene, role_get_answer, "", "nobody"), ERR_FORBIDDEN); /* not even whether there is one */
}

static void the_role_of_the_caller_is_what_he_holds_whole(void **state)
{
        struct scene *scene = *state;
        const struct builtin_role *roles;
        size_t count = builtin_role_list(&roles);
        for (size_t i = 0; i < count; i++) {
                if (roles[i].level != LEVEL_ORGANIZATION)
                        continue;
                give(scene, &roles[i]);
                const struct builtin_role *found = role_of_caller(&scene->call);
                assert_non_null(found);
                assert_int_equal(found->level, LEVEL_ORGANIZATION);
                assert_true(permission_set_contains(&found->allow, &roles[i].allow, NULL));
                assert_true(permission_set_contains(&roles[i].allow, &found->allow, NULL));
        }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
int main(void)
{
        json_memory_install();
        const struct CMUnitTest tests[] = {
                TEST(a_list_shows_every_role_on_one_page),
                TEST(a_name_narrows_the_list),
                TEST(a_role_is_found_by_id_or_by_a_slug_of_one_level),
                TEST(who_may_not_read_roles_sees_none),
                TEST(the_role_of_the_caller_is_what_he_holds_whole),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
