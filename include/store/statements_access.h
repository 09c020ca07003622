/* SPDX-License-Identifier: Apache-2.0
 *
 * Statements that load the graph of one root (src/access). */
#ifndef STORE_STATEMENTS_ACCESS_H
#define STORE_STATEMENTS_ACCESS_H

#define STATEMENTS_ACCESS(X)

#endif
