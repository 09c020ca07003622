/* SPDX-License-Identifier: Apache-2.0
 *
 * Declared schemas and resource types as resources of their root: read back as declarations, made complete, and changed only so that all of
 * them fit together and nothing stored loses its meaning. What may be in a set is judged by building it (model/schema_set_build). */
#include "declaration.h"

#include "base/text.h"
#include "work.h"

/* ---- rows ---- */

void declarations_done(struct declarations *declarations)
{
        for (size_t i = 0; i < declarations->count; i++)
                json_decref((json_t *)declarations->list[i].document);
        declarations->count = 0;
}

static enum err keep(void *context, const struct resource_row *row, struct fault *fault)
{
        struct declarations *declarations = context;
        if (declarations->count == COUNT_OF(declarations->list))
                return fault_set(fault, ERR_CONFLICT, "", "this organization declares too much already");
        json_t *document = NULL;
        enum err e = json_parse_object(row->doc, row->doc_length, &document, fault);
        if (!e)
                declarations->list[declarations->count++] = (struct declaration){ row->kind, row->no, document };
        return e;
}

enum err declarations_load(struct session *session, int64_t root_no, struct declarations *ret, struct fault *fault)
{
        static const enum resource_kind kinds[] = { KIND_SCHEMA, KIND_RESOURCE_TYPE };
        enum err e = ERR_OK;
        ret->count = 0;
        for (size_t i = 0; !e && i < COUNT_OF(kinds); i++)
                e = resource_list(session, root_no, kinds[i], 0, 0, COUNT_OF(ret->list), keep, ret, fault);
        return e;
}

enum err work_schemas(struct work *work)
{
        auto_declarations declarations = { .count = 0 };
        if (work->schemas)
                return ERR_OK;
        if (!work->root->schemas_revision) {
                work->schemas = schema_set_hold(schema_set_builtin());
                return ERR_OK;
        }
        enum err e = declarations_load(work->session, work->root_no, &declarations, work->fault);
        return e ? e : schema_set_build(declarations.list, declarations.count, work->root->schemas_revision, &work->schemas, work->fault);
}

enum err work_type(struct work *work, enum resource_kind kind, const struct resource_type **ret)
{
        const struct change *change = work->change;
        bool is_own = change->type && change->type->kind == kind && change->schemas_revision == work->root->schemas_revision;
        if (is_own || !work->root->schemas_revision) {
                *ret = is_own ? change->type : resource_type(kind);
                return ERR_OK;
        }
        enum err e = work_schemas(work);
        if (e)
                return e;
        *ret = schema_set_type(work->schemas, kind);
        return *ret ? ERR_OK : fault_set(work->fault, ERR_INTERNAL, "", "a resource is of a type that is not declared");
}

/* ---- ready: a document made complete ---- */

static enum err ready_schema(struct work *work, json_t *document)
{
        struct schema schema;
        enum err e = schema_parse(document, 0, work->arena, &schema, work->fault);
        json_auto_t *whole = e ? NULL : schema_document(&schema);
        if (e)
                return e;
        if (!whole || json_object_set(document, "attributes", json_object_get(whole, "attributes")))
                return work_memory(work);
        auto_buffer text = { 0 };
        e = json_canonical(document, &text, work->fault);
        if (!e && text.length > SCHEMA_BYTES_MAX)
                e = fault_set(work->fault, ERR_VALUE, "attributes",
                        "a schema takes at most %d bytes written out, not %zu; shorten its descriptions", SCHEMA_BYTES_MAX, text.length);
        return e;
}

/* A new type takes the lowest number that is free. */
static enum err ready_type(struct work *work, json_t *document)
{
        auto_declarations declarations = { .count = 0 };
        if (work->change->verb != CHANGE_CREATE)
                return ERR_OK;
        enum err e = declarations_load(work->session, work->root_no, &declarations, work->fault);
        if (e)
                return e;
        enum resource_kind kind = declared_kind_free(declarations.list, declarations.count);
        if (!kind)
                return fault_set(work->fault, ERR_CONFLICT, "", "an organization declares at most %d resource types", DECLARED_TYPES_MAX);
        return json_object_set_new(document, "number", json_integer(kind)) ? work_memory(work) : ERR_OK;
}

enum err declaration_ready(struct work *work, json_t *document)
{
        return work->change->type->kind == KIND_SCHEMA ? ready_schema(work, document) : ready_type(work, document);
}

/* ---- settle: do they still fit together? ---- */

/* `no` with another document than its row has; NULL: without it. 0: all as they stand. */
static enum err settle(struct work *work, int64_t no, const json_t *document)
{
        auto_declarations declarations = { .count = 0 };
        enum err e = declarations_load(work->session, work->root_no, &declarations, work->fault);
        if (e)
                return e;
        struct declaration wanted[COUNT_OF(declarations.list)];
        size_t count = 0;
        for (size_t i = 0; i < declarations.count; i++) {
                bool is_changed = declarations.list[i].no == no;
                if (is_changed && !document)
                        continue;
                wanted[count] = declarations.list[i];
                if (is_changed)
                        wanted[count].document = document;
                count++;
        }
        const struct schema_set *set = NULL;
        e = schema_set_build(wanted, count, work->version, &set, work->fault);
        schema_set_release(set);
        if (e)
                return e;
        work->root->schemas_revision = count ? work->version : 0;
        const struct effect effect = { .kind = EFFECT_SCHEMAS, .no = work->root->schemas_revision };
        return work_effect(work, &effect);
}

enum err declaration_made(struct work *work, struct resource_row *row, json_t *document)
{
        (void)row;
        (void)document;
        return settle(work, 0, NULL);
}

/* ---- in use ---- */

/* Whoever stores attributes of a schema has a row of the index under its number. */
static enum err refuse_while_held(struct work *work, int64_t schema_no, const char *urn)
{
        auto_result result = { 0 };
        bool row = false;
        enum err e = session_query(work->session, ST_VALUE_HOLDERS, &result, work->fault, V_I64(work->root_no),
                V_I64(schema_no * SCHEMA_NUMBERS + SCHEMA_NUMBERS - 1));
        if (!e)
                e = result_next(&result, &row, work->fault);
        if (e || !row || !result_i64(&result, 0))
                return e;
        return fault_set(work->fault, ERR_CONFLICT, "",
                "%lld resources hold attributes of %.120s, %lld of them in the bin; one is %s: take the "
                "attributes away, or purge what is in the bin, first",
                (long long)result_i64(&result, 0), urn, (long long)result_i64(&result, 1), result_text(&result, 2, NULL));
}

static bool names_extension(const json_t *document, const char *urn)
{
        size_t i;
        const json_t *row;
        json_array_foreach ((json_t *)json_object_get(document, "schemaExtensions"), i, row) {
                if (text_equal_ascii_nocase(json_string_value(json_object_get(row, "schema")), urn))
                        return true;
        }
        return false;
}

/* Extensions that a type gives up. */
static enum err check_given_up(struct work *work, const json_t *before, const json_t *after)
{
        auto_declarations declarations = { .count = 0 };
        enum err e = declarations_load(work->session, work->root_no, &declarations, work->fault);
        for (size_t i = 0; !e && i < declarations.count; i++) {
                const char *urn = json_string_value(json_object_get(declarations.list[i].document, "urn"));
                if (declarations.list[i].kind == KIND_SCHEMA && names_extension(before, urn) && !names_extension(after, urn))
                        e = refuse_while_held(work, declarations.list[i].no, urn);
        }
        return e;
}

enum err declaration_changed(struct work *work, const struct resource_row *row, const json_t *before, json_t *after)
{
        enum err e = row->kind == KIND_SCHEMA ? schema_widen(before, after, work->fault) : check_given_up(work, before, after);
        return e ? e : settle(work, row->no, after);
}

static enum err refuse_while_any(struct work *work, const json_t *document)
{
        int64_t live;
        enum err e = count_read(work->session, work->root_no, (enum resource_kind)json_integer_value(json_object_get(document, "number")),
                COUNT_ALL, &live, work->fault);
        if (e || !live)
                return e;
        return fault_set(work->fault, ERR_CONFLICT, "", "there are %lld resources of the type %s; delete them first", (long long)live,
                json_string_value(json_object_get(document, "name")));
}

enum err declaration_end(struct work *work, const struct resource_row *row)
{
        json_auto_t *document = NULL;
        enum err e = json_parse_object(row->doc, row->doc_length, &document, work->fault);
        if (!e)
                e = row->kind == KIND_SCHEMA ? refuse_while_held(work, row->no, json_string_value(json_object_get(document, "urn")))
                                             : refuse_while_any(work, document);
        if (!e)
                e = settle(work, row->no, NULL);
        if (e != ERR_VALUE)
                return e;
        if (work->fault) /* what is left does not fit together without it: a state, not a value that came */
                work->fault->code = ERR_CONFLICT;
        return ERR_CONFLICT;
}
