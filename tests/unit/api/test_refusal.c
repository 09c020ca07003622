/* SPDX-License-Identifier: Apache-2.0
 *
 * What is wrong with the words of a request is said before anything is asked or changed: there is no directory, no session and no actor
 * here, so that an operation that went on would crash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "api/call.h"
#include "base/auto.h"
#include "http/route.h"

struct refusal {
        operation_run run;
        const char *query, *body, *second; /* NULL: none */
        enum err e;
        const char *field; /* "": a part of the path */
};

static const char *many_members(struct arena *arena, size_t count)
{
        struct buffer body;
        buffer_init(&body, 1 << 20);
        buffer_puts(&body, "{\"members\":[\"a\"");
        for (size_t i = 1; i < count; i++)
                buffer_puts(&body, ",\"a\"");
        buffer_puts(&body, "]}");
        const char *kept = arena_text(arena, body.data, body.length);
        buffer_done(&body);
        return kept;
}

static void check(struct arena *arena, const struct refusal *refusal)
{
        struct route route = { .action = ACTION_EDIT };
        struct request request = {
                .arena = arena,
                .route = &route,
                .query = refusal->query ? refusal->query : "",
                .body = (char *)refusal->body,
                .body_length = refusal->body ? strlen(refusal->body) : 0,
                .params = { refusal->second },
        };
        const struct call call = {
                .request = &request,
                .type = resource_type(KIND_CONNECTION),
                .ref = "okta",
                .second = refusal->second,
                .query = { .arena = arena, .actor = &request.actor, .schemas = schema_set_builtin() },
        };
        struct fault fault = { 0 };
        buffer_init(&request.reply.body, 4096);
        assert_true(request_read_query(&request));
        enum err e = refusal->run(&call, &fault);
        if (e != refusal->e || fault.code != e || strcmp(fault.field, refusal->field) != 0)
                fail_msg("?%s %s: %d, field \"%s\", %s", request.query, refusal->body ? refusal->body : "", e, fault.field, fault.message);
        assert_int_equal(request.reply.status, 0);
        buffer_done(&request.reply.body);
}

static void check_all(const struct refusal *refusals, size_t count)
{
        struct arena *arena = arena_new(1 << 20);
        for (size_t i = 0; i < count; i++)
                check(arena, &refusals[i]);
        arena_free(arena);
}

static void audit_says_what_it_takes(void **state)
{
        static const struct refusal refusals[] = {
                { audit_list_answer, "after=-1", NULL, NULL, ERR_VALUE, "after" },
                { audit_list_answer, "after=x", NULL, NULL, ERR_VALUE, "after" },
                { audit_list_answer, "after=9223372036854775808", NULL, NULL, ERR_VALUE, "after" },
                { audit_list_answer, "limit=0", NULL, NULL, ERR_COUNT, "limit" },
                { audit_list_answer, "limit=1001", NULL, NULL, ERR_COUNT, "limit" },
                { audit_list_answer, "class=", NULL, NULL, ERR_VALUE, "class" },
                { audit_list_answer, "class=changes", NULL, NULL, ERR_VALUE, "class" },
                { audit_list_answer, "limit=1000&after=5&class=Change", NULL, NULL, ERR_VALUE, "class" },
                { audit_verify_answer, NULL, "{\"checkpoint\":7}", NULL, ERR_VALUE, "checkpoint" },
                { audit_verify_answer, NULL, "{\"from_checkpoint\":\"7\"}", NULL, ERR_VALUE, "from_checkpoint" },
                { audit_verify_answer, NULL, "{\"from\":7}", NULL, ERR_VALUE, "from" },
        };
        check_all(refusals, COUNT_OF(refusals));
}

static void members_are_a_list_of_names(void **state)
{
        struct arena *arena = arena_new(1 << 20);
        const struct refusal refusals[] = {
                { members_add_answer, NULL, NULL, NULL, ERR_VALUE, "members" },
                { members_add_answer, NULL, "{\"members\":[]}", NULL, ERR_VALUE, "members" },
                { members_add_answer, NULL, "{\"members\":\"ann\"}", NULL, ERR_VALUE, "members" },
                { members_add_answer, NULL, "{\"members\":[\"ann\",7]}", NULL, ERR_VALUE, "members" },
                { members_add_answer, NULL, "{\"members\":[\"ann\",\"\"]}", NULL, ERR_VALUE, "members" },
                { members_add_answer, NULL, "{\"members\":[\"ann\"],\"force\":true}", NULL, ERR_VALUE, "force" },
                { members_add_answer, NULL, many_members(arena, MEMBERS_AT_ONCE_MAX + 1), NULL, ERR_VALUE, "members" },
        };
        check_all(refusals, COUNT_OF(refusals));
        arena_free(arena);
}

static void holds_have_numbers(void **state)
{
        static const struct refusal refusals[] = {
                { hold_release_answer, NULL, NULL, "x", ERR_NOT_FOUND, "" },
                { hold_release_answer, NULL, NULL, "-1", ERR_NOT_FOUND, "" },
                { hold_release_answer, NULL, NULL, "", ERR_NOT_FOUND, "" },
                { hold_release_answer, NULL, NULL, "7x", ERR_NOT_FOUND, "" },
                { hold_release_answer, NULL, NULL, "9223372036854775808", ERR_NOT_FOUND, "" },
                { hold_release_answer, NULL, "{\"all\":true}", "7", ERR_VALUE, "all" },
        };
        check_all(refusals, COUNT_OF(refusals));
}

static void work_on_a_connection_is_said_exactly(void **state)
{
        static const struct refusal refusals[] = {
                { connection_delete_answer, "keep=yes", NULL, NULL, ERR_VALUE, "keep" },
                { connection_delete_answer, "remove=1", NULL, NULL, ERR_VALUE, "remove" },
                { connection_delete_answer, "keep=true&preview=x", NULL, NULL, ERR_VALUE, "preview" },
                { connection_delete_answer, "remove=true&confirm=many", NULL, NULL, ERR_VALUE, "confirm" },
                { connection_delete_answer, "remove=true&confirm=-1", NULL, NULL, ERR_VALUE, "confirm" },
                { connection_delete_answer, "keep=true&remove=true", NULL, NULL, ERR_VALUE, "keep" },
                { connection_undo_answer, NULL, NULL, NULL, ERR_VALUE, "since" },
                { connection_undo_answer, NULL, "{\"since\":\"yesterday\"}", NULL, ERR_VALUE, "since" },
                { connection_undo_answer, NULL, "{\"since\":\"2026-11-21\"}", NULL, ERR_VALUE, "since" },
                { connection_undo_answer, NULL, "{\"since\":\"2026-11-21T05:06:07Z\",\"until\":\"x\"}", NULL, ERR_VALUE, "until" },
                { connection_replace_answer, NULL, NULL, NULL, ERR_VALUE, "by" },
                { connection_replace_answer, NULL, "{\"by\":\"ad\"}", NULL, ERR_VALUE, "join" },
                { connection_replace_answer, NULL, "{\"by\":\"ad\",\"join\":\"id\"}", NULL, ERR_VALUE, "join" },
                { connection_replace_answer, NULL, "{\"by\":\"ad\",\"join\":\"username\"}", NULL, ERR_VALUE, "join" },
                { connection_replace_answer, NULL, "{\"by\":\"ad\",\"join\":\"userName\",\"confirm\":\"2\"}", NULL, ERR_VALUE, "confirm" },
                { connection_replace_answer, NULL, "{\"by\":\"ad\",\"join\":\"userName\",\"force\":1}", NULL, ERR_VALUE, "force" },
                { connection_map_answer, NULL, "{\"rule\":\"x\"}", NULL, ERR_VALUE, "rule" },
                { adoption_approve_answer, NULL, NULL, NULL, ERR_VALUE, "user" },
                { adoption_approve_answer, NULL, "{\"user\":7}", NULL, ERR_VALUE, "user" },
                { adoption_approve_answer, NULL, "{\"user\":\"ann\",\"by\":\"x\"}", NULL, ERR_VALUE, "by" },
        };
        check_all(refusals, COUNT_OF(refusals));
}

static void the_request_log_says_what_it_takes(void **state)
{
        static const struct refusal refusals[] = {
                { scim_log_list_answer, "after=x", NULL, NULL, ERR_VALUE, "after" },
                { scim_log_list_answer, "limit=0", NULL, NULL, ERR_COUNT, "limit" },
                { scim_log_list_answer, "limit=1001", NULL, NULL, ERR_COUNT, "limit" },
                { scim_log_list_answer, "status_min=600", NULL, NULL, ERR_VALUE, "status_min" },
                { scim_log_list_answer, "refused=yes", NULL, NULL, ERR_VALUE, "refused" },
                { scim_log_list_answer, "refused=true&status_min=400", NULL, NULL, ERR_VALUE, "refused" },
                { scim_log_get_answer, NULL, NULL, "0", ERR_NOT_FOUND, "" },
                { scim_log_get_answer, NULL, NULL, "x", ERR_NOT_FOUND, "" },
                { capture_start_answer, NULL, "{\"minutes\":0}", NULL, ERR_VALUE, "minutes" },
                { capture_start_answer, NULL, "{\"minutes\":1000000}", NULL, ERR_VALUE, "minutes" },
                { capture_start_answer, NULL, "{\"minutes\":\"5\"}", NULL, ERR_VALUE, "minutes" },
                { capture_start_answer, NULL, "{\"seconds\":5}", NULL, ERR_VALUE, "seconds" },
        };
        check_all(refusals, COUNT_OF(refusals));
}

int main(void)
{
        json_memory_install();
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(audit_says_what_it_takes),
                cmocka_unit_test(members_are_a_list_of_names),
                cmocka_unit_test(holds_have_numbers),
                cmocka_unit_test(work_on_a_connection_is_said_exactly),
                cmocka_unit_test(the_request_log_says_what_it_takes),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
