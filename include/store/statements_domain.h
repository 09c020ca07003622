/* SPDX-License-Identifier: Apache-2.0
 *
 * Statements over e-mail domains. DOMAIN_OWNER and DOMAIN_DUE go over all roots: a proved domain belongs to one of them. */
/* clang-format off */
#ifndef STORE_STATEMENTS_DOMAIN_H
#define STORE_STATEMENTS_DOMAIN_H

#define STATEMENTS_DOMAIN(X) \
        X(DOMAIN_GET, READ, "ii", "iitiiii",                                                                                            \
                "SELECT state, proof, token, verified_us, checked_us, failed_us, absent_us FROM domain WHERE root_no = $1 AND no = $2")            \
        X(DOMAIN_VERIFIED_HERE, READ, "it", "i",                                                                                        \
                "SELECT no FROM domain WHERE root_no = $1 AND name_folded = $2 AND +state = 2")                                         \
        X(DOMAIN_OWNER, READ, "t", "i", "SELECT root_no FROM domain WHERE name_folded = $1 AND state = 2")                              \
        X(DOMAIN_INSERT, AUDITED, "iitiitiii", "",                                                                                      \
                "INSERT INTO domain (root_no, no, name_folded, state, proof, token, verified_us, checked_us, failed_us, due_us) VALUES " \
                "($1, $2, $3, $4, $5, $6, $7, $8, 0, $9)")                                                                              \
        X(DOMAIN_PROVED, AUDITED, "iiiii", "",                                                                                          \
                "UPDATE domain SET state = 2, proof = $3, verified_us = $4, checked_us = $4, failed_us = 0, absent_us = 0, due_us = $5 WHERE "         \
                "root_no = $1 AND no = $2")                                                                                             \
        X(DOMAIN_CHECKED, PLAIN, "iiiiii", "",                                                                                           \
                "UPDATE domain SET checked_us = $3, failed_us = $4, absent_us = $5, due_us = $6 WHERE root_no = $1 AND no = $2 AND +state = 2")         \
        X(DOMAIN_LAPSED, AUDITED, "iiii", "",                                                                                           \
                "UPDATE domain SET state = 3, checked_us = $3, failed_us = $4, due_us = 0 WHERE root_no = $1 AND no = $2 AND +state = 2") \
        X(DOMAIN_DELETE, AUDITED, "ii", "", "DELETE FROM domain WHERE root_no = $1 AND no = $2")                                        \
        X(DOMAIN_DUE, READ, "ii", "iitt",                                                                                               \
                "SELECT root_no, no, name_folded, token FROM domain WHERE due_us > 0 AND due_us <= $1 AND +state = 2 ORDER BY due_us "  \
                "LIMIT $2")                                                                                                             \
        /* Live resources other than $4 that have this value. */                                                                        \
        X(VALUE_OTHERS, READ, "iitii", "i",                                                                                             \
                "SELECT DISTINCT v.no FROM resource_value v CROSS JOIN resource r WHERE v.root_no = $1 AND v.attr = $2 AND "            \
                "v.value_folded = $3 AND v.no <> $4 AND r.root_no = +v.root_no AND r.no = v.no AND NOT r.deleted_us > 0 ORDER BY v.no LIMIT $5")

#endif
