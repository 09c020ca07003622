/* SPDX-License-Identifier: Apache-2.0
 *
 * A story of changes in which every step fails at every place before it succeeds: each statement and the COMMIT (as a database that is
 * away, and as a full one), each allocation of JSON, the request's arena at every size. A failed step leaves no trace in rows, ledger,
 * counters or graph, leaks nothing, and the same step succeeds afterwards. An ordinary run tries some of the places, others in each step,
 * MUSTER_LONG=1 every one. */
#include "directory/house.h"
#include <stdatomic.h>

/* ---- what fails ---- */

enum torture { TORTURE_STATEMENTS, TORTURE_JSON, TORTURE_ARENA };

static atomic_long left; /* before the failure; below zero: nothing fails */
static enum err failing_with;
static _Thread_local bool is_test_thread;

static bool is_due(void)
{
        return atomic_load(&left) >= 0 && atomic_fetch_sub(&left, 1) == 0;
}

static enum err fail_statement(void *context, enum statement statement, struct fault *fault)
{
        (void)context;
        (void)statement;
        return is_due() ? fault_set(fault, failing_with, "", "as the test wishes") : ERR_OK;
}

static void *fail_allocation(size_t size)
{
        if (!is_test_thread && is_due())
                return NULL;
        return malloc(size);
}

/* ---- one step ---- */

struct story {
        struct house *house;
        enum torture torture;
        int steps, failures;
};

static long stride(const struct story *story)
{
        static const long on_sqlite[] = { [TORTURE_STATEMENTS] = 3, [TORTURE_JSON] = 5, [TORTURE_ARENA] = 5 };
        return getenv("MUSTER_LONG") ? 1 : story->house->fixture->kind == ON_SQLITE ? on_sqlite[story->torture] : 11;
}

#define ARENA_STEP_BYTES 96

static void arm(struct story *story, long at)
{
        atomic_store(&left, -1);
        if (story->torture != TORTURE_ARENA)
                atomic_store(&left, at);
        else
                story->house->change_arena = arena_new((size_t)at * ARENA_STEP_BYTES);
}

static bool disarm(struct story *story)
{
        bool fired = story->torture == TORTURE_ARENA || atomic_load(&left) < 0;
        atomic_store(&left, -1);
        if (story->house->change_arena)
                arena_free(STEAL(story->house->change_arena));
        return fired;
}

static uint64_t unloads(const struct story *story)
{
        return access_counters(story->house->directory->access).unloads;
}

/* Runs the step until nothing is left to fail; returns its id. */
FORMAT(6, 7)
static const char *step(struct story *story, const struct actor *actor, enum change_verb verb, enum resource_kind kind, const char *ref,
        const char *format, ...)
{
        struct house *house = story->house;
        struct change wanted = house->want;
        char text[1024] = "";
        va_list arguments;
        va_start(arguments, format);
        if (format)
                (void)vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        int64_t digest = house_digest(house);
        for (long at = story->steps++ % stride(story);; at += stride(story)) {
                arm(story, at);
                house->want = wanted;
                uint64_t unloaded = unloads(story);
                enum err e = house_change(house, actor, verb, kind, ref, format ? text : NULL);
                char id[UUID_TEXT_SIZE];
                memcpy(id, house->done.after.resource.id, sizeof id);
                bool fired = disarm(story);
                if (e == ERR_OK) {
                        /* The arena is not used up to its end; all others fail as long as there is something to fail. What fails behind the
                           commit takes the graph out of memory. */
                        if (story->torture != TORTURE_ARENA && fired && unloads(story) == unloaded)
                                fail_msg("verb %d of %s with %s: failure %ld is not told", verb, resource_type(kind)->word, text, at);
                        assert_true(house->done.changed);
                        house_check(house);
                        return arena_strdup(house->arena, id);
                }
                enum err expected = story->torture == TORTURE_STATEMENTS ? failing_with : ERR_MEMORY;
                if (e != expected && !(e == ERR_INTERNAL && strstr(house->fault.message, "written as JSON"))) /* not told as memory there */
                        fail_msg("verb %d of %s with %s, failure %ld: %s: %s", verb, resource_type(kind)->word, text, at,
                                error_row(e)->name, house->fault.message);
                story->failures++;
                if (house_digest(house) != digest)
                        fail_msg("verb %d of %s, failure %ld left a trace", verb, resource_type(kind)->word, at);
                if (at % 16 == 0)
                        house_check(house);
        }
}

#define STEP_PATCH(operations) "{\"schemas\":[\"" URN_PATCH "\"],\"Operations\":[" operations "]}"

static void tell(struct story *story)
{
        struct house *house = story->house;
        const struct actor *admin = &house->admin;
        (void)step(story, admin, CHANGE_CREATE, KIND_CONNECTION, NULL, "{\"name\":\"okta\",\"kind\":\"scim\"}");
        struct actor okta = house_actor(house, house->token);
        const char *ann = step(story, &okta, CHANGE_CREATE, KIND_USER, NULL,
                "{\"userName\":\"ann\",\"externalId\":\"x1\",\"emails\":[{\"value\":\"Ann@a.example\",\"primary\":true},{\"value\":\"b@a."
                "example\"}],"
                "\"name\":{\"givenName\":\"Ann\"},\"" URN_ENTERPRISE_USER "\":{\"department\":\"D\"}}");
        const char *ben = step(story, &okta, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"ben\",\"externalId\":\"x2\"}");
        const char *crew = step(story, &okta, CHANGE_CREATE, KIND_GROUP, NULL,
                "{\"displayName\":\"crew\",\"externalId\":\"g1\",\"members\":[{\"value\":\"%s\"},{\"value\":\"%s\"}]}", ann, ben);
        (void)step(story, &okta, CHANGE_PATCH, KIND_USER, ann,
                STEP_PATCH("{\"op\":\"replace\",\"path\":\"active\",\"value\":false},{\"op\":\"add\",\"path\":\"emails\",\"value\":[{"
                           "\"value\":"
                           "\"c@a.example\"}]},{\"op\":\"replace\",\"path\":\"externalId\",\"value\":\"x9\"}"));
        (void)step(story, &okta, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"ann\",\"externalId\":\"x9\",\"title\":\"Dr\"}");
        (void)step(story, &okta, CHANGE_PATCH, KIND_GROUP, crew,
                STEP_PATCH("{\"op\":\"remove\",\"path\":\"members[value eq \\\"%s\\\"]\"}"), ben);
        (void)step(story, &okta, CHANGE_PATCH, KIND_GROUP, crew,
                STEP_PATCH(
                        "{\"op\":\"add\",\"path\":\"members\",\"value\":[{\"value\":\"%s\"}]},{\"op\":\"replace\",\"path\":\"displayName\","
                        "\"value\":\"Crew 2\"}"),
                ben);
        (void)step(story, &okta, CHANGE_REPLACE, KIND_GROUP, crew, "{\"displayName\":\"crew\",\"members\":[{\"value\":\"%s\"}]}", ann);
        (void)step(story, &okta, CHANGE_REPLACE, KIND_USER, ben, "{\"userName\":\"ben2\",\"nickName\":\"B\"}");
        const char *local = step(story, admin, CHANGE_CREATE, KIND_GROUP, NULL, "{\"displayName\":\"local\"}");
        (void)step(story, admin, CHANGE_MEMBERS_ADD, KIND_GROUP, local, "[\"ben2\",\"%s\",\"bootstrap\"]", ann);
        const char *grant = step(story, admin, CHANGE_CREATE, KIND_GRANT, NULL,
                "{\"principal\":\"%s\",\"role\":\"auditor\",\"reason\":\"because\",\"until\":\"2999-01-01T00:00:00Z\"}", local);
        (void)step(story, admin, CHANGE_MERGE, KIND_GRANT, grant, "{\"until\":null,\"reason\":\"still\"}");
        (void)step(story, admin, CHANGE_MEMBERS_REMOVE, KIND_GROUP, local, "[\"ben2\"]");
        (void)step(story, admin, CHANGE_MERGE, KIND_USER, ann, "{\"active\":false}");
        (void)step(story, admin, CHANGE_MERGE, KIND_USER, ann, "{\"active\":true}");
        house->want.role = "member";
        const char *robot = step(story, admin, CHANGE_CREATE, KIND_IDENTITY, NULL, "{\"name\":\"robot\"}");
        (void)step(story, admin, CHANGE_ROTATE, KIND_IDENTITY, robot, NULL);
        (void)step(story, admin, CHANGE_MERGE, KIND_IDENTITY, robot, "{\"active\":false,\"description\":\"x\"}");
        (void)step(story, admin, CHANGE_DELETE, KIND_IDENTITY, robot, NULL);
        const char *app = step(story, admin, CHANGE_CREATE, KIND_PROJECT, NULL, "{\"slug\":\"app\",\"name\":\"App\"}");
        struct actor boss = house_identity(house, "boss", "admin"); /* who made the project has access */
        (void)step(story, &boss, CHANGE_GAIN_ACCESS, KIND_PROJECT, app, NULL);
        (void)step(story, admin, CHANGE_DELETE, KIND_PROJECT, app, NULL);
        (void)step(story, admin, CHANGE_CREATE, KIND_ORGANIZATION, NULL, "{\"slug\":\"kid\",\"name\":\"Kid\"}");
        (void)step(story, &okta, CHANGE_DELETE, KIND_USER, ann, NULL);
        const char *again = step(story, &okta, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"ann\",\"externalId\":\"x9\"}");
        house->want.replace = again;
        (void)step(story, admin, CHANGE_RESTORE, KIND_USER, ann, NULL);
        (void)step(story, admin, CHANGE_DELETE, KIND_USER, ann, NULL);
        (void)step(story, admin, CHANGE_PURGE, KIND_USER, ann, NULL);
        (void)step(story, &okta, CHANGE_DELETE, KIND_GROUP, crew, NULL);
        (void)step(story, admin, CHANGE_DELETE, KIND_GRANT, grant, NULL);
        struct actor replayed = okta;
        replayed.replayed_by = admin;
        replayed.replay_of = 7;
        (void)step(story, &replayed, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"replayed\"}");
        (void)step(story, admin, CHANGE_MERGE, KIND_CONNECTION, okta.id, "{\"allowed_addresses\":[\"192.0.2.0/24\"]}");
        house->want.scopes = SCOPE_USERS;
        (void)step(story, admin, CHANGE_ROTATE, KIND_CONNECTION, okta.id, NULL);
        house->want.capture_s = 60;
        (void)step(story, admin, CHANGE_CAPTURE, KIND_CONNECTION, okta.id, NULL);
        /* R8, R13: a ceiling is raised, a tie is judged by it, a user with an admin role is approved and adopted. */
        (void)step(story, admin, CHANGE_CREATE, KIND_CONNECTION, NULL,
                "{\"name\":\"entra\",\"kind\":\"scim\",\"upstream\":\"okta\",\"adoption\":\"same_upstream\"}");
        struct actor entra = house_actor(house, house->token);
        const char *high = step(story, &entra, CHANGE_CREATE, KIND_GROUP, NULL, "{\"displayName\":\"high\"}");
        (void)step(story, admin, CHANGE_MERGE, KIND_CONNECTION, entra.id, "{\"ceiling\":[\"organization:admin\",\"project:viewer\"]}");
        (void)step(story, admin, CHANGE_CREATE, KIND_GRANT, NULL, "{\"principal\":\"%s\",\"role\":\"admin\"}", high);
        const char *low = step(story, &entra, CHANGE_CREATE, KIND_GROUP, NULL, "{\"displayName\":\"low\"}");
        (void)step(story, &entra, CHANGE_PATCH, KIND_GROUP, high,
                STEP_PATCH("{\"op\":\"add\",\"path\":\"members\",\"value\":[{\"value\":\"%s\"}]}"), low);
        const char *chief = step(story, &okta, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"chief\",\"externalId\":\"x7\"}");
        (void)step(story, admin, CHANGE_CREATE, KIND_GRANT, NULL, "{\"principal\":\"%s\",\"role\":\"admin\"}", chief);
        house->want.user = chief;
        (void)step(story, admin, CHANGE_ADOPTION, KIND_CONNECTION, entra.id, NULL);
        (void)step(story, &entra, CHANGE_REPLACE, KIND_USER, chief, "{\"userName\":\"evil\",\"externalId\":\"e7\",\"title\":\"Dr\"}");
        /* R6, R10, R13: a domain, who is adopted by it, a name that is judged by it. */
        house->want.operator_verified = true;
        (void)step(story, admin, CHANGE_CREATE, KIND_DOMAIN, NULL, "{\"name\":\"a.example\"}");
        (void)step(story, admin, CHANGE_MERGE, KIND_CONNECTION, entra.id, "{\"adoption\":\"verified_domain\",\"domains\":[\"A.example\"]}");
        const char *mail =
                step(story, admin, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"zoe\",\"emails\":[{\"value\":\"zoe@a.example\"}]}");
        (void)step(story, &entra, CHANGE_REPLACE, KIND_USER, mail, "{\"userName\":\"x\",\"title\":\"Dr\"}");
        (void)step(story, &entra, CHANGE_CREATE, KIND_USER, NULL,
                "{\"userName\":\"new@a.example\",\"emails\":[{\"value\":\"q@a.example\"},{\"value\":\"r@a.example\","
                "\"primary\":true}]}");
        (void)step(story, &entra, CHANGE_REPLACE, KIND_USER, mail, "{\"userName\":\"q@a.example\"}");
        (void)step(story, admin, CHANGE_MERGE, KIND_CONNECTION, entra.id, "{\"adoption\":\"refuse\",\"domains\":null}");
        (void)step(story, admin, CHANGE_DELETE, KIND_DOMAIN, "a.example", NULL);
        (void)step(story, admin, CHANGE_MERGE, KIND_CONNECTION, okta.id, "{\"profile\":\"strict\",\"active\":false}");
        /* R18: rules into a group and to a role, before there is anybody and after; a value comes, goes, and its user ends. */
        (void)step(story, admin, CHANGE_CREATE, KIND_CONNECTION, NULL, "{\"name\":\"rules\",\"kind\":\"scim\"}");
        struct actor rules = house_actor(house, house->token);
        const char *mapped = step(story, admin, CHANGE_CREATE, KIND_GROUP, NULL, "{\"displayName\":\"mapped\"}");
        const char *rule = step(story, admin, CHANGE_CREATE, KIND_MAPPING_RULE, NULL,
                "{\"connection\":\"rules\",\"attribute\":\"roles[type eq \\\"\u00e4\\\"].value\",\"values\":[\"v\"],\"group\":\"%s\"}",
                mapped);
        const char *val = step(story, &rules, CHANGE_CREATE, KIND_USER, NULL,
                "{\"userName\":\"val\",\"externalId\":\"v1\",\"roles\":[{\"value\":\"v\",\"type\":\"\u00c4\"}]}");
        assert_true(house_is_member(house, mapped, val));
        (void)step(story, admin, CHANGE_CREATE, KIND_MAPPING_RULE, NULL,
                "{\"connection\":\"rules\",\"attribute\":\"title\",\"prefix\":\"D\",\"role\":\"member\"}");
        (void)step(story, &rules, CHANGE_REPLACE, KIND_USER, val, "{\"userName\":\"val\",\"externalId\":\"v1\",\"title\":\"Dr\"}");
        assert_false(house_is_member(house, mapped, val));
        (void)step(story, &rules, CHANGE_PATCH, KIND_USER, val,
                STEP_PATCH("{\"op\":\"add\",\"path\":\"roles\",\"value\":[{\"value\":\"v\",\"type\":\"\u00e4\"}]}"));
        (void)step(story, admin, CHANGE_MERGE, KIND_MAPPING_RULE, rule, "{\"values\":[\"w\"]}");
        (void)step(story, &rules, CHANGE_DELETE, KIND_USER, val, NULL);
        (void)step(story, admin, CHANGE_DELETE, KIND_MAPPING_RULE, rule, NULL);
        /* R9: made, given a role, marked anew together with something else, deleted, restored. */
        house->want.break_glass = BREAK_GLASS_MARK;
        const char *glass = step(story, admin, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"glass\"}");
        (void)step(story, admin, CHANGE_CREATE, KIND_GRANT, NULL, "{\"principal\":\"%s\",\"role\":\"auditor\"}", glass);
        house->want.break_glass = BREAK_GLASS_UNMARK;
        (void)step(story, admin, CHANGE_MERGE, KIND_USER, glass, "{}");
        house->want.break_glass = BREAK_GLASS_MARK;
        (void)step(story, admin, CHANGE_MERGE, KIND_USER, glass, "{\"title\":\"Dr\"}");
        (void)step(story, admin, CHANGE_DELETE, KIND_USER, glass, NULL);
        (void)step(story, admin, CHANGE_RESTORE, KIND_USER, glass, NULL);
}

static void torture(struct fixture *fixture, enum torture torture)
{
        is_test_thread = true;
        struct story story = { .house = house_open(fixture), .torture = torture };
        if (torture == TORTURE_JSON)
                json_set_alloc_funcs(fail_allocation, free);
        store_set_fault_hook_for_test(story.house->directory->store, torture == TORTURE_STATEMENTS ? fail_statement : NULL, NULL);
        tell(&story);
        print_message("%d failures\n", story.failures);
        assert_true(story.failures > 300 / stride(&story));
        house_check(story.house);
        json_set_alloc_funcs(malloc, free);
        house_close(story.house);
}

static void test_every_statement_fails_once_as_if_the_database_were_away(struct fixture *fixture)
{
        failing_with = ERR_UNAVAILABLE;
        torture(fixture, TORTURE_STATEMENTS);
}

static void test_every_statement_fails_once_as_if_the_disk_were_full(struct fixture *fixture)
{
        failing_with = ERR_STORAGE_FULL;
        torture(fixture, TORTURE_STATEMENTS);
}

static void test_every_allocation_of_json_fails_once(struct fixture *fixture)
{
        torture(fixture, TORTURE_JSON);
}

static void test_the_arena_ends_at_every_size(struct fixture *fixture)
{
        torture(fixture, TORTURE_ARENA);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_every_statement_fails_once_as_if_the_database_were_away, ON_BOTH),
                FIXTURE_TEST(test_every_statement_fails_once_as_if_the_disk_were_full, ON_SQLITE),
                FIXTURE_TEST(test_every_allocation_of_json_fails_once, ON_SQLITE),
                FIXTURE_TEST(test_the_arena_ends_at_every_size, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
