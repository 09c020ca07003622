/* SPDX-License-Identifier: Apache-2.0
 *
 * The growing buffer. One function grows it (buffer_reserve) and alone judges ceiling and memory; after the first failure nothing is
 * written any more, so that what is there is a true beginning and never has a hole. */
#include "base/buffer.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SMALLEST_BYTES 256

static size_t ceiling_of(const struct buffer *buffer)
{
        return buffer->ceiling ? buffer->ceiling : BUFFER_CEILING;
}

void buffer_init(struct buffer *buffer, size_t ceiling_bytes)
{
        *buffer = (struct buffer){ .ceiling = ceiling_bytes };
}

void buffer_done(struct buffer *buffer)
{
        free(buffer->data);
        buffer_init(buffer, buffer->ceiling);
}

void buffer_clear(struct buffer *buffer)
{
        buffer->length = 0;
        buffer->failed = false;
        buffer->out_of_memory = false;
        if (buffer->data)
                buffer->data[0] = '\0';
}

/* After it, `more_bytes` and a NUL fit, or the buffer has failed. */
void buffer_reserve(struct buffer *buffer, size_t more_bytes)
{
        if (buffer->failed)
                return;
        size_t ceiling = ceiling_of(buffer);
        if (buffer->length > ceiling || more_bytes > ceiling - buffer->length || ceiling == SIZE_MAX) {
                buffer->failed = true;
                return;
        }
        size_t needed = buffer->length + more_bytes + 1;
        if (needed <= buffer->capacity)
                return;
        size_t wanted = buffer->capacity ? buffer->capacity : SMALLEST_BYTES;
        while (wanted < needed)
                wanted = wanted > SIZE_MAX / 2 ? needed : 2 * wanted;
        if (wanted > ceiling + 1)
                wanted = ceiling + 1;
        char *data = realloc(buffer->data, wanted);
        if (!data) {
                buffer->failed = buffer->out_of_memory = true;
                return;
        }
        data[buffer->length] = '\0';
        buffer->data = data;
        buffer->capacity = wanted;
}

void buffer_put(struct buffer *buffer, const void *bytes, size_t length)
{
        buffer_reserve(buffer, length);
        if (buffer->failed || length == 0)
                return;
        memcpy(buffer->data + buffer->length, bytes, length);
        buffer->length += length;
        buffer->data[buffer->length] = '\0';
}

void buffer_puts(struct buffer *buffer, const char *text)
{
        buffer_put(buffer, text, strlen(text));
}

void buffer_putc(struct buffer *buffer, char byte)
{
        buffer_put(buffer, &byte, 1);
}

void buffer_put_i64(struct buffer *buffer, int64_t number)
{
        char digits[TEXT_I64_SIZE];
        buffer_put(buffer, digits, text_i64(number, digits));
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
        va_list arguments, again;
        va_start(arguments, format);
        va_copy(again, arguments);
        int length = vsnprintf(NULL, 0, format, arguments);
        va_end(arguments);
        if (length < 0)
                buffer->failed = true;
        else
                buffer_reserve(buffer, (size_t)length);
        if (!buffer->failed) {
                (void)vsnprintf(buffer->data + buffer->length, (size_t)length + 1, format, again);
                buffer->length += (size_t)length;
        }
        va_end(again);
}

/* What a byte becomes inside a JSON string: 0 itself, 'u' \u00XX, else a backslash and this letter. */
static const char json_escape[256] = {
        [0x00] = 'u',
        [0x01] = 'u',
        [0x02] = 'u',
        [0x03] = 'u',
        [0x04] = 'u',
        [0x05] = 'u',
        [0x06] = 'u',
        [0x07] = 'u',
        ['\b'] = 'b',
        ['\t'] = 't',
        ['\n'] = 'n',
        [0x0b] = 'u',
        ['\f'] = 'f',
        ['\r'] = 'r',
        [0x0e] = 'u',
        [0x0f] = 'u',
        [0x10] = 'u',
        [0x11] = 'u',
        [0x12] = 'u',
        [0x13] = 'u',
        [0x14] = 'u',
        [0x15] = 'u',
        [0x16] = 'u',
        [0x17] = 'u',
        [0x18] = 'u',
        [0x19] = 'u',
        [0x1a] = 'u',
        [0x1b] = 'u',
        [0x1c] = 'u',
        [0x1d] = 'u',
        [0x1e] = 'u',
        [0x1f] = 'u',
        ['"'] = '"',
        ['\\'] = '\\',
};

void buffer_put_json(struct buffer *buffer, const char *text, size_t length)
{
        buffer_reserve(buffer, length + 2 < length ? length : length + 2);
        buffer_putc(buffer, '"');
        for (size_t at = 0; at < length && !buffer->failed; at++) {
                size_t run = at;
                while (run < length && !json_escape[(unsigned char)text[run]])
                        run++;
                buffer_put(buffer, text + at, run - at);
                at = run;
                if (at == length)
                        break;
                unsigned char byte = (unsigned char)text[at];
                char escape[6] = { '\\', json_escape[byte], '0', '0', "0123456789ABCDEF"[byte >> 4], "0123456789ABCDEF"[byte & 15] };
                buffer_put(buffer, escape, escape[1] == 'u' ? 6 : 2);
        }
        buffer_putc(buffer, '"');
}

enum err buffer_check(const struct buffer *buffer, struct fault *fault)
{
        if (!buffer->failed)
                return ERR_OK;
        if (buffer->out_of_memory)
                return fault_set(fault, ERR_MEMORY, NULL, "Out of memory for a text of %zu bytes; try again.", buffer->length);
        return fault_set(fault, ERR_TOO_LARGE, NULL, "The text is larger than the limit of %zu bytes.", ceiling_of(buffer));
}

char *buffer_steal(struct buffer *buffer, size_t *ret_length)
{
        buffer_reserve(buffer, 0);
        char *data = buffer->failed ? NULL : buffer->data;
        if (data) {
                if (ret_length)
                        *ret_length = buffer->length;
                buffer->data = NULL;
        }
        bool failed = buffer->failed, out_of_memory = buffer->out_of_memory;
        buffer_done(buffer);
        buffer->failed = failed;
        buffer->out_of_memory = out_of_memory;
        return data;
}
