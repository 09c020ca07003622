/* SPDX-License-Identifier: Apache-2.0
 *
 * The certificate chain and key that handshakes present. They may be read anew while connections live: a handshake takes what is current
 * when it needs it, and what it took stays until long after. */
#ifndef HTTP_CERTIFICATE_H
#define HTTP_CERTIFICATE_H

#include <gnutls/abstract.h>
#include "base/error.h"

struct certificates;
/* Both PEM; the key file as secret_load wants it. ERR_VALUE: unreadable, or they do not belong together. */
enum err certificates_open(const char *certificate_file, const char *key_file, struct certificates **ret, struct fault *fault) MUST_USE;
void certificates_close(struct certificates *certificates); /* when no handshake can run any more; NULL is nothing */
/* Reads the files again; after an error everything is as before. One thread at a time. */
enum err certificates_reload(struct certificates *certificates, struct fault *fault) MUST_USE;

/* The library's callback has no context: a loop says once, in its own thread, what its handshakes present. */
void certificates_use(const struct certificates *certificates);
int certificate_present(gnutls_session_t session, const gnutls_datum_t *names, int name_count, const gnutls_pk_algorithm_t *algorithms,
        int algorithm_count, gnutls_pcert_st **ret, unsigned int *ret_count, gnutls_privkey_t *ret_key);

#endif
