/* SPDX-License-Identifier: Apache-2.0
 *
 * PATCH bodies from strangers, on a user and on a group, in both profiles: nothing crashes, an error leaves no output, a result passes
 * document_check and holds nothing unassigned, and the document before is as it was. What patch_read makes of the text means the same. */
#include "base/json.h"
#include "model/patch.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char patch_user[] =
        "{\"userName\":\"u\",\"id\":\"7\",\"active\":true,\"name\":{\"givenName\":\"g\",\"familyName\":\"f\"},"
        "\"emails\":[{\"value\":\"a\",\"type\":\"work\",\"primary\":true},{\"value\":\"b\",\"type\":\"home\"}],"
        "\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\":{\"department\":\"d\",\"manager\":{\"value\":\"m\"}}}";
static const char patch_group[] = "{\"displayName\":\"g\",\"id\":\"7\"}";

static void check_is_tidy(const json_t *value)
{
        const char *key;
        json_t *member;
        bool is_empty = (json_is_array(value) && json_array_size(value) == 0) || (json_is_object(value) && json_object_size(value) == 0);
        if (json_is_null(value) || is_empty)
                abort();
        json_object_foreach ((json_t *)value, key, member)
                check_is_tidy(member);
        for (size_t i = 0; i < json_array_size(value); i++)
                check_is_tidy(json_array_get(value, i));
}

static void check_edges(const struct patch_result *result)
{
        for (size_t i = 0; i < result->edge_count; i++) {
                const struct edge_operation *edge = &result->edges[i];
                bool names_some = edge->count > 0 || edge->filter;
                if ((edge->verb == EDGE_ADD || edge->verb == EDGE_REMOVE || edge->verb == EDGE_REMOVE_MATCHING) && !names_some)
                        abort();
                for (size_t k = 0; k < edge->count; k++)
                        if (edge->values[k][0] == '\0')
                                abort();
        }
}

static void try_patch(enum resource_kind kind, bool strict, const char *document, const json_t *message)
{
        struct arena *arena = arena_new((size_t)16 << 20);
        struct leniency leniency = { .strict = strict };
        json_t *before = json_loads(document, 0, NULL), *untouched = json_deep_copy(before);
        struct patch patch = { resource_type(kind), before, &leniency, arena };
        struct patch_result result = { 0 };
        struct fault fault = { 0 };
        enum err e = patch_apply(&patch, message, &result, &fault);
        if (e != ERR_OK && (result.document || fault.message[0] == '\0' || fault.code != e))
                abort();
        if (e == ERR_OK) {
                if (document_check(patch.type, result.document, NULL) || result.changed == json_equal(before, result.document))
                        abort();
                check_is_tidy(result.document);
                check_edges(&result);
        }
        if (!json_equal(before, untouched) || (strict && leniency.used != 0))
                abort();
        json_decref(result.document);
        json_decref(before);
        json_decref(untouched);
        arena_free(arena);
}

static enum err apply_to_group(struct arena *arena, const json_t *message, const struct patch_lists *lists, struct leniency *leniency,
        struct patch_result *ret, struct fault *fault)
{
        json_t *before = json_loads(patch_group, 0, NULL);
        struct patch patch = { resource_type(KIND_GROUP), before, leniency, arena, *lists };
        enum err e = patch_apply(&patch, message, ret, fault);
        json_decref(before);
        return e;
}

static bool is_same_edge(const struct edge_operation *one, const struct edge_operation *other)
{
        bool same = one->verb == other->verb && one->count == other->count && !one->filter == !other->filter;
        for (size_t i = 0; same && i < one->count; i++)
                same = strcmp(one->values[i], other->values[i]) == 0 &&
                       (one->kinds ? one->kinds[i] : KIND_NONE) == (other->kinds ? other->kinds[i] : KIND_NONE);
        return same;
}

static void compare_reading(const char *text, size_t size, const json_t *tree, bool strict)
{
        struct arena *arena = arena_new((size_t)64 << 20);
        struct patch_lists lists, none = { 0 };
        struct leniency leniency = { .strict = strict }, other_leniency = leniency;
        struct patch_result one = { 0 }, other = { 0 };
        struct fault fault = { 0 }, other_fault = { 0 };
        json_t *message = NULL;
        enum err e = patch_read(resource_type(KIND_GROUP), arena, text, size, &message, &lists, &fault);
        if (e != (json_is_object(tree) ? ERR_OK : ERR_SYNTAX))
                abort();
        if (!e) {
                e = apply_to_group(arena, message, &lists, &leniency, &one, &fault);
                if (e != apply_to_group(arena, tree, &none, &other_leniency, &other, &other_fault) ||
                        strcmp(fault.message, other_fault.message) != 0 || strcmp(fault.field, other_fault.field) != 0 ||
                        one.edge_count != other.edge_count || leniency.used != other_leniency.used || one.changed != other.changed)
                        abort();
                for (size_t i = 0; !e && i < one.edge_count; i++)
                        if (!is_same_edge(&one.edges[i], &other.edges[i]))
                                abort();
                if (!e && !json_equal(one.document, other.document))
                        abort();
        }
        json_decref(one.document);
        json_decref(other.document);
        json_decref(message);
        arena_free(arena);
}

/* What is no JSON is no message. */
static void check_is_refused(const char *text, size_t size)
{
        struct arena *arena = arena_new((size_t)64 << 20);
        struct patch_lists lists;
        json_t *message = NULL;
        if (patch_read(resource_type(KIND_GROUP), arena, text, size, &message, &lists, NULL) == ERR_OK)
                abort();
        arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        json_t *message = NULL;
        if (json_parse((const char *)data, size, &message, NULL) != ERR_OK) {
                check_is_refused((const char *)data, size);
                return 0;
        }
        compare_reading((const char *)data, size, message, false);
        compare_reading((const char *)data, size, message, true);
        try_patch(KIND_USER, false, patch_user, message);
        try_patch(KIND_USER, true, patch_user, message);
        try_patch(KIND_GROUP, false, patch_group, message);
        json_decref(message);
        return 0;
}
