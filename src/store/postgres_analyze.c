/* SPDX-License-Identifier: Apache-2.0
 *
 * Statistics of tables that grew much. A planner without them takes every condition on root_no for a single row and reads whole roots
 * where one row is meant; autovacuum comes after a minute, a first provisioning run of an identity provider does not wait for it. Only
 * doubled tables, so that a table is analysed some twenty times in its life; what happens between is autovacuum's. */
#include <stdio.h>
#include "base/buffer.h"
#include "store/postgres_connect.h"
#include "store/postgres_error.h"

#define GROWN \
        "SELECT quote_ident(s.relname) FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid WHERE s.schemaname = " \
        "current_schema() AND s.n_live_tup > 2 * GREATEST(c.reltuples, 0) + 50"

static void auto_PQclear(PGresult **result)
{
        PQclear(*result);
}
#define auto_result_ __attribute__((cleanup(auto_PQclear))) PGresult

static enum err analyze(PGconn *server, const char *table, struct fault *fault)
{
        enum failure failure;
        auto_buffer sql = { 0 };
        buffer_printf(&sql, "ANALYZE %s", table);
        enum err e = buffer_check(&sql, fault);
        if (e)
                return e;
        auto_result_ *done = PQexec(server, sql.data);
        return PQresultStatus(done) == PGRES_COMMAND_OK ? ERR_OK : postgres_error(server, done, &failure, fault);
}

enum err postgres_analyze_grown(PGconn *server, struct fault *fault)
{
        enum failure failure;
        auto_result_ *grown = PQexec(server, GROWN);
        if (PQresultStatus(grown) != PGRES_TUPLES_OK)
                return postgres_error(server, grown, &failure, fault);
        enum err e = ERR_OK;
        for (int i = 0; i < PQntuples(grown) && !e; i++)
                e = analyze(server, PQgetvalue(grown, i, 0), fault);
        return e;
}
