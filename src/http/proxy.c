/* SPDX-License-Identifier: Apache-2.0
 *
 * All addresses become 16 bytes (IPv4 mapped), so that one comparison serves both families. */
#include "http/proxy.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static const unsigned char mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

static bool address_parse(const char *text, unsigned char ret[16], bool *ret_is_v4)
{
        *ret_is_v4 = inet_pton(AF_INET, text, ret + 12) == 1;
        if (*ret_is_v4)
                memcpy(ret, mapped, sizeof(mapped));
        return *ret_is_v4 || inet_pton(AF_INET6, text, ret) == 1;
}

static bool address_of(const struct sockaddr *peer, unsigned char ret[16])
{
        if (peer && peer->sa_family == AF_INET) {
                memcpy(ret, mapped, sizeof(mapped));
                memcpy(ret + 12, &((const struct sockaddr_in *)(const void *)peer)->sin_addr, 4);
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
        bool is_v4 = memcmp(bytes, mapped, sizeof(mapped)) == 0;
        if (!inet_ntop(is_v4 ? AF_INET : AF_INET6, is_v4 ? bytes + 12 : bytes, ret, ADDRESS_TEXT_SIZE))
                (void)snprintf(ret, ADDRESS_TEXT_SIZE, "unknown");
}

static bool network_parse(char *text, struct network *ret)
{
        bool is_v4;
        char *slash = strchr(text, '/');
        int64_t bits = -1;
        if (slash)
                *slash = '\0';
        if (!address_parse(text, ret->bytes, &is_v4) || (slash && !text_parse_i64(slash + 1, 0, is_v4 ? 32 : 128, &bits)))
                return false;
        ret->prefix_bits = bits < 0 ? 128 : (unsigned)bits + (is_v4 ? 96 : 0);
        return true;
}

enum err proxy_list_parse(const char *text, struct proxy_list *ret, struct fault *fault)
{
        struct proxy_list list = { 0 };
        char item[64];
        for (const char *at = text ? text : ""; *at;) {
                at += strspn(at, ", \t");
                size_t length = strcspn(at, ", \t");
                if (length == 0)
                        break;
                (void)snprintf(item, sizeof(item), "%.*s", length < sizeof(item) ? (int)length : 0, at);
                if (list.count == PROXIES_MAX)
                        return fault_set(
                                fault, ERR_VALUE, "trusted_proxies", "More than %d trusted proxies; name a network instead.", PROXIES_MAX);
                if (!network_parse(item, &list.networks[list.count++]))
                        return fault_set(fault, ERR_VALUE, "trusted_proxies", "'%.*s' is not an address or network such as 10.0.0.0/8.",
                                length < 64 ? (int)length : 64, at);
                at += length;
        }
        *ret = list;
        return ERR_OK;
}

static bool network_holds(const struct network *network, const unsigned char address[16])
{
        unsigned whole = network->prefix_bits / 8, rest = network->prefix_bits % 8;
        if (memcmp(network->bytes, address, whole) != 0)
                return false;
        return rest == 0 || ((network->bytes[whole] ^ address[whole]) & (0xff << (8 - rest)) & 0xff) == 0;
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
        bool is_v4;
        if (!address_parse(address, bytes, &is_v4))
                return false;
        bytes_format(bytes, ret);
        return true;
}
