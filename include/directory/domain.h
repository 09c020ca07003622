/* SPDX-License-Identifier: Apache-2.0
 *
 * E-mail domains of a root (R6): pending until proved by a TXT record or an operator's word, verified, and lapsed when the record is gone.
 * Many roots may have one pending; verified it is for one of them. Only verified ones count, and only while they are. */
#ifndef DIRECTORY_DOMAIN_H
#define DIRECTORY_DOMAIN_H

#include "directory/change.h"
#include "directory/query.h"

enum domain_state { DOMAIN_PENDING = 1, DOMAIN_VERIFIED, DOMAIN_LAPSED };
enum domain_proof { DOMAIN_UNPROVED, DOMAIN_BY_DNS, DOMAIN_BY_OPERATOR };
const char *domain_state_name(enum domain_state state);
const char *domain_proof_name(enum domain_proof proof); /* NULL: unproved */

struct domain_row {
        enum domain_state state;
        enum domain_proof proof;
        const char *token; /* random; in the arena */
        int64_t verified_us, checked_us;
        int64_t failed_us; /* since when the record is not found; 0: it was, or nobody has looked */
        int64_t absent_us; /* since when DNS answers that it is not there; 0: it has not, since it was */
};
enum err query_domain(const struct query *query, int64_t no, struct domain_row *ret, struct fault *fault) MUST_USE;

/* Before a change that verifies a domain by DNS: asks for its record, blocking DNS_WAIT_S at most, and fills change->proved. ERR_CONFLICT: there is no such
 * record; ERR_UNAVAILABLE: DNS says nothing, or too many ask at once. Judged for email-domains:verify-domain first. */
enum err domain_look_up(const struct query *query, struct change *change, struct fault *fault) MUST_USE;

/* Looks up the records of verified domains that are due; for a thread that may wait. `goes_on`: asked before each. */
void directory_check_domains(struct directory *directory, struct session *reader, bool (*goes_on)(void *context), void *context);

#endif
