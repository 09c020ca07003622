/* SPDX-License-Identifier: Apache-2.0
 *
 * One growing byte buffer with a ceiling. Failure (ceiling, out of memory) is sticky: writers go on without checks and the owner asks
 * buffer_check once at the end. Always NUL-terminated when it holds memory. Zero value plus a ceiling is a valid empty buffer. */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"

struct buffer {
        char *data; /* heap; NULL while empty */
        size_t length;
        size_t capacity;
        size_t ceiling; /* 0: BUFFER_CEILING */
        bool failed;
        bool out_of_memory; /* why it failed; else it was the ceiling */
};

#define BUFFER_CEILING ((size_t)64 << 20)

void buffer_init(struct buffer *buffer, size_t ceiling_bytes);
void buffer_done(struct buffer *buffer); /* frees; leaves an empty buffer */
static inline void auto_buffer_done(struct buffer *buffer)
{
        buffer_done(buffer);
}
#define auto_buffer __attribute__((cleanup(auto_buffer_done))) struct buffer

void buffer_clear(struct buffer *buffer); /* keeps the memory */
void buffer_reserve(struct buffer *buffer, size_t more_bytes);
void buffer_put(struct buffer *buffer, const void *bytes, size_t length);
void buffer_puts(struct buffer *buffer, const char *text);
void buffer_putc(struct buffer *buffer, char byte);
void buffer_put_i64(struct buffer *buffer, int64_t number); /* decimal, fast */
void buffer_printf(struct buffer *buffer, const char *format, ...) FORMAT(2, 3);
#define BUFFER_LITERAL(buffer, literal) buffer_put((buffer), "" literal, sizeof(literal) - 1)
/* "text" as a JSON string with quotes, escaped by RFC 8259 section 7; `text` must be valid UTF-8. */
void buffer_put_json(struct buffer *buffer, const char *text, size_t length);

/* ERR_OK, or ERR_TOO_LARGE / ERR_MEMORY with the reason in `fault`. */
enum err buffer_check(const struct buffer *buffer, struct fault *fault) MUST_USE;
/* Takes the bytes out (heap, NUL-terminated, free() them); NULL when failed. */
char *buffer_steal(struct buffer *buffer, size_t *ret_length);

#endif
