/* SPDX-License-Identifier: Apache-2.0
 *
 * The ceiling of a connection (R8): what its groups and mapping rules may confer at most, named as a list of roles, "organization:member".
 * A connection without a list has the default: nobody is above the ceiling by having been forgotten. */
#ifndef MODEL_CEILING_H
#define MODEL_CEILING_H

#include "base/json.h"
#include "model/permission.h"

/* Every project permission but those that hand rights out: what "project roles without member, role or grant actions" hold. */
#define CEILING_REGULAR "project:regular"

/* What the roles of the list hold together. NULL: the default. ERR_VALUE: not a list of roles. */
enum err ceiling_parse(const json_t *roles, struct permission_set *ret, struct fault *fault) MUST_USE;
/* ["organization:member","project:regular"]; new reference, NULL: out of memory. */
json_t *ceiling_default(void);

/* Does it change who may do what, or more than a member or auditor may? In an organisation whatever neither member nor auditor holds; in a
 * project any action but `read` on members, groups, identities and roles. A role that holds such a permission is an admin role. */
bool permission_is_administrative(int permission);
bool permission_set_is_administrative(const struct permission_set *set);

#endif
