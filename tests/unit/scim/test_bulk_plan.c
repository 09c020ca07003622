/* SPDX-License-Identifier: Apache-2.0
 *
 * The plan of a Bulk request: every operation behind those it needs, circles in one piece, the order of the message kept else; and ids
 * in place of names. */
#include "model/model_fixture.h"

#include "scim/bulk.h"

struct planned {
        struct arena *arena;
        json_t *message;
        struct bulk bulk;
};

/* Each letter a POST of that bulkId, and the letters behind it those it needs: "ab bc c". */
static struct planned plan(const char *text)
{
        struct planned planned = { .arena = arena_new((size_t)8 << 20), .message = json_of("{'Operations':[]}") };
        struct leniency leniency = { 0 };
        struct fault fault = { 0 };
        for (const char *at = text; *at; at += strcspn(at, " "), at += *at == ' ') {
                json_t *needs = json_array();
                for (size_t i = 1; i < strcspn(at, " "); i++)
                        (void)json_array_append_new(needs, json_sprintf("bulkId:%c", at[i]));
                (void)json_array_append_new(json_object_get(planned.message, "Operations"),
                        json_pack("{s:s, s:s, s:o, s:{s:o}}", "method", "POST", "path", "/Users", "bulkId", json_sprintf("%c", *at), "data",
                                "x", needs));
        }
        assert_int_equal(bulk_parse(planned.message, schema_set_builtin(), planned.arena, &leniency, &planned.bulk, &fault), ERR_OK);
        return planned;
}

static void done(struct planned *planned)
{
        bulk_done(&planned->bulk);
        json_decref(planned->message);
        arena_free(planned->arena);
}

/* "c b a": one circle a word, "*" behind it when it is one indeed. */
static void assert_order(const char *text, const char *expected)
{
        struct planned planned = plan(text);
        char found[256] = "", *at = found;
        for (size_t i = 0; i < planned.bulk.count; i++) {
                const struct bulk_operation *operation = &planned.bulk.operations[planned.bulk.order[i]];
                bool last = i + 1 == planned.bulk.count || planned.bulk.operations[planned.bulk.order[i + 1]].circle != operation->circle;
                at += snprintf(at, 8, "%s%s%s", operation->bulk_id, last && operation->is_circular ? "*" : "", last ? " " : "");
        }
        if (at != found)
                at[-1] = '\0';
        done(&planned);
        assert_string_equal(found, expected);
}

static void test_order(void **state)
{
        assert_order("", "");
        assert_order("a b c", "a b c");
        assert_order("ab bc c", "c b a");
        assert_order("ac b c", "c a b");
        assert_order("a ba ca", "a b c");
        assert_order("aa", "a*");
        assert_order("ab ba", "ab*");
        assert_order("ab bc ca", "abc*");
        assert_order("ab ba ca dc", "ab* c d");
        assert_order("ab bcd cb d", "d bc* a");
        assert_order("ab ba cd dc eac", "ab* cd* e");
        assert_order("abcdef b c d e f", "b c d e f a");
        assert_order("az b", "a b"); /* refused later, for nobody is z */
}

static void test_a_thousand_in_a_chain_need_no_stack(void **state)
{
        struct planned planned = { .arena = arena_new((size_t)32 << 20), .message = json_of("{'Operations':[]}") };
        struct leniency leniency = { 0 };
        struct fault fault = { 0 };
        for (int i = 0; i < BULK_OPERATIONS_MAX; i++)
                (void)json_array_append_new(json_object_get(planned.message, "Operations"),
                        json_pack("{s:s, s:s, s:o, s:{s:o}}", "method", "POST", "path", "/Users", "bulkId", json_sprintf("%d", i), "data",
                                "x", json_sprintf("bulkId:%d", (i + 1) % BULK_OPERATIONS_MAX)));
        assert_int_equal(bulk_parse(planned.message, schema_set_builtin(), planned.arena, &leniency, &planned.bulk, &fault), ERR_OK);
        assert_true(planned.bulk.operations[0].is_circular);
        for (size_t i = 1; i < planned.bulk.count; i++)
                assert_int_equal(planned.bulk.operations[i].circle, planned.bulk.operations[0].circle);
        (void)json_array_append_new(json_object_get(planned.message, "Operations"), json_object());
        assert_int_equal(bulk_parse(planned.message, schema_set_builtin(), planned.arena, &leniency, &planned.bulk, &fault), ERR_TOO_LARGE);
        done(&planned);
}

/* ---- the shape of an operation ---- */

/* Refused by itself with `code`; ERR_OK: taken. */
static void test_each_operation_is_judged_by_itself(void **state)
{
        static const struct {
                const char *operation;
                enum err code;
        } rows[] = {
                { "{'method':'POST','path':'/Users','bulkId':'a','data':{}}", ERR_OK },
                { "{'method':'post','path':'/Users','bulkId':'b','data':{}}", ERR_OK },
                { "{'method':'POST','path':'/Users/1','bulkId':'c','data':{}}", ERR_METHOD },
                { "{'method':'POST','path':'/Users','data':{}}", ERR_SYNTAX },
                { "{'method':'POST','path':'/Users','bulkId':'d'}", ERR_SYNTAX },
                { "{'method':'POST','path':'/Users','bulkId':'a','data':{}}", ERR_VALUE },
                { "{'method':'PUT','path':'/Users/1','data':{}}", ERR_OK },
                { "{'method':'PUT','path':'/Users/1','bulkId':'a','data':{}}", ERR_OK },
                { "{'method':'PUT','path':'/Users','data':{}}", ERR_METHOD },
                { "{'method':'PUT','path':'/Users/1'}", ERR_SYNTAX },
                { "{'method':'PATCH','path':'/Groups/1','data':{}}", ERR_OK },
                { "{'method':'PATCH','path':'/Groups','data':{}}", ERR_METHOD },
                { "{'method':'PATCH','path':'/Groups/1','data':[]}", ERR_SYNTAX },
                { "{'method':'DELETE','path':'/Users/1'}", ERR_OK },
                { "{'method':'DELETE','path':'/Users'}", ERR_METHOD },
                { "{'method':'GET','path':'/Users/1'}", ERR_METHOD },
                { "{'method':'DELETE','path':'/Bulk/1'}", ERR_VALUE },
                { "{'method':'DELETE','path':'/Me/1'}", ERR_NOT_IMPLEMENTED },
                { "{'method':'DELETE','path':'/Nothing/1'}", ERR_NOT_FOUND },
        };
        struct planned planned = { .arena = arena_new((size_t)8 << 20), .message = json_of("{'Operations':[]}") };
        struct leniency leniency = { 0 };
        struct fault fault = { 0 };
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                (void)json_array_append_new(json_object_get(planned.message, "Operations"), json_of(rows[i].operation));
        assert_int_equal(bulk_parse(planned.message, schema_set_builtin(), planned.arena, &leniency, &planned.bulk, &fault), ERR_OK);
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                if (planned.bulk.operations[i].refused != rows[i].code)
                        fail_msg("%s: %s", rows[i].operation, error_row(planned.bulk.operations[i].refused)->name);
        assert_ptr_equal(bulk_find(&planned.bulk, "a"), &planned.bulk.operations[0]); /* who refers to it means the one that is made */
        assert_null(bulk_find(&planned.bulk, "z"));
        done(&planned);
}

/* A body where none belongs says nothing: it makes no operation wait, or fail for a name that nobody has. */
static void test_the_data_of_a_DELETE_is_not_looked_at(void **state)
{
        struct planned planned = { .arena = arena_new((size_t)8 << 20),
                .message = json_of("{'Operations':[{'method':'DELETE','path':'/Users/1','data':{'x':'bulkId:nobody'}}]}") };
        struct leniency leniency = { 0 };
        struct fault fault = { 0 };
        assert_int_equal(bulk_parse(planned.message, schema_set_builtin(), planned.arena, &leniency, &planned.bulk, &fault), ERR_OK);
        assert_int_equal(planned.bulk.operations[0].refused, ERR_OK);
        assert_null(planned.bulk.operations[0].data);
        done(&planned);
}

/* ---- references ---- */

static const char *ids(void *context, const char *bulk_id)
{
        return strcmp(bulk_id, "known") == 0 ? "ID" : NULL;
}

static void assert_resolved(const char *data, const char *expected, const char *expected_later)
{
        struct arena *arena = arena_new((size_t)1 << 20);
        json_auto_t *from = json_of(data), *wanted = json_of(expected), *wanted_later = expected_later ? json_of(expected_later) : NULL;
        json_auto_t *copy = json_deep_copy(from), *found = NULL, *later = NULL;
        assert_int_equal(bulk_resolve(from, arena, ids, NULL, &found, &later), ERR_OK);
        if (!json_equal(found, wanted) || (later || wanted_later ? !json_equal(later, wanted_later) : false))
                fail_msg("%s gives %s and %s", data, json_dumps(found, 0), later ? json_dumps(later, 0) : "nothing");
        assert_true(json_equal(from, copy));
        arena_free(arena);
}

static void test_names_become_ids(void **state)
{
        assert_resolved("{'a':'bulkId:known'}", "{'a':'ID'}", NULL);
        assert_resolved("{'members':[{'value':'bulkId:known','n':[1,true,null]}]}", "{'members':[{'value':'ID','n':[1,true,null]}]}", NULL);
        assert_resolved("{'a':'x bulkId:known','b':' bulkId:known','c':'bulkid:known'}",
                "{'a':'x bulkId:known','b':' bulkId:known','c':'bulkid:known'}", NULL);
        assert_resolved("{'x':{'$ref':'../Users/bulkId:known'}}", "{'x':{'$ref':'../Users/ID'}}", NULL);
        assert_resolved("{'x':{'path':'members[value eq \\'bulkId:known\\' or value eq \\'bulkId:known\\']'}}",
                "{'x':{'path':'members[value eq \\'ID\\' or value eq \\'ID\\']'}}", NULL);
        assert_resolved("{'path':'xbulkId:known'}", "{'path':'xbulkId:known'}", NULL);
}

static void test_what_is_not_known_yet_comes_later(void **state)
{
        assert_resolved(
                "{'a':1,'manager':{'value':'bulkId:no'}}", "{'a':1}", "[{'op':'add','path':'manager','value':{'value':'bulkId:no'}}]");
        assert_resolved("{'members':[{'value':'bulkId:no'},{'value':'bulkId:known'},{'value':'x'}]}",
                "{'members':[{'value':'ID'},{'value':'x'}]}", "[{'op':'add','path':'members','value':[{'value':'bulkId:no'}]}]");
        assert_resolved("{'urn:e':{'d':'1','manager':'bulkId:no'}}", "{'urn:e':{'d':'1'}}",
                "[{'op':'add','path':'urn:e:manager','value':'bulkId:no'}]");
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_order),
                cmocka_unit_test(test_a_thousand_in_a_chain_need_no_stack),
                cmocka_unit_test(test_each_operation_is_judged_by_itself),
                cmocka_unit_test(test_the_data_of_a_DELETE_is_not_looked_at),
                cmocka_unit_test(test_names_become_ids),
                cmocka_unit_test(test_what_is_not_known_yet_comes_later),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
