/* SPDX-License-Identifier: Apache-2.0
 *
 * One value from a client, checked against one row of a descriptor (RFC 7643 section 2) with the leniencies real clients need. Values are
 * kept as sent: scalars are shared with the body, objects and lists are made anew with the names of the descriptor. */
#include "model/document_value.h"

#include <stdarg.h>
#include <string.h>
#include "base/auto.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/text.h"

#define NAMES_MAX 64
#define KEY_SHOWN_MAX 64

enum err memory_fault(struct fault *fault)
{
        return fault_set(fault, ERR_MEMORY, "", "out of memory");
}

int shown_length(const char *text, int max)
{
        int length = (int)strnlen(text, (size_t)max + 1);

        if (length <= max)
                return length;
        for (length = max; length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80; length--)
                ;
        return length;
}

/* The path of the spot, or of the key `inside` that stands there; NULL: none. */
static void spot_path(const struct spot *spot, const char *inside, char ret[sizeof(((struct fault *)0)->field)])
{
        const char *urn = spot->extension ? spot->extension->urn : "", *name = spot->attribute ? spot->attribute->name : "";
        const char *last = inside ? inside : spot->sub ? spot->sub->name : "", *colon = *urn && (*name || *last) ? ":" : "";
        char position[32] = "";

        if (spot->element)
                (void)snprintf(position, sizeof(position), "[%zu]", spot->element - 1);
        (void)snprintf(
                ret, sizeof(((struct fault *)0)->field), "%s%s%s%s%s%s", urn, colon, name, position, *name && *last ? "." : "", last);
}

enum err spot_fault(const struct spot *spot, struct fault *fault, enum err code, const char *format, ...)
{
        char path[sizeof(fault->field)], message[sizeof(fault->message)];
        va_list arguments;

        spot_path(spot, NULL, path);
        va_start(arguments, format);
        (void)vsnprintf(message, sizeof(message), format, arguments);
        va_end(arguments);
        return fault_set(fault, code, path, "%s", message);
}

enum err unknown_key(
        const struct accept *accept, const struct spot *spot, const struct attribute *const known[], const char *key, struct fault *fault)
{
        bool urn = strchr(key, ':') != NULL;

        if (leniency_use(accept->leniency, urn ? LENIENT_UNKNOWN_SCHEMA : LENIENT_UNKNOWN_ATTRIBUTE))
                return ERR_OK;
        if (accept->leniency)
                return spot_fault(spot, fault, ERR_SYNTAX, "no schema of %s names \"%.*s\"", accept->type->name,
                        shown_length(key, KEY_SHOWN_MAX), key);

        const char *names[NAMES_MAX] = { NULL };
        char path[sizeof(fault->field)];
        size_t count = 0;
        for (; *known; known++)
                count += attribute_names(*known, names + count, NAMES_MAX - count);
        const char *nearest = text_nearest(key, names);
        spot_path(spot, key, path);
        return fault_set(fault, ERR_VALUE, path, "there is no attribute \"%.*s\"%s%s%s", shown_length(key, KEY_SHOWN_MAX), key,
                nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
}

static enum err type_fault(const struct spot *spot, const char *expected, const json_t *value, struct fault *fault)
{
        return spot_fault(spot, fault, ERR_VALUE, "%s is expected, not %s", expected, json_type_name(value));
}

/* Scalars are immutable by convention, so a document may share them with the body they came in. */
static json_t *share(const json_t *value)
{
        return json_incref((json_t *)value);
}

/* Padding may be left out (RFC 7643 section 2.3.6), but not in part. */
static bool is_base64(const char *text, size_t length)
{
        size_t padding = 0;

        while (padding < 2 && padding < length && text[length - padding - 1] == '=')
                padding++;
        for (size_t i = 0; i < length - padding; i++) {
                unsigned char c = (unsigned char)text[i];

                if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/'))
                        return false;
        }
        return padding > 0 ? length % 4 == 0 : length % 4 != 1;
}

static enum err text_accept(const struct accept *accept, const struct spot *spot, const struct attribute *attribute, const json_t *value,
        json_t **ret, struct fault *fault)
{
        size_t max = attribute->max_bytes ? attribute->max_bytes : TEXT_VALUE_MAX_BYTES;
        int64_t time_us;

        if (attribute->type == ATTRIBUTE_TEXT && json_is_integer(value) && leniency_use(accept->leniency, LENIENT_NUMBER_TEXT)) {
                *ret = json_sprintf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
                return *ret ? ERR_OK : memory_fault(fault);
        }
        if (!json_is_string(value))
                return type_fault(spot, "text", value, fault);
        if (json_string_length(value) > max)
                return spot_fault(spot, fault, ERR_VALUE, "at most %zu bytes are allowed, not %zu", max, json_string_length(value));
        if (strlen(json_string_value(value)) != json_string_length(value))
                return spot_fault(spot, fault, ERR_VALUE, "text must not hold a NUL");
        if (attribute->type == ATTRIBUTE_TIME && !clock_parse(json_string_value(value), &time_us))
                return spot_fault(spot, fault, ERR_VALUE, "a time such as 2026-11-21T05:06:07Z is expected");
        if (attribute->type == ATTRIBUTE_BINARY && !is_base64(json_string_value(value), json_string_length(value)))
                return spot_fault(spot, fault, ERR_VALUE, "base64 is expected");
        *ret = share(value);
        return ERR_OK;
}

static enum err boolean_accept(const struct accept *accept, const struct spot *spot, const json_t *value, json_t **ret, struct fault *fault)
{
        if (json_is_boolean(value)) {
                *ret = share(value);
                return ERR_OK;
        }
        if (json_is_string(value)) {
                bool is_true = text_equal_ascii_nocase(json_string_value(value), "true");
                bool is_false = text_equal_ascii_nocase(json_string_value(value), "false");

                if ((is_true || is_false) && leniency_use(accept->leniency, LENIENT_BOOLEAN_TEXT)) {
                        *ret = json_boolean(is_true);
                        return ERR_OK;
                }
        }
        return type_fault(spot, "true or false", value, fault);
}

static enum err scalar_accept(const struct accept *accept, const struct spot *spot, const struct attribute *attribute, const json_t *value,
        json_t **ret, struct fault *fault)
{
        switch (attribute->type) {
        case ATTRIBUTE_BOOLEAN:
                return boolean_accept(accept, spot, value, ret, fault);
        case ATTRIBUTE_INTEGER:
                if (!json_is_integer(value))
                        return type_fault(spot, "a whole number", value, fault);
                *ret = share(value);
                return ERR_OK;
        case ATTRIBUTE_DECIMAL:
                if (!json_is_number(value))
                        return type_fault(spot, "a number", value, fault);
                *ret = share(value);
                return ERR_OK;
        default:
                return text_accept(accept, spot, attribute, value, ret, fault);
        }
}

static bool keeps_null(const struct accept *accept, const struct spot *spot)
{
        return accept->mode == ACCEPT_MERGE && !spot->element;
}

/* One key of a complex value. */
static enum err member_accept(const struct accept *accept, const struct spot *spot, const struct attribute *attribute, const char *key,
        const json_t *value, uint64_t *seen, json_t *into, struct fault *fault)
{
        const struct attribute *sub = attribute_find(attribute->sub, key, strlen(key));
        const struct attribute *known[] = { attribute->sub, NULL };
        struct spot inside = *spot;
        json_t *accepted = NULL;
        enum err e;

        if (!sub)
                return unknown_key(accept, spot, known, key, fault);
        inside.sub = sub;
        if (*seen >> (sub - attribute->sub) & 1)
                return spot_fault(&inside, fault, ERR_SYNTAX, "given twice, in different letter case");
        *seen |= UINT64_C(1) << (sub - attribute->sub);
        if (sub->flags & (READ_ONLY | IGNORED_INPUT))
                return ERR_OK;
        if (json_is_null(value)) {
                if (keeps_null(accept, spot) && json_object_set_new_nocheck(into, sub->name, json_null()))
                        return memory_fault(fault);
                return ERR_OK;
        }
        e = scalar_accept(accept, &inside, sub, value, &accepted, fault);
        if (e)
                return e;
        return json_object_set_new_nocheck(into, sub->name, accepted) ? memory_fault(fault) : ERR_OK;
}

static enum err object_accept(const struct accept *accept, const struct spot *spot, const struct attribute *attribute, const json_t *value,
        json_t **ret, struct fault *fault)
{
        json_auto_t *object = json_object();
        uint64_t seen = 0;
        const char *key;
        json_t *member;

        if (!object)
                return memory_fault(fault);
        json_object_foreach ((json_t *)value, key, member) {
                enum err e = member_accept(accept, spot, attribute, key, member, &seen, object, fault);
                if (e)
                        return e;
        }
        *ret = json_object_size(object) ? STEAL(object) : NULL;
        return ERR_OK;
}

/* Text where an object belongs is its `value`: roles, entitlements, members (Entra), and the manager's bare id. */
static enum err object_from_text(const struct accept *accept, const struct spot *spot, const struct attribute *attribute,
        const json_t *value, json_t **ret, struct fault *fault)
{
        const struct attribute *sub = attribute_find(attribute->sub, "value", 5);
        enum leniency_code code = attribute->flags & MULTI ? LENIENT_OBJECT_TEXT : LENIENT_MANAGER_FORM;
        struct spot inside = *spot;
        json_auto_t *object = NULL;
        json_t *accepted = NULL;

        if (!sub || !(json_is_string(value) || json_is_integer(value)) || !leniency_use(accept->leniency, code))
                return type_fault(spot, "an object", value, fault);
        if (json_is_string(value) && json_string_length(value) == 0) {
                *ret = keeps_null(accept, spot) ? json_null() : NULL;
                return ERR_OK;
        }
        inside.sub = sub;
        enum err e = scalar_accept(accept, &inside, sub, value, &accepted, fault);
        if (e)
                return e;
        object = json_object();
        if (json_object_set_new_nocheck(object, sub->name, accepted))
                return memory_fault(fault);
        *ret = STEAL(object);
        return ERR_OK;
}

static enum err complex_accept(const struct accept *accept, const struct spot *spot, const struct attribute *attribute, const json_t *value,
        json_t **ret, struct fault *fault)
{
        json_auto_t *object = NULL;
        enum err e;

        if (!json_is_object(value))
                return object_from_text(accept, spot, attribute, value, ret, fault);
        e = object_accept(accept, spot, attribute, value, &object, fault);
        if (e)
                return e;
        if (object && !(attribute->flags & MULTI)) {
                const json_t *id = json_object_get(object, "value"); /* only the manager has one */

                if (json_is_string(id) && json_string_length(id) == 0 && leniency_use(accept->leniency, LENIENT_MANAGER_FORM)) {
                        *ret = keeps_null(accept, spot) ? json_null() : NULL;
                        return ERR_OK;
                }
        }
        *ret = STEAL(object);
        return ERR_OK;
}

enum err element_accept(const struct accept *accept, const struct spot *spot, const struct attribute *attribute, const json_t *value,
        json_t **ret, struct fault *fault)
{
        json_t *accepted = NULL;
        enum err e = attribute->type == ATTRIBUTE_COMPLEX ? complex_accept(accept, spot, attribute, value, &accepted, fault)
                                                          : scalar_accept(accept, spot, attribute, value, &accepted, fault);

        if (e)
                return e;
        *ret = accepted;
        return ERR_OK;
}

/* Equal values give equal hashes, whatever the order of keys (FNV-1a; the sum over members). */
static uint64_t hash_bytes(uint64_t hash, const char *bytes, size_t length)
{
        for (size_t i = 0; i < length; i++)
                hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
        return hash;
}

static uint64_t hash_value(const json_t *value)
{
        uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ (uint64_t)json_typeof(value);

        if (json_is_string(value))
                return hash_bytes(hash, json_string_value(value), json_string_length(value));
        if (json_is_object(value)) {
                const char *key;
                json_t *member;

                json_object_foreach ((json_t *)value, key, member)
                        hash += hash_bytes(hash_value(member), key, strlen(key));
        }
        return hash;
}

/* Is an element equal to `value` in `list` already? If not, its place (position + 1 in `list`) is taken. `places` is a power of two and at
 * least twice the number of values, so that a search always ends. */
static bool is_duplicate(const json_t *list, uint16_t *table, size_t places, const json_t *value)
{
        size_t place = (size_t)hash_value(value) & (places - 1);

        for (; table[place]; place = (place + 1) & (places - 1))
                if (json_equal(json_array_get(list, table[place] - 1u), value))
                        return true;
        table[place] = (uint16_t)(json_array_size(list) + 1);
        return false;
}

static enum err list_accept(const struct accept *accept, const struct spot *spot, const struct attribute *attribute, const json_t *value,
        json_t **ret, struct fault *fault)
{
        uint16_t small[16] = { 0 };
        auto_free_ uint16_t *large = NULL;
        size_t count = json_array_size(value), places = 16;
        json_auto_t *list = NULL;

        if (count > MULTI_VALUES_MAX)
                return spot_fault(spot, fault, ERR_VALUE, "at most %d values are allowed, not %zu", MULTI_VALUES_MAX, count);
        while (places < 2 * count)
                places *= 2;
        if (places > COUNT_OF(small) && !(large = calloc(places, sizeof(*large))))
                return memory_fault(fault);
        list = json_array();
        if (!list)
                return memory_fault(fault);
        for (size_t i = 0; i < count; i++) {
                struct spot inside = *spot;
                json_auto_t *element = NULL;

                inside.element = i + 1;
                enum err e = element_accept(accept, &inside, attribute, json_array_get(value, i), &element, fault);
                if (e)
                        return e;
                if (!element || is_duplicate(list, large ? large : small, places, element))
                        continue;
                if (json_array_append(list, element))
                        return memory_fault(fault);
        }
        enum err e = primary_check(spot, attribute, list, fault);
        if (e)
                return e;
        *ret = json_array_size(list) ? STEAL(list) : NULL;
        return ERR_OK;
}

static enum err multi_accept(const struct accept *accept, const struct spot *spot, const struct attribute *attribute, const json_t *value,
        json_t **ret, struct fault *fault)
{
        json_auto_t *list = NULL;

        if (json_is_array(value))
                return list_accept(accept, spot, attribute, value, ret, fault);
        if (!leniency_use(accept->leniency, LENIENT_SINGLE_FOR_MULTI))
                return type_fault(spot, "a list", value, fault);
        list = json_array();
        if (!list || json_array_append(list, (json_t *)value))
                return memory_fault(fault);
        return list_accept(accept, spot, attribute, list, ret, fault);
}

/* A list of one where one value stands. */
static enum err single_from_list(const struct accept *accept, const struct spot *spot, const struct attribute *attribute,
        const json_t *value, json_t **ret, struct fault *fault)
{
        enum leniency_code code = attribute->type == ATTRIBUTE_COMPLEX ? LENIENT_MANAGER_FORM : LENIENT_SINGLE_FOR_MULTI;

        if (json_array_size(value) != 1 || !leniency_use(accept->leniency, code))
                return type_fault(spot, "one value", value, fault);
        value = json_array_get(value, 0);
        if (json_is_null(value))
                return ERR_OK;
        return element_accept(accept, spot, attribute, value, ret, fault);
}

static enum err opaque_accept(const struct spot *spot, const json_t *value, json_t **ret, struct fault *fault)
{
        if (!json_is_array(value))
                return type_fault(spot, "a list", value, fault);
        *ret = json_whole_deep_copy(value);
        return *ret ? ERR_OK : memory_fault(fault);
}

enum err value_accept(const struct accept *accept, const struct spot *spot, const struct attribute *attribute, const json_t *value,
        json_t **ret, struct fault *fault)
{
        bool is_active = attribute->type == ATTRIBUTE_BOOLEAN && (attribute->flags & COLUMN);
        json_t *accepted = NULL;
        enum err e = ERR_OK;

        if (is_active)
                e = boolean_accept(accept, spot, value, &accepted, fault); /* R15: null and everything else is refused */
        else if ((attribute->flags & NEVER_EMPTY) && json_is_array(value) && json_array_size(value) == 0)
                e = spot_fault(spot, fault, ERR_VALUE, "at least one value is expected; null means the default");
        else if (json_is_null(value) || (json_is_array(value) && json_array_size(value) == 0))
                accepted = keeps_null(accept, spot) ? json_null() : NULL;
        else if (attribute->flags & OPAQUE)
                e = opaque_accept(spot, value, &accepted, fault);
        else if (attribute->flags & MULTI)
                e = multi_accept(accept, spot, attribute, value, &accepted, fault);
        else if (json_is_array(value))
                e = single_from_list(accept, spot, attribute, value, &accepted, fault);
        else
                e = element_accept(accept, spot, attribute, value, &accepted, fault);
        if (e) {
                json_decref(accepted);
                return e;
        }
        *ret = accepted;
        return ERR_OK;
}

static const struct attribute *primary_of(const struct attribute *attribute)
{
        for (const struct attribute *sub = attribute->sub; sub && sub->name; sub++)
                if (sub->flags & PRIMARY_SUB)
                        return sub;
        return NULL;
}

enum err primary_check(const struct spot *spot, const struct attribute *attribute, const json_t *list, struct fault *fault)
{
        const struct attribute *primary = primary_of(attribute);
        const json_t *element;
        size_t index, count = 0;

        if (!primary)
                return ERR_OK;
        json_array_foreach ((json_t *)list, index, element)
                if (json_is_true(json_object_get(element, primary->name)) && ++count > 1) {
                        struct spot inside = *spot;

                        inside.element = index + 1;
                        inside.sub = primary;
                        return spot_fault(&inside, fault, ERR_VALUE, "at most one value can be primary");
                }
        return ERR_OK;
}

enum err document_accept_value(const struct accept *accept, const struct attribute *attribute, bool element, const json_t *value,
        json_t **ret, struct fault *fault)
{
        struct spot spot = { .attribute = attribute };
        json_t *accepted = NULL;
        enum err e;

        if (element && (attribute->flags & MULTI))
                e = json_is_null(value) ? ERR_OK : element_accept(accept, &spot, attribute, value, &accepted, fault);
        else
                e = value_accept(accept, &spot, attribute, value, &accepted, fault);
        if (e)
                return e;
        *ret = accepted ? accepted : json_null();
        return ERR_OK;
}
