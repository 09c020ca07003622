/* SPDX-License-Identifier: Apache-2.0
 *
 * See postgres_error.h. A row's state is a whole SQLSTATE or its class; the first that fits counts. */
#include "store/postgres_error.h"
#include <string.h>
#include "base/auto.h"
#include "base/text.h"

static const struct {
        const char *state;
        enum failure failure;
        enum err err;
        const char *text;
} states[] = {
        { "23505", FAILURE_REFUSED, ERR_TAKEN, "the value is already taken" },
        { "23503", FAILURE_REFUSED, ERR_CONFLICT, "the database refused the row" },
        { "23514", FAILURE_REFUSED, ERR_CONFLICT, "the database refused the row" },
        { "40001", FAILURE_RETRY, ERR_UNAVAILABLE, "another transaction was in the way" },
        { "40P01", FAILURE_RETRY, ERR_UNAVAILABLE, "two transactions waited for each other" },
        { "53100", FAILURE_FULL, ERR_STORAGE_FULL, "no space left for the database" },
        { "53200", FAILURE_UNAVAILABLE, ERR_MEMORY, "the database has no memory left" },
        { "53", FAILURE_UNAVAILABLE, ERR_UNAVAILABLE, "the database has no resources left" },
        { "58", FAILURE_UNAVAILABLE, ERR_UNAVAILABLE, "the database cannot read or write its files" },
        { "25006", FAILURE_UNAVAILABLE, ERR_UNAVAILABLE, "the database is read-only" },
        { "57P", FAILURE_LOST, ERR_UNAVAILABLE, "the database shut the connection" },
        { "57", FAILURE_UNAVAILABLE, ERR_UNAVAILABLE, "the database cancelled the statement" },
        { "55P03", FAILURE_UNAVAILABLE, ERR_UNAVAILABLE, "another transaction holds a lock too long" },
        { "08", FAILURE_LOST, ERR_UNAVAILABLE, "the connection to the database is lost" },
        { "XX", FAILURE_UNAVAILABLE, ERR_UNAVAILABLE, "the database has an internal error" },
        { "28", FAILURE_UNAVAILABLE, ERR_UNAVAILABLE, "the database refused the login" },
        { "22021", FAILURE_REFUSED, ERR_VALUE, "text must be UTF-8 without NUL" },
        { "54", FAILURE_REFUSED, ERR_TOO_LARGE, "a value is too large for the database" },
};

/* One line, without its newline. */
static void message_cut(const char *message, char *ret, size_t size)
{
        (void)snprintf(ret, size, "%.*s", (int)strcspn(message, "\n"), message);
}

enum err postgres_error(PGconn *connection, const PGresult *result, enum failure *ret_failure, struct fault *fault)
{
        char message[240];
        const char *primary = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
        const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
        const char *constraint = result ? PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME) : NULL;
        message_cut(primary ? primary : PQerrorMessage(connection), message, sizeof message);
        enum err e = ERR_OK;
        for (size_t i = 0; !e && state && i < COUNT_OF(states); i++)
                if (text_starts_with(state, states[i].state)) {
                        *ret_failure = states[i].failure;
                        e = fault_set(fault, states[i].err, constraint ? constraint : "", "%s: %s", states[i].text, message);
                }
        if (!e && state) {
                *ret_failure = FAILURE_REFUSED;
                e = fault_set(fault, ERR_INTERNAL, "", "the database refused a statement: %s (%s)", message, state);
        }
        if (PQstatus(connection) != CONNECTION_OK)
                *ret_failure = FAILURE_LOST;
        if (!e) {
                *ret_failure = FAILURE_LOST;
                e = fault_set(fault, ERR_UNAVAILABLE, "", "the connection to the database is lost: %s", message);
        }
        if (fault && *ret_failure > FAILURE_REFUSED)
                fault->retry_after_s = 1;
        return e;
}
