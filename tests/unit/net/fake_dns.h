/* SPDX-License-Identifier: Apache-2.0
 *
 * A stub of a DNS resolver: one thread on a loopback socket, over UDP, that knows one name and its TXT records. Stands for the resolvers of
 * the system where only our side is under test. */
#ifndef TEST_FAKE_DNS_H
#define TEST_FAKE_DNS_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define FAKE_DNS_TEXTS 4

enum fake_dns_mood { FAKE_DNS_ANSWERS, FAKE_DNS_FAILS /* SERVFAIL */, FAKE_DNS_SILENT, FAKE_DNS_BROKEN /* answers that end too early */ };

struct fake_dns {
        char server[32]; /* "127.0.0.1:PORT" */
        char name[300];  /* whose records these are; every other name does not exist */
        char texts[FAKE_DNS_TEXTS][300]; /* "" ends; '|' parts the strings of one record */
        atomic_int mood;
        atomic_int asked;
        int socket;
        pthread_mutex_t mutex;
        pthread_t thread;
};

static inline size_t fake_dns_question(const unsigned char *query, size_t length, char *ret_name)
{
        size_t at = 12, out = 0;
        while (at < length && query[at]) {
                size_t label = query[at++];
                if (at + label >= length || out + label + 2 > 256)
                        return 0;
                if (out)
                        ret_name[out++] = '.';
                memcpy(ret_name + out, query + at, label);
                out += label;
                at += label;
        }
        ret_name[out] = '\0';
        return at + 5 <= length ? at + 5 : 0;
}

static inline size_t fake_dns_record(const char *text, unsigned char *into)
{
        static const unsigned char head[] = { 0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60 };
        size_t at = sizeof(head) + 2;
        memcpy(into, head, sizeof(head));
        for (const char *part = text;;) {
                size_t length = strcspn(part, "|");
                into[at++] = (unsigned char)length;
                memcpy(into + at, part, length);
                at += length;
                if (!part[length])
                        break;
                part += length + 1;
        }
        into[sizeof(head)] = (unsigned char)((at - sizeof(head) - 2) >> 8);
        into[sizeof(head) + 1] = (unsigned char)(at - sizeof(head) - 2);
        return at;
}

static inline size_t fake_dns_answer(struct fake_dns *dns, unsigned char *message, size_t length)
{
        char name[256];
        size_t at = fake_dns_question(message, length, name);
        if (!at)
                return 0;
        (void)pthread_mutex_lock(&dns->mutex);
        bool known = strcasecmp(name, dns->name) == 0;
        unsigned count = 0;
        for (size_t i = 0; known && i < FAKE_DNS_TEXTS && *dns->texts[i]; i++, count++)
                at += fake_dns_record(dns->texts[i], message + at);
        (void)pthread_mutex_unlock(&dns->mutex);
        int mood = atomic_load(&dns->mood);
        message[2] = 0x81;
        message[3] = (unsigned char)(0x80 | (mood == FAKE_DNS_FAILS ? 2 : known ? 0 : 3));
        memset(message + 6, 0, 6);
        message[7] = (unsigned char)(mood == FAKE_DNS_FAILS ? 0 : count);
        return mood == FAKE_DNS_BROKEN && count ? at - 3 : at;
}

static inline void *fake_dns_run(void *context)
{
        struct fake_dns *dns = context;
        for (;;) {
                unsigned char message[4096];
                struct sockaddr_in from;
                socklen_t from_size = sizeof(from);
                ssize_t got = recvfrom(dns->socket, message, 512, 0, (struct sockaddr *)&from, &from_size);
                if (got == 1) /* of fake_dns_stop */
                        return NULL;
                if (got < 12)
                        continue;
                atomic_fetch_add(&dns->asked, 1);
                size_t length = atomic_load(&dns->mood) == FAKE_DNS_SILENT ? 0 : fake_dns_answer(dns, message, (size_t)got);
                if (length)
                        (void)sendto(dns->socket, message, length, 0, (struct sockaddr *)&from, from_size);
        }
}

static inline void fake_dns_start(struct fake_dns *dns)
{
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t size = sizeof(address);
        memset(dns, 0, sizeof(*dns));
        dns->socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(dns->socket, (struct sockaddr *)&address, size), 0);
        assert_int_equal(getsockname(dns->socket, (struct sockaddr *)&address, &size), 0);
        (void)snprintf(dns->server, sizeof(dns->server), "127.0.0.1:%u", ntohs(address.sin_port));
        (void)pthread_mutex_init(&dns->mutex, NULL);
        assert_int_equal(pthread_create(&dns->thread, NULL, fake_dns_run, dns), 0);
}

/* Gives the name one record; text NULL: none. */
static inline void fake_dns_set(struct fake_dns *dns, const char *name, const char *text)
{
        (void)pthread_mutex_lock(&dns->mutex);
        (void)snprintf(dns->name, sizeof(dns->name), "%s", name);
        memset(dns->texts, 0, sizeof(dns->texts));
        if (text)
                (void)snprintf(dns->texts[0], sizeof(dns->texts[0]), "%s", text);
        (void)pthread_mutex_unlock(&dns->mutex);
}

/* Gives it one more. */
static inline void fake_dns_add(struct fake_dns *dns, const char *text)
{
        size_t count = 0;
        (void)pthread_mutex_lock(&dns->mutex);
        while (*dns->texts[count])
                count++;
        assert_true(count < FAKE_DNS_TEXTS);
        (void)snprintf(dns->texts[count], sizeof(dns->texts[count]), "%s", text);
        (void)pthread_mutex_unlock(&dns->mutex);
}

static inline void fake_dns_stop(struct fake_dns *dns)
{
        struct sockaddr_in address;
        socklen_t size = sizeof(address);
        (void)getsockname(dns->socket, (struct sockaddr *)&address, &size);
        (void)sendto(dns->socket, "", 1, 0, (struct sockaddr *)&address, size);
        (void)pthread_join(dns->thread, NULL);
        (void)close(dns->socket);
        (void)pthread_mutex_destroy(&dns->mutex);
}

#endif
