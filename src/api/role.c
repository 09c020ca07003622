/* SPDX-License-Identifier: Apache-2.0
 *
 * Roles as a read-only collection: the built-in ones, in the order of schemas/permissions.json. Their id is "<level>:<slug>", for they are
 * no rows and have no UUID. */
#include <string.h>
#include "base/clock.h"
#include "base/text.h"
#include "call.h"
#include "view.h"

static const char *level_name(enum permission_level level)
{
        return level == LEVEL_PROJECT ? "project" : "organization";
}

static bool has_id(const struct builtin_role *role, const char *ref)
{
        const char *level = level_name(role->level);
        size_t length = strlen(level);
        return strncmp(ref, level, length) == 0 && ref[length] == ':' && strcmp(ref + length + 1, role->slug) == 0;
}

static void put_permissions(const struct permission_set *set, struct buffer *into)
{
        bool first = true;
        BUFFER_LITERAL(into, ",\"permissions\":[");
        for (int permission = 0; permission < permission_count(); permission++) {
                enum permission_level level;
                if (!permission_set_has(set, permission))
                        continue;
                const char *name = permission_name(permission, &level);
                if (!first)
                        buffer_putc(into, ',');
                first = false;
                buffer_put_json(into, name, strlen(name));
        }
        buffer_putc(into, ']');
}

static void put_role(const struct builtin_role *role, struct buffer *into)
{
        BUFFER_LITERAL(into, "{\"id\":\"");
        buffer_puts(into, level_name(role->level));
        buffer_putc(into, ':');
        buffer_puts(into, role->slug);
        buffer_putc(into, '"');
        view_text(into, "kind", "role");
        BUFFER_LITERAL(into, ",\"active\":true");
        view_text(into, "source", "builtin");
        view_text(into, "slug", role->slug);
        view_text(into, "name", role->name);
        view_text(into, "level", level_name(role->level));
        view_text(into, "description", role->description);
        put_permissions(&role->allow, into);
        buffer_putc(into, '}');
}

static enum err need_read(const struct call *call, struct fault *fault)
{
        return query_need(&call->query, call->query.actor->org_no, LEVEL_ORGANIZATION, call->type->subject, "read", fault);
}

/* All on one page: they are few. */
enum err role_list_answer(const struct call *call, struct fault *fault)
{
        int limit, shown = 0;
        int64_t after_no;
        const char *name = request_query(call->request, "name");
        enum err e = call_page(call, KIND_ROLE, &limit, &after_no, fault);
        if (!e)
                e = need_read(call, fault);
        if (e)
                return e;
        const struct builtin_role *roles;
        size_t count = builtin_role_list(&roles);
        struct buffer *body = &call->request->reply.body;
        BUFFER_LITERAL(body, "{\"items\":[");
        for (size_t i = 0; i < count; i++) {
                if (name && !text_equal_ascii_nocase(name, roles[i].slug))
                        continue;
                if (shown++)
                        buffer_putc(body, ',');
                put_role(&roles[i], body);
        }
        BUFFER_LITERAL(body, "],\"next_cursor\":\"\"");
        view_number(body, "total", shown);
        buffer_putc(body, '}');
        reply_json(call->request, 200, JSON_TYPE);
        return ERR_OK;
}

enum err role_get_answer(const struct call *call, struct fault *fault)
{
        enum err e = need_read(call, fault);
        if (e)
                return e;
        const struct builtin_role *roles, *found = NULL;
        size_t count = builtin_role_list(&roles);
        for (size_t i = 0; i < count; i++) {
                if (has_id(&roles[i], call->ref)) {
                        found = &roles[i];
                        break;
                }
                if (!text_equal_ascii_nocase(call->ref, roles[i].slug))
                        continue;
                if (found)
                        return fault_set(fault, ERR_CONFLICT, "", "\"%.64s\" is ambiguous: organization:%s and project:%s", call->ref,
                                found->slug, found->slug);
                found = &roles[i];
        }
        if (!found)
                return fault_set(fault, ERR_NOT_FOUND, "", "there is no role \"%.64s\"", call->ref);
        put_role(found, &call->request->reply.body);
        reply_json(call->request, 200, JSON_TYPE);
        return ERR_OK;
}

static size_t size_of(const struct permission_set *set)
{
        size_t size = 0;
        for (int permission = 0; permission < permission_count(); permission++)
                size += permission_set_has(set, permission);
        return size;
}

const struct builtin_role *role_of_caller(const struct call *call)
{
        struct permission_set held = { 0 };
        for (int permission = 0; permission < permission_count(); permission++) {
                enum permission_level level;
                const char *name = permission_name(permission, &level);
                bool holds = false;
                if (name && level == LEVEL_ORGANIZATION &&
                        access_holds(call->query.directory->access, call->query.slot, call->query.actor->root_no, call->query.actor->no,
                                call->query.actor->org_no, permission, clock_now_us(), &holds) == ACCESS_FOUND &&
                        holds)
                        permission_set_add(&held, permission);
        }
        const struct builtin_role *roles, *best = NULL;
        size_t count = builtin_role_list(&roles);
        for (size_t i = 0; i < count; i++)
                if (roles[i].level == LEVEL_ORGANIZATION && permission_set_contains(&held, &roles[i].allow, NULL) &&
                        (!best || size_of(&roles[i].allow) > size_of(&best->allow)))
                        best = &roles[i];
        return best;
}
