/* SPDX-License-Identifier: Apache-2.0
 *
 * The body of an AuthZEN evaluation as a question. */
#ifndef API_QUESTION_H
#define API_QUESTION_H

#include "access/access.h"
#include "base/json.h"

struct asked {
        struct question question; /* without at_us */
        const char *at_least;     /* context.at_least; NULL: none */
};

/* Texts live as long as `body`. ERR_VALUE names what is missing, empty or of a wrong type; unknown fields are ignored. */
enum err question_parse(const json_t *body, struct asked *ret, struct fault *fault) MUST_USE;

#endif
