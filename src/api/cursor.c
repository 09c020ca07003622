/* SPDX-License-Identifier: Apache-2.0
 *
 * Nine bytes (version, kind, number in seven) as twelve characters of base64url (RFC 4648 section 5). A cursor gives no rights: it only
 * says where to go on, so it needs no signature; what it cannot be is refused. */
#include "cursor.h"

#include <string.h>

#define VERSION 1
#define SIZE_BYTES 9

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void list_cursor_format(enum resource_kind kind, int64_t no, char ret[CURSOR_TEXT_SIZE])
{
        unsigned char bytes[SIZE_BYTES] = { VERSION, (unsigned char)kind };
        for (int i = 0; i < 7; i++)
                bytes[2 + i] = (unsigned char)((uint64_t)no >> (48 - 8 * i));
        for (size_t i = 0; i < SIZE_BYTES; i += 3) {
                uint32_t three = (uint32_t)bytes[i] << 16 | (uint32_t)bytes[i + 1] << 8 | bytes[i + 2];
                for (int j = 0; j < 4; j++)
                        *ret++ = alphabet[three >> (18 - 6 * j) & 63];
        }
        *ret = '\0';
}

enum err list_cursor_parse(const char *text, enum resource_kind kind, int64_t *ret_no, struct fault *fault)
{
        unsigned char bytes[SIZE_BYTES] = { 0 };
        bool good = strlen(text) == CURSOR_TEXT_SIZE - 1;
        for (size_t i = 0; good && i < SIZE_BYTES; i += 3) {
                uint32_t three = 0;
                for (int j = 0; j < 4; j++) {
                        const char *at = strchr(alphabet, *text++);
                        good = good && at;
                        three = three << 6 | (uint32_t)(at ? at - alphabet : 0);
                }
                bytes[i] = (unsigned char)(three >> 16);
                bytes[i + 1] = (unsigned char)(three >> 8);
                bytes[i + 2] = (unsigned char)three;
        }
        if (!good || bytes[0] != VERSION || bytes[1] != (unsigned char)kind)
                return fault_set(fault, ERR_CURSOR, "cursor",
                        "this is no cursor of this list; take next_cursor of the page before, or leave it out");
        int64_t no = 0;
        for (int i = 0; i < 7; i++)
                no = no << 8 | bytes[2 + i];
        *ret_no = no;
        return ERR_OK;
}
