/* SPDX-License-Identifier: Apache-2.0
 *
 * attributes and excludedAttributes: what stays and what goes. */
#include "model_fixture.h"

#include "model/select.h"

#define ENTERPRISE "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
#define CORE_URN "URN:ietf:params:scim:schemas:core:2.0:User"
#define RESOURCE \
        "{'schemas':['s'],'id':'1','externalId':'e','userName':'a','name':{'givenName':'g','familyName':'f'}," \
        "'emails':[{'value':'x','type':'work'},{'type':'home'}],'groups':[{'value':'g1'}],'meta':{'version':'v','location':'l'}," \
        "'" ENTERPRISE "':{'department':'d','manager':{'value':'m','$ref':'r'}}}"

static const struct selection *parse(struct fixture *f, const char *attributes, const char *excluded)
{
        const struct selection *selection = NULL;

        assert_int_equal(selection_parse(f->accept.type, attributes, excluded, f->arena, &f->leniency, &selection, &f->fault), ERR_OK);
        return selection;
}

static void assert_selects(struct fixture *f, const char *attributes, const char *excluded, const char *expected)
{
        json_auto_t *resource = json_of(RESOURCE);

        assert_int_equal(selection_apply(parse(f, attributes, excluded), f->accept.type, resource), ERR_OK);
        assert_json(resource, expected);
}

static void test_attributes_show_only_what_is_named(void **state)
{
        assert_selects(*state, "USERNAME", NULL, "{'schemas':['s'],'id':'1','userName':'a'}");
        assert_selects(*state, "name.givenName, emails.value", NULL,
                "{'schemas':['s'],'id':'1','name':{'givenName':'g'},'emails':[{'value':'x'}]}");
        assert_selects(*state, "name.givenName,name", NULL, "{'schemas':['s'],'id':'1','name':{'givenName':'g','familyName':'f'}}");
        assert_selects(*state, "meta.version,externalId", NULL, "{'schemas':['s'],'id':'1','externalId':'e','meta':{'version':'v'}}");
        assert_selects(*state, "nosuch", NULL, "{'schemas':['s'],'id':'1'}");
        assert_selects(*state, "urn:ietf:params:scim:schemas:core:2.0:User:userName", NULL, "{'schemas':['s'],'id':'1','userName':'a'}");
}

static void test_attributes_of_extensions(void **state)
{
        assert_selects(*state, ENTERPRISE ":department", NULL, "{'schemas':['s'],'id':'1','" ENTERPRISE "':{'department':'d'}}");
        assert_selects(*state, ENTERPRISE ":manager.value", NULL, "{'schemas':['s'],'id':'1','" ENTERPRISE "':{'manager':{'value':'m'}}}");
        assert_selects(*state, ENTERPRISE, NULL,
                "{'schemas':['s'],'id':'1','" ENTERPRISE "':{'department':'d','manager':{'value':'m','$ref':'r'}}}");
}

static void test_the_urn_of_the_core_means_what_the_core_defines(void **state)
{
        struct fixture *f = *state;

        assert_selects(f, CORE_URN, NULL,
                "{'schemas':['s'],'id':'1','userName':'a','name':{'givenName':'g','familyName':'f'},"
                "'emails':[{'value':'x','type':'work'},{'type':'home'}],'groups':[{'value':'g1'}]}");
        assert_selects(f, NULL, CORE_URN,
                "{'schemas':['s'],'id':'1','externalId':'e','meta':{'version':'v','location':'l'},"
                "'" ENTERPRISE "':{'department':'d','manager':{'value':'m','$ref':'r'}}}");
        assert_true(selection_wants(parse(f, CORE_URN, NULL), f->accept.type, "groups"));
        assert_false(selection_wants(parse(f, NULL, CORE_URN), f->accept.type, "groups"));
        assert_false(selection_wants(parse(f, CORE_URN, NULL), f->accept.type, "meta"));
}

static void test_excluded_attributes_hide_what_is_named(void **state)
{
        assert_selects(*state, NULL, "id,schemas,groups,meta,emails,externalId," ENTERPRISE,
                "{'schemas':['s'],'id':'1','userName':'a','name':{'givenName':'g','familyName':'f'}}");
        assert_selects(*state, NULL, "groups,meta,externalId,emails.type,name.givenName,name.familyName," ENTERPRISE ":manager",
                "{'schemas':['s'],'id':'1','userName':'a','emails':[{'value':'x'}],'" ENTERPRISE "':{'department':'d'}}");
        assert_selects(*state, NULL, NULL, RESOURCE);
        assert_selects(*state, "", NULL, RESOURCE);
}

static void test_wants_knows_before_anything_is_read(void **state)
{
        struct fixture *f = *state;

        assert_true(selection_wants(NULL, f->accept.type, "groups"));
        assert_false(selection_wants(NULL, f->accept.type, "password"));
        assert_false(selection_wants(NULL, f->accept.type, "nosuch"));
        assert_false(selection_wants(parse(f, "userName", NULL), f->accept.type, "groups"));
        assert_true(selection_wants(parse(f, "userName,groups.value", NULL), f->accept.type, "groups"));
        assert_true(selection_wants(parse(f, NULL, "groups.value"), f->accept.type, "groups"));
        assert_false(selection_wants(parse(f, NULL, "Groups"), f->accept.type, "groups"));
        assert_false(selection_wants(parse(f, "password", NULL), f->accept.type, "password"));
        f->accept.type = resource_type(KIND_GROUP);
        assert_false(selection_wants(parse(f, NULL, "members"), f->accept.type, "members"));
        assert_true(selection_wants(parse(f, "id", NULL), f->accept.type, "id"));
}

static void test_refusals(void **state)
{
        struct fixture *f = *state;
        const struct selection *selection = NULL;
        char many[2048] = "";

        assert_int_equal(selection_parse(f->accept.type, "id", "id", f->arena, &f->leniency, &selection, &f->fault), ERR_VALUE);
        for (int i = 0; i < 100; i++)
                strcat(many, "userName,");
        assert_int_equal(selection_parse(f->accept.type, many, NULL, f->arena, &f->leniency, &selection, &f->fault), ERR_VALUE);
        f->leniency.strict = true;
        assert_int_equal(selection_parse(f->accept.type, "nosuch", NULL, f->arena, &f->leniency, &selection, &f->fault), ERR_VALUE);
        assert_null(selection);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
int main(void)
{
        static const struct CMUnitTest tests[] = {
                TEST(test_attributes_show_only_what_is_named),
                TEST(test_attributes_of_extensions),
                TEST(test_the_urn_of_the_core_means_what_the_core_defines),
                TEST(test_excluded_attributes_hide_what_is_named),
                TEST(test_wants_knows_before_anything_is_read),
                TEST(test_refusals),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
