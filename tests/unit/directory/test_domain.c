/* SPDX-License-Identifier: Apache-2.0
 *
 * R6: whose an e-mail domain is, how that is proved and how it ends; what may lean on it. Refusals first. */
#include "directory/house.h"

#include "base/clock.h"
#include "directory/domain.h"
#include "net/fake_dns.h"

#define DAY_US ((int64_t)86400 * US_PER_S)
#define OTHERS 7 /* another root */

struct scene {
        struct house *house;
        struct fake_dns dns;
};

static void scene_open(struct fixture *fixture, struct scene *scene)
{
        scene->house = house_open(fixture);
        fake_dns_start(&scene->dns);
        scene->house->directory->dns_server = scene->dns.server;
}

static void scene_close(struct scene *scene)
{
        house_check(scene->house);
        fake_dns_stop(&scene->dns);
        house_close(scene->house);
}

static const char *add(struct scene *scene, const char *name)
{
        return house_do(scene->house, &scene->house->admin, CHANGE_CREATE, KIND_DOMAIN, NULL, "{\"name\":\"%s\"}", name);
}

static enum err add_by_word(struct scene *scene, const struct actor *actor, const char *name)
{
        char text[300];
        (void)snprintf(text, sizeof text, "{\"name\":\"%s\"}", name);
        scene->house->want.operator_verified = true;
        return house_change(scene->house, actor, CHANGE_CREATE, KIND_DOMAIN, NULL, text);
}

static struct domain_row load(struct scene *scene, const char *id)
{
        struct query query = house_query(scene->house, &scene->house->admin);
        struct domain_row row = { 0 };
        assert_ok(query_domain(&query, house_no(scene->house, id), &row, &scene->house->fault));
        return row;
}

/* Puts the record of this domain into DNS. */
static void publish(struct scene *scene, const char *id, const char *name)
{
        char record[300], text[300];
        (void)snprintf(record, sizeof record, "_muster-challenge.%s", name);
        (void)snprintf(text, sizeof text, "muster-domain-verification=%s", load(scene, id).token);
        fake_dns_set(&scene->dns, record, text);
}

static enum err verify(struct scene *scene, const struct actor *actor, const char *ref)
{
        struct house *house = scene->house;
        struct query query = house_query(house, actor);
        struct change change = { .type = resource_type(KIND_DOMAIN), .ref = ref };
        house->fault = (struct fault){ 0 };
        enum err e = domain_look_up(&query, &change, &house->fault);
        if (e)
                return e;
        house->want.proved = change.proved;
        return house_change(house, actor, CHANGE_VERIFY, KIND_DOMAIN, ref, NULL);
}

static const char *add_verified(struct scene *scene, const char *name)
{
        const char *id = add(scene, name);
        publish(scene, id, name);
        assert_ok(verify(scene, &scene->house->admin, id));
        return id;
}

/* Another root of the installation, in rows alone. */
static void add_root(struct scene *scene)
{
        house_script(scene->house,
                "INSERT INTO root (root_no, slug_folded, handle, epoch, revision, last_hash, last_us, next_no, lock_count) SELECT %d, 'globex', "
                "'zzzzzzzz', 1, 0, last_hash, 0, 9, 0 FROM root WHERE root_no = 0",
                OTHERS);
}

static void add_to_other_root(struct scene *scene, const char *name, int state)
{
        house_script(scene->house,
                "INSERT INTO domain (root_no, no, name_folded, state, proof, token, verified_us, checked_us, failed_us, due_us) "
                "VALUES (%d, 5, '%s', %d, 1, 'x', 0, 0, 0, 0)",
                OTHERS, name, state);
        house_script(scene->house, "UPDATE root SET proved_domains = %d WHERE root_no = %d", state == DOMAIN_VERIFIED, OTHERS);
}

/* ---- proving ---- */

static void test_R6_pending_until_its_record_is_there(struct fixture *fixture)
{
        struct scene scene;
        scene_open(fixture, &scene);
        struct house *house = scene.house;
        const char *id = add(&scene, "Example.COM");
        assert_string_equal(house->event, "created");
        assert_string_equal(house->done.after.resource.name, "example.com");
        assert_int_equal(load(&scene, id).state, DOMAIN_PENDING);
        assert_int_equal(strlen(load(&scene, id).token), 40);
        int64_t digest = house_digest(house);
        assert_int_equal(verify(&scene, &house->admin, id), ERR_CONFLICT);
        assert_non_null(strstr(house->fault.message, load(&scene, id).token)); /* what to do */
        fake_dns_set(&scene.dns, "_muster-challenge.example.com", "muster-domain-verification=0123456789");
        assert_int_equal(verify(&scene, &house->admin, id), ERR_CONFLICT);
        fake_dns_set(&scene.dns, "example.com", "muster-domain-verification=0123456789");
        assert_int_equal(verify(&scene, &house->admin, "example.com"), ERR_CONFLICT);
        publish(&scene, id, "example.com");
        atomic_store(&scene.dns.mood, FAKE_DNS_FAILS);
        assert_int_equal(verify(&scene, &house->admin, id), ERR_UNAVAILABLE);
        atomic_store(&scene.dns.mood, FAKE_DNS_ANSWERS);
        assert_int_equal(house_digest(house), digest);
        house->want.proved = "0123456789"; /* of another domain, or of this one before it was given up */
        assert_change(ERR_CONFLICT, house, &house->admin, CHANGE_VERIFY, KIND_DOMAIN, id, NULL);
        assert_change(ERR_CONFLICT, house, &house->admin, CHANGE_VERIFY, KIND_DOMAIN, id, NULL);
        assert_change(ERR_METHOD, house, &house->admin, CHANGE_VERIFY, KIND_PROJECT, "x", NULL);
        assert_ok(verify(&scene, &house->admin, "EXAMPLE.com"));
        assert_string_equal(house->event, "domain-verified");
        assert_int_equal(load(&scene, id).state, DOMAIN_VERIFIED);
        assert_int_equal(load(&scene, id).proof, DOMAIN_BY_DNS);
        assert_ok(verify(&scene, &house->admin, id));
        assert_false(house->done.changed);
        assert_change(ERR_TAKEN, house, &house->admin, CHANGE_CREATE, KIND_DOMAIN, NULL, "{\"name\":\"example.com\"}");
        assert_change(ERR_VALUE, house, &house->admin, CHANGE_CREATE, KIND_DOMAIN, NULL,
                "{\"name\":\"b\xc3\xbc"
                "cher.example\"}");
        const char *old = arena_strdup(house->arena, load(&scene, id).token);
        house_do(house, &house->admin, CHANGE_DELETE, KIND_DOMAIN, id, NULL);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM domain"), 0);
        assert_string_not_equal(load(&scene, add(&scene, "example.com")).token, old);
        scene_close(&scene);
}

static void test_R6_who_may(struct fixture *fixture)
{
        struct scene scene;
        scene_open(fixture, &scene);
        struct house *house = scene.house;
        struct actor member = house_identity(house, "member", "member"), maker = house_identity(house, "maker", NULL),
                     okta = house_connection(house, "okta");
        house_grant(house, maker.id, NULL, "email-domains:create");
        house_grant(house, maker.id, NULL, "email-domains:read");
        const char *id = add(&scene, "example.com");
        publish(&scene, id, "example.com");
        assert_change(ERR_FORBIDDEN, house, &member, CHANGE_CREATE, KIND_DOMAIN, NULL, "{\"name\":\"b.example\"}");
        assert_change(ERR_FORBIDDEN, house, &okta, CHANGE_CREATE, KIND_DOMAIN, NULL, "{\"name\":\"b.example\"}");
        assert_change(ERR_FORBIDDEN, house, &member, CHANGE_DELETE, KIND_DOMAIN, id, NULL);
        assert_int_equal(verify(&scene, &maker, id), ERR_FORBIDDEN);
        assert_int_equal(atomic_load(&scene.dns.asked), 0); /* judged before anybody is asked */
        house->want.proved = load(&scene, id).token;
        assert_change(ERR_FORBIDDEN, house, &maker, CHANGE_VERIFY, KIND_DOMAIN, id, NULL);
        assert_change(ERR_OK, house, &maker, CHANGE_CREATE, KIND_DOMAIN, NULL, "{\"name\":\"c.example\"}");
        scene_close(&scene);
}

static void test_R6_an_organization_has_a_hundred(struct fixture *fixture)
{
        struct scene scene;
        char name[32];
        scene_open(fixture, &scene);
        for (int i = 0; i < 100; i++) {
                (void)snprintf(name, sizeof name, "d%d.example", i);
                add(&scene, name);
        }
        assert_change(ERR_CONFLICT, scene.house, &scene.house->admin, CHANGE_CREATE, KIND_DOMAIN, NULL, "{\"name\":\"last.example\"}");
        house_do(scene.house, &scene.house->admin, CHANGE_DELETE, KIND_DOMAIN, "d7.example", NULL);
        add(&scene, "last.example");
        scene_close(&scene);
}

/* ---- one root of the installation ---- */

static void test_R6_a_squatter_who_proves_nothing_blocks_nobody(struct fixture *fixture)
{
        struct scene scene;
        scene_open(fixture, &scene);
        struct house *house = scene.house;
        add_root(&scene);
        add_to_other_root(&scene, "example.com", DOMAIN_PENDING);
        const char *id = add_verified(&scene, "example.com");
        assert_int_equal(load(&scene, id).state, DOMAIN_VERIFIED);
        house_do(house, &house->admin, CHANGE_DELETE, KIND_DOMAIN, id, NULL);
        house_script(house, "UPDATE domain SET state = 3 WHERE root_no = %d", OTHERS); /* theirs has lapsed */
        assert_int_equal(load(&scene, add_verified(&scene, "example.com")).state, DOMAIN_VERIFIED);
        scene_close(&scene);
}

static void test_R6_what_another_root_proved_is_refused_and_it_is_not_named(struct fixture *fixture)
{
        struct scene scene;
        scene_open(fixture, &scene);
        struct house *house = scene.house;
        const char *id = add(&scene, "example.com");
        publish(&scene, id, "example.com");
        add_root(&scene);
        add_to_other_root(&scene, "example.com", DOMAIN_VERIFIED);
        assert_int_equal(verify(&scene, &house->admin, id), ERR_TAKEN); /* our own pending one, with the record in DNS */
        assert_string_equal(house->fault.field, "name");
        assert_null(strstr(house->fault.message, "globex"));
        assert_int_equal(load(&scene, id).state, DOMAIN_PENDING);
        house_do(house, &house->admin, CHANGE_DELETE, KIND_DOMAIN, id, NULL);
        assert_change(ERR_TAKEN, house, &house->admin, CHANGE_CREATE, KIND_DOMAIN, NULL, "{\"name\":\"EXAMPLE.com\"}");
        assert_null(strstr(house->fault.message, "globex"));
        assert_change(ERR_OK, house, &house->admin, CHANGE_CREATE, KIND_DOMAIN, NULL, "{\"name\":\"a.example.com\"}"); /* exact match */
        assert_int_equal(verify(&scene, &house->admin, "example.com"), ERR_NOT_FOUND);
        assert_change(ERR_NOT_FOUND, house, &house->admin, CHANGE_DELETE, KIND_DOMAIN, "example.com", NULL);
        scene_close(&scene);
}

static void test_R6_an_operators_word(struct fixture *fixture)
{
        static char named[] = "other, acme,globex";
        struct scene scene;
        scene_open(fixture, &scene);
        struct house *house = scene.house;
        struct actor maker = house_identity(house, "maker", NULL);
        house_grant(house, maker.id, NULL, "email-domains:create");
        house_grant(house, maker.id, NULL, "email-domains:verify-domain");
        assert_int_equal(add_by_word(&scene, &maker, "example.com"), ERR_FORBIDDEN); /* administrators only */
        assert_ok(add_by_word(&scene, &house->admin, "example.com"));
        assert_non_null(strstr(house->body, "\"proof\":\"operator\""));
        assert_int_equal(load(&scene, house->done.after.resource.id).proof, DOMAIN_BY_OPERATOR);
        assert_int_equal(house_number(house, "SELECT due_us FROM domain"), 0); /* air-gapped: nothing to look up */
        add_root(&scene);
        assert_int_equal(add_by_word(&scene, &house->admin, "second.example"), ERR_FORBIDDEN);
        assert_non_null(strstr(house->fault.message, "operator_organizations"));
        static const char *const others[] = { "acm", "acme2", "xacme", "acme.", "" };
        for (size_t i = 0; i < COUNT_OF(others); i++) {
                house->directory->operator_organizations = others[i];
                assert_int_equal(add_by_word(&scene, &house->admin, "second.example"), ERR_FORBIDDEN);
        }
        house->directory->operator_organizations = named;
        add_to_other_root(&scene, "theirs.example", DOMAIN_VERIFIED);
        assert_int_equal(add_by_word(&scene, &house->admin, "theirs.example"), ERR_TAKEN); /* a word is no more than a proof */
        assert_ok(add_by_word(&scene, &house->admin, "second.example"));
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM domain WHERE root_no = 1 AND state = 2"), 2);
        scene_close(&scene);
}

/* ---- the daily look-up ---- */

static bool always(void *context)
{
        (void)context;
        return true;
}

/* Time passes: the next look-up is due, and what fails has failed for so much longer. */
static void pass(struct scene *scene, int64_t us)
{
        house_script(scene->house, "UPDATE domain SET due_us = 1 WHERE due_us > 0");
        house_script(scene->house, "UPDATE domain SET failed_us = failed_us - %lld WHERE failed_us > 0", (long long)us);
        house_script(scene->house, "UPDATE domain SET absent_us = absent_us - %lld WHERE absent_us > 0", (long long)us);
        directory_check_domains(scene->house->directory, scene->house->fixture->reader, always, NULL);
}

static int64_t alerts(struct scene *scene)
{
        return house_number(scene->house, "SELECT COUNT(*) FROM ledger WHERE class = 3 AND event = 'domain-lapsed'");
}

static void test_R6_a_record_that_is_gone_for_a_day_lapses(struct fixture *fixture)
{
        struct scene scene;
        scene_open(fixture, &scene);
        struct house *house = scene.house;
        const char *id = add_verified(&scene, "example.com");
        int asked = atomic_load(&scene.dns.asked);
        directory_check_domains(house->directory, fixture->reader, always, NULL);
        assert_int_equal(atomic_load(&scene.dns.asked), asked); /* not due */
        pass(&scene, 0);
        assert_int_equal(atomic_load(&scene.dns.asked), asked + 1);
        assert_int_equal(load(&scene, id).failed_us, 0);
        fake_dns_set(&scene.dns, "_muster-challenge.example.com", NULL);
        pass(&scene, 0);
        assert_true(load(&scene, id).failed_us > 0);
        assert_int_equal(load(&scene, id).state, DOMAIN_VERIFIED);
        publish(&scene, id, "example.com"); /* back in time */
        pass(&scene, DAY_US);
        assert_int_equal(load(&scene, id).failed_us, 0);
        fake_dns_set(&scene.dns, "_muster-challenge.example.com", NULL);
        pass(&scene, 0);
        pass(&scene, DAY_US - 60 * US_PER_S);
        assert_int_equal(load(&scene, id).state, DOMAIN_VERIFIED);
        assert_int_equal(alerts(&scene), 0);
        pass(&scene, 60 * US_PER_S);
        assert_int_equal(load(&scene, id).state, DOMAIN_LAPSED);
        assert_int_equal(alerts(&scene), 1);
        assert_int_equal(house_number(house, "SELECT proved_domains FROM root WHERE root_no = 1"), 0);
        asked = atomic_load(&scene.dns.asked);
        publish(&scene, id, "example.com");
        pass(&scene, DAY_US);
        assert_int_equal(atomic_load(&scene.dns.asked), asked); /* an administrator says when */
        assert_ok(verify(&scene, &house->admin, id));
        assert_int_equal(load(&scene, id).state, DOMAIN_VERIFIED);
        struct verify_report report;
        assert_ok(ledger_verify(fixture->reader, house->admin.root_no, NULL, NULL, &report, &house->fault));
        scene_close(&scene);
}

static void test_R6_dns_that_is_away_for_days_is_no_lapse(struct fixture *fixture)
{
        struct scene scene;
        scene_open(fixture, &scene);
        const char *id = add_verified(&scene, "example.com");
        atomic_store(&scene.dns.mood, FAKE_DNS_FAILS);
        pass(&scene, 0);
        for (int i = 0; i < 6; i++) {
                pass(&scene, DAY_US);
                assert_int_equal(load(&scene, id).state, DOMAIN_VERIFIED);
        }
        assert_int_equal(alerts(&scene), 0);
        pass(&scene, DAY_US);
        assert_int_equal(load(&scene, id).state, DOMAIN_LAPSED);
        assert_int_equal(alerts(&scene), 1);
        assert_ok(add_by_word(&scene, &scene.house->admin, "word.example"));
        pass(&scene, 30 * DAY_US);
        assert_int_equal(alerts(&scene), 1);
        scene_close(&scene);
}

/* ---- what connections list ---- */

static void test_R6_a_connection_lists_verified_domains_only(struct fixture *fixture)
{
        struct scene scene;
        scene_open(fixture, &scene);
        struct house *house = scene.house;
        add_root(&scene);
        add_to_other_root(&scene, "theirs.example", DOMAIN_VERIFIED);
        add(&scene, "pending.example");
        const char *id = add_verified(&scene, "example.com");
        struct actor okta = house_connection(house, "okta");
        static const char *const refused[] = { "[\"pending.example\"]", "[\"theirs.example\"]", "[\"never.example\"]",
                "[\"a.example.com\"]", "[\"example.com\",\"theirs.example\"]", "[\"com\"]", "[\"*.example.com\"]" };
        for (size_t i = 0; i < COUNT_OF(refused); i++) {
                char text[128];
                (void)snprintf(text, sizeof text, "{\"domains\":%s}", refused[i]);
                assert_change(ERR_VALUE, house, &house->admin, CHANGE_MERGE, KIND_CONNECTION, okta.id, text);
                assert_string_equal(house->fault.field, "domains");
                (void)snprintf(text, sizeof text, "{\"name\":\"n\",\"kind\":\"scim\",\"domains\":%s}", refused[i]);
                assert_change(ERR_VALUE, house, &house->admin, CHANGE_CREATE, KIND_CONNECTION, NULL, text);
        }
        house_do(house, &house->admin, CHANGE_MERGE, KIND_CONNECTION, okta.id, "{\"domains\":[\"EXAMPLE.com\",\"example.COM\"]}");
        assert_non_null(strstr(house->done.after.resource.doc, "\"domains\":[\"example.com\"]"));
        assert_change(ERR_CONFLICT, house, &house->admin, CHANGE_DELETE, KIND_DOMAIN, id, NULL);
        assert_non_null(strstr(house->fault.message, okta.id));
        fake_dns_set(&scene.dns, "_muster-challenge.example.com", NULL);
        pass(&scene, 0);
        pass(&scene, DAY_US);
        assert_int_equal(load(&scene, id).state, DOMAIN_LAPSED);
        house_do(house, &house->admin, CHANGE_MERGE, KIND_CONNECTION, okta.id,
                "{\"description\":\"d\"}"); /* a listed one that lapsed may stand */
        house_do(house, &house->admin, CHANGE_MERGE, KIND_CONNECTION, okta.id, "{\"domains\":null}");
        assert_change(ERR_VALUE, house, &house->admin, CHANGE_MERGE, KIND_CONNECTION, okta.id, "{\"domains\":[\"example.com\"]}");
        house_do(house, &house->admin, CHANGE_DELETE, KIND_DOMAIN, id, NULL);
        scene_close(&scene);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_R6_pending_until_its_record_is_there, ON_BOTH),
                FIXTURE_TEST(test_R6_who_may, ON_SQLITE),
                FIXTURE_TEST(test_R6_an_organization_has_a_hundred, ON_SQLITE),
                FIXTURE_TEST(test_R6_a_squatter_who_proves_nothing_blocks_nobody, ON_BOTH),
                FIXTURE_TEST(test_R6_what_another_root_proved_is_refused_and_it_is_not_named, ON_BOTH),
                FIXTURE_TEST(test_R6_an_operators_word, ON_BOTH),
                FIXTURE_TEST(test_R6_a_record_that_is_gone_for_a_day_lapses, ON_BOTH),
                FIXTURE_TEST(test_R6_dns_that_is_away_for_days_is_no_lapse, ON_SQLITE),
                FIXTURE_TEST(test_R6_a_connection_lists_verified_domains_only, ON_BOTH),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
