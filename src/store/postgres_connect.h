/* SPDX-License-Identifier: Apache-2.0
 *
 * Connections to PostgreSQL and the installation lock. */
#ifndef STORE_POSTGRES_CONNECT_H
#define STORE_POSTGRES_CONNECT_H

#include <libpq-fe.h>
#include "store/engine.h"

enum err postgres_connect(struct store *store, enum engine_role role, PGconn **ret, struct fault *fault) MUST_USE;
enum err postgres_shared_open(struct store *store, const struct store_options *options, struct fault *fault) MUST_USE;
void postgres_shared_close(struct store *store);
/* Before a writer's transaction: is the installation lock still ours? Taken again after a lost connection, unless another program was
 * faster. */
enum err postgres_lock_check(struct store *store, struct fault *fault) MUST_USE;
/* ANALYZE for tables that more than doubled since their last one (postgres_analyze). */
enum err postgres_analyze_grown(PGconn *server, struct fault *fault) MUST_USE;
/* The same on a connection that is kept for it; for one thread. */
enum err postgres_shared_analyze(struct store *store, struct fault *fault) MUST_USE;

#endif
