/* SPDX-License-Identifier: Apache-2.0
 *
 * The bar for decisions: the least that a libmicrohttpd server can do with the same request. It reads a POST body, parses it with jansson
 * as musterd does (duplicate keys refused) and answers a fixed decision. Prints its port; then, for each line on standard input, what one parse
 * of that line takes (microseconds of CPU): work without the kernel. Ends on SIGTERM or when standard input ends. */
#include <arpa/inet.h>
#include <jansson.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PARSES 50000

static const char yes[] = "{\"decision\":true,\"context\":{\"revision\":\"abcdefgh.1.1\"}}";

struct upload {
        size_t length;
        char bytes[65536];
};

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, const char *body)
{
        struct MHD_Response *response = MHD_create_response_from_buffer(strlen(body), (void *)(uintptr_t)body, MHD_RESPMEM_PERSISTENT);
        if (!response)
                return MHD_NO;
        MHD_add_response_header(response, "Content-Type", "application/json");
        enum MHD_Result result = MHD_queue_response(connection, status, response);
        MHD_destroy_response(response);
        return result;
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
        const char *data, size_t *size, void **state)
{
        (void)context, (void)url, (void)version, (void)method;
        struct upload *upload = *state;
        if (!upload) {
                *state = upload = malloc(sizeof(*upload));
                if (!upload)
                        return MHD_NO;
                upload->length = 0;
                return MHD_YES;
        }
        if (*size) {
                if (upload->length + *size > sizeof(upload->bytes))
                        return MHD_NO;
                memcpy(upload->bytes + upload->length, data, *size);
                upload->length += *size;
                *size = 0;
                return MHD_YES;
        }
        json_t *body = json_loadb(upload->bytes, upload->length, JSON_REJECT_DUPLICATES, NULL);
        enum MHD_Result result = answer(connection, body ? 200 : 400, body ? yes : "{}");
        json_decref(body);
        return result;
}

static void completed(void *context, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode why)
{
        (void)context, (void)connection, (void)why;
        free(*state);
        *state = NULL;
}

static double thread_us(void)
{
        struct timespec now;
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
        return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static double parse_us(const char *text)
{
        size_t length = strlen(text);
        double before = thread_us();
        for (int i = 0; i < PARSES; i++)
                json_decref(json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL));
        return (thread_us() - before) / PARSES;
}

int main(void)
{
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
        struct MHD_Daemon *daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, handle, NULL, MHD_OPTION_SOCK_ADDR, &address,
                MHD_OPTION_NOTIFY_COMPLETED, completed, NULL, MHD_OPTION_END);
        if (!daemon)
                return 1;
        printf("%d\n", (int)MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
        fflush(stdout);
        char line[4096];
        while (fgets(line, sizeof(line), stdin)) {
                printf("%.4f\n", parse_us(line));
                fflush(stdout);
        }
        MHD_stop_daemon(daemon);
        return 0;
}
