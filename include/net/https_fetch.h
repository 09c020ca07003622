/* SPDX-License-Identifier: Apache-2.0
 *
 * One outbound HTTP call under limits: bytes, time, protocols. Redirects, proxies from the environment, compressed bodies and
 * credentials inside a URL are never used. The zero value refuses plain HTTP; a bearer token in clear never leaves the host. */
#ifndef NET_HTTPS_FETCH_H
#define NET_HTTPS_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include "base/buffer.h"
#include "base/error.h"
#include "base/secret.h"

struct sockaddr;

/* May plain HTTP be used at all? Judged by the address that is really connected to, not by the name. A unix socket counts as loopback. */
enum fetch_plain { FETCH_PLAIN_NEVER = 0, FETCH_PLAIN_LOOPBACK, FETCH_PLAIN_ANYWHERE };

#define FETCH_RESPONSE_MAX_BYTES ((size_t)1 << 20) /* when the request names no limit */
#define FETCH_HEADERS_MAX_BYTES ((size_t)64 << 10)
#define FETCH_TIMEOUT_MS 30000L
#define FETCH_URL_MAX_BYTES 8192

struct fetch_request {
        const char *method;          /* NULL: GET */
        const char *url;             /* http: or https:, or with `unix_socket` any host */
        const char *unix_socket;     /* path; NULL: TCP */
        const char *const *headers;  /* "Name: value", NULL-terminated; NULL: none */
        const struct secret *bearer; /* sent as Authorization: Bearer; NULL or empty: none */
        const char *content_type;    /* of the body */
        const void *body;            /* NULL: none */
        size_t body_bytes;
        size_t response_max_bytes; /* 0: FETCH_RESPONSE_MAX_BYTES */
        long timeout_ms;           /* whole call; 0: FETCH_TIMEOUT_MS */
        enum fetch_plain plain;
        const char *ca_file; /* PEM; NULL: those of the system */
        /* Asked for each address before it is connected to; false refuses it. NULL: any. */
        bool (*may_connect)(void *context, const struct sockaddr *address, size_t address_bytes);
        void *context;
};

struct fetch_response {
        int status;
        struct buffer body;
        struct buffer headers; /* of the final answer: lines "Name: value\r\n" */
};
void fetch_response_done(struct fetch_response *response);
static inline void auto_fetch_response_done(struct fetch_response *response)
{
        fetch_response_done(response);
}
#define auto_fetch_response __attribute__((cleanup(auto_fetch_response_done))) struct fetch_response

/* Copies the value of the first header of this name (ASCII case-insensitive) without the blanks around it. False: absent, or longer
 * than `size` - 1; then `ret` is "". */
bool fetch_header(const struct fetch_response *response, const char *name, char *ret, size_t size);

/* Once in main, before threads. */
enum err fetch_library_init(void) MUST_USE;
void fetch_library_done(void);

/* Keeps connections open between calls; for one thread at a time. NULL: out of memory. */
struct fetcher;
struct fetcher *fetcher_new(void);
void fetcher_free(struct fetcher *fetcher);

/* Any HTTP status is ERR_OK. ERR_VALUE: the URL or a header; ERR_FORBIDDEN: address or plain HTTP refused; ERR_UNAVAILABLE: not reached
 * or not trusted (certificate); ERR_DEADLINE: no whole answer in time; ERR_TOO_LARGE; ERR_MEMORY. `ret` is filled only on ERR_OK;
 * release it with fetch_response_done. */
enum err fetch_run(struct fetcher *fetcher, const struct fetch_request *request, struct fetch_response *ret, struct fault *fault) MUST_USE;

#endif
