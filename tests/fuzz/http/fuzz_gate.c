/* SPDX-License-Identifier: Apache-2.0
 *
 * The gate on raw requests, split into lines as a lenient library would do it. Whatever passes must hold what the headers promise: a
 * decoded path without NUL, empty or dot segments, a query that decodes. The files of tests/hostile are its first corpus. */
#include "http/gate.h"
#include "http/route.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct route rows[] = {
        { .method = METHOD_GET, .pattern = "/thing", .face = FACE_API },
        { .method = METHOD_POST, .pattern = "/{a}/b/{c}", .face = FACE_SCIM },
        { .method = METHOD_NONE },
};
static const struct route_table tables[] = { { rows, "/a", FACE_SCIM } };

static void check(bool holds)
{
        if (!holds)
                abort();
}

static void try_target(struct request *request, const char *raw)
{
        struct target target = { 0 };
        target_parse(&target, raw);
        check(target.path && target.query);
        if (!target.refusal) {
                enum face face = FACE_OPERATIONS;
                char allow[48] = "";
                int64_t number;
                check(target.path[0] == '/' && !strstr(target.path, "//") && !strstr(target.path, "/../") && !strstr(target.path, "/./"));
                check(text_is_utf8(target.path, strlen(target.path)));
                request->query = target.query;
                const char *value = request_query(request, "a");
                check(!value || text_is_utf8(value, strlen(value)));
                check(request_query_i64(request, "n", -5, 5, 0, &number) ? number >= -5 && number <= 5 : true);
                char *path = arena_strdup(request->arena, target.path);
                check(path && route_match(tables, 1, METHOD_GET, path, request, &face, allow) <= ERR_COUNT_OF_CODES);
        }
        target_done(&target);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct request request = { .arena = arena_new((size_t)1 << 20) };
        char *text = arena_text(request.arena, (const char *)data, size < 65536 ? size : 65536);
        struct gate gate;
        char *rest = text, *line = strsep(&rest, "\n");
        char *method = strsep(&line, " "), *raw = line ? strsep(&line, " ") : NULL;
        if (raw)
                try_target(&request, raw);
        gate_begin(&gate, &request, &(struct gate_layout){ .method = method, .url = "", .version = "HTTP/1.1" });
        while (rest && (line = strsep(&rest, "\n")) && *line) {
                size_t length = strcspn(line, "\r");
                line[length] = '\0';
                char *value = line;
                char *name = strsep(&value, ":");
                if (!value || !gate_header(&gate, name, strlen(name), value + strspn(value, " \t"), strlen(value + strspn(value, " \t"))))
                        break;
        }
        if (gate_end(&gate)) {
                check(gate.host && gate_is_authority(gate.host) && gate_same_authority(gate.host, gate.host, "http"));
                check(!(gate.content_length && gate.transfer_encoding));
        }
        arena_free(request.arena);
        return 0;
}
