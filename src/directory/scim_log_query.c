/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading the request log of SCIM. */
#include <string.h>
#include "base/auto.h"
#include "base/clock.h"
#include "base/text.h"
#include "directory/scim_log.h"
#include "http/request.h"
#include "scim_log_body.h"
#include "work.h"

static enum err may_read(const struct query *query, struct fault *fault)
{
        if (query_need(query, ROOT_ORG_NO, LEVEL_ORGANIZATION, "audit-logs", "read", fault) == ERR_OK)
                return ERR_OK;
        return query_need(query, ROOT_ORG_NO, LEVEL_ORGANIZATION, "scim", "read", fault);
}

static void row_load(const struct result *result, struct scim_log_row *ret)
{
        *ret = (struct scim_log_row){
                .no = result_i64(result, 0),
                .connection_no = result_i64(result, 1),
                .credential_no = result_i64(result, 2),
                .method = (int)result_i64(result, 3),
                .status = (int)result_i64(result, 4),
                .duration_us = result_i64(result, 5),
                .path = result_text(result, 6, NULL),
                .request_id = result_text(result, 7, NULL),
                .resource_id = result_text(result, 8, NULL),
                .scim_type = result_text(result, 9, NULL),
                .field = result_text(result, 10, NULL),
                .fields = result_text(result, 11, NULL),
                .leniencies = result_text(result, 12, NULL),
                .has_body = result_i64(result, 13) != 0,
                .connection_id = result_text(result, 14, NULL),
                .note = result_text(result, 15, NULL),
        };
}

static enum err walk(struct result *result, scim_log_each each, void *context, int *ret_count, struct fault *fault)
{
        *ret_count = 0;
        for (;;) {
                bool more;
                enum err e = result_next(result, &more, fault);
                if (e || !more)
                        return e;
                struct scim_log_row row;
                row_load(result, &row);
                ++*ret_count;
                e = each(context, &row, fault);
                if (e)
                        return e;
        }
}

/* What partly_refused is at least, where the status is lower than asked: no row has 2. */
static struct value partly_min(const struct scim_log_page *page)
{
        return V_I64(page->partly_refused ? 1 : 2);
}

/* The number before the newest `limit` rows. */
static enum err tail_start(
        const struct query *query, const struct scim_log_page *page, int64_t connection_no, int64_t *ret, struct fault *fault)
{
        auto_result result = { 0 };
        struct session *session = query->session;
        int64_t root_no = query->actor->root_no;
        enum err e = connection_no ? session_query(session, ST_SCIM_LOG_TAIL_OF, &result, fault, V_I64(root_no), V_I64(connection_no),
                                             V_I64(page->status_min), partly_min(page), V_I64(page->limit - 1))
                                   : session_query(session, ST_SCIM_LOG_TAIL, &result, fault, V_I64(root_no), V_I64(page->status_min),
                                             partly_min(page), V_I64(page->limit - 1));
        bool found = false;
        if (!e)
                e = result_next(&result, &found, fault);
        if (!e)
                *ret = found ? result_i64(&result, 0) - 1 : 0;
        return e;
}

enum err query_scim_log(const struct query *query, const struct scim_log_page *page, scim_log_each each, void *context, struct fault *fault)
{
        struct resource_row connection = { 0 };
        int64_t after = page->after, root_no = query->actor->root_no;
        int count;
        enum err e = may_read(query, fault);
        if (!e && page->connection)
                e = query_resource(query, resource_type(KIND_CONNECTION), page->connection, &connection, fault);
        if (!e && after < 0)
                e = tail_start(query, page, connection.no, &after, fault);
        if (e)
                return e;
        auto_result result = { 0 };
        e = connection.no ? session_query(query->session, ST_SCIM_LOG_AFTER_OF, &result, fault, V_I64(root_no), V_I64(connection.no),
                                    V_I64(after), V_I64(page->status_min), partly_min(page), V_I64(page->limit))
                          : session_query(query->session, ST_SCIM_LOG_AFTER, &result, fault, V_I64(root_no), V_I64(after),
                                    V_I64(page->status_min), partly_min(page), V_I64(page->limit));
        return e ? e : walk(&result, each, context, &count, fault);
}

static enum err load_body(const struct query *query, int64_t no, struct buffer *ret, struct fault *fault)
{
        auto_result result = { 0 };
        bool found;
        enum err e = session_query(query->session, ST_SCIM_LOG_BODY, &result, fault, V_I64(query->actor->root_no), V_I64(no));
        if (!e)
                e = result_next(&result, &found, fault);
        if (e || !found)
                return e;
        unsigned char key[HASH_SIZE];
        size_t length;
        const unsigned char *sealed = result_bytes(&result, 0, &length);
        directory_key(query->directory, "scim log body", key);
        e = log_body_open(key, query->actor->root_no, no, sealed, length, ret, fault);
        text_wipe(key, sizeof(key));
        return e;
}

/* Holds all that the built-in administrator of the root organisation holds. */
static enum err is_admin(const struct query *query, struct fault *fault)
{
        const struct builtin_role *admin = builtin_role_find(LEVEL_ORGANIZATION, "admin");
        for (int permission = 0; permission < permission_count(); permission++) {
                bool holds = false;
                if (!permission_set_has(&admin->allow, permission))
                        continue;
                if (access_holds(query->directory->access, query->slot, query->actor->root_no, query->actor->no, ROOT_ORG_NO, permission,
                            clock_now_us(), &holds) != ACCESS_FOUND ||
                        !holds)
                        return fault_set(fault, ERR_FORBIDDEN, "", "the body of a request is for administrators of the root organization");
        }
        return ERR_OK;
}

enum err query_scim_log_one(
        const struct query *query, int64_t no, scim_log_each each, void *context, struct buffer *body, struct fault *fault)
{
        enum err e = may_read(query, fault);
        if (!e && body)
                e = is_admin(query, fault);
        if (!e && body)
                e = load_body(query, no, body, fault);
        if (e)
                return e;
        auto_result result = { 0 };
        int count = 0;
        e = session_query(query->session, ST_SCIM_LOG_ONE, &result, fault, V_I64(query->actor->root_no), V_I64(no));
        if (!e)
                e = walk(&result, each, context, &count, fault);
        return e || count ? e : fault_set(fault, ERR_NOT_FOUND, "", "the request log has no row %lld", (long long)no);
}

/* ---- replay ---- */

struct logged {
        struct arena *arena;
        struct scim_log_row row; /* path and connection_id in the arena */
        bool has_fields;
};

static enum err keep_row(void *context, const struct scim_log_row *row, struct fault *fault)
{
        struct logged *logged = context;
        logged->row = *row;
        logged->has_fields = *row->fields != '\0';
        logged->row.path = arena_strdup(logged->arena, row->path);
        logged->row.connection_id = arena_strdup(logged->arena, row->connection_id);
        return logged->row.path && logged->row.connection_id ? ERR_OK : fault_set(fault, ERR_MEMORY, "", "out of memory");
}

/* What is refused at the door has no body here; a DELETE never has one. */
static bool was_refused_at_the_door(const struct logged *logged)
{
        int status = logged->row.status;
        return !logged->row.has_body && !logged->has_fields && (status == 401 || status == 403 || status == 429);
}

static enum err check_replayable(const struct logged *logged, struct fault *fault)
{
        const struct scim_log_row *row = &logged->row;
        size_t length = strlen(row->path);
        if (row->method == METHOD_GET || (length > 8 && strcmp(row->path + length - 8, "/.search") == 0))
                return fault_set(fault, ERR_CONFLICT, "", "this request only read: there is nothing to replay");
        if (was_refused_at_the_door(logged))
                return fault_set(fault, ERR_CONFLICT, "", "this request was refused with %d before it was read: there is nothing to replay",
                        row->status);
        if (row->has_body || row->method == METHOD_DELETE)
                return ERR_OK;
        if (clock_stored_us() - row->no > SCIM_LOG_BODY_KEPT_US)
                return fault_set(fault, ERR_CONFLICT, "", "the body of this request has been forgotten: it is kept for 72 hours");
        return fault_set(fault, ERR_CONFLICT, "", "the body of this request was not kept: it was no JSON object, or longer than 64 KiB");
}

/* Speaks as the connection stands now, with what the token might that the request came with. */
static enum err act_as(const struct query *query, const struct scim_log_row *row, struct actor *ret, struct fault *fault)
{
        struct resource_row connection = { 0 };
        struct credential_row credential = { .scopes = SCOPE_USERS | SCOPE_GROUPS };
        json_auto_t *document = NULL;
        enum err e = query_resource(query, resource_type(KIND_CONNECTION), row->connection_id, &connection, fault);
        if (e == ERR_NOT_FOUND)
                return fault_set(fault, ERR_CONFLICT, "", "the connection of this request is gone");
        if (!e && !connection.active)
                return fault_set(fault, ERR_CONFLICT, "", "the connection of this request is disabled; enable it first");
        if (!e)
                e = json_parse_object(connection.doc, connection.doc_length, &document, fault);
        if (e)
                return e;
        e = credential_load(query->session, query->actor->root_no, row->credential_no, &credential, fault);
        if (e && e != ERR_NOT_FOUND)
                return e;
        *ret = (struct actor){
                .kind = ACTOR_CONNECTION,
                .root_no = query->actor->root_no,
                .org_no = ROOT_ORG_NO,
                .no = connection.no,
                .scopes = (credential.scopes & SCOPES_OF_TOKEN) | credential_flags(document),
                .schemas_revision = query->actor->schemas_revision,
                .replayed_by = query->actor,
                .replay_of = row->no,
        };
        memcpy(ret->handle, query->actor->handle, HANDLE_SIZE);
        memcpy(ret->id, connection.id, UUID_TEXT_SIZE);
        return ERR_OK;
}

enum err query_scim_log_replay(const struct query *query, int64_t no, struct scim_replay *ret, struct fault *fault)
{
        struct logged logged = { .arena = query->arena };
        auto_buffer body = { 0 };
        enum err e = query_scim_log_one(query, no, keep_row, &logged, &body, fault);
        if (!e)
                e = check_replayable(&logged, fault);
        struct scim_replay replay = { .method = logged.row.method, .path = logged.row.path, .body_length = body.length };
        if (!e)
                e = act_as(query, &logged.row, &replay.actor, fault);
        if (e)
                return e;
        replay.body = arena_text(query->arena, body.length ? body.data : "", body.length);
        if (!replay.body)
                return fault_set(fault, ERR_MEMORY, "", "out of memory");
        *ret = replay;
        return ERR_OK;
}
