/* SPDX-License-Identifier: Apache-2.0
 *
 * Who is a break-glass user (R9). */
#include "store/rows.h"

enum err break_glass_read(struct session *session, int64_t root_no, int64_t no, bool *ret, struct fault *fault)
{
        return session_query_any(session, ST_BREAK_GLASS_READ, ret, fault, V_I64(root_no), V_I64(no));
}

enum err break_glass_list(struct session *session, int64_t root_no, int64_t ret[BREAK_GLASS_MAX], size_t *ret_count, struct fault *fault)
{
        return session_query_numbers(
                session, ST_BREAK_GLASS_LIST, ret, BREAK_GLASS_MAX, ret_count, fault, V_I64(root_no), V_I64(BREAK_GLASS_MAX));
}
