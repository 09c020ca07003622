/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JSON_READ_H
#define JSON_READ_H

#include "base/json.h"

/* One whole document; `taker` may be NULL. ERR_MEMORY says nothing in `fault`: only the allocator knows whether a ceiling was met. */
enum err json_read(const char *text, size_t length, const struct json_taker *taker, json_t **ret, struct fault *fault) MUST_USE;

#endif
