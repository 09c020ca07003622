/* SPDX-License-Identifier: Apache-2.0
 *
 * What a refusal tells whom: what callers may know and what only the log, the field in words, headers that follow from the status, and what
 * is left when not even the refusal fits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/auto.h"
#include "http/route.h"

#define SCIM_ERROR "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:Error\"],\"status\":"

static struct request request;
static struct fault fault;

static int start(void **state)
{
        request = (struct request){ .arena = arena_new((size_t)1 << 20), .request_id = "r-1" };
        return 0;
}

static int stop(void **state)
{
        buffer_done(&request.reply.body);
        arena_free(request.arena);
        return 0;
}

/* The body of the refusal. */
static const char *told(enum face face, enum err code, const char *field, const char *message)
{
        static struct route route;
        route.face = face;
        request.route = &route;
        fault_fill(&fault, code, field, "%s", message);
        reply_fault(&request, code, &fault);
        return request.reply.body.data;
}

static void an_internal_error_is_told_to_the_log_only(void **state)
{
        for (int face = FACE_OPERATIONS; face <= FACE_DECISION; face++) {
                const char *body = told((enum face)face, ERR_INTERNAL, NULL, "disk sda1 is on fire");
                assert_non_null(strstr(body, "An internal error; the server's log names it under this request id."));
                assert_null(strstr(body, "sda1"));
                assert_null(strstr(request.refused_detail, "sda1"));
                assert_null(strstr(reply_sentence(&request, ERR_INTERNAL, &fault), "sda1"));
                assert_string_equal(request.log_note, "disk sda1 is on fire");
        }
}

/* A note of what went before explains more than the refusal that it led to, but not more than our own failure. */
static void the_first_note_stays_but_for_a_failure(void **state)
{
        request.log_note = "earlier";
        (void)told(FACE_API, ERR_VALUE, NULL, "refused");
        assert_string_equal(request.log_note, "earlier");
        (void)told(FACE_API, ERR_UNAVAILABLE, NULL, "failed");
        assert_string_equal(request.log_note, "failed");
        (void)told(FACE_API, ERR_STORAGE_FULL, NULL, "");
        assert_string_equal(request.log_note, "Storage full");
}

static void a_face_that_is_not_known_answers_plain_text(void **state)
{
        static const int unknown[] = { 0, FACE_DECISION + 1, -1 };
        for (size_t i = 0; i < COUNT_OF(unknown); i++)
                assert_string_equal(told((enum face)unknown[i], ERR_TAKEN, NULL, ""), "Already taken\n");
        request.route = NULL;
        reply_fault(&request, ERR_TAKEN, NULL);
        assert_string_equal(request.reply.body.data, "Already taken\n");
        assert_string_equal(request.reply.content_type, "text/plain; charset=utf-8");
}

/* SCIM has no member for the field, so that the sentence names it, once. */
static void a_sentence_names_the_field_once(void **state)
{
        static const char *const rows[][3] = {
                { NULL, "Is wrong.", "Is wrong." },
                { "userName", "is missing.", "userName: is missing." },
                { "userName", "The userName is missing.", "The userName is missing." },
                { "userName", "username is missing.", "userName: username is missing." },
                { "userName", "", "userName: Invalid value" },
        };
        for (size_t i = 0; i < COUNT_OF(rows); i++) {
                char body[256];
                (void)snprintf(body, sizeof(body), SCIM_ERROR "\"400\",\"scimType\":\"invalidValue\",\"detail\":\"%s\"}", rows[i][2]);
                assert_string_equal(told(FACE_SCIM, ERR_VALUE, rows[i][0], rows[i][1]), body);
                assert_string_equal(reply_sentence(&request, ERR_VALUE, &fault), rows[i][2]);
        }
        assert_string_equal(reply_sentence(&request, ERR_TOO_LARGE, NULL), "Too large");
}

static void the_longest_field_and_message_are_told_whole(void **state)
{
        char field[sizeof(fault.field)] = "", message[sizeof(fault.message)] = "";
        memset(field, 'f', sizeof(field) - 1);
        memset(message, 'm', sizeof(message) - 1);
        const char *body = told(FACE_SCIM, ERR_VALUE, field, message);
        assert_int_equal(strspn(strstr(body, "fff"), "f"), sizeof(field) - 1);
        assert_int_equal(strspn(strstr(body, "mmm"), "m"), sizeof(message) - 1);
        assert_string_equal(request.refused_field, field);
        assert_string_equal(request.refused_detail, message);
}

/* No "scimType":"", no "field":"". */
static void what_is_empty_is_no_member(void **state)
{
        assert_string_equal(told(FACE_SCIM, ERR_FORBIDDEN, "", ""), SCIM_ERROR "\"403\",\"detail\":\"Forbidden\"}");
        request.request_id[0] = '\0';
        assert_string_equal(told(FACE_API, ERR_FORBIDDEN, "", "No."),
                "{\"type\":\"urn:muster:problem:forbidden\",\"title\":\"Forbidden\",\"status\":403,\"detail\":\"No.\"}");
}

static void the_status_says_which_header_follows(void **state)
{
        static const struct {
                enum err code;
                unsigned asked_s;
                const char *name, *value; /* NULL: none */
        } rows[] = {
                { ERR_FORBIDDEN, 0, NULL, NULL },
                { ERR_RATE, 0, NULL, NULL },
                { ERR_STORAGE_FULL, 0, NULL, NULL },
                { ERR_UNAUTHENTICATED, 0, "WWW-Authenticate", "Bearer realm=\"muster\"" },
                { ERR_DEADLINE, 0, "Retry-After", "1" },
                { ERR_DEADLINE, 30, "Retry-After", "30" },
                { ERR_THRESHOLD, UINT32_MAX, "Retry-After", "4294967295" },
        };
        for (size_t i = 0; i < COUNT_OF(rows); i++) {
                fault = (struct fault){ .retry_after_s = rows[i].asked_s };
                reply_fault(&request, rows[i].code, &fault);
                assert_int_equal(request.reply.header_count, rows[i].name != NULL);
                if (rows[i].name) {
                        assert_string_equal(request.reply.headers[0].name, rows[i].name);
                        assert_string_equal(request.reply.headers[0].value, rows[i].value);
                }
        }
}

static void the_last_refusal_leaves_nothing_of_another(void **state)
{
        (void)told(FACE_API, ERR_UNAVAILABLE, "userName", "Not now.");
        reply_fault(&request, ERR_NOT_FOUND, NULL);
        assert_int_equal(request.refused, ERR_NOT_FOUND);
        assert_string_equal(request.refused_field, "");
        assert_string_equal(request.refused_detail, "Not found");
        assert_null(strstr(request.reply.body.data, "userName"));
}

static void a_refusal_that_does_not_fit_is_its_status_alone(void **state)
{
        request.reply.body.ceiling = 8;
        (void)told(FACE_SCIM, ERR_UNAUTHENTICATED, NULL, "");
        assert_int_equal(request.reply.status, 401);
        assert_int_equal(request.reply.body.length, 0);
        assert_null(request.reply.content_type);
        assert_int_equal(request.reply.header_count, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(an_internal_error_is_told_to_the_log_only),
                TEST(the_first_note_stays_but_for_a_failure),
                TEST(a_face_that_is_not_known_answers_plain_text),
                TEST(a_sentence_names_the_field_once),
                TEST(the_longest_field_and_message_are_told_whole),
                TEST(what_is_empty_is_no_member),
                TEST(the_status_says_which_header_follows),
                TEST(the_last_refusal_leaves_nothing_of_another),
                TEST(a_refusal_that_does_not_fit_is_its_status_alone),
        };
        return cmocka_run_group_tests_name("http/fault", tests, NULL, NULL);
}
