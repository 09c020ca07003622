/* SPDX-License-Identifier: Apache-2.0
 *
 * R13 as a connection reads: whom a plain `eq`, an id or a number shows it of those whom it could adopt. Refusals first; what a client gets
 * of him is told in tests/server/test_adoption.py. */
#include "directory/house.h"

#define MAIL "ann@a.example"
#define USER(name, external_id, mail) \
        "{\"schemas\":[\"" URN_USER "\"],\"userName\":\"" name "\",\"externalId\":\"" external_id "\",\"emails\":[{\"value\":\"" mail \
        "\",\"type\":\"work\"}]}"

struct scene {
        struct house *house;
        struct actor okta, entra; /* of one upstream; entra adopts */
        const char *ann;          /* okta's */
};

static struct actor connect(struct house *house, const char *name, const char *adoption)
{
        house_do(house, &house->admin, CHANGE_CREATE, KIND_CONNECTION, NULL,
                "{\"name\":\"%s\",\"kind\":\"scim\",\"upstream\":\"Acme IdP\",\"adoption\":\"%s\"}", name, adoption);
        return house_actor(house, house->token);
}

static struct scene scene_open(struct fixture *fixture)
{
        struct scene scene = { .house = house_open(fixture) };
        house_do(scene.house, &scene.house->admin, CHANGE_CREATE, KIND_UPSTREAM, NULL, "{\"name\":\"Acme IdP\"}");
        scene.okta = connect(scene.house, "okta", "refuse");
        scene.entra = connect(scene.house, "entra", "same_upstream");
        scene.ann = house_do(scene.house, &scene.okta, CHANGE_CREATE, KIND_USER, NULL, USER("Ann", "E1", MAIL));
        return scene;
}

static void scene_close(struct scene *scene)
{
        house_check(scene->house);
        house_close(scene->house);
}

struct seen {
        int count, adoptable;
        char id[UUID_TEXT_SIZE];
        enum err answer;
};

static enum err see(void *context, const struct claimed_row *row, struct fault *fault)
{
        struct seen *seen = context;
        seen->count++;
        seen->adoptable += row->adoptable;
        memcpy(seen->id, row->resource.id, UUID_TEXT_SIZE);
        return seen->answer ? fault_set(fault, seen->answer, "", "enough") : ERR_OK;
}

static enum err ask(struct house *house, const struct actor *actor, enum resource_kind kind, const char *text, struct seen *seen)
{
        struct query query = house_query(house, actor);
        const struct resource_type *type = resource_type(kind);
        const struct filter *filter = NULL;
        struct leniency leniency = { 0 };
        house->fault = (struct fault){ 0 };
        if (text)
                assert_ok(filter_parse(type, NULL, text, strlen(text), house->arena, &leniency, &filter, &house->fault));
        return query_candidates(&query, type, filter, see, seen, &house->fault);
}

/* `id` NULL: nobody. */
static void assert_shown(struct scene *scene, const struct actor *actor, const char *text, const char *id)
{
        struct seen seen = { 0 };
        assert_ok(ask(scene->house, actor, KIND_USER, text, &seen));
        if (seen.count != (id != NULL) || seen.adoptable != seen.count || (id && strcmp(seen.id, id) != 0))
                fail_msg("%s shows %d, %d of them adoptable", text, seen.count, seen.adoptable);
}

static const char *const all[] = { "userName eq \"aNN\"", "externalId eq \"E1\"", "emails.value eq \"ANN@a.example\"",
        "emails eq \"" MAIL "\"", "emails[value eq \"" MAIL "\"]", "emails[type eq \"work\" and value eq \"" MAIL "\"]" };

/* ---- by a comparison ---- */

static void test_R13_who_adopts_nobody_is_shown_nobody(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        struct house *house = scene.house;
        struct actor refuses = connect(house, "refuses", "refuse"), narrow = scene.entra;
        narrow.scopes &= ~(unsigned)SCOPE_ADOPT; /* its token may not */
        for (size_t i = 0; i < COUNT_OF(all); i++) {
                assert_shown(&scene, &scene.entra, all[i], scene.ann);
                assert_shown(&scene, &refuses, all[i], NULL);
                assert_shown(&scene, &narrow, all[i], NULL);
        }
        static const char *const never[] = { "externalId eq \"\"", "externalId eq \"e1\"", "userName eq \"\"", "emails.value eq \"\"",
                "emails[type eq \"home\" and value eq \"" MAIL "\"]", "userName eq \"" MAIL "\"", "userName pr", NULL };
        for (size_t i = 0; i < COUNT_OF(never); i++)
                assert_shown(&scene, &scene.entra, never[i], NULL);
        scene_close(&scene);
}

static void test_R13_groups_are_adopted_by_nobody(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        struct house *house = scene.house;
        const char *crew =
                house_do(house, &scene.okta, CHANGE_CREATE, KIND_GROUP, NULL, "{\"displayName\":\"crew\",\"externalId\":\"E1\"}");
        struct query query = house_query(house, &scene.entra);
        const struct resource_type *groups = resource_type(KIND_GROUP);
        struct claimed_row row;
        struct seen seen = { 0 };
        assert_ok(ask(house, &scene.entra, KIND_GROUP, "externalId eq \"E1\"", &seen));
        assert_ok(ask(house, &scene.entra, KIND_GROUP, "displayName eq \"crew\"", &seen));
        assert_int_equal(seen.count, 0);
        assert_err(adoption_by_id(&query, groups, crew, &row, &house->fault), ERR_NOT_FOUND);
        assert_string_equal(house->fault.message, "there is no such group");
        assert_err(adoption_by_no(&query, groups, house_no(house, crew), &row, &house->fault), ERR_NOT_FOUND);
        scene_close(&scene);
}

/* What it has itself answers alone, though another source knows somebody else by the same key. */
static void test_R13_its_own_answers_before_anybody_else(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        struct house *house = scene.house;
        const char *own = house_do(house, &scene.entra, CHANGE_CREATE, KIND_USER, NULL, USER("zoe", "E1", "zoe@a.example"));
        struct seen seen = { 0 };
        assert_ok(ask(house, &scene.entra, KIND_USER, "externalId eq \"E1\"", &seen));
        assert_int_equal(seen.count, 1);
        assert_int_equal(seen.adoptable, 0);
        assert_string_equal(seen.id, own);
        house_do(house, &scene.entra, CHANGE_DELETE, KIND_USER, own, NULL);
        assert_shown(&scene, &scene.entra, "externalId eq \"E1\"", scene.ann);
        house_do(house, &scene.entra, CHANGE_REPLACE, KIND_USER, scene.ann, "{\"userName\":\"ann\",\"externalId\":\"n1\"}");
        seen = (struct seen){ 0 };
        assert_ok(ask(house, &scene.entra, KIND_USER, "userName eq \"ann\"", &seen)); /* adopted: one of its own */
        assert_int_equal(seen.count, 1);
        assert_int_equal(seen.adoptable, 0);
        house_do(house, &scene.entra, CHANGE_DELETE, KIND_USER, scene.ann, NULL); /* R12: let go is not to be had again */
        for (size_t i = 0; i < COUNT_OF(all); i++)
                assert_shown(&scene, &scene.entra, all[i], NULL);
        scene_close(&scene);
}

static void test_R13_what_the_caller_answers_is_the_answer(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        struct seen seen = { .answer = ERR_TOO_MANY };
        assert_err(ask(scene.house, &scene.entra, KIND_USER, "userName eq \"ann\"", &seen), ERR_TOO_MANY);
        assert_int_equal(seen.count, 1);
        scene_close(&scene);
}

/* ---- an address ---- */

/* R10: of two who live neither; who is in the bin, or nobody's to see (R9), makes nobody ambiguous. */
static void test_R13_an_address_names_one_who_lives(struct fixture *fixture)
{
        static const char mail[] = "emails.value eq \"" MAIL "\"";
        struct scene scene = scene_open(fixture);
        struct house *house = scene.house;
        const char *twin = house_do(house, &scene.okta, CHANGE_CREATE, KIND_USER, NULL, USER("twin", "E2", MAIL));
        assert_shown(&scene, &scene.entra, mail, NULL);
        house_do(house, &scene.okta, CHANGE_DELETE, KIND_USER, twin, NULL);
        assert_shown(&scene, &scene.entra, mail, scene.ann);
        house->want.break_glass = BREAK_GLASS_MARK;
        const char *glass = house_do(
                house, &house->admin, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"glass\",\"emails\":[{\"value\":\"" MAIL "\"}]}");
        assert_shown(&scene, &scene.entra, mail, scene.ann);
        house_do(house, &scene.okta, CHANGE_DELETE, KIND_USER, scene.ann, NULL);
        assert_shown(&scene, &scene.entra, mail, NULL);
        assert_shown(&scene, &scene.entra, "userName eq \"glass\"", NULL);
        struct query query = house_query(house, &scene.entra);
        struct claimed_row row;
        assert_err(adoption_by_id(&query, resource_type(KIND_USER), glass, &row, &house->fault), ERR_NOT_FOUND);
        scene_close(&scene);
}

/* So many had this address that not all of them are looked at: whose it is, nobody knows. */
static void test_R13_an_address_of_a_hundred_names_nobody(struct fixture *fixture)
{
        static const char mail[] = "emails.value eq \"" MAIL "\"";
        struct scene scene = scene_open(fixture);
        struct house *house = scene.house;
        for (int i = 0; i < 99; i++) {
                assert_shown(&scene, &scene.entra, mail, scene.ann);
                const char *id = house_do(house, &scene.okta, CHANGE_CREATE, KIND_USER, NULL,
                        "{\"userName\":\"gone%d\",\"emails\":[{\"value\":\"" MAIL "\"}]}", i);
                house_do(house, &scene.okta, CHANGE_DELETE, KIND_USER, id, NULL);
        }
        assert_shown(&scene, &scene.entra, mail, NULL);
        assert_shown(&scene, &scene.entra, "userName eq \"ann\"", scene.ann);
        scene_close(&scene);
}

/* ---- one ---- */

static void test_R13_by_id_or_number_only_whom_it_could_adopt(struct fixture *fixture)
{
        struct scene scene = scene_open(fixture);
        struct house *house = scene.house;
        const struct resource_type *users = resource_type(KIND_USER);
        struct actor narrow = scene.entra;
        narrow.scopes &= ~(unsigned)SCOPE_ADOPT;
        const char *local = house_user(house, &house->admin, "local"), *own = house_user(house, &scene.entra, "own"),
                   *crew = house_group(house, &scene.okta, "crew"), *gone = house_user(house, &scene.okta, "gone");
        house_do(house, &scene.okta, CHANGE_DELETE, KIND_USER, gone, NULL);
        const struct {
                const struct actor *who;
                const char *id;
        } refused[] = { { &scene.entra, local }, { &scene.entra, own }, { &scene.entra, crew }, { &scene.entra, gone },
                { &scene.entra, scene.okta.id }, { &scene.okta, scene.ann }, { &narrow, scene.ann },
                { &scene.entra, "00000000-0000-4000-8000-000000000000" } };
        struct query query;
        struct claimed_row row;
        for (size_t i = 0; i < COUNT_OF(refused); i++) {
                query = house_query(house, refused[i].who);
                int64_t no = i + 1 < COUNT_OF(refused) ? house_no(house, refused[i].id) : 1000000;
                assert_err(adoption_by_id(&query, users, refused[i].id, &row, &house->fault), ERR_NOT_FOUND);
                assert_string_equal(house->fault.message, "there is no such user"); /* as one that never was */
                assert_err(adoption_by_no(&query, users, no, &row, &house->fault), ERR_NOT_FOUND);
                assert_string_equal(house->fault.message, "there is no such user");
        }
        query = house_query(house, &scene.entra);
        assert_err(adoption_by_id(&query, users, "Ann", &row, &house->fault), ERR_NOT_FOUND); /* a name is no id */
        assert_err(adoption_by_id(&query, users, "", &row, &house->fault), ERR_NOT_FOUND);
        for (int i = 0; i < 2; i++) {
                memset(&row, 0, sizeof row);
                assert_ok(i ? adoption_by_no(&query, users, house_no(house, scene.ann), &row, &house->fault)
                            : adoption_by_id(&query, users, scene.ann, &row, &house->fault));
                assert_true(row.adoptable);
                assert_string_equal(row.resource.id, scene.ann);
                assert_null(row.claim.doc); /* what others say of him stays theirs */
        }
        scene_close(&scene);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_R13_who_adopts_nobody_is_shown_nobody, ON_BOTH),
                FIXTURE_TEST(test_R13_groups_are_adopted_by_nobody, ON_SQLITE),
                FIXTURE_TEST(test_R13_its_own_answers_before_anybody_else, ON_BOTH),
                FIXTURE_TEST(test_R13_what_the_caller_answers_is_the_answer, ON_SQLITE),
                FIXTURE_TEST(test_R13_an_address_names_one_who_lives, ON_BOTH),
                FIXTURE_TEST(test_R13_an_address_of_a_hundred_names_nobody, ON_SQLITE),
                FIXTURE_TEST(test_R13_by_id_or_number_only_whom_it_could_adopt, ON_BOTH),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
