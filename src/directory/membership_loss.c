/* SPDX-License-Identifier: Apache-2.0
 *
 * Which edges end with a deletion: what the ledger keeps of them, so that an undo gives all of them back (R16). An ordinary list stands in
 * the deletion's own entry. Of a longer one every full page stands in an entry before it, of the same transaction, as the same edges would
 * if they had been taken out one by one: who reads the feed need know nothing new, an erasure finds it, and an undo, which walks backwards,
 * meets it once its resource is back. */
#include "work.h"

#define LOSS_PAGE 1000

struct loss {
        struct work *work;
        const struct resource_row *row; /* whose deletion it is */
        bool left;                      /* groups that held it; else its members */
        json_t *page;
};

/* "left":[…] or "members":{"removed":[…]}. */
static enum err put_page(const struct loss *loss, json_t *body)
{
        json_auto_t *value = loss->left ? json_incref(loss->page) : json_pack("{s:O}", "removed", loss->page);
        return !value || json_object_set(body, loss->left ? "left" : "members", value) ? work_memory(loss->work) : ERR_OK;
}

static enum err write_page(struct loss *loss)
{
        json_auto_t *body = json_pack("{s:s}", "id", loss->row->id);
        enum err e = body ? put_page(loss, body) : work_memory(loss->work);
        if (!e)
                e = work_entry(loss->work, loss->left ? EVENT_UPDATED : EVENT_MEMBERS_CHANGED, loss->row, STEAL(body));
        json_decref(loss->page);
        loss->page = e ? NULL : json_array();
        return e || loss->page ? e : work_memory(loss->work);
}

/* Ids of the other ends, as far as one statement answers them: no entry is written while it is open. */
struct ends {
        json_t *ids;
        int64_t last_no;
};

static enum err ends_add(void *context, const struct member_row *row, struct fault *fault)
{
        struct ends *ends = context;
        ends->last_no = row->no;
        return json_array_append_new(ends->ids, json_string(row->id)) ? fault_set(fault, ERR_MEMORY, "", "out of memory") : ERR_OK;
}

static enum err pages_take(struct loss *loss, const struct ends *ends)
{
        json_t *id;
        size_t i;
        json_array_foreach (ends->ids, i, id) {
                enum err e = json_array_size(loss->page) == LOSS_PAGE ? write_page(loss) : ERR_OK;
                if (e)
                        return e;
                if (json_array_append(loss->page, id))
                        return work_memory(loss->work);
        }
        return ERR_OK;
}

static enum err read_some(const struct loss *loss, int64_t source_no, struct ends *ends)
{
        struct work *work = loss->work;
        return (loss->left ? member_groups_source : member_list_source)(
                work->session, work->root_no, loss->row->no, source_no, ends->last_no, LOSS_PAGE, ends_add, ends, work->fault);
}

static enum err describe(struct work *work, const struct resource_row *row, int64_t source_no, bool left, json_t *body)
{
        json_auto_t *page = json_array();
        struct loss loss = { .work = work, .row = row, .left = left, .page = STEAL(page) };
        int64_t last_no = 0;
        size_t count = 0;
        enum err e = loss.page ? ERR_OK : work_memory(work);
        do {
                json_auto_t *ids = json_array();
                struct ends ends = { .ids = ids, .last_no = last_no };
                if (!e)
                        e = ids ? read_some(&loss, source_no, &ends) : work_memory(work);
                if (!e)
                        e = pages_take(&loss, &ends);
                count = json_array_size(ids);
                last_no = ends.last_no;
        } while (!e && count == LOSS_PAGE);
        if (!e && json_array_size(loss.page))
                e = put_page(&loss, body);
        json_decref(loss.page);
        return e;
}

enum err membership_describe(struct work *work, const struct resource_row *row, int64_t source_no, json_t *body)
{
        enum err e = describe(work, row, source_no, true, body);
        return e || row->kind != KIND_GROUP ? e : describe(work, row, source_no, false, body);
}
