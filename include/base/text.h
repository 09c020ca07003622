/* SPDX-License-Identifier: Apache-2.0
 *
 * Text: UTF-8 checks, folding for uniqueness and comparison, constant-time compare, wiping, small parsers. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/error.h"

bool text_is_utf8(const char *text, size_t length); /* valid UTF-8 (RFC 3629) without NUL */

/* C0, DEL, C1, line separators and bidi controls: what could forge a line or steer a terminal. */
bool text_is_control(uint32_t character);

/* Unicode full case folding of the NFC form, in NFC again (libunistring): the one form in which names are compared and stored in
 * *_folded columns. Pure ASCII takes a fast path. The result lives in `arena`; NULL: out of memory, not UTF-8, or longer
 * than 1 MiB. */
char *text_fold(struct arena *arena, const char *text, size_t length) MUST_USE;

/* NULL equals nothing, not even NULL. */
bool text_equal(const char *left, const char *right);
bool text_equal_ascii_nocase(const char *left, const char *right);
bool text_starts_with(const char *text, const char *prefix);
bool text_equal_constant_time(const void *left, const void *right, size_t length);
void text_wipe(void *memory, size_t length); /* not optimised away */

/* Whole text must be a decimal number in [min, max]. */
bool text_parse_i64(const char *text, int64_t min, int64_t max, int64_t *ret_number);
/* "90s", "15m", "12h", "30d" or plain seconds; whole text. */
bool text_parse_duration_s(const char *text, int64_t *ret_seconds);
/* Lower-case letters, digits and single inner hyphens, 1-64: slugs of organisations and projects. */
bool text_is_slug(const char *text);
/* The entry of `names` (NULL-terminated) nearest to `text` by edit distance, NULL when none is within 3 edits or half its length. */
const char *text_nearest(const char *text, const char *const *names);
/* Percent-decodes in place into `ret` (same size suffices); false: bad escape, NUL, or not UTF-8. `plus_is_space` for query strings. */
bool text_percent_decode(const char *text, size_t length, bool plus_is_space, char *ret, size_t *ret_length);
#define TEXT_I64_SIZE 21
size_t text_i64(int64_t number, char ret[TEXT_I64_SIZE]);             /* decimal, a tenth of what printing takes; answers its length */
void text_hex(const unsigned char *bytes, size_t length, char *ret);  /* 2 * length + 1 bytes */
bool text_unhex(const char *text, size_t length, unsigned char *ret); /* length is that of the text, even */

#endif
