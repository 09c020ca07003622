/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading entries, and one entry as a line of JSON for people and for audit exports. */
#include <assert.h>
#include <string.h>
#include "base/auto.h"
#include "base/clock.h"
#include "base/text.h"
#include "ledger/entry.h"

#define ROWS_MAX 1000

static const char *const class_names[] = { [LEDGER_CHANGE] = "change", [LEDGER_NOTICE] = "notice", [LEDGER_ALERT] = "alert" };
static const char *const actor_names[] = {
        [ACTOR_NOBODY] = "nobody",
        [ACTOR_IDENTITY] = "identity",
        [ACTOR_CONNECTION] = "connection",
        [ACTOR_SYSTEM] = "system",
};

static enum err row_from(const struct result *result, struct ledger_row *ret, struct fault *fault)
{
        size_t length;
        const unsigned char *hash = result_bytes(result, 12, &length);
        ret->seq = result_i64(result, 0);
        ret->at_us = result_i64(result, 1);
        ret->class = (enum ledger_class)result_i64(result, 2);
        ret->event = result_text(result, 3, NULL);
        ret->actor_kind = (enum actor_kind)result_i64(result, 4);
        ret->actor_no = result_i64(result, 5);
        ret->object_kind = (enum resource_kind)result_i64(result, 6);
        ret->object_no = result_i64(result, 7);
        ret->body = result_text(result, 10, NULL);
        if (length != HASH_SIZE)
                return fault_set(fault, ERR_TAMPERED, "", "Ledger entry %lld is damaged: run `muster audit verify`.", (long long)ret->seq);
        memcpy(ret->hash, hash, HASH_SIZE);
        return ERR_OK;
}

enum err ledger_read(struct session *session, int64_t root_no, int64_t after_seq, int limit,
        enum err (*each)(void *context, const struct ledger_row *row, struct fault *fault), void *context, struct fault *fault)
{
        assert(limit > 0 && limit <= ROWS_MAX);
        auto_result result = { 0 };
        bool more = true;
        enum err e = session_query(session, ST_LEDGER_AFTER, &result, fault, V_I64(root_no), V_I64(after_seq), V_I64(limit));
        while (!e && !(e = result_next(&result, &more, fault)) && more) {
                struct ledger_row row;
                e = row_from(&result, &row, fault);
                if (!e)
                        e = each(context, &row, fault);
        }
        return e;
}

/* "id":"…" of a resource, when it is still there. */
static enum err put_id(struct session *session, int64_t root_no, int64_t no, struct buffer *into, struct fault *fault)
{
        if (!no)
                return ERR_OK;
        auto_result result = { 0 };
        bool found;
        enum err e = session_query(session, ST_LEDGER_RESOURCE_ID, &result, fault, V_I64(root_no), V_I64(no));
        if (!e)
                e = result_next(&result, &found, fault);
        if (e || !found)
                return e;
        size_t length;
        const char *id = result_text(&result, 0, &length);
        BUFFER_LITERAL(into, ",\"id\":");
        buffer_put_json(into, id, length);
        return ERR_OK;
}

static void put_party(struct buffer *into, const char *name, const char *kind, int64_t no)
{
        buffer_printf(into, ",\"%s\":{\"kind\":\"%s\",\"no\":%lld", name, kind, (long long)no);
}

enum err ledger_row_json(struct session *session, int64_t root_no, const struct ledger_row *row, struct buffer *into, struct fault *fault)
{
        char at[CLOCK_TEXT_SIZE], hash[2 * HASH_SIZE + 1];
        clock_format(row->at_us, at);
        text_hex(row->hash, HASH_SIZE, hash);
        bool known_class = row->class >= LEDGER_CHANGE && row->class <= LEDGER_ALERT;
        buffer_printf(into, "{\"seq\":%lld,\"at\":\"%s\",\"class\":\"%s\",\"event\":", (long long)row->seq, at,
                known_class ? class_names[row->class] : "unknown");
        buffer_put_json(into, row->event, strlen(row->event));
        put_party(
                into, "actor", (unsigned)row->actor_kind < COUNT_OF(actor_names) ? actor_names[row->actor_kind] : "unknown", row->actor_no);
        enum err e = put_id(session, root_no, row->actor_no, into, fault);
        if (e)
                return e;
        buffer_putc(into, '}');
        if (row->object_kind != KIND_NONE) {
                const struct resource_type *type = resource_type(row->object_kind);
                put_party(into, "object", type ? type->word : kind_is_declared(row->object_kind) ? "resource" : "unknown", row->object_no);
                e = put_id(session, root_no, row->object_no, into, fault);
                if (e)
                        return e;
                buffer_putc(into, '}');
        }
        BUFFER_LITERAL(into, ",\"body\":");
        buffer_puts(into, *row->body ? row->body : "null");
        buffer_printf(into, ",\"hash\":\"%s\"}\n", hash);
        return buffer_check(into, fault);
}
