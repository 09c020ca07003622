/* SPDX-License-Identifier: Apache-2.0
 *
 * The set of a root that declares schemas or types: the built-in descriptors, and beside them those made from its declarations, which must
 * fit together. One block of memory holds all of it, until nobody does. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/auto.h"
#include "base/text.h"
#include "model/declaration.h"
#include "model/document.h"
#include "types.h"

#define SET_BYTES ((size_t)16 << 20)

struct owned_set {
        struct schema_set set; /* first: a set is found again by its address */
        struct arena *arena;
        atomic_uint holders;
};

/* One declared schema while the set is made. */
struct part {
        struct schema schema;
        const char *extends; /* name of a type; NULL: used by those that name it */
        bool is_required, is_used;
};

struct builder {
        struct arena *arena;
        struct fault *fault;
        const struct declaration *schemas[DECLARED_SCHEMAS_MAX], *types[DECLARED_TYPES_MAX];
        struct part *parts;
        size_t part_count, type_count;
        struct resource_type **made; /* of the root's own: declared ones, and copies of those it extends */
        size_t made_count;
        size_t attributes;
};

static enum err out_of_memory(struct builder *builder)
{
        return fault_set(builder->fault, ERR_MEMORY, "", "out of memory");
}

static const char *text_of(const json_t *document, const char *name)
{
        return json_string_value(json_object_get(document, name));
}

/* ---- sorting out ---- */

static int by_no(const void *left, const void *right)
{
        const struct declaration *const *l = left, *const *r = right;
        return ((*l)->no > (*r)->no) - ((*l)->no < (*r)->no);
}

static enum err sort_out(struct builder *builder, const struct declaration *declarations, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                bool is_schema = declarations[i].kind == KIND_SCHEMA;
                size_t *used = is_schema ? &builder->part_count : &builder->type_count;
                size_t max = is_schema ? DECLARED_SCHEMAS_MAX : DECLARED_TYPES_MAX;
                if (*used == max)
                        return fault_set(builder->fault, ERR_CONFLICT, "", "an organization declares at most %zu %s", max,
                                is_schema ? "schemas" : "resource types");
                (is_schema ? builder->schemas : builder->types)[(*used)++] = &declarations[i];
        }
        /* Arrays of pointers. NOLINTBEGIN(bugprone-sizeof-expression) */
        if (builder->part_count)
                qsort(builder->schemas, builder->part_count, sizeof(*builder->schemas), by_no);
        if (builder->type_count)
                qsort(builder->types, builder->type_count, sizeof(*builder->types), by_no);
        /* NOLINTEND(bugprone-sizeof-expression) */
        return ERR_OK;
}

/* ---- schemas ---- */

static struct part *find_part(struct builder *builder, const char *urn)
{
        for (size_t i = 0; i < builder->part_count; i++)
                if (urn && builder->parts[i].schema.urn && strcasecmp(builder->parts[i].schema.urn, urn) == 0)
                        return &builder->parts[i];
        return NULL;
}

static size_t count_attributes(const struct attribute *attributes)
{
        size_t count = 0;
        for (const struct attribute *a = attributes; a && a->name; a++)
                count += 1 + count_attributes(a->sub);
        return count;
}

/* "urn:a:b" with an attribute c, and "urn:a:b:c": the path urn:a:b:c would mean both. */
static enum err check_paths(struct builder *builder, const struct schema *shorter, const struct schema *longer)
{
        size_t length = strlen(shorter->urn);
        if (strncasecmp(shorter->urn, longer->urn, length) != 0 || longer->urn[length] != ':')
                return ERR_OK;
        const char *rest = longer->urn + length + 1;
        if (!attribute_find(shorter->attributes, rest, strcspn(rest, ".")))
                return ERR_OK;
        return fault_set(builder->fault, ERR_CONFLICT, "urn", "%s is also the path of an attribute of %s", longer->urn, shorter->urn);
}

static enum err read_schemas(struct builder *builder)
{
        builder->parts = arena_zero(builder->arena, builder->part_count + 1, sizeof(*builder->parts));
        if (!builder->parts)
                return out_of_memory(builder);
        for (size_t i = 0; i < builder->part_count; i++) {
                const json_t *document = builder->schemas[i]->document;
                struct part part = { .is_required = json_is_true(json_object_get(document, "required")) };
                const char *extends = text_of(document, "resourceType");
                enum err e = schema_parse(document, builder->schemas[i]->no, builder->arena, &part.schema, builder->fault);
                if (!e && extends && !(part.extends = arena_strdup(builder->arena, extends)))
                        e = out_of_memory(builder);
                if (!e && find_part(builder, part.schema.urn))
                        e = fault_set(builder->fault, ERR_TAKEN, "urn", "there is a schema \"%s\" already", part.schema.urn);
                for (size_t other = 0; !e && other < i; other++) {
                        e = check_paths(builder, &builder->parts[other].schema, &part.schema);
                        if (!e)
                                e = check_paths(builder, &part.schema, &builder->parts[other].schema);
                }
                if (e)
                        return e;
                builder->parts[i] = part;
                builder->attributes += count_attributes(part.schema.attributes);
        }
        if (builder->attributes > DECLARED_ATTRIBUTES_MAX)
                return fault_set(builder->fault, ERR_CONFLICT, "attributes",
                        "the schemas of an organization declare at most %d attributes, not %zu", DECLARED_ATTRIBUTES_MAX,
                        builder->attributes);
        return ERR_OK;
}

/* ---- types ---- */

static struct resource_type *find_made(const struct builder *builder, const char *name)
{
        for (size_t i = 0; i < builder->made_count; i++)
                if (text_equal(builder->made[i]->name, name))
                        return builder->made[i];
        return NULL;
}

/* Of a built-in type, which a declared one may be called like. */
static struct resource_type *find_copy(const struct builder *builder, enum resource_kind kind)
{
        for (size_t i = 0; i < builder->made_count; i++)
                if (builder->made[i]->kind == kind)
                        return builder->made[i];
        return NULL;
}

static struct resource_type *make(struct builder *builder, const struct resource_type *from)
{
        struct resource_type *type = arena_copy(builder->arena, from, sizeof(*from));
        if (type)
                builder->made[builder->made_count++] = type;
        return type;
}

static bool shows_on_request(const struct attribute *attributes)
{
        for (const struct attribute *a = attributes; a && a->name; a++)
                if ((a->flags & RETURNED_REQUEST) || shows_on_request(a->sub))
                        return true;
        return false;
}

static enum err attach(struct builder *builder, struct resource_type *type, struct part *part, bool is_required)
{
        size_t count = 0;
        for (; type->extensions && type->extensions[count]; count++)
                if (strcasecmp(type->extensions[count]->urn, part->schema.urn) == 0)
                        return fault_set(
                                builder->fault, ERR_CONFLICT, "schemaExtensions", "%s extends %s twice", part->schema.urn, type->name);
        if (strcasecmp(type->core->urn, part->schema.urn) == 0)
                return fault_set(
                        builder->fault, ERR_CONFLICT, "schemaExtensions", "%s is the schema of %s itself", part->schema.urn, type->name);
        if (count == EXTENSIONS_MAX)
                return fault_set(
                        builder->fault, ERR_CONFLICT, "resourceType", "%s can have at most %d extensions", type->name, EXTENSIONS_MAX);
        const struct schema **extensions = arena_zero(builder->arena, count + 2, sizeof(struct schema *));
        if (!extensions)
                return out_of_memory(builder);
        if (count) /* an array of pointers. NOLINTNEXTLINE(bugprone-sizeof-expression) */
                memcpy(extensions, type->extensions, count * sizeof(struct schema *));
        extensions[count] = &part->schema;
        type->extensions = extensions;
        type->required_extensions |= is_required ? UINT32_C(1) << count : 0;
        type->selects = type->selects || shows_on_request(part->schema.attributes);
        part->is_used = true;
        return ERR_OK;
}

static enum err check_core(struct builder *builder, const char *type, const char *urn, const struct part *part)
{
        if (!part)
                return fault_set(builder->fault, ERR_VALUE, "schema",
                        "the resource type \"%s\" needs the schema \"%.120s\", which is not declared", type, urn);
        if (part->extends)
                return fault_set(builder->fault, ERR_VALUE, "schema",
                        "the schema \"%s\" extends %s; a type of its own needs a schema without resourceType", part->schema.urn,
                        part->extends);
        for (const struct attribute *common = attribute_common(); common->name; common++)
                if (attribute_find(part->schema.attributes, common->name, strlen(common->name)))
                        return fault_set(builder->fault, ERR_VALUE, "schema",
                                "the schema \"%s\" names the attribute %s, which every resource has anyway", part->schema.urn,
                                common->name);
        return ERR_OK;
}

static enum err check_free(struct builder *builder, const char *name, const char *endpoint, int64_t number)
{
        for (size_t i = 0; i < builder->made_count; i++) {
                const struct resource_type *other = builder->made[i];
                if (strcasecmp(other->name, name) == 0)
                        return fault_set(builder->fault, ERR_TAKEN, "name", "there is a resource type \"%s\" already", other->name);
                if (strcasecmp(other->scim_endpoint, endpoint) == 0)
                        return fault_set(builder->fault, ERR_TAKEN, "endpoint", "/%s is the endpoint of %s already", other->scim_endpoint,
                                other->name);
                if (other->kind == (enum resource_kind)number)
                        return fault_set(builder->fault, ERR_CONFLICT, "number", "%s has this number already", other->name);
        }
        return ERR_OK;
}

static enum err attach_named(struct builder *builder, struct resource_type *type, const json_t *extensions)
{
        size_t i;
        const json_t *row;
        json_array_foreach ((json_t *)extensions, i, row) {
                const char *urn = text_of(row, "schema");
                struct part *part = find_part(builder, urn);
                if (!part)
                        return fault_set(builder->fault, ERR_VALUE, "schemaExtensions",
                                "the resource type \"%s\" needs the schema \"%.120s\", which is not declared", type->name, urn ? urn : "");
                if (part->extends)
                        return fault_set(
                                builder->fault, ERR_VALUE, "schemaExtensions", "the schema \"%s\" extends %s only", urn, part->extends);
                enum err e = attach(builder, type, part, json_is_true(json_object_get(row, "required")));
                if (e)
                        return e;
        }
        return ERR_OK;
}

static enum err read_type(struct builder *builder, const json_t *document)
{
        const char *name = text_of(document, "name"), *endpoint = text_of(document, "endpoint"), *urn = text_of(document, "schema");
        const char *description = text_of(document, "description");
        struct part *core = find_part(builder, urn);
        int64_t number = json_integer_value(json_object_get(document, "number"));
        if (!name || !endpoint || !urn || !kind_is_declared((enum resource_kind)number))
                return fault_set(builder->fault, ERR_INTERNAL, "", "a resource type is damaged");
        enum err e = check_core(builder, name, urn, core);
        endpoint += *endpoint == '/';
        if (!e)
                e = check_free(builder, name, endpoint, number);
        if (e)
                return e;
        const struct resource_type made = {
                .kind = (enum resource_kind)number,
                .name = arena_strdup(builder->arena, name),
                .word = arena_strdup(builder->arena, name),
                .scim_endpoint = arena_strdup(builder->arena, endpoint),
                .api_collection = arena_printf(builder->arena, "resources/%s", endpoint),
                .subject = "resources",
                .core = &core->schema,
                .description = description ? arena_strdup(builder->arena, description) : NULL,
                .selects = shows_on_request(core->schema.attributes),
                .api_offers = OFFER_READ | OFFER_DELETE,
        };
        struct resource_type *type = make(builder, &made);
        if (!type || !made.name || !made.word || !made.scim_endpoint || !made.api_collection || (description && !made.description))
                return out_of_memory(builder);
        core->is_used = true;
        return attach_named(builder, type, json_object_get(document, "schemaExtensions"));
}

/* An extension of User or Group makes a copy of the built-in type. */
static enum err attach_to_its_type(struct builder *builder, struct part *part)
{
        struct resource_type *type = find_made(builder, part->extends);
        const struct resource_type *plain = type ? NULL : schema_set_type_by_name(schema_set_builtin(), part->extends);
        if (!type && !plain)
                return fault_set(builder->fault, ERR_VALUE, "resourceType",
                        "the schema \"%s\" extends the resource type \"%.64s\", which is not declared; User, Group or a type of your own "
                        "is expected",
                        part->schema.urn, part->extends);
        if (!type && !(type = make(builder, plain)))
                return out_of_memory(builder);
        return attach(builder, type, part, part->is_required);
}

/* ---- the whole ---- */

static enum err finish(struct builder *builder, struct owned_set *owned)
{
        size_t types = 0, schemas = 0;
        while (types_builtin[types])
                types++;
        while (schemas_builtin[schemas])
                schemas++;
        const struct resource_type **all = arena_zero(builder->arena, types + builder->made_count + 1, sizeof(struct resource_type *));
        const struct schema **published = arena_zero(builder->arena, schemas + builder->part_count + 1, sizeof(struct schema *));
        if (!all || !published)
                return out_of_memory(builder);
        for (size_t i = 0; i < types; i++) {
                const struct resource_type *copy = find_copy(builder, types_builtin[i]->kind);
                all[i] = copy ? copy : types_builtin[i];
        }
        for (size_t i = 0; i < builder->made_count; i++)
                if (kind_is_declared(builder->made[i]->kind))
                        all[types++] = builder->made[i];
        for (size_t i = 0; i < schemas; i++)
                published[i] = schemas_builtin[i];
        for (size_t i = 0; i < builder->part_count; i++)
                if (builder->parts[i].is_used)
                        published[schemas++] = &builder->parts[i].schema;
        owned->set.types = all;
        owned->set.schemas = published;
        return ERR_OK;
}

static enum err build(struct builder *builder, const struct declaration *declarations, size_t count, struct owned_set *owned)
{
        builder->made = arena_zero(builder->arena, DECLARED_TYPES_MAX + KIND_COUNT, sizeof(struct resource_type *));
        if (!builder->made)
                return out_of_memory(builder);
        enum err e = sort_out(builder, declarations, count);
        if (!e)
                e = read_schemas(builder);
        for (size_t i = 0; !e && i < builder->type_count; i++)
                e = read_type(builder, builder->types[i]->document);
        for (size_t i = 0; !e && i < builder->part_count; i++)
                if (builder->parts[i].extends)
                        e = attach_to_its_type(builder, &builder->parts[i]);
        return e ? e : finish(builder, owned);
}

enum err schema_set_build(
        const struct declaration *declarations, size_t count, int64_t revision, const struct schema_set **ret, struct fault *fault)
{
        struct arena *arena = arena_new(SET_BYTES);
        struct owned_set *owned = arena ? arena_zero(arena, 1, sizeof(*owned)) : NULL;
        struct builder builder = { .arena = arena, .fault = fault };
        enum err e = owned ? build(&builder, declarations, count, owned) : out_of_memory(&builder);
        if (e) {
                if (arena)
                        arena_free(arena);
                return e;
        }
        owned->arena = arena;
        owned->set.revision = revision;
        atomic_init(&owned->holders, 1);
        *ret = &owned->set;
        return ERR_OK;
}

static struct owned_set *owner_of(const struct schema_set *set)
{
        return set && set != schema_set_builtin() ? (struct owned_set *)(uintptr_t)set : NULL;
}

const struct schema_set *schema_set_hold(const struct schema_set *set)
{
        struct owned_set *owned = owner_of(set);
        if (owned)
                atomic_fetch_add(&owned->holders, 1);
        return set;
}

void schema_set_release(const struct schema_set *set)
{
        struct owned_set *owned = owner_of(set);
        if (owned && atomic_fetch_sub(&owned->holders, 1) == 1)
                arena_free(owned->arena);
}

enum resource_kind declared_kind_free(const struct declaration *declarations, size_t count)
{
        for (int kind = KIND_DECLARED_FIRST; kind <= KIND_DECLARED_LAST; kind++) {
                bool is_taken = false;
                for (size_t i = 0; i < count; i++)
                        is_taken = is_taken || (declarations[i].kind == KIND_RESOURCE_TYPE &&
                                                       json_integer_value(json_object_get(declarations[i].document, "number")) == kind);
                if (!is_taken)
                        return (enum resource_kind)kind;
        }
        return KIND_NONE;
}
