/* SPDX-License-Identifier: Apache-2.0
 *
 * The bin (R12): who may open it, what becomes of claims, edges and names on the way out, and what a purge leaves. test_person.c tells the
 * stories of a user and a group; here stand the rows. Refusals first. */
#include "directory/house.h"

#include "base/clock.h"
#include "base/ident.h"

#define TOMBSTONE_DAYS 396

static bool is_binned(struct house *house, const char *id)
{
        return house_number(house, "SELECT COUNT(*) FROM resource WHERE id = '%s' AND deleted_us > 0", id) == 1;
}

/* How one source claims it; -1: not at all. */
static int64_t claimed(struct house *house, const char *id, int64_t connection_no)
{
        return house_number(house, "SELECT COALESCE(MAX(claimed_active), -1) FROM claim WHERE no = %lld AND connection_no = %lld",
                (long long)house_no(house, id), (long long)connection_no);
}

static enum err restore(struct house *house, const struct actor *actor, enum resource_kind kind, const char *id, const char *replace)
{
        house->want.replace = replace;
        return house_change(house, actor, CHANGE_RESTORE, kind, id, NULL);
}

static const char *binned_user(struct house *house, const struct actor *actor, const char *name)
{
        const char *id = house_user(house, actor, name);
        house_do(house, actor, CHANGE_DELETE, KIND_USER, id, NULL);
        return id;
}

/* ---- who may, and what is refused ---- */

static void test_R12_out_of_the_bin_takes_the_right_to_create_or_to_delete(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), creates = house_identity(house, "creates", NULL),
                     deletes = house_identity(house, "deletes", NULL);
        house_grant(house, creates.id, NULL, "member:create");
        house_grant(house, deletes.id, NULL, "member:delete");
        const char *ann = binned_user(house, &okta, "ann"), *later = house_user(house, &okta, "ann"),
                   *gone = binned_user(house, &okta, "gone");
        int64_t digest = house_digest(house);
        assert_err(restore(house, &deletes, KIND_USER, gone, NULL), ERR_FORBIDDEN);
        assert_change(ERR_FORBIDDEN, house, &creates, CHANGE_PURGE, KIND_USER, gone, NULL);
        assert_err(restore(house, &creates, KIND_USER, ann, later), ERR_FORBIDDEN); /* it would send the other one to the bin */
        assert_int_equal(house_digest(house), digest);
        assert_ok(restore(house, &creates, KIND_USER, gone, NULL));
        house_do(house, &house->admin, CHANGE_DELETE, KIND_USER, gone, NULL);
        house_do(house, &deletes, CHANGE_PURGE, KIND_USER, gone, NULL);
        house_check(house);
        house_close(house);
}

static void test_R12_what_is_refused_leaves_everything_where_it_was(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const struct actor *admin = &house->admin;
        const char *ann = binned_user(house, &okta, "ann"), *later = house_user(house, &okta, "Ann"),
                   *crew = house_group(house, &okta, "crew");
        house_do(house, &okta, CHANGE_DELETE, KIND_GROUP, crew, NULL);
        const char *crew2 = house_group(house, &okta, "Crew");
        int64_t digest = house_digest(house);
        const struct {
                enum resource_kind kind;
                const char *id, *replace;
                enum err expected;
                const char *field, *message;
        } refused[] = {
                { KIND_USER, later, NULL, ERR_NOT_FOUND, "", "there is no such user in the bin" },
                { KIND_GROUP, ann, NULL, ERR_NOT_FOUND, "", "there is no such group in the bin" },
                { KIND_GROUP, crew2, NULL, ERR_NOT_FOUND, "", "there is no such group in the bin" },
                { KIND_USER, "ann", NULL, ERR_NOT_FOUND, "", "there is no such user in the bin" }, /* a name says too little here */
                { KIND_USER, ann, NULL, ERR_CONFLICT, "userName",
                        "another user has taken the name \"ann\" meanwhile; restore with `replace` to merge it into this one" },
                { KIND_GROUP, crew, NULL, ERR_CONFLICT, "displayName",
                        "another group has taken the name \"crew\" meanwhile; restore with `replace` to merge it into this one" },
                { KIND_USER, ann, ann, ERR_NOT_FOUND, NULL, NULL }, /* who lies in the bin gives nothing up */
                { KIND_USER, ann, "nobody", ERR_NOT_FOUND, NULL, NULL },
                { KIND_USER, ann, crew2, ERR_NOT_FOUND, NULL, NULL },
                { KIND_GROUP, crew, later, ERR_NOT_FOUND, NULL, NULL },
        };
        for (size_t i = 0; i < COUNT_OF(refused); i++) {
                enum err e = restore(house, admin, refused[i].kind, refused[i].id, refused[i].replace);
                if (e != refused[i].expected)
                        fail_msg("case %zu answers %s: %s", i, error_row(e)->name, house->fault.message);
                if (!refused[i].message)
                        continue;
                assert_string_equal(house->fault.message, refused[i].message);
                assert_string_equal(house->fault.field, refused[i].field);
        }
        assert_change(ERR_NOT_FOUND, house, admin, CHANGE_PURGE, KIND_GROUP, ann, NULL);
        assert_string_equal(house->fault.message, "there is no such group in the bin");
        assert_int_equal(house_digest(house), digest);
        house_check(house);
        house_close(house);
}

/* ---- restore ---- */

static void test_R12_claims_that_ended_wake_and_say_nothing(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const char *ann = binned_user(house, &okta, "ann"), *ben = binned_user(house, &okta, "ben"),
                   *loc = binned_user(house, &house->admin, "loc");
        house_do(house, &okta, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"benjamin\",\"externalId\":\"x-ben\"}");
        assert_int_equal(claimed(house, ann, okta.no), CLAIMED_DELETED);
        assert_ok(restore(house, &house->admin, KIND_USER, ann, NULL));
        assert_string_equal(house->event, "restored");
        assert_string_equal(house->body, arena_printf(house->arena, "{\"id\":\"%s\"}", ann));
        assert_int_equal(claimed(house, ann, okta.no), CLAIMED_NOTHING);
        assert_int_equal(claimed(house, ann, 0), CLAIMED_INACTIVE);
        assert_int_equal(house->done.after.resource.active, false);
        assert_int_equal(house->done.after.resource.deleted_us, 0);
        assert_ok(restore(house, &house->admin, KIND_USER, ben, NULL)); /* somebody else is x-ben now */
        assert_int_equal(claimed(house, ben, okta.no), CLAIMED_DELETED);
        assert_int_equal(claimed(house, ben, 0), CLAIMED_INACTIVE);
        assert_ok(restore(house, &house->admin, KIND_USER, loc, NULL)); /* his own word comes back, and says no */
        assert_int_equal(claimed(house, loc, 0), CLAIMED_INACTIVE);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM claim WHERE no = %lld", (long long)house_no(house, loc)), 1);
        assert_int_equal(house_number(house, "SELECT live FROM resource_count WHERE kind = 2 AND connection_no = %lld", (long long)okta.no),
                2); /* ann and benjamin */
        house_check(house);
        house_close(house);
}

/* Of two sources of the newcomer one has let go: only what stands moves, under the words it has. */
static void test_R12_who_takes_a_place_takes_what_stands(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), entra = house_connection(house, "entra"),
                     third = house_connection(house, "third");
        const char *ann = binned_user(house, &okta, "ann");
        const char *later = house_do(
                house, &okta, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"ann\",\"externalId\":\"x-later\",\"title\":\"Dr\"}");
        const struct {
                const struct actor *who;
                int active;
        } also[] = { { &entra, CLAIMED_INACTIVE }, { &third, CLAIMED_DELETED } };
        for (size_t i = 0; i < COUNT_OF(also); i++) {
                house_script(house, "INSERT INTO claim VALUES (1, %lld, 2, %lld, 'e-later', %d, 1, '{\"userName\":\"ann\"}', %d)",
                        (long long)also[i].who->no, (long long)house_no(house, later), also[i].active, also[i].active == CLAIMED_DELETED);
                house_script(house, "INSERT INTO resource_count VALUES (1, 2, %lld, %d)", (long long)also[i].who->no,
                        also[i].active != CLAIMED_DELETED);
        }
        house_script(house, "UPDATE resource SET active = 0 WHERE id = '%s'", later);
        access_unload(house->directory->access, 1);
        house_check(house);
        assert_ok(restore(house, &house->admin, KIND_USER, ann, later));
        assert_string_equal(house->body, arena_printf(house->arena, "{\"id\":\"%s\",\"replaces\":\"%s\"}", ann, later));
        assert_true(is_binned(house, later));
        assert_int_equal(claimed(house, ann, okta.no), CLAIMED_ACTIVE);
        assert_int_equal(claimed(house, ann, entra.no), CLAIMED_INACTIVE);
        assert_int_equal(claimed(house, ann, third.no), -1);
        assert_int_equal(claimed(house, later, okta.no), -1);
        assert_int_equal(claimed(house, later, entra.no), -1);
        assert_int_equal(claimed(house, later, third.no), CLAIMED_DELETED);
        assert_int_equal(
                house_number(house, "SELECT COUNT(*) FROM claim WHERE no = %lld AND connection_no = %lld AND external_id = 'x-later'",
                        (long long)house_no(house, ann), (long long)okta.no),
                1);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM resource WHERE id = '%s' AND doc LIKE '%%Dr%%'", ann), 1);
        assert_false(house_active(house, ann));
        house_check(house);
        house_close(house);
}

/* Its connection ended while it lay in the bin: what that one put in does not come back, what was put in here does. */
static void test_R12_a_group_comes_back_without_the_edges_of_a_connection_that_is_gone(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const char *ann = house_user(house, &okta, "ann"), *ben = house_user(house, &house->admin, "ben");
        const char *crew = house_do(house, &okta, CHANGE_CREATE, KIND_GROUP, NULL,
                "{\"displayName\":\"crew\",\"externalId\":\"g1\",\"members\":[{\"value\":\"%s\"}]}", ann);
        house_do(house, &house->admin, CHANGE_MEMBERS_ADD, KIND_GROUP, crew, "[\"%s\"]", ben);
        house_do(house, &house->admin, CHANGE_DELETE, KIND_GROUP, crew, NULL);
        house->want.wish = (struct connection_wish){ .verb = CONNECTION_KEEP, .confirm = -1 };
        house_do(house, &house->admin, CHANGE_DELETE, KIND_CONNECTION, okta.id, NULL);
        house_continue_work(house);
        assert_ok(restore(house, &house->admin, KIND_GROUP, crew, NULL));
        assert_int_equal(claimed(house, crew, okta.no), -1);
        assert_int_equal(claimed(house, crew, 0), CLAIMED_INACTIVE);
        assert_false(house_is_member(house, crew, ann));
        assert_true(house_is_member(house, crew, ben));
        house_check(house);
        house_close(house);
}

/* ---- purge ---- */

/* As SQL reads it: keyed, so that nobody finds a person by hashing guesses. */
static const char *subject_hash(struct house *house, const char *subject)
{
        unsigned char hash[HASH_SIZE];
        char hex[2 * HASH_SIZE + 1];
        struct hash *parts = hash_new();
        assert_non_null(parts);
        hash_part(parts, house->directory->master_key.text, house->directory->master_key.length);
        hash_part(parts, house->admin.handle, strlen(house->admin.handle));
        hash_part(parts, subject, strlen(subject));
        hash_finish(parts, hash);
        hash_free(parts);
        for (size_t i = 0; i < HASH_SIZE; i++)
                (void)snprintf(hex + 2 * i, 3, "%02x", hash[i]);
        return arena_printf(house->arena, house->fixture->kind == ON_POSTGRES ? "'\\x%s'" : "x'%s'", hex);
}

/* Until when the tombstone of this subject stands; 0: there is none. */
static int64_t tombstone(struct house *house, int64_t connection_no, enum resource_kind kind, const char *subject)
{
        return house_number(house,
                "SELECT COALESCE(MAX(until_us), 0) FROM tombstone WHERE root_no = 1 AND connection_no = %lld AND kind = %d AND subject_hash = "
                "%s",
                (long long)connection_no, kind, subject_hash(house, subject));
}

static void purge(struct house *house, enum resource_kind kind, const char *id)
{
        house_do(house, &house->admin, CHANGE_PURGE, kind, id, NULL);
}

static void test_R12_a_tombstone_stands_for_each_source_for_thirteen_months(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), entra = house_connection(house, "entra");
        const char *ann = binned_user(house, &okta, "ann");
        assert_ok(restore(house, &house->admin, KIND_USER, ann, NULL)); /* now there is a word of ours, too */
        house_do(house, &house->admin, CHANGE_DELETE, KIND_USER, ann, NULL);
        int64_t before_us = clock_stored_us();
        purge(house, KIND_USER, ann);
        int64_t until_us = tombstone(house, okta.no, KIND_USER, "x-ann");
        assert_in_range(until_us, before_us + TOMBSTONE_DAYS * US_PER_DAY, clock_stored_us() + TOMBSTONE_DAYS * US_PER_DAY);
        assert_int_equal(tombstone(house, 0, KIND_USER, ann), until_us); /* no externalId: the id */
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM tombstone"), 2);
        assert_int_equal(tombstone(house, entra.no, KIND_USER, "x-ann"), 0);
        purge(house, KIND_USER, binned_user(house, &entra, "ann"));
        assert_true(tombstone(house, entra.no, KIND_USER, "x-ann") >= until_us);
        const char *crew = house_do(house, &okta, CHANGE_CREATE, KIND_GROUP, NULL, "{\"displayName\":\"crew\",\"externalId\":\"x-ann\"}");
        house_do(house, &okta, CHANGE_DELETE, KIND_GROUP, crew, NULL);
        purge(house, KIND_GROUP, crew);
        assert_true(tombstone(house, okta.no, KIND_GROUP, "x-ann") >= until_us);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM tombstone"), 4);
        /* The same one again: his time begins anew. */
        house_script(house, "UPDATE tombstone SET until_us = 5");
        purge(house, KIND_USER, binned_user(house, &okta, "ann"));
        assert_true(tombstone(house, okta.no, KIND_USER, "x-ann") >= until_us);
        assert_int_equal(tombstone(house, entra.no, KIND_USER, "x-ann"), 5);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM tombstone"), 4);
        house_check(house);
        house_close(house);
}

/* A group with all that can hang on it: grants, members, groups inside of it. */
static void test_R12_a_purged_group_takes_its_grants_and_edges_along(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        const struct actor *admin = &house->admin;
        const char *ann = house_user(house, admin, "ann"), *crew = house_group(house, admin, "crew"),
                   *team = house_group(house, admin, "team"), *inner = house_group(house, admin, "inner");
        house_do(house, admin, CHANGE_MEMBERS_ADD, KIND_GROUP, crew, "[\"%s\",\"%s\"]", ann, inner);
        house_do(house, admin, CHANGE_MEMBERS_ADD, KIND_GROUP, team, "[\"%s\"]", ann);
        house_grant(house, crew, NULL, "auditor");
        house_grant(house, crew, NULL, "member:read");
        const char *stays = house_grant(house, team, NULL, "auditor");
        long long no = (long long)house_no(house, crew);
        house_do(house, admin, CHANGE_DELETE, KIND_GROUP, crew, NULL);
        struct dry_run dry_run = { 0 };
        int64_t digest = house_digest(house);
        house->want.dry_run = &dry_run;
        purge(house, KIND_GROUP, crew);
        assert_true(dry_run.ran && dry_run.changed);
        assert_string_equal(dry_run.event, "purged");
        assert_int_equal(house_digest(house), digest);
        purge(house, KIND_GROUP, crew);
        assert_string_equal(house->event, "purged");
        assert_string_equal(house->body, arena_printf(house->arena, "{\"id\":\"%s\"}", crew));
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM member WHERE container_no = %lld OR member_no = %lld", no, no), 0);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM role_grant WHERE principal_no = %lld", no), 0);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM resource WHERE no = %lld", no), 0);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM claim WHERE no = %lld", no), 0);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM role_grant WHERE no = %lld", (long long)house_no(house, stays)), 1);
        assert_true(house_is_member(house, team, ann) && house_holds(house, ann, NULL, "audit-logs:read"));
        assert_change(ERR_NOT_FOUND, house, admin, CHANGE_PURGE, KIND_GROUP, crew, NULL);
        house_check(house);
        house_close(house);
}

/* R31: more entries than one page, all of them blank, and the chain is whole. */
static void test_R31_every_page_of_the_ledger_about_him_is_blanked(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        const struct actor *admin = &house->admin;
        const char *ann = house_user(house, admin, "ann"), *ben = house_user(house, admin, "ben");
        for (int i = 0; i < 1010; i++)
                house_do(house, admin, CHANGE_MERGE, KIND_USER, ann, "{\"title\":\"t%d\"}", i);
        house_do(house, admin, CHANGE_DELETE, KIND_USER, ann, NULL);
        long long no = (long long)house_no(house, ann);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM ledger WHERE object_no = %lld AND body <> ''", no), 1012);
        purge(house, KIND_USER, ann);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM ledger WHERE object_no = %lld AND body <> ''", no), 1); /* the purge */
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM ledger WHERE object_no = %lld AND LENGTH(salt) = 0", no), 1012);
        assert_int_equal(
                house_number(house, "SELECT COUNT(*) FROM ledger WHERE object_no = %lld AND body <> ''", (long long)house_no(house, ben)),
                1);
        house_check(house);
        house_close(house);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_R12_out_of_the_bin_takes_the_right_to_create_or_to_delete, ON_SQLITE),
                FIXTURE_TEST(test_R12_what_is_refused_leaves_everything_where_it_was, ON_BOTH),
                FIXTURE_TEST(test_R12_claims_that_ended_wake_and_say_nothing, ON_BOTH),
                FIXTURE_TEST(test_R12_who_takes_a_place_takes_what_stands, ON_BOTH),
                FIXTURE_TEST(test_R12_a_group_comes_back_without_the_edges_of_a_connection_that_is_gone, ON_BOTH),
                FIXTURE_TEST(test_R12_a_tombstone_stands_for_each_source_for_thirteen_months, ON_BOTH),
                FIXTURE_TEST(test_R12_a_purged_group_takes_its_grants_and_edges_along, ON_BOTH),
                FIXTURE_TEST(test_R31_every_page_of_the_ledger_about_him_is_blanked, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
