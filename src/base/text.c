/* SPDX-License-Identifier: Apache-2.0
 *
 * Text rules that everybody shares. Folding follows Unicode's canonical caseless match (chapter 3.13, D145) with the result in NFC:
 * two names are the same exactly when their folded forms are the same bytes. */
#include "base/text.h"

#include "base/auto.h"

#include <openssl/crypto.h>
#include <string.h>
#include <unicase.h>
#include <uninorm.h>
#include <unistr.h>

#define FOLD_MAX_BYTES ((size_t)1 << 20)
#define SLUG_MAX_BYTES 64
#define NEAREST_MAX_BYTES 64
#define NEAREST_MAX_EDITS 3

static bool is_digit(char byte)
{
        return byte >= '0' && byte <= '9';
}

static char ascii_lower(char byte)
{
        return byte >= 'A' && byte <= 'Z' ? (char)(byte + 'a' - 'A') : byte;
}

/* Length of the ASCII beginning without NUL. */
static size_t ascii_run(const char *text, size_t length)
{
        size_t at = 0;
        while (at < length && (signed char)text[at] > 0)
                at++;
        return at;
}

bool text_is_utf8(const char *text, size_t length)
{
        if (!text)
                return false;
        size_t ascii = ascii_run(text, length);
        if (ascii == length)
                return true;
        return u8_check((const uint8_t *)text + ascii, length - ascii) == NULL && !memchr(text + ascii, '\0', length - ascii);
}

bool text_is_control(uint32_t character)
{
        static const struct {
                uint32_t first, last;
        } ranges[] = { { 0, 0x1f }, { 0x7f, 0x9f }, { 0x61c, 0x61c }, { 0x200e, 0x200f }, { 0x2028, 0x202e }, { 0x2066, 0x2069 } };
        for (size_t i = 0; i < COUNT_OF(ranges); i++)
                if (character >= ranges[i].first && character <= ranges[i].last)
                        return true;
        return false;
}

char *text_fold(struct arena *arena, const char *text, size_t length)
{
        if (!text || length > FOLD_MAX_BYTES)
                return NULL;
        if (ascii_run(text, length) == length) {
                char *folded = arena_text(arena, text, length);
                for (size_t i = 0; folded && i < length; i++)
                        folded[i] = ascii_lower(folded[i]);
                return folded;
        }
        if (!text_is_utf8(text, length))
                return NULL;
        size_t folded_length;
        auto_free_ uint8_t *folded = u8_casefold((const uint8_t *)text, length, NULL, UNINORM_NFC, NULL, &folded_length);
        return folded ? arena_text(arena, (const char *)folded, folded_length) : NULL;
}

bool text_equal(const char *left, const char *right)
{
        return left && right && strcmp(left, right) == 0;
}

bool text_equal_ascii_nocase(const char *left, const char *right)
{
        if (!left || !right)
                return false;
        while (*left && ascii_lower(*left) == ascii_lower(*right)) {
                left++;
                right++;
        }
        return *left == '\0' && *right == '\0';
}

bool text_starts_with(const char *text, const char *prefix)
{
        return text && prefix && strncmp(text, prefix, strlen(prefix)) == 0;
}

bool text_equal_constant_time(const void *left, const void *right, size_t length)
{
        return left && right && CRYPTO_memcmp(left, right, length) == 0;
}

void text_wipe(void *memory, size_t length)
{
        if (memory)
                explicit_bzero(memory, length);
}

bool text_parse_i64(const char *text, int64_t min, int64_t max, int64_t *ret_number)
{
        if (!text)
                return false;
        bool is_negative = *text == '-';
        if (is_negative)
                text++;
        if (*text == '\0')
                return false;
        int64_t number = 0;
        for (; *text; text++) {
                /* Built up below zero: INT64_MIN has no positive twin. */
                if (!is_digit(*text) || __builtin_mul_overflow(number, 10, &number) || __builtin_sub_overflow(number, *text - '0', &number))
                        return false;
        }
        if (!is_negative && __builtin_sub_overflow(0, number, &number))
                return false;
        if (number < min || number > max)
                return false;
        *ret_number = number;
        return true;
}

bool text_parse_duration_s(const char *text, int64_t *ret_seconds)
{
        static const struct {
                char name;
                int64_t seconds;
        } units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
        char digits[20];
        size_t length = text ? strnlen(text, sizeof(digits) + 1) : 0;
        if (length == 0 || length > sizeof(digits))
                return false;
        int64_t factor = 1;
        for (size_t i = 0; i < COUNT_OF(units); i++)
                if (text[length - 1] == units[i].name)
                        factor = units[i].seconds;
        size_t count = is_digit(text[length - 1]) ? length : length - 1;
        if (count >= sizeof(digits))
                return false;
        memcpy(digits, text, count);
        digits[count] = '\0';
        if (count < length && factor == 1 && text[length - 1] != 's')
                return false;
        int64_t number;
        if (!text_parse_i64(digits, 0, INT64_MAX / factor, &number))
                return false;
        *ret_seconds = number * factor;
        return true;
}

bool text_is_slug(const char *text)
{
        size_t length = text ? strnlen(text, SLUG_MAX_BYTES + 1) : 0;
        if (length == 0 || length > SLUG_MAX_BYTES)
                return false;
        for (size_t i = 0; i < length; i++) {
                bool is_inner_hyphen = text[i] == '-' && i > 0 && i + 1 < length && text[i - 1] != '-';
                if (!is_inner_hyphen && !is_digit(text[i]) && !(text[i] >= 'a' && text[i] <= 'z'))
                        return false;
        }
        return true;
}

/* Levenshtein distance, upper and lower case being the same; both at most NEAREST_MAX_BYTES. */
static size_t edit_distance(const char *left, size_t left_length, const char *right, size_t right_length)
{
        size_t row[NEAREST_MAX_BYTES + 1];
        for (size_t i = 0; i <= right_length; i++)
                row[i] = i;
        for (size_t i = 1; i <= left_length; i++) {
                size_t diagonal = row[0];
                row[0] = i;
                for (size_t j = 1; j <= right_length; j++) {
                        size_t replaced = diagonal + (ascii_lower(left[i - 1]) != ascii_lower(right[j - 1]));
                        size_t shorter = row[j] < row[j - 1] ? row[j] : row[j - 1];
                        diagonal = row[j];
                        row[j] = replaced <= shorter ? replaced : shorter + 1;
                }
        }
        return row[right_length];
}

const char *text_nearest(const char *text, const char *const *names)
{
        size_t length = text ? strnlen(text, NEAREST_MAX_BYTES + 1) : 0;
        if (length == 0 || length > NEAREST_MAX_BYTES)
                return NULL;
        const char *nearest = NULL;
        size_t limit = length / 2 < NEAREST_MAX_EDITS ? length / 2 : NEAREST_MAX_EDITS;
        for (; *names; names++) {
                size_t name_length = strnlen(*names, NEAREST_MAX_BYTES + 1);
                if (name_length > NEAREST_MAX_BYTES)
                        continue;
                size_t distance = edit_distance(text, length, *names, name_length);
                if (nearest ? distance < limit : distance <= limit) {
                        nearest = *names;
                        limit = distance;
                }
        }
        return nearest;
}

static int hex_value(char digit)
{
        if (is_digit(digit))
                return digit - '0';
        char lower = ascii_lower(digit);
        return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool text_percent_decode(const char *text, size_t length, bool plus_is_space, char *ret, size_t *ret_length)
{
        size_t out = 0;
        for (size_t at = 0; at < length; at++) {
                char byte = text[at];
                if (byte == '%') {
                        int high = length - at > 2 ? hex_value(text[at + 1]) : -1;
                        int low = length - at > 2 ? hex_value(text[at + 2]) : -1;
                        if (high < 0 || low < 0)
                                return false;
                        byte = (char)(high * 16 + low);
                        at += 2;
                } else if (byte == '+' && plus_is_space) {
                        byte = ' ';
                }
                ret[out++] = byte;
        }
        if (!text_is_utf8(ret, out))
                return false;
        *ret_length = out;
        return true;
}

size_t text_i64(int64_t number, char ret[TEXT_I64_SIZE])
{
        size_t at = TEXT_I64_SIZE;
        uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;
        ret[--at] = '\0';
        do {
                ret[--at] = (char)('0' + rest % 10);
                rest /= 10;
        } while (rest > 0);
        if (number < 0)
                ret[--at] = '-';
        memmove(ret, ret + at, TEXT_I64_SIZE - at);
        return TEXT_I64_SIZE - at - 1;
}

void text_hex(const unsigned char *bytes, size_t length, char *ret)
{
        for (size_t i = 0; i < length; i++) {
                ret[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
                ret[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
        }
        ret[2 * length] = '\0';
}

bool text_unhex(const char *text, size_t length, unsigned char *ret)
{
        if (length % 2 != 0)
                return false;
        for (size_t i = 0; i < length; i++)
                if (hex_value(text[i]) < 0)
                        return false;
        for (size_t i = 0; i < length; i += 2)
                ret[i / 2] = (unsigned char)(hex_value(text[i]) * 16 + hex_value(text[i + 1]));
        return true;
}
