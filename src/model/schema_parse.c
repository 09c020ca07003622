/* SPDX-License-Identifier: Apache-2.0
 *
 * A schema document (RFC 7643 section 7) into descriptors. Every refusal says where, what came, and what was expected. */
#include "model/declaration.h"

#include <string.h>
#include <strings.h>
#include "base/auto.h"
#include "base/text.h"
#include "schema_words.h"

#define PLACE_BYTES 80

/* One list of attributes under way. */
struct reader {
        struct arena *arena;
        struct fault *fault;
        char place[PLACE_BYTES]; /* "attributes[2].subAttributes[0]" */
        int64_t number;          /* of the attribute at hand, should it be indexed */
        bool inside;             /* these are sub-attributes */
        bool in_list;            /* of a multi-valued attribute */
};

FORMAT(3, 4) static void say_wrong(const struct reader *reader, const char *name, const char *format, ...)
{
        char field[PLACE_BYTES + ATTRIBUTE_NAME_MAX_BYTES], message[320];
        va_list arguments;
        (void)snprintf(field, sizeof(field), "%s%s%s", reader->place, *name && *reader->place ? "." : "", name);
        va_start(arguments, format);
        (void)vsnprintf(message, sizeof(message), format, arguments);
        va_end(arguments);
        (void)fault_set(reader->fault, ERR_VALUE, field, "%s", message);
}

/* Like fault_set a macro, so that compilers see that it never answers ERR_OK. */
#define wrong(...) (say_wrong(__VA_ARGS__), ERR_VALUE)

static enum err out_of_memory(const struct reader *reader)
{
        return fault_set(reader->fault, ERR_MEMORY, "", "out of memory");
}

/* ---- members of an attribute ---- */

enum { NAME, TYPE, MULTI_VALUED, DESCRIPTION, IS_REQUIRED, CANONICAL, CASE, MUTABILITY, RETURNED, UNIQUENESS, REFERENCES, SUBS, MEMBERS };
static const struct {
        const char *name;
        json_type type; /* JSON_TRUE stands for both booleans */
        const char *expected;
} members[MEMBERS] = {
        [NAME] = { "name", JSON_STRING, "text" },
        [TYPE] = { "type", JSON_STRING, "text" },
        [MULTI_VALUED] = { "multiValued", JSON_TRUE, "true or false" },
        [DESCRIPTION] = { "description", JSON_STRING, "text" },
        [IS_REQUIRED] = { "required", JSON_TRUE, "true or false" },
        [CANONICAL] = { "canonicalValues", JSON_ARRAY, "a list of texts" },
        [CASE] = { "caseExact", JSON_TRUE, "true or false" },
        [MUTABILITY] = { "mutability", JSON_STRING, "text" },
        [RETURNED] = { "returned", JSON_STRING, "text" },
        [UNIQUENESS] = { "uniqueness", JSON_STRING, "text" },
        [REFERENCES] = { "referenceTypes", JSON_ARRAY, "a list of texts" },
        [SUBS] = { "subAttributes", JSON_ARRAY, "a list of attributes" },
};

static enum err unknown_member(const struct reader *reader, const char *key)
{
        const char *names[MEMBERS + 1] = { NULL };
        for (size_t i = 0; i < MEMBERS; i++)
                names[i] = members[i].name;
        const char *nearest = text_nearest(key, names);
        return wrong(reader, key, "an attribute has no \"%.64s\"%s%s%s", key, nearest ? "; did you mean \"" : "", nearest ? nearest : "",
                nearest ? "\"?" : "");
}

static enum err take_members(const struct reader *reader, const json_t *object, const json_t *ret[MEMBERS])
{
        const char *key;
        json_t *value;
        if (!json_is_object(object))
                return wrong(reader, "", "an attribute is an object, not %s", json_type_name(object));
        json_object_foreach ((json_t *)object, key, value) {
                size_t i = 0;
                while (i < MEMBERS && strcmp(members[i].name, key) != 0)
                        i++;
                if (i == MEMBERS)
                        return unknown_member(reader, key);
                bool fits = json_typeof(value) == members[i].type || (members[i].type == JSON_TRUE && json_is_boolean(value));
                if (json_is_null(value))
                        continue;
                if (!fits)
                        return wrong(reader, key, "%s is expected, not %s", members[i].expected, json_type_name(value));
                ret[i] = value;
        }
        return ERR_OK;
}

/* ---- values ---- */

static bool is_alpha(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* RFC 7643 section 2.1; and `$ref`, which the RFC itself names so. */
static bool is_name(const char *name)
{
        size_t length = strlen(name);
        if (strcmp(name, "$ref") == 0)
                return true;
        if (!is_alpha(name[0]) || length > ATTRIBUTE_NAME_MAX_BYTES)
                return false;
        return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789$-_") == length;
}

static enum err take_text(const struct reader *reader, const char *name, const json_t *value, size_t max, const char **ret)
{
        const char *text = value ? json_string_value(value) : "";
        if (value && (json_string_length(value) > max || strlen(text) != json_string_length(value)))
                return wrong(reader, name, "at most %zu bytes without NUL are allowed, not %zu", max, json_string_length(value));
        *ret = arena_strdup(reader->arena, text);
        return *ret ? ERR_OK : out_of_memory(reader);
}

static enum err take_word(
        const struct reader *reader, const char *name, const json_t *value, const struct schema_word *words, const struct schema_word **ret)
{
        char known[128] = "";
        for (const struct schema_word *word = words; word->word; word++) {
                if (strcmp(word->word, json_string_value(value)) == 0) {
                        if (word->refusal)
                                return wrong(reader, name, "\"%s\" cannot be declared: %s", word->word, word->refusal);
                        *ret = word;
                        return ERR_OK;
                }
                if (!word->refusal)
                        (void)snprintf(known + strlen(known), sizeof(known) - strlen(known), "%s%s", *known ? ", " : "", word->word);
        }
        return wrong(reader, name, "\"%.40s\" came; one of %s is expected", json_string_value(value), known);
}

static enum err take_flags(
        const struct reader *reader, const char *name, const json_t *value, const struct schema_word *words, unsigned *flags)
{
        const struct schema_word *word;
        if (!value)
                return ERR_OK;
        enum err e = take_word(reader, name, value, words, &word);
        if (!e)
                *flags |= word->bits;
        return e;
}

static enum err take_list(const struct reader *reader, const char *name, const json_t *value, const char *const **ret)
{
        size_t count = json_array_size(value);
        *ret = NULL;
        if (!count)
                return ERR_OK;
        if (count > LISTED_VALUES_MAX)
                return wrong(reader, name, "at most %d values are allowed, not %zu", LISTED_VALUES_MAX, count);
        const char **list = arena_zero(reader->arena, count + 1, sizeof(*list));
        if (!list)
                return out_of_memory(reader);
        for (size_t i = 0; i < count; i++) {
                const json_t *text = json_array_get(value, i);
                if (!json_is_string(text) || json_string_length(text) == 0)
                        return wrong(reader, name, "a list of texts is expected; number %zu is %s", i, json_type_name(text));
                enum err e = take_text(reader, name, text, LISTED_VALUE_MAX_BYTES, &list[i]);
                if (e)
                        return e;
        }
        *ret = list;
        return ERR_OK;
}

/* ---- one attribute ---- */

static bool holds_text(enum attribute_type type)
{
        return type == ATTRIBUTE_TEXT || type == ATTRIBUTE_REFERENCE;
}

static enum err check_together(const struct reader *reader, const struct attribute *attribute, const json_t *const given[MEMBERS])
{
        bool complex = attribute->type == ATTRIBUTE_COMPLEX;
        if (complex && reader->inside)
                return wrong(reader, "type", "\"complex\" came; a sub-attribute cannot be complex itself (RFC 7643 section 2.3.8)");
        if (complex != (json_array_size(given[SUBS]) > 0))
                return wrong(
                        reader, "subAttributes", complex ? "a complex attribute needs at least one" : "only a complex attribute has any");
        if (given[CANONICAL] && !holds_text(attribute->type))
                return wrong(reader, "canonicalValues", "only attributes of type string or reference have any");
        if (given[REFERENCES] && attribute->type != ATTRIBUTE_REFERENCE)
                return wrong(reader, "referenceTypes", "only an attribute of type reference has any");
        if ((attribute->flags & (REQUIRED | READ_ONLY)) == (REQUIRED | READ_ONLY))
                return wrong(reader, "required", "true came; what is readOnly can be given by nobody");
        if ((attribute->flags & UNIQUE) && !holds_text(attribute->type) && attribute->type != ATTRIBUTE_INTEGER)
                return wrong(reader, "uniqueness", "\"server\" came; only values of type string, reference or integer can be unique");
        if (reader->inside && (attribute->flags & MULTI))
                return wrong(reader, "multiValued", "true came; a sub-attribute holds one value");
        return ERR_OK;
}

static size_t max_bytes(const struct attribute *attribute)
{
        if (attribute->flags & UNIQUE)
                return DECLARED_UNIQUE_MAX_BYTES;
        return attribute->type == ATTRIBUTE_BINARY      ? DECLARED_BINARY_MAX_BYTES
               : attribute->type == ATTRIBUTE_REFERENCE ? DECLARED_REFERENCE_MAX_BYTES
                                                        : DECLARED_TEXT_MAX_BYTES;
}

static enum err read_attributes(struct reader *reader, const char *name, const json_t *list, size_t max, const struct attribute **ret);

static enum err read_attribute(struct reader *reader, const json_t *object, struct attribute *ret)
{
        const json_t *given[MEMBERS] = { NULL };
        const struct schema_word *type = &type_words[0]; /* the defaults of RFC 7643 section 2.2 */
        enum err e = take_members(reader, object, given);
        if (e)
                return e;
        if (!given[NAME] || !is_name(json_string_value(given[NAME])))
                return wrong(reader, "name", "\"%.64s\" came; a letter and then at most %d letters, digits, $, - and _ are expected",
                        given[NAME] ? json_string_value(given[NAME]) : "", ATTRIBUTE_NAME_MAX_BYTES - 1);
        if (given[TYPE])
                e = take_word(reader, "type", given[TYPE], type_words, &type);
        struct attribute attribute = { .type = (enum attribute_type)type->bits };
        if (!e)
                e = take_text(reader, "name", given[NAME], ATTRIBUTE_NAME_MAX_BYTES, &attribute.name);
        if (!e)
                e = take_text(reader, "description", given[DESCRIPTION], DESCRIPTION_MAX_BYTES, &attribute.description);
        if (!e)
                e = take_flags(reader, "mutability", given[MUTABILITY], mutability_words, &attribute.flags);
        if (!e)
                e = take_flags(reader, "returned", given[RETURNED], returned_words, &attribute.flags);
        if (!e)
                e = take_flags(reader, "uniqueness", given[UNIQUENESS], uniqueness_words, &attribute.flags);
        if (!e)
                e = take_list(reader, "canonicalValues", given[CANONICAL], &attribute.canonical_values);
        if (!e)
                e = take_list(reader, "referenceTypes", given[REFERENCES], &attribute.reference_types);
        if (e)
                return e;
        attribute.flags |= json_is_true(given[MULTI_VALUED]) ? MULTI : 0;
        attribute.flags |= json_is_true(given[IS_REQUIRED]) ? REQUIRED : 0;
        /* References and base64 are exact by RFC 7643 sections 2.3.6 and 2.3.7. */
        bool exact = attribute.type == ATTRIBUTE_REFERENCE || attribute.type == ATTRIBUTE_BINARY;
        attribute.flags |= exact || json_is_true(given[CASE]) ? CASE_EXACT : 0;
        if (reader->in_list && attribute.type == ATTRIBUTE_BOOLEAN && strcasecmp(attribute.name, "primary") == 0)
                attribute.flags |= PRIMARY_SUB;
        e = check_together(reader, &attribute, given);
        if (e)
                return e;
        attribute.max_bytes = max_bytes(&attribute);
        if (attribute.flags & UNIQUE) {
                attribute.flags |= INDEXED;
                attribute.number = reader->number;
        }
        if (attribute.type == ATTRIBUTE_COMPLEX) {
                struct reader inner = *reader;
                inner.inside = true;
                inner.in_list = (attribute.flags & MULTI) != 0;
                e = read_attributes(&inner, "subAttributes", given[SUBS], SUB_ATTRIBUTES_MAX, &attribute.sub);
        }
        if (!e)
                *ret = attribute;
        return e;
}

/* Numbers: 64 for each attribute, of which the first is its own and the others are its sub-attributes'. */
static enum err read_attributes(struct reader *reader, const char *name, const json_t *list, size_t max, const struct attribute **ret)
{
        char place[PLACE_BYTES];
        int64_t first = reader->number;
        size_t count = json_array_size(list);
        if (count > max)
                return wrong(reader, name, "at most %zu are allowed, not %zu", max, count);
        struct attribute *table = arena_zero(reader->arena, count + 1, sizeof(*table));
        if (!table)
                return out_of_memory(reader);
        memcpy(place, reader->place, sizeof(place));
        for (size_t i = 0; i < count; i++) {
                (void)snprintf(reader->place, sizeof(reader->place), "%.40s%s%s[%zu]", place, *place ? "." : "", name, i);
                reader->number = first + (reader->inside ? (int64_t)i + 1 : 64 * (int64_t)i);
                enum err e = read_attribute(reader, json_array_get(list, i), &table[i]);
                if (e)
                        return e;
                const char *shown = table[i].name;
                if (attribute_find(table, shown, strlen(shown)) != &table[i])
                        return wrong(reader, "name", "\"%s\" stands there twice; letter case makes no difference", shown);
        }
        memcpy(reader->place, place, sizeof(place));
        *ret = table;
        return ERR_OK;
}

/* ---- the schema ---- */

#define URN_OURS "urn:ietf:params:scim:schemas:extension:muster:"
#define URN_MESSAGES "urn:ietf:params:scim:api:"

static enum err check_urn(const struct reader *reader, const char *urn)
{
        size_t length = strlen(urn);
        const char *inner = strncasecmp(urn, "urn:", 4) == 0 ? strchr(urn + 4, ':') : NULL;
        bool known = strspn(urn, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:") == length;
        if (!inner || inner == urn + 4 || !inner[1] || urn[length - 1] == ':' || !known || length > URN_MAX_BYTES)
                return wrong(reader, "urn", "\"%.60s\" came; urn:NAME:... of at most %d letters, digits, - _ . and : is expected", urn,
                        URN_MAX_BYTES);
        if (strncasecmp(urn, URN_OURS, strlen(URN_OURS)) == 0 || strncasecmp(urn, URN_MESSAGES, strlen(URN_MESSAGES)) == 0 ||
                schema_set_schema(schema_set_builtin(), urn))
                return wrong(reader, "urn", "\"%.60s\" is defined by this service; take a name of your own", urn);
        return ERR_OK;
}

enum err schema_parse(const json_t *document, int64_t no, struct arena *arena, struct schema *ret, struct fault *fault)
{
        struct reader reader = { .arena = arena, .fault = fault, .number = no * SCHEMA_NUMBERS };
        struct schema schema = { .number = no * SCHEMA_NUMBERS + SCHEMA_NUMBERS - 1 };
        const json_t *attributes = json_object_get(document, "attributes");
        const json_t *name = json_object_get(document, "name"), *description = json_object_get(document, "description");
        enum err e = take_text(&reader, "urn", json_object_get(document, "urn"), URN_MAX_BYTES, &schema.urn);
        if (!e)
                e = check_urn(&reader, schema.urn);
        if (!e && !json_is_string(name))
                e = wrong(&reader, "name", "is required");
        if (!e)
                e = take_text(&reader, "name", name, LISTED_VALUE_MAX_BYTES, &schema.name);
        if (!e)
                e = take_text(&reader, "description", json_is_string(description) ? description : NULL, DESCRIPTION_MAX_BYTES,
                        &schema.description);
        if (!e && json_array_size(attributes) == 0)
                e = wrong(&reader, "attributes", "a list of at least one attribute is expected");
        if (!e)
                e = read_attributes(&reader, "attributes", attributes, SCHEMA_ATTRIBUTES_MAX, &schema.attributes);
        if (!e)
                *ret = schema;
        return e;
}
