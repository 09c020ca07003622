/* SPDX-License-Identifier: Apache-2.0
 *
 * The Ed25519 key (RFC 8032) that signs checkpoints: a PKCS#8 PEM file, 0600, made once by `muster init`. The key id is made from the
 * public half, so it needs no register. */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>
#include "base/auto.h"
#include "base/text.h"
#include "ledger/entry.h"

#define PUBLIC_KEY_SIZE 32

struct checkpoint_key {
        EVP_PKEY *pair;
        char id[17];
};

AUTO_DEFINE(EVP_PKEY *, EVP_PKEY_free)
AUTO_DEFINE(EVP_MD_CTX *, EVP_MD_CTX_free)
AUTO_DEFINE(BIO *, BIO_free_all)
AUTO_DEFINE(struct checkpoint_key *, checkpoint_key_free)

enum err checkpoint_key_make_file(const char *path, struct fault *fault)
{
        AUTO(EVP_PKEY_free) EVP_PKEY *pair = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
        /* Memory of BIO_s_secmem is wiped when freed. */
        AUTO(BIO_free_all) BIO *pem = BIO_new(BIO_s_secmem());
        if (!pair || !pem || PEM_write_bio_PKCS8PrivateKey(pem, pair, NULL, NULL, 0, NULL, NULL) != 1)
                return fault_set(fault, ERR_INTERNAL, "", "No checkpoint key could be made.");
        char *text;
        long length = BIO_get_mem_data(pem, &text);
        return secret_store_new(path, text, (size_t)length, fault);
}

enum err checkpoint_key_load(const char *path, struct checkpoint_key **ret, struct fault *fault)
{
        auto_secret text = { 0 };
        enum err e = secret_load(path, &text, fault);
        if (e)
                return e;
        AUTO(checkpoint_key_free) struct checkpoint_key *key = calloc(1, sizeof *key);
        AUTO(BIO_free_all) BIO *pem = BIO_new_mem_buf(text.text, (int)text.length);
        if (!key || !pem)
                return fault_set(fault, ERR_MEMORY, "", "No memory for the checkpoint key.");
        key->pair = PEM_read_bio_PrivateKey(pem, NULL, NULL, (void *)"");
        unsigned char public[PUBLIC_KEY_SIZE], digest[HASH_SIZE];
        size_t length = sizeof public;
        if (!key->pair || !EVP_PKEY_is_a(key->pair, "ED25519") || EVP_PKEY_get_raw_public_key(key->pair, public, &length) != 1)
                return fault_set(fault, ERR_VALUE, "keys.checkpoint_key_file", "%s holds no Ed25519 private key in PEM form.", path);
        hash_sha256(public, length, digest);
        text_hex(digest, 8, key->id);
        *ret = STEAL(key);
        return ERR_OK;
}

void checkpoint_key_free(struct checkpoint_key *key)
{
        if (!key)
                return;
        EVP_PKEY_free(key->pair);
        free(key);
}

const char *checkpoint_key_id(const struct checkpoint_key *key)
{
        return key->id;
}

enum err checkpoint_key_sign(
        const struct checkpoint_key *key, const void *message, size_t length, unsigned char ret[SIGNATURE_SIZE], struct fault *fault)
{
        AUTO(EVP_MD_CTX_free) EVP_MD_CTX *context = EVP_MD_CTX_new();
        size_t size = SIGNATURE_SIZE;
        if (!context || EVP_DigestSignInit(context, NULL, NULL, NULL, key->pair) != 1 ||
                EVP_DigestSign(context, ret, &size, message, length) != 1 || size != SIGNATURE_SIZE)
                return fault_set(fault, ERR_INTERNAL, "", "A checkpoint could not be signed.");
        return ERR_OK;
}

bool checkpoint_key_verify(
        const struct checkpoint_key *key, const void *message, size_t length, const unsigned char signature[SIGNATURE_SIZE])
{
        AUTO(EVP_MD_CTX_free) EVP_MD_CTX *context = EVP_MD_CTX_new();
        return context && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key->pair) == 1 &&
               EVP_DigestVerify(context, signature, SIGNATURE_SIZE, message, length) == 1;
}
