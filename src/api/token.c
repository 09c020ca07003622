/* SPDX-License-Identifier: Apache-2.0
 *
 * See token.h. */
#include "token.h"

#include <string.h>
#include "base/auto.h"

#define TOKENS_MAX 16 /* a connection has two, an identity one */

static const struct {
        const char *name;
        unsigned scope;
} scopes[] = { { "users", SCOPE_USERS }, { "groups", SCOPE_GROUPS }, { "read", SCOPE_READ_ONLY } };

unsigned scope_find(const char *name)
{
        for (size_t i = 0; name && i < COUNT_OF(scopes); i++)
                if (strcmp(scopes[i].name, name) == 0)
                        return scopes[i].scope;
        return 0;
}

static void put_scopes(struct buffer *into, unsigned held)
{
        bool any = false;
        BUFFER_LITERAL(into, ",\"scopes\":[");
        for (size_t i = 0; i < COUNT_OF(scopes); i++) {
                if (!(held & scopes[i].scope))
                        continue;
                buffer_printf(into, any ? ",\"%s\"" : "\"%s\"", scopes[i].name);
                any = true;
        }
        buffer_putc(into, ']');
}

enum err view_tokens(struct view *view, const struct resource_row *owner, struct buffer *into, struct fault *fault)
{
        struct credential_row rows[TOKENS_MAX];
        size_t count = 0;
        enum err e = query_tokens(view->query, owner->no, rows, TOKENS_MAX, &count, fault);
        if (e)
                return e;
        BUFFER_LITERAL(into, ",\"tokens\":[");
        for (size_t i = 0; i < count; i++) {
                buffer_puts(into, i ? ",{\"id\":\"" : "{\"id\":\"");
                buffer_put_i64(into, rows[i].no);
                buffer_putc(into, '"');
                view_time(into, "created_at", rows[i].created_us);
                view_time(into, "expires_at", rows[i].expires_us);
                view_time(into, "last_used_at", rows[i].last_used_us);
                if (owner->kind == KIND_CONNECTION)
                        put_scopes(into, rows[i].scopes);
                buffer_putc(into, '}');
        }
        buffer_putc(into, ']');
        return buffer_check(into, fault);
}
