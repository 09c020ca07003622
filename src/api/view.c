/* SPDX-License-Identifier: Apache-2.0
 *
 * Resources as JSON text. The stored document is canonical JSON and is copied, never parsed; an attribute of its own that has the name of
 * a header field (a connection's `kind`) stands instead of it. */
#include "token.h"

#include <string.h>
#include "base/clock.h"
#include "directory/domain.h"
#include "directory/health.h"
#include "model/email_domain.h"

/* ---- members ---- */

void view_text(struct buffer *into, const char *name, const char *text)
{
        BUFFER_LITERAL(into, ",\"");
        buffer_puts(into, name);
        BUFFER_LITERAL(into, "\":");
        if (text)
                buffer_put_json(into, text, strlen(text));
        else
                BUFFER_LITERAL(into, "null");
}

void view_time(struct buffer *into, const char *name, int64_t time_us)
{
        char text[CLOCK_TEXT_SIZE];
        if (time_us)
                clock_format(time_us, text);
        view_text(into, name, time_us ? text : NULL);
}

void view_number(struct buffer *into, const char *name, int64_t number)
{
        BUFFER_LITERAL(into, ",\"");
        buffer_puts(into, name);
        BUFFER_LITERAL(into, "\":");
        buffer_put_i64(into, number);
}

/* ---- names ---- */

enum err view_name(struct arena *arena, enum resource_kind kind, const char *doc, size_t length, const char **ret, struct fault *fault)
{
        const struct resource_type *type = resource_type(kind);
        json_auto_t *document = NULL;
        const char *name = "";
        if (type && type->name_attribute && length) {
                enum err e = json_parse_object(doc, length, &document, fault);
                if (e)
                        return e;
                const char *found = json_string_value(json_object_get(document, type->name_attribute));
                name = found ? found : "";
        }
        const char *kept = arena_strdup(arena, name);
        if (!kept)
                return fault_set(fault, ERR_MEMORY, "", "out of memory");
        *ret = kept;
        return ERR_OK;
}

static enum err party_load(struct view *view, int64_t no, struct party *ret, struct fault *fault)
{
        struct resource_row row;
        *ret = (struct party){ .no = no };
        enum err e = query_by_no(view->query, no, &row, fault);
        if (e)
                return e == ERR_NOT_FOUND ? ERR_OK : e;
        ret->kind = row.kind;
        e = view_name(view->query->arena, row.kind, row.doc, row.doc_length, &ret->name, fault);
        if (!e && !(ret->id = arena_strdup(view->query->arena, row.id)))
                e = fault_set(fault, ERR_MEMORY, "", "out of memory");
        return e;
}

enum err view_party(struct view *view, int64_t no, struct party *ret, struct fault *fault)
{
        for (size_t i = 0; i < PARTIES_KEPT; i++)
                if (view->parties[i].no == no) {
                        *ret = view->parties[i];
                        return ERR_OK;
                }
        enum err e = party_load(view, no, ret, fault);
        if (!e)
                view->parties[view->next++ % PARTIES_KEPT] = *ret;
        return e;
}

enum err view_source(struct view *view, int64_t source_no, struct buffer *into, struct fault *fault)
{
        struct party source = { .id = "local" };
        enum err e = source_no ? view_party(view, source_no, &source, fault) : ERR_OK;
        if (!e)
                view_text(into, "source", source.id);
        return e;
}

enum err view_rule(struct view *view, int64_t rule_no, struct buffer *into, struct fault *fault)
{
        struct party rule = { 0 };
        enum err e = rule_no ? view_party(view, rule_no, &rule, fault) : ERR_OK;
        if (!e && rule_no)
                view_text(into, "rule", rule.id);
        return e;
}

/* ---- what belongs to a kind ---- */

static enum err view_external_id(struct view *view, const struct resource_row *row, struct buffer *into, struct fault *fault)
{
        const char *external_id;
        enum err e = query_external_id(view->query, row, &external_id, fault);
        if (!e && *external_id)
                view_text(into, "externalId", external_id);
        return e;
}

static enum err bears_mark(struct view *view, int64_t no, bool *ret, struct fault *fault)
{
        if (view->done && view->done->break_glass) {
                *ret = view->done->break_glass == BREAK_GLASS_MARK;
                return ERR_OK;
        }
        enum err e = view->break_glass_known ? ERR_OK : query_break_glass(view->query, view->break_glass, &view->break_glass_count, fault);
        if (e)
                return e;
        view->break_glass_known = true;
        *ret = false;
        for (size_t i = 0; i < view->break_glass_count; i++)
                *ret = *ret || view->break_glass[i] == no;
        return ERR_OK;
}

static enum err view_user(struct view *view, const struct resource_row *row, struct buffer *into, struct fault *fault)
{
        bool marked = false;
        enum err e = bears_mark(view, row->no, &marked, fault);
        if (e)
                return e;
        buffer_puts(into, marked ? ",\"break_glass\":true" : ",\"break_glass\":false");
        return view_external_id(view, row, into, fault);
}

static void put_party(struct buffer *into, const char *kind_name, const char *name_name, const struct party *party)
{
        view_text(into, kind_name, party->id ? resource_type(party->kind)->word : NULL);
        view_text(into, name_name, party->id ? party->name : NULL);
}

static enum err view_grant(struct view *view, const struct resource_row *row, struct buffer *into, struct fault *fault)
{
        struct grant_row grant = { 0 };
        struct party principal = { 0 }, scope = { 0 };
        enum err e = query_grant(view->query, row->no, &grant, fault);
        if (e == ERR_NOT_FOUND) /* taken back meanwhile */
                e = ERR_OK;
        if (!e && grant.no)
                e = view_party(view, grant.principal_no, &principal, fault);
        if (!e && grant.no)
                e = view_party(view, grant.scope_no, &scope, fault);
        if (e)
                return e;
        put_party(into, "principal_kind", "principal_name", &principal);
        put_party(into, "scope_kind", "scope_name", &scope);
        return view_rule(view, grant.rule_no, into, fault);
}

static void put_reasons(struct buffer *into, const struct health *health)
{
        BUFFER_LITERAL(into, ",\"refusals\":{\"hours\":24");
        view_number(into, "count", health->refused);
        BUFFER_LITERAL(into, ",\"reasons\":[");
        for (size_t i = 0; i < health->reason_count; i++) {
                const struct health_reason *reason = &health->reasons[i];
                buffer_puts(into, i ? ",{\"count\":" : "{\"count\":");
                buffer_put_i64(into, reason->count);
                view_number(into, "status", reason->status);
                view_text(into, "scim_type", *reason->scim_type ? reason->scim_type : NULL);
                view_text(into, "field", *reason->field ? reason->field : NULL);
                view_text(into, "note", *reason->note ? reason->note : NULL);
                buffer_putc(into, '}');
        }
        BUFFER_LITERAL(into, "]}");
}

static enum err view_connection(struct view *view, const struct resource_row *row, struct buffer *into, struct fault *fault)
{
        struct health health;
        enum err e = view_tokens(view, row, into, fault);
        if (!e)
                e = query_health(view->query, row, &health, fault);
        if (e)
                return e;
        BUFFER_LITERAL(into, ",\"health\":{\"state\":\"");
        buffer_puts(into, health_state_name(health.state));
        buffer_putc(into, '"');
        view_text(into, "text", health.text);
        view_time(into, "last_request_at", health.last_us);
        view_time(into, "last_success_at", health.success_us);
        view_time(into, "cycle_began_at", health.cycle_us);
        view_number(into, "interval_s", health.interval_us / US_PER_S);
        put_reasons(into, &health);
        view_time(into, "token_expires_at", health.token_expires_us);
        view_time(into, "capture_until", health.capture_until_us);
        buffer_putc(into, '}');
        return buffer_check(into, fault);
}

static enum err view_domain(struct view *view, const struct resource_row *row, struct buffer *into, struct fault *fault)
{
        struct domain_row domain;
        enum err e = query_domain(view->query, row->no, &domain, fault);
        if (e) /* given up meanwhile, or only tried */
                return e == ERR_NOT_FOUND ? ERR_OK : e;
        view_text(into, "state", domain_state_name(domain.state));
        view_text(into, "proof", domain_proof_name(domain.proof));
        view_time(into, "verified_at", domain.verified_us);
        view_time(into, "checked_at", domain.checked_us);
        view_time(into, "failing_since", domain.failed_us);
        buffer_printf(into, ",\"record\":{\"name\":\"" DOMAIN_RECORD_LABEL "%s\",\"type\":\"TXT\",\"value\":\"" DOMAIN_RECORD_VALUE "%s\"}",
                row->name, domain.token);
        return buffer_check(into, fault);
}

static enum err (*const of_kind[KIND_COUNT])(struct view *, const struct resource_row *, struct buffer *, struct fault *) = {
        [KIND_USER] = view_user,
        [KIND_GROUP] = view_external_id,
        [KIND_GRANT] = view_grant,
        [KIND_IDENTITY] = view_tokens,
        [KIND_CONNECTION] = view_connection,
        [KIND_DOMAIN] = view_domain,
};

/* ---- the whole ---- */

/* Attributes of a declared type stand apart: their names are anybody's. */
static enum err put_declared(struct view *view, const struct resource_row *row, struct buffer *into, struct fault *fault)
{
        const struct resource_type *type = schema_set_type(view->query->schemas, row->kind);
        view_text(into, "type", type ? type->name : NULL);
        BUFFER_LITERAL(into, ",\"attributes\":");
        buffer_put(into, row->doc, row->doc_length);
        return view_external_id(view, row, into, fault);
}

enum err view_open(struct view *view, const struct resource_row *row, struct buffer *into, struct fault *fault)
{
        const struct resource_type *type = resource_type(row->kind);
        BUFFER_LITERAL(into, "{\"id\":\"");
        buffer_puts(into, row->id);
        BUFFER_LITERAL(into, "\"");
        if (!type)
                view_text(into, "kind", "resource");
        else if (!attribute_find(type->core->attributes, "kind", strlen("kind")))
                view_text(into, "kind", type->word);
        buffer_puts(into, row->active ? ",\"active\":true" : ",\"active\":false");
        enum err e = view_source(view, row->source_no, into, fault);
        if (e)
                return e;
        view_time(into, "created_at", row->created_us);
        view_time(into, "modified_at", row->modified_us);
        view_number(into, "version", row->version);
        if (!type)
                return put_declared(view, row, into, fault);
        if (row->doc_length > 2) {
                buffer_putc(into, ',');
                buffer_put(into, row->doc + 1, row->doc_length - 2);
        }
        return of_kind[row->kind] ? of_kind[row->kind](view, row, into, fault) : ERR_OK;
}

enum err view_resource(struct view *view, const struct resource_row *row, struct buffer *into, struct fault *fault)
{
        enum err e = view_open(view, row, into, fault);
        if (!e)
                buffer_putc(into, '}');
        return e;
}
