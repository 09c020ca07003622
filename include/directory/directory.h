/* SPDX-License-Identifier: Apache-2.0
 *
 * The directory: the only write and read path of organisations, users, groups, identities, projects, grants and connections. Faces build
 * one `struct change` or one query and never touch store. */
#ifndef DIRECTORY_DIRECTORY_H
#define DIRECTORY_DIRECTORY_H

#include <stdatomic.h>
#include <stdbool.h>
#include "access/access.h"
#include "base/secret.h"
#include "base/settings.h"
#include "ledger/ledger.h"
#include "store/write_queue.h"

/* The organisation resource of a root is always its first: dense numbers start here. */
#define ROOT_ORG_NO 1

#define SCIM_BASE "/scim/v2" /* below the public address; what $ref and meta.location begin with */

struct directory {
        struct store *store;
        struct write_queue *queue;
        struct access *access;
        struct notices *notices;
        struct scim_log *scim_log;             /* directory/scim_log.h */
        struct schema_cache *schemas;          /* of roots that declare some */
        struct rules_cache *rules;             /* mapping rules as the last writes read them */
        struct checkpoint_key *checkpoint_key; /* NULL: nothing is signed */
        struct secret master_key;              /* keys the hashes of purged subjects (R12); other purposes: directory_key */
        const char *public_url;                /* without trailing slash; R33 */
        unsigned writer_slot;                  /* reader slot for anybody but loops and workers */
        const char *dns_server;                /* "": those of the system */
        const char *operator_organizations;    /* slugs with commas */
        int64_t domains_recheck_us;
        atomic_int looking_up;                 /* workers that wait for DNS */
        atomic_int at_work;                    /* requests that go on with work on a connection (directory/connection.h) */
        void (*waiting)(bool begins);          /* told around each wait for the writer or DNS; NULL: nobody cares */
};

/* Opens the store (exclusive lock, migrating SQLite), starts the write queue, learns all roots. `slots`: loops + workers; one more is
 * added. Free with directory_close. */
struct directory_options {
        const struct settings *settings;
        unsigned slots;
        void (*fatal)(const char *reason);
};
enum err directory_open(const struct directory_options *options, struct directory **ret, struct fault *fault) MUST_USE;
void directory_close(struct directory *directory);
/* The key of one purpose ("scim cursor"), derived from the master key: what it makes can be checked by this installation alone, and tells
 * nothing of the keys of other purposes. */
void directory_key(const struct directory *directory, const char *purpose, unsigned char ret[HASH_SIZE]);
/* The store of these settings, its password read from its file, the installation lock taken. */
enum err directory_store_open(const struct settings *settings, bool migrate, struct store **ret, struct fault *fault) MUST_USE;

/* The database's password, from its file once more. The keys in the other files are what stored data are sealed and signed with: they stay. */
enum err directory_reload_secrets(struct directory *directory, const struct settings *settings, struct fault *fault) MUST_USE;

/* Authenticates a bearer token against the graph; loads the root when a reader is given, else ACCESS_NOT_LOADED. ERR_UNAUTHENTICATED with
 * one message for every cause. */
enum err directory_authenticate(struct directory *directory, unsigned slot, struct session *reader, const char *token, size_t length,
        int64_t deadline_us, struct actor *ret, enum access_found *ret_found, struct fault *fault) MUST_USE;

/* R19: may this connection call from this address? ERR_FORBIDDEN; ERR_UNAVAILABLE: its root is being loaded. */
enum err directory_check_address(
        struct directory *directory, unsigned slot, const struct actor *connection, const char *client, struct fault *fault) MUST_USE;

/* Bits of actor.scopes that a connection's token needs for resources of this kind, all of them: one for users or groups alone reaches no
 * declared type. */
unsigned directory_scopes(enum resource_kind kind);

/* For the scheduler: notices older than a second, last_used of credentials. Each is bounded and safe to call at any time. */
bool directory_flush_notices(struct directory *directory); /* true: some were written, so more may be due */
void directory_flush_used(struct directory *directory);
/* R19: alerts 30, 7 and 1 days before a token ends. */
void directory_warn_expiry(struct directory *directory, struct session *reader);

#endif
