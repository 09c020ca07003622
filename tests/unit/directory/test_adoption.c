/* SPDX-License-Identifier: Apache-2.0
 *
 * R13: who may be adopted by whom, as a table; what the adopting request changes and what it does not; vetoes stand; admin roles wait for
 * an administrator. Refusals first. */
#include "directory/house.h"

#include "directory/adoption.h"

#define PATCH_OF(operations) "{\"schemas\":[\"" URN_PATCH "\"],\"Operations\":[" operations "]}"
#define DEACTIVATE PATCH_OF("{\"op\":\"replace\",\"value\":{\"active\":false}}")

struct scene {
        struct house *house;
        struct actor okta, entra, other; /* of one upstream the first two */
        const char *ann;                 /* okta's */
};

static struct actor connect(struct house *house, const char *name, const char *upstream, const char *adoption)
{
        house_do(house, &house->admin, CHANGE_CREATE, KIND_CONNECTION, NULL,
                "{\"name\":\"%s\",\"kind\":\"scim\",\"upstream\":\"%s\",\"adoption\":\"%s\"}", name, upstream, adoption);
        return house_actor(house, house->token);
}

static struct scene scene_open(struct fixture *fixture)
{
        struct scene scene = { .house = house_open(fixture) };
        struct house *house = scene.house;
        house_do(house, &house->admin, CHANGE_CREATE, KIND_UPSTREAM, NULL, "{\"name\":\"Acme IdP\"}");
        house_do(house, &house->admin, CHANGE_CREATE, KIND_UPSTREAM, NULL, "{\"name\":\"Other\"}");
        scene.okta = connect(house, "okta", "Acme IdP", "refuse");
        scene.entra = connect(house, "entra", "Acme IdP", "same_upstream");
        scene.other = connect(house, "other", "Other", "same_upstream");
        scene.ann = house_do(house, &scene.okta, CHANGE_CREATE, KIND_USER, NULL,
                "{\"schemas\":[\"" URN_USER
                "\"],\"userName\":\"Ann\",\"externalId\":\"e1\",\"displayName\":\"Ann A\",\"emails\":[{\"value\":"
                "\"ann@a.example\",\"primary\":true}]}");
        return scene;
}

static enum err put(struct scene *scene, const struct actor *actor, const char *id)
{
        return house_change(scene->house, actor, CHANGE_REPLACE, KIND_USER, id,
                "{\"schemas\":[\"" URN_USER "\"],\"userName\":\"Evil\",\"externalId\":\"n1\",\"title\":\"Dr\",\"emails\":[{\"value\":"
                "\"evil@a.example\"}]}");
}

static void test_R13_who_adopts_whom(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        struct house *house = scene.house;
        const char *local = house_user(house, &house->admin, "local"), *gone = house_user(house, &scene.okta, "gone"),
                   *binned = house_user(house, &scene.okta, "binned"), *foreign = house_user(house, &scene.other, "foreign"),
                   *group = house_group(house, &scene.okta, "group");
        struct actor refusing = connect(house, "refusing", "Acme IdP", "refuse");
        assert_ok(put(&scene, &scene.entra, gone));
        house_do(house, &scene.entra, CHANGE_DELETE, KIND_USER, gone, NULL); /* R12: its own no, until an administrator releases him */
        house_do(house, &scene.okta, CHANGE_DELETE, KIND_USER, binned, NULL);
        const struct {
                const struct actor *who;
                const char *whom;
        } refused[] = { { &refusing, scene.ann }, { &scene.other, scene.ann }, { &scene.entra, local }, { &scene.entra, foreign },
                { &scene.entra, gone }, { &scene.entra, binned }, { &scene.entra, group }, { &scene.okta, foreign } };
        int64_t digest = house_digest(house);
        for (size_t i = 0; i < COUNT_OF(refused); i++) {
                if (put(&scene, refused[i].who, refused[i].whom) != ERR_NOT_FOUND)
                        fail_msg("case %zu: PUT", i);
                assert_change(ERR_NOT_FOUND, house, refused[i].who, CHANGE_PATCH, KIND_USER, refused[i].whom, DEACTIVATE);
                assert_string_equal(house->fault.message, "there is no such user"); /* as one that never was */
        }
        assert_change(ERR_NOT_FOUND, house, &scene.entra, CHANGE_DELETE, KIND_USER, scene.ann, NULL); /* a delete adopts nobody */
        assert_change(ERR_TAKEN, house, &scene.entra, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"ann\",\"externalId\":\"n9\"}");
        assert_int_equal(house_digest(house), digest);
        house_check(house);
        house_close(house);
}

/* What a sibling has let go is its word no more, though another source keeps him. */
static void test_R13_an_ended_claim_of_a_sibling_opens_nobody(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        struct house *house = scene.house;
        struct actor keeper = connect(house, "keeper", "Acme IdP", "same_upstream");
        assert_ok(put(&scene, &keeper, scene.ann));
        house_do(house, &house->admin, CHANGE_MERGE, KIND_CONNECTION, keeper.id, "{\"upstream\":\"Other\"}");
        house_do(house, &scene.okta, CHANGE_DELETE, KIND_USER, scene.ann, NULL);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM resource WHERE no = %lld AND deleted_us = 0",
                                 (long long)house_no(house, scene.ann)),
                1);
        assert_int_equal(put(&scene, &scene.entra, scene.ann), ERR_NOT_FOUND);
        house_check(house);
        house_close(house);
}

/* 0: nobody. */
static int64_t find_external(const struct house *house, const struct actor *actor, const char *external_id)
{
        struct adoption adoption = { .session = house->fixture->reader, .arena = house->arena, .root_no = 1, .connection_no = actor->no };
        struct fault fault = { 0 };
        int64_t no = -1;
        assert_ok(adoption_open(&adoption, &fault));
        assert_ok(adoption_find_external(&adoption, external_id, &no, &fault));
        return no;
}

/* By id: e1 is ann's at okta, and after that somebody else's at a sibling, too. */
static void test_R13_whom_two_siblings_mean_differently_nobody_finds(struct fixture *fixture)
{
        static const char *const other = "{\"userName\":\"bob\",\"externalId\":\"e1\"}";
        struct scene scene = scene_open(fixture);
        struct house *house = scene.house;
        int64_t ann = house_no(house, scene.ann);
        assert_int_equal(find_external(house, &scene.entra, "e1"), ann);
        assert_int_equal(find_external(house, &scene.entra, "E1"), 0);
        assert_int_equal(find_external(house, &scene.okta, "e1"), 0); /* adopts nobody */
        const char *others = house_do(house, &scene.other, CHANGE_CREATE, KIND_USER, NULL, "%s", other);
        assert_int_equal(find_external(house, &scene.entra, "e1"), ann); /* of another upstream */
        house_do(house, &scene.other, CHANGE_DELETE, KIND_USER, others, NULL);
        struct actor third = connect(house, "third", "Acme IdP", "same_upstream");
        const char *bob = house_do(house, &third, CHANGE_CREATE, KIND_USER, NULL, "%s", other);
        assert_int_equal(find_external(house, &scene.entra, "e1"), 0);
        house_do(house, &third, CHANGE_DELETE, KIND_USER, bob, NULL);
        assert_int_equal(find_external(house, &scene.entra, "e1"), ann);
        house_close(house);
}

static void test_R13_the_adopting_request_changes_no_identifier(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        struct house *house = scene.house;
        assert_ok(put(&scene, &scene.entra, scene.ann));
        assert_string_equal(house->event, "adopted");
        const struct claim_row *claim = &house->done.after.claim;
        assert_int_equal(claim->connection_no, scene.entra.no);
        assert_string_equal(claim->external_id, "n1");
        assert_non_null(strstr(claim->doc, "\"userName\":\"Ann\""));
        assert_non_null(strstr(claim->doc, "ann@a.example"));
        assert_non_null(strstr(claim->doc, "\"title\":\"Dr\""));
        assert_null(strstr(house->body, "evil"));
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM resource WHERE doc LIKE '%%vil%%' OR name_folded = 'evil'"), 0);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM claim WHERE doc LIKE '%%vil%%'"), 0);
        assert_non_null(strstr(house->done.after.resource.doc, "\"displayName\":\"Ann A\""));
        house_check(house);
        /* From now on he is the connection's like any other, in the order of sources. */
        assert_ok(put(&scene, &scene.entra, scene.ann));
        assert_string_equal(house->event, "updated");
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM resource WHERE name_folded = 'ann'"), 1); /* okta is the elder */
        house_do(house, &scene.okta, CHANGE_DELETE, KIND_USER, scene.ann, NULL);
        assert_false(house_active(house, scene.ann));
        house_check(house);
        house_close(house);
}

static void test_R13_a_patch_adopts_by_the_same_rule(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        struct house *house = scene.house;
        house_do(house, &scene.entra, CHANGE_PATCH, KIND_USER, scene.ann,
                PATCH_OF("{\"op\":\"replace\",\"path\":\"userName\",\"value\":\"evil\"},{\"op\":\"replace\",\"path\":\"emails[type eq "
                         "\\\"work\\\"].value\",\"value\":\"evil@a.example\"},{\"op\":\"add\",\"path\":\"title\",\"value\":\"Dr\"},{\"op\":"
                         "\"add\",\"path\":\"externalId\",\"value\":\"n1\"}"));
        assert_string_equal(house->event, "adopted");
        assert_non_null(strstr(house->done.after.claim.doc, "\"title\":\"Dr\""));
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM claim WHERE doc LIKE '%%evil%%'"), 0);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM ledger WHERE body LIKE '%%evil%%'"), 0);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM claim WHERE connection_no = %lld AND external_id = 'n1'",
                                 (long long)scene.entra.no),
                1);
        house_check(house);
        house_close(house);
}

static void test_R13_an_adoption_that_says_nothing_new_is_one(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        struct house *house = scene.house;
        house_do(house, &scene.entra, CHANGE_PATCH, KIND_USER, scene.ann,
                PATCH_OF("{\"op\":\"replace\",\"path\":\"userName\",\"value\":\"other\"}"));
        assert_string_equal(house->event, "adopted");
        assert_true(house->done.changed);
        assert_int_equal(
                house_number(house, "SELECT live FROM resource_count WHERE kind = 2 AND connection_no = %lld", (long long)scene.entra.no),
                1);
        house_check(house);
        house_close(house);
}

static void test_R13_adoption_lifts_no_veto_and_brings_its_own(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        struct house *house = scene.house;
        const char *ben = house_user(house, &scene.okta, "ben"), *cid = house_user(house, &scene.okta, "cid");
        house_do(house, &scene.okta, CHANGE_PATCH, KIND_USER, scene.ann, DEACTIVATE);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, ben, "{\"active\":false}");
        const char *const held[] = { scene.ann, ben };
        for (size_t i = 0; i < COUNT_OF(held); i++) {
                house_do(house, &scene.entra, CHANGE_PATCH, KIND_USER, held[i],
                        PATCH_OF("{\"op\":\"replace\",\"value\":{\"active\":true}}"));
                assert_false(house_active(house, held[i]));
                assert_false(house_holds(house, held[i], NULL, "groups:read"));
        }
        assert_true(house_holds(house, cid, NULL, "groups:read"));
        house_do(house, &scene.entra, CHANGE_PATCH, KIND_USER, cid, DEACTIVATE); /* R16: a 2xx has effect */
        assert_false(house_active(house, cid));
        assert_false(house_holds(house, cid, NULL, "groups:read"));
        house_check(house);
        house_close(house);
}

/* ---- admin roles ---- */

static enum err approve(struct scene *scene, const struct actor *actor, const char *user)
{
        scene->house->want.user = user;
        return house_change(scene->house, actor, CHANGE_ADOPTION, KIND_CONNECTION, scene->entra.id, NULL);
}

static void test_R13_an_admin_role_waits_for_an_administrator(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        struct house *house = scene.house;
        struct actor editor = house_identity(house, "editor", NULL);
        house_grant(house, editor.id, NULL, "scim:edit");
        const char *app = house_do(house, &house->admin, CHANGE_CREATE, KIND_PROJECT, NULL, "{\"slug\":\"app\",\"name\":\"A\"}");
        const char *outer = house_group(house, &house->admin, "outer"), *inner = house_group(house, &house->admin, "inner"),
                   *asleep = house_group(house, &house->admin, "asleep");
        house_do(house, &house->admin, CHANGE_MEMBERS_ADD, KIND_GROUP, outer, "[\"%s\"]", inner);
        house_grant(house, outer, NULL, "admin");
        house_grant(house, asleep, app, "admin");
        house_do(house, &house->admin, CHANGE_MERGE, KIND_GROUP, asleep, "{\"active\":false}");
        static const char *const ways[] = { "admin", "member:edit", "project", "later", "group", "asleep" };
        const char *users[COUNT_OF(ways)];
        for (size_t i = 0; i < COUNT_OF(ways); i++)
                users[i] = house_user(house, &scene.okta, ways[i]);
        house_grant(house, users[0], NULL, "admin");
        house_grant(house, users[1], NULL, "member:edit");
        house_grant(house, users[2], app, "admin");
        house_do(house, &house->admin, CHANGE_CREATE, KIND_GRANT, NULL,
                "{\"principal\":\"%s\",\"role\":\"admin\",\"from\":\"2999-01-01T00:00:00Z\"}", users[3]);
        house_do(house, &house->admin, CHANGE_MEMBERS_ADD, KIND_GROUP, inner, "[\"%s\"]", users[4]);
        house_do(house, &house->admin, CHANGE_MEMBERS_ADD, KIND_GROUP, asleep, "[\"%s\"]", users[5]);
        for (size_t i = 0; i < COUNT_OF(ways); i++) {
                if (put(&scene, &scene.entra, users[i]) != ERR_FORBIDDEN)
                        fail_msg("%s", ways[i]);
                assert_null(strstr(house->fault.message, "role"));
                assert_int_equal(house_number(house, "SELECT times FROM conflict WHERE attribute = 'adoption' AND object_no = %lld",
                                         (long long)house_no(house, users[i])),
                        1);
                assert_int_equal(approve(&scene, &editor, users[i]), ERR_FORBIDDEN);
                assert_ok(approve(&scene, &house->admin, users[i]));
                assert_string_equal(house->event, "adoption-approved");
                assert_ok(approve(&scene, &house->admin, users[i]));
                assert_false(house->done.changed);
                house_do(house, &scene.entra, CHANGE_PATCH, KIND_USER, users[i],
                        PATCH_OF("{\"op\":\"replace\",\"path\":\"userName\",\"value\":\"evil\"}"));
                assert_string_equal(house->event, "adopted");
        }
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM adoption"), 0); /* once */
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM conflict"), 0);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM claim WHERE doc LIKE '%%evil%%'"), 0);
        /* A role that hands nothing out needs nobody. */
        const char *reader = house_user(house, &scene.okta, "reader");
        house_grant(house, reader, NULL, "auditor");
        house_grant(house, reader, app, "viewer");
        house_patch(house, &scene.entra, KIND_USER, reader, ERR_OK, "{\"op\":\"add\",\"path\":\"title\",\"value\":\"Dr\"}");
        house_check(house);
        house_close(house);
}

static void test_R13_what_cannot_be_approved_and_when_it_ends(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        struct house *house = scene.house;
        const char *boss = house_admin_user(house, &scene.okta, "boss"), *foreign = house_user(house, &scene.other, "foreign");
        assert_int_equal(approve(&scene, &house->admin, foreign), ERR_CONFLICT);
        assert_int_equal(approve(&scene, &house->admin, "nobody"), ERR_NOT_FOUND);
        assert_int_equal(approve(&scene, &house->admin, NULL), ERR_VALUE);
        house->want.user = boss;
        assert_change(ERR_CONFLICT, house, &house->admin, CHANGE_ADOPTION, KIND_CONNECTION, scene.okta.id, NULL);
        house->want.user = boss;
        assert_change(ERR_METHOD, house, &house->admin, CHANGE_ADOPTION, KIND_PROJECT, "acme", NULL);
        static const char *const changes[] = { "{\"adoption\":\"refuse\"}", "{\"upstream\":\"other\"}" };
        static const char *const back[] = { "{\"adoption\":\"same_upstream\"}", "{\"upstream\":\"acme idp\"}" };
        for (size_t i = 0; i < COUNT_OF(changes); i++) {
                assert_ok(approve(&scene, &house->admin, "boss"));
                house_do(house, &house->admin, CHANGE_MERGE, KIND_CONNECTION, scene.entra.id, "%s", changes[i]);
                assert_int_equal(put(&scene, &scene.entra, boss), ERR_NOT_FOUND);
                house_do(house, &house->admin, CHANGE_MERGE, KIND_CONNECTION, scene.entra.id, "%s", back[i]);
                assert_int_equal(put(&scene, &scene.entra, boss), ERR_FORBIDDEN);
        }
        /* R12: nor does it outlive a trip through the bin, whoever sent him there. */
        const struct actor *const senders[] = { &scene.okta, &house->admin };
        for (size_t i = 0; i < COUNT_OF(senders); i++) {
                const char *chief = house_user(house, &scene.okta, i ? "chief1" : "chief0");
                house_grant(house, chief, NULL, "admin");
                assert_ok(approve(&scene, &house->admin, chief));
                house_do(house, senders[i], CHANGE_DELETE, KIND_USER, chief, NULL);
                assert_int_equal(house_number(house, "SELECT COUNT(*) FROM adoption"), 0);
                house_do(house, &house->admin, CHANGE_RESTORE, KIND_USER, chief, NULL);
                assert_true(put(&scene, &scene.entra, chief) != ERR_OK);
        }
        assert_change(ERR_VALUE, house, &house->admin, CHANGE_MERGE, KIND_CONNECTION, scene.entra.id, "{\"adoption\":\"verified_domain\"}");
        assert_string_equal(house->fault.field, "adoption");
        assert_change(ERR_VALUE, house, &house->admin, CHANGE_MERGE, KIND_CONNECTION, scene.entra.id, "{\"adoption\":\"always\"}");
        house_check(house);
        house_close(house);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_R13_who_adopts_whom, ON_BOTH),
                FIXTURE_TEST(test_R13_an_ended_claim_of_a_sibling_opens_nobody, ON_BOTH),
                FIXTURE_TEST(test_R13_whom_two_siblings_mean_differently_nobody_finds, ON_SQLITE),
                FIXTURE_TEST(test_R13_the_adopting_request_changes_no_identifier, ON_BOTH),
                FIXTURE_TEST(test_R13_a_patch_adopts_by_the_same_rule, ON_SQLITE),
                FIXTURE_TEST(test_R13_an_adoption_that_says_nothing_new_is_one, ON_SQLITE),
                FIXTURE_TEST(test_R13_adoption_lifts_no_veto_and_brings_its_own, ON_BOTH),
                FIXTURE_TEST(test_R13_an_admin_role_waits_for_an_administrator, ON_BOTH),
                FIXTURE_TEST(test_R13_what_cannot_be_approved_and_when_it_ends, ON_BOTH),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
