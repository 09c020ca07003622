/* SPDX-License-Identifier: Apache-2.0
 *
 * Tokens as the management API names them: what one may, and those that a connection or machine identity has. */
#ifndef API_TOKEN_H
#define API_TOKEN_H

#include "view.h"

/* The bit of "users", "groups" or "read"; 0: no such scope, or NULL. */
unsigned scope_find(const char *name);
/* ,"tokens":[{"created_at","expires_at","last_used_at","scopes":["users","groups"]}], the oldest first; scopes only of a connection's. */
enum err view_tokens(struct view *view, const struct resource_row *owner, struct buffer *into, struct fault *fault) MUST_USE;

#endif
