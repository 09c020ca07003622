/* SPDX-License-Identifier: Apache-2.0
 *
 * How a connection fares: when it called, how often, what it was refused lately, as facts and in words. */
#ifndef DIRECTORY_HEALTH_H
#define DIRECTORY_HEALTH_H

#include "directory/query.h"

#define HEALTH_REASONS_MAX 20
#define HEALTH_TEXT_SIZE 768
#define REFUSALS_COUNTED_MAX 10000 /* of a connection and day; there are more only where something is badly wrong */

enum health_state {
        HEALTH_OK,
        HEALTH_REFUSALS, /* some of the last 24 hours */
        HEALTH_OVERDUE,  /* silent for longer than its cycle lets expect */
        HEALTH_FAILING,  /* it calls, and nothing succeeds */
        HEALTH_UNUSED,   /* it never called */
        HEALTH_DISABLED,
};
const char *health_state_name(enum health_state state);

struct health_reason {
        int64_t count;
        int status;
        char scim_type[32], field[96]; /* "" for none */
        char note[201];                /* what all of them were told; "" when they were told different things */
};
/* Times in microseconds; 0: never, or not known. */
struct health {
        enum health_state state;
        bool is_active;
        const char *preset;
        int64_t last_us, success_us, cycle_us, interval_us;
        int64_t refused; /* in the last 24 hours */
        struct health_reason reasons[HEALTH_REASONS_MAX];
        size_t reason_count;
        bool has_token;           /* one lives */
        int64_t token_expires_us; /* of the token in use */
        int64_t capture_until_us;
        char text[HEALTH_TEXT_SIZE];
};

/* Of a connection that the caller may see. */
enum err query_health(const struct query *query, const struct resource_row *connection, struct health *ret, struct fault *fault) MUST_USE;
/* state and text from the other facts. */
void health_judge(struct health *health, int64_t now_us);
/* Is there something that somebody should look at soon? Refusals alone are daily life. */
bool health_needs_care(const struct health *health, int64_t now_us);
/* Of all enabled connections that ever succeeded, the last success of the one that waits longest; 0: there is none. For the scheduler. */
enum err health_oldest_success(struct session *session, int64_t *ret_us, struct fault *fault) MUST_USE;

#endif
