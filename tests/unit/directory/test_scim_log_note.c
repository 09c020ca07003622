/* SPDX-License-Identifier: Apache-2.0
 *
 * The words of a row of the request log, to the byte: where ids begin and end, what every bound leaves, and what may have been cut inside a
 * value on its way here. What leaves a refusal at all is test_scim_log's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/auto.h"
#include "directory/scim_log_note.h"

#define TEST(function) cmocka_unit_test(function)
#define ID "0b8f3c1e-8f4b-4a58-9d0e-53f3f6a0c111"
#define OTHER_ID "0B8F3C1E-8F4B-4A58-9D0E-53F3F6A0C222" /* in the case that a client may write */
#define MESSAGE_SIZE sizeof(((struct fault *)0)->message)

static void check(const struct scim_log_entry *entry, const char *kept)
{
        char note[SCIM_LOG_NOTE_MAX + 1];
        memset(note, '?', sizeof(note));
        log_note_compose(entry, note);
        assert_string_equal(note, kept);
}

static void check_refusal(const char *refusal, const char *kept)
{
        check(&(struct scim_log_entry){ .refusal = refusal }, kept);
}

/* So many x, then the end. */
static const char *padded(size_t length, const char *end)
{
        static char texts[4][2048];
        static size_t next;
        char *text = texts[next++ % COUNT_OF(texts)];
        memset(text, 'x', length);
        (void)snprintf(text + length, sizeof(texts[0]) - length, "%s", end);
        return text;
}

/* ---- ids ---- */

static void test_what_is_almost_an_id_is_none(void **state)
{
        (void)state;
        static const char *const none[] = {
                "",
                "0b8f3c1e",
                "0b8f3c1e-8f4b-4a58-9d0e-53f3f6a0c11", /* one digit too few */
                "0b8f3c1e-8f4b-4a58-9d0e-53f3f6a0c11g",
                "0b8f3c1e-8f4b-4a58-9d0e_53f3f6a0c111",
                "0b8f3c1e8f4b-4a58-9d0e-53f3f6a0c1110",
        };
        for (size_t i = 0; i < COUNT_OF(none); i++) {
                assert_null(log_note_id(none[i]));
                check_refusal(none[i], none[i]);
        }
}

static void test_an_id_is_found_wherever_it_begins(void **state)
{
        (void)state;
        static const struct {
                const char *text;
                size_t at;
        } cases[] = { { ID, 0 }, { OTHER_ID ".", 0 }, { "of " ID, 3 }, { "ff" ID, 2 }, { "\xc3\xa9" OTHER_ID, 2 }, { "0b8f3c1e-" ID, 9 } };
        for (size_t i = 0; i < COUNT_OF(cases); i++)
                assert_ptr_equal(log_note_id(cases[i].text), cases[i].text + cases[i].at);
        const char *two = ID ID;
        assert_ptr_equal(log_note_id(two + 1), two + strlen(ID));
}

static void test_R31_ids_of_a_refusal_leave_it_and_those_of_the_outcome_stay(void **state)
{
        (void)state;
        check_refusal(ID, "…");
        check_refusal(ID ID, "……");
        check_refusal(ID "," OTHER_ID " x", "…,… x");
        check_refusal("no \"a\" in " OTHER_ID " and \"b\", but " ID ".", "no \"…\", but ….");
        check(&(struct scim_log_entry){ .note = OTHER_ID ID "\"x\"" }, OTHER_ID ID "\"x\"");
}

/* ---- bounds ---- */

static void test_a_refusal_is_kept_up_to_its_bound(void **state)
{
        (void)state;
        check_refusal(padded(LOG_REFUSAL_MAX, ""), padded(LOG_REFUSAL_MAX, ""));
        check_refusal(padded(LOG_REFUSAL_MAX, "y"), padded(LOG_REFUSAL_MAX, ""));
        check_refusal(padded(LOG_REFUSAL_MAX - 2, "éy"), padded(LOG_REFUSAL_MAX - 2, "é"));
        check_refusal(padded(LOG_REFUSAL_MAX - 1, "éy"), padded(LOG_REFUSAL_MAX - 1, "")); /* nothing behind what did not fit */
        check_refusal(padded(LOG_REFUSAL_MAX - 3, ID), padded(LOG_REFUSAL_MAX - 3, "…"));
        check_refusal(padded(LOG_REFUSAL_MAX - 2, ID "y"), padded(LOG_REFUSAL_MAX - 2, ""));
        check_refusal(padded(LOG_REFUSAL_MAX - 2, "\"a\"y"), padded(LOG_REFUSAL_MAX - 2, "\"")); /* no half of the sign */
        check_refusal(padded(1000, "\"a\"y"), padded(LOG_REFUSAL_MAX, ""));                      /* longer than any message */
}

static void test_the_outcome_is_kept_up_to_its_bound_and_never_half_an_id(void **state)
{
        (void)state;
        static const size_t length = sizeof(ID) - 1;
        const char *fits = padded(SCIM_LOG_NOTE_MAX - length, ID), *is_cut = padded(SCIM_LOG_NOTE_MAX - length + 1, ID "y");
        check(&(struct scim_log_entry){ .note = fits }, fits);
        check(&(struct scim_log_entry){ .note = is_cut }, padded(SCIM_LOG_NOTE_MAX - length + 1, ""));
        char both[SCIM_LOG_NOTE_MAX + 1];
        (void)snprintf(both, sizeof(both), "%s; %s", padded(LOG_REFUSAL_MAX, ""), padded(SCIM_LOG_NOTE_MAX - LOG_REFUSAL_MAX - 2, ""));
        check(&(struct scim_log_entry){ .refusal = padded(MESSAGE_SIZE, ""), .note = padded(SCIM_LOG_NOTE_MAX, "") }, both);
}

static void test_each_refused_operation_has_a_bound_of_its_own(void **state)
{
        (void)state;
        const char *const refused[] = { padded(LOG_OPERATION_MAX, "y"), "no " ID, padded(LOG_OPERATION_MAX - 1, "éy"), NULL };
        char kept[SCIM_LOG_NOTE_MAX + 1];
        (void)snprintf(kept, sizeof(kept), "%s; no …; %s; and 1 more refused; " ID, padded(LOG_OPERATION_MAX, ""),
                padded(LOG_OPERATION_MAX - 1, ""));
        check(&(struct scim_log_entry){ .refused_operations = refused, .refused_more = 1, .note = ID }, kept);
}

/* ---- what may have been cut ---- */

/* A message as long as its field may end inside the value, whose own quotes then look like the last. */
static void test_R31_behind_the_quote_of_a_full_message_nothing_is_kept(void **state)
{
        (void)state;
        static const struct {
                size_t length;
                const char *kept;
        } cases[] = {
                { MESSAGE_SIZE - 1, "is \"…\"" },
                { MESSAGE_SIZE - 4, "is \"…\"" }, /* a whole character did not fit any more */
                { MESSAGE_SIZE - 6, "is \"…\"ann" },
        };
        char message[MESSAGE_SIZE];
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                (void)snprintf(message, sizeof(message), "is \"%s", padded(cases[i].length - 8, "\"ann"));
                assert_int_equal(strlen(message), cases[i].length);
                check_refusal(message, cases[i].kept);
        }
}

static void test_R31_a_value_that_is_never_closed_goes_to_the_end(void **state)
{
        (void)state;
        check_refusal("\"", "\"…\"");
        check_refusal("\"ann", "\"…\"");
        check_refusal("is \"" ID " ann", "is \"…\"");
        check_refusal("\"\"", "\"…\"");
        check_refusal("\"\" and " ID, "\"…\" and …");
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                TEST(test_what_is_almost_an_id_is_none),
                TEST(test_an_id_is_found_wherever_it_begins),
                TEST(test_R31_ids_of_a_refusal_leave_it_and_those_of_the_outcome_stay),
                TEST(test_a_refusal_is_kept_up_to_its_bound),
                TEST(test_the_outcome_is_kept_up_to_its_bound_and_never_half_an_id),
                TEST(test_each_refused_operation_has_a_bound_of_its_own),
                TEST(test_R31_behind_the_quote_of_a_full_message_nothing_is_kept),
                TEST(test_R31_a_value_that_is_never_closed_goes_to_the_end),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
