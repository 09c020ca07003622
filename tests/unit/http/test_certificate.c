/* SPDX-License-Identifier: Apache-2.0
 *
 * Certificates that are read anew: what is presented, and that a pair that cannot be used changes nothing. Pairs are made by openssl. */
#include "http/certificate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static char folder[32], certificate[64], key[64];

FORMAT(1, 2) static void shell(const char *format, ...)
{
        char command[512];
        va_list arguments;
        va_start(arguments, format);
        (void)vsnprintf(command, sizeof command, format, arguments);
        va_end(arguments);
        assert_int_equal(system(command), 0);
}

static void make(const char *name)
{
        shell("cd %s; umask 077; openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout %s.key -out %s.pem -days 1 -subj "
              "/CN=%s 2>/dev/null",
                folder, name, name, name);
}

static int set_up(void **state)
{
        if (system("command -v openssl >/dev/null") != 0)
                return 0;
        memcpy(folder, "/tmp/muster-tls-XXXXXX", sizeof "/tmp/muster-tls-XXXXXX");
        assert_non_null(mkdtemp(folder));
        (void)snprintf(certificate, sizeof certificate, "%s/live.pem", folder);
        (void)snprintf(key, sizeof key, "%s/live.key", folder);
        make("first");
        make("second");
        return 0;
}

static int tear_down(void **state)
{
        if (*folder)
                shell("rm -r %s", folder);
        return 0;
}

static void need_openssl(void)
{
        if (*folder)
                return;
        print_message("skipped: no openssl here\n");
        skip();
}

static void install(const char *chain, const char *with)
{
        shell("cd %s; cp %s.pem live.pem; cp %s.key live.key", folder, chain, with);
}

/* The common name of what a handshake of this thread gets now. */
static const char *presented(void)
{
        static char name[64];
        size_t size = sizeof name;
        gnutls_pcert_st *chain = NULL;
        gnutls_privkey_t private = NULL;
        gnutls_x509_crt_t first;
        unsigned count = 0;
        if (certificate_present(NULL, NULL, 0, NULL, 0, &chain, &count, &private))
                return "nothing";
        assert_int_equal(count, 1);
        assert_non_null(private);
        assert_int_equal(gnutls_pcert_export_x509(chain, &first), 0);
        assert_int_equal(gnutls_x509_crt_get_dn_by_oid(first, GNUTLS_OID_X520_COMMON_NAME, 0, 0, name, &size), 0);
        gnutls_x509_crt_deinit(first);
        return name;
}

static void test_a_reload_presents_the_new_pair_and_a_bad_one_changes_nothing(void **state)
{
        struct certificates *certificates = NULL;
        struct fault fault = { 0 };
        need_openssl();
        assert_string_equal(presented(), "nothing");
        install("first", "first");
        assert_int_equal(certificates_open(certificate, key, &certificates, &fault), ERR_OK);
        certificates_use(certificates);
        assert_string_equal(presented(), "first");
        install("second", "second");
        assert_string_equal(presented(), "first");
        assert_int_equal(certificates_reload(certificates, &fault), ERR_OK);
        assert_string_equal(presented(), "second");
        install("first", "second");
        assert_int_equal(certificates_reload(certificates, &fault), ERR_VALUE);
        assert_non_null(strstr(fault.message, certificate));
        shell("echo no certificate >%s", certificate);
        assert_int_equal(certificates_reload(certificates, &fault), ERR_VALUE);
        install("first", "first");
        shell("chmod 644 %s", key);
        assert_int_not_equal(certificates_reload(certificates, &fault), ERR_OK);
        shell("rm %s", certificate);
        assert_int_equal(certificates_reload(certificates, &fault), ERR_UNAVAILABLE);
        assert_string_equal(presented(), "second");
        shell("chmod 600 %s", key);
        for (int i = 0; i < 20; i++) {
                install(i % 2 ? "second" : "first", i % 2 ? "second" : "first");
                assert_int_equal(certificates_reload(certificates, &fault), ERR_OK);
                assert_string_equal(presented(), i % 2 ? "second" : "first");
        }
        certificates_use(NULL);
        certificates_close(certificates);
}

static void test_a_pair_that_cannot_be_used_is_refused(void **state)
{
        struct certificates *certificates = NULL;
        struct fault fault = { 0 };
        need_openssl();
        install("first", "second");
        assert_int_equal(certificates_open(certificate, key, &certificates, &fault), ERR_VALUE);
        assert_int_not_equal(certificates_open("/nonexistent", key, &certificates, &fault), ERR_OK);
        install("first", "first");
        assert_int_not_equal(certificates_open(certificate, "", &certificates, &fault), ERR_OK);
        assert_null(certificates);
        certificates_close(NULL);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_reload_presents_the_new_pair_and_a_bad_one_changes_nothing),
                cmocka_unit_test(test_a_pair_that_cannot_be_used_is_refused),
        };
        return cmocka_run_group_tests(tests, set_up, tear_down);
}
