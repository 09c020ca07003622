/* SPDX-License-Identifier: Apache-2.0
 *
 * The rows of resource_value: what a document holds of indexed attributes, and what claims say instead. Most changes touch none of them,
 * and the rows lie all over the index, so what stands there is read first. */
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
        struct index_value *wanted;
        size_t stored_count, wanted_count, wanted_room;
        bool yields; /* person->yields */
        int claim;   /* the values come from this claim, counted from 1; 0: from the document */
};

/* What a root declares unique is so among its live resources; the root's lock makes looking and writing one. */
static enum err check_unique(void *context, const struct index_value *value)
{
        const struct index_walk *walk = context;
        struct work *work = walk->work;
        bool taken = false;
        if (!value->is_unique)
                return ERR_OK;
        enum err e = session_query_any(work->session, ST_VALUE_TAKEN, &taken, work->fault, V_I64(work->root_no), V_I64(value->number),
                V_TEXT(value->value), V_I64(walk->no));
        if (e || !taken)
                return e;
        bool in_core = value->schema == walk->type->core;
        const char *path = arena_printf(work->arena, "%s%s%s%s%s", in_core ? "" : value->schema->urn, in_core ? "" : ":",
                value->attribute->name, value->sub ? "." : "", value->sub ? value->sub->name : "");
        if (!path)
                return work_memory(work);
        return fault_set(work->fault, ERR_TAKEN, path, "%s \"%.120s\" is already taken", path, value->value);
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

/* ---- what should stand there ---- */

#define CLAIM_PLACES 100000 /* more than a list has elements */

static bool is_wanted(const struct index_walk *walk, int64_t number, const char *text)
{
        for (size_t i = 0; i < walk->wanted_count; i++)
                if (walk->wanted[i].number == number && strcmp(walk->wanted[i].value, text) == 0)
                        return true;
        return false;
}

/* What a claim says and the resource does not stands under the number with a minus: found, but bound to nobody. */
static enum err want(void *context, const struct index_value *value)
{
        struct index_walk *walk = context;
        struct index_value row = *value;
        if (walk->claim && ((value->schema && !value->attribute) || is_wanted(walk, value->number, value->value)))
                return ERR_OK;
        if (walk->wanted_count == walk->wanted_room) {
                size_t room = walk->wanted_room ? 2 * walk->wanted_room : 8;
                struct index_value *bigger = arena_zero(walk->work->arena, room, sizeof(*bigger));
                if (!bigger)
                        return ERR_MEMORY;
                if (walk->wanted_count)
                        memcpy(bigger, walk->wanted, walk->wanted_count * sizeof(*bigger));
                walk->wanted = bigger;
                walk->wanted_room = room;
        }
        if (walk->claim) {
                row.number = -value->number;
                row.ord += walk->claim * CLAIM_PLACES;
                row.is_unique = false;
                row.value = arena_strdup(walk->work->arena, value->value); /* its document goes before it does */
        }
        if (!row.value)
                return ERR_MEMORY;
        walk->wanted[walk->wanted_count++] = row;
        return ERR_OK;
}

/* R3: a connection finds a user by the userName that it gave him, whichever he bears. */
static enum err want_name(struct index_walk *walk, const json_t *document, const char *borne)
{
        struct index_value value = { .number = INDEX_NAME };
        enum err e = name_claimed(walk->work, walk->type->kind, document, &value.value);
        return e || !value.value || strcmp(value.value, borne) == 0 ? e : want(walk, &value);
}

static enum err want_claims(struct index_walk *walk, const struct person *person, const struct resource_row *row)
{
        struct work *work = walk->work;
        const char *doc = row->doc;
        enum err e = ERR_OK;
        for (size_t i = 0; !e && i < person->claim_count; i++) {
                const struct claim_row *claim = &person->claims[i];
                json_auto_t *document = NULL;
                if (!claim_asserts(claim) || strcmp(claim->doc, doc) == 0)
                        continue;
                e = json_parse_object(claim->doc, claim->doc_length, &document, work->fault);
                walk->claim = (int)i + 1;
                if (!e)
                        e = document_index(walk->type, document, work->arena, want, walk);
                if (!e)
                        e = want_name(walk, document, row->name);
        }
        return e;
}

/* Does each wanted value stand there, and nothing else? */
static bool stands(const struct index_walk *walk)
{
        if (walk->wanted_count != walk->stored_count || walk->stored_count == STORED_MAX)
                return false;
        for (size_t i = 0; i < walk->wanted_count; i++) {
                const struct index_value *value = &walk->wanted[i];
                bool found = false;
                for (size_t j = 0; !found && j < walk->stored_count; j++)
                        found = walk->stored[j].number == value->number && walk->stored[j].ord == value->ord &&
                                strcmp(walk->stored[j].text, value->value) == 0;
                if (!found)
                        return false;
        }
        return true;
}

/* R10: a name that stood there already keeps nobody from leaving. */
static enum err check_claimed_name(const struct index_walk *walk, const struct index_value *value)
{
        bool passes = walk->yields;
        for (size_t i = 0; !passes && i < walk->stored_count; i++)
                passes = walk->stored[i].number == value->number && strcmp(walk->stored[i].text, value->value) == 0;
        return passes ? ERR_OK : name_check_claimed(walk->work, walk->no, value->value);
}

static enum err write_values(struct index_walk *walk)
{
        struct work *work = walk->work;
        enum err e = ERR_OK;
        if (walk->stored_count)
                e = session_run(work->session, ST_VALUE_CLEAR, NULL, work->fault, V_I64(work->root_no), V_I64(walk->no));
        for (size_t i = 0; !e && i < walk->wanted_count; i++) {
                const struct index_value *value = &walk->wanted[i];
                e = value->number == INDEX_CLAIMED_NAME ? check_claimed_name(walk, value) : check_unique(walk, value);
                if (!e)
                        e = session_run(work->session, ST_VALUE_INSERT, NULL, work->fault, V_I64(work->root_no), V_I64(value->number),
                                V_TEXT(value->value), V_I64(walk->no), V_I64(value->ord));
        }
        return e;
}

/* ---- what stood there ---- */

/* The same values at the same places? Both lists are in the order of the schemas. */
static bool is_same(const struct index_walk *before, const struct index_walk *after)
{
        bool same = before->wanted_count == after->wanted_count;
        for (size_t i = 0; same && i < after->wanted_count; i++)
                same = before->wanted[i].number == after->wanted[i].number && before->wanted[i].ord == after->wanted[i].ord &&
                       strcmp(before->wanted[i].value, after->wanted[i].value) == 0;
        return same;
}

/* Where one alone speaks, before as after, the rows are those of his document. */
static enum err stays(
        struct work *work, const struct resource_row *row, const struct person *person, const struct index_walk *walk, bool *ret)
{
        struct index_walk before = { .work = work };
        *ret = person->document && person->claim_count == 1 && person->stored_count == 1 && person->own == person->claims &&
               person->claims->connection_no == person->stored->connection_no && claim_follows(person, person->stored) &&
               strcmp(person->claims->doc, row->doc) == 0;
        enum err e = *ret ? document_index(walk->type, person->document, work->arena, want, &before) : ERR_OK;
        *ret = *ret && is_same(&before, walk);
        return e;
}

enum err index_store(struct work *work, const struct resource_type *type, const struct resource_row *row, const json_t *document,
        const struct person *person)
{
        struct index_walk walk = { .work = work, .type = type, .no = row->no, .yields = person && person->yields };
        bool is_done = false;
        enum err e = document_index(type, document, work->arena, want, &walk);
        if (!e && person)
                e = stays(work, row, person, &walk, &is_done);
        if (!e && person && !is_done)
                e = want_claims(&walk, person, row);
        if (!e && person && !is_done) {
                e = load(&walk);
                is_done = stands(&walk);
        }
        if (!e && !is_done)
                e = write_values(&walk);
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

enum err index_check_names(struct work *work, int64_t no)
{
        struct index_walk walk = { .work = work, .no = no };
        enum err e = load(&walk);
        for (size_t i = 0; !e && i < walk.stored_count; i++)
                if (walk.stored[i].number == INDEX_CLAIMED_NAME)
                        e = name_check_claimed(work, no, walk.stored[i].text);
        return e;
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
