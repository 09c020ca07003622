/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of e-mail domains, for whoever reads or writes. */
#ifndef DIRECTORY_DOMAIN_ROW_H
#define DIRECTORY_DOMAIN_ROW_H

#include "directory/domain.h"

/* The value that the TXT record must have, and its name, in the arena; NULL: out of memory. */
const char *domain_record_value(struct arena *arena, const char *token);
const char *domain_record_name(struct arena *arena, const char *name);

enum err domain_load(struct session *session, int64_t root_no, int64_t no, struct arena *arena, struct domain_row *ret, struct fault *fault)
        MUST_USE;
/* Is it verified, by this root, now? */
enum err domain_is_verified(struct session *session, int64_t root_no, const char *name, bool *ret, struct fault *fault) MUST_USE;
/* Does a connection's document list it? */
bool domain_is_listed(const json_t *connection, const char *name);

/* R6: the user's verified e-mail, folded, in the arena; *ret NULL: he has none. His primary address, of a domain that this root has verified,
 * said by a source whose word counts: the root's own (local), or a connection that lists the domain and whose kind vouches. */
enum err email_verified(
        struct session *session, int64_t root_no, const struct resource_row *user, struct arena *arena, const char **ret, struct fault *fault)
        MUST_USE;

#endif
