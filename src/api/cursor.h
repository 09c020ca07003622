/* SPDX-License-Identifier: Apache-2.0
 *
 * Cursors of lists: opaque text that holds the kind of the list and the last number shown. */
#ifndef API_CURSOR_H
#define API_CURSOR_H

#include <stdint.h>
#include "model/attribute.h"

#define CURSOR_TEXT_SIZE 13

/* `no` is in [0, 2^56). */
void list_cursor_format(enum resource_kind kind, int64_t no, char ret[CURSOR_TEXT_SIZE]);
/* ERR_CURSOR: not one of ours, or of another list. */
enum err list_cursor_parse(const char *text, enum resource_kind kind, int64_t *ret_no, struct fault *fault) MUST_USE;

#endif
