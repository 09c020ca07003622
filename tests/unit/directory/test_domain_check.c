/* SPDX-License-Identifier: Apache-2.0
 *
 * R6, R32: the rows that the repeated look-up of proved domains writes, what its alert says, and what it leaves alone. How long a domain
 * stands without its record is told in test_domain.c. */
#include "directory/house.h"

#include "base/clock.h"
#include "directory/domain.h"
#include "net/fake_dns.h"

#define DAY_US ((int64_t)86400 * US_PER_S)
#define RECORD "_muster-challenge.a.example"

struct scene {
        struct house *house;
        struct fake_dns dns;
        const char *id; /* a.example, verified */
};

static struct domain_row load(struct scene *scene)
{
        struct query query = house_query(scene->house, &scene->house->admin);
        struct domain_row row = { 0 };
        assert_ok(query_domain(&query, house_no(scene->house, scene->id), &row, &scene->house->fault));
        return row;
}

static void publish(struct scene *scene)
{
        fake_dns_set(&scene->dns, RECORD, arena_printf(scene->house->arena, "muster-domain-verification=%s", load(scene).token));
}

static void scene_open(struct fixture *fixture, struct scene *scene)
{
        struct house *house = scene->house = house_open(fixture);
        fake_dns_start(&scene->dns);
        house->directory->dns_server = scene->dns.server;
        scene->id = house_do(house, &house->admin, CHANGE_CREATE, KIND_DOMAIN, NULL, "{\"name\":\"a.example\"}");
        publish(scene);
        house->want.proved = load(scene).token;
        house_do(house, &house->admin, CHANGE_VERIFY, KIND_DOMAIN, scene->id, NULL);
}

static void scene_close(struct scene *scene)
{
        fake_dns_stop(&scene->dns);
        house_close(scene->house);
}

struct watch {
        struct house *house;
        int rounds;         /* how many are let through */
        const char *script; /* runs before the first */
};

static bool goes_on(void *context)
{
        struct watch *watch = context;
        if (watch->script)
                house_script(watch->house, "%s", watch->script);
        watch->script = NULL;
        return watch->rounds-- > 0;
}

static void check(struct scene *scene, int rounds, const char *script)
{
        struct watch watch = { scene->house, rounds, script };
        directory_check_domains(scene->house->directory, scene->house->fixture->reader, goes_on, &watch);
}

/* Due now, and failing for so long already, of which DNS has said so long that the record is gone; 0: not so. */
static void make_due_after(struct scene *scene, int64_t failing_us, int64_t absent_us)
{
        int64_t now_us = clock_stored_us();
        house_script(scene->house, "UPDATE domain SET due_us = 1, failed_us = %lld, absent_us = %lld WHERE root_no = 1",
                (long long)(failing_us ? now_us - failing_us : 0), (long long)(absent_us ? now_us - absent_us : 0));
}

static void make_due(struct scene *scene, int64_t failing_us)
{
        make_due_after(scene, failing_us, failing_us);
}

static int64_t due_us(struct scene *scene)
{
        return house_number(scene->house, "SELECT due_us FROM domain WHERE no = %lld", (long long)house_no(scene->house, scene->id));
}

static int64_t alerts(struct scene *scene, const char *body)
{
        return house_number(
                scene->house, "SELECT COUNT(*) FROM ledger WHERE class = 3 AND event = 'domain-lapsed' AND body LIKE '%s'", body);
}

static void test_R6_a_look_up_notes_when_it_was_and_when_the_next_is_due(struct fixture *fixture)
{
        struct scene scene;
        scene_open(fixture, &scene);
        int64_t before_us = clock_stored_us(), revision = read_revision(fixture->reader, 1);
        make_due(&scene, 0);
        check(&scene, 1, NULL);
        struct domain_row row = load(&scene);
        assert_true(row.checked_us >= before_us && row.checked_us <= clock_stored_us());
        assert_int_equal(row.failed_us, 0);
        assert_int_equal(due_us(&scene), row.checked_us + DAY_US);
        static const int moods[] = { FAKE_DNS_ANSWERS, FAKE_DNS_FAILS };
        fake_dns_set(&scene.dns, RECORD, NULL);
        for (size_t i = 0; i < COUNT_OF(moods); i++) {
                atomic_store(&scene.dns.mood, moods[i]);
                make_due(&scene, 0);
                check(&scene, 1, NULL);
                row = load(&scene);
                assert_int_equal(row.failed_us, row.checked_us); /* since now */
                assert_int_equal(due_us(&scene), row.checked_us + DAY_US / 24);
        }
        make_due(&scene, DAY_US / 2);
        int64_t failed_us = load(&scene).failed_us;
        check(&scene, 1, NULL);
        assert_int_equal(load(&scene).failed_us, failed_us); /* since then, still */
        publish(&scene);
        atomic_store(&scene.dns.mood, FAKE_DNS_ANSWERS);
        make_due(&scene, 30 * DAY_US);
        check(&scene, 1, NULL);
        assert_int_equal(load(&scene).failed_us, 0);
        assert_int_equal(load(&scene).state, DOMAIN_VERIFIED);
        assert_int_equal(read_revision(fixture->reader, 1), revision); /* no change of the directory in any of this */
        house_check(scene.house);
        scene_close(&scene);
}

static void lapses(struct fixture *fixture, int mood, int64_t failing_us, const char *body)
{
        struct scene scene;
        scene_open(fixture, &scene);
        fake_dns_set(&scene.dns, RECORD, NULL);
        atomic_store(&scene.dns.mood, mood);
        make_due_after(&scene, failing_us, mood == FAKE_DNS_ANSWERS ? failing_us : 0);
        int64_t failed_us = load(&scene).failed_us;
        check(&scene, 1, NULL);
        assert_int_equal(load(&scene).state, DOMAIN_LAPSED);
        assert_int_equal(load(&scene).failed_us, failed_us);
        assert_int_equal(due_us(&scene), 0);
        assert_int_equal(alerts(&scene, body), 1);
        assert_int_equal(house_version(scene.house, scene.id), read_revision(fixture->reader, 1));
        check(&scene, 1, NULL);
        assert_int_equal(alerts(&scene, "%"), 1);
        house_check(scene.house);
        scene_close(&scene);
}

static void test_R32_a_domain_without_its_record_lapses_once_and_says_why(struct fixture *fixture)
{
        lapses(fixture, FAKE_DNS_ANSWERS, DAY_US, "{\"name\":\"a.example\",\"reason\":\"record missing\"}");
}

static void test_R32_a_domain_of_which_dns_is_silent_lapses_once_and_says_why(struct fixture *fixture)
{
        lapses(fixture, FAKE_DNS_FAILS, 7 * DAY_US, "{\"name\":\"a.example\",\"reason\":\"dns unreachable\"}");
}

/* The day in which a record must be missing begins when DNS first says that it is, not with an outage before. */
static void test_R6_an_outage_is_no_part_of_the_day_in_which_a_record_is_gone(struct fixture *fixture)
{
        static const struct {
                int mood;
                int64_t failing_us, absent_us;
                enum domain_state state;
                bool absent_begins;
        } cases[] = {
                { FAKE_DNS_ANSWERS, 3 * DAY_US, 0, DOMAIN_VERIFIED, true },
                { FAKE_DNS_ANSWERS, 3 * DAY_US, DAY_US / 2, DOMAIN_VERIFIED, false },
                { FAKE_DNS_FAILS, 3 * DAY_US, 0, DOMAIN_VERIFIED, false },
                { FAKE_DNS_FAILS, 3 * DAY_US, 2 * DAY_US, DOMAIN_VERIFIED, false }, /* only an answer takes it away */
                { FAKE_DNS_ANSWERS, 3 * DAY_US, DAY_US, DOMAIN_LAPSED, false },
                { FAKE_DNS_ANSWERS, 7 * DAY_US, DAY_US / 2, DOMAIN_LAPSED, false }, /* nobody has seen it for a week */
        };
        struct scene scene;
        scene_open(fixture, &scene);
        fake_dns_set(&scene.dns, RECORD, NULL);
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                house_script(scene.house, "UPDATE domain SET state = 2"); /* the last one's lapse */
                house_script(scene.house, "UPDATE root SET proved_domains = 1 WHERE root_no = 1");
                atomic_store(&scene.dns.mood, cases[i].mood);
                make_due_after(&scene, cases[i].failing_us, cases[i].absent_us);
                struct domain_row before = load(&scene);
                check(&scene, 1, NULL);
                struct domain_row after = load(&scene);
                if (after.state != cases[i].state || after.failed_us != before.failed_us ||
                        after.absent_us != (cases[i].absent_begins ? after.checked_us : before.absent_us))
                        fail_msg("case %zu: state %d, absent since %lld", i, (int)after.state, (long long)after.absent_us);
        }
        scene_close(&scene);
}

/* What happened to the domain while DNS was asked, which says that the record is gone. */
static void test_R6_what_changed_meanwhile_is_left_alone(struct fixture *fixture)
{
        static const char *const meanwhile[] = {
                "UPDATE domain SET token = 'another'", /* given up and made anew */
                "UPDATE domain SET proof = 2",         /* by an operator's word now */
                "UPDATE domain SET state = 1",
                "UPDATE domain SET state = 3",
        };
        static const char *const back[] = { "UPDATE domain SET token = 'first'", "UPDATE domain SET proof = 1, state = 2" };
        struct scene scene;
        scene_open(fixture, &scene);
        fake_dns_set(&scene.dns, RECORD, NULL);
        for (size_t i = 0; i < COUNT_OF(meanwhile); i++) {
                for (size_t j = 0; j < COUNT_OF(back); j++)
                        house_script(scene.house, "%s", back[j]);
                make_due(&scene, 2 * DAY_US);
                struct domain_row before = load(&scene);
                int asked = atomic_load(&scene.dns.asked);
                check(&scene, 1, meanwhile[i]);
                assert_int_equal(atomic_load(&scene.dns.asked), asked + 1);
                if (load(&scene).checked_us != before.checked_us || load(&scene).failed_us != before.failed_us || due_us(&scene) != 1)
                        fail_msg("noted in spite of %s", meanwhile[i]);
                assert_int_equal(alerts(&scene, "%"), 0);
        }
        house_script(scene.house, "UPDATE domain SET state = 2, due_us = 1");
        check(&scene, 1, "DELETE FROM domain");
        assert_int_equal(alerts(&scene, "%"), 0);
        scene_close(&scene);
}

static void test_R6_the_longest_due_come_first_and_fifty_at_a_time(struct fixture *fixture)
{
        struct scene scene;
        scene_open(fixture, &scene);
        struct house *house = scene.house;
        make_due(&scene, 0);
        house_script(house, "UPDATE domain SET due_us = 1000");
        for (int i = 0; i < 52; i++) /* the later the number, the longer due */
                house_script(house,
                        "INSERT INTO domain (root_no, no, name_folded, state, proof, token, verified_us, checked_us, failed_us, due_us) VALUES "
                        "(1, %d, 'd%d.example', 2, 1, 'x', 0, 0, 0, %d)",
                        5000 + i, i, 100 - i);
        house_script(house, "UPDATE domain SET due_us = %lld WHERE no = 5051", (long long)(clock_stored_us() + 3600 * US_PER_S));
        int asked = atomic_load(&scene.dns.asked);
        check(&scene, 0, NULL);
        assert_int_equal(atomic_load(&scene.dns.asked), asked); /* it is asked before each */
        check(&scene, 2, NULL);
        assert_int_equal(atomic_load(&scene.dns.asked), asked + 2);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM domain WHERE checked_us > 0 AND no IN (5049, 5050)"), 2);
        house_script(house, "UPDATE domain SET due_us = 1, checked_us = 0 WHERE no IN (5049, 5050)");
        check(&scene, 100, NULL);
        assert_int_equal(atomic_load(&scene.dns.asked), asked + 52);
        assert_int_equal(house_number(house, "SELECT COUNT(*) FROM domain WHERE no >= 5000 AND checked_us = 0"), 2); /* 5000, and 5051 */
        check(&scene, 100, NULL);
        assert_int_equal(atomic_load(&scene.dns.asked), asked + 54);                               /* 5000 and a.example */
        assert_int_equal(house_number(house, "SELECT checked_us FROM domain WHERE no = 5051"), 0); /* not due */
        scene_close(&scene);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_R6_a_look_up_notes_when_it_was_and_when_the_next_is_due, ON_BOTH),
                FIXTURE_TEST(test_R32_a_domain_without_its_record_lapses_once_and_says_why, ON_BOTH),
                FIXTURE_TEST(test_R32_a_domain_of_which_dns_is_silent_lapses_once_and_says_why, ON_BOTH),
                FIXTURE_TEST(test_R6_an_outage_is_no_part_of_the_day_in_which_a_record_is_gone, ON_SQLITE),
                FIXTURE_TEST(test_R6_what_changed_meanwhile_is_left_alone, ON_BOTH),
                FIXTURE_TEST(test_R6_the_longest_due_come_first_and_fifty_at_a_time, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
