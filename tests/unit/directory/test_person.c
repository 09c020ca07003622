/* SPDX-License-Identifier: Apache-2.0
 *
 * Users and groups from their making to the bin and back: R10, R11, R12, R15, and what an administrator may do to them. */
#include "directory/house.h"
#include "base/clock.h"

/* ---- names (R10) ---- */

static void test_a_user_name_is_one_over_all_sources(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), entra = house_connection(house, "entra");
        house_user(house, &okta,
                "Stra\xc3\x9f"
                "e@Acme.example");
        static const char *const same[] = { "STRASSE@acme.example",
                ("stra\xc3\x9f"
                 "e@ACME.EXAMPLE"),
                "strasse@acme.example" };
        char text[128];
        for (size_t i = 0; i < COUNT_OF(same); i++) {
                (void)snprintf(text, sizeof text, "{\"userName\":\"%s\"}", same[i]);
                assert_change(ERR_TAKEN, house, &okta, CHANGE_CREATE, KIND_USER, NULL, text);
                assert_string_equal(house->fault.field, "userName");
                assert_change(ERR_TAKEN, house, &entra, CHANGE_CREATE, KIND_USER, NULL, text);
                assert_change(ERR_TAKEN, house, &house->admin, CHANGE_CREATE, KIND_USER, NULL, text);
        }
        /* NFC and NFD are one name. */
        house_user(house, &okta, "Ren\xc3\xa9");
        assert_change(ERR_TAKEN, house, &entra, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"rene\xcc\x81\"}");
        static const char *const never[] = { "{\"userName\":\" ann\"}", "{\"userName\":\"ann \"}", "{\"userName\":\"\"}",
                "{\"userName\":\"a\\u0001b\"}", "{\"userName\":null}", "{}", "{\"userName\":7.5}" };
        for (size_t i = 0; i < COUNT_OF(never); i++)
                assert_change(ERR_VALUE, house, &okta, CHANGE_CREATE, KIND_USER, NULL, never[i]);
        assert_change(ERR_TAKEN, house, &okta, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"01890a5d-ac96-774b-bcce-b302099a8057\"}");
        const char *other = house_user(house, &okta, "other");
        house_patch(house, &okta, KIND_USER, other, ERR_TAKEN, "{\"op\":\"replace\",\"path\":\"userName\",\"value\":\"REN\xc3\x89\"}");
        assert_change(ERR_TAKEN, house, &okta, CHANGE_REPLACE, KIND_USER, other, "{\"userName\":\"strasse@acme.example\"}");
        house_check(house);
        house_close(house);
}

static void test_a_group_name_is_one_per_connection(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), entra = house_connection(house, "entra");
        house_group(house, &okta, "Crew");
        assert_change(ERR_TAKEN, house, &okta, CHANGE_CREATE, KIND_GROUP, NULL, "{\"displayName\":\"crew\"}");
        assert_string_equal(house->fault.field, "displayName");
        const char *theirs = house_group(house, &entra, "crew"), *ours = house_group(house, &house->admin, "CREW");
        assert_string_not_equal(theirs, ours);
        house_check(house);
        house_close(house);
}

static void test_an_external_id_is_one_per_connection_and_type(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), entra = house_connection(house, "entra");
        const char *ann = house_user(house, &okta, "ann"), *ben = house_user(house, &okta, "ben");
        assert_change(ERR_TAKEN, house, &okta, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"carl\",\"externalId\":\"x-ann\"}");
        assert_string_equal(house->fault.field, "externalId");
        assert_change(ERR_TAKEN, house, &okta, CHANGE_REPLACE, KIND_USER, ben, "{\"userName\":\"ben\",\"externalId\":\"x-ann\"}");
        house_patch(house, &okta, KIND_USER, ben, ERR_TAKEN, "{\"op\":\"replace\",\"path\":\"externalId\",\"value\":\"x-ann\"}");
        house_do(house, &okta, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"dora\",\"externalId\":\"X-ann\"}"); /* byte-exact */
        house_do(house, &entra, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"emil\",\"externalId\":\"x-ann\"}");
        house_do(house, &okta, CHANGE_CREATE, KIND_GROUP, NULL, "{\"displayName\":\"g\",\"externalId\":\"x-ann\"}");
        /* security.md 1: an externalId that is somebody's id is text like any other. */
        const char *odd = house_do(house, &okta, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"fay\",\"externalId\":\"%s\"}", ann);
        assert_string_not_equal(odd, ann);
        house_check(house);
        house_close(house);
}

/* security.md 2: what is not the client's to say. */
static void test_read_only_input_is_never_set(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const char *group = house_group(house, &okta, "crew");
        const char *id = house_do(house, &okta, CHANGE_CREATE, KIND_USER, NULL,
                "{\"userName\":\"ann\",\"id\":\"01890a5d-ac96-774b-bcce-b302099a8057\",\"meta\":{\"version\":\"9\"},\"groups\":[{\"value\":"
                "\"%s\"}],"
                "\"password\":\"secret-word\",\"" URN_MUSTER_USER "\":{\"effectiveActive\":false}}",
                group);
        assert_string_not_equal(id, "01890a5d-ac96-774b-bcce-b302099a8057");
        assert_false(house_is_member(house, group, id));
        assert_true(house_active(house, id));
        assert_null(strstr(house->body, "secret-word"));
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM resource WHERE doc LIKE '%%secret-word%%' OR doc LIKE '%%meta%%'"), 0);
        house_close(house);
}

/* ---- active (R15) ---- */

static void test_active_is_what_the_forms_of_the_rule_say(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        static const struct {
                const char *text;
                enum err expected;
                bool active;
        } cases[] = { { "true", ERR_OK, true }, { "false", ERR_OK, false }, { "\"True\"", ERR_OK, true }, { "\"False\"", ERR_OK, false },
                { "\"FALSE\"", ERR_OK, false }, { "\"false\"", ERR_OK, false }, { "null", ERR_VALUE, true }, { "0", ERR_VALUE, true },
                { "1", ERR_VALUE, true }, { "\"\"", ERR_VALUE, true }, { "\"no\"", ERR_VALUE, true }, { "[]", ERR_VALUE, true },
                { "[false]", ERR_VALUE, true }, { "{}", ERR_VALUE, true }, { "\" false\"", ERR_VALUE, true },
                { "\"inactive\"", ERR_VALUE, true } };
        char text[160];
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                char name[32];
                (void)snprintf(name, sizeof name, "u%zu", i);
                const char *id = house_user(house, &okta, name);
                (void)snprintf(text, sizeof text, "{\"op\":\"replace\",\"path\":\"active\",\"value\":%s}", cases[i].text);
                enum err e = house_change(house, &okta, CHANGE_REPLACE, KIND_USER, id, "{}");
                assert_int_equal(e, ERR_VALUE);
                if (cases[i].expected == ERR_OK || strcmp(cases[i].text, "[false]") != 0)
                        house_patch(house, &okta, KIND_USER, id, cases[i].expected, text);
                assert_int_equal(house_active(house, id), cases[i].active);
                house_do(house, &okta, CHANGE_REPLACE, KIND_USER, id, "{\"userName\":\"%s\",\"active\":true}", name);
                (void)snprintf(text, sizeof text, "{\"userName\":\"%s\",\"active\":%s}", name, cases[i].text);
                if (strcmp(cases[i].text, "[false]") != 0)
                        assert_change(cases[i].expected, house, &okta, CHANGE_REPLACE, KIND_USER, id, text);
                assert_int_equal(house_active(house, id), cases[i].active);
                (void)snprintf(text, sizeof text, "{\"userName\":\"new%zu\",\"active\":%s}", i, cases[i].text);
                if (strcmp(cases[i].text, "[false]") != 0)
                        assert_change(cases[i].expected, house, &okta, CHANGE_CREATE, KIND_USER, NULL, text);
        }
        const char *id = house_user(house, &okta, "kept");
        house_patch(house, &okta, KIND_USER, id, ERR_OK, "{\"op\":\"replace\",\"path\":\"active\",\"value\":false}");
        assert_string_equal(house->event, "deactivated");
        house_do(house, &okta, CHANGE_REPLACE, KIND_USER, id, "{\"userName\":\"kept\"}"); /* absent in PUT: unchanged */
        assert_false(house_active(house, id));
        assert_int_not_equal(house_change(house, &okta, CHANGE_PATCH, KIND_USER, id,
                                     "{\"schemas\":[\"" URN_PATCH "\"],\"Operations\":[{\"op\":\"remove\",\"path\":\"active\"}]}"),
                ERR_OK);
        assert_false(house_active(house, id));
        house_check(house);
        house_close(house);
}

/* The management API, too: null does not mean yes. */
static void test_active_null_is_refused_in_a_merge(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const char *local = house_user(house, &house->admin, "ann"), *managed = house_user(house, &okta, "ben"),
                   *group = house_group(house, &house->admin, "crew"),
                   *project = house_do(house, &house->admin, CHANGE_CREATE, KIND_PROJECT, NULL, "{\"slug\":\"app\",\"name\":\"A\"}");
        const struct {
                enum resource_kind kind;
                const char *id;
        } all[] = { { KIND_USER, local }, { KIND_USER, managed }, { KIND_GROUP, group }, { KIND_PROJECT, project } };
        for (size_t i = 0; i < COUNT_OF(all); i++) {
                house_do(house, &house->admin, CHANGE_MERGE, all[i].kind, all[i].id, "{\"active\":false}");
                enum err e = house_change(house, &house->admin, CHANGE_MERGE, all[i].kind, all[i].id, "{\"active\":null}");
                if (e != ERR_VALUE)
                        print_error("active null of %s answers %s\n", resource_type(all[i].kind)->word, error_row(e)->name);
                assert_int_equal(e, ERR_VALUE);
                assert_false(house_active(house, all[i].id));
        }
        house_close(house);
}

/* ---- POST again (R11) ---- */

static void test_a_post_revives_what_its_connection_deactivated(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), entra = house_connection(house, "entra");
        const char *ann = house_user(house, &okta, "ann");
        assert_change(ERR_TAKEN, house, &okta, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"ann\",\"externalId\":\"x-ann\"}");
        house_patch(house, &okta, KIND_USER, ann, ERR_OK, "{\"op\":\"replace\",\"path\":\"active\",\"value\":false}");
        int64_t digest = house_digest(house);
        assert_change(ERR_TAKEN, house, &okta, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"ann\"}");
        assert_change(ERR_TAKEN, house, &okta, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"ann\",\"externalId\":\"other\"}");
        assert_change(ERR_TAKEN, house, &okta, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"other\",\"externalId\":\"x-ann\"}");
        assert_change(ERR_TAKEN, house, &entra, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"ann\",\"externalId\":\"x-ann\"}");
        assert_int_equal(house_digest(house), digest);
        const char *again =
                house_do(house, &okta, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"ANN\",\"externalId\":\"x-ann\",\"title\":\"Dr\"}");
        assert_string_equal(again, ann);
        assert_string_equal(house->event, "reactivated");
        assert_true(house_active(house, ann));
        house_check(house);
        house_close(house);
}

static void test_a_post_lifts_no_veto_of_another(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const char *ann = house_user(house, &okta, "ann");
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, ann, "{\"active\":false}");
        house_patch(house, &okta, KIND_USER, ann, ERR_OK, "{\"op\":\"replace\",\"path\":\"active\",\"value\":false}");
        const char *again = house_do(house, &okta, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"ann\",\"externalId\":\"x-ann\"}");
        assert_string_equal(again, ann);
        assert_false(house_active(house, ann));
        house_patch(house, &okta, KIND_USER, ann, ERR_OK, "{\"op\":\"replace\",\"path\":\"active\",\"value\":true}");
        assert_false(house_active(house, ann));
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, ann, "{\"active\":true}");
        assert_true(house_active(house, ann));
        house_check(house);
        house_close(house);
}

/* ---- delete, restore, purge (R12) ---- */

static void test_after_a_delete_the_same_names_are_somebody_new(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const char *ann = house_user(house, &okta, "ann"), *group = house_group(house, &okta, "crew");
        house_do(house, &okta, CHANGE_REPLACE, KIND_GROUP, group, "{\"displayName\":\"crew\",\"members\":[{\"value\":\"%s\"}]}", ann);
        house_grant(house, ann, NULL, "auditor");
        house_do(house, &okta, CHANGE_DELETE, KIND_USER, ann, NULL);
        assert_change(ERR_NOT_FOUND, house, &okta, CHANGE_DELETE, KIND_USER, ann, NULL);
        house_patch(house, &okta, KIND_USER, ann, ERR_NOT_FOUND, "{\"op\":\"replace\",\"path\":\"active\",\"value\":true}");
        assert_false(house_is_member(house, group, ann));
        const char *new = house_user(house, &okta, "ann");
        assert_string_not_equal(new, ann);
        assert_false(house_is_member(house, group, new));
        assert_false(house_holds(house, new, NULL, "audit-logs:read"));
        assert_false(house_holds(house, ann, NULL, "audit-logs:read"));
        assert_change(ERR_CONFLICT, house, &house->admin, CHANGE_RESTORE, KIND_USER, ann, NULL);
        house_check(house);
        house_close(house);
}

/* R34: the group a deleted user was in has changed. */
static void test_leaving_moves_the_version_of_the_group(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const char *ann = house_user(house, &okta, "ann"), *group = house_group(house, &okta, "crew"),
                   *empty = house_group(house, &okta, "none");
        house_do(house, &okta, CHANGE_REPLACE, KIND_GROUP, group, "{\"displayName\":\"crew\",\"members\":[{\"value\":\"%s\"}]}", ann);
        int64_t before = house_version(house, empty);
        house_do(house, &okta, CHANGE_DELETE, KIND_USER, ann, NULL);
        assert_int_equal(house_version(house, group), house->done.revision);
        assert_int_equal(house_version(house, empty), before);
        house_close(house);
}

static void test_a_restored_user_is_suspended_and_himself(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), weak = house_identity(house, "weak", "member");
        const char *ann = house_user(house, &okta, "ann"), *local = house_user(house, &house->admin, "loc");
        house_do(house, &okta, CHANGE_DELETE, KIND_USER, ann, NULL);
        house_do(house, &house->admin, CHANGE_DELETE, KIND_USER, local, NULL);
        assert_change(ERR_FORBIDDEN, house, &weak, CHANGE_RESTORE, KIND_USER, ann, NULL);
        assert_change(ERR_METHOD, house, &okta, CHANGE_RESTORE, KIND_USER, ann, NULL);
        assert_change(ERR_NOT_FOUND, house, &house->admin, CHANGE_RESTORE, KIND_GROUP, ann, NULL);
        house_do(house, &house->admin, CHANGE_RESTORE, KIND_USER, ann, NULL);
        assert_string_equal(house->event, "restored");
        house_check(house);
        assert_false(house_active(house, ann));
        house_do(house, &house->admin, CHANGE_RESTORE, KIND_USER, local, NULL);
        assert_change(ERR_NOT_FOUND, house, &house->admin, CHANGE_RESTORE, KIND_USER, local, NULL);
        house_check(house);
        const char *const both[] = { ann, local };
        for (size_t i = 0; i < 2; i++) {
                house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, both[i], "{\"active\":true}");
                assert_true(house_active(house, both[i]));
                house_check(house);
        }
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, local, "{\"title\":\"a local user\"}");
        assert_change(ERR_MUTABILITY, house, &house->admin, CHANGE_MERGE, KIND_USER, ann, "{\"title\":\"not his\"}");
        house_check(house);
        house_close(house);
}

/* R12: a POST meets the bin and makes somebody new; after an administrator's restore R11 holds, and the suspension stands. */
static void test_r12_a_restored_user_is_taken_back_by_its_own_connection(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), entra = house_connection(house, "entra");
        const char *ann = house_user(house, &okta, "ann");
        house_do(house, &okta, CHANGE_DELETE, KIND_USER, ann, NULL);
        house_do(house, &house->admin, CHANGE_RESTORE, KIND_USER, ann, NULL);
        assert_change(ERR_TAKEN, house, &entra, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"ann\",\"externalId\":\"x-ann\"}");
        assert_change(ERR_TAKEN, house, &okta, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"ann\",\"externalId\":\"x-other\"}");
        const char *again = house_do(
                house, &okta, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"ann\",\"externalId\":\"x-ann\",\"title\":\"back\"}");
        assert_string_equal(again, ann);
        assert_false(house_active(house, ann)); /* it never lifts another's veto */
        house_check(house);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, ann, "{\"active\":true}");
        assert_true(house_active(house, ann));
        assert_change(ERR_TAKEN, house, &okta, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"ann\",\"externalId\":\"x-ann\"}");
        /* Who has the externalId meanwhile keeps it, and the old claim stays what it was. */
        const char *ben = house_user(house, &okta, "ben");
        house_do(house, &okta, CHANGE_DELETE, KIND_USER, ben, NULL);
        house_do(house, &okta, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"benjamin\",\"externalId\":\"x-ben\"}");
        house_do(house, &house->admin, CHANGE_RESTORE, KIND_USER, ben, NULL);
        house_patch(house, &okta, KIND_USER, ben, ERR_NOT_FOUND, "{\"op\":\"replace\",\"path\":\"title\",\"value\":\"x\"}");
        house_check(house);
        house_close(house);
}

/* R2: what an administrator says of somebody he made himself survives that he suspends him beside a connection. */
static void test_r2_a_local_suspension_loses_nothing_that_was_said_here(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const char *ann = house_do(house, &house->admin, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"ann\",\"title\":\"local\"}");
        long long no = (long long)house_no(house, ann), connection = (long long)okta.no;
        house_script(house,
                "INSERT INTO claim VALUES (1, %lld, 2, %lld, 'x-ann', 1, 1, '{\"userName\":\"ann\",\"nickName\":\"Annie\"}', 0)",
                connection, no);
        house_script(house, "INSERT INTO resource_count VALUES (1, 2, %lld, 1)", connection);
        access_unload(house->directory->access, 1);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, ann, "{\"active\":false}");
        assert_false(house_active(house, ann));
        house_check(house);
        house_do(house, &okta, CHANGE_REPLACE, KIND_USER, ann, "{\"userName\":\"ann\",\"externalId\":\"x-ann\",\"active\":true}");
        assert_false(house_active(house, ann));
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, ann, "{\"active\":true}");
        assert_true(house_active(house, ann));
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM resource WHERE no = %lld AND doc LIKE '%%local%%'", no), 1);
        house_check(house);
        house_do(house, &okta, CHANGE_DELETE, KIND_USER, ann, NULL); /* another claim lives: ours */
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM resource WHERE no = %lld AND deleted_us = 0 AND active = 0", no), 1);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, ann, "{\"active\":true}");
        assert_true(house_active(house, ann));
        house_check(house);
        house_close(house);
}

static void test_a_restore_can_take_the_claims_of_who_came_later(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const char *ann = house_user(house, &okta, "ann");
        house_do(house, &okta, CHANGE_DELETE, KIND_USER, ann, NULL);
        const char *new = house_user(house, &okta, "ann");
        house->want.replace = new;
        house_do(house, &house->admin, CHANGE_RESTORE, KIND_USER, ann, NULL);
        house_check(house);
        assert_false(house_active(house, ann));
        assert_change(ERR_NOT_FOUND, house, &okta, CHANGE_DELETE, KIND_USER, new, NULL);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, ann, "{\"active\":true}");
        assert_true(house_active(house, ann));
        house_patch(house, &okta, KIND_USER, ann, ERR_OK, "{\"op\":\"replace\",\"path\":\"title\",\"value\":\"Dr\"}");
        house_check(house);
        /* R12: what the newcomer's sources gave moves along; what was given here goes to the bin with him. */
        const char *team = house_group(house, &okta, "team"), *crew = house_group(house, &house->admin, "crew");
        const char *dan = house_user(house, &okta, "dan");
        house_do(house, &okta, CHANGE_DELETE, KIND_USER, dan, NULL);
        const char *other = house_do(house, &okta, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"dan\",\"externalId\":\"x-dan2\"}");
        char *members = NULL;
        assert_true(asprintf(&members, "{\"op\":\"add\",\"path\":\"members\",\"value\":[{\"value\":\"%s\"}]}", other) >= 0);
        house_patch(house, &okta, KIND_GROUP, team, ERR_OK, members);
        free(members);
        house_do(house, &house->admin, CHANGE_MEMBERS_ADD, KIND_GROUP, crew, "[\"%s\"]", other);
        house->want.replace = other;
        house_do(house, &house->admin, CHANGE_RESTORE, KIND_USER, dan, NULL);
        assert_true(house_is_member(house, team, dan));
        assert_false(house_is_member(house, team, other));
        assert_false(house_is_member(house, crew, dan) || house_is_member(house, crew, other));
        house_check(house);
        /* A local user gives way, too; its own claim ends. */
        const char *ben = house_user(house, &okta, "ben");
        house_do(house, &okta, CHANGE_DELETE, KIND_USER, ben, NULL);
        house->want.replace = house_user(house, &house->admin, "ben");
        house_do(house, &house->admin, CHANGE_RESTORE, KIND_USER, ben, NULL);
        house_check(house);
        house_close(house);
}

static void test_a_purge_leaves_nothing_of_the_person(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), weak = house_identity(house, "weak", "member");
        const char *ann = house_do(house, &okta, CHANGE_CREATE, KIND_USER, NULL,
                "{\"userName\":\"ann.secretname\",\"externalId\":\"x-ann\",\"emails\":[{\"value\":\"ann@secretname.example\"}]}");
        const char *group = house_group(house, &house->admin, "crew");
        house_do(house, &house->admin, CHANGE_MEMBERS_ADD, KIND_GROUP, group, "[\"%s\"]", ann);
        house_grant(house, ann, NULL, "auditor");
        assert_change(ERR_NOT_FOUND, house, &house->admin, CHANGE_PURGE, KIND_USER, ann, NULL); /* not in the bin */
        house_do(house, &okta, CHANGE_DELETE, KIND_USER, ann, NULL);
        assert_change(ERR_FORBIDDEN, house, &weak, CHANGE_PURGE, KIND_USER, ann, NULL);
        house_script(house,
                "INSERT INTO scim_log VALUES (1, 77, %lld, 1, 4, 200, 5, '/scim/v2/Users/%s', 'r', '%s', '', '', 'userName', '', 0, %s, '', "
                "0)",
                (long long)okta.no, ann, ann, fixture->kind == ON_POSTGRES ? "''" : "x''");
        house_do(house, &house->admin, CHANGE_PURGE, KIND_USER, ann, NULL);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM resource WHERE id = '%s'", ann), 0);
        static const char *const places[] = { "resource WHERE doc", "claim WHERE doc", "ledger WHERE body",
                "resource_value WHERE value_folded" };
        for (size_t i = 0; i < COUNT_OF(places); i++)
                assert_int_equal(house_number(house, "SELECT COUNT(*) FROM %s LIKE '%%secretname%%'", places[i]), 0);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM tombstone"), 1);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM scim_log WHERE path LIKE '%%%s%%' OR resource_id <> ''", ann), 0);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM scim_log"), 1);
        assert_change(ERR_NOT_FOUND, house, &house->admin, CHANGE_RESTORE, KIND_USER, ann, NULL);
        house_check(house);
        house_restart(house);
        house_check(house);
        house_close(house);
}

static void test_a_group_in_the_bin_confers_nothing_and_comes_back_asleep(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        const char *ann = house_user(house, &house->admin, "ann"), *group = house_group(house, &house->admin, "crew");
        house_do(house, &house->admin, CHANGE_MEMBERS_ADD, KIND_GROUP, group, "[\"%s\"]", ann);
        house_grant(house, group, NULL, "auditor");
        assert_true(house_holds(house, ann, NULL, "audit-logs:read"));
        house_do(house, &house->admin, CHANGE_DELETE, KIND_GROUP, group, NULL);
        assert_false(house_holds(house, ann, NULL, "audit-logs:read"));
        house_check(house);
        house_do(house, &house->admin, CHANGE_RESTORE, KIND_GROUP, group, NULL);
        assert_false(house_holds(house, ann, NULL, "audit-logs:read"));
        house_check(house);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_GROUP, group, "{\"active\":true}");
        assert_true(house_holds(house, ann, NULL, "audit-logs:read"));
        house_check(house);
        house_close(house);
}

/* R12 "groups likewise": the edges of the source that deleted it are gone for good, what was added here comes back with it. */
static void test_r12_a_restored_group_has_no_edges_of_the_source_that_deleted_it(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const char *ann = house_user(house, &okta, "ann"), *ben = house_user(house, &house->admin, "ben");
        const char *group = house_do(house, &okta, CHANGE_CREATE, KIND_GROUP, NULL,
                "{\"displayName\":\"crew\",\"externalId\":\"g1\",\"members\":[{\"value\":\"%s\"}]}", ann);
        house_do(house, &house->admin, CHANGE_MEMBERS_ADD, KIND_GROUP, group, "[\"%s\"]", ben);
        house_ceiling(house, &okta, "[\"organization:auditor\"]");
        house_grant(house, group, NULL, "auditor");
        house_do(house, &okta, CHANGE_DELETE, KIND_GROUP, group, NULL);
        house_check(house);
        house_do(house, &house->admin, CHANGE_RESTORE, KIND_GROUP, group, NULL);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_GROUP, group, "{\"active\":true}");
        assert_false(house_is_member(house, group, ann));
        assert_false(house_holds(house, ann, NULL, "audit-logs:read"));
        assert_true(house_holds(house, ben, NULL, "audit-logs:read"));
        house_check(house);
        const char *again = house_do(house, &okta, CHANGE_REPLACE, KIND_GROUP, group, "{\"displayName\":\"crew\",\"externalId\":\"g1\"}");
        assert_string_equal(again, group);
        house_check(house);
        house_close(house);
}

/* ---- what a caller may see and touch ---- */

static void test_a_connection_reaches_what_it_claims_and_nothing_else(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), entra = house_connection(house, "entra");
        const char *foreign[] = { house_user(house, &entra, "ann"), house_user(house, &house->admin, "loc"), house->installed.admin_id,
                "01890a5d-ac96-774b-bcce-b302099a8057", "", "ann", "' OR 1=1 --", house->admin.id, house->installed.org_id };
        int64_t digest = house_digest(house);
        char first[416] = "";
        for (size_t i = 0; i < COUNT_OF(foreign); i++) {
                house_patch(house, &okta, KIND_USER, foreign[i], ERR_NOT_FOUND, "{\"op\":\"replace\",\"path\":\"active\",\"value\":false}");
                if (!*first)
                        memcpy(first, house->fault.message, sizeof first);
                assert_string_equal(house->fault.message, first); /* law 1: one answer for all */
                assert_change(ERR_NOT_FOUND, house, &okta, CHANGE_REPLACE, KIND_USER, foreign[i], "{\"userName\":\"x\"}");
                assert_string_equal(house->fault.message, first);
                assert_change(ERR_NOT_FOUND, house, &okta, CHANGE_DELETE, KIND_USER, foreign[i], NULL);
                assert_string_equal(house->fault.message, first);
        }
        assert_int_equal(house_digest(house), digest);
        house_close(house);
}

static void test_scopes_of_a_token_bound_it(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), users = okta, groups = okta, reads = okta;
        const char *ann = house_user(house, &okta, "ann"), *crew = house_group(house, &okta, "crew");
        users.scopes = SCOPE_USERS;
        groups.scopes = SCOPE_GROUPS;
        reads.scopes = SCOPE_USERS | SCOPE_GROUPS | SCOPE_READ_ONLY;
        assert_change(ERR_FORBIDDEN, house, &users, CHANGE_CREATE, KIND_GROUP, NULL, "{\"displayName\":\"g\"}");
        assert_change(ERR_FORBIDDEN, house, &users, CHANGE_DELETE, KIND_GROUP, crew, NULL);
        assert_change(ERR_FORBIDDEN, house, &groups, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"u\"}");
        assert_change(ERR_FORBIDDEN, house, &groups, CHANGE_DELETE, KIND_USER, ann, NULL);
        assert_change(ERR_FORBIDDEN, house, &reads, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"u\"}");
        assert_change(ERR_FORBIDDEN, house, &reads, CHANGE_REPLACE, KIND_USER, ann, "{\"userName\":\"u\"}");
        assert_change(ERR_FORBIDDEN, house, &reads, CHANGE_DELETE, KIND_USER, ann, NULL);
        house_close(house);
}

static void test_an_administrator_suspends_a_managed_user_and_changes_nothing_else(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const char *ann = house_user(house, &okta, "ann");
        static const char *const refused[] = { "{\"title\":\"x\"}", "{\"active\":false,\"title\":\"x\"}", "{\"userName\":\"x\"}", "{}" };
        for (size_t i = 0; i < COUNT_OF(refused); i++)
                assert_change(ERR_MUTABILITY, house, &house->admin, CHANGE_MERGE, KIND_USER, ann, refused[i]);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, ann, "{\"active\":false}");
        assert_string_equal(house->event, "deactivated");
        assert_false(house_active(house, ann));
        house_do(house, &okta, CHANGE_REPLACE, KIND_USER, ann, "{\"userName\":\"ann\",\"externalId\":\"x-ann\",\"active\":true}");
        assert_false(house_active(house, ann));
        house_check(house);
        house_do(house, &okta, CHANGE_REPLACE, KIND_USER, ann, "{\"userName\":\"ann2\",\"externalId\":\"x-ann\",\"title\":\"Dr\"}");
        assert_false(house_active(house, ann));
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, "ann2", "{\"active\":true}");
        assert_string_equal(house->event, "reactivated");
        assert_true(house_active(house, ann));
        house_check(house);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_USER, ann, "{\"active\":false}");
        house_do(house, &okta, CHANGE_DELETE, KIND_USER, ann, NULL); /* a bare suspension keeps nobody out of the bin */
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM resource WHERE id = '%s' AND deleted_us > 0", ann), 1);
        house_check(house);
        house_close(house);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_a_user_name_is_one_over_all_sources, ON_BOTH),
                FIXTURE_TEST(test_a_group_name_is_one_per_connection, ON_BOTH),
                FIXTURE_TEST(test_an_external_id_is_one_per_connection_and_type, ON_BOTH),
                FIXTURE_TEST(test_read_only_input_is_never_set, ON_SQLITE),
                FIXTURE_TEST(test_active_is_what_the_forms_of_the_rule_say, ON_SQLITE),
                FIXTURE_TEST(test_active_null_is_refused_in_a_merge, ON_SQLITE),
                FIXTURE_TEST(test_a_post_revives_what_its_connection_deactivated, ON_BOTH),
                FIXTURE_TEST(test_a_post_lifts_no_veto_of_another, ON_SQLITE),
                FIXTURE_TEST(test_after_a_delete_the_same_names_are_somebody_new, ON_BOTH),
                FIXTURE_TEST(test_leaving_moves_the_version_of_the_group, ON_SQLITE),
                FIXTURE_TEST(test_a_restored_user_is_suspended_and_himself, ON_BOTH),
                FIXTURE_TEST(test_a_restore_can_take_the_claims_of_who_came_later, ON_BOTH),
                FIXTURE_TEST(test_r12_a_restored_user_is_taken_back_by_its_own_connection, ON_BOTH),
                FIXTURE_TEST(test_r2_a_local_suspension_loses_nothing_that_was_said_here, ON_BOTH),
                FIXTURE_TEST(test_r12_a_restored_group_has_no_edges_of_the_source_that_deleted_it, ON_BOTH),
                FIXTURE_TEST(test_a_purge_leaves_nothing_of_the_person, ON_BOTH),
                FIXTURE_TEST(test_a_group_in_the_bin_confers_nothing_and_comes_back_asleep, ON_BOTH),
                FIXTURE_TEST(test_a_connection_reaches_what_it_claims_and_nothing_else, ON_BOTH),
                FIXTURE_TEST(test_scopes_of_a_token_bound_it, ON_SQLITE),
                FIXTURE_TEST(test_an_administrator_suspends_a_managed_user_and_changes_nothing_else, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
