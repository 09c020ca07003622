/* SPDX-License-Identifier: Apache-2.0
 *
 * The route table itself: nobody but a connection's token, nothing without an action, every type by the same rows. */
#include "scim/client.h"

static const struct route *match(enum method method, const char *path, enum err *ret)
{
        char split[128], allow[48];
        struct request request = { 0 };
        enum face face = FACE_SCIM;
        (void)snprintf(split, sizeof split, "%s", path);
        *ret = route_match(&scim_routes, 1, method, split, &request, &face, allow);
        assert_int_equal(face, FACE_SCIM);
        return request.route;
}

static void test_every_row_names_who_and_what(struct fixture *fixture)
{
        (void)fixture;
        assert_string_equal(scim_routes.prefix, "/scim/v2");
        for (const struct route *row = scim_routes.rows; row->method != METHOD_NONE; row++) {
                assert_int_equal(row->who, WHO_CONNECTION);
                assert_true(row->action == ACTION_READ || row->action == ACTION_CREATE || row->action == ACTION_EDIT ||
                            row->action == ACTION_DELETE);
                assert_int_equal(row->face, FACE_SCIM);
                assert_non_null(row->handler);
                assert_int_equal(row->body_limit_bytes > 0, row->method != METHOD_GET && row->method != METHOD_DELETE);
                assert_int_equal(row->flags & ROUTE_ON_LOOP, 0); /* they read the database */
        }
}

static void test_paths_reach_their_handlers(struct fixture *fixture)
{
        static const struct {
                enum method method;
                const char *path;
                route_handler handler;
                enum err expected;
        } cases[] = { { METHOD_GET, "/scim/v2/Users", scim_list, ERR_OK }, { METHOD_POST, "/scim/v2/Users", scim_write_one, ERR_OK },
                { METHOD_GET, "/scim/v2/Groups/x", scim_get, ERR_OK }, { METHOD_PUT, "/scim/v2/Groups/x", scim_write_one, ERR_OK },
                { METHOD_PATCH, "/scim/v2/Groups/x", scim_write_one, ERR_OK }, { METHOD_DELETE, "/scim/v2/Groups/x", scim_write_one, ERR_OK },
                { METHOD_GET, "/scim/v2/Schemas", scim_discovery, ERR_OK },
                { METHOD_GET, "/scim/v2/Schemas/urn:x", scim_discovery, ERR_OK },
                { METHOD_GET, "/scim/v2/ServiceProviderConfig", scim_discovery, ERR_OK }, { METHOD_PUT, "/scim/v2/Bulk", NULL, ERR_METHOD },
                { METHOD_POST, "/scim/v2/ServiceProviderConfig", NULL, ERR_METHOD }, { METHOD_GET, "/scim/v2", NULL, ERR_NOT_FOUND },
                { METHOD_GET, "/scim/v2/Users/x/y", NULL, ERR_NOT_FOUND }, { METHOD_GET, "/scim/v2/Users/x/y/z", NULL, ERR_NOT_FOUND } };
        (void)fixture;
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                enum err e;
                const struct route *route = match(cases[i].method, cases[i].path, &e);
                if (e != cases[i].expected || (cases[i].handler && (!route || route->handler != cases[i].handler)))
                        fail_msg("%d %s answers %s", cases[i].method, cases[i].path, error_row(e)->name);
        }
}

/* Whether there is such an endpoint is the organisation's to say: 404 or 405 by the handler. */
static void test_wrong_methods_of_types_are_told_behind_the_token(struct fixture *fixture)
{
        static const struct {
                enum method method;
                const char *path, *allow;
        } cases[] = { { METHOD_PUT, "/scim/v2/Users", "GET, POST" }, { METHOD_PATCH, "/scim/v2/Nothing", "GET, POST" },
                { METHOD_DELETE, "/scim/v2/Users", "GET, POST" }, { METHOD_POST, "/scim/v2/Users/x", "GET, PUT, PATCH, DELETE" },
                { METHOD_GET, "/scim/v2/Users/.search", "POST" }, { METHOD_PUT, "/scim/v2/Nothing/.search", "POST" },
                { METHOD_PATCH, "/scim/v2/Users/.search", "POST" }, { METHOD_DELETE, "/scim/v2/Nothing/.search", "POST" } };
        (void)fixture;
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                enum err e;
                const struct route *route = match(cases[i].method, cases[i].path, &e);
                assert_int_equal(e, ERR_OK);
                assert_string_equal(route->data, cases[i].allow);
        }
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_every_row_names_who_and_what, ON_SQLITE),
                FIXTURE_TEST(test_paths_reach_their_handlers, ON_SQLITE),
                FIXTURE_TEST(test_wrong_methods_of_types_are_told_behind_the_token, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
