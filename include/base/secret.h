/* SPDX-License-Identifier: Apache-2.0
 *
 * A secret: wiped when freed, never formatted. Loaded only from files (mode 0600 or stricter) or systemd credentials. */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stddef.h>
#include "base/error.h"

struct secret {
        char *text; /* heap, NUL-terminated; NULL when empty */
        size_t length;
};

#define SECRET_FILE_MAX_BYTES 65536

void secret_done(struct secret *secret); /* wipes and frees */
static inline void auto_secret_done(struct secret *secret)
{
        secret_done(secret);
}
#define auto_secret __attribute__((cleanup(auto_secret_done))) struct secret

/* Copies; the source stays the caller's to wipe. */
enum err secret_set(struct secret *ret, const char *text, size_t length, struct fault *fault) MUST_USE;
/* Reads a file whole, cutting one trailing newline. Refused: readable by group or others, larger than SECRET_FILE_MAX_BYTES, empty.
 * A path without '/' names a systemd credential in $CREDENTIALS_DIRECTORY. */
enum err secret_load(const char *path, struct secret *ret, struct fault *fault) MUST_USE;
/* Makes a new file with mode 0600 and fsyncs it and its folder; refuses to overwrite (ERR_TAKEN). */
enum err secret_store_new(const char *path, const void *bytes, size_t length, struct fault *fault) MUST_USE;

#endif
