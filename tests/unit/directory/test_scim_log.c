/* SPDX-License-Identifier: Apache-2.0
 *
 * The request log: what is kept of a body, sealing bound to its row, the bounded list in memory, ageing. */
#include "directory/house.h"
#include <unistd.h>
#include "base/clock.h"
#include "base/text.h"
#include "directory/scim_log.h"
#include "http/metrics.h"
#include "http/request.h"
#include "directory/scim_log_body.h"
#include "directory/scim_log_note.h"

static json_t *parsed(const char *text)
{
        json_t *json = json_loads(text, 0, NULL);
        assert_non_null(json);
        return json;
}

static void check_body(const char *text, const char *fields, const char *stripped)
{
        struct fault fault;
        json_auto_t *body = parsed(text);
        auto_buffer names = { 0 }, rest = { 0 };
        log_body_fields(body, &names);
        buffer_putc(&names, '\0');
        assert_string_equal(names.data, fields);
        log_body_strip(body);
        assert_int_equal(json_canonical(body, &rest, &fault), ERR_OK);
        assert_string_equal(rest.data, stripped);
}

static void passwords_leave_a_body_at_any_depth_and_names_stay(struct fixture *fixture)
{
        (void)fixture;
        check_body("{\"schemas\":[],\"userName\":\"a\",\"Password\":\"s\",\"name\":{\"givenName\":\"g\"}}", "userName,Password,name",
                "{\"name\":{\"givenName\":\"g\"},\"schemas\":[],\"userName\":\"a\"}");
        check_body("{\"Operations\":[{\"op\":\"replace\",\"path\":\"password\",\"value\":\"s\"},{\"op\":\"add\",\"path\":\"emails[type eq "
                   "\\\"work\\\"].value\",\"value\":\"e\"},{\"op\":\"add\",\"value\":{\"urn:x:User:password\":\"s\",\"active\":true}}]}",
                "password,emails,urn:x:User:password,active",
                "{\"Operations\":[{\"op\":\"replace\",\"path\":\"password\"},{\"op\":\"add\",\"path\":\"emails[type eq "
                "\\\"work\\\"].value\",\"value\":\"e\"},{\"op\":\"add\",\"value\":{\"active\":true}}]}");
        check_body("{\"emails[value eq \\\"ann@x\\\"].type\":\"e\"}", "emails", "{\"emails[value eq \\\"ann@x\\\"].type\":\"e\"}");
        check_body("{\"Operations\":[{\"method\":\"POST\",\"path\":\"/Users\",\"data\":{\"password\":\"s\"}}]}", "Users",
                "{\"Operations\":[{\"data\":{},\"method\":\"POST\",\"path\":\"/Users\"}]}");
}

static void a_sealed_body_opens_for_its_row_alone(struct fixture *fixture)
{
        (void)fixture;
        struct fault fault;
        unsigned char key[HASH_SIZE] = { 1 }, other[HASH_SIZE] = { 2 };
        auto_buffer text = { 0 }, before = { 0 }, sealed = { 0 }, opened = { 0 };
        buffer_puts(&text, "{\"userName\":\"alice\"}");
        struct log_sealer *sealer = log_sealer_new(key);
        assert_int_equal(log_body_seal(sealer, 1, 6, &text, &before, &fault), ERR_OK);
        assert_int_equal(log_body_seal(sealer, 1, 7, &text, &sealed, &fault), ERR_OK);
        log_sealer_free(sealer);
        assert_memory_not_equal(before.data, sealed.data, 12); /* a nonce of its own for each */
        assert_int_equal(log_body_open(key, 1, 6, (const unsigned char *)before.data, before.length, &opened, &fault), ERR_OK);
        assert_string_equal(opened.data, text.data);
        buffer_clear(&opened);
        assert_int_equal(log_body_seal(NULL, 1, 7, &text, &before, &fault), ERR_INTERNAL);
        const unsigned char *bytes = (const unsigned char *)sealed.data;
        assert_null(memmem(sealed.data, sealed.length, "alice", 5));
        assert_int_equal(log_body_open(key, 1, 7, bytes, sealed.length, &opened, &fault), ERR_OK);
        assert_string_equal(opened.data, text.data);
        assert_int_equal(log_body_open(other, 1, 7, bytes, sealed.length, &opened, &fault), ERR_TAMPERED);
        assert_int_equal(log_body_open(key, 1, 8, bytes, sealed.length, &opened, &fault), ERR_TAMPERED);
        assert_int_equal(log_body_open(key, 2, 7, bytes, sealed.length, &opened, &fault), ERR_TAMPERED);
        sealed.data[14] ^= 1;
        assert_int_equal(log_body_open(key, 1, 7, bytes, sealed.length, &opened, &fault), ERR_TAMPERED);
        assert_int_equal(log_body_open(key, 1, 7, bytes, 20, &opened, &fault), ERR_TAMPERED);
}

static void add(struct house *house, const struct actor *actor, int status, const char *body)
{
        const struct scim_log_entry entry = {
                .actor = actor,
                .method = METHOD_POST,
                .status = status,
                .path = "/scim/v2/Users",
                .request_id = "r",
                .scim_type = status < 400 ? NULL : "uniqueness",
                .field = status < 400 ? NULL : "userName",
                .body = body,
                .body_length = strlen(body),
        };
        scim_log_add(house->directory->scim_log, &entry);
}

struct seen {
        int count;
        int64_t no;
        char fields[64], field[64], note[SCIM_LOG_NOTE_MAX + 2];
};

static enum err see(void *context, const struct scim_log_row *row, struct fault *fault)
{
        struct seen *seen = context;
        (void)fault;
        seen->count++;
        assert_true(row->no > seen->no);
        seen->no = row->no;
        (void)snprintf(seen->fields, sizeof(seen->fields), "%s", row->fields);
        (void)snprintf(seen->note, sizeof(seen->note), "%s", row->note);
        (void)snprintf(seen->field, sizeof(seen->field), "%s", row->field);
        return ERR_OK;
}

static struct seen rows(struct house *house, const struct scim_log_page *page)
{
        struct query query = house_query(house, &house->admin);
        struct seen seen = { 0 };
        assert_int_equal(query_scim_log(&query, page, see, &seen, &house->fault), ERR_OK);
        return seen;
}

static void check_note(const char *refusal, const char *outcome, const char *kept)
{
        char note[SCIM_LOG_NOTE_MAX + 1];
        log_note_compose(&(struct scim_log_entry){ .refusal = refusal, .note = outcome }, note);
        assert_string_equal(note, kept);
}

#define ANN_ID "0b8f3c1e-8f4b-4a58-9d0e-53f3f6a0c111"

static void test_R31_a_refusal_is_kept_without_what_a_client_sent(struct fixture *fixture)
{
        (void)fixture;
        check_note(NULL, NULL, "");
        check_note("this token does not reach Groups", NULL, "this token does not reach Groups");
        check_note("userName \"ann@x.example\" is already taken", NULL, "userName \"…\" is already taken");
        check_note("\"a\" ann@x.example \"b\" is a User", NULL, "\"…\" is a User"); /* quotes inside the value */
        check_note("sorted by \"ann@x.example", NULL, "sorted by \"…\"");
        check_note("nobody knows " ANN_ID " or " ANN_ID ".", NULL, "nobody knows … or ….");
        check_note("no \"x\" but " ANN_ID, ANN_ID " is held by local", "no \"…\" but …; " ANN_ID " is held by local");
        check_note(NULL, ANN_ID " is held by local", ANN_ID " is held by local");

        /* Cut on its way here, perhaps inside the value. */
        char longest[sizeof(((struct fault *)0)->message)] = "is \"a\"";
        memset(longest + 6, 'x', sizeof(longest) - 7);
        check_note(longest, NULL, "is \"…\"");

        char sentence[401] = "x", kept[LOG_REFUSAL_MAX + 1] = "x"; /* a character of two bytes stands across the bound */
        for (size_t i = 1; i + 2 < sizeof(sentence); i += 2)
                memcpy(sentence + i, "\xc3\xa9", 3);
        memcpy(kept, sentence, LOG_REFUSAL_MAX - 1);
        check_note(sentence, NULL, kept);
}

static void check_operations(const char *const *refused, size_t more, const char *outcome, const char *kept)
{
        const struct scim_log_entry entry = { .refused_operations = refused, .refused_more = more, .note = outcome };
        char note[SCIM_LOG_NOTE_MAX + 1];
        log_note_compose(&entry, note);
        assert_string_equal(note, kept);
}

static void test_R31_refused_operations_are_kept_without_what_a_client_sent(struct fixture *fixture)
{
        (void)fixture;
        check_operations((const char *const[]){ NULL }, 0, NULL, "");
        check_operations((const char *const[]){ NULL }, 2, NULL, "and 2 more refused");
        check_operations((const char *const[]){ "operation 2: userName \"ann@x.example\" is already taken",
                                 "operation 5: no \"a\" is \"b\" here", "operation 6: nobody is " ANN_ID, NULL },
                7, ANN_ID " is held by local",
                "operation 2: userName \"…\" is already taken; operation 5: no \"…\" here; operation 6: nobody is …; and 7 more refused; " ANN_ID
                " is held by local");

        /* The longest of everything: the number of the others and the first id of the outcome still stand there, and no half of an id. */
        char longest[sizeof(struct fault)], outcome[1000] = "", note[SCIM_LOG_NOTE_MAX + 1];
        memset(longest, 'x', sizeof(longest) - 1);
        longest[sizeof(longest) - 1] = '\0';
        for (int i = 0; i < 20; i++)
                strcat(outcome, ANN_ID ";");
        const struct scim_log_entry entry = {
                .refused_operations = (const char *const[]){ longest, longest, longest, NULL }, .refused_more = SIZE_MAX, .note = outcome
        };
        log_note_compose(&entry, note);
        assert_non_null(strstr(note, "; and 18446744073709551615 more refused; " ANN_ID ";"));
        assert_true(strlen(note) > SCIM_LOG_NOTE_MAX - sizeof(ANN_ID) && strlen(note) <= SCIM_LOG_NOTE_MAX);
        assert_int_equal(note[strlen(note) - 1], ';');
        longest[3] = '"'; /* cut on its way here, perhaps inside the value */
        check_operations((const char *const[]){ longest, NULL }, 0, NULL, "xxx\"…\"");
}

/* R3, R14: what was held and who stays. */
static void a_note_is_kept_up_to_its_bound_in_whole_characters(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const struct scim_log_page all = { .after = 0, .limit = 10 };
        char note[SCIM_LOG_NOTE_MAX + 100] = "x"; /* a character of two bytes stands across the bound */
        for (size_t i = 1; i + 2 < sizeof(note); i += 2)
                memcpy(note + i, "\xc3\xa9", 3);
        const char *const notes[] = { "somebody is held by local", note, NULL };
        const size_t kept[] = { strlen(notes[0]), SCIM_LOG_NOTE_MAX - 1, 0 };
        for (size_t i = 0; i < COUNT_OF(notes); i++) {
                const struct scim_log_entry entry = {
                        .actor = &okta, .method = METHOD_PATCH, .status = 200, .note = notes[i], .fields = ""
                };
                scim_log_add(house->directory->scim_log, &entry);
                directory_flush_scim_log(house->directory);
                struct seen seen = rows(house, &all);
                assert_int_equal(seen.count, i + 1);
                assert_int_equal(strlen(seen.note), kept[i]);
                assert_memory_equal(seen.note, notes[i] ? notes[i] : "", kept[i]);
        }
        house_close(house);
}

static void rows_are_written_read_by_connection_and_status_and_age(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), entra = house_connection(house, "entra");
        add(house, &okta, 201, "{\"userName\":\"alice\",\"password\":\"hunter2\"}");
        add(house, &okta, 409, "{\"userName\":\"alice\"}");
        add(house, &entra, 201, "no json");
        directory_flush_scim_log(house->directory);
        assert_int_equal(rows(house, &(struct scim_log_page){ .limit = 10 }).count, 3);
        assert_int_equal(rows(house, &(struct scim_log_page){ .connection = okta.id, .limit = 10 }).count, 2);
        assert_int_equal(rows(house, &(struct scim_log_page){ .connection = "entra", .after = -1, .limit = 10 }).count, 1);
        struct seen refused = rows(house, &(struct scim_log_page){ .status_min = 400, .limit = 10 });
        assert_int_equal(refused.count, 1);
        assert_string_equal(refused.field, "userName");
        struct seen newest = rows(house, &(struct scim_log_page){ .after = -1, .limit = 2 });
        assert_int_equal(newest.count, 2);
        assert_int_equal(rows(house, &(struct scim_log_page){ .after = newest.no, .limit = 2 }).count, 0);

        struct query query = house_query(house, &house->admin);
        auto_buffer body = { 0 };
        struct seen one = { 0 };
        struct seen first = rows(house, &(struct scim_log_page){ .connection = okta.id, .limit = 1 });
        assert_int_equal(query_scim_log_one(&query, first.no, see, &one, &body, &house->fault), ERR_OK);
        assert_string_equal(body.data, "{\"userName\":\"alice\"}");
        assert_string_equal(one.fields, "userName,password");
        struct actor member = house_identity(house, "reader", "member");
        struct query small = house_query(house, &member);
        assert_int_equal(query_scim_log_one(&small, first.no, see, &one, &body, &house->fault), ERR_FORBIDDEN);

        directory_purge_scim_log(house->directory);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM scim_log WHERE sealed = 1"), 2);
        raw_script(fixture, "UPDATE scim_log SET no = no - 345600000000"); /* 4 days */
        directory_purge_scim_log(house->directory);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM scim_log WHERE sealed = 0 AND LENGTH(body) = 0"), 3);
        raw_script(fixture, "UPDATE scim_log SET no = no - 2592000000000");
        directory_purge_scim_log(house->directory);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM scim_log"), 0);
        house_close(house);
}

/* Tries to replay the newest row; the refusal must say `why`. */
static enum err replay(struct house *house, const struct actor *admin, const char *why, struct scim_replay *ret)
{
        struct query query = house_query(house, admin);
        const struct scim_log_page newest = { .after = -1, .limit = 1 };
        house->fault = (struct fault){ 0 };
        enum err e = query_scim_log_replay(&query, rows(house, &newest).no, ret, &house->fault);
        if (e && !strstr(house->fault.message, why))
                fail_msg("says: %s", house->fault.message);
        return e;
}

static void test_R19_a_replay_acts_as_the_connection_while_the_body_is_kept(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        struct scim_replay found;
        add(house, &okta, 409, "{\"userName\":\"alice\",\"password\":\"hunter2\"}");
        directory_flush_scim_log(house->directory);
        assert_int_equal(replay(house, &house->admin, "", &found), ERR_OK);
        assert_string_equal(found.body, "{\"userName\":\"alice\"}");
        assert_string_equal(found.path, "/scim/v2/Users");
        assert_int_equal(found.actor.kind, ACTOR_CONNECTION);
        assert_int_equal(found.actor.no, okta.no);
        assert_string_equal(found.actor.id, okta.id);
        assert_int_equal(found.actor.replayed_by->no, house->admin.no);

        /* What it runs is judged again in the transaction: the administrator, and the connection. */
        house_do(house, &found.actor, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"alice\"}");
        assert_non_null(strstr(house->body, house->admin.id));
        struct actor clerk = house_identity(house, "clerk", "member");
        found.actor.replayed_by = &clerk;
        assert_change(ERR_FORBIDDEN, house, &found.actor, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"bob\"}");
        struct actor gone = house->admin;
        gone.credential_no = clerk.credential_no;
        found.actor.replayed_by = &gone;
        assert_change(ERR_UNAUTHENTICATED, house, &found.actor, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"bob\"}");
        assert_int_equal(replay(house, &clerk, "", &found), ERR_FORBIDDEN);
        assert_int_equal(replay(house, &house->admin, "", &found), ERR_OK);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_CONNECTION, okta.id, "{\"active\":false}");
        assert_change(ERR_CONFLICT, house, &found.actor, CHANGE_CREATE, KIND_USER, NULL, "{\"userName\":\"bob\"}");
        assert_int_equal(replay(house, &house->admin, "disabled", &found), ERR_CONFLICT);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_CONNECTION, okta.id, "{\"active\":true}");

        raw_script(fixture, "UPDATE scim_log SET no = no - 345600000000"); /* 4 days */
        directory_purge_scim_log(house->directory);
        assert_int_equal(replay(house, &house->admin, "72 hours", &found), ERR_CONFLICT);
        add(house, &okta, 400, "no json");
        directory_flush_scim_log(house->directory);
        assert_int_equal(replay(house, &house->admin, "not kept", &found), ERR_CONFLICT);
        add(house, &okta, 429, "");
        directory_flush_scim_log(house->directory);
        assert_int_equal(replay(house, &house->admin, "before it was read", &found), ERR_CONFLICT);
        house_check(house);
        house_close(house);
}

static void log_about(struct house *house, const struct actor *connection, const char *id)
{
        static const char body[] = "{\"userName\":\"ann\"}";
        scim_log_add(house->directory->scim_log, &(struct scim_log_entry){ .actor = connection,
                                                         .method = METHOD_PATCH,
                                                         .status = 200,
                                                         .path = "/scim/v2/Users",
                                                         .request_id = "r",
                                                         .resource_id = id,
                                                         .field = "Ann's pet",
                                                         .body = body,
                                                         .body_length = sizeof body - 1 });
}

/* A refused creation, Bulk and a captured list name no resource and may hold anybody. */
static void test_R31_a_purge_forgets_the_bodies_that_may_speak_of_the_person(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const char *ann = house_user(house, &house->admin, "ann"), *bob = house_user(house, &house->admin, "bob");
        log_about(house, &okta, ann);
        log_about(house, &okta, bob);
        log_about(house, &okta, NULL);
        directory_flush_scim_log(house->directory);
        house_do(house, &house->admin, CHANGE_DELETE, KIND_USER, ann, NULL);
        house_do(house, &house->admin, CHANGE_PURGE, KIND_USER, ann, NULL);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM scim_log WHERE sealed = 1 AND resource_id = '%s'", bob), 1);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM scim_log WHERE sealed = 1"), 1);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM scim_log WHERE LENGTH(body) > 0"), 1);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM scim_log WHERE path = '' AND field = ''"), 1);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM scim_log"), 3);
        house_check(house);
        house_close(house);
}

static void note_about(struct house *house, const struct actor *connection, const char *resource_id, int status, const char *note)
{
        scim_log_add(house->directory->scim_log, &(struct scim_log_entry){ .actor = connection,
                                                         .method = METHOD_PATCH,
                                                         .status = status,
                                                         .path = "/scim/v2/Groups",
                                                         .request_id = "r",
                                                         .resource_id = resource_id,
                                                         .refusal = status < 400 ? NULL : note,
                                                         .note = status < 400 ? note : NULL,
                                                         .fields = "" });
}

/* The rows are of a group, of Bulk, of nobody and of somebody else. */
static void test_R31_a_purge_forgets_the_notes_that_name_the_person_wherever_they_stand(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const char *ann = house_user(house, &house->admin, "ann"), *bob = house_user(house, &house->admin, "bob");
        const char *crew = house_group(house, &house->admin, "crew");
        char stays[100], both[200], told[100], held[100];
        (void)snprintf(stays, sizeof stays, "%s is still a member through a local edge", ann);
        (void)snprintf(both, sizeof both, "%s is held by local; %s is held by local", bob, ann);
        (void)snprintf(told, sizeof told, "userName \"ann@x.example\" is taken by %s", ann);
        (void)snprintf(held, sizeof held, "%s is held by local", bob);
        note_about(house, &okta, crew, 200, stays);
        note_about(house, &okta, NULL, 200, both);
        note_about(house, &okta, NULL, 409, told);
        note_about(house, &okta, bob, 409, told);
        note_about(house, &okta, bob, 200, held);
        note_about(house, &okta, crew, 200, held);
        directory_flush_scim_log(house->directory);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM scim_log WHERE note LIKE '%%%s%%'", ann), 2);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM scim_log WHERE note LIKE '%%ann@x.example%%'"), 0);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM scim_log WHERE note LIKE '%%is taken by %%'"), 2);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM scim_log_about"), 4); /* what is told in one's own row needs none */
        house_do(house, &house->admin, CHANGE_DELETE, KIND_USER, ann, NULL);
        house_do(house, &house->admin, CHANGE_PURGE, KIND_USER, ann, NULL);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM scim_log WHERE note LIKE '%%%s%%'", ann), 0);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM scim_log_about WHERE resource_id = '%s'", ann), 0);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM scim_log WHERE note LIKE '%s%%'", bob), 2);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM scim_log WHERE note LIKE '%%is taken by %%'"), 2);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM scim_log WHERE resource_id = '%s'", crew), 2);
        raw_script(fixture, "UPDATE scim_log_about SET no = no - 2678400000000"); /* 31 days */
        directory_purge_scim_log(house->directory);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM scim_log_about"), 0);
        house_check(house);
        house_close(house);
}

/* A Bulk is answered with 200 whatever became of its operations. */
static void test_R19_what_was_refused_in_part_is_found_among_the_refused(struct fixture *fixture)
{
        static const char *const refused[] = { "operation 2: no", NULL }, *const none[] = { NULL };
        static const struct {
                int status;
                const char *const *operations;
        } bulks[] = { { 200, refused }, { 200, none }, { 413, NULL }, { 200, NULL }, { 200, refused } };
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), entra = house_connection(house, "entra");
        for (size_t i = 0; i < COUNT_OF(bulks); i++)
                scim_log_add(house->directory->scim_log, &(struct scim_log_entry){ .actor = i ? &okta : &entra,
                                                                 .method = METHOD_POST,
                                                                 .status = bulks[i].status,
                                                                 .path = "/scim/v2/Bulk",
                                                                 .refused_operations = bulks[i].operations,
                                                                 .fields = "" });
        directory_flush_scim_log(house->directory);
        const struct {
                struct scim_log_page page;
                int count;
        } cases[] = {
                { { .limit = 10 }, 5 },
                { { .status_min = 400, .limit = 10 }, 1 },
                { { .status_min = 400, .partly_refused = true, .limit = 10 }, 3 },
                { { .status_min = 400, .partly_refused = true, .limit = 2, .after = -1 }, 2 },
                { { .connection = "okta", .status_min = 400, .limit = 10 }, 1 },
                { { .connection = "okta", .status_min = 400, .partly_refused = true, .limit = 10 }, 2 },
                { { .connection = "okta", .status_min = 400, .partly_refused = true, .limit = 1, .after = -1 }, 1 },
                { { .connection = "entra", .status_min = 400, .partly_refused = true, .limit = 10, .after = -1 }, 1 },
        };
        for (size_t i = 0; i < COUNT_OF(cases); i++)
                assert_int_equal(rows(house, &cases[i].page).count, cases[i].count);
        house_close(house);
}

/* What is told of refused operations names nobody and stays; the outcome beside it named the person, and goes with the whole note. */
static void test_R31_a_purge_forgets_the_note_of_a_bulk_that_names_the_person(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const char *ann = house_user(house, &house->admin, "ann");
        char held[100], told[100];
        (void)snprintf(held, sizeof held, "%s is held by local", ann);
        (void)snprintf(told, sizeof told, "operation 3: userName \"ann@x.example\" is taken by %s", ann);
        const char *const refused[] = { told, NULL }, *const outcomes[] = { held, NULL };
        house_do(house, &house->admin, CHANGE_DELETE, KIND_USER, ann, NULL);
        for (int flushed = 0; flushed < 2; flushed++) {
                for (size_t i = 0; i < COUNT_OF(outcomes); i++)
                        scim_log_add(house->directory->scim_log, &(struct scim_log_entry){ .actor = &okta,
                                                                         .method = METHOD_POST,
                                                                         .status = 200,
                                                                         .path = "/scim/v2/Bulk",
                                                                         .refused_operations = refused,
                                                                         .refused_more = 4,
                                                                         .note = outcomes[i],
                                                                         .fields = "" });
                if (!flushed)
                        directory_flush_scim_log(house->directory);
        }
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM scim_log WHERE note LIKE '%%operation 3: %%and 4 more refused%%'"), 2);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM scim_log_about WHERE resource_id = '%s'", ann), 1);
        house_do(house, &house->admin, CHANGE_PURGE, KIND_USER, ann, NULL);
        directory_flush_scim_log(house->directory); /* two of them waited */
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM scim_log"), 4);
        assert_int_equal(
                house_number(house, "SELECT COUNT(*) FROM scim_log WHERE note LIKE '%%%s%%' OR note LIKE '%%x.example%%'", ann), 0);
        assert_int_equal(
                house_number(house, "SELECT COUNT(*) FROM scim_log WHERE note LIKE '%%operation 3: %% is taken by …; and 4 more refused'"),
                2);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM scim_log WHERE note = ''"), 2);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM scim_log_about"), 0);
        house_check(house);
        house_close(house);
}

/* What waits in memory is written a moment after the purge. */
static void test_R31_rows_that_wait_at_the_purge_are_written_without_the_person(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        const char *ann = house_user(house, &house->admin, "ann"), *bob = house_user(house, &house->admin, "bob");
        char stays[100];
        (void)snprintf(stays, sizeof stays, "%s is still a member through a local edge", ann);
        house_do(house, &house->admin, CHANGE_DELETE, KIND_USER, ann, NULL);
        log_about(house, &okta, ann);
        log_about(house, &okta, bob);
        log_about(house, &okta, NULL);
        note_about(house, &okta, bob, 200, stays);
        house_do(house, &house->admin, CHANGE_PURGE, KIND_USER, ann, NULL);
        usleep(1000);
        log_about(house, &okta, NULL); /* begun later */
        directory_flush_scim_log(house->directory);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM scim_log"), 5);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM scim_log WHERE resource_id = '%s'", bob), 2);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM scim_log WHERE resource_id = '%s' AND sealed = 1", bob), 1);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM scim_log WHERE resource_id = '' AND sealed = 1"), 1);
        assert_int_equal(
                house_number(house, "SELECT COUNT(*) FROM scim_log WHERE path = '' AND field = '' AND fields = '' AND note = ''"), 1);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM scim_log WHERE note <> ''"), 0);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM scim_log_about"), 0);
        house_check(house);
        house_close(house);
}

/* However many are purged at once: the row of whom memory has lost is blanked with all that waits. */
static void test_R31_what_waits_is_blanked_when_the_purges_are_too_many_to_remember(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        log_about(house, &okta, ANN_ID);
        scim_log_erase(house->directory->scim_log, okta.root_no, ANN_ID);
        for (int i = 0; i < 128; i++)
                scim_log_erase(house->directory->scim_log, okta.root_no + 1, "0b8f3c1e-8f4b-4a58-9d0e-53f3f6a0c222");
        directory_flush_scim_log(house->directory);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM scim_log WHERE resource_id = '' AND path = '' AND sealed = 0"), 1);
        usleep(1000);
        log_about(house, &okta, ANN_ID);
        directory_flush_scim_log(house->directory);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM scim_log WHERE resource_id <> '' AND sealed = 1"), 1);
        house_close(house);
}

static void too_many_rows_drop_the_oldest_and_are_counted(struct fixture *fixture)
{
        (void)fixture;
        struct scim_log *log = scim_log_new();
        const struct actor actor = { .kind = ACTOR_CONNECTION, .root_no = 1, .no = 2 };
        int64_t before = metric_get(METRIC_SCIM_LOG_DROPPED);
        for (int i = 0; i < SCIM_LOG_WAITING_MAX + 3; i++)
                scim_log_add(log, &(struct scim_log_entry){ .actor = &actor });
        assert_int_equal(metric_get(METRIC_SCIM_LOG_DROPPED) - before, 3);
        scim_log_free(log);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(passwords_leave_a_body_at_any_depth_and_names_stay, ON_SQLITE),
                FIXTURE_TEST(a_sealed_body_opens_for_its_row_alone, ON_SQLITE),
                FIXTURE_TEST(test_R31_a_refusal_is_kept_without_what_a_client_sent, ON_SQLITE),
                FIXTURE_TEST(test_R19_what_was_refused_in_part_is_found_among_the_refused, ON_BOTH),
                FIXTURE_TEST(test_R31_refused_operations_are_kept_without_what_a_client_sent, ON_SQLITE),
                FIXTURE_TEST(a_note_is_kept_up_to_its_bound_in_whole_characters, ON_BOTH),
                FIXTURE_TEST(rows_are_written_read_by_connection_and_status_and_age, ON_BOTH),
                FIXTURE_TEST(test_R19_a_replay_acts_as_the_connection_while_the_body_is_kept, ON_BOTH),
                FIXTURE_TEST(test_R31_a_purge_forgets_the_bodies_that_may_speak_of_the_person, ON_BOTH),
                FIXTURE_TEST(test_R31_a_purge_forgets_the_note_of_a_bulk_that_names_the_person, ON_BOTH),
                FIXTURE_TEST(test_R31_a_purge_forgets_the_notes_that_name_the_person_wherever_they_stand, ON_BOTH),
                FIXTURE_TEST(test_R31_rows_that_wait_at_the_purge_are_written_without_the_person, ON_BOTH),
                FIXTURE_TEST(test_R31_what_waits_is_blanked_when_the_purges_are_too_many_to_remember, ON_SQLITE),
                FIXTURE_TEST(too_many_rows_drop_the_oldest_and_are_counted, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
