/* SPDX-License-Identifier: Apache-2.0
 *
 * A PATCH in a test, on documents and messages in single quotes; a quote inside a JSON string is \\' in C. */
#ifndef TEST_PATCH_FIXTURE_H
#define TEST_PATCH_FIXTURE_H

#include "model_fixture.h"

#include "model/patch.h"

#define ENTERPRISE "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

struct patch_fixture {
        struct arena *arena;
        struct leniency leniency;
        struct patch_result result;
        struct fault fault;
};

static inline enum err patch_json(struct patch_fixture *fixture, enum resource_kind kind, const json_t *before, const json_t *message)
{
        if (!fixture->arena)
                fixture->arena = arena_new((size_t)32 << 20);
        struct patch patch = { resource_type(kind), before, &fixture->leniency, fixture->arena };
        fixture->fault = (struct fault){ 0 };
        return patch_apply(&patch, message, &fixture->result, &fixture->fault);
}

/* `operations` is the list alone. */
static inline enum err patch_text(struct patch_fixture *fixture, enum resource_kind kind, const char *before, const char *operations)
{
        json_t *document = json_of(before), *untouched = json_deep_copy(document);
        json_t *message = json_pack("{s:[s], s:o}", "schemas", URN_PATCH, "Operations", json_of(operations));
        json_t *sent = json_deep_copy(message);
        enum err e = patch_json(fixture, kind, document, message);
        assert_true(json_equal(document, untouched));
        assert_true(json_equal(message, sent));
        json_decref(document);
        json_decref(untouched);
        json_decref(message);
        json_decref(sent);
        return e;
}

static inline void patch_fixture_done(struct patch_fixture *fixture)
{
        json_decref(fixture->result.document);
        if (fixture->arena)
                arena_free(fixture->arena);
        *fixture = (struct patch_fixture){ 0 };
}

/* Applies and compares; `expected` NULL: the error `code` was expected. */
static inline void check_patch(
        enum resource_kind kind, bool strict, const char *before, const char *operations, enum err code, const char *expected)
{
        struct patch_fixture fixture = { .leniency.strict = strict };
        enum err e = patch_text(&fixture, kind, before, operations);
        if (e != code)
                fail_msg("%s on %s: %s (%s: %s), not %s", operations, before, error_row(e)->name, fixture.fault.field,
                        fixture.fault.message, error_row(code)->name);
        if (e == ERR_OK) {
                assert_json(fixture.result.document, expected);
                json_t *document = json_of(before);
                assert_int_equal(fixture.result.changed, !json_equal(document, fixture.result.document));
                json_decref(document);
        } else {
                assert_null(fixture.result.document);
                assert_int_equal(fixture.fault.code, e);
                assert_string_not_equal(fixture.fault.message, "");
        }
        patch_fixture_done(&fixture);
}

#endif
