/* SPDX-License-Identifier: Apache-2.0
 *
 * The gate without a server: every byte of names and values, what may stand twice, framing, hosts, and the gaps that a lenient library
 * leaves between the lines. Each refusal by its reason, which tests/hostile does not ask. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <ctype.h>
#include <string.h>
#include <cmocka.h>
#include "base/auto.h"
#include "http/gate.h"

#define BAD_LINES "The header lines are malformed."
#define BAD_FIRST_LINE "The request line is malformed."

static struct request request;
static struct gate gate;

static void begin(const char *version)
{
        memset(request.headers, 0, sizeof(request.headers));
        gate_begin(&gate, &request, &(struct gate_layout){ .method = "GET", .url = "/", .version = version });
        assert_null(gate.why);
}

static bool header(const char *name, const char *value)
{
        return gate_header(&gate, name, strlen(name), value, strlen(value));
}

static void assert_why(const char *why)
{
        assert_string_equal(gate.why ? gate.why : "", why ? why : "");
}

static void only_bytes_of_tokens_make_names_and_methods(void **state)
{
        for (int byte = 1; byte < 256; byte++) {
                const char name[] = { 'a', (char)byte, '\0' };
                bool is_token = (byte < 0x80 && isalnum(byte)) || strchr("!#$%&'*+-.^_`|~", byte);
                begin("HTTP/1.1");
                if (header(name, "") != is_token)
                        fail_msg("byte %02x in a name: %s", (unsigned)byte, gate.why);
                gate_begin(&gate, &request, &(struct gate_layout){ .method = name, .version = "HTTP/1.1" });
                assert_why(is_token ? NULL : "The method holds a character that is not allowed.");
        }
        begin("HTTP/1.1");
        assert_false(gate_header(&gate, "a\0b", 3, "", 0));
        begin("HTTP/1.1");
        assert_false(header("", "a"));
        assert_false(header("Host", "a")); /* after a refusal nothing is taken, and its reason stays */
        assert_null(gate.host);
        assert_false(gate_end(&gate));
        assert_why("A header name is empty or holds a character that is not allowed.");
}

/* Only what we keep must be UTF-8: old clients send Latin-1 in fields that nobody here reads. */
static void a_value_holds_no_control_and_what_is_kept_is_utf8(void **state)
{
        for (int byte = 0; byte < 256; byte++) {
                const char value[] = { 'a', (char)byte, 'b', '\0' };
                bool is_control = (byte < ' ' && byte != '\t') || byte == 0x7f;
                begin("HTTP/1.1");
                if (gate_header(&gate, "X-Other", 7, value, 3) == is_control)
                        fail_msg("byte %02x in a value: %s", (unsigned)byte, gate.why);
                begin("HTTP/1.1");
                assert_int_equal(gate_header(&gate, "User-Agent", 10, value, 3), !is_control && byte < 0x80);
        }
        assert_why("A header value holds a character that is not allowed.");
        begin("HTTP/1.1");
        assert_true(header("User-Agent", "\xc3\xa4"));
}

static void what_frames_or_decides_stands_once(void **state)
{
        static const char *const once[] = { "Authorization", "Content-Type", "Content-Encoding", "If-Match", "Content-Length",
                "Transfer-Encoding", "Host" };
        static const char *const first[] = { "Accept", "If-None-Match", "Prefer", "X-Request-ID", "User-Agent", "Muster-Revision", "Expect",
                "X-Forwarded-For" };
        for (size_t i = 0; i < COUNT_OF(once); i++) {
                char why[64];
                (void)snprintf(why, sizeof(why), "Two %s headers.", once[i]);
                begin("HTTP/1.1");
                assert_true(header(once[i], "")); /* counts, though it is empty */
                assert_false(header(once[i], "b"));
                assert_why(why);
        }
        begin("HTTP/1.1");
        for (size_t i = 0; i < COUNT_OF(first); i++)
                assert_true(header(first[i], "first") && header(first[i], "last"));
        for (int i = HEADER_ACCEPT; i < HEADER_COUNT; i++)
                assert_string_equal(i == HEADER_IF_MATCH ? "first" : request.headers[i], "first");
        assert_string_equal(gate.expect, "first");
        assert_string_equal(gate.forwarded_for, "last"); /* by the nearest proxy */
        assert_true(header("hOST", "a"));
        assert_false(header("Host", "a"));
}

static void spaces_behind_a_value_are_no_part_of_it(void **state)
{
        static const char *const rows[][2] = { { "5 ", "5" }, { "5 \t \t", "5" }, { " \t", "" }, { "5 6\t", "5 6" } };
        request.arena = arena_new(16);
        for (size_t i = 0; i < COUNT_OF(rows); i++) {
                arena_reset(request.arena);
                begin("HTTP/1.1");
                assert_true(header("Content-Length", rows[i][0]));
                assert_string_equal(gate.content_length, rows[i][1]);
        }
        assert_false(header("Accept", "5 ")); /* no room for a second */
        assert_why("The headers are too large.");
        arena_free(request.arena);
}

static void a_body_is_framed_in_one_way_and_has_a_host(void **state)
{
        static const char both[] = "Content-Length and Transfer-Encoding together.", no_number[] = "Content-Length is not a number.",
                          unknown[] = "This Transfer-Encoding is not supported.";
        static const char *const rows[][5] = {
                /* version, host, length, encoding, why */
                { "HTTP/1.1", "a", "5", "chunked", both }, { "HTTP/1.1", "a", "", "", both }, { "HTTP/1.0", "a", NULL, "chunked", unknown },
                { "HTTP/1.1", "a", NULL, "", unknown }, { "HTTP/1.1", "a", NULL, "gzip, chunked", unknown },
                { "HTTP/1.1", "a", "", NULL, no_number }, { "HTTP/1.1", "a", "+5", NULL, no_number },
                { "HTTP/1.1", "a", "5,5", NULL, no_number }, { "HTTP/1.1", NULL, NULL, NULL, "No Host header." },
                { "HTTP/1.0", "a b", NULL, NULL, "The Host header is malformed." }, { "HTTP/1.0", NULL, NULL, NULL, NULL },
                { "HTTP/1.1", "a", NULL, "Chunked", NULL }, { "HTTP/1.1", "a", "99999999999999999999", NULL, NULL } /* not malformed */
        };
        for (size_t i = 0; i < COUNT_OF(rows); i++) {
                begin(rows[i][0]);
                assert_true(!rows[i][1] || header("Host", rows[i][1]));
                assert_true(!rows[i][2] || header("Content-Length", rows[i][2]));
                assert_true(!rows[i][3] || header("Transfer-Encoding", rows[i][3]));
                assert_int_equal(gate_end(&gate), rows[i][4] == NULL);
                assert_why(rows[i][4]);
        }
}

static void assert_each(bool (*judge)(const char *), const char *const *texts, bool expected)
{
        for (; *texts; texts++)
                if (judge(*texts) != expected)
                        fail_msg("'%s' %s", *texts, expected ? "was refused" : "passed");
}

static void an_authority_is_a_host_and_perhaps_a_port(void **state)
{
        static const char *const wrong[] = { "", ":80", "a:", "a:65536", "a:+1", "a:-1", "a: 1", "a:1 ", "a:1:2", "a,b", "a b", "a@b", "a/",
                "a%41", "\xc3\xa4", "[]", "[:]", "[::1", "::1", "[::1]x", "[::1]:", "[::g]", "[::1%25a]", NULL };
        static const char *const right[] = { "a", "a:0", "a:65535", "A-z.0_~", "127.0.0.1:80", "[::]", "[::1]:65535", NULL };
        char name[257];
        assert_each(gate_is_authority, wrong, false);
        assert_each(gate_is_authority, right, true);
        memset(name, 'a', 256);
        name[256] = '\0';
        assert_false(gate_is_authority(name));
        name[253] = '\0';
        assert_true(gate_is_authority(name));
        /* A colon inside brackets begins no port. */
        assert_true(gate_same_authority("[::443]", "[::443]:443", "https"));
        assert_false(gate_same_authority("[::1]", "[::443]", "https"));
}

static void json_is_named_whole(void **state)
{
        static const char *const wrong[] = { "", ";", "application/jso", "application/json5", "application/json x", "application/json,a",
                "text/json", "application/problem+json", "xapplication/json", "application/scim+jsonx", NULL };
        static const char *const right[] = { "application/json", "APPLICATION/json;", "application/json \t;charset=x",
                "application/scim+JSON", "application/scim+json; a", NULL };
        assert_false(gate_is_json(NULL));
        assert_each(gate_is_json, wrong, false);
        assert_each(gate_is_json, right, true);
}

/* Each part begins where the one before it ends, behind one space or line end; bare LF, folded lines and more spaces move what follows. */
static void no_byte_hides_between_the_parts_nor_beyond_the_limit(void **state)
{
        enum { URL, VERSION, NAME, END, COUNT };
        static const char bytes[] = "GET\0aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
        static const char *const why[] = { BAD_FIRST_LINE, BAD_FIRST_LINE, BAD_LINES, BAD_LINES,
                "No Host header." /* the lines are whole */ };
        struct gate_layout layout = { .method = bytes, .raw_url_length = 2, .version = "HTTP/1.1", .block_length = HEADERS_MAX_BYTES };
        gate_begin(&gate, &request, &layout);
        assert_why(NULL); /* the texts alone do not tell */
        layout.block_length++;
        gate_begin(&gate, &request, &layout);
        assert_why("The headers are too large.");
        for (int part = 0; part <= COUNT; part++)
                for (int moved = -1; moved <= 1; moved += 2) {
                        int at[COUNT + 1] = { 4, 7, 17, 27 };
                        at[part] += moved;
                        layout = (struct gate_layout){ bytes, bytes + at[URL], bytes + at[VERSION], (size_t)(6 - at[URL]), (size_t)at[END],
                                1 };
                        gate_begin(&gate, &request, &layout);
                        (void)gate_header(&gate, bytes + at[NAME], 4, bytes + 22, 1);
                        assert_false(gate_end(&gate));
                        assert_why(why[part]);
                }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(only_bytes_of_tokens_make_names_and_methods),
                cmocka_unit_test(a_value_holds_no_control_and_what_is_kept_is_utf8),
                cmocka_unit_test(what_frames_or_decides_stands_once),
                cmocka_unit_test(spaces_behind_a_value_are_no_part_of_it),
                cmocka_unit_test(a_body_is_framed_in_one_way_and_has_a_host),
                cmocka_unit_test(an_authority_is_a_host_and_perhaps_a_port),
                cmocka_unit_test(json_is_named_whole),
                cmocka_unit_test(no_byte_hides_between_the_parts_nor_beyond_the_limit),
        };
        return cmocka_run_group_tests_name("http/gate", tests, NULL, NULL);
}
