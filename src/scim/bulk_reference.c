/* SPDX-License-Identifier: Apache-2.0
 *
 * References inside the data of Bulk: a text that is "bulkId:x" as a whole; in "path" and "$ref" also behind a slash or a quote, up to the
 * next quote. */
#include <string.h>
#include "bulk.h"

#define PREFIX "bulkId:"
#define PREFIX_LENGTH (sizeof(PREFIX) - 1)

struct reference {
        size_t start, end;   /* of "bulkId:x" in the text */
        const char *bulk_id; /* in the arena */
};

static bool holds_more(const char *key)
{
        return key && (strcmp(key, "path") == 0 || strcmp(key, "$ref") == 0);
}

/* The next reference at or behind `from`. */
static bool find_reference(const char *key, const char *text, size_t from, struct reference *ret)
{
        if (!holds_more(key)) {
                *ret = (struct reference){ .end = strlen(text) };
                return from == 0 && strncmp(text, PREFIX, PREFIX_LENGTH) == 0;
        }
        const char *at = text + from;
        while ((at = strstr(at, PREFIX)) && at != text && at[-1] != '/' && at[-1] != '"')
                at += PREFIX_LENGTH;
        if (!at)
                return false;
        *ret = (struct reference){ .start = (size_t)(at - text), .end = (size_t)(at - text) + strcspn(at, "\"") };
        return true;
}

static const char *name_of(const char *text, const struct reference *reference, struct arena *arena)
{
        size_t start = reference->start + PREFIX_LENGTH;
        return arena_text(arena, text + start, reference->end - start);
}

/* ---- looking ---- */

struct look {
        struct arena *arena;
        bulk_name_each each;
        void *context;
};

static enum err look_at(const struct look *look, const char *key, const json_t *value);

static enum err look_at_text(const struct look *look, const char *key, const char *text)
{
        struct reference reference;
        enum err e = ERR_OK;
        for (size_t from = 0; !e && find_reference(key, text, from, &reference); from = reference.end) {
                const char *name = name_of(text, &reference, look->arena);
                e = name ? look->each(look->context, name) : ERR_MEMORY;
        }
        return e;
}

static enum err look_at(const struct look *look, const char *key, const json_t *value)
{
        enum err e = ERR_OK;
        const char *member;
        json_t *inner;
        size_t i;
        if (json_is_string(value))
                return look_at_text(look, key, json_string_value(value));
        if (json_is_array(value)) {
                json_array_foreach ((json_t *)value, i, inner) {
                        e = look_at(look, key, inner);
                        if (e)
                                return e;
                }
        }
        json_object_foreach ((json_t *)value, member, inner) {
                e = look_at(look, member, inner);
                if (e)
                        return e;
        }
        return e;
}

enum err bulk_each_name(const json_t *value, struct arena *arena, bulk_name_each each, void *context)
{
        const struct look look = { arena, each, context };
        return look_at(&look, NULL, value);
}

/* ---- putting ids in ---- */

struct fill {
        struct arena *arena;
        bulk_ids ids;
        void *context;
        bool unknown; /* a name without an id was met */
};

static json_t *filled(struct fill *fill, const char *key, const json_t *value);

static json_t *filled_text(struct fill *fill, const char *key, const json_t *value)
{
        const char *text = json_string_value(value);
        struct reference reference;
        auto_buffer whole = { 0 };
        size_t from = 0;
        for (; find_reference(key, text, from, &reference); from = reference.end) {
                const char *name = name_of(text, &reference, fill->arena);
                const char *id = name ? fill->ids(fill->context, name) : NULL;
                fill->unknown |= !id;
                buffer_put(&whole, text + from, reference.start - from);
                if (id)
                        buffer_puts(&whole, id);
                else
                        buffer_put(&whole, text + reference.start, reference.end - reference.start);
        }
        if (!from)
                return json_incref((json_t *)value);
        buffer_puts(&whole, text + from);
        return whole.failed ? NULL : json_stringn(whole.data, whole.length);
}

static json_t *filled_list(struct fill *fill, const char *key, const json_t *value)
{
        json_auto_t *list = json_array();
        size_t i;
        json_t *inner;
        json_array_foreach ((json_t *)value, i, inner) {
                if (json_array_append_new(list, filled(fill, key, inner)))
                        return NULL;
        }
        return STEAL(list);
}

/* NULL: out of memory. */
static json_t *filled(struct fill *fill, const char *key, const json_t *value)
{
        if (json_is_string(value))
                return filled_text(fill, key, value);
        if (json_is_array(value))
                return filled_list(fill, key, value);
        if (!json_is_object(value))
                return json_incref((json_t *)value);
        json_auto_t *object = json_object();
        const char *member;
        json_t *inner;
        json_object_foreach ((json_t *)value, member, inner) {
                if (json_object_set_new(object, member, filled(fill, member, inner)))
                        return NULL;
        }
        return STEAL(object);
}

/* ---- leaving out ---- */

struct parting {
        struct fill fill;
        json_t *later; /* array of PATCH operations; NULL until needed */
};

/* `value` with names in it, to be added later at the path prefix:key (prefix NULL: key). */
static int put_off(struct parting *parting, const char *prefix, const char *key, json_t *value)
{
        json_auto_t *path = prefix ? json_sprintf("%s:%s", prefix, key) : json_string(key);
        if (!parting->later)
                parting->later = json_array();
        return json_array_append_new(parting->later, json_pack("{s:s, s:O, s:O}", "op", "add", "path", path, "value", value));
}

/* The part of an attribute that can be written now; what cannot goes to `off`. NULL with nothing in `off`: out of memory. */
static json_t *kept_of(struct parting *parting, const char *key, const json_t *value, json_t **off)
{
        json_auto_t *kept = json_array(), *put = json_array();
        size_t i;
        json_t *inner;
        if (!json_is_array(value)) {
                parting->fill.unknown = false;
                json_auto_t *whole = filled(&parting->fill, key, value);
                if (!parting->fill.unknown)
                        return STEAL(whole);
                *off = json_incref((json_t *)value);
                return NULL;
        }
        json_array_foreach ((json_t *)value, i, inner) {
                parting->fill.unknown = false;
                json_auto_t *element = filled(&parting->fill, key, inner);
                if (!element || (parting->fill.unknown ? json_array_append(put, inner) : json_array_append(kept, element)))
                        return NULL;
        }
        if (json_array_size(put))
                *off = json_incref(put);
        return STEAL(kept);
}

static json_t *parted(struct parting *parting, const char *prefix, const json_t *object)
{
        json_auto_t *kept = json_object();
        const char *key;
        json_t *value;
        json_object_foreach ((json_t *)object, key, value) {
                json_auto_t *off = NULL, *now = NULL;
                if (!prefix && strchr(key, ':') && json_is_object(value)) {
                        now = parted(parting, key, value);
                        if (!now || json_object_set(kept, key, now))
                                return NULL;
                        continue;
                }
                now = kept_of(parting, key, value, &off);
                if ((!now && !off) || (now && json_object_set(kept, key, now)) || (off && put_off(parting, prefix, key, off)))
                        return NULL;
        }
        return STEAL(kept);
}

enum err bulk_resolve(const json_t *data, struct arena *arena, bulk_ids ids, void *context, json_t **ret, json_t **ret_later)
{
        struct parting parting = { .fill = { arena, ids, context, false } };
        json_auto_t *whole = ret_later ? parted(&parting, NULL, data) : filled(&parting.fill, NULL, data);
        json_auto_t *later = parting.later;
        if (!whole)
                return ERR_MEMORY;
        *ret = STEAL(whole);
        if (ret_later)
                *ret_later = STEAL(later);
        return ERR_OK;
}
