/* SPDX-License-Identifier: Apache-2.0
 *
 * Matching a path against the route tables. The path is split once; every row is compared segment by segment; of several matching rows
 * the one with a literal furthest to the left wins, so the order of rows never matters. */
#include "http/route.h"

#include <stdio.h>
#include <string.h>

#define SEGMENTS_MAX 16

struct segments {
        char *text[SEGMENTS_MAX];
        size_t length[SEGMENTS_MAX];
        unsigned count;
};

static const char *const method_names[] = {
        [METHOD_GET] = "GET", [METHOD_POST] = "POST", [METHOD_PUT] = "PUT", [METHOD_PATCH] = "PATCH", [METHOD_DELETE] = "DELETE"
};

/* "/a/b" -> "a", "b"; "/" -> "". False: too many segments for any route. */
static bool path_split(char *path, struct segments *ret)
{
        ret->count = 0;
        for (char *at = path; *at == '/';) {
                if (ret->count == SEGMENTS_MAX)
                        return false;
                size_t length = strcspn(++at, "/");
                ret->text[ret->count] = at;
                ret->length[ret->count++] = length;
                at += length;
        }
        return true;
}

/* The pattern after a literal that equals the segment; NULL: it does not. */
static const char *match_literal(const char *pattern, const char *segment, size_t length)
{
        size_t same = 0;
        while (same < length && pattern[same] == segment[same])
                same++;
        return same == length && (pattern[same] == '/' || pattern[same] == '\0') ? pattern + same : NULL;
}

/* One bit a segment, the first one highest, set for a literal; 0: no match. The lowest bit says "matches". */
static unsigned match_rank(const char *pattern, const struct segments *segments)
{
        unsigned rank = 1, i = 0;
        for (; *pattern == '/'; i++) {
                pattern++;
                if (i == segments->count)
                        return 0;
                if (*pattern == '{') {
                        if (segments->length[i] == 0)
                                return 0;
                        while (*pattern && *pattern != '/')
                                pattern++;
                        continue;
                }
                pattern = match_literal(pattern, segments->text[i], segments->length[i]);
                if (!pattern)
                        return 0;
                rank |= 1u << (SEGMENTS_MAX - i);
        }
        return i == segments->count ? rank : 0;
}

static void params_fill(struct request *request, const char *pattern, const struct segments *segments)
{
        request->param_count = 0;
        for (unsigned i = 0; *pattern == '/' && i < segments->count; i++) {
                size_t length = strcspn(++pattern, "/");
                if (pattern[0] == '{' && request->param_count < ROUTE_PARAMS_MAX)
                        request->params[request->param_count++] = segments->text[i];
                pattern += length;
        }
        for (unsigned i = 0; i < segments->count; i++)
                segments->text[i][segments->length[i]] = '\0';
}

static bool prefix_covers(const char *prefix, const char *path)
{
        size_t length = strlen(prefix);
        return strncmp(path, prefix, length) == 0 && (length == 0 || path[length] == '/' || path[length] == '\0');
}

static enum face face_of(const struct route_table *tables, size_t count, const char *path)
{
        enum face face = FACE_OPERATIONS;
        size_t longest = 0;
        for (size_t i = 0; i < count; i++) {
                size_t length = strlen(tables[i].prefix);
                if (length >= longest && prefix_covers(tables[i].prefix, path)) {
                        longest = length;
                        face = tables[i].face;
                }
        }
        return face;
}

static void allow_format(unsigned methods, char allow[48])
{
        size_t at = 0;
        for (unsigned method = METHOD_GET; method <= METHOD_DELETE; method++) {
                if (!(methods & 1u << method))
                        continue;
                int length = snprintf(allow + at, 48 - at, "%s%s", at ? ", " : "", method_names[method]);
                at += (size_t)length;
        }
}

enum err route_match(const struct route_table *tables, size_t count, enum method method, char *path, struct request *request,
        enum face *ret_face, char allow[48])
{
        struct segments segments;
        const struct route *best = NULL, *other = NULL;
        unsigned best_rank = 0, other_rank = 0, methods = 0;
        bool fits = path_split(path, &segments);
        char first = segments.count ? *segments.text[0] : '\0';
        for (size_t i = 0; fits && i < count; i++) {
                for (const struct route *row = tables[i].rows; row->method != METHOD_NONE; row++) {
                        bool may_fit = row->pattern[1] == first || row->pattern[1] == '{'; /* most rows are of other faces */
                        unsigned rank = may_fit ? match_rank(row->pattern, &segments) : 0;
                        if (rank == 0)
                                continue;
                        if (row->method == method && rank > best_rank) {
                                best = row;
                                best_rank = rank;
                        }
                        if (rank > other_rank) {
                                other = row;
                                other_rank = rank;
                                methods = 0;
                        }
                        if (rank == other_rank && !(row->flags & ROUTE_REFUSES))
                                methods |= 1u << row->method;
                }
        }
        /* "/x/{id}" must not answer for "/x/search" when only the latter's row lacks the method. */
        if (best && best_rank == other_rank) {
                params_fill(request, best->pattern, &segments);
                request->route = best;
                *ret_face = best->face;
                return ERR_OK;
        }
        if (!other) {
                *ret_face = face_of(tables, count, path);
                return ERR_NOT_FOUND;
        }
        *ret_face = other->face;
        allow_format(methods, allow);
        return ERR_METHOD;
}

enum handled route_run(struct request *request)
{
        enum handled handled = request->route->handler(request);
        if (handled != HANDLED_LATER)
                return handled;
        request->finish(request);
        return HANDLED;
}
