/* SPDX-License-Identifier: Apache-2.0
 *
 * The beginning and the end of every SCIM request. */
#include "scim_request.h"

#include <string.h>
#include "directory/scim_log.h"

static struct directory *used; /* set once, before the server starts */

void scim_use(struct directory *directory)
{
        used = directory;
}

struct directory *scim_directory(void)
{
        return used;
}

bool scim_may_reach(const struct scim *scim, const struct resource_type *type)
{
        unsigned needed = directory_scopes(type->kind);
        return (scim->query.actor->scopes & needed) == needed;
}

enum err scim_enter(struct scim *scim, const char *endpoint)
{
        scim->type = schema_set_type_by_endpoint(scim->query.schemas, endpoint);
        if (!scim->type)
                return fault_set(
                        &scim->fault, ERR_NOT_FOUND, "", "there is no endpoint \"/%.80s\"; /ResourceTypes lists what there is", endpoint);
        if (!scim_may_reach(scim, scim->type))
                return fault_set(&scim->fault, ERR_FORBIDDEN, "", "this token does not reach %s", endpoint);
        return ERR_OK;
}

enum err scim_open(struct scim *scim, struct request *request)
{
        *scim = (struct scim){
                .request = request,
                .query = {
                        .directory = used,
                        .session = request->worker,
                        .actor = &request->actor,
                        .slot = request->slot,
                        .arena = request->arena,
                        .deadline_us = request->deadline_us,
                },
        };
        return query_schemas(&scim->query, &scim->fault);
}

enum err scim_begin(struct scim *scim, struct request *request)
{
        enum err e = scim_open(scim, request);
        return e ? e : scim_enter(scim, request->params[0]);
}

enum err scim_profile(struct scim *scim)
{
        scim->leniency.strict = (scim->query.actor->scopes & SCOPE_STRICT) != 0;
        return ERR_OK;
}

enum err scim_selection(struct scim *scim)
{
        const char *wanted = request_query(scim->request, "attributes"), *excluded = request_query(scim->request, "excludedAttributes");
        if (!wanted && !excluded)
                return ERR_OK;
        enum err e = scim_profile(scim);
        return e ? e : selection_parse(scim->type, wanted, excluded, scim->request->arena, &scim->leniency, &scim->selection, &scim->fault);
}

/* For the request log, which need not parse the body again. */
static void note_fields(struct request *request, const json_t *body)
{
        auto_buffer fields = { 0 };
        log_body_fields(body, &fields);
        request->body_fields = fields.failed ? NULL : arena_text(request->arena, fields.data ? fields.data : "", fields.length);
}

static enum err check_charset(struct scim *scim)
{
        struct fault fault = { 0 };
        enum err e = request_check_charset(scim->request, &fault);
        if (!e || leniency_use(&scim->leniency, LENIENT_CHARSET))
                return ERR_OK;
        scim->fault = fault;
        return e;
}

enum err scim_body(struct scim *scim, struct patch_lists *ret_lists, json_t **ret)
{
        const struct request *request = scim->request;
        if (!request->body_length)
                return fault_set(&scim->fault, ERR_SYNTAX, "", "a JSON object is expected as the body, and none came");
        enum err e = check_charset(scim);
        if (e)
                return e;
        if (ret_lists)
                e = patch_read(scim->type, request->arena, request->body, request->body_length, ret, ret_lists, &scim->fault);
        else
                e = json_parse_object(request->body, request->body_length, ret, &scim->fault);
        if (!e)
                note_fields(scim->request, *ret);
        return e;
}

void scim_note_leniencies(struct scim *scim)
{
        scim->request->leniencies = scim->leniency.used;
        scim->request->outcome = scim->outcome;
        if (!scim->leniency.used && !scim->outcome)
                return;
        auto_buffer names = { 0 };
        for (int code = 0; code < LENIENCY_COUNT; code++) {
                if (!(scim->leniency.used & (1u << code)))
                        continue;
                if (names.length)
                        buffer_putc(&names, ',');
                buffer_puts(&names, leniency_name((enum leniency_code)code));
        }
        if (scim->outcome)
                buffer_printf(&names, "%s%s", names.length ? "; " : "", scim->outcome);
        if (names.data)
                scim->request->log_note = arena_strdup(scim->request->arena, names.data);
}

enum handled scim_refuse(struct scim *scim, enum err e)
{
        reply_fault(scim->request, e, &scim->fault);
        const char *why = scim->request->log_note;
        scim_note_leniencies(scim);
        if ((scim->leniency.used || scim->outcome) && why)
                scim->request->log_note = arena_printf(scim->request->arena, "%s; %s", why, scim->request->log_note);
        return HANDLED;
}

void scim_revision(struct scim *scim, const struct change *change)
{
        char text[REVISION_TEXT_SIZE];
        revision_format(scim->query.actor->handle, change->epoch, change->revision, text);
        reply_header(scim->request, "Muster-Revision", text);
}
