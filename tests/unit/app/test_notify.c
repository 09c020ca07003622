/* SPDX-License-Identifier: Apache-2.0
 *
 * The service protocol: notices reach a socket in the file system and an abstract one, everything else is a no-op; sockets handed in are
 * taken once, and only by the process they are meant for. */
#include "app/notify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* `name`: a path, or '@' and a name. Answers the bound socket. */
static int listen_at(const char *name)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        memcpy(address.sun_path, name, strlen(name));
        if (*name == '@')
                address.sun_path[0] = 0;
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        assert_true(fd >= 0);
        socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
        assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
        assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
        return fd;
}

static void assert_told(int fd, const char *state)
{
        char got[64] = "";
        ssize_t length = recv(fd, got, sizeof got - 1, 0);
        assert_int_equal(length, strlen(state));
        assert_string_equal(got, state);
}

static void test_notices_reach_the_socket(void **state)
{
        char path[64], abstract[64];
        (void)state;
        (void)snprintf(path, sizeof path, "/tmp/muster-notify-%d", (int)getpid());
        (void)snprintf(abstract, sizeof abstract, "@muster-notify-%d", (int)getpid());
        const char *const names[] = { path, abstract };
        for (size_t i = 0; i < 2; i++) {
                int fd = listen_at(names[i]);
                notify_send("READY=1");
                assert_told(fd, "READY=1");
                notify_send("WATCHDOG=1");
                assert_told(fd, "WATCHDOG=1");
                (void)close(fd);
        }
        (void)unlink(path);
        (void)unsetenv("NOTIFY_SOCKET");
}

static void test_without_a_socket_nothing_happens(void **state)
{
        char long_name[300];
        (void)state;
        memset(long_name, 'x', sizeof long_name - 1);
        long_name[0] = '/';
        long_name[sizeof long_name - 1] = 0;
        const char *const names[] = { "", "relative", "vsock:2:1", "/tmp/nobody-listens-here", long_name };
        (void)unsetenv("NOTIFY_SOCKET");
        notify_send("READY=1");
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
                (void)setenv("NOTIFY_SOCKET", names[i], 1);
                notify_send("READY=1");
        }
        (void)unsetenv("NOTIFY_SOCKET");
}

static void test_the_watchdog_is_fed_twice_in_its_time(void **state)
{
        static const struct {
                const char *text;
                int64_t interval_us;
        } cases[] = { { "30000000", 15000000 }, { "2", 1 }, { "1", 0 }, { "0", 0 }, { "-5", 0 }, { "x", 0 }, { "", 0 },
                { "99999999999999999999", 0 } };
        (void)state;
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                (void)setenv("WATCHDOG_USEC", cases[i].text, 1);
                assert_int_equal(notify_watchdog_us(), cases[i].interval_us);
        }
        (void)unsetenv("WATCHDOG_USEC");
        assert_int_equal(notify_watchdog_us(), 0);
}

static void hand_in(int pid, const char *count)
{
        char text[16];
        (void)snprintf(text, sizeof text, "%d", pid);
        (void)setenv("LISTEN_PID", text, 1);
        (void)setenv("LISTEN_FDS", count, 1);
        (void)setenv("LISTEN_FDNAMES", "a:b", 1);
}

static void test_sockets_are_taken_once_and_by_the_right_process(void **state)
{
        (void)state;
        int saved = dup(3), second = dup(4);
        assert_int_equal(dup2(0, 3), 3);
        assert_int_equal(dup2(0, 4), 4);
        hand_in(getpid(), "2");
        assert_int_equal(notify_sockets(), 2);
        assert_true(fcntl(3, F_GETFD) & FD_CLOEXEC);
        assert_true(fcntl(4, F_GETFD) & FD_CLOEXEC);
        assert_null(getenv("LISTEN_FDS"));
        assert_null(getenv("LISTEN_PID"));
        assert_null(getenv("LISTEN_FDNAMES"));
        assert_int_equal(notify_sockets(), 0);
        hand_in(getpid() + 1, "1");
        assert_int_equal(notify_sockets(), 0);
        assert_null(getenv("LISTEN_FDS")); /* nor handed on */
        static const char *const counts[] = { "-1", "x", "", "9", "99999999999" };
        for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
                hand_in(getpid(), counts[i]);
                assert_int_equal(notify_sockets(), 0);
        }
        if (saved >= 0)
                (void)dup2(saved, 3);
        if (second >= 0)
                (void)dup2(second, 4);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_notices_reach_the_socket),
                cmocka_unit_test(test_without_a_socket_nothing_happens),
                cmocka_unit_test(test_the_watchdog_is_fed_twice_in_its_time),
                cmocka_unit_test(test_sockets_are_taken_once_and_by_the_right_process),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
