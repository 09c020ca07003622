/* SPDX-License-Identifier: Apache-2.0
 *
 * EDGES attributes (Group.members): a list of ids as sent, never part of a document. R14: what is not clearly a list of members is refused,
 * never guessed, because a guess empties a group. */
#include "model/document_value.h"

#include <string.h>

/* One element; *ret lives as long as `value`. */
static enum err edge_accept(
        const struct accept *accept, const struct spot *spot, const json_t *value, const char **ret, struct fault *fault)
{
        const struct attribute *known[] = { spot->attribute->sub, NULL };
        const json_t *id = value;

        if (json_is_object(value)) {
                const char *key;
                json_t *member;

                id = NULL;
                json_object_foreach((json_t *)value, key, member)
                {
                        const struct attribute *sub = attribute_find(spot->attribute->sub, key, strlen(key));

                        if (!sub) {
                                enum err e = unknown_key(accept, spot, known, key, fault);
                                if (e)
                                        return e;
                        } else if (strcmp(sub->name, "value") == 0) {
                                if (id)
                                        return spot_fault(spot, fault, ERR_SYNTAX, "value is given twice, in different letter case");
                                id = member;
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
        *ret = json_string_value(id);
        return ERR_OK;
}

enum err document_accept_edges(
        const struct accept *accept, const struct attribute *attribute, const json_t *value, struct edge_list *ret, struct fault *fault)
{
        bool is_list = json_is_array(value);
        size_t count = is_list ? json_array_size(value) : 1;
        struct spot spot = { .attribute = attribute };
        const char **values;

        if (!is_list && !((json_is_object(value) || json_is_string(value)) && leniency_use(accept->leniency, LENIENT_SINGLE_FOR_MULTI)))
                return spot_fault(&spot, fault, ERR_VALUE, "a list is expected, not %s", json_type_name(value));
        values = arena_zero(accept->arena, count ? count : 1, sizeof(*values));
        if (!values)
                return memory_fault(fault);
        for (size_t i = 0; i < count; i++) {
                const char *id = NULL;

                spot.element = i + 1;
                enum err e = edge_accept(accept, &spot, is_list ? json_array_get(value, i) : value, &id, fault);
                if (e)
                        return e;
                values[i] = arena_strdup(accept->arena, id);
                if (!values[i])
                        return memory_fault(fault);
        }
        *ret = (struct edge_list){ .given = true, .values = values, .count = count };
        return ERR_OK;
}
