/* SPDX-License-Identifier: Apache-2.0
 *
 * Resources as one connection sees them: what itself claimed (R3), its own edges (R14), the effective state in the Muster extension. The
 * stored document is canonical JSON and is copied, not parsed; only a selection or a filter makes a tree of it. */
#include <string.h>
#include "base/clock.h"
#include "base/text.h"
#include "scim_request.h"

struct list_render {
        struct scim *scim;
        struct buffer *into;
        const char *type_name, *endpoint;
        bool any;
};

/* ---- references ---- */

static void put_reference(struct list_render *list, const struct member_row *row)
{
        struct buffer *into = list->into;
        BUFFER_LITERAL(into, "{\"$ref\":\"");
        buffer_puts(into, scim_directory()->public_url);
        BUFFER_LITERAL(into, SCIM_BASE "/");
        buffer_puts(into, list->endpoint);
        buffer_putc(into, '/');
        buffer_puts(into, row->id);
        BUFFER_LITERAL(into, "\",\"type\":\"");
        buffer_puts(into, list->type_name);
        BUFFER_LITERAL(into, "\",\"value\":\"");
        buffer_puts(into, row->id);
        buffer_putc(into, '"');
}

/* The attribute stays away when the list is empty: null, missing and [] are all "unassigned". */
static void open_list(struct list_render *list, const char *attribute)
{
        if (!list->any) {
                buffer_printf(list->into, ",\"%s\":[", attribute);
                list->any = true;
        } else {
                buffer_putc(list->into, ',');
        }
}

static enum err put_member(void *context, const struct member_row *row, struct fault *fault)
{
        struct list_render *list = context;
        (void)fault;
        open_list(list, "members");
        list->type_name = row->kind == KIND_GROUP ? "Group" : "User";
        list->endpoint = row->kind == KIND_GROUP ? "Groups" : "Users";
        put_reference(list, row);
        buffer_putc(list->into, '}');
        return ERR_OK;
}

static enum err put_group(void *context, const struct member_row *row, struct fault *fault)
{
        struct list_render *list = context;
        json_auto_t *document = NULL;
        enum err e = json_parse_object(row->doc, strlen(row->doc), &document, fault);
        if (e)
                return e;
        const char *name = json_string_value(json_object_get(document, "displayName"));
        open_list(list, "groups");
        list->type_name = row->indirect ? "indirect" : "direct"; /* User.groups.type says how, not what (RFC 7643 section 4.1.2) */
        list->endpoint = "Groups";
        put_reference(list, row);
        if (name) {
                BUFFER_LITERAL(list->into, ",\"display\":");
                buffer_put_json(list->into, name, strlen(name));
        }
        buffer_putc(list->into, '}');
        return ERR_OK;
}

static enum err put_edges(struct scim *scim, const struct claimed_row *row, struct buffer *into)
{
        struct list_render list = { .scim = scim, .into = into };
        enum err e = scim->type->kind == KIND_GROUP ? query_members_of(&scim->query, row->resource.no, put_member, &list, &scim->fault)
                                                    : query_groups_of(&scim->query, row->resource.no, put_group, &list, &scim->fault);
        if (!e && list.any)
                buffer_putc(into, ']');
        return e;
}

/* ---- the rest ---- */

/* Canonical text; a quote inside a value is escaped, so that a URN in quotes and a colon can only be a key. */
static bool has_key(const char *text, size_t length, const char *urn)
{
        const char *end = text + length;
        size_t urn_length = strlen(urn);
        for (const char *at = text; (at = memmem(at, (size_t)(end - at), urn, urn_length)); at += urn_length)
                if (at > text && at[-1] == '"' && end - at >= (ptrdiff_t)urn_length + 2 && memcmp(at + urn_length, "\":", 2) == 0)
                        return true;
        return false;
}

static void put_schemas(struct scim *scim, const struct claimed_row *row, struct buffer *into)
{
        BUFFER_LITERAL(into, "{\"schemas\":[\"");
        buffer_puts(into, scim->type->core->urn);
        buffer_putc(into, '"');
        for (const struct schema *const *extension = scim->type->extensions; extension && *extension; extension++) {
                const char *urn = (*extension)->urn;
                if (strcmp(urn, URN_MUSTER_USER) != 0 && !has_key(row->claim.doc, row->claim.doc_length, urn))
                        continue;
                BUFFER_LITERAL(into, ",\"");
                buffer_puts(into, urn);
                buffer_putc(into, '"');
        }
        buffer_putc(into, ']');
}

static enum err put_effective(struct scim *scim, const struct claimed_row *row, struct buffer *into)
{
        const char *held[16];
        size_t count = 0;
        if (scim->type->kind != KIND_USER)
                return ERR_OK;
        if (!row->resource.active && row->claim.active == CLAIMED_ACTIVE) {
                enum err e = query_held_by(&scim->query, row->resource.no, held, COUNT_OF(held), &count, &scim->fault);
                if (e)
                        return e;
        }
        BUFFER_LITERAL(into, ",\"" URN_MUSTER_USER "\":{\"effectiveActive\":");
        buffer_puts(into, row->resource.active ? "true" : "false");
        for (size_t i = 0; i < count; i++)
                buffer_printf(into, "%s\"%s\"", i ? "," : ",\"heldBy\":[", held[i]);
        buffer_puts(into, count ? "]}" : "}");
        return ERR_OK;
}

static void put_meta(struct scim *scim, const struct claimed_row *row, struct buffer *into)
{
        char created[CLOCK_TEXT_SIZE], modified[CLOCK_TEXT_SIZE];
        clock_format(row->resource.created_us, created);
        clock_format(row->resource.modified_us, modified);
        BUFFER_LITERAL(into, ",\"meta\":{\"resourceType\":\"");
        buffer_puts(into, scim->type->name);
        BUFFER_LITERAL(into, "\",\"created\":\"");
        buffer_puts(into, created);
        BUFFER_LITERAL(into, "\",\"lastModified\":\"");
        buffer_puts(into, modified);
        BUFFER_LITERAL(into, "\",\"location\":\"");
        buffer_puts(into, scim_directory()->public_url);
        BUFFER_LITERAL(into, SCIM_BASE "/");
        buffer_puts(into, scim->type->scim_endpoint);
        buffer_putc(into, '/');
        buffer_puts(into, row->resource.id);
        BUFFER_LITERAL(into, "\",\"version\":\"W/\\\"");
        buffer_put_i64(into, row->resource.version);
        BUFFER_LITERAL(into, "\\\"\"}}");
}

/* R13: id, userName, active, meta, and no attribute that anybody else gave. */
static enum err put_adoptable(struct scim *scim, const struct claimed_row *row, struct buffer *into)
{
        json_auto_t *document = NULL;
        enum err e = json_parse_object(row->resource.doc, row->resource.doc_length, &document, &scim->fault);
        if (e)
                return e;
        const char *name = json_string_value(json_object_get(document, "userName"));
        BUFFER_LITERAL(into, "{\"schemas\":[\"" URN_USER "\"],\"id\":\"");
        buffer_puts(into, row->resource.id);
        BUFFER_LITERAL(into, "\",\"userName\":");
        buffer_put_json(into, name ? name : "", name ? strlen(name) : 0);
        buffer_puts(into, row->resource.active ? ",\"active\":true" : ",\"active\":false");
        put_meta(scim, row, into);
        return ERR_OK;
}

static enum err put_whole(struct scim *scim, const struct claimed_row *row, bool edges, struct buffer *into)
{
        if (row->adoptable)
                return put_adoptable(scim, row, into);
        put_schemas(scim, row, into);
        BUFFER_LITERAL(into, ",\"id\":\"");
        buffer_puts(into, row->resource.id);
        buffer_putc(into, '"');
        if (row->claim.doc_length > 2) {
                buffer_putc(into, ',');
                buffer_put(into, row->claim.doc + 1, row->claim.doc_length - 2);
        }
        if (*row->claim.external_id) {
                BUFFER_LITERAL(into, ",\"externalId\":");
                buffer_put_json(into, row->claim.external_id, strlen(row->claim.external_id));
        }
        if (scim->type->kind == KIND_USER)
                buffer_puts(into, row->claim.active == CLAIMED_ACTIVE ? ",\"active\":true" : ",\"active\":false");
        enum err e = put_effective(scim, row, into);
        if (!e && edges && !row->no_groups)
                e = put_edges(scim, row, into);
        if (e)
                return e;
        put_meta(scim, row, into);
        return ERR_OK;
}

const char *scim_edges_attribute(const struct resource_type *type)
{
        return type->kind == KIND_GROUP ? "members" : type->kind == KIND_USER ? "groups" : NULL;
}

enum err scim_render(struct scim *scim, const struct claimed_row *row, struct buffer *into)
{
        const char *edges = scim_edges_attribute(scim->type);
        if (!scim->selection && !scim->type->selects)
                return put_whole(scim, row, edges != NULL, into);
        auto_buffer whole = { 0 };
        json_auto_t *resource = NULL;
        enum err e = put_whole(scim, row, edges && selection_wants(scim->selection, scim->type, edges), &whole);
        if (!e)
                e = buffer_check(&whole, &scim->fault);
        if (!e)
                e = json_parse_object(whole.data, whole.length, &resource, &scim->fault);
        if (!e)
                e = selection_apply(scim->selection, scim->type, resource);
        return e ? e : json_compact(resource, into, &scim->fault);
}

enum err scim_render_tree(struct scim *scim, const struct claimed_row *row, bool edges, json_t **ret)
{
        auto_buffer whole = { 0 };
        enum err e = put_whole(scim, row, edges, &whole);
        if (!e)
                e = buffer_check(&whole, &scim->fault);
        return e ? e : json_parse_object(whole.data, whole.length, ret, &scim->fault);
}

void scim_version(int64_t version, char ret[VERSION_TEXT_SIZE])
{
        static const char begin[] = "W/\"", end[] = "\"";
        char *at = ret + sizeof(begin) - 1;
        memcpy(ret, begin, sizeof(begin));
        memcpy(at + text_i64(version, at), end, sizeof(end));
}

const char *scim_location(const struct scim *scim, const char *id)
{
        return arena_printf(scim->request->arena, "%s" SCIM_BASE "/%s/%s", scim_directory()->public_url, scim->type->scim_endpoint, id);
}

enum err scim_render_reply(struct scim *scim, const struct claimed_row *row, int status)
{
        struct request *request = scim->request;
        char version[VERSION_TEXT_SIZE];
        enum err e = scim_render(scim, row, &request->reply.body);
        if (!e)
                e = buffer_check(&request->reply.body, &scim->fault);
        if (e)
                return e;
        scim_version(row->resource.version, version);
        reply_header(request, "ETag", version);
        const char *location = status == 201 ? scim_location(scim, row->resource.id) : NULL;
        if (location)
                reply_header(request, "Location", location);
        reply_json(request, status, SCIM_MEDIA_TYPE);
        return ERR_OK;
}
