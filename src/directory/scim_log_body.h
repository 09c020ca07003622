/* SPDX-License-Identifier: Apache-2.0
 *
 * What the request log keeps of a body: the names of attributes in it, and itself without passwords, sealed. */
#ifndef DIRECTORY_SCIM_LOG_BODY_H
#define DIRECTORY_SCIM_LOG_BODY_H

#include "base/ident.h"
#include "base/json.h"

/* Takes `password` out at any depth: the member, and the value of a PATCH operation on it. */
void log_body_strip(json_t *body);
/* Could log_body_strip find anything in this text? Never false when it could: an escape counts as a yes. */
bool log_body_may_hold_password(const char *body);
/* AES-256-GCM, nonce before and tag behind; bound to its row, so that a body moved to another one does not open. Making a sealer costs as
 * much as ten bodies. NULL: out of memory. */
struct log_sealer;
struct log_sealer *log_sealer_new(const unsigned char key[HASH_SIZE]);
void log_sealer_free(struct log_sealer *sealer);
enum err log_body_seal(struct log_sealer *sealer, int64_t root_no, int64_t no, const struct buffer *text, struct buffer *into,
        struct fault *fault) MUST_USE;
/* ERR_TAMPERED: not sealed by this key for this row. */
enum err log_body_open(const unsigned char key[HASH_SIZE], int64_t root_no, int64_t no, const unsigned char *sealed, size_t length,
        struct buffer *into, struct fault *fault) MUST_USE;

#endif
