/* SPDX-License-Identifier: Apache-2.0
 *
 * Listening sockets without a server: addresses at their bounds, what a socket file may replace and who may open it, and what stays of a
 * given socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/auto.h"
#include "http/listen.h"

#define IN_USE ": Address already in use."

static char folder[32], path[128], address[136]; /* of a socket file that is not there yet */

static void path_set(const char *name)
{
        (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
        (void)snprintf(address, sizeof(address), "unix:%s", path);
}

static int start(void **state)
{
        (void)snprintf(folder, sizeof(folder), "/tmp/muster-listen-XXXXXX");
        assert_non_null(mkdtemp(folder));
        path_set("socket");
        return 0;
}

static int stop(void **state)
{
        (void)unlink(path);
        return rmdir(folder); /* nothing else was left behind */
}

static bool is_there(const char *file)
{
        struct stat info;
        return lstat(file, &info) == 0;
}

static int unix_socket(int type)
{
        struct sockaddr_un at = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
        memcpy(at.sun_path, path, strlen(path) + 1);
        assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
        return fd;
}

/* That no loop waits in accept and no child holds the port, too. */
static void assert_listens(int listening)
{
        struct sockaddr_storage at = { 0 };
        socklen_t length = sizeof(at);
        assert_true(fcntl(listening, F_GETFL) & O_NONBLOCK);
        assert_true(fcntl(listening, F_GETFD) & FD_CLOEXEC);
        assert_int_equal(getsockname(listening, (struct sockaddr *)&at, &length), 0);
        auto_close_ int fd = socket(at.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(fd, (struct sockaddr *)&at, length), 0);
        assert_int_equal(poll(&(struct pollfd){ listening, POLLIN, 0 }, 1, 1000), 1);
        close(accept(listening, NULL, NULL)); /* before its peer: the kernel remembers it under our port for a minute */
}

static void assert_refused(const char *at, int fd, enum err code, const char *message)
{
        struct listener listener = { .fd = 77 };
        struct fault fault = { 0 };
        enum err e = listener_open(at, fd, &listener, &fault);
        if (e != code || !strstr(fault.message, message) || strcmp(fault.field, "server.listen") != 0)
                fail_msg("%s: %d, %s: %s", at ? at : "(none)", e, fault.field, fault.message);
        assert_int_equal(listener.fd, 77);
}

static void what_is_no_address_is_named(void **state)
{
        static const char *const wrong[] = { ":", "[:80", "[]:80", "[127.0.0.12:80", "127.0.0.1]:80", "127.0.0.1:", "127.0.0.1:65536",
                "127.0.0.1:-1", "127.0.0.1:+80", "127.0.0.1: 80", "127.0.0.1:http", "127.0.0.1:00000080", "localhost:80", " 127.0.0.1:80",
                "tcp:127.0.0.1:80" };
        for (size_t i = 0; i < COUNT_OF(wrong); i++) {
                char message[64];
                (void)snprintf(message, sizeof(message), "'%s' is not an address", wrong[i]);
                assert_refused(wrong[i], -1, ERR_VALUE, message);
        }
        for (int length = 63; length <= 65; length++) {
                (void)snprintf(address, sizeof(address), "%0*d.x:80", length - 2, 1);
                assert_refused(address, -1, ERR_VALUE, "is not an address");
        }
        assert_refused(NULL, -1, ERR_VALUE, "No address to listen on.");
        assert_refused("unix:", -1, ERR_VALUE, "is not an absolute path of at most 107 bytes.");
        assert_refused("unix:socket", -1, ERR_VALUE, "'socket' is not an absolute path");
}

static void a_free_port_is_told_and_a_taken_one_refused(void **state)
{
        struct listener listener;
        assert_int_equal(listener_open("127.0.0.1:0", -1, &listener, NULL), ERR_OK);
        assert_int_equal(strncmp(listener.address, "127.0.0.1:", 10), 0);
        assert_string_not_equal(listener.address, "127.0.0.1:0");
        assert_listens(listener.fd);
        (void)snprintf(address, sizeof(address), "%s", listener.address);
        assert_refused(address, -1, ERR_UNAVAILABLE, IN_USE);
        listener_close(&listener);
        assert_int_equal(listener.fd, -1);
        assert_int_equal(listener_open(address, -1, &listener, NULL), ERR_OK); /* at once */
        assert_string_equal(listener.address, address);
        listener_close(&listener);
}

static void a_path_may_have_107_bytes(void **state)
{
        struct listener listener;
        char name[128] = "";
        memset(name, 'x', 108 - strlen(folder) - 1);
        path_set(name);
        assert_refused(address, -1, ERR_VALUE, "of at most 107 bytes");
        path_set(name + 1);
        assert_int_equal(listener_open(address, -1, &listener, NULL), ERR_OK);
        assert_string_equal(listener.address, address);
        listener_close(&listener);
        assert_false(is_there(path));
}

static void the_umask_does_not_say_who_may_connect(void **state)
{
        static const mode_t masks[] = { 0, 022, 0777 };
        for (size_t i = 0; i < COUNT_OF(masks); i++) {
                struct listener listener;
                struct stat info;
                mode_t before = umask(masks[i]);
                enum err e = listener_open(address, -1, &listener, NULL);
                (void)umask(before);
                assert_int_equal(e, ERR_OK);
                assert_int_equal(stat(path, &info), 0);
                assert_int_equal(info.st_mode & 0777, 0660);
                listener_close(&listener);
        }
}

static void only_a_dead_stream_socket_gives_way(void **state)
{
        struct listener listener;
        char other[160];
        /* Somebody lives behind it, though he speaks otherwise. */
        int fd = unix_socket(SOCK_DGRAM);
        assert_refused(address, -1, ERR_UNAVAILABLE, IN_USE);
        close(fd);
        assert_int_equal(unlink(path), 0);
        /* Dead, but a link: it may be another's. */
        close(unix_socket(SOCK_STREAM));
        (void)snprintf(other, sizeof(other), "%s-2", path);
        assert_int_equal(rename(path, other), 0);
        assert_int_equal(symlink(other, path), 0);
        assert_refused(address, -1, ERR_UNAVAILABLE, IN_USE);
        assert_true(is_there(path));
        assert_int_equal(rename(other, path), 0);
        /* Dead, then alive. */
        assert_int_equal(listener_open(address, -1, &listener, NULL), ERR_OK);
        assert_refused(address, -1, ERR_UNAVAILABLE, IN_USE);
        assert_listens(listener.fd);
        listener_close(&listener);
        close(unix_socket(SOCK_STREAM)); /* another's by now */
        listener_close(&listener);
        assert_true(is_there(path));
}

static void a_given_socket_stays_its_givers(void **state)
{
        struct listener listener;
        int fd = unix_socket(SOCK_STREAM);
        assert_int_equal(listen(fd, 16), 0);
        assert_int_equal(listener_open("127.0.0.1:99999", fd, &listener, NULL), ERR_OK); /* the address is not even read */
        assert_string_equal(listener.address, address);
        assert_listens(listener.fd);
        listener_close(&listener);
        assert_true(is_there(path));
        assert_listens(fd);
        close(fd);
        assert_refused(NULL, fd, ERR_UNAVAILABLE, "Cannot use the given socket: Bad file descriptor.");
}

static void the_reason_is_the_one_that_there_is(void **state)
{
        assert_refused("unix:/nonexistent/socket", -1, ERR_UNAVAILABLE, "Cannot bind /nonexistent/socket: No such file or directory.");
}

/* Its clients wait in line; who starts beside it does not. */
static void a_server_that_is_behind_is_one_that_answers(void **state)
{
        auto_close_ int fd = unix_socket(SOCK_STREAM);
        int waiting[3];
        struct sockaddr_un at = { .sun_family = AF_UNIX };
        memcpy(at.sun_path, path, strlen(path) + 1);
        assert_int_equal(listen(fd, 0), 0);
        for (int i = 0; i < 3; i++) {
                waiting[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
                (void)connect(waiting[i], (struct sockaddr *)&at, sizeof(at)); /* the last ones find the line full */
        }
        (void)alarm(30); /* a hang ends the test */
        assert_refused(address, -1, ERR_UNAVAILABLE, IN_USE);
        (void)alarm(0);
        for (int i = 0; i < 3; i++)
                (void)close(waiting[i]);
        assert_true(is_there(path));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_no_address_is_named),
                cmocka_unit_test(a_free_port_is_told_and_a_taken_one_refused),
                cmocka_unit_test_setup_teardown(a_path_may_have_107_bytes, start, stop),
                cmocka_unit_test_setup_teardown(the_umask_does_not_say_who_may_connect, start, stop),
                cmocka_unit_test_setup_teardown(only_a_dead_stream_socket_gives_way, start, stop),
                cmocka_unit_test_setup_teardown(a_given_socket_stays_its_givers, start, stop),
                cmocka_unit_test(the_reason_is_the_one_that_there_is),
                cmocka_unit_test_setup_teardown(a_server_that_is_behind_is_one_that_answers, start, stop),
        };
        return cmocka_run_group_tests_name("http/listen", tests, NULL, NULL);
}
