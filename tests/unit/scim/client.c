/* SPDX-License-Identifier: Apache-2.0
 *
 * See client.h. */
#include "scim/client.h"
#include <ctype.h>
#include <strings.h>
#include "base/clock.h"

struct client *client_open(struct fixture *fixture, const char *profile)
{
        struct client *client = calloc(1, sizeof *client);
        assert_non_null(client);
        client->house = house_open(fixture);
        house_do(client->house, &client->house->admin, CHANGE_CREATE, KIND_CONNECTION, NULL,
                "{\"name\":\"idp\",\"kind\":\"scim\",\"profile\":\"%s\"}", profile);
        client->actor = house_actor(client->house, client->house->token);
        scim_use(client->house->directory);
        return client;
}

static void forget(struct client *client)
{
        json_decref(client->json);
        free(client->text);
        client->json = NULL;
        client->text = NULL;
}

void client_close(struct client *client)
{
        forget(client);
        house_close(client->house);
        free(client);
}

static void judge_error(const struct client *client)
{
        char status[16];
        (void)snprintf(status, sizeof status, "%d", client->reply.status);
        assert_non_null(client->json);
        assert_string_equal(client_text(client, "schemas/0"), "urn:ietf:params:scim:api:messages:2.0:Error");
        assert_string_equal(client_text(client, "status"), status);
        assert_non_null(client_text(client, "detail"));
}

static void judge(const struct client *client)
{
        int status = client->reply.status;
        assert_true(status >= 200 && status < 600 && status != 500);
        assert_int_equal(*client->text == 0, status == 204 || status == 304);
        if (*client->text)
                assert_string_equal(client->media_type, SCIM_MEDIA_TYPE);
        if (status >= 400)
                judge_error(client);
}

static enum handled run(struct client *client, struct request *request)
{
        void (*between)(struct client *) = STEAL(client->between);
        if (!between)
                return route_run(request);
        enum handled handled = request->route->handler(request);
        assert_int_equal(handled, HANDLED_LATER);
        between(client);
        forget(client);
        request->finish(request);
        return HANDLED;
}

int client_call(struct client *client, enum method method, const char *target, const char *body)
{
        struct arena *arena = client->house->arena;
        const char *query = strchr(target, '?');
        size_t length = query ? (size_t)(query - target) : strlen(target);
        char *path = arena_printf(arena, SCIM_BASE "%.*s", (int)length, target), *split = arena_strdup(arena, path);
        struct request request = {
                .arena = arena,
                .method = method,
                .path = path,
                .query = query ? query + 1 : "",
                .body = body ? body : "",
                .body_length = body ? strlen(body) : 0,
                .actor = client->actor,
                .request_id = "test",
                .deadline_us = clock_steady_us() + 20 * US_PER_S,
                .worker = client->house->fixture->reader,
        };
        memcpy(request.headers, client->headers, sizeof request.headers);
        memset(client->headers, 0, sizeof client->headers);
        enum face face = FACE_SCIM;
        char allow[48];
        forget(client);
        enum err e = route_match(&scim_routes, 1, method, split, &request, &face, allow);
        assert_int_equal(face, FACE_SCIM);
        if (e)
                fail_msg("no route for %s: %s", target, error_row(e)->name);
        assert_int_equal(run(client, &request), HANDLED);
        client->route = request.route;
        client->reply = request.reply;
        client->media_type = request.reply.content_type;
        client->note = request.log_note;
        client->text = strndup(request.reply.body.data ? request.reply.body.data : "", request.reply.body.length);
        buffer_done(&request.reply.body);
        struct fault fault = { 0 };
        if (*client->text)
                assert_ok(json_parse(client->text, strlen(client->text), &client->json, &fault));
        judge(client);
        const char *id = json_string_value(json_object_get(client->json, "id"));
        (void)snprintf(client->id, sizeof client->id, "%s", id ? id : "");
        return client->reply.status;
}

int client_get(struct client *client, const char *format, ...)
{
        char target[1024];
        va_list arguments;
        va_start(arguments, format);
        (void)vsnprintf(target, sizeof target, format, arguments);
        va_end(arguments);
        return client_call(client, METHOD_GET, target, NULL);
}

const char *client_header(const struct client *client, const char *name)
{
        for (unsigned i = 0; i < client->reply.header_count; i++)
                if (strcasecmp(client->reply.headers[i].name, name) == 0)
                        return client->reply.headers[i].value;
        return "";
}

const json_t *client_at(const struct client *client, const char *path)
{
        const json_t *at = client->json;
        while (at && *path) {
                size_t length = strcspn(path, "/");
                char key[160];
                (void)snprintf(key, sizeof key, "%.*s", (int)length, path);
                at = json_is_array(at) ? json_array_get(at, strtoul(key, NULL, 10)) : json_object_get(at, key);
                path += length + (path[length] == '/');
        }
        return at;
}

const char *client_text(const struct client *client, const char *path)
{
        return json_string_value(client_at(client, path));
}

int64_t client_number(const struct client *client, const char *path)
{
        assert_true(json_is_integer(client_at(client, path)));
        return json_integer_value(client_at(client, path));
}

/* ---- golden files ---- */

struct ids {
        char list[64][UUID_TEXT_SIZE];
        size_t count;
};

static size_t id_number(struct ids *ids, const char *text)
{
        for (size_t i = 0; i < ids->count; i++)
                if (memcmp(ids->list[i], text, UUID_TEXT_SIZE - 1) == 0)
                        return i + 1;
        assert_true(ids->count < COUNT_OF(ids->list));
        memcpy(ids->list[ids->count], text, UUID_TEXT_SIZE - 1);
        return ++ids->count;
}

#define CURSOR_WORD "\"nextCursor\": \""

/* Digits of a version follow W/" (escaped in bodies, plain in headers). */
static size_t version_length(const char *text)
{
        size_t begin = strncmp(text, "W/\\\"", 4) == 0 ? 4 : strncmp(text, "W/\"", 3) == 0 ? 3 : 0;
        return begin && isdigit((unsigned char)text[begin]) ? begin : 0;
}

static void put_stable(FILE *file, struct ids *ids, const char *text)
{
        int64_t time_us;
        char time[25] = "";
        while (*text) {
                size_t version = version_length(text);
                (void)snprintf(time, sizeof time, "%.24s", text);
                if (strlen(text) >= UUID_TEXT_SIZE - 1 && ident_is_uuid(text, UUID_TEXT_SIZE - 1)) {
                        (void)fprintf(file, "<id-%zu>", id_number(ids, text));
                        text += UUID_TEXT_SIZE - 1;
                } else if (strlen(time) == 24 && clock_parse(time, &time_us)) {
                        (void)fputs("<time>", file);
                        text += 24;
                } else if (strncmp(text, CURSOR_WORD, sizeof CURSOR_WORD - 1) == 0) {
                        (void)fputs(CURSOR_WORD "<cursor>", file);
                        text += strcspn(text + sizeof CURSOR_WORD - 1, "\"") + sizeof CURSOR_WORD - 1;
                } else if (version) {
                        (void)fprintf(file, "%.*s<version>", (int)version, text);
                        text += version + strspn(text + version, "0123456789");
                } else {
                        (void)fputc(*text++, file);
                }
        }
}

char *client_stable(const struct client *client)
{
        char *got;
        size_t size;
        struct ids ids = { .count = 0 };
        FILE *file = open_memstream(&got, &size);
        assert_non_null(file);
        (void)fprintf(file, "%d\n", client->reply.status);
        for (unsigned i = 0; i < client->reply.header_count; i++) {
                if (strcasecmp(client->reply.headers[i].name, "Muster-Revision") == 0)
                        continue;
                (void)fprintf(file, "%s: ", client->reply.headers[i].name);
                put_stable(file, &ids, client->reply.headers[i].value);
                (void)fputc('\n', file);
        }
        json_free_t give;
        json_get_alloc_funcs(NULL, &give);
        char *body = client->json ? json_dumps(client->json, JSON_INDENT(2)) : NULL;
        if (body)
                put_stable(file, &ids, body);
        (void)fputc('\n', file);
        give(body);
        (void)fclose(file);
        return got;
}

void client_golden(struct client *client, const char *name)
{
        char path[128], *got = client_stable(client), expected[1 << 17] = "";
        (void)snprintf(path, sizeof path, "tests/golden/scim/%s", name);
        FILE *file = fopen(path, getenv("MUSTER_GOLDEN_UPDATE") ? "w" : "r");
        if (file && getenv("MUSTER_GOLDEN_UPDATE"))
                (void)fputs(got, file);
        else if (file)
                expected[fread(expected, 1, sizeof expected - 1, file)] = 0;
        if (file)
                (void)fclose(file);
        if (!getenv("MUSTER_GOLDEN_UPDATE") && strcmp(expected, got) != 0)
                fail_msg("%s differs; it should be:\n%s", path, got);
        free(got);
}
