/* SPDX-License-Identifier: Apache-2.0
 *
 * What patch_read takes from the text, and that it means what the whole tree means: the same operations, the same refusals. */
#include "patch_fixture.h"

#include "base/text.h"

#define MESSAGE(operations) "{\"schemas\":[\"" URN_PATCH "\"],\"Operations\":[" operations "]}"
#define ADD(list) "{\"op\":\"add\",\"path\":\"members\",\"value\":" list "}"

struct outcome {
        enum err e;
        struct fault fault;
        struct patch_result result;
        struct leniency leniency;
};

static void apply(struct outcome *ret, struct arena *arena, bool strict, const json_t *message, const struct patch_lists *lists)
{
        json_auto_t *before = json_of("{'displayName':'g','id':'7'}");
        *ret = (struct outcome){ .leniency.strict = strict };
        struct patch patch = { resource_type(KIND_GROUP), before, &ret->leniency, arena, *lists };
        ret->e = patch_apply(&patch, message, &ret->result, &ret->fault);
}

static void assert_same(const char *text, const struct outcome *taken, const struct outcome *whole)
{
        if (taken->e != whole->e || strcmp(taken->fault.field, whole->fault.field) != 0 ||
                strcmp(taken->fault.message, whole->fault.message) != 0)
                fail_msg("%s: %s (%s: %s), not %s (%s: %s)", text, error_row(taken->e)->name, taken->fault.field, taken->fault.message,
                        error_row(whole->e)->name, whole->fault.field, whole->fault.message);
        assert_int_equal(taken->leniency.used, whole->leniency.used);
        assert_int_equal(taken->result.edge_count, whole->result.edge_count);
        for (size_t i = 0; i < whole->result.edge_count; i++) {
                const struct edge_operation *one = &taken->result.edges[i], *other = &whole->result.edges[i];
                assert_int_equal(one->verb, other->verb);
                assert_int_equal(one->count, other->count);
                for (size_t k = 0; k < other->count; k++) {
                        assert_string_equal(one->values[k], other->values[k]);
                        assert_int_equal(one->kinds ? one->kinds[k] : KIND_NONE, other->kinds ? other->kinds[k] : KIND_NONE);
                }
        }
        if (whole->result.document)
                assert_true(json_equal(taken->result.document, whole->result.document));
}

/* Reads and applies a message in both ways; `lists`: how many are taken. */
static void check(enum resource_kind kind, const char *text, size_t lists)
{
        for (int strict = 0; strict < 2; strict++) {
                struct arena *arena = arena_new((size_t)32 << 20);
                json_auto_t *message = NULL, *tree = NULL;
                struct patch_lists taken = { 0 };
                struct outcome one, other;
                assert_int_equal(patch_read(resource_type(kind), arena, text, strlen(text), &message, &taken, NULL), ERR_OK);
                assert_int_equal(json_parse_object(text, strlen(text), &tree, NULL), ERR_OK);
                if (taken.count != lists)
                        fail_msg("%s: %zu lists are taken, not %zu", text, taken.count, lists);
                apply(&one, arena, strict, message, &taken);
                apply(&other, arena, strict, tree, &(struct patch_lists){ 0 });
                assert_same(text, &one, &other);
                json_decref(one.result.document);
                json_decref(other.result.document);
                arena_free(arena);
        }
}

static void plain_lists_of_members_are_taken(void **state)
{
        static const char *const texts[] = {
                MESSAGE(ADD("[{\"value\":\"a\"}]")),
                MESSAGE(ADD("[{\"value\":\"a\"},{\"value\":\"b\"},{\"value\":\"a\"}]")),
                MESSAGE(ADD(" [ { \"value\" : \"a b/c\" } ,\n\t{\"value\":\"b\"}\r\n] ")),
                MESSAGE(ADD(
                        "[{\"$ref\":null,\"value\":\"a\"},{\"value\":\"b\",\"display\":\"B\"},{\"display\":\"\",\"value\":\"c\",\"$ref\":\"x\"}]")),
                MESSAGE("{\"OP\":\"Remove\",\"PATH\":\"Members\",\"VALUE\":[{\"value\":\"a\"}]}"),
                MESSAGE("{\"value\":[{\"value\":\"a\"}],\"path\":\"members\",\"op\":\"replace\"}"),
                MESSAGE("{\"op\":\"add\",\"value\":{\"displayName\":\"h\",\"MEMBERS\":[{\"value\":\"a\"}]}}"),
                MESSAGE("{\"op\":\"remove\",\"value\":{\"members\":[{\"value\":\"a\"}]}}"),
                MESSAGE("{\"op\":\"what\",\"path\":\"members\",\"value\":[{\"value\":\"a\"}]}"),
                MESSAGE("{\"op\":\"add\",\"path\":\"URN:ietf:params:scim:schemas:core:2.0:Group:members\",\"value\":[{\"value\":\"a\"}]}"),
                MESSAGE(ADD("[{\"value\":\"\xc3\xa4\x7f\",\"display\":\"\xc3\xb6\"}]")),
                "{\"operations\":[" ADD("[{\"value\":\"a\"}]") "]}",
        };
        for (size_t i = 0; i < COUNT_OF(texts); i++)
                check(KIND_GROUP, texts[i], 1);
        check(KIND_GROUP, MESSAGE(ADD("[{\"value\":\"a\"}]") "," ADD("[{\"value\":\"b\"}]")), 2);
        check(KIND_GROUP, MESSAGE(ADD("[{\"value\":\"a\"}]") "," ADD("[{\"value\":7}]") "," ADD("[{\"value\":\"b\"}]")), 2);
}

/* What is no plain list, or stands where no members are expected, is judged as it always was. */
static void all_else_is_read_whole(void **state)
{
        static const char *const texts[] = {
                MESSAGE(ADD("[]")),
                MESSAGE(ADD("[\"a\"]")),
                MESSAGE(ADD("{\"value\":\"a\"}")),
                MESSAGE(ADD("null")),
                MESSAGE(ADD("[{}]")),
                MESSAGE(ADD("[null]")),
                MESSAGE(ADD("[{\"value\":\"\"}]")),
                MESSAGE(ADD("[{\"value\":null}]")),
                MESSAGE(ADD("[{\"value\":7}]")),
                MESSAGE(ADD("[{\"display\":\"a\"}]")),
                MESSAGE(ADD("[{\"value\":\"a\",\"type\":\"User\"}]")),
                MESSAGE(ADD("[{\"value\":\"a\",\"type\":\"Thing\"}]")),
                MESSAGE(ADD("[{\"value\":\"a\",\"shape\":\"round\"}]")),
                MESSAGE(ADD("[{\"Value\":\"a\"}]")),
                MESSAGE(ADD("[{\"value\":\"a\",\"Value\":\"b\"}]")),
                MESSAGE(ADD("[{\"value\":\"a\",\"display\":[\"b\"]}]")),
                MESSAGE(ADD("[{\"value\":\"\\u0061\"}]")),
                MESSAGE(ADD("[{\"value\":\"a\"},[{\"value\":\"b\"}]]")),
                MESSAGE("{\"op\":\"add\",\"path\":\"displayName\",\"value\":[{\"value\":\"a\"}]}"),
                MESSAGE("{\"op\":\"add\",\"path\":null,\"value\":{\"members\":[{\"value\":\"a\"}]}}"),
                MESSAGE("{\"op\":\"add\",\"path\":7,\"value\":[{\"value\":\"a\"}]}"),
                MESSAGE("{\"op\":\"add\",\"path\":\"urn:ietf:params:scim:schemas:core:2.0:User:members\",\"value\":[{\"value\":\"a\"}]}"),
                MESSAGE("{\"op\":\"add\",\"path\":\"members.value\",\"value\":[{\"value\":\"a\"}]}"),
                MESSAGE("{\"op\":\"add\",\"path\":\"members[value eq 1]\",\"value\":[{\"value\":\"a\"}]}"),
                MESSAGE("{\"op\":\"add\",\"value\":[{\"value\":\"a\"}]}"),
                MESSAGE("{\"op\":\"add\",\"value\":{\"nothing\":[{\"value\":\"a\"}]}}"),
                MESSAGE("{\"op\":\"add\",\"path\":\"members\",\"value\":{\"members\":[{\"value\":\"a\"}]}}"),
                MESSAGE("[{\"value\":\"a\"}]"),
                "{\"schemas\":[{\"value\":\"a\"}],\"Operations\":[" ADD("[{\"value\":\"a\"}]") "]}",
                "{\"Operations\":{\"value\":[{\"value\":\"a\"}]}}",
        };
        for (size_t i = 0; i < COUNT_OF(texts); i++)
                check(KIND_GROUP, texts[i], 0);
        check(KIND_USER, MESSAGE("{\"op\":\"add\",\"path\":\"emails\",\"value\":[{\"value\":\"a\"}]}"), 0);
}

/* One list in the wrong place: none is taken, since the others were made together with it. */
static void one_list_out_of_place_takes_none(void **state)
{
        check(KIND_GROUP, MESSAGE(ADD("[{\"value\":\"a\"}]") ",{\"op\":\"add\",\"path\":\"displayName\",\"value\":[{\"value\":\"a\"}]}"),
                0);
}

static void what_is_no_json_is_refused_as_ever(void **state)
{
        static const char *const texts[] = {
                MESSAGE(ADD("[{\"value\":\"a\"}")),
                MESSAGE(ADD("[{\"value\":\"a\"},]")),
                MESSAGE(ADD("[{\"value\":\"a\",}]")),
                MESSAGE(ADD("[{\"value\":\"a\" \"display\":\"b\"}]")),
                MESSAGE(ADD("[{\"value\":\"a\",\"value\":\"b\"}]")),
                MESSAGE(ADD("[{\"value\":\"a\tb\"}]")),
                MESSAGE(ADD("[{\"value\":\"a\t\"}]")),
                MESSAGE(ADD("[{\"value\n\":\"a\"}]")),
                MESSAGE(ADD("[{\"value\":\"a\",\"display\":\"\n\"}]")),
                MESSAGE(ADD("[{\"value\":\"\x80\"}]")),
                MESSAGE(ADD("[{\"value\":\"a\",\"display\":nullx}]")),
                MESSAGE(ADD("[{\"value\":\"a\"}]")) "x",
                "{\"Operations\":[{\"value\":[{\"value\":\"a\"",
                "{\"Operations\":[{\"value\":[{\"value\":\"a",
                "{\"Operations\":[{\"value\":[",
        };
        for (size_t i = 0; i < COUNT_OF(texts); i++) {
                struct arena *arena = arena_new((size_t)1 << 20);
                struct fault one = { 0 }, other = { 0 };
                struct patch_lists lists;
                json_t *message = NULL;
                assert_int_equal(
                        patch_read(resource_type(KIND_GROUP), arena, texts[i], strlen(texts[i]), &message, &lists, &one), ERR_SYNTAX);
                assert_int_equal(json_parse_object(texts[i], strlen(texts[i]), &message, &other), ERR_SYNTAX);
                assert_string_equal(one.message, other.message);
                assert_null(message);
                arena_free(arena);
        }
}

/* More lists than a PATCH may have operations; and ids as long as a value may be, and longer. */
static void bounds_hold(void **state)
{
        auto_buffer text = { 0 };
        buffer_puts(&text, "{\"Operations\":[");
        for (int i = 0; i < PATCH_OPERATIONS_MAX + 1; i++)
                buffer_puts(&text, i ? "," ADD("[{\"value\":\"a\"}]") : ADD("[{\"value\":\"a\"}]"));
        buffer_puts(&text, "]}");
        check(KIND_GROUP, text.data, PATCH_OPERATIONS_MAX);
        for (size_t more = 0; more < 2; more++) {
                buffer_clear(&text);
                buffer_puts(&text, "{\"Operations\":[{\"op\":\"add\",\"path\":\"members\",\"value\":[{\"value\":\"");
                for (size_t i = 0; i < TEXT_VALUE_MAX_BYTES + more; i++)
                        buffer_putc(&text, 'a');
                buffer_puts(&text, "\"}]}]}");
                check(KIND_GROUP, text.data, 1 - more);
        }
}

static void put_members(struct buffer *text, int count, const char *member)
{
        buffer_puts(text, "{\"op\":\"add\",\"path\":\"members\",\"value\":[");
        for (int i = 0; i < count; i++) {
                buffer_puts(text, i ? "," : "");
                buffer_puts(text, member);
        }
        buffer_puts(text, "]}");
}

/* Members in all lists together: what is above is a tree, which a job's memory bounds. */
static void members_are_bounded(void **state)
{
        for (int more = 0; more < 2; more++) {
                auto_buffer text = { 0 };
                buffer_puts(&text, "{\"Operations\":[");
                put_members(&text, 149999, "{\"value\":\"a\"}");
                buffer_puts(&text, ",");
                put_members(&text, 1 + more, "{\"value\":\"a\"}");
                buffer_puts(&text, "]}");
                check(KIND_GROUP, text.data, 2 - (size_t)more);
        }
}

/* The first reading is gone before the second begins: what a job's memory holds once is enough. */
static void a_second_reading_needs_no_room_for_two(void **state)
{
        auto_buffer text = { 0 };
        struct arena *arena = arena_new((size_t)64 << 20);
        struct patch_lists lists;
        json_auto_t *once = NULL, *message = NULL;
        struct fault fault = { 0 };
        buffer_puts(&text, "{\"Operations\":[");
        put_members(&text, 20000, "{\"value\":\"a\",\"type\":\"User\"}");
        buffer_puts(&text, ",{\"op\":\"add\",\"path\":\"displayName\",\"value\":[{\"value\":\"a\"}]}]}");
        json_memory_install();
        json_memory_limit(0);
        assert_int_equal(json_parse_object(text.data, text.length, &once, &fault), ERR_OK);
        size_t needed = json_memory_used();
        json_memory_limit(needed + needed / 4);
        assert_int_equal(patch_read(resource_type(KIND_GROUP), arena, text.data, text.length, &message, &lists, &fault), ERR_OK);
        assert_int_equal(lists.count, 0);
        assert_true(json_equal(message, once));
        json_memory_limit(0);
        arena_free(arena);
}

/* An arena too small for the list: it is read as a tree, and whoever needs the memory next says so. */
static void without_memory_the_tree_is_read(void **state)
{
        auto_buffer text = { 0 };
        struct arena *arena = arena_new((size_t)17 << 10);
        struct patch_lists lists;
        json_auto_t *message = NULL;
        buffer_puts(&text, "{\"Operations\":[{\"op\":\"add\",\"path\":\"members\",\"value\":[{\"value\":\"a\"}");
        for (int i = 0; i < 5000; i++)
                buffer_puts(&text, ",{\"value\":\"b\"}");
        buffer_puts(&text, "]}]}");
        assert_int_equal(patch_read(resource_type(KIND_GROUP), arena, text.data, text.length, &message, &lists, NULL), ERR_OK);
        assert_int_equal(lists.count, 0);
        assert_int_equal(json_array_size(json_object_get(json_array_get(json_object_get(message, "Operations"), 0), "value")), 5001);
        arena_free(arena);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(plain_lists_of_members_are_taken),
                cmocka_unit_test(all_else_is_read_whole),
                cmocka_unit_test(one_list_out_of_place_takes_none),
                cmocka_unit_test(what_is_no_json_is_refused_as_ever),
                cmocka_unit_test(bounds_hold),
                cmocka_unit_test(members_are_bounded),
                cmocka_unit_test(a_second_reading_needs_no_room_for_two),
                cmocka_unit_test(without_memory_the_tree_is_read),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
