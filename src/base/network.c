/* SPDX-License-Identifier: Apache-2.0
 *
 * See base/network.h. */
#include "base/network.h"

#include <arpa/inet.h>
#include <string.h>
#include "base/text.h"

#define TEXT_MAX 63 /* the longest address with its prefix is shorter */

static const unsigned char mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

void address_map_v4(const void *four_bytes, unsigned char ret[ADDRESS_SIZE])
{
        memcpy(ret, mapped, sizeof(mapped));
        memcpy(ret + sizeof(mapped), four_bytes, 4);
}

bool address_is_v4(const unsigned char address[ADDRESS_SIZE])
{
        return memcmp(address, mapped, sizeof(mapped)) == 0;
}

static bool parse(const char *text, unsigned char ret[ADDRESS_SIZE], bool *ret_is_v4)
{
        unsigned char four_bytes[4];
        *ret_is_v4 = inet_pton(AF_INET, text, four_bytes) == 1;
        if (*ret_is_v4)
                address_map_v4(four_bytes, ret);
        return *ret_is_v4 || inet_pton(AF_INET6, text, ret) == 1;
}

bool address_parse(const char *text, unsigned char ret[ADDRESS_SIZE])
{
        bool is_v4;
        return parse(text, ret, &is_v4);
}

bool network_parse(const char *text, size_t length, struct network *ret)
{
        char copy[TEXT_MAX + 1];
        struct network network;
        bool is_v4;
        int64_t bits = -1;
        if (length > TEXT_MAX || memchr(text, '\0', length))
                return false;
        memcpy(copy, text, length);
        copy[length] = '\0';
        char *slash = strchr(copy, '/');
        if (slash)
                *slash = '\0';
        if (!parse(copy, network.bytes, &is_v4) || (slash && !text_parse_i64(slash + 1, 0, is_v4 ? 32 : 128, &bits)))
                return false;
        network.prefix_bits = bits < 0 ? 128 : (unsigned)bits + (is_v4 ? 96 : 0);
        *ret = network;
        return true;
}

bool endpoint_parse(const char *text, unsigned char ret_address[4], unsigned *ret_port)
{
        char address[TEXT_MAX + 1];
        const char *colon = strrchr(text, ':');
        int64_t port;
        if (!colon || (size_t)(colon - text) > TEXT_MAX || !text_parse_i64(colon + 1, 1, 65535, &port))
                return false;
        memcpy(address, text, (size_t)(colon - text));
        address[colon - text] = '\0';
        if (inet_pton(AF_INET, address, ret_address) != 1)
                return false;
        *ret_port = (unsigned)port;
        return true;
}

bool network_holds(const struct network *network, const unsigned char address[ADDRESS_SIZE])
{
        unsigned whole = network->prefix_bits / 8, rest = network->prefix_bits % 8;
        if (memcmp(network->bytes, address, whole) != 0)
                return false;
        return rest == 0 || ((network->bytes[whole] ^ address[whole]) & (0xff << (8 - rest)) & 0xff) == 0;
}
