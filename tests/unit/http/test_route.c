/* SPDX-License-Identifier: Apache-2.0
 *
 * Matching: literal before parameter, 405 with Allow, the face of unknown paths, parameters. */
#include "http/harness.h"

static const struct route scim_rows[] = {
        { .method = METHOD_GET, .pattern = "/scim/v2/{type}", .face = FACE_SCIM, .data = "list" },
        { .method = METHOD_POST, .pattern = "/scim/v2/{type}", .face = FACE_SCIM, .data = "create" },
        { .method = METHOD_POST, .pattern = "/scim/v2/Bulk", .face = FACE_SCIM, .data = "bulk" },
        { .method = METHOD_GET, .pattern = "/scim/v2/{type}/{id}", .face = FACE_SCIM, .data = "read" },
        { .method = METHOD_PATCH, .pattern = "/scim/v2/{type}/{id}", .face = FACE_SCIM, .data = "patch" },
        { .method = METHOD_POST, .pattern = "/scim/v2/{type}/.search", .face = FACE_SCIM, .data = "search" },
        { .method = METHOD_NONE },
};
static const struct route api_rows[] = {
        { .method = METHOD_GET, .pattern = "/api/v1/a/{x}/c", .face = FACE_API, .data = "a?c" },
        { .method = METHOD_GET, .pattern = "/api/v1/{y}/b/c", .face = FACE_API, .data = "?bc" },
        { .method = METHOD_GET, .pattern = "/", .face = FACE_OPERATIONS, .data = "root" },
        { .method = METHOD_NONE },
};
static const struct route_table tables[] = { { scim_rows, "/scim/v2", FACE_SCIM }, { api_rows, "/api", FACE_API } };

static struct request request;
static enum face face;
static char allow[48];

static enum err match(enum method method, const char *text)
{
        static char path[512];
        (void)snprintf(path, sizeof(path), "%s", text);
        request = (struct request){ 0 };
        allow[0] = '\0';
        face = 0;
        return route_match(tables, 2, method, path, &request, &face, allow);
}

static void assert_route(enum method method, const char *path, const char *name)
{
        assert_int_equal(match(method, path), ERR_OK);
        assert_string_equal((const char *)request.route->data, name);
}

static void a_literal_segment_beats_a_parameter(void **state)
{
        assert_route(METHOD_GET, "/scim/v2/Users", "list");
        assert_route(METHOD_POST, "/scim/v2/Users", "create");
        assert_route(METHOD_POST, "/scim/v2/Bulk", "bulk");
        assert_route(METHOD_POST, "/scim/v2/Users/.search", "search");
        assert_route(METHOD_GET, "/", "root");
        /* Both fit: the literal further to the left wins. */
        assert_route(METHOD_GET, "/api/v1/a/b/c", "a?c");
}

static void parameters_come_in_order(void **state)
{
        assert_route(METHOD_PATCH, "/scim/v2/Groups/0193-x", "patch");
        assert_int_equal(request.param_count, 2);
        assert_string_equal(request.params[0], "Groups");
        assert_string_equal(request.params[1], "0193-x");
        assert_int_equal(face, FACE_SCIM);
}

static void a_known_path_with_another_method_is_405(void **state)
{
        assert_int_equal(match(METHOD_DELETE, "/scim/v2/Users/1"), ERR_METHOD);
        assert_string_equal(allow, "GET, PATCH");
        assert_int_equal(face, FACE_SCIM);
        /* The literal row owns its path: {type} does not answer for it. */
        assert_int_equal(match(METHOD_GET, "/scim/v2/Bulk"), ERR_METHOD);
        assert_string_equal(allow, "POST");
        assert_int_equal(match(METHOD_NONE, "/scim/v2/Users"), ERR_METHOD);
        assert_string_equal(allow, "GET, POST");
}

static void unknown_paths_have_the_face_of_their_prefix(void **state)
{
        static const struct {
                const char *path;
                enum face face;
        } cases[] = {
                { "/scim/v2/Users/1/2/3", FACE_SCIM },
                { "/scim/v2/", FACE_SCIM },
                { "/scim/v2", FACE_SCIM },
                { "/scim/v2/Users/", FACE_SCIM },
                { "/scim/v22/x", FACE_OPERATIONS },
                { "/api/nothing", FACE_API },
                { "/nothing", FACE_OPERATIONS },
                { "/SCIM/v2/Users", FACE_OPERATIONS },
                { "/api/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17", FACE_API },
        };
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                assert_int_equal(match(METHOD_GET, cases[i].path), ERR_NOT_FOUND);
                assert_int_equal(face, cases[i].face);
                assert_null(request.route);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_literal_segment_beats_a_parameter),
                cmocka_unit_test(parameters_come_in_order),
                cmocka_unit_test(a_known_path_with_another_method_is_405),
                cmocka_unit_test(unknown_paths_have_the_face_of_their_prefix),
        };
        return cmocka_run_group_tests_name("http/route", tests, NULL, NULL);
}
