/* SPDX-License-Identifier: Apache-2.0
 *
 * See directory/health.h. The rows: one pulse a connection, kept by the flush of the request log; the refusals are those of that log. */
#include "directory/health.h"

#include <string.h>
#include "base/auto.h"
#include "base/clock.h"
#include "base/json.h"
#include "directory/scim_log.h"
#include "health_row.h"

#define DAY_US US_PER_DAY
#define TOKENS_MAX 16
#define EXPIRY_TOLD_US (30 * US_PER_DAY)
#define EXPIRY_CARE_US (7 * US_PER_DAY)
#define MINUTE_US (60 * US_PER_S)
#define HOUR_US (60 * MINUTE_US)
#define SENTENCE_SHOWN_MAX 90

/* ---- rows ---- */

static enum err pulse_load(struct session *session, int64_t root_no, int64_t connection_no, struct pulse_row *ret, struct fault *fault)
{
        auto_result result = { 0 };
        bool found = false;
        *ret = (struct pulse_row){ 0 };
        enum err e = session_query(session, ST_PULSE_GET, &result, fault, V_I64(root_no), V_I64(connection_no));
        if (!e)
                e = result_next(&result, &found, fault);
        if (!e && found)
                *ret = (struct pulse_row){
                        .last_us = result_i64(&result, 0),
                        .success_us = result_i64(&result, 1),
                        .cycle_us = result_i64(&result, 2),
                        .cycles = result_i64(&result, 3),
                        .gaps_us = { result_i64(&result, 4), result_i64(&result, 5), result_i64(&result, 6) },
                };
        return e;
}

enum err health_store(struct session *session, const struct pulse *pulse, struct fault *fault)
{
        struct pulse_row row;
        enum err e = pulse_load(session, pulse->root_no, pulse->connection_no, &row, fault);
        if (e)
                return e;
        pulse_merge(&row, pulse);
        return session_run(session, ST_PULSE_PUT, NULL, fault, V_I64(pulse->root_no), V_I64(pulse->connection_no), V_I64(row.last_us),
                V_I64(row.success_us), V_I64(row.cycle_us), V_I64(row.cycles), V_I64(row.gaps_us[0]), V_I64(row.gaps_us[1]),
                V_I64(row.gaps_us[2]));
}

enum err health_oldest_success(struct session *session, int64_t *ret_us, struct fault *fault)
{
        return session_query_number(session, ST_PULSE_OLDEST, ret_us, fault, V_I64(1));
}

static enum err refusals_load(
        const struct query *query, int64_t connection_no, int64_t since_us, struct health *health, struct fault *fault)
{
        auto_result result = { 0 };
        bool more = true;
        enum err e = session_query(query->session, ST_PULSE_REFUSALS, &result, fault, V_I64(query->actor->root_no), V_I64(connection_no),
                V_I64(since_us), V_I64(REFUSALS_COUNTED_MAX));
        while (!e && !(e = result_next(&result, &more, fault)) && more) {
                struct health_reason reason = { .count = result_i64(&result, 0), .status = (int)result_i64(&result, 1) };
                (void)snprintf(reason.scim_type, sizeof(reason.scim_type), "%s", result_text(&result, 2, NULL));
                (void)snprintf(reason.field, sizeof(reason.field), "%s", result_text(&result, 3, NULL));
                (void)snprintf(reason.note, sizeof(reason.note), "%s", result_text(&result, 4, NULL));
                health->refused += reason.count;
                if (health->reason_count < HEALTH_REASONS_MAX)
                        health->reasons[health->reason_count++] = reason;
        }
        return e;
}

enum err query_tokens(
        const struct query *query, int64_t owner_no, struct credential_row *ret, size_t max, size_t *ret_count, struct fault *fault)
{
        return credential_list(query->session, query->actor->root_no, owner_no, ret, max, ret_count, fault);
}

/* Of two tokens the one that was used last is in use; of unused ones the newest. */
static enum err token_load(const struct query *query, int64_t connection_no, int64_t now_us, struct health *health, struct fault *fault)
{
        struct credential_row rows[TOKENS_MAX];
        size_t count = 0;
        int64_t used_us = -1;
        enum err e = query_tokens(query, connection_no, rows, TOKENS_MAX, &count, fault);
        for (size_t i = 0; !e && i < count; i++) {
                if ((rows[i].expires_us && rows[i].expires_us <= now_us) || rows[i].last_used_us < used_us)
                        continue;
                health->has_token = true;
                health->token_expires_us = rows[i].expires_us;
                used_us = rows[i].last_used_us;
        }
        return e;
}

static const char *preset_of(const struct resource_row *connection)
{
        static const char *const presets[] = { "okta", "entra" };
        struct fault fault = { 0 };
        json_auto_t *document = NULL;
        if (json_parse_object(connection->doc, connection->doc_length, &document, &fault))
                return "none";
        const char *preset = json_string_value(json_object_get(document, "preset"));
        for (size_t i = 0; preset && i < COUNT_OF(presets); i++)
                if (strcmp(presets[i], preset) == 0)
                        return presets[i];
        return "none";
}

enum err query_health(const struct query *query, const struct resource_row *connection, struct health *ret, struct fault *fault)
{
        struct pulse_row row = { 0 };
        int64_t now_us = clock_stored_us(), root_no = query->actor->root_no;
        struct health health = { .is_active = connection->active, .preset = preset_of(connection) };
        const struct pulse pulse = scim_log_pulse(query->directory->scim_log, root_no, connection->no, now_us);
        enum err e = pulse_load(query->session, root_no, connection->no, &row, fault);
        if (!e)
                e = refusals_load(query, connection->no, now_us - DAY_US, &health, fault);
        if (!e)
                e = token_load(query, connection->no, now_us, &health, fault);
        if (e)
                return e;
        pulse_merge(&row, &pulse);
        health.last_us = row.last_us;
        health.success_us = row.success_us;
        health.cycle_us = row.cycle_us;
        health.interval_us = pulse_interval_us(&row);
        health.capture_until_us = pulse.capture_until_us;
        health_judge(&health, now_us);
        *ret = health;
        return ERR_OK;
}

/* ---- words ---- */

const char *health_state_name(enum health_state state)
{
        static const char *const names[] = {
                [HEALTH_OK] = "ok",
                [HEALTH_REFUSALS] = "refusals",
                [HEALTH_OVERDUE] = "overdue",
                [HEALTH_FAILING] = "failing",
                [HEALTH_UNUSED] = "unused",
                [HEALTH_DISABLED] = "disabled",
        };
        return names[state];
}

static void put_duration(struct buffer *into, int64_t us)
{
        static const struct {
                int64_t unit_us, below_us;
                const char *word;
        } units[] = { { US_PER_S, MINUTE_US, "second" }, { MINUTE_US, 2 * HOUR_US, "minute" }, { HOUR_US, 2 * US_PER_DAY, "hour" },
                { US_PER_DAY, INT64_MAX, "day" } };
        size_t i = 0;
        while (us >= units[i].below_us)
                i++;
        int64_t count = us < 0 ? 0 : (us + units[i].unit_us / 2) / units[i].unit_us;
        buffer_printf(into, "%lld %s%s", (long long)count, units[i].word, count == 1 ? "" : "s");
}

static void put_calls(struct buffer *into, const struct health *health, int64_t now_us)
{
        const char *who = strcmp(health->preset, "entra") == 0 ? "Entra" : strcmp(health->preset, "okta") == 0 ? "Okta" : "";
        bool has_cycle = health->interval_us && strcmp(health->preset, "okta") != 0; /* Okta calls when something changes */
        if (!health->last_us) {
                buffer_puts(into, "no request yet");
                return;
        }
        if (has_cycle) {
                buffer_printf(into, "%s%scycle every ", who, *who ? " " : "");
                put_duration(into, health->interval_us);
                buffer_puts(into, ", last ");
        } else {
                buffer_printf(into, "%s%slast request ", who, *who ? ": " : "");
        }
        put_duration(into, now_us - health->last_us);
        buffer_puts(into, " ago");
}

/* Where no scimType says it: the sentence as far as its first stop. */
static void put_sentence(struct buffer *into, const char *note)
{
        size_t length = strcspn(note, ";"), shown = length;
        if (shown > SENTENCE_SHOWN_MAX)
                for (shown = SENTENCE_SHOWN_MAX; shown && ((unsigned char)note[shown] & 0xc0) == 0x80;)
                        shown--;
        buffer_printf(into, " (%.*s%s)", (int)shown, note, shown < length ? "…" : "");
}

static void put_reason(struct buffer *into, const struct health_reason *reason)
{
        bool member = strcmp(reason->field, "members.value") == 0; /* the one thing that a client cannot know of this field */
        if (member)
                buffer_puts(into, "unknown-member");
        else if (*reason->scim_type)
                buffer_puts(into, reason->scim_type);
        else if (reason->status < 400)
                buffer_puts(into, "Bulk refused in part");
        else
                buffer_printf(into, "status %d", reason->status);
        if (!*reason->scim_type && *reason->note)
                put_sentence(into, reason->note);
        else if (*reason->field && !member)
                buffer_printf(into, " (%s)", reason->field);
}

static void put_refusals(struct buffer *into, const struct health *health)
{
        if (!health->refused) {
                buffer_puts(into, ", no refusals in 24 hours");
                return;
        }
        buffer_printf(into, ", %s%lld refusal%s in 24 hours: ", health->refused >= REFUSALS_COUNTED_MAX ? "at least " : "",
                (long long)health->refused, health->refused == 1 ? "" : "s");
        for (size_t i = 0; i < health->reason_count && i < 4; i++) {
                buffer_printf(into, "%s%lld ", i ? ", " : "", (long long)health->reasons[i].count);
                put_reason(into, &health->reasons[i]);
        }
        if (health->reason_count > 4)
                buffer_puts(into, ", …");
}

static void put_since(struct buffer *into, const char *before, int64_t us, const char *after)
{
        buffer_puts(into, before);
        put_duration(into, us);
        buffer_puts(into, after);
}

static bool is_failing(const struct health *health)
{
        int64_t patience_us = health->interval_us > HOUR_US ? health->interval_us : HOUR_US;
        return health->last_us && health->last_us - health->success_us >= (health->success_us ? patience_us : 0);
}

/* Only where a cycle is kept by a clock. */
static bool is_overdue(const struct health *health, int64_t now_us)
{
        return health->interval_us && strcmp(health->preset, "entra") == 0 &&
               now_us - health->last_us > 3 * health->interval_us + 10 * MINUTE_US;
}

static void put_warnings(struct buffer *into, const struct health *health, int64_t now_us)
{
        if (is_overdue(health, now_us))
                buffer_puts(into, ", overdue");
        if (is_failing(health) && health->success_us)
                put_since(into, ", last success ", now_us - health->success_us, " ago");
        else if (is_failing(health))
                buffer_puts(into, ", nothing has succeeded yet");
        if (health->last_us)
                put_refusals(into, health);
        if (!health->has_token)
                buffer_puts(into, ", no token lives");
        else if (health->token_expires_us && health->token_expires_us - now_us <= EXPIRY_TOLD_US)
                put_since(into, ", its token expires in ", health->token_expires_us - now_us, "");
        if (health->capture_until_us)
                put_since(into, ", reads are captured for ", health->capture_until_us - now_us, "");
}

bool health_needs_care(const struct health *health, int64_t now_us)
{
        bool ends_soon = !health->has_token || (health->token_expires_us && health->token_expires_us - now_us <= EXPIRY_CARE_US);
        return health->state == HEALTH_FAILING || health->state == HEALTH_OVERDUE || (health->is_active && ends_soon);
}

void health_judge(struct health *health, int64_t now_us)
{
        auto_buffer text = { 0 };
        health->state = !health->is_active           ? HEALTH_DISABLED
                        : !health->last_us           ? HEALTH_UNUSED
                        : is_failing(health)         ? HEALTH_FAILING
                        : is_overdue(health, now_us) ? HEALTH_OVERDUE
                        : health->refused            ? HEALTH_REFUSALS
                                                     : HEALTH_OK;
        if (!health->is_active)
                buffer_puts(&text, "disabled; ");
        put_calls(&text, health, now_us);
        put_warnings(&text, health, now_us);
        (void)snprintf(health->text, sizeof(health->text), "%s", text.data && !text.failed ? text.data : "");
}
