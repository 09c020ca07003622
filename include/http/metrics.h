/* SPDX-License-Identifier: Apache-2.0
 *
 * All metrics of the program, one row each; Prometheus text format 0.0.4. No user or tenant names as labels. Lock-free counters. */
#ifndef HTTP_METRICS_H
#define HTTP_METRICS_H

#include <stdint.h>
#include "base/buffer.h"

/* Requests of connections by operation and class of status. */
#define SCIM_METRICS(X, code, op)                                                                                    \
        X(METRIC_SCIM_##code, COUNTER, "muster_scim_requests_total", "op=\"" op "\",code=\"2xx\"", "SCIM requests")    \
        X(METRIC_SCIM_##code##_3XX, COUNTER, "muster_scim_requests_total", "op=\"" op "\",code=\"3xx\"", "SCIM requests") \
        X(METRIC_SCIM_##code##_4XX, COUNTER, "muster_scim_requests_total", "op=\"" op "\",code=\"4xx\"", "SCIM requests") \
        X(METRIC_SCIM_##code##_5XX, COUNTER, "muster_scim_requests_total", "op=\"" op "\",code=\"5xx\"", "SCIM requests")

/* X(code, kind, name, label text or "", help); rows of one name stand together. */
#define METRICS(X)                                                                                                                    \
        X(METRIC_BUILD_INFO, GAUGE, "muster_build_info", "version=\"" MUSTER_VERSION "\"", "Always 1")                                \
        X(METRIC_CONNECTIONS, GAUGE, "muster_http_open_connections", "", "Open client connections")                                   \
        X(METRIC_GATE_REFUSED, COUNTER, "muster_http_gate_refused_total", "", "Requests refused by the gate as malformed or hostile") \
        X(METRIC_QUEUE_FULL, COUNTER, "muster_http_queue_full_total", "", "Requests answered 503 because the job queue was full")     \
        X(METRIC_JOBS_QUEUED, GAUGE, "muster_http_jobs_queued", "", "Jobs waiting for a worker")                                      \
        X(METRIC_DECISION_TRUE, COUNTER, "muster_decision_total", "effect=\"allow\"", "Decisions answered")                           \
        X(METRIC_DECISION_FALSE, COUNTER, "muster_decision_total", "effect=\"deny\"", "Decisions answered")                           \
        X(METRIC_DECISION_ERROR, COUNTER, "muster_decision_total", "effect=\"error\"", "Decisions answered")                          \
        X(METRIC_COMMITS, COUNTER, "muster_store_commits_total", "", "Committed write transactions")                                  \
        X(METRIC_CHANGES, COUNTER, "muster_store_changes_total", "", "Changes acknowledged")                                          \
        X(METRIC_STORE_ERRORS, COUNTER, "muster_store_errors_total", "", "Statements or commits that failed in the database")         \
        X(METRIC_LEDGER_CHANGE, COUNTER, "muster_audit_events_total", "class=\"change\"", "Ledger entries written")                   \
        X(METRIC_LEDGER_NOTICE, COUNTER, "muster_audit_events_total", "class=\"notice\"", "Ledger entries written")                   \
        X(METRIC_LEDGER_ALERT, COUNTER, "muster_audit_events_total", "class=\"alert\"", "Ledger entries written")                     \
        X(METRIC_CHECKPOINTS, COUNTER, "muster_audit_checkpoints_total", "", "Signed ledger checkpoints")                             \
        SCIM_METRICS(X, READ, "read")                                                                                                 \
        SCIM_METRICS(X, CREATE, "create")                                                                                             \
        SCIM_METRICS(X, REPLACE, "replace")                                                                                           \
        SCIM_METRICS(X, PATCH, "patch")                                                                                               \
        SCIM_METRICS(X, DELETE, "delete")                                                                                             \
        X(METRIC_SCIM_LAST_SUCCESS, GAUGE, "muster_scim_last_success_timestamp_seconds", "", "Last SCIM request that succeeded")      \
        X(METRIC_SCIM_OLDEST_SUCCESS, GAUGE, "muster_scim_oldest_success_timestamp_seconds", "",                                      \
                "Last success of the enabled connection that has waited longest for one; 0: none")                                    \
        X(METRIC_SCIM_RATE_LIMITED, COUNTER, "muster_scim_rate_limited_total", "", "SCIM requests above the rate of a connection")    \
        X(METRIC_SCIM_LOG_DROPPED, COUNTER, "muster_scim_log_dropped_total", "", "Rows of the request log that were lost")            \
        X(METRIC_GRAPH_ROOTS, GAUGE, "muster_graph_roots", "", "Roots loaded in memory")                                              \
        X(METRIC_GRAPH_BYTES, GAUGE, "muster_graph_bytes", "", "Memory of all loaded roots")                                          \
        X(METRIC_GRAPH_LIMIT, GAUGE, "muster_graph_limit_bytes", "", "Memory that they should not exceed (graph_memory_mib)")

enum metric {
#define X(code, kind, name, label, help) code,
        METRICS(X)
#undef X
        METRIC_COUNT
};

void metric_add(enum metric metric, int64_t delta);
void metric_set(enum metric metric, int64_t value);
int64_t metric_get(enum metric metric);

/* Kept by the server: requests by face, method and status, with a duration histogram per face. */
void metric_request(int face, int method, int status, int64_t duration_us);

void metrics_format(struct buffer *into);

#endif
