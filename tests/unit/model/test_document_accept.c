/* SPDX-License-Identifier: Apache-2.0
 *
 * Bodies as clients send them: what is refused, what is dropped, what the leniencies allow and the strict profile refuses. */
#include "model_fixture.h"
#include "model/schema_set.h"

#include "base/clock.h"

static void test_a_full_user_is_kept_as_sent(void **state)
{
        assert_accepts(*state,
                "{'schemas':['urn:ietf:params:scim:schemas:core:2.0:User','urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'],"
                "'USERNAME':'Ada@Example.org','externalId':'00u1','name':{'GivenName':'Ada','familyName':'Lovelace'},'active':true,"
                "'emails':[{'value':'Ada@Example.org','type':'work','primary':true},{'value':'a@b.c','primary':false}],"
                "'urn:ietf:params:scim:schemas:extension:Enterprise:2.0:User':{'department':'Engines','manager':{'value':'m1'}}}",
                "{'userName':'Ada@Example.org','externalId':'00u1','name':{'givenName':'Ada','familyName':'Lovelace'},'active':true,"
                "'emails':[{'value':'Ada@Example.org','type':'work','primary':true},{'value':'a@b.c','primary':false}],"
                "'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User':{'department':'Engines','manager':{'value':'m1'}}}",
                0);
}

static void test_base64_may_come_without_padding(void **state)
{
        static const char *const texts[] = { "YQ==", "YQ", "YWI=", "YWI", "YWJj", "YWJjYQ" };
        for (size_t i = 0; i < COUNT_OF(texts); i++) {
                char body[128], kept[128];
                (void)snprintf(body, sizeof(body), "{" CORE "'userName':'a','x509Certificates':[{'value':'%s'}]}", texts[i]);
                (void)snprintf(kept, sizeof(kept), "{'userName':'a','x509Certificates':[{'value':'%s'}]}", texts[i]);
                assert_accepts(*state, body, kept, 0);
        }
}

static void test_password_is_no_attribute(void **state)
{
        struct fixture *f = *state;

        assert_accepts(f, "{" CORE "'userName':'a','password':'secret'}", "{'userName':'a'}", 1u << LENIENT_UNKNOWN_ATTRIBUTE);
        f->leniency.strict = true;
        assert_refuses(f, "{" CORE "'userName':'a','password':'secret'}", ERR_SYNTAX, "password");
}

static void test_read_only_and_derived_are_dropped(void **state)
{
        struct fixture *f = *state;

        f->leniency.strict = true;
        assert_accepts(f,
                "{" CORE "'userName':'a','id':'x','meta':{'resourceType':'User'},'groups':[],"
                "'urn:ietf:params:scim:schemas:extension:muster:2.0:User':{'effectiveActive':true,'heldBy':['x']},"
                "'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User':{'manager':{'value':'m','displayName':'Boss'}}}",
                "{'userName':'a','urn:ietf:params:scim:schemas:extension:enterprise:2.0:User':{'manager':{'value':'m'}}}", 0);
}

static void test_unassigned_is_absent(void **state)
{
        struct fixture *f = *state;

        f->leniency.strict = true;
        assert_accepts(f,
                "{" CORE "'userName':'a','title':null,'emails':[],'phoneNumbers':null,'name':{},'addresses':[{}],"
                "'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User':{'department':null},'nickName':''}",
                "{'userName':'a','nickName':''}", 0);
        assert_accepts(f,
                "{" CORE "'userName':'a','name':{'givenName':null},'urn:ietf:params:scim:schemas:extension:muster:2.0:User':null}",
                "{'userName':'a'}", 0);
}

static void test_required_is_asked_for(void **state)
{
        struct fixture *f = *state;

        assert_refuses(f, "{" CORE "'displayName':'a'}", ERR_VALUE, "userName");
        assert_refuses(f, "{" CORE "'userName':null}", ERR_VALUE, "userName");
        assert_refuses(f, "{" CORE "'userName':''}", ERR_VALUE, "userName");
        assert_refuses(f, "{" CORE "'userName':[]}", ERR_VALUE, "userName");
        f->accept.mode = ACCEPT_REPLACE;
        assert_refuses(f, "{" CORE "'displayName':'a'}", ERR_VALUE, "userName");
        assert_refuses(f, "[]", ERR_SYNTAX, "");
}

static void test_keys_that_differ_in_case_only_are_refused(void **state)
{
        assert_refuses(*state, "{" CORE "'userName':'a','username':'b'}", ERR_SYNTAX, "userName");
        assert_refuses(*state, "{" CORE "'userName':'a','title':null,'TITLE':'x'}", ERR_SYNTAX, "title");
        assert_refuses(*state, "{" CORE "'userName':'a','name':{'givenName':'x','GIVENNAME':'y'}}", ERR_SYNTAX, "name.givenName");
        assert_refuses(*state,
                "{" CORE "'userName':'a','urn:ietf:params:scim:schemas:extension:enterprise:2.0:User':{'department':'x'},"
                "'URN:ietf:params:scim:schemas:extension:enterprise:2.0:User':{'department':'y'}}",
                ERR_SYNTAX, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User");
}

static void test_wrong_types_are_refused_with_their_path(void **state)
{
        assert_refuses(*state, "{" CORE "'userName':true}", ERR_VALUE, "userName");
        assert_refuses(*state, "{" CORE "'userName':{'value':'a'}}", ERR_VALUE, "userName");
        assert_refuses(*state, "{" CORE "'userName':'a','title':['x','y']}", ERR_VALUE, "title");
        assert_refuses(*state, "{" CORE "'userName':'a','name':'Ada'}", ERR_VALUE, "name");
        assert_refuses(*state, "{" CORE "'userName':'a','emails':[{'value':'x'},{'value':{}}]}", ERR_VALUE, "emails[1].value");
        assert_refuses(*state, "{" CORE "'userName':'a','emails':[null]}", ERR_VALUE, "emails[0]");
        assert_refuses(*state, "{" CORE "'userName':'a','externalId':1.5}", ERR_VALUE, "externalId");
        assert_refuses(*state, "{" CORE "'userName':'a','emails':[{'value':'x','primary':1}]}", ERR_VALUE, "emails[0].primary");
        static const char *const not_base64[] = { "a b", "YWI=YWI=", "YQ=", "Y", "YWJjZ", "=", "====", "YWJj====" };
        for (size_t i = 0; i < COUNT_OF(not_base64); i++) {
                char body[128];
                (void)snprintf(body, sizeof(body), "{" CORE "'userName':'a','x509Certificates':[{'value':'%s'}]}", not_base64[i]);
                assert_refuses(*state, body, ERR_VALUE, "x509Certificates[0].value");
        }
        assert_refuses(*state, "{" CORE "'userName':'a','urn:ietf:params:scim:schemas:extension:enterprise:2.0:User':[]}", ERR_SYNTAX,
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User");
        assert_refuses(*state,
                "{" CORE "'userName':'a','urn:ietf:params:scim:schemas:extension:enterprise:2.0:User':{'manager':{'value':[]}}}", ERR_VALUE,
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value");
}

/* R15: JSON booleans, leniently the texts; everything else is 400, null too. */
static void test_R15_active(void **state)
{
        static const char *const wrong[] = { "null", "''", "'yes'", "'1'", "0", "1", "[]", "[true]", "{}", "' true'" };
        struct fixture *f = *state;
        char body[256];

        assert_accepts(f, "{" CORE "'userName':'a','active':'False'}", "{'userName':'a','active':false}", USED(LENIENT_BOOLEAN_TEXT));
        assert_accepts(f, "{" CORE "'userName':'a','active':'TRUE'}", "{'userName':'a','active':true}", USED(LENIENT_BOOLEAN_TEXT));
        for (int mode = ACCEPT_CREATE; mode <= ACCEPT_MERGE; mode++) {
                f->accept.mode = (enum accept_mode)mode;
                for (size_t i = 0; i < COUNT_OF(wrong); i++) {
                        (void)snprintf(body, sizeof(body), "{" CORE "'userName':'a','active':%s}", wrong[i]);
                        assert_refuses(f, body, ERR_VALUE, "active");
                }
        }
        f->leniency.strict = true;
        assert_refuses(f, "{" CORE "'userName':'a','active':'true'}", ERR_VALUE, "active");
        assert_accepts(f, "{" CORE "'userName':'a','active':false}", "{'userName':'a','active':false}", 0);
}

static void test_numbers_become_text_digit_by_digit(void **state)
{
        struct fixture *f = *state;

        assert_accepts(f, "{" CORE "'userName':'a','externalId':701984,'addresses':[{'postalCode':91608}]}",
                "{'userName':'a','externalId':'701984','addresses':[{'postalCode':'91608'}]}", USED(LENIENT_NUMBER_TEXT));
        assert_accepts(f, "{" CORE "'userName':'a','externalId':-9223372036854775807}",
                "{'userName':'a','externalId':'-9223372036854775807'}", USED(LENIENT_NUMBER_TEXT));
        f->leniency.strict = true;
        assert_refuses(f, "{" CORE "'userName':'a','externalId':701984}", ERR_VALUE, "externalId");
}

static void test_one_for_many_and_many_for_one(void **state)
{
        struct fixture *f = *state;

        assert_accepts(f, "{" CORE "'userName':['a'],'emails':{'value':'x'}}", "{'userName':'a','emails':[{'value':'x'}]}",
                USED(LENIENT_SINGLE_FOR_MULTI));
        f->leniency.strict = true;
        assert_refuses(f, "{" CORE "'userName':'a','emails':{'value':'x'}}", ERR_VALUE, "emails");
        assert_refuses(f, "{" CORE "'userName':['a']}", ERR_VALUE, "userName");
}

#define ENTERPRISE "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
static void test_manager_comes_in_five_forms(void **state)
{
        struct fixture *f = *state;

        assert_accepts(f, "{" CORE "'userName':'a','" ENTERPRISE "':{'manager':'m1'}}",
                "{'userName':'a','" ENTERPRISE "':{'manager':{'value':'m1'}}}", USED(LENIENT_MANAGER_FORM));
        assert_accepts(f, "{" CORE "'userName':'a','" ENTERPRISE "':{'manager':[{'value':'m1','$ref':'../Users/m1'}]}}",
                "{'userName':'a','" ENTERPRISE "':{'manager':{'value':'m1','$ref':'../Users/m1'}}}", USED(LENIENT_MANAGER_FORM));
        assert_accepts(f, "{" CORE "'userName':'a','" ENTERPRISE "':{'manager':['m1']}}",
                "{'userName':'a','" ENTERPRISE "':{'manager':{'value':'m1'}}}", USED(LENIENT_MANAGER_FORM));
        assert_accepts(f, "{" CORE "'userName':'a','" ENTERPRISE "':{'manager':''}}", "{'userName':'a'}", USED(LENIENT_MANAGER_FORM));
        assert_accepts(
                f, "{" CORE "'userName':'a','" ENTERPRISE "':{'manager':{'value':''}}}", "{'userName':'a'}", USED(LENIENT_MANAGER_FORM));
        f->leniency.strict = true;
        assert_refuses(f, "{" CORE "'userName':'a','" ENTERPRISE "':{'manager':'m1'}}", ERR_VALUE, ENTERPRISE ":manager");
}

static void test_roles_as_text_are_kept_verbatim(void **state)
{
        struct fixture *f = *state;

        assert_accepts(f, "{" CORE "'userName':'a','roles':['{\\u0022id\\u0022:1}'],'entitlements':[{'value':'e','primary':'True'}]}",
                "{'userName':'a','roles':[{'value':'{\\u0022id\\u0022:1}'}],'entitlements':[{'value':'e','primary':true}]}",
                USED(LENIENT_OBJECT_TEXT) | USED(LENIENT_BOOLEAN_TEXT));
        f->leniency.strict = true;
        assert_refuses(f, "{" CORE "'userName':'a','roles':['x']}", ERR_VALUE, "roles[0]");
}

static void test_unknown_names_are_dropped_or_refused(void **state)
{
        struct fixture *f = *state;
        const char *body = "{" CORE "'userName':'a','shoeSize':42}";
        const char *inside = "{" CORE "'userName':'a','emails':[{'value':'x','smell':'y'}]}";
        const char *schema = "{'schemas':['urn:ietf:params:scim:schemas:core:2.0:User','urn:x:y'],'userName':'a','urn:x:y':{'z':1}}";
        const char *legacy = "{'schemas':['urn:scim:schemas:core:1.0'],'userName':'a'}";

        assert_accepts(f, body, "{'userName':'a'}", USED(LENIENT_UNKNOWN_ATTRIBUTE));
        assert_accepts(f, inside, "{'userName':'a','emails':[{'value':'x'}]}", USED(LENIENT_UNKNOWN_ATTRIBUTE));
        assert_accepts(f, schema, "{'userName':'a'}", USED(LENIENT_UNKNOWN_SCHEMA));
        assert_accepts(f, legacy, "{'userName':'a'}", USED(LENIENT_UNKNOWN_SCHEMA) | USED(LENIENT_MISSING_SCHEMAS));
        assert_accepts(f, "{'userName':'a'}", "{'userName':'a'}", USED(LENIENT_MISSING_SCHEMAS));
        assert_accepts(f, "{'SCHEMAS':['urn:ietf:params:scim:schemas:core:2.0:user'],'userName':'a'}", "{'userName':'a'}", 0);
        assert_refuses(f, "{'schemas':[1],'userName':'a'}", ERR_SYNTAX, "schemas[0]");
        f->leniency.strict = true;
        assert_refuses(f, body, ERR_SYNTAX, "");
        assert_refuses(f, inside, ERR_SYNTAX, "emails[0]");
        assert_refuses(f, schema, ERR_SYNTAX, "schemas[1]");
        assert_refuses(f, "{'userName':'a'}", ERR_SYNTAX, "schemas");
        assert_refuses(f, legacy, ERR_SYNTAX, "schemas[0]");
}

static void test_the_management_api_names_the_nearest(void **state)
{
        struct fixture *f = *state;

        f->accept.leniency = NULL;
        assert_refuses(f, "{'userName':'a','diplayName':'x'}", ERR_VALUE, "diplayName");
        assert_non_null(strstr(f->fault.message, "displayName"));
        assert_refuses(f, "{'userName':'a','emails':[{'valeu':'x'}]}", ERR_VALUE, "emails[0].valeu");
        assert_non_null(strstr(f->fault.message, "value"));
        assert_refuses(f, "{'userName':'a','name':{'givenname':'x','x':1}}", ERR_VALUE, "name.x");
        assert_refuses(f, "{'userName':'a','" ENTERPRISE "':{'departement':'x'}}", ERR_VALUE, ENTERPRISE ":departement");
        assert_refuses(f, "{'userName':'a','" ENTERPRISE "':{'manager':{'mail':'x'}}}", ERR_VALUE, ENTERPRISE ":manager.mail");
        assert_refuses(f, "{'userName':'a','active':'true'}", ERR_VALUE, "active");
        assert_accepts(f, "{'userName':'a','id':'x','meta':{},'schemas':[]}", "{'userName':'a'}", 0);
        f->accept.type = resource_type(KIND_PROJECT);
        assert_refuses(f, "{'slug':'a','name':'A','externalId':'x'}", ERR_VALUE, "externalId");
        assert_accepts(f, "{'slug':'a','name':'A','id':'x','active':false}", "{'slug':'a','name':'A','active':false}", 0);
}

static void test_group_active_is_the_management_apis(void **state)
{
        struct fixture *f = *state;

        f->accept.type = resource_type(KIND_GROUP);
        assert_accepts(f, "{" GROUP "'displayName':'g','active':false}", "{'displayName':'g'}", USED(LENIENT_UNKNOWN_ATTRIBUTE));
        f->accept.leniency = NULL;
        assert_accepts(f, "{'displayName':'g','active':false}", "{'displayName':'g','active':false}", 0);
}

static void test_exact_duplicates_are_kept_once(void **state)
{
        assert_accepts(*state, "{" CORE "'userName':'a','emails':[{'value':'x','type':'w'},{'type':'w','value':'x'},{'value':'x'}]}",
                "{'userName':'a','emails':[{'value':'x','type':'w'},{'value':'x'}]}", 0);
}

static void test_at_most_one_primary(void **state)
{
        assert_refuses(*state, "{" CORE "'userName':'a','emails':[{'value':'x','primary':true},{'value':'y','primary':true}]}", ERR_VALUE,
                "emails[1].primary");
        assert_refuses(*state, "{" CORE "'userName':'a','emails':[{'value':'x','primary':true},{'value':'y','primary':'True'}]}", ERR_VALUE,
                "emails[1].primary");
}

static json_t *user_with_list(size_t count)
{
        json_t *list = json_array();

        for (size_t i = 0; i < count; i++)
                (void)json_array_append_new(list, json_pack("{s:o}", "value", json_sprintf("%zu@example.org", i)));
        return json_pack("{s:[s], s:s, s:o}", "schemas", URN_USER, "userName", "a", "emails", list);
}

static void test_limits(void **state)
{
        struct fixture *f = *state;
        json_auto_t *most = user_with_list(MULTI_VALUES_MAX), *more = user_with_list(MULTI_VALUES_MAX + 1);
        char text[1200];
        json_auto_t *document = NULL;
        json_auto_t *long_title = NULL;

        assert_int_equal(document_accept(&f->accept, most, &document, &f->edges, &f->fault), ERR_OK);
        assert_int_equal(json_array_size(json_object_get(document, "emails")), MULTI_VALUES_MAX);
        json_decref(STEAL(document));
        assert_int_equal(document_accept(&f->accept, more, &document, &f->edges, &f->fault), ERR_VALUE);
        assert_string_equal(f->fault.field, "emails");
        memset(text, 'x', sizeof(text));
        long_title = json_pack("{s:s, s:s%}", "userName", "a", "title", text, (size_t)TEXT_VALUE_MAX_BYTES + 1);
        assert_int_equal(document_accept(&f->accept, long_title, &document, &f->edges, &f->fault), ERR_VALUE);
        assert_string_equal(f->fault.field, "title");
}

/* R14: members are a list of ids; what is not clearly one is refused, never guessed. */
static void test_R14_members(void **state)
{
        static const char *const wrong[] = { "null", "{}", "[{}]", "[null]", "[{'value':null}]", "[{'value':1}]", "[1]", "['']",
                "[{'value':''}]", "[{'display':'x'}]", "[{'value':'a'},{'VALUE':'b','value':'c'}]", "true", "[[{'value':'a'}]]" };
        struct fixture *f = *state;
        char body[256];

        f->accept.type = resource_type(KIND_GROUP);
        for (size_t i = 0; i < COUNT_OF(wrong); i++) {
                (void)snprintf(body, sizeof(body), "{" GROUP "'displayName':'g','members':%s}", wrong[i]);
                assert_int_not_equal(accept_text(f, body), ERR_OK);
                assert_true(strncmp(f->fault.field, "members", 7) == 0);
                assert_false(f->edges.given);
        }
        assert_accepts(f, "{" GROUP "'displayName':'g'}", "{'displayName':'g'}", 0);
        assert_false(f->edges.given);
        assert_accepts(f, "{" GROUP "'displayName':'g','members':[]}", "{'displayName':'g'}", 0);
        assert_true(f->edges.given);
        assert_int_equal(f->edges.count, 0);
        assert_accepts(f, "{" GROUP "'displayName':'g','Members':[{'value':'u1','$ref':'x','type':'User','display':'U'},{'Value':'u2'}]}",
                "{'displayName':'g'}", 0);
        assert_int_equal(f->edges.count, 2);
        assert_string_equal(f->edges.values[0], "u1");
        assert_string_equal(f->edges.values[1], "u2");
        assert_accepts(f, "{" GROUP "'displayName':'g','members':'u1'}", "{'displayName':'g'}",
                USED(LENIENT_OBJECT_TEXT) | USED(LENIENT_SINGLE_FOR_MULTI));
        f->leniency.strict = true;
        assert_refuses(f, "{" GROUP "'displayName':'g','members':['u1']}", ERR_VALUE, "members[0]");
        assert_refuses(f, "{" GROUP "'displayName':'g','members':{'value':'u1'}}", ERR_VALUE, "members");
}

static void test_merge_keeps_null(void **state)
{
        struct fixture *f = *state;

        f->accept = (struct accept){ resource_type(KIND_USER), ACCEPT_MERGE, NULL, f->arena };
        assert_accepts(f, "{'title':null,'name':{'givenName':null},'emails':[],'" ENTERPRISE "':{'manager':null}}",
                "{'title':null,'name':{'givenName':null},'emails':null,'" ENTERPRISE "':{'manager':null}}", 0);
        assert_accepts(f, "{'" ENTERPRISE "':null,'name':{},'emails':[{'value':'x','type':null}]}",
                "{'" ENTERPRISE "':null,'emails':[{'value':'x'}]}", 0);
        assert_accepts(f, "{}", "{}", 0);
}

static void test_one_value_for_the_patch_engine(void **state)
{
        struct fixture *f = *state;
        const struct attribute *emails = attribute_find(f->accept.type->core->attributes, "emails", 6);
        const struct attribute *manager = attribute_find(schema_set_schema(schema_set_builtin(), ENTERPRISE)->attributes, "manager", 7);
        json_auto_t *list = json_of("[{'Value':'x'}]"), *element = json_of("{'Value':'x','primary':'true'}"), *empty = json_of("''"),
                    *nothing = json_of("[]");
        json_t *got = NULL;

        assert_int_equal(document_accept_value(&f->accept, emails, false, list, &got, &f->fault), ERR_OK);
        assert_json(got, "[{'value':'x'}]");
        json_decref(got);
        assert_int_equal(document_accept_value(&f->accept, emails, true, element, &got, &f->fault), ERR_OK);
        assert_json(got, "{'value':'x','primary':true}");
        json_decref(got);
        assert_int_equal(document_accept_value(&f->accept, emails, false, nothing, &got, &f->fault), ERR_OK);
        assert_true(json_is_null(got));
        assert_int_equal(document_accept_value(&f->accept, manager, false, empty, &got, &f->fault), ERR_OK);
        assert_true(json_is_null(got));
        assert_int_equal(document_accept_value(&f->accept, emails->sub, false, element, &got, &f->fault), ERR_VALUE);
}

static void test_our_own_types_check_themselves(void **state)
{
        struct fixture *f = *state;

        f->accept = (struct accept){ resource_type(KIND_PROJECT), ACCEPT_CREATE, NULL, f->arena };
        assert_refuses(f, "{'slug':'No Slug','name':'x'}", ERR_VALUE, "slug");
        assert_accepts(f, "{'slug':'a-1','name':'x'}", "{'slug':'a-1','name':'x'}", 0);
        f->accept.type = resource_type(KIND_CONNECTION);
        assert_refuses(f, "{'name':'x','kind':'scmi'}", ERR_VALUE, "kind");
        assert_refuses(f, "{'name':'x','kind':'scim','profile':'Strict'}", ERR_VALUE, "profile");
        assert_accepts(f, "{'name':'x','kind':'scim','preset':'okta'}", "{'name':'x','kind':'scim','preset':'okta'}", 0);
        f->accept.type = resource_type(KIND_GRANT);
        assert_refuses(f, "{'principal':'p'}", ERR_VALUE, "role");
        assert_refuses(f, "{'role':'admin'}", ERR_VALUE, "principal");
        assert_refuses(f, "{'principal':'p','role':'admin','privilege':'groups:read'}", ERR_VALUE, "privilege");
        assert_refuses(f, "{'principal':'p','privilege':'groups'}", ERR_VALUE, "privilege");
        assert_refuses(f, "{'principal':'p','privilege':'groups:'}", ERR_VALUE, "privilege");
        assert_refuses(f, "{'principal':'p','role':'admin','from':'tomorrow'}", ERR_VALUE, "from");
        assert_refuses(
                f, "{'principal':'p','role':'admin','from':'2026-11-21T00:00:00Z','until':'2026-11-21T00:00:00Z'}", ERR_VALUE, "until");
        assert_int_equal(
                accept_text(f, "{'principal':'p','role':'admin','from':'2026-11-21T00:00:00Z','until':'2026-11-22T00:00:00Z'}"), ERR_OK);
        f->accept.type = resource_type(KIND_ROLE);
        assert_accepts(f, "{'slug':'x','permissions':['a:b']}", "{}", 0);
}

/* They shared a bit with "of any shape", and their elements went through unread. */
static void test_lists_that_are_never_empty_are_read_value_by_value(void **state)
{
        static const char *const names[] = { "allowed_addresses", "ceiling" };
        struct fixture *f = *state;
        f->accept = (struct accept){ resource_type(KIND_CONNECTION), ACCEPT_CREATE, NULL, f->arena };
        for (size_t i = 0; i < COUNT_OF(names); i++) {
                static const char *const wrong[] = { "[]", "[null]", "[7]", "[['x']]", "[{}]", "{}", "'x'" };
                char body[256];
                for (size_t j = 0; j < COUNT_OF(wrong); j++) {
                        (void)snprintf(body, sizeof(body), "{'name':'x','kind':'scim','%s':%s}", names[i], wrong[j]);
                        assert_int_equal(accept_text(f, body), ERR_VALUE);
                        assert_memory_equal(f->fault.field, names[i], strlen(names[i]));
                        assert_null(strstr(f->fault.message, "is no address"));
                }
                (void)snprintf(body, sizeof(body), "{'name':'x','kind':'scim','%s':['%0200d']}", names[i], 7);
                assert_int_equal(accept_text(f, body), ERR_VALUE);
                assert_non_null(strstr(f->fault.message, "bytes"));
        }
        assert_accepts(f, "{'name':'x','kind':'scim','allowed_addresses':['192.0.2.7','192.0.2.7']}",
                "{'name':'x','kind':'scim','allowed_addresses':['192.0.2.7']}", 0);
        f->accept.type = resource_type(KIND_SCHEMA);
        assert_refuses(f, "{'urn':'urn:x:y:z','name':'Z','attributes':[]}", ERR_VALUE, "attributes");
        assert_null(strstr(f->fault.message, "null means the default"));
}

static int allocations_left;
static void *failing_alloc(size_t size)
{
        return allocations_left-- > 0 ? malloc(size) : NULL;
}

/* Fails each allocation in turn: the answer is ERR_MEMORY or right, and (with the address sanitizer) nothing leaks. */
static void test_every_failed_allocation_is_an_error(void **state)
{
        struct fixture *f = *state;
        json_auto_t *body =
                json_of("{" CORE "'userName':'a','externalId':7,'name':{'givenName':'x'},'emails':[{'value':'x'},{'value':'y'}],"
                        "'roles':'r','" ENTERPRISE "':{'manager':'m'}}");
        enum err e = ERR_MEMORY;
        int tries = 0;

        for (; e; tries++) {
                json_t *document = NULL;

                allocations_left = tries;
                json_set_alloc_funcs(failing_alloc, free);
                e = document_accept(&f->accept, body, &document, &f->edges, &f->fault);
                json_set_alloc_funcs(malloc, free);
                assert_true(e == ERR_OK || e == ERR_MEMORY);
                assert_int_equal(document != NULL, e == ERR_OK);
                json_decref(document);
        }
        assert_true(tries > 20);
}

/* 22 us is what parsing such a user costs; accepting it must stay clearly below. Generous, for slow machines and sanitizers. */
static void test_accepting_is_cheaper_than_parsing(void **state)
{
        struct fixture *f = *state;
        static const char text[] =
                "{\"schemas\":[\"" URN_USER "\",\"" ENTERPRISE "\"],\"externalId\":\"00u1dhhb1fkIGP7RL1d8\",\"userName\":\"ada.lovelace@"
                "example.org\",\"displayName\":\"Ada "
                "Lovelace\",\"nickName\":\"Ada\",\"profileUrl\":\"https://login.example.org/ada\",\"title\":"
                "\"Analyst\",\"userType\":\"Employee\",\"preferredLanguage\":\"en-US\",\"locale\":\"en-US\",\"timezone\":\"Europe/London\","
                "\"active\":true,\"name\":{\"formatted\":\"Ms. Ada "
                "Lovelace\",\"familyName\":\"Lovelace\",\"givenName\":\"Ada\",\"middleName\":"
                "\"King\"},\"emails\":[{\"value\":\"ada@example.org\",\"type\":\"work\",\"primary\":true},{\"value\":\"ada@home.example\","
                "\"type\":\"home\"}],\"phoneNumbers\":[{\"value\":\"+44 20 7946 0000\",\"type\":\"work\"},{\"value\":\"+44 20 7946 0001\","
                "\"type\":\"mobile\"}],\"addresses\":[{\"type\":\"work\",\"streetAddress\":\"100 Universal City "
                "Plaza\",\"locality\":\"London\","
                "\"region\":\"London\",\"postalCode\":\"W1\",\"country\":\"GB\",\"formatted\":\"100 Universal City Plaza, "
                "London\",\"primary\":"
                "true}],\"" ENTERPRISE
                "\":{\"employeeNumber\":\"701984\",\"costCenter\":\"4130\",\"organization\":\"Engines\",\"division\":"
                "\"Theory\",\"department\":\"Numbers\",\"manager\":{\"value\":\"26118915-6090-4610-87e4-49d8ca9f808d\"}}}";
        int64_t parse_us = 0, accept_us = 0;

        for (int i = 0; i < 500; i++) {
                int64_t start = clock_steady_us();
                json_auto_t *body = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
                int64_t middle = clock_steady_us();
                json_auto_t *document = NULL;

                assert_int_equal(document_accept(&f->accept, body, &document, &f->edges, &f->fault), ERR_OK);
                accept_us += clock_steady_us() - middle;
                parse_us += middle - start;
        }
        print_message("parse %.1f us, accept %.1f us\n", (double)parse_us / 500, (double)accept_us / 500);
        assert_true(accept_us < 2 * parse_us);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
int main(void)
{
        static const struct CMUnitTest tests[] = {
                TEST(test_a_full_user_is_kept_as_sent),
                TEST(test_base64_may_come_without_padding),
                TEST(test_read_only_and_derived_are_dropped),
                TEST(test_password_is_no_attribute),
                TEST(test_unassigned_is_absent),
                TEST(test_required_is_asked_for),
                TEST(test_keys_that_differ_in_case_only_are_refused),
                TEST(test_wrong_types_are_refused_with_their_path),
                TEST(test_R15_active),
                TEST(test_numbers_become_text_digit_by_digit),
                TEST(test_one_for_many_and_many_for_one),
                TEST(test_manager_comes_in_five_forms),
                TEST(test_roles_as_text_are_kept_verbatim),
                TEST(test_unknown_names_are_dropped_or_refused),
                TEST(test_the_management_api_names_the_nearest),
                TEST(test_group_active_is_the_management_apis),
                TEST(test_exact_duplicates_are_kept_once),
                TEST(test_at_most_one_primary),
                TEST(test_limits),
                TEST(test_R14_members),
                TEST(test_merge_keeps_null),
                TEST(test_one_value_for_the_patch_engine),
                TEST(test_our_own_types_check_themselves),
                TEST(test_lists_that_are_never_empty_are_read_value_by_value),
                TEST(test_every_failed_allocation_is_an_error),
                TEST(test_accepting_is_cheaper_than_parsing),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
