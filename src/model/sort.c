/* SPDX-License-Identifier: Apache-2.0
 *
 * Sort keys: one byte that says whether there is a value, then the value in a form that memcmp orders. */
#include "model/sort.h"

#include <string.h>
#include "base/clock.h"
#include "base/text.h"

enum { ASSIGNED = 1, UNASSIGNED = 0xff };
#define FOLDED_MAX_BYTES 512 /* folding can shorten text, so more is looked at than is kept */
#define HIDDEN (RETURNED_NEVER | WRITE_ONLY | IGNORED_INPUT)

enum err sort_parse(const struct resource_type *type, const char *text, struct arena *arena, struct leniency *leniency, struct path *ret,
        bool *ret_known, struct fault *fault)
{
        struct leniency used = { .strict = leniency_is_strict(leniency) };
        enum err e = path_parse_loose(type, text, strlen(text), arena, &used, ret, fault);
        *ret_known = false;
        if (e)
                return e == ERR_MEMORY ? e : ERR_OK;
        if (!ret->attribute || ret->filter || (ret->attribute->flags & HIDDEN))
                return ERR_OK;
        if (ret->attribute->type == ATTRIBUTE_COMPLEX && !ret->sub)
                ret->sub = attribute_find(ret->attribute->sub, "value", strlen("value"));
        const struct attribute *leaf = ret->attribute->type == ATTRIBUTE_COMPLEX ? ret->sub : ret->attribute;
        *ret_known = leaf && !(leaf->flags & HIDDEN);
        if (*ret_known && leniency)
                leniency->used |= used.used;
        return ERR_OK;
}

/* ---- the value ---- */

static const json_t *primary_of(const json_t *list)
{
        size_t i;
        const json_t *element;
        json_array_foreach ((json_t *)list, i, element) {
                if (json_is_true(json_object_get(element, "primary")))
                        return element;
        }
        return json_array_get(list, 0);
}

static const json_t *value_at(const struct path *path, const json_t *resource)
{
        const json_t *holder = path->extension ? json_object_get(resource, path->extension->urn) : resource;
        const json_t *value = json_object_get(holder, path->attribute->name);
        if (path->extension && !value) /* of the core schema, named by its URN */
                value = json_object_get(resource, path->attribute->name);
        if (json_is_array(value))
                value = primary_of(value);
        return path->sub && json_is_object(value) ? json_object_get(value, path->sub->name) : value;
}

/* ---- its bytes ---- */

static void put(struct sort_key *key, const void *bytes, size_t length)
{
        size_t room = SORT_KEY_MAX_BYTES - key->length;
        if (length > room)
                length = room;
        memcpy(key->bytes + key->length, bytes, length);
        key->length += length;
}

static void put_u64(struct sort_key *key, uint64_t number)
{
        unsigned char bytes[8];
        for (int i = 0; i < 8; i++)
                bytes[i] = (unsigned char)(number >> (56 - 8 * i));
        put(key, bytes, sizeof(bytes));
}

/* The bits of a double, turned so that they order as the numbers do. */
static void put_number(struct sort_key *key, double number)
{
        uint64_t bits;
        memcpy(&bits, &number, sizeof(bits));
        put_u64(key, bits >> 63 ? ~bits : bits | (uint64_t)1 << 63);
}

static size_t cut(const char *text, size_t length)
{
        if (length <= FOLDED_MAX_BYTES)
                return length;
        length = FOLDED_MAX_BYTES;
        while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
                length--;
        return length;
}

static enum err put_text(
        struct sort_key *key, const struct attribute *attribute, const json_t *value, struct arena *arena, struct fault *fault)
{
        const char *text = json_string_value(value);
        size_t length = json_string_length(value);
        int64_t time_us;
        if (attribute->type == ATTRIBUTE_TIME && clock_parse(text, &time_us)) {
                put_u64(key, (uint64_t)time_us ^ (uint64_t)1 << 63);
                return ERR_OK;
        }
        if (attribute->flags & CASE_EXACT) {
                put(key, text, length);
                return ERR_OK;
        }
        const char *folded = text_fold(arena, text, cut(text, length));
        if (!folded)
                return fault_set(fault, ERR_MEMORY, "", "out of memory");
        put(key, folded, strlen(folded));
        return ERR_OK;
}

enum err sort_key_of(const struct path *path, const json_t *resource, struct arena *arena, struct sort_key *ret, struct fault *fault)
{
        const json_t *value = path ? value_at(path, resource) : NULL;
        struct sort_key key = { .bytes = { ASSIGNED }, .length = 1 };
        enum err e = ERR_OK;
        if (json_is_string(value))
                e = put_text(&key, path->sub ? path->sub : path->attribute, value, arena, fault);
        else if (json_is_number(value))
                put_number(&key, json_number_value(value));
        else if (json_is_boolean(value))
                put(&key, json_is_true(value) ? "1" : "0", 1);
        else
                key.bytes[0] = UNASSIGNED;
        if (!e)
                *ret = key;
        return e;
}

int sort_key_compare(const unsigned char *left, size_t left_length, const unsigned char *right, size_t right_length)
{
        int order = memcmp(left, right, left_length < right_length ? left_length : right_length);
        return order ? order : (left_length > right_length) - (left_length < right_length);
}
