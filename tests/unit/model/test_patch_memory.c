/* SPDX-License-Identifier: Apache-2.0
 *
 * PATCH when memory runs out: each allocation of jansson fails in turn, and the arena ends at every size. Either the right result or an
 * error, never half of one. */
#include "patch_fixture.h"

static size_t until_failure = SIZE_MAX; /* allocations left; SIZE_MAX: none fails */

static void *failing_malloc(size_t size)
{
        if (until_failure == 0)
                return NULL;
        if (until_failure != SIZE_MAX)
                until_failure--;
        return malloc(size);
}

static const char before_text[] =
        "{'userName':'u','id':'7','active':true,'name':{'givenName':'g'},'emails':[{'value':'\xc3\x84@x','type':'work','primary':true},"
        "{'value':'b@x'}],'" ENTERPRISE "':{'manager':{'value':'m'}}}";
static const char operations_text[] =
        "[{'op':'add','path':'title','value':7},{'op':'replace','value':{'name.familyName':'f','" ENTERPRISE ":department':'d'}},"
        "{'op':'add','path':'emails','value':[{'value':'c@x','primary':'True'},{'value':'b@x','display':'d'}]},"
        "{'op':'add','path':'emails[type eq "
        "\\'home\\'].value','value':'h@x'},{'op':'remove','path':'emails','value':[{'value':'\xc3\xa4@X'}]},"
        "{'op':'replace','path':'emails[value sw \\'C@\\'].display','value':'\xc3\xa9'},{'op':'replace','path':'" ENTERPRISE
        ":manager','value':'n'},{'op':'remove','path':'" ENTERPRISE ":manager[value eq \\'n\\']'},"
        "{'op':'replace','path':'emails[value eq \\'b@x\\']','value':{'value':'q@x','primary':true}}]";

static enum err apply(struct arena *arena, const json_t *before, const json_t *message, json_t **ret)
{
        struct leniency leniency = { 0 };
        struct patch patch = { resource_type(KIND_USER), before, &leniency, arena };
        struct patch_result result = { 0 };
        struct fault fault = { 0 };
        enum err e = patch_apply(&patch, message, &result, &fault);
        *ret = result.document;
        return e;
}

struct torture {
        json_t *before, *message, *expected;
};

static int torture_setup(void **state)
{
        struct torture *torture = calloc(1, sizeof(*torture));
        until_failure = SIZE_MAX;
        torture->before = json_of(before_text);
        torture->message = json_pack("{s:[s], s:o}", "schemas", URN_PATCH, "Operations", json_of(operations_text));
        struct arena *arena = arena_new((size_t)1 << 20);
        assert_int_equal(apply(arena, torture->before, torture->message, &torture->expected), ERR_OK);
        arena_free(arena);
        *state = torture;
        return 0;
}

static int torture_teardown(void **state)
{
        struct torture *torture = *state;
        until_failure = SIZE_MAX;
        json_decref(torture->before);
        json_decref(torture->message);
        json_decref(torture->expected);
        free(torture);
        return 0;
}

static void assert_whole(const struct torture *torture, enum err e, json_t *document)
{
        if (e != ERR_OK && e != ERR_MEMORY && e != ERR_TOO_LARGE)
                fail_msg("%s", error_row(e)->name);
        if (e == ERR_OK)
                assert_true(json_equal(document, torture->expected));
        else
                assert_null(document);
        json_decref(document);
}

static void test_every_allocation_of_json_fails_in_turn(void **state)
{
        const struct torture *torture = *state;
        json_t *untouched = json_deep_copy(torture->before);
        enum err e = ERR_MEMORY;
        size_t n = 0;
        for (; e != ERR_OK; n++) {
                struct arena *arena = arena_new((size_t)1 << 20);
                json_t *document = NULL;
                assert_true(n < 10000);
                until_failure = n;
                e = apply(arena, torture->before, torture->message, &document);
                until_failure = SIZE_MAX;
                assert_whole(torture, e, document);
                arena_free(arena);
        }
        assert_true(n > 20);
        assert_true(json_equal(torture->before, untouched));
        json_decref(untouched);
}

static void test_the_arena_ends_at_every_size(void **state)
{
        const struct torture *torture = *state;
        size_t refused = 0;
        for (size_t ceiling = 1; ceiling < 8192; ceiling += 16) {
                struct arena *arena = arena_new(ceiling);
                json_t *document = NULL;
                enum err e = apply(arena, torture->before, torture->message, &document);
                refused += e != ERR_OK;
                assert_whole(torture, e, document);
                arena_free(arena);
        }
        assert_true(refused > 20);
}

static void test_reading_fails_at_every_allocation(void **state)
{
        static const char *const texts[] = {
                "{\"Operations\":[{\"op\":\"add\",\"path\":\"members\",\"value\":[{\"value\":\"a\"},{\"value\":\"b\"}]}]}",
                "{\"Operations\":[{\"op\":\"add\",\"path\":\"displayName\",\"value\":[{\"value\":\"a\"}]}]}", /* is read again */
        };
        for (size_t i = 0; i < COUNT_OF(texts); i++) {
                enum err e = ERR_MEMORY;
                size_t n = 0;
                for (; e != ERR_OK; n++) {
                        struct arena *arena = arena_new((size_t)1 << 20);
                        struct patch_lists lists;
                        struct fault fault = { 0 };
                        json_t *message = NULL;
                        assert_true(n < 100);
                        until_failure = n;
                        e = patch_read(resource_type(KIND_GROUP), arena, texts[i], strlen(texts[i]), &message, &lists, &fault);
                        until_failure = SIZE_MAX;
                        assert_true(e ? e == ERR_MEMORY && !message && !lists.count : message && (lists.count == 0 || i == 0));
                        json_decref(message);
                        arena_free(arena);
                }
                assert_true(n > 10);
        }
        (void)state;
}

int main(void)
{
        json_set_alloc_funcs(failing_malloc, free);
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_every_allocation_of_json_fails_in_turn, torture_setup, torture_teardown),
                cmocka_unit_test_setup_teardown(test_the_arena_ends_at_every_size, torture_setup, torture_teardown),
                cmocka_unit_test_setup_teardown(test_reading_fails_at_every_allocation, torture_setup, torture_teardown),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
