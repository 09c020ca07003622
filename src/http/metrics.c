/* SPDX-License-Identifier: Apache-2.0
 *
 * Counters and histograms as relaxed atomics; a scrape sees each of them whole, not all of the same instant. Label values come from
 * fixed lists, so the number of time series has a bound whatever is asked. */
#include "http/metrics.h"

#include "base/auto.h"
#include "base/clock.h"
#include "http/route.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

static _Atomic int64_t values[METRIC_COUNT];

static const struct {
        const char *kind, *name, *label, *help;
} rows[METRIC_COUNT] = {
#define X(code, metric_kind, metric_name, metric_label, metric_help) [code] = { #metric_kind, metric_name, metric_label, metric_help },
        METRICS(X)
#undef X
};

static const char *const face_names[] = { "none", "operations", "scim", "api", "decision" };
static const char *const method_names[] = { "other", "GET", "POST", "PUT", "PATCH", "DELETE" };
/* The last one stands for all others. */
static const short statuses[] = { 200, 201, 202, 204, 304, 400, 401, 403, 404, 405, 409, 412, 413, 414, 415, 429, 500, 501, 503, 507, 0 };
static const int64_t bounds_us[] = { 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000, 5000000,
        10000000 };
static const char *const bound_names[] = { "0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5",
        "5", "10" };
_Static_assert(COUNT_OF(bounds_us) == COUNT_OF(bound_names), "a name for each bound");

#define FACES COUNT_OF(face_names)
#define METHODS COUNT_OF(method_names)
#define STATUSES COUNT_OF(statuses)
#define BOUNDS COUNT_OF(bounds_us)

static _Atomic int64_t requests[FACES][METHODS][STATUSES];
static struct {
        _Atomic int64_t buckets[BOUNDS + 1];
        _Atomic int64_t sum_us;
} durations[FACES];

void metric_add(enum metric metric, int64_t delta)
{
        atomic_fetch_add_explicit(&values[metric], delta, memory_order_relaxed);
}

void metric_set(enum metric metric, int64_t value)
{
        atomic_store_explicit(&values[metric], value, memory_order_relaxed);
}

int64_t metric_get(enum metric metric)
{
        return metric == METRIC_BUILD_INFO ? 1 : atomic_load_explicit(&values[metric], memory_order_relaxed);
}

void metric_request(int face, int method, int status, int64_t duration_us)
{
        size_t at_face = face > 0 && (size_t)face < FACES ? (size_t)face : 0;
        size_t at_method = method > 0 && (size_t)method < METHODS ? (size_t)method : 0;
        size_t at_status = 0, bucket = 0;
        while (at_status < STATUSES - 1 && statuses[at_status] != status)
                at_status++;
        while (bucket < BOUNDS && duration_us > bounds_us[bucket])
                bucket++;
        atomic_fetch_add_explicit(&requests[at_face][at_method][at_status], 1, memory_order_relaxed);
        atomic_fetch_add_explicit(&durations[at_face].buckets[bucket], 1, memory_order_relaxed);
        atomic_fetch_add_explicit(&durations[at_face].sum_us, duration_us, memory_order_relaxed);
}

static void format_head(struct buffer *into, const char *name, const char *kind, const char *help)
{
        buffer_printf(into, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind);
}

static void format_rows(struct buffer *into)
{
        for (size_t i = 0; i < METRIC_COUNT; i++) {
                if (i == 0 || strcmp(rows[i].name, rows[i - 1].name) != 0)
                        format_head(into, rows[i].name, strcmp(rows[i].kind, "GAUGE") == 0 ? "gauge" : "counter", rows[i].help);
                buffer_puts(into, rows[i].name);
                if (rows[i].label[0])
                        buffer_printf(into, "{%s}", rows[i].label);
                buffer_putc(into, ' ');
                buffer_put_i64(into, metric_get((enum metric)i));
                buffer_putc(into, '\n');
        }
}

static void format_requests(struct buffer *into)
{
        format_head(into, "muster_http_requests_total", "counter", "Requests answered");
        for (size_t face = 0; face < FACES; face++)
                for (size_t method = 0; method < METHODS; method++)
                        for (size_t status = 0; status < STATUSES; status++) {
                                int64_t count = atomic_load_explicit(&requests[face][method][status], memory_order_relaxed);
                                if (count == 0)
                                        continue;
                                buffer_printf(into, "muster_http_requests_total{face=\"%s\",method=\"%s\",status=\"", face_names[face],
                                        method_names[method]);
                                if (statuses[status])
                                        buffer_put_i64(into, statuses[status]);
                                else
                                        BUFFER_LITERAL(into, "other");
                                BUFFER_LITERAL(into, "\"} ");
                                buffer_put_i64(into, count);
                                buffer_putc(into, '\n');
                        }
}

static void format_duration(struct buffer *into, size_t face)
{
        const char *name = face_names[face];
        int64_t total = 0;
        for (size_t bucket = 0; bucket <= BOUNDS; bucket++) {
                total += atomic_load_explicit(&durations[face].buckets[bucket], memory_order_relaxed);
                buffer_printf(into, "muster_http_request_duration_seconds_bucket{face=\"%s\",le=\"%s\"} %lld\n", name,
                        bucket < BOUNDS ? bound_names[bucket] : "+Inf", (long long)total);
        }
        int64_t sum_us = atomic_load_explicit(&durations[face].sum_us, memory_order_relaxed);
        buffer_printf(into, "muster_http_request_duration_seconds_sum{face=\"%s\"} %lld.%06lld\n", name, (long long)(sum_us / US_PER_S),
                (long long)(sum_us % US_PER_S));
        buffer_printf(into, "muster_http_request_duration_seconds_count{face=\"%s\"} %lld\n", name, (long long)total);
}

void metrics_format(struct buffer *into)
{
        format_rows(into);
        format_requests(into);
        format_head(into, "muster_http_request_duration_seconds", "histogram", "Time from the first line of a request to its answer");
        for (size_t face = 0; face < FACES; face++)
                format_duration(into, face);
}
