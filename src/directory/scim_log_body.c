/* SPDX-License-Identifier: Apache-2.0
 *
 * See scim_log_body.h. AES-256-GCM by OpenSSL, 96-bit random nonce, 128-bit tag. */
#include "scim_log_body.h"

#include <openssl/evp.h>
#include <string.h>
#include <strings.h>
#include "base/auto.h"
#include "directory/scim_log.h"

#define NONCE_SIZE 12
#define TAG_SIZE 16
#define FIELDS_MAX_BYTES 1024

AUTO_DEFINE(EVP_CIPHER_CTX *, EVP_CIPHER_CTX_free)

/* ---- passwords ---- */

/* "password", alone or behind its schema's URN. */
static bool is_password(const char *name)
{
        const char *colon = strrchr(name, ':');
        return strcasecmp(colon ? colon + 1 : name, "password") == 0;
}

static bool is_about_password(const json_t *operation)
{
        void *at = json_object_iter((json_t *)operation);
        for (; at; at = json_object_iter_next((json_t *)operation, at)) {
                const char *text = json_string_value(json_object_iter_value(at));
                if (text && strcasecmp(json_object_iter_key(at), "path") == 0 && is_password(text))
                        return true;
        }
        return false;
}

static void strip_object(json_t *object)
{
        bool about = is_about_password(object);
        const char *key;
        json_t *value;
        void *next;
        json_object_foreach_safe(object, next, key, value)
        {
                if (is_password(key) || (about && strcasecmp(key, "value") == 0))
                        json_object_del(object, key);
                else
                        log_body_strip(value);
        }
}

void log_body_strip(json_t *body)
{
        size_t i;
        json_t *element;
        if (json_is_object(body))
                strip_object(body);
        json_array_foreach (body, i, element)
                log_body_strip(element);
}

bool log_body_may_hold_password(const char *body)
{
        return strcasestr(body, "password") || strstr(body, "\\u");
}

/* ---- names ---- */

static bool is_listed(const struct buffer *list, const char *name, size_t length)
{
        for (size_t at = 0; at < list->length;) {
                const char *comma = memchr(list->data + at, ',', list->length - at);
                size_t size = comma ? (size_t)(comma - list->data) - at : list->length - at;
                if (size == length && strncasecmp(list->data + at, name, length) == 0)
                        return true;
                at += size + 1;
        }
        return false;
}

/* Of a client's text only as much as a path of attributes holds (RFC 7644, section 3.10): what follows may name somebody. */
static void put_name(struct buffer *into, const char *text)
{
        size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:$");
        if (!length || into->length + length >= FIELDS_MAX_BYTES || is_listed(into, text, length))
                return;
        if (into->length)
                buffer_putc(into, ',');
        buffer_put(into, text, length);
}

static void put_members(struct buffer *into, const json_t *object)
{
        static const char *const frame[] = { "schemas", "id", "meta" };
        void *at = json_object_iter((json_t *)object);
        for (; at; at = json_object_iter_next((json_t *)object, at)) {
                const char *key = json_object_iter_key(at);
                bool is_frame = false;
                for (size_t i = 0; i < COUNT_OF(frame); i++)
                        is_frame = is_frame || strcasecmp(key, frame[i]) == 0;
                if (!is_frame)
                        put_name(into, key); /* some write paths as members */
        }
}

void log_body_fields(const json_t *body, struct buffer *into)
{
        const json_t *operations = json_object_get(body, "Operations"), *operation;
        size_t i;
        if (!json_is_array(operations)) {
                put_members(into, body);
                return;
        }
        json_array_foreach (operations, i, operation) {
                const char *path = json_string_value(json_object_get(operation, "path"));
                if (path && json_object_get(operation, "method")) /* of Bulk: where it went stands in the path */
                        put_name(into, path + (*path == '/'));
                else if (path)
                        put_name(into, path);
                else
                        put_members(into, json_object_get(operation, "value"));
        }
}

/* ---- sealing ---- */

static void bind(int64_t root_no, int64_t no, unsigned char ret[16])
{
        for (int i = 0; i < 8; i++) {
                ret[i] = (unsigned char)((uint64_t)root_no >> (56 - 8 * i));
                ret[8 + i] = (unsigned char)((uint64_t)no >> (56 - 8 * i));
        }
}

static enum err failed(struct fault *fault)
{
        return fault_set(fault, ERR_INTERNAL, "", "the body of a request could not be sealed");
}

/* OpenSSL's own context, which keeps the key. */
static EVP_CIPHER_CTX *cipher_of(struct log_sealer *sealer)
{
        return (EVP_CIPHER_CTX *)sealer;
}

struct log_sealer *log_sealer_new(const unsigned char key[HASH_SIZE])
{
        EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
        if (cipher && EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, key, NULL) == 1)
                return (struct log_sealer *)cipher;
        EVP_CIPHER_CTX_free(cipher);
        return NULL;
}

void log_sealer_free(struct log_sealer *sealer)
{
        if (sealer)
                EVP_CIPHER_CTX_free(cipher_of(sealer));
}

enum err log_body_seal(
        struct log_sealer *sealer, int64_t root_no, int64_t no, const struct buffer *text, struct buffer *into, struct fault *fault)
{
        unsigned char nonce[NONCE_SIZE], bound[16], tag[TAG_SIZE];
        auto_free_ unsigned char *out = malloc(text->length + 1);
        int length = 0, rest = 0;
        if (!out || !sealer)
                return failed(fault);
        EVP_CIPHER_CTX *cipher = cipher_of(sealer);
        ident_random(nonce, sizeof(nonce));
        bind(root_no, no, bound);
        if (EVP_EncryptInit_ex(cipher, NULL, NULL, NULL, nonce) != 1 || EVP_EncryptUpdate(cipher, NULL, &rest, bound, sizeof(bound)) != 1 ||
                EVP_EncryptUpdate(cipher, out, &length, (const unsigned char *)text->data, (int)text->length) != 1 ||
                EVP_EncryptFinal_ex(cipher, out + length, &rest) != 1 ||
                EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_GET_TAG, TAG_SIZE, tag) != 1)
                return failed(fault);
        buffer_put(into, nonce, sizeof(nonce));
        buffer_put(into, out, (size_t)length);
        buffer_put(into, tag, sizeof(tag));
        return buffer_check(into, fault);
}

enum err log_body_open(const unsigned char key[HASH_SIZE], int64_t root_no, int64_t no, const unsigned char *sealed, size_t length,
        struct buffer *into, struct fault *fault)
{
        unsigned char bound[16], tag[TAG_SIZE];
        AUTO(EVP_CIPHER_CTX_free) EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
        int size = 0, rest = 0;
        if (length < NONCE_SIZE + TAG_SIZE)
                return fault_set(fault, ERR_TAMPERED, "", "the sealed body of this request is damaged");
        size_t text_length = length - NONCE_SIZE - TAG_SIZE;
        auto_free_ unsigned char *out = malloc(text_length + 1);
        if (!out || !cipher)
                return fault_set(fault, ERR_MEMORY, "", "out of memory");
        bind(root_no, no, bound);
        memcpy(tag, sealed + length - TAG_SIZE, TAG_SIZE);
        if (EVP_DecryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, key, sealed) != 1 ||
                EVP_DecryptUpdate(cipher, NULL, &rest, bound, sizeof(bound)) != 1 ||
                EVP_DecryptUpdate(cipher, out, &size, sealed + NONCE_SIZE, (int)text_length) != 1 ||
                EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_SET_TAG, TAG_SIZE, tag) != 1 ||
                EVP_DecryptFinal_ex(cipher, out + size, &rest) != 1)
                return fault_set(fault, ERR_TAMPERED, "", "the sealed body of this request is damaged, or the master key is another one");
        buffer_put(into, out, (size_t)size);
        return buffer_check(into, fault);
}
