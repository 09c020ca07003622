/* SPDX-License-Identifier: Apache-2.0
 *
 * PATCH on documents by RFC 7644 section 3.5.2, with the forms Okta and Entra send. Edges are tested in test_patch_edges.c. */
#include "patch_fixture.h"

#include "base/auto.h"

#define MINIMAL "{'userName':'a','id':'7','active':true}"
/* A user with the members given behind userName, id and active. */
#define USER(members) "{'userName':'a','id':'7','active':true," members "}"

struct row {
        const char *before, *operations, *expected; /* expected NULL: ERR_ below */
        enum err code;
        bool strict;
};

static void check_rows(const struct row *rows, size_t count)
{
        for (size_t i = 0; i < count; i++)
                check_patch(KIND_USER, rows[i].strict, rows[i].before, rows[i].operations, rows[i].code, rows[i].expected);
}
#define CHECK(rows) check_rows((rows), COUNT_OF(rows))

static void test_add_by_rfc(void **state)
{
        static const struct row rows[] = {
                { MINIMAL, "[{'op':'add','path':'title','value':'x'}]", USER("'title':'x'"), 0, true },
                { USER("'title':'x'"), "[{'op':'add','path':'title','value':'y'}]", USER("'title':'y'"), 0, true },
                { USER("'name':{'givenName':'g'}"), "[{'op':'add','path':'name','value':{'familyName':'f'}}]",
                        USER("'name':{'givenName':'g','familyName':'f'}"), 0, true },
                { MINIMAL, "[{'op':'add','path':'name.familyName','value':'f'}]", USER("'name':{'familyName':'f'}"), 0, true },
                { USER("'emails':[{'value':'x'}]"), "[{'op':'add','path':'emails','value':[{'value':'y'}]}]",
                        USER("'emails':[{'value':'x'},{'value':'y'}]"), 0, true },
                { MINIMAL, "[{'op':'add','path':'" ENTERPRISE ":department','value':'d'}]", USER("'" ENTERPRISE "':{'department':'d'}"), 0,
                        true },
                { MINIMAL, "[{'op':'add','path':'" ENTERPRISE "','value':{'department':'d'}}]", USER("'" ENTERPRISE "':{'department':'d'}"),
                        0, true },
                { MINIMAL, "[{'op':'add','path':'externalId','value':'e'}]", USER("'externalId':'e'"), 0, true },
                { USER("'title':'x'"), "[{'op':'add','path':'title','value':null}]", USER("'title':'x'"), 0, true },
                { USER("'emails':[{'value':'x'}]"), "[{'op':'add','path':'emails','value':[]}]", USER("'emails':[{'value':'x'}]"), 0,
                        true },
                { USER("'emails':[{'value':'x','type':'work'}]"),
                        "[{'op':'add','path':'emails[type eq \\'work\\']','value':{'display':'d'}}]",
                        USER("'emails':[{'value':'x','type':'work','display':'d'}]"), 0, false },
                { MINIMAL, "[{'op':'add','path':'title'}]", NULL, ERR_VALUE, false },
                { MINIMAL, "[{'op':'add','path':'title','value':[1,2]}]", NULL, ERR_VALUE, false },
                { MINIMAL, "[{'op':'add','path':'name','value':'x'}]", NULL, ERR_VALUE, false },
        };
        CHECK(rows);
}

static void test_replace_by_rfc(void **state)
{
        static const struct row rows[] = {
                { USER("'title':'x'"), "[{'op':'replace','path':'title','value':'y'}]", USER("'title':'y'"), 0, true },
                { MINIMAL, "[{'op':'replace','path':'title','value':'y'}]", USER("'title':'y'"), 0, true },
                { USER("'name':{'givenName':'g','familyName':'f'}"), "[{'op':'replace','path':'name','value':{'familyName':'h'}}]",
                        USER("'name':{'givenName':'g','familyName':'h'}"), 0, false },
                { USER("'name':{'givenName':'g','familyName':'f'}"), "[{'op':'replace','path':'name','value':{'familyName':null}}]",
                        USER("'name':{'givenName':'g'}"), 0, false },
                { USER("'name':{'givenName':'g'}"), "[{'op':'replace','path':'name','value':{}}]", USER("'name':{'givenName':'g'}"), 0,
                        false },
                { USER("'name':{'givenName':'g'}"), "[{'op':'replace','path':'name','value':null}]", MINIMAL, 0, true },
                { USER("'title':'x'"), "[{'op':'replace','path':'title','value':null}]", MINIMAL, 0, true },
                { USER("'emails':[{'value':'x'},{'value':'z'}]"), "[{'op':'replace','path':'emails','value':[{'value':'y'}]}]",
                        USER("'emails':[{'value':'y'}]"), 0, true },
                { USER("'emails':[{'value':'x'}]"), "[{'op':'replace','path':'emails','value':[]}]", MINIMAL, 0, true },
                { USER("'emails':[{'value':'x','type':'work'},{'value':'z','type':'home'}]"),
                        "[{'op':'replace','path':'emails[type eq \\'work\\'].value','value':'y'}]",
                        USER("'emails':[{'value':'y','type':'work'},{'value':'z','type':'home'}]"), 0, true },
                { USER("'emails':[{'value':'x','type':'work','display':'d'}]"),
                        "[{'op':'replace','path':'emails[type eq \\'work\\']','value':{'value':'y'}}]",
                        USER("'emails':[{'value':'y','type':'work'}]"), 0, false },
                { USER("'emails':[{'value':'x'},{'value':'z'}]"), "[{'op':'replace','path':'emails.type','value':'home'}]",
                        USER("'emails':[{'value':'x','type':'home'},{'value':'z','type':'home'}]"), 0, true },
                { USER("'emails':[{'value':'x'}]"), "[{'op':'replace','path':'emails[type eq \\'work\\'].value','value':'y'}]", NULL,
                        ERR_NO_TARGET, true },
                { USER("'emails':[{'value':'x'}]"),
                        "[{'op':'replace','path':'emails[type ne \\'work\\' and value eq \\'q\\']','value':{}}]", NULL, ERR_NO_TARGET,
                        false },
                { MINIMAL, "[{'op':'replace','path':'emails[type eq \\'work\\' or type eq \\'home\\'].value','value':'y'}]", NULL,
                        ERR_NO_TARGET, false },
                { MINIMAL, "[{'op':'replace','path':'emails[type eq \\'work\\' and type eq \\'home\\'].value','value':'y'}]", NULL,
                        ERR_NO_TARGET, false },
        };
        CHECK(rows);
}

static void test_remove_by_rfc(void **state)
{
        static const struct row rows[] = {
                { USER("'title':'x'"), "[{'op':'remove','path':'title'}]", MINIMAL, 0, true },
                { MINIMAL, "[{'op':'remove','path':'title'}]", MINIMAL, 0, true },
                { USER("'emails':[{'value':'x'},{'value':'y'}]"), "[{'op':'remove','path':'emails'}]", MINIMAL, 0, true },
                { USER("'emails':[{'value':'x','type':'work'},{'value':'y'}]"), "[{'op':'remove','path':'emails[type eq \\'work\\']'}]",
                        USER("'emails':[{'value':'y'}]"), 0, false },
                { USER("'emails':[{'value':'x','type':'work'}]"), "[{'op':'remove','path':'emails[type eq \\'work\\']'}]", MINIMAL, 0,
                        false },
                { USER("'emails':[{'value':'x'}]"), "[{'op':'remove','path':'emails[type eq \\'work\\']'}]",
                        USER("'emails':[{'value':'x'}]"), 0, false },
                { USER("'emails':[{'value':'x','display':'d'}]"), "[{'op':'remove','path':'emails[value eq \\'x\\'].display'}]",
                        USER("'emails':[{'value':'x'}]"), 0, true },
                { USER("'emails':[{'value':'x','type':'work'}]"), "[{'op':'remove','path':'emails[type eq \\'work\\'].value'}]", MINIMAL, 0,
                        false },
                { USER("'name':{'givenName':'g'}"), "[{'op':'remove','path':'name.givenName'}]", MINIMAL, 0, true },
                { USER("'name':{'givenName':'g','familyName':'f'}"), "[{'op':'remove','path':'name.givenName'}]",
                        USER("'name':{'familyName':'f'}"), 0, true },
                { USER("'" ENTERPRISE "':{'department':'d','division':'v'}"), "[{'op':'remove','path':'" ENTERPRISE "'}]", MINIMAL, 0,
                        true },
                { USER("'" ENTERPRISE "':{'department':'d'}"), "[{'op':'remove','path':'" ENTERPRISE ":department'}]", MINIMAL, 0, true },
                { MINIMAL, "[{'op':'remove'}]", NULL, ERR_NO_TARGET, false },
                { MINIMAL, "[{'op':'remove','path':'userName'}]", NULL, ERR_MUTABILITY, false },
                { MINIMAL, "[{'op':'replace','path':'userName','value':null}]", NULL, ERR_MUTABILITY, false },
                { MINIMAL, "[{'op':'remove','path':'id'}]", NULL, ERR_MUTABILITY, false },
        };
        CHECK(rows);
}

static void test_R15_active_is_never_unassigned(void **state)
{
        static const struct row rows[] = {
                { MINIMAL, "[{'op':'replace','path':'active','value':false}]", "{'userName':'a','id':'7','active':false}", 0, true },
                { MINIMAL, "[{'op':'Replace','path':'active','value':'False'}]", "{'userName':'a','id':'7','active':false}", 0, false },
                { MINIMAL, "[{'op':'replace','value':{'active':false}}]", "{'userName':'a','id':'7','active':false}", 0, false },
                { MINIMAL, "[{'op':'replace','path':'ACTIVE','value':'fAlSe'}]", "{'userName':'a','id':'7','active':false}", 0, false },
                { MINIMAL, "[{'op':'replace','path':'active','value':'False'}]", NULL, ERR_VALUE, true },
                { MINIMAL, "[{'op':'replace','path':'active','value':null}]", NULL, ERR_VALUE, false },
                { MINIMAL, "[{'op':'add','path':'active','value':null}]", NULL, ERR_VALUE, false },
                { MINIMAL, "[{'op':'replace','value':{'active':null}}]", NULL, ERR_VALUE, false },
                { MINIMAL, "[{'op':'replace','path':'active','value':0}]", NULL, ERR_VALUE, false },
                { MINIMAL, "[{'op':'replace','path':'active','value':''}]", NULL, ERR_VALUE, false },
                { MINIMAL, "[{'op':'replace','path':'active','value':[]}]", NULL, ERR_VALUE, false },
                { MINIMAL, "[{'op':'remove','path':'active'}]", NULL, ERR_MUTABILITY, false },
                { "{'userName':'a'}", "[{'op':'remove','path':'active'}]", NULL, ERR_MUTABILITY, false },
        };
        CHECK(rows);
}

static void test_pathless_forms_of_okta_and_entra(void **state)
{
        static const struct row rows[] = {
                { MINIMAL,
                        "[{'op':'replace','value':{'displayName':'d','name.givenName':'g','name.familyName':'f','" ENTERPRISE
                        ":employeeNumber':'1',"
                        "'" ENTERPRISE ":manager':'m'}}]",
                        USER("'displayName':'d','name':{'givenName':'g','familyName':'f'},'" ENTERPRISE
                             "':{'employeeNumber':'1','manager':{'value':'m'}}"),
                        0, false },
                { MINIMAL, "[{'op':'add','value':{'emails[type eq \\'work\\'].value':'x'}}]",
                        USER("'emails':[{'type':'work','value':'x'}]"), 0, false },
                { USER("'name':{'givenName':'g'}"), "[{'op':'replace','value':{'NAME':{'familyName':'f'},'title':null}}]",
                        USER("'name':{'givenName':'g','familyName':'f'}"), 0, false },
                { MINIMAL, "[{'op':'add','value':{'" ENTERPRISE "':{'department':'d','manager.value':'m'}}}]",
                        USER("'" ENTERPRISE "':{'department':'d','manager':{'value':'m'}}"), 0, false },
                { MINIMAL, "[{'op':'replace','value':{'id':'7','title':'t'}}]", USER("'title':'t'"), 0, false },
                { MINIMAL, "[{'op':'replace','value':{'schemas':['x'],'meta':{'version':'1'},'groups':[{'value':'g'}],'password':'p'}}]",
                        MINIMAL, 0, false },
                { MINIMAL, "[{'op':'replace','value':{'id':'8','title':'t'}}]", NULL, ERR_MUTABILITY, false },
                { MINIMAL, "[{'op':'replace','value':{'unheard':1,'not a name':2,'urn:x:y':3,'name.unheard':4}}]", MINIMAL, 0, false },
                { MINIMAL, "[{'op':'replace','value':{}}]", MINIMAL, 0, false },
                { MINIMAL, "[{'op':'replace','path':null,'value':{'title':'t'}}]", USER("'title':'t'"), 0, false },
                { MINIMAL, "[{'op':'replace','path':'urn:ietf:params:scim:schemas:core:2.0:User','value':{'title':'t'}}]",
                        USER("'title':'t'"), 0, false },
                { MINIMAL, "[{'op':'replace','value':{'urn:ietf:params:scim:schemas:core:2.0:User':{'title':'t'}}}]", USER("'title':'t'"),
                        0, false },
                { MINIMAL, "[{'op':'replace','value':{'title':'t'}}]", NULL, ERR_SYNTAX, true },
                { MINIMAL, "[{'op':'replace','value':'t'}]", NULL, ERR_VALUE, false },
                { MINIMAL, "[{'op':'replace','value':null}]", NULL, ERR_VALUE, false },
                { MINIMAL, "[{'op':'replace','value':{'active':true,'Active':false}}]", NULL, ERR_SYNTAX, false },
                { MINIMAL, "[{'op':'replace','value':{'" ENTERPRISE "':{'Department':'a','department':'b'}}}]", NULL, ERR_SYNTAX, false },
        };
        CHECK(rows);
}

static void test_create_on_absent_of_entra(void **state)
{
        static const struct row rows[] = {
                { MINIMAL, "[{'op':'Add','path':'emails[type eq \\'work\\'].value','value':'x'}]",
                        USER("'emails':[{'type':'work','value':'x'}]"), 0, false },
                { MINIMAL, "[{'op':'Replace','path':'phoneNumbers[type eq \\'mobile\\' and primary eq true].value','value':'1'}]",
                        USER("'phoneNumbers':[{'type':'mobile','primary':true,'value':'1'}]"), 0, false },
                { MINIMAL, "[{'op':'Add','path':'roles[primary eq \\'True\\'].value','value':'r'}]",
                        USER("'roles':[{'primary':true,'value':'r'}]"), 0, false },
                { USER("'emails':[{'value':'h','type':'home','primary':true}]"),
                        "[{'op':'Add','path':'emails[type eq \\'work\\'].primary','value':'True'},"
                        "{'op':'Add','path':'emails[type eq \\'work\\'].value','value':'w'},"
                        "{'op':'Add','path':'emails[type eq \\'work\\'].display','value':'d'}]",
                        USER("'emails':[{'value':'h','type':'home','primary':false},{'value':'w','type':'work','primary':true,'display':'d'"
                             "}]"),
                        0, false },
                { MINIMAL, "[{'op':'Add','path':'addresses[type eq \\'work\\']','value':{'locality':'l'}}]",
                        USER("'addresses':[{'type':'work','locality':'l'}]"), 0, false },
                { MINIMAL, "[{'op':'Replace','path':'emails[type eq \\'work\\'].value','value':null}]", MINIMAL, 0, false },
                { MINIMAL, "[{'op':'Add','path':'emails[type eq \\'work\\'].value','value':'x'}]", NULL, ERR_NO_TARGET, true },
                { MINIMAL, "[{'op':'Add','path':'emails[unheard eq \\'work\\'].value','value':'x'}]", NULL, ERR_NO_TARGET, false },
                { MINIMAL, "[{'op':'Add','path':'emails.value','value':'x'}]", USER("'emails':[{'value':'x'}]"), 0, true },
        };
        CHECK(rows);
}

static void test_manager_forms(void **state)
{
#define MANAGER(id) USER("'" ENTERPRISE "':{'manager':{'value':'" id "'}}")
#define REFERRED USER("'" ENTERPRISE "':{'manager':{'value':'m','$ref':'../Users/m'}}")
        static const struct row rows[] = {
                { MINIMAL, "[{'op':'Add','path':'" ENTERPRISE ":manager','value':[{'value':'m'}]}]", MANAGER("m"), 0, false },
                { MINIMAL, "[{'op':'Add','path':'" ENTERPRISE ":manager','value':'m'}]", MANAGER("m"), 0, false },
                { MINIMAL, "[{'op':'Add','path':'" ENTERPRISE ":manager.value','value':'m'}]", MANAGER("m"), 0, true },
                { MANAGER("m"), "[{'op':'Replace','path':'" ENTERPRISE ":manager','value':{'value':'n'}}]", MANAGER("n"), 0, true },
                { MANAGER("m"), "[{'op':'Replace','path':'" ENTERPRISE ":manager','value':''}]", MINIMAL, 0, false },
                { MANAGER("m"), "[{'op':'Replace','path':'" ENTERPRISE ":manager','value':{'value':''}}]", MINIMAL, 0, false },
                { MANAGER("m"), "[{'op':'Replace','path':'" ENTERPRISE ":manager','value':[{'Value':''}]}]", MINIMAL, 0, false },
                { MANAGER("m"), "[{'op':'Replace','path':'" ENTERPRISE ":manager.value','value':''}]", MINIMAL, 0, false },
                { MANAGER("m"), "[{'op':'Replace','path':'" ENTERPRISE ":manager','value':{'unheard':1}}]", MANAGER("m"), 0, false },
                { MANAGER("m"), "[{'op':'Remove','path':'" ENTERPRISE ":manager'}]", MINIMAL, 0, true },
                { MANAGER("m"), "[{'op':'remove','path':'" ENTERPRISE ":manager[value eq \\'m\\']'}]", MINIMAL, 0, false },
                { MANAGER("m"), "[{'op':'remove','path':'" ENTERPRISE ":manager[value eq \\'n\\']'}]", MANAGER("m"), 0, false },
                { MANAGER("m"), "[{'op':'replace','path':'" ENTERPRISE ":manager[value eq \\'n\\'].value','value':'q'}]", NULL,
                        ERR_NO_TARGET, false },
                { REFERRED, "[{'op':'remove','path':'" ENTERPRISE ":manager.value'}]", MINIMAL, 0, true },
                { REFERRED, "[{'op':'Replace','path':'" ENTERPRISE ":manager','value':'n'}]", MANAGER("n"), 0, false },
                { REFERRED, "[{'op':'Replace','path':'" ENTERPRISE ":manager.value','value':'n'}]", MANAGER("n"), 0, true },
                { REFERRED, "[{'op':'add','path':'" ENTERPRISE ":manager','value':{'value':'n'}}]", MANAGER("n"), 0, true },
                { REFERRED, "[{'op':'add','path':'" ENTERPRISE ":manager','value':{'value':'m'}}]", REFERRED, 0, true },
                { REFERRED, "[{'op':'add','path':'" ENTERPRISE ":manager','value':{'value':'n','$ref':'../Users/n'}}]",
                        USER("'" ENTERPRISE "':{'manager':{'value':'n','$ref':'../Users/n'}}"), 0, true },
                { MANAGER("m"), "[{'op':'add','path':'" ENTERPRISE ":manager.displayName','value':'x'}]", NULL, ERR_MUTABILITY, false },
                { MINIMAL, "[{'op':'Add','path':'" ENTERPRISE ":manager','value':'m'}]", NULL, ERR_VALUE, true },
        };
        CHECK(rows);
}

static void test_remove_with_value(void **state)
{
#define TWO "'emails':[{'value':'x@y','type':'work'},{'value':'z@y','type':'home'}]"
        static const struct row rows[] = {
                { USER(TWO), "[{'op':'Remove','path':'emails','value':[{'value':'X@Y'}]}]",
                        USER("'emails':[{'value':'z@y','type':'home'}]"), 0, false },
                { USER(TWO), "[{'op':'Remove','path':'emails','value':[{'value':'x@y','type':'home'}]}]", USER(TWO), 0, false },
                { USER(TWO), "[{'op':'Remove','path':'emails','value':[]}]", USER(TWO), 0, false },
                { USER(TWO), "[{'op':'Remove','path':'emails','value':[{'type':'work'}]}]",
                        USER("'emails':[{'value':'z@y','type':'home'}]"), 0, false },
                { USER(TWO), "[{'op':'Remove','path':'emails[type eq \\'home\\'].value','value':'old'}]",
                        USER("'emails':[{'value':'x@y','type':'work'}]"), 0, false },
                { USER("'title':'t'"), "[{'op':'Remove','path':'title','value':'another'}]", MINIMAL, 0, false },
                { USER(TWO), "[{'op':'Remove','path':'emails','value':null}]", MINIMAL, 0, false },
                { USER(TWO), "[{'op':'Remove','path':'emails','value':[{'value':'x@y'}]}]", NULL, ERR_SYNTAX, true },
        };
        CHECK(rows);
}

static void test_at_most_one_is_primary(void **state)
{
#define BOTH "'emails':[{'value':'x','primary':true},{'value':'y'}]"
        static const struct row rows[] = {
                { USER(BOTH), "[{'op':'add','path':'emails','value':[{'value':'z','primary':true}]}]",
                        USER("'emails':[{'value':'x','primary':false},{'value':'y'},{'value':'z','primary':true}]"), 0, true },
                { USER(BOTH), "[{'op':'replace','path':'emails[value eq \\'y\\'].primary','value':true}]",
                        USER("'emails':[{'value':'x','primary':false},{'value':'y','primary':true}]"), 0, true },
                { USER(BOTH), "[{'op':'add','path':'emails','value':[{'value':'y','primary':true}]}]",
                        USER("'emails':[{'value':'x','primary':false},{'value':'y','primary':true}]"), 0, true },
                { USER(BOTH), "[{'op':'replace','path':'emails.primary','value':true}]",
                        USER("'emails':[{'value':'x','primary':true},{'value':'y','primary':false}]"), 0, true },
                { USER(BOTH), "[{'op':'add','path':'emails','value':[{'value':'p','primary':true},{'value':'q','primary':true}]}]", NULL,
                        ERR_VALUE, true },
                /* twice is once: of several selected the one that is primary stays so */
                { USER("'emails':[{'value':'x','type':'work'},{'value':'y','type':'work','primary':true}]"),
                        "[{'op':'add','path':'emails[type eq \\'work\\'].primary','value':true}]",
                        USER("'emails':[{'value':'x','type':'work','primary':false},{'value':'y','type':'work','primary':true}]"), 0,
                        true },
        };
        CHECK(rows);
}

static void test_duplicates_change_nothing(void **state)
{
        static const struct row rows[] = {
                { USER("'emails':[{'value':'x','type':'work'}]"), "[{'op':'add','path':'emails','value':[{'type':'work','value':'x'}]}]",
                        USER("'emails':[{'value':'x','type':'work'}]"), 0, true },
                { USER("'emails':[{'value':'x','type':'work','display':'d'}]"),
                        "[{'op':'add','path':'emails','value':[{'type':'work','value':'x'}]}]",
                        USER("'emails':[{'value':'x','type':'work','display':'d'}]"), 0, true },
                { USER("'emails':[{'value':'x','type':'work'}]"), "[{'op':'add','path':'emails','value':[{'type':'home','value':'x'}]}]",
                        USER("'emails':[{'value':'x','type':'work'},{'value':'x','type':'home'}]"), 0, true },
                { USER("'addresses':[{'locality':'l'}]"), "[{'op':'add','path':'addresses','value':[{'locality':'l'}]}]",
                        USER("'addresses':[{'locality':'l'}]"), 0, true },
                { USER("'emails':[{'value':'x','type':'work'},{'value':'x'}]"),
                        "[{'op':'replace','path':'emails[value eq \\'x\\'].type','value':'work'}]",
                        USER("'emails':[{'value':'x','type':'work'}]"), 0, true },
        };
        CHECK(rows);
}

static void test_entra_texts_and_roles(void **state)
{
        static const struct row rows[] = {
                { MINIMAL, "[{'op':'Add','path':'roles','value':[{'value':'{\\u0022id\\u0022:\\u00221\\u0022}'}]}]",
                        USER("'roles':[{'value':'{\\u0022id\\u0022:\\u00221\\u0022}'}]"), 0, false },
                { MINIMAL, "[{'op':'Add','path':'roles','value':'{\\u0022id\\u0022:1}'}]",
                        USER("'roles':[{'value':'{\\u0022id\\u0022:1}'}]"), 0, false },
                { MINIMAL, "[{'op':'Add','path':'emails','value':{'value':'x','primary':'True'}}]",
                        USER("'emails':[{'value':'x','primary':true}]"), 0, false },
                { MINIMAL, "[{'op':'Replace','path':'" ENTERPRISE ":employeeNumber','value':701984}]",
                        USER("'" ENTERPRISE "':{'employeeNumber':'701984'}"), 0, false },
                { MINIMAL, "[{'op':'Replace','path':'urn:ietf:params:scim:schemas:extension:enterprise:2.0User:department','value':'d'}]",
                        MINIMAL, 0, false },
                { MINIMAL, "[{'op':'Add','path':'emails','value':{'value':'x'}}]", NULL, ERR_VALUE, true },
        };
        CHECK(rows);
}

static void test_wrong_paths_and_read_only(void **state)
{
        static const struct row rows[] = {
                { MINIMAL, "[{'op':'add','path':'title.','value':'x'}]", NULL, ERR_PATH, false },
                { MINIMAL, "[{'op':'add','path':'','value':'x'}]", NULL, ERR_PATH, false },
                { MINIMAL, "[{'op':'add','path':7,'value':'x'}]", NULL, ERR_PATH, false },
                { MINIMAL, "[{'op':'add','path':'emails[type eq \\'work\\']x','value':'x'}]", NULL, ERR_PATH, false },
                { MINIMAL, "[{'op':'add','path':'emails[type xx \\'work\\'].value','value':'x'}]", NULL, ERR_FILTER, false },
                { MINIMAL, "[{'op':'add','path':'emails[type eq \\'work\\'','value':'x'}]", NULL, ERR_FILTER, false },
                { MINIMAL, "[{'op':'add','path':'unheard','value':'x'}]", MINIMAL, 0, false },
                { MINIMAL, "[{'op':'replace','path':'id','value':'7'}]", MINIMAL, 0, false },
                { MINIMAL, "[{'op':'replace','path':'id','value':'7'}]", NULL, ERR_MUTABILITY, true },
                { MINIMAL, "[{'op':'replace','path':'id','value':'8'}]", NULL, ERR_MUTABILITY, false },
                { MINIMAL, "[{'op':'replace','path':'meta.version','value':'8'}]", NULL, ERR_MUTABILITY, false },
                { MINIMAL, "[{'op':'add','path':'groups','value':[{'value':'g'}]}]", NULL, ERR_MUTABILITY, false },
                { MINIMAL, "[{'op':'remove','path':'groups[value eq \\'g\\']'}]", NULL, ERR_MUTABILITY, false },
                { MINIMAL, "[{'op':'replace','path':'" URN_MUSTER_USER ":effectiveActive','value':true}]", NULL, ERR_MUTABILITY, false },
                { MINIMAL, "[{'op':'remove','path':'" URN_MUSTER_USER "'}]", NULL, ERR_MUTABILITY, false },
                { MINIMAL, "[{'op':'add','path':'" URN_MUSTER_USER "','value':{}}]", MINIMAL, 0, false },
                { MINIMAL, "[{'op':'replace','path':'password','value':'x'}]", MINIMAL, 0, false },
        };
        CHECK(rows);
}

/* draft-zollner-scim-interop-profile-01 sections 5.3 and 6.5, where it goes beyond RFC 7644. */
static void test_strict_is_the_interoperability_profile(void **state)
{
#define WORK_AND_OTHER USER("'emails':[{'value':'x','type':'work'},{'value':'y'}]")
        static const struct row rows[] = {
                { MINIMAL, "[{'op':'add','path':'unheard','value':'x'}]", NULL, ERR_SYNTAX, true },
                { MINIMAL, "[{'op':'add','path':'name.unheard','value':'x'}]", NULL, ERR_SYNTAX, true },
                { MINIMAL, "[{'op':'add','path':'urn:unheard:x','value':'x'}]", NULL, ERR_SYNTAX, true },
                { MINIMAL, "[{'op':'add','path':'name','value':{'unheard':'x'}}]", NULL, ERR_SYNTAX, true },
                { MINIMAL, "[{'op':'add','path':'" ENTERPRISE "','value':{'unheard':'x'}}]", NULL, ERR_SYNTAX, true },
                { MINIMAL, "[{'op':'replace','path':'password','value':'x'}]", NULL, ERR_SYNTAX, true },
                { MINIMAL, "[{'op':'replace','value':{'title':'x'}}]", NULL, ERR_SYNTAX, true },
                { MINIMAL, "[{'op':'remove'}]", NULL, ERR_SYNTAX, true },
                { MINIMAL, "[{'op':'remove','path':null}]", NULL, ERR_SYNTAX, true },
                { MINIMAL, "[{'op':'replace','path':'" URN_USER "','value':{'title':'x'}}]", NULL, ERR_SYNTAX, true },
                /* an extension is named whole by its URN (RFC 7643 section 3.3); the profile says nothing of it */
                { MINIMAL, "[{'op':'add','path':'" ENTERPRISE "','value':{'department':'d'}}]", USER("'" ENTERPRISE "':{'department':'d'}"),
                        0, true },
                { USER("'" ENTERPRISE "':{'department':'d'}"), "[{'op':'remove','path':'" ENTERPRISE "'}]", MINIMAL, 0, true },
                { USER("'name':{'givenName':'g','familyName':'f'}"), "[{'op':'replace','path':'name','value':{'familyName':'h'}}]",
                        USER("'name':{'familyName':'h'}"), 0, true },
                { USER("'name':{'givenName':'g','familyName':'f'}"), "[{'op':'add','path':'name','value':{'familyName':'h'}}]",
                        USER("'name':{'givenName':'g','familyName':'h'}"), 0, true },
                { USER("'name':{'givenName':'g','familyName':'f'}"), "[{'op':'replace','path':'name','value':{}}]", MINIMAL, 0, true },
                { WORK_AND_OTHER, "[{'op':'remove','path':'emails[type eq \\'work\\']'}]", NULL, ERR_PATH, true },
                { WORK_AND_OTHER, "[{'op':'replace','path':'emails[type eq \\'work\\']','value':{'value':'z'}}]", NULL, ERR_PATH, true },
                { WORK_AND_OTHER, "[{'op':'add','path':'emails[type eq \\'work\\']','value':{'value':'z'}}]", NULL, ERR_PATH, true },
                { WORK_AND_OTHER, "[{'op':'remove','path':'emails[type eq \\'work\\'].value'}]",
                        USER("'emails':[{'type':'work'},{'value':'y'}]"), 0, true },
                { WORK_AND_OTHER, "[{'op':'remove','path':'emails[type eq \\'work\\'].value'}]", USER("'emails':[{'value':'y'}]"), 0,
                        false },
                { MINIMAL, "[{'op':'add','path':'emails[type eq \\'work\\'].type','value':'home'}]", NULL, ERR_NO_TARGET, false },
                { MINIMAL, "[{'op':'replace','path':'emails','value':{'value':'z'}}]", NULL, ERR_VALUE, true },
        };
        CHECK(rows);
}

static void test_an_error_in_any_operation_changes_nothing(void **state)
{
        struct patch_fixture fixture = { 0 };
        assert_int_equal(patch_text(&fixture, KIND_USER, MINIMAL,
                                 "[{'op':'add','path':'title','value':'x'},{'op':'add','path':'emails','value':[{'value':'x'}]},"
                                 "{'op':'add','path':'emails','value':[{'value':{}}]}]"),
                ERR_VALUE);
        assert_null(fixture.result.document);
        assert_string_equal(fixture.fault.field, "Operations[2].value.emails[0].value");
        assert_int_equal(
                patch_text(&fixture, KIND_USER, MINIMAL, "[{'op':'add','path':'title','value':'x'},{'op':'add','path':'a b','value':1}]"),
                ERR_PATH);
        assert_string_equal(fixture.fault.field, "Operations[1].path");
        patch_fixture_done(&fixture);
}

/* The fault names `field`, and `told` stands in it; NULL: anything does. */
static void check_told(const char *message, bool strict, enum err code, const char *field, const char *told)
{
        struct patch_fixture fixture = { .leniency.strict = strict };
        json_t *before = json_of(MINIMAL), *body = json_of(message);
        enum err e = patch_json(&fixture, KIND_USER, before, body);
        if (e != code || (told && !strstr(fixture.fault.message, told)) || (field && strcmp(fixture.fault.field, field) != 0))
                fail_msg("%s: %s (%s: %s)", message, error_row(e)->name, fixture.fault.field, fixture.fault.message);
        patch_fixture_done(&fixture);
        json_decref(before);
        json_decref(body);
}

static void check_message(const char *message, bool strict, enum err code)
{
        check_told(message, strict, code, NULL, NULL);
}

static void test_message_shape(void **state)
{
#define OPERATION "{'op':'add','path':'title','value':'x'}"
        check_message("{'schemas':['" URN_PATCH "'],'Operations':[" OPERATION "]}", true, ERR_OK);
        check_message("{'SCHEMAS':['" URN_PATCH "'],'operations':[{'OP':'ADD','Path':'TITLE','Value':'x'}]}", true, ERR_OK);
        check_message("{'Operations':[" OPERATION "]}", false, ERR_OK);
        check_message("{'Operations':[" OPERATION "]}", true, ERR_SYNTAX);
        check_message("{'schemas':['urn:x'],'Operations':[" OPERATION "]}", false, ERR_SYNTAX);
        check_message("{'schemas':['" URN_PATCH "']}", false, ERR_SYNTAX);
        check_message("{'schemas':['" URN_PATCH "'],'Operations':[]}", false, ERR_SYNTAX);
        check_message("{'schemas':['" URN_PATCH "'],'Operations':" OPERATION "}", false, ERR_SYNTAX);
        check_message("{'schemas':['" URN_PATCH "'],'Operations':[1]}", false, ERR_SYNTAX);
        check_message("{'schemas':['" URN_PATCH "'],'Operations':[{'op':'move','path':'title'}]}", false, ERR_SYNTAX);
        check_message("{'schemas':['" URN_PATCH "'],'Operations':[{'path':'title','value':'x'}]}", false, ERR_SYNTAX);
        check_message(
                "{'schemas':['" URN_PATCH "'],'Operations':[{'op':'add','Op':'remove','path':'title','value':'x'}]}", false, ERR_SYNTAX);
        check_message("{'schemas':['" URN_PATCH "'],'Operations':[" OPERATION "],'operations':[]}", false, ERR_SYNTAX);
        check_message("[]", false, ERR_SYNTAX);
        check_message("{'schemas':['" URN_PATCH "'],'Operations':[" OPERATION "],'more':1}", false, ERR_OK);
        check_told("{'schemas':['" URN_PATCH "'],'Operations':[" OPERATION "],'more':1}", true, ERR_SYNTAX, "more",
                "\"more\" is no member of a PATCH message, which has schemas, Operations");
        check_told("{'schemas':['" URN_PATCH "'],'Operations':[{'op':'add','path':'title','value':'x','more':1}]}", true, ERR_SYNTAX,
                "Operations[0].more", "\"more\" is no member of an operation, which has op, path, value");
        check_told("{'Operations':[" OPERATION ",{'op':'move','path':'title'}]}", false, ERR_SYNTAX, "Operations[1].op", "not \"move\"");
        check_told("{'Operations':[{'path':'title','value':'x'}]}", false, ERR_SYNTAX, "Operations[0].op", "not missing");
        check_told("{'Operations':[{'op':7,'path':'title','value':'x'}]}", false, ERR_SYNTAX, "Operations[0].op", "not integer");
        check_told("{'Operations':[1]}", false, ERR_SYNTAX, "Operations[0]", "not integer");
        check_told("{'Operations':[{'op':'add','path':7,'value':'x'}]}", false, ERR_PATH, "Operations[0].path", "not integer");
        check_told("{'Operations':[{'op':'add','path':'title'}]}", false, ERR_VALUE, "Operations[0].value", "need a value");
}

static void test_limit_of_operations(void **state)
{
        json_t *before = json_of(MINIMAL), *operations = json_array();
        json_t *message = json_pack("{s:[s], s:o}", "schemas", URN_PATCH, "Operations", operations);
        struct patch_fixture fixture = { 0 };
        for (int i = 0; i < PATCH_OPERATIONS_MAX; i++)
                json_array_append_new(operations, json_of("{'op':'add','path':'title','value':'x'}"));
        assert_int_equal(patch_json(&fixture, KIND_USER, before, message), ERR_OK);
        json_decref(fixture.result.document);
        fixture.result.document = NULL;
        json_array_append_new(operations, json_of("{'op':'add','path':'title','value':'x'}"));
        assert_int_equal(patch_json(&fixture, KIND_USER, before, message), ERR_TOO_LARGE);
        patch_fixture_done(&fixture);
        json_decref(before);
        json_decref(message);
}

static void test_leniencies_are_recorded(void **state)
{
        static const struct {
                const char *operations;
                uint32_t used;
        } rows[] = {
                { "[{'op':'replace','path':'title','value':'x'}]", 0 },
                { "[{'op':'replace','value':{'title':'x'}}]", 1u << LENIENT_PATHLESS_PATCH },
                { "[{'op':'replace','value':{'name.givenName':'x'}}]", 1u << LENIENT_PATHLESS_PATCH | 1u << LENIENT_DOTTED_KEY },
                { "[{'op':'replace','path':'active','value':'True'}]", 1u << LENIENT_BOOLEAN_TEXT },
                { "[{'op':'remove','path':'title','value':'x'}]", 1u << LENIENT_REMOVE_VALUE },
                { "[{'op':'add','path':'emails[type eq \\'work\\'].value','value':'x'}]", 1u << LENIENT_CREATE_ON_ABSENT },
                { "[{'op':'replace','path':'id','value':'7'}]", 1u << LENIENT_READ_ONLY_SAME },
                { "[{'op':'replace','path':'unheard','value':'7'}]", 1u << LENIENT_UNKNOWN_ATTRIBUTE },
        };
        for (size_t i = 0; i < COUNT_OF(rows); i++) {
                struct patch_fixture fixture = { 0 };
                assert_int_equal(patch_text(&fixture, KIND_USER, MINIMAL, rows[i].operations), ERR_OK);
                assert_int_equal(fixture.leniency.used, rows[i].used);
                patch_fixture_done(&fixture);
        }
}

static void test_limit_of_values(void **state)
{
        json_t *emails = json_array();
        for (int i = 0; i < MULTI_VALUES_MAX - 1; i++)
                json_array_append_new(emails, json_pack("{s:o}", "value", json_sprintf("%d", i)));
        json_t *before = json_pack("{s:s, s:o}", "userName", "a", "emails", emails);
        static const struct {
                const char *values;
                enum err code;
        } rows[] = { { "[{'value':'x'}]", ERR_OK }, { "[{'value':'x'},{'value':'1'}]", ERR_OK },
                { "[{'value':'x'},{'value':'y'}]", ERR_VALUE } };
        for (size_t i = 0; i < COUNT_OF(rows); i++) {
                json_t *operation = json_pack("{s:s, s:s, s:o}", "op", "add", "path", "emails", "value", json_of(rows[i].values));
                json_t *message = json_pack("{s:[s], s:[o]}", "schemas", URN_PATCH, "Operations", operation);
                struct patch_fixture fixture = { 0 };
                assert_int_equal(patch_json(&fixture, KIND_USER, before, message), rows[i].code);
                patch_fixture_done(&fixture);
                json_decref(message);
        }
        json_decref(before);
}

static void test_long_lists_cannot_stall(void **state)
{
        json_t *emails = json_array(), *operations = json_array();
        for (int i = 0; i < MULTI_VALUES_MAX; i++)
                json_array_append_new(emails, json_pack("{s:o}", "value", json_sprintf("\xc3\xa9%0200d", i)));
        json_t *before = json_pack("{s:s, s:o}", "userName", "a", "emails", emails);
        json_t *message = json_pack("{s:[s], s:o}", "schemas", URN_PATCH, "Operations", operations);
        for (int i = 0; i < PATCH_OPERATIONS_MAX; i++)
                json_array_append_new(operations, json_of("{'op':'remove','path':'emails[value co \\'x\\' or value sw \\'y\\']'}"));
        struct patch_fixture fixture = { 0 };
        assert_int_equal(patch_json(&fixture, KIND_USER, before, message), ERR_TOO_LARGE);
        patch_fixture_done(&fixture);
        json_decref(before);
        json_decref(message);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_add_by_rfc),
                cmocka_unit_test(test_replace_by_rfc),
                cmocka_unit_test(test_remove_by_rfc),
                cmocka_unit_test(test_R15_active_is_never_unassigned),
                cmocka_unit_test(test_pathless_forms_of_okta_and_entra),
                cmocka_unit_test(test_create_on_absent_of_entra),
                cmocka_unit_test(test_manager_forms),
                cmocka_unit_test(test_remove_with_value),
                cmocka_unit_test(test_at_most_one_is_primary),
                cmocka_unit_test(test_duplicates_change_nothing),
                cmocka_unit_test(test_entra_texts_and_roles),
                cmocka_unit_test(test_wrong_paths_and_read_only),
                cmocka_unit_test(test_strict_is_the_interoperability_profile),
                cmocka_unit_test(test_an_error_in_any_operation_changes_nothing),
                cmocka_unit_test(test_message_shape),
                cmocka_unit_test(test_limit_of_operations),
                cmocka_unit_test(test_limit_of_values),
                cmocka_unit_test(test_leniencies_are_recorded),
                cmocka_unit_test(test_long_lists_cannot_stall),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
