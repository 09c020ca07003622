/* SPDX-License-Identifier: Apache-2.0
 *
 * Connections to PostgreSQL with the settings the store relies on (UTF-8, read committed, durable commits), and the installation lock:
 * an advisory lock on a connection of its own, watched because it goes with that connection. */
#include "store/postgres_connect.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/auto.h"
#include "base/clock.h"
#include "base/text.h"
#include "store/postgres_error.h"

/* "MUSTER" in ASCII, and 1: the two halves of the advisory lock's key. */
#define LOCK_CLASS "1297437524"
#define LOCK_OBJECT "1"

struct postgres_shared {
        pthread_mutex_t mutex;
        PGconn *lock;    /* NULL when not exclusive */
        PGconn *analyst; /* NULL: not connected */
};

static void auto_PQclear(PGresult **result)
{
        PQclear(*result);
}
#define auto_result_ __attribute__((cleanup(auto_PQclear))) PGresult

static void notice_ignore(void *context, const PGresult *result)
{
}

/* Every statement walks indexes in the order it is written. The planner is held to that, because a table that an import fills has no
 * statistics yet, and one hash or sequential plan over it would be kept for hours. Nothing here reads enough rows to be worth starting
 * parallel workers, which takes tens of milliseconds a statement. */
#define PLANS \
        "SET join_collapse_limit = 1; SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; " \
        "SET enable_material = off; SET enable_bitmapscan = off; SET plan_cache_mode = force_generic_plan; SET jit = off; " \
        "SET max_parallel_workers_per_gather = 0; "

/* lock_timeout only fires when something outside Muster holds our rows. */
static const char writer_settings[] =
        PLANS "SET default_transaction_isolation = 'read committed'; SET lock_timeout = '10s'; SET standard_conforming_strings = on; "
              "SET client_min_messages = 'warning'; SET bytea_output = 'hex'; "
              "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";
static const char reader_settings[] = PLANS
        "SET default_transaction_read_only = on; SET default_transaction_isolation = 'read committed'; SET statement_timeout = '60s'; "
        "SET standard_conforming_strings = on; SET client_min_messages = 'warning'";

static enum err server_check(PGconn *connection, struct fault *fault)
{
        const char *encoding = PQparameterStatus(connection, "server_encoding");
        if (!text_equal(encoding, "UTF8"))
                return fault_set(fault, ERR_UNAVAILABLE, "database.url", "the database must have encoding UTF8, it has %s",
                        encoding ? encoding : "none");
        if (PQserverVersion(connection) < 130000)
                return fault_set(fault, ERR_UNAVAILABLE, "database.url", "PostgreSQL 13 or newer is needed, this is %d",
                        PQserverVersion(connection) / 10000);
        return ERR_OK;
}

static enum err password_copy(struct store *store, struct secret *ret, struct fault *fault)
{
        (void)pthread_mutex_lock(&store->password_mutex);
        enum err e = store->password.length ? secret_set(ret, store->password.text, store->password.length, fault) : ERR_OK;
        (void)pthread_mutex_unlock(&store->password_mutex);
        return e;
}

enum err postgres_connect(struct store *store, enum engine_role role, PGconn **ret, struct fault *fault)
{
        char name[64];
        auto_secret password = { 0 };
        enum err e = password_copy(store, &password, fault);
        if (e)
                return e;
        (void)snprintf(name, sizeof name, "muster/%d", (int)getpid());
        /* Before dbname: defaults that the URL may change. After it: ours alone. */
        const char *const keys[] = { "connect_timeout", "tcp_user_timeout", "keepalives_idle", "target_session_attrs", "dbname",
                "fallback_application_name", "client_encoding", password.length ? "password" : NULL, NULL };
        const char *const values[] = { "5", "15000", "15", "read-write", store->location, name, "UTF8", password.text, NULL };
        enum failure failure;
        PGconn *connection = PQconnectdbParams(keys, values, 1);
        if (!connection)
                return fault_set(fault, ERR_MEMORY, "", "no memory for a connection");
        (void)PQsetNoticeReceiver(connection, notice_ignore, NULL);
        if (PQstatus(connection) != CONNECTION_OK)
                e = postgres_error(connection, NULL, &failure, fault);
        if (!e)
                e = server_check(connection, fault);
        if (!e) {
                auto_result_ *set = PQexec(connection, role == ENGINE_WRITER ? writer_settings : reader_settings);
                if (PQresultStatus(set) != PGRES_COMMAND_OK && PQresultStatus(set) != PGRES_TUPLES_OK)
                        e = postgres_error(connection, set, &failure, fault);
        }
        if (e) {
                PQfinish(connection);
                return e;
        }
        *ret = connection;
        return ERR_OK;
}

/* Who holds the lock, as far as the server tells. */
static enum err lock_refused(PGconn *connection, struct fault *fault)
{
        auto_result_ *holder = PQexec(connection,
                "SELECT a.application_name, COALESCE(host(a.client_addr), 'this host'), a.pid FROM pg_locks l JOIN pg_stat_activity a "
                "ON a.pid = l.pid WHERE l.locktype = 'advisory' AND l.granted AND l.classid = " LOCK_CLASS " AND l.objid = " LOCK_OBJECT
                " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())");
        bool known = PQresultStatus(holder) == PGRES_TUPLES_OK && PQntuples(holder) > 0;
        return fault_set(fault, ERR_CONFLICT, "database.url",
                "another program (%s on %s, server process %s) serves this installation: stop it first, or use its API",
                known ? PQgetvalue(holder, 0, 0) : "unknown", known ? PQgetvalue(holder, 0, 1) : "an unknown host",
                known ? PQgetvalue(holder, 0, 2) : "unknown");
}

/* The session of a program that was killed may hold the lock until the server notices: worth a moment's patience. */
#define LOCK_PATIENCE_US (3 * US_PER_S)
#define LOCK_PAUSE_US (100 * US_PER_MS)

static PGresult *lock_try(PGconn *connection)
{
        int64_t until_us = clock_steady_us() + LOCK_PATIENCE_US;
        for (;;) {
                PGresult *taken = PQexec(connection, "SELECT pg_try_advisory_lock(" LOCK_CLASS ", " LOCK_OBJECT ")");
                bool refused = PQresultStatus(taken) == PGRES_TUPLES_OK && strcmp(PQgetvalue(taken, 0, 0), "f") == 0;
                if (!refused || clock_steady_us() > until_us)
                        return taken;
                PQclear(taken);
                (void)usleep(LOCK_PAUSE_US);
        }
}

static enum err lock_take(struct store *store, PGconn **ret, struct fault *fault)
{
        PGconn *connection = NULL;
        enum failure failure;
        enum err e = postgres_connect(store, ENGINE_WRITER, &connection, fault);
        if (e)
                return e;
        auto_result_ *taken = lock_try(connection);
        if (PQresultStatus(taken) != PGRES_TUPLES_OK)
                e = postgres_error(connection, taken, &failure, fault);
        else if (!text_equal(PQgetvalue(taken, 0, 0), "t"))
                e = lock_refused(connection, fault);
        if (e) {
                PQfinish(connection);
                return e;
        }
        *ret = connection;
        return ERR_OK;
}

enum err postgres_shared_open(struct store *store, const struct store_options *options, struct fault *fault)
{
        struct postgres_shared *shared = calloc(1, sizeof *shared);
        if (!shared)
                return fault_set(fault, ERR_MEMORY, "", "no memory to open the database");
        (void)pthread_mutex_init(&shared->mutex, NULL);
        store->shared = shared;
        return options->exclusive ? lock_take(store, &shared->lock, fault) : ERR_OK;
}

/* Given back by word: the server notes the end of a connection only some time later, and the next program would meet the lock. */
static void lock_release(PGconn *lock)
{
        if (PQstatus(lock) == CONNECTION_OK)
                PQclear(PQexec(lock, "SELECT pg_advisory_unlock(" LOCK_CLASS ", " LOCK_OBJECT ")"));
        PQfinish(lock);
}

void postgres_shared_close(struct store *store)
{
        struct postgres_shared *shared = store->shared;
        if (!shared)
                return;
        lock_release(shared->lock);
        PQfinish(shared->analyst);
        (void)pthread_mutex_destroy(&shared->mutex);
        free(shared);
        store->shared = NULL;
}

/* Nothing is ever sent on this connection, so a readable socket means that it ended. */
static bool lock_is_alive(PGconn *lock)
{
        if (!lock || PQstatus(lock) != CONNECTION_OK)
                return false;
        struct pollfd socket = { .fd = PQsocket(lock), .events = POLLIN };
        if (poll(&socket, 1, 0) == 0)
                return true;
        return PQconsumeInput(lock) && PQstatus(lock) == CONNECTION_OK;
}

enum err postgres_lock_check(struct store *store, struct fault *fault)
{
        struct postgres_shared *shared = store->shared;
        if (!store->exclusive)
                return ERR_OK;
        enum err e = ERR_OK;
        (void)pthread_mutex_lock(&shared->mutex);
        if (!lock_is_alive(shared->lock)) {
                PQfinish(STEAL(shared->lock));
                e = lock_take(store, &shared->lock, fault);
        }
        (void)pthread_mutex_unlock(&shared->mutex);
        return e == ERR_CONFLICT ? fault_set(fault, ERR_UNAVAILABLE, "", "another program took over this installation") : e;
}

enum err postgres_shared_analyze(struct store *store, struct fault *fault)
{
        struct postgres_shared *shared = store->shared;
        enum err e = shared->analyst ? ERR_OK : postgres_connect(store, ENGINE_WRITER, &shared->analyst, fault);
        if (!e)
                e = postgres_analyze_grown(shared->analyst, fault);
        if (e)
                PQfinish(STEAL(shared->analyst));
        return e;
}
