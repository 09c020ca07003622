/* SPDX-License-Identifier: Apache-2.0
 *
 * EDGES attributes (Group.members): a list of ids as sent, never part of a document. R14: what is not clearly a list of members is refused,
 * never guessed, because a guess empties a group. */
#include "model/document_value.h"

#include <string.h>
#include <strings.h>
#include "base/auto.h"

/* `type` in any letter case; what it means for the id is judged where that is known. */
static enum resource_kind kind_of(const json_t *type)
{
        static const enum resource_kind kinds[] = { KIND_USER, KIND_GROUP };
        if (json_is_null(type))
                return KIND_NONE;
        for (size_t i = 0; json_is_string(type) && i < COUNT_OF(kinds); i++)
                if (strcasecmp(json_string_value(type), resource_type(kinds[i])->name) == 0)
                        return kinds[i];
        return KIND_COUNT;
}

struct edge {
        const json_t *id; /* text; lives as long as the value */
        enum resource_kind kind;
};

static enum err edge_accept(
        const struct accept *accept, const struct spot *spot, const json_t *value, struct edge *ret, struct fault *fault)
{
        const struct attribute *known[] = { spot->attribute->sub, NULL };
        const json_t *id = value;
        enum resource_kind kind = KIND_NONE;

        if (json_is_object(value)) {
                const char *key;
                json_t *member;

                id = NULL;
                json_object_foreach ((json_t *)value, key, member) {
                        const struct attribute *sub = attribute_find(spot->attribute->sub, key, strlen(key));

                        if (!sub) {
                                enum err e = unknown_key(accept, spot, known, key, fault);
                                if (e)
                                        return e;
                        } else if (strcmp(sub->name, "value") == 0) {
                                if (id)
                                        return spot_fault(spot, fault, ERR_SYNTAX, "value is given twice, in different letter case");
                                id = member;
                        } else if (strcmp(sub->name, "type") == 0) {
                                kind = kind_of(member);
                        }
                }
                if (!id)
                        return spot_fault(spot, fault, ERR_VALUE, "value is required: the id of the member");
        } else if (!json_is_string(value) || !leniency_use(accept->leniency, LENIENT_OBJECT_TEXT)) {
                return spot_fault(spot, fault, ERR_VALUE, "an object with value is expected, not %s", json_type_name(value));
        }
        if (!json_is_string(id))
                return spot_fault(spot, fault, ERR_VALUE, "value must be text, not %s", json_type_name(id));
        if (json_string_length(id) == 0 || json_string_length(id) > TEXT_VALUE_MAX_BYTES)
                return spot_fault(spot, fault, ERR_VALUE, "value must hold 1 to %d bytes", TEXT_VALUE_MAX_BYTES);
        *ret = (struct edge){ id, kind };
        return ERR_OK;
}

/* Most clients name no type. */
static enum err kind_note(
        const struct accept *accept, enum resource_kind **kinds, size_t count, size_t i, enum resource_kind kind, struct fault *fault)
{
        if (kind == KIND_NONE)
                return ERR_OK;
        if (!*kinds && !(*kinds = arena_zero(accept->arena, count, sizeof(**kinds))))
                return memory_fault(fault);
        (*kinds)[i] = kind;
        return ERR_OK;
}

enum err document_accept_edges(
        const struct accept *accept, const struct attribute *attribute, const json_t *value, struct edge_list *ret, struct fault *fault)
{
        bool is_list = json_is_array(value);
        size_t count = is_list ? json_array_size(value) : 1;
        struct spot spot = { .attribute = attribute };
        const char **values;
        enum resource_kind *kinds = NULL;

        if (!is_list && !((json_is_object(value) || json_is_string(value)) && leniency_use(accept->leniency, LENIENT_SINGLE_FOR_MULTI)))
                return spot_fault(&spot, fault, ERR_VALUE, "a list is expected, not %s", json_type_name(value));
        values = arena_zero(accept->arena, count ? count : 1, sizeof(*values));
        if (!values)
                return memory_fault(fault);
        for (size_t i = 0; i < count; i++) {
                struct edge edge = { 0 };

                spot.element = i + 1;
                enum err e = edge_accept(accept, &spot, is_list ? json_array_get(value, i) : value, &edge, fault);
                if (!e)
                        e = kind_note(accept, &kinds, count, i, edge.kind, fault);
                if (e)
                        return e;
                values[i] = arena_text(accept->arena, json_string_value(edge.id), json_string_length(edge.id));
                if (!values[i])
                        return memory_fault(fault);
        }
        *ret = (struct edge_list){ .given = true, .values = values, .kinds = kinds, .count = count };
        return ERR_OK;
}
