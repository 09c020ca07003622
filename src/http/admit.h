/* SPDX-License-Identifier: Apache-2.0
 *
 * The judgement on a request when its headers are whole and before its body is read: gate, address, route, caller, body rules. */
#ifndef HTTP_ADMIT_H
#define HTTP_ADMIT_H

#include "http/exchange.h"

/* As the library names them. */
struct first_line {
        const char *method, *url, *version;
};

/* Fills the request. Otherwise the refusal is written into its reply, and exchange->answer_now says whether to wait for the body. */
enum err admit(struct exchange *exchange, const struct first_line *line) MUST_USE;

#endif
