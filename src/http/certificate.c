/* SPDX-License-Identifier: Apache-2.0
 *
 * See certificate.h. GnuTLS allows credentials to be shared by threads that only read them. */
#include "http/certificate.h"

#include "base/auto.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/secret.h"

#include <errno.h>
#include <gnutls/x509.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define FILE_MAX_BYTES ((size_t)1 << 20)
#define CHAIN_MAX 16
#define RETIRED_KEPT_US (3600 * US_PER_S) /* no handshake takes so long */

struct generation {
        struct generation *older;
        int64_t retired_us;
        gnutls_pcert_st chain[CHAIN_MAX];
        unsigned count;
        gnutls_privkey_t key;
};

struct certificates {
        char *certificate_file, *key_file;
        _Atomic(struct generation *) current;
};

static _Thread_local const struct certificates *of_thread;

static void generation_free(struct generation *generation)
{
        for (unsigned i = 0; i < generation->count; i++)
                gnutls_pcert_deinit(&generation->chain[i]);
        if (generation->key)
                gnutls_privkey_deinit(generation->key);
        free(generation);
}

static void free_retired(struct generation **at, int64_t before_us)
{
        while (*at) {
                struct generation *generation = *at;
                if (generation->retired_us >= before_us) {
                        at = &generation->older;
                        continue;
                }
                *at = generation->older;
                generation_free(generation);
        }
}

static enum err chain_read(const char *path, struct buffer *ret, struct fault *fault)
{
        char part[4096];
        size_t length;
        auto_fclose_ FILE *file = fopen(path, "re");
        if (!file)
                return fault_set(fault, ERR_UNAVAILABLE, "server.tls_certificate_file", "Cannot read %s: %s.", path, strerror(errno));
        buffer_init(ret, FILE_MAX_BYTES);
        while ((length = fread(part, 1, sizeof(part), file)) > 0)
                buffer_put(ret, part, length);
        return buffer_check(ret, fault);
}

static gnutls_datum_t datum(const char *text, size_t length)
{
        return (gnutls_datum_t){ .data = (unsigned char *)(uintptr_t)(text ? text : ""), .size = (unsigned)length };
}

/* The library alone knows whether key and certificate belong together. */
static int check_pair(const gnutls_datum_t *chain, const gnutls_datum_t *key)
{
        gnutls_certificate_credentials_t tried;
        int code = gnutls_certificate_allocate_credentials(&tried);
        if (code != GNUTLS_E_SUCCESS)
                return code;
        code = gnutls_certificate_set_x509_key_mem2(tried, chain, key, GNUTLS_X509_FMT_PEM, NULL, 0);
        gnutls_certificate_free_credentials(tried);
        return code < 0 ? code : GNUTLS_E_SUCCESS;
}

static int import(struct generation *generation, const gnutls_datum_t *chain, const gnutls_datum_t *key)
{
        int code = check_pair(chain, key);
        if (code != GNUTLS_E_SUCCESS)
                return code;
        unsigned count = CHAIN_MAX;
        code = gnutls_pcert_list_import_x509_raw(generation->chain, &count, chain, GNUTLS_X509_FMT_PEM, 0);
        if (code != GNUTLS_E_SUCCESS)
                return code;
        generation->count = count;
        code = gnutls_privkey_init(&generation->key);
        return code == GNUTLS_E_SUCCESS ? gnutls_privkey_import_x509_raw(generation->key, key, GNUTLS_X509_FMT_PEM, NULL, 0) : code;
}

static enum err load(const struct certificates *certificates, struct generation **ret, struct fault *fault)
{
        auto_buffer text = { 0 };
        auto_secret secret = { 0 };
        enum err e = chain_read(certificates->certificate_file, &text, fault);
        if (!e)
                e = secret_load(certificates->key_file, &secret, fault);
        if (e)
                return e;
        struct generation *generation = calloc(1, sizeof(*generation));
        if (!generation)
                return fault_set(fault, ERR_MEMORY, NULL, "Out of memory.");
        const gnutls_datum_t chain = datum(text.data, text.length), key = datum(secret.text, secret.length);
        int code = import(generation, &chain, &key);
        if (code != GNUTLS_E_SUCCESS) {
                generation_free(generation);
                return fault_set(fault, ERR_VALUE, "server.tls_certificate_file",
                        "The certificate in %s and the key in %s cannot be used: %s", certificates->certificate_file,
                        certificates->key_file, gnutls_strerror(code));
        }
        *ret = generation;
        return ERR_OK;
}

enum err certificates_open(const char *certificate_file, const char *key_file, struct certificates **ret, struct fault *fault)
{
        struct certificates *certificates = calloc(1, sizeof(*certificates));
        struct generation *first = NULL;
        enum err e = fault_set(fault, ERR_MEMORY, NULL, "Out of memory.");
        if (!certificates)
                return e;
        certificates->certificate_file = strdup(certificate_file);
        certificates->key_file = strdup(key_file);
        if (certificates->certificate_file && certificates->key_file)
                e = load(certificates, &first, fault);
        if (e) {
                certificates_close(certificates);
                return e;
        }
        atomic_store(&certificates->current, first);
        *ret = certificates;
        return ERR_OK;
}

enum err certificates_reload(struct certificates *certificates, struct fault *fault)
{
        struct generation *next = NULL;
        enum err e = load(certificates, &next, fault);
        if (e)
                return e;
        int64_t now_us = clock_steady_us();
        next->older = atomic_load(&certificates->current);
        next->older->retired_us = now_us;
        atomic_store(&certificates->current, next);
        free_retired(&next->older, now_us - RETIRED_KEPT_US);
        return ERR_OK;
}

void certificates_close(struct certificates *certificates)
{
        if (!certificates)
                return;
        struct generation *all = atomic_load(&certificates->current);
        free_retired(&all, INT64_MAX);
        free(certificates->certificate_file);
        free(certificates->key_file);
        free(certificates);
}

void certificates_use(const struct certificates *certificates)
{
        of_thread = certificates;
}

int certificate_present(gnutls_session_t session, const gnutls_datum_t *names, int name_count, const gnutls_pk_algorithm_t *algorithms,
        int algorithm_count, gnutls_pcert_st **ret, unsigned int *ret_count, gnutls_privkey_t *ret_key)
{
        struct generation *generation = of_thread ? atomic_load(&of_thread->current) : NULL;
        if (!generation)
                return -1;
        *ret = generation->chain;
        *ret_count = generation->count;
        *ret_key = generation->key;
        return 0;
}
