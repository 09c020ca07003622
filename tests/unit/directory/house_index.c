/* SPDX-License-Identifier: Apache-2.0
 *
 * See house_index.h. Made anew from every live user: the values of the document, under the number with a minus what a claim says and the
 * document does not, and the name that a claim gives to who bears another. */
#include "directory/house_index.h"

#include <string.h>
#include "base/json.h"
#include "model/attribute.h"
#include "model/document.h"

#define VALUES_MAX 200

struct values {
        struct house *house;
        const struct resource_type *type;
        bool by_claim; /* what is added comes from a claim */
        size_t count;
        struct {
                int64_t number, ord; /* ord: in the document; 0 of what only claims say */
                const char *text;
        } list[VALUES_MAX];
};

#define ANYWHERE (-1)

static bool has(const struct values *values, int64_t number, const char *text, int64_t ord)
{
        for (size_t i = 0; i < values->count; i++)
                if (values->list[i].number == number && strcmp(values->list[i].text, text) == 0 &&
                        (ord == ANYWHERE || values->list[i].ord == ord))
                        return true;
        return false;
}

static void add(struct values *values, int64_t number, const char *text, int64_t ord)
{
        if (number < 0)
                ord = 0;
        if (has(values, number, text, ord))
                return;
        assert_true(values->count < VALUES_MAX);
        values->list[values->count].number = number;
        values->list[values->count].ord = ord;
        values->list[values->count++].text = arena_strdup(values->house->arena, text);
}

/* A claim does not say that it has attributes of a declared schema. */
static enum err add_value(void *context, const struct index_value *value)
{
        struct values *values = context;
        if (!values->by_claim)
                add(values, value->number, value->value, value->ord);
        else if ((!value->schema || value->attribute) && !has(values, value->number, value->value, ANYWHERE))
                add(values, -value->number, value->value, 0);
        return ERR_OK;
}

static void add_document(struct values *values, const char *doc, size_t length, const char *borne)
{
        struct fault fault = { 0 };
        json_auto_t *document = NULL;
        const char *name = NULL;
        assert_ok(json_parse_object(doc, length, &document, &fault));
        assert_ok(document_index(values->type, document, values->house->arena, add_value, values));
        if (values->by_claim && !document_name(values->type, document, values->house->arena, &name, &fault) && strcmp(name, borne) != 0)
                add(values, -INDEX_NAME, name, 0);
}

static void made_anew(struct house *house, const struct resource_type *type, int64_t no, struct values *ret)
{
        struct resource_row row;
        struct claim_row *claims;
        size_t count;
        struct fault fault = { 0 };
        assert_ok(resource_load(house->fixture->reader, 1, no, house->arena, &row, &fault));
        *ret = (struct values){ .house = house, .type = type };
        add_document(ret, row.doc, row.doc_length, row.name);
        assert_ok(claims_of(house->fixture->reader, 1, no, house->arena, &claims, &count, &fault));
        ret->by_claim = true;
        for (size_t i = 0; i < count; i++)
                if (claims[i].active != CLAIMED_DELETED && *claims[i].doc && strcmp(claims[i].doc, "{}") != 0)
                        add_document(ret, claims[i].doc, claims[i].doc_length, row.name);
}

static void as_stored(struct house *house, int64_t no, struct values *ret)
{
        auto_result result = { 0 };
        struct fault fault = { 0 };
        bool row = true;
        *ret = (struct values){ .house = house };
        assert_ok(session_query(house->fixture->reader, ST_VALUES_OF, &result, &fault, V_I64(1), V_I64(no)));
        while (row) {
                assert_ok(result_next(&result, &row, &fault));
                if (row)
                        add(ret, result_i64(&result, 0), result_text(&result, 1, NULL), result_i64(&result, 2));
        }
}

static void expect_all(int64_t no, const struct values *some, const struct values *all, const char *problem)
{
        for (size_t i = 0; i < some->count; i++)
                if (!has(all, some->list[i].number, some->list[i].text, some->list[i].ord))
                        fail_msg("user %lld: the value %lld \"%s\" at %lld %s", (long long)no, (long long)some->list[i].number,
                                some->list[i].text, (long long)some->list[i].ord, problem);
}

struct users {
        int64_t numbers[1000];
        size_t count;
};

static enum err note(void *context, const struct resource_row *row, struct fault *fault)
{
        struct users *users = context;
        users->numbers[users->count++] = row->no;
        return ERR_OK;
}

/* With what the root declares. */
static const struct resource_type *type_of_users(struct house *house)
{
        struct actor asking = house->admin;
        asking.root_no = 1;
        asking.schemas_revision = house_number(house, "SELECT schemas_revision FROM root WHERE root_no = 1");
        struct query query = house_query(house, &asking);
        assert_ok(query_schemas(&query, &house->fault));
        return schema_set_type(query.schemas, KIND_USER);
}

void house_check_index(struct house *house)
{
        const struct resource_type *type = type_of_users(house);
        struct users users = { 0 };
        struct fault fault = { 0 };
        assert_ok(resource_list(
                house->fixture->reader, 1, KIND_USER, 0, 0, (int)(sizeof(users.numbers) / sizeof(*users.numbers)), note, &users, &fault));
        for (size_t i = 0; i < users.count; i++) {
                struct values wanted, stored;
                made_anew(house, type, users.numbers[i], &wanted);
                as_stored(house, users.numbers[i], &stored);
                expect_all(users.numbers[i], &wanted, &stored, "is said and does not stand in the index");
                expect_all(users.numbers[i], &stored, &wanted, "stands in the index and nobody says it");
        }
}
