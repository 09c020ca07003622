/* SPDX-License-Identifier: Apache-2.0
 *
 * Tokens that near their end (R19): an alert in the ledger 30, 7 and 1 days before, once for each token and step. A token that lives no
 * longer than a step is not warned of by it. Time is that of the ledger: a clock that jumps raises no storm. */
#include <string.h>
#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "directory/directory.h"
#include "http/metrics.h"

#define TOKENS_AT_ONCE 200

static const int steps_days[] = { 1, 7, 30 }; /* the nearest first: what is due for it is not due for the others */

struct ending {
        int64_t root_no, no, owner_no, expires_us;
        enum resource_kind owner_kind;
        char owner_id[UUID_TEXT_SIZE];
};

struct warning {
        struct directory *directory;
        const struct ending *token;
        int days;
        int64_t revision, changed;
};

static enum err append(struct session *session, struct warning *warning, struct fault *fault)
{
        const struct ending *token = warning->token;
        const struct actor system = { .kind = ACTOR_SYSTEM, .root_no = token->root_no };
        char body[256], at[CLOCK_TEXT_SIZE];
        int64_t at_us;
        clock_format(token->expires_us, at);
        (void)snprintf(body, sizeof(body), "{\"days\":%d,\"expires_at\":\"%s\",\"id\":\"%s\",\"token\":\"%lld\"}", warning->days, at,
                token->owner_id, (long long)token->no);
        struct ledger_entry entry = {
                .event = EVENT_TOKEN_EXPIRES,
                .actor = &system,
                .object_kind = token->owner_kind,
                .object_no = token->owner_no,
                .body = body,
        };
        ident_random(entry.change_id, sizeof(entry.change_id));
        return ledger_append(session, token->root_no, &entry, &warning->revision, &at_us, fault);
}

static enum err warn_run(struct session *session, void *context, struct fault *fault)
{
        struct warning *warning = context;
        const struct ending *token = warning->token;
        struct root_row *root;
        enum err e = session_root(session, token->root_no, &root, fault);
        if (!e)
                e = session_run(session, ST_CREDENTIAL_WARN, &warning->changed, fault, V_I64(token->root_no), V_I64(token->no),
                        V_I64(warning->days));
        if (!e)
                warning->revision = root->revision;
        return e || !warning->changed ? e : append(session, warning, fault);
}

static void warn_committed(void *context)
{
        const struct warning *warning = context;
        const struct ending *token = warning->token;
        access_apply(warning->directory->access, token->root_no, warning->revision, NULL, 0);
        if (!warning->changed)
                return;
        metric_add(METRIC_LEDGER_ALERT, 1);
        log_event(LOG_WARN, "token-expires", LOG_I64("root", token->root_no), LOG_TEXT("owner", token->owner_id),
                LOG_TEXT("kind", resource_type(token->owner_kind)->word), LOG_I64("days", warning->days),
                LOG_TEXT("next", "make a new one: muster connection rotate, muster identity rotate"));
}

static void warn_abandoned(void *context)
{
        const struct warning *warning = context;
        access_unload(warning->directory->access, warning->token->root_no);
}

static enum err load_due(struct session *reader, int days, struct ending *ret, size_t *ret_count, struct fault *fault)
{
        auto_result result = { 0 };
        bool more = true;
        int64_t now_us = clock_stored_us();
        enum err e = session_query(
                reader, ST_CREDENTIAL_ENDING, &result, fault, V_I64(now_us), V_I64(days * US_PER_DAY), V_I64(days), V_I64(TOKENS_AT_ONCE));
        for (*ret_count = 0; !e && more && *ret_count < TOKENS_AT_ONCE;) {
                e = result_next(&result, &more, fault);
                if (e || !more)
                        break;
                struct ending *token = &ret[(*ret_count)++];
                *token = (struct ending){
                        .root_no = result_i64(&result, 0),
                        .no = result_i64(&result, 1),
                        .owner_no = result_i64(&result, 2),
                        .expires_us = result_i64(&result, 3),
                        .owner_kind = (enum resource_kind)result_i64(&result, 4),
                };
                (void)snprintf(token->owner_id, sizeof(token->owner_id), "%s", result_text(&result, 5, NULL));
        }
        return e;
}

static enum err warn(struct directory *directory, const struct ending *token, int days, struct fault *fault)
{
        struct warning warning = { .directory = directory, .token = token, .days = days };
        const struct write_job write = {
                .root_no = token->root_no,
                .context = &warning,
                .run = warn_run,
                .committed = warn_committed,
                .abandoned = warn_abandoned,
        };
        return write_queue_submit(directory->queue, &write, fault);
}

void directory_warn_expiry(struct directory *directory, struct session *reader)
{
        static const size_t steps = sizeof(steps_days) / sizeof(steps_days[0]);
        struct ending due[TOKENS_AT_ONCE];
        struct fault fault = { 0 };
        enum err e = ERR_OK;
        for (size_t i = 0; !e && i < steps; i++) {
                size_t count = 0;
                e = load_due(reader, steps_days[i], due, &count, &fault);
                for (size_t t = 0; !e && t < count; t++)
                        e = warn(directory, &due[t], steps_days[i], &fault);
        }
        if (e)
                log_event(LOG_WARN, "expiry-not-warned", LOG_TEXT("why", fault.message));
}
