/* SPDX-License-Identifier: Apache-2.0
 *
 * Addresses and networks as text and as 16 bytes (IPv4 mapped), so that one comparison serves both families. */
#ifndef BASE_NETWORK_H
#define BASE_NETWORK_H

#include <stdbool.h>
#include <stddef.h>

#define ADDRESS_SIZE 16

struct network {
        unsigned char bytes[ADDRESS_SIZE]; /* IPv4 as ::ffff:a.b.c.d */
        unsigned prefix_bits;
};

/* "10.1.2.3", "2001:db8::1"; false: anything else. */
bool address_parse(const char *text, unsigned char ret[ADDRESS_SIZE]);
/* Does it stand for an IPv4 address? */
bool address_is_v4(const unsigned char address[ADDRESS_SIZE]);
/* IPv4 as four bytes into the form above. */
void address_map_v4(const void *four_bytes, unsigned char ret[ADDRESS_SIZE]);

/* An address, or a network such as 10.0.0.0/8 or 2001:db8::/32; false: anything else. */
bool network_parse(const char *text, size_t length, struct network *ret);
/* "192.0.2.1:53": an IPv4 address as four bytes and a port above 0; false: anything else. */
bool endpoint_parse(const char *text, unsigned char ret_address[4], unsigned *ret_port);
bool network_holds(const struct network *network, const unsigned char address[ADDRESS_SIZE]);

#endif
