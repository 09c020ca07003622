/* SPDX-License-Identifier: Apache-2.0
 *
 * A logged request once more (R19): an administrator's call of the management API that runs the kept body through the handlers of this
 * face, as the connection it came from. The ledger says who replayed it. */
#include <inttypes.h>
#include <string.h>
#include "base/text.h"
#include "directory/scim_log.h"
#include "scim_request.h"

static enum err take_question(struct request *request, int64_t *ret_no, struct fault *fault)
{
        const char *dry_run = request_query(request, "dry_run");
        if (!text_parse_i64(request->params[0], 1, INT64_MAX, ret_no))
                return fault_set(fault, ERR_NOT_FOUND, "", "the request log has no such row");
        if (request->body_length > strspn(request->body, "{} \t\r\n"))
                return fault_set(fault, ERR_VALUE, "", "nothing is taken here but dry_run=true behind the address");
        if (!dry_run || strcmp(dry_run, "false") == 0)
                return ERR_OK;
        if (strcmp(dry_run, "true") != 0)
                return fault_set(fault, ERR_VALUE, "dry_run", "dry_run is true or false");
        request->dry_run = arena_zero(request->arena, 1, sizeof(*request->dry_run));
        return request->dry_run ? ERR_OK : fault_set(fault, ERR_MEMORY, "", "out of memory");
}

/* The operations of Bulk build on each other, and of a dry run nothing is there for the next one. */
static enum err check_bulk(const struct request *inner, struct fault *fault)
{
        if (!inner->dry_run || inner->route->handler != scim_bulk)
                return ERR_OK;
        return fault_set(fault, ERR_VALUE, "dry_run", "the operations of Bulk build on each other, so Bulk has no dry run");
}

static enum err run(struct request *request, const struct scim_replay *replay, struct request *inner, struct fault *fault)
{
        enum face face;
        char allow[48], *path = arena_strdup(request->arena, replay->path);
        if (!path)
                return fault_set(fault, ERR_MEMORY, "", "out of memory");
        inner->method = (enum method)replay->method;
        inner->path = replay->path;
        inner->body = replay->body;
        inner->body_length = replay->body_length;
        inner->actor = replay->actor;
        inner->dry_run = request->dry_run;
        if (route_match(&scim_routes, 1, inner->method, path, inner, &face, allow))
                return fault_set(fault, ERR_CONFLICT, "", "%.100s is no address of SCIM", replay->path);
        enum err e = check_bulk(inner, fault);
        if (!e)
                (void)route_run(inner);
        return e;
}

static void answer(struct request *request, const struct scim_replay *replay, const struct request *inner)
{
        struct buffer *into = &request->reply.body;
        const struct dry_run *dry_run = inner->dry_run;
        buffer_printf(into, "{\"id\":\"%" PRId64 "\",\"dry_run\":%s,\"status\":%d", replay->actor.replay_of, dry_run ? "true" : "false",
                inner->reply.status);
        if (dry_run && dry_run->ran)
                dry_run_put(into, dry_run);
        BUFFER_LITERAL(into, ",\"answer\":");
        if (inner->reply.body.length)
                buffer_put(into, inner->reply.body.data, inner->reply.body.length);
        else
                BUFFER_LITERAL(into, "null");
        buffer_putc(into, '}');
        reply_json(request, 200, "application/json");
}

enum handled scim_replay(struct request *request)
{
        struct scim scim;
        struct fault *fault = &scim.fault;
        struct scim_replay replay;
        struct request inner = {
                .arena = request->arena,
                .query = "",
                .started_us = request->started_us,
                .deadline_us = request->deadline_us,
                .slot = request->slot,
                .worker = request->worker,
        };
        int64_t no = 0;
        enum err e = scim_open(&scim, request);
        memcpy(inner.request_id, request->request_id, sizeof(inner.request_id));
        struct directory *directory = scim_directory();
        if (!e)
                e = access_load(directory->access, request->slot, request->worker, request->actor.root_no, request->deadline_us, fault);
        if (!e)
                e = take_question(request, &no, fault);
        if (!e)
                e = query_scim_log_replay(&scim.query, no, &replay, fault);
        if (!e)
                e = run(request, &replay, &inner, fault);
        if (!e)
                answer(request, &replay, &inner);
        buffer_done(&inner.reply.body);
        if (e == ERR_FORBIDDEN)
                notice_count(directory->notices, request->actor.root_no, &request->actor, EVENT_REFUSED, "scim-log");
        if (e)
                reply_fault(request, e, fault);
        return HANDLED;
}
