/* SPDX-License-Identifier: Apache-2.0
 *
 * What is kept of a body: no password however it is written, names that are only names, and a seal that any change of a byte or of a number
 * breaks. Rows and their ages are test_scim_log's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/auto.h"
#include "directory/scim_log.h"
#include "directory/scim_log_body.h"

#define TEST(function) cmocka_unit_test(function)
#define SEAL_SIZE 28 /* nonce and tag */

static json_t *parsed(const char *text)
{
        struct fault fault = { 0 };
        json_t *json = NULL;
        if (json_parse(text, strlen(text), &json, &fault))
                fail_msg("%s: %s", text, fault.message);
        return json;
}

/* ---- passwords ---- */

static void test_no_way_of_writing_a_password_is_kept(void **state)
{
        (void)state;
        static const char *const texts[] = {
                "{\"password\":\"hunter2\"}",
                "{\"PASSWORD\":[\"hunter2\"]}",
                "{\"password\":{\"value\":\"hunter2\"}}",
                "{\"\\u0070assword\":\"hunter2\"}",
                "{\"urn:ietf:params:scim:schemas:core:2.0:User:passWord\":\"hunter2\"}",
                "[[{\"a\":[{\"b\":{\"password\":\"hunter2\"}}]}]]",
                "{\"Operations\":[{\"path\":\"password\",\"value\":\"hunter2\"}]}",
                "{\"operations\":[{\"VALUE\":\"hunter2\",\"PATH\":\"Password\"}]}",
                "{\"Operations\":[{\"value\":{\"a\":[\"hunter2\"]},\"path\":\"urn:ietf:params:scim:schemas:core:2.0:User:password\"}]}",
                "{\"Operations\":[{\"path\":\"p\\u0061ssword\",\"value\":\"hunter2\"}]}",
                "{\"Operations\":[{\"value\":[{\"password\":\"hunter2\"}]}]}",
                "{\"Operations\":[{\"data\":{\"Operations\":[{\"path\":\"password\",\"value\":\"hunter2\"}]}}]}",
        };
        for (size_t i = 0; i < COUNT_OF(texts); i++) {
                struct fault fault = { 0 };
                json_auto_t *body = parsed(texts[i]);
                auto_buffer kept = { 0 };
                log_body_strip(body);
                assert_int_equal(json_canonical(body, &kept, &fault), ERR_OK);
                if (strstr(kept.data, "hunter2") || !log_body_may_hold_password(texts[i]))
                        fail_msg("%s is kept as %s", texts[i], kept.data);
        }
}

static void test_what_only_looks_like_a_password_stays(void **state)
{
        (void)state;
        static const char *const texts[] = {
                "\"password\"",
                "7",
                "{\"a\":\"password\"}",
                "{\"passwords\":1}",
                "{\"password:x\":1}",
                "{\"Operations\":[{\"path\":\"title\",\"value\":\"password\"}]}",
                "{\"Operations\":[{\"path\":[\"password\"],\"value\":1}]}",
        };
        for (size_t i = 0; i < COUNT_OF(texts); i++) {
                json_auto_t *body = parsed(texts[i]), *before = parsed(texts[i]);
                log_body_strip(body);
                if (!json_equal(body, before))
                        fail_msg("%s is not whole", texts[i]);
        }
        assert_false(log_body_may_hold_password("{\"userName\":\"ann\",\"pass\":\"word\",\"n\":\"\\n\"}")); /* nothing to look for */
}

/* ---- names ---- */

static void check_fields(const char *text, const char *fields)
{
        json_auto_t *body = parsed(text);
        auto_buffer names = { 0 };
        log_body_fields(body, &names);
        buffer_putc(&names, '\0');
        assert_string_equal(names.data, fields);
}

static void test_names_stand_once_and_hold_nothing_that_parts_them(void **state)
{
        (void)state;
        check_fields("[]", "");
        check_fields("{\"schemas\":[],\"ID\":1,\"Meta\":{},\"\":1}", "");
        check_fields("{\"Operations\":{\"a\":1},\"b\":1}", "Operations,b"); /* it is no list */
        check_fields("{\"a b\":1,\"c,d\":1,\"e\\\"f\":1,\"g\\\\h\":1,\"i\\tj\":1,\"k\\u001fl\":1}", "a,c,e,g,i,k");
        check_fields("{\"a b\":1,\"a c\":1,\" d\":1,\"\u00e9\":1,\"$ref\":1,\"urn:x-y:1.0_z\":1}", "a,$ref,urn:x-y:1.0_z");
        check_fields("{\"Operations\":[7,{\"path\":\"name\"},{\"path\":\"NAME\"},{\"path\":\"names\"},{\"path\":\"nam\"},{\"path\":\"\"},"
                     "{\"value\":{\"Name\":1,\"title\":1}},{\"value\":\"x\"},{\"path\":\"emails[value eq \\\"ann@x\\\"].type\"},"
                     "{\"path\":\"emails\"}]}",
                "name,names,nam,title,emails");
        check_fields("{\"Operations\":[{\"method\":\"PUT\",\"path\":\"/Users/ann\"},{\"method\":\"POST\",\"path\":\"Groups?x\"},"
                     "{\"method\":\"DELETE\",\"path\":\"/users\"}]}",
                "Users,Groups"); /* whose it was stands behind */
}

/* A refused path may be a filter, and its row outlives whom it names. */
static void test_R31_a_path_leaves_no_value_of_a_filter(void **state)
{
        (void)state;
        check_fields("{\"Operations\":[{\"op\":\"remove\",\"path\":\"userName eq \\\"ann@x.example\\\"\"}]}", "userName");
        check_fields("{\"Operations\":[{\"path\":\"members[value eq \\\"ann\\\"]\"},{\"path\":\"(title sw \\\"Dr\\\")\"}]}", "members");
        check_fields("{\"emails[value eq \\\"ann@x.example\\\"].type\":1,\"nickName = ann\":2}", "emails,nickName");
}

static void test_a_list_of_names_has_an_end(void **state)
{
        (void)state;
        json_auto_t *body = json_object();
        auto_buffer names = { 0 };
        char name[128];
        memset(name, 'n', sizeof(name));
        for (int i = 0; i < 100; i++) {
                (void)snprintf(name + 100, sizeof(name) - 100, "%02d", i);
                json_object_set_new(body, name, json_true());
        }
        json_object_set_new(body, "last", json_true()); /* a short one has room still */
        log_body_fields(body, &names);
        assert_int_equal(names.length, 9 * 103 - 1 + 5); /* of 1024 bytes */
        assert_memory_equal(names.data + names.length - 5, ",last", 5);
}

/* ---- sealing ---- */

static const unsigned char key[HASH_SIZE] = { 7 };

static void seal(int64_t root_no, int64_t no, const char *text, struct buffer *into)
{
        struct fault fault = { 0 };
        auto_buffer held = { 0 };
        buffer_puts(&held, text);
        struct log_sealer *sealer = log_sealer_new(key);
        assert_non_null(sealer);
        assert_int_equal(log_body_seal(sealer, root_no, no, &held, into, &fault), ERR_OK);
        log_sealer_free(sealer);
}

static enum err try_open(int64_t root_no, int64_t no, const struct buffer *sealed, size_t length)
{
        struct fault fault = { 0 };
        auto_buffer opened = { 0 };
        enum err e = log_body_open(key, root_no, no, (const unsigned char *)sealed->data, length, &opened, &fault);
        assert_int_equal(e, fault.code);
        if (e)
                assert_int_equal(opened.length, 0); /* nothing comes out before its tag is seen */
        return e;
}

static void test_no_byte_of_a_sealed_body_can_be_changed(void **state)
{
        (void)state;
        auto_buffer sealed = { 0 };
        seal(1, 2, "{\"userName\":\"ann\"}", &sealed);
        assert_int_equal(sealed.length, strlen("{\"userName\":\"ann\"}") + SEAL_SIZE);
        for (size_t i = 0; i < sealed.length; i++) {
                sealed.data[i] ^= 0x40;
                assert_int_equal(try_open(1, 2, &sealed, sealed.length), ERR_TAMPERED);
                sealed.data[i] ^= 0x40;
        }
        for (size_t length = 0; length < sealed.length; length++)
                assert_int_equal(try_open(1, 2, &sealed, length), ERR_TAMPERED);
        assert_int_equal(try_open(1, 2, &sealed, sealed.length), ERR_OK);
}

static void test_a_seal_knows_every_bit_of_its_row(void **state)
{
        (void)state;
        auto_buffer sealed = { 0 };
        seal(1, 2, "", &sealed);
        assert_int_equal(sealed.length, SEAL_SIZE);
        assert_int_equal(try_open(1, 2, &sealed, SEAL_SIZE), ERR_OK); /* an empty body is one as well */
        assert_int_equal(try_open(2, 1, &sealed, SEAL_SIZE), ERR_TAMPERED);
        for (int bit = 0; bit < 64; bit++) {
                assert_int_equal(try_open((int64_t)(1 ^ (uint64_t)1 << bit), 2, &sealed, SEAL_SIZE), ERR_TAMPERED);
                assert_int_equal(try_open(1, (int64_t)(2 ^ (uint64_t)1 << bit), &sealed, SEAL_SIZE), ERR_TAMPERED);
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                TEST(test_no_way_of_writing_a_password_is_kept),
                TEST(test_what_only_looks_like_a_password_stays),
                TEST(test_names_stand_once_and_hold_nothing_that_parts_them),
                TEST(test_R31_a_path_leaves_no_value_of_a_filter),
                TEST(test_a_list_of_names_has_an_end),
                TEST(test_no_byte_of_a_sealed_body_can_be_changed),
                TEST(test_a_seal_knows_every_bit_of_its_row),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
