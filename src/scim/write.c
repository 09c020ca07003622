/* SPDX-License-Identifier: Apache-2.0
 *
 * One write, whether it came as a request of its own or as an operation of Bulk: the body in the form of its verb, then one change. */
#include <string.h>
#include "scim_request.h"

static const struct {
        enum change_verb verb;
        bool accepts; /* the body is a resource */
        enum accept_mode mode;
} writes[] = {
        [METHOD_POST] = { CHANGE_CREATE, true, ACCEPT_CREATE },
        [METHOD_PUT] = { CHANGE_REPLACE, true, ACCEPT_REPLACE },
        [METHOD_PATCH] = { CHANGE_PATCH, false, ACCEPT_MERGE },
        [METHOD_DELETE] = { CHANGE_DELETE, false, ACCEPT_MERGE },
};

/* RFC 7644 section 3.5.1: id is read-only; one that differs is a mistake of the client, which strict says. */
static enum err check_id(struct scim *scim, const json_t *body, const char *ref)
{
        const char *id = json_string_value(json_object_get(body, "id"));
        if (!id || strcmp(id, ref) == 0 || leniency_use(&scim->leniency, LENIENT_READ_ONLY_SAME))
                return ERR_OK;
        return fault_set(&scim->fault, ERR_MUTABILITY, "id", "id is read-only and must be that of the path, or absent");
}

static enum err accept(struct scim *scim, enum accept_mode mode, const json_t *body, json_t **ret, struct edge_list *ret_edges)
{
        const struct accept accept = { .type = scim->type, .mode = mode, .leniency = &scim->leniency, .arena = scim->request->arena };
        return document_accept(&accept, body, ret, ret_edges, &scim->fault);
}

/* The first outcomes of a Bulk speak for the rest. */
#define OUTCOME_MAX 400

static void tell(struct scim *scim, const char *text)
{
        if (!text || (scim->outcome && strlen(scim->outcome) > OUTCOME_MAX))
                return;
        const char *whole = scim->outcome ? arena_printf(scim->request->arena, "%s; %s", scim->outcome, text) : text;
        scim->outcome = whole ? whole : scim->outcome;
}

/* R3: the connection lets the user in, others do not. The write is done: when nobody can say who, it says that much. */
static void tell_held(struct scim *scim, const struct claimed_row *row)
{
        const char *held[4] = { "another source" };
        size_t count = 1;
        struct fault fault = { 0 };
        enum err e = query_held_by(&scim->query, row->resource.no, held, COUNT_OF(held), &count, &fault);
        for (size_t i = 0; i < (e ? 1 : count); i++)
                tell(scim, arena_printf(scim->request->arena, "%s is held by %s", row->resource.id, held[i]));
}

/* R14 */
static void tell_stays(struct scim *scim, const struct change *change)
{
        tell(scim, arena_printf(scim->request->arena, "%s is still a member through %s", change->stays.id,
                           change->stays.local ? "a local edge" : "another connection"));
        if (change->stays.count > 1)
                tell(scim, arena_printf(scim->request->arena, "and %lld more", (long long)change->stays.count - 1));
}

static void tell_outcome(struct scim *scim, const struct change *change)
{
        const struct claimed_row *after = &change->after;
        if (change->stays.count)
                tell_stays(scim, change);
        bool is_held = scim->type->kind == KIND_USER && change->verb != CHANGE_DELETE && !after->resource.active &&
                       after->claim.active == CLAIMED_ACTIVE;
        if (is_held)
                tell_held(scim, after);
}

enum err scim_writing_begin(struct scim *scim, const struct write *write, struct writing *ret)
{
        enum err e = ERR_OK;
        *ret = (struct writing){ .type = scim->type };
        struct change *change = &ret->change;
        *change = (struct change){
                .verb = writes[write->method].verb,
                .actor = scim->query.actor,
                .type = scim->type,
                .schemas_revision = scim->query.schemas->revision,
                .ref = write->ref,
                .document = write->body,
                .lists = write->lists,
                .if_match = write->if_match,
                .alone = write->alone,
                .dry_run = scim->request->dry_run,
                .request_id = scim->request->request_id,
                .leniency = &scim->leniency,
                .arena = scim->request->arena,
                .deadline_us = scim->request->deadline_us,
        };
        if (write->method == METHOD_PUT)
                e = check_id(scim, write->body, write->ref);
        if (!e && writes[write->method].accepts) {
                e = accept(scim, writes[write->method].mode, write->body, &ret->document, &change->edges);
                change->document = ret->document;
        }
        return e;
}

enum err scim_writing_end(struct scim *scim, struct writing *writing, enum err e)
{
        json_decref(writing->document);
        writing->document = NULL;
        writing->change.document = NULL; /* only `after` and the numbers outlive the call */
        writing->change.lists = (struct patch_lists){ 0 };
        scim->type = writing->type;
        if (!e)
                tell_outcome(scim, &writing->change);
        return e;
}

enum err scim_write(struct scim *scim, const struct write *write, struct change *ret)
{
        struct writing writing;
        enum err e = scim_writing_begin(scim, write, &writing);
        if (!e)
                e = directory_change(scim->query.directory, &writing.change, &scim->fault);
        e = scim_writing_end(scim, &writing, e);
        if (!e)
                *ret = writing.change;
        return e;
}
