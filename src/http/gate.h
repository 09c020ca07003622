/* SPDX-License-Identifier: Apache-2.0
 *
 * The gate: what a request must look like before anything else reads it (RFC 9112 sections 2, 3, 5, 6; RFC 3986). Pure checks on bytes;
 * the only place that knows what libmicrohttpd 0.9.75 lets through. */
#ifndef HTTP_GATE_H
#define HTTP_GATE_H

#include <stdbool.h>
#include "base/error.h"
#include "http/request.h"

#define TARGET_MAX_BYTES ((size_t)8 << 10)
#define TARGET_INLINE_BYTES 256
#define HEADERS_MAX_BYTES ((size_t)16 << 10)

/* A request target taken apart. Texts live in `inline_bytes` or `heap`, until target_done. */
struct target {
        const char *raw; /* the library's bytes; only compared, never read later */
        size_t raw_length;
        enum err refusal; /* ERR_OK, ERR_SYNTAX, ERR_URI_TOO_LONG, ERR_MEMORY */
        const char *why;  /* static */
        char *authority;  /* of an absolute-form target; NULL: origin-form */
        char *path;       /* decoded, checked */
        char *query;      /* raw, checked: decodes to UTF-8 without NUL */
        char *heap;
        char inline_bytes[TARGET_INLINE_BYTES];
};

void target_parse(struct target *target, const char *raw);
void target_done(struct target *target);

/* Where libmicrohttpd 0.9 put the parts of a header block: one buffer, line ends overwritten with NUL. Whatever it accepted beyond the
 * grammar (bare LF, folded lines, NUL inside a value, several spaces) shows as a gap. */
struct gate_layout {
        const char *method, *url, *version;
        size_t raw_url_length, block_length; /* block_length: 0 when not known */
        bool is_known;                       /* false: only the texts and the length are */
};

struct gate {
        struct request *request; /* headers are filled while they pass; values stay in the library's memory */
        const char *why;         /* static; NULL: nothing wrong so far */
        const char *host, *content_length, *transfer_encoding, *expect, *forwarded_for;
        const char *next; /* where the next field line must begin; NULL: not checked */
        const char *end;
        bool is_http_1_0;
};

void gate_begin(struct gate *gate, struct request *request, const struct gate_layout *layout);
/* One field line. False: refused, `why` says it. */
bool gate_header(struct gate *gate, const char *name, size_t name_length, const char *value, size_t value_length);
/* After the last one: what must be there, and together. */
bool gate_end(struct gate *gate);

/* host [ ":" port ] with nothing odd in it. */
bool gate_is_authority(const char *text);
/* Same host and port; the default port of `scheme` ("http" or "https") may be left out on either side. */
bool gate_same_authority(const char *left, const char *right, const char *scheme);
/* application/json or application/scim+json, with or without parameters. */
bool gate_is_json(const char *content_type);

#endif
