/* SPDX-License-Identifier: Apache-2.0
 *
 * Whole documents: check, merge, names, index, schemas, difference. */
#include "model_fixture.h"

#define ENTERPRISE "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

static enum err check_text(enum resource_kind kind, const char *text, struct fault *fault)
{
        json_auto_t *document = json_of(text);

        memset(fault, 0, sizeof(*fault));
        return document_check(resource_type(kind), document, fault);
}

static void test_check_asks_for_required_and_one_primary(void **state)
{
        struct fault fault;

        assert_int_equal(check_text(KIND_USER, "{'userName':'a'}", &fault), ERR_OK);
        assert_int_equal(check_text(KIND_USER, "{}", &fault), ERR_VALUE);
        assert_string_equal(fault.field, "userName");
        assert_int_equal(check_text(KIND_USER, "{'userName':'a','emails':[{'primary':true},{'primary':false},{'primary':true}]}", &fault),
                ERR_VALUE);
        assert_string_equal(fault.field, "emails[2].primary");
        assert_int_equal(check_text(KIND_ORGANIZATION, "{'name':'x','slug':'Bad'}", &fault), ERR_VALUE);
        assert_string_equal(fault.field, "slug");
}

static void test_immutable_is_set_once(void **state)
{
        const struct resource_type *project = resource_type(KIND_PROJECT);
        json_auto_t *bare = json_of("{'slug':'a'}"), *first = json_of("{'slug':'a','organization':'1'}"),
                    *second = json_of("{'slug':'b','organization':'2'}"), *renamed = json_of("{'slug':'b','organization':'1'}");
        struct fault fault = { 0 };

        assert_int_equal(document_check_immutable(project, bare, first, &fault), ERR_OK);
        assert_int_equal(document_check_immutable(project, first, renamed, &fault), ERR_OK);
        assert_int_equal(document_check_immutable(project, first, second, &fault), ERR_MUTABILITY);
        assert_string_equal(fault.field, "organization");
        assert_int_equal(document_check_immutable(project, first, bare, &fault), ERR_MUTABILITY);
}

static void test_immutable_left_out_is_kept(void **state)
{
        const struct resource_type *project = resource_type(KIND_PROJECT);
        json_auto_t *bare = json_of("{'slug':'a'}"), *first = json_of("{'slug':'a','name':'n','organization':'1'}"),
                    *other = json_of("{'slug':'b','organization':'2'}");
        struct fault fault = { 0 };
        (void)state;

        assert_int_equal(document_keep_immutable(project, first, other, &fault), ERR_OK);
        assert_json(other, "{'slug':'b','organization':'2'}"); /* document_check_immutable refuses it */
        assert_int_equal(document_keep_immutable(project, bare, other, &fault), ERR_OK);
        assert_json(other, "{'slug':'b','organization':'2'}");
        assert_int_equal(document_keep_immutable(project, first, bare, &fault), ERR_VALUE); /* judged whole: name is required */
        assert_json(bare, "{'slug':'a','organization':'1'}");
}

static void test_merge_is_rfc_7396_without_empty_rests(void **state)
{
        static const char *const cases[][3] = {
                { "{'a':'b'}", "{'a':'c'}", "{'a':'c'}" },
                { "{'a':'b'}", "{'b':'c'}", "{'a':'b','b':'c'}" },
                { "{'a':'b'}", "{'a':null}", "{}" },
                { "{'a':['b']}", "{'a':'c'}", "{'a':'c'}" },
                { "{'a':'c'}", "{'a':['b']}", "{'a':['b']}" },
                { "{'a':{'b':'c'}}", "{'a':{'b':'d','c':null}}", "{'a':{'b':'d'}}" },
                { "{'a':{'b':'c'}}", "{'a':{'b':null}}", "{}" },
                { "{'e':null}", "{'a':{'bb':{'ccc':null}}}", "{'e':null}" },
                { "{'a':'b'}", "{'a':{'x':{'y':'z'}}}", "{'a':{'x':{'y':'z'}}}" },
        };

        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                json_auto_t *before = json_of(cases[i][0]), *patch = json_of(cases[i][1]), *merged = document_merge(before, patch);

                assert_json(merged, cases[i][2]);
                assert_json(before, cases[i][0]);
        }
}

static enum err name_of(struct fixture *f, enum resource_kind kind, const char *text, const char **ret)
{
        json_auto_t *document = json_of(text);

        *ret = NULL;
        return document_name(resource_type(kind), document, f->arena, ret, &f->fault);
}

/* R10: compared folded; not in the form of a UUID. */
static void test_R10_names_are_folded_and_refused(void **state)
{
        struct fixture *f = *state;
        const char *name;

        assert_int_equal(name_of(f, KIND_USER, "{'userName':'Ada@Example.ORG'}", &name), ERR_OK);
        assert_string_equal(name, "ada@example.org");
        assert_int_equal(name_of(f, KIND_USER,
                                 "{'userName':'Stra\xc3\x9f"
                                 "E'}",
                                 &name),
                ERR_OK);
        assert_string_equal(name, "strasse");
        assert_int_equal(name_of(f, KIND_USER, "{'userName':'e\xcc\x81'}", &name), ERR_OK);
        assert_string_equal(name, "\xc3\xa9");
        assert_int_equal(name_of(f, KIND_USER, "{'userName':'018F6A2E-0000-7000-8000-000000000001'}", &name), ERR_TAKEN);
        assert_int_equal(name_of(f, KIND_GROUP, "{'displayName':'018f6a2e-0000-7000-8000-000000000001'}", &name), ERR_OK);
        assert_int_equal(name_of(f, KIND_GRANT, "{'principal':'x'}", &name), ERR_OK);
        assert_null(name);
        assert_int_equal(name_of(f, KIND_PROJECT, "{'slug':'a-b','name':'x'}", &name), ERR_OK);
        assert_string_equal(name, "a-b");
}

static void test_R10_names_hold_no_hidden_space(void **state)
{
        static const char *const wrong[] = { "{}", "{'userName':1}", "{'userName':''}", "{'userName':' a'}", "{'userName':'a '}",
                "{'userName':' '}", "{'userName':'a\\tb'}", "{'userName':'a\\u007f'}",
                "{'userName':'\xc2\xa0"
                "a'}",
                "{'userName':'a\xe3\x80\x80'}", "{'userName':'a\xe2\x80\x8b'}",
                "{'userName':'\xef\xbb\xbf"
                "a'}",
                "{'userName':'a\\n'}" };
        struct fixture *f = *state;
        const char *name;

        for (size_t i = 0; i < COUNT_OF(wrong); i++) {
                assert_int_equal(name_of(f, KIND_USER, wrong[i], &name), ERR_VALUE);
                assert_string_equal(f->fault.field, "userName");
                assert_null(name);
        }
        assert_int_equal(name_of(f, KIND_USER, "{'userName':'Ada King'}", &name), ERR_OK);
}

struct seen {
        char text[256];
        enum err answer;
};

static enum err see(void *context, const struct index_value *value)
{
        struct seen *seen = context;
        size_t used = strlen(seen->text);

        (void)snprintf(seen->text + used, sizeof(seen->text) - used, "%lld %s %d;", (long long)value->number, value->value, value->ord);
        return seen->answer;
}

static void test_indexed_values_are_folded(void **state)
{
        struct fixture *f = *state;
        json_auto_t *document = json_of("{'userName':'a','emails':[{'value':'X@Y.Z'},{'type':'work'},{'value':'b'}],'title':'t'}");
        struct seen seen = { 0 };

        assert_int_equal(document_index(resource_type(KIND_USER), document, f->arena, see, &seen), ERR_OK);
        assert_string_equal(seen.text, "1 x@y.z 0;1 b 2;");
        seen = (struct seen){ .answer = ERR_CONFLICT };
        assert_int_equal(document_index(resource_type(KIND_USER), document, f->arena, see, &seen), ERR_CONFLICT);
        assert_string_equal(seen.text, "1 x@y.z 0;");
}

static void test_schemas_name_the_extensions_that_are_there(void **state)
{
        json_auto_t *bare = json_of("{'userName':'a'}"), *full = json_of("{'" ENTERPRISE "':{'department':'x'}}");
        const char *urns[EXTENSIONS_MAX + 1];

        assert_int_equal(document_schemas(resource_type(KIND_USER), bare, urns), 1);
        assert_string_equal(urns[0], URN_USER);
        assert_int_equal(document_schemas(resource_type(KIND_USER), full, urns), 2);
        assert_string_equal(urns[1], URN_ENTERPRISE_USER);
}

static void test_difference_names_every_change(void **state)
{
        json_auto_t *before =
                json_of("{'userName':'a','title':'t','name':{'givenName':'x'},'" ENTERPRISE "':{'department':'d','division':'v'}}");
        json_auto_t *after =
                json_of("{'userName':'a','name':{'givenName':'y'},'nickName':'n','" ENTERPRISE "':{'division':'w','costCenter':'c'}}");
        json_auto_t *difference = document_difference(before, after), *made = document_difference(NULL, after),
                    *same = document_difference(before, before), *gone = document_difference(before, NULL);

        assert_json(difference,
                "[{'attribute':'title','before':'t'},{'attribute':'name','before':{'givenName':'x'},'after':{'givenName':'y'}},"
                "{'attribute':'" ENTERPRISE ":department','before':'d'},{'attribute':'" ENTERPRISE ":division','before':'v','after':'w'},"
                "{'attribute':'nickName','after':'n'},{'attribute':'" ENTERPRISE ":costCenter','after':'c'}]");
        assert_int_equal(json_array_size(made), 5);
        assert_int_equal(json_array_size(gone), 5);
        assert_json(same, "[]");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
int main(void)
{
        static const struct CMUnitTest tests[] = {
                TEST(test_check_asks_for_required_and_one_primary),
                TEST(test_immutable_is_set_once),
                TEST(test_immutable_left_out_is_kept),
                TEST(test_merge_is_rfc_7396_without_empty_rests),
                TEST(test_R10_names_are_folded_and_refused),
                TEST(test_R10_names_hold_no_hidden_space),
                TEST(test_indexed_values_are_folded),
                TEST(test_schemas_name_the_extensions_that_are_there),
                TEST(test_difference_names_every_change),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
