/* SPDX-License-Identifier: Apache-2.0
 *
 * Identifiers made from the kernel's randomness, the form of bearer tokens, and SHA-256 by OpenSSL. The digest is fetched once and
 * contexts are reused: the one-shot call looks the algorithm up anew each time and is three times slower. */
#include "base/ident.h"

#include "base/auto.h"
#include "base/clock.h"
#include "base/text.h"

#include <assert.h>
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <string.h>
#include <sys/random.h>

#define SECRET_BYTES 32
#define SECRET_CHARS 52
#define CRC_CHARS 8

static const char base32[] = "abcdefghijklmnopqrstuvwxyz234567";

static const struct {
        enum token_kind kind;
        const char *name;
} kinds[] = { { TOKEN_SCIM, "scim" }, { TOKEN_IDENTITY, "id" } };

void ident_random(void *ret, size_t length)
{
        unsigned char *at = ret;
        while (length > 0) {
                ssize_t got = getrandom(at, length, 0);
                if (got < 0 && errno == EINTR)
                        continue;
                if (got <= 0)
                        abort(); /* no identifier or token may ever be guessable */
                at += got;
                length -= (size_t)got;
        }
}

/* RFC 9562, 5.7: 48 bits of milliseconds, 12 bits of the millisecond's fraction (6.2, method 3), 62 random bits. */
void ident_uuid(char ret[UUID_TEXT_SIZE])
{
        int64_t now_us = clock_now_us();
        uint64_t ms = (uint64_t)(now_us / US_PER_MS);
        unsigned fraction = (unsigned)(now_us % US_PER_MS * 4096 / US_PER_MS);
        unsigned char bytes[16];
        ident_random(bytes, sizeof(bytes));
        for (int i = 0; i < 6; i++)
                bytes[i] = (unsigned char)(ms >> (40 - 8 * i));
        bytes[6] = (unsigned char)(0x70 | fraction >> 8);
        bytes[7] = (unsigned char)fraction;
        bytes[8] = (unsigned char)(0x80 | (bytes[8] & 0x3f));
        char hex[33];
        text_hex(bytes, sizeof(bytes), hex);
        static const size_t groups[] = { 8, 4, 4, 4, 12 };
        const char *from = hex;
        for (size_t i = 0; i < COUNT_OF(groups); i++) {
                memcpy(ret, from, groups[i]);
                from += groups[i];
                ret += groups[i];
                *ret++ = i + 1 < COUNT_OF(groups) ? '-' : '\0';
        }
}

bool ident_is_uuid(const char *text, size_t length)
{
        if (!text || length != UUID_TEXT_SIZE - 1)
                return false;
        for (size_t i = 0; i < length; i++) {
                bool is_hyphen_place = i == 8 || i == 13 || i == 18 || i == 23;
                char byte = text[i];
                bool is_hex = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
                if (is_hyphen_place ? byte != '-' : !is_hex)
                        return false;
        }
        return true;
}

/* Base32 (RFC 4648, lower case, no padding signs): ceil(8 * length / 5) characters, no NUL. */
static size_t encode_base32(const unsigned char *bytes, size_t length, char *ret)
{
        size_t out = 0;
        unsigned window = 0;
        int bits = 0;
        for (size_t i = 0; i < length; i++) {
                window = (window << 8 | bytes[i]) & 0xffff;
                for (bits += 8; bits >= 5; bits -= 5)
                        ret[out++] = base32[window >> (bits - 5) & 31];
        }
        if (bits > 0)
                ret[out++] = base32[window << (5 - bits) & 31];
        return out;
}

static bool is_base32(const char *text, size_t length)
{
        for (size_t i = 0; i < length; i++)
                if (!((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= '2' && text[i] <= '7')))
                        return false;
        return true;
}

void ident_handle(char ret[HANDLE_SIZE])
{
        unsigned char bytes[5];
        ident_random(bytes, sizeof(bytes));
        ret[encode_base32(bytes, sizeof(bytes), ret)] = '\0';
}

bool ident_is_handle(const char *text)
{
        return text && strnlen(text, HANDLE_SIZE) == HANDLE_SIZE - 1 && is_base32(text, HANDLE_SIZE - 1);
}

/* CRC-32 of ISO 3309 (that of zlib), half a byte at a time. */
static uint32_t crc32_of(const char *text, size_t length)
{
        static const uint32_t table[16] = {
                0x00000000,
                0x1db71064,
                0x3b6e20c8,
                0x26d930ac,
                0x76dc4190,
                0x6b6b51f4,
                0x4db26158,
                0x5005713c,
                0xedb88320,
                0xf00f9344,
                0xd6d6a3e8,
                0xcb61b38c,
                0x9b64c2b0,
                0x86d3d2d4,
                0xa00ae278,
                0xbdbdf21c,
        };
        uint32_t crc = 0xffffffff;
        for (size_t i = 0; i < length; i++) {
                crc ^= (unsigned char)text[i];
                crc = crc >> 4 ^ table[crc & 15];
                crc = crc >> 4 ^ table[crc & 15];
        }
        return ~crc;
}

static void format_crc(const char *text, size_t length, char ret[CRC_CHARS + 1])
{
        uint32_t crc = crc32_of(text, length);
        unsigned char bytes[4] = { (unsigned char)(crc >> 24), (unsigned char)(crc >> 16), (unsigned char)(crc >> 8), (unsigned char)crc };
        text_hex(bytes, sizeof(bytes), ret);
}

static const char *kind_name(enum token_kind kind)
{
        for (size_t i = 0; i < COUNT_OF(kinds); i++)
                if (kinds[i].kind == kind)
                        return kinds[i].name;
        return NULL;
}

enum err token_make(enum token_kind kind, const char *handle, struct secret *ret_token, struct fault *fault)
{
        const char *name = kind_name(kind);
        if (!name || !ident_is_handle(handle))
                return fault_set(fault, ERR_INTERNAL, NULL, "A token needs a known kind and a root handle.");
        char text[TOKEN_TEXT_MAX];
        int length = snprintf(text, sizeof(text), "mus_%s_%s_", name, handle);
        assert(length > 0 && (size_t)length + SECRET_CHARS + 1 + CRC_CHARS < sizeof(text));
        unsigned char random[SECRET_BYTES];
        ident_random(random, sizeof(random));
        length += (int)encode_base32(random, sizeof(random), text + length);
        text[length++] = '_';
        format_crc(text, (size_t)length - 1, text + length);
        enum err e = secret_set(ret_token, text, (size_t)length + CRC_CHARS, fault);
        text_wipe(random, sizeof(random));
        text_wipe(text, sizeof(text));
        return e;
}

/* The kind whose name stands at `text` before an underscore. */
static const char *find_kind(const char *text, size_t length, enum token_kind *ret)
{
        for (size_t i = 0; i < COUNT_OF(kinds); i++) {
                size_t name_length = strlen(kinds[i].name);
                if (length > name_length && memcmp(text, kinds[i].name, name_length) == 0 && text[name_length] == '_') {
                        *ret = kinds[i].kind;
                        return text + name_length + 1;
                }
        }
        return NULL;
}

bool token_parse(const char *text, size_t length, enum token_kind *ret_kind, char ret_handle[HANDLE_SIZE])
{
        enum token_kind kind;
        if (!text || length < 4 || memcmp(text, "mus_", 4) != 0)
                return false;
        const char *handle = find_kind(text + 4, length - 4, &kind);
        if (!handle || (size_t)(text + length - handle) != HANDLE_SIZE + SECRET_CHARS + 1 + CRC_CHARS)
                return false;
        const char *random = handle + HANDLE_SIZE;
        const char *crc = random + SECRET_CHARS + 1;
        if (!is_base32(handle, HANDLE_SIZE - 1) || random[-1] != '_' || !is_base32(random, SECRET_CHARS) || crc[-1] != '_')
                return false;
        char expected[CRC_CHARS + 1];
        format_crc(text, (size_t)(crc - 1 - text), expected);
        if (memcmp(crc, expected, CRC_CHARS) != 0)
                return false;
        *ret_kind = kind;
        memcpy(ret_handle, handle, HANDLE_SIZE - 1);
        ret_handle[HANDLE_SIZE - 1] = '\0';
        return true;
}

static EVP_MD *sha256;
static pthread_key_t context_key;
static pthread_once_t hash_once = PTHREAD_ONCE_INIT;

static void free_context(void *context)
{
        EVP_MD_CTX_free(context);
}

static void hash_prepare(void)
{
        sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
        if (!sha256 || pthread_key_create(&context_key, free_context) != 0)
                abort(); /* without SHA-256 no credential can be checked */
}

/* SHA-256 cannot fail on memory that is there; if it does, going on would store or compare garbage. */
static void must(int ok)
{
        if (ok != 1)
                abort();
}

void hash_sha256(const void *bytes, size_t length, unsigned char ret[HASH_SIZE])
{
        static _Thread_local EVP_MD_CTX *context;
        if (!context) {
                pthread_once(&hash_once, hash_prepare);
                context = EVP_MD_CTX_new();
                must(context && pthread_setspecific(context_key, context) == 0);
        }
        must(EVP_DigestInit_ex2(context, sha256, NULL));
        must(EVP_DigestUpdate(context, bytes, length));
        must(EVP_DigestFinal_ex(context, ret, NULL));
}

void hash_hmac(const void *key, size_t key_length, const void *bytes, size_t length, unsigned char ret[HASH_SIZE])
{
        pthread_once(&hash_once, hash_prepare);
        must(HMAC(sha256, key, (int)key_length, bytes, length, ret, NULL) != NULL);
}

/* Small parts wait for each other: a call of OpenSSL costs more than their bytes. */
struct hash {
        EVP_MD_CTX *context;
        size_t waiting;
        unsigned char bytes[256];
};

struct hash *hash_new(void)
{
        pthread_once(&hash_once, hash_prepare);
        struct hash *hash = malloc(sizeof(*hash));
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        if (!hash || !context || EVP_DigestInit_ex2(context, sha256, NULL) != 1) {
                EVP_MD_CTX_free(context);
                free(hash);
                return NULL;
        }
        hash->context = context;
        hash->waiting = 0;
        return hash;
}

void hash_free(struct hash *hash)
{
        if (!hash)
                return;
        EVP_MD_CTX_free(hash->context);
        text_wipe(hash->bytes, sizeof(hash->bytes));
        free(hash);
}

static void push(struct hash *hash)
{
        must(EVP_DigestUpdate(hash->context, hash->bytes, hash->waiting));
        hash->waiting = 0;
}

static void put(struct hash *hash, const void *bytes, size_t length)
{
        if (length > sizeof(hash->bytes) - hash->waiting)
                push(hash);
        if (length > sizeof(hash->bytes)) {
                must(EVP_DigestUpdate(hash->context, bytes, length));
        } else if (length) {
                memcpy(hash->bytes + hash->waiting, bytes, length);
                hash->waiting += length;
        }
}

static void put_u64(struct hash *hash, uint64_t number)
{
        unsigned char bytes[8];
        for (int i = 0; i < 8; i++)
                bytes[i] = (unsigned char)(number >> (56 - 8 * i));
        put(hash, bytes, sizeof(bytes));
}

void hash_part(struct hash *hash, const void *bytes, size_t length)
{
        put_u64(hash, length);
        put(hash, bytes, length);
}

void hash_part_i64(struct hash *hash, int64_t number)
{
        put_u64(hash, 8);
        put_u64(hash, (uint64_t)number);
}

void hash_finish(struct hash *hash, unsigned char ret[HASH_SIZE])
{
        push(hash);
        must(EVP_DigestFinal_ex(hash->context, ret, NULL));
        must(EVP_DigestInit_ex2(hash->context, sha256, NULL));
}
