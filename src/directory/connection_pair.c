/* SPDX-License-Identifier: Apache-2.0
 *
 * Pairs of what two connections claim: the same row, or the one row that the key names, if nobody would lose by giving it up. */
#include "connection_pair.h"

enum err pair_found(enum err e, bool *ret)
{
        *ret = e == ERR_OK;
        return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* The row of the new connection that the key of an old one names; 0: none. */
static enum err by_key(const struct join *join, const struct claimed_row *old, int64_t *ret)
{
        const struct resource_row *row = &old->resource;
        *ret = 0;
        if (join->by == JOIN_EXTERNAL_ID)
                return *old->claim.external_id ? claim_find_external(join->session, join->root_no, join->new_connection, row->kind,
                                                         old->claim.external_id, ret, join->fault)
                                               : ERR_OK;
        if (row->kind != KIND_GROUP) /* a userName is one in the whole root: only the same row can bear it */
                return ERR_OK;
        const struct resource_name name = { .kind = row->kind, .folded = row->name, .source_no = join->new_connection };
        struct resource_row other;
        bool exists;
        enum err e = pair_found(resource_load_by_name(join->session, join->root_no, &name, join->arena, &other, join->fault), &exists);
        if (!e && exists)
                *ret = other.no;
        return e == ERR_CONFLICT ? ERR_OK : e;
}

/* Another source that asserts something of it. */
static enum err has_others(const struct join *join, int64_t no, bool *ret)
{
        struct claim_row *claims;
        size_t count;
        enum err e = claims_of(join->session, join->root_no, no, join->arena, &claims, &count, join->fault);
        *ret = false;
        for (size_t i = 0; !e && i < count; i++)
                *ret = *ret || (claims[i].connection_no != join->old_connection && claims[i].connection_no != join->new_connection &&
                                       claim_asserts(&claims[i]));
        return e;
}

/* A second row is given up only when nothing but the new connection holds it: no other source, no grant, no membership made here. */
static enum err is_spare(const struct join *join, enum resource_kind kind, int64_t no, bool *ret)
{
        bool others = false, old = false, grants = false, local = false;
        struct claimed_row ignored;
        enum err e = has_others(join, no, &others);
        if (!e)
                e = session_query_any(join->session, ST_GRANT_OF_NO_RULE, &grants, join->fault, V_I64(join->root_no), V_I64(no));
        if (!e)
                e = member_has_source(join->session, join->root_no, no, 0, &local, join->fault);
        if (!e)
                e = pair_found(
                        claimed_load_no(join->session, join->root_no, join->old_connection, kind, no, join->arena, &ignored, join->fault),
                        &old);
        if (e)
                return e;
        *ret = !others && !old && !grants && !local;
        return ERR_OK;
}

enum err pair_find(const struct join *join, enum resource_kind kind, int64_t no, struct pair *ret)
{
        struct claimed_row old, same, other;
        bool claims = false, both = false, there = false, spare = true, others = false;
        int64_t key_no = 0;
        *ret = (struct pair){ .old_no = no };
        enum err e = pair_found(
                claimed_load_no(join->session, join->root_no, join->old_connection, kind, no, join->arena, &old, join->fault), &claims);
        if (e || !claims)
                return e;
        e = pair_found(
                claimed_load_no(join->session, join->root_no, join->new_connection, kind, no, join->arena, &same, join->fault), &both);
        if (!e)
                e = by_key(join, &old, &key_no);
        if (!e && !both && key_no)
                e = pair_found(
                        claimed_load_no(join->session, join->root_no, join->new_connection, kind, key_no, join->arena, &other, join->fault),
                        &there);
        if (!e && there) {
                e = is_spare(join, kind, key_no, &spare);
                if (!e)
                        e = has_others(join, no, &others);
        }
        if (e || !(both || there))
                return e;
        const struct claim_row *new = both ? &same.claim : &other.claim;
        bool agree = old.claim.active != CLAIMED_ACTIVE || new->active == CLAIMED_ACTIVE;
        bool one = !both || !key_no || key_no == no;
        ret->new_no = both ? no : key_no;
        ret->fit = agree && one && spare && !others ? FIT_PAIR : FIT_UNCLEAR;
        return ERR_OK;
}

enum err pair_claims_next(const struct join *join, enum resource_kind kind, int64_t after_no, int64_t *list, size_t max, size_t *ret_count)
{
        return session_query_numbers(join->session, ST_CLAIMS_LIVE, list, max, ret_count, join->fault, V_I64(join->root_no),
                V_I64(join->old_connection), V_I64(kind), V_I64(after_no), V_I64(max));
}
