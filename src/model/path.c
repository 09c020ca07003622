/* SPDX-License-Identifier: Apache-2.0
 *
 * Attribute paths (RFC 7644 section 3.10 and figure 7). A schema URN holds dots and colons, so the longest URN that the type declares is
 * cut off before anything else is split. Names compare ASCII case-insensitively. */
#include "filter_parser.h"
#include "path_name.h"

#include <string.h>
#include <strings.h>
#include "base/text.h"

static const struct attribute no_attributes[] = { { NULL } };
const struct attribute path_unknown_attribute = { .name = "", .type = ATTRIBUTE_COMPLEX, .flags = MULTI, .sub = no_attributes };

static bool is_alpha(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_name_char(char c)
{
        return is_alpha(c) || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '$';
}

size_t path_name_scan(const char *text, size_t length)
{
        size_t n = 0;
        while (n < length && (is_name_char(text[n]) || text[n] == '.' || text[n] == ':' || text[n] == '/'))
                n++;
        return n;
}

static bool is_plain_name(const char *name, size_t length)
{
        if (length == 0 || !(is_alpha(name[0]) || name[0] == '$'))
                return false;
        for (size_t i = 1; i < length; i++)
                if (!is_name_char(name[i]))
                        return false;
        return true;
}

/* Length of `urn` when `name` is it, or begins with it and a colon; else 0. */
static size_t urn_prefix(const char *urn, const char *name, size_t length)
{
        size_t urn_length = strlen(urn);
        if (length < urn_length || strncasecmp(urn, name, urn_length) != 0)
                return 0;
        return length == urn_length || name[urn_length] == ':' ? urn_length : 0;
}

static const struct schema *longest_schema(const struct resource_type *type, const char *name, size_t length, size_t *ret_urn_length)
{
        const struct schema *longest = NULL;
        *ret_urn_length = 0;
        size_t n = type->core ? urn_prefix(type->core->urn, name, length) : 0;
        if (n > 0) {
                longest = type->core;
                *ret_urn_length = n;
        }
        for (const struct schema *const *extension = type->extensions; extension && *extension; extension++) {
                n = urn_prefix((*extension)->urn, name, length);
                if (n > *ret_urn_length) {
                        longest = *extension;
                        *ret_urn_length = n;
                }
        }
        return longest;
}

static const struct attribute *find_attribute(
        const struct path_scope *scope, const struct schema *extension, const char *name, size_t length)
{
        if (extension)
                return attribute_find(extension->attributes, name, length);
        const struct attribute *found = scope->type->core ? attribute_find(scope->type->core->attributes, name, length) : NULL;
        if (!found && scope->api)
                found = attribute_find(scope->type->api_attributes, name, length);
        if (found)
                return found;
        /* externalId is what provisioning clients issue: only types that SCIM addresses have one. */
        found = attribute_find(attribute_common(), name, length);
        return found && !(found->flags & READ_ONLY) && !scope->type->scim_endpoint ? NULL : found;
}

/* attribute[.sub] of the extension, or of the core when that is NULL. */
static enum path_name resolve_plain(
        const struct path_scope *scope, const struct schema *extension, const char *name, size_t length, struct path *ret)
{
        const char *dot = memchr(name, '.', length);
        size_t head = dot ? (size_t)(dot - name) : length;
        size_t tail = dot ? length - head - 1 : 0;
        if (!is_plain_name(name, head) || (dot && !is_plain_name(dot + 1, tail)))
                return PATH_NAME_MALFORMED;
        const struct attribute *attribute = find_attribute(scope, extension, name, head);
        const struct attribute *sub = attribute && dot ? attribute_find(attribute->sub, dot + 1, tail) : NULL;
        if (!attribute || (dot && !sub))
                return PATH_NAME_UNKNOWN;
        *ret = (struct path){ .extension = extension, .attribute = attribute, .sub = sub };
        return PATH_NAME_KNOWN;
}

/* Inside brackets: a sub-attribute; of elements that are no objects only `value`, the element itself (RFC 7643 section 2.4). */
static enum path_name resolve_in_element(const struct attribute *element_of, const char *name, size_t length, struct path *ret)
{
        if (path_name_scan(name, length) != length || !(is_alpha(name[0]) || name[0] == '$'))
                return PATH_NAME_MALFORMED;
        if (element_of->type == ATTRIBUTE_COMPLEX)
                ret->attribute = attribute_find(element_of->sub, name, length);
        else if (length == strlen("value") && strncasecmp(name, "value", length) == 0)
                ret->attribute = element_of;
        return ret->attribute ? PATH_NAME_KNOWN : PATH_NAME_UNKNOWN;
}

/* Without a URN and not in the core: that of the one extension that has it. With two, nobody says which. */
static enum path_name resolve_in_extensions(const struct path_scope *scope, const char *name, size_t length, struct path *ret)
{
        const char *dot = memchr(name, '.', length);
        const struct schema *only = NULL;
        for (const struct schema *const *extension = scope->type->extensions; extension && *extension; extension++) {
                if (!attribute_find((*extension)->attributes, name, dot ? (size_t)(dot - name) : length))
                        continue;
                if (only)
                        return PATH_NAME_UNKNOWN;
                only = *extension;
        }
        return only ? resolve_plain(scope, only, name, length, ret) : PATH_NAME_UNKNOWN;
}

enum path_name path_name_resolve(
        const struct path_scope *scope, const char *name, size_t length, struct leniency *leniency, struct path *ret)
{
        *ret = (struct path){ 0 };
        if (length == 0)
                return PATH_NAME_MALFORMED;
        if (scope->element_of)
                return resolve_in_element(scope->element_of, name, length, ret);
        size_t urn_length;
        const struct schema *schema = longest_schema(scope->type, name, length, &urn_length);
        if (schema && length == urn_length) {
                ret->extension = schema;
                return PATH_NAME_KNOWN;
        }
        const char *rest = schema ? name + urn_length + 1 : name;
        size_t rest_length = length - (size_t)(rest - name);
        bool is_foreign_urn = rest_length > 0 && is_alpha(rest[0]) && memchr(rest, ':', rest_length);
        if (is_foreign_urn && path_name_scan(name, length) == length)
                return PATH_NAME_UNKNOWN;
        enum path_name known = resolve_plain(scope, schema == scope->type->core ? NULL : schema, rest, rest_length, ret);
        if (known != PATH_NAME_UNKNOWN || schema)
                return known;
        struct path found = { 0 };
        if (resolve_in_extensions(scope, name, length, &found) != PATH_NAME_KNOWN || !leniency_use(leniency, LENIENT_EXTENSION_NAME))
                return PATH_NAME_UNKNOWN;
        *ret = found;
        return PATH_NAME_KNOWN;
}

bool path_name_is_beside(struct leniency *leniency, const char *name, size_t length, struct path *ret)
{
        if (!leniency)
                return false;
        leniency->missed = true;
        for (const struct resource_type *const *type = leniency->beside; type && *type; type++) {
                struct leniency unrecorded = { .strict = leniency->strict };
                if (path_name_resolve(&(struct path_scope){ .type = *type }, name, length, &unrecorded, ret) == PATH_NAME_KNOWN)
                        return true;
        }
        return false;
}

struct path_request {
        struct filter_parser parser;
        bool loose;
        bool is_unknown;
};

/* Unknown is an error only where the caller wants to know all. */
static enum err note_unknown(struct path_request *request, const char *name, size_t length)
{
        request->is_unknown = true;
        if (request->loose)
                return ERR_OK;
        return fault_set(
                request->parser.fault, ERR_PATH, "path", "There is no attribute \"%.*s\".", (int)(length < 128 ? length : 128), name);
}

static enum err malformed(struct path_request *request, const char *expected)
{
        return fault_set(request->parser.fault, ERR_PATH, "path", "Column %zu: expected %s.", request->parser.at + 1, expected);
}

/* [filter] and, behind it, .sub */
static enum err parse_selection(struct path_request *request, struct path *path)
{
        struct filter_parser *parser = &request->parser;
        bool has_elements = path->attribute && !path->sub && (path->attribute->type == ATTRIBUTE_COMPLEX || path->attribute->flags & MULTI);
        if (!request->is_unknown && !has_elements)
                return malformed(request, "the end, since there are no elements to select from");
        parser->at++;
        enum err e = filter_parse_bracket(parser, path->attribute ? path->attribute : &path_unknown_attribute, &path->filter);
        if (e)
                return e;
        if (parser->at == parser->length)
                return ERR_OK;
        if (parser->text[parser->at] != '.')
                return malformed(request, "\".\" or the end");
        parser->at++;
        const char *sub = parser->text + parser->at;
        size_t sub_length = parser->length - parser->at;
        if (!is_plain_name(sub, sub_length))
                return malformed(request, "the name of a sub-attribute");
        path->sub = path->attribute ? attribute_find(path->attribute->sub, sub, sub_length) : NULL;
        return path->sub ? ERR_OK : note_unknown(request, sub, sub_length);
}

static enum err parse_whole(struct path_request *request, struct path *ret)
{
        struct filter_parser *parser = &request->parser;
        if (parser->length > PATH_TEXT_MAX_BYTES)
                return fault_set(parser->fault, ERR_PATH, "path", "A path has at most %d bytes.", PATH_TEXT_MAX_BYTES);
        if (!text_is_utf8(parser->text, parser->length))
                return fault_set(parser->fault, ERR_PATH, "path", "A path is UTF-8 text without NUL.");
        size_t length = path_name_scan(parser->text, parser->length);
        struct path path;
        enum path_name known = path_name_resolve(&parser->scope, parser->text, length, parser->leniency, &path);
        if (known == PATH_NAME_MALFORMED)
                return malformed(request, "attribute, attribute.sub or attribute[filter]");
        enum err e = known == PATH_NAME_UNKNOWN ? note_unknown(request, parser->text, length) : ERR_OK;
        if (e)
                return e;
        parser->at = length;
        if (parser->at < parser->length && parser->text[parser->at] != '[')
                return malformed(request, "\"[\" or the end");
        if (parser->at < parser->length)
                e = parse_selection(request, &path);
        if (e)
                return e;
        *ret = request->is_unknown ? (struct path){ 0 } : path;
        return ERR_OK;
}

enum err path_parse(const struct resource_type *type, const char *text, size_t length, struct arena *arena, struct leniency *leniency,
        struct path *ret, struct fault *fault)
{
        struct path_request request = {
                .parser = { { type, NULL, leniency == NULL }, text, length, .arena = arena, .leniency = leniency, .fault = fault },
        };
        return parse_whole(&request, ret);
}

enum err path_parse_loose(const struct resource_type *type, const char *text, size_t length, struct arena *arena, struct leniency *leniency,
        struct path *ret, struct fault *fault)
{
        struct path_request request = {
                .parser = { { type, NULL, leniency == NULL }, text, length, .arena = arena, .leniency = leniency, .fault = fault },
                .loose = true,
        };
        return parse_whole(&request, ret);
}
