/* SPDX-License-Identifier: Apache-2.0
 *
 * Loading from real rows on both engines: what is loaded is what the rows say, and no change is lost or told twice between snapshot and
 * publication, whoever loads, unloads and asks meanwhile. */
#include "access/world.h"
#include <pthread.h>
#include <stdatomic.h>
#include "base/clock.h"
#include "base/text.h"
#include "store/fixture.h"

#define AT 1000

/* ---- rows of root 7 ---- */

static void rows_root(struct fixture *fixture, int64_t revision)
{
        char sql[256];
        (void)snprintf(sql, sizeof sql,
                "INSERT INTO root (root_no, slug_folded, handle, epoch, revision, last_hash, last_us, next_no, lock_count) "
                "SELECT %d, 'acme', '" WORLD_HANDLE "', 3, %d, %s, 0, 1, 0",
                WORLD_ROOT, (int)revision, fixture->kind == ON_SQLITE ? "zeroblob(32)" : "decode(repeat('00', 32), 'hex')");
        raw_script(fixture, sql);
}

/* One INSERT of many rows. */
struct rows {
        struct buffer sql;
        bool any;
};

static void rows_begin(struct rows *rows, const char *table)
{
        *rows = (struct rows){ 0 };
        buffer_printf(&rows->sql, "INSERT INTO %s VALUES ", table);
}

#define rows_add(rows, ...) \
        do { \
                buffer_puts(&(rows)->sql, (rows)->any ? "," : ""); \
                buffer_printf(&(rows)->sql, __VA_ARGS__); \
                (rows)->any = true; \
        } while (0)

static void rows_end(struct fixture *fixture, struct rows *rows)
{
        assert_int_equal(buffer_check(&rows->sql, NULL), ERR_OK);
        if (rows->any)
                raw_script(fixture, rows->sql.data);
        buffer_done(&rows->sql);
}

static void add_resource(struct rows *rows, const struct oracle_resource *r, int64_t deleted_us)
{
        /* root_no, no, id, org_no, kind, name_folded, source_no, active, version, created_us, modified_us, deleted_us, doc */
        rows_add(rows, "(%d, %d, '%s', %d, %d, '%s', 0, %d, 1, 1, 1, %d, '{}')", WORLD_ROOT, (int)r->no, r->id, (int)r->org_no,
                (int)r->kind, r->name, r->active, (int)deleted_us);
}

static void rows_grants(struct fixture *fixture, const struct oracle *oracle)
{
        struct rows resources, grants;
        rows_begin(&resources, "resource");
        rows_begin(&grants, "role_grant");
        for (size_t i = 0; i < oracle->grant_count; i++) {
                const struct oracle_grant *g = &oracle->grants[i];
                struct oracle_resource r = { .no = g->no, .org_no = 1, .kind = KIND_GRANT, .active = g->active };
                world_id(g->no, r.id);
                (void)snprintf(r.name, sizeof r.name, "grant%d", (int)g->no);
                add_resource(&resources, &r, 0);
                /* root_no, no, scope_no, principal_no, role_no, privilege, from_us, until_us, source_no, rule_no, granted_by */
                rows_add(&grants, "(%d, %d, %d, %d, %d, '%s', %d, %d, 0, 0, 0)", WORLD_ROOT, (int)g->no, (int)g->scope_no,
                        (int)g->principal_no, (int)g->role_no, g->privilege, (int)g->from_us, (int)g->until_us);
        }
        rows_end(fixture, &resources);
        rows_end(fixture, &grants);
}

static void hash_literal(struct fixture *fixture, const unsigned char hash[HASH_SIZE], char ret[80])
{
        char hex[2 * HASH_SIZE + 1];
        text_hex(hash, HASH_SIZE, hex);
        (void)snprintf(ret, 80, fixture->kind == ON_SQLITE ? "X'%s'" : "'\\x%s'", hex);
}

/* All an oracle holds, and beside it rows that must not be seen: `noise`. */
static void rows_of(struct fixture *fixture, const struct oracle *oracle, bool noise)
{
        struct rows rows;
        char hash[80];
        rows_begin(&rows, "resource");
        for (size_t i = 0; i < oracle->resource_count; i++)
                add_resource(&rows, &oracle->resources[i], 0);
        rows_end(fixture, &rows);
        rows_begin(&rows, "member"); /* root_no, container_no, member_no, source_no, rule_no, created_us */
        for (size_t i = 0; i < oracle->member_count; i++)
                for (int source = 0; source <= noise; source++)
                        rows_add(&rows, "(%d, %d, %d, %d, 0, 1)", WORLD_ROOT, (int)oracle->members[i].container_no,
                                (int)oracle->members[i].member_no, source);
        rows_end(fixture, &rows);
        rows_grants(fixture, oracle);
        rows_begin(&rows,
                "credential"); /* root_no, no, owner_no, kind, label, hash, scopes, created, expires, last_used, revoked, warned_days */
        for (size_t i = 0; i < oracle->credential_count; i++) {
                const struct oracle_credential *c = &oracle->credentials[i];
                hash_literal(fixture, c->hash, hash);
                rows_add(&rows, "(%d, %d, %d, %d, '', %s, 3, 1, %d, 0, 0, 0)", WORLD_ROOT, (int)c->no, (int)c->owner_no, c->token_kind,
                        hash, (int)c->expires_us);
        }
        rows_end(fixture, &rows);
        rows_begin(&rows, "claim"); /* root_no, connection_no, kind, no, external_id, claimed_active, modified_us, doc, ended */
        for (size_t i = 0; i < oracle->claim_count; i++)
                rows_add(&rows, "(%d, %d, 2, %d, '%s', 1, 1, '', 0)", WORLD_ROOT, (int)oracle->claims[i].connection_no,
                        (int)oracle->claims[i].no, oracle->claims[i].external);
        rows_end(fixture, &rows);
}

static struct access *access_fresh(void)
{
        struct fault fault;
        assert_int_equal(permission_init(&fault), ERR_OK);
        struct access *access = access_new(4, 16);
        assert_int_equal(access_root_add(access, WORLD_ROOT, WORLD_HANDLE, "acme", 3, &fault), ERR_OK);
        return access;
}

static void load(struct fixture *fixture, struct access *access)
{
        assert_ok(access_load(access, 0, fixture->reader, WORLD_ROOT, clock_steady_us() + 10 * US_PER_S, &fixture->fault));
}

/* ---- what is loaded is what the rows say ---- */

static void grow(struct world *world)
{
        int64_t root = world_add(world, KIND_ORGANIZATION, 0, "acme"), child = world_add(world, KIND_ORGANIZATION, root, "emea");
        int64_t connection = world_add(world, KIND_CONNECTION, root, "okta"), groups[6], projects[4];
        for (int i = 0; i < 6; i++) {
                char name[24];
                (void)snprintf(name, sizeof name, "group%d", i);
                groups[i] = world_add(world, KIND_GROUP, i % 3 ? root : child, name);
        }
        for (int i = 0; i < 4; i++) {
                char name[24];
                (void)snprintf(name, sizeof name, "project%d", i);
                projects[i] = world_add(world, KIND_PROJECT, i % 2 ? root : child, name);
        }
        world_join(world, groups[1], groups[0]);
        world_join(world, groups[2], groups[1]);
        world_give(world, groups[2], projects[1], "viewer");
        world_give(world, groups[4], projects[3], "admin");
        for (int i = 0; i < 60; i++) {
                char name[24];
                (void)snprintf(name, sizeof name, "user%d", i);
                int64_t user = world_add(world, i % 4 ? KIND_USER : KIND_IDENTITY, root, name);
                world_join(world, groups[i % 6], user);
                if (i % 5 == 0)
                        world_give(world, user, i % 2 ? root : projects[i % 4], i % 2 ? "auditor" : "member");
                if (i % 7 == 0)
                        world_switch(world, user, false);
                world_claim(world, connection, user, i % 3 ? name : "", i % 4);
                world_credential(world, world->next_no++, user, TOKEN_IDENTITY, i % 2 * 2000);
                world_grant(world, world->next_no++, user, root, 0, i % 2 ? "groups:edit" : "member:edit", i % 3 * 800, i % 4 * 500);
                world_commit(world);
                if (i % 6 == 0)
                        world_resource(world, world->oracle.grants[world->oracle.grant_count - 1].no, KIND_GRANT, root, false, "");
                world_commit(world);
        }
}

static void compare(struct world *world, struct access *access)
{
        const struct oracle *oracle = &world->oracle;
        static const char *const subjects[] = { "member", "groups", "audit-logs", "project" };
        for (size_t p = 0; p < oracle->resource_count; p++)
                for (size_t s = 0; s < oracle->resource_count; s++) {
                        const struct oracle_resource *principal = &oracle->resources[p], *scope = &oracle->resources[s];
                        if (scope->kind != KIND_ORGANIZATION && scope->kind != KIND_PROJECT)
                                continue;
                        for (int k = 0; k < 8; k++) {
                                enum permission_level level = scope->kind == KIND_PROJECT ? LEVEL_PROJECT : LEVEL_ORGANIZATION;
                                int permission = permission_find(level, subjects[k % 4], k < 4 ? "read" : "edit");
                                bool holds = true;
                                int64_t at_us = k % 3 * 700;
                                assert_int_equal(access_holds(access, 1, WORLD_ROOT, principal->no, scope->no, permission, at_us, &holds),
                                        ACCESS_FOUND);
                                assert_int_equal(holds, oracle_holds(oracle, principal->no, scope->no, permission, at_us));
                        }
                }
        for (size_t i = 0; i < oracle->credential_count; i++) {
                struct actor actor = { 0 };
                (void)access_authenticate(access, 1, WORLD_ROOT, oracle->credentials[i].hash, AT, &actor);
                assert_int_equal(actor.no, oracle_authenticate(oracle, oracle->credentials[i].hash, AT));
        }
}

static size_t found_by_claims(struct world *world, struct access *access)
{
        struct graph *graph = root_find(access, WORLD_ROOT)->graph;
        size_t found = 0;
        for (size_t i = 0; i < world->oracle.claim_count; i++) {
                const struct oracle_claim *claim = &world->oracle.claims[i];
                uint32_t node = graph_find_external(graph, claim->connection_no, claim->external, strlen(claim->external));
                if (*claim->external)
                        assert_int_equal(node, graph_find_no(graph, claim->no));
                assert_true(graph_find_claim(graph, claim->connection_no, graph_find_no(graph, claim->no)) != NONE);
                found++;
        }
        return found;
}

static void test_what_is_loaded_is_what_the_rows_say(struct fixture *fixture)
{
        struct world *world = world_new();
        struct access *access = access_fresh();
        grow(world);
        rows_root(fixture, 42);
        rows_of(fixture, &world->oracle, false);
        load(fixture, access);
        compare(world, access);
        assert_true(found_by_claims(world, access) > 20);
        int64_t epoch = 0, revision = 0;
        assert_int_equal(access_revision(access, 0, WORLD_ROOT, &epoch, &revision), ACCESS_FOUND);
        assert_int_equal(epoch, 3);
        assert_int_equal(revision, 42);
        access_free(access);
        world_free(world);
}

/* Deleted resources with all that hangs on them, revoked credentials, deleted claims, other roots, edges told twice. */
static void test_what_must_not_be_seen_is_not(struct fixture *fixture)
{
        struct world *world = world_new();
        struct access *access = access_fresh();
        grow(world);
        rows_root(fixture, 1);
        rows_of(fixture, &world->oracle, true);
        raw_script(fixture,
                "INSERT INTO root (root_no, slug_folded, handle, epoch, revision, last_hash, last_us, next_no, lock_count) SELECT 8, 'other', 'zzzzzzzz', 1, 1, last_hash, 0, 1, 0 FROM root WHERE root_no = 7");
        raw_script(fixture,
                "INSERT INTO resource SELECT 8, no, id, org_no, kind, name_folded, source_no, 1, version, 1, 1, 0, doc FROM resource");
        raw_script(fixture, "INSERT INTO role_grant SELECT 8, no, scope_no, principal_no, -1, '', 0, 0, 0, 0, 0 FROM role_grant");
        /* Group 4 (no 4, carries the chain's first group) and project 11 go to the bin; so does one grant. */
        int64_t grant_no = world->oracle.grants[1].no, credential_no = world->oracle.credentials[3].no;
        struct oracle_claim claim = world->oracle.claims[0];
        char sql[256];
        (void)snprintf(sql, sizeof sql, "UPDATE resource SET deleted_us = 5 WHERE root_no = 7 AND no IN (4, 11, %d)", (int)grant_no);
        raw_script(fixture, sql);
        (void)snprintf(sql, sizeof sql, "UPDATE credential SET revoked_us = 5 WHERE no = %d", (int)credential_no);
        raw_script(fixture, sql);
        (void)snprintf(sql, sizeof sql, "UPDATE claim SET claimed_active = 3, ended = 1 WHERE connection_no = %d AND no = %d",
                (int)claim.connection_no, (int)claim.no);
        raw_script(fixture, sql);
        world_gone(world, 4);
        world_gone(world, 11);
        world_gone(world, grant_no);
        world_credential_gone(world, credential_no);
        world_claim(world, claim.connection_no, claim.no, "", false);
        world_commit(world);
        load(fixture, access);
        compare(world, access);
        struct graph *graph = root_find(access, WORLD_ROOT)->graph;
        assert_int_equal(graph_find_claim(graph, claim.connection_no, graph_find_no(graph, claim.no)), NONE);
        assert_int_equal(graph->by_edge.count, world->oracle.member_count);
        assert_int_equal(graph->grant_by_no.count, world->oracle.grant_count);
        access_free(access);
        world_free(world);
}

static void test_more_rows_than_a_page(struct fixture *fixture)
{
        enum { USERS = 12000 };
        struct access *access = access_fresh();
        struct rows rows;
        struct oracle_resource root = { .no = 1, .org_no = 1, .kind = KIND_ORGANIZATION, .active = true, .name = "acme" },
                               group = { .no = 2, .org_no = 1, .kind = KIND_GROUP, .active = true, .name = "g" };
        world_id(1, root.id);
        world_id(2, group.id);
        rows_root(fixture, 9);
        rows_begin(&rows, "resource");
        add_resource(&rows, &root, 0);
        add_resource(&rows, &group, 0);
        for (int64_t no = 3; no < 3 + USERS; no++) {
                struct oracle_resource user = { .no = no, .org_no = 1, .kind = KIND_USER, .active = true };
                world_id(no, user.id);
                (void)snprintf(user.name, sizeof user.name, "user%d", (int)no);
                add_resource(&rows, &user, 0);
        }
        rows_end(fixture, &rows);
        raw_script(fixture, "INSERT INTO member SELECT root_no, 2, no, 0, 0, 1 FROM resource WHERE kind = 2");
        raw_script(fixture, "INSERT INTO claim SELECT root_no, 5, 2, no, name_folded, 1, 1, '', 0 FROM resource WHERE kind = 2");
        load(fixture, access);
        const struct graph *graph = root_find(access, WORLD_ROOT)->graph;
        assert_int_equal(graph->by_no.count, USERS + 2);
        assert_int_equal(graph->by_edge.count, USERS);
        assert_int_equal(graph->claim_by_external.count, USERS);
        access_free(access);
}

static void test_a_root_without_rows(struct fixture *fixture)
{
        struct access *access = access_fresh();
        assert_err(access_load(access, 0, fixture->reader, WORLD_ROOT, clock_steady_us() + US_PER_S, &fixture->fault), ERR_NOT_FOUND);
        assert_err(access_load(access, 0, fixture->reader, 4711, clock_steady_us() + US_PER_S, &fixture->fault), ERR_NOT_FOUND);
        rows_root(fixture, 1); /* the failed load left nothing behind */
        load(fixture, access);
        load(fixture, access);
        assert_int_equal(access_counters(access).loads, 1);
        access_free(access);
}

/* Each statement of the load fails in turn: an error, and the next load works. */
static enum err fail_nth(void *context, enum statement statement, struct fault *fault)
{
        int *left = context;
        return --*left == 0 ? fault_set(fault, ERR_UNAVAILABLE, "", "as the test wishes") : ERR_OK;
}

static void test_every_statement_of_a_load_may_fail(struct fixture *fixture)
{
        struct world *world = world_new();
        struct access *access = access_fresh();
        grow(world);
        rows_root(fixture, 1);
        rows_of(fixture, &world->oracle, false);
        for (int nth = 1; nth <= 6; nth++) {
                int left = nth;
                store_set_fault_hook_for_test(fixture->store, fail_nth, &left);
                assert_err(access_load(access, 0, fixture->reader, WORLD_ROOT, clock_steady_us() + US_PER_S, &fixture->fault),
                        ERR_UNAVAILABLE);
                assert_int_equal(access_counters(access).loaded, 0);
        }
        store_set_fault_hook_for_test(fixture->store, NULL, NULL);
        load(fixture, access);
        compare(world, access);
        access_free(access);
        world_free(world);
}

/* ---- changes while it loads ---- */

/* Stands between snapshot and publication: told from inside the load's last statement. */
struct meanwhile {
        struct access *access;
        void (*act)(struct access *access);
        int times;
};

static enum err hook_meanwhile(void *context, enum statement statement, struct fault *fault)
{
        struct meanwhile *meanwhile = context;
        if (statement == ST_ACCESS_CLAIMS && meanwhile->times) {
                meanwhile->times--;
                meanwhile->act(meanwhile->access);
        }
        return ERR_OK;
}

static void change_user(struct access *access, int64_t revision, const char *name, bool active)
{
        char id[UUID_TEXT_SIZE], copy[24];
        world_id(2, id);
        strcpy(copy, name);
        const struct effect effect = {
                .kind = EFFECT_RESOURCE, .no = 2, .other_no = 1, .resource_kind = KIND_USER, .active = active, .text = id, .name = copy
        };
        access_apply(access, WORLD_ROOT, revision, &effect, 1);
        memset(id, 'x', sizeof id - 1); /* the texts are the caller's */
        memset(copy, 'x', sizeof copy - 1);
}

static void add_user(struct access *access, int64_t revision)
{
        char id[UUID_TEXT_SIZE], external[] = "00uNew";
        world_id(3, id);
        const struct effect effects[] = {
                { .kind = EFFECT_RESOURCE,
                        .no = 3,
                        .other_no = 1,
                        .resource_kind = KIND_USER,
                        .active = true,
                        .text = id,
                        .name = "added" },
                { .kind = EFFECT_CLAIM, .no = 3, .other_no = 9, .active = true, .text = external },
        };
        access_apply(access, WORLD_ROOT, revision, effects, 2);
        memset(id, 'x', sizeof id - 1);
        memset(external, 'x', sizeof external - 1);
}

static void act_older_and_newer(struct access *access)
{
        change_user(access, 9, "older", false);
        change_user(access, 10, "snapshot", false); /* the snapshot has it already */
        change_user(access, 11, "newer", true);
        add_user(access, 12);
        access_apply(access, WORLD_ROOT, 13, NULL, 0);
}

static void act_unload(struct access *access)
{
        access_unload(access, WORLD_ROOT);
}

static void act_nonsense(struct access *access)
{
        const struct effect effect = { .kind = EFFECT_MEMBER, .no = 4711, .other_no = 2, .active = true };
        access_apply(access, WORLD_ROOT, 99, &effect, 1);
}

static struct access *prepare_small(struct fixture *fixture, struct meanwhile *meanwhile, void (*act)(struct access *), int times)
{
        char sql[512], root[UUID_TEXT_SIZE], user[UUID_TEXT_SIZE];
        struct access *access = access_fresh();
        world_id(1, root);
        world_id(2, user);
        rows_root(fixture, 10);
        (void)snprintf(sql, sizeof sql,
                "INSERT INTO resource VALUES (7, 1, '%s', 1, 1, 'acme', 0, 1, 1, 1, 1, 0, '{}'), "
                "(7, 2, '%s', 1, 2, 'rows', 0, 1, 1, 1, 1, 0, '{}')",
                root, user);
        raw_script(fixture, sql);
        *meanwhile = (struct meanwhile){ access, act, times };
        store_set_fault_hook_for_test(fixture->store, hook_meanwhile, meanwhile);
        return access;
}

static bool has_user(struct access *access, const char *name)
{
        struct graph *graph = root_find(access, WORLD_ROOT)->graph;
        return graph_find_name(graph, KIND_USER, 0, name, strlen(name)) != NONE;
}

static void test_changes_during_the_load_are_applied_once_by_revision(struct fixture *fixture)
{
        struct meanwhile meanwhile;
        struct access *access = prepare_small(fixture, &meanwhile, act_older_and_newer, 1);
        int64_t epoch, revision;
        load(fixture, access);
        assert_true(has_user(access, "newer"));
        assert_false(has_user(access, "rows") || has_user(access, "older") || has_user(access, "snapshot"));
        assert_true(graph_find_external(root_find(access, WORLD_ROOT)->graph, 9, "00uNew", 6) != NONE);
        access_revision(access, 0, WORLD_ROOT, &epoch, &revision);
        assert_int_equal(revision, 13);
        assert_int_equal(access_counters(access).loads, 1);
        access_free(access);
}

static void test_unloading_during_the_load_begins_it_anew(struct fixture *fixture)
{
        struct meanwhile meanwhile;
        struct access *access = prepare_small(fixture, &meanwhile, act_unload, 1);
        load(fixture, access);
        assert_int_equal(meanwhile.times, 0);
        assert_true(has_user(access, "rows"));
        access_unload(access, WORLD_ROOT);
        meanwhile.times = 1000;
        assert_err(access_load(access, 0, fixture->reader, WORLD_ROOT, clock_steady_us() + US_PER_S, &fixture->fault), ERR_UNAVAILABLE);
        assert_int_equal(fixture->fault.retry_after_s, 1);
        meanwhile.times = 0;
        load(fixture, access);
        access_free(access);
}

static void test_a_queued_change_that_does_not_fit_begins_the_load_anew(struct fixture *fixture)
{
        struct meanwhile meanwhile;
        struct access *access = prepare_small(fixture, &meanwhile, act_nonsense, 1);
        load(fixture, access);
        assert_int_equal(meanwhile.times, 0);
        assert_true(has_user(access, "rows"));
        access_free(access);
}

struct waiter {
        struct fixture *fixture;
        struct access *access;
        struct session *reader;
        unsigned slot;
        int64_t patience_us;
        enum err result;
        pthread_t thread;
};

static void *waiter_main(void *context)
{
        struct waiter *waiter = context;
        struct fault fault;
        waiter->result =
                access_load(waiter->access, waiter->slot, waiter->reader, WORLD_ROOT, clock_steady_us() + waiter->patience_us, &fault);
        return NULL;
}

static void act_slow(struct access *access)
{
        usleep(400000);
}

static void test_one_loads_the_others_wait_until_their_deadline(struct fixture *fixture)
{
        struct meanwhile meanwhile;
        struct access *access = prepare_small(fixture, &meanwhile, act_slow, 1);
        struct waiter waiters[3];
        for (unsigned i = 0; i < 3; i++) {
                waiters[i] = (struct waiter){ fixture, access, NULL, i, i == 2 ? 50000 : 10 * US_PER_S, ERR_OK, 0 };
                assert_ok(store_reader_open(fixture->store, &waiters[i].reader, &fixture->fault));
                pthread_create(&waiters[i].thread, NULL, waiter_main, &waiters[i]);
                usleep(100000);
        }
        for (int i = 0; i < 3; i++) {
                pthread_join(waiters[i].thread, NULL);
                session_close(waiters[i].reader);
        }
        assert_int_equal(waiters[0].result, ERR_OK);
        assert_int_equal(waiters[1].result, ERR_OK);
        assert_int_equal(waiters[2].result, ERR_DEADLINE);
        assert_int_equal(access_counters(access).loads, 1);
        access_free(access);
}

/* ---- everything at once ---- */

struct storm {
        struct fixture *fixture;
        struct access *access;
        atomic_bool over;
        int64_t revision; /* of the change being made */
        bool stands;
};

static enum err job_toggle(struct session *session, void *context, struct fault *fault)
{
        struct storm *storm = context;
        struct root_row *root;
        enum err e = session_root(session, WORLD_ROOT, &root, fault);
        if (!e && storm->stands)
                e = session_run(session, ST_MEMBER_ADD, NULL, fault, V_I64(WORLD_ROOT), V_I64(3), V_I64(2), V_I64(0), V_I64(0), V_I64(1));
        else if (!e)
                e = session_run(session, ST_MEMBER_REMOVE, NULL, fault, V_I64(WORLD_ROOT), V_I64(3), V_I64(2), V_I64(0));
        if (e)
                return e;
        storm->revision = ++root->revision;
        session_mark_audited(session);
        return ERR_OK;
}

static void toggle_committed(void *context)
{
        struct storm *storm = context;
        const struct effect effect = { .kind = EFFECT_MEMBER, .no = 3, .other_no = 2, .active = storm->stands };
        access_apply(storm->access, WORLD_ROOT, storm->revision, &effect, 1);
}

/* Unloads soon after each load, and now and then in the midst of one. */
static void *storm_unload(void *context)
{
        struct storm *storm = context;
        uint64_t seen = 0;
        for (int i = 0; !atomic_load(&storm->over); i++) {
                uint64_t loads = access_counters(storm->access).loads;
                if (loads != seen || i % 50 == 0)
                        access_unload(storm->access, WORLD_ROOT);
                if (i % 20 == 0)
                        access_sweep(storm->access, 0);
                seen = loads;
                usleep(700);
        }
        return NULL;
}

static void *storm_load(void *context)
{
        struct storm *storm = context;
        struct session *reader = NULL;
        struct fault fault;
        assert_ok(store_reader_open(storm->fixture->store, &reader, &fault));
        while (!atomic_load(&storm->over)) {
                enum err e = access_load(storm->access, 2, reader, WORLD_ROOT, clock_steady_us() + US_PER_S, &fault);
                assert_true(e == ERR_OK || e == ERR_UNAVAILABLE || e == ERR_DEADLINE);
        }
        session_close(reader);
        return NULL;
}

/* Security test 51: after the answer to a change no answer is older than it. */
static void test_sec51_no_answer_is_older_than_the_last_change(struct fixture *fixture)
{
        struct meanwhile meanwhile;
        struct storm storm = { .fixture = fixture, .access = prepare_small(fixture, &meanwhile, NULL, 0) };
        char sql[512], group[UUID_TEXT_SIZE], grant[UUID_TEXT_SIZE];
        pthread_t threads[2];
        int asked = 0;
        world_id(3, group);
        world_id(4, grant);
        (void)snprintf(sql, sizeof sql,
                "INSERT INTO resource VALUES (7, 3, '%s', 1, 3, 'g', 0, 1, 1, 1, 1, 0, '{}'), (7, 4, '%s', 1, 7, 'x', 0, 1, 1, 1, 1, 0, "
                "'{}')",
                group, grant);
        raw_script(fixture, sql);
        raw_script(fixture, "INSERT INTO role_grant VALUES (7, 4, 1, 3, -1, '', 0, 0, 0, 0, 0)");
        int permission = permission_find(LEVEL_ORGANIZATION, "groups", "edit");
        pthread_create(&threads[0], NULL, storm_unload, &storm);
        pthread_create(&threads[1], NULL, storm_load, &storm);
        for (int i = 0; i < (getenv("MUSTER_LONG") ? 5000 : 400); i++) {
                const struct write_job job = { .root_no = WORLD_ROOT, .context = &storm, .run = job_toggle, .committed = toggle_committed };
                storm.stands = i % 2 == 0;
                assert_ok(write_queue_submit(fixture->queue, &job, &fixture->fault));
                for (int k = 0; k < 3; k++) {
                        bool holds;
                        int64_t epoch, revision = INT64_MAX;
                        if (access_holds(storm.access, 1, WORLD_ROOT, 2, 1, permission, AT, &holds) == ACCESS_FOUND) {
                                asked++;
                                if (holds != storm.stands)
                                        fail_msg("change %d: the answer is %d", i, holds);
                        }
                        (void)access_revision(storm.access, 1, WORLD_ROOT, &epoch, &revision);
                        assert_true(revision >= storm.revision);
                        usleep(50);
                }
        }
        atomic_store(&storm.over, true);
        pthread_join(threads[0], NULL);
        pthread_join(threads[1], NULL);
        struct access_counters counters = access_counters(storm.access);
        print_message("%d answers, %d loads\n", asked, (int)counters.loads);
        assert_true(asked > 10 && counters.loads > 10);
        access_free(storm.access);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_what_is_loaded_is_what_the_rows_say, ON_BOTH),
                FIXTURE_TEST(test_what_must_not_be_seen_is_not, ON_BOTH),
                FIXTURE_TEST(test_more_rows_than_a_page, ON_BOTH),
                FIXTURE_TEST(test_a_root_without_rows, ON_BOTH),
                FIXTURE_TEST(test_every_statement_of_a_load_may_fail, ON_BOTH),
                FIXTURE_TEST(test_changes_during_the_load_are_applied_once_by_revision, ON_BOTH),
                FIXTURE_TEST(test_unloading_during_the_load_begins_it_anew, ON_BOTH),
                FIXTURE_TEST(test_a_queued_change_that_does_not_fit_begins_the_load_anew, ON_BOTH),
                FIXTURE_TEST(test_one_loads_the_others_wait_until_their_deadline, ON_BOTH),
                FIXTURE_TEST(test_sec51_no_answer_is_older_than_the_last_change, ON_BOTH),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
