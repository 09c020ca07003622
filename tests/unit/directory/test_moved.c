/* SPDX-License-Identifier: Apache-2.0
 *
 * Who moved, without a database: the order, what cancels out, and what the entry says of any number of them. */
#include "directory/house.h"

#include "base/auto.h"
#include "directory/work.h"

struct scene {
        struct work work;
        struct change change;
        struct moved moved;
        struct fault fault;
};

static int scene_open(void **state)
{
        struct scene *scene = calloc(1, sizeof *scene);
        scene->change.type = resource_type(KIND_GROUP);
        scene->work = (struct work){ .arena = arena_new(4u << 20), .change = &scene->change, .fault = &scene->fault };
        *state = scene;
        return scene->work.arena ? 0 : -1;
}

static int scene_close(void **state)
{
        struct scene *scene = *state;
        arena_free(scene->work.arena);
        free(scene);
        return 0;
}

static const char *id_of(size_t number)
{
        static char id[UUID_TEXT_SIZE];
        (void)snprintf(id, sizeof id, "01a20049-d677-7dba-b168-%012zu", number);
        return id;
}

static void note(struct scene *scene, bool added, size_t from, size_t to)
{
        for (size_t i = from; i < to; i++)
                assert_ok(moved_note(&scene->work, &scene->moved, added, id_of(i)));
}

/* "members" of the entry's body; NULL: nothing is said of any. New reference. */
static json_t *told(struct scene *scene, struct moved *moved)
{
        json_auto_t *body = NULL;
        assert_ok(moved_describe(&scene->work, moved, json_pack("{s:s}", "id", "7")));
        assert_ok(json_parse_object(scene->work.body, strlen(scene->work.body), &body, &scene->fault));
        assert_string_equal(json_string_value(json_object_get(body, "id")), "7");
        return json_incref(json_object_get(body, "members"));
}

static void assert_ids(const json_t *members, const char *name, size_t from, size_t to)
{
        const json_t *ids = json_object_get(members, name);
        assert_int_equal(json_array_size(ids), to - from);
        for (size_t i = from; i < to; i++)
                assert_string_equal(json_string_value(json_array_get(ids, i - from)), id_of(i));
}

/* Beyond the first block, and beyond a full page of the largest. */
static void all_stand_in_the_entry_whole_and_in_order(void **state)
{
        struct scene *scene = *state;
        note(scene, true, 0, 3500);
        note(scene, false, 7000, 7009);
        assert_int_equal(scene->moved.count, 3509);
        assert_int_equal(scene->change.moved, 3509);
        json_auto_t *members = told(scene, &scene->moved);
        assert_ids(members, "added", 0, 3500);
        assert_ids(members, "removed", 7000, 7009);
}

static void one_side_alone_has_no_empty_other(void **state)
{
        struct scene *scene = *state;
        assert_null(told(scene, &(struct moved){ 0 }));
        assert_string_equal(scene->work.body, "{\"id\":\"7\"}");
        note(scene, false, 1, 2);
        json_auto_t *members = told(scene, &scene->moved);
        assert_int_equal(json_object_size(members), 1);
        assert_ids(members, "removed", 1, 2);
}

static void test_R34_who_went_and_came_has_not_moved(void **state)
{
        struct scene *scene = *state;
        note(scene, false, 0, 40);
        note(scene, true, 20, 50);
        assert_ok(moved_settle(&scene->work, &scene->moved));
        assert_int_equal(scene->moved.count, 30);
        assert_int_equal(scene->change.moved, 30);
        json_auto_t *members = told(scene, &scene->moved);
        assert_ids(members, "removed", 0, 20);
        assert_ids(members, "added", 40, 50);
}

static void what_does_not_fit_the_arena_is_no_memory(void **state)
{
        struct scene *scene = *state;
        enum err e = ERR_OK;
        arena_free(scene->work.arena);
        scene->work.arena = arena_new(32u << 10);
        size_t noted = 0;
        while (!e && noted < 5000)
                e = moved_note(&scene->work, &scene->moved, true, id_of(noted++));
        assert_err(e, ERR_MEMORY);
        assert_int_equal(scene->moved.count, noted - 1);
        assert_int_equal(scene->change.moved, noted - 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(all_stand_in_the_entry_whole_and_in_order, scene_open, scene_close),
                cmocka_unit_test_setup_teardown(one_side_alone_has_no_empty_other, scene_open, scene_close),
                cmocka_unit_test_setup_teardown(test_R34_who_went_and_came_has_not_moved, scene_open, scene_close),
                cmocka_unit_test_setup_teardown(what_does_not_fit_the_arena_is_no_memory, scene_open, scene_close),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
