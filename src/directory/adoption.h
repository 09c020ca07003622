/* SPDX-License-Identifier: Apache-2.0
 *
 * Which users a connection may adopt (R13), judged from rows by whoever reads or writes. */
#ifndef DIRECTORY_ADOPTION_H
#define DIRECTORY_ADOPTION_H

#include "store/rows.h"

struct adoption {
        struct session *session;
        struct arena *arena;
        int64_t root_no, connection_no;
        const char *upstream;  /* id of the authority whose users it adopts; NULL: none */
        const char **domains;  /* whose users it adopts by their verified e-mail */
        size_t domain_count;
};
/* Fills upstream or domains; the others are given. */
enum err adoption_open(struct adoption *adoption, struct fault *fault) MUST_USE;
/* Does it adopt anybody at all? */
bool adoption_is_on(const struct adoption *adoption);
/* May it adopt this live user? One that it has not claimed itself, nor let go, and that a connection of the same upstream claims, or whose
 * verified e-mail (R6) is of a domain that it lists. */
enum err adoption_allows(const struct adoption *adoption, int64_t user_no, bool *ret, struct fault *fault) MUST_USE;
/* The user that other connections (of the upstream, or any) know by this externalId, byte for byte; *ret_no 0: none, or more than one. */
enum err adoption_find_external(const struct adoption *adoption, const char *external_id, int64_t *ret_no, struct fault *fault) MUST_USE;

#endif
