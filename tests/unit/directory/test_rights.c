/* SPDX-License-Identifier: Apache-2.0
 *
 * Nobody grants what he does not hold (law 6), by any route; who may what is judged from rows; deactivated organisations allow nothing. */
#include "directory/house.h"
#include "directory/many.h"
#include "base/clock.h"
#include "base/clock.h"

/* An identity that holds exactly these privileges in the organisation. */
static struct actor with(struct house *house, const char *name, const char *const *privileges)
{
        struct actor actor = house_identity(house, name, NULL);
        for (; *privileges; privileges++)
                house_grant(house, actor.id, NULL, *privileges);
        return actor;
}
#define WITH(house, name, ...) with((house), (name), (const char *const[]){ __VA_ARGS__, NULL })

static void test_a_grant_gives_at_most_what_the_giver_holds(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        const char *ann = house_user(house, &house->admin, "ann");
        struct actor giver = WITH(house, "giver", "member:grant-privileges", "identity:grant-privileges", "groups:read");
        static const struct {
                const char *gift;
                enum err expected;
        } cases[] = { { "\"role\":\"admin\"", ERR_FORBIDDEN }, { "\"role\":\"member\"", ERR_FORBIDDEN },
                { "\"role\":\"auditor\"", ERR_FORBIDDEN }, { "\"privilege\":\"groups:edit\"", ERR_FORBIDDEN },
                { "\"privilege\":\"groups:read\"", ERR_OK }, { "\"privilege\":\"groups:*\"", ERR_VALUE },
                { "\"privilege\":\"*:*\"", ERR_VALUE }, { "\"privilege\":\"nothing:read\"", ERR_VALUE },
                { "\"privilege\":\"Groups:read\"", ERR_VALUE }, { "\"privilege\":\"groups\"", ERR_VALUE },
                { "\"role\":\"Admin\"", ERR_VALUE }, { "\"role\":\"admin \"", ERR_VALUE }, { "\"role\":\"viewer\"", ERR_VALUE },
                { "\"role\":\"no-access\"", ERR_OK }, { "\"role\":\"admin\",\"privilege\":\"groups:read\"", ERR_VALUE },
                { "\"reason\":\"x\"", ERR_VALUE } };
        char text[256];
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                (void)snprintf(text, sizeof text, "{\"principal\":\"%s\",%s}", ann, cases[i].gift);
                enum err e = house_change(house, &giver, CHANGE_CREATE, KIND_GRANT, NULL, text);
                if (e != cases[i].expected)
                        fail_msg("%s answers %s", text, error_row(e)->name);
                (void)snprintf(text, sizeof text, "{\"principal\":\"%s\",%s}", giver.id, cases[i].gift); /* security.md 70: himself */
                e = house_change(house, &giver, CHANGE_CREATE, KIND_GRANT, NULL, text);
                assert_int_equal(e, cases[i].expected);
        }
        /* He may grant to users and identities, and was not given groups. */
        (void)snprintf(text, sizeof text, "{\"principal\":\"%s\",\"privilege\":\"groups:read\"}", house_group(house, &house->admin, "g"));
        assert_change(ERR_FORBIDDEN, house, &giver, CHANGE_CREATE, KIND_GRANT, NULL, text);
        assert_non_null(strstr(house->fault.message, "groups:grant-privileges"));
        house_check(house);
        house_close(house);
}

static void test_rights_in_one_scope_are_none_in_another(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        const char *mine = house_do(house, &house->admin, CHANGE_CREATE, KIND_PROJECT, NULL, "{\"slug\":\"mine\",\"name\":\"A\"}"),
                   *kid = house_do(house, &house->admin, CHANGE_CREATE, KIND_ORGANIZATION, NULL, "{\"slug\":\"kid\",\"name\":\"K\"}"),
                   *ann = house_user(house, &house->admin, "ann");
        struct actor lead = house_identity(house, "lead", NULL), boss = house_identity(house, "boss", "admin");
        house_grant(house, lead.id, mine, "admin");
        char text[256];
        const char *const forbidden[][2] = { { house->installed.org_id, "admin" }, { kid, "admin" }, { kid, "no-access" } };
        for (size_t i = 0; i < COUNT_OF(forbidden); i++) {
                (void)snprintf(text, sizeof text, "{\"principal\":\"%s\",\"scope\":\"%s\",\"role\":\"%s\"}", ann, forbidden[i][0],
                        forbidden[i][1]);
                assert_change(ERR_FORBIDDEN, house, &lead, CHANGE_CREATE, KIND_GRANT, NULL, text);
        }
        (void)snprintf(text, sizeof text, "{\"principal\":\"%s\",\"scope\":\"%s\",\"role\":\"viewer\"}", ann, mine);
        assert_change(ERR_OK, house, &lead, CHANGE_CREATE, KIND_GRANT, NULL, text);
        /* R22: an organisation admin is nobody in a project, and in a child he was not added to. */
        assert_change(ERR_FORBIDDEN, house, &boss, CHANGE_CREATE, KIND_GRANT, NULL, text);
        assert_change(ERR_FORBIDDEN, house, &boss, CHANGE_MERGE, KIND_PROJECT, mine, "{\"name\":\"x\"}");
        (void)snprintf(text, sizeof text, "{\"principal\":\"%s\",\"scope\":\"%s\",\"role\":\"viewer\"}", ann, kid);
        assert_change(ERR_VALUE, house, &boss, CHANGE_CREATE, KIND_GRANT, NULL, text); /* a role of projects */
        (void)snprintf(text, sizeof text, "{\"principal\":\"%s\",\"scope\":\"%s\",\"role\":\"member\"}", ann, kid);
        assert_change(ERR_FORBIDDEN, house, &boss, CHANGE_CREATE, KIND_GRANT, NULL, text);
        assert_change(ERR_FORBIDDEN, house, &lead, CHANGE_GAIN_ACCESS, KIND_PROJECT, mine, NULL);
        house_do(house, &boss, CHANGE_GAIN_ACCESS, KIND_PROJECT, mine, NULL);
        assert_string_equal(house->event, "access-gained");
        house_do(house, &boss, CHANGE_MERGE, KIND_PROJECT, mine, "{\"name\":\"x\"}");
        house_check(house);
        house_close(house);
}

static void test_an_identity_with_a_role_is_a_grant(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor maker = WITH(house, "maker", "identity:create", "identity:grant-privileges", "identity:create-token", "groups:read"),
                     weak = WITH(house, "weak", "identity:create");
        int64_t digest = house_digest(house);
        static const char *const roles[] = { "admin", "member", "auditor" };
        for (size_t i = 0; i < COUNT_OF(roles); i++) {
                house->want.role = roles[i];
                assert_change(ERR_FORBIDDEN, house, &maker, CHANGE_CREATE, KIND_IDENTITY, NULL, "{\"name\":\"robot\"}");
        }
        house->want.role = "nothing";
        assert_change(ERR_VALUE, house, &maker, CHANGE_CREATE, KIND_IDENTITY, NULL, "{\"name\":\"robot\"}");
        house->want.role = "no-access";
        assert_change(ERR_FORBIDDEN, house, &weak, CHANGE_CREATE, KIND_IDENTITY, NULL, "{\"name\":\"robot\"}");
        assert_int_equal(house_digest(house), digest);
        house_do(house, &weak, CHANGE_CREATE, KIND_IDENTITY, NULL, "{\"name\":\"robot\"}");
        struct actor robot = house_actor(house, house->token);
        assert_change(ERR_FORBIDDEN, house, &robot, CHANGE_CREATE, KIND_IDENTITY, NULL, "{\"name\":\"other\"}");
        house_close(house);
}

static void test_a_token_of_a_stronger_identity_is_not_handed_out(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor weak = WITH(house, "weak", "identity:create-token", "groups:read"), strong = house_identity(house, "strong", "admin"),
                     by_group = house_identity(house, "by-group", NULL), later = house_identity(house, "later", NULL),
                     asleep = house_identity(house, "asleep", NULL), project = house_identity(house, "project", NULL),
                     equal = WITH(house, "equal", "groups:read"), past = house_identity(house, "past", NULL);
        const char *group = house_group(house, &house->admin, "strong"), *sleeping = house_group(house, &house->admin, "sleeping"),
                   *app = house_do(house, &house->admin, CHANGE_CREATE, KIND_PROJECT, NULL, "{\"slug\":\"app\",\"name\":\"A\"}");
        house_grant(house, group, NULL, "admin");
        house_grant(house, sleeping, NULL, "admin");
        house_grant(house, project.id, app, "viewer");
        house_do(house, &house->admin, CHANGE_MEMBERS_ADD, KIND_GROUP, group, "[\"%s\"]", by_group.id);
        house_do(house, &house->admin, CHANGE_MEMBERS_ADD, KIND_GROUP, sleeping, "[\"%s\"]", asleep.id);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_GROUP, sleeping, "{\"active\":false}");
        house_do(house, &house->admin, CHANGE_CREATE, KIND_GRANT, NULL,
                "{\"principal\":\"%s\",\"role\":\"admin\",\"from\":\"2999-01-01T00:00:00Z\"}", later.id);
        house_do(house, &house->admin, CHANGE_CREATE, KIND_GRANT, NULL,
                "{\"principal\":\"%s\",\"role\":\"admin\",\"until\":\"2001-01-01T00:00:00Z\"}", past.id);
        const struct actor *const stronger[] = { &strong, &by_group, &later, &asleep, &project, &house->admin };
        for (size_t i = 0; i < COUNT_OF(stronger); i++) {
                enum err e = house_change(house, &weak, CHANGE_ROTATE, KIND_IDENTITY, stronger[i]->id, NULL);
                if (e != ERR_FORBIDDEN)
                        fail_msg("the token of %zu is handed out: %s", i, error_row(e)->name);
        }
        house_do(house, &weak, CHANGE_ROTATE, KIND_IDENTITY, equal.id, NULL);
        house_do(house, &weak, CHANGE_ROTATE, KIND_IDENTITY, past.id, NULL);
        house_do(house, &weak, CHANGE_ROTATE, KIND_IDENTITY, weak.id, NULL);
        assert_change(ERR_UNAUTHENTICATED, house, &weak, CHANGE_ROTATE, KIND_IDENTITY, equal.id, NULL); /* the old one died */
        house_check(house);
        house_close(house);
}

static void test_who_adds_to_a_group_hands_out_what_it_holds(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor weak = WITH(house, "weak", "groups:add-members", "groups:edit", "groups:read", "groups:create");
        const char *now = house_group(house, &house->admin, "now"), *later = house_group(house, &house->admin, "later"),
                   *plain = house_group(house, &house->admin, "plain"), *privilege = house_group(house, &house->admin, "privilege"),
                   *app = house_do(house, &house->admin, CHANGE_CREATE, KIND_PROJECT, NULL, "{\"slug\":\"app\",\"name\":\"A\"}"),
                   *project = house_group(house, &house->admin, "project");
        house_grant(house, now, NULL, "admin");
        house_grant(house, privilege, NULL, "member:edit");
        house_grant(house, project, app, "member");
        house_do(house, &house->admin, CHANGE_CREATE, KIND_GRANT, NULL,
                "{\"principal\":\"%s\",\"role\":\"admin\",\"from\":\"2999-01-01T00:00:00Z\"}", later);
        const char *const refused[] = { now, later, privilege, project };
        char text[64];
        (void)snprintf(text, sizeof text, "[\"%s\"]", weak.id);
        for (size_t i = 0; i < COUNT_OF(refused); i++) {
                enum err e = house_change(house, &weak, CHANGE_MEMBERS_ADD, KIND_GROUP, refused[i], text);
                if (e != ERR_FORBIDDEN)
                        fail_msg("group %zu takes him in: %s", i, error_row(e)->name);
        }
        house_do(house, &weak, CHANGE_MEMBERS_ADD, KIND_GROUP, plain, "%s", text);
        /* Waking a group is the same gift. */
        house_do(house, &house->admin, CHANGE_MEMBERS_ADD, KIND_GROUP, now, "%s", text);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_GROUP, now, "{\"active\":false}");
        assert_change(ERR_FORBIDDEN, house, &weak, CHANGE_MERGE, KIND_GROUP, now, "{\"active\":true}");
        house_do(house, &house->admin, CHANGE_MERGE, KIND_GROUP, now, "{\"active\":true}");
        assert_true(house_holds(house, weak.id, NULL, "member:edit"));
        /* What a project in the bin conferred is nothing. */
        struct actor boss = house_identity(house, "boss", "admin");
        house_do(house, &boss, CHANGE_GAIN_ACCESS, KIND_PROJECT, app, NULL);
        house_do(house, &boss, CHANGE_DELETE, KIND_PROJECT, app, NULL);
        struct actor weaker = WITH(house, "weaker", "groups:add-members");
        house_do(house, &weaker, CHANGE_MEMBERS_ADD, KIND_GROUP, project, "%s", text);
        house_check(house);
        house_close(house);
}

#define PAST_ANY_PAGE 10010      /* of groups above, of grants of one principal */
#define PAST_A_PAGE 1010         /* of places */
#define HANGS_US (30 * US_PER_S) /* it takes a tenth of a second */

/* Judged in time, however much there is to look at. */
static void assert_judged(enum err expected, struct house *house, const struct actor *actor, const char *group, const char *text)
{
        const int64_t begun_us = clock_steady_us();
        assert_change(expected, house, actor, CHANGE_MEMBERS_ADD, KIND_GROUP, group, text);
        assert_true(clock_steady_us() - begun_us < HANGS_US);
}

static void test_law_6_what_the_last_of_very_many_groups_holds_is_seen(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), weak = WITH(house, "weak", "groups:add-members");
        const char *crew = house_group(house, &okta, "crew"), *inner = house_group(house, &house->admin, "inner");
        const int64_t first = many_made(house, &okta, crew, KIND_GROUP, PAST_ANY_PAGE);
        many_tied(house, 0, first, PAST_ANY_PAGE, "n.no", arena_printf(house->arena, "%lld", (long long)house_no(house, inner)));
        house_restart(house);
        house_ceiling(house, &okta, "[\"organization:admin\"]");
        house_grant(house, many_id(house, first + PAST_ANY_PAGE - 1), NULL, "admin");
        char text[64];
        (void)snprintf(text, sizeof text, "[\"%s\"]", weak.id);
        assert_judged(ERR_FORBIDDEN, house, &weak, inner, text);
        house_close(house);
}

static void test_law_6_the_last_of_very_many_grants_is_seen(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor weak = WITH(house, "weak", "groups:add-members", "groups:read");
        const char *group = house_group(house, &house->admin, "full"), *text = arena_printf(house->arena, "[\"%s\"]", weak.id);
        many_granted(house, house_grant(house, group, NULL, "groups:read"), PAST_ANY_PAGE);
        assert_judged(ERR_OK, house, &weak, group, text);
        house_do(house, &house->admin, CHANGE_MEMBERS_REMOVE, KIND_GROUP, group, "%s", text);
        house_grant(house, group, NULL, "admin");
        assert_judged(ERR_FORBIDDEN, house, &weak, group, text);
        house_close(house);
}

/* A grant of member to this principal in each of the projects; returns the number of the first. */
static long long in_each_place(struct house *house, const char *principal, const char *project, int64_t first_no)
{
        const long long no = house_number(house, "SELECT next_no FROM root WHERE root_no = 1") + 1; /* after the one that is copied */
        many_granted(house, house_grant(house, principal, project, "member"), PAST_A_PAGE);
        house_script(house, "UPDATE role_grant SET scope_no = no - %lld WHERE root_no = 1 AND no >= %lld AND no < %lld",
                no - (long long)first_no, no, no + PAST_A_PAGE);
        assert_int_equal(
                house_number(house, "SELECT COUNT(DISTINCT scope_no) FROM role_grant WHERE root_no = 1 AND no >= %lld", no), PAST_A_PAGE);
        return no;
}

static void test_law_6_what_is_held_in_the_last_of_very_many_places_is_seen(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor weak = WITH(house, "weak", "groups:add-members");
        const char *group = house_group(house, &house->admin, "wide"), *text = arena_printf(house->arena, "[\"%s\"]", weak.id),
                   *app = house_do(house, &house->admin, CHANGE_CREATE, KIND_PROJECT, NULL, "{\"slug\":\"app\",\"name\":\"A\"}");
        const int64_t first = many_made(house, &house->admin, app, KIND_PROJECT, PAST_A_PAGE);
        in_each_place(house, group, app, first);
        assert_judged(ERR_FORBIDDEN, house, &weak, group, text);
        const long long own = in_each_place(house, weak.id, app, first);
        assert_judged(ERR_OK, house, &weak, group, text);
        house_do(house, &house->admin, CHANGE_MEMBERS_REMOVE, KIND_GROUP, group, "%s", text);
        house_script(house, "UPDATE role_grant SET until_us = 1 WHERE root_no = 1 AND no = %lld", own + PAST_A_PAGE - 1);
        assert_judged(ERR_FORBIDDEN, house, &weak, group, text);
        house_script(house, "UPDATE resource SET deleted_us = 1 WHERE root_no = 1 AND no = %lld", (long long)first + PAST_A_PAGE - 1);
        assert_judged(ERR_OK, house, &weak, group, text); /* a place in the bin confers nothing */
        house_close(house);
}

static void test_a_new_group_takes_members_from_who_may_add_them(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor maker = WITH(house, "maker", "groups:create");
        const char *ann = house_user(house, &house->admin, "ann");
        char text[128];
        (void)snprintf(text, sizeof text, "{\"displayName\":\"g\",\"members\":[{\"value\":\"%s\"}]}", ann);
        assert_change(ERR_FORBIDDEN, house, &maker, CHANGE_CREATE, KIND_GROUP, NULL, text);
        house_group(house, &maker, "g");
        house_close(house);
}

/* R25: a child's administrator names his own organisation; what it is called among its siblings, and whether it lives, is the root's. */
static void test_a_childs_administrator_edits_his_own_organisation(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        const char *kid = house_do(house, &house->admin, CHANGE_CREATE, KIND_ORGANIZATION, NULL, "{\"slug\":\"kid\",\"name\":\"K\"}"),
                   *sister = house_do(house, &house->admin, CHANGE_CREATE, KIND_ORGANIZATION, NULL, "{\"slug\":\"sis\",\"name\":\"S\"}");
        struct actor chief = house_identity(house, "chief", NULL), member = house_identity(house, "member", NULL);
        house_grant(house, chief.id, kid, "admin");
        house_grant(house, member.id, kid, "member");
        static const char *const others[] = { "{\"slug\":\"new\"}", "{\"slug\":\"sis\"}", "{\"active\":false}",
                "{\"name\":\"x\",\"slug\":\"y\"}" };
        for (size_t i = 0; i < COUNT_OF(others); i++)
                assert_change(ERR_FORBIDDEN, house, &chief, CHANGE_MERGE, KIND_ORGANIZATION, kid, others[i]);
        assert_change(ERR_FORBIDDEN, house, &chief, CHANGE_MERGE, KIND_ORGANIZATION, sister, "{\"name\":\"x\"}");
        assert_change(ERR_FORBIDDEN, house, &chief, CHANGE_MERGE, KIND_ORGANIZATION, house->installed.org_id, "{\"name\":\"x\"}");
        assert_change(ERR_FORBIDDEN, house, &member, CHANGE_MERGE, KIND_ORGANIZATION, kid, "{\"name\":\"x\"}");
        assert_change(ERR_FORBIDDEN, house, &chief, CHANGE_DELETE, KIND_ORGANIZATION, kid, NULL);
        house_do(house, &chief, CHANGE_MERGE, KIND_ORGANIZATION, kid, "{\"name\":\"Kid\",\"description\":\"ours\"}");
        house_do(house, &house->admin, CHANGE_MERGE, KIND_ORGANIZATION, kid, "{\"active\":false}");
        assert_change(ERR_FORBIDDEN, house, &chief, CHANGE_MERGE, KIND_ORGANIZATION, kid, "{\"name\":\"x\"}"); /* law 3 */
        house_check(house);
        house_close(house);
}

/* R19: connections are made and rotated by organisation admins, whatever privilege somebody else holds. */
static void test_connections_are_for_administrators(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"),
                     weak = WITH(house, "weak", "scim:create", "scim:edit", "scim:delete", "scim:create-token", "upstream:create");
        assert_change(ERR_FORBIDDEN, house, &weak, CHANGE_CREATE, KIND_CONNECTION, NULL, "{\"name\":\"x\",\"kind\":\"scim\"}");
        assert_change(ERR_FORBIDDEN, house, &weak, CHANGE_ROTATE, KIND_CONNECTION, okta.id, NULL);
        assert_change(ERR_FORBIDDEN, house, &weak, CHANGE_MERGE, KIND_CONNECTION, okta.id, "{\"active\":false}");
        house->want.wish = (struct connection_wish){ .verb = CONNECTION_KEEP };
        assert_change(ERR_FORBIDDEN, house, &weak, CHANGE_DELETE, KIND_CONNECTION, okta.id, NULL);
        house_close(house);
}

static const char *body_for(enum resource_kind kind)
{
        switch (kind) {
        case KIND_USER:
                return "{\"userName\":\"new\"}";
        case KIND_GROUP:
                return "{\"displayName\":\"new\"}";
        case KIND_IDENTITY:
        case KIND_UPSTREAM:
                return "{\"name\":\"new\"}";
        case KIND_CONNECTION:
                return "{\"name\":\"new\",\"kind\":\"scim\"}";
        default:
                return "{\"slug\":\"new\",\"name\":\"New\"}";
        }
}

/* security.md 67, the writing half: every verb on every type by callers without any right, and by a connection's token. */
static void test_without_rights_nothing_can_be_written(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), nothing = house_identity(house, "nothing", NULL),
                     member = house_identity(house, "member", "member"), auditor = house_identity(house, "auditor", "auditor");
        const char *ids[KIND_COUNT] = {
                [KIND_USER] = house_user(house, &house->admin, "ann"),
                [KIND_GROUP] = house_group(house, &house->admin, "crew"),
                [KIND_PROJECT] = house_do(house, &house->admin, CHANGE_CREATE, KIND_PROJECT, NULL, "{\"slug\":\"app\",\"name\":\"A\"}"),
                [KIND_ORGANIZATION] =
                        house_do(house, &house->admin, CHANGE_CREATE, KIND_ORGANIZATION, NULL, "{\"slug\":\"kid\",\"name\":\"K\"}"),
                [KIND_UPSTREAM] = house_do(house, &house->admin, CHANGE_CREATE, KIND_UPSTREAM, NULL, "{\"name\":\"up\"}"),
                [KIND_CONNECTION] = okta.id,
        };
        char robot[UUID_TEXT_SIZE];
        memcpy(robot, house_identity(house, "robot", "admin").id, sizeof robot);
        ids[KIND_IDENTITY] = robot;
        ids[KIND_GRANT] = house_grant(house, ids[KIND_USER], NULL, "member");
        const struct actor *const callers[] = { &nothing, &member, &auditor, &okta };
        int64_t digest = house_digest(house);
        for (size_t c = 0; c < COUNT_OF(callers); c++)
                for (int kind = 1; kind < KIND_COUNT; kind++)
                        for (int verb = 0; verb < CHANGE_VERB_COUNT; verb++) {
                                bool scim = callers[c] == &okta && (kind == KIND_USER || kind == KIND_GROUP);
                                if (!ids[kind] || (scim && verb == CHANGE_CREATE))
                                        continue;
                                const char *text = verb == CHANGE_CREATE && kind == KIND_GRANT ? NULL
                                                   : verb == CHANGE_CREATE                     ? body_for((enum resource_kind)kind)
                                                   : verb == CHANGE_MERGE
                                                           ? kind == KIND_UPSTREAM ? "{\"description\":\"x\"}" : "{\"active\":false}"
                                                           : NULL;
                                if ((verb == CHANGE_MERGE || verb == CHANGE_CREATE) && kind == KIND_GRANT)
                                        continue;
                                if (verb == CHANGE_MEMBERS_ADD || verb == CHANGE_MEMBERS_REMOVE)
                                        text = "[\"ann\"]";
                                house->want.wish = (struct connection_wish){ .verb = CONNECTION_KEEP };
                                enum err e = house_change(house, callers[c], (enum change_verb)verb, (enum resource_kind)kind,
                                        verb == CHANGE_CREATE ? NULL : ids[kind], text);
                                if (e != ERR_FORBIDDEN && e != ERR_METHOD && !(scim && e == ERR_NOT_FOUND))
                                        fail_msg("caller %zu, verb %d of %s: %s", c, verb, resource_type((enum resource_kind)kind)->word,
                                                error_row(e)->name);
                        }
        assert_int_equal(house_digest(house), digest);
        house_check(house);
        house_close(house);
}

static void test_a_deactivated_organization_allows_nothing(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        const char *kid = house_do(house, &house->admin, CHANGE_CREATE, KIND_ORGANIZATION, NULL, "{\"slug\":\"kid\",\"name\":\"K\"}");
        house->want.organization = kid;
        const char *app = house_do(house, &house->admin, CHANGE_CREATE, KIND_PROJECT, NULL, "{\"slug\":\"app\",\"name\":\"A\"}");
        house_do(house, &house->admin, CHANGE_MERGE, KIND_ORGANIZATION, kid, "{\"active\":false}");
        house->want.organization = kid;
        assert_change(ERR_FORBIDDEN, house, &house->admin, CHANGE_CREATE, KIND_PROJECT, NULL, "{\"slug\":\"b\",\"name\":\"B\"}");
        assert_change(ERR_FORBIDDEN, house, &house->admin, CHANGE_MERGE, KIND_PROJECT, app, "{\"name\":\"B\"}");
        assert_false(house_holds(house, house->admin.id, kid, "member:read"));
        house_do(house, &house->admin, CHANGE_MERGE, KIND_ORGANIZATION, kid, "{\"active\":true}");
        house_do(house, &house->admin, CHANGE_MERGE, KIND_PROJECT, app, "{\"active\":false}");
        house_do(house, &house->admin, CHANGE_MERGE, KIND_PROJECT, app, "{\"active\":true}");
        house_check(house);
        house_close(house);
}

/* Rights end with what gave them, in the very next change. */
static void test_rights_follow_rows_not_the_graph(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor robot = house_identity(house, "robot", NULL);
        const char *group = house_group(house, &house->admin, "crew");
        const char *grant = house_grant(house, group, NULL, "admin");
        assert_change(ERR_FORBIDDEN, house, &robot, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"a\"}");
        house_do(house, &house->admin, CHANGE_MEMBERS_ADD, KIND_GROUP, group, "[\"robot\"]");
        house_user(house, &robot, "a");
        house_do(house, &house->admin, CHANGE_MERGE, KIND_GROUP, group, "{\"active\":false}");
        assert_change(ERR_FORBIDDEN, house, &robot, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"b\"}");
        house_do(house, &house->admin, CHANGE_MERGE, KIND_GROUP, group, "{\"active\":true}");
        house_user(house, &robot, "b");
        house_do(house, &house->admin, CHANGE_MERGE, KIND_GRANT, grant, "{\"until\":\"2001-01-01T00:00:00Z\"}");
        assert_change(ERR_FORBIDDEN, house, &robot, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"c\"}");
        house_do(house, &house->admin, CHANGE_MERGE, KIND_GRANT, grant, "{\"until\":null}");
        house_user(house, &robot, "c");
        house_do(house, &house->admin, CHANGE_MEMBERS_REMOVE, KIND_GROUP, group, "[\"robot\"]");
        assert_change(ERR_FORBIDDEN, house, &robot, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"d\"}");
        house_check(house);
        house_close(house);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_a_grant_gives_at_most_what_the_giver_holds, ON_BOTH),
                FIXTURE_TEST(test_rights_in_one_scope_are_none_in_another, ON_SQLITE),
                FIXTURE_TEST(test_an_identity_with_a_role_is_a_grant, ON_BOTH),
                FIXTURE_TEST(test_a_token_of_a_stronger_identity_is_not_handed_out, ON_BOTH),
                FIXTURE_TEST(test_who_adds_to_a_group_hands_out_what_it_holds, ON_BOTH),
                FIXTURE_TEST(test_law_6_the_last_of_very_many_grants_is_seen, ON_BOTH),
                FIXTURE_TEST(test_law_6_what_the_last_of_very_many_groups_holds_is_seen, ON_BOTH),
                FIXTURE_TEST(test_law_6_what_is_held_in_the_last_of_very_many_places_is_seen, ON_BOTH),
                FIXTURE_TEST(test_a_new_group_takes_members_from_who_may_add_them, ON_SQLITE),
                FIXTURE_TEST(test_a_childs_administrator_edits_his_own_organisation, ON_BOTH),
                FIXTURE_TEST(test_connections_are_for_administrators, ON_SQLITE),
                FIXTURE_TEST(test_without_rights_nothing_can_be_written, ON_SQLITE),
                FIXTURE_TEST(test_a_deactivated_organization_allows_nothing, ON_SQLITE),
                FIXTURE_TEST(test_rights_follow_rows_not_the_graph, ON_BOTH),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
