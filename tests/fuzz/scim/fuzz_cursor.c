/* SPDX-License-Identifier: Apache-2.0
 *
 * Cursors from strangers: any text is refused as one, and the first bytes, taken as a place, make a cursor that reads back whole. */
#include <stdlib.h>
#include <string.h>
#include "scim/cursor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const struct cursor_binding binding = { .key = "a key", .question = "a question" };
        struct position position = { .no = (int64_t)size, .part = size & 1 }, back;
        struct fault fault = { 0 };
        char *text = malloc(size + 1), made[CURSOR_TEXT_SIZE];
        memcpy(text, data, size);
        text[size] = '\0';
        if (cursor_parse(&binding, text, 1800000000, &back, &fault) == ERR_OK)
                abort(); /* nobody guesses 128 bits */
        position.key.length = size < SORT_KEY_MAX_BYTES ? size : SORT_KEY_MAX_BYTES;
        memcpy(position.key.bytes, data, position.key.length);
        cursor_format(&binding, &position, 1800000000, made);
        if (cursor_parse(&binding, made, 1800000000, &back, &fault) != ERR_OK || back.no != position.no || back.part != position.part ||
                back.key.length != position.key.length || memcmp(back.key.bytes, position.key.bytes, back.key.length) != 0)
                abort();
        free(text);
        return 0;
}
