/* SPDX-License-Identifier: Apache-2.0
 *
 * The PatchOp message of a type with members, as it streams in: a plain list of them is taken from the text as it passes, ids and no tree,
 * which would be several times as large and travel from core to core. Plain is what most clients send, [{"value":"…"}, …] with `display` or
 * `$ref` beside it; all else is read as any JSON is, and judged where that is judged. */
#include "model/patch.h"

#include <string.h>
#include <strings.h>
#include "base/auto.h"
#include "base/json.h"
#include "base/json_text.h"
#include "base/text.h"

/* Of one message: a tree of many more would not fit a job's memory, and more are not to reach the writer either. */
#define TAKEN_MAX 150000

struct reading {
        struct arena *arena;
        struct patch_list *list;
        size_t count, members; /* lists, and members of all of them */
};

/* ---- the text of a list ---- */

static bool take(struct json_cursor *cursor, char byte)
{
        json_skip_space(cursor);
        return json_take(cursor, byte);
}

struct span {
        const char *start;
        size_t length;
};

/* Text without escapes, which means what it says. */
static bool take_text(struct json_cursor *cursor, struct span *ret)
{
        if (!take(cursor, '"'))
                return false;
        const char *start = cursor->at;
        bool is_ascii = json_skip_plain(cursor) < 0x80;
        *ret = (struct span){ start, (size_t)(cursor->at - start) };
        return json_take(cursor, '"') && (is_ascii || text_is_utf8(start, ret->length));
}

static bool take_null(struct json_cursor *cursor)
{
        json_skip_space(cursor);
        return json_take_word(cursor, "null");
}

static bool is_name(const struct span *span, const char *name)
{
        return span->length == strlen(name) && memcmp(span->start, name, span->length) == 0;
}

/* Names of the schema (model/group.c), of which only `value` says who it is; `type` is judged. */
static bool take_element(struct json_cursor *cursor, struct span *ret)
{
        static const char *const names[] = { "value", "display", "$ref" };
        struct span found[COUNT_OF(names)] = { 0 };
        if (!take(cursor, '{'))
                return false;
        do {
                struct span name, *member = NULL;
                if (!take_text(cursor, &name) || !take(cursor, ':'))
                        return false;
                for (size_t i = 0; i < COUNT_OF(names); i++)
                        if (is_name(&name, names[i]))
                                member = &found[i];
                if (!member || member->start)
                        return false;
                member->start = name.start; /* it is given; null is no text */
                if (!take_null(cursor) && !take_text(cursor, member))
                        return false;
        } while (take(cursor, ','));
        *ret = found[0];
        return take(cursor, '}') && ret->length > 0 && ret->length <= TEXT_VALUE_MAX_BYTES;
}

/* From behind "[" to behind "]". `values` NULL: they are only counted. */
static bool take_list(struct json_cursor *cursor, struct arena *arena, size_t most, const char **values, size_t *ret_count)
{
        size_t count = 0;
        do {
                struct span value;
                if (count == most || !take_element(cursor, &value))
                        return false;
                if (values && !(values[count] = arena_text(arena, value.start, value.length)))
                        return false;
                count++;
        } while (take(cursor, ','));
        *ret_count = count;
        return take(cursor, ']');
}

static const char *take_array(void *context, const char *at, const char *end, json_t **ret)
{
        struct reading *reading = context;
        struct json_cursor first = { at, end }, second = first;
        size_t count = 0;
        if (reading->count == PATCH_OPERATIONS_MAX || !take_list(&first, NULL, TAKEN_MAX - reading->members, NULL, &count))
                return NULL;
        struct patch_list *list = arena_grow(reading->arena, reading->list, reading->count, sizeof(*list));
        const char **values = arena_zero(reading->arena, count, sizeof(*values));
        json_auto_t *stand_in = json_array();
        if (!list || !values || !stand_in || !take_list(&second, reading->arena, count, values, &count))
                return NULL;
        reading->list = list;
        list[reading->count++] = (struct patch_list){ .stand_in = stand_in, .values = values, .count = count };
        reading->members += count;
        *ret = STEAL(stand_in); /* the message holds it */
        return second.at;
}

/* ---- where lists may stand ---- */

static const struct attribute *edges_of(const struct resource_type *type)
{
        for (const struct attribute *a = type->core->attributes; a->name; a++)
                if (a->flags & EDGES)
                        return a;
        return NULL;
}

static const json_t *member_of(const json_t *object, const char *name)
{
        const char *key;
        json_t *member;
        json_object_foreach ((json_t *)object, key, member)
                if (text_equal_ascii_nocase(key, name))
                        return member;
        return NULL;
}

/* "members", alone or behind the URN of its schema. */
static bool names_edges(const struct resource_type *type, const struct attribute *edges, const char *path)
{
        size_t length = strlen(type->core->urn);
        bool is_long = path && strncasecmp(path, type->core->urn, length) == 0 && path[length] == ':';
        return text_equal_ascii_nocase(is_long ? path + length + 1 : path, edges->name);
}

/* How many of the lists stand where members are expected, in the order in which they were read: {"path":"members","value":<list>}, or
 * {"value":{"members":<list>}}. */
static size_t count_in_place(
        const struct reading *reading, const struct resource_type *type, const struct attribute *edges, const json_t *message)
{
        const json_t *operations = member_of(message, "Operations"), *operation;
        size_t i, found = 0;
        json_array_foreach (operations, i, operation) {
                const json_t *path = member_of(operation, "path"), *value = member_of(operation, "value");
                if (!path)
                        value = member_of(value, edges->name);
                else if (!names_edges(type, edges, json_string_value(path)))
                        continue;
                found += found < reading->count && value && value == reading->list[found].stand_in;
        }
        return found;
}

enum err patch_read(const struct resource_type *type, struct arena *arena, const char *text, size_t length, json_t **ret,
        struct patch_lists *ret_lists, struct fault *fault)
{
        const struct attribute *edges = edges_of(type);
        struct reading reading = { .arena = arena };
        json_auto_t *message = NULL;
        *ret_lists = (struct patch_lists){ 0 };
        if (!edges)
                return json_parse_object(text, length, ret, fault);
        enum err e = json_parse_object_taking(text, length, &(struct json_taker){ take_array, &reading }, &message, fault);
        if (e)
                return e;
        if (count_in_place(&reading, type, edges, message) != reading.count) {
                json_decref(message); /* two trees need not fit at once */
                message = NULL;
                return json_parse_object(text, length, ret, fault);
        }
        *ret_lists = (struct patch_lists){ reading.list, reading.count };
        *ret = STEAL(message);
        return ERR_OK;
}
