/* SPDX-License-Identifier: Apache-2.0
 *
 * A stub of an HTTP server for tests of clients: one thread on a loopback socket that keeps what it was sent and answers from a list,
 * one answer a request, each on a connection of its own. Stands for musterd where only the client's side is under test. */
#ifndef TEST_FAKE_SERVER_H
#define TEST_FAKE_SERVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define FAKE_REQUESTS_MAX 16
#define FAKE_REQUEST_BYTES 16384

struct fake_server {
        const char *const *answers; /* whole HTTP answers; NULL ends; "" = say nothing until the client gives up */
        char requests[FAKE_REQUESTS_MAX][FAKE_REQUEST_BYTES];
        size_t count;
        int listener;
        char url[64];
        pthread_t thread;
};

/* "200" and a JSON body as a whole answer; for initialisers. */
#define FAKE_ANSWER(status, type, body) "HTTP/1.1 " status " X\r\nContent-Type: " type "\r\nConnection: close\r\n\r\n" body
#define FAKE_JSON(status, body) FAKE_ANSWER(status, "application/json", body)
#define FAKE_PROBLEM(status, slug, detail)                                                                                                 \
        FAKE_ANSWER(status, "application/problem+json",                                                                                    \
                "{\"type\":\"urn:muster:problem:" slug "\",\"title\":\"t\",\"status\":" status ",\"detail\":\"" detail                     \
                "\",\"request_id\":\"0192f0c1-aaaa-7bbb-8ccc-0123456789ab\"}")

static inline bool fake_is_whole(const char *request, size_t length)
{
        const char *head_end = strstr(request, "\r\n\r\n");
        if (!head_end)
                return false;
        const char *field = strcasestr(request, "\r\nContent-Length:");
        size_t body = field && field < head_end ? strtoul(field + 17, NULL, 10) : 0;
        return length >= (size_t)(head_end + 4 - request) + body;
}

static inline void fake_serve_one(struct fake_server *server, int fd)
{
        char *request = server->requests[server->count];
        size_t length = 0;
        while (length < FAKE_REQUEST_BYTES - 1 && !fake_is_whole(request, length)) {
                ssize_t got = recv(fd, request + length, FAKE_REQUEST_BYTES - 1 - length, 0);
                if (got <= 0)
                        return;
                length += (size_t)got;
                request[length] = '\0';
        }
        const char *answer = server->answers[server->count++];
        if (*answer)
                (void)send(fd, answer, strlen(answer), MSG_NOSIGNAL);
        else
                (void)recv(fd, (char[1]){ 0 }, 1, 0);
}

static inline void *fake_run(void *context)
{
        struct fake_server *server = context;
        while (server->answers[server->count] && server->count < FAKE_REQUESTS_MAX) {
                int fd = accept(server->listener, NULL, NULL);
                if (fd < 0)
                        break;
                fake_serve_one(server, fd);
                (void)shutdown(fd, SHUT_WR);
                (void)close(fd);
        }
        return NULL;
}

static inline void fake_server_start(struct fake_server *server, const char *const *answers)
{
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t size = sizeof(address);
        memset(server, 0, sizeof(*server));
        server->answers = answers;
        server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (server->listener < 0 || bind(server->listener, (struct sockaddr *)&address, size) || listen(server->listener, 16) ||
                getsockname(server->listener, (struct sockaddr *)&address, &size))
                abort();
        (void)snprintf(server->url, sizeof(server->url), "http://127.0.0.1:%d", ntohs(address.sin_port));
        if (pthread_create(&server->thread, NULL, fake_run, server))
                abort();
}

static inline void fake_server_stop(struct fake_server *server)
{
        (void)shutdown(server->listener, SHUT_RDWR);
        (void)pthread_join(server->thread, NULL);
        (void)close(server->listener);
}

/* Where the body of a request begins. */
static inline const char *fake_body(const struct fake_server *server, size_t number)
{
        const char *head_end = strstr(server->requests[number], "\r\n\r\n");
        return head_end ? head_end + 4 : "";
}

#endif
