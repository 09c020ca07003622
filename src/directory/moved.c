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

/* "name":[id, …] of the next ids of a list, at most `most`, which leave it. As JSON values each would take two allocations, and there are
 * thousands. */
static void put_next(struct buffer *into, const char *name, struct moved_list *list, size_t most)
{
        if (!list->count)
                return;
        buffer_puts(into, into->length > 1 ? ",\"" : "\"");
        buffer_puts(into, name);
        buffer_puts(into, "\":[");
        for (size_t put = 0; list->count && put < most; put++, list->count--) {
                if (list->at == list->first->count) {
                        list->first = list->first->next;
                        list->at = 0;
                }
                const char *id = list->first->ids[list->at++];
                buffer_puts(into, put ? "," : "");
                buffer_put_json(into, id, strlen(id));
        }
        buffer_putc(into, ']');
}

static enum err tell_page(struct work *work, const struct resource_row *group, struct moved *moved)
{
        auto_buffer members = { 0 };
        buffer_putc(&members, '{');
        put_next(&members, "removed", &moved->removed, TOLD_PAGE);
        buffer_putc(&members, '}');
        return work_entry_with(
                work, EVENT_MEMBERS_CHANGED, group, json_pack("{s:s}", "id", group->id), &(struct json_written){ "members", &members });
}

enum err moved_tell(struct work *work, const struct resource_row *group, struct moved *moved)
{
        enum err e = ERR_OK;
        while (!e && !work->change->dry_run && moved->removed.count > TOLD_PAGE)
                e = tell_page(work, group, moved);
        return e;
}

enum err moved_describe(struct work *work, struct moved *moved, json_t *body)
{
        auto_buffer members = { 0 };
        if (!moved->added.count && !moved->removed.count)
                return work_body_json(work, body);
        buffer_putc(&members, '{');
        put_next(&members, "added", &moved->added, SIZE_MAX);
        put_next(&members, "removed", &moved->removed, SIZE_MAX);
        buffer_putc(&members, '}');
        return work_body_json_with(work, body, &(struct json_written){ "members", &members });
}
