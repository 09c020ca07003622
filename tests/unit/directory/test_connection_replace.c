/* SPDX-License-Identifier: Apache-2.0
 *
 * R4: one connection takes the place of another by a declared key. What is told by the dry run is what is done. */
#include "base/clock.h"
#include "directory/connection.h"
#include "directory/house.h"

static struct connection_replace_preview preview(struct house *house, const struct actor *old, const struct actor *new, enum join_by by)
{
        struct query query = house_query(house, &house->admin);
        struct connection_replace_preview preview;
        const struct connection_wish wish = { .other = new->id, .join_by = by };
        assert_ok(connection_preview_replace(&query, old->id, &wish, &preview, &house->fault));
        return preview;
}

static enum err begin(struct house *house, const struct actor *old, const char *other, enum join_by by)
{
        house->want.wish = (struct connection_wish){ .verb = CONNECTION_REPLACE, .other = other, .join_by = by };
        return house_change(house, &house->admin, CHANGE_WORK, KIND_CONNECTION, old->id, NULL);
}

/* Step by step, all that must hold after each. */
static void replace(struct house *house, const struct actor *old, const struct actor *new, enum join_by by)
{
        assert_ok(begin(house, old, new->id, by));
        while (house_step(house, 0))
                house_check(house);
        house_check(house);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM connection_job"), 0);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM resource WHERE source_no < 0"), 0);
}

static const char *user(struct house *house, const struct actor *actor, const char *name, const char *external_id, const char *more)
{
        return house_do(
                house, actor, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"%s\",\"externalId\":\"%s\"%s}", name, external_id, more);
}

static const char *group(struct house *house, const struct actor *actor, const char *name, const char *external_id, const char *members)
{
        return house_do(house, actor, CHANGE_CREATE, KIND_GROUP, NULL, "{\"displayName\":\"%s\",\"externalId\":\"%s\",\"members\":[%s]}",
                name, external_id, members);
}

static const char *member(struct house *house, const char *id)
{
        return arena_printf(house->arena, "{\"value\":\"%s\"}", id);
}

static bool is_binned(struct house *house, const char *id)
{
        return house_number(house, "SELECT COUNT(*) FROM resource WHERE id = '%s' AND deleted_us > 0", id) == 1;
}

static int64_t claims(struct house *house, const char *id, const struct actor *connection)
{
        return house_number(house, "SELECT COUNT(*) FROM claim WHERE no = %lld AND connection_no = %lld AND claimed_active <> 3",
                (long long)house_no(house, id), (long long)connection->no);
}

static void test_r4_replace_by_external_id_moves_claims_and_edges(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), entra = house_connection(house, "entra");
        house_ceiling(house, &okta, "[\"organization:admin\"]");
        house_ceiling(house, &entra, "[\"organization:admin\"]");
        const char *ann = user(house, &okta, "ann@old", "1", ",\"title\":\"Dr\""), *ben = user(house, &okta, "ben@old", "2", "");
        const char *cora = user(house, &okta, "cora@old", "3", ",\"active\":false"), *alone = user(house, &okta, "alone@old", "4", "");
        const char *dora = user(house, &okta, "dora@old", "5", "");
        const char *crew = group(house, &okta, "crew", "g1",
                arena_printf(house->arena, "%s,%s,%s", member(house, ann), member(house, ben), member(house, alone)));
        const char *team = group(house, &okta, "team", "g2", member(house, ann)),
                   *left = group(house, &okta, "left", "g3", member(house, ann));
        house_grant(house, crew, NULL, "auditor");
        house_grant(house, ann, NULL, "member");
        const char *ann2 = user(house, &entra, "ann@new", "1", ",\"nickName\":\"A\""), *ben2 = user(house, &entra, "ben@new", "2", "");
        const char *cora2 = user(house, &entra, "cora@new", "3", ""), *dora2 = user(house, &entra, "dora@new", "5", "");
        const char *eve = user(house, &entra, "eve@new", "9", "");
        const char *crew2 =
                group(house, &entra, "Crew New", "g1", arena_printf(house->arena, "%s,%s", member(house, ben2), member(house, eve)));
        const char *team2 = group(house, &entra, "crew", "g2", member(house, ann2));
        house_grant(house, dora2, NULL, "auditor"); /* rights of its own: nobody gives them up silently */
        struct connection_replace_preview seen = preview(house, &okta, &entra, JOIN_EXTERNAL_ID);
        assert_int_equal(seen.users.matched, 3);
        assert_int_equal(seen.users.unmatched, 1);
        assert_int_equal(seen.users.ambiguous, 1);
        assert_int_equal(seen.users.unmatched_there, 1);
        assert_int_equal(seen.groups.matched, 2);
        assert_int_equal(seen.groups.unmatched, 1);
        int64_t digest = house_digest(house);
        (void)preview(house, &okta, &entra, JOIN_EXTERNAL_ID);
        assert_int_equal(house_digest(house), digest);
        replace(house, &okta, &entra, JOIN_EXTERNAL_ID);
        const char *const moved[] = { ann, ben, cora, team }, *const given_up[] = { ann2, ben2, cora2, crew2, team2 };
        for (size_t i = 0; i < COUNT_OF(moved); i++) {
                assert_int_equal(claims(house, moved[i], &okta), 0);
                assert_int_equal(claims(house, moved[i], &entra), 1);
        }
        for (size_t i = 0; i < COUNT_OF(given_up); i++)
                assert_true(is_binned(house, given_up[i]));
        assert_int_equal(
                house_number(house, "SELECT COUNT(*) FROM resource WHERE id = '%s' AND name_folded = 'ann@new' AND doc LIKE '%%nickName%%'",
                        ann),
                1);
        assert_false(house_active(house, cora)); /* the old one's veto is a local suspension now */
        assert_true(house_active(house, ann) && house_active(house, ben));
        assert_true(house_is_member(house, crew, ann) && house_is_member(house, crew, ben) && house_is_member(house, crew, eve));
        assert_true(house_holds(house, eve, NULL, "audit-logs:read"));
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM member WHERE container_no = %lld AND source_no = %lld",
                                 (long long)house_no(house, crew), (long long)okta.no),
                1); /* alone's: he stays with the old one, and so does its claim of the group */
        assert_int_equal(claims(house, crew, &okta), 1);
        assert_int_equal(claims(house, crew, &entra), 1);
        assert_int_equal(claims(house, alone, &okta) + claims(house, left, &okta) + claims(house, dora, &okta), 3);
        /* The new one goes on with what it took over. */
        house_patch(house, &entra, KIND_USER, ann, ERR_OK, "{\"op\":\"replace\",\"path\":\"title\",\"value\":\"Prof\"}");
        house_patch(house, &okta, KIND_USER, ann, ERR_NOT_FOUND, "{\"op\":\"replace\",\"path\":\"title\",\"value\":\"x\"}");
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, cora, "{\"active\":true}");
        assert_true(house_active(house, cora));
        assert_int_equal(preview(house, &okta, &entra, JOIN_EXTERNAL_ID).users.matched, 0); /* again: nothing is left */
        house_check(house);
        house_close(house);
}

static void test_r4_replace_by_name_takes_rows_that_both_claim_and_groups_of_one_name(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), entra = house_connection(house, "entra");
        const char *ann = user(house, &okta, "ann", "1", ",\"title\":\"old\""), *ben = user(house, &okta, "ben", "2", "");
        house_script(house, "INSERT INTO claim VALUES (1, %lld, 2, %lld, 'e1', 1, 1, '{\"title\":\"new\",\"userName\":\"ann\"}', 0)",
                (long long)entra.no, (long long)house_no(house, ann)); /* as after an adoption */
        house_script(house, "INSERT INTO resource_count VALUES (1, 2, %lld, 1)", (long long)entra.no);
        access_unload(house->directory->access, 1);
        const char *crew = group(house, &okta, "Crew", "", member(house, ann)),
                   *crew2 = group(house, &entra, "crew", "", member(house, ann));
        struct connection_replace_preview seen = preview(house, &okta, &entra, JOIN_NAME);
        assert_int_equal(seen.users.matched, 1);
        assert_int_equal(seen.groups.matched, 1);
        replace(house, &okta, &entra, JOIN_NAME);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM resource WHERE id = '%s' AND doc LIKE '%%new%%' AND source_no = %lld",
                                 ann, (long long)entra.no),
                1);
        assert_int_equal(claims(house, ann, &okta), 0);
        assert_int_equal(claims(house, ben, &okta), 1);
        assert_true(is_binned(house, crew2));
        assert_true(house_is_member(house, crew, ann));
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM member WHERE source_no = %lld", (long long)okta.no), 0);
        house_close(house);
}

static void test_r4_replace_refuses_what_makes_no_sense(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), entra = house_connection(house, "entra"),
                     weak = house_identity(house, "weak", "member");
        assert_err(begin(house, &okta, okta.id, JOIN_NAME), ERR_VALUE);
        assert_err(begin(house, &okta, NULL, JOIN_NAME), ERR_VALUE);
        assert_err(begin(house, &okta, entra.id, JOIN_NONE), ERR_VALUE);
        assert_err(begin(house, &okta, "nobody", JOIN_NAME), ERR_NOT_FOUND);
        house->want.wish = (struct connection_wish){ .verb = CONNECTION_REPLACE, .other = entra.id, .join_by = JOIN_NAME };
        assert_change(ERR_FORBIDDEN, house, &weak, CHANGE_WORK, KIND_CONNECTION, okta.id, NULL);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_CONNECTION, entra.id, "{\"active\":false}");
        assert_err(begin(house, &okta, entra.id, JOIN_NAME), ERR_CONFLICT);
        house_close(house);
}

/* Several pages of members, interrupted by a restart after every step. */
static void test_r4_a_large_group_is_replaced_in_pages(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), entra = house_connection(house, "entra");
        const char *ids[2] = { "", "" }, *groups[2];
        for (int side = 0; side < 2; side++) {
                for (int i = 0; i < 260; i++) {
                        char name[24], external_id[24];
                        (void)snprintf(name, sizeof name, "u%d-%d", i, side);
                        (void)snprintf(external_id, sizeof external_id, "x%d", i);
                        const char *id = user(house, side ? &entra : &okta, name, external_id, "");
                        ids[side] = arena_printf(house->arena, "%s%s%s", ids[side], i ? "," : "", member(house, id));
                }
                groups[side] = group(house, side ? &entra : &okta, side ? "b" : "a", "g", ids[side]);
        }
        assert_ok(begin(house, &okta, entra.id, JOIN_EXTERNAL_ID));
        int steps = 1;
        for (; house_step(house, 0); steps++)
                if (steps % 4 == 0)
                        house_restart(house);
        assert_true(steps > 7);
        house_check(house);
        assert_true(is_binned(house, groups[1]));
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM member WHERE container_no = %lld AND source_no = %lld",
                                 (long long)house_no(house, groups[0]), (long long)entra.no),
                260);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM member WHERE source_no = %lld", (long long)okta.no), 0);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM claim WHERE connection_no = %lld", (long long)okta.no), 0);
        house_close(house);
}

/* The new connection, or who is inside its groups, may not come to more than its ceiling by taking a place. */
static void test_R8_replace_ties_nothing_above_a_ceiling(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), entra = house_connection(house, "entra"),
                     third = house_connection(house, "third");
        house_ceiling(house, &okta, "[\"organization:admin\"]");
        const char *ann = user(house, &okta, "ann", "1", "");
        const char *plain = group(house, &okta, "plain", "g1", member(house, ann)),
                   *high = group(house, &okta, "high", "g2", member(house, ann)), *mixed = group(house, &okta, "mixed", "g3", "");
        const char *there = group(house, &entra, "plain2", "g1", ""), *other = group(house, &entra, "high2", "g2", ""),
                   *inside = group(house, &entra, "mixed2", "g3", "");
        house_grant(house, high, NULL, "auditor");
        replace(house, &okta, &entra, JOIN_EXTERNAL_ID);
        assert_int_equal(claims(house, plain, &entra), 1);
        assert_true(is_binned(house, there));
        assert_int_equal(claims(house, high, &entra), 0);
        assert_int_equal(claims(house, high, &okta), 1);
        assert_false(is_binned(house, other));
        assert_int_equal(claims(house, mixed, &entra), 1);
        assert_true(is_binned(house, inside));
        house_ceiling(house, &entra, "[\"organization:auditor\"]");
        /* Somebody else's group is inside the one that would be given up. */
        house_do(house, &house->admin, CHANGE_MEMBERS_ADD, KIND_GROUP, other, "[\"%s\"]", house_group(house, &third, "third"));
        replace(house, &okta, &entra, JOIN_EXTERNAL_ID);
        assert_int_equal(claims(house, high, &entra), 0);
        house_ceiling(house, &third, "[\"organization:auditor\"]");
        replace(house, &okta, &entra, JOIN_EXTERNAL_ID);
        assert_int_equal(claims(house, high, &entra), 1);
        house_close(house);
}

/* The administrators' groups of two connections become one: who is inside of both, in groups of their own, is known to the guard. */
static void test_R24_groups_inside_of_a_group_that_is_replaced_still_count(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), entra = house_connection(house, "entra");
        house_ceiling(house, &okta, "[\"organization:admin\"]");
        house_ceiling(house, &entra, "[\"organization:admin\"]");
        const char *boss = user(house, &entra, "boss", "9", ""), *inner = group(house, &entra, "inner", "g9", member(house, boss));
        const char *stays = group(house, &okta, "admins", "g1", ""), *inside = group(house, &okta, "inside", "g2", "");
        const char *goes = group(house, &entra, "admins2", "g1", member(house, inner)),
                   *above = group(house, &entra, "above2", "g2", member(house, goes));
        house_grant(house, stays, NULL, "admin");
        replace(house, &okta, &entra, JOIN_EXTERNAL_ID);
        assert_true(is_binned(house, goes));
        assert_true(is_binned(house, above));
        assert_true(house_is_member(house, stays, inner));
        assert_true(house_is_member(house, inside, stays));
        house_patch(house, &entra, KIND_USER, boss, ERR_LAST_ADMIN, "{\"op\":\"replace\",\"path\":\"active\",\"value\":false}");
        house_check(house);
        house_close(house);
}

/* A dry run ends in time, says what it did not look at, and names a number that does not depend on how far it came. */
static void test_r4_a_dry_run_counts_no_longer_than_its_time(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), entra = house_connection(house, "entra");
        for (int i = 0; i < 5; i++) {
                char name[32], key[8];
                (void)snprintf(name, sizeof(name), "u%d@old", i);
                (void)snprintf(key, sizeof(key), "%d", i);
                user(house, &okta, name, key, "");
                if (i < 2) {
                        (void)snprintf(name, sizeof(name), "u%d@new", i);
                        user(house, &entra, name, key, "");
                }
        }
        struct query query = house_query(house, &house->admin);
        struct connection_replace_preview seen;
        const struct connection_wish wish = { .other = entra.id, .join_by = JOIN_EXTERNAL_ID };
        query.deadline_us = clock_steady_us() - US_PER_S;
        assert_ok(connection_preview_replace(&query, okta.id, &wish, &seen, &house->fault));
        assert_int_equal(seen.users.matched, 1);
        assert_int_equal(seen.users.left, 4);
        assert_int_equal(seen.users.unmatched_there, -1);
        assert_int_equal(seen.confirm, 5);
        seen = preview(house, &okta, &entra, JOIN_EXTERNAL_ID);
        assert_int_equal(seen.users.matched, 2);
        assert_int_equal(seen.users.left, 0);
        assert_int_equal(seen.confirm, 2);
        house_close(house);
}

/* ---- declared types ---- */

#define DEVICE ((enum resource_kind)KIND_DECLARED_FIRST)
#define BADGE ((enum resource_kind)(KIND_DECLARED_FIRST + 1))

static const char *thing(
        struct house *house, const struct actor *actor, enum resource_kind kind, const char *external_id, const char *serial)
{
        return house_do(house, actor, CHANGE_CREATE, kind, NULL, "{\"schemas\":[\"urn:a:%s:1\"],\"externalId\":\"%s\",\"serial\":\"%s\"}",
                kind == DEVICE ? "device" : "badge", external_id, serial);
}

static void test_R4_replace_moves_resources_of_declared_types(struct fixture *fixture)
{
        static const char *const names[] = { "Device", "Badge" };
        struct house *house = house_open(fixture);
        house->declares = true;
        for (size_t i = 0; i < COUNT_OF(names); i++) {
                house_do(house, &house->admin, CHANGE_CREATE, KIND_SCHEMA, NULL,
                        "{\"urn\":\"urn:a:%s:1\",\"name\":\"%s\",\"attributes\":[{\"name\":\"serial\",\"uniqueness\":\"server\"}]}",
                        i ? "badge" : "device", names[i]);
                house_do(house, &house->admin, CHANGE_CREATE, KIND_RESOURCE_TYPE, NULL,
                        "{\"name\":\"%s\",\"endpoint\":\"/%ss\",\"schema\":\"urn:a:%s:1\"}", names[i], names[i], i ? "badge" : "device");
        }
        struct actor okta = house_connection(house, "okta"), entra = house_connection(house, "entra");
        const char *one = thing(house, &okta, DEVICE, "d1", "s1"), *two = thing(house, &okta, DEVICE, "d2", "s2"),
                   *alone = thing(house, &okta, DEVICE, "d3", "s3"), *badge = thing(house, &okta, BADGE, "d1", "b1");
        const char *one2 = thing(house, &entra, DEVICE, "d1", "t1"), *two2 = thing(house, &entra, DEVICE, "d2", "t2"),
                   *other = thing(house, &entra, DEVICE, "d4", "t4"), *badge2 = thing(house, &entra, BADGE, "d1", "c1");
        (void)thing(house, &entra, BADGE, "d3", "c3"); /* of another type: no pair of the device */
        house->admin.schemas_revision =
                house_number(house, "SELECT schemas_revision FROM root WHERE root_no = 1"); /* as its next request has it */
        const struct connection_replace_preview seen = preview(house, &okta, &entra, JOIN_EXTERNAL_ID);
        assert_true(seen.declares);
        assert_int_equal(seen.resources.matched, 3);
        assert_int_equal(seen.resources.unmatched, 1);
        assert_int_equal(seen.resources.unmatched_there, 2);
        assert_int_equal(seen.resources.ambiguous, 0);
        assert_int_equal(seen.confirm, 3);
        assert_int_equal(preview(house, &okta, &entra, JOIN_NAME).resources.matched, 0);
        replace(house, &okta, &entra, JOIN_EXTERNAL_ID);
        const char *const stays[] = { one, two, badge }, *const given_up[] = { one2, two2, badge2 },
                          *const serials[] = { "t1", "t2", "c1" };
        for (size_t i = 0; i < COUNT_OF(stays); i++) {
                assert_int_equal(claims(house, stays[i], &okta), 0);
                assert_int_equal(claims(house, stays[i], &entra), 1);
                assert_int_equal(house_number(house, "SELECT COUNT(*) FROM resource WHERE id = '%s' AND doc LIKE '%%\"%s\"%%'", stays[i],
                                         serials[i]),
                        1);
                assert_int_equal(
                        house_number(house, "SELECT COUNT(*) FROM resource WHERE id = '%s'", given_up[i]), 0); /* they have no bin */
        }
        assert_int_equal(claims(house, alone, &okta), 1);
        assert_int_equal(claims(house, other, &entra), 1);
        /* The new connection goes on with it, and what was unique is so. */
        house_do(house, &entra, CHANGE_REPLACE, DEVICE, one, "{\"schemas\":[\"urn:a:device:1\"],\"externalId\":\"d1\",\"serial\":\"t1b\"}");
        assert_change(ERR_TAKEN, house, &entra, CHANGE_CREATE, DEVICE, NULL,
                "{\"schemas\":[\"urn:a:device:1\"],\"externalId\":\"d9\",\"serial\":\"t2\"}");
        (void)thing(house, &entra, DEVICE, "d8", "s2"); /* said by nobody any more */
        assert_int_equal(
                house_number(house, "SELECT COUNT(*) FROM ledger WHERE event = 'deleted' AND body LIKE '%%\"moved_to\"%%\"type\":\"%%'"),
                3);
        house_check(house);
        house_close(house);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_R4_replace_moves_resources_of_declared_types, ON_BOTH),
                FIXTURE_TEST(test_R8_replace_ties_nothing_above_a_ceiling, ON_BOTH),
                FIXTURE_TEST(test_r4_replace_by_external_id_moves_claims_and_edges, ON_BOTH),
                FIXTURE_TEST(test_r4_replace_by_name_takes_rows_that_both_claim_and_groups_of_one_name, ON_BOTH),
                FIXTURE_TEST(test_r4_replace_refuses_what_makes_no_sense, ON_BOTH),
                FIXTURE_TEST(test_r4_a_large_group_is_replaced_in_pages, ON_SQLITE),
                FIXTURE_TEST(test_r4_a_dry_run_counts_no_longer_than_its_time, ON_BOTH),
                FIXTURE_TEST(test_R24_groups_inside_of_a_group_that_is_replaced_still_count, ON_BOTH),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
