/* SPDX-License-Identifier: Apache-2.0
 *
 * Who may be called how (R10). A userName is one user's over all sources, whether he bears it or a claim says it of him, and no other's
 * verified e-mail; a group's name is one among those of its source. That no two bear one name the unique indexes say as well. */
#include "model/document.h"
#include "work.h"

enum err name_claimed(struct work *work, enum resource_kind kind, const json_t *document, const char **ret)
{
        struct fault none = { 0 };
        *ret = NULL;
        if (kind != KIND_USER)
                return ERR_OK;
        enum err e = document_name(resource_type(KIND_USER), document, work->arena, ret, &none);
        return e == ERR_MEMORY ? work_memory(work) : ERR_OK;
}

/* The user of whom another's claim says the name, or whose verified e-mail it is; 0: none. */
static enum err find_reserved(struct work *work, int64_t user_no, const char *folded, int64_t *ret_no)
{
        enum err e = session_query_number(work->session, ST_VALUE_TAKEN, ret_no, work->fault, V_I64(work->root_no), V_I64(INDEX_CLAIMED_NAME),
                V_TEXT(folded), V_I64(user_no));
        return e || *ret_no ? e : email_find_owner(work, user_no, folded, ret_no);
}

/* Who bears it beside the row itself; 0: none. */
static enum err find_bearer(struct work *work, const struct resource_row *row, const char *folded, int64_t *ret_no)
{
        const struct resource_name name = {
                .kind = row->kind, .folded = folded, .source_no = row->kind == KIND_GROUP ? row->source_no : -1
        };
        struct resource_row other = { 0 };
        enum err e = resource_load_by_name(work->session, work->root_no, &name, work->arena, &other, work->fault);
        *ret_no = e || other.no == row->no ? 0 : other.no;
        if (e == ERR_CONFLICT) /* several do */
                *ret_no = -1;
        return e == ERR_NOT_FOUND || e == ERR_CONFLICT ? ERR_OK : e;
}

static enum err refuse(struct work *work, int64_t owner_no, const char *folded)
{
        if (!owner_no)
                return ERR_OK;
        work->change->conflict = "userName";
        work->change->conflict_no = owner_no;
        return fault_set(work->fault, ERR_TAKEN, "userName", "userName \"%.120s\" is already taken", folded);
}

enum err name_check(struct work *work, const struct resource_row *row)
{
        int64_t owner_no = 0;
        enum err e = row->kind == KIND_USER ? find_reserved(work, row->no, row->name, &owner_no) : ERR_OK;
        return e ? e : refuse(work, owner_no, row->name);
}

/* Whoever stands in the way of the row being called so; 0: nobody. */
static enum err find_owner(struct work *work, const struct resource_row *row, const char *folded, int64_t *ret_no)
{
        enum err e = find_bearer(work, row, folded, ret_no);
        return e || *ret_no || row->kind != KIND_USER ? e : find_reserved(work, row->no, folded, ret_no);
}

enum err name_check_claimed(struct work *work, int64_t user_no, const char *folded)
{
        const struct resource_row user = { .kind = KIND_USER, .no = user_no };
        int64_t owner_no = 0;
        enum err e = find_owner(work, &user, folded, &owner_no);
        return e ? e : refuse(work, owner_no, folded);
}

enum err name_is_free(struct work *work, const struct resource_row *row, const char *folded, bool *ret)
{
        int64_t owner_no = 0;
        enum err e = find_owner(work, row, folded, &owner_no);
        *ret = !e && !owner_no;
        return e;
}
