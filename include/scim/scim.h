/* SPDX-License-Identifier: Apache-2.0
 *
 * SCIM 2.0 (RFC 7643, 7644) under /scim/v2: the token names the connection. */
#ifndef SCIM_SCIM_H
#define SCIM_SCIM_H

#include "directory/directory.h"
#include "http/route.h"

/* The face's routes; handlers find the directory through scim_use, called once before the server starts. */
void scim_use(struct directory *directory);
extern const struct route_table scim_routes;
extern const struct route_table scim_admin_routes; /* of /api/v1, for machine identities */
/* Counts a request of a connection, and leaves writes and refusals in the request log (R19); other requests are not looked at. */
void scim_request_finished(const struct request *request, int64_t duration_us);

#endif
