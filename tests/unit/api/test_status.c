/* SPDX-License-Identifier: Apache-2.0
 *
 * GET /status: who calls, what he may know of how much there is, and every warning with what it depends on. */
#include "api/desk.h"
#include "access/access.h"
#include "base/clock.h"

static int64_t warnings(struct desk *desk)
{
        assert_status(desk, 200, METHOD_GET, "/api/v1/status", NULL);
        return (int64_t)json_array_size(desk_value(desk, "warnings"));
}

static const char *token_of(struct desk *desk, const char *name, int64_t ttl_s)
{
        (void)desk_make(desk, "identities", "{\"name\":\"%s\",\"role\":\"admin\",\"ttl_s\":%lld}", name, (long long)ttl_s);
        return arena_strdup(desk->arena, desk_text(desk, "token"));
}

static void the_answer_is_this_and_no_more(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        const char *chief = token_of(desk, "chief", 90 * 86400), *chief_id = arena_strdup(desk->arena, desk_text(desk, "id"));
        const char *ends = arena_strdup(desk->arena, desk_text(desk, "token_expires_at"));
        const char *none = desk_identity(desk, "n\\\"one", NULL), *none_id = arena_strdup(desk->arena, desk_text(desk, "id"));
        (void)desk_make(desk, "groups", "{\"displayName\":\"G\"}");
        const char *revision = arena_strdup(desk->arena, desk_header(desk, "Muster-Revision"));
        assert_status(desk, 200, METHOD_GET, "/api/v1/organizations/acme", NULL);
        const char *acme = arena_printf(desk->arena,
                "{\"version\":\"" MUSTER_VERSION "\",\"organization\":{\"id\":\"%s\",\"slug\":\"acme\",\"name\":\"Acme\"}",
                desk_text(desk, "id"));
        raw_script(fixture, "UPDATE credential SET expires_us = 0 WHERE root_no = 1 AND owner_no = "
                            "(SELECT no FROM resource WHERE root_no = 1 AND name_folded LIKE 'n%one')");
        desk->token = chief;
        assert_status(desk, 200, METHOD_GET, "/api/v1/status", NULL);
        assert_string_equal(desk_body(desk),
                arena_printf(desk->arena,
                        "%s,\"caller\":{\"kind\":\"identity\",\"id\":\"%s\",\"name\":\"chief\",\"role\":\"admin\","
                        "\"token_expires_at\":\"%s\"},\"revision\":\"%s\",\"counts\":{\"users\":1,\"groups\":1,\"identities\":3,"
                        "\"projects\":0,\"connections\":0,\"grants\":%lld},\"warnings\":"
                        "[\"no SCIM connection yet: no identity provider can push users here\"]}",
                        acme, chief_id, ends, revision,
                        (long long)raw_number(fixture, "SELECT COUNT(*) FROM resource WHERE root_no = 1 AND kind = 7 AND deleted_us = 0")));
        desk->token = none; /* knows himself and where he is */
        assert_status(desk, 200, METHOD_GET, "/api/v1/status", NULL);
        assert_string_equal(
                desk_body(desk), arena_printf(desk->arena,
                                         "%s,\"caller\":{\"kind\":\"identity\",\"id\":\"%s\",\"name\":\"n\\\"one\",\"role\":\"no-access\","
                                         "\"token_expires_at\":null},\"revision\":\"%s\",\"counts\":{},\"warnings\":[]}",
                                         acme, none_id, revision));
        desk->token = "mus_id_nobody";
        assert_status(desk, 401, METHOD_GET, "/api/v1/status", NULL);
        desk_close(desk);
}

static void status_tells_a_caller_what_he_may_know(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        assert_status(desk, 200, METHOD_GET, "/api/v1/status", NULL);
        assert_string_equal(desk_text(desk, "version"), MUSTER_VERSION);
        assert_string_equal(desk_text(desk, "organization.slug"), "acme");
        assert_string_equal(desk_text(desk, "organization.name"), "Acme");
        assert_string_equal(desk_text(desk, "caller.kind"), "identity");
        assert_string_equal(desk_text(desk, "caller.name"), "bootstrap");
        assert_string_equal(desk_text(desk, "caller.role"), "admin");
        assert_int_equal(json_integer_value(desk_value(desk, "counts.users")), 1);
        assert_non_null(strstr(desk_text(desk, "warnings.0"), "bootstrap identity's token is in use"));
        assert_non_null(strstr(desk_text(desk, "warnings.0"), "(expires in 29 days)"));
        assert_non_null(strstr(desk_text(desk, "warnings.1"), "no SCIM connection"));
        static const struct {
                const char *role, *shown;
                bool users, identities;
        } callers[] = { { "auditor", "auditor", true, true }, { "member", "member", true, false }, { NULL, "no-access", false, false } };
        for (size_t i = 0; i < COUNT_OF(callers); i++) {
                desk->token = desk->installed.api_token.text;
                desk->token = desk_identity(desk, callers[i].shown, callers[i].role);
                assert_status(desk, 200, METHOD_GET, "/api/v1/status", NULL);
                assert_string_equal(desk_text(desk, "caller.role"), callers[i].shown);
                assert_int_equal(desk_value(desk, "counts.users") != NULL, callers[i].users);
                assert_int_equal(desk_value(desk, "counts.identities") != NULL, callers[i].identities);
        }
        desk_close(desk);
}

static void a_token_near_its_end_is_warned_of(struct fixture *fixture)
{
        static const struct {
                int64_t ttl_s;
                const char *when; /* NULL: no warning */
        } tokens[] = { { 60, "in less than a day" }, { 86400 - 60, "in less than a day" }, { 86400 + 60, "in 1 day" },
                { 2 * 86400 + 60, "in 2 days" }, { 7 * 86400 - 60, "in 6 days" }, { 7 * 86400 + 60, NULL } };
        struct desk *desk = desk_open(fixture);
        (void)desk_make(desk, "connections", "{\"name\":\"okta\",\"kind\":\"scim\"}");
        for (size_t i = 0; i < COUNT_OF(tokens); i++) {
                desk->token = desk->installed.api_token.text;
                desk->token = token_of(desk, arena_printf(desk->arena, "t%zu", i), tokens[i].ttl_s);
                assert_int_equal(warnings(desk), tokens[i].when ? 1 : 0);
                if (tokens[i].when)
                        assert_string_equal(desk_text(desk, "warnings.0"),
                                arena_printf(desk->arena, "this token expires soon; rotate it (expires %s)", tokens[i].when));
        }
        desk_close(desk);
}

static enum err put_pulse(struct session *session, void *context, struct fault *fault)
{
        const int64_t *connection_no = context;
        return session_run(session, ST_PULSE_PUT, NULL, fault, V_I64(1), V_I64(*connection_no), V_I64(clock_stored_us()), V_I64(0),
                V_I64(0), V_I64(0), V_I64(0), V_I64(0), V_I64(0));
}

/* Of connections that need care, by name; of the others nothing, and nothing at all to a caller of a child organisation. */
static void a_connection_that_needs_care_is_named(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        (void)desk_make(desk, "organizations", "{\"slug\":\"child\",\"name\":\"Child\"}");
        (void)desk_make(desk, "identities", "{\"name\":\"kid\",\"organization\":\"child\",\"role\":\"admin\"}");
        const char *child = arena_strdup(desk->arena, desk_text(desk, "token"));
        const char *chief = token_of(desk, "chief", 90 * 86400);
        (void)desk_make(desk, "connections", "{\"name\":\"fine\",\"kind\":\"scim\"}");
        int64_t failing = desk_number(desk, desk_make(desk, "connections", "{\"name\":\"fail\\\"ing\",\"kind\":\"scim\"}"));
        (void)desk_make(desk, "connections", "{\"name\":\"ending\",\"kind\":\"scim\",\"ttl_s\":10800}");
        assert_ok(fixture_submit(fixture, put_pulse, &failing));
        desk->token = chief;
        assert_int_equal(warnings(desk), 2);
        assert_int_equal(json_integer_value(desk_value(desk, "counts.connections")), 3);
        assert_non_null(strstr(desk_text(desk, "warnings.0"), "connection \"fail\"ing\": last request "));
        assert_non_null(strstr(desk_text(desk, "warnings.0"), ", nothing has succeeded yet, no refusals in 24 hours"));
        assert_string_equal(desk_text(desk, "warnings.1"), "connection \"ending\": no request yet, its token expires in 3 hours");
        desk->token = child;
        assert_int_equal(warnings(desk), 0);
        assert_string_equal(desk_text(desk, "organization.slug"), "child");
        desk->token = chief;
        assert_status(desk, 200, METHOD_PATCH, "/api/v1/connections/ending", "{\"active\":false}");
        assert_int_equal(warnings(desk), 1);
        desk_close(desk);
}

static void a_domain_that_lapsed_or_soon_will_is_named(struct fixture *fixture)
{
        static const struct {
                const char *change, *says; /* NULL: nothing */
        } states[] = {
                { "state = 1, failed_us = 0", NULL },
                { "state = 2, failed_us = 0", NULL },
                { "state = 2, failed_us = 5", "e-mail domain \"acme.example\" lapses soon: its TXT record is not found" },
                { "state = 3, failed_us = 5",
                        "e-mail domain \"acme.example\" has lapsed: put its TXT record back, then: muster domain verify" },
                { "state = 3, failed_us = 0",
                        "e-mail domain \"acme.example\" has lapsed: put its TXT record back, then: muster domain verify" },
        };
        struct desk *desk = desk_open(fixture);
        (void)desk_make(desk, "connections", "{\"name\":\"okta\",\"kind\":\"scim\"}");
        (void)desk_make(desk, "domains", "{\"name\":\"acme.example\"}");
        const char *blind = desk_identity(desk, "blind", NULL);
        const char *chief = token_of(desk, "chief", 90 * 86400);
        for (size_t i = 0; i < COUNT_OF(states); i++) {
                raw_script(fixture, arena_printf(desk->arena, "UPDATE domain SET %s", states[i].change));
                desk->token = chief;
                assert_int_equal(warnings(desk), states[i].says ? 1 : 0);
                if (states[i].says)
                        assert_string_equal(desk_text(desk, "warnings.0"), states[i].says);
                desk->token = blind;
                assert_int_equal(warnings(desk), 0);
        }
        desk_close(desk);
}

static void a_ledger_that_nobody_signs_is_warned_of(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        desk->token = desk_identity(desk, "none", NULL);
        assert_int_equal(warnings(desk), 0);
        struct checkpoint_key *key = STEAL(desk->directory->checkpoint_key);
        int64_t count = warnings(desk);
        desk->directory->checkpoint_key = key;
        assert_int_equal(count, 1);
        assert_string_equal(desk_text(desk, "warnings.0"), "the ledger is not signed: there is no checkpoint key");
        desk_close(desk);
}

int main(void)
{
        const struct fixture_test tests[] = {
                FIXTURE_TEST(the_answer_is_this_and_no_more, ON_BOTH),
                FIXTURE_TEST(status_tells_a_caller_what_he_may_know, ON_BOTH),
                FIXTURE_TEST(a_token_near_its_end_is_warned_of, ON_SQLITE),
                FIXTURE_TEST(a_connection_that_needs_care_is_named, ON_BOTH),
                FIXTURE_TEST(a_domain_that_lapsed_or_soon_will_is_named, ON_SQLITE),
                FIXTURE_TEST(a_ledger_that_nobody_signs_is_warned_of, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
