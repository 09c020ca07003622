/* SPDX-License-Identifier: Apache-2.0
 *
 * The PatchOp message (RFC 7644 section 3.5.2): its shape, its operations in order, and the operations without path, whose keys may be
 * plain, dotted, URN-qualified or paths with brackets (Okta, Entra). Any error leaves nothing behind. */
#include "patch_work.h"

#include <string.h>
#include <strings.h>
#include "base/auto.h"
#include "base/text.h"
#include "model/document_value.h"

enum err patch_out_of_memory(const struct patch_work *work)
{
        return fault_set(work->fault, ERR_MEMORY, NULL, "Out of memory for the PATCH; try again.");
}

/* The path is well-formed, so this is no invalidPath (RFC 7644 table 9; interoperability profile section 5.3). */
enum err patch_unknown(const struct patch_work *work)
{
        if (leniency_use(work->accept.leniency, LENIENT_UNKNOWN_ATTRIBUTE))
                return ERR_OK;
        return fault_set(work->fault, ERR_SYNTAX, "path", "There is no such attribute.");
}

enum err patch_spend(struct patch_work *work, size_t effort)
{
        if (effort > PATCH_EFFORT_MAX - work->effort)
                return fault_set(
                        work->fault, ERR_TOO_LARGE, NULL, "The operations take too much work together; send them in several messages.");
        work->effort += (unsigned)effort;
        return ERR_OK;
}

size_t patch_cost(const json_t *value)
{
        size_t cost = 1;
        if (json_is_string(value)) {
                bool is_ascii = true;
                for (size_t i = 0; i < json_string_length(value) && is_ascii; i++)
                        is_ascii = (unsigned char)json_string_value(value)[i] < 0x80;
                cost += json_string_length(value) / (is_ascii ? 64 : 2);
        }
        for (size_t i = 0; i < json_array_size(value); i++)
                cost += patch_cost(json_array_get(value, i));
        const char *key;
        json_t *member;
        json_object_foreach ((json_t *)value, key, member)
                cost += patch_cost(member);
        return cost;
}

size_t patch_filter_cost(const struct filter *filter)
{
        return filter ? 1 + patch_filter_cost(filter->left) + patch_filter_cost(filter->right) : 0;
}

/* One element folded as often as a filter has parts, with room to spare. */
#define SCRATCH_BYTES ((size_t)16 << 20)

enum err patch_scratch(struct patch_work *work, struct arena **ret)
{
        if (!work->judgement.arena)
                work->judgement.arena = arena_new(SCRATCH_BYTES);
        if (!work->judgement.arena)
                return patch_out_of_memory(work);
        arena_reset(work->judgement.arena);
        *ret = work->judgement.arena;
        return ERR_OK;
}

enum err patch_judge(struct patch_work *work, const struct filter *filter, const json_t *element, bool *ret_selected)
{
        struct arena *scratch;
        enum err e = patch_scratch(work, &scratch);
        if (e)
                return e;
        *ret_selected = filter_judge(filter, element, &work->judgement) == TRUTH_TRUE;
        return work->judgement.out_of_memory ? patch_out_of_memory(work) : ERR_OK;
}

/* Says in fault->field which operation, and what of it, is to blame. */
static enum err blame(const struct patch_work *work, size_t index, bool is_pathless, enum err e)
{
        if (!work->fault)
                return e;
        struct fault inner = *work->fault;
        bool is_path = !is_pathless &&
                       (e == ERR_PATH || e == ERR_FILTER || e == ERR_NO_TARGET || e == ERR_MUTABILITY || text_equal(inner.field, "path"));
        bool has_field = inner.field[0] != '\0' && !text_equal(inner.field, "path") && !text_equal(inner.field, "filter");
        const char *member = work->member ? work->member : is_path ? "path" : "value", *inside = has_field && !is_path ? inner.field : "";
        char field[sizeof(inner.field) + 64];
        (void)snprintf(field, sizeof(field), "Operations[%zu]%s%s%s%s", index, *member ? "." : "", member, *inside ? "." : "", inside);
        return fault_set(work->fault, e, field, "%s", inner.message);
}

/* Puts the members whose names are in `names` (case-insensitive) into `ret`; what is not named there is dropped, or refused (strict). */
static enum err take_members(
        const struct patch_work *work, const json_t *object, const char *what, const char *const *names, const json_t **ret)
{
        const char *key;
        json_t *member;
        json_object_foreach ((json_t *)object, key, member) {
                size_t i = 0;
                while (names[i] && strcasecmp(names[i], key) != 0)
                        i++;
                if (!names[i] && !leniency_use(work->accept.leniency, LENIENT_UNKNOWN_ATTRIBUTE))
                        return json_unknown_member(key, what, names, work->fault);
                if (!names[i])
                        continue;
                if (ret[i])
                        return fault_set(work->fault, ERR_SYNTAX, NULL, "\"%s\" is given twice, in different letter case.", names[i]);
                ret[i] = member;
        }
        return ERR_OK;
}

static enum err check_schemas(const struct patch_work *work, const json_t *schemas)
{
        if (!schemas) {
                if (leniency_use(work->accept.leniency, LENIENT_MISSING_SCHEMAS))
                        return ERR_OK;
                return fault_set(work->fault, ERR_SYNTAX, "schemas", "schemas must hold %s.", URN_PATCH);
        }
        for (size_t i = 0; i < json_array_size(schemas); i++)
                if (text_equal_ascii_nocase(json_string_value(json_array_get(schemas, i)), URN_PATCH))
                        return ERR_OK;
        return fault_set(work->fault, ERR_SYNTAX, "schemas", "schemas must hold %s.", URN_PATCH);
}

static enum err read_message(const struct patch_work *work, const json_t *message, const json_t **ret_operations)
{
        static const char *const names[] = { "schemas", "Operations", NULL };
        const json_t *members[2] = { NULL };
        if (!json_is_object(message))
                return fault_set(
                        work->fault, ERR_SYNTAX, NULL, "The body is of type %s; expected a PATCH message.", json_type_name(message));
        enum err e = take_members(work, message, "a PATCH message", names, members);
        if (!e)
                e = check_schemas(work, members[0]);
        if (e)
                return e;
        size_t count = json_array_size(members[1]);
        if (count == 0)
                return fault_set(work->fault, ERR_SYNTAX, "Operations", "Operations must be a list of at least one operation.");
        if (count > PATCH_OPERATIONS_MAX)
                return fault_set(work->fault, ERR_TOO_LARGE, "Operations", "A PATCH has at most %d operations, not %zu.",
                        PATCH_OPERATIONS_MAX, count);
        *ret_operations = members[1];
        return ERR_OK;
}

static enum err read_verb(struct patch_work *work, const json_t *op, enum patch_verb *ret)
{
        static const struct {
                const char *word;
                enum patch_verb verb;
        } verbs[] = { { "add", PATCH_ADD }, { "remove", PATCH_REMOVE }, { "replace", PATCH_REPLACE } };
        for (size_t i = 0; i < COUNT_OF(verbs); i++)
                if (text_equal_ascii_nocase(json_string_value(op), verbs[i].word)) {
                        *ret = verbs[i].verb;
                        return ERR_OK;
                }
        work->member = "op";
        if (json_is_string(op))
                return fault_set(work->fault, ERR_SYNTAX, NULL, "op is add, remove or replace, not \"%.64s\".", json_string_value(op));
        return fault_set(work->fault, ERR_SYNTAX, NULL, "op is add, remove or replace, not %s.", op ? json_type_name(op) : "missing");
}

static enum err apply_step(struct patch_work *work, const struct patch_step *step);

/* Some path of `seen` without brackets is the same as `path`: a key given twice would let the order of keys decide. */
static bool is_seen(const struct path *seen, size_t count, const struct path *path)
{
        for (size_t i = 0; i < count; i++)
                if (seen[i].extension == path->extension && seen[i].attribute == path->attribute && seen[i].sub == path->sub)
                        return true;
        return false;
}

#define KEYS_KNOWN_MAX 256 /* more than all attributes and sub-attributes of a type */

/* The members of an object as steps of their own; `prefix` is the URN of the extension they belong to, or NULL. */
static enum err apply_object(struct patch_work *work, const struct patch_step *outer, const char *prefix, const json_t *object)
{
        struct path seen[KEYS_KNOWN_MAX];
        size_t seen_count = 0;
        const char *key;
        json_t *member;
        if (!json_is_object(object))
                return fault_set(work->fault, ERR_VALUE, NULL, "An object is expected, not %s.", json_type_name(object));
        json_object_foreach ((json_t *)object, key, member) {
                struct patch_step step = { .verb = outer->verb, .is_pathless = true, .value = member };
                const char *text = prefix ? arena_printf(work->accept.arena, "%s:%s", prefix, key) : key;
                if (!text)
                        return patch_out_of_memory(work);
                enum err e = path_parse_loose(
                        work->accept.type, text, strlen(text), work->accept.arena, work->accept.leniency, &step.path, work->fault);
                if (e == ERR_PATH)
                        step.path = (struct path){ 0 }; /* no name at all: as unknown as one nobody declared */
                else if (e)
                        return e;
                const struct path *path = &step.path;
                bool is_dotted = path->sub || path->filter || (!prefix && path->extension && path->attribute);
                if (is_dotted && !leniency_use(work->accept.leniency, LENIENT_DOTTED_KEY))
                        return fault_set(
                                work->fault, ERR_VALUE, NULL, "\"%.*s\" is a path; a name is expected.", shown_length(key, 64), key);
                bool is_countable = (path->attribute || path->extension) && !path->filter;
                if (is_countable && (seen_count == KEYS_KNOWN_MAX || is_seen(seen, seen_count, path)))
                        return fault_set(work->fault, ERR_SYNTAX, NULL, "\"%.*s\" is given twice, in different spelling.",
                                shown_length(key, 64), key);
                if (is_countable)
                        seen[seen_count++] = *path;
                e = apply_step(work, &step);
                if (e)
                        return e;
        }
        return ERR_OK;
}

static bool is_read_only(const struct schema *schema)
{
        for (const struct attribute *a = schema->attributes; a->name; a++)
                if (!(a->flags & READ_ONLY))
                        return false;
        return true;
}

/* A whole extension: its object is merged, or all of its attributes that are assigned are removed. */
static enum err apply_to_extension(struct patch_work *work, const struct patch_step *step)
{
        const struct schema *extension = step->path.extension;
        bool is_removal = step->verb == PATCH_REMOVE || (step->verb == PATCH_REPLACE && json_is_null(step->value));
        if (!is_removal && json_is_null(step->value))
                return ERR_OK;
        if (!is_removal)
                return apply_object(work, step, extension->urn, step->value);
        if (!step->is_pathless && is_read_only(extension))
                return fault_set(work->fault, ERR_MUTABILITY, NULL, "Nothing of %s can be removed.", extension->urn);
        for (const struct attribute *a = extension->attributes; a->name; a++) {
                struct patch_step removal = {
                        .verb = PATCH_REMOVE, .is_pathless = step->is_pathless, .path = { extension, a, NULL, NULL }
                };
                bool is_assigned = json_object_get(json_object_get(work->document, extension->urn), a->name);
                enum err e = is_assigned ? patch_attribute(work, &removal) : ERR_OK;
                if (e)
                        return e;
        }
        return ERR_OK;
}

/* No path: the value is an object whose members name the attributes. */
static enum err apply_to_resource(struct patch_work *work, const struct patch_step *step)
{
        if (step->verb == PATCH_REMOVE && !leniency_is_strict(work->accept.leniency))
                return fault_set(work->fault, ERR_NO_TARGET, NULL, "remove needs a path.");
        if (!leniency_use(work->accept.leniency, LENIENT_PATHLESS_PATCH))
                return fault_set(work->fault, ERR_SYNTAX, NULL, "Every operation needs a path.");
        return apply_object(work, step, NULL, step->value);
}

static enum err apply_step(struct patch_work *work, const struct patch_step *step)
{
        if (step->path.attribute)
                return patch_attribute(work, step);
        const struct schema *core = work->accept.type->core;
        if (step->path.extension && step->path.extension == core)
                return step->is_pathless ? apply_object(work, step, core->urn, step->value) : apply_to_resource(work, step);
        if (step->path.extension)
                return apply_to_extension(work, step);
        return patch_unknown(work);
}

static enum err apply_operation(struct patch_work *work, const json_t *json, bool *ret_pathless)
{
        static const char *const names[] = { "op", "path", "value", NULL };
        const json_t *members[3] = { NULL };
        work->member = "";
        if (!json_is_object(json))
                return fault_set(work->fault, ERR_SYNTAX, NULL, "An operation is an object, not %s.", json_type_name(json));
        enum err e = take_members(work, json, "an operation", names, members);
        struct patch_step step = { .value = members[2] };
        if (!e)
                e = read_verb(work, members[0], &step.verb);
        if (e)
                return e;
        work->member = NULL;
        if (step.verb != PATCH_REMOVE && !step.value)
                return fault_set(work->fault, ERR_VALUE, NULL, "add and replace need a value.");
        if (!members[1] || json_is_null(members[1])) {
                *ret_pathless = step.verb != PATCH_REMOVE;
                return apply_to_resource(work, &step);
        }
        if (!json_is_string(members[1]))
                return fault_set(work->fault, ERR_PATH, "path", "A path is text, not %s.", json_type_name(members[1]));
        const struct accept *accept = &work->accept;
        e = path_parse_loose(accept->type, json_string_value(members[1]), json_string_length(members[1]), accept->arena, accept->leniency,
                &step.path, work->fault);
        return e ? e : apply_step(work, &step);
}

static enum err finish(struct patch_work *work, const json_t *before, struct patch_result *ret)
{
        bool changed = !json_equal(before, work->document);
        enum err e = document_check(work->accept.type, work->document, work->fault);
        if (e)
                return e;
        *ret = (struct patch_result){
                .document = json_incref(work->document), .changed = changed, .edges = work->edges, .edge_count = work->edge_count
        };
        return ERR_OK;
}

static enum err apply_all(struct patch_work *work, const json_t *operations)
{
        for (size_t i = 0; i < json_array_size(operations); i++) {
                bool is_pathless = false;
                enum err e = apply_operation(work, json_array_get(operations, i), &is_pathless);
                if (e)
                        return blame(work, i, is_pathless, e);
        }
        return ERR_OK;
}

enum err patch_apply(const struct patch *patch, const json_t *message, struct patch_result *ret, struct fault *fault)
{
        struct patch_work work = {
                .accept = { patch->type, ACCEPT_REPLACE, patch->leniency, patch->arena },
                .accept_merge = { patch->type, ACCEPT_MERGE, patch->leniency, patch->arena },
                .lists = patch->lists,
                .fault = fault,
        };
        const json_t *operations = NULL;
        enum err e = read_message(&work, message, &operations);
        if (e)
                return e;
        json_auto_t *document = json_whole_copy(patch->before);
        if (!document)
                return patch_out_of_memory(&work);
        work.document = document;
        e = apply_all(&work, operations);
        if (work.judgement.arena)
                arena_free(work.judgement.arena);
        return e ? e : finish(&work, patch->before, ret);
}
