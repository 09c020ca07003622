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
#define SCIM_BASE "/scim/v2"
#define PAGE_DEFAULT 100
#define PAGE_MAX 1000

struct scim {
        struct request *request;
        struct query query;
        const struct resource_type *type;
        const struct selection *selection; /* NULL: the default view */
        struct leniency leniency;
        struct fault fault;
};

struct directory *scim_directory(void);

/* Fills query and type ({type} is the first parameter of the route) and checks the token's scope. ERR_NOT_FOUND: no such endpoint. */
enum err scim_begin(struct scim *scim, struct request *request) MUST_USE;
/* Reads the connection's profile into leniency.strict, then attributes= and excludedAttributes=. For writes and lists. */
enum err scim_profile(struct scim *scim) MUST_USE;
enum err scim_selection(struct scim *scim) MUST_USE;
/* The body as an object; new reference. */
enum err scim_body(struct scim *scim, json_t **ret) MUST_USE;
/* Sends a refusal, and says which leniencies were used in the log line. */
enum handled scim_refuse(struct scim *scim, enum err e);
void scim_note_leniencies(struct scim *scim);
void scim_revision(struct scim *scim, const struct change *change);

/* ---- render.c ---- */
/* One resource as this connection sees it (R3), pruned by the selection, appended to `into`. */
enum err scim_render(struct scim *scim, const struct claimed_row *row, struct buffer *into) MUST_USE;
/* The same as JSON for a filter: members and groups only where `filter` names them. New reference. */
enum err scim_render_for_filter(struct scim *scim, const struct claimed_row *row, const struct filter *filter, json_t **ret) MUST_USE;
/* ETag, Location and the body. */
enum err scim_render_reply(struct scim *scim, const struct claimed_row *row, int status) MUST_USE;

/* ---- handlers ---- */
enum handled scim_get(struct request *request);
enum handled scim_list(struct request *request);
enum handled scim_post(struct request *request);
enum handled scim_put(struct request *request);
enum handled scim_patch(struct request *request);
enum handled scim_delete(struct request *request);
enum handled scim_discovery(struct request *request);

#endif
