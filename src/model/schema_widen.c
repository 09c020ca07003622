/* SPDX-License-Identifier: Apache-2.0
 *
 * What may change in a schema while resources hold its values: what makes every stored document stay valid, and every number of an
 * indexed attribute stay what it is. New attributes come last, wherever the new document has them. */
#include "model/declaration.h"

#include <string.h>
#include "base/auto.h"

static enum err out_of_memory(struct fault *fault)
{
        return fault_set(fault, ERR_MEMORY, "", "out of memory");
}

static const char *name_of(const json_t *attribute)
{
        return json_string_value(json_object_get(attribute, "name"));
}

static const json_t *find(const json_t *list, const char *name)
{
        size_t i;
        const json_t *attribute;
        json_array_foreach ((json_t *)list, i, attribute) {
                if (strcmp(name_of(attribute), name) == 0)
                        return attribute;
        }
        return NULL;
}

static enum err refuse(struct fault *fault, const char *name, const char *why)
{
        return fault_set(fault, ERR_CONFLICT, "attributes",
                "%s: %s; declare a new schema, or remove this one once nothing holds its values", name, why);
}

static enum err check_attribute(const json_t *held, const json_t *wanted, struct fault *fault)
{
        static const char *const fixed[] = { "type", "multiValued", "caseExact", "mutability", "returned", "uniqueness" };
        for (size_t i = 0; i < COUNT_OF(fixed); i++) {
                const json_t *old = json_object_get(held, fixed[i]), *new = json_object_get(wanted, fixed[i]);
                char why[64];
                (void)snprintf(why, sizeof(why), "%s cannot be changed", fixed[i]);
                if (old != new && !json_equal(old, new))
                        return refuse(fault, name_of(held), why);
        }
        if (json_is_true(json_object_get(wanted, "required")) && !json_is_true(json_object_get(held, "required")))
                return refuse(fault, name_of(held), "it cannot become required, for resources made before do not have it");
        return ERR_OK;
}

static enum err widen_list(const json_t *held, const json_t *wanted, json_t **ret, struct fault *fault);

static enum err take_held(json_t *list, const json_t *held, const json_t *wanted, struct fault *fault)
{
        json_auto_t *taken = wanted ? json_whole_copy(wanted) : NULL;
        const json_t *subs = json_object_get(held, "subAttributes");
        if (!wanted)
                return refuse(fault, name_of(held), "an attribute cannot be taken away");
        enum err e = taken ? check_attribute(held, wanted, fault) : out_of_memory(fault);
        json_t *widened = NULL;
        if (!e && subs)
                e = widen_list(subs, json_object_get(wanted, "subAttributes"), &widened, fault);
        if (!e && widened && json_object_set_new(taken, "subAttributes", widened))
                e = out_of_memory(fault);
        if (!e && json_array_append(list, taken))
                e = out_of_memory(fault);
        return e;
}

/* Depth is that of attributes: two. */
static enum err widen_list(const json_t *held, const json_t *wanted, json_t **ret, struct fault *fault)
{
        json_auto_t *list = json_array();
        size_t i;
        json_t *attribute;
        enum err e = list ? ERR_OK : out_of_memory(fault);
        for (i = 0; !e && i < json_array_size(held); i++)
                e = take_held(list, json_array_get(held, i), find(wanted, name_of(json_array_get(held, i))), fault);
        if (e)
                return e;
        json_array_foreach ((json_t *)wanted, i, attribute) {
                if (find(held, name_of(attribute)))
                        continue;
                if (json_is_true(json_object_get(attribute, "required")))
                        return refuse(
                                fault, name_of(attribute), "a new attribute cannot be required, for resources made before do not have it");
                if (json_array_append(list, attribute))
                        return out_of_memory(fault);
        }
        *ret = STEAL(list);
        return ERR_OK;
}

enum err schema_widen(const json_t *held, json_t *wanted, struct fault *fault)
{
        json_t *list = NULL;
        enum err e = widen_list(json_object_get(held, "attributes"), json_object_get(wanted, "attributes"), &list, fault);
        if (e)
                return e;
        return json_object_set_new(wanted, "attributes", list) ? out_of_memory(fault) : ERR_OK;
}
