/* SPDX-License-Identifier: Apache-2.0
 *
 * A server on a free port and a raw client: bytes in, bytes out, real sockets. Included by the test files of this folder. */
#ifndef TEST_HTTP_HARNESS_H
#define TEST_HTTP_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "http/metrics.h"
#include "http/server.h"

#define RESPONSE_MAX ((size_t)1 << 20)
#define WAIT_MS 10000

struct harness {
        struct http_server *server;
        int port;
};

static inline struct http_options harness_options(const struct route_table *tables, size_t count)
{
        return (struct http_options){ .listen = "127.0.0.1:0",
                .listen_fd = -1,
                .loops = 2,
                .workers = 4,
                .queue_length = 64,
                .connections_max = 4096,
                .idle_timeout_s = 30,
                .request_timeout_s = 30,
                .tables = tables,
                .table_count = count };
}

static inline void harness_start(struct harness *harness, const struct http_options *options)
{
        struct fault fault = { 0 };
        log_set_fd(open("/dev/null", O_WRONLY | O_CLOEXEC));
        enum err e = http_server_start(options, &harness->server, &fault);
        if (e)
                fail_msg("the server did not start: %s", fault.message);
        const char *colon = strrchr(http_server_address(harness->server), ':');
        harness->port = colon ? atoi(colon + 1) : 0;
}

static inline int client_connect(int port)
{
        struct sockaddr_in address = {
                .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)
        };
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_true(fd >= 0);
        assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        return fd;
}

/* False: the peer closed while we wrote. */
static inline bool client_send(int fd, const void *bytes, size_t length)
{
        for (size_t at = 0; at < length;) {
                ssize_t done = send(fd, (const char *)bytes + at, length - at, MSG_NOSIGNAL);
                if (done < 0)
                        return false;
                at += (size_t)done;
        }
        return true;
}

struct response {
        int status; /* 0: nothing came */
        bool closed;
        size_t length;
        char *text; /* head and body, NUL-terminated; free it */
        const char *body;
};

static inline void response_free(struct response *response)
{
        free(response->text);
        *response = (struct response){ 0 };
}

/* The value of a header as a copy in `ret`; "" when absent. */
static inline const char *response_header(const struct response *response, const char *name, char ret[256])
{
        size_t length = strlen(name);
        ret[0] = '\0';
        for (const char *line = strstr(response->text, "\r\n"); line && strncmp(line, "\r\n\r\n", 4) != 0; line = strstr(line + 2, "\r\n"))
                if (strncasecmp(line + 2, name, length) == 0 && line[2 + length] == ':') {
                        const char *value = line + 2 + length + 1;
                        value += strspn(value, " ");
                        (void)snprintf(ret, 256, "%.*s", (int)strcspn(value, "\r"), value);
                        return ret;
                }
        return ret;
}

static inline bool response_is_whole(struct response *response, bool head)
{
        char length[256];
        char *end = response->text ? strstr(response->text, "\r\n\r\n") : NULL;
        if (!end)
                return false;
        response->body = end + 4;
        if (head || response->status == 204 || response->status == 304)
                return true;
        return strtoul(response_header(response, "Content-Length", length), NULL, 10) <=
               response->length - (size_t)(end + 4 - response->text);
}

/* Reads one response (`to_end`: until the peer closes). Waits at most wait_ms. */
static inline struct response client_read(int fd, bool to_end, bool head, int wait_ms)
{
        struct response response = { 0 };
        int64_t end_us = clock_steady_us() + wait_ms * US_PER_MS;
        response.text = calloc(1, RESPONSE_MAX + 1);
        response.body = "";
        while (response.length < RESPONSE_MAX) {
                int64_t left_ms = (end_us - clock_steady_us()) / US_PER_MS;
                struct pollfd ready = { fd, POLLIN, 0 };
                if (left_ms <= 0 || poll(&ready, 1, (int)left_ms) <= 0)
                        break;
                ssize_t done = recv(fd, response.text + response.length, RESPONSE_MAX - response.length, 0);
                if (done <= 0) {
                        response.closed = true;
                        break;
                }
                response.length += (size_t)done;
                if (response.status == 0 && strncmp(response.text, "HTTP/1.1 ", 9) == 0)
                        response.status = atoi(response.text + 9);
                if (!to_end && response_is_whole(&response, head))
                        break;
        }
        (void)response_is_whole(&response, head);
        return response;
}

/* Sends one text on a new connection and reads until the server closes or the response is whole. */
static inline struct response client_ask(int port, const char *text)
{
        int fd = client_connect(port);
        (void)client_send(fd, text, strlen(text));
        struct response response = client_read(fd, false, strncmp(text, "HEAD", 4) == 0, WAIT_MS);
        close(fd);
        return response;
}

static inline int client_status(int port, const char *text)
{
        struct response response = client_ask(port, text);
        int status = response.status;
        response_free(&response);
        return status;
}

#endif
