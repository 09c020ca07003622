/* SPDX-License-Identifier: Apache-2.0
 *
 * Whole documents: the check after a change, merge (RFC 7396), and what other rooms ask of them: the name to store, the values to index,
 * the schemas to list, the difference to write into the ledger. All pure. */
#include "model/document_value.h"

#include <string.h>
#include "base/auto.h"
#include "base/ident.h"
#include "base/text.h"

static bool is_unassigned(const json_t *value)
{
        return !value || json_is_null(value) || (json_is_string(value) && json_string_length(value) == 0);
}

static enum err required_fault(const struct spot *spot, struct fault *fault)
{
        return spot_fault(spot, fault, ERR_VALUE, "is required");
}

/* Required sub-attributes of one complex value. */
static enum err subs_check(const struct spot *spot, const struct attribute *attribute, const json_t *value, struct fault *fault)
{
        for (const struct attribute *sub = attribute->sub; sub && sub->name; sub++)
                if ((sub->flags & REQUIRED) && is_unassigned(json_object_get(value, sub->name))) {
                        struct spot inside = *spot;

                        inside.sub = sub;
                        return required_fault(&inside, fault);
                }
        return ERR_OK;
}

static enum err attribute_check(const struct spot *spot, const json_t *value, struct fault *fault)
{
        const struct attribute *attribute = spot->attribute;
        const json_t *element;
        size_t index;

        if (is_unassigned(value))
                return (attribute->flags & REQUIRED) && !(attribute->flags & READ_ONLY) ? required_fault(spot, fault) : ERR_OK;
        if (attribute->flags & OPAQUE)
                return ERR_OK;
        if (!(attribute->flags & MULTI))
                return subs_check(spot, attribute, value, fault);
        json_array_foreach ((json_t *)value, index, element) {
                struct spot inside = *spot;

                inside.element = index + 1;
                enum err e = subs_check(&inside, attribute, element, fault);
                if (e)
                        return e;
        }
        return primary_check(spot, attribute, value, fault);
}

static enum err object_check(const struct schema *schema, const struct schema *extension, const json_t *object, struct fault *fault)
{
        for (const struct attribute *a = schema->attributes; a->name; a++) {
                struct spot spot = { .extension = extension, .attribute = a };

                enum err e = attribute_check(&spot, json_object_get(object, a->name), fault);
                if (e)
                        return e;
        }
        return ERR_OK;
}

enum err document_check(const struct resource_type *type, const json_t *document, struct fault *fault)
{
        enum err e = object_check(type->core, NULL, document, fault);

        if (e)
                return e;
        for (const struct schema *const *extension = type->extensions; extension && *extension; extension++) {
                const json_t *object = json_object_get(document, (*extension)->urn);

                e = object ? object_check(*extension, *extension, object, fault) : ERR_OK;
                if (e)
                        return e;
        }
        return type->check ? type->check(document, fault) : ERR_OK;
}

/* `spot` says where the attributes stand. Elements of a list cannot be told from one another: PATCH, which selects them, judges those. */
static enum err immutable_check(
        struct spot spot, const struct attribute *attributes, const json_t *before, const json_t *after, struct fault *fault)
{
        bool inside = spot.attribute != NULL;

        for (const struct attribute *a = attributes; a->name; a++) {
                if (!(a->flags & IMMUTABLE) && (inside || !a->sub || (a->flags & MULTI)))
                        continue; /* most of them: no look-up */
                const json_t *held = json_object_get(before, a->name), *wanted = json_object_get(after, a->name);

                *(inside ? &spot.sub : &spot.attribute) = a;
                if ((a->flags & IMMUTABLE) && held && !json_equal(held, wanted))
                        return spot_fault(&spot, fault, ERR_MUTABILITY, "can be set once and never changed");
                if (!inside && a->sub && !(a->flags & (MULTI | IMMUTABLE)) && held) {
                        enum err e = immutable_check(spot, a->sub, held, wanted, fault);

                        if (e)
                                return e;
                }
        }
        return ERR_OK;
}

enum err document_check_immutable(const struct resource_type *type, const json_t *before, const json_t *after, struct fault *fault)
{
        enum err e = immutable_check((struct spot){ 0 }, type->core->attributes, before, after, fault);

        for (const struct schema *const *extension = type->extensions; !e && extension && *extension; extension++)
                e = immutable_check((struct spot){ .extension = *extension }, (*extension)->attributes,
                        json_object_get(before, (*extension)->urn), json_object_get(after, (*extension)->urn), fault);
        return e;
}

static bool has_immutable(const struct attribute *attributes)
{
        for (const struct attribute *a = attributes; a && a->name; a++)
                if (a->flags & IMMUTABLE || (a->sub && !(a->flags & MULTI) && has_immutable(a->sub)))
                        return true;
        return false;
}

static enum err keep_members(const struct attribute *attributes, const json_t *held, json_t *object, bool *kept, struct fault *fault);

/* From the object `held` into that which `after` has under `key`, or will have: a copy, for it may be shared. */
static enum err keep_inside(
        const struct attribute *attributes, const json_t *held, json_t *after, const char *key, bool *kept, struct fault *fault)
{
        const json_t *wanted = json_object_get(after, key);
        if (!json_is_object(held) || !has_immutable(attributes) || (wanted && !json_is_object(wanted)))
                return ERR_OK;
        json_auto_t *object = wanted ? json_whole_copy(wanted) : json_object();
        bool some = false;
        if (!object)
                return fault_set(fault, ERR_MEMORY, "", "out of memory");
        enum err e = keep_members(attributes, held, object, &some, fault);
        if (!e && some && json_object_set(after, key, object))
                e = fault_set(fault, ERR_MEMORY, "", "out of memory");
        *kept |= some;
        return e;
}

/* Attributes nest once, and so does this. */
static enum err keep_members(const struct attribute *attributes, const json_t *held, json_t *object, bool *kept, struct fault *fault)
{
        enum err e = ERR_OK;
        for (const struct attribute *a = attributes; !e && a->name; a++) {
                if (!(a->flags & IMMUTABLE) && (!a->sub || a->flags & MULTI))
                        continue; /* most of them: no look-up */
                json_t *value = json_object_get(held, a->name);
                if (!(a->flags & IMMUTABLE)) {
                        e = keep_inside(a->sub, value, object, a->name, kept, fault);
                } else if (value && !json_object_get(object, a->name)) {
                        *kept = true;
                        if (json_object_set(object, a->name, value))
                                e = fault_set(fault, ERR_MEMORY, "", "out of memory");
                }
        }
        return e;
}

enum err document_keep_immutable(const struct resource_type *type, const json_t *before, json_t *after, struct fault *fault)
{
        bool kept = false;
        enum err e = keep_members(type->core->attributes, before, after, &kept, fault);
        for (const struct schema *const *extension = type->extensions; !e && extension && *extension; extension++)
                e = keep_inside(
                        (*extension)->attributes, json_object_get(before, (*extension)->urn), after, (*extension)->urn, &kept, fault);
        return e || !kept ? e : document_check(type, after, fault);
}

enum err document_check_extensions(const struct resource_type *type, const json_t *before, const json_t *after, struct fault *fault)
{
        for (size_t i = 0; type->required_extensions >> i; i++) {
                const char *urn = type->extensions[i]->urn;

                if (!(type->required_extensions >> i & 1) || json_object_get(after, urn) || (before && !json_object_get(before, urn)))
                        continue;
                return fault_set(fault, ERR_VALUE, urn, "every %s must have attributes of %s", type->name, urn);
        }
        return ERR_OK;
}

/* Merges `patch` into `into`, which is ours alone. Depth is bounded by the parser's. -1: out of memory. */
static int merge_into(json_t *into, const json_t *patch)
{
        const char *key;
        json_t *value;

        json_object_foreach ((json_t *)patch, key, value) {
                if (json_is_object(value)) {
                        json_t *inside = json_object_get(into, key);

                        if (!json_is_object(inside)) {
                                inside = json_object();
                                if (json_object_set_new_nocheck(into, key, inside))
                                        return -1;
                        }
                        if (merge_into(inside, value))
                                return -1;
                }
                if (json_is_null(value) || (json_is_object(value) && json_object_size(json_object_get(into, key)) == 0))
                        (void)json_object_del(into, key);
                else if (!json_is_object(value) && json_object_set_new_nocheck(into, key, json_whole_deep_copy(value)))
                        return -1;
        }
        return 0;
}

json_t *document_merge(const json_t *before, const json_t *patch)
{
        json_auto_t *merged = before ? json_whole_deep_copy(before) : json_object();

        if (!merged || merge_into(merged, patch))
                return NULL;
        return STEAL(merged);
}

/* Unicode White_Space, as it stands at `text`; *ret_length of the character. */
static bool is_space(const char *text, size_t length)
{
        static const char *const spaces[] = { "\xc2\xa0", "\xc2\x85", "\xe1\x9a\x80", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf",
                "\xe2\x81\x9f", "\xe3\x80\x80", "\xef\xbb\xbf" };

        if (length && (text[0] == ' ' || (text[0] >= '\t' && text[0] <= '\r')))
                return true;
        if (length >= 3 && memcmp(text, "\xe2\x80", 2) == 0 && (unsigned char)text[2] >= 0x80 && (unsigned char)text[2] <= 0x8b)
                return true; /* U+2000 to U+200B */
        for (size_t i = 0; i < COUNT_OF(spaces); i++)
                if (length >= strlen(spaces[i]) && memcmp(text, spaces[i], strlen(spaces[i])) == 0)
                        return true;
        return false;
}

static bool is_all_space(const char *text, size_t length)
{
        for (size_t i = 0; i < length; i++)
                if (((unsigned char)text[i] & 0xc0) != 0x80 && !is_space(text + i, length - i))
                        return false;
        return true;
}

/* Names of groups bind nothing (R10) and stand as the provider sent them, outer spaces and all; every other name is what somebody is
 * known by, and one that looks like another's is refused. */
static enum err name_check(enum resource_kind kind, const char *attribute, const char *name, size_t length, struct fault *fault)
{
        size_t last = length;

        if (length == 0)
                return fault_set(fault, ERR_VALUE, attribute, "is required");
        for (size_t i = 0; i < length; i++)
                if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
                        return fault_set(fault, ERR_VALUE, attribute, "must not hold control characters");
        do
                last--;
        while (last > 0 && ((unsigned char)name[last] & 0xc0) == 0x80);
        if (kind == KIND_GROUP)
                return is_all_space(name, length) ? fault_set(fault, ERR_VALUE, attribute, "must hold a visible character") : ERR_OK;
        if (is_space(name, length) || is_space(name + last, length - last))
                return fault_set(fault, ERR_VALUE, attribute, "must not begin or end with white space");
        return ERR_OK;
}

enum err document_name(const struct resource_type *type, const json_t *document, struct arena *arena, const char **ret, struct fault *fault)
{
        const json_t *value = type->name_attribute ? json_object_get(document, type->name_attribute) : NULL;
        const char *folded;

        if (!type->name_attribute) {
                *ret = NULL;
                return ERR_OK;
        }
        if (!json_is_string(value))
                return fault_set(fault, ERR_VALUE, type->name_attribute, "is required");
        enum err e = name_check(type->kind, type->name_attribute, json_string_value(value), json_string_length(value), fault);
        if (e)
                return e;
        if (type->kind == KIND_USER && ident_is_uuid(json_string_value(value), json_string_length(value)))
                return fault_set(fault, ERR_TAKEN, type->name_attribute, "a name in the form of a UUID is kept for ids");
        folded = text_fold(arena, json_string_value(value), json_string_length(value));
        if (!folded)
                return memory_fault(fault);
        if (!*folded)
                return fault_set(fault, ERR_VALUE, type->name_attribute, "must hold a visible character");
        *ret = folded;
        return ERR_OK;
}

struct indexer {
        struct arena *arena;
        enum err (*each)(void *context, const struct index_value *value);
        void *context;
};

/* The text of a value that can be indexed; NULL: out of memory. */
static const char *index_text_of(const struct indexer *indexer, const struct attribute *attribute, const json_t *value)
{
        if (json_is_integer(value))
                return arena_printf(indexer->arena, "%lld", (long long)json_integer_value(value));
        if (attribute->flags & CASE_EXACT)
                return json_string_value(value);
        return text_fold(indexer->arena, json_string_value(value), json_string_length(value));
}

/* `at` says where; its attribute or sub-attribute is indexed. */
static enum err index_text(const struct indexer *indexer, struct index_value at, const json_t *value)
{
        const struct attribute *attribute = at.sub ? at.sub : at.attribute;

        if (!(attribute->flags & INDEXED) || !(json_is_string(value) || json_is_integer(value)))
                return ERR_OK;
        at.value = index_text_of(indexer, attribute, value);
        if (!at.value)
                return ERR_MEMORY;
        at.number = attribute->number;
        at.is_unique = (attribute->flags & UNIQUE) != 0;
        return indexer->each(indexer->context, &at);
}

static enum err index_element(const struct indexer *indexer, struct index_value at, const json_t *value)
{
        const struct attribute *attribute = at.attribute;
        enum err e = index_text(indexer, at, value);

        for (const struct attribute *sub = attribute->sub; !e && sub && sub->name; sub++) {
                at.sub = sub;
                e = index_text(indexer, at, json_object_get(value, sub->name));
        }
        return e;
}

static enum err index_object(const struct indexer *indexer, const struct schema *schema, const json_t *object)
{
        struct index_value at = { .number = schema->number, .value = "", .schema = schema };
        enum err e = schema->number && object ? indexer->each(indexer->context, &at) : ERR_OK;

        for (const struct attribute *a = schema->attributes; !e && a->name; a++) {
                const json_t *value = json_object_get(object, a->name);
                size_t count = json_is_array(value) ? json_array_size(value) : 1;

                at.attribute = a;
                for (size_t ord = 0; !e && value && ord < count; ord++) {
                        at.ord = (int)ord;
                        e = index_element(indexer, at, json_is_array(value) ? json_array_get(value, ord) : value);
                }
        }
        return e;
}

enum err document_index(const struct resource_type *type, const json_t *document, struct arena *arena,
        enum err (*each)(void *context, const struct index_value *value), void *context)
{
        struct indexer indexer = { arena, each, context };
        enum err e = index_object(&indexer, type->core, document);

        for (const struct schema *const *extension = type->extensions; !e && extension && *extension; extension++)
                e = index_object(&indexer, *extension, json_object_get(document, (*extension)->urn));
        return e;
}

size_t document_schemas(const struct resource_type *type, const json_t *document, const char *ret[EXTENSIONS_MAX + 1])
{
        size_t count = 0;

        ret[count++] = type->core->urn;
        for (const struct schema *const *extension = type->extensions; extension && *extension; extension++)
                if (count <= EXTENSIONS_MAX && json_object_get(document, (*extension)->urn))
                        ret[count++] = (*extension)->urn;
        return count;
}

static int difference_add(json_t *list, const char *urn, const char *name, const json_t *before, const json_t *after)
{
        json_t *row = json_object();
        int failed = json_object_set_new(row, "attribute", urn ? json_sprintf("%s:%s", urn, name) : json_string(name));

        if (before)
                failed |= json_object_set(row, "before", (json_t *)before);
        if (after)
                failed |= json_object_set(row, "after", (json_t *)after);
        failed |= json_array_append_new(list, row);
        return failed;
}

static bool is_urn(const char *key)
{
        return strchr(key, ':') != NULL;
}

/* Walks `from`; `swapped`: `from` is `after`, and only what `other` lacks counts. Documents nest extensions once, so urn is set one deep.
 */
static int difference_walk(json_t *list, const char *urn, const json_t *from, const json_t *other, bool swapped)
{
        const char *key;
        json_t *value;
        int failed = 0;

        json_object_foreach ((json_t *)from, key, value) {
                const json_t *opposite = json_object_get(other, key);

                if (!urn && is_urn(key))
                        failed |= difference_walk(list, key, value, opposite, swapped);
                else if (swapped ? !opposite : !json_equal(value, opposite))
                        failed |= difference_add(list, urn, key, swapped ? NULL : value, swapped ? value : opposite);
        }
        return failed;
}

json_t *document_difference(const json_t *before, const json_t *after)
{
        json_auto_t *list = json_array();

        if (difference_walk(list, NULL, before, after, false) || difference_walk(list, NULL, after, before, true))
                return NULL;
        return STEAL(list);
}
