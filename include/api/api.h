/* SPDX-License-Identifier: Apache-2.0
 *
 * The management API under /api/v1 (docs/api.md) and the decisions of OpenID AuthZEN 1.0 under /access/v1. */
#ifndef API_API_H
#define API_API_H

#include "directory/directory.h"
#include "http/route.h"

/* Handlers find the directory through api_use, called once before the server starts. */
void api_use(struct directory *directory);
extern const struct route_table api_routes;      /* /api/v1 */
extern const struct route_table decision_routes; /* /access/v1 and /.well-known/authzen-configuration */

#endif
