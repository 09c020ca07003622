/* SPDX-License-Identifier: Apache-2.0
 *
 * R16: what the ledger keeps of the edges that end with a deletion, page by page. That an undo gives them back is test_connection_undo's.
 */
#include "directory/house.h"
#include "directory/many.h"

#define PAGE 1000 /* as membership_loss.c has it */
#define MOST (2 * PAGE + 1)

struct scene {
        struct house *house;
        struct actor okta;
        long long since; /* revision before the deletion */
};

static struct scene open_scene(struct fixture *fixture)
{
        struct scene scene = { .house = house_open(fixture) };
        scene.okta = house_connection(scene.house, "okta");
        return scene;
}

static void close_scene(struct scene *scene)
{
        house_check(scene->house);
        house_close(scene->house);
}

static enum err try_delete(struct scene *scene, enum resource_kind kind, const char *id)
{
        scene->since = house_number(scene->house, "SELECT revision FROM root WHERE root_no = 1");
        return house_change(scene->house, &scene->okta, CHANGE_DELETE, kind, id, NULL);
}

static void member(struct scene *scene, const struct actor *actor, const char *group, const char *id)
{
        struct house *house = scene->house;
        if (actor->kind != ACTOR_CONNECTION)
                house_do(house, actor, CHANGE_MEMBERS_ADD, KIND_GROUP, group, "[\"%s\"]", id);
        else
                house_patch(house, actor, KIND_GROUP, group, ERR_OK,
                        arena_printf(house->arena, "{\"op\":\"add\",\"path\":\"members\",\"value\":[{\"value\":\"%s\"}]}", id));
}

/* ---- an ordinary list ---- */

static void test_a_deletion_that_ends_no_edge_tells_of_none(struct fixture *fixture)
{
        struct scene s = open_scene(fixture);
        struct house *house = s.house;
        assert_ok(try_delete(&s, KIND_USER, house_user(house, &s.okta, "ann")));
        assert_null(strstr(house->body, "\"left\""));
        assert_null(strstr(house->body, "\"members\""));
        assert_ok(try_delete(&s, KIND_GROUP, house_group(house, &s.okta, "crew")));
        assert_null(strstr(house->body, "\"left\""));
        assert_null(strstr(house->body, "\"members\""));
        close_scene(&s);
}

/* Edges of us stand (R14), and what a mapping rule gave is told as what it took. */
static void test_only_edges_that_the_connection_itself_made_are_told(struct fixture *fixture)
{
        struct scene s = open_scene(fixture);
        struct house *house = s.house;
        const char *ann = house_user(house, &s.okta, "ann"), *ben = house_user(house, &s.okta, "ben"),
                   *crew = house_group(house, &s.okta, "crew"), *local = house_group(house, &house->admin, "local"),
                   *ruled = house_group(house, &house->admin, "ruled");
        member(&s, &s.okta, crew, ann);
        member(&s, &house->admin, crew, ben);
        member(&s, &house->admin, local, ann);
        house_do(house, &house->admin, CHANGE_CREATE, KIND_MAPPING_RULE, NULL,
                "{\"connection\":\"%s\",\"attribute\":\"title\",\"values\":[\"T\"],\"group\":\"%s\"}", s.okta.id, ruled);
        house_continue_work(house);
        house_patch(house, &s.okta, KIND_USER, ann, ERR_OK, "{\"op\":\"replace\",\"value\":{\"title\":\"T\"}}");
        assert_true(house_is_member(house, ruled, ann));
        assert_ok(try_delete(&s, KIND_USER, ann));
        assert_non_null(strstr(house->body, arena_printf(house->arena, "\"left\":[\"%s\"]", crew)));
        assert_null(strstr(house->body, "\"members\""));
        assert_true(house_is_member(house, crew, ben));
        assert_ok(try_delete(&s, KIND_GROUP, crew));
        assert_null(strstr(house->body, ben));
        close_scene(&s);
}

static void test_a_group_tells_both_what_it_held_and_what_held_it(struct fixture *fixture)
{
        struct scene s = open_scene(fixture);
        struct house *house = s.house;
        const char *ann = house_user(house, &s.okta, "ann"), *crew = house_group(house, &s.okta, "crew"),
                   *inner = house_group(house, &s.okta, "inner"), *outer = house_group(house, &s.okta, "outer");
        member(&s, &s.okta, crew, ann);
        member(&s, &s.okta, crew, inner);
        member(&s, &s.okta, outer, crew);
        assert_ok(try_delete(&s, KIND_GROUP, crew));
        assert_string_equal(house->event, "deleted");
        assert_non_null(strstr(house->body, arena_printf(house->arena, "\"left\":[\"%s\"]", outer)));
        assert_non_null(strstr(house->body, arena_printf(house->arena, "\"members\":{\"removed\":[\"%s\",\"%s\"]}", ann, inner)));
        close_scene(&s);
}

/* ---- longer than a page ---- */

#define IDS_IN "(LENGTH(body) - LENGTH(REPLACE(body, '-4000-8000-', ''))) / 11"

static const struct {
        int edges, entries, in_last;
} cases[] = { { PAGE - 1, 1, PAGE - 1 }, { PAGE, 1, PAGE }, { PAGE + 1, 2, 1 }, { 2 * PAGE, 2, PAGE }, { MOST, 3, 1 } };

/* Full pages first, each in an entry as of another change of the same thing; the deletion's own comes last and has the rest. */
static void check_told(struct scene *s, size_t i, int64_t first, const char *event, const char *where)
{
        struct house *house = s->house;
        const long long last = s->since + cases[i].entries, from = first;
        assert_string_equal(house->event, "deleted");
        assert_int_equal(house_number(house, "SELECT MAX(seq) FROM ledger WHERE root_no = 1"), last);
        for (long long seq = s->since + 1; seq <= last; seq++) {
                const long long page = from + PAGE * (seq - s->since - 1), count = seq < last ? PAGE : cases[i].in_last;
                if (house_number(house,
                            "SELECT COUNT(*) FROM ledger WHERE root_no = 1 AND class = 1 AND seq = %lld AND event = '%s' AND " IDS_IN
                            " = %lld AND body LIKE '%%%s[\"%s\"%%' AND body LIKE '%%\"%s\"]%%'",
                            seq, seq < last ? event : "deleted", count, where, many_id(house, page), many_id(house, page + count - 1)) != 1)
                        fail_msg("case %zu: entry %lld of %d", i, seq - s->since, cases[i].entries);
        }
}

static void test_R16_members_of_a_group_are_told_in_whole_pages(struct fixture *fixture)
{
        struct scene s = open_scene(fixture);
        struct house *house = s.house;
        const int64_t first = many_made(house, &s.okta, house_user(house, &s.okta, "ann"), KIND_USER, MOST);
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                const char *group = house_group(house, &s.okta, "crew");
                many_tied(house, s.okta.no, first, cases[i].edges, arena_printf(house->arena, "%lld", (long long)house_no(house, group)),
                        "n.no");
                house_restart(house);
                assert_ok(try_delete(&s, KIND_GROUP, group));
                check_told(&s, i, first, "members-changed", "\"members\":{\"removed\":");
        }
        close_scene(&s);
}

static void test_R16_groups_that_held_a_user_are_told_in_whole_pages(struct fixture *fixture)
{
        struct scene s = open_scene(fixture);
        struct house *house = s.house;
        const int64_t first = many_made(house, &s.okta, house_group(house, &s.okta, "crew"), KIND_GROUP, MOST);
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                const char *user = house_user(house, &s.okta, "ann");
                many_tied(house, s.okta.no, first, cases[i].edges, "n.no",
                        arena_printf(house->arena, "%lld", (long long)house_no(house, user)));
                house_restart(house);
                assert_ok(try_delete(&s, KIND_USER, user));
                check_told(&s, i, first, "updated", "\"left\":");
        }
        close_scene(&s);
}

static enum err fail_third_read(void *context, enum statement statement, struct fault *fault)
{
        bool fails = statement == ST_MEMBER_LIST_SOURCE && ++*(int *)context == 3;
        return fails ? fault_set(fault, ERR_UNAVAILABLE, "", "as the test wishes") : ERR_OK;
}

static void test_pages_told_already_go_with_a_deletion_that_fails(struct fixture *fixture)
{
        struct scene s = open_scene(fixture);
        struct house *house = s.house;
        const char *group = house_group(house, &s.okta, "crew");
        const int64_t first = many_made(house, &s.okta, house_user(house, &s.okta, "ann"), KIND_USER, MOST);
        many_tied(house, s.okta.no, first, MOST, arena_printf(house->arena, "%lld", (long long)house_no(house, group)), "n.no");
        house_restart(house);
        int reads = 0;
        int64_t digest = house_digest(house);
        store_set_fault_hook_for_test(house->directory->store, fail_third_read, &reads);
        assert_err(try_delete(&s, KIND_GROUP, group), ERR_UNAVAILABLE);
        store_set_fault_hook_for_test(house->directory->store, NULL, NULL);
        assert_int_equal(reads, 3);
        assert_int_equal(house_digest(house), digest);
        assert_ok(try_delete(&s, KIND_GROUP, group));
        check_told(&s, COUNT_OF(cases) - 1, first, "members-changed", "\"members\":{\"removed\":");
        close_scene(&s);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_a_deletion_that_ends_no_edge_tells_of_none, ON_BOTH),
                FIXTURE_TEST(test_only_edges_that_the_connection_itself_made_are_told, ON_BOTH),
                FIXTURE_TEST(test_a_group_tells_both_what_it_held_and_what_held_it, ON_BOTH),
                FIXTURE_TEST(test_R16_members_of_a_group_are_told_in_whole_pages, ON_BOTH),
                FIXTURE_TEST(test_R16_groups_that_held_a_user_are_told_in_whole_pages, ON_BOTH),
                FIXTURE_TEST(test_pages_told_already_go_with_a_deletion_that_fails, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
