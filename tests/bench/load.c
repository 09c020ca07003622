/* SPDX-License-Identifier: Apache-2.0
 *
 * A bounded load driver for loopback: load PORT CONNECTIONS FILE. FILE holds whole HTTP requests, each as "<length>\n<bytes>". Every
 * connection sends one request, waits for its answer and takes the next; each request is sent once. Prints
 * "<answers> <2xx> <seconds> <p50 us> <p99 us> <max us>" and ends after at most 120 seconds. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 512
#define ANSWER_MAX 262144
#define LIMIT_S 120.0

struct request {
        const char *bytes;
        size_t length;
};

struct connection {
        int fd;
        double sent_at;
        size_t length;
        char *answer;
};

static struct request *requests;
static size_t request_count, next_request, answers, good;
static double *times;

static double now(void)
{
        struct timespec time;
        clock_gettime(CLOCK_MONOTONIC, &time);
        return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void fail(const char *what)
{
        perror(what);
        exit(1);
}

static void read_requests(const char *path)
{
        FILE *file = fopen(path, "rb");
        struct stat status;
        if (!file || fstat(fileno(file), &status) < 0)
                fail(path);
        char *text = malloc((size_t)status.st_size + 1);
        if (!text || fread(text, 1, (size_t)status.st_size, file) != (size_t)status.st_size)
                fail(path);
        (void)fclose(file);
        text[status.st_size] = '\0';
        size_t capacity = 0;
        for (char *at = text; at < text + status.st_size;) {
                char *end;
                size_t length = strtoul(at, &end, 10);
                if (request_count == capacity) {
                        capacity = capacity ? capacity * 2 : 1024;
                        requests = realloc(requests, capacity * sizeof(*requests));
                        if (!requests)
                                fail("memory");
                }
                requests[request_count++] = (struct request){ end + 1, length };
                at = end + 1 + length;
        }
        times = calloc(request_count + 1, sizeof(*times));
        if (!times)
                fail("memory");
}

static bool send_next(struct connection *connection)
{
        if (next_request == request_count)
                return false;
        const struct request *request = &requests[next_request++];
        connection->length = 0;
        connection->sent_at = now();
        for (size_t done = 0; done < request->length;) {
                ssize_t n = write(connection->fd, request->bytes + done, request->length - done);
                if (n < 0)
                        fail("write");
                done += (size_t)n;
        }
        return true;
}

/* Is the answer whole? Its body is measured by Content-Length; 204 and 304 have none. */
static bool is_whole(const struct connection *connection)
{
        const char *end = memmem(connection->answer, connection->length, "\r\n\r\n", 4);
        if (!end)
                return false;
        const char *field = strcasestr(connection->answer, "\r\nContent-Length:");
        size_t body = field && field < end ? strtoul(field + 17, NULL, 10) : 0;
        return connection->length >= (size_t)(end + 4 - connection->answer) + body;
}

/* False: this connection has nothing more to do. */
static bool take(struct connection *connection)
{
        ssize_t n = read(connection->fd, connection->answer + connection->length, ANSWER_MAX - 1 - connection->length);
        if (n <= 0)
                fail("the server closed a connection");
        connection->length += (size_t)n;
        connection->answer[connection->length] = '\0';
        if (!is_whole(connection))
                return true;
        times[answers++] = now() - connection->sent_at;
        good += connection->answer[9] == '2';
        return send_next(connection);
}

static int connect_to(int port)
{
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = { htonl(INADDR_LOOPBACK) } };
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
        if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
                fail("connect");
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        return fd;
}

static int by_size(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;
        return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
        static struct connection connections[CONNECTIONS_MAX];
        struct epoll_event events[64];
        if (argc != 4 || atoi(argv[2]) < 1 || atoi(argv[2]) > CONNECTIONS_MAX) {
                (void)fprintf(stderr, "usage: load PORT CONNECTIONS FILE\n");
                return 2;
        }
        read_requests(argv[3]);
        int epoll = epoll_create1(EPOLL_CLOEXEC), busy = 0, count = atoi(argv[2]);
        double start = now();
        for (int i = 0; i < count; i++) {
                connections[i] = (struct connection){ .fd = connect_to(atoi(argv[1])), .answer = malloc(ANSWER_MAX) };
                struct epoll_event event = { .events = EPOLLIN, .data.ptr = &connections[i] };
                if (!connections[i].answer || epoll_ctl(epoll, EPOLL_CTL_ADD, connections[i].fd, &event) < 0)
                        fail("epoll");
                busy += send_next(&connections[i]);
        }
        while (busy > 0 && now() - start < LIMIT_S) {
                int ready = epoll_wait(epoll, events, 64, 5000);
                if (ready <= 0)
                        fail("no answer in 5 s");
                for (int i = 0; i < ready; i++)
                        busy -= !take(events[i].data.ptr);
        }
        double elapsed = now() - start;
        qsort(times, answers, sizeof(*times), by_size);
        printf("%zu %zu %.6f %.0f %.0f %.0f\n", answers, good, elapsed, times[answers / 2] * 1e6, times[answers * 99 / 100] * 1e6,
                answers ? times[answers - 1] * 1e6 : 0.0);
        return answers == request_count ? 0 : 1;
}
