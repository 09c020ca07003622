/* SPDX-License-Identifier: Apache-2.0
 *
 * A type nobody ships, with what users and groups lack: numbers, plain lists, immutable and required parts. Filters and PATCH must serve
 * any descriptor. */
#include "model_fixture.h"

#include "model/patch.h"

/* clang-format off */
static const struct attribute level_attributes[] = {
        { "value",  ATTRIBUTE_INTEGER, REQUIRED },
        { "weight", ATTRIBUTE_DECIMAL },
        { "seal",   ATTRIBUTE_TEXT,    IMMUTABLE },
        { "since",  ATTRIBUTE_TIME },
        { NULL }
};
static const struct attribute owner_attributes[] = {
        { "value", ATTRIBUTE_TEXT, IMMUTABLE },
        { "label", ATTRIBUTE_TEXT, REQUIRED },
        { "note",  ATTRIBUTE_TEXT },
        { NULL }
};
static const struct attribute thing_attributes[] = {
        { "name",   ATTRIBUTE_TEXT,    REQUIRED },
        { "size",   ATTRIBUTE_INTEGER },
        { "ratio",  ATTRIBUTE_DECIMAL },
        { "tags",   ATTRIBUTE_TEXT,    MULTI },
        { "kind",   ATTRIBUTE_TEXT,    IMMUTABLE },
        { "levels", ATTRIBUTE_COMPLEX, MULTI, level_attributes },
        { "owner",  ATTRIBUTE_COMPLEX, 0, owner_attributes },
        { NULL }
};
/* clang-format on */
static const struct attribute extra_attributes[] = { { "extra", ATTRIBUTE_TEXT }, { NULL } };
static const struct schema long_schema = { "urn:thing:more:long", "Long", "", extra_attributes };
static const struct schema more_schema = { "urn:thing:more", "More", "", extra_attributes };
static const struct schema *const thing_extensions[] = { &long_schema, &more_schema, NULL };
static const struct schema thing_schema = { "urn:thing", "Thing", "", thing_attributes };
static const struct resource_type thing_type = {
        .name = "Thing", .word = "thing", .scim_endpoint = "Things", .core = &thing_schema, .extensions = thing_extensions
};

static const char thing[] = "{'name':'n','size':4,'ratio':0.5,'tags':['a','b'],'kind':'k','owner':{'value':'v','label':'l','note':'o'},"
                            "'levels':[{'value':1,'weight':1.5,'since':'2026-01-01T00:00:00Z'},{'value':2,'seal':'s'}]}";

static enum truth judge(const char *text)
{
        struct arena *arena = arena_new(1 << 20);
        struct leniency leniency = { 0 };
        struct fault fault;
        const struct filter *filter = NULL;
        json_auto_t *resource = json_of(thing);
        enum err e = filter_parse(&thing_type, NULL, text, strlen(text), arena, &leniency, &filter, &fault);
        enum truth truth = e ? TRUTH_UNKNOWN : filter_match(filter, resource, arena);
        if (e)
                fail_msg("%s: %s", text, fault.message);
        arena_free(arena);
        return truth;
}

static void test_numbers_and_plain_lists_in_filters(void **state)
{
        static const char *const yes[] = { "size gt 3", "size ge 4", "size le 4.0", "size eq 4e0", "size ne 5", "ratio lt 0.75",
                "tags eq \"A\"", "tags[value eq \"b\"]", "tags ne \"a\"", "levels eq 2", "levels[value ge 1 and weight gt 1]",
                "levels.weight pr", "levels[since lt \"2026-01-01T01:30:00+01:00\"]", "levels.since ge \"2026-01-01T00:00:00Z\"",
                "owner eq \"v\"" };
        static const char *const no[] = { "size lt 4", "size eq 5", "ratio ge 0.75", "tags eq \"c\"", "levels[value eq 2 and weight pr]",
                "levels gt 2", "not (tags pr)" };
        static const char *const wrong[] = { "size eq \"4\"", "size co \"4\"", "ratio eq true", "levels[since eq 5]",
                "levels[since eq \"x\"]", "size eq 1.", "size eq 01", "size eq 1e", "tags gt null" };
        for (size_t i = 0; i < COUNT_OF(yes); i++)
                if (judge(yes[i]) != TRUTH_TRUE)
                        fail_msg("%s", yes[i]);
        for (size_t i = 0; i < COUNT_OF(no); i++)
                if (judge(no[i]) != TRUTH_FALSE)
                        fail_msg("%s", no[i]);
        for (size_t i = 0; i < COUNT_OF(wrong); i++) {
                struct arena *arena = arena_new(1 << 20);
                const struct filter *filter = NULL;
                struct leniency leniency = { 0 };
                enum err e = filter_parse(&thing_type, NULL, wrong[i], strlen(wrong[i]), arena, &leniency, &filter, NULL);
                if (e != ERR_FILTER)
                        fail_msg("%s: %s", wrong[i], error_row(e)->name);
                arena_free(arena);
        }
}

/* Applies to `thing`; the value of `attribute` afterwards, or the error. */
static void check(const char *operation, enum err code, const char *attribute, const char *expected)
{
        json_auto_t *before = json_of(thing), *one = json_of(operation);
        json_auto_t *message = json_pack("{s:[s], s:[O]}", "schemas", URN_PATCH, "Operations", one);
        struct leniency leniency = { 0 };
        struct arena *arena = arena_new(1 << 20);
        struct patch patch = { &thing_type, before, &leniency, arena };
        struct patch_result result = { 0 };
        struct fault fault = { 0 };
        enum err e = patch_apply(&patch, message, &result, &fault);
        if (e != code)
                fail_msg("%s: %s %s", operation, error_row(e)->name, fault.message);
        if (attribute && expected)
                assert_json(json_object_get(result.document, attribute), expected);
        else if (attribute)
                assert_null(json_object_get(result.document, attribute));
        json_decref(result.document);
        arena_free(arena);
}

static void test_plain_lists(void **state)
{
        check("{'op':'add','path':'tags','value':['b','c']}", ERR_OK, "tags", "['a','b','c']");
        check("{'op':'remove','path':'tags[value eq \\'A\\']'}", ERR_OK, "tags", "['b']");
        check("{'op':'remove','path':'tags','value':['B']}", ERR_OK, "tags", "['a']");
        check("{'op':'remove','path':'tags[value pr]'}", ERR_OK, "tags", NULL);
        check("{'op':'replace','path':'tags[value eq \\'a\\']','value':'c'}", ERR_OK, "tags", "['c','b']");
        check("{'op':'replace','path':'tags[value eq \\'a\\']','value':['c']}", ERR_OK, "tags", "['c','b']");
        check("{'op':'replace','path':'tags[value eq \\'a\\']','value':'b'}", ERR_OK, "tags", "['b']");
        check("{'op':'replace','path':'tags[value eq \\'a\\']','value':{}}", ERR_VALUE, NULL, NULL);
        check("{'op':'replace','path':'tags[value eq \\'z\\']','value':'c'}", ERR_NO_TARGET, NULL, NULL);
        check("{'op':'replace','path':'tags[value eq \\'a\\']','value':null}", ERR_OK, "tags", "['b']");
}

static void test_numbers(void **state)
{
        check("{'op':'replace','path':'size','value':9007199254740993}", ERR_OK, "size", "9007199254740993");
        check("{'op':'replace','path':'size','value':1.5}", ERR_VALUE, NULL, NULL);
        check("{'op':'remove','path':'size'}", ERR_OK, "size", NULL);
        check("{'op':'add','path':'levels[value eq 3 and weight eq 2.5].since','value':'2026-01-01T00:00:00Z'}", ERR_OK, "levels",
                "[{'value':1,'weight':1.5,'since':'2026-01-01T00:00:00Z'},{'value':2,'seal':'s'},"
                "{'value':3,'weight':2.5,'since':'2026-01-01T00:00:00Z'}]");
        check("{'op':'add','path':'levels[value eq 3.5].weight','value':1}", ERR_VALUE, NULL, NULL);
        check("{'op':'add','path':'levels[value eq null].weight','value':1}", ERR_NO_TARGET, NULL, NULL);
        check("{'op':'remove','path':'levels[value ge 1]'}", ERR_OK, "levels", NULL);
}

static void test_immutable_and_required_parts(void **state)
{
        check("{'op':'replace','path':'kind','value':'x'}", ERR_MUTABILITY, NULL, NULL);
        check("{'op':'replace','path':'kind','value':'k'}", ERR_OK, "kind", "'k'");
        check("{'op':'remove','path':'kind'}", ERR_MUTABILITY, NULL, NULL);
        check("{'op':'replace','path':'owner','value':{'value':'x'}}", ERR_MUTABILITY, NULL, NULL);
        check("{'op':'replace','path':'owner','value':{'value':'v','note':'p'}}", ERR_OK, "owner", "{'value':'v','label':'l','note':'p'}");
        check("{'op':'replace','path':'owner.value','value':'x'}", ERR_MUTABILITY, NULL, NULL);
        check("{'op':'remove','path':'owner.value'}", ERR_MUTABILITY, NULL, NULL);
        check("{'op':'remove','path':'owner.label'}", ERR_MUTABILITY, NULL, NULL);
        check("{'op':'replace','path':'owner','value':{'label':null}}", ERR_MUTABILITY, NULL, NULL);
        check("{'op':'remove','path':'owner'}", ERR_OK, "owner", NULL);
        check("{'op':'replace','path':'levels[value eq 2].seal','value':'t'}", ERR_MUTABILITY, NULL, NULL);
        check("{'op':'replace','path':'levels[value eq 1].seal','value':'t'}", ERR_OK, "levels",
                "[{'value':1,'weight':1.5,'seal':'t','since':'2026-01-01T00:00:00Z'},{'value':2,'seal':'s'}]");
        check("{'op':'remove','path':'levels[value eq 1].value'}", ERR_MUTABILITY, NULL, NULL);
        check("{'op':'add','path':'levels','value':[{'weight':1}]}", ERR_VALUE, NULL, NULL);
        check("{'op':'remove','path':'name'}", ERR_MUTABILITY, NULL, NULL);
}

static void test_the_longest_schema_wins(void **state)
{
        check("{'op':'add','path':'urn:thing:more:long:extra','value':'x'}", ERR_OK, "urn:thing:more:long", "{'extra':'x'}");
        check("{'op':'add','path':'urn:thing:more:extra','value':'x'}", ERR_OK, "urn:thing:more", "{'extra':'x'}");
        check("{'op':'replace','path':'urn:thing:name','value':'x'}", ERR_OK, "name", "'x'");
        check("{'op':'add','path':'urn:thing:more:longer:extra','value':'x'}", ERR_OK, "urn:thing:more", NULL);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_numbers_and_plain_lists_in_filters),
                cmocka_unit_test(test_plain_lists),
                cmocka_unit_test(test_numbers),
                cmocka_unit_test(test_the_longest_schema_wins),
                cmocka_unit_test(test_immutable_and_required_parts),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
