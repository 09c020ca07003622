/* SPDX-License-Identifier: Apache-2.0
 *
 * Secret files: what is refused (modes, size, kind), systemd credentials, and that nothing is overwritten. */
#include "base/secret.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/auto.h"

static char folder[64];

static int make_folder(void **state)
{
        strcpy(folder, "/tmp/muster-secret-XXXXXX");
        unsetenv("CREDENTIALS_DIRECTORY");
        return mkdtemp(folder) ? 0 : -1;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
        return remove(path);
}

static int remove_folder(void **state)
{
        unsetenv("CREDENTIALS_DIRECTORY");
        return nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static const char *path_of(const char *name)
{
        static char path[PATH_MAX];
        (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
        return path;
}

static void write_file(const char *name, const char *bytes, size_t length, mode_t mode)
{
        auto_close_ int file = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        assert_true(file >= 0);
        assert_int_equal(write(file, bytes, length), length);
        assert_int_equal(fchmod(file, mode), 0);
}

static void refuse(const char *path, enum err expected, const char *says)
{
        struct fault fault = { 0 };
        auto_secret secret = { 0 };
        assert_int_equal(secret_load(path, &secret, &fault), expected);
        assert_null(secret.text);
        if (!strstr(fault.message, says))
                fail_msg("\"%s\" lacks \"%s\"", fault.message, says);
}

static void test_files_open_to_others_are_refused_with_advice(void **state)
{
        static const mode_t modes[] = { 0640, 0604, 0644, 0660, 0610, 0601, 0620, 0602, 0777 };
        for (size_t i = 0; i < COUNT_OF(modes); i++) {
                write_file("key", "x", 1, modes[i]);
                refuse(path_of("key"), ERR_VALUE, "chmod 600");
        }
}

static void test_what_is_no_regular_file_is_refused(void **state)
{
        refuse(folder, ERR_VALUE, "not a regular file");
        assert_int_equal(mkfifo(path_of("fifo"), 0600), 0);
        refuse(path_of("fifo"), ERR_VALUE, "not a regular file");
        refuse("/dev/null", ERR_VALUE, "not a regular file");
        refuse(path_of("absent"), ERR_NOT_FOUND, "absent");
        refuse("", ERR_VALUE, "empty");
        char long_path[PATH_MAX + 10];
        memset(long_path, 'a', sizeof(long_path));
        long_path[sizeof(long_path) - 1] = '\0';
        refuse(long_path, ERR_VALUE, "longer");
}

static void test_empty_and_large_files_are_refused(void **state)
{
        write_file("key", "", 0, 0600);
        refuse(path_of("key"), ERR_VALUE, "is empty");
        write_file("key", "\n", 1, 0600);
        refuse(path_of("key"), ERR_VALUE, "is empty");
        auto_free_ char *large = calloc(1, SECRET_FILE_MAX_BYTES + 1);
        memset(large, 'x', SECRET_FILE_MAX_BYTES + 1);
        write_file("key", large, SECRET_FILE_MAX_BYTES + 1, 0600);
        refuse(path_of("key"), ERR_TOO_LARGE, "larger");
        write_file("key", large, SECRET_FILE_MAX_BYTES, 0600);
        auto_secret secret = { 0 };
        assert_int_equal(secret_load(path_of("key"), &secret, NULL), ERR_OK);
        assert_int_equal(secret.length, SECRET_FILE_MAX_BYTES);
}

static void test_faults_never_quote_the_secret(void **state)
{
        struct fault fault;
        auto_secret secret = { 0 };
        write_file("key", "hunter2", 7, 0644);
        assert_int_equal(secret_load(path_of("key"), &secret, &fault), ERR_VALUE);
        assert_null(strstr(fault.message, "hunter2"));
}

static void test_one_newline_is_cut(void **state)
{
        auto_secret secret = { 0 };
        write_file("key", "a b\n\n", 5, 0400);
        assert_int_equal(secret_load(path_of("key"), &secret, NULL), ERR_OK);
        assert_string_equal(secret.text, "a b\n");
        write_file("key2", "plain", 5, 0600);
        assert_int_equal(secret_load(path_of("key2"), &secret, NULL), ERR_OK); /* the first is wiped and freed */
        assert_string_equal(secret.text, "plain");
        assert_int_equal(secret.length, 5);
}

static void test_bare_name_is_a_credential_and_its_group_bits_are_an_acl(void **state)
{
        auto_secret secret = { 0 };
        write_file("muster-key", "from systemd", 12, 0440);
        refuse("muster-key", ERR_NOT_FOUND, "muster-key");
        refuse(path_of("muster-key"), ERR_VALUE, "chmod 600");
        setenv("CREDENTIALS_DIRECTORY", folder, 1);
        assert_int_equal(secret_load("muster-key", &secret, NULL), ERR_OK);
        assert_string_equal(secret.text, "from systemd");
        assert_int_equal(secret_load(path_of("muster-key"), &secret, NULL), ERR_OK);
        write_file("muster-key", "from systemd", 12, 0444);
        refuse("muster-key", ERR_VALUE, "chmod 600");
        write_file("muster-key", "from systemd", 12, 0460);
        refuse("muster-key", ERR_VALUE, "chmod 600");
        refuse("other", ERR_NOT_FOUND, "other");
        /* Neighbours of the folder get no leniency: neither by prefix nor by ".." nor below. */
        assert_int_equal(mkdir(path_of("below"), 0700), 0);
        write_file("below/key", "x", 1, 0440);
        refuse(path_of("below/key"), ERR_VALUE, "chmod 600");
        setenv("CREDENTIALS_DIRECTORY", path_of("ke"), 1);
        write_file("key", "x", 1, 0440);
        refuse(path_of("key"), ERR_VALUE, "chmod 600");
        setenv("CREDENTIALS_DIRECTORY", "relative", 1);
        refuse("muster-key", ERR_NOT_FOUND, "muster-key");
}

static void test_store_never_overwrites(void **state)
{
        struct fault fault;
        assert_int_equal(secret_store_new(path_of("new"), "first", 5, &fault), ERR_OK);
        assert_int_equal(secret_store_new(path_of("new"), "second", 6, &fault), ERR_TAKEN);
        assert_non_null(strstr(fault.message, "already there"));
        assert_null(strstr(fault.message, "second"));
        auto_secret secret = { 0 };
        assert_int_equal(secret_load(path_of("new"), &secret, NULL), ERR_OK);
        assert_string_equal(secret.text, "first");
        char target[PATH_MAX];
        strcpy(target, path_of("elsewhere"));
        assert_int_equal(symlink(target, path_of("link")), 0);
        assert_int_equal(secret_store_new(path_of("link"), "x", 1, &fault), ERR_TAKEN);
        assert_int_not_equal(access(target, F_OK), 0);
}

static void test_stored_file_is_private_whatever_the_umask(void **state)
{
        struct stat status;
        mode_t mask = umask(0);
        assert_int_equal(secret_store_new(path_of("a"), "x", 1, NULL), ERR_OK);
        (void)umask(0777);
        assert_int_equal(secret_store_new(path_of("b"), "x", 1, NULL), ERR_OK);
        (void)umask(mask);
        assert_int_equal(stat(path_of("a"), &status), 0);
        assert_int_equal(status.st_mode & 07777, 0600);
        assert_int_equal(stat(path_of("b"), &status), 0);
        assert_int_equal(status.st_mode & 07777, 0600);
}

static void test_store_refuses_wrong_sizes_and_places(void **state)
{
        auto_free_ char *large = calloc(1, SECRET_FILE_MAX_BYTES + 1);
        assert_int_equal(secret_store_new(path_of("a"), "", 0, NULL), ERR_VALUE);
        assert_int_equal(secret_store_new(path_of("a"), large, SECRET_FILE_MAX_BYTES + 1, NULL), ERR_VALUE);
        assert_int_equal(secret_store_new("", "x", 1, NULL), ERR_VALUE);
        assert_int_equal(secret_store_new(path_of("no/such/folder"), "x", 1, NULL), ERR_NOT_FOUND);
        assert_int_not_equal(access(path_of("a"), F_OK), 0);
}

static void test_failed_write_leaves_no_half_secret(void **state)
{
        struct rlimit kept, small = { 3, 3 };
        struct fault fault;
        assert_int_equal(getrlimit(RLIMIT_FSIZE, &kept), 0);
        small.rlim_max = kept.rlim_max;
        assert_ptr_not_equal(signal(SIGXFSZ, SIG_IGN), SIG_ERR);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        enum err e = secret_store_new(path_of("half"), "longer than three bytes", 23, &fault);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &kept), 0);
        assert_int_equal(e, ERR_INTERNAL);
        assert_non_null(strstr(fault.message, "File too large"));
        assert_int_not_equal(access(path_of("half"), F_OK), 0);
}

static void test_set_copies_and_done_empties(void **state)
{
        char text[] = "abc";
        struct secret secret = { 0 };
        assert_int_equal(secret_set(&secret, text, 3, NULL), ERR_OK);
        text[0] = 'x';
        assert_string_equal(secret.text, "abc");
        assert_int_equal(secret_set(&secret, secret.text, 2, NULL), ERR_OK);
        assert_string_equal(secret.text, "ab");
        assert_int_equal(secret_set(&secret, text, SIZE_MAX, NULL), ERR_TOO_LARGE);
        assert_string_equal(secret.text, "ab");
        secret_done(&secret);
        assert_null(secret.text);
        assert_int_equal(secret.length, 0);
        secret_done(&secret);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
        const struct CMUnitTest tests[] = {
                IN_FOLDER(test_files_open_to_others_are_refused_with_advice),
                IN_FOLDER(test_what_is_no_regular_file_is_refused),
                IN_FOLDER(test_empty_and_large_files_are_refused),
                IN_FOLDER(test_faults_never_quote_the_secret),
                IN_FOLDER(test_one_newline_is_cut),
                IN_FOLDER(test_bare_name_is_a_credential_and_its_group_bits_are_an_acl),
                IN_FOLDER(test_store_never_overwrites),
                IN_FOLDER(test_stored_file_is_private_whatever_the_umask),
                IN_FOLDER(test_store_refuses_wrong_sizes_and_places),
                IN_FOLDER(test_failed_write_leaves_no_half_secret),
                cmocka_unit_test(test_set_copies_and_done_empties),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
