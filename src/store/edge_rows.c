/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of `member`, `role_grant` and `credential` as structs. */
#include "store/rows.h"

/* ---- members ---- */

enum err member_add(struct session *session, int64_t root_no, int64_t container_no, int64_t member_no, int64_t source_no, int64_t at_us,
        bool *ret_changed, struct fault *fault)
{
        int64_t changed;
        enum err e = session_run(session, ST_MEMBER_ADD, &changed, fault, V_I64(root_no), V_I64(container_no), V_I64(member_no),
                V_I64(source_no), V_I64(0), V_I64(at_us));
        if (e)
                return e;
        *ret_changed = changed > 0;
        return ERR_OK;
}

/* ---- many at once ---- */

#define FIXED 3 /* values before the members; behind them stands the time, which only ST_MEMBERS_ADD takes */
#define MEMBERS_END (FIXED + STATEMENT_BATCH)

/* How many of a batch stand there; in a container that was empty none did, and nobody is asked. */
static enum err count_standing(struct session *session, const struct value *values, bool was_empty, int64_t *ret, struct fault *fault)
{
        *ret = 0;
        return was_empty ? ERR_OK : session_query_number_values(session, ST_MEMBERS_STANDING, values, MEMBERS_END, ret, fault);
}

/* A batch of which nobody stood there at first. Fewer rows than members: some are named twice, and the first of their names added them. */
static enum err add_batch(
        struct session *session, const struct value *values, const int64_t *members, size_t done, bool *ret_added, struct fault *fault)
{
        int64_t changed;
        enum err e = session_run_values(session, ST_MEMBERS_ADD, values, MEMBERS_END + 1, &changed, fault);
        if (e)
                return e;
        for (size_t i = done; i < done + STATEMENT_BATCH; i++) {
                ret_added[i] = true;
                for (size_t j = 0; changed < STATEMENT_BATCH && ret_added[i] && j < i; j++)
                        ret_added[i] = members[i] != members[j];
        }
        return ERR_OK;
}

/* A batch of which somebody stands there already goes one by one, as a rest does. */
enum err members_add_all(struct session *session, int64_t root_no, int64_t container_no, int64_t source_no, int64_t at_us,
        const int64_t *members, size_t count, bool *ret_added, struct fault *fault)
{
        struct value values[MEMBERS_END + 1] = { V_I64(root_no), V_I64(container_no), V_I64(source_no), [MEMBERS_END] = V_I64(at_us) };
        int64_t somebody = 0;
        enum err e = count < STATEMENT_BATCH ? ERR_OK : session_query_number_values(session, ST_MEMBER_ANY, values, 2, &somebody, fault);
        for (size_t done = 0, some; !e && done < count; done += some) {
                int64_t standing = 1;
                some = count - done < STATEMENT_BATCH ? count - done : STATEMENT_BATCH;
                for (size_t i = 0; i < some; i++)
                        values[FIXED + i] = V_I64(members[done + i]);
                if (some == STATEMENT_BATCH)
                        e = count_standing(session, values, !somebody, &standing, fault);
                if (!e && !standing)
                        e = add_batch(session, values, members, done, ret_added, fault);
                for (size_t i = done; !e && standing && i < done + some; i++)
                        e = member_add(session, root_no, container_no, members[i], source_no, at_us, &ret_added[i], fault);
        }
        return e;
}

enum err member_remove(struct session *session, int64_t root_no, int64_t container_no, int64_t member_no, int64_t source_no,
        bool *ret_changed, struct fault *fault)
{
        int64_t changed;
        enum err e = session_run(
                session, ST_MEMBER_REMOVE, &changed, fault, V_I64(root_no), V_I64(container_no), V_I64(member_no), V_I64(source_no));
        if (e)
                return e;
        *ret_changed = changed > 0;
        return ERR_OK;
}

enum err member_sources(struct session *session, int64_t root_no, int64_t container_no, int64_t member_no, int64_t *ret, size_t max,
        size_t *ret_count, struct fault *fault)
{
        return session_query_numbers(
                session, ST_MEMBER_SOURCES, ret, max, ret_count, fault, V_I64(root_no), V_I64(container_no), V_I64(member_no));
}

/* Which columns of a member query stand where; -1: the query has none. */
struct member_columns {
        int no, source, id, doc, kind, active, rule; /* rule 0: as a column it is never the first */
};

static enum err member_walk(struct result *result, const struct member_columns *columns, int64_t source_no, member_each each, void *context,
        struct fault *fault)
{
        for (;;) {
                bool more;
                enum err e = result_next(result, &more, fault);
                if (e || !more)
                        return e;
                struct member_row row = {
                        .no = result_i64(result, columns->no),
                        .source_no = columns->source >= 0 ? result_i64(result, columns->source) : source_no,
                        .id = result_text(result, columns->id, NULL),
                        .doc = columns->doc >= 0 ? result_text(result, columns->doc, NULL) : NULL,
                        .kind = columns->kind >= 0 ? (enum resource_kind)result_i64(result, columns->kind) : KIND_GROUP,
                        .active = columns->active >= 0 ? result_i64(result, columns->active) == 1 : true,
                        .rule_no = columns->rule ? result_i64(result, columns->rule) : 0,
                };
                e = each(context, &row, fault);
                if (e)
                        return e;
        }
}

enum err member_list(struct session *session, int64_t root_no, int64_t container_no, int64_t after_no, int limit, member_each each,
        void *context, struct fault *fault)
{
        static const struct member_columns columns = { .no = 0, .source = 1, .id = 2, .doc = 3, .kind = 4, .active = 5, .rule = 6 };
        auto_result result = { 0 };
        enum err e =
                session_query(session, ST_MEMBER_LIST, &result, fault, V_I64(root_no), V_I64(container_no), V_I64(after_no), V_I64(limit));
        if (e)
                return e;
        return member_walk(&result, &columns, 0, each, context, fault);
}

enum err member_list_source(struct session *session, int64_t root_no, int64_t container_no, int64_t source_no, int64_t after_no, int limit,
        member_each each, void *context, struct fault *fault)
{
        static const struct member_columns columns = { .no = 0, .source = -1, .id = 1, .doc = -1, .kind = 2, .active = -1 };
        auto_result result = { 0 };
        enum err e = session_query(session, ST_MEMBER_LIST_SOURCE, &result, fault, V_I64(root_no), V_I64(container_no), V_I64(source_no),
                V_I64(after_no), V_I64(limit));
        if (e)
                return e;
        return member_walk(&result, &columns, source_no, each, context, fault);
}

enum err member_groups(
        struct session *session, int64_t root_no, int64_t member_no, int limit, member_each each, void *context, struct fault *fault)
{
        static const struct member_columns columns = { .no = 0, .source = 1, .id = 2, .doc = -1, .kind = -1, .active = -1 };
        auto_result result = { 0 };
        enum err e = session_query(session, ST_MEMBER_GROUPS, &result, fault, V_I64(root_no), V_I64(member_no), V_I64(limit));
        return e ? e : member_walk(&result, &columns, 0, each, context, fault);
}

enum err member_groups_source(struct session *session, int64_t root_no, int64_t member_no, int64_t source_no, int64_t after_no, int limit,
        member_each each, void *context, struct fault *fault)
{
        static const struct member_columns columns = { .no = 0, .source = -1, .id = 1, .doc = -1, .kind = -1, .active = -1 };
        auto_result result = { 0 };
        enum err e = session_query(session, ST_MEMBER_GROUPS_SOURCE, &result, fault, V_I64(root_no), V_I64(member_no), V_I64(source_no),
                V_I64(after_no), V_I64(limit));
        return e ? e : member_walk(&result, &columns, source_no, each, context, fault);
}

/* ---- grants ---- */

enum err grant_insert(struct session *session, int64_t root_no, const struct grant_row *row, struct fault *fault)
{
        return session_run(session, ST_GRANT_INSERT, NULL, fault, V_I64(root_no), V_I64(row->no), V_I64(row->scope_no),
                V_I64(row->principal_no), V_I64(row->role_no), V_TEXT(row->privilege), V_I64(row->from_us), V_I64(row->until_us),
                V_I64(row->source_no), V_I64(row->rule_no), V_I64(row->granted_by));
}

enum err grant_load(struct session *session, int64_t root_no, int64_t no, struct arena *arena, struct grant_row *ret, struct fault *fault)
{
        auto_result result = { 0 };
        enum err e = session_query(session, ST_GRANT_GET, &result, fault, V_I64(root_no), V_I64(no));
        if (e)
                return e;
        bool row;
        e = result_next(&result, &row, fault);
        if (e)
                return e;
        if (!row)
                return fault_set(fault, ERR_NOT_FOUND, "", "no such grant");
        const char *privilege = arena_strdup(arena, result_text(&result, 3, NULL));
        if (!privilege)
                return fault_set(fault, ERR_MEMORY, "", "out of memory");
        *ret = (struct grant_row){
                .no = no,
                .scope_no = result_i64(&result, 0),
                .principal_no = result_i64(&result, 1),
                .role_no = result_i64(&result, 2),
                .privilege = privilege,
                .from_us = result_i64(&result, 4),
                .until_us = result_i64(&result, 5),
                .granted_by = result_i64(&result, 6),
                .source_no = result_i64(&result, 7),
                .rule_no = result_i64(&result, 8),
        };
        return ERR_OK;
}

/* ---- credentials ---- */

enum err credential_insert(struct session *session, int64_t root_no, const struct credential_row *row, struct fault *fault)
{
        return session_run(session, ST_CREDENTIAL_INSERT, NULL, fault, V_I64(root_no), V_I64(row->no), V_I64(row->owner_no),
                V_I64(row->kind), V_TEXT(row->label), V_BYTES(row->hash, HASH_SIZE), V_I64(row->scopes), V_I64(row->created_us),
                V_I64(row->expires_us));
}

enum err credential_load(struct session *session, int64_t root_no, int64_t no, struct credential_row *ret, struct fault *fault)
{
        auto_result result = { 0 };
        enum err e = session_query(session, ST_CREDENTIAL_GET, &result, fault, V_I64(root_no), V_I64(no));
        if (e)
                return e;
        bool row;
        e = result_next(&result, &row, fault);
        if (e)
                return e;
        if (!row)
                return fault_set(fault, ERR_NOT_FOUND, "", "no such credential");
        *ret = (struct credential_row){
                .no = no,
                .owner_no = result_i64(&result, 0),
                .kind = (enum token_kind)result_i64(&result, 1),
                .scopes = (unsigned)result_i64(&result, 2),
                .expires_us = result_i64(&result, 3),
                .revoked_us = result_i64(&result, 4),
        };
        return ERR_OK;
}

enum err credential_list(struct session *session, int64_t root_no, int64_t owner_no, struct credential_row *ret, size_t max,
        size_t *ret_count, struct fault *fault)
{
        auto_result result = { 0 };
        enum err e = session_query(session, ST_CREDENTIAL_LIST, &result, fault, V_I64(root_no), V_I64(owner_no));
        size_t count = 0;
        bool more = true;
        while (!e && more && count < max) {
                e = result_next(&result, &more, fault);
                if (!e && more)
                        ret[count++] = (struct credential_row){
                                .no = result_i64(&result, 0),
                                .owner_no = owner_no,
                                .created_us = result_i64(&result, 1),
                                .expires_us = result_i64(&result, 2),
                                .last_used_us = result_i64(&result, 3),
                                .scopes = (unsigned)result_i64(&result, 4),
                        };
        }
        if (e)
                return e;
        *ret_count = count;
        return ERR_OK;
}
