/* SPDX-License-Identifier: Apache-2.0
 *
 * Log lines: what could forge a line stays inert, every line is whole JSON however long its fields, one line a write, or
 * several where a thread gathers them. */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/auto.h"
#include "base/text.h"

static int ends[2];
static char taken[20000];

static int open_pipe(void **state)
{
        if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0)
                return -1;
        log_set_fd(ends[1]);
        log_set_level(LOG_INFO);
        log_set_request_id(NULL);
        return 0;
}

static int close_pipe(void **state)
{
        log_set_fd(STDERR_FILENO);
        return close(ends[0]) | close(ends[1]);
}

/* The text written since the last call; "" when none. */
static const char *take(void)
{
        ssize_t length = read(ends[0], taken, sizeof(taken) - 1);
        taken[length > 0 ? length : 0] = '\0';
        return taken;
}

/* The one line written since the last call, parsed. */
static json_t *take_line(void)
{
        const char *text = take();
        size_t length = strlen(text);
        assert_true(length > 0 && length <= 8192);
        assert_ptr_equal(strchr(text, '\n'), text + length - 1);
        json_error_t error;
        json_t *line = json_loads(text, JSON_REJECT_DUPLICATES, &error);
        if (!line)
                fail_msg("%s in %s", error.text, text);
        return line;
}

static void test_controls_stay_inert(void **state)
{
        log_event(LOG_INFO, "login",
                LOG_TEXT("name", "a\r\n{\"level\":\"forged\"}\x1b[2J\x7f\xc2\x85\xe2\x80\xae\xd8\x9c\xe2\x80\xa8\t\"\\"));
        const char *text = take();
        assert_non_null(strstr(
                text, "\"a\\u000d\\u000a{\\\"level\\\":\\\"forged\\\"}\\u001b[2J\\u007f\\u0085\\u202e\\u061c\\u2028\\u0009\\\"\\\\\""));
        for (size_t i = 0; i + 1 < strlen(text); i++)
                assert_in_range(text[i], 0x20, 0x7e);
}

static void test_broken_utf8_is_shown_as_bytes(void **state)
{
        log_event(LOG_INFO, "x", LOG_TEXT("name", "\xc3\xa9 \xff\xc3 \xed\xa0\x80 \xf0\x9f\x98"));
        assert_non_null(strstr(take(), "\"\xc3\xa9 \\\\xff\\\\xc3 \\\\xed\\\\xa0\\\\x80 \\\\xf0\\\\x9f\\\\x98\""));
}

static void test_event_and_request_id_are_escaped_too(void **state)
{
        log_set_request_id("id\n\"");
        log_event(LOG_INFO, "ev\nent");
        assert_non_null(strstr(take(), "\"event\":\"ev\\u000aent\",\"request_id\":\"id\\u000a\\\"\"}"));
}

static void test_long_texts_are_cut_and_the_line_is_still_json(void **state)
{
        static const char *const pieces[] = { "a", "\xc3\xa9", "\xf0\x9f\x98\x80", "\"", "\x01", "\xff", "a\n" };
        auto_free_ char *text = malloc(100001);
        for (size_t i = 0; i < COUNT_OF(pieces); i++) {
                size_t width = strlen(pieces[i]);
                for (size_t length = 7900; length < 8300; length++) {
                        for (size_t at = 0; at < length; at++)
                                text[at] = pieces[i][at % width];
                        text[length] = '\0';
                        log_event(LOG_INFO, "x", LOG_TEXT("text", text), LOG_I64("after", 1), LOG_BOOL("last", true));
                        json_auto_t *line = take_line();
                        assert_true(json_is_true(json_object_get(line, "cut")) != (json_object_get(line, "last") != NULL));
                        assert_true(text_is_utf8(taken, strlen(taken)));
                }
        }
        memset(text, 'a', 100000);
        text[100000] = '\0';
        log_event(LOG_INFO, text, LOG_TEXT("text", text));
        json_decref(take_line());
        log_event(LOG_INFO, "x", { text, LOG_FIELD_I64, "", 1 }, LOG_I64("number", 7));
        json_auto_t *line = take_line();
        assert_true(json_is_true(json_object_get(line, "cut")));
}

static void test_many_fields_are_cut_at_every_place(void **state)
{
        struct log_field fields[1200];
        for (size_t shift = 0; shift < 40; shift++) {
                char first[41];
                memset(first, 'a', sizeof(first));
                first[shift] = '\0';
                fields[0] = (struct log_field)LOG_TEXT("first", first);
                for (size_t i = 1; i < COUNT_OF(fields) - 1; i++)
                        fields[i] = i % 3 == 0   ? (struct log_field)LOG_TEXT("t", "v")
                                    : i % 3 == 1 ? (struct log_field)LOG_I64("number", i)
                                                 : (struct log_field)LOG_BOOL("b", i & 1);
                fields[COUNT_OF(fields) - 1] = (struct log_field){ 0 };
                log_write(LOG_WARN, "many", fields);
                const char *text = take();
                json_auto_t *line = json_loads(text, 0, NULL); /* names repeat here on purpose */
                assert_non_null(line);
                assert_true(strlen(text) <= 8192 && strlen(text) > 8100);
                assert_true(json_is_true(json_object_get(line, "cut")));
        }
}

static void test_fields_stand_in_order(void **state)
{
        log_set_request_id("r-1");
        log_event(LOG_WARN, "ready", LOG_TEXT("listen", "[::1]:80"), LOG_I64("pid", INT64_MIN), LOG_BOOL("yes", true),
                LOG_BOOL("no", false), LOG_TEXT("left_out", NULL));
        const char *text = take();
        assert_memory_equal(text, "{\"at\":\"20", 9);
        assert_string_equal(text + strlen("{\"at\":\"2026-11-21T05:06:07.123Z\""),
                ",\"level\":\"warn\",\"event\":\"ready\",\"request_id\":\"r-1\",\"listen\":\"[::1]:80\",\"pid\":-9223372036854775808,"
                "\"yes\":true,\"no\":false}\n");
        log_set_request_id(NULL);
        log_write(LOG_ERROR, "bare", NULL);
        assert_non_null(strstr(take(), "\"level\":\"error\",\"event\":\"bare\"}\n"));
}

static void test_levels(void **state)
{
        enum log_level level = LOG_WARN;
        assert_false(log_level_parse("INFO", &level));
        assert_false(log_level_parse("", &level));
        assert_false(log_level_parse(NULL, &level));
        assert_int_equal(level, LOG_WARN);
        assert_true(log_level_parse("debug", &level));
        assert_int_equal(level, LOG_DEBUG);
        log_event(LOG_DEBUG, "quiet");
        assert_string_equal(take(), "");
        log_set_level(LOG_DEBUG);
        log_event(LOG_DEBUG, "heard");
        json_decref(take_line());
        log_set_level(LOG_ERROR);
        log_event(LOG_WARN, "quiet");
        log_event((enum log_level)99, "no such level");
        assert_string_equal(take(), "");
}

static void test_request_id_is_cut_at_64_bytes(void **state)
{
        char id[200];
        memset(id, 'i', sizeof(id));
        id[sizeof(id) - 1] = '\0';
        log_set_request_id(id);
        log_event(LOG_INFO, "x");
        json_auto_t *line = take_line();
        assert_int_equal(json_string_length(json_object_get(line, "request_id")), 64);
}

static void *log_in_thread(void *name)
{
        log_event(LOG_INFO, "no id yet");
        log_set_request_id(name);
        for (int i = 0; i < 50; i++)
                log_event(LOG_INFO, "busy", LOG_TEXT("thread", name));
        return NULL;
}

static void test_threads_have_their_own_id_and_whole_lines(void **state)
{
        pthread_t threads[4];
        static char names[][8] = { "one", "two", "three", "four" };
        log_set_request_id("main");
        for (size_t i = 0; i < 4; i++)
                assert_int_equal(pthread_create(&threads[i], NULL, log_in_thread, names[i]), 0);
        for (size_t i = 0; i < 4; i++)
                assert_int_equal(pthread_join(threads[i], NULL), 0);
        size_t lines = 0;
        char all[40000];
        ssize_t length = read(ends[0], all, sizeof(all) - 1);
        assert_true(length > 0 && all[length - 1] == '\n');
        all[length] = '\0';
        for (char *rest = all, *text; (text = strsep(&rest, "\n")) && *text; lines++) {
                json_auto_t *line = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
                assert_non_null(line);
                const char *id = json_string_value(json_object_get(line, "request_id"));
                const char *thread = json_string_value(json_object_get(line, "thread"));
                assert_true(id ? text_equal(id, thread) : thread == NULL);
        }
        assert_int_equal(lines, 4 * 51);
}

static void test_a_closed_log_is_survived(void **state)
{
        int kept = errno;
        errno = 7;
        log_set_fd(-1);
        log_event(LOG_ERROR, "unheard");
        assert_int_equal(errno, 7);
        errno = kept;
}

/* In this pipe each read takes what one write brought. */
static void test_gathered_lines_go_together(void **state)
{
        char name[8], large[6000] = "";
        int lines = 0, writes = 0;
        assert_int_equal(close_pipe(NULL), 0);
        assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC | O_DIRECT), 0);
        log_set_fd(ends[1]);
        memset(large, 'x', sizeof(large) - 1);
        log_gather_begin();
        for (int i = 0; i < 12; i++) {
                (void)snprintf(name, sizeof(name), "n%d", i);
                log_event(LOG_INFO, name, LOG_TEXT("filling", large + sizeof(large) - 200));
        }
        assert_string_equal(take(), "");
        log_event(LOG_WARN, "n12", LOG_TEXT("filling", large)); /* alone, after those before it */
        log_event(LOG_INFO, "n13", LOG_TEXT("filling", "y"));
        errno = 7;
        log_gather_end();
        assert_int_equal(errno, 7);
        for (const char *text = take(); *text; text = take(), writes++)
                for (const char *at = text; (at = strstr(at, "\"event\":\"n")); at++, lines++)
                        assert_int_equal(strtol(at + strlen("\"event\":\"n"), NULL, 10), lines);
        assert_int_equal(lines, 14);
        assert_in_range(writes, 3, 4); /* the large one is two packets */
        log_event(LOG_INFO, "alone");
        assert_non_null(strstr(take(), "\"event\":\"alone\""));
        log_gather_begin();
        for (int i = 0; i < 60; i++)
                log_event(LOG_INFO, "many", LOG_TEXT("filling", large + sizeof(large) - 200));
        log_gather_end();
        for (writes = 0, lines = 0; *take(); writes++) {
                assert_true(strlen(taken) <= PIPE_BUF && taken[strlen(taken) - 1] == '\n'); /* whole lines, so none mingles */
                for (const char *at = taken; (at = strchr(at, '\n')); at++)
                        lines++;
        }
        assert_int_equal(lines, 60);
        assert_in_range(writes, 4, 6);
}

static void gather(int count)
{
        log_gather_begin();
        for (int i = 0; i < count; i++)
                log_event(LOG_INFO, "gathered", LOG_I64("i", i));
        log_gather_end();
}

/* Nobody reads: a write to this pipe would never return. */
static void test_gathered_lines_wait_for_no_reader(void **state)
{
        char filling[4096] = "";
        assert_int_equal(close_pipe(NULL), 0);
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        log_set_fd(ends[1]);
        assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
        int size = fcntl(ends[1], F_GETPIPE_SZ);
        for (int i = 0; i < size; i += (int)sizeof(filling))
                assert_int_equal(write(ends[1], filling, sizeof(filling)), sizeof(filling));
        gather(3);
        gather(200); /* several writes */
        while (read(ends[0], taken, sizeof(taken)) > 0)
                continue;
        gather(2);
        const char *text = take();
        assert_null(strstr(text, "\"i\":2"));
        assert_non_null(strstr(text, "\"i\":0}"));
        assert_non_null(strstr(text, "\"i\":1}"));
        assert_non_null(strstr(text, "\"level\":\"warn\",\"event\":\"log-lines-lost\",\"count\":203}"));
        gather(1);
        assert_null(strstr(take(), "lost"));
}

#define WITH_PIPE(test) cmocka_unit_test_setup_teardown(test, open_pipe, close_pipe)

int main(void)
{
        const struct CMUnitTest tests[] = {
                WITH_PIPE(test_gathered_lines_go_together),
                WITH_PIPE(test_gathered_lines_wait_for_no_reader),
                WITH_PIPE(test_controls_stay_inert),
                WITH_PIPE(test_broken_utf8_is_shown_as_bytes),
                WITH_PIPE(test_event_and_request_id_are_escaped_too),
                WITH_PIPE(test_long_texts_are_cut_and_the_line_is_still_json),
                WITH_PIPE(test_many_fields_are_cut_at_every_place),
                WITH_PIPE(test_fields_stand_in_order),
                WITH_PIPE(test_levels),
                WITH_PIPE(test_request_id_is_cut_at_64_bytes),
                WITH_PIPE(test_threads_have_their_own_id_and_whole_lines),
                WITH_PIPE(test_a_closed_log_is_survived),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
