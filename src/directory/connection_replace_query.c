/* SPDX-License-Identifier: Apache-2.0
 *
 * What a connection that takes another one's place would find (R4), counted row by row for as long as a request may take, and no longer:
 * of more than fit in that time the answer says how many were not looked at. */
#include <string.h>
#include "base/clock.h"
#include "connection_pair.h"
#include "directory/connection.h"

#define PAGE 1000
#define COUNTING_US (5 * US_PER_S)

static enum err count_fits(const struct join *join, enum resource_kind kind, int64_t until_us, struct connection_fits *ret)
{
        int64_t list[PAGE], after_no = 0, claimed = 0, there = 0, seen = 0;
        size_t count = 0;
        bool late = false;
        struct connection_fits fits = { 0 };
        struct join own = *join;
        enum err e = count_read(join->session, join->root_no, kind, join->old_connection, &claimed, join->fault);
        if (!e)
                e = count_read(join->session, join->root_no, kind, join->new_connection, &there, join->fault);
        if (!e && !(own.arena = arena_new((size_t)16 << 20)))
                return fault_set(join->fault, ERR_MEMORY, "", "out of memory");
        do {
                if (!e)
                        e = pair_claims_next(&own, kind, after_no, list, PAGE, &count);
                for (size_t i = 0; !e && !late && i < count; i++) {
                        struct pair pair = { 0 };
                        e = pair_find(&own, kind, list[i], &pair);
                        fits.matched += pair.fit == FIT_PAIR;
                        fits.unmatched += pair.fit == FIT_NONE;
                        fits.ambiguous += pair.fit == FIT_UNCLEAR;
                        after_no = list[i];
                        seen++;
                        arena_reset(own.arena);
                        late = clock_steady_us() > until_us;
                }
        } while (!e && !late && count == PAGE);
        if (own.arena != join->arena)
                arena_free(own.arena);
        if (e)
                return e;
        fits.left = late && claimed > seen ? claimed - seen : 0;
        fits.unmatched_there = fits.left ? -1 : there - fits.matched - fits.ambiguous;
        *ret = fits;
        return ERR_OK;
}

/* All declared types in one. */
static enum err count_declared(const struct join *join, int64_t until_us, struct connection_fits *ret)
{
        struct connection_fits all = { 0 };
        enum err e = ERR_OK;
        for (int64_t kind = KIND_DECLARED_FIRST; !e && kind <= KIND_DECLARED_LAST; kind++) {
                struct connection_fits one = { 0 };
                e = count_fits(join, (enum resource_kind)kind, until_us, &one);
                all.matched += one.matched;
                all.unmatched += one.unmatched;
                all.ambiguous += one.ambiguous;
                all.left += one.left;
                if (all.unmatched_there >= 0)
                        all.unmatched_there = one.unmatched_there < 0 ? -1 : all.unmatched_there + one.unmatched_there;
        }
        if (e)
                return e;
        *ret = all;
        return ERR_OK;
}

static int64_t all_of(const struct connection_fits *fits)
{
        return fits->matched + fits->unmatched + fits->ambiguous + fits->left;
}

enum err connection_preview_replace(const struct query *query, const char *ref, const struct connection_wish *wish,
        struct connection_replace_preview *ret, struct fault *fault)
{
        struct connection_replace_preview preview = { 0 };
        struct resource_row old, new;
        int64_t now_us = clock_steady_us(), until_us = now_us + COUNTING_US;
        enum err e = query_resource(query, resource_type(KIND_CONNECTION), ref, &old, fault);
        if (!e)
                e = query_need(query, ROOT_ORG_NO, LEVEL_ORGANIZATION, "scim", "edit", fault);
        if (!e)
                e = query_resource(query, resource_type(KIND_CONNECTION), wish->other, &new, fault);
        if (!e && old.no == new.no)
                e = fault_set(fault, ERR_VALUE, "by", "a connection cannot take its own place");
        if (e)
                return e;
        if (query->deadline_us && (query->deadline_us - now_us) / 2 < COUNTING_US)
                until_us = now_us + (query->deadline_us - now_us) / 2;
        preview.declares = query->actor->schemas_revision != 0;
        const struct join join = { query->session, query->arena, query->actor->root_no, old.no, new.no, wish->join_by, fault };
        e = count_fits(&join, KIND_USER, until_us, &preview.users);
        if (!e)
                e = count_fits(&join, KIND_GROUP, until_us, &preview.groups);
        if (!e && query->actor->schemas_revision)
                e = count_declared(&join, until_us, &preview.resources);
        if (e)
                return e;
        preview.is_cut = preview.users.left || preview.groups.left || preview.resources.left;
        preview.confirm = preview.is_cut ? all_of(&preview.users) + all_of(&preview.groups) + all_of(&preview.resources)
                                         : preview.users.matched + preview.groups.matched + preview.resources.matched;
        memcpy(preview.id, old.id, sizeof(preview.id));
        memcpy(preview.other_id, new.id, sizeof(preview.other_id));
        *ret = preview;
        return ERR_OK;
}
