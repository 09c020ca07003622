/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DIRECTORY_HEALTH_ROW_H
#define DIRECTORY_HEALTH_ROW_H

#include "pulse.h"
#include "store/store.h"

/* In a write job: merges what came into the connection's row. */
enum err health_store(struct session *session, const struct pulse *pulse, struct fault *fault) MUST_USE;
/* What the request log has in memory of it. */
struct scim_log;
struct pulse scim_log_pulse(struct scim_log *log, int64_t root_no, int64_t connection_no, int64_t now_us);

#endif
