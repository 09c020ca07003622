/* SPDX-License-Identifier: Apache-2.0
 *
 * Identifiers: UUIDv7 (RFC 9562), root handles, bearer tokens, SHA-256.
 *
 * Token: mus_<kind>_<handle>_<52 characters base32 = 256 bit + padding>_<8 hex digits CRC-32 of all before>. Only the SHA-256 of the
 * whole text is ever stored. The CRC lets secret scanners and the gate tell a token from noise without a look-up. */
#ifndef BASE_IDENT_H
#define BASE_IDENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "base/secret.h"

#define UUID_TEXT_SIZE 37 /* 36 characters, lower case, and NUL */
#define HANDLE_SIZE 9     /* 8 characters [a-z2-7] and NUL */
#define HASH_SIZE 32
#define TOKEN_TEXT_MAX 96

enum token_kind {
        TOKEN_SCIM = 1, /* "scim": a connection's bearer */
        TOKEN_IDENTITY, /* "id": a machine identity's bearer */
};

void ident_random(void *ret, size_t length);                         /* getrandom; aborts when the kernel has none */
void ident_uuid(char ret[UUID_TEXT_SIZE]);                           /* UUIDv7 of now */
bool ident_is_uuid(const char *text, size_t length);                 /* 8-4-4-4-12 hex digits, either case */
void ident_handle(char ret[HANDLE_SIZE]);
bool ident_is_handle(const char *text);

enum err token_make(enum token_kind kind, const char *handle, struct secret *ret_token, struct fault *fault) MUST_USE;
/* Checks form and CRC, no look-up. False: not one of ours. */
bool token_parse(const char *text, size_t length, enum token_kind *ret_kind, char ret_handle[HANDLE_SIZE]);

void hash_sha256(const void *bytes, size_t length, unsigned char ret[HASH_SIZE]);
/* HMAC-SHA256 (RFC 2104): what only the holder of the key can make or check; also derives one key per purpose from a master key. */
void hash_hmac(const void *key, size_t key_length, const void *bytes, size_t length, unsigned char ret[HASH_SIZE]);
/* Incremental hash of length-prefixed parts (8-byte big-endian length before each), so that no two lists of parts collide. */
struct hash;
struct hash *hash_new(void); /* NULL: out of memory; reusable */
void hash_free(struct hash *hash);
void hash_part(struct hash *hash, const void *bytes, size_t length);
void hash_part_i64(struct hash *hash, int64_t number); /* 8 bytes big-endian */
void hash_finish(struct hash *hash, unsigned char ret[HASH_SIZE]); /* and starts anew */

#endif
