/* SPDX-License-Identifier: Apache-2.0
 *
 * One entry as it is hashed. Append and verify go through here and nowhere else, so that what is written is what is checked. */
#ifndef LEDGER_ENTRY_H
#define LEDGER_ENTRY_H

#include "base/ident.h"
#include "ledger/ledger.h"

#define SALT_SIZE 16
#define SIGNATURE_SIZE 64

/* Texts and bytes belong to whoever filled it. */
struct entry {
        int64_t seq, at_us, class;
        const char *event;
        size_t event_length;
        int64_t actor_kind, actor_no, object_kind, object_no;
        const unsigned char *change_id; /* CHANGE_ID_SIZE bytes */
        unsigned char body_hash[HASH_SIZE];
};

/* SHA-256 over salt and body, each length-prefixed. */
void entry_hash_body(struct hash *hash, const unsigned char salt[SALT_SIZE], const char *body, size_t length, unsigned char ret[HASH_SIZE]);
/* SHA-256 over the length-prefixed parts named in ledger.h. */
void entry_hash(struct hash *hash, const unsigned char previous[HASH_SIZE], const struct entry *entry, unsigned char ret[HASH_SIZE]);

/* One checkpoint: a row, or a line of JSON. */
struct checkpoint {
        int64_t seq, at_us;
        unsigned char hash[HASH_SIZE];
        char key_id[17];
        unsigned char signature[SIGNATURE_SIZE];
};
struct result;
/* Reads the columns of CHECKPOINT_AFTER and its like; false: a column has a wrong size. */
bool checkpoint_from_row(const struct result *result, struct checkpoint *ret);
/* The line of JSON; unknown fields are ignored, so that a log line serves as it is. ERR_VALUE: not a checkpoint of this root. */
enum err checkpoint_parse(const char *line, const char *handle, struct checkpoint *ret, struct fault *fault) MUST_USE;
/* Is the signature that of this key over these values? */
bool checkpoint_is_signed(const struct checkpoint *checkpoint, const char *handle, const struct checkpoint_key *key);
enum err checkpoint_key_sign(const struct checkpoint_key *key, const void *message, size_t length, unsigned char ret[SIGNATURE_SIZE],
        struct fault *fault) MUST_USE;
bool checkpoint_key_verify(
        const struct checkpoint_key *key, const void *message, size_t length, const unsigned char signature[SIGNATURE_SIZE]);

#endif
