/* SPDX-License-Identifier: Apache-2.0
 *
 * Credentials: bearer tokens of machine identities and connections. Only the hash is stored; the text leaves once. */
#include <string.h>
#include "work.h"

#define CREDENTIALS_MAX 100
#define TTL_DEFAULT_S (90LL * 86400)
#define TTL_SCIM_DEFAULT_S (365LL * 86400)
#define TTL_MAX_S (3653LL * 86400)

static enum err credential_revoke(struct work *work, int64_t credential_no)
{
        enum err e = session_run(
                work->session, ST_CREDENTIAL_REVOKE, NULL, work->fault, V_I64(work->root_no), V_I64(credential_no), V_I64(work->at_us));
        if (e)
                return e;
        struct effect effect = { .kind = EFFECT_CREDENTIAL_GONE, .no = credential_no };
        return work_effect(work, &effect);
}

/* One that has expired is none to keep: it goes, and takes no live one's place. */
static enum err revoke_beyond(struct work *work, int64_t owner_no, size_t keep)
{
        struct credential_row rows[CREDENTIALS_MAX];
        size_t count, kept = 0;
        enum err e = credential_list(work->session, work->root_no, owner_no, rows, CREDENTIALS_MAX, &count, work->fault);
        for (size_t i = count; !e && i-- > 0;) {
                bool expired = rows[i].expires_us && rows[i].expires_us <= work->at_us;
                if (expired || kept == keep)
                        e = credential_revoke(work, rows[i].no);
                else
                        kept++;
        }
        return e;
}

enum err credential_newest_scopes(struct work *work, int64_t owner_no, unsigned *ret)
{
        struct credential_row rows[CREDENTIALS_MAX];
        size_t count = 0;
        enum err e = credential_list(work->session, work->root_no, owner_no, rows, CREDENTIALS_MAX, &count, work->fault);
        if (!e)
                *ret = count ? rows[count - 1].scopes & SCOPES_OF_TOKEN : SCOPE_USERS | SCOPE_GROUPS;
        return e;
}

enum err credential_revoke_all(struct work *work, int64_t owner_no)
{
        return revoke_beyond(work, owner_no, 0);
}

enum err credential_add(struct work *work, const struct resource_row *owner, enum token_kind kind, unsigned scopes, size_t keep)
{
        int64_t ttl_s = work->change->ttl_s ? work->change->ttl_s : kind == TOKEN_SCIM ? TTL_SCIM_DEFAULT_S : TTL_DEFAULT_S;
        if (ttl_s < 60 || ttl_s > TTL_MAX_S)
                return fault_set(
                        work->fault, ERR_VALUE, "ttl_s", "a token lives between 60 seconds and ten years, not %lld s", (long long)ttl_s);
        enum err e = revoke_beyond(work, owner->no, keep);
        if (e)
                return e;
        struct credential_row row = {
                .no = work_next_no(work),
                .owner_no = owner->no,
                .kind = kind,
                .label = "",
                .scopes = scopes,
                .created_us = work->at_us,
                .expires_us = work->at_us + ttl_s * 1000000,
        };
        hash_sha256(work->change->token.text, work->change->token.length, row.hash);
        e = credential_insert(work->session, work->root_no, &row, work->fault);
        if (e)
                return e;
        work->change->token_expires_us = row.expires_us;
        struct effect effect = {
                .kind = EFFECT_CREDENTIAL,
                .no = row.no,
                .other_no = owner->no,
                .token_kind = kind,
                .scopes = scopes,
                .until_us = row.expires_us,
        };
        memcpy(effect.hash, row.hash, HASH_SIZE);
        return work_effect(work, &effect);
}

unsigned credential_flags(const json_t *connection)
{
        static const struct {
                const char *attribute, *value;
                unsigned flag;
        } flags[] = {
                { "profile", "strict", SCOPE_STRICT },
                { "preset", "okta", SCOPE_PRESET_OKTA },
                { "preset", "entra", SCOPE_PRESET_ENTRA },
                { "unknown_members", "skip", SCOPE_SKIP_MEMBERS },
                { "adoption", "same_upstream", SCOPE_ADOPT },
                { "adoption", "verified_domain", SCOPE_ADOPT },
        };
        unsigned found = 0;
        for (size_t i = 0; i < COUNT_OF(flags); i++) {
                const char *value = json_string_value(json_object_get(connection, flags[i].attribute));
                if (value && strcmp(value, flags[i].value) == 0)
                        found |= flags[i].flag;
        }
        json_int_t rate = json_integer_value(json_object_get(connection, "rate_limit")); /* checked by the descriptor */
        return found | ((unsigned)rate << SCOPE_RATE_SHIFT);
}

enum err credential_set_flags(struct work *work, int64_t owner_no, unsigned flags)
{
        enum err e = session_run(work->session, ST_CREDENTIAL_FLAGS, NULL, work->fault, V_I64(work->root_no), V_I64(owner_no), V_I64(flags),
                V_I64(SCOPES_OF_TOKEN));
        if (e)
                return e;
        auto_result result = { 0 };
        e = session_query(work->session, ST_CREDENTIAL_WHOLE, &result, work->fault, V_I64(work->root_no), V_I64(owner_no));
        while (!e) {
                bool more;
                e = result_next(&result, &more, work->fault);
                if (e || !more)
                        break;
                size_t length;
                const unsigned char *hash = result_bytes(&result, 2, &length);
                struct effect effect = {
                        .kind = EFFECT_CREDENTIAL,
                        .no = result_i64(&result, 0),
                        .other_no = owner_no,
                        .token_kind = (int)result_i64(&result, 1),
                        .scopes = (unsigned)result_i64(&result, 3),
                        .until_us = result_i64(&result, 4),
                };
                if (length != HASH_SIZE)
                        continue;
                memcpy(effect.hash, hash, HASH_SIZE);
                e = work_effect(work, &effect);
        }
        return e;
}
