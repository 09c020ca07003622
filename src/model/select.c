/* SPDX-License-Identifier: Apache-2.0
 *
 * attributes and excludedAttributes (RFC 7644 section 3.9) as a short list of paths. Without either, everything a resource holds is shown.
 */
#include "model/select.h"

#include <string.h>
#include <strings.h>
#include "base/auto.h"
#include "path_name.h"

#define NAMES_MAX 64

struct selection {
        bool excludes; /* the list is excludedAttributes */
        const struct resource_type *type;
        struct path paths[NAMES_MAX];
        size_t count;
};

enum verdict { HIDE, SHOW, SHOW_SOME /* by sub-attribute */ };

static enum err name_add(
        struct selection *selection, const char *name, size_t length, struct arena *arena, struct leniency *leniency, struct fault *fault)
{
        struct path path = { 0 };
        enum err e = path_parse_loose(selection->type, name, length, arena, leniency, &path, fault);

        if (e == ERR_MEMORY)
                return e;
        if (e || (!path.attribute && !path.extension)) {
                if (!e && path_name_is_beside(leniency, name, path_name_scan(name, length), &path))
                        return ERR_OK; /* it selects where it is known */
                if (leniency_is_strict(leniency))
                        return fault_set(fault, ERR_VALUE, selection->excludes ? "excludedAttributes" : "attributes",
                                "no schema of %s names one of the attributes", selection->type->name);
                (void)leniency_use(leniency, LENIENT_UNKNOWN_SELECTION); /* what names nothing selects nothing */
                return ERR_OK;
        }
        if (selection->count >= NAMES_MAX)
                return fault_set(fault, ERR_VALUE, selection->excludes ? "excludedAttributes" : "attributes",
                        "at most %d names are allowed", NAMES_MAX);
        selection->paths[selection->count++] = path;
        return ERR_OK;
}

enum err selection_parse(const struct resource_type *type, const char *attributes, const char *excluded, struct arena *arena,
        struct leniency *leniency, const struct selection **ret, struct fault *fault)
{
        const char *text = attributes ? attributes : excluded;
        struct selection *selection;

        if (attributes && excluded)
                return fault_set(fault, ERR_VALUE, "attributes", "give attributes or excludedAttributes, not both");
        if (!text || !text[strspn(text, " ,")]) {
                *ret = NULL;
                return ERR_OK;
        }
        selection = arena_zero(arena, 1, sizeof(*selection));
        if (!selection)
                return fault_set(fault, ERR_MEMORY, "", "out of memory");
        selection->excludes = !attributes;
        selection->type = type;
        while (*(text += strspn(text, " ,"))) {
                size_t length = strcspn(text, " ,");
                enum err e = name_add(selection, text, length, arena, leniency, fault);

                if (e)
                        return e;
                text += length;
        }
        *ret = selection;
        return ERR_OK;
}

static unsigned flags_of(const struct attribute *attribute)
{
        return attribute ? attribute->flags : 0;
}

/* The URN of the core alone: all that the core schema defines, not what every resource has. */
static bool is_whole_core(
        const struct selection *selection, const struct path *path, const struct schema *extension, const struct attribute *attribute)
{
        const struct schema *core = selection->type->core;

        return core && path->extension == core && !path->attribute && !extension && attribute &&
               attribute_find(core->attributes, attribute->name, strlen(attribute->name)) == attribute;
}

/* `extension` alone stands for the whole extension object. */
static enum verdict judge(const struct selection *selection, const struct schema *extension, const struct attribute *attribute)
{
        enum verdict named = HIDE;

        for (size_t i = 0; i < selection->count; i++) {
                const struct path *path = &selection->paths[i];

                if (is_whole_core(selection, path, extension, attribute))
                        named = SHOW;
                if (path->extension != extension)
                        continue;
                if (!path->attribute || (path->attribute == attribute && !path->sub))
                        named = SHOW;
                else if ((!attribute || path->attribute == attribute) && named == HIDE)
                        named = SHOW_SOME;
        }
        if (flags_of(attribute) & RETURNED_ALWAYS)
                return SHOW;
        if (!selection->excludes)
                return named;
        if (named == SHOW || (flags_of(attribute) & RETURNED_REQUEST))
                return HIDE;
        return named == SHOW_SOME ? SHOW_SOME : SHOW;
}

/* Is this sub-attribute to stay when its attribute's verdict is SHOW_SOME? */
static bool sub_stays(
        const struct selection *selection, const struct schema *extension, const struct attribute *attribute, const struct attribute *sub)
{
        bool named = false;

        for (size_t i = 0; i < selection->count && sub; i++)
                named |= selection->paths[i].extension == extension && selection->paths[i].attribute == attribute &&
                         selection->paths[i].sub == sub;
        if (flags_of(sub) & RETURNED_ALWAYS)
                return true;
        return selection->excludes ? !named && !(flags_of(sub) & RETURNED_REQUEST) : named;
}

static void subs_prune(const struct selection *selection, const struct schema *extension, const struct attribute *attribute, json_t *object)
{
        const char *key;
        json_t *value;
        void *next;

        json_object_foreach_safe(object, next, key, value)
        {
                if (!sub_stays(selection, extension, attribute, attribute_find(attribute->sub, key, strlen(key))))
                        (void)json_object_del(object, key);
        }
}

/* True when something is left. */
static bool value_prune(const struct selection *selection, const struct schema *extension, const struct attribute *attribute, json_t *value)
{
        if (!json_is_array(value)) {
                subs_prune(selection, extension, attribute, value);
                return json_object_size(value) > 0;
        }
        for (size_t i = json_array_size(value); i-- > 0;) {
                json_t *element = json_array_get(value, i);

                subs_prune(selection, extension, attribute, element);
                if (json_object_size(element) == 0)
                        (void)json_array_remove(value, i);
        }
        return json_array_size(value) > 0;
}

static void object_prune(const struct selection *selection, const struct schema *extension, json_t *object);

/* What is shown without being named may still hold parts that are shown only when they are. */
static bool must_look_inside(const struct selection *selection)
{
        return selection->excludes && selection->type->selects;
}

static bool has_always(const struct schema *schema)
{
        for (const struct attribute *a = schema->attributes; a->name; a++)
                if (a->flags & RETURNED_ALWAYS)
                        return true;
        return false;
}

static bool extension_stays(const struct selection *selection, const struct schema *extension, json_t *value)
{
        enum verdict verdict = judge(selection, extension, NULL);

        if (verdict == HIDE && !has_always(extension))
                return false;
        if (verdict != SHOW || must_look_inside(selection))
                object_prune(selection, extension, value);
        return json_object_size(value) > 0;
}

static bool key_stays(const struct selection *selection, const struct schema *extension, const char *key, json_t *value)
{
        const struct schema *schema = extension ? extension : selection->type->core;
        const struct attribute *attribute = attribute_find(schema->attributes, key, strlen(key));
        const struct schema *inner = extension ? NULL : schema_of_type(selection->type, key, strlen(key));

        if (inner && inner != schema)
                return extension_stays(selection, inner, value);
        if (!attribute && !extension)
                attribute = attribute_find(attribute_common(), key, strlen(key));
        if (!attribute && !extension)
                attribute = attribute_find(selection->type->api_attributes, key, strlen(key));
        if (!attribute)
                return selection->excludes;
        switch (judge(selection, extension, attribute)) {
        case SHOW:
                return !attribute->sub || !must_look_inside(selection) || value_prune(selection, extension, attribute, value);
        case SHOW_SOME:
                return value_prune(selection, extension, attribute, value);
        default:
                return false;
        }
}

static void object_prune(const struct selection *selection, const struct schema *extension, json_t *object)
{
        const char *key;
        json_t *value;
        void *next;

        json_object_foreach_safe(object, next, key, value)
        {
                if (!key_stays(selection, extension, key, value))
                        (void)json_object_del(object, key);
        }
}

bool selection_wants(const struct selection *selection, const struct resource_type *type, const char *attribute)
{
        const struct attribute *found = attribute_find(type->core->attributes, attribute, strlen(attribute));

        if (!found)
                found = attribute_find(attribute_common(), attribute, strlen(attribute));
        if (!found || (found->flags & RETURNED_NEVER))
                return false;
        if (!selection)
                return !(found->flags & RETURNED_REQUEST);
        return judge(selection, NULL, found) != HIDE;
}

enum err selection_apply(const struct selection *selection, const struct resource_type *type, json_t *resource)
{
        const struct selection nothing_named = { .excludes = true, .type = type };

        if (selection || type->selects)
                object_prune(selection ? selection : &nothing_named, NULL, resource);
        return ERR_OK;
}
