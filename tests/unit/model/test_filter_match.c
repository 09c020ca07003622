/* SPDX-License-Identifier: Apache-2.0
 *
 * Judging: three-valued logic (R17), letter case, instants, lists, value paths on one element, and the look-ups for the index. */
#include "filter_fixture.h"

static const char user[] = "{'id':'Ab1','externalId':'Ext','userName':'J\xc3\x96RG@Example.com','active':true,'title':'','name':{'"
                           "familyName':'M\xc3\xbcller'},"
                           "'emails':[{'value':'a@x','type':'work','primary':true},{'value':'b@y','type':'home'}],"
                           "'roles':[{'value':'r'}],'schemas':['urn:one'],'groups':[{'value':'g1','type':'direct'}],"
                           "'meta':{'lastModified':'2026-11-21T05:06:07.000Z','resourceType':'User'},"
                           "'" ENTERPRISE "':{'employeeNumber':'10','manager':{'value':'M1'}}}";

static enum truth judge(enum resource_kind kind, const char *resource, const char *text)
{
        struct filter_fixture fixture = { 0 };
        json_auto_t *json = json_of(resource);
        if (filter_text(&fixture, kind, text))
                fail_msg("%s: %s", text, fixture.fault.message);
        enum truth truth = filter_match(fixture.filter, json, fixture.arena);
        filter_fixture_done(&fixture);
        return truth;
}

static void check(enum truth expected, const char *const *filters)
{
        for (; *filters; filters++) {
                enum truth truth = judge(KIND_USER, user, *filters);
                if (truth != expected)
                        fail_msg("%s is %d, not %d", *filters, truth, expected);
        }
}

static void test_true(void **state)
{
        static const char *const filters[] = {
                "userName eq \"j\xc3\xb6rg@example.COM\"",
                "userName sw \"J\xc3\x96\"",
                "userName co \"@EXAMPLE\"",
                "userName ew \".COM\"",
                "userName ne \"x\"",
                "userName gt \"a\"",
                "userName pr",
                "id eq \"Ab1\"",
                "externalId eq \"Ext\"",
                "externalId ne \"ext\"",
                "externalId sw \"Ext\"",
                "externalId co \"Ext\"",
                "externalId ew \"Ext\"",
                "active eq true",
                "active ne false",
                "active eq \"TRUE\"",
                "name.familyName eq \"m\xc3\x9cller\"",
                "name pr",
                "emails eq \"A@X\"",
                "emails.value co \"@Y\"",
                "emails.type eq \"home\"",
                "emails[type eq \"work\" and value eq \"a@x\"]",
                "emails[type eq \"work\"].value eq \"a@x\"",
                "emails[primary eq true]",
                "emails[not (primary pr)]",
                "emails pr",
                "emails ne \"a@x\"",
                "not (emails eq \"c@z\")",
                "roles eq \"R\"",
                "groups eq \"g1\"",
                "groups[value eq \"g1\" and type eq \"direct\"]",
                "schemas eq \"urn:one\"",
                "schemas[value sw \"urn:\"]",
                "meta.lastModified eq \"2026-11-21T06:06:07+01:00\"",
                "meta.lastModified gt \"2026-11-21T05:06:06.999Z\"",
                "meta.lastModified le \"2026-11-21T05:06:07Z\"",
                "meta.lastModified sw \"2026-11\"",
                "meta.resourceType eq \"User\"",
                ENTERPRISE ":employeeNumber eq \"10\"",
                ENTERPRISE ":manager eq \"M1\"",
                ENTERPRISE ":manager[value eq \"M1\"]",
                ENTERPRISE " pr",
                "nickName eq null",
                "userName ne null",
                "nickName ne \"x\"",
                "not (nickName pr)",
                "title ne null",
                "phoneNumbers eq null",
                "phoneNumbers ne \"1\"",
                "not (phoneNumbers[type eq \"work\"])",
                "emails ne null",
                "unheard eq 1 or active eq true",
                "active eq true or unheard eq 1",
                "emails[unheard eq 1 or type eq \"home\"]",
                NULL,
        };
        check(TRUTH_TRUE, filters);
}

static void test_false(void **state)
{
        static const char *const filters[] = {
                "externalId sw \"Ext1\"",
                "externalId ew \"1Ext\"",
                "userName eq \"x\"",
                "userName ne \"j\xc3\xb6rg@example.com\"",
                "userName lt \"a\"",
                "id eq \"ab1\"",
                "externalId eq \"ext\"",
                "active eq false",
                "active ne true",
                "title pr",
                "title eq null",
                "nickName pr",
                "nickName eq \"x\"",
                "nickName gt \"a\"",
                "nickName ne null",
                "emails eq \"c@z\"",
                "emails[type eq \"work\" and value eq \"b@y\"]",
                "emails[type eq \"work\"].value eq \"b@y\"",
                "roles ne \"r\"",
                "phoneNumbers[type ne \"work\"]",
                "phoneNumbers pr",
                "phoneNumbers co \"1\"",
                "meta.lastModified gt \"2026-11-21T05:06:07Z\"",
                ENTERPRISE ":manager eq \"m1\"",
                ENTERPRISE ":department pr",
                "not (active eq true)",
                "unheard eq 1 and active eq false",
                "active eq false and unheard eq 1",
                "userName eq \"' or 1=1 --\"",
                "userName eq \"*)(uid=*\"",
                NULL,
        };
        check(TRUTH_FALSE, filters);
}

static void test_R17_unknown_matches_nothing(void **state)
{
        static const char *const filters[] = {
                "unheard eq 1",
                "unheard ne 1",
                "unheard pr",
                "not (unheard pr)",
                "not (unheard eq 1)",
                "unheard eq null",
                "unheard ne null",
                "unheard[x eq 1]",
                "not (unheard[x eq 1])",
                "name.unheard ne \"x\"",
                "urn:x:y ne \"x\"",
                "unheard eq 1 and active eq true",
                "unheard eq 1 or active eq false",
                "not (unheard eq 1 or active eq false)",
                "not (unheard eq 1 and active eq true)",
                "emails[unheard ne 1]",
                "not (emails[unheard ne 1])",
                "not (ims[unheard ne 1])", /* he has none */
                "not (ims[type ne \"x\" and unheard pr])",
                "password eq \"x\"",
                "password ne \"x\"",
                "password pr",
                "not (password pr)",
                "password eq null",
                "urn:ietf:params:scim:schemas:core:2.0:User pr",
                NULL,
        };
        check(TRUTH_UNKNOWN, filters);
}

static void test_kleene_tables(void **state)
{
        static const char *const atoms[] = { "active eq false", "active eq true", "unheard pr" }; /* FALSE, TRUE, UNKNOWN */
        static const enum truth ands[3][3] = { { 0, 0, 0 }, { 0, 1, 2 }, { 0, 2, 2 } };
        static const enum truth ors[3][3] = { { 0, 1, 2 }, { 1, 1, 1 }, { 2, 1, 2 } };
        for (size_t i = 0; i < 3; i++)
                for (size_t k = 0; k < 3; k++) {
                        char text[128];
                        snprintf(text, sizeof(text), "%s and %s", atoms[i], atoms[k]);
                        assert_int_equal(judge(KIND_USER, user, text), ands[i][k]);
                        snprintf(text, sizeof(text), "%s or %s", atoms[i], atoms[k]);
                        assert_int_equal(judge(KIND_USER, user, text), ors[i][k]);
                }
}

static void test_members_and_groups(void **state)
{
        static const char group[] = "{'id':'1','displayName':'G','members':[{'value':'u1','type':'User'},{'value':'u2','type':'Group'}]}";
        assert_int_equal(judge(KIND_GROUP, group, "id eq \"1\" and members eq \"u2\""), TRUTH_TRUE);
        assert_int_equal(judge(KIND_GROUP, group, "members[value eq \"u1\" and type eq \"Group\"]"), TRUTH_FALSE);
        assert_int_equal(judge(KIND_GROUP, group, "DisplayName Eq \"g\""), TRUTH_TRUE);
        assert_int_equal(judge(KIND_GROUP, group, "members.Value eq \"u1\""), TRUTH_TRUE);
}

static void test_values_of_the_wrong_type_are_unknown(void **state)
{
        assert_int_equal(judge(KIND_USER, "{'userName':7}", "userName eq \"7\""), TRUTH_UNKNOWN);
        assert_int_equal(judge(KIND_USER, "{'active':'x'}", "active eq true"), TRUTH_UNKNOWN);
        assert_int_equal(judge(KIND_USER, "{'meta':{'created':'never'}}", "meta.created gt \"2026-11-21T05:06:07Z\""), TRUTH_UNKNOWN);
        assert_int_equal(judge(KIND_USER, "{'emails':'x'}", "emails eq \"x\""), TRUTH_FALSE);
}

static void test_long_and_foreign_text(void **state)
{
        char resource[1200], filter[64];
        snprintf(resource, sizeof(resource), "{'title':'%0999dZ'}", 0);
        snprintf(filter, sizeof(filter), "title ew \"0z\"");
        assert_int_equal(judge(KIND_USER, resource, filter), TRUTH_TRUE);
        assert_int_equal(judge(KIND_USER,
                                 "{'title':'stra\xc3\x9f"
                                 "e'}",
                                 "title eq \"STRASSE\""),
                TRUTH_TRUE);
        assert_int_equal(judge(KIND_USER, "{'title':'e\xcc\x81'}", "title eq \"\xc3\x89\""), TRUTH_TRUE);
}

static void test_out_of_memory_is_unknown(void **state)
{
        struct filter_fixture fixture = { 0 };
        json_auto_t *resource = json_of("{'title':'\xc3\x9f'}");
        assert_int_equal(filter_text(&fixture, KIND_USER, "title eq \"ss\""), ERR_OK);
        struct arena *none = arena_new(1);
        assert_int_equal(filter_match(fixture.filter, resource, none), TRUTH_UNKNOWN);
        assert_int_equal(filter_match(fixture.filter, resource, fixture.arena), TRUTH_TRUE);
        arena_free(none);
        filter_fixture_done(&fixture);
}

static void test_elements(void **state)
{
        const struct attribute *emails = attribute_find(resource_type(KIND_USER)->core->attributes, "emails", 6);
        struct filter_fixture fixture = { .arena = arena_new(1 << 20) };
        static const char text[] = "type eq \"WORK\" and not (value ew \"@x\")";
        assert_int_equal(filter_parse(resource_type(KIND_USER), emails, text, strlen(text), fixture.arena, &fixture.leniency,
                                 &fixture.filter, &fixture.fault),
                ERR_OK);
        json_auto_t *yes = json_of("{'value':'a@y','type':'work'}"), *no = json_of("{'value':'a@X','type':'work'}");
        assert_int_equal(filter_match_element(fixture.filter, yes, fixture.arena), TRUTH_TRUE);
        assert_int_equal(filter_match_element(fixture.filter, no, fixture.arena), TRUTH_FALSE);
        filter_fixture_done(&fixture);
}

static void test_find_equal_for_the_index(void **state)
{
        static const struct {
                const char *text, *attribute, *sub, *found; /* found NULL: none */
        } rows[] = {
                { "userName eq \"x\"", "userName", NULL, "x" },
                { "active eq true and (title pr and userName eq \"x\")", "username", NULL, "x" },
                { "userName eq \"x\" or active eq true", "userName", NULL, NULL },
                { "not (userName eq \"x\")", "userName", NULL, NULL },
                { "userName ne \"x\"", "userName", NULL, NULL },
                { "userName eq null", "userName", NULL, NULL },
                { "emails eq \"x\"", "emails", "value", "x" },
                { "emails eq \"x\"", "emails", NULL, NULL },
                { "emails.value eq \"x\"", "emails", "value", "x" },
                { "emails[type eq \"work\" and value eq \"x\"]", "emails", "value", "x" },
                { "emails[type eq \"work\"].value eq \"x\"", "emails", "value", "x" },
                { "emails[type eq \"work\" or value eq \"x\"]", "emails", "value", NULL },
                { "emails[type eq \"work\"]", "emails", "value", NULL },
                { ENTERPRISE ":employeeNumber eq \"x\"", "employeeNumber", NULL, NULL },
                { ENTERPRISE ":employeeNumber eq \"x\"", ENTERPRISE ":employeeNumber", NULL, "x" },
                { "unheard eq \"x\"", "unheard", NULL, NULL },
        };
        for (size_t i = 0; i < COUNT_OF(rows); i++) {
                struct filter_fixture fixture = { 0 };
                assert_int_equal(filter_text(&fixture, KIND_USER, rows[i].text), ERR_OK);
                const struct filter *found = filter_find_equal(fixture.filter, rows[i].attribute, rows[i].sub);
                if (!found != !rows[i].found)
                        fail_msg("%s: %s", rows[i].text, found ? "found" : "not found");
                if (found)
                        assert_string_equal(found->value.text, rows[i].found);
                filter_fixture_done(&fixture);
        }
        assert_null(filter_find_equal(NULL, "userName", NULL));
}

static void test_the_indexed_comparison_that_every_match_satisfies(void **state)
{
        static const struct {
                const char *text, *key; /* NULL: none */
        } rows[] = {
                { "emails eq \"A@x\"", "a@x" },
                { "title pr and emails.value eq \"A@x\"", "a@x" },
                { "emails[type eq \"work\" and value eq \"A@x\"]", "a@x" },
                { "emails[type eq \"work\"].value eq \"A@x\"", "a@x" },
                { "emails[type eq \"work\" or value eq \"A@x\"]", NULL },
                { "emails[not (value eq \"A@x\")]", NULL },
                { "emails eq \"A@x\" or title pr", NULL },
                { "not (emails eq \"A@x\")", NULL },
                { "emails ne \"A@x\"", NULL },
                { "emails eq null", NULL },
                { "title eq \"x\"", NULL },
                { "unheard eq \"x\"", NULL },
        };
        for (size_t i = 0; i < COUNT_OF(rows); i++) {
                struct filter_fixture fixture = { 0 };
                int64_t number = 0;
                const char *key = NULL;
                assert_int_equal(filter_text(&fixture, KIND_USER, rows[i].text), ERR_OK);
                const struct filter *found = filter_find_indexed(fixture.filter);
                if (!found != !rows[i].key)
                        fail_msg("%s: %s", rows[i].text, found ? "found" : "not found");
                if (found) {
                        assert_int_equal(filter_index_key(found, fixture.arena, &number, &key), ERR_OK);
                        assert_string_equal(key, rows[i].key);
                        assert_int_equal(number, 1);
                }
                filter_fixture_done(&fixture);
        }
        assert_null(filter_find_indexed(NULL));
}

static void test_names(void **state)
{
        struct filter_fixture fixture = { 0 };
        assert_int_equal(filter_text(&fixture, KIND_USER, "title pr or not (groups[value eq \"x\"] and userName eq \"y\")"), ERR_OK);
        assert_true(filter_names(fixture.filter, "groups"));
        assert_true(filter_names(fixture.filter, "userName"));
        assert_true(filter_names(fixture.filter, "TITLE"));
        assert_false(filter_names(fixture.filter, "value"));
        assert_false(filter_names(fixture.filter, "emails"));
        assert_false(filter_names(NULL, "emails"));
        filter_fixture_done(&fixture);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_true),
                cmocka_unit_test(test_false),
                cmocka_unit_test(test_R17_unknown_matches_nothing),
                cmocka_unit_test(test_kleene_tables),
                cmocka_unit_test(test_members_and_groups),
                cmocka_unit_test(test_values_of_the_wrong_type_are_unknown),
                cmocka_unit_test(test_long_and_foreign_text),
                cmocka_unit_test(test_out_of_memory_is_unknown),
                cmocka_unit_test(test_elements),
                cmocka_unit_test(test_find_equal_for_the_index),
                cmocka_unit_test(test_the_indexed_comparison_that_every_match_satisfies),
                cmocka_unit_test(test_names),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
