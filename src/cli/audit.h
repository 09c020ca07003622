/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the commands of `audit` read the ledger: from a server, or straight from the database without one. */
#ifndef CLI_AUDIT_H
#define CLI_AUDIT_H

#include <jansson.h>
#include "base/buffer.h"
#include "client.h"
#include "ledger/ledger.h"

#define AUDIT_PAGE 1000

struct audit_page {
        struct buffer lines; /* one JSON entry a line */
        int64_t count;
        int64_t next_after;
};

struct audit_source;
struct audit_source_operations {
        /* Entries after a number, at most `limit` <= AUDIT_PAGE; an empty page is the end. */
        enum err (*read)(struct audit_source *source, int64_t after, int limit, struct audit_page *ret, struct fault *fault);
        /* The number of the last entry; 0: none. */
        enum err (*last)(struct audit_source *source, int64_t *ret_seq, struct fault *fault);
        /* *ret_report: a new reference, as POST /api/v1/audit/verify answers it. */
        enum err (*verify)(struct audit_source *source, const struct verify_terms *terms, json_t **ret_report, struct fault *fault);
        void (*close)(struct audit_source *source);
};

struct audit_source {
        const struct audit_source_operations *operations;
        const struct invocation *invocation;
        struct client client; /* of a server */
        struct store *store;  /* of a database */
        struct session *session;
        struct settings *settings;
        int64_t root_no;
};

/* audit_server.c, audit_local.c: open fills `ret`; audit_source_close also after a failure. */
enum err audit_server_open(struct audit_source *ret, struct cli *cli, struct fault *fault) MUST_USE;
enum err audit_local_open(struct audit_source *ret, struct fault *fault) MUST_USE;

#endif
