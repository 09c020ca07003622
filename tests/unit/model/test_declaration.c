/* SPDX-License-Identifier: Apache-2.0
 *
 * Declared schemas and types: read with a reason for each refusal, widened only, fitted together into a set whose types behave as the
 * built-in ones do. */
#include "model_fixture.h"

#include "model/declaration.h"
#include "model/path.h"
#include "model/select.h"

#define NO 7

static enum err parse(const char *attributes, struct arena *arena, struct schema *ret, struct fault *fault)
{
        char text[8192];
        (void)snprintf(text, sizeof(text), "{'urn':'urn:x:y:z','name':'Z','attributes':%s}", attributes);
        json_auto_t *document = json_of(text);
        return schema_parse(document, NO, arena, ret, fault);
}

static void test_a_schema_becomes_descriptors_and_again_the_same_document(void **state)
{
        struct arena *arena = arena_new((size_t)4 << 20);
        struct fault fault = { 0 };
        struct schema schema;
        assert_int_equal(
                parse("[{'name':'plain'},"
                      "{'name':'badge','uniqueness':'server','caseExact':true,'required':true,'description':'D'},"
                      "{'name':'doors','type':'complex','multiValued':true,'subAttributes':[{'name':'value'},{'name':'primary',"
                      "'type':'boolean'},{'name':'serial','uniqueness':'server'}]},"
                      "{'name':'link','type':'reference','referenceTypes':['User'],'mutability':'immutable','returned':'request'}]",
                        arena, &schema, &fault),
                ERR_OK);
        const struct attribute *a = schema.attributes;
        assert_int_equal(a[0].type, ATTRIBUTE_TEXT);
        assert_int_equal(a[0].flags, 0);
        assert_int_equal(a[0].max_bytes, DECLARED_TEXT_MAX_BYTES);
        assert_int_equal(a[1].flags, UNIQUE | INDEXED | CASE_EXACT | REQUIRED);
        assert_int_equal(a[1].number, NO * SCHEMA_NUMBERS + 64);
        assert_int_equal(a[1].max_bytes, DECLARED_UNIQUE_MAX_BYTES);
        assert_int_equal(a[2].sub[1].flags, PRIMARY_SUB);
        assert_int_equal(a[2].sub[2].number, NO * SCHEMA_NUMBERS + 2 * 64 + 3);
        assert_int_equal(a[3].flags, CASE_EXACT | IMMUTABLE | RETURNED_REQUEST);
        assert_null(a[4].name);
        assert_int_equal(schema.number, NO * SCHEMA_NUMBERS + SCHEMA_NUMBERS - 1);
        json_auto_t *document = schema_document(&schema);
        json_object_set_new(document, "urn", json_string(schema.urn));
        struct schema again;
        assert_int_equal(schema_parse(document, NO, arena, &again, &fault), ERR_OK);
        json_auto_t *second = schema_document(&again);
        assert_true(json_equal(json_object_get(document, "attributes"), json_object_get(second, "attributes")));
        arena_free(arena);
}

/* Whatever the numbers of attributes and sub-attributes are, no two are the same, and none is one of a built-in attribute's. */
static void test_numbers_of_the_index_never_meet(void **state)
{
        assert_true(64 * (int64_t)SCHEMA_ATTRIBUTES_MAX <= SCHEMA_NUMBERS - 64);
        assert_true(SUB_ATTRIBUTES_MAX < 63);
        for (const struct schema *const *schema = schema_set_builtin()->schemas; *schema; schema++)
                for (const struct attribute *a = (*schema)->attributes; a->name; a++) {
                        assert_true(a->number < SCHEMA_NUMBERS);
                        for (const struct attribute *sub = a->sub; sub && sub->name; sub++)
                                assert_true(sub->number < SCHEMA_NUMBERS);
                }
}

static const struct {
        const char *attributes, *field, *word;
} refused[] = {
        { "[]", "attributes", "at least one" },
        { "[{}]", "attributes[0].name", "a letter" },
        { "[{'name':'a b'}]", "attributes[0].name", "a b" },
        { "[{'name':'a'},{'name':'A'}]", "attributes[1].name", "twice" },
        { "[{'name':'a','type':'number'}]", "attributes[0].type", "number" },
        { "[{'name':'a','type':7}]", "attributes[0].type", "text is expected" },
        { "[{'name':'a','mutability':'writeOnly'}]", "attributes[0].mutability", "read back" },
        { "[{'name':'a','returned':'never'}]", "attributes[0].returned", "read back" },
        { "[{'name':'a','uniqueness':'global'}]", "attributes[0].uniqueness", "server" },
        { "[{'name':'a','type':'decimal','uniqueness':'server'}]", "attributes[0].uniqueness", "integer" },
        { "[{'name':'a','required':'yes'}]", "attributes[0].required", "true or false" },
        { "[{'name':'a','required':true,'mutability':'readOnly'}]", "attributes[0].required", "readOnly" },
        { "[{'name':'a','multivalued':true}]", "attributes[0].multivalued", "multiValued" },
        { "[{'name':'a','type':'complex'}]", "attributes[0].subAttributes", "at least one" },
        { "[{'name':'a','subAttributes':[{'name':'b'}]}]", "attributes[0].subAttributes", "complex" },
        { "[{'name':'a','type':'complex','subAttributes':[{'name':'b','multiValued':true}]}]", "attributes[0].subAttributes[0].multiValued",
                "one value" },
        { "[{'name':'a','type':'complex','subAttributes':[{'name':'b','type':'complex','subAttributes':[{'name':'c'}]}]}]",
                "attributes[0].subAttributes[0].type", "2.3.8" },
        { "[{'name':'a','referenceTypes':['User']}]", "attributes[0].referenceTypes", "reference" },
        { "[{'name':'a','type':'boolean','canonicalValues':['x']}]", "attributes[0].canonicalValues", "string" },
        { "[{'name':'a','canonicalValues':['x',null]}]", "attributes[0].canonicalValues", "null" },
        { "['a']", "attributes[0]", "object" },
};

static void test_every_refusal_says_where_and_why(void **state)
{
        for (size_t i = 0; i < COUNT_OF(refused); i++) {
                struct arena *arena = arena_new((size_t)4 << 20);
                struct fault fault = { 0 };
                struct schema schema;
                enum err e = parse(refused[i].attributes, arena, &schema, &fault);
                if (e != ERR_VALUE || strcmp(fault.field, refused[i].field) != 0 || !strstr(fault.message, refused[i].word))
                        fail_msg("%s: %s at '%s': %s", refused[i].attributes, error_row(e)->name, fault.field, fault.message);
                arena_free(arena);
        }
}

static void test_urns_are_bounded_and_ours_are_ours(void **state)
{
        static const char *const wrong[] = { "", "urn", "urn:", "urn:a", "urn::b", "urn:a:", "uri:a:b", "urn:a:b c", "urn:a:b'",
                "urn:a:\xc3\xa9", URN_USER, "URN:ietf:params:scim:schemas:core:2.0:user",
                "urn:ietf:params:scim:schemas:extension:muster:2.0:X", "urn:ietf:params:scim:api:messages:2.0:Error" };
        struct arena *arena = arena_new((size_t)4 << 20);
        for (size_t i = 0; i < COUNT_OF(wrong); i++) {
                json_auto_t *document = json_pack("{s:s, s:s, s:[{s:s}]}", "urn", wrong[i], "name", "X", "attributes", "name", "a");
                struct fault fault = { 0 };
                struct schema schema;
                assert_int_equal(schema_parse(document, NO, arena, &schema, &fault), ERR_VALUE);
                assert_string_equal(fault.field, "urn");
        }
        arena_free(arena);
}

/* ---- widening ---- */

static enum err widen(const char *held, const char *wanted, json_t **ret, struct fault *fault)
{
        json_auto_t *old = json_pack("{s:o}", "attributes", json_of(held));
        json_t *new = json_pack("{s:o}", "attributes", json_of(wanted));
        enum err e = schema_widen(old, new, fault);
        *ret = new;
        return e;
}

static void test_a_schema_is_widened_and_never_narrowed(void **state)
{
        static const struct {
                const char *held, *wanted;
                const char *result; /* NULL: refused */
        } cases[] = {
                { "[{'name':'a','type':'string'}]", "[{'name':'b'},{'name':'a','type':'string','description':'D'}]",
                        "[{'name':'a','type':'string','description':'D'},{'name':'b'}]" },
                { "[{'name':'a','required':true}]", "[{'name':'a','required':false}]", "[{'name':'a','required':false}]" },
                { "[{'name':'a','subAttributes':[{'name':'x'}]}]", "[{'name':'a','subAttributes':[{'name':'y'},{'name':'x'}]}]",
                        "[{'name':'a','subAttributes':[{'name':'x'},{'name':'y'}]}]" },
                { "[{'name':'a','required':false}]", "[{'name':'a','required':true}]", NULL },
                { "[{'name':'a'},{'name':'b'}]", "[{'name':'a'}]", NULL },
                { "[{'name':'a'}]", "[{'name':'A'}]", NULL },
                { "[{'name':'a','type':'string'}]", "[{'name':'a','type':'integer'}]", NULL },
                { "[{'name':'a','uniqueness':'none'}]", "[{'name':'a','uniqueness':'server'}]", NULL },
                { "[{'name':'a'}]", "[{'name':'a'},{'name':'b','required':true}]", NULL },
                { "[{'name':'a','subAttributes':[{'name':'x'}]}]", "[{'name':'a','subAttributes':[{'name':'y'}]}]", NULL },
        };
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                struct fault fault = { 0 };
                json_auto_t *result = NULL;
                enum err e = widen(cases[i].held, cases[i].wanted, &result, &fault);
                if (e != (cases[i].result ? ERR_OK : ERR_CONFLICT))
                        fail_msg("%s -> %s: %s", cases[i].held, cases[i].wanted, fault.message);
                if (cases[i].result)
                        assert_json(json_object_get(result, "attributes"), cases[i].result);
        }
}

/* ---- the set ---- */

struct built {
        json_t *documents[8];
        struct declaration list[8];
        size_t count;
        const struct schema_set *set;
        struct fault fault;
};

static void declare(struct built *built, enum resource_kind kind, const char *text)
{
        built->documents[built->count] = json_of(text);
        built->list[built->count] = (struct declaration){ kind, (int64_t)built->count + 20, built->documents[built->count] };
        built->count++;
}

static enum err build(struct built *built)
{
        return schema_set_build(built->list, built->count, 5, &built->set, &built->fault);
}

static void built_done(struct built *built)
{
        schema_set_release(built->set);
        for (size_t i = 0; i < built->count; i++)
                json_decref(built->documents[i]);
}

#define BADGE "urn:a:badge:1:User"
#define DECLARE_BADGE(built) \
        declare(built, KIND_SCHEMA, \
                "{'urn':'" BADGE "','name':'Badge','resourceType':'User','required':true,'attributes':[{'name':'badge','uniqueness':" \
                "'server'},{'name':'note','returned':'request'},{'name':'stamp','returned':'always'},{'name':'since','mutability':" \
                "'immutable'}]}")
#define DEVICE "urn:a:device:1"
#define DECLARE_DEVICE(built) \
        declare(built, KIND_SCHEMA, "{'urn':'" DEVICE "','name':'Device','attributes':[{'name':'active','type':'boolean'}]}"); \
        declare(built, KIND_RESOURCE_TYPE, "{'name':'Device','endpoint':'/Devices','schema':'" DEVICE "','number':50}")

static void test_a_set_has_the_builtin_types_and_what_is_declared(void **state)
{
        struct built built = { 0 };
        DECLARE_BADGE(&built);
        DECLARE_DEVICE(&built);
        assert_int_equal(build(&built), ERR_OK);
        const struct schema_set *set = built.set, *builtin = schema_set_builtin();
        assert_int_equal(set->revision, 5);
        const struct resource_type *user = schema_set_type(set, KIND_USER), *device = schema_set_type_by_endpoint(set, "Devices");
        assert_ptr_equal(schema_set_type(set, KIND_GROUP), schema_set_type(builtin, KIND_GROUP));
        assert_ptr_not_equal(user, schema_set_type(builtin, KIND_USER));
        assert_ptr_equal(user->core, resource_type(KIND_USER)->core);
        assert_ptr_equal(schema_of_type(user, BADGE, strlen(BADGE)), schema_set_schema(set, "URN:A:badge:1:user"));
        assert_int_equal(user->required_extensions, 1u << 2);
        assert_true(user->selects);
        assert_int_equal(device->kind, 50);
        assert_ptr_equal(schema_set_type_by_name(set, "Device"), device);
        assert_string_equal(device->api_collection, "resources/Devices");
        assert_null(device->name_attribute);
        assert_null(schema_set_type_by_endpoint(builtin, "Devices"));
        assert_null(schema_set_schema(builtin, BADGE));
        assert_ptr_equal(schema_set_hold(set), set);
        schema_set_release(set);
        assert_string_equal(device->name, "Device");
        built_done(&built);
}

static void test_what_does_not_fit_together_is_refused(void **state)
{
        static const struct {
                const char *schema, *more;
                enum resource_kind kind;
                const char *field;
        } cases[] = {
                { "{'urn':'urn:a:b','name':'X','resourceType':'Gadget','attributes':[{'name':'c'}]}", NULL, 0, "resourceType" },
                { "{'urn':'urn:a:b','name':'X','resourceType':'Project','attributes':[{'name':'c'}]}", NULL, 0, "resourceType" },
                { "{'urn':'urn:a:b','name':'X','attributes':[{'name':'c'}]}", "{'urn':'URN:A:B','name':'Y','attributes':[{'name':'c'}]}",
                        KIND_SCHEMA, "urn" },
                { "{'urn':'urn:a:b','name':'X','attributes':[{'name':'c'}]}", "{'urn':'urn:a:b:C','name':'Y','attributes':[{'name':'d'}]}",
                        KIND_SCHEMA, "urn" },
                { "{'urn':'urn:a:b','name':'X','resourceType':'User','attributes':[{'name':'c'}]}",
                        "{'name':'T','endpoint':'/Ts','schema':'urn:a:b','number':50}", KIND_RESOURCE_TYPE, "schema" },
                { "{'urn':'urn:a:b','name':'X','attributes':[{'name':'externalID'}]}",
                        "{'name':'T','endpoint':'/Ts','schema':'urn:a:b','number':50}", KIND_RESOURCE_TYPE, "schema" },
                { "{'urn':'urn:a:b','name':'X','attributes':[{'name':'c'}]}",
                        "{'name':'T','endpoint':'/Ts','schema':'urn:a:c','number':50}", KIND_RESOURCE_TYPE, "schema" },
                { "{'urn':'urn:a:b','name':'X','attributes':[{'name':'c'}]}",
                        "{'name':'T','endpoint':'/Ts','schema':'urn:a:b','number':50,'schemaExtensions':[{'schema':'urn:a:b'}]}",
                        KIND_RESOURCE_TYPE, "schemaExtensions" },
        };
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                struct built built = { 0 };
                declare(&built, KIND_SCHEMA, cases[i].schema);
                if (cases[i].more)
                        declare(&built, cases[i].kind, cases[i].more);
                enum err e = build(&built);
                if (!e || strcmp(built.fault.field, cases[i].field) != 0)
                        fail_msg("%zu: %s at '%s': %s", i, error_row(e)->name, built.fault.field, built.fault.message);
                built_done(&built);
        }
}

static void test_a_user_is_accepted_selected_and_indexed_with_a_declared_extension(void **state)
{
        struct built built = { 0 };
        DECLARE_BADGE(&built);
        assert_int_equal(build(&built), ERR_OK);
        struct arena *arena = arena_new((size_t)4 << 20);
        struct leniency leniency = { 0 };
        const struct resource_type *user = schema_set_type(built.set, KIND_USER);
        const struct accept accept = { user, ACCEPT_CREATE, &leniency, arena };
        json_auto_t *without = json_of("{" CORE "'userName':'x'}"), *document = NULL;
        assert_int_equal(document_accept(&accept, without, &document, NULL, &built.fault), ERR_VALUE);
        assert_string_equal(built.fault.field, BADGE);
        json_auto_t *body = json_of("{" CORE "'userName':'x','" BADGE "':{'BADGE':'B','note':'n','stamp':'s'}}");
        assert_int_equal(document_accept(&accept, body, &document, NULL, &built.fault), ERR_OK);
        assert_json(json_object_get(document, BADGE), "{'badge':'B','note':'n','stamp':'s'}");
        json_auto_t *shown = json_deep_copy(document);
        assert_int_equal(selection_apply(NULL, user, shown), ERR_OK);
        assert_json(shown, "{'userName':'x','" BADGE "':{'badge':'B','stamp':'s'}}");
        json_auto_t *less = json_of("{'userName':'x'}"), *other = json_of("{'userName':'x','" BADGE "':{'since':'2'}}");
        json_auto_t *first = json_of("{'userName':'x','" BADGE "':{'since':'1'}}");
        assert_int_equal(document_check_extensions(user, document, less, &built.fault), ERR_VALUE);
        assert_int_equal(document_check_extensions(user, less, less, &built.fault), ERR_OK);
        assert_int_equal(document_check_immutable(user, first, other, &built.fault), ERR_MUTABILITY);
        assert_string_equal(built.fault.field, BADGE ":since");
        assert_int_equal(document_check_immutable(user, less, other, &built.fault), ERR_OK);
        struct path path;
        assert_int_equal(path_parse(user, BADGE ":badge", strlen(BADGE) + 6, arena, &leniency, &path, &built.fault), ERR_OK);
        assert_int_equal(path.attribute->number, 20 * SCHEMA_NUMBERS);
        arena_free(arena);
        built_done(&built);
}

static void test_a_set_of_too_much_is_refused(void **state)
{
        struct declaration many[DECLARED_SCHEMAS_MAX + 1];
        json_t *documents[DECLARED_SCHEMAS_MAX + 1];
        for (size_t i = 0; i < COUNT_OF(many); i++) {
                documents[i] =
                        json_pack("{s:o, s:s, s:[{s:s}]}", "urn", json_sprintf("urn:many:%zu", i), "name", "M", "attributes", "name", "a");
                many[i] = (struct declaration){ KIND_SCHEMA, (int64_t)i + 1, documents[i] };
        }
        const struct schema_set *set = NULL;
        struct fault fault = { 0 };
        assert_int_equal(schema_set_build(many, DECLARED_SCHEMAS_MAX, 1, &set, &fault), ERR_OK);
        schema_set_release(set);
        assert_int_equal(schema_set_build(many, COUNT_OF(many), 1, &set, &fault), ERR_CONFLICT);
        assert_non_null(strstr(fault.message, "32 schemas"));
        for (size_t i = 0; i < COUNT_OF(many); i++)
                json_decref(documents[i]);
}

static void test_kinds_of_types_are_taken_from_the_lowest_on(void **state)
{
        json_auto_t *one = json_of("{'number':50}"), *two = json_of("{'number':52}");
        const struct declaration list[] = { { KIND_RESOURCE_TYPE, 1, one }, { KIND_RESOURCE_TYPE, 2, two } };
        assert_int_equal(declared_kind_free(list, 0), 50);
        assert_int_equal(declared_kind_free(list, 2), 51);
        assert_true(kind_is_declared(50) && kind_is_declared(99) && !kind_is_declared(49) && !kind_is_declared(KIND_USER));
        assert_true(DECLARED_TYPES_MAX <= KIND_DECLARED_LAST - KIND_DECLARED_FIRST + 1);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_schema_becomes_descriptors_and_again_the_same_document),
                cmocka_unit_test(test_numbers_of_the_index_never_meet),
                cmocka_unit_test(test_every_refusal_says_where_and_why),
                cmocka_unit_test(test_urns_are_bounded_and_ours_are_ours),
                cmocka_unit_test(test_a_schema_is_widened_and_never_narrowed),
                cmocka_unit_test(test_a_set_has_the_builtin_types_and_what_is_declared),
                cmocka_unit_test(test_what_does_not_fit_together_is_refused),
                cmocka_unit_test(test_a_user_is_accepted_selected_and_indexed_with_a_declared_extension),
                cmocka_unit_test(test_a_set_of_too_much_is_refused),
                cmocka_unit_test(test_kinds_of_types_are_taken_from_the_lowest_on),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
