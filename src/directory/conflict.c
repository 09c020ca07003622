/* SPDX-License-Identifier: Apache-2.0
 *
 * Conflicts (R11): what a connection could not write because a name or externalId is taken, or because an administrator must do his part.
 * The client is told the attribute, never whose; the administrator finds here what stands in the way. Counted by itself after the refusal,
 * which left no trace of its own. */
#include <string.h>
#include "base/clock.h"
#include "base/log.h"
#include "directory/query.h"
#include "work.h"

struct conflict_job {
        const struct change *change;
        const char *attribute;
};

/* The number of what has the value that the change wanted; 0: gone again, or only a PATCH knew. */
static enum err find_object(struct session *session, const struct conflict_job *job, int64_t *ret_no, struct fault *fault)
{
        const struct change *change = job->change;
        const struct actor *actor = change->actor;
        *ret_no = change->conflict ? change->conflict_no : 0;
        if (change->conflict)
                return ERR_OK;
        if (change->verb != CHANGE_CREATE && change->verb != CHANGE_REPLACE)
                return ERR_OK;
        if (strcmp(job->attribute, "externalId") == 0) {
                const char *external_id = json_string_value(json_object_get(change->document, "externalId"));
                return external_id ? claim_find_external(session, actor->root_no, actor->no, change->type->kind, external_id, ret_no, fault)
                                   : ERR_OK;
        }
        if (!change->type->name_attribute || strcmp(job->attribute, change->type->name_attribute) != 0)
                return ERR_OK;
        struct resource_name name = { .kind = change->type->kind, .source_no = change->type->kind == KIND_GROUP ? actor->no : -1 };
        struct resource_row row;
        enum err e = document_name(change->type, change->document, change->arena, &name.folded, fault);
        if (!e)
                e = resource_load_by_name(session, actor->root_no, &name, change->arena, &row, fault);
        if (!e)
                *ret_no = row.no;
        return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err conflict_run(struct session *session, void *context, struct fault *fault)
{
        const struct conflict_job *job = context;
        const struct change *change = job->change;
        int64_t object_no;
        enum err e = find_object(session, job, &object_no, fault);
        return e ? e
                 : session_run(session, ST_CONFLICT_COUNT, NULL, fault, V_I64(change->actor->root_no), V_I64(change->actor->no),
                           V_I64(change->type->kind), V_TEXT(job->attribute), V_I64(object_no), V_I64(clock_stored_us()),
                           V_TEXT(change->request_id ? change->request_id : ""));
}

void conflict_count(struct directory *directory, const struct change *change, const char *attribute)
{
        if (change->actor->kind != ACTOR_CONNECTION || !*attribute)
                return;
        struct conflict_job job = { change, attribute };
        const struct write_job write = {
                .root_no = change->actor->root_no,
                .deadline_us = change->deadline_us,
                .context = &job,
                .run = conflict_run,
        };
        struct fault fault = { 0 };
        if (write_queue_submit(directory->queue, &write, &fault))
                log_event(LOG_WARN, "conflict-not-counted", LOG_I64("root", change->actor->root_no), LOG_TEXT("why", fault.message));
}

enum err query_conflicts(const struct query *query, const char *connection_ref, conflict_each each, void *context, struct fault *fault)
{
        struct resource_row connection;
        enum err e = query_resource(query, resource_type(KIND_CONNECTION), connection_ref, &connection, fault);
        auto_result result = { 0 };
        if (!e)
                e = session_query(query->session, ST_CONFLICTS_OF, &result, fault, V_I64(query->actor->root_no), V_I64(connection.no),
                        V_I64(CONFLICTS_MAX));
        while (!e) {
                bool more;
                e = result_next(&result, &more, fault);
                if (e || !more)
                        break;
                const struct conflict_row row = {
                        .kind = (enum resource_kind)result_i64(&result, 0),
                        .attribute = result_text(&result, 1, NULL),
                        .object_no = result_i64(&result, 2),
                        .at_us = result_i64(&result, 3),
                        .request_id = result_text(&result, 4, NULL),
                        .times = result_i64(&result, 5),
                };
                e = each(context, &row, fault);
        }
        return e;
}
