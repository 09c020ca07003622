/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of this face share: one request in hand, with its reader, its type and the leniencies it has used. */
#ifndef SCIM_SCIM_REQUEST_H
#define SCIM_SCIM_REQUEST_H

#include "base/auto.h"
#include "directory/change.h"
#include "directory/query.h"
#include "http/request.h"
#include "model/select.h"
#include "scim/scim.h"

#define SCIM_MEDIA_TYPE "application/scim+json"
#define PAGE_DEFAULT 100
#define PAGE_MAX 1000

struct scim {
        struct request *request;
        struct query query;
        const struct resource_type *type;
        const struct selection *selection; /* NULL: the default view */
        struct leniency leniency;
        const char *outcome; /* what the log says of writes that did less than they said (R3, R14); NULL: nothing */
        struct fault fault;
};

struct directory *scim_directory(void);

/* Fills the query; there is no type yet. */
enum err scim_open(struct scim *scim, struct request *request) MUST_USE;
bool scim_may_reach(const struct scim *scim, const struct resource_type *type);
/* Makes the type of an endpoint ("Users") the one in hand and checks the token's scope. ERR_NOT_FOUND: no such endpoint. */
enum err scim_enter(struct scim *scim, const char *endpoint) MUST_USE;
/* Both; {type} is the first parameter of the route. */
enum err scim_begin(struct scim *scim, struct request *request) MUST_USE;
/* Reads the connection's profile into leniency.strict, then attributes= and excludedAttributes=. For writes and lists. */
enum err scim_profile(struct scim *scim) MUST_USE;
enum err scim_selection(struct scim *scim) MUST_USE;
/* The body as an object; new reference. `ret_lists` not NULL: it is a PATCH of scim->type, whose members go there (patch_read). */
enum err scim_body(struct scim *scim, struct patch_lists *ret_lists, json_t **ret) MUST_USE;
/* Sends a refusal, and says which leniencies were used in the log line. */
enum handled scim_refuse(struct scim *scim, enum err e);
/* The leniencies used and the outcome, for the log. */
void scim_note_leniencies(struct scim *scim);
void scim_revision(struct scim *scim, const struct change *change);

/* ---- write.c ---- */
struct write {
        enum method method;   /* POST, PUT, PATCH, DELETE */
        const char *ref;      /* NULL with POST */
        const char *if_match; /* NULL: none */
        const json_t *body;   /* NULL with DELETE */
        struct patch_lists lists; /* of the body of a PATCH */
        bool alone;           /* touches more than 500 rows */
};
/* A write on its way: begin it, hand `change` to the directory, and end it with what that said, whatever it was. */
struct writing {
        struct change change;
        const struct resource_type *type;
        json_t *document;
};
enum err scim_writing_begin(struct scim *scim, const struct write *write, struct writing *ret) MUST_USE;
enum err scim_writing_end(struct scim *scim, struct writing *writing, enum err e) MUST_USE;
/* All three. Of scim->type. ret->document is NULL. */
enum err scim_write(struct scim *scim, const struct write *write, struct change *ret) MUST_USE;

/* ---- render.c ---- */
/* W/"7": meta.version and ETag. */
#define VERSION_TEXT_SIZE 32
void scim_version(int64_t version, char ret[VERSION_TEXT_SIZE]);
/* The address of a resource, in the arena; NULL: out of memory. */
const char *scim_location(const struct scim *scim, const char *id);
/* One resource as this connection sees it (R3), pruned by the selection, appended to `into`. */
enum err scim_render(struct scim *scim, const struct claimed_row *row, struct buffer *into) MUST_USE;
/* The whole as JSON, for filter and order; `edges`: with members or groups. New reference. */
enum err scim_render_tree(struct scim *scim, const struct claimed_row *row, bool edges, json_t **ret) MUST_USE;
/* "members" or "groups"; NULL: the type has no edges. */
const char *scim_edges_attribute(const struct resource_type *type);
/* ETag, Location and the body. */
enum err scim_render_reply(struct scim *scim, const struct claimed_row *row, int status) MUST_USE;

/* ---- handlers ---- */
enum handled scim_get(struct request *request);
enum handled scim_list(struct request *request);
enum handled scim_search(struct request *request);
enum handled scim_bulk(struct request *request);
enum handled scim_write_one(struct request *request);
enum handled scim_discovery(struct request *request);
enum handled scim_replay(struct request *request);

#endif
