/* SPDX-License-Identifier: Apache-2.0
 *
 * Walks over nested groups. */
#include "store/rows.h"

enum err member_has_source(struct session *session, int64_t root_no, int64_t member_no, int64_t source_no, bool *ret, struct fault *fault)
{
        return session_query_any(session, ST_MEMBER_OF_SOURCE, ret, fault, V_I64(root_no), V_I64(member_no), V_I64(source_no));
}

enum err groups_above_source(struct session *session, int64_t root_no, int64_t member_no, int64_t source_no, member_each each,
        void *context, struct fault *fault)
{
        /* Most users of most sources are in no group, and a recursive question costs twenty times this one. */
        bool any;
        enum err e = member_has_source(session, root_no, member_no, source_no, &any, fault);
        if (e || !any)
                return e;
        auto_result result = { 0 };
        e = session_query(session, ST_GROUPS_ABOVE_SOURCE, &result, fault, V_I64(root_no), V_I64(member_no), V_I64(source_no),
                V_I64(GROUPS_ANSWERED_MAX));
        while (!e) {
                bool more;
                e = result_next(&result, &more, fault);
                if (e || !more)
                        break;
                const struct member_row row = {
                        .no = result_i64(&result, 0),
                        .source_no = source_no,
                        .id = result_text(&result, 1, NULL),
                        .doc = result_text(&result, 2, NULL),
                        .kind = KIND_GROUP,
                        .active = true,
                        .indirect = result_i64(&result, 3) > 1,
                };
                e = each(context, &row, fault);
        }
        return e;
}

enum err nesting_above(struct session *session, int64_t root_no, int64_t group_no, int64_t sought_no, int64_t *ret_height, bool *ret_found,
        struct fault *fault)
{
        auto_result result = { 0 };
        bool row = false;
        enum err e = session_query(session, ST_NESTING_ABOVE, &result, fault, V_I64(root_no), V_I64(group_no), V_I64(sought_no));
        if (!e)
                e = result_next(&result, &row, fault);
        if (e)
                return e;
        *ret_height = row ? result_i64(&result, 0) : 0;
        *ret_found = row && result_i64(&result, 1) != 0;
        return ERR_OK;
}

enum err nesting_below(struct session *session, int64_t root_no, int64_t group_no, int64_t *ret_depth, struct fault *fault)
{
        return session_query_number(session, ST_NESTING_BELOW, ret_depth, fault, V_I64(root_no), V_I64(group_no));
}
