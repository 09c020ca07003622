/* SPDX-License-Identifier: Apache-2.0
 *
 * The service protocol of systemd (sd_notify, sd_listen_fds) in the few lines that it needs. */
#include "notify.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/text.h"

#define FIRST_SOCKET 3
#define SOCKETS_MAX 8

void notify_send(const char *state)
{
        const char *path = getenv("NOTIFY_SOCKET");
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        if (!path || (*path != '/' && *path != '@') || strlen(path) >= sizeof(address.sun_path))
                return;
        memcpy(address.sun_path, path, strlen(path));
        if (*path == '@')
                address.sun_path[0] = 0;
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return;
        socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
        (void)sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address, length);
        (void)close(fd);
}

int64_t notify_watchdog_us(void)
{
        const char *text = getenv("WATCHDOG_USEC");
        int64_t interval_us;
        if (!text || !text_parse_i64(text, 2, INT64_MAX / 2, &interval_us))
                return 0;
        return interval_us / 2;
}

int notify_sockets(void)
{
        const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
        int64_t for_pid, count = 0;
        if (!pid || !fds || !text_parse_i64(pid, 1, INT32_MAX, &for_pid) || for_pid != getpid() ||
                !text_parse_i64(fds, 0, SOCKETS_MAX, &count))
                count = 0;
        for (int i = 0; i < (int)count; i++)
                (void)fcntl(FIRST_SOCKET + i, F_SETFD, FD_CLOEXEC);
        (void)unsetenv("LISTEN_PID");
        (void)unsetenv("LISTEN_FDS");
        (void)unsetenv("LISTEN_FDNAMES");
        return (int)count;
}
