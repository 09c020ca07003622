/* SPDX-License-Identifier: Apache-2.0
 *
 * Brings the schema up: every file of schemas/sql beyond the stored version, each in one transaction with its row in schema_version. One
 * text serves both engines by six macros. A schema newer than the program is refused, an older one too unless the caller migrates. */
#include <string.h>
#include "base/auto.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/text.h"
#include "store/engine.h"

static int64_t version_known(void)
{
        int64_t version = 0;
        for (const struct migration *m = migrations; m->version; m++)
                version = m->version;
        return version;
}

enum err migrate_expand(const struct engine *engine, const char *sql, char **ret, struct fault *fault)
{
        const struct {
                const char *name, *text;
        } macros[] = {
                { "@i64", engine->integer_type },
                { "@text", engine->text_type },
                { "@bytes", engine->bytes_type },
                { "@strict", engine->strict },
                { "@clustered", engine->clustered },
                { "@hash0", engine->hash0 },
        };
        auto_buffer out = { 0 };
        while (*sql) {
                size_t plain = strcspn(sql, "@");
                buffer_put(&out, sql, plain);
                sql += plain;
                if (!*sql)
                        break;
                size_t i = 0;
                while (i < COUNT_OF(macros) && !text_starts_with(sql, macros[i].name))
                        i++;
                if (i == COUNT_OF(macros))
                        return fault_set(fault, ERR_INTERNAL, "", "a migration has an unknown macro: %.20s", sql);
                buffer_puts(&out, macros[i].text);
                sql += strlen(macros[i].name);
        }
        enum err e = buffer_check(&out, fault);
        if (e)
                return e;
        *ret = buffer_steal(&out, NULL);
        return *ret ? ERR_OK : fault_set(fault, ERR_INTERNAL, "", "a migration is empty");
}

static enum err version_read(const struct engine *engine, struct connection *connection, int64_t *ret, struct fault *fault)
{
        int64_t exists;
        enum err e = engine->number(connection, engine->schema_version_exists, &exists, fault);
        if (e)
                return e;
        if (exists)
                return engine->number(connection, "SELECT COALESCE(MAX(version), 0) FROM schema_version", ret, fault);
        *ret = 0;
        return ERR_OK;
}

/* Everything up to `version` in the transaction that is open. */
static enum err migration_run(
        const struct engine *engine, struct connection *connection, const struct migration *migration, struct fault *fault)
{
        int64_t version;
        auto_buffer row = { 0 };
        auto_free_ char *sql = NULL;
        auto_free_ char *table = NULL;
        enum err e = migrate_expand(engine,
                "CREATE TABLE IF NOT EXISTS schema_version (version @i64 NOT NULL PRIMARY KEY, applied_us @i64 NOT NULL) @strict", &table,
                fault);
        if (!e)
                e = engine->script(connection, table, fault);
        if (!e)
                e = version_read(engine, connection, &version, fault);
        if (e || version >= migration->version) /* another program was faster */
                return e;
        e = migrate_expand(engine, migration->sql, &sql, fault);
        if (!e)
                e = engine->script(connection, sql, fault);
        if (e)
                return e;
        buffer_printf(
                &row, "INSERT INTO schema_version (version, applied_us) VALUES (%d, %lld)", migration->version, (long long)clock_now_us());
        e = buffer_check(&row, fault);
        return e ? e : engine->script(connection, row.data, fault);
}

static enum err migration_apply(
        const struct engine *engine, struct connection *connection, const struct migration *migration, struct fault *fault)
{
        enum err e = engine->control(connection, CONTROL_BEGIN, fault);
        if (e)
                return e;
        e = engine->script(connection, engine->migration_lock, fault);
        if (!e)
                e = migration_run(engine, connection, migration, fault);
        if (!e && engine->commit(connection, fault) != COMMIT_DONE)
                e = fault && fault->code ? fault->code : ERR_UNAVAILABLE;
        if (e)
                (void)!engine->control(connection, CONTROL_ROLLBACK, NULL);
        return e;
}

enum err migrate_check(struct store *store, bool migrate, struct fault *fault)
{
        const struct engine *engine = store->engine;
        struct connection *connection;
        int64_t version = 0, known = version_known();
        enum err e = engine->connect(store, ENGINE_WRITER, &connection, fault);
        if (e)
                return e;
        e = version_read(engine, connection, &version, fault);
        if (!e && version > known)
                e = fault_set(fault, ERR_CONFLICT, "schema_version",
                        "the database has schema version %lld, this program knows up to %lld: use the newer program", (long long)version,
                        (long long)known);
        if (!e && version < known && !migrate)
                e = fault_set(fault, ERR_CONFLICT, "schema_version",
                        "the database has schema version %lld, this program needs %lld: run `muster %s`", (long long)version,
                        (long long)known, version ? "db upgrade" : "init` for a new installation or `muster db upgrade");
        for (const struct migration *m = migrations; !e && m->version; m++)
                if (m->version > version)
                        e = migration_apply(engine, connection, m, fault);
        engine->disconnect(connection);
        return e;
}
