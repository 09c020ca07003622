/* SPDX-License-Identifier: Apache-2.0
 *
 * GET /status: who calls, in which organisation, how much there is as far as the caller may see it, and what needs care. */
#include <string.h>
#include "base/auto.h"
#include "base/clock.h"
#include "base/text.h"
#include "call.h"
#include "directory/domain.h"
#include "directory/health.h"
#include "view.h"

#define EXPIRY_WARNING_DAYS 7
#define CONNECTIONS_LOOKED_AT 50

struct status {
        const struct call *call;
        struct buffer *body;
        const char *caller_name;
        int64_t expires_us;
        int64_t connections; /* -1: the caller may not know */
        int warnings;
};

static enum err put_organization(struct status *status, struct fault *fault)
{
        const struct query *query = &status->call->query;
        struct resource_row row;
        json_auto_t *document = NULL;
        enum err e = query_by_no(query, query->actor->org_no, &row, fault);
        if (!e)
                e = json_parse_object(row.doc, row.doc_length, &document, fault);
        if (e)
                return e;
        BUFFER_LITERAL(status->body, ",\"organization\":{\"id\":\"");
        buffer_puts(status->body, row.id);
        buffer_putc(status->body, '"');
        view_text(status->body, "slug", json_string_value(json_object_get(document, "slug")));
        view_text(status->body, "name", json_string_value(json_object_get(document, "name")));
        buffer_putc(status->body, '}');
        return ERR_OK;
}

static enum err put_caller(struct status *status, struct fault *fault)
{
        const struct query *query = &status->call->query;
        const struct builtin_role *role = role_of_caller(status->call);
        struct resource_row row;
        enum err e = query_by_no(query, query->actor->no, &row, fault);
        if (!e)
                e = view_name(query->arena, row.kind, row.doc, row.doc_length, &status->caller_name, fault);
        if (!e)
                e = query_credential_expiry(query, &status->expires_us, fault);
        if (e)
                return e;
        BUFFER_LITERAL(status->body, ",\"caller\":{\"kind\":\"");
        buffer_puts(status->body, resource_type(row.kind)->word);
        buffer_putc(status->body, '"');
        view_text(status->body, "id", row.id);
        view_text(status->body, "name", status->caller_name);
        view_text(status->body, "role", role ? role->slug : NULL);
        view_time(status->body, "token_expires_at", status->expires_us);
        buffer_putc(status->body, '}');
        return ERR_OK;
}

static enum err put_revision(struct status *status, struct fault *fault)
{
        const struct query *query = &status->call->query;
        int64_t epoch, revision;
        char text[REVISION_TEXT_SIZE];
        if (access_revision(query->directory->access, query->slot, query->actor->root_no, &epoch, &revision) != ACCESS_FOUND)
                return fault_set(fault, ERR_UNAVAILABLE, "", "the organization is being loaded; try again");
        revision_format(query->actor->handle, epoch, revision, text);
        view_text(status->body, "revision", text);
        return ERR_OK;
}

/* Of what the caller may read in the whole root, and nothing of the rest. */
static enum err put_counts(struct status *status, struct fault *fault)
{
        static const enum resource_kind kinds[] = { KIND_USER, KIND_GROUP, KIND_IDENTITY, KIND_PROJECT, KIND_CONNECTION, KIND_GRANT };
        const struct query *query = &status->call->query;
        bool first = true;
        BUFFER_LITERAL(status->body, ",\"counts\":{");
        for (size_t i = 0; i < COUNT_OF(kinds); i++) {
                const struct resource_type *type = resource_type(kinds[i]);
                int64_t count;
                if (query_need(query, ROOT_ORG_NO, LEVEL_ORGANIZATION, type->subject, "read", NULL))
                        continue;
                enum err e = query_count(query, kinds[i], &count, fault);
                if (e)
                        return e;
                if (kinds[i] == KIND_CONNECTION)
                        status->connections = count;
                if (!first)
                        buffer_putc(status->body, ',');
                first = false;
                buffer_put_json(status->body, type->api_collection, strlen(type->api_collection));
                buffer_putc(status->body, ':');
                buffer_put_i64(status->body, count);
        }
        buffer_putc(status->body, '}');
        return ERR_OK;
}

static void warn(struct status *status, const char *text)
{
        if (status->warnings++)
                buffer_putc(status->body, ',');
        buffer_put_json(status->body, text, strlen(text));
}

static const char *expiry_text(const struct status *status, const char *format)
{
        int64_t days = (status->expires_us - clock_now_us()) / US_PER_DAY;
        const char *when = days < 1 ? arena_strdup(status->call->query.arena, "in less than a day")
                                    : arena_printf(status->call->query.arena, "in %lld day%s", (long long)days, days == 1 ? "" : "s");
        const char *text = when ? arena_printf(status->call->query.arena, "%s (expires %s)", format, when) : NULL;
        return text ? text : format;
}

static enum err warn_of_connection(void *context, const struct resource_row *row, struct fault *fault)
{
        struct status *status = context;
        const struct query *query = &status->call->query;
        struct health health;
        const char *name = NULL;
        enum err e = query_health(query, row, &health, fault);
        if (e || !health_needs_care(&health, clock_now_us()))
                return e;
        e = view_name(query->arena, KIND_CONNECTION, row->doc, row->doc_length, &name, fault);
        const char *text = e ? NULL : arena_printf(query->arena, "connection \"%s\": %s", name, health.text);
        if (text)
                warn(status, text);
        return e;
}

static enum err warn_of_connections(struct status *status, struct fault *fault)
{
        const struct query_page page = { .type = resource_type(KIND_CONNECTION), .limit = CONNECTIONS_LOOKED_AT };
        bool more;
        int64_t last_no, total;
        return query_list(&status->call->query, &page, warn_of_connection, status, &more, &last_no, &total, fault);
}

static enum err warn_of_domain(void *context, const struct resource_row *row, struct fault *fault)
{
        struct status *status = context;
        struct domain_row domain;
        const char *says = NULL;
        enum err e = query_domain(&status->call->query, row->no, &domain, fault);
        if (e)
                return e == ERR_NOT_FOUND ? ERR_OK : e;
        if (domain.state == DOMAIN_LAPSED)
                says = "has lapsed: put its TXT record back, then: muster domain verify";
        else if (domain.failed_us)
                says = "lapses soon: its TXT record is not found";
        const char *text = says ? arena_printf(status->call->query.arena, "e-mail domain \"%s\" %s", row->name, says) : NULL;
        if (text)
                warn(status, text);
        return ERR_OK;
}

static enum err warn_of_domains(struct status *status, struct fault *fault)
{
        const struct query_page page = { .type = resource_type(KIND_DOMAIN), .limit = CONNECTIONS_LOOKED_AT };
        bool more;
        int64_t last_no, total;
        enum err e = query_list(&status->call->query, &page, warn_of_domain, status, &more, &last_no, &total, fault);
        return e == ERR_FORBIDDEN ? ERR_OK : e; /* of what the caller may read */
}

static enum err put_warnings(struct status *status, struct fault *fault)
{
        enum err e = ERR_OK;
        int64_t left_us = status->expires_us - clock_now_us();
        BUFFER_LITERAL(status->body, ",\"warnings\":[");
        if (text_equal(status->caller_name, "bootstrap"))
                warn(status, expiry_text(status, "the bootstrap identity's token is in use; create identities of your own and delete it"));
        else if (status->expires_us && left_us < EXPIRY_WARNING_DAYS * US_PER_DAY)
                warn(status, expiry_text(status, "this token expires soon; rotate it"));
        if (status->connections == 0)
                warn(status, "no SCIM connection yet: no identity provider can push users here");
        if (!status->call->query.directory->checkpoint_key)
                warn(status, "the ledger is not signed: there is no checkpoint key");
        if (status->connections > 0 && status->call->query.actor->org_no == ROOT_ORG_NO)
                e = warn_of_connections(status, fault);
        if (!e && status->call->query.actor->org_no == ROOT_ORG_NO)
                e = warn_of_domains(status, fault);
        buffer_putc(status->body, ']');
        return e;
}

enum err status_answer(const struct call *call, struct fault *fault)
{
        struct status status = { .call = call, .body = &call->request->reply.body, .connections = -1 };
        BUFFER_LITERAL(status.body, "{\"version\":\"" MUSTER_VERSION "\"");
        enum err e = put_organization(&status, fault);
        if (!e)
                e = put_caller(&status, fault);
        if (!e)
                e = put_revision(&status, fault);
        if (!e)
                e = put_counts(&status, fault);
        if (!e)
                e = put_warnings(&status, fault);
        if (e)
                return e;
        buffer_putc(status.body, '}');
        reply_json(call->request, 200, JSON_TYPE);
        return ERR_OK;
}
