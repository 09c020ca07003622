/* SPDX-License-Identifier: Apache-2.0
 *
 * Organisations, projects, identities, upstreams, connections and grants: what making one makes besides, what cannot change, what stands in
 * the way of an end, tokens. */
#include "base/clock.h"
#include "directory/connection.h"
#include "directory/house.h"

static void test_makers_become_administrators(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor maker = house_identity(house, "maker", NULL);
        house_grant(house, maker.id, NULL, "project:create");
        const char *app = house_do(house, &maker, CHANGE_CREATE, KIND_PROJECT, NULL, "{\"slug\":\"app\",\"name\":\"App\"}");
        house_do(house, &maker, CHANGE_MERGE, KIND_PROJECT, app, "{\"name\":\"App 2\"}");
        assert_change(ERR_FORBIDDEN, house, &house->admin, CHANGE_MERGE, KIND_PROJECT, app, "{\"name\":\"x\"}");
        assert_change(ERR_FORBIDDEN, house, &maker, CHANGE_CREATE, KIND_ORGANIZATION, NULL, "{\"slug\":\"kid\",\"name\":\"K\"}");
        house_check(house);
        house_close(house);
}

static void test_names_are_one_where_they_must(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        const char *kid = house_do(house, &house->admin, CHANGE_CREATE, KIND_ORGANIZATION, NULL, "{\"slug\":\"kid\",\"name\":\"K\"}");
        static const struct {
                enum resource_kind kind;
                const char *text;
        } things[] = { { KIND_ORGANIZATION, "{\"slug\":\"kid\",\"name\":\"K\"}" }, { KIND_PROJECT, "{\"slug\":\"same\",\"name\":\"A\"}" },
                { KIND_IDENTITY, "{\"name\":\"Same\"}" }, { KIND_UPSTREAM, "{\"name\":\"Same\"}" } };
        for (size_t i = 1; i < COUNT_OF(things); i++)
                house_do(house, &house->admin, CHANGE_CREATE, things[i].kind, NULL, "%s", things[i].text);
        for (size_t i = 0; i < COUNT_OF(things); i++)
                assert_change(ERR_TAKEN, house, &house->admin, CHANGE_CREATE, things[i].kind, NULL, things[i].text);
        house->want.organization = kid; /* another organisation, another room of names */
        house_do(house, &house->admin, CHANGE_CREATE, KIND_PROJECT, NULL, "{\"slug\":\"same\",\"name\":\"A\"}");
        house->want.organization = "kid";
        assert_change(ERR_TAKEN, house, &house->admin, CHANGE_CREATE, KIND_PROJECT, NULL, "{\"slug\":\"same\",\"name\":\"A\"}");
        assert_change(ERR_CONFLICT, house, &house->admin, CHANGE_DELETE, KIND_PROJECT, "same", NULL); /* ambiguous: names the ids */
        house->want.organization = "nobody";
        assert_change(ERR_VALUE, house, &house->admin, CHANGE_CREATE, KIND_PROJECT, NULL, "{\"slug\":\"x\",\"name\":\"A\"}");
        house->want.organization = kid;
        assert_change(ERR_VALUE, house, &house->admin, CHANGE_CREATE, KIND_UPSTREAM, NULL, "{\"name\":\"x\"}"); /* R25 */
        house_check(house);
        house_close(house);
}

static void test_what_is_set_for_ever_stays(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        const char *kid = house_do(house, &house->admin, CHANGE_CREATE, KIND_ORGANIZATION, NULL, "{\"slug\":\"kid\",\"name\":\"K\"}"),
                   *app = house_do(house, &house->admin, CHANGE_CREATE, KIND_PROJECT, NULL, "{\"slug\":\"app\",\"name\":\"A\"}");
        struct actor okta = house_connection(house, "okta");
        char text[128];
        (void)snprintf(text, sizeof text, "{\"organization\":\"%s\"}", kid);
        assert_change(ERR_MUTABILITY, house, &house->admin, CHANGE_MERGE, KIND_PROJECT, app, text);
        assert_change(ERR_MUTABILITY, house, &house->admin, CHANGE_MERGE, KIND_PROJECT, app, "{\"organization\":null}");
        assert_change(ERR_MUTABILITY, house, &house->admin, CHANGE_MERGE, KIND_ORGANIZATION, house->installed.org_id, "{\"slug\":\"new\"}");
        assert_change(ERR_CONFLICT, house, &house->admin, CHANGE_MERGE, KIND_ORGANIZATION, "acme", "{\"active\":false}");
        assert_change(ERR_CONFLICT, house, &house->admin, CHANGE_DELETE, KIND_ORGANIZATION, "acme", NULL);
        assert_change(ERR_VALUE, house, &house->admin, CHANGE_MERGE, KIND_CONNECTION, okta.id, "{\"upstream\":\"nobody\"}");
        assert_change(ERR_VALUE, house, &house->admin, CHANGE_MERGE, KIND_CONNECTION, okta.id, "{\"upstream\":null}");
        assert_change(ERR_CONFLICT, house, &house->admin, CHANGE_MERGE, KIND_IDENTITY, house->admin.id, "{\"active\":false}");
        assert_change(ERR_CONFLICT, house, &house->admin, CHANGE_DELETE, KIND_IDENTITY, house->admin.id, NULL);
        const char *other = house_do(house, &house->admin, CHANGE_CREATE, KIND_UPSTREAM, NULL, "{\"name\":\"Other\"}");
        house_do(house, &house->admin, CHANGE_MERGE, KIND_CONNECTION, okta.id, "{\"upstream\":\"other\"}");
        assert_int_equal(
                house_number(house, "SELECT COUNT(*) FROM resource WHERE kind = 9 AND doc LIKE '%%\"upstream\":\"%s\"%%'", other), 1);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_ORGANIZATION, kid, "{\"slug\":\"kid2\",\"description\":\"d\"}");
        house_check(house);
        house_close(house);
}

static void test_what_is_in_use_does_not_go(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const char *ann = house_user(house, &okta, "ann"), *crew = house_group(house, &okta, "crew"),
                   *kid = house_do(house, &house->admin, CHANGE_CREATE, KIND_ORGANIZATION, NULL, "{\"slug\":\"kid\",\"name\":\"K\"}");
        house->want.organization = kid;
        const char *app = house_do(house, &house->admin, CHANGE_CREATE, KIND_PROJECT, NULL, "{\"slug\":\"app\",\"name\":\"A\"}");
        house->want.organization = kid;
        const char *robot = house_do(house, &house->admin, CHANGE_CREATE, KIND_IDENTITY, NULL, "{\"name\":\"robot\"}");
        assert_change(ERR_CONFLICT, house, &house->admin, CHANGE_DELETE, KIND_UPSTREAM, "okta", NULL);
        assert_change(ERR_VALUE, house, &house->admin, CHANGE_DELETE, KIND_CONNECTION, okta.id, NULL);
        house_do(house, &okta, CHANGE_DELETE, KIND_USER, ann, NULL);
        house_do(house, &okta, CHANGE_DELETE, KIND_GROUP, crew, NULL);
        house->want.wish.verb = CONNECTION_REMOVE;
        house_do(house, &house->admin, CHANGE_DELETE, KIND_CONNECTION, okta.id, NULL);
        assert_change(
                ERR_CONFLICT, house, &house->admin, CHANGE_DELETE, KIND_UPSTREAM, "okta", NULL); /* not gone before its work is done */
        house_continue_work(house);
        assert_change(ERR_UNAUTHENTICATED, house, &okta, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"x\"}");
        house_do(house, &house->admin, CHANGE_DELETE, KIND_UPSTREAM, "okta", NULL);
        assert_change(ERR_CONFLICT, house, &house->admin, CHANGE_DELETE, KIND_ORGANIZATION, kid, NULL);
        house_do(house, &house->admin, CHANGE_DELETE, KIND_PROJECT, app, NULL);
        assert_change(ERR_CONFLICT, house, &house->admin, CHANGE_DELETE, KIND_ORGANIZATION, kid, NULL);
        house_do(house, &house->admin, CHANGE_DELETE, KIND_IDENTITY, robot, NULL);
        house_do(house, &house->admin, CHANGE_DELETE, KIND_ORGANIZATION, kid, NULL);
        house_check(house);
        house_close(house);
}

static void test_tokens_live_as_long_as_they_should(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), robot = house_identity(house, "robot", NULL), actor;
        /* R19: two tokens of a connection live; a third ends the oldest. An identity has one. */
        house_do(house, &house->admin, CHANGE_ROTATE, KIND_CONNECTION, okta.id, NULL);
        assert_ok(house_authenticate(house, house->tokens[0], &actor));
        assert_ok(house_authenticate(house, house->tokens[2], &actor));
        house_do(house, &house->admin, CHANGE_ROTATE, KIND_CONNECTION, okta.id, NULL);
        assert_err(house_authenticate(house, house->tokens[0], &actor), ERR_UNAUTHENTICATED);
        assert_ok(house_authenticate(house, house->tokens[2], &actor));
        house_do(house, &house->admin, CHANGE_ROTATE, KIND_IDENTITY, robot.id, NULL);
        assert_string_equal(house->event, "token-created");
        assert_null(strstr(house->body, house->token)); /* law 10 */
        assert_err(house_authenticate(house, house->tokens[1], &actor), ERR_UNAUTHENTICATED);
        assert_ok(house_authenticate(house, house->token, &actor));
        /* R4: a disabled connection's tokens refuse, and live again with it; law 4: an identity's do not. */
        house_do(house, &house->admin, CHANGE_MERGE, KIND_CONNECTION, okta.id, "{\"active\":false}");
        assert_err(house_authenticate(house, house->tokens[2], &actor), ERR_UNAUTHENTICATED);
        assert_change(ERR_CONFLICT, house, &house->admin, CHANGE_ROTATE, KIND_CONNECTION, okta.id, NULL);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_CONNECTION, okta.id, "{\"active\":true}");
        assert_ok(house_authenticate(house, house->tokens[2], &actor));
        const char *token = house->tokens[house->token_count - 1];
        house_do(house, &house->admin, CHANGE_MERGE, KIND_IDENTITY, robot.id, "{\"active\":false}");
        house_do(house, &house->admin, CHANGE_MERGE, KIND_IDENTITY, robot.id, "{\"active\":true}");
        assert_err(house_authenticate(house, token, &actor), ERR_UNAUTHENTICATED);
        static const int64_t bad[] = { 1, 59, -1, INT64_MAX, INT64_MIN, 3654LL * 86400 };
        for (size_t i = 0; i < COUNT_OF(bad); i++) {
                house->want.ttl_s = bad[i];
                assert_change(ERR_VALUE, house, &house->admin, CHANGE_ROTATE, KIND_IDENTITY, robot.id, NULL);
        }
        for (size_t i = 0; i < house->token_count; i++) {
                assert_int_equal(house_number(house, "SELECT COUNT(*) FROM ledger WHERE body LIKE '%%%s%%'", house->tokens[i]), 0);
                assert_int_equal(house_number(house, "SELECT COUNT(*) FROM resource WHERE doc LIKE '%%%s%%'", house->tokens[i]), 0);
        }
        house_check(house);
        house_close(house);
}

/* What a connection is told concerns its tokens' flags; what a token itself may (R19) is the token's. */
static void test_a_change_of_a_connection_leaves_what_its_tokens_may(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), actor;
        char sql[160];
        (void)snprintf(sql, sizeof sql, "UPDATE credential SET scopes = %u WHERE no = %lld", SCOPE_GROUPS | SCOPE_READ_ONLY,
                (long long)okta.credential_no);
        raw_script(house->fixture, sql);
        house_restart(house);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_CONNECTION, okta.id,
                "{\"profile\":\"strict\",\"preset\":\"entra\",\"rate_limit\":50}");
        for (int restarted = 0; restarted < 2; restarted++) {
                assert_ok(house_authenticate(house, house->tokens[0], &actor));
                assert_int_equal(
                        actor.scopes, SCOPE_GROUPS | SCOPE_READ_ONLY | SCOPE_STRICT | SCOPE_PRESET_ENTRA | (50u << SCOPE_RATE_SHIFT));
                house_restart(house);
        }
        house_do(house, &house->admin, CHANGE_MERGE, KIND_CONNECTION, okta.id, "{\"profile\":\"lenient\",\"rate_limit\":null}");
        assert_ok(house_authenticate(house, house->tokens[0], &actor));
        assert_int_equal(actor.scopes, SCOPE_GROUPS | SCOPE_READ_ONLY | SCOPE_PRESET_ENTRA);
        house_close(house);
}

static void test_R22_access_is_gained_once(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor boss = house_identity(house, "boss", "admin");
        const char *app = house_do(house, &house->admin, CHANGE_CREATE, KIND_PROJECT, NULL, "{\"slug\":\"app\",\"name\":\"A\"}");
        house_do(house, &house->admin, CHANGE_CREATE, KIND_GRANT, NULL,
                "{\"principal\":\"%s\",\"scope\":\"%s\",\"role\":\"admin\",\"until\":\"2999-01-01T00:00:00Z\"}", boss.id, app);
        const char *grant = house_do(house, &boss, CHANGE_GAIN_ACCESS, KIND_PROJECT, app, NULL); /* what ends one day is not the same */
        assert_true(house->done.changed);
        for (int i = 0; i < 2; i++) {
                assert_string_equal(house_do(house, &boss, CHANGE_GAIN_ACCESS, KIND_PROJECT, app, NULL), grant);
                assert_false(house->done.changed);
        }
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM role_grant WHERE principal_no = %lld AND scope_no = %lld",
                                 (long long)boss.no, (long long)house_no(house, app)),
                2);
        house_do(house, &house->admin, CHANGE_DELETE, KIND_GRANT, grant, NULL);
        house_do(house, &boss, CHANGE_GAIN_ACCESS, KIND_PROJECT, app, NULL);
        assert_true(house->done.changed);
        house_check(house);
        house_close(house);
}

/* ---- grants ---- */

static void test_grants_name_their_ends_by_id_or_name(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        const char *ann = house_user(house, &house->admin, "ann");
        house_do(house, &house->admin, CHANGE_CREATE, KIND_PROJECT, NULL, "{\"slug\":\"app\",\"name\":\"A\"}");
        struct actor same = house_identity(house, "ann", NULL);
        static const struct {
                const char *text;
                enum err expected;
        } cases[] = { { "{\"principal\":\"user:ann\",\"scope\":\"app\",\"role\":\"viewer\"}", ERR_OK },
                { "{\"principal\":\"identity:ann\",\"scope\":\"project:app\",\"role\":\"viewer\"}", ERR_OK },
                { "{\"principal\":\"user:ann\",\"role\":\"member\"}", ERR_OK },
                { "{\"principal\":\"ann\",\"role\":\"member\"}", ERR_CONFLICT },
                { "{\"principal\":\"group:ann\",\"role\":\"member\"}", ERR_VALUE },
                { "{\"principal\":\"nobody\",\"role\":\"member\"}", ERR_VALUE },
                { "{\"principal\":\"user:ann\",\"scope\":\"nowhere\",\"role\":\"member\"}", ERR_VALUE },
                { "{\"principal\":\"acme\",\"role\":\"member\"}", ERR_VALUE } };
        for (size_t i = 0; i < COUNT_OF(cases); i++)
                assert_change(cases[i].expected, house, &house->admin, CHANGE_CREATE, KIND_GRANT, NULL, cases[i].text);
        assert_int_equal(
                house_number(house, "SELECT COUNT(*) FROM role_grant WHERE principal_no = %lld", (long long)house_no(house, ann)), 2);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM role_grant WHERE principal_no = %lld", (long long)same.no), 1);
        house_check(house);
        house_close(house);
}

static void test_a_grant_holds_in_its_time_only(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        const char *ann = house_user(house, &house->admin, "ann");
        const char *grant = house_do(house, &house->admin, CHANGE_CREATE, KIND_GRANT, NULL,
                "{\"principal\":\"%s\",\"role\":\"auditor\",\"from\":\"2999-01-01T00:00:00Z\"}", ann);
        assert_false(house_holds(house, ann, NULL, "audit-logs:read"));
        house_do(house, &house->admin, CHANGE_MERGE, KIND_GRANT, grant, "{\"from\":null}");
        assert_true(house_holds(house, ann, NULL, "audit-logs:read"));
        house_do(house, &house->admin, CHANGE_MERGE, KIND_GRANT, grant, "{\"until\":\"2001-01-01T00:00:00Z\"}");
        assert_false(house_holds(house, ann, NULL, "audit-logs:read"));
        house_do(house, &house->admin, CHANGE_MERGE, KIND_GRANT, grant, "{\"until\":\"2999-01-01T00:00:00Z\"}");
        assert_true(house_holds(house, ann, NULL, "audit-logs:read"));
        assert_change(ERR_VALUE, house, &house->admin, CHANGE_MERGE, KIND_GRANT, grant, "{\"from\":\"2999-01-01T00:00:00Z\"}");
        assert_change(ERR_VALUE, house, &house->admin, CHANGE_MERGE, KIND_GRANT, grant, "{\"from\":\"tomorrow\"}");
        house_check(house);
        house_do(house, &house->admin, CHANGE_DELETE, KIND_GRANT, grant, NULL);
        assert_false(house_holds(house, ann, NULL, "audit-logs:read"));
        assert_change(ERR_NOT_FOUND, house, &house->admin, CHANGE_DELETE, KIND_GRANT, grant, NULL);
        house_check(house);
        house_close(house);
}

/* What a grant confers and to whom is set for ever: else a merge would be a new grant without its checks. */
static void test_a_grant_cannot_become_another(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        const char *ann = house_user(house, &house->admin, "ann"), *ben = house_user(house, &house->admin, "ben");
        const char *grant = house_grant(house, ann, NULL, "member");
        struct actor editor = house_identity(house, "editor", NULL);
        house_grant(house, editor.id, NULL, "member:grant-privileges");
        char text[128];
        (void)snprintf(text, sizeof text, "{\"principal\":\"%s\"}", ben);
        const char *const others[] = { "{\"role\":\"admin\"}", "{\"role\":null,\"privilege\":\"member:edit\"}",
                "{\"privilege\":\"member:edit\"}", "{\"role\":null}", text, "{\"scope\":null}" };
        int64_t digest = house_digest(house);
        for (size_t i = 0; i < COUNT_OF(others); i++) {
                enum err e = house_change(house, &house->admin, CHANGE_MERGE, KIND_GRANT, grant, others[i]);
                if (e != ERR_MUTABILITY && e != ERR_VALUE)
                        fail_msg("%s answers %s", others[i], error_row(e)->name);
        }
        assert_change(ERR_FORBIDDEN, house, &editor, CHANGE_MERGE, KIND_GRANT, grant, "{\"until\":null,\"reason\":\"x\"}");
        assert_int_equal(house_digest(house), digest);
        house_close(house);
}

static void test_grants_of_the_dead_can_be_taken_away(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        const char *ann = house_user(house, &house->admin, "ann"),
                   *app = house_do(house, &house->admin, CHANGE_CREATE, KIND_PROJECT, NULL, "{\"slug\":\"app\",\"name\":\"A\"}");
        const char *in_org = house_grant(house, ann, NULL, "member"), *in_app = house_grant(house, ann, app, "viewer");
        house_do(house, &house->admin, CHANGE_DELETE, KIND_USER, ann, NULL);
        house_do(house, &house->admin, CHANGE_DELETE, KIND_GRANT, in_org, NULL);
        house_do(house, &house->admin, CHANGE_DELETE, KIND_PROJECT, app, NULL);
        house_do(house, &house->admin, CHANGE_DELETE, KIND_GRANT, in_app, NULL);
        house_check(house);
        house_close(house);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_makers_become_administrators, ON_SQLITE),
                FIXTURE_TEST(test_names_are_one_where_they_must, ON_BOTH),
                FIXTURE_TEST(test_what_is_set_for_ever_stays, ON_SQLITE),
                FIXTURE_TEST(test_what_is_in_use_does_not_go, ON_BOTH),
                FIXTURE_TEST(test_tokens_live_as_long_as_they_should, ON_BOTH),
                FIXTURE_TEST(test_a_change_of_a_connection_leaves_what_its_tokens_may, ON_BOTH),
                FIXTURE_TEST(test_R22_access_is_gained_once, ON_BOTH),
                FIXTURE_TEST(test_grants_name_their_ends_by_id_or_name, ON_SQLITE),
                FIXTURE_TEST(test_a_grant_holds_in_its_time_only, ON_BOTH),
                FIXTURE_TEST(test_a_grant_cannot_become_another, ON_SQLITE),
                FIXTURE_TEST(test_grants_of_the_dead_can_be_taken_away, ON_BOTH),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
