/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of e-mail domains and the domains of addresses, in one form: ASCII, lower case, as DNS has them (R6). Compared exactly; a domain
 * never stands for those below it. */
#ifndef MODEL_EMAIL_DOMAIN_H
#define MODEL_EMAIL_DOMAIN_H

#include <stddef.h>
#include "base/arena.h"
#include "base/json.h"
#include "base/error.h"

#define DOMAIN_NAME_SIZE 236 /* with its NUL; the name of its record, a label in front, still fits into 253 bytes */
#define DOMAIN_RECORD_LABEL "_muster-challenge."
#define DOMAIN_RECORD_VALUE "muster-domain-verification="
#define DOMAINS_LISTED_MAX 100 /* by one connection */

/* The name in its one form. ERR_VALUE that names `field` and says what is wrong: labels of letters, digits and hyphens, two at least;
 * international names in their xn-- form. */
enum err domain_name_parse(const char *text, size_t length, const char *field, char ret[DOMAIN_NAME_SIZE], struct fault *fault) MUST_USE;

/* The domain of a folded address, inside it; NULL: it has none that could be proved, or is not written plainly (one @, no white space, quotes,
 * brackets, commas or control characters). */
const char *email_domain_of(const char *folded);

/* The folded primary address of a user's document, in the arena: the value marked so, else the only one; *ret NULL: there is none. */
enum err email_primary(const json_t *document, struct arena *arena, const char **ret, struct fault *fault) MUST_USE;
/* Does a user's document hold this address? */
enum err email_is_held(const json_t *document, const char *folded, struct arena *arena, bool *ret, struct fault *fault) MUST_USE;

#endif
