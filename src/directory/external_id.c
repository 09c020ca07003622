/* SPDX-License-Identifier: Apache-2.0
 *
 * externalId as administrators see it. Each source may give a user or group one of its own; shown is that of the source that made it. */
#include "directory/query.h"

enum err query_external_id(const struct query *query, const struct resource_row *row, const char **ret, struct fault *fault)
{
        struct claim_row *claims;
        size_t count;
        enum err e = claims_of(query->session, query->actor->root_no, row->no, query->arena, &claims, &count, fault);
        if (e)
                return e;
        *ret = "";
        for (size_t i = 0; i < count; i++)
                if (claims[i].connection_no == row->source_no && claims[i].active != CLAIMED_DELETED)
                        *ret = claims[i].external_id;
        return ERR_OK;
}
