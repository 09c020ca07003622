/* SPDX-License-Identifier: Apache-2.0
 *
 * See postgres_proxy.h. One thread, at most 32 connections; COMMIT is a simple query that fits into one read. */
#include "store/postgres_proxy.h"
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAIRS_MAX 32

static struct {
        int listener;
        int server_port;
        atomic_int cut;
        atomic_bool refuse, stop;
        pthread_t thread;
        struct pair {
                int client, server;
                bool dying; /* COMMIT is with the server: its answer is dropped */
        } pairs[PAIRS_MAX];
} proxy;

void proxy_cut(enum proxy_cut cut, int refuse)
{
        proxy.refuse = refuse;
        proxy.cut = (int)cut;
}

void proxy_accept(void)
{
        proxy.refuse = false;
}

static int loopback_socket(int port, bool listening)
{
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((unsigned short)port) };
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int failed = listening ? bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, 16)
                               : connect(fd, (struct sockaddr *)&address, sizeof address);
        if (failed)
                abort();
        return fd;
}

static void pair_close(struct pair *pair)
{
        (void)close(pair->client);
        (void)close(pair->server);
        *pair = (struct pair){ -1, -1, false };
}

static void pair_open(void)
{
        int client = accept(proxy.listener, NULL, NULL);
        for (size_t i = 0; i < PAIRS_MAX && client >= 0 && !proxy.refuse; i++)
                if (proxy.pairs[i].client < 0) {
                        proxy.pairs[i] = (struct pair){ client, loopback_socket(proxy.server_port, false), false };
                        return;
                }
        (void)close(client);
}

static void write_all(int fd, const char *bytes, ssize_t length)
{
        for (ssize_t done = 0; done < length;) {
                ssize_t wrote = send(fd, bytes + done, (size_t)(length - done), MSG_NOSIGNAL);
                if (wrote <= 0)
                        return;
                done += wrote;
        }
}

/* 'Q', length, "COMMIT", NUL */
static bool is_commit(const char *bytes, ssize_t length)
{
        static const char commit[] = "Q\0\0\0\x0b"
                                     "COMMIT";
        return length >= 12 && !memcmp(bytes, commit, 12);
}

static void pair_move(struct pair *pair, bool from_client)
{
        char bytes[65536];
        ssize_t length = recv(from_client ? pair->client : pair->server, bytes, sizeof bytes, 0);
        bool commit = from_client && is_commit(bytes, length);
        if (length <= 0 || (!from_client && pair->dying)) {
                pair_close(pair);
                return;
        }
        if (commit && proxy.cut == CUT_BEFORE_COMMIT) {
                proxy.cut = CUT_NOTHING;
                pair_close(pair);
                return;
        }
        if (commit && proxy.cut == CUT_DURING_COMMIT) {
                proxy.cut = CUT_NOTHING;
                write_all(pair->server, bytes, length);
                pair_close(pair);
                return;
        }
        if (commit && proxy.cut == CUT_AFTER_COMMIT) {
                proxy.cut = CUT_NOTHING;
                pair->dying = true;
        }
        write_all(from_client ? pair->server : pair->client, bytes, length);
}

static void *proxy_main(void *context)
{
        while (!proxy.stop) {
                struct pollfd fds[1 + 2 * PAIRS_MAX] = { { .fd = proxy.listener, .events = POLLIN } };
                for (size_t i = 0; i < PAIRS_MAX; i++) {
                        fds[1 + 2 * i] = (struct pollfd){ .fd = proxy.pairs[i].client, .events = POLLIN };
                        fds[2 + 2 * i] = (struct pollfd){ .fd = proxy.pairs[i].server, .events = POLLIN };
                }
                if (poll(fds, 1 + 2 * PAIRS_MAX, 50) <= 0)
                        continue;
                for (size_t i = 0; i < PAIRS_MAX; i++) {
                        if (fds[1 + 2 * i].revents)
                                pair_move(&proxy.pairs[i], true);
                        if (fds[2 + 2 * i].revents && proxy.pairs[i].server == fds[2 + 2 * i].fd)
                                pair_move(&proxy.pairs[i], false);
                }
                if (fds[0].revents)
                        pair_open();
        }
        return NULL;
}

void proxy_start(const char *url, char *ret_url, size_t size)
{
        const char *colon = strrchr(url, ':'), *slash = colon ? strchr(colon, '/') : NULL, *at = strchr(url, '@');
        struct sockaddr_in address;
        socklen_t length = sizeof address;
        if (!slash || !at)
                abort();
        memset(&proxy, 0, sizeof proxy);
        for (size_t i = 0; i < PAIRS_MAX; i++)
                proxy.pairs[i].client = proxy.pairs[i].server = -1;
        proxy.server_port = atoi(colon + 1);
        proxy.listener = loopback_socket(0, true);
        if (getsockname(proxy.listener, (struct sockaddr *)&address, &length))
                abort();
        (void)snprintf(ret_url, size, "%.*s@127.0.0.1:%d%s", (int)(at - url), url, ntohs(address.sin_port), slash);
        if (pthread_create(&proxy.thread, NULL, proxy_main, NULL))
                abort();
}

void proxy_stop(void)
{
        proxy.stop = true;
        (void)pthread_join(proxy.thread, NULL);
        for (size_t i = 0; i < PAIRS_MAX; i++)
                if (proxy.pairs[i].client >= 0)
                        pair_close(&proxy.pairs[i]);
        (void)close(proxy.listener);
}
