/* SPDX-License-Identifier: Apache-2.0
 *
 * Cursors of lists (RFC 9865): the place behind the last resource shown, when that was, and a MAC over both and over everything the list
 * depends on. Nothing is kept between two pages, and a cursor gives no rights: each page judges the token anew. */
#ifndef SCIM_CURSOR_H
#define SCIM_CURSOR_H

#include "base/ident.h"
#include "model/sort.h"

#define CURSOR_TIMEOUT_S 3600
#define CURSOR_TEXT_SIZE (2 * (1 + 1 + 8 + 8 + SORT_KEY_MAX_BYTES + 16) + 1)

/* Where a list goes on: behind this number of this part (type) of the list, and in a sorted one behind this key. */
struct position {
        unsigned part;
        int64_t no;
        struct sort_key key; /* length 0: not sorted */
};

/* Who asks what: made anew for each page from the caller and the other parameters, so that a cursor fits the same question alone. */
struct cursor_binding {
        unsigned char key[HASH_SIZE];      /* of this installation */
        unsigned char question[HASH_SIZE];
};

/* Hexadecimal digits: nothing that a URL would escape. */
void cursor_format(const struct cursor_binding *binding, const struct position *position, int64_t now_s, char ret[CURSOR_TEXT_SIZE]);
/* ERR_CURSOR: not ours, changed, or of another question. ERR_CURSOR_EXPIRED: older than CURSOR_TIMEOUT_S. */
enum err cursor_parse(const struct cursor_binding *binding, const char *text, int64_t now_s, struct position *ret, struct fault *fault)
        MUST_USE;

#endif
