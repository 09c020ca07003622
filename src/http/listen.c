/* SPDX-License-Identifier: Apache-2.0
 *
 * A stale socket file is removed only when nobody answers behind it. Socket files get mode 0660 before they can be connected to. */
#include "http/listen.h"

#include "base/auto.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define UNIX_PREFIX "unix:"

static enum err fail(struct fault *fault, const char *address, const char *what)
{
        return fault_set(fault, ERR_UNAVAILABLE, "server.listen", "%s %s: %s.", what, address, strerror(errno));
}

static void address_name(int fd, struct listener *listener)
{
        struct sockaddr_storage storage = { 0 };
        socklen_t length = sizeof(storage);
        char host[64], port[16];
        const struct sockaddr_un *local = (const struct sockaddr_un *)(const void *)&storage;
        (void)snprintf(listener->address, sizeof(listener->address), "unknown");
        if (getsockname(fd, (struct sockaddr *)&storage, &length) != 0)
                return;
        if (storage.ss_family == AF_UNIX)
                (void)snprintf(
                        listener->address, sizeof(listener->address), UNIX_PREFIX "%.*s", (int)sizeof(local->sun_path), local->sun_path);
        else if (getnameinfo(
                         (struct sockaddr *)&storage, length, host, sizeof(host), port, sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) == 0)
                (void)snprintf(
                        listener->address, sizeof(listener->address), storage.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

/* Also who does not take connections fast enough: nobody waits for him. */
static bool somebody_answers(const struct sockaddr_un *address)
{
        auto_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        return fd < 0 || connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 || errno != ECONNREFUSED;
}

static enum err unix_bind(int fd, const struct sockaddr_un *address, struct fault *fault)
{
        struct stat info;
        (void)fchmod(fd, 0660);
        if (bind(fd, (const struct sockaddr *)address, sizeof(*address)) == 0)
                return ERR_OK;
        int reason = errno;
        if (reason == EADDRINUSE && lstat(address->sun_path, &info) == 0 && S_ISSOCK(info.st_mode) && !somebody_answers(address)) {
                if (unlink(address->sun_path) == 0 && bind(fd, (const struct sockaddr *)address, sizeof(*address)) == 0)
                        return ERR_OK;
                reason = errno;
        }
        errno = reason;
        return fail(fault, address->sun_path, "Cannot bind");
}

static enum err unix_open(const char *path, struct listener *listener, struct fault *fault)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        if (path[0] != '/' || strlen(path) >= sizeof(address.sun_path))
                return fault_set(fault, ERR_VALUE, "server.listen", "'%s' is not an absolute path of at most %zu bytes.", path,
                        sizeof(address.sun_path) - 1);
        memcpy(address.sun_path, path, strlen(path) + 1);
        auto_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return fail(fault, path, "Cannot open");
        enum err e = unix_bind(fd, &address, fault);
        if (e)
                return e;
        /* The umask may have narrowed what fchmod asked for. */
        if (chmod(path, 0660) != 0 || listen(fd, SOMAXCONN) != 0)
                return fail(fault, path, "Cannot listen on");
        listener->unlink_path = strdup(path);
        listener->fd = fd;
        fd = -1; /* given away, not closed by the cleanup; NOLINT(clang-analyzer-deadcode.DeadStores) */
        return ERR_OK;
}

/* "host:port" or "[host]:port". */
static bool host_port_split(const char *address, char host[64], char port[8])
{
        const char *colon = strrchr(address, ':');
        if (!colon)
                return false;
        const char *start = address, *end = colon;
        if (*start == '[') {
                start++;
                end--;
                if (end < start || *end != ']')
                        return false;
        }
        size_t length = (size_t)(end - start);
        int64_t number;
        if (length == 0 || length >= 64 || !text_parse_i64(colon + 1, 0, 65535, &number) || strlen(colon + 1) >= 8)
                return false;
        memcpy(host, start, length);
        host[length] = '\0';
        memcpy(port, colon + 1, strlen(colon + 1) + 1);
        return true;
}

static enum err internet_open(const char *address, struct listener *listener, struct fault *fault)
{
        struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE, .ai_socktype = SOCK_STREAM }, *found = NULL;
        char host[64], port[8];
        int on = 1;
        if (!host_port_split(address, host, port) || getaddrinfo(host, port, &hints, &found) != 0)
                return fault_set(
                        fault, ERR_VALUE, "server.listen", "'%s' is not an address such as 127.0.0.1:8080 or [::1]:8080.", address);
        auto_close_ int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        bool bound = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
                     bind(fd, found->ai_addr, found->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0;
        freeaddrinfo(found);
        if (!bound)
                return fail(fault, address, "Cannot listen on");
        listener->fd = fd;
        fd = -1; /* given away, not closed by the cleanup; NOLINT(clang-analyzer-deadcode.DeadStores) */
        return ERR_OK;
}

enum err listener_open(const char *address, int fd, struct listener *ret, struct fault *fault)
{
        struct listener listener = { .fd = -1 };
        enum err e = ERR_OK;
        if (fd >= 0) {
                listener.fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
                if (listener.fd < 0 || fcntl(listener.fd, F_SETFL, fcntl(listener.fd, F_GETFL) | O_NONBLOCK) != 0)
                        e = fail(fault, "the given socket", "Cannot use");
        } else if (!address)
                e = fault_set(fault, ERR_VALUE, "server.listen", "No address to listen on.");
        else if (text_starts_with(address, UNIX_PREFIX))
                e = unix_open(address + strlen(UNIX_PREFIX), &listener, fault);
        else
                e = internet_open(address, &listener, fault);
        if (e) {
                listener_close(&listener);
                return e;
        }
        address_name(listener.fd, &listener);
        *ret = listener;
        return ERR_OK;
}

void listener_close(struct listener *listener)
{
        if (listener->fd >= 0)
                (void)close(listener->fd);
        listener->fd = -1;
        if (listener->unlink_path)
                (void)unlink(listener->unlink_path);
        free(listener->unlink_path);
        listener->unlink_path = NULL;
}
