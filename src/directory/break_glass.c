/* SPDX-License-Identifier: Apache-2.0
 *
 * Break-glass users (R9): local users who are there when every connection fails, and whom none of them sees or touches. A mark in a table
 * of its own, set and taken by administrators of the organisation alone, who alone change whoever bears it; each such change is an alert
 * (R32). What keeps connections out is that he has no claim of any, for as long as the mark stands. */
#include <string.h>
#include "directory/query.h"
#include "work.h"

static enum err need_administrator(struct work *work)
{
        struct fault why = { 0 }, *caller = work->fault;
        work->fault = &why;
        enum err e = rights_contain(work, ROOT_ORG_NO, &builtin_role_find(LEVEL_ORGANIZATION, "admin")->allow);
        work->fault = caller;
        if (e == ERR_FORBIDDEN)
                return fault_set(work->fault, ERR_FORBIDDEN, "break_glass",
                        "only an administrator of the organization makes, marks and changes break-glass users");
        if (e && caller)
                *caller = why;
        return e;
}

static void bear(struct work *work, const struct resource_row *row, const char *what)
{
        work->glass.no = row->no;
        work->glass.what = what;
        memcpy(work->glass.id, row->id, sizeof(work->glass.id));
}

/* Of thousands who are moved at once none asks the database: the marks are read once. */
enum err break_glass_moved(struct work *work, int64_t no, const char *id)
{
        if (work->source_no) /* R9: a connection moves none */
                return ERR_OK;
        if (!work->glass.listed) {
                enum err e = break_glass_list(work->session, work->root_no, work->glass.marked, &work->glass.marked_count, work->fault);
                if (e)
                        return e;
                work->glass.listed = true;
        }
        for (size_t i = 0; i < work->glass.marked_count; i++)
                if (work->glass.marked[i] == no) {
                        work->glass.no = no;
                        work->glass.what = "rights-changed";
                        (void)snprintf(work->glass.id, sizeof(work->glass.id), "%s", id);
                }
        return ERR_OK;
}

enum err break_glass_judge(struct work *work, const struct resource_row *row)
{
        bool marked = false;
        if (work->source_no || row->kind != KIND_USER)
                return ERR_OK;
        enum err e = break_glass_read(work->session, work->root_no, row->no, &marked, work->fault);
        if (e || !marked)
                return e;
        bear(work, row, NULL);
        return need_administrator(work);
}

enum err break_glass_rights(struct work *work, const struct resource_row *principal)
{
        bool marked = false;
        if (principal->kind != KIND_USER)
                return ERR_OK;
        enum err e = break_glass_read(work->session, work->root_no, principal->no, &marked, work->fault);
        if (!e && marked)
                bear(work, principal, "rights-changed");
        return e;
}

/* A claim of a connection that has ended counts, too: it still holds him inactive, and the connection may take it up again. */
static enum err check_local(struct work *work, const struct person *person)
{
        for (size_t i = 0; i < person->claim_count; i++)
                if (person->claims[i].connection_no)
                        return fault_set(work->fault, ERR_CONFLICT, "break_glass",
                                "a connection claims this user; a break-glass user is local: make one, or mark another one");
        return ERR_OK;
}

static enum err check_room(struct work *work)
{
        int64_t marked[BREAK_GLASS_MAX];
        size_t count = 0;
        enum err e = break_glass_list(work->session, work->root_no, marked, &count, work->fault);
        if (!e && count == BREAK_GLASS_MAX)
                return fault_set(work->fault, ERR_CONFLICT, "break_glass",
                        "there are %d break-glass users already, those in the bin included; take a mark away first", BREAK_GLASS_MAX);
        return e;
}

/* What was approved of him before he was hidden (R13) is not, once he is seen again. */
static enum err put(struct work *work, int64_t no)
{
        enum err e = check_room(work);
        if (!e)
                e = session_run(work->session, ST_ADOPTIONS_PURGE, NULL, work->fault, V_I64(work->root_no), V_I64(no));
        return e ? e
                 : session_run(work->session, ST_BREAK_GLASS_PUT, NULL, work->fault, V_I64(work->root_no), V_I64(no), V_I64(work->at_us),
                           V_I64(work->actor->no));
}

static enum err take(struct work *work, int64_t no)
{
        struct guard guard;
        enum err e = guard_begin(work, &guard);
        if (!e)
                e = session_run(work->session, ST_BREAK_GLASS_DELETE, NULL, work->fault, V_I64(work->root_no), V_I64(no));
        return e ? e : guard_end(work, &guard);
}

enum err break_glass_make(struct work *work, const struct resource_row *row)
{
        if (work->change->break_glass != BREAK_GLASS_MARK)
                return ERR_OK;
        enum err e = need_administrator(work);
        bear(work, row, "made");
        return e ? e : put(work, row->no);
}

enum err break_glass_set(struct work *work, const struct person *person)
{
        enum break_glass_wish wish = work->change->break_glass;
        bool marked = work->glass.no == person->row.no;
        if (wish == BREAK_GLASS_UNSAID || marked == (wish == BREAK_GLASS_MARK))
                return ERR_OK;
        enum err e = need_administrator(work);
        if (!e && !marked)
                e = check_local(work, person);
        if (!e)
                e = marked ? take(work, person->row.no) : put(work, person->row.no);
        bear(work, &person->row, marked ? "unmarked" : "marked");
        return e;
}

/* The mark is no attribute of the document, and yet part of what the resource is: its version and its entry say so. */
enum err break_glass_describe(struct work *work, struct resource_row *row)
{
        json_auto_t *body = NULL;
        if (!work->glass.what || !work->change->break_glass) /* his edges alone: that is the group's entry */
                return ERR_OK;
        enum err e = ERR_OK;
        if (work->changed) {
                e = json_parse_object(work->body, strlen(work->body), &body, work->fault);
        } else {
                body = json_pack("{s:s}", "id", row->id);
                row->version = work->version;
                row->modified_us = work->at_us;
                work->event = EVENT_UPDATED;
                e = work_touch(work, row->no);
        }
        if (e)
                return e;
        if (!body || json_object_set_new(body, "break_glass", json_boolean(work->change->break_glass == BREAK_GLASS_MARK)))
                return work_memory(work);
        work->object_kind = row->kind;
        work->object_no = row->no;
        work->changed = true;
        work->change->after.resource = *row;
        return work_body_json(work, STEAL(body));
}

enum err break_glass_alert(struct work *work)
{
        if (!work->glass.no)
                return ERR_OK;
        const char *what = work->glass.what ? work->glass.what : ledger_event_name(work->event);
        return work_alert(work, EVENT_BREAK_GLASS, json_pack("{s:s, s:s}", "id", work->glass.id, "what", what));
}

enum err query_break_glass(const struct query *query, int64_t ret[BREAK_GLASS_MAX], size_t *ret_count, struct fault *fault)
{
        return break_glass_list(query->session, query->actor->root_no, ret, ret_count, fault);
}
