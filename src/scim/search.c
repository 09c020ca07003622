/* SPDX-License-Identifier: Apache-2.0
 *
 * Both forms of a search come down to one text for each parameter, and are understood in one place. */
#include "search.h"

#include <string.h>
#include <strings.h>

#define START_MAX INT32_MAX
#define URN_SEARCH "urn:ietf:params:scim:api:messages:2.0:SearchRequest"

enum { SCHEMAS, FILTER, ATTRIBUTES, EXCLUDED, SORT_BY, SORT_ORDER, START, COUNT, CURSOR, PARAMETER_COUNT };

static const struct parameter {
        const char *name;
        enum { TEXT, NUMBER, LIST, URNS } form; /* in a body; LIST: text, or an array of texts; URNS: a body's alone */
} parameters[PARAMETER_COUNT] = {
        [SCHEMAS] = { "schemas", URNS },
        [FILTER] = { "filter", TEXT },
        [ATTRIBUTES] = { "attributes", LIST },
        [EXCLUDED] = { "excludedAttributes", LIST },
        [SORT_BY] = { "sortBy", TEXT },
        [SORT_ORDER] = { "sortOrder", TEXT },
        [START] = { "startIndex", NUMBER },
        [COUNT] = { "count", NUMBER },
        [CURSOR] = { "cursor", TEXT },
};

/* ---- what the texts mean ---- */

static enum err parse_order(const char *text, bool *ret_descending, struct fault *fault)
{
        *ret_descending = text && strcasecmp(text, "descending") == 0;
        if (!text || !*text || *ret_descending || strcasecmp(text, "ascending") == 0)
                return ERR_OK;
        return fault_set(fault, ERR_VALUE, "sortOrder", "ascending or descending is expected, not \"%.40s\"", text);
}

/* Numbers out of range mean the nearest one in range (RFC 7644 section 3.4.2.4); a cursor's count must be at least 1 (RFC 9865). */
static enum err parse_numbers(const char *const texts[], struct search *search, struct fault *fault)
{
        search->start = 1;
        search->count = PAGE_DEFAULT;
        if (texts[CURSOR] && texts[START])
                return fault_set(fault, ERR_VALUE, "startIndex", "give cursor or startIndex, not both");
        if (texts[START] && !request_parse_i64(texts[START], 1, START_MAX, &search->start))
                return fault_set(fault, ERR_VALUE, "startIndex", "a whole number is expected");
        if (texts[COUNT] && !request_parse_i64(texts[COUNT], 0, PAGE_MAX, &search->count))
                return fault_set(fault, texts[CURSOR] ? ERR_COUNT : ERR_VALUE, "count", "a whole number is expected");
        if (texts[CURSOR] && search->count < 1)
                return fault_set(fault, ERR_COUNT, "count", "with a cursor count must be between 1 and %d", PAGE_MAX);
        return ERR_OK;
}

static enum err understand(const char *const texts[], struct search *ret, struct fault *fault)
{
        struct search search = {
                .filter = texts[FILTER],
                .attributes = texts[ATTRIBUTES],
                .excluded = texts[EXCLUDED],
                .sort_by = texts[SORT_BY] && *texts[SORT_BY] ? texts[SORT_BY] : NULL,
                .cursor = texts[CURSOR],
        };
        enum err e = parse_order(texts[SORT_ORDER], &search.descending, fault);
        if (!e)
                e = parse_numbers(texts, &search, fault);
        if (!e)
                *ret = search;
        return e;
}

enum err search_of_query(struct scim *scim, struct search *ret)
{
        const char *texts[PARAMETER_COUNT];
        for (size_t i = 0; i < PARAMETER_COUNT; i++)
                texts[i] = request_query(scim->request, parameters[i].name);
        return understand(texts, ret, &scim->fault);
}

/* ---- bodies ---- */

static const struct parameter *find_parameter(const char *key)
{
        for (size_t i = 0; i < PARAMETER_COUNT; i++)
                if (strcasecmp(parameters[i].name, key) == 0)
                        return &parameters[i];
        return NULL;
}

static const char *joined(struct arena *arena, const json_t *list)
{
        auto_buffer text = { 0 };
        size_t i;
        const json_t *name;
        json_array_foreach ((json_t *)list, i, name) {
                if (!json_is_string(name))
                        return NULL;
                if (i)
                        buffer_putc(&text, ',');
                buffer_puts(&text, json_string_value(name));
        }
        return text.data ? arena_strdup(arena, text.data) : "";
}

/* NULL: not of the parameter's form. */
static const char *text_of(const struct parameter *parameter, const json_t *value, struct arena *arena)
{
        if (parameter->form == NUMBER)
                return json_is_integer(value) ? arena_printf(arena, "%lld", (long long)json_integer_value(value)) : NULL;
        if (parameter->form == LIST && json_is_array(value))
                return joined(arena, value);
        return json_string_value(value);
}

static enum err check_schema(struct scim *scim, const json_t *body)
{
        const json_t *schemas = json_object_get(body, "schemas");
        size_t i;
        const json_t *urn;
        json_array_foreach ((json_t *)schemas, i, urn) {
                if (json_is_string(urn) && strcasecmp(json_string_value(urn), URN_SEARCH) == 0)
                        return ERR_OK;
        }
        if (!schemas && leniency_use(&scim->leniency, LENIENT_MISSING_SCHEMAS))
                return ERR_OK;
        return fault_set(&scim->fault, ERR_SYNTAX, "schemas", "[\"%s\"] is expected", URN_SEARCH);
}

static enum err refuse_member(const char *key, struct fault *fault)
{
        const char *names[PARAMETER_COUNT + 1] = { NULL };
        for (size_t i = 0; i < PARAMETER_COUNT; i++)
                names[i] = parameters[i].name;
        return json_unknown_member(key, "a SearchRequest", names, fault);
}

enum err search_of_body(struct scim *scim, const json_t *body, struct search *ret)
{
        const char *texts[PARAMETER_COUNT] = { NULL }, *key;
        json_t *value;
        enum err e = check_schema(scim, body);
        if (e)
                return e;
        json_object_foreach ((json_t *)body, key, value) {
                const struct parameter *parameter = find_parameter(key);
                if (!parameter && !leniency_use(&scim->leniency, LENIENT_UNKNOWN_ATTRIBUTE))
                        return refuse_member(key, &scim->fault);
                if (!parameter || parameter->form == URNS || json_is_null(value))
                        continue;
                const char *text = text_of(parameter, value, scim->request->arena);
                if (!text)
                        return fault_set(
                                &scim->fault, ERR_VALUE, parameter->name, "%s cannot be %s", parameter->name, json_type_name(value));
                texts[parameter - parameters] = text;
        }
        return understand(texts, ret, &scim->fault);
}
