/* SPDX-License-Identifier: Apache-2.0
 *
 * See proxy.h. */
#include "http/proxy.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static bool address_of(const struct sockaddr *peer, unsigned char ret[16])
{
        if (peer && peer->sa_family == AF_INET) {
                address_map_v4(&((const struct sockaddr_in *)(const void *)peer)->sin_addr, ret);
                return true;
        }
        if (peer && peer->sa_family == AF_INET6) {
                memcpy(ret, &((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr, 16);
                return true;
        }
        return false;
}

static void bytes_format(const unsigned char bytes[16], char ret[ADDRESS_TEXT_SIZE])
{
        bool is_v4 = address_is_v4(bytes);
        if (!inet_ntop(is_v4 ? AF_INET : AF_INET6, is_v4 ? bytes + 12 : bytes, ret, ADDRESS_TEXT_SIZE))
                (void)snprintf(ret, ADDRESS_TEXT_SIZE, "unknown");
}

enum err proxy_list_parse(const char *text, struct proxy_list *ret, struct fault *fault)
{
        struct proxy_list list = { 0 };
        for (const char *at = text ? text : ""; *at;) {
                at += strspn(at, ", \t");
                size_t length = strcspn(at, ", \t");
                if (length == 0)
                        break;
                if (list.count == PROXIES_MAX)
                        return fault_set(
                                fault, ERR_VALUE, "trusted_proxies", "More than %d trusted proxies; name a network instead.", PROXIES_MAX);
                if (!network_parse(at, length, &list.networks[list.count++]))
                        return fault_set(fault, ERR_VALUE, "trusted_proxies", "'%.*s' is not an address or network such as 10.0.0.0/8.",
                                length < 64 ? (int)length : 64, at);
                at += length;
        }
        *ret = list;
        return ERR_OK;
}

bool proxy_is_trusted(const struct proxy_list *list, const struct sockaddr *peer)
{
        unsigned char address[16];
        if (list->count > 0 && peer && peer->sa_family == AF_UNIX)
                return true;
        if (!address_of(peer, address))
                return false;
        for (unsigned i = 0; i < list->count; i++)
                if (network_holds(&list->networks[i], address))
                        return true;
        return false;
}

void address_format(const struct sockaddr *peer, char ret[ADDRESS_TEXT_SIZE])
{
        unsigned char address[16];
        if (address_of(peer, address))
                bytes_format(address, ret);
        else
                (void)snprintf(ret, ADDRESS_TEXT_SIZE, peer && peer->sa_family == AF_UNIX ? "unix" : "unknown");
}

bool forwarded_client(const char *value, char ret[ADDRESS_TEXT_SIZE])
{
        const char *last = strrchr(value, ',');
        last = last ? last + 1 : value;
        last += strspn(last, " \t");
        char text[64];
        size_t length = strcspn(last, " \t");
        if (length == 0 || length >= sizeof(text) || last[length + strspn(last + length, " \t")] != '\0')
                return false;
        memcpy(text, last, length);
        text[length] = '\0';
        char *address = text;
        if (text[0] == '[') {
                char *end = strchr(text, ']');
                if (!end)
                        return false;
                *end = '\0';
                address = text + 1;
        } else if (strchr(text, ':') && strchr(text, ':') == strrchr(text, ':'))
                *strchr(text, ':') = '\0';
        unsigned char bytes[16];
        if (!address_parse(address, bytes))
                return false;
        bytes_format(bytes, ret);
        return true;
}
