/* SPDX-License-Identifier: Apache-2.0
 *
 * R33 and its neighbours: which public addresses, listeners, proxies and database URLs are refused. */
#include "base/settings_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/auto.h"

/* Runs the check on settings that are right but for what the caller changed. Texts are copied, for the check changes public_url. */
struct trial {
        const char *public_url, *listen, *operations_listen, *certificate, *key, *proxies, *database, *dns_server;
        bool behind_proxy;
};

static enum err check(const struct trial *trial, char ret_url[256], struct fault *fault)
{
#define TEXT(member, fallback) (char *)(trial->member ? trial->member : (fallback))
        char url[256];
        (void)snprintf(url, sizeof(url), "%s", trial->public_url ? trial->public_url : "https://id.example.com");
        struct settings settings = {
                .public_url = url,
                .listen = TEXT(listen, "127.0.0.1:8080"),
                .operations_listen = TEXT(operations_listen, ""),
                .tls_certificate_file = TEXT(certificate, ""),
                .tls_key_file = TEXT(key, ""),
                .behind_proxy = trial->behind_proxy,
                .trusted_proxies = TEXT(proxies, ""),
                .database = TEXT(database, "sqlite:/x"),
                .dns_server = TEXT(dns_server, ""),
                .log_level = (char *)"info",
        };
        const void *member = NULL;
        enum err e = settings_check(&settings, &member, fault);
        assert_true(e == ERR_OK || (member >= (void *)&settings && member < (void *)(&settings + 1)));
        if (ret_url)
                memcpy(ret_url, url, sizeof(url));
        return e;
}

static void refuse(struct trial trial, const char *says)
{
        struct fault fault = { 0 };
        enum err e = check(&trial, NULL, &fault);
        if (e != ERR_VALUE || !strstr(fault.message, says))
                fail_msg("\"%s\" lacks \"%s\"", fault.message, says);
}

static void allow(struct trial trial)
{
        struct fault fault;
        if (check(&trial, NULL, &fault))
                fail_msg("%s", fault.message);
}

static void test_wrong_public_urls_are_refused(void **state)
{
        static const struct {
                const char *url, *says;
        } wrong[] = {
                { "id.example.com", "must begin with https" },
                { "ftp://id.example.com", "must begin with https" },
                { "https:/id.example.com", "must begin with https" },
                { "http://id.example.com", "not loopback" },
                { "http://127.evil.example", "not loopback" },
                { "http://127.0.0.1.evil.example", "not loopback" },
                { "http://localhost.evil.example", "not loopback" },
                { "http://0x7f000001", "not loopback" },
                { "http://127.1", "not loopback" },
                { "http://128.0.0.1", "not loopback" },
                { "http://0.0.0.0", "not loopback" },
                { "http://[::]", "not loopback" },
                { "http://[::ffff:127.0.0.1]", "not loopback" },
                { "https://user@id.example.com", "user name or password" },
                { "http://localhost@evil.example", "user name or password" },
                { "https://id.example.com?x=1", "query or fragment" },
                { "https://id.example.com/#x", "query or fragment" },
                { "https://", "no valid HOST" },
                { "https:///path", "no valid HOST" },
                { "https://:443", "no valid HOST" },
                { "https://h:", "no valid HOST" },
                { "https://h:0", "no valid HOST" },
                { "https://h:65536", "no valid HOST" },
                { "https://h:1x", "no valid HOST" },
                { "https://[::1", "no valid HOST" },
                { "https://[h]", "no valid HOST" },
                { "https://[127.0.0.1]", "no valid HOST" },
                { "https://[::1]x", "no valid HOST" },
                { "https://::1", "no valid HOST" },
                { "https://a..b", "no valid HOST" },
                { "https://-a", "no valid HOST" },
                { "https://a_b", "no valid HOST" },
                { "https://id.example.com/a b", "percent-encoded" },
                { "https://id.example.com/\"", "percent-encoded" },
                { "https://id.example.com/<", "percent-encoded" },
                { "https://id.example.com\\x", "percent-encoded" },
                { "https://\xc3\xa9.example", "percent-encoded" },
                { "https://h\x7f", "percent-encoded" },
        };
        for (size_t i = 0; i < COUNT_OF(wrong); i++)
                refuse((struct trial){ .public_url = wrong[i].url }, wrong[i].says);
}

static void test_right_public_urls_are_normalised(void **state)
{
        static const struct {
                const char *from, *to;
        } right[] = {
                { "https://id.example.com/", "https://id.example.com" },
                { "https://id.example.com///", "https://id.example.com" },
                { "HTTPS://ID.Example.COM:8443/Muster/", "https://id.example.com:8443/Muster" },
                { "http://localhost", "http://localhost" },
                { "http://LOCALHOST:8080/", "http://localhost:8080" },
                { "http://127.0.0.1:8080", "http://127.0.0.1:8080" },
                { "http://127.255.0.9", "http://127.255.0.9" },
                { "http://[::1]:8080/x", "http://[::1]:8080/x" },
                { "https://[2001:DB8::1]", "https://[2001:db8::1]" },
        };
        for (size_t i = 0; i < COUNT_OF(right); i++) {
                char url[256];
                struct fault fault;
                struct trial trial = { .public_url = right[i].from };
                if (check(&trial, url, &fault))
                        fail_msg("%s: %s", right[i].from, fault.message);
                assert_string_equal(url, right[i].to);
        }
}

static void test_wrong_listeners_are_refused(void **state)
{
        static const char *const wrong[] = {
                "127.0.0.1",
                "8080",
                ":8080",
                "localhost:8080",
                "127.0.0.1:",
                "127.0.0.1:65536",
                "127.0.0.1:-1",
                "127.0.0.1:80x",
                "::1:8080",
                "[::1]",
                "[::1]:",
                "[::1]8080",
                "[127.0.0.1]:80",
                "127.0.0.1:123456",
                "*:80",
                "http://127.0.0.1:80",
                "[::1:80",
        };
        for (size_t i = 0; i < COUNT_OF(wrong); i++) {
                refuse((struct trial){ .listen = wrong[i] }, "listen is \"");
                refuse((struct trial){ .operations_listen = wrong[i] }, "operations_listen is \"");
        }
        refuse((struct trial){ .listen = "unix:relative" }, "must be absolute");
        refuse((struct trial){ .listen = "unix:" }, "must be absolute");
        refuse(
                (struct trial){
                        .listen = "unix:/12345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345"
                                  "6789012345678" },
                "shorter than 108");
        refuse((struct trial){ .listen = "" }, "listen is \"\"");
}

static void test_exposed_listeners_need_tls_or_a_proxy(void **state)
{
        static const char *const exposed[] = { "0.0.0.0:80", "192.0.2.1:443", "[::]:80", "[2001:db8::1]:80", "[::ffff:127.0.0.1]:80" };
        for (size_t i = 0; i < COUNT_OF(exposed); i++) {
                refuse((struct trial){ .listen = exposed[i] }, "listen is not a loopback address");
                refuse((struct trial){ .operations_listen = exposed[i] }, "operations_listen is not a loopback address");
                allow((struct trial){ .listen = exposed[i], .certificate = "/c", .key = "/k" });
                allow((struct trial){ .listen = exposed[i], .behind_proxy = true, .proxies = "192.0.2.7" });
        }
        static const char *const local[] = { "127.0.0.1:0", "127.9.9.9:80", "[::1]:65535", "unix:/run/muster/http" };
        for (size_t i = 0; i < COUNT_OF(local); i++)
                allow((struct trial){ .listen = local[i], .operations_listen = local[i] });
}

static void test_tls_files_and_proxy_settings_belong_together(void **state)
{
        refuse((struct trial){ .certificate = "/c" }, "belong together");
        refuse((struct trial){ .key = "/k" }, "belong together");
        refuse((struct trial){ .behind_proxy = true }, "behind_proxy needs trusted_proxies");
        refuse((struct trial){ .proxies = "10.0.0.1" }, "no meaning without behind_proxy");
}

static void test_wrong_proxies_are_refused(void **state)
{
        static const char *const wrong[] = {
                "proxy.example.com",
                "10.0.0",
                "10.0.0.0/33",
                "10.0.0.0/",
                "10.0.0.0/-1",
                "::/129",
                "10.0.0.1,,10.0.0.2",
                ",",
                " ",
                "10.0.0.1 10.0.0.2",
                "[::1]",
                "10.0.0.1:80",
                "fe80::1%eth0",
                "0/0",
                "111111111111111111111111111111111111111111111111111111111111111111111111111111111111",
        };
        for (size_t i = 0; i < COUNT_OF(wrong); i++)
                refuse((struct trial){ .behind_proxy = true, .proxies = wrong[i] }, "is no address or CIDR range");
        char many[1024] = "";
        for (int i = 0; i < 65; i++)
                strcat(many, "10.0.0.1,");
        refuse((struct trial){ .behind_proxy = true, .proxies = many }, "more than 64");
        allow((struct trial){ .behind_proxy = true, .proxies = "10.0.0.1, 10.0.0.0/8 ,2001:db8::/32\t,::1" });
}

static void test_R6_the_resolver_is_an_address_and_a_port(void **state)
{
        static const char *const wrong[] = { "192.0.2.1", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536", ":53", "dns.example:53",
                "[::1]:53", "::1:53", "192.0.2.1:53 ", "192.0.2.1:53,192.0.2.2:53" };
        for (size_t i = 0; i < COUNT_OF(wrong); i++)
                refuse((struct trial){ .dns_server = wrong[i] }, "dns_server");
        allow((struct trial){ .dns_server = "192.0.2.1:53" });
}

static void test_database_urls(void **state)
{
        static const char *const secret[] = {
                "postgresql://u:hunter2@h/d",
                "postgresql://u:@h/d",
                "postgresql://:hunter2@h/d",
                "postgresql://h/d?password=hunter2",
                "postgresql://h/d?user=u&password=hunter2",
                "postgresql://h/d?pass%77ord=hunter2",
                "postgresql://h/d?sslpassword=hunter2",
                "postgresql://?user=u:hunter2@h",
                "postgresql://h?%zz=1",
                "postgresql://h/d?%00password=x",
        };
        for (size_t i = 0; i < COUNT_OF(secret); i++) {
                refuse((struct trial){ .database = secret[i] }, "password_file");
                struct fault fault;
                (void)check(&(struct trial){ .database = secret[i] }, NULL, &fault);
                assert_null(strstr(fault.message, "hunter2"));
        }
        static const char *const wrong[] = { "", "muster.db", "sqlite:", "mysql://h/d", "postgres://h/d", "host=h dbname=d", "SQLITE:x" };
        for (size_t i = 0; i < COUNT_OF(wrong); i++)
                refuse((struct trial){ .database = wrong[i] }, "url must be sqlite:PATH or postgresql://");
        static const char *const right[] = {
                "sqlite:/var/lib/muster/muster.db",
                "sqlite::memory:",
                "postgresql://u@h:5432/d",
                "postgresql:///d",
                "postgresql://h1:1,h2:2/d",
                "postgresql://u@h/d?sslmode=verify-full&sslrootcert=/a:b@c",
                "postgresql://[::1]:5432/d",
        };
        for (size_t i = 0; i < COUNT_OF(right); i++)
                allow((struct trial){ .database = right[i] });
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_wrong_public_urls_are_refused),
                cmocka_unit_test(test_right_public_urls_are_normalised),
                cmocka_unit_test(test_wrong_listeners_are_refused),
                cmocka_unit_test(test_exposed_listeners_need_tls_or_a_proxy),
                cmocka_unit_test(test_tls_files_and_proxy_settings_belong_together),
                cmocka_unit_test(test_wrong_proxies_are_refused),
                cmocka_unit_test(test_R6_the_resolver_is_an_address_and_a_port),
                cmocka_unit_test(test_database_urls),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
