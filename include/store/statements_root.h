/* SPDX-License-Identifier: Apache-2.0
 *
 * Statements over `root`. */
#ifndef STORE_STATEMENTS_ROOT_H
#define STORE_STATEMENTS_ROOT_H

#define STATEMENTS_ROOT(X)                                                                                                                     \
        /* root */                                                                                                                        \
        X(ROOT_LOCK, PLAIN, "i", "tiibiiiii",                                                                                               \
                "UPDATE root SET lock_count = lock_count + 1 WHERE root_no = $1 RETURNING handle, epoch, revision, last_hash, last_us, "  \
                "next_no, schemas_revision, proved_domains, rules_revision")                                                              \
        X(ROOT_STORE, PLAIN, "iibiiiii", "",                                                                                              \
                "UPDATE root SET revision = $2, last_hash = $3, last_us = $4, next_no = $5, schemas_revision = $6, "                      \
                "proved_domains = $7, rules_revision = $8 WHERE root_no = $1")                                                            \
        X(ROOT_READ, READ, "i", "ttiibiii",                                                                                               \
                "SELECT slug_folded, handle, epoch, revision, last_hash, last_us, next_no, schemas_revision FROM root WHERE root_no = $1") \
        X(ROOT_SCHEMAS, READ, "i", "i", "SELECT schemas_revision FROM root WHERE root_no = $1")                                                           \
        X(ROOT_LIST, READ, "ii", "itti", "SELECT root_no, slug_folded, handle, epoch FROM root WHERE root_no > $1 ORDER BY root_no LIMIT $2")     \
        X(ROOT_BY_SLUG, READ, "t", "it", "SELECT root_no, handle FROM root WHERE slug_folded = $1")                                       \
        X(ROOT_INSERT, AUDITED, "ittibi", "",                                                                                             \
                "INSERT INTO root (root_no, slug_folded, handle, epoch, revision, last_hash, last_us, next_no, lock_count) "              \
                "VALUES ($1, $2, $3, $4, 0, $5, $6, 1, 0)")                                                                               \
        X(ROOT_LAST, READ, "", "i", "SELECT COALESCE(MAX(root_no), 0) FROM root")

#endif
