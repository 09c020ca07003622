/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of the catalogue, one file per room of data.
 *
 * Some conditions are written so that a planner takes the index that a walk needs, whatever it knows or does not know of the tables:
 * "r.root_no = +m.root_no"    the look-up begins with m; m is not to be found from r
 * "+r.kind = 3"               of a row that was looked up; resource_list is not for this
 * "NOT r.deleted_us > 0"      of a row that was looked up and lives. Not "= 0", which invites resource_list, and not "+r.deleted_us = 0",
 *                             of which PostgreSQL thinks that one row in 200 is so: then it begins with all resources of the root */
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
