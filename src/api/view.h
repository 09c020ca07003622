/* SPDX-License-Identifier: Apache-2.0
 *
 * A resource as the management API shows it: the header's fields, then the stored document as it stands, then what belongs to the kind. */
#ifndef API_VIEW_H
#define API_VIEW_H

#include "directory/change.h"
#include "directory/query.h"

/* Somebody named in a resource: source, principal, scope. `id` NULL: not there any more. */
struct party {
        int64_t no;
        enum resource_kind kind;
        const char *id, *name;
};
#define PARTIES_KEPT 8
/* Zero but for `query`: what a page names again and again is read once. */
struct view {
        const struct query *query;
        struct party parties[PARTIES_KEPT];
        unsigned next;
        int64_t break_glass[BREAK_GLASS_MAX]; /* of the root */
        size_t break_glass_count;
        bool break_glass_known;
        const struct change *done; /* what was just done to the resource, perhaps as a dry run; NULL: nothing */
};

/* Writes the object without its closing brace, so that the caller may add members. */
enum err view_open(struct view *view, const struct resource_row *row, struct buffer *into, struct fault *fault) MUST_USE;
enum err view_resource(struct view *view, const struct resource_row *row, struct buffer *into, struct fault *fault) MUST_USE;
/* The name people know it by (userName, displayName, slug, name), in the arena; "" when the document has none. */
enum err view_name(
        struct arena *arena, enum resource_kind kind, const char *doc, size_t length, const char **ret, struct fault *fault) MUST_USE;
enum err view_party(struct view *view, int64_t no, struct party *ret, struct fault *fault) MUST_USE;

/* ,"name":"text" — `text` NULL: null. */
void view_text(struct buffer *into, const char *name, const char *text);
/* ,"name":"2026-11-21T05:06:07.123Z" — 0: null. */
void view_time(struct buffer *into, const char *name, int64_t time_us);
void view_number(struct buffer *into, const char *name, int64_t number);
/* ,"source":"local" or the connection's id. */
enum err view_source(struct view *view, int64_t source_no, struct buffer *into, struct fault *fault) MUST_USE;
/* ,"rule":id of the mapping rule that gave it, null once that is deleted; nothing for 0. */
enum err view_rule(struct view *view, int64_t rule_no, struct buffer *into, struct fault *fault) MUST_USE;

#endif
