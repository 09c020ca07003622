/* SPDX-License-Identifier: Apache-2.0
 *
 * `muster init`: keys, schema and a new root organisation with its administrator and the machine identity `bootstrap`, in one
 * transaction. The installation lock is held meanwhile, so no server can run. */
#include "directory/install.h"

#include <errno.h>
#include <string.h>
#include "base/clock.h"
#include "base/text.h"
#include "work.h"

#define MASTER_KEY_BYTES 32

/* ---- keys ---- */

static enum err make_master_key(const char *path, struct fault *fault)
{
        unsigned char key[MASTER_KEY_BYTES];
        char text[MASTER_KEY_BYTES * 2 + 2];
        ident_random(key, sizeof(key));
        text_hex(key, sizeof(key), text);
        text[MASTER_KEY_BYTES * 2] = '\n';
        enum err e = secret_store_new(path, text, sizeof(text) - 1, fault);
        text_wipe(key, sizeof(key));
        text_wipe(text, sizeof(text));
        return e;
}

/* A key that is there stays: a second root of an installation shares it. */
static enum err make_keys(const struct settings *settings, struct fault *fault)
{
        enum err e = make_master_key(settings->master_key_file, fault);
        if (!e || e == ERR_TAKEN)
                e = checkpoint_key_make_file(settings->checkpoint_key_file, fault);
        return e == ERR_TAKEN ? ERR_OK : e;
}

/* ---- the root ---- */

struct install {
        const struct install_options *options;
        struct install_result *result;
        struct arena *arena;
        char handle[HANDLE_SIZE];
        int64_t root_no;
};

static enum err root_insert(struct session *session, struct install *install, struct fault *fault)
{
        int64_t last;
        enum err e = session_query_number_values(session, ST_ROOT_LAST, NULL, 0, &last, fault);
        if (e)
                return e;
        install->root_no = last + 1;
        static const unsigned char before_first[HASH_SIZE];
        struct fault cause = { 0 };
        e = session_run(session, ST_ROOT_INSERT, NULL, &cause, V_I64(install->root_no), V_TEXT(install->options->slug),
                V_TEXT(install->handle), V_I64(1), V_BYTES(before_first, HASH_SIZE), V_I64(0));
        if (e == ERR_TAKEN)
                return fault_set(fault, ERR_TAKEN, "slug", "there is an organization \"%.64s\" already; choose another --org",
                        install->options->slug);
        if (e && fault)
                *fault = cause;
        return e;
}

static enum err make_organization(struct work *work, struct install *install, struct resource_row *ret)
{
        json_auto_t *document = json_pack("{s:s, s:s}", "slug", install->options->slug, "name", install->options->name);
        if (!document)
                return work_memory(work);
        enum err e = document_check(resource_type(KIND_ORGANIZATION), document, work->fault);
        if (!e)
                e = thing_insert(work, KIND_ORGANIZATION, ROOT_ORG_NO, install->options->slug, document, ret);
        if (!e && ret->no != ROOT_ORG_NO)
                return fault_set(work->fault, ERR_INTERNAL, "", "the organization is not the first resource of its root");
        return e;
}

static enum err make_administrator(struct work *work, struct install *install, struct resource_row *ret)
{
        const char *email = install->options->admin_email;
        json_auto_t *document = json_pack(
                "{s:s, s:[{s:s, s:s, s:b}], s:b}", "userName", email, "emails", "value", email, "type", "work", "primary", 1, "active", 1);
        if (!document)
                return work_memory(work);
        struct claim_row claim;
        work->change->type = resource_type(KIND_USER);
        return person_insert(work, document, ret, &claim);
}

static enum err make_identity(struct work *work, struct resource_row *ret)
{
        json_auto_t *document = json_pack("{s:s, s:s}", "name", "bootstrap", "description", "Made by init; replace it and delete it.");
        if (!document)
                return work_memory(work);
        enum err e = thing_insert(work, KIND_IDENTITY, ROOT_ORG_NO, "bootstrap", document, ret);
        return e ? e : credential_add(work, ret, TOKEN_IDENTITY, 0, 0);
}

static enum err make_admin_grant(struct work *work, const struct resource_row *organization, const struct resource_row *principal)
{
        const struct grant_wish wish = {
                .scope = organization,
                .principal = principal,
                .role = builtin_role_find(LEVEL_ORGANIZATION, "admin"),
                .reason = "init",
        };
        struct resource_row grant;
        return grant_make(work, &wish, &grant);
}

static enum err make_people(struct work *work, struct install *install)
{
        struct resource_row organization, administrator, identity;
        enum err e = make_organization(work, install, &organization);
        if (!e)
                e = make_administrator(work, install, &administrator);
        if (!e)
                e = make_identity(work, &identity);
        if (!e)
                e = make_admin_grant(work, &organization, &administrator);
        if (!e)
                e = make_admin_grant(work, &organization, &identity);
        if (e)
                return e;
        memcpy(install->result->org_id, organization.id, UUID_TEXT_SIZE);
        memcpy(install->result->admin_id, administrator.id, UUID_TEXT_SIZE);
        return work_body_json(work, json_pack("{s:s, s:s, s:s, s:s}", "id", organization.id, "slug", install->options->slug,
                                            "administrator", administrator.id, "identity", identity.id));
}

static enum err install_run(struct session *session, void *context, struct fault *fault)
{
        struct install *install = context;
        enum err e = root_insert(session, install, fault);
        if (e)
                return e;
        struct actor actor = { .kind = ACTOR_SYSTEM, .root_no = install->root_no, .org_no = ROOT_ORG_NO };
        struct change change = { .actor = &actor, .ttl_s = BOOTSTRAP_TOKEN_DAYS * 86400LL, .token = install->result->api_token };
        struct work work = {
                .change = &change,
                .actor = &actor,
                .session = session,
                .arena = install->arena,
                .fault = fault,
                .root_no = install->root_no,
                .at_us = clock_now_us(),
                .version = 1,
        };
        e = session_root(session, install->root_no, &work.root, fault);
        if (!e)
                e = make_people(&work, install);
        if (e)
                return e;
        struct ledger_entry entry = {
                .event = EVENT_ROOT_CREATED,
                .actor = &actor,
                .object_kind = KIND_ORGANIZATION,
                .object_no = ROOT_ORG_NO,
                .body = work.body,
        };
        ident_random(entry.change_id, sizeof(entry.change_id));
        int64_t seq, at_us;
        return ledger_append(session, install->root_no, &entry, &seq, &at_us, fault);
}

/* ---- entry ---- */

static enum err check_options(const struct install_options *options, struct fault *fault)
{
        if (!options->slug || !text_is_slug(options->slug))
                return fault_set(fault, ERR_VALUE, "org", "\"%.64s\" is no slug: lower-case letters, digits and single hyphens, 1 to 64",
                        options->slug ? options->slug : "");
        if (!options->name || !*options->name || strlen(options->name) > 256 || !text_is_utf8(options->name, strlen(options->name)))
                return fault_set(fault, ERR_VALUE, "name", "a name of 1 to 256 bytes is expected");
        const char *at = options->admin_email ? strchr(options->admin_email, '@') : NULL;
        if (!at || !text_is_utf8(options->admin_email, strlen(options->admin_email)) || at == options->admin_email || !at[1] ||
                strchr(at + 1, '@') || strlen(options->admin_email) > 254 || strpbrk(options->admin_email, " \t\r\n\"<>,;"))
                return fault_set(fault, ERR_VALUE, "admin-email", "an address such as admin@example.com is expected");
        return ERR_OK;
}

static enum err install_root(struct store *store, struct install *install, struct fault *fault)
{
        struct write_queue *queue;
        const struct write_queue_options options = { .store = store, .length_max = 1 };
        enum err e = write_queue_start(&options, &queue, fault);
        if (e)
                return e;
        const struct write_job job = { .context = install, .run = install_run };
        e = write_queue_submit(queue, &job, fault);
        write_queue_stop(queue);
        return e;
}

enum err install_init(const struct install_options *options, struct install_result *ret, struct fault *fault)
{
        enum err e = check_options(options, fault);
        struct store *store = NULL;
        if (!e)
                e = permission_init(fault);
        if (!e)
                e = directory_store_open(options->settings, true, &store, fault);
        if (e)
                return e;
        struct install install = { .options = options, .result = ret, .arena = arena_new(4 << 20) };
        ident_handle(install.handle);
        e = install.arena ? ERR_OK : fault_set(fault, ERR_MEMORY, "", "out of memory");
        if (!e)
                e = make_keys(options->settings, fault);
        if (!e)
                e = token_make(TOKEN_IDENTITY, install.handle, &ret->api_token, fault);
        if (!e)
                e = install_root(store, &install, fault);
        if (e)
                secret_done(&ret->api_token);
        arena_free(install.arena);
        store_close(store);
        return e;
}

enum err install_upgrade(const struct settings *settings, struct fault *fault)
{
        struct store *store;
        enum err e = directory_store_open(settings, true, &store, fault);
        if (!e)
                store_close(store);
        return e;
}
