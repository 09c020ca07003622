/* SPDX-License-Identifier: Apache-2.0
 *
 * Hundreds of random changes by all kinds of callers, most of them sensible, many refused. Whatever happens, the graph in memory answers
 * like one loaded anew, the counters count, the ledger is whole, and nothing fails by itself. MUSTER_TEST_SEED repeats a run. */
#include "directory/house.h"
#include "base/clock.h"

#define CHANGES 400
#define CHECK_EVERY 8
#define POOL 64

struct pool {
        const char *ids[POOL];
        size_t count;
};

struct game {
        struct house *house;
        uint64_t random;
        struct actor admin, weak, connections[2];
        struct pool pools[KIND_COUNT];
        int done, refused;
};

static unsigned pick(struct game *game, unsigned below)
{
        game->random ^= game->random << 13;
        game->random ^= game->random >> 7;
        game->random ^= game->random << 17;
        return (unsigned)(game->random >> 20) % below;
}

static const char *any(struct game *game, enum resource_kind kind)
{
        const struct pool *pool = &game->pools[kind];
        return pool->count ? pool->ids[pick(game, (unsigned)pool->count)] : "nobody";
}

static const char *principal(struct game *game)
{
        static const enum resource_kind kinds[] = { KIND_USER, KIND_GROUP, KIND_IDENTITY };
        return any(game, kinds[pick(game, 3)]);
}

static const char *scope(struct game *game)
{
        return pick(game, 3) ? any(game, KIND_PROJECT) : any(game, KIND_ORGANIZATION);
}

static const struct actor *connection(struct game *game)
{
        return &game->connections[pick(game, 2)];
}

static const struct actor *local(struct game *game)
{
        return pick(game, 6) ? &game->admin : &game->weak;
}

static void remember(struct game *game, enum resource_kind kind, const char *id)
{
        struct pool *pool = &game->pools[kind];
        size_t at = pool->count < POOL ? pool->count++ : pick(game, POOL);
        pool->ids[at] = id;
}

FORMAT(6, 7)
static void play(struct game *game, const struct actor *actor, enum change_verb verb, enum resource_kind kind, const char *ref,
        const char *format, ...)
{
        char text[1024] = "";
        va_list arguments;
        va_start(arguments, format);
        if (format)
                (void)vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        enum err e = house_change(game->house, actor, verb, kind, ref, format ? text : NULL);
        switch (e) {
        case ERR_OK:
                game->done++;
                if (verb == CHANGE_CREATE)
                        remember(game, kind, arena_strdup(game->house->arena, game->house->done.after.resource.id));
                break;
        case ERR_INTERNAL:
        case ERR_MEMORY:
        case ERR_UNAVAILABLE:
        case ERR_DEADLINE:
        case ERR_STORAGE_FULL:
                fail_msg("verb %d of %s %s by %d with %s answers %s: %s", verb, resource_type(kind)->word, ref ? ref : "", (int)actor->no,
                        text, error_row(e)->name, game->house->fault.message);
                break;
        default:
                game->refused++;
        }
}

#define PATCH(operation, ...) "{\"schemas\":[\"" URN_PATCH "\"],\"Operations\":[" operation "]}", __VA_ARGS__

static void play_scim_user(struct game *game)
{
        const struct actor *actor = connection(game);
        const char *id = any(game, KIND_USER);
        unsigned name = pick(game, 12);
        switch (pick(game, 7)) {
        case 0:
        case 1:
                play(game, actor, CHANGE_CREATE, KIND_USER, NULL,
                        "{\"userName\":\"u%u\",\"externalId\":\"x%u\",\"active\":%s,\"emails\":["
                        "{\"value\":\"U%u@a.example\"}]}",
                        name, pick(game, 4) ? name : pick(game, 12), pick(game, 4) ? "true" : "false", name);
                break;
        case 2:
                play(game, actor, CHANGE_PATCH, KIND_USER, id,
                        PATCH("{\"op\":\"replace\",\"path\":\"active\",\"value\":%s}", pick(game, 2) ? "true" : "false"));
                break;
        case 3:
                play(game, actor, CHANGE_PATCH, KIND_USER, id,
                        PATCH("{\"op\":\"replace\",\"value\":{\"userName\":\"u%u\",\"title\":\"%u\"}}", pick(game, 12), pick(game, 3)));
                break;
        case 4:
                play(game, actor, CHANGE_REPLACE, KIND_USER, id, "{\"userName\":\"u%u\",\"externalId\":\"x%u\",\"title\":\"%u\"}", name,
                        pick(game, 12), pick(game, 3));
                break;
        case 5:
                play(game, actor, CHANGE_DELETE, KIND_USER, id, NULL);
                break;
        default:
                play(game, actor, CHANGE_PATCH, KIND_USER, id,
                        PATCH("{\"op\":\"remove\",\"path\":\"%s\"}", pick(game, 2) ? "externalId" : "emails"));
        }
}

static void play_scim_group(struct game *game)
{
        const struct actor *actor = connection(game);
        const char *id = any(game, KIND_GROUP), *user = any(game, pick(game, 4) ? KIND_USER : KIND_GROUP), *other = any(game, KIND_USER);
        switch (pick(game, 8)) {
        case 0:
                play(game, actor, CHANGE_CREATE, KIND_GROUP, NULL, "{\"displayName\":\"g%u\",\"members\":[{\"value\":\"%s\"}]}",
                        pick(game, 8), user);
                break;
        case 1:
                play(game, actor, CHANGE_CREATE, KIND_GROUP, NULL, "{\"displayName\":\"g%u\"}", pick(game, 8));
                break;
        case 2:
        case 3:
                play(game, actor, CHANGE_PATCH, KIND_GROUP, id,
                        PATCH("{\"op\":\"add\",\"path\":\"members\",\"value\":[{\"value\":\"%s\"}]}", user));
                break;
        case 4:
                play(game, actor, CHANGE_PATCH, KIND_GROUP, id,
                        PATCH("{\"op\":\"remove\",\"path\":\"members[value eq \\\"%s\\\"]\"}", user));
                break;
        case 5:
                play(game, actor, CHANGE_REPLACE, KIND_GROUP, id,
                        "{\"displayName\":\"g%u\",\"members\":[{\"value\":\"%s\"},{\"value\":\"%s\"}]}", pick(game, 8), user, other);
                break;
        case 6:
                play(game, actor, CHANGE_PATCH, KIND_GROUP, id, PATCH("{\"op\":\"replace\",\"path\":\"members\",\"value\":%s}", "[]"));
                break;
        default:
                if (pick(game, 3) == 0)
                        play(game, actor, CHANGE_DELETE, KIND_GROUP, id, NULL);
        }
}

static void play_local_person(struct game *game)
{
        const struct actor *actor = local(game);
        enum resource_kind kind = pick(game, 2) ? KIND_USER : KIND_GROUP;
        const char *id = any(game, kind);
        switch (pick(game, 9)) {
        case 0:
                play(game, actor, CHANGE_CREATE, kind, NULL, kind == KIND_USER ? "{\"userName\":\"u%u\"}" : "{\"displayName\":\"g%u\"}",
                        pick(game, 12));
                break;
        case 1:
        case 2:
                play(game, actor, CHANGE_MERGE, kind, id, "{\"active\":%s}", pick(game, 3) ? "true" : "false");
                break;
        case 3:
                play(game, actor, CHANGE_MERGE, kind, id, kind == KIND_USER ? "{\"userName\":\"u%u\"}" : "{\"displayName\":\"g%u\"}",
                        pick(game, 12));
                break;
        case 4:
                if (pick(game, 3) == 0)
                        play(game, actor, CHANGE_DELETE, kind, id, NULL);
                break;
        case 5:
                if (pick(game, 3) == 0)
                        game->house->want.replace = any(game, kind);
                play(game, actor, CHANGE_RESTORE, kind, id, NULL);
                break;
        case 6:
                if (pick(game, 4) == 0)
                        play(game, actor, CHANGE_PURGE, kind, id, NULL);
                break;
        case 7:
                play(game, actor, CHANGE_MEMBERS_REMOVE, KIND_GROUP, any(game, KIND_GROUP), "[\"%s\"]", principal(game));
                break;
        default:
                play(game, actor, CHANGE_MEMBERS_ADD, KIND_GROUP, any(game, KIND_GROUP), "[\"%s\",\"%s\"]", principal(game),
                        principal(game));
        }
}

static void play_grant(struct game *game)
{
        static const char *const gifts[] = { "\"role\":\"admin\"", "\"role\":\"member\"", "\"role\":\"auditor\"",
                "\"privilege\":\"groups:read\"", "\"privilege\":\"project:read\"", "\"role\":\"viewer\"" };
        const char *id = any(game, KIND_GRANT);
        char from[CLOCK_TEXT_SIZE];
        clock_format(clock_now_us() + ((int64_t)pick(game, 5) - 2) * US_PER_DAY + 2, from);
        switch (pick(game, 6)) {
        case 0:
                play(game, local(game), CHANGE_DELETE, KIND_GRANT, id, NULL);
                break;
        case 1:
                play(game, local(game), CHANGE_MERGE, KIND_GRANT, id, pick(game, 2) ? "{\"from\":\"%s\"}" : "{\"until\":\"%s\"}", from);
                break;
        default:
                play(game, local(game), CHANGE_CREATE, KIND_GRANT, NULL, "{\"principal\":\"%s\",\"scope\":\"%s\",%s}", principal(game),
                        scope(game), gifts[pick(game, COUNT_OF(gifts))]);
        }
}

static void play_thing(struct game *game)
{
        static const enum resource_kind kinds[] = { KIND_PROJECT, KIND_PROJECT, KIND_IDENTITY, KIND_IDENTITY, KIND_ORGANIZATION };
        enum resource_kind kind = kinds[pick(game, COUNT_OF(kinds))];
        const char *id = any(game, kind);
        switch (pick(game, 7)) {
        case 0:
        case 1:
                if (pick(game, 2) && kind != KIND_ORGANIZATION)
                        game->house->want.organization = any(game, KIND_ORGANIZATION);
                if (kind == KIND_IDENTITY && pick(game, 2))
                        game->house->want.role = pick(game, 2) ? "member" : "admin";
                play(game, local(game), CHANGE_CREATE, kind, NULL,
                        kind == KIND_IDENTITY ? "{\"name\":\"n%u\"}" : "{\"slug\":\"n%u\",\"name\":\"N\"}", pick(game, 20));
                break;
        case 2:
                play(game, local(game), CHANGE_MERGE, kind, id, "{\"active\":%s}", pick(game, 2) ? "true" : "false");
                break;
        case 3:
                play(game, local(game), CHANGE_MERGE, kind, id, "{\"description\":\"d%u\"}", pick(game, 3));
                break;
        case 4:
                if (pick(game, 3) == 0)
                        play(game, local(game), CHANGE_DELETE, kind, id, NULL);
                break;
        case 5:
                play(game, local(game), CHANGE_ROTATE, KIND_IDENTITY, any(game, KIND_IDENTITY), NULL);
                break;
        default:
                play(game, local(game), CHANGE_GAIN_ACCESS, KIND_PROJECT, any(game, KIND_PROJECT), NULL);
        }
}

static void play_connection(struct game *game)
{
        const char *id = game->connections[pick(game, 2)].id;
        unsigned what = pick(game, 10);
        play(game, &game->admin, CHANGE_MERGE, KIND_CONNECTION, id,
                what == 0   ? "{\"active\":false}"
                : what == 1 ? "{\"profile\":\"strict\"}"
                : what == 2 ? "{\"profile\":\"lenient\"}"
                            : "{\"active\":true}");
}

static void play_one(struct game *game)
{
        static void (*const games[])(struct game * game) = { play_scim_user, play_scim_user, play_scim_user, play_scim_group,
                play_scim_group, play_scim_group, play_local_person, play_local_person, play_grant, play_grant, play_thing,
                play_connection };
        games[pick(game, COUNT_OF(games))](game);
}

/* R8: nobody raises a ceiling in this game, so no group that a connection claims or fills may reach more than the default, by any way. */
static void check_ceilings(struct house *house)
{
        int64_t above = house_number(house,
                "WITH RECURSIVE up (low, no) AS (SELECT no, no FROM resource WHERE root_no = 1 AND kind = 3 AND deleted_us = 0 UNION "
                "SELECT up.low, m.container_no FROM up JOIN member m ON m.root_no = 1 AND m.member_no = up.no JOIN resource r ON "
                "r.root_no = 1 AND r.no = m.container_no WHERE r.kind = 3 AND r.deleted_us = 0) SELECT COUNT(*) FROM up JOIN role_grant g "
                "ON g.root_no = 1 AND g.principal_no = up.no JOIN resource s ON s.root_no = 1 AND s.no = g.scope_no WHERE s.deleted_us = 0 "
                "AND (g.until_us = 0 OR g.until_us > %lld) AND (g.role_no IN (-1, -3, -11) OR (g.privilege = 'project:read' AND s.kind = "
                "1)) AND (EXISTS (SELECT 1 FROM claim c WHERE c.root_no = 1 AND c.no = up.low AND c.connection_no > 0 AND c.claimed_active "
                "<> 3) OR EXISTS (SELECT 1 FROM member m WHERE m.root_no = 1 AND m.container_no = up.low AND m.source_no > 0))",
                (long long)clock_now_us());
        if (above)
                fail_msg("%lld ties above the ceiling", (long long)above);
}

static void play_game(struct fixture *fixture, uint64_t seed)
{
        struct house *house = house_open(fixture);
        struct game game = { .house = house, .random = seed, .admin = house->admin };
        game.weak = house_identity(house, "weak", "member");
        game.connections[0] = house_connection(house, "okta");
        game.connections[1] = house_connection(house, "entra");
        house_do(house, &house->admin, CHANGE_MERGE, KIND_CONNECTION, game.connections[1].id,
                "{\"upstream\":\"okta\",\"adoption\":\"same_upstream\"}");
        assert_ok(house_authenticate(house, house->tokens[house->token_count - 1], &game.connections[1]));
        remember(&game, KIND_ORGANIZATION, house->installed.org_id);
        remember(&game, KIND_USER, house->installed.admin_id);
        house_grant(house, house_user(house, &game.connections[0], "keeper"), NULL, "admin");
        print_message("seed %llu\n", (unsigned long long)seed);
        for (int i = 1; i <= CHANGES; i++) {
                play_one(&game);
                if (i % CHECK_EVERY == 0) {
                        house_check(house);
                        check_ceilings(house);
                }
        }
        print_message("%d done, %d refused\n", game.done, game.refused);
        assert_true(game.done > CHANGES / 4);
        house_restart(house);
        house_check(house);
        house_close(house);
}

static void test_the_graph_follows_random_changes(struct fixture *fixture)
{
        const char *given = getenv("MUSTER_TEST_SEED");
        play_game(fixture, given ? strtoull(given, NULL, 10) : (uint64_t)clock_now_us());
}

static void test_the_graph_follows_known_changes(struct fixture *fixture)
{
        play_game(fixture, 20250715);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_the_graph_follows_random_changes, ON_BOTH),
                FIXTURE_TEST(test_the_graph_follows_known_changes, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
