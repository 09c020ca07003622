/* SPDX-License-Identifier: Apache-2.0
 *
 * Roots, credentials, revisions, and what a change does to a graph that cannot take it. */
#include "access/world.h"
#include "base/clock.h"

static enum access_found login(struct world *world, int64_t no, int64_t now_us, struct actor *ret)
{
        unsigned char hash[HASH_SIZE];
        world_hash(no, hash);
        *ret = (struct actor){ 0 };
        return access_authenticate(world->access, 0, WORLD_ROOT, hash, now_us, ret);
}
#define assert_login(world, no, now_us, expected) \
        do { \
                struct actor someone; \
                assert_int_equal(login((world), (no), (now_us), &someone), (expected)); \
                assert_int_equal(someone.kind != ACTOR_NOBODY, (expected) == ACCESS_FOUND); \
        } while (0)

struct cast {
        struct world *world;
        int64_t root, child, identity, inner, connection, user;
};

/* Credentials 101 to 104. */
static struct cast cast_new(void)
{
        struct cast c = { .world = world_new() };
        c.root = world_add(c.world, KIND_ORGANIZATION, 0, "acme");
        c.child = world_add(c.world, KIND_ORGANIZATION, c.root, "emea");
        c.identity = world_add(c.world, KIND_IDENTITY, c.root, "bot");
        c.inner = world_add(c.world, KIND_IDENTITY, c.child, "inner");
        c.connection = world_add(c.world, KIND_CONNECTION, c.root, "okta");
        c.user = world_add(c.world, KIND_USER, c.root, "alice");
        world_credential(c.world, 101, c.identity, TOKEN_IDENTITY, 0);
        world_credential(c.world, 102, c.connection, TOKEN_SCIM, 0);
        world_credential(c.world, 103, c.inner, TOKEN_IDENTITY, 5000);
        world_credential(c.world, 104, c.user, TOKEN_IDENTITY, 0);
        world_commit(c.world);
        return c;
}

static void test_a_credential_fills_the_actor_whole(void **state)
{
        struct cast c = cast_new();
        struct actor actor;
        char id[UUID_TEXT_SIZE];
        assert_int_equal(login(c.world, 102, 1, &actor), ACCESS_FOUND);
        world_id(c.connection, id);
        assert_int_equal(actor.kind, ACTOR_CONNECTION);
        assert_int_equal(actor.root_no, WORLD_ROOT);
        assert_int_equal(actor.org_no, c.root);
        assert_int_equal(actor.no, c.connection);
        assert_int_equal(actor.credential_no, 102);
        assert_int_equal(actor.scopes, SCOPE_USERS | SCOPE_GROUPS);
        assert_string_equal(actor.handle, WORLD_HANDLE);
        assert_string_equal(actor.id, id);
        assert_int_equal(login(c.world, 103, 1, &actor), ACCESS_FOUND);
        assert_int_equal(actor.kind, ACTOR_IDENTITY);
        assert_int_equal(actor.org_no, c.child);
        world_free(c.world);
}

static void test_unknown_hash_wrong_owner_and_unknown_root(void **state)
{
        struct cast c = cast_new();
        struct actor actor = { 0 };
        unsigned char hash[HASH_SIZE] = { 0 };
        assert_login(c.world, 999, 1, ACCESS_UNKNOWN);
        assert_login(c.world, 104, 1, ACCESS_UNKNOWN); /* an identity's token that belongs to a user */
        assert_int_equal(access_authenticate(c.world->access, 0, 4711, hash, 1, &actor), ACCESS_UNKNOWN);
        access_unload(c.world->access, WORLD_ROOT);
        assert_login(c.world, 101, 1, ACCESS_NOT_LOADED);
        world_free(c.world);
}

static void test_sec51_sec52_disabled_owners_are_refused_at_once(void **state)
{
        struct cast c = cast_new();
        const int64_t owners[] = { c.identity, c.connection, c.inner, c.child, c.root };
        for (size_t i = 0; i < 5; i++) {
                bool identity = owners[i] == c.identity || owners[i] == c.root,
                     connection = owners[i] == c.connection || owners[i] == c.root;
                bool inner = owners[i] == c.inner || owners[i] == c.child || owners[i] == c.root;
                world_switch(c.world, owners[i], false);
                assert_login(c.world, 101, 1, identity ? ACCESS_UNKNOWN : ACCESS_FOUND);
                assert_login(c.world, 102, 1, connection ? ACCESS_UNKNOWN : ACCESS_FOUND);
                assert_login(c.world, 103, 1, inner ? ACCESS_UNKNOWN : ACCESS_FOUND);
                world_switch(c.world, owners[i], true);
        }
        world_gone(c.world, c.identity);
        world_commit(c.world);
        assert_login(c.world, 101, 1, ACCESS_UNKNOWN);
        world_free(c.world);
}

static void test_credentials_expire_and_are_revoked(void **state)
{
        struct cast c = cast_new();
        assert_login(c.world, 103, 4999, ACCESS_FOUND);
        assert_login(c.world, 103, 5000, ACCESS_UNKNOWN);
        world_credential_gone(c.world, 101);
        world_commit(c.world);
        assert_login(c.world, 101, 1, ACCESS_UNKNOWN);
        world_credential_gone(c.world, 101); /* twice is nothing */
        world_commit(c.world);
        assert_true(world_is_loaded(c.world));
        world_free(c.world);
}

static void test_used_credentials_are_handed_out_once(void **state)
{
        struct cast c = cast_new();
        struct access_used used[4];
        struct actor actor;
        assert_int_equal(access_take_used(c.world->access, used, 4), 0);
        login(c.world, 101, 10 * US_PER_S, &actor);
        login(c.world, 101, 10 * US_PER_S + 5, &actor);
        login(c.world, 102, 20 * US_PER_S, &actor);
        login(c.world, 103, 30 * US_PER_S, &actor); /* expired: not used */
        assert_int_equal(access_take_used(c.world->access, used, 1), 1);
        assert_int_equal(access_take_used(c.world->access, used + 1, 3), 1);
        assert_int_equal(used[0].root_no, WORLD_ROOT);
        assert_int_equal(used[0].credential_no + used[1].credential_no, 203);
        assert_int_equal(used[0].used_us + used[1].used_us, 30 * US_PER_S);
        assert_int_equal(access_take_used(c.world->access, used, 4), 0);
        world_free(c.world);
}

static void test_roots_are_found_by_handle(void **state)
{
        struct fault fault = { 0 };
        struct access *access = access_new(2, 16);
        char handle[HANDLE_SIZE] = "aaaaaaaa";
        for (int i = 0; i < 5000; i++) {
                (void)snprintf(handle, sizeof handle, "aaaa%c%c%c%c", 'a' + i / 1000, 'a' + i / 100 % 10, 'a' + i / 10 % 10, 'a' + i % 10);
                assert_int_equal(access_root_add(access, i + 1, handle, "slug", 1, &fault), ERR_OK);
        }
        assert_int_equal(access_root_by_handle(access, 1, "aaaabcde"), 1235);
        assert_int_equal(access_root_by_handle(access, 1, "aaaazzzz"), 0);
        assert_int_equal(access_root_by_handle(access, 1, ""), 0);
        assert_int_equal(access_root_by_handle(access, 1, NULL), 0);
        assert_int_equal(access_root_add(access, 1235, "aaaabcde", "slug", 2, &fault), ERR_OK); /* again */
        assert_int_equal(access_root_add(access, 9999, "aaaabcde", "slug", 1, &fault), ERR_CONFLICT);
        assert_int_equal(access_root_add(access, 1235, "bbbbbbbb", "slug", 1, &fault), ERR_CONFLICT);
        assert_int_equal(access_root_add(access, 9999, "HANDLE!!", "slug", 1, &fault), ERR_VALUE);
        assert_int_equal(access_counters(access).roots, 5000);
        access_free(access);
}

static void test_a_change_that_does_not_fit_unloads_the_root(void **state)
{
        struct cast c = cast_new();
        const struct effect nonsense[] = {
                { .kind = EFFECT_MEMBER, .no = c.root, .other_no = 4711, .active = true },
                { .kind = EFFECT_MEMBER, .no = 4711, .other_no = c.user, .active = true },
                { .kind = EFFECT_GRANT, .no = 500, .other_no = 4711, .scope_no = c.root, .role_no = -1 },
                { .kind = EFFECT_GRANT, .no = 500, .other_no = c.user, .scope_no = 4711, .role_no = -1 },
                { .kind = EFFECT_CREDENTIAL, .no = 500, .other_no = 4711, .token_kind = TOKEN_SCIM },
                { .kind = EFFECT_CLAIM, .no = 4711, .other_no = c.connection, .active = true, .text = "x" },
                { .kind = EFFECT_RESOURCE, .no = c.user, .other_no = c.root, .resource_kind = KIND_GROUP, .text = "x", .name = "x" },
                { .kind = EFFECT_RESOURCE, .no = 500, .other_no = c.root, .resource_kind = KIND_USER, .text = "no id", .name = "x" },
                { .kind = (enum effect_kind)99 },
        };
        world_free(c.world);
        for (size_t i = 0; i < sizeof nonsense / sizeof nonsense[0]; i++) {
                c = cast_new();
                access_apply(c.world->access, WORLD_ROOT, c.world->revision + 1, &nonsense[i], 1);
                assert_login(c.world, 101, 1, ACCESS_NOT_LOADED);
                assert_int_equal(access_counters(c.world->access).unloads, 1);
                world_free(c.world);
        }
}

static void test_taking_away_what_is_not_there_is_nothing(void **state)
{
        struct cast c = cast_new();
        world_member(c.world, 4711, c.user, false);
        world_member(c.world, c.root, c.user, false);
        world_gone(c.world, 4711);
        world_claim(c.world, c.connection, 4711, "x", false);
        world_claim(c.world, c.connection, c.user, "x", false);
        world_resource(c.world, 4711, KIND_GRANT, c.root, false, "");
        world_commit(c.world);
        assert_true(world_is_loaded(c.world));
        world_free(c.world);
}

static void test_revisions_move_once_and_in_order(void **state)
{
        struct cast c = cast_new();
        int64_t epoch, revision;
        const struct effect gone = { .kind = EFFECT_CREDENTIAL_GONE, .no = 101 };
        access_apply(c.world->access, WORLD_ROOT, c.world->revision, &gone, 1); /* the graph has this one */
        assert_login(c.world, 101, 1, ACCESS_FOUND);
        access_apply(c.world->access, WORLD_ROOT, c.world->revision + 5, NULL, 0);
        assert_int_equal(access_revision(c.world->access, 0, WORLD_ROOT, &epoch, &revision), ACCESS_FOUND);
        assert_int_equal(revision, c.world->revision + 5);
        assert_int_equal(epoch, 1);
        access_apply(c.world->access, 4711, 9, &gone, 1);
        world_free(c.world);
}

static void test_idle_roots_are_evicted(void **state)
{
        struct cast c = cast_new();
        assert_true(world_is_loaded(c.world)); /* asks */
        access_sweep(c.world->access, 600);
        assert_true(world_is_loaded(c.world));
        assert_true(access_counters(c.world->access).bytes > 1000);
        access_sweep(c.world->access, 600); /* and has seen it */
        assert_int_equal(access_counters(c.world->access).loaded, 1);
        root_find(c.world->access, WORLD_ROOT)->asked_us -= 601 * US_PER_S;
        access_sweep(c.world->access, 600);
        assert_false(world_is_loaded(c.world));
        assert_int_equal(access_counters(c.world->access).bytes, 0);
        assert_int_equal(access_counters(c.world->access).evictions, 1);
        assert_int_equal(access_counters(c.world->access).limit_bytes, 16 << 20);
        world_free(c.world);
}

/* A name is looked up in its organisation: both change together. */
static void test_a_resource_that_moves_takes_its_name_along(void **state)
{
        struct cast c = cast_new();
        struct graph *graph = root_find(c.world->access, WORLD_ROOT)->graph;
        uint32_t bot = graph_find_no(graph, c.identity);
        assert_int_equal(graph_find_name(graph, KIND_IDENTITY, c.root, "bot", 3), bot);
        world_resource(c.world, c.identity, KIND_IDENTITY, c.child, true, "bot");
        world_commit(c.world);
        assert_int_equal(graph_find_name(graph, KIND_IDENTITY, c.root, "bot", 3), NONE);
        assert_int_equal(graph_find_name(graph, KIND_IDENTITY, c.child, "bot", 3), bot);
        world_gone(c.world, c.identity);
        world_commit(c.world);
        assert_int_equal(graph_find_name(graph, KIND_IDENTITY, c.child, "bot", 3), NONE);
        assert_int_equal(graph->by_name.count, 4);
        world_free(c.world);
}

/* Renaming and claiming for ever must not grow for ever. */
static void test_texts_are_compacted(void **state)
{
        struct cast c = cast_new();
        char name[24];
        size_t most = 0;
        for (int i = 0; i < 40000; i++) {
                (void)snprintf(name, sizeof name, "name%d", i);
                world_resource(c.world, c.user, KIND_USER, c.root, true, name);
                world_claim(c.world, c.connection, c.user, name, true);
                world_commit(c.world);
                size_t bytes = world_bytes(c.world);
                most = bytes > most ? bytes : most;
        }
        assert_true(most < 250000);
        struct graph *graph = root_find(c.world->access, WORLD_ROOT)->graph;
        uint32_t user = graph_find_no(graph, c.user);
        assert_int_equal(graph_find_name(graph, KIND_USER, 0, name, strlen(name)), user);
        assert_int_equal(graph_find_external(graph, c.connection, name, strlen(name)), user);
        assert_int_equal(graph_find_name(graph, KIND_USER, 0, "name5", 5), NONE);
        world_free(c.world);
}

/* Everything that went is given back: a root that fills and empties again and again keeps its size. */
static void test_memory_of_what_went_is_used_again(void **state)
{
        struct cast c = cast_new();
        size_t bytes = 0;
        c.world->next_no = 1000; /* behind the credentials */
        for (int round = 0; round < 20; round++) {
                int64_t first = c.world->next_no, group = world_add(c.world, KIND_GROUP, c.root, "g");
                for (int i = 0; i < 40; i++) {
                        int64_t user = world_add(c.world, KIND_USER, c.root, "somebody");
                        world_join(c.world, group, user);
                        world_give(c.world, user, c.root, "auditor");
                        world_claim(c.world, c.connection, user, "", true);
                        world_credential(c.world, c.world->next_no++, user, TOKEN_IDENTITY, 0);
                        world_commit(c.world);
                }
                for (int64_t no = first; no < c.world->next_no; no++) {
                        world_gone(c.world, no);
                        world_commit(c.world);
                }
                if (round == 2)
                        bytes = world_bytes(c.world);
        }
        assert_in_range(world_bytes(c.world), bytes - 20000, bytes + 20000);
        struct graph *graph = root_find(c.world->access, WORLD_ROOT)->graph;
        assert_int_equal(graph->by_no.count, 6);
        assert_int_equal(graph->by_edge.count + graph->by_pair.count + graph->grant_by_no.count + graph->claim_by_external.count, 0);
        assert_int_equal(graph->credential_by_hash.count, 4);
        world_free(c.world);
}

/* The fast parser of ids takes what ident_is_uuid takes, byte by byte. */
static void test_ids_are_parsed_as_ident_says(void **state)
{
        unsigned char bytes[ID_SIZE];
        char id[UUID_TEXT_SIZE + 1], text[UUID_TEXT_SIZE + 1];
        world_id(0xabcdef, id);
        for (int place = 0; place < UUID_TEXT_SIZE - 1; place++)
                for (int byte = 0; byte < 256; byte++) {
                        strcpy(text, id);
                        text[place] = (char)byte;
                        assert_int_equal(graph_id_parse(text, bytes), ident_is_uuid(text, strlen(text)));
                }
        strcpy(text, id);
        strcat(text, "0");
        assert_false(graph_id_parse(text, bytes));
        assert_false(graph_id_parse("", bytes) || graph_id_parse(NULL, bytes));
        struct node node = { 0 };
        assert_true(graph_id_parse("01930000-ABCD-7fFf-8000-0123456789aB", node.id));
        graph_id_text(&node, text);
        assert_string_equal(text, "01930000-abcd-7fff-8000-0123456789ab");
}

static void test_revision_text(void **state)
{
        char text[REVISION_TEXT_SIZE];
        int64_t revision = -1;
        struct fault fault;
        revision_format(WORLD_HANDLE, 3, INT64_MAX, text);
        assert_string_equal(text, "abcdefgh.3.9223372036854775807");
        assert_int_equal(revision_parse(text, WORLD_HANDLE, 3, &revision, &fault), ERR_OK);
        assert_true(revision == INT64_MAX);
        assert_int_equal(revision_parse("abcdefgh.3.0", WORLD_HANDLE, 3, &revision, &fault), ERR_OK);
        static const char *const wrong[] = { "", "abcdefgh", "abcdefgh.3", "abcdefgh.3.", "abcdefgh.3.-1", "abcdefgh.3.1.2", "abcdefgh.4.1",
                "abcdefgi.3.1", "ABCDEFGH.3.1", "abcdefgh.3.1 ", " abcdefgh.3.1", "abcdefgh.0.1", "abcdefgh.3.9223372036854775808",
                "abcdefghabcdefghabcdefghabcdefghabcdefghabcdefghabcdefghabcdefghabcdefgh.3.1", ".3.1", "7" };
        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
                assert_int_equal(revision_parse(wrong[i], WORLD_HANDLE, 3, &revision, &fault), ERR_VALUE);
        assert_int_equal(revision_parse(NULL, WORLD_HANDLE, 3, &revision, &fault), ERR_VALUE);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_credential_fills_the_actor_whole),
                cmocka_unit_test(test_unknown_hash_wrong_owner_and_unknown_root),
                cmocka_unit_test(test_sec51_sec52_disabled_owners_are_refused_at_once),
                cmocka_unit_test(test_credentials_expire_and_are_revoked),
                cmocka_unit_test(test_used_credentials_are_handed_out_once),
                cmocka_unit_test(test_roots_are_found_by_handle),
                cmocka_unit_test(test_a_change_that_does_not_fit_unloads_the_root),
                cmocka_unit_test(test_taking_away_what_is_not_there_is_nothing),
                cmocka_unit_test(test_revisions_move_once_and_in_order),
                cmocka_unit_test(test_idle_roots_are_evicted),
                cmocka_unit_test(test_a_resource_that_moves_takes_its_name_along),
                cmocka_unit_test(test_texts_are_compacted),
                cmocka_unit_test(test_memory_of_what_went_is_used_again),
                cmocka_unit_test(test_ids_are_parsed_as_ident_says),
                cmocka_unit_test(test_revision_text),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
