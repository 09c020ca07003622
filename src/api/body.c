/* SPDX-License-Identifier: Apache-2.0
 *
 * What comes in beside attributes: keys of a body that belong to the operation, not to the resource, flags, and the paging of lists. An
 * unknown key is refused with the nearest known one, never ignored. */
#include "call.h"
#include "cursor.h"
#include "token.h"

#include <string.h>
#include "base/auto.h"
#include "base/text.h"

#define OF(kind) (1u << (kind))

/* Attributes of the type win: `organization` of a project is one and stays in the document. */
struct extra {
        const char *name;
        unsigned verbs; /* OF(CHANGE_…) */
        unsigned kinds; /* OF(KIND_…) */
        enum err (*take)(
                const struct call *call, const json_t *body, const struct extra *extra, struct change *change, struct fault *fault);
        size_t offset; /* in struct change */
};

static enum err take_text(
        const struct call *call, const json_t *body, const struct extra *extra, struct change *change, struct fault *fault)
{
        const char *text;
        enum err e = json_take_text(body, extra->name, true, &text, fault);
        if (e)
                return e;
        const char *kept = arena_strdup(call->query.arena, text);
        if (!kept)
                return call_memory(fault);
        memcpy((char *)change + extra->offset, &kept, sizeof(kept));
        return ERR_OK;
}

static enum err take_number(
        const struct call *call, const json_t *body, const struct extra *extra, struct change *change, struct fault *fault)
{
        int64_t number;
        enum err e = json_take_i64(body, extra->name, true, 0, &number, fault);
        if (e)
                return e;
        if (number < 1)
                return fault_set(fault, ERR_VALUE, extra->name, "\"%s\" must be a positive number of seconds", extra->name);
        memcpy((char *)change + extra->offset, &number, sizeof(number));
        return ERR_OK;
}

/* "read" alone means all there is, but for reading; a list that names nothing would be a token for nothing. */
static enum err take_scopes(
        const struct call *call, const json_t *body, const struct extra *extra, struct change *change, struct fault *fault)
{
        const json_t *list = json_object_get(body, extra->name), *value;
        unsigned scopes = 0;
        size_t i;
        json_array_foreach ((json_t *)list, i, value) {
                unsigned scope = scope_find(json_string_value(value));
                if (!scope)
                        return fault_set(fault, ERR_VALUE, extra->name,
                                "\"%.32s\" is no scope; there are \"users\", \"groups\" and \"read\"",
                                json_is_string(value) ? json_string_value(value) : json_type_name(value));
                scopes |= scope;
        }
        if (!scopes)
                return fault_set(fault, ERR_VALUE, extra->name, "a list of \"users\", \"groups\" and \"read\" is expected");
        if (!(scopes & ~SCOPE_READ_ONLY))
                scopes |= SCOPE_USERS | SCOPE_GROUPS;
        memcpy((char *)change + extra->offset, &scopes, sizeof(scopes));
        return ERR_OK;
}

static enum err take_break_glass(
        const struct call *call, const json_t *body, const struct extra *extra, struct change *change, struct fault *fault)
{
        const json_t *mark = json_object_get(body, extra->name);
        (void)call;
        if (!json_is_boolean(mark))
                return fault_set(fault, ERR_VALUE, extra->name, "\"%s\" is true or false", extra->name);
        change->break_glass = json_is_true(mark) ? BREAK_GLASS_MARK : BREAK_GLASS_UNMARK;
        return ERR_OK;
}

static enum err take_bool(
        const struct call *call, const json_t *body, const struct extra *extra, struct change *change, struct fault *fault)
{
        const json_t *value = json_object_get(body, extra->name);
        bool wanted = json_is_true(value);
        (void)call;
        if (!json_is_boolean(value))
                return fault_set(fault, ERR_VALUE, extra->name, "%s must be true or false, not %s", extra->name, json_type_name(value));
        memcpy((char *)change + extra->offset, &wanted, sizeof(wanted));
        return ERR_OK;
}

static const struct extra extras[] = {
        { "role", OF(CHANGE_CREATE), OF(KIND_IDENTITY), take_text, offsetof(struct change, role) },
        { "organization", OF(CHANGE_CREATE), OF(KIND_CONNECTION) | OF(KIND_UPSTREAM), take_text, offsetof(struct change, organization) },
        { "ttl_s", OF(CHANGE_CREATE) | OF(CHANGE_ROTATE), OF(KIND_IDENTITY) | OF(KIND_CONNECTION), take_number,
                offsetof(struct change, ttl_s) },
        { "scopes", OF(CHANGE_CREATE) | OF(CHANGE_ROTATE), OF(KIND_CONNECTION), take_scopes, offsetof(struct change, scopes) },
        { "break_glass", OF(CHANGE_CREATE) | OF(CHANGE_MERGE), OF(KIND_USER), take_break_glass, 0 },
        { "operator_verified", OF(CHANGE_CREATE), OF(KIND_DOMAIN), take_bool, offsetof(struct change, operator_verified) },
};

static bool belongs(const struct extra *extra, const struct call *call, const struct change *change)
{
        return (extra->verbs & OF(change->verb)) && (extra->kinds & OF(call->type->kind));
}

/* An extra misspelt: document_accept, which judges all other keys, cannot name it. */
static enum err check_misspelt(const struct call *call, const json_t *body, const struct change *change, struct fault *fault)
{
        const char *names[COUNT_OF(extras) + 1] = { NULL }, *key;
        size_t count = 0;
        json_t *value;
        for (size_t i = 0; i < COUNT_OF(extras); i++)
                if (belongs(&extras[i], call, change))
                        names[count++] = extras[i].name;
        json_object_foreach ((json_t *)body, key, value) {
                bool known = attribute_find(call->type->core->attributes, key, strlen(key)) ||
                             attribute_find(attribute_common(), key, strlen(key));
                const char *nearest = known ? NULL : text_nearest(key, names);
                if (nearest)
                        return fault_set(fault, ERR_VALUE, key, "there is no field \"%.64s\"; did you mean \"%s\"?", key, nearest);
        }
        return ERR_OK;
}

enum err call_take_extras(const struct call *call, json_t *body, struct change *change, struct fault *fault)
{
        for (size_t i = 0; i < COUNT_OF(extras); i++) {
                const struct extra *extra = &extras[i];
                if (!belongs(extra, call, change) || !json_object_get(body, extra->name))
                        continue;
                enum err e = extra->take(call, body, extra, change, fault);
                if (e)
                        return e;
                (void)json_object_del(body, extra->name);
        }
        return check_misspelt(call, body, change, fault);
}

/* `known`: names with spaces between them. */
static bool is_named(const char *known, const char *key)
{
        size_t length = strlen(key);
        for (const char *at = known; *at; at += strcspn(at, " "), at += *at == ' ')
                if (length == strcspn(at, " ") && memcmp(at, key, length) == 0)
                        return true;
        return false;
}

enum err call_check_keys(const json_t *body, const char *known, struct fault *fault)
{
        const char *key;
        json_t *value;
        json_object_foreach ((json_t *)body, key, value)
                if (!is_named(known, key))
                        return fault_set(fault, ERR_VALUE, key, "there is no field \"%.64s\" here, only \"%s\"", key, known);
        return ERR_OK;
}

enum err call_take_only(const struct call *call, const char *known, json_t **ret, struct fault *fault)
{
        json_auto_t *body = NULL;
        enum err e = call_take_body(call, &body, fault);
        if (!e)
                e = call_check_keys(body, known, fault);
        if (e)
                return e;
        *ret = STEAL(body);
        return ERR_OK;
}

enum err call_check_empty(const struct call *call, struct fault *fault)
{
        json_auto_t *body = NULL;
        enum err e = call_take_body(call, &body, fault);
        const char *key = e ? NULL : json_object_iter_key(json_object_iter(body));
        return key ? fault_set(fault, ERR_VALUE, key, "there is no field \"%.64s\" here: nothing is asked for", key) : e;
}

enum err call_flag(const struct call *call, const char *name, bool *ret, struct fault *fault)
{
        const char *text = request_query(call->request, name);
        if (text && *text && strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
                return fault_set(fault, ERR_VALUE, name, "%s is true or false", name);
        *ret = text && strcmp(text, "false") != 0;
        return ERR_OK;
}

enum err call_page(const struct call *call, enum resource_kind kind, int *ret_limit, int64_t *ret_after_no, struct fault *fault)
{
        int64_t limit, after_no = 0;
        if (!request_query_i64(call->request, "limit", 1, LIST_LIMIT_MAX, LIST_LIMIT_DEFAULT, &limit))
                return fault_set(fault, ERR_COUNT, "limit", "limit must be a number from 1 to %d", LIST_LIMIT_MAX);
        const char *cursor = request_query(call->request, "cursor");
        enum err e = cursor && *cursor ? list_cursor_parse(cursor, kind, &after_no, fault) : ERR_OK;
        if (e)
                return e;
        *ret_limit = (int)limit;
        *ret_after_no = after_no;
        return ERR_OK;
}
