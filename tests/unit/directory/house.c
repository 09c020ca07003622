/* SPDX-License-Identifier: Apache-2.0
 *
 * See house.h. */
#include "directory/connection.h"
#include "directory/house.h"
#include "directory/house_index.h"
#include <fcntl.h>
#include <pthread.h>
#include "base/clock.h"
#include "base/log.h"

#define SLOTS 9

/* ---- opening ---- */

static void open_directory(struct house *house)
{
        const struct directory_options options = { .settings = &house->settings, .slots = SLOTS };
        assert_ok(directory_open(&options, &house->directory, &house->fault));
}

struct house *house_open(struct fixture *fixture)
{
        static bool installed;
        if (!installed) {
                json_memory_install();
                log_set_fd(open("/dev/null", O_WRONLY | O_CLOEXEC));
                installed = true;
        }
        struct house *house = calloc(1, sizeof *house);
        assert_non_null(house);
        house->fixture = fixture;
        house->arena = arena_new((size_t)1 << 30);
        (void)snprintf(house->paths[0], sizeof house->paths[0], "%s/master.key", fixture->folder);
        (void)snprintf(house->paths[1], sizeof house->paths[1], "%s/checkpoint.pem", fixture->folder);
        static char public_url[] = "https://muster.example", none[] = "";
        house->settings = (struct settings){
                .public_url = public_url,
                .database = fixture->url,
                .database_password_file = none,
                .master_key_file = house->paths[0],
                .checkpoint_key_file = house->paths[1],
                .checkpoint_interval_s = 300,
                .graph_memory_mib = 64,
                .dns_server = none,
                .domains_recheck_s = 86400,
                .operator_organizations = none,
        };
        const struct install_options options = {
                .settings = &house->settings,
                .slug = "acme",
                .name = "Acme",
                .admin_email = "owner@acme.example",
        };
        assert_ok(install_init(&options, &house->installed, &house->fault));
        open_directory(house);
        house->admin = house_actor(house, house->installed.api_token.text);
        return house;
}

void house_close(struct house *house)
{
        directory_close(house->directory);
        secret_done(&house->installed.api_token);
        arena_free(house->arena);
        free(house);
}

void house_restart(struct house *house)
{
        directory_close(STEAL(house->directory));
        open_directory(house);
}

void house_continue_work(struct house *house)
{
        directory_continue_work(house->directory, house->fixture->reader, 600 * US_PER_S);
}

bool house_step(struct house *house, size_t at_once)
{
        const struct actor system = { .kind = ACTOR_SYSTEM, .root_no = 1 };
        struct change change = { .verb = CHANGE_STEP,
                .actor = &system,
                .type = resource_type(KIND_CONNECTION),
                .arena = house->arena,
                .step = { .at_once = at_once } };
        assert_ok(directory_change(house->directory, &change, &house->fault));
        return change.job.connection_no != 0;
}

/* ---- changes ---- */

static void accept(struct house *house, const struct actor *actor, struct change *change, json_t **document, enum err *ret)
{
        if (change->verb == CHANGE_MEMBERS_ADD || change->verb == CHANGE_MEMBERS_REMOVE) {
                size_t count = json_array_size(*document);
                change->edges = (struct edge_list){ true, arena_zero(house->arena, count + 1, sizeof(char *)), count };
                for (size_t i = 0; i < count; i++)
                        change->edges.values[i] = arena_strdup(house->arena, json_string_value(json_array_get(*document, i)));
                return;
        }
        if (change->verb == CHANGE_PATCH)
                return;
        static const enum accept_mode modes[CHANGE_VERB_COUNT] = { [CHANGE_REPLACE] = ACCEPT_REPLACE, [CHANGE_MERGE] = ACCEPT_MERGE };
        const struct accept how = {
                .type = change->type,
                .mode = modes[change->verb],
                .leniency = actor->kind == ACTOR_CONNECTION ? change->leniency : NULL,
                .arena = house->arena,
        };
        json_t *accepted = NULL;
        *ret = document_accept(&how, *document, &accepted, &change->edges, &house->fault);
        json_decref(*document);
        *document = accepted;
}

struct seen {
        struct house *house;
        int64_t changes, seq, change_seq;
};

static enum err see(void *context, const struct ledger_row *row, struct fault *fault)
{
        struct seen *seen = context;
        (void)fault;
        seen->seq = row->seq;
        if (row->class == LEDGER_ALERT)
                (void)snprintf(seen->house->alert, sizeof seen->house->alert, "%s", row->event);
        if (row->class != LEDGER_CHANGE)
                return ERR_OK;
        seen->changes++;
        seen->change_seq = row->seq;
        (void)snprintf(seen->house->event, sizeof seen->house->event, "%s", row->event);
        (void)snprintf(seen->house->body, sizeof seen->house->body, "%s", row->body);
        return ERR_OK;
}

/* Law 8, after every change of every test. */
static void judge_ledger(struct house *house, int64_t before, enum err e)
{
        struct seen seen = { .house = house, .seq = before };
        struct fault fault = { 0 };
        const struct change *done = &house->done;
        *house->event = *house->body = *house->alert = 0;
        assert_ok(ledger_read(house->fixture->reader, house->admin.root_no, before, 1000, see, &seen, &fault));
        assert_int_equal(read_revision(house->fixture->reader, house->admin.root_no), seen.seq);
        if (e) {
                assert_int_equal(house->fault.code, e);
                if (!*house->fault.message)
                        fail_msg("verb %d of %s answers %s without a word", done->verb, done->type->word, error_row(e)->name);
                assert_int_equal(seen.changes, 0);
                assert_int_equal(seen.seq, before);
                return;
        }
        assert_int_equal(done->revision, seen.seq);
        /* Very many edges that end at once are told in pages before the change's own entry. */
        bool tells_pages = done->verb == CHANGE_DELETE || done->moved > 1000;
        assert_true(done->changed ? seen.changes == 1 || (seen.changes > 1 && tells_pages) : seen.changes == 0);
        static const bool keeps_version[CHANGE_VERB_COUNT] = { [CHANGE_DELETE] = true,
                [CHANGE_ROTATE] = true,
                [CHANGE_PURGE] = true,
                [CHANGE_CAPTURE] = true,
                [CHANGE_RELEASE] = true,
                [CHANGE_WORK] = true,
                [CHANGE_ADOPTION] = true };
        if (done->changed && !keeps_version[done->verb])
                assert_int_equal(done->after.resource.version, seen.change_seq);
}

static void keep_token(struct house *house, const char *token)
{
        (void)snprintf(house->token, sizeof house->token, "%s", token);
        if (house->token_count < COUNT_OF(house->tokens))
                house->tokens[house->token_count++] = arena_strdup(house->arena, token);
}

static void take_type(struct house *house, const struct actor *actor, enum resource_kind kind, struct change *change)
{
        change->type = resource_type(kind);
        if (!house->declares)
                return;
        struct actor asking = *actor;
        asking.schemas_revision = house_number(house, "SELECT schemas_revision FROM root WHERE root_no = %lld", (long long)actor->root_no);
        struct query query = house_query(house, &asking);
        assert_ok(query_schemas(&query, &house->fault));
        change->type = schema_set_type(query.schemas, kind);
        change->schemas_revision = query.schemas->revision;
}

enum err house_change(
        struct house *house, const struct actor *actor, enum change_verb verb, enum resource_kind kind, const char *ref, const char *text)
{
        struct leniency leniency = { 0 };
        json_auto_t *document = NULL;
        enum err e = ERR_OK;
        house->fault = (struct fault){ 0 };
        house->done = house->want;
        house->want = (struct change){ 0 };
        struct change *change = &house->done;
        change->verb = verb;
        change->actor = actor;
        take_type(house, actor, kind, change);
        change->ref = ref;
        change->leniency = &leniency;
        change->arena = house->change_arena ? house->change_arena : house->arena;
        if (text) {
                assert_ok(json_parse(text, strlen(text), &document, &house->fault));
                accept(house, actor, change, &document, &e);
        }
        if (e)
                return e;
        change->document = document;
        int64_t before = read_revision(house->fixture->reader, house->admin.root_no);
        *house->token = 0;
        e = directory_change(house->directory, change, &house->fault);
        change->document = NULL;
        change->leniency = NULL;
        if (e)
                assert_null(change->token.text);
        else if (change->token.text)
                keep_token(house, change->token.text);
        secret_done(&change->token);
        judge_ledger(house, before, e);
        return e;
}

const char *house_do(struct house *house, const struct actor *actor, enum change_verb verb, enum resource_kind kind, const char *ref,
        const char *format, ...)
{
        char *text = NULL;
        if (format) {
                va_list arguments;
                va_start(arguments, format);
                assert_true(vasprintf(&text, format, arguments) >= 0);
                va_end(arguments);
        }
        enum err e = house_change(house, actor, verb, kind, ref, text);
        if (e)
                fail_msg("%s of %s %s with %s answers %s: %s", verb == CHANGE_CREATE ? "create" : "change", house->done.type->word,
                        ref ? ref : "", text ? text : "nothing", error_row(e)->name, house->fault.message);
        free(text);
        return arena_strdup(house->arena, house->done.after.resource.id);
}

/* ---- callers ---- */

enum err house_authenticate(struct house *house, const char *token, struct actor *ret)
{
        enum access_found found;
        house->fault = (struct fault){ 0 };
        return directory_authenticate(house->directory, 0, house->fixture->reader, token, strlen(token), clock_steady_us() + 10 * US_PER_S,
                ret, &found, &house->fault);
}

struct actor house_actor(struct house *house, const char *token)
{
        struct actor actor = { 0 };
        assert_ok(house_authenticate(house, token, &actor));
        return actor;
}

struct actor house_connection(struct house *house, const char *name)
{
        house_do(house, &house->admin, CHANGE_CREATE, KIND_CONNECTION, NULL, "{\"name\":\"%s\",\"kind\":\"scim\"}", name);
        return house_actor(house, house->token);
}

void house_ceiling(struct house *house, const struct actor *connection, const char *list)
{
        house_do(house, &house->admin, CHANGE_MERGE, KIND_CONNECTION, connection->id, "{\"ceiling\":%s}", list);
}

struct actor house_identity(struct house *house, const char *name, const char *role)
{
        house->want.role = role;
        house_do(house, &house->admin, CHANGE_CREATE, KIND_IDENTITY, NULL, "{\"name\":\"%s\"}", name);
        return house_actor(house, house->token);
}

const char *house_user(struct house *house, const struct actor *actor, const char *name)
{
        if (actor->kind == ACTOR_CONNECTION)
                return house_do(house, actor, CHANGE_CREATE, KIND_USER, NULL,
                        "{\"schemas\":[\"" URN_USER "\"],\"userName\":\"%s\",\"externalId\":\"x-%s\"}", name, name);
        return house_do(house, actor, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"%s\"}", name);
}

const char *house_group(struct house *house, const struct actor *actor, const char *name)
{
        return house_do(house, actor, CHANGE_CREATE, KIND_GROUP, NULL, "{\"displayName\":\"%s\"}", name);
}

void house_patch(
        struct house *house, const struct actor *actor, enum resource_kind kind, const char *id, enum err expected, const char *operations)
{
        char *text;
        assert_true(asprintf(&text, "{\"schemas\":[\"" URN_PATCH "\"],\"Operations\":[%s]}", operations) >= 0);
        enum err e = house_change(house, actor, CHANGE_PATCH, kind, id, text);
        if (e != expected)
                fail_msg("PATCH %s answers %s (%s), expected %s", operations, error_row(e)->name, house->fault.message,
                        error_row(expected)->name);
        free(text);
}

const char *house_grant(struct house *house, const char *principal, const char *scope, const char *role)
{
        if (!scope)
                scope = house->installed.org_id;
        return house_do(house, &house->admin, CHANGE_CREATE, KIND_GRANT, NULL, "{\"principal\":\"%s\",\"scope\":\"%s\",\"%s\":\"%s\"}",
                principal, scope, strchr(role, ':') ? "privilege" : "role", role);
}

enum err house_bound_grant(struct house *house, const char *grant, const char *bound, const char *when)
{
        const char *text = arena_printf(house->arena, "{\"%s\":\"%s\"}", bound, when);
        return house_change(house, &house->admin, CHANGE_MERGE, KIND_GRANT, grant, text);
}

const char *house_admin_user(struct house *house, const struct actor *connection, const char *name)
{
        const char *id = house_user(house, connection, name);
        house_grant(house, id, NULL, "admin");
        return id;
}

/* ---- rows ---- */

int64_t house_number(struct house *house, const char *format, ...)
{
        char *sql;
        va_list arguments;
        va_start(arguments, format);
        assert_true(vasprintf(&sql, format, arguments) >= 0);
        va_end(arguments);
        int64_t number = raw_number(house->fixture, sql);
        free(sql);
        return number;
}

void house_script(struct house *house, const char *format, ...)
{
        char *sql;
        va_list arguments;
        va_start(arguments, format);
        assert_true(vasprintf(&sql, format, arguments) >= 0);
        va_end(arguments);
        raw_script(house->fixture, sql);
        free(sql);
}

int64_t house_no(struct house *house, const char *id)
{
        return house_number(house, "SELECT no FROM resource WHERE id = '%s'", id);
}

bool house_active(struct house *house, const char *id)
{
        return house_number(house, "SELECT COUNT(*) FROM resource WHERE id = '%s' AND active = 1 AND deleted_us = 0", id) == 1;
}

int64_t house_version(struct house *house, const char *id)
{
        return house_number(house, "SELECT version FROM resource WHERE id = '%s'", id);
}

bool house_is_member(struct house *house, const char *group, const char *member)
{
        return house_number(house, "SELECT COUNT(*) FROM member WHERE root_no = %lld AND container_no = %lld AND member_no = %lld",
                       (long long)house->admin.root_no, (long long)house_no(house, group), (long long)house_no(house, member)) > 0;
}

static void load_graph(struct house *house)
{
        struct fault fault = { 0 };
        assert_ok(access_load(
                house->directory->access, 0, house->fixture->reader, house->admin.root_no, clock_steady_us() + 10 * US_PER_S, &fault));
}

bool house_holds(struct house *house, const char *principal, const char *scope, const char *permission)
{
        char subject[64];
        bool holds = false;
        if (!scope)
                scope = house->installed.org_id;
        bool project = house_number(house, "SELECT kind FROM resource WHERE id = '%s'", scope) == KIND_PROJECT;
        (void)snprintf(subject, sizeof subject, "%.*s", (int)strcspn(permission, ":"), permission);
        int number = permission_find(project ? LEVEL_PROJECT : LEVEL_ORGANIZATION, subject, permission + strlen(subject) + 1);
        assert_true(number >= 0);
        load_graph(house);
        (void)access_holds(house->directory->access, 0, house->admin.root_no, house_no(house, principal), house_no(house, scope), number,
                clock_now_us(), &holds);
        return holds;
}

struct query house_query(struct house *house, const struct actor *actor)
{
        load_graph(house);
        return (struct query){
                .directory = house->directory,
                .session = house->fixture->reader,
                .actor = actor,
                .schemas = schema_set_builtin(),
                .arena = house->arena,
                .deadline_us = clock_steady_us() + 10 * US_PER_S,
        };
}

/* ---- what must always hold ---- */

static void check_counters(struct house *house)
{
        static const char *const wrong =
                "SELECT COUNT(*) FROM (SELECT kind, -1 AS connection_no, COUNT(*) AS live FROM resource WHERE root_no = 1 AND deleted_us = "
                "0 "
                "GROUP BY kind UNION ALL SELECT c.kind, c.connection_no, COUNT(*) FROM claim c JOIN resource r ON r.root_no = c.root_no "
                "AND "
                "r.no = c.no WHERE c.root_no = 1 AND r.deleted_us = 0 AND c.claimed_active <> 3 AND c.doc <> '{}' GROUP BY c.kind, "
                "c.connection_no) AS t FULL JOIN (SELECT * FROM resource_count WHERE root_no = 1 AND live > 0) AS k "
                "ON k.kind = t.kind AND k.connection_no = t.connection_no WHERE k.live IS NULL OR t.live IS NULL OR t.live <> k.live";
        if (raw_number(house->fixture, wrong))
                fail_msg("the counters are wrong");
}

struct picture {
        unsigned char *bytes;
        size_t count, room;
};

static void picture_add(struct picture *picture, unsigned char byte)
{
        if (picture->count == picture->room) {
                picture->room = picture->room ? 2 * picture->room : 4096;
                picture->bytes = realloc(picture->bytes, picture->room);
                assert_non_null(picture->bytes);
        }
        picture->bytes[picture->count++] = byte;
}

struct nodes {
        int64_t principals[4000], scopes[500];
        size_t principal_count, scope_count;
};

static void list_nodes(struct house *house, struct nodes *ret)
{
        auto_result result = { 0 };
        struct fault fault = { 0 };
        bool row = true;
        assert_ok(session_query(house->fixture->reader, ST_ACCESS_RESOURCES, &result, &fault, V_I64(1), V_I64(0), V_I64(5000)));
        while (row) {
                assert_ok(result_next(&result, &row, &fault));
                int64_t kind = row ? result_i64(&result, 3) : KIND_NONE;
                assert_true(ret->principal_count < COUNT_OF(ret->principals) && ret->scope_count < COUNT_OF(ret->scopes));
                if (kind == KIND_USER || kind == KIND_GROUP || kind == KIND_IDENTITY)
                        ret->principals[ret->principal_count++] = result_i64(&result, 0);
                if (kind == KIND_ORGANIZATION || kind == KIND_PROJECT)
                        ret->scopes[ret->scope_count++] = result_i64(&result, 0);
        }
}

/* All that can be asked: every principal in every scope, each for some permissions of both levels, and whether he is in at all. */
static void picture_rights(struct house *house, struct picture *picture)
{
        static const char *const asked[][2] = { { "member", "read" }, { "member", "edit" }, { "groups", "add-members" },
                { "project", "read" }, { "project", "delete" }, { "identity", "create-token" }, { "audit-logs", "read" },
                { "secrets", "read-value" } };
        struct access *access = house->directory->access;
        struct nodes nodes = { 0 };
        int64_t now_us = clock_now_us();
        list_nodes(house, &nodes);
        for (size_t p = 0; p < nodes.principal_count; p++)
                for (size_t s = 0; s < nodes.scope_count; s++) {
                        bool in = false;
                        picture_add(picture, access_is_in(access, 0, 1, nodes.principals[p], nodes.scopes[s], now_us, &in));
                        picture_add(picture, in);
                        for (size_t i = 0; in && i < 2 * COUNT_OF(asked); i++) {
                                bool holds = false;
                                int number = permission_find(i % 2 ? LEVEL_PROJECT : LEVEL_ORGANIZATION, asked[i / 2][0], asked[i / 2][1]);
                                (void)access_holds(access, 0, 1, nodes.principals[p], nodes.scopes[s], number, now_us, &holds);
                                picture_add(picture, holds);
                        }
                }
}

static void picture_tokens(struct house *house, struct picture *picture)
{
        for (size_t i = 0; i < house->token_count; i++) {
                struct actor actor = { 0 };
                enum err e = house_authenticate(house, house->tokens[i], &actor);
                picture_add(picture, (unsigned char)e);
                picture_add(picture, (unsigned char)(e ? 0 : actor.no));
                picture_add(picture, (unsigned char)(e ? 0 : actor.scopes));
                picture_add(picture, (unsigned char)(e ? 0 : actor.schemas_revision));
        }
}

static enum err decide(void *context, const struct resource_row *row, struct fault *fault)
{
        struct house *house = ((void **)context)[0];
        struct picture *picture = ((void **)context)[1];
        const char *const subjects[] = { row->id, row->name };
        for (size_t i = 0; i < COUNT_OF(subjects); i++) {
                const struct question question = {
                        .subject_type = row->kind == KIND_USER ? "user" : "identity",
                        .subject_id = subjects[i],
                        .resource_type = "member",
                        .resource_id = house->installed.org_id,
                        .action = "read",
                        .at_us = clock_now_us(),
                };
                struct answer answer = { 0 };
                enum access_found found;
                enum err e = access_decide(house->directory->access, 0, &house->admin, &question, &answer, &found, fault);
                picture_add(picture, (unsigned char)e);
                picture_add(picture, answer.decision);
                picture_add(picture, (unsigned char)answer.reason);
        }
        return ERR_OK;
}

/* By every externalId that a connection claims. */
static void picture_claims(struct house *house, struct picture *picture)
{
        struct {
                int64_t connection_no;
                char external_id[64];
        } claims[300];
        size_t count = 0;
        struct fault fault = { 0 };
        bool row = true;
        {
                auto_result result = { 0 };
                assert_ok(session_query(
                        house->fixture->reader, ST_ACCESS_CLAIMS, &result, &fault, V_I64(1), V_I64(0), V_I64(0), V_I64(COUNT_OF(claims))));
                while (row) {
                        assert_ok(result_next(&result, &row, &fault));
                        if (!row || !*result_text(&result, 2, NULL))
                                continue;
                        claims[count].connection_no = result_i64(&result, 1);
                        (void)snprintf(claims[count++].external_id, sizeof claims[0].external_id, "%s", result_text(&result, 2, NULL));
                }
        }
        for (size_t i = 0; i < count; i++) {
                struct resource_row connection;
                if (resource_load(house->fixture->reader, 1, claims[i].connection_no, house->arena, &connection, &fault))
                        continue;
                const struct question question = {
                        .subject_type = "user",
                        .subject_id = claims[i].external_id,
                        .subject_connection = connection.id,
                        .resource_type = "member",
                        .resource_id = house->installed.org_id,
                        .action = "read",
                        .at_us = clock_now_us(),
                };
                struct answer answer = { 0 };
                enum access_found found;
                picture_add(picture,
                        (unsigned char)access_decide(house->directory->access, 0, &house->admin, &question, &answer, &found, &fault));
                picture_add(picture, (unsigned char)answer.reason);
        }
}

static void check_graph(struct house *house)
{
        struct picture pictures[2];
        struct fault fault = { 0 };
        for (int i = 0; i < 2; i++) {
                load_graph(house);
                int64_t epoch, revision;
                assert_int_equal(access_revision(house->directory->access, 0, 1, &epoch, &revision), ACCESS_FOUND);
                assert_int_equal(revision, read_revision(house->fixture->reader, 1));
                pictures[i] = (struct picture){ 0 };
                picture_rights(house, &pictures[i]);
                picture_tokens(house, &pictures[i]);
                picture_claims(house, &pictures[i]);
                void *context[] = { house, &pictures[i] };
                assert_ok(resource_list(house->fixture->reader, 1, KIND_USER, 0, 0, 1000, decide, context, &fault));
                assert_ok(resource_list(house->fixture->reader, 1, KIND_IDENTITY, 0, 0, 1000, decide, context, &fault));
                access_unload(house->directory->access, 1);
        }
        load_graph(house);
        assert_int_equal(pictures[0].count, pictures[1].count);
        assert_memory_equal(pictures[0].bytes, pictures[1].bytes, pictures[0].count);
        free(pictures[0].bytes);
        free(pictures[1].bytes);
}

/* Rows that must never be there. */
static const char *const none_of[] = {
        "resource r JOIN root ON root.root_no = r.root_no WHERE version > revision OR r.no >= next_no",
        /* No foreign key says it. */
        "member m WHERE NOT EXISTS (SELECT 1 FROM resource r WHERE r.root_no = m.root_no AND r.no = m.member_no) OR NOT EXISTS "
        "(SELECT 1 FROM resource r WHERE r.root_no = m.root_no AND r.no = m.container_no AND r.kind <> 2)",
        /* R9: what keeps connections out. */
        "break_glass b JOIN claim c ON c.root_no = b.root_no AND c.no = b.no AND c.connection_no <> 0",
        "break_glass b JOIN member m ON m.root_no = b.root_no AND m.member_no = b.no AND m.source_no <> 0",
        "root WHERE proved_domains <> (SELECT COUNT(*) FROM domain d WHERE d.root_no = root.root_no AND d.state = 2)",
        /* R24 asks about nesting here. */
        "member m JOIN resource r ON r.root_no = m.root_no AND r.no = m.member_no WHERE r.kind = 3 AND NOT EXISTS (SELECT 1 FROM nested n "
        "WHERE n.root_no = m.root_no AND n.container_no = m.container_no AND n.member_no = m.member_no)",
        /* Every live person has a claim, and is active exactly when none says no. */
        "resource r WHERE kind IN (2, 3) AND deleted_us = 0 AND (active = 1) = EXISTS (SELECT 1 FROM claim c WHERE c.root_no = r.root_no "
        "AND c.no = r.no AND c.claimed_active IN (2, 3))",
};

void house_check(struct house *house)
{
        struct verify_report report;
        struct fault fault = { 0 };
        check_counters(house);
        check_graph(house);
        house_check_index(house);
        enum err e = ledger_verify(house->fixture->reader, 1, NULL, NULL, &report, &fault);
        if (e)
                fail_msg("the ledger is not whole: %s", report.reason);
        for (size_t i = 0; i < COUNT_OF(none_of); i++) {
                int64_t found = house_number(house, "SELECT COUNT(*) FROM %s", none_of[i]);
                if (found)
                        fail_msg("%lld rows that must not be: %s", (long long)found, none_of[i]);
        }
}

struct racer {
        struct directory *directory;
        const struct change *change;
        pthread_t thread;
        enum err result;
};

static void *race_main(void *context)
{
        struct racer *racer = context;
        struct change change = *racer->change;
        struct arena *arena = arena_new(1 << 20);
        json_auto_t *nothing = json_object();
        struct fault fault = { 0 };
        change.arena = arena;
        change.document = change.verb == CHANGE_MERGE ? nothing : NULL;
        racer->result = directory_change(racer->directory, &change, &fault);
        arena_free(arena);
        return NULL;
}

int house_race(struct house *house, const struct change *changes, size_t count, enum err refusal)
{
        struct racer *racers = arena_zero(house->arena, count, sizeof *racers);
        int refused = 0;
        for (size_t i = 0; i < count; i++) {
                racers[i] = (struct racer){ .directory = house->directory, .change = &changes[i] };
                assert_int_equal(pthread_create(&racers[i].thread, NULL, race_main, &racers[i]), 0);
        }
        for (size_t i = 0; i < count; i++)
                assert_int_equal(pthread_join(racers[i].thread, NULL), 0);
        for (size_t i = 0; i < count; i++) {
                assert_true(racers[i].result == ERR_OK || racers[i].result == refusal);
                refused += racers[i].result == refusal;
        }
        return refused;
}

int64_t house_digest(struct house *house)
{
        static const char *const sums[] = {
                "SELECT SUM(revision * 3 + next_no) FROM root",
                "SELECT COUNT(*) * 1000 + SUM(version + active) FROM resource",
                "SELECT COUNT(*) FROM resource WHERE deleted_us = 0",
                "SELECT COALESCE(SUM(LENGTH(doc)), 0) FROM resource",
                "SELECT COUNT(*) FROM resource_value",
                "SELECT COALESCE(SUM(claimed_active + LENGTH(doc) + LENGTH(external_id) * 7 + 100), 0) FROM claim",
                "SELECT COUNT(*) FROM member",
                "SELECT COUNT(*) FROM role_grant",
                "SELECT COUNT(*) * 3 + COUNT(CASE WHEN revoked_us = 0 THEN 1 END) FROM credential",
                "SELECT COALESCE(SUM(live * (kind + 7)), 0) FROM resource_count",
                "SELECT COUNT(*) FROM ledger",
                "SELECT COALESCE(SUM(no), 0) FROM break_glass",
                "SELECT COALESCE(SUM(state + proof * 7 + LENGTH(token) * 31), 0) FROM domain",
                "SELECT COALESCE(SUM(no), 0) FROM adoption",
                "SELECT COALESCE(SUM(phase * 1000003 + at_no * 101 + member_no * 11 + users + user_groups + edges + 1), 0) FROM connection_job",
        };
        uint64_t digest = 14695981039346656037u;
        for (size_t i = 0; i < COUNT_OF(sums); i++)
                digest = (digest ^ (uint64_t)raw_number(house->fixture, sums[i])) * 1099511628211u;
        return (int64_t)digest;
}
