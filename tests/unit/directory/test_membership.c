/* SPDX-License-Identifier: Apache-2.0
 *
 * Edges by source (R14): each source adds and removes its own, the membership stands while any does; all or nothing; many at once lose
 * no update (security.md 4, 8, 9). */
#include "directory/house.h"
#include "directory/many.h"
#include <pthread.h>

static void members(
        struct house *house, const struct actor *actor, const char *group, enum err expected, const char *operation, const char *list)
{
        char text[512];
        (void)snprintf(
                text, sizeof text, "{\"op\":\"%s\",\"path\":\"members\"%s%s}", operation, list ? ",\"value\":" : "", list ? list : "");
        house_patch(house, actor, KIND_GROUP, group, expected, text);
}

static void test_a_membership_stands_while_any_source_gives_it(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const char *ann = house_user(house, &okta, "ann"), *crew = house_group(house, &okta, "crew");
        char list[64];
        (void)snprintf(list, sizeof list, "[{\"value\":\"%s\"}]", ann);
        house_ceiling(house, &okta, "[\"organization:auditor\"]");
        house_grant(house, crew, NULL, "auditor");
        members(house, &okta, crew, ERR_OK, "add", list);
        house_do(house, &house->admin, CHANGE_MEMBERS_ADD, KIND_GROUP, crew, "[\"%s\"]", ann);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM member"), 2);
        members(house, &okta, crew, ERR_OK, "remove", list);
        assert_true(house_holds(house, ann, NULL, "audit-logs:read"));
        house_check(house);
        members(house, &okta, crew, ERR_OK, "add", list);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM member"), 2);
        house_do(house, &house->admin, CHANGE_MEMBERS_REMOVE, KIND_GROUP, crew, "[\"ann\"]");
        assert_true(house_holds(house, ann, NULL, "audit-logs:read"));
        /* What a connection gave is named, not removed. */
        assert_change(ERR_CONFLICT, house, &house->admin, CHANGE_MEMBERS_REMOVE, KIND_GROUP, crew, "[\"ann\"]");
        assert_non_null(strstr(house->fault.message, "okta"));
        members(house, &okta, crew, ERR_OK, "remove", NULL);
        assert_false(house_holds(house, ann, NULL, "audit-logs:read"));
        assert_string_equal(house->event, "members-changed");
        assert_non_null(strstr(house->body, ann));
        assert_change(ERR_NOT_FOUND, house, &house->admin, CHANGE_MEMBERS_REMOVE, KIND_GROUP, crew, "[\"ann\"]");
        house_check(house);
        house_close(house);
}

static void test_members_are_all_or_nothing(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), entra = house_connection(house, "entra");
        const char *ann = house_user(house, &okta, "ann"), *foreign = house_user(house, &entra, "eve"),
                   *crew = house_group(house, &okta, "crew"), *local = house_user(house, &house->admin, "loc"),
                   *gone = house_user(house, &okta, "gone");
        house_do(house, &okta, CHANGE_DELETE, KIND_USER, gone, NULL);
        const char *const bad[] = { foreign, local, gone, "nobody", "01890a5d-ac96-774b-bcce-b302099a8057", house->admin.id, "ann" };
        int64_t digest = house_digest(house);
        char list[256], text[400];
        for (size_t i = 0; i < COUNT_OF(bad); i++) {
                (void)snprintf(list, sizeof list, "[{\"value\":\"%s\"},{\"value\":\"%s\"}]", ann, bad[i]);
                members(house, &okta, crew, ERR_VALUE, "add", list);
                members(house, &okta, crew, ERR_VALUE, "replace", list);
                (void)snprintf(text, sizeof text, "{\"displayName\":\"other\",\"members\":%s}", list);
                assert_change(ERR_VALUE, house, &okta, CHANGE_REPLACE, KIND_GROUP, crew, text);
                assert_change(ERR_VALUE, house, &okta, CHANGE_CREATE, KIND_GROUP, NULL, text);
                (void)snprintf(list, sizeof list, "[{\"value\":\"%s\"}]", bad[i]);
                members(house, &okta, crew, ERR_OK, "remove", list); /* what is not there: no-op */
                assert_false(house->done.changed);
        }
        static const char *const shapes[] = { "null", "{}", "[null]", "[{}]", "[7]", "[{\"value\":null}]", "[{\"value\":7}]", "[[]]",
                "[{\"value\":\"\"}]", "[{\"display\":\"x\"}]", "7", "true" };
        for (size_t i = 0; i < COUNT_OF(shapes); i++) {
                members(house, &okta, crew, ERR_VALUE, "add", shapes[i]);
                members(house, &okta, crew, ERR_VALUE, "replace", shapes[i]);
                (void)snprintf(text, sizeof text, "{\"displayName\":\"crew\",\"members\":%s}", shapes[i]);
                assert_change(ERR_VALUE, house, &okta, CHANGE_REPLACE, KIND_GROUP, crew, text);
        }
        assert_int_equal(house_digest(house), digest);
        house_check(house);
        house_close(house);
}

static void test_a_replacement_is_a_difference(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const char *id[4], *crew = house_group(house, &okta, "crew");
        for (int i = 0; i < 4; i++)
                id[i] = house_user(house, &okta, (const char *const[]){ "a", "b", "c", "d" }[i]);
        house_do(house, &okta, CHANGE_REPLACE, KIND_GROUP, crew,
                "{\"displayName\":\"crew\",\"members\":[{\"value\":\"%s\"},{\"value\":\"%s\"},{\"value\":\"%s\"},{\"value\":\"%s\"}]}",
                id[0], id[1], id[0], id[2]);
        assert_int_equal(house->done.moved, 3);
        int64_t first = house_number(house, "SELECT MIN(created_us) FROM member");
        house_do(house, &okta, CHANGE_REPLACE, KIND_GROUP, crew,
                "{\"displayName\":\"crew\",\"members\":[{\"value\":\"%s\"},{\"value\":\"%s\"},{\"value\":\"%s\"}]}", id[1], id[2], id[3]);
        assert_int_equal(house->done.moved, 2);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM member WHERE created_us = %lld", (long long)first), 2);
        house_do(house, &okta, CHANGE_REPLACE, KIND_GROUP, crew, "{\"displayName\":\"crew\"}"); /* absent is not empty */
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM member"), 3);
        house_patch(house, &okta, KIND_GROUP, crew, ERR_OK, "{\"op\":\"remove\",\"path\":\"members[value eq \\\"nobody\\\"]\"}");
        house_patch(house, &okta, KIND_GROUP, crew, ERR_OK, "{\"op\":\"remove\",\"path\":\"members[type eq \\\"Group\\\"]\"}");
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM member"), 3);
        char text[160];
        (void)snprintf(
                text, sizeof text, "{\"op\":\"remove\",\"path\":\"members[value eq \\\"%s\\\" or value eq \\\"%s\\\"]\"}", id[1], id[2]);
        house_patch(house, &okta, KIND_GROUP, crew, ERR_OK, text);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM member"), 1);
        house_do(house, &okta, CHANGE_REPLACE, KIND_GROUP, crew, "{\"displayName\":\"crew\",\"members\":[]}");
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM member"), 0);
        house_check(house);
        house_close(house);
}

static void test_R34_who_is_taken_out_and_put_back_has_not_moved(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const char *ann = house_user(house, &okta, "ann"), *ben = house_user(house, &okta, "ben"),
                   *crew = house_group(house, &okta, "crew");
        const char *const out = arena_printf(house->arena, "{\"op\":\"remove\",\"path\":\"members[value eq \\\"%s\\\"]\"}", ann),
                          *const in =
                                  arena_printf(house->arena, "{\"op\":\"add\",\"path\":\"members\",\"value\":[{\"value\":\"%s\"}]}", ann),
                          *const all_out = "{\"op\":\"replace\",\"path\":\"members\",\"value\":[]}";
        const struct {
                const char *steps[3];
                int moved;
                bool stands;
        } cases[] = {
                { { in, out }, 0, false },
                { { in, out, in }, 1, true },
                { { out, in }, 0, true },
                { { all_out, in }, 0, true },
                { { out, in, out }, 1, false },
        };
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                const char *const *steps = cases[i].steps;
                const int64_t version = house_version(house, crew);
                house_patch(house, &okta, KIND_GROUP, crew, ERR_OK,
                        arena_printf(house->arena, "%s,%s%s%s", steps[0], steps[1], steps[2] ? "," : "", steps[2] ? steps[2] : ""));
                assert_int_equal(house->done.moved, cases[i].moved);
                assert_int_equal(house->done.changed, cases[i].moved > 0);
                assert_int_equal(house_version(house, crew) > version, cases[i].moved > 0);
                assert_int_equal(house_is_member(house, crew, ann), cases[i].stands);
                if (cases[i].moved) /* told once, as what it came to */
                        assert_int_equal(strstr(house->body, "\"removed\"") == NULL, cases[i].stands);
                house_check(house);
        }
        /* With somebody who has. */
        house_patch(house, &okta, KIND_GROUP, crew, ERR_OK, in);
        house_patch(house, &okta, KIND_GROUP, crew, ERR_OK,
                arena_printf(house->arena, "%s,%s,{\"op\":\"add\",\"path\":\"members\",\"value\":[{\"value\":\"%s\"}]}", out, in, ben));
        assert_int_equal(house->done.moved, 1);
        assert_null(strstr(house->body, ann));
        assert_non_null(strstr(house->body, ben));
        house_close(house);
}

/* ---- many in one operation ---- */

#define MANY 100

struct list {
        char text[MANY * 3 * 64];
};

/* Members `from` … `to` - 1 as a JSON list, `times` over, `last` behind them. */
static const char *list_of(struct list *list, const char *const *ids, size_t from, size_t to, int times, const char *last)
{
        size_t used = (size_t)snprintf(list->text, sizeof list->text, "[");
        for (int round = 0; round < times; round++)
                for (size_t i = from; i < to; i++)
                        used += (size_t)snprintf(list->text + used, sizeof list->text - used, "{\"value\":\"%s\"},", ids[i]);
        (void)snprintf(list->text + used, sizeof list->text - used, "{\"value\":\"%s\"}]", last);
        return list->text;
}

static void change_many(
        struct house *house, const struct actor *actor, const char *group, enum err expected, const char *op, const char *list)
{
        auto_free_ char *text = NULL;
        assert_true(asprintf(&text, "{\"op\":\"%s\",\"path\":\"members\",\"value\":%s}", op, list) > 0);
        house_patch(house, actor, KIND_GROUP, group, expected, text);
}

/* Batches see who stands there already, who is named twice, in one batch or in two, and groups among people. */
static void test_many_members_in_one_operation_are_each_added_once(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const char *id[MANY], *crew = house_group(house, &okta, "crew"), *inner = house_group(house, &okta, "inner");
        struct list list;
        char name[16];
        for (int i = 0; i < MANY; i++) {
                (void)snprintf(name, sizeof name, "user%d", i);
                id[i] = house_user(house, &okta, name);
        }
        change_many(house, &okta, crew, ERR_VALUE, "add", list_of(&list, id, 0, MANY, 1, "nobody"));
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM member"), 0);
        change_many(house, &okta, crew, ERR_OK, "add", list_of(&list, id, 0, 40, 2, id[0])); /* the group was empty */
        assert_int_equal(house->done.moved, 40);
        change_many(house, &okta, crew, ERR_OK, "add", list_of(&list, id, 39, 80, 2, inner)); /* one stands there */
        assert_int_equal(house->done.moved, 41);
        change_many(
                house, &okta, crew, ERR_OK, "add", list_of(&list, id, 80, MANY, 3, id[80])); /* nobody does, but some are named thrice */
        assert_int_equal(house->done.moved, MANY - 80);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM member"), MANY + 1);
        house_check(house);
        change_many(house, &okta, crew, ERR_OK, "add", list_of(&list, id, 0, MANY, 1, inner));
        assert_false(house->done.changed);
        change_many(house, &okta, crew, ERR_OK, "replace", list_of(&list, id, 25, MANY, 2, id[3]));
        assert_int_equal(house->done.moved, 25 - 1 + 1); /* the first 25 but user3, and the group */
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM member"), MANY - 24);
        change_many(house, &okta, crew, ERR_OK, "remove", list_of(&list, id, 0, MANY, 2, "nobody"));
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM member"), 0);
        house_check(house);
        house_close(house);
}

/* ---- security.md 9 ---- */

#define THREADS 8
#define ROUNDS 25

struct adder {
        struct house *house;
        const struct actor *actor;
        const char *group, *ids[ROUNDS];
        pthread_t thread;
        int failures;
};

static void *add_and_remove(void *context)
{
        struct adder *adder = context;
        for (int round = 0; round < ROUNDS; round++) {
                struct arena *arena = arena_new(1 << 20);
                struct leniency leniency = { 0 };
                struct fault fault = { 0 };
                char text[512];
                /* Adds its next user and takes the one before the last back. */
                (void)snprintf(text, sizeof text,
                        "{\"schemas\":[\"" URN_PATCH
                        "\"],\"Operations\":[{\"op\":\"add\",\"path\":\"members\",\"value\":[{\"value\":\"%s\"}]},"
                        "{\"op\":\"remove\",\"path\":\"members[value eq \\\"%s\\\"]\"}]}",
                        adder->ids[round], round % 2 ? adder->ids[round - 1] : "nobody");
                json_auto_t *document = json_loads(text, 0, NULL);
                struct change change = { .verb = CHANGE_PATCH,
                        .actor = adder->actor,
                        .type = resource_type(KIND_GROUP),
                        .ref = adder->group,
                        .document = document,
                        .leniency = &leniency,
                        .arena = arena };
                adder->failures += directory_change(adder->house->directory, &change, &fault) != ERR_OK;
                arena_free(arena);
        }
        return NULL;
}

static void test_many_at_once_lose_no_update(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const char *crew = house_group(house, &okta, "crew");
        static struct adder adders[THREADS];
        memset(adders, 0, sizeof adders);
        for (int t = 0; t < THREADS; t++) {
                adders[t] = (struct adder){ .house = house, .actor = &okta, .group = crew };
                for (int i = 0; i < ROUNDS; i++) {
                        char name[32];
                        (void)snprintf(name, sizeof name, "u%d-%d", t, i);
                        adders[t].ids[i] = house_user(house, &okta, name);
                }
        }
        for (int t = 0; t < THREADS; t++)
                assert_int_equal(pthread_create(&adders[t].thread, NULL, add_and_remove, &adders[t]), 0);
        for (int t = 0; t < THREADS; t++) {
                assert_int_equal(pthread_join(adders[t].thread, NULL), 0);
                assert_int_equal(adders[t].failures, 0);
        }
        for (int t = 0; t < THREADS; t++)
                for (int i = 0; i < ROUNDS; i++)
                        assert_int_equal(house_is_member(house, crew, adders[t].ids[i]), i % 2 == 1 || i == ROUNDS - 1);
        house_check(house);
        house_close(house);
}

/* ---- leaving ---- */

#define PAST_ANY_PAGE 2100 /* groups of one source */
#define PAST_A_PAGE 300

static int64_t edges_of(struct house *house, const char *no, int64_t source_no)
{
        return house_number(house, "SELECT COUNT(*) FROM member WHERE member_no = %s AND source_no = %lld", no, (long long)source_no);
}

static void test_R14_who_leaves_leaves_every_group(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), entra = house_connection(house, "entra");
        const char *ann = house_user(house, &okta, "ann"), *crew = house_group(house, &okta, "crew");
        const int64_t no = house_no(house, ann), first = many_made(house, &okta, crew, KIND_GROUP, PAST_ANY_PAGE);
        const char *no_text = arena_printf(house->arena, "%lld", (long long)no);
        many_tied(house, okta.no, first, PAST_ANY_PAGE, "n.no", no_text);
        many_tied(house, entra.no, first, PAST_A_PAGE, "n.no", no_text);
        many_tied(house, 0, first, PAST_A_PAGE + 1, "n.no", no_text);
        house_script(house, "INSERT INTO claim VALUES (1, %lld, 2, %lld, '', 1, 1, '', 0)", (long long)entra.no, (long long)no);
        house_script(house, "INSERT INTO resource_count VALUES (1, 2, %lld, 1)", (long long)entra.no);
        house_restart(house);
        house_ceiling(house, &okta, "[\"organization:auditor\"]");
        house_grant(house, many_id(house, first + PAST_ANY_PAGE - 1), NULL, "auditor");
        assert_true(house_holds(house, ann, NULL, "audit-logs:read"));
        const int64_t before = house->done.revision;
        /* Of one source: the others' edges stand. */
        house_do(house, &okta, CHANGE_DELETE, KIND_USER, ann, NULL);
        assert_int_equal(edges_of(house, no_text, okta.no), 0);
        assert_int_equal(edges_of(house, no_text, entra.no), PAST_A_PAGE);
        assert_int_equal(edges_of(house, no_text, 0), PAST_A_PAGE + 1);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM resource WHERE kind = 3 AND version > %lld", (long long)before),
                PAST_ANY_PAGE); /* R34 */
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM ledger WHERE object_no = %s AND body LIKE '%%\"left\"%%'", no_text),
                1 + (PAST_ANY_PAGE - 1) / 1000);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, ann, "{\"active\":true}");
        assert_true(house_active(house, ann));
        assert_false(house_holds(house, ann, NULL, "audit-logs:read"));
        /* Of all. */
        house_do(house, &house->admin, CHANGE_DELETE, KIND_USER, ann, NULL);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM member WHERE member_no = %s", no_text), 0);
        house_close(house);
}

static void test_R12_all_memberships_move_to_who_takes_the_claims(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const char *crew = house_group(house, &okta, "crew"), *ann = house_user(house, &okta, "ann");
        house_do(house, &okta, CHANGE_DELETE, KIND_USER, ann, NULL);
        const char *later = house_user(house, &okta, "ann");
        const int64_t first = many_made(house, &okta, crew, KIND_GROUP, PAST_A_PAGE);
        const char *later_no = arena_printf(house->arena, "%lld", (long long)house_no(house, later));
        many_tied(house, okta.no, first, PAST_A_PAGE, "n.no", later_no);
        house_restart(house);
        house->want.replace = later;
        house_do(house, &house->admin, CHANGE_RESTORE, KIND_USER, ann, NULL);
        assert_int_equal(edges_of(house, later_no, okta.no), 0);
        assert_int_equal(edges_of(house, arena_printf(house->arena, "%lld", (long long)house_no(house, ann)), okta.no), PAST_A_PAGE);
        house_check(house);
        house_close(house);
}

/* ---- very many at once ---- */

#define TOLD_PAGE 1000 /* ids of one entry */
#define EMPTIED 2503   /* in an arena that holds what the graph is told of them, and their ids, but not their rows, too */
#define ARENA_BYTES ((size_t)5 << 18)
#define EMPTIED_LONG 200003 /* in a request's own */
#define ARENA_BYTES_LONG ((size_t)64 << 20)

/* Every one of them in one entry since then, and none larger than a page. */
static void assert_told(struct house *house, long long since, int64_t first, int count)
{
        const int some[] = { 0, 1, TOLD_PAGE - 1, TOLD_PAGE, TOLD_PAGE + 1, count / 2, count - 1 };
        assert_int_equal(house_number(house,
                                 "SELECT SUM((LENGTH(body) - LENGTH(REPLACE(body, '-4000-8000-', ''))) / 11) FROM ledger WHERE root_no = 1 "
                                 "AND seq > %lld",
                                 since),
                count);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM ledger WHERE root_no = 1 AND class = 1 AND seq > %lld", since),
                (count + TOLD_PAGE - 1) / TOLD_PAGE);
        assert_int_equal(house_number(house,
                                 "SELECT COUNT(*) FROM ledger WHERE root_no = 1 AND class = 1 AND seq > %lld AND body LIKE "
                                 "'%%\"members\":{\"removed\":[\"%%\"]}%%'",
                                 since),
                (count + TOLD_PAGE - 1) / TOLD_PAGE);
        assert_true(house_number(house, "SELECT MAX(LENGTH(body)) FROM ledger WHERE root_no = 1") < 50 * TOLD_PAGE);
        for (size_t i = 0; i < COUNT_OF(some); i++)
                assert_int_equal(house_number(house, "SELECT COUNT(*) FROM ledger WHERE root_no = 1 AND seq > %lld AND body LIKE '%%%s%%'",
                                         since, many_id(house, first + some[i])),
                        1);
}

/* R14, R16, R34: whatever takes all members of one source out of a group takes bounded memory, is one change, and is told whole. */
static void test_R14_a_group_of_very_many_is_emptied_at_once(struct fixture *fixture)
{
        static const struct {
                enum change_verb verb;
                const char *text;
        } ways[] = {
                { CHANGE_PATCH, "{\"op\":\"remove\",\"path\":\"members\"}" },
                { CHANGE_PATCH, "{\"op\":\"replace\",\"path\":\"members\",\"value\":[]}" },
                { CHANGE_PATCH, "{\"op\":\"remove\",\"path\":\"members[type eq \\\"User\\\"]\"}" },
                { CHANGE_REPLACE, "{\"displayName\":\"other\",\"members\":[]}" },
                { CHANGE_DELETE, NULL },
        };
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const char *crew = house_group(house, &okta, "crew"), *ann = house_user(house, &okta, "ann");
        const int most = fixture->kind == ON_SQLITE ? EMPTIED_LONG : EMPTIED_LONG / 10; /* PostgreSQL takes 0.2 ms for each */
        const int count = getenv("MUSTER_LONG") ? most : EMPTIED;
        const int64_t first = many_made(house, &okta, ann, KIND_USER, count);
        const long long group_no = house_no(house, crew);
        house_do(house, &house->admin, CHANGE_MEMBERS_ADD, KIND_GROUP, crew, "[\"%s\"]", many_id(house, first + 7)); /* stays, for us */
        for (size_t i = 0; i < COUNT_OF(ways); i++) {
                many_tied(house, okta.no, first, count, arena_printf(house->arena, "%lld", group_no), "n.no");
                house_script(house, "INSERT INTO hold VALUES (1, %lld, %d, %lld, %d, %d, 1, %lld, 1)", (long long)okta.no, 100 + (int)i,
                        group_no, count, count, (long long)INT64_MAX);
                house_restart(house);
                const long long since = house_number(house, "SELECT revision FROM root WHERE root_no = 1");
                house->change_arena = arena_new(getenv("MUSTER_LONG") ? ARENA_BYTES_LONG : ARENA_BYTES);
                if (ways[i].verb == CHANGE_PATCH)
                        house_patch(house, &okta, KIND_GROUP, crew, ERR_OK, ways[i].text);
                else
                        assert_change(ERR_OK, house, &okta, ways[i].verb, KIND_GROUP, crew, ways[i].text);
                arena_free(STEAL(house->change_arena));
                assert_int_equal(house_number(house, "SELECT COUNT(*) FROM member WHERE source_no <> 0"), 0);
                assert_told(house, since, first, count);
                if (ways[i].verb == CHANGE_DELETE)
                        break;
                assert_int_equal(house->done.moved, count);
                assert_int_equal(house_version(house, crew), since + (count + TOLD_PAGE - 1) / TOLD_PAGE);
                assert_true(house_is_member(house, crew, many_id(house, first + 7)));
                assert_false(house_is_member(house, crew, many_id(house, first + 8)));
        }
        if (!getenv("MUSTER_LONG")) /* it compares the graph for so many principals only */
                house_check(house);
        house_close(house);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_a_membership_stands_while_any_source_gives_it, ON_BOTH),
                FIXTURE_TEST(test_members_are_all_or_nothing, ON_BOTH),
                FIXTURE_TEST(test_a_replacement_is_a_difference, ON_BOTH),
                FIXTURE_TEST(test_R34_who_is_taken_out_and_put_back_has_not_moved, ON_BOTH),
                FIXTURE_TEST(test_many_members_in_one_operation_are_each_added_once, ON_BOTH),
                FIXTURE_TEST(test_many_at_once_lose_no_update, ON_BOTH),
                FIXTURE_TEST(test_R14_a_group_of_very_many_is_emptied_at_once, ON_BOTH),
                FIXTURE_TEST(test_R14_who_leaves_leaves_every_group, ON_BOTH),
                FIXTURE_TEST(test_R12_all_memberships_move_to_who_takes_the_claims, ON_BOTH),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
