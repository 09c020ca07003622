/* SPDX-License-Identifier: Apache-2.0
 *
 * Statements over `ledger` and `checkpoint` (src/ledger). */
#ifndef STORE_STATEMENTS_LEDGER_H
#define STORE_STATEMENTS_LEDGER_H

#define STATEMENTS_LEDGER(X)

#endif
