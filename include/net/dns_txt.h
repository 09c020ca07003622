/* SPDX-License-Identifier: Apache-2.0
 *
 * One question to DNS: does a name have this TXT record? Blocks, for DNS_WAIT_S at most: never from a loop or a writer. */
#ifndef NET_DNS_TXT_H
#define NET_DNS_TXT_H

#include <stdbool.h>

#define DNS_WAIT_S 10

enum dns_answer {
        DNS_UNREACHABLE = 0, /* no answer, or one that says nothing of the name (SERVFAIL, REFUSED) */
        DNS_ABSENT,          /* answered, and no such record */
        DNS_FOUND,
};

/* `value` is compared byte for byte with the strings of each record, put together. `server` "": the resolvers of the system; else
 * "ADDRESS:PORT" of IPv4 (endpoint_parse). */
enum dns_answer dns_txt_find(const char *server, const char *name, const char *value);

#endif
