/* SPDX-License-Identifier: Apache-2.0
 *
 * Addresses of peers, the list of trusted proxies, and the one header that a trusted proxy may set: the last hop of X-Forwarded-For
 * (R33). Peers on a unix socket are local by its file mode; they count as trusted when any proxy is named. */
#ifndef HTTP_PROXY_H
#define HTTP_PROXY_H

#include <stdbool.h>
#include <sys/socket.h>
#include "base/error.h"
#include "base/network.h"

#define ADDRESS_TEXT_SIZE 48
#define PROXIES_MAX 64

struct proxy_list {
        unsigned count;
        struct network networks[PROXIES_MAX];
};

/* "127.0.0.1, 10.0.0.0/8, ::1"; NULL or "": none. */
enum err proxy_list_parse(const char *text, struct proxy_list *ret, struct fault *fault) MUST_USE;
bool proxy_is_trusted(const struct proxy_list *list, const struct sockaddr *peer);
/* "127.0.0.1", "::1", "unix", "unknown"; mapped IPv4 addresses as IPv4. */
void address_format(const struct sockaddr *peer, char ret[ADDRESS_TEXT_SIZE]);
/* The last element of a X-Forwarded-For value, without port; false: not an address. */
bool forwarded_client(const char *value, char ret[ADDRESS_TEXT_SIZE]);

#endif
