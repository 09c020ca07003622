/* SPDX-License-Identifier: Apache-2.0
 *
 * Work on a whole connection (R4, R16, R18) while the database fails: its beginning and every step of it meet a failure at each statement
 * and at the COMMIT, as a database that is away and as a full one, before they succeed. A failed one leaves nothing behind, neither rows
 * nor cursor; whoever goes on finishes it, after a restart too; and in the end all is as it is without a single failure. On both engines;
 * an ordinary run tries some of the places, others in each step, MUSTER_LONG=1 every one. */
#include "base/clock.h"
#include "directory/connection.h"
#include "directory/house.h"
#include <stdatomic.h>

/* ---- what fails ---- */

static atomic_long left; /* before the failure; below zero: nothing fails */
static _Atomic(enum err) failing_with;

static enum err fail_statement(void *context, enum statement statement, struct fault *fault)
{
        (void)context;
        (void)statement;
        if (atomic_load(&left) < 0 || atomic_fetch_sub(&left, 1) > 0)
                return ERR_OK;
        return fault_set(fault, atomic_load(&failing_with), "", "as the test wishes");
}

/* A failure costs PostgreSQL some twenty milliseconds, and SQLite nothing. */
static long stride(const struct house *house)
{
        return getenv("MUSTER_LONG") ? 1 : house->fixture->kind == ON_SQLITE ? 3 : 17;
}

static void arm(struct house *house, long at)
{
        store_set_fault_hook_for_test(house->directory->store, fail_statement, NULL);
        atomic_store(&failing_with, at % 2 ? ERR_UNAVAILABLE : ERR_STORAGE_FULL);
        atomic_store(&left, at);
}

/* Has it failed? */
static bool disarm(void)
{
        return atomic_exchange(&left, -1) < 0;
}

/* ---- what the work is about ---- */

struct scene {
        struct house *house;
        struct actor okta, entra; /* of one upstream; entra adopts */
        int64_t since_us;
};

static const char *put(struct scene *scene, const struct actor *actor, const char *id, const char *text)
{
        return house_do(scene->house, actor, CHANGE_REPLACE, KIND_USER, id, "%s", text);
}

static void off(struct scene *scene, const struct actor *actor, const char *id)
{
        house_patch(scene->house, actor, KIND_USER, id, ERR_OK, "{\"op\":\"replace\",\"path\":\"active\",\"value\":false}");
}

static const char *crew_of(struct scene *scene, const struct actor *actor, const char *name, const char *first, const char *second)
{
        return house_do(scene->house, actor, CHANGE_CREATE, KIND_GROUP, NULL,
                "{\"displayName\":\"%s\",\"externalId\":\"g-%s\",\"members\":[{\"value\":\"%s\"},{\"value\":\"%s\"}]}", name, name, first,
                second);
}

static struct scene scene_open(struct fixture *fixture)
{
        struct scene scene = { .house = house_open(fixture) };
        struct house *house = scene.house;
        house_do(house, &house->admin, CHANGE_CREATE, KIND_UPSTREAM, NULL, "{\"name\":\"IdP\"}");
        house_do(house, &house->admin, CHANGE_CREATE, KIND_CONNECTION, NULL, "{\"name\":\"okta\",\"kind\":\"scim\",\"upstream\":\"IdP\"}");
        scene.okta = house_actor(house, house->token);
        house_do(house, &house->admin, CHANGE_CREATE, KIND_CONNECTION, NULL,
                "{\"name\":\"entra\",\"kind\":\"scim\",\"upstream\":\"IdP\",\"adoption\":\"same_upstream\"}");
        scene.entra = house_actor(house, house->token);
        return scene;
}

/* Alone, shared, inactive, deleted by okta but kept by entra, suspended here; groups in groups, edges of three sources, a grant. */
static void furnish_end(struct scene *scene)
{
        struct house *house = scene->house;
        const char *alone = house_user(house, &scene->okta, "alone"), *shared = house_user(house, &scene->okta, "shared"),
                   *inactive = house_user(house, &scene->okta, "inactive"), *deleted = house_user(house, &scene->okta, "deleted"),
                   *suspended = house_user(house, &scene->okta, "suspended");
        put(scene, &scene->entra, shared, "{\"userName\":\"shared\",\"externalId\":\"e1\",\"title\":\"Dr\"}");
        put(scene, &scene->entra, deleted, "{\"userName\":\"deleted\",\"externalId\":\"e2\"}");
        house_do(house, &scene->okta, CHANGE_DELETE, KIND_USER, deleted, NULL);
        off(scene, &scene->okta, inactive);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, suspended, "{\"active\":false}");
        const char *inner = crew_of(scene, &scene->okta, "inner", alone, shared),
                   *outer = crew_of(scene, &scene->okta, "outer", inner, alone);
        const char *local = house_group(house, &house->admin, "local");
        house_do(house, &house->admin, CHANGE_MEMBERS_ADD, KIND_GROUP, local, "[\"%s\",\"%s\"]", alone, inner);
        house_do(house, &house->admin, CHANGE_MEMBERS_ADD, KIND_GROUP, outer, "[\"%s\"]", suspended);
        house_grant(house, inner, NULL, "member");
        house_grant(house, alone, NULL, "member");
}

#define DEVICE ((enum resource_kind)KIND_DECLARED_FIRST)

static void furnish_replace(struct scene *scene)
{
        struct house *house = scene->house;
        house->declares = true;
        house_do(house, &house->admin, CHANGE_CREATE, KIND_SCHEMA, NULL,
                "{\"urn\":\"urn:a:device:1\",\"name\":\"Device\",\"attributes\":[{\"name\":\"serial\",\"uniqueness\":\"server\"}]}");
        house_do(house, &house->admin, CHANGE_CREATE, KIND_RESOURCE_TYPE, NULL,
                "{\"name\":\"Device\",\"endpoint\":\"/Devices\",\"schema\":\"urn:a:device:1\"}");
        for (int i = 0; i < 2; i++)
                house_do(house, i ? &scene->entra : &scene->okta, CHANGE_CREATE, DEVICE, NULL,
                        "{\"schemas\":[\"urn:a:device:1\"],\"externalId\":\"d\",\"serial\":\"%d\"}", i);
        const char *ann = house_user(house, &scene->okta, "ann"), *ben = house_user(house, &scene->okta, "ben"),
                   *apart = house_user(house, &scene->okta, "apart");
        off(scene, &scene->okta, ben);
        const char *crew = crew_of(scene, &scene->okta, "crew", ann, apart);
        house_grant(house, crew, NULL, "member");
        const char *ann2 = house_do(house, &scene->entra, CHANGE_CREATE, KIND_USER, NULL,
                           "{\"userName\":\"ann.new\",\"externalId\":\"x-ann\",\"nickName\":\"A\"}"),
                   *ben2 = house_do(
                           house, &scene->entra, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"ben.new\",\"externalId\":\"x-ben\"}");
        (void)crew_of(scene, &scene->entra, "crew", ann2, ben2);
}

static void furnish_undo(struct scene *scene)
{
        struct house *house = scene->house;
        const char *ann = house_user(house, &scene->okta, "ann"), *ben = house_user(house, &scene->okta, "ben"),
                   *cid = house_user(house, &scene->okta, "cid");
        const char *kept = crew_of(scene, &scene->okta, "kept", ann, ben), *gone = crew_of(scene, &scene->okta, "gone", ben, cid);
        house_grant(house, gone, NULL, "member");
        scene->since_us = clock_now_us() + 1;
        while (clock_now_us() <= scene->since_us)
                ;
        off(scene, &scene->okta, ann);
        put(scene, &scene->okta, cid, "{\"userName\":\"cid.new\",\"nickName\":\"C\"}");
        house_patch(house, &scene->okta, KIND_GROUP, kept, ERR_OK, "{\"op\":\"replace\",\"path\":\"members\",\"value\":[]}");
        house_do(house, &scene->okta, CHANGE_DELETE, KIND_GROUP, gone, NULL);
        house_do(house, &scene->okta, CHANGE_DELETE, KIND_USER, ben, NULL);
}

static const char *rule(struct scene *scene, const char *text)
{
        return house_do(scene->house, &scene->house->admin, CHANGE_CREATE, KIND_MAPPING_RULE, NULL, "{\"connection\":\"okta\",%s}", text);
}

/* R18: rules that changed since they were applied: some whom they gave lose it, some gain, some keep, some never had any. */
static void furnish_map(struct scene *scene)
{
        struct house *house = scene->house;
        const char *ops = house_group(house, &house->admin, "ops"),
                   *app = house_do(house, &house->admin, CHANGE_CREATE, KIND_PROJECT, NULL, "{\"slug\":\"app\",\"name\":\"App\"}");
        const char *into = rule(scene, arena_printf(house->arena, "\"attribute\":\"title\",\"values\":[\"Dr\"],\"group\":\"%s\"", ops)),
                   *role = rule(scene, arena_printf(house->arena,
                                               "\"attribute\":\"title\",\"prefix\":\"D\",\"role\":\"viewer\",\"scope\":\"%s\"", app));
        (void)rule(scene, "\"attribute\":\"nickName\",\"values\":[\"N\"],\"role\":\"member\"");
        static const char *const titles[] = { "Dr", "Dr", "Prof", "Dean", "none" };
        for (size_t i = 0; i < COUNT_OF(titles); i++)
                house_do(house, &scene->okta, CHANGE_CREATE, KIND_USER, NULL,
                        "{\"userName\":\"u%zu\",\"externalId\":\"x%zu\",\"title\":\"%s\",\"nickName\":\"N\"}", i, i, titles[i]);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_MAPPING_RULE, into, "{\"values\":[\"Prof\"]}");
        house_do(house, &house->admin, CHANGE_MERGE, KIND_MAPPING_RULE, role, "{\"active\":false}");
        house_script(house, "DELETE FROM connection_job"); /* the beginning shall fail, too */
}

static const struct story {
        enum connection_verb verb;
        enum change_verb change;
        void (*furnish)(struct scene *scene);
} stories[] = {
        { CONNECTION_KEEP, CHANGE_DELETE, furnish_end },
        { CONNECTION_REMOVE, CHANGE_DELETE, furnish_end },
        { CONNECTION_REPLACE, CHANGE_WORK, furnish_replace },
        { CONNECTION_UNDO, CHANGE_WORK, furnish_undo },
        { CONNECTION_MAP, CHANGE_WORK, furnish_map },
};

static struct change beginning(const struct scene *scene, const struct story *story)
{
        return (struct change){
                .verb = story->change,
                .actor = &scene->house->admin,
                .type = resource_type(KIND_CONNECTION),
                .ref = scene->okta.id,
                .wish = { .verb = story->verb,
                        .other = scene->entra.id,
                        .join_by = JOIN_EXTERNAL_ID,
                        .since_us = scene->since_us,
                        .confirm = -1 },
        };
}

static const struct actor system_actor = { .kind = ACTOR_SYSTEM, .root_no = 1 };

/* One by one, so that there are many steps. */
static struct change one_step(const struct scene *scene, const struct story *story)
{
        (void)scene;
        (void)story;
        return (struct change){ .verb = CHANGE_STEP, .actor = &system_actor, .type = resource_type(KIND_CONNECTION), .step.at_once = 1 };
}

/* ---- how it fails ---- */

struct play {
        struct scene scene;
        const struct story *story;
        int failures, steps;
};

static enum err try(struct play *play, struct change (*make)(const struct scene *, const struct story *), struct connection_job *ret_job)
{
        struct change change = make(&play->scene, play->story);
        change.arena = arena_new(16u << 20);
        enum err e = directory_change(play->scene.house->directory, &change, &play->scene.house->fault);
        *ret_job = change.job;
        arena_free(change.arena);
        return e;
}

/* Until there is nothing left to fail. */
static struct connection_job torture(struct play *play, struct change (*make)(const struct scene *, const struct story *))
{
        struct house *house = play->scene.house;
        struct connection_job job;
        int64_t digest = house_digest(house);
        for (long at = play->steps++ % stride(house);; at += stride(house)) {
                arm(house, at);
                enum err e = try(play, make, &job);
                bool failed = disarm();
                if (!e) {
                        if (failed)
                                fail_msg("step %d, failure %ld is not told", play->steps, at);
                        house_check(house);
                        return job;
                }
                assert_true(failed);
                if (e != atomic_load(&failing_with))
                        fail_msg("step %d, failure %ld: %s: %s", play->steps, at, error_row(e)->name, house->fault.message);
                if (house_digest(house) != digest)
                        fail_msg("step %d, failure %ld left a trace", play->steps, at);
                if (play->failures++ % 16 == 0)
                        house_check(house);
        }
}

/* What is there once it is done; without failures. */
static int64_t undisturbed(struct fixture *fixture, const struct story *story, bool by_steps)
{
        struct play play = { .scene = scene_open(fixture), .story = story };
        struct house *house = play.scene.house;
        struct connection_job job;
        story->furnish(&play.scene);
        assert_ok(try(&play, beginning, &job));
        if (!by_steps)
                house_continue_work(house);
        while (by_steps && job.connection_no)
                assert_ok(try(&play, one_step, &job));
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM connection_job"), 0);
        int64_t digest = house_digest(house);
        house_close(house);
        return digest;
}

/* A fixture is one database; each run needs a fresh one. */
static void renew(struct fixture *fixture)
{
        const char *reason;
        fixture_close(fixture);
        fixture_remove(fixture->folder);
        strcpy(fixture->folder, "/tmp/muster-store-XXXXXX");
        assert_non_null(mkdtemp(fixture->folder));
        (void)snprintf(fixture->path, sizeof fixture->path, "%s/muster.db", fixture->folder);
        (void)snprintf(fixture->url, sizeof fixture->url, "sqlite:%s", fixture->path);
        if (fixture->kind == ON_POSTGRES)
                assert_non_null(fixture_postgres_url(fixture->url, sizeof fixture->url, &reason));
        fixture_open(fixture);
}

static void play_steps(struct fixture *fixture, const struct story *story)
{
        int64_t expected = undisturbed(fixture, story, true);
        renew(fixture);
        struct play play = { .scene = scene_open(fixture), .story = story };
        struct house *house = play.scene.house;
        story->furnish(&play.scene);
        struct connection_job job = torture(&play, beginning);
        assert_int_equal(job.connection_no, play.scene.okta.no);
        while (job.connection_no) {
                job = torture(&play, one_step);
                if (play.steps % 3 == 0) /* whoever comes after a crash goes on */
                        house_restart(house);
        }
        print_message("%d steps, %d failures\n", play.steps, play.failures);
        assert_true(play.steps > 3 && play.failures * stride(play.scene.house) > play.steps);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM connection_job"), 0);
        assert_int_equal(house_digest(house), expected);
        house_close(house);
}

/* The call that does all of it, stopped by a failure anywhere; the scheduler finishes what was begun, and what was not is not there. */
static void play_whole(struct fixture *fixture, const struct story *story)
{
        int64_t expected = undisturbed(fixture, story, false);
        bool failed = true;
        long step = getenv("MUSTER_LONG") ? 11 : fixture->kind == ON_SQLITE ? 37 : 149;
        for (long at = 3; failed; at += step) {
                renew(fixture);
                struct play play = { .scene = scene_open(fixture), .story = story };
                struct house *house = play.scene.house;
                story->furnish(&play.scene);
                int64_t before = house_digest(house);
                struct change change = beginning(&play.scene, story);
                change.arena = house->arena;
                arm(house, at);
                enum err e = connection_work(house->directory, &change, clock_steady_us() + 60 * US_PER_S, &house->fault);
                failed = disarm();
                assert_int_equal(e, failed ? atomic_load(&failing_with) : ERR_OK);
                bool begun = house_number(house, "SELECT COUNT(*) FROM connection_job") == 1;
                if (failed && !begun) {
                        assert_int_equal(house_digest(house), before);
                } else {
                        house_check(house);
                        house_continue_work(house);
                        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM connection_job"), 0);
                        assert_int_equal(house_digest(house), expected);
                }
                house_check(house);
                house_close(house);
        }
}

#define STORY(name, number) \
        static void test_##name##_is_never_half(struct fixture *fixture) \
        { \
                play_steps(fixture, &stories[number]); \
        } \
        static void test_##name##_goes_on_where_it_was_stopped(struct fixture *fixture) \
        { \
                play_whole(fixture, &stories[number]); \
        }
STORY(R4_keep, 0)
STORY(R4_remove, 1)
STORY(R4_replace, 2)
STORY(R16_undo, 3)
STORY(R18_map, 4)

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_R4_keep_is_never_half, ON_BOTH),
                FIXTURE_TEST(test_R4_remove_is_never_half, ON_BOTH),
                FIXTURE_TEST(test_R4_replace_is_never_half, ON_BOTH),
                FIXTURE_TEST(test_R16_undo_is_never_half, ON_BOTH),
                FIXTURE_TEST(test_R18_map_is_never_half, ON_BOTH),
                FIXTURE_TEST(test_R4_keep_goes_on_where_it_was_stopped, ON_BOTH),
                FIXTURE_TEST(test_R4_remove_goes_on_where_it_was_stopped, ON_BOTH),
                FIXTURE_TEST(test_R4_replace_goes_on_where_it_was_stopped, ON_BOTH),
                FIXTURE_TEST(test_R16_undo_goes_on_where_it_was_stopped, ON_BOTH),
                FIXTURE_TEST(test_R18_map_goes_on_where_it_was_stopped, ON_BOTH),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
