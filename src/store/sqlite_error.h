/* SPDX-License-Identifier: Apache-2.0
 *
 * SQLite's result codes as ours, and the names of unique indexes: SQLite's message lists columns, PostgreSQL names the index, callers
 * get the name from both. A primary key is "<table>_pkey", an inline UNIQUE "<table>_<column>_key", as PostgreSQL calls them. */
#ifndef STORE_SQLITE_ERROR_H
#define STORE_SQLITE_ERROR_H

#include <sqlite3.h>
#include "store/engine.h"

struct unique_name {
        char *columns; /* as in SQLite's message: "resource.root_no, resource.name_folded" */
        char *name;
};
struct unique_names {
        struct unique_name *list;
        size_t count;
};

enum err unique_names_load(sqlite3 *db, struct unique_names *ret, struct fault *fault) MUST_USE;
void unique_names_done(struct unique_names *names);

/* The error of the connection's last call; fills fault and *ret_failure. */
enum err sqlite_error(sqlite3 *db, const struct unique_names *names, enum failure *ret_failure, struct fault *fault);
/* Of an extended result code, whatever the connection says of its last call. */
enum err sqlite_error_of(sqlite3 *db, int code, const struct unique_names *names, enum failure *ret_failure, struct fault *fault);

#endif
