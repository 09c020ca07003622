/* SPDX-License-Identifier: Apache-2.0
 *
 * References: an id of another kind is unknown (law 9: check and act on the same object), names fold, an ambiguous name names the ids. */
#include "directory/house.h"

static void test_an_id_of_another_kind_is_unknown(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const char *ids[KIND_COUNT] = {
                [KIND_USER] = house_user(house, &house->admin, "ann"),
                [KIND_GROUP] = house_group(house, &house->admin, "crew"),
                [KIND_PROJECT] = house_do(house, &house->admin, CHANGE_CREATE, KIND_PROJECT, NULL, "{\"slug\":\"app\",\"name\":\"A\"}"),
                [KIND_ORGANIZATION] =
                        house_do(house, &house->admin, CHANGE_CREATE, KIND_ORGANIZATION, NULL, "{\"slug\":\"kid\",\"name\":\"K\"}"),
                [KIND_UPSTREAM] = house_do(house, &house->admin, CHANGE_CREATE, KIND_UPSTREAM, NULL, "{\"name\":\"up\"}"),
                [KIND_IDENTITY] = house->admin.id,
                [KIND_CONNECTION] = okta.id,
        };
        ids[KIND_GRANT] = house_grant(house, ids[KIND_USER], NULL, "member");
        int64_t digest = house_digest(house);
        for (int kind = 1; kind < KIND_COUNT; kind++)
                for (int other = 1; other < KIND_COUNT; other++) {
                        if (!ids[kind] || !ids[other] || kind == other)
                                continue;
                        house->want.wish = (struct connection_wish){ .verb = CONNECTION_KEEP };
                        enum err e = house_change(house, &house->admin, CHANGE_DELETE, (enum resource_kind)kind, ids[other], NULL);
                        if (e != ERR_NOT_FOUND)
                                fail_msg("deleting %s by the id of %s: %s", resource_type((enum resource_kind)kind)->word,
                                        resource_type((enum resource_kind)other)->word, error_row(e)->name);
                        if (kind == KIND_GROUP)
                                assert_change(ERR_NOT_FOUND, house, &house->admin, CHANGE_MEMBERS_ADD, KIND_GROUP, ids[other], "[\"ann\"]");
                        if (kind == KIND_IDENTITY || kind == KIND_CONNECTION)
                                assert_change(
                                        ERR_NOT_FOUND, house, &house->admin, CHANGE_ROTATE, (enum resource_kind)kind, ids[other], NULL);
                }
        assert_int_equal(house_digest(house), digest);
        house_close(house);
}

static void test_names_fold_and_must_be_clear(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), entra = house_connection(house, "entra");
        house_user(house, &house->admin,
                "Stra\xc3\x9f"
                "e");
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, "STRASSE", "{\"title\":\"x\"}");
        house_group(house, &okta, "crew");
        const char *second = house_group(house, &entra, "Crew");
        assert_change(ERR_CONFLICT, house, &house->admin, CHANGE_MERGE, KIND_GROUP, "CREW", "{\"active\":false}");
        assert_non_null(strstr(house->fault.message, second));
        static const char *const unknown[] = { "", "nobody", "\xff", "01890A5D-AC96-774B-BCCE-B302099A8057", "strasse ", "' OR ''='" };
        for (size_t i = 0; i < COUNT_OF(unknown); i++)
                assert_change(ERR_NOT_FOUND, house, &house->admin, CHANGE_MERGE, KIND_USER, unknown[i], "{\"title\":\"x\"}");
        house_close(house);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_an_id_of_another_kind_is_unknown, ON_SQLITE),
                FIXTURE_TEST(test_names_fold_and_must_be_clear, ON_BOTH),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
