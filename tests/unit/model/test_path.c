/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths: longest schema URN first, names in any letter case, brackets, and what is no path. */
#include "model/path.h"

#include "model_fixture.h"
#include "model/filter.h"

#define ENTERPRISE "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

struct parsed {
        struct arena *arena;
        struct path path;
        struct fault fault;
        enum err e;
};

static struct parsed parse(const struct resource_type *type, const char *text, bool loose, struct leniency *leniency)
{
        struct parsed parsed = { .arena = arena_new(1 << 20) };
        enum err (*call)(const struct resource_type *, const char *, size_t, struct arena *, struct leniency *, struct path *,
                struct fault *) = loose ? path_parse_loose : path_parse;
        parsed.e = call(type, text, strlen(text), parsed.arena, leniency, &parsed.path, &parsed.fault);
        return parsed;
}

static void test_known_paths(void **state)
{
        static const struct {
                const char *text, *extension, *attribute, *sub;
                bool has_filter;
        } rows[] = {
                { "userName", NULL, "userName", NULL },
                { "USERNAME", NULL, "userName", NULL },
                { "name.givenName", NULL, "name", "givenName" },
                { "id", NULL, "id", NULL },
                { "externalId", NULL, "externalId", NULL },
                { "meta.lastModified", NULL, "meta", "lastModified" },
                { "urn:ietf:params:scim:schemas:core:2.0:User:userName", NULL, "userName", NULL },
                { "URN:ietf:params:scim:schemas:core:2.0:user:NAME.givenname", NULL, "name", "givenName" },
                { ENTERPRISE ":department", ENTERPRISE, "department", NULL },
                { ENTERPRISE ":manager.value", ENTERPRISE, "manager", "value" },
                { "urn:ietf:params:scim:schemas:extension:enterprise:2.0:user:Manager.Value", ENTERPRISE, "manager", "value" },
                { ENTERPRISE, ENTERPRISE, NULL, NULL },
                { "urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:core:2.0:User", NULL, NULL },
                { "emails[type eq \"work\"].value", NULL, "emails", "value", true },
                { "addresses[type eq \"work\"]", NULL, "addresses", NULL, true },
                { "emails[type eq \"a]b\"].value", NULL, "emails", "value", true },
                { "emails[not (type eq \"work\")]", NULL, "emails", NULL, true },
                { ENTERPRISE ":manager[value eq \"x\"]", ENTERPRISE, "manager", NULL, true },
                { "groups.$ref", NULL, "groups", "$ref" },
        };
        for (size_t i = 0; i < COUNT_OF(rows); i++) {
                struct parsed parsed = parse(resource_type(KIND_USER), rows[i].text, i % 2, &(struct leniency){ .strict = true });
                if (parsed.e)
                        fail_msg("%s: %s", rows[i].text, parsed.fault.message);
                assert_string_equal(parsed.path.extension ? parsed.path.extension->urn : "", rows[i].extension ? rows[i].extension : "");
                assert_string_equal(parsed.path.attribute ? parsed.path.attribute->name : "", rows[i].attribute ? rows[i].attribute : "");
                assert_string_equal(parsed.path.sub ? parsed.path.sub->name : "", rows[i].sub ? rows[i].sub : "");
                assert_int_equal(parsed.path.filter != NULL, rows[i].has_filter);
                arena_free(parsed.arena);
        }
}

/* As Entra's samples send it. */
static void test_names_of_extensions_alone_are_a_leniency(void **state)
{
        static const char *const texts[] = { "department", "DEPARTMENT", "manager", "manager.value", "Manager.Value",
                "manager[value eq \"x\"]", "manager[value eq \"a.b\"].value" };
        for (size_t i = 0; i < COUNT_OF(texts); i++) {
                struct leniency lenient = { 0 }, strict = { .strict = true };
                struct parsed parsed = parse(resource_type(KIND_USER), texts[i], i % 2, &lenient);
                assert_int_equal(parsed.e, ERR_OK);
                assert_string_equal(parsed.path.extension->urn, ENTERPRISE);
                assert_string_equal(parsed.path.attribute->name, i < 2 ? "department" : "manager");
                assert_int_equal(parsed.path.sub != NULL, strchr(texts[i], '.') != NULL);
                assert_int_equal(lenient.used, USED(LENIENT_EXTENSION_NAME));
                arena_free(parsed.arena);
                parsed = parse(resource_type(KIND_USER), texts[i], false, &strict);
                assert_int_equal(parsed.e, ERR_PATH);
                arena_free(parsed.arena);
                parsed = parse(resource_type(KIND_USER), texts[i], false, NULL); /* the management API */
                assert_int_equal(parsed.e, ERR_PATH);
                arena_free(parsed.arena);
        }
}

/* Nobody says which is meant; and what the core has is the core's. */
static void test_a_name_that_two_extensions_have_is_unknown(void **state)
{
        static const struct attribute in_core[] = { { "title", ATTRIBUTE_TEXT, 0, NULL, "" }, { NULL } };
        static const struct attribute in_first[] = { { "title", ATTRIBUTE_TEXT, 0, NULL, "" }, { "badge", ATTRIBUTE_TEXT, 0, NULL, "" },
                { "floor", ATTRIBUTE_TEXT, 0, NULL, "" }, { NULL } };
        static const struct attribute in_second[] = { { "badge", ATTRIBUTE_TEXT, 0, NULL, "" }, { NULL } };
        static const struct schema core = { "urn:x:core", "C", "", in_core }, first = { "urn:x:first", "F", "", in_first },
                                   second = { "urn:x:second", "S", "", in_second };
        static const struct schema *const extensions[] = { &first, &second, NULL };
        const struct resource_type type = { .name = "X", .core = &core, .extensions = extensions, .scim_endpoint = "Xs" };
        const struct schema *const expected[] = { NULL, NULL, &first };
        static const char *const names[] = { "title", "badge", "floor" };
        for (size_t i = 0; i < COUNT_OF(names); i++) {
                struct parsed parsed = parse(&type, names[i], true, &(struct leniency){ 0 });
                assert_int_equal(parsed.e, ERR_OK);
                assert_ptr_equal(parsed.path.extension, expected[i]);
                assert_int_equal(parsed.path.attribute != NULL, i != 1);
                arena_free(parsed.arena);
        }
}

static void test_unknown_attributes(void **state)
{
        static const char *const unknown[] = {
                "unheard",
                "name.unheard",
                "userName.x",
                "department.x",
                "manager.unheard",
                "unheard[type eq \"x\"].value",
                "emails[type eq \"x\"].unheard",
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0User", /* Entra's typo */
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0User:department",
                ENTERPRISE ":unheard",
                ENTERPRISE "s:department",
                "urn:x:y.z",
                "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group",
                "members",
        };
        for (size_t i = 0; i < COUNT_OF(unknown); i++) {
                struct parsed parsed = parse(resource_type(KIND_USER), unknown[i], true, &(struct leniency){ 0 });
                if (parsed.e)
                        fail_msg("%s: %s", unknown[i], parsed.fault.message);
                assert_null(parsed.path.attribute);
                assert_null(parsed.path.extension);
                assert_null(parsed.path.filter);
                arena_free(parsed.arena);
                parsed = parse(resource_type(KIND_USER), unknown[i], false, &(struct leniency){ 0 });
                assert_int_equal(parsed.e, ERR_PATH);
                assert_string_not_equal(parsed.fault.message, "");
                arena_free(parsed.arena);
        }
}

static void test_what_is_no_path(void **state)
{
        static const struct {
                const char *text;
                enum err code;
        } rows[] = {
                { "", ERR_PATH },
                { " ", ERR_PATH },
                { " userName", ERR_PATH },
                { "userName ", ERR_PATH },
                { "userName.", ERR_PATH },
                { ".userName", ERR_PATH },
                { "name..givenName", ERR_PATH },
                { "name.givenName.x", ERR_PATH },
                { "1name", ERR_PATH },
                { "user name", ERR_PATH },
                { "userName]", ERR_PATH },
                { "userName eq \"x\"", ERR_PATH },
                { "emails[type eq \"x\"]x", ERR_PATH },
                { "emails[type eq \"x\"].", ERR_PATH },
                { "emails[type eq \"x\"].value.x", ERR_PATH },
                { "emails[type eq \"x\"][", ERR_PATH },
                { "emails[type eq \"x\"]]", ERR_PATH },
                { "userName[value eq \"x\"]", ERR_PATH },
                { "name.givenName[value eq \"x\"]", ERR_PATH },
                { ENTERPRISE "[value eq \"x\"]", ERR_PATH },
                { ENTERPRISE ":", ERR_PATH },
                { "name/x", ERR_PATH },
                { "emails[", ERR_FILTER },
                { "emails[]", ERR_FILTER },
                { "emails[type]", ERR_FILTER },
                { "emails[type eq]", ERR_FILTER },
                { "emails[type eq \"x\"", ERR_FILTER },
                { "emails[type eq \"x]", ERR_FILTER },
                { "emails[type eq \"x\" and]", ERR_FILTER },
                { "unheard[", ERR_FILTER },
                { "user\xffName", ERR_PATH },
        };
        for (size_t i = 0; i < COUNT_OF(rows); i++) {
                for (int loose = 0; loose < 2; loose++) {
                        bool is_unknown_first = !loose && strncmp(rows[i].text, "unheard", 7) == 0;
                        struct parsed parsed = parse(resource_type(KIND_USER), rows[i].text, loose, &(struct leniency){ 0 });
                        if (parsed.e != (is_unknown_first ? ERR_PATH : rows[i].code))
                                fail_msg("\"%s\": %s (%s)", rows[i].text, error_row(parsed.e)->name, parsed.fault.message);
                        arena_free(parsed.arena);
                }
        }
}

static void test_path_length_and_nul(void **state)
{
        char text[PATH_TEXT_MAX_BYTES + 2];
        memset(text, 'a', sizeof(text));
        struct arena *arena = arena_new(1 << 20);
        struct leniency leniency = { 0 };
        struct path path;
        assert_int_equal(path_parse_loose(resource_type(KIND_USER), text, PATH_TEXT_MAX_BYTES, arena, &leniency, &path, NULL), ERR_OK);
        assert_int_equal(
                path_parse_loose(resource_type(KIND_USER), text, PATH_TEXT_MAX_BYTES + 1, arena, &leniency, &path, NULL), ERR_PATH);
        assert_int_equal(path_parse_loose(resource_type(KIND_USER), "title\0x", 7, arena, &leniency, &path, NULL), ERR_PATH);
        arena_free(arena);
}

static void test_the_management_api_sees_its_own_attributes(void **state)
{
        struct parsed parsed = parse(resource_type(KIND_GROUP), "active", false, NULL);
        assert_int_equal(parsed.e, ERR_OK);
        assert_string_equal(parsed.path.attribute->name, "active");
        arena_free(parsed.arena);
        parsed = parse(resource_type(KIND_GROUP), "active", false, &(struct leniency){ 0 });
        assert_int_equal(parsed.e, ERR_PATH);
        arena_free(parsed.arena);
        parsed = parse(resource_type(KIND_PROJECT), "externalId", false, NULL);
        assert_int_equal(parsed.e, ERR_PATH);
        arena_free(parsed.arena);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_known_paths),
                cmocka_unit_test(test_names_of_extensions_alone_are_a_leniency),
                cmocka_unit_test(test_a_name_that_two_extensions_have_is_unknown),
                cmocka_unit_test(test_unknown_attributes),
                cmocka_unit_test(test_what_is_no_path),
                cmocka_unit_test(test_path_length_and_nul),
                cmocka_unit_test(test_the_management_api_sees_its_own_attributes),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
