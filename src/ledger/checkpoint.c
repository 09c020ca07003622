/* SPDX-License-Identifier: Apache-2.0
 *
 * Checkpoints: a root's head (seq and hash), signed with a key that does not stand in the database, so that a chain rebuilt by somebody
 * who can write the database but not sign is found. They stand in table checkpoint and, for the case that the database is cut back
 * whole, as log lines. */
#include <string.h>
#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "ledger/entry.h"

#define PURPOSE "muster checkpoint 1"
#define ROOTS_A_PAGE 100
#define MESSAGE_SIZE 256

struct message {
        unsigned char bytes[MESSAGE_SIZE];
        size_t length;
};

static void put_number(struct message *message, uint64_t number)
{
        for (int i = 0; i < 8; i++)
                message->bytes[message->length++] = (unsigned char)(number >> (56 - 8 * i));
}

static void put_part(struct message *message, const void *bytes, size_t length)
{
        put_number(message, length);
        memcpy(message->bytes + message->length, bytes, length);
        message->length += length;
}

static void put_part_i64(struct message *message, int64_t number)
{
        put_number(message, 8);
        put_number(message, (uint64_t)number);
}

static void message_make(const struct checkpoint *checkpoint, const char *handle, struct message *ret)
{
        ret->length = 0;
        put_part(ret, PURPOSE, strlen(PURPOSE));
        put_part(ret, handle, strnlen(handle, HANDLE_SIZE));
        put_part_i64(ret, checkpoint->seq);
        put_part_i64(ret, checkpoint->at_us);
        put_part(ret, checkpoint->hash, HASH_SIZE);
        put_part(ret, checkpoint->key_id, strlen(checkpoint->key_id));
}

bool checkpoint_is_signed(const struct checkpoint *checkpoint, const char *handle, const struct checkpoint_key *key)
{
        struct message message;
        message_make(checkpoint, handle, &message);
        return !strcmp(checkpoint->key_id, checkpoint_key_id(key)) &&
               checkpoint_key_verify(key, message.bytes, message.length, checkpoint->signature);
}

bool checkpoint_from_row(const struct result *result, struct checkpoint *ret)
{
        size_t hash_length, id_length, signature_length;
        const unsigned char *hash = result_bytes(result, 2, &hash_length);
        const char *key_id = result_text(result, 3, &id_length);
        const unsigned char *signature = result_bytes(result, 4, &signature_length);
        ret->seq = result_i64(result, 0);
        ret->at_us = result_i64(result, 1);
        if (hash_length != HASH_SIZE || id_length >= sizeof ret->key_id || signature_length != SIGNATURE_SIZE)
                return false;
        memcpy(ret->hash, hash, HASH_SIZE);
        memcpy(ret->key_id, key_id, id_length + 1);
        memcpy(ret->signature, signature, SIGNATURE_SIZE);
        return true;
}

static void checkpoint_log(const struct checkpoint *checkpoint, const char *handle)
{
        char hash[2 * HASH_SIZE + 1], signature[2 * SIGNATURE_SIZE + 1];
        text_hex(checkpoint->hash, HASH_SIZE, hash);
        text_hex(checkpoint->signature, SIGNATURE_SIZE, signature);
        log_event(LOG_INFO, "checkpoint", LOG_TEXT("root", handle), LOG_I64("seq", checkpoint->seq), LOG_I64("at_us", checkpoint->at_us),
                LOG_TEXT("hash", hash), LOG_TEXT("key_id", checkpoint->key_id), LOG_TEXT("signature", signature));
}

static enum err read_handle(struct session *session, int64_t root_no, char ret[HANDLE_SIZE], struct fault *fault)
{
        auto_result result = { 0 };
        bool found;
        enum err e = session_query(session, ST_ROOT_READ, &result, fault, V_I64(root_no));
        if (!e)
                e = result_next(&result, &found, fault);
        if (e)
                return e;
        if (!found)
                return fault_set(fault, ERR_NOT_FOUND, "", "There is no such root organisation.");
        memset(ret, 0, HANDLE_SIZE);
        strncpy(ret, result_text(&result, 1, NULL), HANDLE_SIZE - 1);
        return ERR_OK;
}

enum err checkpoint_export(struct session *session, int64_t root_no, struct buffer *into, struct fault *fault)
{
        char handle[HANDLE_SIZE], hash[2 * HASH_SIZE + 1], signature[2 * SIGNATURE_SIZE + 1];
        enum err e = read_handle(session, root_no, handle, fault);
        if (e)
                return e;
        auto_result result = { 0 };
        bool found;
        struct checkpoint checkpoint;
        e = session_query(session, ST_CHECKPOINT_NEWEST, &result, fault, V_I64(root_no));
        if (!e)
                e = result_next(&result, &found, fault);
        if (e)
                return e;
        if (!found || !checkpoint_from_row(&result, &checkpoint))
                return fault_set(fault, found ? ERR_TAMPERED : ERR_NOT_FOUND, "",
                        found ? "The newest checkpoint is damaged." : "No checkpoint was signed yet.");
        text_hex(checkpoint.hash, HASH_SIZE, hash);
        text_hex(checkpoint.signature, SIGNATURE_SIZE, signature);
        buffer_printf(into, "{\"root\":\"%s\",\"seq\":%lld,\"at_us\":%lld,\"hash\":\"%s\",\"key_id\":\"%s\",\"signature\":\"%s\"}\n",
                handle, (long long)checkpoint.seq, (long long)checkpoint.at_us, hash, checkpoint.key_id, signature);
        return buffer_check(into, fault);
}

static bool unhex_exactly(const char *text, size_t size, unsigned char *ret)
{
        return text && strlen(text) == 2 * size && text_unhex(text, 2 * size, ret);
}

enum err checkpoint_parse(const char *line, const char *handle, struct checkpoint *ret, struct fault *fault)
{
        json_auto_t *json = NULL;
        const char *root = NULL, *hash = NULL, *key_id = NULL, *signature = NULL;
        struct checkpoint parsed;
        enum err e = json_parse_object(line, strlen(line), &json, fault);
        if (!e)
                e = json_take_text(json, "root", true, &root, fault);
        if (!e)
                e = json_take_i64(json, "seq", true, 0, &parsed.seq, fault);
        if (!e)
                e = json_take_i64(json, "at_us", true, 0, &parsed.at_us, fault);
        if (!e)
                e = json_take_text(json, "hash", true, &hash, fault);
        if (!e)
                e = json_take_text(json, "key_id", true, &key_id, fault);
        if (!e)
                e = json_take_text(json, "signature", true, &signature, fault);
        if (e)
                return e;
        if (parsed.seq < 1 || strlen(key_id) >= sizeof parsed.key_id || !unhex_exactly(hash, HASH_SIZE, parsed.hash) ||
                !unhex_exactly(signature, SIGNATURE_SIZE, parsed.signature))
                return fault_set(fault, ERR_VALUE, "checkpoint", "The line is not a checkpoint as Muster exports or logs it.");
        if (strcmp(root, handle) != 0)
                return fault_set(fault, ERR_VALUE, "checkpoint", "The checkpoint is of root \"%.16s\", not of \"%s\".", root, handle);
        memcpy(parsed.key_id, key_id, strlen(key_id) + 1);
        *ret = parsed;
        return ERR_OK;
}

struct head {
        int64_t root_no;
        char handle[HANDLE_SIZE];
        struct checkpoint checkpoint;
        bool is_damaged; /* the row of the root holds no hash: signed by nobody */
};

static enum err store_head(struct session *session, void *context, struct fault *fault)
{
        const struct head *head = context;
        const struct checkpoint *checkpoint = &head->checkpoint;
        return session_run(session, ST_CHECKPOINT_INSERT, NULL, fault, V_I64(head->root_no), V_I64(checkpoint->seq),
                V_I64(checkpoint->at_us), V_BYTES(checkpoint->hash, HASH_SIZE), V_TEXT(checkpoint->key_id),
                V_BYTES(checkpoint->signature, SIGNATURE_SIZE));
}

/* One page of heads that moved since they were signed. */
static enum err read_due(struct session *reader, int64_t after_root, struct head *ret, size_t *ret_count, struct fault *fault)
{
        auto_result result = { 0 };
        bool more = true;
        *ret_count = 0;
        enum err e = session_query(reader, ST_CHECKPOINT_DUE, &result, fault, V_I64(after_root), V_I64(ROOTS_A_PAGE));
        while (!e && *ret_count < ROOTS_A_PAGE && !(e = result_next(&result, &more, fault)) && more) {
                struct head *head = &ret[*ret_count];
                size_t length;
                const unsigned char *hash = result_bytes(&result, 3, &length);
                *head = (struct head){ .root_no = result_i64(&result, 0), .checkpoint.seq = result_i64(&result, 2) };
                strncpy(head->handle, result_text(&result, 1, NULL), HANDLE_SIZE - 1);
                head->is_damaged = length != HASH_SIZE;
                if (!head->is_damaged)
                        memcpy(head->checkpoint.hash, hash, HASH_SIZE);
                ++*ret_count;
        }
        return e;
}

static enum err sign_head(struct write_queue *queue, struct head *head, const struct checkpoint_key *key, struct fault *fault)
{
        struct message message;
        head->checkpoint.at_us = clock_now_us();
        memcpy(head->checkpoint.key_id, checkpoint_key_id(key), sizeof head->checkpoint.key_id);
        message_make(&head->checkpoint, head->handle, &message);
        enum err e = checkpoint_key_sign(key, message.bytes, message.length, head->checkpoint.signature, fault);
        if (e)
                return e;
        const struct write_job job = { .root_no = head->root_no, .context = head, .run = store_head };
        e = write_queue_submit(queue, &job, fault);
        if (!e)
                checkpoint_log(&head->checkpoint, head->handle);
        return e;
}

enum err checkpoint_sign_all(
        struct write_queue *queue, struct session *reader, const struct checkpoint_key *key, size_t *ret_count, struct fault *fault)
{
        auto_free_ struct head *heads = calloc(ROOTS_A_PAGE, sizeof *heads);
        if (!heads)
                return fault_set(fault, ERR_MEMORY, "", "No memory to sign checkpoints.");
        size_t signed_count = 0, count = ROOTS_A_PAGE;
        int64_t damaged_no = 0; /* one bad root must not keep the others unsigned */
        for (int64_t after_root = INT64_MIN; count == ROOTS_A_PAGE; after_root = count ? heads[count - 1].root_no : 0) {
                enum err e = read_due(reader, after_root, heads, &count, fault);
                for (size_t i = 0; !e && i < count; i++) {
                        if (heads[i].is_damaged)
                                damaged_no = heads[i].root_no;
                        else if (!(e = sign_head(queue, &heads[i], key, fault)))
                                signed_count++;
                }
                if (e)
                        return e;
        }
        *ret_count = signed_count;
        if (damaged_no)
                return fault_set(fault, ERR_TAMPERED, "", "The row of root %lld holds no hash.", (long long)damaged_no);
        return ERR_OK;
}
