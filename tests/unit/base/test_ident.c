/* SPDX-License-Identifier: Apache-2.0
 *
 * UUIDs, handles, tokens and hashes. Known answers: FIPS 180-4 examples, CRC-32 check value. */
#include "base/ident.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/text.h"

/* mus_id_abcdefgh_, 52 times 'a', and the CRC-32 that zlib gives for that beginning. */
#define KNOWN_TOKEN "mus_id_abcdefgh_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa_343bb335"

static void test_one_wrong_character_anywhere_is_no_token(void **state)
{
        struct fault fault;
        auto_secret token = { 0 };
        assert_int_equal(token_make(TOKEN_SCIM, "abcdefgh", &token, &fault), ERR_OK);
        enum token_kind kind = 0;
        char handle[HANDLE_SIZE] = "";
        for (size_t i = 0; i < token.length; i++) {
                for (int byte = 0; byte < 256; byte++) {
                        char kept = token.text[i];
                        token.text[i] = (char)byte;
                        if (token.text[i] != kept && token_parse(token.text, token.length, &kind, handle))
                                fail_msg("byte %zu as %02x", i, (unsigned)byte);
                        token.text[i] = kept;
                }
        }
        for (size_t length = 0; length < token.length; length++)
                assert_false(token_parse(token.text, length, &kind, handle));
        assert_false(token_parse(token.text, token.length + 1, &kind, handle));
        assert_false(token_parse(NULL, 0, &kind, handle));
        assert_int_equal(kind, 0);
        assert_string_equal(handle, "");
}

static void test_long_and_foreign_text_is_no_token(void **state)
{
        enum token_kind kind;
        char handle[HANDLE_SIZE];
        char *text = malloc(100000);
        memset(text, 'a', 100000);
        memcpy(text, "mus_id_", 7);
        assert_false(token_parse(text, 100000, &kind, handle));
        assert_false(token_parse("mus_", 4, &kind, handle));
        assert_false(token_parse("mus_id_", 7, &kind, handle));
        assert_false(token_parse("mus_other_abcdefgh_", 19, &kind, handle));
        free(text);
        /* The CRC is right, but the last character is none of base32. */
        const char *capital = "mus_id_abcdefgh_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaA_0f5593fd";
        assert_false(token_parse(capital, strlen(capital), &kind, handle));
}

static void test_token_needs_kind_and_handle(void **state)
{
        struct fault fault;
        auto_secret token = { 0 };
        assert_int_equal(token_make(0, "abcdefgh", &token, &fault), ERR_INTERNAL);
        assert_int_equal(token_make(TOKEN_SCIM, "ABCDEFGH", &token, &fault), ERR_INTERNAL);
        assert_int_equal(token_make(TOKEN_SCIM, NULL, &token, &fault), ERR_INTERNAL);
        assert_null(token.text);
}

static void test_token_has_its_form_and_reads_back(void **state)
{
        static const struct {
                enum token_kind kind;
                const char *beginning;
        } kinds[] = { { TOKEN_SCIM, "mus_scim_ab2def7h_" }, { TOKEN_IDENTITY, "mus_id_ab2def7h_" } };
        for (size_t i = 0; i < COUNT_OF(kinds); i++) {
                auto_secret token = { 0 }, other = { 0 };
                assert_int_equal(token_make(kinds[i].kind, "ab2def7h", &token, NULL), ERR_OK);
                assert_int_equal(token_make(kinds[i].kind, "ab2def7h", &other, NULL), ERR_OK);
                assert_true(text_starts_with(token.text, kinds[i].beginning));
                assert_int_equal(token.length, strlen(kinds[i].beginning) + 52 + 1 + 8);
                assert_int_equal(strlen(token.text), token.length);
                assert_true(token.length < TOKEN_TEXT_MAX);
                assert_string_not_equal(token.text, other.text);
                enum token_kind kind;
                char handle[HANDLE_SIZE];
                assert_true(token_parse(token.text, token.length, &kind, handle));
                assert_int_equal(kind, kinds[i].kind);
                assert_string_equal(handle, "ab2def7h");
        }
}

static void test_crc_is_the_usual_crc32(void **state)
{
        enum token_kind kind;
        char handle[HANDLE_SIZE];
        assert_true(token_parse(KNOWN_TOKEN, sizeof(KNOWN_TOKEN) - 1, &kind, handle));
        assert_int_equal(kind, TOKEN_IDENTITY);
}

static void test_wrong_uuids_are_refused(void **state)
{
        static const char *const wrong[] = {
                "",
                "01a1fc93-f12b-7716-a520-fc4c8aaf4eb",
                "01a1fc93-f12b-7716-a520-fc4c8aaf4ebcc",
                "01a1fc93xf12b-7716-a520-fc4c8aaf4ebc",
                "01a1fc93-f12b-7716-a520-fc4c8aaf4ebg",
                "01a1fc93f12b7716a520fc4c8aaf4ebc----",
                "{1a1fc93-f12b-7716-a520-fc4c8aaf4eb}",
                "01a1fc9--f12b-7716-a520-fc4c8aaf4ebc",
        };
        for (size_t i = 0; i < COUNT_OF(wrong); i++)
                assert_false(ident_is_uuid(wrong[i], strlen(wrong[i])));
        assert_false(ident_is_uuid(NULL, 36));
        assert_true(ident_is_uuid("01a1fc93-f12b-7716-a520-FC4C8AAF4EBC", 36));
}

static void test_uuid_is_version_7_of_now(void **state)
{
        char uuid[UUID_TEXT_SIZE], last[UUID_TEXT_SIZE] = "";
        for (int i = 0; i < 1000; i++) {
                int64_t before_ms = clock_now_us() / US_PER_MS;
                ident_uuid(uuid);
                assert_true(ident_is_uuid(uuid, strlen(uuid)));
                assert_int_equal(uuid[14], '7');
                assert_non_null(strchr("89ab", uuid[19]));
                char digits[13];
                memcpy(digits, uuid, 8);
                memcpy(digits + 8, uuid + 9, 4);
                digits[12] = '\0';
                assert_in_range(strtoll(digits, NULL, 16), before_ms, clock_now_us() / US_PER_MS);
                assert_string_not_equal(uuid, last);
                memcpy(last, uuid, sizeof(last));
        }
}

static void test_handles(void **state)
{
        static const char *const wrong[] = { "", "abcdefg", "abcdefghi", "abcdefg1", "abcdefg8", "Abcdefgh", "abcd-fgh" };
        char handle[HANDLE_SIZE], other[HANDLE_SIZE];
        for (size_t i = 0; i < COUNT_OF(wrong); i++)
                assert_false(ident_is_handle(wrong[i]));
        assert_false(ident_is_handle(NULL));
        ident_handle(handle);
        ident_handle(other);
        assert_true(ident_is_handle(handle));
        assert_string_not_equal(handle, other);
}

static void check_sha256(const char *text, size_t length, const char *expected)
{
        unsigned char hash[HASH_SIZE];
        char hex[2 * HASH_SIZE + 1];
        hash_sha256(text, length, hash);
        text_hex(hash, sizeof(hash), hex);
        assert_string_equal(hex, expected);
}

static void *hash_in_thread(void *ret)
{
        for (int i = 0; i < 1000; i++)
                hash_sha256("abc", 3, ret);
        return NULL;
}

static void test_sha256_known_answers_in_every_thread(void **state)
{
        check_sha256("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        check_sha256("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        check_sha256(NULL, 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        check_sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
        pthread_t threads[4];
        unsigned char hashes[4][HASH_SIZE], expected[HASH_SIZE];
        hash_sha256("abc", 3, expected);
        for (int i = 0; i < 4; i++)
                assert_int_equal(pthread_create(&threads[i], NULL, hash_in_thread, hashes[i]), 0);
        for (int i = 0; i < 4; i++) {
                assert_int_equal(pthread_join(threads[i], NULL), 0);
                assert_memory_equal(hashes[i], expected, HASH_SIZE);
        }
}

static void test_parts_are_length_prefixed_and_never_collide(void **state)
{
        unsigned char one[HASH_SIZE], two[HASH_SIZE], expected[HASH_SIZE];
        struct hash *hash = hash_new();
        assert_non_null(hash);
        hash_part(hash, "ab", 2);
        hash_part(hash, "c", 1);
        hash_finish(hash, one);
        hash_sha256("\0\0\0\0\0\0\0\2ab\0\0\0\0\0\0\0\1c", 19, expected);
        assert_memory_equal(one, expected, HASH_SIZE);
        hash_part(hash, "a", 1);
        hash_part(hash, "bc", 2);
        hash_finish(hash, two);
        assert_memory_not_equal(one, two, HASH_SIZE);
        hash_part_i64(hash, -2);
        hash_part(hash, NULL, 0);
        hash_finish(hash, two);
        hash_sha256("\0\0\0\0\0\0\0\x8\xff\xff\xff\xff\xff\xff\xff\xfe\0\0\0\0\0\0\0\0", 24, expected);
        assert_memory_equal(two, expected, HASH_SIZE);
        /* Parts of every size around what waits, small ones before and behind. */
        unsigned char text[1 + 8 + 600 + 9], bytes[600];
        memset(bytes, 'x', sizeof(bytes));
        for (size_t length = 230; length <= sizeof(bytes); length++) {
                memcpy(text, "\0\0\0\0\0\0\0", 8);
                text[6] = (unsigned char)(length >> 8);
                text[7] = (unsigned char)length;
                memcpy(text + 8, bytes, length);
                memcpy(text + 8 + length, "\0\0\0\0\0\0\0\1y", 9);
                hash_part(hash, bytes, length);
                hash_part(hash, "y", 1);
                hash_finish(hash, two);
                hash_sha256(text, 8 + length + 9, expected);
                assert_memory_equal(two, expected, HASH_SIZE);
        }
        hash_free(hash);
        hash_free(NULL);
}

/* RFC 4231, test cases 1, 2 and 6. */
static void test_hmac_known_answers(void **state)
{
        static const struct {
                const char *key, *text, *mac;
        } cases[] = {
                { "\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b", "Hi There",
                        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
                { "Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
        };
        unsigned char mac[HASH_SIZE], key[131];
        char hex[2 * HASH_SIZE + 1];
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                hash_hmac(cases[i].key, strlen(cases[i].key), cases[i].text, strlen(cases[i].text), mac);
                text_hex(mac, HASH_SIZE, hex);
                assert_string_equal(hex, cases[i].mac);
        }
        memset(key, 0xaa, sizeof(key));
        hash_hmac(key, sizeof(key), "Test Using Larger Than Block-Size Key - Hash Key First", 54, mac);
        text_hex(mac, HASH_SIZE, hex);
        assert_string_equal(hex, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_one_wrong_character_anywhere_is_no_token),
                cmocka_unit_test(test_long_and_foreign_text_is_no_token),
                cmocka_unit_test(test_token_needs_kind_and_handle),
                cmocka_unit_test(test_token_has_its_form_and_reads_back),
                cmocka_unit_test(test_crc_is_the_usual_crc32),
                cmocka_unit_test(test_wrong_uuids_are_refused),
                cmocka_unit_test(test_uuid_is_version_7_of_now),
                cmocka_unit_test(test_handles),
                cmocka_unit_test(test_sha256_known_answers_in_every_thread),
                cmocka_unit_test(test_hmac_known_answers),
                cmocka_unit_test(test_parts_are_length_prefixed_and_never_collide),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
