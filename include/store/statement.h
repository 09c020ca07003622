/* SPDX-License-Identifier: Apache-2.0
 *
 * The statement catalogue: the only SQL besides the filter compiler and the migrations; one text for both engines. A row says its class
 * (READ, PLAIN or AUDITED), the kinds of its parameters and of its columns (i = 64-bit, t = text, b = bytes). Portable subset: no
 * now(), lower(), LIKE, JSON; $1 is a named parameter in SQLite and bound by name; every query that can grow carries a LIMIT. */
#ifndef STORE_STATEMENT_H
#define STORE_STATEMENT_H

enum statement_class { STATEMENT_READ = 1, STATEMENT_PLAIN, STATEMENT_AUDITED };

#include "store/statement_table.h"

enum statement {
#define X(name, class, parameters, columns, sql) ST_##name,
        STATEMENTS(X)
#undef X
        STATEMENT_COUNT
};

struct statement_row {
        const char *name;
        enum statement_class class;
        const char *parameters;
        const char *columns;
        const char *sql;
};
const struct statement_row *statement_row(enum statement statement);

#endif
