/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading muster.conf: every refusal names file and line, and the documented file agrees with the table. The working directory is the
 * top of the source tree. */
#include "base/settings.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/auto.h"
#include "base/buffer.h"
#include "base/text.h"

static char folder[64], path[96];

static int make_folder(void **state)
{
        unsetenv("CREDENTIALS_DIRECTORY");
        strcpy(folder, "/tmp/muster-settings-XXXXXX");
        if (!mkdtemp(folder))
                return -1;
        (void)snprintf(path, sizeof(path), "%s/muster.conf", folder);
        return 0;
}

static int remove_folder(void **state)
{
        unsetenv("CREDENTIALS_DIRECTORY");
        (void)unlink(path);
        return rmdir(folder);
}

static enum err load(const char *text, size_t length, struct settings **ret, struct fault *fault)
{
        auto_fclose_ FILE *file = fopen(path, "we");
        assert_non_null(file);
        assert_int_equal(fwrite(text, 1, length, file), length);
        assert_int_equal(fflush(file), 0);
        return settings_load(path, ret, fault);
}

/* The text must be refused, and the message must hold `says`, which begins behind the folder's name. */
static void refuse(const char *text, enum err expected, const char *says)
{
        struct fault fault = { 0 };
        struct settings *settings = NULL;
        enum err e = load(text, strlen(text), &settings, &fault);
        if (e != expected || !strstr(fault.message, says))
                fail_msg("%s: \"%s\" lacks \"%s\"", error_row(e)->name, fault.message, says);
        assert_int_equal(fault.code, e);
        assert_null(settings);
        assert_int_equal(settings_load(path, &settings, NULL), e);
}

#define SERVER "[server]\npublic_url = https://id.example.com\n"

static void test_unknown_names_are_refused_with_line_and_nearest(void **state)
{
        struct fault fault;
        struct settings *settings = NULL;
        assert_int_equal(load(SERVER "lisen = 1\n", strlen(SERVER) + 10, &settings, &fault), ERR_VALUE);
        assert_memory_equal(fault.message, folder, strlen(folder));
        assert_string_equal(fault.message + strlen(folder), "/muster.conf:3: unknown key \"lisen\" in [server]; did you mean \"listen\"?");
        assert_string_equal(fault.field, "lisen");
        refuse(SERVER "# c\n\n  colour = red\n", ERR_VALUE, "/muster.conf:5: unknown key \"colour\" in [server]");
        refuse("[sever]\n", ERR_VALUE, ":1: unknown section \"sever\"; did you mean \"server\"?");
        refuse("[database]\nlisten = 127.0.0.1:80\n", ERR_VALUE, ":2: unknown key \"listen\" in [database]");
        refuse("[Server]\n", ERR_VALUE, ":1: unknown section");
        refuse("[]\n", ERR_VALUE, ":1: unknown section");
        refuse(SERVER "Listen = 127.0.0.1:80\n", ERR_VALUE, "did you mean \"listen\"?");
}

static void test_repeated_keys_are_refused_even_across_sections(void **state)
{
        refuse(SERVER "loops = 1\nloops = 1\n", ERR_VALUE, ":4: loops is given a second time; first on line 3");
        refuse(SERVER "loops = 1\n[log]\n[server]\nloops = 2\n", ERR_VALUE, ":6: loops is given a second time; first on line 3");
}

static void test_wrong_lines_are_refused(void **state)
{
        refuse("listen = 127.0.0.1:80\n", ERR_VALUE, ":1: the key \"listen\" stands before the first [section]");
        refuse("[server]\nlisten\n", ERR_SYNTAX, ":2: expected [section] or key = value");
        refuse("[server\n", ERR_SYNTAX, ":1: expected");
        refuse("[server] x\n", ERR_SYNTAX, ":1: expected");
        refuse("[server]\n= 3\n", ERR_SYNTAX, ":2: expected");
        refuse("[server]\nlisten: 3\n", ERR_SYNTAX, ":2: expected");
        refuse("[server]\nworkers = 3 # three\n", ERR_VALUE, ":2: a comment must stand on a line of its own");
        refuse("[server]\nworkers = 3\t; three\n", ERR_VALUE, ":2: a comment must stand on a line of its own");
        refuse("[server]\nlisten = \xff\n", ERR_SYNTAX, ":2: the line is not UTF-8");
        struct settings *settings = NULL;
        assert_int_equal(load("[server]\0\n", 10, &settings, NULL), ERR_SYNTAX);
        assert_int_equal(load("\0", 1, &settings, NULL), ERR_SYNTAX);
        assert_null(settings);
}

static void test_sizes_are_limited(void **state)
{
        auto_buffer text = { 0 };
        buffer_puts(&text, "[server]\npublic_url = ");
        for (int i = 0; i < 5000; i++)
                buffer_putc(&text, 'a');
        buffer_putc(&text, '\n');
        refuse(text.data, ERR_TOO_LARGE, ":2: the line is longer than 4096 bytes");
        buffer_clear(&text);
        buffer_puts(&text, "[server]\npublic_url = https://");
        for (int i = 0; i < 2000; i++)
                buffer_putc(&text, 'a');
        refuse(text.data, ERR_VALUE, ":2: public_url has more than 1024 bytes");
        buffer_clear(&text);
        for (int i = 0; i < 70000; i++)
                buffer_putc(&text, '\n');
        refuse(text.data, ERR_TOO_LARGE, "larger than 65536 bytes");
}

static void test_wrong_values_are_refused_by_type_and_range(void **state)
{
        refuse(SERVER "workers = many\n", ERR_VALUE, ":3: workers is \"many\"; expected a whole number from 1 to 1024");
        refuse(SERVER "workers = 0\n", ERR_VALUE, ":3: workers");
        refuse(SERVER "workers = 1025\n", ERR_VALUE, ":3: workers");
        refuse(SERVER "workers =\n", ERR_VALUE, ":3: workers is \"\"");
        refuse(SERVER "idle_timeout = 1w\n", ERR_VALUE, ":3: idle_timeout is \"1w\"; expected a duration like 90s, 15m, 12h or 30d");
        refuse(SERVER "idle_timeout = 0\n", ERR_VALUE, ":3: idle_timeout");
        refuse(SERVER "behind_proxy = 1\n", ERR_VALUE, ":3: behind_proxy is \"1\"; expected yes or no");
        refuse(SERVER "listen =\n", ERR_VALUE, ":3: listen may not be empty");
        refuse(SERVER "[keys]\nmaster_key_file =\n", ERR_VALUE, ":4: master_key_file may not be empty");
        refuse(SERVER "[log]\nlevel = loud\n", ERR_VALUE, ":4: level is \"loud\"; expected debug, info, warn or error");
}

static void test_what_is_required_must_be_there(void **state)
{
        struct fault fault;
        struct settings *settings = NULL;
        refuse("", ERR_VALUE, "/muster.conf: [server] public_url is required");
        refuse("[server]\npublic_url =\n", ERR_VALUE, ":2: public_url may not be empty");
        assert_int_equal(load("", 0, &settings, &fault), ERR_VALUE);
        assert_string_equal(fault.field, "server.public_url");
        (void)unlink(path);
        assert_int_equal(settings_load(path, &settings, &fault), ERR_NOT_FOUND);
        assert_non_null(strstr(fault.message, path));
        assert_int_equal(settings_load(folder, &settings, &fault), ERR_INTERNAL);
        assert_null(settings);
}

static void test_cross_checks_name_the_line_of_the_culprit(void **state)
{
        struct fault fault;
        struct settings *settings = NULL;
        const char text[] = "[log]\nlevel = info\n" SERVER "\nlisten = 0.0.0.0:80\n";
        assert_int_equal(load(text, strlen(text), &settings, &fault), ERR_VALUE);
        assert_non_null(strstr(fault.message, "muster.conf:6: listen is not a loopback address"));
        assert_string_equal(fault.field, "server.listen");
        refuse("[database]\nurl = postgresql://u:hunter2@db/m\n" SERVER, ERR_VALUE, "muster.conf:2: url holds a password");
        assert_int_equal(settings_load(path, &settings, &fault), ERR_VALUE);
        assert_null(strstr(fault.message, "hunter2"));
}

static void test_defaults(void **state)
{
        struct settings *settings = NULL;
        struct fault fault;
        if (load(SERVER, strlen(SERVER), &settings, &fault))
                fail_msg("%s", fault.message);
        char expected[128];
        assert_string_equal(settings->public_url, "https://id.example.com");
        assert_string_equal(settings->listen, "127.0.0.1:8080");
        assert_string_equal(settings->operations_listen, "127.0.0.1:8081");
        assert_string_equal(settings->tls_certificate_file, "");
        assert_string_equal(settings->tls_key_file, "");
        assert_false(settings->behind_proxy);
        assert_string_equal(settings->trusted_proxies, "");
        assert_int_equal(settings->loops, 0);
        assert_int_equal(settings->workers, 32);
        assert_int_equal(settings->queue_length, 1024);
        assert_int_equal(settings->connections_max, 20000);
        assert_int_equal(settings->idle_timeout_s, 60);
        assert_int_equal(settings->request_timeout_s, 30);
        (void)snprintf(expected, sizeof(expected), "sqlite:%s/muster.db", folder);
        assert_string_equal(settings->database, expected);
        assert_string_equal(settings->database_password_file, "");
        (void)snprintf(expected, sizeof(expected), "%s/master.key", folder);
        assert_string_equal(settings->master_key_file, expected);
        (void)snprintf(expected, sizeof(expected), "%s/checkpoint.key", folder);
        assert_string_equal(settings->checkpoint_key_file, expected);
        assert_int_equal(settings->checkpoint_interval_s, 300);
        assert_int_equal(settings->graph_memory_mib, 1024);
        assert_string_equal(settings->log_level, "info");
        settings_free(settings);
        settings_free(NULL);
}

static void test_given_values_spaces_crlf_and_no_last_newline(void **state)
{
        struct settings *settings = NULL;
        struct fault fault;
        const char text[] =
                "; comment\r\n  [ server ]\r\n\tpublic_url=http://localhost:8080/\r\noperations_listen =\r\nbehind_proxy = yes\r\n"
                "trusted_proxies = 10.0.0.0/8, ::1\r\nlisten=0.0.0.0:8080\nidle_timeout=2m\n[database]\nurl = sqlite::memory:\n"
                "password_file = /etc/muster/db\n[keys]\nmaster_key_file = sub/m.key\n[log]\nlevel = debug";
        if (load(text, strlen(text), &settings, &fault))
                fail_msg("%s", fault.message);
        assert_string_equal(settings->public_url, "http://localhost:8080");
        assert_string_equal(settings->operations_listen, "");
        assert_true(settings->behind_proxy);
        assert_string_equal(settings->trusted_proxies, "10.0.0.0/8, ::1");
        assert_int_equal(settings->idle_timeout_s, 120);
        assert_string_equal(settings->database, "sqlite::memory:");
        assert_string_equal(settings->database_password_file, "/etc/muster/db");
        char expected[128];
        (void)snprintf(expected, sizeof(expected), "%s/sub/m.key", folder);
        assert_string_equal(settings->master_key_file, expected);
        assert_string_equal(settings->log_level, "debug");
        settings_free(settings);
}

static void test_relative_file_name_and_credentials(void **state)
{
        struct settings *settings = NULL;
        char here[4096], expected[128], credentials[96];
        assert_non_null(getcwd(here, sizeof(here)));
        (void)snprintf(credentials, sizeof(credentials), "%s/credentials", folder);
        assert_int_equal(mkdir(credentials, 0700), 0);
        (void)snprintf(expected, sizeof(expected), "%s/master.key", credentials);
        assert_int_equal(close(open(expected, O_CREAT | O_WRONLY | O_CLOEXEC, 0600)), 0);
        setenv("CREDENTIALS_DIRECTORY", credentials, 1);
        enum err e = load(SERVER, strlen(SERVER), &settings, NULL);
        assert_int_equal(e, ERR_OK);
        assert_string_equal(settings->master_key_file, expected); /* systemd gave this one */
        assert_int_equal(unlink(expected), 0);
        assert_int_equal(rmdir(credentials), 0);
        (void)snprintf(expected, sizeof(expected), "%s/checkpoint.key", folder);
        assert_string_equal(settings->checkpoint_key_file, expected); /* but not this one */
        settings_free(settings);
        assert_int_equal(chdir(folder), 0);
        e = settings_load("muster.conf", &settings, NULL);
        assert_int_equal(chdir(here), 0);
        assert_int_equal(e, ERR_OK);
        assert_string_equal(settings->checkpoint_key_file, expected);
        settings_free(settings);
}

/* conf/muster.conf with its commented keys (`#key = value`; prose has a space behind the #) switched on. */
static char *documented(void)
{
        auto_fclose_ FILE *file = fopen("conf/muster.conf", "re");
        assert_non_null(file);
        auto_buffer text = { 0 };
        char line[4096];
        while (fgets(line, sizeof(line), file)) {
                bool is_key = line[0] == '#' && line[1] >= 'a' && line[1] <= 'z';
                buffer_puts(&text, is_key ? line + 1 : line);
        }
        return buffer_steal(&text, NULL);
}

static void test_documented_file_loads_and_holds_the_defaults(void **state)
{
        struct settings *settings = NULL;
        struct fault fault;
        auto_free_ char *text = documented();
        if (load(text, strlen(text), &settings, &fault))
                fail_msg("%s", fault.message);
        settings_free(settings);
        for (const struct setting_row *row = settings_table(); row->section; row++) {
                char section[64], key[64], line[256];
                (void)snprintf(section, sizeof(section), "\n[%s]\n", row->section);
                (void)snprintf(key, sizeof(key), "\n%s =", row->key);
                (void)snprintf(line, sizeof(line), "\n%s =%s%s\n", row->key, row->fallback && row->fallback[0] ? " " : "",
                        row->fallback ? row->fallback : "");
                const char *start = strstr(text, section);
                const char *next = start ? strstr(start + 1, "\n[") : NULL;
                const char *found = start ? strstr(start, key) : NULL;
                if (!found || (next && found > next))
                        fail_msg("conf/muster.conf lacks %s in [%s]", row->key, row->section);
                if (row->fallback && strncmp(found, line, strlen(line)) != 0)
                        fail_msg("conf/muster.conf has another default of %s", row->key);
        }
}

static void test_every_row_is_complete(void **state)
{
        for (const struct setting_row *row = settings_table(); row->section; row++) {
                assert_non_null(row->key);
                assert_true(row->help && row->help[0]);
                assert_true(row->min <= row->max);
                assert_true(row->offset < sizeof(struct settings));
                for (const struct setting_row *other = settings_table(); other < row; other++) {
                        assert_true(other->offset != row->offset);
                        assert_false(text_equal(other->section, row->section) && text_equal(other->key, row->key));
                }
        }
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
        const struct CMUnitTest tests[] = {
                IN_FOLDER(test_unknown_names_are_refused_with_line_and_nearest),
                IN_FOLDER(test_repeated_keys_are_refused_even_across_sections),
                IN_FOLDER(test_wrong_lines_are_refused),
                IN_FOLDER(test_sizes_are_limited),
                IN_FOLDER(test_wrong_values_are_refused_by_type_and_range),
                IN_FOLDER(test_what_is_required_must_be_there),
                IN_FOLDER(test_cross_checks_name_the_line_of_the_culprit),
                IN_FOLDER(test_defaults),
                IN_FOLDER(test_given_values_spaces_crlf_and_no_last_newline),
                IN_FOLDER(test_relative_file_name_and_credentials),
                IN_FOLDER(test_documented_file_loads_and_holds_the_defaults),
                cmocka_unit_test(test_every_row_is_complete),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
