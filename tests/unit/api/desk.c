/* SPDX-License-Identifier: Apache-2.0
 *
 * See desk.h. */
#include "api/desk.h"
#include <fcntl.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "model/document.h"
#include "store/rows.h"

#define SLOT 1

struct desk *desk_open(struct fixture *fixture)
{
        static bool installed;
        if (!installed) {
                json_memory_install();
                log_set_fd(open("/dev/null", O_WRONLY | O_CLOEXEC));
                installed = true;
        }
        struct desk *desk = calloc(1, sizeof *desk);
        assert_non_null(desk);
        desk->fixture = fixture;
        desk->arena = arena_new((size_t)1 << 30);
        desk->timeout_us = 5 * US_PER_S;
        (void)snprintf(desk->paths[0], sizeof desk->paths[0], "%s/master.key", fixture->folder);
        (void)snprintf(desk->paths[1], sizeof desk->paths[1], "%s/checkpoint.pem", fixture->folder);
        static char public_url[] = "https://muster.example", none[] = "";
        desk->settings = (struct settings){
                .public_url = public_url,
                .database = fixture->url,
                .database_password_file = none,
                .master_key_file = desk->paths[0],
                .checkpoint_key_file = desk->paths[1],
                .graph_memory_mib = 64,
                .dns_server = none,
                .domains_recheck_s = 86400,
                .operator_organizations = none,
        };
        const struct install_options install = {
                .settings = &desk->settings,
                .slug = "acme",
                .name = "Acme",
                .admin_email = "owner@acme.example",
        };
        assert_ok(install_init(&install, &desk->installed, &desk->fault));
        const struct directory_options options = { .settings = &desk->settings, .slots = SLOT + 1 };
        /* PostgreSQL lets go of init's lock a moment after init has closed its connection. */
        enum err e = ERR_CONFLICT;
        for (int i = 0; e == ERR_CONFLICT && i < 200; i++) {
                e = directory_open(&options, &desk->directory, &desk->fault);
                if (e == ERR_CONFLICT)
                        (void)usleep(10000);
        }
        assert_ok(e);
        api_use(desk->directory);
        desk->token = desk->installed.api_token.text;
        desk->headers[HEADER_CONTENT_TYPE] = "application/json";
        return desk;
}

static void forget(struct desk *desk)
{
        json_decref(STEAL(desk->json));
        buffer_done(&desk->request.reply.body);
        desk->request = (struct request){ 0 };
}

void desk_close(struct desk *desk)
{
        forget(desk);
        directory_close(desk->directory);
        secret_done(&desk->installed.api_token);
        arena_free(desk->arena);
        free(desk);
}

/* As the server does after the gate. */
static bool admit(struct desk *desk, const struct route *route)
{
        struct request *request = &desk->request;
        enum access_found found;
        if (route->who & WHO_ANYONE)
                return true;
        enum err e = directory_authenticate(desk->directory, SLOT, desk->fixture->reader, desk->token, strlen(desk->token),
                request->deadline_us, &request->actor, &found, &desk->fault);
        if (!e && !(request->actor.kind == ACTOR_IDENTITY && (route->who & WHO_IDENTITY)))
                e = ERR_FORBIDDEN;
        if (e)
                reply_fault(request, e, &desk->fault);
        return !e;
}

int desk_send(struct desk *desk, enum method method, const char *target, const char *body)
{
        const struct route_table tables[] = { api_routes, decision_routes };
        struct request *request = &desk->request;
        enum face face;
        char allow[48] = "";
        forget(desk);
        char *path = arena_strdup(desk->arena, target), *query = strchr(path, '?');
        if (query)
                *query++ = '\0';
        *request = (struct request){
                .arena = desk->arena,
                .method = method,
                .path = arena_strdup(desk->arena, path),
                .query = query ? query : "",
                .body = body ? body : "",
                .body_length = body ? strlen(body) : 0,
                .request_id = "r1",
                .deadline_us = clock_steady_us() + desk->timeout_us,
                .slot = SLOT,
                .worker = desk->on_loop ? NULL : desk->fixture->reader,
        };
        memcpy(request->headers, desk->headers, sizeof request->headers);
        enum err e = route_match(tables, 2, method, path, request, &face, allow);
        if (e)
                return (int)error_row(e)->http_status;
        desk->handled = HANDLED;
        if (admit(desk, request->route))
                desk->handled = request->route->handler(request);
        if (desk->handled == HANDLED_BY_WORKER)
                return 0;
        if (request->reply.body.length)
                assert_ok(json_parse(request->reply.body.data, request->reply.body.length, &desk->json, &desk->fault));
        return request->reply.status;
}

void desk_expect(struct desk *desk, int status, enum method method, const char *target, const char *body, int line)
{
        int came = desk_send(desk, method, target, body);
        if (came != status)
                fail_msg("line %d: %s: %d, not %d: %s", line, target, came, status, desk_body(desk));
}

void desk_blame(struct desk *desk, int status, enum method method, const char *target, const char *body, const char *field, int line)
{
        desk_expect(desk, status, method, target, body, line);
        if (strcmp(desk_text(desk, "field") ? desk_text(desk, "field") : "", field) != 0)
                fail_msg("line %d: %s", line, desk_body(desk));
}

const char *desk_header(const struct desk *desk, const char *name)
{
        for (unsigned i = 0; i < desk->request.reply.header_count; i++)
                if (strcmp(desk->request.reply.headers[i].name, name) == 0)
                        return desk->request.reply.headers[i].value;
        return NULL;
}

const char *desk_body(const struct desk *desk)
{
        return desk->request.reply.body.data ? desk->request.reply.body.data : "";
}

const json_t *desk_value(const struct desk *desk, const char *path)
{
        const json_t *value = desk->json;
        while (value && *path) {
                char name[64];
                size_t length = strcspn(path, ".");
                (void)snprintf(name, sizeof name, "%.*s", (int)length, path);
                value = json_is_array(value) ? json_array_get(value, (size_t)atoi(name)) : json_object_get(value, name);
                path += length + (path[length] == '.');
        }
        return value;
}

const char *desk_text(const struct desk *desk, const char *path)
{
        return json_string_value(desk_value(desk, path));
}

const char *desk_make(struct desk *desk, const char *collection, const char *format, ...)
{
        char body[4096];
        va_list arguments;
        va_start(arguments, format);
        (void)vsnprintf(body, sizeof body, format, arguments);
        va_end(arguments);
        assert_status(desk, 201, METHOD_POST, arena_printf(desk->arena, "/api/v1/%s", collection), body);
        return arena_strdup(desk->arena, desk_text(desk, "id"));
}

int64_t desk_number(struct desk *desk, const char *id)
{
        struct resource_row row;
        assert_ok(resource_load_by_id(desk->fixture->reader, 1, id, desk->arena, &row, &desk->fault));
        return row.no;
}

const char *desk_identity(struct desk *desk, const char *name, const char *role)
{
        if (role)
                (void)desk_make(desk, "identities", "{\"name\":\"%s\",\"role\":\"%s\"}", name, role);
        else
                (void)desk_make(desk, "identities", "{\"name\":\"%s\"}", name);
        return arena_strdup(desk->arena, desk_text(desk, "token"));
}

struct actor desk_connection(struct desk *desk, const char *name)
{
        struct actor actor;
        enum access_found found;
        (void)desk_make(desk, "connections", "{\"name\":\"%s\",\"kind\":\"scim\"}", name);
        const char *token = desk_text(desk, "token");
        assert_ok(directory_authenticate(desk->directory, SLOT, desk->fixture->reader, token, strlen(token),
                clock_steady_us() + 5 * US_PER_S, &actor, &found, &desk->fault));
        return actor;
}

const char *desk_push(
        struct desk *desk, const struct actor *actor, enum change_verb verb, enum resource_kind kind, const char *ref, const char *text)
{
        struct leniency leniency = { 0 };
        struct change change = { .verb = verb, .actor = actor, .ref = ref, .leniency = &leniency, .arena = desk->arena };
        struct query query = { .directory = desk->directory, .session = desk->fixture->reader, .actor = actor, .arena = desk->arena };
        json_auto_t *body = NULL, *document = NULL;
        change.type = resource_type(kind);
        assert_ok(query_schemas(&query, &desk->fault));
        change.schemas_revision = query.schemas->revision;
        if (text) {
                const struct accept how = { .type = change.type, .mode = ACCEPT_REPLACE, .leniency = &leniency, .arena = desk->arena };
                assert_ok(json_parse(text, strlen(text), &body, &desk->fault));
                assert_ok(document_accept(&how, body, &document, &change.edges, &desk->fault));
                change.document = document;
        }
        enum err e = directory_change(desk->directory, &change, &desk->fault);
        if (e)
                fail_msg("%s: %s", text ? text : ref, desk->fault.message);
        return arena_strdup(desk->arena, change.after.resource.id);
}
