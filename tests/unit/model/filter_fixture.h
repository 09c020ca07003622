/* SPDX-License-Identifier: Apache-2.0
 *
 * Parsing and judging a filter in a test. */
#ifndef TEST_FILTER_FIXTURE_H
#define TEST_FILTER_FIXTURE_H

#include "model_fixture.h"

#include "model/filter.h"

#define ENTERPRISE "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

struct filter_fixture {
        struct arena *arena;
        struct leniency leniency;
        const struct filter *filter;
        struct fault fault;
};

static inline enum err filter_text(struct filter_fixture *fixture, enum resource_kind kind, const char *text)
{
        if (!fixture->arena)
                fixture->arena = arena_new((size_t)8 << 20);
        fixture->filter = NULL;
        fixture->fault = (struct fault){ 0 };
        return filter_parse(
                resource_type(kind), NULL, text, strlen(text), fixture->arena, &fixture->leniency, &fixture->filter, &fixture->fault);
}

static inline void filter_fixture_done(struct filter_fixture *fixture)
{
        if (fixture->arena)
                arena_free(fixture->arena);
        fixture->arena = NULL;
}

#endif
