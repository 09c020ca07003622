/* SPDX-License-Identifier: Apache-2.0
 *
 * Who is a break-glass user (R9). */
#include "store/rows.h"

enum err break_glass_read(struct session *session, int64_t root_no, int64_t no, bool *ret, struct fault *fault)
{
        auto_result result = { 0 };
        enum err e = session_query(session, ST_BREAK_GLASS_READ, &result, fault, V_I64(root_no), V_I64(no));
        return e ? e : result_next(&result, ret, fault);
}

enum err break_glass_list(struct session *session, int64_t root_no, int64_t ret[BREAK_GLASS_MAX], size_t *ret_count, struct fault *fault)
{
        auto_result result = { 0 };
        size_t count = 0;
        bool more = true;
        enum err e = session_query(session, ST_BREAK_GLASS_LIST, &result, fault, V_I64(root_no), V_I64(BREAK_GLASS_MAX));
        while (!e && more && count < BREAK_GLASS_MAX) {
                e = result_next(&result, &more, fault);
                if (!e && more)
                        ret[count++] = result_i64(&result, 0);
        }
        if (e)
                return e;
        *ret_count = count;
        return ERR_OK;
}
