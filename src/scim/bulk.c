/* SPDX-License-Identifier: Apache-2.0
 *
 * Bulk (RFC 7644 section 3.7): each operation is one change of its own, judged and written like a single request; one that is refused
 * touches no other. Operations of a circle are made without the references that cannot be known yet, which are then patched in; when one of
 * them is refused the others of its circle, which all need it, are taken back and answer 409. */
#include "bulk.h"

#include <string.h>
#include "directory/scim_log.h"

#define SCRATCH_BYTES ((size_t)64 << 20)
#define GROUP_MAX 25     /* at most CHANGE_GROUP_MAX */
#define ALONE_VALUES 400 /* data with more values may touch more than 500 rows */

struct running {
        struct scim *scim;
        json_t *rows; /* of the message, in its order */
        struct bulk *bulk;
        int64_t errors;
        struct change last; /* for its revision */
        bool changed;
};

static void fail(struct running *running, struct bulk_operation *operation, enum err e, const struct fault *fault)
{
        *operation->fault = *fault;
        operation->fault->code = e;
        operation->state = BULK_FAILED;
        operation->status = error_row(e)->http_status;
        running->errors++;
}

static const char *id_of(void *context, const char *bulk_id)
{
        const struct running *running = context;
        const struct bulk_operation *operation = bulk_find(running->bulk, bulk_id);
        return operation && operation->state == BULK_DONE ? operation->id : NULL;
}

static size_t values_in(const json_t *value)
{
        size_t count = 1, i;
        const char *key;
        json_t *inner;
        json_array_foreach ((json_t *)value, i, inner)
                count += values_in(inner);
        json_object_foreach ((json_t *)value, key, inner)
                count += values_in(inner);
        return count;
}

/* ---- one operation ---- */

static enum err check_needs(struct running *running, const struct bulk_operation *operation)
{
        for (size_t i = 0; i < operation->need_count; i++) {
                const struct bulk_operation *needed = &running->bulk->operations[operation->needs[i]];
                if (needed->state == BULK_FAILED || (needed->state == BULK_WAITING && needed->circle != operation->circle))
                        return fault_set(&running->scim->fault, ERR_CONFLICT, "bulkId", "it refers to \"bulkId:%.80s\", which was refused",
                                needed->bulk_id);
        }
        return ERR_OK;
}

static enum err resolve(struct running *running, struct bulk_operation *operation, struct write *write, json_t **ret_body)
{
        struct scim *scim = running->scim;
        enum err e = ERR_OK;
        write->ref = operation->ref;
        if (operation->ref && strncmp(operation->ref, "bulkId:", 7) == 0)
                write->ref = id_of(running, operation->ref + 7);
        if (operation->data)
                e = bulk_resolve(
                        operation->data, scim->request->arena, id_of, running, ret_body, operation->is_circular ? &operation->later : NULL);
        if (e)
                return fault_set(&scim->fault, e, "", "out of memory");
        write->body = *ret_body;
        return ERR_OK;
}

/* Nothing else of a change outlives its operation. */
static void note_revision(struct running *running, const struct change *change)
{
        running->last = (struct change){ .epoch = change->epoch, .revision = change->revision };
}

static void written(struct running *running, struct bulk_operation *operation, const struct change *change)
{
        if (operation->method != METHOD_DELETE) {
                operation->id = arena_strdup(running->bulk->arena, change->after.resource.id);
                operation->row_version = change->after.resource.version;
        }
        note_revision(running, change);
        running->changed = true;
}

/* An operation on its way. */
struct step {
        struct bulk_operation *operation;
        struct writing writing;
        json_t *body;
};

static enum err step_begin(struct running *running, struct step *step)
{
        struct scim *scim = running->scim;
        struct bulk_operation *operation = step->operation;
        struct write write = { .method = operation->method, .if_match = operation->version };
        scim->fault = (struct fault){ 0 };
        if (operation->refused) {
                scim->fault = *operation->fault;
                return operation->refused;
        }
        enum err e = scim_enter(scim, operation->endpoint);
        if (!e)
                e = check_needs(running, operation);
        if (!e)
                e = resolve(running, operation, &write, &step->body);
        write.alone = values_in(step->body) > ALONE_VALUES;
        if (!e)
                e = scim_writing_begin(scim, &write, &step->writing);
        if (write.ref) /* a refusal names the place too (RFC 7644 section 3.7.3) */
                operation->id = write.ref;
        return e;
}

static bool step_end(struct running *running, struct step *step, enum err e, const struct fault *fault)
{
        static const int statuses[] = { [METHOD_POST] = 201, [METHOD_PUT] = 200, [METHOD_PATCH] = 200, [METHOD_DELETE] = 204 };
        struct bulk_operation *operation = step->operation;
        e = scim_writing_end(running->scim, &step->writing, e);
        json_decref(step->body);
        if (e) {
                fail(running, operation, e, fault);
                return false;
        }
        written(running, operation, &step->writing.change);
        operation->state = BULK_DONE;
        operation->status = statuses[operation->method];
        return true;
}

/* Operations none of which needs another of them, as changes in their order: most of them share a commit. False: one was refused. */
static bool run_group(struct running *running, const size_t *group, size_t count)
{
        struct step steps[GROUP_MAX];
        struct change *changes[GROUP_MAX];
        enum err answers[GROUP_MAX];
        struct fault faults[GROUP_MAX];
        size_t begun = 0;
        for (size_t i = 0; i < count; i++) {
                struct step *step = &steps[begun];
                *step = (struct step){ .operation = &running->bulk->operations[group[i]] };
                enum err e = step_begin(running, step);
                if (e)
                        (void)step_end(running, step, e, &running->scim->fault);
                else
                        changes[begun++] = &step->writing.change;
        }
        if (begun)
                directory_change_all(running->scim->query.directory, changes, begun, answers, faults);
        bool whole = begun == count;
        for (size_t i = 0; i < begun; i++)
                whole = step_end(running, &steps[i], answers[i], &faults[i]) && whole;
        return whole;
}

/* ---- circles ---- */

/* Puts in what had to be left out: every id of the circle is known now. */
static bool complete(struct running *running, struct bulk_operation *operation)
{
        struct scim *scim = running->scim;
        if (!operation->later)
                return true;
        scim->fault = (struct fault){ 0 };
        json_auto_t *message = json_pack("{s:[s], s:O}", "schemas", URN_PATCH, "Operations", operation->later), *body = NULL;
        struct write write = { .method = METHOD_PATCH, .ref = operation->id, .alone = values_in(operation->later) > ALONE_VALUES };
        struct change change;
        enum err e = message ? bulk_resolve(message, scim->request->arena, id_of, running, &body, NULL) : ERR_MEMORY;
        if (e)
                e = fault_set(&scim->fault, e, "", "out of memory");
        write.body = body;
        if (!e)
                e = scim_enter(scim, operation->endpoint);
        if (!e)
                e = scim_write(scim, &write, &change);
        if (!e)
                written(running, operation, &change);
        if (e && error_row(e)->http_status < 500)
                e = ERR_CONFLICT; /* a circle that cannot be (RFC 7644 section 3.7.1), such as a group inside itself */
        if (e)
                fail(running, operation, e, &scim->fault);
        return !e;
}

/* One of the circle was refused: what was made of it goes again, and what was not made is not tried. */
static void take_back(struct running *running, size_t start, size_t end)
{
        for (size_t i = start; i < end; i++) {
                struct bulk_operation *operation = &running->bulk->operations[running->bulk->order[i]];
                struct fault fault = { 0 };
                if (operation->id) {
                        const struct write gone = { .method = METHOD_DELETE, .ref = operation->id };
                        struct change change;
                        running->scim->fault = (struct fault){ 0 };
                        enum err e = scim_enter(running->scim, operation->endpoint);
                        if (!e)
                                e = scim_write(running->scim, &gone, &change);
                        if (!e)
                                note_revision(running, &change);
                        if (e && e != ERR_NOT_FOUND && operation->state == BULK_DONE)
                                continue; /* it stands, and says so */
                        operation->id = NULL;
                }
                if (operation->state == BULK_FAILED)
                        continue;
                enum err e = fault_set(&fault, ERR_CONFLICT, "bulkId", "it refers to an operation that needs it and was refused");
                fail(running, operation, e, &fault);
        }
}

static void run_circle(struct running *running, size_t start, size_t end)
{
        struct bulk *bulk = running->bulk;
        bool whole = true;
        for (size_t i = start; whole && i < end; i++)
                whole = run_group(running, &bulk->order[i], 1);
        for (size_t i = start; whole && i < end && bulk->operations[bulk->order[i]].is_circular; i++)
                whole = complete(running, &bulk->operations[bulk->order[i]]);
        if (!whole && bulk->operations[bulk->order[start]].is_circular)
                take_back(running, start, end);
}

/* What operations needed goes before the next, their rows as a whole: a thousand of them would fill megabytes. */
static void forget(struct running *running, size_t start, size_t end, const char *outcome_before)
{
        struct scim *scim = running->scim;
        struct arena *kept = running->bulk->arena;
        for (size_t i = start; i < end; i++) {
                running->bulk->operations[running->bulk->order[i]].data = NULL;
                (void)json_array_set_new(running->rows, running->bulk->order[i], json_null());
        }
        if (scim->outcome != outcome_before && !(scim->outcome = arena_strdup(kept, scim->outcome)))
                scim->outcome = outcome_before;
        arena_reset(scim->request->arena);
}

static bool waits_for_another(const struct running *running, const struct bulk_operation *operation)
{
        for (size_t i = 0; i < operation->need_count; i++)
                if (running->bulk->operations[operation->needs[i]].state == BULK_WAITING)
                        return true;
        return false;
}

/* Where a group that starts here ends. A count of errors or a dry run takes its operations one by one; `start`: it begins with a circle. */
static size_t group_end(const struct running *running, size_t start)
{
        const struct bulk *bulk = running->bulk;
        size_t max = bulk->fail_on_errors || running->scim->request->dry_run ? 1 : GROUP_MAX, end = start;
        for (; end < bulk->count && end - start < max; end++) {
                const struct bulk_operation *operation = &bulk->operations[bulk->order[end]];
                if (operation->is_circular || waits_for_another(running, operation))
                        break;
        }
        return end;
}

static size_t circle_end(const struct bulk *bulk, size_t start)
{
        size_t end = start + 1;
        while (end < bulk->count && bulk->operations[bulk->order[end]].circle == bulk->operations[bulk->order[start]].circle)
                end++;
        return end;
}

static void run_all(struct running *running)
{
        struct bulk *bulk = running->bulk;
        for (size_t start = 0, end; start < bulk->count; start = end) {
                if (bulk->fail_on_errors && running->errors >= bulk->fail_on_errors)
                        return;
                const char *outcome = running->scim->outcome;
                end = group_end(running, start);
                if (end > start) {
                        (void)run_group(running, &bulk->order[start], end - start);
                } else {
                        end = circle_end(bulk, start);
                        run_circle(running, start, end);
                }
                forget(running, start, end, outcome);
        }
}

/* The plan stays in the request's arena, each operation works in one of its own. */
static enum err run_in_scratch(struct running *running)
{
        struct scim *scim = running->scim;
        struct arena *scratch = arena_new(SCRATCH_BYTES), *own = scim->request->arena;
        if (!scratch)
                return fault_set(&scim->fault, ERR_MEMORY, "", "out of memory");
        scim->request->arena = scim->query.arena = scratch;
        run_all(running);
        scim->request->arena = scim->query.arena = own;
        arena_free(scratch);
        return ERR_OK;
}

/* ---- the reply ---- */

static void put_text(struct buffer *into, const char *name, const char *text)
{
        if (!text)
                return;
        buffer_putc(into, ',');
        buffer_put_json(into, name, strlen(name));
        buffer_putc(into, ':');
        buffer_put_json(into, text, strlen(text));
}

static void put_entry(struct scim *scim, const struct bulk_operation *operation, struct buffer *into)
{
        static const char *const names[] = {
                [METHOD_NONE] = NULL, [METHOD_POST] = "POST", [METHOD_PUT] = "PUT", [METHOD_PATCH] = "PATCH", [METHOD_DELETE] = "DELETE"
        };
        const char *id = operation->id ? operation->id : operation->ref;
        scim->type = operation->type;
        buffer_printf(into, "{\"status\":\"%d\"", operation->status);
        put_text(into, "method", names[operation->method]);
        put_text(into, "bulkId", operation->bulk_id);
        if (operation->type && id && strncmp(id, "bulkId:", 7) != 0)
                put_text(into, "location", scim_location(scim, id));
        if (operation->state == BULK_DONE && operation->method != METHOD_DELETE) {
                char version[VERSION_TEXT_SIZE];
                scim_version(operation->row_version, version);
                put_text(into, "version", version);
        }
        if (operation->state == BULK_FAILED) {
                BUFFER_LITERAL(into, ",\"response\":");
                reply_put_fault(scim->request, operation->fault->code, operation->fault, into);
        }
        buffer_putc(into, '}');
}

static enum err put_reply(struct scim *scim, const struct bulk *bulk)
{
        struct buffer *into = &scim->request->reply.body;
        bool any = false;
        BUFFER_LITERAL(into, "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:BulkResponse\"],\"Operations\":[");
        for (size_t i = 0; i < bulk->count; i++) {
                if (bulk->operations[i].state == BULK_WAITING)
                        continue;
                if (any)
                        buffer_putc(into, ',');
                any = true;
                put_entry(scim, &bulk->operations[i], into);
        }
        BUFFER_LITERAL(into, "]}");
        return buffer_check(into, &scim->fault);
}

/* For the request log: why its operations were refused. */
static void note_refusals(struct request *request, const struct bulk *bulk)
{
        const char **told = arena_zero(request->arena, SCIM_LOG_OPERATIONS + 1, sizeof(*told));
        size_t count = 0;
        for (size_t i = 0; told && i < bulk->count; i++) {
                const struct bulk_operation *operation = &bulk->operations[i];
                if (operation->state != BULK_FAILED)
                        continue;
                const char *sentence =
                        count < SCIM_LOG_OPERATIONS ? reply_sentence(request, operation->fault->code, operation->fault) : NULL;
                told[count] = sentence ? arena_printf(request->arena, "operation %zu: %s", i + 1, sentence) : NULL;
                if (told[count])
                        count++;
                else
                        request->refused_more++;
        }
        request->refused_operations = told;
}

static void auto_bulk_done(struct bulk *bulk)
{
        bulk_done(bulk);
}

enum handled scim_bulk(struct request *request)
{
        struct scim scim;
        __attribute__((cleanup(auto_bulk_done))) struct bulk bulk = { 0 };
        json_auto_t *message = NULL;
        struct running running = { .scim = &scim, .bulk = &bulk };
        enum err e = scim_open(&scim, request);
        if (!e)
                e = scim_profile(&scim);
        if (!e)
                e = scim_body(&scim, NULL, &message);
        if (!e)
                e = bulk_parse(message, scim.query.schemas, request->arena, &scim.leniency, &bulk, &scim.fault);
        running.rows = json_object_get(message, "Operations");
        if (!e)
                e = run_in_scratch(&running);
        if (e)
                return scim_refuse(&scim, e);
        scim.fault = (struct fault){ 0 };
        e = put_reply(&scim, &bulk);
        if (e)
                return scim_refuse(&scim, e);
        reply_json(request, 200, SCIM_MEDIA_TYPE);
        if (running.errors)
                note_refusals(request, &bulk);
        if (running.changed)
                scim_revision(&scim, &running.last);
        scim_note_leniencies(&scim);
        return HANDLED;
}
