/* SPDX-License-Identifier: Apache-2.0
 *
 * version, part, seconds (8 bytes), number (8 bytes), sort key, and the first 16 bytes of HMAC-SHA256 over the question and all of that. */
#include "cursor.h"

#include <string.h>
#include "base/text.h"

#define VERSION 1
#define HEAD_BYTES (1 + 1 + 8 + 8)
#define MAC_BYTES 16
#define PAYLOAD_MAX_BYTES (HEAD_BYTES + SORT_KEY_MAX_BYTES)

static void put_i64(unsigned char *at, int64_t number)
{
        for (int i = 0; i < 8; i++)
                at[i] = (unsigned char)((uint64_t)number >> (56 - 8 * i));
}

static int64_t get_i64(const unsigned char *at)
{
        uint64_t number = 0;
        for (int i = 0; i < 8; i++)
                number = number << 8 | at[i];
        return (int64_t)number;
}

static void make_mac(const struct cursor_binding *binding, const unsigned char *payload, size_t length, unsigned char ret[HASH_SIZE])
{
        unsigned char whole[HASH_SIZE + PAYLOAD_MAX_BYTES];
        memcpy(whole, binding->question, HASH_SIZE);
        memcpy(whole + HASH_SIZE, payload, length);
        hash_hmac(binding->key, HASH_SIZE, whole, HASH_SIZE + length, ret);
}

void cursor_format(const struct cursor_binding *binding, const struct position *position, int64_t now_s, char ret[CURSOR_TEXT_SIZE])
{
        unsigned char bytes[PAYLOAD_MAX_BYTES + MAC_BYTES] = { VERSION, (unsigned char)position->part };
        unsigned char mac[HASH_SIZE];
        size_t length = HEAD_BYTES + position->key.length;
        put_i64(bytes + 2, now_s);
        put_i64(bytes + 10, position->no);
        memcpy(bytes + HEAD_BYTES, position->key.bytes, position->key.length);
        make_mac(binding, bytes, length, mac);
        memcpy(bytes + length, mac, MAC_BYTES);
        text_hex(bytes, length + MAC_BYTES, ret);
}

static enum err refuse(struct fault *fault)
{
        return fault_set(fault, ERR_CURSOR, "cursor",
                "this is no cursor of this list; take nextCursor of the page before and keep all other parameters but count, or begin "
                "anew with an empty cursor");
}

enum err cursor_parse(const struct cursor_binding *binding, const char *text, int64_t now_s, struct position *ret, struct fault *fault)
{
        unsigned char bytes[PAYLOAD_MAX_BYTES + MAC_BYTES], mac[HASH_SIZE];
        size_t size = strlen(text) / 2;
        if (strlen(text) % 2 || size < HEAD_BYTES + MAC_BYTES || size > sizeof(bytes) || !text_unhex(text, 2 * size, bytes))
                return refuse(fault);
        size_t length = size - MAC_BYTES;
        make_mac(binding, bytes, length, mac);
        if (!text_equal_constant_time(mac, bytes + length, MAC_BYTES) || bytes[0] != VERSION)
                return refuse(fault);
        int64_t age_s = now_s - get_i64(bytes + 2);
        if (age_s > CURSOR_TIMEOUT_S || age_s < -CURSOR_TIMEOUT_S)
                return fault_set(fault, ERR_CURSOR_EXPIRED, "cursor",
                        "this cursor is older than %d seconds; begin anew with an empty cursor", CURSOR_TIMEOUT_S);
        struct position position = { .part = bytes[1], .no = get_i64(bytes + 10), .key.length = length - HEAD_BYTES };
        memcpy(position.key.bytes, bytes + HEAD_BYTES, position.key.length);
        *ret = position;
        return ERR_OK;
}
