/* SPDX-License-Identifier: Apache-2.0
 *
 * Declarations as changes: kept in the index, in the graph and in the ledger like everything else, refused where they would not fit or
 * would take the meaning from what is stored; sets are shared, found by revision and never stale. */
#include "directory/declaration.h"
#include "directory/house.h"
#include "directory/many.h"

#define BADGE "urn:a:badge:1:User"
#define BADGE_SCHEMA(more) \
        "{\"urn\":\"" BADGE "\",\"name\":\"Badge\",\"resourceType\":\"User\",\"attributes\":[{\"name\":\"badge\",\"uniqueness\":" \
        "\"server\"},{\"name\":\"level\",\"type\":\"integer\"}" more "]}"
#define DEVICE_SCHEMA "{\"urn\":\"urn:a:device:1\",\"name\":\"Device\",\"attributes\":[{\"name\":\"serial\",\"uniqueness\":\"server\"}]}"
#define DEVICE_TYPE "{\"name\":\"Device\",\"endpoint\":\"/Devices\",\"schema\":\"urn:a:device:1\"}"
#define DEVICE ((enum resource_kind)KIND_DECLARED_FIRST)
#define USER(name, badge) "{\"schemas\":[\"" URN_USER "\"],\"userName\":\"" name "\",\"" BADGE "\":{\"badge\":\"" badge "\"}}"

static struct house *open_declaring(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        house->declares = true;
        return house;
}

static void test_the_revision_of_declarations_moves_with_them_alone(struct fixture *fixture)
{
        static const char revision[] = "SELECT schemas_revision FROM root WHERE root_no = 1";
        struct house *house = open_declaring(fixture);
        struct actor okta = house_connection(house, "okta");
        assert_int_equal(house_number(house, revision), 0);
        const char *schema = house_do(house, &house->admin, CHANGE_CREATE, KIND_SCHEMA, NULL, BADGE_SCHEMA(""));
        int64_t declared = house_number(house, revision);
        assert_int_equal(declared, house_version(house, schema));
        assert_string_equal(house->event, "created");
        house_check(house);
        house_do(house, &okta, CHANGE_CREATE, KIND_USER, NULL, USER("ann", "1"));
        assert_int_equal(house_number(house, revision), declared);
        assert_change(ERR_CONFLICT, house, &house->admin, CHANGE_DELETE, KIND_SCHEMA, schema, NULL);
        assert_int_equal(house_number(house, revision), declared);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_SCHEMA, schema, BADGE_SCHEMA(",{\"name\":\"more\"}"));
        assert_int_equal(house_number(house, revision), house_version(house, schema));
        house_restart(house);
        house_check(house);
        assert_int_equal(house_actor(house, house->tokens[0]).schemas_revision, house_version(house, schema));
        house_close(house);
}

static void test_the_last_declaration_gone_is_none_at_all(struct fixture *fixture)
{
        struct house *house = open_declaring(fixture);
        const char *schema = house_do(house, &house->admin, CHANGE_CREATE, KIND_SCHEMA, NULL, BADGE_SCHEMA(""));
        house_do(house, &house->admin, CHANGE_DELETE, KIND_SCHEMA, schema, NULL);
        assert_int_equal(house_number(house, "SELECT schemas_revision FROM root WHERE root_no = 1"), 0);
        house_check(house);
        house_do(house, &house->admin, CHANGE_CREATE, KIND_SCHEMA, NULL, BADGE_SCHEMA("")); /* its URN is free again */
        house_close(house);
}

/* A body read by older schemas: sent back, nothing written. */
static void test_a_change_read_by_other_schemas_is_sent_back(struct fixture *fixture)
{
        struct house *house = open_declaring(fixture);
        struct actor okta = house_connection(house, "okta");
        house_do(house, &house->admin, CHANGE_CREATE, KIND_SCHEMA, NULL, BADGE_SCHEMA(""));
        house->declares = false;
        assert_change(
                ERR_UNAVAILABLE, house, &okta, CHANGE_CREATE, KIND_USER, NULL, "{\"schemas\":[\"" URN_USER "\"],\"userName\":\"ann\"}");
        assert_int_equal(house->fault.retry_after_s, 1);
        house_do(house, &house->admin, CHANGE_CREATE, KIND_PROJECT, NULL, "{\"slug\":\"other\",\"name\":\"Not read by them\"}");
        house->declares = true;
        house_do(house, &okta, CHANGE_CREATE, KIND_USER, NULL, "{\"schemas\":[\"" URN_USER "\"],\"userName\":\"ann\"}");
        house_close(house);
}

static void test_unique_values_are_one_among_the_living(struct fixture *fixture)
{
        struct house *house = open_declaring(fixture);
        struct actor okta = house_connection(house, "okta"), entra = house_connection(house, "entra");
        house_do(house, &house->admin, CHANGE_CREATE, KIND_SCHEMA, NULL, BADGE_SCHEMA(""));
        const char *ann = house_do(house, &okta, CHANGE_CREATE, KIND_USER, NULL, USER("ann", "One"));
        assert_change(ERR_TAKEN, house, &entra, CHANGE_CREATE, KIND_USER, NULL, USER("ben", "oNE"));
        assert_string_equal(house->fault.field, BADGE ":badge");
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM conflict WHERE attribute = '" BADGE ":badge'"), 1);
        house_check(house);
        house_do(house, &okta, CHANGE_DELETE, KIND_USER, ann, NULL);
        const char *ben = house_do(house, &entra, CHANGE_CREATE, KIND_USER, NULL, USER("ben", "oNE"));
        assert_change(ERR_TAKEN, house, &house->admin, CHANGE_RESTORE, KIND_USER, ann, NULL);
        house_do(house, &entra, CHANGE_DELETE, KIND_USER, ben, NULL);
        house_do(house, &house->admin, CHANGE_RESTORE, KIND_USER, ann, NULL);
        house_check(house);
        house_close(house);
}

/* R18: no node of the graph, no bin, nothing left behind. */
static void test_R18_resources_of_a_declared_type_are_rows_alone(struct fixture *fixture)
{
        struct house *house = open_declaring(fixture);
        struct actor okta = house_connection(house, "okta"), entra = house_connection(house, "entra");
        const char *schema = house_do(house, &house->admin, CHANGE_CREATE, KIND_SCHEMA, NULL, DEVICE_SCHEMA);
        const char *type = house_do(house, &house->admin, CHANGE_CREATE, KIND_RESOURCE_TYPE, NULL, DEVICE_TYPE);
        static const char body[] = "{\"schemas\":[\"urn:a:device:1\"],\"serial\":\"S\",\"externalId\":\"x\"}";
        const char *device = house_do(house, &okta, CHANGE_CREATE, DEVICE, NULL, body);
        assert_non_null(strstr(house->body, "\"type\":\"Device\""));
        house_check(house);
        assert_change(ERR_TAKEN, house, &okta, CHANGE_CREATE, DEVICE, NULL, body);
        assert_change(ERR_TAKEN, house, &entra, CHANGE_CREATE, DEVICE, NULL, body);
        assert_change(ERR_NOT_FOUND, house, &entra, CHANGE_DELETE, DEVICE, device, NULL);
        assert_change(ERR_METHOD, house, &house->admin, CHANGE_MERGE, DEVICE, device, "{\"serial\":\"T\"}");
        assert_change(ERR_METHOD, house, &house->admin, CHANGE_RESTORE, DEVICE, device, NULL);
        assert_change(ERR_CONFLICT, house, &house->admin, CHANGE_DELETE, KIND_RESOURCE_TYPE, type, NULL);
        assert_change(ERR_CONFLICT, house, &house->admin, CHANGE_DELETE, KIND_SCHEMA, schema, NULL);
        house_do(house, &okta, CHANGE_DELETE, DEVICE, device, NULL);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM resource WHERE id = '%s'", device), 0);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM claim WHERE kind = 50"), 0);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM resource_value WHERE attr >= 4096"), 0);
        house_check(house);
        assert_change(ERR_CONFLICT, house, &house->admin, CHANGE_DELETE, KIND_SCHEMA, schema, NULL);
        house_do(house, &house->admin, CHANGE_DELETE, KIND_RESOURCE_TYPE, type, NULL);
        house_do(house, &house->admin, CHANGE_DELETE, KIND_SCHEMA, schema, NULL);
        house_check(house);
        house_close(house);
}

static void test_declaring_needs_the_right(struct fixture *fixture)
{
        struct house *house = open_declaring(fixture);
        struct actor auditor = house_identity(house, "auditor", "auditor"), okta = house_connection(house, "okta");
        assert_change(ERR_FORBIDDEN, house, &auditor, CHANGE_CREATE, KIND_SCHEMA, NULL, BADGE_SCHEMA(""));
        assert_change(ERR_FORBIDDEN, house, &okta, CHANGE_CREATE, KIND_SCHEMA, NULL, BADGE_SCHEMA(""));
        struct actor clerk = house_identity(house, "clerk", NULL);
        house_grant(house, clerk.id, NULL, "schemas:create");
        const char *schema = house_do(house, &clerk, CHANGE_CREATE, KIND_SCHEMA, NULL, BADGE_SCHEMA(""));
        assert_change(ERR_FORBIDDEN, house, &clerk, CHANGE_DELETE, KIND_SCHEMA, schema, NULL);
        house_close(house);
}

/* ---- the cache ---- */

static const struct schema_set *ask(struct house *house, struct schema_cache *cache, unsigned slot, int64_t revision)
{
        const struct schema_question question = { slot, house->fixture->reader, house->admin.root_no, revision };
        const struct schema_set *set = NULL;
        assert_ok(schema_cache_get(cache, &question, &set, &house->fault));
        return set;
}

static void test_slots_share_a_set_until_a_newer_one_is_asked_for(struct fixture *fixture)
{
        struct house *house = open_declaring(fixture);
        const char *schema = house_do(house, &house->admin, CHANGE_CREATE, KIND_SCHEMA, NULL, BADGE_SCHEMA(""));
        int64_t first = house_version(house, schema);
        struct schema_cache *cache = schema_cache_new(2);
        const struct schema_set *old = ask(house, cache, 0, first);
        assert_ptr_equal(ask(house, cache, 0, first), old);
        assert_ptr_equal(ask(house, cache, 1, first), old);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_SCHEMA, schema, BADGE_SCHEMA(",{\"name\":\"more\"}"));
        int64_t second = house_version(house, schema);
        const struct schema_set *new = ask(house, cache, 0, second);
        assert_ptr_not_equal(new, old);
        assert_int_equal(new->revision, second);
        assert_string_equal(schema_set_schema(old, BADGE)->name, "Badge"); /* slot 1 still holds it */
        assert_ptr_equal(ask(house, cache, 1, first), old);                /* whoever began before goes on with it */
        assert_ptr_equal(ask(house, cache, 1, second), new);
        house_do(house, &house->admin, CHANGE_DELETE, KIND_SCHEMA, schema, NULL);
        assert_ptr_equal(ask(house, cache, 1, second + 1), schema_set_builtin());
        schema_cache_free(cache);
        house_close(house);
}

/* More roots than are kept, on SQLite alone: the table knows no engine, and seventy times init takes PostgreSQL ten seconds. */
enum { ROOTS = 70, KEPT = 64 }; /* KEPT: as schema_cache.c has it */

/* The same URN in every root, with an attribute that no other has; `more`: a second one. */
static const char *declare_own(struct house *house, const char *schema, int root, const char *more)
{
        const char *second = more ? arena_printf(house->arena, ",{\"name\":\"%s%d\"}", more, root) : "";
        return house_do(house, &house->admin, schema ? CHANGE_MERGE : CHANGE_CREATE, KIND_SCHEMA, schema,
                "{\"urn\":\"" BADGE "\",\"name\":\"Badge\",\"resourceType\":\"User\",\"attributes\":[{\"name\":\"own%d\"}%s]}", root,
                second);
}

static enum err try_user(struct house *house, int name, const char *attribute, int root)
{
        return house_change(house, &house->admin, CHANGE_CREATE, KIND_USER, NULL,
                arena_printf(house->arena, "{\"userName\":\"u%d-%s\",\"" BADGE "\":{\"%s%d\":\"x\"}}", name, attribute, attribute, root));
}

/* The body is read by the set of the reader's cache, and the change sent back where that is not the one of the writer's row. */
static void judge_by_own(struct house *house, int name, int root, bool has_more)
{
        assert_ok(try_user(house, name, "own", root));
        assert_err(try_user(house, name, "own", (root + 1) % ROOTS), ERR_VALUE);
        assert_err(try_user(house, name, "own", (root + ROOTS - 1) % ROOTS), ERR_VALUE);
        assert_err(try_user(house, name, "more", root), has_more ? ERR_OK : ERR_VALUE);
}

static void test_each_of_more_roots_than_are_kept_is_judged_by_its_own_declarations(struct fixture *fixture)
{
        struct house *house = open_declaring(fixture);
        struct actor first = house->admin, roots[ROOTS];
        const char *schemas[ROOTS];
        many_roots(house, roots, ROOTS);
        for (int i = 0; i < ROOTS; i++) {
                house->admin = roots[i];
                schemas[i] = declare_own(house, NULL, i, NULL);
                judge_by_own(house, 0, i, false);
        }
        /* Whoever comes round has lost his place meanwhile. Some changed their declarations before they come, some while they have one. */
        for (int i = 0; i < ROOTS; i += 3) {
                house->admin = roots[i];
                (void)declare_own(house, schemas[i], i, "more");
        }
        for (int i = 0; i < ROOTS; i++) {
                house->admin = roots[i];
                judge_by_own(house, 1, i, i % 3 == 0);
                if (i % 3 == 1) {
                        (void)declare_own(house, schemas[i], i, "more");
                        judge_by_own(house, 2, i, true);
                }
        }
        house->admin = first;
        house_check(house);
        house_close(house);
}

static const struct schema_set *ask_in(struct house *house, struct schema_cache *cache, unsigned slot, const struct actor *root)
{
        house->admin = *root;
        return ask(house, cache, slot,
                house_number(house, "SELECT schemas_revision FROM root WHERE root_no = %lld", (long long)root->root_no));
}

static void test_the_set_that_was_used_least_goes_first(struct fixture *fixture)
{
        struct house *house = open_declaring(fixture);
        struct actor roots[ROOTS];
        const struct schema_set *sets[ROOTS];
        struct schema_cache *cache = schema_cache_new(2);
        many_roots(house, roots, ROOTS);
        for (int i = 0; i < ROOTS; i++) {
                house->admin = roots[i];
                (void)declare_own(house, NULL, i, NULL);
                sets[i] = schema_set_hold(ask_in(house, cache, 0, &roots[i])); /* so that no other comes to have its address */
                assert_ptr_equal(ask_in(house, cache, 1, &roots[i % 2]), sets[i % 2]);
        }
        static const int stay = 2, gone = ROOTS - KEPT; /* the first two were asked for all the time */
        for (int i = 0; i < ROOTS; i++)
                if (i < stay || i >= stay + gone)
                        assert_ptr_equal(ask_in(house, cache, 0, &roots[i]), sets[i]);
        for (int i = stay; i < stay + gone; i++)
                assert_ptr_not_equal(ask_in(house, cache, 0, &roots[i]), sets[i]);
        for (int i = 0; i < ROOTS; i++)
                schema_set_release(sets[i]);
        schema_cache_free(cache);
        house_close(house);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_the_revision_of_declarations_moves_with_them_alone, ON_BOTH),
                FIXTURE_TEST(test_the_last_declaration_gone_is_none_at_all, ON_BOTH),
                FIXTURE_TEST(test_a_change_read_by_other_schemas_is_sent_back, ON_BOTH),
                FIXTURE_TEST(test_unique_values_are_one_among_the_living, ON_BOTH),
                FIXTURE_TEST(test_R18_resources_of_a_declared_type_are_rows_alone, ON_BOTH),
                FIXTURE_TEST(test_declaring_needs_the_right, ON_BOTH),
                FIXTURE_TEST(test_slots_share_a_set_until_a_newer_one_is_asked_for, ON_BOTH),
                FIXTURE_TEST(test_each_of_more_roots_than_are_kept_is_judged_by_its_own_declarations, ON_SQLITE),
                FIXTURE_TEST(test_the_set_that_was_used_least_goes_first, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
