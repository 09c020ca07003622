/* SPDX-License-Identifier: Apache-2.0
 *
 * R16: one act gives back what a connection took away since an instant, and takes nothing itself. */
#include "base/clock.h"
#include "directory/connection.h"
#include "directory/house.h"
#include "directory/many.h"
#include <stdatomic.h>

static enum err begin(struct house *house, const struct actor *connection, int64_t since_us)
{
        house->want.wish = (struct connection_wish){ .verb = CONNECTION_UNDO, .since_us = since_us, .confirm = -1 };
        return house_change(house, &house->admin, CHANGE_WORK, KIND_CONNECTION, connection->id, NULL);
}

static void undo(struct house *house, const struct actor *connection, int64_t since_us)
{
        assert_ok(begin(house, connection, since_us));
        house_check(house);
        house_continue_work(house);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM connection_job"), 0);
        house_check(house);
}

static int64_t now(void)
{
        int64_t at_us = clock_now_us();
        while (clock_now_us() <= at_us + 10) /* what follows is later */
                ;
        return at_us + 1;
}

static const char *group_with(struct house *house, const struct actor *actor, const char *name, const char *one, const char *other)
{
        return house_do(house, actor, CHANGE_CREATE, KIND_GROUP, NULL,
                "{\"displayName\":\"%s\",\"externalId\":\"g-%s\",\"members\":[{\"value\":\"%s\"},{\"value\":\"%s\"}]}", name, name, one,
                other);
}

static void off(struct house *house, const struct actor *actor, const char *id)
{
        house_patch(house, actor, KIND_USER, id, ERR_OK, "{\"op\":\"replace\",\"path\":\"active\",\"value\":false}");
}

static int64_t documents_with(struct house *house, const char *id, const char *text)
{
        return house_number(house, "SELECT COUNT(*) FROM resource WHERE id = '%s' AND doc LIKE '%%%s%%'", id, text);
}

static void test_r16_what_was_taken_is_given_back_and_nothing_more(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), other = house_connection(house, "other");
        house_ceiling(house, &okta, "[\"organization:admin\"]");
        const char *early = house_user(house, &okta, "early"), *ann = house_user(house, &okta, "ann"),
                   *ben = house_user(house, &okta, "ben");
        const char *cora = house_do(house, &okta, CHANGE_CREATE, KIND_USER, NULL,
                "{\"userName\":\"cora\",\"title\":\"Dr\",\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\":{\"department\":"
                "\"Art\"}}");
        const char *held = house_user(house, &okta, "held"), *stranger = house_user(house, &other, "stranger");
        const char *kept = group_with(house, &okta, "kept", ann, ben), *gone = group_with(house, &okta, "gone", ann, cora);
        house_grant(house, gone, NULL, "auditor");
        off(house, &okta, early);
        int64_t since_us = now(), credentials = house_number(house, "SELECT COUNT(*) FROM credential WHERE revoked_us = 0");
        off(house, &okta, ann);
        house_do(house, &okta, CHANGE_DELETE, KIND_USER, ben, NULL);
        house_do(house, &okta, CHANGE_REPLACE, KIND_USER, cora, "{\"userName\":\"cora.new\",\"nickName\":\"C\"}");
        house_patch(house, &okta, KIND_GROUP, kept, ERR_OK, "{\"op\":\"replace\",\"path\":\"members\",\"value\":[]}");
        house_do(house, &okta, CHANGE_DELETE, KIND_GROUP, gone, NULL);
        off(house, &okta, held);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, held, "{\"active\":false}");
        off(house, &other, stranger);
        const char *new = house_user(house, &okta, "new");
        struct query query = house_query(house, &house->admin);
        struct connection_undo_preview preview;
        assert_ok(connection_preview_undo(&query, okta.id, since_us, &preview, &house->fault));
        assert_int_equal(preview.users, 4);
        assert_int_equal(preview.groups, 2);
        assert_false(house_active(house, ann));
        undo(house, &okta, since_us);
        assert_true(house_active(house, ann) && house_active(house, ben) && house_active(house, new));
        assert_false(house_active(house, early));    /* that was before */
        assert_false(house_active(house, stranger)); /* that was another */
        assert_false(house_active(house, held));     /* another's veto stands */
        assert_int_equal(
                documents_with(house, cora, "Dr") + documents_with(house, cora, "Art") + documents_with(house, cora, "\"cora\""), 3);
        assert_int_equal(documents_with(house, cora, "nickName"), 0);
        assert_true(house_is_member(house, kept, ann) && house_is_member(house, kept, ben));
        assert_true(house_is_member(house, gone, ann) && house_is_member(house, gone, cora));
        assert_true(house_holds(house, ann, NULL, "audit-logs:read"));
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM credential WHERE revoked_us = 0"), credentials);
        /* The connection itself goes on where it was: its own claims are as it left them then. */
        house_patch(house, &okta, KIND_USER, ben, ERR_OK, "{\"op\":\"replace\",\"path\":\"title\",\"value\":\"Mr\"}");
        int64_t digest = house_number(house, "SELECT COUNT(*) FROM member");
        undo(house, &okta, since_us); /* again: nothing is taken away by it */
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM member"), digest);
        assert_true(house_active(house, ann) && house_active(house, ben));
        house_close(house);
}

static void test_r16_names_that_are_taken_meanwhile_stay_where_they_are(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), other = house_connection(house, "other");
        const char *ann = house_user(house, &okta, "ann"), *ben = house_user(house, &okta, "ben"), *cora = house_user(house, &okta, "cora");
        int64_t since_us = now();
        house_do(house, &okta, CHANGE_DELETE, KIND_USER, ann, NULL);
        house_do(house, &okta, CHANGE_REPLACE, KIND_USER, ben, "{\"userName\":\"benjamin\",\"externalId\":\"x2\",\"title\":\"X\"}");
        house_do(house, &okta, CHANGE_DELETE, KIND_USER, cora, NULL);
        house_user(house, &other, "ann");
        house_user(house, &other, "ben");
        house_do(house, &okta, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"dora\",\"externalId\":\"x-ben\"}");
        house_do(house, &house->admin, CHANGE_PURGE, KIND_USER, cora, NULL);
        undo(house, &okta, since_us);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM resource WHERE id = '%s' AND deleted_us > 0", ann), 1);
        assert_int_equal(documents_with(house, ben, "benjamin"), 1);
        assert_int_equal(documents_with(house, ben, "title"), 0);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM resource WHERE id = '%s'", cora), 0);
        house_close(house);
}

static void test_r16_who_may_undo_and_since_when(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), weak = house_identity(house, "weak", "member");
        house_user(house, &okta, "ann");
        assert_err(begin(house, &okta, 0), ERR_VALUE);
        assert_err(begin(house, &okta, clock_now_us() + US_PER_DAY), ERR_VALUE);
        house->want.wish = (struct connection_wish){ .verb = CONNECTION_UNDO, .since_us = 1 };
        assert_change(ERR_FORBIDDEN, house, &weak, CHANGE_WORK, KIND_CONNECTION, okta.id, NULL);
        house->want.wish = (struct connection_wish){ .verb = CONNECTION_KEEP };
        assert_change(ERR_METHOD, house, &house->admin, CHANGE_WORK, KIND_CONNECTION, okta.id, NULL);
        assert_ok(begin(house, &okta, 1)); /* since before everything; a restart in the middle */
        house_restart(house);
        assert_ok(house_change(house, &house->admin, CHANGE_MERGE, KIND_CONNECTION, okta.id, "{\"description\":\"stays in use\"}"));
        house_continue_work(house);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM connection_job"), 0);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM resource WHERE id = '%s' AND deleted_us = 0", okta.id), 1);
        house_check(house);
        house_close(house);
}

/* R8: what was tied above meanwhile, and who fills what comes back, was never judged together. */
static void test_R8_undo_ties_nothing_above_a_ceiling(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), other = house_connection(house, "other");
        const char *outer = house_group(house, &okta, "outer"), *inner = house_group(house, &okta, "inner"),
                   *gone = house_group(house, &okta, "gone"), *local = house_group(house, &house->admin, "local"),
                   *pushed = house_group(house, &other, "pushed");
        house_do(house, &okta, CHANGE_REPLACE, KIND_GROUP, outer, "{\"displayName\":\"outer\",\"members\":[{\"value\":\"%s\"}]}", inner);
        house_do(house, &house->admin, CHANGE_MEMBERS_ADD, KIND_GROUP, gone, "[\"%s\"]", local);
        house_ceiling(house, &okta, "[\"organization:admin\"]");
        house_grant(house, gone, NULL, "admin");
        int64_t since_us = now();
        house_do(house, &okta, CHANGE_REPLACE, KIND_GROUP, outer, "{\"displayName\":\"outer\",\"members\":[]}");
        house_do(house, &okta, CHANGE_DELETE, KIND_GROUP, gone, NULL);
        house_do(house, &house->admin, CHANGE_MEMBERS_ADD, KIND_GROUP, local, "[\"%s\"]", pushed); /* nothing is above it now */
        house_do(house, &house->admin, CHANGE_MEMBERS_ADD, KIND_GROUP, inner, "[\"%s\"]", pushed);
        house_grant(house, outer, NULL, "auditor");
        undo(house, &okta, since_us);
        assert_false(house_is_member(house, outer, inner));
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM resource WHERE id = '%s' AND deleted_us = 0", gone), 0);
        /* Once the other's ceiling is raised, both come back. */
        house_ceiling(house, &other, "[\"organization:admin\"]");
        undo(house, &okta, since_us);
        assert_true(house_is_member(house, outer, inner));
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM resource WHERE id = '%s' AND deleted_us = 0", gone), 1);
        house_close(house);
}

/* R24: the pair was noted when it was made, or never, when that was before pairs were noted and its edge had ended by then. */
static void test_R24_a_nested_group_that_undo_gives_back_is_noted_for_the_guard(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const char *outer = house_group(house, &okta, "outer"), *inner = house_group(house, &okta, "inner");
        house_do(house, &okta, CHANGE_REPLACE, KIND_GROUP, outer, "{\"displayName\":\"outer\",\"members\":[{\"value\":\"%s\"}]}", inner);
        int64_t since_us = now();
        house_do(house, &okta, CHANGE_REPLACE, KIND_GROUP, outer, "{\"displayName\":\"outer\",\"members\":[]}");
        house_script(house, "DELETE FROM nested");
        undo(house, &okta, since_us);
        assert_true(house_is_member(house, outer, inner));
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM nested WHERE container_no = %lld AND member_no = %lld",
                                 (long long)house_no(house, outer), (long long)house_no(house, inner)),
                1);
        house_close(house);
}

/* ---- more than one entry holds ---- */

#define MANY 2500
#define GROUPS 1100

static atomic_long left; /* statements before the failure; below zero: nothing fails */

static enum err fail_statement(void *context, enum statement statement, struct fault *fault)
{
        (void)context;
        (void)statement;
        if (atomic_load(&left) < 0 || atomic_fetch_sub(&left, 1) > 0)
                return ERR_OK;
        return fault_set(fault, ERR_STORAGE_FULL, "", "as the test wishes");
}

/* A deletion that writes several entries, which house_change does not expect. */
static enum err delete_large(struct house *house, const struct actor *actor, enum resource_kind kind, const char *id)
{
        struct change change = { .verb = CHANGE_DELETE, .actor = actor, .type = resource_type(kind), .ref = id };
        change.arena = arena_new(16u << 20);
        enum err e = directory_change(house->directory, &change, &house->fault);
        if (!e) {
                assert_true(change.changed);
                assert_int_equal(change.revision, house_number(house, "SELECT MAX(seq) FROM ledger WHERE event = 'deleted'"));
        }
        arena_free(change.arena);
        return e;
}

/* Not at every place: the reading of the groups takes thousands of statements. */
static void delete_large_after_failures(struct house *house, const struct actor *actor, enum resource_kind kind, const char *id)
{
        int64_t digest = house_digest(house);
        store_set_fault_hook_for_test(house->directory->store, fail_statement, NULL);
        bool failed = true;
        for (long at = 0; failed; at += 1 + at / (house->fixture->kind == ON_SQLITE ? 4 : 1)) {
                atomic_store(&left, at);
                enum err e = delete_large(house, actor, kind, id);
                failed = atomic_exchange(&left, -1) < 0;
                assert_int_equal(e, failed ? ERR_STORAGE_FULL : ERR_OK);
                assert_true(!failed || house_digest(house) == digest);
        }
        house_check(house);
}

static int64_t entries(struct house *house, const char *id)
{
        return house_number(house, "SELECT COUNT(*) FROM ledger WHERE class = 1 AND object_no = %lld", (long long)house_no(house, id));
}

static void test_R16_undo_gives_back_every_member_of_a_large_group(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const char *ann = house_user(house, &okta, "ann"), *crew = house_group(house, &okta, "crew"),
                   *whole = house_group(house, &okta, "whole");
        int64_t first = many_made(house, &okta, ann, KIND_USER, MANY);
        const char *crew_no = arena_printf(house->arena, "%lld", (long long)house_no(house, crew));
        many_tied(house, okta.no, first, MANY, crew_no, "n.no");
        many_tied(house, okta.no, first, 1000, arena_printf(house->arena, "%lld", (long long)house_no(house, whole)), "n.no");
        house_restart(house);
        house_check(house);
        int64_t since_us = now(), before = entries(house, crew);
        delete_large_after_failures(house, &okta, KIND_GROUP, crew);
        assert_int_equal(entries(house, crew) - before, 3); /* two full pages and its own */
        before = entries(house, whole);
        house_do(house, &okta, CHANGE_DELETE, KIND_GROUP, whole, NULL);
        assert_int_equal(entries(house, whole) - before, 1); /* an ordinary one writes no more than itself */
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM member WHERE source_no = %lld", (long long)okta.no), 0);
        assert_ok(begin(house, &okta, since_us));
        house_restart(house); /* a crash in between */
        const struct actor system = { .kind = ACTOR_SYSTEM, .root_no = 1 };
        int steps = 0;
        int64_t edges = 0;
        for (bool more = true; more; steps++) {
                struct change change = { .verb = CHANGE_STEP, .actor = &system, .type = resource_type(KIND_CONNECTION) };
                change.arena = arena_new(16u << 20);
                assert_ok(directory_change(house->directory, &change, &house->fault));
                more = change.job.connection_no != 0;
                if (more)
                        assert_in_range(change.job.edges - edges, 0, 2000); /* no step is as long as the group is large */
                edges = change.job.edges;
                arena_free(change.arena);
                if (steps == 1)
                        house_restart(house);
        }
        assert_true(steps > 3);
        house_check(house);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM member WHERE container_no = %s AND source_no = %lld", crew_no,
                                 (long long)okta.no),
                MANY);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM member WHERE source_no = %lld", (long long)okta.no), MANY + 1000);
        /* R31: an erasure blanks every page. */
        assert_ok(delete_large(house, &okta, KIND_GROUP, crew));
        const char *no = crew_no;
        house_do(house, &house->admin, CHANGE_PURGE, KIND_GROUP, crew, NULL);
        assert_int_equal(house_number(house,
                                 "SELECT COUNT(*) FROM ledger WHERE class = 1 AND object_no = %s AND body <> '' AND event <> "
                                 "'purged'",
                                 no),
                0);
        undo(house, &okta, since_us); /* what is purged stays so */
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM member WHERE container_no = %s", no), 0);
        house_close(house);
}

static void test_R16_undo_gives_back_every_group_of_a_user(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const char *ann = house_user(house, &okta, "ann"), *crew = house_group(house, &okta, "crew");
        int64_t first = many_made(house, &okta, crew, KIND_GROUP, GROUPS);
        const char *ann_no = arena_printf(house->arena, "%lld", (long long)house_no(house, ann));
        many_tied(house, okta.no, first, GROUPS, "n.no", ann_no);
        house_restart(house);
        int64_t since_us = now(), before = entries(house, ann);
        delete_large_after_failures(house, &okta, KIND_USER, ann);
        assert_int_equal(entries(house, ann) - before, 2);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM member WHERE member_no = %s", ann_no), 0);
        undo(house, &okta, since_us);
        assert_int_equal(
                house_number(house, "SELECT COUNT(*) FROM member WHERE member_no = %s AND source_no = %lld", ann_no, (long long)okta.no),
                GROUPS);
        assert_true(house_active(house, ann));
        house_close(house);
}

/* An entry of any size: here a PATCH that took everybody out. */
static void test_R16_undo_takes_a_large_entry_in_pieces(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const char *ann = house_user(house, &okta, "ann"), *crew = house_group(house, &okta, "crew");
        const long long first = many_made(house, &okta, ann, KIND_USER, MANY), crew_no = house_no(house, crew);
        many_tied(house, okta.no, first, MANY, arena_printf(house->arena, "%lld", crew_no), "n.no");
        house_restart(house);
        int64_t since_us = now();
        auto_buffer text = { 0 };
        buffer_puts(&text, "{\"op\":\"remove\",\"path\":\"members\",\"value\":["); /* named, so that nothing is held */
        for (long long i = 0; i < MANY; i++)
                buffer_printf(&text, "%s{\"value\":\"00000000-0000-4000-8000-%lld\"}", i ? "," : "", 100000000000 + first + i);
        buffer_puts(&text, "]}");
        house_patch(house, &okta, KIND_GROUP, crew, ERR_OK, text.data);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM member WHERE container_no = %lld", crew_no), 0);
        undo(house, &okta, since_us);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM member WHERE container_no = %lld", crew_no), MANY);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM ledger WHERE event = 'undone' AND object_no = %lld", crew_no), 3);
        house_close(house);
}

/* R14: a connection has edges only in groups that it claims. */
static void test_R16_undo_gives_no_members_to_a_group_that_the_connection_no_longer_claims(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), entra = house_connection(house, "entra");
        const char *ann = house_user(house, &okta, "ann"), *ben = house_user(house, &okta, "ben"),
                   *crew = group_with(house, &okta, "crew", ann, ben);
        house_script(house,
                "INSERT INTO claim (root_no, connection_no, kind, no, external_id, claimed_active, modified_us, doc) SELECT root_no, %lld, "
                "kind, no, 'e', claimed_active, modified_us, doc FROM claim WHERE no = %lld",
                (long long)entra.no, (long long)house_no(house, crew));
        house_script(house, "INSERT INTO resource_count (root_no, kind, connection_no, live) VALUES (1, %d, %lld, 1)", KIND_GROUP,
                (long long)entra.no);
        house_restart(house);
        int64_t since_us = now();
        house_patch(house, &okta, KIND_GROUP, crew, ERR_OK,
                arena_printf(house->arena, "{\"op\":\"remove\",\"path\":\"members[value eq \\\"%s\\\"]\"}", ann));
        house_do(house, &okta, CHANGE_DELETE, KIND_GROUP, crew, NULL);
        house_do(house, &okta, CHANGE_CREATE, KIND_GROUP, NULL, "{\"displayName\":\"crew 2\",\"externalId\":\"g-crew\"}");
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM resource WHERE id = '%s' AND deleted_us = 0", crew), 1);
        undo(house, &okta, since_us); /* its externalId is another's now, so the claim stays ended */
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM member WHERE container_no = %lld", (long long)house_no(house, crew)), 0);
        house_close(house);
}

#define BADGE "urn:example:badge:User"

static void put_badge(struct house *house, const struct actor *okta, const char *id, const char *badge)
{
        house_do(house, okta, CHANGE_REPLACE, KIND_USER, id,
                "{\"schemas\":[\"" URN_USER "\"],\"userName\":\"ann\",\"" BADGE "\":{\"badge\":\"%s\"}}", badge);
}

/* What is unique stays so: the look-up values follow an undo into a schema of one's own. */
static void test_R16_undo_of_a_unique_value_frees_what_it_takes_back(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        house->declares = true;
        struct actor okta = house_connection(house, "okta");
        house_do(house, &house->admin, CHANGE_CREATE, KIND_SCHEMA, NULL,
                "{\"urn\":\"" BADGE "\",\"name\":\"Badge\",\"resourceType\":\"User\",\"attributes\":[{\"name\":\"badge\",\"uniqueness\":"
                "\"server\"}]}");
        const char *ann = house_do(house, &okta, CHANGE_CREATE, KIND_USER, NULL,
                "{\"schemas\":[\"" URN_USER "\"],\"userName\":\"ann\",\"" BADGE "\":{\"badge\":\"one\"}}");
        int64_t since_us = now();
        put_badge(house, &okta, ann, "two");
        undo(house, &okta, since_us);
        assert_int_equal(documents_with(house, ann, "\"badge\":\"one\""), 1);
        assert_change(ERR_TAKEN, house, &okta, CHANGE_CREATE, KIND_USER, NULL,
                "{\"schemas\":[\"" URN_USER "\"],\"userName\":\"ben\",\"" BADGE "\":{\"badge\":\"one\"}}");
        (void)house_do(house, &okta, CHANGE_CREATE, KIND_USER, NULL,
                "{\"schemas\":[\"" URN_USER "\"],\"userName\":\"cora\",\"" BADGE "\":{\"badge\":\"two\"}}");
        house_check(house);
        house_close(house);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_R16_undo_gives_back_every_member_of_a_large_group, ON_BOTH),
                FIXTURE_TEST(test_R16_undo_gives_back_every_group_of_a_user, ON_BOTH),
                FIXTURE_TEST(test_R16_undo_takes_a_large_entry_in_pieces, ON_BOTH),
                FIXTURE_TEST(test_R16_undo_gives_no_members_to_a_group_that_the_connection_no_longer_claims, ON_BOTH),
                FIXTURE_TEST(test_R16_undo_of_a_unique_value_frees_what_it_takes_back, ON_BOTH),
                FIXTURE_TEST(test_R24_a_nested_group_that_undo_gives_back_is_noted_for_the_guard, ON_BOTH),
                FIXTURE_TEST(test_R8_undo_ties_nothing_above_a_ceiling, ON_BOTH),
                FIXTURE_TEST(test_r16_what_was_taken_is_given_back_and_nothing_more, ON_BOTH),
                FIXTURE_TEST(test_r16_names_that_are_taken_meanwhile_stay_where_they_are, ON_BOTH),
                FIXTURE_TEST(test_r16_who_may_undo_and_since_when, ON_BOTH),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
