/* SPDX-License-Identifier: Apache-2.0
 *
 * The one handler of the management API and the steps its operations share. It finds the type, judges whether the type offers the
 * operation, makes sure that the caller's root is in memory, runs the operation and renders what went wrong. */
#include "call.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/clock.h"
#include "base/text.h"
#include "directory/connection.h"
#include "http/route.h"

/* ---- the handler ---- */

/* What a collection or one of its resources takes. */
static void allow(const struct call *call)
{
        static const struct {
                unsigned offer;
                bool of_one;
                const char *method;
        } methods[] = {
                { OFFER_READ, false, "GET" },
                { OFFER_CREATE, false, "POST" },
                { OFFER_READ, true, "GET" },
                { OFFER_EDIT, true, "PATCH" },
                { OFFER_DELETE, true, "DELETE" },
        };
        char text[64] = "";
        for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
                if (methods[i].of_one != (call->ref != NULL) || !(call->type->api_offers & methods[i].offer))
                        continue;
                (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", *text ? ", " : "", methods[i].method);
        }
        reply_header(call->request, "Allow", text);
}

static enum err prepare(struct call *call, struct fault *fault)
{
        struct request *request = call->request;
        struct directory *directory = api_directory();
        call->query = (struct query){
                .directory = directory,
                .session = request->worker,
                .actor = &request->actor,
                .slot = request->slot,
                .arena = request->arena,
                .deadline_us = request->deadline_us,
        };
        enum err e = access_load(directory->access, request->slot, request->worker, request->actor.root_no, request->deadline_us, fault);
        return e ? e : query_schemas(&call->query, fault);
}

static enum err find_type(struct call *call, const char *collection, struct fault *fault)
{
        const struct request *request = call->request;
        unsigned next = 0;
        bool is_declared = text_equal(collection, COLLECTION_DECLARED);
        if (collection && (!*collection || is_declared))
                collection = request->params[next++];
        call->ref = next < request->param_count ? request->params[next++] : NULL;
        call->second = next < request->param_count ? request->params[next] : NULL;
        if (!collection)
                return ERR_OK;
        if (is_declared) {
                call->type = schema_set_type_by_endpoint(call->query.schemas, collection);
                if (call->type && !kind_is_declared(call->type->kind))
                        call->type = NULL;
        } else { /* as the caller's root knows it */
                const struct resource_type *plain = resource_type_by_collection(collection);
                call->type = plain ? schema_set_type(call->query.schemas, plain->kind) : NULL;
        }
        return call->type ? ERR_OK : fault_set(fault, ERR_NOT_FOUND, "", "there is no collection \"%.64s\"", collection);
}

/* ---- dry runs ---- */

static enum err wants_dry_run(const struct call *call, struct fault *fault)
{
        struct request *request = call->request;
        const char *wanted = request_query(request, "dry_run");
        if (!wanted || strcmp(wanted, "false") == 0)
                return ERR_OK;
        if (strcmp(wanted, "true") != 0)
                return fault_set(fault, ERR_VALUE, "dry_run", "dry_run is true or false");
        if (request->route->action == ACTION_READ || request->route->action == ACTION_SELF)
                return fault_set(fault, ERR_VALUE, "dry_run", "this call changes nothing: there is nothing to try");
        request->dry_run = arena_zero(request->arena, 1, sizeof(*request->dry_run));
        return request->dry_run ? ERR_OK : call_memory(fault);
}

/* What the operation wrote becomes a member of the answer; its headers speak of what is not there. */
static enum err tell_dry_run(const struct call *call, struct fault *fault)
{
        struct reply *reply = &call->request->reply;
        const char *answer = arena_text(call->request->arena, reply->body.data ? reply->body.data : "null", reply->body.length);
        if (!answer)
                return call_memory(fault);
        int status = reply->status;
        bool is_empty = reply->body.length == 0;
        buffer_clear(&reply->body);
        reply->header_count = 0;
        buffer_printf(&reply->body, "{\"dry_run\":true,\"status\":%d", status);
        dry_run_put(&reply->body, call->request->dry_run);
        BUFFER_LITERAL(&reply->body, ",\"answer\":");
        buffer_puts(&reply->body, is_empty ? "null" : answer);
        buffer_putc(&reply->body, '}');
        reply_json(call->request, 200, JSON_TYPE);
        return buffer_check(&reply->body, fault);
}

static void note_refusal(const struct call *call, enum err e)
{
        const struct request *request = call->request;
        if (e == ERR_FORBIDDEN)
                notice_count(api_directory()->notices, request->actor.root_no, &request->actor, EVENT_REFUSED,
                        call->type ? call->type->api_collection : "audit");
}

enum handled call_handle(struct request *request)
{
        const struct operation *operation = request->route->data;
        struct call call = { .request = request };
        struct fault fault = { 0 };
        if (!request->worker)
                return HANDLED_BY_WORKER;
        enum err e = prepare(&call, &fault);
        if (!e)
                e = find_type(&call, operation->collection, &fault);
        bool offered = e || !call.type || !operation->offer || (call.type->api_offers & operation->offer);
        if (!offered)
                e = fault_set(&fault, ERR_METHOD, "", "%s cannot be changed this way", call.type->api_collection);
        if (!e)
                e = wants_dry_run(&call, &fault);
        if (!e)
                e = operation->run(&call, &fault);
        if (!e && request->dry_run && request->dry_run->ran)
                e = tell_dry_run(&call, &fault);
        if (!e)
                return HANDLED;
        if (request->route->action == ACTION_READ) /* refused writes are counted where they are judged */
                note_refusal(&call, e);
        reply_fault(request, e, &fault);
        if (!offered)
                allow(&call);
        return HANDLED;
}

/* ---- steps ---- */

enum err call_memory(struct fault *fault)
{
        return fault_set(fault, ERR_MEMORY, "", "out of memory");
}

enum err call_take_body(const struct call *call, json_t **ret, struct fault *fault)
{
        const struct request *request = call->request;
        if (request->body_length) {
                enum err e = request_check_charset(request, fault);
                return e ? e : json_parse_object(request->body, request->body_length, ret, fault);
        }
        json_t *empty = json_object();
        if (!empty)
                return call_memory(fault);
        *ret = empty;
        return ERR_OK;
}

struct first_row {
        struct arena *arena;
        struct resource_row row;
};

static enum err keep_first(void *context, const struct resource_row *row, struct fault *fault)
{
        struct first_row *first = context;
        first->row = *row;
        first->row.name = arena_strdup(first->arena, row->name);
        first->row.doc = arena_text(first->arena, row->doc, row->doc_length);
        return first->row.name && first->row.doc ? ERR_OK : call_memory(fault);
}

static enum err in_organization(const struct call *call, const char *organization, struct resource_row *ret, struct fault *fault)
{
        const struct query_page page = { .type = call->type, .organization = organization, .name = call->ref, .limit = 1 };
        struct first_row first = { .arena = call->query.arena };
        bool more;
        int64_t last_no, total;
        enum err e = query_list(&call->query, &page, keep_first, &first, &more, &last_no, &total, fault);
        if (e)
                return e;
        if (!first.row.no)
                return fault_set(fault, ERR_NOT_FOUND, "", "there is no %s \"%.80s\" in this organization", call->type->word, call->ref);
        *ret = first.row;
        return ERR_OK;
}

/* NULL: the reference stands for itself. */
static const char *narrowing(const struct call *call)
{
        const char *organization = request_query(call->request, "organization");
        bool is_name = call->type->name_attribute && !ident_is_uuid(call->ref, strlen(call->ref));
        return organization && *organization && is_name ? organization : NULL;
}

enum err call_ref(const struct call *call, const char **ret, struct fault *fault)
{
        const char *organization = narrowing(call);
        struct resource_row row;
        if (!organization) {
                *ret = call->ref;
                return ERR_OK;
        }
        enum err e = in_organization(call, organization, &row, fault);
        if (call->request->route->action != ACTION_READ)
                note_refusal(call, e);
        const char *id = e ? NULL : arena_strdup(call->query.arena, row.id);
        if (!e && !id)
                e = call_memory(fault);
        if (!e)
                *ret = id;
        return e;
}

enum err call_resource(const struct call *call, struct resource_row *ret, struct fault *fault)
{
        const char *organization = narrowing(call);
        return organization ? in_organization(call, organization, ret, fault)
                            : query_resource(&call->query, call->type, call->ref, ret, fault);
}

struct change call_change(const struct call *call, enum change_verb verb)
{
        const struct request *request = call->request;
        return (struct change){
                .verb = verb,
                .actor = &request->actor,
                .type = call->type,
                .schemas_revision = call->query.schemas->revision,
                .ref = call->ref,
                .if_match = request->headers[HEADER_IF_MATCH],
                .dry_run = request->dry_run,
                .arena = request->arena,
                .deadline_us = request->deadline_us,
        };
}

void call_revision(const struct call *call, const struct change *change)
{
        char revision[REVISION_TEXT_SIZE];
        revision_format(call->request->actor.handle, change->epoch, change->revision, revision);
        reply_header(call->request, "Muster-Revision", revision);
}

enum err call_apply(const struct call *call, struct change *change, struct fault *fault)
{
        enum err e = directory_change(api_directory(), change, fault);
        if (e)
                return e;
        if (change->job.connection_no &&
                !change->dry_run) /* of a mapping rule: what it gives is in force with the answer, where that is soon */
                connection_continue(api_directory(), change, clock_steady_us() + WORK_BUDGET_US);
        call_revision(call, change);
        return ERR_OK;
}

const char *call_location(const struct call *call, const struct resource_row *row)
{
        return arena_printf(call->query.arena, "%s/api/v1/%s/%s", api_directory()->public_url, call->type->api_collection, row->id);
}

void call_etag(const struct call *call, int64_t version)
{
        char text[32];
        (void)snprintf(text, sizeof(text), "W/\"%lld\"", (long long)version);
        reply_header(call->request, "ETag", text);
}

bool call_is_unchanged(const struct call *call, int64_t version)
{
        const char *at = call->request->headers[HEADER_IF_NONE_MATCH];
        char wanted[32];
        int length = snprintf(wanted, sizeof(wanted), "\"%lld\"", (long long)version);
        while (at && *at) {
                at += strspn(at, " \t,");
                if (*at == '*')
                        return true;
                if (strncmp(at, "W/", 2) == 0)
                        at += 2;
                size_t token = strcspn(at, ", \t");
                if (token == (size_t)length && strncmp(at, wanted, token) == 0)
                        return true;
                at += token;
        }
        return false;
}
