/* SPDX-License-Identifier: Apache-2.0
 *
 * The plan of a Bulk request: its operations, and an order in which each runs behind those whose ids it needs. Operations keep the order of
 * the message wherever that is possible; those that need each other form a circle and stand together (Tarjan's strongly connected
 * components, with a stack of its own: a message may chain a thousand). */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "bulk.h"

#define URN_BULK_REQUEST "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
#define UNSEEN SIZE_MAX

static const struct {
        const char *name;
        enum method method;
} methods[] = { { "POST", METHOD_POST }, { "PUT", METHOD_PUT }, { "PATCH", METHOD_PATCH }, { "DELETE", METHOD_DELETE } };

static enum err out_of_memory(struct fault *fault)
{
        return fault_set(fault, ERR_MEMORY, "", "out of memory");
}

/* Names in a message are case-insensitive as those of attributes are (RFC 7643 section 2.1): the object's keys as they are spelled here.
 * Others are dropped, or refused (strict). */
static enum err spell(json_t *object, const char *what, const char *const names[], struct leniency *leniency, struct fault *fault)
{
        const char *key;
        json_t *value;
        void *next;
        json_object_foreach_safe(object, next, key, value)
        {
                size_t i = 0;
                while (names[i] && strcasecmp(names[i], key) != 0)
                        i++;
                if (!names[i] && !leniency_use(leniency, LENIENT_UNKNOWN_ATTRIBUTE))
                        return json_unknown_member(key, what, names, fault);
                if (!names[i] || strcmp(names[i], key) == 0)
                        continue;
                if (json_object_get(object, names[i]))
                        return fault_set(fault, ERR_SYNTAX, names[i], "given twice, in different letter case");
                if (json_object_set(object, names[i], value) || json_object_del(object, key))
                        return out_of_memory(fault);
        }
        return ERR_OK;
}

/* ---- one operation ---- */

static enum err refuse(struct bulk_operation *operation, enum err code, const char *field, const char *message)
{
        operation->refused = fault_set(operation->fault, code, field, "%s", message);
        return ERR_OK;
}

static enum err parse_path(const struct bulk *bulk, struct bulk_operation *operation, const char *path, struct fault *fault)
{
        path += *path == '/';
        size_t length = strcspn(path, "/");
        operation->endpoint = arena_text(bulk->arena, path, length);
        operation->ref = path[length] && path[length + 1] ? arena_strdup(bulk->arena, path + length + 1) : NULL;
        if (!operation->endpoint || (path[length] && path[length + 1] && !operation->ref))
                return out_of_memory(fault);
        operation->type = schema_set_type_by_endpoint(bulk->schemas, operation->endpoint);
        if (strcmp(operation->endpoint, "Bulk") == 0)
                return refuse(operation, ERR_VALUE, "path", "an operation of Bulk cannot be Bulk itself");
        if (strcmp(operation->endpoint, "Me") == 0)
                return refuse(operation, ERR_NOT_IMPLEMENTED, "path", "/Me is not offered; a connection's token belongs to no person");
        if (!operation->type)
                return refuse(operation, ERR_NOT_FOUND, "path", "there is no such endpoint; \"/Users\" or \"/Groups/{id}\" is expected");
        if ((operation->method == METHOD_POST) == (operation->ref != NULL))
                return refuse(
                        operation, ERR_METHOD, "path", "POST takes the path of an endpoint, PUT, PATCH and DELETE that of a resource");
        return ERR_OK;
}

static enum err check_shape(struct bulk_operation *operation, const json_t *row)
{
        const json_t *data = json_object_get(row, "data");
        if (operation->method == METHOD_NONE)
                return refuse(operation, ERR_METHOD, "method", "POST, PUT, PATCH or DELETE is expected");
        if (operation->method == METHOD_POST && !operation->bulk_id)
                return refuse(operation, ERR_SYNTAX, "bulkId", "POST needs a bulkId");
        if (operation->method != METHOD_DELETE && !json_is_object(data))
                return refuse(operation, ERR_SYNTAX, "data", "an object is expected");
        operation->data = operation->method == METHOD_DELETE ? NULL : data;
        return ERR_OK;
}

/* A text of the row, which may go before the operation does. */
static bool keep_text(const struct bulk *bulk, const char **text)
{
        return !*text || (*text = arena_strdup(bulk->arena, *text));
}

/* What is known of it stands in the answer, whatever is refused of the rest: method and bulkId, and where it is. */
static enum err parse_operation(struct bulk *bulk, size_t index, json_t *row, struct leniency *leniency, struct fault *fault)
{
        static const char *const names[] = { "method", "path", "bulkId", "version", "data", NULL };
        struct bulk_operation *operation = &bulk->operations[index];
        const char *method = NULL, *path = NULL;
        operation->fault = arena_zero(bulk->arena, 1, sizeof(*operation->fault));
        if (!operation->fault)
                return out_of_memory(fault);
        if (!json_is_object(row))
                return refuse(operation, ERR_SYNTAX, "Operations", "an operation must be an object");
        enum err e = spell(row, "an operation of a BulkRequest", names, leniency, operation->fault);
        if (!e)
                e = json_take_text(row, "method", true, &method, operation->fault);
        for (size_t i = 0; !e && i < COUNT_OF(methods); i++)
                if (strcasecmp(methods[i].name, method) == 0)
                        operation->method = methods[i].method;
        if (!e)
                e = json_take_text(row, "bulkId", false, &operation->bulk_id, operation->fault);
        if (!e)
                e = json_take_text(row, "path", true, &path, operation->fault);
        enum err memory = e || operation->method == METHOD_NONE ? ERR_OK : parse_path(bulk, operation, path, fault);
        if (memory)
                return memory;
        if (!e)
                e = json_take_text(row, "version", false, &operation->version, operation->fault);
        if (!keep_text(bulk, &operation->bulk_id) || !keep_text(bulk, &operation->version))
                return out_of_memory(fault);
        if (!e && !operation->refused)
                e = check_shape(operation, row);
        operation->refused = e ? e : operation->refused;
        return ERR_OK;
}

/* ---- who needs whom ---- */

static int compare_names(const void *left, const void *right, void *context)
{
        const struct bulk_operation *operations = context;
        const size_t *l = left, *r = right;
        int order = strcmp(operations[*l].bulk_id, operations[*r].bulk_id);
        return order ? order : (*l > *r) - (*l < *r);
}

static enum err index_names(struct bulk *bulk, struct fault *fault)
{
        bulk->by_bulk_id = arena_zero(bulk->arena, bulk->count + 1, sizeof(size_t));
        if (!bulk->by_bulk_id)
                return out_of_memory(fault);
        for (size_t i = 0; i < bulk->count; i++)
                if (bulk->operations[i].method == METHOD_POST && bulk->operations[i].bulk_id)
                        bulk->by_bulk_id[bulk->named_count++] = i;
        if (bulk->named_count)
                qsort_r(bulk->by_bulk_id, bulk->named_count, sizeof(size_t), compare_names, bulk->operations);
        for (size_t i = 1; i < bulk->named_count; i++) {
                struct bulk_operation *second = &bulk->operations[bulk->by_bulk_id[i]];
                if (strcmp(bulk->operations[bulk->by_bulk_id[i - 1]].bulk_id, second->bulk_id) == 0 && !second->refused)
                        (void)refuse(second, ERR_VALUE, "bulkId", "another POST of this request has the same bulkId");
        }
        return ERR_OK;
}

struct bulk_operation *bulk_find(const struct bulk *bulk, const char *bulk_id)
{
        size_t low = 0, high = bulk->named_count;
        while (low < high) { /* the first of that name */
                size_t middle = (low + high) / 2;
                if (strcmp(bulk->operations[bulk->by_bulk_id[middle]].bulk_id, bulk_id) < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        if (low == bulk->named_count || strcmp(bulk->operations[bulk->by_bulk_id[low]].bulk_id, bulk_id) != 0)
                return NULL;
        return &bulk->operations[bulk->by_bulk_id[low]];
}

struct needing {
        struct bulk *bulk;
        struct bulk_operation *operation;
        size_t room;
};

static enum err add_need(void *context, const char *bulk_id)
{
        struct needing *needing = context;
        struct bulk_operation *operation = needing->operation, *needed = bulk_find(needing->bulk, bulk_id);
        if (!needed) {
                if (!operation->refused)
                        operation->refused = fault_set(
                                operation->fault, ERR_CONFLICT, "bulkId", "no POST of this request has the bulkId \"%.80s\"", bulk_id);
                return ERR_OK;
        }
        if (operation->need_count == needing->room) {
                size_t room = needing->room ? needing->room * 2 : 4;
                size_t *bigger = arena_zero(needing->bulk->arena, room, sizeof(*bigger));
                if (!bigger)
                        return ERR_MEMORY;
                if (operation->need_count)
                        memcpy(bigger, operation->needs, operation->need_count * sizeof(*bigger));
                operation->needs = bigger;
                needing->room = room;
        }
        operation->needs[operation->need_count++] = (size_t)(needed - needing->bulk->operations);
        return ERR_OK;
}

static enum err collect_needs(struct bulk *bulk, struct fault *fault)
{
        for (size_t i = 0; i < bulk->count; i++) {
                struct needing needing = { bulk, &bulk->operations[i], 0 };
                if (needing.operation->refused)
                        continue;
                enum err e = ERR_OK;
                if (needing.operation->ref && strncmp(needing.operation->ref, "bulkId:", 7) == 0)
                        e = add_need(&needing, needing.operation->ref + 7);
                if (!e)
                        e = bulk_each_name(needing.operation->data, bulk->arena, add_need, &needing);
                if (e)
                        return out_of_memory(fault);
        }
        return ERR_OK;
}

/* ---- the order ---- */

struct node {
        size_t number, low, next; /* number UNSEEN: not met yet; next: of its needs */
        bool waits;               /* its circle is not closed yet */
};

struct ordering {
        struct bulk *bulk;
        struct node *nodes;
        size_t *waiting, waiting_count; /* met, circle open */
        size_t *trail, trail_count;     /* from where the walk began to where it is */
        size_t numbers, ordered, circles;
};

static int compare_index(const void *left, const void *right)
{
        const size_t *l = left, *r = right;
        return (*l > *r) - (*l < *r);
}

static void close_circle(struct ordering *ordering, size_t first)
{
        struct bulk *bulk = ordering->bulk;
        size_t start = ordering->ordered, at;
        do {
                at = ordering->waiting[--ordering->waiting_count];
                ordering->nodes[at].waits = false;
                bulk->operations[at].circle = ordering->circles;
                bulk->order[ordering->ordered++] = at;
        } while (at != first);
        size_t size = ordering->ordered - start;
        qsort(bulk->order + start, size, sizeof(size_t), compare_index);
        bool circular = size > 1;
        for (size_t i = 0; i < bulk->operations[first].need_count; i++)
                circular |= bulk->operations[first].needs[i] == first;
        for (size_t i = start; i < ordering->ordered; i++)
                bulk->operations[bulk->order[i]].is_circular = circular;
        ordering->circles++;
}

static void meet(struct ordering *ordering, size_t at)
{
        ordering->nodes[at] = (struct node){ .number = ordering->numbers, .low = ordering->numbers, .waits = true };
        ordering->numbers++;
        ordering->waiting[ordering->waiting_count++] = at;
        ordering->trail[ordering->trail_count++] = at;
}

static void lower(struct node *node, size_t to)
{
        if (to < node->low)
                node->low = to;
}

static void walk_from(struct ordering *ordering, size_t first)
{
        meet(ordering, first);
        while (ordering->trail_count) {
                size_t at = ordering->trail[ordering->trail_count - 1];
                struct node *node = &ordering->nodes[at];
                const struct bulk_operation *operation = &ordering->bulk->operations[at];
                if (node->next < operation->need_count) {
                        size_t needed = operation->needs[node->next++];
                        if (ordering->nodes[needed].number == UNSEEN)
                                meet(ordering, needed);
                        else if (ordering->nodes[needed].waits)
                                lower(node, ordering->nodes[needed].number);
                        continue;
                }
                ordering->trail_count--;
                if (ordering->trail_count)
                        lower(&ordering->nodes[ordering->trail[ordering->trail_count - 1]], node->low);
                if (node->low == node->number)
                        close_circle(ordering, at);
        }
}

static enum err put_in_order(struct bulk *bulk, struct fault *fault)
{
        struct ordering ordering = {
                .bulk = bulk,
                .nodes = arena_zero(bulk->arena, bulk->count + 1, sizeof(struct node)),
                .waiting = arena_zero(bulk->arena, bulk->count + 1, sizeof(size_t)),
                .trail = arena_zero(bulk->arena, bulk->count + 1, sizeof(size_t)),
        };
        bulk->order = arena_zero(bulk->arena, bulk->count + 1, sizeof(size_t));
        if (!ordering.nodes || !ordering.waiting || !ordering.trail || !bulk->order)
                return out_of_memory(fault);
        for (size_t i = 0; i < bulk->count; i++)
                ordering.nodes[i].number = UNSEEN;
        for (size_t i = 0; i < bulk->count; i++)
                if (ordering.nodes[i].number == UNSEEN)
                        walk_from(&ordering, i);
        return ERR_OK;
}

/* ---- the message ---- */

static enum err check_schema(const json_t *message, struct leniency *leniency, struct fault *fault)
{
        const json_t *schemas = json_object_get(message, "schemas");
        size_t i;
        const json_t *urn;
        json_array_foreach ((json_t *)schemas, i, urn) {
                if (json_is_string(urn) && strcasecmp(json_string_value(urn), URN_BULK_REQUEST) == 0)
                        return ERR_OK;
        }
        if (!schemas && leniency_use(leniency, LENIENT_MISSING_SCHEMAS))
                return ERR_OK;
        return fault_set(fault, ERR_SYNTAX, "schemas", "[\"%s\"] is expected", URN_BULK_REQUEST);
}

enum err bulk_parse(json_t *message, const struct schema_set *schemas, struct arena *arena, struct leniency *leniency, struct bulk *ret,
        struct fault *fault)
{
        static const char *const names[] = { "schemas", "failOnErrors", "Operations", NULL };
        enum err e = spell(message, "a BulkRequest", names, leniency, fault);
        const json_t *rows = json_object_get(message, "Operations");
        struct bulk bulk = { .arena = arena, .schemas = schemas, .count = json_array_size(rows) };
        if (!e)
                e = check_schema(message, leniency, fault);
        if (!e)
                e = json_take_i64(message, "failOnErrors", false, 0, &bulk.fail_on_errors, fault);
        if (!e && bulk.fail_on_errors < 0)
                e = fault_set(fault, ERR_VALUE, "failOnErrors", "a number of errors is expected");
        if (!e && !json_is_array(rows))
                e = fault_set(fault, ERR_SYNTAX, "Operations", "a list of operations is expected");
        if (!e && bulk.count > BULK_OPERATIONS_MAX)
                e = fault_set(fault, ERR_TOO_LARGE, "Operations", "%zu operations came; at most %d are taken, see /ServiceProviderConfig",
                        bulk.count, BULK_OPERATIONS_MAX);
        if (e)
                return e;
        bulk.operations = arena_zero(arena, bulk.count + 1, sizeof(*bulk.operations));
        if (!bulk.operations)
                return out_of_memory(fault);
        for (size_t i = 0; !e && i < bulk.count; i++)
                e = parse_operation(&bulk, i, json_array_get(rows, i), leniency, fault);
        if (!e)
                e = index_names(&bulk, fault);
        if (!e)
                e = collect_needs(&bulk, fault);
        if (!e)
                e = put_in_order(&bulk, fault);
        if (!e)
                *ret = bulk;
        return e;
}

void bulk_done(struct bulk *bulk)
{
        for (size_t i = 0; i < bulk->count; i++) {
                json_decref(bulk->operations[i].later);
                bulk->operations[i].later = NULL;
        }
}
