/* SPDX-License-Identifier: Apache-2.0
 *
 * Verified e-mails (R6): whom a connection may adopt by them (R13), and which userNames they keep others from (R10). Refusals first. */
#include "directory/house.h"

#include "directory/domain_row.h"

struct scene {
        struct house *house;
        struct actor okta;     /* lists a.example, adopts nobody */
        struct actor stranger; /* lists nothing */
        struct actor entra;    /* lists a.example, adopts by verified domain */
        struct actor other;    /* lists b.example, adopts by verified domain */
};

static struct actor connect(struct house *house, const char *name, const char *more)
{
        house_do(house, &house->admin, CHANGE_CREATE, KIND_CONNECTION, NULL, "{\"name\":\"%s\",\"kind\":\"scim\"%s}", name, more);
        return house_actor(house, house->token);
}

static void prove(struct house *house, const char *name)
{
        house->want.operator_verified = true;
        house_do(house, &house->admin, CHANGE_CREATE, KIND_DOMAIN, NULL, "{\"name\":\"%s\"}", name);
}

static struct scene scene_open(struct fixture *fixture)
{
        struct scene scene = { .house = house_open(fixture) };
        prove(scene.house, "a.example");
        prove(scene.house, "b.example");
        scene.okta = connect(scene.house, "okta", ",\"domains\":[\"a.example\"]");
        scene.stranger = connect(scene.house, "stranger", "");
        scene.entra = connect(scene.house, "entra", ",\"adoption\":\"verified_domain\",\"domains\":[\"a.example\"]");
        scene.other = connect(scene.house, "other", ",\"adoption\":\"verified_domain\",\"domains\":[\"b.example\"]");
        return scene;
}

#define USER "{\"schemas\":[\"" URN_USER "\"],\"userName\":\"%s\",\"externalId\":\"x-%s\",\"emails\":[%s]}"
#define ONE(address) "{\"value\":\"" address "\"}"
#define PRIMARY(address) "{\"value\":\"" address "\",\"primary\":true}"

static const char *user(struct scene *scene, const struct actor *actor, const char *name, const char *emails)
{
        if (actor->kind != ACTOR_CONNECTION)
                return house_do(scene->house, actor, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"%s\",\"emails\":[%s]}", name, emails);
        return house_do(scene->house, actor, CHANGE_CREATE, KIND_USER, NULL, USER, name, name, emails);
}

static const char *verified(struct scene *scene, const char *id)
{
        struct house *house = scene->house;
        struct resource_row row;
        const char *address = NULL;
        assert_ok(resource_load(house->fixture->reader, 1, house_no(house, id), house->arena, &row, &house->fault));
        assert_ok(email_verified(house->fixture->reader, 1, &row, house->arena, &address, &house->fault));
        return address;
}

static enum err put(struct scene *scene, const struct actor *actor, const char *id)
{
        return house_change(scene->house, actor, CHANGE_REPLACE, KIND_USER, id,
                "{\"schemas\":[\"" URN_USER "\"],\"userName\":\"evil\",\"title\":\"Dr\",\"emails\":[{\"value\":\"evil@a.example\"}]}");
}

static void lapse(struct scene *scene, const char *name)
{
        house_script(scene->house, "UPDATE domain SET state = 3 WHERE name_folded = '%s'", name);
        house_script(scene->house, "UPDATE root SET proved_domains = proved_domains - 1 WHERE root_no = 1");
}

static void test_R6_whose_word_counts(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        struct house *house = scene.house;
        const struct {
                const struct actor *by;
                const char *emails, *verified;
        } cases[] = {
                { &scene.okta, ONE("Ann@A.example"), "ann@a.example" },
                { &scene.okta, ONE("x@b.example") "," PRIMARY("ann@a.example"), "ann@a.example" },
                { &scene.okta, ONE("ann@a.example") "," PRIMARY("x@b.example"), NULL },
                { &scene.okta, ONE("ann@a.example") "," ONE("bob@a.example"), NULL }, /* which one? */
                { &scene.okta, ONE("ann@b.example"), NULL },                          /* verified, but okta does not list it */
                { &scene.okta, ONE("ann@sub.a.example"), NULL },
                { &scene.okta, ONE("ann@example"), NULL },
                { &scene.okta, ONE("ann@a.example@a.example"), NULL },
                { &scene.okta, "", NULL },
                { &scene.stranger, ONE("ann@a.example"), NULL },
                { &house->admin, ONE("ann@a.example"), "ann@a.example" }, /* the root's own word */
                { &house->admin, ONE("ann@never.example"), NULL },
        };
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                char name[16];
                (void)snprintf(name, sizeof name, "user%zu", i);
                const char *found = verified(&scene, user(&scene, cases[i].by, name, cases[i].emails));
                if (!found != !cases[i].verified || (found && strcmp(found, cases[i].verified) != 0))
                        fail_msg("case %zu: %s", i, found ? found : "none");
        }
        const char *ann = user(&scene, &scene.okta, "ann", ONE("ann@a.example"));
        house_do(house, &house->admin, CHANGE_MERGE, KIND_CONNECTION, scene.okta.id, "{\"domains\":[\"b.example\"]}");
        assert_null(verified(&scene, ann));
        house_do(house, &house->admin, CHANGE_MERGE, KIND_CONNECTION, scene.okta.id, "{\"domains\":[\"a.example\"]}");
        assert_non_null(verified(&scene, ann));
        lapse(&scene, "a.example");
        assert_null(verified(&scene, ann));
        house_check(house);
        house_close(house);
}

static void test_R13_who_adopts_whom_by_a_verified_domain(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        struct house *house = scene.house;
        const char *ann = user(&scene, &scene.okta, "ann", ONE("ann@a.example")),
                   *lee = user(&scene, &house->admin, "lee", ONE("lee@a.example")),
                   *sam = user(&scene, &scene.stranger, "sam", ONE("sam@a.example")),
                   *bob = user(&scene, &scene.okta, "bob", ONE("bob@b.example")),
                   *gone = user(&scene, &scene.okta, "gone", ONE("gone@a.example")), *group = house_group(house, &scene.okta, "group");
        house->want.break_glass = BREAK_GLASS_MARK; /* R9 */
        const char *glass = user(&scene, &house->admin, "glass", ONE("glass@a.example"));
        assert_string_equal(verified(&scene, glass), "glass@a.example");
        assert_ok(put(&scene, &scene.entra, gone));
        house_do(house, &scene.entra, CHANGE_DELETE, KIND_USER, gone, NULL); /* R12: its own no */
        const struct {
                const struct actor *who;
                const char *whom;
        } refused[] = { { &scene.entra, sam }, { &scene.entra, bob }, { &scene.entra, gone }, { &scene.entra, group },
                { &scene.entra, glass }, { &scene.other, ann }, { &scene.other, lee }, { &scene.other, bob }, { &scene.okta, lee },
                { &scene.stranger, ann } };
        int64_t digest = house_digest(house);
        for (size_t i = 0; i < COUNT_OF(refused); i++) {
                if (put(&scene, refused[i].who, refused[i].whom) != ERR_NOT_FOUND)
                        fail_msg("case %zu", i);
                assert_string_equal(house->fault.message, "there is no such user");
        }
        assert_int_equal(house_digest(house), digest);
        const char *const adopted[] = { ann, lee };
        for (size_t i = 0; i < COUNT_OF(adopted); i++) {
                assert_ok(put(&scene, &scene.entra, adopted[i]));
                assert_string_equal(house->event, "adopted");
                assert_null(strstr(house->done.after.claim.doc, "evil"));
                assert_non_null(strstr(house->done.after.claim.doc, "\"title\":\"Dr\""));
        }
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM resource WHERE doc LIKE '%%evil%%' OR name_folded = 'evil'"), 0);
        house_check(house);
        house_close(house);
}

static void test_R13_a_lapsed_domain_makes_no_new_links(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        struct house *house = scene.house;
        const char *ann = user(&scene, &scene.okta, "ann", ONE("ann@a.example")),
                   *ben = user(&scene, &scene.okta, "ben", ONE("ben@a.example"));
        assert_ok(put(&scene, &scene.entra, ann));
        lapse(&scene, "a.example");
        assert_int_equal(put(&scene, &scene.entra, ben), ERR_NOT_FOUND);
        assert_ok(put(&scene, &scene.entra, ann)); /* what is linked stays so */
        house_check(house);
        house_close(house);
}

static void test_R13_an_admin_of_a_verified_domain_waits_for_an_administrator(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        struct house *house = scene.house;
        const char *boss = user(&scene, &scene.okta, "boss", ONE("boss@a.example"));
        house_grant(house, boss, NULL, "admin");
        assert_int_equal(put(&scene, &scene.entra, boss), ERR_FORBIDDEN);
        house->want.user = boss;
        assert_change(ERR_CONFLICT, house, &house->admin, CHANGE_ADOPTION, KIND_CONNECTION, scene.other.id, NULL);
        house->want.user = boss;
        assert_change(ERR_OK, house, &house->admin, CHANGE_ADOPTION, KIND_CONNECTION, scene.entra.id, NULL);
        /* Approved under other conditions is not approved. */
        house_do(house, &house->admin, CHANGE_MERGE, KIND_CONNECTION, scene.entra.id, "{\"domains\":[\"a.example\",\"b.example\"]}");
        assert_int_equal(put(&scene, &scene.entra, boss), ERR_FORBIDDEN);
        house->want.user = boss;
        assert_change(ERR_OK, house, &house->admin, CHANGE_ADOPTION, KIND_CONNECTION, scene.entra.id, NULL);
        assert_ok(put(&scene, &scene.entra, boss));
        assert_change(ERR_VALUE, house, &house->admin, CHANGE_MERGE, KIND_CONNECTION, scene.entra.id, "{\"domains\":[]}");
        assert_string_equal(house->fault.field, "adoption");
        house_check(house);
        house_close(house);
}

static enum err named(struct scene *scene, const char *name)
{
        char text[256];
        (void)snprintf(text, sizeof text, "{\"schemas\":[\"" URN_USER "\"],\"userName\":\"%s\"}", name);
        return house_change(scene->house, &scene->stranger, CHANGE_CREATE, KIND_USER, NULL, text);
}

static void test_R10_a_userName_equal_to_anothers_verified_email(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        struct house *house = scene.house;
        const char *ann = user(&scene, &scene.okta, "ann", ONE("Ann@a.example")), *zoe = house_user(house, &scene.stranger, "zoe"),
                   *local = user(&scene, &house->admin, "local", "");
        user(&scene, &scene.stranger, "sam", ONE("sam@a.example"));
        int64_t digest = house_digest(house);
        assert_int_equal(named(&scene, "ANN@a.example"), ERR_TAKEN);
        assert_string_equal(house->fault.field, "userName");
        assert_null(strstr(house->fault.message, ann));
        assert_null(strstr(house->fault.message, "mail"));
        assert_int_equal(house_number(house,
                                 "SELECT COUNT(*) FROM conflict WHERE attribute = 'userName' AND object_no = %lld AND connection_no = %lld",
                                 (long long)house_no(house, ann), (long long)scene.stranger.no),
                1);
        house_patch(house, &scene.stranger, KIND_USER, zoe, ERR_TAKEN,
                "{\"op\":\"replace\",\"path\":\"userName\",\"value\":\"ann@A.example\"}");
        assert_change(ERR_TAKEN, house, &house->admin, CHANGE_MERGE, KIND_USER, local, "{\"userName\":\"ann@a.example\"}");
        assert_change(ERR_TAKEN, house, &house->admin, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"ann@a.example\"}");
        assert_int_equal(house_digest(house), digest);
        assert_ok(named(&scene, "sam@a.example")); /* said by one whose word does not count */
        assert_ok(named(&scene, "nobody@a.example"));
        house_patch(house, &scene.okta, KIND_USER, ann, ERR_OK,
                "{\"op\":\"replace\",\"path\":\"userName\",\"value\":\"ann@a.example\"}"); /* her own */
        house_check(house);
        house_close(house);
}

static void test_R10_what_stands_already_and_what_is_gone(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        struct house *house = scene.house;
        const char *zoe = user(&scene, &scene.stranger, "ann@a.example", ""), *ann = user(&scene, &scene.okta, "ann", ONE("ann@a.example"));
        house_patch(house, &scene.stranger, KIND_USER, zoe, ERR_OK,
                "{\"op\":\"replace\",\"path\":\"title\",\"value\":\"Dr\"}"); /* keeps its name */
        house_do(house, &scene.stranger, CHANGE_DELETE, KIND_USER, zoe, NULL);
        assert_change(ERR_TAKEN, house, &house->admin, CHANGE_RESTORE, KIND_USER, zoe, NULL);
        house_do(house, &scene.okta, CHANGE_DELETE, KIND_USER, ann, NULL); /* R12: only the living hold a name */
        assert_ok(named(&scene, "ann@a.example"));
        assert_change(ERR_CONFLICT, house, &house->admin, CHANGE_RESTORE, KIND_USER, zoe, NULL);
        user(&scene, &scene.okta, "ben", ONE("ben@a.example"));
        lapse(&scene, "a.example");
        assert_ok(named(&scene, "ben@a.example"));
        house_check(house);
        house_close(house);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_R6_whose_word_counts, ON_BOTH),
                FIXTURE_TEST(test_R13_who_adopts_whom_by_a_verified_domain, ON_BOTH),
                FIXTURE_TEST(test_R13_a_lapsed_domain_makes_no_new_links, ON_BOTH),
                FIXTURE_TEST(test_R13_an_admin_of_a_verified_domain_waits_for_an_administrator, ON_SQLITE),
                FIXTURE_TEST(test_R10_a_userName_equal_to_anothers_verified_email, ON_BOTH),
                FIXTURE_TEST(test_R10_what_stands_already_and_what_is_gone, ON_BOTH),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
