/* SPDX-License-Identifier: Apache-2.0
 *
 * TXT look-ups with the C library's resolver, on a state of its own for each: nothing is shared, no search list is applied, answers over
 * UDP that were cut are asked for again over TCP. Whatever cannot be read is DNS_UNREACHABLE. */
#include "net/dns_txt.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdlib.h>
#include <string.h>
#include "base/auto.h"
#include "base/network.h"

#define ANSWER_MAX_BYTES 65535
#define SERVERS_MAX 2
#define TRY_S 2
#define TRIES 2

/* Does the record's text, its strings put together, equal `value`? */
static bool is_text(const unsigned char *data, size_t length, const char *value)
{
        size_t wanted = strlen(value), matched = 0;
        for (size_t at = 0; at < length;) {
                size_t part = data[at++];
                if (part > length - at || part > wanted - matched || memcmp(data + at, value + matched, part) != 0)
                        return false;
                at += part;
                matched += part;
        }
        return matched == wanted;
}

static enum dns_answer read_answer(const unsigned char *answer, int length, const char *value)
{
        ns_msg message;
        ns_rr record;
        if (ns_initparse(answer, length, &message))
                return DNS_UNREACHABLE;
        for (int i = 0; i < ns_msg_count(message, ns_s_an); i++) {
                if (ns_parserr(&message, ns_s_an, i, &record))
                        return DNS_UNREACHABLE;
                if (ns_rr_class(record) == ns_c_in && ns_rr_type(record) == ns_t_txt &&
                        is_text(ns_rr_rdata(record), ns_rr_rdlen(record), value))
                        return DNS_FOUND;
        }
        return DNS_ABSENT;
}

static bool use_server(struct __res_state *state, const char *server)
{
        struct sockaddr_in address = { .sin_family = AF_INET };
        unsigned port;
        if (!endpoint_parse(server, (unsigned char *)&address.sin_addr.s_addr, &port))
                return false;
        address.sin_port = htons((uint16_t)port);
        state->nsaddr_list[0] = address;
        state->nscount = 1;
        return true;
}

static enum dns_answer ask(struct __res_state *state, const char *name, const char *value)
{
        auto_free_ unsigned char *answer = malloc(ANSWER_MAX_BYTES);
        if (!answer)
                return DNS_UNREACHABLE;
        int length = res_nquery(state, name, ns_c_in, ns_t_txt, answer, ANSWER_MAX_BYTES);
        if (length < 0)
                return state->res_h_errno == HOST_NOT_FOUND || state->res_h_errno == NO_DATA ? DNS_ABSENT : DNS_UNREACHABLE;
        return read_answer(answer, length < ANSWER_MAX_BYTES ? length : ANSWER_MAX_BYTES, value);
}

enum dns_answer dns_txt_find(const char *server, const char *name, const char *value)
{
        struct __res_state state = { 0 };
        enum dns_answer answer = DNS_UNREACHABLE;
        if (res_ninit(&state))
                return DNS_UNREACHABLE;
        bool usable = !*server || use_server(&state, server);
        if (state.nscount > SERVERS_MAX)
                state.nscount = SERVERS_MAX;
        state.retrans = TRY_S;
        state.retry = TRIES;
        state.options &= ~(unsigned long)(RES_DNSRCH | RES_DEFNAMES);
        if (usable)
                answer = ask(&state, name, value);
        res_nclose(&state);
        return answer;
}
