/* SPDX-License-Identifier: Apache-2.0
 *
 * How many there are. A root without children has a counter; what several organisations share is counted row by row, so that nobody learns
 * how many others have. */
#include "directory/query.h"

enum err query_count(const struct query *query, enum resource_kind kind, int64_t *ret, struct fault *fault)
{
        return count_read(query->session, query->actor->root_no, kind, COUNT_ALL, ret, fault);
}

/* What only the root has (R25): its counter tells it, however many children there are. */
static bool lives_at_root(enum resource_kind kind)
{
        return kind == KIND_USER || kind == KIND_GROUP || kind == KIND_UPSTREAM || kind == KIND_CONNECTION || kind == KIND_MAPPING_RULE;
}

enum err query_count_in(const struct query *query, enum resource_kind kind, int64_t org_no, int64_t *ret, struct fault *fault)
{
        int64_t organizations = 0;
        if (lives_at_root(kind) && org_no == ROOT_ORG_NO)
                return query_count(query, kind, ret, fault);
        enum err e = query_count(query, KIND_ORGANIZATION, &organizations, fault);
        if (!e && organizations <= 1)
                return query_count(query, kind, ret, fault);
        return e ? e
                 : session_query_number(
                           query->session, ST_RESOURCE_COUNT_ORG, ret, fault, V_I64(query->actor->root_no), V_I64(kind), V_I64(org_no));
}
