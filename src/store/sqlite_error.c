/* SPDX-License-Identifier: Apache-2.0
 *
 * See sqlite_error.h. */
#include "store/sqlite_error.h"
#include <stdlib.h>
#include <string.h>
#include "base/auto.h"
#include "base/buffer.h"
#include "base/text.h"

#define UNIQUE_PREFIX "UNIQUE constraint failed: "

void unique_names_done(struct unique_names *names)
{
        for (size_t i = 0; i < names->count; i++) {
                free(names->list[i].columns);
                free(names->list[i].name);
        }
        free(names->list);
        *names = (struct unique_names){ 0 };
}

static enum err unique_name_add(struct unique_names *names, const char *columns, const char *name, struct fault *fault)
{
        struct unique_name *list = realloc(names->list, (names->count + 1) * sizeof *list);
        if (!list)
                return fault_set(fault, ERR_MEMORY, "", "no memory for the names of indexes");
        names->list = list;
        list[names->count] = (struct unique_name){ strdup(columns), strdup(name) };
        names->count++;
        if (!list[names->count - 1].columns || !list[names->count - 1].name)
                return fault_set(fault, ERR_MEMORY, "", "no memory for the names of indexes");
        return ERR_OK;
}

/* One row a column, ordered by index and position. */
static const char index_columns_sql[] =
        "SELECT m.name, i.name, i.origin, c.name FROM sqlite_schema m, pragma_index_list(m.name) i, pragma_index_info(i.name) c "
        "WHERE m.type = 'table' AND i.\"unique\" = 1 AND i.origin IN ('c', 'u') ORDER BY m.name, i.name, c.seqno";

struct index_text {
        char index[256];
        struct buffer columns, generated;
        bool created; /* by CREATE INDEX: the name is its own */
};

static enum err index_flush(struct index_text *text, struct unique_names *names, struct fault *fault)
{
        if (!text->columns.length)
                return ERR_OK;
        BUFFER_LITERAL(&text->generated, "_key");
        enum err e = buffer_check(&text->generated, fault);
        if (!e)
                e = buffer_check(&text->columns, fault);
        if (!e)
                e = unique_name_add(names, text->columns.data, text->created ? text->index : text->generated.data, fault);
        buffer_clear(&text->columns);
        buffer_clear(&text->generated);
        return e;
}

static enum err index_column(struct index_text *text, sqlite3_stmt *row, struct unique_names *names, struct fault *fault)
{
        const char *table = (const char *)sqlite3_column_text(row, 0), *index = (const char *)sqlite3_column_text(row, 1);
        const char *origin = (const char *)sqlite3_column_text(row, 2), *column = (const char *)sqlite3_column_text(row, 3);
        if (!table || !index || !origin || !column || strlen(index) >= sizeof text->index)
                return ERR_OK; /* an expression index: SQLite's message names it */
        if (!text_equal(index, text->index)) {
                enum err e = index_flush(text, names, fault);
                if (e)
                        return e;
                memcpy(text->index, index, strlen(index) + 1);
                text->created = *origin == 'c';
                buffer_puts(&text->generated, table);
        }
        buffer_printf(&text->columns, "%s%s.%s", text->columns.length ? ", " : "", table, column);
        buffer_printf(&text->generated, "_%s", column);
        return ERR_OK;
}

static void statement_finalize(sqlite3_stmt **statement)
{
        sqlite3_finalize(*statement);
}

enum err unique_names_load(sqlite3 *db, struct unique_names *ret, struct fault *fault)
{
        enum failure failure;
        __attribute__((cleanup(statement_finalize))) sqlite3_stmt *statement = NULL;
        if (sqlite3_prepare_v2(db, index_columns_sql, -1, &statement, NULL))
                return sqlite_error(db, ret, &failure, fault);
        struct index_text text = { .index = "" };
        enum err e = ERR_OK;
        int code;
        while (!e && (code = sqlite3_step(statement)) == SQLITE_ROW)
                e = index_column(&text, statement, ret, fault);
        if (!e)
                e = code == SQLITE_DONE ? index_flush(&text, ret, fault) : sqlite_error(db, ret, &failure, fault);
        buffer_done(&text.columns);
        buffer_done(&text.generated);
        return e;
}

/* "resource.root_no, …" -> "resource_pkey" */
static void primary_key_name(const char *columns, char *ret, size_t size)
{
        (void)snprintf(ret, size, "%.*s_pkey", (int)strcspn(columns, "."), columns);
}

static enum err unique_error(const char *message, bool primary_key, const struct unique_names *names, struct fault *fault)
{
        char name[96] = "";
        const char *columns = strstr(message, UNIQUE_PREFIX);
        columns = columns ? columns + strlen(UNIQUE_PREFIX) : "";
        if (primary_key)
                primary_key_name(columns, name, sizeof name);
        else if (text_starts_with(columns, "index '"))
                (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(columns + 7, "'"), columns + 7);
        for (size_t i = 0; !*name && i < names->count; i++)
                if (!strcmp(columns, names->list[i].columns))
                        (void)snprintf(name, sizeof name, "%s", names->list[i].name);
        return fault_set(fault, ERR_TAKEN, *name ? name : columns, "the value is already taken (%s)", *name ? name : columns);
}

static enum err constraint_error(sqlite3 *db, int code, const struct unique_names *names, struct fault *fault)
{
        const char *message = sqlite3_errmsg(db);
        switch (code) {
        case SQLITE_CONSTRAINT_UNIQUE:
                return unique_error(message, false, names, fault);
        case SQLITE_CONSTRAINT_PRIMARYKEY:
        case SQLITE_CONSTRAINT_ROWID:
                return unique_error(message, true, names, fault);
        case SQLITE_CONSTRAINT_FOREIGNKEY:
        case SQLITE_CONSTRAINT_CHECK:
                return fault_set(fault, ERR_CONFLICT, "", "the database refused the row: %s", message);
        default:
                return fault_set(fault, ERR_INTERNAL, "", "the database refused the row: %s", message);
        }
}

enum err sqlite_error_of(sqlite3 *db, int code, const struct unique_names *names, enum failure *ret_failure, struct fault *fault)
{
        static const struct {
                int code;
                enum failure failure;
                enum err err;
                const char *text;
        } known[] = {
                { SQLITE_FULL, FAILURE_FULL, ERR_STORAGE_FULL, "no space left for the database" },
                { SQLITE_IOERR, FAILURE_UNAVAILABLE, ERR_UNAVAILABLE, "the database file cannot be read or written" },
                { SQLITE_READONLY, FAILURE_UNAVAILABLE, ERR_UNAVAILABLE, "the database is read-only" },
                { SQLITE_CANTOPEN, FAILURE_UNAVAILABLE, ERR_UNAVAILABLE, "the database file cannot be opened" },
                { SQLITE_PERM, FAILURE_UNAVAILABLE, ERR_UNAVAILABLE, "no permission on the database file" },
                { SQLITE_BUSY, FAILURE_UNAVAILABLE, ERR_UNAVAILABLE, "another program keeps the database busy" },
                { SQLITE_LOCKED, FAILURE_UNAVAILABLE, ERR_UNAVAILABLE, "the database is locked" },
                { SQLITE_CORRUPT, FAILURE_UNAVAILABLE, ERR_UNAVAILABLE, "the database file is damaged: restore a backup" },
                { SQLITE_NOTADB, FAILURE_UNAVAILABLE, ERR_UNAVAILABLE, "the file is not a database" },
                { SQLITE_NOMEM, FAILURE_UNAVAILABLE, ERR_MEMORY, "no memory for the database" },
                { SQLITE_TOOBIG, FAILURE_REFUSED, ERR_TOO_LARGE, "a value is too large for the database" },
        };
        *ret_failure = FAILURE_REFUSED;
        if ((code & 0xff) == SQLITE_CONSTRAINT)
                return constraint_error(db, code, names, fault);
        if (code == SQLITE_IOERR_NOMEM)
                code = SQLITE_NOMEM;
        for (size_t i = 0; i < COUNT_OF(known); i++)
                if (known[i].code == (code & 0xff)) {
                        *ret_failure = known[i].failure;
                        enum err e = fault_set(fault, known[i].err, "", "%s (%s, code %d)", known[i].text, sqlite3_errstr(code), code);
                        if (fault)
                                fault->retry_after_s = 1;
                        return e;
                }
        return fault_set(fault, ERR_INTERNAL, "", "the database refused a statement: %s (code %d)", sqlite3_errmsg(db), code);
}

enum err sqlite_error(sqlite3 *db, const struct unique_names *names, enum failure *ret_failure, struct fault *fault)
{
        return sqlite_error_of(db, sqlite3_extended_errcode(db), names, ret_failure, fault);
}
