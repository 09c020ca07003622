/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of the catalogue, one file per room of data. */
#ifndef STORE_STATEMENT_TABLE_H
#define STORE_STATEMENT_TABLE_H

#include "store/statements_access.h"
#include "store/statements_domain.h"
#include "store/statements_group.h"
#include "store/statements_ledger.h"
#include "store/statements_mapping.h"
#include "store/statements_resource.h"
#include "store/statements_root.h"
#include "store/statements_scim_log.h"
#include "store/statements_source.h"

#define STATEMENTS(X)          \
        STATEMENTS_ROOT(X)     \
        STATEMENTS_RESOURCE(X) \
        STATEMENTS_ACCESS(X)   \
        STATEMENTS_GROUP(X)    \
        STATEMENTS_SOURCE(X)   \
        STATEMENTS_DOMAIN(X)   \
        STATEMENTS_MAPPING(X)  \
        STATEMENTS_LEDGER(X)   \
        STATEMENTS_SCIM_LOG(X)

#endif
