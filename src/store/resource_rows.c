/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of `resource` and `claim` as structs. */
#include <string.h>
#include "store/rows.h"

#define COLUMN_AFTER_RESOURCE 12

static void resource_read(const struct result *result, struct resource_row *ret)
{
        size_t length;
        *ret = (struct resource_row){
                .no = result_i64(result, 0),
                .org_no = result_i64(result, 2),
                .kind = (enum resource_kind)result_i64(result, 3),
                .source_no = result_i64(result, 5),
                .active = result_i64(result, 6) == 1,
                .version = result_i64(result, 7),
                .created_us = result_i64(result, 8),
                .modified_us = result_i64(result, 9),
                .deleted_us = result_i64(result, 10),
        };
        const char *id = result_text(result, 1, &length);
        if (length == UUID_TEXT_SIZE - 1)
                memcpy(ret->id, id, length);
        ret->name = result_text(result, 4, NULL);
        ret->doc = result_text(result, 11, &ret->doc_length);
}

static enum err resource_keep(struct arena *arena, struct resource_row *row, struct fault *fault)
{
        row->name = arena_strdup(arena, row->name);
        row->doc = arena_text(arena, row->doc, row->doc_length);
        if (!row->name || !row->doc)
                return fault_set(fault, ERR_MEMORY, "", "out of memory");
        return ERR_OK;
}

static enum err not_found(struct fault *fault)
{
        return fault_set(fault, ERR_NOT_FOUND, "", "no such resource");
}

static enum err resource_one(struct result *result, struct arena *arena, struct resource_row *ret, struct fault *fault)
{
        bool row;
        enum err e = result_next(result, &row, fault);
        if (e)
                return e;
        if (!row)
                return not_found(fault);
        struct resource_row found;
        resource_read(result, &found);
        e = resource_keep(arena, &found, fault);
        if (e)
                return e;
        *ret = found;
        return ERR_OK;
}

static enum err load_by_no(struct session *session, enum statement statement, int64_t root_no, int64_t no, struct arena *arena,
        struct resource_row *ret, struct fault *fault)
{
        auto_result result = { 0 };
        enum err e = session_query(session, statement, &result, fault, V_I64(root_no), V_I64(no));
        return e ? e : resource_one(&result, arena, ret, fault);
}

enum err resource_load(
        struct session *session, int64_t root_no, int64_t no, struct arena *arena, struct resource_row *ret, struct fault *fault)
{
        return load_by_no(session, ST_RESOURCE_BY_NO, root_no, no, arena, ret, fault);
}

enum err resource_load_binned(
        struct session *session, int64_t root_no, int64_t no, struct arena *arena, struct resource_row *ret, struct fault *fault)
{
        return load_by_no(session, ST_RESOURCE_BINNED, root_no, no, arena, ret, fault);
}

static enum err load_by_id(struct session *session, enum statement statement, int64_t root_no, const char *id, struct arena *arena,
        struct resource_row *ret, struct fault *fault)
{
        if (!id || !ident_is_uuid(id, strlen(id)))
                return not_found(fault);
        auto_result result = { 0 };
        enum err e = session_query(session, statement, &result, fault, V_I64(root_no), V_TEXT(id));
        if (e)
                return e;
        return resource_one(&result, arena, ret, fault);
}

enum err resource_load_by_id(
        struct session *session, int64_t root_no, const char *id, struct arena *arena, struct resource_row *ret, struct fault *fault)
{
        return load_by_id(session, ST_RESOURCE_BY_ID, root_no, id, arena, ret, fault);
}

enum err resource_load_from_bin(
        struct session *session, int64_t root_no, const char *id, struct arena *arena, struct resource_row *ret, struct fault *fault)
{
        return load_by_id(session, ST_RESOURCE_IN_BIN, root_no, id, arena, ret, fault);
}

static enum err query_by_name(
        struct session *session, int64_t root_no, const struct resource_name *name, struct result *result, struct fault *fault)
{
        switch (name->kind) {
        case KIND_USER:
                return session_query(session, ST_USER_BY_NAME, result, fault, V_I64(root_no), V_TEXT(name->folded));
        case KIND_GROUP:
                return session_query(session, ST_GROUP_BY_NAME, result, fault, V_I64(root_no), V_TEXT(name->folded));
        default:
                return session_query(session, ST_SLUG_BY_NAME, result, fault, V_I64(root_no), V_I64(name->kind), V_TEXT(name->folded));
        }
}

enum err resource_load_by_name(struct session *session, int64_t root_no, const struct resource_name *name, struct arena *arena,
        struct resource_row *ret, struct fault *fault)
{
        auto_result result = { 0 };
        enum err e = query_by_name(session, root_no, name, &result, fault);
        if (e)
                return e;
        struct resource_row found = { 0 };
        for (;;) {
                bool more;
                e = result_next(&result, &more, fault);
                if (e)
                        return e;
                if (!more)
                        break;
                struct resource_row row;
                resource_read(&result, &row);
                if ((name->org_no && row.org_no != name->org_no) || (name->source_no >= 0 && row.source_no != name->source_no))
                        continue;
                if (found.no)
                        return fault_set(
                                fault, ERR_CONFLICT, "", "the name is ambiguous: %s and %s have it; give the id", found.id, row.id);
                e = resource_keep(arena, &row, fault);
                if (e)
                        return e;
                found = row;
        }
        if (!found.no)
                return not_found(fault);
        *ret = found;
        return ERR_OK;
}

enum err resource_insert(struct session *session, int64_t root_no, const struct resource_row *row, struct fault *fault)
{
        return session_run(session, ST_RESOURCE_INSERT, NULL, fault, V_I64(root_no), V_I64(row->no), V_TEXT(row->id), V_I64(row->org_no),
                V_I64(row->kind), V_TEXT(row->name), V_I64(row->source_no), V_I64(row->active), V_I64(row->version), V_I64(row->created_us),
                V_TEXT(row->doc));
}

enum err resource_update(
        struct session *session, int64_t root_no, const struct resource_row *before, const struct resource_row *row, struct fault *fault)
{
        int64_t changed;
        enum err e = strcmp(before->name, row->name) == 0
                             ? session_run(session, ST_RESOURCE_UPDATE_SAME_NAME, &changed, fault, V_I64(root_no), V_TEXT(row->id),
                                       V_I64(row->active), V_I64(row->version), V_I64(row->modified_us), V_TEXT(row->doc))
                             : session_run(session, ST_RESOURCE_UPDATE, &changed, fault, V_I64(root_no), V_TEXT(row->id), V_TEXT(row->name),
                                       V_I64(row->active), V_I64(row->version), V_I64(row->modified_us), V_TEXT(row->doc));
        if (e)
                return e;
        return changed == 1 ? ERR_OK : not_found(fault);
}

enum err resource_list(struct session *session, int64_t root_no, enum resource_kind kind, int64_t org_no, int64_t after_no, int limit,
        resource_each each, void *context, struct fault *fault)
{
        auto_result result = { 0 };
        enum err e = org_no ? session_query(session, ST_RESOURCE_LIST_ORG, &result, fault, V_I64(root_no), V_I64(kind), V_I64(after_no),
                                      V_I64(org_no), V_I64(limit))
                            : session_query(session, ST_RESOURCE_LIST, &result, fault, V_I64(root_no), V_I64(kind), V_I64(after_no),
                                      V_I64(limit));
        while (!e) {
                bool more;
                e = result_next(&result, &more, fault);
                if (e || !more)
                        break;
                struct resource_row row;
                resource_read(&result, &row);
                e = each(context, &row, fault);
        }
        return e;
}

/* ---- claim ---- */

enum err claim_update(struct session *session, int64_t root_no, const struct claim_row *row, struct fault *fault)
{
        return session_run(session, ST_CLAIM_UPDATE, NULL, fault, V_I64(root_no), V_I64(row->no), V_I64(row->connection_no),
                V_I64(row->active), V_I64(row->modified_us), V_TEXT(row->doc));
}

enum err claim_put(struct session *session, int64_t root_no, const struct claim_row *row, struct fault *fault)
{
        return session_run(session, ST_CLAIM_PUT, NULL, fault, V_I64(root_no), V_I64(row->connection_no), V_I64(row->kind), V_I64(row->no),
                V_TEXT(row->external_id), V_I64(row->active), V_I64(row->modified_us), V_TEXT(row->doc));
}

enum err claim_remove(struct session *session, int64_t root_no, const struct claim_row *row, struct fault *fault)
{
        return session_run(
                session, ST_CLAIM_REMOVE, NULL, fault, V_I64(root_no), V_I64(row->connection_no), V_I64(row->kind), V_I64(row->no));
}

enum err claims_of(struct session *session, int64_t root_no, int64_t no, struct arena *arena, struct claim_row **ret, size_t *ret_count,
        struct fault *fault)
{
        auto_result result = { 0 };
        enum err e = session_query(session, ST_CLAIMS_OF, &result, fault, V_I64(root_no), V_I64(no));
        if (e)
                return e;
        struct claim_row *claims = NULL;
        size_t count = 0, room = 0;
        for (;;) {
                bool more;
                e = result_next(&result, &more, fault);
                if (e)
                        return e;
                if (!more)
                        break;
                if (count == room) {
                        struct claim_row *bigger = arena_zero(arena, room ? room * 2 : 4, sizeof(*claims));
                        if (!bigger)
                                return fault_set(fault, ERR_MEMORY, "", "out of memory");
                        if (count)
                                memcpy(bigger, claims, count * sizeof(*claims));
                        claims = bigger;
                        room = room ? room * 2 : 4;
                }
                size_t length;
                const char *doc = result_text(&result, 5, &length);
                claims[count] = (struct claim_row){
                        .connection_no = result_i64(&result, 0),
                        .kind = (enum resource_kind)result_i64(&result, 1),
                        .no = no,
                        .external_id = arena_strdup(arena, result_text(&result, 2, NULL)),
                        .active = (enum claimed)result_i64(&result, 3),
                        .modified_us = result_i64(&result, 4),
                        .doc = arena_text(arena, doc, length),
                        .doc_length = length,
                };
                if (!claims[count].external_id || !claims[count].doc)
                        return fault_set(fault, ERR_MEMORY, "", "out of memory");
                count++;
        }
        *ret = claims;
        *ret_count = count;
        return ERR_OK;
}

enum err claim_find_external(struct session *session, int64_t root_no, int64_t connection_no, enum resource_kind kind,
        const char *external_id, int64_t *ret_no, struct fault *fault)
{
        return session_query_number(
                session, ST_CLAIM_BY_EXTERNAL, ret_no, fault, V_I64(root_no), V_I64(connection_no), V_I64(kind), V_TEXT(external_id));
}

static void claimed_read(const struct result *result, int64_t connection_no, struct claimed_row *ret)
{
        *ret = (struct claimed_row){ 0 };
        resource_read(result, &ret->resource);
        ret->claim = (struct claim_row){
                .connection_no = connection_no,
                .kind = ret->resource.kind,
                .no = ret->resource.no,
                .external_id = result_text(result, COLUMN_AFTER_RESOURCE, NULL),
                .active = (enum claimed)result_i64(result, COLUMN_AFTER_RESOURCE + 1),
        };
        ret->claim.doc = result_text(result, COLUMN_AFTER_RESOURCE + 2, &ret->claim.doc_length);
        ret->no_groups = ret->resource.kind == KIND_USER && !result_i64(result, COLUMN_AFTER_RESOURCE + 3);
}

static enum err claimed_one(struct result *result, int64_t connection_no, struct arena *arena, struct claimed_row *ret, struct fault *fault)
{
        bool row;
        enum err e = result_next(result, &row, fault);
        if (e)
                return e;
        if (!row)
                return not_found(fault);
        struct claimed_row found;
        claimed_read(result, connection_no, &found);
        e = resource_keep(arena, &found.resource, fault);
        if (e)
                return e;
        found.claim.external_id = arena_strdup(arena, found.claim.external_id);
        found.claim.doc = arena_text(arena, found.claim.doc, found.claim.doc_length);
        if (!found.claim.external_id || !found.claim.doc)
                return fault_set(fault, ERR_MEMORY, "", "out of memory");
        *ret = found;
        return ERR_OK;
}

enum err claimed_load(struct session *session, int64_t root_no, int64_t connection_no, enum resource_kind kind, const char *id,
        struct arena *arena, struct claimed_row *ret, struct fault *fault)
{
        if (!id || !ident_is_uuid(id, strlen(id)))
                return not_found(fault);
        auto_result result = { 0 };
        enum err e =
                session_query(session, ST_CLAIMED_BY_ID, &result, fault, V_I64(root_no), V_I64(connection_no), V_I64(kind), V_TEXT(id));
        if (e)
                return e;
        return claimed_one(&result, connection_no, arena, ret, fault);
}

enum err claimed_load_no(struct session *session, int64_t root_no, int64_t connection_no, enum resource_kind kind, int64_t no,
        struct arena *arena, struct claimed_row *ret, struct fault *fault)
{
        auto_result result = { 0 };
        enum err e = session_query(session, ST_CLAIMED_BY_NO, &result, fault, V_I64(root_no), V_I64(connection_no), V_I64(kind), V_I64(no));
        if (e)
                return e;
        return claimed_one(&result, connection_no, arena, ret, fault);
}

enum err claimed_load_user_name(struct session *session, int64_t root_no, int64_t connection_no, const char *folded, struct arena *arena,
        struct claimed_row *ret, struct fault *fault)
{
        auto_result result = { 0 };
        enum err e = session_query(session, ST_CLAIMED_USER_BY_NAME, &result, fault, V_I64(root_no), V_I64(connection_no), V_TEXT(folded));
        if (e)
                return e;
        return claimed_one(&result, connection_no, arena, ret, fault);
}

/* ---- numbers by ids ---- */

#define FIXED 2 /* values before the ids */

static enum err find_one(
        struct session *session, int64_t root_no, int64_t connection_no, const char *id, struct claimed_no *ret, struct fault *fault)
{
        auto_result result = { 0 };
        bool row;
        enum err e = session_query(session, ST_CLAIMED_NO, &result, fault, V_I64(root_no), V_I64(connection_no), V_TEXT(id));
        if (!e)
                e = result_next(&result, &row, fault);
        if (!e)
                *ret = row ? (struct claimed_no){ result_i64(&result, 0), (enum resource_kind)result_i64(&result, 1) }
                           : (struct claimed_no){ 0 };
        return e;
}

static enum err find_batch(struct session *session, int64_t root_no, int64_t connection_no, const char *const *ids, struct claimed_no *ret,
        struct fault *fault)
{
        auto_result result = { 0 };
        struct value values[FIXED + STATEMENT_BATCH] = { V_I64(root_no), V_I64(connection_no) };
        for (size_t i = 0; i < STATEMENT_BATCH; i++) {
                ret[i].no = 0;
                values[FIXED + i] = V_TEXT(ids[i]);
        }
        bool row = true;
        enum err e = session_query_values(session, ST_CLAIMED_NOS, values, FIXED + STATEMENT_BATCH, &result, fault);
        while (!e && row) {
                e = result_next(&result, &row, fault);
                if (!e && row)
                        ret[result_i64(&result, 0)] =
                                (struct claimed_no){ result_i64(&result, 1), (enum resource_kind)result_i64(&result, 2) };
        }
        return e;
}

enum err claimed_find_nos(struct session *session, int64_t root_no, int64_t connection_no, const char *const *ids, size_t count,
        struct claimed_no *ret, struct fault *fault)
{
        enum err e = ERR_OK;
        size_t done = 0;
        for (; !e && count - done >= STATEMENT_BATCH; done += STATEMENT_BATCH)
                e = find_batch(session, root_no, connection_no, &ids[done], &ret[done], fault);
        for (; !e && done < count; done++)
                e = find_one(session, root_no, connection_no, ids[done], &ret[done], fault);
        return e;
}

static enum err claimed_walk(struct result *result, int64_t connection_no, claimed_each each, void *context, struct fault *fault)
{
        for (;;) {
                bool more;
                enum err e = result_next(result, &more, fault);
                if (e || !more)
                        return e;
                struct claimed_row row;
                claimed_read(result, connection_no, &row);
                e = each(context, &row, fault);
                if (e)
                        return e;
        }
}

enum err claimed_list(struct session *session, int64_t root_no, int64_t connection_no, enum resource_kind kind, int64_t after_no, int limit,
        claimed_each each, void *context, struct fault *fault)
{
        auto_result result = { 0 };
        enum err e = session_query(
                session, ST_CLAIMED_LIST, &result, fault, V_I64(root_no), V_I64(connection_no), V_I64(kind), V_I64(after_no), V_I64(limit));
        if (e)
                return e;
        return claimed_walk(&result, connection_no, each, context, fault);
}

enum err claimed_page(struct session *session, int64_t root_no, int64_t connection_no, enum resource_kind kind, int64_t offset, int limit,
        claimed_each each, void *context, struct fault *fault)
{
        auto_result result = { 0 };
        enum err e = session_query(
                session, ST_CLAIMED_PAGE, &result, fault, V_I64(root_no), V_I64(connection_no), V_I64(kind), V_I64(offset), V_I64(limit));
        if (e)
                return e;
        return claimed_walk(&result, connection_no, each, context, fault);
}

/* ---- counters ---- */

enum err count_move(struct session *session, int64_t root_no, enum resource_kind kind, int64_t connection_no, int by, struct fault *fault)
{
        return session_run(session, by > 0 ? ST_COUNT_UP : ST_COUNT_DOWN, NULL, fault, V_I64(root_no), V_I64(kind), V_I64(connection_no));
}

enum err count_read(
        struct session *session, int64_t root_no, enum resource_kind kind, int64_t connection_no, int64_t *ret, struct fault *fault)
{
        return session_query_number(session, ST_COUNT_READ, ret, fault, V_I64(root_no), V_I64(kind), V_I64(connection_no));
}
