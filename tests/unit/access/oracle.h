/* SPDX-License-Identifier: Apache-2.0
 *
 * The slow, obviously right evaluator: plain arrays of rows and loops over all of them, written from RULES.md and knowing nothing of the
 * graph. Names are ASCII here, so that folding is tolower. */
#ifndef TESTS_ACCESS_ORACLE_H
#define TESTS_ACCESS_ORACLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "access/access.h"

#define ORACLE_ROWS 512

struct oracle_resource {
        int64_t no, org_no;
        enum resource_kind kind;
        bool active;
        char id[UUID_TEXT_SIZE], name[24];
};
struct oracle_member {
        int64_t container_no, member_no;
};
struct oracle_grant {
        int64_t no, scope_no, principal_no, role_no, from_us, until_us;
        char privilege[48];
        bool active;
};
struct oracle_credential {
        int64_t no, owner_no, expires_us;
        int token_kind;
        unsigned char hash[HASH_SIZE];
};
struct oracle_claim {
        int64_t connection_no, no;
        char external[24];
};
struct oracle {
        struct oracle_resource resources[ORACLE_ROWS];
        struct oracle_member members[ORACLE_ROWS];
        struct oracle_grant grants[ORACLE_ROWS];
        struct oracle_credential credentials[ORACLE_ROWS];
        struct oracle_claim claims[ORACLE_ROWS];
        size_t resource_count, member_count, grant_count, credential_count, claim_count;
        int64_t root_org_no;
};

/* What one effect does to rows. */
void oracle_apply(struct oracle *oracle, const struct effect *effect);
const struct oracle_resource *oracle_find(const struct oracle *oracle, int64_t no);
bool oracle_holds(const struct oracle *oracle, int64_t principal_no, int64_t scope_no, int permission, int64_t at_us);
bool oracle_is_in(const struct oracle *oracle, int64_t principal_no, int64_t scope_no, int64_t at_us);
/* ERR_OK with *ret, ERR_FORBIDDEN or ERR_VALUE. */
enum err oracle_decide(const struct oracle *oracle, const struct actor *caller, const struct question *question, bool *ret);
/* The owner, 0: nobody. */
int64_t oracle_authenticate(const struct oracle *oracle, const unsigned char hash[HASH_SIZE], int64_t now_us);

#endif
