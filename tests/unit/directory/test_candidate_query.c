/* SPDX-License-Identifier: Apache-2.0
 *
 * What an index leaves of a filter: among more rows than may be read one after another, a comparison with a unique attribute of a declared
 * schema or type answers, and nobody is lost who reads that value in what his connection says of him. */
#include "directory/house.h"

#define BADGE "urn:a:badge:1:User"
#define BADGE_SCHEMA \
        "{\"urn\":\"" BADGE "\",\"name\":\"Badge\",\"resourceType\":\"User\",\"attributes\":[{\"name\":\"badge\",\"uniqueness\":" \
        "\"server\"},{\"name\":\"seat\",\"type\":\"integer\",\"uniqueness\":\"server\"},{\"name\":\"doors\",\"type\":\"complex\"," \
        "\"multiValued\":true,\"subAttributes\":[{\"name\":\"lock\",\"uniqueness\":\"server\",\"caseExact\":true},{\"name\":\"side\"}]}]}"
#define DEVICE_SCHEMA "{\"urn\":\"urn:a:device:1\",\"name\":\"Device\",\"attributes\":[{\"name\":\"serial\",\"uniqueness\":\"server\"}]}"
#define DEVICE_TYPE "{\"name\":\"Device\",\"endpoint\":\"/Devices\",\"schema\":\"urn:a:device:1\"}"
#define DEVICE ((enum resource_kind)KIND_DECLARED_FIRST)
#define ROWS 25000

struct seen {
        int count;
        char id[UUID_TEXT_SIZE];
        const struct filter *filter;
        struct arena *arena;
};

static enum err see(void *context, const struct claimed_row *row, struct fault *fault)
{
        struct seen *seen = context;
        json_auto_t *document = NULL;
        assert_ok(json_parse_object(row->claim.doc, row->claim.doc_length, &document, fault));
        if (filter_match(seen->filter, document, seen->arena) == TRUTH_TRUE) {
                seen->count++;
                memcpy(seen->id, row->resource.id, UUID_TEXT_SIZE);
        }
        return ERR_OK;
}

/* How many match; `id` (may be NULL) is the last of them. */
static enum err ask(
        struct house *house, const struct actor *actor, enum resource_kind kind, const char *text, int *ret_count, const char *id)
{
        struct actor asking = *actor;
        asking.schemas_revision = house_number(house, "SELECT schemas_revision FROM root WHERE root_no = 1");
        struct query query = house_query(house, &asking);
        struct seen seen = { .arena = house->arena };
        struct leniency leniency = { 0 };
        house->fault = (struct fault){ 0 };
        assert_ok(query_schemas(&query, &house->fault));
        const struct resource_type *type = schema_set_type(query.schemas, kind);
        assert_ok(filter_parse(type, NULL, text, strlen(text), house->arena, &leniency, &seen.filter, &house->fault));
        enum err e = query_candidates(&query, type, seen.filter, see, &seen, &house->fault);
        *ret_count = seen.count;
        if (!e && id && seen.count)
                assert_string_equal(seen.id, id);
        return e;
}

static void assert_found(
        struct house *house, const struct actor *actor, enum resource_kind kind, const char *text, int expected, const char *id)
{
        int count;
        enum err e = ask(house, actor, kind, text, &count, id);
        if (e || count != expected)
                fail_msg("%s: %s %s, %d found", text, error_row(e)->name, house->fault.message, count);
}

/* Copies of one row under other numbers, past the directory: only how many there are is of interest. */
static void fill(struct house *house, const char *id, int64_t connection_no, enum resource_kind kind)
{
        int64_t no = house_no(house, id);
        house_script(house,
                "INSERT INTO resource (root_no, no, id, org_no, kind, name_folded, source_no, active, version, created_us, modified_us, "
                "deleted_us, doc) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT root_no, no + 100000 * "
                "%d + i, '00000000-0000-4000-8%d-' || CAST(100000000000 + i AS TEXT), org_no, kind, 'copy' || CAST(i AS TEXT), source_no, "
                "active, version, created_us, modified_us, 0, '{\"userName\":\"copy' || CAST(i AS TEXT) || '\"}' FROM resource CROSS JOIN n "
                "WHERE no = %lld",
                ROWS, (int)kind, 100 + (int)kind, (long long)no);
        house_script(house,
                "INSERT INTO claim (root_no, connection_no, kind, no, external_id, claimed_active, ended, modified_us, doc) SELECT root_no, "
                "%lld, kind, no, '', 1, 0, modified_us, '' FROM resource WHERE kind = %d AND name_folded LIKE 'copy%%'",
                (long long)connection_no, (int)kind);
        house_script(house, "UPDATE resource_count SET live = live + %d WHERE kind = %d AND connection_no IN (-1, %lld)", ROWS, (int)kind,
                (long long)connection_no);
}

static void test_eq_on_a_declared_unique_attribute_answers_among_many(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        int count;
        house->declares = true;
        struct actor okta = house_connection(house, "okta");
        house_do(house, &house->admin, CHANGE_CREATE, KIND_SCHEMA, NULL, BADGE_SCHEMA);
        house_do(house, &house->admin, CHANGE_CREATE, KIND_SCHEMA, NULL, DEVICE_SCHEMA);
        house_do(house, &house->admin, CHANGE_CREATE, KIND_RESOURCE_TYPE, NULL, DEVICE_TYPE);
        const char *ann = house_do(house, &okta, CHANGE_CREATE, KIND_USER, NULL,
                "{\"schemas\":[\"" URN_USER "\"],\"userName\":\"ann\",\"title\":\"T\",\"" BADGE
                "\":{\"badge\":\"B-1\",\"seat\":7,\"doors\":[{\"lock\":\"L1\",\"side\":\"a\"},{\"lock\":\"L2\",\"side\":\"b\"}]}}");
        const char *device = house_do(
                house, &okta, CHANGE_CREATE, DEVICE, NULL, "{\"schemas\":[\"urn:a:device:1\"],\"serial\":\"S-1\",\"externalId\":\"x\"}");
        fill(house, ann, okta.no, KIND_USER);
        fill(house, device, okta.no, DEVICE);
        assert_found(house, &okta, KIND_USER, BADGE ":badge eq \"b-1\"", 1, ann);
        assert_found(house, &okta, KIND_USER, BADGE ":badge eq \"b-2\"", 0, NULL);
        assert_found(house, &okta, KIND_USER, BADGE ":seat eq 7", 1, ann);
        assert_found(house, &okta, KIND_USER, BADGE ":seat eq 7.0", 1, ann);
        assert_found(house, &okta, KIND_USER, BADGE ":seat eq -0", 0, NULL);
        assert_found(house, &okta, KIND_USER, "title eq \"t\" and (title pr and " BADGE ":badge eq \"B-1\")", 1, ann);
        assert_found(house, &okta, KIND_USER, "title eq \"u\" and " BADGE ":badge eq \"B-1\"", 0, NULL);
        assert_found(house, &okta, KIND_USER, BADGE ":doors[lock eq \"L2\" and side eq \"b\"]", 1, ann);
        assert_found(house, &okta, KIND_USER, BADGE ":doors[lock eq \"L2\" and side eq \"a\"]", 0, NULL);
        assert_found(house, &okta, KIND_USER, BADGE ":doors.lock eq \"L1\"", 1, ann);
        assert_found(house, &okta, KIND_USER, BADGE ":doors.lock eq \"l1\"", 0, NULL); /* caseExact */
        assert_found(house, &okta, DEVICE, "serial eq \"s-1\"", 1, device);
        assert_found(house, &okta, DEVICE, "serial eq \"b-1\"", 0, NULL);
        static const char *const wide[] = { BADGE ":badge co \"1\"", BADGE ":badge eq \"B-1\" or title eq \"T\"",
                "not (" BADGE ":badge eq \"B-1\")", BADGE ":seat eq 7.5", BADGE ":seat gt 1",
                BADGE ":doors[lock eq \"L2\" or side eq \"a\"]", BADGE ":badge eq null" };
        for (size_t i = 0; i < COUNT_OF(wide); i++)
                if (ask(house, &okta, KIND_USER, wide[i], &count, NULL) != ERR_TOO_MANY)
                        fail_msg("%s was answered", wide[i]);
        house_close(house);
}

static struct actor connect(struct house *house, const char *name, const char *adoption)
{
        house_do(house, &house->admin, CHANGE_CREATE, KIND_CONNECTION, NULL,
                "{\"name\":\"%s\",\"kind\":\"scim\",\"upstream\":\"Acme IdP\",\"adoption\":\"%s\"}", name, adoption);
        return house_actor(house, house->token);
}

#define ANN(mail, badge) \
        "{\"schemas\":[\"" URN_USER "\"],\"userName\":\"ann\",\"externalId\":\"x\",\"emails\":[{\"value\":\"" mail "\"}],\"" BADGE \
        "\":{\"badge\":\"" badge "\"}}"

/* Two connections know the same user, and the older one's word is the resource's: each finds him by what it reads itself. */
static void test_each_source_finds_what_it_says(struct fixture *fixture)
{
        struct house *house = house_open(fixture);
        house->declares = true;
        house_do(house, &house->admin, CHANGE_CREATE, KIND_UPSTREAM, NULL, "{\"name\":\"Acme IdP\"}");
        struct actor okta = connect(house, "okta", "refuse"), entra = connect(house, "entra", "same_upstream");
        house_do(house, &house->admin, CHANGE_CREATE, KIND_SCHEMA, NULL, BADGE_SCHEMA);
        const char *ann = house_do(house, &okta, CHANGE_CREATE, KIND_USER, NULL, ANN("ann@okta.example", "B-1"));
        for (int i = 0; i < 2; i++) /* the first one adopts */
                house_do(house, &entra, CHANGE_REPLACE, KIND_USER, ann, ANN("ann@entra.example", "B-9"));
        assert_found(house, &okta, KIND_USER, BADGE ":badge eq \"b-1\"", 1, ann);
        assert_found(house, &okta, KIND_USER, BADGE ":badge eq \"b-9\"", 0, NULL);
        assert_found(house, &okta, KIND_USER, "emails.value eq \"ann@okta.example\"", 1, ann);
        assert_found(house, &entra, KIND_USER, BADGE ":badge eq \"b-9\"", 1, ann);
        assert_found(house, &entra, KIND_USER, "emails.value eq \"ANN@entra.example\"", 1, ann);
        house_do(house, &entra, CHANGE_REPLACE, KIND_USER, ann, ANN("ann@entra.example", "B-8"));
        assert_found(house, &entra, KIND_USER, BADGE ":badge eq \"b-8\"", 1, ann);
        assert_found(house, &entra, KIND_USER, BADGE ":badge eq \"b-9\"", 0, NULL);
        /* What is said and does not count is nobody's: another one may have it. */
        const char *ben = house_do(house, &okta, CHANGE_CREATE, KIND_USER, NULL,
                "{\"schemas\":[\"" URN_USER "\"],\"userName\":\"ben\",\"" BADGE "\":{\"badge\":\"B-8\"}}");
        assert_found(house, &okta, KIND_USER, BADGE ":badge eq \"b-8\"", 1, ben);
        assert_found(house, &entra, KIND_USER, BADGE ":badge eq \"b-8\"", 1, ann);
        house_do(house, &okta, CHANGE_DELETE, KIND_USER, ben, NULL);
        house_do(house, &okta, CHANGE_DELETE, KIND_USER, ann, NULL); /* what entra says counts now */
        assert_found(house, &entra, KIND_USER, BADGE ":badge eq \"b-8\"", 1, ann);
        assert_int_equal(
                house_number(house, "SELECT COUNT(*) FROM resource_value WHERE attr < 0 AND no = %lld", (long long)house_no(house, ann)),
                0);
        house_check(house);
        house_close(house);
}

int main(void)
{
        static const struct fixture_test tests[] = {
                FIXTURE_TEST(test_eq_on_a_declared_unique_attribute_answers_among_many, ON_BOTH),
                FIXTURE_TEST(test_each_source_finds_what_it_says, ON_BOTH),
        };
        return fixture_main(tests, COUNT_OF(tests));
}
