/* SPDX-License-Identifier: Apache-2.0
 *
 * The record of each verified domain, looked up again (R6). One that DNS answers without is not there any more once that has lasted for the
 * time between two checks; one that DNS says nothing about lapses only after seven times as long: an outage is no loss, and no part of the
 * time in which a record is gone. Meanwhile it is asked for more often. A domain that lapses raises an alert (R32) and is verified again by
 * an administrator only. */
#include "domain_row.h"

#include <string.h>
#include "base/clock.h"
#include "base/log.h"
#include "http/metrics.h"
#include "net/dns_txt.h"

#define DUE_AT_ONCE 50
#define UNREACHABLE_TIMES 7
#define RETRIES 24 /* in the time between two checks */

struct due {
        int64_t root_no, no;
        const char *name, *token;
};

struct check {
        struct directory *directory;
        const struct due *due;
        enum dns_answer answer;
        int64_t revision;
        bool lapsed;
};

static enum err lapse(
        struct session *session, struct check *check, struct root_row *root, int64_t at_us, int64_t failed_us, struct fault *fault)
{
        const struct due *due = check->due;
        const struct actor system = { .kind = ACTOR_SYSTEM, .root_no = due->root_no };
        char body[512];
        int64_t entry_us;
        enum err e =
                session_run(session, ST_DOMAIN_LAPSED, NULL, fault, V_I64(due->root_no), V_I64(due->no), V_I64(at_us), V_I64(failed_us));
        if (!e)
                e = session_run(session, ST_RESOURCE_TOUCH, NULL, fault, V_I64(due->root_no), V_I64(due->no), V_I64(root->revision + 1),
                        V_I64(at_us));
        if (e)
                return e;
        root->proved_domains--;
        (void)snprintf(body, sizeof(body), "{\"name\":\"%s\",\"reason\":\"%s\"}", due->name,
                check->answer == DNS_ABSENT ? "record missing" : "dns unreachable");
        struct ledger_entry entry = {
                .event = EVENT_DOMAIN_LAPSED,
                .actor = &system,
                .object_kind = KIND_DOMAIN,
                .object_no = due->no,
                .body = body,
        };
        ident_random(entry.change_id, sizeof(entry.change_id));
        check->lapsed = true;
        return ledger_append(session, due->root_no, &entry, &check->revision, &entry_us, fault);
}

static enum err note(struct session *session, struct check *check, struct root_row *root, const struct domain_row *row, struct fault *fault)
{
        int64_t every_us = check->directory->domains_recheck_us, now_us = clock_stored_us();
        int64_t at_us = now_us > root->last_us ? now_us : root->last_us, failed_us = 0, absent_us = 0;
        if (check->answer != DNS_FOUND) {
                failed_us = row->failed_us ? row->failed_us : at_us;
                absent_us = check->answer == DNS_ABSENT && !row->absent_us ? at_us : row->absent_us;
                bool is_gone = check->answer == DNS_ABSENT && at_us - absent_us >= every_us;
                if (is_gone || at_us - failed_us >= every_us * UNREACHABLE_TIMES)
                        return lapse(session, check, root, at_us, failed_us, fault);
                every_us /= RETRIES;
        }
        return session_run(session, ST_DOMAIN_CHECKED, NULL, fault, V_I64(check->due->root_no), V_I64(check->due->no), V_I64(at_us),
                V_I64(failed_us), V_I64(absent_us), V_I64(at_us + every_us));
}

/* The domain may have been given up, or made anew, while DNS was asked. */
static enum err check_run(struct session *session, void *context, struct fault *fault)
{
        struct check *check = context;
        const struct due *due = check->due;
        struct root_row *root;
        struct domain_row row;
        struct arena *arena = arena_new(65536);
        check->lapsed = false;
        if (!arena)
                return fault_set(fault, ERR_MEMORY, "", "out of memory");
        enum err e = session_root(session, due->root_no, &root, fault);
        if (!e) {
                check->revision = root->revision;
                e = domain_load(session, due->root_no, due->no, arena, &row, fault);
        }
        if (!e && row.state == DOMAIN_VERIFIED && row.proof == DOMAIN_BY_DNS && strcmp(row.token, due->token) == 0)
                e = note(session, check, root, &row, fault);
        arena_free(arena);
        return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static void check_committed(void *context)
{
        const struct check *check = context;
        const struct due *due = check->due;
        access_apply(check->directory->access, due->root_no, check->revision, NULL, 0);
        if (!check->lapsed)
                return;
        metric_add(METRIC_LEDGER_ALERT, 1);
        log_event(LOG_WARN, "domain-lapsed", LOG_I64("root", due->root_no), LOG_TEXT("domain", due->name),
                LOG_TEXT("why", check->answer == DNS_ABSENT ? "record missing" : "dns unreachable"),
                LOG_TEXT("next", "put the TXT record back, then: muster domain verify"));
}

static void check_abandoned(void *context)
{
        const struct check *check = context;
        access_unload(check->directory->access, check->due->root_no);
}

static enum err load_due(struct session *reader, struct arena *arena, struct due *ret, size_t *ret_count, struct fault *fault)
{
        auto_result result = { 0 };
        bool more = true;
        enum err e = session_query(reader, ST_DOMAIN_DUE, &result, fault, V_I64(clock_stored_us()), V_I64(DUE_AT_ONCE));
        for (*ret_count = 0; !e && more && *ret_count < DUE_AT_ONCE;) {
                e = result_next(&result, &more, fault);
                if (e || !more)
                        break;
                struct due due = { result_i64(&result, 0), result_i64(&result, 1), arena_strdup(arena, result_text(&result, 2, NULL)),
                        arena_strdup(arena, result_text(&result, 3, NULL)) };
                if (!due.name || !due.token)
                        return fault_set(fault, ERR_MEMORY, "", "out of memory");
                ret[(*ret_count)++] = due;
        }
        return e;
}

static enum err check_one(struct directory *directory, struct arena *arena, const struct due *due, struct fault *fault)
{
        const char *name = domain_record_name(arena, due->name), *value = domain_record_value(arena, due->token);
        if (!name || !value)
                return fault_set(fault, ERR_MEMORY, "", "out of memory");
        struct check check = { .directory = directory, .due = due, .answer = dns_txt_find(directory->dns_server, name, value) };
        const struct write_job write = {
                .root_no = due->root_no,
                .context = &check,
                .run = check_run,
                .committed = check_committed,
                .abandoned = check_abandoned,
        };
        return write_queue_submit(directory->queue, &write, fault);
}

void directory_check_domains(struct directory *directory, struct session *reader, bool (*goes_on)(void *context), void *context)
{
        struct due due[DUE_AT_ONCE];
        struct fault fault = { 0 };
        size_t count = 0;
        struct arena *arena = arena_new((size_t)1 << 20);
        enum err e = arena ? load_due(reader, arena, due, &count, &fault) : fault_set(&fault, ERR_MEMORY, "", "out of memory");
        for (size_t i = 0; !e && i < count && goes_on(context); i++)
                e = check_one(directory, arena, &due[i], &fault);
        if (arena)
                arena_free(arena);
        if (e)
                log_event(LOG_WARN, "domains-not-checked", LOG_TEXT("why", fault.message));
}
