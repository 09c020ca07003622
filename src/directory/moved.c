/* SPDX-License-Identifier: Apache-2.0
 *
 * Who came into a group and who was taken out, for the ledger and the thresholds. A request names who comes in; whom it takes out it need
 * not name, so that they can be any number: ids stand in the arena as they are, and every full page of them in an entry before that of the
 * change, of the same transaction, as if they had been taken out page by page. */
#include <stdlib.h>
#include <string.h>
#include "work.h"

#define TOLD_PAGE 1000 /* ids of one entry */
#define FIRST_BLOCK 8

struct moved_block {
        struct moved_block *next;
        size_t count, size;
        char ids[][UUID_TEXT_SIZE];
};

static enum err list_add(struct work *work, struct moved_list *list, const char *id)
{
        struct moved_block *block = list->last;
        if (!block || block->count == block->size) {
                size_t size = !block ? FIRST_BLOCK : block->size < TOLD_PAGE ? 2 * block->size : TOLD_PAGE;
                block = arena_alloc(work->arena, sizeof(*block) + size * UUID_TEXT_SIZE);
                if (!block)
                        return work_memory(work);
                *block = (struct moved_block){ .size = size };
                *(list->last ? &list->last->next : &list->first) = block;
                list->last = block;
        }
        size_t length = strnlen(id, UUID_TEXT_SIZE - 1);
        memcpy(block->ids[block->count], id, length); /* printing it takes thirty times as long, and there are thousands */
        block->ids[block->count++][length] = 0;
        list->count++;
        return ERR_OK;
}

enum err moved_note(struct work *work, struct moved *moved, bool added, const char *id)
{
        enum err e = list_add(work, added ? &moved->added : &moved->removed, id);
        if (e)
                return e;
        moved->count++;
        work->change->moved++;
        return ERR_OK;
}

/* ---- who moved at all ---- */

static int compare_id(const void *left, const void *right)
{
        return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static const char **sorted(struct work *work, const struct moved_list *list)
{
        const char **ids = arena_zero(work->arena, list->count + 1, sizeof(*ids));
        size_t count = 0;
        for (const struct moved_block *block = list->first; ids && block; block = block->next)
                for (size_t i = 0; i < block->count; i++)
                        ids[count++] = block->ids[i];
        if (ids)
                qsort(ids, count, sizeof(*ids), compare_id);
        return ids;
}

enum err moved_settle(struct work *work, struct moved *moved)
{
        struct moved_list gone = { 0 }, come = { 0 };
        size_t r = 0, a = 0;
        if (!moved->removed.count || !moved->added.count)
                return ERR_OK;
        const char **removed = sorted(work, &moved->removed);
        const char **added = sorted(work, &moved->added);
        if (!removed || !added)
                return work_memory(work);
        while (r < moved->removed.count || a < moved->added.count) {
                int order = r == moved->removed.count ? 1 : a == moved->added.count ? -1 : strcmp(removed[r], added[a]);
                enum err e = order ? list_add(work, order < 0 ? &gone : &come, order < 0 ? removed[r] : added[a]) : ERR_OK;
                if (e)
                        return e;
                r += order <= 0;
                a += order >= 0;
        }
        const int64_t left = (int64_t)(gone.count + come.count);
        work->change->moved += left - moved->count;
        *moved = (struct moved){ .added = come, .removed = gone, .count = left };
        if (!left) /* who stands there is as before: nothing that an entry could tell */
                session_mark_audited(work->session);
        return ERR_OK;
}

/* ---- the ledger ---- */

/* Takes the next ids of a list out of it, at most `most`; NULL: out of memory. */
static json_t *take(struct moved_list *list, size_t most)
{
        json_auto_t *ids = json_array();
        for (size_t taken = 0; ids && list->count && taken < most; taken++) {
                if (list->at == list->first->count) {
                        list->first = list->first->next;
                        list->at = 0;
                }
                if (json_array_append_new(ids, json_string_nocheck(list->first->ids[list->at++])))
                        return NULL;
                list->count--;
        }
        return STEAL(ids);
}

enum err moved_tell(struct work *work, const struct resource_row *group, struct moved *moved)
{
        enum err e = ERR_OK;
        while (!e && !work->change->dry_run && moved->removed.count > TOLD_PAGE) {
                json_auto_t *ids = take(&moved->removed, TOLD_PAGE);
                e = ids ? work_entry(work, EVENT_MEMBERS_CHANGED, group,
                                  json_pack("{s:s, s:{s:O}}", "id", group->id, "members", "removed", ids))
                        : work_memory(work);
        }
        return e;
}

/* Puts a list, which is not empty, of those not told yet. As JSON values each would take two allocations, and there are thousands. */
static void put_ids(struct buffer *into, const struct moved_list *list)
{
        char before = '[';
        size_t at = list->at;
        for (const struct moved_block *block = list->first; block; block = block->next, at = 0)
                for (; at < block->count; at++, before = ',') {
                        buffer_putc(into, before);
                        buffer_put_json(into, block->ids[at], strlen(block->ids[at]));
                }
        buffer_putc(into, ']');
}

enum err moved_describe(struct work *work, const struct moved *moved, json_t *body)
{
        auto_buffer members = { 0 };
        const size_t count = moved->added.count + moved->removed.count;
        if (!count)
                return work_body_json(work, body);
        buffer_reserve(&members, count * (UUID_TEXT_SIZE + 2));
        buffer_putc(&members, '{');
        if (moved->added.count) {
                BUFFER_LITERAL(&members, "\"added\":");
                put_ids(&members, &moved->added);
        }
        if (moved->removed.count) {
                buffer_puts(&members, moved->added.count ? ",\"removed\":" : "\"removed\":");
                put_ids(&members, &moved->removed);
        }
        buffer_putc(&members, '}');
        return work_body_json_with(work, body, &(struct json_written){ "members", &members });
}
