/* SPDX-License-Identifier: Apache-2.0
 *
 * Random roots, changed at random, asked at random: the graph answers what the slow evaluator answers, after every change. MUSTER_LONG=1
 * runs twenty times as many. A failure names the seed; MUSTER_SEED runs that one alone. */
#include "access/roll.h"
#include "access/world.h"

/* Numbers of one kind that are there; 0: none. */
static int64_t any_of(const struct world *world, unsigned kinds)
{
        int64_t found[ORACLE_ROWS];
        unsigned count = 0;
        for (size_t i = 0; i < world->oracle.resource_count; i++)
                if (kinds >> world->oracle.resources[i].kind & 1)
                        found[count++] = world->oracle.resources[i].no;
        return count ? found[roll(count)] : 0;
}
#define ONE_OF(kind) (1u << (kind))
#define PRINCIPALS (ONE_OF(KIND_USER) | ONE_OF(KIND_IDENTITY) | ONE_OF(KIND_GROUP))
#define SCOPES (ONE_OF(KIND_ORGANIZATION) | ONE_OF(KIND_PROJECT))

static int64_t any_time(void)
{
        return roll(3) ? 0 : (int64_t)(1 + roll(4)) * 10;
}

static bool reaches(const struct oracle *oracle, int64_t from_no, int64_t to_no)
{
        if (from_no == to_no)
                return true;
        for (size_t i = 0; i < oracle->member_count; i++)
                if (oracle->members[i].member_no == from_no && reaches(oracle, oracle->members[i].container_no, to_no))
                        return true;
        return false;
}

static void random_name(const struct world *world, enum resource_kind kind, int64_t no, char ret[24])
{
        if (kind == KIND_USER || kind == KIND_ORGANIZATION) /* unique in the root */
                (void)snprintf(ret, 24, "name%u-%d", roll(3), (int)no);
        else /* unique in the organisation at most */
                (void)snprintf(ret, 24, "name%u", (unsigned)no % 4);
        (void)world;
}

static bool name_is_free(const struct world *world, enum resource_kind kind, int64_t org_no, int64_t no, const char *name)
{
        for (size_t i = 0; i < world->oracle.resource_count; i++) {
                const struct oracle_resource *resource = &world->oracle.resources[i];
                if (resource->no != no && resource->kind == kind && resource->org_no == org_no && !strcmp(resource->name, name))
                        return false;
        }
        return true;
}

static void change_resource(struct world *world)
{
        static const enum resource_kind kinds[] = { KIND_USER, KIND_USER, KIND_USER, KIND_GROUP, KIND_GROUP, KIND_IDENTITY, KIND_IDENTITY,
                KIND_PROJECT, KIND_CONNECTION, KIND_ORGANIZATION };
        char name[24];
        int64_t no = any_of(world, ~0u);
        const struct oracle_resource *resource = oracle_find(&world->oracle, no);
        enum resource_kind kind = resource ? resource->kind : KIND_NONE;
        int64_t org_no = resource ? resource->org_no : 0;
        if (!resource || (roll(3) && world->oracle.resource_count < 30)) {
                no = world->next_no++;
                kind = kinds[roll(10)];
                bool in_root = kind == KIND_USER || kind == KIND_CONNECTION || kind == KIND_ORGANIZATION;
                org_no = in_root ? world->oracle.root_org_no : any_of(world, ONE_OF(KIND_ORGANIZATION));
        }
        random_name(world, kind, no, name);
        if (kind != KIND_GROUP && kind != KIND_CONNECTION && !name_is_free(world, kind, org_no, no, name))
                return;
        world_resource(world, no, kind, org_no, roll(no < 3 ? 50 : 6) != 0, name);
}

static void change_member(struct world *world)
{
        int64_t container = any_of(world, roll(6) ? ONE_OF(KIND_GROUP) : ONE_OF(KIND_ORGANIZATION)), member = any_of(world, PRINCIPALS);
        if (!container || !member || world->oracle.member_count > 100)
                return;
        bool stands = roll(4) != 0;
        if (stands && reaches(&world->oracle, container, member))
                return;
        world_member(world, container, member, stands);
}

static void change_grant(struct world *world)
{
        static const char *const privileges[] = { "groups:read", "member:read", "member:edit", "project:edit", "secrets:read-value",
                "no:such", "nonsense" };
        static const int64_t roles[] = { -1, -2, -3, -4, -11, -12, -13, -14, -15, -99, 12345 };
        int64_t principal = any_of(world, PRINCIPALS), scope = any_of(world, SCOPES), no = world->next_no;
        if (!principal || !scope || world->oracle.grant_count > 60)
                return;
        if (world->oracle.grant_count && roll(3) == 0)
                no = world->oracle.grants[roll((unsigned)world->oracle.grant_count)].no;
        else
                world->next_no++;
        if (no == 3 && roll(20)) /* the caller's */
                return;
        if (roll(3))
                world_grant(world, no, principal, scope, roles[roll(11)], "", any_time(), any_time());
        else
                world_grant(world, no, principal, scope, 0, privileges[roll(7)], any_time(), any_time());
}

static void change_grant_state(struct world *world)
{
        if (!world->oracle.grant_count)
                return;
        int64_t no = world->oracle.grants[roll((unsigned)world->oracle.grant_count)].no;
        if (no == 3 && roll(20)) /* the caller's */
                return;
        if (roll(2))
                world_gone(world, no);
        else
                world_resource(world, no, KIND_GRANT, 1, roll(2), "");
}

static void change_credential(struct world *world)
{
        int64_t owner = any_of(world, ONE_OF(KIND_IDENTITY) | ONE_OF(KIND_CONNECTION) | ONE_OF(KIND_USER));
        if (owner && roll(3) && world->oracle.credential_count < 30)
                world_credential(
                        world, roll(4) ? world->next_no++ : 1 + roll((unsigned)world->next_no), owner, 1 + (int)roll(2), any_time());
        else
                world_credential_gone(world, 1 + roll((unsigned)world->next_no));
}

static void change_claim(struct world *world)
{
        char external[24] = "";
        int64_t connection = any_of(world, ONE_OF(KIND_CONNECTION)), user = any_of(world, ONE_OF(KIND_USER));
        if (!connection || !user)
                return;
        if (roll(3))
                (void)snprintf(external, sizeof external, "Ext%u-%d", roll(2), (int)user);
        world_claim(world, connection, user, external, roll(4) != 0);
}

static void change_gone(struct world *world)
{
        int64_t no = any_of(world, ~0u);
        if (roll(3) == 0 && no && (no > 2 || roll(30) == 0))
                world_gone(world, no);
}

static void random_change(struct world *world)
{
        static void (*const changes[])(struct world *) = { change_resource, change_resource, change_member, change_member, change_member,
                change_grant, change_grant, change_grant_state, change_credential, change_claim, change_gone };
        for (unsigned i = 0, count = 1 + roll(3); i < count; i++) {
                /* One at a time, so that what is picked next is there. */
                changes[roll(11)](world);
                world_commit(world);
        }
}

static const char *any_text(const struct world *world, unsigned kinds, char ret[64])
{
        char id[UUID_TEXT_SIZE];
        int64_t no = roll(12) ? any_of(world, kinds) : (int64_t)roll((unsigned)world->next_no + 2);
        const struct oracle_resource *resource = oracle_find(&world->oracle, no);
        world_id(no, id);
        (void)snprintf(ret, 64, "%s", !resource || roll(3) ? id : resource->name);
        for (char *at = ret; *at && roll(8) == 0; at++)
                *at = (char)(*at >= 'a' && *at <= 'z' ? *at - 32 : *at);
        return ret;
}

struct asking {
        struct question question;
        char texts[6][64];
};

static void random_question(const struct world *world, struct asking *ret)
{
        static const char *const subject_types[] = { "user", "user", "user", "identity", "identity", "group", "" };
        static const char *const resources[] = { "member", "groups", "identity", "project", "project", "role", "organization",
                "sub-organization", "audit-logs", "secrets", "decisions", "nothing" };
        static const char *const actions[] = { "read", "edit", "create", "delete", "evaluate", "read-value", "request-access", "explode" };
        static const char *const roles[] = { "admin", "viewer", "member", "boss" };
        struct question *q = &ret->question;
        *q = (struct question){ .at_us = (int64_t)(1 + roll(9)) * 5 };
        q->subject_type = subject_types[roll(7)];
        q->subject_id = any_text(world, strcmp(q->subject_type, "identity") ? ONE_OF(KIND_USER) : ONE_OF(KIND_IDENTITY), ret->texts[0]);
        if (roll(6) == 0) {
                q->subject_connection = any_text(world, ONE_OF(KIND_CONNECTION), ret->texts[1]);
                if (roll(2) && world->oracle.claim_count)
                        q->subject_id = world->oracle.claims[roll((unsigned)world->oracle.claim_count)].external;
        }
        q->resource_type = resources[roll(12)];
        q->action = actions[roll(8)];
        q->resource_id = any_text(world, roll(3) ? SCOPES : ~0u, ret->texts[2]);
        if (!strcmp(q->resource_type, "role") && roll(2))
                q->resource_id = roles[roll(4)];
        if (roll(2))
                q->project = any_text(world, ONE_OF(KIND_PROJECT), ret->texts[3]);
        else if (roll(2))
                q->organization = any_text(world, ONE_OF(KIND_ORGANIZATION), ret->texts[4]);
        if (q->project && roll(2))
                q->resource_id = q->project;
        if (roll(2)) { /* one that has a chance */
                q->action = roll(4) ? "read" : "edit";
                q->resource_type = resources[roll(6)];
                if (!q->project && !q->organization)
                        q->resource_id = world->oracle.resources[0].id;
        }
}

static struct counts {
        long questions, allowed, forbidden, bad, holds, held, logins, lets_in;
} counts;

static void compare_decision(struct world *world, uint64_t seed)
{
        struct asking asking;
        struct answer answer = { .decision = true };
        enum access_found found;
        bool expected;
        int64_t no = roll(5) ? 2 : roll(4) ? any_of(world, ONE_OF(KIND_IDENTITY)) : any_of(world, ~0u);
        const struct oracle_resource *caller = oracle_find(&world->oracle, no);
        struct actor actor = { .kind = ACTOR_IDENTITY, .root_no = WORLD_ROOT, .no = no, .org_no = caller ? caller->org_no : 1 };
        random_question(world, &asking);
        enum err e = access_decide(world->access, roll(3), &actor, &asking.question, &answer, &found, NULL);
        enum err expected_error = oracle_decide(&world->oracle, &actor, &asking.question, &expected);
        counts.questions++;
        counts.forbidden += e == ERR_FORBIDDEN;
        counts.bad += e == ERR_VALUE;
        counts.allowed += !e && answer.decision;
        const struct question *q = &asking.question;
        if (found != ACCESS_FOUND || e != expected_error ||
                (!e && (answer.decision != expected || (answer.reason == REASON_GRANTED) != expected ||
                               answer.revision != world->revision)))
                fail_msg("seed %llu: graph %s %d (reason %d), oracle %s %d: %s %s via %s, %s on %s %s, project %s, organization %s, at %d",
                        (unsigned long long)seed, error_row(e)->name, answer.decision, answer.reason, error_row(expected_error)->name,
                        expected, q->subject_type, q->subject_id, q->subject_connection ? q->subject_connection : "-", q->action,
                        q->resource_type, q->resource_id, q->project ? q->project : "-", q->organization ? q->organization : "-",
                        (int)q->at_us);
}

static void compare_rights(struct world *world, uint64_t seed)
{
        int64_t principal = any_of(world, roll(5) ? PRINCIPALS : ~0u), scope = any_of(world, roll(5) ? SCOPES : ~0u);
        int64_t at_us = (int64_t)(1 + roll(9)) * 5;
        int permission = (int)roll((unsigned)permission_count() + 1) - (roll(10) == 0);
        if (roll(2))
                permission = permission_find(
                        roll(2) ? LEVEL_ORGANIZATION : LEVEL_PROJECT, roll(2) ? "member" : "groups", roll(2) ? "read" : "edit");
        bool holds = true, is_in = true;
        assert_int_equal(access_holds(world->access, 1, WORLD_ROOT, principal, scope, permission, at_us, &holds), ACCESS_FOUND);
        assert_int_equal(access_is_in(world->access, 1, WORLD_ROOT, principal, scope, at_us, &is_in), ACCESS_FOUND);
        counts.holds++;
        counts.held += holds;
        if (holds != oracle_holds(&world->oracle, principal, scope, permission, at_us) ||
                is_in != oracle_is_in(&world->oracle, principal, scope, at_us))
                fail_msg("seed %llu: principal %d, scope %d, permission %s at %d: graph %d %d", (unsigned long long)seed, (int)principal,
                        (int)scope, permission_name(permission, NULL), (int)at_us, holds, is_in);
}

static void compare_login(struct world *world, uint64_t seed)
{
        unsigned char hash[HASH_SIZE];
        struct actor actor = { 0 };
        int64_t now_us = (int64_t)(1 + roll(9)) * 5;
        world_hash(1 + roll((unsigned)world->next_no), hash);
        enum access_found found = access_authenticate(world->access, 2, WORLD_ROOT, hash, now_us, &actor);
        int64_t expected = oracle_authenticate(&world->oracle, hash, now_us);
        counts.logins++;
        counts.lets_in += expected != 0;
        if (actor.no != expected || (found == ACCESS_FOUND) != (expected != 0))
                fail_msg("seed %llu: login of %d, expected %d", (unsigned long long)seed, (int)actor.no, (int)expected);
}

static void run_seed(uint64_t seed)
{
        roll_state = seed * 0x9e3779b97f4a7c15u + 1;
        struct world *world = world_new();
        world_add(world, KIND_ORGANIZATION, 0, "acme");
        world_add(world, KIND_IDENTITY, 1, "caller");
        world_give(world, 2, 1, "admin");
        unsigned changes = 10 + roll(80);
        for (unsigned i = 0; i < changes; i++) {
                random_change(world);
                if (!world_is_loaded(world))
                        fail_msg("seed %llu: the graph gave up", (unsigned long long)seed);
                for (int k = 0; k < 8; k++) {
                        compare_decision(world, seed);
                        compare_rights(world, seed);
                }
                compare_login(world, seed);
        }
        world_free(world);
}

static void test_graph_answers_what_the_slow_evaluator_answers(void **unused)
{
        const char *given = getenv("MUSTER_SEED");
        uint64_t begin = given ? strtoull(given, NULL, 10) : 1, rounds = given ? 1 : getenv("MUSTER_LONG") ? 20000 : 1000;
        for (uint64_t seed = begin; seed < begin + rounds; seed++)
                run_seed(seed);
        print_message("%llu roots; %ld questions: %ld true, %ld forbidden, %ld malformed; %ld rights, %ld held; %ld logins, %ld let in\n",
                (unsigned long long)rounds, counts.questions, counts.allowed, counts.forbidden, counts.bad, counts.holds, counts.held,
                counts.logins, counts.lets_in);
        /* The questions must be worth asking. */
        assert_true(given || (counts.allowed > counts.questions / 100 && counts.held > counts.holds / 100 && counts.bad > 100));
        assert_true(given || counts.lets_in > counts.logins / 100);
}

/* Chains of groups longer than the walk goes: the 17th confers nothing. */
static void test_groups_confer_to_depth_16(void **unused)
{
        struct world *world = world_new();
        int64_t groups[20], org = world_add(world, KIND_ORGANIZATION, 0, "acme"), user = world_add(world, KIND_USER, org, "u");
        int64_t project = world_add(world, KIND_PROJECT, org, "p");
        int permission = permission_find(LEVEL_PROJECT, "member", "read");
        for (int i = 0; i < 20; i++) {
                groups[i] = world_add(world, KIND_GROUP, org, "g");
                world_join(world, groups[i], i ? groups[i - 1] : user);
        }
        for (int i = 0; i < 20; i++) {
                bool holds;
                int64_t grant = world_give(world, groups[i], project, "viewer");
                access_holds(world->access, 0, WORLD_ROOT, user, project, permission, 1, &holds);
                assert_int_equal(holds, i < 16);
                assert_int_equal(holds, oracle_holds(&world->oracle, user, project, permission, 1));
                world_gone(world, grant);
                world_commit(world);
        }
        world_free(world);
}

/* Every group of a layer in every group of the next: 4^16 paths, each group walked once. */
static void test_diamonds_do_not_explode(void **unused)
{
        struct world *world = world_new();
        int64_t org = world_add(world, KIND_ORGANIZATION, 0, "acme"), user = world_add(world, KIND_USER, org, "u"), below[4] = { user };
        int64_t project = world_add(world, KIND_PROJECT, org, "p");
        for (int layer = 0, count = 1; layer < 16; layer++, count = 4) {
                int64_t above[4];
                for (int i = 0; i < 4; i++) {
                        above[i] = world_add(world, KIND_GROUP, org, "g");
                        for (int k = 0; k < count; k++)
                                world_join(world, above[i], below[k]);
                }
                memcpy(below, above, sizeof below);
        }
        world_give(world, below[3], project, "viewer");
        bool holds = false;
        access_holds(world->access, 0, WORLD_ROOT, user, project, permission_find(LEVEL_PROJECT, "member", "read"), 1, &holds);
        assert_true(holds);
        world_free(world);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_graph_answers_what_the_slow_evaluator_answers),
                cmocka_unit_test(test_groups_confer_to_depth_16),
                cmocka_unit_test(test_diamonds_do_not_explode),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
