/* SPDX-License-Identifier: Apache-2.0
 *
 * Who may be called how (R10): whatever stands in the way of a name, asked by each of the questions, and what does not. How the writer asks
 * is test_claim's, test_email's and test_person's. */
#include "directory/house.h"
#include "directory/work.h"

struct scene {
        struct house *house;
        struct actor okta, entra;
        const char *ann;  /* of okta, called ann and at ann@a.example, which is verified; entra calls her zoe */
        const char *ben;  /* of entra */
        const char *crew; /* a group of okta */
        struct root_row root;
        struct change change;
        struct work work;
};

static struct actor connect(struct house *house, const char *name)
{
        house_do(house, &house->admin, CHANGE_CREATE, KIND_CONNECTION, NULL,
                "{\"name\":\"%s\",\"kind\":\"scim\",\"domains\":[\"a.example\"]}", name);
        return house_actor(house, house->token);
}

static void open_scene(struct fixture *fixture, struct scene *ret)
{
        struct house *house = house_open(fixture);
        *ret = (struct scene){ .house = house };
        house->want.operator_verified = true;
        house_do(house, &house->admin, CHANGE_CREATE, KIND_DOMAIN, NULL, "{\"name\":\"a.example\"}");
        ret->okta = connect(house, "okta");
        ret->entra = connect(house, "entra");
        ret->ann = house_do(house, &ret->okta, CHANGE_CREATE, KIND_USER, NULL,
                "{\"userName\":\"ann\",\"externalId\":\"x\",\"emails\":[{\"value\":\"ann@a.example\"}]}");
        ret->ben = house_user(house, &ret->entra, "ben");
        ret->crew = house_group(house, &ret->okta, "crew");
        house_script(house, "INSERT INTO claim VALUES (1, %lld, 2, %lld, 'x', 1, 1, '{\"userName\":\"ann\",\"nickName\":\"A\"}', 0)",
                (long long)ret->entra.no, (long long)house_no(house, ret->ann));
        house_script(house, "UPDATE resource_count SET live = live + 1 WHERE kind = 2 AND connection_no = %lld", (long long)ret->entra.no);
        house_restart(house);
        house_patch(house, &ret->entra, KIND_USER, ret->ann, ERR_OK, "{\"op\":\"replace\",\"path\":\"userName\",\"value\":\"Zoe\"}");
        ret->root = (struct root_row){ .root_no = 1, .proved_domains = 1 };
        ret->work = (struct work){ .directory = house->directory,
                .change = &ret->change,
                .session = fixture->reader,
                .root = &ret->root,
                .arena = house->arena,
                .fault = &house->fault,
                .root_no = 1 };
}

static void close_scene(struct scene *scene)
{
        house_check(scene->house);
        house_close(scene->house);
}

static struct resource_row row_of(enum resource_kind kind, int64_t no, int64_t source_no, const char *name)
{
        return (struct resource_row){ .kind = kind, .no = no, .source_no = source_no, .name = name };
}

static bool is_free(struct scene *scene, const struct resource_row *row)
{
        bool free = false;
        assert_ok(name_is_free(&scene->work, row, row->name, &free));
        return free;
}

/* ---- users ---- */

static void test_what_stands_in_the_way_of_a_users_name(struct fixture *fixture)
{
        struct scene scene;
        open_scene(fixture, &scene);
        struct house *house = scene.house;
        const int64_t ann = house_no(house, scene.ann), ben = house_no(house, scene.ben), new = 100000;
        const struct {
                int64_t user;
                const char *name;
                int64_t owner; /* 0: it is free */
                bool passes;   /* by name_check, which asks for no bearer: the unique index tells */
        } cases[] = {
                { new, "ann", ann, true },
                { ben, "ann", ann, true },
                { ann, "ben", ben, true },
                { ben, "zoe", ann, false },           /* another's claim says it of her */
                { new, "ann@a.example", ann, false }, /* she is written to there */
                { ann, "ann", 0, true },              /* her own */
                { ann, "zoe", 0, true },
                { ann, "ann@a.example", 0, true },
                { ben, "ben", 0, true },
                { new, "crew", 0, true }, /* a group's */
                { new, "an", 0, true },
        };
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                const struct resource_row row = row_of(KIND_USER, cases[i].user, 0, cases[i].name);
                scene.change = (struct change){ 0 };
                if (is_free(&scene, &row) != !cases[i].owner || name_check(&scene.work, &row) != (cases[i].passes ? ERR_OK : ERR_TAKEN) ||
                        name_check_claimed(&scene.work, row.no, row.name) != (cases[i].owner ? ERR_TAKEN : ERR_OK))
                        fail_msg("case %zu: %s", i, row.name);
                assert_int_equal(scene.change.conflict_no, cases[i].owner);
                if (!cases[i].owner)
                        continue;
                assert_string_equal(scene.change.conflict, "userName");
                assert_string_equal(house->fault.field, "userName");
                assert_string_equal(house->fault.message, arena_printf(house->arena, "userName \"%s\" is already taken", row.name));
        }
        close_scene(&scene);
}

/* ---- groups ---- */

static void test_a_groups_name_is_asked_of_its_own_source_alone(struct fixture *fixture)
{
        struct scene scene;
        open_scene(fixture, &scene);
        struct house *house = scene.house;
        house_group(house, &house->admin, "local");
        const int64_t crew = house_no(house, scene.crew);
        const struct {
                int64_t no, source_no;
                const char *name;
                bool is_free;
        } cases[] = {
                { 100000, scene.okta.no, "crew", false },
                { 100000, 0, "local", false },
                { crew, scene.okta.no, "crew", true },
                { 100000, scene.entra.no, "crew", true },
                { 100000, 0, "crew", true },
                { 100000, scene.okta.no, "local", true },
                { 100000, scene.okta.no, "ann", true }, /* what users are called, or where they are written to, is nothing to it */
                { 100000, scene.okta.no, "ann@a.example", true },
        };
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                const struct resource_row row = row_of(KIND_GROUP, cases[i].no, cases[i].source_no, cases[i].name);
                if (is_free(&scene, &row) != cases[i].is_free || name_check(&scene.work, &row))
                        fail_msg("case %zu: %s", i, cases[i].name);
        }
        close_scene(&scene);
}

static void test_the_name_that_a_claim_says_is_folded_or_none(struct fixture *fixture)
{
        struct scene scene;
        open_scene(fixture, &scene);
        json_auto_t *full = json_pack("{s:s}", "userName", "Ren\xc3\x89"), *empty = json_object(),
                    *wrong = json_pack("{s:s, s:i}", "displayName", "Ann", "userName", 7);
        const char *name = "";
        assert_ok(name_claimed(&scene.work, KIND_USER, empty, &name));
        assert_null(name);
        assert_ok(name_claimed(&scene.work, KIND_USER, wrong, &name));
        assert_null(name);
        assert_ok(name_claimed(&scene.work, KIND_GROUP, full, &name)); /* two sources never share a group */
        assert_null(name);
        assert_ok(name_claimed(&scene.work, KIND_USER, full, &name));
        assert_string_equal(name, "ren\xc3\xa9");
        scene.work.arena = arena_new(1);
        assert_err(name_claimed(&scene.work, KIND_USER, full, &name), ERR_MEMORY); /* not as if it said none */
        arena_free(scene.work.arena);
        close_scene(&scene);
}

static enum err fail_nth(void *context, enum statement statement, struct fault *fault)
{
        (void)statement;
        return (*(int *)context)-- == 0 ? fault_set(fault, ERR_UNAVAILABLE, "", "as the test wishes") : ERR_OK;
}

static void test_a_question_that_fails_frees_no_name(struct fixture *fixture)
{
        struct scene scene;
        open_scene(fixture, &scene);
        const struct resource_row row = row_of(KIND_USER, 100000, 0, "bob@a.example");
        enum err e = ERR_UNAVAILABLE;
        int at;
        for (at = 0; e; at++) {
                int left = at;
                bool free = true;
                store_set_fault_hook_for_test(fixture->store, fail_nth, &left);
                e = name_is_free(&scene.work, &row, row.name, &free);
                store_set_fault_hook_for_test(fixture->store, NULL, NULL);
                assert_true(e == ERR_OK || e == ERR_UNAVAILABLE);
                assert_int_equal(free, !e);
        }
        assert_true(at > 3); /* who bears it, of whom it is said, whose address it is */
        close_scene(&scene);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_what_stands_in_the_way_of_a_users_name, ON_BOTH),
                FIXTURE_TEST(test_a_groups_name_is_asked_of_its_own_source_alone, ON_BOTH),
                FIXTURE_TEST(test_the_name_that_a_claim_says_is_folded_or_none, ON_SQLITE),
                FIXTURE_TEST(test_a_question_that_fails_frees_no_name, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
