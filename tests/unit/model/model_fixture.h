/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of documents share: JSON in single quotes, and one call that accepts a body. */
#ifndef TESTS_MODEL_FIXTURE_H
#define TESTS_MODEL_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/auto.h"
#include "model/document.h"

/* Parses JSON written with ' for ", so that it reads in C. */
static inline json_t *json_of(const char *text)
{
        auto_free_ char *copy = strdup(text);
        json_error_t error;
        json_t *value;

        for (char *c = copy; *c; c++)
                if (*c == '\'')
                        *c = '"';
        value = json_loads(copy, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
        if (!value)
                fail_msg("%s: %s", error.text, text);
        return value;
}

struct fixture {
        struct arena *arena;
        struct leniency leniency;
        struct accept accept;
        struct fault fault;
        struct edge_list edges;
        json_t *document; /* of the last accepted body */
};

static inline int fixture_setup(void **state)
{
        struct fixture *f = calloc(1, sizeof(*f));

        f->arena = arena_new((size_t)4 << 20);
        f->accept = (struct accept){ resource_type(KIND_USER), ACCEPT_CREATE, &f->leniency, f->arena };
        *state = f;
        return 0;
}

static inline int fixture_teardown(void **state)
{
        struct fixture *f = *state;

        json_decref(f->document);
        arena_free(f->arena);
        free(f);
        return 0;
}

static inline enum err accept_text(struct fixture *f, const char *text)
{
        json_auto_t *body = json_of(text);

        json_decref(f->document);
        f->document = NULL;
        f->leniency.used = 0;
        memset(&f->fault, 0, sizeof(f->fault));
        memset(&f->edges, 0, sizeof(f->edges));
        return document_accept(&f->accept, body, &f->document, &f->edges, &f->fault);
}

static inline void assert_json(const json_t *got, const char *expected)
{
        json_auto_t *value = json_of(expected);
        auto_buffer text = { 0 };

        if (got && !json_equal(got, value) && json_canonical(got, &text, NULL) == ERR_OK)
                fail_msg("got %s, expected %s", text.data, expected);
        assert_true(json_equal(got, value));
}

/* The body is accepted as `expected`, and exactly these leniencies were needed. */
static inline void assert_accepts(struct fixture *f, const char *text, const char *expected, uint32_t used)
{
        enum err e = accept_text(f, text);

        if (e)
                fail_msg("%s: refused: %s: %s %s", text, error_row(e)->name, f->fault.field, f->fault.message);
        assert_json(f->document, expected);
        assert_int_equal(f->leniency.used, used);
}

static inline void assert_refuses(struct fixture *f, const char *text, enum err expected, const char *field)
{
        enum err e = accept_text(f, text);

        if (e != expected || strcmp(f->fault.field, field) != 0)
                fail_msg("%s: %s at '%s' (%s), expected %s at '%s'", text, error_row(e)->name, f->fault.field, f->fault.message,
                        error_row(expected)->name, field);
        assert_null(f->document);
        assert_true(strlen(f->fault.message) > 0);
        assert_int_equal(f->fault.code, expected);
}

#define USED(code) (UINT32_C(1) << (code))
#define CORE "'schemas':['urn:ietf:params:scim:schemas:core:2.0:User'],"
#define GROUP "'schemas':['urn:ietf:params:scim:schemas:core:2.0:Group'],"

#endif
