/* SPDX-License-Identifier: Apache-2.0
 *
 * The rows of resource_value: what a document holds of indexed attributes. Most changes touch none of them, and the rows lie all over the
 * index, so what stands there is read first. */
#include <string.h>
#include "work.h"

#define STORED_MAX 1000 /* LIMIT of VALUES_OF */

struct stored_value {
        int64_t number, ord;
        const char *text;
};

struct index_walk {
        struct work *work;
        const struct resource_type *type;
        int64_t no;
        struct stored_value *stored;
        size_t stored_count, wanted_count;
        bool differs;
};

/* What a root declares unique is so among its live resources; the root's lock makes looking and writing one. */
static enum err check_unique(void *context, const struct index_value *value)
{
        const struct index_walk *walk = context;
        struct work *work = walk->work;
        auto_result result = { 0 };
        bool row = false;
        if (!value->is_unique)
                return ERR_OK;
        enum err e = session_query(work->session, ST_VALUE_TAKEN, &result, work->fault, V_I64(work->root_no), V_I64(value->number),
                V_TEXT(value->value), V_I64(walk->no));
        if (!e)
                e = result_next(&result, &row, work->fault);
        if (e || !row)
                return e;
        bool in_core = value->schema == walk->type->core;
        const char *path = arena_printf(work->arena, "%s%s%s%s%s", in_core ? "" : value->schema->urn, in_core ? "" : ":", value->attribute->name,
                value->sub ? "." : "", value->sub ? value->sub->name : "");
        if (!path)
                return work_memory(work);
        return fault_set(work->fault, ERR_TAKEN, path, "%s \"%.120s\" is already taken", path, value->value);
}

static enum err insert(void *context, const struct index_value *value)
{
        struct index_walk *walk = context;
        enum err e = check_unique(context, value);
        if (e)
                return e;
        return session_run(walk->work->session, ST_VALUE_INSERT, NULL, walk->work->fault, V_I64(walk->work->root_no), V_I64(value->number),
                V_TEXT(value->value), V_I64(walk->no), V_I64(value->ord));
}

static enum err load(struct index_walk *walk)
{
        struct work *work = walk->work;
        auto_result result = { 0 };
        size_t room = 0;
        enum err e = session_query(work->session, ST_VALUES_OF, &result, work->fault, V_I64(work->root_no), V_I64(walk->no));
        for (bool more = true; !e && more;) {
                e = result_next(&result, &more, work->fault);
                if (e || !more)
                        break;
                if (walk->stored_count == room) {
                        room = room ? 2 * room : 8;
                        struct stored_value *bigger = arena_zero(work->arena, room, sizeof(*bigger));
                        if (!bigger)
                                return work_memory(work);
                        if (walk->stored_count)
                                memcpy(bigger, walk->stored, walk->stored_count * sizeof(*bigger));
                        walk->stored = bigger;
                }
                const char *text = arena_strdup(work->arena, result_text(&result, 1, NULL));
                if (!text)
                        return work_memory(work);
                walk->stored[walk->stored_count++] = (struct stored_value){ result_i64(&result, 0), result_i64(&result, 2), text };
        }
        return e;
}

static enum err compare(void *context, const struct index_value *value)
{
        struct index_walk *walk = context;
        bool found = false;
        walk->wanted_count++;
        for (size_t i = 0; !found && i < walk->stored_count; i++)
                found = walk->stored[i].number == value->number && walk->stored[i].ord == value->ord &&
                        strcmp(walk->stored[i].text, value->value) == 0;
        walk->differs = walk->differs || !found;
        return ERR_OK;
}

/* Does each wanted value stand there, and nothing else? */
static enum err stands(struct index_walk *walk, const json_t *document, bool *ret)
{
        enum err e = load(walk);
        if (!e)
                e = document_index(walk->type, document, walk->work->arena, compare, walk);
        if (e)
                return e;
        *ret = !walk->differs && walk->wanted_count == walk->stored_count && walk->stored_count < STORED_MAX;
        return ERR_OK;
}

enum err index_store(struct work *work, const struct resource_type *type, int64_t no, const json_t *document, bool is_new)
{
        struct index_walk walk = { .work = work, .type = type, .no = no };
        bool done = false;
        enum err e = is_new ? ERR_OK : stands(&walk, document, &done);
        if (!e && walk.stored_count && !done)
                e = session_run(work->session, ST_VALUE_CLEAR, NULL, work->fault, V_I64(work->root_no), V_I64(no));
        if (!e && !done)
                e = document_index(type, document, work->arena, insert, &walk);
        return e == ERR_MEMORY ? work_memory(work) : e;
}

enum err index_check_unique(struct work *work, const struct resource_row *row)
{
        struct index_walk walk = { .work = work, .no = row->no };
        json_auto_t *document = NULL;
        enum err e = work_type(work, row->kind, &walk.type);
        if (!e)
                e = json_parse_object(row->doc, row->doc_length, &document, work->fault);
        if (!e)
                e = document_index(walk.type, document, work->arena, check_unique, &walk);
        return e == ERR_MEMORY ? work_memory(work) : e;
}

enum err index_is_free(struct work *work, const struct resource_type *type, int64_t no, const json_t *document, bool *ret)
{
        struct fault ignored = { 0 }, *caller = work->fault;
        struct index_walk walk = { .work = work, .type = type, .no = no };
        work->fault = &ignored;
        enum err e = document_index(type, document, work->arena, check_unique, &walk);
        work->fault = caller;
        if (e == ERR_MEMORY)
                return work_memory(work);
        if (e && e != ERR_TAKEN)
                return fault_set(work->fault, e, ignored.field, "%s", ignored.message);
        *ret = e != ERR_TAKEN;
        return ERR_OK;
}
