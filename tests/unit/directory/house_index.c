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
        bool by_claim; /* what is added comes from a claim */
        size_t count;
        struct {
                int64_t number;
                const char *text;
        } list[VALUES_MAX];
};

static bool has(const struct values *values, int64_t number, const char *text)
{
        for (size_t i = 0; i < values->count; i++)
                if (values->list[i].number == number && strcmp(values->list[i].text, text) == 0)
                        return true;
        return false;
}

static void add(struct values *values, int64_t number, const char *text)
{
        if (has(values, number, text))
                return;
        assert_true(values->count < VALUES_MAX);
        values->list[values->count].number = number;
        values->list[values->count++].text = arena_strdup(values->house->arena, text);
}

static enum err add_value(void *context, const struct index_value *value)
{
        struct values *values = context;
        if (!values->by_claim)
                add(values, value->number, value->value);
        else if (!has(values, value->number, value->value))
                add(values, -value->number, value->value);
        return ERR_OK;
}

static void add_document(struct values *values, const char *doc, size_t length, const char *borne)
{
        const struct resource_type *type = resource_type(KIND_USER);
        struct fault fault = { 0 };
        json_auto_t *document = NULL;
        const char *name = NULL;
        assert_ok(json_parse_object(doc, length, &document, &fault));
        assert_ok(document_index(type, document, values->house->arena, add_value, values));
        if (values->by_claim && !document_name(type, document, values->house->arena, &name, &fault) && strcmp(name, borne) != 0)
                add(values, -INDEX_NAME, name);
}

static void made_anew(struct house *house, int64_t no, struct values *ret)
{
        struct resource_row row;
        struct claim_row *claims;
        size_t count;
        struct fault fault = { 0 };
        assert_ok(resource_load(house->fixture->reader, 1, no, house->arena, &row, &fault));
        *ret = (struct values){ .house = house };
        add_document(ret, row.doc, row.doc_length, row.name);
        assert_ok(claims_of(house->fixture->reader, 1, no, house->arena, &claims, &count, &fault));
        ret->by_claim = true;
        for (size_t i = 0; i < count; i++)
                if (claims[i].active != CLAIMED_DELETED && *claims[i].doc && strcmp(claims[i].doc, "{}") != 0)
                        add_document(ret, claims[i].doc, claims[i].doc_length, row.name);
}

/* Those of the built-in schemas. */
static void as_stored(struct house *house, int64_t no, struct values *ret)
{
        auto_result result = { 0 };
        struct fault fault = { 0 };
        bool row = true;
        *ret = (struct values){ .house = house };
        assert_ok(session_query(house->fixture->reader, ST_VALUES_OF, &result, &fault, V_I64(1), V_I64(no)));
        while (row) {
                assert_ok(result_next(&result, &row, &fault));
                int64_t number = row ? result_i64(&result, 0) : 0;
                if (number > -SCHEMA_NUMBERS && number < SCHEMA_NUMBERS && number)
                        add(ret, number, result_text(&result, 1, NULL));
        }
}

static void expect_all(int64_t no, const struct values *some, const struct values *all, const char *problem)
{
        for (size_t i = 0; i < some->count; i++)
                if (!has(all, some->list[i].number, some->list[i].text))
                        fail_msg("user %lld: the value %lld \"%s\" %s", (long long)no, (long long)some->list[i].number, some->list[i].text,
                                problem);
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

void house_check_index(struct house *house)
{
        struct users users = { 0 };
        struct fault fault = { 0 };
        assert_ok(resource_list(
                house->fixture->reader, 1, KIND_USER, 0, 0, (int)(sizeof(users.numbers) / sizeof(*users.numbers)), note, &users, &fault));
        for (size_t i = 0; i < users.count; i++) {
                struct values wanted, stored;
                made_anew(house, users.numbers[i], &wanted);
                as_stored(house, users.numbers[i], &stored);
                expect_all(users.numbers[i], &wanted, &stored, "is said and does not stand in the index");
                expect_all(users.numbers[i], &stored, &wanted, "stands in the index and nobody says it");
        }
}
