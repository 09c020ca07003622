/* SPDX-License-Identifier: Apache-2.0
 *
 * R18: what a mapping rule may look at, what it finds there, and which values it knows. */
#include "model/mapping.h"

#include <string.h>
#include "base/auto.h"
#include "model_fixture.h"

#define ENTERPRISE "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

static const struct resource_type *users(void)
{
        return resource_type(KIND_USER);
}

static void test_R18_only_data_that_a_client_writes_can_be_looked_at(void **state)
{
        static const char *const good[] = { "roles", "roles.value", "roles[primary eq true].value", "entitlements.type", "userType",
                "title", ENTERPRISE ":division", "externalId", "name.familyName", "emails[type eq \"work\"].value", "roles.primary",
                "userName" };
        static const char *const bad[] = { "", "role", "name", "active", "password", "groups", "groups.value", "id", "meta", "meta.created",
                "schemas", "roles[primary eq", ENTERPRISE, "urn:x:y", "x509Certificates.value", "roles[nope eq 1].nope",
                "urn:ietf:params:scim:schemas:extension:muster:2.0:User:effectiveActive" };
        struct arena *arena = arena_new(1 << 20);
        (void)state;
        for (size_t i = 0; i < COUNT_OF(good); i++) {
                struct fault fault = { 0 };
                struct path path;
                enum err e = mapping_path(users(), good[i], arena, &path, &fault);
                if (e)
                        fail_msg("%s: %s", good[i], fault.message);
        }
        for (size_t i = 0; i < COUNT_OF(bad); i++) {
                struct fault fault = { 0 };
                struct path path;
                if (mapping_path(users(), bad[i], arena, &path, &fault) != ERR_VALUE)
                        fail_msg("%s is taken", bad[i]);
                assert_string_equal(fault.field, "attribute");
                assert_true(*fault.message);
        }
        arena_free(arena);
}

static void test_R18_a_rule_knows_exact_values_and_prefixes_only(void **state)
{
        /* clang-format off */
        static const struct {
                const char *rule, *user, *value; /* NULL: nothing */
        } cases[] = {
                { "{'attribute':'roles','values':['admin']}", "{'roles':[{'value':'user'},{'value':'admin'}]}", "admin" },
                { "{'attribute':'roles.value','values':['x','user']}", "{'roles':[{'value':'user'}]}", "user" },
                { "{'attribute':'roles','values':['admin']}", "{'roles':[{'value':'Admin'},{'value':'admin '},{'display':'admin'}]}", NULL },
                { "{'attribute':'roles','values':['admin']}", "{}", NULL },
                { "{'attribute':'roles','values':['admin']}", "{'roles':[]}", NULL },
                { "{'attribute':'roles[primary eq true].value','values':['a']}", "{'roles':[{'value':'a'}]}", NULL },
                { "{'attribute':'roles[primary eq true].value','values':['a']}", "{'roles':[{'value':'a','primary':true}]}", "a" },
                { "{'attribute':'roles[type eq \\'app\\'].value','values':['a']}", "{'roles':[{'value':'a','type':'APP'}]}", "a" },
                { "{'attribute':'roles.primary','values':['true']}", "{'roles':[{'value':'a','primary':true}]}", "true" },
                { "{'attribute':'entitlements','prefix':'app-'}", "{'entitlements':[{'value':'xapp-1'},{'value':'app-7'}]}", "app-7" },
                { "{'attribute':'entitlements','prefix':'app-'}", "{'entitlements':[{'value':'app'}]}", NULL },
                { "{'attribute':'" ENTERPRISE ":division','values':['R&D']}", "{'" ENTERPRISE "':{'division':'R&D'}}", "R&D" },
                { "{'attribute':'" ENTERPRISE ":division','values':['R&D']}", "{'division':'R&D'}", NULL },
                { "{'attribute':'roles','values':['{\\'id\\':\\'1\\',\\'value\\':\\'App.Admin\\'}']}",
                  "{'roles':[{'value':'{\\'id\\':\\'1\\',\\'value\\':\\'App.Admin\\'}'}]}", "{\"id\":\"1\",\"value\":\"App.Admin\"}" },
                { "{'attribute':'title'}", "{'title':'x'}", NULL }, /* without a condition: nobody */
        };
        /* clang-format on */
        struct arena *arena = arena_new(1 << 20);
        (void)state;
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                struct fault fault = { 0 };
                struct path path;
                struct mapping_values values;
                char text[2][512];
                for (int t = 0; t < 2; t++) {
                        (void)snprintf(text[t], sizeof(text[t]), "%s", t ? cases[i].user : cases[i].rule);
                        for (char *at = text[t]; *at; at++)
                                *at = *at == '\'' ? '"' : *at;
                }
                json_auto_t *held = NULL, *user = NULL;
                assert_int_equal(json_parse_object(text[0], strlen(text[0]), &held, &fault), ERR_OK);
                assert_int_equal(json_parse_object(text[1], strlen(text[1]), &user, &fault), ERR_OK);
                struct mapping_rule rule;
                assert_int_equal(mapping_rule_read(held, arena, &rule, &fault), ERR_OK);
                assert_int_equal(mapping_path(users(), rule.attribute, arena, &path, &fault), ERR_OK);
                assert_int_equal(mapping_values(&path, user, arena, &values, &fault), ERR_OK);
                const char *found = mapping_match(&rule, &values);
                if (!found != !cases[i].value || (found && strcmp(found, cases[i].value) != 0))
                        fail_msg("case %zu: %s", i, found ? found : "nothing");
        }
        arena_free(arena);
}

static void test_R18_too_little_memory_is_an_error_and_never_a_loss(void **state)
{
        json_auto_t *user =
                json_of("{'roles':[{'value':'a','type':'ÄÖÜ-ÄÖÜ-ÄÖÜ-ÄÖÜ-ÄÖÜ-ÄÖÜ-ÄÖÜ-ÄÖÜ-ÄÖÜ-ÄÖÜ-ÄÖÜ-ÄÖÜ-ÄÖÜ-ÄÖÜ-ÄÖÜ-ÄÖÜ-ÄÖÜ'}]}");
        bool found = false, failed = false;
        (void)state;
        for (size_t size = 16; size < 4096 && !found; size += 8) {
                struct arena *arena = arena_new(size);
                struct fault fault = { 0 };
                struct path path;
                struct mapping_values values = { 0 };
                enum err e = mapping_path(users(), "roles[type sw \"äöü\"].value", arena, &path, &fault);
                if (!e)
                        e = mapping_values(&path, user, arena, &values, &fault);
                assert_true(e == ERR_MEMORY || (!e && values.count == 1));
                failed = failed || e;
                found = !e;
                arena_free(arena);
        }
        assert_true(found && failed);
}

static void test_R18_the_document_of_a_rule_says_one_condition_and_one_gift(void **state)
{
        /* clang-format off */
        static const char *const bad[] = {
                "{\"connection\":\"c\",\"attribute\":\"roles\",\"group\":\"g\"}",
                "{\"connection\":\"c\",\"attribute\":\"roles\",\"values\":[\"a\"]}",
                "{\"connection\":\"c\",\"attribute\":\"roles\",\"values\":[\"a\"],\"prefix\":\"b\",\"group\":\"g\"}",
                "{\"connection\":\"c\",\"attribute\":\"roles\",\"values\":[\"a\"],\"group\":\"g\",\"role\":\"r\"}",
                "{\"connection\":\"c\",\"attribute\":\"roles\",\"values\":[\"a\"],\"group\":\"g\",\"scope\":\"s\"}",
                "{\"connection\":\"c\",\"attribute\":\"roles\",\"values\":[\"\"],\"group\":\"g\"}",
                "{\"connection\":\"c\",\"attribute\":\"roles\",\"values\":[],\"group\":\"g\"}",
                "{\"connection\":\"c\",\"attribute\":\"roles\",\"prefix\":\"\",\"group\":\"g\"}",
                "{\"attribute\":\"roles\",\"values\":[\"a\"],\"group\":\"g\"}",
                "{\"connection\":\"c\",\"values\":[\"a\"],\"group\":\"g\"}",
        };
        /* clang-format on */
        struct arena *arena = arena_new(1 << 20);
        (void)state;
        for (size_t i = 0; i < COUNT_OF(bad); i++) {
                const struct accept accept = { .type = resource_type(KIND_MAPPING_RULE), .mode = ACCEPT_CREATE, .arena = arena };
                struct fault fault = { 0 };
                struct edge_list edges;
                json_auto_t *body = NULL;
                json_t *document = NULL;
                assert_int_equal(json_parse_object(bad[i], strlen(bad[i]), &body, &fault), ERR_OK);
                if (document_accept(&accept, body, &document, &edges, &fault) != ERR_VALUE)
                        fail_msg("%s is taken", bad[i]);
                assert_true(*fault.message);
        }
        arena_free(arena);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_R18_only_data_that_a_client_writes_can_be_looked_at),
                cmocka_unit_test(test_R18_a_rule_knows_exact_values_and_prefixes_only),
                cmocka_unit_test(test_R18_too_little_memory_is_an_error_and_never_a_loss),
                cmocka_unit_test(test_R18_the_document_of_a_rule_says_one_condition_and_one_gift),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
