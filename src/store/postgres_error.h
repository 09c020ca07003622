/* SPDX-License-Identifier: Apache-2.0
 *
 * SQLSTATEs as our errors. */
#ifndef STORE_POSTGRES_ERROR_H
#define STORE_POSTGRES_ERROR_H

#include <libpq-fe.h>
#include "store/engine.h"

/* `result` may be NULL: the connection failed before an answer came. */
enum err postgres_error(PGconn *connection, const PGresult *result, enum failure *ret_failure, struct fault *fault);

#endif
