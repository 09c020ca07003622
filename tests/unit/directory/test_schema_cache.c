/* SPDX-License-Identifier: Apache-2.0
 *
 * Sets of declaring roots: when the database is asked for one, what is kept after a question that failed, and what is never kept. That each
 * root is judged by its own is test_declaration's. */
#include "directory/house.h"
#include "directory/declaration.h"

#define BADGE "urn:example:badge"
#define SLOTS 3

struct scene {
        struct house *house;
        struct schema_cache *cache;
        const char *schema; /* id; NULL: none is declared */
        int asked;          /* statements of readers */
        enum statement fails;
        enum err answers;
};

static enum err count_statements(void *context, enum statement statement, struct fault *fault)
{
        struct scene *scene = context;
        scene->asked += statement != STATEMENT_COUNT;
        return scene->answers && statement == scene->fails ? fault_set(fault, scene->answers, "", "as the test wishes") : ERR_OK;
}

static void open_scene(struct fixture *fixture, struct scene *ret)
{
        *ret = (struct scene){ .house = house_open(fixture), .cache = schema_cache_new(SLOTS) };
        assert_non_null(ret->cache);
        store_set_fault_hook_for_test(fixture->store, count_statements, ret);
}

static void close_scene(struct scene *scene)
{
        store_set_fault_hook_for_test(scene->house->fixture->store, NULL, NULL);
        schema_cache_free(scene->cache);
        house_close(scene->house);
}

/* Declares, or declares more; the revision. */
static int64_t declare(struct scene *scene, const char *more)
{
        struct house *house = scene->house;
        scene->schema = house_do(house, &house->admin, scene->schema ? CHANGE_MERGE : CHANGE_CREATE, KIND_SCHEMA, scene->schema,
                "{\"urn\":\"" BADGE "\",\"name\":\"Badge\",\"resourceType\":\"User\",\"attributes\":[{\"name\":\"badge\"}%s]}", more);
        return house_version(house, scene->schema);
}

static enum err try_ask(struct scene *scene, unsigned slot, int64_t revision, const struct schema_set **ret)
{
        struct house *house = scene->house;
        const struct schema_question question = { slot, house->fixture->reader, 1, revision };
        scene->asked = 0;
        return schema_cache_get(scene->cache, &question, ret, &house->fault);
}

static const struct schema_set *ask(struct scene *scene, unsigned slot, int64_t revision)
{
        const struct schema_set *set = NULL;
        assert_ok(try_ask(scene, slot, revision, &set));
        return set;
}

static void test_a_question_that_fails_leaves_all_as_it_was(struct fixture *fixture)
{
        static const enum statement places[] = { ST_ROOT_SCHEMAS, ST_RESOURCE_LIST };
        struct scene scene;
        open_scene(fixture, &scene);
        int64_t first = declare(&scene, "");
        const struct schema_set *old = ask(&scene, 0, first), *set = old;
        int64_t second = declare(&scene, ",{\"name\":\"more\"}");
        for (size_t i = 0; i < COUNT_OF(places); i++) {
                scene.fails = places[i];
                scene.answers = ERR_UNAVAILABLE;
                assert_err(try_ask(&scene, 0, second, &set), ERR_UNAVAILABLE);
                assert_ptr_equal(set, old); /* untouched */
                scene.answers = ERR_OK;
                assert_ptr_equal(ask(&scene, 0, first), old); /* the slot has what it had, */
                assert_int_equal(scene.asked, 0);
                assert_ptr_equal(ask(&scene, 1, first), old); /* and so have the others */
                assert_int_equal(scene.asked, 0);
        }
        /* Nor does the reader stay in the moment of its question. */
        int64_t third = declare(&scene, ",{\"name\":\"more\"},{\"name\":\"most\"}");
        assert_int_equal(ask(&scene, 0, second)->revision, third);
        close_scene(&scene);
}

static void test_a_question_for_which_memory_ends_keeps_nothing(struct fixture *fixture)
{
        struct scene scene;
        const struct schema_set *set = NULL;
        open_scene(fixture, &scene);
        int64_t revision = declare(&scene, "");
        json_memory_limit(1);
        enum err e = try_ask(&scene, 0, revision, &set);
        json_memory_limit(0);
        assert_err(e, ERR_TOO_LARGE);
        assert_null(set);
        assert_int_equal(ask(&scene, 0, revision)->revision, revision);
        assert_true(scene.asked > 0);
        close_scene(&scene);
}

static void test_the_database_is_asked_once_for_all_slots(struct fixture *fixture)
{
        struct scene scene;
        open_scene(fixture, &scene);
        int64_t first = declare(&scene, "");
        const struct schema_set *set = ask(&scene, 0, first);
        assert_int_equal(scene.asked, 3); /* the revision, schemas, types */
        for (unsigned slot = 0; slot < SLOTS; slot++) {
                assert_ptr_equal(ask(&scene, slot, first), set);
                assert_int_equal(scene.asked, 0);
                assert_ptr_equal(ask(&scene, slot, 1), set); /* a newer one answers an older question */
                assert_int_equal(scene.asked, 0);
        }
        int64_t second = declare(&scene, ",{\"name\":\"more\"}");
        assert_int_equal(ask(&scene, 2, second)->revision, second);
        assert_int_equal(scene.asked, 3);
        (void)ask(&scene, 0, second);
        assert_int_equal(scene.asked, 0);
        close_scene(&scene);
}

/* Two slots may load one set at the same time: here by asking for more than there is, which nobody does. */
static void test_a_set_loaded_twice_is_kept_once(struct fixture *fixture)
{
        struct scene scene;
        open_scene(fixture, &scene);
        int64_t revision = declare(&scene, "");
        const struct schema_set *kept = ask(&scene, 0, revision);
        for (int times = 0; times < 2; times++) {
                const struct schema_set *again = ask(&scene, 1, revision + 100);
                assert_ptr_not_equal(again, kept);
                assert_int_equal(again->revision, revision);
                assert_int_equal(scene.asked, 3);
        }
        const struct schema_set *own = ask(&scene, 1, revision);
        assert_ptr_not_equal(own, kept); /* a slot goes on with its own */
        assert_ptr_equal(ask(&scene, 1, revision - 1), own);
        assert_int_equal(scene.asked, 0);
        assert_ptr_equal(ask(&scene, 2, revision), kept);
        close_scene(&scene);
}

static void test_that_nothing_is_declared_any_more_is_not_kept(struct fixture *fixture)
{
        struct scene scene;
        open_scene(fixture, &scene);
        struct house *house = scene.house;
        int64_t first = declare(&scene, "");
        const struct schema_set *old = ask(&scene, 0, first);
        house_do(house, &house->admin, CHANGE_DELETE, KIND_SCHEMA, scene.schema, NULL);
        for (int times = 0; times < 2; times++) {
                assert_ptr_equal(ask(&scene, 1, first + 1), schema_set_builtin());
                assert_int_equal(scene.asked, 1); /* no declarations are read */
        }
        assert_ptr_equal(ask(&scene, 2, first), old); /* who began before goes on with it */
        scene.schema = NULL;
        int64_t again = declare(&scene, ",{\"name\":\"more\"}");
        assert_int_equal(ask(&scene, 1, again)->revision, again);
        close_scene(&scene);
}

static void test_a_root_that_declares_nothing_asks_nobody(struct fixture *fixture)
{
        struct scene scene;
        open_scene(fixture, &scene);
        struct house *house = scene.house;
        struct query query = house_query(house, &house->admin);
        query.schemas = NULL;
        scene.asked = 0;
        assert_ok(query_schemas(&query, &house->fault));
        assert_int_equal(scene.asked, 0);
        assert_ptr_equal(query.schemas, schema_set_builtin());
        struct actor actor = house->admin;
        actor.schemas_revision = declare(&scene, "");
        query.actor = &actor;
        scene.fails = ST_ROOT_SCHEMAS;
        scene.answers = ERR_UNAVAILABLE;
        assert_err(query_schemas(&query, &house->fault), ERR_UNAVAILABLE);
        assert_ptr_equal(query.schemas, schema_set_builtin()); /* nobody is left with none */
        scene.answers = ERR_OK;
        assert_ok(query_schemas(&query, &house->fault));
        assert_non_null(schema_set_schema(query.schemas, BADGE));
        close_scene(&scene);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_a_question_that_fails_leaves_all_as_it_was, ON_BOTH),
                FIXTURE_TEST(test_a_question_for_which_memory_ends_keeps_nothing, ON_SQLITE),
                FIXTURE_TEST(test_the_database_is_asked_once_for_all_slots, ON_BOTH),
                FIXTURE_TEST(test_a_set_loaded_twice_is_kept_once, ON_SQLITE),
                FIXTURE_TEST(test_that_nothing_is_declared_any_more_is_not_kept, ON_BOTH),
                FIXTURE_TEST(test_a_root_that_declares_nothing_asks_nobody, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
