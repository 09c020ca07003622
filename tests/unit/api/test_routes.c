/* SPDX-License-Identifier: Apache-2.0
 *
 * The route tables of the management API and of decisions: nothing without a machine identity and an action, every path with its
 * operation, and every path in docs/api.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "api/api.h"
#include "api/call.h"
#include "api/decision.h"
#include "base/auto.h"
#include "base/text.h"
#include "http/route.h"

static const char *const methods[] = { "", "GET", "POST", "PUT", "PATCH", "DELETE" };

static enum err match(enum method method, const char *path, struct request *ret, enum face *ret_face, char allow[48])
{
        const struct route_table tables[] = { api_routes, decision_routes };
        static char split[128];
        *ret = (struct request){ 0 };
        (void)snprintf(split, sizeof split, "%s", path);
        return route_match(tables, COUNT_OF(tables), method, split, ret, ret_face, allow);
}

/* What a method may stand for: an edge and a capture end with DELETE, and that is an edit of what they belong to. */
static bool action_fits(const struct route *row)
{
        const struct operation *operation = row->data;
        if (operation->run == status_answer)
                return row->action == ACTION_SELF;
        switch (row->method) {
        case METHOD_GET:
                return row->action == ACTION_READ && (!operation->offer || operation->offer == OFFER_READ);
        case METHOD_PATCH:
                return row->action == ACTION_EDIT && operation->offer == OFFER_EDIT;
        case METHOD_DELETE:
                return (row->action == ACTION_DELETE && operation->offer == OFFER_DELETE) ||
                       (row->action == ACTION_EDIT && operation->offer == OFFER_EDIT &&
                               (operation->run == members_remove_answer || operation->run == capture_stop_answer));
        case METHOD_POST:
                return row->action == ACTION_CREATE || row->action == ACTION_EDIT || row->action == ACTION_DELETE ||
                       operation->run == audit_verify_answer;
        default:
                return false;
        }
}

static void every_row_names_who_and_what(void **state)
{
        assert_string_equal(api_routes.prefix, "/api/v1");
        assert_int_equal(api_routes.face, FACE_API);
        for (const struct route *row = api_routes.rows; row->method != METHOD_NONE; row++) {
                const struct operation *operation = row->data;
                assert_int_equal(row->who, WHO_IDENTITY); /* no connection, and nobody without a token */
                assert_true(row->handler == call_handle);
                assert_non_null(operation->run);
                assert_int_equal(row->face, FACE_API);
                assert_int_equal(row->flags, 0); /* they read the database, and take JSON alone */
                assert_true(text_starts_with(row->pattern, "/api/v1/"));
                assert_int_equal(row->body_limit_bytes > 0, row->method == METHOD_POST || row->method == METHOD_PATCH);
                assert_true(row->body_limit_bytes <= LIMIT_KIB(1024));
                if (!action_fits(row))
                        fail_msg("%s %s has action %d", methods[row->method], row->pattern, row->action);
        }
}

/* The first parameter of a pattern is the collection exactly where the operation says so; else the pattern names the type itself. */
static void an_operation_is_of_the_type_in_its_path(void **state)
{
        for (const struct route *row = api_routes.rows; row->method != METHOD_NONE; row++) {
                const struct operation *operation = row->data;
                char expected[64];
                if (!operation->collection) {
                        assert_int_equal(operation->offer, 0);
                        assert_null(strstr(row->pattern, "{ref}"));
                        continue;
                }
                assert_int_not_equal(operation->offer, 0);
                if (!*operation->collection)
                        (void)snprintf(expected, sizeof expected, "/api/v1/{collection}");
                else if (text_equal(operation->collection, COLLECTION_DECLARED))
                        (void)snprintf(expected, sizeof expected, "/api/v1/resources/{type}");
                else
                        (void)snprintf(expected, sizeof expected, "/api/v1/%s/{ref}", operation->collection);
                if (!text_starts_with(row->pattern, expected))
                        fail_msg("%s %s is not of %s", methods[row->method], row->pattern, operation->collection);
                if (*operation->collection && !text_equal(operation->collection, COLLECTION_DECLARED))
                        assert_int_equal(
                                resource_type_by_collection(operation->collection)->api_offers & operation->offer, operation->offer);
        }
}

static void a_path_reaches_its_operation(void **state)
{
        static const struct {
                enum method method;
                const char *path;
                operation_run run;
                enum route_action action;
                const char *first, *second;
        } cases[] = {
                { METHOD_GET, "/api/v1/status", status_answer, ACTION_SELF, NULL, NULL },
                { METHOD_GET, "/api/v1/audit", audit_list_answer, ACTION_READ, NULL, NULL },
                { METHOD_POST, "/api/v1/audit/verify", audit_verify_answer, ACTION_READ, NULL, NULL },
                { METHOD_GET, "/api/v1/scim-log", scim_log_list_answer, ACTION_READ, NULL, NULL },
                { METHOD_GET, "/api/v1/scim-log/7", scim_log_get_answer, ACTION_READ, "7", NULL },
                { METHOD_GET, "/api/v1/users", resource_list_answer, ACTION_READ, "users", NULL },
                { METHOD_POST, "/api/v1/users", resource_create_answer, ACTION_CREATE, "users", NULL },
                { METHOD_GET, "/api/v1/users/u", resource_get_answer, ACTION_READ, "users", "u" },
                { METHOD_PATCH, "/api/v1/users/u", resource_merge_answer, ACTION_EDIT, "users", "u" },
                { METHOD_DELETE, "/api/v1/users/u", resource_delete_answer, ACTION_DELETE, "users", "u" },
                { METHOD_POST, "/api/v1/users/u/restore", resource_restore_answer, ACTION_CREATE, "u", NULL },
                { METHOD_POST, "/api/v1/groups/g/restore", resource_restore_answer, ACTION_CREATE, "g", NULL },
                { METHOD_POST, "/api/v1/users/u/purge", resource_purge_answer, ACTION_DELETE, "u", NULL },
                { METHOD_POST, "/api/v1/groups/g/purge", resource_purge_answer, ACTION_DELETE, "g", NULL },
                { METHOD_GET, "/api/v1/groups/g/members", members_list_answer, ACTION_READ, "g", NULL },
                { METHOD_POST, "/api/v1/groups/g/members", members_add_answer, ACTION_EDIT, "g", NULL },
                { METHOD_DELETE, "/api/v1/groups/g/members/u", members_remove_answer, ACTION_EDIT, "g", "u" },
                { METHOD_POST, "/api/v1/identities/i/rotate", token_rotate_answer, ACTION_EDIT, "i", NULL },
                { METHOD_POST, "/api/v1/connections/c/rotate", token_rotate_answer, ACTION_EDIT, "c", NULL },
                { METHOD_GET, "/api/v1/connections/c", resource_get_answer, ACTION_READ, "c", NULL },
                { METHOD_PATCH, "/api/v1/connections/c", resource_merge_answer, ACTION_EDIT, "c", NULL },
                { METHOD_DELETE, "/api/v1/connections/c", connection_delete_answer, ACTION_DELETE, "c", NULL },
                { METHOD_GET, "/api/v1/connections/c/holds", holds_list_answer, ACTION_READ, "c", NULL },
                { METHOD_POST, "/api/v1/connections/c/holds/7/release", hold_release_answer, ACTION_EDIT, "c", "7" },
                { METHOD_POST, "/api/v1/connections/c/replace", connection_replace_answer, ACTION_EDIT, "c", NULL },
                { METHOD_POST, "/api/v1/connections/c/undo", connection_undo_answer, ACTION_EDIT, "c", NULL },
                { METHOD_GET, "/api/v1/connections/c/work", connection_work_answer, ACTION_READ, "c", NULL },
                { METHOD_GET, "/api/v1/connections/c/mapping-rules", mapping_list_answer, ACTION_READ, "c", NULL },
                { METHOD_POST, "/api/v1/connections/c/mapping-rules/apply", connection_map_answer, ACTION_EDIT, "c", NULL },
                { METHOD_GET, "/api/v1/connections/c/conflicts", conflicts_list_answer, ACTION_READ, "c", NULL },
                { METHOD_POST, "/api/v1/connections/c/capture", capture_start_answer, ACTION_EDIT, "c", NULL },
                { METHOD_DELETE, "/api/v1/connections/c/capture", capture_stop_answer, ACTION_EDIT, "c", NULL },
                { METHOD_POST, "/api/v1/connections/c/adoptions", adoption_approve_answer, ACTION_EDIT, "c", NULL },
                { METHOD_POST, "/api/v1/domains/d/verify", domain_verify_answer, ACTION_EDIT, "d", NULL },
                { METHOD_POST, "/api/v1/projects/p/gain-access", access_gain_answer, ACTION_CREATE, "p", NULL },
                { METHOD_GET, "/api/v1/resources/Devices", resource_list_answer, ACTION_READ, "Devices", NULL },
                { METHOD_GET, "/api/v1/resources/Devices/x", resource_get_answer, ACTION_READ, "Devices", "x" },
                { METHOD_DELETE, "/api/v1/resources/Devices/x", resource_delete_answer, ACTION_DELETE, "Devices", "x" },
        };
        size_t rows = 0;
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                struct request request;
                enum face face;
                char allow[48] = "";
                enum err e = match(cases[i].method, cases[i].path, &request, &face, allow);
                if (e)
                        fail_msg("%s %s: %s", methods[cases[i].method], cases[i].path, error_row(e)->name);
                const struct operation *operation = request.route->data;
                if (operation->run != cases[i].run || request.route->action != cases[i].action)
                        fail_msg("%s %s reaches %s", methods[cases[i].method], cases[i].path, request.route->pattern);
                assert_int_equal(request.param_count, !!cases[i].first + !!cases[i].second);
                if (cases[i].first)
                        assert_string_equal(request.params[0], cases[i].first);
                if (cases[i].second)
                        assert_string_equal(request.params[1], cases[i].second);
        }
        while (api_routes.rows[rows].method != METHOD_NONE)
                rows++;
        assert_int_equal(rows, COUNT_OF(cases)); /* a new row wants its line here */
}

static void what_has_no_row_is_refused_in_the_right_face(void **state)
{
        static const struct {
                enum method method;
                const char *path;
                enum err e;
                enum face face;
                const char *allow;
        } cases[] = {
                { METHOD_POST, "/api/v1/status", ERR_METHOD, FACE_API, "GET" },
                { METHOD_DELETE, "/api/v1/audit", ERR_METHOD, FACE_API, "GET" },
                { METHOD_PUT, "/api/v1/users/u", ERR_METHOD, FACE_API, "GET, PATCH, DELETE" },
                { METHOD_PATCH, "/api/v1/groups/g/members", ERR_METHOD, FACE_API, "GET, POST" },
                { METHOD_GET, "/api/v1/connections/c/capture", ERR_METHOD, FACE_API, "POST, DELETE" },
                { METHOD_GET, "/api/v1", ERR_NOT_FOUND, FACE_API, "" },
                { METHOD_GET, "/api/v2/users", ERR_NOT_FOUND, 0, "" },
                { METHOD_POST, "/api/v1/connections/c/holds/7", ERR_NOT_FOUND, FACE_API, "" },
                { METHOD_POST, "/api/v1/identities/i/restore", ERR_NOT_FOUND, FACE_API, "" },
                { METHOD_GET, "/access/v1/evaluation", ERR_METHOD, FACE_DECISION, "POST" },
                { METHOD_POST, "/access/v1/evaluations", ERR_NOT_FOUND, FACE_DECISION, "" },
                { METHOD_POST, "/.well-known/authzen-configuration", ERR_METHOD, FACE_DECISION, "GET" },
        };
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                struct request request;
                enum face face = 0;
                char allow[48] = "";
                enum err e = match(cases[i].method, cases[i].path, &request, &face, allow);
                if (e != cases[i].e || (cases[i].face && face != cases[i].face) || strcmp(allow, cases[i].allow) != 0)
                        fail_msg("%s %s: %s, face %d, Allow %s", methods[cases[i].method], cases[i].path, error_row(e)->name, face, allow);
        }
}

/* Decisions answer on the loop, judge media types themselves, and are for machine identities; only what says where they are is public. */
static void decisions_are_for_identities_and_their_metadata_for_all(void **state)
{
        const struct route *row = decision_routes.rows;
        assert_string_equal(decision_routes.prefix, "/access/v1");
        assert_int_equal(decision_routes.face, FACE_DECISION);
        assert_string_equal(row->pattern, "/access/v1/evaluation");
        assert_true(row->handler == decision_evaluate);
        assert_int_equal(row->who, WHO_IDENTITY);
        assert_int_equal(row->action, ACTION_EVALUATE);
        assert_int_equal(row->flags, ROUTE_ON_LOOP | ROUTE_ANY_MEDIA);
        assert_int_equal(row->body_limit_bytes, LIMIT_KIB(64));
        row++;
        assert_true(row->handler == decision_metadata);
        assert_int_equal(row->who, WHO_ANYONE);
        assert_int_equal(row->action, ACTION_PUBLIC);
        assert_int_equal(row->body_limit_bytes, 0);
        row++;
        assert_int_equal(row->method, METHOD_NONE);
        assert_int_equal(row->action, ACTION_REFUSE);
}

/* "/groups/{ref}/members" becomes "/groups/{}/members": documents name the parameters as they like. */
static void without_names(char *text)
{
        char *to = text;
        bool inside = false;
        for (const char *at = text; *at; at++) {
                if (*at == '}')
                        inside = false;
                if (!inside)
                        *to++ = *at;
                if (*at == '{')
                        inside = true;
        }
        *to = '\0';
}

static bool line_has(const char *line, const char *method, const char *path)
{
        size_t length = strlen(path);
        for (const char *at = strstr(line, path); at; at = strstr(at + 1, path))
                if (strchr("`? ", at[length]) && (at > line && at[-1] == ' '))
                        return strstr(line, method) != NULL;
        return false;
}

static bool is_documented(const struct route *row)
{
        char path[128], line[4096], generic[128];
        bool found = false;
        (void)snprintf(path, sizeof path, "%s", row->pattern + strlen("/api/v1"));
        without_names(path);
        const struct operation *operation = row->data; /* of a type: said of all types together, perhaps */
        const char *reference = operation && operation->collection ? strstr(path, "/{}") : NULL;
        (void)snprintf(generic, sizeof generic, "/{}%s", reference ? reference : "");
        FILE *file = fopen("docs/api.md", "r");
        assert_non_null(file);
        while (!found && fgets(line, sizeof line, file)) {
                if (line[0] != '|')
                        continue;
                char *end = strstr(line + 1, " | "); /* the first column */
                if (end)
                        *end = '\0';
                without_names(line);
                found = line_has(line, methods[row->method], path) || (reference && line_has(line, methods[row->method], generic));
        }
        (void)fclose(file);
        return found;
}

static void every_route_is_documented(void **state)
{
        for (const struct route *row = api_routes.rows; row->method != METHOD_NONE; row++)
                if (!is_documented(row))
                        fail_msg("docs/api.md does not say %s %s", methods[row->method], row->pattern);
        static const struct route unsaid[] = { { .method = METHOD_GET, .pattern = "/api/v1/groups/{ref}/owners" },
                { .method = METHOD_PATCH, .pattern = "/api/v1/groups/{ref}/members" },
                { .method = METHOD_PUT, .pattern = "/api/v1/status" }, { .method = METHOD_GET, .pattern = "/api/v1/state" } };
        for (size_t i = 0; i < COUNT_OF(unsaid); i++)
                assert_false(is_documented(&unsaid[i])); /* and the test can tell */
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_row_names_who_and_what),
                cmocka_unit_test(an_operation_is_of_the_type_in_its_path),
                cmocka_unit_test(a_path_reaches_its_operation),
                cmocka_unit_test(what_has_no_row_is_refused_in_the_right_face),
                cmocka_unit_test(decisions_are_for_identities_and_their_metadata_for_all),
                cmocka_unit_test(every_route_is_documented),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
