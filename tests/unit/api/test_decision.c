/* SPDX-License-Identifier: Apache-2.0
 *
 * Decisions over the route table: bodies and headers exactly, who may ask, and that nothing but a judgement is ever true (security.md 75).
 */
#include "api/desk.h"
#include "api/decision.h"
#include "base/clock.h"
#include "http/metrics.h"

#define PATH "/access/v1/evaluation"

static const char *question(struct desk *desk, const char *subject, const char *action, const char *more)
{
        return arena_printf(desk->arena,
                "{\"subject\":{\"type\":\"user\",\"id\":\"%s\"},\"action\":{\"name\":\"%s\"},\"resource\":{\"type\":\"groups\",\"id\":\"%"
                "s\"}%s}",
                subject, action, desk->installed.org_id, more);
}

static const char *revision(struct desk *desk)
{
        assert_status(desk, 200, METHOD_GET, "/api/v1/status", NULL);
        return arena_strdup(desk->arena, desk_text(desk, "revision"));
}

static void true_and_false_are_told_with_the_revision_and_no_more(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        const char *now = revision(desk);
        int64_t allowed = metric_get(METRIC_DECISION_TRUE), denied = metric_get(METRIC_DECISION_FALSE);
        desk->on_loop = true;
        assert_status(desk, 200, METHOD_POST, PATH, question(desk, desk->installed.admin_id, "edit", ""));
        assert_string_equal(desk_body(desk), arena_printf(desk->arena, "{\"decision\":true,\"context\":{\"revision\":\"%s\"}}", now));
        assert_string_equal(desk_header(desk, "Muster-Revision"), now);
        assert_string_equal(desk->request.reply.content_type, "application/json");
        static const char *const subjects[] = { "nobody", "", "00000000-0000-7000-8000-000000000000" };
        for (size_t i = 0; i < 3; i++) {
                const char *subject = *subjects[i] ? subjects[i] : desk->installed.admin_id;
                assert_status(desk, 200, METHOD_POST, PATH, question(desk, subject, *subjects[i] ? "edit" : "explode", ""));
                assert_string_equal(
                        desk_body(desk), arena_printf(desk->arena, "{\"decision\":false,\"context\":{\"revision\":\"%s\"}}", now));
        }
        assert_int_equal(metric_get(METRIC_DECISION_TRUE), allowed + 1);
        assert_int_equal(metric_get(METRIC_DECISION_FALSE), denied + 3);
        desk_close(desk);
}

static void what_is_no_question_is_400(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        static const char *const wrong[] = { NULL, "", "{", "[]", "null", "{}", "{\"subject\":{},\"subject\":{}}" };
        for (size_t i = 0; i < COUNT_OF(wrong); i++)
                assert_status(desk, 400, METHOD_POST, PATH, wrong[i]);
        const char *good = question(desk, desk->installed.admin_id, "edit", "");
        static const char *const types[] = { NULL, "text/plain", "application/jsonx", "application/scim+json", "application/json x" };
        for (size_t i = 0; i < COUNT_OF(types); i++) {
                desk->headers[HEADER_CONTENT_TYPE] = types[i];
                assert_status(desk, 400, METHOD_POST, PATH, good);
        }
        desk->headers[HEADER_CONTENT_TYPE] = "Application/JSON ; charset=utf-8";
        assert_status(desk, 200, METHOD_POST, PATH, good);
        desk_close(desk);
}

static void who_may_not_ask_is_403_and_noted(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        const char *token = desk_identity(desk, "weak", "member");
        desk->token = token;
        assert_status(desk, 403, METHOD_POST, PATH, question(desk, desk->installed.admin_id, "edit", ""));
        desk->token = desk->installed.api_token.text;
        assert_status(desk, 200, METHOD_PATCH, "/api/v1/organizations/acme", "{\"description\":\"so that notices ride\"}");
        assert_status(desk, 200, METHOD_GET, "/api/v1/audit?class=notice", NULL);
        assert_string_equal(desk_text(desk, "items.0.event"), "refused");
        assert_string_equal(desk_text(desk, "items.0.body.detail"), "decisions");
        desk_close(desk);
}

static void at_least_is_honoured_or_refused(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        const char *now = revision(desk), *id = desk->installed.admin_id;
        char handle[16];
        (void)snprintf(handle, sizeof handle, "%.8s", now);
        desk->on_loop = true;
        assert_status(desk, 200, METHOD_POST, PATH,
                question(desk, id, "edit", arena_printf(desk->arena, ",\"context\":{\"at_least\":\"%s\"}", now)));
        const char *const wrong[] = { "nonsense", "zzzzzzzz.1.1", arena_printf(desk->arena, "%s.2.1", handle),
                arena_printf(desk->arena, "%s.1", handle) };
        for (size_t i = 0; i < COUNT_OF(wrong); i++)
                assert_status(desk, 400, METHOD_POST, PATH,
                        question(desk, id, "edit", arena_printf(desk->arena, ",\"context\":{\"at_least\":\"%s\"}", wrong[i])));
        const char *ahead = question(desk, id, "edit", arena_printf(desk->arena, ",\"context\":{\"at_least\":\"%s.1.1000000\"}", handle));
        assert_status(desk, 0, METHOD_POST, PATH, ahead); /* the loop does not wait */
        desk->on_loop = false;
        desk->timeout_us = 50 * US_PER_MS;
        int64_t errors = metric_get(METRIC_DECISION_ERROR), before_us = clock_steady_us();
        assert_status(desk, 503, METHOD_POST, PATH, ahead);
        assert_true(clock_steady_us() - before_us >= 50 * US_PER_MS);
        assert_string_equal(desk_header(desk, "Retry-After"), "1");
        assert_int_equal(metric_get(METRIC_DECISION_ERROR), errors + 1);
        desk_close(desk);
}

static enum err fail_reads(void *context, enum statement statement, struct fault *fault)
{
        return *(bool *)context && statement < STATEMENT_COUNT ? fault_set(fault, ERR_INTERNAL, "", "the disk is on fire") : ERR_OK;
}

/* Not loaded and the store broken: 503, never an answer. */
static void a_store_that_fails_is_503_and_never_true(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        bool broken = false;
        struct session *reader = fixture->reader;
        const char *good = question(desk, desk->installed.admin_id, "edit", "");
        store_set_fault_hook_for_test(desk->directory->store, fail_reads, &broken);
        assert_ok(store_reader_open(desk->directory->store, &fixture->reader, &fixture->fault));
        assert_status(desk, 200, METHOD_POST, PATH, good);
        /* authenticated while loaded, as a loop does; unloaded before the worker judges */
        struct actor actor = desk->request.actor;
        access_unload(desk->directory->access, actor.root_no);
        desk->request.worker = NULL;
        desk->request.reply.status = 0;
        assert_int_equal(decision_evaluate(&desk->request), HANDLED_BY_WORKER);
        broken = true;
        desk->request.worker = fixture->reader;
        assert_int_equal(decision_evaluate(&desk->request), HANDLED);
        assert_int_equal(desk->request.reply.status, 503);
        assert_string_equal(desk_header(desk, "Retry-After"), "1");
        assert_null(strstr(desk_body(desk), "true"));
        assert_null(strstr(desk_body(desk), "fire"));
        broken = false;
        buffer_clear(&desk->request.reply.body);
        assert_int_equal(decision_evaluate(&desk->request), HANDLED);
        assert_int_equal(desk->request.reply.status, 200);
        assert_non_null(strstr(desk_body(desk), "true"));
        session_close(STEAL(fixture->reader));
        fixture->reader = reader;
        desk_close(desk);
}

static void the_revision_is_spelled_as_everywhere(struct fixture *fixture)
{
        static const int64_t numbers[] = { 0, 1, 9, 10, 99, 100, 1234567890, INT64_MAX };
        for (size_t i = 0; i < COUNT_OF(numbers); i++) {
                char ours[REVISION_TEXT_SIZE], theirs[REVISION_TEXT_SIZE];
                decision_revision("abcdefgh", numbers[i], numbers[COUNT_OF(numbers) - 1 - i], ours);
                revision_format("abcdefgh", numbers[i], numbers[COUNT_OF(numbers) - 1 - i], theirs);
                assert_string_equal(ours, theirs);
        }
}

static void metadata_is_public(struct fixture *fixture)
{
        struct desk *desk = desk_open(fixture);
        desk->token = "";
        desk->on_loop = true;
        assert_status(desk, 200, METHOD_GET, "/.well-known/authzen-configuration", NULL);
        assert_string_equal(desk_body(desk), "{\"policy_decision_point\":\"https://muster.example\",\"access_evaluation_endpoint\":"
                                             "\"https://muster.example/access/v1/evaluation\"}");
        desk_close(desk);
}

int main(void)
{
        const struct fixture_test tests[] = {
                FIXTURE_TEST(true_and_false_are_told_with_the_revision_and_no_more, ON_SQLITE),
                FIXTURE_TEST(what_is_no_question_is_400, ON_SQLITE),
                FIXTURE_TEST(who_may_not_ask_is_403_and_noted, ON_SQLITE),
                FIXTURE_TEST(at_least_is_honoured_or_refused, ON_SQLITE),
                FIXTURE_TEST(a_store_that_fails_is_503_and_never_true, ON_SQLITE),
                FIXTURE_TEST(the_revision_is_spelled_as_everywhere, ON_SQLITE),
                FIXTURE_TEST(metadata_is_public, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
