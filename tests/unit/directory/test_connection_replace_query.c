/* SPDX-License-Identifier: Apache-2.0
 *
 * R4: what the dry run of a replacement refuses, counts and asks to be confirmed. Which rows are a pair is told in test_connection_pair.c,
 * that the work does what was counted in test_connection_replace.c. */
#include "directory/connection.h"
#include "directory/house.h"

struct scene {
        struct house *house;
        struct actor okta, entra;
};

static struct scene scene_open(struct fixture *fixture)
{
        struct scene scene = { .house = house_open(fixture) };
        scene.okta = house_connection(scene.house, "okta");
        scene.entra = house_connection(scene.house, "entra");
        return scene;
}

/* `deadline_us` -1: plenty of time. */
static enum err preview(struct scene *scene, const struct actor *actor, const char *ref, const char *other, int64_t deadline_us,
        struct connection_replace_preview *ret)
{
        struct query query = house_query(scene->house, actor);
        const struct connection_wish wish = { .other = other, .join_by = JOIN_EXTERNAL_ID };
        if (deadline_us >= 0)
                query.deadline_us = deadline_us;
        scene->house->fault = (struct fault){ 0 };
        return connection_preview_replace(&query, ref, &wish, ret, &scene->house->fault);
}

static void users(struct scene *scene, const struct actor *actor, int count)
{
        for (int i = 0; i < count; i++)
                house_do(scene->house, actor, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"u%d-%lld\",\"externalId\":\"%d\"}", i,
                        (long long)actor->no, i);
}

static void assert_fits(
        const struct connection_fits *fits, int64_t matched, int64_t unmatched, int64_t there, int64_t ambiguous, int64_t left)
{
        if (fits->matched != matched || fits->unmatched != unmatched || fits->unmatched_there != there || fits->ambiguous != ambiguous ||
                fits->left != left)
                fail_msg("%lld matched, %lld not, %lld there, %lld ambiguous, %lld left", (long long)fits->matched,
                        (long long)fits->unmatched, (long long)fits->unmatched_there, (long long)fits->ambiguous, (long long)fits->left);
}

/* ---- refusals ---- */

static void test_R4_a_dry_run_needs_two_connections_and_the_right_to_begin(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        struct house *house = scene.house;
        struct actor reads = house_identity(house, "reads", NULL), edits = house_identity(house, "edits", NULL);
        house_grant(house, reads.id, NULL, "scim:read");
        house_grant(house, edits.id, NULL, "scim:read");
        house_grant(house, edits.id, NULL, "scim:edit");
        const char *crew = house_group(house, &house->admin, "crew");
        const struct {
                const struct actor *who;
                const char *ref, *other;
                enum err expected;
        } refused[] = {
                { &house->admin, scene.okta.id, scene.okta.id, ERR_VALUE },
                { &house->admin, "okta", "OKTA", ERR_VALUE }, /* the same one by its name */
                { &house->admin, scene.okta.id, "nobody", ERR_NOT_FOUND },
                { &house->admin, scene.okta.id, crew, ERR_NOT_FOUND },
                { &house->admin, crew, scene.entra.id, ERR_NOT_FOUND },
                { &reads, scene.okta.id, scene.entra.id, ERR_FORBIDDEN },
        };
        int64_t digest = house_digest(house);
        struct connection_replace_preview seen;
        memset(&seen, 0x55, sizeof seen);
        for (size_t i = 0; i < COUNT_OF(refused); i++) {
                enum err e = preview(&scene, refused[i].who, refused[i].ref, refused[i].other, -1, &seen);
                if (e != refused[i].expected)
                        fail_msg("case %zu answers %s: %s", i, error_row(e)->name, house->fault.message);
                assert_int_equal(seen.confirm, 0x5555555555555555); /* nothing came out */
                if (e == ERR_VALUE) {
                        assert_string_equal(house->fault.field, "by");
                        assert_string_equal(house->fault.message, "a connection cannot take its own place");
                }
        }
        assert_ok(preview(&scene, &edits, scene.okta.id, scene.entra.id, -1, &seen));
        assert_int_equal(house_digest(house), digest);
        house_close(house);
}

/* ---- counts ---- */

static void test_R4_what_fits_is_counted_on_both_sides(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        struct house *house = scene.house;
        const struct actor *const both[] = { &scene.okta, &scene.entra };
        struct connection_replace_preview seen;
        assert_ok(preview(&scene, &house->admin, scene.okta.id, scene.entra.id, -1, &seen));
        assert_fits(&seen.users, 0, 0, 0, 0, 0);
        assert_fits(&seen.groups, 0, 0, 0, 0, 0);
        assert_fits(&seen.resources, 0, 0, 0, 0, 0);
        assert_int_equal(seen.confirm, 0);
        assert_false(seen.is_cut || seen.declares);
        users(&scene, &scene.okta, 5);
        users(&scene, &scene.entra, 3);
        house_do(house, &scene.entra, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"alone\",\"externalId\":\"alone\"}");
        const char *gone = house_user(house, &scene.okta, "gone"); /* the bin counts for nothing */
        house_do(house, &scene.okta, CHANGE_DELETE, KIND_USER, gone, NULL);
        house_grant(house, arena_printf(house->arena, "u1-%lld", (long long)scene.entra.no), NULL, "auditor");
        for (size_t i = 0; i < COUNT_OF(both); i++)
                house_do(house, both[i], CHANGE_CREATE, KIND_GROUP, NULL, "{\"displayName\":\"g%zu\",\"externalId\":\"g\"}", i);
        house_do(house, &scene.okta, CHANGE_CREATE, KIND_GROUP, NULL, "{\"displayName\":\"lone\",\"externalId\":\"lone\"}");
        assert_ok(preview(&scene, &house->admin, "Okta", "entra", -1, &seen));
        assert_string_equal(seen.id, scene.okta.id);
        assert_string_equal(seen.other_id, scene.entra.id);
        assert_fits(&seen.users, 2, 2, 1, 1, 0);
        assert_fits(&seen.groups, 1, 1, 0, 0, 0);
        assert_int_equal(seen.confirm, 3);
        /* The other way round the one with the role is the one that stays. */
        assert_ok(preview(&scene, &house->admin, scene.entra.id, scene.okta.id, 0, &seen)); /* 0: no end of the request */
        assert_string_equal(seen.id, scene.entra.id);
        assert_fits(&seen.users, 3, 1, 2, 0, 0);
        assert_fits(&seen.groups, 1, 0, 1, 0, 0);
        assert_int_equal(seen.confirm, 4);
        assert_false(seen.is_cut);
        house_close(house);
}

static void test_R4_more_than_a_page_is_counted_to_its_end(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        struct connection_replace_preview seen;
        users(&scene, &scene.okta, 1001);
        house_do(scene.house, &scene.entra, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"last\",\"externalId\":\"1000\"}");
        assert_ok(preview(&scene, &scene.house->admin, scene.okta.id, scene.entra.id, 0, &seen));
        assert_fits(&seen.users, 1, 1000, 0, 0, 0);
        assert_int_equal(seen.confirm, 1);
        house_close(scene.house);
}

/* ---- no time ---- */

static void test_R4_one_of_each_kind_is_compared_though_time_is_over(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        struct house *house = scene.house;
        struct connection_replace_preview seen;
        users(&scene, &scene.okta, 1);
        users(&scene, &scene.entra, 2);
        assert_ok(preview(&scene, &house->admin, scene.okta.id, scene.entra.id, 1, &seen));
        assert_fits(&seen.users, 1, 0, 1, 0, 0); /* that one was the last */
        assert_false(seen.is_cut);
        assert_int_equal(seen.confirm, 1);
        for (int i = 0; i < 3; i++)
                house_group(house, &scene.okta, arena_printf(house->arena, "g%d", i));
        assert_ok(preview(&scene, &house->admin, scene.okta.id, scene.entra.id, 1, &seen));
        assert_fits(&seen.users, 1, 0, 1, 0, 0);
        assert_fits(&seen.groups, 0, 1, -1, 0, 2);
        assert_true(seen.is_cut);
        assert_int_equal(seen.confirm, 4); /* all that it claims */
        house_close(house);
}

/* Two declared types: what is not known of one is not known of all. */
static void test_R4_declared_types_are_counted_as_one(struct fixture *fixture)
{
        static const char *const names[] = { "device", "badge" };
        struct scene scene = scene_open(fixture);
        struct house *house = scene.house;
        struct connection_replace_preview seen;
        house->declares = true;
        for (size_t i = 0; i < COUNT_OF(names); i++) {
                house_do(house, &house->admin, CHANGE_CREATE, KIND_SCHEMA, NULL,
                        "{\"urn\":\"urn:a:%s:1\",\"name\":\"%s\",\"attributes\":[{\"name\":\"serial\"}]}", names[i], names[i]);
                house_do(house, &house->admin, CHANGE_CREATE, KIND_RESOURCE_TYPE, NULL,
                        "{\"name\":\"%s\",\"endpoint\":\"/%ss\",\"schema\":\"urn:a:%s:1\"}", names[i], names[i], names[i]);
        }
        house->admin.schemas_revision = house_number(house, "SELECT schemas_revision FROM root WHERE root_no = 1");
        for (size_t i = 0; i < COUNT_OF(names); i++)
                for (size_t j = 0; j < 1 + i; j++) /* one device, two badges */
                        house_do(house, &scene.okta, CHANGE_CREATE, (enum resource_kind)(KIND_DECLARED_FIRST + i), NULL,
                                "{\"schemas\":[\"urn:a:%s:1\"],\"externalId\":\"x%zu\"}", names[i], j);
        for (int i = 0; i < 2; i++)
                house_do(house, &scene.entra, CHANGE_CREATE, (enum resource_kind)KIND_DECLARED_FIRST, NULL,
                        "{\"schemas\":[\"urn:a:device:1\"],\"externalId\":\"x%d\"}", 7 * i);
        assert_ok(preview(&scene, &house->admin, scene.okta.id, scene.entra.id, -1, &seen));
        assert_true(seen.declares);
        assert_fits(&seen.resources, 1, 2, 1, 0, 0);
        assert_ok(preview(&scene, &house->admin, scene.okta.id, scene.entra.id, 1, &seen));
        assert_fits(&seen.resources, 1, 1, -1, 0, 1);
        assert_true(seen.is_cut);
        assert_int_equal(seen.confirm, 3);
        house_close(house);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_R4_a_dry_run_needs_two_connections_and_the_right_to_begin, ON_BOTH),
                FIXTURE_TEST(test_R4_what_fits_is_counted_on_both_sides, ON_BOTH),
                FIXTURE_TEST(test_R4_more_than_a_page_is_counted_to_its_end, ON_SQLITE),
                FIXTURE_TEST(test_R4_one_of_each_kind_is_compared_though_time_is_over, ON_BOTH),
                FIXTURE_TEST(test_R4_declared_types_are_counted_as_one, ON_BOTH),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
