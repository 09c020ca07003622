/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads: what the caller may not see answers like what is not there, lists hold exactly what single reads show, another root's rows and
 * rows in the bin are nowhere, reads that run out of time say so. */
#include "directory/house.h"
#include "base/clock.h"

static enum err read_as(struct house *house, const struct actor *actor, enum resource_kind kind, const char *ref)
{
        struct query query = house_query(house, actor);
        struct resource_row row;
        house->fault = (struct fault){ 0 };
        return query_resource(&query, resource_type(kind), ref, &row, &house->fault);
}

static void test_who_sees_what(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor nothing = house_identity(house, "nothing", NULL), member = house_identity(house, "member", "member"),
                     auditor = house_identity(house, "auditor", "auditor"), guest = house_identity(house, "guest", NULL);
        house_user(house, &house->admin, "ann");
        house_do(house, &house->admin, CHANGE_CREATE, KIND_ORGANIZATION, NULL, "{\"slug\":\"kid\",\"name\":\"K\"}");
        const char *app = house_do(house, &house->admin, CHANGE_CREATE, KIND_PROJECT, NULL, "{\"slug\":\"app\",\"name\":\"A\"}");
        house_grant(house, guest.id, app, "no-access");
        const struct {
                enum resource_kind kind;
                const char *ref;
                enum err nothing, member, auditor, guest;
        } cases[] = { { KIND_USER, "ann", ERR_FORBIDDEN, ERR_OK, ERR_OK, ERR_FORBIDDEN },
                { KIND_IDENTITY, "nothing", ERR_FORBIDDEN, ERR_FORBIDDEN, ERR_OK, ERR_FORBIDDEN },
                { KIND_ORGANIZATION, "acme", ERR_NOT_FOUND, ERR_OK, ERR_OK, ERR_NOT_FOUND },
                { KIND_ORGANIZATION, "kid", ERR_NOT_FOUND, ERR_NOT_FOUND, ERR_OK, ERR_NOT_FOUND },
                { KIND_PROJECT, "app", ERR_NOT_FOUND, ERR_NOT_FOUND, ERR_OK, ERR_OK },
                { KIND_PROJECT, "nobody", ERR_NOT_FOUND, ERR_NOT_FOUND, ERR_NOT_FOUND, ERR_NOT_FOUND },
                { KIND_USER, "\xff\xfe", ERR_NOT_FOUND, ERR_NOT_FOUND, ERR_NOT_FOUND, ERR_NOT_FOUND },
                { KIND_USER, "", ERR_NOT_FOUND, ERR_NOT_FOUND, ERR_NOT_FOUND, ERR_NOT_FOUND },
                { KIND_USER, app, ERR_NOT_FOUND, ERR_NOT_FOUND, ERR_NOT_FOUND, ERR_NOT_FOUND } };
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                const struct actor *const actors[] = { &nothing, &member, &auditor, &guest };
                const enum err expected[] = { cases[i].nothing, cases[i].member, cases[i].auditor, cases[i].guest };
                for (size_t a = 0; a < COUNT_OF(actors); a++) {
                        enum err e = read_as(house, actors[a], cases[i].kind, cases[i].ref);
                        if (e != expected[a])
                                fail_msg("caller %zu, %s: %s", a, cases[i].ref, error_row(e)->name);
                }
        }
        house_close(house);
}

struct seen {
        size_t count;
        int64_t last_no;
        char ids[40][UUID_TEXT_SIZE];
};

static enum err see(void *context, const struct resource_row *row, struct fault *fault)
{
        struct seen *seen = context;
        (void)fault;
        assert_true(row->no > seen->last_no);
        seen->last_no = row->no;
        memcpy(seen->ids[seen->count++], row->id, UUID_TEXT_SIZE);
        return ERR_OK;
}

/* Reads all pages of one kind, `limit` at a time; what they show must be what single reads show. */
static size_t list_as(struct house *house, const struct actor *actor, enum resource_kind kind, int limit)
{
        struct query query = house_query(house, actor);
        struct seen seen = { .count = 0 };
        bool more = true;
        int64_t after_no = 0, total;
        while (more) {
                const struct query_page page = { .type = resource_type(kind), .after_no = after_no, .limit = limit };
                size_t before = seen.count;
                assert_ok(query_list(&query, &page, see, &seen, &more, &after_no, &total, &house->fault));
                assert_true(seen.count - before <= (size_t)limit);
                assert_true(!more || seen.count > before || kind == KIND_PROJECT);
        }
        for (size_t i = 0; i < seen.count; i++)
                assert_ok(read_as(house, actor, kind, seen.ids[i]));
        return seen.count;
}

static void test_lists_hold_what_may_be_read(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor guest = house_identity(house, "guest", NULL), auditor = house_identity(house, "auditor", "auditor"),
                     nothing = house_identity(house, "nothing", NULL);
        char name[64];
        for (int i = 0; i < 12; i++) {
                (void)snprintf(name, sizeof name, "u%d", i);
                house_user(house, &house->admin, name);
                const char *app = house_do(house, &house->admin, CHANGE_CREATE, KIND_PROJECT, NULL, "{\"slug\":\"p%d\",\"name\":\"P\"}", i);
                if (i % 5 == 4)
                        house_grant(house, guest.id, app, "viewer");
        }
        house_do(house, &house->admin, CHANGE_DELETE, KIND_USER, "u3", NULL);
        house_do(house, &house->admin, CHANGE_DELETE, KIND_PROJECT, "p3", NULL);
        for (int limit = 1; limit <= 13; limit += 3) {
                assert_int_equal(list_as(house, &auditor, KIND_USER, limit), 12); /* 11 and the owner */
                assert_int_equal(list_as(house, &auditor, KIND_PROJECT, limit), 11);
                assert_int_equal(list_as(house, &guest, KIND_PROJECT, limit), 2);
                assert_int_equal(list_as(house, &nothing, KIND_PROJECT, limit), 0);
                assert_int_equal(list_as(house, &auditor, KIND_IDENTITY, limit), 4);
                assert_int_equal(list_as(house, &auditor, KIND_ORGANIZATION, limit), 1);
        }
        struct query query = house_query(house, &nothing);
        struct seen seen = { .count = 0 };
        bool more;
        int64_t last_no, total;
        const struct query_page page = { .type = resource_type(KIND_USER), .limit = 10 };
        assert_err(query_list(&query, &page, see, &seen, &more, &last_no, &total, &house->fault), ERR_FORBIDDEN);
        assert_int_equal(seen.count, 0);
        house_close(house);
}

/* Law 1 between organisations: a total says how many there are where the caller looks, not how many others have. */
static void test_a_total_counts_one_organisation(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        const char *kid = house_do(house, &house->admin, CHANGE_CREATE, KIND_ORGANIZATION, NULL, "{\"slug\":\"kid\",\"name\":\"K\"}");
        for (int i = 0; i < 5; i++)
                house_identity(house, arena_printf(house->arena, "root-%d", i), NULL);
        house->want.organization = kid;
        house_do(house, &house->admin, CHANGE_CREATE, KIND_IDENTITY, NULL, "{\"name\":\"child\"}");
        struct actor child = house_actor(house, house->token);
        house_grant(house, child.id, kid, "admin");
        house_user(house, &house->admin, "ann");
        const struct {
                const struct actor *who;
                const char *organization;
                enum resource_kind kind;
                int64_t total;
        } cases[] = { { &child, NULL, KIND_IDENTITY, 1 }, { &child, kid, KIND_IDENTITY, 1 }, { &child, NULL, KIND_GRANT, 2 },
                { &child, NULL, KIND_USER, 0 }, { &child, NULL, KIND_GROUP, 0 }, { &house->admin, NULL, KIND_IDENTITY, 6 },
                { &house->admin, kid, KIND_IDENTITY, 1 }, { &house->admin, NULL, KIND_USER, 2 } };
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                struct query query = house_query(house, cases[i].who);
                struct seen seen = { .count = 0 };
                bool more;
                int64_t last_no, total = -7;
                const struct query_page page = {
                        .type = resource_type(cases[i].kind), .organization = cases[i].organization, .limit = 100
                };
                assert_ok(query_list(&query, &page, see, &seen, &more, &last_no, &total, &house->fault));
                assert_int_equal(seen.count, total);
                assert_int_equal(total, cases[i].total);
        }
        struct query query = house_query(house, &house->admin);
        struct seen seen = { .count = 0 };
        bool more;
        int64_t last_no, total = -7;
        const struct query_page page = { .type = resource_type(KIND_ORGANIZATION), .limit = 1 };
        assert_ok(query_list(&query, &page, see, &seen, &more, &last_no, &total, &house->fault));
        assert_true(more);
        assert_int_equal(total, -1); /* a page is no total */
        house_close(house);
}

static enum err count_row(void *context, const struct claimed_row *row, struct fault *fault)
{
        (void)row;
        (void)fault;
        ++*(int *)context;
        return ERR_OK;
}

static void test_a_connection_reads_its_claims_only(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta"), entra = house_connection(house, "entra");
        const char *ann = house_user(house, &okta, "ann"), *eve = house_user(house, &entra, "eve");
        struct query query = house_query(house, &okta);
        struct claimed_row row;
        int count = 0;
        int64_t total;
        assert_ok(query_claimed(&query, resource_type(KIND_USER), ann, &row, &house->fault));
        assert_err(query_claimed(&query, resource_type(KIND_USER), eve, &row, &house->fault), ERR_NOT_FOUND);
        assert_err(query_claimed(&query, resource_type(KIND_GROUP), ann, &row, &house->fault), ERR_NOT_FOUND);
        assert_ok(query_claimed_page(&query, resource_type(KIND_USER), 0, 100, count_row, &count, &house->fault));
        assert_int_equal(count, 1);
        assert_ok(query_claimed_count(&query, resource_type(KIND_USER), &total, &house->fault));
        assert_int_equal(total, 1);
        house_do(house, &okta, CHANGE_DELETE, KIND_USER, ann, NULL);
        assert_err(query_claimed(&query, resource_type(KIND_USER), ann, &row, &house->fault), ERR_NOT_FOUND);
        assert_ok(query_claimed_count(&query, resource_type(KIND_USER), &total, &house->fault));
        assert_int_equal(total, 0);
        house_close(house);
}

static enum err take_line(void *context, const char *json, size_t length, struct fault *fault)
{
        json_auto_t *entry = NULL;
        enum err e = json_parse_object(json, length, &entry, fault);
        *(int *)context += json_object_get(entry, "seq") && json_object_get(entry, "hash");
        return e;
}

static void test_the_ledger_is_for_who_may_read_it(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor auditor = house_identity(house, "auditor", "auditor"), member = house_identity(house, "member", "member");
        int lines = 0;
        int64_t last;
        struct verify_report report;
        struct query query = house_query(house, &member);
        assert_err(query_ledger(&query, 0, 100, 0, take_line, &lines, &last, &house->fault), ERR_FORBIDDEN);
        assert_err(query_verify(&query, NULL, &report, &house->fault), ERR_FORBIDDEN);
        query = house_query(house, &auditor);
        assert_ok(query_ledger(&query, 0, 100, 0, take_line, &lines, &last, &house->fault));
        assert_int_equal(lines, last);
        assert_ok(query_verify(&query, NULL, &report, &house->fault));
        assert_string_equal(report.reason, "");
        raw_script(fixture, "UPDATE ledger SET body = '{}' WHERE root_no = 1 AND seq = 2");
        assert_ok(query_verify(&query, NULL, &report, &house->fault)); /* the report says it */
        assert_int_equal(report.bad_seq, 2);
        house_close(house);
}

static void test_time_runs_out(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        struct actor okta = house_connection(house, "okta");
        house_user(house, &okta, "ann");
        struct query query = house_query(house, &okta);
        query.deadline_us = clock_steady_us() - 1;
        const struct filter *filter;
        struct leniency leniency = { 0 };
        int count = 0;
        assert_ok(filter_parse(resource_type(KIND_USER), NULL, "title pr", 8, house->arena, &leniency, &filter, &house->fault));
        assert_err(query_candidates(&query, resource_type(KIND_USER), filter, count_row, &count, &house->fault), ERR_DEADLINE);
        assert_int_equal(count, 0);
        query = house_query(house, &house->admin);
        query.deadline_us = clock_steady_us() - 1;
        struct seen seen = { .count = 0 };
        bool more;
        int64_t last_no, total;
        const struct query_page page = { .type = resource_type(KIND_USER), .limit = 10 };
        assert_err(query_list(&query, &page, see, &seen, &more, &last_no, &total, &house->fault), ERR_DEADLINE);
        house_close(house);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_who_sees_what, ON_BOTH),
                FIXTURE_TEST(test_lists_hold_what_may_be_read, ON_SQLITE),
                FIXTURE_TEST(test_a_total_counts_one_organisation, ON_BOTH),
                FIXTURE_TEST(test_a_connection_reads_its_claims_only, ON_BOTH),
                FIXTURE_TEST(test_the_ledger_is_for_who_may_read_it, ON_BOTH),
                FIXTURE_TEST(test_time_runs_out, ON_SQLITE),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
