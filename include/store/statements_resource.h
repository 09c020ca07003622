/* SPDX-License-Identifier: Apache-2.0
 *
 * Statements over resources, claims, edges, grants and credentials (src/directory). resource_row reads R_COLUMNS. */
#ifndef STORE_STATEMENTS_RESOURCE_H
#define STORE_STATEMENTS_RESOURCE_H

#define R_COLUMNS "no, id, org_no, kind, name_folded, source_no, active, version, created_us, modified_us, deleted_us, doc"
#define R_KINDS "itiitiiiiiit"

#define STATEMENTS_RESOURCE(X)

#endif
