/* SPDX-License-Identifier: Apache-2.0
 *
 * Random PATCH messages against properties that hold for all of them: operations one by one give what they give together, every result
 * passes document_check and holds no unassigned value, a document written over itself changes nothing. The seed is fixed: a failure
 * repeats. */
#include "patch_fixture.h"

#define TRIALS 4000
#define OPERATIONS_MAX 6

static uint64_t seed = 20261121;

static size_t random_below(size_t limit)
{
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        return (size_t)(seed % limit);
}

#define WORK "[type eq \\'work\\']"

static const char *const verbs[] = { "add", "replace", "remove", "Add", "REPLACE" };
static const char *const paths[] = {
        NULL,
        "title",
        "TITLE",
        "active",
        "externalId",
        "userName",
        "id",
        "name",
        "name.givenName",
        "name.familyName",
        "emails",
        "emails.value",
        "emails.primary",
        "emails" WORK,
        "emails" WORK ".value",
        "emails" WORK ".primary",
        "emails" WORK ".type",
        "emails[value eq \\'a\\']",
        "emails[value eq \\'a\\'].value",
        "emails[primary eq true].value",
        "emails[type pr or value pr].display",
        "roles",
        "roles[primary eq \\'True\\'].value",
        "addresses",
        "addresses" WORK,
        "addresses" WORK ".locality",
        ENTERPRISE,
        ENTERPRISE ":department",
        ENTERPRISE ":manager",
        ENTERPRISE ":manager.value",
        ENTERPRISE ":manager[value eq \\'m\\']",
        "groups",
        "meta",
        "unheard",
        "password",
        "urn:x:y",
        "emails[",
        "title.x",
};
static const char *const values[] = {
        "'a'",
        "'b'",
        "'True'",
        "true",
        "false",
        "null",
        "[]",
        "{}",
        "7",
        "'work'",
        "'home'",
        "[{'value':'a'}]",
        "{'value':'a','type':'work'}",
        "[{'value':'a','type':'work','primary':true},{'value':'b','type':'home'}]",
        "[{'value':'b','primary':'True'}]",
        "[{'value':''}]",
        "{'givenName':'g','familyName':null}",
        "{'locality':'l'}",
        "[{'locality':'l','type':'work'}]",
        "{'department':'d'}",
        "{'manager':'m'}",
        "{'value':'m'}",
        "['m']",
        "{'title':'t','name.givenName':'g','emails" WORK ".value':'w'}",
        "{'name':{'familyName':'f'},'" ENTERPRISE ":department':'d','id':'7'}",
        "{'emails':[{'value':'c','type':'work','primary':true}]}",
        "{'" ENTERPRISE "':{'manager':{'value':'m'},'division':null},'active':'False'}",
};

static void random_operation(char *into, size_t size)
{
        const char *path = paths[random_below(COUNT_OF(paths))];
        const char *value = random_below(8) == 0 ? NULL : values[random_below(COUNT_OF(values))];
        snprintf(into, size, "{'op':'%s'%s%s%s%s%s}", verbs[random_below(COUNT_OF(verbs))], path ? ",'path':'" : "", path ? path : "",
                path ? "'" : "", value ? ",'value':" : "", value ? value : "");
}

static json_t *message_of(json_t *operations)
{
        return json_pack("{s:[s], s:O}", "schemas", URN_PATCH, "Operations", operations);
}

/* Nothing in a document is null, [] or {}. */
static void assert_is_tidy(const json_t *value)
{
        const char *key;
        json_t *member;
        assert_false(json_is_null(value));
        assert_false(json_is_array(value) && json_array_size(value) == 0);
        assert_false(json_is_object(value) && json_object_size(value) == 0);
        json_object_foreach ((json_t *)value, key, member)
                assert_is_tidy(member);
        for (size_t i = 0; i < json_array_size(value); i++)
                assert_is_tidy(json_array_get(value, i));
}

/* One by one; the first error, and the document after the last good one (new reference). */
static enum err apply_singly(const json_t *before, json_t *operations, json_t **ret)
{
        *ret = json_incref((json_t *)before);
        for (size_t i = 0; i < json_array_size(operations); i++) {
                json_auto_t *one = json_pack("[O]", json_array_get(operations, i));
                json_auto_t *message = message_of(one);
                struct patch_fixture fixture = { 0 };
                enum err e = patch_json(&fixture, KIND_USER, *ret, message);
                if (!e) {
                        json_decref(*ret);
                        *ret = STEAL(fixture.result.document);
                }
                patch_fixture_done(&fixture);
                if (e)
                        return e;
        }
        return ERR_OK;
}

static void assert_same_over_itself(json_t *document, const char *verb)
{
        json_auto_t *operations = json_pack("[{s:s, s:O}]", "op", verb, "value", document);
        json_auto_t *message = message_of(operations);
        struct patch_fixture fixture = { 0 };
        if (patch_json(&fixture, KIND_USER, document, message))
                fail_msg("%s over itself: %s: %s", verb, fixture.fault.message, json_dumps(document, 0));
        if (fixture.result.changed)
                fail_msg("%s over itself: %s became %s", verb, json_dumps(document, 0), json_dumps(fixture.result.document, 0));
        patch_fixture_done(&fixture);
}

static void test_random_messages(void **state)
{
        json_t *document = json_of("{'userName':'u','id':'7','active':true}");
        size_t applied = 0, refused = 0;
        for (int trial = 0; trial < TRIALS; trial++) {
                json_auto_t *operations = json_array(), *singly = NULL;
                for (size_t i = random_below(OPERATIONS_MAX) + 1; i > 0; i--) {
                        char text[1024];
                        random_operation(text, sizeof(text));
                        json_array_append_new(operations, json_of(text));
                }
                json_auto_t *message = message_of(operations), *untouched = json_deep_copy(document);
                struct patch_fixture together = { 0 };
                enum err e = patch_json(&together, KIND_USER, document, message);
                enum err e_singly = apply_singly(document, operations, &singly);
                assert_true(json_equal(document, untouched));
                if (e != e_singly)
                        fail_msg("%s together, %s singly (%s): %s on %s", error_row(e)->name, error_row(e_singly)->name,
                                together.fault.message, json_dumps(operations, 0), json_dumps(document, 0));
                refused += e != ERR_OK;
                if (e == ERR_OK) {
                        applied++;
                        assert_true(json_equal(together.result.document, singly));
                        assert_int_equal(document_check(resource_type(KIND_USER), singly, NULL), ERR_OK);
                        assert_is_tidy(singly);
                        assert_same_over_itself(singly, "add");
                        assert_same_over_itself(singly, "replace");
                        json_decref(document);
                        document = STEAL(singly);
                }
                patch_fixture_done(&together);
        }
        json_decref(document);
        print_message("%zu applied, %zu refused\n", applied, refused);
        assert_true(applied > TRIALS / 20);
}

int main(void)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test(test_random_messages) };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
