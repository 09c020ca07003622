/* SPDX-License-Identifier: Apache-2.0
 *
 * R20 to R23 and security tests 51, 52 and 75, one rule a test. */
#include "access/world.h"

#define AT 1000

struct house {
        struct world *world;
        int64_t root, child, other_child; /* organisations */
        int64_t user, caller;             /* caller: identity of the root, organisation admin */
        int64_t group, project, child_project;
};

static struct house house_new(void)
{
        struct house h = { .world = world_new() };
        h.root = world_add(h.world, KIND_ORGANIZATION, 0, "acme");
        h.child = world_add(h.world, KIND_ORGANIZATION, h.root, "emea");
        h.other_child = world_add(h.world, KIND_ORGANIZATION, h.root, "apac");
        h.user = world_add(h.world, KIND_USER, h.root, "alice@example.com");
        h.caller = world_add(h.world, KIND_IDENTITY, h.root, "caller");
        h.group = world_add(h.world, KIND_GROUP, h.root, "engineers");
        h.project = world_add(h.world, KIND_PROJECT, h.root, "payments");
        h.child_project = world_add(h.world, KIND_PROJECT, h.child, "payroll");
        world_give(h.world, h.caller, h.root, "admin");
        return h;
}

static const char *id_of(int64_t no)
{
        static char ids[8][UUID_TEXT_SIZE];
        static int next;
        next = (next + 1) % 8;
        world_id(no, ids[next]);
        return ids[next];
}

static struct question about(const struct house *h, int64_t subject, const char *action, const char *type, int64_t resource)
{
        enum resource_kind kind = oracle_find(&h->world->oracle, subject)->kind;
        return (struct question){
                .subject_type = kind == KIND_USER ? "user" : "identity",
                .subject_id = id_of(subject),
                .action = action,
                .resource_type = type,
                .resource_id = id_of(resource),
                .at_us = AT,
        };
}

static enum err ask_as(const struct house *h, int64_t caller, const struct question *question, struct answer *ret)
{
        struct actor actor = { .kind = ACTOR_IDENTITY, .root_no = WORLD_ROOT, .no = caller };
        actor.org_no = oracle_find(&h->world->oracle, caller) ? oracle_find(&h->world->oracle, caller)->org_no : h->root;
        enum access_found found;
        struct fault fault = { 0 };
        *ret = (struct answer){ 0 };
        enum err e = access_decide(h->world->access, 0, &actor, question, ret, &found, &fault);
        assert_int_equal(found, ACCESS_FOUND);
        assert_int_equal(fault.code, e);
        return e;
}

static struct answer ask(const struct house *h, struct question question)
{
        struct answer answer;
        assert_int_equal(ask_as(h, h->caller, &question, &answer), ERR_OK);
        assert_int_equal(answer.decision, answer.reason == REASON_GRANTED);
        return answer;
}
#define assert_reason(h, question, expected) assert_int_equal(ask(h, question).reason, expected)

static struct question in_project(struct question question, int64_t project)
{
        question.project = id_of(project);
        return question;
}

static void test_r23_a_user_of_the_root_is_a_member_of_it(void **state)
{
        struct house h = house_new();
        assert_reason(&h, about(&h, h.user, "read", "groups", h.root), REASON_GRANTED);
        assert_reason(&h, about(&h, h.user, "request-access", "project", h.project), REASON_GRANTED);
        assert_reason(&h, about(&h, h.user, "edit", "groups", h.root), REASON_NO_PERMISSION);
        assert_reason(&h, about(&h, h.user, "read", "audit-logs", h.root), REASON_NO_PERMISSION);
        int64_t bot = world_add(h.world, KIND_IDENTITY, h.root, "bot");
        assert_reason(&h, about(&h, bot, "read", "groups", h.root), REASON_NO_PERMISSION);
        struct question child = about(&h, h.user, "read", "groups", h.child);
        child.organization = "emea";
        world_give(h.world, h.caller, h.child, "admin");
        assert_reason(&h, child, REASON_NO_PERMISSION);
        world_free(h.world);
}

static void test_r23_any_other_organisation_role_replaces_it(void **state)
{
        struct house h = house_new();
        struct question question = about(&h, h.user, "read", "groups", h.root);
        int64_t grant = world_give(h.world, h.user, h.root, "no-access");
        assert_reason(&h, question, REASON_NO_PERMISSION);
        world_gone(h.world, grant);
        world_commit(h.world);
        assert_reason(&h, question, REASON_GRANTED);
        world_join(h.world, h.group, h.user);
        world_give(h.world, h.group, h.root, "no-access");
        assert_reason(&h, question, REASON_NO_PERMISSION);
        world_switch(h.world, h.group, false); /* a disabled group confers nothing, neither way */
        assert_reason(&h, question, REASON_GRANTED);
        world_free(h.world);
}

static void test_r23_a_privilege_or_a_project_role_does_not(void **state)
{
        struct house h = house_new();
        world_grant(h.world, h.world->next_no++, h.user, h.root, 0, "audit-logs:read", 0, 0);
        world_commit(h.world);
        world_give(h.world, h.user, h.project, "admin");
        assert_reason(&h, about(&h, h.user, "read", "groups", h.root), REASON_GRANTED);
        assert_reason(&h, about(&h, h.user, "read", "audit-logs", h.root), REASON_GRANTED);
        world_free(h.world);
}

static void test_r23_a_role_outside_its_window_does_not(void **state)
{
        struct house h = house_new();
        struct question question = about(&h, h.user, "read", "groups", h.root);
        world_grant(h.world, h.world->next_no++, h.user, h.root, -4, "", 500, 1000);
        world_commit(h.world);
        question.at_us = 499;
        assert_reason(&h, question, REASON_GRANTED);
        question.at_us = 500;
        assert_reason(&h, question, REASON_NO_PERMISSION);
        question.at_us = 999;
        assert_reason(&h, question, REASON_NO_PERMISSION);
        question.at_us = 1000;
        assert_reason(&h, question, REASON_GRANTED);
        world_free(h.world);
}

static void test_r22_an_organisation_admin_holds_no_project_action(void **state)
{
        struct house h = house_new();
        assert_reason(&h, about(&h, h.caller, "access-all-projects", "organization-admin-console", h.root), REASON_GRANTED);
        assert_reason(&h, about(&h, h.caller, "edit", "project", h.project), REASON_NO_PERMISSION);
        assert_reason(&h, in_project(about(&h, h.caller, "read", "member", h.project), h.project), REASON_NO_PERMISSION);
        world_give(h.world, h.caller, h.project, "admin"); /* gained access */
        assert_reason(&h, about(&h, h.caller, "edit", "project", h.project), REASON_GRANTED);
        world_free(h.world);
}

static void test_a_project_role_counts_in_its_project_only(void **state)
{
        struct house h = house_new();
        int64_t second = world_add(h.world, KIND_PROJECT, h.root, "second");
        world_give(h.world, h.user, h.project, "viewer");
        assert_reason(&h, in_project(about(&h, h.user, "read", "member", h.project), h.project), REASON_GRANTED);
        assert_reason(&h, in_project(about(&h, h.user, "edit", "member", h.project), h.project), REASON_NO_PERMISSION);
        assert_reason(&h, in_project(about(&h, h.user, "read", "member", second), second), REASON_NO_PERMISSION);
        world_free(h.world);
}

static void test_grants_in_the_root_do_not_reach_sub_organisations(void **state)
{
        struct house h = house_new();
        struct question question = about(&h, h.user, "read", "audit-logs", h.child);
        world_give(h.world, h.user, h.root, "admin");
        world_give(h.world, h.caller, h.child, "admin");
        question.organization = id_of(h.child);
        assert_reason(&h, question, REASON_NO_PERMISSION);
        world_give(h.world, h.user, h.child, "auditor");
        assert_reason(&h, question, REASON_GRANTED);
        world_free(h.world);
}

static void test_r20_caller_needs_the_right_to_evaluate(void **state)
{
        struct house h = house_new();
        struct question question = about(&h, h.user, "read", "groups", h.root), elsewhere = question;
        struct answer answer;
        int64_t member = world_add(h.world, KIND_IDENTITY, h.root, "weak");
        world_give(h.world, member, h.root, "member");
        elsewhere.organization = "emea";
        assert_int_equal(ask_as(&h, member, &question, &answer), ERR_FORBIDDEN);
        assert_int_equal(ask_as(&h, member, &elsewhere, &answer), ERR_FORBIDDEN);
        assert_int_equal(ask_as(&h, h.user, &question, &answer), ERR_FORBIDDEN);
        assert_int_equal(ask_as(&h, 99, &question, &answer), ERR_FORBIDDEN);
        world_grant(h.world, h.world->next_no++, member, h.root, 0, "decisions:evaluate", 0, 0);
        world_commit(h.world);
        assert_int_equal(ask_as(&h, member, &question, &answer), ERR_OK);
        world_switch(h.world, member, false);
        assert_int_equal(ask_as(&h, member, &question, &answer), ERR_FORBIDDEN);
        enum access_found found;
        struct actor scim = { .kind = ACTOR_CONNECTION, .root_no = WORLD_ROOT, .org_no = h.root, .no = h.caller };
        assert_int_equal(access_decide(h.world->access, 0, &scim, &question, &answer, &found, NULL), ERR_FORBIDDEN);
        world_free(h.world);
}

static void test_r20_a_root_identity_reaches_a_child_only_if_added_there(void **state)
{
        struct house h = house_new();
        struct answer answer;
        struct question question = about(&h, h.user, "read", "groups", h.child);
        question.organization = "emea";
        assert_reason(&h, question, REASON_UNKNOWN_SCOPE);
        assert_reason(&h, in_project(about(&h, h.user, "read", "member", h.child_project), h.child_project), REASON_UNKNOWN_SCOPE);
        int64_t grant = world_give(h.world, h.caller, h.child, "member");
        assert_int_equal(ask_as(&h, h.caller, &question, &answer), ERR_FORBIDDEN);
        world_gone(h.world, grant);
        world_commit(h.world);
        world_give(h.world, h.caller, h.child, "admin");
        assert_reason(&h, question, REASON_NO_PERMISSION);
        world_give(h.world, h.user, h.child_project, "viewer");
        assert_reason(&h, in_project(about(&h, h.user, "read", "member", h.child_project), h.child_project), REASON_GRANTED);
        /* A child's identity reaches neither the root nor a sibling. */
        int64_t inner = world_add(h.world, KIND_IDENTITY, h.child, "inner");
        world_give(h.world, inner, h.child, "admin");
        world_give(h.world, inner, h.root, "admin");
        world_give(h.world, inner, h.other_child, "admin");
        struct question up = about(&h, h.user, "read", "groups", h.root);
        up.organization = "acme";
        assert_int_equal(ask_as(&h, inner, &up, &answer), ERR_OK);
        assert_int_equal(answer.reason, REASON_UNKNOWN_SCOPE);
        up.organization = "apac";
        assert_int_equal(ask_as(&h, inner, &up, &answer), ERR_OK);
        assert_int_equal(answer.reason, REASON_UNKNOWN_SCOPE);
        world_free(h.world);
}

static void test_r20_scopes_by_id_or_slug(void **state)
{
        struct house h = house_new();
        world_give(h.world, h.user, h.project, "viewer");
        struct question question = in_project(about(&h, h.user, "read", "member", h.project), h.project);
        question.project = "payments";
        assert_reason(&h, question, REASON_GRANTED);
        question.project = "PAYMENTS";
        assert_reason(&h, question, REASON_GRANTED);
        question.project = "payroll"; /* a slug of another organisation */
        assert_reason(&h, question, REASON_UNKNOWN_SCOPE);
        question.project = "";
        assert_reason(&h, question, REASON_UNKNOWN_SCOPE);
        question = about(&h, h.user, "read", "groups", h.root);
        question.organization = "acme";
        assert_reason(&h, question, REASON_GRANTED);
        question.organization = id_of(h.root);
        assert_reason(&h, question, REASON_GRANTED);
        question.organization = id_of(h.project); /* an id of another kind */
        assert_reason(&h, question, REASON_UNKNOWN_SCOPE);
        world_free(h.world);
}

static void test_r20_a_project_asked_about_is_itself_the_scope(void **state)
{
        struct house h = house_new();
        struct answer answer;
        int64_t second = world_add(h.world, KIND_PROJECT, h.root, "second");
        world_give(h.world, h.user, h.project, "admin");
        struct question question = about(&h, h.user, "edit", "project", h.project);
        assert_reason(&h, question, REASON_GRANTED);
        question.resource_id = "payments";
        assert_reason(&h, question, REASON_GRANTED);
        question.project = id_of(h.project); /* the same one, named otherwise */
        assert_reason(&h, question, REASON_GRANTED);
        question.project = id_of(second);
        assert_int_equal(ask_as(&h, h.caller, &question, &answer), ERR_VALUE);
        question.project = "no-such";
        assert_int_equal(ask_as(&h, h.caller, &question, &answer), ERR_VALUE);
        question.resource_id = "no-such";
        assert_reason(&h, question, REASON_UNKNOWN_SCOPE);
        question.project = "no-such-either";
        assert_int_equal(ask_as(&h, h.caller, &question, &answer), ERR_VALUE);
        world_free(h.world);
}

static void test_r20_type_project_at_organisation_level(void **state)
{
        struct house h = house_new();
        int64_t creator = world_add(h.world, KIND_IDENTITY, h.root, "creator");
        world_grant(h.world, h.world->next_no++, creator, h.root, 0, "project:create", 0, 0);
        world_grant(h.world, h.world->next_no++, creator, h.root, 0, "project:read", 0, 0);
        world_commit(h.world);
        assert_reason(&h, about(&h, creator, "create", "project", h.root), REASON_GRANTED);
        assert_reason(&h, about(&h, creator, "create", "project", h.project), REASON_GRANTED);
        assert_reason(&h, about(&h, creator, "create", "project", h.child), REASON_UNKNOWN_RESOURCE);
        assert_reason(&h, about(&h, creator, "create", "project", h.child_project), REASON_UNKNOWN_RESOURCE);
        /* `read` stands on both levels: the organisation's id asks for the one, a project's for the other. */
        assert_reason(&h, about(&h, creator, "read", "project", h.root), REASON_GRANTED);
        assert_reason(&h, about(&h, creator, "read", "project", h.project), REASON_NO_PERMISSION);
        world_free(h.world);
}

static void test_r20_stored_resources_must_be_in_the_scope(void **state)
{
        struct house h = house_new();
        int64_t inner = world_add(h.world, KIND_IDENTITY, h.child, "inner"), group = world_add(h.world, KIND_GROUP, h.child, "g");
        struct question question = about(&h, h.user, "read", "member", h.user);
        assert_reason(&h, question, REASON_GRANTED);
        assert_reason(&h, about(&h, h.user, "read", "member", 9999), REASON_UNKNOWN_RESOURCE);
        assert_reason(&h, about(&h, h.user, "read", "member", h.group), REASON_UNKNOWN_RESOURCE);
        assert_reason(&h, about(&h, h.user, "read", "groups", h.group), REASON_GRANTED);
        assert_reason(&h, about(&h, h.user, "read", "groups", group), REASON_UNKNOWN_RESOURCE);
        assert_reason(&h, about(&h, h.user, "read", "groups", h.child), REASON_UNKNOWN_RESOURCE);
        question = about(&h, h.caller, "read", "identity", inner);
        assert_reason(&h, question, REASON_UNKNOWN_RESOURCE);
        question.resource_id = id_of(h.caller);
        assert_reason(&h, question, REASON_GRANTED);
        question = about(&h, h.caller, "read", "role", h.root);
        question.resource_id = "auditor";
        assert_reason(&h, question, REASON_GRANTED);
        question.resource_id = "emperor";
        assert_reason(&h, question, REASON_UNKNOWN_RESOURCE);
        assert_reason(&h, about(&h, h.caller, "read", "sub-organization", h.child), REASON_GRANTED);
        /* A group's membership or grant brings it in; then its members are in, too. */
        world_give(h.world, h.caller, h.child, "admin");
        struct question child = about(&h, h.caller, "read", "member", h.user);
        child.organization = "emea";
        assert_reason(&h, child, REASON_UNKNOWN_RESOURCE);
        world_join(h.world, h.group, h.user);
        world_join(h.world, h.child, h.group);
        assert_reason(&h, child, REASON_GRANTED);
        world_give(h.world, h.caller, h.project, "admin");
        assert_reason(&h, in_project(about(&h, h.caller, "read", "member", h.user), h.project), REASON_UNKNOWN_RESOURCE);
        world_give(h.world, h.group, h.project, "viewer");
        world_switch(h.world, h.user, false); /* he can still be the object */
        assert_reason(&h, in_project(about(&h, h.caller, "read", "member", h.user), h.project), REASON_GRANTED);
        world_free(h.world);
}

static void test_r20_other_resources_are_opaque_names(void **state)
{
        struct house h = house_new();
        world_give(h.world, h.user, h.project, "member");
        struct question question = in_project(about(&h, h.user, "read-value", "secrets", h.project), h.project);
        question.resource_id = "/prod/db/password";
        assert_reason(&h, question, REASON_GRANTED);
        question.resource_id = "";
        assert_reason(&h, question, REASON_UNKNOWN_RESOURCE);
        world_free(h.world);
}

static void test_r21_subject_by_id_then_name(void **state)
{
        struct house h = house_new();
        struct question question = about(&h, h.user, "read", "groups", h.root);
        static const struct {
                const char *type, *id;
                enum decision_reason reason;
        } subjects[] = {
                { "user", "alice@example.com", REASON_GRANTED },
                { "user", "ALICE@Example.COM", REASON_GRANTED },
                { "user", "alice", REASON_UNKNOWN_SUBJECT },
                { "user", "", REASON_UNKNOWN_SUBJECT },
                { "user", "engineers", REASON_UNKNOWN_SUBJECT },
                { "user", "caller", REASON_UNKNOWN_SUBJECT },
                { "identity", "alice@example.com", REASON_UNKNOWN_SUBJECT },
                { "identity", "Caller", REASON_GRANTED },
                { "group", "engineers", REASON_UNKNOWN_SUBJECT },
                { "USER", "alice@example.com", REASON_UNKNOWN_SUBJECT },
                { "user", "\xff\xfe", REASON_UNKNOWN_SUBJECT },
        };
        for (size_t i = 0; i < sizeof subjects / sizeof subjects[0]; i++) {
                question.subject_type = subjects[i].type;
                question.subject_id = subjects[i].id;
                assert_reason(&h, question, subjects[i].reason);
        }
        char *huge = malloc(200001);
        memset(huge, 'x', 200000);
        huge[200000] = '\0';
        question.subject_type = "user";
        question.subject_id = huge;
        assert_reason(&h, question, REASON_UNKNOWN_SUBJECT);
        free(huge);
        world_free(h.world);
}

static void test_r21_an_identity_name_with_two_hits_is_ambiguous(void **state)
{
        struct house h = house_new();
        int64_t here = world_add(h.world, KIND_IDENTITY, h.child, "deploy");
        world_give(h.world, h.caller, h.child, "admin");
        world_give(h.world, here, h.child, "auditor");
        struct question question = about(&h, here, "read", "audit-logs", h.child);
        question.organization = "emea";
        question.subject_id = "deploy";
        assert_reason(&h, question, REASON_GRANTED);
        world_add(h.world, KIND_IDENTITY, h.other_child, "deploy"); /* a sibling's is nobody's business */
        assert_reason(&h, question, REASON_GRANTED);
        int64_t above = world_add(h.world, KIND_IDENTITY, h.root, "deploy");
        assert_reason(&h, question, REASON_AMBIGUOUS_SUBJECT);
        question.subject_id = id_of(here); /* the id decides */
        assert_reason(&h, question, REASON_GRANTED);
        world_gone(h.world, above);
        world_commit(h.world);
        question.subject_id = "deploy";
        assert_reason(&h, question, REASON_GRANTED);
        world_free(h.world);
}

static void test_r21_a_connections_own_subject_is_byte_exact(void **state)
{
        struct house h = house_new();
        int64_t connection = world_add(h.world, KIND_CONNECTION, h.root, "okta"), other = world_add(h.world, KIND_CONNECTION, h.root, "ad");
        struct question question = about(&h, h.user, "read", "groups", h.root);
        question.subject_connection = id_of(connection);
        char id[UUID_TEXT_SIZE];
        world_id(h.user, id);
        assert_reason(&h, question, REASON_UNKNOWN_SUBJECT); /* no claim */
        world_claim(h.world, connection, h.user, "00uAbC", true);
        world_commit(h.world);
        question.subject_id = "00uAbC";
        assert_reason(&h, question, REASON_GRANTED);
        question.subject_id = "00uabc";
        assert_reason(&h, question, REASON_UNKNOWN_SUBJECT);
        question.subject_id = id;
        assert_reason(&h, question, REASON_GRANTED);
        id[9] = id[9] == 'a' ? 'A' : id[9];
        assert_reason(&h, question, REASON_UNKNOWN_SUBJECT);
        question.subject_id = "alice@example.com";
        assert_reason(&h, question, REASON_UNKNOWN_SUBJECT);
        question.subject_id = "00uAbC";
        question.subject_type = "identity";
        assert_reason(&h, question, REASON_UNKNOWN_SUBJECT);
        question.subject_type = "user";
        question.subject_connection = id_of(other);
        assert_reason(&h, question, REASON_UNKNOWN_SUBJECT);
        question.subject_connection = "okta";
        assert_reason(&h, question, REASON_UNKNOWN_SUBJECT);
        question.subject_connection = id_of(connection);
        world_switch(h.world, connection, false); /* R4: what it gave stands */
        assert_reason(&h, question, REASON_GRANTED);
        world_claim(h.world, connection, h.user, "00uNew", true);
        world_commit(h.world);
        assert_reason(&h, question, REASON_UNKNOWN_SUBJECT);
        question.subject_id = "00uNew";
        assert_reason(&h, question, REASON_GRANTED);
        world_claim(h.world, connection, h.user, "", false);
        world_commit(h.world);
        assert_reason(&h, question, REASON_UNKNOWN_SUBJECT);
        world_free(h.world);
}

static void test_sec51_sec52_anything_disabled_refuses(void **state)
{
        struct house h = house_new();
        int64_t bot = world_add(h.world, KIND_IDENTITY, h.root, "bot");
        world_join(h.world, h.group, h.user);
        world_join(h.world, h.group, bot);
        int64_t grant = world_give(h.world, h.group, h.project, "viewer");
        struct question by_user = in_project(about(&h, h.user, "read", "member", h.project), h.project);
        struct question by_bot = in_project(about(&h, bot, "read", "member", h.project), h.project);
        const int64_t disabled[] = { h.user, bot, h.group, h.project };
        for (size_t i = 0; i < 4; i++) {
                assert_reason(&h, by_user, REASON_GRANTED);
                assert_reason(&h, by_bot, REASON_GRANTED);
                world_switch(h.world, disabled[i], false);
                assert_int_equal(ask(&h, by_user).decision, disabled[i] == bot);
                assert_int_equal(ask(&h, by_bot).decision, disabled[i] == h.user);
                world_switch(h.world, disabled[i], true);
        }
        world_switch(h.world, h.user, false);
        assert_reason(&h, by_user, REASON_DISABLED_SUBJECT);
        assert_reason(&h, about(&h, h.user, "read", "groups", h.root), REASON_DISABLED_SUBJECT);
        world_switch(h.world, h.user, true);
        world_switch(h.world, h.project, false);
        assert_reason(&h, by_user, REASON_DISABLED_SCOPE);
        world_switch(h.world, h.project, true);
        world_resource(h.world, grant, KIND_GRANT, h.root, false, "");
        world_commit(h.world);
        assert_reason(&h, by_user, REASON_NO_PERMISSION);
        /* The organisation of a project, and the root over everything. */
        world_give(h.world, h.caller, h.child, "admin");
        world_give(h.world, h.user, h.child_project, "viewer");
        bool holds;
        int permission = permission_find(LEVEL_PROJECT, "member", "read");
        access_holds(h.world->access, 0, WORLD_ROOT, h.user, h.child_project, permission, AT, &holds);
        assert_true(holds);
        world_switch(h.world, h.child, false);
        access_holds(h.world->access, 0, WORLD_ROOT, h.user, h.child_project, permission, AT, &holds);
        assert_false(holds);
        world_switch(h.world, h.child, true);
        world_switch(h.world, h.root, false);
        access_holds(h.world->access, 0, WORLD_ROOT, h.user, h.child_project, permission, AT, &holds);
        assert_false(holds);
        access_holds(h.world->access, 0, WORLD_ROOT, h.user, h.root, permission_find(LEVEL_ORGANIZATION, "groups", "read"), AT, &holds);
        assert_false(holds);
        world_free(h.world);
}

static void test_sec75_unknown_is_false(void **state)
{
        struct house h = house_new();
        struct question question = about(&h, h.user, "read", "groups", h.root);
        question.action = "explode";
        assert_reason(&h, question, REASON_UNKNOWN_ACTION);
        question.action = "";
        assert_reason(&h, question, REASON_UNKNOWN_ACTION);
        question = about(&h, h.user, "read", "martians", h.root);
        assert_reason(&h, question, REASON_UNKNOWN_ACTION);
        question = about(&h, h.user, "read", "groups", h.root);
        question.organization = "nowhere";
        assert_reason(&h, question, REASON_UNKNOWN_SCOPE);
        question.organization = NULL;
        question.subject_id = "../../etc/passwd";
        assert_reason(&h, question, REASON_UNKNOWN_SUBJECT);
        question.subject_id = NULL;
        assert_reason(&h, question, REASON_UNKNOWN_SUBJECT);
        question = about(&h, h.user, "read", "groups", h.root);
        question.resource_id = NULL;
        assert_reason(&h, question, REASON_UNKNOWN_RESOURCE);
        world_gone(h.world, h.user);
        world_commit(h.world);
        question = (struct question){ "user", "alice@example.com", NULL, "groups", id_of(h.root), "read", NULL, NULL, AT };
        assert_reason(&h, question, REASON_UNKNOWN_SUBJECT);
        world_free(h.world);
}

static void test_sec75_what_is_not_loaded_is_never_true(void **state)
{
        struct house h = house_new();
        struct question question = about(&h, h.user, "read", "groups", h.root);
        struct actor actor = { .kind = ACTOR_IDENTITY, .root_no = WORLD_ROOT, .org_no = h.root, .no = h.caller };
        struct answer answer = { .decision = true };
        enum access_found found;
        bool holds = true;
        access_unload(h.world->access, WORLD_ROOT);
        assert_int_equal(access_decide(h.world->access, 0, &actor, &question, &answer, &found, NULL), ERR_OK);
        assert_int_equal(found, ACCESS_NOT_LOADED);
        assert_false(answer.decision);
        assert_int_equal(access_holds(h.world->access, 0, WORLD_ROOT, h.user, h.root, 0, AT, &holds), ACCESS_NOT_LOADED);
        assert_false(holds);
        actor.root_no = 4711;
        assert_int_equal(access_decide(h.world->access, 0, &actor, &question, &answer, &found, NULL), ERR_OK);
        assert_int_equal(found, ACCESS_UNKNOWN);
        world_free(h.world);
}

static void test_is_in_says_who_may_see_a_project(void **state)
{
        struct house h = house_new();
        bool is_in;
        access_is_in(h.world->access, 0, WORLD_ROOT, h.user, h.project, AT, &is_in);
        assert_false(is_in);
        world_give(h.world, h.user, h.project, "no-access");
        access_is_in(h.world->access, 0, WORLD_ROOT, h.user, h.project, AT, &is_in);
        assert_true(is_in);
        access_is_in(h.world->access, 0, WORLD_ROOT, h.user, h.root, AT, &is_in);
        assert_true(is_in);
        access_is_in(h.world->access, 0, WORLD_ROOT, h.user, h.child, AT, &is_in);
        assert_false(is_in);
        access_is_in(h.world->access, 0, WORLD_ROOT, 999, h.root, AT, &is_in);
        assert_false(is_in);
        world_free(h.world);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_r23_a_user_of_the_root_is_a_member_of_it),
                cmocka_unit_test(test_r23_any_other_organisation_role_replaces_it),
                cmocka_unit_test(test_r23_a_privilege_or_a_project_role_does_not),
                cmocka_unit_test(test_r23_a_role_outside_its_window_does_not),
                cmocka_unit_test(test_r22_an_organisation_admin_holds_no_project_action),
                cmocka_unit_test(test_a_project_role_counts_in_its_project_only),
                cmocka_unit_test(test_grants_in_the_root_do_not_reach_sub_organisations),
                cmocka_unit_test(test_r20_caller_needs_the_right_to_evaluate),
                cmocka_unit_test(test_r20_a_root_identity_reaches_a_child_only_if_added_there),
                cmocka_unit_test(test_r20_scopes_by_id_or_slug),
                cmocka_unit_test(test_r20_a_project_asked_about_is_itself_the_scope),
                cmocka_unit_test(test_r20_type_project_at_organisation_level),
                cmocka_unit_test(test_r20_stored_resources_must_be_in_the_scope),
                cmocka_unit_test(test_r20_other_resources_are_opaque_names),
                cmocka_unit_test(test_r21_subject_by_id_then_name),
                cmocka_unit_test(test_r21_an_identity_name_with_two_hits_is_ambiguous),
                cmocka_unit_test(test_r21_a_connections_own_subject_is_byte_exact),
                cmocka_unit_test(test_sec51_sec52_anything_disabled_refuses),
                cmocka_unit_test(test_sec75_unknown_is_false),
                cmocka_unit_test(test_sec75_what_is_not_loaded_is_never_true),
                cmocka_unit_test(test_is_in_says_who_may_see_a_project),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
